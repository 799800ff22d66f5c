//! Deeply nested documents, skipped and copied.

mod common;

use common::{field, leaf, outcome, shape};
use serde_json::json;

fn deep(levels: usize) -> String {
    let open = r#"[{"a": "]}\"", "b": "#;
    format!("{}1{}", open.repeat(levels), "}]".repeat(levels))
}

#[test]
fn ten_thousand_levels_and_a_million() {
    let object = shape(
        true,
        json!([{"kind": "object", "type": "A", "fields": [field(1, "v", 2, true), field(2, "raw", 3, true)]},
               {"kind": "leaf", "form": "Int", "type": "Int"},
               {"kind": "leaf", "form": "any", "type": "JSON"}]),
    );
    for levels in [5_000, 500_000] {
        let deep = deep(levels);
        assert!(fraiseql_shape::check_json(deep.as_bytes()).is_ok());
        assert_eq!(outcome(&leaf("any"), &deep), (deep.clone(), vec![]));
        let text = format!(r#"{{"skipped": {deep}, "v": 5, "raw": {deep}}}"#);
        assert_eq!(outcome(&object, &text), (format!(r#"{{"v":5,"raw":{deep}}}"#), vec![]));
        let cut = &deep[..deep.len() - 1];
        assert_eq!(outcome(&leaf("any"), cut).0, "null");
        assert_eq!(outcome(&leaf("Int"), &deep).1.len(), 1);
    }
}

#[test]
fn strings_at_the_edges_of_blocks() {
    let object = shape(
        true,
        json!([{"kind": "object", "type": "A", "fields": [field(1, "v", 2, true)]},
               {"kind": "leaf", "form": "any", "type": "JSON"}]),
    );
    for length in 0..200 {
        for tail in ["", r"\\", r#"\""#, r#"\\\""#, r"\\\\", "é", r"\u0041"] {
            let value = format!(r#"["{}{tail}", {{"]": "}}{tail}"}}]"#, "x".repeat(length));
            let text = format!(r#"{{"skipped": {value}, "v": {value}}}"#);
            assert_eq!(outcome(&object, &text), (format!(r#"{{"v":{value}}}"#), vec![]));
        }
    }
}
