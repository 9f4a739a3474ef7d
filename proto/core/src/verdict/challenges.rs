//! Challenges that a bundle carries, and what witnesses say of them.
//!
//! Guarantees that they are of this trail and signed by known keys, and that nobody is called silent on the exporter's
//! word: only by witnesses that the silent party named itself, that the trust file names, and that have no hand in the
//! trail.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

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
    /// The key that signed it is disowned: it may be a thief's. [BUN-124]
    stolen: bool,
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
                Ok(asked) => drop(found.asked.insert(envelope.id(), Asked { place: place(index), ..asked })),
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
        for (id, asked) in self.asked.iter().filter(|(_, asked)| !asked.stolen) {
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
        let mut heard: Vec<Heard> = Vec::new();
        for said in of_it {
            if said.head.is_some() {
                return None;
            }
            // By a clock that was behind it may name a time at which nobody had asked yet.
            let since = said.put.max(asked.challenge.time);
            heard.push(Heard { witness: said.witness, since, until: said.until });
        }
        let needed = usize::try_from(hearing.rule.number).unwrap_or(usize::MAX).max(1);
        let common = heard.iter().filter_map(|one| Silence::from(one.since, &heard, needed));
        common.min_by_key(|silence| (Reverse(silence.until.since(silence.since)), silence.since))
    }
}

/// What one countersignature says: nothing was heard from the one time until the other.
struct Heard {
    witness: OrgId,
    since: Seconds,
    until: Seconds,
}

/// What witnesses show.
struct Silence {
    since: Seconds,
    until: Seconds,
    witnesses: BTreeSet<OrgId>,
}

impl Silence {
    /// Until when as many witnesses as are needed heard nothing from a time on, each by one word of its own; none, if that is
    /// less than a day. What one heard first and another later says nothing of what came between. [BUN-111]
    fn from(since: Seconds, heard: &[Heard], needed: usize) -> Option<Self> {
        let mut until: BTreeMap<OrgId, Seconds> = BTreeMap::new();
        for one in heard.iter().filter(|one| one.since <= since) {
            let known = until.entry(one.witness).or_insert(one.until);
            *known = one.until.max(*known);
        }
        let mut times: Vec<Seconds> = until.values().copied().collect();
        times.sort_unstable_by(|one, two| two.cmp(one));
        let last = *times.get(needed - 1).filter(|last| since.after(PATIENCE) <= **last)?;
        let witnesses = until.into_iter().filter(|(_, until)| *until >= last).map(|(witness, _)| witness).collect();
        Some(Self { since, until: last, witnesses })
    }
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

fn check(envelope: &Envelope, trail: &Trail, keyring: &Keyring) -> Result<Asked, Rejection> {
    if !envelope.is(MediaType::CHALLENGE) {
        return Err(Rejection::WrongType); // [ENV-9]
    }
    let named = envelope.signers().next().ok_or(Rejection::WrongSigners)?;
    let (by, key) = keyring.find_signing(&named).ok_or(Rejection::UnknownSigner)?;
    let challenge = verify_one(envelope.clone(), MediaType::CHALLENGE, key, Challenge::parse)?;
    let ours = challenge.trail == trail.id() && trail.side(&challenge.to).is_some();
    let stolen = keyring.chain(&by).is_some_and(|chain| chain.disowning(key).is_some());
    let asked = Asked { challenge: Challenge::clone(&challenge), by, place: Where::default(), stolen };
    if ours { Ok(asked) } else { Err(Rejection::WrongTrail) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]
    use super::*;

    /// Hours, from an invented morning on.
    fn heard(witness: u8, since: u64, until: u64) -> Heard {
        let at = |hours: u64| Seconds::new(1_800_000_000 + hours * 3600).unwrap();
        Heard { witness: OrgId::new([witness; 32]), since: at(since), until: at(until) }
    }

    fn longest(words: &[Heard], needed: usize) -> Option<(u64, u64, usize)> {
        let hours = |time: Seconds| (time.get() - 1_800_000_000) / 3600;
        let common = words.iter().filter_map(|one| Silence::from(one.since, words, needed));
        let silence = common.min_by_key(|silence| (Reverse(silence.until.since(silence.since)), silence.since))?;
        Some((hours(silence.since), hours(silence.until), silence.witnesses.len()))
    }

    /// [BUN-111] Whoever answers each witness at once is not silent, whichever of their words are shown.
    #[test]
    fn what_two_heard_at_two_times_says_nothing_of_the_time_between() {
        assert_eq!(longest(&[heard(1, 0, 0), heard(2, 24, 24)], 1), None);
        assert_eq!(longest(&[heard(1, 0, 23), heard(2, 30, 53)], 1), None);
        assert_eq!(longest(&[heard(1, 0, 24), heard(2, 48, 72)], 2), None);
        assert_eq!(longest(&[heard(1, 0, 24), heard(2, 48, 96)], 1), Some((48, 96, 1)));
    }

    /// [BUN-111] As many as are needed, over all of the same day.
    #[test]
    fn as_many_as_are_needed_heard_nothing_over_all_of_a_span() {
        let words = [heard(1, 0, 30), heard(2, 4, 40), heard(3, 10, 33)];
        assert_eq!(longest(&words, 1), Some((4, 40, 1)));
        assert_eq!(longest(&words, 2), Some((4, 30, 2)));
        assert_eq!(longest(&words, 3), None, "of all three it is not a day");
        assert_eq!(longest(&[heard(1, 0, 5), heard(1, 0, 60)], 2), None, "one is one, however often");
    }
}
