//! Objects, inner documents, abstract types and lists.

mod common;

use common::{field, outcome, shape};
use serde_json::{Value, json};

fn leaf(form: &str) -> Value {
    json!({"kind": "leaf", "form": form, "type": form})
}

fn clean(text: &str) -> (String, Vec<String>) {
    (text.to_owned(), vec![])
}

#[test]
fn keys_come_in_the_selected_order() {
    let shape = shape(
        true,
        json!([
            {"kind": "object", "type": "User", "fields": [
                {"id": 1, "key": "second", "source": {"name": "b"}, "node": 2, "nullable": true},
                {"id": 2, "key": "__typename", "source": {"typename": true}},
                {"id": 3, "key": "first", "source": {"name": "a"}, "node": 2, "nullable": true},
                {"id": 4, "key": "again", "source": {"name": "a"}, "node": 3, "nullable": true},
                {"id": 5, "key": "none", "source": {"name": "z"}, "node": 3, "nullable": true}]},
            leaf("Int"), leaf("String")]),
    );
    let expected = r#"{"second":2,"__typename":"User","first":1,"again":"1","none":null}"#;
    assert_eq!(outcome(&shape, r#"{"a": 1, "skipped": [{"]": "}"}], "b": 2}"#), clean(expected));
    assert_eq!(outcome(&shape, " {\r\n\t\"b\" : 2 ,\n\"a\":1\t} \n"), clean(expected));
    assert_eq!(outcome(&shape, r#"{"a": 7, "b": 2, "a": 1}"#), clean(expected));
    assert_eq!(outcome(&shape, r#"{"\u0061": 1, "\u0062": 2}"#), clean(expected));
}

#[test]
fn a_document_inside_an_object() {
    let inner = |id: u32, name: &str| {
        json!({"id": id, "key": name, "source": {"name": name, "document": true},
               "node": 2, "nullable": true})
    };
    let shape = shape(
        true,
        json!([
            {"kind": "object", "type": "User", "document": "data", "fields": [
                field(1, "id", 2, false), inner(2, "a"), inner(3, "id"),
                {"id": 4, "key": "raw", "source": {"name": "data"}, "node": 3, "nullable": true}]},
            leaf("Int"), leaf("any")]),
    );
    let text = r#"{"id": 1, "data": {"a": 2, "id": 3}}"#;
    let expected = r#"{"id":1,"a":2,"id":3,"raw":{"a": 2, "id": 3}}"#;
    assert_eq!(outcome(&shape, text), clean(expected));
    let nothing = r#"{"id":1,"a":null,"id":null,"raw":null}"#;
    assert_eq!(outcome(&shape, r#"{"id": 1, "data": null}"#), clean(nothing));
    assert_eq!(outcome(&shape, r#"{"id": 1, "a": 5, "data": null}"#), clean(nothing));
    // A key that is missing in a document is not read from the object.
    let text = r#"{"a": 5, "id": 1, "data": {}}"#;
    let expected = r#"{"id":1,"a":null,"id":null,"raw":{}}"#;
    assert_eq!(outcome(&shape, text), clean(expected));
    // Without a document, fields come from the object.
    let expected = r#"{"id":1,"a":5,"id":1,"raw":null}"#;
    assert_eq!(outcome(&shape, r#"{"id": 1, "a": 5}"#), clean(expected));
    let (value, errors) = outcome(&shape, r#"{"id": 1, "data": [1]}"#);
    assert_eq!((value.as_str(), errors), ("null", vec!["object x [1]".to_owned()]));
    let twice = r#"{"data": {"a": 9}, "id": 1, "data": {"id": 3, "a": 2}}"#;
    assert!(outcome(&shape, twice).0.starts_with(r#"{"id":1,"a":2,"id":3,"#));
}

#[test]
fn the_tag_chooses_the_type() {
    let shape = shape(
        true,
        json!([
            {"kind": "list", "item": 2, "item_nullable": true},
            {"kind": "abstract", "type": "Node", "discriminator": "kind",
             "cases": [["Video", 4], ["Post", 3]]},
            {"kind": "object", "type": "Post", "fields": [field(1, "title", 5, true)]},
            {"kind": "object", "type": "Video", "fields": [
                {"id": 2, "key": "__typename", "source": {"typename": true}},
                field(3, "length", 6, true)]},
            leaf("String"), leaf("Int")]),
    );
    let text = r#"[{"title": "a", "kind": "Post"}, {"kind": "V\u0069deo", "length": 3}]"#;
    let expected = r#"[{"title":"a"},{"__typename":"Video","length":3}]"#;
    assert_eq!(outcome(&shape, text), clean(expected));
    let text = r#"[{"kind": "Page"}, {}, {"kind": 1}, 5, null]"#;
    let errors = ["type x.0 \"Page\"", "type x.1 ", "type x.2 1", "object x.3 5"];
    let (value, found) = outcome(&shape, text);
    assert_eq!(
        (value.as_str(), found),
        ("[null,null,null,null,null]", errors.map(String::from).into())
    );
}

#[test]
fn lists() {
    let numbers = shape(
        true,
        json!([{"kind": "list", "item": 2, "item_nullable": true},
               {"kind": "list", "item": 3, "item_nullable": true}, leaf("Int")]),
    );
    assert_eq!(
        outcome(&numbers, " [ [ 1 , 2 ] ,[],null, [null]]"),
        clean("[[1,2],[],null,[null]]")
    );
    let (value, errors) = outcome(&numbers, r#"[[1, "x", 3], 4, {"a": [1]}]"#);
    assert_eq!(value, "[[1,null,3],null,null]");
    assert_eq!(errors, ["leaf x.0.1 \"x\"", "list x.1 4", "list x.2 {\"a\": [1]}"]);
    for broken in ["[1,]", "[,1]", "[1 2]", "[", "[1", "[1}", "[[1]", "[] x", "", " "] {
        let (value, errors) = outcome(&numbers, broken);
        assert_eq!(value, "null", "{broken}");
        assert!(errors.iter().any(|error| *error == format!("json x {broken}")), "{errors:?}");
    }
}

#[test]
fn objects_that_are_not_json() {
    let shape = shape(
        true,
        json!([
            {"kind": "object", "type": "A", "fields": [field(1, "a", 3, true), field(2, "b", 2, true)]},
            {"kind": "object", "type": "B", "fields": [field(3, "c", 3, true)]},
            leaf("Int")]),
    );
    for broken in [
        r#"{"a" 1}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a":1 "b":{}}"#,
        r"{a:1}",
        "{",
        r#"{"a":"#,
        r#"{"a":1"#,
        r#"{"a":1}}"#,
        r#"{"a":1]"#,
        r#"{"x":@,"a":1}"#,
        r#"{"x":"un,"a":1}"#,
    ] {
        let (value, errors) = outcome(&shape, broken);
        assert_eq!((value.as_str(), errors.len()), ("null", 1), "{broken} {errors:?}");
        assert_eq!(errors[0], format!("json x {broken}"));
    }
    // Inside, only the nearest field becomes null.
    let (value, errors) = outcome(&shape, r#"{"a": 1, "b": {"c" 5}}"#);
    assert_eq!(
        (value.as_str(), errors),
        (r#"{"a":1,"b":null}"#, vec![r#"json x.b {"c" 5}"#.into()])
    );
    let (value, errors) = outcome(&shape, r#"{"a": 1x, "b": {"c": 5]}"#);
    assert_eq!(value, r#"{"a":null,"b":null}"#);
    assert_eq!(errors, ["json x.a 1x", r#"json x.b {"c": 5]"#]);
}

#[test]
fn documents_with_different_orders_of_keys() {
    let shape = shape(
        true,
        json!([
            {"kind": "list", "item": 2, "item_nullable": false},
            {"kind": "object", "type": "A", "fields": [
                field(1, "a", 3, true), field(2, "b", 3, true), field(3, "long_name_of_a_key", 3, true)]},
            leaf("Int")]),
    );
    let text = r#"[{"a": 1, "b": 2, "long_name_of_a_key": 3}, {"b": 2, "a": 1}, {"x": 0, "a": 1, "b": 2},
        {"long_name_of_a_key": 3}, {}, {"a":1,"b":2}, {"a": 1, "a": 4}, {"b" :2 , "long_name_of_b_key": 3}]"#;
    let expected = r#"[{"a":1,"b":2,"l":3},{"a":1,"b":2,"l":null},{"a":1,"b":2,"l":null},{"a":null,"b":null,"l":3},{"a":null,"b":null,"l":null},{"a":1,"b":2,"l":null},{"a":4,"b":null,"l":null},{"a":null,"b":2,"l":null}]"#;
    assert_eq!(outcome(&shape, text), clean(&expected.replace("\"l\"", "\"long_name_of_a_key\"")));
    // A comma that an earlier object had here is checked again.
    let (_, errors) = outcome(&shape, r#"[{"a": 1, "b": 2}, {"x": 1"a": 1}]"#);
    assert!(errors[0].starts_with("json x "));
    let (_, errors) = outcome(&shape, r#"[{"a": 1, "b": 2}, {, "b": 1}]"#);
    assert!(errors[0].starts_with("json x "));
}
