//! How fast the transport alone carries: 1 KiB there and back on one bidirectional stream with mutual TLS.

use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};
use uput_wire::v1::peer_frame::Frame;
use uput_wire::v1::peer_service_client::PeerServiceClient;
use uput_wire::v1::peer_service_server::{PeerService, PeerServiceServer};
use uput_wire::v1::{
    CheckWayRequest, CheckWayResponse, ExchangeRequest, ExchangeResponse, IntroduceRequest, IntroduceResponse,
    LeaveRequest, LeaveResponse, LetterFrame, PeerFrame,
};

use crate::Failed;

/// Messages under way.
const WINDOW: u64 = 64;
const SIZE: usize = 1024;

/// Messages that come back per second.
pub(crate) async fn measure(span: Duration) -> Result<f64, Failed> {
    let (server, client) = (Pair::generate()?, Pair::generate()?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let tls = ServerTlsConfig::new().identity(server.identity()).client_ca_root(client.certificate());
    let serving = Server::builder()
        .tls_config(tls)?
        .tcp_nodelay(true)
        .add_service(PeerServiceServer::new(Echo))
        .serve_with_incoming(TcpListenerStream::new(listener));
    let serving = tokio::spawn(serving);
    let tls = ClientTlsConfig::new()
        .identity(client.identity())
        .ca_certificate(server.certificate())
        .domain_name("localhost");
    let channel = Channel::from_shared(format!("https://{address}"))?.tls_config(tls)?.connect().await?;
    let rate = there_and_back(channel, span).await;
    serving.abort();
    rate
}

async fn there_and_back(channel: Channel, span: Duration) -> Result<f64, Failed> {
    let (say, frames) = mpsc::channel(usize::try_from(WINDOW)?);
    let mut client = PeerServiceClient::new(channel);
    for number in 0..WINDOW {
        say.send(message(number)).await?;
    }
    let mut heard = client.exchange(ReceiverStream::new(frames)).await?.into_inner();
    let start = Instant::now();
    let mut done = 0_u32;
    while start.elapsed() < span {
        let frame = heard.message().await?.and_then(|answer| answer.frame).ok_or("the echo ended")?;
        done += 1;
        say.send(ExchangeRequest { frame: Some(frame) }).await?;
    }
    Ok(f64::from(done) / start.elapsed().as_secs_f64())
}

fn message(number: u64) -> ExchangeRequest {
    let letter = LetterFrame { number, letter: vec![7; SIZE] };
    ExchangeRequest { frame: Some(PeerFrame { frame: Some(Frame::Letter(letter)) }) }
}

/// Gives back what it gets.
struct Echo;

#[tonic::async_trait]
impl PeerService for Echo {
    type ExchangeStream = Pin<Box<dyn Stream<Item = Result<ExchangeResponse, Status>> + Send>>;

    async fn introduce(&self, _: Request<IntroduceRequest>) -> Result<Response<IntroduceResponse>, Status> {
        Err(Status::unimplemented("an echo knows nobody"))
    }

    async fn check_way(&self, _: Request<CheckWayRequest>) -> Result<Response<CheckWayResponse>, Status> {
        Err(Status::unimplemented("an echo looks at no way"))
    }

    async fn exchange(
        &self,
        said: Request<Streaming<ExchangeRequest>>,
    ) -> Result<Response<Self::ExchangeStream>, Status> {
        let back = said.into_inner().map(|said| said.map(|said| ExchangeResponse { frame: said.frame }));
        Ok(Response::new(Box::pin(back)))
    }

    type LeaveStream = Pin<Box<dyn Stream<Item = Result<LeaveResponse, Status>> + Send>>;

    async fn leave(&self, _: Request<Streaming<LeaveRequest>>) -> Result<Response<Self::LeaveStream>, Status> {
        Err(Status::unimplemented("an echo keeps nothing"))
    }
}

/// A key with a certificate that only the other end trusts.
struct Pair {
    certificate: String,
    key: String,
}

impl Pair {
    fn generate() -> Result<Self, Failed> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        Ok(Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() })
    }

    fn identity(&self) -> Identity {
        Identity::from_pem(&self.certificate, &self.key)
    }

    fn certificate(&self) -> Certificate {
        Certificate::from_pem(&self.certificate)
    }
}
