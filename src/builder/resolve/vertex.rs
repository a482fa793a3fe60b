//! From options and environment to a client of Vertex AI: a place, credentials, and the addresses of
//! three services.

use secrecy::SecretString;

use super::{Env, secret};
use crate::backend::AnyBackend;
use crate::backend::vertex::{Addresses, ProjectLocation, Vertex, host};
use crate::builder::{ClientBuilder, GoogleOptions};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::http::Settings;
use crate::http::auth::Auth;
use crate::http::google::{GoogleCredentials, Origin};
use crate::uri::GcsUri;

/// The version that the generated types describe.
const VERTEX_API_VERSION: &str = "v1beta1";

impl ClientBuilder {
    pub(super) fn resolve_vertex(mut self, env: Env<'_>) -> Result<Client> {
        let google = std::mem::take(&mut self.google);
        if self.api_key.is_some() && google.origin.is_some() {
            return Err(Error::configuration(
                "both an API key and Google Cloud credentials are given: leave one out",
            ));
        }
        let place = self.place(env)?;
        let key = match (&self.api_key, &place) {
            (Some(key), _) => Some(key.clone()),
            (None, None) if google.origin.is_none() => secret(env("GOOGLE_API_KEY")),
            (None, _) => None,
        };
        if key.is_none() && place.is_none() {
            return Err(Error::configuration(
                "Vertex AI needs a project: set GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION, \
                 or pass them to Client::vertex; or an API key for the express mode",
            ));
        }
        // The express mode is served all over the world, wherever the caller wants the data.
        if place.is_none() && self.location.is_some() {
            return Err(Error::configuration(
                "the option `location` needs a project: an API key alone is for the express \
                 mode, which has no location; set `project`, or leave `location` out",
            ));
        }
        let addresses = self.addresses(env, place.as_ref(), &google)?;
        let staging = staging(env, google.staging.as_deref())?;
        let auth = self.auth(env, key, google)?;
        // Where they are not given, they are Google's.
        let storage = addresses.storage.as_deref().unwrap_or_default();
        let tables = match cfg!(feature = "bigquery") {
            true => addresses.bigquery.as_deref().unwrap_or_default(),
            false => storage,
        };
        let session = self.session(env, [&addresses.base_url, storage, tables], auth)?;
        let vertex = Vertex::new(session, addresses, place, staging);
        Ok(Client::new(AnyBackend::vertex(vertex)))
    }

    /// The project and location, where there is a project. A key that the caller passes beats a place
    /// from the environment; a place from the environment beats a key from there.
    fn place(&self, env: Env<'_>) -> Result<Option<ProjectLocation>> {
        let project = match (&self.project, &self.api_key) {
            (None, None) => env("GOOGLE_CLOUD_PROJECT"),
            (project, _) => project.clone(),
        };
        let Some(project) = project else {
            return Ok(None);
        };
        let location = self
            .location
            .clone()
            .or_else(|| env("GOOGLE_CLOUD_LOCATION"));
        let location = location.unwrap_or_else(|| "global".to_owned());
        ProjectLocation::new(&project, &location).map(Some)
    }

    fn auth(&self, env: Env<'_>, key: Option<SecretString>, google: GoogleOptions) -> Result<Auth> {
        if key.is_some() && google.quota_project.is_some() {
            return Err(Error::configuration(
                "the option `quota_project` goes with Google Cloud credentials, and an API key \
                 has a project of its own: leave one out",
            ));
        }
        if let Some(key) = key {
            return Auth::api_key(key);
        }
        let origin = google.origin.unwrap_or(Origin::Default);
        let quota_project = google
            .quota_project
            .or_else(|| env("GOOGLE_CLOUD_QUOTA_PROJECT"));
        let patience = self.timeout.unwrap_or(Settings::default().timeout);
        let credentials = GoogleCredentials::new(origin, quota_project, patience)?;
        Ok(Auth::Google(credentials.into()))
    }

    fn addresses(
        &self,
        env: Env<'_>,
        place: Option<&ProjectLocation>,
        google: &GoogleOptions,
    ) -> Result<Addresses> {
        let variable = "GOOGLE_VERTEX_BASE_URL";
        let given = self.base_url.clone().or_else(|| env(variable));
        let base_url = match &given {
            Some(url) => self.checked_url(url, "base_url", variable)?,
            None => host(place.map(|place| &*place.location)),
        };
        let other = |option: &str, variable: &str, given: &Option<String>| {
            let url = given.clone().or_else(|| env(variable));
            let url = url.map(|url| match url.contains("://") {
                true => url,
                // Google's own tools take a host alone.
                false => format!("http://{url}"),
            });
            url.map(|url| self.checked_url(&url, option, variable))
                .transpose()
        };
        Ok(Addresses {
            base_url,
            base_url_is_given: given.is_some(),
            api_version: self.version(env, VERTEX_API_VERSION)?,
            storage: other(
                "storage_base_url",
                "STORAGE_EMULATOR_HOST",
                &google.storage_base_url,
            )?,
            bigquery: other(
                "bigquery_base_url",
                "BIGQUERY_EMULATOR_HOST",
                &google.bigquery_base_url,
            )?,
        })
    }
}

/// Where requests are staged.
fn staging(env: Env<'_>, given: Option<&str>) -> Result<Option<GcsUri>> {
    let staging = match given {
        Some(given) => Some((given.to_owned(), "the option `staging`")),
        None => env("GENAI_BATCH_STAGING").map(|set| (set, "the variable GENAI_BATCH_STAGING")),
    };
    let staging = staging
        .map(|(text, origin)| GcsUri::parse_staging(&text).map_err(|error| error.during(origin)));
    staging.transpose()
}
