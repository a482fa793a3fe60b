//! Posting to this machine, and nowhere else.

use std::io;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts `body` and returns the status of the response.
pub(super) async fn post(
    uri: &str,
    headers: &[(&'static str, String)],
    body: &str,
) -> io::Result<u16> {
    let posted = tokio::time::timeout(TIMEOUT, exchange(uri, headers, body));
    posted.await.map_err(io::Error::other)?
}

async fn exchange(uri: &str, headers: &[(&'static str, String)], body: &str) -> io::Result<u16> {
    let uri: Uri = uri.parse().map_err(io::Error::other)?;
    let (stream, authority) = connect(&uri).await?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(HOST, authority)
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request
        .body(Full::new(bytes::Bytes::from(body.to_owned())))
        .map_err(io::Error::other)?;
    let handshake = http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    connection.abort();
    Ok(answer.map_err(io::Error::other)?.status().as_u16())
}

/// A connection, if it is to be a plain one to this machine, and whom it is with.
async fn connect(uri: &Uri) -> io::Result<(TcpStream, &str)> {
    let refused = || io::Error::other("only http addresses of this machine are posted to");
    let authority = uri.authority().ok_or_else(refused)?;
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = match address.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    };
    if uri.scheme_str() != Some("http") || !is_loopback {
        return Err(refused());
    }
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((address, port)).await?;
    // What a name stands for is for others to say.
    match stream.peer_addr()?.ip().is_loopback() {
        true => Ok((stream, authority.as_str())),
        false => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_goes_to_other_machines() {
        for uri in [
            "",
            "/path",
            "https://127.0.0.1/",
            "http://example.com/",
            "http://10.0.0.1/",
            "http://127.0.0.1.example.com/",
            "http://localhost@example.com/",
            "ftp://localhost/",
        ] {
            let error = post(uri, &[], "{}").await.unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("this machine") || uri.is_empty(),
                "{uri}: {text}"
            );
        }
    }
}
