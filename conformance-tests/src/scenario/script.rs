//! The form of a scenario's file.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use toml::{Table, Value};

use crate::failed::{Failed, Outcome};
use crate::scenario::deletion::Part;

/// Fields as they are written: a label, a value.
pub type Fields = BTreeMap<String, String>;

/// A scenario as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What it shows, in a sentence.
    pub shows: String,
    /// Which of the nine stories it tells, if any.
    #[serde(default)]
    pub story: Option<u32>,
    /// The part of the agreement without which it fails.
    pub delete: Part,
    /// Organisations that are no party and must learn nothing.
    #[serde(default)]
    pub outside: Vec<String>,
    /// Timers that are shorter here, so that they can pass: the act, the step, the span.
    #[serde(default)]
    pub hurry: Vec<[String; 3]>,
    /// Steps of the ladder that are nearer here: the service, the span.
    #[serde(default)]
    pub climb: Vec<[String; 2]>,
    /// What the mechanism needs and Uput does not have.
    #[serde(default)]
    pub not_done: Vec<NotDone>,
    /// What happens, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// What somebody must never have been shown.
    #[serde(default)]
    pub hidden: Vec<Hidden>,
    /// Trails whose bundles say something else than *conformant*.
    #[serde(default)]
    pub verdict: BTreeMap<String, Verdict>,
}

/// What a mechanism needs from later work.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotDone {
    /// What is missing.
    pub what: String,
    /// Which work brings it.
    pub waits_for: String,
}

/// Values that an organisation must not find in any trail of this scenario.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    /// From whom.
    pub from: Vec<String>,
    /// Which.
    pub values: Vec<String>,
}

/// What the bundles of a trail must say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// yes, no, `not_checkable`.
    pub conformant: String,
    /// Requirements that were broken, exactly.
    #[serde(default)]
    pub broken: Vec<String>,
}

/// Whose word facts are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attested {
    /// Who signed them first.
    pub by: String,
    /// Which, in the order of the catalogue.
    pub labels: Vec<String>,
}

/// One step: exactly one of `open`, `say`, `see`, `stop`, `start` and `key`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Who does it.
    pub who: String,
    /// Opens a trail, and calls it so.
    pub open: Option<String>,
    /// Says a kind.
    pub say: Option<String>,
    /// Looks at a trail.
    pub see: Option<String>,
    /// Its node stops.
    #[serde(default)]
    pub stop: bool,
    /// Its node starts.
    #[serde(default)]
    pub start: bool,
    /// Whoever works there makes a key of their own, to which what is for staff alone is sealed.
    #[serde(default)]
    pub key: bool,

    /// With whom a trail is opened.
    pub to: Option<String>,
    /// What it asks.
    pub act: Option<String>,
    /// For which service.
    pub service: Option<String>,
    /// An earlier trail that it is about.
    pub about: Option<String>,
    /// In which trail something is said.
    pub r#in: Option<String>,
    /// Stage of an opening, of what was handed over, or that is seen.
    pub stage: Option<u32>,
    /// Basis; without one an opening has none, and an event that of the opening.
    pub basis: Option<String>,
    /// Article of the agreement.
    pub article: Option<u32>,
    /// What is disclosed, beside what the basis must carry.
    #[serde(default)]
    pub fields: Fields,
    /// Its own node attests what is disclosed.
    #[serde(default)]
    pub attest: bool,
    /// The trail whose copy of an attestation it passes on.
    pub passes: Option<String>,
    /// The code that the kind has, if any.
    pub code: Option<String>,
    /// What a body decided: the type.
    pub decides: Option<String>,
    /// How long a hold lasts, from now.
    pub until: Option<String>,
    /// The trail that holds the decision which is passed on.
    pub evidence: Option<String>,
    /// Number of a task.
    pub number: Option<u32>,
    /// How long ago it happened.
    pub occurred: Option<String>,
    /// The code with which the node must refuse.
    pub refused: Option<String>,
    /// The case of that trail, not a new one.
    pub case: Option<String>,

    /// What is seen: the headline.
    pub headline: Option<String>,
    /// The body that is to be asked now, by the agreement's ladder.
    pub ladder: Option<String>,
    /// A timer that was missed.
    pub overdue: Option<String>,
    /// What stands beside the headline.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Kinds of events that are there.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Values that are shown.
    #[serde(default)]
    pub shown: Fields,
    /// Values that the node itself does not read, and that whoever has the key opens.
    #[serde(default)]
    pub unsealed: Fields,
    /// Whose word some of it is, verified.
    pub attested: Option<Attested>,
    /// Labels that were disclosed in no event.
    #[serde(default)]
    pub lacks: Vec<String>,

    /// The step that fails when the part is deleted.
    #[serde(default)]
    pub rests_on_it: bool,
}

impl Script {
    /// Reads one.
    ///
    /// # Errors
    /// If it is not of this form, or no step rests on the part that is deleted, or more than one.
    pub fn read(text: &str) -> Outcome<Self> {
        let script: Self = toml::from_str(text)?;
        match script.steps.iter().filter(|step| step.rests_on_it).count() {
            1 => Ok(script),
            found => Err(Failed::because(format!("{found} steps rest on the part that is deleted; one must"))),
        }
    }

    /// Everybody in it: the keys of the parties, then who is outside.
    ///
    /// # Errors
    /// If the agreement has no parties.
    pub fn everybody(&self, agreement: &Table) -> Outcome<Vec<String>> {
        Ok(self.parties(agreement)?.into_iter().chain(self.outside.iter().cloned()).collect())
    }

    /// The keys of the parties.
    ///
    /// # Errors
    /// If the agreement has no parties.
    pub fn parties(&self, agreement: &Table) -> Outcome<Vec<String>> {
        let parties = agreement.get("party").and_then(Value::as_table);
        let parties = parties.ok_or_else(|| Failed::because("the agreement has no parties"))?;
        Ok(parties.keys().cloned().collect())
    }

    /// Makes the spans shorter that must pass while somebody watches, which only a demonstration may have.
    pub(super) fn hurry(&self, agreement: &mut Table) -> Outcome<()> {
        if self.hurry.is_empty() && self.climb.is_empty() {
            return Ok(());
        }
        agreement.insert("grain".to_owned(), Value::Integer(1));
        agreement.insert("demonstration".to_owned(), Value::Boolean(true));
        for [act, step, span] in &self.hurry {
            shorten(agreement, "timer", &[("act", act), ("step", step)], "within", span)?;
        }
        for [service, span] in &self.climb {
            shorten(agreement, "escalation", &[("service", service)], "after", span)?;
        }
        Ok(())
    }
}

fn shorten(agreement: &mut Table, list: &str, named: &[(&str, &String)], key: &str, span: &str) -> Outcome<()> {
    let entries = agreement.get_mut(list).and_then(Value::as_array_mut);
    let fits = |entry: &&mut Value| {
        named.iter().all(|(key, word)| entry.get(*key).and_then(Value::as_str) == Some(word.as_str()))
    };
    let entry = entries.into_iter().flatten().find(fits).and_then(Value::as_table_mut);
    let entry = entry.ok_or_else(|| Failed::because(format!("the agreement has no {list} for {named:?}")))?;
    entry.insert(key.to_owned(), Value::String(span.to_owned()));
    Ok(())
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { who, open, say, see, stop, .. } = self;
        let (to, act, at) = (word(&self.to), word(&self.act), word(&self.r#in));
        match (open, say, see) {
            (Some(_), ..) => write!(f, "{who} opens a {act} with {to}"),
            (_, Some(kind), _) => write!(f, "{who} says {kind} in {at:?}"),
            (.., Some(trail)) => write!(f, "{who} looks at {trail:?}"),
            _ if *stop => write!(f, "the node of {who} stops"),
            _ if self.key => write!(f, "{who} makes a key of its own"),
            _ => write!(f, "the node of {who} starts"),
        }
    }
}

fn word(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}
