//! Where the examples run: on the real service if a key is set, else on an emulator in this
//! process.

use std::error::Error;
use std::time::Duration;

use genai_batch::{Client, Wait};
use genai_batch_emulator::Emulator;

/// A client, and the emulator that it talks to, which lives as long as the second value.
pub(crate) async fn connect() -> Result<(Client, Option<Emulator>), Box<dyn Error>> {
    let is_set = |name| std::env::var(name).is_ok_and(|value| !value.is_empty());
    if is_set("GOOGLE_API_KEY") || is_set("GEMINI_API_KEY") {
        return Ok((Client::from_env()?, None));
    }
    let emulator = Emulator::start().await?;
    let client = Client::builder()
        .gemini()
        .api_key("any-key")
        .base_url(emulator.base_url())
        .build()?;
    Ok((client, Some(emulator)))
}

/// Polls so often that a job of the emulator is not waited for longer than it takes. The real
/// service takes minutes to a day: leave the pace as it is there.
#[allow(dead_code, reason = "not every example waits")]
pub(crate) fn soon(wait: Wait) -> Wait {
    wait.poll_interval(Duration::from_millis(200))
}
