//! The way to one's own node: an access file, that in its data folder or an account's own.
//!
//! Guarantees that only the node whose certificate the file or the folder holds is spoken to, and that the token is never
//! shown. Leaves to the node what the token, or the client's certificate, allows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};
use uput_core::sensitive::Sensitive;
use uput_core::wire;
use uput_core::wire::access_service_client::AccessServiceClient;
use uput_core::wire::account_service_client::AccountServiceClient;
use uput_core::wire::agreement_service_client::AgreementServiceClient;
use uput_core::wire::approval_service_client::ApprovalServiceClient;
use uput_core::wire::case_service_client::CaseServiceClient;
use uput_core::wire::change_service_client::ChangeServiceClient;
use uput_core::wire::enquiry_service_client::EnquiryServiceClient;
use uput_core::wire::follow_up_service_client::FollowUpServiceClient;
use uput_core::wire::key_service_client::KeyServiceClient;
use uput_core::wire::log_service_client::LogServiceClient;
use uput_core::wire::node_service_client::NodeServiceClient;
use uput_core::wire::on_call_service_client::OnCallServiceClient;
use uput_core::wire::override_service_client::OverrideServiceClient;
use uput_core::wire::peering_service_client::PeeringServiceClient;
use uput_core::wire::places_service_client::PlacesServiceClient;
use uput_core::wire::retention_service_client::RetentionServiceClient;
use uput_core::wire::session_service_client::SessionServiceClient;
use uput_core::wire::staff_service_client::StaffServiceClient;
use uput_core::wire::team_service_client::TeamServiceClient;
use uput_core::wire::trail_service_client::TrailServiceClient;
use zeroize::Zeroize;

use crate::approval::Asking;
use crate::args::Options;
use crate::document::{Claimed, Target};
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::moment::typed;
use crate::reading;
use crate::refusal;

/// The name of the access file in a data folder.
pub(crate) const FILE: &str = "api.toml";

/// How long to try to connect, and to wait for an answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(60);

/// The largest answer that is read: a bundle of a long trail.
const LARGEST: usize = 64 * 1024 * 1024;

/// A connection to one's own node.
pub(crate) struct Node {
    channel: Channel,
    bearer: Bearer,
    place: Place,
    asking: Option<Asking>,
}

/// What an access file says. [CLI-20] [CLI-25]
#[derive(Deserialize)]
struct Access {
    endpoint: String,
    certificate: String,
    /// Empty: nobody is logged in with this file, or a certificate lets in.
    #[serde(default)]
    token: String,
    /// Whose sessions are kept here; none: it is the file of a token.
    account: Option<String>,
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
    on_behalf_of: Option<String>,
}

/// Where a node is, and the certificate that it must show.
struct Place {
    endpoint: String,
    pem: String,
}

/// Adds the token to each call, and on whose behalf it is made.
#[derive(Clone)]
pub(crate) struct Bearer {
    token: Option<MetadataValue<Ascii>>,
    on_behalf_of: Option<MetadataValue<Ascii>>,
}

type Authorised = InterceptedService<Channel, Bearer>;

impl Node {
    /// Connects to the node that was named, as the account that was named. [CLI-20] [CLI-23]
    pub(crate) async fn connect(options: &Options) -> Result<Self, Failure> {
        let (place, access, file) = match (&options.access, &options.node) {
            (Some(file), None) => {
                let access = Access::read(file)?;
                (access.place(file)?, access, file.clone())
            }
            // The folder knows where the node listens now.
            (Some(file), Some(folder)) => (place_of(folder)?, Access::read(file)?, file.clone()),
            (None, _) => {
                let folder = folder(options)?;
                let file = folder.join(FILE);
                (place_of(folder)?, Access::read(&file)?, file)
            }
        };
        if access.token.is_empty() && access.client_certificate.is_none() {
            return Err(nobody(&file));
        }
        let node = Self::open(place, &access, &file, options).await?;
        node.keeps_our_clock().await?;
        Ok(node)
    }

    /// Asks where the node stands, if a time was typed by the wall. Where nobody said it, the clock of this computer counts.
    /// [TIM-94]
    async fn keeps_our_clock(&self) -> Result<(), Failure> {
        if !typed::any() {
            return Ok(());
        }
        match self.node().get_node(wire::GetNodeRequest {}).await.map(|answer| answer.into_inner().zone) {
            Ok(zone) if zone.is_empty() => Ok(()),
            Ok(zone) => typed::hold_against(&zone),
            Err(status) if status.code() == Code::PermissionDenied => Err(typed::untold()),
            Err(status) => Err(refusal::of(&status)),
        }
    }

    /// Connects as nobody yet, or as whose session was kept in the file before: the node then knows this computer.
    /// [ACC-38]
    pub(crate) async fn connect_to_log_in(options: &Options) -> Result<Self, Failure> {
        let before = options.access.as_ref().filter(|file| file.exists());
        let access = before.map(|file| Access::read(file)).transpose()?;
        let place = match (&options.node, before, &access) {
            (None, Some(file), Some(access)) => access.place(file)?,
            (None, ..) if options.access.is_some() => return Err(not_here(options)),
            _ => place_of(folder(options)?)?,
        };
        let (before, access) = (before.map_or(Path::new(""), PathBuf::as_path), access.filter(Access::is_of_sessions));
        Self::open(place, &access.unwrap_or_else(Access::of_nobody), before, options).await
    }

    async fn open(place: Place, access: &Access, file: &Path, options: &Options) -> Result<Self, Failure> {
        let endpoint = place.endpoint(access.identity(file)?)?;
        let channel = endpoint.connect().await.map_err(|error| unreachable(&place.endpoint, &error))?;
        Ok(Self { channel, bearer: access.bearer()?, place, asking: options.asking.clone() })
    }

    /// An access file with a token of the same node, which needs no other file. [CLI-24]
    pub(crate) fn access_file(&self, token: &Sensitive<String>) -> Sensitive<Vec<u8>> {
        self.file_with(&[("token", token.expose())])
    }

    /// An access file in which an account's sessions are kept; without a secret, none is yet. [CLI-25]
    pub(crate) fn account_file(&self, account: &str, secret: Option<&Sensitive<String>>) -> Sensitive<Vec<u8>> {
        match secret {
            Some(secret) => self.file_with(&[("account", account), ("token", secret.expose())]),
            None => self.file_with(&[("account", account)]),
        }
    }

    /// Exposed into the file that only its owner can read.
    fn file_with(&self, more: &[(&str, &str)]) -> Sensitive<Vec<u8>> {
        let place = [("endpoint", self.place.endpoint.as_str()), ("certificate", self.place.pem.as_str())];
        let mut text = "# Lets in whoever reads this file: keep it like a key.\n".to_owned();
        for (name, value) in place.iter().chain(more) {
            text.push_str(&format!("{name} = {}\n", toml::Value::String((*value).to_owned())));
        }
        Sensitive::new(text.into_bytes())
    }

    /// How the node is.
    pub(crate) fn node(&self) -> NodeServiceClient<Authorised> {
        NodeServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Other organisations.
    pub(crate) fn peers(&self) -> PeeringServiceClient<Authorised> {
        PeeringServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Accounts.
    pub(crate) fn accounts(&self) -> AccountServiceClient<Authorised> {
        AccountServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// What is the caller's own: password, sessions, token.
    pub(crate) fn sessions(&self) -> SessionServiceClient<Authorised> {
        SessionServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Several who are asked at once.
    pub(crate) fn enquiries(&self) -> EnquiryServiceClient<Authorised> {
        EnquiryServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Places.
    pub(crate) fn places(&self) -> PlacesServiceClient<Authorised> {
        PlacesServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Teams.
    pub(crate) fn teams(&self) -> TeamServiceClient<Authorised> {
        TeamServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Staff keys, and what is sealed to them.
    pub(crate) fn staff(&self) -> StaffServiceClient<Authorised> {
        StaffServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Who is on duty.
    pub(crate) fn on_call(&self) -> OnCallServiceClient<Authorised> {
        OnCallServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Cases.
    pub(crate) fn cases(&self) -> CaseServiceClient<Authorised> {
        CaseServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// What is held about her, changes that are followed, and search.
    pub(crate) fn follow_ups(&self) -> FollowUpServiceClient<Authorised> {
        FollowUpServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Approvals.
    pub(crate) fn approvals(&self) -> ApprovalServiceClient<Authorised> {
        ApprovalServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Own keys.
    pub(crate) fn keys(&self) -> KeyServiceClient<Authorised> {
        KeyServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(LARGEST)
            .max_encoding_message_size(LARGEST)
    }

    /// The log.
    pub(crate) fn logs(&self) -> LogServiceClient<Authorised> {
        LogServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Retentions and holds.
    pub(crate) fn retentions(&self) -> RetentionServiceClient<Authorised> {
        RetentionServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Overrides.
    pub(crate) fn overrides(&self) -> OverrideServiceClient<Authorised> {
        OverrideServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// A second person is asked for what would be done, if that is what the command is for. [CLI-29]
    pub(crate) const fn asking(&self) -> Option<&Asking> {
        self.asking.as_ref()
    }

    /// Who looked at what.
    pub(crate) fn accesses(&self) -> AccessServiceClient<Authorised> {
        AccessServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(LARGEST)
    }

    /// What changed.
    pub(crate) fn changes(&self) -> ChangeServiceClient<Authorised> {
        ChangeServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Agreements.
    pub(crate) fn agreements(&self) -> AgreementServiceClient<Authorised> {
        AgreementServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(LARGEST)
    }

    /// Trails.
    pub(crate) fn trails(&self) -> TrailServiceClient<Authorised> {
        TrailServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(LARGEST)
    }
}

/// The file in which a session will be kept, and whose were kept there before.
pub(crate) struct Login {
    file: Target,
    replaced: bool,
    account: Option<String>,
}

impl Login {
    /// What was named, else the file of `--as`. It is a new one, or replaces one of sessions: never one with a token that
    /// somebody made. [CLI-25]
    pub(crate) fn of(to: Option<&Path>, options: &Options) -> Result<Self, Failure> {
        let path = to
            .or(options.access.as_deref())
            .ok_or_else(|| Failure::usage("where is the session to be kept?", "give --to FILE, or --as FILE"))?;
        if path == Path::new("-") {
            return Err(Failure::usage("a session is not shown", "give --to FILE"));
        }
        let known = |file: &Path| file.exists().then(|| Access::read(file)).transpose();
        let (before, asking) = (known(path)?, options.access.as_deref().map(known).transpose()?.flatten());
        let replaced = before.as_ref().is_some_and(Access::is_of_sessions);
        let account = [before, asking].iter().flatten().find_map(|access| access.account.clone());
        Ok(Self { file: Target::file(path), replaced, account })
    }

    /// Account whose sessions are kept here.
    pub(crate) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// As a text.
    pub(crate) fn name(&self) -> String {
        self.file.name()
    }

    /// Makes the file, before there is a session to be kept.
    pub(crate) fn claim(&self) -> Result<Claimed, Failure> {
        if self.replaced { self.file.claim_anew() } else { self.file.claim() }
    }
}

/// The access file that lets this program in, as it was named.
pub(crate) fn file(options: &Options) -> Result<std::path::PathBuf, Failure> {
    match &options.access {
        Some(file) => Ok(file.clone()),
        None => Ok(folder(options)?.join(FILE)),
    }
}

/// The data folder that was named.
pub(crate) fn folder(options: &Options) -> Result<&Path, Failure> {
    options.node.as_deref().ok_or_else(|| {
        Failure::usage("which node? its data folder is not named", "give --node DIR, or set UPUT_NODE to the folder")
    })
}

/// Where the node of a data folder is.
fn place_of(folder: &Path) -> Result<Place, Failure> {
    let path = folder.join(FILE);
    Access::read(&path)?.place(&path)
}

impl Access {
    fn read(path: &Path) -> Result<Self, Failure> {
        let text = reading::text_or_error(path).map_err(|error| absent(path, &error))?;
        // The parser's own sentence is not shown: it may quote the token.
        toml::from_str(text.expose()).map_err(|_| {
            Failure::new(Exit::Failed, "BAD_SOURCE", format!("{} is not an access file", path.display()))
                .because("it needs the texts `endpoint`, `certificate` and, unless nobody is logged in, `token`")
                .next("restart the node, which writes its own anew; for another account: uput account token")
        })
    }

    /// Where the node is. The certificate stands in the file itself, or in another one beside it.
    fn place(&self, path: &Path) -> Result<Place, Failure> {
        let pem = if self.certificate.starts_with("-----BEGIN") {
            self.certificate.clone()
        } else {
            let beside = path.with_file_name(&self.certificate);
            reading::text_or_error(&beside).map_err(|error| absent(&beside, &error))?.expose().clone()
        };
        Ok(Place { endpoint: self.endpoint.clone(), pem })
    }

    const fn of_nobody() -> Self {
        Self {
            endpoint: String::new(),
            certificate: String::new(),
            token: String::new(),
            account: None,
            client_certificate: None,
            client_key: None,
            on_behalf_of: None,
        }
    }

    /// Whether sessions are kept in it, and nothing that was made once.
    const fn is_of_sessions(&self) -> bool {
        self.account.is_some() && self.client_certificate.is_none() && self.on_behalf_of.is_none()
    }

    /// What the client shows in the handshake. Paths are relative to the file that names them. [CLI-26]
    fn identity(&self, file: &Path) -> Result<Option<Identity>, Failure> {
        let read = |path: &PathBuf| {
            let beside = file.parent().unwrap_or_else(|| Path::new("")).join(path);
            reading::text_or_error(&beside).map_err(|error| absent(&beside, &error))
        };
        match (&self.client_certificate, &self.client_key) {
            (None, None) => Ok(None),
            // Exposed to the handshake.
            (Some(shown), Some(key)) => Ok(Some(Identity::from_pem(read(shown)?.expose(), read(key)?.expose()))),
            _ => Err(Failure::new(Exit::Failed, "BAD_SOURCE", format!("{} is not an access file", file.display()))
                .because("`client_certificate` and `client_key` go together")
                .next("name both, or none")),
        }
    }

    fn bearer(&self) -> Result<Bearer, Failure> {
        let mut token = None;
        if !self.token.is_empty() {
            let mut header = format!("Bearer {}", self.token);
            let value = MetadataValue::try_from(header.as_str());
            header.zeroize();
            let mut value = value.map_err(|_| unsendable("token"))?;
            value.set_sensitive(true);
            token = Some(value);
        }
        let person = self.on_behalf_of.as_deref().map(MetadataValue::try_from).transpose();
        Ok(Bearer { token, on_behalf_of: person.map_err(|_| unsendable("on_behalf_of"))? })
    }
}

fn unsendable(what: &str) -> Failure {
    Failure::new(Exit::NotAuthenticated, "BAD_TOKEN", format!("the access file's {what} cannot be sent"))
        .next("restart the node; it writes its own file anew")
}

impl Place {
    fn endpoint(&self, identity: Option<Identity>) -> Result<Endpoint, Failure> {
        // The certificate is the only trust anchor, so that only its own key can answer. [CLI-21]
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.pem));
        let tls = identity.into_iter().fold(tls, ClientTlsConfig::identity);
        let authority = self.endpoint.strip_prefix("https://").unwrap_or(&self.endpoint);
        Endpoint::from_shared(format!("https://{authority}"))
            .and_then(|endpoint| endpoint.tls_config(tls))
            .map(|endpoint| endpoint.connect_timeout(CONNECT).timeout(ANSWER))
            .map_err(|_| {
                Failure::new(Exit::Failed, "BAD_SOURCE", "the access file's endpoint or certificate is not usable")
                    .next("restart the node; it writes both anew")
            })
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        self.token.zeroize();
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        if let Some(person) = &self.on_behalf_of {
            request.metadata_mut().insert("on-behalf-of", person.clone());
        }
        Ok(request)
    }
}

fn nobody(file: &Path) -> Failure {
    Failure::new(Exit::NotAuthenticated, "NOT_AUTHENTICATED", format!("nobody is logged in with {}", file.display()))
        .because("it holds no token")
        .next("uput account log-in --as FILE; with a code from an administrator, first: uput account enrol --as FILE")
}

fn not_here(options: &Options) -> Failure {
    let file = options.access.as_deref().unwrap_or_else(|| Path::new("")).display().to_string();
    Failure::new(Exit::Unreachable, "NODE_NOT_FOUND", format!("{file} is not there, and no folder is named"))
        .next("ask your administrator for the file: uput account create --to FILE; or give --node DIR")
}

fn absent(path: &Path, error: &std::io::Error) -> Failure {
    let what = format!("cannot read {}", path.display());
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        return Failure::new(Exit::NotAuthenticated, "NOT_AUTHENTICATED", what)
            .because("this user may not read it")
            .next("run as the user that the node runs as");
    }
    if error.kind() != std::io::ErrorKind::NotFound {
        return Failure::new(Exit::Failed, "BAD_SOURCE", what)
            .because(failure::said(error))
            .next("name an access file with --as FILE, such as a node or uput account wrote");
    }
    Failure::new(Exit::Unreachable, "NODE_NOT_FOUND", what)
        .because(failure::said(error))
        .next("check --node, and start the node there: uputd --config FILE")
}

fn unreachable(endpoint: &str, error: &tonic::transport::Error) -> Failure {
    if cause(error).contains("certificate") {
        return Failure::new(
            Exit::NotAuthenticated,
            "WRONG_NODE",
            format!("what answers at {endpoint} is not this node"),
        )
        .because("its certificate is not the one in the data folder")
        .next("find out which program listens there; restart the node");
    }
    Failure::new(Exit::Unreachable, "NODE_UNREACHABLE", format!("the node at {endpoint} cannot be reached"))
        .because("nothing answers there")
        .next("start the node: uputd --config FILE")
}

fn cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
