//! One round from its plan to the verdict on it.

use std::fmt;
use std::time::Duration;

use crate::check::{Verdict, check};
use crate::inject::happened;
use crate::kind::Kind;
use crate::observed::Stumble;
use crate::plan::Plan;
use crate::truth::Truth;
use crate::user::{Habits, Stop, User};
use crate::way::{Way, ways_taken};
use crate::world::World;

/// How long a round may take before it counts as stuck.
const STUCK: Duration = Duration::from_secs(120);

/// What came of a round.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The round as it was drawn.
    pub plan: Plan,
    /// The faults that really happened.
    pub injected: Vec<Kind>,
    /// The ways of going about it that it took.
    pub ways: Vec<Way>,
    /// How many creates each call sent that may have had an effect.
    pub creates: Vec<usize>,
    /// What is wrong.
    pub verdict: Verdict,
    /// The steps that failed and were taken again.
    pub stumbles: Vec<Stumble>,
}

/// Plays a round.
pub async fn play(plan: Plan, habits: Habits) -> Outcome {
    let played = tokio::time::timeout(STUCK, try_play(&plan, habits)).await;
    let failed = match played {
        Ok(Ok(played)) => return played.of(plan),
        Ok(Err(broken)) => format!("the round could not be played: {broken}"),
        Err(_) => format!("the round is stuck after {STUCK:?}"),
    };
    let verdict = Verdict {
        other: vec![failed],
        ..Verdict::default()
    };
    let played = Played {
        verdict,
        ..Played::default()
    };
    played.of(plan)
}

#[derive(Default)]
struct Played {
    injected: Vec<Kind>,
    ways: Vec<Way>,
    creates: Vec<usize>,
    verdict: Verdict,
    stumbles: Vec<Stumble>,
}

impl Played {
    fn of(self, plan: Plan) -> Outcome {
        Outcome {
            plan,
            injected: self.injected,
            ways: self.ways,
            creates: self.creates,
            verdict: self.verdict,
            stumbles: self.stumbles,
        }
    }
}

async fn try_play(plan: &Plan, habits: Habits) -> Result<Played, Box<dyn std::error::Error>> {
    let world = World::new(plan).await?;
    let mut user = User::new(plan, &world, habits)?;
    match user.play().await {
        Ok(()) => {}
        Err(Stop::GaveUp(step)) => user.seen.gave_up = Some(step),
        Err(Stop::CutShort(reason)) => user.seen.cut_short = Some(reason),
        Err(Stop::Broken(error)) => return Err(error.into()),
    }
    let left = world.leftovers()?;
    if !left.is_empty() {
        let left = format!("files are left behind: {left:?}");
        user.seen.oddities.push(left);
    }
    let truth = Truth::of(plan);
    let happened = |fault: &&_| happened(fault, plan, &truth, &world.emulator, &user.deeds);
    let happened = plan.faults.iter().filter(happened);
    let mut injected: Vec<_> = happened.map(|fault| fault.kind()).collect();
    injected.sort_unstable();
    injected.dedup();
    let ways = ways_taken(plan, &user.deeds, &user.seen);
    let mut seen = user.seen;
    (habits.tamper)(&mut seen);
    Ok(Played {
        injected,
        ways,
        verdict: check(&truth, &seen),
        creates: seen.creates,
        stumbles: seen.stumbles,
    })
}

/// How many items of a kind are told of a round.
const SHOWN: usize = 5;

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            plan,
            verdict,
            stumbles,
            ..
        } = self;
        write!(f, "{plan}")?;
        let kinds = [
            ("lost", &verdict.lost),
            ("doubled", &verdict.doubled),
            ("mismatched", &verdict.mismatched),
            ("wrong", &verdict.other),
        ];
        for (what, items) in kinds {
            for item in items.iter().take(SHOWN) {
                write!(f, "\n  {what}: {item}")?;
            }
            if items.len() > SHOWN {
                write!(f, "\n  {what}: … {} in all", items.len())?;
            }
        }
        if verdict.extra_creates > 0 {
            let creates = &self.creates;
            write!(f, "\n  creates on the wire, by call: {creates:?}")?;
        }
        if verdict.duplicate_jobs > 0 {
            write!(f, "\n  duplicate jobs: {}", verdict.duplicate_jobs)?;
        }
        for Stumble { step, error } in stumbles.iter().take(SHOWN) {
            write!(f, "\n  {step:?} failed: {error}")?;
        }
        Ok(())
    }
}
