//! One job for one create, and the one that was meant: responses that are lost, lists that are late or
//! full of junk, records of other jobs, and programs that are started again.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use genai_batch::batches::{Create, InlineLimit};
use genai_batch::{BatchJob, Part, Request};
use genai_batch_emulator::{Failure, Faults};

use crate::support::{Backend, Told, collect, on_every_backend, sums, until};

on_every_backend! {
    the_job_of_a_lost_create_is_found_however_it_is_listed,
    a_job_that_is_not_listed_yet_is_found_later_by_its_mark,
    the_look_lasts_as_long_as_is_said,
    a_job_that_bears_no_mark_is_not_adopted,
    the_record_of_another_job_is_not_taken_for_this_one,
    junk_in_a_list_costs_no_job,
    lists_without_end_end,
    a_mark_is_shown_to_nobody,
    marks_that_are_none_are_refused,
    a_create_under_an_id_is_made_once,
    a_program_that_is_killed_within_its_create_has_one_job,
    an_id_is_of_one_content,
    a_job_that_ended_badly_is_adopted_and_told,
    a_create_that_may_not_list_says_what_to_do,
    local_files_of_an_id_are_placed_once,
    a_named_create_whose_response_is_lost_is_adopted,
    nothing_is_created_where_nobody_knows_what_has_the_id,
    options_about_the_mark_contradict_each_other,
}

impl Backend {
    fn new_create(&self) -> Create {
        self.client.batches().create(self.model, sums(3).0)
    }

    async fn lost_create(&self) -> genai_batch::Result<BatchJob> {
        let faults = self.emulator.faults();
        faults.fail_next(self.create, 1, Failure::CloseAfterEffect);
        self.new_create().display_name("nightly").await
    }

    fn creates(&self) -> usize {
        self.emulator.request_count(self.create)
    }

    fn jobs(&self) -> BTreeSet<String> {
        let jobs = self.emulator.jobs().into_iter().map(|job| job.name);
        let vertex_jobs = self.emulator.vertex_jobs().into_iter();
        jobs.chain(vertex_jobs.map(|job| job.name)).collect()
    }

    /// What was uploaded or staged, without results.
    fn placed(&self) -> Vec<String> {
        let files = self.emulator.files().into_iter().map(|file| file.name);
        let objects = self.emulator.objects("gs://staging-bucket/");
        let is_result = |name: &String| name.contains("files/batch-") || name.contains("/dest/");
        let placed = files.chain(objects);
        placed.filter(|name| !is_result(name)).collect()
    }

    async fn assert_answered(&self, job: &BatchJob) {
        let job = self.wait(job).await.unwrap();
        let results = self.client.batches().results(&job).await.unwrap();
        let (told, report) = collect(results).await;
        assert!(report.keys_known && report.is_complete(), "{report}");
        assert_eq!(told["sum-1"], Told::Text("1001".into()));
    }
}

async fn the_job_of_a_lost_create_is_found_however_it_is_listed(backend: Backend) {
    let faults: [fn(&Faults); 6] = [
        |faults| faults.list_late(Duration::from_millis(20)),
        |faults| faults.cut_display_names(28),
        |faults| faults.fold_display_names(),
        |faults| faults.add_list_junk(),
        |faults| faults.endless_pages(),
        |faults| faults.repeat_page_token(),
    ];
    for (at, fault) in faults.into_iter().enumerate() {
        backend.emulator.faults().clear();
        fault(&backend.emulator.faults());
        let before = backend.jobs();
        let job = backend.lost_create().await.unwrap();
        assert_eq!(backend.creates(), at + 1);
        let new: Vec<_> = backend.jobs().difference(&before).cloned().collect();
        assert_eq!(new, [job.name()]);
        backend.emulator.faults().mend_pages();
        backend.assert_answered(&job).await;
    }
}

async fn a_job_that_is_not_listed_yet_is_found_later_by_its_mark(backend: Backend) {
    let hour = Duration::from_secs(3600);
    backend.emulator.faults().list_late(hour);
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 1, Failure::CloseAfterEffect);
    let create = backend.new_create().inline_limit(InlineLimit::NEVER);
    let error = create.await.unwrap_err();
    assert!(error.is_unclear() && !error.is_retryable(), "{error}");
    let mark = error.mark().unwrap();
    let told = error.to_string();
    assert!(told.contains("may exist") && told.contains(mark), "{told}");
    let placed = backend.placed();
    assert!(
        told.contains(&format!("{}, which is kept", placed[0])),
        "{told}"
    );
    assert_eq!((backend.creates(), backend.jobs().len()), (1, 1));

    let batches = backend.client.batches();
    assert!(batches.find(mark).await.unwrap().is_none());
    backend.emulator.clock().advance(2 * hour);
    let job = batches.find(mark).await.unwrap().unwrap();
    assert!(backend.jobs().contains(job.name()));
    let results = batches
        .results(&job)
        .expect_keys((0..3).map(|n| format!("sum-{n}")));
    let (told, report) = collect(results.await.unwrap()).await;
    assert!(told == sums(3).1 && report.is_complete(), "{report}");
}

async fn the_look_lasts_as_long_as_is_said(backend: Backend) {
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 3, Failure::service_unavailable());
    let mut lists = Vec::new();
    for milliseconds in [0, 3, 60] {
        let before = backend.emulator.request_count(backend.list);
        let look_for = Duration::from_millis(milliseconds);
        let create = backend.new_create().look_for(look_for);
        assert!(create.await.unwrap_err().is_unclear());
        lists.push(backend.emulator.request_count(backend.list) - before);
    }
    // Pauses of 1, 2, 4 and 5 ms. Vertex AI is asked by label, and for the last time for all jobs.
    let twice = |looks: usize| match backend.client.backend() {
        genai_batch::Backend::Gemini => looks,
        _ => looks + looks.div_ceil(2),
    };
    assert_eq!(lists[..2], [twice(1), twice(2)]);
    assert!(lists[2] > lists[1], "{lists:?}");
}

async fn a_job_that_bears_no_mark_is_not_adopted(backend: Backend) {
    let faults = backend.emulator.faults();
    faults.cut_display_names(10);
    faults.hide_labels();
    let error = backend.new_create().await.unwrap_err();
    assert!(error.is_unclear(), "{error}");
    assert!(error.to_string().contains("does not bear"), "{error}");
    assert_eq!((backend.creates(), backend.jobs().len()), (1, 1));
}

async fn the_record_of_another_job_is_not_taken_for_this_one(backend: Backend) {
    let batches = backend.client.batches();
    backend.emulator.clock().pause();
    let create = || {
        let create = backend.new_create().inline_limit(InlineLimit::NEVER);
        create.remove_staged_input(true)
    };
    let mine = create().await.unwrap();
    let other = backend.new_create().await.unwrap();
    backend.emulator.clock().advance(Duration::from_secs(60));
    let placed = backend.placed();

    backend.emulator.faults().mix_up_jobs();
    let names_both = |error: genai_batch::Error| {
        let told = error.to_string();
        assert!(
            told.contains(mine.name()) && told.contains(other.name()),
            "{told}"
        );
        assert!(!error.is_unclear() && error.status().is_none());
    };
    names_both(batches.get(&mine).await.unwrap_err());
    names_both(batches.get(mine.name()).await.unwrap_err());
    names_both(backend.wait(&mine).await.unwrap_err());
    names_both(batches.results(mine.name()).await.unwrap_err());
    names_both(batches.results(&mine).await.unwrap_err());
    assert_eq!(backend.placed(), placed);

    let before = backend.jobs();
    let third = create().await.unwrap();
    assert!(!before.contains(third.name()));
    assert_eq!(backend.jobs().len(), before.len() + 1);
    backend.emulator.faults().part_jobs();
    backend.emulator.clock().resume();
    backend.assert_answered(&third).await;
    backend.wait(&mine).await.unwrap();
    assert!(backend.placed().len() < placed.len());
}

async fn junk_in_a_list_costs_no_job(backend: Backend) {
    for _ in 0..3 {
        backend.new_create().await.unwrap();
    }
    backend.emulator.faults().add_list_junk();
    let list = || backend.client.batches().list().page_size(2);
    let page = list().page().await.unwrap();
    assert_eq!((page.items.len(), page.unreadable.len()), (2, 3));
    assert!(page.unreadable[2].contains("../elsewhere"), "{page:?}");
    let listed: Vec<_> = list().stream().collect().await;
    let (jobs, junk): (Vec<_>, Vec<_>) = listed.into_iter().partition(Result::is_ok);
    let names: BTreeSet<_> = jobs
        .iter()
        .map(|job| job.as_ref().unwrap().name().to_owned())
        .collect();
    assert_eq!(names, backend.jobs());
    assert_eq!(junk.len(), 6);
    // A list that is said to be all of them is all of them.
    assert!(
        list()
            .all()
            .await
            .unwrap_err()
            .to_string()
            .contains("element 1")
    );
}

async fn lists_without_end_end(backend: Backend) {
    let job = backend.new_create().await.unwrap();
    backend.emulator.faults().endless_pages();
    let listed: Vec<_> = backend.client.batches().list().stream().collect().await;
    let (last, jobs) = listed.split_last().unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].as_ref().unwrap().name(), job.name());
    assert!(last.as_ref().unwrap_err().to_string().contains("no end"));
}

async fn a_mark_is_shown_to_nobody(backend: Backend) {
    let batches = backend.client.batches();
    let is_gemini = backend.client.backend() == genai_batch::Backend::Gemini;
    let create = |id: Option<&str>| {
        let create = backend.new_create().display_name("nightly #3");
        let create = match is_gemini {
            true => create,
            false => create.label("team", "x"),
        };
        match id {
            Some(id) => create.id(id),
            None => create,
        }
    };
    create(None).await.unwrap();
    create(Some("a")).await.unwrap();
    let mut jobs = batches.list().all().await.unwrap();
    jobs.push(batches.get(jobs[0].name()).await.unwrap());
    for job in &jobs {
        assert_eq!(job.display_name(), Some("nightly #3"));
        assert_eq!(job.labels().len(), usize::from(!is_gemini));
        assert!(
            job.json()
                .contains(if is_gemini { "gbm" } else { "genai-batch-mark" })
        );
    }
    if is_gemini {
        let renamed = batches
            .update(&jobs[0])
            .display_name("other")
            .await
            .unwrap();
        assert_eq!(renamed.display_name(), Some("other"));
        assert_eq!(create(Some("a")).await.unwrap().name(), renamed.name());
    }
}

async fn marks_that_are_none_are_refused(backend: Backend) {
    let batches = backend.client.batches();
    for odd in ["", "nightly", "gbm12", "gbm0123456789abcdef0123456"] {
        let error = batches.find(odd).await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
    }
    assert!(backend.emulator.requests().is_empty());
    let unknown = batches.find("gbm0123456789abcdef01234567").await;
    assert!(unknown.unwrap().is_none());
}

async fn a_create_under_an_id_is_made_once(backend: Backend) {
    let create = || {
        let create = backend.new_create().id("nightly-2026-11-29");
        create.inline_limit(InlineLimit::NEVER)
    };
    let first = create().await.unwrap();
    let placed = backend.placed();
    // What says how it is to be done is no other content.
    let again = create().display_name("again").remove_staged_input(true);
    let second = again.await.unwrap();
    assert_eq!(second.name(), first.name());
    assert_eq!((backend.creates(), backend.placed()), (1, placed.clone()));
    backend.assert_answered(&second).await;
    assert_eq!(
        backend
            .placed()
            .iter()
            .filter(|name| placed.contains(name))
            .count(),
        1
    );

    let other = create().id("nightly-2026-11-30").await.unwrap();
    assert_ne!(other.name(), first.name());
    backend.client.batches().delete(&second).await.unwrap();
    assert_ne!(create().await.unwrap().name(), first.name());
    assert_eq!(backend.creates(), 3);
}

async fn a_program_that_is_killed_within_its_create_has_one_job(backend: Backend) {
    let create = || {
        backend
            .new_create()
            .id("nightly")
            .inline_limit(InlineLimit::NEVER)
    };
    // The job is made, and the response never comes to its end.
    let pause = Duration::from_secs(3600);
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 1, Failure::Drip { piece: 1, pause });
    tokio::select! {
        created = create().into_future() => panic!("{created:?}"),
        () = until(async || !backend.jobs().is_empty()) => {}
    }
    let placed = backend.placed();
    let job = create().await.unwrap();
    assert_eq!(backend.jobs().into_iter().collect::<Vec<_>>(), [job.name()]);
    assert_eq!((backend.creates(), backend.placed()), (1, placed));
    backend.assert_answered(&job).await;
}

async fn an_id_is_of_one_content(backend: Backend) {
    let batches = backend.client.batches();
    let first = backend.new_create().id("nightly").await.unwrap();
    let sent = backend.creates();
    let mut changed = sums(3).0;
    changed[2] = changed[2].clone().key("another");
    // What a job shows of the number of its requests is of the Gemini backend alone.
    let is_gemini = backend.client.backend() == genai_batch::Backend::Gemini;
    let count = match is_gemini {
        true => "has 3 requests, and this create 4",
        false => "has the same model",
    };
    let others = [
        (batches.create(backend.model, sums(4).0), count),
        (batches.create(backend.model, changed), "the same model"),
        (
            batches.create("gemini-2.5-pro", sums(3).0),
            "runs the model",
        ),
        (
            backend.new_create().system_instruction("Be brief."),
            "`system_instruction`",
        ),
    ];
    for (other, told) in others {
        let error = other.id("nightly").await.unwrap_err();
        assert!(error.is_invalid_input() && !error.is_unclear(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains(first.name()) && text.contains(told),
            "{told}: {text}"
        );
        assert_eq!(error.job().unwrap().name(), first.name());
    }
    let mut turned = sums(3).0;
    turned.reverse();
    let turned = batches.create(backend.model, turned).id("nightly");
    assert_eq!(turned.await.unwrap().name(), first.name());
    assert_eq!((backend.creates(), backend.jobs().len()), (sent, 1));
    let same = format!("models/{}", backend.model);
    let same = batches.create(same, sums(3).0).id("nightly").await.unwrap();
    assert_eq!(same.name(), first.name());
}

async fn a_job_that_ended_badly_is_adopted_and_told(backend: Backend) {
    backend.emulator.faults().fail_jobs(13, "an internal error");
    let first = backend.new_create().id("nightly").await.unwrap();
    let _ = backend.wait(&first).await;
    let (events, _guard) = crate::traces::watch_events();
    let again = backend.new_create().id("nightly").await.unwrap();
    assert_eq!((again.name(), again.is_terminal()), (first.name(), true));
    assert_eq!(again.state(), &genai_batch::JobState::Failed);
    let told: Vec<_> = events.of("give another id").collect();
    assert_eq!(told.len(), 1, "{events:?}");
    assert_eq!(told[0]["job"], first.name());
    assert_eq!(backend.creates(), 1);
}

async fn a_create_that_may_not_list_says_what_to_do(backend: Backend) {
    let faults = backend.emulator.faults();
    let refusal = || Failure::status(403, "PERMISSION_DENIED", "Permission denied.");
    faults.fail_next(backend.list, 2, refusal());
    let error = backend.new_create().id("nightly").await.unwrap_err();
    let text = error.to_string();
    assert!(error.is_permission_denied(), "{error}");
    for part in [
        "nothing was created",
        "to list jobs",
        "leave out the option `id`",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(backend.creates(), 0);
    faults.clear();
    // The same where the response to a create was lost.
    faults.fail_next(backend.create, 1, Failure::CloseAfterEffect);
    faults.fail_next(backend.list, 100, refusal());
    let error = backend.new_create().await.unwrap_err();
    assert!(
        error.is_unclear() && error.to_string().contains("to list jobs"),
        "{error}"
    );
}

async fn local_files_of_an_id_are_placed_once(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["a \"b\".png", "c.png"] {
        std::fs::write(path(name), [7; 100]).unwrap();
    }
    let create = |name: &str| {
        let parts = [Part::text("What is it?"), Part::local_file(path(name))];
        let requests = vec![Request::parts(parts).key("k")];
        let create = backend.client.batches().create(backend.model, requests);
        create.id("photos").inline_limit(InlineLimit::NEVER)
    };
    let first = create("a \"b\".png").await.unwrap();
    let placed = backend.placed();
    let second = create("a \"b\".png").await.unwrap();
    assert_eq!(
        (second.name(), backend.placed()),
        (first.name(), placed.clone())
    );
    let error = create("c.png").await.unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    assert_eq!((backend.jobs().len(), backend.placed()), (1, placed));
}

async fn a_named_create_whose_response_is_lost_is_adopted(backend: Backend) {
    let faults = backend.emulator.faults();
    for failure in [Failure::CloseAfterEffect, Failure::CutAnswer { after: 20 }] {
        faults.fail_next(backend.create, 1, failure);
    }
    for id in ["a", "b"] {
        let job = backend.new_create().id(id).await.unwrap();
        let again = backend.new_create().id(id).await.unwrap();
        assert_eq!(job.name(), again.name());
    }
    assert_eq!((backend.creates(), backend.jobs().len()), (2, 2));
}

async fn nothing_is_created_where_nobody_knows_what_has_the_id(backend: Backend) {
    let faults = backend.emulator.faults();
    faults.fail_next(backend.list, 1000, Failure::service_unavailable());
    let create = backend.new_create().inline_limit(InlineLimit::NEVER);
    let error = create.id("nightly").await.unwrap_err();
    assert!(error.is_server_error() && !error.is_unclear(), "{error}");
    assert!(error.to_string().contains("nothing was created"), "{error}");
    assert_eq!((backend.creates(), backend.placed().len()), (0, 0));
}

async fn options_about_the_mark_contradict_each_other(backend: Backend) {
    let create = || backend.new_create().adopt(false);
    for (create, option) in [
        (create().id("a"), "`id`"),
        (create().look_for(Duration::ZERO), "`look_for`"),
        (create().resend_unclear(true), "`resend_unclear`"),
        (backend.new_create().id(""), "`id`"),
    ] {
        let error = create.await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        assert!(error.to_string().contains(option), "{error}");
    }
    assert!(backend.emulator.requests().is_empty());
}

#[tokio::test]
async fn the_record_of_another_file_is_not_taken_for_this_one() {
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let server = MockServer::start().await;
    let other = serde_json::json!({ "name": "files/other", "state": "ACTIVE" });
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(other))
        .mount(&server)
        .await;
    let client = crate::support::client(&server.uri());
    let error = client
        .files()
        .get("files/mine")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("files/mine") && error.contains("files/other"),
        "{error}"
    );
    assert!(client.files().get("files/other").await.is_ok());
}

#[tokio::test]
async fn an_id_is_for_one_of_the_creates_of_a_call() {
    let backend = Backend::gemini().await;
    let creates = backend
        .client
        .batches()
        .create_all(backend.model, [sums(2).0, sums(3).0]);
    let created = creates.each(|_, create| create.id("nightly")).await;
    assert!(created[0].is_ok());
    let refused = created[1].as_ref().unwrap_err().to_string();
    assert!(
        refused.contains("\"nightly\"") && refused.contains("0 and 1"),
        "{refused}"
    );
    assert_eq!(backend.emulator.request_count(backend.create), 1);
}
