//! The `reqwest` client that a session sends with.

use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a transfer may stand still.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// A client to be made, with the crate's own timeouts and name.
pub(crate) fn plain(
    user_agent_suffix: Option<&str>,
    connect_timeout: Option<Duration>,
    timeout: Duration,
) -> ClientBuilder {
    let mut user_agent = concat!("genai-batch/", env!("CARGO_PKG_VERSION")).to_owned();
    if let Some(suffix) = user_agent_suffix {
        user_agent = format!("{user_agent} {suffix}");
    }
    reqwest::Client::builder()
        .user_agent(user_agent)
        .connect_timeout(connect_timeout.unwrap_or(CONNECT_TIMEOUT))
        .read_timeout(timeout.max(READ_TIMEOUT))
}

/// A client for services that are reached without encryption. Reading the machine's certificates
/// takes longer than all else that making a client does.
pub(crate) fn without_certificates(builder: ClientBuilder) -> ClientBuilder {
    builder.tls_certs_only([])
}

/// Makes a client that follows no redirects, since they would take the credential to another
/// host.
pub(crate) fn make(builder: ClientBuilder) -> Result<reqwest::Client> {
    builder
        .redirect(Policy::none())
        .build()
        .map_err(|e| Error::configuration("the HTTP client cannot be made").with_source(e))
}
