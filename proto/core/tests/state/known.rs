//! What is asked of a history about one event: who had seen what, and what could be expected then.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::state::{
    Broken, Crossed, Duty, Finding, Headline, History, Kind, Offer, Side, Values, Verdict, VoidReason, may,
};

use crate::trail::Trail;

const TRAIL: &str = "
    o O opened1
    a P accepted seen=o
    i O identity seen=a
    d P declined seen=o
    w O withdrawn seen=a
    p P purged seen=w
";

fn history(trail: &Trail) -> History {
    let mut history = History::new();
    trail.nodes.iter().for_each(|node| assert!(history.append(*node).is_ok()));
    history
}

// [STA-2]
#[test]
fn an_event_that_comes_again_changes_nothing_and_another_under_its_id_is_refused() {
    let trail = Trail::parse(TRAIL);
    let mut history = history(&trail);
    let before = history.reading().unwrap();
    let mut node = trail.nodes[1];
    assert!(history.append(node).is_ok());
    node.kind = Kind::Held;
    assert_eq!(history.append(node), Err(Broken::Contradiction(node.id)));
    assert_eq!(history.reading().unwrap(), before);
}

// [EVT-21] [STA-15]
#[test]
fn what_an_event_could_expect_is_said_by_what_it_knew() {
    let mut trail = Trail::parse(TRAIL);
    let history = history(&trail);
    let [o, a, i, d, w, gone] = ["o", "a", "i", "d", "w", "gone"].map(|name| trail.id(name));
    assert_eq!([o, a, i, d, w, gone].map(|event| history.is_expectant(event)), [true, true, true, false, false, false]);
    assert_eq!([o, a, i, d, gone].map(|event| history.is_accepted_before(event)), [false, false, true, true, false]);
    assert!(history.has_seen(i, a) && !history.has_seen(a, i) && !history.has_seen(d, i) && !history.has_seen(gone, o));
    assert_eq!(
        [vec![o], vec![a], vec![i], vec![gone], vec![]].map(|events| history.stage_at(&events)),
        [1, 1, 2, 0, 0]
    );
    assert!(history.disclosures().eq([o, i]));
}

// [STA-16] [STA-17]
#[test]
fn where_values_stood_is_said_of_each_event() {
    let mut trail = Trail::parse(TRAIL);
    let history = history(&trail);
    let [o, a, i, w, p, gone] = ["o", "a", "i", "w", "p", "gone"].map(|name| trail.id(name));
    let of = |disclosure| [o, a, i, w, p, gone].map(|event| history.values_at(event, disclosure));
    use Values::{Absent, Held, Owed};
    assert_eq!(of(o), [Held, Held, Held, Owed, Absent, Absent]);
    assert_eq!(of(i), [Absent, Absent, Held, Owed, Absent, Absent]);
    assert_eq!(of(gone), [Absent; 6]);
}

#[test]
fn a_part_begins_with_its_opening_and_ends_with_what_is_there() {
    let mut trail = Trail::parse(TRAIL);
    let history = history(&trail);
    let [o, gone] = ["o", "gone"].map(|name| trail.id(name));
    assert_eq!(history.reading_at(&[o]).unwrap().opening, o);
    assert_eq!(history.reading_at(&[]).unwrap_err(), Broken::Openings);
    assert_eq!(history.reading_at(&[gone]).unwrap_err(), Broken::ParentMissing(gone));
    assert_eq!(History::default().reading().unwrap_err(), Broken::Openings);
}

// [STA-4]
#[test]
fn whether_something_may_be_said_is_asked_of_all_that_is_there() {
    let trail = Trail::parse(TRAIL);
    assert_eq!(may(&[], Side::Opener, Kind::Opened0, None), Ok(()));
    assert_eq!(may(&trail.nodes[..1], Side::Peer, Kind::Accepted, None), Ok(()));
    assert!(matches!(may(&trail.nodes, Side::Peer, Kind::Accepted, None), Err(VoidReason::Unmet(_))));
    assert_eq!(may(&trail.nodes[1..], Side::Peer, Kind::Held, None), Err(VoidReason::NoTrail(Broken::Openings)));
    let again = may(&trail.nodes, Side::Opener, Kind::Opened0, None);
    assert!(matches!(again, Err(VoidReason::Unmet(_))), "it is open already: {again:?}");
    let words: Vec<&str> = VoidReason::words().collect();
    assert_eq!(words[..4], ["wrong_side", "not_in_act", "version", "no_trail"]);
    assert_eq!((words[4], words.len()), ("first", 29));
}

fn effective(trail: &mut Trail, name: &str) -> bool {
    let (id, history) = (trail.id(name), history(trail));
    history.reading().unwrap().events[&id].verdict == Verdict::Effective
}

// [STA-6]
#[test]
fn an_opening_and_a_delivery_count_in_whatever_version_and_nothing_else_does() {
    let mut trail = Trail::parse("o O opened1 version=newer\n d P delivered seen=o names=o version=newer");
    trail.line("a P acknowledged seen=o version=newer");
    assert_eq!(["o", "d", "a"].map(|name| effective(&mut trail, name)), [true, true, false]);
}

// [STA-12] [STA-19] [STA-22]
#[test]
fn what_began_before_a_reopening_is_in_nobodys_way_after_it() {
    let begun = "o O opened1\n s P started seen=o\n c O closed seen=s\n";
    let mut trail = Trail::parse(&format!("{begun} r O reopened seen=s\n d P declined seen=r"));
    assert!(effective(&mut trail, "d"), "no service stands");
    trail = Trail::parse(&format!("{begun} r O reopened seen=s"));
    let reading = history(&trail).reading().unwrap();
    assert_eq!((reading.headline, reading.stage as u8), (Headline::Asked, 1));
    // Nothing is left of what was disclosed: the receiver begins again with the enquiry.
    let purged = Trail::parse("o O opened1\n c P closed seen=o\n p P purged\n r P reopened");
    assert_eq!(history(&purged).reading().unwrap().stage as u8, 0);
    let held = Trail::parse("o O opened1\n c P closed seen=o\n r P reopened");
    assert_eq!(history(&held).reading().unwrap().stage as u8, 1);
}

// [STA-17]
#[test]
fn what_was_purged_is_not_owed_because_another_was_unseen_at_the_close() {
    let mut trail = Trail::parse(
        "o O opened1
         a P accepted seen=o
         i O identity seen=a
         c P closed seen=o
         p P purged seen=i
         j O identity seen=a",
    );
    let owed = history(&trail).reading().unwrap().owed;
    assert!(owed.keys().eq([&trail.id("j")]), "{owed:?}");
}

// [STA-18]
#[test]
fn nobody_takes_an_offer_without_naming_it() {
    let mut trail =
        Trail::parse("o O opened1\n a P accepted seen=o\n f O transfer_offered seen=a\n t P transfer_taken seen=f");
    assert!(!effective(&mut trail, "t"));
}

// [STA-9]
#[test]
fn what_was_disclosed_may_be_handed_over_after_a_no_and_nothing_before_its_stage() {
    let found = |text: &str| {
        let mut trail = Trail::parse(text);
        let findings = history(&trail).reading().unwrap().findings;
        let wrong = ["h", "g"].map(|name| Finding::HandedOverWithoutRight(trail.id(name)));
        wrong.map(|finding| findings.contains(&finding))
    };
    let known = "o O opened1\n a P accepted seen=o\n i O identity seen=a\n d P declined seen=i\n";
    assert_eq!(found(&format!("{known} h O handed_over1 seen=d\n g O handed_over2 seen=d")), [false, false]);
    assert_eq!(found("o O opened1\n d P declined seen=o\n h O handed_over1 seen=d\n g O handed_over2"), [false, true]);
    assert_eq!(found("o O opened0\n h O handed_over1\n g O handed_over2"), [true, true]);
}

// [STA-21]
#[test]
fn a_stop_of_the_new_epoch_holds_against_a_reopening_that_crossed_it() {
    let mut trail = Trail::parse(
        "o O opened1
         c P closed seen=o
         r O reopened seen=c
         w O withdrawn seen=c
         p P reopened",
    );
    let crossings = history(&trail).reading().unwrap().crossings;
    let [w, p] = ["w", "p"].map(|name| trail.id(name));
    let of = |event| crossings.iter().find(|crossing| crossing.opener == event && crossing.peer == p);
    assert_eq!(of(w).map(|crossing| crossing.outcome), Some(Crossed::StopHolds), "{crossings:?}");
}

// [STA-19]
#[test]
fn headlines_have_their_words_in_the_order_of_dominance() {
    let words = "withdrawn revoked misdirected chosen_elsewhere closed provided started redirected declined waitlisted held \
                 partly_accepted accepted asked";
    assert_eq!(Headline::ALL.map(Headline::word).join(" "), words);
    assert!(Headline::ALL.is_sorted());
}

// [STA-9]
#[test]
fn who_says_delivered_of_what_it_has_not_seen_holds_more_than_it_says() {
    let stale = |text: &str| {
        let mut trail = Trail::parse(text);
        let finding = Finding::StaleSeen(trail.id("d"));
        history(&trail).reading().unwrap().findings.contains(&finding)
    };
    assert!(stale("o O opened1\n a P accepted seen=o\n d O delivered names=a"), "it names it, and has seen nothing");
    assert!(!stale("o O opened1\n a P accepted seen=o\n d O delivered names=a seen=a"));
    let three = "o O opened1\n a P acknowledged seen=o\n b P acknowledged\n c P accepted\n";
    assert!(stale(&format!("{three} d O delivered names=c seen=a")), "it has seen the first of three");
}

// [STA-17] The sender has signed twice: what its closing had not seen is the receiver's to purge only if the receiver closed.
#[test]
fn a_closing_of_the_sender_makes_nothing_owed() {
    let trail = Trail::parse("o O opened1\n a P accepted seen=o\n i O identity seen=a\n c O closed prev=o seen=a");
    assert!(history(&trail).reading().unwrap().owed.is_empty());
    let mut trail = Trail::parse("o O opened1\n a P accepted seen=o\n i O identity seen=a\n c P closed seen=o");
    assert!(history(&trail).reading().unwrap().owed.keys().eq([&trail.id("i")]));
}

// [STA-11] [STA-21]
#[test]
fn a_no_of_the_epoch_before_crosses_nothing_of_the_new_one() {
    let mut trail = Trail::parse(
        "o O opened1
         c O closed
         r O reopened
         n O need
         d P declined seen=o",
    );
    let (n, crossings) = (trail.id("n"), history(&trail).reading().unwrap().crossings);
    assert!(crossings.iter().all(|crossing| crossing.opener != n), "{crossings:?}");
}

// [STA-9] [STA-72]
#[test]
fn what_two_do_together_is_found_where_one_planned_it_or_did_it_alone() {
    let alone = |text: &str| {
        let mut trail = Trail::parse(&format!("o O opened2 act=joint_action\n{text}"));
        let finding = Finding::NotAgreed(trail.id("x"));
        history(&trail).reading().unwrap().findings.contains(&finding)
    };
    assert!(alone("x O plan") && alone("x P visited seen=o"));
    assert!(!alone("a P accepted seen=o\n x O plan seen=a"));
    assert!(!alone("x P task seen=o") && !alone("x P acknowledged seen=o"), "neither plan nor deed");
}

// [STA-70]
#[test]
fn a_reopening_neither_takes_a_ground_away_nor_gives_one_back() {
    let grounds = |text: &str| {
        let mut trail = Trail::parse(&format!("o O opened1\n d P decision seen=o type=placement\n{text}"));
        let (ground, history) = (trail.id("d"), history(&trail));
        history.reading().unwrap().decisions.contains(&ground)
    };
    assert!(grounds("c P closed\n r P reopened"));
    assert!(!grounds("n P decision_no type=placement\n c P closed\n r P reopened"));
    assert!(grounds("n P decision_no type=guardianship\n c P closed\n r P reopened"));
}

// [STA-21]
#[test]
fn a_refused_decision_crosses_who_she_is_only_where_nothing_else_carries_it() {
    let gone = |opening: &str, yes: &str, refused: &str| {
        let mut trail = Trail::parse(&format!(
            "o O {opening}
             d O decision type=placement
             {yes}
             i O identity seen=all
             n P decision_no seen=d type={refused}"
        ));
        let (i, n) = (trail.id("i"), trail.id("n"));
        let crossings = history(&trail).reading().unwrap().crossings;
        let of = crossings.iter().find(|crossing| crossing.opener == i && crossing.peer == n);
        of.map(|crossing| crossing.outcome)
    };
    assert_eq!(gone("opened1", "", "placement"), Some(Crossed::GroundGone));
    assert_eq!(gone("opened1", "", "guardianship"), None, "another ground than the one that is there");
    assert_eq!(gone("opened1", "a P accepted seen=d", "placement"), None, "she was accepted");
    assert_eq!(gone("opened2", "", "placement"), None, "the law told who she is");
}

// [STA-14] [STA-4]
#[test]
fn who_stands_on_a_list_may_be_told_the_need() {
    for answer in ["held", "waitlisted"] {
        let mut trail = Trail::parse(&format!("o O opened0\n a P {answer} seen=o\n n O need seen=a"));
        assert!(effective(&mut trail, "n"), "{answer}");
    }
}

// [STA-2]
#[test]
fn a_trail_is_opened_once() {
    let trail = Trail::parse("o O opened1\n p O opened1 prev=none");
    let mut history = History::new();
    assert!(history.append(trail.nodes[0]).is_ok());
    assert_eq!(history.append(trail.nodes[1]), Err(Broken::Openings));
}

// [STA-21]
#[test]
fn a_yes_that_crossed_a_reopening_is_asked_for_again_whether_whole_or_in_part() {
    for answer in ["accepted", "partly_accepted"] {
        let mut trail = Trail::parse(&format!(
            "o O opened1
             w O closed
             r O reopened
             p P reopened seen=w
             a P {answer}"
        ));
        let (r, a) = (trail.id("r"), trail.id("a"));
        let crossings = history(&trail).reading().unwrap().crossings;
        let of = crossings.iter().find(|crossing| crossing.opener == r && crossing.peer == a);
        assert_eq!(of.map(|crossing| crossing.outcome), Some(Crossed::AskAgain), "{answer}");
    }
}

// [STA-18]
#[test]
fn an_offer_that_was_recalled_does_not_come_back_with_a_reopening() {
    let mut trail = Trail::parse("o O opened1\n a P accepted seen=o\n f O transfer_offered seen=a");
    assert_eq!(history(&trail).reading().unwrap().offer, Offer::Open(trail.id("f")));
    ["k O transfer_recalled", "c O closed", "r O reopened"].into_iter().for_each(|line| trail.line(line));
    assert_eq!(history(&trail).reading().unwrap().offer, Offer::None);
}

// [STA-9]
#[test]
fn a_task_that_names_no_plan_has_none() {
    let mut trail = Trail::parse("o O opened1\n t P task seen=o");
    assert!(history(&trail).reading().unwrap().findings.contains(&Finding::NoPlan(trail.id("t"))));
}

// [STA-17]
#[test]
fn a_correction_that_was_purged_is_owed_no_more_when_a_later_one_is() {
    let mut trail = Trail::parse(
        "o O opened1
         c O corrected
         e O closed
         p P purged seen=e
         d O corrected",
    );
    let reading = history(&trail).reading().unwrap();
    let d = trail.id("d");
    assert_eq!(reading.outstanding, BTreeSet::from([d]));
    assert_eq!(reading.owed, BTreeMap::from([(d, BTreeSet::from([Duty::NothingToCorrect]))]));
}

// [STA-18]
#[test]
fn of_two_offers_the_one_with_the_lowest_id_is_shown_and_after_completion_none_is_open() {
    let asked = "o O opened1\n y P accepted seen=o\n w O warned seen=y\n";
    let mut twins = Trail::parse(&format!("{asked} f O transfer_offered\n g O transfer_offered prev=w"));
    let offers = ["f", "g"].map(|name| twins.id(name));
    assert_eq!(history(&twins).reading().unwrap().offer, Offer::Open(offers.into_iter().min().unwrap()));
    let mut done = Trail::parse(&format!(
        "{asked} f O transfer_offered\n t P transfer_taken seen=f names=f\n k O transfer_completed seen=t"
    ));
    let history = history(&done);
    let [f, k] = ["f", "k"].map(|name| done.id(name));
    assert_eq!(history.reading().unwrap().offer, Offer::Completed(k));
    for (side, kind) in [(Side::Opener, Kind::TransferRecalled), (Side::Opener, Kind::TransferCompleted)] {
        assert!(history.may(side, kind, None).is_err(), "{kind:?}");
    }
    assert!(history.may(Side::Peer, Kind::TransferTaken, Some(f)).is_err());
}

// [STA-23]
#[test]
fn a_fresh_basis_is_needed_for_a_withdrawal_alone_and_where_something_was_told_of_her() {
    let fresh = |text: &str| {
        let trail = Trail::parse(text);
        let fresh = history(&trail).reading().unwrap().fresh_basis;
        let named = |(id, withdrawn): (_, BTreeSet<_>)| {
            (trail.name(id).to_owned(), withdrawn.iter().map(|id| trail.name(*id).to_owned()).collect::<Vec<_>>())
        };
        fresh.into_iter().map(named).collect::<Vec<_>>()
    };
    let of = |id: &str, withdrawn: &str| vec![(id.to_owned(), vec![withdrawn.to_owned()])];
    assert_eq!(fresh("o O opened1\n w O withdrawn\n r O reopened"), of("r", "w"));
    assert_eq!(
        fresh("o O opened1\n v O revoked\n w O withdrawn\n r O reopened"),
        of("r", "w"),
        "not for the revocation"
    );
    assert_eq!(fresh("o O opened1\n w O withdrawn\n r O reopened\n e O closed\n s O reopened"), of("r", "w"), "once");
    assert_eq!(fresh("o O opened0\n w O withdrawn\n r O reopened"), [], "nothing was told of her");
    assert_eq!(fresh("o O opened1\n e O closed\n r O reopened"), [], "nobody withdrew");
}

// [STA-9] What is named is hidden only where it is there, and its author had not seen it.
#[test]
fn a_delivery_hides_nothing_from_whoever_does_not_have_what_it_names() {
    let mut trail =
        Trail::parse("o O opened1\n n O need\n m O need\n a P acknowledged seen=n\n d P delivered seen=n names=m\n");
    let history = history(&trail);
    let [m, d] = ["m", "d"].map(|name| trail.id(name));
    let stale = |reading: &uput_core::state::Reading| reading.findings.contains(&Finding::StaleSeen(d));
    assert!(stale(&history.reading().unwrap()));
    assert!(!stale(&history.reading_at(&[d]).unwrap()), "what is named is not known there");
    assert!(stale(&history.reading_at(&[d, m]).unwrap()));
    let mut fork =
        Trail::parse("o O opened1\n n O need\n m O need prev=o\n a P acknowledged seen=n\n d P delivered names=m\n");
    let stale = |trail: &mut Trail| {
        let d = trail.id("d");
        self::history(trail).reading().unwrap().findings.contains(&Finding::StaleSeen(d))
    };
    assert!(stale(&mut fork), "seen is none there");
    let mut other = Trail::parse(
        "o O opened1\n n O need\n m O need prev=o\n a P acknowledged seen=n\n d P delivered seen=n names=m\n",
    );
    assert!(!stale(&mut other), "it stands on another branch");
}
