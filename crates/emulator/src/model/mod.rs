//! The model behind the jobs: what answers each request. Tests bring their own; [`DefaultModel`]
//! gives useful, repeatable answers without one.

mod answers;
mod api;
mod default;
mod embedding;
mod failure;
mod lexicon;
mod prompt;
mod response;
mod schema;

pub use api::Model;
pub use default::DefaultModel;
pub use failure::RowFailure;
pub use prompt::prompt_of;
pub use response::{embedding_response, text_response, token_count};
