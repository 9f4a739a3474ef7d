//! The ways to whoever is on duty.
//!
//! Guarantees that each says the same text to one address and nothing else, within its time, and that a failure says
//! nothing of the address, the secret or what a server answered. Leaves out when, and to whom.

mod command;
mod email;
mod gateway;
mod secret;

use std::{sync::Arc, time::Duration};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use uput_core::sensitive::Sensitive;

use super::{duty::Channel, settings::OnCallConfig};
use crate::tls;
use command::Command;
use email::Email;
use gateway::Gateway;

/// All that is ever said. [ONC-10]
pub const TEXT: &str = "Please look at your inbox.";
/// How long an attempt may take. [ONC-14]
const LONGEST: Duration = Duration::from_secs(20);

/// Why nothing was handed over: a word of ours, and never one of a server's. [ONC-14]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// It is not in the configuration.
    #[error("the channel is not configured")]
    NotConfigured,
    /// It took too long.
    #[error("it took too long")]
    TooLong,
    /// Nobody is there, or it is somebody else.
    #[error("the server cannot be reached, or is not the one that it should be")]
    Unreachable,
    /// It said no.
    #[error("it was refused")]
    Refused,
}

/// The channels of the configuration.
#[derive(Default)]
pub struct Channels {
    command: Option<Command>,
    email: Option<Email>,
    sms: Option<Gateway>,
}

/// A connection to a server.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Channels {
    /// Reads secrets and certificates.
    ///
    /// # Errors
    /// Which file, and what is wrong with it.
    pub fn new(config: &OnCallConfig) -> Result<Self, String> {
        let secure = config.email.as_ref().is_some_and(|email| email.tls)
            || config.sms.as_ref().is_some_and(|sms| sms.url.starts_with("https:"));
        let tls = if secure { Some(believed(config)?) } else { None };
        Ok(Self {
            command: config.command.as_ref().map(Command::new),
            email: config.email.as_ref().map(|email| Email::new(email, tls.clone())).transpose()?,
            sms: config.sms.as_ref().map(|sms| Gateway::new(sms, tls)).transpose()?,
        })
    }

    /// Says it to one address.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn send(&self, channel: Channel, address: &Sensitive<String>) -> Result<(), Failed> {
        let sending = async {
            match channel {
                Channel::Command => self.command.as_ref().ok_or(Failed::NotConfigured)?.send(address).await,
                Channel::Email => self.email.as_ref().ok_or(Failed::NotConfigured)?.send(address).await,
                Channel::Sms => self.sms.as_ref().ok_or(Failed::NotConfigured)?.send(address).await,
            }
        };
        tokio::time::timeout(LONGEST, sending).await.unwrap_or(Err(Failed::TooLong))
    }
}

fn believed(config: &OnCallConfig) -> Result<Arc<ClientConfig>, String> {
    let path = &config.certificates;
    let pem = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    tls::public_client(&pem).map_err(|error| format!("{}: {error}", path.display()))
}

/// Connects, with TLS if there is a configuration for it.
async fn connect(host: &str, port: u16, tls: Option<&Arc<ClientConfig>>) -> Result<Box<dyn Stream>, Failed> {
    let socket = TcpStream::connect((host, port)).await.map_err(|_| Failed::Unreachable)?;
    let Some(config) = tls else { return Ok(Box::new(socket)) };
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Failed::Unreachable)?;
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, socket).await;
    Ok(Box::new(stream.map_err(|_| Failed::Unreachable)?))
}
