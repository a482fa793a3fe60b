//! A local server that responds from a case's script and keeps what it was sent.

use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::case::ScriptedResponse;
use super::request::hex;

/// The placeholder for the address of the server.
const BASE_URL: &str = "{{BASE_URL}}";
/// The status of a response to a request that the recording did not have.
const UNSCRIPTED: u16 = 599;

pub(crate) struct Server(MockServer);

/// A request as the server got it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Map<String, Value>,
    /// All headers; the comparison picks from them.
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Vec<u8>,
}

impl Server {
    pub(crate) async fn start(responses: &[ScriptedResponse]) -> Self {
        let server = MockServer::start().await;
        let script = Script {
            responses: responses.to_vec(),
            url: server.uri(),
            state: Mutex::default(),
        };
        Mock::given(any()).respond_with(script).mount(&server).await;
        Self(server)
    }

    pub(crate) fn url(&self) -> String {
        self.0.uri()
    }

    pub(crate) async fn sent(&self) -> Vec<Sent> {
        let requests = self.0.received_requests().await.unwrap();
        requests.into_iter().map(Sent::new).collect()
    }
}

struct Script {
    responses: Vec<ScriptedResponse>,
    url: String,
    state: Mutex<State>,
}

/// How far the script has come, and what was uploaded by then.
#[derive(Default)]
struct State {
    next: usize,
    uploaded: Vec<u8>,
}

impl Respond for Script {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.take_chunk(request);
        let place = state.next;
        state.next += 1;
        match self.responses.get(place) {
            Some(response) => template(&true_of(response, &state.uploaded), &self.url),
            None => ResponseTemplate::new(UNSCRIPTED).set_body_string("unscripted"),
        }
    }
}

impl State {
    fn take_chunk(&mut self, request: &Request) {
        let header = |name: &str| request.headers.get(name)?.to_str().ok();
        let command = header("x-goog-upload-command").unwrap_or_default();
        if let (true, Some(offset)) = (command.contains("upload"), header("x-goog-upload-offset")) {
            self.uploaded.truncate(offset.parse().unwrap());
            self.uploaded.extend_from_slice(&request.body);
        }
    }
}

/// A response as a service would give it. The recorder had one record for the files of all uploads;
/// here it has the size and hash of what was sent.
fn true_of(response: &ScriptedResponse, uploaded: &[u8]) -> ScriptedResponse {
    let mut response = response.clone();
    let mut headers = response.headers.iter();
    let is_final = headers
        .any(|(name, value)| name.eq_ignore_ascii_case("x-goog-upload-status") && value == "final");
    let file = response.body.as_mut().and_then(|body| body.get_mut("file"));
    if let (true, Some(file)) = (is_final, file) {
        file["sizeBytes"] = json!(uploaded.len().to_string());
        file["sha256Hash"] = json!(STANDARD.encode(hex(&Sha256::digest(uploaded))));
    }
    response
}

fn template(response: &ScriptedResponse, url: &str) -> ResponseTemplate {
    let fill = |text: &str| text.replace(BASE_URL, url);
    let (body, mut mime) = match (&response.body, &response.body_text) {
        (Some(json), _) => (fill(&json.to_string()), "application/json"),
        (None, text) => (fill(text.as_deref().unwrap_or_default()), "text/plain"),
    };
    let mut template = ResponseTemplate::new(response.status);
    for (name, value) in &response.headers {
        if name.eq_ignore_ascii_case("content-type") {
            mime = value;
        } else {
            template = template.insert_header(name.as_str(), fill(value));
        }
    }
    template.set_body_raw(body, mime)
}

impl Sent {
    fn new(request: Request) -> Self {
        let query = request.url.query_pairs();
        let headers = request.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), Value::from(value))
        });
        Self {
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
            query: query
                .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
                .collect(),
            headers: headers.collect(),
            body: request.body,
        }
    }
}
