//! Where tokens come from and who is let in with them: the token endpoints of OAuth and of the
//! Security Token Service, impersonation, and the metadata server of a virtual machine.
//!
//! A call comes in through [`route`] to [`serve`] and is answered by [`grants`], [`impersonation`] or
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
mod identity;
mod impersonation;
mod jwt;
mod keys;
mod metadata;
mod route;
mod serve;
mod service;
mod tokens;

pub(crate) use authorization::TokenRefusal;
pub(crate) use route::Route;
pub(crate) use service::{Oauth, Settings};
pub use tokens::{TokenKind, TokenSnapshot};
