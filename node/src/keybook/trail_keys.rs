//! The two keys of a trail, in memory.

use crate::seal::{NoRandomness, fill_random};
use std::sync::Arc;
use zeroize::Zeroizing;

/// A trail's key, shared and not copied: zeroised when the last holder lets go. Hold it no longer
/// than one use, because an erasure cannot reach it there.
#[derive(Clone)]
pub struct TrailKey(Arc<Zeroizing<[u8; 32]>>);

impl TrailKey {
    /// A fresh key.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut key = Zeroizing::new([0; 32]);
        fill_random(key.as_mut())?;
        Ok(Self(Arc::new(key)))
    }

    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Arc::new(Zeroizing::new(*bytes)))
    }

    /// The secret bytes, for [`crate::seal::seal`] and [`crate::seal::open`].
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Which key of a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Seals values; destroyed at erasure.
    Value,
    /// Seals events and labels; destroyed when the retention of evidence ends.
    Evidence,
    /// Both, and that there ever were any: for keys of one use.
    Whole,
}

/// The keys that a trail still has; `None` was erased.
#[derive(Clone)]
pub struct TrailKeys {
    /// Seals values.
    pub value: Option<TrailKey>,
    /// Seals events and labels.
    pub evidence: Option<TrailKey>,
}

impl TrailKeys {
    pub(super) fn erase(&mut self, kind: KeyKind) -> bool {
        match kind {
            KeyKind::Value => self.value.take().is_some(),
            KeyKind::Evidence => self.evidence.take().is_some(),
            KeyKind::Whole => self.erase(KeyKind::Value) | self.erase(KeyKind::Evidence),
        }
    }
}

/// The keys of a trail that has none yet.
pub struct NewTrailKeys {
    /// The trail.
    pub trail: [u8; 32],
    /// Seals values.
    pub value: TrailKey,
    /// Seals events and labels.
    pub evidence: TrailKey,
}

impl NewTrailKeys {
    /// Two fresh keys.
    pub fn generate(trail: [u8; 32]) -> Result<Self, NoRandomness> {
        Ok(Self { trail, value: TrailKey::generate()?, evidence: TrailKey::generate()? })
    }

    pub(super) fn keys(&self) -> TrailKeys {
        TrailKeys { value: Some(self.value.clone()), evidence: Some(self.evidence.clone()) }
    }
}
