//! An invented organisation: a folder, a running `uputd`, and the way to its local interface.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, RwLock};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use crate::both_keys::BothKeys;
use crate::disk::Disk;
use crate::failed::{Failed, Outcome};
use crate::key_file::NodeSecrets;
use crate::programs::Programs;
use crate::staff;
use crate::tap::Tap;

/// How long a program has to say something, and a call to succeed, on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(20);

/// An organisation and its node.
pub struct Organisation {
    programs: Programs,
    home: TempDir,
    folder: PathBuf,
    /// Stands before its node.
    pub tap: Tap,
    /// Stands between that one and the node, if the wire is cut open.
    pub inside: Option<Tap>,
    running: Mutex<Option<Child>>,
    access: RwLock<Option<Access>>,
}

/// The way in.
#[derive(Clone)]
pub struct Access {
    channel: Channel,
    worker: MetadataValue<Ascii>,
    second: MetadataValue<Ascii>,
    administrator: MetadataValue<Ascii>,
}

#[derive(Deserialize)]
struct AccessFile {
    endpoint: String,
    certificate: PathBuf,
    token: String,
}

impl Organisation {
    /// Founds one; its node does not run yet.
    ///
    /// # Errors
    /// What `uputd init` says.
    pub async fn found(programs: &Programs, log: &str, keep_wire: bool) -> Outcome<Self> {
        let home = tempfile::tempdir()?;
        let folder = home.path().join("node");
        Self::found_in(programs, home, folder, log, keep_wire).await
    }

    /// Founds one whose node lies on a disk of its own.
    ///
    /// # Errors
    /// What `uputd init` says.
    pub async fn found_on(programs: &Programs, disk: &Disk, log: &str) -> Outcome<Self> {
        Self::found_in(programs, tempfile::tempdir()?, disk.folder().join("node"), log, false).await
    }

    async fn found_in(
        programs: &Programs,
        home: TempDir,
        folder: PathBuf,
        log: &str,
        keep_wire: bool,
    ) -> Outcome<Self> {
        let tap = Tap::listen(keep_wire).await?;
        let made = Command::new(&programs.uputd)
            .arg("init")
            .arg("--dir")
            .arg(&folder)
            .arg("--organisation-key")
            .arg(home.path().join("organisation.key"))
            .args(["--peer", "127.0.0.1:0", "--api", "127.0.0.1:0", "--endpoint", &tap.address().to_string()])
            .output()
            .await?;
        said("uputd init", &made)?;
        let (running, access) = (Mutex::new(None), RwLock::new(None));
        let own = Self { programs: programs.clone(), home, folder, tap, inside: None, running, access };
        own.configure("log", log)?;
        Ok(own)
    }

    /// Cuts its wire open, for callers whose TLS keys are known: what passes inside TLS is copied from the next start on.
    ///
    /// # Errors
    /// If a key cannot be read.
    pub async fn cut_open(&mut self, callers: &[&NodeSecrets]) -> Outcome<()> {
        let callers: Vec<&[u8; 32]> = callers.iter().map(|caller| &caller.tls).collect();
        self.inside = Some(Tap::inside(BothKeys::new(&self.secrets()?.tls, &callers)?).await?);
        Ok(())
    }

    /// What its node keeps secret.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn secrets(&self) -> Outcome<NodeSecrets> {
        NodeSecrets::read(&self.folder().join("node.key"))
    }

    /// The tokens of its people.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn tokens(&self) -> Outcome<[String; 3]> {
        let read = |path: PathBuf| -> Outcome<String> {
            Ok(toml::from_str::<AccessFile>(&std::fs::read_to_string(path)?)?.token)
        };
        Ok([read(self.folder().join("api.toml"))?, read(self.worker())?, read(self.second())?])
    }

    /// The node's folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// The organisation's key file.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.home.path().join("organisation.key")
    }

    /// What its node wrote to stderr, over all its starts.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.home.path().join("stderr.log")
    }

    /// Where a test may put files of its own.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sets a field of the configuration.
    ///
    /// # Errors
    /// If the file cannot be changed.
    pub fn configure(&self, field: &str, value: impl Into<toml::Value>) -> Outcome<()> {
        let path = self.folder().join("uput.toml");
        let mut table: BTreeMap<String, toml::Value> = toml::from_str(&std::fs::read_to_string(&path)?)?;
        table.insert(field.to_owned(), value.into());
        let lines: String = table.iter().map(|(field, value)| format!("{field} = {value}\n")).collect();
        Ok(std::fs::write(path, lines)?)
    }

    /// Starts the node and waits for its line.
    ///
    /// # Errors
    /// What it said instead.
    pub async fn start(&self) -> Outcome<()> {
        self.start_with(&[]).await
    }

    /// Starts the node in another environment, and waits for its line.
    ///
    /// # Errors
    /// What it said instead.
    pub async fn start_with(&self, environment: &[(&str, &OsStr)]) -> Outcome<()> {
        let mut running = self.running.lock().await;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut child = Command::new(&self.programs.uputd)
            .arg("--config")
            .arg(self.folder().join("uput.toml"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().ok_or_else(|| Failed::because("uputd has no stdout"))?;
        let read = tokio::time::timeout(PATIENCE, BufReader::new(out).read_line(&mut line)).await;
        read.map_err(|_| Failed::because("uputd did not say that it is ready"))??;
        self.lead_to(Some(peer_address(&line).ok_or_else(|| self.not_ready(&line))?));
        *running = Some(child);
        if !self.worker().exists() {
            self.employ().await?;
        }
        *self.access.write().await = Some(Access::open(&self.folder(), &self.worker(), &self.second())?);
        Ok(())
    }

    /// Starts the node, which must not start: how it ended, and what it said.
    ///
    /// # Errors
    /// If it serves, or says nothing.
    pub async fn refused(&self) -> Outcome<(i32, String)> {
        let mut command = Command::new(&self.programs.uputd);
        command.arg("--config").arg(self.folder.join("uput.toml")).kill_on_drop(true);
        let ended = tokio::time::timeout(PATIENCE, command.output()).await;
        let ended = ended.map_err(|_| Failed::because("uputd did not end"))??;
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        match ended.status.code() {
            Some(code) if code != 0 && ended.stdout.is_empty() => Ok((code, text)),
            _ => Err(Failed::because(format!("uputd was to refuse, and ended with {}: {text}", ended.status))),
        }
    }

    /// `kill -9`, by the id of the program that was started here.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn kill(&self) -> Outcome<()> {
        let mut running = self.running.lock().await;
        let mut child = running.take().ok_or_else(|| Failed::because("the node does not run"))?;
        self.lead_to(None);
        *self.access.write().await = None;
        Ok(child.kill().await?)
    }

    /// Stops it in good order, and demands that it ends with 0.
    ///
    /// # Errors
    /// If it does not run, or ends with another number.
    pub async fn stop(&self) -> Outcome<()> {
        let mut running = self.running.lock().await;
        let mut child = running.take().ok_or_else(|| Failed::because("the node does not run"))?;
        self.lead_to(None);
        *self.access.write().await = None;
        let id = child.id().ok_or_else(|| Failed::because("the node has ended already"))?;
        said("kill -TERM", &Command::new("kill").args(["-TERM", &id.to_string()]).output().await?)?;
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
        match ended.map_err(|_| Failed::because("the node did not stop"))??.code() {
            Some(0) => Ok(()),
            code => Err(Failed::because(format!("the node stopped with {code:?}"))),
        }
    }

    /// The id of the running node.
    pub async fn process(&self) -> Option<u32> {
        self.running.lock().await.as_ref().and_then(Child::id)
    }

    /// The way in, as soon as the node runs.
    ///
    /// # Errors
    /// If it does not run for too long.
    pub async fn access(&self) -> Outcome<Access> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(access) = self.access.read().await.clone() {
                return Ok(access);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Failed::because("the node was away for too long"))
    }

    /// Calls until the node itself answers: who gets no answer repeats the call. [API-8]
    ///
    /// # Errors
    /// The node's own no, or none at all for too long.
    pub async fn ask<T, F>(&self, call: impl Fn(Access) -> F) -> Outcome<Answer<T>>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let begun = Instant::now();
        let mut repeated = 0;
        loop {
            match call(self.access().await?).await {
                Ok(value) => return Ok(Answer { value, repeated }),
                Err(status) if is_own_word(&status) || begun.elapsed() > PATIENCE => return Err(status.into()),
                Err(_) => repeated += 1,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The access file of the one invented person who works here.
    #[must_use]
    pub fn worker(&self) -> PathBuf {
        self.home.path().join(staff::WORKER)
    }

    /// The access file of the second supervisor.
    #[must_use]
    pub fn second(&self) -> PathBuf {
        self.home.path().join(staff::SECOND)
    }

    /// The administrator makes other accounts and access files, because the old ones have ended by the node's clock.
    ///
    /// # Errors
    /// What `uput` says.
    pub async fn employ_anew(&self) -> Outcome<()> {
        std::fs::remove_file(self.worker())?;
        std::fs::remove_file(self.second())?;
        self.employ().await?;
        *self.access.write().await = Some(Access::open(&self.folder(), &self.worker(), &self.second())?);
        Ok(())
    }

    async fn employ(&self) -> Outcome<()> {
        let name = self.home.path().join("worker-name.txt");
        std::fs::write(&name, staff::NAME)?;
        for file in [self.worker(), self.second()] {
            let made = self.uput_done(&staff::account(&name.display().to_string())).await?;
            self.uput_done(&staff::token(&made, &file.display().to_string())?).await?;
        }
        // What people know is not on the node's computer.
        Ok(std::fs::remove_file(name)?)
    }

    /// Runs `uput` on this node, as the administrator or as whoever works here.
    ///
    /// # Errors
    /// If it cannot be started.
    pub async fn uput<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Outcome<Output> {
        let mut command = Command::new(&self.programs.uput);
        let noun = arguments.first().and_then(|noun| noun.as_ref().to_str()).unwrap_or_default();
        if !staff::administers(noun) {
            command.arg("--as").arg(self.worker());
        }
        command.arg("--node").arg(self.folder()).args(["--yes", "--no-input", "--json"]).args(arguments);
        Ok(command.stdin(Stdio::null()).kill_on_drop(true).output().await?)
    }

    /// Runs `uput` on this node as whoever has that access file: how it ended, and what it says.
    ///
    /// # Errors
    /// If it cannot be started, or says nothing.
    pub async fn uput_as(&self, access: &Path, arguments: &[&str]) -> Outcome<(bool, serde_json::Value)> {
        self.command_as(access, arguments).await
    }

    /// The same as [`Self::uput_as`], to be waited for beside others.
    pub fn command_as(
        &self,
        access: &Path,
        arguments: &[&str],
    ) -> impl Future<Output = Outcome<(bool, serde_json::Value)>> + Send + use<> {
        let mut command = Command::new(&self.programs.uput);
        command.arg("--as").arg(access).arg("--node").arg(self.folder());
        command.args(["--yes", "--no-input", "--json"]).args(arguments);
        command.stdin(Stdio::null()).kill_on_drop(true);
        async move {
            let output = command.output().await?;
            Ok((output.status.success(), serde_json::from_slice(&output.stdout)?))
        }
    }

    /// Runs `uput` on this node and reads what it says.
    ///
    /// # Errors
    /// What it says if it fails.
    pub async fn uput_done<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Outcome<serde_json::Value> {
        let output = self.uput(arguments).await?;
        said("uput", &output)?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    fn lead_to(&self, target: Option<SocketAddr>) {
        match &self.inside {
            None => self.tap.lead_to(target),
            Some(inside) => {
                inside.lead_to(target);
                self.tap.lead_to(target.map(|_| inside.address()));
            }
        }
    }

    fn not_ready(&self, line: &str) -> Failed {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let last = log.lines().last().unwrap_or_default();
        Failed::because(format!("uputd said {line:?} instead of being ready; its log ends with {last:?}"))
    }
}

/// What was answered, and how often the call was repeated before.
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// How often no answer came.
    pub repeated: u64,
}

impl Access {
    /// Reads where the node is from the access file in its folder, which is the administrator's, and the others'
    /// tokens from theirs. [API-1]
    ///
    /// # Errors
    /// If they cannot be used.
    pub fn open(folder: &Path, worker: &Path, second: &Path) -> Outcome<Self> {
        let file: AccessFile = toml::from_str(&std::fs::read_to_string(folder.join("api.toml"))?)?;
        let of = |account: &Path| -> Outcome<MetadataValue<Ascii>> {
            bearer(&toml::from_str::<AccessFile>(&std::fs::read_to_string(account)?)?.token)
        };
        let pem = std::fs::read(folder.join(&file.certificate))?;
        let endpoint = Endpoint::from_shared(format!("https://{}", file.endpoint))?
            .tls_config(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))?
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(60));
        let administrator = bearer(&file.token)?;
        Ok(Self { channel: endpoint.connect_lazy(), worker: of(worker)?, second: of(second)?, administrator })
    }

    /// The connection.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A request of whoever works here. [API-2]
    pub fn request<T>(&self, message: T) -> Request<T> {
        with(message, &self.worker)
    }

    /// A request of the second supervisor. [APR-4]
    pub fn as_second<T>(&self, message: T) -> Request<T> {
        with(message, &self.second)
    }

    /// A request of the administrator. [API-3]
    pub fn as_administrator<T>(&self, message: T) -> Request<T> {
        with(message, &self.administrator)
    }
}

fn bearer(token: &str) -> Outcome<MetadataValue<Ascii>> {
    let bearer = MetadataValue::try_from(format!("Bearer {token}"));
    let mut bearer = bearer.map_err(|_| Failed::because("the token cannot be sent"))?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

fn with<T>(message: T, bearer: &MetadataValue<Ascii>) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer.clone());
    request
}

/// A rejection carries its reason; anything else is not the node's word. [API-5]
fn is_own_word(status: &Status) -> bool {
    !status.details().is_empty() || status.code() == Code::Unimplemented
}

fn peer_address(line: &str) -> Option<SocketAddr> {
    line.trim_end().strip_prefix("ready peer=")?.split_once(" api=")?.0.parse().ok()
}

/// Demands that a program ended well.
///
/// # Errors
/// What it wrote.
pub fn said(name: &str, output: &Output) -> Outcome<()> {
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Err(Failed::because(format!("{name}: {}", String::from_utf8_lossy(&text).trim())))
}
