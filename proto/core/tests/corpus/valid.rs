//! Bundles that are right: who refuses everything fails here.

use uput_core::{slot::Extent, verdict::Exit};

use crate::{
    entry::Entry,
    forge::{changed, exported, exported_by},
    sample::World,
};

pub(crate) fn entries() -> Vec<Entry> {
    assert_eq!(Exit::Valid.code(), 0);
    let (pair, four) = (World::pair(), World::invented());
    let story = pair.enquiry();
    let night = four.night();
    let right = |name, reason, bundle| Entry::new(name, reason, &pair, bundle);
    let of_night = |name, reason, bundle| Entry::new(name, reason, &four, bundle).of("a night that kept everything");
    vec![
        right("an enquiry that was held is valid", "Nothing was changed.", exported(&story)),
        right("the receiver exports it as well as the sender", "Either party may export.", {
            exported_by(&story, &pair.jasen, |_| {})
        }),
        of_night("a night that kept everything is valid", "Four organisations, three stages, a cited decision.", {
            exported(&night)
        }),
        of_night("a night of which only labels are opened is valid", "No value is needed to judge these labels.", {
            night.draft(&four.hotline, &Extent::LABELS).build(four.hotline.signing()).unwrap()
        }),
        of_night("a night without log proofs and checkpoints is valid", "Nothing rests on them.", {
            changed(&night, |draft| {
                draft.proofs.clear();
                draft.checkpoints.clear();
            })
        }),
    ]
}
