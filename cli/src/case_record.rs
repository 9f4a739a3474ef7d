//! What is held about her in a case, changes that are followed to all her trails, and search.
//!
//! Guarantees that values and words of a search are no arguments, which every user of this computer can see. Leaves to the
//! node who sees them, and what a change becomes in each trail.

mod change;
mod sealed;
mod search;

pub(crate) use change::Followed;

use clap::builder::TypedValueParser;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::wire::{self, CaseMarkKind};

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
use crate::reference::Reference;
use crate::refusal;
use crate::request::{RequestArgs, hex};
use crate::staff::ring::KeyArgs;
use crate::why::WhyArgs;
use change::ChangeArgs;
use search::SearchArgs;

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
