//! A local server that answers from a case's script and keeps what it was sent.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::case::ScriptedResponse;

/// The placeholder for the address of the server.
const BASE_URL: &str = "{{BASE_URL}}";
/// The status of an answer to a request that the recording did not have.
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
        let answers = responses
            .iter()
            .map(|response| template(response, &server.uri()))
            .collect();
        let next = AtomicUsize::new(0);
        Mock::given(any())
            .respond_with(Script { answers, next })
            .mount(&server)
            .await;
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
    answers: Vec<ResponseTemplate>,
    next: AtomicUsize,
}

impl Respond for Script {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let place = self.next.fetch_add(1, Ordering::SeqCst);
        match self.answers.get(place) {
            Some(answer) => answer.clone(),
            None => ResponseTemplate::new(UNSCRIPTED).set_body_string("unscripted"),
        }
    }
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
