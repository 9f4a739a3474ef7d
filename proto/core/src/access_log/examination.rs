//! The verdict on a document of accesses, offline.
//!
//! Guarantees that each signature is verified before anything is said of what it signs, and that what a document does
//! not prove is said in words. Leaves to people where the IDs of the trust file came from.

use std::collections::{BTreeMap, BTreeSet};

use super::{Access, AccessChain, AccessEntry, AccessLog, ChainShown, Report, SCHEMA, commit_words, demand::Demand};
use crate::{
    envelope::{Envelope, MediaType, verify_one},
    id::{AccessId, TrailId, hex},
    key::KeyChain,
    rejection::Rejection,
    trust::{TrustFile, TrustedOrganisation, moment},
    verdict::{Check, Exit, Organisation, Outcome, Problem, Shown, TrustShown, Where, YesNo},
};

/// Verifies a document by a trust file; with an earlier one, that nothing of it was changed since; with a nonce, that it
/// was made for whoever drew that.
#[must_use]
pub fn verify(bytes: &[u8], trust: &TrustFile, earlier: Option<&[u8]>, nonce: Option<&[u8; 32]>) -> Report {
    let mut examination = Examination { trust, reached: Vec::new(), problems: Vec::new(), words: Vec::new() };
    let Some(log) = examination.open(bytes, "the document") else { return examination.report(None, earlier.is_some()) };
    log.chains.iter().for_each(|chain| examination.examine(chain, &log));
    examination.trails(&log);
    examination.opened(&log);
    if let Some(nonce) = nonce {
        examination.answers(&log, nonce);
    }
    if let Some(earlier) = earlier {
        examination.earlier(&log, earlier);
    }
    examination.say(&log, earlier.is_some());
    examination.report(Some(&log), earlier.is_some())
}

struct Examination<'a> {
    trust: &'a TrustFile,
    reached: Vec<Demand>,
    problems: Vec<(Demand, Problem)>,
    words: Vec<String>,
}

impl Examination<'_> {
    /// Reads a document and checks who signed it; `which` is what the words call it.
    fn open(&mut self, bytes: &[u8], which: &str) -> Option<AccessLog> {
        self.reach(Demand::Form);
        let (log, envelope) = match AccessLog::read(bytes) {
            Ok(read) => read,
            Err(rejection) => {
                self.reject(Demand::Form, Exit::NotAuthentic, rejection, which);
                return None;
            }
        };
        self.reach(Demand::Signer);
        match KeyChain::verify(&log.records) {
            Ok(chain) => self.signer(&log, &chain, envelope, which),
            Err(rejection) => self.reject(Demand::Signer, Exit::NotAuthentic, rejection, which),
        }
        Some(log)
    }

    /// [ACL-21] [ACL-22]
    fn signer(&mut self, log: &AccessLog, chain: &KeyChain, envelope: Envelope, which: &str) {
        if chain.organisation() != log.organisation {
            return self.reject(Demand::Signer, Exit::UnknownSigner, Rejection::UnknownSigner, which);
        }
        if chain.is_forked() {
            self.reject(Demand::Signer, Exit::Equivocation, Rejection::ForkedChain, which);
        }
        if chain.newest_id() != log.key {
            return self.reject(Demand::Signer, Exit::UnknownSigner, Rejection::RevokedSigner, which);
        }
        let key = chain.newest().signing_key();
        if let Err(rejection) = verify_one(envelope, MediaType::ACCESS_LOG, key, AccessLog::parse) {
            self.reject(Demand::Signer, Exit::NotAuthentic, rejection, which);
        }
        self.reach(Demand::Trusted);
        let Some(entry) = self.trust.organisation(&log.organisation) else {
            let sentence = format!("{which} is signed by an organisation that the trust file does not name");
            return self.fail(Demand::Trusted, Exit::UnknownSigner, Where::default(), sentence);
        };
        if chain.record(&entry.minimum).is_none() {
            let newest = chain.newest().number();
            let sentence =
                format!("{which} has key records up to number {newest}, without the one that the trust file demands");
            self.fail(Demand::Trusted, Exit::UnknownSigner, Where::default(), sentence);
        }
    }

    /// [ACL-23] [ACL-24] [ACL-26]
    fn examine(&mut self, chain: &AccessChain, log: &AccessLog) {
        [Demand::Whole, Demand::Linked, Demand::Times].into_iter().for_each(|demand| self.reach(demand));
        let mut before: Option<&(AccessId, AccessEntry)> = None;
        for entry in &chain.entries {
            self.follows(before, entry);
            before = Some(entry);
        }
        if let Some((id, last)) = before.filter(|(_, last)| last.time > log.time) {
            let sentence = format!(
                "access {} claims {}, after the document was made at {}",
                last.number,
                moment(last.time),
                moment(log.time)
            );
            self.fail(Demand::Times, Exit::NotConformant, Where::id(id), sentence);
        }
    }

    /// Whether an access follows the one that stands before it.
    fn follows(&mut self, before: Option<&(AccessId, AccessEntry)>, (id, entry): &(AccessId, AccessEntry)) {
        let expected = before.map_or(Some(0), |(_, before)| before.number.checked_add(1));
        if expected != Some(entry.number) {
            let missing = match before {
                None => format!("it begins with access {}: those before it are missing", entry.number),
                Some((_, before)) => format!(
                    "access {} stands behind access {}: one is missing, stands twice or was moved",
                    entry.number, before.number
                ),
            };
            return self.fail(Demand::Whole, Exit::Incomplete, Where::id(id), missing);
        }
        if before.map(|(id, _)| *id) != entry.previous {
            let sentence = format!(
                "access {} does not name the one that stands before it: that one was changed or exchanged after it was \
                 recorded",
                entry.number
            );
            self.fail(Demand::Linked, Exit::NotAuthentic, Where::id(id).field("previous"), sentence);
        }
        if let Some((_, before)) = before.filter(|(_, before)| before.time > entry.time) {
            let sentence = format!(
                "access {} claims {}, earlier than access {} at {}",
                entry.number,
                moment(entry.time),
                before.number,
                moment(before.time)
            );
            self.fail(Demand::Times, Exit::NotConformant, Where::id(id).field("time"), sentence);
        }
    }

    /// [ACL-25] A trail that came from another case has its first accesses in the chain of that.
    fn trails(&mut self, log: &AccessLog) {
        // Where an access is missing or was exchanged, its trail's links only say so again.
        if self.failed(&[Demand::Whole, Demand::Linked]) {
            return;
        }
        self.reach(Demand::Trails);
        let all: BTreeMap<AccessId, Option<TrailId>> = log.entries().map(|(id, entry)| (*id, entry.trail)).collect();
        for chain in &log.chains {
            let mut newest: BTreeMap<TrailId, AccessId> = BTreeMap::new();
            for (id, entry) in &chain.entries {
                let Some(trail) = entry.trail else { continue };
                match (newest.insert(trail, *id), entry.previous_of_trail) {
                    (before, named) if before == named => {}
                    (None, Some(named)) => self.elsewhere(id, entry, all.get(&named)),
                    _ => {
                        let sentence =
                            format!("access {} does not name the one before it to the same trail", entry.number);
                        let place = Where::id(id).field("previous_of_trail");
                        self.fail(Demand::Trails, Exit::NotAuthentic, place, sentence);
                    }
                }
            }
        }
    }

    /// The first access of a trail in a case names one that must be in another chain here.
    fn elsewhere(&mut self, id: &AccessId, entry: &AccessEntry, named: Option<&Option<TrailId>>) {
        let place = Where::id(id).field("previous_of_trail");
        match named {
            Some(trail) if *trail == entry.trail => {}
            Some(_) => {
                let sentence = format!("access {} names one to another trail", entry.number);
                self.fail(Demand::Trails, Exit::NotAuthentic, place, sentence);
            }
            None => {
                let sentence = format!(
                    "access {} names one before it to the same trail that is not here: the accesses of the case in \
                     which the trail was before are missing",
                    entry.number
                );
                self.fail(Demand::Trails, Exit::Incomplete, place, sentence);
            }
        }
    }

    /// [ACL-27]
    fn opened(&mut self, log: &AccessLog) {
        if log.words.is_empty() {
            return;
        }
        self.reach(Demand::Words);
        let entries: BTreeMap<AccessId, &AccessEntry> = log.entries().map(|(id, entry)| (*id, entry)).collect();
        for opened in &log.words {
            // Looked at to compare them with what the access commits to.
            let committed = commit_words(&opened.salt, opened.words.expose());
            let entry = entries.get(&opened.access);
            if entry.and_then(|entry| entry.words) != Some(committed) {
                let number = entry.map_or(0, |entry| entry.number);
                let sentence = format!("the words of access {number} are not those that were recorded");
                self.fail(Demand::Words, Exit::NotAuthentic, Where::id(opened.access).field("words"), sentence);
            }
        }
    }

    /// [ACL-28]
    fn answers(&mut self, log: &AccessLog, nonce: &[u8; 32]) {
        self.reach(Demand::Answers);
        if log.nonce.as_ref() != Some(nonce) {
            let sentence = "it carries another nonce than it was asked with, or none: it may have been made before";
            self.fail(Demand::Answers, Exit::NotConformant, Where::default().field("nonce"), sentence.to_owned());
        }
    }

    /// [ACL-29] Both are signed by the organisation: where they contradict each other, it has rewritten its log.
    fn earlier(&mut self, log: &AccessLog, bytes: &[u8]) {
        let Some(earlier) = self.open(bytes, "the earlier document") else { return };
        self.reach(Demand::Earlier);
        let own = |log: &AccessLog| log.chains.first().map(|chain| chain.tag);
        let known = own(&earlier).is_some_and(|tag| log.chains.iter().any(|chain| chain.tag == tag));
        if earlier.organisation != log.organisation || !known {
            let sentence = "the two documents are not about one case of one organisation";
            return self.fail(Demand::Earlier, Exit::NotAuthentic, Where::default(), sentence.to_owned());
        }
        if earlier.time > log.time {
            let sentence = format!(
                "the one that was given as earlier was made at {}, after the other at {}: exchange the two",
                moment(earlier.time),
                moment(log.time)
            );
            return self.fail(Demand::Earlier, Exit::NotConformant, Where::default().field("time"), sentence);
        }
        earlier.chains.iter().for_each(|before| self.continues(before, log));
    }

    fn continues(&mut self, before: &AccessChain, log: &AccessLog) {
        let after = log.chains.iter().find(|chain| chain.tag == before.tag);
        let after = after.map(|chain| chain.entries.as_slice()).unwrap_or_default();
        for (place, (id, entry)) in before.entries.iter().enumerate() {
            let now = after.get(place).map(|(id, _)| id);
            if now == Some(id) {
                continue;
            }
            let is = if now.is_some() { "is another one here" } else { "is not here any more" };
            let sentence = format!(
                "access {} of the earlier document {is}: both documents bear the organisation's signature, so it has \
                 rewritten its access log in between",
                entry.number
            );
            return self.fail(Demand::Earlier, Exit::Equivocation, Where::id(id), sentence);
        }
    }

    /// What the codes leave out. [ACL-31]
    fn say(&mut self, log: &AccessLog, compared: bool) {
        let name = self.name_of(log);
        let people: BTreeSet<_> = log.entries().map(|(_, entry)| entry.person).collect();
        let unassigned = log.entries().filter(|(_, entry)| !is_own(entry)).count();
        self.words.push(format!(
            "{} accesses by {} people until {}; {unassigned} of them by people who did not have the case.",
            log.entries().count(),
            people.len(),
            moment(log.time)
        ));
        self.words.push(format!(
            "That these are all accesses is {name}'s word: what its node never recorded is not here, nor what happened \
             after that time."
        ));
        self.words.push(match compared {
            true => format!("What {name} rewrote before it signed the earlier document cannot be seen."),
            false => format!(
                "What {name} rewrote before it signed this document cannot be seen; keep it: any later one must begin \
                 with it."
            ),
        });
        self.words.push(format!(
            "Times are those of {name}'s clock. Who stands behind a pseudonym only {name} can say; a court can ask for it."
        ));
        self.words.push(String::from(
            "It covers one case. Other cases about the same person, and what another organisation shows, are not in it.",
        ));
    }

    fn name_of(&self, log: &AccessLog) -> String {
        let short = || log.organisation.to_string().chars().take(8).collect();
        self.trust.organisation(&log.organisation).map_or_else(short, |entry: &TrustedOrganisation| entry.name.clone())
    }

    fn report(mut self, log: Option<&AccessLog>, compared: bool) -> Report {
        let exit = Exit::of(self.problems.iter().map(|(_, problem)| problem.exit));
        let holds = |demands: &[Demand]| {
            let reached = demands.iter().all(|demand| self.reached.contains(demand));
            if reached && !self.failed(demands) { YesNo::Yes } else { YesNo::No }
        };
        let whole = holds(&[Demand::Whole, Demand::Linked, Demand::Trails]);
        let continues = compared.then(|| holds(&[Demand::Earlier]));
        Report {
            schema: SCHEMA,
            exit,
            authentic: if exit >= Exit::UnknownSigner { YesNo::No } else { YesNo::Yes },
            whole,
            continues,
            organisation: log.map(|log| Organisation { id: log.organisation.to_string(), name: self.name_of(log) }),
            time: log.map(|log| log.time.get()),
            nonce: log.and_then(|log| log.nonce).map(|nonce| hex(&nonce)),
            checks: self.checks(),
            trust: TrustShown { made_by: self.trust.made_by.clone(), digest: self.trust.digest() },
            chains: log.map(shown).unwrap_or_default(),
            words: std::mem::take(&mut self.words),
        }
    }

    fn checks(&mut self) -> Vec<Check> {
        let mut problems = std::mem::take(&mut self.problems);
        let check = |demand: &Demand| {
            let own: Vec<Problem> = problems.extract_if(.., |(of, _)| of == demand).map(|(_, own)| own).collect();
            let outcome = match (own.is_empty(), self.reached.contains(demand)) {
                (false, _) => Outcome::Failed,
                (true, true) => Outcome::Passed,
                (true, false) => Outcome::NotApplicable,
            };
            Check {
                requirement: demand.requirement(),
                sentence: demand.sentence(),
                outcome,
                count: own.len() as u64,
                problems: own,
            }
        };
        Demand::ALL.iter().map(check).collect()
    }

    fn failed(&self, demands: &[Demand]) -> bool {
        self.problems.iter().any(|(of, _)| demands.contains(of))
    }

    fn reach(&mut self, demand: Demand) {
        if !self.reached.contains(&demand) {
            self.reached.push(demand);
        }
    }

    fn fail(&mut self, demand: Demand, exit: Exit, place: Where, sentence: String) {
        self.reach(demand);
        self.problems.push((demand, Problem { exit, rejection: None, place, sentence }));
    }

    fn reject(&mut self, demand: Demand, exit: Exit, rejection: Rejection, which: &str) {
        self.reach(demand);
        let sentence = format!("{which}: {rejection}");
        self.problems
            .push((demand, Problem { exit, rejection: Some(rejection.code()), place: Where::default(), sentence }));
    }
}

/// Whether the case was theirs, or nobody's yet.
fn is_own(entry: &AccessEntry) -> bool {
    use crate::wire::AccessStanding::{Assigned, NobodyHadIt, OpenedIt};
    matches!(entry.standing, Assigned | NobodyHadIt | OpenedIt)
}

fn shown(log: &AccessLog) -> Vec<ChainShown> {
    let words: BTreeMap<AccessId, Shown> =
        log.words.iter().map(|opened| (opened.access, Shown(opened.words.clone()))).collect();
    let access = |(id, entry): &(AccessId, AccessEntry)| Access {
        access: id.to_string(),
        number: entry.number,
        time: entry.time.get(),
        trail: entry.trail.map(|trail| trail.to_string()),
        person: entry.person.to_string(),
        on_behalf_of: entry.on_behalf_of.map(|person| person.to_string()),
        role: word(entry.role.as_str_name(), "ROLE_"),
        kind: word(entry.kind.as_str_name(), "ACCESS_KIND_"),
        reason: word(entry.reason.as_str_name(), "ACCESS_REASON_"),
        standing: word(entry.standing.as_str_name(), "ACCESS_STANDING_"),
        words: words.get(id).cloned(),
    };
    let chain = |chain: &AccessChain| ChainShown {
        case_tag: chain.tag.to_string(),
        count: u64::try_from(chain.entries.len()).unwrap_or(u64::MAX),
        accesses: chain.entries.iter().map(access).collect(),
    };
    log.chains.iter().map(chain).collect()
}

/// The word of a code: its name in the schema, without what all of them begin with.
fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()
}
