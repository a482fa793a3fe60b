//! Responses as values of a Rust type: the type says what to ask for, and is what comes back.
//!
//! ```text
//! cargo run --example typed_output                    # no account: an emulator in this process
//! GEMINI_API_KEY=… cargo run --example typed_output   # the real service, which costs money
//! ```

mod support;

use std::error::Error;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::Request;
use schemars::JsonSchema;
use serde::Deserialize;

/// What a review says. Doc comments like this one are sent along, so they guide the model.
#[derive(Debug, JsonSchema, Deserialize)]
struct Review {
    sentiment: Sentiment,
    /// A short quote from the review that shows the sentiment.
    quote: String,
    /// How many stars the review would give, if that can be told.
    #[schemars(range(min = 1, max = 5))]
    stars: Option<u8>,
}

#[derive(Debug, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sentiment {
    Positive,
    /// Neither praise nor complaint.
    Neutral,
    Negative,
}

const REVIEWS: [(&str, &str); 3] = [
    ("kettle", "I love it. Boils in a minute and keeps quiet."),
    (
        "lamp",
        "I hate it. The lamp flickers and the seller is rude.",
    ),
    ("chair", "It has four legs and came in a box."),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _emulator) = support::connect().await?;

    let mut requests = Vec::new();
    for (key, review) in REVIEWS {
        let prompt = format!("Classify the sentiment of this review.\n\nReview: {review}");
        requests.push(Request::text(prompt).key(key).output::<Review>()?);
    }

    let results = client
        .batches()
        .run("gemini-2.5-flash", requests)
        .wait(|wait| wait.poll_interval(Duration::from_millis(200)))
        .await?;

    let mut reviews = results.typed::<Review>();
    while let Some((key, review)) = reviews.try_next().await? {
        let key = key.as_deref().unwrap_or("(key lost)");
        match review {
            Ok(review) => println!(
                "{key}: {:?}, {} stars. {}",
                review.sentiment,
                review
                    .stars
                    .map_or("no".to_owned(), |stars| stars.to_string()),
                review.quote,
            ),
            Err(error) if error.is_truncated() || error.is_blocked() => println!("{error}"),
            Err(error) => println!("{error}: {}", error.text().unwrap_or_default()),
        }
    }
    println!("{}", reviews.report());
    Ok(())
}
