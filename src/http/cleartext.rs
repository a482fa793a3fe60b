//! Where a credential may go without encryption.

use std::net::IpAddr;

use reqwest::Url;

use super::{Session, Settings};
use crate::error::{Error, Result};

/// Whether whoever listens on the way could read what is sent to this address.
pub(crate) fn is_in_the_open(url: &Url, allowed: &[String]) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_allowed = |allowed: &String| allowed.eq_ignore_ascii_case(host);
    url.scheme() != "https" && !is_loopback(host) && !allowed.iter().any(is_allowed)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// What the caller can do about it.
pub(crate) fn hint(host: &str) -> String {
    format!("use https, or allow it with `allow_plain_http({host:?})`")
}

impl Session {
    /// Refuses to send a credential where anybody could read it.
    pub(super) fn check_address(&self, url: &Url) -> Result<()> {
        let Settings {
            plain_http_hosts, ..
        } = &self.shared.settings;
        if !is_in_the_open(url, plain_http_hosts) {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default();
        Err(Error::configuration(format!(
            "the credential would go to {host} unencrypted: {}",
            hint(host)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_and_for_hosts_that_are_named() {
        let allowed = ["fake-gcs".to_owned()];
        for (url, expected) in [
            ("https://example.com/", false),
            ("http://localhost:80/", false),
            ("http://a.localhost/", false),
            ("http://127.1.2.3:8080/", false),
            ("http://[::1]/", false),
            ("http://[::ffff:127.0.0.1]/", false),
            ("http://FAKE-GCS:4443/", false),
            ("http://fake-gcs.example/", true),
            ("http://10.0.0.1/", true),
            ("http://[::2]/", true),
            ("http://localhost.example.com/", true),
            ("http://127.0.0.1.example.com/", true),
            ("ftp://example.com/", true),
        ] {
            let url = url.parse().unwrap();
            assert_eq!(is_in_the_open(&url, &allowed), expected, "{url}");
        }
    }
}
