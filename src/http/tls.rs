//! The cryptography that TLS stands on, and the signatures of webhooks: what the process has
//! installed for rustls, else what this crate is built with.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use crate::error::Result;

/// The provider that `rustls` and this crate use.
///
/// With `rustls-ring`, it becomes that of the process where there is none: `reqwest` and
/// `google-cloud-auth` find it there alone.
///
/// # Errors
///
/// If this crate is built with none, and the process has installed none.
pub(crate) fn provider() -> Result<Arc<CryptoProvider>> {
    match CryptoProvider::get_default() {
        Some(provider) => Ok(Arc::clone(provider)),
        None => built_in(),
    }
}

#[cfg(feature = "rustls-aws-lc")]
#[expect(clippy::unnecessary_wraps, reason = "other builds have none")]
fn built_in() -> Result<Arc<CryptoProvider>> {
    Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(all(feature = "rustls-ring", not(feature = "rustls-aws-lc")))]
#[expect(clippy::unnecessary_wraps, reason = "other builds have none")]
fn built_in() -> Result<Arc<CryptoProvider>> {
    let installed = rustls::crypto::ring::default_provider().install_default();
    // Another thread may have been first; then it is that one's.
    Ok(installed.err().unwrap_or_else(|| {
        let provider = CryptoProvider::get_default().map(Arc::clone);
        provider.unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()))
    }))
}

#[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
fn built_in() -> Result<Arc<CryptoProvider>> {
    Err(crate::Error::configuration(
        "this build of genai-batch has no cryptography for TLS: enable its feature `rustls-aws-lc` \
         or `rustls-ring`, or install a `rustls::crypto::CryptoProvider` before the client is made",
    ))
}
