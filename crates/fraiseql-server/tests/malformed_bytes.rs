//! As many malformed bytes as `FUZZ_BYTES` says, each request with one reading.
//!
//! `FUZZ_BYTES=100000000 cargo test -p fraiseql-server --features fuzzing --test malformed_bytes
//! -- --ignored --nocapture`
#![cfg(feature = "fuzzing")]

use fraiseql_server::fuzzing::{Malformed, check};

/// Requests from one seed.
const REQUESTS_OF_A_SEED: usize = 10_000;

#[test]
#[ignore = "takes minutes; the fuzz targets need a nightly compiler, this does not"]
fn malformed_bytes_have_one_reading() {
    let most: usize = std::env::var("FUZZ_BYTES")
        .map_or(10_000_000, |text| text.parse().expect("a number of bytes in FUZZ_BYTES"));
    let (mut bytes, mut counts) = (0, [0_usize; 3]);
    for sent in (1..).flat_map(|seed| Malformed::new(seed).take(REQUESTS_OF_A_SEED)) {
        if bytes >= most {
            break;
        }
        bytes += sent.len();
        counts[check(&sent) as usize] += 1;
    }
    let [partial, whole, foreign] = counts;
    println!("{bytes} bytes: {partial} partial, {whole} whole, {foreign} foreign");
    let all: usize = counts.iter().sum();
    assert!(counts.iter().all(|count| *count * 50 > all), "{counts:?}");
}
