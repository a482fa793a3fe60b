//! What a run was made with, read before a service is connected to: so that its requests go to no other.

use std::path::Path;

use genai_batch::Backend;
use genai_batch::runs::RunView;

use super::file::read;
use crate::commands::run::{SETTINGS, noted_bool};
use crate::connect::state_of;
use crate::exit::{Failure, Result};
use crate::global::{BackendName, Global};

/// The options with which a run is gone on with: those that are given, with its backend.
pub(super) async fn options_for(path: &Path, global: &Global) -> Result<Global> {
    let view = read(path).await?;
    let note = view.note(SETTINGS).await?;
    if let Some(failure) = mixed(path, note.as_deref(), global.emulator) {
        return Err(failure.hint(match global.emulator {
            true => "leave --emulator out",
            false => "add --emulator, as it was made",
        }));
    }
    let backend = match view.backend() {
        Backend::Gemini => Some(BackendName::Gemini),
        Backend::Vertex => Some(BackendName::Vertex),
        // The library says what it makes of it.
        _ => global.backend,
    };
    if global.backend.is_some() && global.backend != backend {
        let is = view.backend();
        return Err(Failure::usage(format!(
            "{} is a run of {is}, and --backend names another",
            path.display()
        ))
        .hint("leave --backend out: the run says it"));
    }
    Ok(Global {
        backend,
        ..global.clone()
    })
}

/// Whether the answers of a run are the emulator's: as the run notes, or else as the state beside it tells.
pub(crate) async fn is_emulated(path: &Path, view: &RunView) -> Result<bool> {
    let note = view.note(SETTINGS).await?;
    let noted = note.and_then(|note| noted_bool(&note, "emulator"));
    Ok(noted.unwrap_or_else(|| state_of(path).is_dir()))
}

/// Why a run is not gone on with: it was made with the emulator, and this is not, or the other way round.
/// `note` is what `genai-batch run` noted in it; of a run of another program it is not known.
pub(crate) fn mixed(path: &Path, note: Option<&str>, emulator: bool) -> Option<Failure> {
    let emulated = noted_bool(note?, "emulator")?;
    let (was, is) = match (emulated, emulator) {
        (false, true) => ("with the service", "--emulator is given"),
        (true, false) => ("with --emulator", "it is not given now"),
        _ => return None,
    };
    Some(Failure::usage(format!(
        "{} was made {was}, and {is}: their answers do not mix",
        path.display()
    )))
}
