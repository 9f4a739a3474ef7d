//! When letters may go out to a peer.
//!
//! Guarantees that none does before the peer has been shown how this node's newest key record follows from what it knows:
//! what came earlier would be a breach, as the peer still asks.

use uput_core::id::KeyRecordId;
use uput_core::wire::{KeyRecordQuery, KeyRecordReply, peer_frame::Frame};

use super::limits;
use super::line::{Ending, Line};
use super::mailroom::Mailroom;

/// How far a peer has got with this node's key records. [TRA-13]
#[derive(Clone, Copy)]
pub(super) struct Release {
    given: bool,
    /// What it asks for continues what it has: it knows a record of this chain, or began with the first one. A peer that
    /// knows another branch asks beyond it, gets nothing that helps, and asks anew. [TRA-32]
    follows: bool,
}

impl Release {
    /// For a peer whose `Hello` names `known` as the newest record of this node.
    pub(super) fn new<M: Mailroom>(mailroom: &M, known: Option<KeyRecordId>) -> Self {
        let given = known == Some(mailroom.newest_key_record());
        let ours = || mailroom.key_records_from(0);
        let follows = given || known.is_some() && ours().iter().any(|record| mailroom.record_id(record) == known);
        Self { given, follows }
    }

    /// Whether letters may go out.
    pub(super) const fn is_given(self) -> bool {
        self.given
    }

    /// Answers a query.
    pub(super) fn answer<M: Mailroom>(
        &mut self,
        mailroom: &M,
        line: &Line,
        query: KeyRecordQuery,
    ) -> Result<(), Ending> {
        let mut records = mailroom.key_records_from(query.known);
        let newest = !records.is_empty() && records.len() <= limits::RECORDS;
        records.truncate(limits::RECORDS);
        line.say(Frame::KeyRecordReply(KeyRecordReply { records }))?;
        self.follows |= query.known == 0;
        self.given |= newest && self.follows;
        Ok(())
    }
}
