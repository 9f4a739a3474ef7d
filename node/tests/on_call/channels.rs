//! Mail servers and gateways on this computer, and what they are told.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use uput_core::sensitive::Sensitive;
use uput_node::on_call::{Channel, Failed, TEXT};

use super::configured;

/// What a server on this computer is told, and what it answers.
pub(super) struct Server {
    pub(super) address: String,
    heard: Arc<Mutex<String>>,
}

impl Server {
    pub(super) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

/// A mail server that lets one user in.
pub(super) async fn mail_server(refuse: &'static str) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server { address: listener.local_addr().unwrap().to_string(), heard: Arc::default() };
    let heard = server.heard.clone();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            take_mail(socket, &heard, refuse).await;
        }
    });
    server
}

/// The same behind TLS from the first byte.
pub(super) async fn tls_mail_server(certificate: &rcgen::CertifiedKey<rcgen::KeyPair>) -> Server {
    let acceptor = acceptor(certificate);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server { address: listener.local_addr().unwrap().to_string(), heard: Arc::default() };
    let heard = server.heard.clone();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let Ok(stream) = acceptor.accept(socket).await else { continue };
            take_mail(stream, &heard, "").await;
        }
    });
    server
}

async fn take_mail(stream: impl AsyncRead + AsyncWrite + Unpin, heard: &Mutex<String>, refuse: &str) {
    let mut stream = BufReader::new(stream);
    let mut answer = "220-an invented server\r\n220 ready\r\n";
    let mut data = false;
    // Whoever expects TLS hangs up at these words.
    while stream.write_all(answer.as_bytes()).await.is_ok() && stream.flush().await.is_ok() {
        let mut line = Vec::new();
        loop {
            line.clear();
            if stream.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
                return;
            }
            heard.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            if !data || line == b".\r\n" {
                break;
            }
        }
        let line = String::from_utf8_lossy(&line);
        answer = match line.split([' ', ':', '\r']).next().unwrap() {
            word if !refuse.is_empty() && word == refuse => "550 no\r\n",
            "." => "250 kept\r\n",
            "EHLO" => "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
            "AUTH" => "235 in\r\n",
            "DATA" => "354 go on\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 yes\r\n",
        };
        data = answer.starts_with("354");
    }
}

pub(super) fn secret(folder: &Path) -> PathBuf {
    let file = folder.join("secret");
    std::fs::write(&file, "an-invented-secret\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    file
}

/// [ONC-12]
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_one_message_to_one_address_and_says_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let server = mail_server("").await;
    let config = |address: &str| {
        configured(&format!(
            "[email]\nserver = {address:?}\ntls = false\nfrom = \"node@shelter.example\"\nuser = \"node\"\npassword_file = {:?}",
            secret(folder.path())
        ))
    };
    let to = Sensitive::new("duty@shelter.example".to_owned());
    config(&server.address).send(Channel::Email, &to).await.unwrap();
    let heard = server.heard();
    assert!(
        heard.contains("MAIL FROM:<node@shelter.example>\r\nRCPT TO:<duty@shelter.example>\r\nDATA\r\n"),
        "{heard}"
    );
    assert!(heard.contains("AUTH PLAIN AG5vZGUAYW4taW52ZW50ZWQtc2VjcmV0\r\n"), "{heard}");
    assert!(
        heard.contains(&format!("\r\nSubject: {TEXT}\r\n"))
            && heard.ends_with(&format!("\r\n\r\n{TEXT}\r\n.\r\nQUIT\r\n"))
    );
    for word in ["AUTH", "RCPT", "MAIL", "DATA", "."] {
        let server = mail_server(word).await;
        assert_eq!(config(&server.address).send(Channel::Email, &to).await, Err(Failed::Refused), "{word}");
    }
    assert_eq!(config("127.0.0.1:9").send(Channel::Email, &to).await, Err(Failed::Unreachable));
    assert_eq!(config(&server.address).send(Channel::Sms, &to).await, Err(Failed::NotConfigured));
}

/// A web server that gives one answer.
pub(super) async fn web_server(answer: impl Into<String>) -> Server {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server { address: listener.local_addr().unwrap().to_string(), heard: Arc::default() };
    let heard = server.heard.clone();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 4096];
            let (mut length, mut whole) = (0, false);
            while !whole {
                length += socket.read(&mut bytes[length..]).await.unwrap();
                let text = String::from_utf8_lossy(&bytes[..length]);
                whole = text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with(['}', '.', 'E']));
            }
            heard.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..length]));
            socket.write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
        }
    });
    server
}

/// [ONC-13]
#[tokio::test(flavor = "multi_thread")]
async fn a_text_message_is_one_post_with_the_secret_in_a_header() {
    let folder = tempfile::tempdir().unwrap();
    let config = |server: &Server, more: &str| {
        let file = secret(folder.path());
        configured(&format!("[sms]\nurl = \"http://{}/send\"\nsecret_file = {file:?}\n{more}", server.address))
    };
    let json = "body = '{\"to\":\"{address}\",\"say\":\"{text}\"}'";
    let to = Sensitive::new("+38164000000".to_owned());
    let server = web_server("202 Accepted").await;
    config(&server, json).send(Channel::Sms, &to).await.unwrap();
    let heard = server.heard();
    assert!(heard.starts_with("POST /send HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("\r\nauthorization: an-invented-secret\r\n"));
    assert!(heard.ends_with(&format!("\r\n\r\n{{\"to\":\"+38164000000\",\"say\":\"{TEXT}\"}}")), "{heard}");
    let server = web_server("200 OK").await;
    let form = "format = \"form\"\nheader = \"x-key\"\nbody = 'to={address}&say={text}'";
    config(&server, form).send(Channel::Sms, &to).await.unwrap();
    let heard = server.heard();
    assert!(heard.contains("\r\nx-key: an-invented-secret\r\n"), "{heard}");
    assert!(heard.ends_with("\r\n\r\nto=%2B38164000000&say=Please%20look%20at%20your%20inbox%2E"), "{heard}");
    for answer in ["301 Moved", "403 Forbidden", "500 Broken"] {
        let server = web_server(answer).await;
        assert_eq!(config(&server, json).send(Channel::Sms, &to).await, Err(Failed::Refused), "{answer}");
    }
}

/// [ONC-14] By TLS, and by no certificate but those that were named.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_believed_by_the_certificates_that_were_named() {
    let folder = tempfile::tempdir().unwrap();
    let (known, stranger) = (certificate(), certificate());
    let server = tls_server(&known).await;
    let config = |certificate: &rcgen::CertifiedKey<rcgen::KeyPair>| {
        let file = folder.path().join("roots.pem");
        std::fs::write(&file, certificate.cert.pem()).unwrap();
        let port = server.address.rsplit(':').next().unwrap();
        configured(&format!(
            "certificates = {file:?}\n[sms]\nurl = \"https://127.0.0.1:{port}/\"\nbody = '{{\"{{address}}\":\"{{text}}\"}}'"
        ))
    };
    let to = Sensitive::new("+38164000000".to_owned());
    assert_eq!(config(&stranger).send(Channel::Sms, &to).await, Err(Failed::Unreachable));
    assert_eq!(server.heard(), "", "nothing was said to somebody else");
    config(&known).send(Channel::Sms, &to).await.unwrap();
    assert!(server.heard().contains("+38164000000"));
}

pub(super) fn certificate() -> rcgen::CertifiedKey<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

fn acceptor(certificate: &rcgen::CertifiedKey<rcgen::KeyPair>) -> tokio_rustls::TlsAcceptor {
    let key = rustls::pki_types::PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key)
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

async fn tls_server(certificate: &rcgen::CertifiedKey<rcgen::KeyPair>) -> Server {
    let acceptor = acceptor(certificate);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server { address: listener.local_addr().unwrap().to_string(), heard: Arc::default() };
    let heard = server.heard.clone();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let mut bytes = vec![0; 4096];
            let mut text = String::new();
            while !text.ends_with('}') {
                let length = stream.read(&mut bytes).await.unwrap();
                text.push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
            heard.lock().unwrap().push_str(&text);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    });
    server
}
