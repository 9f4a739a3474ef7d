//! A change that is made once in a case, and what it became in each of its trails.

use crate::{
    access::Node,
    args::Options,
    case_record::sealed::Keys,
    code::word_of,
    failure::Failure,
    fields::FieldsArgs,
    label, moment,
    output::{Answer, Page},
    reference::Reference,
    refusal,
    request::{RequestArgs, hex},
    staff::ring::KeyArgs,
    why::WhyArgs,
};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;
use uput_core::wire::{self, follow_up_request::Change};

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

impl ChangeArgs {
    pub(super) async fn run(self, options: &Options) -> Result<Answer, Failure> {
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
