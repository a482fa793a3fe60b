//! Webhooks, one a line, each with what is to come of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use genai_batch::webhook::Verifier;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::{Any, told};

/// Where the webhooks are.
#[derive(Args, Debug)]
pub struct Options {
    /// A file of JSON lines.
    cases: PathBuf,
}

/// A webhook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    headers: BTreeMap<String, String>,
    /// In base64.
    body: String,
    /// Of static signatures.
    #[serde(default)]
    secrets: Vec<String>,
    /// Of dynamic ones: the address of the keys.
    keys_url: Option<String>,
    audience: Option<String>,
}

/// What came of each webhook, by name: the type of its event, or why it was refused.
#[derive(Debug, Serialize)]
pub struct Told {
    verdicts: BTreeMap<String, Result<String, String>>,
}

/// Judges every webhook of a file.
///
/// # Errors
///
/// If the file is not one of cases.
pub async fn verify(options: Options) -> Result<Told, Any> {
    let text = std::fs::read_to_string(&options.cases)?;
    let mut verdicts = BTreeMap::new();
    for line in text.lines() {
        let case: Case = serde_json::from_str(line)?;
        let body = STANDARD.decode(&case.body)?;
        let headers = headers(&case)?;
        let verdict = match verifier(&case) {
            Ok(verifier) => verifier.verify(&headers, &body).await,
            Err(error) => Err(error),
        };
        let verdict = verdict.map(|event| event.event_type().to_string());
        verdicts.insert(case.name, verdict.map_err(|error| told(&error)));
    }
    Ok(Told { verdicts })
}

fn headers(case: &Case) -> Result<HeaderMap, Any> {
    let mut headers = HeaderMap::new();
    for (name, value) in &case.headers {
        let name = HeaderName::try_from(name.as_str())?;
        headers.append(name, HeaderValue::from_str(value)?);
    }
    Ok(headers)
}

fn verifier(case: &Case) -> genai_batch::Result<Verifier> {
    let Some(url) = &case.keys_url else {
        return Verifier::with_secrets(&case.secrets);
    };
    let mut verifier = Verifier::dynamic().keys_url(url.as_str());
    if let Some(audience) = &case.audience {
        verifier = verifier.audience(audience.as_str());
    }
    verifier.build()
}
