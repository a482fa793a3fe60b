//! Files of runs that are not as they should be: damaged, newer, full, in use.

use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::TryStreamExt;
use rusqlite::Connection;

use crate::support::{Backend, client, sums};

async fn finished(backend: &Backend, path: &Path) {
    let (requests, _) = sums(200);
    let open = backend.client.runs().open(path).model(backend.model);
    let run = open.source(requests).await.unwrap();
    let finish = run.finish();
    let quick = Duration::from_millis(5);
    let report = finish.poll_interval(quick, quick).await.unwrap();
    assert_eq!(report.responses, 200);
    run.close().await;
}

/// Puts another file in the place of a run, which has no log.
fn replace(path: &Path, contents: &[u8]) {
    for end in ["-wal", "-shm"] {
        let mut log = path.as_os_str().to_owned();
        log.push(end);
        let _ = std::fs::remove_file(log);
    }
    std::fs::write(path, contents).unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    finished(&backend, &path).await;
    let connection = Connection::open(&path).unwrap();
    let version: i32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = backend.client.runs().open(&path).await.unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    assert!(error.to_string().contains("schema 99"), "{error}");
    let error = backend.client.runs().read(&path).await.unwrap_err();
    assert!(error.to_string().contains("schema 99"), "{error}");
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "user_version", version)
        .unwrap();
    drop(connection);
    let run = backend.client.runs().open(&path).await.unwrap();
    assert!(run.report().await.unwrap().is_finished());
}

#[tokio::test]
async fn an_older_schema_is_read_and_brought_up_to_date() {
    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    finished(&backend, &path).await;
    let connection = Connection::open(&path).unwrap();
    let version = || -> i32 {
        connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap()
    };
    let newest = version();
    connection
        .execute_batch(
            "ALTER TABLE jobs DROP COLUMN unclear; DROP TABLE deviations; PRAGMA user_version = 1",
        )
        .unwrap();
    // Who looks at it changes nothing.
    let view = backend.client.runs().read(&path).await.unwrap();
    let progress = view.progress().await.unwrap();
    assert!(progress.is_finished() && view.report().await.unwrap().is_finished());
    let jobs: Vec<_> = view.jobs().try_collect().await.unwrap();
    assert_eq!(jobs.len() as u64, progress.jobs);
    assert_eq!(version(), 1);
    let open = backend.client.runs().open(&path).model(backend.model);
    let run = open.source(sums(201).0).await.unwrap();
    assert_eq!(version(), newest);
    let quick = Duration::from_millis(5);
    let report = run.finish().poll_interval(quick, quick).await.unwrap();
    assert_eq!(report.responses, 201, "{report}");
}

#[tokio::test]
async fn the_log_of_a_run_that_was_removed_is_not_taken_for_that_of_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    let backend = Backend::gemini().await;
    finished(&backend, &path).await;
    // As a killed process leaves it.
    let log = {
        let left = Connection::open(&path).unwrap();
        left.execute("DELETE FROM settings WHERE name = 'unknown'", [])
            .unwrap();
        left.execute("INSERT INTO events (time, kind) VALUES (0, 'x')", [])
            .unwrap();
        std::fs::read(folder.path().join("a.run-wal")).unwrap()
    };
    std::fs::remove_file(&path).unwrap();
    let left = folder.path().join("a.run-wal");
    std::fs::write(&left, &log).unwrap();
    let open = || async {
        let open = backend.client.runs().open(&path).model(backend.model);
        open.source(sums(200).0).await
    };
    let error = open().await.unwrap_err();
    let text = error.to_string();
    assert!(
        error.is_invalid_input() && text.contains("a.run-wal") && text.contains("remove"),
        "{text}"
    );
    assert_eq!(std::fs::read(&left).unwrap(), log);
    assert!(!path.exists());
    std::fs::remove_file(&left).unwrap();
    open().await.unwrap().close().await;
}

/// As where a finished run is put in the place of another, whose process was killed.
#[tokio::test]
async fn a_run_beside_the_log_of_another_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    let backend = Backend::gemini().await;
    finished(&backend, &path).await;
    let other = folder.path().join("b.run");
    let open = backend.client.runs().open(&other).model(backend.model);
    open.source(sums(3000).0).await.unwrap().close().await;
    let log = {
        let other = Connection::open(&other).unwrap();
        other
            .execute("UPDATE requests SET bytes = bytes + 1", [])
            .unwrap();
        std::fs::read(folder.path().join("b.run-wal")).unwrap()
    };
    let (whole, left) = (
        std::fs::read(&path).unwrap(),
        folder.path().join("a.run-wal"),
    );
    std::fs::write(&left, &log).unwrap();
    let is_as_it_was = || {
        assert!(std::fs::read(&path).unwrap() == whole && std::fs::read(&left).unwrap() == log);
    };
    let view = async { backend.client.runs().read(&path).await?.report().await };
    let _ = view.await;
    is_as_it_was();
    let error = backend.client.runs().open(&path).await.unwrap_err();
    assert!(error.to_string().contains("do not make a whole"), "{error}");
    is_as_it_was();
    for end in ["-wal", "-shm"] {
        std::fs::remove_file(folder.path().join(format!("a.run{end}"))).unwrap();
    }
    let run = backend.client.runs().open(&path).await.unwrap();
    assert_eq!(run.report().await.unwrap().responses, 200);
}

#[tokio::test]
async fn an_empty_file_is_no_run_and_the_log_beside_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    let log = folder.path().join("a.run-wal");
    std::fs::write(&path, "").unwrap();
    let backend = Backend::gemini().await;
    let told = || async {
        let runs = backend.client.runs();
        let errors = [
            runs.read(&path).await.map(drop),
            runs.open(&path).await.map(drop),
        ];
        errors.map(|it| it.unwrap_err().to_string()).join("; ")
    };
    assert_eq!(
        told()
            .await
            .matches("is an empty file and not a run")
            .count(),
        2
    );
    std::fs::write(&log, "what was done").unwrap();
    assert_eq!(told().await.matches("put that run back").count(), 2);
    assert_eq!(std::fs::read(&log).unwrap(), b"what was done");
}

#[tokio::test]
async fn another_database_is_refused_and_stays_as_it_is() {
    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        .unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let open = backend.client.runs().open(&path).model(backend.model);
    let error = open.source(vec!["a"]).await.unwrap_err();
    assert!(error.to_string().contains("not a run"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn damage_is_an_error_and_no_panic() {
    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    finished(&backend, &path).await;
    let whole = std::fs::read(&path).unwrap();
    // Cut off, and with pages that hold something else.
    let mut damaged = vec![whole[..whole.len() / 2].to_vec()];
    for page in 1..whole.len() / 4096 {
        let mut other = whole.clone();
        other[page * 4096..(page + 1) * 4096].fill(0x5A);
        damaged.push(other);
    }
    let mut told = 0;
    for contents in damaged {
        replace(&path, &contents);
        let read = async {
            let run = backend.client.runs().open(&path).await?;
            run.report().await?;
            let results = run.results().await?;
            results.try_collect::<Vec<_>>().await?;
            run.finish().await
        };
        if let Err(error) = read.await {
            assert!(error.to_string().contains("a.run"), "{error}");
            told += 1;
        }
    }
    assert!(told > 5, "{told}");
    replace(&path, &whole);
    let run = backend.client.runs().open(&path).await.unwrap();
    assert!(run.report().await.unwrap().is_finished());
}

#[tokio::test]
async fn a_file_that_another_program_holds_is_waited_for() {
    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    finished(&backend, &path).await;
    let mut connection = Connection::open(&path).unwrap();
    let step = connection.transaction().unwrap();
    step.execute("UPDATE settings SET value = value", [])
        .unwrap();
    let opened = tokio::spawn({
        let open = backend.client.runs().open(&path);
        async move { open.await.map(drop) }
    });
    // It ends only once the other is done, whenever that is.
    tokio::task::yield_now().await;
    step.commit().unwrap();
    opened.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_process_drives_a_run_and_others_read_it() {
    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    finished(&backend, &path).await;
    let mut lock = std::fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("a.run.lock"))
        .unwrap();
    // Held by another process, as far as anybody can tell.
    lock.lock().unwrap();
    lock.seek(SeekFrom::Start(0)).unwrap();
    lock.write_all(b"process 0, since yesterday").unwrap();
    let error = backend.client.runs().open(&path).await.unwrap_err();
    assert!(
        error.to_string().contains("process 0, since yesterday"),
        "{error}"
    );
    let view = backend.client.runs().read(&path).await.unwrap();
    assert_eq!(view.report().await.unwrap().responses, 200);
    assert!(view.progress().await.unwrap().is_finished());
    drop(lock);
    backend.client.runs().open(&path).await.unwrap();
}

/// By each name, SQLite would have a log of its own, or there would be a lock of its own.
#[cfg(unix)]
#[tokio::test]
async fn one_process_drives_a_run_by_whatever_name() {
    use std::os::unix::fs::symlink;

    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    finished(&backend, &path).await;
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let link = elsewhere.join("link.run");
    symlink("../a.run", &link).unwrap();
    let open = async |path: &Path| backend.client.runs().open(path).await;

    let mut lock = std::fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("a.run.lock"))
        .unwrap();
    lock.lock().unwrap();
    lock.write_all(b"process 0, since yesterday").unwrap();
    let error = open(&link).await.unwrap_err().to_string();
    assert!(error.contains("process 0, since yesterday"), "{error}");
    drop(lock);
    let run = open(&link).await.unwrap();
    let view = backend.client.runs().read(&link).await.unwrap();
    assert!(view.driver().is_some());
    drop(view);
    run.close().await;

    let hard = folder.path().join("hard.run");
    std::fs::hard_link(&path, &hard).unwrap();
    for path in [&hard, &path, &link] {
        let error = open(path).await.unwrap_err().to_string();
        assert!(error.contains("hard links"), "{error}");
    }
    std::fs::remove_file(&hard).unwrap();
    open(&path).await.unwrap().close().await;

    let nowhere = elsewhere.join("nowhere.run");
    symlink("../gone/b.run", &nowhere).unwrap();
    let error = open(&nowhere).await.unwrap_err().to_string();
    assert!(
        error.contains("../gone/b.run, which is not there"),
        "{error}"
    );
    let left = std::fs::read_dir(&elsewhere).unwrap().count();
    assert_eq!(left, 2, "something was made beside a link");
}

#[tokio::test]
async fn a_second_process_is_refused_until_the_first_is_gone() {
    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    finished(&backend, &path).await;
    let mut other = process("a_process_that_drives_a_run", &backend, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(other.stdout.take().unwrap());
    let is_open = said.lines().map(Result::unwrap);
    assert!(is_open.into_iter().any(|line| line.contains(IS_OPEN)));
    let error = backend.client.runs().open(&path).await.unwrap_err();
    let holder = format!("process {},", other.id());
    assert!(error.to_string().contains(&holder), "{error}");
    let view = backend.client.runs().read(&path).await.unwrap();
    assert_eq!(view.report().await.unwrap().responses, 200);
    drop(view);
    // It has no time to give anything back.
    other.kill().unwrap();
    other.wait().unwrap();
    let run = backend.client.runs().open(&path).await.unwrap();
    assert!(run.report().await.unwrap().is_finished());
}

/// Such a process as it is called again, to do what one of the tests below says.
fn process(test: &str, backend: &Backend, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", &format!("runs_files::{test}")])
        .args(["--ignored", "--nocapture"])
        .env("RUN_URL", backend.emulator.base_url())
        .env("RUN_PATH", path);
    command
}

fn run_of_the_process() -> (genai_batch::Client, PathBuf) {
    let path = std::env::var_os("RUN_PATH").unwrap();
    (client(&std::env::var("RUN_URL").unwrap()), path.into())
}

const IS_OPEN: &str = "the run is open";

#[tokio::test]
#[ignore = "run by a_second_process_is_refused_until_the_first_is_gone, in a process of its own"]
async fn a_process_that_drives_a_run() {
    let (client, path) = run_of_the_process();
    let run = client.runs().open(path).await.unwrap();
    println!("{IS_OPEN}");
    // Until it is killed, or its parent is gone.
    std::io::stdin().read_line(&mut String::new()).unwrap();
    drop(run);
}

/// Nobody is root for whom a mode binds: such a process is of another user.
#[cfg(unix)]
#[tokio::test]
async fn a_run_that_may_not_be_written_says_so_and_goes_on_once_it_may() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65534;
    let mode = |path: &Path, mode| set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let backend = Backend::gemini().await;
    let outer = tempfile::tempdir().unwrap();
    mode(outer.path(), 0o755);
    let folder = outer.path().join("runs");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("a.run");
    finished(&backend, &path).await;
    let lock = folder.join("a.run.lock");
    let is_root = std::fs::metadata(&lock).unwrap().uid() == 0;
    for (of_folder, of_file, has_lock) in [(0o555, 0o444, true), (0o777, 0o444, false)] {
        if !has_lock {
            std::fs::remove_file(&lock).unwrap();
        }
        mode(&path, of_file);
        mode(&folder, of_folder);
        let mut child = process("a_process_that_may_not_write", &backend, &path);
        if is_root {
            // Where another user can reach it.
            let program = outer.path().join("it");
            let here = std::env::current_exe().unwrap();
            if !program.exists() && std::fs::hard_link(&here, &program).is_err() {
                std::fs::copy(&here, &program).unwrap();
            }
            let mut other = Command::new(program);
            other.args(child.get_args()).uid(NOBODY).gid(NOBODY);
            other.envs(
                child
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
            child = other;
        }
        let status = child.status().unwrap();
        mode(&folder, 0o755);
        mode(&path, 0o644);
        assert!(status.success(), "{of_folder:o} {of_file:o}: {status}");
    }
    let _ = std::fs::remove_file(&lock);
    let run = backend.client.runs().open(&path).await.unwrap();
    assert!(run.report().await.unwrap().is_finished());
}

#[tokio::test]
#[ignore = "run by a_run_that_may_not_be_written_…, in a process of another user"]
async fn a_process_that_may_not_write() {
    let (client, path) = run_of_the_process();
    let before = std::fs::read(&path).unwrap();
    // It can be read all the same.
    let view = genai_batch::runs::RunView::open(&path).await.unwrap();
    assert!(view.report().await.unwrap().is_finished());
    let results = view.results().await.unwrap();
    assert_eq!(results.try_collect::<Vec<_>>().await.unwrap().len(), 200);
    drop(view);
    let error = client.runs().open(&path).await.unwrap_err();
    assert!(error.is_io(), "{error}");
    let text = error.to_string();
    assert!(text.contains("may not be written"), "{text}");
    assert!(text.contains("a.run"), "{text}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// Files of that process cannot grow, as on a full disk.
#[cfg(unix)]
#[tokio::test]
async fn a_run_whose_disk_is_full_goes_on_once_there_is_room() {
    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    let (requests, expected) = sums(200);
    let open = backend.client.runs().open(&path).model(backend.model);
    let run = open.source(requests).await.unwrap();
    run.close().await;
    for _ in 0..3 {
        let full = process("a_process_whose_disk_is_full", &backend, &path);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\""])
            .arg(full.get_program())
            .args(full.get_args())
            .envs(
                full.get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        // By a pipe, since a file that these tests write to could not grow either.
        let out = shell.output().unwrap();
        let told = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success(), "{told}");
    }
    let run = backend.client.runs().open(&path).await.unwrap();
    let report = crate::runs::quick(&run).await.unwrap();
    assert_eq!(report.responses, 200, "{report}");
    assert_eq!(crate::runs::by_key(&run).await, expected);
    let jobs = backend.emulator.jobs();
    let asked: usize = jobs.iter().map(|job| job.request_count).sum();
    assert_eq!(asked, 200, "{} jobs", jobs.len());
}

#[tokio::test]
#[ignore = "run by a_run_whose_disk_is_full_…, in a process whose files cannot grow"]
async fn a_process_whose_disk_is_full() {
    let (client, path) = run_of_the_process();
    let finished = async {
        let run = client.runs().open(path).await?;
        let patience = Duration::from_secs(600);
        crate::runs::quick(&run).unclear_wait(patience).await
    };
    let error = finished.await.unwrap_err();
    assert!(error.is_io(), "{error}");
    let text = error.to_string();
    assert!(text.contains("what was written before is kept"), "{text}");
}

/// Nothing is decided by the times in the file, which are those of a clock that people set: what is waited
/// for is measured by one that cannot be set.
#[tokio::test]
async fn a_clock_that_jumps_changes_nothing_but_times() {
    const YEAR: i64 = 365 * 86_400_000;
    for jump in [YEAR, -YEAR, -100 * YEAR] {
        let hour = Duration::from_secs(3600);
        let backend = Backend::gemini_with(|it| it.job_duration(hour).paused_clock()).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.run");
        let (requests, expected) = sums(40);
        let open = backend.client.runs().open(&path).model(backend.model);
        let run = open.source(requests.clone()).await.unwrap();
        // Left with jobs at the service, one of which the run does not know to be there.
        let faults = backend.emulator.faults();
        faults.pass_next(backend.create, 1);
        faults.fail_next(
            backend.create,
            1,
            genai_batch_emulator::Failure::CloseAfterEffect,
        );
        let patience = Duration::from_secs(600);
        let finish = crate::runs::quick(&run).unclear_wait(patience);
        tokio::select! {
            () = crate::support::until(async || backend.emulator.jobs().len() == 4) => {}
            report = finish => panic!("{report:?}"),
        }
        run.close().await;
        let file = Connection::open(&path).unwrap();
        for (table, column) in [
            ("jobs", "cut_time"),
            ("jobs", "sent_time"),
            ("jobs", "created_time"),
            ("events", "time"),
            ("intakes", "time"),
        ] {
            let sql = format!("UPDATE {table} SET {column} = {column} + ?");
            file.execute(&sql, [jump]).unwrap();
        }
        drop(file);
        let open = backend.client.runs().open(&path).model(backend.model);
        let run = open.source(requests).await.unwrap();
        assert_eq!(run.intake().unwrap().unchanged, 40);
        let clock = backend.emulator.clock();
        let finish = crate::runs::quick(&run).unclear_wait(patience);
        let report = finish.on_progress(move |_| clock.advance(hour)).await;
        let report = report.unwrap();
        assert_eq!(
            (report.responses, report.generations.len()),
            (40, 1),
            "{report}"
        );
        assert_eq!(crate::runs::by_key(&run).await, expected);
        assert_eq!(backend.emulator.jobs().len(), 4);
    }
}

#[tokio::test]
async fn the_file_is_as_the_documentation_says() {
    let backend = Backend::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.run");
    finished(&backend, &path).await;
    let connection = Connection::open(&path).unwrap();
    let document = std::fs::read_to_string("docs/runs.md").unwrap();
    let queries = document.split("```sql\n").skip(1);
    let mut count = 0;
    for query in queries.map(|rest| rest.split("```").next().unwrap()) {
        let mut statement = connection
            .prepare(query)
            .unwrap_or_else(|e| panic!("{query}: {e}"));
        let mut rows = statement.query([]).unwrap();
        while rows.next().unwrap().is_some() {}
        count += 1;
    }
    assert!(count >= 5, "{count}");
    let text: String = connection
        .query_row(
            "SELECT row ->> '$.response.candidates[0].content.parts[0].text' FROM results
            WHERE key = 'sum-1'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(text, "1001");
    let id: i64 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .unwrap();
    assert!(document.contains(&format!("`PRAGMA application_id` is {id}")));
    // Each table and column is told of.
    let sql = "SELECT m.name, p.name FROM sqlite_schema m, pragma_table_info(m.name) p
        WHERE m.type IN ('table', 'view')";
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    for column in columns.unwrap() {
        let (table, column): (String, String) = column.unwrap();
        let row = document
            .lines()
            .find(|line| line.starts_with(&format!("| `{table}`")));
        let row = row.unwrap_or_else(|| panic!("{table} is not told of"));
        let is_told = [
            "time",
            "responses",
            "errors",
            "missing",
            "retried",
            "tokens",
            "added",
        ]
        .iter()
        .any(|part| column.contains(part))
            || ["requests", "changed", "unchanged", "vanished"].contains(&&*column)
            || row.contains(&format!("`{column}`"));
        assert!(is_told, "{table}.{column} is not told of");
    }
}
