//! Plans as Python describes them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use fraiseql_shape::Shape;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::counts::Counts;
use crate::json::Json;
use crate::operation::Operation;
use crate::parameter::Source;
use crate::rest::Rest;
use crate::template::{Slots, Template};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description<'a> {
    /// Number of the plan for its counts.
    number: u64,
    document: String,
    operation: Option<String>,
    variables: Template,
    slots: usize,
    statements: Vec<StatementDescription>,
    /// Streams with always the same text.
    constants: Vec<(usize, String)>,
    streams: usize,
    #[serde(borrow)]
    shape: &'a RawValue,
    max_bytes: usize,
    /// Outcomes of checks that it was made for, by their number.
    rights: Vec<(usize, bool)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementDescription {
    stream: usize,
    text: String,
    answer: Answer,
    parameters: Vec<Source>,
    complete: bool,
}

/// The kind of a statement, by its rows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    /// At most one row, read by a key.
    Key,
    /// Exactly one row, whose document is an object of a list: a connection, groups.
    One,
    /// The items of a list.
    Many,
}

/// A statement of a plan.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Its number in the process, by which connections remember that it is prepared.
    pub number: u64,
    pub stream: usize,
    pub text: String,
    pub answer: Answer,
    pub parameters: Vec<Source>,
    /// Whether an empty document means that Python has to read the rows in another way.
    pub complete: bool,
    /// Whether it once took long, so that no other statement may wait behind it.
    pub slow: AtomicBool,
    pub rest: Rest,
}

/// A plan of an operation for one form of its variables.
#[derive(Debug)]
pub(crate) struct Plan {
    pub number: u64,
    pub document: String,
    /// Bytes of its description.
    pub size: usize,
    operation: Option<String>,
    variables: Template,
    slots: usize,
    pub statements: Vec<Statement>,
    pub constants: Vec<(usize, String)>,
    pub streams: usize,
    pub shape: Shape,
    pub max_bytes: usize,
    /// Outcomes of checks that it was made for, by their number.
    pub rights: Vec<(usize, bool)>,
    pub counts: Counts,
}

static STATEMENTS: AtomicU64 = AtomicU64::new(0);

impl Plan {
    /// Compiles a description.
    ///
    /// # Errors
    /// Names the fault.
    pub fn compile(text: &[u8]) -> Result<Self, String> {
        let described: Description<'_> =
            serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let shape =
            Shape::compile(described.shape.get().as_bytes()).map_err(|error| error.to_string())?;
        let plan = Self {
            number: described.number,
            document: described.document,
            size: text.len(),
            operation: described.operation,
            variables: described.variables,
            slots: described.slots,
            counts: Counts::new(described.statements.len()),
            statements: described.statements.into_iter().map(Statement::from).collect(),
            constants: described.constants,
            streams: described.streams,
            shape,
            max_bytes: described.max_bytes,
            rights: described.rights,
        };
        plan.check()?;
        Ok(plan)
    }

    /// Each stream is filled once, and each parameter has a slot.
    fn check(&self) -> Result<(), String> {
        let mut filled = vec![0; self.streams];
        let constants = self.constants.iter().map(|(stream, _)| *stream);
        for stream in self.statements.iter().map(|statement| statement.stream).chain(constants) {
            *filled.get_mut(stream).ok_or("a stream that does not exist")? += 1;
        }
        if filled.iter().any(|times| *times != 1) {
            return Err("a stream that is not filled once".into());
        }
        let sources = self.statements.iter().flat_map(|statement| &statement.parameters);
        for source in sources {
            if source.slot().is_some_and(|slot| slot >= self.slots) {
                return Err("a parameter without a slot".into());
            }
        }
        Ok(())
    }

    /// Whether it reads stored documents.
    pub fn reads_stored(&self) -> bool {
        self.statements.iter().any(|statement| statement.complete)
    }

    /// The values that vary, if the plan answers the operation.
    pub fn read<'r>(&self, operation: &'r Operation<'_>) -> Option<Slots<'r>> {
        if self.operation.as_deref() != operation.name.as_deref() {
            return None;
        }
        let mut slots: Vec<Option<&'r Json<'r>>> = vec![None; self.slots];
        self.variables.read(&operation.variables, &mut slots).then_some(slots)
    }
}

impl From<StatementDescription> for Statement {
    fn from(described: StatementDescription) -> Self {
        Self {
            number: STATEMENTS.fetch_add(1, Ordering::Relaxed),
            stream: described.stream,
            text: described.text,
            answer: described.answer,
            parameters: described.parameters,
            complete: described.complete,
            slow: AtomicBool::new(false),
            rest: Rest::default(),
        }
    }
}
