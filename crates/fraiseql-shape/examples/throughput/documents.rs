//! Documents to measure, as `jsonb` prints them.

use std::fmt::Write;

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
pub fn post(seed: usize) -> String {
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

/// Six words and an ending: as in the benchmark's data, a third of the sentences has characters
/// outside ASCII and a sixth has escapes.
fn sentence(seed: usize) -> String {
    const WORDS: [&str; 24] = [
        "sea", "wind", "harbour", "night", "lamp", "letter", "stone", "river", "window", "garden",
        "winter", "road", "café", "bridge", "market", "paper", "silver", "morning", "island",
        "tower", "copper", "field", "rain", "table",
    ];
    const ENDS: [&str; 6] = [".", "!", "?", " — “yes”.", r#" \"so it is\"."#, " (naïve)."];
    let words: Vec<&str> =
        (0..6).map(|i| WORDS[(seed * 31 + i * 1009) * 7919 % 1009 % 24]).collect();
    words.join(" ") + ENDS[seed % 6]
}

/// A user of the benchmark.
pub fn user(seed: usize) -> String {
    let first = ["Ada", "Björn", "Chiara", "Dmitri", "Élodie", "Farid", "Grace", "Hiro"][seed % 8];
    let last = ["Okafor", "Lindqvist", "Moreau", "Tanaka", "Silva", "Novák", "Haddad"][seed % 7];
    let bio = if seed % 7 == 0 {
        "null".to_owned()
    } else {
        format!("\"{} {}\"", sentence(seed), sentence(seed + 5))
    };
    format!(
        "{{\"id\": {seed}, \"bio\": {bio}, \"email\": \"user{seed}@example.org\", \"active\": true, \
         \"country\": \"DE\", \"last_name\": \"{last}\", \
         \"created_at\": \"2015-01-01T00:37:00+00:00\", \"first_name\": \"{first}\"}}"
    )
}

/// A post of the benchmark with its author and five comments.
pub fn discussed(seed: usize) -> String {
    let [a, b, c] = [seed, seed * 3 + 1, seed * 5 + 2].map(sentence);
    let comments: Vec<String> = (0..5)
        .map(|comment| {
            let id = seed + comment * 400_000;
            let (said, more) = (sentence(id), sentence(id * 7 + 3));
            format!(
                "{{\"id\": {id}, \"body\": \"{said} {more}\", \"likes\": {}, \"user_id\": {}, \
                 \"created_at\": \"2021-04-07T04:54:00+00:00\"}}",
                id * 37 % 500,
                id * 77 % 100_000
            )
        })
        .collect();
    format!(
        "{{\"id\": {seed}, \"body\": \"{b} {c} {a} {c} {b}\", \"title\": \"{a}\", \"views\": {}, \
         \"author\": {}, \"comments\": [{}], \"created_at\": \"2019-01-01T00:30:00+00:00\"}}",
        seed * 7919 % 100_000,
        user(seed * 7 % 100_000),
        comments.join(", ")
    )
}

/// A served row: its own columns, then the stored document.
pub fn row(id: usize, document: &str) -> String {
    format!("{{\"id\":{id},\"$\":{document}}}")
}
