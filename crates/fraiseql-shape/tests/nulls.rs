//! Null propagation: which value becomes null, and which faults are recorded.

mod common;

use common::{field, outcome, shape, summary, value};
use fraiseql_shape::{Element, Item, Shape};
use serde_json::{Value, json};

/// x: [A] where A has an `n: Int!`, an `o: Int` and an `a: A2` with `m: Int!`.
fn nested(list: bool, item: bool, inner: bool) -> Shape {
    shape(
        list,
        json!([
            {"kind": "list", "item": 2, "item_nullable": item},
            {"kind": "object", "type": "A", "fields": [
                field(1, "n", 4, false), field(2, "o", 4, true), field(3, "a", 3, inner)]},
            {"kind": "object", "type": "B", "fields": [field(4, "m", 4, false), field(5, "p", 4, true)]},
            {"kind": "leaf", "form": "Int", "type": "Int"}]),
    )
}

fn check(shape: &Shape, text: &str, expected: &str, errors: &[&str]) {
    let (value, found) = outcome(shape, text);
    assert_eq!(
        (value.as_str(), found),
        (expected, errors.iter().map(ToString::to_string).collect())
    );
}

const GOOD: &str = r#"{"n": 1, "a": {"m": 1}}"#;
const BAD: &str = r#"{"n": 1, "o": "x", "a": {"p": "y", "m": null}}"#;

#[test]
fn the_nearest_nullable_value_becomes_null() {
    let text = format!("[{GOOD}, {BAD}, {GOOD}]");
    let good = r#"{"n":1,"o":null,"a":{"m":1,"p":null}}"#;
    let errors = ["leaf x.1.o \"x\"", "null x.1.a.m null"];
    let inner = format!(r#"[{good},{{"n":1,"o":null,"a":null}},{good}]"#);
    check(&nested(true, true, true), &text, &inner, &errors);
    check(&nested(true, true, false), &text, &format!("[{good},null,{good}]"), &errors);
    check(&nested(true, false, false), &text, "null", &errors);
    check(&nested(false, false, false), &text, "-", &errors);
}

#[test]
fn siblings_of_a_propagating_null_are_not_visited() {
    // Faults of the second item are not recorded: the list is null already.
    let text = r#"[{"o": "x"}, {"n": "y"}]"#;
    check(&nested(true, false, true), text, "null", &["null x.0.n null"]);
    check(&nested(true, true, true), text, "[null,null]", &["null x.0.n null", "leaf x.1.n \"y\""]);
}

#[test]
fn null_at_the_top() {
    check(&nested(true, true, true), "null", "null", &[]);
    check(&nested(true, true, true), " null ", "null", &[]);
    check(&nested(false, true, true), "null", "-", &["null x null"]);
    check(&nested(true, false, true), "[null]", "null", &["null x.0 null"]);
    for (item, detail) in [(Element::Null, "null x null"), (Element::Failure(-3), "failure x -3")] {
        let rendered = nested(false, true, true).render(&[Some(vec![Item::One(item)])]).unwrap();
        assert_eq!(summary(&rendered), ("-".to_owned(), vec![detail.to_owned()]));
    }
    let rendered =
        nested(true, true, true).render(&[Some(vec![Item::One(Element::Null)])]).unwrap();
    assert_eq!(summary(&rendered), ("null".to_owned(), vec![]));
}

#[test]
fn several_root_fields() {
    let root = |id: u32, key: &str, stream: usize, nullable: bool| json!({"id": id, "key": key, "source": {"stream": stream}, "node": 1, "nullable": nullable});
    let description = |nullable: bool| {
        json!({"root": 0, "nodes": [
            {"kind": "object", "type": "Query", "fields": [
                root(1, "a", 0, true), root(2, "b", 1, nullable), root(3, "c", 2, true)]},
            {"kind": "leaf", "form": "Int", "type": "Int"}]})
    };
    let render = |description: Value| {
        let shape = Shape::compile(description.to_string().as_bytes()).unwrap();
        let one = |element| Some(vec![Item::One(element)]);
        shape
            .render(&[
                one(Element::Document(b"1")),
                one(Element::Failure(4)),
                one(Element::Document(b"x")),
            ])
            .unwrap()
    };
    let rendered = render(description(true));
    assert_eq!(value(&rendered), r#"{"data":{"a":1,"b":null,"c":null}}"#);
    assert_eq!(summary(&rendered).1, ["failure b 4", "json c x"]);
    assert_eq!(rendered.errors[1].field, 3);
    assert_eq!(
        summary(&render(description(false))),
        ("-".to_owned(), vec!["failure b 4".to_owned()])
    );
}

#[test]
fn field_ids_and_type_names() {
    let rendered = common::render(&nested(true, true, true), &format!("[{BAD}, 3]"));
    let found: Vec<_> = rendered.errors.iter().map(|e| (e.field, &*e.type_name)).collect();
    assert_eq!(found, [(2, "Int"), (4, "Int"), (0, "A")]);
}

/// x: [A], where the selection of A is unknown; as one of several types or alone.
fn refused(abstract_: bool) -> Shape {
    let item = if abstract_ { 3 } else { 2 };
    shape(
        true,
        json!([
            {"kind": "list", "item": item, "item_nullable": true},
            {"kind": "refused", "type": "A", "number": 7},
            {"kind": "abstract", "type": "I", "discriminator": "t", "cases": [["a", 2], ["b", 4]]},
            {"kind": "object", "type": "B", "fields": [field(1, "n", 5, true)]},
            {"kind": "leaf", "form": "Int", "type": "Int"}]),
    )
}

#[test]
fn an_object_whose_selection_is_refused_becomes_null() {
    let text = r#"[{"n": [1, {}]}, null, 3, {}]"#;
    let errors = ["refused x.0 7", "object x.2 3", "refused x.3 7"];
    check(&refused(false), text, "[null,null,null,null]", &errors);
    let text = r#"[{"t": "b", "n": 1}, {"t": "a"}, {"n": 1, "t": "a"}]"#;
    let expected = r#"[{"n":1},null,null]"#;
    check(&refused(true), text, expected, &["refused x.1 7", "refused x.2 7"]);
}
