//! Where the examples run: on the real service if a key is set, else on an emulator in this
//! process. And how they show how far they are.

#![allow(dead_code, reason = "not every example waits or has a bar")]

use std::error::Error;
use std::time::Duration;

use genai_batch::wait::Wait;
use genai_batch::{BatchJob, Client};
use genai_batch_emulator::Emulator;
use indicatif::{ProgressBar, ProgressStyle};

/// A client, and the emulator that it talks to, which lives as long as the second value.
pub(crate) async fn connect() -> Result<(Client, Option<Emulator>), Box<dyn Error>> {
    let is_set = |name| std::env::var(name).is_ok_and(|value| !value.is_empty());
    if is_set("GOOGLE_API_KEY") || is_set("GEMINI_API_KEY") {
        let client = Client::from_env()?;
        println!("using {} at {}", client.backend(), client.base_url());
        return Ok((client, None));
    }
    let emulator = Emulator::start().await?;
    println!(
        "no API key is set: using an emulator at {}, whose answers are made by rules, not by a model",
        emulator.base_url()
    );
    let client = Client::builder()
        .gemini()
        .api_key("any-key")
        .base_url(emulator.base_url())
        .build()?;
    Ok((client, Some(emulator)))
}

/// Polls so often that a job of the emulator is not waited for longer than it takes. The real
/// service takes minutes to a day: leave the pace as it is there.
pub(crate) fn soon(wait: Wait) -> Wait {
    wait.poll_interval(Duration::from_millis(200))
}

/// A bar for so many things as [`ProgressBar::set_length`] says later. It is drawn on a terminal alone.
pub(crate) fn bar(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>9} {bar:40} {pos} of {len} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style).with_prefix(what)
}

/// Shows how many requests of a job have ended, after each poll.
pub(crate) fn shown_on(bar: &ProgressBar) -> impl FnMut(&BatchJob) + Send + use<> {
    let bar = bar.clone();
    move |job| {
        if let Some(stats) = job.stats() {
            bar.set_length(stats.total.unwrap_or_default());
            bar.set_position(stats.succeeded + stats.failed);
        }
        bar.set_message(job.state().to_string());
    }
}
