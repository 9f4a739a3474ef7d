//! What an auditor does, without a node: trust files, and verifying bundles.
//!
//! The bundles are those of the core's own invented night.

use std::path::Path;

use uput_core::code_list::{Language, shown};
use uput_core::slot::Extent;
use uput_core::trust::TrustFile;
use uput_core::verdict::{self, Report};
use uput_core::wire;

use crate::harness::{Run, json, run};
use crate::night::{Organisation, World};

pub(crate) struct Desk {
    folder: tempfile::TempDir,
    pub(crate) world: World,
}

impl Desk {
    /// A folder with the key records of all, the agreement, a trust file and the bundle of the night.
    pub(crate) fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), world: World::invented() };
        for party in desk.world.all() {
            let chain = wire::KeyChain { records: party.records.iter().map(|record| record.to_wire()).collect() };
            desk.write(&format!("{}.keys", party.name), &prost::Message::encode_to_vec(&chain));
        }
        desk.write("agreement.bin", &desk.world.signed.to_bytes());
        desk.write("trust.toml", desk.world.trust().to_toml().as_bytes());
        desk.write("night.uput", &desk.bundle(&Extent::LABELS));
        desk
    }

    pub(crate) fn bundle(&self, extent: &Extent) -> Vec<u8> {
        self.world.night().bundle(&self.world.hotline, extent)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn create(&self, parties: &[&Organisation], more: &[&str]) -> Run {
        let mut words =
            vec!["trust".to_owned(), "create".to_owned(), "--made-by".to_owned(), "an invented auditor".to_owned()];
        for party in parties {
            words.extend(["--organisation".to_owned(), format!("{0}={0}.keys", party.name)]);
        }
        words.extend(more.iter().map(|word| (*word).to_owned()));
        run(self.path(), words, "")
    }

    /// Verifies for people, for programs and in silence; all end alike. [CLI-2] [CLI-70]
    fn verify(&self, bundle: &str, trust: &str) -> (Run, serde_json::Value) {
        let words = ["trail", "verify", bundle, "--trust", trust];
        let people = run(self.path(), words, "");
        let programs = run(self.path(), words.iter().copied().chain(["--json"]), "");
        let quiet = run(self.path(), words.iter().copied().chain(["--quiet"]), "");
        assert_eq!((people.code, quiet.code, quiet.stdout.as_str()), (programs.code, people.code, ""));
        let object = json(&programs);
        (people, object)
    }
}

/// Nothing of a report is left out for people. [CLI-72]
pub(crate) fn assert_told(text: &str, report: &Report) {
    let mut told: Vec<String> = report.checks.iter().map(|check| check.sentence.to_owned()).collect();
    let problems = report.checks.iter().flat_map(|check| &check.problems);
    told.extend(problems.map(|problem| problem.sentence.clone()));
    told.extend(report.conformant.reasons.iter().map(|reason| reason.sentence.clone()));
    told.extend(report.completeness.parties.iter().map(|party| party.sentence.clone()));
    told.extend(report.words.iter().cloned());
    told.extend(report.deadlines.iter().map(|deadline| deadline.sentence.clone()));
    told.extend([report.assurance.sentence.clone(), report.trust.digest.clone()]);
    for entry in &report.timeline {
        told.push(format!("{}: {}", entry.author.name, shown("kind", &entry.kind, Language::English)));
        told.push(format!("event: {} #{}", entry.event, entry.number));
        told.extend(entry.fields.iter().map(|field| field.label.clone()));
        told.extend(entry.basis.iter().map(|basis| shown("legal_basis", basis, Language::English)));
        told.extend(entry.names.iter().cloned());
        told.extend(entry.late.iter().chain(&entry.findings).chain(&entry.void).cloned());
    }
    for sentence in told {
        assert!(text.contains(&sentence), "missing: {sentence}\n{text}");
    }
}

#[test]
fn a_trust_file_comes_from_key_records_and_agreements() {
    let desk = Desk::new();
    let all: Vec<&Organisation> = desk.world.all().collect();
    // [CLI-61] Every ID comes from an input that verifies.
    let made = desk.create(&all, &["--agreement-file", "agreement.bin", "--to", "made.toml", "--json"]);
    assert_eq!(made.code, 0, "{}", made.stdout);
    let text = std::fs::read_to_string(desk.path().join("made.toml")).unwrap();
    assert_eq!(json(&made)["text"], text);
    let file = TrustFile::parse(&text).unwrap();
    assert_eq!((file.organisations.len(), file.agreements.len()), (4, 1));
    assert_eq!(file.agreements[0].agreement, desk.world.agreement.id());
    // The hotline has a second record: the newest is the least that is demanded.
    assert_eq!(file.organisation(&desk.world.hotline.id).unwrap().minimum, desk.world.hotline.newest());
    let shown = json(&run(desk.path(), ["trust", "show", "made.toml", "--json"], ""));
    assert_eq!(shown["trust"]["digest"], file.digest());
    let (people, _) = desk.verify("night.uput", "made.toml");
    assert!(people.stdout.starts_with("AUTHENTIC"), "{}", people.stdout);
}

#[test]
fn a_trust_file_is_not_made_from_what_does_not_verify() {
    let desk = Desk::new();
    let all: Vec<&Organisation> = desk.world.all().collect();
    let reason = |run: &Run| (run.code, json(run)["error"]["reason"].as_str().unwrap().to_owned());
    // Without the key records of a party its signature cannot be checked.
    let some = desk.create(&all[..3], &["--agreement-file", "agreement.bin", "--json"]);
    assert_eq!(reason(&some), (1, "UNKNOWN_SIGNER".to_owned()));
    let mut forged = desk.world.signed.to_bytes();
    *forged.last_mut().unwrap() ^= 1;
    desk.write("forged.bin", &forged);
    let forged = desk.create(&all, &["--agreement-file", "forged.bin", "--json"]);
    assert_eq!(reason(&forged), (1, "BAD_SIGNATURE".to_owned()));
    let swapped =
        run(desk.path(), ["trust", "create", "--made-by", "x", "--organisation", "X=agreement.bin", "--json"], "");
    assert_eq!(swapped.code, 1, "{}", swapped.stdout);
    // Two branches of one organisation's keys: nobody can say which is right.
    let hotline = &desk.world.hotline;
    let mut records: Vec<_> = hotline.records.iter().map(|record| record.to_wire()).collect();
    records.push(hotline.fork().to_wire());
    desk.write("hotline.keys", &prost::Message::encode_to_vec(&wire::KeyChain { records }));
    assert_eq!(reason(&desk.create(&all, &["--json"])), (1, "FORKED_CHAIN".to_owned()));
    let twice = desk.create(&[all[1], all[1]], &["--json"]);
    assert_eq!(reason(&twice), (1, "BAD_SOURCE".to_owned()));
}

#[test]
fn trust_files_are_compared_by_what_they_demand() {
    let desk = Desk::new();
    let all: Vec<&Organisation> = desk.world.all().collect();
    let make = |name: &str, parties: &[&Organisation], more: &[&str]| {
        let mut words = vec!["--to", name];
        words.extend(more);
        assert_eq!(desk.create(parties, &words).code, 0);
    };
    make("one.toml", &all, &["--agreement-file", "agreement.bin"]);
    make("same.toml", &all, &["--agreement-file", "agreement.bin"]);
    make("other.toml", &all[..3], &["--fresh-nonce", "--earliest", "2026-11-22T00:00Z"]);
    let compare = |one: &str, other: &str| run(desk.path(), ["trust", "compare", one, other, "--json"], "");
    assert_eq!(compare("one.toml", "same.toml").code, 0);
    let differs = compare("one.toml", "other.toml");
    assert_eq!(differs.code, 1);
    // [CLI-63]
    let sentences = json(&differs)["differences"].to_string();
    for expected in ["Only the first believes centre", "Only the first knows", "different nonces"] {
        assert!(sentences.contains(expected), "{expected}: {sentences}");
    }
    // Two names exchanged: the same demand, and every report would blame one for the other.
    let text = std::fs::read_to_string(desk.path().join("one.toml")).unwrap();
    let text = text.replace("\"hotline\"", "\"?\"").replace("\"centre\"", "\"hotline\"").replace("\"?\"", "\"centre\"");
    desk.write("swapped.toml", text.as_bytes());
    let swapped = compare("one.toml", "swapped.toml");
    let sentences = json(&swapped)["differences"].as_array().unwrap().len();
    assert_eq!((swapped.code, sentences), (0, 2), "{}", swapped.stdout);
    let people = run(desk.path(), ["trust", "compare", "one.toml", "other.toml"], "");
    assert!(people.stdout.starts_with("They demand different things."));
    let bad = run(desk.path(), ["trust", "show", "agreement.bin", "--json"], "");
    assert_eq!(bad.code, 1);
    desk.write("broken.toml", b"format = \"uput trust file 1\"\nmade_by = 3\n");
    let broken = run(desk.path(), ["trust", "show", "broken.toml", "--json"], "");
    assert!(json(&broken)["error"]["why"].as_str().unwrap().starts_with("line 2"), "{}", broken.stdout);
}

#[test]
fn a_verification_tells_the_night_and_the_verdicts() {
    let desk = Desk::new();
    let (people, object) = desk.verify("night.uput", "trust.toml");
    let report = verdict::verify(&desk.bundle(&Extent::LABELS), &desk.world.trust());
    assert_eq!(people.code, i32::from(report.exit.code()));
    assert_told(&people.stdout, &report);
    assert_eq!(object["authentic"], "yes");
    assert_eq!(object["assurance"]["level"], "not_witnessed");
    assert!(people.stdout.lines().next().unwrap().ends_with("NOT WITNESSED"));
    assert_eq!(object["timeline"].as_array().unwrap().len(), desk.world.night().trail.len());
    // [CLI-71] Times are as in every other answer, which the schema demands of each.
    assert!(object["timeline"][0]["time"].as_str().unwrap().ends_with('Z'));
    // What was not opened is in no text.
    assert!(!people.stdout.contains("Mila"));
    desk.write("values.uput", &desk.bundle(&Extent::VALUES));
    let (people, object) = desk.verify("values.uput", "trust.toml");
    assert!(people.stdout.contains("name: Mila Invented") && object.to_string().contains("Mila Invented"));
    desk.write("closed.uput", &desk.bundle(&Extent::NOTHING));
    let (people, object) = desk.verify("closed.uput", "trust.toml");
    assert_eq!((people.code, object["conformant"]["verdict"].as_str()), (14, Some("not_checkable")));
}

#[test]
fn a_verification_that_fails_says_where() {
    let desk = Desk::new();
    let good = desk.bundle(&Extent::LABELS);
    for at in [0, good.len() / 2, good.len() - 1] {
        let mut altered = good.clone();
        altered[at] ^= 1;
        desk.write("altered.uput", &altered);
        let (people, object) = desk.verify("altered.uput", "trust.toml");
        assert_eq!((people.code, object["authentic"].as_str()), (10, Some("no")), "byte {at}");
        assert!(people.stdout.contains("FAILED"), "{}", people.stdout);
    }
    desk.write("altered.uput", &good[..good.len() - 1]);
    assert_eq!(desk.verify("altered.uput", "trust.toml").0.code, 10);
    let report = verdict::verify(&good[..good.len() - 1], &desk.world.trust());
    assert_told(&desk.verify("altered.uput", "trust.toml").0.stdout, &report);
    desk.write("altered.uput", b"");
    assert_eq!(desk.verify("altered.uput", "trust.toml").0.code, 10);
    // A signer whom the trust file does not name.
    assert_eq!(desk.create(&[&desk.world.hotline], &["--to", "one.toml"]).code, 0);
    assert_eq!(desk.verify("night.uput", "one.toml").0.code, 13);
    // A head is missing.
    let mut draft = desk.world.night().draft(&desk.world.hotline, &Extent::LABELS);
    draft.heads.truncate(1);
    desk.write("headless.uput", &draft.build(desk.world.hotline.signing()).unwrap());
    assert_eq!(desk.verify("headless.uput", "trust.toml").0.code, 11);
}

#[test]
fn a_verification_that_cannot_begin_is_no_verdict() {
    // [CLI-11]
    let desk = Desk::new();
    let verify =
        |bundle: &str, trust: &str| run(desk.path(), ["trail", "verify", bundle, "--trust", trust, "--json"], "");
    for (bundle, trust, reason) in [
        ("nowhere.uput", "trust.toml", "FILE"),
        ("night.uput", "nowhere.toml", "FILE"),
        ("night.uput", "night.uput", "FILE"),
        ("night.uput", "agreement.toml", "FILE"),
    ] {
        let run = verify(bundle, trust);
        assert_eq!((run.code, json(&run)["error"]["reason"].as_str()), (1, Some(reason)), "{bundle} {trust}");
    }
    assert_eq!(run(desk.path(), ["trail", "verify", "night.uput"], "").code, 2);
}
