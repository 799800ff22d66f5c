//! Measures the throughput of renders in bytes of documents.
//! Run it with `cargo run --release -p fraiseql-shape --example throughput [-- CASE [TIMES]]`;
//! with a number of times it only renders, for tools that count instructions.

mod documents;
mod shapes;

use std::hint::black_box;
use std::time::{Duration, Instant};

use fraiseql_shape::{Element, Item, Shape, check_json};

/// The shortest time of a call, which is the least disturbed one.
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

type Work = Box<dyn Fn() -> usize>;

/// A case: name, bytes of input, and a function that renders it.
type Case = (&'static str, usize, Work);

/// A case that renders a list of documents, or a single document.
fn case(name: &'static str, description: &str, documents: &[String]) -> Case {
    let documents: &[String] = documents.to_vec().leak();
    let bytes = documents.iter().map(String::len).sum();
    let mut elements = documents.iter().map(|text| Element::Document(text.as_bytes()));
    let item = match documents {
        [_] => Item::One(elements.next().expect("one")),
        _ => Item::Many(elements.collect()),
    };
    let streams = [Some(vec![item])];
    let shape = Shape::compile(description.as_bytes()).expect("the description is good");
    let rendered = shape.render(&streams).expect("the stream is long enough");
    assert!(rendered.errors.is_empty(), "{name}: {:?}", rendered.errors[0]);
    assert!(check_json(&rendered.body).is_ok() && rendered.missing.is_empty());
    let render =
        move || shape.render(black_box(&streams)).map_or(0, |rendered| rendered.body.len());
    (name, bytes, Box::new(render))
}

fn cases() -> Vec<Case> {
    let posts: Vec<String> = (0..100).map(documents::post).collect();
    let discussed: Vec<String> = (1..=100).map(documents::discussed).collect();
    let numbered = discussed.iter().zip(1..);
    let rows: Vec<String> = numbered.map(|(text, id)| documents::row(id, text)).collect();
    let user = documents::row(5, &documents::user(5));
    vec![
        case("posts", shapes::POSTS, &posts),
        case("posts, an object skipped", &shapes::fewer(), &posts),
        case("one field of each", shapes::KEYS, &posts),
        case("as they are", shapes::RAW, &posts),
        case("stored", &shapes::stored(), &discussed),
        case("served", &shapes::served(), &rows),
        case("user", &shapes::user(), &[user]),
    ]
}

fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    let times = std::env::args().nth(2).and_then(|times| times.parse::<usize>().ok());
    for (name, bytes, render) in cases() {
        match times {
            _ if !only.is_empty() && name != only => {}
            Some(times) => println!("{name}: {}", (0..times).map(|_| render()).sum::<usize>()),
            None => {
                println!("{name}: {bytes} bytes in, {} bytes out", render());
                print(name, bytes, fastest(|| _ = black_box(render())));
            }
        }
    }
}
