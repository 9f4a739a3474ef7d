//! Random cases at the receiving organisation, made through the real programs: every choice follows from the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::door::Door;
use super::form::Target;
use super::oracle::{Case, Who};
use super::people::{Person, name_of};
use super::schema::{Schema, Value};
use crate::failed::{Failed, Outcome};
use crate::random::Draw;
use crate::referral::CONSENT;

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
}

/// One case as it was made.
#[derive(Default)]
pub(super) struct Made {
    pub(super) rules: Case,
    pub(super) planted: Planted,
    /// The sentence that tells it.
    pub(super) story: String,
}

/// Who makes the cases, and how.
#[derive(Clone)]
pub(super) struct Makers {
    pub(super) schema: Arc<Schema>,
    pub(super) sender: Door,
    pub(super) people: Arc<BTreeMap<Who, Person>>,
    /// The team, in hexadecimal.
    pub(super) team: String,
    pub(super) sealed: bool,
}

/// What was drawn for a case.
struct Plan {
    stage: u64,
    answered: bool,
    holders: Vec<Who>,
    team: bool,
    nobody: bool,
    named: BTreeSet<Who>,
    by_hand: BTreeSet<Who>,
    file_number: bool,
    record: bool,
    closed: bool,
    guardian: bool,
}

impl Made {
    /// Where an attempt aims.
    pub(super) fn target(&self) -> Target {
        let word = |text: &String| text.split(' ').next().unwrap_or_default().to_owned();
        let own = self.planted.record.iter().chain(self.planted.values.iter().map(|(_, value)| value)).next();
        Target {
            trail: self.planted.trail.clone(),
            case: self.planted.case.clone(),
            word: own.map_or_else(|| "Nowhereword".to_owned(), word),
            file_number: self.planted.file_number.clone().unwrap_or_else(|| "none".to_owned()),
        }
    }
}

impl Plan {
    fn draw(draw: &mut Draw, sealed: bool) -> Self {
        let stage = [0, 1, 2, 2].get(draw.below(4) as usize).copied().unwrap_or_default();
        let answered = stage > 0 || draw.once_in(2);
        let mut holders = Vec::new();
        for who in [Who::Worker, Who::Excluded, Who::ExcludedSupervisor, Who::Supervisor, Who::Machine] {
            if draw.once_in(3) {
                holders.push(who);
            }
        }
        let mut some = |one_in| {
            let all = [Who::Excluded, Who::ExcludedSupervisor];
            all.into_iter().filter(|_| draw.once_in(one_in)).collect::<BTreeSet<_>>()
        };
        let (named, by_hand) = (some(3), some(3));
        Self {
            stage,
            answered,
            holders,
            team: draw.once_in(3),
            nobody: draw.once_in(5),
            named: if stage == 2 { named } else { BTreeSet::new() },
            by_hand: if answered { by_hand } else { BTreeSet::new() },
            file_number: answered && draw.once_in(2),
            record: answered && !sealed && draw.once_in(2),
            closed: answered && draw.once_in(6),
            guardian: draw.once_in(4),
        }
    }
}

/// A word that nobody else has: capital and eighteen letters, no language.
pub(super) fn word(draw: &mut Draw) -> String {
    let letter =
        |draw: &mut Draw, of: &[u8]| char::from(of.get(draw.below(of.len() as u64) as usize).copied().unwrap_or(b'a'));
    let mut word = letter(draw, b"BDFGHKLMNPRSTVZ").to_string();
    for _ in 0..7 {
        word.push(letter(draw, b"aeiou"));
        word.push(letter(draw, b"bdfghkmprstvz"));
    }
    word
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn said(kind: &'static str, content: Vec<(&'static str, Value)>) -> (&'static str, Value) {
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

    /// Makes one case, as the draw decides.
    pub(super) async fn make(&self, mut draw: Draw) -> Outcome<Made> {
        let plan = Plan::draw(&mut draw, self.sealed);
        let mut made = Made::default();
        let supervisor = &self.person(Who::Supervisor)?.door;
        self.open(&mut made, &mut draw).await?;
        if plan.answered {
            let until = said("held", vec![("until", Value::Number(LATER))]);
            self.record(supervisor, &mut made, &mut draw, vec![until]).await?;
            made.rules.persons.insert(Who::Supervisor);
            self.exclude(&plan, &mut made).await?;
            self.assign(&plan, &mut made).await?;
        }
        if plan.stage > 0 {
            self.need(&plan, &mut made, &mut draw).await?;
        }
        if plan.stage > 1 {
            self.identity(&plan, &mut made, &mut draw).await?;
        }
        self.number(&plan, &mut made, &mut draw).await?;
        if plan.answered {
            self.leave(&plan, &mut made).await?;
        }
        made.rules.events = !made.planted.events.is_empty();
        made.rules.values = made.planted.values.iter().map(|(label, _)| *label).collect();
        made.story = format!(
            "stage {}, {}, basis {}, held by {:?}{}, excluded {:?} (named in what came: {:?}){}{}{}",
            plan.stage,
            if plan.answered { "answered" } else { "not answered" },
            if plan.guardian { "guardian consent" } else { "consent" },
            made.rules.persons,
            if made.rules.team { " and a team" } else { "" },
            made.rules.excluded,
            plan.named,
            if made.rules.file_number { ", with a file number" } else { "" },
            if made.rules.record { ", with a record" } else { "" },
            if plan.closed { ", closed" } else { "" },
        );
        Ok(made)
    }

    async fn open(&self, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        let content = [
            ("request_id", Value::Text(draw.request_id())),
            ("peer", text(crate::pair::SHELTER)),
            ("act", Value::Number(uput_wire::v1::Act::Referral as u64)),
            ("service_type", Value::Number(uput_wire::v1::ServiceType::Shelter as u64)),
            ("basis", Value::Number(uput_wire::v1::LegalBasis::NoneNeededNonpersonal as u64)),
            fields(&[("places", (1 + draw.below(PLACES)).to_string()), ("adults", "1".to_owned())]),
        ];
        let answer = self.sender.done(&self.schema, "TrailService/OpenTrail", &content).await?;
        made.planted.trail = first(self.schema.get("OpenTrailResponse", &answer, "trail")?)?;
        // An opening's ID is the trail's.
        let wanted = [("trail", Value::Bytes(made.planted.trail.clone()))];
        let supervisor = &self.person(Who::Supervisor)?.door;
        let answer = supervisor.done(&self.schema, "CaseService/GetCase", &wanted).await?;
        made.planted.case = first(self.schema.get("GetCaseResponse", &answer, "case.case")?)?;
        Ok(())
    }

    async fn record(
        &self,
        door: &Door,
        made: &mut Made,
        draw: &mut Draw,
        more: Vec<(&'static str, Value)>,
    ) -> Outcome<Vec<u8>> {
        let mut content =
            vec![("request_id", Value::Text(draw.request_id())), ("trail", Value::Bytes(made.planted.trail.clone()))];
        content.extend(more);
        let answer = door.done(&self.schema, "TrailService/RecordEvent", &content).await?;
        let event = first(self.schema.get("RecordEventResponse", &answer, "event")?)?;
        made.planted.events.push(event.clone());
        Ok(event)
    }

    /// Waits until an event is at the receiver.
    async fn arrives(&self, made: &Made, event: &[u8]) -> Outcome<()> {
        let supervisor = &self.person(Who::Supervisor)?.door;
        let method = self.schema.method("TrailService/GetTrail")?;
        let mut content = vec![("trail", Value::Bytes(made.planted.trail.clone()))];
        if self.schema.fields(&method.request).unwrap_or_default().iter().any(|field| field.name == "reason") {
            content.push(("reason", Value::Message(vec![("code", Value::Number(3))])));
        }
        for _ in 0..1000 {
            let answer = supervisor.done(&self.schema, "TrailService/GetTrail", &content).await?;
            if self.schema.get(&method.answer, &answer, "trail.events.event")?.iter().any(|seen| seen == event) {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        }
        Err(Failed::because("an event does not arrive"))
    }

    /// What rests on consent, with the values that are planted.
    fn consented(
        &self,
        plan: &Plan,
        made: &mut Made,
        planted: &[(&'static str, String)],
        more: &[(&str, &str)],
    ) -> Vec<(&'static str, Value)> {
        let mut list: Vec<(&str, String)> = more.iter().map(|(label, value)| (*label, (*value).to_owned())).collect();
        list.extend(planted.iter().map(|(label, value)| (*label, value.clone())));
        let basis = if plan.guardian {
            list.extend([
                ("guardian_class", "parent".to_owned()),
                ("guardian_authority", "parental".to_owned()),
                ("child_assent", "assents".to_owned()),
            ]);
            uput_wire::v1::LegalBasis::GuardianConsent
        } else {
            uput_wire::v1::LegalBasis::ExplicitConsent
        };
        let consent = CONSENT
            .iter()
            .filter(|(label, _)| *label != "consent_purpose" && !(plan.guardian && *label == "consent_given_by"));
        list.extend(consent.map(|(label, value)| (*label, (*value).to_owned())));
        made.planted.values.extend(planted.iter().cloned());
        vec![("basis", Value::Number(basis as u64)), fields(&list)]
    }

    async fn need(&self, plan: &Plan, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        let purpose = [("consent_purpose", format!("{} {}", word(draw), word(draw)))];
        let mut more = self.consented(plan, made, &purpose, &[("age_band", "30_59"), ("language", "sq")]);
        more.push(said("need", vec![]));
        let sender = self.sender.clone();
        let event = self.record(&sender, made, draw, more).await?;
        self.arrives(made, &event).await
    }

    async fn identity(&self, plan: &Plan, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        let supervisor = self.person(Who::Supervisor)?.door.clone();
        let reason = ("reason_in_words", format!("{} {}", word(draw), word(draw)));
        made.planted.values.push(reason.clone());
        self.record(&supervisor, made, draw, vec![said("accepted", vec![]), fields(&[reason])]).await?;
        let mut planted =
            vec![("name", format!("{} {}", word(draw), word(draw))), ("safe_contact_code_word", word(draw))];
        let mut names: Vec<String> = plan.named.iter().map(|who| name_of(*who).to_owned()).collect();
        // One more whom nobody here knows.
        let unknown = format!("{} {}", word(draw), word(draw));
        names.push(unknown.clone());
        planted.push(("consent_purpose", format!("{} {}", word(draw), word(draw))));
        let joined = names.join("; ");
        let mut more =
            self.consented(plan, made, &planted, &[("excluded_persons", &joined), ("safe_contact_channel", "call")]);
        // In the answer stands the list; what is looked for is the one name that is in no other.
        made.planted.values.retain(|(label, _)| *label != "consent_purpose");
        made.planted.values.extend(planted.iter().filter(|(label, _)| *label == "consent_purpose").cloned());
        made.planted.values.push(("excluded_persons", unknown));
        more.push(said("identity", vec![]));
        let sender = self.sender.clone();
        let event = self.record(&sender, made, draw, more).await?;
        self.arrives(made, &event).await?;
        made.rules.excluded.extend(plan.named.iter().copied());
        made.rules.persons = &made.rules.persons - &made.rules.excluded;
        Ok(())
    }

    async fn exclude(&self, plan: &Plan, made: &mut Made) -> Outcome<()> {
        let supervisor = &self.person(Who::Supervisor)?.door;
        for who in &plan.by_hand {
            let colleague = self.person(*who)?.account.get(..16).unwrap_or_default();
            let content = [("case", Value::Bytes(made.planted.case.clone())), ("colleague", text(colleague))];
            supervisor.done(&self.schema, "CaseService/ExcludePerson", &content).await?;
            made.rules.excluded.insert(*who);
        }
        Ok(())
    }

    async fn assign(&self, plan: &Plan, made: &mut Made) -> Outcome<()> {
        let supervisor = &self.person(Who::Supervisor)?.door;
        for who in plan.holders.iter().filter(|who| **who != Who::Supervisor) {
            if made.rules.excluded.contains(who) || plan.nobody {
                continue;
            }
            let colleague = self.person(*who)?.account.get(..16).unwrap_or_default();
            let content = [("case", Value::Bytes(made.planted.case.clone())), ("colleague", text(colleague))];
            supervisor.done(&self.schema, "CaseService/AssignCase", &content).await?;
            made.rules.persons.insert(*who);
        }
        if plan.team && !plan.nobody {
            let content = [("case", Value::Bytes(made.planted.case.clone())), ("team", text(&self.team))];
            supervisor.done(&self.schema, "CaseService/AssignCase", &content).await?;
            made.rules.team = true;
        }
        Ok(())
    }

    /// The file number, the record, and the end.
    async fn number(&self, plan: &Plan, made: &mut Made, draw: &mut Draw) -> Outcome<()> {
        let supervisor = &self.person(Who::Supervisor)?.door;
        let case = || ("case", Value::Bytes(made.planted.case.clone()));
        if plan.file_number {
            let number = format!("{}/2026", word(draw));
            let content = [case(), ("external_ref", text(&number))];
            supervisor.done(&self.schema, "CaseService/SetFileNumber", &content).await?;
            made.planted.file_number = Some(number);
            made.rules.file_number = true;
        }
        if plan.record {
            let own = format!("{} {}", word(draw), word(draw));
            let content = [
                ("request_id", Value::Text(draw.request_id())),
                ("case", Value::Bytes(made.planted.case.clone())),
                fields(&[("guardian_name", own.clone())]),
            ];
            supervisor.done(&self.schema, "FollowUpService/UpdateCaseRecord", &content).await?;
            made.planted.record = Some(own);
            made.rules.record = true;
        }
        if plan.closed {
            let content = [("case", Value::Bytes(made.planted.case.clone()))];
            supervisor.done(&self.schema, "CaseService/CloseCase", &content).await?;
        }
        Ok(())
    }

    /// Who answered gives it away, where that was drawn.
    async fn leave(&self, plan: &Plan, made: &mut Made) -> Outcome<()> {
        if plan.holders.contains(&Who::Supervisor) && !plan.nobody {
            return Ok(());
        }
        let supervisor = &self.person(Who::Supervisor)?.door;
        // The account that works there has no name that is known here: the case says who has it.
        let wanted = [("case", Value::Bytes(made.planted.case.clone()))];
        let answer = supervisor.done(&self.schema, "CaseService/GetCase", &wanted).await?;
        let names = self.schema.get("GetCaseResponse", &answer, "case.persons.name")?;
        let persons = self.schema.get("GetCaseResponse", &answer, "case.persons.person")?;
        for (name, person) in names.iter().zip(persons) {
            if name == crate::staff::NAME.as_bytes() {
                let id = hex(&person);
                let content = [
                    ("case", Value::Bytes(made.planted.case.clone())),
                    ("colleague", text(&id)),
                    ("remove", Value::Number(1)),
                ];
                supervisor.done(&self.schema, "CaseService/AssignCase", &content).await?;
            }
        }
        made.rules.persons.remove(&Who::Supervisor);
        let answer = supervisor.done(&self.schema, "CaseService/GetCase", &wanted).await?;
        let held = self.schema.get("GetCaseResponse", &answer, "case.persons")?.len();
        if held != made.rules.persons.len() {
            return Err(Failed::because(format!(
                "{held} people have a case that was given to {:?}",
                made.rules.persons
            )));
        }
        Ok(())
    }

    /// Every tenth case becomes a part of the one before, if the supervisor sees the values of both.
    pub(super) async fn join(&self, cases: &mut [Made]) -> Outcome<()> {
        let supervisor = &self.person(Who::Supervisor)?.door;
        for number in (5..cases.len()).step_by(10) {
            let fits = |made: &Made| !made.rules.persons.is_empty() || made.rules.team;
            let (Some(from), Some(into)) = (cases.get(number), cases.get(number - 1)) else { continue };
            if !fits(from) || !fits(into) || from.rules.file_number || from.rules.record {
                continue;
            }
            let content =
                [("from", Value::Bytes(from.planted.case.clone())), ("into", Value::Bytes(into.planted.case.clone()))];
            supervisor.done(&self.schema, "CaseService/JoinCases", &content).await?;
            if let Some(from) = cases.get_mut(number) {
                from.rules.into = Some(number - 1);
                from.story.push_str(", and became a part of the case before");
            }
        }
        Ok(())
    }
}

fn first(found: Vec<Vec<u8>>) -> Outcome<Vec<u8>> {
    found.into_iter().next().ok_or_else(|| Failed::because("an answer lacks what it must have"))
}
