//! Removing what was placed for a job, once it is read or given up.

use super::{Done, Driver};
use crate::backend::AnyBackend;
use crate::error::Error;

impl Driver {
    /// Starts to remove what was placed for a job.
    pub(super) fn remove(&mut self, id: i64) {
        let Some(live) = self.live.get_mut(&id) else {
            return;
        };
        live.is_busy = true;
        let (service, placed) = (self.run.service.clone(), live.job.placed.clone());
        self.works.push(Box::pin(async move {
            let mut left = Vec::new();
            for name in placed {
                let error = match service.remove_staged(&name).await {
                    Ok(()) => continue,
                    Err(error) => error,
                };
                match is_gone(&service, &name, &error).await {
                    // It was noted and never placed, or taken back.
                    true => {
                        tracing::debug!(%error, input = name, "there is nothing to remove");
                    }
                    false => {
                        tracing::warn!(%error, input = name, "the requests of a job could not be removed");
                        left.push(format!("{name} could not be removed: {error}"));
                    }
                }
            }
            Done::Removed(id, (!left.is_empty()).then(|| left.join("; ")))
        }));
    }
}

/// Whether what could not be removed is not there.
async fn is_gone(service: &AnyBackend, name: &str, error: &Error) -> bool {
    if !error.is_permission_denied() {
        return error.is_not_found();
    }
    match service.files() {
        // It forbids what is not there, and what may not be done.
        Ok(files) => match files.get_file(name).await {
            Ok(_) => false,
            Err(error) => error.is_not_found() || error.is_permission_denied(),
        },
        Err(_) => false,
    }
}
