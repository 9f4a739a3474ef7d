//! A stay that begins by a clock that is ahead: both nodes count it to one end.

use std::sync::Arc;

use uput_core::{
    event::{Event, Statement},
    id::{EventId, Id},
    letter,
    time::{Seconds, Span},
    wire::LetterContent,
};
use uput_node::{
    clock::{SystemEntropy, now},
    node::{NewTrail, Node, Post},
    peer::Mailroom,
};

use crate::{
    said::{Said, content, unsaid},
    town::{self, CONSENT, House, enquiry, fields, worker},
    yard::{DEMONSTRATION, STORED, meet, pact, records},
};

/// Sends to a node as somebody.
async fn send(node: &Arc<Node>, from: &House, content: &LetterContent) {
    let letter = letter::seal(node.me().chain().newest(), content, &mut SystemEntropy).unwrap();
    assert_eq!(Post(node.clone()).receive(&from.id, letter).await, STORED);
}

/// [TIM-76] [TIM-3]
#[tokio::test(flavor = "multi_thread")]
async fn a_stay_ends_when_its_list_says_so_although_the_clock_of_the_house_is_ahead() {
    town::listen();
    let [hotline, jasen, lipa, centre] =
        [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let node = hotline.open();
    meet(&node, &jasen, "shelter-jasen").await;
    let parties = [&hotline, &jasen, &lipa, &centre];
    let (_, signed) = pact(DEMONSTRATION, parties, &parties);
    let key_records = records(&[&lipa, &centre]);
    send(&node, &jasen, &LetterContent { key_records, agreements: vec![signed], ..LetterContent::default() }).await;
    let need = fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat());
    let basis = uput_core::wire::LegalBasis::ExplicitConsent;
    let new = NewTrail { stage: 1, basis, fields: need, ..enquiry("shelter-jasen") };
    let trail = node.open_trail(new).await.unwrap().unwrap();
    let opened = EventId::from(Id::from(trail));
    // Its clock is a day ahead.
    let time = Seconds::new(now().get() + 86_400).unwrap();
    let said = |statement, seq, prev: Option<&Said>| {
        let event =
            Event { trail, seq, prev: prev.map(|prev| prev.id), seen: Some(opened), ..unsaid(&jasen, statement) };
        Said::sign(&jasen, &Event { time, ..event }, None)
    };
    let accepted = said(Statement::Accepted, 0, None);
    let started = said(Statement::Started, 1, Some(&accepted));
    send(&node, &jasen, &content(&[&accepted, &started])).await;
    let shown = node.show(&worker(), &trail, false).await.unwrap();
    assert!(shown.events.iter().all(|event| event.void_reason.is_empty()));
    let stay = shown.deadlines.iter().find(|deadline| deadline.timer == "stay").unwrap();
    let listed = shown.endings.iter().find(|ending| ending.what == "stay").unwrap();
    assert_eq!((stay.from, stay.due), (time.get(), time.after(Span(10)).get()), "not from when it was stored here");
    assert_eq!(listed.until, stay.due, "one bed has one end");
}
