//! Meeting other organisations: invitations, key records, safety numbers; and agreements with them.

use ring::digest;
use uput_core::{
    entropy::Entropy,
    envelope::Envelope,
    id::{AgreementId, OrgId},
    invitation::Invitation as Line,
    key::Endpoint,
    log::EntryKind,
    rejection::Rejection,
    sensitive::Sensitive,
    time::Span,
    wire,
};

use super::{
    Node,
    agreements::{Held, Origin},
    directory::{Invitation, Peer},
    journal::chain_from_wire,
    log::{Logged, logged},
    outbox::Waiting,
};
use crate::{
    account::AccountId,
    clock::{self, SystemEntropy},
    peer::PeerState,
    record::{AgreementRecord, InvitationRecord, PeerRecord},
};

/// Longest local name.
const MAX_NAME: usize = 64;
/// How long an invitation is valid if nothing is said, in seconds: seven days.
const VALID: u64 = 7 * 86_400;

impl Node {
    /// Makes an invitation line for one organisation, for the account `by`. `endpoints` is where this node can be dialled.
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for a name that is empty, long or taken; [`Rejection::Malformed`] without an endpoint.
    pub async fn invite(
        &self,
        by: &AccountId,
        name: &str,
        endpoints: Vec<Endpoint>,
        valid: u64,
    ) -> Result<Sensitive<String>, Rejection> {
        let _alone = self.changing.lock().await;
        self.check_name(name, None)?;
        let mut secret = [0; 16];
        SystemEntropy.fill(&mut secret);
        let until = clock::now().after(Span(if valid == 0 { VALID } else { valid }));
        let digest = secret_digest(&secret);
        let tls_key = *self.me.chain().newest().tls_key();
        let line = Line::new(self.me.organisation, tls_key, endpoints, Sensitive::new(secret), until)?;
        let record = InvitationRecord {
            digest: digest.clone(),
            name: name.to_owned(),
            until: until.get(),
            used: false,
            account: by.to_vec(),
        };
        self.keep(&record).await?;
        self.directory.set_invitation(digest, Invitation { name: name.to_owned(), until, used: false });
        Ok(line.to_line())
    }

    /// Somebody used an invitation: its keys are taken, ours given.
    pub(super) async fn introduced(
        &self,
        secret: &[u8],
        tls_key: [u8; 32],
        chain: wire::KeyChain,
    ) -> Result<wire::KeyChain, Rejection> {
        let _alone = self.changing.lock().await;
        // The digest is looked up: what timing tells of it does not help to find the secret.
        let digest = secret_digest(secret);
        let invitation = self.directory.invitation(&digest, clock::now()).ok_or(Rejection::BadInvitation)?;
        let chain = chain_from_wire(chain)?;
        let organisation = chain.organisation();
        if chain.newest().tls_key().as_bytes() != &tls_key || organisation == self.me.organisation {
            return Err(Rejection::WrongSigners);
        }
        let known = self.directory.peer(&organisation).filter(|peer| peer.confirmed);
        // Two invitations may have been made for one name: the first that is used has it.
        if known.is_none() && self.directory.name_is_taken(&invitation.name, Some(&organisation)) {
            return Err(Rejection::BadInvitation);
        }
        let used = Invitation { used: true, ..invitation.clone() };
        let record = InvitationRecord {
            digest: digest.clone(),
            name: used.name.clone(),
            until: used.until.get(),
            used: true,
            ..InvitationRecord::default()
        };
        self.keep(&record).await?;
        self.directory.set_invitation(digest, used);
        self.take_chain(chain, None).await?;
        // [NOD-32] A number was compared for this organisation under its own name: it does not become another's.
        if known.is_none() {
            self.name_peer(None, organisation, &invitation.name, false).await?;
        }
        Ok(super::journal::chain_to_wire(&self.me.chain()))
    }

    /// The other side answered with its keys, after we accepted its invitation.
    ///
    /// # Errors
    /// [`Rejection::WrongSigners`] if they are not those of the invitation; why the chain does not verify.
    pub async fn accepted(
        &self,
        by: &AccountId,
        line: &Line,
        name: &str,
        chain: wire::KeyChain,
    ) -> Result<Peer, Rejection> {
        let _alone = self.changing.lock().await;
        self.may_be_called(name, &line.organisation())?;
        let chain = chain_from_wire(chain)?;
        if chain.organisation() != line.organisation() {
            return Err(Rejection::WrongSigners);
        }
        self.take_chain(chain, None).await?;
        self.name_peer(Some(by), line.organisation(), name, false).await?;
        self.directory.find(name)
    }

    /// People compared the safety number: `typed` is what the other side read out.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPeer`]; [`Rejection::BadValue`] if the number is another.
    pub async fn confirm(&self, by: &AccountId, name: &str, typed: &str) -> Result<Peer, Rejection> {
        let _alone = self.changing.lock().await;
        let peer = self.directory.find(name)?;
        if !self.directory.safety_number(&self.me.organisation, &peer.organisation).matches(typed) {
            return Err(Rejection::BadValue);
        }
        self.name_peer(Some(by), peer.organisation, &peer.name, true).await?;
        // [LOG-102] The stream may stand already.
        self.witnesses.look_again();
        self.directory.find(name)
    }

    /// The organisation of a local name or an OrgId in hexadecimal.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPeer`].
    pub fn organisation_of(&self, name: &str) -> Result<OrgId, Rejection> {
        self.directory.find(name).map(|peer| peer.organisation)
    }

    /// Newer key records of an organisation that is known.
    pub(super) async fn learn(&self, organisation: &OrgId, records: Vec<wire::Envelope>) -> Result<(), Rejection> {
        let _alone = self.changing.lock().await;
        let known = self.directory.chain(organisation).ok_or(Rejection::UnknownSigner)?;
        let mut chain = uput_core::key::KeyChain::clone(&known);
        for record in records {
            chain.extend(&Envelope::from_wire(record)?)?;
        }
        self.take_chain(chain, None).await
    }

    /// Takes an agreement in, or more signatures of one that is here, and passes it on to its parties.
    ///
    /// # Errors
    /// Why it is not an agreement, or whose signature does not verify.
    pub async fn take_agreement(&self, envelope: Envelope, from: Origin<'_>) -> Result<Held, Rejection> {
        let _alone = self.changing.lock().await;
        let chains = self.all_chains();
        let offered = Held::new(envelope, &chains)?;
        let id = offered.agreement.id();
        let (held, news) = match self.agreements.get(&id) {
            None => (Held { brought_by: from.peer().copied(), ..offered }, true),
            Some(known) => {
                let mut merged = known.envelope.clone();
                merged.merge(&offered.envelope)?;
                let news = merged != known.envelope || (known.signed.is_none() && offered.signed.is_some());
                (Held { brought_by: known.brought_by, ..Held::new(merged, &chains)? }, news)
            }
        };
        if held.agreement.party(&self.me.organisation).is_none() {
            return Err(Rejection::NoRule);
        }
        let signed = |other: &Held| self.has_signed(other);
        self.agreements.admit(&held, from.account().map(|_| &signed as &dyn Fn(&Held) -> bool))?;
        if let Some(from) = from.peer().filter(|_| self.agreements.get(&id).is_none()) {
            self.allow_agreement(&held, from)?;
        }
        if news {
            self.keep_agreement(&held, from).await?;
        }
        Ok(held)
    }

    async fn keep_agreement(&self, held: &Held, from: Origin<'_>) -> Result<(), Rejection> {
        let id: AgreementId = held.agreement.id();
        let parties = held.agreement.parties().map(|party| party.organisation);
        let reached = parties
            .filter(|party| Some(party) != from.peer() && self.directory.state_of(party) == Some(PeerState::Confirmed));
        let to: Vec<OrgId> = reached.collect();
        let stored = clock::now().get();
        let record = AgreementRecord {
            agreement: id.to_vec(),
            envelope: held.envelope.to_bytes(),
            to: to.iter().map(OrgId::to_vec).collect(),
            from: held.brought_by.map(|from| from.to_vec()).unwrap_or_default(),
            account: from.account().map(|account| account.to_vec()).unwrap_or_default(),
            stored,
        };
        let new = !self.is_logged(EntryKind::Agreement, &id.into());
        let entries = logged(new.then(|| Logged::new(EntryKind::Agreement, id)));
        let position = self.keep_logged(&record, entries).await?;
        self.agreements.set(held.clone());
        for organisation in to {
            let waiting = Waiting { trail: None, event: false, since: stored };
            self.outbox.queue(&organisation).push([(position, waiting)]);
        }
        Ok(())
    }

    /// Whether this node may call an organisation so.
    ///
    /// # Errors
    /// [`Rejection::BadValue`].
    pub fn may_be_called(&self, name: &str, organisation: &OrgId) -> Result<(), Rejection> {
        // [NOD-32]
        let confirmed = self.directory.peer(organisation).filter(|peer| peer.confirmed);
        if confirmed.is_some_and(|peer| peer.name != name) {
            return Err(Rejection::BadValue);
        }
        self.check_name(name, Some(organisation))
    }

    async fn name_peer(
        &self,
        by: Option<&AccountId>,
        organisation: OrgId,
        name: &str,
        confirmed: bool,
    ) -> Result<(), Rejection> {
        let before = self.directory.peer(&organisation);
        let confirmed = confirmed || before.is_some_and(|peer| peer.confirmed);
        let account = by.map(|by| by.to_vec()).unwrap_or_default();
        let record = PeerRecord { organisation: organisation.to_vec(), name: name.to_owned(), confirmed, account };
        self.keep(&record).await?;
        self.directory.set_peer(organisation, name.to_owned(), confirmed);
        Ok(())
    }

    fn check_name(&self, name: &str, of: Option<&OrgId>) -> Result<(), Rejection> {
        let fits = !name.trim().is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
        if fits && !self.directory.name_is_taken(name, of) { Ok(()) } else { Err(Rejection::BadValue) }
    }
}

fn secret_digest(secret: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret).as_ref().to_vec()
}
