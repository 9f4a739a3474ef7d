//! A trail as people read it: where it stands, and what was said when.

use clap::Args;
use serde_json::json;
use uput_core::catalogue::Label;
use uput_core::wire::{self, AttestationStanding, LegalBasis};

use crate::access::Node;
use crate::args::Options;
use crate::contact::{self, ContactArgs};
use crate::expiring;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::request::hex;
use crate::staff::opened;
use crate::staff::ring::KeyArgs;
use crate::trail::challenge;
use crate::trail::view::{TrailView, asks, catalogue_place, disclosed};
use crate::why::WhyArgs;

/// The timer that runs from the sending.
const DELIVER: &str = "deliver";

/// Which trail.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// The trail's ID, or at least its first 8 digits
    trail: Reference,
    // [CLI-50]
    /// Show the values too; the node records either way that it was looked at
    #[arg(long)]
    values: bool,
    #[command(flatten)]
    contact: ContactArgs,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    why: WhyArgs,
}

impl ShowArgs {
    /// Where it stands, and what has been disclosed.
    pub(crate) async fn standing(self, options: &Options) -> Result<Answer, Failure> {
        let trail = self.trail(options).await?;
        let mut page = Page::default();
        head(&trail, &mut page);
        let fields = disclosed(&trail);
        if !fields.is_empty() {
            page.line("");
            page.line("disclosed");
            for field in &fields {
                let value = field.value.as_ref().map(|value| label::value(&field.label, value));
                page.line(format!(
                    "  {} {}",
                    label::field(&field.label),
                    value.as_deref().unwrap_or("(value not shown)")
                ));
            }
        }
        Answer::new(&json!({ "trail": TrailView::of(trail), "disclosed": fields }), page)
    }

    /// Event by event.
    pub(crate) async fn timeline(self, options: &Options) -> Result<Answer, Failure> {
        let trail = self.trail(options).await?;
        let mut page = Page::default();
        head(&trail, &mut page);
        page.pair("times", times(&trail.events));
        for event in &trail.events {
            page.line("");
            describe(event, &trail, &mut page);
        }
        Answer::new(&json!({ "trail": TrailView::with_events(trail) }), page)
    }

    /// The trail, with what is sealed to staff opened here. [STF-15]
    async fn trail(&self, options: &Options) -> Result<wire::Trail, Failure> {
        let node = Node::connect(options).await?;
        let mut trail = self.trail.trail(&node, self.values, self.contact.to_wire(), self.why.reason()?).await?;
        opened::open(&mut trail, &self.keys, &node, options).await?;
        self.contact.guard_trail(&mut trail);
        in_order(&mut trail);
        Ok(trail)
    }
}

/// Labels in the order of the catalogue.
fn in_order(trail: &mut wire::Trail) {
    for event in &mut trail.events {
        event.fields.sort_by_key(|field| catalogue_place(&field.label));
        for labels in [&mut event.withheld, &mut event.knowingly, &mut event.stripped] {
            labels.sort_by_key(|label| catalogue_place(label));
        }
    }
}

fn head(trail: &wire::Trail, page: &mut Page) {
    page.pair("trail", hex(&trail.trail));
    page.pair("with", &trail.peer);
    page.pair("asks", format!("{} ({})", asks(trail), if trail.ours { "we asked" } else { "they asked" }));
    page.pair("about", hex(&trail.about));
    page.pair("stands at", label::shown("headline", &trail.headline));
    if let Some(other) = &trail.counterpart {
        let (fhir, primero) = (business(other), format!("{} {}", other.primero_transition, other.primero_status));
        page.pair("elsewhere", format!("FHIR task {fhir}; Primero {primero}"));
    }
    let stage = ["enquiry", "need", "identity"].get(trail.stage as usize).copied().unwrap_or("unknown");
    page.pair("stage", label::shown("stage", stage));
    for note in &trail.notes {
        page.pair("note", note);
    }
    if trail.owed > 0 {
        page.pair("to purge", format!("values of {} events", trail.owed));
    }
    if trail.undelivered > 0 {
        page.pair("on its way", format!("{} events wait to be delivered", trail.undelivered));
    }
    for deadline in &trail.deadlines {
        page.pair(&format!("due: {}", label::shown("timer_kind", &deadline.timer)), due(deadline, &trail.peer));
    }
    if let Some(next) = &trail.escalation {
        page.pair("ask next", escalation(next));
    }
    for challenge in &trail.challenges {
        challenge::describe(challenge, page);
    }
    for ending in &trail.endings {
        page.pair(&format!("ends: {}", expiring::what(ending)), expiring::when(ending));
    }
    page.pair("changed", moment::local(trail.changed));
    contact::describe(trail.contact, page);
}

/// The status of the task, and that of the business where it says more. [MAP-5]
fn business(other: &wire::Counterpart) -> String {
    let (status, business) = (&other.fhir_status, &other.fhir_business_status);
    if status == business { status.clone() } else { format!("{status} ({business})") }
}

/// Who is asked next, and from when on. [TIM-20]
fn escalation(next: &wire::Escalation) -> String {
    let service = label::of_number::<wire::ServiceType>(next.service_type);
    let when = if next.now { "NOW" } else { "not yet" };
    let since = moment::local(next.due);
    format!(
        "{service}: {when}, from {since} on, as there is no {} ({})",
        label::shown("timer_kind", &next.missed),
        next.peers.join(", ")
    )
}

/// Why a timer of days ends at another time by the wall than it began. [TIM-97]
const DAYS: &str = "; the clocks are changed before, and a day is 24 hours";

/// When, who owes it, and on whose word it runs and was met. [TIM-1]
fn due(deadline: &wire::Deadline, peer: &str) -> String {
    let whose = if deadline.ours { "by us" } else { "by them" };
    let word = |ours: bool| if ours { "our word".to_owned() } else { format!("the word of {peer}") };
    let from = format!(", from {}", began(deadline, &word(deadline.from_ours)));
    let met = match deadline.met {
        0 => String::new(),
        met if deadline.ended => {
            format!(", not met: the trail ended {} on {}", moment::local(met), word(deadline.met_ours))
        }
        met => format!(", done {} on {}", moment::local(met), word(deadline.met_ours)),
    };
    let late = if deadline.overdue { ", LATE" } else { "" };
    let days = if moment::days_over_a_change(deadline.from, deadline.due) { DAYS } else { "" };
    format!("{} {whose}{late}{from}{met}{}{days}", moment::local(deadline.due), came(deadline))
}

/// From when on it runs, and who says or shows that. [TIM-84] [TIM-85]
fn began(deadline: &wire::Deadline, word: &str) -> String {
    let from = moment::local(deadline.from);
    match (deadline.timer == DELIVER, deadline.proven) {
        (false, _) => format!("{from} on {word}"),
        (true, 0) => format!("{from} on {word}, which no witness shows"),
        (true, proven) if proven == deadline.from => format!("{from}, as witnesses show"),
        (true, proven) => format!("{from} on {word}, as witnesses had it at {} only", moment::local(proven)),
    }
}

/// By when it was there, as witnesses show. [TIM-86]
fn proven(event: &wire::TrailEvent) -> String {
    match event.proven {
        0 => String::new(),
        by => format!("there by {}, cosigned by {}", moment::local(by), event.witnesses.join(", ")),
    }
}

/// How many of the times that follow are more than a word. [TIM-86]
fn times(events: &[wire::TrailEvent]) -> String {
    match events.iter().filter(|event| event.proven != 0).count() {
        0 => "no witness shows any: each is its author's word".to_owned(),
        shown if shown == events.len() => "witnesses show each event".to_owned(),
        shown => format!("witnesses show {shown} of {} events: the others are their authors' word", events.len()),
    }
}

/// Between which times it was signed, on the other side's word; nothing, where that has said nothing. [TIM-1]
fn signed(event: &wire::TrailEvent, peer: &str) -> String {
    let bounds = match (event.not_before, event.not_after) {
        (0, 0) => return String::new(),
        (0, after) => format!("no later than {}", moment::local(after)),
        (before, 0) => format!("no earlier than {}", moment::local(before)),
        (before, after) => format!("between {} and {}", moment::local(before), moment::local(after)),
    };
    let word = if event.ours { format!("the word of {peer}") } else { "our word".to_owned() };
    let contradicted = event.time < event.not_before || (event.not_after != 0 && event.time > event.not_after);
    let but = if contradicted { "; ITS OWN TIME SAYS OTHERWISE" } else { "" };
    format!("{bounds} on {word}{but}")
}

/// What became of an answer by telephone: which event says so, and when. [ONC-31]
fn telephone(event: &wire::TrailEvent, trail: &wire::Trail) -> String {
    let by = trail.events.iter().find(|by| !event.telephone_by.is_empty() && by.event == event.telephone_by);
    let by = by.map(|by| format!(" by event {} of {}", hex(&by.event), moment::local(by.time))).unwrap_or_default();
    match event.telephone.as_str() {
        "" => String::new(),
        "unconfirmed" => format!("not confirmed yet: it is the word of {}", event.author),
        "replaced" => format!("they spoke again{by}"),
        word => format!("{word}{by}"),
    }
}

/// That the time for what follows from a withdrawal is over; it tells nothing of whether anything did. [CAS-105]
fn settled(event: &wire::TrailEvent, trail: &wire::Trail) -> String {
    let who = if trail.ours { format!("{} said", trail.peer) } else { "we said".to_owned() };
    match event.settled {
        0 => String::new(),
        said => {
            format!("{who} on {} that its time is over; whether anything went onward is not told", moment::local(said))
        }
    }
}

/// When what met it was with whoever waited, if that was not when it was said. [TIM-74]
fn came(deadline: &wire::Deadline) -> String {
    match deadline.came {
        0 => String::new(),
        came if came.abs_diff(deadline.met) < 60 => String::new(),
        came if deadline.met_ours => format!(", with them {} on their word", moment::local(came)),
        came => format!(", here {} on our word", moment::local(came)),
    }
}

/// When it happened, on its author's word; deadlines do not run from it. [TIM-1] [TIM-5]
fn happened(event: &wire::TrailEvent) -> String {
    match event.occurred {
        0 => String::new(),
        occurred if event.ours => format!("{} on our word", moment::local(occurred)),
        occurred => format!("{} on the word of {}", moment::local(occurred), event.author),
    }
}

/// Behind a value: that it is not only its sender's word. [ONW-11]
fn word_of_others(event: &wire::TrailEvent, label: &str) -> String {
    let of = event.attested.as_ref().filter(|attested| attested.labels.iter().any(|signed| signed == label));
    match of.map(wire::Attested::standing) {
        Some(AttestationStanding::Verified) => of.map(|of| format!("  [as {} signed it]", of.name)).unwrap_or_default(),
        Some(AttestationStanding::UnknownSigner) => "  [signed by an organisation that is not known here]".to_owned(),
        Some(AttestationStanding::Uncompared) => {
            "  [signed by an organisation whose key nobody here has compared]".to_owned()
        }
        Some(_) => "  [NOT as it was signed: the sender's word alone]".to_owned(),
        None => String::new(),
    }
}

/// Who signed it, as far as that is known here. [ONW-5] [ONW-11]
fn attested(attested: &wire::Attested) -> String {
    let (whose, day) = (hex(&attested.organisation), moment::utc(attested.day).unwrap_or_default());
    match attested.standing() {
        AttestationStanding::Verified => {
            format!("verified: {} signed it on {day}; of whom it was said is the sender's word", attested.name)
        }
        AttestationStanding::UnknownSigner => {
            format!(
                "attested by an organisation that is not known here ({whose}): that is no name, and nothing was verified"
            )
        }
        AttestationStanding::Uncompared => format!(
            "signed on {day} by an organisation whose key nobody here has compared, ID {whose}: anybody can have made that key"
        ),
        _ => format!("DOES NOT MATCH: it names {}, which did not sign it so", name_or(&attested.name, &whose)),
    }
}

fn name_or<'a>(name: &'a str, id: &'a str) -> &'a str {
    if name.is_empty() { id } else { name }
}

fn describe(event: &wire::TrailEvent, trail: &wire::Trail, page: &mut Page) {
    let code =
        if event.code.is_empty() { String::new() } else { format!(" ({})", label::detail(&event.kind, &event.code)) };
    page.line(format!("{}  {}: {}{code}", moment::local(event.time), event.author, label::shown("kind", &event.kind)));
    let mut detail = |name: &str, text: String| {
        if !text.is_empty() {
            page.line(format!("    {name}: {text}"));
        }
    };
    detail("task", if event.task == 0 { String::new() } else { event.task.to_string() });
    detail("happened", happened(event));
    detail("signed", signed(event, &trail.peer));
    detail("proven", proven(event));
    detail("stored here", if event.ours { String::new() } else { moment::local(event.stored) });
    detail("delivered", moment::local(event.delivered));
    detail("settled", settled(event, trail));
    detail("by telephone", telephone(event, trail));
    detail("basis", label::of_number::<LegalBasis>(event.basis));
    let closed = event
        .fields
        .iter()
        .filter(|field| field.value.is_empty() && !event.withheld.contains(&field.label))
        .map(|field| label::field(&field.label));
    detail("labels", closed.collect::<Vec<_>>().join(", "));
    for field in event.fields.iter().filter(|field| !field.value.is_empty()) {
        let shown = match field.label == Label::Provenance.name() {
            true => "see whose word it is, below".to_owned(),
            false => label::value(&field.label, &field.value),
        };
        detail(&label::field(&field.label), shown + &word_of_others(event, &field.label));
    }
    detail("whose word", event.attested.as_ref().map(attested).unwrap_or_default());
    detail("withheld", label::fields(&event.withheld));
    detail("said knowingly although it looked as if it told who she is", label::fields(&event.knowingly));
    detail("dropped unread, outside the profile", label::fields(&event.stripped));
    detail("NO EFFECT", label::word("void_reason", &event.void_reason));
    detail("findings", label::all("finding", &event.findings));
    detail("evidence", hex(&event.evidence));
    detail("event", format!("{} #{}", hex(&event.event), event.seq));
}
