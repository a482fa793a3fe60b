//! Contents that come in slices, cut and replaced at any byte, against a service that follows a plan.

mod line;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex};

use futures_util::TryStreamExt;
use reqwest::header::{HeaderMap, IF_RANGE, RANGE};
use reqwest::{Body, Response};

use super::*;
use crate::http::Session;
use crate::http::connections::{Budget, MOST};
use crate::storage::checksum::Crc32c;
use crate::storage::resume::{self, Known};

static SESSION: LazyLock<Session> = LazyLock::new(|| Session::new("key").unwrap());
const SIZES: Sizes = Sizes {
    shortest: 2,
    longest: 8,
};

fn contents() -> Vec<u8> {
    (0..100).collect()
}

/// What the service does beside giving what is asked for.
#[derive(Default)]
struct Plan {
    /// Breaks each response off that would go past this byte, once.
    cut: Option<u64>,
    /// From this request on, other contents are there.
    swap: Option<usize>,
    knows_no_ranges: bool,
    has_no_mark: bool,
    /// Gives this byte another value.
    spoiled: Option<u64>,
    /// How many bytes come at a time.
    piece: usize,
}

struct Service {
    plan: Plan,
    asked: Mutex<Vec<String>>,
    cut: Mutex<HashSet<u64>>,
}

struct Object(Arc<Service>);

impl Remote for Object {
    fn session(&self) -> &Session {
        &SESSION
    }

    fn name(&self) -> &str {
        "the contents"
    }

    async fn request(&self, headers: HeaderMap) -> Result<Response> {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let Service { plan, asked, cut } = &*self.0;
        let text = |name| {
            headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let number = {
            let mut asked = asked.lock().unwrap();
            asked.push(text(RANGE).unwrap_or_default());
            asked.len()
        };
        let mut whole = contents();
        let mut crc32c = Crc32c::default();
        crc32c.update(&whole);
        let mut mark = "\"a\"";
        if plan.swap.is_some_and(|swap| number >= swap) {
            whole.reverse();
            mark = "\"b\"";
        }
        if let Some(spoiled) = plan.spoiled {
            whole[spoiled as usize] ^= 1;
        }
        let size = whole.len();
        let range = text(RANGE).filter(|_| !plan.knows_no_ranges);
        let range = range.filter(|_| text(IF_RANGE).is_none_or(|asked| asked == mark));
        let (start, end) = match &range {
            Some(range) => {
                let (start, last) = range
                    .strip_prefix("bytes=")
                    .unwrap()
                    .split_once('-')
                    .unwrap();
                let last = last.parse().unwrap_or(size - 1).min(size - 1);
                (start.parse().unwrap(), last + 1)
            }
            None => (0, size),
        };
        let at = plan
            .cut
            .filter(|at| (start as u64..end as u64).contains(at));
        let at = at.filter(|at| cut.lock().unwrap().insert(*at));
        let upto = at.map_or(end, |at| at as usize);
        let pieces = whole[start..upto]
            .chunks(plan.piece.max(1))
            .map(Bytes::copy_from_slice);
        let pieces = pieces
            .map(Ok)
            .chain(at.map(|_| Err(std::io::Error::other("cut"))));
        let pieces: Vec<_> = pieces.collect();
        let mut response = http::Response::builder()
            .status(if range.is_some() { 206 } else { 200 })
            .header("content-length", end - start)
            .header(
                "x-goog-hash",
                crc32c.to_string().replace("CRC-32C ", "crc32c="),
            );
        if !plan.has_no_mark {
            response = response.header("etag", mark);
        }
        if range.is_some() {
            response =
                response.header("content-range", format!("bytes {start}-{}/{size}", end - 1));
        }
        Ok(response
            .body(Body::wrap_stream(stream::iter(pieces)))
            .unwrap()
            .into())
    }
}

/// What came, and for which ranges the service was asked.
async fn download(
    plan: Plan,
    count: Option<usize>,
    budget: usize,
) -> (Result<Vec<u8>>, Vec<String>) {
    let service = Arc::new(Service {
        plan,
        asked: Mutex::default(),
        cut: Mutex::default(),
    });
    let budget = Arc::new(Budget::new(budget));
    let connections = Connections::new(count, Arc::clone(&budget));
    let read = async {
        let started = resume::start(Object(Arc::clone(&service)), connections.clone()).await?;
        let chunks = at_pace(started.download_in(Known::default(), SIZES), connections);
        let chunks: Vec<Bytes> = chunks.try_collect().await?;
        Ok(chunks.concat())
    };
    let read = read.await;
    let asked = std::mem::take(&mut *service.asked.lock().unwrap());
    assert!(
        Held::of(&budget).has_room_for(budget.limit()),
        "all is given back"
    );
    (read, asked)
}

#[tokio::test(start_paused = true)]
async fn slices_cover_every_byte_once_whatever_breaks_off_where() {
    for count in [Some(1), Some(2), Some(MOST), None] {
        for cut in 0..=100 {
            for piece in [3, 100] {
                let plan = Plan {
                    cut: Some(cut),
                    piece,
                    ..Plan::default()
                };
                let (read, asked) = download(plan, count, 40).await;
                assert_eq!(read.unwrap(), contents(), "{count:?} {cut} {asked:?}");
                // Else all is there at once.
                if let (Some(count), 3) = (count, piece) {
                    assert_eq!(asked.len() > 3, count > 1, "{asked:?}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn contents_that_are_replaced_are_an_error_or_were_read_before() {
    for count in [Some(1), Some(MOST), None] {
        let mut whole = 0;
        for swap in 2..40 {
            let plan = Plan {
                swap: Some(swap),
                piece: 3,
                ..Plan::default()
            };
            let (read, asked) = download(plan, count, 40).await;
            match read {
                Ok(read) => {
                    assert_eq!(read, contents());
                    assert!(asked.len() < swap, "{swap} {asked:?}");
                    whole += 1;
                }
                Err(error) => assert!(error.to_string().contains("it changed"), "{error}"),
            }
        }
        assert!(count == Some(MOST) || whole > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_checksum_is_that_of_the_whole() {
    for count in [1, MOST] {
        for spoiled in [0, 50, 99] {
            let plan = Plan {
                spoiled: Some(spoiled),
                piece: 5,
                ..Plan::default()
            };
            let error = download(plan, Some(count), 40).await.0.unwrap_err();
            assert!(error.to_string().contains("CRC-32C"), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_without_ranges_or_marks_is_read_by_one_connection() {
    for (knows_no_ranges, has_no_mark) in [(true, false), (false, true)] {
        let plan = Plan {
            knows_no_ranges,
            has_no_mark,
            piece: 1,
            ..Plan::default()
        };
        let (read, asked) = download(plan, Some(MOST), 40).await;
        assert_eq!(read.unwrap(), contents());
        match has_no_mark {
            true => assert_eq!(asked, [""]),
            false => assert!(asked.len() <= 2 * MOST, "{asked:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_memory_for_it_nothing_is_read_ahead() {
    let plan = Plan {
        piece: 7,
        ..Plan::default()
    };
    let (read, asked) = download(plan, Some(MOST), 0).await;
    assert_eq!(read.unwrap(), contents());
    assert_eq!(asked, [""]);
}
