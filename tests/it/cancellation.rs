//! Futures that are dropped, each at every point where it can be: no task goes on, no file is
//! left behind, and nothing is half there.

use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use genai_batch::batches::InlineLimit;
use genai_batch::job::JobDestination;
use genai_batch::{BatchJob, Client, Part, Request};
use genai_batch_emulator::Emulator;
use tokio::runtime::{Builder, Runtime};

use crate::support::{KEY, client, emulator_apart, quick, sums};
#[cfg(feature = "gcs")]
use crate::support::{TOKEN, vertex_client};

const MODEL: &str = "gemini-2.5-flash";

/// A backend whose server runs on threads of its own.
struct Stage {
    emulator: Emulator,
    make_client: fn(&Emulator) -> Client,
    _runtime: Runtime,
}

fn stages() -> Vec<Stage> {
    let make: Vec<fn(&Emulator) -> Client> = vec![
        |emulator| client(emulator.base_url()),
        #[cfg(feature = "gcs")]
        |emulator| vertex_client(emulator).access_token(TOKEN).build().unwrap(),
    ];
    let start = |make_client| {
        let builder = Emulator::builder()
            .api_key(KEY)
            .job_duration(Duration::from_millis(10));
        let (emulator, runtime) = emulator_apart(builder);
        Stage {
            emulator,
            make_client,
            _runtime: runtime,
        }
    };
    make.into_iter().map(start).collect()
}

impl Stage {
    /// Polls a future this often and drops it: what it came to, if it came to an end. Whatever
    /// it started has ended when this returns.
    fn poll<T, F>(&self, polls: usize, act: impl FnOnce(Client) -> F) -> Option<T>
    where
        F: Future<Output = T>,
    {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = (self.make_client)(&self.emulator);
        let outcome = runtime.block_on(async {
            let mut future: Pin<Box<F>> = Box::pin(act(client));
            let mut left = polls;
            std::future::poll_fn(|cx| {
                if left == 0 {
                    return Poll::Ready(None);
                }
                left -= 1;
                future.as_mut().poll(cx).map(Some)
            })
            .await
        });
        let tasks = || runtime.metrics().num_alive_tasks();
        runtime.block_on(async {
            for _ in 0..60_000 {
                if tasks() == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            panic!("{} tasks go on after {polls} polls", tasks());
        });
        outcome
    }

    /// Polls a future once, twice, and so on, until it comes to its end.
    fn poll_ever_longer<T, F>(
        &self,
        act: impl Fn(Client) -> F,
        mut check: impl FnMut(Option<&T>),
    ) -> T
    where
        F: Future<Output = T>,
    {
        for polls in 1.. {
            let outcome = self.poll(polls, &act);
            check(outcome.as_ref());
            if let Some(outcome) = outcome {
                assert!(polls > 1, "it never waits");
                return outcome;
            }
        }
        unreachable!("the loop has no end");
    }

    fn whole<T, F: Future<Output = T>>(&self, act: impl FnOnce(Client) -> F) -> T {
        self.poll(usize::MAX, act).unwrap()
    }

    fn job(&self, count: usize) -> BatchJob {
        self.whole(|client| async move {
            let create = client.batches().create(MODEL, sums(count).0);
            let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
            quick(client.batches().wait(&job)).await.unwrap()
        })
    }
}

#[test]
fn a_create_that_is_dropped_goes_on_with_no_local_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    std::fs::write(&path, [7; 1000]).unwrap();
    for stage in stages() {
        let create = |client: Client| {
            let parts = [Part::inline_file(&path), Part::local_file(&path)];
            let create = client.batches().create(MODEL, vec![Request::parts(parts)]);
            create.into_future()
        };
        stage.poll_ever_longer(create, |_| {}).unwrap();
    }
}

#[test]
fn a_create_that_is_dropped_makes_one_whole_job_or_none() {
    for stage in stages() {
        let attempt = std::cell::Cell::new(0);
        for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
            let create = |client: Client| {
                attempt.set(attempt.get() + 1);
                let create = client.batches().create(MODEL, sums(20).0);
                let create = create.display_name(format!("attempt {}", attempt.get()));
                create.inline_limit(limit).into_future()
            };
            let job = stage.poll_ever_longer(create, |_| {}).unwrap();
            assert_eq!(
                job.display_name(),
                Some(&*format!("attempt {}", attempt.get()))
            );
            let jobs =
                stage.whole(|client| async move { client.batches().list().all().await.unwrap() });
            let mut names: Vec<_> = jobs.iter().map(|job| job.display_name()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), jobs.len(), "a create made two jobs");
            for job in jobs {
                let report = stage.whole(|client| async move {
                    quick(client.batches().wait(&job)).await.unwrap();
                    let results = client.batches().results(job.name());
                    let keys = (0..20).map(|n| format!("sum-{n}"));
                    results.expect_keys(keys).await.unwrap().verify().await
                });
                assert!(report.unwrap().is_complete());
            }
        }
    }
}

#[test]
fn waiting_and_reading_can_be_dropped_and_taken_up_again() {
    for stage in stages() {
        let job = stage.job(30);
        let name = job.name().to_owned();
        let wait = |client: Client| {
            let name = name.clone();
            async move { quick(client.batches().wait(name)).await }
        };
        stage.poll_ever_longer(wait, |_| {}).unwrap();

        let read = |client: Client| {
            let job = job.clone();
            async move {
                let results = client.batches().results(&job).await?;
                let rows = results.map_ok(|result| result.key().map(str::to_owned));
                rows.try_collect::<Vec<_>>().await
            }
        };
        let keys = stage.poll_ever_longer(read, |_| {}).unwrap();
        assert_eq!(keys.len(), 30);

        let list = |client: Client| async move {
            let jobs = client.batches().list().page_size(1).stream();
            jobs.take(3).try_collect::<Vec<_>>().await
        };
        assert!(!stage.poll_ever_longer(list, |_| {}).unwrap().is_empty());
    }
}

#[test]
fn results_are_saved_whole_or_not_at_all() {
    for stage in stages() {
        let job = stage.job(300);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let save = |client: Client| client.batches().results(&job).save_to(&path).into_future();
        let check = |done: Option<&_>| {
            let names: Vec<_> = std::fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            match lines(&path) {
                Some(lines) => assert_eq!((lines, names.len()), (300, 1)),
                None => assert!(names.is_empty() && done.is_none(), "{names:?} is left"),
            }
            // The next attempt finds the place as this one did.
            if done.is_none() && path.exists() {
                std::fs::remove_file(&path).unwrap();
            }
        };
        let report = stage.poll_ever_longer(save, check).unwrap();
        assert!(report.is_complete());
    }
}

fn lines(path: &Path) -> Option<usize> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().count())
}

#[cfg(feature = "gcs")]
#[test]
fn results_are_saved_into_an_object_whole_or_not_at_all() {
    let stage = stages().pop().unwrap();
    let job = stage.job(50);
    let attempt = std::cell::Cell::new(0);
    let target = || format!("gs://results/attempt-{}.jsonl", attempt.get());
    let save = |client: Client| {
        attempt.set(attempt.get() + 1);
        client
            .batches()
            .results(&job)
            .save_to(target())
            .into_future()
    };
    let report = stage.poll_ever_longer(save, |_| {}).unwrap();
    assert!(report.is_complete());
    let objects = stage.emulator.objects("gs://results/");
    assert!(objects.contains(&target()));
    for object in objects {
        let content = stage.emulator.object(&object).unwrap();
        assert_eq!(content.split(|byte| *byte == b'\n').count(), 51);
    }
}

#[test]
fn transfers_of_files_can_be_dropped() {
    let stage = stages().remove(0);
    let bytes: Vec<_> = (0..9 * 1024 * 1024).map(|n| (n % 251) as u8).collect();
    let upload = |client: Client| {
        let upload = client.files().upload(bytes.clone());
        upload.mime_type("text/plain").into_future()
    };
    let file = stage.poll_ever_longer(upload, |_| {}).unwrap();
    for file in stage.emulator.files() {
        assert!(stage.emulator.file_content(&file.name).unwrap() == bytes);
    }
    assert_eq!(file.size_bytes(), Some(bytes.len() as u64));

    let job = stage.job(30);
    let Some(JobDestination::File(name)) = job.output() else {
        panic!("{job:?}");
    };
    let download = |client: Client| async move {
        let chunks = client.files().download(name).await?;
        chunks.try_collect::<Vec<_>>().await
    };
    let chunks = stage.poll_ever_longer(download, |_| {}).unwrap();
    let whole = stage.emulator.file_content(name);
    assert_eq!(Some(chunks.concat()), whole.map(|whole| whole.to_vec()));
}
