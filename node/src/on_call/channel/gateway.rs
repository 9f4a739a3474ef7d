//! One POST to a gateway that sends text messages.

use std::sync::Arc;

use http::{
    HeaderName, HeaderValue, Request,
    header::{CONTENT_TYPE, HOST},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use uput_core::sensitive::Sensitive;

use super::{Failed, TEXT, connect, secret};
use crate::on_call::settings::{Format, Place, SmsConfig};

/// A gateway. [ONC-13]
pub(super) struct Gateway {
    place: Place,
    tls: Option<Arc<ClientConfig>>,
    format: Format,
    body: String,
    secret: Option<(HeaderName, HeaderValue)>,
}

/// Drives a connection until it is dropped.
struct Driver(tokio::task::JoinHandle<()>);

impl Gateway {
    pub(super) fn new(config: &SmsConfig, tls: Option<Arc<ClientConfig>>) -> Result<Self, String> {
        let place = config.place().map_err(|(_, rule)| rule)?;
        let header = HeaderName::from_bytes(config.header.as_bytes()).map_err(|error| error.to_string())?;
        let secret = config.secret_file.as_deref().map(|file| {
            let secret = secret::read(file)?;
            // Exposed to become a header, which no log shows.
            let value = HeaderValue::from_str(secret.expose());
            let mut value = value.map_err(|_| format!("{}: it cannot stand in a header", file.display()))?;
            value.set_sensitive(true);
            Ok::<_, String>((header, value))
        });
        let tls = tls.filter(|_| place.tls);
        Ok(Self { place, tls, format: config.format, body: config.body.clone(), secret: secret.transpose()? })
    }

    pub(super) async fn send(&self, address: &Sensitive<String>) -> Result<(), Failed> {
        let Place { host, port, .. } = &self.place;
        let stream = TokioIo::new(connect(host, *port, self.tls.as_ref()).await?);
        let (mut sender, connection) = http1::handshake(stream).await.map_err(|_| Failed::Unreachable)?;
        let _driver = Driver(tokio::spawn(async move { drop(connection.await) }));
        let mut request = Request::post(self.place.path.as_str())
            .header(HOST, self.place.authority.as_str())
            .header(CONTENT_TYPE, self.format.media_type());
        if let Some((name, value)) = &self.secret {
            request = request.header(name, value);
        }
        let request = request.body(self.filled(address)).map_err(|_| Failed::NotConfigured)?;
        let answer = sender.send_request(request).await.map_err(|_| Failed::Unreachable)?;
        if answer.status().is_success() { Ok(()) } else { Err(Failed::Refused) }
    }

    /// The text first: what an address holds is never taken for a place to fill.
    fn filled(&self, address: &Sensitive<String>) -> String {
        let with_text = self.body.replace("{text}", &self.format.escaped(TEXT));
        // To the gateway, which must know whom to send to.
        with_text.replace("{address}", &self.format.escaped(address.expose()))
    }
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    fn escaped(self, text: &str) -> String {
        match self {
            // Digits, `+` and the text: nothing that ends a string.
            Self::Json => text.replace(['"', '\\'], ""),
            Self::Form => text.bytes().fold(String::new(), |escaped, byte| match byte {
                plain if plain.is_ascii_alphanumeric() => escaped + char::from(plain).encode_utf8(&mut [0; 4]),
                other => escaped + &format!("%{other:02X}"),
            }),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}
