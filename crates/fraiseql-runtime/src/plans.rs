//! The plans of a process, all made from one edition of the sources.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::plan::Plan;

/// Plans of one document: one for each form of its variables.
const FORMS: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct Plans {
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    edition: u64,
    plans: usize,
    by_document: HashMap<String, Vec<Arc<Plan>>>,
    /// Dropped plans, whose counts Python has not taken.
    retired: Vec<Arc<Plan>>,
}

impl Table {
    /// Drops all plans.
    fn clear(&mut self) {
        self.plans = 0;
        self.retired.extend(self.by_document.drain().flat_map(|(_, plans)| plans));
    }
}

impl Plans {
    /// Drops all plans, and returns the number of the edition that begins.
    pub fn begin(&self) -> u64 {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.edition += 1;
        table.clear();
        table.edition
    }

    /// Adds a plan of an edition; one of an earlier edition is dropped.
    pub fn add(&self, edition: u64, plan: Plan, most: usize) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        if table.edition != edition {
            return;
        }
        if table.plans >= most {
            // Those in use come back with their next requests.
            table.clear();
        }
        let forms = table.by_document.entry(plan.document.clone()).or_default();
        if forms.iter().any(|known| known.number == plan.number) {
            return;
        }
        let oldest = (forms.len() >= FORMS).then(|| forms.remove(0));
        forms.push(Arc::new(plan));
        table.plans += usize::from(oldest.is_none());
        table.retired.extend(oldest);
    }

    /// The first value that `read` finds in a plan of a document, with the plan.
    pub fn find<T>(
        &self,
        document: &str,
        read: impl Fn(&Plan) -> Option<T>,
    ) -> Option<(Arc<Plan>, T)> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let forms = table.by_document.get(document)?;
        forms.iter().find_map(|plan| Some((Arc::clone(plan), read(plan)?)))
    }

    /// Calls `visit` with each plan, for the last time with dropped ones that nothing uses.
    pub fn each(&self, mut visit: impl FnMut(&Plan)) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.by_document.values().flatten().for_each(|plan| visit(plan));
        table.retired.retain(|plan| {
            // Before the counts are taken: a request that ends between adds to the next ones.
            let used = Arc::strong_count(plan) > 1;
            visit(plan);
            used
        });
    }
}
