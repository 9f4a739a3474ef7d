//! What the journal holds, and what the index shows of it.
//!
//! Guarantees that the index is a function of the records alone, and that labels and values stand in a record only
//! sealed under their trail's own keys. A local format: no other node reads it. [NOD-20]

mod access;
mod account;
mod approval;
mod case;
mod case_values;
mod challenge;
mod credential;
mod follow_up;
mod log;
mod on_call;
mod onward;
mod outline;
mod overrides;
mod places;
mod put_back;
mod relay;
mod retention;
mod staff;
mod team;
mod trail;
mod withheld;

pub use outline::{OUTLINES, Ordered, Outline, OutlineRecord};

use prost::Message;
use ring::digest;
use uput_core::id::{AgreementId, OrgId, TrailId};
use zeroize::Zeroizing;

pub use access::{
    ACCESS_TIMES, ACCESSES, AccessRecord, CASE_ACCESSES, access_aad, access_key_name, case_access_key, read_time,
};
pub use account::{ACCOUNTS, AccountRecord, TOKENS, TokenRecord, account_key_name};
pub use approval::{ApprovalRecord, actor_key_name, approval_key_name};
pub use case::{CASES, CaseRecord, ExclusionEntry, GlassEntry, case_aad, case_key_name};
pub use case_values::{
    CASE_VALUES, CASE_VALUES_PART, CaseValuesRecord, HeldField, HeldMark, Holding, TOLD_PART, TOLD_WORDS_PART, Told,
};
pub use challenge::{CHALLENGES, ChallengeRecord, PUT, Part, PutRecord, put_key};
pub use credential::{CredentialRecord, CredentialSecret, DelegationRecord, credential_aad};
pub use follow_up::{FOLLOW_UPS, FOLLOWING, FollowUpRecord, Followed, FollowedStep, follow_up_key};
pub use log::{
    BROKEN, CHECKPOINTS, CONTRADICTIONS, COSIGNED, COSIGNED_BY, ContradictionRecord, CosignedRecord, ENTRIES,
    EntriesRecord, HANDED, HELD, HeldRecord, KeptEntry, LOGGED, ProofRecord, SHOWN, ShownRecord, TICKS, TickRecord,
    WITNESSES, WitnessRecord, checkpoint_key, cosigned_key, entries_at, logged_key,
};
pub use on_call::{DUTIES, DutyRecord, NUDGES, NudgeRecord, TAKEN, duty_aad, duty_key_name, nudge_hour};
pub use onward::{
    COPIES, CopyRecord, ONWARD, OnwardRecord, WITHDRAWALS, WithdrawalRecord, onward_key, parse_onward_key,
};
pub use overrides::{OVERRIDES, OverrideRecord, REVIEWS, ReviewRecord};
pub use places::{CAPACITIES, CapacityRecord, PLACES, PlaceRecord};
pub use put_back::{PUT_BACK, PutBackRecord};
pub use relay::{CONSENTS, ConsentRecord, GoneRecord, LEFT, LeftRecord, ROUTES, RouteRecord, consent_key};
pub use retention::{
    DAYS, DayRecord, ERASED, ErasureRecord, HOLDS, HoldRecord, NOTED, NotedRecord, RETURNED, ReturnedRecord, noted_key,
};
pub use staff::{BoxRecord, SealingRecord, ShareRecord, StaffKeyRecord, dispatch_key_name, numbered, word_box_name};
pub use team::{TeamRecord, team_key_name};
pub use trail::{EventRecord, Evidence, HeadRecord, SettledRecord};
pub use withheld::{WITHHELD, WithheldRecord};

use crate::account::By;
use crate::storage::{Draft, Position, Record};
use crate::store::{IndexValue, IndexWrite, Tree};

/// The own identity: "" to its newest record.
pub const OWN: Tree = Tree::new("own");
/// Key chains: OrgId to the newest record.
pub const CHAINS: Tree = Tree::new("chains");
/// Peers: OrgId to the newest record.
pub const PEERS: Tree = Tree::new("peers");
/// Invitations: SHA-256 of the secret to the newest record.
pub const INVITATIONS: Tree = Tree::new("invitations");
/// Agreements: ID to the newest record.
pub const AGREEMENTS: Tree = Tree::new("agreements");
/// Trails: trail ID and ordinal to the record of the event.
pub const EVENTS: Tree = Tree::new("events");
/// Heads: trail ID and position.
pub const HEADS: Tree = Tree::new("heads");
/// What waits for a peer: OrgId and position.
pub const QUEUE: Tree = Tree::new("queue");
/// What a peer refused for good: OrgId and position of the item to the settled record.
pub const REFUSED: Tree = Tree::new("refused");
/// Requests that were answered: digest of the request ID to the record.
pub const REQUESTS: Tree = Tree::new("requests");
/// Events with words: trail ID and ordinal to the record of the event.
pub const WORDS: Tree = Tree::new("words");
/// Requests about cases that were answered: digest of the request ID to the record.
pub const CASE_REQUESTS: Tree = Tree::new("case requests");
/// Staff keys: key ID to the newest record.
pub const STAFF_KEYS: Tree = Tree::new("staff-keys");
/// Boxes: trail or case and number to the newest record.
pub const BOXES: Tree = Tree::new("boxes");
/// Shares: key ID and number to the newest record.
pub const SHARES: Tree = Tree::new("shares");
/// What is sealed to staff: to the newest record.
pub const SEALING: Tree = Tree::new("sealing");
/// What was sealed to staff and sent: OrgId and position to the name of the key that it is sent with.
pub const DISPATCHED: Tree = Tree::new("dispatched");
/// Teams: ID to the newest record.
pub const TEAMS: Tree = Tree::new("teams");
/// Codes, passwords and certificates: ID to the newest record.
pub const CREDENTIALS: Tree = Tree::new("credentials");
/// Delegations: ID to the newest record.
pub const DELEGATIONS: Tree = Tree::new("delegations");
/// Approvals: ID to the newest record.
pub const APPROVALS: Tree = Tree::new("approvals");
/// Bundles with values that were taken: day and position to the record of the access.
pub const EXPORTED: Tree = Tree::new("exported");

/// Own key records and incarnation.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct OwnRecord {
    /// Encoded `KeyChain`.
    #[prost(bytes = "vec", tag = "1")]
    pub chain: Vec<u8>,
    /// Incarnation of this node.
    #[prost(uint32, tag = "2")]
    pub incarnation: u32,
    /// Sealing keys that no record names any more, and that open letters until their grace ends. [NOD-82]
    #[prost(message, repeated, tag = "3")]
    pub retired: Vec<RetiredKey>,
    /// Which account had the newest record put in; empty: it was made with the folder. [ACC-20]
    #[prost(bytes = "vec", tag = "4")]
    pub account: Vec<u8>,
}

/// A sealing key whose grace runs.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct RetiredKey {
    /// Its ID.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// When it is destroyed, seconds since 1970.
    #[prost(uint64, tag = "2")]
    pub until: u64,
}

/// Another organisation's key records.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ChainRecord {
    /// OrgId.
    #[prost(bytes = "vec", tag = "1")]
    pub organisation: Vec<u8>,
    /// Encoded `KeyChain`.
    #[prost(bytes = "vec", tag = "2")]
    pub chain: Vec<u8>,
    /// OrgId of whose letter brought it first; empty: the organisation itself.
    #[prost(bytes = "vec", tag = "3")]
    pub from: Vec<u8>,
}

/// What this node calls another organisation, and whether people compared the safety number.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct PeerRecord {
    /// OrgId.
    #[prost(bytes = "vec", tag = "1")]
    pub organisation: Vec<u8>,
    /// Local name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The safety number was compared.
    #[prost(bool, tag = "3")]
    pub confirmed: bool,
    /// Which account did it; empty: nobody here. [ACC-20]
    #[prost(bytes = "vec", tag = "4")]
    pub account: Vec<u8>,
}

/// An invitation that was made here.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct InvitationRecord {
    /// SHA-256 of the secret.
    #[prost(bytes = "vec", tag = "1")]
    pub digest: Vec<u8>,
    /// Local name for whoever uses it.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub until: u64,
    /// It was used.
    #[prost(bool, tag = "4")]
    pub used: bool,
    /// Which account made it. [ACC-20]
    #[prost(bytes = "vec", tag = "5")]
    pub account: Vec<u8>,
}

/// An agreement with the signatures known here.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct AgreementRecord {
    /// ID.
    #[prost(bytes = "vec", tag = "1")]
    pub agreement: Vec<u8>,
    /// Encoded `Envelope`.
    #[prost(bytes = "vec", tag = "2")]
    pub envelope: Vec<u8>,
    /// Whom it goes to.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub to: Vec<Vec<u8>>,
    /// OrgId of whose letter brought it first; empty: it was proposed here.
    #[prost(bytes = "vec", tag = "4")]
    pub from: Vec<u8>,
    /// Which account brought it; empty: a peer did. [ACC-20]
    #[prost(bytes = "vec", tag = "5")]
    pub account: Vec<u8>,
    /// When it was stored, seconds since 1970; 0: an earlier program did not say. [DEL-8]
    #[prost(uint64, tag = "6")]
    pub stored: u64,
}

/// Something that the journal holds.
pub trait Kept: Message + Default {
    /// Its kind.
    const KIND: u16;
}

macro_rules! kinds {
    ($($record:ident = $kind:literal),* $(,)?) => {
        $(impl Kept for $record { const KIND: u16 = $kind; })*

        /// Whether this program knows a kind of record. [UPG-2]
        #[must_use]
        pub const fn is_known(kind: u16) -> bool {
            matches!(kind, $($kind)|*)
        }
    };
}

kinds! {
    OwnRecord = 1, ChainRecord = 2, PeerRecord = 3, InvitationRecord = 4, AgreementRecord = 5,
    EventRecord = 6, SettledRecord = 7, HeadRecord = 8, AccessRecord = 9, AccountRecord = 10,
    TokenRecord = 11, CaseRecord = 12, CaseValuesRecord = 13, FollowUpRecord = 14, CredentialRecord = 15,
    TeamRecord = 16, DelegationRecord = 17,
    StaffKeyRecord = 18, BoxRecord = 19, ShareRecord = 20, SealingRecord = 21, ApprovalRecord = 22, DutyRecord = 23, NudgeRecord = 24,
    OutlineRecord = 25, CapacityRecord = 36, PlaceRecord = 37, CopyRecord = 38, OnwardRecord = 39,
    ReviewRecord = 40, OverrideRecord = 41, WithdrawalRecord = 42,
    EntriesRecord = 46, TickRecord = 47,
    WitnessRecord = 48, CosignedRecord = 49, HeldRecord = 50, ProofRecord = 51, ShownRecord = 52,
    ContradictionRecord = 54,
    WithheldRecord = 60,
    DayRecord = 61, NotedRecord = 62, ErasureRecord = 63, HoldRecord = 64,
    ChallengeRecord = 67, PutRecord = 68,
    PutBackRecord = 69,
    ReturnedRecord = 73,
    ConsentRecord = 79, RouteRecord = 80, LeftRecord = 81, GoneRecord = 82,
}

/// A record to be written.
#[must_use]
pub fn draft<K: Kept>(record: &K) -> Draft {
    Draft { kind: K::KIND, payload: Zeroizing::new(record.encode_to_vec()) }
}

/// A record that was read; `None` if it is of another kind or does not parse.
#[must_use]
pub fn read<K: Kept>(record: &Record) -> Option<K> {
    if record.kind == K::KIND { K::decode(record.payload.as_slice()).ok() } else { None }
}

/// Key of what waits for a peer.
#[must_use]
pub fn queue_key(organisation: &[u8], position: Position) -> Vec<u8> {
    [organisation, &position.number().to_be_bytes()].concat()
}

/// Key of an event of a trail.
#[must_use]
pub fn event_key(trail: &[u8], ordinal: u32) -> Vec<u8> {
    [trail, &ordinal.to_be_bytes()].concat()
}

/// Digest under which a request is remembered: it answers nobody but those who made it. [CAS-23]
#[must_use]
pub fn request_digest(by: &By, request_id: &str) -> Vec<u8> {
    let by = by.to_vec();
    let length = u8::try_from(by.len()).unwrap_or(u8::MAX);
    let named = [b"uput/node/request".as_slice(), &[length], &by, request_id.as_bytes()].concat();
    digest::digest(&digest::SHA256, &named).as_ref().to_vec()
}

/// What the index shows of a record. A function of the record alone. [NOD-21]
#[must_use]
pub fn project(record: &Record) -> Vec<IndexWrite> {
    let writes = match record.kind {
        OwnRecord::KIND => vec![points(OWN, b"own", record)],
        ChainRecord::KIND => with(record, |r: ChainRecord| vec![points(CHAINS, &r.organisation, record)]),
        PeerRecord::KIND => with(record, |r: PeerRecord| vec![points(PEERS, &r.organisation, record)]),
        InvitationRecord::KIND => with(record, |r: InvitationRecord| vec![points(INVITATIONS, &r.digest, record)]),
        AgreementRecord::KIND => with(record, |r| project_agreement(&r, record)),
        EventRecord::KIND => with(record, |r| project_event(&r, record)),
        SettledRecord::KIND => with(record, |r| project_settled(&r, record)),
        HeadRecord::KIND => with(record, |r| project_head(&r, record)),
        AccessRecord::KIND => with(record, |r: AccessRecord| r.project(record)),
        AccountRecord::KIND => with(record, |r: AccountRecord| vec![points(ACCOUNTS, &r.account, record)]),
        TokenRecord::KIND => with(record, |r: TokenRecord| vec![points(TOKENS, &r.token, record)]),
        StaffKeyRecord::KIND => with(record, |r: StaffKeyRecord| vec![points(STAFF_KEYS, &r.key, record)]),
        BoxRecord::KIND => with(record, |r: BoxRecord| vec![points(BOXES, &numbered(&r.subject, r.number), record)]),
        ShareRecord::KIND => with(record, |r: ShareRecord| vec![points(SHARES, &numbered(&r.key, r.number), record)]),
        SealingRecord::KIND => vec![points(SEALING, b"sealing", record)],
        CredentialRecord::KIND => with(record, |r: CredentialRecord| vec![points(CREDENTIALS, &r.credential, record)]),
        DelegationRecord::KIND => with(record, |r: DelegationRecord| vec![points(DELEGATIONS, &r.delegation, record)]),
        TeamRecord::KIND => with(record, |r: TeamRecord| vec![points(TEAMS, &r.team, record)]),
        CaseRecord::KIND => with(record, |r: CaseRecord| vec![points(CASES, &r.case, record)]),
        CaseValuesRecord::KIND => with(record, |r| project_case_values(&r, record)),
        FollowUpRecord::KIND => with(record, |r| project_follow_up(&r, record)),
        CapacityRecord::KIND => {
            with(record, |r: CapacityRecord| vec![points(CAPACITIES, &r.service.to_be_bytes(), record)])
        }
        PlaceRecord::KIND => with(record, |r: PlaceRecord| vec![points(PLACES, &r.trail, record)]),
        OutlineRecord::KIND => with(record, |r| outline::project(&r, record)),
        DutyRecord::KIND => with(record, |r: DutyRecord| vec![points(DUTIES, &r.duty, record)]),
        NudgeRecord::KIND => with(record, |r| on_call::project_nudge(&r, record)),
        ApprovalRecord::KIND => with(record, |r: ApprovalRecord| vec![points(APPROVALS, &r.approval, record)]),
        CopyRecord::KIND => with(record, |r: CopyRecord| vec![points(COPIES, &r.copy, record)]),
        OnwardRecord::KIND => {
            with(record, |r: OnwardRecord| vec![points(ONWARD, &onward_key(&r.received, &r.onward), record)])
        }
        WithdrawalRecord::KIND => with(record, |r: WithdrawalRecord| r.project(record)),
        OverrideRecord::KIND => with(record, |r: OverrideRecord| vec![points(OVERRIDES, &r.override_id, record)]),
        ReviewRecord::KIND => with(record, |r: ReviewRecord| vec![points(REVIEWS, &r.override_id, record)]),
        EntriesRecord::KIND => with(record, |r: EntriesRecord| r.project(record)),
        TickRecord::KIND => with(record, |r| log::project_tick(&r, record)),
        WitnessRecord::KIND => with(record, |r: WitnessRecord| vec![points(WITNESSES, &r.organisation, record)]),
        CosignedRecord::KIND => with(record, |r: CosignedRecord| r.project(record)),
        HeldRecord::KIND => with(record, |r: HeldRecord| r.project(record)),
        ProofRecord::KIND => with(record, |r: ProofRecord| r.project(record)),
        ShownRecord::KIND => with(record, |r: ShownRecord| r.project(record)),
        ContradictionRecord::KIND => with(record, |r| log::project_contradiction(&r, record)),
        DayRecord::KIND => vec![points(DAYS, b"day", record)],
        NotedRecord::KIND => with(record, |r| retention::project_noted(&r, record)),
        ErasureRecord::KIND => with(record, |r| retention::project_erasure(&r, record)),
        ReturnedRecord::KIND => with(record, |r: ReturnedRecord| vec![points(RETURNED, &r.trail, record)]),
        HoldRecord::KIND => with(record, |r: HoldRecord| vec![points(HOLDS, &r.hold, record)]),
        ChallengeRecord::KIND => with(record, |r: ChallengeRecord| r.project(record)),
        PutRecord::KIND => with(record, |r: PutRecord| r.project(record)),
        PutBackRecord::KIND => with(record, |r| put_back::project(&r, record)),
        WithheldRecord::KIND => with(record, |r: WithheldRecord| vec![points(WITHHELD, &r.event, record)]),
        ConsentRecord::KIND => with(record, |r: ConsentRecord| vec![points(CONSENTS, &consent_key(&r), record)]),
        RouteRecord::KIND => with(record, |r: RouteRecord| vec![points(ROUTES, &r.organisation, record)]),
        LeftRecord::KIND => with(record, |r: LeftRecord| r.project(record)),
        GoneRecord::KIND => with(record, |r: GoneRecord| r.project(record)),
        // A kind of a newer version is kept in the journal and shown nowhere.
        _ => Vec::new(),
    };
    writes.into_iter().flatten().collect()
}

type Writes = Vec<Option<IndexWrite>>;

fn with<K: Kept>(record: &Record, project: impl FnOnce(K) -> Writes) -> Writes {
    read(record).map(project).unwrap_or_default()
}

/// Keys are of fixed length and values of eight bytes, so none is too large.
fn points(tree: Tree, key: &[u8], record: &Record) -> Option<IndexWrite> {
    points_with(tree, key, record.position.number().to_be_bytes().to_vec())
}

fn points_with(tree: Tree, key: &[u8], value: Vec<u8>) -> Option<IndexWrite> {
    IndexWrite::put(tree, key, IndexValue::try_from(value).ok()?).ok()
}

fn waits(to: &[u8], record: &Record) -> Option<IndexWrite> {
    points(QUEUE, &queue_key(to, record.position), record)
}

fn project_agreement(agreement: &AgreementRecord, record: &Record) -> Writes {
    let mut writes = vec![points(AGREEMENTS, &agreement.agreement, record)];
    writes.extend(agreement.to.iter().map(|to| waits(to, record)));
    writes
}

fn project_event(event: &EventRecord, record: &Record) -> Writes {
    let mut writes = vec![points(EVENTS, &event_key(&event.trail, event.ordinal), record)];
    if event.ordinal == 0 {
        // [NOD-37] A trail is in the list from its opening on, also one of a program that kept no outlines.
        writes.push(points(OUTLINES, &event.trail, record));
    }
    if !event.to.is_empty() {
        writes.push(waits(&event.to, record));
    }
    if !event.dispatch.is_empty() {
        writes.push(dispatched(event, record));
    }
    if !event.words.is_empty() {
        writes.push(points(WORDS, &event_key(&event.trail, event.ordinal), record));
    }
    if !event.request.is_empty() {
        writes.push(points(REQUESTS, &event.request, record));
    }
    writes
}

/// What is on its way, and the name of its key. [STF-12]
fn dispatched(event: &EventRecord, record: &Record) -> Option<IndexWrite> {
    let trail = TrailId::parse(&event.trail).ok()?;
    let name = IndexValue::try_from(dispatch_key_name(&trail, event.ordinal).to_vec()).ok()?;
    IndexWrite::put(DISPATCHED, &queue_key(&event.to, record.position), name).ok()
}

fn project_case_values(values: &CaseValuesRecord, record: &Record) -> Writes {
    let mut writes = vec![points(CASE_VALUES, &values.case, record)];
    if !values.request.is_empty() {
        writes.push(points(CASE_REQUESTS, &values.request, record));
    }
    writes
}

fn project_follow_up(change: &FollowUpRecord, record: &Record) -> Writes {
    let following = match change.complete {
        true => IndexWrite::delete(FOLLOWING, &change.follow_up).ok(),
        false => points(FOLLOWING, &change.follow_up, record),
    };
    vec![points(FOLLOW_UPS, &follow_up_key(change), record), points(CASE_REQUESTS, &change.request, record), following]
}

fn project_settled(settled: &SettledRecord, record: &Record) -> Writes {
    let key = |position: &u64| queue_key(&settled.organisation, Position::new(*position));
    let gone = settled.positions.iter().map(|position| IndexWrite::delete(QUEUE, &key(position)).ok());
    let refused = settled.positions.iter().filter(|_| settled.refused != 0);
    gone.chain(refused.map(|position| points(REFUSED, &key(position), record))).collect()
}

/// Beginning of the keys of what was exported on that day.
#[must_use]
pub fn exported_on(time: u64) -> [u8; 8] {
    (time / 86_400).to_be_bytes()
}

fn project_head(head: &HeadRecord, record: &Record) -> Writes {
    let mut writes = vec![points(HEADS, &queue_key(&head.trail, record.position), record)];
    if !head.to.is_empty() {
        writes.push(waits(&head.to, record));
    }
    writes
}

/// The position that an index value points to.
#[must_use]
pub fn position(value: &[u8]) -> Option<Position> {
    Some(Position::new(u64::from_be_bytes(value.try_into().ok()?)))
}

/// Associated data of what is sealed under a trail's keys. [NOD-22]
#[must_use]
pub fn trail_aad(trail: &TrailId, part: &[u8]) -> Vec<u8> {
    [b"uput/node/", part, b"/", trail.as_bytes().as_slice()].concat()
}

/// Under which name the key book holds a generation of a trail's keys. [NOD-23]
#[must_use]
pub fn key_name(trail: &TrailId, generation: u32) -> [u8; 32] {
    if generation == 0 {
        return *trail.as_bytes();
    }
    let name = [b"uput/node/generation".as_slice(), &generation.to_be_bytes(), trail.as_bytes()].concat();
    *uput_core::id::Id::of(&name).as_bytes()
}

/// The organisation that a queue key waits for, and the position.
#[must_use]
pub fn parse_queue_key(key: &[u8]) -> Option<(OrgId, Position)> {
    let (organisation, number) = key.split_at_checked(32)?;
    Some((OrgId::parse(organisation).ok()?, position(number)?))
}

/// The ID in an agreement's record.
#[must_use]
pub fn agreement_id(record: &AgreementRecord) -> Option<AgreementId> {
    AgreementId::parse(&record.agreement).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(record: &impl Kept, kind: u16) -> Record {
        Record { position: Position::new(7), kind, payload: Zeroizing::new(record.encode_to_vec()) }
    }

    /// [NOD-21]
    #[test]
    fn an_event_is_found_by_trail_by_queue_and_by_request() {
        let event = EventRecord { trail: vec![1; 32], to: vec![2; 32], request: vec![3; 32], ..EventRecord::default() };
        assert_eq!(project(&kept(&event, EventRecord::KIND)).len(), 4);
        let received = EventRecord { to: Vec::new(), request: Vec::new(), ordinal: 1, ..event };
        assert_eq!(project(&kept(&received, EventRecord::KIND)).len(), 1);
        assert!(project(&kept(&received, 99)).is_empty());
    }

    /// [NOD-21]
    #[test]
    fn what_was_refused_for_good_is_found() {
        let settled = SettledRecord { organisation: vec![1; 32], positions: vec![3, 4], ..SettledRecord::default() };
        assert_eq!(project(&kept(&settled, SettledRecord::KIND)).len(), 2);
        let refused = SettledRecord { refused: 17, ..settled };
        assert_eq!(project(&kept(&refused, SettledRecord::KIND)).len(), 4);
    }

    /// [NOD-22] [NOD-23]
    #[test]
    fn parts_and_generations_of_a_trail_are_kept_apart() {
        let trail = TrailId::new([5; 32]);
        assert_eq!(trail_aad(&trail, b"values"), [b"uput/node/values/".as_slice(), &[5; 32]].concat());
        assert_eq!(key_name(&trail, 0), [5; 32]);
        assert_ne!(key_name(&trail, 1), key_name(&trail, 2));
    }
}
