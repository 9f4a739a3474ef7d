//! Two bundles of one trail, held against each other. [BUN-95] [BUN-96] [BUN-97]
//!
//! Guarantees that nobody is said to have left something out but on what that exporter itself had signed before. Leaves
//! each bundle's own verdict to [`verify`](super::verify).

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    Breach, Conformance, Exit, Exported, Organisation, Outcome, Report, TrustShown, YesNo, events::Connected,
    examination::Examination, findings::Findings, heads::Heads,
};
use crate::{
    bundle::Bundle,
    envelope::Verified,
    event::Event,
    id::{EventId, OrgId},
    rejection::Rejection,
    time::{Seconds, Span},
    trail::Trail,
    trust::{TrustFile, moment},
};

/// Name of the schema.
const SCHEMA: &str = "uput.trail.compare/v1";
/// The coarsest grain of an event's claimed time: it may have been signed so much later.
const GRAIN: Span = Span(60);

/// Why two bundles are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncomparable {
    /// The first or the second cannot be read.
    Unreadable(usize, Rejection),
    /// They are of two trails.
    OtherTrail,
}

/// What two bundles of one trail say together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// `uput.trail.compare/v1`.
    pub schema: &'static str,
    /// The strongest verdict of either, of both together, and of what was left out.
    pub exit: Exit,
    /// The trail.
    pub trail: String,
    /// By whose trust file.
    pub trust: TrustShown,
    /// Each by itself, as they were named.
    pub bundles: [Compared; 2],
    /// What both hold, as one.
    pub together: Together,
    /// What a reader must see beside the codes.
    pub words: Vec<String>,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// By whom, why and when.
    pub exported: Option<Exported>,
    /// What it comes to alone.
    pub exit: Exit,
    /// Whether it is authentic alone.
    pub authentic: YesNo,
    /// Whether it is complete alone.
    pub complete: YesNo,
    /// Where the trail stands by it alone.
    pub headline: Option<String>,
    /// How many events of it were verified.
    pub events: u64,
    /// What the other one has and this one has not.
    pub lacks: Vec<Lacking>,
}

/// An event that one bundle has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// Its ID.
    pub event: String,
    /// Who signed it.
    pub author: Organisation,
    /// Its number.
    pub number: u64,
    /// What it says.
    pub kind: String,
    /// When, as its author claims.
    pub time: u64,
    /// What is known of why it is not there.
    pub why: Why,
    /// In words.
    pub sentence: String,
}

/// Why an event is not in a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The exporter had signed before that it had it.
    Withheld,
    /// It claims a time after the export.
    Later,
    /// Nothing that the exporter signed shows that it had it.
    Unknown,
}

/// Both bundles as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Together {
    /// What it comes to.
    pub exit: Exit,
    /// Whether nothing is forged or by an unknown signer.
    pub authentic: YesNo,
    /// Whether everything that is named is here.
    pub complete: YesNo,
    /// Whether agreement, profile, basis and timers were kept.
    pub conformant: Conformance,
    /// Where the trail stands.
    pub headline: Option<String>,
    /// How many events were verified.
    pub events: u64,
    /// What a party did that its own signatures prove.
    pub breaches: Vec<Breach>,
    /// Requirements that failed.
    pub failed: Vec<&'static str>,
}

/// Holds two bundle files of one trail against each other, offline.
///
/// # Errors
/// [`Uncomparable`].
pub fn compare(one: &[u8], two: &[u8], trust: &TrustFile) -> Result<Comparison, Uncomparable> {
    let read = |bytes, which| Bundle::read(bytes).map_err(|error| Uncomparable::Unreadable(which, error.rejection));
    let (first, second) = (read(one, 1)?, read(two, 2)?);
    if first.trail != second.trail {
        return Err(Uncomparable::OtherTrail);
    }
    let both = first.together(&second);
    let whole = Whole::of(&both, trust);
    let sides = [(&first, one), (&second, two)].map(|(bundle, bytes)| {
        let alone = super::verify(bytes, trust);
        compared(bundle, alone, &whole, trust)
    });
    let together = together(Examination::of_parts(&both, trust, Findings::default()).report(), &whole);
    Ok(Comparison {
        schema: SCHEMA,
        exit: strongest(&sides, &together),
        trail: first.trail.to_string(),
        trust: TrustShown { made_by: trust.made_by.clone(), digest: trust.digest() },
        words: words(&sides),
        bundles: sides,
        together,
    })
}

/// What left something out is incomplete, also where it looks whole alone. [BUN-97]
fn strongest(sides: &[Compared; 2], together: &Together) -> Exit {
    let withheld = sides.iter().flat_map(|side| &side.lacks).any(|lacking| lacking.why == Why::Withheld);
    let left_out = if withheld { Exit::Incomplete } else { Exit::Valid };
    Exit::of(sides.iter().map(|side| side.exit).chain([together.exit, left_out]))
}

/// Everything that verified of both.
struct Whole {
    trail: Option<Trail>,
    loose: Vec<Verified<Event>>,
    heads: Heads,
}

impl Whole {
    fn of(bundle: &Bundle, trust: &TrustFile) -> Self {
        let (Connected { trail, loose }, heads) = Examination::of_parts(bundle, trust, Findings::default()).connected();
        Self { trail, loose, heads }
    }

    fn events(&self) -> impl Iterator<Item = &Verified<Event>> {
        self.trail.iter().flat_map(Trail::events).chain(&self.loose)
    }

    fn event(&self, id: &EventId) -> Option<&Verified<Event>> {
        let connected = self.trail.as_ref().and_then(|trail| trail.event(id));
        connected.or_else(|| self.loose.iter().find(|event| event.id == *id))
    }

    /// When it was exported: no earlier than anything that the exporter signed and shows in it, whatever it claims. [BUN-97]
    fn latest(&self, bundle: &Bundle) -> Seconds {
        let events = self.events().filter(|event| event.author == bundle.exporter).map(|event| event.time);
        let heads = self.heads.of(&bundle.exporter).map(|head| head.time);
        events.chain(heads).fold(bundle.time, Seconds::max)
    }

    /// Which events an exporter had when it exported, by what it had signed until then or shows itself. [BUN-97]
    fn had(&self, bundle: &Bundle, exported: Seconds, here: &BTreeSet<EventId>) -> BTreeSet<EventId> {
        let exporter = bundle.exporter;
        let shown: BTreeSet<_> = bundle.heads.iter().map(|head| head.id()).collect();
        let heads = self.heads.of(&exporter).filter(|head| head.time < exported || shown.contains(&head.id()));
        let by_heads = heads.flat_map(|head| [head.own_last, head.seen_last]).flatten();
        let before = |event: &&Verified<Event>| event.time.after(GRAIN) <= exported || here.contains(&event.id);
        let own = self.events().filter(|event| event.author == exporter).filter(before);
        let by_events = own.flat_map(|event| [Some(event.id), event.seen]).flatten();
        let mut had = BTreeSet::new();
        for last in by_heads.chain(by_events) {
            let mut next = Some(last);
            while let Some(event) = next.and_then(|id| self.event(&id)).filter(|event| had.insert(event.id)) {
                next = event.prev;
            }
        }
        had
    }
}

fn compared(bundle: &Bundle, alone: Report, whole: &Whole, trust: &TrustFile) -> Compared {
    let own = Whole::of(bundle, trust);
    let here: BTreeSet<EventId> = own.events().map(|event| event.id).collect();
    let exported = own.latest(bundle);
    let had = whole.had(bundle, exported, &here);
    let missing = whole.events().filter(|event| !here.contains(&event.id));
    let by = name(&bundle.exporter, trust);
    let lacks = missing.map(|event| lacking(event, exported, had.contains(&event.id), &by, trust));
    Compared {
        lacks: lacks.collect(),
        events: here.len() as u64,
        exit: alone.exit,
        authentic: alone.authentic,
        complete: alone.completeness.complete,
        headline: alone.standing.map(|standing| standing.headline),
        exported: alone.exported,
    }
}

fn lacking(event: &Event, exported: Seconds, had: bool, by: &Organisation, trust: &TrustFile) -> Lacking {
    let author = name(&event.author, trust);
    let (why, because) = if had {
        (Why::Withheld, format!("{} had signed before its export that it had it", by.name))
    } else if event.time > exported {
        (
            Why::Later,
            format!("it claims {}, which is after the time that {} gives for its export", moment(event.time), by.name),
        )
    } else {
        (Why::Unknown, format!("nothing that {} signed before its export shows that it had it", by.name))
    };
    let kind = event.statement.name().to_owned();
    let sentence = format!("{}'s bundle lacks number {} of {}, {kind}: {because}.", by.name, event.seq, author.name);
    Lacking { event: event.id.to_string(), author, number: event.seq, kind, time: event.time.get(), why, sentence }
}

fn together(report: Report, whole: &Whole) -> Together {
    let failed = report.checks.iter().filter(|check| check.outcome == Outcome::Failed);
    Together {
        exit: report.exit,
        authentic: report.authentic,
        complete: report.completeness.complete,
        conformant: report.conformant.verdict,
        headline: report.standing.map(|standing| standing.headline),
        events: whole.events().count() as u64,
        failed: failed.map(|check| check.requirement).collect(),
        breaches: report.breaches,
    }
}

/// What no comparison says. [BUN-97]
fn words(sides: &[Compared; 2]) -> Vec<String> {
    let mut words: Vec<String> =
        sides.iter().flat_map(|side| &side.lacks).map(|lacking| lacking.sentence.clone()).collect();
    let [one, two] = sides.each_ref().map(|side| side.exported.as_ref().map(|exported| &exported.by));
    words.push(if one == two {
        String::from("Both were exported by one party: what both leave out, nothing here shows.")
    } else {
        String::from("What both parties leave out, nothing here shows.")
    });
    words
}

fn name(organisation: &OrgId, trust: &TrustFile) -> Organisation {
    super::names::Names::new(trust, None).show(organisation)
}
