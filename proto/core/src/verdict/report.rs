//! What a verification says: plain data, `uput.trail.verify/v1`. [BUN-81]
//!
//! Guarantees one field order, and that no opened value shows in `Debug`. An ID is 64 hexadecimal digits, a time is
//! seconds since 1970. Leaves layout and languages to whoever shows it.

use serde::{Serialize, Serializer};

use super::{Exit, demand::Demand};
use crate::sensitive::Sensitive;

/// Name of the schema.
pub const SCHEMA: &str = "uput.trail.verify/v1";

/// The verdict on one bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What it comes to.
    pub exit: Exit,
    /// Whether nothing is forged, altered or by an unknown signer.
    pub authentic: YesNo,
    /// Whether agreement, profile, basis and timers were kept.
    pub conformant: Conformant,
    /// How far it is complete.
    pub completeness: Completeness,
    /// How well times and keys are proven.
    pub assurance: Assurance,
    /// What a party did that its own signatures prove.
    pub breaches: Vec<Breach>,
    /// Everything that was checked, in the order of the requirements.
    pub checks: Vec<Check>,
    /// The trail; absent if the bundle cannot be read.
    pub trail: Option<String>,
    /// Who exported it, why and when; absent if the bundle cannot be read.
    pub exported: Option<Exported>,
    /// By whose trust file.
    pub trust: TrustShown,
    /// The agreement that the trail is pinned to; absent if it is not here or not readable.
    pub agreement: Option<AgreementShown>,
    /// What the events amount to; absent if they do not make one trail.
    pub standing: Option<Standing>,
    /// Timers, in the order in which they started.
    pub deadlines: Vec<Deadline>,
    /// One entry an event; what an event points to comes before it.
    pub timeline: Vec<Entry>,
    /// What the codes leave out, as sentences, in one order. [BUN-83]
    pub words: Vec<String>,
}

impl Report {
    /// Who signed what cannot both be true, each once, in the order of the breaches. Who claimed to have seen less than
    /// before contradicts nothing that was signed. [BUN-127]
    #[must_use]
    pub fn contradicting(&self) -> Vec<&Organisation> {
        let mut found: Vec<&Organisation> = Vec::new();
        for breach in self.breaches.iter().filter(|breach| breach.requirement != Demand::StaleSeen.requirement()) {
            if !found.contains(&&breach.by) {
                found.push(&breach.by);
            }
        }
        found
    }
}

/// Two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// Three values: what is not known is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conformance {
    /// Everything was checked and kept.
    Yes,
    /// Something was not kept.
    No,
    /// Nothing was found broken, but not everything could be checked.
    NotCheckable,
}

/// Conformance with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conformant {
    /// The verdict.
    pub verdict: Conformance,
    /// Why not yes; empty if yes.
    pub reasons: Vec<Reason>,
}

/// One reason against conformance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// `no` or `not_checkable`.
    pub verdict: Conformance,
    /// The requirement.
    pub requirement: &'static str,
    /// The event that shows it, if one does.
    pub event: Option<String>,
    /// In words.
    pub sentence: String,
}

/// How far a bundle is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Completeness {
    /// Whether both parties' heads are here and everything that is named is.
    pub complete: YesNo,
    /// Opener first; empty if the parties are not known.
    pub parties: Vec<PartyReach>,
}

/// Up to where one party's chain is vouched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartyReach {
    /// Which party.
    pub party: Organisation,
    /// How many events of it are here without a gap.
    pub events: u64,
    /// Its newest head here.
    pub head: Option<HeadShown>,
    /// Events of this party that nothing signed by the other party here has seen.
    pub unseen: Vec<String>,
    /// In words.
    pub sentence: String,
}

/// A head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadShown {
    /// Its ID.
    pub id: String,
    /// How many own events it counts.
    pub number: u64,
    /// How many events of the other party it has seen.
    pub seen: u64,
    /// When, as its author claims.
    pub time: u64,
    /// Whether it answers the nonce and time of the trust file; absent if none are demanded.
    pub answers: Option<YesNo>,
}

/// How well times and keys are proven, apart from the verdicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assurance {
    /// `witnessed`, `partly_witnessed`, or `not_witnessed`: every time is its author's word.
    pub level: &'static str,
    /// How many witnesses the trust file demands.
    pub demanded: u32,
    /// Whether that is met.
    pub met: YesNo,
    /// Log proofs that are carried and show nothing.
    pub unchecked_proofs: u64,
    /// Checkpoints that are carried and show nothing.
    pub unchecked_checkpoints: u64,
    /// In words.
    pub sentence: String,
}

/// What a party did that its own signatures prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Whose.
    pub by: Organisation,
    /// The requirement.
    pub requirement: &'static str,
    /// The signed statements that prove it.
    pub proof: Vec<String>,
    /// In words.
    pub sentence: String,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The requirement.
    pub requirement: &'static str,
    /// What it demands.
    pub sentence: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// How many problems there are.
    pub count: u64,
    /// What is wrong, and where: of many the first hundred.
    pub problems: Vec<Problem>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// Nothing breaks it, and what is here does not show that it holds.
    NotCheckable,
    /// There was nothing to check, or it could not be reached.
    NotApplicable,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What this alone would come to.
    pub exit: Exit,
    /// Code of the rejection in `specs/rejections.tsv`, if it is one.
    pub rejection: Option<&'static str>,
    /// Where.
    pub place: Where,
    /// In words.
    pub sentence: String,
}

/// Where something is wrong, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Where {
    /// Part of the bundle, for example `events[3]`.
    pub part: Option<String>,
    /// Bytes of the file before that part.
    pub offset: Option<u64>,
    /// ID of the event or head.
    pub id: Option<String>,
    /// The field.
    pub field: Option<&'static str>,
}

/// An organisation, by its name in the trust file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organisation {
    /// OrgId.
    pub id: String,
    /// From the trust file; else from the agreement, if the trust file names that; else the first digits of the OrgId.
    pub name: String,
}

/// The exporter's word on the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// By whom.
    pub by: Organisation,
    /// Why.
    pub purpose: String,
    /// When, as the exporter claims.
    pub time: u64,
    /// What it says that it erased of the trail; only there if it says so. [RET-23]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<ErasedShown>,
}

/// Values that the exporter says it erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasedShown {
    /// When, as it claims.
    pub time: u64,
    /// Why.
    pub reason: String,
    /// The events whose values it had.
    pub events: Vec<String>,
}

/// The trust file that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrustShown {
    /// Who made it.
    pub made_by: String,
    /// Its digest.
    pub digest: String,
}

/// The agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgreementShown {
    /// Its ID.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Its version.
    pub version: u32,
    /// Whether the trust file names it.
    pub trusted: YesNo,
    /// Whether it is for demonstration with invented data only.
    pub demonstration: bool,
}

/// What the events amount to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The one line.
    pub headline: String,
    /// Whether it is open.
    pub live: bool,
    /// Highest stage disclosed since it was last reopened.
    pub stage: u32,
    /// The events that ended it, by ID; empty if it is open. [BUN-121]
    pub ended_by: Vec<String>,
    /// How often it was reopened.
    pub epoch: u32,
    /// Events whose values the receiver must still purge or retain under law.
    pub owed: Vec<String>,
    /// Organisations that know themselves responsible.
    pub responsible: Vec<Organisation>,
}

/// A timer of the agreement, as far as claimed times tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deadline {
    /// For example `answer`.
    pub timer: String,
    /// Who owes the step.
    pub owed_by: Organisation,
    /// The event that started it.
    pub from: String,
    /// When that was, and whose word it is.
    pub began: Claim,
    /// When what met it, or ended it, was, and whose word it is; absent if nothing has.
    pub done: Option<Claim>,
    /// When it was due, by the claimed time of that event.
    pub due: u64,
    /// The event that met it.
    pub met: Option<String>,
    /// The event that ended it before it was met. [BUN-120]
    pub ended: Option<String>,
    /// Of one that nothing met or ended: until when that is shown, and whose word that is.
    pub until: Option<Claim>,
    /// What the owing party's cosigned log proves of it, if it proves it late or silent. [BUN-77]
    pub proven: Option<Proven>,
    /// Seconds too late, by claimed times.
    pub late: Option<u64>,
    /// What a delay, or the doubt whether there is one, comes to: `no` if it is the late party's own admission; absent if
    /// nothing is late.
    pub verdict: Option<Conformance>,
    /// On whose word: whose clocks stand behind it.
    pub word: String,
    /// In words.
    pub sentence: String,
}

/// Both bounds of a delay that a log proves. [BUN-77]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proven {
    /// When the owing party had, at the latest, what started it.
    pub since: Claim,
    /// Until when its log did not have the step.
    pub until: Claim,
}

/// A time, and whose word it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// Seconds since 1970.
    pub time: u64,
    /// Who claims it.
    pub by: Organisation,
}

/// One event of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its ID.
    pub event: String,
    /// Who says it.
    pub author: Organisation,
    /// Number in its author's chain.
    pub number: u64,
    /// Incarnation of its author's node.
    pub incarnation: u32,
    /// Kind, for example `accepted`; `needs_upgrade` if it is of a newer version. [BUN-82]
    pub kind: String,
    /// Code, for example `no_place`; empty if it has none.
    pub code: String,
    /// Number of the task in its plan that it speaks of.
    pub task: Option<u32>,
    /// When, as its author claims.
    pub time: u64,
    /// When it happened, as its author claims.
    pub occurred: Option<u64>,
    /// By when it was there, as witnesses cosigned; absent without them.
    pub proven: Option<u64>,
    /// Not signed before, on the word of the party that did not write it: it has seen an event of that time.
    pub not_before: Option<Claim>,
    /// Not signed after, likewise: an event of that time has seen it.
    pub not_after: Option<Claim>,
    /// The event that it names: what was delivered, which offer, which decision.
    pub names: Option<String>,
    /// Stage of its slots, for example 1.
    pub stage: Option<u32>,
    /// Basis of its slots, for example `explicit_consent`.
    pub basis: Option<String>,
    /// Article that it cites, in the agreement's words; marked if nobody has checked the citation.
    pub article: Option<String>,
    /// How many slots it has.
    pub slots: u64,
    /// How many of them are closed.
    pub closed: u64,
    /// What is opened; empty slots are left out.
    pub fields: Vec<FieldShown>,
    /// What another organisation signed of it; only there if that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attested: Option<AttestedShown>,
    /// Of a withdrawal: when the receiver's machine first said that its time is over, as it claims; only there if it did.
    /// [BUN-94]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<u64>,
    /// By when it had said so, as witnesses cosigned; only there if they did. [BUN-94]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_proven: Option<u64>,
    /// Of a decision: of which type, until when, and whether it stands; only there then. [BUN-122]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
    /// Why it has no effect; absent if it has.
    pub void: Option<String>,
    /// What is wrong with it all the same.
    pub findings: Vec<String>,
    /// How late against which timer, for example `answer 5 min`.
    pub late: Vec<String>,
    /// Whether anything signed by the other party shows that it had this event.
    pub seen_by_other: bool,
}

/// What a decision says beside its outcome, and what became of it in its trail. [BUN-122]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// For example `placement`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it ends, if it says so.
    pub expiry: Option<u64>,
    /// The first effective event that took away what it granted. [STA-70]
    pub taken_away: Option<String>,
}

/// What another organisation signed of what an event says. [BUN-90]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttestedShown {
    /// Whom it names.
    pub by: Organisation,
    /// The first second of the day on which it was signed, as it claims.
    pub day: u64,
    /// The labels that are in it, in the order of the catalogue.
    pub labels: Vec<String>,
    /// Whose word it is: `verified`, `uncompared`, `unknown_signer` or `does_not_match`. [BUN-91]
    pub standing: &'static str,
}

/// An opened slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldShown {
    /// Its label.
    pub label: String,
    /// Its value, if that is opened too.
    pub value: Option<Shown>,
}

/// A value that a bundle opens: in the JSON of a report, never in `Debug`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(pub Sensitive<String>);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The exporter opened it for whoever holds the bundle, and who asks for the report holds the bundle.
        serializer.serialize_str(self.0.expose())
    }
}
