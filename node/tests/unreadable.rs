//! One trail of a case that cannot be read any more: the others are shown as they stand, and it counts as one that waits.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeMap, sync::Arc};

use town::{
    CONSENT, Carrier, Pair, enquiry, event, fields, pair, reads, reopened, request_id, say, say_with, until, worker,
};
use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    time::Seconds,
    wire::{self, Act, Beside, Choice, LegalBasis},
};
use uput_node::{
    case::CaseId,
    node::{NewChange, NewEvent, NewFollowUp, NewTrail, Node},
    record,
    storage::KeyKind,
};

/// A shelter that accepted the need, another one that said no and whose trail cannot be read since, and a third thing asked.
struct Night {
    pair: Pair,
    hotline: Arc<Node>,
    case: CaseId,
    jasen: TrailId,
    lost: TrailId,
}

async fn night() -> Night {
    let Pair { hotline, shelter, houses } = pair().await;
    let carriers = Carrier::both(&hotline, &shelter);
    let jasen = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let case = hotline.case_of(&jasen).unwrap();
    let lost = NewTrail { case: Some(case), ..enquiry("shelter-jasen") };
    let lost = hotline.open_trail(lost).await.unwrap().unwrap();
    for trail in [jasen, lost] {
        reads(&shelter, &trail, "asked").await;
        say(&shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
        reads(&hotline, &trail, "held").await;
    }
    let need = [&CONSENT[..], &[("age_band", "30_59")]].concat();
    say_with(&hotline, jasen, Statement::Need, &need).await;
    until(|| async { shelter.show(&worker(), &jasen, false).await.unwrap().stage == 1 }).await;
    say(&shelter, jasen, Statement::Accepted).await.unwrap();
    say(&shelter, lost, Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    reads(&hotline, &jasen, "accepted").await;
    reads(&hotline, &lost, "declined").await;
    until(|| async { hotline.queued().items + shelter.queued().items == 0 }).await;
    // Nobody waits for her in the other one: she may be named.
    let check = NewEvent { validate_only: true, ..identity(jasen) };
    assert_eq!(hotline.record_event(check).await.unwrap(), None);
    drop((carriers, hotline));
    drop(reopened(&houses[0]).await);
    houses[0].open_storage().erase(&record::key_name(&lost, 0), KeyKind::Evidence).unwrap();
    let again = reopened(&houses[0]).await;
    Night { pair: Pair { hotline: again.clone(), shelter, houses }, hotline: again, case, jasen, lost }
}

fn identity(trail: TrailId) -> NewEvent {
    let list = fields(&[&CONSENT[..], &[("name", "Invented Canary Ninety")]].concat());
    let (basis, beside) = (Some(LegalBasis::ExplicitConsent), Beside::Unspecified);
    NewEvent { fields: list, basis, beside, ..event(trail, Statement::Identity) }
}

fn changed(case: CaseId, change: NewChange) -> NewFollowUp {
    let (request_id, of_basis) = (request_id(), BTreeMap::new());
    NewFollowUp { by: worker(), request_id, validate_only: false, case, change, label_words: Vec::new(), of_basis }
}

/// [PLC-12]
#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_read_is_listed_as_that_and_hides_no_other() {
    let night = night().await;
    let listed = night.hotline.list_enquiries(&worker(), &night.case).await.unwrap();
    let choice = |trail: TrailId| listed.iter().find(|one| one.trail == trail.to_vec()).unwrap().choice();
    assert_eq!((listed.len(), choice(night.jasen), choice(night.lost)), (2, Choice::Possible, Choice::Unreadable));
    let known = listed.iter().find(|one| one.trail == night.jasen.to_vec()).unwrap();
    assert_eq!((known.headline.as_str(), known.act()), ("accepted", Act::Referral));
}

/// [CAS-116] [CAS-81]
#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_read_counts_as_one_that_waits_for_her() {
    let night = night().await;
    let refused = night.hotline.record_event(identity(night.jasen)).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::ChooseFirst);
    let chosen = night.hotline.follow_up(changed(night.case, NewChange::Chosen(night.jasen))).await;
    assert_eq!(chosen.err().map(|refused| refused.rejection()), Some(Rejection::ReadFailed));
    let why = NewEvent { beside: Beside::SheWishes, ..identity(night.jasen) };
    night.hotline.record_event(why).await.unwrap();
}

/// [CAS-117]
#[tokio::test(flavor = "multi_thread")]
async fn her_withdrawal_goes_wherever_a_trail_can_be_read() {
    let night = night().await;
    let change = night.hotline.follow_up(changed(night.case, NewChange::ConsentWithdrawn(None))).await.unwrap();
    let step = |trail: TrailId| change.trails.iter().find(|step| step.trail == trail.to_vec()).unwrap();
    assert_eq!(step(night.jasen).say, ["withdrawn"]);
    let lost = step(night.lost);
    assert_eq!((lost.say.len(), lost.why.as_str(), lost.todo.as_str()), (0, "read_failed", "telephone"));
    let listed = night.hotline.list_follow_ups(&worker(), &night.case).await.unwrap();
    assert_eq!((listed.len(), listed[0].trails.len(), listed[0].complete), (1, 2, false));
    let _carriers = Carrier::both(&night.hotline, &night.pair.shelter);
    reads(&night.pair.shelter, &night.jasen, "withdrawn").await;
}
