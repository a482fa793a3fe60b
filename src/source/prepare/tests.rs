use std::io::Write;

use super::*;
use crate::Request;
use crate::platform::Backend;
use crate::source::intake::Defaults;
use serde_json::Value;
use tokio::io::AsyncReadExt;

/// Nobody listens.
fn alone() -> Listening<'static, fn()> {
    Listening {
        on_refusal: || (),
        written: None,
        on_read: &|_| (),
    }
}

async fn prepare_source(source: Source, limit: InlineLimit) -> Result<(Prepared, SubmittedKeys)> {
    let target = Target {
        kind: JobKind::GenerateContent,
        inline_limit: limit,
        max_file: 1_000_000,
        file_carries_metadata: false,
    };
    let defaults = Defaults::default();
    let intake = Intake::checked(target.kind, &defaults, Backend::Gemini, None);
    match source.prepare(target, intake, alone()).await? {
        Ok(prepared) => Ok(prepared),
        Err(_) => panic!("the caller holds this source"),
    }
}

async fn lines(prepared: Prepared) -> Vec<Value> {
    match prepared {
        Prepared::Inline(requests) => {
            let requests = requests.iter();
            requests.map(|request| request.parse().unwrap()).collect()
        }
        Prepared::Spooled(mut file, len) => {
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text.len() as u64, len);
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        }
    }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn prompts(count: usize) -> Source {
    Source::requests((0..count).map(|n| Request::text("hi").key(format!("k{n}"))))
}

#[tokio::test]
async fn lists_stay_inline_up_to_the_limit_and_then_become_a_file() {
    for (limit, count, inline) in [
        (InlineLimit::default(), 100, true),
        (InlineLimit::default(), 101, false),
        (InlineLimit::default().max_bytes(1000), 50, false),
        (InlineLimit::NEVER, 1, false),
        (InlineLimit::MAX, 5000, true),
    ] {
        let (prepared, expected) = prepare_source(prompts(count), limit).await.unwrap();
        assert_eq!(
            matches!(prepared, Prepared::Inline(_)),
            inline,
            "{limit:?} {count}"
        );
        assert_eq!(expected.total(), count as u64);
        let key = if inline { "/metadata/key" } else { "/key" };
        let lines = lines(prepared).await;
        let keys: Vec<_> = lines
            .iter()
            .map(|line| line.pointer(key).unwrap())
            .collect();
        let wanted: Vec<_> = (0..count).map(|n| Value::from(format!("k{n}"))).collect();
        assert_eq!(keys, wanted.iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn requests_without_a_key_are_given_their_place() {
    let text = "\u{feff}{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}]}\r\n\n{\"key\":\"mine\",\"request\":{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}]}}\n{\"contents\":[{\"parts\":[{\"text\":\"b\"}]}]}";
    let file = file(text);
    let (prepared, expected) = prepare_source(file.path().into(), InlineLimit::NEVER)
        .await
        .unwrap();
    let lines = lines(prepared).await;
    let keys: Vec<_> = lines
        .iter()
        .map(|line| line["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["request-1", "mine", "request-4"]);
    assert!(keys.iter().all(|key| expected.slot(key).is_some()));
    assert_eq!(expected.slot("request-2"), None);
}

#[tokio::test]
async fn bad_input_is_refused_with_its_place() {
    let good = r#"{"key":"a","request":{"contents":[{"parts":[{"text":"x"}]}]}}"#;
    for (text, parts) in [
        (
            format!("{good}\n\n{{oops\n"),
            vec![".jsonl:3: ", "not JSON"],
        ),
        (
            format!("{good}\n{good}\n"),
            vec!["\"a\"", ".jsonl:1 and", ".jsonl:2"],
        ),
        ("\n \n".into(), vec!["no requests"]),
        (String::new(), vec!["no requests"]),
        (
            format!("{good}\n{{\"key\":\"b\"}}"),
            vec![".jsonl:2: ", "no `request`"],
        ),
    ] {
        let file = file(&text);
        let refused = prepare_source(file.path().into(), InlineLimit::default()).await;
        let error = refused.err().unwrap();
        assert!(error.is_invalid_input(), "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{error} / {part}");
        }
    }
    let twice = ["a", "b", "a"].map(|key| Request::text("hi").key(key));
    let error = prepare_source(twice.into(), InlineLimit::default())
        .await
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("at request 1 and at request 3"),
        "{error}"
    );

    let missing = Source::path("no/such/file.jsonl");
    let error = prepare_source(missing, InlineLimit::default())
        .await
        .err()
        .unwrap();
    assert!(error.is_io() && error.to_string().contains("no/such/file.jsonl"));
}

#[tokio::test]
async fn what_a_file_cannot_hold_is_kept_or_refused() {
    let many = (0..101).map(|n| Request::text("hi").key(format!("k{n}")).metadata("n", n));
    let source = Source::requests(many.collect::<Vec<_>>());
    let (prepared, keys) = prepare_source(source, InlineLimit::default())
        .await
        .unwrap();
    // The service would drop it, so it is kept here.
    assert!(
        lines(prepared)
            .await
            .iter()
            .all(|line| line.get("metadata").is_none())
    );
    let mut kept = crate::keys::MetadataReader::new(keys.into()).unwrap();
    assert_eq!(kept.find("k100").await.unwrap().unwrap(), br#"{"n":100}"#);

    let large = Source::requests((0..200).map(|_| Request::text("x".repeat(10_000))));
    let error = prepare_source(large, InlineLimit::default())
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("1000000 bytes"), "{error}");
}

#[tokio::test]
async fn a_key_that_would_be_given_twice_says_whose_it_is() {
    let mixed = [Request::text("a").key("request-2"), Request::text("b")];
    let error = prepare_source(mixed.into(), InlineLimit::default())
        .await
        .err()
        .unwrap();
    let text = error.to_string();
    assert!(
        text.contains("request 2 has no key") && text.contains("which request 1 uses"),
        "{text}"
    );
}

#[tokio::test]
async fn a_stream_that_fails_ends_it() {
    let stream = futures_util::stream::iter([Ok("hi"), Err("the database went away")]);
    let error = prepare_source(Source::try_stream(stream), InlineLimit::default())
        .await
        .err()
        .unwrap();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the database went away");
}

#[test]
fn no_limit_goes_beyond_what_the_service_takes() {
    let limit = InlineLimit::default().max_bytes(usize::MAX);
    assert!(limit.takes(1, 20_000_000) && !limit.takes(1, 20_000_001));
    assert!(!InlineLimit::MAX.takes(1, 20_000_001));
    let fewer = InlineLimit::MAX.max_requests(2).max_bytes(10);
    assert!(fewer.takes(2, 10) && !fewer.takes(3, 10) && !fewer.takes(2, 11));
}
