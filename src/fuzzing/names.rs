//! Names and addresses that a caller may type, or a service may send.

use progenitor_client::encode_path;
use reqwest::Url;

use crate::builder::check;
use crate::destination::Destination;
use crate::name::{GeminiModel, gemini_file_id, gemini_job_id};
use crate::source::Source;

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
    #[cfg(feature = "gcs")]
    cloud_storage(text);
    #[cfg(feature = "bigquery")]
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
    use crate::backend::vertex::name::{JobName, Place, host, model};

    let keeps_the_host = |place: &Place| {
        let (project, location) = (&*place.project, &*place.location);
        let host = host(Some(location));
        stays_in_place(&host, &["projects", project, "locations", location]);
        let origin = Url::parse(&host).unwrap().origin();
        assert_eq!(host.to_ascii_lowercase(), origin.ascii_serialization());
        assert!(host.ends_with(".googleapis.com"));
    };
    if let Some((project, location)) = text.split_once('/')
        && let Ok(place) = Place::new(project, location)
    {
        keeps_the_host(&place);
    }
    if let Ok(job) = JobName::parse(text) {
        job.place.iter().for_each(keeps_the_host);
        let full = match &job.place {
            None => format!("batchPredictionJobs/{}", job.id),
            Some(Place { project, location }) => format!(
                "projects/{project}/locations/{location}/batchPredictionJobs/{}",
                job.id
            ),
        };
        stays_in_place(&host(None), &full.split('/').collect::<Vec<_>>());
        assert_eq!(JobName::parse(&full).unwrap(), job);
    }
    let place = Place::new("project", "location").unwrap();
    for place in [None, Some(&place)] {
        if let Ok(full) = model(text, place) {
            stays_in_place(&host(None), &full.split('/').collect::<Vec<_>>());
            assert_eq!(model(&full, place).unwrap(), full);
        }
    }
}

#[cfg(feature = "gcs")]
fn cloud_storage(text: &str) {
    use crate::storage::gcs::Location;

    let Ok(location) = Location::parse(text) else {
        return;
    };
    let (bucket, path) = (&location.bucket, location.path.as_ref());
    let host = "https://storage.googleapis.com";
    stays_in_place(host, &[bucket]);
    assert!(!path.starts_with('/') && !path.ends_with('/') && !path.contains("//"));
    let mut url = Url::parse(host).unwrap();
    let segments = || path.split('/').filter(|segment| !segment.is_empty());
    url.path_segments_mut()
        .unwrap()
        .push(bucket)
        .extend(segments());
    // Segments that lead up are left out here.
    assert_eq!(url.path_segments().unwrap().count(), 1 + segments().count());
    let again = Location::parse(&format!("gs://{bucket}/{path}"));
    assert_eq!(again.unwrap(), location);
}

#[cfg(feature = "bigquery")]
fn big_query(text: &str) {
    use crate::storage::bigquery::TableName;

    let Ok(name) = TableName::parse(text) else {
        return;
    };
    let TableName {
        project,
        dataset,
        table,
    } = &name;
    // It stands between backticks in a query.
    let full = format!("{project}.{dataset}.{table}");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@:".contains(c);
    assert!(full.chars().all(plain));
    assert_eq!(TableName::parse(&format!("bq://{full}")).unwrap(), name);
}

/// Segments that the raw clients put behind a base stay behind it, each as one segment.
pub(crate) fn stays_in_place(base: &str, segments: &[&str]) {
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
