//! Where connections come in, each to a line of its own.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};

use crate::line::Line;

/// A listener that nobody is let in by yet.
pub(crate) struct Door(TcpListener);

/// What came in and went out.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    connections: AtomicU64,
    open: AtomicU64,
    most: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

impl Door {
    pub(crate) async fn open(port: u16) -> io::Result<Self> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map(Self)
    }

    pub(crate) fn port(&self) -> io::Result<u16> {
        Ok(self.0.local_addr()?.port())
    }

    /// Leads connections over lines of this kind to what is behind them.
    pub(crate) fn serve(self, line: Line, behind: SocketAddr) -> Arc<Counts> {
        let counts = Arc::new(Counts::default());
        let counting = Arc::clone(&counts);
        tokio::spawn(async move {
            loop {
                // One that could not be accepted is the client's to repeat.
                let Ok((near, _)) = self.0.accept().await else {
                    continue;
                };
                let counts = Arc::clone(&counting);
                tokio::spawn(async move {
                    counts.enter();
                    // One that breaks off concerns its client alone.
                    let _ = connect(line, near, behind, &counts).await;
                    counts.open.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        counts
    }
}

async fn connect(
    line: Line,
    near: TcpStream,
    behind: SocketAddr,
    counts: &Counts,
) -> io::Result<()> {
    let opening = line.opening();
    let far = TcpStream::connect(behind).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::try_join!(
        line.carry(near_in, far_out, opening, &counts.up),
        line.carry(far_in, near_out, opening, &counts.down),
    )?;
    Ok(())
}

impl Counts {
    fn enter(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(open, Ordering::Relaxed);
    }

    /// The counts since they were taken last, as they are shown.
    pub(crate) fn take(&self) -> Taken {
        let open = self.open.load(Ordering::Relaxed);
        Taken {
            connections: self.connections.swap(0, Ordering::Relaxed),
            most: self.most.swap(open, Ordering::Relaxed),
            up: self.up.swap(0, Ordering::Relaxed),
            down: self.down.swap(0, Ordering::Relaxed),
        }
    }
}

/// How many connections were made, how many there were at once, and how many bytes went either way.
pub(crate) struct Taken {
    connections: u64,
    most: u64,
    up: u64,
    down: u64,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            connections,
            most,
            up,
            down,
        } = self;
        write!(
            f,
            "connections={connections} most={most} up={up} down={down}"
        )
    }
}
