//! What the services send and callers write, after typical lines of either.

use bytes::Bytes;

/// How many rows a file of results has: some three megabytes.
pub(crate) const ROWS: u64 = 2_500;
/// How many rows, requests or jobs the smaller inputs have.
pub(crate) const FEW: u64 = 100;

/// The text of a response as it stands in JSON, in pieces.
const PIECES: [&str; 9] = [
    "The first quarter went ",
    r#"\"better than planned\", "#,
    "as every shop reports on its own: ",
    "größer als im Vorjahr, ",
    r"with a ratio \u003c 0.5 throughout, ",
    "and with fewer complaints than there were; ",
    "des résultats à relire, ",
    "東京 before all others, ",
    "which the table below shows in full. ",
];
const TEXT: usize = 700;
const PARAGRAPH: usize = 160;

/// A key of the `n`th request.
pub(crate) fn key(n: u64) -> String {
    format!("req-{n:06}")
}

fn is_error(n: u64) -> bool {
    n % 100 == 99
}

/// A text of several paragraphs, another for each of the first numbers.
fn text(n: u64) -> String {
    let mut text = String::new();
    let mut paragraph = 0;
    for piece in PIECES.iter().cycle().skip(n as usize % PIECES.len()) {
        if text.len() >= TEXT {
            break;
        }
        text.push_str(piece);
        paragraph += piece.len();
        if paragraph >= PARAGRAPH {
            text.push_str(r"\n\n");
            paragraph = 0;
        }
    }
    text
}

fn response(n: u64) -> String {
    format!(
        concat!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}],"role":"model"}},"#,
            r#""finishReason":"STOP","index":0}}],"usageMetadata":{{"promptTokenCount":70,"#,
            r#""candidatesTokenCount":180,"totalTokenCount":250,"#,
            r#""promptTokensDetails":[{{"modality":"TEXT","tokenCount":70}}],"#,
            r#""candidatesTokensDetails":[{{"modality":"TEXT","tokenCount":180}}]}},"#,
            r#""modelVersion":"gemini-2.5-flash","responseId":"id-{n:016}"}}"#
        ),
        text = text(n),
        n = n
    )
}

/// What a row of Gemini says of its request: a response, or of one in a hundred an error.
fn gemini_outcome(n: u64) -> String {
    if is_error(n) {
        r#""error":{"code":3,"message":"Request contains an invalid argument."}"#.to_owned()
    } else {
        format!(r#""response":{}"#, response(n))
    }
}

/// A line of a file of results of Gemini.
pub(crate) fn gemini_row(n: u64) -> String {
    format!(r#"{{"key":"{}",{}}}"#, key(n), gemini_outcome(n))
}

/// A line of a file of results of Vertex AI, which has the request too.
#[cfg(feature = "vertex")]
pub(crate) fn vertex_row(n: u64) -> String {
    let (status, response) = if is_error(n) {
        let status = r#"Bad Request: {\"error\": {\"code\": 400, \"message\": \"Invalid argument.\", \"status\": \"INVALID_ARGUMENT\"}}"#;
        (status, "{}".to_owned())
    } else {
        ("", response(n))
    };
    format!(
        concat!(
            r#"{{"key":"{}","status":"{}","processed_time":"2026-02-03T04:05:06.123456+00:00","#,
            r#""request":{},"response":{}}}"#
        ),
        key(n),
        status,
        request(n),
        response
    )
}

fn request(n: u64) -> String {
    format!(
        concat!(
            r#"{{"contents":[{{"role":"user","parts":[{{"text":"Sum up: {}"}}]}}],"#,
            r#""generationConfig":{{"temperature":0.2,"maxOutputTokens":256}}}}"#
        ),
        text(n)
    )
}

/// A line of a file of requests.
pub(crate) fn request_line(n: u64) -> String {
    format!(r#"{{"key":"{}","request":{}}}"#, key(n), request(n))
}

/// What a request asks, as a caller has it.
pub(crate) fn prompt(n: u64) -> String {
    serde_json::from_str(&format!(r#""{}""#, text(n))).expect("the pieces are JSON")
}

/// A file with a line for each row.
pub(crate) fn file(row: fn(u64) -> String) -> Bytes {
    let mut file = String::new();
    for n in 0..ROWS {
        file.push_str(&row(n));
        file.push('\n');
    }
    file.into()
}

/// A file as it comes, in chunks of so many bytes.
pub(crate) fn chunks(file: &Bytes, size: usize) -> Vec<Bytes> {
    let starts = (0..file.len()).step_by(size);
    starts
        .map(|start| file.slice(start..file.len().min(start + size)))
        .collect()
}

/// Pieces of JSON with commas between them.
fn list(item: fn(u64) -> String) -> String {
    (0..FEW).map(item).collect::<Vec<_>>().join(",")
}

/// A job of Gemini, whose output is `output`, both in its metadata and as the response.
fn gemini_job(n: u64, output: &str) -> String {
    format!(
        concat!(
            r#"{{"name":"batches/{n:016}","metadata":{{"#,
            r#""@type":"type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch","#,
            r#""model":"models/gemini-2.5-flash","displayName":"nightly {n}","#,
            r#""inputConfig":{{"fileName":"files/in-{n}"}},"#,
            r#""createTime":"2026-02-03T04:05:06.123456789Z","#,
            r#""endTime":"2026-02-03T05:05:06.123456789Z","#,
            r#""updateTime":"2026-02-03T05:05:06.123456789Z","#,
            r#""batchStats":{{"requestCount":"100","successfulRequestCount":"99","#,
            r#""failedRequestCount":"1"}},"state":"BATCH_STATE_SUCCEEDED","name":"batches/{n:016}","#,
            r#""output":{output}}},"done":true,"response":{output}}}"#
        ),
        n = n,
        output = output
    )
}

/// A job of Gemini that holds its results.
pub(crate) fn gemini_inline() -> Bytes {
    let rows = list(|n| {
        let metadata = format!(r#"{{"key":"{}"}}"#, key(n));
        format!(r#"{{{},"metadata":{metadata}}}"#, gemini_outcome(n))
    });
    let output = format!(r#"{{"inlinedResponses":{{"inlinedResponses":[{rows}]}}}}"#);
    gemini_job(1, &output).into()
}

/// A page of the list of jobs of Gemini.
pub(crate) fn gemini_page() -> Bytes {
    let jobs = list(|n| gemini_job(n, &format!(r#"{{"responsesFile":"files/batch-{n}"}}"#)));
    format!(r#"{{"operations":[{jobs}],"nextPageToken":"more"}}"#).into()
}

#[cfg(feature = "vertex")]
fn vertex_job(n: u64) -> String {
    format!(
        concat!(
            r#"{{"name":"projects/123456/locations/us-central1/batchPredictionJobs/{n:019}","#,
            r#""displayName":"nightly {n}","model":"publishers/google/models/gemini-2.5-flash","#,
            r#""inputConfig":{{"instancesFormat":"jsonl","#,
            r#""gcsSource":{{"uris":["gs://bucket/staging/{n}/requests.jsonl"]}}}},"#,
            r#""outputConfig":{{"predictionsFormat":"jsonl","#,
            r#""gcsDestination":{{"outputUriPrefix":"gs://bucket/out/{n}"}}}},"#,
            r#""outputInfo":{{"gcsOutputDirectory":"gs://bucket/out/{n}/prediction-model-1"}},"#,
            r#""state":"JOB_STATE_SUCCEEDED","#,
            r#""completionStats":{{"successfulCount":"99","failedCount":"1"}},"#,
            r#""createTime":"2026-02-03T04:05:06.123456Z","startTime":"2026-02-03T04:06:06.123456Z","#,
            r#""endTime":"2026-02-03T05:05:06.123456Z","updateTime":"2026-02-03T05:05:06.123456Z","#,
            r#""labels":{{"team":"search","run":"{n}"}},"modelVersionId":"1"}}"#
        ),
        n = n
    )
}

/// A page of the list of jobs of Vertex AI.
#[cfg(feature = "vertex")]
pub(crate) fn vertex_page() -> Bytes {
    let jobs = list(vertex_job);
    format!(r#"{{"batchPredictionJobs":[{jobs}],"nextPageToken":"more"}}"#).into()
}
