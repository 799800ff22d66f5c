//! Any bytes as a plan and as a request.
#![no_main]

#[path = "../../tests/plans/mod.rs"]
mod plans;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    plans::check_plan(input, |body| fraiseql_shape::check_json(body).is_ok());
});
