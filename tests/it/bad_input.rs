//! Bad input: an error that names it, and nothing sent.

use std::io::Write;

use genai_batch::batches::Create;
use genai_batch::{Client, Error, Request, Source};

use crate::support::{Backend, sums};

/// Awaits a create that must fail before anything is sent.
async fn refused(backend: &Backend, create: Create) -> Error {
    let error = create.await.unwrap_err();
    assert!(
        backend.emulator.requests().is_empty(),
        "something was sent: {error}"
    );
    assert_eq!(error.attempts(), 0);
    error
}

#[track_caller]
fn names(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

fn file(lines: &[&str]) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
    file
}

#[tokio::test]
async fn requests_that_cannot_be_sent() {
    let backend = Backend::gemini().await;
    let create = |source: Source| backend.client.batches().create(backend.model, source);

    let twice = vec![Request::text("a").key("k"), Request::text("b").key("k")];
    let error = refused(&backend, create(twice.into())).await;
    names(&error, &["\"k\"", "request 1", "request 2"]);

    let none: Vec<Request> = Vec::new();
    let error = refused(&backend, create(none.into())).await;
    names(&error, &["no requests"]);

    let good = r#"{"key":"a","request":{"contents":[{"parts":[{"text":"hi"}]}]}}"#;
    let broken = file(&[good, "{not json"]);
    let error = refused(&backend, create(broken.path().into())).await;
    names(&error, &[broken.path().to_str().unwrap(), ":2", "not JSON"]);

    let empty = file(&[]);
    let error = refused(&backend, create(empty.path().into())).await;
    names(&error, &[empty.path().to_str().unwrap(), "no requests"]);

    let error = refused(&backend, create(Source::path("no-such-file.jsonl"))).await;
    names(&error, &["no-such-file.jsonl"]);
    assert!(error.is_io());

    let no_contents = vec![Request::default().key("x")];
    let error = refused(&backend, create(no_contents.into())).await;
    names(&error, &["request 1", "contents"]);
}

#[tokio::test]
async fn options_that_the_backend_does_not_have() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let error = refused(
        &backend,
        batches.create(backend.model, "gs://bucket/in.jsonl"),
    )
    .await;
    names(
        &error,
        &["gs://bucket/in.jsonl", "Gemini Developer API", "Vertex AI"],
    );
    let error = refused(&backend, batches.create(backend.model, "bq://p.d.t")).await;
    names(&error, &["bq://p.d.t"]);
    let create = batches
        .create(backend.model, sums(1).0)
        .dest("gs://bucket/out");
    let error = refused(&backend, create).await;
    names(&error, &["`dest`", "Gemini Developer API"]);
    let create = batches.create(backend.model, sums(1).0).dest("somewhere");
    let error = refused(&backend, create).await;
    names(&error, &["somewhere", "gs://"]);
    let create = batches.create(backend.model, sums(1).0).label("a", "b");
    names(&refused(&backend, create).await, &["`label`"]);
    let create = batches
        .create(backend.model, "files/abc")
        .system_instruction("Be brief.");
    names(
        &refused(&backend, create).await,
        &["`system_instruction`", "files/abc"],
    );
}

#[tokio::test]
async fn options_that_the_task_or_the_source_has_no_place_for() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let embeddings = || batches.create_embeddings(backend.embedding_model, vec!["a"]);
    let error = refused(&backend, embeddings().system_instruction("Be brief.")).await;
    names(&error, &["`system_instruction`", "embeddings"]);
    let config = genai_batch::GenerationConfig::new().temperature(0.5);
    let error = refused(&backend, embeddings().generation_config(config)).await;
    names(&error, &["`generation_config`"]);
    for count in [1, 200] {
        let patch = serde_json::json!({ "batch": { "inputConfig": { "fileName": "files/x" } } });
        let create = batches.create(backend.model, sums(count).0).patch(patch);
        names(&refused(&backend, create).await, &["patch"]);
    }
}

#[tokio::test]
async fn names_that_are_hostile() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    for model in ["", "models/../files", "a/b", "a?b"] {
        let error = refused(&backend, batches.create(model, sums(1).0)).await;
        names(&error, &["model", &format!("{model:?}")]);
    }
    for name in [
        "batches/..",
        "batches/a?b",
        "abc",
        "",
        "batches/a/b",
        "batches/a:cancel",
    ] {
        let quoted = format!("{name:?}");
        names(&batches.get(name).await.unwrap_err(), &[&quoted]);
        names(&batches.cancel(name).await.unwrap_err(), &[&quoted]);
        names(&batches.delete(name).await.unwrap_err(), &[&quoted]);
        names(
            &batches.update(name).priority(1).await.unwrap_err(),
            &[&quoted],
        );
        names(&batches.wait(name).await.unwrap_err(), &[&quoted]);
        names(&batches.results(name).await.unwrap_err(), &[&quoted]);
    }
    for name in ["files/../x", "files/a?b", "", "gs://b/o"] {
        let quoted = format!("{name:?}");
        names(
            &backend.client.files().get(name).await.unwrap_err(),
            &[&quoted],
        );
        names(
            &backend.client.files().delete(name).await.unwrap_err(),
            &[&quoted],
        );
        names(
            &backend.client.files().download(name).await.unwrap_err(),
            &[&quoted],
        );
        let create = batches.create(backend.model, Source::file(name));
        names(&refused(&backend, create).await, &[&quoted]);
    }
    assert!(backend.emulator.requests().is_empty());
}

#[tokio::test]
async fn uploads_that_cannot_be_made() {
    let backend = Backend::gemini().await;
    let files = backend.client.files();
    let error = files.upload("no-such-file.jsonl").await.unwrap_err();
    names(&error, &["no-such-file.jsonl"]);
    let error = files.upload(b"bytes".to_vec()).await.unwrap_err();
    names(&error, &["mime_type"]);
    let odd = tempfile::Builder::new()
        .suffix(".zzz-unknown")
        .tempfile()
        .unwrap();
    let error = files.upload(odd.path()).await.unwrap_err();
    names(&error, &["mime_type", odd.path().to_str().unwrap()]);
    assert!(backend.emulator.requests().is_empty());
}

#[test]
fn a_client_without_credentials_is_refused() {
    // Run in a process of its own, with an empty environment.
    let this = std::env::current_exe().unwrap();
    let output = std::process::Command::new(this)
        .args(["--exact", "bad_input::in_an_empty_environment", "--ignored"])
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
#[ignore = "run by a_client_without_credentials_is_refused, in a process with no environment"]
fn in_an_empty_environment() {
    let error = Client::from_env().unwrap_err();
    assert!(error.is_configuration());
    names(&error, &["GOOGLE_API_KEY", "GEMINI_API_KEY"]);
}
