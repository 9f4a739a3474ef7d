//! Peers that say that this node lost something: a lie concerns who tells it; our own signature concerns everybody.

use uput_core::{
    event::{Event, Opening, Statement},
    id::{EventId, Id},
    rejection::Rejection,
    wire::{self, LetterContent, ReceiptOutcome},
};
use uput_node::{
    clock,
    node::{Node, Post},
    peer::Mailroom,
};

use crate::{
    said::{Said, content, unsaid},
    yard::{STORED, Yard, later, meet, refused, yard},
};

fn finding(node: &Node) -> Option<String> {
    node.checks(clock::now()).into_iter().find(|check| check.name == "rollback").map(|check| check.finding)
}

/// An enquiry by the other shelter.
fn from_lipa(yard: &Yard) -> Said {
    let opening = yard.enquiry().read();
    let Statement::Opening(asked) = opening.statement.clone() else { panic!("an enquiry opens a trail") };
    let asked = Opening { act: wire::Act::Transfer, ..asked };
    let mut event = unsaid(&yard.lipa, Statement::Opening(asked));
    event.terms = opening.terms;
    Said::sign(&yard.lipa, &event, None)
}

/// The shelter's next event in a trail that the hotline opened, which its node did not make.
fn by_the_shelter(yard: &Yard, opening: &Said, incarnation: u32) -> Said {
    let event = Event {
        trail: opening.trail(),
        seq: 7,
        prev: Some(EventId::from(Id::of(b"what stood before it"))),
        seen: Some(opening.id),
        incarnation,
        ..unsaid(&yard.shelter_house, Statement::Acknowledged)
    };
    Said::sign(&yard.shelter_house, &event, None)
}

/// [STO-40] [STO-41]
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_lies_about_what_it_has_seen_silences_itself_alone() {
    let yard = yard().await;
    meet(&yard.shelter, &yard.lipa, "lipa").await;
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let lie = Event {
        trail: opening.trail(),
        seq: 1,
        prev: Some(opening.id),
        seen: Some(EventId::from(Id::of(b"what the shelter never said"))),
        ..unsaid(&yard.hotline, Statement::Withdrawn)
    };
    let lie = Said::sign(&yard.hotline, &lie, None);
    assert_eq!(yard.say(&[&lie]).await, later(Rejection::MissingPredecessor));
    let found = finding(&yard.shelter).unwrap();
    assert!(found.contains("hotline") && found.contains("nothing more is sent there"), "{found}");
    assert_eq!(yard.say(&[&yard.enquiry()]).await, later(Rejection::ReadFailed));
    // What somebody else signed in its name, and what it signed itself and has here, proves nothing.
    let mut forged = by_the_shelter(&yard, &opening, 0).read();
    forged.author = yard.shelter_house.id;
    yard.say(&[&Said::sign(&yard.hotline, &forged, None)]).await;
    let found = finding(&yard.shelter).unwrap();
    assert!(found.contains("nothing more is sent there"), "{found}");
    let others = yard.say_as(&yard.lipa, &[&from_lipa(&yard)]).await;
    assert_ne!(others, later(Rejection::ReadFailed), "the others are heard");
    let yard = yard.restarted().await;
    assert!(finding(&yard.shelter).is_some_and(|found| !found.contains("to anybody")), "it is on disk");
}

/// [STO-40] [STO-41]
#[tokio::test(flavor = "multi_thread")]
async fn our_own_signature_under_what_is_not_here_concerns_everybody() {
    let yard = yard().await;
    meet(&yard.shelter, &yard.lipa, "lipa").await;
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    assert_eq!(finding(&yard.shelter), None);
    assert_eq!(yard.say(&[&by_the_shelter(&yard, &opening, 1)]).await, later(Rejection::ReadFailed));
    let found = finding(&yard.shelter).unwrap();
    assert!(found.contains("to anybody"), "{found}");
    assert_eq!(yard.say_as(&yard.lipa, &[&from_lipa(&yard)]).await, later(Rejection::ReadFailed));
}

/// [STO-40] A trail of others, and one that never was, are asked about alike, and so many times.
#[tokio::test(flavor = "multi_thread")]
async fn trails_that_are_not_here_are_asked_about_a_bounded_number_of_times() {
    let yard = yard().await;
    let mut asked = 0;
    for _ in 0..70 {
        let nowhere = yard.enquiry();
        let next = yard.next(&nowhere, &nowhere, 1, Statement::Withdrawn);
        assert_eq!(yard.say(&[&next]).await, later(Rejection::MissingPredecessor));
        let post = Post(yard.shelter.clone());
        let letter =
            tokio::time::timeout(std::time::Duration::from_millis(50), post.next_letter(&yard.hotline.id)).await;
        if let Ok(letter) = letter {
            asked += 1;
            post.settle(&yard.hotline.id, letter.ticket, ReceiptOutcome::Refused, Rejection::NoSuchTrail.number())
                .await;
        }
    }
    assert_eq!(finding(&yard.shelter), None, "nobody has shown anything");
    assert!((1..=64).contains(&asked), "{asked} questions");
}

/// [BAK-59]
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_everything_without_end_is_told_to_wait() {
    let yard = yard().await;
    meet(&yard.shelter, &yard.lipa, "lipa").await;
    let question = wire::LostRequest { incarnation: 1, trail: Vec::new() };
    let ask = |times| LetterContent { lost: vec![question.clone(); times], ..content(&[]) };
    assert_eq!(yard.send(&ask(64)).await, later(Rejection::TooMany));
    for _ in 0..4 {
        assert_eq!(yard.send(&ask(1)).await, STORED);
    }
    assert_eq!(yard.send(&ask(1)).await, later(Rejection::TooMany));
    let sealed = yard.seal(&ask(1));
    assert_eq!(Post(yard.shelter.clone()).receive(&yard.lipa.id, sealed).await, STORED, "another one asks for itself");
    // Nobody restored asks for it.
    let nobody = wire::LostRequest { incarnation: 0, trail: Vec::new() };
    let content = LetterContent { lost: vec![nobody], ..content(&[]) };
    assert_eq!(yard.send(&content).await, refused(Rejection::Malformed));
}
