//! Everything that one person can try at the node's interface, and what was found in whatever came back.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::door::{Door, Heard};
use super::form::{Form, Target, fill, forms};
use super::known::Known;
use super::oracle::{Item, Items, List, Look, Sight};
use super::people::Person;
use super::schema::{Method, Value};
use crate::failed::{Failed, Outcome};
use crate::random::Draw;

/// How many calls of one person are under way at once.
const AT_ONCE: usize = 8;
/// Methods that only look. Everything else is tried where the rules show nothing at all, and must be refused.
const LOOKS: [&str; 8] = ["Get", "List", "Search", "Export", "Watch", "Resolve", "Count", "Check"];
const TABLE: &str = include_str!("../../../specs/roles.tsv");

/// What somebody has obtained.
#[derive(Clone, Default)]
pub(super) struct Obtained {
    pub(super) items: Items,
    /// What stood in the answers of each list.
    pub(super) lists: BTreeMap<List, Items>,
    /// How many trails there are, as they were told.
    pub(super) counted: Option<u64>,
    pub(super) calls: u64,
    pub(super) bytes: u64,
    /// By which call something was obtained first.
    pub(super) by: BTreeMap<(usize, Item), String>,
    /// Why a look at a case was refused.
    pub(super) refused: BTreeMap<(usize, Look), String>,
    /// Which methods were tried.
    pub(super) methods: BTreeSet<String>,
}

impl Obtained {
    pub(super) fn take(&mut self, found: Items, by: &str) {
        for item in found {
            self.by.entry(item).or_insert_with(|| by.to_owned());
            self.items.insert(item);
        }
    }

    /// Adds what the same person obtained elsewhere.
    pub(super) fn join(&mut self, other: Self) {
        for (item, by) in other.by {
            self.take([item].into(), &by);
        }
        for (list, items) in other.lists {
            self.lists.entry(list).or_default().extend(items);
        }
        self.counted = self.counted.or(other.counted);
        self.calls += other.calls;
        self.bytes += other.bytes;
        self.methods.extend(other.methods);
        self.refused.extend(other.refused);
    }
}

/// One thing to try.
#[derive(Clone)]
struct Attempt {
    method: Method,
    form: Form,
    /// At which case; none: at one that is not there, or at nothing.
    number: Option<usize>,
}

/// What somebody tries, sorted.
#[derive(Default)]
struct Plan {
    looks: Vec<Attempt>,
    acts: Vec<Attempt>,
    /// What aims at nothing and may change something: it comes when everybody has looked.
    last: Vec<Attempt>,
}

impl Plan {
    /// Every method in every form. Acts aim at `most` cases that are not theirs, and who may not call a method at all aims at one.
    fn of(known: &Known, person: &Person, most: usize) -> Outcome<Self> {
        let mut plan = Self::default();
        for (place, method) in known.schema.methods.iter().enumerate() {
            let look = LOOKS.iter().any(|verb| method.name().starts_with(verb));
            for form in forms(&known.schema, &method.request)? {
                let attempt = |number| Attempt { method: method.clone(), form, number };
                if form.aim.is_empty() {
                    if look {
                        plan.looks.push(attempt(None))
                    } else {
                        plan.last.push(attempt(None))
                    }
                    continue;
                }
                let may = !denied(&method.path, person.role);
                let mut aims: Vec<usize> = (0..known.cases.len())
                    .filter(|number| look && may || known.sees(person.who, *number) == Sight::None)
                    .collect();
                if !look || !may {
                    // Not everybody at the same ones.
                    let turn = place.checked_rem(aims.len()).unwrap_or_default();
                    aims.rotate_left(turn);
                    aims.truncate(if may { most } else { 1 });
                }
                let attempts = aims.into_iter().map(|number| attempt(Some(number)));
                if look { plan.looks.extend(attempts) } else { plan.acts.extend(attempts) }
            }
        }
        // What ends the caller's own way in comes at the very end.
        plan.last.sort_by_key(|attempt| attempt.method.path.contains("SessionService"));
        Ok(plan)
    }
}

/// Tries everything that aims at a case, and everything that looks.
pub(super) async fn obtain(known: &Arc<Known>, person: &Person, most: usize) -> Outcome<Obtained> {
    let mut obtained = Obtained::default();
    let plan = Plan::of(known, person, most)?;
    for attempts in [plan.looks, plan.acts] {
        all_at_once(known, person, attempts, &mut obtained).await?;
    }
    Ok(obtained)
}

/// Tries the rest.
pub(super) async fn obtain_at_last(known: &Arc<Known>, person: &Person) -> Outcome<Obtained> {
    let mut obtained = Obtained::default();
    for attempt in Plan::of(known, person, 0)?.last {
        let heard = ask(known, &person.door, &attempt).await?;
        take(known, &mut obtained, &attempt, &heard)?;
    }
    Ok(obtained)
}

async fn all_at_once(
    known: &Arc<Known>,
    person: &Person,
    attempts: Vec<Attempt>,
    obtained: &mut Obtained,
) -> Outcome<()> {
    let mut nowhere: BTreeMap<(String, bool, &str), Vec<u8>> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| attempt.number.is_some()) {
        if let Entry::Vacant(place) = nowhere.entry(key(attempt)) {
            let at_nothing = Attempt { number: None, ..attempt.clone() };
            let heard = ask(known, &person.door, &at_nothing).await?;
            obtained.take(known.find(&told(&heard)), &describe(&at_nothing));
            place.insert(told(&heard));
        }
    }
    let (mut running, mut attempts) = (JoinSet::new(), attempts.into_iter());
    loop {
        while running.len() < AT_ONCE
            && let Some(attempt) = attempts.next()
        {
            let (known, door) = (Arc::clone(known), person.door.clone());
            running.spawn(async move {
                let heard = ask(&known, &door, &attempt).await?;
                Ok::<_, Failed>((attempt, heard))
            });
        }
        let Some(ended) = running.join_next().await else { return Ok(()) };
        let (attempt, heard) = ended.map_err(|error| Failed::because(error.to_string()))??;
        take(known, obtained, &attempt, &heard)?;
        let Some(number) = attempt.number else { continue };
        if known.sees(person.who, number) == Sight::None && nowhere.get(&key(&attempt)) != Some(&told(&heard)) {
            let by = format!("{} at something that is there, and not theirs: {}", describe(&attempt), said(&heard));
            obtained.take(Items::from([(number, Item::Told)]), &by);
        }
    }
}

fn key(attempt: &Attempt) -> (String, bool, &'static str) {
    (attempt.method.path.clone(), attempt.form.all, attempt.form.aim)
}

/// What an answer tells by itself.
fn told(heard: &Heard) -> Vec<u8> {
    match heard {
        Ok(bytes) => [&[0], bytes.as_slice()].concat(),
        Err(status) => {
            let code = i32::from(status.code()).to_be_bytes();
            let headers = format!("{:?}", status.metadata().keys().collect::<Vec<_>>());
            [&[1], code.as_slice(), status.message().as_bytes(), &[0], status.details(), &[0], headers.as_bytes()]
                .concat()
        }
    }
}

fn said(heard: &Heard) -> String {
    match heard {
        Ok(bytes) => format!("OK with {} bytes", bytes.len()),
        Err(status) => format!("{:?} {}", status.code(), status.message()),
    }
}

fn describe(attempt: &Attempt) -> String {
    let all = if attempt.form.all { " with every flag" } else { "" };
    let aim = if attempt.form.aim.is_empty() { "nothing" } else { attempt.form.aim };
    format!("{}{all} by {aim}", attempt.method.path)
}

fn take(known: &Known, obtained: &mut Obtained, attempt: &Attempt, heard: &Heard) -> Outcome<()> {
    let bytes = told(heard);
    obtained.calls += 1;
    obtained.bytes += bytes.len() as u64;
    obtained.methods.insert(attempt.method.path.clone());
    let (found, by) = (known.find(&bytes), describe(attempt));
    if let Some(list) = list(attempt) {
        obtained.lists.entry(list).or_default().extend(found.iter().copied());
    }
    obtained.take(found, &by);
    if let (Err(_), Some(number), Some(look)) = (heard, attempt.number, look(attempt)) {
        obtained.refused.insert((number, look), said(heard));
    }
    let Ok(answer) = heard else { return Ok(()) };
    if attempt.method.name() == "GetNode" {
        let count = known.schema.get(&attempt.method.answer, answer, "trails")?.pop();
        let count = count.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()).map_or(0, u64::from_le_bytes);
        obtained.counted = Some(count);
    }
    if let (Some(number), Some(look)) = (attempt.number, look(attempt)) {
        obtained.take([(number, Item::Answered(look))].into(), &by);
        if matches!(look, Look::Trail | Look::Values) {
            let labels = known.schema.get(&attempt.method.answer, answer, "trail.events.fields.label")?;
            obtained.take(known.labels(number, &labels), &by);
        }
    }
    Ok(())
}

/// Which look at a case that is.
fn look(attempt: &Attempt) -> Option<Look> {
    let (all, aim) = (attempt.form.all, attempt.form.aim);
    Some(match (attempt.method.name(), aim) {
        ("GetTrail", "trail") if all => Look::Values,
        ("GetTrail", "trail") => Look::Trail,
        ("GetCase", "trail" | "case") => Look::Case,
        ("GetCaseRecord", "case") if all => Look::RecordValues,
        ("GetCaseRecord", "case") => Look::Record,
        ("ListFollowUps", "case") => Look::FollowUps,
        ("ListAccesses", "case") => Look::Accesses,
        ("ExportAccesses", "case") => Look::AccessDocument,
        ("ListExclusions", "case") => Look::Exclusions,
        ("ExportTrail", "trail") if !all => Look::Bundle,
        _ => return None,
    })
}

/// Which list that is.
fn list(attempt: &Attempt) -> Option<List> {
    Some(match (attempt.method.name(), attempt.form.aim) {
        ("ListTrails", "") => List::Trails,
        ("ListTrails", "beginning") => List::TrailsByBeginning,
        ("ListCases", "") => List::Cases,
        ("ListCases", "external_ref") => List::CasesByNumber,
        ("SearchCases", "text") => List::Search,
        ("ListChanges", "") => List::Changes,
        ("Watch", "") => List::Watch,
        _ => return None,
    })
}

/// Asks once, and for every page that there is.
async fn ask(known: &Known, door: &Door, attempt: &Attempt) -> Outcome<Heard> {
    let mut draw = Draw::new(1).part(attempt.number.map_or(0, |number| number as u64 + 1));
    let target = match attempt.number.and_then(|number| known.cases.get(number)) {
        Some(made) => made.target(),
        None => nowhere(&mut draw),
    };
    let method = &attempt.method;
    let mut content = fill(&known.schema, &method.request, attempt.form, &target, &mut draw)?;
    let mut all = Vec::new();
    loop {
        let bytes = known.schema.encode(&method.request, &content)?;
        // The interface's own bound is half of this.
        let heard = tokio::time::timeout(Duration::from_secs(120), door.call(method, bytes)).await;
        let answer = match heard.map_err(|_| Failed::because(format!("{} does not answer", method.path)))? {
            Ok(answer) => answer,
            Err(status) => return Ok(Err(status)),
        };
        all.extend(&answer);
        match next(known, method, &answer)? {
            Some((field, value)) => {
                content.retain(|(name, _)| *name != field && *name != "everything");
                content.push((field, value));
            }
            None => return Ok(Ok(all)),
        }
    }
}

/// Where to go on; none: that was all.
fn next(known: &Known, method: &Method, answer: &[u8]) -> Outcome<Option<(&'static str, Value)>> {
    let has =
        |name: &str| known.schema.fields(&method.answer).unwrap_or_default().iter().any(|field| field.name == name);
    if has("next_page_token") {
        let token = known.schema.get(&method.answer, answer, "next_page_token")?.pop().unwrap_or_default();
        let token = String::from_utf8(token).unwrap_or_default();
        return Ok((!token.is_empty()).then_some(("page_token", Value::Text(token))));
    }
    let more = !method.streams && has("cursor") && has("changes");
    if more && !known.schema.get(&method.answer, answer, "changes")?.is_empty() {
        let cursor = known.schema.get(&method.answer, answer, "cursor")?.pop().unwrap_or_default();
        return Ok((!cursor.is_empty()).then_some(("cursor", Value::Bytes(cursor))));
    }
    Ok(None)
}

/// Something that is not there.
fn nowhere(draw: &mut Draw) -> Target {
    let mut bytes = |length: usize| (0..length).map(|_| draw.next() as u8).collect::<Vec<u8>>();
    let (trail, case) = (bytes(32), bytes(16));
    Target { trail, case, word: "Nowhereword".to_owned(), file_number: "none".to_owned() }
}

/// Whether no row of the table lets that role call it. [ACC-13]
fn denied(path: &str, role: &str) -> bool {
    let cells = |row: &'static str| row.split('\t').collect::<Vec<_>>();
    let head = TABLE.lines().next().map(cells).unwrap_or_default();
    let column = head.iter().position(|cell| *cell == role).unwrap_or_default();
    let mut rows = TABLE.lines().map(cells).filter(|row| row.first() == Some(&path));
    rows.all(|row| matches!(row.get(column), Some(&"no") | None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_who_may_not_even_ask() {
        assert!(denied("uput.v1.TrailService/GetTrail", "administrator"));
        assert!(!denied("uput.v1.TrailService/GetTrail", "auditor"));
        assert!(denied("uput.v1.FollowUpService/SearchCases", "auditor"));
    }
}
