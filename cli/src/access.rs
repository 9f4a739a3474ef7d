//! The way to one's own node: an access file, that in its data folder or an account's own.
//!
//! Guarantees that only the node whose certificate the file or the folder holds is spoken to, and that the token is never
//! shown. Leaves to the node what the token allows.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};
use uput_core::sensitive::Sensitive;
use uput_core::wire::access_service_client::AccessServiceClient;
use uput_core::wire::account_service_client::AccountServiceClient;
use uput_core::wire::agreement_service_client::AgreementServiceClient;
use uput_core::wire::approval_service_client::ApprovalServiceClient;
use uput_core::wire::case_service_client::CaseServiceClient;
use uput_core::wire::change_service_client::ChangeServiceClient;
use uput_core::wire::follow_up_service_client::FollowUpServiceClient;
use uput_core::wire::node_service_client::NodeServiceClient;
use uput_core::wire::on_call_service_client::OnCallServiceClient;
use uput_core::wire::peering_service_client::PeeringServiceClient;
use uput_core::wire::staff_service_client::StaffServiceClient;
use uput_core::wire::trail_service_client::TrailServiceClient;
use zeroize::Zeroize;

use crate::approval::Asking;
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;

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

/// What an access file says. [CLI-20]
#[derive(Deserialize)]
struct Access {
    endpoint: String,
    certificate: String,
    token: String,
}

/// Where a node is, and the certificate that it must show.
struct Place {
    endpoint: String,
    pem: String,
}

/// Adds the token to each call.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

type Authorised = InterceptedService<Channel, Bearer>;

impl Node {
    /// Connects to the node that was named, as the account that was named. [CLI-20] [CLI-23]
    pub(crate) async fn connect(options: &Options) -> Result<Self, Failure> {
        let (place, token) = match (&options.access, &options.node) {
            (Some(file), None) => {
                let access = Access::read(file)?;
                (access.place(file)?, access)
            }
            // The folder knows where the node listens now.
            (Some(file), Some(folder)) => (place_of(folder)?, Access::read(file)?),
            (None, _) => {
                let folder = folder(options)?;
                (place_of(folder)?, Access::read(&folder.join(FILE))?)
            }
        };
        let bearer = token.bearer()?;
        let endpoint = place.endpoint()?;
        let channel = endpoint.connect().await.map_err(|error| unreachable(&place.endpoint, &error))?;
        Ok(Self { channel, bearer, place, asking: options.asking.clone() })
    }

    /// An access file for another account of the same node, which needs no other file. [CLI-24]
    pub(crate) fn access_file(&self, token: &Sensitive<String>) -> Sensitive<Vec<u8>> {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        // Exposed into the file that only its owner can read.
        let text = format!(
            "# Lets in whoever reads this file: keep it like a key.\nendpoint = {}\ncertificate = {}\ntoken = {}\n",
            quoted(&self.place.endpoint),
            quoted(&self.place.pem),
            quoted(token.expose()),
        );
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

    /// A second person is asked for what would be done, if that is what the command is for. [CLI-25]
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
        let text = std::fs::read_to_string(path).map(Sensitive::new).map_err(|error| absent(path, &error))?;
        // The parser's own sentence is not shown: it may quote the token.
        toml::from_str(text.expose()).map_err(|_| {
            Failure::new(Exit::Failed, "BAD_SOURCE", format!("{} is not an access file", path.display()))
                .because("it needs the texts `endpoint`, `certificate` and `token`")
                .next("restart the node, which writes its own anew; for another account: uput account token")
        })
    }

    /// Where the node is. The certificate stands in the file itself, or in another one beside it.
    fn place(&self, path: &Path) -> Result<Place, Failure> {
        let pem = if self.certificate.starts_with("-----BEGIN") {
            self.certificate.clone()
        } else {
            let beside = path.with_file_name(&self.certificate);
            std::fs::read_to_string(&beside).map_err(|error| absent(&beside, &error))?
        };
        Ok(Place { endpoint: self.endpoint.clone(), pem })
    }

    fn bearer(&self) -> Result<Bearer, Failure> {
        let mut header = format!("Bearer {}", self.token);
        let value = MetadataValue::try_from(header.as_str());
        header.zeroize();
        let mut value = value.map_err(|_| {
            Failure::new(Exit::NotAuthenticated, "BAD_TOKEN", "the access file's token cannot be sent")
                .next("restart the node; it writes the file anew")
        })?;
        value.set_sensitive(true);
        Ok(Bearer(value))
    }
}

impl Place {
    fn endpoint(&self) -> Result<Endpoint, Failure> {
        // The certificate is the only trust anchor, so that only its own key can answer. [CLI-21]
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.pem));
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
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

fn absent(path: &Path, error: &std::io::Error) -> Failure {
    let what = format!("cannot read {}", path.display());
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        return Failure::new(Exit::NotAuthenticated, "NOT_AUTHENTICATED", what)
            .because("this user may not read it")
            .next("run as the user that the node runs as");
    }
    Failure::new(Exit::Unreachable, "NODE_NOT_FOUND", what)
        .because(error.kind().to_string())
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
