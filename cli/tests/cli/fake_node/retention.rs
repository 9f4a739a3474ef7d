//! What the fake node says of retentions and holds.

use tonic::{Code, Request, Response};
use uput_wire::v1 as wire;
use uput_wire::v1::retention_service_server::RetentionService;

use super::{Answer, Script, refused, sample};

fn ending(number: u8, part: wire::RetentionPart, state: wire::RetentionState) -> wire::RetentionEntry {
    let erased = state == wire::RetentionState::Erased;
    wire::RetentionEntry {
        trail: vec![number; 32],
        // It tries to steer the terminal.
        peer: "shelter\u{1b}[2J-jasen".to_owned(),
        part: part.into(),
        state: state.into(),
        due: sample::NIGHT,
        noted: if erased { 0 } else { sample::NIGHT - 7 * 86_400 },
        days_left: if erased { 0 } else { 7 },
        erased: if erased { sample::NIGHT } else { 0 },
        reason: if erased { wire::ErasureReason::Retention.into() } else { 0 },
    }
}

fn hold(number: u8, state: wire::HoldState) -> wire::Hold {
    let confirmed = state != wire::HoldState::Set;
    wire::Hold {
        hold: vec![number; 16],
        trail: if number == 0x5d { vec![0x3f; 32] } else { Vec::new() },
        case: if number == 0x5d { Vec::new() } else { vec![0x4c; 16] },
        reason: wire::HoldReason::CriminalProceedings.into(),
        state: state.into(),
        set: sample::NIGHT - 86_400,
        until: sample::NIGHT + 30 * 86_400,
        set_by: vec![0x11; 16],
        confirmed_by: if confirmed { vec![0x12; 16] } else { Vec::new() },
        ending_by: if state == wire::HoldState::Ending { vec![0x11; 16] } else { Vec::new() },
        ended_by: Vec::new(),
        ended: 0,
    }
}

#[tonic::async_trait]
impl RetentionService for Script {
    async fn list_retentions(
        &self,
        request: Request<wire::ListRetentionsRequest>,
    ) -> Answer<wire::ListRetentionsResponse> {
        use wire::{RetentionPart as Part, RetentionState as State};
        self.record("ListRetentions", request.get_ref());
        let (retentions, next) = match request.get_ref().page_token.as_str() {
            "" => (vec![ending(0x3f, Part::Values, State::Noted), ending(0x4a, Part::Evidence, State::Held)], "2"),
            _ => (vec![ending(0x5b, Part::Values, State::Erased)], ""),
        };
        Ok(Response::new(wire::ListRetentionsResponse { retentions, next_page_token: next.to_owned(), left_open: 2 }))
    }

    async fn set_hold(&self, request: Request<wire::SetHoldRequest>) -> Answer<wire::SetHoldResponse> {
        self.record("SetHold", request.get_ref());
        if request.get_ref().trail.starts_with(&[0xde, 0xad]) {
            return Err(refused(Code::NotFound, "NO_SUCH_TRAIL"));
        }
        Ok(Response::new(wire::SetHoldResponse { hold: Some(hold(0x5d, wire::HoldState::Set)) }))
    }

    async fn confirm_hold(&self, request: Request<wire::ConfirmHoldRequest>) -> Answer<wire::ConfirmHoldResponse> {
        self.record("ConfirmHold", request.get_ref());
        if request.get_ref().hold != [0x5d; 16] {
            return Err(refused(Code::NotFound, "NO_SUCH_HOLD"));
        }
        Ok(Response::new(wire::ConfirmHoldResponse { hold: Some(hold(0x5d, wire::HoldState::Confirmed)) }))
    }

    async fn end_hold(&self, request: Request<wire::EndHoldRequest>) -> Answer<wire::EndHoldResponse> {
        self.record("EndHold", request.get_ref());
        Ok(Response::new(wire::EndHoldResponse { hold: Some(hold(0x5d, wire::HoldState::Ending)) }))
    }

    async fn list_holds(&self, request: Request<wire::ListHoldsRequest>) -> Answer<wire::ListHoldsResponse> {
        self.record("ListHolds", request.get_ref());
        let holds = vec![hold(0x5d, wire::HoldState::Set), hold(0x6e, wire::HoldState::Confirmed)];
        Ok(Response::new(wire::ListHoldsResponse { holds, next_page_token: String::new() }))
    }
}
