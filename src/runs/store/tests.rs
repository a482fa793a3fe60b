//! Steps that fail: what was written before is kept, and the run goes on once the cause is gone.

use super::cut::{self, Cut, Size};
use super::jobs::{self, State};
use super::outcomes::{self, Became, Kind};
use super::requests::{self, Counts, NewRequest};
use super::*;

const ANY: Size = Size {
    requests: 10,
    bytes: i64::MAX,
    tokens: i64::MAX,
    cost: None,
};

/// A run of so many requests, driven from here.
async fn run(folder: &tempfile::TempDir, count: usize) -> Store {
    let path = folder.path().join("a.run");
    let lock = Lock::take(&path).unwrap();
    let store = Store::build(&path).await.unwrap();
    let requests = (1..=count).map(|n| NewRequest {
        place: n as i64,
        key: format!("k{n}"),
        digest: [n as u8; 16],
        tokens: 1,
        metadata: None,
        body: format!(r#"{{"key":"k{n}","request":{{}}}}"#),
    });
    let requests: Vec<_> = requests.collect();
    let built = store.call(move |it| {
        requests::add_first(it, &requests)?;
        assert!(requests::index_first(it)?.is_none());
        settings::set(it, "cut_to", 0)?;
        requests::note_intake(it, 1, "test", &Counts::default())?;
        it.execute_batch("COMMIT")
    });
    built.await.unwrap();
    drop(store);
    Store::open(&path, Role::Driver(lock)).await.unwrap()
}

fn job(cut: Cut) -> jobs::Job {
    match cut {
        Cut::Job(job) => job,
        other => panic!("{other:?}"),
    }
}

fn response(n: usize, row: &str) -> Became {
    Became {
        key: format!("k{n}").into(),
        kind: Kind::Response,
        code: None,
        message: None,
        input_tokens: 1,
        output_tokens: 1,
        row: row.to_owned().into(),
        is_final: true,
    }
}

#[tokio::test]
async fn a_full_disk_costs_the_step_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = run(&folder, 20).await;
    let first = job(store.call(|it| cut::new(it, ANY, "one")).await.unwrap());
    let limit = |pages: i64| {
        store.call(move |it| it.pragma_update(None, "max_page_count", pages).or(Ok(())))
    };
    let pages = store.call(|it| it.pragma_query_value(None, "page_count", |row| row.get(0)));
    limit(pages.await.unwrap()).await.unwrap();
    let large = "x".repeat(100_000);
    let keep = first.clone();
    let row = large.clone();
    let kept = store.call(move |it| outcomes::keep(it, &keep, &[response(1, &row)]));
    let error = kept.await.unwrap_err();
    assert!(error.is_io(), "{error}");
    assert!(error.to_string().contains("the disk is full"), "{error}");
    limit(1 << 30).await.unwrap();
    let live = store.call(|it| jobs::live(it)).await.unwrap();
    assert_eq!(
        (live.len(), live[0].id, live[0].state),
        (1, first.id, State::Cut)
    );
    let kept = store.call(move |it| outcomes::keep(it, &first, &[response(1, &large)]));
    kept.await.unwrap();
}

#[tokio::test]
async fn what_may_not_be_written_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = run(&folder, 20).await;
    store
        .call(|it| it.pragma_update(None, "query_only", true))
        .await
        .unwrap();
    let error = store.call(|it| cut::new(it, ANY, "one")).await.unwrap_err();
    assert!(error.to_string().contains("may not be written"), "{error}");
    store
        .call(|it| it.pragma_update(None, "query_only", false))
        .await
        .unwrap();
    job(store.call(|it| cut::new(it, ANY, "one")).await.unwrap());
}

#[tokio::test]
async fn a_job_that_is_read_twice_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = run(&folder, 4).await;
    let job = job(store.call(|it| cut::new(it, ANY, "one")).await.unwrap());
    for _ in 0..2 {
        let keep = job.clone();
        let rows = vec![
            response(1, "a"),
            response(2, "b"),
            Became {
                kind: Kind::Missing,
                row: Default::default(),
                is_final: false,
                ..response(3, "")
            },
            // In no job.
            response(77, "d"),
        ];
        store
            .call(move |it| outcomes::keep(it, &keep, &rows))
            .await
            .unwrap();
    }
    let keep = job.clone();
    store
        .call(move |it| outcomes::read(it, &keep, ""))
        .await
        .unwrap();
    let counts = store.call(|it| {
        it.query_row(
            "SELECT responses, retried, input_tokens FROM jobs",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
    });
    let counts: (i64, i64, i64) = counts.await.unwrap();
    assert_eq!(counts, (2, 1, 3));
    let next = store.call(|it| cut::waiting(it, ANY, "two")).await.unwrap();
    let Cut::Job(next) = next else { panic!() };
    assert_eq!((next.generation, next.requests), (2, 1));
    let members = next.members;
    let (lines, _) = store
        .call(move |it| requests::bodies(it, members, 0))
        .await
        .unwrap();
    assert_eq!(lines, [r#"{"key":"k3","request":{}}"#]);
}

#[tokio::test]
async fn counts_of_a_service_that_lies_end_at_the_largest_number() {
    use super::super::{progress, report};
    let folder = tempfile::tempdir().unwrap();
    let store = run(&folder, 20).await;
    let huge = |n| Became {
        input_tokens: i64::MAX,
        output_tokens: 1 << 62,
        ..response(n, "{}")
    };
    // In one step, in two steps of a job, and in two jobs.
    for (mark, steps) in [("one", [[1, 2], [3, 4]]), ("two", [[11, 12], [13, 14]])] {
        let job = job(store.call(|it| cut::new(it, ANY, mark)).await.unwrap());
        for [a, b] in steps {
            let (keep, rows) = (job.clone(), [huge(a), huge(b)]);
            let kept = store.call(move |it| outcomes::keep(it, &keep, &rows));
            kept.await.unwrap();
        }
    }
    let most = i64::MAX.unsigned_abs();
    let report = report::read(&store).await.unwrap();
    assert_eq!(report.responses, 8);
    assert!(
        report.input_tokens >= most && report.output_tokens >= most,
        "{report}"
    );
    let progress = progress::read(&store).await.unwrap();
    assert!(progress.input_tokens >= most && progress.output_tokens >= most);
    // And so with how many requests it says that it has.
    let added = store.call(|it| {
        for name in ["a", "b", "c"] {
            assert!(adopted::add(it, name, i64::MAX)?);
        }
        Ok(())
    });
    added.await.unwrap();
    let progress = progress::read(&store).await.unwrap();
    assert!(progress.in_jobs >= most && progress.requests >= most);
    assert!(!progress.is_finished());
    report::read(&store).await.unwrap();
}

#[tokio::test]
async fn jobs_keep_to_their_size() {
    let folder = tempfile::tempdir().unwrap();
    let store = run(&folder, 25).await;
    let mut sizes = Vec::new();
    let size = |requests, bytes, tokens| Size {
        requests,
        bytes,
        tokens,
        cost: None,
    };
    // Each line has 26 bytes or 27.
    for most in [
        size(4, 1000, 1000),
        size(9, 60, 1000),
        size(9, 1000, 3),
        size(9, 1, 1),
    ] {
        let cut = store.call(move |it| cut::new(it, most, "m")).await.unwrap();
        sizes.push(job(cut).requests);
    }
    assert_eq!(sizes, [4, 2, 3, 1]);
    let dear = Size {
        cost: Some(cut::Cost {
            most: 2.5,
            of_token: 0.5,
            of_request: 0.5,
        }),
        ..ANY
    };
    let cut = store.call(move |it| cut::new(it, dear, "m")).await.unwrap();
    assert_eq!(job(cut).requests, 2);
    let dear = Size {
        cost: Some(cut::Cost {
            most: 0.5,
            of_token: 0.5,
            of_request: 0.5,
        }),
        ..ANY
    };
    let cut = store.call(move |it| cut::new(it, dear, "m")).await.unwrap();
    assert!(matches!(cut, Cut::TooDear(1.0)), "{cut:?}");
}

/// As from a service that gives a name twice.
#[tokio::test]
async fn a_job_is_not_made_under_the_name_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = run(&folder, 20).await;
    let first = job(store.call(|it| cut::new(it, ANY, "one")).await.unwrap()).id;
    let second = job(store.call(|it| cut::new(it, ANY, "two")).await.unwrap()).id;
    let created = |id| store.call(move |it| jobs::created(it, id, "batches/a"));
    assert_eq!(created(first).await.unwrap(), None);
    assert_eq!(created(second).await.unwrap(), Some(first));
    let live = store.call(|it| jobs::live(it)).await.unwrap();
    let states: Vec<_> = live.iter().map(|job| (job.id, job.state)).collect();
    assert_eq!(states, [(first, State::Active), (second, State::Cut)]);
    // The same once more, as after the end of a process, is no other.
    assert_eq!(created(first).await.unwrap(), None);
}

#[tokio::test]
async fn a_clock_that_is_set_back_costs_the_estimate_alone() {
    use super::super::progress;
    let folder = tempfile::tempdir().unwrap();
    let store = run(&folder, 20).await;
    let measured = store.call(|it| {
        let size = Size { requests: 4, ..ANY };
        let first = job(cut::new(it, size, "one")?);
        let unsent = progress::measure(it)?;
        assert_eq!((unsent.in_jobs, unsent.new, unsent.jobs), (0, 20, 1));
        it.execute("UPDATE jobs SET state = 'active'", [])?;
        outcomes::keep(it, &first, &[response(1, "{}")])?;
        let mut measured = Vec::new();
        // Sent a day from now, and a day ago.
        for day in [86_400_000, -86_400_000] {
            it.execute("UPDATE jobs SET sent_time = ?", [events::now() + day])?;
            measured.push(progress::measure(it)?);
        }
        Ok(measured)
    });
    let measured = measured.await.unwrap();
    let [ahead, behind] = &measured[..] else {
        panic!("{measured:?}");
    };
    assert_eq!((ahead.left, ahead.in_jobs, ahead.new), (None, 3, 16));
    assert!(behind.left.is_some());
    assert_eq!((behind.done(), behind.in_jobs), (1, 3));
}

#[tokio::test]
async fn a_row_is_found_without_going_through_the_requests_of_its_job() {
    let folder = tempfile::tempdir().unwrap();
    let store = run(&folder, 20).await;
    let plan = store.call(|it| {
        let sql = format!("EXPLAIN QUERY PLAN {}", find::FIND_IN_LIST);
        let mut select = it.prepare(&sql)?;
        let steps = select.query_map(("k", 1), |row| row.get::<_, String>(3))?;
        steps.collect::<rusqlite::Result<Vec<_>>>()
    });
    let plan = plan.await.unwrap();
    assert!(plan[0].contains("requests_key (key=?"), "{plan:?}");
}

#[tokio::test]
async fn a_long_log_is_moved_into_the_file_and_begins_anew() {
    const STEPS: usize = 320;
    let folder = tempfile::tempdir().unwrap();
    let store = run(&folder, 20).await;
    let path = folder.path().join("a.run");
    let log = folder.path().join("a.run-wal");
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |it| it.len());
    let megabyte: Arc<str> = "x".repeat(1_000_000).into();
    let mut longest = 0;
    for _ in 0..STEPS {
        let text = Arc::clone(&megabyte);
        let write = move |it: &mut Connection| {
            let sql = "INSERT INTO events (time, kind, detail) VALUES (0, 'long', ?)";
            repeatable(it, |it| it.execute(sql, [&*text]))
        };
        store.call(write).await.unwrap();
        longest = longest.max(length(&log));
    }
    assert!(longest < 280_000_000, "{longest} bytes of log");
    store.close().await;
    assert!(!log.exists() && length(&path) > STEPS as u64 * 1_000_000);
    let connection = Connection::open(&path).unwrap();
    let whole: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    let kept: i64 = connection
        .query_row(
            "SELECT count(*) FROM events WHERE kind = 'long'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!((&*whole, kept), ("ok", STEPS as i64));
}

#[test]
fn a_lock_that_is_no_file_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    let place = folder.path().join("a.run.lock");
    let told = || Lock::take(&path).unwrap_err().to_string();
    std::fs::create_dir(&place).unwrap();
    assert!(told().contains("move it away"), "{}", told());
    #[cfg(unix)]
    {
        std::fs::remove_dir(&place).unwrap();
        std::os::unix::fs::symlink(folder.path().join("none/x"), &place).unwrap();
        assert!(told().contains("move it away"), "{}", told());
    }
}
