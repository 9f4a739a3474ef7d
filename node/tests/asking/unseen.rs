//! What those read who were not chosen: nothing of her, nor of anybody else who was asked.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use uput_node::node::NewTrail;

use crate::{
    shelters::{HERS, NAMES, Town, asked, chosen, hold, named, several, town},
    town::{enquiry, everything, fields, holds, reads, reopened, tapped, worker},
};

/// [PLC-8] Nothing that two of them receive shows that they were asked of the same woman: all that is equal is equal in any
/// other enquiry of that sender too.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_what_two_receive_is_equal_but_what_every_enquiry_of_that_sender_holds() {
    let town = town().await;
    let heard: [Arc<Mutex<Vec<u8>>>; 3] = Default::default();
    let taps: Vec<_> =
        (0..3).map(|n| tapped(town.hotline(), &town.nodes[n + 1], &town.houses[n + 1], &heard[n])).collect();
    let all = town.hotline().ask_several(several(&["shelter-jasen", "shelter-lipa"])).await.unwrap();
    let other = NewTrail { fields: fields(&[("places", "1"), ("adults", "1")]), ..enquiry("shelter-gora") };
    let other = town.hotline().open_trail(other).await.unwrap().unwrap();
    let trails = [asked(&all), vec![other]].concat();
    for (node, trail) in town.nodes.iter().skip(1).zip(&trails) {
        reads(node, trail, "asked").await;
    }
    taps.iter().for_each(tokio::task::JoinHandle::abort);
    let mut times = Vec::new();
    for trail in &trails {
        times.push(varint(town.hotline().show(&worker(), trail, false).await.unwrap().events[0].time));
    }
    const WINDOW: usize = 12;
    let windows = |n: usize| -> BTreeSet<Vec<u8>> {
        let heard: Vec<u8> = heard[n].lock().unwrap().clone();
        assert!(heard.len() > 500, "the control: a letter was read");
        heard.windows(WINDOW).map(<[u8]>::to_vec).collect()
    };
    let timeless = |window: &Vec<u8>| times.iter().all(|time| !window.windows(time.len()).any(|part| part == time));
    let [jasen, lipa, gora] = [windows(0), windows(1), windows(2)];
    let equal: Vec<_> = jasen
        .intersection(&lipa)
        .filter(|window| timeless(window) && !gora.contains(*window) && !is_plain(window))
        .collect();
    assert!(equal.is_empty(), "{equal:02x?}");
    assert!(jasen.intersection(&lipa).count() > 10, "the control: the sender is the same");
}

/// Of labels, and of slots that hold nothing: who asks two the same says the same, in an order that is drawn for each.
fn is_plain(window: &[u8]) -> bool {
    let words = ["places", "adults", "actor_role", "case_worker"];
    let part = |three: &[u8]| words.iter().any(|word| word.as_bytes().windows(3).any(|part| part == three));
    // Tags, lengths and the value: few bytes of something random are so small.
    let frame = window.iter().filter(|byte| **byte < 0x20 || **byte == b'1').count();
    window.windows(3).any(part) || frame * 2 >= window.len()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// [CAS-80] [CAS-81] What the nodes of those hold who were not chosen: nothing of her, nobody else who was asked, nor who was
/// chosen. The sender's own node, and the chosen one's, are the controls.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_chosen_learns_neither_who_she_is_nor_who_else_was_asked_nor_who_was_chosen() {
    let town = town().await;
    let carriers = town.carriers();
    let (case, trails) = town.asked().await;
    for (node, trail) in town.nodes.iter().skip(1).zip(&trails) {
        node.record_event(hold(*trail, 3_600)).await.unwrap();
        reads(town.hotline(), trail, "held").await;
    }
    town.hotline().follow_up(chosen(case, trails[0])).await.unwrap();
    named(&town, 1, trails[0]).await;
    for (node, trail) in town.nodes.iter().zip([trails[0], trails[0], trails[1], trails[2]]).skip(2) {
        reads(node, &trail, "chosen_elsewhere").await;
    }
    town.quiet().await;
    drop(carriers);
    let Town { houses, nodes } = town;
    let others = |own: usize| {
        let mut marks: Vec<Vec<u8>> = Vec::new();
        for n in (1..4).filter(|n| *n != own) {
            let (id, trail) = (houses[n].id.to_string(), trails[n - 1].to_string());
            marks.extend([houses[n].id.to_vec(), trails[n - 1].to_vec(), id.into(), trail.into(), NAMES[n].into()]);
        }
        marks
    };
    let all_others = [others(1), others(2), others(3)];
    drop(nodes);
    for (n, house) in houses.iter().enumerate() {
        drop(reopened(house).await);
        let all = everything(house);
        for value in HERS {
            assert_eq!(holds(&all, value.as_bytes()), n < 2, "{value} at {}", NAMES[n]);
        }
        let marks = if n == 0 { all_others.concat() } else { all_others[n - 1].clone() };
        for mark in marks.iter().filter(|mark| n > 0 || mark.len() == 32) {
            assert_eq!(holds(&all, mark), n == 0, "{} at {}", String::from_utf8_lossy(mark), NAMES[n]);
        }
    }
}
