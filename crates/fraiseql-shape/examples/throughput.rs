//! Measures how many bytes of documents a shape renders in a second.
//! Run it with `cargo run --release -p fraiseql-shape --example throughput`.

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use fraiseql_shape::{Element, Item, Shape, check_json};

/// A post with its author and comments: the most fields, under camelCase keys.
const POSTS: &str = r#"{"root": 0, "nodes": [
  {"kind": "object", "type": "Query", "fields": [
    {"id": 0, "key": "posts", "source": {"stream": 0}, "node": 1, "nullable": false}]},
  {"kind": "list", "item": 2, "item_nullable": false},
  {"kind": "object", "type": "Post", "fields": [
    {"id": 1, "key": "id", "source": {"name": "id"}, "node": 6, "nullable": false},
    {"id": 2, "key": "title", "source": {"name": "title"}, "node": 7, "nullable": false},
    {"id": 3, "key": "body", "source": {"name": "body"}, "node": 7, "nullable": true},
    {"id": 4, "key": "isPublic", "source": {"name": "is_public"}, "node": 8, "nullable": false},
    {"id": 5, "key": "createdAt", "source": {"name": "created_at"}, "node": 9, "nullable": false},
    {"id": 6, "key": "author", "source": {"name": "author"}, "node": 3, "nullable": false},
    {"id": 7, "key": "comments", "source": {"name": "comments"}, "node": 4, "nullable": false}]},
  {"kind": "object", "type": "User", "fields": [
    {"id": 8, "key": "id", "source": {"name": "id"}, "node": 6, "nullable": false},
    {"id": 9, "key": "name", "source": {"name": "full_name"}, "node": 7, "nullable": false},
    {"id": 10, "key": "country", "source": {"name": "country"}, "node": 7, "nullable": true}]},
  {"kind": "list", "item": 5, "item_nullable": false},
  {"kind": "object", "type": "Comment", "fields": [
    {"id": 11, "key": "id", "source": {"name": "id"}, "node": 6, "nullable": false},
    {"id": 12, "key": "body", "source": {"name": "body"}, "node": 7, "nullable": false},
    {"id": 13, "key": "likes", "source": {"name": "likes"}, "node": 6, "nullable": true},
    {"id": 14, "key": "createdAt", "source": {"name": "created_at"}, "node": 9, "nullable": false},
    {"id": 15, "key": "author", "source": {"name": "author"}, "node": 3, "nullable": true}]},
  {"kind": "leaf", "form": "Int", "type": "Int"},
  {"kind": "leaf", "form": "String", "type": "String"},
  {"kind": "leaf", "form": "Boolean", "type": "Boolean"},
  {"kind": "leaf", "form": "string", "type": "DateTime"}]}"#;

/// What the comments' authors cost: this field is left out of a second shape.
const COMMENT_AUTHOR: &str = r#",
    {"id": 15, "key": "author", "source": {"name": "author"}, "node": 3, "nullable": true}"#;

/// The same documents, passed through as they are.
const RAW: &str = r#"{"root": 0, "nodes": [
  {"kind": "object", "type": "Query", "fields": [
    {"id": 0, "key": "posts", "source": {"stream": 0}, "node": 1, "nullable": false}]},
  {"kind": "leaf", "form": "any", "type": "JSON"}]}"#;

/// The same documents, of which only the key is asked for.
const KEYS: &str = r#"{"root": 0, "nodes": [
  {"kind": "object", "type": "Query", "fields": [
    {"id": 0, "key": "posts", "source": {"stream": 0}, "node": 1, "nullable": false}]},
  {"kind": "list", "item": 2, "item_nullable": false},
  {"kind": "object", "type": "Post", "fields": [
    {"id": 1, "key": "id", "source": {"name": "id"}, "node": 3, "nullable": false}]},
  {"kind": "leaf", "form": "Int", "type": "Int"}]}"#;

const WORDS: &str = "the way a table is read decides what a page costs and nobody sees it before \
                     the second visit of the day when every row has moved to another place again";

fn person(text: &mut String, seed: usize) {
    let country = ["France", "Belgium", "Canada", "Germany"][seed % 4];
    let _ = write!(
        text,
        "{{\"id\": {seed}, \"email\": \"person{seed}@mail.example\", \"country\": \"{country}\", \
         \"full_name\": \"Person Number {seed}\"}}"
    );
}

/// A document as `jsonb` prints it: short keys first, a space after each colon and comma.
fn post(seed: usize) -> String {
    let mut text = String::new();
    let body = &WORDS[seed % 40..];
    let _ = write!(text, "{{\"id\": {}, \"body\": \"{body} {body}\", ", 100_000 + seed);
    let _ = write!(text, "\"slug\": \"post-{seed}\", \"title\": \"Post {seed}\", \"author\": ");
    person(&mut text, seed * 7 % 1000);
    text.push_str(", \"comments\": [");
    for comment in 0..5 {
        let comma = if comment == 0 { "" } else { ", " };
        let (id, likes) = (seed * 5 + comment, seed * comment % 97);
        let said = &WORDS[comment * 3..comment * 3 + 60];
        let _ = write!(text, "{comma}{{\"id\": {id}, \"body\": \"{said}\", \"likes\": {likes}, ");
        text.push_str("\"author\": ");
        person(&mut text, id % 1000);
        text.push_str(", \"created_at\": \"2024-05-06T07:08:09.123456+00:00\"}");
    }
    text.push_str("], \"is_public\": true, \"updated_at\": \"2024-05-06T07:08:09.123456+00:00\", ");
    text.push_str("\"created_at\": \"2024-05-01T00:00:00+00:00\"}");
    text
}

/// The shortest time of one call: what the machine can do when nothing else disturbs it.
fn fastest(mut work: impl FnMut()) -> Duration {
    let until = Instant::now() + Duration::from_secs(1);
    let mut best = Duration::MAX;
    while Instant::now() < until {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed());
    }
    best
}

#[allow(clippy::cast_precision_loss)]
fn print(name: &str, bytes: usize, time: Duration) {
    let rate = bytes as f64 / time.as_secs_f64() / 1e6;
    println!("{name:<28} {rate:>7.0} MB/s  {:>8.1} µs", time.as_secs_f64() * 1e6);
}

fn main() {
    let documents: Vec<String> = (0..100).map(post).collect();
    let bytes: usize = documents.iter().map(String::len).sum();
    let elements = documents.iter().map(|text| Element::Document(text.as_bytes())).collect();
    let streams = [Some(vec![Item::Many(elements)])];
    println!("{} documents, {bytes} bytes", documents.len());
    let only = std::env::args().nth(1).unwrap_or_default();
    let fewer = POSTS.replace(COMMENT_AUTHOR, "");
    let shapes = [
        ("posts", POSTS),
        ("posts, an object skipped", &fewer),
        ("one field of each", KEYS),
        ("as they are", RAW),
    ];
    for (name, description) in shapes {
        if !name.starts_with(&only) {
            continue;
        }
        let shape = Shape::compile(description.as_bytes()).expect("the description is good");
        let rendered = shape.render(&streams).expect("the stream is long enough");
        assert!(rendered.errors.is_empty() && check_json(&rendered.body).is_ok());
        println!("{name}: {} bytes out", rendered.body.len());
        print(name, bytes, fastest(|| drop(black_box(shape.render(black_box(&streams))))));
    }
    let all = documents.concat();
    let copy = fastest(|| drop(black_box(black_box(&all).clone())));
    print("(a plain copy)", bytes, copy);
}
