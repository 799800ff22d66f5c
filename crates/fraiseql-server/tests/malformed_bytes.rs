//! As many malformed bytes as `FUZZ_BYTES` says: as requests, over connections, and as plans.
//!
//! `FUZZ_BYTES=100000000 cargo test -p fraiseql-server --features fuzzing --test malformed_bytes
//! -- --ignored --nocapture`
#![cfg(feature = "fuzzing")]

mod common;
mod plans;

use std::cell::Cell;

use common::{Known, front, options};
use fraiseql_server::fuzzing::{Malformed, check};
use plans::check_plan;

/// Requests from one seed.
const REQUESTS_OF_A_SEED: usize = 10_000;

/// Requests of one connection.
const REQUESTS_OF_A_CONNECTION: usize = 32;

fn most() -> usize {
    std::env::var("FUZZ_BYTES")
        .map_or(10_000_000, |text| text.parse().expect("a number of bytes in FUZZ_BYTES"))
}

/// Calls `check` with malformed bytes, some of each seed together, until there are enough.
fn each(together: usize, check: impl Fn(&[u8])) -> usize {
    let mut bytes = 0;
    for seed in 1.. {
        if bytes >= most() {
            break;
        }
        let sent: Vec<u8> = Malformed::new(seed).take(together).flatten().collect();
        bytes += sent.len();
        check(&sent);
    }
    bytes
}

#[test]
#[ignore = "takes minutes; the fuzz targets need a nightly compiler, this does not"]
fn malformed_connections_are_answered_or_handed_over() {
    let front = front(Known, options());
    let count = Cell::new(0);
    let bytes = each(REQUESTS_OF_A_CONNECTION, |sent| {
        count.set(count.get() + 1);
        common::check(&front, sent);
    });
    println!("{bytes} bytes over {} connections", count.get());
}

/// Whether a text may be JSON; the fuzz target reads all of it.
fn is_object(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.starts_with('{') && text.ends_with('}'))
}

#[test]
#[ignore = "takes minutes; the fuzz targets need a nightly compiler, this does not"]
fn malformed_plans_are_errors_or_answered_with_json() {
    let count = Cell::new(0);
    let bytes = each(1, |sent| {
        count.set(count.get() + 5);
        for kind in 0..5 {
            check_plan(&[&[kind], sent].concat(), is_object);
        }
    });
    println!("{bytes} bytes as {} plans and requests", count.get());
}

#[test]
#[ignore = "takes minutes; the fuzz targets need a nightly compiler, this does not"]
fn malformed_bytes_have_one_reading() {
    let (most, mut bytes, mut counts) = (most(), 0, [0_usize; 3]);
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
