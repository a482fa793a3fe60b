//! A file of Google Cloud credentials: where it is looked for, of which kind it is, and what is wrong
//! with one that gives no token.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use google_cloud_auth::build_errors::Error as BuildError;
use google_cloud_auth::credentials::{
    Credentials, external_account, impersonated, service_account, user_account,
};
use google_cloud_auth::errors::CredentialsError;
use serde_json::Value;

use super::censor::Secrets;
use super::told::{Told, without_tokens};
use crate::error::{Error, Kind, Result};

/// What tokens are asked for.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Said where the same call may get a token later.
const NO_TOKEN_NOW: &str = "no access token is available just now";
const VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
/// Where `gcloud` writes credentials, from the folder that the variable names.
#[cfg(windows)]
const WELL_KNOWN: (&str, &str) = ("APPDATA", "gcloud/application_default_credentials.json");
#[cfg(not(windows))]
const WELL_KNOWN: (&str, &str) = (
    "HOME",
    ".config/gcloud/application_default_credentials.json",
);
const SUPPORTED: &str = "supported are `service_account`, `authorized_user`, \
    `impersonated_service_account` and `external_account`; a token made elsewhere can be passed with \
    `access_token`";

/// Credentials as a file has them, and where they stand. Holds secrets, and shows none.
pub(super) struct CredentialsFile {
    json: Value,
    place: String,
}

impl CredentialsFile {
    /// Reads credentials of a kind that is supported. `place` says where they stand.
    pub(super) fn parse(text: &str, place: String) -> Result<Self> {
        // The parser's own words could quote a piece of the key.
        let json: Value = serde_json::from_str(text).map_err(|_| {
            Error::configuration(format!(
                "the Google Cloud credentials {place} are not JSON: put the whole file there, as Google gave it"
            ))
        })?;
        check_kind(&json, &place)?;
        Ok(Self { json, place })
    }

    /// The file of Application Default Credentials; `None` if there is none.
    pub(super) async fn find() -> Result<Option<Self>> {
        let named = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
        if let Some(what) = named
            .as_deref()
            .and_then(|it| not_a_path(&it.to_string_lossy()))
        {
            return Err(Error::configuration(format!(
                "{VARIABLE} {what}, and is to be the path of a file: write the credentials into a file \
                 that only you can read, and set the path of that"
            )));
        }
        let (path, is_named) = match named {
            Some(path) => (PathBuf::from(path), true),
            None => {
                let (folder, file) = WELL_KNOWN;
                let Some(folder) = std::env::var_os(folder) else {
                    return Ok(None);
                };
                (Path::new(&folder).join(file), false)
            }
        };
        let place = match is_named {
            true => format!("in {}, which {VARIABLE} names,", path.display()),
            false => format!("in {}", path.display()),
        };
        match tokio::fs::read_to_string(&path).await {
            Ok(text) => Self::parse(&text, place).map(Some),
            Err(e) if !is_named && e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => {
                let message = format!("the Google Cloud credentials {place} cannot be read: {e}");
                Err(Error::configuration(message).with_source(e))
            }
        }
    }

    /// Credentials that get tokens.
    pub(super) fn build(&self) -> Result<Credentials> {
        from_json(self.json.clone()).map_err(|e| {
            let place = &self.place;
            let message = format!(
                "the Google Cloud credentials {place} cannot be used: something in them is missing \
                 or not what their kind, `{}`, asks for",
                kind(&self.json)
            );
            Error::configuration(message).with_source(e)
        })
    }

    /// The project that quota and costs count against, where the file names one.
    pub(super) fn quota_project(&self) -> Option<&str> {
        let project = self.json.get("quota_project_id").and_then(Value::as_str);
        project.filter(|project| !project.is_empty())
    }

    /// Why they gave no token: what stands in the way here, if anything does, or what the service
    /// that gives tokens said.
    pub(super) async fn explain(&self, error: &CredentialsError) -> Error {
        let (subject, reason) = match self.subject_token().await {
            Ok(token) => (token, None),
            Err(reason) => (None, Some(reason)),
        };
        if let Some(reason) = reason {
            let place = &self.place;
            // The error itself might show what is in that file.
            return Error::configuration(format!(
                "the Google Cloud credentials {place} take their token from {reason}"
            ))
            .unsent();
        }
        let mut secrets = self.secrets();
        secrets.add(subject.as_deref().unwrap_or_default().trim());
        match refusal(error) {
            Some(said) if !error.is_transient() => {
                let message = format!(
                    "no access token is given for the Google Cloud credentials {}: {}",
                    self.place,
                    without_tokens(&secrets.clean(&said))
                );
                let told = Told::of(error, &secrets);
                Error::configuration(message).with_source(told).unsent()
            }
            _ => no_token(error, &secrets),
        }
    }

    /// What they are made of.
    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        collect(&self.json, &mut secrets);
        secrets
    }

    /// The token that is exchanged for one of Google's, where it stands in a file.
    ///
    /// # Errors
    ///
    /// What is wrong with that file.
    async fn subject_token(&self) -> std::result::Result<Option<String>, String> {
        let source = source_of(&self.json);
        let Some(path) = source.get("file").and_then(Value::as_str) else {
            return Ok(None);
        };
        let text = tokio::fs::read_to_string(path).await;
        let text = text.map_err(|e| format!("{path}, which cannot be read: {e}"))?;
        let format = source.get("format");
        let of_format = |name: &str| format?.get(name)?.as_str();
        let field = match of_format("type") {
            Some("json") => of_format("subject_token_field_name"),
            _ => None,
        };
        let Some(field) = field else {
            return Ok(Some(text));
        };
        let json: Option<Value> = serde_json::from_str(&text).ok();
        let token = json.as_ref().and_then(|json| json.get(field)?.as_str());
        match token {
            Some(token) => Ok(Some(token.to_owned())),
            None => Err(format!(
                "the field `{field}` of {path}, where there is no text"
            )),
        }
    }
}

/// Why a value is no path but, by its look, what the file would hold; nothing of it may be shown.
fn not_a_path(value: &str) -> Option<&'static str> {
    const LONGEST: usize = 1024;
    let value = value.trim_start_matches('\u{feff}').trim_start();
    // `{` and what may follow it, in base64.
    let is_base64 = ["eyJ", "ewo", "ew0", "eyA"]
        .iter()
        .any(|it| value.starts_with(it));
    if value.starts_with(['{', '[', '"', '\'']) {
        Some("holds JSON")
    } else if value.contains(['\n', '\r', '\0']) || value.starts_with("-----BEGIN") {
        Some("holds text of several lines")
    } else if is_base64 && value.len() > 64 {
        Some("holds JSON in base64")
    } else if value.len() > LONGEST || value.split(['/', '\\']).any(|name| name.len() > 255) {
        Some("holds more than a path")
    } else {
        None
    }
}

fn kind(json: &Value) -> &str {
    json.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// The `credential_source` of federated credentials, or of those that stand behind impersonation.
fn source_of(json: &Value) -> &Value {
    let inner = json.get("source_credentials").unwrap_or(json);
    &inner["credential_source"]
}

/// Refuses credentials from which no token can be made.
fn check_kind(json: &Value, place: &str) -> Result<()> {
    let refuse = |what: String| {
        let message = format!("the Google Cloud credentials {place} {what}: {SUPPORTED}");
        Err(Error::configuration(message))
    };
    match kind(json) {
        "service_account" | "authorized_user" => Ok(()),
        "impersonated_service_account" => match json.get("source_credentials") {
            Some(source) => check_kind(source, place),
            None => Ok(()),
        },
        "external_account" if source_of(json).get("certificate").is_some() => {
            refuse("authenticate with a certificate (`credential_source.certificate`), which is not supported".to_owned())
        }
        "external_account" => Ok(()),
        "" => refuse("have no `type`, so that nobody knows what they are".to_owned()),
        other => {
            let of = match other {
                "external_account_authorized_user" => ", of workforce identity federation,",
                "gdch_service_account" => ", of Google Distributed Cloud,",
                _ => "",
            };
            refuse(format!("are of the kind `{other}`{of} which is not supported"))
        }
    }
}

/// Credentials of the kind that `type` names.
fn from_json(json: Value) -> std::result::Result<Credentials, BuildError> {
    match kind(&json) {
        "service_account" => service_account::Builder::new(json)
            .with_access_specifier(service_account::AccessSpecifier::from_scopes([SCOPE]))
            .build(),
        "impersonated_service_account" => impersonated::Builder::new(json)
            .with_scopes([SCOPE])
            .build(),
        "external_account" => external_account::Builder::new(json)
            .with_scopes([SCOPE])
            .build(),
        // No other kind comes this far.
        _ => user_account::Builder::new(json).build(),
    }
}

/// What a service that gives tokens said: its `error` and `error_description`.
fn refusal(error: &CredentialsError) -> Option<String> {
    let mut cause: Option<&dyn StdError> = Some(error);
    while let Some(current) = cause {
        let text = current.to_string();
        let body = text.split_once("body=<").map(|(_, body)| body);
        let said = body.and_then(|body| {
            let body = serde_json::Deserializer::from_str(body).into_iter::<Value>();
            let body = body.flatten().next()?;
            let error = body.get("error")?.as_str()?.to_owned();
            Some(
                match body.get("error_description").and_then(Value::as_str) {
                    Some(more) => format!("{error}: {more}"),
                    None => error,
                },
            )
        });
        if said.is_some() {
            return said;
        }
        cause = current.source();
    }
    None
}

/// Takes the secrets out of a credentials file.
fn collect(json: &Value, secrets: &mut Secrets) {
    const NAMES: [&str; 4] = ["secret", "token", "password", "private_key"];
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    // Addresses are told in errors, and no secret.
                    Some(text) if !text.starts_with("https:") && !text.starts_with("http:") => {
                        if NAMES.iter().any(|secret| name.contains(secret)) {
                            secrets.add(text);
                        }
                    }
                    _ => collect(value, secrets),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, secrets)),
        _ => {}
    }
}

/// Why no token is given.
pub(super) fn no_token(error: &CredentialsError, secrets: &Secrets) -> Error {
    let (kind, message) = if error.is_transient() {
        (Kind::Transport, NO_TOKEN_NOW)
    } else {
        (
            Kind::Configuration,
            "no access token is given for these Google Cloud credentials",
        )
    };
    let told = Told::of(error, secrets);
    Error::new(kind, message).with_source(told).unsent()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(json: &Value) -> String {
        let file = CredentialsFile::parse(&json.to_string(), "in /f".to_owned());
        file.err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn kinds_that_give_no_token_are_named() {
        for (json, named) in [
            (
                json!({"type": "external_account_authorized_user"}),
                "`external_account_authorized_user`",
            ),
            (
                json!({"type": "gdch_service_account"}),
                "`gdch_service_account`",
            ),
            (json!({"type": "of_tomorrow"}), "`of_tomorrow`"),
            (json!({}), "no `type`"),
            (
                json!({"type": "external_account", "credential_source": {"certificate": {}}}),
                "certificate",
            ),
            (
                json!({"type": "impersonated_service_account", "source_credentials": {"type": "x"}}),
                "`x`",
            ),
        ] {
            let error = refused(&json);
            assert!(
                error.contains(named) && error.contains("in /f"),
                "{json}: {error}"
            );
        }
        for kind in ["service_account", "authorized_user", "external_account"] {
            assert_eq!(refused(&json!({"type": kind})), "");
        }
        let source = json!({"type": "authorized_user"});
        let json = json!({"type": "impersonated_service_account", "source_credentials": source});
        assert_eq!(refused(&json), "");
    }

    #[test]
    fn a_key_in_place_of_a_path_is_none() {
        let base64 = format!("eyJ{}", "a".repeat(100));
        for key in ["{\"private_key\": 1}", "a\nb", &base64, &"a".repeat(300)] {
            assert!(not_a_path(key).is_some(), "{key}");
        }
        for path in ["/run/secrets/key.json", "C:\\keys\\a.json", "eyes/a.json"] {
            assert_eq!(not_a_path(path), None);
        }
    }

    #[test]
    fn what_is_not_json_is_not_quoted() {
        let error = CredentialsFile::parse("-----BEGIN KEY", "in /f".to_owned())
            .err()
            .unwrap();
        assert!(!error.to_string().contains("KEY"), "{error}");
    }

    #[tokio::test]
    async fn a_token_file_is_told_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.json");
        let json = json!({"type": "external_account", "credential_source": {
            "file": path, "format": {"type": "json", "subject_token_field_name": "t"},
        }});
        let file = CredentialsFile::parse(&json.to_string(), "in /f".to_owned()).unwrap();
        let explain = async || {
            let error = CredentialsError::from_msg(false, "it holds the-secret");
            let error = file.explain(&error).await;
            assert!(error.is_configuration() && !error.was_sent());
            error
        };
        assert!(explain().await.to_string().contains(path.to_str().unwrap()));
        std::fs::write(&path, r#"{"token":"the-secret"}"#).unwrap();
        let error = explain().await;
        assert!(error.to_string().contains("the field `t`"), "{error}");
        assert!(!format!("{error:?}").contains("the-secret"));
    }

    #[tokio::test]
    async fn what_the_token_service_said_is_told() {
        let json = json!({"type": "authorized_user"}).to_string();
        let file = CredentialsFile::parse(&json, "in /f".to_owned()).unwrap();
        let body = r#"{"error":"invalid_grant","error_description":"The audience differs."}"#;
        let said = CredentialsError::from_msg(false, format!("failed, body=<{body}>"));
        let error = file.explain(&said).await;
        assert!(
            error
                .to_string()
                .ends_with("in /f: invalid_grant: The audience differs."),
            "{error}"
        );
    }

    #[test]
    fn what_credentials_are_made_of_is_in_no_error() {
        let json = serde_json::json!({
            "type": "authorized_user", "client_id": "the-client-id",
            "client_secret": "the-client-secret", "refresh_token": "the-refresh-token",
            "token_url": "https://oauth2.example/token",
            "source_credentials": { "private_key": "-----BEGIN\nthe-key\n-----END" },
        });
        let file = CredentialsFile::parse(&json.to_string(), "in /f".to_owned()).unwrap();
        let secrets = file.secrets();
        let shown =
            "the-client-secret the-refresh-token https://oauth2.example/token the-client-id";
        assert_eq!(
            secrets.clean(shown),
            "[censored] [censored] https://oauth2.example/token the-client-id"
        );
        assert_eq!(
            secrets.clean("-----BEGIN\\nthe-key\\n-----END"),
            "[censored]"
        );
    }
}
