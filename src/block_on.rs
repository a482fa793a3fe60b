//! Futures run to their end at once, for what stands outside the flow: fuzz targets and benches.

/// Runs a future that waits for nothing but memory and small files.
#[expect(clippy::expect_used, reason = "nothing of the system is asked for")]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime without drivers needs nothing of the system");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
