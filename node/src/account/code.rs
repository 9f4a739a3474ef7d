//! The code with which a person enrols, once: short enough to be copied from paper.

use uput_core::sensitive::Sensitive;
use zeroize::Zeroizing;

use super::{CredentialId, TokenDigest};

/// Bytes that say which code it is, and are no secret.
const NAMED: usize = 5;
/// Random bytes of the secret: nobody tries 2^80 of them in seven days.
const SECRET: usize = 10;
/// Without what is easily misread: no i, l, o, u.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A code: 24 letters and digits in groups of four. [ACC-31]
pub struct Code(Zeroizing<[u8; NAMED + SECRET]>);

impl Code {
    /// A new code, named by the beginning of a credential's ID.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate(credential: &CredentialId) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; NAMED + SECRET]);
        let (named, secret) = bytes.split_at_mut(NAMED);
        named.iter_mut().zip(credential.to_vec()).for_each(|(to, from)| *to = from);
        getrandom::fill(secret)?;
        Ok(Self(bytes))
    }

    /// From what a person typed; `None` if it is no code.
    #[must_use]
    pub fn parse(typed: &Sensitive<String>) -> Option<Self> {
        let mut bytes = Zeroizing::new([0_u8; NAMED + SECRET]);
        let mut digits = 0_usize;
        // Looked at letter by letter; what is kept of it is cleared.
        for letter in typed.expose().bytes().filter(|letter| !matches!(letter, b'-' | b' ')) {
            let letter = match letter.to_ascii_lowercase() {
                b'o' => b'0',
                b'i' | b'l' => b'1',
                other => other,
            };
            let value = u8::try_from(LETTERS.iter().position(|known| *known == letter)?).ok()?;
            for bit in 0..5 {
                let at = digits * 5 + bit;
                *bytes.get_mut(at / 8)? |= (value >> (4 - bit) & 1) << (7 - at % 8);
            }
            digits += 1;
        }
        (digits * 5 == bytes.len() * 8).then_some(Self(bytes))
    }

    /// With what the ID of its credential begins.
    #[must_use]
    pub fn named(&self) -> &[u8] {
        self.0.get(..NAMED).unwrap_or_default()
    }

    /// What the node keeps of it.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.0.as_slice())
    }

    /// For the person, once.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(29));
        for digit in 0..self.0.len() * 8 / 5 {
            if digit > 0 && digit % 4 == 0 {
                text.push('-');
            }
            let bit = |at: usize| self.0.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
            let value = (0..5).fold(0, |value, place| value << 1 | bit(digit * 5 + place));
            text.push(LETTERS.get(usize::from(value)).copied().map_or('0', char::from));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Code> {
        Code::parse(&Sensitive::new(text.to_owned()))
    }

    /// [ACC-31]
    #[test]
    fn what_is_printed_is_what_is_read_however_it_is_typed() {
        let id = CredentialId::new([0xf1; 16]);
        let (code, other) = (Code::generate(&id).unwrap(), Code::generate(&id).unwrap());
        let text = code.expose();
        assert_eq!((text.len(), text.split('-').count()), (29, 6));
        for typed in [text.to_string(), text.to_uppercase(), text.replace('-', " "), text.replace('1', "l")] {
            let read = parsed(&typed).unwrap();
            assert!(read.digest() == code.digest() && read.named() == [0xf1; 5], "{typed}");
        }
        assert!(other.digest() != code.digest());
        for wrong in ["", "guess", &text[1..], &format!("{}u", &text[1..]), &format!("{}0", &*text)] {
            assert!(parsed(wrong).is_none(), "{wrong}");
        }
    }
}
