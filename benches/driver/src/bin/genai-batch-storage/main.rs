//! What `driver shards` reads: a Vertex AI job that has ended, and its results in four objects in
//! Cloud Storage: `genai-batch-storage PORT RESULTS`, where RESULTS is a file of the Gemini
//! backend's result lines. The objects have the same responses under the same keys, as Vertex AI
//! writes them, which echoes the requests.
//!
//! Everything is in memory before the first call and is sent without a copy, so that the server is
//! not what is measured. It knows no more of HTTP than the driver asks for.

mod objects;
mod response;

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use objects::Objects;
use response::Response;

/// Serves one call after another, until the client hangs up.
fn serve(connection: TcpStream, objects: &Objects) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut writer = connection.try_clone()?;
    let mut lines = BufReader::new(connection).lines();
    while let Some(call) = lines.next().transpose()? {
        let mut range = None;
        for header in lines.by_ref() {
            let header = header?;
            match header.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("range") => {
                    range = Some(value.trim().to_owned());
                }
                Some(_) => {}
                None => break,
            }
        }
        let target = call.split(' ').nth(1).unwrap_or_default();
        let Response { head, body } = response::to(target, range.as_deref(), objects);
        writer.write_all(head.as_bytes())?;
        writer.write_all(&body)?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, port, results] = args.as_slice() else {
        let usage = "usage: genai-batch-storage PORT RESULTS";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, usage));
    };
    let objects = Arc::new(Objects::of(std::fs::File::open(results)?)?);
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    eprintln!("listening on {}", listener.local_addr()?);
    for connection in listener.incoming() {
        let (connection, objects) = (connection?, Arc::clone(&objects));
        // A connection that breaks off concerns its client alone.
        std::thread::spawn(move || serve(connection, &objects).ok());
    }
    Ok(())
}
