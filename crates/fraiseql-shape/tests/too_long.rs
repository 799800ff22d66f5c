//! Lists with too many items, and responses with too many bytes.

mod common;

use common::{field, outcome, shape, value};
use fraiseql_shape::{Element, Item};
use serde_json::json;

#[test]
fn a_list_with_too_many_items_is_a_fault_of_the_list() {
    let nodes = |list_nullable: bool| {
        json!([
            {"kind": "object", "type": "A", "fields": [field(1, "v", 2, list_nullable), field(2, "w", 3, true)]},
            {"kind": "list", "item": 4, "item_nullable": true, "max_items": 2},
            {"kind": "list", "item": 3, "item_nullable": true, "max_items": 2},
            {"kind": "leaf", "form": "Int", "type": "Int"}
        ])
    };
    let mut all = nodes(true);
    // `w` is a list of leaves: read when it is written. Its item is node 4.
    all[2] = json!({"kind": "list", "item": 4, "item_nullable": true, "max_items": 2});
    let object = shape(true, all.clone());
    assert_eq!(outcome(&object, r#"{"v":[1,2],"w":[]}"#).1, Vec::<String>::new());
    let (text, faults) = outcome(&object, r#"{"v":[1,2,3],"w":[7, 8]}"#);
    assert_eq!(text, r#"{"v":null,"w":[7, 8]}"#.replace(", ", ","));
    assert_eq!(faults, ["too_long x.v 2"]);
    let mut strict = all;
    strict[0]["fields"][0] = field(1, "v", 2, false);
    let (text, faults) = outcome(&shape(true, strict), r#"{"v":[1,2,3],"w":[7]}"#);
    assert_eq!((text.as_str(), faults), ("null", vec!["too_long x.v 2".to_owned()]));
}

#[test]
fn a_list_of_objects_with_too_many_items() {
    let nodes = json!([
        {"kind": "object", "type": "A", "fields": [field(1, "v", 2, true)]},
        {"kind": "list", "item": 3, "item_nullable": false, "max_items": 1},
        {"kind": "object", "type": "B", "fields": [field(2, "n", 4, false)]},
        {"kind": "leaf", "form": "Int", "type": "Int"}
    ]);
    let object = shape(true, nodes);
    assert_eq!(outcome(&object, r#"{"v":[{"n":1}]}"#), (r#"{"v":[{"n":1}]}"#.into(), vec![]));
    let (text, faults) = outcome(&object, r#"{"v":[{"n":1},{"n":2}]}"#);
    assert_eq!((text.as_str(), faults), (r#"{"v":null}"#, vec!["too_long x.v 1".to_owned()]));
}

#[test]
fn a_list_of_a_stream_with_too_many_items() {
    let nodes = json!([
        {"kind": "list", "item": 2, "item_nullable": true, "max_items": 2},
        {"kind": "leaf", "form": "Int", "type": "Int"}
    ]);
    let element = Element::Document(b"1");
    for (count, text, faults) in [(2, "[1,1]", 0), (3, "null", 1)] {
        let stream = vec![Item::Many(vec![element; count])];
        let rendered = shape(true, nodes.clone()).render(&[Some(stream)]).expect("enough values");
        assert_eq!((value(&rendered).as_str(), rendered.errors.len()), (text, faults));
    }
}

#[test]
fn a_response_with_too_many_bytes_is_not_rendered() {
    let list = json!([
        {"kind": "list", "item": 2, "item_nullable": true},
        {"kind": "leaf", "form": "Int", "type": "Int"}
    ]);
    let object = json!([
        {"kind": "list", "item": 2, "item_nullable": true},
        {"kind": "object", "type": "A", "fields": [field(1, "a", 3, true), field(2, "b", 3, true)]},
        {"kind": "leaf", "form": "String", "type": "String"}
    ]);
    let text = "x".repeat(1000);
    let rows = format!("[{}]", vec![format!(r#"{{"a":"{text}","b":"{text}"}}"#); 100].join(","));
    let numbers = format!("[{}]", vec!["1234567"; 1000].join(","));
    for (nodes, document) in [(list, numbers), (object, rows)] {
        let shape = shape(true, nodes);
        let element = Element::Document(document.as_bytes());
        let streams = [Some(vec![Item::One(element)])];
        let whole = shape.render(&streams).expect("enough values");
        assert!(!whole.too_large && whole.errors.is_empty());
        let exact = shape.render_within(&streams, whole.body.len()).expect("enough values");
        assert_eq!(exact, whole);
        let short = shape.render_within(&streams, whole.body.len() - 1).expect("enough values");
        assert!(short.too_large);
        let cut = shape.render_within(&streams, 3000).expect("enough values");
        assert!(cut.too_large && cut.body.len() < 3000, "{}", cut.body.len());
    }
}
