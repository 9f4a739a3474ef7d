//! Random cases at the receiving organisation, made through the real programs.
//!
//! Guarantees that what the rules are asked about is what was done here, never what a node says of it; nodes are asked for
//! the IDs that they drew, and whether something has arrived.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::door::Door;
use super::form::Target;
use super::oracle::{Case, SEARCHED, Said, Who};
use super::people::{People, Person, READERS, name_of};
use super::plan::Plan;
use super::schema::{Schema, Value};
use crate::failed::{Failed, Outcome};
use crate::pair::{HOTLINE, SHELTER};
use crate::random::Draw;
use crate::referral::CONSENT;
use uput_wire::v1 as wire;

/// Seconds since 1970 after everything here.
const LATER: u64 = 4_000_000_000;
const PLACES: u64 = 12;

/// What stands in no public text: where it is found, this case was obtained.
#[derive(Default)]
pub(super) struct Planted {
    pub(super) trail: Vec<u8>,
    pub(super) case: Vec<u8>,
    pub(super) events: Vec<Vec<u8>>,
    pub(super) values: Vec<(&'static str, String)>,
    pub(super) record: Option<String>,
    pub(super) file_number: Option<String>,
    pub(super) words: Option<String>,
    pub(super) follow_up: Vec<u8>,
    pub(super) approval: Vec<u8>,
    pub(super) asked: Option<String>,
    /// What the sender alone has.
    pub(super) sender: Vec<(&'static str, Vec<u8>)>,
}

/// One case as it was made.
#[derive(Default)]
pub(super) struct Made {
    pub(super) rules: Case,
    pub(super) planted: Planted,
    pub(super) plan: Plan,
}

/// Who makes the cases, and how.
#[derive(Clone)]
pub(super) struct Makers {
    pub(super) schema: Arc<Schema>,
    pub(super) sender: Door,
    pub(super) people: Arc<People>,
    /// The second supervisor, who approves.
    pub(super) second: Door,
    /// The team, in hexadecimal.
    pub(super) team: String,
}

type Content = Vec<(&'static str, Value)>;

impl Made {
    /// Where an attempt aims.
    pub(super) fn target(&self) -> Target {
        let word = |text: &String| text.split(' ').next().unwrap_or_default().to_owned();
        let mut names = self.planted.values.iter().filter(|(label, _)| *label == SEARCHED).map(|(_, value)| value);
        let own = self.planted.record.as_ref().or_else(|| names.next());
        Target {
            trail: self.planted.trail.clone(),
            case: self.planted.case.clone(),
            word: own.map_or_else(|| "Nowhereword".to_owned(), word),
            file_number: self.planted.file_number.clone().unwrap_or_else(|| "none".to_owned()),
        }
    }

    /// The sentence that tells it.
    pub(super) fn story(&self) -> String {
        format!("{:?}; {:?}", self.rules, self.plan)
    }
}

/// A word that nobody else has: a capital and fourteen letters, of no language.
fn word(draw: &mut Draw) -> String {
    let letter =
        |draw: &mut Draw, of: &[u8]| char::from(of.get(draw.below(of.len() as u64) as usize).copied().unwrap_or(b'a'));
    let mut word = letter(draw, b"BDFGHKLMNPRSTVZ").to_string();
    for _ in 0..7 {
        word.push(letter(draw, b"aeiou"));
        word.push(letter(draw, b"bdfghkmprstvz"));
    }
    word
}

fn words(draw: &mut Draw) -> String {
    format!("{} {}", word(draw), word(draw))
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn number(value: u64) -> Value {
    Value::Number(value)
}

fn said(kind: &'static str, content: Content) -> (&'static str, Value) {
    ("statement", Value::Message(vec![(kind, Value::Message(content))]))
}

fn fields(list: &[(&str, String)]) -> (&'static str, Value) {
    let field = |(label, value): &(&str, String)| Value::Message(vec![("label", text(label)), ("value", text(value))]);
    ("fields", Value::Many(list.iter().map(field).collect()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Makers {
    fn person(&self, who: Who) -> Outcome<&Person> {
        self.people.get(&who).ok_or_else(|| Failed::because(format!("nobody is {who:?}")))
    }

    /// What the supervisor has done.
    async fn done(&self, name: &str, content: Content) -> Outcome<Vec<u8>> {
        self.person(Who::Supervisor)?.door.done(&self.schema, name, &content).await
    }

    /// Makes one case, as it was planned.
    pub(super) async fn make(&self, plan: Plan, mut draw: Draw) -> Outcome<Made> {
        let mut made = Made { plan, ..Made::default() };
        let (made_, draw) = (&mut made, &mut draw);
        made_.rules.sealed = made_.plan.sealed;
        self.open(made_, draw).await?;
        if made_.plan.answered {
            let until = said("held", vec![("until", number(LATER))]);
            self.says(made_, draw, vec![until]).await?;
            made_.rules.persons.insert(Who::Supervisor);
        }
        if made_.plan.ours {
            self.give(made_, Who::Worker).await?;
        }
        self.exclude(made_).await?;
        self.assign(made_).await?;
        if made_.plan.stage > 0 {
            self.need(made_, draw).await?;
        }
        if made_.plan.stage > 1 {
            self.identity(made_, draw).await?;
        }
        self.keep_back(made_, draw).await?;
        self.write_down(made_, draw).await?;
        self.end(made_, draw).await?;
        if made_.plan.answered {
            self.leave(made_).await?;
        }
        if made_.plan.glass {
            self.break_glass(made_, draw).await?;
        }
        made.rules.events = made.planted.events.len();
        Ok(made)
    }

    async fn open(&self, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        let (door, peer, service, places) = match (made.plan.ours, made.plan.sealed) {
            (true, _) => (&self.person(Who::Intake)?.door, HOTLINE, wire::ServiceType::Psychosocial, None),
            (_, true) => (&self.sender, SHELTER, wire::ServiceType::ChildProtection, None),
            _ => (&self.sender, SHELTER, wire::ServiceType::Shelter, Some(1 + draw.below(PLACES))),
        };
        let mut list = vec![("adults", "1".to_owned())];
        list.extend(places.map(|places| ("places", places.to_string())));
        let content = vec![
            ("request_id", Value::Text(draw.request_id())),
            ("peer", text(peer)),
            ("act", number(wire::Act::Referral as u64)),
            ("service_type", number(service as u64)),
            ("basis", number(wire::LegalBasis::NoneNeededNonpersonal as u64)),
            fields(&list),
        ];
        let answer = door.done(&self.schema, "TrailService/OpenTrail", &content).await?;
        made.planted.trail = self.schema.get("OpenTrailResponse", &answer, "trail")?.concat();
        made.rules.by_intake = made.plan.ours;
        // An opening's ID is the trail's.
        made.planted.case = self.case_of(&self.person(Who::Supervisor)?.door, &made.planted.trail).await?;
        Ok(())
    }

    async fn case_of(&self, door: &Door, trail: &[u8]) -> Outcome<Vec<u8>> {
        let answer = door.done(&self.schema, "CaseService/GetCase", &[("trail", Value::Bytes(trail.to_vec()))]).await?;
        Ok(self.schema.get("GetCaseResponse", &answer, "case.case")?.concat())
    }

    async fn record(&self, door: &Door, made: &mut Made, draw: &mut Draw, more: Content) -> Outcome<Vec<u8>> {
        let mut content =
            vec![("request_id", Value::Text(draw.request_id())), ("trail", Value::Bytes(made.planted.trail.clone()))];
        content.extend(more);
        let answer = door.done(&self.schema, "TrailService/RecordEvent", &content).await?;
        let event = self.schema.get("RecordEventResponse", &answer, "event")?.concat();
        made.planted.events.push(event.clone());
        Ok(event)
    }

    /// The supervisor says something.
    async fn says(&self, made: &mut Made, draw: &mut Draw, more: Content) -> Outcome<Vec<u8>> {
        let door = self.person(Who::Supervisor)?.door.clone();
        self.record(&door, made, draw, more).await
    }

    /// The sender says something, and it arrives.
    async fn hears(&self, made: &mut Made, draw: &mut Draw, more: Content) -> Outcome<()> {
        let event = self.record(&self.sender, made, draw, more).await?;
        let reason = Value::Message(vec![("code", number(wire::AccessReason::Supervision as u64))]);
        let content = vec![("trail", Value::Bytes(made.planted.trail.clone())), ("reason", reason)];
        for _ in 0..1000 {
            let answer = self.done("TrailService/GetTrail", content.clone()).await?;
            if self.schema.get("GetTrailResponse", &answer, "trail.events.event")?.contains(&event) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        Err(Failed::because("an event does not arrive"))
    }

    /// Who can open what is sealed now: who has the case, and the supervisors; nobody whom she excluded. [STF-11]
    fn readers(made: &Made) -> BTreeSet<Who> {
        let rules = &made.rules;
        let has = |who: &Who| {
            rules.persons.contains(who)
                || rules.team && *who == Who::Member
                || matches!(who, Who::Supervisor | Who::ExcludedSupervisor)
        };
        READERS.into_iter().filter(has).filter(|who| !rules.excluded.contains(who)).collect()
    }

    fn plant(made: &mut Made, label: &'static str, value: String, readers: BTreeSet<Who>) {
        made.planted.values.push((label, value));
        made.rules.values.push(Said { label, readers });
    }

    /// What rests on consent.
    fn consented(made: &Made, purpose: &str, more: &[(&'static str, String)]) -> Content {
        let mut list: Vec<(&str, String)> = more.to_vec();
        list.push(("consent_purpose", purpose.to_owned()));
        let basis = if made.plan.guardian {
            let guardian = [("guardian_class", "parent"), ("guardian_authority", "INV-1"), ("child_assent", "assents")];
            list.extend(guardian.map(|(label, value)| (label, value.to_owned())));
            wire::LegalBasis::GuardianConsent
        } else {
            wire::LegalBasis::ExplicitConsent
        };
        let given_by = |label: &str| made.plan.guardian && label == "consent_given_by";
        let consent = CONSENT.iter().filter(|(label, _)| *label != "consent_purpose" && !given_by(label));
        list.extend(consent.map(|(label, value)| (*label, (*value).to_owned())));
        vec![("basis", number(basis as u64)), fields(&list)]
    }

    async fn need(&self, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        // Programs show the newest value of a label: where identity follows, the purpose that is looked for stands there.
        let last = made.plan.stage == 1;
        let purpose = if last { words(draw) } else { "A bed for tonight".to_owned() };
        let more = [("age_band", "30_59".to_owned()), ("language", "sq".to_owned())];
        let mut content = Self::consented(made, &purpose, &more);
        content.push(said("need", vec![]));
        self.hears(made, draw, content).await?;
        if last {
            let readers = Self::readers(made);
            Self::plant(made, "consent_purpose", purpose, readers);
        }
        Ok(())
    }

    async fn identity(&self, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        let reason = words(draw);
        let accepted = vec![said("accepted", vec![]), fields(&[("reason_in_words", reason.clone())])];
        self.says(made, draw, accepted).await?;
        let readers = Self::readers(made);
        Self::plant(made, "reason_in_words", reason, readers);
        if made.plan.to_one {
            let key = self.person(Who::Worker)?.key.clone();
            let content = vec![("trail", Value::Bytes(made.planted.trail.clone())), ("key", Value::Bytes(key))];
            self.done("StaffService/SealTrail", content).await?;
        }
        // One more whom nobody here knows.
        let (name, code_word, purpose, unknown) = (words(draw), word(draw), words(draw), words(draw));
        let names: Vec<&str> = made.plan.named.iter().map(|who| name_of(*who)).chain([unknown.as_str()]).collect();
        let more = [
            ("name", name.clone()),
            ("safe_contact_code_word", code_word.clone()),
            ("safe_contact_channel", "call".to_owned()),
            ("excluded_persons", names.join("; ")),
        ];
        let mut content = Self::consented(made, &purpose, &more);
        content.push(said("identity", vec![]));
        self.hears(made, draw, content).await?;
        // Excluded in the same commit, before a box is chosen. [CAS-30] [STF-18]
        made.rules.excluded.extend(made.plan.named.iter().copied());
        made.rules.persons = &made.rules.persons - &made.rules.excluded;
        let readers = if made.plan.to_one { BTreeSet::from([Who::Worker]) } else { Self::readers(made) };
        let planted = [
            ("name", name),
            ("safe_contact_code_word", code_word),
            ("consent_purpose", purpose),
            ("excluded_persons", unknown),
        ];
        for (label, value) in planted {
            Self::plant(made, label, value, readers.clone());
        }
        Ok(())
    }

    async fn exclude(&self, made: &mut Made) -> Outcome<()> {
        for who in made.plan.by_hand.clone() {
            let colleague = text(&hex(&self.person(who)?.account));
            let content = vec![("case", Value::Bytes(made.planted.case.clone())), ("colleague", colleague)];
            self.done("CaseService/ExcludePerson", content).await?;
            made.rules.excluded.insert(who);
        }
        Ok(())
    }

    async fn give(&self, made: &mut Made, who: Who) -> Outcome<()> {
        let colleague = text(&hex(&self.person(who)?.account));
        let content = vec![("case", Value::Bytes(made.planted.case.clone())), ("colleague", colleague)];
        self.done("CaseService/AssignCase", content).await?;
        made.rules.persons.insert(who);
        Ok(())
    }

    async fn assign(&self, made: &mut Made) -> Outcome<()> {
        if made.plan.nobody || !(made.plan.answered || made.plan.ours) {
            return Ok(());
        }
        for who in made.plan.holders.clone() {
            if !made.rules.excluded.contains(&who) && !made.rules.persons.contains(&who) {
                self.give(made, who).await?;
            }
        }
        if made.plan.team {
            let content = vec![("case", Value::Bytes(made.planted.case.clone())), ("team", text(&self.team))];
            self.done("CaseService/AssignCase", content).await?;
            made.rules.team = true;
        }
        Ok(())
    }

    /// What the sender has and does not disclose: the name of its own case, its number, and more than was asked for.
    async fn keep_back(&self, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        if !made.plan.kept_back {
            return Ok(());
        }
        let case = self.case_of(&self.sender, &made.planted.trail).await?;
        let (file_number, own) = (format!("{}/2025", word(draw)), words(draw));
        let content = [("case", Value::Bytes(case.clone())), ("external_ref", text(&file_number))];
        self.sender.done(&self.schema, "CaseService/SetFileNumber", &content).await?;
        let content = [
            ("request_id", Value::Text(draw.request_id())),
            ("case", Value::Bytes(case.clone())),
            fields(&[("guardian_name", own.clone())]),
        ];
        self.sender.done(&self.schema, "FollowUpService/UpdateCaseRecord", &content).await?;
        made.planted.sender =
            vec![("case", case), ("file number", file_number.into_bytes()), ("record", own.into_bytes())];
        Ok(())
    }

    /// What the organisation writes down for itself.
    async fn write_down(&self, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        let case = || ("case", Value::Bytes(made.planted.case.clone()));
        if made.plan.file_number {
            let file_number = format!("{}/2026", word(draw));
            self.done("CaseService/SetFileNumber", vec![case(), ("external_ref", text(&file_number))]).await?;
            made.planted.file_number = Some(file_number);
            made.rules.file_number = true;
        }
        let case = || ("case", Value::Bytes(made.planted.case.clone()));
        if made.plan.record {
            let own = words(draw);
            let request_id = ("request_id", Value::Text(draw.request_id()));
            let content = vec![request_id, case(), fields(&[("guardian_name", own.clone())])];
            self.done("FollowUpService/UpdateCaseRecord", content).await?;
            made.planted.record = Some(own);
            made.rules.record = true;
        }
        let case = || ("case", Value::Bytes(made.planted.case.clone()));
        if made.plan.follow_up {
            let request_id = ("request_id", Value::Text(draw.request_id()));
            let content = vec![request_id, case(), ("consent_withdrawn", Value::Message(vec![]))];
            let answer = self.done("FollowUpService/FollowUp", content).await?;
            made.planted.follow_up = self.schema.get("FollowUpResponse", &answer, "follow_up.follow_up")?.concat();
            made.rules.follow_up = true;
        }
        if made.plan.words {
            let why = words(draw);
            let reason = vec![("code", number(wire::AccessReason::Supervision as u64)), ("words", text(&why))];
            let content = vec![("trail", Value::Bytes(made.planted.trail.clone())), ("reason", Value::Message(reason))];
            self.done("TrailService/GetTrail", content).await?;
            made.planted.words = Some(why);
            made.rules.words = true;
        }
        Ok(())
    }

    async fn end(&self, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        if made.plan.purged {
            let reason = ("reason", number(wire::ClosureReason::Done as u64));
            self.says(made, draw, vec![said("closed", vec![reason])]).await?;
            let manner = ("manner", number(wire::PurgeManner::Destroyed as u64));
            self.says(made, draw, vec![said("purged", vec![manner])]).await?;
            made.rules.purged = true;
        }
        if made.plan.closed {
            self.done("CaseService/CloseCase", vec![("case", Value::Bytes(made.planted.case.clone()))]).await?;
        }
        Ok(())
    }

    /// Who answered gives it away, where that was drawn.
    async fn leave(&self, made: &mut Made) -> Outcome<()> {
        if made.plan.holders.contains(&Who::Supervisor) && !made.plan.nobody {
            return Ok(());
        }
        // The account that works there has no ID that is known here: the case says who has it.
        let wanted = || vec![("case", Value::Bytes(made.planted.case.clone()))];
        let answer = self.done("CaseService/GetCase", wanted()).await?;
        let names = self.schema.get("GetCaseResponse", &answer, "case.persons.name")?;
        let persons = self.schema.get("GetCaseResponse", &answer, "case.persons.person")?;
        for (_, person) in names.iter().zip(persons).filter(|(name, _)| *name == crate::staff::NAME.as_bytes()) {
            let mut content = wanted();
            content.extend([("colleague", text(&hex(&person))), ("remove", number(1))]);
            self.done("CaseService/AssignCase", content).await?;
        }
        made.rules.persons.remove(&Who::Supervisor);
        Ok(())
    }

    /// The colleague asks for the glass, the second supervisor lets it happen. [CAS-9] [APR-2]
    async fn break_glass(&self, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        let colleague = &self.person(Who::Colleague)?.door;
        let case = || ("case", Value::Bytes(made.planted.case.clone()));
        let why = words(draw);
        let content = [
            ("break_glass", Value::Message(vec![case()])),
            ("reason", number(wire::ApprovalReason::Danger as u64)),
            ("words", text(&why)),
        ];
        let answer = colleague.done(&self.schema, "ApprovalService/RequestApproval", &content).await?;
        let approval = self.schema.get("RequestApprovalResponse", &answer, "approval.approval")?.concat();
        let approve = || ("approval", Value::Bytes(approval.clone()));
        self.second.done(&self.schema, "ApprovalService/Approve", &[approve()]).await?;
        colleague.done(&self.schema, "CaseService/BreakGlass", &[case(), approve()]).await?;
        (made.planted.approval, made.planted.asked, made.rules.glass) = (approval, Some(why), true);
        Ok(())
    }

    /// Cases become parts of those before them.
    pub(super) async fn join(&self, cases: &mut [Made]) -> Outcome<()> {
        for number in 1..cases.len() {
            let (Some(from), Some(into)) = (cases.get(number), cases.get(number - 1)) else { continue };
            if !from.plan.joins {
                continue;
            }
            let content = vec![
                ("from", Value::Bytes(from.planted.case.clone())),
                ("into", Value::Bytes(into.planted.case.clone())),
            ];
            self.done("CaseService/JoinCases", content).await?;
            if let Some(from) = cases.get_mut(number) {
                from.rules.into = Some(number - 1);
            }
        }
        Ok(())
    }
}
