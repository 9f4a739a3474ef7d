//! What other organisations signed of what an event says.
//!
//! Guarantees that nobody is named as its author whom the trust file does not name, and that nothing in the bundle adds
//! trust. Leaves to the profile whether it may stand there, and to people of whom it was said.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AttestedShown, Conformance, demand::Demand, findings::Findings, keyring::Keyring, names::Names, opened::Opened,
};
use crate::{
    attestation::{Attestation, Standing, carried},
    event::Event,
    id::{EventId, OrgId},
    trail::Trail,
    trust::{TrustFile, moment},
};

/// The copies that are open, in the order of their events.
#[derive(Default)]
pub(super) struct Copies {
    all: Vec<Carried>,
    /// Which is that of an event.
    of: BTreeMap<EventId, usize>,
}

struct Carried {
    event: EventId,
    copy: Attestation,
    standing: Standing,
}

impl Copies {
    /// Verifies each by the records of its author that are here. [BUN-90] [BUN-91]
    pub(super) fn verify(trail: &Trail, opened: &Opened, keyring: &Keyring, trust: &TrustFile) -> Self {
        let open = |event: &EventId| opened.of(event).and_then(carried);
        let copies = trail.events().filter_map(|event| Some((event.id, open(&event.id)?)));
        let stands = |(event, copy): (EventId, Attestation)| {
            let standing = standing(&copy, keyring, trust);
            Carried { event, copy, standing }
        };
        let all: Vec<Carried> = copies.map(stands).collect();
        let of = all.iter().map(|carried| carried.event).zip(0..).collect();
        Self { all, of }
    }

    /// Says of each whose word it is; what somebody did not sign so makes nobody guilty, and is not kept either. [BUN-92]
    pub(super) fn say(&self, trail: &Trail, names: &Names<'_>, findings: &mut Findings) {
        for carried in &self.all {
            let Some(event) = trail.event(&carried.event) else { continue };
            findings.words.push(sentence(event, carried, names));
            if carried.standing == Standing::DoesNotMatch {
                let why = "it passes on as signed by another organisation what that one did not sign so";
                let sentence = format!("{} of {}: {why}", event.statement.name(), names.of(&event.author));
                findings.against(Demand::Profile, Conformance::NotCheckable, Some(event.id), sentence);
            }
        }
    }

    /// Whose records are needed to verify them. [BUN-93]
    pub(super) fn authors(&self) -> BTreeSet<OrgId> {
        self.all.iter().map(|carried| *carried.copy.author()).collect()
    }

    /// That of an event.
    pub(super) fn show(&self, event: &EventId, names: &Names<'_>) -> Option<AttestedShown> {
        let carried = self.of.get(event).and_then(|index| self.all.get(*index))?;
        Some(AttestedShown {
            by: names.show(carried.copy.author()),
            day: carried.copy.day().get(),
            labels: labels(&carried.copy),
            standing: carried.standing.word(),
        })
    }
}

fn standing(copy: &Attestation, keyring: &Keyring, trust: &TrustFile) -> Standing {
    let standing = copy.standing(keyring.chain(copy.author()));
    match trust.organisation(copy.author()) {
        None => standing.uncompared(),
        Some(entry) if keyring.record(copy.author(), &entry.minimum).is_none() => Standing::UnknownSigner,
        Some(_) => standing,
    }
}

fn labels(copy: &Attestation) -> Vec<String> {
    let labels: BTreeSet<_> = copy.labels().collect();
    labels.into_iter().map(|label| label.name().to_owned()).collect()
}

fn sentence(event: &Event, carried: &Carried, names: &Names<'_>) -> String {
    let (id, by, whose) = (event.id, names.of(&event.author), carried.copy.author());
    let (labels, day) = (labels(&carried.copy).join(", "), day_of(&carried.copy));
    match carried.standing {
        Standing::Verified => format!(
            "Event {id}: {labels} as {} signed it on {day}; that it is of this person is the word of {by}.",
            names.of(whose)
        ),
        Standing::Uncompared => format!(
            "Event {id}: {labels} as organisation {whose} signed it on {day}, which the trust file does not name: anybody can have made its key."
        ),
        Standing::UnknownSigner => format!(
            "Event {id}: {by} passes on what organisation {whose} is said to have signed; no key records of it count here, and nothing was verified."
        ),
        Standing::DoesNotMatch => format!(
            "Event {id}: what {by} passes on as signed by organisation {whose} was not signed so by it; it is the word of {by} alone."
        ),
    }
}

fn day_of(copy: &Attestation) -> String {
    moment(copy.day()).chars().take(10).collect()
}
