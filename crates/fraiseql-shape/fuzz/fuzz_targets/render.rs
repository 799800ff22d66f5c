//! Any bytes as a document: the response is JSON, and equals the document where it was sound.
#![no_main]

use std::sync::LazyLock;

use fraiseql_shape::{Element, Item, Shape, check_json};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fn shape(node: Value) -> Shape {
    let forms = [
        &["Int", "Float", "String", "Boolean", "ID", "string", "number", "integer", "any"][..],
        &["quoted number", "quoted integer"],
    ];
    let leaves = forms.concat().into_iter();
    let leaves = leaves.map(|form| json!({"kind": "leaf", "form": form, "type": form}));
    let field = |id: usize, name: &str, node: usize, document: bool| {
        json!({"id": id, "key": format!("k{id}"), "node": node, "nullable": id % 2 == 0,
            "source": {"name": name, "document": document}})
    };
    let mut nodes = vec![
        json!({"kind": "object", "type": "Query", "fields": [
            {"id": 0, "key": "x", "source": {"stream": 0}, "node": 1, "nullable": true}]}),
        node,
        json!({"kind": "object", "type": "A", "document": "d", "fields": [
            field(1, "a", 5, false), field(2, "b", 6, false), field(3, "a", 13, true),
            field(4, "c", 3, false), field(5, "e", 4, true), field(6, "d", 13, false),
            field(7, "f", 14, false), field(8, "g", 15, true)]}),
        json!({"kind": "list", "item": 11, "item_nullable": false}),
        json!({"kind": "enum", "type": "E", "values": [["\"red\"", "RED"], ["1", "ONE"]]}),
    ];
    nodes.extend(leaves);
    Shape::compile(json!({"root": 0, "nodes": nodes}).to_string().as_bytes()).expect("a shape")
}

static SHAPES: LazyLock<[Shape; 4]> = LazyLock::new(|| {
    [
        shape(json!({"kind": "list", "item": 2, "item_nullable": true})),
        shape(json!({"kind": "abstract", "type": "N", "discriminator": "t", "cases": [["A", 2]]})),
        shape(json!({"kind": "list", "item": 4, "item_nullable": true})),
        shape(json!({"kind": "leaf", "form": "any", "type": "JSON"})),
    ]
});

fuzz_target!(|document: &[u8]| {
    for (number, shape) in SHAPES.iter().enumerate() {
        let stream = vec![Item::One(Element::Document(document))];
        let rendered = shape.render(&[Some(stream)]).expect("one value is enough");
        assert_eq!(check_json(&rendered.body), Ok(()), "the response is not JSON");
        let is_any = number == 3;
        if is_any && check_json(document).is_ok() {
            assert!(rendered.errors.is_empty(), "a sound document has a fault");
        }
    }
});
