//! The vectors of specs/vectors/{bundle,trust,head}: every file is read and run, and is what its generator writes.
//!
//! `UPUT_BLESS=1 cargo test -p uput-core --test verdict` writes them anew.

use std::{collections::BTreeMap, fs, path::PathBuf};

use uput_core::{
    codec,
    event::Statement,
    head::{Challenge, ClosedIncarnation, Countersignature, Head},
    rejection::Rejection,
    time::LATEST,
    trust::{HeadDemand, TrustFile},
    verdict::{Entry, Exit, Report, verify},
    wire::{self, PhoneAnswer},
};

use crate::{
    case::{Case, changed, exported},
    copied,
    outcome::cases,
    passed_on,
    sample::World,
};

fn folder(noun: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../specs/vectors").join(noun)
}

pub(crate) fn file_name(sentence: &str) -> String {
    format!("{}.txt", sentence.replace(' ', "-").replace(['\'', ','], ""))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.as_bytes().chunks(2).map(pair).collect()
}

/// Writes if asked to, and gives the files, which must be what is generated.
pub(crate) fn files(noun: &str, generated: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    if std::env::var_os("UPUT_BLESS").is_some() {
        let _ = fs::remove_dir_all(folder(noun));
        fs::create_dir_all(folder(noun)).unwrap();
        generated.iter().for_each(|(name, text)| fs::write(folder(noun).join(name), text).unwrap());
    }
    let read = fs::read_dir(folder(noun)).unwrap().map(|entry| entry.unwrap().path());
    let read: BTreeMap<String, String> = read
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    assert!(read == *generated, "{noun}: files differ from what the generator writes; UPUT_BLESS=1 writes them anew");
    read
}

/// The value of a field, or of the first line.
fn field<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap().trim()
}

pub(crate) fn of_case(case: &Case) -> String {
    let expect = if case.exit == Exit::Valid { String::from("ok") } else { case.exit.code().to_string() };
    let requirement = if case.requirement.is_empty() { "none" } else { case.requirement };
    let (trust, bundle) = (hex(case.trust.to_toml().as_bytes()), hex(&case.bundle));
    let said = said(&verify(&case.bundle, &case.trust));
    format!("expect: {expect}\nrequirement: {requirement}\n{said}trust: {trust}\nbundle: {bundle}\n")
}

/// Kind and code of each event, and the words, in their order. [BUN-82] [BUN-83]
fn said(report: &Report) -> String {
    let event = |entry: &Entry| format!("event: {} {}", entry.kind, entry.code).trim_end().to_owned() + "\n";
    let events = report.timeline.iter().map(event);
    events.chain(report.words.iter().map(|words| format!("words: {words}\n"))).collect()
}

/// A whole referral, with a decision that the sender cites. [BUN-51]
fn of_the_night() -> [Case; 2] {
    let world = World::invented();
    let night = world.night();
    let without = changed(&night, |draft| draft.evidence.clear());
    [
        Case::new("a night that kept everything", Exit::Valid, "", &world, exported(&night)),
        Case::new("a decision that is cited is not here", Exit::Incomplete, "BUN-51", &world, without),
    ]
}

/// What was said by telephone, and what became of it. [STA-28] [BUN-83]
fn of_calls() -> [Case; 4] {
    let world = World::pair();
    let case = |name, calls: &[PhoneAnswer], answer: Option<Statement>| {
        let mut story = world.asked();
        for said in calls {
            story.say(&world.hotline, Statement::Phoned(*said));
        }
        story.delivered_and(Statement::Acknowledged);
        if let Some(answer) = answer {
            story.say(&world.jasen, answer);
        }
        Case::new(name, Exit::Valid, "", &world, exported(&story))
    };
    let held = || Some(Statement::Held { until: world.at(3600) });
    [
        case("a yes by telephone that nobody has confirmed", &[PhoneAnswer::Yes], None),
        case("a yes by telephone that was confirmed", &[PhoneAnswer::Yes], held()),
        case("a no by telephone that was contradicted", &[PhoneAnswer::No], held()),
        case("a second call after a no", &[PhoneAnswer::No, PhoneAnswer::NoAnswer, PhoneAnswer::Yes], held()),
    ]
}

#[test]
fn every_bundle_vector_holds() {
    let mut cases = cases(&World::pair());
    cases.extend(of_the_night());
    cases.extend(of_calls());
    cases.extend(passed_on::cases(&copied::world()));
    let generated: BTreeMap<_, _> = cases.iter().map(|case| (file_name(case.name), of_case(case))).collect();
    assert_eq!(generated.len(), cases.len(), "two vectors have one name");
    hold("bundle", &generated);
}

/// Every file of a folder of bundles comes to what it says, and is what its generator writes.
pub(crate) fn hold(noun: &str, generated: &BTreeMap<String, String>) {
    for (name, text) in &files(noun, generated) {
        let trust = TrustFile::parse(&String::from_utf8(bytes(field(text, "trust"))).unwrap()).unwrap();
        let report = verify(&bytes(field(text, "bundle")), &trust);
        let outcome = if report.exit == Exit::Valid { String::from("ok") } else { report.exit.code().to_string() };
        assert_eq!(outcome, field(text, "expect"), "{name}");
        let stated = text.lines().filter(|line| line.starts_with("event: ") || line.starts_with("words: "));
        assert_eq!(said(&report), stated.map(|line| format!("{line}\n")).collect::<String>(), "{name}");
        let failed = report.checks.iter().filter(|check| !check.problems.is_empty());
        let failed: Vec<&str> = failed.map(|check| check.requirement).collect();
        let requirement = field(text, "requirement");
        assert!(failed.contains(&requirement) || (requirement == "none" && failed.is_empty()), "{name}: {failed:?}");
    }
}

fn trust() -> TrustFile {
    let heads = HeadDemand { nonce: Some([7; 32]), earliest: Some(World::pair().at(10)) };
    TrustFile { heads, ..World::pair().trust() }
}

/// Sentence, what is expected, text.
fn trust_files() -> Vec<(&'static str, String, String)> {
    let good = trust().to_toml();
    let line = |start: &str| good.lines().position(|line| line.starts_with(start)).unwrap() + 1;
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let at = |line: usize| format!("line {line}");
    let organisation = good.split("[[organisation]]").nth(1).unwrap();
    let twice = format!("{good}\n[[organisation]]\n{}\n", organisation.trim());
    let last_id = twice.lines().count() - twice.lines().rev().position(|line| line.starts_with("id =")).unwrap();
    vec![
        ("a trust file with everything", String::from("ok"), good.clone()),
        ("a trust file that demands nothing of heads", String::from("ok"), World::pair().trust().to_toml()),
        ("a key that nobody knows", at(line("number") + 1), replaced("number = 0", "number = 0\nwitness = \"a\"")),
        ("another format", at(line("format")), replaced("trust file 1", "trust file 2")),
        ("no word on who made it", at(line("made_by")), {
            let made = good.lines().find(|line| line.starts_with("made_by")).unwrap();
            replaced(made, "made_by = \" \"")
        }),
        ("a number below zero", at(line("number")), replaced("number = 0", "number = -1")),
        ("a nonce of zeros", at(line("nonce")), replaced(&"07".repeat(32), &"00".repeat(32))),
        ("a time without a zone", at(line("earliest")), replaced("00:10:00Z", "00:10:00")),
        ("a time that is no UTC", at(line("earliest")), replaced("00:10:00Z", "00:10:00+01:00")),
        ("a title that moves the cursor", at(line("title")), replaced("Night admission", "Night\\u001b[2Jadmission")),
        ("a name that turns the direction", at(line("name")), {
            let name = good.lines().find(|line| line.starts_with("name")).unwrap();
            replaced(name, &name.replacen("= \"", "= \"\\u202e", 1))
        }),
        ("an organisation twice", at(last_id), twice.clone()),
    ]
}

#[test]
fn every_trust_vector_holds() {
    let cases = trust_files();
    let text = |(_, expect, text): &(_, String, String)| format!("expect: {expect}\n{text}");
    let generated: BTreeMap<_, _> = cases.iter().map(|case| (file_name(case.0), text(case))).collect();
    for (name, text) in &files("trust", &generated) {
        let (_, source) = text.split_once('\n').unwrap();
        let outcome = TrustFile::parse(source).map_or_else(|bad| format!("line {}", bad.line), |_| String::from("ok"));
        assert_eq!(outcome, field(text, "expect"), "{name}");
    }
}

/// Sentence, what is expected, body of a challenge. [BUN-13]
fn challenges() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let world = World::pair();
    let challenge = wire::Challenge {
        trail: world.enquiry().trail.id().to_vec(),
        to: world.jasen.id.to_vec(),
        nonce: vec![7; 32],
        time: world.at(60).get(),
    };
    let case = |name, expect, change: fn(&mut wire::Challenge)| {
        let mut changed = challenge.clone();
        change(&mut changed);
        (name, expect, codec::encode(&changed))
    };
    vec![
        case("a challenge", "ok", |_| {}),
        case("a challenge in the last second that is accepted", "ok", |c| c.time = LATEST),
        case("a challenge without a time", "MALFORMED", |c| c.time = 0),
        case("a challenge after the year 9999", "MALFORMED", |c| c.time = LATEST + 1),
        case("a challenge without a nonce", "MALFORMED", |c| c.nonce.clear()),
        case("a nonce of zeros in a challenge", "MALFORMED", |c| c.nonce = vec![0; 32]),
        case("a nonce of 31 bytes in a challenge", "MALFORMED", |c| c.nonce.truncate(31)),
        case("a challenge to nobody", "MALFORMED", |c| c.to.clear()),
        case("a challenge of no trail", "MALFORMED", |c| c.trail.clear()),
    ]
}

/// Sentence, what is expected, body of a countersignature. [BUN-109]
fn countersignatures() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let world = World::pair();
    let said = wire::Countersignature {
        challenge: vec![5; 32],
        to: world.jasen.id.to_vec(),
        witness: vec![6; 32],
        key: vec![7; 32],
        put: world.at(60).get(),
        until: world.at(60).get(),
        head: Vec::new(),
    };
    let case = |name, expect, change: fn(&mut wire::Countersignature)| {
        let mut changed = said.clone();
        change(&mut changed);
        (name, expect, codec::encode(&changed))
    };
    vec![
        case("a countersignature", "ok", |_| {}),
        case("a countersignature that names an answer", "ok", |c| c.head = vec![8; 32]),
        case("a countersignature until the last second that is accepted", "ok", |c| c.until = LATEST),
        case("a countersignature until after the year 9999", "MALFORMED", |c| c.until = LATEST + 1),
        case("a countersignature without a beginning", "MALFORMED", |c| c.put = 0),
        case("a countersignature that ends before it begins", "MALFORMED", |c| c.until -= 1),
        case("a countersignature of no challenge", "MALFORMED", |c| c.challenge.clear()),
        case("a countersignature of what was put to nobody", "MALFORMED", |c| c.to.clear()),
        case("a countersignature by nobody", "MALFORMED", |c| c.witness.clear()),
        case("a countersignature by no key record", "MALFORMED", |c| c.key.clear()),
        case("a countersignature that names an answer of zeros", "MALFORMED", |c| c.head = vec![0; 32]),
    ]
}

/// Sentence, what is expected, body.
fn heads() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let world = World::pair();
    let head = world.enquiry().head(&world.jasen);
    let with_nonce = Head { nonce: Some(Head::nonce_for(&[7; 32], &head.trail)), ..head.clone() };
    let closing = Head { closes: Some(ClosedIncarnation { incarnation: 0, count: 1 }), ..head.clone() };
    // Its form is asked here, not whether that event withdraws.
    let settling = Head { settled: head.seen_last, ..head.clone() };
    let nothing = Head { own_count: 0, own_last: None, ..head.clone() };
    let twice = [head.encode(), head.encode()].concat();
    let changed = |change: fn(&mut wire::Head)| {
        let mut message: wire::Head = codec::decode(&head.encode()).unwrap();
        change(&mut message);
        codec::encode(&message)
    };
    vec![
        ("a head", "ok", head.encode()),
        ("a head that answers a nonce", "ok", with_nonce.encode()),
        ("a head that closes an incarnation of the other party", "ok", closing.encode()),
        ("a head that says that the time of a withdrawal is over", "ok", settling.encode()),
        ("a withdrawal of 31 bytes in a head", "MALFORMED", changed(|head| head.settled = vec![7; 31])),
        ("a head of a party that has written nothing", "ok", nothing.encode()),
        ("a count without the last event", "MALFORMED", Head { own_last: None, ..head.clone() }.encode()),
        ("a last event without a count", "MALFORMED", Head { own_count: 0, ..head.clone() }.encode()),
        ("events seen without the last of them", "MALFORMED", Head { seen_last: None, ..head.clone() }.encode()),
        ("a nonce of zeros in a head", "MALFORMED", Head { nonce: Some([0; 32]), ..head.clone() }.encode()),
        ("a nonce of 31 bytes in a head", "MALFORMED", changed(|head| head.nonce = vec![7; 31])),
        ("a head in the last second that is accepted", "ok", changed(|head| head.time = LATEST)),
        ("a head without a time", "MALFORMED", changed(|head| head.time = 0)),
        ("a head after the year 9999", "MALFORMED", changed(|head| head.time = LATEST + 1)),
        ("a head cut short", "MALFORMED", head.encode()[..100].to_vec()),
        ("a field that nobody knows in a head", "NOT_CANONICAL", [head.encode(), vec![0x78, 1]].concat()),
        ("a head with every field twice", "NOT_CANONICAL", twice),
    ]
}

#[test]
fn every_head_vector_holds() {
    let text = |word: &str, (name, expect, body): (&str, &str, Vec<u8>)| {
        (file_name(name), format!("expect: {expect}\n{word}: {}\n", hex(&body)))
    };
    let generated: BTreeMap<_, _> = heads()
        .into_iter()
        .map(|case| text("body", case))
        .chain(challenges().into_iter().map(|case| text("challenge", case)))
        .chain(countersignatures().into_iter().map(|case| text("countersignature", case)))
        .collect();
    for (name, text) in &files("head", &generated) {
        let again = if text.contains("\nchallenge: ") {
            let body = bytes(field(text, "challenge"));
            Challenge::parse(&body).map(|challenge| challenge.encode() == body)
        } else if text.contains("\ncountersignature: ") {
            let body = bytes(field(text, "countersignature"));
            Countersignature::parse(&body).map(|said| said.encode() == body)
        } else {
            let body = bytes(field(text, "body"));
            Head::parse(&body).map(|head| head.encode() == body)
        };
        assert!(again.unwrap_or(true), "{name}: it encodes differently");
        assert_eq!(again.map_or_else(Rejection::code, |_| "ok"), field(text, "expect"), "{name}");
    }
}
