//! What a third party does with evidence against a log, without a node: the files are the published vectors.

use std::path::{Path, PathBuf};

use uput_core::envelope::Envelope;
use uput_core::id::{KeyRecordId, OrgId};
use uput_core::key::KeyChain;
use uput_core::log::Contradiction;
use uput_core::trust::{HeadDemand, TrustFile, TrustedOrganisation, WitnessDemand};

use crate::harness::{json, run};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/vectors/log")
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn bytes(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The files that vectors hold, each with what is expected of it.
fn files() -> Vec<(String, String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(vectors()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let Some(digits) = field(&text, "contradiction") else { continue };
        let expected = field(&text, "expect").unwrap().to_owned();
        files.push((path.file_stem().unwrap().to_string_lossy().into_owned(), expected, bytes(digits)));
    }
    files.sort();
    files
}

fn trust(organisation: OrgId, minimum: KeyRecordId) -> String {
    let trusted = TrustedOrganisation { name: "An Invented Ministry".to_owned(), organisation, minimum };
    let (witnesses, heads) = (WitnessDemand::default(), HeadDemand::default());
    let made_by = "an invented auditor".to_owned();
    TrustFile { made_by, witnesses, heads, organisations: vec![trusted], agreements: Vec::new() }.to_toml()
}

fn chain_of(files: &[(String, String, Vec<u8>)]) -> KeyChain {
    let good = files.iter().find(|(_, expected, _)| expected == "ok").unwrap();
    Contradiction::verify(&good.2).unwrap().1
}

/// [LOG-51] [CLI-92]
#[test]
fn every_vector_of_evidence_is_judged_from_the_file_and_a_trust_file_alone() {
    let (files, folder) = (files(), tempfile::tempdir().unwrap());
    let chain = chain_of(&files);
    std::fs::write(folder.path().join("trust.toml"), trust(chain.organisation(), chain.newest_id())).unwrap();
    let mut proven = Vec::new();
    for (name, expected, file) in &files {
        std::fs::write(folder.path().join("evidence.uput"), file).unwrap();
        let words = ["log", "verify", "evidence.uput", "--trust", "trust.toml"];
        let people = run(folder.path(), words, "");
        let programs = run(folder.path(), words.into_iter().chain(["--json"]), "");
        let code = match expected.as_str() {
            "ok" => 0,
            "UNKNOWN_SIGNER" => 13,
            _ => 10,
        };
        assert_eq!((people.code, programs.code), (code, code), "{name}: {}", people.stderr);
        let object = json(&programs);
        if code == 0 {
            assert_eq!(object["organisation"]["name"], "An Invented Ministry");
            assert_eq!(object["organisation"]["id"], chain.organisation().to_string());
            assert!(people.stdout.contains(object["sentence"].as_str().unwrap()), "{}", people.stdout);
            assert!(people.stdout.contains("A key that was stolen signs contradictions too"), "{}", people.stdout);
            proven.push(object["kind"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(object["rejection"], expected.as_str(), "{name}");
            assert!(people.stdout.contains(expected.as_str()) && !people.stdout.contains("CONTRADICTS"), "{name}");
        }
    }
    proven.sort();
    proven.dedup();
    assert_eq!(proven, ["rollback", "split_view"]);
    assert!(files.len() >= 6, "{}", files.len());
}

/// [CLI-94]
#[test]
fn evidence_against_somebody_whom_the_trust_file_does_not_name_counts_as_unknown() {
    let (files, folder) = (files(), tempfile::tempdir().unwrap());
    let chain = chain_of(&files);
    let good = files.iter().find(|(_, expected, _)| expected == "ok").unwrap();
    std::fs::write(folder.path().join("evidence.uput"), &good.2).unwrap();
    let judged = |organisation, minimum| {
        std::fs::write(folder.path().join("trust.toml"), trust(organisation, minimum)).unwrap();
        run(folder.path(), ["log", "verify", "evidence.uput", "--trust", "trust.toml"], "").code
    };
    assert_eq!(judged(chain.organisation(), chain.newest_id()), 0);
    assert_eq!(judged(OrgId::new([9; 32]), chain.newest_id()), 13, "another organisation");
    let newer = KeyRecordId::from(Envelope::id(chain.envelopes().next().unwrap()));
    let unknown = KeyRecordId::new([8; 32]);
    assert_eq!((judged(chain.organisation(), newer), judged(chain.organisation(), unknown)), (0, 13));
}
