//! What one peer may leave here beside events.
//!
//! Guarantees that heads, agreements and key chains which a peer brings are kept only if this node needs them, and only
//! so many: a peer that lies fills neither disk nor memory with them. [NOD-35] Leaves to others events, which are never
//! refused for their number, and whatever the operator's own commands bring.

use std::collections::BTreeSet;

use prost::Message;
use uput_core::{
    agreement::Agreement,
    envelope::{Envelope, MediaType},
    head::Head,
    id::OrgId,
    key::KeyChain,
    rejection::Rejection,
    time::Seconds,
    wire::{self, LetterContent},
};

use super::{Node, agreements::Held, onward::copy_author, trails::Loaded};

/// Heads that a peer may leave in a trail, beside one for each event that is in it.
const HEADS: usize = 16;
/// Heads that this node signs in a trail at the peer's request, beside one for each event.
const ANSWERS: usize = 256;
/// Agreements that a peer may bring and this organisation has not signed.
const UNSIGNED: usize = 16;
/// Organisations whose keys a peer may bring, and that nothing signed here names.
const STRANGERS: usize = 256;

/// How long a chain of key records may be that is kept.
struct Length {
    records: usize,
    bytes: usize,
}

impl Length {
    fn holds(&self, chain: &KeyChain) -> bool {
        let bytes: usize = chain.envelopes().map(|record| record.to_bytes().len()).sum();
        chain.envelopes().count() <= self.records && bytes <= self.bytes
    }
}

/// Whether a chain is kept also of a stranger.
pub(super) fn is_short(chain: &KeyChain) -> bool {
    STRANGE.holds(chain)
}

/// Of a peer, or a party of an agreement that this organisation has signed.
const NEAR: Length = Length { records: 256, bytes: 512 * 1024 };
/// Of anybody else.
const STRANGE: Length = Length { records: 8, bytes: 64 * 1024 };

impl Node {
    /// Whose key records a letter may bring, beside those that are known here: the peer's own, those of parties of its
    /// agreements with us, those of whoever made a decision that it cites, or
    /// signed a copy that it carries.
    pub(super) fn welcome(&self, from: &OrgId, content: &LetterContent) -> BTreeSet<OrgId> {
        let mut welcome = BTreeSet::from([*from]);
        for agreement in content.agreements.iter().filter_map(agreement_of) {
            if self.concerns(&agreement, from) {
                welcome.extend(agreement.parties().map(|party| party.organisation));
            }
        }
        for agreement in self.agreements.all() {
            welcome.extend(agreement.agreement.parties().map(|party| party.organisation));
        }
        welcome.extend(content.evidence.iter().filter_map(author_of));
        // [ONW-12]
        welcome.extend(content.disclosures.iter().filter_map(copy_author));
        welcome
    }

    /// Whether key records of an organisation may come: it is welcome, or known here.
    pub(super) fn needs(&self, welcome: &BTreeSet<OrgId>, organisation: &OrgId) -> bool {
        welcome.contains(organisation) || self.chain_of(organisation).is_some()
    }

    /// Whether an agreement is one between us and whoever brings it.
    fn concerns(&self, agreement: &Agreement, from: &OrgId) -> bool {
        agreement.party(&self.me.organisation).is_some() && agreement.party(from).is_some()
    }

    /// Whether a chain that somebody brings may be kept.
    pub(super) fn allow_chain(&self, chain: &KeyChain, from: Option<&OrgId>) -> Result<(), Rejection> {
        let organisation = chain.organisation();
        let most = if from.is_none() || self.is_near(&organisation) { NEAR } else { STRANGE };
        if !most.holds(chain) {
            return Err(Rejection::NotKept);
        }
        let known = self.directory.chain(&organisation).is_some();
        let Some(from) = from.filter(|_| !known && !self.is_near(&organisation)) else { return Ok(()) };
        let strangers = self.directory.brought_by(from).into_iter().filter(|known| !self.is_near(known)).count();
        if strangers < STRANGERS { Ok(()) } else { Err(Rejection::NotKept) }
    }

    /// What a party of an agreement that this organisation has signed is called there.
    pub(super) fn party_name(&self, organisation: &OrgId) -> Option<String> {
        let named = |held: Held| held.agreement.party(organisation).map(|party| party.name.clone());
        self.agreements.all().into_iter().filter(|held| self.signed(held)).find_map(named)
    }

    /// A peer, or a party of an agreement that this organisation has signed.
    fn is_near(&self, organisation: &OrgId) -> bool {
        let signed_with = |held: &Held| held.agreement.party(organisation).is_some() && self.signed(held);
        self.directory.peer(organisation).is_some() || self.agreements.all().iter().any(signed_with)
    }

    /// Whether this organisation has signed an agreement.
    fn signed(&self, held: &Held) -> bool {
        let chain = self.me.chain();
        held.envelope.signers().any(|signer| chain.records().any(|record| record.organisation_key().id() == signer))
    }

    /// Whether an agreement that is not here yet may be kept.
    pub(super) fn allow_agreement(&self, held: &Held, from: &OrgId) -> Result<(), Rejection> {
        let unsigned = |other: &&Held| other.brought_by.as_ref() == Some(from) && !self.signed(other);
        let room = || self.agreements.all().iter().filter(unsigned).count() < UNSIGNED;
        let allowed = self.concerns(&held.agreement, from) && (self.signed(held) || room());
        if allowed { Ok(()) } else { Err(Rejection::NotKept) }
    }
}

impl Loaded {
    /// Whether a head says something that the heads of its author which are here do not.
    pub(super) fn is_news(&self, head: &Head) -> bool {
        let says_all = |known: Head| {
            let covers = known.own_count >= head.own_count && known.seen_count >= head.seen_count;
            let same = (known.own_count != head.own_count || known.own_last == head.own_last)
                && (known.seen_count != head.seen_count || known.seen_last == head.seen_last);
            let keys = known.key == head.key && known.peer_key == head.peer_key && known.closes == head.closes;
            let settled = head.settled.is_none() || head.settled == known.settled;
            covers && same && keys && settled && known.incarnation == head.incarnation
        };
        !self.heads_of(&head.author).any(says_all)
    }

    /// Whether one more head of the peer may be kept, that nobody here has asked for.
    pub(super) fn allow_head(&self, author: &OrgId) -> Result<(), Rejection> {
        let most = HEADS.saturating_add(self.trail.len());
        // Heads that say the same of another time are bounded by the time. [NOD-93]
        let mut said: Vec<Head> = Vec::new();
        for head in self.heads_of(author).map(|head| Head { time: Seconds::EPOCH, nonce: None, ..head }) {
            if !said.contains(&head) {
                said.push(head);
            }
        }
        if said.len() < most { Ok(()) } else { Err(Rejection::NotKept) }
    }

    /// Whether one more head may be signed at the peer's request.
    pub(super) fn allow_answer(&self, us: &OrgId) -> Result<(), Rejection> {
        let most = ANSWERS.saturating_add(self.trail.len());
        if self.heads_of(us).filter(|head| head.nonce.is_some()).count() < most {
            Ok(())
        } else {
            Err(Rejection::NotKept)
        }
    }

    /// Heads of one party, oldest first.
    pub(super) fn heads_of(&self, author: &OrgId) -> impl Iterator<Item = Head> {
        let author = *author;
        let heads = self.heads.iter().filter_map(|envelope| Head::parse(envelope.body()).ok());
        heads.filter(move |head| head.author == author)
    }
}

fn agreement_of(envelope: &wire::Envelope) -> Option<Agreement> {
    let envelope = Envelope::from_wire(envelope.clone()).ok().filter(|envelope| envelope.is(MediaType::AGREEMENT))?;
    Agreement::parse(envelope.id(), envelope.body()).ok()
}

/// Who a cited event says that its author is; its signature is verified when the event is taken.
fn author_of(envelope: &wire::Envelope) -> Option<OrgId> {
    let prefix = wire::EventPrefix::decode(envelope.body.as_slice()).ok()?;
    OrgId::parse(&prefix.author).ok()
}
