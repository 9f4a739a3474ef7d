//! Challenges that a bundle carries, and what witnesses say of them.
//!
//! Guarantees that they are of this trail and signed by known keys, and that nobody is called silent on the exporter's
//! word: only by witnesses that the silent party named itself, that the trust file names, and that have no hand in the
//! trail.

use std::collections::{BTreeMap, BTreeSet};

use super::{Exit, Where, demand::Demand, findings::Findings, heads::Heads, keyring::Keyring, names::Names};
use crate::{
    bundle::{Bundle, List},
    envelope::{Envelope, MediaType, verify_one},
    head::{Challenge, Countersignature},
    id::{Id, OrgId},
    key::KeyRecord,
    rejection::Rejection,
    time::{Seconds, Span},
    trail::Trail,
    trust::{TrustFile, WitnessDemand, moment},
};

/// How long no answer must have come before that is silence: whoever is asked at night answers by day. [BUN-111]
const PATIENCE: Span = Span(86_400);

/// Challenges that verified, and what was said of them.
pub(super) struct Challenges {
    asked: BTreeMap<Id, Asked>,
    said: Vec<Countersignature>,
}

struct Asked {
    challenge: Challenge,
    by: OrgId,
    place: Where,
}

/// What a silence is judged by.
pub(super) struct Hearing<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) trail: &'a Trail,
    pub(super) heads: &'a Heads,
    pub(super) keyring: &'a Keyring,
    pub(super) trust: &'a TrustFile,
    pub(super) rule: WitnessDemand,
    pub(super) names: &'a Names<'a>,
}

impl Challenges {
    /// Verifies every one. [BUN-14] [BUN-109]
    pub(super) fn verify(bundle: &Bundle, trail: &Trail, keyring: &Keyring, findings: &mut Findings) -> Self {
        let mut found = Self { asked: BTreeMap::new(), said: Vec::new() };
        let words = |envelope: &Envelope| envelope.is(MediaType::COUNTERSIGNATURE);
        let place = |index| Where::part(bundle.place(List::Challenges, index));
        for (index, envelope) in bundle.challenges.iter().enumerate().filter(|(_, envelope)| !words(envelope)) {
            findings.reach(Demand::Challenges);
            match check(envelope, trail, keyring) {
                Ok((by, challenge)) => {
                    let place = place(index);
                    found.asked.insert(envelope.id(), Asked { challenge, by, place });
                }
                Err(rejection) => refuse(Demand::Challenges, place(index), rejection, findings),
            }
        }
        for (index, envelope) in bundle.challenges.iter().enumerate().filter(|(_, envelope)| words(envelope)) {
            findings.reach(Demand::Countersigned);
            match found.check_word(envelope, keyring) {
                Ok(said) => found.said.push(said),
                Err(rejection) => refuse(Demand::Countersigned, place(index), rejection, findings),
            }
        }
        found
    }

    /// Whoever challenged.
    pub(super) fn signers(&self) -> impl Iterator<Item = OrgId> {
        self.asked.values().map(|asked| asked.by)
    }

    /// Whoever countersigned, counted or not. [BUN-6]
    pub(super) fn witnesses(&self) -> impl Iterator<Item = OrgId> {
        self.said.iter().map(|said| said.witness)
    }

    fn check_word(&self, envelope: &Envelope, keyring: &Keyring) -> Result<Countersignature, Rejection> {
        // Read before it is verified only to find the key that must have signed it.
        let named = Countersignature::parse(envelope.body())?;
        let key = keyring.signing_key(&named.witness, &named.key)?;
        let envelope = envelope.clone();
        let said = verify_one(envelope, MediaType::COUNTERSIGNATURE, key, Countersignature::parse)?;
        let asked = self.asked.get(&said.challenge).filter(|asked| asked.challenge.to == said.to);
        asked.map(|_| Countersignature::clone(&said)).ok_or(Rejection::WrongTrail)
    }

    /// Says of each challenge whether it was answered, and on whose word it was not. [BUN-111] [BUN-112]
    pub(super) fn judge(&self, hearing: &Hearing<'_>, findings: &mut Findings) {
        for (id, asked) in &self.asked {
            findings.reach(Demand::Answered);
            let names = hearing.names;
            let (name, by, time) = (names.of(&asked.challenge.to), names.of(&asked.by), moment(asked.challenge.time));
            if let Some(answer) = hearing.answer(&asked.challenge) {
                let answer = moment(answer);
                findings
                    .words
                    .push(format!("{name} answered the challenge of {by} of {time} with its head of {answer}."));
            } else if let Some(silence) = self.silence(id, asked, hearing) {
                let (since, until) = (moment(silence.since), moment(silence.until));
                let who: Vec<String> = silence.witnesses.iter().map(|witness| names.of(witness)).collect();
                let who = who.join(", ");
                findings.words.push(format!(
                    "{name} was silent: {who} put the challenge of {by} of {time} to it at {since}, and no answer had \
                     come by {until}."
                ));
            } else {
                let exporter = names.of(&hearing.bundle.exporter);
                let sentence = format!(
                    "{name} was challenged by {by} at {time}, and no answer is here: that there is none is \
                     {exporter}'s word."
                );
                findings.fail(Demand::Answered, Exit::Incomplete, asked.place.clone(), sentence.clone());
                findings.words.push(sentence);
            }
        }
    }

    /// Since when and until when as many witnesses as are needed heard nothing; none, if one that counts heard
    /// an answer.
    fn silence(&self, id: &Id, asked: &Asked, hearing: &Hearing<'_>) -> Option<Silence> {
        let of_it = self.said.iter().filter(|said| said.challenge == *id && hearing.counts(said, &asked.by));
        let mut heard: BTreeMap<OrgId, (Seconds, Seconds)> = BTreeMap::new();
        for said in of_it {
            if said.head.is_some() {
                return None;
            }
            // [BUN-111] By a clock that was behind it may name a time at which nobody had asked yet.
            let put = said.put.max(asked.challenge.time);
            let times = heard.entry(said.witness).or_insert((put, said.until));
            *times = (times.0.min(put), times.1.max(said.until));
        }
        let needed = usize::try_from(hearing.rule.number).unwrap_or(usize::MAX).max(1);
        let (mut since, mut until): (Vec<_>, Vec<_>) = heard.values().copied().unzip();
        since.sort_unstable();
        until.sort_unstable_by(|one, two| two.cmp(one));
        let (since, until) = (*since.get(needed - 1)?, *until.get(needed - 1)?);
        let witnesses = heard.into_keys().collect();
        (since.after(PATIENCE) <= until).then_some(Silence { since, until, witnesses })
    }
}

/// What witnesses show.
struct Silence {
    since: Seconds,
    until: Seconds,
    witnesses: BTreeSet<OrgId>,
}

impl Hearing<'_> {
    /// When the party that was asked answered, as it claims.
    fn answer(&self, challenge: &Challenge) -> Option<Seconds> {
        let own = self.heads.of(&challenge.to).filter(|head| head.nonce == Some(challenge.nonce));
        own.map(|head| head.time).min()
    }

    /// Whether a witness's word counts: the party named it, the trust file too, and the trail is not its own. [BUN-110]
    fn counts(&self, said: &Countersignature, challenger: &OrgId) -> bool {
        let witness = said.witness;
        let apart = self.trail.side(&witness).is_none() && witness != *challenger && !self.bundle.chose(&witness);
        let chain = self.keyring.chain(&said.to);
        let mut records = chain.into_iter().flat_map(|chain| chain.records().chain(chain.rivals()));
        let named = records.any(|record| record.witnesses().contains(&witness));
        let least = self.trust.organisation(&witness).and_then(|entry| self.keyring.record(&witness, &entry.minimum));
        let own = self.keyring.record(&witness, &said.key);
        let newer =
            own.map(KeyRecord::number).zip(least.map(KeyRecord::number)).is_some_and(|(own, least)| own >= least);
        // [BUN-124]
        let newer = newer && self.keyring.disowning(&witness, &said.key).is_none();
        apart && named && newer
    }
}

fn refuse(demand: Demand, place: Where, rejection: Rejection, findings: &mut Findings) {
    let exit = if rejection == Rejection::UnknownSigner { Exit::UnknownSigner } else { Exit::NotAuthentic };
    findings.reject(demand, exit, place, rejection);
}

fn check(envelope: &Envelope, trail: &Trail, keyring: &Keyring) -> Result<(OrgId, Challenge), Rejection> {
    if !envelope.is(MediaType::CHALLENGE) {
        return Err(Rejection::WrongType); // [ENV-9]
    }
    let named = envelope.signers().next().ok_or(Rejection::WrongSigners)?;
    let (signer, key) = keyring.find_signing(&named).ok_or(Rejection::UnknownSigner)?;
    let challenge = verify_one(envelope.clone(), MediaType::CHALLENGE, key, Challenge::parse)?;
    let ours = challenge.trail == trail.id() && trail.side(&challenge.to).is_some();
    if ours { Ok((signer, Challenge::clone(&challenge))) } else { Err(Rejection::WrongTrail) }
}
