//! What is held about her, changes and search, as the fake node answers.

use tonic::{Request, Response};
use uput_wire::v1 as wire;
use uput_wire::v1::follow_up_service_server::FollowUpService;

use super::{Answer, Script, sample};

const CASE: [u8; 16] = [0x4c; 16];

fn record(values: bool) -> wire::CaseRecord {
    let value = |text: &str| if values { text.to_owned() } else { String::new() };
    let field = |label: &str, text: &str, taken_from: Vec<u8>| wire::RecordedField {
        label: label.to_owned(),
        value: value(text),
        since: 1_795_298_400,
        taken_from,
        knowingly: label == "name",
        ..wire::RecordedField::default()
    };
    wire::CaseRecord {
        case: CASE.to_vec(),
        fields: vec![
            field("name", "Invented Name", Vec::new()),
            field("safe_contact_telephone", "+38269000111", sample::TRAIL.to_vec()),
        ],
        excluded_organisations: Vec::new(),
        changed: 1_795_298_400,
        marks: if values { vec![suspected()] } else { Vec::new() },
        ..wire::CaseRecord::default()
    }
}

fn suspected() -> wire::CaseMark {
    let kind = wire::CaseMarkKind::CaregiverSuspected.into();
    wire::CaseMark { kind, label: String::new(), stands: true, since: 1_795_298_400 }
}

fn change(validate_only: bool) -> wire::FollowedChange {
    let said = wire::FollowedTrail {
        trail: sample::TRAIL.to_vec(),
        peer: "Shelter A".to_owned(),
        say: vec!["warned:do_not_contact".to_owned(), "corrected".to_owned()],
        events: if validate_only { Vec::new() } else { vec![vec![0xe1; 32], vec![0xe2; 32]] },
        state: if validate_only { wire::FollowState::ToBeSaid } else { wire::FollowState::OnItsWay }.into(),
        said: if validate_only { 0 } else { 1_795_298_400 },
        overdue: !validate_only,
        ..wire::FollowedTrail::default()
    };
    let silent = wire::FollowedTrail {
        trail: sample::CENTRE_TRAIL.to_vec(),
        peer: "Centre".to_owned(),
        state: wire::FollowState::NothingSaid.into(),
        why: "kept_under_law".to_owned(),
        todo: "telephone".to_owned(),
        ..wire::FollowedTrail::default()
    };
    wire::FollowedChange {
        follow_up: if validate_only { Vec::new() } else { vec![0xf0; 16] },
        change: "safe_contact_lost".to_owned(),
        time: 1_795_298_400,
        complete: !validate_only,
        trails: vec![said, silent],
        unconfirmed: u32::from(!validate_only),
    }
}

#[tonic::async_trait]
impl FollowUpService for Script {
    async fn update_case_record(
        &self,
        request: Request<wire::UpdateCaseRecordRequest>,
    ) -> Answer<wire::UpdateCaseRecordResponse> {
        self.record("UpdateCaseRecord", request.get_ref());
        let replaced = vec!["name".to_owned()];
        Ok(Response::new(wire::UpdateCaseRecordResponse { record: Some(record(false)), replaced }))
    }

    async fn get_case_record(
        &self,
        request: Request<wire::GetCaseRecordRequest>,
    ) -> Answer<wire::GetCaseRecordResponse> {
        self.record("GetCaseRecord", request.get_ref());
        Ok(Response::new(wire::GetCaseRecordResponse {
            record: Some(record(request.get_ref().values)),
            boxes: Vec::new(),
        }))
    }

    async fn erase_case_record(
        &self,
        request: Request<wire::EraseCaseRecordRequest>,
    ) -> Answer<wire::EraseCaseRecordResponse> {
        self.record("EraseCaseRecord", request.get_ref());
        Ok(Response::new(wire::EraseCaseRecordResponse { erased: 1_795_298_400 }))
    }

    async fn follow_up(&self, request: Request<wire::FollowUpRequest>) -> Answer<wire::FollowUpResponse> {
        self.record("FollowUp", request.get_ref());
        Ok(Response::new(wire::FollowUpResponse { follow_up: Some(change(request.get_ref().validate_only)) }))
    }

    async fn list_follow_ups(
        &self,
        request: Request<wire::ListFollowUpsRequest>,
    ) -> Answer<wire::ListFollowUpsResponse> {
        self.record("ListFollowUps", request.get_ref());
        let follow_ups = vec![change(false)];
        Ok(Response::new(wire::ListFollowUpsResponse { follow_ups, next_page_token: String::new() }))
    }

    async fn search_cases(&self, request: Request<wire::SearchCasesRequest>) -> Answer<wire::SearchCasesResponse> {
        self.record("SearchCases", request.get_ref());
        let cases = vec![CASE.to_vec()];
        Ok(Response::new(wire::SearchCasesResponse { cases, next_page_token: String::new() }))
    }
}
