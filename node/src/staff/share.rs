//! One share of a staff key, as the node knows it: sealed.

use uput_core::{
    id::KeyId,
    rejection::Rejection,
    staff::{self, ShareDigest},
};

use crate::record::ShareRecord;

/// A share in the hands of a colleague.
#[derive(Clone)]
pub struct HeldShare {
    /// Of which key.
    pub key: KeyId,
    /// From 1.
    pub number: u8,
    /// Key of the colleague who holds it.
    pub holder: KeyId,
    /// The share, sealed to the holder.
    pub sealed: Vec<u8>,
    /// What it is known by.
    pub digest: ShareDigest,
    /// The share, sealed to a newer key of whose it is; empty: it was not given back.
    pub given: Vec<u8>,
}

impl HeldShare {
    /// From its record.
    ///
    /// # Errors
    /// [`Rejection::Malformed`].
    pub fn of(kept: &ShareRecord) -> Result<Self, Rejection> {
        let holder = KeyId::parse(&kept.holder)?;
        if staff::recipient(&kept.sealed)? != holder {
            return Err(Rejection::Malformed);
        }
        Ok(Self {
            key: KeyId::parse(&kept.key)?,
            number: u8::try_from(kept.number).map_err(|_| Rejection::Malformed)?,
            holder,
            sealed: kept.sealed.clone(),
            digest: ShareDigest::parse(&kept.digest)?,
            given: kept.given.clone(),
        })
    }

    /// Its record, without when and by whom.
    #[must_use]
    pub fn record(&self) -> ShareRecord {
        ShareRecord {
            key: self.key.to_vec(),
            number: self.number.into(),
            holder: self.holder.to_vec(),
            sealed: self.sealed.clone(),
            digest: self.digest.to_vec(),
            given: self.given.clone(),
            ..ShareRecord::default()
        }
    }

    /// To which key it was given back.
    #[must_use]
    pub fn given_to(&self) -> Option<KeyId> {
        staff::recipient(&self.given).ok()
    }
}
