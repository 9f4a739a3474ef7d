//! Challenges: the question for a head that is kept, so that silence can be shown.
//!
//! Guarantees that a challenge is on disk and in the log before anybody hears of it, that of one trail it is put once a day,
//! and that nothing is said of an answer but by whom. Leaves to `witness` what a witness does, and to `asked` the answer.

mod asked;
mod heard;
mod lately;
mod witness;

use std::time::Instant;

pub(super) use heard::Challenges;
pub(super) use lately::Lately;
use lately::is_of_today;
pub(super) use witness::Putting;

use uput_core::{
    envelope::{Envelope, MediaType},
    head::{Challenge, Countersignature, Head},
    id::{Id, OrgId, TrailId},
    letter,
    log::EntryKind,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{self, ChallengeStanding, LetterContent},
};

use super::{
    Node,
    log::{Logged, logged},
    outbox::Waiting,
    trails::Loaded,
};
use crate::{
    account::Caller,
    case::Sight,
    clock::{self, SystemEntropy},
    peer::PeerState,
    record::{self, ChallengeRecord, Part, PutRecord, put_key},
    storage::{Commit, KeyKind},
};

/// How long it is waited for an answer: before that nobody is called silent, and no other challenge is put. [NOD-110]
const DAY: Span = Span(86_400);
/// Witnesses of the other party that are asked to put one challenge.
const WITNESSES: usize = 3;
/// Challenges of one trail that a bundle carries.
const CARRIED: usize = 16;

/// A challenge of ours, and what became of it.
pub(super) struct Known {
    envelope: Envelope,
    challenge: Challenge,
    stored: Seconds,
    /// When it was answered, as the head claims.
    answered: Option<Seconds>,
    words: Vec<Word>,
}

/// How far a witness has come with it.
struct Word {
    witness: OrgId,
    said: Option<(Envelope, Countersignature)>,
    code: u32,
}

impl Node {
    /// Challenges the other party of a trail to say where it stands, also through its witnesses; of one that was put less than a
    /// day ago tells how it stands. [NOD-110]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`]; [`Rejection::PeerNotConfirmed`]; [`Rejection::DiskFull`].
    pub async fn challenge(&self, caller: &Caller, id: &TrailId) -> Result<wire::TrailChallenge, Rejection> {
        self.demand(caller, id, Sight::Outline)?;
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(id).await;
        // An exclusion that came while this waited counts.
        self.demand(caller, id, Sight::Outline)?;
        self.ensure_loaded(&mut held, id)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let now = clock::now();
        let newest = self.challenges_of(loaded)?.pop();
        let lately = self.challenged.holds(id, Instant::now());
        let known = match newest.filter(|known| lately || is_of_today(known.stored, now)) {
            Some(known) => known,
            None => self.put_new(loaded, now).await?,
        };
        if known.answered.is_none() {
            self.outbox.queue(&known.challenge.to).ask(*id, known.challenge.nonce);
        }
        Ok(self.view_challenge(&known, now))
    }

    async fn put_new(&self, loaded: &Loaded, now: Seconds) -> Result<Known, Rejection> {
        let (trail, to) = (loaded.trail.id(), loaded.other(&self.me.organisation));
        if self.directory.state_of(&to) != Some(PeerState::Confirmed) {
            return Err(Rejection::PeerNotConfirmed);
        }
        let time = now.floor(loaded.agreement.grain());
        let challenge = Challenge { trail, to, nonce: SystemEntropy.bytes(), time };
        let envelope = challenge.sign(&self.me.keys().signing)?;
        let witnesses = self.witnesses_of(&to);
        let record = ChallengeRecord {
            trail: trail.to_vec(),
            envelope: loaded.seal_evidence(&envelope.to_bytes(), b"challenge")?,
            witnesses: witnesses.iter().map(OrgId::to_vec).collect(),
            stored: now.get(),
        };
        let id = envelope.id();
        let asked = witnesses.iter().map(|witness| asked_record(&id, witness, &to, now));
        let records = std::iter::once(record::draft(&record))
            .chain(asked.map(|asked| record::draft(&asked)))
            .chain(logged([Logged::new(EntryKind::Challenge, id)]));
        let positions = self.commit(Commit { keys: Vec::new(), records: records.collect() }).await?;
        self.challenged.note(trail, Instant::now());
        let position = positions.get().first().copied().ok_or(Rejection::DiskFull)?;
        for witness in &witnesses {
            let waiting = Waiting { trail: Some(trail), event: false, since: now.get() };
            // [BAK-51] The witness has nothing of the trail, and says nothing on it.
            self.outbox.queue(witness).give([(position, waiting)]);
        }
        let words = witnesses.into_iter().map(|witness| Word { witness, said: None, code: 0 }).collect();
        Ok(Known { envelope, challenge, stored: now, answered: None, words })
    }

    /// Who may put something to an organisation for us: whom its newest key record names, and who was compared here.
    fn witnesses_of(&self, to: &OrgId) -> Vec<OrgId> {
        let named = self.directory.chain(to).map(|chain| chain.newest().witnesses().to_vec()).unwrap_or_default();
        let compared = |witness: &OrgId| self.directory.state_of(witness) == Some(PeerState::Confirmed);
        named.into_iter().filter(|witness| witness != to && compared(witness)).take(WITNESSES).collect()
    }

    /// Challenges of ours in a trail, the newest last.
    pub(super) fn challenges_of(&self, loaded: &Loaded) -> Result<Vec<Known>, Rejection> {
        let positions = self.positions(record::CHALLENGES, loaded.trail.id().as_bytes())?;
        positions.into_iter().map(|position| self.what_became(loaded, &self.at(position)?)).collect()
    }

    fn what_became(&self, loaded: &Loaded, kept: &ChallengeRecord) -> Result<Known, Rejection> {
        let bytes = loaded.unseal(&kept.envelope, KeyKind::Evidence, 0, b"challenge")?;
        let envelope = Envelope::parse(&bytes)?;
        let challenge = Challenge::parse(envelope.body())?;
        let heads = loaded.heads_of(&challenge.to).filter(|head| head.nonce == Some(challenge.nonce));
        // [NOD-89] What a thief may have signed is no answer.
        let answers = heads.filter(|head| !self.is_disowned(&head.author, &head.key));
        let answered = answers.map(|head| head.time).min();
        let asked = kept.witnesses.iter().map(|witness| OrgId::parse(witness));
        let words = asked.map(|witness| self.word(&envelope.id(), witness?)).collect::<Result<_, _>>()?;
        let stored = Seconds::new(kept.stored).unwrap_or(Seconds::EPOCH);
        Ok(Known { envelope, challenge, stored, answered, words })
    }

    fn word(&self, challenge: &Id, witness: OrgId) -> Result<Word, Rejection> {
        let Some(kept) = self.part_in(Part::Challenger, challenge, &witness)? else {
            return Ok(Word { witness, said: None, code: 0 });
        };
        let said = match kept.said.is_empty() {
            true => None,
            false => {
                let envelope = Envelope::parse(&kept.said)?;
                let said = Countersignature::parse(envelope.body())?;
                Some((envelope, said))
            }
        };
        Ok(Word { witness, said, code: kept.code })
    }

    /// What is kept of a challenge that goes through a witness.
    fn part_in(&self, part: Part, challenge: &Id, with: &OrgId) -> Result<Option<PutRecord>, Rejection> {
        let key = put_key(part, challenge.as_bytes(), with.as_bytes());
        self.indexed(record::PUT, &key).map(|position| self.at(position)).transpose()
    }

    /// The nonce of the challenge of a trail that waits for an answer, to be asked with again.
    pub(super) fn open_nonce(&self, loaded: &Loaded) -> Result<Option<[u8; 32]>, Rejection> {
        let newest = self.challenges_of(loaded)?.pop();
        Ok(newest.filter(|known| known.answered.is_none()).map(|known| known.challenge.nonce))
    }

    /// Whether a head answers a challenge of ours that is not answered yet.
    pub(super) fn answers_challenge(&self, loaded: &Loaded, nonce: &[u8; 32]) -> Result<bool, Rejection> {
        let open = |known: &Known| known.answered.is_none() && known.challenge.nonce == *nonce;
        Ok(self.challenges_of(loaded)?.iter().any(open))
    }

    /// How the challenges of a trail stand, the newest first. [NOD-114]
    pub(super) fn view_challenges(
        &self,
        loaded: &Loaded,
        now: Seconds,
    ) -> Result<Vec<wire::TrailChallenge>, Rejection> {
        Ok(self.challenges_of(loaded)?.iter().rev().map(|known| self.view_challenge(known, now)).collect())
    }

    fn view_challenge(&self, known: &Known, now: Seconds) -> wire::TrailChallenge {
        let standing = match known.answered {
            Some(_) => ChallengeStanding::Answered,
            None if now < known.stored.after(DAY) => ChallengeStanding::Open,
            None => ChallengeStanding::Unanswered,
        };
        wire::TrailChallenge {
            challenge: known.envelope.id().as_bytes().to_vec(),
            time: known.challenge.time.get(),
            standing: standing.into(),
            answered: known.answered.map_or(0, Seconds::get),
            words: known.words.iter().map(|word| self.view_word(word)).collect(),
        }
    }

    fn view_word(&self, word: &Word) -> wire::WitnessWord {
        let said = word.said.as_ref().map(|(_, said)| said);
        wire::WitnessWord {
            witness: self.directory.name(&word.witness),
            put: said.map_or(0, |said| said.put.get()),
            until: said.map_or(0, |said| said.until.get()),
            answered: said.is_some_and(|said| said.head.is_some()),
            code: word.code,
        }
    }

    /// What a bundle carries of challenges: the newest ones that were answered, that a day has passed for, or that a witness
    /// speaks of for a day, with what witnesses said; and who those are. [BUN-123]
    pub(super) fn challenges_shown(&self, loaded: &Loaded) -> Result<(Vec<Envelope>, Vec<OrgId>), Rejection> {
        let now = clock::now();
        let (mut shown, mut witnesses) = (Vec::new(), Vec::new());
        let us = self.me.organisation;
        let known = self.challenges_of(loaded)?;
        // [NOD-89] A challenge by a key that we disown is a thief's as well as ours.
        let ours = known.iter().rev().filter(|known| known.says_something(now));
        for known in ours.filter(|known| self.signed_by_a_key_that_counts(&us, &known.envelope)).take(CARRIED) {
            shown.push(known.envelope.clone());
            for (envelope, said) in known.words.iter().filter_map(|word| word.said.as_ref()) {
                // [BUN-124]
                if !self.is_disowned(&said.witness, &said.key) {
                    shown.push(envelope.clone());
                    witnesses.push(said.witness);
                }
            }
        }
        Ok((shown, witnesses))
    }

    /// The heads that answer challenges of ours, for a bundle that carries these. [BUN-123]
    pub(super) fn answers_shown(&self, loaded: &Loaded) -> Result<Vec<Envelope>, Rejection> {
        let nonces: Vec<[u8; 32]> =
            self.challenges_of(loaded)?.iter().rev().take(CARRIED).map(|known| known.challenge.nonce).collect();
        let answers = |envelope: &&Envelope| {
            let head = Head::parse(envelope.body()).ok();
            head.and_then(|head| head.nonce).is_some_and(|nonce| nonces.contains(&nonce))
        };
        Ok(loaded.heads.iter().filter(answers).cloned().collect())
    }

    /// Whether an envelope bears the signature of a key of that organisation which it does not disown.
    fn signed_by_a_key_that_counts(&self, of: &OrgId, envelope: &Envelope) -> bool {
        let Some(chain) = self.chain_of(of) else { return false };
        let keys = chain.records().map(uput_core::key::KeyRecord::signing_key);
        let counts = |key: &&uput_core::key::PublicKey| chain.disowning(key).is_none();
        keys.filter(counts).any(|key| envelope.signers().any(|signer| signer == key.id()))
    }

    /// Puts a challenge of ours into a letter to a witness, sealed to the party that it asks. Of a trail whose evidence is erased
    /// nothing is put any more. [NOD-111]
    pub(super) fn enclose_challenge(
        &self,
        content: &mut LetterContent,
        kept: &ChallengeRecord,
    ) -> Result<(), Rejection> {
        let Some(envelope) = self.unsealed_challenge(kept)? else { return Ok(()) };
        let to = Challenge::parse(envelope.body())?.to;
        let chain = self.directory.chain(&to).ok_or(Rejection::NoSuchPeer)?;
        let inner = LetterContent { challenges: vec![envelope.to_wire()], ..LetterContent::default() };
        let letter = letter::seal(chain.newest(), &inner, &mut SystemEntropy)?;
        let challenge = envelope.id().as_bytes().to_vec();
        content.put_challenges.push(wire::PutChallenge { challenge, to: to.to_vec(), letter });
        Ok(())
    }

    /// A challenge of ours; none if the evidence of its trail is erased.
    fn unsealed_challenge(&self, kept: &ChallengeRecord) -> Result<Option<Envelope>, Rejection> {
        let trail = TrailId::parse(&kept.trail)?;
        let Some(keys) = self.storage.trail_keys(trail.as_bytes()).filter(|keys| keys.evidence.is_some()) else {
            return Ok(None);
        };
        let bytes = super::trails::unseal(&keys, &trail, &kept.envelope, KeyKind::Evidence, b"challenge")?;
        Envelope::parse(&bytes).map(Some)
    }
}

impl Known {
    /// Whether it says something in a bundle: before a day is over an answer that is not here says nothing.
    fn says_something(&self, now: Seconds) -> bool {
        let mut said = self.words.iter().filter_map(|word| word.said.as_ref().map(|(_, said)| said));
        let over = self.stored.after(DAY) <= now;
        self.answered.is_some() || over || said.any(|said| said.put.after(DAY) <= said.until)
    }
}

/// That a witness was asked to put a challenge of ours.
fn asked_record(challenge: &Id, witness: &OrgId, asked: &OrgId, now: Seconds) -> PutRecord {
    PutRecord {
        part: Part::Challenger.into(),
        challenge: challenge.as_bytes().to_vec(),
        with: witness.to_vec(),
        asked: asked.to_vec(),
        stored: now.get(),
        ..PutRecord::default()
    }
}

/// A challenge that is one, whatever signed it.
fn parse(envelope: &Envelope) -> Result<Challenge, Rejection> {
    if !envelope.is(MediaType::CHALLENGE) {
        return Err(Rejection::WrongType);
    }
    Challenge::parse(envelope.body())
}
