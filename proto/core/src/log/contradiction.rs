//! Contradictions: two checkpoints of one log that cannot both be.
//!
//! Guarantees that a [`Contradiction`] that was read from bytes is proven by signatures of one key of the organisation's
//! chain and by a path that leads to the one and not to the other: whoever has the first key record needs nobody's word.
//! Leaves to people whether that key was stolen.

use super::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    note::MAX_NOTE,
    proof::parse_path,
    tree::{Hash, prefix_root},
};
use crate::{
    codec,
    envelope::Envelope,
    id::OrgId,
    key::{KeyChain, PublicKey},
    rejection::Rejection,
    wire,
};

/// What contradicts what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContradictionKind {
    /// Two trees of one size.
    SplitView,
    /// A larger tree that does not begin with the smaller one.
    Rollback,
}

/// Two checkpoints of one log that cannot both be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    first: SignedCheckpoint,
    second: SignedCheckpoint,
    path: Vec<Hash>,
}

impl Contradiction {
    /// From two checkpoints whose signatures the caller has verified, and the path of the larger to its own beginning; of
    /// one size the path is not looked at. None if that does not show that they cannot both be. [LOG-50]
    #[must_use]
    pub fn between(one: &SignedCheckpoint, two: &SignedCheckpoint, path: &[Hash]) -> Option<Self> {
        let key = |signed: &SignedCheckpoint| (signed.claimed().size, signed.to_bytes());
        let (first, second) = if key(one) <= key(two) { (one, two) } else { (two, one) };
        let path = if first.claimed().size == second.claimed().size { Vec::new() } else { path.to_vec() };
        let found = Self { first: first.clone(), second: second.clone(), path };
        found.holds().then_some(found)
    }

    fn holds(&self) -> bool {
        let (first, second) = (self.first.claimed(), self.second.claimed());
        if first.origin != second.origin {
            return false;
        }
        if first.size == second.size {
            return first.root != second.root && self.path.is_empty();
        }
        let beginning = prefix_root(first.size, second.size, &second.root, &self.path);
        beginning.is_some_and(|root| root != first.root)
    }

    /// Which it is.
    #[must_use]
    pub fn kind(&self) -> ContradictionKind {
        if self.first.claimed().size == self.second.claimed().size {
            ContradictionKind::SplitView
        } else {
            ContradictionKind::Rollback
        }
    }

    /// Whose log it is.
    #[must_use]
    pub const fn organisation(&self) -> OrgId {
        self.first.claimed().origin.organisation
    }

    /// The smaller one, or of one size the one with the lesser bytes.
    #[must_use]
    pub const fn first(&self) -> &Checkpoint {
        self.first.claimed()
    }

    /// The other one.
    #[must_use]
    pub const fn second(&self) -> &Checkpoint {
        self.second.claimed()
    }

    /// One file for a third party, with the key records of the log's organisation. [LOG-51]
    #[must_use]
    pub fn to_bytes(&self, chain: &KeyChain) -> Vec<u8> {
        codec::encode(&wire::LogContradiction {
            keys: Some(wire::KeyChain { records: chain.envelopes().map(Envelope::to_wire).collect() }),
            first: self.first.to_bytes(),
            second: self.second.to_bytes(),
            path: self.path.iter().map(Hash::to_vec).collect(),
        })
    }

    /// Verifies such a file; the chain is the organisation's, if its OrgId is the one that the reader knows. [LOG-51]
    ///
    /// # Errors
    /// [`Rejection::Malformed`], [`Rejection::NotCanonical`], [`Rejection::TooLarge`], what the key records are refused
    /// for, [`Rejection::UnknownSigner`], [`Rejection::BadSignature`], and [`Rejection::BadProof`] if both can be.
    pub fn verify(bytes: &[u8]) -> Result<(Self, KeyChain), Rejection> {
        let file: wire::LogContradiction = codec::decode(bytes)?;
        if file.first.len() > MAX_NOTE || file.second.len() > MAX_NOTE {
            return Err(Rejection::TooLarge);
        }
        let records = file.keys.ok_or(Rejection::Malformed)?.records;
        let records = records.into_iter().map(Envelope::from_wire).collect::<Result<Vec<_>, _>>()?;
        let chain = KeyChain::verify(&records)?;
        let (first, second) = (SignedCheckpoint::parse(&file.first)?, SignedCheckpoint::parse(&file.second)?);
        for signed in [&first, &second] {
            if signed.claimed().origin.organisation != chain.organisation() {
                return Err(Rejection::UnknownSigner);
            }
            verify_by(signed, &chain)?;
        }
        let (path, ordered) = (parse_path(&file.path)?, first.claimed().size <= second.claimed().size);
        let found = Self::between(&first, &second, &path).ok_or(Rejection::BadProof)?;
        let same = found.first == first && found.path == path;
        if ordered && same { Ok((found, chain)) } else { Err(Rejection::NotCanonical) }
    }
}

/// By any record of the chain, also of a second branch: the organisation signed both.
fn verify_by(signed: &SignedCheckpoint, chain: &KeyChain) -> Result<(), Rejection> {
    let mut keys = chain.records().chain(chain.twins()).map(|record| record.signing_key());
    let key: &PublicKey = keys.find(|key| signed.names(key)).ok_or(Rejection::UnknownSigner)?;
    signed.verify(key).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::Id,
        key::{KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
        log::{Origin, Tree},
        time::Seconds,
    };

    fn chain() -> (KeyChain, SigningKey) {
        let [organisation, signing, tls] = [1, 2, 3].map(|n| SigningKey::from_seed(&[n; 32]));
        let draft = KeyRecordDraft {
            after: None,
            number: 0,
            sealing_keys: vec![SealingSecret::from_seed(&[4; 32]).public().clone()],
            endpoints: vec![],
            witnesses: vec![],
            recovery: None,
            log_base_tick: 0,
            time: Seconds::new(60).unwrap(),
            end: Seconds::new(600).unwrap(),
            disowned: None,
            door_key: None,
        };
        let record = sign_key_record(draft, &organisation, &signing, &tls, None).unwrap();
        (KeyChain::verify(&[record]).unwrap(), signing)
    }

    fn tree(seed: u8) -> Tree {
        let mut tree = Tree::default();
        (0..40_u8).for_each(|n| tree.append(Hash::leaf(&[n, if n < 9 { 0 } else { seed }])));
        tree
    }

    fn at(organisation: OrgId, tree: &Tree, size: u64, key: &SigningKey) -> SignedCheckpoint {
        let origin = Origin { organisation, incarnation: 1 };
        Checkpoint { origin, size, root: tree.root_at(size).unwrap() }.sign(key)
    }

    /// [LOG-51]
    #[test]
    fn evidence_stands_on_its_own_and_no_changed_bit_of_it_does() {
        let (chain, key) = chain();
        let (one, two) = (tree(1), tree(2));
        for (size, path) in
            [(16, one.consistency(16, 30).unwrap()), (13, one.consistency(13, 30).unwrap()), (30, vec![])]
        {
            let first = at(chain.organisation(), &two, size, &key);
            let second = at(chain.organisation(), &one, 30, &key);
            let found = Contradiction::between(&second, &first, &path).unwrap();
            let bytes = found.to_bytes(&chain);
            assert_eq!(Contradiction::verify(&bytes).map(|(again, _)| again), Ok(found));
            for bit in
                (0..8 * bytes.len()).filter(|bit| (bit / 8 + 900 > bytes.len() && bit % 9 == 0) || bit % 1009 == 0)
            {
                let mut other = bytes.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert!(Contradiction::verify(&other).is_err(), "bit {bit} of {}", bytes.len());
            }
        }
    }

    /// [LOG-50]
    #[test]
    fn what_can_both_be_is_no_evidence() {
        let (chain, key) = chain();
        let (one, organisation) = (tree(1), chain.organisation());
        let (ten, thirty) = (at(organisation, &one, 10, &key), at(organisation, &one, 30, &key));
        let path = one.consistency(10, 30).unwrap();
        assert!(Contradiction::between(&ten, &thirty, &path).is_none());
        assert!(Contradiction::between(&ten, &ten, &[]).is_none());
        let another = at(Id::of(b"another").into(), &tree(2), 10, &key);
        assert!(Contradiction::between(&another, &thirty, &path).is_none(), "two logs may differ");
        let other = at(organisation, &tree(2), 10, &key);
        assert!(
            Contradiction::between(&other, &thirty, &path[1..]).is_none(),
            "a path that leads nowhere shows nothing"
        );
        assert!(Contradiction::between(&other, &thirty, &path).is_some());
    }

    /// [LOG-51]
    #[test]
    fn evidence_by_another_key_is_refused() {
        let (chain, _) = chain();
        let stranger = SigningKey::from_seed(&[9; 32]);
        let organisation = chain.organisation();
        let (first, second) = (at(organisation, &tree(1), 10, &stranger), at(organisation, &tree(2), 10, &stranger));
        let found = Contradiction::between(&first, &second, &[]).unwrap();
        assert_eq!(Contradiction::verify(&found.to_bytes(&chain)).err(), Some(Rejection::UnknownSigner));
    }
}
