//! What the first organisation signed is checked by the third and the fifth, and no copy goes to two.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod chain;
mod copies;
mod settled;
mod stranger;
#[path = "../town/mod.rs"]
mod town;
mod withdrawal;

use chain::{ROW, Row, Word};
use town::{say, worker};
use uput_core::{attestation::Attestation, event::Statement, rejection::Rejection, wire::AttestationStanding};

/// [ONW-5] [ONW-8] [ONW-9] [ONW-11]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_signed_is_verified_by_the_third_and_the_fifth() {
    let row = Row::found().await;
    let first = row.accepted(0, 1, None).await;
    let mut said = row.identity(0, first, Word::Signed).await.unwrap();
    let mut trail = first;
    for (at, name) in ROW.iter().enumerate().skip(1) {
        let (attested, copy) = row.word(at, &trail, &said).await;
        assert_eq!(attested.standing(), AttestationStanding::Verified, "{name}");
        assert_eq!((attested.name.as_str(), attested.organisation), (ROW[0], row.houses[0].id.to_vec()));
        assert_eq!(attested.labels, ["age_band", "name", "language"]);
        assert!(copy.len() > 1000 && attested.day % 86_400 == 0);
        if at < 4 {
            let case = row.taken_over(at, trail).await;
            trail = row.accepted(at, at + 1, Some(case)).await;
            said = row.identity(at, trail, Word::Passed).await.unwrap();
        }
    }
}

/// [ONW-4] [ONW-10] [ONW-8]
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_goes_to_one_organisation_and_another_one_is_asked_for() {
    let row = Row::found().await;
    let received = row.accepted(0, 1, None).await;
    row.identity(0, received, Word::Signed).await.unwrap();
    let case = row.taken_over(1, received).await;
    let [third, fifth] = [row.accepted(1, 2, Some(case)).await, row.accepted(1, 4, Some(case)).await];
    let one = row.identity(1, third, Word::Passed).await.unwrap();
    let refused = row.identity(1, fifth, Word::Passed).await.unwrap_err();
    assert_eq!(refused.rejection(), Rejection::CopyGiven);
    // To the same one it may go again.
    row.say_who(1, third, Statement::Corrected, Word::Passed).await.unwrap();
    // Whoever signed it makes another one, of the same.
    row.say_who(0, received, Statement::Corrected, Word::Signed).await.unwrap();
    row.stands(1, &received, |shown| shown.events.iter().any(|event| event.kind == "corrected")).await;
    row.taken_over(1, received).await;
    let other = row.identity(1, fifth, Word::Passed).await.unwrap();
    let [(at_third, one), (at_fifth, other)] = [row.word(2, &third, &one).await, row.word(4, &fifth, &other).await];
    assert_eq!(
        (at_third.standing(), at_fifth.standing()),
        (AttestationStanding::Verified, AttestationStanding::Verified)
    );
    assert_ne!(one, other);
    // Neither goes to anybody else, whoever typed it.
    let refused = row.say_who(1, fifth, Statement::Corrected, Word::Copy(one)).await.unwrap_err();
    assert_eq!(refused.rejection(), Rejection::CopyGiven);
}

/// [ONW-9]
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_signed_so_is_not_passed_on() {
    let row = Row::found().await;
    let received = row.accepted(0, 1, None).await;
    let said = row.identity(0, received, Word::Signed).await.unwrap();
    let (_, copy) = row.word(1, &received, &said).await;
    let onward = row.accepted(1, 2, None).await;
    // What still has its form, and its author did not sign.
    let chain = row.houses[0].chain();
    let forged = (0..copy.len()).map(|at| {
        let digit = if &copy[at..=at] == "0" { "1" } else { "0" };
        format!("{}{digit}{}", &copy[..at], &copy[at + 1..])
    });
    let unsigned = |forged: &String| {
        Attestation::parse(forged).is_ok_and(|copy| copy.verify(&chain) == Err(Rejection::BadSignature))
    };
    let forged: Vec<String> = forged.filter(unsigned).step_by(16).collect();
    assert!(forged.len() > 4, "{}", forged.len());
    for forged in forged {
        let refused = row.identity(1, onward, Word::Copy(forged)).await.unwrap_err();
        assert_eq!(refused.rejection(), Rejection::BadSignature);
    }
    row.identity(1, onward, Word::Copy(copy)).await.unwrap();
}

/// [CAS-100] [CAS-101]
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_at_the_first_reaches_the_fifth_and_nothing_beside() {
    let row = Row::found().await;
    let first = row.accepted(0, 1, None).await;
    row.identity(0, first, Word::Signed).await.unwrap();
    let (mut trails, mut trail) = (vec![first], first);
    for at in 1..4 {
        let case = row.taken_over(at, trail).await;
        trail = row.accepted(at, at + 1, Some(case)).await;
        row.identity(at, trail, Word::Passed).await.unwrap();
        row.stands(at + 1, &trail, |shown| shown.stage == 2).await;
        trails.push(trail);
    }
    // What she told the second herself, in the same case, goes on.
    let case = row.nodes[1].case_of(&first).unwrap();
    let own = row.typed(1, 4, case).await;
    say(&row.nodes[0], first, Statement::Withdrawn).await.unwrap();
    for (at, trail) in trails.iter().enumerate() {
        row.stands(at + 1, trail, |shown| shown.events.iter().any(|event| event.kind == "withdrawn")).await;
    }
    let shown = row.nodes[1].show(&worker(), &own, false).await.unwrap();
    assert!(shown.events.iter().all(|event| event.kind != "withdrawn"));
    // It stands in the list, with the one trail that it became something in, and is said once.
    let list = row.nodes[1].list_follow_ups(&worker(), &case).await.unwrap();
    assert_eq!((list.len(), list[0].change.as_str(), list[0].trails.len()), (1, "withdrawn_before", 1));
    assert_eq!((list[0].trails[0].trail.clone(), list[0].complete), (trails[1].to_vec(), true));
    let shown = row.nodes[1].show(&worker(), &trails[1], false).await.unwrap();
    assert_eq!(shown.events.iter().filter(|event| event.kind == "withdrawn").count(), 1);
}
