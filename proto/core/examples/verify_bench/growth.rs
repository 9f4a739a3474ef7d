//! How the cost of a verification grows with the events of its bundle: the same shape at several lengths.

use std::time::Duration;

use uput_core::{
    event::{Event, Statement},
    key::SigningKey,
    slot::Extent,
    verdict::verify,
    wire::{ClosureReason, LegalBasis, PurgeManner},
};

use crate::sample::{Story, World, needed};
use crate::{bodies, grow, used};

/// Events of a bundle; 65,536 is the most.
const LENGTHS: [usize; 4] = [1_000, 4_000, 16_000, 65_000];

/// What is said again and again, from an enquiry on.
type Shape = fn(&mut Story<'_>, usize);

const SHAPES: [(&str, Shape); 6] = [
    ("values corrected and delivered, warnings between", long),
    ("closed and reopened by its exporter", reopened),
    ("told, delivered, answered", asked),
    ("withdrawn, reopened, told, delivered, purged", withdrawn),
    ("stated by one and answered by the other, neither having seen anything", crossed),
    ("delivered what its author never says it has seen", hidden),
];

/// Prints each shape at each length up to the most.
pub(crate) fn measure(most: usize) {
    println!("verification by the length of the trail: processor time, beside that of its Ed25519 verifications alone");
    for (name, shape) in SHAPES {
        println!("  {name}");
        let mut least: Option<f64> = None;
        for length in LENGTHS.into_iter().filter(|length| *length <= most) {
            let world = World::pair();
            let mut story = world.enquiry();
            shape(&mut story, length);
            let bytes = story.bundle(&world.hotline, &Extent::VALUES);
            let (events, size) = (story.trail.len(), bytes.len());
            let (whole, alone) = (once(|| drop(verify(&bytes, &world.trust()))), alone(&bytes));
            let each = 1e6 * whole.as_secs_f64() / events as f64;
            let first = *least.get_or_insert(each);
            println!(
                "    {events} events, {} bytes each: {:.1} ms, {each:.1} us each ({:.2} times that of the first); signatures alone are {:.1} %",
                size / events,
                1e3 * whole.as_secs_f64(),
                each / first,
                100.0 * alone.as_secs_f64() / whole.as_secs_f64()
            );
        }
    }
}

/// The processor time of doing it once.
fn once(action: impl FnOnce()) -> Duration {
    let before = used();
    action();
    used() - before
}

fn alone(bytes: &[u8]) -> Duration {
    let key = SigningKey::from_seed(&[7; 32]);
    let signed: Vec<_> = bodies(bytes).into_iter().map(|body| (key.sign(&body), body)).collect();
    once(|| signed.iter().for_each(|(signature, body)| key.public().verify(body, signature).unwrap()))
}

fn long(story: &mut Story<'_>, length: usize) {
    story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
    story.delivered_and(Statement::Accepted);
    grow(story, length);
}

fn reopened(story: &mut Story<'_>, length: usize) {
    let world = story.world;
    while story.trail.len() < length {
        story.force(&world.hotline, Statement::Closed(ClosureReason::Done), |_| {});
        story.force(&world.hotline, Statement::Reopened, |_| {});
    }
}

fn asked(story: &mut Story<'_>, length: usize) {
    let world = story.world;
    while story.trail.len() < length {
        let told = story.force(&world.hotline, Statement::Need, |_| {});
        story.force(&world.jasen, Statement::Delivered(told), |_| {});
        story.force(&world.jasen, Statement::Accepted, |_| {});
    }
}

fn withdrawn(story: &mut Story<'_>, length: usize) {
    let world = story.world;
    while story.trail.len() < length {
        let told = story.force(&world.hotline, Statement::Need, |_| {});
        story.force(&world.jasen, Statement::Delivered(told), |_| {});
        story.force(&world.hotline, Statement::Withdrawn, |_| {});
        story.force(&world.jasen, Statement::Purged(PurgeManner::Destroyed), |_| {});
        story.force(&world.hotline, Statement::Reopened, |_| {});
    }
}

fn crossed(story: &mut Story<'_>, length: usize) {
    let world = story.world;
    let seen = |story: &Story<'_>, by| story.trail.events().find(|event| event.author != by).map(|event| event.id);
    let (ours, theirs) = (seen(story, world.hotline.id), seen(story, world.jasen.id));
    story.force(&world.hotline, Statement::Need, |event: &mut Event| event.seen = ours.or(event.seen));
    while story.trail.len() < length {
        story.force(&world.hotline, Statement::Need, |event: &mut Event| event.seen = ours);
        story.force(&world.jasen, Statement::Held { until: world.at(3600) }, |event: &mut Event| event.seen = theirs);
    }
}

fn hidden(story: &mut Story<'_>, length: usize) {
    let world = story.world;
    let theirs = story.trail.events().find(|event| event.author == world.hotline.id).map(|event| event.id);
    while story.trail.len() < length {
        let told = story.force(&world.hotline, Statement::Need, |_| {});
        story.force(&world.jasen, Statement::Delivered(told), |event: &mut Event| event.seen = theirs);
    }
}
