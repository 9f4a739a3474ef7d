//! Whom she can choose, and that a name goes to one.

use uput_core::{
    event::Statement,
    rejection::Rejection,
    time::Span,
    wire::{self, Beside, Choice, LegalBasis, ServiceType},
};
use uput_node::{
    clock,
    node::{NewFollowUp, NewTrail},
};

use crate::{
    shelters::{HERS, chosen, hold, identity, named, need, refused_choice, town},
    town::{enquiry, fields, reads, say, until, worker},
};

/// [CAS-82] [PLC-10] Whom she would not get is not chosen, and whoever asks hears what to do.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_chosen_whose_hold_has_run_out_or_who_has_not_said_yes() {
    let town = town().await;
    let _carriers = town.carriers();
    let (case, trails) = town.asked().await;
    let [jasen, lipa, gora] = [trails[0], trails[1], trails[2]];
    assert!(refused_choice(town.hotline(), case, jasen).await.contains("wait for their answer"));
    town.nodes[1].record_event(hold(jasen, 1)).await.unwrap();
    let lapses = clock::now().after(Span(1));
    say(&town.nodes[2], lipa, Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    reads(town.hotline(), &jasen, "held").await;
    reads(town.hotline(), &lipa, "declined").await;
    until(|| async { clock::now() > lapses }).await;
    assert_eq!(town.choice(case, &jasen).await, ("held".to_owned(), Choice::Lapsed));
    assert_eq!(town.choice(case, &lipa).await, ("declined".to_owned(), Choice::No));
    assert_eq!(town.choice(case, &gora).await, ("asked".to_owned(), Choice::NoAnswer));
    assert!(refused_choice(town.hotline(), case, jasen).await.contains("let them hold it again"));
    assert!(refused_choice(town.hotline(), case, lipa).await.contains("they said no"));
    let check = NewFollowUp { validate_only: true, ..chosen(case, jasen) };
    assert!(town.hotline().follow_up(check).await.is_err());
    // Nobody was told anything by it.
    assert_eq!(town.choice(case, &gora).await.0, "asked");
    // They say by telephone that it is still there.
    say(town.hotline(), jasen, Statement::Phoned(wire::PhoneAnswer::Yes)).await.unwrap();
    assert_eq!(town.choice(case, &jasen).await.1, Choice::Possible);
    town.nodes[1].record_event(hold(jasen, 3_600)).await.unwrap();
    let longest = || async {
        let all = town.hotline().list_enquiries(&worker(), &case).await.unwrap();
        all.iter().map(|one| one.until).max().unwrap()
    };
    until(|| async { longest().await > lapses.get() + 1_000 }).await;
    town.hotline().follow_up(chosen(case, jasen)).await.unwrap();
    assert_eq!(town.choice(case, &jasen).await.1, Choice::Chosen);
    assert_eq!(town.choice(case, &gora).await, ("chosen_elsewhere".to_owned(), Choice::Ended));
    assert!(refused_choice(town.hotline(), case, gora).await.contains("the trail has ended"));
}

/// [CAS-81] A name goes to one: while the first one stands it goes to no second, in whatever way.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_goes_to_no_second_while_the_first_stands() {
    let town = town().await;
    let _carriers = town.carriers();
    let (case, trails) = town.asked().await;
    let [jasen, lipa, gora] = [trails[0], trails[1], trails[2]];
    for (node, trail) in town.nodes.iter().skip(1).zip(&trails) {
        node.record_event(hold(*trail, 3_600)).await.unwrap();
        reads(town.hotline(), trail, "held").await;
    }
    town.hotline().follow_up(chosen(case, jasen)).await.unwrap();
    named(&town, 1, jasen).await;
    // Lipa is asked anew, says yes to all, and is not told.
    say(town.hotline(), lipa, Statement::Reopened).await.unwrap();
    reads(&town.nodes[2], &lipa, "asked").await;
    town.nodes[2].record_event(hold(lipa, 3_600)).await.unwrap();
    reads(town.hotline(), &lipa, "held").await;
    need(town.hotline(), lipa).await;
    until(|| async { town.nodes[2].show(&worker(), &lipa, false).await.unwrap().stage == 1 }).await;
    say(&town.nodes[2], lipa, Statement::Accepted).await.unwrap();
    reads(town.hotline(), &lipa, "accepted").await;
    let refused = town.hotline().record_event(identity(lipa)).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::ChooseFirst);
    // Nor by a trail that begins with it.
    let decided = [
        ("decision_reference", "1/2026"),
        ("decision_issuer", "An Invented Centre"),
        ("decision_date", "2026-01-01"),
        ("decision_until", "2099-12-31"),
        ("name", HERS[0]),
    ];
    let at_once = |peer, beside| NewTrail {
        case: Some(case),
        service_type: ServiceType::SocialWork,
        stage: 2,
        basis: LegalBasis::PublicTaskDecision,
        fields: fields(&decided),
        beside,
        ..enquiry(peer)
    };
    town.hotline().open_trail(at_once("shelter-jasen", Beside::Unspecified)).await.unwrap();
    let refused = town.hotline().open_trail(at_once("shelter-gora", Beside::Unspecified)).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::ChooseFirst);
    town.hotline().open_trail(at_once("shelter-gora", Beside::Told)).await.unwrap();
    // She changes her mind: the first hears it, and then the second is told.
    town.hotline().follow_up(chosen(case, lipa)).await.unwrap();
    reads(&town.nodes[1], &jasen, "chosen_elsewhere").await;
    town.hotline().record_event(identity(lipa)).await.unwrap();
    assert_eq!(town.choice(case, &gora).await.1, Choice::Ended);
}
