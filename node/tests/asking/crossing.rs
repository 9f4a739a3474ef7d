//! What crosses her choice ends alike on both sides, and names nobody.

use uput_core::{
    event::Statement,
    rejection::Rejection,
    time::Span,
    wire::{self, Choice, ServiceType},
};
use uput_node::{clock, node::NewEvent, places::Capacity};

use crate::{
    shelters::{chosen, hold, identity, named, need, town},
    town::{BY, Carrier, enquiry, fields, reads, say, until, worker},
};

/// [CAS-84] She chooses while the hold runs out there and the bed goes to somebody else; the others have been told. Nobody who
/// was not chosen is named, and the others are asked anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_crosses_the_end_of_a_hold_names_nobody_and_the_others_are_asked_anew() {
    let town = town().await;
    let carriers = town.carriers();
    let (case, trails) = town.asked().await;
    let [jasen, lipa] = [trails[0], trails[1]];
    let one = Capacity { places: 1, overflow: 0 };
    town.nodes[1].set_places(&BY, ServiceType::Shelter, one).await.unwrap();
    for (n, seconds) in [(1, 3), (2, 3_600)] {
        town.nodes[n].record_event(hold(trails[n - 1], seconds)).await.unwrap();
        reads(town.hotline(), &trails[n - 1], "held").await;
    }
    let lapses = clock::now().after(Span(3));
    town.quiet().await;
    // The line is down: she chooses in time, and it arrives too late.
    drop(carriers);
    town.hotline().follow_up(chosen(case, jasen)).await.unwrap();
    need(town.hotline(), jasen).await;
    until(|| async { clock::now() > lapses }).await;
    let elsewhere = {
        let _carriers = Carrier::both(town.hotline(), &town.nodes[1]);
        until(|| async { town.nodes[1].show(&worker(), &jasen, false).await.unwrap().stage == 1 }).await;
        let other = town.hotline().open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        reads(&town.nodes[1], &other, "asked").await;
        town.nodes[1]
            .record_event(NewEvent { fields: fields(&[("places", "1")]), ..hold(other, 3_600) })
            .await
            .unwrap();
        other
    };
    assert_ne!(town.hotline().case_of(&elsewhere), Some(case));
    let _carriers = town.carriers();
    let refused = say(&town.nodes[1], jasen, Statement::Accepted).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::NoPlace);
    say(&town.nodes[1], jasen, Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    reads(town.hotline(), &jasen, "declined").await;
    assert_eq!(town.choice(case, &jasen).await.1, Choice::No);
    assert!(town.hotline().record_event(identity(jasen)).await.is_err(), "a no gives no right to a name");
    // Lipa had been told; it is asked anew, without a word about her, and holds again.
    reads(&town.nodes[2], &lipa, "chosen_elsewhere").await;
    say(town.hotline(), lipa, Statement::Reopened).await.unwrap();
    reads(&town.nodes[2], &lipa, "asked").await;
    assert_eq!(town.nodes[2].show(&worker(), &lipa, false).await.unwrap().stage, 0);
    town.nodes[2].record_event(hold(lipa, 3_600)).await.unwrap();
    reads(town.hotline(), &lipa, "held").await;
    town.hotline().follow_up(chosen(case, lipa)).await.unwrap();
    named(&town, 2, lipa).await;
    reads(&town.nodes[1], &jasen, "chosen_elsewhere").await;
    assert_eq!(town.choice(case, &lipa).await, ("accepted".to_owned(), Choice::Chosen));
}

/// [CAS-84] A no, and a yes, that cross the choice: whichever comes first, both sides read the same, and places are free again.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_cross_the_choice_end_alike_on_both_sides() {
    let town = town().await;
    let carriers = town.carriers();
    let (case, trails) = town.asked().await;
    let [jasen, lipa, gora] = [trails[0], trails[1], trails[2]];
    let one = Capacity { places: 1, overflow: 0 };
    town.nodes[2].set_places(&BY, ServiceType::Shelter, one).await.unwrap();
    town.nodes[1].record_event(hold(jasen, 3_600)).await.unwrap();
    reads(town.hotline(), &jasen, "held").await;
    town.quiet().await;
    drop(carriers);
    // Here: Jasen is chosen, and what she needs is said. There, before they hear: Jasen says no, Lipa yes, Gora no.
    town.hotline().follow_up(chosen(case, jasen)).await.unwrap();
    need(town.hotline(), jasen).await;
    say(&town.nodes[1], jasen, Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    town.nodes[2].record_event(hold(lipa, 3_600)).await.unwrap();
    say(&town.nodes[3], gora, Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    assert_eq!(town.nodes[2].view_places()[0].free, 0);
    let _carriers = town.carriers();
    for (n, trail, stands) in [(1, jasen, "declined"), (2, lipa, "chosen_elsewhere"), (3, gora, "chosen_elsewhere")] {
        reads(&town.nodes[n], &trail, stands).await;
        reads(town.hotline(), &trail, stands).await;
    }
    town.quiet().await;
    until(|| async { town.nodes[2].view_places()[0].free == 1 }).await;
    // What crossed Jasen's no its node did not open, and purged by itself.
    let there = town.nodes[1].show(&worker(), &jasen, true).await.unwrap();
    let told = there.events.iter().flat_map(|event| &event.fields).filter(|field| !field.value.is_empty());
    let told: Vec<&str> = told.map(|field| field.label.as_str()).collect();
    let purged = there.events.iter().any(|event| event.kind == "purged");
    assert!(purged && there.owed == 0 && !told.contains(&"age_band"), "{purged} {} {told:?}", there.owed);
    assert_eq!(town.choice(case, &jasen).await.1, Choice::No);
}
