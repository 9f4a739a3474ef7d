//! Two bundles of one trail, held against each other. [BUN-95] [BUN-96] [BUN-97]
//!
//! Guarantees that nobody is said to have left something out but by the order of what was signed, which no clock and no
//! date changes; what only dates say is said apart. Leaves each bundle's own verdict to [`verify`](super::verify).

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    Breach, Conformance, Exit, Exported, Organisation, Outcome, Report, TrustShown, YesNo,
    examination::Examination,
    findings::Findings,
    whole::{Signed, Whole},
};
use crate::{
    bundle::Bundle,
    id::{EventId, OrgId},
    rejection::Rejection,
    time::Seconds,
    trust::{TrustFile, moment},
};

/// Name of the schema.
const SCHEMA: &str = "uput.trail.compare/v1";

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
    /// What stands in the bundle follows it: the exporter had it.
    Withheld,
    /// By the exporter's own dates it had it, and by nothing else.
    Dated,
    /// Nothing that the exporter signed shows that it had it when it exported.
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
    let left_out = sides.iter().flat_map(|side| &side.lacks).any(|lacking| lacking.why != Why::Unknown);
    let left_out = if left_out { Exit::Incomplete } else { Exit::Valid };
    Exit::of(sides.iter().map(|side| side.exit).chain([together.exit, left_out]))
}

fn compared(bundle: &Bundle, alone: Report, whole: &Whole, trust: &TrustFile) -> Compared {
    let here: BTreeSet<EventId> = Whole::of(bundle, trust).events().map(|event| event.id).collect();
    let had = whole.had(bundle, &here);
    let exported = whole.exported(bundle, &here);
    let dated = whole.had_by_dates(bundle, exported);
    let by = name(&bundle.exporter, trust);
    let missing = whole.events().filter(|event| !here.contains(&event.id));
    let lacks = missing.map(|event| {
        let why = match (had.contains(&event.id), dated.contains(&event.id)) {
            (true, _) => Why::Withheld,
            (false, true) => Why::Dated,
            (false, false) => Why::Unknown,
        };
        lacking(event, exported, why, &by, trust)
    });
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

fn lacking(event: &Signed, exported: Seconds, why: Why, by: &Organisation, trust: &TrustFile) -> Lacking {
    let author = name(&event.author, trust);
    let because = match why {
        Why::Withheld => String::from("what stands in that bundle follows it"),
        Why::Dated => format!(
            "by its own dates {} had it, and a clock that was set back looks the same: nothing in that bundle follows it",
            by.name
        ),
        Why::Unknown if event.time > exported => format!(
            "it claims {}, after the time that {} gives for its export, which is its word: nothing in that bundle follows it",
            moment(event.time),
            by.name
        ),
        Why::Unknown => format!("nothing that {} signed shows that it had it when it exported", by.name),
    };
    let (kind, number) = (event.kind.clone(), event.seq);
    let sentence = format!("{}'s bundle lacks number {number} of {}, {kind}: {because}.", by.name, author.name);
    Lacking { event: event.id.to_string(), author, number, kind, time: event.time.get(), why, sentence }
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
