//! What the fake node says of its log.

use tonic::{Code, Request, Response};
use uput_wire::v1 as wire;
use uput_wire::v1::log_service_server::LogService;

use super::{Answer, Script, refused, sample};

fn witness() -> wire::LogWitness {
    wire::LogWitness {
        organisation: vec![0x2b; 32],
        // It tries to steer the terminal.
        name: "Invented \u{1b}[2JMinistry".to_owned(),
        size: 1_000,
        time: sample::NIGHT,
        difficulty: String::new(),
        by_record: false,
    }
}

#[tonic::async_trait]
impl LogService for Script {
    async fn get_log(&self, request: Request<wire::GetLogRequest>) -> Answer<wire::GetLogResponse> {
        self.record("GetLog", request.get_ref());
        let late = wire::LogWitness {
            organisation: vec![0x2c; 32],
            name: "ShelterA".to_owned(),
            size: 0,
            time: 0,
            difficulty: "too many requests; wait and try again".to_owned(),
            by_record: true,
        };
        let log = wire::WitnessedLog {
            organisation: vec![0x2d; 32],
            name: "Clinic".to_owned(),
            size: 77,
            time: sample::NIGHT,
        };
        Ok(Response::new(wire::GetLogResponse {
            base_tick: sample::NIGHT / 600,
            size: 1_001,
            root: vec![0x77; 32],
            behind: 0,
            witnesses: vec![witness(), late],
            witnessed: vec![log],
            evidence: 1,
        }))
    }

    async fn add_witness(&self, request: Request<wire::AddWitnessRequest>) -> Answer<wire::AddWitnessResponse> {
        self.record("AddWitness", request.get_ref());
        match request.get_ref().peer.as_str() {
            "Nobody" => Err(refused(Code::NotFound, "NO_SUCH_PEER")),
            _ => Ok(Response::new(wire::AddWitnessResponse { witness: Some(witness()) })),
        }
    }

    async fn remove_witness(
        &self,
        request: Request<wire::RemoveWitnessRequest>,
    ) -> Answer<wire::RemoveWitnessResponse> {
        self.record("RemoveWitness", request.get_ref());
        Ok(Response::new(wire::RemoveWitnessResponse {}))
    }
}
