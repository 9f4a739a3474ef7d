//! Checkpoints: a log's signed word on its size and root, and what witnesses add to it.
//!
//! Guarantees: a [`SignedCheckpoint`] has the exact three lines, the log's own line first, and cosignatures in one order;
//! what `verify` gives was signed by the key that the caller named. Leaves to others: whose key that must be, and whether
//! a witness counts.

use super::{
    note::{Note, NoteKey, NoteLine, SignatureType},
    tree::Hash,
};
use crate::{
    id::{Id, OrgId},
    key::{PublicKey, SigningKey},
    rejection::Rejection,
    time::Seconds,
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Most cosignatures. [LOG-20]
pub const MAX_COSIGNATURES: usize = 63;

/// Whose log it is, and of which incarnation. [LOG-10]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Whose.
    pub organisation: OrgId,
    /// Which incarnation of its node.
    pub incarnation: u32,
}

/// What a log says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log.
    pub origin: Origin,
    /// How many leaves; never 0.
    pub size: u64,
    /// Their root.
    pub root: Hash,
}

/// A checkpoint with its signatures: well-formed, nothing verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// One witness's line: well-formed, nothing verified.
#[derive(Clone, Copy, Debug)]
pub struct Cosignature<'a> {
    /// Who cosigned, by the line's name.
    pub witness: OrgId,
    text: &'a str,
    line: &'a NoteLine,
}

impl Origin {
    /// `uput/v1/<OrgId in hex>/<incarnation in decimal>`. [LOG-10]
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}/{}", witness_name(&self.organisation), self.incarnation)
    }

    fn parse(text: &str) -> Result<Self, Rejection> {
        let (organisation, incarnation) = text.rsplit_once('/').ok_or(Rejection::Malformed)?;
        let incarnation = incarnation.parse().map_err(|_| Rejection::Malformed)?;
        let origin = Self { organisation: parse_name(organisation)?, incarnation };
        // Signs, leading zeros and capitals are other texts.
        if origin.text() == text { Ok(origin) } else { Err(Rejection::NotCanonical) }
    }
}

/// The name under which an organisation cosigns: `uput/v1/<OrgId in hex>`. [LOG-11]
fn witness_name(organisation: &OrgId) -> String {
    format!("uput/v1/{organisation}")
}

fn parse_name(name: &str) -> Result<OrgId, Rejection> {
    let organisation = OrgId::from_hex(name.strip_prefix("uput/v1/").ok_or(Rejection::Malformed)?)?;
    if witness_name(&organisation) == name { Ok(organisation) } else { Err(Rejection::NotCanonical) }
}

impl Checkpoint {
    /// The three lines that are signed. [LOG-12]
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin.text(), self.size, STANDARD.encode(self.root.as_bytes()))
    }

    /// SHA-256 of the three lines: what a proof names. [LOG-12]
    #[must_use]
    pub fn id(&self) -> Id {
        Id::of(self.text().as_bytes())
    }

    /// Reads the three lines and nothing after them. [LOG-12]
    ///
    /// # Errors
    /// [`Rejection::Malformed`], [`Rejection::NotCanonical`].
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let mut lines = text.strip_suffix('\n').ok_or(Rejection::Malformed)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(Rejection::Malformed);
        };
        let size: u64 = size.parse().map_err(|_| Rejection::Malformed)?;
        let root = STANDARD.decode(root).map_err(|_| Rejection::Malformed)?;
        let root = Hash::from_slice(&root).ok_or(Rejection::Malformed)?;
        let checkpoint = Self { origin: Origin::parse(origin)?, size, root };
        if size == 0 {
            return Err(Rejection::Malformed);
        }
        if checkpoint.text() == text { Ok(checkpoint) } else { Err(Rejection::NotCanonical) }
    }

    /// Signs it with the node's signing key. [LOG-10]
    #[must_use]
    pub fn sign(self, key: &SigningKey) -> SignedCheckpoint {
        let text = self.text();
        let line = NoteLine::sign(&self.origin.text(), key, &text);
        SignedCheckpoint { checkpoint: self, note: Note { text, lines: vec![line] } }
    }
}

impl SignedCheckpoint {
    /// Reads a checkpoint with its signatures. [LOG-13]
    ///
    /// # Errors
    /// What [`Note::parse`] and [`Checkpoint::parse`] refuse, and [`Rejection::WrongSigners`] if the first line is not the
    /// log's or another one is no witness's, [`Rejection::NotCanonical`] if lines are twice or in another order.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::parse(&note.text)?;
        let (first, rest) = note.lines.split_first().ok_or(Rejection::WrongSigners)?;
        if first.key.name != checkpoint.origin.text() || first.signature.len() != 64 {
            return Err(Rejection::WrongSigners);
        }
        for line in rest {
            parse_name(&line.key.name).map_err(|_| Rejection::WrongSigners)?;
            if line.signature.len() != 72 {
                return Err(Rejection::WrongSigners);
            }
        }
        // A key of a witness counts once, and the same lines make the same bytes.
        if !rest.is_sorted_by(|one, two| one.key < two.key) {
            return Err(Rejection::NotCanonical);
        }
        Ok(Self { checkpoint, note })
    }

    /// What the log says, if this key signed it. [LOG-23]
    ///
    /// # Errors
    /// [`Rejection::UnknownSigner`] if the line names another key, [`Rejection::BadSignature`].
    pub fn verify(&self, key: &PublicKey) -> Result<Checkpoint, Rejection> {
        let line = self.note.lines.first().ok_or(Rejection::WrongSigners)?;
        line.verify(key, &self.note.text).map(|()| self.checkpoint)
    }

    /// What it says, not verified.
    #[must_use]
    pub const fn claimed(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The key that its own line names.
    #[must_use]
    pub fn key(&self) -> Option<&NoteKey> {
        self.note.lines.first().map(|line| &line.key)
    }

    /// Whether its own line names this key.
    #[must_use]
    pub fn names(&self, key: &PublicKey) -> bool {
        let own = NoteKey::of(&self.checkpoint.origin.text(), SignatureType::Ed25519, key);
        self.note.lines.first().is_some_and(|line| line.key == own)
    }

    /// The lines of witnesses, not verified.
    pub fn cosignatures(&self) -> impl Iterator<Item = Cosignature<'_>> {
        let lines = self.note.lines.iter().skip(1);
        lines.filter_map(|line| {
            Some(Cosignature { witness: parse_name(&line.key.name).ok()?, text: &self.note.text, line })
        })
    }

    /// A witness's line for this checkpoint, alone. [LOG-24]
    #[must_use]
    pub fn cosign(&self, witness: &OrgId, key: &SigningKey, time: Seconds) -> NoteLine {
        NoteLine::cosign(&witness_name(witness), key, &self.note.text, time)
    }

    /// Adds a line of a witness; of one key the earlier time stays. Verify it before. [LOG-13]
    ///
    /// # Errors
    /// [`Rejection::WrongSigners`] if it is no witness's line, [`Rejection::TooLarge`] for too many.
    pub fn add(&mut self, line: NoteLine) -> Result<(), Rejection> {
        parse_name(&line.key.name).map_err(|_| Rejection::WrongSigners)?;
        if line.signature.len() != 72 {
            return Err(Rejection::WrongSigners);
        }
        let rest = self.note.lines.get(1..).unwrap_or_default();
        match rest.binary_search_by(|own| own.key.cmp(&line.key)) {
            Ok(place) => {
                // The time stands first, big-endian.
                if let Some(own) = self.note.lines.get_mut(place + 1).filter(|own| line.signature < own.signature) {
                    *own = line;
                }
            }
            Err(_) if rest.len() >= MAX_COSIGNATURES => return Err(Rejection::TooLarge),
            Err(place) => self.note.lines.insert(place + 1, line),
        }
        Ok(())
    }

    /// With the lines of these witnesses only: what a bundle carries. [LOG-40]
    #[must_use]
    pub fn with_only(&self, witnesses: &[OrgId]) -> Self {
        let mut own = self.clone();
        let mut first = true;
        own.note.lines.retain(|line| {
            let kept = parse_name(&line.key.name).is_ok_and(|name| witnesses.contains(&name));
            std::mem::take(&mut first) || kept
        });
        own
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.note.to_bytes()
    }
}

impl Cosignature<'_> {
    /// When this key cosigned. [LOG-24]
    ///
    /// # Errors
    /// [`Rejection::UnknownSigner`] if the line names another key, [`Rejection::BadSignature`].
    pub fn verify(&self, key: &PublicKey) -> Result<Seconds, Rejection> {
        self.line.verify_cosignature(key, self.text)
    }

    /// The key that it names.
    #[must_use]
    pub const fn key(&self) -> &NoteKey {
        &self.line.key
    }

    /// The line, to be kept or sent.
    #[must_use]
    pub fn line(&self) -> NoteLine {
        self.line.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organisation(name: &[u8]) -> OrgId {
        Id::of(name).into()
    }

    fn signed() -> SignedCheckpoint {
        let origin = Origin { organisation: organisation(b"an invented shelter"), incarnation: 3 };
        let checkpoint = Checkpoint { origin, size: 17, root: Hash::leaf(b"x") };
        checkpoint.sign(&SigningKey::from_seed(&[1; 32]))
    }

    #[test]
    fn a_checkpoint_says_what_its_log_signed() {
        let (signed, key) = (signed(), SigningKey::from_seed(&[1; 32]));
        let again = SignedCheckpoint::parse(&signed.to_bytes()).unwrap();
        assert_eq!(again, signed);
        assert_eq!(again.verify(key.public()), Ok(*signed.claimed()));
        let other = SigningKey::from_seed(&[2; 32]);
        assert_eq!(again.verify(other.public()), Err(Rejection::UnknownSigner));
        assert!(again.names(key.public()) && !again.names(other.public()));
    }

    #[test]
    fn three_lines_and_no_others() {
        let text = signed().claimed().text();
        for (from, to, rejection) in [
            ("\n17\n", "\n017\n", Rejection::NotCanonical),
            ("\n17\n", "\n+17\n", Rejection::NotCanonical),
            ("\n17\n", "\n0\n", Rejection::Malformed),
            ("\n17\n", "\n17\nmore\n", Rejection::Malformed),
            ("\n17\n", "\n", Rejection::Malformed),
            ("/3\n", "/03\n", Rejection::NotCanonical),
            ("/3\n", "/4294967296\n", Rejection::Malformed),
            ("uput/v1", "uput/v2", Rejection::Malformed),
            ("=\n", "\n", Rejection::Malformed),
        ] {
            assert_eq!(Checkpoint::parse(&text.replacen(from, to, 1)), Err(rejection), "{from:?} {to:?}");
        }
        let upper = text.replacen(&text[8..72], &text[8..72].to_uppercase(), 1);
        assert_eq!(Checkpoint::parse(&upper), Err(Rejection::NotCanonical));
        assert_eq!(Checkpoint::parse(&text), Ok(*signed().claimed()));
    }

    #[test]
    fn lines_stand_in_one_order_and_none_twice() {
        let mut all = signed();
        let [one, two] = [b"w1", b"w2"].map(|name| organisation(name));
        let key = SigningKey::from_seed(&[3; 32]);
        let at = |time| Seconds::new(time).unwrap();
        for (witness, time) in [(one, 9), (two, 5), (one, 7), (one, 8)] {
            all.add(all.cosign(&witness, &key, at(time))).unwrap();
        }
        let again = SignedCheckpoint::parse(&all.to_bytes()).unwrap();
        let found: Vec<_> = again.cosignatures().map(|own| (own.witness, own.verify(key.public()))).collect();
        let mut expected = vec![(one, Ok(at(7))), (two, Ok(at(5)))];
        expected.sort_by_key(|(witness, _)| *witness);
        assert_eq!(found, expected);
        assert_eq!(again.with_only(&[two]).cosignatures().count(), 1);
        assert_eq!(again.with_only(&[]), signed());

        let written = |lines: Vec<NoteLine>| Note { text: all.note.text.clone(), lines }.to_bytes();
        let [own, first, second] = <[NoteLine; 3]>::try_from(all.note.lines.clone()).unwrap();
        for (lines, rejection) in [
            (vec![own.clone(), second.clone(), first.clone()], Rejection::NotCanonical),
            (vec![own.clone(), first.clone(), first.clone()], Rejection::NotCanonical),
            (vec![first.clone(), second.clone()], Rejection::WrongSigners),
            (vec![own.clone(), own.clone()], Rejection::WrongSigners),
            (vec![first, own], Rejection::WrongSigners),
        ] {
            assert_eq!(SignedCheckpoint::parse(&written(lines)), Err(rejection));
        }
    }
}
