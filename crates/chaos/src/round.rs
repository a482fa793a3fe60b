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
    /// What is wrong.
    pub verdict: Verdict,
    /// The steps that failed and were taken again.
    pub stumbles: Vec<Stumble>,
}

/// Plays a round.
pub async fn play(plan: Plan, habits: Habits) -> Outcome {
    let played = tokio::time::timeout(STUCK, try_play(&plan, habits)).await;
    let failed = match played {
        Ok(Ok((injected, verdict, stumbles))) => {
            return Outcome {
                plan,
                injected,
                verdict,
                stumbles,
            };
        }
        Ok(Err(broken)) => format!("the round could not be played: {broken}"),
        Err(_) => format!("the round is stuck after {STUCK:?}"),
    };
    let verdict = Verdict {
        other: vec![failed],
        ..Verdict::default()
    };
    Outcome {
        plan,
        injected: Vec::new(),
        verdict,
        stumbles: Vec::new(),
    }
}

type Played = (Vec<Kind>, Verdict, Vec<Stumble>);

async fn try_play(plan: &Plan, habits: Habits) -> Result<Played, Box<dyn std::error::Error>> {
    let world = World::new(plan).await?;
    let mut user = User::new(plan, &world, habits)?;
    match user.play().await {
        Ok(()) => {}
        Err(Stop::GaveUp(step)) => user.seen.gave_up = Some(step),
        Err(Stop::Broken(error)) => return Err(error.into()),
    }
    let left = world.leftovers()?;
    if !left.is_empty() {
        let left = format!("files are left behind: {left:?}");
        user.seen.oddities.push(left);
    }
    let truth = Truth::of(plan);
    let happened = |fault: &&_| happened(fault, plan, &truth, &world.emulator, &user.deeds);
    let mut injected: Vec<_> = plan
        .faults
        .iter()
        .filter(happened)
        .map(|f| f.kind())
        .collect();
    injected.sort_unstable();
    injected.dedup();
    let mut seen = user.seen;
    (habits.tamper)(&mut seen);
    Ok((injected, check(&truth, &seen), seen.stumbles))
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
        if verdict.duplicate_jobs > 0 {
            write!(f, "\n  duplicate jobs: {}", verdict.duplicate_jobs)?;
        }
        for Stumble { step, error } in stumbles.iter().take(SHOWN) {
            write!(f, "\n  {step:?} failed: {error}")?;
        }
        Ok(())
    }
}
