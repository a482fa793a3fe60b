//! Options that make no sense, refused by name.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};
use crate::http::cleartext;

/// Checks the version of an API.
pub fn version(version: String) -> Result<String> {
    let plain = version.bytes().all(|b| b.is_ascii_alphanumeric());
    if version.is_empty() || !plain {
        return Err(Error::configuration(format!(
            "{version:?} is not an API version: write it as `v1beta` or `v1`"
        )));
    }
    Ok(version)
}

/// Checks a base URL; `option` and `variable` are where it may be set, and `plain_http_hosts`
/// need no encryption.
pub fn base_url(
    text: &str,
    option: &str,
    variable: &str,
    plain_http_hosts: &[String],
) -> Result<String> {
    let refuse = |reason: &str| {
        let shown = shown(text);
        Err(Error::configuration(format!(
            "{shown} is not a base URL: {reason} (it is set by the option `{option}` or by \
             {variable})"
        )))
    };
    if text.contains('@') {
        return Err(Error::configuration(format!(
            "the base URL set by `{option}` or {variable} holds a user name or password, which \
             errors and logs would show: pass it in a header"
        )));
    }
    let Ok(url) = text.parse::<reqwest::Url>() else {
        return refuse("write it as https://host or https://host/path");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refuse("write it with its scheme, as https://host");
    }
    if cleartext::is_in_the_open(&url, plain_http_hosts) {
        let hint = cleartext::hint(url.host_str().unwrap_or_default());
        return refuse(&format!(
            "it would carry the credential unencrypted: {hint}"
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("it has a query or fragment, which requests cannot carry");
    }
    let last = url.path().trim_end_matches('/').rsplit('/').next();
    if matches!(last, Some("v1" | "v1beta" | "v1beta1" | "v1alpha")) {
        return refuse("leave out the API version, which is the option `api_version`");
    }
    // As it was read: what the parser drops, a line end or so, would go into a path otherwise.
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// As much of an address as is no secret: a short name, and of a whole address all but the query. What
/// is no address may be a key that was set in the wrong place.
fn shown(text: &str) -> String {
    const LONGEST_NAME: usize = 15;
    let is_address = text.parse::<reqwest::Url>().is_ok_and(|url| url.has_host());
    let text = text.split(['?', '#']).next().unwrap_or_default();
    match is_address || text.len() <= LONGEST_NAME {
        true => format!("{text:?}"),
        false => format!("a text of {} bytes, which is not shown,", text.len()),
    }
}

/// Checks headers that are added to every request.
pub fn headers(headers: &[(String, String)]) -> Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let header: HeaderName = name
            .parse()
            .map_err(|_| Error::configuration(format!("{name:?} is not a header name")))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Error::configuration(format!("the value of the header {name:?} cannot be sent"))
        })?;
        // It may be a secret of a proxy.
        value.set_sensitive(true);
        map.append(header, value);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_place_of_an_address_is_not_shown() {
        for text in [
            "AIzaSySECRET-of-39-characters",
            "key:AIzaSySECRET-of-39",
            "https://h/a?key=SECRET",
        ] {
            let error = base_url(text, "base_url", "BASE_URL", &[]).unwrap_err();
            assert!(!error.to_string().contains("SECRET"), "{error}");
        }
        let error = base_url("ftp://h/a", "base_url", "BASE_URL", &[]).unwrap_err();
        assert!(error.to_string().contains("ftp://h/a"), "{error}");
    }

    #[test]
    fn requests_go_to_what_a_base_url_was_read_as() {
        for (text, read) in [
            ("https://h/a/", "https://h/a"),
            ("https://proxy.example\n", "https://proxy.example"),
            (" https://h ", "https://h"),
            ("https://h/a\tb\u{0}", "https://h/ab"),
            ("http:\\\\h\\a", "http://h/a"),
            ("http://h/a/..", "http://h"),
        ] {
            let plain_http = ["h".to_owned()];
            let accepted = base_url(text, "base_url", "BASE_URL", &plain_http);
            assert_eq!(accepted.unwrap(), read);
        }
    }
}
