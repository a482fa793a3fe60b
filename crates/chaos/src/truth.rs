//! What must come of a round, worked out from its requests and faults alone.

use std::collections::BTreeMap;

use genai_batch_emulator::Operation;

use crate::excuse::excuse;
use crate::fault::{Fault, Listing};
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
    pub unexpected: Vec<String>,
    /// How many rows cannot be read.
    pub unreadable: u64,
    /// What the error of the wait says, where the job ends badly.
    pub bad_end: Option<String>,
    /// Whether there are results.
    pub has_results: bool,
    /// Whether a failed step has an excuse.
    pub excused: bool,
    /// Whether it may stay open whether there is a job.
    pub may_be_unclear: bool,
    /// Whether the source may be read as what it changed to.
    pub source_changes: bool,
    /// Whether the client that staged an input removes it in the end.
    pub removes_input: bool,
    /// Whether it may fail to.
    pub may_keep_input: bool,
}

impl Truth {
    /// What must come of this round.
    pub fn of(plan: &Plan) -> Self {
        let mut truth = Self {
            has_results: true,
            excused: excuse(&plan.faults),
            removes_input: plan.removes_input && plan.client_stages(),
            may_keep_input: excuse(&of_removal(plan)),
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
                Fault::Unlisted(Listing::Never) => truth.may_be_unclear = true,
                Fault::SourceChanged(..) => truth.source_changes = true,
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
                truth.unexpected = (1..=*count).map(|n| format!("foreign-{n}")).collect();
                rows += count;
            }
        }
        if plan.faults.contains(&Fault::GarbageLine) && rows > 0 {
            truth.unreadable = 1;
        }
        truth.keyless.sort();
        truth.doubled.sort();
        truth.unexpected.sort();
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
                self.fates.insert(key.clone(), ask.response.clone());
                self.doubled.extend((times > 1).then_some(key));
            } else {
                self.keyless.push(ask.response.clone());
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

/// The faults that the removal of an input may meet.
fn of_removal(plan: &Plan) -> Vec<Fault> {
    let meets = |fault: &&Fault| match fault {
        Fault::Call { on, .. } => matches!(on, Operation::DeleteFile | Operation::DeleteObject),
        Fault::Storm(..) | Fault::Tokens { .. } => true,
        Fault::TokensRevoked(_) | Fault::TokensSkewed(_) => true,
        _ => false,
    };
    plan.faults.iter().filter(meets).cloned().collect()
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
            response: Told::Text(n.to_string()),
        };
        Plan {
            seed: 0,
            round: 0,
            backend,
            task: crate::plan::Task::Generate,
            express: false,
            asks: (0..6).map(ask).collect(),
            padding: 0,
            connections: None,
            source: Source::List,
            never_inline: true,
            to_table: false,
            delivery: Delivery::Stream,
            knowledge,
            runs: false,
            companions: 0,
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
        assert_eq!(truth.unexpected, ["foreign-1", "foreign-2"]);
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
