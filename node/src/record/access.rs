//! Somebody looked: what the journal holds of it, and how it is found.

use prost::Message;
use uput_core::{
    access_log::AccessEntry,
    rejection::Rejection,
    wire::{AccessKind, AccessReason, AccessStanding, Role},
};

use super::{EXPORTED, Writes, exported_on, points};
use crate::{
    access::Seen,
    account::{AccountId, By, PersonId},
    case::CaseId,
    storage::{Position, Record},
    store::{IndexValue, IndexWrite, Tree},
};

/// Trail ID to the newest access to it.
pub const ACCESSES: Tree = Tree::new("accesses");
/// Case ID and number in its chain to the access.
pub const CASE_ACCESSES: Tree = Tree::new("case accesses");
/// Time and position to what the rules on unusual accesses need.
pub const ACCESS_TIMES: Tree = Tree::new("access times");

/// What an earlier version recorded of a bundle with values.
const VALUES_EXPORTED: u32 = 2;

/// Somebody looked at a record, or took a copy of it. [ACL-1]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct AccessRecord {
    /// Trail ID; empty: the record of the case itself.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// Position and one of the access before to that trail; 0: the first.
    #[prost(uint64, tag = "2")]
    pub previous: u64,
    /// Seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub time: u64,
    /// Which account looked, and for which one. [ACC-20]
    #[prost(bytes = "vec", tag = "4")]
    pub account: Vec<u8>,
    /// What was given out, in a record of an earlier version: 0 values were shown, 1 and 2 a bundle without and with
    /// values was made.
    #[prost(uint32, tag = "5")]
    pub what: u32,
    /// Case ID; empty in a record of an earlier version.
    #[prost(bytes = "vec", tag = "6")]
    pub case: Vec<u8>,
    /// The canonical `AccessEntry`: what the next one commits to.
    #[prost(bytes = "vec", tag = "7")]
    pub entry: Vec<u8>,
    /// Person ID of whoever looked.
    #[prost(bytes = "vec", tag = "8")]
    pub person: Vec<u8>,
    /// Person ID on whose behalf a machine looked; empty: nobody.
    #[prost(bytes = "vec", tag = "9")]
    pub on_behalf_of: Vec<u8>,
    /// Salt and words of the reason, under the key of the case's accesses; empty: none.
    #[prost(bytes = "vec", tag = "10")]
    pub words: Vec<u8>,
}

impl AccessRecord {
    /// Its place in the chain of its case; none in a record of an earlier version.
    #[must_use]
    pub fn entry(&self) -> Option<AccessEntry> {
        AccessEntry::parse(&self.entry).ok()
    }

    /// What rules need of it; none of what somebody was asked to look at. [ACL-40]
    pub(crate) fn seen(&self, entry: &AccessEntry) -> Option<Seen> {
        if entry.kind == AccessKind::ApprovalShown {
            return None;
        }
        let by = By::parse(&self.account)?;
        let person = if self.on_behalf_of.is_empty() { &self.person } else { &self.on_behalf_of };
        Some(Seen {
            time: self.time,
            account: by.on_behalf_of.unwrap_or(by.account),
            person: PersonId::parse(person)?,
            role: entry.role,
            case: CaseId::parse(&self.case)?,
            standing: entry.standing,
            reason: entry.reason,
            kind: entry.kind,
        })
    }

    /// What the index shows of it.
    pub(super) fn project(&self, record: &Record) -> Writes {
        let mut writes = Vec::new();
        if !self.trail.is_empty() {
            writes.push(points(ACCESSES, &self.trail, record));
        }
        let entry = self.entry();
        let kind = entry.as_ref().map(|entry| entry.kind);
        let exported = matches!(kind, Some(AccessKind::ValuesExported | AccessKind::ContactExported));
        if exported || (kind.is_none() && self.what == VALUES_EXPORTED) {
            let key = [exported_on(self.time).as_slice(), &record.position.number().to_be_bytes()].concat();
            writes.push(points(EXPORTED, &key, record));
        }
        if let Some(entry) = entry {
            writes.push(points(CASE_ACCESSES, &case_access_key(&self.case, entry.number), record));
            writes.push(self.seen(&entry).and_then(|seen| of_time(&seen, record.position)));
        }
        writes
    }
}

/// Key of an access in its case's chain.
#[must_use]
pub fn case_access_key(case: &[u8], number: u64) -> Vec<u8> {
    [case, &number.to_be_bytes()].concat()
}

/// Under which name the key book holds the key of the words of a case's reasons. [ACL-6]
#[must_use]
pub fn access_key_name(case: &CaseId) -> [u8; 32] {
    *uput_core::id::Id::of(&[b"uput/node/access".as_slice(), &case.to_vec()].concat()).as_bytes()
}

/// Associated data of the words of a reason. [ACL-6]
#[must_use]
pub fn access_aad(case: &CaseId, number: u64) -> Vec<u8> {
    [b"uput/node/access/".as_slice(), &case_access_key(&case.to_vec(), number)].concat()
}

fn of_time(seen: &Seen, position: Position) -> Option<IndexWrite> {
    let key = [seen.time.to_be_bytes(), position.number().to_be_bytes()].concat();
    let codes = [seen.role as i32, seen.standing as i32, seen.reason as i32, seen.kind as i32]
        .map(|code| u8::try_from(code).unwrap_or(0));
    let value = [seen.account.to_vec(), seen.person.to_vec(), seen.case.to_vec(), codes.to_vec()].concat();
    IndexWrite::put(ACCESS_TIMES, &key, IndexValue::try_from(value).ok()?).ok()
}

/// What an entry of [`ACCESS_TIMES`] says.
///
/// # Errors
/// [`Rejection::ReadFailed`] for what this program did not write.
pub fn read_time(key: &[u8], value: &[u8]) -> Result<Seen, Rejection> {
    parse_time(key, value).ok_or(Rejection::ReadFailed)
}

fn parse_time(key: &[u8], value: &[u8]) -> Option<Seen> {
    let (account, rest) = value.split_at_checked(16)?;
    let (person, rest) = rest.split_at_checked(16)?;
    let (case, codes) = rest.split_at_checked(16)?;
    let &[role, standing, reason, kind] = codes else { return None };
    Some(Seen {
        time: u64::from_be_bytes(*key.first_chunk()?),
        account: AccountId::parse(account)?,
        person: PersonId::parse(person)?,
        role: Role::try_from(i32::from(role)).ok()?,
        case: CaseId::parse(case)?,
        standing: AccessStanding::try_from(i32::from(standing)).ok()?,
        reason: AccessReason::try_from(i32::from(reason)).ok()?,
        kind: AccessKind::try_from(i32::from(kind)).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Kept, project};
    use uput_core::{id::Id, time::Seconds};
    use zeroize::Zeroizing;

    fn record(access: &AccessRecord) -> Record {
        let payload = Zeroizing::new(access.encode_to_vec());
        Record { position: Position::new(7), kind: AccessRecord::KIND, payload }
    }

    /// [ACL-1] [NOD-21]
    #[test]
    fn an_access_is_found_by_trail_by_case_and_by_time_and_an_old_one_by_trail() {
        let old =
            AccessRecord { trail: vec![1; 32], time: 9, account: vec![2; 16], what: 1, ..AccessRecord::default() };
        assert_eq!(project(&record(&old)).len(), 1);
        let entry = AccessEntry {
            previous: None,
            number: 0,
            time: Seconds::new(9).unwrap(),
            trail: Some(Id::of(b"trail").into()),
            previous_of_trail: None,
            person: Id::of(b"person").into(),
            on_behalf_of: None,
            role: Role::CaseWorker,
            kind: AccessKind::ValuesShown,
            reason: AccessReason::OwnWork,
            standing: AccessStanding::Assigned,
            words: None,
        };
        let new = AccessRecord { case: vec![3; 16], person: vec![4; 16], entry: entry.encode(), what: 0, ..old };
        assert_eq!(project(&record(&new)).len(), 3);
        let of_case = AccessRecord { trail: Vec::new(), ..new.clone() };
        assert_eq!(project(&record(&of_case)).len(), 2);
        let asked = AccessEntry { kind: AccessKind::ApprovalShown, ..entry.clone() };
        assert_eq!(new.seen(&asked), None, "whoever was asked to approve was asked to look");
        let seen = new.seen(&entry).unwrap();
        assert_eq!((seen.person, seen.standing), (PersonId::new([4; 16]), AccessStanding::Assigned));
        let for_somebody = AccessRecord { account: [[2; 16], [5; 16]].concat(), on_behalf_of: vec![6; 16], ..new };
        let seen = for_somebody.seen(&entry).unwrap();
        assert_eq!((seen.person, seen.account), (PersonId::new([6; 16]), AccountId::new([5; 16])));
    }
}
