//! What one pass over a trail says, held against asking every event about every other, over random trails with forks.

mod plain;
mod random;

use uput_core::{
    agreement::Occasion,
    event::{Event, Statement},
    id::EventId,
    state::{Reading, Side, Values, Verdict},
    telephone::{Standing, agreed},
    timer::{Step, Steps},
    trail::Trail,
    wire::{LegalBasis, PhoneAnswer, TimerKind},
};

use plain::Plain;
use random::{Random, trail};

const KINDS: [TimerKind; 7] = [
    TimerKind::Deliver,
    TimerKind::Acknowledge,
    TimerKind::Answer,
    TimerKind::Contact,
    TimerKind::Decision,
    TimerKind::Stay,
    TimerKind::Purge,
];

/// [BUN-114]
#[test]
fn timers_of_random_trails_are_those_of_asking_every_event_about_every_other() {
    let mut random = Random(114);
    let (mut started, mut ended, mut shared) = (0, 0, 0);
    for number in 0..240 {
        let trail = trail(&mut random, 6 + number % 40);
        let reading = trail.reading().unwrap();
        let (steps, plain) = (Steps::new(&trail, &reading), Plain::new(&trail, &reading));
        for kind in KINDS {
            let show = |step: Step<'_>| (step.kind, step.from.id, step.to.map(|to| to.id), step.ended);
            let (one, other): (Vec<_>, Vec<_>) =
                (steps.of(kind).into_iter().map(show).collect(), plain.of(kind).into_iter().map(show).collect());
            assert_eq!(one, other, "{kind:?} of trail {number}");
            started += one.len();
            ended += one.iter().filter(|(_, _, to, _)| to.is_some()).count();
            shared += usize::from(kind == TimerKind::Purge && !one.is_empty());
        }
    }
    assert!(started > 500 && ended > 200 && shared > 30, "{started} {ended} {shared}: there is something to compare");
}

/// [BUN-114]
#[test]
fn what_was_told_said_by_telephone_and_rested_on_before_is_that_of_asking_every_event() {
    let mut random = Random(115);
    let (mut told, mut calls, mut baseless) = (0, 0, 0);
    for number in 0..160 {
        let trail = trail(&mut random, 6 + number % 40);
        let (reading, history) = (trail.reading().unwrap(), trail.history());
        let said: Vec<_> = agreed(&trail, &reading).into_iter().map(|said| (said.event, said.standing)).collect();
        assert_eq!(said, spoken(&trail, &reading), "trail {number}");
        calls += said.iter().filter(|(_, standing)| *standing != Standing::Unconfirmed).count();
        for event in trail.events() {
            let before: Vec<EventId> = trail.told_before(event).map(|before| before.id).collect();
            let counts =
                |id: &EventId| history.has_seen(event.id, *id) && history.values_at(event.id, *id) != Values::Absent;
            let by_author = |id: &EventId| trail.event(id).unwrap().author == event.author;
            assert_eq!(before, history.disclosures().filter(counts).filter(by_author).collect::<Vec<_>>());
            assert_eq!(trail.is_baseless(event), is_baseless(&trail, event), "trail {number}");
            told += before.len();
            baseless += usize::from(trail.is_baseless(event));
        }
        let without = trail.reading_without_crossings().unwrap();
        assert!(without.crossings.is_empty());
        assert_eq!(Reading { crossings: reading.crossings.clone(), ..without }, reading);
    }
    assert!(told > 500 && calls > 30 && baseless > 50, "{told} {calls} {baseless}: there is something to compare");
}

fn is_baseless(trail: &Trail, event: &Event) -> bool {
    let basis = |event: &Event| event.terms.map(|terms| (terms.basis, terms.article));
    let opener = trail.party(Side::Opener);
    let discloses = |event: &Event| Occasion::of(&event.statement, event.author == opener).discloses();
    let wanted = basis(event).filter(|(basis, _)| *basis != LegalBasis::NoneNeededNonpersonal);
    let past = || [event.prev, event.seen].into_iter().flatten();
    let known = |id| past().any(|last| last == id || trail.history().has_seen(last, id));
    let rests = |before: &Event| basis(before) == wanted && discloses(before) && known(before.id);
    wanted.is_some() && !discloses(event) && !trail.events().any(|before| rests(before))
}

fn spoken(trail: &Trail, reading: &Reading) -> Vec<(EventId, Standing)> {
    let judged = |event: &Event| {
        reading.events.get(&event.id).filter(|judged| judged.verdict == Verdict::Effective).map(|judged| judged.epoch)
    };
    let events: Vec<&Event> = trail.settled().into_iter().map(|event| -> &Event { event }).collect();
    let calls = events.iter().filter_map(|call| match call.statement {
        Statement::Phoned(answer @ (PhoneAnswer::Yes | PhoneAnswer::No)) => Some((*call, answer, judged(call)?)),
        _ => None,
    });
    let standing = |(call, answer, epoch): (&Event, PhoneAnswer, u32)| {
        let after =
            events.iter().filter(|later| judged(later) == Some(epoch) && trail.history().has_seen(later.id, call.id));
        let first = after.filter_map(|later| match &later.statement {
            Statement::Phoned(PhoneAnswer::Yes | PhoneAnswer::No) => Some(Standing::Replaced(later.id)),
            Statement::Held { .. } | Statement::Accepted | Statement::PartlyAccepted(_) => {
                Some(if answer == PhoneAnswer::Yes {
                    Standing::Confirmed(later.id)
                } else {
                    Standing::Contradicted(later.id)
                })
            }
            Statement::Waitlisted | Statement::Declined(_) | Statement::Redirected(_) | Statement::Misdirected => {
                Some(if answer == PhoneAnswer::No {
                    Standing::Confirmed(later.id)
                } else {
                    Standing::Contradicted(later.id)
                })
            }
            _ => None,
        });
        (call.id, first.into_iter().next().unwrap_or(Standing::Unconfirmed))
    };
    calls.map(standing).collect()
}
