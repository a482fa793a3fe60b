//! Turns a flat path into an OpenAPI path: without the version, which is
//! configuration of the server URL, and with placeholders that name one thing,
//! because they become Rust arguments.

use anyhow::{Context, Result};
use heck::ToSnakeCase;

/// An OpenAPI path and the names of its placeholders, in order.
#[derive(Debug, PartialEq)]
pub(crate) struct Path {
    pub(crate) template: String,
    pub(crate) placeholders: Vec<String>,
}

/// Rewrites `flat_path` of the API version `version`.
pub(crate) fn rewrite(flat_path: &str, version: &str) -> Result<Path> {
    let versionless = flat_path
        .strip_prefix(version)
        .filter(|rest| rest.starts_with('/'))
        .with_context(|| format!("path `{flat_path}` does not begin with `{version}/`"))?;
    let mut pieces = versionless.split('{');
    let mut template = pieces.next().unwrap_or_default().to_owned();
    let mut placeholders = Vec::new();
    for piece in pieces {
        let (name, rest) = piece
            .split_once('}')
            .with_context(|| format!("path `{flat_path}` has an open brace"))?;
        let name = placeholder(name);
        template.push_str(&format!("{{{name}}}{rest}"));
        placeholders.push(name);
    }
    Ok(Path {
        template,
        placeholders,
    })
}

/// `batchPredictionJobsId` becomes `batch_prediction_job`.
fn placeholder(name: &str) -> String {
    let plural = name.strip_suffix("Id").unwrap_or(name).to_snake_case();
    match plural.strip_suffix("es") {
        Some(stem) if stem.ends_with("ch") || stem.ends_with("ss") => stem.to_owned(),
        _ => plural.strip_suffix('s').unwrap_or(&plural).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_goes_and_placeholders_name_one_thing() {
        for (flat_path, template, placeholders) in [
            ("v1beta/files:register", "/files:register", [].as_slice()),
            (
                "v1beta/batches/{batchesId}:cancel",
                "/batches/{batch}:cancel",
                &["batch"],
            ),
            ("v1beta/files/{filesId}", "/files/{file}", &["file"]),
            (
                "v1beta/projects/{projectsId}/batchPredictionJobs/{batchPredictionJobsId}",
                "/projects/{project}/batchPredictionJobs/{batch_prediction_job}",
                &["project", "batch_prediction_job"],
            ),
        ] {
            let path = rewrite(flat_path, "v1beta").unwrap();
            assert_eq!(path.template, template);
            assert_eq!(path.placeholders, placeholders);
        }
    }

    #[test]
    fn another_version_is_refused() {
        assert!(rewrite("v1beta1/files", "v1beta").is_err());
    }
}
