//! What is sealed to staff: who opens it, who does not, and how a lost key comes back.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod sealed;
mod town;

use std::{collections::BTreeSet, time::Duration};

use prost::Message;
use sealed::{
    ANSWER, NAME, ON, PURPOSE, Person, account, at_rest, confirm, found, fresh, opened, person, plain, proof, says,
    share, shares, shows, staff_of,
};
use town::{BY, CONSENT, Carrier, House, Pair, enquiry, pair, reads, reopened, say_with, until};
use uput_core::{
    event::Statement,
    id::{KeyId, TrailId},
    key::SealingSecret,
    rejection::Rejection,
    sensitive::Sensitive,
    staff::{self, Place, Share, Sharing, Unjoined},
    time::Seconds,
    wire::{self, DisclosureScope, Role, disclosure::Form},
};
use uput_node::{
    access::Why,
    account::{Account, Caller, PersonId},
    clock::SystemEntropy,
    node::{Export, NewEvent, NewTrail, Node, Second, Why as Reason},
    record::{self, EventRecord},
    seal,
    staff::{HeldShare, Sealing},
    storage::Position,
};

/// Why a supervisor looks at a case of somebody else's. [ACL-5]
fn supervising() -> Why {
    Why { code: uput_core::wire::AccessReason::Supervision, ..Why::default() }
}

/// Asks, answers and names her, by these people.
async fn referral(pair: &Pair, ours: &Caller, theirs: &Caller) -> TrailId {
    let opening = NewTrail { by: ours.clone(), ..enquiry("shelter-jasen") };
    let trail = pair.hotline.open_trail(opening).await.unwrap().unwrap();
    until(|| async { pair.shelter.case_of(&trail).is_some() }).await;
    pair.shelter.take_case(theirs, &pair.shelter.case_of(&trail).unwrap()).await.unwrap();
    let until_time = Seconds::new(4_000_000_000).unwrap();
    says(&pair.shelter, theirs, trail, Statement::Held { until: until_time }, &[]).await;
    shows(&pair.hotline, ours, &trail, |view| view.headline == "held").await;
    let consent: Vec<_> = CONSENT.into_iter().filter(|(label, _)| *label != "consent_purpose").collect();
    let consent = [&consent[..], &[("consent_purpose", PURPOSE)]].concat();
    says(&pair.hotline, ours, trail, Statement::Need, &[&consent[..], &[("age_band", "30_59")]].concat()).await;
    shows(&pair.shelter, theirs, &trail, |view| view.stage == 1).await;
    says(&pair.shelter, theirs, trail, Statement::Accepted, &[]).await;
    shows(&pair.hotline, ours, &trail, |view| view.headline == "accepted").await;
    says(&pair.hotline, ours, trail, Statement::Identity, &[&consent[..], &[("name", NAME)]].concat()).await;
    shows(&pair.shelter, theirs, &trail, |view| view.stage == 2).await;
    says(&pair.shelter, theirs, trail, Statement::ContactMade, &[("reason_in_words", ANSWER)]).await;
    shows(&pair.hotline, ours, &trail, |view| view.events.iter().any(|event| event.kind == "contact_made")).await;
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
    trail
}

/// Everything that somebody reads who has the folder, the storage key, and so every key in the key book.
fn readable(house: &House, trail: &TrailId) -> Vec<u8> {
    let storage = house.open_storage();
    let mut all = Vec::new();
    for entry in storage.records(Position::new(0)) {
        let entry = entry.unwrap();
        all.extend_from_slice(&entry.payload);
        let Some(event) = record::read::<EventRecord>(&entry) else { continue };
        let open = |name: [u8; 32], sealed: &[u8], part: &[u8], value: bool| {
            let keys = storage.trail_keys(&name)?;
            let key = if value { keys.value } else { keys.evidence }?;
            seal::open(key.expose(), &record::trail_aad(trail, part), sealed).ok()
        };
        let name = record::key_name(trail, event.generation);
        all.extend(
            open(*trail.as_bytes(), &event.evidence, b"evidence", false).iter().flat_map(|plain| plain.to_vec()),
        );
        all.extend(open(name, &event.values, b"values", true).iter().flat_map(|plain| plain.to_vec()));
        if let Some(inner) = open(name, &event.dispatch, b"values", true) {
            let way = record::dispatch_key_name(trail, event.ordinal);
            let key = storage.trail_keys(&way).and_then(|keys| keys.value);
            all.extend(key.and_then(|key| seal::open(key.expose(), &way, &inner).ok()).iter().flat_map(|p| p.to_vec()));
        }
    }
    all
}

/// [STF-9] [STF-10] [STF-12] [STF-16]
#[tokio::test(flavor = "multi_thread")]
async fn with_the_folder_and_every_key_in_it_nobody_reads_what_was_sealed_to_staff() {
    for sealed in [false, true] {
        let pair = pair().await;
        let [ours, theirs] = [staff_of(&pair.hotline).await, staff_of(&pair.shelter).await];
        if sealed {
            pair.hotline.set_sealing(&ours[0].caller, ON, &Second::Nobody).await.unwrap();
            pair.shelter.set_sealing(&theirs[0].caller, ON, &Second::Nobody).await.unwrap();
        }
        let carriers = Carrier::both(&pair.hotline, &pair.shelter);
        let trail = referral(&pair, &ours[1].caller, &theirs[1].caller).await;
        for (node, people) in [(&pair.hotline, &ours), (&pair.shelter, &theirs)] {
            // Whoever has the case reads it all, and so does the supervisor.
            for reader in [&people[1], &people[0]] {
                let view = node.show_because(&reader.caller, &trail, true, &supervising()).await.unwrap();
                let values = if sealed { opened(&view, &[&reader.key]) } else { Vec::new() };
                let shown: Vec<&str> = plain(&view).into_iter().chain(values.iter().map(String::as_str)).collect();
                assert!([NAME, PURPOSE, ANSWER].iter().all(|value| shown.contains(value)), "{sealed}");
                assert_eq!(plain(&view).is_empty(), sealed);
            }
        }
        drop(carriers);
        let Pair { hotline, shelter, houses } = pair;
        tokio::join!(at_rest(hotline), at_rest(shelter));
        for house in &houses[..2] {
            drop(reopened(house).await);
            let all = readable(house, &trail);
            let hits: Vec<usize> = [NAME, PURPOSE, ANSWER].iter().map(|value| found(&all, value)).collect();
            // The folder of the writer of a thing, and that of the receiver: before, every value; after, none.
            assert_eq!(hits.iter().all(|hits| *hits > 0), !sealed, "{hits:?}");
            assert_eq!(hits.iter().sum::<usize>() == 0, sealed, "{hits:?}");
        }
    }
}

/// What waits for a peer can still be sent after a restart, and its key ends with it. [STF-12]
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_readable_to_the_node_until_it_has_arrived() {
    let pair = pair().await;
    let ours = staff_of(&pair.hotline).await;
    pair.hotline.set_sealing(&ours[0].caller, ON, &Second::Nobody).await.unwrap();
    let trail = pair.hotline.open_trail(NewTrail { by: ours[1].caller.clone(), ..enquiry("shelter-jasen") }).await;
    let trail = trail.unwrap().unwrap();
    let Pair { hotline, shelter, houses } = pair;
    drop(hotline);
    let hotline = reopened(&houses[0]).await;
    let way = record::dispatch_key_name(&trail, 0);
    let carriers = Carrier::both(&hotline, &shelter);
    reads(&shelter, &trail, "asked").await;
    town::take(&shelter, &trail).await;
    let view = shelter.show(&town::worker(), &trail, true).await.unwrap();
    assert!(plain(&view).contains(&"2"), "the places that were asked for have arrived");
    until(|| async { hotline.queued().items == 0 }).await;
    drop(carriers);
    at_rest(hotline).await;
    drop(reopened(&houses[0]).await);
    assert!(houses[0].open_storage().trail_keys(&way).is_none());
}

/// [STF-10]
#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_could_open_them_values_wait_at_the_sender() {
    let pair = pair().await;
    let theirs = staff_of(&pair.shelter).await;
    pair.shelter.set_sealing(&theirs[0].caller, ON, &Second::Nobody).await.unwrap();
    // All of them are gone.
    for gone in &theirs {
        pair.shelter.disable_account(&BY, &gone.caller.account.to_vec()).await.unwrap();
    }
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(pair.shelter.trail_ids().unwrap().is_empty());
    assert_eq!(pair.hotline.queued().items, 1);
    let nada = person(&pair.shelter, "Nada, invented", Role::CaseWorker).await;
    assert!(pair.shelter.trail_ids().unwrap().is_empty(), "a key that nobody compared does not count");
    let old = person(&pair.shelter, "Olga, invented", Role::Supervisor).await;
    // No key counts by itself while the keys of those who have gone do: but nobody who has one is left to say so.
    assert_eq!(confirm(&pair.shelter, &old, &nada.id()).await.err(), Some(Rejection::NoStaffKey));
    confirm(&pair.shelter, &theirs[0], &nada.id()).await.unwrap();
    until(|| async { pair.shelter.case_of(&trail).is_some() }).await;
}

/// [STF-14] [STF-17]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_to_one_person_is_opened_by_nobody_else() {
    let pair = pair().await;
    let [sanja, berta, clara] = staff_of(&pair.shelter).await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    until(|| async { pair.shelter.case_of(&trail).is_some() }).await;
    pair.shelter.take_case(&berta.caller, &pair.shelter.case_of(&trail).unwrap()).await.unwrap();
    let held = pair.shelter.seal_trail(&berta.caller, &trail, berta.id().as_bytes()).await.unwrap();
    assert_eq!(held.wraps.len(), 1);
    let held_for_her = Statement::Held { until: Seconds::new(4_000_000_000).unwrap() };
    let said = NewEvent { by: berta.caller.clone(), ..town::event(trail, held_for_her) };
    pair.shelter.record_event(said).await.unwrap();
    reads(&pair.hotline, &trail, "held").await;
    say_with(&pair.hotline, trail, Statement::Need, &[&CONSENT[..], &[("age_band", "30_59")]].concat()).await;
    shows(&pair.shelter, &berta.caller, &trail, |view| view.stage == 1).await;
    let of = |person: &Person| {
        let (node, caller) = (pair.shelter.clone(), person.caller.clone());
        async move { node.show_because(&caller, &trail, true, &supervising()).await }
    };
    let keys = [&sanja.key, &berta.key, &clara.key];
    assert!(opened(&of(&berta).await.unwrap(), &[&berta.key]).contains(&"A bed for tonight".to_owned()));
    let supervisor = of(&sanja).await.unwrap();
    assert!(supervisor.boxes.iter().all(|held| held.wraps.is_empty()) && opened(&supervisor, &keys).is_empty());
    assert!(!plain(&supervisor).contains(&"A bed for tonight"));
    // Nobody is added to it, neither by the node nor by whoever can open it.
    assert!(pair.shelter.lacking(&berta.caller, trail.as_bytes()).unwrap().is_empty());
    let wrap = staff::seal(sanja.key.public(), &Place::Box(berta.id()), &[7; 32], &mut SystemEntropy).unwrap();
    let added = pair.shelter.add_readers(&berta.caller, &trail, held.number, vec![wrap]).await;
    assert_eq!(added.err(), Some(Rejection::NoStaffKey));
    // It cannot be exported by the node either; whoever opens it can.
    let export = |by: &Person| Export {
        contact: false,
        by: by.caller.clone(),
        second: uput_node::node::Second::Nobody,
        trail,
        purpose: wire::Purpose::Audit,
        scope: DisclosureScope::Values,
        nonce: None,
        wait: Duration::ZERO,
    };
    assert_eq!(pair.shelter.export(export(&sanja)).await.err(), Some(Rejection::SealedToStaff));
    let disclosures = disclosures(&of(&berta).await.unwrap(), &berta.key);
    assert!(pair.shelter.export_opened(export(&berta), disclosures.clone()).await.is_ok());
    let mut other = disclosures;
    if let Some(Form::Whole(whole)) = &mut other[0].form {
        whole.fields[0].value.push('x');
    }
    assert_eq!(pair.shelter.export_opened(export(&berta), other).await.err(), Some(Rejection::BadDisclosure));
}

fn disclosures(view: &wire::Trail, key: &SealingSecret) -> Vec<wire::Disclosure> {
    let mut all = Vec::new();
    for event in &view.events {
        let Some(sealed) = &event.sealed else { continue };
        let held = view.boxes.iter().find(|held| held.number == sealed.r#box).unwrap();
        let place = Place::Box(KeyId::parse(&held.key).unwrap());
        let seed = staff::open(&held.wraps[0], &place, key).unwrap();
        let secret = SealingSecret::from_seed(seed.as_slice().try_into().unwrap());
        let place = Place::Values(uput_core::id::EventId::parse(&event.event).unwrap());
        let bytes = staff::open(&sealed.values, &place, &secret).unwrap();
        all.push(wire::Disclosure::decode(bytes.as_slice()).unwrap());
    }
    all
}

/// [STF-5] [STF-6] [STF-7]
#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_counts_only_after_somebody_else_compared_it() {
    let pair = pair().await;
    let node = &pair.shelter;
    let [sanja, berta, _] = staff_of(node).await;
    // Whoever can reset her account makes a key in her name: it is shown, and nothing is sealed to it.
    let stolen = fresh();
    let added = node.add_staff_key(&berta.caller, stolen.public().clone()).await.unwrap();
    assert!(added.confirmed.is_none());
    assert_eq!(node.staff().current(&berta.caller.person).unwrap().id(), berta.id());
    assert!(node.staff().keys().iter().any(|key| key.id() == stolen.id()), "it is shown");
    let own = confirm(node, &berta, &stolen.id()).await;
    assert_eq!(own.err(), Some(Rejection::NotPermitted));
    let right = proof(node, &sanja, &stolen.id());
    let short = node.confirm_staff_key(&sanja.caller, &stolen.id().as_bytes()[..15], &right).await;
    assert_eq!(short.err(), Some(Rejection::BadValue));
    let keyless = account(node, "a supervisor without a key", Role::Supervisor).await;
    let refused = node.confirm_staff_key(&keyless, stolen.id().as_bytes(), &right).await;
    assert_eq!(refused.err(), Some(Rejection::NoStaffKey));
    confirm(node, &sanja, &stolen.id()).await.unwrap();
    assert_eq!(node.staff().current(&berta.caller.person).unwrap().id(), stolen.id());
    let twice = node.add_staff_key(&berta.caller, stolen.public().clone()).await;
    assert_eq!(twice.err(), Some(Rejection::BadValue));
}

/// [STF-8] [STF-11] [STF-13]
#[tokio::test(flavor = "multi_thread")]
async fn a_team_reads_by_its_key_until_somebody_leaves() {
    let pair = pair().await;
    let node = &pair.shelter;
    let [sanja, berta, clara] = staff_of(node).await;
    let team = node.create_team(&BY, Sensitive::new("the night team".to_owned())).await.unwrap();
    for member in [&berta, &clara] {
        node.join_team(&BY, &team.id.to_vec(), member.caller.person).await.unwrap();
    }
    let key = fresh();
    let wrap = |member: &Person| {
        staff::seal(member.key.public(), &Place::Team(key.id()), key.expose_seed(), &mut SystemEntropy).unwrap()
    };
    let add = |by: &Person, wraps: Vec<Vec<u8>>| {
        let (node, caller, team, public) = (node.clone(), by.caller.clone(), team.id.to_vec(), key.public().clone());
        let proof = proof(&node, by, &key.id());
        async move { node.add_team_key(&caller, &team, public, &wraps, &proof).await }
    };
    assert_eq!(add(&sanja, vec![wrap(&berta), wrap(&clara)]).await.err(), Some(Rejection::NotPermitted));
    assert_eq!(add(&berta, vec![wrap(&berta)]).await.err(), Some(Rejection::NoStaffKey));
    assert_eq!(add(&berta, vec![wrap(&berta), wrap(&sanja)]).await.err(), Some(Rejection::NoStaffKey));
    add(&berta, vec![wrap(&berta), wrap(&clara)]).await.unwrap();
    let members = |node: &Node| node.register().team(&team.id.to_vec()).unwrap().members;
    assert!(node.staff().current_of_team(&team.id, &members(node)).is_some());
    node.leave_team(&BY, &team.id.to_vec(), clara.caller.person).await.unwrap();
    assert_eq!(members(node), BTreeSet::from([berta.caller.person]));
    assert!(node.staff().current_of_team(&team.id, &members(node)).is_none(), "nothing more is sealed to it");
}

/// Somebody has the accounts of all of them, as whoever can reset accounts or make tokens has, and none of their keys.
/// [STF-25] [STF-6]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_accounts_and_not_their_keys_makes_no_key_count() {
    let pair = pair().await;
    let node = &pair.shelter;
    let [sanja, berta, clara] = staff_of(node).await;
    let as_if = |whose: &Person| Person { caller: whose.caller.clone(), key: fresh() };
    let [boss, thief] = [as_if(&sanja), as_if(&berta)];
    for made in [&boss, &thief] {
        node.add_staff_key(&made.caller, made.key.public().clone()).await.unwrap();
    }
    // What proves one thing proves no other; a key that does not count proves nothing.
    let wrongs = |of: &KeyId| {
        let other = proof(node, &sanja, &sanja.id());
        vec![Vec::new(), vec![0; 32], other.clone(), [other, vec![0]].concat(), proof(node, &boss, of)]
    };
    for wrong in wrongs(&thief.id()) {
        let compared = node.confirm_staff_key(&sanja.caller, thief.id().as_bytes(), &wrong).await;
        assert_eq!(compared.err(), Some(Rejection::NoStaffKey));
        for holder in [&sanja, &clara] {
            let held =
                node.staff().shares_of(&berta.id()).into_iter().find(|share| share.holder == holder.id()).unwrap();
            let place = Place::Given(berta.id(), held.number);
            let given = staff::seal(thief.key.public(), &place, &[7; 32], &mut SystemEntropy).unwrap();
            let given = node.give_share(&holder.caller, &berta.id(), held.number, given, &wrong).await;
            assert_eq!(given.err(), Some(Rejection::NoStaffKey));
        }
    }
    let team = node.create_team(&BY, Sensitive::new("the night team".to_owned())).await.unwrap();
    node.join_team(&BY, &team.id.to_vec(), berta.caller.person).await.unwrap();
    let (known, id) = (fresh(), team.id.to_vec());
    let wrap =
        staff::seal(berta.key.public(), &Place::Team(known.id()), known.expose_seed(), &mut SystemEntropy).unwrap();
    for wrong in wrongs(&known.id()) {
        let added =
            node.add_team_key(&berta.caller, &id, known.public().clone(), std::slice::from_ref(&wrap), &wrong).await;
        assert_eq!(added.err(), Some(Rejection::NoStaffKey));
    }
    let right = proof(node, &berta, &known.id());
    node.add_team_key(&berta.caller, &id, known.public().clone(), &[wrap], &right).await.unwrap();
    // Nor do they hand out shares of nothing in somebody's place.
    let dora = person(node, "Dora, invented", Role::CaseWorker).await;
    for wrong in wrongs(&dora.id()) {
        let (sharing, held) = shares(&dora, &[&sanja, &berta], 2);
        let shared = node.share_staff_key(&dora.caller, &dora.id(), sharing, held, &wrong).await;
        assert_eq!(shared.err(), Some(Rejection::NoStaffKey));
    }
    assert!(
        node.staff().keys().iter().all(|key| ![boss.id(), thief.id()].contains(&key.id()) || key.confirmed.is_none())
    );
}

/// Two colleagues who agree do not make a key count by shares of one that nobody compared. [STF-24]
#[tokio::test(flavor = "multi_thread")]
async fn shares_of_a_key_that_never_counted_make_none_count() {
    let pair = pair().await;
    let node = &pair.shelter;
    let [sanja, berta, _] = staff_of(node).await;
    let dora = person(node, "Dora, invented", Role::CaseWorker).await;
    share(node, &dora, &[&sanja, &berta], 2).await.unwrap();
    let new = Person { caller: dora.caller.clone(), key: fresh() };
    node.add_staff_key(&new.caller, new.key.public().clone()).await.unwrap();
    for holder in [&sanja, &berta] {
        let held = node.staff().shares_of(&dora.id()).into_iter().find(|share| share.holder == holder.id()).unwrap();
        let place = Place::Given(dora.id(), held.number);
        let given = staff::seal(new.key.public(), &place, &[7; 32], &mut SystemEntropy).unwrap();
        let proof = proof(node, holder, &new.id());
        let given = node.give_share(&holder.caller, &dora.id(), held.number, given, &proof).await;
        assert_eq!(given.err(), Some(Rejection::NoStaffKey));
    }
    assert!(node.staff().key(&new.id()).unwrap().confirmed.is_none());
}

/// [STF-16]
#[tokio::test(flavor = "multi_thread")]
async fn everything_is_sealed_only_when_two_people_could_come_back_to_it() {
    let pair = pair().await;
    let node = &pair.shelter;
    let sanja = person(node, "Sanja, invented", Role::Supervisor).await;
    assert_eq!(node.set_sealing(&sanja.caller, ON, &Second::Nobody).await.err(), Some(Rejection::NoStaffKey));
    let others = [person(node, "B", Role::CaseWorker).await, person(node, "C", Role::CaseWorker).await];
    for other in &others {
        confirm(node, &sanja, &other.id()).await.unwrap();
    }
    share(node, &sanja, &[&others[0], &others[1]], 2).await.unwrap();
    assert_eq!(node.set_sealing(&sanja.caller, ON, &Second::Nobody).await.err(), Some(Rejection::NoStaffKey));
    share(node, &others[0], &[&sanja, &others[1]], 2).await.unwrap();
    node.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
    let off = Sealing { staff_only: false, ..ON };
    let end = async |by: &Person, second: &Second| node.set_sealing(&by.caller, off, second).await.err();
    assert_eq!(end(&sanja, &Second::Nobody).await, Some(Rejection::NeedsApproval));
    assert_eq!(end(&sanja, &Second::Asked).await, Some(Rejection::NeedsApproval));
    let why = || Reason::new(wire::ApprovalReason::Mistake, String::new());
    let needless = node.ask_unsealing(&sanja.caller, ON, [1; 32], why()).await;
    assert_eq!(needless.err(), Some(Rejection::BadApproval), "it takes nobody else");
    let asked = node.ask_unsealing(&sanja.caller, off, [1; 32], why()).await.unwrap();
    let used = Second::Approval { id: asked.approval.clone(), digest: [1; 32] };
    assert_eq!(end(&sanja, &used).await, Some(Rejection::BadApproval), "nobody has decided");
    let alone = node.decide_approval(&sanja.caller, &asked.approval, true).await;
    assert_eq!(alone.err(), Some(Rejection::BadApproval), "nobody decides alone");
    let mila = person(node, "Mila, invented", Role::Supervisor).await;
    node.decide_approval(&mila.caller, &asked.approval, true).await.unwrap();
    assert_eq!(end(&mila, &used).await, Some(Rejection::BadApproval), "not theirs to use");
    assert!(node.staff().sealing().staff_only);
    assert_eq!(end(&sanja, &used).await, Some(Rejection::BadApproval), "whoever approves has a key that counts");
    confirm(node, &sanja, &mila.id()).await.unwrap();
    assert_eq!(end(&sanja, &used).await, Some(Rejection::BadApproval), "an administrator made their accounts today");
    let long_known = |by: &Person| {
        let account = node.register().account(&by.caller.account.to_vec()).unwrap();
        node.register().set_account(Account { notice: 0, ..account });
    };
    long_known(&sanja);
    assert_eq!(end(&sanja, &used).await, Some(Rejection::BadApproval), "and so it was when it was approved");
    long_known(&mila);
    let asked = node.ask_unsealing(&sanja.caller, off, [1; 32], why()).await.unwrap();
    node.decide_approval(&mila.caller, &asked.approval, true).await.unwrap();
    let used = Second::Approval { id: asked.approval, digest: [1; 32] };
    assert_eq!(end(&sanja, &used).await, None);
    assert!(!node.staff().sealing().staff_only);
    node.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
    assert_eq!(end(&sanja, &used).await, Some(Rejection::BadApproval), "once");
    let counted = node.count_approvals(&sanja.caller, 0, 0);
    assert_eq!((counted[0].kind(), counted[0].used), (wire::ApprovalKind::Unsealing, 1));
    let puppet = Caller { person: PersonId::new([0x55; 16]), ..mila.caller.clone() };
    let keyless = node.ask_unsealing(&puppet, off, [2; 32], why()).await;
    assert_eq!(keyless.err(), Some(Rejection::NoStaffKey));
    assert!(node.staff().sealing().staff_only);
}

/// [STF-23]
#[tokio::test(flavor = "multi_thread")]
async fn k_shares_are_in_the_hands_of_k_people() {
    let pair = pair().await;
    let node = &pair.shelter;
    let [sanja, berta, clara] = staff_of(node).await;
    let dora = person(node, "Dora, invented", Role::CaseWorker).await;
    assert_eq!(share(node, &dora, &[&berta, &berta], 2).await.err(), Some(Rejection::NoStaffKey), "two in one hand");
    assert_eq!(share(node, &dora, &[&berta, &dora], 2).await.err(), Some(Rejection::NoStaffKey), "one's own hand");
    let nobody = Person { caller: dora.caller.clone(), key: fresh() };
    assert_eq!(share(node, &dora, &[&berta, &nobody], 2).await.err(), Some(Rejection::NoStaffKey), "nobody's");
    assert_eq!(share(node, &berta, &[&sanja, &clara], 2).await.err(), Some(Rejection::BadValue), "shared already");
    let wanted = Sealing { staff_only: false, sharing: Some(Sharing::new(2, 3).unwrap()) };
    node.set_sealing(&sanja.caller, wanted, &Second::Nobody).await.unwrap();
    assert_eq!(share(node, &dora, &[&berta, &clara], 2).await.err(), Some(Rejection::BadValue), "not as agreed");
    share(node, &dora, &[&sanja, &berta, &clara], 2).await.unwrap();
}

/// The drill: a key is lost; one colleague is too few, two bring it back, a false share is named, and what was sealed
/// to the lost key is readable again. [STF-22] [STF-24]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_key_comes_back_by_two_colleagues_of_three_and_not_by_one() {
    let pair = pair().await;
    let node = &pair.shelter;
    let [sanja, berta, clara] = staff_of(node).await;
    node.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let hotliner = account(&pair.hotline, "H", Role::CaseWorker).await;
    let trail = referral(&pair, &hotliner, &berta.caller).await;
    // Her computer was stolen. She makes a new key; nobody has compared it yet.
    let (lost, new) = (berta.id(), Person { caller: berta.caller.clone(), key: fresh() });
    node.add_staff_key(&new.caller, new.key.public().clone()).await.unwrap();
    let view = node.show(&new.caller, &trail, true).await.unwrap();
    assert!(opened(&view, &[&new.key]).is_empty());
    let sharing = Sharing::new(2, 2).unwrap();
    let digests: Vec<_> = node.staff().shares_of(&lost).iter().map(|share| (share.number, share.digest)).collect();
    let known = |number: u8| digests.iter().find(|(of, _)| *of == number).map(|(_, digest)| *digest);
    let mine = |node: &Node| -> Vec<Share> {
        let given = node.staff().shares_of(&lost).into_iter().filter(|share| !share.given.is_empty());
        let open = |share: HeldShare| {
            let bytes = staff::open(&share.given, &Place::Given(lost, share.number), &new.key).unwrap();
            Share::parse(share.number, &bytes).unwrap()
        };
        given.map(open).collect()
    };
    // Whoever holds none gives none; one colleague is too few.
    let shares = node.staff().shares_of(&lost);
    let held = |holder: &Person| shares.iter().find(|share| share.holder == holder.id()).unwrap().clone();
    let reseal = |holder: &Person, falsified: bool| {
        let share = held(holder);
        let mut bytes = staff::open(&share.sealed, &Place::Share(lost, share.number), &holder.key).unwrap();
        bytes[5] ^= u8::from(falsified);
        staff::seal(new.key.public(), &Place::Given(lost, share.number), &bytes, &mut SystemEntropy).unwrap()
    };
    let number = |holder: &Person| held(holder).number;
    let give = |by: &Person, number: u8, given: Vec<u8>| {
        let (node, caller, proof) = (node.clone(), by.caller.clone(), proof(node, by, &new.id()));
        async move { node.give_share(&caller, &lost, number, given, &proof).await }
    };
    let stranger = give(&clara, number(&sanja), reseal(&sanja, false)).await;
    assert_eq!(stranger.err(), Some(Rejection::NoStaffKey));
    assert_eq!(give(&sanja, number(&sanja), reseal(&sanja, false)).await.unwrap(), (1, 2));
    let few = staff::join(&lost, sharing, &mine(node), known).err();
    assert_eq!(few, Some(Unjoined::TooFew { here: 1, needed: 2 }));
    assert!(node.staff().key(&new.id()).unwrap().confirmed.is_none());
    // A false share is found, and whose it was.
    give(&clara, number(&clara), reseal(&clara, true)).await.unwrap();
    let wrong = staff::join(&lost, sharing, &mine(node), known).err();
    assert_eq!(wrong, Some(Unjoined::Wrong(vec![number(&clara)])));
    // The right ones bring the key back.
    assert_eq!(give(&clara, number(&clara), reseal(&clara, false)).await.unwrap(), (2, 2));
    let back = staff::join(&lost, sharing, &mine(node), known).ok().unwrap();
    assert_eq!(back.id(), lost);
    assert!(node.staff().key(&new.id()).unwrap().confirmed.is_some(), "two colleagues have compared it");
    // Her program wraps anew what she could open, and from then on the new key is enough.
    for (held, missing) in node.lacking(&new.caller, &[]).unwrap() {
        let place = Place::Box(KeyId::parse(&held.key).unwrap());
        let seed = held.wraps.iter().find_map(|wrap| staff::open(wrap, &place, &back).ok()).unwrap();
        let wraps = missing.iter().map(|key| staff::seal(&key.public, &place, &seed, &mut SystemEntropy).unwrap());
        let subject = TrailId::parse(&held.subject).unwrap();
        node.add_readers(&new.caller, &subject, held.number, wraps.collect()).await.unwrap();
    }
    let view = node.show(&new.caller, &trail, true).await.unwrap();
    assert!(opened(&view, &[&new.key]).contains(&NAME.to_owned()));
    assert!(node.lacking(&new.caller, &[]).unwrap().is_empty());
    // The administrator holds no share by office.
    let admin = account(node, "A", Role::Administrator).await;
    assert!(node.staff().held(&node.staff().ring(&admin.person, &BTreeSet::new())).is_empty());
}

/// Who is neither a reader nor may see the case gets nothing that opens, and keys in the wrong hands open nothing.
/// [STF-15]
#[tokio::test(flavor = "multi_thread")]
async fn administrator_and_colleague_get_refusals_or_ciphertext() {
    let pair = pair().await;
    let node = &pair.shelter;
    let [sanja, berta, clara] = staff_of(node).await;
    node.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let hotliner = account(&pair.hotline, "H", Role::CaseWorker).await;
    let trail = referral(&pair, &hotliner, &berta.caller).await;
    let admin = account(node, "A", Role::Administrator).await;
    for stranger in [&admin, &clara.caller] {
        assert_eq!(node.show(stranger, &trail, true).await.err(), Some(Rejection::NoSuchTrail));
        assert!(node.lacking(stranger, &[]).unwrap().is_empty());
        let added = node.add_readers(stranger, &trail, 1, Vec::new()).await;
        assert_eq!(added.err(), Some(Rejection::NoSuchTrail));
    }
    // A supervisor who came later may see the case, and has nothing that opens it, until somebody who can adds them.
    let late = person(node, "Lena, invented", Role::Supervisor).await;
    confirm(node, &sanja, &late.id()).await.unwrap();
    let view = node.show_because(&late.caller, &trail, true, &supervising()).await.unwrap();
    assert!(opened(&view, &[&late.key]).is_empty() && plain(&view).is_empty());
    assert!(view.boxes.iter().all(|held| held.wraps.is_empty()));
    let lacking = node.lacking(&berta.caller, trail.as_bytes()).unwrap();
    assert_eq!(lacking[0].1.iter().map(uput_node::staff::StaffKey::id).collect::<Vec<_>>(), [late.id()]);
}
