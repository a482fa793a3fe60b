//! Gets the bytes of a discovery document: from Google by default, or from a
//! directory of saved documents.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use ureq::Agent;
use xtask::discovery::Api;

/// The Vertex AI document has 4 MB; more than ten times that is something else.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Where discovery documents come from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// Google's discovery service.
    Web,
    /// A directory that holds both documents.
    Directory(PathBuf),
}

impl Origin {
    /// The document of `api`, unread.
    pub(crate) fn fetch(&self, api: &Api) -> Result<Vec<u8>> {
        match self {
            Origin::Web => get(&api.url()).with_context(|| {
                format!(
                    "could not fetch {} (--from DIR reads saved documents instead)",
                    api.url()
                )
            }),
            Origin::Directory(directory) => {
                let path = directory.join(api.file_name());
                fs::read(&path).with_context(|| format!("could not read {}", path.display()))
            }
        }
    }
}

fn get(url: &str) -> Result<Vec<u8>> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into();
    let mut response = agent.get(url).call()?;
    Ok(response
        .body_mut()
        .with_config()
        .limit(LIMIT)
        .read_to_vec()?)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use xtask::discovery::GEMINI;

    use super::*;

    /// Responds to one request with `response`, byte for byte.
    fn serve(response: String) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "http://{}/$discovery/rest?version=v1",
            listener.local_addr().unwrap()
        );
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /$discovery/rest?version=v1 "));
            stream.write_all(response.as_bytes()).unwrap();
        });
        url
    }

    #[test]
    fn gets_the_body_even_a_large_one() {
        let body = "x".repeat(12 * 1024 * 1024);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        assert_eq!(get(&serve(head + &body)).unwrap(), body.as_bytes());
    }

    #[test]
    fn an_error_status_or_a_cut_body_is_an_error() {
        let refused = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n".to_owned();
        assert!(
            get(&serve(refused))
                .unwrap_err()
                .to_string()
                .contains("503")
        );
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"name\"".to_owned();
        assert!(get(&serve(cut)).is_err());
    }

    #[test]
    fn no_server_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert!(get(&format!("http://{address}/")).is_err());
    }

    #[test]
    fn a_missing_file_is_named() {
        let origin = Origin::Directory("/nowhere".into());
        let error = origin.fetch(&GEMINI).unwrap_err().to_string();
        assert!(
            error.contains("/nowhere/generativelanguage.v1beta.json"),
            "{error}"
        );
    }
}
