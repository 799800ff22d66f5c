//! Any bytes as a plan and as a request: an error, Python, or an answer that is JSON.

use std::sync::LazyLock;

use bytes::Bytes;
use fraiseql_runtime::{Engine, Method, Request};
use tokio::runtime::{Builder, Runtime};

const SETTINGS: &str = r#"{"max_body_bytes": 100000, "most_plans": 10, "most_plan_bytes": 1000000, "request_seconds": 1.0,
    "late_body": "{}", "late_headers": [], "get_headers": [["vary", "accept"]]}"#;

/// Connections that cannot be opened: plans without statements are answered, others are read.
const TARGET: &str = r#"{"address": {"host": "/nowhere", "port": 1, "user": "u", "password": null,
    "database": "d", "application_name": "a", "options": "", "settings": [], "encryption": null},
    "check": null, "connect_seconds": 0.1, "longest_seconds": null, "prepared_bytes": 1000000,
    "key_connections": 1, "connections": 1}"#;

const SOUND: &str = r#"{"number":1,"document":"{a}","operation":null,
"variables":[["i",{"any":[{"int":[-5,5]},0]}],["o",{"object":[["t",{"any":["text",1]}],["b",{"any":["bool",2]}]]}],["c",{"constant":[1,null,"x"]}]],
"slots":3,"statements":[],"constants":[[0,"{\"a\": [1, \"b\", null]}"]],"streams":1,
"shape":{"root":0,"nodes":[{"kind":"object","type":"Query","fields":[{"id":0,"key":"x","source":{"stream":0},"node":1,"nullable":true}]},{"kind":"leaf","form":"any","type":"JSON"}]},
"max_bytes":1000,"rights":[]}"#;

/// Reads by key, and patterns; put in the place of the sound plan's statements.
const STATEMENTS: &str = r#""statements":[{"stream":0,"text":"SELECT $1","answer":"key","parameters":[{"slot":[0,"int8"]},{"pattern":[1,"%","_"]},{"slot":[1,"uuid"]},{"slot":[2,"bool"]},{"text":null},{"text":"t"}],"complete":false}],"constants":[]"#;

const BODY: &str = r#"{"query":"{a}","variables":{"i":3,"o":{"t":"11111111-1111-1111-1111-111111111111","b":true},"c":[1,null,"x"]}}"#;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let engine = Engine::new();
    engine.configure(SETTINGS.as_bytes()).expect("settings");
    engine.connect(TARGET.as_bytes()).expect("a target");
    engine.accept(None, "application/json".into());
    engine.json("application/json".into());
    engine
});

/// Changes single bytes: each three say the place, the kind and the byte.
fn edited(text: &str, edits: &[u8]) -> Vec<u8> {
    let mut text = text.as_bytes().to_vec();
    for edit in edits.chunks_exact(3) {
        let at = (usize::from(edit[0]) * 7 + usize::from(edit[1] >> 2)) % text.len().max(1);
        match edit[1] % 4 {
            0 if at < text.len() => text[at] = edit[2],
            1 => text.insert(at, edit[2]),
            2 if at < text.len() => drop(text.remove(at)),
            _ => text.truncate(text.len().max(1) - 1),
        }
    }
    text
}

fn request(method: Method, text: Vec<u8>) -> Request {
    let headers = vec![("content-type".into(), "application/json".into())];
    let (query, body) = match method {
        Method::Get => (text.into(), Bytes::new()),
        Method::Post => (Bytes::new(), text.into()),
    };
    Request { method, query, headers, body }
}

/// Adds a plan and asks; checks an answer.
fn run(plan: &[u8], request: &Request, is_json: fn(&[u8]) -> bool) -> bool {
    let edition = ENGINE.begin();
    let added = ENGINE.add(edition, plan).is_ok();
    let answer = RUNTIME.block_on(ENGINE.answer(request));
    if let Some(response) = &answer {
        assert!(added, "an answer without a plan");
        assert!(is_json(&response.body), "the answer is not JSON");
    }
    answer.is_some()
}

/// Reads bytes as a plan, as a request, or as changes of both.
///
/// # Panics
/// An answer is not JSON, or the sound plan is not answered.
pub fn check_plan(input: &[u8], is_json: fn(&[u8]) -> bool) {
    let run = |plan: &[u8], request: &Request| run(plan, request, is_json);
    let (kind, rest) = input.split_first().unwrap_or((&0, &[]));
    let (first, second) = rest.split_at(rest.len() / 2);
    match kind % 5 {
        0 => drop(run(rest, &request(Method::Post, BODY.into()))),
        1 => drop(run(SOUND.as_bytes(), &request(Method::Post, rest.to_vec()))),
        2 => drop(run(SOUND.as_bytes(), &request(Method::Get, rest.to_vec()))),
        3 => {
            let answered = run(&edited(SOUND, first), &request(Method::Post, edited(BODY, second)));
            assert!(answered || rest.len() >= 3, "the sound plan is not answered");
        }
        _ => {
            let plan = SOUND.split("\"statements\"").next().unwrap_or_default();
            let tail = SOUND.split("]],\"streams\"").nth(1).unwrap_or_default();
            let whole = format!("{plan}{STATEMENTS},\"streams\"{tail}");
            run(&edited(&whole, first), &request(Method::Post, edited(BODY, second)));
        }
    }
    drop(ENGINE.take_counts());
}
