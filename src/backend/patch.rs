//! What a caller adds to the body of a create, merged into the message.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};

/// The message with patches (RFC 7396) merged into it. Fields that no document knows are kept.
pub(super) fn apply<T: Serialize + DeserializeOwned>(message: T, patches: &[Value]) -> Result<T> {
    if patches.is_empty() {
        return Ok(message);
    }
    let unfit = |place: &str, e: serde_json::Error| {
        Error::input(format!(
            "with the patch, the field {place} of the create does not have the shape that the \
             service's API description gives it"
        ))
        .with_source(e)
    };
    let mut body = serde_json::to_value(message).map_err(|e| unfit(".", e))?;
    for patch in patches {
        json_patch::merge(&mut body, patch);
    }
    serde_path_to_error::deserialize(body).map_err(|error| {
        let place = error.path().to_string();
        unfit(&place, error.into_inner())
    })
}

/// Whether a patch of a job changes where its requests are, in either spelling of the field.
pub(super) fn touches_input(patch: &Value) -> bool {
    patch.get("inputConfig").is_some() || patch.get("input_config").is_some()
}
