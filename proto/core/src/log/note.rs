//! Signed notes: C2SP `signed-note`, in the one form that this protocol writes.
//!
//! Guarantees that a note that parses is written back byte for byte, and which bytes a line's signature signs. Leaves to
//! the checkpoint what the text says.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest;

use crate::{
    key::{PublicKey, SIGNATURE_LENGTH, SigningKey},
    rejection::Rejection,
    time::Seconds,
};

/// Longest note, in bytes. [LOG-20]
pub const MAX_NOTE: usize = 16 * 1024;
/// Most lines of signatures. [LOG-20]
const MAX_LINES: usize = 64;
/// What begins a line of a signature: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// What a signature signs. [LOG-21]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignatureType {
    /// Ed25519 of the text.
    Ed25519,
    /// Ed25519 of a time and the text: `cosignature/v1`.
    Cosignature,
}

/// A name and the ID of a key under it. [LOG-22]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteKey {
    /// Printable ASCII without `+`.
    pub name: String,
    /// First four bytes of H(name ‖ 0A ‖ u8 type ‖ public key).
    pub id: [u8; 4],
}

/// One line of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteLine {
    /// Whose.
    pub key: NoteKey,
    /// The bytes after the ID of the key.
    pub signature: Vec<u8>,
}

/// A text with its signatures; nothing is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Ends with LF.
    pub text: String,
    /// One at least.
    pub lines: Vec<NoteLine>,
}

impl SignatureType {
    const fn number(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Cosignature => 4,
        }
    }
}

impl NoteKey {
    /// A key under a name. [LOG-22]
    #[must_use]
    pub fn of(name: &str, kind: SignatureType, key: &PublicKey) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        [name.as_bytes(), b"\n", &[kind.number()], key.as_bytes()].iter().for_each(|part| context.update(part));
        let mut id = [0; 4];
        id.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self { name: name.to_owned(), id }
    }

    /// The key as other programs take it: `name+ID+base64(type ‖ key)`. [LOG-22]
    #[must_use]
    pub fn verifier(name: &str, kind: SignatureType, key: &PublicKey) -> String {
        let own = Self::of(name, kind, key);
        let bytes = [&[kind.number()], key.as_bytes().as_slice()].concat();
        format!("{name}+{}+{}", crate::id::hex(&own.id), STANDARD.encode(bytes))
    }
}

impl NoteLine {
    /// Signs a text.
    #[must_use]
    pub fn sign(name: &str, key: &SigningKey, text: &str) -> Self {
        let signature = key.sign(text.as_bytes()).to_vec();
        Self { key: NoteKey::of(name, SignatureType::Ed25519, key.public()), signature }
    }

    /// Cosigns a text at a time. [LOG-24]
    #[must_use]
    pub fn cosign(name: &str, key: &SigningKey, text: &str, time: Seconds) -> Self {
        let signature = [&time.get().to_be_bytes()[..], &key.sign(&cosigned(time.get(), text))].concat();
        Self { key: NoteKey::of(name, SignatureType::Cosignature, key.public()), signature }
    }

    /// Whether it is a signature of the text by this key under the line's own name. [LOG-23]
    ///
    /// # Errors
    /// [`Rejection::UnknownSigner`] if it names another key, [`Rejection::BadSignature`].
    pub fn verify(&self, key: &PublicKey, text: &str) -> Result<(), Rejection> {
        if self.key != NoteKey::of(&self.key.name, SignatureType::Ed25519, key) {
            return Err(Rejection::UnknownSigner);
        }
        let signature: &[u8; SIGNATURE_LENGTH] =
            self.signature.as_slice().try_into().map_err(|_| Rejection::BadSignature)?;
        key.verify(text.as_bytes(), signature)
    }

    /// The time at which this key cosigned the text. [LOG-24]
    ///
    /// # Errors
    /// [`Rejection::UnknownSigner`] if it names another key, [`Rejection::BadSignature`], also for a time that no
    /// calendar reaches.
    pub fn verify_cosignature(&self, key: &PublicKey, text: &str) -> Result<Seconds, Rejection> {
        if self.key != NoteKey::of(&self.key.name, SignatureType::Cosignature, key) {
            return Err(Rejection::UnknownSigner);
        }
        let (time, signature) = self.signature.split_first_chunk::<8>().ok_or(Rejection::BadSignature)?;
        let signature: &[u8; SIGNATURE_LENGTH] = signature.try_into().map_err(|_| Rejection::BadSignature)?;
        let time = u64::from_be_bytes(*time);
        key.verify(&cosigned(time, text), signature)?;
        Seconds::new(time).ok_or(Rejection::BadSignature)
    }
}

impl Note {
    /// Reads a note. [LOG-20]
    ///
    /// # Errors
    /// [`Rejection::TooLarge`], [`Rejection::Malformed`], [`Rejection::NotCanonical`] for what would be written otherwise.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        if bytes.len() > MAX_NOTE {
            return Err(Rejection::TooLarge);
        }
        let all = std::str::from_utf8(bytes).map_err(|_| Rejection::Malformed)?;
        let (text, lines) = all.rsplit_once("\n\n").ok_or(Rejection::Malformed)?;
        let text = format!("{text}\n");
        if !text.bytes().all(|byte| byte == b'\n' || byte == b' ' || byte.is_ascii_graphic()) {
            return Err(Rejection::Malformed);
        }
        let lines = lines.strip_suffix('\n').ok_or(Rejection::Malformed)?;
        let lines = lines.split('\n').map(parse_line).collect::<Result<Vec<_>, _>>()?;
        if lines.len() > MAX_LINES {
            return Err(Rejection::TooLarge);
        }
        let note = Self { text, lines };
        if note.to_bytes() == bytes { Ok(note) } else { Err(Rejection::NotCanonical) }
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut all = format!("{}\n", self.text);
        for line in &self.lines {
            let bytes = [&line.key.id[..], &line.signature].concat();
            all.push_str(&format!("{DASH}{} {}\n", line.key.name, STANDARD.encode(bytes)));
        }
        all.into_bytes()
    }
}

/// What a cosignature signs. [LOG-24]
fn cosigned(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

fn parse_line(line: &str) -> Result<NoteLine, Rejection> {
    let (name, signature) =
        line.strip_prefix(DASH).and_then(|line| line.split_once(' ')).ok_or(Rejection::Malformed)?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+') {
        return Err(Rejection::Malformed);
    }
    let bytes = STANDARD.decode(signature).map_err(|_| Rejection::Malformed)?;
    let (id, signature) = bytes.split_first_chunk::<4>().ok_or(Rejection::Malformed)?;
    if signature.is_empty() {
        return Err(Rejection::Malformed);
    }
    Ok(NoteLine { key: NoteKey { name: name.to_owned(), id: *id }, signature: signature.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_in_one_form_only() {
        let key = SigningKey::from_seed(&[7; 32]);
        let text = "an origin\n1\n";
        let note = Note { text: text.to_owned(), lines: vec![NoteLine::sign("a/name", &key, text)] };
        let good = String::from_utf8(note.to_bytes()).unwrap();
        assert_eq!(Note::parse(good.as_bytes()), Ok(note));
        for (other, rejection) in [
            (good.replace('\n', "\r\n"), Rejection::Malformed),
            (good.replace("\n\n", "\n"), Rejection::Malformed),
            (good.replace('\u{2014}', "-"), Rejection::Malformed),
            (good.replace("a/name", "a+name"), Rejection::Malformed),
            (good.replace("a/name", ""), Rejection::Malformed),
            (good.replace("origin", "or\u{131}gin"), Rejection::Malformed),
            (format!("{good}\n"), Rejection::Malformed),
            (format!("{good} "), Rejection::Malformed),
            (good.trim_end().to_owned(), Rejection::Malformed),
            (good.trim_end().trim_end_matches('=').to_owned() + "\n", Rejection::Malformed),
            ("\n".repeat(MAX_NOTE + 1), Rejection::TooLarge),
        ] {
            assert_eq!(Note::parse(other.as_bytes()), Err(rejection), "{other:.80}");
        }
    }

    #[test]
    fn a_cosignature_counts_for_its_time_text_and_key_only() {
        let (key, other) = (SigningKey::from_seed(&[7; 32]), SigningKey::from_seed(&[8; 32]));
        let (text, time) = ("text\n", Seconds::new(1_800_000_000).unwrap());
        let line = NoteLine::cosign("a/name", &key, text, time);
        assert_eq!(line.verify_cosignature(key.public(), text), Ok(time));
        assert_eq!(line.verify_cosignature(other.public(), text), Err(Rejection::UnknownSigner));
        assert_eq!(line.verify_cosignature(key.public(), "texts\n"), Err(Rejection::BadSignature));
        assert_eq!(line.verify(key.public(), text), Err(Rejection::UnknownSigner));
        for byte in 0..line.signature.len() {
            let mut changed = line.clone();
            changed.signature[byte] ^= 1;
            assert_eq!(changed.verify_cosignature(key.public(), text), Err(Rejection::BadSignature));
        }
    }
}
