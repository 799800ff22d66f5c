//! Settings of the application that decide answers.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::headers::header;
use crate::message::{Header, Response};
use crate::plans::Most;

/// Settings and constant texts, as Python has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub max_body_bytes: usize,
    most_plans: usize,
    most_plan_bytes: usize,
    request_seconds: f64,
    /// The body of an answer to a request that took too long.
    late_body: String,
    /// Its headers behind type and length.
    late_headers: Vec<(String, String)>,
    /// Headers of answers to a GET.
    get_headers: Vec<(String, String)>,
}

impl Settings {
    /// The bounds of the plans.
    pub fn most(&self) -> Most {
        Most { plans: self.most_plans, bytes: self.most_plan_bytes }
    }

    /// The time in which a request is answered.
    pub fn deadline(&self) -> Duration {
        Duration::try_from_secs_f64(self.request_seconds).unwrap_or(Duration::MAX)
    }

    /// Headers of answers to a GET.
    pub fn get_headers(&self) -> impl Iterator<Item = Header> + '_ {
        owned(&self.get_headers)
    }

    /// The answer to a request that took too long.
    pub fn late(&self, content_type: Bytes) -> Response {
        let body = Bytes::from(self.late_body.clone());
        let mut headers = vec![
            header(b"content-type", content_type),
            header(b"content-length", body.len().to_string()),
        ];
        headers.extend(owned(&self.late_headers));
        Response { status: 504, headers, body }
    }
}

fn owned(headers: &[(String, String)]) -> impl Iterator<Item = Header> + '_ {
    headers.iter().map(|(name, value)| (Bytes::from(name.clone()), Bytes::from(value.clone())))
}
