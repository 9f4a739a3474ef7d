//! A node of a test: its mailroom, its connections, and a way to cut them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use uput_core::key::SigningKey;
use uput_node::peer::{Limits, Peers};
use uput_node::shutdown::{self, Stop};

use super::post::{Organisation, PATIENCE, Post};

pub(crate) struct Node {
    pub(crate) post: Arc<Post>,
    pub(crate) peers: Arc<Peers<Post>>,
    pub(crate) address: SocketAddr,
    stop: Stop,
}

/// The specification's limits with shorter times.
pub(crate) fn limits() -> Limits {
    Limits {
        handshake: Duration::from_secs(20),
        backoff_min: Duration::from_millis(5),
        backoff_max: Duration::from_millis(50),
        closing: Duration::from_secs(1),
        ..Limits::default()
    }
}

/// A listener whose address is known before its node exists.
pub(crate) async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    (listener, endpoint)
}

impl Node {
    pub(crate) async fn start(us: Organisation, knows: &[&Organisation], limits: Limits) -> Self {
        Self::start_on(listener().await.0, us, knows, limits)
    }

    pub(crate) fn start_on(listener: TcpListener, us: Organisation, knows: &[&Organisation], limits: Limits) -> Self {
        let tls_key = us.tls_key();
        Self::start_with(listener, us, &tls_key, knows, limits)
    }

    /// One that shows a key of which its records may say nothing.
    pub(crate) fn start_with(
        listener: TcpListener,
        us: Organisation,
        tls_key: &SigningKey,
        knows: &[&Organisation],
        limits: Limits,
    ) -> Self {
        let post = Post::new(us);
        knows.iter().for_each(|other| post.meet(other));
        Self::with_post(post, listener, tls_key, limits)
    }

    /// One with a mailroom in which something waits.
    pub(crate) fn with_post(post: Post, listener: TcpListener, tls_key: &SigningKey, limits: Limits) -> Self {
        let (stop, shutdown) = shutdown::channel();
        let post = Arc::new(post);
        let peers = Peers::new(Arc::clone(&post), tls_key, limits, shutdown).unwrap();
        let address = listener.local_addr().unwrap();
        peers.listen(listener);
        peers.refresh();
        Self { post, peers, address, stop }
    }

    pub(crate) async fn stop(self) {
        self.stop.stop();
        tokio::time::timeout(PATIENCE, self.peers.closed()).await.unwrap();
    }
}

/// A wire between two nodes that can be cut or go silent.
pub(crate) struct Cable {
    pub(crate) endpoint: String,
    state: watch::Sender<CableState>,
}

#[derive(Clone, Copy, PartialEq)]
enum CableState {
    Whole,
    Silent,
    Cut,
}

impl Cable {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let (listener, endpoint) = listener().await;
        let (state, seen) = watch::channel(CableState::Whole);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut seen = seen.clone();
                tokio::spawn(async move {
                    if *seen.borrow_and_update() != CableState::Whole {
                        return;
                    }
                    let mut far = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => return,
                        _ = seen.changed() => (),
                    }
                    // Silent: both sockets stay open and nothing moves.
                    let _ = seen.wait_for(|state| *state != CableState::Silent).await;
                });
            }
        });
        Self { endpoint, state }
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(CableState::Cut);
    }

    pub(crate) fn mend(&self) {
        self.state.send_replace(CableState::Whole);
    }

    pub(crate) fn fall_silent(&self) {
        self.state.send_replace(CableState::Silent);
    }
}
