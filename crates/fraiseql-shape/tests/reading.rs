//! Reading inner values together with their object does not change the response.

mod common;

use common::{field, outcome, shape, value};
use fraiseql_shape::Shape;
use serde_json::{Value, json};

fn leaf(form: &str) -> Value {
    json!({"kind": "leaf", "form": form, "type": form})
}

fn clean(text: &str) -> (String, Vec<String>) {
    (text.to_owned(), vec![])
}

/// An object whose document has a list of objects, read as that and as raw JSON.
fn rows() -> Shape {
    let inner = |id: u32, key: &str, name: &str, node: usize| {
        json!({"id": id, "key": key, "source": {"name": name, "document": true},
               "node": node, "nullable": true})
    };
    shape(
        true,
        json!([
            {"kind": "object", "type": "Row", "document": "$", "fields": [
                field(1, "id", 4, false), inner(2, "list", "posts", 2), inner(3, "raw", "posts", 5)]},
            {"kind": "list", "item": 3, "item_nullable": true},
            {"kind": "object", "type": "Post", "fields": [
                field(4, "id", 4, true), field(5, "author", 6, true)]},
            leaf("Int"), leaf("any"),
            {"kind": "object", "type": "User", "fields": [field(6, "name", 7, true)]},
            leaf("String")]),
    )
}

#[test]
fn one_value_for_two_fields_of_different_types() {
    let shape = rows();
    let posts = r#"[{"author": {"name": "é"}, "id": 1}, null, {"id": 2, "author": null}]"#;
    let list = r#"[{"id":1,"author":{"name":"é"}},null,{"id":2,"author":null}]"#;
    let expected = format!(r#"{{"id":7,"list":{list},"raw":{posts}}}"#);
    let text = format!(r#"{{"id": 7, "$": {{"x": [[]], "posts": {posts}}}}}"#);
    assert_eq!(outcome(&shape, &text), clean(&expected));
    // Without a document, fields come from the object.
    let text = format!(r#"{{"posts": {posts}, "id": 7}}"#);
    assert_eq!(outcome(&shape, &text), clean(&expected));
    // Fields around a document are not mixed with it.
    let text = format!(r#"{{"posts": [], "$": {{"posts": {posts}}}, "posts": 5, "id": 7}}"#);
    assert_eq!(outcome(&shape, &text), clean(&expected));
    let text = r#"{"$": {"posts": [{"id": 3}]}, "id": 7, "$": {"posts": []}}"#;
    assert_eq!(outcome(&shape, text), clean(r#"{"id":7,"list":[],"raw":[]}"#));
    let text = r#"{"$": {"posts": [{"id": 3}]}, "posts": [{}], "id": 7, "$": null}"#;
    assert_eq!(outcome(&shape, text), clean(r#"{"id":7,"list":null,"raw":null}"#));
}

#[test]
fn a_fault_inside_a_list_is_a_fault_of_the_list() {
    let (value, errors) = outcome(&rows(), r#"{"id": 1, "$": {"posts": [{"id": 2}, {"id" 3}]}}"#);
    assert_eq!(value, r#"{"id":1,"list":null,"raw":null}"#);
    let found = r#"[{"id": 2}, {"id" 3}]"#;
    assert_eq!(errors, [format!("json x.list {found}"), format!("json x.raw {found}")]);
    // An item ends where its text ends, not where its brackets are balanced.
    let text = r#"{"id": 1, "$": {"posts": [{"a":t{,"b":{]},""}]}}"#;
    let (_, errors) = outcome(&rows(), text);
    assert_eq!(errors[0], r#"object x.list.1 """#);
    assert_eq!(errors[1], r#"json x.list [{"a":t{,"b":{]},""}]"#);
}

#[test]
fn a_list_longer_than_the_slots() {
    let post = r#"{"id": 1, "author": {"name": "b"}}"#;
    let posts = vec![post; 40_000].join(", ");
    let text = format!(r#"{{"id": 1, "$": {{"posts": [{posts}]}}}}"#);
    let (value, errors) = outcome(&rows(), &text);
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(value.matches(r#"{"id":1,"author":{"name":"b"}}"#).count(), 40_000);
}

#[test]
fn strings_are_checked_where_a_document_has_an_invalid_one() {
    let shape = shape(
        true,
        json!([{"kind": "object", "type": "A", "fields": [field(1, "a", 2, true)]}, leaf("String")]),
    );
    let space = "\n".repeat(70);
    for text in ["a", "é😀", r"\u00e9\n", &"é".repeat(100)] {
        let expected = format!(r#"{{"a":"{text}"}}"#);
        for beside in ["1", "\"\t\"", r#""\x""#, "\"\u{7f}\""] {
            let document = format!(r#"{{"x": {beside},{space} "a": "{text}"}}"#);
            assert_eq!(outcome(&shape, &document), clean(&expected), "{document}");
        }
    }
    for bad in ["\t", "\n", r"\x", r"\u12"] {
        let (value, errors) = outcome(&shape, &format!(r#"{{"b": "é", "a": "{bad}"}}"#));
        assert_eq!((value.as_str(), errors.len()), (r#"{"a":null}"#, 1), "{bad}");
    }
}

#[test]
fn bytes_that_are_not_utf8() {
    let shape = shape(
        true,
        json!([{"kind": "object", "type": "A", "fields": [field(1, "a", 2, true)]}, leaf("any")]),
    );
    for bad in
        [&b"\x80"[..], b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc3\xa9\xa9", b"\xe2\x82"]
    {
        for distance in 55..70 {
            let padding = "-".repeat(distance);
            let text = [b"{\"a\":\"", padding.as_bytes(), bad, b"\"}"].concat();
            let stream = vec![fraiseql_shape::Item::One(fraiseql_shape::Element::Document(&text))];
            let rendered = shape.render(&[Some(stream)]).expect("one value is enough");
            assert_eq!((value(&rendered).as_str(), rendered.errors.len()), (r#"{"a":null}"#, 1));
        }
    }
}

#[test]
fn key_orders_of_one_render_do_not_change_another() {
    let shape = shape(
        true,
        json!([{"kind": "object", "type": "A", "fields": [field(1, "a", 2, true), field(2, "b", 2, true)]},
               leaf("Int")]),
    );
    for _ in 0..3 {
        for text in [r#"{"b": 2, "a": 1}"#, r#"{"a": 1, "b": 2}"#, r#"{"x": 0,"a":1, "b" :2}"#] {
            assert_eq!(outcome(&shape, text), clean(r#"{"a":1,"b":2}"#));
        }
        assert_eq!(outcome(&shape, r#"{, "b": 2}"#).0, "null");
        assert_eq!(outcome(&shape, r#"{"x": 0"a": 1}"#).0, "null");
        // A map: more keys than an order stores.
        let keys: Vec<String> = (0..600).map(|key| format!("\"k{key}\": {key}")).collect();
        let text = format!(r#"{{{}, "b": 2, "a": 1}}"#, keys.join(", "));
        assert_eq!(outcome(&shape, &text), clean(r#"{"a":1,"b":2}"#));
    }
}
