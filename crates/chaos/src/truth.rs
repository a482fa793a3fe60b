//! What must come of a round, worked out from its requests and faults alone.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::plan::{Backend, Plan, Told};

/// What must come of a round.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Truth {
    /// What each key is told.
    pub fates: BTreeMap<String, Told>,
    /// What the rows without a key say, in order.
    pub keyless: Vec<Told>,
    /// The keys that come twice, in order.
    pub doubled: Vec<String>,
    /// The keys that nobody sent, in order.
    pub strangers: Vec<String>,
    /// How many rows cannot be read.
    pub unreadable: u64,
    /// What the error of the wait says, where the job ends badly.
    pub bad_end: Option<String>,
    /// Whether there are results.
    pub has_results: bool,
    /// Whether a failed step has an excuse.
    pub excused: bool,
}

impl Truth {
    /// What must come of this round.
    pub fn of(plan: &Plan) -> Self {
        let mut truth = Self {
            has_results: true,
            excused: crate::fault::excuse(&plan.faults),
            ..Self::default()
        };
        let mut served = plan.asks.len();
        for fault in &plan.faults {
            match fault {
                Fault::Failed(_) => {
                    truth.bad_end = Some(FAILURE.to_owned());
                    truth.has_results = false;
                }
                Fault::Expired => {
                    truth.bad_end = Some("expired".to_owned());
                    truth.has_results = plan.backend == Backend::Vertex;
                    served /= 2;
                }
                _ => {}
            }
        }
        if !truth.has_results {
            let none = |ask: &crate::plan::Ask| (ask.key.clone(), Told::Missing);
            truth.fates = plan.asks.iter().map(none).collect();
            return truth;
        }
        let mut rows = truth.book(plan, served);
        for fault in &plan.faults {
            if let Fault::ForeignRows(count) = fault {
                truth.strangers = (1..=*count).map(|n| format!("foreign-{n}")).collect();
                rows += count;
            }
        }
        if plan.faults.contains(&Fault::GarbageLine) && rows > 0 {
            truth.unreadable = 1;
        }
        truth.keyless.sort();
        truth.doubled.sort();
        truth.strangers.sort();
        truth
    }

    /// Books each request, and counts the rows that come of them.
    fn book(&mut self, plan: &Plan, served: usize) -> usize {
        let mut count = 0;
        for (at, ask) in plan.asks.iter().enumerate() {
            let is_at = |rows: &Vec<usize>| rows.contains(&at);
            let mut times = usize::from(at < served);
            let mut has_key = true;
            for fault in &plan.faults {
                match fault {
                    Fault::RowsDropped(rows) | Fault::Partial(rows) if is_at(rows) => times = 0,
                    Fault::RowsDoubled(rows) if is_at(rows) => times *= 2,
                    Fault::KeysDropped(rows) if is_at(rows) => has_key = plan.finds_keys(),
                    _ => {}
                }
            }
            count += times;
            let key = ask.key.clone();
            if times == 0 {
                self.fates.insert(key, Told::Missing);
            } else if has_key {
                self.fates.insert(key.clone(), ask.answer.clone());
                self.doubled.extend((times > 1).then_some(key));
            } else {
                self.keyless.push(ask.answer.clone());
                self.fates.insert(key, Told::Missing);
            }
        }
        count
    }

    /// How many requests are told what `is` says.
    pub(crate) fn count(&self, is: impl Fn(&Told) -> bool) -> u64 {
        self.fates.values().filter(|told| is(told)).count() as u64
    }
}

/// What a failed job says of itself.
pub(crate) const FAILURE: &str = "chaos failed the job";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Ask, Delivery, Knowledge, Source};

    fn plan(backend: Backend, knowledge: Knowledge, faults: Vec<Fault>) -> Plan {
        let ask = |n: u32| Ask {
            key: format!("k{n}"),
            prompt: format!("{n}"),
            answer: Told::Text(n.to_string()),
        };
        Plan {
            seed: 0,
            round: 0,
            backend,
            asks: (0..6).map(ask).collect(),
            padding: 0,
            source: Source::List,
            never_inline: true,
            to_table: false,
            delivery: Delivery::Stream,
            knowledge,
            looks_first: false,
            cancels_another: false,
            removes_input: false,
            deletes: false,
            faults,
        }
    }

    fn missing(truth: &Truth) -> Vec<&str> {
        let missing = truth
            .fates
            .iter()
            .filter(|(_, told)| **told == Told::Missing);
        missing.map(|(key, _)| &**key).collect()
    }

    #[test]
    fn faults_of_rows_have_their_effect() {
        let faults = vec![
            Fault::RowsDropped(vec![0]),
            Fault::KeysDropped(vec![1]),
            Fault::RowsDoubled(vec![2]),
            Fault::ForeignRows(2),
            Fault::GarbageLine,
        ];
        let truth = Truth::of(&plan(Backend::Gemini, Knowledge::Job, faults.clone()));
        assert_eq!(missing(&truth), ["k0", "k1"]);
        assert_eq!(truth.keyless, [Told::Text("1".into())]);
        assert_eq!(truth.doubled, ["k2"]);
        assert_eq!(truth.strangers, ["foreign-1", "foreign-2"]);
        assert_eq!(truth.unreadable, 1);
        let truth = Truth::of(&plan(Backend::Vertex, Knowledge::Requests, faults));
        assert_eq!(missing(&truth), ["k0"]);
        assert!(truth.keyless.is_empty());
    }

    #[test]
    fn a_bad_end_leaves_half_the_rows_on_vertex_or_none() {
        let of = |backend, fault| Truth::of(&plan(backend, Knowledge::Job, vec![fault]));
        let expired = of(Backend::Vertex, Fault::Expired);
        assert_eq!(missing(&expired), ["k3", "k4", "k5"]);
        assert!(expired.has_results && expired.bad_end.is_some());
        assert!(!of(Backend::Gemini, Fault::Expired).has_results);
        assert!(!of(Backend::Vertex, Fault::Failed(13)).has_results);
        let partial = of(Backend::Vertex, Fault::Partial(vec![5]));
        assert_eq!(missing(&partial), ["k5"]);
        assert_eq!(partial.bad_end, None);
    }
}
