//! The boundary between the transport and the rest of the node.
//!
//! The transport moves letters and key records; what they say, whether they are on disk, and whom this node trusts is
//! the mailroom's word alone.

use std::future::Future;
use std::time::Duration;

use uput_core::envelope::Envelope;
use uput_core::id::{KeyRecordId, OrgId};
use uput_core::rejection::Rejection;
use uput_core::wire;

use super::skew::Skew;

/// What the transport asks of the node.
///
/// **Durability.** When [`Mailroom::receive`] answers `STORED`, when [`Mailroom::introduce`] and [`Mailroom::learn`]
/// answer `Ok`, everything is on disk and synced: the transport tells the peer at once, and the peer forgets. An
/// outgoing letter stays the mailroom's until [`Mailroom::settle`] says `STORED` or `REFUSED`.
///
/// **Ordering.** `receive` is called, and first polled, in the order in which letters arrived on one connection; calls
/// then run side by side and may end in any order. There is never more than one connection per organisation in use, so
/// `next_letter`, `settle` and `disconnected` of one organisation never come from two workers; `disconnected` comes
/// after the last `settle` of its connection and before the first `next_letter` of the next.
///
/// **Cancellation.** A future of `next_letter` may be dropped before it is ready, and then has handed out nothing. All
/// other futures are driven to their end, also when the connection is gone.
///
/// **What an attacker gains if it lies.** A mailroom that names a wrong TLS key lets a stranger in as that peer: it can
/// then learn how many letters wait and take them out of the queue, but not read them (they are sealed) nor speak in the
/// peer's name (events are signed). One that says `STORED` too early loses referrals at the next power cut.
pub trait Mailroom: Send + Sync + 'static {
    /// This organisation.
    fn organisation(&self) -> OrgId;

    /// All key records of this organisation, for an introduction.
    fn own_chain(&self) -> wire::KeyChain;

    /// This organisation's newest key record.
    fn newest_key_record(&self) -> KeyRecordId;

    /// Own key records from the one with that number on, in order; empty if there are none.
    fn key_records_from(&self, known: u32) -> Vec<wire::Envelope>;

    /// The ID of somebody's key record as it came; none if it is no envelope. Says nothing of whether it holds.
    fn record_id(&self, record: &wire::Envelope) -> Option<KeyRecordId> {
        Envelope::from_wire(record.clone()).ok().map(|envelope| envelope.id().into())
    }

    /// The organisation that names this TLS key in any of its key records that are known here. The card carries the key
    /// of the newest one: the transport refuses an older key.
    fn peer_by_tls_key(&self, tls_key: &[u8; 32]) -> Option<PeerCard>;

    /// An organisation that this node has been introduced to.
    fn peer(&self, organisation: &OrgId) -> Option<PeerCard>;

    /// Every organisation that this node has been introduced to.
    fn peers(&self) -> Vec<PeerCard>;

    /// Takes a stranger's keys for an invitation's secret, and uses the invitation up.
    ///
    /// Compares the secret in constant time, checks the chain, and that its newest record names `tls_key`, the key that
    /// the stranger's TLS connection was made with. Gives own key records back.
    ///
    /// # Errors
    /// [`Rejection::BadInvitation`], or what is wrong with the chain.
    fn introduce(
        &self,
        secret: &[u8],
        tls_key: [u8; 32],
        chain: wire::KeyChain,
    ) -> impl Future<Output = Result<wire::KeyChain, Rejection>> + Send;

    /// Takes newer key records of a known organisation. Records that are here already are no error.
    ///
    /// # Errors
    /// What is wrong with the chain; the connection ends with it.
    fn learn(
        &self,
        organisation: &OrgId,
        records: Vec<wire::Envelope>,
    ) -> impl Future<Output = Result<(), Rejection>> + Send;

    /// Takes a letter and answers after the commit: what became of it, and the number of the rejection or 0.
    fn receive(&self, from: &OrgId, letter: Vec<u8>) -> impl Future<Output = (wire::ReceiptOutcome, u32)> + Send;

    /// Waits for the next letter to an organisation. It is then in flight until [`Mailroom::settle`] or
    /// [`Mailroom::disconnected`] names its ticket; several are in flight at a time.
    fn next_letter(&self, to: &OrgId) -> impl Future<Output = Outgoing> + Send;

    /// Waits for a copy of what waits for an organisation behind a place in its queue, as it goes by hand. Nothing is in flight
    /// because of it: it leaves the queue as it is. May be dropped before it is ready. A mailroom may give none. [TRA-41]
    fn next_copy(&self, _to: &OrgId, _behind: Option<u64>) -> impl Future<Output = Copied> + Send {
        std::future::pending()
    }

    /// Takes in a copy that was left here while the node was locked, if the organisation has signed it. [RST-34]
    fn take_copy(&self, _from: &OrgId, _letter: Vec<u8>) -> impl Future<Output = wire::ReceiptOutcome> + Send {
        std::future::ready(wire::ReceiptOutcome::Refused)
    }

    /// The peer's word on a letter. `LATER` and `STALE_KEY` put it back; before `STALE_KEY` the peer's newest key
    /// records were learnt.
    fn settle(
        &self,
        to: &OrgId,
        ticket: u64,
        outcome: wire::ReceiptOutcome,
        code: u32,
    ) -> impl Future<Output = ()> + Send;

    /// Waits until an organisation, as our witness, has something to cosign. May be dropped before it is ready, and then has
    /// handed out nothing. A mailroom without a log asks nobody. [LOG-72]
    fn next_query(&self, _to: &OrgId) -> impl Future<Output = wire::WitnessQuery> + Send {
        std::future::pending()
    }

    /// What a witness answered to the query that was handed out last.
    fn answered(&self, _by: &OrgId, _reply: wire::WitnessReply) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Cosigns a checkpoint of an organisation. What the answer says is on disk. [LOG-80]
    fn witness(&self, _of: &OrgId, _query: wire::WitnessQuery) -> impl Future<Output = wire::WitnessReply> + Send {
        let code = Rejection::NotAWitness.number();
        let refused = wire::WitnessOutcome::Refused.into();
        std::future::ready(wire::WitnessReply { outcome: refused, code, ..wire::WitnessReply::default() })
    }

    /// The connection is over; these letters were sent, or handed out, and have no receipt.
    fn disconnected(&self, to: &OrgId, unsettled: Vec<u64>);

    /// How letters to an organisation fare on the stream that stands. A mailroom that does not count them says nothing.
    fn letters(&self, _to: &OrgId) -> Letters {
        Letters::default()
    }

    /// How the connection to an organisation is doing.
    fn contact(&self, organisation: &OrgId, what: Contact);
}

/// What the transport knows of another organisation: no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCard {
    /// Who.
    pub organisation: OrgId,
    /// Its newest key record that is known here.
    pub key_record: KeyRecordId,
    /// How many of its key records are known here.
    pub key_records: u32,
    /// The Ed25519 key of its TLS certificate, from the newest record.
    pub tls_key: [u8; 32],
    /// What it shows while it is locked, from the newest record. [TRA-40]
    pub door_key: Option<[u8; 32]>,
    /// "host:port"; none: it only dials out.
    pub endpoints: Vec<String>,
    /// How far the two have come.
    pub state: PeerState,
}

/// How far two organisations have come to trust each other's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerState {
    /// Keys are known, the safety number was not compared.
    Introduced,
    /// The safety number was compared.
    Confirmed,
    /// Its key chain forks.
    Frozen,
}

/// How letters fare on the stream that stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Letters {
    /// For how long the oldest that was sent has had no receipt, if there is one.
    pub unanswered: Option<Duration>,
    /// How many times in turn the peer said "later", with no success in between.
    pub put_off: u32,
}

/// A letter on its way out.
pub struct Outgoing {
    /// The mailroom's name for it, unique while it is in flight.
    pub ticket: u64,
    /// Encoded `Letter`.
    pub letter: Vec<u8>,
}

/// A copy of what waits.
pub struct Copied {
    /// The place in the queue up to which it goes.
    pub upto: u64,
    /// Encoded `Letter`.
    pub letter: Vec<u8>,
}

/// How a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// It stands.
    Connected,
    /// Something was heard; said at most every few seconds.
    Heard,
    /// It does not stand, or no longer.
    Failed(Difficulty),
    /// How far its clock is from ours, as one question and its answer tell.
    Clock(Skew),
}

/// Why a connection does not stand, in words without a name or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difficulty {
    /// Nothing answers.
    #[error("nothing answers at its addresses")]
    Unreachable,
    /// Somebody else answers, or it has a new key that is not known here.
    #[error("what answers shows another TLS key than its key record names")]
    WrongTlsKey,
    /// It shows its door key. [TRA-40]
    #[error("its node is locked until its people come: telephone them")]
    Locked,
    /// It fell silent or closed the connection.
    #[error("the connection was lost")]
    Lost,
    /// It broke the rules of the stream.
    #[error("it does not follow the protocol")]
    Misbehaved,
    /// It has no version in common with this node.
    #[error("it speaks no version of the protocol that this node speaks")]
    NoCommonVersion,
    /// It refused this node, for that reason.
    #[error("it refused the connection: {0}")]
    RefusedByPeer(Rejection),
    /// This node refused it, for that reason.
    #[error("this node refused the connection: {0}")]
    RefusedHere(Rejection),
}
