//! `genai-batch report`: the page of a run, as a browser shows it, and whatever a model says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use genai_batch::{Client, Request, Source};
use genai_batch_emulator::{Emulator, Model, RowFailure, prompt_of, text_response};
use serde_json::Value;

/// Says what it is asked to say, or fails with it.
struct Says;

impl Model for Says {
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        let prompt = prompt_of(request)?;
        match prompt.strip_prefix("fail: ") {
            Some(message) => Err(RowFailure::new(3, message)),
            None => Ok(text_response(model, &prompt, &prompt)),
        }
    }
}

/// Drives a run of these keys and texts to its end.
async fn run_of(path: &Path, texts: impl IntoIterator<Item = (String, String)>) {
    let emulator = Emulator::builder()
        .job_duration(Duration::from_millis(30))
        .model(Says)
        .start()
        .await
        .unwrap();
    let client = Client::builder()
        .gemini()
        .api_key("any")
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let requests: Vec<_> = texts
        .into_iter()
        .map(|(key, text)| Request::text(text).key(key))
        .collect();
    let open = client.runs().open(path).model("gemini-2.5-flash");
    let run = open.source(Source::requests(requests)).await.unwrap();
    let poll = Duration::from_millis(10);
    let finish = run.finish().job_requests(20, 20).poll_interval(poll, poll);
    assert!(finish.await.unwrap().is_finished());
    run.close().await;
}

fn report(run: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_genai-batch"))
        .arg("report")
        .arg(run)
        .args(options)
        .output()
        .unwrap()
}

/// The page of a run, and where it is.
fn page(run: &Path) -> (PathBuf, String) {
    let made = report(run, &["--open", "no"]);
    let told = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{told}");
    let place = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim_end());
    let page = std::fs::read_to_string(&place).unwrap();
    (place, page)
}

/// Serves one page, and tells of every call.
fn serve(listener: TcpListener, page: String) -> Receiver<String> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut first = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            if reader.read_line(&mut first).unwrap_or(0) == 0 {
                continue;
            }
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                line.clear();
            }
            let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = match path.as_str() {
                "/page" => ("200 OK", page.as_str()),
                _ => ("404 Not Found", ""),
            };
            if tell.send(path).is_err() {
                return;
            }
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n"
            );
            let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat());
        }
    });
    told
}

/// A browser, where there is one.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

/// What a browser makes of a page, and what it says meanwhile.
fn browse(browser: &Path, url: &str) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-extensions"])
        .args(["--disable-component-update", "--disable-sync"])
        .arg("--enable-logging=stderr")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom", url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = child.stderr.take().unwrap();
    let said = std::thread::spawn(move || {
        let mut text = Vec::new();
        said.read_to_end(&mut text).map(|_| text)
    });
    let mut dom = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut dom).unwrap();
    child.wait().unwrap();
    let said = said.join().unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(dom), text(said))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_answer_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("<i>hostile<i>.run");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hostile = [
        "<script>document.title='owned'</script>".to_owned(),
        "</script><script>document.title='owned'</script>".to_owned(),
        format!("<img src={url}/leak onerror=\"document.title='owned'\">"),
        format!("<!--<script>*/]]></style><link rel=stylesheet href={url}/leak>"),
        "line\u{2028}paragraph\u{2029}end".to_owned(),
        "right\u{202e}to left\u{202d}\u{2066}".to_owned(),
        "nul\0and\u{1b}[31mescape\u{7}".to_owned(),
        "{{ 7 * 7 }} {% raw %} &lt;b&gt; &amp; \"'`".to_owned(),
        "\\u003cscript\\u003e \\".to_owned(),
    ];
    let mut texts = Vec::new();
    for (at, text) in hostile.iter().enumerate() {
        texts.push((format!("answer-{at}"), text.clone()));
        texts.push((format!("error-{at}"), format!("fail: {text}")));
        texts.push((format!("key-{at}-{text}"), "harmless".to_owned()));
    }
    let long = "x<i>".repeat(256 * 1024);
    texts.push(("long".to_owned(), long.clone()));
    let count = texts.len();
    run_of(&run, texts).await;
    let (place, page) = page(&run);
    assert_eq!(place.parent(), Some(folder.path()));
    assert!(page.len() < 200_000, "{} bytes", page.len());
    assert!(page.contains(&format!("\"of\":{}", long.len())));
    // Of elements that do something, there are those of the template alone.
    for (element, expected) in [
        ("<script", 2),
        ("</script", 2),
        ("<style", 1),
        ("</style", 1),
        ("<link", 1),
        ("<img", 0),
        ("<!--", 0),
    ] {
        assert_eq!(page.matches(element).count(), expected, "{element}");
    }
    assert!(!page.contains(['\0', '\u{1b}']));
    let data = page.split("id=\"data\">").nth(1).unwrap();
    let data = data.split("</script>").next().unwrap();
    assert!(!data.contains(['<', '>', '\u{2028}', '\u{2029}']));
    assert_eq!(
        serde_json::from_str::<Value>(data).unwrap()[0]["text"]["text"],
        hostile[0]
    );

    let Some(browser) = browser() else {
        eprintln!("SKIPPED: Chromium is not installed, so the page is not opened");
        return;
    };
    let calls = serve(listener, page);
    let (dom, said) = tokio::task::spawn_blocking(move || browse(&browser, &format!("{url}/page")))
        .await
        .unwrap();
    let console: Vec<_> = said
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert_eq!(console, Vec::<&str>::new());
    assert_eq!(calls.try_iter().collect::<Vec<_>>(), ["/page"], "{said}");
    let head = dom.get(..2000).unwrap_or(&dom);
    assert!(
        dom.contains("<title>&lt;i&gt;hostile&lt;i&gt;.run</title>"),
        "{head}\n{said}"
    );
    for element in ["<img", "<i>", "<link rel=\"stylesheet"] {
        assert!(!dom.contains(element), "{element}");
    }
    // The script ran: the answers are there, as texts.
    let found = format!("{count} found, {count} shown");
    assert!(dom.contains(&found), "{head}");
    let items = |class: &str| dom.matches(&format!("<li class=\"{class}\">")).count();
    assert_eq!(items("response"), count - hostile.len());
    assert_eq!(items("error"), hostile.len());
    assert!(dom.contains("&lt;script&gt;document.title='owned'&lt;/script&gt;"));
    assert!(dom.contains("nul␀and␛[31mescape␇"));
    assert!(dom.contains("{{ 7 * 7 }} {% raw %}"));
    assert!(dom.contains("cut, of 1,048,576 characters"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_totals_are_there_without_a_script() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("sums.run");
    let texts = (0..60).map(|n| match n % 10 {
        0 => (format!("k{n}"), format!("fail: row {n} is wrong")),
        _ => (format!("k{n}"), format!("answer {n}")),
    });
    run_of(&run, texts).await;
    let (place, page) = page(&run);
    assert_eq!(place, folder.path().join("sums.run.html"));
    for part in [
        "<dt>requests</dt><dd>60</dd>",
        "<dt>responses</dt><dd>54</dd><p>90.0 %</p>",
        "<dt>errors</dt><dd>6</dd><p>10.0 %</p>",
        "<dt>missing</dt><dd>0</dd>",
        "<dt>jobs</dt><dd>3</dd>",
        "<tr><td>6</td><td>3 INVALID_ARGUMENT</td><td class=\"text\"><bdi>row 0 is wrong</bdi></td>",
        "<div><bdi>k0</bdi></div><div><bdi>k10</bdi></div>",
        "All 60 outcomes are on this page.",
        "Jobs over time",
        "How long jobs took",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    // Three plots, each for wide and for narrow windows.
    assert_eq!(page.matches("<svg width=").count(), 6);

    let out = folder.path().join("few.html");
    let out_option = out.to_str().unwrap();
    let options = ["--open", "no", "--answers", "7", "--out", out_option];
    let made = report(&run, &[&options[..], &["--output", "json"]].concat());
    let told: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(told["page"], out_option);
    let page = std::fs::read_to_string(&out).unwrap();
    assert!(page.contains("7 of 60 outcomes are on this page"), "{page}");
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let partial = entries.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("partial")
    });
    assert_eq!(partial.count(), 0);
}

#[test]
fn what_is_no_run_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let letter = folder.path().join("letter.run");
    std::fs::write(&letter, "Dear reader").unwrap();
    for (run, name) in [
        (folder.path().join("none.run"), "none.run"),
        (letter, "letter.run"),
    ] {
        let refused = report(&run, &["--open", "no"]);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && told.contains(name), "{told}");
    }
}

#[tokio::test]
async fn nothing_but_a_page_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("a.csv.run");
    run_of(&run, [("k".to_owned(), "hello".to_owned())]).await;
    let kept = std::fs::read(&run).unwrap();
    let write = |out: &Path, more: &[&str]| {
        let out = out.to_str().unwrap();
        let made = report(&run, &[&["--open", "no", "--out", out], more].concat());
        let told = String::from_utf8_lossy(&made.stderr).into_owned();
        (made.status.code(), told)
    };
    // The run, whatever it is called, and what belongs to it.
    let other_name = folder.path().join("link.html");
    std::fs::hard_link(&run, &other_name).unwrap();
    let mut wal = run.clone().into_os_string();
    wal.push("-wal");
    for place in [&run, &other_name, Path::new(&wal)] {
        for more in [&[][..], &["--overwrite"]] {
            let (code, told) = write(place, more);
            assert_eq!(code, Some(2), "{}: {told}", place.display());
            assert!(std::fs::read(&run).unwrap() == kept);
        }
    }
    // A folder, and a place in a folder that is not there.
    let (code, told) = write(folder.path(), &[]);
    assert!(code == Some(2) && told.contains("is a folder"), "{told}");
    let (code, told) = write(&folder.path().join("d/x.html"), &[]);
    assert!(code == Some(2) && told.contains("mkdir -p"), "{told}");
    // What somebody else wrote.
    let precious = folder.path().join("precious.csv");
    std::fs::write(&precious, "precious").unwrap();
    let (code, told) = write(&precious, &[]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("--overwrite"), "{told}");
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious");
    assert_eq!(write(&precious, &["--overwrite"]).0, Some(0));
    // A page, also in the place that is taken by default.
    assert_eq!(write(&precious, &[]).0, Some(0));
    let (place, _) = page(&run);
    assert_eq!(page(&run).0, place);
    std::fs::write(&place, "mine").unwrap();
    assert_eq!(report(&run, &["--open", "no"]).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&place).unwrap(), "mine");
}
