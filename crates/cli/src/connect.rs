//! The client of a command: of the service that options and environment name, or of an emulator in
//! this process.

use std::path::Path;

use genai_batch::{Backend, Client};
use genai_batch_emulator::Emulator;

use crate::args::{BackendName, Global};
use crate::exit::Result;

/// A client, and the emulator that it talks to, if it does.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// Serves for as long as this lives.
    pub(crate) emulator: Option<Emulator>,
}

/// Connects as the options and the environment say. `_state` is where an emulator keeps its state, if no
/// option says otherwise.
pub(crate) async fn connect(global: &Global, _state: Option<&Path>) -> Result<Connection> {
    if global.emulator {
        let emulator = Emulator::start().await?;
        let client = Client::builder()
            .gemini()
            .api_key("any-key")
            .base_url(emulator.base_url())
            .build()?;
        return Ok(Connection {
            client,
            emulator: Some(emulator),
        });
    }
    let mut builder = Client::builder();
    builder = match global.backend {
        Some(BackendName::Gemini) => builder.gemini(),
        Some(BackendName::Vertex) => builder.vertex(),
        None => builder,
    };
    if let Some(project) = &global.project {
        builder = builder.project(project);
    }
    if let Some(location) = &global.location {
        builder = builder.location(location);
    }
    if let Some(staging) = &global.staging {
        builder = builder.staging(staging);
    }
    Ok(Connection {
        client: builder.build()?,
        emulator: None,
    })
}

impl Connection {
    /// Whether jobs are of Vertex AI.
    pub(crate) fn is_vertex(&self) -> bool {
        self.client.backend() == Backend::Vertex
    }
}
