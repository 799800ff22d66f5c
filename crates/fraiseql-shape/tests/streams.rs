//! Values from outside the documents: lists of documents, failures, and streams that come later.

// The type of a stream is optional, also where a test always passes one.
#![allow(clippy::unnecessary_wraps)]

mod common;

use common::{field, shape, summary, value};
use fraiseql_shape::{Element, Item, Shape, StreamTooShort};
use serde_json::json;

fn doc(text: &str) -> Element<'_> {
    Element::Document(text.as_bytes())
}

/// x: [User] with `id: Int`, `nick` from stream 1 and `posts: [Post]`, whose `score` is stream 2.
/// Which of `items`, `nick`, `posts` and `score` may be null comes in that order.
fn users([item, nick, posts, score]: [bool; 4]) -> Shape {
    shape(
        true,
        json!([
            {"kind": "list", "item": 2, "item_nullable": item},
            {"kind": "object", "type": "User", "fields": [
                field(1, "id", 5, true),
                {"id": 2, "key": "nick", "source": {"stream": 1}, "node": 6, "nullable": nick},
                field(3, "posts", 3, posts)]},
            {"kind": "list", "item": 4, "item_nullable": false},
            {"kind": "object", "type": "Post", "fields": [
                {"id": 4, "key": "score", "source": {"stream": 2}, "node": 5, "nullable": score},
                field(5, "n", 5, false)]},
            {"kind": "leaf", "form": "Int", "type": "Int"},
            {"kind": "leaf", "form": "String", "type": "String"}]),
    )
}

const ADA: &str = r#"{"id": 1, "posts": [{"n": 1}, {"n": 2}]}"#;
const BOB: &str = r#"{"id": 2, "posts": [{"n": 3}]}"#;

fn rows() -> Option<Vec<Item<'static>>> {
    Some(vec![Item::Many(vec![doc(ADA), doc(BOB)])])
}

fn ones(elements: &[Element<'static>]) -> Option<Vec<Item<'static>>> {
    Some(elements.iter().copied().map(Item::One).collect())
}

#[test]
fn objects_that_need_a_missing_stream() {
    let shape = users([true, false, true, false]);
    let rendered = shape.render(&[rows()]).unwrap();
    assert!(rendered.errors.is_empty());
    let text = |stream| -> Vec<&str> {
        rendered.missing[&stream].iter().map(|text| std::str::from_utf8(text).unwrap()).collect()
    };
    assert_eq!(text(1), [ADA, BOB]);
    assert_eq!(text(2), [r#"{"n": 1}"#, r#"{"n": 2}"#, r#"{"n": 3}"#]);
    let again = shape.render(&[rows(), None, None]).unwrap();
    assert_eq!(again, rendered);
}

#[test]
fn streams_are_consumed_in_render_order() {
    let nicks = ones(&[doc("\"a\""), doc("\"b\"")]);
    let scores = ones(&[doc("10"), doc("20"), doc("30")]);
    let rendered = users([true, false, true, false]).render(&[rows(), nicks, scores]).unwrap();
    let expected = r#"[{"id":1,"nick":"a","posts":[{"score":10,"n":1},{"score":20,"n":2}]},{"id":2,"nick":"b","posts":[{"score":30,"n":3}]}]"#;
    assert_eq!((value(&rendered).as_str(), rendered.errors.len()), (expected, 0));
    assert!(rendered.missing.is_empty());
}

#[test]
fn a_failure_does_not_shift_the_values_after_it() {
    let scores = || ones(&[Element::Failure(7), doc("20"), doc("30")]);
    let nicks = || ones(&[doc("\"a\""), doc("\"b\"")]);
    let bob = r#"{"id":2,"nick":"b","posts":[{"score":30,"n":3}]}"#;
    let failure = vec!["failure x.0.posts.0.score 7".to_owned()];
    // The list of posts becomes null with its first item; Bob still gets the third score.
    let rendered = users([true, true, true, false]).render(&[rows(), nicks(), scores()]).unwrap();
    let expected = format!(r#"[{{"id":1,"nick":"a","posts":null}},{bob}]"#);
    assert_eq!(summary(&rendered), (expected, failure.clone()));
    let rendered = users([true, true, false, false]).render(&[rows(), nicks(), scores()]).unwrap();
    assert_eq!(summary(&rendered), (format!("[null,{bob}]"), failure.clone()));
    let rendered = users([false, true, false, false]).render(&[rows(), nicks(), scores()]).unwrap();
    assert_eq!(summary(&rendered), ("null".to_owned(), failure));
}

#[test]
fn faults_after_a_missing_value_are_not_recorded() {
    let rows =
        || Some(vec![Item::Many(vec![doc(r#"{"posts": [{"n": 1}, {"n": "x"}]}"#), doc(BOB)])]);
    let scores = ones(&[Element::Null, Element::Failure(1), doc("30")]);
    let nicks = ones(&[Element::Null, Element::Null]);
    let rendered = users([true, true, true, false]).render(&[rows(), nicks, scores]).unwrap();
    let expected = r#"[{"id":null,"nick":null,"posts":null},{"id":2,"nick":null,"posts":[{"score":30,"n":3}]}]"#;
    assert_eq!(summary(&rendered), (expected.into(), vec!["null x.0.posts.0.score null".into()]));
}

#[test]
fn a_fault_in_the_document_stops_every_render_at_the_same_place() {
    // Without the scores, the bad `n` already ends the visit of this user's later posts.
    let first = r#"{"posts": [{"n": null}, {"n": 2}]}"#;
    let rows = || Some(vec![Item::Many(vec![doc(first), doc(BOB)])]);
    let shape = users([true, true, true, false]);
    let rendered = shape.render(&[rows(), ones(&[Element::Null, Element::Null])]).unwrap();
    assert_eq!(rendered.missing[&2].len(), 2);
    for score in [Element::Failure(1), doc("5")] {
        let nicks = ones(&[Element::Null, Element::Null]);
        let rendered = shape.render(&[rows(), nicks, ones(&[score, doc("30")])]).unwrap();
        assert!(value(&rendered).ends_with(r#""posts":[{"score":30,"n":3}]}]"#));
    }
}

#[test]
fn a_stream_that_is_too_short() {
    let result = users([true, true, true, true]).render(&[rows(), ones(&[Element::Null])]);
    assert_eq!(result, Err(StreamTooShort { stream: 1, length: 1 }));
    assert!(users([true, true, true, true]).render(&[Some(vec![])]).is_err());
}

#[test]
fn elements_of_a_list() {
    let shape = shape(
        true,
        json!([{"kind": "list", "item": 2, "item_nullable": true},
               {"kind": "leaf", "form": "Int", "type": "Int"}]),
    );
    let many = vec![doc(" 1 "), Element::Null, Element::Failure(9), doc("x"), doc("2 3"), doc("")];
    let rendered = shape.render(&[Some(vec![Item::Many(many)])]).unwrap();
    let errors = ["failure x.2 9", "json x.3 x", "json x.4 2 3", "json x.5 "];
    assert_eq!(
        summary(&rendered),
        ("[1,null,null,null,null,null]".into(), errors.map(String::from).into())
    );
    let rendered = shape.render(&[Some(vec![Item::Many(vec![])])]).unwrap();
    assert_eq!(value(&rendered), "[]");
}

#[test]
fn a_list_for_a_field_that_is_not_a_list() {
    let many = || [Some(vec![Item::Many(vec![doc("1"), doc("[2, {}]"), Element::Null])])];
    let rendered = common::leaf("Int").render(&many()).unwrap();
    assert_eq!(summary(&rendered), ("null".into(), vec!["leaf x [".into()]));
    let rendered = common::leaf("any").render(&many()).unwrap();
    assert_eq!(summary(&rendered), ("[1,[2, {}],null]".into(), vec![]));
}

#[test]
fn a_root_without_its_stream() {
    let rendered = users([true, true, true, true]).render(&[]).unwrap();
    assert_eq!(value(&rendered), "null");
    assert_eq!(&*rendered.missing[&0][0], b"{}");
}
