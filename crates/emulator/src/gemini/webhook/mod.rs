//! Webhooks: the [`mod@event`] that tells what became of a job goes to the addresses of its
//! `webhookConfig`, signed by [`sign`] and posted by [`send`]. The [`outbox`] keeps what was sent.
//!
//! Where the service's documentation is silent, this does the likely: the id is the job's name,
//! `user_metadata` stands beside `data`, the token of a dynamic signature states the whole event,
//! and its audience is the address that it goes to.

mod event;
mod outbox;
mod send;
mod sign;

pub(super) use event::{addresses, event};
pub use outbox::WebhookRecord;
pub(crate) use outbox::Webhooks;
