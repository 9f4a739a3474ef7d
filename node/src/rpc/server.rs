//! The local interface's frame: sockets, TLS, the guard, health.
//!
//! Guarantees that every call came over TLS and past the guard, and that the number of connections and calls is bounded.
//! Leaves what calls do to the services that are passed in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::Connected;

use super::guard::Guard;
use crate::shutdown::Shutdown;
use crate::tls::{self, ApiCertificate, ClientKey, TlsError};

/// Connections of own people and programs, handshakes included.
const CONNECTIONS: usize = 64;
/// Calls of one connection at a time.
const CALLS: u32 = 64;
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Longest call. [API-7]
const CALL: Duration = Duration::from_secs(60);
/// How long calls may go on after the node was asked to stop.
const CLOSING: Duration = Duration::from_secs(10);
const PING: Duration = Duration::from_secs(20);
const PONG: Duration = Duration::from_secs(10);
const HEADERS: u32 = 8 * 1024;
/// Pause after an accept error, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `services` and health to whoever `guard` lets in, until `shutdown`; calls under way are finished.
///
/// # Errors
/// [`TlsError`] if the certificate does not serve.
pub async fn serve(
    listener: TcpListener,
    certificate: &ApiCertificate,
    guard: Guard,
    services: Routes,
    shutdown: Shutdown,
) -> Result<(), TlsError> {
    let tls = TlsAcceptor::from(tls::api_server(certificate)?);
    let connections = ReceiverStream::new(accept(listener, tls, shutdown.clone()));
    // [API-6]
    let (_reporter, health) = tonic_health::server::health_reporter();
    let serving = Server::builder()
        .timeout(CALL)
        .max_concurrent_streams(CALLS)
        .http2_max_header_list_size(HEADERS)
        .http2_keepalive_interval(Some(PING))
        .http2_keepalive_timeout(Some(PONG))
        .layer(guard)
        .add_routes(services.add_service(health))
        .serve_with_incoming_shutdown(connections, shutdown.requested());
    let patience = async {
        shutdown.requested().await;
        tokio::time::sleep(CLOSING).await;
    };
    tokio::select! {
        result = serving => if let Err(error) = result {
            tracing::error!(%error, "the local interface is no longer served");
        },
        () = patience => tracing::warn!("some calls did not end in time"),
    }
    Ok(())
}

fn accept(listener: TcpListener, tls: TlsAcceptor, shutdown: Shutdown) -> mpsc::Receiver<io::Result<Local>> {
    let (out, connections) = mpsc::channel(CONNECTIONS);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = shutdown.requested() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((socket, _)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            tokio::spawn(shake_hands(socket, tls.clone(), place, out.clone()));
        }
    });
    connections
}

async fn shake_hands(
    socket: TcpStream,
    tls: TlsAcceptor,
    place: OwnedSemaphorePermit,
    out: mpsc::Sender<io::Result<Local>>,
) {
    // Without it every small answer would wait for the acknowledgement of the one before.
    let shaken = match socket.set_nodelay(true) {
        Ok(()) => tokio::time::timeout(HANDSHAKE, tls.accept(socket)).await,
        Err(_) => return,
    };
    if let Ok(Ok(stream)) = shaken {
        // If nobody takes it any more, the node is closing.
        drop(out.send(Ok(Local { stream, _place: place })).await);
    }
}

/// A connection from this computer.
struct Local {
    stream: TlsStream<TcpStream>,
    _place: OwnedSemaphorePermit,
}

impl Connected for Local {
    type ConnectInfo = ClientKey;

    /// The key that the client has shown to hold, by its signature of the handshake. [ACC-40]
    fn connect_info(&self) -> ClientKey {
        let (_, session) = self.stream.get_ref();
        let shown = session.peer_certificates().and_then(|certificates| certificates.first());
        shown.map(ClientKey::of).unwrap_or_default()
    }
}

impl AsyncRead for Local {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Local {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
