//! One access: what the record of it commits to.
//!
//! Guarantees that an [`AccessEntry`] is well formed and has one encoding, and so one ID. Leaves to others whether it is
//! true, and whose the pseudonyms are.

use crate::{
    codec,
    event::known,
    id::{AccessId, CaseTag, Id, PersonTag, TrailId, WordsTag},
    rejection::Rejection,
    time::Seconds,
    wire::{self, AccessKind, AccessReason, AccessStanding, Role},
};

/// One access to a case. [ACL-10]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// The one before in the case; none: the first.
    pub previous: Option<AccessId>,
    /// How many came before.
    pub number: u64,
    /// When, by the node's clock.
    pub time: Seconds,
    /// Which trail; none: the record of the case itself.
    pub trail: Option<TrailId>,
    /// The access before to that trail.
    pub previous_of_trail: Option<AccessId>,
    /// Who, by the pseudonym in this case.
    pub person: PersonTag,
    /// For whom a machine asked.
    pub on_behalf_of: Option<PersonTag>,
    /// Role of the account.
    pub role: Role,
    /// What was given out.
    pub kind: AccessKind,
    /// Why.
    pub reason: AccessReason,
    /// In which place they stood towards the case.
    pub standing: AccessStanding,
    /// What commits to the words of the reason.
    pub words: Option<WordsTag>,
}

impl AccessEntry {
    /// Reads an entry.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] or [`Rejection::NotCanonical`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let entry: wire::AccessEntry = codec::decode(bytes)?;
        let parsed = Self {
            previous: AccessId::parse_optional(&entry.previous)?,
            number: entry.number,
            time: Seconds::new(entry.time).ok_or(Rejection::Malformed)?,
            trail: TrailId::parse_optional(&entry.trail)?,
            previous_of_trail: AccessId::parse_optional(&entry.previous_of_trail)?,
            person: PersonTag::parse(&entry.person)?,
            on_behalf_of: PersonTag::parse_optional(&entry.on_behalf_of)?,
            role: known(entry.role())?,
            kind: known(entry.kind())?,
            reason: known(entry.reason())?,
            standing: known(entry.standing())?,
            words: WordsTag::parse_optional(&entry.words)?,
        };
        parsed.check().map(|()| parsed)
    }

    /// Its one encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let optional = |id: Option<AccessId>| id.map(|id| id.to_vec()).unwrap_or_default();
        codec::encode(&wire::AccessEntry {
            previous: optional(self.previous),
            number: self.number,
            time: self.time.get(),
            trail: self.trail.map(|trail| trail.to_vec()).unwrap_or_default(),
            previous_of_trail: optional(self.previous_of_trail),
            person: self.person.to_vec(),
            on_behalf_of: self.on_behalf_of.map(|person| person.to_vec()).unwrap_or_default(),
            role: self.role.into(),
            kind: self.kind.into(),
            reason: self.reason.into(),
            standing: self.standing.into(),
            words: self.words.map(|words| words.to_vec()).unwrap_or_default(),
        })
    }

    /// Its ID: what the next one commits to. [ACL-11]
    #[must_use]
    pub fn id(&self) -> AccessId {
        Self::id_of(&self.encode())
    }

    /// The ID of an entry's bytes.
    #[must_use]
    pub fn id_of(bytes: &[u8]) -> AccessId {
        Id::of(&[b"uput/v1/access".as_slice(), bytes].concat()).into()
    }

    /// [ACL-10] What only makes sense together stands together.
    fn check(&self) -> Result<(), Rejection> {
        let first = (self.number == 0) == self.previous.is_none();
        let of_trail = self.trail.is_some() || self.previous_of_trail.is_none();
        let said = self.reason != AccessReason::Other || self.words.is_some();
        if first && of_trail && said { Ok(()) } else { Err(Rejection::Malformed) }
    }
}

/// What a case is called in a document. [ACL-12]
#[must_use]
pub fn case_tag(case: &[u8; 16]) -> CaseTag {
    Id::of(&[b"uput/v1/access-case".as_slice(), case].concat()).into()
}

/// What a person is called in the accesses to one case: two cases show nothing that is equal. [ACL-12]
#[must_use]
pub fn pseudonym(case: &[u8; 16], person: &[u8; 16]) -> PersonTag {
    Id::of(&[b"uput/v1/access-person".as_slice(), case, person].concat()).into()
}

/// What commits to the words of a reason. [ACL-13]
#[must_use]
pub fn commit_words(salt: &[u8; 32], words: &str) -> WordsTag {
    Id::of(&[b"uput/v1/access-words".as_slice(), salt, words.as_bytes()].concat()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> AccessEntry {
        let id = |name: &str| Id::of(name.as_bytes());
        AccessEntry {
            previous: Some(id("before").into()),
            number: 7,
            time: Seconds::new(1_795_305_600).unwrap(),
            trail: Some(id("trail").into()),
            previous_of_trail: Some(id("before in the trail").into()),
            person: id("person").into(),
            on_behalf_of: Some(id("another").into()),
            role: Role::Integration,
            kind: AccessKind::ValuesShown,
            reason: AccessReason::Other,
            standing: AccessStanding::Assigned,
            words: Some(id("words").into()),
        }
    }

    /// [ACL-10]
    #[test]
    fn an_entry_is_what_it_encodes() {
        let without = AccessEntry {
            previous: None,
            number: 0,
            trail: None,
            previous_of_trail: None,
            on_behalf_of: None,
            reason: AccessReason::OwnWork,
            words: None,
            ..entry()
        };
        for entry in [entry(), without] {
            assert_eq!(AccessEntry::parse(&entry.encode()).unwrap(), entry);
            assert_eq!(entry.id(), AccessEntry::id_of(&entry.encode()));
        }
    }

    /// [ACL-10]
    #[test]
    fn what_makes_no_sense_together_is_refused() {
        for misshapen in [
            AccessEntry { number: 0, ..entry() },
            AccessEntry { previous: None, ..entry() },
            AccessEntry { trail: None, ..entry() },
            AccessEntry { words: None, ..entry() },
            AccessEntry { role: Role::Unspecified, ..entry() },
            AccessEntry { kind: AccessKind::Unspecified, ..entry() },
            AccessEntry { reason: AccessReason::Unspecified, ..entry() },
            AccessEntry { standing: AccessStanding::Unspecified, ..entry() },
        ] {
            assert_eq!(AccessEntry::parse(&misshapen.encode()).err(), Some(Rejection::Malformed));
        }
    }

    /// [ACL-12]
    #[test]
    fn a_person_is_another_in_every_case() {
        assert_ne!(pseudonym(&[1; 16], &[2; 16]), pseudonym(&[3; 16], &[2; 16]));
        assert_ne!(pseudonym(&[1; 16], &[2; 16]), pseudonym(&[2; 16], &[1; 16]));
        assert_ne!(*case_tag(&[1; 16]).as_bytes(), *case_tag(&[2; 16]).as_bytes());
    }
}
