//! Exact responses in memory, each returned after a freshness check.

mod counts;
mod entry;
mod hits;
mod key;
mod values;

pub use counts::Counts;
pub use hits::{Drained, Hits, NewValue, Totals};
