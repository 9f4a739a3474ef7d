//! People with staff keys, and what they open, as their programs do it.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test harness; each test uses its part"
)]

pub mod record;

use std::{sync::Arc, time::Duration};

use prost::Message;
use uput_core::{
    event::Statement,
    id::{EventId, KeyId, TrailId},
    key::SealingSecret,
    rejection::Rejection,
    sensitive::Sensitive,
    staff::{self, Drawn, Place, Sharing},
    wire::{self, Role, disclosure::Form},
};
use uput_node::{
    account::Caller,
    clock::SystemEntropy,
    node::{NewEvent, Node},
    staff::{HeldShare, Sealing, StaffKey},
};

use crate::town::{self, BY, fields, until};

/// Values that stand nowhere else.
pub const NAME: &str = "Invented Canary Ninety";
pub const PURPOSE: &str = "A canary bed for tonight";
pub const ANSWER: &str = "She has the canary room";

/// Somebody who works here, with a staff key.
pub struct Person {
    pub caller: Caller,
    pub key: SealingSecret,
}

impl Person {
    pub fn id(&self) -> KeyId {
        self.key.id()
    }
}

pub fn fresh() -> SealingSecret {
    SealingSecret::from_seed(&SystemEntropy.bytes())
}

pub async fn account(node: &Node, name: &str, role: Role) -> Caller {
    let (account, _) = node.create_account(&BY, Sensitive::new(name.to_owned()), role, None).await.unwrap();
    Caller { account: account.id, person: account.person, role, scopes: Arc::new([]), on_behalf_of: None }
}

pub async fn person(node: &Node, name: &str, role: Role) -> Person {
    let (caller, key) = (account(node, name, role).await, fresh());
    node.add_staff_key(&caller, key.public().clone()).await.unwrap();
    Person { caller, key }
}

/// What proves that somebody holds their key, for another that is to count, as their program does it.
pub fn proof(node: &Node, by: &Person, of: &KeyId) -> Vec<u8> {
    let Some(own) = node.staff().key(&by.id()) else { return Vec::new() };
    let drawn = staff::open(&node.staff().drawn(&own).unwrap(), &Place::Proof, &by.key).unwrap();
    Drawn::parse(&drawn).unwrap().proof(of).to_vec()
}

/// Says that a key was compared.
pub async fn confirm(node: &Node, by: &Person, of: &KeyId) -> Result<StaffKey, Rejection> {
    node.confirm_staff_key(&by.caller, of.as_bytes(), &proof(node, by, of)).await
}

/// Three people with keys that count and are shared, two of three: a supervisor and two case workers.
pub async fn staff_of(node: &Node) -> [Person; 3] {
    let sanja = person(node, "Sanja, invented", Role::Supervisor).await;
    let [berta, clara] = [
        person(node, "Berta, invented", Role::CaseWorker).await,
        person(node, "Clara, invented", Role::CaseWorker).await,
    ];
    for other in [&berta, &clara] {
        confirm(node, &sanja, &other.id()).await.unwrap();
    }
    let people = [sanja, berta, clara];
    for at in 0..3 {
        let others: Vec<&Person> = (1..3).map(|step| &people[(at + step) % 3]).collect();
        share(node, &people[at], &others, 2).await.unwrap();
    }
    people
}

/// Splits somebody's key among colleagues, as their program does.
pub async fn share(node: &Node, whose: &Person, among: &[&Person], needed: u8) -> Result<(), Rejection> {
    let (sharing, held) = shares(whose, among, needed);
    let proof = proof(node, whose, &whose.id());
    node.share_staff_key(&whose.caller, &whose.id(), sharing, held, &proof).await.map(drop)
}

/// The shares of somebody's key, sealed to colleagues.
pub fn shares(whose: &Person, among: &[&Person], needed: u8) -> (Sharing, Vec<HeldShare>) {
    let sharing = Sharing::new(needed, u8::try_from(among.len()).unwrap()).unwrap();
    let shares = staff::split(&whose.key, sharing, &mut SystemEntropy).unwrap();
    let held = shares.iter().zip(among).map(|(share, holder)| {
        let place = Place::Share(whose.id(), share.number);
        HeldShare {
            key: whose.id(),
            number: share.number,
            holder: holder.id(),
            sealed: staff::seal(holder.key.public(), &place, share.expose(), &mut SystemEntropy).unwrap(),
            digest: share.digest(&whose.id()),
            given: Vec::new(),
        }
    });
    (sharing, held.collect())
}

/// Opens what a view holds of values with keys of one's own, as a person's program does.
pub fn opened(view: &wire::Trail, keys: &[&SealingSecret]) -> Vec<String> {
    let mut values = Vec::new();
    for event in &view.events {
        let Some(sealed) = &event.sealed else { continue };
        let held = view.boxes.iter().find(|held| held.number == sealed.r#box).unwrap();
        let place = Place::Box(KeyId::parse(&held.key).unwrap());
        let seed = held.wraps.iter().find_map(|wrap| keys.iter().find_map(|key| staff::open(wrap, &place, key).ok()));
        let Some(seed) = seed else { continue };
        let secret = SealingSecret::from_seed(seed.as_slice().try_into().unwrap());
        let place = Place::Values(EventId::parse(&event.event).unwrap());
        let bytes = staff::open(&sealed.values, &place, &secret).unwrap();
        let disclosure = wire::Disclosure::decode(bytes.as_slice()).unwrap();
        match disclosure.form.unwrap() {
            Form::Whole(whole) => values.extend(whole.fields.into_iter().map(|field| field.value)),
            Form::Some(some) => values.extend(some.slots.into_iter().filter_map(|slot| match slot.content {
                Some(wire::slot_disclosure::Content::Opened(opened)) => Some(opened.value),
                _ => None,
            })),
        }
    }
    values
}

pub fn plain(view: &wire::Trail) -> Vec<&str> {
    view.events
        .iter()
        .flat_map(|event| &event.fields)
        .map(|field| field.value.as_str())
        .filter(|v| !v.is_empty())
        .collect()
}

pub async fn shows(node: &Arc<Node>, by: &Caller, trail: &TrailId, holds: impl Fn(&wire::Trail) -> bool) {
    until(|| async { node.show(by, trail, false).await.is_ok_and(|view| holds(&view)) }).await;
}

pub const ON: Sealing = Sealing { staff_only: true, sharing: None };

pub fn found(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

/// Waits until a house's node has destroyed the keys of what has arrived, and ends it.
pub async fn at_rest(node: Arc<Node>) {
    tokio::time::sleep(Duration::from_millis(1500)).await;
    drop(node);
}

/// Records what somebody says.
pub async fn says(
    node: &Arc<Node>,
    by: &Caller,
    trail: TrailId,
    statement: Statement,
    list: &[(&'static str, &'static str)],
) -> EventId {
    let basis = Some(wire::LegalBasis::ExplicitConsent).filter(|_| !list.is_empty());
    // Words in which a word of the invented name stands, and is meant.
    let knowingly = ["consent_purpose", "reason_in_words", "need_statement", "conditions"];
    let knowingly = knowingly.map(|label| uput_core::catalogue::Label::parse(label).unwrap()).to_vec();
    let new = NewEvent { by: by.clone(), fields: fields(list), knowingly, basis, ..town::event(trail, statement) };
    node.record_event(new).await.unwrap().unwrap()
}
