//! Relays, as their operators and those who use them see them.

use crate::fake_node::FakeNode;
use crate::harness::{json, run};

fn asked(node: &FakeNode, words: &[&str]) -> serde_json::Value {
    let words = words.iter().chain(&["--json", "--node", "."]);
    json(&run(node.folder(), words, ""))
}

/// [CLI-180] [RLY-15]
#[test]
fn what_lies_where_is_shown_and_what_was_said_reaches_the_node() {
    let node = FakeNode::start();
    let list = asked(&node, &["relay", "list"]);
    assert_eq!(list["consents"][0]["for_second"]["letters"], 2);
    assert_eq!((&list["routes"][0]["items"], &list["routes"][0]["refused"]), (&3.into(), &serde_json::Value::Null));
    assert_eq!(list["routes"][1]["refused"], "MAILBOX_FULL");
    let allowed = asked(&node, &["relay", "allow", "Hotline", "Shelter A", "--mib", "4"]);
    assert_eq!((&allowed["consent"]["bytes"], &allowed["consent"]["days"]), (&4_194_304.into(), &14.into()));
    let ended = asked(&node, &["relay", "end", "Hotline", "Shelter A"]);
    assert_eq!(ended["consent"]["letters"], 0);
    let none = asked(&node, &["relay", "use", "Shelter A", "--none"]);
    assert_eq!(none["route"]["relay"], serde_json::Value::Null);
    let said = node.take_requests();
    assert_eq!(["ListRelays", "AllowRelay", "UseRelay"].map(|call| said.matches(call).count()), [1, 2, 1]);
}

/// [CLI-181] [RLY-19] The reason is of the line, and what goes meanwhile stands beside it.
#[test]
fn who_asks_about_a_line_hears_over_whom_letters_go_without_it() {
    let node = FakeNode::start();
    let over = asked(&node, &["peer", "check", "Liar"]);
    assert_eq!((&over["reason"], &over["relay"]["relay"]), (&"other-key".into(), &"Centre".into()));
    assert_eq!((&over["relay"]["items"], &over["relay"]["refused"]), (&3.into(), &"MAILBOX_FULL".into()));
    assert_eq!(asked(&node, &["peer", "check", "Shelter A"])["relay"], serde_json::Value::Null);
}
