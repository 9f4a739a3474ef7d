//! What is demanded of a document, in the order of the requirements.

/// One demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    Form,
    Signer,
    Trusted,
    Whole,
    Linked,
    Trails,
    Times,
    Words,
    Answers,
    Earlier,
}

impl Demand {
    /// Every demand.
    pub(super) const ALL: [Self; 10] = [
        Self::Form,
        Self::Signer,
        Self::Trusted,
        Self::Whole,
        Self::Linked,
        Self::Trails,
        Self::Times,
        Self::Words,
        Self::Answers,
        Self::Earlier,
    ];

    /// The requirement.
    pub(super) const fn requirement(self) -> &'static str {
        match self {
            Self::Form => "ACL-20",
            Self::Signer => "ACL-21",
            Self::Trusted => "ACL-22",
            Self::Whole => "ACL-23",
            Self::Linked => "ACL-24",
            Self::Trails => "ACL-25",
            Self::Times => "ACL-26",
            Self::Words => "ACL-27",
            Self::Answers => "ACL-28",
            Self::Earlier => "ACL-29",
        }
    }

    /// What it demands.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Form => "the file is one canonical access log",
            Self::Signer => "the organisation signed it, with the key of its newest key record here",
            Self::Trusted => "the trust file names the organisation, and its key records reach what that demands",
            Self::Whole => "the accesses are numbered from the first on, without a gap",
            Self::Linked => "each access names the one before",
            Self::Trails => "each access to a trail names the one before to that trail",
            Self::Times => "no access is earlier than the one before, and none later than the document",
            Self::Words => "opened words are those that their access commits to",
            Self::Answers => "the document answers the nonce that was asked with",
            Self::Earlier => "an earlier document is the beginning of this one",
        }
    }
}
