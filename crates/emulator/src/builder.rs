//! How an emulator is set up before it starts.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::access::Access;
use crate::bigquery::{self, BigQuery, Tables};
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::faults::{Fault, Faults};
use crate::gemini::{Gemini, Settings, Webhooks};
use crate::log::Log;
use crate::model::{DefaultModel, Model};
use crate::oauth::{self, Oauth};
use crate::server::Server;
use crate::services::Services;
use crate::state::{Loading, State};
use crate::storage::{self, Buckets, Storage};
use crate::vertex::{self, Datasets, Stores, Vertex};

/// Sets up an [`Emulator`].
///
/// ```
/// use std::time::Duration;
/// use genai_batch_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::builder()
///     .api_key("test-key")
///     .job_duration(Duration::from_secs(60))
///     .paused_clock()
///     .start()
///     .await?;
/// emulator.clock().advance(Duration::from_secs(60));
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens before start"]
pub struct Builder {
    address: SocketAddr,
    public_url: Option<String>,
    api_key: Option<String>,
    job_duration: Duration,
    max_page_size: usize,
    chunk_granularity: u64,
    min_part_size: usize,
    query_page_size: usize,
    clock_scale: f64,
    clock_paused: bool,
    faults: Faults,
    model: Arc<dyn Model>,
    access: Access,
    token_lifetime: Duration,
    webhook_secrets: Vec<String>,
    state: Option<PathBuf>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            public_url: None,
            api_key: None,
            job_duration: Duration::from_millis(1200),
            max_page_size: 1000,
            chunk_granularity: 256 * 1024,
            min_part_size: 5 * 1024 * 1024,
            query_page_size: 10_000,
            clock_scale: 1.0,
            clock_paused: false,
            faults: Faults::default(),
            model: Arc::new(DefaultModel::new()),
            access: Access::default(),
            token_lifetime: Duration::from_secs(3600),
            webhook_secrets: Vec::new(),
            state: None,
        }
    }

    /// The address to listen on; 127.0.0.1 by default.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.address.set_ip(host);
        self
    }

    /// The port to listen on; one that is free by default.
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// The URL that clients reach the emulator by, where something stands between them; by default it
    /// is that of the address. The addresses that its answers name, such as those of uploads, begin
    /// with it.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Lets in only this API key; by default any will do. Tokens are taken on trust.
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = Some(api_key.into());
        self
    }

    /// Refuses calls of Vertex AI, Cloud Storage and BigQuery that come without a live token of this
    /// emulator; by default they are let in. Vertex AI also takes an API key.
    pub fn require_authentication(mut self) -> Self {
        self.access.required = true;
        self
    }

    /// How long tokens are good for, by the emulator's clock; an hour by default.
    pub fn token_lifetime(mut self, token_lifetime: Duration) -> Self {
        self.token_lifetime = token_lifetime;
        self
    }

    /// Signs webhooks with this secret, `whsec_` and base64, as those of a whole project are; each
    /// further one adds a signature, as in a rotation. By default they are signed as those of a
    /// single job are: with an RSA key whose public half is at `/.well-known/jwks.json`.
    ///
    /// [`start`](Self::start) refuses one that is not base64.
    pub fn webhook_secret(mut self, secret: impl Into<String>) -> Self {
        self.webhook_secrets.push(secret.into());
        self
    }

    /// How long a job takes from its creation to its end, by the emulator's clock; 1.2 s by default.
    ///
    /// It spends the first fifth pending and the rest running. A job that would take longer than
    /// 48 hours expires then, without results: `Duration::MAX` makes jobs that never finish. A job of
    /// Vertex AI is queued for half of that fifth; it expires after 72 hours without a start, or
    /// after 24 hours of running, with the rows finished by then.
    pub fn job_duration(mut self, job_duration: Duration) -> Self {
        self.job_duration = job_duration;
        self
    }

    /// The most that a page of a listing holds, whatever is asked for; 1,000 by default.
    pub fn max_page_size(mut self, max_page_size: usize) -> Self {
        self.max_page_size = max_page_size;
        self
    }

    /// The number of bytes that the size of every upload chunk but the last must be a multiple of;
    /// 262,144 by default, as with the service. 1 allows chunks of any size.
    pub fn chunk_granularity(mut self, chunk_granularity: u64) -> Self {
        self.chunk_granularity = chunk_granularity.max(1);
        self
    }

    /// The most rows that a page of a query's result holds; 10,000 by default.
    pub fn query_page_size(mut self, query_page_size: usize) -> Self {
        self.query_page_size = query_page_size;
        self
    }

    /// How many bytes every part of a multipart upload of Cloud Storage must have, but for the last;
    /// 5,242,880 by default, as with the service. 0 allows parts of any size.
    pub fn min_part_size(mut self, min_part_size: usize) -> Self {
        self.min_part_size = min_part_size;
        self
    }

    /// How many seconds pass on the emulator's clock in a real one; 1 by default.
    pub fn clock_scale(mut self, clock_scale: f64) -> Self {
        self.clock_scale = clock_scale;
        self
    }

    /// Starts with the clock stopped, so that jobs go on only as it is advanced.
    pub fn paused_clock(mut self) -> Self {
        self.clock_paused = true;
        self
    }

    /// Keeps jobs, files, objects and tables in this folder, so that the next emulator goes on with
    /// them, however this one ends. By default nothing outlives the emulator.
    ///
    /// A call is answered once what it changed is written down, and jobs go on by the clock meanwhile.
    /// The emulator listens where the last one did, if the port is free and none is named, so that the
    /// URLs of uploads hold. Tokens, the results of queries, [requests](Emulator::requests) and faults
    /// begin anew, but for the faults that a job was made with.
    ///
    /// [`start`](Self::start) refuses a folder that is damaged, has other files, or is in use by another
    /// emulator.
    ///
    /// ```
    /// use genai_batch_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = std::env::temp_dir().join(format!("emulator-doc-{}", std::process::id()));
    /// let emulator = Emulator::builder().state(&folder).start().await?;
    /// emulator.put_object("gs://bucket/name", "content");
    /// drop(emulator);
    ///
    /// let emulator = Emulator::builder().state(&folder).start().await?;
    /// assert_eq!(emulator.object("gs://bucket/name").as_deref(), Some(&b"content"[..]));
    /// # drop(emulator);
    /// # std::fs::remove_dir_all(&folder)
    /// # }
    /// ```
    pub fn state(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state = Some(folder.into());
        self
    }

    /// The fault switches to start with. They stay connected: turning them later has its effect.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Starts with this fault, beside those that are named already. It holds for all jobs, and where it
    /// says "next", for the first calls there are.
    pub fn fault(self, fault: Fault) -> Self {
        self.faults.switch_on(fault);
        self
    }

    /// What answers the requests of jobs; [`DefaultModel`] by default.
    pub fn model(mut self, model: impl Model) -> Self {
        self.model = Arc::new(model);
        self
    }

    /// Starts the server. Errors are those of listening on the address, of a webhook secret that is
    /// not base64, and of the folder of the state.
    ///
    /// It runs on threads of its own, so any runtime will do, and none is kept busy.
    pub async fn start(self) -> io::Result<Emulator> {
        self.start_blocking()
    }

    /// The same as [`start`](Self::start), for callers outside of async code.
    pub fn start_blocking(self) -> io::Result<Emulator> {
        let state = match &self.state {
            Some(folder) => State::open(folder)?,
            None => State::default(),
        };
        let loading = Loading::of(&state);
        let listener = listen(self.address, &state)?;
        let address = listener.local_addr()?;
        let base_url = match self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{address}"),
        };
        state.note_port(address.port())?;
        let clock = Clock::with_scale(self.clock_scale);
        clock.restore(&state, &loading)?;
        if self.clock_paused {
            clock.pause();
        }
        let settings = Settings {
            base_url,
            api_key: self.api_key,
            job_duration: self.job_duration,
            max_page_size: self.max_page_size,
            chunk_granularity: self.chunk_granularity,
        };
        let buckets = Buckets::new(clock.clone(), self.faults.clone(), state.clone());
        let storage = storage::Settings {
            base_url: settings.base_url.clone(),
            max_page_size: self.max_page_size,
            min_part_size: self.min_part_size,
            chunk_granularity: self.chunk_granularity,
        };
        let storage = Storage::new(storage, buckets.clone(), self.faults.clone(), state.clone());
        let tables = Tables::new(clock.clone(), state.clone());
        let bigquery = bigquery::Settings {
            max_page_size: self.max_page_size,
            query_page_size: self.query_page_size,
        };
        let bigquery = BigQuery::new(bigquery, clock.clone(), self.faults.clone(), tables.clone());
        let oauth = oauth::Settings {
            base_url: settings.base_url.clone(),
            api_key: settings.api_key.clone(),
            required: self.access.required,
            token_lifetime: self.token_lifetime,
        };
        let oauth = Arc::new(Oauth::new(oauth, clock.clone(), self.faults.clone()));
        let access = Access {
            tokens: Some(Arc::clone(&oauth)),
            ..self.access
        };
        let vertex = vertex::Settings {
            job_duration: self.job_duration,
            max_page_size: self.max_page_size,
        };
        let stores = Stores {
            buckets: buckets.clone(),
            tables: tables.clone(),
            datasets: Datasets::new(state.clone()),
            faults: self.faults.clone(),
        };
        let vertex = Arc::new(Vertex::new(
            vertex,
            clock.clone(),
            Arc::clone(&self.model),
            Arc::clone(&oauth),
            stores,
            state.clone(),
        ));
        let webhooks = Webhooks::new(&settings.base_url, &self.webhook_secrets);
        let gemini = Arc::new(Gemini::new(
            settings,
            clock,
            self.faults.clone(),
            self.model,
            webhooks?,
            state.clone(),
        ));
        let services = Arc::new(Services {
            access,
            gemini,
            vertex,
            oauth,
            buckets,
            storage,
            tables,
            bigquery,
            faults: self.faults,
            log: Log::default(),
            state,
            connections: Arc::default(),
        });
        services.restore(loading)?;
        let server = Server::start(listener, Arc::clone(&services))?;
        Ok(Emulator::new(services, server))
    }
}

/// Listens where the last emulator of this state did, unless a port is named.
fn listen(address: SocketAddr, state: &State) -> io::Result<TcpListener> {
    let last = state.port().filter(|_| address.port() == 0);
    let again = last.and_then(|port| Server::bind(SocketAddr::new(address.ip(), port)).ok());
    match again {
        Some(listener) => Ok(listener),
        None => Server::bind(address).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        }),
    }
}

impl Emulator {
    /// Starts an emulator on a free port of 127.0.0.1, with any API key let in.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Sets up an emulator that differs from the usual one.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("address", &self.address)
            .field("job_duration", &self.job_duration)
            .finish_non_exhaustive()
    }
}
