//! `cargo xtask regen` from end to end, over two small discovery documents in
//! the shape of Google's.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const DOCUMENTS: [&str; 4] = ["fields.json", "gemini.json", "sources.json", "vertex.json"];

/// A directory with both sources, both patches and room for the documents.
struct Bench(TempDir);

impl Bench {
    /// A bench whose documents are up to date.
    fn new() -> Self {
        let bench = Self(TempDir::new().unwrap());
        bench.write("generativelanguage.v1beta.json", &gemini());
        bench.write("aiplatform.v1beta1.json", &vertex());
        let words = json!({
            "paths": {"/batches/{batch}:cancel": {"post": {"description": "Stop it."}}},
            "components": {"schemas": payloads()},
        });
        bench.write("gemini.patch.json", &words);
        bench.write("vertex.patch.json", &json!({}));
        assert!(bench.regen(&[]).status.success());
        bench
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, document: &Value) {
        fs::write(self.path().join(name), document.to_string()).unwrap();
    }

    fn regen(&self, options: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("regen")
            .arg("--from")
            .arg(self.path())
            .arg("--patches")
            .arg(self.path())
            .arg("--out")
            .arg(self.path().join("out"))
            .args(options)
            .output()
            .unwrap()
    }

    fn documents(&self) -> Vec<String> {
        DOCUMENTS
            .iter()
            .map(|name| fs::read_to_string(self.path().join("out").join(name)).unwrap())
            .collect()
    }

    fn gemini(&self) -> Value {
        serde_json::from_str(&self.documents()[1]).unwrap()
    }
}

fn method(id: &str, verb: &str, path: &str) -> Value {
    json!({"id": id, "httpMethod": verb, "path": path, "flatPath": path})
}

/// The messages that hold requests and results, which regen expects to be there.
fn payloads() -> Value {
    let message = || json!({"$ref": "#/components/schemas/Batch"});
    let list = |field: &str| json!({"x-ours": "added", "properties": {field: {"type": "array", "items": message()}}});
    json!({
        "CountTokensRequest": {
            "x-ours": "added", "properties": {"generateContentRequest": message()},
        },
        "InlinedEmbedContentRequests": list("requests"),
        "InlinedEmbedContentResponses": list("inlinedResponses"),
        "InlinedRequests": list("requests"),
        "InlinedResponses": list("inlinedResponses"),
    })
}

fn gemini() -> Value {
    let cancel = method(
        "generativelanguage.batches.cancel",
        "POST",
        "v1beta/batches/{batchesId}:cancel",
    );
    let mut get = method(
        "generativelanguage.batches.get",
        "GET",
        "v1beta/batches/{batchesId}",
    );
    get["response"] = json!({"$ref": "Batch"});
    json!({
        "name": "generativelanguage", "version": "v1beta", "title": "Gemini API",
        "rootUrl": "https://generativelanguage.googleapis.com/",
        "resources": {
            "batches": {"methods": {"cancel": cancel, "get": get}},
            "files": {}, "media": {}, "models": {}, "tunedModels": {},
        },
        "schemas": {
            "Batch": {"id": "Batch", "type": "object", "properties": {
                "state": {"type": "string", "enum": ["PENDING"], "description": "Prose."},
            }},
            "GenerateContentRequest": {},
            "EmbedContentRequest": {},
        },
    })
}

fn vertex() -> Value {
    json!({
        "name": "aiplatform", "version": "v1beta1", "title": "Vertex AI", "revision": "20260101",
        "rootUrl": "https://aiplatform.googleapis.com/",
        "resources": {
            "batchPredictionJobs": {},
            "projects": {"resources": {"locations": {"resources": {
                "batchPredictionJobs": {}, "operations": {},
            }}}},
        },
        "schemas": {
            "GoogleCloudAiplatformV1beta1GenerateContentRequest": {},
            "GoogleCloudAiplatformV1beta1EmbedContentRequest": {},
        },
    })
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let bench = Bench::new();
    let before = bench.documents();
    assert!(bench.regen(&[]).status.success());
    assert_eq!(bench.documents(), before);
    assert!(bench.regen(&["--check"]).status.success());
    assert!(before.iter().all(|text| text.ends_with("}\n")));
    let left_over = fs::read_dir(bench.path().join("out")).unwrap().count();
    assert_eq!(left_over, DOCUMENTS.len());
}

#[test]
fn sources_are_recorded() {
    let bench = Bench::new();
    let sources: Value = serde_json::from_str(&bench.documents()[2]).unwrap();
    assert_eq!(sources["gemini.json"]["revision"], Value::Null);
    assert_eq!(sources["vertex.json"]["revision"], "20260101");
    assert_eq!(sources["vertex.json"]["version"], "v1beta1");
    assert_eq!(sources["vertex.json"]["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn a_new_field_value_and_method_arrive_by_themselves() {
    let bench = Bench::new();
    let before = bench.documents();
    let mut newer = gemini();
    let fields = &mut newer["schemas"]["Batch"]["properties"];
    fields["newField"] = json!({"type": "string", "format": "int64"});
    fields["state"]["enum"] = json!(["PENDING", "NEW"]);
    newer["resources"]["batches"]["methods"]["retry"] = method(
        "generativelanguage.batches.retry",
        "POST",
        "v1beta/batches/{batchesId}:retry",
    );
    bench.write("generativelanguage.v1beta.json", &newer);

    let check = bench.regen(&["--check"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(stdout(&check).contains("\n+          \"newField\": {\n"));
    assert!(stderr(&check).contains("gemini.json is out of date"));

    let words = bench.regen(&["--diff"]);
    assert!(words.status.success());
    for line in [
        "gemini.json: added field `Batch.newField`: string (int64)",
        "gemini.json: added value `NEW` of `Batch.state`",
        "gemini.json: added operation `batches_retry`: POST /batches/{batch}:retry, takes nothing, gives nothing",
        "vertex.json: no operation, field or value changed",
    ] {
        assert!(stdout(&words).lines().any(|word| word == line), "{line}");
    }
    assert_eq!(bench.documents(), before, "neither writes");

    assert!(bench.regen(&[]).status.success());
    let document = bench.gemini();
    let fields = &document["components"]["schemas"]["Batch"]["properties"];
    assert_eq!(
        fields["newField"],
        json!({"type": "string", "format": "int64"})
    );
    assert_eq!(
        fields["state"]["description"],
        "Known values: `PENDING`, `NEW`."
    );
    let retry = &document["paths"]["/batches/{batch}:retry"]["post"];
    assert_eq!(retry["operationId"], "batches_retry");
    assert_eq!(retry["description"], "Calls `batches.retry`.");
}

#[test]
fn our_words_are_in_the_document_and_may_not_rot() {
    let bench = Bench::new();
    let cancel = &bench.gemini()["paths"]["/batches/{batch}:cancel"]["post"];
    assert_eq!(cancel["description"], "Stop it.");

    let mut newer = gemini();
    newer["resources"]["batches"]["methods"] = json!({});
    bench.write("generativelanguage.v1beta.json", &newer);
    let output = bench.regen(&[]);
    assert!(!output.status.success());
    assert!(
        stderr(&output).contains("gemini.patch.json"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&output).contains("paths > /batches/{batch}:cancel"));
}

#[test]
fn a_bad_source_changes_nothing() {
    let bench = Bench::new();
    let before = bench.documents();
    let changed = gemini().to_string().replace("PENDING", "WAITING");
    fs::write(bench.path().join("generativelanguage.v1beta.json"), changed).unwrap();
    for bad in [
        "",
        "<html>502</html>",
        "{\"name\": \"aiplatf",
        &gemini().to_string(),
    ] {
        fs::write(bench.path().join("aiplatform.v1beta1.json"), bad).unwrap();
        let output = bench.regen(&[]);
        assert_eq!(output.status.code(), Some(1));
        let message = stderr(&output);
        assert!(
            message.contains("the discovery document of aiplatform v1beta1"),
            "{message}"
        );
        assert_eq!(bench.documents(), before);
    }
    fs::remove_file(bench.path().join("aiplatform.v1beta1.json")).unwrap();
    assert!(stderr(&bench.regen(&[])).contains("could not read"));
    assert_eq!(bench.documents(), before);
}
