//! An organisation key that was lost or stolen, and those who replace it: [KEY-26] to [KEY-28]; and what whoever holds old
//! records, some keys or other organisations' records gains by them: nothing.

use uput_core::codec;
use uput_core::envelope::{Envelope, MediaType};
use uput_core::key::{
    Change, KeyChain, KeyRecordDraft, Missing, Proposal, Recovery, SigningKey, sign_key_record, sign_recovered_record,
};
use uput_core::rejection::Rejection;
use uput_core::wire;

use crate::key::altered;
use crate::sample::{Organisation, first_draft, minutes, signing_key};

/// The first record of a shelter whose recovery set is three of these five.
pub(crate) fn recoverable() -> (Organisation, Vec<SigningKey>) {
    let shelter = Organisation::invented("shelter");
    let helpers: Vec<SigningKey> = (1..=5).map(|n| signing_key(&format!("helper {n}"))).collect();
    let keys = helpers.iter().map(|key| *key.public()).collect();
    let draft = KeyRecordDraft { recovery: Some(Recovery { threshold: 3, keys }), ..first_draft(&shelter.sealing) };
    let first = sign_key_record(draft, &shelter.key, &shelter.signing, &shelter.tls, None).unwrap();
    (Organisation { first, ..shelter }, helpers)
}

/// What follows the newest record of a chain, with an organisation key of that name, signed by these in place of the old one.
pub(crate) fn recovered(chain: &KeyChain, shelter: &Organisation, name: &str, by: &[&SigningKey]) -> Envelope {
    let draft = KeyRecordDraft::after(chain.newest(), minutes(7), minutes(700));
    sign_recovered_record(draft, &signing_key(name), &shelter.signing, &shelter.tls, by).unwrap()
}

/// What a thief of the organisation key makes of it: keys and a recovery set of his own.
pub(crate) fn stolen(chain: &KeyChain, shelter: &Organisation) -> Envelope {
    let [key, signing, tls, helper] =
        ["key", "signing", "tls", "helper"].map(|n| signing_key(&format!("a thief's {n}")));
    let mut draft = KeyRecordDraft::after(chain.newest(), minutes(5), minutes(500));
    draft.recovery = Some(Recovery { threshold: 1, keys: vec![*helper.public()] });
    sign_key_record(draft, &key, &signing, &tls, Some(&shelter.key)).unwrap()
}

fn refs(keys: &[SigningKey]) -> Vec<&SigningKey> {
    keys.iter().collect()
}

/// [KEY-26] [KEY-27]
#[test]
fn enough_of_the_recovery_set_replace_a_lost_organisation_key() {
    let (shelter, helpers) = recoverable();
    for count in 3..=5 {
        let mut chain = shelter.chain();
        let second = recovered(&chain, &shelter, "a new key", &refs(&helpers[..count]));
        assert_eq!(chain.extend(&second), Ok(Change::Extended), "{count}");
        let next = |key: &SigningKey| {
            let draft = KeyRecordDraft::after(chain.newest(), minutes(8), minutes(800));
            sign_key_record(draft, key, &shelter.signing, &shelter.tls, None).unwrap()
        };
        assert_eq!(chain.clone().extend(&next(&signing_key("a new key"))), Ok(Change::Extended));
        // The lost key, once found by somebody, signs for nobody any more.
        assert_eq!(chain.clone().extend(&next(&shelter.key)), Err(Rejection::WrongSigners));
    }
}

/// [KEY-27]
#[test]
fn one_fewer_than_the_threshold_replaces_nothing() {
    let (shelter, helpers) = recoverable();
    let chain = shelter.chain();
    let stranger = signing_key("a stranger");
    let tries: [Vec<&SigningKey>; 4] = [
        vec![],
        refs(&helpers[..2]),
        [refs(&helpers[..2]), vec![&stranger]].concat(),
        // Enough, and one more who was not asked.
        [refs(&helpers[..3]), vec![&stranger]].concat(),
    ];
    for by in tries {
        let record = recovered(&chain, &shelter, "a new key", &by);
        assert_eq!(chain.clone().extend(&record), Err(Rejection::WrongSigners), "{}", by.len());
    }
    // The old key and the set are two ways, not one.
    let both = recovered(&chain, &shelter, "a new key", &[&helpers[0], &helpers[1], &helpers[2], &shelter.key]);
    assert_eq!(chain.clone().extend(&both), Err(Rejection::WrongSigners));
}

/// [KEY-26] [KEY-27]
#[test]
fn nobody_counts_twice_towards_the_threshold() {
    let (shelter, helpers) = recoverable();
    let chain = shelter.chain();
    let mut twice = recovered(&chain, &shelter, "a new key", &refs(&helpers[..2])).to_wire();
    let again = twice.signatures.iter().find(|one| one.key_id == helpers[0].public().id().to_vec()).cloned();
    twice.signatures.push(again.unwrap());
    twice.signatures.sort_by(|a, b| a.key_id.cmp(&b.key_id));
    assert_eq!(Envelope::from_wire(twice).err(), Some(Rejection::WrongSigners));
    // One key twice in the set.
    let keys = |keys: &[&SigningKey]| keys.iter().map(|key| key.public().as_bytes().to_vec()).collect::<Vec<_>>();
    let named = |threshold, keys: Vec<Vec<u8>>| {
        let record =
            altered(&shelter, &shelter.first, |record| record.recovery = Some(wire::Recovery { threshold, keys }));
        KeyChain::verify(&[record]).err()
    };
    assert_eq!(named(2, keys(&[&helpers[0], &helpers[0]])), Some(Rejection::Malformed));
    assert_eq!(named(1, keys(&[&shelter.key])), Some(Rejection::Malformed), "the key that it is to replace");
    assert_eq!(named(1, keys(&[&shelter.tls])), Some(Rejection::Malformed));
    assert_eq!(named(1, vec![crate::key::beyond_p(1, false).to_vec()]), Some(Rejection::WeakKey));
    // Who becomes the organisation key signs as that, and as nobody else.
    let draft = KeyRecordDraft::after(chain.newest(), minutes(7), minutes(700));
    let by = [&helpers[1], &helpers[2]];
    let own = sign_recovered_record(draft, &helpers[0], &shelter.signing, &shelter.tls, &by);
    // It names its recovery set still, and with it the key that it names already.
    assert_eq!(own.err(), Some(Rejection::Malformed));
    let draft = KeyRecordDraft { recovery: None, ..KeyRecordDraft::after(chain.newest(), minutes(7), minutes(700)) };
    let own = sign_recovered_record(draft, &helpers[0], &shelter.signing, &shelter.tls, &by).unwrap();
    assert_eq!(chain.clone().extend(&own), Err(Rejection::WrongSigners));
}

/// [KEY-27] The set of the record before counts, not an older one, and not that of another organisation.
#[test]
fn a_set_that_was_replaced_or_is_another_organisations_recovers_nothing() {
    let (shelter, helpers) = recoverable();
    let mut chain = shelter.chain();
    let newer = signing_key("a newer helper");
    let mut draft = KeyRecordDraft::after(chain.newest(), minutes(2), minutes(200));
    draft.recovery = Some(Recovery { threshold: 1, keys: vec![*newer.public()] });
    chain.extend(&sign_key_record(draft, &shelter.key, &shelter.signing, &shelter.tls, None).unwrap()).unwrap();
    let old = recovered(&chain, &shelter, "a new key", &refs(&helpers));
    assert_eq!(chain.clone().extend(&old), Err(Rejection::WrongSigners));
    let new = recovered(&chain, &shelter, "a new key", &[&newer]);
    assert_eq!(chain.extend(&new), Ok(Change::Extended));
    // Mixed: the record of one organisation after that of another with the same helpers.
    let other = Organisation::invented("hotline");
    assert_eq!(other.chain().extend(&new), Err(Rejection::BrokenChain));
    let renamed = altered(&other, &new, |record| {
        record.organisation = other.id().to_vec();
        record.previous = other.first.id().as_bytes().to_vec();
        record.number = 1;
    });
    assert_eq!(other.chain().extend(&renamed), Err(Rejection::WrongSigners), "keys of the other signed nothing here");
}

/// [KEY-27] Replay: what was signed for one record recovers with no other.
#[test]
fn signatures_for_one_recovery_are_good_for_no_other() {
    let (shelter, helpers) = recoverable();
    let mut chain = shelter.chain();
    let true_one = recovered(&chain, &shelter, "a new key", &refs(&helpers[..3]));
    let mut false_one = recovered(&chain, &shelter, "a thief's key", &[]).to_wire();
    let helping = true_one.to_wire().signatures.into_iter();
    let ids: Vec<Vec<u8>> = helpers.iter().map(|key| key.public().id().to_vec()).collect();
    false_one.signatures.extend(helping.filter(|signature| ids.contains(&signature.key_id)));
    false_one.signatures.sort_by(|a, b| a.key_id.cmp(&b.key_id));
    let false_one = Envelope::from_wire(false_one).unwrap();
    assert_eq!(chain.extend(&false_one), Err(Rejection::BadSignature));
    assert_eq!(chain.extend(&true_one), Ok(Change::Extended));
    assert_eq!(chain.extend(&true_one), Ok(Change::Known), "the same again is nothing new");
}

fn id(envelope: &Envelope) -> uput_core::id::KeyRecordId {
    envelope.id().into()
}

/// [KEY-16] [KEY-28]
#[test]
fn the_recovery_set_decides_between_a_thief_and_the_organisation_whichever_came_first() {
    let (shelter, helpers) = recoverable();
    let start = shelter.chain();
    let theft = stolen(&start, &shelter);
    let mut of_thief = start.clone();
    of_thief.extend(&theft).unwrap();
    // He goes on, with everything that he has: his keys, and a set of his own that recovers his record.
    let [key, signing, tls, helper] =
        ["key", "signing", "tls", "helper"].map(|n| signing_key(&format!("a thief's {n}")));
    let draft = || KeyRecordDraft::after(of_thief.newest(), minutes(6), minutes(600));
    let more = sign_key_record(draft(), &key, &signing, &tls, None).unwrap();
    let his = sign_recovered_record(draft(), &signing_key("another"), &signing, &tls, &[&helper]).unwrap();
    let rescue = recovered(&start, &shelter, "a new key", &refs(&helpers[..3]));
    for order in
        [vec![&theft, &more, &rescue], vec![&theft, &his, &rescue], vec![&rescue, &theft], vec![&theft, &rescue]]
    {
        let mut chain = start.clone();
        order.iter().for_each(|record| assert!(chain.extend(record).is_ok()));
        assert_eq!(chain.newest_id(), id(&rescue));
        assert!(!chain.is_forked() && chain.rivals().next().is_none());
        assert_eq!(chain.overruled().map(|record| record.id()).collect::<Vec<_>>(), [id(&theft)], "kept as the proof");
        assert!(chain.record(&id(&theft)).is_none(), "nothing is signed by keys of that branch");
        for late in [&more, &his] {
            assert_eq!(chain.extend(late), Err(Rejection::BrokenChain));
        }
        assert_eq!(chain.extend(&theft), Ok(Change::Known));
        let again = KeyChain::verify(&chain.envelopes().cloned().collect::<Vec<_>>()).unwrap();
        assert!(again.newest_id() == id(&rescue) && !again.is_forked() && again.overruled().count() == 1);
    }
}

/// [KEY-28]
#[test]
fn two_recoveries_of_one_record_leave_it_frozen() {
    let (shelter, helpers) = recoverable();
    let start = shelter.chain();
    let rescues = ["one", "another"].map(|name| recovered(&start, &shelter, name, &refs(&helpers[..3])));
    let theft = stolen(&start, &shelter);
    for order in [[&rescues[0], &rescues[1], &theft], [&theft, &rescues[0], &rescues[1]]] {
        let mut chain = start.clone();
        order.iter().for_each(|record| assert!(chain.extend(record).is_ok()));
        assert!(chain.is_forked());
        assert_eq!(chain.newest_id(), id(&rescues[0]));
        assert_eq!(chain.rivals().map(|record| record.id()).collect::<Vec<_>>(), [id(&rescues[1])]);
    }
}

/// [KEY-13] Rollback, freeze, fast-forward and mixing, with records that are all genuine.
#[test]
fn old_records_jumps_and_records_of_others_change_nothing() {
    let (shelter, _) = recoverable();
    let mut chain = shelter.chain();
    let mut records = vec![shelter.first.clone()];
    for _ in 0..4 {
        let next = shelter.next(&chain);
        chain.extend(&next).unwrap();
        records.push(next);
    }
    // Rollback: each older record presented as the newest.
    for older in &records {
        assert_eq!(chain.extend(older), Ok(Change::Known));
        assert_eq!(chain.newest_id(), id(&records[4]));
    }
    // Freeze: a chain that ends early verifies, and shows its number to whoever demands more.
    let frozen = KeyChain::verify(&records[..3]).unwrap();
    assert_eq!((frozen.newest().number(), frozen.position(&id(&records[4]))), (2, None));
    // Fast-forward: a number that jumps, with or without what is between.
    assert_eq!(KeyChain::verify(&[records[0].clone(), records[4].clone()]).err(), Some(Rejection::MissingPredecessor));
    let jump = altered(&shelter, &records[4], |record| record.number = 4_000_000);
    assert_eq!(KeyChain::verify(&[&records[..4], &[jump]].concat()).err(), Some(Rejection::BrokenChain));
    // Mix and match: a true record of one organisation with keys of another, who did not sign it.
    let other = Organisation::invented("hotline");
    let mixed = |change: &dyn Fn(&mut wire::KeyRecord)| {
        let mut record: wire::KeyRecord = codec::decode(records[4].body()).unwrap();
        change(&mut record);
        let keys = [&shelter.key, &shelter.signing, &shelter.tls];
        let record = Envelope::sign(MediaType::KEY_RECORD, codec::encode(&record), &keys).unwrap();
        KeyChain::verify(&[&records[..4], &[record]].concat()).err()
    };
    let theirs = |key: &SigningKey| key.public().as_bytes().to_vec();
    assert_eq!(mixed(&|record| record.signing_key = theirs(&other.signing)), Some(Rejection::WrongSigners));
    assert_eq!(mixed(&|record| record.tls_key = theirs(&other.tls)), Some(Rejection::WrongSigners));
    assert_eq!(mixed(&|record| record.organisation_key = theirs(&other.key)), Some(Rejection::WrongSigners));
}

/// [KEY-23] [KEY-27] The ceremony: the node signs, the new organisation key signs, one helper after the other signs.
#[test]
fn a_proposal_says_who_is_missing_until_nobody_is() {
    let (shelter, helpers) = recoverable();
    let chain = shelter.chain();
    let new = signing_key("a new key");
    let draft = || KeyRecordDraft::after(chain.newest(), minutes(7), minutes(700));
    let start = Proposal::new(&chain, draft(), new.public(), &shelter.signing, &shelter.tls).unwrap();
    let passed_on = |proposal: &Proposal| Proposal::parse(&proposal.to_bytes()).unwrap();
    let mut proposal = passed_on(&start);
    assert_eq!(proposal.missing(), Some(Missing { organisation: true, approval: Some(Some(3)) }));
    proposal.sign(&new).unwrap();
    for (left, helper) in [(2, &helpers[4]), (1, &helpers[0])] {
        proposal.sign(helper).unwrap();
        proposal.sign(helper).unwrap();
        proposal = passed_on(&proposal);
        assert_eq!(proposal.missing(), Some(Missing { organisation: false, approval: Some(Some(left)) }));
        assert_eq!(proposal.chain().err(), Some(Rejection::WrongSigners));
    }
    assert_eq!(proposal.sign(&signing_key("a stranger")), Err(Rejection::WrongSigners));
    proposal.sign(&helpers[2]).unwrap();
    assert_eq!(proposal.missing(), None);
    assert_eq!(passed_on(&proposal).chain().unwrap().newest().organisation_key(), new.public());
    // The old key alone is the other way.
    let mut proposal = passed_on(&start);
    proposal.sign(&new).unwrap();
    proposal.sign(&shelter.key).unwrap();
    assert!(proposal.missing().is_none() && proposal.chain().is_ok());
    // With the same organisation key nobody else is asked.
    let mut proposal = Proposal::new(&chain, draft(), shelter.key.public(), &shelter.signing, &shelter.tls).unwrap();
    assert_eq!(proposal.missing(), Some(Missing { organisation: true, approval: None }));
    assert_eq!(proposal.sign(&helpers[0]), Err(Rejection::WrongSigners));
    proposal.sign(&shelter.key).unwrap();
    assert!(proposal.missing().is_none() && proposal.chain().is_ok());
}

/// [KEY-29]
#[test]
fn a_lost_key_is_replaced_one_signature_after_the_other_and_by_nobody_who_is_not_asked() {
    let (shelter, helpers) = recoverable();
    let chain = shelter.chain();
    let fresh = signing_key("a new key");
    let draft = KeyRecordDraft::after(chain.newest(), minutes(7), minutes(700));
    let first = Proposal::new(&chain, draft, fresh.public(), &shelter.signing, &shelter.tls).unwrap().to_bytes();
    let add = |file: &[u8], key: &SigningKey| {
        let mut proposal = Proposal::parse(file).unwrap();
        proposal.sign(key).map(|()| proposal.to_bytes())
    };
    // In any order, and twice is once.
    for order in [[0, 1, 2], [2, 1, 0], [4, 0, 3]] {
        let mut file = add(&first, &helpers[order[0]]).unwrap();
        assert_eq!(add(&file, &shelter.key), Err(Rejection::WrongSigners), "with both it would be nobody's");
        assert_eq!(add(&file, &signing_key("a stranger")), Err(Rejection::WrongSigners));
        assert_eq!(add(&file, &helpers[order[0]]).unwrap(), file);
        for helper in &order[1..] {
            assert!(Proposal::parse(&file).unwrap().chain().is_err());
            file = add(&file, &helpers[*helper]).unwrap();
        }
        let missing = Proposal::parse(&file).unwrap().missing();
        assert_eq!(missing, Some(Missing { organisation: true, approval: None }));
        file = add(&file, &fresh).unwrap();
        assert_eq!(Proposal::parse(&file).unwrap().missing(), None);
        assert_eq!(Proposal::parse(&file).unwrap().chain().unwrap().newest().organisation_key(), fresh.public());
    }
    let by_old = add(&first, &shelter.key).unwrap();
    assert_eq!(add(&by_old, &helpers[0]), Err(Rejection::WrongSigners));
    // A helper who becomes the organisation key is none of the set.
    let draft = KeyRecordDraft { recovery: None, ..KeyRecordDraft::after(chain.newest(), minutes(7), minutes(700)) };
    let mut own = Proposal::new(&chain, draft, helpers[0].public(), &shelter.signing, &shelter.tls).unwrap();
    for helper in &helpers[..3] {
        own.sign(helper).unwrap();
    }
    assert_eq!(own.missing(), Some(Missing { organisation: false, approval: Some(Some(1)) }));
    assert_eq!(own.chain().err(), Some(Rejection::WrongSigners));
}
