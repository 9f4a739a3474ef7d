//! What a report must not say: a delay or a concealment of a party that did nothing wrong, however the trail was led
//! and whatever the exporter left out.

use uput_core::{
    event::Statement,
    head::Head,
    slot::Extent,
    state::Side,
    trail::Trail,
    verdict::{Conformance, Exit, Report, verify},
    wire::{ClosureReason, DeclineReason, LegalBasis, PurgeManner, WarningCode},
};

use crate::{
    case::{changed, exported, signed_by},
    content::newer,
    sample::{Story, World, needed},
};

const HOURS: u64 = 60;
const DAYS: u64 = 24 * HOURS;

fn judged(story: &Story<'_>) -> Report {
    verify(&exported(story), &story.world.trust())
}

fn kept(report: &Report) {
    assert_eq!(report.conformant.verdict, Conformance::Yes, "{:#?}", report.conformant.reasons);
    assert_eq!(report.exit, Exit::Valid);
}

/// The receiver's own delivery of what is in the opener's last event.
fn delivered(story: &mut Story<'_>) {
    let last = story.trail.last(Side::Opener).unwrap();
    story.say(&story.world.jasen, Statement::Delivered(last));
}

/// The receiver says something without having seen more than that event.
fn unaware(story: &mut Story<'_>, seen: uput_core::id::EventId, statement: Statement) {
    story.force(&story.world.jasen, statement, |event| event.seen = Some(seen));
}

fn need(story: &mut Story<'_>) {
    story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
}

fn identity(story: &mut Story<'_>) {
    story.disclose(Statement::Identity, 2, LegalBasis::ExplicitConsent, 0, crate::sample::known());
}

/// Asked, held, needed, accepted.
fn accepted(world: &World) -> Story<'_> {
    let mut story = world.enquiry();
    need(&mut story);
    story.delivered_and(Statement::Accepted);
    story
}

fn opening(trail: &Trail) -> uput_core::id::EventId {
    trail.id().opening()
}

/// Closed while the receiver was off: its machine then takes opening and closing together.
pub(crate) fn closed_before_it_arrived(world: &World) -> Story<'_> {
    let mut story = world.asked();
    story.say(&world.hotline, Statement::Closed(ClosureReason::NoLongerNeeded));
    let first = opening(&story.trail);
    unaware(&mut story, first, Statement::Delivered(first));
    story.clock += 3 * DAYS;
    story
}

/// A need that crossed the no.
pub(crate) fn needed_after_the_no(world: &World) -> Story<'_> {
    let mut story = world.enquiry();
    need(&mut story);
    let first = opening(&story.trail);
    unaware(&mut story, first, Statement::Declined(DeclineReason::NoPlace));
    delivered(&mut story);
    story.say(&world.jasen, Statement::Purged(PurgeManner::Unopened));
    story.clock += 3 * DAYS;
    story
}

/// [EVT-21]
#[test]
fn nobody_owes_an_answer_to_what_was_closed_before_it_arrived() {
    kept(&judged(&closed_before_it_arrived(&World::pair())));
}

/// [EVT-21]
#[test]
fn a_no_answers_the_need_that_crossed_it() {
    kept(&judged(&needed_after_the_no(&World::pair())));
}

/// Nobody owes her a contact after a no, whether identity crossed it or came before. [EVT-21]
#[test]
fn a_no_ends_the_duty_to_make_contact() {
    let world = World::pair();
    for crossed in [true, false] {
        let mut story = accepted(&world);
        let seen = story.trail.last(Side::Opener).unwrap();
        identity(&mut story);
        if crossed {
            unaware(&mut story, seen, Statement::Declined(DeclineReason::NoPlace));
            delivered(&mut story);
        } else {
            story.delivered_and(Statement::Declined(DeclineReason::NoPlace));
        }
        story.say(&world.jasen, Statement::Purged(PurgeManner::Unopened));
        story.clock += 5 * DAYS;
        kept(&judged(&story));
    }
}

/// A purge is not late of what never arrived. [EVT-21]
#[test]
fn nobody_purges_what_it_never_got() {
    let world = World::pair();
    let mut story = world.enquiry();
    need(&mut story);
    let first = opening(&story.trail);
    unaware(&mut story, first, Statement::Withdrawn);
    story.clock += 40 * DAYS;
    let head = Head { seen_count: 1, seen_last: Some(first), ..story.head(&world.jasen) };
    let report = verify(
        &changed(&story, |draft| {
            draft.heads = vec![story.signed_head(&world.hotline), head.sign(world.jasen.signing()).unwrap()];
        }),
        &world.trust(),
    );
    kept(&report);
    assert!(report.deadlines.iter().all(|deadline| deadline.timer != "purge"));
}

/// What came after the purge is to be purged too, and that is timed by when it came. [EVT-21]
#[test]
fn one_purge_does_not_answer_for_what_came_after_it() {
    let world = World::pair();
    let mut story = accepted(&world);
    let seen = story.trail.last(Side::Opener).unwrap();
    identity(&mut story);
    unaware(&mut story, seen, Statement::Withdrawn);
    unaware(&mut story, seen, Statement::Purged(PurgeManner::Destroyed));
    story.clock += 40 * DAYS;
    delivered(&mut story);
    let report = judged(&story);
    let open: Vec<_> = report.deadlines.iter().filter(|due| due.timer == "purge" && due.met.is_none()).collect();
    assert_eq!(open.len(), 1, "{:#?}", report.deadlines);
    assert_eq!(open[0].from, story.trail.last(Side::Peer).unwrap().to_string());
    assert!(open[0].late.is_none() && report.conformant.verdict == Conformance::Yes);
    story.clock += 40 * DAYS;
    let report = judged(&story);
    assert_eq!(report.conformant.verdict, Conformance::No);
    assert!(report.conformant.reasons.iter().all(|reason| reason.requirement == "BUN-59"));
}

/// What a reopening set aside starts no clock for what ends later. [EVT-21]
#[test]
fn a_withdrawal_that_was_set_aside_starts_no_purge() {
    let world = World::pair();
    let mut story = accepted(&world);
    story.say(&world.jasen, Statement::Withdrawn);
    story.disclose(Statement::Reopened, 1, LegalBasis::ExplicitConsent, 0, needed());
    story.clock += 40 * DAYS;
    story.say(&world.jasen, Statement::Withdrawn);
    story.say(&world.jasen, Statement::Purged(PurgeManner::Destroyed));
    kept(&judged(&story));
}

/// The exporter leaves out the answer: what is missing is not silence. [BUN-59]
#[test]
fn an_answer_that_was_left_out_is_not_silence() {
    let world = World::pair();
    let mut story = world.asked();
    story.delivered_and(Statement::Held { until: world.at(3600) });
    story.clock += 3 * DAYS;
    let report = verify(&changed(&story, |draft| draft.events.truncate(2)), &world.trust());
    assert_eq!(report.events_of("shelter-jasen"), 1, "the answer is here");
    assert_eq!((report.exit, report.conformant.verdict), (Exit::Incomplete, Conformance::NotCheckable));
    assert!(report.deadlines.iter().all(|deadline| !deadline.sentence.contains("own head")));
}

/// The exporter leaves out its own closing, which the receiver had seen: what it owed then cannot be judged. [BUN-59]
#[test]
fn no_delay_is_judged_where_an_ending_may_be_missing() {
    let world = World::pair();
    let mut story = world.asked();
    delivered(&mut story);
    let closed = story.say(&world.hotline, Statement::Closed(ClosureReason::NoLongerNeeded));
    story.clock += 3 * DAYS;
    let bundle = changed(&story, |draft| {
        draft.events.retain(|event| event.id() != closed.into());
        draft.heads.retain(|head| Head::parse(head.body()).unwrap().author == world.jasen.id);
        draft.heads.push(world.asked().signed_head(&world.hotline));
    });
    let report = verify(&bundle, &world.trust());
    assert_eq!((report.exit, report.conformant.verdict), (Exit::Incomplete, Conformance::NotCheckable));
}

/// An answer that this program cannot read may be one. [BUN-59]
#[test]
fn an_answer_that_is_not_read_is_not_silence() {
    let world = World::pair();
    let mut story = world.asked();
    delivered(&mut story);
    let early = story.signed_head(&world.jasen);
    story.clock += 3 * DAYS;
    let answer = newer(&story.next(&world.jasen, Statement::Acknowledged, |_| {}), &world);
    let bundle = signed_by(&story, &world.jasen, |draft| {
        draft.events.push(answer);
        draft.heads = vec![story.signed_head(&world.hotline), early];
    });
    let report = verify(&bundle, &world.trust());
    assert_eq!((report.exit, report.conformant.verdict), (Exit::Incomplete, Conformance::NotCheckable));
}

/// A time that somebody else put under the receiver's name admits nothing. [BUN-59]
#[test]
fn a_forged_export_admits_no_delay() {
    let world = World::pair();
    let mut story = world.asked();
    delivered(&mut story);
    let early = story.signed_head(&world.jasen);
    story.clock += 3 * DAYS;
    let mut draft = story.draft(&world.jasen, &Extent::VALUES);
    draft.heads = vec![story.signed_head(&world.hotline), early];
    let report = verify(&draft.build(world.hotline.signing()).unwrap(), &world.trust());
    assert_eq!((report.exit, report.conformant.verdict), (Exit::NotAuthentic, Conformance::NotCheckable));
}

/// The opener tells two stories; who takes both and says so hides nothing. [STA-9]
#[test]
fn who_delivers_both_twins_conceals_nothing() {
    let world = World::pair();
    let mut story = world.enquiry();
    let before = story.trail.events().next().unwrap().id;
    let (one, two) = (WarningCode::MayBeSought, WarningCode::DoNotContact);
    let first = story.say(&world.hotline, Statement::Warned(one));
    story.say(&world.jasen, Statement::Delivered(first));
    let twin = story.force(&world.hotline, Statement::Warned(two), |event| {
        event.seq = 1;
        event.prev = Some(before);
    });
    story.say(&world.jasen, Statement::Delivered(twin));
    let report = judged(&story);
    assert_eq!(report.exit, Exit::Equivocation);
    assert!(report.breaches.iter().all(|breach| breach.by.name == "hotline"));
    assert!(report.timeline.iter().all(|entry| entry.findings.is_empty()));
    assert_eq!(report.conformant.verdict, Conformance::NotCheckable);
}

trait Counted {
    fn events_of(&self, name: &str) -> u64;
}

impl Counted for Report {
    fn events_of(&self, name: &str) -> u64 {
        self.completeness.parties.iter().find(|party| party.party.name == name).unwrap().events
    }
}
