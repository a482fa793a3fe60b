//! Commands about a run that are proposed: with the options that lead to the same service.

use std::path::Path;

use crate::global::{BackendName, Global};

/// `genai-batch runs WHAT RUN`, as it is to be given after a call with these options.
pub(crate) fn command(what: &str, run: &Path, global: &Global) -> String {
    let mut command = format!(
        "genai-batch runs {what} {}",
        quoted(&run.display().to_string())
    );
    if global.emulator {
        command.push_str(" --emulator");
    }
    if let Some(state) = &global.emulator_state {
        let state = quoted(&state.display().to_string());
        command.push_str(&format!(" --emulator-state {state}"));
    }
    match global.backend {
        Some(BackendName::Vertex) => command.push_str(" --backend vertex"),
        // The run says it too, and it needs nothing else.
        Some(BackendName::Gemini) | None => {}
    }
    let of_cloud = [
        ("--project", &global.project),
        ("--location", &global.location),
        ("--staging", &global.staging),
    ];
    for (option, value) in of_cloud {
        if let Some(value) = value {
            command.push_str(&format!(" {option} {}", quoted(value)));
        }
    }
    command
}

/// A text, as a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-:".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
