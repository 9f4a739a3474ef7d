//! Entries: one thing that an organisation made, received or did.
//!
//! Guarantees the 65 bytes that are hashed. The nonce keeps equal things from looking equal in two logs.

use crate::{id::Id, rejection::Rejection};

/// Bytes of an entry. [LOG-2]
pub const ENTRY_LENGTH: usize = 65;

/// What is logged. [LOG-3]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// An event that this organisation signed.
    OwnEvent,
    /// An event that it admitted.
    ReceivedEvent,
    /// A key record, its own or another's.
    KeyRecord,
    /// An agreement version.
    Agreement,
    /// An access to a record.
    Access,
    /// A head statement, its own or another's.
    Head,
    /// The last cosigned checkpoint of an older incarnation.
    Checkpoint,
    /// A challenge that this organisation signed.
    Challenge,
}

/// One entry of a tick's batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 32 random bytes, new for each entry.
    pub nonce: [u8; 32],
    /// What it is.
    pub kind: EntryKind,
    /// Its ID.
    pub id: Id,
}

impl EntryKind {
    /// The number in the bytes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::OwnEvent => 1,
            Self::ReceivedEvent => 2,
            Self::KeyRecord => 3,
            Self::Agreement => 4,
            Self::Access => 5,
            Self::Head => 6,
            Self::Checkpoint => 7,
            Self::Challenge => 8,
        }
    }

    /// The kind of that number.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] for a number that this version does not know.
    pub const fn from_number(number: u32) -> Result<Self, Rejection> {
        Ok(match number {
            1 => Self::OwnEvent,
            2 => Self::ReceivedEvent,
            3 => Self::KeyRecord,
            4 => Self::Agreement,
            5 => Self::Access,
            6 => Self::Head,
            7 => Self::Checkpoint,
            8 => Self::Challenge,
            _ => return Err(Rejection::Malformed),
        })
    }
}

impl Entry {
    /// `nonce (32) ‖ u8 kind ‖ ID (32)`. [LOG-2]
    #[must_use]
    pub fn to_bytes(&self) -> [u8; ENTRY_LENGTH] {
        let mut bytes = [0; ENTRY_LENGTH];
        let parts = self.nonce.into_iter().chain([self.kind.number()]).chain(*self.id.as_bytes());
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    /// From its bytes.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] for another length, an unknown kind, or an ID or nonce of zeros.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let (nonce, rest) = bytes.split_first_chunk::<32>().ok_or(Rejection::Malformed)?;
        let (kind, id) = rest.split_first().ok_or(Rejection::Malformed)?;
        if *nonce == [0; 32] {
            return Err(Rejection::Malformed);
        }
        Ok(Self { nonce: *nonce, kind: EntryKind::from_number(u32::from(*kind))?, id: Id::parse(id)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_goes_both_ways_and_nothing_else_parses() {
        let entry = Entry { nonce: [7; 32], kind: EntryKind::Access, id: Id::of(b"an access") };
        let bytes = entry.to_bytes();
        assert_eq!(Entry::parse(&bytes), Ok(entry));
        assert_eq!(Entry::parse(&bytes[1..]), Err(Rejection::Malformed));
        assert_eq!(Entry::parse(&[&bytes[..], &[0]].concat()), Err(Rejection::Malformed));
        for kind in [0, 9, 255] {
            let mut other = bytes;
            other[32] = kind;
            assert_eq!(Entry::parse(&other), Err(Rejection::Malformed));
        }
    }
}
