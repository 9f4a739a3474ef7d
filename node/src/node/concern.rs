//! What a record of the journal is about, and whom that concerns.
//!
//! Guarantees that a change says no more than which trail, case, organisation, agreement or account it is about, and
//! that only who could read that is told. What a record is about is a function of the journal alone. Leaves to `changes`
//! who was told what.

use prost::Message;
use uput_core::{id::TrailId, rejection::Rejection, wire, wire::ChangeKind};

use super::Node;
use crate::{
    account::{AccountId, Caller},
    case::{CaseId, Sight, Viewer},
    record::{
        AccountRecord, AgreementRecord, ApprovalRecord, CaseRecord, CaseValuesRecord, ChainRecord, CredentialRecord,
        DelegationRecord, DutyRecord, EventRecord, FollowUpRecord, Kept, PeerRecord, ReviewRecord, SealingRecord,
        SettledRecord, ShareRecord, StaffKeyRecord, TeamRecord, TokenRecord, read,
    },
    storage::{Position, Record},
};

/// Whoever may list trails may know that there is something to read in them.
const LIST_TRAILS: &str = "TrailService/ListTrails";

/// One thing that a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    /// A trail.
    Trail(TrailId, ChangeKind),
    /// A case, and the call that shows what changed in it.
    Case(CaseId, ChangeKind, &'static str),
    /// An organisation.
    Peer(Vec<u8>),
    /// An agreement.
    Agreement(Vec<u8>),
    /// An account.
    Account(Vec<u8>),
    /// A team, and who is in it.
    Team(Vec<u8>, Vec<Vec<u8>>),
    /// An approval.
    Approval(Vec<u8>),
    /// Something of the organisation, and the call that shows it.
    Organisation(ChangeKind, &'static str),
}

/// Of an event no more than this is read.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct Whose {
    #[prost(bytes = "vec", tag = "1")]
    trail: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    to: Vec<u8>,
}

impl Node {
    /// What the record at a position is about.
    pub(super) fn read_concerns(&self, position: Position) -> Result<Vec<Concern>, Rejection> {
        let record = self.record_at(position)?;
        Ok(match record.kind {
            EventRecord::KIND => event(&record).into_iter().collect(),
            SettledRecord::KIND => match read::<SettledRecord>(&record) {
                Some(settled) => self.settled_trails(&settled)?,
                None => Vec::new(),
            },
            CaseRecord::KIND => case(&record, |kept: CaseRecord| kept.case, ChangeKind::Case, LIST_TRAILS),
            CaseValuesRecord::KIND => case(
                &record,
                |kept: CaseValuesRecord| kept.case,
                ChangeKind::CaseRecord,
                "FollowUpService/GetCaseRecord",
            ),
            FollowUpRecord::KIND => {
                case(&record, |kept: FollowUpRecord| kept.case, ChangeKind::FollowUp, "FollowUpService/ListFollowUps")
            }
            ChainRecord::KIND => about(&record, |kept: ChainRecord| Concern::Peer(kept.organisation)),
            PeerRecord::KIND => about(&record, |kept: PeerRecord| Concern::Peer(kept.organisation)),
            AgreementRecord::KIND => about(&record, |kept: AgreementRecord| Concern::Agreement(kept.agreement)),
            AccountRecord::KIND => about(&record, |kept: AccountRecord| Concern::Account(kept.account)),
            TokenRecord::KIND => about(&record, |kept: TokenRecord| Concern::Account(kept.account)),
            CredentialRecord::KIND => read(&record).and_then(credential).into_iter().collect(),
            DelegationRecord::KIND => match read::<DelegationRecord>(&record) {
                Some(kept) => vec![Concern::Account(kept.account), Concern::Account(kept.machine)],
                None => Vec::new(),
            },
            TeamRecord::KIND => about(&record, |kept: TeamRecord| Concern::Team(kept.team, kept.members)),
            ApprovalRecord::KIND => about(&record, |kept: ApprovalRecord| Concern::Approval(kept.approval)),
            // One that two people answered for is told as their approval; of another nobody waits to hear.
            ReviewRecord::KIND => about(&record, |kept: ReviewRecord| Concern::Approval(kept.override_id)),
            DutyRecord::KIND => vec![Concern::Organisation(ChangeKind::Duty, "OnCallService/ListDuty")],
            StaffKeyRecord::KIND | ShareRecord::KIND => {
                vec![Concern::Organisation(ChangeKind::StaffKey, "StaffService/ListStaffKeys")]
            }
            SealingRecord::KIND => vec![Concern::Organisation(ChangeKind::Sealing, "StaffService/GetSealing")],
            _ => Vec::new(),
        })
    }

    /// What a caller is told of a concern: nothing, unless they could read it now. [API-40]
    pub(super) fn change(&self, caller: &Caller, viewer: &Viewer, concern: &Concern) -> Option<wire::Change> {
        let may = |method: &str| caller.may_call(&format!("uput.v1.{method}"));
        let told = |kind: ChangeKind| wire::Change { kind: kind.into(), ..wire::Change::default() };
        match concern {
            Concern::Trail(trail, kind) => {
                let case = self.cases.of(trail).filter(|case| case.sight(viewer) > Sight::None)?;
                may(LIST_TRAILS).then(|| wire::Change { trail: trail.to_vec(), case: case.id.to_vec(), ..told(*kind) })
            }
            Concern::Case(case, kind, shown_by) => {
                let sees = self.cases.sight(viewer, case) > Sight::None && may(shown_by);
                sees.then(|| wire::Change { case: case.to_vec(), ..told(*kind) })
            }
            Concern::Approval(approval) => {
                let sees = may("ApprovalService/ListApprovals") && self.approval_concerns(caller, approval);
                sees.then(|| wire::Change { approval: approval.clone(), ..told(ChangeKind::Approval) })
            }
            Concern::Organisation(kind, shown_by) => may(shown_by).then(|| told(*kind)),
            Concern::Peer(organisation) => may("PeeringService/ListPeers")
                .then(|| wire::Change { organisation: organisation.clone(), ..told(ChangeKind::Peer) }),
            Concern::Agreement(agreement) => may("AgreementService/ListAgreements")
                .then(|| wire::Change { agreement: agreement.clone(), ..told(ChangeKind::Agreement) }),
            Concern::Account(account) => {
                let own = AccountId::parse(account) == Some(caller.account);
                (own || may("AccountService/ListAccounts"))
                    .then(|| wire::Change { account: account.clone(), ..told(ChangeKind::Account) })
            }
            Concern::Team(team, persons) => {
                let own = caller.persons().any(|person| persons.contains(&person.to_vec()));
                (own || may("AccountService/ListAccounts"))
                    .then(|| wire::Change { team: team.clone(), ..told(ChangeKind::Team) })
            }
        }
    }

    /// Each trail once of which events are with the peer now, or never will be.
    fn settled_trails(&self, settled: &SettledRecord) -> Result<Vec<Concern>, Rejection> {
        let kind = if settled.refused == 0 { ChangeKind::Delivered } else { ChangeKind::Refused };
        let mut concerns = Vec::new();
        for position in &settled.positions {
            if let Some(Concern::Trail(trail, _)) = event(&self.record_at(Position::new(*position))?) {
                let concern = Concern::Trail(trail, kind);
                if !concerns.contains(&concern) {
                    concerns.push(concern);
                }
            }
        }
        Ok(concerns)
    }

    fn record_at(&self, position: Position) -> Result<Record, Rejection> {
        self.storage.read(position).map_err(|error| {
            tracing::error!(%error, "a record could not be read");
            Rejection::ReadFailed
        })
    }
}

fn event(record: &Record) -> Option<Concern> {
    if record.kind != EventRecord::KIND {
        return None;
    }
    let whose = Whose::decode(record.payload.as_slice()).ok()?;
    let kind = if whose.to.is_empty() { ChangeKind::EventArrived } else { ChangeKind::EventWritten };
    Some(Concern::Trail(TrailId::parse(&whose.trail).ok()?, kind))
}

fn case<K: Kept>(
    record: &Record,
    whose: impl FnOnce(K) -> Vec<u8>,
    kind: ChangeKind,
    shown_by: &'static str,
) -> Vec<Concern> {
    let case = read(record).and_then(|kept| CaseId::parse(&whose(kept)));
    case.map(|case| Concern::Case(case, kind, shown_by)).into_iter().collect()
}

/// What lists of accounts show of a credential. That a code of a second factor was used up is none of it: when somebody
/// logs in is nobody's business.
fn credential(kept: CredentialRecord) -> Option<Concern> {
    let listed = kept.ended != 0 || kept.certificate || kept.until != 0;
    listed.then_some(Concern::Account(kept.account))
}

fn about<K: Kept>(record: &Record, concern: impl FnOnce(K) -> Concern) -> Vec<Concern> {
    read(record).map(concern).into_iter().collect()
}
