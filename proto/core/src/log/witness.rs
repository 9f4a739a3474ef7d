//! What a witness does with a checkpoint that it is offered.
//!
//! Guarantees that nothing is cosigned that does not continue what was cosigned before under the same origin, and that
//! what contradicts it comes back as evidence. Decides only: whoever asks MUST have `offer` on disk before the
//! cosignature leaves, and leaves to others whose witness it is.

use super::{
    checkpoint::SignedCheckpoint,
    contradiction::Contradiction,
    tick::Tick,
    tree::{Hash, consistent},
};
use crate::{key::PublicKey, rejection::Rejection, time::Seconds};

/// What a log offers, and what it is held against.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// The checkpoint.
    pub checkpoint: &'a SignedCheckpoint,
    /// Consistency path from the size that the witness cosigned last; empty if there is none, or it is the same.
    pub path: &'a [Hash],
    /// The signing key of the record of the log's organisation that counts now.
    pub key: &'a PublicKey,
    /// The first tick of the log, by its organisation's first key record.
    pub base: Tick,
    /// Now, by the witness's clock.
    pub now: Seconds,
}

/// Why it may be cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The first of this log: persist it, then cosign.
    First,
    /// It continues what is kept: persist it, then cosign.
    Continues,
    /// It is what is kept: cosign it anew.
    Same,
    /// A new incarnation that does not show how it continues the older one: persist it and that it broke, then cosign.
    Broken,
}

/// Why it is not cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The table of rejections says why.
    Rejected(Rejection),
    /// What is kept is of this size and incarnation: the path must begin there.
    Stale {
        /// Incarnation of what is kept.
        incarnation: u32,
        /// Its size.
        size: u64,
    },
    /// It and what is kept cannot both be: keep this, and show it.
    Contradiction(Box<Contradiction>),
}

/// Whether a witness cosigns, by the newest checkpoint that it keeps of the same organisation. What it says to persist is
/// on disk before a cosignature leaves. [LOG-32] [LOG-33] [LOG-34] [LOG-35]
///
/// # Errors
/// [`Refusal`]; nothing is to be cosigned.
pub fn decide(kept: Option<&SignedCheckpoint>, offer: Offer<'_>) -> Result<Answer, Refusal> {
    let new = offer.checkpoint.verify(offer.key).map_err(Refusal::Rejected)?;
    // [LOG-32] One tick of grace: no two clocks agree.
    if new.size > Tick::closed(offer.base, offer.now).saturating_add(1) {
        return Err(Refusal::Rejected(Rejection::AheadOfClock));
    }
    let Some(kept) = kept else {
        return if offer.path.is_empty() { Ok(Answer::First) } else { Err(Refusal::Rejected(Rejection::BadProof)) };
    };
    let old = kept.claimed();
    if old.origin.organisation != new.origin.organisation {
        return Err(Refusal::Rejected(Rejection::WrongSigners));
    }
    // [LOG-33] What is kept already is the same again, wherever the asker believed that the path begins.
    if *old == new {
        return Ok(Answer::Same);
    }
    let stale = Refusal::Stale { incarnation: old.origin.incarnation, size: old.size };
    let continues = consistent((old.size, &old.root), (new.size, &new.root), offer.path);
    if new.origin.incarnation > old.origin.incarnation {
        // [LOG-34]
        return match (continues, offer.path.is_empty()) {
            (true, _) => Ok(Answer::Continues),
            (false, true) => Ok(Answer::Broken),
            (false, false) => Err(Refusal::Rejected(Rejection::BadProof)),
        };
    }
    if new.origin.incarnation < old.origin.incarnation {
        return Err(stale);
    }
    if continues {
        return Ok(Answer::Continues);
    }
    if let Some(found) = Contradiction::between(kept, offer.checkpoint, offer.path) {
        return Err(Refusal::Contradiction(Box::new(found)));
    }
    // [LOG-33] A path that begins elsewhere is asked for again; one of the right length that leads nowhere is refused.
    if new.size < old.size || offer.path.is_empty() { Err(stale) } else { Err(Refusal::Rejected(Rejection::BadProof)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::Id,
        key::SigningKey,
        log::{Checkpoint, ContradictionKind, Origin, Tree},
    };

    struct Log(Tree, SigningKey);

    impl Log {
        fn new(seed: u8) -> Self {
            let mut tree = Tree::default();
            (0..40_u8).for_each(|n| tree.append(Hash::leaf(&[n, if n < 9 { 0 } else { seed }])));
            Self(tree, SigningKey::from_seed(&[7; 32]))
        }

        fn at(&self, size: u64, incarnation: u32) -> SignedCheckpoint {
            let origin = Origin { organisation: Id::of(b"an invented shelter").into(), incarnation };
            Checkpoint { origin, size, root: self.0.root_at(size).unwrap() }.sign(&self.1)
        }

        fn offer(
            &self,
            kept: Option<&SignedCheckpoint>,
            new: &SignedCheckpoint,
            path: &[Hash],
        ) -> Result<Answer, Refusal> {
            let now = Seconds::new(600 * 140).unwrap();
            decide(kept, Offer { checkpoint: new, path, key: self.1.public(), base: Tick(100), now })
        }
    }

    #[test]
    fn what_continues_is_cosigned_and_nothing_else() {
        let log = Log::new(0);
        let path = |from, to| log.0.consistency(from, to).unwrap();
        let (ten, twenty) = (log.at(10, 1), log.at(20, 1));
        assert_eq!(log.offer(None, &ten, &[]), Ok(Answer::First));
        assert_eq!(log.offer(None, &ten, &path(5, 10)), Err(Refusal::Rejected(Rejection::BadProof)));
        assert_eq!(
            log.offer(Some(&ten), &ten, &path(5, 10)),
            Ok(Answer::Same),
            "its answer was lost, and the asker began anew"
        );
        assert_eq!(log.offer(Some(&ten), &twenty, &path(10, 20)), Ok(Answer::Continues));
        assert_eq!(log.offer(Some(&twenty), &twenty, &[]), Ok(Answer::Same));
        let stale = Err(Refusal::Stale { incarnation: 1, size: 20 });
        assert_eq!(log.offer(Some(&twenty), &ten, &[]), stale);
        assert_eq!(log.offer(Some(&twenty), &ten, &path(10, 20)), stale);
        assert_eq!(log.offer(Some(&ten), &twenty, &[]), Err(Refusal::Stale { incarnation: 1, size: 10 }));
        assert_eq!(log.offer(Some(&ten), &twenty, &path(9, 20)), Err(Refusal::Rejected(Rejection::BadProof)));
        assert_eq!(log.offer(Some(&twenty), &log.at(40, 1), &path(20, 40)), Ok(Answer::Continues));
    }

    #[test]
    fn a_size_that_the_clock_does_not_allow_is_refused() {
        let log = Log::new(0);
        let ten = log.at(10, 1);
        let at = |now, key| {
            let now = Seconds::new(now).unwrap();
            decide(None, Offer { checkpoint: &ten, path: &[], key, base: Tick(100), now })
        };
        assert_eq!(at(600 * 109, log.1.public()), Ok(Answer::First));
        assert_eq!(at(600 * 109 - 1, log.1.public()), Err(Refusal::Rejected(Rejection::AheadOfClock)));
        let other = SigningKey::from_seed(&[8; 32]);
        assert_eq!(at(600 * 109, other.public()), Err(Refusal::Rejected(Rejection::UnknownSigner)));
    }

    #[test]
    fn a_new_incarnation_continues_or_says_that_it_broke() {
        let (log, lost) = (Log::new(0), Log::new(1));
        let (ten, next, other) = (log.at(10, 1), log.at(20, 2), lost.at(20, 2));
        let path = log.0.consistency(10, 20).unwrap();
        assert_eq!(log.offer(Some(&ten), &next, &path), Ok(Answer::Continues));
        assert_eq!(log.offer(Some(&ten), &log.at(10, 2), &[]), Ok(Answer::Continues));
        assert_eq!(log.offer(Some(&ten), &other, &[]), Ok(Answer::Broken));
        assert_eq!(log.offer(Some(&ten), &log.at(5, 2), &[]), Ok(Answer::Broken));
        assert_eq!(log.offer(Some(&ten), &other, &path), Err(Refusal::Rejected(Rejection::BadProof)));
        assert_eq!(log.offer(Some(&next), &log.at(30, 1), &[]), Err(Refusal::Stale { incarnation: 2, size: 20 }));
    }

    #[test]
    fn two_histories_come_back_as_evidence() {
        let (log, other) = (Log::new(0), Log::new(1));
        let ten = log.at(10, 1);
        for (size, path, kind) in [
            (10, vec![], ContradictionKind::SplitView),
            (20, other.0.consistency(10, 20).unwrap(), ContradictionKind::Rollback),
        ] {
            let Err(Refusal::Contradiction(found)) = log.offer(Some(&ten), &other.at(size, 1), &path) else {
                panic!("not refused with evidence")
            };
            assert_eq!(found.kind(), kind);
        }
    }
}
