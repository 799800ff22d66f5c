//! Any bytes over a connection: each is answered once or handed over once, in their order.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use std::sync::LazyLock;

use common::{Front, Known, check, front, options};
use libfuzzer_sys::fuzz_target;

static FRONT: LazyLock<Front> = LazyLock::new(|| front(Known, options()));

fuzz_target!(|pieces: &[u8]| {
    check(&FRONT, pieces);
});
