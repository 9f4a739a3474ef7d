//! Passwords, and the work that each attempt at one costs.
//!
//! Guarantees that whoever attempts pays the same work whether there is a password to compare with or not, and that at most
//! two such works are done at a time with a few waiting: a flood of attempts takes neither the memory nor the cores. One
//! of the two places is for those who were here before.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{Mutex, OwnedMutexGuard};
use unicode_normalization::UnicodeNormalization;
use uput_core::{rejection::Rejection, sensitive::Sensitive};
use zeroize::Zeroizing;

use super::SecondFactor;
use crate::seal;

/// Memory of one attempt, in KiB; passes over it; lanes. [ACC-33]
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Bytes of a password. [ACC-32]
const LENGTHS: std::ops::RangeInclusive<usize> = 12..=256;
/// Characters that are looked at: no password has more before it is composed, as three or four become one of two bytes or more.
const LOOKED_AT: usize = 1024;
/// How many may wait for a place.
const WAITING: usize = 16;

/// What the node keeps of a password, and of the second factor beside it.
#[derive(Clone)]
pub struct Password {
    /// Drawn for it.
    pub salt: [u8; 16],
    /// Argon2id of it.
    pub hash: Zeroizing<[u8; 32]>,
    /// What must be shown beside it.
    pub second_factor: Option<SecondFactor>,
    /// The newest step of that whose code was used.
    pub step: u64,
}

/// A password that somebody typed.
#[derive(Clone)]
pub struct Typed(Arc<Zeroizing<String>>);

/// Does the work, a little at a time.
pub struct Work {
    strangers: Place,
    known: Place,
    done: AtomicUsize,
}

/// Memory for one attempt at a time, kept and used again: freed memory would stay with the thread that had it, and there
/// are many threads.
struct Place {
    memory: Arc<Mutex<Vec<Block>>>,
    waiting: AtomicUsize,
}

impl Typed {
    /// As it came, in the form that every keyboard gives.
    #[must_use]
    pub fn new(typed: &Sensitive<String>) -> Self {
        // Cut where nothing longer is a password, so that no attempt hashes a megabyte; and before, because a letter with a
        // million marks is sorted as a whole.
        let text = typed.expose().chars().take(LOOKED_AT).nfc().take(LENGTHS.end() + 1).collect();
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// Whether it may become a password. [ACC-32]
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        LENGTHS.contains(&self.0.len())
    }
}

impl Default for Work {
    fn default() -> Self {
        let place = || Place { memory: Arc::default(), waiting: AtomicUsize::new(0) };
        Self { strangers: place(), known: place(), done: AtomicUsize::new(0) }
    }
}

impl Work {
    /// Whether the typed password is the kept one. Costs the same where there is none. [ACC-33]
    ///
    /// # Errors
    /// [`Rejection::TooMany`] if too many wait already.
    pub async fn is_right(&self, typed: Typed, kept: Option<&Password>, known: bool) -> Result<bool, Rejection> {
        let salt = kept.map_or([0; 16], |kept| kept.salt);
        let hash = self.hash(typed, salt, known).await?;
        let nobodys = Zeroizing::new([0; 32]);
        let expected = kept.map_or(&nobodys, |kept| &kept.hash);
        let difference = hash.iter().zip(expected.iter()).fold(0, |all, (hash, kept)| all | (hash ^ kept));
        Ok(std::hint::black_box(difference) == 0 && kept.is_some())
    }

    /// What to keep of a password.
    ///
    /// # Errors
    /// [`Rejection::TooMany`] if too many wait already.
    pub async fn keep(
        &self,
        typed: Typed,
        second_factor: Option<SecondFactor>,
        step: u64,
    ) -> Result<Password, Rejection> {
        let salt = seal::random().map_err(|_| Rejection::ReadFailed)?;
        let hash = self.hash(typed, salt, true).await?;
        Ok(Password { salt, hash, second_factor, step })
    }

    /// How often the work was done.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    async fn hash(&self, typed: Typed, salt: [u8; 16], known: bool) -> Result<Zeroizing<[u8; 32]>, Rejection> {
        let place = if known { &self.known } else { &self.strangers };
        let mut memory = place.turn().await?;
        self.done.fetch_add(1, Ordering::Relaxed);
        let work = tokio::task::spawn_blocking(move || {
            // Held until the work is done, also where nobody waits for it any more.
            let mut hash = Zeroizing::new([0; 32]);
            let (kibibytes, passes, lanes) = COST;
            let params = Params::new(kibibytes, passes, lanes, Some(hash.len()))?;
            memory.resize(params.block_count(), Block::default());
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let password = typed.0.as_bytes();
            argon2.hash_password_into_with_memory(password, &salt, hash.as_mut_slice(), memory.as_mut_slice())?;
            memory.fill(Block::default());
            Ok::<_, argon2::Error>(hash)
        });
        // Neither a panic nor a wrong parameter is the caller's fault; nobody is let in.
        work.await.ok().and_then(Result::ok).ok_or(Rejection::ReadFailed)
    }
}

impl Place {
    /// Waits for the place; refuses where too many wait.
    async fn turn(&self) -> Result<OwnedMutexGuard<Vec<Block>>, Rejection> {
        let waits = Waits::begin(&self.waiting)?;
        let memory = Arc::clone(&self.memory).lock_owned().await;
        drop(waits);
        Ok(memory)
    }
}

/// Counts whoever waits, also where they give up.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Result<Self, Rejection> {
        let waits = Self(waiting);
        if waiting.fetch_add(1, Ordering::AcqRel) >= WAITING {
            return Err(Rejection::TooMany);
        }
        Ok(waits)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Typed {
        Typed::new(&Sensitive::new(text.to_owned()))
    }

    /// [ACC-32] [ACC-33]
    #[tokio::test]
    async fn only_the_password_is_right_and_every_attempt_costs_the_work() {
        let work = Work::default();
        let kept = work.keep(typed("an invented pa\u{0161}sphrase"), None, 0).await.unwrap();
        for (attempt, kept, right) in [
            ("an invented pa\u{0161}sphrase", Some(&kept), true),
            // The same letter from a keyboard that writes the mark after it.
            ("an invented pas\u{030c}sphrase", Some(&kept), true),
            ("an invented passphrase", Some(&kept), false),
            ("", Some(&kept), false),
            ("an invented pa\u{0161}sphrase", None, false),
        ] {
            let before = work.done();
            assert_eq!(work.is_right(typed(attempt), kept, false).await, Ok(right), "{attempt}");
            assert_eq!(work.done(), before + 1);
        }
        assert!(typed("twelve bytes").is_acceptable() && !typed("eleven byte").is_acceptable());
        assert!(!typed(&"x".repeat(257)).is_acceptable());
        // Of a letter with very many marks only the first are put in order; the one below it would else come first.
        let marked = typed(&format!("a{}\u{0323}", "\u{0301}".repeat(LOOKED_AT)));
        assert!(marked.0.starts_with('\u{e1}') && !marked.is_acceptable());
    }

    /// [ACC-33]
    #[tokio::test(flavor = "multi_thread")]
    async fn a_flood_is_cut_off_and_leaves_a_place_for_whoever_is_known() {
        let work = Arc::new(Work::default());
        let flood: Vec<_> = (0..200)
            .map(|_| {
                let work = Arc::clone(&work);
                tokio::spawn(async move { work.is_right(typed("a guess of a stranger"), None, false).await })
            })
            .collect();
        assert_eq!(work.is_right(typed("a colleague's own"), None, true).await, Ok(false));
        let mut refused = 0;
        for attempt in flood {
            refused += usize::from(attempt.await.unwrap() == Err(Rejection::TooMany));
        }
        assert!(refused > 100, "{refused}");
        assert_eq!(work.is_right(typed("a later guess"), None, false).await, Ok(false), "afterwards it goes on");
    }
}
