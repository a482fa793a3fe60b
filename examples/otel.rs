//! What OpenTelemetry sees of a run: a span for each call, and within it one for each attempt.
//!
//! ```text
//! cargo run --example otel
//! ```
//!
//! The spans end in memory here and are printed; give the provider an exporter of
//! `opentelemetry-otlp` to send them to a collector.

mod support;

use std::error::Error;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("genai-batch"));
    // What the crate traces, and nothing of the libraries below it.
    let ours = tracing_subscriber::filter::Targets::new()
        .with_target("genai_batch", tracing::Level::DEBUG);
    tracing_subscriber::registry().with(layer).with(ours).init();

    let (client, _emulator) = support::connect().await?;
    let results = client
        .batches()
        .run("gemini-2.5-flash", vec!["What is 2 + 2?", "What is AI?"])
        .wait(support::soon)
        .await?;
    println!("{}", results.verify().await?);

    provider.force_flush()?;
    for span in exporter.get_finished_spans()? {
        let shown = span.attributes.iter().filter(|it| {
            let key = it.key.as_str();
            key.starts_with("gen_ai.")
                || key.starts_with("genai_batch.")
                || key.starts_with("http.")
        });
        let shown: Vec<_> = shown.map(|it| format!("{}={}", it.key, it.value)).collect();
        println!("{}: {}", span.name, shown.join(" "));
    }
    Ok(())
}
