//! What the fake node says of overrides.

use tonic::{Code, Request, Response};
use uput_wire::v1 as wire;
use uput_wire::v1::override_service_server::OverrideService;

use super::{Answer, Script, refused, sample};

fn overridden(number: u8, kind: wire::OverrideKind) -> wire::Override {
    let by_two = kind == wire::OverrideKind::Disclosure;
    wire::Override {
        override_id: vec![number; 16],
        kind: kind.into(),
        time: sample::NIGHT,
        case: vec![0x4c; 16],
        trail: if by_two { vec![0x3f; 32] } else { Vec::new() },
        // It tries to steer the terminal.
        done_by_name: "An Invented \u{1b}[2JWorker".to_owned(),
        approved_by_name: if by_two { "An Invented Supervisor".to_owned() } else { String::new() },
        due: sample::NIGHT + 86_400,
        review: None,
        may_review: by_two,
        overdue: by_two,
        overbooking: 0,
        beside: 0,
    }
}

fn review(outcome: i32, reason: i32) -> Option<wire::Review> {
    let by_name = "Another Invented Supervisor".to_owned();
    Some(wire::Review { outcome, reason, by_name, time: sample::NIGHT + 3_600 })
}

#[tonic::async_trait]
impl OverrideService for Script {
    async fn list_overrides(
        &self,
        request: Request<wire::ListOverridesRequest>,
    ) -> Answer<wire::ListOverridesResponse> {
        self.record("ListOverrides", request.get_ref());
        let known = (wire::ReviewOutcome::Upheld.into(), wire::ReviewReason::DangerWasReal.into());
        let done = wire::Override {
            review: review(known.0, known.1),
            may_review: false,
            ..overridden(0x6d, wire::OverrideKind::ReachedOutside)
        };
        let places = wire::Override {
            overbooking: wire::Overbooking::Emergency.into(),
            ..overridden(0x7e, wire::OverrideKind::Overbooked)
        };
        let (overrides, next) = match (request.get_ref().waiting, request.get_ref().page_token.as_str()) {
            (false, "") => (vec![overridden(0x5c, wire::OverrideKind::Disclosure)], "2"),
            (true, _) => (vec![overridden(0x5c, wire::OverrideKind::Disclosure)], ""),
            (false, _) => (vec![done, places], ""),
        };
        Ok(Response::new(wire::ListOverridesResponse { overrides, next_page_token: next.to_owned() }))
    }

    async fn review_override(
        &self,
        request: Request<wire::ReviewOverrideRequest>,
    ) -> Answer<wire::ReviewOverrideResponse> {
        self.record("ReviewOverride", request.get_ref());
        let said = request.into_inner();
        if ![0x5c; 16].starts_with(&said.override_id) {
            return Err(refused(Code::NotFound, "NO_SUCH_OVERRIDE"));
        }
        let reviewed = wire::Override {
            review: review(said.outcome, said.reason),
            may_review: false,
            overdue: false,
            ..overridden(0x5c, wire::OverrideKind::Disclosure)
        };
        Ok(Response::new(wire::ReviewOverrideResponse { reviewed: Some(reviewed) }))
    }

    async fn count_overrides(
        &self,
        request: Request<wire::CountOverridesRequest>,
    ) -> Answer<wire::CountOverridesResponse> {
        self.record("CountOverrides", request.get_ref());
        let count = wire::OverrideCount {
            month: 202_611,
            kind: wire::OverrideKind::Disclosure.into(),
            happened: 5,
            by_two: 5,
            upheld: 2,
            upheld_with_lesson: 1,
            not_upheld: 1,
            overdue: 1,
        };
        Ok(Response::new(wire::CountOverridesResponse { counts: vec![count] }))
    }
}
