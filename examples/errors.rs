//! Each kind of failure, and what a program does about it.
//!
//! ```text
//! cargo run --example errors
//! ```

mod support;

use std::error::Error as StdError;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::{Error, Outcome};

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let (client, _emulator) = support::connect().await?;
    let batches = client.batches();

    let twice = vec![
        ("same", "What is AI?".into()),
        ("same", "What is ML?".into()),
    ];
    let twice: Vec<(&str, genai_batch::Request)> = twice;
    if let Err(error) = batches.create("gemini-2.5-flash", twice).await {
        println!("a key used twice: {}", advice(&error));
    }
    if let Err(error) = batches.get("batches/no-such-job").await {
        println!("a job that is not there: {}", advice(&error));
    }

    let job = batches
        .create("gemini-2.5-flash", vec!["What is 2 + 2?"])
        .await?;
    if let Err(error) = batches.results(&job).await {
        println!("results too soon: {}", advice(&error));
    }
    let wait = batches.wait(&job).timeout(Duration::from_millis(1));
    if let Err(error) = wait.await {
        println!("no patience: {}", advice(&error));
    }
    let job = support::soon(batches.wait(&job)).await?;
    let mut results = batches.results(&job).strict(true).await?;
    while let Some(result) = results.try_next().await? {
        match result.outcome() {
            Outcome::Response(response) => println!("response: {:?}", response.text()),
            Outcome::Error(error) if error.is_quota() => println!("submit again later: {error}"),
            Outcome::Error(error) => println!("this request failed: {error}"),
            _ => println!("nothing came back"),
        }
    }
    Ok(())
}

fn advice(error: &Error) -> String {
    let what = if error.is_invalid_input() || error.is_configuration() {
        "mend the program or its input"
    } else if error.is_unclear() {
        "the job may be there: look for it with `batches().find(mark)`"
    } else if error.is_quota() {
        "wait, then submit again"
    } else if error.is_unauthenticated() || error.is_permission_denied() {
        "check the credentials"
    } else if error.is_not_found() {
        "check the name"
    } else if error.is_job_active() {
        "wait for the job first"
    } else if error.is_timeout() && error.job().is_some() {
        "the job goes on: wait again whenever you like"
    } else if error.is_job_ended() {
        "look at why the job failed"
    } else if error.is_retryable() {
        "try again"
    } else {
        "report it"
    };
    format!("{what} ({error})")
}
