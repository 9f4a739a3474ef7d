//! Whoever was never introduced to the one who signed checks it all the same, and trusts nobody more for it.

use std::sync::Arc;

use uput_core::wire::AttestationStanding;
use uput_node::node::Node;

use super::{
    chain::{AGREEMENT, ROW, Row, Word},
    town::{Carrier, House, agree_on, introduce, listen},
};

/// Two of the row have an agreement of their own, with nobody else in it.
fn between(from: usize, to: usize) -> String {
    let (head, rest) = AGREEMENT.split_once("[party.").unwrap();
    let (_, rest) = rest.split_once("# Need and identity").unwrap();
    let (profile, rest) = rest.split_once("[[rule]]").unwrap();
    let (_, end) = rest.split_once("# Ten seconds").unwrap();
    let services = ["hotline", "social_work", "health"];
    let party = |at: usize| {
        let (name, service) = (ROW[at], services[at]);
        format!(
            "[party.{name}]\norganisation = \"peer:{name}\"\nname = \"The {name} (invented)\"\nroles = [\"{name}\"]\nservices = [\"{service}\"]\n\n"
        )
    };
    let rule = format!(
        "[[rule]]\nnumber = 1\nact = \"referral\"\nsender = \"{}\"\nreceiver = \"{}\"\nprofile = \"onward\"\nbases = [\"explicit_consent\"]\n\n",
        ROW[from], services[to]
    );
    // Parties stand in the order of their names.
    let end = end.replace("threshold = 3", "threshold = 2");
    format!("{head}{}{}# Need and identity{profile}{rule}# Ten seconds{end}", party(from), party(to))
}

/// The first and the third have never heard of each other.
async fn found() -> Row {
    listen();
    let mut houses = Vec::new();
    for seed in 1..=3 {
        houses.push(House::found(seed).await);
    }
    let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
    let mut row = Row::of(nodes, houses);
    for (from, to) in [(0, 1), (1, 2)] {
        introduce(&row.nodes[from], ROW[from], &row.nodes[to], ROW[to]).await;
        row.carriers.insert((from, to), Carrier::new(&row.nodes[from], &row.nodes[to]));
        row.carriers.insert((to, from), Carrier::new(&row.nodes[to], &row.nodes[from]));
        let parties = [from, to].map(|at| (ROW[at], &row.houses[at], &row.nodes[at]));
        agree_on(&between(from, to), &parties).await;
    }
    row
}

/// [ONW-12] [ONW-11] [NOD-35]
#[tokio::test(flavor = "multi_thread")]
async fn key_records_that_came_with_a_copy_check_it_and_name_nobody() {
    let row = found().await;
    let first = row.accepted(0, 1, None).await;
    row.identity(0, first, Word::Signed).await.unwrap();
    let case = row.taken_over(1, first).await;
    let onward = row.accepted(1, 2, Some(case)).await;
    let said = row.identity(1, onward, Word::Passed).await.unwrap();
    let (attested, copy) = row.word(2, &onward, &said).await;
    assert_eq!(attested.standing(), AttestationStanding::Uncompared);
    assert_eq!((attested.name.as_str(), attested.organisation), ("", row.houses[0].id.to_vec()));
    assert!(copy.len() > 1000);
    // Nobody is known by it.
    assert!(row.nodes[2].view_peers().iter().all(|peer| peer.name != ROW[0]));
    assert_eq!(row.nodes[2].view_peers().len(), 1);
}
