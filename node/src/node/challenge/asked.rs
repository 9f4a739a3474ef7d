//! Answering what a witness puts to us.
//!
//! Guarantees that nobody but the other party of a trail gets an answer about it, that a witness learns nothing from a refusal
//! but that it is one, and that the same question costs one head however often it comes.

use uput_core::{
    envelope::{Envelope, MediaType, Verified, verify_one},
    head::{Challenge, Head},
    id::{Id, OrgId},
    key::{KeyChain, KeyRecord},
    letter,
    rejection::Rejection,
    wire::{self, LetterContent},
};

use super::{
    super::{Node, outbox::Waiting},
    parse,
};
use crate::{
    clock,
    record::{Part, PutRecord},
};

impl Node {
    /// A witness puts a challenge: our head goes to whoever challenged, and its ID to the witness. [NOD-112]
    pub(super) async fn take_asked(&self, witness: &OrgId, put: &wire::PutChallenge) -> Result<(), Rejection> {
        let challenge = Id::parse(&put.challenge)?;
        if self.part_in(Part::Asked, &challenge, witness)?.is_some() {
            return Ok(());
        }
        let head = self.answer(&challenge, put).await.map_err(|rejection| match rejection {
            // [BAK-52] A restored node answers when it knows where the trail stands.
            Rejection::DiskFull | Rejection::ReadFailed | Rejection::NotResumed => rejection,
            // One code for all: a witness learns nothing of a trail by it.
            _ => Rejection::ChallengeRefused,
        })?;
        let (now, us) = (clock::now().get(), self.me.organisation);
        let record = PutRecord {
            part: Part::Asked.into(),
            challenge: challenge.as_bytes().to_vec(),
            with: witness.to_vec(),
            asked: us.to_vec(),
            head: head.as_bytes().to_vec(),
            to: witness.to_vec(),
            stored: now,
            ..PutRecord::default()
        };
        let position = self.keep(&record).await?;
        self.outbox.queue(witness).push([(position, Waiting { trail: None, event: false, since: now })]);
        Ok(())
    }

    /// The ID of our head that answers.
    async fn answer(&self, id: &Id, put: &wire::PutChallenge) -> Result<Id, Rejection> {
        let content = letter::open(&put.letter, self.me.organisation, &self.me.keys().sealing)?.content;
        let envelope = alone(content)?;
        if envelope.id() != *id {
            return Err(Rejection::Malformed);
        }
        // Read before it is verified only to find the trail, and so whose key must have signed it.
        let named = parse(&envelope)?;
        let mut held = self.trails.hold(&named.trail).await;
        self.ensure_loaded(&mut held, &named.trail)?;
        let loaded = held.as_mut().ok_or(Rejection::NoSuchTrail)?;
        let (us, other) = (self.me.organisation, loaded.other(&self.me.organisation));
        let chain = self.directory.chain(&other).ok_or(Rejection::UnknownSigner)?;
        let asked = verified(envelope, &chain)?;
        if asked.to != us {
            return Err(Rejection::WrongRecipient);
        }
        let told = loaded.heads.iter().filter(|known| loaded.told.contains(&known.id()));
        let answers = |known: &&Envelope| Head::parse(known.body()).is_ok_and(|head| head.nonce == Some(asked.nonce));
        if let Some(known) = told.rev().find(answers) {
            return Ok(known.id());
        }
        loaded.allow_answer(&us)?;
        let head = self.own_head(loaded, Some(asked.nonce))?;
        let answer = head.id();
        self.keep_head(loaded, head, Some(&other)).await?;
        Ok(answer)
    }
}

/// The one challenge of a letter that holds nothing else: a witness is no way for anything else.
fn alone(mut content: LetterContent) -> Result<Envelope, Rejection> {
    let envelope = content.challenges.pop().ok_or(Rejection::Malformed)?;
    if content != LetterContent::default() {
        return Err(Rejection::Malformed);
    }
    Envelope::from_wire(envelope)
}

/// A challenge by a signing key of the other party that it does not disown.
fn verified(envelope: Envelope, chain: &KeyChain) -> Result<Verified<Challenge>, Rejection> {
    let keys = chain.records().map(KeyRecord::signing_key).filter(|key| chain.disowning(key).is_none());
    let mut signed = keys.filter(|key| envelope.signers().any(|signer| signer == key.id()));
    let key = signed.next().ok_or(Rejection::UnknownSigner)?;
    verify_one(envelope.clone(), MediaType::CHALLENGE, key, Challenge::parse)
}
