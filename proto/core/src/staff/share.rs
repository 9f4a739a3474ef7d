//! A secret in n shares of which any k bring it back.
//!
//! Guarantees: fewer than k shares say nothing about the secret, whatever is known of it; a share that was changed is
//! found, and which one; what is joined is the secret of the key that was split, or nothing. Shamir's scheme over GF(256)
//! with the polynomial 0x11b, byte by byte; share i is the value at i.

use ring::digest;
use vsss_rs::Gf256;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, Source};
use crate::id::KeyId;
use crate::key::SealingSecret;
use crate::rejection::Rejection;

/// Bytes of a share.
pub const SHARE_LENGTH: usize = 32;
/// Most shares of one key.
pub const MAX_SHARES: u8 = 16;

/// How many shares there are, and how many bring the secret back. [STF-20]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharing {
    needed: u8,
    made: u8,
}

/// One share, for one colleague.
pub struct Share {
    /// From 1.
    pub number: u8,
    bytes: Zeroizing<[u8; SHARE_LENGTH]>,
}

/// What a share is known by, without saying anything about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareDigest([u8; 32]);

/// Why shares do not bring a secret back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unjoined {
    /// So many are here, so many are needed.
    TooFew {
        /// Different and right ones.
        here: u8,
        /// What it takes.
        needed: u8,
    },
    /// These are not the shares that were made.
    Wrong(Vec<u8>),
    /// All are what was said, and yet they are not of that key: whoever made the shares, made them of something else.
    AnotherSecret,
}

impl Sharing {
    /// At least two needed, at most all, at most sixteen made.
    ///
    /// # Errors
    /// [`Rejection::BadValue`].
    pub fn new(needed: u8, made: u8) -> Result<Self, Rejection> {
        let fits = 2 <= needed && needed <= made && made <= MAX_SHARES;
        if fits { Ok(Self { needed, made }) } else { Err(Rejection::BadValue) }
    }

    /// How many bring it back.
    #[must_use]
    pub const fn needed(self) -> u8 {
        self.needed
    }

    /// How many there are.
    #[must_use]
    pub const fn made(self) -> u8 {
        self.made
    }
}

impl Share {
    /// A share as it was handed over.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] for another length or a number out of bounds.
    pub fn parse(number: u8, bytes: &[u8]) -> Result<Self, Rejection> {
        let bytes = <[u8; SHARE_LENGTH]>::try_from(bytes).map_err(|_| Rejection::Malformed)?;
        if !(1..=MAX_SHARES).contains(&number) {
            return Err(Rejection::Malformed);
        }
        Ok(Self { number, bytes: Zeroizing::new(bytes) })
    }

    /// The bytes, to be sealed to a colleague. Each use must say why it may.
    #[must_use]
    pub fn expose(&self) -> &[u8; SHARE_LENGTH] {
        &self.bytes
    }

    /// What it is known by: 256 bits that nobody can guess stand behind it. [STF-21]
    #[must_use]
    pub fn digest(&self, of: &KeyId) -> ShareDigest {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"uput/v1/staff/share digest");
        context.update(of.as_bytes());
        context.update(&[self.number]);
        // Exposed to be digested.
        context.update(self.expose());
        let mut made = [0; 32];
        made.copy_from_slice(context.finish().as_ref());
        ShareDigest(made)
    }
}

impl ShareDigest {
    /// From 32 bytes.
    ///
    /// # Errors
    /// [`Rejection::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        bytes.try_into().map(Self).map_err(|_| Rejection::Malformed)
    }

    /// The bytes.
    #[must_use]
    pub fn to_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// Splits the secret of a key. [STF-20]
///
/// # Errors
/// Never: what the library refuses was refused by [`Sharing::new`].
pub fn split(key: &SealingSecret, sharing: Sharing, random: &mut impl Entropy) -> Result<Vec<Share>, Rejection> {
    let (needed, made) = (usize::from(sharing.needed), usize::from(sharing.made));
    // Exposed to be split; the shares are sealed one by one to colleagues.
    let shares = Gf256::split_bytes(needed, made, key.expose_seed(), Source(random));
    let shares = shares.map_err(|_| Rejection::BadValue)?.into_iter().map(Zeroizing::new);
    shares
        .map(|share| {
            let (number, bytes) = share.split_first().ok_or(Rejection::Malformed)?;
            Share::parse(*number, bytes)
        })
        .collect()
}

/// Joins shares to the secret of a key. `known` says by what each share is known. [STF-22]
///
/// # Errors
/// [`Unjoined`]: why not, and whose share it was.
pub fn join(
    of: &KeyId,
    sharing: Sharing,
    shares: &[Share],
    known: impl Fn(u8) -> Option<ShareDigest>,
) -> Result<SealingSecret, Unjoined> {
    let right = |share: &&Share| known(share.number) == Some(share.digest(of));
    let wrong: Vec<u8> = shares.iter().filter(|share| !right(share)).map(|share| share.number).collect();
    if !wrong.is_empty() {
        return Err(Unjoined::Wrong(wrong));
    }
    let mut different: Vec<&Share> = shares.iter().collect();
    different.sort_by_key(|share| share.number);
    different.dedup_by_key(|share| share.number);
    let here = u8::try_from(different.len()).unwrap_or(u8::MAX);
    if here < sharing.needed {
        return Err(Unjoined::TooFew { here, needed: sharing.needed });
    }
    // Exposed to be joined.
    let whole = |share: &&Share| [[share.number].as_slice(), share.expose()].concat();
    let parts = Zeroizing::new(different.iter().map(whole).collect::<Vec<_>>());
    let joined = Zeroizing::new(Gf256::combine_bytes(&*parts).map_err(|_| Unjoined::AnotherSecret)?);
    let seed = joined.as_slice().try_into().map_err(|_| Unjoined::AnotherSecret)?;
    let key = SealingSecret::from_seed(seed);
    if key.id() == *of { Ok(key) } else { Err(Unjoined::AnotherSecret) }
}
