//! The fault suite as a program: plays rounds, prints what came of each kind of fault, and fails if
//! anything was lost, doubled or mixed up.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use genai_batch_chaos::{Habits, draw, kill, play, run};

/// Whole batch jobs under random faults.
#[derive(Parser)]
struct Options {
    /// Decides every round; by default the time.
    #[arg(long)]
    seed: Option<u64>,
    /// How many rounds to play.
    #[arg(long, default_value_t = 200)]
    rounds: u64,
    /// Play this round alone, and tell all of it.
    #[arg(long, conflicts_with = "rounds")]
    round: Option<u64>,
    /// How many rounds to play at once; by default 12, or 4 with `--kill`.
    #[arg(long)]
    at_once: Option<usize>,
    /// Kill a process that drives a run, again and again, and start it again until it is done.
    #[arg(long)]
    kill: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(task) = kill::Task::of_this_process() {
        return kill::drive(task).await;
    }
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(now);
    let is_clean = match options.round {
        _ if options.kill => kill_all(seed, &options).await,
        Some(round) => replay(seed, round).await,
        None => play_all(seed, &options).await,
    };
    if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn replay(seed: u64, round: u64) -> bool {
    let outcome = play(draw(seed, round), Habits::default()).await;
    println!("{outcome}");
    println!("  happened: {:?}, {:?}", outcome.injected, outcome.ways);
    outcome.verdict.is_clean()
}

async fn play_all(seed: u64, options: &Options) -> bool {
    println!("seed {seed}, {} rounds", options.rounds);
    let rounds = 0..options.rounds;
    let tally = run(
        seed,
        rounds,
        options.at_once.unwrap_or(12),
        Habits::default(),
    )
    .await;
    for outcome in &tally.failed {
        println!("{outcome}\n");
    }
    println!("{tally}");
    println!(
        "seed {seed}: {} of {} rounds held, in {:.1?}",
        tally.total.survived, tally.total.drawn, tally.took
    );
    tally.is_clean()
}

async fn kill_all(seed: u64, options: &Options) -> bool {
    let rounds = match options.round {
        Some(round) => round..round + 1,
        None => 0..options.rounds,
    };
    let tally = kill::run(seed, rounds, options.at_once.unwrap_or(4)).await;
    println!("{tally}");
    tally.is_clean()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 gives a seed as good as any.
    since.map_or(0, |since| since.as_secs())
}
