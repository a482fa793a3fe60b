//! What other programs that stand in for Cloud Storage lack, named where it is met: their own words do
//! not say that it is they who cannot do it.

use std::error::Error as StdError;

use super::gcs::CloudStorage;
use crate::error::Error;

/// fake-gcs-server has no other words for a PUT or POST of the XML API without a signature.
const FAKE_GCS_SERVER: &str = "invalid uploadType";
const NO_UPLOADS: &str = "the storage at this address is not Google's and cannot take objects by the XML \
    API, which the client writes by: fake-gcs-server is known for it. Use `genai-batch-emulator`, whose \
    storage can, or requests and results that stay where they are: a `gs://…` source, and no `save_to` a \
    `gs://…` address; see docs/testing.md";
const NO_CALL: &str = "the storage at this address is not Google's and does not have this call of the XML \
    API, which the client writes by: gcp-storage-emulator is known for it. Use `genai-batch-emulator`, \
    whose storage has; see docs/testing.md";

impl CloudStorage {
    /// Adds to an error of writing what may be the matter, where the storage is not Google's.
    pub(super) fn explain(&self, error: Error) -> Error {
        let gave_no_tag = || {
            let cause = error.source().map(ToString::to_string);
            cause.is_some_and(|cause| cause.to_lowercase().contains("etag"))
        };
        match error.status() {
            _ if self.base_url().is_none() => error,
            Some(400) if error.message() == FAKE_GCS_SERVER => error.with_advice(NO_UPLOADS),
            Some(501) => error.with_advice(NO_CALL),
            None if gave_no_tag() => error.with_advice(NO_CALL),
            _ => error,
        }
    }
}
