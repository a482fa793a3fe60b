//! Options of a create → the body that Vertex AI takes. Never sends.

use super::convert::{CONTENT_LABEL, MARK_LABEL};
use super::name::ProjectLocation;
use crate::backend::mark::Mark;
use crate::backend::patch;
use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::name::is_plain_id;
use crate::options::{CreateOptions, DedicatedResources, Task};
use crate::raw::vertex::types;
use crate::unique;
use crate::uri::{BigQueryTable, GcsUri};

/// Where the requests are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    CloudStorage(Vec<GcsUri>),
    BigQuery(BigQueryTable),
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
    options.check_patches(patch::touches_input)?;
    // Before anything is placed for a body that cannot be built.
    patch::apply(types::BatchPredictionJob::default(), &options.patches).map(drop)
}

fn check_destination(destination: &Destination) -> Result<()> {
    let checked = match destination {
        Destination::CloudStorage(uri) => GcsUri::parse(uri).map(drop),
        Destination::BigQuery(uri) | Destination::Dataset { table: uri, .. } => {
            BigQueryTable::parse_destination(uri).map(drop)
        }
    };
    checked.map_err(|error| error.during("the option `dest`"))
}

fn is_dataset_name(name: &str) -> bool {
    let segments: Vec<_> = name.split('/').collect();
    match segments[..] {
        ["projects", project, "locations", location, "datasets", id] => {
            ProjectLocation::new(project, location).is_ok() && is_plain_id(id)
        }
        _ => false,
    }
}

impl Input {
    /// Objects in Cloud Storage, from their URIs.
    pub(super) fn objects(uris: &[String]) -> Result<Self> {
        if uris.is_empty() {
            return Err(Error::input(
                "the source has no gs:// URIs: nothing was sent",
            ));
        }
        let uris = uris.iter().map(|uri| GcsUri::parse_source(uri));
        uris.collect::<Result<_>>().map(Self::CloudStorage)
    }

    /// A table in BigQuery, from its URI.
    pub(super) fn table(uri: &str) -> Result<Self> {
        BigQueryTable::parse_source(uri).map(Self::BigQuery)
    }

    /// A dataset, by its name.
    pub(super) fn dataset(name: String) -> Result<Self> {
        match is_dataset_name(&name) {
            true => Ok(Self::Dataset(name)),
            false => Err(Error::input(format!(
                "{name:?} is not a dataset: write \
                 projects/PROJECT/locations/LOCATION/datasets/ID"
            ))),
        }
    }

    fn config(&self) -> types::BatchPredictionJobInputConfig {
        let empty = types::BatchPredictionJobInputConfig::default;
        match self {
            Self::CloudStorage(uris) => types::BatchPredictionJobInputConfig {
                instances_format: Some("jsonl".to_owned()),
                gcs_source: Some(types::GcsSource {
                    uris: uris.iter().map(GcsUri::to_string).collect(),
                    ..types::GcsSource::default()
                }),
                ..empty()
            },
            Self::BigQuery(table) => types::BatchPredictionJobInputConfig {
                instances_format: Some("bigquery".to_owned()),
                bigquery_source: Some(types::BigQuerySource {
                    input_uri: Some(table.to_string()),
                    ..types::BigQuerySource::default()
                }),
                ..empty()
            },
            Self::Dataset(name) => types::BatchPredictionJobInputConfig {
                instances_format: Some("vertex-dataset".to_owned()),
                vertex_multimodal_dataset_source: Some(types::VertexMultimodalDatasetSource {
                    dataset_name: Some(name.clone()),
                    ..types::VertexMultimodalDatasetSource::default()
                }),
                ..empty()
            },
        }
    }

    /// Where results go if the caller does not say: beside the source.
    pub(super) fn default_destination(&self) -> Result<Destination> {
        match self {
            Self::CloudStorage(uris) => {
                let first = uris.first().filter(|uri| !uri.is_pattern());
                let beside = first.and_then(GcsUri::beside_jsonl);
                beside.map(|uri| Destination::CloudStorage(uri.to_string()))
            }
            Self::BigQuery(table) if table.is_selection() => None,
            Self::BigQuery(table) => {
                let suffix = unique::table_suffix().map_err(Error::no_randomness)?;
                let beside = format!("{table}_dest_{suffix}");
                Some(Destination::BigQuery(beside))
            }
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

fn output_config(destination: &Destination) -> types::BatchPredictionJobOutputConfig {
    let table_at = |uri: &String| types::BigQueryDestination {
        output_uri: Some(uri.clone()),
        ..types::BigQueryDestination::default()
    };
    let empty = types::BatchPredictionJobOutputConfig::default;
    match destination {
        Destination::CloudStorage(uri) => types::BatchPredictionJobOutputConfig {
            predictions_format: Some("jsonl".to_owned()),
            gcs_destination: Some(types::GcsDestination {
                output_uri_prefix: Some(uri.clone()),
                ..types::GcsDestination::default()
            }),
            ..empty()
        },
        Destination::BigQuery(uri) => types::BatchPredictionJobOutputConfig {
            predictions_format: Some("bigquery".to_owned()),
            bigquery_destination: Some(table_at(uri)),
            ..empty()
        },
        Destination::Dataset { table, name } => types::BatchPredictionJobOutputConfig {
            predictions_format: Some("vertex-dataset".to_owned()),
            vertex_multimodal_dataset_destination: Some(
                types::VertexMultimodalDatasetDestination {
                    bigquery_destination: Some(table_at(table)),
                    display_name: name.clone(),
                    ..types::VertexMultimodalDatasetDestination::default()
                },
            ),
            ..empty()
        },
    }
}

fn machines(resources: &DedicatedResources) -> types::BatchDedicatedResources {
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let accelerators = resources.accelerators.as_ref();
    types::BatchDedicatedResources {
        machine_spec: Some(types::MachineSpec {
            machine_type: Some(resources.machine_type.clone()),
            accelerator_type: accelerators.map(|(kind, _)| kind.clone()),
            accelerator_count: accelerators.map(|(_, each)| count(*each)),
            ..types::MachineSpec::default()
        }),
        starting_replica_count: Some(count(resources.replicas)),
        max_replica_count: resources.max_replicas.map(count),
        ..types::BatchDedicatedResources::default()
    }
}

/// The body of a create. The mark goes on last, so that no patch takes it away.
pub(super) fn create_body(
    display_name: &str,
    model: &str,
    input: &Input,
    mark: Option<&Mark>,
    options: &CreateOptions,
) -> Result<types::BatchPredictionJob> {
    let destination = match &options.destination {
        Some(destination) => destination.clone(),
        None => input.default_destination()?,
    };
    // Of a model and an endpoint, a job has one.
    let is_endpoint = model.contains("/endpoints/");
    let body = types::BatchPredictionJob {
        display_name: Some(display_name.to_owned()),
        model: (!is_endpoint).then(|| model.to_owned()),
        endpoint: is_endpoint.then(|| model.to_owned()),
        dedicated_resources: options.dedicated_resources.as_ref().map(machines),
        input_config: Some(input.config()),
        output_config: Some(output_config(&destination)),
        labels: options.labels.clone().into_iter().collect(),
        encryption_spec: options.kms_key.as_ref().map(|key| types::EncryptionSpec {
            kms_key_name: Some(key.clone()),
            ..types::EncryptionSpec::default()
        }),
        service_account: options.service_account.clone(),
        ..types::BatchPredictionJob::default()
    };
    let mut body = patch::apply(body, &options.patches)?;
    if let Some(mark) = mark {
        let identity = (MARK_LABEL, Some(mark.identity().as_str()));
        let labels = [
            identity,
            (CONTENT_LABEL, mark.content().map(|(content, _)| content)),
        ];
        for (name, value) in labels {
            match value {
                Some(value) => body.labels.insert(name.to_owned(), value.to_owned()),
                None => body.labels.remove(name),
            };
        }
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn body(input: Result<Input>, options: &CreateOptions) -> Result<Value> {
        let body = create_body("d", "m", &input?, None, options)?;
        Ok(serde_json::to_value(&body).unwrap())
    }

    fn gcs(uri: &str) -> Result<Input> {
        Input::objects(&[uri.into()])
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
        let made = body(Input::table("bq://p.d.t"), &options).unwrap();
        let output = made["outputConfig"]["bigqueryDestination"]["outputUri"]
            .as_str()
            .unwrap();
        assert!(output.starts_with("bq://p.d.t_dest_20"), "{output}");
        for input in [
            gcs("gs://b/parts-*"),
            gcs("gs://b/parts-*.jsonl"),
            gcs("gs://b/.jsonl"),
            Input::table("bq://p.d.t$20260101"),
            Input::dataset("projects/p/locations/l/datasets/1".into()),
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
            Input::objects(&[]),
            gcs("gs://bucket"),
            gcs("s3://b/o"),
            Input::table("bq://p.d"),
            Input::dataset("../../x?y".into()),
            Input::dataset("projects/p/locations/l/datasets/1/2".into()),
            Input::dataset("projects/p/locations/../datasets/1".into()),
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
