//! The folder of a state: what is kept and let go of, and what is refused.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use genai_batch_emulator::{Builder, Emulator, Fault};
use reqwest::Method;
use serde_json::json;

use crate::support::{Fixture, JOB, inline_rows, lines, ok, outcome};

async fn with_state(folder: &Path) -> Fixture {
    let folder = folder.to_owned();
    Fixture::with(|builder| builder.state(folder)).await
}

fn builder(folder: &Path) -> Builder {
    Emulator::builder().state(folder)
}

/// The files in a folder of the state.
fn files(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(name)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn what_is_deleted_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_state(folder.path()).await;
    let job = fixture.create_from_file(&["one", "two"]).await;
    let inline = fixture.create_inline(&["three"]).await;
    fixture.advance(JOB.as_secs());
    for job in [&job, &inline] {
        let read = fixture.get(job).await;
        assert_eq!(read["metadata"]["state"], "BATCH_STATE_SUCCEEDED");
    }
    fixture.emulator.put_object("gs://bucket/name", "content");
    fixture
        .emulator
        .put_object("gs://bucket/name", "other content");
    assert!(!files(folder.path(), "contents").is_empty());
    for job in [&job, &inline] {
        ok(fixture.call(Method::DELETE, &format!("v1beta/{job}"))).await;
    }
    for file in fixture.emulator.files() {
        let path = format!("v1beta/{}", file.name);
        ok(fixture.call(Method::DELETE, &path)).await;
    }
    let delete = fixture.call(Method::DELETE, "storage/v1/b/bucket/o/name");
    assert_eq!(delete.send().await.unwrap().status(), 204);
    assert_eq!(files(folder.path(), "contents"), Vec::<PathBuf>::new());
    for kind in ["gemini-jobs", "gemini-files", "objects", "new"] {
        assert_eq!(files(folder.path(), kind), Vec::<PathBuf>::new(), "{kind}");
    }
    drop(fixture);

    let fixture = with_state(folder.path()).await;
    assert!(fixture.emulator.jobs().is_empty());
    assert!(fixture.emulator.files().is_empty());
    assert!(fixture.emulator.objects("gs://bucket/").is_empty());
}

#[tokio::test]
async fn time_goes_on_and_faults_stay_with_their_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let fault: Fault = "drop-rows=every:2".parse().unwrap();
    let path = folder.path().to_owned();
    let fixture = Fixture::with(|builder| builder.state(path).fault(fault)).await;
    let job = fixture.create_inline(&["What is 1 + 1?", "lost"]).await;
    let cancelled = fixture.create_inline(&["never"]).await;
    ok(fixture.call(Method::POST, &format!("v1beta/{cancelled}:cancel"))).await;
    fixture.advance(3600);
    let before = fixture.emulator.clock().now();
    drop(fixture);

    let fixture = with_state(folder.path()).await;
    let passed = fixture.emulator.clock().now() - before;
    assert!(
        passed >= TimeDelta::zero() && passed < TimeDelta::hours(1),
        "{passed}"
    );
    let read = fixture.get(&job).await;
    let rows = inline_rows(&read);
    assert_eq!(rows.len(), 1);
    assert_eq!(outcome(&rows[0]), (Some("k0"), Ok("2")));
    let read = fixture.get(&cancelled).await;
    assert_eq!(read["metadata"]["state"], "BATCH_STATE_CANCELLED");
    // Faults of the process are not those of the next one.
    let other = fixture.create_inline(&["one", "two"]).await;
    fixture.advance(JOB.as_secs());
    assert_eq!(inline_rows(&fixture.get(&other).await).len(), 2);
}

#[tokio::test]
async fn files_expire_across_processes() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_state(folder.path()).await;
    fixture.upload(&lines(&["one"])).await;
    fixture.advance(49 * 3600);
    drop(fixture);
    let fixture = with_state(folder.path()).await;
    // The first call finds the server at work, which has swept by then.
    assert_eq!(fixture.get("files").await, json!({}));
    assert_eq!(files(folder.path(), "gemini-files"), Vec::<PathBuf>::new());
    assert_eq!(files(folder.path(), "contents"), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_folder_serves_one_emulator_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = builder(folder.path()).start().await.unwrap();
    let error = builder(folder.path()).start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    let told = error.to_string();
    assert!(told.contains("another emulator is using"), "{told}");
    assert!(told.contains(&*folder.path().to_string_lossy()), "{told}");
    let url = first.base_url().to_owned();
    drop(first);
    let second = builder(folder.path()).start().await.unwrap();
    assert_eq!(second.base_url(), url);
}

#[tokio::test]
async fn a_damaged_state_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = builder(folder.path()).start().await.unwrap();
    emulator.put_object("gs://bucket/name", "content");
    drop(emulator);
    let content = files(folder.path(), "contents").remove(0);
    let record = files(folder.path(), "objects").remove(0);
    let head = folder.path().join("emulator.json");
    for (path, spoil) in [
        (&content, b"CONTENT".to_vec()),
        (&content, b"cont".to_vec()),
        (&record, b"00000000\n{}".to_vec()),
        (&record, Vec::new()),
        (&head, b"nonsense".to_vec()),
    ] {
        let sound = fs::read(path).unwrap();
        fs::write(path, spoil).unwrap();
        let error = builder(folder.path()).start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let told = error.to_string();
        assert!(told.contains("damaged"), "{told}");
        assert!(told.contains(&*path.to_string_lossy()), "{told}");
        fs::write(path, sound).unwrap();
    }
    let lost = fs::read(&content).unwrap();
    fs::remove_file(&content).unwrap();
    let error = builder(folder.path()).start().await.unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
    fs::write(&content, lost).unwrap();
    let emulator = builder(folder.path()).start().await.unwrap();
    let kept = emulator.object("gs://bucket/name");
    assert_eq!(kept.as_deref(), Some(&b"content"[..]));
}

#[tokio::test]
async fn a_folder_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter.txt"), "Dear").unwrap();
    let error = builder(folder.path()).start().await.unwrap_err();
    assert!(error.to_string().contains("letter.txt"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn nothing_is_answered_that_cannot_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_state(folder.path()).await;
    fs::remove_dir_all(folder.path()).unwrap();
    let body = json!({"inputConfig": {"requests": {"requests": [{"request": {}}]}}});
    let refused = fixture.create(&body).send().await.unwrap();
    assert_eq!(refused.status(), 500);
    let told = refused.text().await.unwrap();
    assert!(told.contains("cannot be written"), "{told}");
    // Nor is anything else, since nobody knows what the next process will have.
    let list = fixture.call(Method::GET, "v1beta/batches");
    assert_eq!(list.send().await.unwrap().status(), 500);
}
