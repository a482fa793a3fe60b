//! Local files that change while they are read, and paths that lead to something else than a file.

#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::poll_fn;
use genai_batch::batches::InlineLimit;
use genai_batch::{Error, Part, Request, Source};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{Backend, Told, collect, on_every_backend};

on_every_backend! {
    a_source_that_changes_makes_no_job_of_mixed_lines,
    local_media_that_change_make_no_job,
    what_is_not_a_file_is_refused,
}

const LINES: usize = 3000;

/// A file of requests that all ask for the same, of one size whatever that is.
fn write(path: &Path, word: &str) {
    let mut text = String::new();
    let filler = "x".repeat(150);
    for n in 0..LINES {
        let request = json!({ "contents": [{ "parts": [{ "text": format!("Say {word}.") }] }] });
        let line = json!({ "key": format!("{n:04}"), "filler": filler, "request": request });
        text.push_str(&line.to_string());
        text.push('\n');
    }
    std::fs::write(path, text).unwrap();
}

/// Writes in place until the file system tells that something did.
fn rewrite(path: &Path, word: &str) {
    let stamp = || {
        let metadata = std::fs::metadata(path).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            (metadata.ctime(), metadata.ctime_nsec())
        }
        #[cfg(not(unix))]
        metadata.modified().unwrap()
    };
    let before = stamp();
    loop {
        write(path, word);
        if stamp() != before {
            return;
        }
    }
}

/// Drives a future and does something once it has been woken so many times. Whether it came to that.
async fn with<T>(future: impl Future<Output = T>, wakes: usize, act: impl FnOnce()) -> (T, bool) {
    let mut future = std::pin::pin!(future);
    let (mut polls, mut act) = (0, Some(act));
    let outcome = poll_fn(|context| {
        if polls == wakes
            && let Some(act) = act.take()
        {
            act();
        }
        polls += 1;
        future.as_mut().poll(context)
    });
    let outcome = outcome.await;
    (outcome, act.is_none())
}

async fn a_source_that_changes_makes_no_job_of_mixed_lines(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.jsonl");
    let backend = backend.echoing().await;
    let batches = backend.client.batches();
    let mut refused = 0;
    for wakes in 1.. {
        write(&path, "one");
        let create = batches.create(backend.model, path.as_path());
        let create = create.inline_limit(InlineLimit::NEVER).into_future();
        let before = backend.emulator.request_count(backend.create);
        let (outcome, is_changed) = with(create, wakes, || rewrite(&path, "two")).await;
        let job = match outcome {
            Ok(job) => job,
            Err(error) => {
                assert!(error.is_invalid_input(), "{error}");
                assert!(
                    error.to_string().contains("changed while it was read"),
                    "{error}"
                );
                assert_eq!(backend.emulator.request_count(backend.create), before);
                refused += 1;
                continue;
            }
        };
        // It was read before it changed, or after.
        let job = backend.wait(&job).await.unwrap();
        let (told, report) = collect(batches.results(&job).await.unwrap()).await;
        assert!(report.is_complete(), "{report}");
        let says = |word: &str| {
            let says = |told: &&Told| matches!(told, Told::Text(text) if text.contains(word));
            told.values().filter(says).count()
        };
        let (one, two) = (says("Say one."), says("Say two."));
        assert!(
            one == LINES || two == LINES,
            "{one} and {two} after {wakes} wakes"
        );
        if !is_changed || (one == LINES && refused > 0) {
            break;
        }
    }
    assert!(refused > 0);
}

async fn local_media_that_change_make_no_job(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let other = folder.path().join("b.png");
    let mut refused = 0;
    for wakes in 1.. {
        std::fs::write(&path, vec![1; 9 << 20]).unwrap();
        let requests = vec![Request::parts([Part::local_file(&path)])];
        let create = backend.client.batches().create(backend.model, requests);
        let before = backend.emulator.request_count(backend.create);
        let replace = || {
            std::fs::write(&other, vec![2; 9 << 20]).unwrap();
            std::fs::rename(&other, &path).unwrap();
        };
        match with(create.into_future(), wakes, replace).await {
            (Err(error), true) => {
                assert!(error.is_invalid_input(), "{error}");
                assert!(error.to_string().contains("changed while"), "{error}");
                assert_eq!(backend.emulator.request_count(backend.create), before);
                refused += 1;
            }
            (Err(error), false) => panic!("{error}"),
            // It changed before it was read, or after.
            (Ok(_), true) if refused == 0 => {}
            (Ok(_), _) => break,
        }
    }
    assert!(refused > 0);
}

/// Pipes, sockets, devices and directories, each under a name that says what it is.
#[cfg(unix)]
fn others(folder: &Path) -> (Vec<(PathBuf, &'static str)>, UnixListener) {
    let pipe = folder.join("pipe.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let socket = folder.join("socket.jsonl");
    let listener = UnixListener::bind(&socket).unwrap();
    let link = folder.join("link.jsonl");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    let places = vec![
        (pipe, "a named pipe"),
        (socket, "a socket"),
        (link, "a device"),
        (folder.to_owned(), "a directory"),
    ];
    (places, listener)
}

#[cfg(unix)]
async fn what_is_not_a_file_is_refused(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let (places, _kept) = others(folder.path());
    let batches = backend.client.batches();
    let job = batches.create(backend.model, vec!["hi"]).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let jobs = backend.emulator.request_count(backend.create);
    for (path, what) in places {
        let refused = |error: Error, instead: &str| {
            let text = error.to_string();
            assert!(error.is_invalid_input(), "{text}");
            assert!(text.contains(&format!("not a file but {what}")), "{text}");
            assert!(text.contains(instead), "{text}");
        };
        let patience = Duration::from_secs(60);
        let create = batches
            .create(backend.model, Source::path(&path))
            .into_future();
        refused(
            timeout(patience, create).await.unwrap().unwrap_err(),
            "Source::stream",
        );
        let preflight = Source::path(&path).preflight(&backend.client).into_future();
        refused(
            timeout(patience, preflight).await.unwrap().unwrap_err(),
            "Source::stream",
        );
        let results = batches.results(&job).expect_requests(Source::path(&path));
        let results = results.into_future();
        refused(
            timeout(patience, results).await.unwrap().unwrap_err(),
            "Source::stream",
        );
        for part in [Part::local_file(&path), Part::inline_file(&path)] {
            let requests = vec![Request::parts([part.mime_type("image/png")])];
            let create = batches.create(backend.model, requests).into_future();
            refused(
                timeout(patience, create).await.unwrap().unwrap_err(),
                "to a file first",
            );
        }
        if backend.client.backend() == genai_batch::Backend::Gemini {
            let upload = backend
                .client
                .files()
                .upload(&*path)
                .mime_type("text/plain");
            let upload = timeout(patience, upload.into_future()).await.unwrap();
            refused(upload.unwrap_err(), "UploadSource::stream");
        }
    }
    assert_eq!(backend.emulator.request_count(backend.create), jobs);
}

#[cfg(not(unix))]
async fn what_is_not_a_file_is_refused(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let create = backend
        .client
        .batches()
        .create(backend.model, Source::path(folder.path()));
    assert!(
        create
            .await
            .unwrap_err()
            .to_string()
            .contains("a directory")
    );
}
