//! What comes back: what witnesses say of challenges of ours.
//!
//! Guarantees that a word is kept only of a witness that was asked, about a challenge of ours, and only so many. Whether it
//! counts says a verdict.

use uput_core::{
    envelope::{Envelope, MediaType, verify_one},
    head::Countersignature,
    id::{Id, OrgId},
    rejection::Rejection,
    wire::{self, LetterContent},
};

use super::super::Node;
use crate::{
    clock,
    record::{ChallengeRecord, Part, PutRecord},
    storage::Position,
};

/// Countersignatures of one witness about one challenge that are kept.
const MOST: u32 = 32;
/// Things about challenges in one letter.
const TOGETHER: usize = 16;

/// What a letter brings of challenges.
pub(in crate::node) struct Challenges {
    /// Such as come through a witness: beside anything else they mean nothing.
    strayed: bool,
    put: Vec<wire::PutChallenge>,
    answers: Vec<wire::PutAnswer>,
    said: Vec<wire::Envelope>,
}

impl Challenges {
    /// Takes it out of a letter.
    pub(in crate::node) fn out_of(content: &mut LetterContent) -> Self {
        Self {
            strayed: !std::mem::take(&mut content.challenges).is_empty(),
            put: std::mem::take(&mut content.put_challenges),
            answers: std::mem::take(&mut content.put_answers),
            said: std::mem::take(&mut content.countersignatures),
        }
    }
}

impl Node {
    /// Takes what a letter brings of challenges. [NOD-111] [NOD-112] [NOD-113]
    pub(in crate::node) async fn take_challenges(&self, from: &OrgId, all: &Challenges) -> Result<(), Rejection> {
        if all.strayed || all.put.len() + all.answers.len() + all.said.len() > TOGETHER {
            return Err(Rejection::Malformed);
        }
        let mut worst = Ok(());
        for put in &all.put {
            worst = worst.and(self.take_put(from, put).await);
        }
        for answer in &all.answers {
            worst = worst.and(self.take_answer(from, answer).await);
        }
        for said in &all.said {
            worst = worst.and(self.take_word(from, said).await);
        }
        worst
    }

    async fn take_put(&self, from: &OrgId, put: &wire::PutChallenge) -> Result<(), Rejection> {
        let to = OrgId::parse(&put.to)?;
        if to == self.me.organisation { self.take_asked(from, put).await } else { self.put(from, &to, put).await }
    }

    /// The party answered through us, or a witness says that it did not take it.
    async fn take_answer(&self, from: &OrgId, answer: &wire::PutAnswer) -> Result<(), Rejection> {
        let challenge = Id::parse(&answer.challenge)?;
        if answer.code == 0 {
            return self.take_named(from, &challenge, Id::parse(&answer.head)?).await;
        }
        if !answer.head.is_empty() {
            return Err(Rejection::Malformed);
        }
        let known = self.heard(&challenge, from)?;
        if known.code == answer.code || known.heard >= MOST {
            return Ok(());
        }
        let heard = known.heard.saturating_add(1);
        self.keep(&PutRecord { code: answer.code, heard, stored: clock::now().get(), ..known }).await.map(drop)
    }

    /// A countersignature of a witness that we asked. [NOD-113]
    async fn take_word(&self, from: &OrgId, said: &wire::Envelope) -> Result<(), Rejection> {
        let envelope = Envelope::from_wire(said.clone())?;
        // Read before it is verified only to find the key that must have signed it.
        let named = Countersignature::parse(envelope.body())?;
        let chain = self.directory.chain(from).filter(|_| named.witness == *from).ok_or(Rejection::WrongSigners)?;
        let key = chain.signing_key_of(&named.key).ok_or(Rejection::UnknownSigner)?;
        let said = verify_one(envelope, MediaType::COUNTERSIGNATURE, key, Countersignature::parse)?;
        let known = self.heard(&said.challenge, from)?;
        if known.asked != said.to.to_vec() {
            return Err(Rejection::WrongTrail);
        }
        let newer = match known.said.is_empty() {
            true => true,
            false => {
                let before = Countersignature::parse(Envelope::parse(&known.said)?.body())?;
                // What says that an answer came is not taken back.
                before.head.is_none() && (said.head.is_some() || said.until > before.until)
            }
        };
        if !newer || known.heard >= MOST {
            return Ok(());
        }
        let (heard, stored) = (known.heard.saturating_add(1), clock::now().get());
        let said = said.into_envelope().to_bytes();
        self.keep(&PutRecord { said, code: 0, heard, stored, ..known }).await.map(drop)
    }

    /// A witness does not put a challenge of ours, if this record is one: it is shown beside it. [NOD-114]
    pub(super) async fn not_put(&self, witness: &OrgId, position: Position, code: u32) -> bool {
        let Ok(kept) = self.at::<ChallengeRecord>(position) else { return false };
        let known = self.unsealed_challenge(&kept).and_then(|envelope| {
            let envelope = envelope.ok_or(Rejection::NoSuchTrail)?;
            self.heard(&envelope.id(), witness)
        });
        if let Ok(known) = known {
            let kept = self.keep(&PutRecord { code, stored: clock::now().get(), ..known }).await;
            if let Err(rejection) = kept {
                tracing::warn!(%rejection, "that a challenge is not put could not be kept");
            }
        }
        true
    }

    /// What is known of a challenge of ours at a witness that was asked to put it.
    fn heard(&self, challenge: &Id, witness: &OrgId) -> Result<PutRecord, Rejection> {
        self.part_in(Part::Challenger, challenge, witness)?.ok_or(Rejection::NotKept)
    }
}
