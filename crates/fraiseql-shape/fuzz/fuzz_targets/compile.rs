//! Any bytes as a description: an error or a shape, in bounded time.
#![no_main]

use fraiseql_shape::{Element, Item, Shape};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|description: &[u8]| {
    if let Ok(shape) = Shape::compile(description) {
        let stream = || Some(vec![Item::One(Element::Document(b"{\"a\": [1, {\"b\": null}]}"))]);
        let _ = shape.render(&[stream(), stream()]);
    }
});
