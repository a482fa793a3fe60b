//! Why a request of a job has no response.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Why one request of a job has no response: a `google.rpc.Status`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RowFailure {
    /// The `google.rpc.Code`, 3 for an invalid argument.
    pub code: i32,
    /// What went wrong; left out of the row where empty.
    pub message: String,
}

impl RowFailure {
    /// A failure of this code, with a message for people.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// Code 3: the request cannot be served as it is.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(3, message)
    }

    pub(crate) fn to_status(&self) -> Value {
        if self.message.is_empty() {
            json!({"code": self.code})
        } else {
            json!({"code": self.code, "message": self.message})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_without_message_is_only_a_code() {
        assert_eq!(RowFailure::new(1, "").to_status(), json!({"code": 1}));
    }
}
