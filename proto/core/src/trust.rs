//! Trust files: whom an auditor believes, decided outside of anything that a bundle can say.
//!
//! Guarantees that a [`TrustFile`] is complete and says nothing twice; text that is not exactly one is refused with its
//! line. Leaves to people where the IDs in it came from: that provenance is part of the proof.

mod moment;
mod source;

use crate::{
    id::{AgreementId, Id, KeyRecordId, OrgId, hex},
    time::Seconds,
};

pub use source::BadTrustFile;

/// Whom and what an auditor believes. [BUN-60]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustFile {
    /// Who made it, and how the IDs came there, in the maker's words.
    pub made_by: String,
    /// How many witnesses must have cosigned. It wins over the agreement's rule. [BUN-63]
    pub witnesses: WitnessDemand,
    /// What both parties' heads must answer. [BUN-64]
    pub heads: HeadDemand,
    /// Ascending by OrgId.
    pub organisations: Vec<TrustedOrganisation>,
    /// Ascending by ID.
    pub agreements: Vec<TrustedAgreement>,
}

/// An organisation that is believed to sign with the keys of its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedOrganisation {
    /// What reports call it.
    pub name: String,
    /// Which.
    pub organisation: OrgId,
    /// A chain that does not reach this record is out of date, or is kept short on purpose. [BUN-62]
    pub minimum: KeyRecordId,
}

/// An agreement version that a trail may be judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedAgreement {
    /// What people call it.
    pub title: String,
    /// Which.
    pub agreement: AgreementId,
}

/// Which witnessing is demanded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WitnessDemand {
    /// How many cosignatures; 0: none.
    pub number: u32,
    /// Whether a party of the trail does not count.
    pub independent: bool,
}

/// What heads must answer; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadDemand {
    /// They carry what [`Head::nonce_for`](crate::head::Head::nonce_for) makes of this and their trail. [BUN-66]
    pub nonce: Option<[u8; 32]>,
    /// They claim no earlier time.
    pub earliest: Option<Seconds>,
}

impl TrustFile {
    /// The entry of an organisation.
    #[must_use]
    pub fn organisation(&self, organisation: &OrgId) -> Option<&TrustedOrganisation> {
        self.organisations.iter().find(|entry| entry.organisation == *organisation)
    }

    /// The entry of an agreement version.
    #[must_use]
    pub fn agreement(&self, agreement: &AgreementId) -> Option<&TrustedAgreement> {
        self.agreements.iter().find(|entry| entry.agreement == *agreement)
    }

    /// What two people compare: SHA-256, in hexadecimal, of the text that [`TrustFile::to_toml`] gives, without `made_by`, names and
    /// titles, so that files which demand the same compare equal. [BUN-65]
    #[must_use]
    pub fn digest(&self) -> String {
        let mut bare = self.clone();
        bare.made_by = String::from("-");
        bare.organisations.iter_mut().for_each(|entry| entry.name = String::from("-"));
        bare.agreements.iter_mut().for_each(|entry| entry.title = String::from("-"));
        hex(Id::of(bare.to_toml().as_bytes()).as_bytes())
    }
}

/// A time as people read it, in UTC.
pub(crate) fn moment(time: Seconds) -> String {
    moment::write(time).to_string()
}
