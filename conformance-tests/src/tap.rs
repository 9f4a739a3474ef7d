//! The wire between two nodes: carries bytes to wherever a node listens now, keeps a copy if asked.
//!
//! A node's address in its key record stays this one while the node itself takes a new port at each start. With the TLS
//! keys of both sides it is a wire that was cut open: it copies what passes inside TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::both_keys::BothKeys;

/// A listening address before a node.
pub struct Tap {
    address: SocketAddr,
    wire: Arc<Wire>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Wire {
    target: Mutex<Option<SocketAddr>>,
    /// Ends the callers' TLS and begins one of its own.
    inside: Option<BothKeys>,
    /// What passed, one copy a direction of each connection.
    copies: Mutex<Option<Vec<Vec<u8>>>>,
}

impl Tap {
    /// Listens on a free port. With `keep` it copies what passes.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn listen(keep: bool) -> io::Result<Self> {
        Self::carrying(Wire { copies: Mutex::new(keep.then(Vec::new)), ..Wire::default() }).await
    }

    /// The same, and what it copies is what passes inside TLS.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn inside(keys: BothKeys) -> io::Result<Self> {
        Self::carrying(Wire { copies: Mutex::new(Some(Vec::new())), inside: Some(keys), ..Wire::default() }).await
    }

    async fn carrying(wire: Wire) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let wire = Arc::new(wire);
        let task = tokio::spawn(accept(listener, Arc::clone(&wire)));
        Ok(Self { address, wire, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the node listens now; none: connections end at once.
    pub fn lead_to(&self, target: Option<SocketAddr>) {
        *locked(&self.wire.target) = target;
    }

    /// Everything that passed so far.
    #[must_use]
    pub fn passed(&self) -> Vec<Vec<u8>> {
        locked(&self.wire.copies).clone().unwrap_or_default()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, wire: Arc<Wire>) {
    while let Ok((caller, _)) = listener.accept().await {
        tokio::spawn(carry(caller, Arc::clone(&wire)));
    }
}

async fn carry(caller: TcpStream, wire: Arc<Wire>) -> io::Result<()> {
    let target = *locked(&wire.target);
    let Some(target) = target else { return Ok(()) };
    let node = TcpStream::connect(target).await?;
    for stream in [&caller, &node] {
        stream.set_nodelay(true)?;
    }
    match &wire.inside {
        None => exchange(caller, node, &wire).await,
        Some(keys) => {
            let caller = keys.accept(caller).await?;
            let node = keys.dial_as(&caller, node).await?;
            exchange(caller, node, &wire).await
        }
    }
}

async fn exchange<C, N>(caller: C, node: N, wire: &Wire) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite,
    N: AsyncRead + AsyncWrite,
{
    let (from_caller, to_caller) = tokio::io::split(caller);
    let (from_node, to_node) = tokio::io::split(node);
    tokio::select! {
        ended = pass(from_caller, to_node, wire) => ended,
        ended = pass(from_node, to_caller, wire) => ended,
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, wire: &Wire) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let copy = wire.begin_copy();
    loop {
        let read = from.read(&mut buffer).await?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return to.shutdown().await;
        }
        wire.copy(copy, bytes);
        to.write_all(bytes).await?;
        // TLS holds bytes back until it is told that they are to go.
        to.flush().await?;
    }
}

impl Wire {
    fn begin_copy(&self) -> usize {
        locked(&self.copies).as_mut().map_or(0, |copies| {
            copies.push(Vec::new());
            copies.len() - 1
        })
    }

    fn copy(&self, copy: usize, bytes: &[u8]) {
        if let Some(kept) = locked(&self.copies).as_mut().and_then(|copies| copies.get_mut(copy)) {
            kept.extend_from_slice(bytes);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
