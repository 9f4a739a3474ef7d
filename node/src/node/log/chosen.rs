//! Whom this organisation asks to cosign. [LOG-71]

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{id::OrgId, log::SignedCheckpoint, rejection::Rejection, wire};

use super::super::{Node, OpenError, journal::all};
use crate::{
    account::AccountId,
    clock,
    peer::PeerState,
    record::{self, CosignedRecord, WitnessRecord},
};

impl Node {
    /// Whom we ask, and whether our key record names them. Only who was confirmed is asked.
    pub(in crate::node) fn witnesses(&self) -> BTreeMap<OrgId, bool> {
        let named = self.me.chain().newest().witnesses().to_vec();
        let by_record = !named.is_empty();
        let asked: BTreeSet<OrgId> = if by_record { named.into_iter().collect() } else { self.witnesses.chosen() };
        let confirmed = |org: &OrgId| self.directory.state_of(org) == Some(PeerState::Confirmed);
        asked.into_iter().filter(confirmed).map(|organisation| (organisation, by_record)).collect()
    }

    /// Asks a peer from now on. [LOG-71]
    ///
    /// # Errors
    /// [`Rejection::NoSuchPeer`]; [`Rejection::PeerNotConfirmed`]; [`Rejection::StepNotAllowed`] if the key record says
    /// who is asked; [`Rejection::DiskFull`].
    pub async fn add_witness(&self, by: &AccountId, name: &str) -> Result<wire::LogWitness, Rejection> {
        let _alone = self.changing.lock().await;
        let peer = self.confirmed(name)?.organisation;
        self.choose(by, peer, false).await?;
        Ok(self.view_witness(&peer, false))
    }

    /// Asks a peer no more.
    ///
    /// # Errors
    /// As [`Node::add_witness`]; [`Rejection::NoSuchPeer`] also if it was not asked.
    pub async fn remove_witness(&self, by: &AccountId, name: &str) -> Result<(), Rejection> {
        let _alone = self.changing.lock().await;
        let peer = self.directory.find(name)?.organisation;
        if !self.witnesses.chosen().contains(&peer) {
            return Err(Rejection::NoSuchPeer);
        }
        self.choose(by, peer, true).await
    }

    async fn choose(&self, by: &AccountId, peer: OrgId, gone: bool) -> Result<(), Rejection> {
        if !self.me.chain().newest().witnesses().is_empty() {
            return Err(Rejection::StepNotAllowed);
        }
        let time = clock::now().get();
        self.keep(&WitnessRecord { organisation: peer.to_vec(), gone, account: by.to_vec(), time }).await?;
        self.witnesses.choose(peer, !gone);
        Ok(())
    }

    /// Reads back who was chosen, and how far each has come.
    pub(in crate::node) fn read_witnesses(&self) -> Result<(), OpenError> {
        for kept in all::<WitnessRecord>(&self.storage, record::WITNESSES)?.into_iter().filter(|kept| !kept.gone) {
            self.witnesses.choose(OrgId::parse(&kept.organisation).map_err(OpenError::Unreadable)?, true);
        }
        for kept in all::<CosignedRecord>(&self.storage, record::COSIGNED_BY)? {
            let by = OrgId::parse(&kept.witness).map_err(OpenError::Unreadable)?;
            let note = SignedCheckpoint::parse(&kept.note).map_err(OpenError::Unreadable)?;
            match note.claimed().origin == self.own_origin() {
                true => self.witnesses.cosigned(&by, kept.size, kept.time),
                false => self.witnesses.cosigned_before(&by, self.held_before(note.claimed()), kept.time),
            }
        }
        Ok(())
    }
}
