//! Draws a round from the seed: what the user wants first, then faults that can happen to it.

use fastrand::Rng;

use crate::draw_fault::Deck;
use crate::kind::Kind;
use crate::model::embedding;
use crate::plan::{Ask, Backend, Delivery, Knowledge, Plan, Source, Task, Told};

const MOST_FAULTS: usize = 4;
/// How many bytes an input has that goes in several parts, of 8 MiB each.
const IN_PARTS: usize = 9 * 1024 * 1024;
/// How many requests such an input has at most.
const BULKY: usize = 40;
/// How many kinds that do not fit are passed over before a round makes do with fewer.
const PATIENCE: usize = 40;

/// The round of this number under this seed: always the same.
pub fn draw(seed: u64, round: u64) -> Plan {
    let mut rng = rng_of(seed, round);
    let mut plan = draw_job(&mut rng, seed, round);
    let wanted = rng.usize(1..=MOST_FAULTS);
    let mut deck = Deck::new(&mut rng, &plan);
    for _ in 0..PATIENCE {
        if plan.faults.len() == wanted {
            break;
        }
        let kind = deck.kind();
        deck.add(kind, &mut plan);
    }
    plan
}

/// The same round with one fault of this kind, if such a fault can happen to it.
pub fn draw_with(seed: u64, round: u64, kind: Kind) -> Option<Plan> {
    let mut rng = rng_of(seed, round);
    let mut plan = draw_job(&mut rng, seed, round);
    Deck::new(&mut rng, &plan).add(kind, &mut plan);
    (!plan.faults.is_empty()).then_some(plan)
}

fn rng_of(seed: u64, round: u64) -> Rng {
    // Far apart for neighbours, so that one seed's rounds are not another's.
    let mut mixer = Rng::with_seed(seed);
    let base = mixer.u64(..);
    Rng::with_seed(base ^ round.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

fn draw_job(rng: &mut Rng, seed: u64, round: u64) -> Plan {
    let backend = match rng.bool() {
        true => Backend::Gemini,
        false => Backend::Vertex,
    };
    let vertex = backend == Backend::Vertex;
    let task = match rng.u8(..6) {
        0 => Task::Embed,
        1 if vertex => Task::EmbedPlain,
        _ => Task::Generate,
    };
    // There is no staging with an API key.
    let express = vertex && rng.u8(..5) == 0;
    let source = match rng.u8(..6) {
        _ if express => Source::Remote,
        0 | 1 => Source::List,
        2 => Source::Iterator,
        3 => Source::LocalFile,
        _ => Source::Remote,
    };
    let delivery = match rng.u8(..4) {
        0 => Delivery::LocalFile,
        1 if vertex => Delivery::Object,
        _ => Delivery::Stream,
    };
    let knowledge = match rng.u8(..4) {
        0 => Knowledge::Requests,
        1 => Knowledge::Keys,
        // A client knows nothing of a file that it has not read.
        _ if source == Source::Remote => Knowledge::Keys,
        _ => Knowledge::Job,
    };
    let mut asks = draw_asks(rng, task);
    let bulky = task == Task::Generate && rng.u8(..40) == 0;
    if bulky {
        asks.truncate(BULKY);
    }
    // Nothing can be read with an API key.
    let runs = delivery == Delivery::Stream && !express && rng.u8(..4) == 0;
    let companions = match rng.u8(..4) {
        0 if !runs => rng.usize(1..=3),
        _ => 0,
    };
    Plan {
        seed,
        round,
        backend,
        task,
        express,
        runs,
        companions,
        padding: if bulky { IN_PARTS / asks.len() } else { 0 },
        asks,
        source,
        never_inline: rng.bool(),
        to_table: vertex && rng.u8(..4) == 0,
        delivery,
        connections: draw_connections(seed, round),
        knowledge,
        looks_first: rng.bool(),
        cancels_another: rng.u8(..5) == 0,
        removes_input: rng.u8(..4) == 0,
        deletes: rng.u8(..3) == 0,
        faults: Vec::new(),
    }
}

/// Drawn apart, so that all else of a round is the same whatever comes of this.
fn draw_connections(seed: u64, round: u64) -> Option<usize> {
    let mut rng = rng_of(!seed, round);
    rng.bool().then(|| rng.usize(1..=8))
}

fn draw_asks(rng: &mut Rng, task: Task) -> Vec<Ask> {
    let count = match rng.u8(..4) {
        0 => rng.usize(1..=5),
        1 | 2 => rng.usize(6..=60),
        _ => rng.usize(61..=300),
    };
    let style = rng.u8(..4);
    let first = rng.u32(1..5000);
    let fails = rng.bool();
    (first..)
        .take(count)
        .map(|n| {
            let key = match style {
                0 => format!("{n}"),
                1 => format!("row \"{n}\" / ü\n#{n}"),
                _ => format!("sum-{n}"),
            };
            if fails && rng.u8(..8) == 0 {
                let code = *rng.choice(&[3, 8, 13]).unwrap_or(&3);
                return Ask {
                    key,
                    prompt: format!("[[error:{code}]] {n}"),
                    response: Told::Error(code),
                };
            }
            Ask {
                key,
                prompt: format!("What is {n} + 1000?"),
                response: match task {
                    Task::Generate => Told::Text((n + 1000).to_string()),
                    _ => Told::Embedding(embedding(n.into(), 1000)),
                },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fault::Fault;
    use crate::user::TRIES;
    use crate::way::{Way, ways_drawn};

    #[test]
    fn a_round_is_the_same_again_and_no_other() {
        let shown = |seed, round| format!("{:?}", draw(seed, round));
        assert_eq!(shown(7, 3), shown(7, 3));
        assert_ne!(shown(7, 3), shown(7, 4));
        assert_ne!(shown(7, 3), shown(8, 3));
    }

    #[test]
    fn every_kind_of_fault_is_drawn() {
        let plans = (0..2000).map(|round| draw(1, round));
        let drawn: BTreeSet<_> = plans
            .flat_map(|plan| plan.faults)
            .map(|fault| fault.kind())
            .collect();
        let missing: Vec<_> = Kind::ALL
            .iter()
            .filter(|kind| !drawn.contains(kind))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_way_is_drawn() {
        let plans = (0..200).map(|round| draw(1, round));
        let drawn: BTreeSet<_> = plans.flat_map(|plan| ways_drawn(&plan)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), Way::ALL);
    }

    #[test]
    fn every_round_has_a_fault() {
        assert!((0..500).all(|round| !draw(2, round).faults.is_empty()));
    }

    /// However often a step fails by the faults of a round, the user takes it once more.
    #[test]
    fn no_round_has_more_failures_than_the_user_has_tries() {
        for round in 0..3000 {
            let plan = draw(4, round);
            let failures = plan.faults.iter().filter_map(|fault| fault.failures());
            let failures: usize = failures.map(|(_, times)| times).sum();
            let drops = usize::from(plan.faults.iter().any(|f| matches!(f, Fault::Dropped(..))));
            assert!(failures + drops < TRIES, "{plan}");
        }
    }

    #[test]
    fn keys_and_prompts_are_unique() {
        for round in 0..50 {
            let asks = draw(3, round).asks;
            let keys: BTreeSet<_> = asks.iter().map(|ask| &ask.key).collect();
            let prompts: BTreeSet<_> = asks.iter().map(|ask| &ask.prompt).collect();
            assert_eq!((keys.len(), prompts.len()), (asks.len(), asks.len()));
        }
    }
}
