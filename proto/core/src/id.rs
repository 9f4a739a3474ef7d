//! Identifiers: SHA-256 over what they name, never over a signature.
//!
//! Guarantees that an ID of one noun is not taken for an ID of another. Says nothing about whether what it names exists.

use std::fmt;

use ring::digest;

use crate::rejection::Rejection;

/// Bytes of every identifier.
pub const ID_LENGTH: usize = 32;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; ID_LENGTH]);

        impl $name {
            /// From bytes that are known to be such an ID.
            #[must_use]
            pub const fn new(bytes: [u8; ID_LENGTH]) -> Self {
                Self(bytes)
            }

            /// From a field of a message: 32 bytes, not all zero.
            ///
            /// # Errors
            /// [`Rejection::Malformed`] for any other length or for zeros.
            pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
                let bytes: [u8; ID_LENGTH] = bytes.try_into().map_err(|_| Rejection::Malformed)?;
                if bytes == [0; ID_LENGTH] { Err(Rejection::Malformed) } else { Ok(Self(bytes)) }
            }

            /// From a field that may be empty.
            ///
            /// # Errors
            /// [`Rejection::Malformed`] if it is neither empty nor an ID.
            pub fn parse_optional(bytes: &[u8]) -> Result<Option<Self>, Rejection> {
                if bytes.is_empty() { Ok(None) } else { Self::parse(bytes).map(Some) }
            }

            /// From 64 hexadecimal digits.
            ///
            /// # Errors
            /// [`Rejection::Malformed`] for anything else.
            pub fn from_hex(text: &str) -> Result<Self, Rejection> {
                let mut bytes = [0; ID_LENGTH];
                if text.len() != 2 * ID_LENGTH || !text.is_ascii() {
                    return Err(Rejection::Malformed);
                }
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                    let pair = std::str::from_utf8(pair).map_err(|_| Rejection::Malformed)?;
                    *byte = u8::from_str_radix(pair, 16).map_err(|_| Rejection::Malformed)?;
                }
                Self::parse(&bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; ID_LENGTH] {
                &self.0
            }

            /// The bytes, for a field of a message.
            #[must_use]
            pub fn to_vec(&self) -> Vec<u8> {
                self.0.to_vec()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; 2 * ID_LENGTH];
                for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
                    pair.copy_from_slice(&digits(byte));
                }
                // Digits are ASCII.
                f.write_str(std::str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl From<$name> for Id {
            fn from(id: $name) -> Id {
                Id(id.0)
            }
        }

        impl From<Id> for $name {
            fn from(id: Id) -> $name {
                $name(id.0)
            }
        }
    };
}

/// An identifier whose noun is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; ID_LENGTH]);

impl Id {
    /// From a field of a message: 32 bytes, not all zero.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] for any other length or for zeros.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        EventId::parse(bytes).map(Self::from)
    }

    /// SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_parts(&[bytes])
    }

    /// SHA-256 of the parts, one after the other.
    fn of_parts(parts: &[&[u8]]) -> Self {
        let mut digest = digest::Context::new(&digest::SHA256);
        parts.iter().for_each(|part| digest.update(part));
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(digest.finish().as_ref());
        Self(id)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ID_LENGTH] {
        &self.0
    }
}

identifier!(
    /// An organisation: ID of its first key record.
    OrgId
);
identifier!(
    /// A trail: ID of its opening.
    TrailId
);
identifier!(
    /// An event.
    EventId
);
identifier!(
    /// A key record.
    KeyRecordId
);
identifier!(
    /// One version of an agreement.
    AgreementId
);
identifier!(
    /// A public key.
    KeyId
);
identifier!(
    /// A head statement.
    HeadId
);
identifier!(
    /// An access to a case.
    AccessId
);
identifier!(
    /// What a case is called towards others.
    CaseTag
);
identifier!(
    /// What a person is called in the accesses to one case.
    PersonTag
);
identifier!(
    /// What an access commits to, of the words of its reason.
    WordsTag
);

impl KeyId {
    /// ID of a public key of any suite. [KEY-1]
    #[must_use]
    pub fn of(public_key: &[u8]) -> Self {
        Id::of_parts(&[b"uput/v1/key", public_key]).into()
    }
}

impl TrailId {
    /// The opening, whose ID is the trail's.
    #[must_use]
    pub const fn opening(&self) -> EventId {
        EventId(self.0)
    }
}

impl EventId {
    /// The trail that this event opens, if it is an opening.
    #[must_use]
    pub const fn opened_trail(&self) -> TrailId {
        TrailId(self.0)
    }
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().copied().flat_map(digits).map(char::from).collect()
}

/// The two digits of a byte; a report has hundreds of IDs, so no formatter runs for each byte.
const fn digits(byte: u8) -> [u8; 2] {
    const fn digit(nibble: u8) -> u8 {
        if nibble < 10 { b'0' + nibble } else { b'a' + (nibble - 10) }
    }
    [digit(byte >> 4), digit(byte & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_goes_both_ways() {
        let id = OrgId::from(Id::of(b"an invented organisation"));
        assert_eq!(OrgId::from_hex(&id.to_string()).unwrap(), id);
    }

    #[test]
    fn zeros_and_other_lengths_are_refused() {
        assert!(OrgId::parse(&[0; 32]).is_err());
        assert!(OrgId::parse(&[1; 31]).is_err());
        assert!(OrgId::from_hex("é".repeat(32).as_str()).is_err());
        assert_eq!(OrgId::parse_optional(&[]).unwrap(), None);
    }
}
