//! A clock that is set while its node runs: it is noticed, nothing ends by it, what people type is kept and marked, and it heals
//! when the clock agrees again or others confirm it.
#![cfg(debug_assertions)]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;
use town::{Carrier, House, Pair, agree, enquiry, event, introduce, pair, until, worker};
use uput_core::{
    event::Statement,
    id::TrailId,
    log::Tick,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{self, CheckLevel, OverrideKind, Role},
};
use uput_node::{
    clock,
    node::{NewTrail, Node, Passed, Post},
    peer::{Contact, Difficulty, Mailroom as _, Skew},
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;
/// Before the keys of every house that a test founds were signed.
const LONG_AGO: i64 = -10 * YEAR;
/// A day and a year ahead, an hour and ten years back.
const SET: [i64; 4] = [DAY, YEAR, -HOUR, LONG_AGO];

/// The clock is one for all tests of this program: they take turns, and leave it as it was.
static CLOCK: Mutex<()> = Mutex::const_new(());

struct Right;

impl Drop for Right {
    fn drop(&mut self) {
        clock::set(0);
        clock::believe();
    }
}

/// A hotline and its peers, whose clock is watched from now on.
async fn watched() -> (Pair, Right) {
    clock::set(0);
    let pair = pair().await;
    pair.hotline.remember_times();
    (pair, Right)
}

fn check(node: &Node) -> wire::Check {
    node.checks(clock::now()).into_iter().find(|check| check.name == "clock").unwrap()
}

/// To the hour, as it is said.
fn said(time: Seconds) -> String {
    let time = jiff::Timestamp::from_second(i64::try_from(time.get()).unwrap()).unwrap();
    time.strftime("%Y-%m-%d %H:").to_string()
}

/// Whether it names the time before it was said or the one after: an hour may end meanwhile.
fn says(text: &str, [before, after]: [Seconds; 2]) -> bool {
    [before, after].into_iter().any(|time| text.contains(&said(time)))
}

fn is_near(time: Seconds, other: Seconds) -> bool {
    time.get().abs_diff(other.get()) < 600
}

/// What the hotline measures of each peer's clock, against what its own shows now.
fn measures(pair: &Pair, ahead: [Option<i64>; 3]) {
    let post = Post(pair.hotline.clone());
    for (house, ahead) in pair.houses.iter().skip(1).zip(ahead) {
        match ahead {
            Some(ahead) => {
                post.contact(&house.id, Contact::Connected);
                post.contact(&house.id, Contact::Clock(Skew { ahead, bound: 10 }));
            }
            None => post.contact(&house.id, Contact::Failed(Difficulty::Unreachable)),
        }
    }
}

/// [TIM-90]
#[tokio::test(flavor = "multi_thread")]
async fn it_is_noticed_with_both_times_and_the_time_goes_on_by_the_counter() {
    let _alone = CLOCK.lock().await;
    let (pair, _right) = watched().await;
    let node = &pair.hotline;
    let right = clock::system();
    for little in [0, 9 * 60_000, -9 * 60_000] {
        clock::set(little);
        assert_eq!(clock::jump(), None, "{little}");
        assert!(is_near(clock::now(), right.after(Span(540))) || little <= 0);
        assert!(node.may_end_by_time(), "{little}");
    }
    for set in SET {
        clock::set(set);
        assert!(is_near(clock::now(), right), "{set}");
        let (shown, counted) = (clock::system(), clock::now());
        let found = check(node);
        assert_eq!(found.level(), CheckLevel::Error, "{set}");
        assert!(found.finding.contains("was set while this node runs: it shows"), "{}", found.finding);
        for times in [[shown, clock::system()], [counted, clock::now()]] {
            assert!(says(&found.finding, times), "{}: {}", found.finding, times.map(said).join(" or "));
        }
        clock::set(0);
        assert_eq!(check(node).level(), CheckLevel::Ok, "it agrees again");
        assert!(node.may_end_by_time());
    }
}

/// A shelter that holds a place for an hour.
async fn held(pair: &Pair) -> TrailId {
    let carriers = town::Carrier::both(&pair.hotline, &pair.shelter);
    let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    town::until(|| async { pair.shelter.case_of(&trail).is_some() }).await;
    town::take(&pair.shelter, &trail).await;
    let until = clock::now().after(Span(3600));
    pair.shelter.record_event(event(trail, Statement::Held { until })).await.unwrap();
    let known = || async { pair.hotline.show(&worker(), &trail, false).await.is_ok_and(|seen| seen.events.len() > 2) };
    town::until(known).await;
    drop(carriers);
    trail
}

/// [TIM-90] [RET-3] [NOD-92] [LOG-62]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_ends_by_it() {
    let _alone = CLOCK.lock().await;
    let (pair, _right) = watched().await;
    let node = &pair.hotline;
    let trail = held(&pair).await;
    let state = || async {
        let seen = node.show(&worker(), &trail, false).await.unwrap();
        let endings: Vec<_> = seen.endings.iter().map(|end| (end.what.clone(), end.stands.clone())).collect();
        (seen.headline, endings, seen.deadlines.iter().map(|timer| timer.overdue).collect::<Vec<_>>())
    };
    node.close_ticks(clock::now()).await.unwrap();
    let before = state().await;
    for set in SET {
        clock::set(set);
        assert!(!node.may_end_by_time(), "{set}");
        assert_eq!(state().await, before, "{set}");
        assert_eq!(node.end_retentions(clock::system(), Duration::ZERO).await, Passed::default(), "{set}");
        assert_eq!(node.give_heads(clock::system().after(Span(86_400 * 40))).await, 0, "{set}");
        node.close_ticks(clock::now()).await.unwrap();
        let closed = node.log().base() + node.log().size();
        clock::set(0);
        let now = Tick::of(clock::now()).0;
        assert!(closed == now || closed + 1 == now, "{set}: no tick is closed before its time, and none is left open");
    }
    // What the clock shows is what would have ended it.
    clock::set(DAY);
    clock::believe();
    assert_ne!(state().await, before);
}

/// [TIM-91]
#[tokio::test(flavor = "multi_thread")]
async fn what_people_type_is_kept_and_marked() {
    let _alone = CLOCK.lock().await;
    let (pair, _right) = watched().await;
    let node = &pair.hotline;
    let doubted = || {
        let all = node.list_overrides(&town::caller_as(Role::Supervisor), false);
        all.into_iter().filter(|one| one.kind() == OverrideKind::ClockDoubted).count()
    };
    for (number, set) in SET.into_iter().filter(|set| set.abs() > HOUR).enumerate() {
        clock::set(set);
        let before = clock::system();
        let refused = node.open_trail(enquiry("shelter-jasen")).await.unwrap_err();
        assert_eq!(refused.rejection(), Rejection::ClockDoubted, "{set}");
        assert!(refused.to_string().contains("by this node's counter it is"), "{refused}");
        assert!(says(&refused.to_string(), [before, clock::system()]), "{refused}");
        let despite = NewTrail { despite_clock: true, ..enquiry("shelter-jasen") };
        let trail = node.open_trail(despite).await.unwrap().unwrap();
        assert_eq!(doubted(), number + 1);
        let shown = node.show(&worker(), &trail, false).await.unwrap();
        let opening = &shown.events[0];
        assert!(is_near(Seconds::new(opening.time).unwrap(), clock::now()), "{set}");
        assert_eq!(opening.findings, ["clock_set"], "{set}");
        clock::set(0);
        let shown = node.show(&worker(), &trail, false).await.unwrap();
        assert!(shown.events[0].findings.len() == 1, "the mark stays");
    }
    let trail = node.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    assert_eq!(node.show(&worker(), &trail, false).await.unwrap().events[0].findings, [""; 0]);
    clock::set(DAY);
    town::say(node, trail, Statement::ChosenElsewhere).await.unwrap();
    let shown = node.show(&worker(), &trail, false).await.unwrap();
    assert_eq!(shown.events.last().unwrap().findings, ["clock_set"], "what is said asks for no word");
}

/// [TIM-91]
#[tokio::test(flavor = "multi_thread")]
async fn peers_that_are_met_confirm_it_and_one_that_contradicts_does_not() {
    let _alone = CLOCK.lock().await;
    let (pair, _right) = watched().await;
    let node = &pair.hotline;
    for set in SET {
        clock::set(0);
        node.remember_times();
        measures(&pair, [Some(0), Some(0), Some(0)]);
        assert!(node.may_end_by_time());
        clock::set(set);
        assert!(!node.may_end_by_time(), "what was measured before says nothing");
        // They show what the counter does: the clock was set wrong.
        measures(&pair, [Some(-set), None, None]);
        assert!(clock::jump().is_some(), "{set}");
        measures(&pair, [Some(-set), Some(0), None]);
        assert!(clock::jump().is_some(), "{set}: one of two is not most");
        assert!(!node.may_end_by_time());
        measures(&pair, [Some(0), Some(0), Some(-set)]);
        if set == LONG_AGO {
            assert!(clock::jump().is_some(), "a time before the own keys nobody confirms");
            continue;
        }
        assert_eq!(clock::jump(), None, "{set}: most confirm it");
        assert!(is_near(clock::now(), clock::system()));
        measures(&pair, [Some(0), Some(0), Some(0)]);
        // Back by an hour is before what the node has recorded itself, which peers outweigh.
        assert!(node.may_end_by_time(), "{set}");
        assert_eq!(check(node).level(), CheckLevel::Ok, "{set}: {}", check(node).finding);
    }
}

/// The clock of the house whose turn it is.
fn turn(ahead: i64) {
    clock::set(ahead);
    clock::believe();
}

/// One letter, sealed by the clock of whoever sends it, and taken by the clock of whoever receives it.
async fn carried(from: &Arc<Node>, to: &Arc<Node>, sealed: i64, taken: i64) {
    turn(sealed);
    let (from, to) = (Post(from.clone()), Post(to.clone()));
    let outgoing = from.next_letter(&to.organisation()).await;
    turn(taken);
    let (outcome, code) = to.receive(&from.organisation(), outgoing.letter).await;
    from.settle(&to.organisation(), outgoing.ticket, outcome, code).await;
}

/// [TIM-93] [BAS-48] The shelter said yes on the third day; the hotline, which has seen it, dates what it discloses to the first, whose
/// consent ends on the second.
#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_that_is_dated_back_before_the_end_of_its_basis_is_found_where_it_was_received() {
    let _alone = CLOCK.lock().await;
    let (pair, _right) = watched().await;
    let (hotline, shelter) = (&pair.hotline, &pair.shelter);
    let day = |days: u64| {
        let time = jiff::Timestamp::from_second(i64::try_from(clock::system().get() + days * 86_400).unwrap()).unwrap();
        time.strftime("%Y-%m-%d+00:00").to_string()
    };
    let (soon, later) = (day(1), day(30));
    let mut told = Vec::new();
    for (until, answered) in [(&soon, 3 * DAY), (&later, 3 * DAY), (&soon, 0)] {
        turn(0);
        let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        carried(hotline, shelter, 0, answered).await;
        town::take(shelter, &trail).await;
        let held = Statement::Held { until: Seconds::new(4_000_000_000).unwrap() };
        shelter.record_event(event(trail, held)).await.unwrap();
        while shelter.queued().items > 0 {
            carried(shelter, hotline, answered, 0).await;
        }
        let consent: Vec<_> = town::CONSENT.into_iter().filter(|(label, _)| *label != "consent_until").collect();
        let need = [&consent[..], &[("consent_until", until.as_str()), ("language", "sq")]].concat();
        town::say_with(hotline, trail, Statement::Need, &need).await;
        while hotline.queued().items > 0 {
            carried(hotline, shelter, 0, 3 * DAY).await;
        }
        told.push(trail);
    }
    let (post, lipa) = (Post(shelter.clone()), pair.houses[0].id);
    let found = async |trail: &TrailId| {
        let shown = shelter.show(&worker(), trail, false).await.unwrap();
        let need = shown.events.iter().find(|event| event.kind == "need").unwrap();
        assert!(need.void_reason.is_empty() && need.stripped.is_empty(), "it stays as it is");
        need.findings.clone()
    };
    assert_eq!(found(&told[0]).await, [""; 0], "nobody vouches for this clock: it may be the one that is wrong");
    post.contact(&lipa, Contact::Connected);
    post.contact(&lipa, Contact::Clock(Skew { ahead: -3 * DAY, bound: 10 }));
    assert_eq!(found(&told[0]).await, [""; 0], "the one that was measured speaks against it");
    post.contact(&lipa, Contact::Connected);
    post.contact(&lipa, Contact::Clock(Skew { ahead: 0, bound: 10 }));
    assert_eq!(found(&told[0]).await, ["basis_had_ended"]);
    assert_eq!(found(&told[1]).await, [""; 0], "the consent holds for a month");
    assert_eq!(found(&told[2]).await, [""; 0], "the yes that it had seen was said on the first day");
}

/// Two parties and the witness that the first names. What is carried is sealed by a clock that shows the first day.
struct Witnessed {
    _houses: [House; 4],
    hotline: Arc<Node>,
    shelter: Arc<Node>,
    centre: Arc<Node>,
}

impl Witnessed {
    async fn found() -> (Self, Right) {
        clock::set(0);
        let centre = House::found(4).await;
        let hotline = House::found_with(1, vec![centre.id]).await;
        let houses = [hotline, House::found(2).await, House::found(3).await, centre];
        let nodes = houses.each_ref().map(House::open);
        let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
        let mut carriers = Vec::new();
        for (name, node) in names.iter().zip(&nodes).skip(1) {
            introduce(&nodes[0], "hotline", node, name).await;
            carriers.push(Carrier::both(&nodes[0], node));
        }
        // Whose cosignature shows something at the shelter, it knows.
        introduce(&nodes[1], "shelter-jasen", &nodes[3], "centre").await;
        carriers.push(Carrier::both(&nodes[1], &nodes[3]));
        let all: Vec<_> =
            names.iter().zip(&houses).zip(&nodes).map(|((name, house), node)| (*name, house, node)).collect();
        agree(&all).await;
        until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;
        let [hotline, shelter, _, centre] = nodes;
        (Self { _houses: houses, hotline, shelter, centre }, Right)
    }

    /// One letter to the shelter, which there is.
    async fn brought(&self, taken: i64) {
        let brought = carried(&self.hotline, &self.shelter, 0, taken);
        tokio::time::timeout(Duration::from_secs(60), brought).await.unwrap();
    }

    /// All that the shelter has for the hotline.
    async fn answered(&self, sealed: i64) {
        while self.shelter.queued().items > 0 {
            let answered = carried(&self.shelter, &self.hotline, sealed, 0);
            tokio::time::timeout(Duration::from_secs(60), answered).await.unwrap();
        }
    }

    /// An enquiry for which a bed is held, all of it on the first day.
    async fn held(&self) -> TrailId {
        turn(0);
        let trail = self.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        while self.shelter.show(&worker(), &trail, false).await.is_err() {
            self.brought(0).await;
        }
        town::take(&self.shelter, &trail).await;
        let held = Statement::Held { until: Seconds::new(4_000_000_000).unwrap() };
        self.shelter.record_event(event(trail, held)).await.unwrap();
        self.answered(0).await;
        assert_eq!(self.hotline.show(&worker(), &trail, false).await.unwrap().headline, "held");
        trail
    }

    /// What the hotline discloses by a clock that shows the first day, under a consent until that day.
    async fn discloses(&self, trail: TrailId, until: &str) {
        turn(0);
        let consent: Vec<_> = town::CONSENT.into_iter().filter(|(label, _)| *label != "consent_until").collect();
        let need = [&consent[..], &[("consent_until", until), ("language", "sq")]].concat();
        town::say_with(&self.hotline, trail, Statement::Need, &need).await;
    }

    /// The witness cosigns the hotline's log as it stands by then.
    async fn cosigns(&self, at: i64) {
        turn(at);
        self.hotline.close_ticks(clock::now()).await.unwrap();
        let (from, to) = (Post(self.hotline.clone()), Post(self.centre.clone()));
        let query = from.next_query(&to.organisation()).await;
        let reply = to.witness(&from.organisation(), query).await;
        from.answered(&to.organisation(), reply).await;
        assert_eq!(self.hotline.view_log(clock::now()).witnesses[0].size, self.hotline.log().size());
    }

    /// What was disclosed, as the shelter shows it; none: it did not come yet.
    async fn shown(&self, trail: &TrailId) -> Option<wire::TrailEvent> {
        let shown = self.shelter.show(&worker(), trail, false).await.unwrap();
        let need = shown.events.into_iter().find(|event| event.kind == "need")?;
        assert!(need.void_reason.is_empty() && need.stripped.is_empty(), "it stays as it is");
        Some(need)
    }

    async fn finds(&self, trail: &TrailId) -> Vec<String> {
        self.shown(trail).await.unwrap().findings
    }
}

/// [TIM-93] [LOG-97] The shelter wrote nothing since, so that its own word shows nothing: the hotline's log, as a third organisation
/// cosigned it on the third day, did not have yet what claims the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_that_a_witness_did_not_have_at_the_end_of_its_basis_is_found_where_it_was_received() {
    const TICKS: i64 = 25 * 60_000;
    let _alone = CLOCK.lock().await;
    let (town, _right) = Witnessed::found().await;
    let day = |days: u64| {
        let time = jiff::Timestamp::from_second(i64::try_from(clock::system().get() + days * 86_400).unwrap()).unwrap();
        time.strftime("%Y-%m-%d+00:00").to_string()
    };
    let (soon, later) = (day(1), day(30));
    let (in_time, open, late, long) = (town.held().await, town.held().await, town.held().await, town.held().await);
    let together = [town.held().await, town.held().await];
    town.discloses(in_time, &soon).await;
    town.cosigns(TICKS).await;
    town.cosigns(3 * DAY).await;
    // It is in the tick that was open when the log was cosigned, and may have been in it already.
    town.discloses(open, &soon).await;
    town.cosigns(3 * DAY + TICKS).await;
    town.discloses(late, &soon).await;
    town.discloses(long, &later).await;
    let all = [&in_time, &open, &late, &long];
    for trail in all {
        while town.shown(trail).await.is_none() {
            town.brought(3 * DAY + TICKS).await;
        }
    }
    town.answered(3 * DAY + TICKS).await;
    assert_eq!(town.shown(&late).await.unwrap().proven, 0);
    assert_eq!(town.finds(&late).await, [""; 0], "no witness shows yet when it was there");
    town.cosigns(3 * DAY + 2 * TICKS).await;
    for trail in all {
        while town.shown(trail).await.unwrap().proven == 0 {
            town.brought(3 * DAY + 2 * TICKS).await;
        }
    }
    assert_eq!(town.finds(&late).await, ["basis_had_ended"]);
    assert_eq!(town.finds(&open).await, [""; 0], "it may have been there before");
    assert_eq!(town.finds(&in_time).await, [""; 0], "it was long on its way, and signed in time");
    assert_eq!(town.finds(&long).await, [""; 0], "dated back, and the consent holds for a month");
    // What the log had at the end of one tick is what the next one shows to be there.
    town.cosigns(3 * DAY + 3 * TICKS).await;
    for (trail, cosigned) in together.iter().zip([4, 5]) {
        town.discloses(*trail, &soon).await;
        town.cosigns(3 * DAY + cosigned * TICKS).await;
    }
    for trail in &together {
        while town.shown(trail).await.is_none_or(|need| need.proven == 0) {
            town.brought(3 * DAY + 5 * TICKS).await;
        }
    }
    for trail in together {
        assert_eq!(town.finds(&trail).await, ["basis_had_ended"], "also where proofs of two ticks come in one letter");
    }
}
