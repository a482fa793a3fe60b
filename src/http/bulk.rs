//! The connections that contents travel by: those of HTTP/1.1, one for each transfer.
//!
//! Over TLS, calls share one connection of HTTP/2. Contents would share it too, and its windows: 2 MB a
//! stream and 5 MB in all are what `hyper` lets be under way, which at a latency of 50 ms makes 40 MB/s
//! a stream and 100 MB/s in all, however many transfers there are.

use std::time::Duration;

use tokio::sync::OnceCell;

use super::client;
use crate::error::{Error, Result};

/// What the client for contents is made of.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) user_agent: Option<String>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) timeout: Duration,
}

/// The client for contents, where it is not that for calls.
#[derive(Debug)]
pub(super) struct Bulk {
    options: Options,
    /// Made with the first transfer, as it reads the machine's certificates.
    made: OnceCell<reqwest::Client>,
}

impl Bulk {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            made: OnceCell::new(),
        }
    }

    pub(super) async fn client(&self) -> Result<&reqwest::Client> {
        let made = self.made.get_or_try_init(|| async {
            let options = self.options.clone();
            let make = tokio::task::spawn_blocking(move || options.make()).await;
            make.map_err(|e| Error::io("the HTTP client cannot be made", e.into()))?
        });
        made.await
    }
}

impl Options {
    /// A client to be made for calls.
    pub(crate) fn builder(&self) -> reqwest::ClientBuilder {
        let user_agent = self.user_agent.as_deref();
        client::builder(user_agent, self.connect_timeout, self.timeout)
    }

    fn make(&self) -> Result<reqwest::Client> {
        client::make(self.builder().http1_only())
    }
}
