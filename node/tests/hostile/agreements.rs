//! Agreements that are forged, unknown, not signed by all, over, or that forbid what a peer does all the same.

use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    event::{Event, Opening, Statement, Terms},
    id::{AgreementId, Id},
    letter,
    rejection::Rejection,
    time::Seconds,
    wire::{self, LegalBasis, LetterContent},
};
use uput_node::{clock::SystemEntropy, node::Post, peer::Mailroom};

use crate::{
    said::{Said, labels},
    town::{CONSENT, House, say, until},
    yard::{DEMONSTRATION, Receipt, STORED, Yard, later, meet, pact, records, refused, yard},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_signature_displaces_no_good_one() {
    let yard = yard().await;
    let houses = [&yard.hotline, &yard.shelter_house, &yard.lipa, &yard.centre];
    let held = yard.shelter.held_agreement(&yard.agreement).unwrap().envelope.to_wire();
    let fresh = House::found(5).await;
    let node = fresh.open();
    let text = DEMONSTRATION;
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let parties = [houses[0], &fresh, houses[2], houses[3]];
    let peers = names.iter().zip(parties).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
    let body = compile(text, &peers).unwrap().body;
    let keys: Vec<_> = parties.iter().map(|house| house.organisation_key()).collect();
    let good = Envelope::sign(MediaType::AGREEMENT, body, &keys.iter().collect::<Vec<_>>()).unwrap();
    assert_ne!(good.to_wire().body, held.body);
    let mut forged = good.to_wire();
    let lipa = keys[2].public().id().to_vec();
    forged.signatures.iter_mut().find(|signature| signature.key_id == lipa).unwrap().signature[1] ^= 1;
    meet(&node, &yard.hotline, "hotline").await;
    let letter = async |key_records, agreement: &wire::Envelope| {
        let content = LetterContent { key_records, agreements: vec![agreement.clone()], ..LetterContent::default() };
        let sealed = letter::seal(node.me().chain().newest(), &content, &mut SystemEntropy).unwrap();
        Post(node.clone()).receive(&yard.hotline.id, sealed).await
    };
    // Whose signature it is cannot be checked yet: it is left out.
    assert_eq!(letter(Vec::new(), &forged).await, STORED);
    assert_eq!(letter(records(&[&yard.lipa, &yard.centre]), &forged).await, refused(Rejection::BadSignature));
    assert_eq!(letter(Vec::new(), &good.to_wire()).await, STORED);
    assert!(node.held_agreement(&good.id().into()).unwrap().signed.is_some());
    drop(node);
    until(async || std::fs::File::open(fresh.path().join("LOCK")).unwrap().try_lock().is_ok()).await;
    assert!(fresh.open().held_agreement(&good.id().into()).unwrap().signed.is_some(), "and it starts again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_agreement_is_waited_for() {
    let yard = yard().await;
    let opening = yard.opening(&[], |_, opening, _| opening.agreement = Id::of(b"none").into());
    assert_eq!(yard.say(&[&opening]).await, later(Rejection::UnknownAgreement));
    assert!(!yard.knows(&opening).await);
}

/// The hotline offers another agreement.
async fn offer(yard: &Yard, text: &str, parties: [&House; 4], signers: &[&House]) -> (AgreementId, Receipt) {
    let (id, signed) = pact(text, parties, signers);
    let key_records = records(&parties);
    let content = LetterContent { key_records, agreements: vec![signed], ..LetterContent::default() };
    (id, yard.send(&content).await)
}

/// The same agreement, over since 2021.
fn over() -> String {
    let text = DEMONSTRATION.replace("valid_until = 2100-01-01", "valid_until = 2021-01-01");
    assert_ne!(text, DEMONSTRATION);
    text
}

/// An opening under an agreement that says what it may not say.
fn under(yard: &Yard, agreement: AgreementId, change: impl FnOnce(&mut Opening, &mut Terms)) -> Said {
    let fields = [&CONSENT[..], &[("places", "2"), ("age_band", "30_59")]].concat();
    yard.opening(&fields, |_, opening, terms| {
        opening.agreement = agreement;
        *terms = Terms { stage: 1, rule: 1, basis: LegalBasis::ExplicitConsent, article: 0 };
        change(opening, terms);
    })
}

/// What the shelter has of an opening: its stage, the values, the finding.
async fn taken(yard: &Yard, opening: &Said) -> (u32, usize, Vec<String>) {
    let shown = yard.shown(opening).await;
    assert_eq!(shown.headline, "asked", "she is not turned away");
    let event = yard.seen(opening, opening).await;
    assert_eq!(labels(&event).len() + event.stripped.len(), 7, "what was dropped is said");
    (shown.stage, labels(&event).len(), event.findings)
}

/// [AGR-20]
#[tokio::test(flavor = "multi_thread")]
async fn under_an_agreement_that_not_all_have_signed_nothing_is_opened() {
    let yard = yard().await;
    let text = DEMONSTRATION.replace("Night admission", "Another night");
    let parties = yard.parties();
    let (id, answer) = offer(&yard, &text, parties, &parties[..3]).await;
    assert_eq!(answer, STORED);
    let opening = under(&yard, id, |_, _| {});
    assert_eq!(yard.say(&[&opening]).await, later(Rejection::AgreementNotSigned));
    assert!(!yard.knows(&opening).await);
    assert_eq!(offer(&yard, &text, parties, &parties[3..]).await.1, STORED);
    assert_eq!(yard.say(&[&opening]).await, STORED);
    assert_eq!(taken(&yard, &opening).await, (1, 7, Vec::new()));
}

/// [AGR-20] [EVT-13]
#[tokio::test(flavor = "multi_thread")]
async fn under_an_agreement_that_is_over_a_lying_peer_tells_us_nothing() {
    let yard = yard().await;
    let (id, answer) = offer(&yard, &over(), yard.parties(), &yard.parties()).await;
    assert_eq!(answer, STORED);
    let opening = under(&yard, id, |_, _| {});
    assert_eq!(yard.say(&[&opening]).await, STORED);
    assert_eq!(taken(&yard, &opening).await, (0, 0, vec!["agreement_not_in_force".to_owned()]));
    // An answer outlives it; a need does not.
    let until = Seconds::new(4_000_000_000).unwrap();
    let held = say(&yard.shelter, opening.trail(), Statement::Held { until }).await.unwrap();
    let fields = [&CONSENT[..], &[("age_band", "30_59")]].concat();
    let need = yard.disclosing(&opening, Statement::Need, &fields, |event: &mut Event| event.seen = Some(held));
    assert_eq!(yard.say(&[&need]).await, STORED);
    assert!(labels(&yard.seen(&opening, &need).await).is_empty());
}

/// [AGR-21] [EVT-13]
#[tokio::test(flavor = "multi_thread")]
async fn what_no_rule_allows_opens_at_stage_0_with_nothing_in_it() {
    let yard = yard().await;
    let cases: [fn(&mut Opening, &mut Terms); 5] = [
        |opening, _| opening.act = wire::Act::Notification,
        |opening, _| opening.service_type = wire::ServiceType::SocialWork,
        |_, terms| terms.rule = 2,
        |_, terms| terms.rule = 5,
        |_, terms| terms.rule = 99,
    ];
    for (n, change) in cases.into_iter().enumerate() {
        let opening = under(&yard, yard.agreement, change);
        assert_eq!(yard.say(&[&opening]).await, STORED, "case {n}");
        assert_eq!(taken(&yard, &opening).await, (0, 0, vec!["no_rule".to_owned()]), "case {n}");
    }
}

/// [EVT-17]
#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_to_which_one_of_us_is_no_party_opens_nothing() {
    let yard = yard().await;
    let fresh = House::found(5).await;
    let [hotline, shelter, lipa, centre] = yard.parties();
    meet(&yard.shelter, &fresh, "fresh").await;
    let parties = [&fresh, shelter, lipa, centre];
    let (id, signed) = pact(DEMONSTRATION, parties, &parties);
    let letter = yard.seal(&LetterContent { agreements: vec![signed], ..LetterContent::default() });
    assert_eq!(Post(yard.shelter.clone()).receive(&fresh.id, letter).await, STORED);
    assert_eq!(yard.say(&[&under(&yard, id, |_, _| {})]).await, refused(Rejection::NoRule));
    let parties = [hotline, &fresh, lipa, centre];
    let (id, answer) = offer(&yard, DEMONSTRATION, parties, &parties).await;
    assert_eq!(answer, refused(Rejection::NoRule));
    assert_eq!(yard.say(&[&under(&yard, id, |_, _| {})]).await, later(Rejection::UnknownAgreement));
    assert!(yard.shelter.trail_ids().unwrap().is_empty());
}
