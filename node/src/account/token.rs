//! The secret that a bearer shows, and the digest that the node keeps of it.

use std::sync::LazyLock;

use ring::digest;
use zeroize::Zeroizing;

use super::TokenId;

/// Random bytes of the secret half.
const SECRET: usize = 32;
/// Digits of the ID, the point, digits of the secret.
const TEXT: usize = 2 * 16 + 1 + 2 * SECRET;

/// A token with its secret: the ID, a point, the secret, in hexadecimal. [ACC-4]
pub struct Token {
    id: TokenId,
    text: Zeroizing<String>,
}

/// SHA-256 of a token's text: what the node keeps. The secret is 32 random bytes, so that nobody can guess from it. [ACC-5]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

impl Token {
    /// A new token.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let (mut id, mut secret) = ([0; 16], Zeroizing::new([0_u8; SECRET]));
        getrandom::fill(&mut id)?;
        getrandom::fill(secret.as_mut_slice())?;
        let id = TokenId::new(id);
        let mut text = Zeroizing::new(String::with_capacity(TEXT));
        text.push_str(&id.to_string());
        text.push('.');
        for byte in secret.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
            }
        }
        Ok(Self { id, text })
    }

    /// From the text of an access file; `None` if it is not one.
    #[must_use]
    pub fn from_text(text: Zeroizing<String>) -> Option<Self> {
        let id = id_of(&text)?;
        Some(Self { id, text })
    }

    /// Which one it is.
    #[must_use]
    pub const fn id(&self) -> TokenId {
        self.id
    }

    /// For the access file, or the header of a call.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What the node keeps of it.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.text.as_bytes())
    }
}

/// The ID that a text claims to be the token of.
pub(super) fn id_of(text: &str) -> Option<TokenId> {
    let (id, secret) = text.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() != TEXT || id.len() != 32 || !digits(id) || !digits(secret) {
        return None;
    }
    u128::from_str_radix(id, 16).ok().map(|number| TokenId::new(number.to_be_bytes()))
}

impl TokenDigest {
    /// Of secret bytes.
    pub(super) fn of(secret: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, secret).as_ref());
        Self(bytes)
    }

    /// The digest of no token: what is compared with where there is nothing to compare with. [ACC-6]
    #[must_use]
    pub fn nobodys() -> Self {
        static NOBODYS: LazyLock<TokenDigest> = LazyLock::new(|| TokenDigest::of(b""));
        *NOBODYS
    }

    /// From its record.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// For its record.
    #[must_use]
    pub fn to_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// Whether the text is the token. Takes as long for a wrong digest as for the right one. [ACC-6]
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.is(&Self::of(text.as_bytes()))
    }

    /// Whether both are of the same secret. Takes as long for a wrong one as for the right one.
    #[must_use]
    pub fn is(&self, shown: &Self) -> bool {
        let difference = self.0.iter().zip(shown.0).fold(0, |all, (kept, shown)| all | (kept ^ shown));
        std::hint::black_box(difference) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Token> {
        Token::from_text(Zeroizing::new(text.to_owned()))
    }

    /// [ACC-4]
    #[test]
    fn a_token_names_its_id_and_only_its_own_text_matches() {
        let (token, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_eq!(parsed(token.expose()).unwrap().id(), token.id());
        assert!(token.digest().matches(token.expose()));
        assert!(!token.digest().matches(other.expose()) && !TokenDigest::nobodys().matches(token.expose()));
        assert!(TokenDigest::parse(&token.digest().to_vec()) == Some(token.digest()));
        assert_ne!(token.id(), other.id());
    }

    #[test]
    fn what_is_not_a_token_is_none() {
        let token = Token::generate().unwrap();
        let text = token.expose();
        let capital = format!("A{}", &text[1..]);
        for wrong in
            ["", ".", "guess", &text[1..], &text.replace('.', "0"), capital.as_str(), &format!("+{}", &text[1..])]
        {
            assert!(parsed(wrong).is_none(), "{wrong}");
        }
    }
}
