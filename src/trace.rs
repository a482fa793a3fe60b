//! Spans: one for each public call, and within it one for each attempt over HTTP.
//!
//! Names and attributes follow OpenTelemetry's conventions for generative AI and for HTTP
//! clients, so that `tracing-opentelemetry` hands them on as they are; what these do not name is
//! under `genai_batch`. Requests, responses and secrets are in none of them.

use std::fmt::Display;
use std::pin::pin;

use reqwest::Request;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::error::Result;
use crate::job::BatchJob;
use crate::platform::Backend;

/// Starts the span of a public call.
macro_rules! call {
    ($operation:literal, $backend:expr) => {
        $crate::trace::Call::of(
            ::tracing::info_span!(
                $operation,
                otel.name = $operation,
                otel.kind = "client",
                otel.status_code = ::tracing::field::Empty,
                error.type = ::tracing::field::Empty,
                gen_ai.operation.name = $operation,
                gen_ai.provider.name = ::tracing::field::Empty,
                gen_ai.request.model = ::tracing::field::Empty,
                genai_batch.job.name = ::tracing::field::Empty,
                genai_batch.job.state = ::tracing::field::Empty,
                genai_batch.report.responses = ::tracing::field::Empty,
                genai_batch.report.errors = ::tracing::field::Empty,
                genai_batch.report.missing = ::tracing::field::Empty,
                gen_ai.usage.input_tokens = ::tracing::field::Empty,
                gen_ai.usage.output_tokens = ::tracing::field::Empty,
            ),
            $backend,
        )
    };
}

pub(crate) use call;

/// A public call under way.
#[derive(Debug, Clone)]
pub(crate) struct Call(Span);

impl Call {
    pub(crate) fn of(span: Span, backend: Backend) -> Self {
        span.record(
            "gen_ai.provider.name",
            match backend {
                Backend::Gemini => "gcp.gemini",
                Backend::Vertex => "gcp.vertex_ai",
            },
        );
        Self(span)
    }

    pub(crate) fn model(self, model: &str) -> Self {
        self.record_model(model);
        self
    }

    /// The model's own name, however it is written.
    fn record_model(&self, model: &str) {
        let name = model.rsplit('/').next().unwrap_or(model);
        self.0.record("gen_ai.request.model", name);
    }

    pub(crate) fn job(self, name: &str) -> Self {
        self.0.record("genai_batch.job.name", name);
        self
    }

    pub(crate) fn span(&self) -> &Span {
        &self.0
    }

    /// What was learnt of a job whose name is known. Each attribute is recorded once, since
    /// some subscribers keep what was recorded before.
    pub(crate) fn see(&self, job: &BatchJob) {
        if self.0.is_disabled() {
            return;
        }
        self.0.record("genai_batch.job.state", job.state().as_str());
        if let Some(model) = job.model() {
            self.record_model(model);
        }
    }

    /// Does what the call is for, and notes what came of it.
    pub(crate) async fn run<T>(self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = work.instrument(self.0.clone()).await;
        self.note(&outcome);
        outcome
    }

    /// The same for a call that reads or changes a job.
    pub(crate) async fn run_job(
        self,
        work: impl Future<Output = Result<BatchJob>>,
    ) -> Result<BatchJob> {
        // Pinned here, so that what is under way is moved once and not by every layer.
        let work = pin!(work);
        let outcome = self.clone().run(work).await;
        outcome.inspect(|job| self.see(job))
    }

    /// The same for a call that makes a job.
    pub(crate) async fn run_create(
        self,
        work: impl Future<Output = Result<BatchJob>>,
    ) -> Result<BatchJob> {
        let outcome = self.clone().run(work).await;
        outcome.inspect(|job| {
            self.0.record("genai_batch.job.name", job.name());
            self.0.record("genai_batch.job.state", job.state().as_str());
        })
    }

    pub(crate) fn note<T>(&self, outcome: &Result<T>) {
        if let Err(error) = outcome {
            fail(&self.0, error.type_name());
        }
    }
}

/// The span of one attempt.
pub(crate) fn attempt(request: &Request, attempt: u32) -> Span {
    let url = request.url();
    let method = request.method().as_str();
    tracing::debug_span!(
        "http_attempt",
        otel.name = method,
        otel.kind = "client",
        otel.status_code = Empty,
        error.type = Empty,
        http.request.method = method,
        http.request.resend_count = attempt.saturating_sub(1),
        http.response.status_code = Empty,
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        url.path = url.path(),
    )
}

/// What came of an attempt.
pub(crate) fn end_attempt(span: &Span, outcome: &reqwest::Result<reqwest::Response>) {
    match outcome {
        Ok(response) => {
            let status = response.status();
            span.record("http.response.status_code", status.as_u16());
            if !status.is_success() {
                fail(span, status.as_u16());
            }
        }
        Err(error) if error.is_timeout() => fail(span, "timeout"),
        Err(_) => fail(span, "transport"),
    }
}

fn fail(span: &Span, kind: impl Display) {
    span.record("error.type", kind.to_string());
    span.record("otel.status_code", "ERROR");
}
