//! A node that serves: sockets, peers, local interface, and an end in good order.
//!
//! Guarantees that both addresses are ours before the data folder is touched, that `ready` is said only when both are
//! served, and that after the word to stop nothing new is taken and what was begun is finished.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tonic::service::Routes;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::node::Node;
use crate::peer::{Mailroom, Peers};
use crate::rpc;
use crate::rpc::access::{self, Kept};
use crate::rpc::guard::Guard;
use crate::shutdown::Shutdown;

/// The addresses of a node, taken.
pub struct Sockets {
    peer: Option<TcpListener>,
    api: TcpListener,
}

impl Sockets {
    /// Takes them. [API-22]
    ///
    /// # Errors
    /// [`Exit::Address`].
    pub async fn bind(config: &Config) -> Result<Self, Failure> {
        let peer = match config.peer {
            Some(address) => Some(listen("peer", address).await?),
            None => None,
        };
        Ok(Self { peer, api: listen("api", config.api).await? })
    }

    /// The address for peers once more, for whoever answers there before the node does; none if it only dials.
    ///
    /// # Errors
    /// [`Exit::Address`].
    pub fn peer_until_then(&self) -> Result<Option<TcpListener>, Failure> {
        let again = |listener: &TcpListener| {
            TcpListener::from_std(std::net::TcpListener::from(listener.as_fd().try_clone_to_owned()?))
        };
        let again = self.peer.as_ref().map(again).transpose();
        again.map_err(|error| Failure::new(Exit::Address, &error))
    }
}

/// Serves until `shutdown`. `ready` gets the line that says where. [API-21]
///
/// # Errors
/// [`Failure`] if the access files or the certificate cannot be used.
pub async fn serve<M: Mailroom>(
    sockets: Sockets,
    folder: &Path,
    node: &Node,
    peers: Arc<Peers<M>>,
    services: Routes,
    shutdown: Shutdown,
    ready: impl FnOnce(&str),
) -> Result<(), Failure> {
    let address = |listener: &TcpListener| listener.local_addr().map_err(|error| Failure::new(Exit::Address, &error));
    let api = address(&sockets.api)?;
    let peer = sockets.peer.as_ref().map(address).transpose()?;
    let certificate = access::certificate(folder)?;
    announce(folder, api, node).await?;
    if let Some(listener) = sockets.peer {
        peers.listen(listener);
    }
    peers.refresh();
    let peer = peer.map_or_else(|| "none".to_owned(), |peer| peer.to_string());
    ready(&format!("ready peer={peer} api={api}"));
    let guard = Guard::new(node.register());
    let served = rpc::serve(sockets.api, &certificate, guard, services, shutdown).await;
    peers.closed().await;
    Ok(served?)
}

/// Brings the access file in the folder up to date. One whose token is not the node's is written anew with a token of
/// the administrator's: whoever may write there holds the node's keys as well. [API-1]
async fn announce(folder: &Path, address: SocketAddr, node: &Node) -> Result<(), Failure> {
    let token = match access::kept(folder, &node.register())? {
        Kept::Away => return Ok(()),
        Kept::Ours(token) => token,
        Kept::Foreign => node.restore_access().await.map_err(|rejection| Failure::new(Exit::Folder, &rejection))?,
    };
    Ok(access::announce(folder, address, &token)?)
}

async fn listen(what: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let failure = |error| Failure::new(Exit::Address, &format!("{what} address {address}: {error}"));
    TcpListener::bind(address).await.map_err(failure)
}
