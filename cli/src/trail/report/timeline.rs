//! Who said what, when claimed and when proven, on which basis, with which labels, how late.

use uput_core::verdict::{AttestedShown, Claim, Conformance, Deadline, Entry, Report};

use crate::label;
use crate::moment;
use crate::output::Page;

/// Writes the timeline and the timers.
pub(super) fn write(report: &Report, page: &mut Page) {
    if !report.timeline.is_empty() {
        page.line("");
        page.line("What was said (times are their authors' words unless proven)");
    }
    for entry in &report.timeline {
        page.line("");
        describe(entry, page);
    }
    if !report.deadlines.is_empty() {
        page.line("");
        page.line("Timers");
    }
    for deadline in &report.deadlines {
        timer(deadline, page);
    }
}

fn describe(entry: &Entry, page: &mut Page) {
    page.line(heading(entry));
    details(entry).iter().for_each(|(name, text)| page.line(format!("    {name}: {text}")));
}

/// Who said what, and when by their own word.
pub(in crate::trail) fn heading(entry: &Entry) -> String {
    format!("{}  {}: {}", moment::local(entry.time), entry.author.name, said(entry))
}

/// The kind, and its code.
pub(in crate::trail) fn said(entry: &Entry) -> String {
    let code =
        if entry.code.is_empty() { String::new() } else { format!(" ({})", label::detail(&entry.kind, &entry.code)) };
    format!("{}{code}", label::shown("kind", &entry.kind))
}

/// Everything else that a report says of an event, by name; what it does not say is left out.
pub(in crate::trail) fn details(entry: &Entry) -> Vec<(String, String)> {
    let own = |time| format!("{} on the word of {}", moment::local(time), entry.author.name);
    let mut all = vec![
        ("task".to_owned(), entry.task.map(|task| task.to_string()).unwrap_or_default()),
        ("happened".to_owned(), entry.occurred.map(own).unwrap_or_default()),
        ("proven".to_owned(), entry.proven.map(moment::local).unwrap_or_default()),
        ("no earlier than".to_owned(), entry.not_before.as_ref().map(claim).unwrap_or_default()),
        ("no later than".to_owned(), entry.not_after.as_ref().map(claim).unwrap_or_default()),
        ("stage".to_owned(), entry.stage.map(|stage| stage.to_string()).unwrap_or_default()),
        ("basis".to_owned(), basis(entry)),
        ("labels".to_owned(), labels(entry)),
    ];
    for field in &entry.fields {
        // The exporter opened these values for whoever holds the bundle.
        let value = field.value.as_ref().map(|value| label::value(&field.label, value.0.expose()));
        all.push((label::field(&field.label), value.unwrap_or_default()));
    }
    all.push(("whose word".to_owned(), entry.attested.as_ref().map(attested).unwrap_or_default()));
    all.push(("settled".to_owned(), entry.settled.map(|time| settled(time, entry.settled_proven)).unwrap_or_default()));
    all.extend(consequences(entry));
    all.retain(|(_, text)| !text.is_empty());
    all
}

/// Whose word part of it is, by the trust file. [BUN-91]
fn attested(attested: &AttestedShown) -> String {
    let (by, day) = (&attested.by, moment::utc(attested.day).unwrap_or_default());
    let labels: Vec<_> = attested.labels.iter().map(|name| label::field(name)).collect();
    let labels = labels.join(", ");
    match attested.standing {
        "verified" => format!("{labels}: {} signed it on {day}; of whom it was said is the sender's word", by.name),
        "uncompared" => format!(
            "{labels}: signed on {day} by an organisation that the trust file does not name, ID {}: anybody can have made its key",
            by.id
        ),
        "unknown_signer" => {
            format!("an organisation whose key records do not count here, ID {}: nothing was verified", by.id)
        }
        _ => format!("DOES NOT MATCH: organisation {} did not sign it so; it is the sender's word alone", by.id),
    }
}

/// It tells nothing of whether anything went onward. [BUN-94]
fn settled(time: u64, proven: Option<u64>) -> String {
    let proven = proven.map(|time| format!("; it had said so by {}: proven", moment::local(time)));
    format!("the receiver said on {} that its time is over{}", moment::local(time), proven.unwrap_or_default())
}

fn consequences(entry: &Entry) -> [(String, String); 5] {
    let late: Vec<_> = entry.late.iter().map(|late| late_by(late)).collect();
    let void = label::word("void_reason", entry.void.as_deref().unwrap_or_default());
    let incarnation =
        if entry.incarnation > 0 { format!(", incarnation {}", entry.incarnation) } else { String::new() };
    let seen = if entry.seen_by_other { "" } else { "; nothing signed by the other side shows that it had this" };
    [
        ("late".to_owned(), late.join(", ")),
        ("NO EFFECT".to_owned(), void),
        ("findings".to_owned(), label::all("finding", &entry.findings)),
        ("names".to_owned(), entry.names.clone().unwrap_or_default()),
        ("event".to_owned(), format!("{} #{}{incarnation}{seen}", entry.event, entry.number)),
    ]
}

/// `answer 5 min`: the timer by its label.
fn late_by(late: &str) -> String {
    match late.split_once(' ') {
        Some((timer, by)) => format!("{} {by}", label::shown("timer_kind", timer)),
        None => label::shown("timer_kind", late),
    }
}

/// A time, and whose word it is. [TIM-1]
fn claim(claim: &Claim) -> String {
    format!("{} on the word of {}", moment::local(claim.time), claim.by.name)
}

fn basis(entry: &Entry) -> String {
    let basis = entry.basis.as_deref().map(|basis| label::shown("legal_basis", basis)).unwrap_or_default();
    match &entry.article {
        Some(article) => format!("{basis}, {article}"),
        None => basis,
    }
}

fn labels(entry: &Entry) -> String {
    if entry.slots == 0 {
        return String::new();
    }
    let opened: Vec<_> = entry.fields.iter().map(|field| label::field(&field.label)).collect();
    let closed = if entry.closed == 0 { String::new() } else { format!("{} of {} closed", entry.closed, entry.slots) };
    [opened.join(", "), closed].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn timer(deadline: &Deadline, page: &mut Page) {
    // Late on somebody else's clock is no fact against anybody.
    let late = match deadline.verdict {
        Some(Conformance::No) => "LATE  ",
        Some(_) => "late? ",
        None => "      ",
    };
    page.line(format!("  {late}{}; owed by {}", deadline.sentence, deadline.owed_by.name));
}
