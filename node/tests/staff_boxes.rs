//! Boxes of a trail: who is left out of what comes after they were excluded, left, or lost the case.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod sealed;
mod town;

use std::sync::Arc;

use prost::Message;
use sealed::{ANSWER, NAME, ON, PURPOSE, Person, at_rest, found, fresh, opened, plain, says, shows, staff_of};
use town::{BY, CONSENT, Carrier, House, Pair, enquiry, pair, reopened, until};
use uput_core::{
    envelope::Envelope,
    event::Statement,
    id::{EventId, OrgId, TrailId},
    key::SealingSecret,
    rejection::Rejection,
    sensitive::Sensitive,
    staff::{self, Place},
    time::Seconds,
    wire::{self, CheckLevel, ReceiptOutcome},
};
use uput_node::{
    access::Why,
    account::{Caller, Team},
    clock::SystemEntropy,
    node::{Assignee, NewTrail, Node, Post, Second},
    peer::Mailroom,
    record::{self, BoxRecord, EventRecord, Evidence},
    seal,
    storage::{Position, Storage},
};

/// The consent that this test's purpose is in.
fn with_consent(list: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let named = CONSENT.into_iter().filter(|(label, _)| *label != "consent_purpose");
    named.chain([("consent_purpose", PURPOSE)]).chain(list.iter().copied()).collect()
}

/// A referral that the shelter holds, in a case that one of its people has.
async fn held(pair: &Pair, theirs: &Caller) -> TrailId {
    let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    until(|| async { pair.shelter.case_of(&trail).is_some() }).await;
    pair.shelter.take_case(theirs, &pair.shelter.case_of(&trail).unwrap()).await.unwrap();
    let until_time = Seconds::new(4_000_000_000).unwrap();
    says(&pair.shelter, theirs, trail, Statement::Held { until: until_time }, &[]).await;
    shows(&pair.hotline, &town::worker(), &trail, |view| view.headline == "held").await;
    trail
}

/// Her need arrives and is accepted.
async fn asked(pair: &Pair, theirs: &Caller, trail: TrailId) {
    let need = with_consent(&[("age_band", "30_59")]);
    says(&pair.hotline, &town::worker(), trail, Statement::Need, &need).await;
    shows(&pair.shelter, theirs, &trail, |view| view.stage == 1).await;
    says(&pair.shelter, theirs, trail, Statement::Accepted, &[]).await;
    shows(&pair.hotline, &town::worker(), &trail, |view| view.headline == "accepted").await;
}

/// Her name arrives.
async fn named(pair: &Pair, theirs: &Caller, trail: TrailId) {
    says(&pair.hotline, &town::worker(), trail, Statement::Identity, &with_consent(&[("name", NAME)])).await;
    shows(&pair.shelter, theirs, &trail, |view| view.stage == 2).await;
}

async fn view(node: &Arc<Node>, by: &Person, trail: &TrailId) -> wire::Trail {
    let why = Why { code: wire::AccessReason::Supervision, ..Why::default() };
    node.show_because(&by.caller, trail, true, &why).await.unwrap()
}

/// All that opens with some staff keys, the folder, the storage key, and so every key in the key book.
fn openable(house: &House, trail: &TrailId, keys: &[&SealingSecret]) -> Vec<u8> {
    let storage = house.open_storage();
    let mut secrets = Vec::new();
    for entry in storage.records(Position::new(0)) {
        let Some(kept) = record::read::<BoxRecord>(&entry.unwrap()) else { continue };
        let place = Place::Box(uput_core::key::SealingPublic::parse(&kept.public).unwrap().id());
        let seeds =
            kept.wraps.iter().flat_map(|wrap| keys.iter().filter_map(|key| staff::open(wrap, &place, key).ok()));
        secrets.extend(seeds.map(|seed| SealingSecret::from_seed(seed.as_slice().try_into().unwrap())));
    }
    let mut all = Vec::new();
    for entry in storage.records(Position::new(0)) {
        let Some(kept) = record::read::<EventRecord>(&entry.unwrap()) else { continue };
        let Some((event, values)) = values_of(&storage, trail, &kept) else { continue };
        let opened = secrets.iter().filter_map(|secret| staff::open(&values, &Place::Values(event), secret).ok());
        all.extend(opened.flat_map(|plain| plain.to_vec()));
    }
    all
}

/// Which event a record is, and what is under the value key.
fn values_of(storage: &Storage, trail: &TrailId, kept: &EventRecord) -> Option<(EventId, Vec<u8>)> {
    let open = |name: [u8; 32], sealed: &[u8], part: &[u8]| {
        let keys = storage.trail_keys(&name)?;
        let key = if part == b"values" { keys.value } else { keys.evidence }?;
        seal::open(key.expose(), &record::trail_aad(trail, part), sealed).ok()
    };
    let evidence = Evidence::decode(open(*trail.as_bytes(), &kept.evidence, b"evidence")?.as_slice()).unwrap();
    let event = Envelope::parse(&evidence.envelope).unwrap().id().into();
    Some((event, open(record::key_name(trail, kept.generation), &kept.values, b"values")?.to_vec()))
}

/// Ends both nodes, and gives their folders.
async fn ended(pair: Pair) -> [House; 4] {
    let Pair { hotline, shelter, houses } = pair;
    tokio::join!(at_rest(hotline), at_rest(shelter));
    for house in &houses[..2] {
        drop(reopened(house).await);
    }
    houses
}

/// [STF-18] [CAS-6]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_excluded_opens_nothing_that_comes_after_it_with_folder_and_all_keys_in_the_book() {
    let pair = pair().await;
    let [sanja, berta, clara] = staff_of(&pair.shelter).await;
    pair.shelter.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
    let carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let trail = held(&pair, &berta.caller).await;
    let case = pair.shelter.case_of(&trail).unwrap();
    let clara_has_it = Assignee::Person(clara.caller.person);
    pair.shelter.assign_case(&berta.caller, &case, clara_has_it, false).await.unwrap();
    asked(&pair, &berta.caller, trail).await;
    assert!(opened(&view(&pair.shelter, &clara, &trail).await, &[&clara.key]).contains(&PURPOSE.to_owned()));
    let boxes = view(&pair.shelter, &berta, &trail).await.boxes.len();

    pair.shelter.exclude_person(&berta.caller, &case, clara.caller.person).await.unwrap();
    named(&pair, &berta.caller, trail).await;
    says(&pair.shelter, &berta.caller, trail, Statement::ContactMade, &[("reason_in_words", ANSWER)]).await;
    let after = view(&pair.shelter, &berta, &trail).await;
    assert_eq!(after.boxes.len(), boxes + 1, "one new box, and no more");
    // [ACL-1] The access log says that what was given was sealed.
    let log = pair.shelter.list_accesses(&berta.caller, &case, &Why::default()).await.unwrap();
    let given = log.iter().filter(|row| row.kind() == wire::AccessKind::SealedValuesGiven);
    assert!(given.count() >= 3 && log.iter().all(|row| row.kind() != wire::AccessKind::ValuesShown));
    let values = opened(&after, &[&berta.key]);
    assert!([PURPOSE, NAME, ANSWER].iter().all(|value| values.contains(&(*value).to_owned())));
    assert!(pair.shelter.show(&clara.caller, &trail, true).await.is_err());
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
    drop(carriers);

    let houses = ended(pair).await;
    let hers = openable(&houses[1], &trail, &[&clara.key]);
    assert!(found(&hers, PURPOSE) > 0, "what came before stays in earlier records, as the gaps say");
    assert_eq!((found(&hers, NAME), found(&hers, ANSWER)), (0, 0));
    let others = openable(&houses[1], &trail, &[&berta.key]);
    assert!(found(&others, NAME) > 0 && found(&others, ANSWER) > 0);
}

/// [STF-14] [STF-18]
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_sealed_to_one_person_whom_she_excludes_is_sealed_to_the_others_again() {
    let pair = pair().await;
    let [sanja, berta, clara] = staff_of(&pair.shelter).await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let trail = held(&pair, &berta.caller).await;
    let case = pair.shelter.case_of(&trail).unwrap();
    pair.shelter.seal_trail(&berta.caller, &trail, berta.id().as_bytes()).await.unwrap();
    asked(&pair, &berta.caller, trail).await;
    let clara_has_it = Assignee::Person(clara.caller.person);
    pair.shelter.assign_case(&berta.caller, &case, clara_has_it, false).await.unwrap();
    pair.shelter.exclude_person(&clara.caller, &case, berta.caller.person).await.unwrap();
    named(&pair, &clara.caller, trail).await;
    for reader in [&sanja, &clara] {
        let values = opened(&view(&pair.shelter, reader, &trail).await, &[&reader.key]);
        // Her name has come to them; what she needs stays Berta's.
        assert!(values.contains(&NAME.to_owned()) && !values.contains(&"30_59".to_owned()));
    }
    let newest = view(&pair.shelter, &clara, &trail).await.boxes.pop().unwrap();
    assert!(newest.named.is_empty());
}

/// Makes a key for a team of two, by the program of one of them.
async fn team_of(node: &Node, members: [&Person; 2]) -> (Team, SealingSecret) {
    let team = node.create_team(&BY, Sensitive::new("the night team".to_owned())).await.unwrap();
    let key = fresh();
    let mut wraps = Vec::new();
    for member in members {
        node.join_team(&BY, &team.id.to_vec(), member.caller.person).await.unwrap();
        let place = Place::Team(key.id());
        wraps.push(staff::seal(member.key.public(), &place, key.expose_seed(), &mut SystemEntropy).unwrap());
    }
    let proof = sealed::proof(node, members[0], &key.id());
    node.add_team_key(&members[0].caller, &team.id.to_vec(), key.public().clone(), &wraps, &proof).await.unwrap();
    (team, key)
}

/// [STF-8] [STF-11] [STF-18]
#[tokio::test(flavor = "multi_thread")]
async fn a_member_reads_by_the_key_of_the_team_and_nothing_new_after_leaving_or_being_excluded() {
    for leaves in [true, false] {
        let pair = pair().await;
        let [sanja, berta, clara] = staff_of(&pair.shelter).await;
        pair.shelter.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
        let carriers = Carrier::both(&pair.hotline, &pair.shelter);
        let (team, key) = team_of(&pair.shelter, [&berta, &clara]).await;
        let trail = held(&pair, &berta.caller).await;
        let case = pair.shelter.case_of(&trail).unwrap();
        for (to, remove) in [(Assignee::Team(team.id), false), (Assignee::Person(berta.caller.person), true)] {
            pair.shelter.assign_case(&berta.caller, &case, to, remove).await.unwrap();
        }
        asked(&pair, &berta.caller, trail).await;
        // What clara has of it she has by the team's key, and by none of her own.
        let seen = view(&pair.shelter, &clara, &trail).await;
        assert!(opened(&seen, &[&key]).contains(&PURPOSE.to_owned()));
        assert!(!opened(&seen, &[&clara.key]).contains(&PURPOSE.to_owned()));
        let newest = seen.boxes.last().unwrap();
        assert_eq!(newest.wraps.iter().map(|wrap| staff::recipient(wrap).unwrap()).collect::<Vec<_>>(), [key.id()]);

        if leaves {
            pair.shelter.leave_team(&BY, &team.id.to_vec(), clara.caller.person).await.unwrap();
        } else {
            pair.shelter.exclude_person(&berta.caller, &case, clara.caller.person).await.unwrap();
        }
        named(&pair, &berta.caller, trail).await;
        let values = opened(&view(&pair.shelter, &berta, &trail).await, &[&berta.key]);
        assert!(values.contains(&NAME.to_owned()), "to the persons, where the team's key will not do");
        assert!(pair.shelter.show(&clara.caller, &trail, true).await.is_err());
        until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
        drop(carriers);
        let houses = ended(pair).await;
        let hers = openable(&houses[1], &trail, &[&clara.key, &key]);
        assert!(found(&hers, PURPOSE) > 0);
        assert_eq!(found(&hers, NAME), 0, "{leaves}");
    }
}

/// [STF-12] [NOD-34]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_because_a_trail_is_broken_off_keeps_no_key_for_the_way() {
    let Pair { hotline, shelter, houses } = pair().await;
    let [sanja, ..] = staff_of(&hotline).await;
    hotline.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
    let pair = Pair { hotline, shelter, houses };
    let carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let trail = {
        let opening = NewTrail { by: sanja.caller.clone(), ..enquiry("shelter-jasen") };
        let trail = pair.hotline.open_trail(opening).await.unwrap().unwrap();
        until(|| async { pair.shelter.case_of(&trail).is_some() }).await;
        town::take(&pair.shelter, &trail).await;
        town::say(&pair.shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
        shows(&pair.hotline, &sanja.caller, &trail, |view| view.headline == "held").await;
        until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
        trail
    };
    drop(carriers);
    let (post, to): (Post, OrgId) = (Post(pair.hotline.clone()), pair.houses[1].id);
    says(&pair.hotline, &sanja.caller, trail, Statement::Need, &with_consent(&[("age_band", "30_59")])).await;
    let letter = post.next_letter(&to).await;
    let held = with_consent(&[("age_band", "18_29")]);
    says(&pair.hotline, &sanja.caller, trail, Statement::Need, &held).await;
    post.settle(&to, letter.ticket, ReceiptOutcome::Refused, Rejection::Malformed.number()).await;
    let late = with_consent(&[("age_band", "60_plus")]);
    says(&pair.hotline, &sanja.caller, trail, Statement::Need, &late).await;
    assert!(plain(&view(&pair.hotline, &sanja, &trail).await).is_empty());
    drop(post);
    let houses = ended(pair).await;
    let storage = houses[0].open_storage();
    let sent: Vec<EventRecord> =
        storage.records(Position::new(0)).filter_map(|entry| record::read(&entry.unwrap())).collect();
    let values = sent.iter().filter(|event: &&EventRecord| event.sealed_to != 0).count();
    assert!(values >= 4, "{values}: the opening, and three times what she needs");
    for event in sent {
        let way = record::dispatch_key_name(&trail, event.ordinal);
        assert!(storage.trail_keys(&way).is_none(), "{}", event.ordinal);
    }
}

/// [STF-19]
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_seals_and_can_open_nothing_says_so() {
    let pair = pair().await;
    let people = staff_of(&pair.shelter).await;
    let level = || {
        let checks = pair.shelter.checks(uput_node::clock::now());
        checks.iter().find(|check| check.name == "staff-keys").unwrap().level()
    };
    pair.shelter.set_sealing(&people[0].caller, ON, &Second::Nobody).await.unwrap();
    assert_eq!(level(), CheckLevel::Ok);
    for gone in &people {
        pair.shelter.disable_account(&BY, &gone.caller.account.to_vec()).await.unwrap();
    }
    assert_eq!(level(), CheckLevel::Error);
}
