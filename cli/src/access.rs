//! The way to one's own node: the access file in its data folder.
//!
//! Guarantees that only the node whose certificate lies in the folder is spoken to, and that the token is never shown.
//! Leaves to the node what the token allows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};
use uput_core::sensitive::Sensitive;
use uput_core::wire::agreement_service_client::AgreementServiceClient;
use uput_core::wire::node_service_client::NodeServiceClient;
use uput_core::wire::peering_service_client::PeeringServiceClient;
use uput_core::wire::trail_service_client::TrailServiceClient;
use zeroize::Zeroize;

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
}

/// What the access file says. [CLI-20]
#[derive(Deserialize)]
struct Access {
    endpoint: String,
    certificate: PathBuf,
    token: String,
}

/// Adds the token to each call.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

type Authorised = InterceptedService<Channel, Bearer>;

impl Node {
    /// Connects to the node whose data folder was named.
    pub(crate) async fn connect(options: &Options) -> Result<Self, Failure> {
        let folder = folder(options)?;
        let access = Access::read(folder)?;
        let bearer = access.bearer()?;
        let endpoint = access.endpoint(folder)?;
        let channel = endpoint.connect().await.map_err(|error| unreachable(&access.endpoint, &error))?;
        Ok(Self { channel, bearer })
    }

    /// How the node is.
    pub(crate) fn node(&self) -> NodeServiceClient<Authorised> {
        NodeServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
    }

    /// Other organisations.
    pub(crate) fn peers(&self) -> PeeringServiceClient<Authorised> {
        PeeringServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
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

/// The data folder that was named.
pub(crate) fn folder(options: &Options) -> Result<&Path, Failure> {
    options.node.as_deref().ok_or_else(|| {
        Failure::usage("which node? its data folder is not named", "give --node DIR, or set UPUT_NODE to the folder")
    })
}

impl Access {
    fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map(Sensitive::new).map_err(|error| absent(&path, &error))?;
        // The parser's own sentence is not shown: it may quote the token.
        toml::from_str(text.expose()).map_err(|_| {
            Failure::new(Exit::Failed, "BAD_SOURCE", format!("{} is not an access file", path.display()))
                .because("it needs the texts `endpoint`, `certificate` and `token`")
                .next("restart the node; it writes the file anew")
        })
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

    fn endpoint(&self, folder: &Path) -> Result<Endpoint, Failure> {
        let path = folder.join(&self.certificate);
        let pem = std::fs::read(&path).map_err(|error| absent(&path, &error))?;
        // The certificate is the only trust anchor, so that only its own key can answer. [CLI-21]
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
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
