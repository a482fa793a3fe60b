//! What is measured: for each client and set of features, a program that submits
//! a batch job with it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo::cargo;

/// What every program needs beside its client.
const COMMON: &str = r#"futures-util = { version = "0.3", default-features = false, features = ["std"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread", "time"] }
"#;

/// A client with certain features, and a program that uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    /// How the table names it.
    pub(super) name: String,
    /// What it is depended on as.
    dependency: String,
    program: &'static str,
}

/// This crate in three sizes, and its peers.
pub(super) fn all(root: &Path) -> Result<Vec<Subject>> {
    let ours = |name: &str, options: &str| Subject {
        name: format!("`genai-batch`, {name}"),
        dependency: format!("genai-batch = {{ path = {root:?}{options} }}"),
        program: include_str!("programs/genai_batch.rs"),
    };
    let peer = |name: &str, dependency: &str, program| Subject {
        name: name.to_owned(),
        dependency: dependency.to_owned(),
        program,
    };
    let metadata = metadata()?;
    let every_feature = features(&metadata)?;
    Ok(vec![
        ours(
            "Gemini only",
            r#", default-features = false, features = ["rustls-ring"]"#,
        ),
        ours("default features", ""),
        ours("all features", &format!(", features = {every_feature:?}")),
        peer(
            "`gemini-rust` 2.1.0",
            r#"gemini-rust = "=2.1.0""#,
            include_str!("programs/gemini_rust.rs"),
        ),
        peer(
            "`google-cloud-aiplatform-v1`, job service",
            r#"google-cloud-aiplatform-v1 = { version = "1", default-features = false, features = ["default-rustls-provider", "job-service"] }"#,
            include_str!("programs/aiplatform.rs"),
        ),
    ])
}

impl Subject {
    /// Writes the package: an empty library, to build what is depended on and
    /// nothing else, and the program.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let source = folder.join("src");
        std::fs::create_dir_all(&source)
            .and_then(|()| std::fs::write(folder.join("Cargo.toml"), self.manifest()))
            .and_then(|()| std::fs::write(source.join("lib.rs"), ""))
            .and_then(|()| std::fs::write(source.join("main.rs"), self.program))
            .with_context(|| format!("could not write {}", folder.display()))
    }

    fn manifest(&self) -> String {
        format!(
            "[package]\nname = \"footprint\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n\
             [profile.release]\nstrip = true\n\n\
             [dependencies]\n{COMMON}{}\n",
            self.dependency
        )
    }
}

/// What Cargo says of the package at the root.
fn metadata() -> Result<Value> {
    let output = cargo()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()?;
    ensure!(output.status.success(), "cargo metadata failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The names of all features of the crate.
fn features(metadata: &Value) -> Result<Vec<&str>> {
    let package = metadata["packages"].as_array().and_then(|packages| {
        packages
            .iter()
            .find(|package| package["name"] == "genai-batch")
    });
    let features = package.and_then(|package| package["features"].as_object());
    let features = features.context("the workspace has no genai-batch")?;
    // A name that begins so is for the crate's own benches and fuzz targets.
    let features = features.keys().map(String::as_str);
    Ok(features.filter(|name| !name.starts_with('_')).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_features_are_read_from_what_cargo_says() {
        let metadata = json!({"packages": [
            {"name": "xtask", "features": {"commands": []}},
            {"name": "genai-batch", "features": {"_own": [], "default": ["vertex"], "vertex": []}},
        ]});
        assert_eq!(features(&metadata).unwrap(), ["default", "vertex"]);
        assert!(features(&json!({"packages": []})).is_err());
    }

    #[test]
    fn a_manifest_stands_alone_and_asks_for_the_client() {
        let subject = Subject {
            name: "x".into(),
            dependency: "x = \"=1.2.3\"".into(),
            program: "",
        };
        let manifest = subject.manifest();
        assert!(manifest.contains("\n[workspace]\n"));
        assert!(manifest.ends_with("\nx = \"=1.2.3\"\n"));
    }
}
