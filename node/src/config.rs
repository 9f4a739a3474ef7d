//! The node's configuration file: TOML, small, and strict.
//!
//! Guarantees that what is accepted has only known fields with sensible values. Whether the folder and the addresses
//! can be used shows when they are.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uput_core::key::Endpoint;

use crate::on_call::OnCallConfig;

/// Where peers connect, unless the file says otherwise.
pub const PEER_PORT: u16 = 7420;
/// Where own people and programs connect, unless the file says otherwise.
pub const API_PORT: u16 = 7421;
/// How many days before something ends people are told, unless the file says otherwise.
const WARN_DAYS: u32 = 14;
/// MiB below which a folder has no room to work in: reserve, segments, index.
const LEAST_QUOTA: u64 = 256;
/// More endpoints than a key record can name.
const MAX_ENDPOINTS: usize = 4;

/// The configuration of one node. [API-20]
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The data folder. A relative path starts at the configuration file's folder.
    pub data: PathBuf,
    /// Address and port for peers; absent: this node only dials out. Port 0 lets the system choose.
    pub peer: Option<SocketAddr>,
    /// "host:port" at which peers reach this node, as in its key record; empty: it only dials out.
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// Loopback address and port for own people and programs. Port 0 lets the system choose.
    #[serde(default = "default_api")]
    pub api: SocketAddr,
    /// How much is written to stderr.
    #[serde(default)]
    pub log: LogLevel,
    /// How many days before something ends people are told. [TIM-10]
    #[serde(default = "default_warn_days")]
    pub warn_days: u32,
    /// How many MiB the data folder may take; absent: as much as the disk has. [STO-35]
    pub quota_mib: Option<u64>,
    /// How whoever is on duty is woken; absent: nobody is. [API-27]
    pub on_call: Option<OnCallConfig>,
}

/// How much is written to stderr. No level shows personal data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs somebody now.
    Error,
    /// What needs somebody soon.
    Warn,
    /// What a person on duty wants to know.
    #[default]
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

/// Why a configuration is not accepted. One line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// The file is not as it must be.
    #[error("{path}:{line}: {rule}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        rule: String,
    },
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`], with the line.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|reason| ConfigError::Unreadable { path: path.to_owned(), reason })?;
        let mut config =
            Self::parse(&text).map_err(|(line, rule)| ConfigError::Wrong { path: path.to_owned(), line, rule })?;
        // Taken apart and put together again: without the "/." of the folder that the file itself lies in.
        if let Some(on_call) = &mut config.on_call {
            on_call.place_at(path.parent().unwrap_or(Path::new("")));
        }
        config.data = path.parent().unwrap_or(Path::new("")).join(&config.data).components().collect();
        Ok(config)
    }

    /// Reads text.
    ///
    /// # Errors
    /// The line, from 1, and the rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            (line_of(text, offset), error.message().lines().collect::<Vec<_>>().join(", "))
        })?;
        config.check().map_err(|(field, rule)| (line_of_field(text, field), rule))?;
        Ok(config)
    }

    /// The file's text, with a line of explanation each.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let peer =
            self.peer.map_or_else(|| "# peer = \"0.0.0.0:7420\"".to_owned(), |peer| format!("peer = \"{peer}\""));
        let endpoints: Vec<String> = self.endpoints.iter().map(|endpoint| quoted(endpoint)).collect();
        format!(
            "# Where everything of this node lies.\ndata = {}\n\
             # Where peers connect. Without this line the node only dials out.\n{peer}\n\
             # How peers reach this address from outside, as in the key record.\nendpoints = [{}]\n\
             # Where own people and programs connect: this computer only.\napi = \"{}\"\n\
             # error, warn, info, debug or trace.\nlog = \"{}\"\n",
            quoted(&self.data.to_string_lossy()),
            endpoints.join(", "),
            self.api,
            self.log,
        ) + &self.quota_toml()
            + &self.warn_toml()
            + &self.on_call_toml()
    }

    /// How many bytes the data folder may take. [STO-35]
    #[must_use]
    pub fn quota(&self) -> Option<u64> {
        self.quota_mib.map(|mib| mib.saturating_mul(1 << 20))
    }

    fn quota_toml(&self) -> String {
        let line = |mib| format!("# How many MiB this folder may take.\nquota_mib = {mib}\n");
        self.quota_mib.map(line).unwrap_or_default()
    }

    fn warn_toml(&self) -> String {
        match self.warn_days {
            WARN_DAYS => String::new(),
            days => format!("# How many days before something ends people are told.\nwarn_days = {days}\n"),
        }
    }

    fn on_call_toml(&self) -> String {
        #[derive(Serialize)]
        struct Section<'a> {
            on_call: &'a OnCallConfig,
        }
        let text = self.on_call.as_ref().map(|on_call| toml::to_string(&Section { on_call }));
        text.and_then(Result::ok).map(|text| format!("# How whoever is on duty is woken.\n{text}")).unwrap_or_default()
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.data.as_os_str().is_empty() {
            return Err(("data", "data must name a folder".to_owned()));
        }
        if !self.api.ip().is_loopback() {
            return Err(("api", "api must be an address of this computer only, such as 127.0.0.1:7421".to_owned()));
        }
        if self.endpoints.len() > MAX_ENDPOINTS {
            return Err(("endpoints", format!("at most {MAX_ENDPOINTS} endpoints")));
        }
        if self.peer.is_none() && !self.endpoints.is_empty() {
            return Err(("endpoints", "endpoints without a peer address: nobody would answer there".to_owned()));
        }
        if !(1..=365).contains(&self.warn_days) {
            return Err(("warn_days", "warn_days must be 1 to 365".to_owned()));
        }
        if self.quota_mib.is_some_and(|mib| mib < LEAST_QUOTA) {
            return Err(("quota_mib", format!("quota_mib must be {LEAST_QUOTA} or more")));
        }
        self.on_call.as_ref().map_or(Ok(()), OnCallConfig::check)?;
        match self.endpoints.iter().find(|endpoint| Endpoint::parse(endpoint).is_err()) {
            Some(_) => Err(("endpoints", "an endpoint is \"host:port\"".to_owned())),
            None => Ok(()),
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        })
    }
}

fn default_api() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, API_PORT))
}

const fn default_warn_days() -> u32 {
    WARN_DAYS
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn line_of_field(text: &str, field: &str) -> usize {
    1 + text.lines().position(|line| line.trim_start().starts_with(field)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_file_only_dials_out() {
        let config = Config::parse("data = \"node\"\n").unwrap();
        assert_eq!(config.peer, None);
        assert_eq!(config.api, "127.0.0.1:7421".parse().unwrap());
        assert_eq!(config.log, LogLevel::Info);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text =
            "data = \"a \\\"b\\\"\"\npeer = \"0.0.0.0:7420\"\nendpoints = [\"node.example:7420\"]\nlog = \"debug\"\n";
        let config = Config::parse(text).unwrap();
        assert_eq!(Config::parse(&config.to_toml()).unwrap(), config);
        let quiet = Config::parse("data = \"x\"").unwrap();
        assert_eq!(Config::parse(&quiet.to_toml()).unwrap(), quiet);
        let bounded = Config::parse("data = \"x\"\nquota_mib = 4096").unwrap();
        assert_eq!(bounded.quota(), Some(4096 << 20));
        assert_eq!(Config::parse(&bounded.to_toml()).unwrap(), bounded);
        let early = Config::parse("data = \"x\"\nwarn_days = 30").unwrap();
        assert_eq!(Config::parse(&early.to_toml()).unwrap(), early);
        let text = "data = \"x\"\n[on_call]\nzone = \"Europe/Belgrade\"\n[on_call.command]\nargv = [\"/bin/ring\"]\n\
                    [on_call.email]\nserver = \"mail.example:465\"\nfrom = \"node@shelter.example\"\n";
        let called = Config::parse(text).unwrap();
        assert_eq!(Config::parse(&called.to_toml()).unwrap(), called);
    }

    #[test]
    fn an_error_names_its_line() {
        let line = |text: &str| Config::parse(text).unwrap_err().0;
        assert_eq!(line("data = \"x\"\nspeed = 9\n"), 2);
        assert_eq!(line("data = \"x\"\n\napi = \"10.0.0.1:7421\"\n"), 3);
        assert_eq!(line("data = \"x\"\npeer = \"0.0.0.0:1\"\nendpoints = [\"nonsense\"]\n"), 3);
        assert_eq!(line("data = \"x\"\nendpoints = [\"a.example:1\"]\n"), 2);
        assert_eq!(line("data = \"x\"\nlog = \"loud\"\n"), 2);
        assert_eq!(line("data = \"x\"\npeer = \n"), 2);
        assert_eq!(line("data = \"\"\n"), 1);
        assert_eq!(line("data = \"x\"\nwarn_days = 0\n"), 2);
        assert_eq!(line("data = \"x\"\nquota_mib = 255\n"), 2);
        assert_eq!(line("data = \"x\"\n[on_call]\nzone = \"Nowhere\"\n"), 3);
    }

    #[test]
    fn a_relative_folder_starts_at_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("uput.toml");
        std::fs::write(&file, "data = \"node\"\n").unwrap();
        assert_eq!(Config::read(&file).unwrap().data, folder.path().join("node"));
        assert!(matches!(Config::read(&folder.path().join("none")), Err(ConfigError::Unreadable { .. })));
    }
}
