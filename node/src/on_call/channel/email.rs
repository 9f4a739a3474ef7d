//! One message to the organisation's mail server: submission (RFC 6409) with TLS from the first byte (RFC 8314).
//!
//! A crate for this brings thirty others, to write six lines that never change. What is spoken here is no more than those.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{Timestamp, fmt::rfc2822, tz::TimeZone};
use rustls::ClientConfig;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use uput_core::sensitive::Sensitive;
use zeroize::Zeroizing;

use super::{Failed, Stream, TEXT, connect, secret};
use crate::{clock::SystemEntropy, on_call::settings::EmailConfig};

/// Longest line of a reply, and most lines of one.
const LINE: u64 = 1024;
const LINES: usize = 64;

/// The organisation's mail server. [ONC-12]
pub(super) struct Email {
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    from: String,
    login: Option<(String, Sensitive<String>)>,
}

/// A conversation with a server.
struct Talk(BufStream<Box<dyn Stream>>);

impl Email {
    pub(super) fn new(config: &EmailConfig, tls: Option<Arc<ClientConfig>>) -> Result<Self, String> {
        let (host, port) = config.place().map_err(|(_, rule)| rule)?;
        let password = config.password_file.as_deref().map(secret::read).transpose()?;
        let login = config.user.clone().zip(password);
        Ok(Self { host, port, tls: tls.filter(|_| config.tls), from: config.from.clone(), login })
    }

    pub(super) async fn send(&self, to: &Sensitive<String>) -> Result<(), Failed> {
        let mut talk = Talk(BufStream::new(connect(&self.host, self.port, self.tls.as_ref()).await?));
        talk.hear(220).await?;
        talk.say("EHLO [127.0.0.1]", 250).await?;
        if let Some((user, password)) = &self.login {
            // Exposed to the server that was verified, inside TLS, or on this computer.
            let plain = Zeroizing::new(format!("\0{user}\0{}", password.expose()));
            let encoded = Zeroizing::new(BASE64_STANDARD.encode(plain.as_bytes()));
            talk.say(&Zeroizing::new(format!("AUTH PLAIN {}", encoded.as_str())), 235).await?;
        }
        talk.say(&format!("MAIL FROM:<{}>", self.from), 250).await?;
        talk.say(&Zeroizing::new(format!("RCPT TO:<{}>", to.expose())), 250).await?;
        talk.say("DATA", 354).await?;
        talk.say(&self.message(to), 250).await?;
        // It is theirs now, whether they say goodbye or not.
        let _ = talk.say("QUIT", 221).await;
        Ok(())
    }

    /// Ends with the point that ends it; no line of it begins with one.
    fn message(&self, to: &Sensitive<String>) -> Zeroizing<String> {
        let now = Timestamp::now().to_zoned(TimeZone::UTC);
        let date = rfc2822::to_string(&now).unwrap_or_default();
        let id = SystemEntropy.bytes::<16>().map(|byte| format!("{byte:02x}")).concat();
        let domain = self.from.rsplit('@').next().unwrap_or_default();
        Zeroizing::new(format!(
            "Date: {date}\r\nFrom: <{}>\r\nTo: <{}>\r\nMessage-ID: <{id}@{domain}>\r\nSubject: {TEXT}\r\n\
             Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
             {TEXT}\r\n.",
            self.from,
            to.expose()
        ))
    }
}

impl Talk {
    async fn say(&mut self, line: &str, expected: u16) -> Result<(), Failed> {
        let written = async {
            self.0.write_all(line.as_bytes()).await?;
            self.0.write_all(b"\r\n").await?;
            self.0.flush().await
        };
        written.await.map_err(|_| Failed::Unreachable)?;
        self.hear(expected).await
    }

    /// A reply of one or more lines; only its code is looked at.
    async fn hear(&mut self, expected: u16) -> Result<(), Failed> {
        for _ in 0..LINES {
            let mut line = Vec::new();
            let read = (&mut self.0).take(LINE).read_until(b'\n', &mut line).await;
            if read.map_err(|_| Failed::Unreachable)? == 0 || !line.ends_with(b"\n") {
                return Err(Failed::Unreachable);
            }
            let (code, rest) = line.split_at_checked(3).ok_or(Failed::Refused)?;
            if rest.first() == Some(&b'-') {
                continue;
            }
            let code = std::str::from_utf8(code).ok().and_then(|code| code.parse::<u16>().ok());
            return if code == Some(expected) { Ok(()) } else { Err(Failed::Refused) };
        }
        Err(Failed::Refused)
    }
}
