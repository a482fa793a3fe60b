//! Creates against a service that follows a script: responses that are lost, and lists that are late,
//! long or refused.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use tokio::time::Instant;

use super::super::create::{Placed, Plan};
use super::super::look::{Care, find};
use super::super::mark::Identity;
use super::*;
use crate::error::{Attempts, HttpFailure, Kind};
use crate::http::Session;
use crate::job::{Details, JobRecord, JobStats};
use crate::options::{CreateOptions, OnCreateProgress, Task};
use crate::page::Page;
use crate::platform::Backend;
use crate::request::Form;
use crate::source::SourceKind;
use crate::source::attach::{AttachmentStore, Room, StoredFile};
use crate::source::digest::ContentDigest;
use crate::source::prepare::Prepared;

const MARK: &str = "gbm00ff00ff00ff00ff12345678";
const ONCE: WhenLost = WhenLost {
    look_for: None,
    resend: false,
};

static SESSION: LazyLock<Session> = LazyLock::new(|| Session::new("key").unwrap());

/// A call for a page of a list.
struct Ask {
    /// How many came before.
    number: usize,
    by_label: bool,
    token: Option<String>,
}

type List = fn(Ask) -> Result<Page<BatchJob>>;

/// A service that gives these responses to creates, one after another, and these lists.
struct Scripted<const LABELS: bool> {
    creates: Mutex<VecDeque<Result<BatchJob>>>,
    list: List,
    /// Whether each list was asked for by the label.
    lists: Mutex<Vec<bool>>,
    /// Whether lists never come.
    hangs: bool,
}

impl<const LABELS: bool> Scripted<LABELS> {
    fn new(creates: impl IntoIterator<Item = Result<BatchJob>>, list: List) -> Self {
        Self {
            creates: Mutex::new(creates.into_iter().collect()),
            list,
            lists: Mutex::default(),
            hangs: false,
        }
    }

    /// Sends a create that has the mark.
    async fn create(&self, when_lost: WhenLost) -> Result<BatchJob> {
        let mark = Mark::parse(MARK).unwrap();
        let outcome = send_once(self, &(), Some(&mark), when_lost).await;
        assert!(self.creates.lock().unwrap().is_empty(), "too few creates");
        outcome
    }

    /// How often lists were asked for, by the label and without.
    fn lists(&self) -> (usize, usize) {
        let lists = self.lists.lock().unwrap();
        let by_label = lists.iter().filter(|by_label| **by_label).count();
        (by_label, lists.len() - by_label)
    }
}

impl<const LABELS: bool> CreateJobs for Scripted<LABELS> {
    const FINDS_LABELS: bool = LABELS;
    const BACKEND: Backend = Backend::Gemini;

    type Model = String;
    type Input = ();
    type Body = ();
    type AttachmentStore = NoStore;

    fn session(&self) -> &Session {
        &SESSION
    }

    fn check(&self, _: Task, model: &str, _: &CreateOptions) -> Result<String> {
        Ok(model.to_owned())
    }

    fn form(&self, _: &String, _: &CreateOptions) -> Form {
        Form::Gemini
    }

    fn input_of(&self, _: SourceKind) -> Result<()> {
        Ok(())
    }

    fn plan(&self, _: Task, _: &String, _: &CreateOptions) -> Result<Plan<Self>> {
        unreachable!("nothing is placed")
    }

    async fn place(
        &self,
        _: Prepared,
        _: &str,
        _: Option<&str>,
        _: Option<OnCreateProgress>,
    ) -> Result<Placed<()>> {
        unreachable!("nothing is placed")
    }

    fn body(
        &self,
        _: Task,
        _: &String,
        _: (&str, Option<&Mark>),
        (): (),
        _: &CreateOptions,
    ) -> Result<()> {
        Ok(())
    }

    async fn send(&self, (): &()) -> Result<BatchJob> {
        let next = self.creates.lock().unwrap().pop_front();
        next.expect("a create too many")
    }

    async fn list_marked(
        &self,
        _: &Identity,
        by_label: bool,
        token: Option<String>,
    ) -> Result<Page<BatchJob>> {
        let number = {
            let mut lists = self.lists.lock().unwrap();
            lists.push(by_label);
            lists.len() - 1
        };
        if self.hangs {
            std::future::pending::<()>().await;
        }
        (self.list)(Ask {
            number,
            by_label,
            token,
        })
    }

    async fn remove(&self, _: &str) -> Result<()> {
        Ok(())
    }
}

struct NoStore;

impl AttachmentStore for NoStore {
    async fn upload(&self, _: &Path, _: &str) -> Result<StoredFile> {
        unreachable!("nothing is placed")
    }

    async fn remove(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn room(&self) -> Room {
        Room { all: 0, each: 0 }
    }
}

fn job(name: &str, marked: &str) -> BatchJob {
    BatchJob::new(JobRecord {
        name: name.into(),
        details: Details {
            marked: vec![marked.into()],
            ..Details::default()
        },
        ..JobRecord::default()
    })
}

fn mine() -> BatchJob {
    job("batches/mine", MARK)
}

fn other() -> BatchJob {
    job("batches/other", "gbmffffffffffffffff12345678")
}

fn refusal(status: u16) -> Error {
    let failure = HttpFailure {
        status,
        ..HttpFailure::default()
    };
    Error::status_response(failure, "no".into())
}

fn page(items: Vec<BatchJob>, next: Option<&str>) -> Page<BatchJob> {
    Page {
        items,
        unreadable: Vec::new(),
        next_page_token: next.map(str::to_owned),
    }
}

const EMPTY: List = |_| Ok(page(vec![], None));
const NEVER: List = |_| panic!("nothing is looked for");

#[tokio::test]
async fn the_job_with_the_mark_is_the_job() {
    let service = Scripted::<false>::new([Ok(mine())], NEVER);
    assert_eq!(service.create(ONCE).await.unwrap().name(), "batches/mine");
}

#[tokio::test(start_paused = true)]
async fn a_job_is_found_wherever_it_stands_in_the_list() {
    let list: List = |ask| match ask.token.as_deref() {
        None => Ok(page(vec![other(), other()], Some("2"))),
        Some("2") => Ok(page(vec![], Some("3"))),
        Some(_) => Ok(page(vec![other(), mine(), other()], None)),
    };
    for lost in [Ok(other()), Err(refusal(503))] {
        let service = Scripted::<false>::new([lost], list);
        assert_eq!(service.create(ONCE).await.unwrap().name(), "batches/mine");
        assert_eq!(service.lists(), (0, 3));
    }
}

/// What of each response to a create is known, and nothing is sent twice.
#[tokio::test(start_paused = true)]
async fn only_a_refusal_says_that_there_is_no_job() {
    let attempts = |may_be_done| Attempts {
        count: 2,
        elapsed: Duration::ZERO,
        may_be_done,
    };
    let no_response = || Error::new(Kind::Transport, "cut");
    let open = [408, 409, 499, 500, 501, 502, 503, 504, 599].map(refusal);
    let open = open.into_iter().chain([
        refusal(400).with_attempts(attempts(true)),
        no_response(),
        Error::new(Kind::Timeout, "late"),
        Error::protocol("garbled"),
    ]);
    for error in open {
        let told = error.to_string();
        let service = Scripted::<false>::new([Err(error)], EMPTY);
        let error = service.create(ONCE).await.unwrap_err();
        assert!(error.is_unclear() && !error.is_retryable(), "{error}");
        assert_eq!(error.mark(), Some(MARK), "{told}");
        assert!(error.to_string().contains(MARK), "{error}");
        assert_eq!(service.lists(), (0, 14), "{told}");
    }
    let clear = [400, 401, 403, 404, 407, 429].map(refusal);
    let clear = clear.into_iter().chain([
        refusal(400).with_attempts(attempts(false)),
        no_response().unsent(),
        Error::protocol("garbled").unsent(),
        Error::input("odd"),
        Error::configuration("none"),
    ]);
    for error in clear {
        let told = error.to_string();
        let service = Scripted::<false>::new([Err(error)], NEVER);
        let error = service.create(ONCE).await.unwrap_err();
        assert!(!error.is_unclear() && error.mark().is_none(), "{error}");
        assert_eq!(error.to_string(), told);
    }
}

#[tokio::test]
async fn a_create_without_a_mark_is_not_looked_for() {
    for (status, is_unclear) in [(503, true), (400, false)] {
        let service = Scripted::<false>::new([Err(refusal(status))], NEVER);
        let error = send_once(&service, &(), None, ONCE).await.unwrap_err();
        assert_eq!((error.is_unclear(), error.mark()), (is_unclear, None));
        assert_eq!(error.to_string().contains("list jobs"), is_unclear);
    }
    // Whatever job comes is taken.
    let service = Scripted::<false>::new([Ok(other())], NEVER);
    let taken = send_once(&service, &(), None, ONCE).await.unwrap();
    assert_eq!(taken.name(), "batches/other");
}

#[tokio::test(start_paused = true)]
async fn looks_that_fail_are_made_up_for_by_later_ones() {
    let list: List = |ask| match ask.number {
        0 | 2 | 5 => Err(refusal(503)),
        3 => Err(refusal(429)),
        9 => Ok(page(vec![mine()], None)),
        _ => Ok(page(vec![other()], None)),
    };
    let service = Scripted::<false>::new([Err(refusal(503))], list);
    assert_eq!(service.create(ONCE).await.unwrap().name(), "batches/mine");
    assert_eq!(service.lists(), (0, 10));
}

#[tokio::test(start_paused = true)]
async fn the_error_says_how_the_last_look_ended() {
    let never: List = |_| Err(refusal(503));
    let at_last: List = |ask| match ask.number {
        13 => Err(refusal(503)),
        _ => Ok(page(vec![], None)),
    };
    let at_first: List = |ask| match ask.number {
        0..13 => Err(refusal(503)),
        _ => Ok(page(vec![], None)),
    };
    for (list, is_told) in [(never, true), (at_last, true), (at_first, false)] {
        let service = Scripted::<false>::new([Err(refusal(500))], list);
        let started = Instant::now();
        let error = service.create(ONCE).await.unwrap_err();
        let told = error.to_string();
        assert!(error.is_unclear() && told.contains("HTTP 500"), "{told}");
        let failed = told.contains("could not be listed (HTTP 503");
        assert_eq!(failed, is_told, "{told}");
        assert!(!told.contains(MAY_LIST), "{told}");
        let in_vain = told.contains("14 looks over 301.0s did not find it");
        assert_eq!(in_vain, !is_told, "{told}");
        assert_eq!(started.elapsed(), Duration::from_secs(301));
    }
    // One that will not be another is the last.
    let forbidden: List = |_| Err(refusal(403));
    let service = Scripted::<false>::new([Err(refusal(500))], forbidden);
    let told = service.create(ONCE).await.unwrap_err().to_string();
    assert!(told.contains("could not be listed (HTTP 403"), "{told}");
    assert!(told.contains(MAY_LIST), "{told}");
    assert_eq!(service.lists(), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_never_comes_does_not_hold_up_the_look() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (look_for, ends) in [(seconds(10), 40), (seconds(0), 30), (None, 632)] {
        let mut service = Scripted::<false>::new([Err(refusal(503))], EMPTY);
        service.hangs = true;
        let started = Instant::now();
        let when_lost = WhenLost { look_for, ..ONCE };
        let error = service.create(when_lost).await.unwrap_err();
        assert_eq!(started.elapsed(), Duration::from_secs(ends));
        let told = format!("1 look over {ends}.0s");
        assert!(error.to_string().contains(&told), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_is_sent_once_more_if_asked_and_no_more() {
    let again = WhenLost {
        resend: true,
        ..ONCE
    };
    let service = Scripted::<false>::new([Err(refusal(503)), Ok(mine())], EMPTY);
    assert_eq!(service.create(again).await.unwrap().name(), "batches/mine");
    assert_eq!(service.lists(), (0, 14));

    let service = Scripted::<false>::new([Err(refusal(503)), Err(refusal(502))], EMPTY);
    let error = service.create(again).await.unwrap_err();
    assert_eq!((error.status(), error.mark()), (Some(502), Some(MARK)));
    assert_eq!(service.lists(), (0, 28));

    // A refusal of the second says nothing of the first.
    let service = Scripted::<false>::new([Err(refusal(503)), Err(refusal(400))], EMPTY);
    let error = service.create(again).await.unwrap_err();
    assert_eq!((error.status(), error.mark()), (Some(400), Some(MARK)));
    assert!(error.to_string().contains("before this one"), "{error}");

    let service = Scripted::<false>::new([Err(refusal(400))], NEVER);
    assert!(!service.create(again).await.unwrap_err().is_unclear());
}

#[tokio::test(start_paused = true)]
async fn a_label_is_asked_for_each_time_and_all_jobs_every_other() {
    let service = Scripted::<true>::new([Err(refusal(503))], EMPTY);
    assert!(service.create(ONCE).await.unwrap_err().is_unclear());
    assert_eq!(service.lists(), (14, 7));

    let service = Scripted::<true>::new([Err(refusal(503))], EMPTY);
    let at_once = WhenLost {
        look_for: Some(Duration::ZERO),
        ..ONCE
    };
    assert!(service.create(at_once).await.unwrap_err().is_unclear());
    assert_eq!(service.lists(), (1, 1));
}

#[tokio::test]
async fn a_job_that_its_label_does_not_find_is_looked_for_among_all() {
    let by_label: List = |ask| match ask.by_label {
        true => Ok(page(vec![mine()], None)),
        false => panic!("it is found by now"),
    };
    let among_all: List = |ask| match ask.by_label {
        true => Ok(page(vec![], None)),
        false => Ok(page(vec![mine()], None)),
    };
    let without_filter: List = |ask| match ask.by_label {
        true => Err(refusal(400)),
        false => Ok(page(vec![mine()], None)),
    };
    let busy: List = |ask| match ask.by_label {
        true => Err(refusal(503)),
        false => panic!("the service would not respond"),
    };
    let found = Some("batches/mine");
    for (list, care, expected, lists) in [
        (by_label, Care::Everywhere, Ok(found), (1, 0)),
        (by_label, Care::ByLabel, Ok(found), (1, 0)),
        (among_all, Care::Everywhere, Ok(found), (1, 1)),
        (among_all, Care::ByLabel, Ok(None), (1, 0)),
        (without_filter, Care::ByLabel, Ok(found), (1, 1)),
        (busy, Care::Everywhere, Err(Some(503)), (1, 0)),
    ] {
        let service = Scripted::<true>::new([], list);
        let mark = Mark::parse(MARK).unwrap();
        let job = find(&service, mark.identity(), care).await;
        let name = job
            .as_ref()
            .map(|job| job.as_ref().map(BatchJob::name))
            .map_err(Error::status);
        assert_eq!((name, service.lists()), (expected, lists));
    }
}

#[tokio::test]
async fn a_list_is_read_as_far_as_two_thousand_pages() {
    let endless: List = |ask| Ok(page(vec![other()], Some(&ask.number.to_string())));
    let long: List = |ask| {
        let next = (ask.number < 1999).then(|| ask.number.to_string());
        Ok(page(vec![other()], next.as_deref()))
    };
    let mark = Mark::parse(MARK).unwrap();
    for (list, is_read) in [(endless, false), (long, true)] {
        let service = Scripted::<false>::new([], list);
        let found = find(&service, mark.identity(), Care::Everywhere).await;
        assert_eq!(service.lists(), (0, 2000));
        match found {
            Ok(found) => assert!(is_read && found.is_none()),
            Err(error) => assert!(!is_read && error.is_protocol(), "{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_of_the_same_id_is_adopted_only_if_it_was_made_of_the_same() {
    let mark = Mark::named(Identity::of("nightly"), ContentDigest::new(), String::new());
    let text = mark.text();
    let (start, content) = text.split_at(text.len() - 8);
    let other = format!(
        "{start}{}",
        if content == "00000000" { "1" } else { "0" }.repeat(8)
    );
    let cut = &text[..text.len() - 1];

    for same in [&*text, cut, start] {
        refuse_other_content(&mark, &job("batches/a", same)).unwrap();
    }
    let error = refuse_other_content(&mark, &job("batches/a", &other)).unwrap_err();
    assert!(error.is_invalid_input() && !error.is_unclear(), "{error}");
    assert_eq!(error.job().unwrap().name(), "batches/a");
    for told in ["batches/a", content, &other[start.len()..]] {
        assert!(error.to_string().contains(told), "{error}");
    }
    // A mark by chance says nothing of the content.
    let by_chance = Mark::parse(&text).unwrap();
    refuse_other_content(&by_chance, &job("batches/a", &other)).unwrap();

    // One that is found for a lost create, and is of something else, leaves it open too.
    let list: List = |_| {
        let digits =
            Mark::named(Identity::of("nightly"), ContentDigest::new(), String::new()).text();
        let start = &digits[..digits.len() - 8];
        let content = match digits.ends_with("00000000") {
            true => "11111111",
            false => "00000000",
        };
        Ok(page(
            vec![job("batches/a", &format!("{start}{content}"))],
            None,
        ))
    };
    let service = Scripted::<false>::new([Err(refusal(503))], list);
    let error = send_once(&service, &(), Some(&mark), ONCE)
        .await
        .unwrap_err();
    assert!(error.is_unclear(), "{error}");
    assert_eq!(error.mark(), Some(&*text));
}

#[test]
fn what_differs_is_told_as_far_as_the_job_shows_it() {
    let mark = |requests: &[&str]| {
        let mut content = ContentDigest::new();
        content.add(b"gemini-2.5-flash");
        for request in requests {
            content.add_request(request.as_bytes());
        }
        Mark::named(Identity::of("a"), content, "models/gemini-2.5-flash".into())
    };
    let job = |model: &str, total: Option<u64>| {
        BatchJob::new(JobRecord {
            name: "batches/b".to_owned(),
            details: Details {
                marked: vec![mark(&["x", "y"]).text()],
                model: Some(model.to_owned()),
                stats: Some(JobStats {
                    total,
                    ..JobStats::default()
                }),
                ..Details::default()
            },
            ..JobRecord::default()
        })
    };
    let flash = "publishers/google/models/gemini-2.5-flash";
    for (model, total, told) in [
        (
            "models/gemini-2.5-pro",
            Some(2),
            "runs the model models/gemini-2.5-pro",
        ),
        (flash, Some(2), "has 2 requests, and this create 3"),
        (flash, Some(3), "as many requests (3): the key"),
        (flash, None, "the requests differ"),
        (flash, Some(0), "the requests differ"),
    ] {
        let other = mark(&["x", "y", "z"]);
        let error = refuse_other_content(&other, &job(model, total)).unwrap_err();
        assert!(error.to_string().contains(told), "{told}: {error}");
        assert!(error.job().is_some() && error.is_invalid_input());
    }
    let held_by_service = refuse_other_content(&mark(&[]), &job(flash, Some(2)));
    let told = held_by_service.unwrap_err().to_string();
    assert!(told.contains("the requests differ"), "{told}");
    assert!(refuse_other_content(&mark(&["y", "x"]), &job(flash, None)).is_ok());
}

#[test]
fn a_status_is_a_refusal_or_leaves_it_open() {
    for status in [
        307, 308, 400, 401, 403, 404, 405, 410, 412, 413, 422, 429, 451,
    ] {
        assert!(is_certain_refusal(status), "{status}");
    }
    for status in [
        100, 300, 301, 302, 303, 304, 406, 408, 409, 499, 500, 501, 502, 503, 504, 599, 600, 999,
    ] {
        assert!(!is_certain_refusal(status), "{status}");
    }
}
