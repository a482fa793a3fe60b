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
//! | write requests | [`Request`], [`Part`], [`GenerationConfig`], [`Tool`], [`EmbedRequest`] |
//! | check requests and their cost before | [`Source::preflight`], [`Diagnosis`], [`Pricing`] |
//! | submit | [`Batches::create`], [`Batches::create_embeddings`], [`Batches::run`] |
//! | follow jobs | [`Batches::wait`], [`Batches::wait_all`], [`Batches::list`], [`BatchJob`] |
//! | be told when a job ends (Gemini) | [`WebhookConfig`], `webhook`, `Wait::webhook` |
//! | read results | [`Batches::results`], [`ResultStream`], [`BatchResult`], [`Report`] |
//! | get answers as Rust types | `Request::output`, [`BatchResult::parse`], [`ResultStream::typed`] |
//! | handle errors | [`Error`] |
//! | come from another client | [`coming_from`] |
//! | upload and download files (Gemini) | [`Files`] |
//! | reach what is not covered | [`Request::patch`], [`Create::patch`], [`BatchJob::to_value`], [`raw`] |
//!
//! # How a request flows
//!
//! ```text
//! options → source → backend/*/request → raw client → http::Session → wire
//! wire → raw client → backend/*/convert → BatchJob → results → storage
//! ```
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
//! | `schema` | yes | answers in the shape of Rust types: `Request::output`, `schema` |
//! | `bigquery` | no | results in BigQuery tables |
//! | `blocking` | no | `blocking`, the same client for programs without async |
//! | `webhook` | no | the module `webhook`: being told when a job ends |

mod backend;
mod batches;
#[cfg(feature = "_bench")]
#[doc(hidden)]
pub mod benching;
#[cfg(any(test, fuzzing, feature = "_bench"))]
mod block_on;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod client;
mod cost;
mod destination;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod job;
mod name;
mod open_set;
mod options;
mod page;
mod preflight;
pub mod raw;
mod request;
mod results;
mod scan;
#[cfg(feature = "schema")]
pub mod schema;
mod source;
mod state;
mod storage;
mod trace;
mod wait;
#[cfg(feature = "webhook")]
pub mod webhook;
mod wire;

pub use backend::Backend;
pub use batches::{Batches, Create, List, Results, Run, Save, Update};
pub use builder::ClientBuilder;
pub use client::Client;
pub use cost::{Cost, CostEstimate, Estimate, ModelCost, ModelUsage, Pricing, TokenUsage};
pub use destination::Destination;
pub use error::{Error, Result};
#[cfg(feature = "vertex")]
#[doc(no_inline)]
pub use google_cloud_auth;
pub use http::limits::Limits;
pub use http::retry::RetryPolicy;
pub use job::{BatchJob, JobDestination, JobRef, JobSource, JobStats, Status};
pub use options::WebhookConfig;
pub use page::Page;
pub use preflight::{Diagnosis, Finding, FindingCode, LimitUse, Preflight, Severity};
pub use request::{
    Content, EmbedRequest, Entry, FunctionCallingMode, FunctionDeclaration, GenerationConfig,
    HarmBlockMethod, HarmBlockThreshold, HarmCategory, ImageConfig, MediaResolution, Modality,
    Part, Request, SafetySetting, ServiceTier, SpeechConfig, TaskType, ThinkingConfig,
    ThinkingLevel, Tool, ToolConfig, VideoMetadata,
};
pub use results::Part as ResponsePart;
pub use results::{
    AnswerError, BatchResult, BlockReason, Candidate, Citation, FinishReason, FunctionCall,
    Grounding, GroundingSegment, GroundingSource, GroundingSupport, HarmProbability, InlineData,
    Key, Logprobs, ModalityTokens, Outcome, PromptFeedback, Report, Response, ResultStream,
    RowError, SafetyRating, Standing, TokenLogprob, TypedResults, Usage, UsageDetails,
};
#[cfg(feature = "schema")]
#[doc(no_inline)]
pub use schemars;
pub use source::Source;
pub use source::prepare::InlineLimit;
pub use state::{JobState, OtherState};
pub use storage::files::{Download, File, Files, FilesList, Upload, UploadSource};
pub use wait::{Wait, WaitAll};
#[doc(no_inline)]
pub use {chrono, reqwest, serde_json};

#[cfg(any(doc, doctest))]
pub mod coming_from {
    #![doc = include_str!("../docs/coming-from.md")]
}

/// The README's example, compiled.
#[cfg(all(doctest, feature = "vertex", feature = "schema"))]
#[doc = include_str!("../README.md")]
struct Readme;
