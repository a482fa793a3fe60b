//! Names and addresses that a caller may type, or a service may send.

use genai_batch::internals::check;
use genai_batch::internals::gemini::{GeminiModel, gemini_file_id, gemini_job_id};
use genai_batch::{Destination, Source};
#[cfg(feature = "gcs")]
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use progenitor_client::encode_path;
use reqwest::Url;

const GEMINI: &str = "https://generativelanguage.googleapis.com/v1beta";

/// What is accepted reads as the same again and cannot change the address of a request.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    gemini(text);
    base_url(text);
    if let Ok(version) = check::version(text.to_owned()) {
        stays_in_place(GEMINI, &[&version, "batches"]);
    }
    let _ = check::headers(&[(text.to_owned(), text.to_owned())]);
    let _ = (Source::try_from(text), Destination::try_from(text));
    #[cfg(feature = "vertex")]
    vertex(text);
    cloud_storage(text);
    big_query(text);
}

fn gemini(text: &str) {
    if let Ok(model) = GeminiModel::parse(text) {
        let (collection, id) = match &model {
            GeminiModel::Base(id) => ("models", id),
            GeminiModel::Tuned(id) => ("tunedModels", id),
        };
        stays_in_place(GEMINI, &[collection, id]);
        let full = format!("{collection}/{id}");
        assert_eq!(GeminiModel::parse(&full).unwrap(), model);
    }
    if let Ok(id) = gemini_job_id(text) {
        stays_in_place(GEMINI, &["batches", id]);
        assert_eq!(text, format!("batches/{id}"));
    }
    if let Ok(id) = gemini_file_id(text) {
        stays_in_place(GEMINI, &["files", id]);
        assert_eq!(gemini_file_id(&format!("files/{id}")).unwrap(), id);
    }
}

/// An address below what was given, on the same host.
fn base_url(text: &str) {
    let given = Url::parse(text);
    let host = given.as_ref().ok().and_then(Url::host_str);
    let plain_http = [host.unwrap_or_default().to_owned()];
    let check = |text: &str| check::base_url(text, "base_url", "BASE_URL", &plain_http);
    let (Ok(accepted), Ok(given)) = (check(text), &given) else {
        return;
    };
    let url = Url::parse(&format!("{accepted}/v1beta/batches/a")).unwrap();
    assert_eq!(url.origin(), given.origin());
    assert_eq!((url.username(), url.password()), ("", None));
    assert_eq!((url.query(), url.fragment()), (None, None));
    let folder = given.path().trim_end_matches('/');
    assert_eq!(url.path(), format!("{folder}/v1beta/batches/a"));
    assert_eq!(check(&accepted).unwrap(), accepted);
}

#[cfg(feature = "vertex")]
fn vertex(text: &str) {
    use genai_batch::internals::vertex::{JobName, ProjectLocation, host, model};

    let keeps_the_host = |place: &ProjectLocation| {
        let (project, location) = (&*place.project, &*place.location);
        let host = host(Some(location));
        stays_in_place(&host, &["projects", project, "locations", location]);
        let origin = Url::parse(&host).unwrap().origin();
        assert_eq!(host.to_ascii_lowercase(), origin.ascii_serialization());
        assert!(host.ends_with(".googleapis.com"));
    };
    if let Some((project, location)) = text.split_once('/')
        && let Ok(place) = ProjectLocation::new(project, location)
    {
        keeps_the_host(&place);
    }
    if let Ok(job) = JobName::parse(text) {
        job.place.iter().for_each(keeps_the_host);
        let full = match &job.place {
            None => format!("batchPredictionJobs/{}", job.id),
            Some(ProjectLocation { project, location }) => format!(
                "projects/{project}/locations/{location}/batchPredictionJobs/{}",
                job.id
            ),
        };
        stays_in_place(&host(None), &full.split('/').collect::<Vec<_>>());
        assert_eq!(JobName::parse(&full).unwrap(), job);
    }
    let place = ProjectLocation::new("project", "location").unwrap();
    for place in [None, Some(&place)] {
        if let Ok(full) = model(text, place) {
            stays_in_place(&host(None), &full.split('/').collect::<Vec<_>>());
            assert_eq!(model(&full, place).unwrap(), full);
        }
    }
}

fn cloud_storage(text: &str) {
    use genai_batch::internals::GcsUri;

    let Ok(uri) = GcsUri::parse(text) else {
        return;
    };
    assert_eq!(uri.as_str(), text);
    #[cfg(feature = "gcs")]
    {
        let (host, bucket) = ("https://storage.googleapis.com", uri.bucket());
        stays_in_place(host, &[bucket]);
        let again = format!("gs://{bucket}/{}", uri.object());
        assert!(again == text || again == format!("{text}/"));
    }
    #[cfg(feature = "gcs")]
    if let Ok(path) = uri.to_path() {
        assert_eq!(path.as_ref(), uri.object());
        // In an address it is one segment, in the spelling that `object_store` gives it.
        let encoded = utf8_percent_encode(path.as_ref(), NON_ALPHANUMERIC);
        let url = format!("https://storage.googleapis.com/{}/{encoded}", uri.bucket());
        let url = Url::parse(&url).unwrap();
        assert_eq!(url.path_segments().unwrap().count(), 2);
        assert_eq!((url.query(), url.fragment()), (None, None));
        assert_eq!(uri.with_object(uri.object()).unwrap(), uri);
    }
}

fn big_query(text: &str) {
    use genai_batch::internals::BigQueryTable;

    let Ok(table) = BigQueryTable::parse(text) else {
        return;
    };
    assert_eq!(table.to_string(), text);
    // It stands between backticks in a query.
    #[cfg(feature = "bigquery")]
    if let Ok(quoted) = table.quoted() {
        let name = quoted.trim_matches('`');
        assert_eq!(format!("bq://{name}"), text);
        let breaks_out = |c: char| c.is_ascii_control() || "`'\"\\/;()".contains(c);
        assert!(!name.contains(breaks_out), "{name}");
    }
}

/// Segments that the raw clients put behind a base stay behind it, each as one segment.
fn stays_in_place(base: &str, segments: &[&str]) {
    let encoded: Vec<_> = segments.iter().map(|s| encode_path(s)).collect();
    let base = Url::parse(base).unwrap();
    let folder = base.path().trim_end_matches('/');
    let address = format!(
        "{}{folder}/{}",
        base.origin().ascii_serialization(),
        encoded.join("/")
    );
    let url = Url::parse(&address).unwrap();
    assert_eq!(url.origin(), base.origin());
    assert_eq!((url.username(), url.password()), ("", None));
    assert_eq!((url.query(), url.fragment()), (None, None));
    assert_eq!(url.path(), format!("{folder}/{}", segments.join("/")));
    assert!(!url.path().contains("//") && !url.path().contains(char::is_control));
}
