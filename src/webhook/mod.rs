//! Being told when a job ends, in place of asking again and again.
//!
//! The Gemini Developer API posts a short JSON message, an [`Event`], to addresses of yours when
//! a batch ends. Anybody can post there, so each message is signed, and a [`Verifier`] checks the
//! signature. The event then goes through a [`channel`] to whoever waits for the job:
//!
//! ```text
//! service → your HTTP server → Verifier::verify → Sender → wait(&job).webhook(events)
//! ```
//!
//! # 1. Receive
//!
//! Any HTTP server will do that hands out the headers and the body as it came, byte for byte:
//! JSON that was read and written again has another signature.
//!
//! ```
//! use genai_batch::webhook::{Sender, Verifier};
//!
//! /// What to respond: the service takes a status of 2xx as delivered, and sends again later
//! /// otherwise.
//! async fn receive(
//!     verifier: &Verifier,
//!     events: &Sender,
//!     headers: &http::HeaderMap,
//!     body: &[u8],
//! ) -> http::StatusCode {
//!     match verifier.verify(headers, body).await {
//!         Ok(event) => {
//!             events.send(event);
//!             http::StatusCode::NO_CONTENT
//!         }
//!         Err(error) if error.is_unverified() => http::StatusCode::UNAUTHORIZED,
//!         Err(error) if error.is_retryable() => http::StatusCode::SERVICE_UNAVAILABLE,
//!         Err(_) => http::StatusCode::BAD_REQUEST,
//!     }
//! }
//! ```
//!
//! `examples/webhook.rs` is a whole program with axum.
//!
//! # 2. Verify
//!
//! How a webhook is signed depends on where it was asked for:
//!
//! | asked for | signed with | verified by |
//! |---|---|---|
//! | for one job: [`Create::webhook`](crate::batches::Create::webhook) | a key of Google's (RS256) | [`Verifier::dynamic`] |
//! | for a project: the service's own `webhooks` API, which this crate does not cover | a secret that you were given (HMAC) | [`Verifier::with_secrets`] |
//!
//! # 3. Wait
//!
//! ```no_run
//! # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
//! use genai_batch::batches::WebhookConfig;
//! use genai_batch::webhook;
//!
//! let (sender, events) = webhook::channel(); // the sender goes to the HTTP server
//!
//! let job = client
//!     .batches()
//!     .create("gemini-2.5-flash", "requests.jsonl")
//!     .webhook(WebhookConfig::new(["https://example.com/hook"]))
//!     .await?;
//! let job = client.batches().wait(&job).webhook(events).await?;
//! # drop(sender);
//! # Ok(())
//! # }
//! ```
//!
//! An event only says that it is time to look: the job is read from the service before anything
//! is believed. Webhooks get lost, so [`wait`](crate::wait::Wait::webhook) goes on polling, only at
//! longer intervals.
//!
//! # What is known, and what is not
//!
//! Google documents webhooks as delivered at least once, in any order, tried again for 24 hours.
//! An event may thus come twice, under the same [`id`](Event::id), and anybody who got hold of one
//! can send it again while it is good. To `wait` that means one more poll. A [`Verifier`] remembers
//! what it passed, the last 10,000 over a day, and [`Event::is_repeated`] says that this one came
//! before: respond with success, and do nothing more where an event is to cause a thing once. The
//! memory is of one verifier, and does not outlive it.
//!
//! What a signature covers decides what a verifier can tell:
//!
//! | | with secrets | dynamic |
//! |---|---|---|
//! | the body, and so the event | signed | signed only where the token states the event; see [`Event::is_signed`] |
//! | `webhook-id` | signed | **not signed** |
//! | `webhook-timestamp` | signed | **not signed**; the token's `iat` and `exp` are |
//! | a repetition is known by | its id | its token |
//!
//! A dynamic token vouches for one delivery: where it comes again under another id or with another
//! body, it is refused as a replay. Whoever catches one before it arrives can still be first with a
//! body of their own, if the token does not state the event.
//!
//! Not confirmed by this project, and therefore read leniently: the address of Google's keys, the
//! audience and the claims of dynamic signatures, the form of the job's id in an event, and where
//! `user_metadata` stands in it.

mod channel;
mod event;
mod event_type;
mod headers;
mod key_set;
mod keys;
mod secrets;
mod seen;
mod token;
mod verifier;

pub use channel::{Events, Sender, channel};
pub use event::Event;
pub use event_type::{EventType, OtherEvent};
pub use verifier::{DynamicBuilder, Verifier};

#[cfg(test)]
mod tests;
