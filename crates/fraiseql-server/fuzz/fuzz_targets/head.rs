//! Any bytes as the beginning of a connection: every reader finds the same request.
#![no_main]

use fraiseql_server::fuzzing::{Malformed, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|sent: &[u8]| {
    check(sent);
    // Most bytes are no request: they choose changes of one, too.
    let mut seed = [0; 8];
    let length = sent.len().min(8);
    seed[..length].copy_from_slice(&sent[..length]);
    for changed in Malformed::new(u64::from_le_bytes(seed)).take(8) {
        check(&changed);
    }
});
