//! Everything that one person can try at the node's interface, and what was found in whatever came back.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::door::{Door, Heard};
use super::form::{Form, Target, fill, forms};
use super::oracle::{Item, Sight, Who, sight, whole};
use super::people::Person;
use super::schema::{Method, Schema, Value};
use super::world::Made;
use crate::failed::{Failed, Outcome};
use crate::leak::scan::Scan;
use crate::random::Draw;

/// What was obtained of which case.
pub(super) type Items = BTreeSet<(usize, Item)>;

/// How many calls are under way at once.
const AT_ONCE: usize = 24;
/// At how many cases somebody aims who may not call the method at all. [ACC-13]
const DENIED: usize = 3;
/// Methods that only look. Everything else is tried where the rules show nothing at all, and must be refused.
const LOOKS: [&str; 8] = ["Get", "List", "Search", "Export", "Watch", "Resolve", "Count", "Check"];
const TABLE: &str = include_str!("../../../specs/roles.tsv");

/// All cases, and what to look for.
pub(super) struct Known {
    pub(super) schema: Arc<Schema>,
    pub(super) cases: Vec<Made>,
    scan: Scan,
    planted: Vec<(usize, Item)>,
}

/// What somebody has obtained.
#[derive(Default)]
pub(super) struct Obtained {
    pub(super) items: Items,
    pub(super) calls: u64,
    pub(super) bytes: u64,
    /// By which call something was obtained first.
    pub(super) by: BTreeMap<(usize, Item), String>,
}

impl Known {
    pub(super) fn new(schema: Arc<Schema>, cases: Vec<Made>) -> Self {
        let mut known = Self { schema, cases: Vec::new(), scan: Scan::default(), planted: Vec::new() };
        for (number, made) in cases.iter().enumerate() {
            let planted = &made.planted;
            known.plant_bytes(number, Item::Trail, &planted.trail);
            known.plant_bytes(number, Item::Case, &planted.case);
            planted.events.iter().for_each(|event| known.plant_bytes(number, Item::Events, event));
            planted.values.iter().for_each(|(label, value)| known.plant(number, Item::Value(label), value));
            planted.record.iter().for_each(|value| known.plant(number, Item::Record, value));
            planted.file_number.iter().for_each(|value| known.plant(number, Item::FileNumber, value));
        }
        known.cases = cases;
        known
    }

    fn plant_bytes(&mut self, number: usize, item: Item, bytes: &[u8]) {
        self.scan.plant_bytes(&self.planted.len().to_string(), bytes);
        self.planted.push((number, item));
    }

    fn plant(&mut self, number: usize, item: Item, text: &str) {
        self.scan.plant_whole(&self.planted.len().to_string(), text);
        self.planted.push((number, item));
    }

    /// What stands in these bytes.
    pub(super) fn find(&self, bytes: &[u8]) -> Items {
        let found = self.scan.find(bytes);
        found.into_iter().filter_map(|name| self.planted.get(name.parse::<usize>().ok()?).cloned()).collect()
    }

    /// How many byte strings are looked for.
    pub(super) fn shapes(&self) -> u64 {
        self.scan.shapes()
    }

    fn sees(&self, who: Who, number: usize) -> Sight {
        let rules: Vec<_> = self.cases.iter().map(|made| made.rules.clone()).collect();
        whole(&rules, number).map_or(Sight::None, |case| sight(who, &case))
    }
}

impl Obtained {
    pub(super) fn take(&mut self, found: Items, by: &str) {
        for item in found {
            self.by.entry(item.clone()).or_insert_with(|| by.to_owned());
            self.items.insert(item);
        }
    }
}

/// One thing to try.
#[derive(Clone)]
struct Attempt {
    method: Method,
    form: Form,
    /// At which case; none: at one that is not there.
    number: Option<usize>,
}

/// Tries everything.
pub(super) async fn obtain(known: &Arc<Known>, person: &Person) -> Outcome<Obtained> {
    let mut obtained = Obtained::default();
    let (mut looks, mut acts, mut last) = (Vec::new(), Vec::new(), Vec::new());
    let seen: Vec<Sight> = (0..known.cases.len()).map(|number| known.sees(person.who, number)).collect();
    for method in &known.schema.methods {
        let name = method.path.rsplit('/').next().unwrap_or_default();
        let look = LOOKS.iter().any(|verb| name.starts_with(verb));
        for form in forms(&known.schema, &method.request)? {
            let attempt = |number| Attempt { method: method.clone(), form, number };
            if form.aim.is_empty() {
                if look {
                    looks.push(attempt(None))
                } else {
                    last.push(attempt(None))
                }
                continue;
            }
            let aims = (0..known.cases.len()).filter(|number| look || seen.get(*number) == Some(&Sight::None));
            let most = if denied(&method.path, person.role) { DENIED } else { usize::MAX };
            let attempts = aims.take(most).map(|number| attempt(Some(number)));
            if look { looks.extend(attempts) } else { acts.extend(attempts) }
        }
    }
    // What ends the caller's own way in comes at the very end.
    last.sort_by_key(|attempt| attempt.method.path.contains("SessionService"));
    for attempts in [looks, acts] {
        all_at_once(known, person, attempts, &seen, &mut obtained).await?;
    }
    for attempt in last {
        let heard = ask(known, &person.door, &attempt).await?;
        take(known, &mut obtained, &attempt, &heard);
    }
    Ok(obtained)
}

async fn all_at_once(
    known: &Arc<Known>,
    person: &Person,
    attempts: Vec<Attempt>,
    seen: &[Sight],
    obtained: &mut Obtained,
) -> Outcome<()> {
    let mut nowhere: BTreeMap<(String, bool, &str), Vec<u8>> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| attempt.number.is_some()) {
        let key = (attempt.method.path.clone(), attempt.form.all, attempt.form.aim);
        if let Entry::Vacant(place) = nowhere.entry(key) {
            let heard = ask(known, &person.door, &Attempt { number: None, ..attempt.clone() }).await?;
            take(known, obtained, attempt, &heard);
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
        take(known, obtained, &attempt, &heard);
        let Some(number) = attempt.number else { continue };
        let key = (attempt.method.path.clone(), attempt.form.all, attempt.form.aim);
        if seen.get(number) == Some(&Sight::None) && nowhere.get(&key) != Some(&told(&heard)) {
            let by = format!("{} at something that is there, and not theirs: {}", describe(&attempt), said(&heard));
            obtained.take(Items::from([(number, Item::Told)]), &by);
        }
    }
}

/// What an answer tells by itself.
fn told(heard: &Heard) -> Vec<u8> {
    match heard {
        Ok(bytes) => [&[0], bytes.as_slice()].concat(),
        Err(status) => {
            let code = i32::from(status.code()).to_be_bytes();
            [&[1], code.as_slice(), status.message().as_bytes(), &[0], status.details()].concat()
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
    format!(
        "{}{all} by {}",
        attempt.method.path,
        if attempt.form.aim.is_empty() { "nothing" } else { attempt.form.aim }
    )
}

fn take(known: &Known, obtained: &mut Obtained, attempt: &Attempt, heard: &Heard) {
    let bytes = told(heard);
    obtained.calls += 1;
    obtained.bytes += bytes.len() as u64;
    obtained.take(known.find(&bytes), &describe(attempt));
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
        // The interface's own bound; a stream says what it has at once.
        let heard = tokio::time::timeout(Duration::from_secs(60), door.call(method, bytes)).await;
        let answer = match heard.map_err(|_| Failed::because(format!("{} does not answer", method.path)))? {
            Ok(answer) => answer,
            Err(status) => return Ok(Err(status)),
        };
        let next = next(known, method, &answer)?;
        // A cursor is another one each time, as it must be.
        if next.is_none() || !matches!(next, Some(("cursor", _))) {
            all.extend(&answer);
        } else {
            all.extend(known.schema.get(&method.answer, &answer, "changes")?.concat());
        }
        match next {
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
    if has("cursor") && has("changes") && !known.schema.get(&method.answer, answer, "changes")?.is_empty() {
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

/// Whether no row of the table lets that role call it.
fn denied(path: &str, role: &str) -> bool {
    let cells = |row: &'static str| row.split('\t').collect::<Vec<_>>();
    let head = TABLE.lines().next().map(cells).unwrap_or_default();
    let column = head.iter().position(|cell| *cell == role).unwrap_or_default();
    let rows = TABLE.lines().map(cells).filter(|row| row.first() == Some(&path));
    rows.into_iter().all(|row| matches!(row.get(column), Some(&"no") | None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_who_may_not_even_ask() {
        assert!(denied("uput.v1.TrailService/GetTrail", "administrator"));
        assert!(!denied("uput.v1.TrailService/GetTrail", "auditor"));
        assert!(
            !denied("uput.v1.SearchService/Nothing", "auditor")
                || denied("uput.v1.FollowUpService/SearchCases", "auditor")
        );
    }

    #[test]
    fn what_is_planted_is_found_and_says_which_case() {
        let mut made = Made::default();
        made.planted.trail = vec![0xa7; 32];
        made.planted.case = vec![0x5c; 16];
        made.planted.values.push(("name", "Dumekudegodo Kimodezegu".to_owned()));
        let known = Known::new(Arc::new(Schema::default()), vec![Made::default(), made]);
        let bytes = [b"before".as_slice(), &[0xa7; 32], b"Dumekudegodo Kimodezegu after"].concat();
        assert_eq!(known.find(&bytes), Items::from([(1, Item::Trail), (1, Item::Value("name"))]));
        assert!(known.find(b"nothing of it").is_empty());
    }
}
