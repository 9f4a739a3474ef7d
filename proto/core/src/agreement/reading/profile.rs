//! Profiles.

use std::collections::{BTreeMap, BTreeSet};

use super::bound::{MOST, WORDS, ascending, is_word};
use crate::{
    agreement::{Flaw, Place, Profile, flaw::demand},
    catalogue::Label,
    wire,
};

/// [AGR-7] Names once; labels of the catalogue, each in one stage.
pub(super) fn read_profiles(profiles: &[wire::Profile]) -> Result<BTreeMap<String, Profile>, Flaw> {
    demand(profiles.len() <= MOST, || Place::Document, "AGR-3", || format!("at most {MOST} profiles"))?;
    ascending(profiles, |profile| &profile.name, || Place::Document, "AGR-7", "profile")?;
    profiles.iter().map(|profile| Ok((profile.name.clone(), read_profile(profile)?))).collect()
}

fn read_profile(profile: &wire::Profile) -> Result<Profile, Flaw> {
    let place = || Place::Profile(profile.name.clone());
    demand(is_word(&profile.name), place, "AGR-7", || WORDS.into())?;
    let read = |list: &[String]| labels(&profile.name, list);
    let read = Profile {
        name: profile.name.clone(),
        enquiry: read(&profile.enquiry)?,
        need: read(&profile.need)?,
        identity: read(&profile.identity)?,
        ticked: read(&profile.ticked)?,
        reply: read(&profile.reply)?,
        staff_only: profile.staff_only,
    };
    let at = |label: Label| Place::Label(profile.name.clone(), label.name().into());
    let staged = || read.enquiry.iter().chain(&read.need).chain(&read.identity).copied();
    let mut seen = BTreeSet::new();
    for label in staged() {
        demand(
            seen.insert(label),
            || at(label),
            "AGR-7",
            || format!("{label} stands in two stages; leave it in the later one only"),
        )?;
    }
    for label in &read.ticked {
        demand(
            read.need.contains(label) || read.identity.contains(label),
            || at(*label),
            "AGR-8",
            || format!("{label} is ticked but stands neither under need nor under identity; add it there"),
        )?;
    }
    for label in &read.reply {
        demand(
            label.is_reply(),
            || at(*label),
            "AGR-9",
            || format!("{label} is not a label of replies in the catalogue; remove it from reply"),
        )?;
    }
    Ok(read)
}

fn labels(profile: &str, list: &[String]) -> Result<BTreeSet<Label>, Flaw> {
    ascending(list, String::as_str, || Place::Profile(profile.into()), "AGR-7", "label")?;
    let read = list.iter().map(|name| {
        Label::parse(name).map_err(|_| Flaw {
            place: Place::Label(profile.into(), name.clone()),
            requirement: "AGR-7",
            sentence: format!("{name:?} is not in the catalogue; what has no label must not travel"),
        })
    });
    read.collect()
}
