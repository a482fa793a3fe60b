//! What 2,500 requests may cost, what is wrong with them, and what they cost in the end.
//!
//! ```text
//! cargo run --example cost_estimate     # no account: an emulator in this process
//! ```
//!
//! On the real service, make the client with `Client::from_env()`; the preflight alone makes no
//! job and costs nothing.

mod support;

use std::error::Error;
use std::time::Duration;

use genai_batch::cost::Pricing;
use genai_batch::{Request, Source};

const MODEL: &str = "gemini-2.5-flash";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _emulator) = support::connect().await?;

    // From the table of the crate, which tells its date and source; or give what you pay.
    let pricing = Pricing::of_model(MODEL).unwrap_or_else(|| Pricing::new(0.30, 2.50));

    let diagnosis = Source::requests(requests())
        .preflight(&client)
        .model(MODEL)
        .pricing(pricing.clone())
        .likely_output_tokens(40)
        .await?;
    println!("{diagnosis}\n");
    if !diagnosis.is_ok() {
        return Err("the requests are not fit to be sent".into());
    }

    let job = client
        .batches()
        .create(MODEL, Source::requests(requests()))
        .await?;
    let wait = client.batches().wait(&job);
    let job = wait.poll_interval(Duration::from_millis(200)).await?;
    let results = client.batches().results(&job).count_usage(true).await?;
    let report = results.verify().await?;
    println!("{report}");
    if let Some(cost) = report.cost(&pricing) {
        println!("cost: {cost}");
    }
    Ok(())
}

/// Made anew each time, since a source of an iterator is read once.
fn requests() -> impl Iterator<Item = Request> + Send + 'static {
    (1..=2_500).map(|n| {
        let review = "The battery lasts two days, and the screen is bright.";
        let prompt = format!("Sentiment of review number {n}, in one sentence: {review}");
        Request::text(prompt).key(format!("review-{n}"))
    })
}
