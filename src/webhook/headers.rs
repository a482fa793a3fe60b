//! The headers of a webhook, as the Standard Webhooks specification names them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;

use crate::error::{Error, Kind, Result};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// What the headers of one webhook say.
#[derive(Debug)]
pub(super) struct Delivery<'a> {
    pub(super) id: Option<&'a str>,
    /// In seconds since 1970, as it was written and therefore signed.
    pub(super) timestamp: Option<&'a str>,
    pub(super) signature: &'a str,
}

/// The time that a webhook is judged at, and how far off its own may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: DateTime<Utc>,
    pub(super) tolerance: Duration,
}

pub(super) fn unverified(message: impl Into<String>) -> Error {
    Error::new(Kind::Unverified, message)
}

pub(super) fn missing(header: &str) -> Error {
    unverified(format!("the webhook has no header `{header}`"))
}

impl<'a> Delivery<'a> {
    pub(super) fn read(headers: &'a HeaderMap) -> Result<Self> {
        Ok(Self {
            id: single(headers, ID)?,
            timestamp: single(headers, TIMESTAMP)?,
            signature: single(headers, SIGNATURE)?.ok_or_else(|| missing(SIGNATURE))?,
        })
    }

    pub(super) fn required_id(&self) -> Result<&'a str> {
        self.id.ok_or_else(|| missing(ID))
    }

    pub(super) fn required_timestamp(&self) -> Result<&'a str> {
        self.timestamp.ok_or_else(|| missing(TIMESTAMP))
    }

    /// Refuses a timestamp that is not a number or too far from now.
    pub(super) fn check_timestamp(&self, moment: Moment) -> Result<()> {
        let Some(timestamp) = self.timestamp else {
            return Ok(());
        };
        let sent = timestamp.parse().map_err(|_| {
            unverified(format!(
                "the webhook's header `{TIMESTAMP}` is not a whole number of seconds"
            ))
        })?;
        moment.check_about_now(sent, &format!("its header `{TIMESTAMP}`"))
    }
}

impl Moment {
    /// Refuses a time, in seconds since 1970, that is too long ago or too far ahead.
    pub(super) fn check_about_now(self, seconds: i64, by: &str) -> Result<()> {
        let now = self.now.timestamp();
        if seconds.abs_diff(now) <= self.tolerance.as_secs() {
            return Ok(());
        }
        let side = if seconds < now { "old" } else { "ahead" };
        Err(unverified(format!(
            "the webhook is {} s {side} by {by}, and the tolerance is {} s: it is a replay, or a \
             clock is wrong",
            seconds.abs_diff(now),
            self.tolerance.as_secs()
        )))
    }
}

/// A header that may be there once. Of two, somebody else may have read the other one.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(unverified(format!(
            "the webhook has the header `{name}` twice"
        )));
    }
    let Some(value) = first else {
        return Ok(None);
    };
    let value = value
        .to_str()
        .map_err(|_| unverified(format!("the webhook's header `{name}` is not plain text")))?;
    Ok(Some(value).filter(|value| !value.is_empty()))
}
