//! Shapes and results of renders, for all tests.
#![allow(dead_code, missing_docs)]

use fraiseql_shape::{Code, Detail, Element, Item, RenderError, Rendered, Shape, Step, Stream};
use serde_json::{Value, json};

/// A shape whose root has a single field `x` of the type at node 1.
pub fn shape(nullable: bool, nodes: Value) -> Shape {
    let root = json!({"kind": "object", "type": "Query", "fields": [
        {"id": 0, "key": "x", "source": {"stream": 0}, "node": 1, "nullable": nullable}]});
    let Value::Array(mut all) = nodes else { panic!("nodes is a list") };
    all.insert(0, root);
    let description = json!({"root": 0, "nodes": all}).to_string();
    Shape::compile(description.as_bytes()).expect("a good description")
}

pub fn leaf(form: &str) -> Shape {
    shape(true, json!([{"kind": "leaf", "form": form, "type": form}]))
}

/// A field of an object node.
pub fn field(id: u32, name: &str, node: usize, nullable: bool) -> Value {
    json!({"id": id, "key": name, "source": {"name": name}, "node": node, "nullable": nullable})
}

pub fn document(text: &str) -> Stream<'_> {
    vec![Item::One(Element::Document(text.as_bytes()))]
}

pub fn render(shape: &Shape, text: &str) -> Rendered {
    shape.render(&[Some(document(text))]).expect("enough values")
}

/// The text of `x` and a summary of the faults.
pub fn outcome(shape: &Shape, text: &str) -> (String, Vec<String>) {
    summary(&render(shape, text))
}

pub fn summary(rendered: &Rendered) -> (String, Vec<String>) {
    (value(rendered), rendered.errors.iter().map(short).collect())
}

/// The value of `x` in the response, or `-` without data.
pub fn value(rendered: &Rendered) -> String {
    let body = std::str::from_utf8(&rendered.body).expect("UTF-8");
    assert!(fraiseql_shape::check_json(body.as_bytes()).is_ok(), "{body}");
    if body == r#"{"data":null}"# {
        return "-".to_owned();
    }
    let value = body.strip_prefix(r#"{"data":{"x":"#).and_then(|rest| rest.strip_suffix("}}"));
    value.unwrap_or(body).to_owned()
}

/// `code path detail`, the path with dots.
pub fn short(error: &RenderError) -> String {
    let path: Vec<String> = error
        .path
        .iter()
        .map(|step| match step {
            Step::Key(key) => key.to_string(),
            Step::Index(index) => index.to_string(),
        })
        .collect();
    let detail = match &error.detail {
        Detail::Text(text) => text.clone(),
        Detail::Failure(number) => number.to_string(),
    };
    format!("{} {} {detail}", error.code, path.join("."))
}

pub fn codes(rendered: &Rendered) -> Vec<Code> {
    rendered.errors.iter().map(|error| error.code).collect()
}
