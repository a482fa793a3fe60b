//! The same client for programs without async: every call waits for its response on the thread
//! that makes it, and streams are iterators.
//!
//! ```no_run
//! use genai_batch::blocking::Client;
//! use genai_batch::Outcome;
//!
//! fn main() -> genai_batch::Result<()> {
//!     let client = Client::from_env()?;
//!     let job = client
//!         .batches()
//!         .create("gemini-2.5-flash", vec!["What is AI?", "What is ML?"])
//!         .display_name("two questions")
//!         .call()?;
//!     let job = client.batches().wait(&job).call()?;
//!     let mut results = client.batches().results(&job).call()?;
//!     for result in &mut results {
//!         let result = result?;
//!         if let Outcome::Response(response) = result.outcome() {
//!             println!("{:?}: {}", result.key(), response.text().unwrap_or_default());
//!         }
//!     }
//!     println!("{}", results.report());
//!     Ok(())
//! }
//! ```
//!
//! Each method is that of the async type of the same name, which documents it. Where the async
//! builder is awaited, this one has `call`.
//!
//! A client has one thread of its own, which tends its connections; it ends with the last handle.
//! From within an async runtime, `spawn_blocking` included, every call is an error: use the
//! async client there, or a thread of `std::thread`. In a process that was forked from the one that
//! made the client, the thread is missing, and every call is an error, too: make a client there.

mod batches;
mod builder;
mod engine;
mod files;
mod iter;
#[cfg(feature = "runs")]
pub mod runs;

use std::fmt;

pub use batches::{Batches, Create, List, Preflight, Results, Run, Save, Update, Wait, WaitAll};
use engine::Engine;
pub use files::{Download, Files, FilesList, Upload};
pub use iter::{Iter, ResultIter, TypedIter};

use crate::error::Result;
use crate::source::Source;

/// A client of one backend, for threads. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    client: crate::Client,
    engine: Engine,
}

impl Client {
    /// A client configured by environment variables; see [`crate::Client::from_env`].
    ///
    /// # Errors
    ///
    /// If there are no credentials, a value is invalid, or no thread can be started.
    pub fn from_env() -> Result<Self> {
        crate::Client::from_env()?.blocking()
    }

    /// A client of the Gemini Developer API; see [`crate::Client::gemini`].
    ///
    /// # Errors
    ///
    /// If the key is empty or cannot be sent, or no thread can be started.
    pub fn gemini(api_key: impl Into<String>) -> Result<Self> {
        crate::Client::gemini(api_key)?.blocking()
    }

    /// A client of Vertex AI; see [`crate::Client::vertex`].
    ///
    /// # Errors
    ///
    /// If the project or location is invalid, or no thread can be started.
    #[cfg(feature = "vertex")]
    pub fn vertex(project: impl Into<String>, location: impl Into<String>) -> Result<Self> {
        crate::Client::vertex(project, location)?.blocking()
    }

    /// The async client behind this one, for what has no call here: its options and
    /// [`raw`](crate::Client::raw).
    pub fn as_async(&self) -> &crate::Client {
        &self.client
    }

    /// Waits for a future of the async client, for what has no call here:
    /// [`raw`](crate::Client::raw), `webhook::Verifier::verify`,
    /// [`InlineData::save_to`](crate::response::InlineData::save_to).
    ///
    /// # Errors
    ///
    /// If it is called from within an async runtime.
    ///
    /// ```no_run
    /// # fn example(client: genai_batch::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let raw = client.as_async().raw();
    /// let gemini = raw.gemini().ok_or("this client talks to another backend")?;
    /// let operation = client.block_on(gemini.batches_get("123abc"))??.into_inner();
    /// # Ok(())
    /// # }
    /// ```
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output> {
        self.engine.block_on(future)
    }

    /// Batch jobs: create, wait, read results.
    pub fn batches(&self) -> Batches {
        Batches::new(self.client.batches(), self.engine.clone())
    }

    /// Runs: any number of requests over many jobs, kept in a file.
    #[cfg(feature = "runs")]
    pub fn runs(&self) -> runs::Runs {
        runs::Runs::new(self.client.runs(), self.engine.clone())
    }

    /// Checks a source before it is sent; see [`Source::preflight`].
    ///
    /// ```no_run
    /// # fn example(client: genai_batch::blocking::Client) -> genai_batch::Result<()> {
    /// let source = genai_batch::Source::try_from("requests.jsonl")?;
    /// let diagnosis = client.preflight(source).model("gemini-2.5-flash").call()?;
    /// println!("{diagnosis}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn preflight(&self, source: Source) -> Preflight {
        Preflight::new(source.preflight(&self.client), self.engine.clone())
    }

    /// The Files API, which the Gemini Developer API alone has.
    pub fn files(&self) -> Files {
        Files::new(self.client.files(), self.engine.clone())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("blocking::Client")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl crate::Client {
    /// The same client for programs without async, with a thread of its own; see
    /// [`blocking`](crate::blocking).
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    ///
    /// ```no_run
    /// # fn example() -> genai_batch::Result<()> {
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder().api_key("my-api-key").build()?.blocking()?;
    /// for job in client.batches().list().iter() {
    ///     println!("{}", job?.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn blocking(self) -> Result<Client> {
        Ok(Client {
            client: self,
            engine: Engine::start()?,
        })
    }
}
