//! Two organisations far apart: each node in a network of its own, and between them a router that cuts.
//!
//! Guarantees that a cut is silent, as a real one is: packets vanish, and nobody is told. People reach a node's local
//! interface only from inside its network, so everything is said and asked with `uput`. Needs namespaces: see
//! [`crate::alone`]; the router is the namespace that the caller runs in.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::failed::{Failed, Outcome};
use crate::organisation::{PATIENCE, said};
use crate::pair::until;
use crate::programs::Programs;
use crate::staff;

/// A node in a network of its own.
pub struct Distant {
    programs: Programs,
    home: TempDir,
    number: u8,
    /// Keeps the network.
    holder: Child,
    running: Option<Child>,
}

impl Distant {
    /// Makes a network with a wire to the router, and founds an organisation in it.
    ///
    /// # Errors
    /// What a program says.
    pub async fn found(programs: &Programs, number: u8) -> Outcome<Self> {
        // Packets go on from one wire to the other.
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1")?;
        let holder = Command::new("unshare").args(["--net", "--", "sleep", "infinity"]).kill_on_drop(true).spawn()?;
        let own = Self { programs: programs.clone(), home: tempfile::tempdir()?, number, holder, running: None };
        let network = own.network()?;
        until("a network of its own", || async {
            Ok(std::fs::read_link(&network)? != std::fs::read_link("/proc/self/ns/net")?)
        })
        .await?;
        own.wire().await?;
        own.init().await?;
        Ok(own)
    }

    /// Where peers reach it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("10.77.{}.2", self.number)
    }

    /// Starts the node and waits for its line.
    ///
    /// # Errors
    /// What it said instead.
    pub async fn start(&mut self) -> Outcome<()> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.home.path().join("stderr.log"))?;
        let mut command = self.inside(&self.programs.uputd)?;
        command.arg("--config").arg(self.folder().join("uput.toml")).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.stderr(log).kill_on_drop(true).spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().ok_or_else(|| Failed::because("uputd has no stdout"))?;
        let read = tokio::time::timeout(PATIENCE, BufReader::new(out).read_line(&mut line)).await;
        read.map_err(|_| Failed::because("uputd did not say that it is ready"))??;
        self.running = Some(child);
        if !line.starts_with("ready ") {
            return Err(Failed::because("uputd did not start"));
        }
        if self.worker().exists() { Ok(()) } else { self.employ().await }
    }

    /// `kill -9`, by the id of the program that was started here.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn kill(&mut self) -> Outcome<()> {
        let mut child = self.running.take().ok_or_else(|| Failed::because("the node does not run"))?;
        Ok(child.kill().await?)
    }

    /// Runs `uput` on this node with something to read, and reads what it says.
    ///
    /// # Errors
    /// What it says if it fails.
    pub async fn uput(&self, arguments: &[&str], input: &str) -> Outcome<Value> {
        let mut command = self.inside(&self.programs.uput)?;
        command.arg("--node").arg(self.folder()).args(["--yes", "--no-input", "--json"]).args(arguments);
        if !staff::administers(arguments.first().unwrap_or(&"")) {
            command.arg("--as").arg(self.worker());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input closes it; that is fine.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let output: Output = child.wait_with_output().await?;
        said(&format!("uput {}", arguments.join(" ")), &output)?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The access file of the one invented person who works here.
    fn worker(&self) -> PathBuf {
        self.home.path().join(staff::WORKER)
    }

    async fn employ(&self) -> Outcome<()> {
        let made = self.uput(&staff::account("-"), staff::NAME).await?;
        self.uput(&staff::token(&made, &self.worker().display().to_string())?, "").await?;
        Ok(())
    }

    /// The organisation's key file.
    #[must_use]
    pub fn key(&self) -> String {
        self.home.path().join("organisation.key").display().to_string()
    }

    /// A file with this text.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn file(&self, name: &str, text: &str) -> Outcome<String> {
        let path = self.home.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    /// From here on the router drops every packet to this node, and says nothing.
    ///
    /// # Errors
    /// What `ip` says.
    pub async fn cut(&self) -> Outcome<()> {
        ip(&format!("route add blackhole {}/32", self.address())).await
    }

    /// Packets to this node get through again.
    ///
    /// # Errors
    /// What `ip` says.
    pub async fn mend(&self) -> Outcome<()> {
        ip(&format!("route del blackhole {}/32", self.address())).await
    }

    /// The node's address is gone, and the way out with it.
    ///
    /// # Errors
    /// What `ip` says.
    pub async fn lose_address(&self) -> Outcome<()> {
        self.ip(&format!("address del {}/24 dev wire", self.address())).await
    }

    /// The address is back.
    ///
    /// # Errors
    /// What `ip` says.
    pub async fn regain_address(&self) -> Outcome<()> {
        self.ip(&format!("address add {}/24 dev wire", self.address())).await?;
        self.ip(&format!("route add default via 10.77.{}.1", self.number)).await
    }

    async fn wire(&self) -> Outcome<()> {
        let number = self.number;
        let holder = self.holder.id().unwrap_or_default();
        ip(&format!("link add name wire{number} type veth peer name wire netns {holder}")).await?;
        ip(&format!("address add 10.77.{number}.1/24 dev wire{number}")).await?;
        ip(&format!("link set wire{number} up")).await?;
        self.ip("link set lo up").await?;
        self.ip("link set wire up").await?;
        self.regain_address().await
    }

    async fn init(&self) -> Outcome<()> {
        let address = format!("{}:7420", self.address());
        let mut command = self.inside(&self.programs.uputd)?;
        command.arg("init").arg("--dir").arg(self.folder()).args(["--organisation-key", &self.key()]);
        command.args(["--peer", &address, "--endpoint", &address, "--api", "127.0.0.1:7421"]);
        said("uputd init", &command.output().await?)
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("node")
    }

    fn network(&self) -> Outcome<PathBuf> {
        let id = self.holder.id().ok_or_else(|| Failed::because("the network is gone"))?;
        Ok(PathBuf::from(format!("/proc/{id}/ns/net")))
    }

    /// A program that runs in this network; it takes the place of `nsenter`, and so its id.
    fn inside(&self, program: impl AsRef<std::ffi::OsStr>) -> Outcome<Command> {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.network()?.display())).arg("--").arg(program);
        Ok(command)
    }

    async fn ip(&self, words: &str) -> Outcome<()> {
        said(&format!("ip {words}"), &self.inside("ip")?.args(words.split(' ')).output().await?)
    }
}

async fn ip(words: &str) -> Outcome<()> {
    said(&format!("ip {words}"), &Command::new("ip").args(words.split(' ')).output().await?)
}
