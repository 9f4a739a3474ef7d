//! What two recipients of one change could compare.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use uput_core::{
    codec,
    id::OrgId,
    letter,
    wire::{self, LegalBasis},
};
use uput_node::{
    node::{Node, Post},
    peer::Mailroom,
};

use super::{
    NEW, a_town, contact,
    town::{CONSENT, until, worker},
};

/// Letters that passed, kept by a curious carrier.
type Kept = Arc<Mutex<Vec<Vec<u8>>>>;

fn carry(from: &Arc<Node>, to: &Arc<Node>) -> Kept {
    let kept = Kept::default();
    let (from, to, copies) = (Post(from.clone()), Post(to.clone()), kept.clone());
    tokio::spawn(async move {
        loop {
            let outgoing = from.next_letter(&to.organisation()).await;
            copies.lock().unwrap().push(outgoing.letter.clone());
            let (outcome, code) = to.receive(&from.organisation(), outgoing.letter).await;
            from.settle(&to.organisation(), outgoing.ticket, outcome, code).await;
        }
    });
    kept
}

/// What two recipients of one change received has nothing in common that would tell them of each other: no run of sixteen
/// bytes of any event but the sender's own IDs and the agreement's. [CAS-59]
#[tokio::test(flavor = "multi_thread")]
async fn two_recipients_of_one_change_hold_nothing_equal() {
    let (mut town, by) = (a_town().await, worker());
    let jasen = town.named(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&jasen).unwrap();
    let _lipa = town.named(&by, 1, Some(case), LegalBasis::ExplicitConsent, &CONSENT).await;
    town.quiet().await;
    town.cut(0);
    town.cut(1);
    let copies = [carry(&town.hotline, &town.others[0]), carry(&town.hotline, &town.others[1])];
    let back = [carry(&town.others[0], &town.hotline), carry(&town.others[1], &town.hotline)];
    town.follow(&by, case, contact(&NEW, true)).await;
    until(|| async { town.list(&by, &case).await[0].unconfirmed == 0 }).await;
    drop(back);

    let bodies = |other: usize| -> Vec<Vec<u8>> {
        let secret = [town.houses[other + 1].sealing_secret()];
        let letters = copies[other].lock().unwrap();
        let contents =
            letters.iter().map(|sealed| letter::open(sealed, town.houses[other + 1].id, &secret).unwrap().content);
        contents.flat_map(|content| content.events).map(|envelope| envelope.body).collect()
    };
    let (one, other) = (bodies(0), bodies(1));
    let said = |bodies: &[Vec<u8>]| bodies.iter().filter(|body| is_said(body, &town.houses[0].id)).count();
    assert_eq!((said(&one), said(&other)), (2, 2), "a warning and a correction each");
    let public = [town.houses[0].id.to_vec(), town.hotline.me().chain().newest_id().to_vec()];
    let runs = |bodies: &[Vec<u8>]| -> BTreeSet<Vec<u8>> {
        bodies.iter().flat_map(|body| body.windows(16).map(<[u8]>::to_vec).collect::<Vec<_>>()).collect()
    };
    let (one, other) = (runs(&one), runs(&other));
    // The fields of an event before and after the sender's own IDs are the same in every event.
    let known = |run: &[u8]| public.iter().any(|id| touches(run, id));
    let common: Vec<&Vec<u8>> = one.intersection(&other).filter(|run| !known(run)).collect();
    assert!(common.is_empty(), "{} runs of sixteen bytes are common", common.len());
}

fn is_said(body: &[u8], author: &OrgId) -> bool {
    codec::decode::<wire::EventBody>(body).is_ok_and(|body| body.author == author.to_vec())
}

/// Whether a run holds at least seven bytes of an ID: two IDs stand beside each other.
fn touches(run: &[u8], id: &[u8]) -> bool {
    id.windows(7).any(|part| run.windows(7).any(|window| window == part))
}
