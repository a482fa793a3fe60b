//! Creating a job: the body is checked the way the service checks it, and the model set to work.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::input::{self, Input, Source};
use super::job::{Job, NewJob};
use super::life::Schedule;
use super::names::ModelName;
use super::output::Destination;
use super::resource::{self, View};
use super::route::Place;
use super::service::Vertex;
use super::uri::{TableName, TablePlace, split_object};
use crate::body::parse_json;
use crate::error::{ApiError, ApiResult};
use crate::forms::Form;
use crate::message::Message;
use crate::{ids, reply};

const ROOT: &str = "batch_prediction_job";
const LONGEST_DISPLAY_NAME: usize = 128;
const LONGEST_LABEL: usize = 64;

/// What a job may be created with beside its name, model, input and output. It comes back as it is.
const ECHOED: &[&str] = &[
    "dedicatedResources",
    "disableContainerLogging",
    "encryptionSpec",
    "explanationSpec",
    "generateExplanation",
    "instanceConfig",
    "manualBatchTuningParameters",
    "modelMonitoringConfig",
    "modelParameters",
    "serviceAccount",
    "unmanagedContainerModel",
];

/// What only the service says; a caller's word for it counts for nothing.
const OUTPUT_ONLY: &[&str] = &[
    "completionStats",
    "createTime",
    "endTime",
    "error",
    "modelMonitoringStatsAnomalies",
    "modelMonitoringStatus",
    "modelVersionId",
    "name",
    "outputInfo",
    "partialFailures",
    "resourcesConsumed",
    "satisfiesPzi",
    "satisfiesPzs",
    "startTime",
    "state",
    "updateTime",
];

const INPUT_CONFIG: &[&str] = &[
    "bigquerySource",
    "gcsSource",
    "instancesFormat",
    "vertexMultimodalDatasetSource",
];

const OUTPUT_CONFIG: &[&str] = &[
    "bigqueryDestination",
    "gcsDestination",
    "predictionsFormat",
    "vertexMultimodalDatasetDestination",
];

impl Vertex {
    pub(crate) fn create(
        self: &Arc<Self>,
        place: Option<&Place>,
        body: Bytes,
    ) -> ApiResult<Response> {
        let place = place.cloned().unwrap_or_else(Place::express);
        let new = read(parse_json(&body)?, place)?;
        let now = self.clock.now();
        let faults = self.stores.faults.of_new_job();
        let hold = faults
            .vertex
            .hold
            .as_ref()
            .map(|(_, hold)| *hold)
            .unwrap_or_default();
        let schedule = Schedule::new(now, self.settings.job_duration, hold);
        let job = self
            .jobs
            .add(|serial| Job::new(new, serial, schedule, faults, self.state.clone()));
        if let Some(input) = job.open(&self.stores) {
            self.answer(Arc::clone(&job), input);
        }
        let job = self.shown_for(job);
        let status = job.status(now);
        Ok(reply::json(
            StatusCode::OK,
            &resource::job(&job, &status, View::Full),
        ))
    }
}

impl Vertex {
    /// Sets the model to work.
    pub(super) fn answer(&self, job: Arc<Job>, input: Input) {
        let model = Arc::clone(&self.model);
        tokio::task::spawn_blocking(move || job.answer(input, &*model));
    }
}

fn read(body: Value, place: Place) -> ApiResult<NewJob> {
    let own = [
        "displayName",
        "endpoint",
        "inputConfig",
        "labels",
        "model",
        "outputConfig",
    ];
    let known: Vec<&str> = [&own, ECHOED, OUTPUT_ONLY].concat();
    let mut body = Message::of(body, "", &known)?;
    let display_name = required(body.string("displayName")?, "display_name")?;
    if display_name.chars().count() > LONGEST_DISPLAY_NAME {
        let message = format!("It may have at most {LONGEST_DISPLAY_NAME} characters.");
        return Err(bad_field("display_name", &message));
    }
    let model = match (body.string("model")?, body.string("endpoint")?) {
        (Some(_), Some(_)) => {
            return Err(bad_field("endpoint", "A job has a model or an endpoint."));
        }
        (model, endpoint) => required(model.or(endpoint), "model")?,
    };
    let model = ModelName::of(&model).ok_or_else(|| {
        bad_field(
            "model",
            &format!("{model} is not the name of a model or an endpoint."),
        )
    })?;
    let labels = labels(&mut body)?;
    let (source, input_config) = source(required(body.take("inputConfig"), "input_config")?)?;
    let output_config = required(body.take("outputConfig"), "output_config")?;
    let (destination, output_config) = destination(output_config)?;
    if model.is_gemini_embedding() && !matches!(source, Source::Objects(_)) {
        let message = "The model reads its input from Cloud Storage only.";
        return Err(bad_field("input_config", message));
    }
    if model.form != Form::Google && place.location == "global" {
        let message = "Batch prediction for this model is not available in the global location.";
        return Err(bad_field("model", message));
    }
    let mut resource = Map::new();
    for name in ECHOED {
        if let Some(value) = body.take(name) {
            resource.insert((*name).to_owned(), value);
        }
    }
    if model.needs_machines() && !resource.contains_key("dedicatedResources") {
        let message = "The model needs dedicated resources.";
        return Err(bad_field("dedicated_resources", message));
    }
    resource.insert("displayName".to_owned(), display_name.clone().into());
    let named = if model.is_endpoint() {
        "endpoint"
    } else {
        "model"
    };
    resource.insert(named.to_owned(), model.full.clone().into());
    resource.insert("inputConfig".to_owned(), input_config);
    resource.insert("outputConfig".to_owned(), output_config);
    if !labels.is_empty() {
        resource.insert("labels".to_owned(), json!(labels));
    }
    Ok(NewJob {
        id: ids::number(),
        place,
        model,
        display_name,
        labels,
        source,
        destination,
        resource,
    })
}

fn labels(body: &mut Message) -> ApiResult<BTreeMap<String, String>> {
    let Some(labels) = body.take("labels") else {
        return Ok(BTreeMap::new());
    };
    let labels: BTreeMap<String, String> = serde_json::from_value(labels)
        .map_err(|_| bad_field("labels", "Invalid value, an object of strings expected."))?;
    let allowed = |c: char| c == '_' || c == '-' || c.is_numeric() || is_caseless_or_lower(c);
    let sound = |text: &str| text.chars().count() <= LONGEST_LABEL && text.chars().all(allowed);
    match labels
        .iter()
        .find(|(key, value)| key.is_empty() || !sound(key) || !sound(value))
    {
        None => Ok(labels),
        Some((key, value)) => {
            let message = format!("{key}={value} is not a label.");
            Err(bad_field("labels", &message))
        }
    }
}

/// Whether a label may have this letter: those of the scripts without capitals are fine too.
fn is_caseless_or_lower(c: char) -> bool {
    c.is_alphabetic() && !c.is_uppercase()
}

/// The source of an `inputConfig`, and how it is given back.
fn source(config: Value) -> ApiResult<(Source, Value)> {
    const FIELD: &str = "input_config";
    let mut config = message(config, FIELD, INPUT_CONFIG)?;
    let format = config.string("instancesFormat")?;
    let mut sources = Vec::new();
    if let Some(source) = config.take("gcsSource") {
        sources.push(Source::Objects(uris(source)?));
    }
    if let Some(source) = config.take("bigquerySource") {
        let uri = one_string(source, &format!("{FIELD}.bigquery_source"), "inputUri")?;
        let name = TableName::of(&uri).ok_or_else(|| {
            let field = format!("{FIELD}.bigquery_source.input_uri");
            bad_field(&field, "Expected bq://project.dataset.table.")
        })?;
        sources.push(Source::Table(name));
    }
    if let Some(source) = config.take("vertexMultimodalDatasetSource") {
        let field = format!("{FIELD}.vertex_multimodal_dataset_source");
        sources.push(Source::Dataset(one_string(source, &field, "datasetName")?));
    }
    let source = only_one(sources, FIELD, "source")?;
    let expected = input::format_of(&source);
    check_format(
        format.as_deref(),
        expected,
        &format!("{FIELD}.instances_format"),
    )?;
    let (name, value) = input::to_json(&source);
    Ok((source, json!({"instancesFormat": expected, name: value})))
}

fn uris(source: Value) -> ApiResult<Vec<String>> {
    const FIELD: &str = "input_config.gcs_source";
    const URIS: &str = "input_config.gcs_source.uris";
    let mut source = message(source, FIELD, &["uris"])?;
    let uris: Vec<String> = match source.take("uris") {
        None => Vec::new(),
        Some(uris) => serde_json::from_value(uris)
            .map_err(|_| bad_field(URIS, "Invalid value, a list of strings expected."))?,
    };
    if uris.is_empty() {
        return Err(bad_field(URIS, "Required field is not set."));
    }
    let names_an_object = |uri: &str| split_object(uri).is_some_and(|(_, name)| !name.is_empty());
    match uris.iter().find(|uri| !names_an_object(uri)) {
        None => Ok(uris),
        Some(uri) => Err(bad_field(
            URIS,
            &format!("{uri} is not of the form gs://bucket/object."),
        )),
    }
}

/// The destination of an `outputConfig`, and how it is given back.
fn destination(config: Value) -> ApiResult<(Destination, Value)> {
    const FIELD: &str = "output_config";
    let mut config = message(config, FIELD, OUTPUT_CONFIG)?;
    let format = config.string("predictionsFormat")?;
    let mut found = Vec::new();
    if let Some(folder) = config.take("gcsDestination") {
        let field = format!("{FIELD}.gcs_destination");
        let prefix = one_string(folder.clone(), &field, "outputUriPrefix")?;
        let (bucket, name) = split_object(&prefix).ok_or_else(|| {
            bad_field(
                &format!("{field}.output_uri_prefix"),
                "Expected gs://bucket/folder.",
            )
        })?;
        let destination = Destination::Folder {
            bucket: bucket.to_owned(),
            prefix: name.trim_end_matches('/').to_owned(),
        };
        let given = json!({"gcsDestination": {"outputUriPrefix": prefix}});
        found.push((destination, "jsonl", given));
    }
    if let Some(table) = config.take("bigqueryDestination") {
        let (place, uri) = table_place(table, &format!("{FIELD}.bigquery_destination"))?;
        let given = json!({"bigqueryDestination": {"outputUri": uri}});
        found.push((Destination::Table(place), "bigquery", given));
    }
    if let Some(dataset) = config.take("vertexMultimodalDatasetDestination") {
        let field = format!("{FIELD}.vertex_multimodal_dataset_destination");
        let given = json!({"vertexMultimodalDatasetDestination": dataset});
        let mut dataset = message(dataset, &field, &["bigqueryDestination", "displayName"])?;
        let place = match dataset.take("bigqueryDestination") {
            Some(table) => Some(table_place(table, &format!("{field}.bigquery_destination"))?.0),
            None => None,
        };
        found.push((Destination::Dataset(place), "vertex-dataset", given));
    }
    let (destination, expected, mut given) = only_one(found, FIELD, "destination")?;
    check_format(
        format.as_deref(),
        expected,
        &format!("{FIELD}.predictions_format"),
    )?;
    given["predictionsFormat"] = expected.into();
    Ok((destination, given))
}

fn table_place(value: Value, field: &str) -> ApiResult<(TablePlace, String)> {
    let uri = one_string(value, field, "outputUri")?;
    let place = TablePlace::of(&uri).ok_or_else(|| {
        let field = format!("{field}.output_uri");
        bad_field(
            &field,
            "Expected bq://project, perhaps with a dataset and a table.",
        )
    })?;
    Ok((place, uri))
}

/// A message of one string, which it cannot do without.
fn one_string(value: Value, field: &str, name: &str) -> ApiResult<String> {
    let mut message = message(value, field, &[name])?;
    let path = format!("{field}.{}", crate::json::snake_case(name));
    required(message.string(name)?, &path)
}

fn only_one<T>(mut found: Vec<T>, field: &str, what: &str) -> ApiResult<T> {
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(bad_field(field, &format!("Only one {what} may be given."))),
        (None, _) => Err(bad_field(field, &format!("A {what} is required."))),
    }
}

fn check_format(given: Option<&str>, expected: &str, field: &str) -> ApiResult<()> {
    match given {
        Some(given) if given != expected => {
            let message = format!("{given} does not match the place, which takes {expected}.");
            Err(bad_field(field, &message))
        }
        _ => Ok(()),
    }
}

fn message(value: Value, field: &str, known: &[&str]) -> ApiResult<Message> {
    Message::of(value, &format!("{ROOT}.{field}"), known)
}

fn required<T>(value: Option<T>, field: &str) -> ApiResult<T> {
    value.ok_or_else(|| bad_field(field, "Required field is not set."))
}

fn bad_field(field: &str, description: &str) -> ApiError {
    ApiError::bad_field(&format!("{ROOT}.{field}"), description)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(change: impl FnOnce(&mut Value)) -> ApiResult<NewJob> {
        let mut body = json!({
            "displayName": "d",
            "model": "publishers/google/models/gemini-2.5-flash",
            "inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": ["gs://b/in.jsonl"]}},
            "outputConfig": {
                "predictionsFormat": "jsonl",
                "gcsDestination": {"outputUriPrefix": "gs://b/out/"},
            },
        });
        change(&mut body);
        read(body, Place::express())
    }

    #[test]
    fn jobs_are_read_in_both_spellings() {
        let new = body(|_| {}).unwrap();
        let folder = |prefix: &str| Destination::Folder {
            bucket: "b".to_owned(),
            prefix: prefix.to_owned(),
        };
        assert_eq!(new.destination, folder("out"));
        let snake = json!({
            "display_name": "d",
            "model": "publishers/google/models/gemini-2.5-flash",
            "input_config": {"gcs_source": {"uris": ["gs://b/in.jsonl"]}},
            "output_config": {"gcs_destination": {"output_uri_prefix": "gs://b"}},
            "service_account": "a@b",
        });
        let new = read(snake, Place::express()).unwrap();
        assert_eq!(new.destination, folder(""));
        assert_eq!(new.resource["serviceAccount"], "a@b");
        assert_eq!(new.resource["inputConfig"]["instancesFormat"], "jsonl");
    }

    #[test]
    fn bad_bodies_are_refused() {
        let changes: [fn(&mut Value); 17] = [
            |b| b["displayName"] = json!(""),
            |b| b["model"] = json!(null),
            |b| b["model"] = json!("gemini-2.5-flash"),
            |b| b["outputConfig"] = json!(null),
            |b| b["outputConfig"] = json!({"predictionsFormat": "jsonl"}),
            |b| b["outputConfig"]["predictionsFormat"] = json!("bigquery"),
            |b| b["outputConfig"]["gcsDestination"]["outputUriPrefix"] = json!("b/out"),
            |b| b["inputConfig"]["gcsSource"]["uris"] = json!([]),
            |b| b["inputConfig"]["gcsSource"]["uris"] = json!(["in.jsonl"]),
            |b| b["inputConfig"]["gcsSource"]["uri"] = json!("gs://b/in.jsonl"),
            |b| b["inputConfig"]["bigquerySource"] = json!({"inputUri": "bq://p.d.t"}),
            |b| b["inputConfig"] = json!({"bigquerySource": {"inputUri": "bq://p.d"}}),
            |b| b["labels"] = json!({"n": 1}),
            |b| b["labels"] = json!({"team": "Search"}),
            |b| b["displayNam"] = json!("d"),
            |b| b["displayName"] = json!("d".repeat(129)),
            |b| {
                b["model"] = json!("publishers/google/models/gemini-embedding-001");
                b["inputConfig"] = json!({"bigquerySource": {"inputUri": "bq://p.d.t"}});
            },
        ];
        for (at, change) in changes.into_iter().enumerate() {
            assert!(body(change).is_err(), "{at}");
        }
    }
}
