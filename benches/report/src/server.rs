//! A server that clients are measured against: on a free port, and gone when it is dropped.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long it may take to be ready, with all that it holds in memory.
const START: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts a program that listens on the port which `arguments` gives it.
    pub(crate) fn start(
        program: &Path,
        arguments: impl FnOnce(&str) -> Vec<String>,
    ) -> Result<Self> {
        // The port is free again once the listener is dropped.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(program)
            .args(arguments(&port.to_string()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("could not run {}", program.display()))?;
        let mut server = Self { child, port };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("{} ended with {status}", program.display());
            }
            ensure!(
                started.elapsed() < START,
                "{} does not listen",
                program.display()
            );
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Has a response made, which the server then keeps, and gives its size.
    pub(crate) fn prepare(&self, path: &str) -> Result<u64> {
        let response = ureq::get(format!("{}{path}", self.base())).call()?;
        let length = response.headers().get("content-length");
        let length = length.with_context(|| format!("{path} has no size"))?;
        Ok(length.to_str()?.parse()?)
    }

    pub(crate) fn text(&self, path: &str) -> Result<String> {
        let mut response = ureq::get(format!("{}{path}", self.base())).call()?;
        Ok(response.body_mut().read_to_string()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended by itself needs neither.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
