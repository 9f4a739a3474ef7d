//! Letters that are carried by hand: the file that is written, and what is said of one that is given in.

use crate::fake_node::FakeNode;
use crate::harness::{golden, json, run};

fn letter(byte: u8, length: usize) -> Vec<u8> {
    let size = u32::try_from(length).unwrap().to_be_bytes();
    [&size[..], &vec![byte; length]].concat()
}

/// [CLI-170] [CAR-1]
#[test]
fn what_waits_is_written_to_a_file_that_was_not_there() {
    let node = FakeNode::start();
    let words = ["peer", "carry", "--node", ".", "--out", "letters", "Shelter A"];
    let said = run(node.folder(), words, "");
    golden("carry/out", &said.stdout);
    assert_eq!((said.code, node.take_requests().matches("CarryOut").count()), (0, 2), "page by page");
    let file = std::fs::read(node.folder().join("letters")).unwrap();
    let whole = [b"uput carry 1\n".to_vec(), letter(1, 8192), letter(2, 32768), letter(3, 8192)].concat();
    assert!(file == whole);
    let again = run(node.folder(), words, "");
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("letters is there already"), "{}", again.stderr);
    let programs =
        json(&run(node.folder(), ["peer", "carry", "--node", ".", "--out", "other", "Shelter A", "--json"], ""));
    assert_eq!(
        (programs["letters"].as_u64(), programs["items"].as_u64(), programs["left"].as_u64()),
        (Some(3), Some(10), Some(1))
    );
}

/// [CLI-170] [CAR-11] [CAR-12] Of three letters the node takes one, and a fourth is cut off.
#[test]
fn what_was_not_taken_and_what_is_missing_is_said() {
    let node = FakeNode::start();
    let file = [b"uput carry 1\n".to_vec(), letter(1, 8192), letter(2, 8192), letter(9, 8192), vec![0, 0, 32]].concat();
    std::fs::write(node.folder().join("carried"), file).unwrap();
    let said = run(node.folder(), ["peer", "carry", "--node", ".", "--in", "carried"], "");
    golden("carry/in", &said.stdout);
    assert_eq!(said.code, 11);
    let programs = json(&run(node.folder(), ["peer", "carry", "--node", ".", "--in", "carried", "--json"], ""));
    assert_eq!((programs["exit_code"].as_u64(), programs["not_taken"].as_array().map(Vec::len)), (Some(11), Some(2)));
    assert_eq!(programs["packs"][0]["missing"], serde_json::json!([3, 4]));
}
