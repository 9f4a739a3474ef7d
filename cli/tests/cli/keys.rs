//! A key record between node and safe.

use uput_core::key::{
    KeyChain, KeyRecordDraft, Proposal, PublicKey, Recovery, SealingSecret, SigningKey, sign_key_record,
};
use uput_core::time::Seconds;

use crate::commands::place_files;
use crate::fake_node::FakeNode;
use crate::harness::{check_schema, json, run};

/// [CLI-110] [CLI-111] [KEY-23]
#[test]
fn a_record_is_prepared_by_the_node_and_signed_at_the_safe() {
    let node = FakeNode::start();
    place_files(node.folder(), false);
    let folder = node.folder().display().to_string();
    let asked = |words: &[&str]| run(node.folder(), words, "");
    let prepared = asked(&["key", "prepare", "--all", "--to", "keys.uput", "--json", "--node", &folder]);
    assert_eq!(prepared.code, 0, "{}", prepared.stderr);
    let again = asked(&["key", "prepare", "--all", "--to", "keys.uput", "--json", "--node", &folder]);
    assert_eq!(json(&again)["error"]["reason"], "FILE_EXISTS");
    node.take_requests();
    // What lies in the safe is opened without a network: nothing is asked of anybody.
    let wrong = [
        "key",
        "sign",
        "keys.uput",
        "--organisation-key",
        "other-organisation.key",
        "--to",
        "no.uput",
        "--yes",
        "--json",
    ];
    let refused = asked(&wrong);
    assert_eq!((refused.code, json(&refused)["error"]["reason"].as_str()), (1, Some("WRONG_SIGNERS")));
    let sign = ["key", "sign", "keys.uput", "--organisation-key", "organisation.key", "--to", "signed.uput"];
    assert_eq!(asked(&sign).code, 2, "nobody can be asked, and nobody said yes");
    assert!(!node.folder().join("no.uput").exists() && !node.folder().join("signed.uput").exists());
    let signed = asked(&[&sign[..], &["--yes"]].concat());
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    for change in ["signing key becomes", "TLS key becomes", "sealing key becomes", "organisation key stays"] {
        assert!(signed.stderr.contains(change), "{change}: {}", signed.stderr);
    }
    assert_eq!(node.take_requests(), "");
    let ready = Proposal::parse(&std::fs::read(node.folder().join("signed.uput")).unwrap()).unwrap();
    assert_eq!(ready.chain().unwrap().newest().number(), 1);
    // What is not signed is no record for the node either.
    let early = asked(&["key", "install", "keys.uput", "--json", "--node", &folder]);
    assert_eq!(json(&early)["error"]["reason"], "WRONG_SIGNERS");
    let installed = asked(&["key", "install", "signed.uput", "--json", "--node", &folder]);
    assert_eq!((installed.code, json(&installed)["number"].as_u64()), (0, Some(1)), "{}", installed.stderr);
}

/// A key file that the program makes; its public key.
fn created(folder: &std::path::Path, what: &str, file: &str) -> PublicKey {
    let made = run(folder, ["key", "create", what, "--to", file, "--json"], "");
    assert_eq!(made.code, 0, "{}", made.stderr);
    let object = json(&made);
    check_schema(&object);
    PublicKey::from_hex(object["public_key"].as_str().unwrap()).unwrap()
}

/// The file that a node would prepare: a new organisation key, where two of these three may replace the one before.
fn prepared(set: &[PublicKey], fresh: &PublicKey) -> Vec<u8> {
    let [own, signing, tls] = [7, 8, 9].map(|seed| SigningKey::from_seed(&[seed; 32]));
    let (time, end) = (Seconds::new(1_795_305_600).unwrap(), Seconds::new(1_895_305_620).unwrap());
    let draft = KeyRecordDraft {
        after: None,
        number: 0,
        sealing_keys: vec![SealingSecret::from_seed(&[10; 32]).public().clone()],
        endpoints: Vec::new(),
        witnesses: Vec::new(),
        recovery: Some(Recovery { threshold: 2, keys: set.to_vec() }),
        log_base_tick: 1,
        time,
        end,
        disowned: None,
        door_key: None,
    };
    let chain = KeyChain::verify(&[sign_key_record(draft, &own, &signing, &tls, None).unwrap()]).unwrap();
    let draft = KeyRecordDraft::after(chain.newest(), time, end);
    Proposal::new(&chain, draft, fresh, &signing, &tls).unwrap().to_bytes()
}

/// [CLI-117] [CLI-119] [CLI-111] [KEY-29] Three board members, each at home; two are enough.
#[test]
fn a_lost_organisation_key_is_replaced_by_two_of_three_who_sign_the_same_file() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let set = ["one.key", "two.key", "three.key"].map(|file| created(folder, "recovery", file));
    let fresh = created(folder, "organisation", "new.key");
    let text = std::fs::read_to_string(folder.join("one.key")).unwrap();
    assert!(text.contains("holds recovery") && text.is_ascii() && text.lines().all(|line| line.len() < 130), "{text}");
    let again = run(folder, ["key", "create", "recovery", "--to", "one.key", "--json"], "");
    assert_eq!(json(&again)["error"]["reason"], "FILE_EXISTS");
    std::fs::write(folder.join("keys.uput"), prepared(&set, &fresh)).unwrap();
    let sign = |option: &str, file: &str| {
        let signed = run(folder, ["key", "sign", "keys.uput", option, file, "--yes", "--json"], "");
        check_schema(&json(&signed));
        signed
    };
    let shown = ["key", "sign", "keys.uput", "--recovery-key", "two.key", "--yes", "--to", "shown.uput"];
    let shown = run(folder, shown, "");
    assert!(shown.code == 0 && shown.stderr.contains("organisation key becomes"), "{}", shown.stderr);
    std::fs::remove_file(folder.join("shown.uput")).unwrap();
    let first = sign("--recovery-key", "three.key");
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert_eq!(json(&first)["missing"], serde_json::json!({ "organisation": true, "replaced": true, "recovery": 1 }));
    // A file of another kind, and a key that is not asked, sign nothing.
    assert_eq!(sign("--organisation-key", "one.key").code, 1);
    created(folder, "recovery", "nobody.key");
    let before = std::fs::read(folder.join("keys.uput")).unwrap();
    let nobody = sign("--recovery-key", "nobody.key");
    assert_eq!((nobody.code, json(&nobody)["error"]["reason"].as_str()), (1, Some("WRONG_SIGNERS")));
    assert_eq!(std::fs::read(folder.join("keys.uput")).unwrap(), before);
    assert_eq!(sign("--organisation-key", "new.key").code, 0);
    let last = sign("--recovery-key", "one.key");
    assert_eq!(
        json(&last)["missing"],
        serde_json::json!({ "organisation": false, "replaced": false, "recovery": null })
    );
    let ready = Proposal::parse(&std::fs::read(folder.join("keys.uput")).unwrap()).unwrap();
    assert_eq!(ready.chain().unwrap().newest().organisation_key(), &fresh);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 6, "five key files and the record");
    let both = ["key", "sign", "keys.uput", "--recovery-key", "one.key", "--organisation-key", "new.key", "--yes"];
    assert_eq!(run(folder, both, "").code, 2);
}

/// [CLI-118] What is asked of the node.
#[test]
fn a_recovery_set_another_organisation_key_and_a_theft_are_asked_of_the_node() {
    let node = FakeNode::start();
    let folder = node.folder().display().to_string();
    let asked = |words: &[&str]| run(node.folder(), words, "");
    let key = |seed: u8| {
        let public = *SigningKey::from_seed(&[seed; 32]).public();
        public.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let (one, two) = (key(31), key(32));
    let set = ["--recovery", &one, "--recovery", &two, "--threshold", "2"];
    let prepare = ["key", "prepare", "--to", "a.uput", "--node", &folder];
    assert_eq!(asked(&[&prepare[..], &set, &["--new-organisation-key", &key(33)]].concat()).code, 0);
    let requests = node.take_requests();
    for part in [&format!("4: {}", key(33)), "10: 1", "1: 2", &format!("2: {one}"), &format!("2: {two}")] {
        assert!(requests.contains(part), "{part}: {requests}");
    }
    assert!(!requests.contains("12: 1"), "{requests}");
    let prepare = ["key", "prepare", "--to", "b.uput", "--node", &folder, "--stolen"];
    assert_eq!(asked(&prepare).code, 0);
    let requests = node.take_requests();
    assert!(requests.contains("12: 1") && !requests.contains("13: "), "{requests}");
    let prepare = ["key", "prepare", "--to", "c.uput", "--node", &folder, "--stolen", &one, "--no-recovery"];
    assert_eq!(asked(&prepare).code, 0);
    let requests = node.take_requests();
    assert!(requests.contains("12: 1") && requests.contains(&format!("13: {one}")) && requests.contains("10: 1"));
    for wrong in [&["--recovery", one.as_str()][..], &["--threshold", "2"], &["--recovery", "abc", "--threshold", "1"]]
    {
        assert_eq!(asked(&[&["key", "prepare", "--to", "d.uput", "--node", &folder], wrong].concat()).code, 2);
    }
}
