//! Who may call: whoever shows the token.
//!
//! Guarantees that no call without the token reaches a service, that the node keeps only the token's digest, and that
//! guesses are slowed down without shutting out the token's holder. What the token allows is the services' matter.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use ring::digest;
use tonic::service::Interceptor;
use tonic::{Request, Status};
use uput_core::rejection::Rejection;
use zeroize::Zeroizing;

use super::status;

/// Random bytes of a token.
const TOKEN: usize = 32;
/// Wrong tokens that are answered as such, per minute; further ones hear that they are too many.
const FAILURES_PER_MINUTE: u32 = 30;

/// The secret that own people and programs show: 64 hexadecimal digits. [API-2]
pub struct Token(Zeroizing<String>);

/// SHA-256 of the token's text: what the node keeps. [API-3]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

/// Stands before every service of the local interface.
#[derive(Clone)]
pub struct Guard {
    digest: TokenDigest,
    failures: Arc<DefaultDirectRateLimiter>,
}

impl Token {
    /// A new token.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; TOKEN]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(Zeroizing::new(hex(bytes.as_slice()))))
    }

    /// From the text of an access file.
    #[must_use]
    pub const fn from_text(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// For the access file, or the header of a call.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the node keeps of it.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.0)
    }
}

impl TokenDigest {
    fn of(text: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        Self(bytes)
    }

    /// From its file.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// For its file.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Whether the text is the token. Takes as long for a wrong digest as for the right one. [API-3]
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let shown = Self::of(text);
        let difference = self.0.iter().zip(shown.0).fold(0, |all, (kept, shown)| all | (kept ^ shown));
        std::hint::black_box(difference) == 0
    }
}

impl Guard {
    /// Lets in whoever shows the token of that digest.
    #[must_use]
    pub fn new(digest: TokenDigest) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(FAILURES_PER_MINUTE).unwrap_or(NonZeroU32::MIN));
        Self { digest, failures: Arc::new(RateLimiter::direct(quota)) }
    }
}

impl Interceptor for Guard {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let shown = request.metadata().get("authorization").and_then(|header| header.to_str().ok());
        if shown.and_then(|header| header.strip_prefix("Bearer ")).is_some_and(|token| self.digest.matches(token)) {
            return Ok(request);
        }
        // [API-4] After the comparison: a flood of guesses does not shut out the right token.
        match self.failures.check() {
            Ok(()) => Err(status::of(Rejection::NotAuthenticated)),
            Err(_) => Err(status::of(Rejection::TooMany)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    fn call(guard: &mut Guard, header: Option<&str>) -> Result<(), Code> {
        let mut request = Request::new(());
        if let Some(header) = header {
            request.metadata_mut().insert("authorization", header.parse().unwrap());
        }
        guard.call(request).map(|_| ()).map_err(|status| status.code())
    }

    #[test]
    fn only_the_token_passes() {
        let token = Token::generate().unwrap();
        let mut guard = Guard::new(token.digest());
        let right = format!("Bearer {}", token.expose());
        assert_eq!(call(&mut guard, Some(&right)), Ok(()));
        let other = format!("Bearer {}", Token::generate().unwrap().expose());
        for wrong in [None, Some("Bearer "), Some(token.expose()), Some("Basic x"), Some(other.as_str())] {
            assert_eq!(call(&mut guard, wrong), Err(Code::Unauthenticated));
        }
    }

    #[test]
    fn guesses_are_slowed_down_and_the_token_still_passes() {
        let token = Token::generate().unwrap();
        let mut guard = Guard::new(token.digest());
        let answers: Vec<_> = (0..=FAILURES_PER_MINUTE).map(|_| call(&mut guard, None)).collect();
        assert_eq!(answers.last(), Some(&Err(Code::ResourceExhausted)));
        assert_eq!(call(&mut guard, Some(&format!("Bearer {}", token.expose()))), Ok(()));
    }

    #[test]
    fn a_digest_goes_through_its_file() {
        let digest = Token::generate().unwrap().digest();
        assert!(TokenDigest::from_hex(&format!("{}\n", digest.to_hex())) == Some(digest));
        assert!(TokenDigest::from_hex("+1").is_none());
        assert!(TokenDigest::from_hex(&"+f".repeat(32)).is_none());
    }
}
