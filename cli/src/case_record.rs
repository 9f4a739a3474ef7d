//! What is held about her in a case, changes that are followed to all her trails, and search.
//!
//! Guarantees that values and words of a search are no arguments, which every user of this computer can see. Leaves to the
//! node who sees them, and what a change becomes in each trail.

mod sealed;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::json;
use uput_core::wire::{self, CaseMarkKind, follow_up_request::Change};

use crate::access::Node;
use crate::args::Options;
use crate::case_record::sealed::Keys;
use crate::code::{self, word_of};
use crate::contact::{self, ContactArgs};
use crate::failure::Failure;
use crate::fields::FieldsArgs;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reading;
use crate::reference::Reference;
use crate::refusal;
use crate::request::{RequestArgs, hex};
use crate::staff::ring::KeyArgs;
use crate::why::WhyArgs;

/// What to do with it.
#[derive(Subcommand)]
pub(crate) enum RecordCommand {
    /// Show what is held about her, or write into it
    Record(RecordArgs),
    /// Make a change once, and follow it to every trail of the case
    Change(ChangeArgs),
    /// List the changes of a case, and who has confirmed them
    #[command(after_help = "Examples:
  uput case changes 4c1d09aa
  uput case changes 4c1d09aa --json | jq '.changes[] | .unconfirmed'")]
    Changes(OneCase),
    /// Find cases by words of which you see the values
    Search(SearchArgs),
    /// Erase what is held about her, with the words by which it is found; what happened stays
    #[command(after_help = "Examples:
  uput case erase 4c1d09aa --yes")]
    Erase(OneCase),
}

/// Which.
#[derive(Args)]
pub(crate) struct OneCase {
    /// ID of the case, or its first 8 digits
    case: Reference,
}

/// Whose record, and why.
#[derive(Args)]
pub(crate) struct EraseArgs {
    /// ID of the case, or its first 8 digits
    case: Reference,
    #[command(flatten)]
    why: WhyArgs,
}

/// What to show, or to write.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case record 4c1d09aa --values
  uput case record 4c1d09aa --values --reach call
  uput case record 4c1d09aa --values --reason handover
  uput case record 4c1d09aa --fields her.toml
  uput case record 4c1d09aa --mark caregiver-suspected
  uput case record 4c1d09aa --unmark consent-withdrawn
  uput case record 4c1d09aa --withhold health_needs
  uput case record 4c1d09aa --take name,safe_contact_telephone --from 3f9a1c20")]
pub(crate) struct RecordArgs {
    /// ID of the case, or its first 8 digits
    case: Reference,
    /// Show the values too; the node records that they were looked at
    #[arg(long, conflicts_with_all = ["fields", "take", "remove", "mark", "unmark", "withhold", "release"])]
    values: bool,
    /// What is typed into it.
    #[command(flatten)]
    fields: FieldsArgs,
    // [NST-11]
    /// Labels whose words do not tell who she is, although the node says so; that you said this is kept
    #[arg(long, value_name = "LABEL", value_delimiter = ',', conflicts_with = "values")]
    knowingly: Vec<String>,
    /// Labels whose values a trail told, to be taken over without typing
    #[arg(long, value_name = "LABEL", value_delimiter = ',', requires = "from")]
    take: Vec<String>,
    /// The trail that told them: its ID, or its first 8 digits
    #[arg(long, value_name = "TRAIL", requires = "take")]
    from: Option<Reference>,
    /// Labels that the record shall not have any more
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    remove: Vec<String>,
    #[command(flatten)]
    contact: ContactArgs,
    #[command(flatten)]
    marks: MarkArgs,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    why: WhyArgs,
    #[command(flatten)]
    request: RequestArgs,
}

/// What is noted of the case: it closes ways of disclosing, or opens them again, and leaves this node never.
#[derive(Args)]
struct MarkArgs {
    /// Note this of the case
    #[arg(long, value_name = "MARK", value_parser = of_the_whole(), value_delimiter = ',')]
    mark: Vec<CaseMarkKind>,
    /// Take it back
    #[arg(long, value_name = "MARK", value_parser = of_the_whole(), value_delimiter = ',')]
    unmark: Vec<CaseMarkKind>,
    /// Labels that she does not want told under a consent
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    withhold: Vec<String>,
    /// Labels that may be told again
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    release: Vec<String>,
}

/// Marks of a case as a whole: that a label is withheld is said with the label, by `--withhold`.
fn of_the_whole() -> impl TypedValueParser<Value = CaseMarkKind> {
    code::parser_of(|mark| *mark != CaseMarkKind::LabelWithheld)
}

impl MarkArgs {
    fn to_wire(&self) -> Vec<wire::CaseMark> {
        let whole = |kinds: &[CaseMarkKind], stands| {
            let mark =
                |kind: &CaseMarkKind| wire::CaseMark { kind: (*kind).into(), stands, ..wire::CaseMark::default() };
            kinds.iter().map(mark).collect::<Vec<_>>()
        };
        let labels = |labels: &[String], stands| {
            let kind = CaseMarkKind::LabelWithheld.into();
            let mark = |label: &String| wire::CaseMark { kind, label: label.clone(), stands, since: 0 };
            labels.iter().map(mark).collect::<Vec<_>>()
        };
        [
            whole(&self.mark, true),
            whole(&self.unmark, false),
            labels(&self.withhold, true),
            labels(&self.release, false),
        ]
        .concat()
    }
}

/// What changed.
#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// How she is reached safely
    SafeContact,
    /// How she is reached safely, and the old way is dangerous now
    SafeContactLost,
    /// All persons who must not see it
    ExcludedPersons,
    /// All organisations to which nothing goes any more
    ExcludedOrganisations,
    /// She withdrew her consent
    ConsentWithdrawn,
    /// The risk
    Risk,
}

/// The change.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case change 4c1d09aa --what safe-contact --fields new-contact.toml
  uput case change 4c1d09aa --what safe-contact-lost
  uput case change 4c1d09aa --what consent-withdrawn --dry-run
  uput case change 4c1d09aa --what excluded-organisations --organisation \"Shelter B\"")]
pub(crate) struct ChangeArgs {
    /// ID of the case, or its first 8 digits
    case: Reference,
    /// What changed
    #[arg(long, value_enum)]
    what: What,
    /// The new values: `safe_contact_...`, `excluded_persons`, `risk_...`, or `withdrawal_said_by`.
    #[command(flatten)]
    fields: FieldsArgs,
    /// Name or ID of an organisation that she excludes; given again for each of them
    #[arg(long, value_name = "PEER")]
    organisation: Vec<String>,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    why: WhyArgs,
    #[command(flatten)]
    request: RequestArgs,
}

/// What to look for.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case search --words words.txt
  uput case search --words words.txt --reason supervision
  uput case search")]
pub(crate) struct SearchArgs {
    /// File whose first line holds words, beginnings of at least three letters, or a number; `-` reads standard input; asked
    /// for where it is left out. Words are no arguments
    #[arg(long, value_name = "FILE")]
    words: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    why: WhyArgs,
}

impl RecordCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Record(args) => args.run(options).await,
            Self::Change(args) => args.run(options).await,
            Self::Changes(args) => args.changes(options).await,
            Self::Search(args) => args.run(options).await,
            Self::Erase(args) => args.erase(options).await,
        }
    }
}

impl RecordArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let fields = self.fields.read()?.to_wire();
        let marks = self.marks.to_wire();
        let node = Node::connect(options).await?;
        let reads = fields.is_empty() && self.take.is_empty() && self.remove.is_empty() && marks.is_empty();
        let keys = match reads && !self.values {
            true => Keys::default(),
            false => Keys::open(&self.keys, &node, options).await?,
        };
        if reads {
            let (reason, contact) = (self.why.reason()?, self.contact.to_wire());
            let request = wire::GetCaseRecordRequest { case: self.case.bytes(), values: self.values, reason, contact };
            let answer = node.follow_ups().get_case_record(request).await.map_err(|status| refusal::of(&status))?;
            let answer = answer.into_inner();
            let mut record = answer.record.unwrap_or_default();
            let closed = keys.unseal(&mut record, &answer.boxes);
            self.contact.guard_record(&mut record);
            return shown(record, closed, &[], if self.values { Noted::All } else { Noted::Unshown });
        }
        let taken = self.from.iter().map(|trail| wire::TakenFields { trail: trail.bytes(), labels: self.take.clone() });
        let (request_id, noted) = (self.request.id()?, marks.clone());
        let request = wire::UpdateCaseRecordRequest {
            request_id: request_id.clone(),
            validate_only: self.request.dry_run,
            case: self.case.bytes(),
            label_words: keys.label_words(&fields),
            fields,
            taken: taken.collect(),
            removed: self.remove,
            knowingly: self.knowingly,
            words: Vec::new(),
            replace_words: false,
            reason: self.why.reason()?,
            marks,
        };
        let answer = node.follow_ups().update_case_record(request).await;
        let answer = answer.map_err(|status| refusal::of_request(&request_id, &status))?.into_inner();
        shown(answer.record.unwrap_or_default(), 0, &answer.replaced, Noted::Now(noted))
    }
}

/// What is noted of the case, as far as this answer says it.
enum Noted {
    /// All of it.
    All,
    /// Nothing was asked about it.
    Unshown,
    /// What was noted, or taken back, now.
    Now(Vec<wire::CaseMark>),
}

fn shown(record: wire::CaseRecord, closed: usize, replaced: &[String], noted: Noted) -> Result<Answer, Failure> {
    let mut page = Page::default();
    page.pair("case", hex(&record.case));
    page.pair("changed", moment::local(record.changed));
    for field in &record.fields {
        let value = match field.value.as_str() {
            _ if field.withheld => "(withheld)".to_owned(),
            "" => "(value not shown)".to_owned(),
            value => label::value(&field.label, value),
        };
        let knowingly =
            if field.knowingly { " (said knowingly although it looked as if it told who she is)" } else { "" };
        page.line(format!("  {} {value}{knowingly}", label::field(&field.label)));
    }
    if closed > 0 {
        page.line(format!("{closed} values are sealed to colleagues: no key of yours opens them"));
    }
    page.pair("replaced", label::fields(replaced));
    contact::describe(record.contact, &mut page);
    let contact = word_of::<wire::ContactFit>(record.contact);
    let words = |marks: &[Mark]| marks.iter().map(Mark::words).collect::<Vec<_>>().join(", ");
    let all: Vec<_> = record.marks.iter().filter(|mark| mark.stands).map(Mark::of).collect();
    // [CLI-19] An empty list would say that nothing is noted.
    let marks = if all.is_empty() && !matches!(noted, Noted::All) { None } else { Some(all) };
    page.pair("noted", marks.as_deref().map(words).unwrap_or_default());
    match (&noted, &marks) {
        (Noted::Now(now), _) => {
            let of = |stands| now.iter().filter(|mark| mark.stands == stands).map(Mark::of).collect::<Vec<_>>();
            page.pair("noted now", words(&of(true)));
            page.pair("taken back now", words(&of(false)));
        }
        (Noted::Unshown, None) => page.line("What is noted of the case is shown with --values."),
        _ => {}
    }
    let fields: Vec<_> = record.fields.into_iter().map(Field::of).collect();
    let excluded: Vec<String> = record.excluded_organisations.iter().map(|id| hex(id)).collect();
    let body = json!({
        "case": hex(&record.case), "fields": fields, "excluded_organisations": excluded,
        "changed": moment::utc(record.changed), "closed": closed, "marks": marks, "replaced": replaced, "contact": contact,
    });
    Answer::new(&body, page)
}

impl ChangeArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let fields = self.fields.read()?.to_wire();
        let change = change(self.what, fields.clone(), self.organisation)?;
        let node = Node::connect(options).await?;
        let (request_id, reason) = (self.request.id()?, self.why.reason()?);
        let keys = Keys::open(&self.keys, &node, options).await?;
        let label_words = keys.label_words(&fields);
        let of_basis = match keys.is_empty() || fields.is_empty() {
            true => Vec::new(),
            false => {
                let trails = trails_of(&node, self.case.bytes(), change.clone(), &reason).await?;
                keys.of_basis(&trails, &reason, &self.keys, &node, options).await?
            }
        };
        let request = wire::FollowUpRequest {
            label_words,
            of_basis,
            request_id: request_id.clone(),
            validate_only: self.request.dry_run,
            case: self.case.bytes(),
            change: Some(change),
            reason,
        };
        let answer = node.follow_ups().follow_up(request).await;
        let answer = answer.map_err(|status| refusal::of_request(&request_id, &status))?.into_inner();
        let followed = Followed::of(answer.follow_up.unwrap_or_default());
        let mut page = Page::default();
        followed.describe(&mut page);
        let dry_run = self.request.dry_run;
        Answer::new(&json!({ "change": followed, "dry_run": dry_run, "request_id": request_id }), page)
    }
}

/// The trails of a case to which the new values may not go, as far as the node can tell without what is sealed there.
async fn trails_of(
    node: &Node,
    case: Vec<u8>,
    change: Change,
    why: &Option<wire::Reason>,
) -> Result<Vec<wire::FollowedTrail>, Failure> {
    let plan = wire::FollowUpRequest {
        validate_only: true,
        case,
        change: Some(change),
        reason: why.clone(),
        ..wire::FollowUpRequest::default()
    };
    let plan = node.follow_ups().follow_up(plan).await.map_err(|status| refusal::of(&status))?;
    let trails = plan.into_inner().follow_up.unwrap_or_default().trails.into_iter();
    Ok(trails.filter(|trail| matches!(trail.why.as_str(), "not_allowed" | "not_yet")).collect())
}

/// The change with what it needs, and nothing that it does not take.
fn change(what: What, fields: Vec<wire::Field>, organisations: Vec<String>) -> Result<Change, Failure> {
    let only = |label: &str, fields: Vec<wire::Field>| match <[wire::Field; 1]>::try_from(fields) {
        Ok([field]) if field.label == label => Ok(field.value),
        _ => Err(Failure::usage(format!("this change takes the label {label}, alone"), "see `uput help case change`")),
    };
    let names_organisations = !organisations.is_empty();
    if names_organisations != matches!(what, What::ExcludedOrganisations) {
        return Err(Failure::usage(
            "--organisation goes with --what excluded-organisations, and with nothing else",
            "see `uput help case change`",
        ));
    }
    Ok(match what {
        What::SafeContact => Change::SafeContact(wire::SafeContactChange { fields, old_is_dangerous: false }),
        What::SafeContactLost => Change::SafeContact(wire::SafeContactChange { fields, old_is_dangerous: true }),
        What::ExcludedPersons => {
            Change::ExcludedPersons(wire::ExcludedPersonsChange { names: only("excluded_persons", fields)? })
        }
        What::ExcludedOrganisations => {
            Change::ExcludedOrganisations(wire::ExcludedOrganisationsChange { organisations })
        }
        What::ConsentWithdrawn if fields.is_empty() => Change::ConsentWithdrawn(wire::ConsentWithdrawal::default()),
        What::ConsentWithdrawn => {
            Change::ConsentWithdrawn(wire::ConsentWithdrawal { said_by: only("withdrawal_said_by", fields)? })
        }
        What::Risk => Change::Risk(wire::RiskChange { fields }),
    })
}

impl OneCase {
    async fn changes(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let (mut changes, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = wire::ListFollowUpsRequest { case: self.case.bytes(), page_size: 0, page_token };
            let answer = node.follow_ups().list_follow_ups(request).await.map_err(|status| refusal::of(&status))?;
            let answer = answer.into_inner();
            changes.extend(answer.follow_ups.into_iter().map(Followed::of));
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let mut page = Page::default();
        changes.iter().for_each(|change| change.describe(&mut page));
        Answer::new(&json!({ "changes": changes }), page)
    }
}

impl OneCase {
    async fn erase(self, options: &Options) -> Result<Answer, Failure> {
        prompt::confirm(options, "Erase what is held about her in this case? Nobody can bring it back.")?;
        let node = Node::connect(options).await?;
        let request = wire::EraseCaseRecordRequest { case: self.case.bytes() };
        let answer = node.follow_ups().erase_case_record(request).await.map_err(|status| refusal::of(&status))?;
        let erased = answer.into_inner().erased;
        let mut page = Page::default();
        page.pair("erased", moment::local(erased));
        Answer::new(&json!({ "erased": moment::utc(erased) }), page)
    }
}

impl SearchArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let text = match &self.words {
            Some(path) => reading::text(path)?,
            None if prompt::possible(options) => prompt::line("words: ")?,
            None => return Err(Failure::usage("no words were given", "give --words FILE, or - for standard input")),
        };
        let node = Node::connect(options).await?;
        // Exposed to be sent to this organisation's own node, inside TLS.
        let text = text.expose().lines().next().unwrap_or_default().to_owned();
        let reason = self.why.reason()?;
        let keys = Keys::open(&self.keys, &node, options).await?;
        let words = keys.question(&text);
        let mut cases = found(&node, &text, Vec::new(), &reason).await?;
        // What is sealed to staff is found by digests that the node cannot make.
        if !words.is_empty() {
            cases.extend(found(&node, "", words, &reason).await?);
        }
        let mut page = Page::default();
        cases.iter().for_each(|case| page.line(case));
        Answer::new(&json!({ "cases": cases }), page)
    }
}

/// The cases that have all of the words.
async fn found(
    node: &Node,
    text: &str,
    words: Vec<Vec<u8>>,
    why: &Option<wire::Reason>,
) -> Result<BTreeSet<String>, Failure> {
    let (mut cases, mut page_token) = (BTreeSet::new(), String::new());
    loop {
        let (text, words, reason) = (text.to_owned(), words.clone(), why.clone());
        let request = wire::SearchCasesRequest { text, words, page_size: 0, page_token, reason };
        let answer = node.follow_ups().search_cases(request).await.map_err(|status| refusal::of(&status))?;
        let answer = answer.into_inner();
        cases.extend(answer.cases.iter().map(|case| hex(case)));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(cases);
        }
    }
}

#[derive(Serialize)]
struct Field {
    label: String,
    value: Option<String>,
    since: Option<String>,
    taken_from: Option<String>,
    withheld: bool,
    knowingly: bool,
}

#[derive(Serialize)]
struct Mark {
    mark: String,
    label: Option<String>,
    since: Option<String>,
}

impl Mark {
    fn of(mark: &wire::CaseMark) -> Self {
        let label = Some(mark.label.clone()).filter(|label| !label.is_empty());
        Self { mark: word_of::<CaseMarkKind>(mark.kind).unwrap_or_default(), label, since: moment::utc(mark.since) }
    }

    fn words(&self) -> String {
        let mark = label::of::<CaseMarkKind>(&self.mark);
        self.label.as_ref().map_or_else(|| mark.clone(), |name| format!("{mark}: {}", label::field(name)))
    }
}

#[derive(Serialize)]
pub(crate) struct Followed {
    follow_up: Option<String>,
    change: String,
    time: Option<String>,
    complete: bool,
    unconfirmed: u32,
    trails: Vec<FollowedTrail>,
}

#[derive(Serialize)]
struct FollowedTrail {
    trail: String,
    with: String,
    say: Vec<String>,
    events: Vec<String>,
    state: String,
    said: Option<String>,
    delivered: Option<String>,
    seen: Option<String>,
    overdue: bool,
    why: Option<String>,
    todo: Option<String>,
}

impl Field {
    fn of(field: wire::RecordedField) -> Self {
        Self {
            label: field.label,
            // Shown to whoever asked for values.
            value: Some(field.value).filter(|value| !value.is_empty()),
            since: moment::utc(field.since),
            taken_from: Some(hex(&field.taken_from)).filter(|id| !id.is_empty()),
            withheld: field.withheld,
            knowingly: field.knowingly,
        }
    }
}

impl Followed {
    pub(crate) fn of(change: wire::FollowedChange) -> Self {
        Self {
            follow_up: Some(hex(&change.follow_up)).filter(|id| !id.is_empty()),
            change: change.change,
            time: moment::utc(change.time),
            complete: change.complete,
            unconfirmed: change.unconfirmed,
            trails: change.trails.into_iter().map(FollowedTrail::of).collect(),
        }
    }

    pub(crate) fn describe(&self, page: &mut Page) {
        page.pair("change", label::shown("followed_change", &self.change));
        page.pair("made", self.time.as_deref().unwrap_or_default());
        page.pair("not confirmed", self.unconfirmed.to_string());
        page.table(["TRAIL", "WITH", "SAID", "STATE", "WHY", "TO DO"], self.trails.iter().map(FollowedTrail::row));
    }
}

impl FollowedTrail {
    fn of(trail: wire::FollowedTrail) -> Self {
        let word = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            trail: hex(&trail.trail),
            state: word_of::<wire::FollowState>(trail.state).unwrap_or_default(),
            with: trail.peer,
            say: trail.say,
            events: trail.events.iter().map(|event| hex(event)).collect(),
            said: moment::utc(trail.said),
            delivered: moment::utc(trail.delivered),
            seen: moment::utc(trail.seen),
            overdue: trail.overdue,
            why: word(trail.why),
            todo: word(trail.todo),
        }
    }

    fn row(&self) -> [String; 6] {
        let late = if self.overdue { ", LATE" } else { "" };
        let word =
            |list: &str, word: &Option<String>| word.as_ref().map(|word| label::shown(list, word)).unwrap_or_default();
        let said: Vec<_> = self.say.iter().map(|said| label::statement(said)).collect();
        [
            self.trail.get(..8).unwrap_or_default().to_owned(),
            self.with.clone(),
            said.join(", "),
            format!("{}{late}", label::of::<wire::FollowState>(&self.state)),
            word("followed_why", &self.why),
            word("followed_todo", &self.todo),
        ]
    }
}
