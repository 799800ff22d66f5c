//! Answers from the database.

use std::fmt::Write;
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fraiseql_shape::{Element, Item, Stream};
use futures_util::future::try_join_all;

use crate::counts::Run;
use crate::headers::header;
use crate::identity::Setting;
use crate::lanes::Lanes;
use crate::message::{Method, Response};
use crate::parameter::Parameter;
use crate::plan::{Answer, Plan, Statement};
use crate::rows::{Document, Failure, Rows};
use crate::settings::Settings;
use crate::template::Slots;

/// The connections, and the identity that transactions get on them.
#[derive(Clone, Copy)]
pub(crate) struct Database<'a> {
    pub lanes: &'a Lanes,
    pub setting: Option<&'a Setting>,
}

/// The body of an answer, and how long its steps took.
struct Body {
    text: Vec<u8>,
    sql: Duration,
    render: Duration,
    runs: Vec<Run>,
}

/// Runs a plan; `None` where Python has to answer.
pub(crate) async fn answer(
    plan: &Plan,
    slots: &Slots<'_>,
    database: Database<'_>,
    settings: &Settings,
    (method, media): (Method, Bytes),
) -> Option<Response> {
    let start = Instant::now();
    // In its place: a future of this size is not to be moved.
    let mut body = pin!(body(plan, slots, database));
    let body = match tokio::time::timeout(settings.deadline(), body.as_mut()).await {
        Ok(body) => body?,
        Err(_) => return Some(settings.late(media)),
    };
    plan.counts.add(start.elapsed(), body.text.len(), &body.runs);
    let mut headers = vec![
        header(b"content-type", media),
        header(b"content-length", body.text.len().to_string()),
        header(b"server-timing", timing(body.sql, body.render)),
    ];
    if method == Method::Get {
        headers.extend(settings.get_headers());
    }
    Some(Response { status: 200, headers, body: body.text.into() })
}

impl Database<'_> {
    async fn run(
        self,
        statement: &Statement,
        parameters: &[Parameter<'_>],
        most: usize,
    ) -> Result<Rows, Failure> {
        match self.setting {
            None => self.lanes.run(statement, parameters, most).await,
            Some(setting) => {
                Box::pin(self.lanes.run_as(setting, statement, parameters, most)).await
            }
        }
    }
}

fn timing(sql: Duration, render: Duration) -> String {
    let mut text = String::with_capacity(112);
    text.push_str("parse;dur=0, validate;dur=0, plan;dur=0, sql;dur=");
    push_milliseconds(&mut text, sql);
    text.push_str(", render;dur=");
    push_milliseconds(&mut text, render);
    text.push_str(", road;desc=\"native\"");
    text
}

/// Adds milliseconds with two decimals, without the time that writing a float takes.
fn push_milliseconds(text: &mut String, duration: Duration) {
    let hundredths = (duration.as_micros() + 5) / 10;
    // It does not fail: a string takes all.
    let _ = write!(text, "{}.{:02}", hundredths / 100, hundredths % 100);
}

async fn body(plan: &Plan, slots: &Slots<'_>, database: Database<'_>) -> Option<Body> {
    let start = Instant::now();
    let parameters: Vec<Vec<Parameter<'_>>> =
        plan.statements.iter().map(|statement| bound(statement, slots)).collect::<Option<_>>()?;
    let answers = rows(plan, &parameters, database).await.ok()?;
    let fetched = Instant::now();
    let text = rendered(plan, &answers)?;
    let runs = answers.iter().map(|rows| rows.run).collect();
    Some(Body { text, sql: fetched - start, render: fetched.elapsed(), runs })
}

fn bound<'a>(statement: &'a Statement, slots: &Slots<'a>) -> Option<Vec<Parameter<'a>>> {
    statement.parameters.iter().map(|source| source.parameter(slots)).collect()
}

/// Runs the statements of all root fields concurrently.
async fn rows(
    plan: &Plan,
    parameters: &[Vec<Parameter<'_>>],
    database: Database<'_>,
) -> Result<Vec<Rows>, Failure> {
    let run = |statement, parameters| database.run(statement, parameters, plan.max_bytes);
    if let ([statement], [parameters]) = (plan.statements.as_slice(), parameters) {
        return Ok(vec![run(statement, parameters).await?]);
    }
    let pairs = plan.statements.iter().zip(parameters);
    let runs = pairs.map(|(statement, parameters)| run(statement, parameters));
    let answers = try_join_all(runs).await?;
    let bytes: usize = answers.iter().map(|rows| rows.run.bytes).sum();
    if bytes > plan.max_bytes { Err(Failure::TooLarge) } else { Ok(answers) }
}

/// The text of the answer; `None` if it has errors or is too large.
fn rendered(plan: &Plan, answers: &[Rows]) -> Option<Vec<u8>> {
    let mut streams: Vec<Option<Stream<'_>>> = vec![None; plan.streams];
    for (stream, text) in &plan.constants {
        streams[*stream] = Some(vec![Item::One(Element::Document(text.as_bytes()))]);
    }
    for (statement, rows) in plan.statements.iter().zip(answers) {
        streams[statement.stream] = Some(vec![item(statement, rows)?]);
    }
    let rendered = plan.shape.render_within(&streams, plan.max_bytes).ok()?;
    let whole = rendered.errors.is_empty() && rendered.missing.is_empty() && !rendered.too_large;
    whole.then_some(rendered.body)
}

fn item<'a>(statement: &Statement, rows: &'a Rows) -> Option<Item<'a>> {
    let elements: Vec<Element<'a>> =
        rows.documents.iter().map(|row| element(statement, row)).collect::<Option<_>>()?;
    match (statement.answer, elements.as_slice()) {
        (Answer::Many, _) => Some(Item::Many(elements)),
        (Answer::Key, []) => Some(Item::One(Element::Null)),
        (Answer::Key | Answer::One, [element]) => Some(Item::One(*element)),
        _ => None,
    }
}

fn element<'a>(statement: &Statement, document: &'a Document) -> Option<Element<'a>> {
    match document.bytes().ok()? {
        Some([]) if statement.complete => None,
        Some(text) => Some(Element::Document(text)),
        None => Some(Element::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_decimals() {
        let times =
            [(0, "0.00"), (4, "0.00"), (5, "0.01"), (1_094, "1.09"), (12_345_678, "12345.68")];
        for (micros, expected) in times {
            let mut text = String::new();
            push_milliseconds(&mut text, Duration::from_micros(micros));
            assert_eq!(text, expected);
        }
    }
}
