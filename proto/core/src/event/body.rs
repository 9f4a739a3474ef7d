//! The parts of an event beside its kind: the opening's content, and the terms of slots.

use crate::{
    act,
    event::ensure,
    id::{AgreementId, KeyRecordId, OrgId, TrailId},
    rejection::Rejection,
    time::Seconds,
    wire,
};

/// What an opening says. [EVT-4]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The other party.
    pub peer: OrgId,
    /// The other party's newest key record known to the author.
    pub peer_key: KeyRecordId,
    /// The one agreement version that the trail is pinned to.
    pub agreement: AgreementId,
    /// What is asked.
    pub act: wire::Act,
    /// The kind of service that is asked for.
    pub service_type: wire::ServiceType,
    /// Binds every slot of the trail.
    pub nonce: [u8; 32],
    /// The newest event version that the trail may use.
    pub event_version: u32,
    /// Claimed end of the request.
    pub expiry: Option<Seconds>,
    /// The earlier trail between the same two organisations that this one is about.
    pub about: Option<TrailId>,
}

/// Under which rule and basis slots are disclosed. [EVT-8]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// 0, 1 or 2.
    pub stage: u32,
    /// Number of the agreement's rule, from 1.
    pub rule: u32,
    /// Why.
    pub basis: wire::LegalBasis,
    /// Number of the article in the agreement's list; 0: none.
    pub article: u32,
}

impl Opening {
    pub(super) fn parse(opening: wire::Opening) -> Result<Self, Rejection> {
        ensure(opening.event_version > 0)?;
        let (act, about) = (known(opening.act())?, TrailId::parse_optional(&opening.about)?);
        // [EVT-27] An act says whether it is about another trail.
        ensure(act::row(act).is_some_and(|row| row.about.allows(about.is_some())))?;
        Ok(Self {
            act,
            about,
            peer: OrgId::parse(&opening.peer)?,
            peer_key: KeyRecordId::parse(&opening.peer_key)?,
            agreement: AgreementId::parse(&opening.agreement)?,
            service_type: known(opening.service_type())?,
            nonce: parse_nonce(&opening.nonce)?,
            event_version: opening.event_version,
            expiry: super::parse_occurred(opening.expiry)?,
        })
    }

    pub(super) fn to_wire(&self) -> wire::Opening {
        wire::Opening {
            peer: self.peer.to_vec(),
            peer_key: self.peer_key.to_vec(),
            agreement: self.agreement.to_vec(),
            act: self.act.into(),
            service_type: self.service_type.into(),
            nonce: self.nonce.to_vec(),
            event_version: self.event_version,
            expiry: self.expiry.map(Seconds::get).unwrap_or_default(),
            about: self.about.map(|id| id.to_vec()).unwrap_or_default(),
        }
    }
}

impl Terms {
    pub(super) fn parse(terms: wire::Terms) -> Result<Self, Rejection> {
        ensure(terms.stage <= 2 && terms.rule > 0)?;
        Ok(Self { stage: terms.stage, rule: terms.rule, basis: known(terms.basis())?, article: terms.article })
    }

    pub(super) fn to_wire(self) -> wire::Terms {
        wire::Terms { stage: self.stage, rule: self.rule, basis: self.basis.into(), article: self.article }
    }
}

/// 32 bytes, not all zero: a nonce that was never drawn would bind the slots of two trails alike.
fn parse_nonce(bytes: &[u8]) -> Result<[u8; 32], Rejection> {
    let nonce = bytes.try_into().map_err(|_| Rejection::Malformed)?;
    if nonce == [0; 32] { Err(Rejection::Malformed) } else { Ok(nonce) }
}

/// A code that is not the unspecified one. [EVT-9] Unknown numbers read as unspecified.
pub(crate) fn known<C: Default + PartialEq>(code: C) -> Result<C, Rejection> {
    if code == C::default() { Err(Rejection::Malformed) } else { Ok(code) }
}
