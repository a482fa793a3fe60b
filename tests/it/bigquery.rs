//! Results and requests in BigQuery tables, and in the datasets that stand for them.

use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::job::{JobDestination, JobSource};
use genai_batch::{Destination, Source};
use serde_json::{Value, json};

use crate::support::{Backend, collect, sums};

fn rows(count: usize) -> impl Iterator<Item = Value> {
    (0..count).map(|n| {
        let text = format!("What is {n} + 1000?");
        let request = json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }] });
        json!({ "key": format!("sum-{n}"), "request": request.to_string(), "team": "search" })
    })
}

#[tokio::test]
async fn a_table_is_read_from_and_written_to_with_its_other_columns() {
    let backend = Backend::vertex().await;
    backend
        .emulator
        .put_table("my-project.input.requests", rows(250));
    let batches = backend.client.batches();
    let source = Source::big_query("bq://my-project.input.requests");
    let job = batches
        .create(backend.model, source)
        .dest("bq://my-project.output")
        .await
        .unwrap();
    let job = backend.wait(&job).await.unwrap();
    assert!(
        matches!(job.output(), Some(JobDestination::BigQuery(table)) if table.contains("predictions"))
    );
    let keys = (0..250).map(|n| format!("sum-{n}"));
    let mut results = batches.results(&job).expect_keys(keys).await.unwrap();
    let mut count = 0;
    while let Some(result) = results.try_next().await.unwrap() {
        assert_eq!(result.to_value()["team"], "search");
        let n: usize = result
            .key()
            .unwrap()
            .strip_prefix("sum-")
            .unwrap()
            .parse()
            .unwrap();
        let text = result.response().unwrap().text().unwrap().into_owned();
        assert_eq!(text, (n + 1000).to_string());
        count += 1;
    }
    assert_eq!(count, 250);
    assert!(results.report().is_complete(), "{}", results.report());
}

#[tokio::test]
async fn a_table_named_in_full_is_read_however_long_its_query_takes() {
    let backend = Backend::vertex().await;
    let faults = backend.emulator.faults();
    faults.name_tables_in_full();
    faults.delay_queries(2);
    let batches = backend.client.batches();
    let job = batches
        .create(backend.model, sums(5).0)
        .dest("bq://my-project.output.results")
        .await
        .unwrap();
    let job = backend.wait(&job).await.unwrap();
    let table = JobDestination::BigQuery("bq://my-project.output.results".into());
    assert_eq!(job.output(), Some(&table));
    let (told, report) = collect(batches.results(&job).await.unwrap()).await;
    assert_eq!(told, sums(5).1);
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn a_dataset_is_read_from_and_written_to() {
    let backend = Backend::vertex().await;
    let dataset = "projects/my-project/locations/us-central1/datasets/7857316250517504000";
    backend.emulator.put_dataset(dataset, rows(5));
    let batches = backend.client.batches();
    let source = Source::try_from(dataset).unwrap();
    let table = "bq://my-project.output.results".to_owned();
    let job = batches
        .create(backend.model, source)
        .dest(Destination::Dataset {
            table: table.clone(),
            name: Some("results".into()),
        })
        .await
        .unwrap();
    assert_eq!(job.source(), Some(&JobSource::Dataset(dataset.into())));
    let asked = JobDestination::Dataset {
        table: Some(table.clone()),
        name: Some("results".into()),
    };
    assert_eq!(job.destination(), Some(&asked));
    let job = backend.wait(&job).await.unwrap();
    let Some(JobDestination::Dataset {
        table: written,
        name: Some(written_as),
    }) = job.output()
    else {
        panic!("{job:?}");
    };
    assert_eq!(written.as_ref(), Some(&table));
    let keys = (0..5).map(|n| format!("sum-{n}"));
    let results = batches.results(&job).expect_keys(keys).await.unwrap();
    let (told, report) = collect(results).await;
    assert_eq!(told, sums(5).1);
    assert!(report.is_complete(), "{report}");

    // What a job wrote is a source for the next.
    let next = batches.create(backend.model, Source::dataset(written_as));
    let next = next.dest("bq://my-project.again").await.unwrap();
    let next = backend.wait(&next).await.unwrap();
    let report = batches.results(&next).await.unwrap().verify().await;
    assert_eq!(report.unwrap().responses, 5);
}

#[tokio::test]
async fn a_table_that_is_not_there_is_told_with_the_place_it_was_looked_for_in() {
    let backend = Backend::vertex().await;
    let other = "my-project.europe.other";
    backend.emulator.put_table_in("EU", other, rows(1));
    let faults = backend.emulator.faults();
    faults.delay_output_file(Duration::from_secs(3600));
    let batches = backend.client.batches();
    for (dest, missing) in [
        (
            "bq://my-project.europe.results",
            "Table my-project:europe.results was not found in location EU",
        ),
        (
            "bq://my-project.nowhere.results",
            "Dataset my-project:nowhere was not found in location US",
        ),
    ] {
        let create = batches.create(backend.model, sums(1).0).dest(dest);
        let job = backend.wait(&create.await.unwrap()).await.unwrap();
        let error = batches.results(&job).await.unwrap_err();
        assert!(error.is_not_found(), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(missing) && text.contains(dest), "{text}");
    }
}

#[tokio::test]
async fn a_table_that_is_forbidden_is_told() {
    let backend = Backend::vertex().await;
    backend
        .emulator
        .put_table("my-project.input.requests", rows(2));
    let batches = backend.client.batches();
    let job = batches
        .create(backend.model, "bq://my-project.input.requests")
        .await
        .unwrap();
    let job = backend.wait(&job).await.unwrap();
    let Some(JobDestination::BigQuery(table)) = job.output() else {
        panic!("{job:?}");
    };
    backend
        .emulator
        .faults()
        .forbid_table(table.trim_start_matches("bq://"));
    let error = batches.results(&job).await.unwrap_err();
    assert!(error.is_permission_denied(), "{error:?}");
    assert!(error.to_string().contains("my-project"), "{error}");
}
