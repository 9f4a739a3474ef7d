//! One verification from the signatures to the report.
//!
//! Guarantees the order: keys before what they sign, events before the trail, the trail before what it means.

use std::collections::BTreeSet;

use super::{
    AgreementShown, Assurance, Completeness, Deadline, Exit, Report, SCHEMA, Standing, TrustShown, Where, YesNo,
    assurance::{self, Covered},
    challenges::{Challenges, Hearing},
    chronology::Chronology,
    conduct,
    copies::Copies,
    deadlines::Clocks,
    demand::Demand,
    disowned,
    doubt::Doubts,
    ends::Ends,
    erasures,
    events::{Connected, Events},
    evidence::Evidence,
    exporter,
    findings::Findings,
    heads::{self, Heads},
    keyring::Keyring,
    known::Known,
    logs::Logs,
    names::Names,
    numbers::Numbers,
    opened::Opened,
    pact, reach, telephone,
    timeline::{Timeline, taken_away},
    twins, views,
};
use crate::{
    agreement::{Agreement, SignedAgreement},
    bounds::Bounded,
    bundle::{Bundle, List},
    envelope::Verified,
    event::{Event, EventPrefix},
    id::{AgreementId, EventId, OrgId},
    rejection::Rejection,
    state::{Reading, Side, Stage},
    trail::Trail,
    trust::TrustFile,
};

/// Everything of a bundle whose signatures were verified.
pub(super) struct Examination<'a> {
    bundle: &'a Bundle,
    trust: &'a TrustFile,
    keyring: Keyring,
    events: Events,
    opening: Option<Verified<Event>>,
    agreement: Option<SignedAgreement>,
    heads: Heads,
    evidence: Evidence,
    /// Signed by a stolen key, and not shown to be its author's; the other party had it before it heard of the theft.
    doubted: BTreeSet<EventId>,
    findings: Findings,
}

/// What the trail amounts to.
#[derive(Default)]
struct Judged {
    reading: Option<Reading>,
    opened: Option<Opened>,
    copies: Copies,
    deadlines: Vec<Deadline>,
    seen: BTreeSet<EventId>,
    parties: Vec<super::PartyReach>,
}

impl<'a> Examination<'a> {
    /// Verifies every signature.
    pub(super) fn new(bundle: &'a Bundle, trust: &'a TrustFile, mut findings: Findings) -> Self {
        findings.reach(Demand::Order);
        if let Some(place) = bundle.disorder() {
            findings.reject(Demand::Order, Exit::NotAuthentic, Where::part(place), Rejection::NotCanonical);
        }
        let mut examination = Self::of_parts(bundle, trust, findings);
        exporter::verify(bundle, &examination.keyring, &mut examination.findings);
        examination
    }

    /// Verifies every signature but that of an exporter: of what two exported together, nobody signed or ordered the
    /// whole. [BUN-96]
    pub(super) fn of_parts(bundle: &'a Bundle, trust: &'a TrustFile, mut findings: Findings) -> Self {
        let keyring = Keyring::verify(bundle, trust, &mut findings);
        let mut events = Events::verify(bundle, &keyring, &mut findings);
        let mut heads = Heads::verify(bundle, &keyring, &mut findings);
        let mut evidence = Evidence::verify(bundle, &keyring, &mut findings);
        let signed = (&mut events, &mut heads, &mut evidence);
        let doubted = disowned::settle(bundle, &keyring, trust, signed, &mut findings);
        let opening = events.opening(bundle).cloned();
        let named = opening.as_ref().and_then(|event| event.opening()).map(|opening| opening.agreement);
        let agreement = named.and_then(|named| pact::verify(bundle, named, &keyring, trust, &mut findings));
        Self { bundle, trust, keyring, events, opening, agreement, heads, evidence, doubted, findings }
    }

    /// The trail as far as it connects, what is not read, and all else that was verified: who signed that they had which
    /// event.
    pub(super) fn connected(mut self) -> (Connected, Vec<EventPrefix>, Heads) {
        let mut unsaid = Findings::default();
        let stage = self.opening.as_ref().map_or(0, |event| self.stage_of(event));
        let connected = self.events.connect(self.opening.as_ref(), stage, &mut unsaid);
        (connected, self.events.parked, self.heads)
    }

    /// Puts everything together and judges it.
    pub(super) fn report(mut self) -> Report {
        let mut findings = std::mem::take(&mut self.findings);
        let names = Names::new(self.trust, self.agreement.as_deref());
        let stage = self.opening.as_ref().map_or(0, |event| self.stage_of(event));
        let Connected { trail, loose } = self.events.connect(self.opening.as_ref(), stage, &mut findings);
        self.events.say_parked(&mut findings);
        let exported = exporter::show(self.bundle, &names, &mut findings);
        let logs = trail.as_ref().map(|trail| self.logs(trail));
        let judged = match trail.as_ref().zip(logs.as_ref()) {
            Some((trail, logs)) => self.judge(trail, logs, &loose, &names, &mut findings),
            None => self.say_no_trail(&mut findings),
        };
        let shown = self.check_logs(trail.as_ref().zip(logs.as_ref()), &names, &mut findings);
        self.check_signers(trail.as_ref(), &judged.copies, &shown, &names, &mut findings);
        let covered = Covered::of(trail.as_ref(), logs.as_ref());
        let idle = (self.bundle.proofs.len() as u64, self.bundle.checkpoints.len() as u64);
        let idle = logs.as_ref().map_or(idle, |logs| logs.idle);
        let assurance = covered.assure(idle, self.trust, self.agreement.as_deref(), &names, &mut findings);
        self.say_unjudged(&mut findings);
        let parties = |id: &EventId| {
            let event = trail.as_ref()?.event(id)?;
            Some((event.author, trail.as_ref()?.party(trail.as_ref()?.side(&event.author)?.other())))
        };
        disowned::say(&self.doubted, parties, &names, &mut findings);
        let bounded = trail.as_ref().map(Bounded::of);
        let timeline = Timeline {
            names: &names,
            agreement: self.agreement.as_deref(),
            opened: judged.opened.as_ref(),
            copies: &judged.copies,
            heads: &self.heads,
            receiver: trail.as_ref().map(|trail| trail.party(Side::Peer)),
            reading: judged.reading.as_ref(),
            deadlines: &judged.deadlines,
            seen: &judged.seen,
            bounded: bounded.as_ref(),
            logs: logs.as_ref(),
            taken: judged
                .reading
                .as_ref()
                .zip(trail.as_ref())
                .map(|(reading, trail)| taken_away(trail, reading))
                .unwrap_or_default(),
        };
        let timeline = timeline.entries(trail.as_ref(), &loose, &self.events);
        Report {
            trail: Some(self.bundle.trail.to_string()),
            exported: Some(exported),
            agreement: self.agreement.as_deref().map(|agreement| self.show_agreement(agreement)),
            standing: trail.as_ref().and_then(|trail| Some(standing(trail, judged.reading.as_ref()?, &names))),
            completeness: reach::completeness(judged.parties, &findings),
            assurance,
            deadlines: judged.deadlines,
            timeline,
            ..Report::of(findings, self.trust)
        }
    }

    /// What the logs of both parties show.
    fn logs(&self, trail: &Trail) -> Logs {
        let rule = assurance::rule(self.trust, self.agreement.as_deref());
        let parties = [Side::Opener, Side::Peer].map(|side| trail.party(side));
        Logs::verify(self.bundle, &self.keyring, self.trust, rule, parties)
    }

    /// The organisations whose log shows which of their keys counted when. [BUN-75] [BUN-76]
    fn check_logs(
        &self,
        logged: Option<(&Trail, &Logs)>,
        names: &Names<'_>,
        findings: &mut Findings,
    ) -> BTreeSet<OrgId> {
        let Some((trail, logs)) = logged else { return BTreeSet::new() };
        logs.check_split(names, findings);
        views::check_positions(logs, trail, &self.keyring, findings)
    }

    fn judge(
        &self,
        trail: &Trail,
        logs: &Logs,
        loose: &[Verified<Event>],
        names: &Names<'_>,
        findings: &mut Findings,
    ) -> Judged {
        let reading = trail.reading_without_crossings().ok();
        findings.doubts = Doubts::of(trail, reading.as_ref(), &self.doubted);
        let mut seen = heads::seen_by(&trail.party(Side::Opener), trail, &self.heads);
        seen.extend(heads::seen_by(&trail.party(Side::Peer), trail, &self.heads));
        exporter::check_party(self.bundle, trail, findings);
        self.events.check_keys(trail, &self.keyring, findings);
        let numbers = Numbers::of(trail.events().chain(loose).map(|event| &**event), &self.events.parked);
        twins::check(trail, &numbers, &self.heads, &seen, names, findings);
        self.heads.check(trail, &numbers, &self.keyring, names, findings);
        let parties = reach::check(self.bundle, trail, &self.heads, self.trust, names, &seen, findings);
        let chronology = Chronology::of(trail);
        let said = Known::of(trail, &self.heads, logs, Side::Opener, &findings.doubts);
        let ends = Ends { trail, chronology: &chronology, logs, known: &said, names };
        self.evidence.check(self.agreement.as_deref(), &ends, findings);
        if let Some(reading) = &reading {
            telephone::say(trail, reading, names, findings);
        }
        let opened = Opened::verify(self.bundle, trail, &self.events, findings);
        let copies = Copies::verify(trail, &opened, &self.keyring, self.trust);
        copies.say(trail, names, findings);
        opened.say_closed(trail, findings);
        erasures::check(self.bundle, trail, &self.events, findings);
        let mut deadlines = Vec::new();
        if let Some(reading) = &reading {
            conduct::check_state(trail, reading, names, findings);
            if let Some(agreement) = self.agreement.as_deref() {
                let (heads, bounded) = (&self.heads, &Bounded::of(trail));
                let (chronology, known) = (&chronology, &Known::of(trail, heads, logs, Side::Peer, &findings.doubts));
                let clocks = Clocks { bundle: self.bundle, trail, heads, logs, known, chronology, names, bounded };
                deadlines = clocks.check(reading, agreement, findings);
                conduct::check_tasks((trail, reading), agreement, &opened, findings);
            }
        }
        if let Some(agreement) = self.agreement.as_deref() {
            pact::check_trusted(agreement, self.trust, findings);
            conduct::check_agreement(trail, agreement, &opened, &chronology, names, findings);
            ends.check(agreement, &opened, findings);
        }
        Judged { reading, opened: Some(opened), copies, deadlines, seen, parties }
    }

    fn say_no_trail(&self, findings: &mut Findings) -> Judged {
        let place = Where::id(self.bundle.trail.opening());
        findings.fail(Demand::Gaps, Exit::Incomplete, place, "the opening of the trail is not here or not accepted");
        Judged::default()
    }

    /// Whoever signed, the parties, and the exporter are held against the trust file; nobody else has a chain here.
    fn check_signers(
        &self,
        trail: Option<&Trail>,
        copies: &Copies,
        shown: &BTreeSet<OrgId>,
        names: &Names<'_>,
        findings: &mut Findings,
    ) {
        let (mut signers, mut carried) = (self.events.authors(), copies.authors());
        signers.insert(self.bundle.exporter);
        signers.extend(self.heads.authors());
        signers.extend(self.evidence.issuers());
        signers.extend(self.agreement.iter().flat_map(|agreement| agreement.signing()).map(|party| party.organisation));
        if let Some(trail) = trail {
            signers.extend([trail.party(Side::Opener), trail.party(Side::Peer)]);
            let challenges = self.hear(trail, names, findings);
            signers.extend(challenges.signers());
            carried.extend(challenges.witnesses());
            self.check_named_key(trail, findings);
        }
        self.keyring.hold_against(self.trust, &signers, names, findings);
        self.keyring.show_forks(names, findings);
        self.keyring.say(shown, names, findings);
        if let Some(trail) = trail {
            self.check_needed(trail, &signers, &carried, findings);
        }
    }

    /// What was asked, and whether it was answered. [BUN-111]
    fn hear(&self, trail: &Trail, names: &Names<'_>, findings: &mut Findings) -> Challenges {
        let challenges = Challenges::verify(self.bundle, trail, &self.keyring, findings);
        let hearing = Hearing {
            bundle: self.bundle,
            trail,
            heads: &self.heads,
            keyring: &self.keyring,
            trust: self.trust,
            rule: assurance::rule(self.trust, self.agreement.as_deref()),
            names,
        };
        challenges.judge(&hearing, findings);
        challenges
    }

    /// The record of the receiver that the opening names. [BUN-26]
    fn check_named_key(&self, trail: &Trail, findings: &mut Findings) {
        findings.reach(Demand::NamedKeys);
        let Ok(opening) = trail.opening() else { return };
        if self.keyring.record(&opening.peer, &opening.peer_key).is_none() {
            let place = self.events.place(&trail.id().opening()).field("peer_key");
            findings.reject(Demand::NamedKeys, Exit::UnknownSigner, place, Rejection::UnknownSigner);
        }
    }

    /// The stage at which the trail opened; without the agreement, the one that the opening claims. [EVT-13]
    fn stage_of(&self, opening: &Event) -> u32 {
        let claimed = opening.terms.map_or(0, |terms| terms.stage);
        self.agreement.as_deref().map_or(claimed, |agreement| agreement.effective_stage(opening))
    }

    /// Nothing is carried that nobody asked for: it could be mistaken for evidence. Who asks is known only if everything
    /// that names something is here. [BUN-6]
    fn check_needed(
        &self,
        trail: &Trail,
        signers: &BTreeSet<OrgId>,
        carried: &BTreeSet<OrgId>,
        findings: &mut Findings,
    ) {
        let naming = [Demand::Signed, Demand::Sequence, Demand::Gaps, Demand::Readable, Demand::Evidence];
        if self.agreement.is_none() || naming.into_iter().any(|demand| findings.failed(demand)) {
            return;
        }
        findings.reach(Demand::Needed);
        self.evidence.check_needed(trail, findings);
        let witnesses: BTreeSet<OrgId> = self.keyring.witnesses(signers).collect();
        for organisation in self.keyring.organisations() {
            if ![signers, carried, &witnesses].iter().any(|named| named.contains(organisation)) {
                let sentence = "key records of an organisation that signed nothing here";
                findings.fail(Demand::Needed, Exit::NotAuthentic, Where::id(organisation), sentence);
            }
        }
        let named = trail.opening().ok().map(|opening| opening.agreement);
        for (index, envelope) in self.bundle.agreements.iter().enumerate() {
            if named != Some(AgreementId::from(envelope.id())) {
                let place = Where::part(self.bundle.place(List::Agreements, index));
                let sentence = "an agreement that the opening does not name";
                findings.fail(Demand::Needed, Exit::NotAuthentic, place, sentence);
            }
        }
    }

    /// What keeps conformance from being checked although nothing was found broken.
    fn say_unjudged(&self, findings: &mut Findings) {
        if findings.authentic() == YesNo::No {
            findings.unjudged(Demand::Signed, "it is not authentic");
        }
        if self.agreement.is_none() {
            findings.unjudged(Demand::AgreementHere, "the agreement is not here or not accepted");
        }
        for demand in [Demand::Gaps, Demand::Readable, Demand::Incarnations, Demand::Evidence, Demand::Equivocation] {
            if findings.failed(demand) {
                findings.unjudged(demand, "not everything that it depends on is here and agrees");
            }
        }
    }

    fn show_agreement(&self, agreement: &Agreement) -> AgreementShown {
        let trusted = self.trust.agreement(&agreement.id()).is_some();
        AgreementShown {
            id: agreement.id().to_string(),
            title: agreement.title().to_owned(),
            version: agreement.version(),
            trusted: if trusted { YesNo::Yes } else { YesNo::No },
            demonstration: agreement.is_demonstration(),
        }
    }
}

fn standing(trail: &Trail, reading: &Reading, names: &Names<'_>) -> Standing {
    let sides = [(Side::Opener, reading.responsible.opener), (Side::Peer, reading.responsible.peer)];
    Standing {
        headline: reading.headline.word().to_owned(),
        live: reading.live,
        stage: match reading.stage {
            Stage::Enquiry => 0,
            Stage::Need => 1,
            Stage::Identity => 2,
        },
        // [BUN-121]
        ended_by: reading.stops.union(&reading.closings).map(EventId::to_string).collect(),
        epoch: reading.epoch,
        owed: reading.owed.keys().map(EventId::to_string).collect(),
        responsible: sides
            .into_iter()
            .filter(|(_, responsible)| *responsible)
            .map(|(side, _)| names.show(&trail.party(side)))
            .collect(),
    }
}

impl Report {
    /// A report without a trail.
    pub(super) fn of(mut findings: Findings, trust: &TrustFile) -> Self {
        let authentic = findings.authentic();
        let conformant = findings.conformant();
        let kept = conformant.verdict == super::Conformance::Yes;
        let exit = Exit::of([findings.exit(), if kept { Exit::Valid } else { Exit::NotConformant }]);
        Self {
            schema: SCHEMA,
            exit,
            authentic,
            conformant,
            completeness: Completeness { complete: YesNo::No, parties: Vec::new() },
            assurance: Assurance {
                level: "not_witnessed",
                demanded: trust.witnesses.number,
                met: if trust.witnesses.number == 0 { YesNo::Yes } else { YesNo::No },
                unchecked_proofs: 0,
                unchecked_checkpoints: 0,
                sentence: String::from("Not witnessed: every time is its author's word."),
            },
            breaches: std::mem::take(&mut findings.breaches),
            checks: findings.checks(),
            trail: None,
            exported: None,
            trust: TrustShown { made_by: trust.made_by.clone(), digest: trust.digest() },
            agreement: None,
            standing: None,
            deadlines: Vec::new(),
            timeline: Vec::new(),
            words: findings.words,
        }
    }
}
