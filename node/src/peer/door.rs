//! The accept loop: who may hold a socket, and for how long.
//!
//! Guarantees that what comes out has finished a TLS handshake, that no accept error and no garbage ends the loop, and
//! that handshakes, connections and strangers are bounded. Leaves to the service what a connection may do.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::StreamExt;
use tonic::transport::server::{Connected, TcpIncoming};

use super::identity::Identity;
use super::limits::Limits;
use crate::shutdown::Shutdown;
use crate::tls;

/// Pause after an accept error, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Addresses of peers that are remembered, while the node runs.
const ADDRESSES: usize = 1024;
/// Of these, so many of one peer's key.
const OF_ONE_KEY: usize = 4;
/// TCP keepalive, below the HTTP/2 pings: for sockets that never get so far.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    /// The key of its TLS certificate.
    pub(super) tls_key: [u8; 32],
}

/// Lets callers in until `shutdown`; `knows` tells a peer's key from a stranger's.
pub(super) struct Door<K> {
    knows: K,
    identity: Arc<Identity>,
    limits: Limits,
    pending: Arc<Places<IpAddr>>,
    /// For whoever was let in from there before. [DEL-31]
    familiar: Arc<Places<IpAddr>>,
    addresses: Addresses,
    known: Arc<Places<[u8; 32]>>,
    strangers: Arc<Places<()>>,
}

impl<K: Fn(&[u8; 32]) -> bool + Send + Sync + 'static> Door<K> {
    pub(super) fn new(knows: K, identity: Arc<Identity>, limits: Limits) -> Self {
        Self {
            knows,
            identity,
            pending: Places::new(limits.pending_per_address, limits.pending),
            familiar: Places::new(limits.pending_per_address, limits.pending),
            addresses: Addresses::default(),
            known: Places::new(limits.connections_per_key, limits.connections),
            strangers: Places::new(limits.strangers, limits.strangers),
            limits,
        }
    }

    /// Starts to listen; connections come out of the channel.
    pub(super) fn open(self, listener: TcpListener, shutdown: Shutdown) -> mpsc::Receiver<io::Result<Connection>> {
        let (out, connections) = mpsc::channel(self.limits.pending);
        let door = Arc::new(self);
        tokio::spawn(async move {
            // [TRA-5]
            let mut sockets = TcpIncoming::from(listener).with_nodelay(Some(true)).with_keepalive(Some(TCP_KEEPALIVE));
            loop {
                tokio::select! {
                    () = shutdown.requested() => return,
                    socket = sockets.next() => match socket {
                        Some(Ok(socket)) => door.admit(socket, &out),
                        Some(Err(error)) => {
                            tracing::warn!(%error, "a connection could not be accepted");
                            tokio::time::sleep(ACCEPT_PAUSE).await;
                        }
                        None => return,
                    }
                }
            }
        });
        connections
    }

    /// Begins a handshake if there is room. [TRA-5]
    fn admit(self: &Arc<Self>, socket: TcpStream, out: &mpsc::Sender<io::Result<Connection>>) {
        let address = socket.peer_addr().as_ref().map_or(IpAddr::from([0, 0, 0, 0]), SocketAddr::ip);
        let address = address.to_canonical();
        let Some(place) = self.place(address) else { return };
        let (door, out) = (Arc::clone(self), out.clone());
        tokio::spawn(async move {
            let connection = tokio::time::timeout(door.limits.handshake, door.shake_hands(socket, address)).await;
            drop(place);
            match connection {
                // If nobody takes it any more, the node is closing.
                Ok(Some(connection)) => drop(out.send(Ok(connection)).await),
                Ok(None) => tracing::debug!("a handshake failed"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
        });
    }

    /// Strangers can take every place that is for anybody: an address from which a peer came lately has others. [DEL-31]
    fn place(&self, address: IpAddr) -> Option<Place<IpAddr>> {
        let familiar = || self.addresses.has(&address).then(|| self.familiar.take(address)).flatten();
        self.pending.take(address).or_else(familiar)
    }

    async fn shake_hands(&self, socket: TcpStream, address: IpAddr) -> Option<Connection> {
        let stream = TlsAcceptor::from(Arc::clone(&self.identity.shown().server)).accept(socket).await.ok()?;
        let certificate = stream.get_ref().1.peer_certificates()?.first()?;
        let tls_key = *tls::peer_key(certificate).ok()?.as_bytes();
        let (place, ends): (Box<dyn Send>, _) = if (self.knows)(&tls_key) {
            let place = self.known.take(tls_key)?;
            self.addresses.note(tls_key, address);
            (Box::new(place), None)
        } else {
            // [TRA-6]
            (Box::new(self.strangers.take(())?), Some(Box::pin(tokio::time::sleep(self.limits.stranger))))
        };
        Some(Connection { stream, caller: Caller { tls_key }, ends, _place: place })
    }
}

/// A connection with a place at this node.
pub(super) struct Connection {
    stream: TlsStream<TcpStream>,
    caller: Caller,
    ends: Option<Pin<Box<Sleep>>>,
    _place: Box<dyn Send>,
}

impl Connection {
    fn check_time(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.ends.as_mut().map(|ends| ends.as_mut().poll(context)) {
            Some(Poll::Ready(())) => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        self.caller
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check_time(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check_time(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Where peers came from, the newest of them.
#[derive(Default)]
struct Addresses(Mutex<VecDeque<([u8; 32], IpAddr)>>);

impl Addresses {
    fn has(&self, address: &IpAddr) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|(_, known)| known == address)
    }

    /// Of one key so many are remembered: who comes from everywhere takes no place from others.
    fn note(&self, by: [u8; 32], address: IpAddr) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|one| *one != (by, address));
        if known.iter().filter(|(key, _)| *key == by).count() >= OF_ONE_KEY
            && let Some(oldest) = known.iter().position(|(key, _)| *key == by)
        {
            known.remove(oldest);
        }
        known.push_back((by, address));
        if known.len() > ADDRESSES {
            known.pop_front();
        }
    }
}

/// Room for so many of each, and so many in all.
struct Places<K> {
    taken: Mutex<HashMap<K, usize>>,
    each: usize,
    all: usize,
}

/// Room that one takes until it is dropped.
struct Place<K: Eq + Hash + Copy> {
    of: K,
    places: Arc<Places<K>>,
}

impl<K: Eq + Hash + Copy> Places<K> {
    fn new(each: usize, all: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), each, all })
    }

    fn take(self: &Arc<Self>, of: K) -> Option<Place<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let mine = taken.get(&of).copied().unwrap_or(0);
        if all >= self.all || mine >= self.each {
            return None;
        }
        taken.insert(of, mine + 1);
        Some(Place { of, places: Arc::clone(self) })
    }
}

impl<K: Eq + Hash + Copy> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.of) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.of)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [DEL-31]
    #[test]
    fn of_the_addresses_of_peers_so_many_are_remembered_and_the_newest() {
        let addresses = Addresses::default();
        let address = |n: u32| IpAddr::from(n.to_be_bytes());
        let note = |n: u32| addresses.note(*uput_core::id::Id::of(&n.to_be_bytes()).as_bytes(), address(n));
        (0..2 * 1024).for_each(note);
        note(1024);
        note(5000);
        assert!(!addresses.has(&address(1023)) && !addresses.has(&address(1025)));
        assert!(addresses.has(&address(1024)) && addresses.has(&address(5000)));
    }

    /// [DEL-31]
    #[test]
    fn of_one_key_few_addresses_are_remembered() {
        let (addresses, at) = (Addresses::default(), |last: u8| IpAddr::from([192, 0, 2, last]));
        addresses.note([1; 32], at(1));
        (2..=200).for_each(|last| addresses.note([2; 32], at(last)));
        assert!(addresses.has(&at(1)), "another one took nothing from it");
        assert_eq!((1..=200).filter(|last| addresses.has(&at(*last))).count(), 1 + OF_ONE_KEY);
        assert!(addresses.has(&at(200)), "the newest");
    }

    #[test]
    fn places_are_bounded_each_and_in_all_and_come_back() {
        let places = Places::new(2, 3);
        let first = places.take('a').unwrap();
        let _second = places.take('a').unwrap();
        assert!(places.take('a').is_none());
        let _third = places.take('b').unwrap();
        assert!(places.take('c').is_none());
        drop(first);
        assert!(places.take('c').is_some());
        assert!(places.take('a').is_some());
    }
}
