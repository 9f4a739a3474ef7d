//! What whoever withdrew hears from a recipient tells nothing of whether anything went onward.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use tokio::task::JoinHandle;
use uput_core::{
    event::Event,
    head::Head,
    id::{Id, TrailId},
    letter,
    wire::LetterContent,
};
use uput_node::{
    clock,
    node::{Node, Post},
    peer::Mailroom,
};

use super::{
    chain::{AGREEMENT, Row, Word},
    town::{Carrier, House, say, until, worker},
};
use uput_core::{envelope::Envelope, event::Statement};

/// When the recipients, which are stopped after the withdrawal, run again.
#[derive(Clone, Copy, PartialEq)]
enum Again {
    /// Before the time is over.
    Within,
    /// When it is over.
    After,
}

/// What a letter looked like: how long it was, what was in it, and in which second it came.
struct Heard {
    length: usize,
    content: Vec<String>,
    second: u64,
}

#[derive(Default)]
struct Ear {
    letters: Vec<Heard>,
    known: BTreeSet<Id>,
}

impl Ear {
    fn hear(&mut self, length: usize, content: &LetterContent) {
        let new: Vec<String> = content.events.iter().chain(&content.heads).filter_map(|item| self.word(item)).collect();
        let rest = content.key_records.len() + content.agreements.len() + content.disclosures.len();
        let rest = rest + content.evidence.len() + content.head_requests.len();
        // Sent again after a stop, it says nothing new.
        if !new.is_empty() || rest > 0 {
            let content = [new, vec![format!("{rest} beside")]].concat();
            self.letters.push(Heard { length, content, second: clock::now().get() });
        }
    }

    fn word(&mut self, item: &uput_core::wire::Envelope) -> Option<String> {
        let envelope = Envelope::from_wire(item.clone()).unwrap();
        if !self.known.insert(envelope.id()) {
            return None;
        }
        let length = envelope.body().len();
        Some(match Head::parse(envelope.body()) {
            Ok(head) => format!("head {} {} {} {length}", head.own_count, head.seen_count, head.settled.is_some()),
            Err(_) => {
                let event = Event::parse(envelope.id(), envelope.body()).unwrap();
                format!("{} {length}", event.statement.name())
            }
        })
    }

    fn settled(&self) -> Option<&Heard> {
        self.letters.iter().find(|heard| heard.content.iter().any(|word| word.contains(" true ")))
    }
}

fn listen(from: &Arc<Node>, to: &Arc<Node>, house: &House, ear: &Arc<Mutex<Ear>>) -> JoinHandle<()> {
    let (from, to, ear) = (Post(from.clone()), Post(to.clone()), ear.clone());
    let (organisation, secret) = (house.id, vec![house.sealing_secret()]);
    tokio::spawn(async move {
        loop {
            let outgoing = from.next_letter(&to.organisation()).await;
            let content = letter::open(&outgoing.letter, organisation, &secret).unwrap().content;
            ear.lock().unwrap().hear(outgoing.letter.len(), &content);
            let (outcome, code) = to.receive(&from.organisation(), outgoing.letter).await;
            from.settle(&to.organisation(), outgoing.ticket, outcome, code).await;
        }
    })
}

/// What the first hears from the withdrawal on of one that received the same as the other, and when that says that its time
/// is over: how many seconds after the withdrawal or the start.
type Told = (Vec<(usize, Vec<String>)>, u64);

/// The second sends onward what it received, the fifth keeps it.
async fn told(row: &mut Row, again: Again) -> [Told; 2] {
    let mut trails = Vec::new();
    for to in [1, 4] {
        let received = row.accepted(0, to, None).await;
        row.identity(0, received, Word::Signed).await.unwrap();
        let case = row.taken_over(to, received).await;
        trails.push((to, received, case));
    }
    let onward = row.accepted(1, 2, Some(trails[0].2)).await;
    row.identity(1, onward, Word::Passed).await.unwrap();
    row.stands(2, &onward, |shown| shown.stage == 2).await;
    // Whoever is further on hears nothing more, and never answers.
    row.carriers.retain(|(from, _), _| *from == 0);
    let ears: Vec<_> = trails.iter().map(|_| Arc::new(Mutex::new(Ear::default()))).collect();
    let tap = |row: &Row, to: usize, ear| listen(&row.nodes[to], &row.nodes[0], &row.houses[0], ear);
    let taps = trails.iter().zip(&ears).map(|((to, ..), ear)| tap(row, *to, ear)).collect::<Vec<_>>();
    let withdrawn = clock::now().get();
    for (_, trail, _) in &trails {
        say(&row.nodes[0], *trail, Statement::Withdrawn).await.unwrap();
    }
    for ((to, trail, _), ear) in trails.iter().zip(&ears) {
        row.stands(*to, trail, |shown| shown.headline == "withdrawn").await;
        until(|| async { !ear.lock().unwrap().letters.is_empty() }).await;
    }
    taps.iter().for_each(JoinHandle::abort);
    for tap in taps {
        let _ = tap.await;
    }
    row.stop(1).await;
    row.stop(4).await;
    if again == Again::After {
        until(|| async { clock::now().get() > withdrawn + 6 }).await;
    }
    let from = if again == Again::After { clock::now().get() } else { withdrawn };
    let mut taps = Vec::new();
    for ((to, ..), ear) in trails.iter().zip(&ears) {
        row.start(*to);
        taps.push(tap(row, *to, ear));
        row.carriers.insert((0, *to), Carrier::new(&row.nodes[0], &row.nodes[*to]));
    }
    let mut all = Vec::new();
    for (((to, trail, _), ear), tap) in trails.iter().zip(&ears).zip(taps) {
        until(|| async { ear.lock().unwrap().settled().is_some() }).await;
        settles(row, *to, trail).await;
        tap.abort();
        let _ = tap.await;
        let ear = ear.lock().unwrap();
        let letters = ear.letters.iter().map(|heard| (heard.length, heard.content.clone())).collect();
        all.push((letters, ear.settled().unwrap().second.saturating_sub(from)));
    }
    all.try_into().unwrap()
}

/// Both show that it was said.
async fn settles(row: &Row, to: usize, trail: &TrailId) {
    for at in [0, to] {
        let says = |shown: &uput_core::wire::Trail| {
            shown.events.iter().any(|event| event.kind == "withdrawn" && event.settled > 0)
        };
        row.stands(at, trail, says).await;
        let shown = row.nodes[at].show(&worker(), trail, false).await.unwrap();
        assert_eq!(shown.events.iter().filter(|event| event.settled > 0).count(), 1);
    }
}

/// [CAS-102] [CAS-103] [CAS-104] [CAS-105]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_withdrew_cannot_tell_whether_anything_went_onward() {
    let rule = "number = 5\nact = \"referral\"\nsender = \"";
    let agreement = AGREEMENT.replace("within = \"10 s\"", "within = \"4 s\"");
    let agreement = agreement.replace(&format!("{rule}second"), &format!("{rule}first"));
    let mut row = Row::found_under(&agreement).await;
    for again in [Again::Within, Again::After] {
        let [sent, kept] = told(&mut row, again).await;
        assert_eq!(sent.0, kept.0);
        assert!(sent.0.len() >= 2 && sent.0.iter().all(|(length, _)| *length == sent.0[0].0), "{:?}", sent.0);
        // At the end of the agreement's four seconds; if it did not run then, with the next second.
        let due = if again == Again::Within { 4..=6 } else { 1..=3 };
        assert!(due.contains(&sent.1) && due.contains(&kept.1), "{} {}", sent.1, kept.1);
        row.carry();
    }
}
