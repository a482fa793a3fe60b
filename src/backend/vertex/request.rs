//! Options of a create → the body that Vertex AI takes. Never sends.

use bytes::Bytes;
use serde_json::{Value, json};

use super::MARK_LABEL;
use super::name::Place;
use crate::backend::Task;
use crate::backend::once::Mark;
use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::name::is_plain_id;
use crate::options::CreateOptions;

/// Where the requests are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    CloudStorage(Vec<String>),
    BigQuery(String),
    Dataset(String),
}

/// Refuses options that this backend has no place for, and destinations that are none.
pub(super) fn check(task: Task, options: &CreateOptions) -> Result<()> {
    let refuse = |option: &str, instead: &str| {
        Err(Error::input(format!(
            "the option `{option}` is not supported by Vertex AI: {instead}"
        )))
    };
    if options.webhook.is_some() {
        return refuse(
            "webhook",
            "use `wait`, or a client of the Gemini Developer API",
        );
    }
    if options.priority.is_some() {
        return refuse(
            "priority",
            "leave it out, or use a client of the Gemini Developer API",
        );
    }
    options.check_task(task)?;
    if let Some(destination) = &options.destination {
        check_destination(destination)?;
    }
    options.check_patches(|patch| patch.get("inputConfig").is_some())
}

fn check_destination(destination: &Destination) -> Result<()> {
    let (uri, is_place, hint) = match destination {
        Destination::CloudStorage(uri) => {
            let bucket = uri.strip_prefix("gs://");
            let bucket = bucket.and_then(|rest| rest.split('/').next());
            (uri, bucket.is_some_and(is_plain_id), "gs://bucket/prefix")
        }
        Destination::BigQuery(uri) | Destination::Dataset { table: uri, .. } => {
            (uri, is_table_place(uri), "bq://project.dataset.table")
        }
    };
    if !is_place {
        return Err(Error::input(format!(
            "results cannot go to {uri:?}: write `dest` as {hint}"
        )));
    }
    Ok(())
}

/// Whether a text is `bq://project`, perhaps with a dataset, perhaps with a table in it.
fn is_table_place(uri: &str) -> bool {
    let Some(name) = uri.strip_prefix("bq://") else {
        return false;
    };
    // The dots of a domain are part of the project `example.com:project`.
    let (domain, name) = name.rsplit_once(':').unwrap_or(("domain", name));
    is_plain_id(domain) && name.split('.').count() <= 3 && name.split('.').all(is_plain_id)
}

fn is_dataset_name(name: &str) -> bool {
    let segments: Vec<_> = name.split('/').collect();
    match segments[..] {
        ["projects", project, "locations", location, "datasets", id] => {
            Place::new(project, location).is_ok() && is_plain_id(id)
        }
        _ => false,
    }
}

impl Input {
    /// Checks the URIs or the name of a source.
    pub(super) fn checked(self) -> Result<Self> {
        match &self {
            Self::CloudStorage(uris) => {
                if uris.is_empty() {
                    return Err(Error::input(
                        "the source has no gs:// URIs: nothing was sent",
                    ));
                }
                for uri in uris {
                    if uri
                        .strip_prefix("gs://")
                        .is_none_or(|rest| !rest.contains('/'))
                    {
                        return Err(Error::input(format!(
                            "{uri:?} is no Cloud Storage object: write gs://bucket/object"
                        )));
                    }
                }
            }
            Self::BigQuery(uri) => {
                if uri
                    .strip_prefix("bq://")
                    .is_none_or(|rest| rest.split('.').count() < 3)
                {
                    return Err(Error::input(format!(
                        "{uri:?} is no BigQuery table: write bq://project.dataset.table"
                    )));
                }
            }
            Self::Dataset(name) => {
                if !is_dataset_name(name) {
                    return Err(Error::input(format!(
                        "{name:?} is no dataset: write \
                         projects/PROJECT/locations/LOCATION/datasets/ID"
                    )));
                }
            }
        }
        Ok(self)
    }

    fn to_json(&self) -> Value {
        match self {
            Self::CloudStorage(uris) => {
                json!({ "instancesFormat": "jsonl", "gcsSource": { "uris": uris } })
            }
            Self::BigQuery(uri) => {
                json!({ "instancesFormat": "bigquery", "bigquerySource": { "inputUri": uri } })
            }
            Self::Dataset(name) => json!({
                "instancesFormat": "vertex-dataset",
                "vertexMultimodalDatasetSource": { "datasetName": name },
            }),
        }
    }

    /// Where results go if the caller does not say: beside the source.
    fn default_destination(&self, unique: &str) -> Result<Destination> {
        match self {
            Self::CloudStorage(uris) => {
                let beside = uris.first().and_then(|uri| uri.strip_suffix(".jsonl"));
                let beside = beside.filter(|uri| !uri.contains('*'));
                beside.map(|uri| Destination::CloudStorage(format!("{uri}/dest")))
            }
            Self::BigQuery(uri) => Some(Destination::BigQuery(format!("{uri}_dest_{unique}"))),
            Self::Dataset(_) => None,
        }
        .ok_or_else(|| {
            Error::input(
                "Vertex AI needs a destination: set `dest` to gs://bucket/prefix or \
                 bq://project.dataset (only a source gs://….jsonl or bq://… has a default)",
            )
        })
    }
}

fn output_config(destination: &Destination) -> Value {
    match destination {
        Destination::CloudStorage(uri) => json!({
            "predictionsFormat": "jsonl",
            "gcsDestination": { "outputUriPrefix": uri },
        }),
        Destination::BigQuery(uri) => json!({
            "predictionsFormat": "bigquery",
            "bigqueryDestination": { "outputUri": uri },
        }),
        Destination::Dataset { table, name } => {
            let mut dataset = json!({ "bigqueryDestination": { "outputUri": table } });
            if let Some(name) = name {
                dataset["displayName"] = name.as_str().into();
            }
            json!({
                "predictionsFormat": "vertex-dataset",
                "vertexMultimodalDatasetDestination": dataset,
            })
        }
    }
}

/// The body of a create.
pub(super) fn create_body(
    display_name: &str,
    model: &str,
    input: &Input,
    mark: Option<&Mark>,
    options: &CreateOptions,
) -> Result<Bytes> {
    let destination = match &options.destination {
        Some(destination) => destination.clone(),
        None => {
            let now = chrono::Utc::now().format("%Y%m%d%H%M%S");
            input.default_destination(&format!("{now}_{:05x}", fastrand::u32(..1 << 20)))?
        }
    };
    let mut body = json!({
        "displayName": display_name,
        "model": model,
        "inputConfig": input.to_json(),
        "outputConfig": output_config(&destination),
    });
    let mut labels = options.labels.clone();
    labels.extend(mark.map(|mark| (MARK_LABEL.to_owned(), mark.as_str().to_owned())));
    if !labels.is_empty() {
        body["labels"] = json!(labels);
    }
    if let Some(key) = &options.kms_key {
        body["encryptionSpec"] = json!({ "kmsKeyName": key });
    }
    if let Some(account) = &options.service_account {
        body["serviceAccount"] = account.as_str().into();
    }
    for patch in &options.patches {
        json_patch::merge(&mut body, patch);
    }
    Ok(body.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(input: Input, options: &CreateOptions) -> Result<Value> {
        let body = create_body("d", "m", &input.checked()?, None, options)?;
        Ok(serde_json::from_slice(&body).unwrap())
    }

    fn gcs(uri: &str) -> Input {
        Input::CloudStorage(vec![uri.into()])
    }

    #[test]
    fn destinations_have_defaults_by_scheme() {
        let options = CreateOptions::default();
        let made = body(gcs("gs://b/in.jsonl"), &options).unwrap();
        let output = &made["outputConfig"];
        assert_eq!(
            output["gcsDestination"]["outputUriPrefix"],
            "gs://b/in/dest"
        );
        assert_eq!(output["predictionsFormat"], "jsonl");
        let made = body(Input::BigQuery("bq://p.d.t".into()), &options).unwrap();
        let output = made["outputConfig"]["bigqueryDestination"]["outputUri"]
            .as_str()
            .unwrap();
        assert!(output.starts_with("bq://p.d.t_dest_20"), "{output}");
        for input in [
            gcs("gs://b/parts-*"),
            Input::Dataset("projects/p/locations/l/datasets/1".into()),
        ] {
            assert!(
                body(input, &options)
                    .unwrap_err()
                    .to_string()
                    .contains("`dest`")
            );
        }
    }

    #[test]
    fn a_patch_reaches_every_field() {
        let options = CreateOptions {
            kms_key: Some("k".into()),
            service_account: Some("sa@p".into()),
            labels: [("a".to_owned(), "b".to_owned())].into(),
            patches: vec![json!({"labels": {"c": "d"}, "modelParameters": {"x": 1}})],
            ..CreateOptions::default()
        };
        let made = body(gcs("gs://b/in.jsonl"), &options).unwrap();
        assert_eq!(made["labels"], json!({"a": "b", "c": "d"}));
        assert_eq!(made["encryptionSpec"]["kmsKeyName"], "k");
        assert_eq!(made["serviceAccount"], "sa@p");
        assert_eq!(made["modelParameters"]["x"], 1);
    }

    #[test]
    fn sources_that_are_none_are_refused() {
        let options = CreateOptions::default();
        for input in [
            Input::CloudStorage(Vec::new()),
            gcs("gs://bucket"),
            gcs("s3://b/o"),
            Input::BigQuery("bq://p.d".into()),
            Input::Dataset("../../x?y".into()),
            Input::Dataset("projects/p/locations/l/datasets/1/2".into()),
            Input::Dataset("projects/p/locations/../datasets/1".into()),
        ] {
            assert!(body(input, &options).unwrap_err().is_invalid_input());
        }
    }

    #[test]
    fn destinations_are_places() {
        let (gs, bq) = (Destination::CloudStorage, Destination::BigQuery);
        for good in ["gs://b", "gs://my-bucket/out/", "gs://b/a b?c"] {
            assert!(check_destination(&gs(good.into())).is_ok(), "{good}");
        }
        for good in ["bq://p", "bq://p.d", "bq://p.d.t", "bq://example.com:p.d.t"] {
            assert!(check_destination(&bq(good.into())).is_ok(), "{good}");
        }
        for bad in [
            "nonsense",
            "gs://",
            "gs:///out",
            "bq://p.d.t",
            "gs://b?c/out",
        ] {
            let error = check_destination(&gs(bad.into())).unwrap_err();
            assert!(error.to_string().contains(bad), "{error}");
        }
        for bad in ["nonsense", "bq://", "bq://p..t", "bq://p.d.t.x", "bq://p/d"] {
            let table = bad.to_owned();
            let dataset = Destination::Dataset { table, name: None };
            assert!(check_destination(&dataset).is_err(), "{bad}");
            assert!(check_destination(&bq(bad.into())).is_err(), "{bad}");
        }
    }
}
