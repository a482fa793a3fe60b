//! Whether the service is within reach and lets the caller in, what time it has, and whether requests
//! can be staged.

use std::time::{Duration, Instant, SystemTime};

use genai_batch::external::chrono::{DateTime, Utc};
use genai_batch::external::reqwest;
use genai_batch::{Client, Source};

use super::{Check, Env, Status};
use crate::exit::{Failure, Kind};
use crate::global::Global;

const PATIENCE: Duration = Duration::from_secs(30);
/// Tokens are refused by services whose clock differs by more than minutes.
const MOST_SECONDS: i64 = 60;
/// No object has this name.
const NOBODY: &str = "genai-batch-doctor-looks-for-nothing-*.jsonl";

/// The service, whether it lets the caller in, and the clock.
pub(super) async fn look(client: &Client) -> Vec<Check> {
    let date = match date_of(client.base_url()).await {
        Ok(date) => date,
        Err(why) => {
            let check = Check::failed("service", Kind::Other, why);
            return vec![
                check.hint("is there a network, and does a proxy or firewall let it through?"),
            ];
        }
    };
    vec![let_in(client).await, clock(date)]
}

/// What the server says the time is, without any credentials.
async fn date_of(url: &str) -> Result<Option<DateTime<Utc>>, String> {
    let told = |error: reqwest::Error| {
        let mut text = error.without_url().to_string();
        text.insert_str(0, "out of reach: ");
        text
    };
    let http = reqwest::Client::builder().timeout(PATIENCE);
    let redirect = reqwest::redirect::Policy::none();
    let http = http.redirect(redirect).build().map_err(told)?;
    let response = http.get(url).send().await.map_err(told)?;
    let date = response.headers().get(reqwest::header::DATE);
    let date = date.and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    Ok(date.map(|date| date.to_utc()))
}

async fn let_in(client: &Client) -> Check {
    const NAME: &str = "service";
    let started = Instant::now();
    let list = client.batches().list().page_size(1);
    match tokio::time::timeout(PATIENCE, list.page()).await {
        Ok(Ok(_)) => {
            let took = started.elapsed().as_millis();
            Check::new(
                NAME,
                Status::Ok,
                format_args!("lets you in, within {took} ms"),
            )
        }
        Ok(Err(error)) => {
            let failure = Failure::from(error);
            let check = Check::failed(NAME, failure.kind(), &failure);
            match failure.kind() {
                Kind::Credentials => check.hint(
                    "make a key at https://aistudio.google.com/apikey, or \
                    see that the account may use the service",
                ),
                _ => check,
            }
        }
        Err(_) => Check::failed(NAME, Kind::Other, "no response within 30 s"),
    }
}

fn clock(date: Option<DateTime<Utc>>) -> Check {
    const NAME: &str = "clock";
    let Some(date) = date else {
        return Check::new(
            NAME,
            Status::Note,
            "the service does not say what time it has",
        );
    };
    // It is told to the second.
    let ahead = DateTime::<Utc>::from(SystemTime::now())
        .signed_duration_since(date)
        .num_seconds();
    match ahead.abs() {
        0..=2 => Check::new(NAME, Status::Ok, "as that of the service"),
        seconds if seconds <= MOST_SECONDS => Check::new(
            NAME,
            Status::Ok,
            format_args!("differs by {seconds} s from that of the service"),
        ),
        seconds => {
            let which = if ahead > 0 { "ahead of" } else { "behind" };
            let detail = format!("{seconds} s {which} that of the service");
            let check = Check::new(NAME, Status::Warning, detail);
            check.hint("set the clock: tokens of service accounts are refused when it is wrong")
        }
    }
}

/// Whether requests can be staged for Vertex AI.
pub(super) async fn staging(client: &Client, global: &Global, env: Env<'_>) -> Check {
    const NAME: &str = "staging";
    let prefix = global
        .staging
        .clone()
        .or_else(|| env("GENAI_BATCH_STAGING"));
    let Some(prefix) = prefix else {
        let check = Check::new(NAME, Status::Warning, "no place is set");
        return check.hint(
            "set GENAI_BATCH_STAGING or say --staging gs://BUCKET/PREFIX; requests in \
            gs:// and bq:// need none",
        );
    };
    let pattern = format!("{}/{NOBODY}", prefix.trim_end_matches('/'));
    let look = Source::cloud_storage([&*pattern]).preflight(client);
    match tokio::time::timeout(PATIENCE, look).await {
        // The list was given, and has no such object.
        Ok(Err(error)) if error.is_invalid_input() => {
            Check::new(NAME, Status::Ok, format_args!("{prefix} can be listed"))
        }
        Ok(Ok(_)) => Check::new(NAME, Status::Ok, format_args!("{prefix} can be listed")),
        Ok(Err(error)) => {
            let failure = Failure::from(error);
            let check = Check::failed(NAME, failure.kind(), failure);
            check.hint("does the bucket exist, and may the account read and write it?")
        }
        Err(_) => Check::failed(NAME, Kind::Other, "no response within 30 s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_is_told() {
        let status = |seconds| clock(Some(Utc::now() + Duration::from_secs(seconds))).status;
        assert_eq!(status(0), Status::Ok);
        assert_eq!(status(30), Status::Ok);
        let behind = clock(Some(Utc::now() + Duration::from_secs(600)));
        assert_eq!(behind.status, Status::Warning);
        assert!(behind.detail.contains("behind"), "{behind:?}");
        assert_eq!(clock(None).status, Status::Note);
    }
}
