//! Ending a job that nobody waits for any longer, where the caller asked for that.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::backend::AnyBackend;
use crate::job::JobRef;

/// How long a wait whose time is up waits for the response to its cancel.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(30);

/// What ends the job too.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CancelOn {
    pub(super) on_timeout: bool,
    pub(super) on_drop: bool,
}

/// Asks the service to cancel a job, and says what came of it.
pub(super) async fn ask(service: &AnyBackend, job: &JobRef, slots: &Semaphore) -> String {
    // Never closed, so a slot always comes.
    let _slot = slots.acquire().await.ok();
    match tokio::time::timeout(CANCEL_TIMEOUT, service.cancel_job(&job.name)).await {
        Ok(Ok(())) => "the service was asked to cancel it".to_owned(),
        Ok(Err(error)) => format!("the service did not cancel it ({error})"),
        Err(_) => "whether the service cancels it is not known".to_owned(),
    }
}

/// Cancels a job as it is dropped, while armed.
pub(super) struct CancelOnDrop {
    service: AnyBackend,
    name: String,
    slots: Arc<Semaphore>,
    armed: bool,
}

impl CancelOnDrop {
    pub(super) fn new(service: AnyBackend, job: &JobRef, slots: Arc<Semaphore>) -> Self {
        Self {
            service,
            name: job.name.clone(),
            slots,
            armed: false,
        }
    }

    pub(super) fn arm(&mut self, armed: bool) {
        self.armed = armed;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let name = std::mem::take(&mut self.name);
        let Ok(runtime) = Handle::try_current() else {
            tracing::warn!(
                job = name,
                "not cancelled: the wait was dropped outside a runtime"
            );
            return;
        };
        let (service, slots) = (self.service.clone(), Arc::clone(&self.slots));
        runtime.spawn(async move {
            let _slot = slots.acquire().await.ok();
            if let Err(error) = service.cancel_job(&name).await {
                tracing::warn!(%error, "a job that is no longer waited for was not cancelled");
            }
        });
    }
}
