//! Which client there is, and of which kind its credentials are.

use std::path::{Path, PathBuf};

use genai_batch::{Backend, Client};

use super::{Check, Env, Status};
use crate::exit::Kind;
use crate::global::Global;

const VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
/// Where `gcloud` writes credentials, below the folder that the variable names.
const WELL_KNOWN: (&str, &str) = match cfg!(windows) {
    true => ("APPDATA", "gcloud/application_default_credentials.json"),
    false => (
        "HOME",
        ".config/gcloud/application_default_credentials.json",
    ),
};

/// Which service is called, and where.
pub(super) fn client(client: &Client) -> Check {
    let mut detail = format!("{} at {}", client.backend(), client.base_url());
    if let Some(project) = client.project() {
        detail += &format!(", project {project}");
    }
    if let Some(location) = client.location() {
        detail += &format!(", location {location}");
    }
    Check::new("client", Status::Ok, detail)
}

/// Of which kind the credentials are.
pub(super) fn kind(client: &Client, global: &Global, env: Env<'_>) -> Check {
    const NAME: &str = "credentials";
    if global.emulator {
        return Check::new(NAME, Status::Ok, "those of the emulator");
    }
    let key = ["GOOGLE_API_KEY", "GEMINI_API_KEY"];
    let key = key.into_iter().find(|name| env(name).is_some());
    if client.backend() == Backend::Gemini || client.project().is_none() {
        let from = key.unwrap_or("the environment");
        return Check::new(NAME, Status::Ok, format_args!("an API key from {from}"));
    }
    let named = env(VARIABLE).map(PathBuf::from);
    // What leads to no file may be the key itself, and is not shown.
    if named.as_deref().is_some_and(|path| !path.is_file()) {
        let detail = format!("{VARIABLE} is not the path of a file that is there");
        return Check::failed(NAME, Kind::Credentials, detail);
    }
    let (folder, file) = WELL_KNOWN;
    let known = || Some(Path::new(&env(folder)?).join(file)).filter(|path| path.is_file());
    let Some(path) = named.or_else(known) else {
        let check = Check::new(
            NAME,
            Status::Ok,
            "those of the machine, from its metadata server",
        );
        return check.hint("elsewhere than on Google Cloud: gcloud auth application-default login");
    };
    let shown = path.display();
    // The contents are secret, but for this field.
    let read = std::fs::read_to_string(&path).map_err(|error| error.to_string());
    let json = read.and_then(|text| {
        serde_json::from_str::<serde_json::Value>(&text).map_err(|_| "it is not JSON".to_owned())
    });
    match json {
        Ok(json) => {
            let kind = json.get("type").and_then(serde_json::Value::as_str);
            let kind = kind.unwrap_or("of no known kind");
            Check::new(NAME, Status::Ok, format_args!("{kind}, in {shown}"))
        }
        Err(why) => Check::failed(
            NAME,
            Kind::Credentials,
            format_args!("{shown} cannot be read: {why}"),
        ),
    }
}
