//! Batch inference on Google's Gen AI backends: submit a data set, wait, and read every
//! result under its key.
//!
//! ```no_run
//! use futures_util::TryStreamExt;
//! use genai_batch::{Client, Outcome};
//!
//! # async fn example() -> genai_batch::Result<()> {
//! let client = Client::from_env()?; // GEMINI_API_KEY
//!
//! let job = client
//!     .batches()
//!     .create("gemini-2.5-flash", "requests.jsonl")
//!     .display_name("nightly")
//!     .await?;
//! let job = client.batches().wait(&job).await?;
//!
//! let mut results = client.batches().results(&job).await?;
//! while let Some(result) = results.try_next().await? {
//!     let key = result.key().unwrap_or("(no key)");
//!     match result.outcome() {
//!         Outcome::Response(response) => println!("{key}: {}", response.text().unwrap_or_default()),
//!         Outcome::Error(error) => println!("{key}: {error}"),
//!         Outcome::Missing => println!("{key}: nothing came back"),
//!     }
//! }
//! println!("{}", results.report());
//! # Ok(())
//! # }
//! ```
//!
//! # Where to go from here
//!
//! | to … | see |
//! |---|---|
//! | make a client | [`Client::from_env`], [`Client::gemini`], `Client::vertex`, [`ClientBuilder`] |
//! | say where requests are | [`Source`] |
//! | write requests | [`Request`], [`Part`], [`GenerationConfig`], [`EmbedRequest`], [`request`] |
//! | run Claude, open models and models of your own | [`request::Form`], [`Batches::form_of`], [`Create::form`](batches::Create::form) |
//! | check requests and their cost before | [`Source::preflight`], [`Create::preflight`](batches::Create::preflight), [`preflight`], [`cost`] |
//! | submit | [`Batches::create`], [`Batches::create_all`], [`Batches::create_embeddings`], [`Batches::run`], [`batches`] |
//! | submit more than a job takes, or survive the end of the process | `runs` |
//! | follow jobs | [`Batches::wait`], [`Batches::wait_all`], [`BatchJob::progress`], [`wait`], [`Batches::list`] |
//! | be told when a job ends (Gemini) | [`batches::WebhookConfig`], `webhook`, `Wait::webhook` |
//! | read results | [`Batches::results`], [`ResultStream`], [`BatchResult`], [`Report`], [`results`] |
//! | look into a response | [`Response`], [`response`] |
//! | get responses as Rust types | `Request::output`, [`BatchResult::parse`], [`ResultStream::typed`] |
//! | handle errors | [`Error`] |
//! | come from another client | [`migration`] |
//! | upload and download files (Gemini) | [`files`] |
//! | reach what is not covered | [`Request::patch`], [`Create::patch`](batches::Create::patch), [`BatchJob::to_value`], [`raw`] |
//!
//! # Where names are
//!
//! The root has what every program names. Each module has the whole of one subject, what the root
//! takes from it included: [`Request`] is `request::Request`, and whoever writes requests finds all
//! that goes into one beside it. Nothing has a second name.
//!
//! # How a request flows
//!
//! ```text
//! options → source → backend/*/request → raw client → http::Session → network
//! network → raw client → backend/*/convert → BatchJob → results → storage
//! ```
//!
//! # Floors
//!
//! The modules of the sources, from the ground up. Each uses what is below it, and nothing beside
//! or above it; a test holds the code to this.
//!
//! | modules | what they are |
//! |---|---|
//! | `shown` `clock` | what others wrote, as it is shown; the time of day |
//! | `scan` `open_enum` `state` `spool` `platform` `unique` `counted` `text` | JSON read in place, enums that grow, and what else needs nothing of ours |
//! | `keys` | what was submitted: the keys, and which are missing or there twice |
//! | `job` | what a service says of a job |
//! | `error` | what goes wrong |
//! | `uri` | addresses in Cloud Storage and BigQuery |
//! | `name` `destination` `page` `trace` `local` | names of resources, places for results, lists page by page, spans, local files |
//! | `http` | requests: credentials, retries, limits |
//! | `raw` `webhook` | the generated clients, and the notices that services send |
//! | `wire` | what Google's JSON has in common |
//! | `file` | what a service says of an uploaded file |
//! | `request` | requests as they are written |
//! | `form` | requests in the words of other models than Google's |
//! | `source` | where requests come from, and how they are made ready to be sent |
//! | `results` `options` | results as they are read; options of a create |
//! | `response` `storage` `cost` `schema` | what is in a result's response; Cloud Storage and BigQuery; prices; Rust types as the shape of responses |
//! | `backend` | the services |
//! | `wait` `files` | following jobs; uploads and downloads |
//! | `batches` | the calls of a job's life |
//! | `runs` | any number of requests over many jobs, kept in a file |
//! | `client` | the client |
//! | `builder` `preflight` | making a client; checking requests beforehand |
//! | `blocking` | the same without async |
//!
//! # Keys
//!
//! Every request has a key: yours, or `request-N` where you gave none, N being its place from 1
//! or in a file its line. Keys are checked to
//! be unique before anything is sent, and results are matched by key alone, never by their
//! order, which the services do not promise. What the services lose on the way shows in the
//! [`Report`].
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `vertex` | yes | Vertex AI, with Google Cloud credentials, and `raw::vertex` |
//! | `gcs` | yes | requests and results in Cloud Storage |
//! | `schema` | yes | responses in the shape of Rust types: `Request::output`, `schema` |
//! | `bigquery` | no | results in BigQuery tables |
//! | `blocking` | no | `blocking`, the same client for programs without async |
//! | `runs` | no | the module `runs`: any number of requests over many jobs, kept in a file through whatever happens to the process |
//! | `webhook` | no | the module `webhook`: being told when a job ends |
//! | `rustls-aws-lc` | yes | TLS by rustls on aws-lc |
//! | `rustls-ring` | no | TLS by rustls on ring |
//! | `rustls-no-provider` | no | nothing: says that the program brings the cryptography of TLS |
//!
//! # TLS
//!
//! All connections are of rustls, and its cryptography is the program's to choose. What it has
//! installed as the default of the process (`rustls::crypto::CryptoProvider::install_default`) is
//! taken first; else aws-lc, if it is built in; else ring, which then becomes the default of the
//! process when the first client or webhook verifier is made. Where there is neither, these are
//! refused with an error that says so, and so is a build without default features that names none.
//!
//! The same provider checks webhooks that are signed with a published key, signs what service accounts
//! sign (`google-cloud-auth` takes it from the process), and serves Cloud Storage and BigQuery, which
//! are called over the client's own connections. Secrets of webhooks and digests of files are
//! computed by RustCrypto in every build. With `rustls-ring` alone nothing of aws-lc is compiled.

// `internals` opens items to the benches and fuzz targets, and to nobody where it is off.
#![cfg_attr(not(feature = "_internals"), allow(unreachable_pub))]

mod backend;
pub mod batches;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod client;
mod clock;
pub mod cost;
mod counted;
mod destination;
mod error;
mod file;
pub mod files;
mod form;
mod http;
#[cfg(feature = "_internals")]
#[doc(hidden)]
pub mod internals;
pub mod job;
mod keys;
mod local;
mod name;
mod open_enum;
mod options;
mod page;
mod platform;
pub mod preflight;
pub mod raw;
pub mod request;
pub mod response;
pub mod results;
#[cfg(feature = "runs")]
pub mod runs;
mod scan;
#[cfg(feature = "schema")]
pub mod schema;
mod shown;
mod source;
mod spool;
mod state;
mod storage;
#[cfg(test)]
mod testing;
mod text;
mod trace;
mod unique;
mod uri;
pub mod wait;
#[cfg(feature = "webhook")]
pub mod webhook;
mod wire;

pub use batches::Batches;
pub use builder::ClientBuilder;
pub use client::Client;
pub use destination::Destination;
pub use error::{Error, Result};
pub use http::limits::Limits;
pub use http::retry::RetryPolicy;
pub use job::{BatchJob, JobState};
pub use page::Page;
pub use platform::Backend;
pub use request::{EmbedRequest, GenerationConfig, Part, Request};
pub use response::Response;
pub use results::{BatchResult, Key, Outcome, Report, ResultStream};
pub use source::Source;

/// The crates whose types are part of this API, for programs that do not depend on them otherwise.
///
/// ```
/// use genai_batch::Request;
/// use genai_batch::external::serde_json::json;
///
/// let request = Request::text("Three primes?").patch(json!({"labels": {"team": "maths"}}));
/// ```
pub mod external {
    #[cfg(feature = "vertex")]
    #[doc(no_inline)]
    pub use google_cloud_auth;
    #[cfg(feature = "schema")]
    #[doc(no_inline)]
    pub use schemars;
    #[doc(no_inline)]
    pub use {chrono, reqwest, serde_json};
}

#[cfg(any(doc, doctest))]
pub mod migration {
    #![doc = include_str!("../docs/migration.md")]
}

/// The README's examples, compiled.
#[cfg(all(
    doctest,
    feature = "vertex",
    feature = "schema",
    feature = "blocking",
    feature = "runs"
))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The example of `docs/runs.md`, compiled.
#[cfg(all(doctest, feature = "runs"))]
#[doc = include_str!("../docs/runs.md")]
struct RunsDocument;
