//! Files of several requests on their way to a store that takes its time.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use futures_util::TryStreamExt;
use tempfile::NamedTempFile;

use super::*;
use crate::http::connections::MOST;
use crate::request::{Part, Request};

const MIB: usize = 1024 * 1024;

#[derive(Default)]
struct Seen {
    under_way: AtomicUsize,
    most: AtomicUsize,
    uploaded: AtomicUsize,
    stored: Mutex<HashSet<String>>,
}

/// Each upload takes as long; that of a file with a certain name fails.
struct Slow {
    seen: Arc<Seen>,
    room: usize,
    refused: Option<PathBuf>,
}

impl AttachmentStore for Slow {
    async fn upload(&self, path: &Path, _: &str) -> Result<StoredFile> {
        let Seen {
            under_way,
            most,
            uploaded,
            stored,
        } = &*self.seen;
        most.fetch_max(under_way.fetch_add(1, SeqCst) + 1, SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        under_way.fetch_sub(1, SeqCst);
        if self.refused.as_deref() == Some(path) {
            return Err(Error::input("it is not wanted"));
        }
        let name = format!("stored-{}", uploaded.fetch_add(1, SeqCst));
        stored.lock().unwrap().insert(name.clone());
        let uri = format!("at:{}", path.display());
        Ok(StoredFile { name, uri })
    }

    async fn remove(&self, name: &str) -> Result<()> {
        self.seen.stored.lock().unwrap().remove(name);
        Ok(())
    }

    fn room(&self) -> Room {
        Room {
            all: self.room,
            each: 2 * MIB,
        }
    }
}

fn files(count: usize, len: usize) -> Vec<NamedTempFile> {
    let file = |_| {
        let mut file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
        file.write_all(&vec![7; len]).unwrap();
        file
    };
    (0..count).map(file).collect()
}

fn requests(files: &[NamedTempFile]) -> Source {
    let request = |file: &NamedTempFile| {
        Request::parts([Part::text("What is it?"), Part::local_file(file.path())])
    };
    Source::requests(files.iter().map(request).collect::<Vec<_>>())
}

async fn entries(source: Source) -> Result<Vec<Entry>> {
    match source.0 {
        SourceKind::Entries(entries) => entries.try_collect().await,
        _ => panic!("the requests are in memory"),
    }
}

/// What requests call the files, how many went up at once, and how long it took.
async fn sent(files: &[NamedTempFile], room: usize) -> (Vec<String>, Arc<Seen>, Duration) {
    let seen = Arc::<Seen>::default();
    let store = Slow {
        seen: Arc::clone(&seen),
        room,
        refused: None,
    };
    let started = tokio::time::Instant::now();
    let (source, _attachments) = requests(files).attaching(store);
    let entries = entries(source).await.unwrap();
    let uri = |entry: Entry| match entry.0 {
        EntryKind::Built(mut draft) => {
            let parts = &draft.body.fields_mut()["contents"][0]["parts"];
            parts[1]["fileData"]["fileUri"].as_str().unwrap().to_owned()
        }
        _ => panic!("it was built"),
    };
    let uris = entries.into_iter().map(uri).collect();
    (uris, seen, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn files_of_several_requests_go_up_at_once_and_each_to_its_own() {
    let files = files(20, 1);
    let (uris, seen, time) = sent(&files, 32 * MIB).await;
    let expected = files
        .iter()
        .map(|file| format!("at:{}", file.path().display()));
    assert!(uris.into_iter().eq(expected));
    assert_eq!(seen.most.load(SeqCst), MOST);
    assert!(time < Duration::from_secs(4), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_several_requests_name_goes_up_once() {
    let file = files(1, 1).remove(0);
    let path = file.path();
    let request = |_| Request::parts([Part::text("Why?"), Part::local_file(path)]);
    let source = Source::requests((0..10).map(request).collect::<Vec<_>>());
    let seen = Arc::<Seen>::default();
    let store = Slow {
        seen: Arc::clone(&seen),
        room: MIB,
        refused: None,
    };
    let (source, attachments) = source.attaching(store);
    assert_eq!(entries(source).await.unwrap().len(), 10);
    assert_eq!(seen.uploaded.load(SeqCst), 1);
    assert_eq!(attachments.names(), ["stored-0"]);
}

#[tokio::test(start_paused = true)]
async fn memory_bounds_how_many_go_up_at_once_and_one_always_does() {
    let files = files(4, 3 * MIB);
    for (room, most) in [(0, 1), (MIB, 1), (4 * MIB, 2), (7 * MIB, 3)] {
        let (_, seen, _) = sent(&files, room).await;
        assert_eq!(seen.most.load(SeqCst), most, "{room}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_as_one_fails_is_taken_back_and_no_more_begins() {
    let files = files(20, 1);
    let seen = Arc::<Seen>::default();
    let store = Slow {
        seen: Arc::clone(&seen),
        room: 32 * MIB,
        refused: Some(files[2].path().to_owned()),
    };
    let (source, attachments) = requests(&files).attaching(store);
    let Err(error) = entries(source).await else {
        panic!("the third file is not wanted");
    };
    let text = error.to_string();
    assert!(
        text.contains("request 3, file ") && text.contains("not wanted"),
        "{text}"
    );
    attachments.undo(error).await;
    // Those that went up beside it, and two that began as the first two were up.
    let uploaded = seen.uploaded.load(SeqCst);
    assert!((2..=MOST + 1).contains(&uploaded), "{uploaded}");
    assert_eq!(seen.under_way.load(SeqCst), 0);
    assert!(seen.stored.lock().unwrap().is_empty());
}
