//! Which variables a plan answers, and the values that vary.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use crate::json::Json;

/// A value of the variables: the same in all requests, or one that is bound as a parameter.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Node {
    /// This value.
    Constant(Constant),
    /// Any value of this form; its number is that of its slot.
    Any(Form, usize),
    /// An object with exactly these members, in this order.
    Object(Vec<(String, Node)>),
}

/// A value that borrows nothing.
#[derive(Debug)]
pub(crate) struct Constant(Json<'static>);

impl<'de> Deserialize<'de> for Constant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(|value| Self(value.into_owned()))
    }
}

/// The form of a value that varies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// An integer from the first to the second number.
    Int(i64, i64),
    /// A text without NUL.
    Text,
    /// True or false.
    Bool,
    /// A list of integers of 32 bits, with a length from the first to the second number.
    Ints(usize, usize),
    /// A list of texts without NUL, with such a length.
    Texts(usize, usize),
}

/// The values of a request that vary, by slot.
pub(crate) type Slots<'r> = Vec<Option<&'r Json<'r>>>;

/// The variables that a plan answers, by name.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Template(Vec<(String, Node)>);

impl Template {
    /// Fills the slots from the variables of a request; `false` if the plan does not answer them.
    pub fn read<'r>(
        &self,
        variables: &'r [(Cow<'_, str>, Json<'_>)],
        slots: &mut Slots<'r>,
    ) -> bool {
        if variables.len() != self.0.len() {
            return false;
        }
        self.0.iter().all(|(name, node)| {
            let found = variables.iter().find(|(key, _)| key == name);
            found.is_some_and(|(_, value)| node.read(value, slots))
        })
    }
}

impl Node {
    fn read<'r>(&self, value: &'r Json<'_>, slots: &mut Slots<'r>) -> bool {
        match self {
            Self::Constant(Constant(constant)) => constant.equals(value),
            Self::Any(form, slot) => {
                let fits = form.fits(value);
                if let Some(place) = slots.get_mut(*slot).filter(|_| fits) {
                    *place = Some(value);
                    return true;
                }
                false
            }
            Self::Object(nodes) => {
                let Json::Object(members) = value else { return false };
                let mut pairs = nodes.iter().zip(members);
                nodes.len() == members.len()
                    && pairs
                        .all(|((name, node), (key, value))| key == name && node.read(value, slots))
            }
        }
    }
}

impl Form {
    fn fits(self, value: &Json<'_>) -> bool {
        match (self, value) {
            (Self::Int(least, most), Json::Int(number)) => (least..=most).contains(number),
            (Self::Text, Json::Text(text)) => !text.contains('\0'),
            (Self::Bool, Json::Bool(_)) => true,
            (Self::Ints(least, most), Json::List(items)) => {
                (least..=most).contains(&items.len()) && items.iter().all(|item| INT.fits(item))
            }
            (Self::Texts(least, most), Json::List(items)) => {
                (least..=most).contains(&items.len())
                    && items.iter().all(|item| Self::Text.fits(item))
            }
            _ => false,
        }
    }
}

/// An integer of 32 bits: GraphQL's `Int`.
const INT: Form = Form::Int(-(1 << 31), (1 << 31) - 1);
