//! Submits a batch job with Google's client for Vertex AI, and waits. What comes of
//! it is in Cloud Storage, where this client does not read.

use std::time::Duration;

use google_cloud_aiplatform_v1::client::JobService;
use google_cloud_aiplatform_v1::model::batch_prediction_job::{InputConfig, OutputConfig};
use google_cloud_aiplatform_v1::model::{BatchPredictionJob, GcsDestination, GcsSource, JobState};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let project = std::env::var("GOOGLE_CLOUD_PROJECT")?;
    let client = JobService::builder()
        .with_endpoint("https://us-central1-aiplatform.googleapis.com")
        .build()
        .await?;
    let input = InputConfig::new()
        .set_instances_format("jsonl")
        .set_gcs_source(GcsSource::new().set_uris(["gs://my-bucket/requests.jsonl"]));
    let output = OutputConfig::new()
        .set_predictions_format("jsonl")
        .set_gcs_destination(GcsDestination::new().set_output_uri_prefix("gs://my-bucket/out"));
    let job = BatchPredictionJob::new()
        .set_display_name("footprint")
        .set_model("publishers/google/models/gemini-2.5-flash")
        .set_input_config(input)
        .set_output_config(output);
    let mut job = client
        .create_batch_prediction_job()
        .set_parent(format!("projects/{project}/locations/us-central1"))
        .set_batch_prediction_job(job)
        .send()
        .await?;
    while matches!(
        job.state,
        JobState::Queued | JobState::Pending | JobState::Running
    ) {
        tokio::time::sleep(Duration::from_secs(10)).await;
        job = client
            .get_batch_prediction_job()
            .set_name(&job.name)
            .send()
            .await?;
    }
    println!("{}: {:?}, {:?}", job.name, job.state, job.output_info);
    Ok(())
}
