//! The suite itself: that rounds hold, that every fault can happen, and that a client or user who
//! is worse than the usual does not pass.

use futures_util::StreamExt as _;
use genai_batch_chaos::{
    Backend, Fault, Habits, How, Kind, Moment, Observed, Outcome, Plan, Step, Task, Told, Way,
    draw, draw_with, play, run,
};
use genai_batch_emulator::Operation;

/// How many rounds are played at the same time.
const AT_ONCE: usize = 12;
const CREATES: [Operation; 2] = [
    Operation::BatchGenerateContent,
    Operation::CreateBatchPredictionJob,
];

/// Rounds with one fault of this kind.
fn rounds_with(kind: Kind) -> impl Iterator<Item = Plan> {
    (0..200).filter_map(move |round| draw_with(1, round, kind))
}

/// The first round in which a fault of this kind really happens.
async fn round_with(kind: Kind, habits: Habits) -> Outcome {
    const TRIES: usize = 40;
    for plan in rounds_with(kind).take(TRIES) {
        let outcome = play(plan, habits).await;
        if outcome.injected.contains(&kind) {
            return outcome;
        }
    }
    panic!("{kind} did not happen in {TRIES} rounds");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_or_mixed_up() {
    let tally = run(20_260_801, 0..60, AT_ONCE, Habits::default()).await;
    let failed: Vec<_> = tally.failed.iter().map(ToString::to_string).collect();
    assert!(tally.is_clean(), "{}\n{tally}", failed.join("\n"));
    assert_eq!(tally.total.survived, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_happens_and_is_survived() {
    let all = Kind::ALL.iter().map(|kind| async {
        let outcome = round_with(*kind, Habits::default()).await;
        assert!(outcome.verdict.is_clean(), "{outcome}");
    });
    let mut all = futures_util::stream::iter(all).buffer_unordered(AT_ONCE);
    while all.next().await.is_some() {}
}

#[test]
fn the_readme_counts_the_kinds() {
    let readme = include_str!("../../../README.md");
    let counted = format!("up to four of {} kinds of faults", Kind::ALL.len());
    assert!(readme.contains(&counted), "{counted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_is_taken_to_its_end() {
    let tally = run(3, 0..80, AT_ONCE, Habits::default()).await;
    for way in Way::ALL {
        let counts = tally.by_way.get(way).copied().unwrap_or_default();
        assert!(counts.happened > 0, "{way}\n{tally}");
    }
}

/// A create that a quota refuses as often as it is drawn, and that is dropped once besides.
#[tokio::test]
async fn a_user_has_tries_left_after_all_faults_of_a_create() {
    let plan = rounds_with(Kind::CreateDropped).find(|plan| {
        let dropped = [Fault::Dropped(Step::Create, Moment::Polls(1))];
        plan.faults == dropped && plan.backend == Backend::Gemini
    });
    let mut plan = plan.unwrap();
    plan.faults.push(Fault::Call {
        on: Operation::BatchGenerateContent,
        how: How::Status(429),
        skip: 0,
        times: 7,
    });
    plan.task = Task::Generate;
    let outcome = play(plan, Habits::default()).await;
    assert!(outcome.verdict.is_clean(), "{outcome}");
    let happened = [Kind::Status429, Kind::CreateDropped];
    assert_eq!(outcome.injected, happened);
}

#[tokio::test]
async fn a_round_can_be_played_again() {
    let play = async || play(draw(5, 17), Habits::default()).await;
    let (one, two) = (play().await, play().await);
    assert_eq!(one.injected, two.injected);
    assert_eq!(one.plan.to_string(), two.plan.to_string());
}

#[tokio::test]
async fn creating_again_without_looking_makes_duplicate_jobs() {
    let habits = Habits {
        adopts: false,
        looks_before_creating_again: false,
        ..Habits::default()
    };
    for kind in [Kind::CreateUnanswered, Kind::CreateCut] {
        let outcome = round_with(kind, habits).await;
        assert!(outcome.verdict.duplicate_jobs > 0, "{outcome}");
    }
}

/// A create that is dropped may have made its job, or not: both happen.
#[tokio::test]
async fn creating_again_after_a_drop_makes_duplicate_jobs_now_and_then() {
    let habits = Habits {
        looks_before_creating_again: false,
        ..Habits::default()
    };
    let (mut once, mut twice) = (0, 0);
    for plan in rounds_with(Kind::CreateDropped) {
        let outcome = play(plan, habits).await;
        if outcome.injected.contains(&Kind::CreateDropped) {
            match outcome.verdict.duplicate_jobs {
                0 => once += 1,
                _ => twice += 1,
            }
        }
        if once > 0 && twice > 0 {
            return;
        }
    }
    panic!("{once} times one job, {twice} times two");
}

#[tokio::test]
async fn a_client_that_gives_up_at_once_needs_an_excuse() {
    let habits = Habits {
        adopts: false,
        ..Habits::default()
    };
    let outcome = round_with(Kind::CreateUnanswered, habits).await;
    let verdict = outcome.verdict;
    assert_eq!(verdict.duplicate_jobs, 0);
    assert!(!verdict.other.is_empty());
}

#[tokio::test]
async fn a_client_that_sends_a_create_again_does_not_pass() {
    let habits = Habits {
        resends: true,
        ..Habits::default()
    };
    let creates_fail = |plan: &Plan| {
        let mut calls = plan.faults.iter();
        calls.any(|fault| matches!(fault, Fault::Call { on, .. } if CREATES.contains(on)))
    };
    let plan = rounds_with(Kind::Status503).find(creates_fail);
    let outcome = play(plan.expect("a round whose creates fail"), habits).await;
    assert!(outcome.verdict.extra_creates > 0, "{outcome}");
}

async fn tampered(tamper: fn(&mut Observed)) -> Outcome {
    let habits = Habits {
        tamper,
        ..Habits::default()
    };
    round_with(Kind::Shuffled, habits).await
}

/// The first two rows with different texts.
fn swap_two(seen: &mut Observed) {
    let is_text = |told: &Told| matches!(told, Told::Text(_));
    let texts = (0..seen.rows.len()).filter(|at| is_text(&seen.rows[*at].told));
    let texts: Vec<_> = texts.take(2).collect();
    let (one, two) = (texts[0], texts[1]);
    let kept = seen.rows[one].told.clone();
    seen.rows[one].told = std::mem::replace(&mut seen.rows[two].told, kept);
}

#[tokio::test]
async fn results_that_are_tampered_with_do_not_pass() {
    let swapped = tampered(swap_two).await.verdict;
    assert_eq!((swapped.mismatched.len(), swapped.lost.len()), (2, 0));
    let dropped = tampered(|seen| drop(seen.rows.pop())).await.verdict;
    assert_eq!((dropped.mismatched.len(), dropped.lost.len()), (0, 1));
    let again = tampered(|seen| seen.rows.extend_from_within(..1))
        .await
        .verdict;
    assert_eq!(again.doubled.len(), 1);
}

#[test]
fn a_run_survives_that_its_process_is_killed() {
    let played = std::process::Command::new(env!("CARGO_BIN_EXE_genai-batch-chaos"))
        .args(["--kill", "--seed", "1", "--rounds", "2", "--at-once", "2"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{told}");
    assert!(told.contains("2 of 2 rounds held"), "{told}");
    assert!(!told.contains("\n0 kills"), "{told}");
}
