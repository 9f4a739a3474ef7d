//! The TLS key that this node shows, and the moment in which it becomes another one.
//!
//! Guarantees that a handshake begins with the newest key, and that every stream hears of a change once it is made.
//! Leaves to others that the key is that of the newest own key record.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use tokio::sync::watch;
use uput_core::key::SigningKey;

use crate::tls::{self, PeerCertificate, TlsError};

/// What is shown now.
pub(super) struct Identity {
    shown: RwLock<Arc<Shown>>,
    renewed: watch::Sender<u64>,
}

/// A certificate, and what accepts peers with it.
pub(super) struct Shown {
    pub(super) certificate: PeerCertificate,
    pub(super) server: Arc<ServerConfig>,
}

impl Shown {
    fn new(tls_key: &SigningKey) -> Result<Arc<Self>, TlsError> {
        let certificate = PeerCertificate::new(tls_key)?;
        let server = tls::peer_server(&certificate)?;
        Ok(Arc::new(Self { certificate, server }))
    }
}

impl Identity {
    pub(super) fn new(tls_key: &SigningKey) -> Result<Self, TlsError> {
        Ok(Self { shown: RwLock::new(Shown::new(tls_key)?), renewed: watch::channel(0).0 })
    }

    pub(super) fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows another key from now on; streams that stand are greeted anew. [TRA-24]
    pub(super) fn renew(&self, tls_key: &SigningKey) -> Result<(), TlsError> {
        let shown = Shown::new(tls_key)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
        self.renewed.send_modify(|count| *count += 1);
        Ok(())
    }

    /// What changes the next time that keys are renewed.
    pub(super) fn renewal(&self) -> watch::Receiver<u64> {
        self.renewed.subscribe()
    }
}

/// Waits until keys were renewed; for ever, if nobody will.
pub(super) async fn renewed(renewal: &mut watch::Receiver<u64>) {
    if renewal.changed().await.is_err() {
        std::future::pending().await
    }
}
