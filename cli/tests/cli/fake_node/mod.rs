//! A node that answers from a script, over TLS and with a token as the real one does.
//!
//! It records each request, so that a test sees what the program really asked. All names are invented.

mod accesses;
mod accounts;
mod approvals;
mod dump;
mod enquiries;
mod follow_ups;
mod keys;
mod log;
mod overrides;
mod retention;
mod sample;
mod staff;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uput_wire::v1 as wire;
use uput_wire::v1::access_service_server::AccessServiceServer;
use uput_wire::v1::account_service_server::AccountServiceServer;
use uput_wire::v1::agreement_service_server::{AgreementService, AgreementServiceServer};
use uput_wire::v1::approval_service_server::ApprovalServiceServer;
use uput_wire::v1::case_service_server::{CaseService, CaseServiceServer};
use uput_wire::v1::change_service_server::{ChangeService, ChangeServiceServer};
use uput_wire::v1::enquiry_service_server::EnquiryServiceServer;
use uput_wire::v1::follow_up_service_server::FollowUpServiceServer;
use uput_wire::v1::key_service_server::KeyServiceServer;
use uput_wire::v1::log_service_server::LogServiceServer;
use uput_wire::v1::node_service_server::{NodeService, NodeServiceServer};
use uput_wire::v1::on_call_service_server::{OnCallService, OnCallServiceServer};
use uput_wire::v1::override_service_server::OverrideServiceServer;
use uput_wire::v1::peering_service_server::{PeeringService, PeeringServiceServer};
use uput_wire::v1::places_service_server::PlacesServiceServer;
use uput_wire::v1::retention_service_server::RetentionServiceServer;
use uput_wire::v1::session_service_server::SessionServiceServer;
use uput_wire::v1::staff_service_server::StaffServiceServer;
use uput_wire::v1::team_service_server::TeamServiceServer;
use uput_wire::v1::trail_service_server::{TrailService, TrailServiceServer};

pub(crate) use accounts::CODE;
pub(crate) use sample::{envelope, own_chain, summary};
pub(crate) use staff::own;

/// The token that the script knows.
pub(crate) const TOKEN: &str = "an-invented-token-of-a-fake-node";

/// A running fake node and its data folder.
pub(crate) struct FakeNode {
    folder: TempDir,
    requests: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Script {
    requests: Arc<Mutex<Vec<String>>>,
}

impl FakeNode {
    /// Starts one on a free port of the loopback; it ends with the test program.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        let identity = Identity::from_pem(certificate.pem(), key.serialize_pem());
        std::fs::write(folder.path().join("api.pem"), certificate.pem()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let node = Self { folder, requests };
        node.write_access(port, TOKEN);
        let script = Script { requests: Arc::clone(&node.requests) };
        std::thread::spawn(move || serve(listener, identity, script));
        node
    }

    /// Its data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A data folder whose token this node does not know.
    pub(crate) fn folder_with_wrong_token(&self) -> PathBuf {
        let folder = self.copy("wrong-token");
        let access = std::fs::read_to_string(folder.join("api.toml")).unwrap();
        std::fs::write(folder.join("api.toml"), access.replace(TOKEN, "another-token")).unwrap();
        folder
    }

    /// A data folder that names another node's certificate.
    pub(crate) fn folder_with_certificate_of(&self, other: &Self) -> PathBuf {
        let folder = self.copy("wrong-certificate");
        std::fs::copy(other.folder().join("api.pem"), folder.join("api.pem")).unwrap();
        folder
    }

    /// What was asked since the last time, as numbered fields.
    pub(crate) fn take_requests(&self) -> String {
        std::mem::take(&mut *self.requests.lock().unwrap()).concat()
    }

    fn copy(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        for file in ["api.toml", "api.pem"] {
            std::fs::copy(self.folder.path().join(file), folder.join(file)).unwrap();
        }
        folder
    }

    fn write_access(&self, port: u16, token: &str) {
        let access = format!("endpoint = \"127.0.0.1:{port}\"\ncertificate = \"api.pem\"\ntoken = \"{token}\"\n");
        std::fs::write(self.folder.path().join("api.toml"), access).unwrap();
    }
}

fn serve(listener: TcpListener, identity: Identity, script: Script) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        listener.set_nonblocking(true).unwrap();
        let incoming = TcpListenerStream::new(tokio::net::TcpListener::from_std(listener).unwrap());
        Server::builder()
            .tls_config(ServerTlsConfig::new().identity(identity))
            .unwrap()
            .add_service(NodeServiceServer::with_interceptor(script.clone(), known))
            .add_service(PeeringServiceServer::with_interceptor(script.clone(), known))
            .add_service(OnCallServiceServer::with_interceptor(script.clone(), known))
            .add_service(CaseServiceServer::with_interceptor(script.clone(), known))
            .add_service(FollowUpServiceServer::with_interceptor(script.clone(), known))
            .add_service(AccessServiceServer::with_interceptor(script.clone(), known))
            .add_service(AccountServiceServer::with_interceptor(script.clone(), known))
            // Some of its calls need no token.
            .add_service(SessionServiceServer::new(script.clone()))
            .add_service(EnquiryServiceServer::with_interceptor(script.clone(), known))
            .add_service(PlacesServiceServer::with_interceptor(script.clone(), known))
            .add_service(TeamServiceServer::with_interceptor(script.clone(), known))
            .add_service(ApprovalServiceServer::with_interceptor(script.clone(), known))
            .add_service(RetentionServiceServer::with_interceptor(script.clone(), known))
            .add_service(OverrideServiceServer::with_interceptor(script.clone(), known))
            .add_service(KeyServiceServer::with_interceptor(script.clone(), known))
            .add_service(LogServiceServer::with_interceptor(script.clone(), known))
            .add_service(ChangeServiceServer::with_interceptor(script.clone(), known))
            .add_service(AgreementServiceServer::with_interceptor(script.clone(), known))
            .add_service(StaffServiceServer::with_interceptor(script.clone(), known))
            .add_service(TrailServiceServer::with_interceptor(script, known))
            .serve_with_incoming(incoming)
            .await
            .unwrap();
    });
}

#[allow(clippy::result_large_err, reason = "the trait's")]
fn known(request: Request<()>) -> Result<Request<()>, Status> {
    let expected = format!("Bearer {TOKEN}");
    match request.metadata().get("authorization") {
        Some(token) if token == expected.as_str() => Ok(request),
        _ => Err(Status::unauthenticated("")),
    }
}

impl Script {
    fn record<M: prost::Message>(&self, call: &str, request: &M) {
        self.requests.lock().unwrap().push(format!("{call}\n{}", dump::fields(&request.encode_to_vec(), 1)));
    }
}

fn refused(code: Code, reason: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, "uput", std::collections::HashMap::new());
    Status::with_error_details(code, "", details)
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl NodeService for Script {
    async fn get_node(&self, request: Request<wire::GetNodeRequest>) -> Answer<wire::GetNodeResponse> {
        self.record("GetNode", request.get_ref());
        Ok(Response::new(sample::node()))
    }

    async fn get_code_lists(&self, request: Request<wire::GetCodeListsRequest>) -> Answer<wire::GetCodeListsResponse> {
        self.record("GetCodeLists", request.get_ref());
        Ok(Response::new(wire::GetCodeListsResponse::default()))
    }
}

#[tonic::async_trait]
impl PeeringService for Script {
    async fn create_invitation(
        &self,
        request: Request<wire::CreateInvitationRequest>,
    ) -> Answer<wire::CreateInvitationResponse> {
        self.record("CreateInvitation", request.get_ref());
        Ok(Response::new(wire::CreateInvitationResponse { invitation: "uput-invitation-v1:invented".to_owned() }))
    }

    async fn accept_invitation(
        &self,
        request: Request<wire::AcceptInvitationRequest>,
    ) -> Answer<wire::AcceptInvitationResponse> {
        self.record("AcceptInvitation", request.get_ref());
        if request.get_ref().invitation.contains("expired") {
            return Err(refused(Code::FailedPrecondition, "BAD_INVITATION"));
        }
        let peer = sample::peer(&request.get_ref().name, wire::PeerState::Introduced);
        Ok(Response::new(wire::AcceptInvitationResponse { peer: Some(peer) }))
    }

    async fn confirm_peer(&self, request: Request<wire::ConfirmPeerRequest>) -> Answer<wire::ConfirmPeerResponse> {
        self.record("ConfirmPeer", request.get_ref());
        let peer = sample::peer(&request.get_ref().peer, wire::PeerState::Confirmed);
        Ok(Response::new(wire::ConfirmPeerResponse { peer: Some(peer) }))
    }

    async fn list_peers(&self, request: Request<wire::ListPeersRequest>) -> Answer<wire::ListPeersResponse> {
        self.record("ListPeers", request.get_ref());
        let (peers, next) = match request.get_ref().page_token.as_str() {
            "" => (vec![sample::peer("Shelter A", wire::PeerState::Confirmed)], "2"),
            _ => (vec![sample::invited("Shelter\u{1b}[2J B")], ""),
        };
        Ok(Response::new(wire::ListPeersResponse { peers, next_page_token: next.to_owned() }))
    }

    async fn check_peer(&self, request: Request<wire::CheckPeerRequest>) -> Answer<wire::CheckPeerResponse> {
        self.record("CheckPeer", request.get_ref());
        let found = |name: &str, level: wire::CheckLevel, finding: &str, remedy: &str| {
            let (name, finding, remedy) = (name.to_owned(), finding.to_owned(), remedy.to_owned());
            Some(wire::Check { name, level: level.into(), finding, remedy })
        };
        let good = || found("ok", wire::CheckLevel::Ok, "nothing stands in the way", "");
        Ok(Response::new(match request.get_ref().peer.as_str() {
            "Clinic" => {
                let closed = || {
                    let finding = "the way there is good, and they say that they do not reach this node at its address";
                    found("not-reachable-back", wire::CheckLevel::Warning, finding, "open its port in the firewall")
                };
                wire::CheckPeerResponse { result: closed(), out: good(), back: closed(), connected: true, relay: None }
            }
            "Liar" => {
                let finding = "another node answers: its key is not in their key record";
                let other = || found("other-key", wire::CheckLevel::Error, finding, "telephone them");
                let back = Some(wire::Check::default());
                let relay = Some(sample::route("Liar", 3, 154));
                wire::CheckPeerResponse { result: other(), out: other(), back, connected: false, relay }
            }
            _ => wire::CheckPeerResponse { result: good(), out: good(), back: good(), connected: true, relay: None },
        }))
    }

    async fn carry_out(&self, request: Request<wire::CarryOutRequest>) -> Answer<wire::CarryOutResponse> {
        self.record("CarryOut", request.get_ref());
        let (letters, next) = match request.get_ref().page_token.as_str() {
            "" => (vec![vec![1; 8192], vec![2; 32768]], "7"),
            _ => (vec![vec![3; 8192]], ""),
        };
        let (items, left) = (5, u32::from(next.is_empty()));
        Ok(Response::new(wire::CarryOutResponse { letters, items, left, next_page_token: next.to_owned() }))
    }

    async fn carry_in(&self, request: Request<wire::CarryInRequest>) -> Answer<wire::CarryInResponse> {
        self.record("CarryIn", request.get_ref());
        let carried = |(number, letter): (u32, &Vec<u8>)| {
            let of_pack = wire::CarriedLetter {
                outcome: wire::ReceiptOutcome::Stored.into(),
                code: 0,
                peer: "Shelter A".to_owned(),
                pack: vec![7; 16],
                number,
                count: 4,
            };
            match letter.first() {
                Some(2) => wire::CarriedLetter { outcome: wire::ReceiptOutcome::Later.into(), code: 22, ..of_pack },
                Some(9) => wire::CarriedLetter {
                    outcome: wire::ReceiptOutcome::Refused.into(),
                    code: 12,
                    ..wire::CarriedLetter::default()
                },
                _ => of_pack,
            }
        };
        let letters = (1..).zip(&request.get_ref().letters).map(carried).collect();
        Ok(Response::new(wire::CarryInResponse { letters }))
    }

    async fn allow_relay(&self, request: Request<wire::AllowRelayRequest>) -> Answer<wire::AllowRelayResponse> {
        self.record("AllowRelay", request.get_ref());
        let said = request.into_inner();
        let letters = if said.end { 0 } else { said.letters };
        let days = if said.end { 14 } else { said.days };
        let consent = wire::RelayConsent { letters, bytes: said.bytes, days, ..sample::consent() };
        Ok(Response::new(wire::AllowRelayResponse { consent: Some(consent) }))
    }

    async fn use_relay(&self, request: Request<wire::UseRelayRequest>) -> Answer<wire::UseRelayResponse> {
        self.record("UseRelay", request.get_ref());
        let said = request.into_inner();
        let route = wire::RelayRoute { peer: said.peer, relay: said.relay, ..wire::RelayRoute::default() };
        Ok(Response::new(wire::UseRelayResponse { route: Some(route) }))
    }

    async fn list_relays(&self, request: Request<wire::ListRelaysRequest>) -> Answer<wire::ListRelaysResponse> {
        self.record("ListRelays", request.get_ref());
        let routes = vec![sample::route("Shelter A", 3, 0), sample::route("Shelter\u{1b}[2J B", 0, 154)];
        Ok(Response::new(wire::ListRelaysResponse { consents: vec![sample::consent()], routes }))
    }
}

#[tonic::async_trait]
impl CaseService for Script {
    async fn create_case(&self, request: Request<wire::CreateCaseRequest>) -> Answer<wire::CreateCaseResponse> {
        self.record("CreateCase", request.get_ref());
        let external_ref = request.into_inner().external_ref;
        Ok(Response::new(wire::CreateCaseResponse { case: Some(wire::Case { external_ref, ..sample::case() }) }))
    }

    async fn get_case(&self, request: Request<wire::GetCaseRequest>) -> Answer<wire::GetCaseResponse> {
        self.record("GetCase", request.get_ref());
        if request.get_ref().trail.is_empty() {
            known_case(&request.get_ref().case)?;
        }
        Ok(Response::new(wire::GetCaseResponse { case: Some(sample::case()) }))
    }

    async fn list_cases(&self, request: Request<wire::ListCasesRequest>) -> Answer<wire::ListCasesResponse> {
        self.record("ListCases", request.get_ref());
        let cases = vec![sample::case(), sample::untaken_case()];
        Ok(Response::new(wire::ListCasesResponse { cases, next_page_token: String::new() }))
    }

    async fn take_case(&self, request: Request<wire::TakeCaseRequest>) -> Answer<wire::TakeCaseResponse> {
        self.record("TakeCase", request.get_ref());
        known_case(&request.get_ref().case)?;
        Ok(Response::new(wire::TakeCaseResponse { case: Some(sample::case()) }))
    }

    async fn assign_case(&self, request: Request<wire::AssignCaseRequest>) -> Answer<wire::AssignCaseResponse> {
        self.record("AssignCase", request.get_ref());
        known_case(&request.get_ref().case)?;
        Ok(Response::new(wire::AssignCaseResponse { case: Some(sample::case()) }))
    }

    async fn join_cases(&self, request: Request<wire::JoinCasesRequest>) -> Answer<wire::JoinCasesResponse> {
        self.record("JoinCases", request.get_ref());
        known_case(&request.get_ref().from)?;
        Ok(Response::new(wire::JoinCasesResponse { case: Some(sample::case()) }))
    }

    async fn close_case(&self, request: Request<wire::CloseCaseRequest>) -> Answer<wire::CloseCaseResponse> {
        self.record("CloseCase", request.get_ref());
        known_case(&request.get_ref().case)?;
        Ok(Response::new(wire::CloseCaseResponse {
            case: Some(wire::Case { closed: 1_795_298_400, ..sample::case() }),
        }))
    }

    async fn reopen_case(&self, request: Request<wire::ReopenCaseRequest>) -> Answer<wire::ReopenCaseResponse> {
        self.record("ReopenCase", request.get_ref());
        known_case(&request.get_ref().case)?;
        Ok(Response::new(wire::ReopenCaseResponse { case: Some(sample::case()) }))
    }

    async fn set_file_number(
        &self,
        request: Request<wire::SetFileNumberRequest>,
    ) -> Answer<wire::SetFileNumberResponse> {
        self.record("SetFileNumber", request.get_ref());
        known_case(&request.get_ref().case)?;
        let external_ref = request.into_inner().external_ref;
        Ok(Response::new(wire::SetFileNumberResponse { case: Some(wire::Case { external_ref, ..sample::case() }) }))
    }

    async fn exclude_person(
        &self,
        request: Request<wire::ExcludePersonRequest>,
    ) -> Answer<wire::ExcludePersonResponse> {
        self.record("ExcludePerson", request.get_ref());
        known_case(&request.get_ref().case)?;
        Ok(Response::new(wire::ExcludePersonResponse { exclusion: Some(sample::exclusion()) }))
    }

    async fn list_exclusions(
        &self,
        request: Request<wire::ListExclusionsRequest>,
    ) -> Answer<wire::ListExclusionsResponse> {
        self.record("ListExclusions", request.get_ref());
        known_case(&request.get_ref().case)?;
        Ok(Response::new(wire::ListExclusionsResponse { exclusions: vec![sample::exclusion()] }))
    }

    async fn decide_exclusion(
        &self,
        request: Request<wire::DecideExclusionRequest>,
    ) -> Answer<wire::DecideExclusionResponse> {
        self.record("DecideExclusion", request.get_ref());
        known_case(&request.get_ref().case)?;
        let ruling = request.get_ref().ruling;
        Ok(Response::new(wire::DecideExclusionResponse {
            exclusion: Some(wire::CaseExclusion { ruling, ..sample::exclusion() }),
        }))
    }

    async fn break_glass(&self, request: Request<wire::BreakGlassRequest>) -> Answer<wire::BreakGlassResponse> {
        self.record("BreakGlass", request.get_ref());
        match request.get_ref().approval.is_empty() {
            true => Err(refused(Code::FailedPrecondition, "NEEDS_APPROVAL")),
            false => Ok(Response::new(wire::BreakGlassResponse { until: sample::NIGHT + 86_400 })),
        }
    }
}

/// The sample's case alone is here.
fn known_case(beginning: &[u8]) -> Result<(), Status> {
    match sample::case().case.starts_with(beginning) {
        true => Ok(()),
        false => Err(Status::not_found("there is no such case here")),
    }
}

#[tonic::async_trait]
impl OnCallService for Script {
    async fn set_duty(&self, request: Request<wire::SetDutyRequest>) -> Answer<wire::SetDutyResponse> {
        self.record("SetDuty", request.get_ref());
        let asked = request.into_inner().duty.unwrap_or_default();
        let account = if asked.account.is_empty() { Vec::new() } else { sample::account().account };
        Ok(Response::new(wire::SetDutyResponse { duty: Some(wire::Duty { duty: vec![0xd1; 16], account, ..asked }) }))
    }

    async fn list_duty(&self, request: Request<wire::ListDutyRequest>) -> Answer<wire::ListDutyResponse> {
        self.record("ListDuty", request.get_ref());
        let (duties, gaps) = (vec![sample::duty(), sample::holiday()], vec![sample::gap()]);
        Ok(Response::new(wire::ListDutyResponse { duties, gaps, zone: "Europe/Belgrade".to_owned() }))
    }

    async fn remove_duty(&self, request: Request<wire::RemoveDutyRequest>) -> Answer<wire::RemoveDutyResponse> {
        self.record("RemoveDuty", request.get_ref());
        Ok(Response::new(wire::RemoveDutyResponse {}))
    }

    async fn get_on_call(&self, request: Request<wire::GetOnCallRequest>) -> Answer<wire::GetOnCallResponse> {
        self.record("GetOnCall", request.get_ref());
        let (on_duty, gaps) = (vec![sample::on_duty()], vec![sample::gap()]);
        Ok(Response::new(wire::GetOnCallResponse { on_duty, gaps, zone: "Europe/Belgrade".to_owned() }))
    }

    async fn take_call(&self, request: Request<wire::TakeCallRequest>) -> Answer<wire::TakeCallResponse> {
        self.record("TakeCall", request.get_ref());
        Ok(Response::new(wire::TakeCallResponse {}))
    }
}

#[tonic::async_trait]
impl ChangeService for Script {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<wire::WatchResponse, Status>> + Send>>;

    async fn list_changes(&self, request: Request<wire::ListChangesRequest>) -> Answer<wire::ListChangesResponse> {
        self.record("ListChanges", request.get_ref());
        let asked = request.get_ref();
        if asked.cursor == [9] {
            return Err(refused(Code::InvalidArgument, "BAD_CURSOR"));
        }
        let changes = if asked.everything || !asked.cursor.is_empty() { sample::changes() } else { Vec::new() };
        Ok(Response::new(wire::ListChangesResponse { changes, cursor: vec![0xc1; 8], more: false }))
    }

    /// Tells something once; whoever comes with a cursor hears no more, until they leave.
    async fn watch(&self, request: Request<wire::WatchRequest>) -> Answer<Self::WatchStream> {
        self.record("Watch", request.get_ref());
        if !request.get_ref().cursor.is_empty() {
            return Ok(Response::new(Box::pin(tokio_stream::pending())));
        }
        let message = |changes, cursor| Ok(wire::WatchResponse { changes, cursor: vec![cursor; 8] });
        let messages = [message(Vec::new(), 0xc0), message(sample::changes(), 0xc1)];
        Ok(Response::new(Box::pin(tokio_stream::iter(messages))))
    }
}

#[tonic::async_trait]
impl AgreementService for Script {
    async fn propose_agreement(
        &self,
        request: Request<wire::ProposeAgreementRequest>,
    ) -> Answer<wire::ProposeAgreementResponse> {
        self.record("ProposeAgreement", request.get_ref());
        Ok(Response::new(wire::ProposeAgreementResponse { agreement: Some(sample::agreement()) }))
    }

    async fn sign_agreement(
        &self,
        request: Request<wire::SignAgreementRequest>,
    ) -> Answer<wire::SignAgreementResponse> {
        self.record("SignAgreement", request.get_ref());
        Ok(Response::new(wire::SignAgreementResponse { agreement: Some(sample::agreement()) }))
    }

    async fn list_agreements(
        &self,
        request: Request<wire::ListAgreementsRequest>,
    ) -> Answer<wire::ListAgreementsResponse> {
        self.record("ListAgreements", request.get_ref());
        let agreements = vec![sample::agreement()];
        Ok(Response::new(wire::ListAgreementsResponse { agreements, next_page_token: String::new() }))
    }

    async fn get_agreement(&self, request: Request<wire::GetAgreementRequest>) -> Answer<wire::GetAgreementResponse> {
        self.record("GetAgreement", request.get_ref());
        let agreement = sample::agreement();
        if agreement.agreement != request.get_ref().agreement {
            return Err(refused(Code::NotFound, "UNKNOWN_AGREEMENT"));
        }
        Ok(Response::new(wire::GetAgreementResponse { agreement: Some(agreement), envelope: sample::envelope() }))
    }
}

#[tonic::async_trait]
impl TrailService for Script {
    async fn open_trail(&self, request: Request<wire::OpenTrailRequest>) -> Answer<wire::OpenTrailResponse> {
        self.record("OpenTrail", request.get_ref());
        match request.get_ref().peer.as_str() {
            "Stranger" => Err(refused(Code::FailedPrecondition, "PEER_NOT_CONFIRMED")),
            "Forbidden" => Err(refused(Code::PermissionDenied, "NOT_PERMITTED")),
            "Locked" => Err(refused(Code::FailedPrecondition, "KEY_LOCKED")),
            "Slow" => Err(Status::deadline_exceeded("")),
            _ if request.get_ref().validate_only => Ok(Response::new(wire::OpenTrailResponse::default())),
            _ => Ok(Response::new(wire::OpenTrailResponse { trail: sample::TRAIL.to_vec(), differs: Vec::new() })),
        }
    }

    async fn record_event(&self, request: Request<wire::RecordEventRequest>) -> Answer<wire::RecordEventResponse> {
        self.record("RecordEvent", request.get_ref());
        let event = if request.get_ref().validate_only { Vec::new() } else { vec![0xe1; 32] };
        let request = request.get_ref();
        let differs = match request.from_case.is_empty() {
            true => Vec::new(),
            false => request.fields.iter().map(|field| field.label.clone()).collect(),
        };
        Ok(Response::new(wire::RecordEventResponse { event, differs }))
    }

    async fn get_trail(&self, request: Request<wire::GetTrailRequest>) -> Answer<wire::GetTrailResponse> {
        self.record("GetTrail", request.get_ref());
        let asked = request.get_ref();
        let trail = [sample::TRAIL, sample::OTHER_TRAIL, sample::CENTRE_TRAIL]
            .into_iter()
            .find(|trail| trail.starts_with(&asked.trail))
            .ok_or_else(|| refused(Code::NotFound, "NO_SUCH_TRAIL"))?;
        Ok(Response::new(wire::GetTrailResponse { trail: Some(sample::trail(trail, asked.values)) }))
    }

    async fn list_trails(&self, request: Request<wire::ListTrailsRequest>) -> Answer<wire::ListTrailsResponse> {
        self.record("ListTrails", request.get_ref());
        let begins = |id: &[u8; 32]| id.starts_with(&request.get_ref().beginning);
        let all = [sample::TRAIL, sample::OTHER_TRAIL, sample::CENTRE_TRAIL];
        let found =
            if request.get_ref().beginning.is_empty() { Some(sample::TRAIL) } else { all.into_iter().find(begins) };
        let found = found.ok_or_else(|| refused(Code::NotFound, "NO_SUCH_TRAIL"))?;
        let trails = vec![wire::Trail { events: Vec::new(), ..sample::trail(found, false) }];
        // Of all, and of what ends, one cannot be read.
        let whole = request.get_ref().beginning.is_empty() && !request.get_ref().waiting;
        let unreadable = whole.then(|| sample::CENTRE_TRAIL.to_vec()).into_iter().collect();
        Ok(Response::new(wire::ListTrailsResponse { trails, next_page_token: String::new(), unreadable }))
    }

    async fn export_trail(&self, request: Request<wire::ExportTrailRequest>) -> Answer<wire::ExportTrailResponse> {
        self.record("ExportTrail", request.get_ref());
        let bundle = b"an invented bundle".to_vec();
        Ok(Response::new(wire::ExportTrailResponse { bundle, fresh_head: true }))
    }

    async fn challenge_trail(
        &self,
        request: Request<wire::ChallengeTrailRequest>,
    ) -> Answer<wire::ChallengeTrailResponse> {
        self.record("ChallengeTrail", request.get_ref());
        let trail = request.into_inner().trail;
        // What the other side's witnesses say, or that it names none.
        let challenge = sample::challenges().into_iter().nth(usize::from(trail != sample::TRAIL));
        Ok(Response::new(wire::ChallengeTrailResponse { challenge, trail }))
    }
}
