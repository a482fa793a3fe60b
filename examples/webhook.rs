//! Being told by a webhook that a job has ended, in place of polling for it.
//!
//! ```text
//! cargo run --example webhook --features webhook     # no account: an emulator in this process
//! ```
//!
//! The emulator posts to this machine alone. The real service needs an address that it can reach
//! from outside, over https; there, leave `keys_url` out, and give as `audience` what the `aud`
//! of its signatures says.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use futures_util::TryStreamExt;
use genai_batch::batches::WebhookConfig;
use genai_batch::webhook::{self, Sender, Verifier};
use genai_batch::{Client, Outcome};
use genai_batch_emulator::Emulator;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let client = Client::builder()
        .gemini()
        .api_key("any-key")
        .base_url(emulator.base_url())
        .build()?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/webhook", listener.local_addr()?);
    let verifier = Verifier::dynamic()
        .keys_url(format!("{}/.well-known/jwks.json", emulator.base_url()))
        .audience(&address)
        .build()?;
    let (events, incoming) = webhook::channel();
    tokio::spawn(serve(listener, Receiver { verifier, events }));

    let job = client
        .batches()
        .create("gemini-2.5-flash", vec!["What is 1 + 1?", "What is 2 + 2?"])
        .webhook(WebhookConfig::new([address]).user_metadata("run", "nightly"))
        .await?;
    println!("created {}", job.name());

    // The first poll finds it pending. The next would come in 50 seconds, but the webhook is
    // quicker.
    let job = client
        .batches()
        .wait(&job)
        .webhook(incoming)
        .on_progress(|job| println!("polled: {}", job.state()))
        .await?;

    let mut results = client.batches().results(&job).await?;
    while let Some(result) = results.try_next().await? {
        let key = result.key().unwrap_or("(key lost)");
        match result.outcome() {
            Outcome::Response(response) => {
                println!("{key}: {}", response.text().unwrap_or_default())
            }
            Outcome::Error(error) => println!("{key}: failed: {error}"),
            _ => println!("{key}: no result came back"),
        }
    }
    println!("{}", results.report());
    Ok(())
}

/// What it takes to receive a webhook.
struct Receiver {
    verifier: Verifier,
    events: Sender,
}

async fn serve(listener: TcpListener, receiver: Receiver) -> std::io::Result<()> {
    let app = Router::new()
        .route("/webhook", post(receive))
        .with_state(Arc::new(receiver));
    axum::serve(listener, app).await
}

/// Responds at once; whatever takes longer is the business of those who get the event.
async fn receive(State(to): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    match to.verifier.verify(&headers, &body).await {
        Ok(event) => {
            println!("received: {} of {:?}", event.event_type(), event.job_name());
            to.events.send(event);
            StatusCode::NO_CONTENT
        }
        Err(error) => {
            eprintln!("refused a webhook: {error}");
            match error.is_retryable() {
                true => StatusCode::SERVICE_UNAVAILABLE,
                false => StatusCode::UNAUTHORIZED,
            }
        }
    }
}
