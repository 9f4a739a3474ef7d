//! The demonstration agreement, its invented organisations, and fields that fit it.

use std::{collections::BTreeMap, sync::OnceLock};

use uput_core::{
    agreement::{Agreement, Compiled, Occasion, Request, compile},
    catalogue::{Field, Label},
    event::{Opening, Terms},
    id::{Id, OrgId},
    sensitive::Sensitive,
    time::Seconds,
    wire::{Act, LegalBasis, ServiceType},
};

pub(crate) const DEMONSTRATION: &str = include_str!("../../../../specs/agreements/demonstration.toml");
pub(crate) const TWO_PARTY: &str = include_str!("../../../../specs/agreements/two-party.toml");

/// An invented organisation: its OrgId is SHA-256 of its name.
pub(crate) fn organisation(name: &str) -> OrgId {
    Id::of(name.as_bytes()).into()
}

pub(crate) fn peers() -> BTreeMap<String, OrgId> {
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre", "self", "partner"];
    names.iter().map(|name| ((*name).to_owned(), organisation(name))).collect()
}

pub(crate) fn compiled(source: &str) -> Compiled {
    compile(source, &peers()).unwrap_or_else(|error| panic!("{error}"))
}

/// Compiled once: many tests ask it.
pub(crate) fn demonstration() -> Agreement {
    static ONCE: OnceLock<Agreement> = OnceLock::new();
    ONCE.get_or_init(|| compiled(DEMONSTRATION).agreement).clone()
}

/// The body of the template between two parties, compiled once.
pub(crate) fn two_party() -> Vec<u8> {
    static ONCE: OnceLock<Vec<u8>> = OnceLock::new();
    ONCE.get_or_init(|| compiled(TWO_PARTY).body).clone()
}

pub(crate) fn opening(peer: &str, act: Act, service_type: ServiceType) -> Opening {
    Opening {
        peer: organisation(peer),
        peer_key: Id::of(b"key record").into(),
        agreement: Id::of(b"agreement").into(),
        act,
        service_type,
        nonce: [9; 32],
        event_version: 1,
        expiry: None,
        about: None,
    }
}

pub(crate) fn terms(stage: u32, rule: u32, basis: LegalBasis, article: u32) -> Terms {
    Terms { stage, rule, basis, article }
}

/// 22 November 2026, 00:00 UTC.
pub(crate) fn now() -> Seconds {
    Seconds::new(1_795_305_600).unwrap()
}

pub(crate) fn request<'a>(opener: &'a OrgId, opening: &'a Opening, terms: Terms, occasion: Occasion) -> Request<'a> {
    Request { opener, opening, terms, occasion, kind: None, time: now() }
}

pub(crate) fn field(label: Label, value: &str) -> Field {
    Field::new(label, Sensitive::new(value.to_owned())).unwrap_or_else(|_| panic!("{label} does not take it"))
}

/// What an explicit consent carries.
pub(crate) fn consent() -> Vec<Field> {
    vec![
        field(Label::ConsentGivenBy, "herself"),
        field(Label::ConsentForm, "oral_witnessed"),
        field(Label::ConsentLanguage, "sr-Latn-ME"),
        field(Label::ConsentPurpose, "A place in a shelter for the coming days"),
        field(Label::ConsentUntil, "2026-12-31"),
    ]
}

pub(crate) fn with(mut fields: Vec<Field>, more: Vec<Field>) -> Vec<Field> {
    fields.extend(more);
    fields
}
