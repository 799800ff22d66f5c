//! Freshness checks: changes since the last one, asked once for all who wait.

mod group;
mod state;
mod statement;

pub(crate) use group::Checks;
pub(crate) use state::Reliance;
pub use statement::{Server, StatementPair};
