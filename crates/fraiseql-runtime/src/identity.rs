//! The identity of a client, as Python has decided it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::plan::Plan;

/// Bytes of an identity besides its texts, approximately.
const OVERHEAD: usize = 256;

/// Bytes of the outcome of a check, approximately.
const RIGHT: usize = 32;

/// The last number of an identity in the process.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The statement that gives a transaction an identity, with its values.
#[derive(Debug, PartialEq)]
pub(crate) struct Setting {
    pub text: Arc<str>,
    pub values: Vec<String>,
    /// The role that it sets; `None` if it only sets session variables.
    pub role: Option<Arc<str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    setting: Option<SettingDescription>,
    /// The time in which it is valid, in seconds since 1970: from the first one, before the other.
    window: (u64, u64),
    /// Seconds from now on after which it has to be decided again.
    seconds: Option<f64>,
    /// Outcomes of checks, by their number.
    rights: Vec<(usize, bool)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingDescription {
    text: String,
    values: Vec<String>,
    role: Option<String>,
}

impl From<SettingDescription> for Setting {
    fn from(described: SettingDescription) -> Self {
        Self {
            text: described.text.into(),
            values: described.values,
            role: described.role.map(Arc::from),
        }
    }
}

/// The identity of the requests with certain headers.
#[derive(Debug)]
pub(crate) struct Identity {
    /// Differs from all others of the process; the same when rights are added to it.
    pub number: u64,
    setting: Option<Setting>,
    window: (u64, u64),
    until: Option<Instant>,
    rights: BTreeMap<usize, bool>,
    /// Its bytes in memory, about.
    pub bytes: usize,
}

impl Identity {
    /// How a transaction gets it; `None` for that of the connection.
    pub fn setting(&self) -> Option<&Setting> {
        self.setting.as_ref()
    }

    /// Whether a plan answers its requests.
    pub fn allows(&self, plan: &Plan) -> bool {
        let same = |(check, outcome): &(usize, bool)| self.rights.get(check) == Some(outcome);
        // Python asks whether a role may read stored documents.
        let has_role = self.setting.as_ref().is_some_and(|setting| setting.role.is_some());
        plan.rights.iter().all(same) && !(has_role && plan.reads_stored())
    }

    /// Reads an identity of the requests with a key.
    ///
    /// # Errors
    /// Names the fault.
    pub fn of(text: &[u8], key: &[u8]) -> Result<Self, String> {
        let described: Description =
            serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let until = match described.seconds {
            None => None,
            Some(seconds) => {
                let left = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                Some(Instant::now().checked_add(left).ok_or("a time that does not end")?)
            }
        };
        Ok(Self {
            number: 1 + LAST.fetch_add(1, Ordering::Relaxed),
            bytes: OVERHEAD + key.len() + text.len() + RIGHT * described.rights.len(),
            setting: described.setting.map(Setting::from),
            window: described.window,
            until,
            rights: described.rights.into_iter().collect(),
        })
    }

    /// With the rights of an earlier one, while all of it is valid.
    pub fn with(mut self, earlier: &Self) -> Self {
        self.number = earlier.number;
        for (check, outcome) in &earlier.rights {
            self.rights.entry(*check).or_insert(*outcome);
        }
        let (from, before) = earlier.window;
        self.window = (self.window.0.max(from), self.window.1.min(before));
        self.until = match (self.until, earlier.until) {
            (Some(own), Some(until)) => Some(own.min(until)),
            (own, until) => own.or(until),
        };
        self.bytes += RIGHT * earlier.rights.len();
        self
    }

    /// Whether it has not ended.
    pub fn is_valid(&self) -> bool {
        let Ok(since) = SystemTime::now().duration_since(UNIX_EPOCH) else { return false };
        let (from, before) = self.window;
        (from..before).contains(&since.as_secs())
            && self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// Who sends a request.
#[derive(Debug)]
pub(crate) enum Client {
    /// All clients are alike.
    Any,
    /// The client with this identity.
    Known(Arc<Identity>),
}

impl Client {
    /// Whether a plan answers its requests.
    pub fn allows(&self, plan: &Plan) -> bool {
        match self {
            Self::Any => plan.rights.is_empty(),
            Self::Known(identity) => identity.allows(plan),
        }
    }

    /// The number of its identity; 0 if all clients are alike.
    pub fn number(&self) -> u64 {
        match self {
            Self::Any => 0,
            Self::Known(identity) => identity.number,
        }
    }

    /// How a transaction gets its identity; `None` for that of the connection.
    pub fn setting(&self) -> Option<&Setting> {
        match self {
            Self::Any => None,
            Self::Known(identity) => identity.setting(),
        }
    }
}
