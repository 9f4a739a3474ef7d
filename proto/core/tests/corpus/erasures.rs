//! What an exporter says that it erased. [RET-20] to [RET-23], [RET-30]

use uput_core::{
    agreement::Code as _,
    codec,
    envelope::Envelope,
    event::Statement,
    id::EventId,
    slot::Extent,
    wire::{self, ErasureReason},
};

use crate::{
    entry::Entry,
    forge::rebuilt,
    sample::{Story, World},
    slots::{self, consented, tell},
};

pub(crate) fn entries() -> Vec<Entry> {
    let four = World::invented();
    let night = four.night();
    let of_night = |name, reason, extent: &Extent, change: &dyn Fn(&mut wire::Bundle)| {
        Entry::new(name, reason, &four, erased(&night, extent, None, change)).of("a night that kept everything")
    };
    let malformed = |name, reason, change: &dyn Fn(&mut wire::Erasure)| {
        let change = |bundle: &mut wire::Bundle| change(&mut bundle.erasures[0]);
        of_night(name, reason, &Extent::LABELS, &change).fails(10, "BUN-1", "MALFORMED").breaks(&["RET-20"])
    };
    let strange = |name, reason, fields: &[(&'static str, &str)]| {
        let mut night = four.night();
        let hotline = &four.hotline;
        let told = tell(&mut night, hotline, Statement::Corrected, consented(1), &slots::fields(fields));
        let bundle = erased(&night, &Extent::LABELS, Some(told), &|_| {});
        Entry::new(name, reason, &four, bundle)
            .of("a night that kept everything")
            .fails(10, "RET-22", "")
            .breaks(&["RET-30"])
            .also("BUN-56", "It is outside of every profile.")
    };
    let unslotted = night.trail.events().find(|event| event.slots.is_empty()).unwrap().id;
    vec![
        of_night(
            "a night whose values were erased when their retention was over is valid",
            "Labels are open, no value is, and the exporter says since when and why.",
            &Extent::LABELS,
            &|_| {},
        ),
        of_night(
            "a night whose values were erased for four reasons is valid",
            "Each reason is known, and the times ascend.",
            &Extent::LABELS,
            &|bundle| {
                let first = bundle.erasures.remove(0);
                bundle.erasures = ErasureReason::every().map(|reason| with(&first, reason)).collect();
            },
        ),
        malformed("an erasure of nothing", "It names no event.", &|erasure| erasure.events.clear()),
        malformed("an erasure for no reason", "The code is the unspecified one.", &|erasure| erasure.reason = 0),
        malformed("an erasure for a reason that nobody knows", "There is no such code.", &|erasure| {
            erasure.reason = 90
        }),
        malformed("an erasure at no time", "The time is 0.", &|erasure| erasure.time = 0),
        malformed("an erasure of an event with a short name", "An ID has 32 bytes.", &|erasure| {
            erasure.events[0].truncate(31);
        }),
        malformed("events of an erasure in another order", "They ascend.", &|erasure| erasure.events.reverse()),
        malformed("an event of an erasure twice", "Each stands there once.", &|erasure| {
            erasure.events.insert(0, erasure.events[0].clone());
        }),
        of_night("more erasures than a bundle holds", "At most 256.", &Extent::LABELS, &|bundle| {
            bundle.erasures = vec![bundle.erasures[0].clone(); 257];
        })
        .fails(10, "BUN-1", "TOO_LARGE")
        .breaks(&["RET-20", "BUN-2"]),
        of_night("an erasure twice", "The same stands there two times.", &Extent::LABELS, &|bundle| {
            bundle.erasures = vec![bundle.erasures[0].clone(); 2];
        })
        .fails(10, "BUN-3", "NOT_CANONICAL")
        .breaks(&["RET-20"]),
        of_night("an erasure after the bundle was made", "It cannot know of it.", &Extent::LABELS, &|bundle| {
            bundle.erasures[0].time = bundle.time + 60;
        })
        .fails(10, "RET-21", ""),
        of_night("an erasure of an event of another trail", "It is not here.", &Extent::LABELS, &|bundle| {
            bundle.erasures[0].events = vec![vec![7; 32]];
        })
        .fails(10, "RET-21", ""),
        of_night("an erasure of an event without slots", "There was nothing to erase.", &Extent::LABELS, &|bundle| {
            bundle.erasures[0].events = vec![unslotted.to_vec()];
        })
        .fails(10, "RET-21", ""),
        of_night("a value that is open although it was erased", "One of the two is untrue.", &Extent::VALUES, &|_| {})
            .fails(10, "RET-22", ""),
        strange(
            "a value under a label that nobody knows is open although it was erased",
            "Whoever has the bundle reads it all the same.",
            &[("shoe_size", "thirty-eight")],
        ),
        strange(
            "a value that does not fit its label is open although it was erased",
            "Whoever has the bundle reads it all the same.",
            &[("age_band", "about forty")],
        ),
    ]
}

/// The hotline says that it erased the values of all that was disclosed, a second before it exported what is left.
fn erased(
    night: &Story<'_>,
    extent: &Extent,
    open: Option<wire::Disclosure>,
    change: &dyn Fn(&mut wire::Bundle),
) -> Vec<u8> {
    let hotline = &night.world.hotline;
    let mut draft = night.draft(hotline, extent);
    draft.disclosures.extend(open);
    let bytes = draft.build(hotline.signing()).unwrap();
    let mut bundle: wire::Bundle = codec::decode(Envelope::parse(&bytes).unwrap().body()).unwrap();
    let slotted = night.trail.events().filter(|event| !event.slots.is_empty());
    let mut events: Vec<EventId> = slotted.map(|event| event.id).collect();
    events.sort_unstable();
    let events = events.iter().map(|id| id.to_vec()).collect();
    let (time, reason) = (bundle.time - 1, ErasureReason::Retention.into());
    bundle.erasures = vec![wire::Erasure { time, reason, events }];
    change(&mut bundle);
    rebuilt(night, codec::encode(&bundle))
}

fn with(erasure: &wire::Erasure, reason: ErasureReason) -> wire::Erasure {
    wire::Erasure { reason: reason.into(), ..erasure.clone() }
}
