//! Several who are asked at once: one of three is not known.

use tonic::{Request, Response};
use uput_wire::v1 as wire;
use uput_wire::v1::enquiry_service_server::EnquiryService;

use super::{Answer, Script, sample};

#[tonic::async_trait]
impl EnquiryService for Script {
    async fn ask_several(&self, request: Request<wire::AskSeveralRequest>) -> Answer<wire::AskSeveralResponse> {
        self.record("AskSeveral", request.get_ref());
        let said = request.into_inner();
        let asked = said.peers.iter().map(|peer| match peer.as_str() {
            "Shelter Nowhere" => wire::AskedOne {
                peer: peer.clone(),
                refused: "NO_SUCH_PEER".to_owned(),
                why: "no organisation of that name or ID is known here".to_owned(),
                ..wire::AskedOne::default()
            },
            _ => wire::AskedOne {
                peer: peer.clone(),
                trail: if said.validate_only { Vec::new() } else { sample::TRAIL.to_vec() },
                ..wire::AskedOne::default()
            },
        });
        let (case, asked) = (vec![0x4c; 16], asked.collect());
        Ok(Response::new(wire::AskSeveralResponse { case, asked }))
    }

    async fn list_enquiries(
        &self,
        request: Request<wire::ListEnquiriesRequest>,
    ) -> Answer<wire::ListEnquiriesResponse> {
        self.record("ListEnquiries", request.get_ref());
        let held = wire::Enquiry {
            trail: sample::TRAIL.to_vec(),
            peer: "Shelter A".to_owned(),
            act: wire::Act::Referral.into(),
            service_type: wire::ServiceType::Shelter.into(),
            asked: 1_795_298_400,
            headline: "held".to_owned(),
            stage: 0,
            answer: "held".to_owned(),
            answered: 1_795_299_000,
            until: 1_795_305_600,
            undelivered: 0,
            choice: wire::Choice::Possible.into(),
        };
        let asked = wire::Enquiry {
            trail: sample::CENTRE_TRAIL.to_vec(),
            peer: "Shelter B".to_owned(),
            headline: "asked".to_owned(),
            answer: String::new(),
            answered: 0,
            until: 0,
            undelivered: 1,
            choice: wire::Choice::NoAnswer.into(),
            ..held.clone()
        };
        Ok(Response::new(wire::ListEnquiriesResponse { enquiries: vec![held, asked] }))
    }
}
