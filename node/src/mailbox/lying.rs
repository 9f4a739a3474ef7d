//! One letter that lies here, and several together.

use std::time::Duration;

use prost::Message;
use tokio::time::Instant;
use uput_core::id::{Id, OrgId};

/// A letter as it lies in its file. A local format: no other node reads it.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(crate) struct Letter {
    /// OrgId of who left it.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) depositor: Vec<u8>,
    /// OrgId of who may fetch it.
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) recipient: Vec<u8>,
    /// Since when, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub(crate) since: u64,
    /// Until when, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub(crate) until: u64,
    /// Encoded `Letter`.
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) letter: Vec<u8>,
}

impl Letter {
    /// For whom, and what is known of it without its bytes.
    pub(super) fn lies(&self) -> Option<(OrgId, Lying)> {
        let (from, to) = (OrgId::parse(&self.depositor).ok()?, OrgId::parse(&self.recipient).ok()?);
        let size = u64::try_from(self.letter.len()).ok()?;
        let mut lying = Lying::new(from, Id::of(&self.letter), size, self.since, self.until);
        lying.written();
        Some((to, lying))
    }
}

/// How a letter stands.
#[derive(Clone, Copy)]
enum Standing {
    /// It is being written.
    Unwritten,
    /// It waits to be fetched.
    Waits,
    /// It is on a line, without a receipt.
    Flies,
    /// The recipient put it off until then.
    Rests(Instant),
}

/// What is known of a letter that lies here.
pub(crate) struct Lying {
    /// Who left it.
    pub(crate) depositor: OrgId,
    /// SHA-256 of its bytes.
    pub(crate) digest: Id,
    /// How many they are.
    pub(crate) size: u64,
    /// Since when it lies here, seconds since 1970.
    since: u64,
    /// Until when, seconds since 1970.
    pub(crate) until: u64,
    standing: Standing,
    /// How often the recipient put it off.
    put_off: u32,
}

impl Lying {
    pub(super) const fn new(depositor: OrgId, digest: Id, size: u64, since: u64, until: u64) -> Self {
        Self { depositor, digest, size, since, until, standing: Standing::Unwritten, put_off: 0 }
    }

    /// Whether it is the same letter of the same depositor.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.depositor == other.depositor && self.digest == other.digest
    }

    pub(super) const fn is_written(&self) -> bool {
        !matches!(self.standing, Standing::Unwritten)
    }

    /// Whether nobody is at work on it.
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.standing, Standing::Waits | Standing::Rests(_))
    }

    pub(super) fn may_go(&self, now: Instant) -> bool {
        match self.standing {
            Standing::Waits => true,
            Standing::Rests(until) => until <= now,
            Standing::Unwritten | Standing::Flies => false,
        }
    }

    pub(super) const fn rests_until(&self) -> Option<Instant> {
        match self.standing {
            Standing::Rests(until) => Some(until),
            _ => None,
        }
    }

    pub(super) fn written(&mut self) {
        self.standing = Standing::Waits;
    }

    pub(super) fn flies(&mut self) {
        self.standing = Standing::Flies;
    }

    pub(super) fn lands(&mut self) {
        self.standing = Standing::Waits;
    }

    /// Rests, longer each time.
    pub(super) fn rest(&mut self, now: Instant, first: Duration, longest: Duration) {
        let pause = first.saturating_mul(2_u32.saturating_pow(self.put_off.min(16))).min(longest);
        self.put_off = self.put_off.saturating_add(1);
        self.standing = Standing::Rests(now + pause);
    }
}

/// Letters of one organisation for another, together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heap {
    /// How many.
    pub(crate) letters: u32,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Since when the oldest lies there, seconds since 1970; 0: there is none.
    pub(crate) oldest: u64,
}

impl Heap {
    pub(super) fn of<'a>(letters: impl Iterator<Item = &'a Lying>) -> Self {
        letters.fold(Self::default(), |heap, lying| Self {
            letters: heap.letters.saturating_add(1),
            bytes: heap.bytes.saturating_add(lying.size),
            oldest: if heap.oldest == 0 { lying.since } else { heap.oldest.min(lying.since) },
        })
    }
}
