//! One bundle, one trust file, and what they must come to.

use uput_core::{bundle::BundleDraft, slot::Extent, trust::TrustFile, verdict::Exit};

use crate::sample::{Organisation, Story, World};

/// A bundle with its sentence.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) exit: Exit,
    /// The check that must fail; empty if none may.
    pub(crate) requirement: &'static str,
    pub(crate) trust: TrustFile,
    pub(crate) bundle: Vec<u8>,
}

impl Case {
    /// A case by the trust file of the world.
    pub(crate) fn new(
        name: &'static str,
        exit: Exit,
        requirement: &'static str,
        world: &World,
        bundle: Vec<u8>,
    ) -> Self {
        Self { name, exit, requirement, trust: world.trust(), bundle }
    }

    /// The same by another trust file.
    pub(crate) fn trusting(mut self, change: impl FnOnce(&mut TrustFile)) -> Self {
        change(&mut self.trust);
        self
    }
}

/// What the hotline exports of a story.
pub(crate) fn exported(story: &Story<'_>) -> Vec<u8> {
    changed(story, |_| {})
}

/// What a dishonest hotline exports: it changes the draft and signs it all the same.
pub(crate) fn changed(story: &Story<'_>, change: impl FnOnce(&mut BundleDraft)) -> Vec<u8> {
    signed_by(story, &story.world.hotline, change)
}

/// The same by somebody.
pub(crate) fn signed_by(story: &Story<'_>, exporter: &Organisation, change: impl FnOnce(&mut BundleDraft)) -> Vec<u8> {
    let mut draft = story.draft(exporter, &Extent::VALUES);
    change(&mut draft);
    draft.build(exporter.signing()).unwrap()
}
