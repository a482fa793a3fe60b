//! Where tokens come from and who is let in with them: the token endpoints of OAuth and of the
//! Security Token Service, impersonation, and the metadata server of a virtual machine.
//!
//! A call comes in through [`route`] and is answered by [`grants`], [`impersonation`] or
//! [`metadata`]. [`tokens`] keeps what was issued, [`keys`] the key of the service account, [`jwt`]
//! reads what was signed with it, and [`credentials`] writes the files that lead clients here.
//! [`authorization`] judges the credentials of calls to other services.
//!
//! | Path | What |
//! |---|---|
//! | `POST /token` | every grant, in a form or as JSON |
//! | `POST /v1/token` | the same, under the path of the Security Token Service |
//! | `POST /v1/projects/-/serviceAccounts/EMAIL:generateAccessToken` | impersonation |
//! | `GET /subject-token` | a token of the outside identity that token exchange takes |
//! | `GET /computeMetadata/v1/…`, `GET /` | the metadata server |

mod authorization;
mod credentials;
mod grants;
mod impersonation;
mod jwt;
mod keys;
mod metadata;
mod route;
mod tokens;

use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

pub(crate) use authorization::TokenRefusal;
pub(crate) use route::{Call, Route};
pub use tokens::{TokenKind, TokenSnapshot};

use crate::clock::Clock;
use crate::error::ApiError;
use crate::faults::Faults;
use crate::gemini::read;
use crate::server::drain;

/// The project of the emulator's own accounts.
const PROJECT: &str = "emulator-project";
const PROJECT_NUMBER: &str = "123456789012";
/// The service account whose key the emulator gives away, and that its virtual machine runs as.
const SERVICE_ACCOUNT: &str = "emulator@emulator-project.iam.gserviceaccount.com";
/// The service account that others act as.
const IMPERSONATED: &str = "impersonated@emulator-project.iam.gserviceaccount.com";
const CLIENT_ID: &str = "emulator-client.apps.googleusercontent.com";
const CLIENT_SECRET: &str = "emulator-client-secret";
const REFRESH_TOKEN: &str = "1//emulator-refresh-token";
const SUBJECT_TOKEN: &str = "emulator-subject-token";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// What a builder may set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) api_key: Option<String>,
    /// Whether calls of Google Cloud have to come with a live token.
    pub(crate) required: bool,
    pub(crate) token_lifetime: Duration,
}

/// The endpoints and all they hold.
#[derive(Debug)]
pub(crate) struct Oauth {
    settings: Settings,
    clock: Clock,
    faults: Faults,
    tokens: tokens::Tokens,
    key: keys::LazyKey,
}

impl Oauth {
    pub(crate) fn new(settings: Settings, clock: Clock, faults: Faults) -> Self {
        Self {
            settings,
            clock,
            faults,
            tokens: tokens::Tokens::default(),
            key: keys::LazyKey::default(),
        }
    }

    pub(crate) async fn serve(&self, route: Route, head: &Parts, body: Body) -> Response {
        match route.call {
            Call::Token => match read(body).await {
                Ok(body) => self.grant(&body),
                Err(error) => error.into_response(),
            },
            Call::GenerateAccessToken(email) => match read(body).await {
                Ok(body) => self
                    .generate_access_token(&email, head, &body)
                    .unwrap_or_else(ApiError::into_response),
                Err(error) => error.into_response(),
            },
            Call::SubjectToken => {
                drain(body).await;
                metadata::text(SUBJECT_TOKEN)
            }
            Call::Metadata => {
                drain(body).await;
                self.metadata(head)
            }
        }
    }

    fn lifetime_seconds(&self) -> u64 {
        self.settings.token_lifetime.as_secs()
    }
}
