//! The `reqwest` client that a session sends with.

use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use super::tls;
use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer times than this, about ten years, overflow the clocks of the libraries below, and are no
/// limit to anybody.
const FOREVER: Duration = Duration::from_secs(10 * 366 * 24 * 3600);
/// How long a transfer may stand still.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// A client to be made, with the crate's own timeouts and name.
pub(crate) fn builder(
    user_agent_suffix: Option<&str>,
    connect_timeout: Option<Duration>,
    timeout: Duration,
) -> ClientBuilder {
    let mut user_agent = concat!("genai-batch/", env!("CARGO_PKG_VERSION")).to_owned();
    if let Some(suffix) = user_agent_suffix {
        user_agent = format!("{user_agent} {suffix}");
    }
    reqwest::Client::builder()
        .user_agent(user_agent)
        .connect_timeout(bounded(connect_timeout.unwrap_or(CONNECT_TIMEOUT)))
        .read_timeout(bounded(timeout.max(READ_TIMEOUT)))
}

/// A time as the libraries below take one.
pub(crate) fn bounded(time: Duration) -> Duration {
    time.min(FOREVER)
}

/// A client for services that are reached without encryption. Reading the machine's certificates
/// takes longer than all else that making a client does.
pub(crate) fn without_certificates(builder: ClientBuilder) -> ClientBuilder {
    builder.tls_certs_only([])
}

/// Makes a client that follows no redirects, since they would take the credential to another
/// host, and repeats nothing by itself: what the session does not know of could make a job twice.
pub(crate) fn make(builder: ClientBuilder) -> Result<reqwest::Client> {
    // Without one, `reqwest` would panic.
    tls::provider()?;
    builder
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .map_err(|e| Error::configuration("the HTTP client cannot be made").with_source(e))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A server of HTTP/2 that refuses every stream before it does anything, and counts them.
    fn refusing() -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let refused = Arc::clone(&count);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // It ends with the connection.
                let _ = refuse(stream, &refused);
            }
        });
        (address, count)
    }

    fn refuse(mut stream: TcpStream, count: &AtomicUsize) -> std::io::Result<()> {
        const SETTINGS: u8 = 4;
        const HEADERS: u8 = 1;
        stream.read_exact(&mut [0; 24])?;
        stream.write_all(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0])?;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head)?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            stream.read_exact(&mut vec![0; length as usize])?;
            match (head[3], head[4]) {
                (SETTINGS, 0) => stream.write_all(&[0, 0, 0, SETTINGS, 1, 0, 0, 0, 0])?,
                (HEADERS, _) => {
                    count.fetch_add(1, Ordering::SeqCst);
                    let reset = [&[0, 0, 4, 3, 0], &head[5..], &[0, 0, 0, 7]].concat();
                    stream.write_all(&reset)?;
                }
                _ => {}
            }
        }
    }

    /// The transport would otherwise send it a second time without a word.
    #[tokio::test]
    async fn the_transport_repeats_nothing_by_itself() {
        let (address, count) = refusing();
        let builder = builder(None, None, Duration::from_secs(10)).http2_prior_knowledge();
        let client = make(without_certificates(builder)).unwrap();
        let sent = client.post(format!("http://{address}/")).body("{}").send();
        assert!(sent.await.is_err());
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}
