//! What an honest user does wrong, and what it is told: which rule says no, and never the value.

use tonic::{Code, Status};
use uput_core::{
    event::{Decision, Statement},
    rejection::Rejection,
    wire::{self, OpenTrailRequest, trail_service_server::TrailService},
};
use uput_node::rpc::{Trails, status};

use crate::{
    town::{BY, call_as, endpoint, request_id, say},
    yard::{DEMONSTRATION, STORED, Yard, knock, pact, records, yard},
};

/// A value that no answer may repeat.
const CANARY: &str = "Invented Name";

fn asks(peer: &str, fields: &[(&str, &str)]) -> OpenTrailRequest {
    let field = |(label, value): &(&str, &str)| wire::Field { label: (*label).to_owned(), value: (*value).to_owned() };
    OpenTrailRequest {
        request_id: request_id(),
        peer: peer.to_owned(),
        act: wire::Act::Referral.into(),
        service_type: wire::ServiceType::Psychosocial.into(),
        basis: wire::LegalBasis::NoneNeededNonpersonal.into(),
        fields: fields.iter().map(field).collect(),
        ..OpenTrailRequest::default()
    }
}

async fn refused(yard: &Yard, request: OpenTrailRequest) -> Status {
    let refused = Trails(yard.shelter.clone())
        .open_trail(call_as(wire::Role::CaseWorker, "TrailService/OpenTrail", request))
        .await
        .err()
        .unwrap();
    assert!(!refused.message().contains(CANARY));
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_answered_with_its_rule() {
    let yard = yard().await;
    let line = yard.shelter.invite(&BY, "shelter-lipa", vec![endpoint()], 0).await.unwrap();
    let secret = *uput_core::invitation::Invitation::parse(line.expose()).unwrap().secret().expose();
    assert_eq!(knock(&yard.shelter, &yard.lipa, &secret).await, None);
    let other = wire::ServiceType::Shelter.into();
    let cases = [
        (asks("hotlein", &[]), Rejection::NoSuchPeer, Code::NotFound, ""),
        (asks("shelter-lipa", &[]), Rejection::PeerNotConfirmed, Code::FailedPrecondition, ""),
        (asks("hotline", &[("shelter_address", CANARY)]), Rejection::UnknownLabel, Code::InvalidArgument, ""),
        (asks("hotline", &[("adults", CANARY)]), Rejection::BadValue, Code::InvalidArgument, "(adults)"),
        (asks("hotline", &[("name", CANARY)]), Rejection::OutsideProfile, Code::FailedPrecondition, "rule 4: name"),
        (
            OpenTrailRequest {
                stage: 1,
                basis: wire::LegalBasis::ExplicitConsent.into(),
                ..asks("hotline", &[("age_band", "30_59")])
            },
            Rejection::BasisNotAllowed,
            Code::FailedPrecondition,
            "rule 4: consent_",
        ),
        (
            OpenTrailRequest { stage: 1, basis: wire::LegalBasis::LegalDuty.into(), ..asks("hotline", &[]) },
            Rejection::BasisNotAllowed,
            Code::FailedPrecondition,
            "rule 4",
        ),
        (
            OpenTrailRequest { service_type: other, ..asks("hotline", &[]) },
            Rejection::NoRule,
            Code::FailedPrecondition,
            "",
        ),
        (
            OpenTrailRequest { act: wire::Act::Notification.into(), ..asks("hotline", &[]) },
            Rejection::NoRule,
            Code::FailedPrecondition,
            "",
        ),
    ];
    for (n, (request, rejection, code, words)) in cases.into_iter().enumerate() {
        let refused = refused(&yard, request).await;
        assert_eq!((status::rejection(&refused), refused.code()), (Some(rejection), code), "case {n}");
        assert!(refused.message().contains(words), "case {n}: {}", refused.message());
    }
    assert!(yard.shelter.trail_ids().unwrap().is_empty());
}

/// [AGR-24]
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_is_not_ours_to_make_is_not_written() {
    let yard = yard().await;
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let decision = Decision {
        kind: wire::DecisionType::Placement,
        outcome: wire::DecisionOutcome::Granted,
        expiry: None,
        evidence: None,
    };
    let refused = say(&yard.shelter, opening.trail(), Statement::Decision(decision)).await;
    assert_eq!(refused.err().unwrap().rejection(), Rejection::NoRule);
    assert_eq!(yard.shown(&opening).await.events.len(), 2);
}

/// [AGR-20]
#[tokio::test(flavor = "multi_thread")]
async fn under_an_agreement_that_is_over_or_not_signed_by_all_our_own_node_opens_nothing() {
    let yard = yard().await;
    let over = DEMONSTRATION.replace("valid_until = 2100-01-01", "valid_until = 2021-01-01");
    let other = DEMONSTRATION.replace("Night admission", "Another night");
    let parties = yard.parties();
    let (over, ended) = pact(&over, parties, &parties);
    let (other, unsigned) = pact(&other, parties, &parties[..2]);
    let content = wire::LetterContent {
        key_records: records(&parties),
        agreements: vec![ended, unsigned],
        ..wire::LetterContent::default()
    };
    assert_eq!(yard.send(&content).await, STORED);
    let none = uput_core::id::Id::of(b"none").as_bytes().to_vec();
    let cases = [
        (over.to_vec(), Rejection::AgreementNotInForce),
        (other.to_vec(), Rejection::AgreementNotSigned),
        (none, Rejection::UnknownAgreement),
    ];
    for (agreement, rejection) in cases {
        let request = OpenTrailRequest { agreement, ..asks("hotline", &[("adults", "1")]) };
        assert_eq!(status::rejection(&refused(&yard, request).await), Some(rejection));
    }
    assert!(yard.shelter.trail_ids().unwrap().is_empty());
    let allowed = Trails(yard.shelter.clone())
        .open_trail(call_as(wire::Role::CaseWorker, "TrailService/OpenTrail", asks("hotline", &[("adults", "1")])))
        .await;
    assert!(allowed.is_ok(), "the control: without a name, the one in force is taken");
}
