//! The plans of a process, all made from one edition of the sources.

use std::collections::{HashMap, HashSet};
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
    /// Bytes of the descriptions of all plans.
    bytes: usize,
    by_document: HashMap<String, Vec<Arc<Plan>>>,
    /// Dropped plans, whose counts Python has not taken.
    retired: Vec<Arc<Plan>>,
}

/// The most plans, and the most bytes of their descriptions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Most {
    pub plans: usize,
    pub bytes: usize,
}

impl Table {
    fn has(&self, plan: &Plan) -> bool {
        let forms = self.by_document.get(&plan.document);
        forms.is_some_and(|forms| forms.iter().any(|known| known.number == plan.number))
    }

    /// Drops all plans.
    fn clear(&mut self) {
        self.plans = 0;
        self.bytes = 0;
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
    pub fn add(&self, edition: u64, plan: Plan, most: Most) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        if table.edition != edition {
            return;
        }
        if table.has(&plan) {
            return;
        }
        if table.plans >= most.plans || table.bytes + plan.size > most.bytes {
            // Those in use come back with their next requests.
            table.clear();
        }
        table.bytes += plan.size;
        let forms = table.by_document.entry(plan.document.clone()).or_default();
        let oldest = (forms.len() >= FORMS).then(|| forms.remove(0));
        forms.push(Arc::new(plan));
        table.plans += usize::from(oldest.is_none());
        table.bytes -= oldest.as_ref().map_or(0, |plan| plan.size);
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

    /// Calls `visit` with each plan; returns the numbers of those for which that was the last time.
    ///
    /// These are dropped ones that nothing uses.
    pub fn each(&self, mut visit: impl FnMut(&Plan)) -> Vec<u64> {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.by_document.values().flatten().for_each(|plan| visit(plan));
        let mut gone = HashSet::new();
        table.retired.retain(|plan| {
            // Before the counts are taken: a request that ends between adds to the next ones.
            let used = Arc::strong_count(plan) > 1;
            visit(plan);
            if !used {
                gone.insert(plan.number);
            }
            used
        });
        // Python may have added the plan again.
        for plan in table.by_document.values().flatten().chain(&table.retired) {
            gone.remove(&plan.number);
        }
        gone.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(number: u64) -> Plan {
        let text = format!(
            r#"{{"number":{number},"document":"{{a{number}}}","operation":null,"variables":[],
            "slots":0,"statements":[],"constants":[],"streams":0,
            "shape":{{"root":0,"nodes":[{{"kind":"object","type":"Query","fields":[]}}]}},
            "max_bytes":1000,"rights":[]}}"#
        );
        Plan::compile(text.as_bytes()).expect("a plan")
    }

    /// The numbers that are found of all that were added.
    fn found(plans: &Plans, numbers: std::ops::Range<u64>) -> Vec<u64> {
        numbers.filter(|n| plans.find(&format!("{{a{n}}}"), |_| Some(())).is_some()).collect()
    }

    fn with(numbers: std::ops::Range<u64>, most: Most) -> Plans {
        let plans = Plans::default();
        for number in numbers {
            plans.add(0, plan(number), most);
        }
        plans
    }

    #[test]
    fn plans_are_dropped_where_there_are_too_many() {
        let most = Most { plans: 3, bytes: usize::MAX };
        assert_eq!(found(&with(0..5, most), 0..9), [3, 4]);
    }

    #[test]
    fn plans_are_dropped_where_their_descriptions_are_too_long() {
        let most = Most { plans: 100, bytes: 3 * plan(0).size };
        assert_eq!(found(&with(0..5, most), 0..9), [3, 4]);
    }

    #[test]
    fn a_known_plan_drops_no_others() {
        let most = Most { plans: 3, bytes: usize::MAX };
        let plans = with(0..3, most);
        plans.add(0, plan(1), most);
        assert_eq!(found(&plans, 0..9), [0, 1, 2]);
    }

    #[test]
    fn the_numbers_of_dropped_plans_are_reported_once_nothing_uses_them() {
        let most = Most { plans: 3, bytes: usize::MAX };
        let plans = with(0..3, most);
        let (used, ()) = plans.find("{a1}", |_| Some(())).expect("a plan");
        for number in [3, 0] {
            plans.add(0, plan(number), most);
        }
        // The plan with the number 0 was added again.
        assert_eq!(plans.each(|_| ()), [2]);
        drop(used);
        assert_eq!(plans.each(|_| ()), [1]);
        assert_eq!(plans.each(|_| ()), [0_u64; 0]);
    }
}
