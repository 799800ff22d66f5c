//! Any bytes: the strict reader and serde_json accept the same texts.
#![no_main]

use fraiseql_shape::check_json;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|text: &[u8]| {
    // A thousand brackets are no fault here, and too deep for serde_json.
    if text.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() > 100 {
        let _ = check_json(text);
        return;
    }
    let ours = check_json(text).is_ok();
    // Ignored values are not checked for UTF-8.
    let theirs =
        std::str::from_utf8(text).is_ok() && serde_json::from_slice::<IgnoredAny>(text).is_ok();
    assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(text));
});
