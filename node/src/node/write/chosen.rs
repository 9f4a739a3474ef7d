//! With whom, and under which agreement, something is opened.
//!
//! Guarantees that nobody whose safety number was not compared is written to. Leaves to the agreement what may be said.

use std::sync::Arc;

use uput_core::{agreement::Agreement, id::OrgId, rejection::Rejection, time::Seconds};

use super::NewTrail;
use crate::{
    node::{HeldAgreement, Node, directory::Peer},
    peer::PeerState,
};

impl Node {
    /// A peer whose safety number was compared and whose keys do not fork.
    pub(in crate::node) fn confirmed(&self, name: &str) -> Result<Peer, Rejection> {
        let peer = self.directory.find(name)?;
        match self.directory.state_of(&peer.organisation) {
            Some(PeerState::Confirmed) => Ok(peer),
            Some(PeerState::Frozen) => Err(Rejection::ForkedChain),
            _ => Err(Rejection::PeerNotConfirmed),
        }
    }

    /// The agreement that was named, or the one that allows what is asked.
    pub(in crate::node) fn agreement_for(
        &self,
        new: &NewTrail,
        peer: &OrgId,
        now: Seconds,
    ) -> Result<Arc<Agreement>, Rejection> {
        let us = &self.me.organisation;
        let held = match &new.agreement {
            Some(id) => vec![self.agreements.get(id).ok_or(Rejection::UnknownAgreement)?],
            None => self.agreements.all(),
        };
        let allows = |agreement: &Agreement| agreement.rule_for(new.act, us, peer, new.service_type).is_some();
        let matching: Vec<_> = held.into_iter().filter(|held| allows(&held.agreement)).collect();
        if matching.is_empty() {
            return Err(Rejection::NoRule);
        }
        let signed: Vec<_> = matching.into_iter().filter(|held| held.signed.is_some()).collect();
        if signed.is_empty() {
            return Err(Rejection::AgreementNotSigned);
        }
        let standing = self.agreements.standing(now);
        let may_open = |held: &HeldAgreement| standing.may_open(&held.agreement.id(), [us, peer]);
        // [AGR-32] What was replaced, or begins nothing new, is not offered; named, it is refused with its reason.
        let (open, refused): (Vec<_>, Vec<_>) = signed.into_iter().partition(|held| may_open(held).is_ok());
        if open.is_empty() {
            return Err(refused.iter().find_map(|held| may_open(held).err()).unwrap_or(Rejection::AgreementNotInForce));
        }
        // The newest version of several that allow it.
        let in_force = open.into_iter().filter(|held| held.agreement.is_in_force(now));
        let chosen = in_force.max_by_key(|held| (held.agreement.version(), held.agreement.id()));
        chosen.map(|held| held.agreement).ok_or(Rejection::AgreementNotInForce)
    }
}
