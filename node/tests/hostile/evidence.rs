//! Decisions of another trail that are cited without proof, with a wrong one, or with a forged one.

use uput_core::{
    envelope::Envelope,
    event::{Decision, Event, Opening, Statement, Terms},
    id::EventId,
    key::{Disowned, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
    rejection::Rejection,
    time::Seconds,
    wire::{self, DecisionOutcome, DecisionType, LegalBasis, LetterContent},
};

use crate::{
    said::{Said, content, fresh_nonce, labels, unsaid},
    town::{CONSENT, House, say},
    yard::{Receipt, STORED, Yard, later, records, refused, yard},
};

const PLACED: Decision =
    Decision { kind: DecisionType::Placement, outcome: DecisionOutcome::Granted, expiry: None, evidence: None };

/// What an author says of its decision in a trail that it has with the hotline.
fn issued(yard: &Yard, author: &House, statement: Statement) -> Said {
    let opening = Opening {
        peer: author.id,
        peer_key: author.chain().newest_id(),
        agreement: yard.agreement,
        act: wire::Act::Notification,
        service_type: wire::ServiceType::SocialWork,
        nonce: fresh_nonce(),
        event_version: 1,
        expiry: None,
        about: None,
    };
    let terms = Terms { stage: 0, rule: 2, basis: LegalBasis::LegalDuty, article: 1 };
    let opened = Event { terms: Some(terms), ..unsaid(&yard.hotline, Statement::Opening(opening)) };
    let opened = Said::sign(&yard.hotline, &opened, None);
    let event = Event { trail: opened.trail(), seen: Some(opened.id), ..unsaid(author, statement) };
    Said::sign(author, &event, None)
}

/// The hotline cites a decision in the shelter's trail.
fn cites(yard: &Yard, opening: &Said, decision: Decision, cited: EventId) -> Said {
    yard.next(opening, opening, 1, Statement::Decision(Decision { evidence: Some(cited), ..decision }))
}

async fn letter(yard: &Yard, said: &Said, evidence: &[&wire::Envelope]) -> Receipt {
    let evidence = evidence.iter().map(|envelope| (*envelope).clone()).collect();
    yard.send(&LetterContent { evidence, ..content(&[said]) }).await
}

/// [EVT-15]
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_of_another_trail_is_taken_with_its_proof_alone() {
    let yard = yard().await;
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let made = issued(&yard, &yard.centre, Statement::Decision(PLACED));
    let cited = cites(&yard, &opening, PLACED, made.id);
    assert_eq!(letter(&yard, &cited, &[]).await, later(Rejection::MissingPredecessor), "missing");
    let mut forged = made.clone();
    forged.envelope.signatures[0].signature[9] ^= 1;
    assert_eq!(letter(&yard, &cited, &[&forged.envelope]).await, refused(Rejection::BadSignature), "forged");
    let other = issued(&yard, &yard.centre, Statement::Decision(PLACED));
    assert_eq!(letter(&yard, &cited, &[&other.envelope]).await, later(Rejection::MissingPredecessor), "another one");
    assert_eq!(yard.shown(&opening).await.events.len(), 2, "nothing was taken in");
    assert_eq!(letter(&yard, &cited, &[&other.envelope, &made.envelope, &made.envelope]).await, STORED);
    let seen = yard.seen(&opening, &cited).await;
    assert_eq!((seen.kind.as_str(), seen.evidence), ("decision", made.id.to_vec()));
}

/// The record with which a house disowns its first signing key, of which nothing counts.
fn disowning(house: &House) -> Envelope {
    let chain = house.chain();
    let time = chain.newest().time();
    let end = chain.newest().end();
    let key = chain.newest().signing_key().id();
    let mut draft = KeyRecordDraft::after(chain.newest(), time, end);
    draft.sealing_keys = vec![SealingSecret::from_seed(&[211; 32]).public().clone()];
    draft.disowned = Some(Disowned { key, incarnation: 0, until: None });
    let [signing, tls] = [212, 213].map(|seed| SigningKey::from_seed(&[seed; 32]));
    sign_key_record(draft, &house.organisation_key(), &signing, &tls, None).unwrap()
}

/// [NOD-89] Whoever stole the centre's key gets the hotline to cite what it signs.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_by_a_key_that_its_issuer_disowns_is_taken_from_nobody() {
    let yard = yard().await;
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let made = issued(&yard, &yard.centre, Statement::Decision(PLACED));
    let cited = cites(&yard, &opening, PLACED, made.id);
    let chain = yard.centre.chain();
    let key_records = chain.envelopes().chain([&disowning(&yard.centre)]).map(Envelope::to_wire).collect();
    let told = LetterContent { key_records, evidence: vec![made.envelope.clone()], ..content(&[&cited]) };
    assert_eq!(yard.send(&told).await, refused(Rejection::RevokedSigner));
    assert_eq!(yard.shown(&opening).await.events.len(), 2, "nothing was taken in");
}

/// [EVT-15]
#[tokio::test(flavor = "multi_thread")]
async fn what_proves_no_decision_proves_none_here() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let refusal = Decision { outcome: DecisionOutcome::Refused, ..PLACED };
    let guardian = Decision { kind: DecisionType::Guardianship, ..PLACED };
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let by_centre = |statement| issued(&yard, &yard.centre, statement);
    let second_hand = by_centre(Statement::Decision(Decision { evidence: Some(opening.id), ..PLACED }));
    let cases = [by_centre(Statement::Decision(refusal)), by_centre(Statement::Decision(guardian)), second_hand];
    for (n, made) in cases.iter().chain([&by_centre(Statement::Accepted), &opening]).enumerate() {
        let cited = cites(&yard, &opening, PLACED, made.id);
        assert_eq!(letter(&yard, &cited, &[&made.envelope]).await, refused(Rejection::BadEvidence), "case {n}");
    }
    // In this very trail it proves nothing that is not here.
    let here = yard.next(&opening, &opening, 1, Statement::Decision(PLACED));
    let second = Statement::Decision(Decision { evidence: Some(here.id), ..PLACED });
    let second = yard.next(&opening, &here, 2, second);
    assert_eq!(yard.say(&[&here]).await, STORED);
    assert_eq!(letter(&yard, &second, &[&here.envelope]).await, refused(Rejection::BadEvidence));
    assert_eq!(yard.shown(&opening).await.events.len(), 3);
}

/// An enquiry that the shelter holds a place for; what the hotline says next, and then who she is.
async fn named(yard: &Yard, decision: Decision, cited: Option<&Said>) -> wire::TrailEvent {
    let opening = yard.enquiry();
    let until = Seconds::new(4_000_000_000).unwrap();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let held = say(&yard.shelter, opening.trail(), Statement::Held { until }).await.unwrap();
    let evidence = cited.map(|cited| cited.id);
    let decided = yard.next(&opening, &opening, 1, Statement::Decision(Decision { evidence, ..decision }));
    let fields = [&CONSENT[..], &[("name", "Invented Name")]].concat();
    let named = yard.disclosing(&opening, Statement::Identity, &fields, |event| {
        (event.seq, event.prev, event.seen) = (2, Some(decided.id), Some(held));
    });
    let evidence = cited.map(|cited| cited.envelope.clone()).into_iter().collect();
    let letter = LetterContent { evidence, ..content(&[&decided, &named]) };
    assert_eq!(yard.send(&letter).await, STORED);
    yard.seen(&opening, &named).await
}

/// [AGR-24] [EVT-14]
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_its_author_may_not_make_opens_no_identity() {
    let yard = yard().await;
    let lipas = issued(&yard, &yard.lipa, Statement::Decision(PLACED));
    let centres = issued(&yard, &yard.centre, Statement::Decision(PLACED));
    for cited in [None, Some(&lipas)] {
        let seen = named(&yard, PLACED, cited).await;
        assert!(seen.fields.is_empty(), "dropped unread");
        assert_eq!(seen.findings, ["no_rule"]);
    }
    let seen = named(&yard, PLACED, Some(&centres)).await;
    assert!(labels(&seen).contains(&"name") && seen.findings.is_empty(), "the control: the centre may");
}

/// [EVT-31]
#[tokio::test(flavor = "multi_thread")]
async fn who_she_is_is_not_read_on_a_decision_that_has_ended() {
    let yard = yard().await;
    let now = uput_node::clock::now().get();
    for (expiry, read) in [(now - 60, false), (now + 3600, true)] {
        let decision = Decision { expiry: Seconds::new(expiry), ..PLACED };
        let made = issued(&yard, &yard.centre, Statement::Decision(decision));
        let seen = named(&yard, decision, Some(&made)).await;
        assert_eq!((labels(&seen).contains(&"name"), seen.fields.is_empty()), (read, !read));
    }
}

/// A yes to an earlier need stands for no yes to a later one, and what corrects an unread identity is not read either.
/// [EVT-14] [STA-15]
#[tokio::test(flavor = "multi_thread")]
async fn a_yes_to_an_earlier_need_makes_no_decision_good() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let until = Seconds::new(4_000_000_000).unwrap();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let held = say(&yard.shelter, opening.trail(), Statement::Held { until }).await.unwrap();
    let need = yard.disclosing(&opening, Statement::Need, &CONSENT, |event| event.seen = Some(held));
    assert_eq!(yard.say(&[&need]).await, STORED);
    let yes = say(&yard.shelter, opening.trail(), Statement::Accepted).await.unwrap();
    let again = yard.disclosing(&opening, Statement::Need, &CONSENT, |event| {
        (event.seq, event.prev, event.seen) = (2, Some(need.id), Some(yes));
    });
    let decided = Event { seen: Some(yes), ..yard.next(&opening, &again, 3, Statement::Decision(PLACED)).read() };
    let decided = Said::sign(&yard.hotline, &decided, None);
    let fields = [&CONSENT[..], &[("name", "Invented Name")]].concat();
    let later = |statement, before: &Said, seq| {
        yard.disclosing(&opening, statement, &fields, |event| {
            (event.seq, event.prev, event.seen) = (seq, Some(before.id), Some(yes));
            event.terms = event.terms.map(|terms| Terms { stage: 2, ..terms });
        })
    };
    let named = later(Statement::Identity, &decided, 4);
    let corrected = later(Statement::Corrected, &named, 5);
    assert_eq!(yard.say(&[&again, &decided, &named, &corrected]).await, STORED);
    for said in [&named, &corrected] {
        let seen = yard.seen(&opening, said).await;
        assert!(seen.fields.is_empty(), "dropped unread");
        assert_eq!(seen.findings, ["no_rule"]);
    }
}

/// [EVT-15] [EVT-18]
#[tokio::test(flavor = "multi_thread")]
async fn proof_by_somebody_unknown_waits_for_the_keys() {
    let yard = yard().await;
    let stranger = House::found(5).await;
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let made = issued(&yard, &stranger, Statement::Decision(PLACED));
    let cited = cites(&yard, &opening, PLACED, made.id);
    assert_eq!(letter(&yard, &cited, &[&made.envelope]).await, later(Rejection::UnknownSigner));
    let mut named = made.clone();
    named.envelope.signatures[0].key_id = yard.centre.signing_key().public().id().to_vec();
    let with_keys = async |evidence: &wire::Envelope| {
        let (evidence, key_records) = (vec![evidence.clone()], records(&[&stranger]));
        yard.send(&LetterContent { evidence, key_records, ..content(&[&cited]) }).await
    };
    assert_eq!(with_keys(&named.envelope).await, refused(Rejection::WrongSigners));
    assert_eq!(with_keys(&made.envelope).await, STORED);
}
