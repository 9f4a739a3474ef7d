//! `[on_call]` of the configuration: the organisation's time zone, its patience, and its channels. [API-27]
//!
//! Guarantees that no secret stands in the file itself, and that nothing goes to another computer without TLS.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uput_core::time::Span;

use super::duty::Channel;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnCallConfig {
    /// Name of the time zone in which the rota holds.
    #[serde(default = "default_zone")]
    pub zone: String,
    /// After how many minutes the next person is told.
    #[serde(default = "default_minutes")]
    pub next_minutes: u32,
    /// Certificates by which servers are believed, PEM.
    #[serde(default = "default_certificates")]
    pub certificates: PathBuf,
    /// A program of the organisation.
    pub command: Option<CommandConfig>,
    /// E-mail.
    pub email: Option<EmailConfig>,
    /// A gateway for text messages.
    pub sms: Option<SmsConfig>,
}

/// A program of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfig {
    /// Path and arguments.
    pub argv: Vec<String>,
}

/// The organisation's mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// "host:port".
    pub server: String,
    /// Whether the connection is TLS; only a server on this computer may do without.
    #[serde(default = "yes")]
    pub tls: bool,
    /// The address that sends.
    pub from: String,
    /// Who logs in; absent: nobody does.
    pub user: Option<String>,
    /// File whose first line is the password.
    pub password_file: Option<PathBuf>,
}

/// A gateway for text messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsConfig {
    /// `https://host[:port]/path`; `http` on this computer only.
    pub url: String,
    /// Type of the body.
    #[serde(default)]
    pub format: Format,
    /// The body, with `{address}` and `{text}`.
    pub body: String,
    /// Header that carries the secret.
    #[serde(default = "default_header")]
    pub header: String,
    /// File whose first line is that header's value.
    pub secret_file: Option<PathBuf>,
}

/// Type of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `application/json`
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
}

/// What the node must know to decide whom to wake.
#[derive(Clone, Debug)]
pub struct Settings {
    /// In which the rota holds.
    pub zone: TimeZone,
    /// What people call the zone.
    pub zone_name: String,
    /// How long each person has.
    pub next: Span,
    /// What there is.
    pub channels: Vec<Channel>,
}

impl Default for Settings {
    fn default() -> Self {
        let next = Span(u64::from(default_minutes()) * 60);
        Self { zone: TimeZone::UTC, zone_name: default_zone(), next, channels: Vec::new() }
    }
}

impl Settings {
    /// The zone, if people live in it: none if its clocks show UTC in winter and in summer, by whatever name, as where
    /// nobody set one. [SAF-8]
    #[must_use]
    pub fn lived_in(&self) -> Option<&TimeZone> {
        let is_utc = |month| {
            let noon = jiff::civil::date(2026, month, 1).at(12, 0, 0, 0).to_zoned(TimeZone::UTC);
            noon.is_ok_and(|noon| self.zone.to_offset(noon.timestamp()).seconds() == 0)
        };
        let nowhere = self.zone.is_unknown() || (is_utc(1) && is_utc(7));
        (!nowhere).then_some(&self.zone)
    }
}

impl OnCallConfig {
    /// Of people who live by the clock of a zone, and whom nothing wakes yet.
    #[must_use]
    pub fn of_zone(zone: &str) -> Self {
        Self {
            zone: zone.to_owned(),
            next_minutes: default_minutes(),
            certificates: default_certificates(),
            command: None,
            email: None,
            sms: None,
        }
    }

    /// What the node must know of it.
    ///
    /// # Errors
    /// The field and the rule.
    pub fn settings(&self) -> Result<Settings, (&'static str, String)> {
        let zone = TimeZone::get(&self.zone).map_err(|_| {
            ("zone", format!("this computer knows no time zone {:?}; give one such as \"Europe/Belgrade\"", self.zone))
        })?;
        let channels = [
            (self.command.is_some(), Channel::Command),
            (self.email.is_some(), Channel::Email),
            (self.sms.is_some(), Channel::Sms),
        ];
        let channels = channels.into_iter().filter(|(there, _)| *there).map(|(_, channel)| channel).collect();
        Ok(Settings { zone, zone_name: self.zone.clone(), next: Span(u64::from(self.next_minutes) * 60), channels })
    }

    /// # Errors
    /// The field and the rule.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        self.settings()?;
        if !(1..=120).contains(&self.next_minutes) {
            return Err(("next_minutes", "next_minutes must be 1 to 120".to_owned()));
        }
        self.command.as_ref().map_or(Ok(()), CommandConfig::check)?;
        self.email.as_ref().map_or(Ok(()), EmailConfig::check)?;
        self.sms.as_ref().map_or(Ok(()), |sms| sms.place().map(drop))
    }

    /// Relative paths start at the configuration file's folder.
    pub fn place_at(&mut self, folder: &Path) {
        let files = [
            Some(&mut self.certificates),
            self.email.as_mut().and_then(|email| email.password_file.as_mut()),
            self.sms.as_mut().and_then(|sms| sms.secret_file.as_mut()),
        ];
        files.into_iter().flatten().for_each(|file| *file = folder.join(&*file));
    }
}

impl CommandConfig {
    fn check(&self) -> Result<(), (&'static str, String)> {
        // The path is not searched: what stands in a folder of the path today may be another program tomorrow.
        match self.argv.first() {
            Some(program) if Path::new(program).is_absolute() => Ok(()),
            _ => Err(("argv", "argv must begin with the whole path of a program".to_owned())),
        }
    }
}

impl EmailConfig {
    fn check(&self) -> Result<(), (&'static str, String)> {
        let (host, _) = self.place()?;
        if !self.tls && !is_here(&host) {
            return Err(("tls", "only a mail server on this computer may do without TLS".to_owned()));
        }
        if !Channel::Email.takes(&self.from) {
            return Err(("from", "from must be an address such as node@shelter.example".to_owned()));
        }
        if self.user.is_some() != self.password_file.is_some() {
            return Err(("user", "user and password_file belong together".to_owned()));
        }
        let bare = self.user.as_ref().is_none_or(|user| !user.is_empty() && !user.chars().any(char::is_control));
        if bare { Ok(()) } else { Err(("user", "user must be one line".to_owned())) }
    }

    /// Host and port.
    pub(super) fn place(&self) -> Result<(String, u16), (&'static str, String)> {
        host_and_port(&self.server, None)
            .ok_or_else(|| ("server", "server must be \"host:port\", mostly with port 465".to_owned()))
    }
}

/// Where a gateway is.
pub(super) struct Place {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) authority: String,
    pub(super) path: String,
}

impl SmsConfig {
    /// [ONC-13]
    pub(super) fn place(&self) -> Result<Place, (&'static str, String)> {
        let wrong = |rule: &str| Err(("url", rule.to_owned()));
        let (tls, rest) = match (self.url.strip_prefix("https://"), self.url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            _ => return wrong("url must begin with https://"),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') || path.contains(['?', '#']) || !self.url.chars().all(|c| c.is_ascii_graphic()) {
            return wrong("url has no user and no query: logs keep them. Secrets go into secret_file");
        }
        let Some((host, port)) = host_and_port(authority, Some(if tls { 443 } else { 80 })) else {
            return wrong("url must be https://host/path");
        };
        if !tls && !is_here(&host) {
            return wrong("only a gateway on this computer may do without TLS");
        }
        if !self.body.contains("{address}") || !self.body.contains("{text}") {
            return Err(("body", "body must contain {address} and {text}".to_owned()));
        }
        if http::HeaderName::from_bytes(self.header.as_bytes()).is_err() {
            return Err(("header", "header must be the name of a header".to_owned()));
        }
        Ok(Place { tls, host, port, authority: authority.to_owned(), path: format!("/{path}") })
    }
}

/// An IPv6 address stands in brackets, and comes without.
fn host_and_port(text: &str, otherwise: Option<u16>) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']')) {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (text, otherwise?),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty() && port != 0).then(|| (host.to_owned(), port))
}

/// Whether a host is this computer, without asking anybody.
fn is_here(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

const fn yes() -> bool {
    true
}

fn default_zone() -> String {
    "UTC".to_owned()
}

const fn default_minutes() -> u32 {
    10
}

fn default_certificates() -> PathBuf {
    PathBuf::from("/etc/ssl/certs/ca-certificates.crt")
}

fn default_header() -> String {
    "authorization".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), &'static str> {
        toml::from_str::<OnCallConfig>(text).unwrap().check().map_err(|(field, _)| field)
    }

    /// [API-27] [ONC-12] [ONC-13]
    #[test]
    fn nothing_goes_to_another_computer_without_tls_and_no_secret_stands_in_the_file() {
        assert_eq!(checked(""), Ok(()));
        assert_eq!(checked("zone = \"Europe/Belgrade\"\nnext_minutes = 5"), Ok(()));
        assert_eq!(checked("zone = \"Nowhere\""), Err("zone"));
        assert_eq!(checked("next_minutes = 0"), Err("next_minutes"));
        assert_eq!(checked("[command]\nargv = [\"/usr/local/bin/ring\", \"-q\"]"), Ok(()));
        assert_eq!(checked("[command]\nargv = [\"ring\"]"), Err("argv"));
        assert_eq!(checked("[command]\nargv = []"), Err("argv"));
        let email = |more: &str| checked(&format!("[email]\nfrom = \"node@shelter.example\"\n{more}"));
        assert_eq!(email("server = \"mail.example:465\""), Ok(()));
        assert_eq!(email("server = \"mail.example:25\"\ntls = false"), Err("tls"));
        assert_eq!(email("server = \"localhost:25\"\ntls = false"), Err("tls"), "a name can become another computer");
        assert_eq!(email("server = \"127.0.0.1:25\"\ntls = false"), Ok(()));
        assert_eq!(email("server = \"[::1]:25\"\ntls = false"), Ok(()));
        assert_eq!(email("server = \"mail.example\""), Err("server"));
        assert_eq!(email("server = \"mail.example:465\"\nuser = \"x\""), Err("user"));
        let sms = |url: &str| checked(&format!("[sms]\nurl = \"{url}\"\nbody = \"{{address}} {{text}}\""));
        assert_eq!(sms("https://gateway.example/send"), Ok(()));
        assert_eq!(sms("https://gateway.example:8443"), Ok(()));
        for bad in
            ["http://gateway.example/", "https://key@gateway.example/", "https://gateway.example/?key=1", "ftp://x/"]
        {
            assert_eq!(sms(bad), Err("url"), "{bad}");
        }
        assert_eq!(sms("http://127.0.0.1:8080/send"), Ok(()));
        assert_eq!(checked("[sms]\nurl = \"https://gateway.example/\"\nbody = \"{text}\""), Err("body"));
    }

    /// [SAF-8]
    #[test]
    fn utc_by_another_name_is_no_zone_where_anybody_lives() {
        let lived_in = |zone: &str| {
            let config: OnCallConfig = toml::from_str(&format!("zone = \"{zone}\"")).unwrap();
            config.settings().unwrap().lived_in().is_some()
        };
        for zone in ["UTC", "GMT", "Etc/UTC", "Etc/GMT", "Etc/GMT+0", "Zulu", "Universal", "Etc/Unknown"] {
            assert!(!lived_in(zone), "{zone}");
        }
        assert!(Settings::default().lived_in().is_none());
        for zone in ["Europe/Belgrade", "Europe/London", "Europe/Lisbon", "Europe/Tirane"] {
            assert!(lived_in(zone), "{zone}");
        }
    }

    #[test]
    fn files_lie_beside_the_configuration() {
        let text =
            "[email]\nserver = \"mail.example:465\"\nfrom = \"a@b\"\nuser = \"u\"\npassword_file = \"mail.secret\"";
        let mut config: OnCallConfig = toml::from_str(text).unwrap();
        config.place_at(Path::new("/etc/uput"));
        assert_eq!(config.email.unwrap().password_file.unwrap(), Path::new("/etc/uput/mail.secret"));
        assert_eq!(config.certificates, Path::new("/etc/ssl/certs/ca-certificates.crt"));
    }
}
