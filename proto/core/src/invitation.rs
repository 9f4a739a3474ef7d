//! An invitation: one line that lets one other organisation introduce itself.
//!
//! Guarantees the form, and that a mistyped character is found. Leaves to others: whether it was used or has expired,
//! and who read it on the way; whom it let in is known only after people compared the safety number.

use ring::digest;
use zeroize::Zeroize;

use crate::id::OrgId;
use crate::key::{Endpoint, PublicKey};
use crate::rejection::Rejection;
use crate::sensitive::Sensitive;
use crate::time::Seconds;

/// Bytes of the secret.
pub const SECRET_LENGTH: usize = 16;
/// Most endpoints, as in a key record. [TRA-31]
const MAX_ENDPOINTS: usize = 4;
/// Longest line that is looked at, wrapped or not.
const MAX_LINE: usize = 8 * 1024;
/// What every line of this version starts with; `1` is no digit of the alphabet that follows.
const PREFIX: &str = "uput1";
const DOMAIN: &[u8] = b"uput/v1/invitation";
const CHECKSUM_LENGTH: usize = 4;
/// RFC 4648 base32, lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What the inviting organisation says of itself, and the secret that lets the other one in once.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    organisation: OrgId,
    tls_key: PublicKey,
    endpoints: Vec<Endpoint>,
    secret: Sensitive<[u8; SECRET_LENGTH]>,
    expiry: Seconds,
}

impl Invitation {
    /// Of an organisation that can be dialled. The secret comes from a source that nobody can predict.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] without an endpoint or with more than four.
    pub fn new(
        organisation: OrgId,
        tls_key: PublicKey,
        endpoints: Vec<Endpoint>,
        secret: Sensitive<[u8; SECRET_LENGTH]>,
        expiry: Seconds,
    ) -> Result<Self, Rejection> {
        // [TRA-31]
        if (1..=MAX_ENDPOINTS).contains(&endpoints.len()) {
            Ok(Self { organisation, tls_key, endpoints, secret, expiry })
        } else {
            Err(Rejection::Malformed)
        }
    }

    /// From a line. White space does not count, nor does case: messengers wrap lines and capitalise. [TRA-30]
    ///
    /// # Errors
    /// [`Rejection::Malformed`], [`Rejection::WeakKey`], or [`Rejection::NeedsUpgrade`] for a later version.
    pub fn parse(line: &str) -> Result<Self, Rejection> {
        if line.len() > MAX_LINE {
            return Err(Rejection::Malformed);
        }
        let mut text: String = line.split_whitespace().collect::<String>().to_ascii_lowercase();
        let bytes = digits(&text).and_then(from_base32).map(Sensitive::new);
        text.zeroize();
        // What follows borrows the bytes; they are cleared when this ends.
        Self::from_bytes(bytes?.expose())
    }

    /// The line. It is a secret until it has been used. [TRA-30]
    #[must_use]
    pub fn to_line(&self) -> Sensitive<String> {
        let mut bytes = self.to_bytes();
        bytes.extend_from_slice(&checksum(&bytes));
        let line = PREFIX.to_owned() + &to_base32(&bytes);
        bytes.zeroize();
        Sensitive::new(line)
    }

    /// Who invites.
    #[must_use]
    pub const fn organisation(&self) -> OrgId {
        self.organisation
    }

    /// The only key that may answer at the endpoints.
    #[must_use]
    pub const fn tls_key(&self) -> &PublicKey {
        &self.tls_key
    }

    /// Where to dial, best first.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// What lets one organisation in, once.
    #[must_use]
    pub const fn secret(&self) -> &Sensitive<[u8; SECRET_LENGTH]> {
        &self.secret
    }

    /// From when on it is refused.
    #[must_use]
    pub const fn expiry(&self) -> Seconds {
        self.expiry
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MAX_LINE / 4);
        bytes.extend_from_slice(self.organisation.as_bytes());
        bytes.extend_from_slice(self.tls_key.as_bytes());
        // Into the line, which is a secret as a whole.
        bytes.extend_from_slice(self.secret.expose());
        bytes.extend_from_slice(&self.expiry.get().to_be_bytes());
        for endpoint in &self.endpoints {
            // cannot fail: an endpoint has at most 255 bytes.
            bytes.push(u8::try_from(endpoint.as_str().len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(endpoint.as_str().as_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Rejection> {
        let body_length = bytes.len().checked_sub(CHECKSUM_LENGTH).ok_or(Rejection::Malformed)?;
        let (mut body, sum) = bytes.split_at_checked(body_length).ok_or(Rejection::Malformed)?;
        if checksum(body) != sum {
            return Err(Rejection::Malformed);
        }
        let organisation = OrgId::parse(take(&mut body, 32)?)?;
        let tls_key = PublicKey::parse(take(&mut body, 32)?)?;
        let secret: [u8; SECRET_LENGTH] =
            take(&mut body, SECRET_LENGTH)?.try_into().map_err(|_| Rejection::Malformed)?;
        let expiry: [u8; 8] = take(&mut body, 8)?.try_into().map_err(|_| Rejection::Malformed)?;
        let expiry = Seconds::new(u64::from_be_bytes(expiry)).ok_or(Rejection::Malformed)?;
        let mut endpoints = Vec::new();
        while !body.is_empty() && endpoints.len() <= MAX_ENDPOINTS {
            let length = take(&mut body, 1)?.first().copied().unwrap_or(0);
            let text = std::str::from_utf8(take(&mut body, usize::from(length))?).map_err(|_| Rejection::Malformed)?;
            endpoints.push(Endpoint::parse(text)?);
        }
        Self::new(organisation, tls_key, endpoints, Sensitive::new(secret), expiry)
    }
}

/// The digits after the prefix of this version.
fn digits(text: &str) -> Result<&str, Rejection> {
    text.strip_prefix(PREFIX).ok_or_else(|| {
        let later = text.strip_prefix("uput").and_then(|rest| rest.chars().next());
        if later.is_some_and(|version| matches!(version, '8' | '9' | '0')) {
            Rejection::NeedsUpgrade
        } else {
            Rejection::Malformed
        }
    })
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Rejection> {
    let (taken, left) = rest.split_at_checked(count).ok_or(Rejection::Malformed)?;
    *rest = left;
    Ok(taken)
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_LENGTH] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(DOMAIN);
    context.update(body);
    let mut sum = [0; CHECKSUM_LENGTH];
    for (to, from) in sum.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    sum
}

fn to_base32(bytes: &[u8]) -> String {
    let digit_count = (bytes.len() * 8).div_ceil(5);
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let digit = |at: usize| (0..5).fold(0, |digit, step| digit << 1 | bit(at * 5 + step));
    (0..digit_count).filter_map(|at| ALPHABET.get(usize::from(digit(at))).map(|letter| char::from(*letter))).collect()
}

fn from_base32(text: &str) -> Result<Vec<u8>, Rejection> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == letter).ok_or(Rejection::Malformed)?;
        // cannot fail: a position in an alphabet of 32 is below 32.
        bits = bits << 5 | u32::try_from(digit).unwrap_or(0);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // Left-over bits would make two lines of one invitation.
    if bits == 0 && count < 5 { Ok(bytes) } else { Err(Rejection::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;
    use proptest::prelude::*;

    /// An invented invitation.
    fn invitation() -> Invitation {
        Invitation::new(
            OrgId::new([0x11; 32]),
            *SigningKey::from_seed(&[0x22; 32]).public(),
            vec![Endpoint::parse("node.shelter.example:7420").unwrap(), Endpoint::parse("[::1]:7420").unwrap()],
            Sensitive::new([0x33; 16]),
            Seconds::new(1_800_000_000).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn a_line_goes_both_ways_and_may_be_wrapped() {
        let line = invitation().to_line();
        let line = line.expose();
        assert!(Invitation::parse(line).unwrap() == invitation());
        let wrapped: String = line
            .chars()
            .enumerate()
            .map(|(at, c)| if at % 40 == 39 { format!("{c}\n ") } else { c.to_string() })
            .collect();
        assert!(Invitation::parse(&wrapped.to_uppercase()).unwrap() == invitation());
    }

    #[test]
    fn every_changed_missing_or_added_character_is_found() {
        let line = invitation().to_line().expose().clone();
        for at in 0..line.len() {
            for other in ["a", "7", "q"] {
                let mut changed = line.clone();
                changed.replace_range(at..=at, other);
                assert!(changed == line || Invitation::parse(&changed).is_err(), "{at}");
            }
            let mut shorter = line.clone();
            shorter.remove(at);
            assert!(shorter == line || Invitation::parse(&shorter).is_err(), "{at}");
        }
        assert!(Invitation::parse(&(line + "a")).is_err());
    }

    #[test]
    fn an_invitation_names_one_to_four_endpoints() {
        let with = |count: usize| {
            let known = invitation();
            let endpoints = vec![Endpoint::parse("a.example:1").unwrap(); count];
            Invitation::new(known.organisation, known.tls_key, endpoints, known.secret, known.expiry)
        };
        assert!(with(0).is_err());
        assert!(with(4).is_ok());
        assert!(with(5).is_err());
    }

    #[test]
    fn another_version_asks_for_an_upgrade() {
        assert_eq!(Invitation::parse("uput9abc").err(), Some(Rejection::NeedsUpgrade));
        assert_eq!(Invitation::parse("hello").err(), Some(Rejection::Malformed));
        assert_eq!(Invitation::parse("").err(), Some(Rejection::Malformed));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(line in "\\PC{0,300}", tail in "[a-z2-7 ]{0,400}") {
            let _ = Invitation::parse(&line);
            let _ = Invitation::parse(&format!("uput1{tail}"));
        }

        #[test]
        fn base32_goes_both_ways(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(from_base32(&to_base32(&bytes)).unwrap(), bytes);
        }
    }
}
