//! Cloud Storage and BigQuery when calls fail: tokens, headers, retries, uploads, errors.

use std::time::Duration;

use genai_batch::{BatchJob, Client};
use genai_batch_emulator::{Builder, Emulator, Failure, Operation, TokenKind};

use crate::support::{collect, quick, sums, vertex_client};

async fn strict(configure: impl FnOnce(Builder) -> Builder) -> Emulator {
    let builder = Emulator::builder()
        .require_authentication()
        .job_duration(Duration::from_millis(60));
    configure(builder).start().await.unwrap()
}

fn client(emulator: &Emulator) -> Client {
    vertex_client(emulator)
        .credentials_json(emulator.authorized_user_json())
        .build()
        .unwrap()
}

fn unauthenticated() -> Failure {
    Failure::status(401, "UNAUTHENTICATED", "the token is no good")
}

#[cfg(feature = "bigquery")]
mod bigquery {
    use serde_json::json;

    use super::*;

    /// A job of 250 rows whose results are in a table.
    async fn job_in_table(client: &Client, emulator: &Emulator) -> BatchJob {
        let rows = (0..250).map(|n| {
            let text = format!("What is {n} + 1000?");
            let request = json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }] });
            json!({ "key": format!("sum-{n}"), "request": request.to_string() })
        });
        emulator.put_table("my-project.input.requests", rows);
        let batches = client.batches();
        let create = batches.create("gemini-2.5-flash", "bq://my-project.input.requests");
        quick(batches.wait(create.await.unwrap())).await.unwrap()
    }

    async fn read(client: &Client, job: &BatchJob) {
        let keys = (0..250).map(|n| format!("sum-{n}"));
        let results = client.batches().results(job).expect_keys(keys);
        let (told, report) = collect(results.await.unwrap()).await;
        assert_eq!(told, sums(250).1);
        assert!(report.is_complete(), "{report}");
    }

    #[tokio::test]
    async fn a_query_whose_token_is_refused_is_made_again_with_a_new_one() {
        let emulator = strict(|builder| builder).await;
        let client = client(&emulator);
        let job = job_in_table(&client, &emulator).await;
        emulator.revoke_tokens();
        let queries = emulator.request_count(Operation::Query);
        read(&client, &job).await;
        assert_eq!(emulator.request_count(Operation::Query) - queries, 2);
        assert_eq!(emulator.token_count(TokenKind::AuthorizedUser), 2);
    }

    #[tokio::test]
    async fn a_page_whose_token_is_refused_is_asked_for_again_and_repeats_no_row() {
        let emulator = strict(|builder| builder.query_page_size(100)).await;
        let client = client(&emulator);
        let job = job_in_table(&client, &emulator).await;
        let pages = Operation::GetQueryResults;
        emulator.faults().fail_next(pages, 1, unauthenticated());
        read(&client, &job).await;
        assert_eq!(emulator.request_count(pages), 3);
        assert_eq!(emulator.token_count(TokenKind::AuthorizedUser), 2);
    }
}
