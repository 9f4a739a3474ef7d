//! The record of a case and one change of it, as a person's program writes, reads and finds it.

use std::{collections::BTreeMap, sync::Arc};

use prost::Message;
use uput_core::{
    catalogue::{Field, Label},
    event::Statement,
    id::{KeyId, TrailId},
    key::{SealingPublic, SealingSecret},
    safe_contact::Intent,
    sensitive::Sensitive,
    staff::{self, Place, WordKey},
    wire::{self, LegalBasis},
    words,
};
use uput_node::{
    access::Why,
    case::CaseId,
    node::{NewChange, NewEvent, NewFollowUp, NewTrail, NewValues, Node, Question},
    record::{self, BoxRecord, CASE_VALUES_PART, CaseValuesRecord, EventRecord, Holding, TOLD_PART},
    seal,
    search::Digest,
    storage::{Position, Storage},
};

use super::{NAME, Person};
use crate::town::{self, CONSENT, House, Pair, enquiry, event, fields, request_id, until, worker};

/// Values that stand nowhere else, beside a name.
pub const MESSAGE: &str = "the canary dentist";
pub const OLD: &str = "+38269000111";
pub const NEW: &str = "+38269000222";

pub fn values(who: &Person, case: CaseId, list: &[(&str, &str)], key: Option<&WordKey>) -> NewValues {
    let fields = fields(list);
    NewValues {
        knowingly: Vec::new(),
        by: who.caller.clone(),
        request_id: request_id(),
        validate_only: false,
        case,
        label_words: key.map(|key| words_of(&fields, key)).unwrap_or_default(),
        fields,
        taken: Vec::new(),
        removed: Vec::new(),
        marks: Vec::new(),
        words: None,
    }
}

/// Why somebody looks who does not have the case. [ACL-5]
fn supervising() -> Why {
    Why { code: wire::AccessReason::Supervision, ..Why::default() }
}

/// The digests that somebody's program makes.
pub fn words_of(fields: &[Field], key: &WordKey) -> Vec<(Label, Vec<Digest>)> {
    let digests = |field: &Field| words::of_field(field).iter().map(|word| key.digest(word)).collect();
    fields.iter().map(|field| (field.label(), digests(field))).collect()
}

/// The secret of a box, by the program of one of its readers.
pub fn secret(held: &wire::StaffBox, key: &SealingSecret) -> Option<SealingSecret> {
    let place = Place::Box(KeyId::parse(&held.key).unwrap());
    let seed = held.wraps.iter().find_map(|wrap| staff::open(wrap, &place, key).ok())?;
    Some(SealingSecret::from_seed(seed.as_slice().try_into().unwrap()))
}

/// What somebody's program shows of a record.
pub async fn shown(node: &Node, who: &Person, case: &CaseId) -> BTreeMap<String, String> {
    let intent = Intent { channel: wire::ContactChannel::Call, outside: false };
    let record = node.show_case_record_to_reach(&who.caller, case, true, intent, &supervising()).await.unwrap();
    let boxes = node.record_boxes(&who.caller, case).unwrap();
    let secrets: Vec<SealingSecret> = boxes.iter().filter_map(|held| secret(held, &who.key)).collect();
    let open = |field: wire::RecordedField| {
        if field.sealed.is_empty() {
            return Some((field.label, field.value));
        }
        assert!(field.value.is_empty(), "what is sealed is not shown beside it");
        let place = Place::of_case(&field.sealed_for, Label::parse(&field.label).unwrap());
        let bytes = secrets.iter().find_map(|secret| staff::open(&field.sealed, &place, secret).ok())?;
        Some((field.label, String::from_utf8(bytes.to_vec()).unwrap()))
    };
    record.fields.into_iter().filter_map(open).collect()
}

pub async fn find(node: &Arc<Node>, who: &Person, text: &str, key: Option<&WordKey>) -> Vec<CaseId> {
    let question = match key {
        None => Question { text: Sensitive::new(text.to_owned()), words: Vec::new() },
        Some(key) => {
            let words =
                words::of_question(&Sensitive::new(text.to_owned())).iter().map(|word| key.digest(word)).collect();
            Question { text: Sensitive::new(String::new()), words }
        }
    };
    node.search_cases_because(&who.caller, question, &supervising(), 0..usize::MAX).await.unwrap().cases
}

/// A trail in which she was named, with the old number, in that case or a new one.
pub async fn named(pair: &Pair, who: &Person, case: Option<CaseId>) -> (CaseId, TrailId) {
    let need = fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat());
    let basis = LegalBasis::ExplicitConsent;
    let new = NewTrail { by: who.caller.clone(), case, stage: 1, basis, fields: need, ..enquiry("shelter-jasen") };
    let trail = pair.hotline.open_trail(new).await.unwrap().unwrap();
    until(|| async { pair.shelter.case_of(&trail).is_some() }).await;
    pair.shelter.record_event(event(trail, Statement::Accepted)).await.unwrap();
    let shows = |node: Arc<Node>, by, holds: fn(&wire::Trail) -> bool| async move {
        until(|| async { node.show(&by, &trail, false).await.is_ok_and(|view| holds(&view)) }).await;
    };
    shows(pair.hotline.clone(), who.caller.clone(), |view| view.headline == "accepted").await;
    let identity = [
        &CONSENT[..],
        &[
            ("name", NAME),
            ("safe_contact_channel", "call"),
            ("safe_contact_telephone", OLD),
            ("safe_contact_code_word", MESSAGE),
        ],
    ]
    .concat();
    let identity = fields(&identity);
    let new =
        NewEvent { by: who.caller.clone(), fields: identity, basis: Some(basis), ..event(trail, Statement::Identity) };
    pair.hotline.record_event(new).await.unwrap();
    shows(pair.shelter.clone(), worker(), |view| view.stage == 2).await;
    (pair.hotline.case_of(&trail).unwrap(), trail)
}

/// The secrets of all boxes that these keys ever opened.
fn box_secrets(storage: &Storage, keys: &[&SealingSecret]) -> Vec<SealingSecret> {
    let boxes = storage.records(Position::new(0)).filter_map(|entry| record::read::<BoxRecord>(&entry.unwrap()));
    let opens = |kept: BoxRecord| {
        let place = Place::Box(SealingPublic::parse(&kept.public).unwrap().id());
        let opened = |wrap: &Vec<u8>| keys.iter().find_map(|key| staff::open(wrap, &place, key).ok());
        let seed = kept.wraps.iter().find_map(opened)?;
        Some(SealingSecret::from_seed(seed.as_slice().try_into().unwrap()))
    };
    boxes.filter_map(opens).collect()
}

/// All that somebody reads of the records of a case and of its trail who has the folder, the storage key, and so every key in
/// the key book, and these staff keys.
pub fn readable(house: &House, case: &CaseId, trail: &TrailId, keys: &[&SealingSecret]) -> Vec<u8> {
    let storage = house.open_storage();
    let key = storage.trail_keys(&record::case_key_name(case)).and_then(|keys| keys.value);
    let secrets = box_secrets(&storage, keys);
    let mut all = Vec::new();
    for entry in storage.records(Position::new(0)) {
        let entry = entry.unwrap();
        all.extend_from_slice(&entry.payload);
        if let (Some(kept), Some(key)) = (record::read::<CaseValuesRecord>(&entry), &key) {
            let plain = seal::open(key.expose(), &record::case_aad(case, CASE_VALUES_PART), &kept.sealed).unwrap();
            all.extend_from_slice(&plain);
            let key = storage.search_key();
            let digest = key.digest("canary");
            let holding = Holding::decode(plain.as_slice()).unwrap();
            let hit = plain.windows(8).any(|kept| kept == digest);
            all.extend_from_slice(if hit { b"a digest of canary" } else { b"" });
            for field in holding.fields.iter().filter(|field| !field.told.is_empty()) {
                let name = record::key_name(&TrailId::parse(&field.taken_from).unwrap(), field.generation);
                let Some(key) = storage.trail_keys(&name).and_then(|keys| keys.value) else { continue };
                let aad = record::trail_aad(&TrailId::parse(&field.taken_from).unwrap(), TOLD_PART);
                all.extend_from_slice(&seal::open(key.expose(), &aad, &field.told).unwrap());
            }
            for field in holding.fields.iter().filter(|field| !field.sealed.is_empty()) {
                let place = Place::of_case(&field.sealed_for, Label::parse(&field.label).unwrap());
                let opened = secrets.iter().find_map(|secret| staff::open(&field.sealed, &place, secret).ok());
                all.extend(opened.map(|plain| plain.to_vec()).unwrap_or_default());
            }
        }
        let Some(event) = record::read::<EventRecord>(&entry) else { continue };
        let name = record::key_name(trail, event.generation);
        let keys = storage.trail_keys(&name).and_then(|keys| keys.value);
        let Some(key) = keys else { continue };
        if let Ok(plain) = seal::open(key.expose(), &record::trail_aad(trail, b"values"), &event.values) {
            all.extend_from_slice(&plain);
        }
        let way = record::dispatch_key_name(trail, event.ordinal);
        let inner = seal::open(key.expose(), &record::trail_aad(trail, b"values"), &event.dispatch).ok();
        if let (Some(inner), Some(key)) = (inner, storage.trail_keys(&way).and_then(|keys| keys.value)) {
            all.extend_from_slice(&seal::open(key.expose(), &way, &inner).unwrap());
        }
    }
    all
}

pub fn change(who: &Person, case: CaseId, trail: TrailId, with_basis: bool, key: Option<&WordKey>) -> NewFollowUp {
    let fields = fields(&[("safe_contact_channel", "call"), ("safe_contact_telephone", NEW)]);
    let of_basis = BTreeMap::from([(trail, town::fields(&CONSENT))]);
    NewFollowUp {
        by: who.caller.clone(),
        request_id: request_id(),
        validate_only: false,
        case,
        label_words: key.map(|key| words_of(&fields, key)).unwrap_or_default(),
        change: NewChange::SafeContact { fields, lost: false },
        of_basis: if with_basis { of_basis } else { BTreeMap::new() },
    }
}

/// Ends a node, and waits until nobody holds its folder any more.
pub async fn ended(node: Arc<Node>, house: &House) {
    super::at_rest(node).await;
    until(|| async { std::fs::File::open(house.path().join("LOCK")).is_ok_and(|lock| lock.try_lock().is_ok()) }).await;
}
