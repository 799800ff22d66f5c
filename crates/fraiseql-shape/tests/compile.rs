//! Descriptions that are not those of a shape are refused with a reason.

#![allow(missing_docs)]

use fraiseql_shape::{MAX_DEPTH, Shape};
use serde_json::{Value, json};

fn refusal(description: &Value) -> String {
    Shape::compile(description.to_string().as_bytes()).expect_err("a bad description").to_string()
}

fn with_nodes(nodes: Value) -> Value {
    let Value::Array(mut all) = nodes else { panic!("nodes is a list") };
    let root = json!({"kind": "object", "type": "Query", "fields": [
        {"id": 0, "key": "x", "source": {"stream": 0}, "node": 1, "nullable": true}]});
    all.insert(0, root);
    json!({"root": 0, "nodes": all})
}

#[test]
fn reasons() {
    let leaf = json!({"kind": "leaf", "form": "Int", "type": "Int"});
    let object =
        |field: Value| with_nodes(json!([{"kind": "object", "type": "A", "fields": [field]}]));
    let named = |more: Value| {
        let mut field =
            json!({"id": 1, "key": "a", "source": {"name": "a"}, "node": 1, "nullable": true});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object(field)
    };
    let cases = [
        (json!([]), "not a shape"),
        (json!({"root": 0, "nodes": []}), "root 0 is not an object"),
        (json!({"root": 0, "nodes": [leaf]}), "root 0 is not an object"),
        (with_nodes(json!([{"kind": "leaf", "form": "int", "type": "Int"}])), "not a shape"),
        (
            with_nodes(json!([{"kind": "list", "item": 9, "item_nullable": true}])),
            "node 9 does not exist",
        ),
        (
            with_nodes(json!([{"kind": "list", "item": 1, "item_nullable": true}])),
            "deeper than 512",
        ),
        (named(json!({})), "deeper than 512"),
        (named(json!({"node": 7})), "node 7 does not exist"),
        (named(json!({"node": null})), "field 'a' needs node and nullable"),
        (named(json!({"source": {"typename": false}})), "field 'a' has no source"),
        (named(json!({"source": {"name": "a", "document": true}})), "reads a document"),
        (named(json!({"colour": 1})), "not a shape"),
        (
            with_nodes(json!([{"kind": "enum", "type": "E", "values": [["red", "RED"]]}])),
            "'red' of enum 'E'",
        ),
        (
            with_nodes(json!([leaf, {"kind": "abstract", "type": "N", "discriminator": "t",
                "cases": [["A", 1]]}])),
            "a case of 'N' is not an object",
        ),
        (
            json!({"root": 0, "nodes": [{"kind": "object", "type": "Q", "fields": [
                {"id": 0, "key": "x", "source": {"name": "x"}, "node": 1, "nullable": true}]}, leaf]}),
            "root's field 'x' has no stream",
        ),
    ];
    for (description, reason) in cases {
        let message = refusal(&description);
        assert!(message.contains(reason), "{message:?} should say {reason:?}");
    }
    assert!(Shape::compile(b"").is_err() && Shape::compile(b"\xff{}").is_err());
}

#[test]
fn cycles_of_unreachable_nodes_are_refused() {
    let leaf = json!({"kind": "leaf", "form": "Int", "type": "Int"});
    let list = |item: usize| json!({"kind": "list", "item": item, "item_nullable": true});
    let object = |node: usize| {
        json!({"kind": "object", "type": "A", "fields": [
        {"id": 1, "key": "a", "source": {"name": "a"}, "node": node, "nullable": true}]})
    };
    let cases = |node: usize| {
        json!({"kind": "abstract", "type": "N", "discriminator": "t",
        "cases": [["A", node]]})
    };
    let circles = [
        json!([leaf, list(2)]),
        json!([leaf, list(3), list(2)]),
        json!([leaf, object(2)]),
        json!([leaf, object(3), list(2)]),
        json!([leaf, cases(3), object(2)]),
    ];
    for nodes in circles {
        let message = refusal(&with_nodes(nodes));
        assert!(message.contains("deeper than 512"), "{message:?}");
    }
    // Each list is the item of the previous one, or of the next.
    for step in [-1_isize, 1] {
        let chain = (0..200_000_isize).map(|place| {
            let item = place + 2 + step;
            if (1..200_002).contains(&item) { list(item.unsigned_abs()) } else { leaf.clone() }
        });
        let nodes: Vec<Value> = std::iter::once(leaf.clone()).chain(chain).collect();
        assert!(refusal(&with_nodes(nodes.into())).contains("deeper than 512"));
    }
}

#[test]
fn a_hundred_thousand_keys_of_an_object_and_its_document() {
    let field = |id: usize| {
        json!({"id": id, "key": format!("k{id}"), "node": 2, "nullable": true,
        "source": {"name": format!("k{}", id / 2), "document": id % 2 == 0}})
    };
    let fields: Vec<Value> = (0..200_000).map(field).collect();
    let object = json!({"kind": "object", "type": "A", "document": "d", "fields": fields});
    let leaf = json!({"kind": "leaf", "form": "Int", "type": "Int"});
    let text = with_nodes(json!([object, leaf])).to_string();
    let start = std::time::Instant::now();
    assert!(Shape::compile(text.as_bytes()).is_ok());
    // Comparing all pairs of keys takes minutes.
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
}

/// x: lists in lists around an `Int`, `depth` nodes in all.
fn lists(depth: usize) -> Value {
    let mut nodes: Vec<Value> = (2..depth)
        .map(|node| json!({"kind": "list", "item": node, "item_nullable": true}))
        .collect();
    nodes.push(json!({"kind": "leaf", "form": "Int", "type": "Int"}));
    with_nodes(nodes.into())
}

#[test]
fn the_deepest_shape_renders_on_a_small_stack() {
    assert!(refusal(&lists(MAX_DEPTH + 1)).contains("deeper than 512"));
    let description = lists(MAX_DEPTH).to_string();
    let levels = MAX_DEPTH - 2;
    let work = move || {
        let shape = Shape::compile(description.as_bytes()).expect("deep enough");
        let text = format!("{}7{}", "[".repeat(levels), "]".repeat(levels));
        let element = fraiseql_shape::Element::Document(text.as_bytes());
        let rendered = shape.render(&[Some(vec![fraiseql_shape::Item::One(element)])]).unwrap();
        assert_eq!(rendered.body, format!(r#"{{"data":{{"x":{text}}}}}"#).into_bytes());
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_shared_node_is_visited_once() {
    // Two edges from each node to the next: 2^60 paths.
    let node = |next: usize| {
        let field = |id: usize| json!({"id": id, "key": format!("k{id}"), "source": {"name": "k"}, "node": next, "nullable": true});
        json!({"kind": "object", "type": "A", "fields": [field(1), field(2)]})
    };
    let mut nodes: Vec<Value> = (2..62).map(node).collect();
    nodes.push(json!({"kind": "leaf", "form": "Int", "type": "Int"}));
    assert!(Shape::compile(with_nodes(nodes.into()).to_string().as_bytes()).is_ok());
}
