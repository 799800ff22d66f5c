//! The engine of one process: plans, connections and values in memory.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use serde::Serialize;

use crate::counts::Runs;
use crate::headers::Headers;
use crate::identities::Identities;
use crate::identity::Client;
use crate::lanes::Lanes;
use crate::live::{self, Database};
use crate::memory::Hits;
use crate::message::{Request, Response};
use crate::operation::Operation;
use crate::outcomes::{Outcome, Outcomes};
use crate::plan::Plan;
use crate::plans::{Most, Plans};
use crate::settings::Settings;
use crate::target::Target;

/// Answers requests for which it has a plan or a value.
///
/// One engine belongs to one process. The thread of the server calls it; Python changes its plans
/// from another thread.
#[derive(Debug, Default)]
pub struct Engine {
    settings: RwLock<Option<Arc<Settings>>>,
    lanes: RwLock<Option<Arc<Lanes>>>,
    headers: Headers,
    identities: Identities,
    plans: Plans,
    hits: Hits,
    outcomes: Outcomes,
}

/// The counts of a plan since they were last taken.
#[derive(Serialize)]
struct PlanCounts {
    number: u64,
    runs: Vec<Runs>,
}

/// Counts and numbers that Python takes from time to time.
#[derive(Serialize)]
struct Taken {
    counts: Vec<PlanCounts>,
    gone: Vec<u64>,
}

impl Engine {
    /// Returns an engine without plans, which answers nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the response, or `None` where Python has to answer.
    ///
    /// Python answers whatever is not known here: a document without a plan, a variable in an
    /// unexpected form, an error of the database.
    pub async fn answer(&self, request: &Request) -> Option<Response> {
        let (response, outcome) = match self.identities.of(request) {
            Some(client) => self.answer_to(&client, request).await,
            None => (None, Outcome::Python),
        };
        self.outcomes.add(outcome);
        response
    }

    /// Counts a request that Python gets unread.
    pub fn unread(&self) {
        self.outcomes.add(Outcome::Unread);
    }

    /// Returns the requests from memory, live, of Python, and of Python unread.
    #[must_use]
    pub fn outcomes(&self) -> [u64; 4] {
        self.outcomes.totals()
    }

    async fn answer_to(&self, client: &Client, request: &Request) -> (Option<Response>, Outcome) {
        if let Some(response) = self.hits.answer(request, client.number()).await {
            return (Some(response), Outcome::Memory);
        }
        match self.live(client, request).await {
            Some(response) => (Some(response), Outcome::Live),
            None => (None, Outcome::Python),
        }
    }

    /// Answers from the database; `None` where Python has to answer.
    async fn live(&self, client: &Client, request: &Request) -> Option<Response> {
        let settings = current(&self.settings)?;
        let lanes = current(&self.lanes)?;
        if request.body.len().max(request.query.len()) > settings.max_body_bytes {
            return None;
        }
        let media = self.headers.media(request)?;
        let operation = Operation::of(request)?;
        let read = |plan: &Plan| client.allows(plan).then(|| plan.read(&operation)).flatten();
        let (plan, slots) = self.plans.find(&operation.document, read)?;
        let database = Database { lanes: &lanes, setting: client.setting() };
        live::answer(&plan, &slots, database, &settings, (request.method, media)).await
    }

    /// Opens all connections, unless that takes long.
    pub async fn warm(&self) {
        if let Some(lanes) = current(&self.lanes) {
            lanes.warm().await;
        }
    }

    /// Sets the settings of the application, which are JSON.
    ///
    /// # Errors
    /// Names the fault.
    pub fn configure(&self, settings: &[u8]) -> Result<(), String> {
        let settings: Settings = read(settings)?;
        replace(&self.settings, Some(Arc::new(settings)));
        Ok(())
    }

    /// Sets the server of the connections, which is JSON; those to another one are closed.
    ///
    /// # Errors
    /// Names the fault.
    pub fn connect(&self, target: &[u8]) -> Result<(), String> {
        let target: Target = read(target)?;
        if !current(&self.lanes).is_some_and(|lanes| lanes.lead_to(&target)) {
            replace(&self.lanes, Some(Arc::new(Lanes::new(target)?)));
        }
        Ok(())
    }

    /// Closes the connections: Python answers all requests.
    pub fn disconnect(&self) {
        replace(&self.lanes, None);
    }

    /// Returns why connections cannot be opened; `None` if they can, or none is wanted.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        current(&self.lanes).and_then(|lanes| lanes.fault())
    }

    /// Drops all plans, and returns the number of the edition that begins.
    pub fn begin(&self) -> u64 {
        self.plans.begin()
    }

    /// Adds a plan, which is JSON, of an edition; one of an earlier edition is dropped.
    ///
    /// # Errors
    /// Names the fault.
    pub fn add(&self, edition: u64, plan: &[u8]) -> Result<(), String> {
        let most = current(&self.settings).map_or_else(Most::default, |settings| settings.most());
        self.plans.add(edition, Plan::compile(plan)?, most);
        Ok(())
    }

    /// Sets the names of the headers that decide the identity of a request.
    ///
    /// From then on Python answers each request whose identity it has not told.
    pub fn declare(&self, headers: Vec<Bytes>) {
        self.identities.declare(headers);
    }

    /// Drops all identities, and returns the number of the edition that begins.
    pub fn begin_identities(&self) -> u64 {
        self.identities.begin()
    }

    /// Adds an identity, which is JSON, of an edition, for requests with these values of headers.
    ///
    /// Returns its number, see [`crate::NewValue::client`]; `None` if it is dropped.
    ///
    /// # Errors
    /// Names the fault.
    pub fn identify(
        &self,
        edition: u64,
        values: &[Option<Bytes>],
        identity: &[u8],
    ) -> Result<Option<u64>, String> {
        self.identities.add(edition, values, identity)
    }

    /// Notes that a request with this `accept` gets a response of this type.
    pub fn accept(&self, accept: Option<Bytes>, content_type: Bytes) {
        self.headers.accept(accept, content_type);
    }

    /// Notes that a body of this `content-type` is JSON.
    pub fn json(&self, content_type: Bytes) {
        self.headers.json(content_type);
    }

    /// Returns the counts since the last call and the numbers of plans that have gone, as JSON.
    #[must_use]
    pub fn take_counts(&self) -> Vec<u8> {
        let mut counts = Vec::new();
        let gone = self.plans.each(|plan| {
            if let Some(runs) = plan.counts.take() {
                counts.push(PlanCounts { number: plan.number, runs });
            }
        });
        serde_json::to_vec(&Taken { counts, gone }).unwrap_or_default()
    }

    /// Returns the exact responses in memory.
    #[must_use]
    pub fn hits(&self) -> &Hits {
        &self.hits
    }
}

fn read<'a, T: serde::Deserialize<'a>>(text: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

fn current<T>(place: &RwLock<Option<Arc<T>>>) -> Option<Arc<T>> {
    place.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn replace<T>(place: &RwLock<Option<Arc<T>>>, value: Option<Arc<T>>) {
    *place.write().unwrap_or_else(PoisonError::into_inner) = value;
}
