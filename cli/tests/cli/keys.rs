//! A key record between node and safe.

use uput_core::key::Proposal;

use crate::commands::place_files;
use crate::fake_node::FakeNode;
use crate::harness::{json, run};

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
