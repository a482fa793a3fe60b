//! The variables that the command reads.

use std::path::Path;

use super::{Check, Env, Kind, Status};

/// Each, and whether its value may be shown.
const VARIABLES: [(&str, bool); 14] = [
    ("GEMINI_API_KEY", false),
    ("GOOGLE_API_KEY", false),
    ("GOOGLE_GEMINI_BASE_URL", false),
    ("GOOGLE_GENAI_USE_VERTEXAI", true),
    ("GOOGLE_GENAI_USE_ENTERPRISE", true),
    ("GOOGLE_CLOUD_PROJECT", true),
    ("GOOGLE_CLOUD_LOCATION", true),
    ("GOOGLE_CLOUD_QUOTA_PROJECT", true),
    ("GOOGLE_APPLICATION_CREDENTIALS", true),
    ("GENAI_BATCH_STAGING", true),
    ("GOOGLE_VERTEX_BASE_URL", false),
    ("GOOGLE_GENAI_API_VERSION", true),
    ("STORAGE_EMULATOR_HOST", false),
    ("BIGQUERY_EMULATOR_HOST", false),
];

pub(super) fn look(env: Env<'_>) -> Vec<Check> {
    let keys = ["GEMINI_API_KEY", "GOOGLE_API_KEY"];
    let has_both = keys.iter().all(|name| env(name).is_some());
    let checks = VARIABLES.iter().map(|&(name, may_be_shown)| {
        let Some(value) = env(name) else {
            return Check::new(name, Status::Note, "not set");
        };
        // What leads to no file may be the key itself, and is not shown.
        if name == "GOOGLE_APPLICATION_CREDENTIALS" && !Path::new(&value).is_file() {
            let detail = "set, and not to the path of a file that is there";
            let check = Check::failed(name, Kind::Credentials, detail);
            return check.hint(
                "write the credentials into a file that only you can read, and set its path",
            );
        }
        let detail = match may_be_shown {
            true => format!("set to {value}"),
            false => "set".to_owned(),
        };
        if value.trim() != value {
            let check = Check::new(name, Status::Warning, "set, with spaces around it");
            return check.hint("set it again without them");
        }
        if has_both && name == "GEMINI_API_KEY" {
            let check = Check::new(name, Status::Warning, "set, and not used");
            return check.hint("GOOGLE_API_KEY comes before it: unset one of them");
        }
        Check::new(name, Status::Ok, detail)
    });
    checks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_that_may_be_secret_is_shown() {
        let secret = "sk-SECRET-1 ";
        for value in [secret, secret.trim()] {
            let env = |name: &str| {
                let is_secret = name.ends_with("_KEY") || name.ends_with("_URL");
                is_secret.then(|| value.to_owned())
            };
            for check in look(&env) {
                assert!(!format!("{check:?}").contains("SECRET-1"), "{check:?}");
            }
        }
        let key = "{\"private_key\": \"SECRET-1\"}\n";
        for value in [key, key.trim()] {
            let env = |name: &str| name.ends_with("_CREDENTIALS").then(|| value.to_owned());
            let checks = look(&env);
            assert!(!format!("{checks:?}").contains("SECRET-1"), "{checks:?}");
            assert!(checks.iter().any(|check| check.status == Status::Error));
        }
        let env = |name: &str| (name == "GOOGLE_CLOUD_PROJECT").then(|| "p-1".to_owned());
        assert!(look(&env).iter().any(|check| check.detail == "set to p-1"));
    }

    #[test]
    fn a_key_that_is_not_used_is_told() {
        let both = look(&|name| name.ends_with("_API_KEY").then(|| "k".to_owned()));
        let statuses: Vec<_> = both.iter().take(2).map(|check| check.status).collect();
        assert_eq!(statuses, [Status::Warning, Status::Ok]);
    }
}
