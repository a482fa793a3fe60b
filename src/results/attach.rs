//! Metadata on its way to results in which the service drops it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::BatchResult;
use crate::error::{Error, Result};
use crate::keys::{MetadataReader, SubmittedKeys};

type Reading = Pin<Box<dyn Future<Output = (MetadataReader, io::Result<BatchResult>)> + Send>>;

/// What was submitted beside the keys, put on the results one after another.
#[derive(Default)]
pub(super) enum Attach {
    /// There is none.
    #[default]
    Nothing,
    Idle(MetadataReader),
    Reading(Reading),
}

impl Attach {
    pub(super) fn of(keys: Option<Arc<SubmittedKeys>>) -> Self {
        keys.and_then(MetadataReader::new)
            .map_or(Self::Nothing, Self::Idle)
    }

    /// Takes a result whose metadata is to be read; gives back any other.
    pub(super) fn begin(&mut self, mut result: BatchResult) -> Option<BatchResult> {
        if matches!(self, Self::Nothing) {
            return Some(result);
        }
        let Some(key) = result.lacks_metadata().map(str::to_owned) else {
            return Some(result);
        };
        match std::mem::take(self) {
            Self::Idle(mut reader) => {
                *self = Self::Reading(Box::pin(async move {
                    let found = reader.find(&key).await;
                    let attached = found.map(|metadata| {
                        result.set_metadata(metadata);
                        result
                    });
                    (reader, attached)
                }));
                None
            }
            other => {
                *self = other;
                Some(result)
            }
        }
    }

    /// The result that was taken, once its metadata is read; `None` if none was.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<BatchResult>>> {
        let Self::Reading(reading) = self else {
            return Poll::Ready(None);
        };
        let Poll::Ready((reader, result)) = reading.as_mut().poll(cx) else {
            return Poll::Pending;
        };
        *self = Self::Idle(reader);
        Poll::Ready(Some(result.map_err(|error| {
            Error::io(
                "the temporary file with the submitted metadata could not be read",
                error,
            )
        })))
    }
}
