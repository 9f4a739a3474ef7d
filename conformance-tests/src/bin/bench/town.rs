//! Two invented organisations, each with its own node as a process of its own, that know each other and have agreed.
//!
//! Everything is done with the programs as people would do it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};
use uput_wire::v1::trail_service_client::TrailServiceClient;

use crate::Failed;
use crate::process::Process;

/// What the two sign.
const AGREEMENT: &str = "specs/agreements/two-party.toml";
/// How the sender calls the receiver: as the agreement's source does.
pub(crate) const RECEIVER: &str = "partner";

/// Two nodes between which referrals can go.
pub(crate) struct Town {
    /// Who refers.
    pub(crate) sender: Node,
    /// Who receives.
    pub(crate) receiver: Node,
}

/// A node that runs.
pub(crate) struct Node {
    programs: PathBuf,
    home: TempDir,
    running: Mutex<Running>,
}

/// Its process.
struct Running {
    child: Child,
    // Open, so that the program never writes into a closed pipe.
    _said: BufReader<std::process::ChildStdout>,
}

/// Somebody at a node, with a connection of their own.
#[derive(Clone)]
pub(crate) struct Desk {
    endpoint: Endpoint,
    channel: Channel,
    bearer: Bearer,
}

/// Trails at a node, for its own people.
pub(crate) type Trails = TrailServiceClient<InterceptedService<Channel, Bearer>>;

/// Adds the token to each call.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

#[derive(Deserialize)]
struct Access {
    endpoint: String,
    certificate: String,
    token: String,
}

impl Town {
    /// Starts both nodes with the programs in a folder, lets them meet and sign.
    pub(crate) fn found(programs: &Path) -> Result<Self, Failed> {
        let town = Self { sender: Node::start(programs)?, receiver: Node::start(programs)? };
        town.meet()?;
        town.agree()?;
        Ok(town)
    }

    fn meet(&self) -> Result<(), Failed> {
        let line = text(&self.sender.uput(&["peer", "invite", RECEIVER], "")?, "/invitation")?;
        let met = self.receiver.uput(&["peer", "accept", "sender", "--invitation", "-"], &line)?;
        let number = text(&met, "/peer/safety_number")?;
        self.sender.uput(&["peer", "confirm", RECEIVER, "--safety-number", &number], "")?;
        self.receiver.uput(&["peer", "confirm", "sender", "--safety-number", &number], "")?;
        Ok(())
    }

    fn agree(&self) -> Result<(), Failed> {
        let proposed = self.sender.uput(
            &["agreement", "propose", AGREEMENT, "--yes", "--organisation-key", &self.sender.organisation_key()],
            "",
        )?;
        let id = text(&proposed, "/agreement/agreement")?;
        let key = self.receiver.organisation_key();
        patiently(|| self.receiver.uput(&["agreement", "show", &id], "").map(|_| ()))?;
        self.receiver.uput(&["agreement", "sign", &id, "--yes", "--organisation-key", &key], "")?;
        patiently(|| match self.sender.uput(&["agreement", "show", &id], "")?.pointer("/agreement/in_force") {
            Some(Value::Bool(true)) => Ok(()),
            _ => Err("the agreement is not in force at the sender".into()),
        })
    }
}

impl Node {
    fn start(programs: &Path) -> Result<Self, Failed> {
        let home = tempfile::tempdir()?;
        let peer = format!("127.0.0.1:{}", free_port()?);
        let made = Command::new(programs.join("uputd"))
            .arg("init")
            .arg("--dir")
            .arg(home.path().join("node"))
            .arg("--organisation-key")
            .arg(home.path().join("organisation.key"))
            .args(["--peer", &peer, "--endpoint", &peer, "--api", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .status()?;
        if !made.success() {
            return Err("uputd init failed".into());
        }
        let running = Mutex::new(Running::start(programs, home.path())?);
        let node = Self { programs: programs.to_owned(), home, running };
        node.employ()?;
        Ok(node)
    }

    /// Ends it and starts it again.
    pub(crate) fn restart(&self) -> Result<(), Failed> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.end();
        *running = Running::start(&self.programs, self.home.path())?;
        Ok(())
    }

    /// Ends it.
    pub(crate) fn stop(&self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).end();
    }

    /// Somebody of that role, made by the administrator.
    pub(crate) async fn desk(&self, role: &str) -> Result<Desk, Failed> {
        let words = ["account", "create", "--role", role, "--name-file", "-"];
        let account = text(&self.uput(&words, "An invented colleague")?, "/account/account")?;
        let file = self.home.path().join(format!("{account}.toml"));
        self.uput(&["account", "token", &account, "--to", &file.display().to_string()], "")?;
        Desk::open(&file).await
    }

    /// The administrator makes an account for the machine that brings the load.
    fn employ(&self) -> Result<(), Failed> {
        let words = ["account", "create", "--role", "integration", "--name-file", "-"];
        let account = text(&self.uput(&words, "An invented machine")?, "/account/account")?;
        let to = self.machine().display().to_string();
        let scopes = ["--scope", "open", "--scope", "record", "--scope", "trails", "--to", &to];
        self.uput(&[&["account", "token", &account], scopes.as_slice()].concat(), "")?;
        Ok(())
    }

    /// The process.
    pub(crate) fn process(&self) -> Process {
        Process::numbered(self.running.lock().unwrap_or_else(PoisonError::into_inner).child.id())
    }

    /// Its trails, as its own people reach them.
    pub(crate) async fn trails(&self) -> Result<Trails, Failed> {
        let Desk { channel, bearer, .. } = Desk::open(&self.machine()).await?;
        Ok(TrailServiceClient::with_interceptor(channel, bearer))
    }

    /// Runs `uput` against it.
    pub(crate) fn uput(&self, arguments: &[&str], input: &str) -> Result<Value, Failed> {
        let mut child = Command::new(self.programs.join("uput"))
            .arg("--json")
            .arg("--node")
            .arg(self.folder())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        child.stdin.take().ok_or("no stdin")?.write_all(input.as_bytes())?;
        let ended = child.wait_with_output()?;
        if !ended.status.success() {
            return Err(format!("uput {arguments:?}: {}", String::from_utf8_lossy(&ended.stderr)).into());
        }
        Ok(serde_json::from_slice(&ended.stdout)?)
    }

    fn machine(&self) -> PathBuf {
        self.home.path().join("machine.toml")
    }

    /// Where it keeps what it knows.
    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("node")
    }

    fn organisation_key(&self) -> String {
        self.home.path().join("organisation.key").display().to_string()
    }
}

impl Running {
    fn start(programs: &Path, home: &Path) -> Result<Self, Failed> {
        let mut child = Command::new(programs.join("uputd"))
            .arg("--config")
            .arg(home.join("node/uput.toml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut said = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        if line.starts_with("ready ") { Ok(Self { child, _said: said }) } else { Err("uputd did not start".into()) }
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    /// Its folder goes with it.
    fn drop(&mut self) {
        self.end();
    }
}

impl Desk {
    async fn open(file: &Path) -> Result<Self, Failed> {
        let access: Access = toml::from_str(&std::fs::read_to_string(file)?)?;
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&access.certificate));
        let endpoint = Endpoint::from_shared(format!("https://{}", access.endpoint))?.tls_config(tls)?;
        let (channel, bearer) = (endpoint.connect().await?, Bearer(format!("Bearer {}", access.token).parse()?));
        Ok(Self { endpoint, channel, bearer })
    }

    /// The same with another connection.
    pub(crate) async fn again(&self) -> Result<Self, Failed> {
        Ok(Self { channel: self.endpoint.connect().await?, ..self.clone() })
    }

    /// Its connection.
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A request of theirs.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.0.clone());
        request
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

fn text(answer: &Value, pointer: &str) -> Result<String, Failed> {
    let value = answer.pointer(pointer).and_then(Value::as_str);
    value.map(str::to_owned).ok_or_else(|| format!("the answer has no {pointer}").into())
}

/// Tries for ten seconds.
fn patiently(mut attempt: impl FnMut() -> Result<(), Failed>) -> Result<(), Failed> {
    let mut last = Ok(());
    for _ in 0..100 {
        last = attempt();
        if last.is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    last
}

fn free_port() -> Result<u16, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
