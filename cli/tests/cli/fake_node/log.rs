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
            broken: 1,
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

    async fn list_evidence(&self, request: Request<wire::ListEvidenceRequest>) -> Answer<wire::ListEvidenceResponse> {
        self.record("ListEvidence", request.get_ref());
        let piece = |text: &str| {
            let digits = text.lines().find_map(|line| line.strip_prefix("contradiction: ")).unwrap();
            let file = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
            let name = "Invented \u{1b}[2JMinistry".to_owned();
            wire::LogEvidence { organisation: vec![0x2b; 32], name, time: sample::NIGHT, file: file.collect() }
        };
        let evidence = match request.get_ref().peer.as_str() {
            "Nobody" => return Err(refused(Code::NotFound, "NO_SUCH_PEER")),
            "Clinic" => Vec::new(),
            "Liar" => vec![piece(include_str!("../../../../specs/vectors/log/two-checkpoints-that-can-both-be.txt"))],
            _ => vec![
                piece(include_str!("../../../../specs/vectors/log/two-trees-of-one-size.txt")),
                piece(include_str!("../../../../specs/vectors/log/a-tree-that-does-not-begin-with-an-earlier-one.txt")),
            ],
        };
        Ok(Response::new(wire::ListEvidenceResponse { evidence }))
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
