//! Which account did what stands in the journal, and nowhere else.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on must stop")]

mod town;

use std::sync::Arc;
use std::time::Duration;

use town::{Carrier, House, agree, caller_as, enquiry, event, introduce, request_id, until, worker};
use uput_core::{
    event::Statement,
    sensitive::Sensitive,
    wire::{AccessKind, DisclosureScope, Purpose, Role, Scope},
};
use uput_node::{
    account::{AccountId, Caller, OnBehalfOf, PersonId, Shown},
    clock,
    node::{Export, NewEvent, NewTrail, Second},
    record::{
        AccessRecord, AccountRecord, AgreementRecord, CaseRecord, EventRecord, InvitationRecord, Kept, PeerRecord,
        TokenRecord, actor_key_name, read,
    },
    storage::{Position, Record},
};

const NAME: &str = "An Invented Colleague";

fn records_of(house: &House) -> Vec<Record> {
    house.open_storage().records(Position::new(0)).map(|record| record.unwrap()).collect()
}

fn all<K: Kept>(records: &[Record]) -> Vec<K> {
    records.iter().filter_map(read).collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Waits until nobody holds the folder any more.
async fn closed(house: &House) {
    drop(town::reopened(house).await);
}

/// [ACC-20] [ACC-3] [ACC-16] [DIS-16]
#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_did_is_known_here_and_to_nobody_else() {
    let (hotline_house, shelter_house) = (House::found(1).await, House::found(2).await);
    let (lipa_house, centre_house) = (House::found(3).await, House::found(4).await);
    let (hotline, shelter) = (hotline_house.open(), shelter_house.open());
    let (lipa, centre) = (lipa_house.open(), centre_house.open());
    introduce(&hotline, "hotline", &shelter, "shelter-jasen").await;
    introduce(&hotline, "hotline", &lipa, "shelter-lipa").await;
    introduce(&hotline, "hotline", &centre, "centre").await;
    let carriers: Vec<Carrier> =
        [&shelter, &lipa, &centre].into_iter().flat_map(|to| Carrier::both(&hotline, to)).collect();
    agree(&[
        ("hotline", &hotline_house, &hotline),
        ("shelter-jasen", &shelter_house, &shelter),
        ("shelter-lipa", &lipa_house, &lipa),
        ("centre", &centre_house, &centre),
    ])
    .await;
    let administrator = AccountId::new([9; 16]);
    let (account, _) =
        hotline.create_account(&administrator, Sensitive::new(NAME.to_owned()), Role::Supervisor, None).await.unwrap();
    let by = account.id;
    let caller = Caller { account: by, person: account.person, ..caller_as(Role::Supervisor) };
    let new = || NewTrail { by: caller.clone(), request_id: request_id(), ..enquiry("shelter-jasen") };
    let trail = hotline.open_trail(new()).await.unwrap().unwrap();
    hotline.record_event(NewEvent { by: caller.clone(), ..event(trail, Statement::Withdrawn) }).await.unwrap().unwrap();
    hotline.show(&caller, &trail, false).await.unwrap();
    hotline.show(&caller, &trail, true).await.unwrap();
    until(|| async { shelter.show(&worker(), &trail, false).await.is_ok_and(|trail| trail.events.len() > 2) }).await;
    let scope = DisclosureScope::Labels;
    let (by_caller, purpose, wait) = (caller.clone(), Purpose::Audit, Duration::from_secs(5));
    let export =
        Export { contact: false, by: by_caller, second: Second::Nobody, trail, purpose, scope, nonce: None, wait };
    let (bundle, _) = hotline.export(export).await.unwrap();
    // A machine does the same on behalf of that person.
    let person = OnBehalfOf { account: by, person: account.person, role: Role::Supervisor };
    let scopes = Arc::from([Scope::Open, Scope::Record, Scope::Trails, Scope::Values, Scope::Export]);
    let machine = Caller {
        account: AccountId::new([7; 16]),
        person: PersonId::new([6; 16]),
        scopes,
        on_behalf_of: Some(person),
        ..caller_as(Role::Integration)
    };
    let both = [[7; 16].to_vec(), by.to_vec()].concat();
    let new = NewTrail { by: machine.clone(), request_id: request_id(), ..enquiry("shelter-lipa") };
    let theirs = hotline.open_trail(new).await.unwrap().unwrap();
    hotline.show(&machine, &theirs, true).await.unwrap();
    let export = Export {
        contact: false,
        by: machine,
        second: Second::Nobody,
        trail: theirs,
        purpose,
        scope,
        nonce: None,
        wait: Duration::ZERO,
    };
    hotline.export(export).await.unwrap();
    hotline.disable_account(&administrator, &by.to_vec()).await.unwrap();
    hotline.erase_account(&by.to_vec()).await.unwrap();
    drop((carriers, hotline, shelter, lipa, centre));

    closed(&hotline_house).await;
    let actor = hotline_house.open_storage().trail_keys(&actor_key_name(&account.person)).unwrap();
    assert!(actor.value.is_none() && actor.evidence.is_none(), "made when they acted, and destroyed with their name");
    let records = records_of(&hotline_house);
    let events: Vec<EventRecord> = all(&records);
    let (own, received): (Vec<_>, Vec<_>) = events.iter().partition(|event| !event.request.is_empty());
    let named = |who: &[u8]| own.iter().filter(|event| event.account == who).count();
    assert_eq!((own.len(), named(&by.to_vec()), named(&both)), (3, 2, 1));
    assert!(!received.is_empty() && received.iter().all(|event| event.account.is_empty()));
    let accesses: Vec<AccessRecord> = all(&records);
    let seen_by = |who: &[u8]| -> Vec<AccessKind> {
        let of_them = accesses.iter().filter(|access| access.account == who);
        of_them.map(|access| access.entry().unwrap().kind).collect()
    };
    let own = [AccessKind::LabelsShown, AccessKind::ValuesShown, AccessKind::Exported];
    assert_eq!((seen_by(&by.to_vec()), seen_by(&both)), (own.to_vec(), own[1..].to_vec()));
    assert_eq!(accesses.len(), 5);
    assert!(all::<CaseRecord>(&records).iter().any(|case| case.account == both), "the case names both too");
    assert_ne!(accesses.last().unwrap().previous, 0, "each names the one before");
    assert!(all::<InvitationRecord>(&records).iter().any(|invitation| !invitation.account.is_empty()));
    assert!(all::<PeerRecord>(&records).iter().filter(|peer| peer.confirmed).all(|peer| !peer.account.is_empty()));
    assert!(all::<AgreementRecord>(&records).iter().any(|agreement| !agreement.account.is_empty()));

    // The name is sealed under its own key even inside of the sealed journal; no secret is anywhere.
    let accounts: Vec<AccountRecord> = all(&records);
    assert!(accounts.iter().any(|kept| kept.account == by.to_vec() && kept.created_by == administrator.to_vec()));
    assert!(records.iter().all(|record| !contains(&record.payload, NAME.as_bytes())));
    assert!(all::<TokenRecord>(&records).is_empty());
    assert!(!contains(&bundle, &by.to_vec()) && !contains(&bundle, NAME.as_bytes()));
    closed(&shelter_house).await;
    let theirs = records_of(&shelter_house);
    assert!(theirs.len() > 5 && theirs.iter().all(|record| !contains(&record.payload, &by.to_vec())));
}

/// [ACC-2]
#[tokio::test]
async fn a_folder_from_before_there_were_accounts_gets_its_first_one_once() {
    let house = House::found(5).await;
    let node = house.open();
    assert!(node.register().accounts().is_empty());
    let first = node.restore_access().await.unwrap();
    let second = node.restore_access().await.unwrap();
    drop(node);
    let node = town::reopened(&house).await;
    let register = node.register();
    let accounts = register.accounts();
    assert_eq!(accounts.len(), 1);
    for token in [first, second] {
        let caller = register.admit(&Shown { token: Some(token.expose()), ..Shown::default() }, clock::now()).unwrap();
        assert!(caller.role == Role::Administrator && caller.account == accounts.first().unwrap().id);
    }
}
