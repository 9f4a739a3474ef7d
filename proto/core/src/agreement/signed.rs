//! Agreements that every party has signed.

use std::ops::Deref;

use super::Agreement;
use crate::{
    envelope::{Envelope, MediaType, Verified, verify_every},
    id::{KeyId, OrgId},
    key::{KeyChain, PublicKey},
    rejection::Rejection,
};

/// Evidence that each party's organisation key signed an agreement. Only [`SignedAgreement::verify`] makes it.
///
/// ```compile_fail,E0423
/// fn forge(agreement: uput_core::envelope::Verified<uput_core::agreement::Agreement>) {
///     let signed = uput_core::agreement::SignedAgreement(agreement);
/// }
/// ```
#[derive(Clone)]
pub struct SignedAgreement(Verified<Agreement>);

impl SignedAgreement {
    /// Verifies that exactly the parties signed, each once, with an organisation key of its chain. [AGR-25]
    ///
    /// # Errors
    /// [`Rejection::UnknownSigner`] if a party's chain is not among `chains` or somebody else signed,
    /// [`Rejection::AgreementNotSigned`] if a party has not signed yet, [`Rejection::BadSignature`], or why the
    /// document is not an agreement.
    pub fn verify<'a>(envelope: Envelope, chains: impl IntoIterator<Item = &'a KeyChain>) -> Result<Self, Rejection> {
        let agreement = read(&envelope)?;
        let chains: Vec<&KeyChain> = chains.into_iter().collect();
        let signers: Vec<KeyId> = envelope.signers().collect();
        let chain_of = |organisation| chains.iter().find(|chain| chain.organisation() == organisation);
        // [AGR-25] All of them are known before it is asked who has signed.
        let known: Option<Vec<_>> = agreement.signing().map(|party| chain_of(party.organisation)).collect();
        let keys = known.ok_or(Rejection::UnknownSigner)?.into_iter().map(|chain| signing_key(chain, &signers));
        let keys = keys.collect::<Option<Vec<_>>>().ok_or(Rejection::AgreementNotSigned)?;
        verify_every(envelope, MediaType::AGREEMENT, &keys, |_| Ok(agreement)).map(Self)
    }

    /// The envelope with all signatures.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        self.0.envelope()
    }

    /// Whether this is a lawful successor of that version: the next number, and signed by enough of its parties.
    #[must_use]
    pub fn amends(&self, before: &Self) -> bool {
        // [AGR-16] Who signs this version is known by what it says; that they did, by how it was verified.
        self.may_amend(before)
    }
}

impl Agreement {
    /// Whether it amends that version once all its parties have signed. [AGR-16]
    #[must_use]
    pub fn may_amend(&self, before: &Self) -> bool {
        self.follows(before) && u32::try_from(self.stay(before)).unwrap_or(u32::MAX) >= before.threshold()
    }

    /// Whether it says that it is the version after that one. [AGR-16]
    #[must_use]
    pub fn follows(&self, before: &Self) -> bool {
        before.version().checked_add(1) == Some(self.version()) && self.previous() == Some(before.id())
    }

    /// How many that are bound by that version sign this one. [AGR-16]
    #[must_use]
    pub fn stay(&self, before: &Self) -> usize {
        let signs = |organisation| self.signing().any(|party| party.organisation == organisation);
        before.signing().filter(|party| signs(party.organisation)).count()
    }
}

impl Deref for SignedAgreement {
    type Target = Agreement;

    fn deref(&self) -> &Agreement {
        &self.0
    }
}

/// Parties whose signature an envelope lacks, as far as their key records are known. It verifies no signature.
///
/// # Errors
/// Why the document is not an agreement.
pub fn missing_signatures<'a>(
    envelope: &Envelope,
    chains: impl IntoIterator<Item = &'a KeyChain>,
) -> Result<Vec<OrgId>, Rejection> {
    let signers: Vec<KeyId> = envelope.signers().collect();
    let chains = chains.into_iter().filter(|chain| signing_key(chain, &signers).is_some());
    let signed: Vec<OrgId> = chains.map(KeyChain::organisation).collect();
    let parties = read(envelope)?;
    Ok(parties.signing().map(|party| party.organisation).filter(|party| !signed.contains(party)).collect())
}

/// What the envelope says, signed or not.
fn read(envelope: &Envelope) -> Result<Agreement, Rejection> {
    if !envelope.is(MediaType::AGREEMENT) {
        return Err(Rejection::WrongType);
    }
    Agreement::parse(envelope.id(), envelope.body())
}

/// The organisation key of any record of the chain that is among the signers.
fn signing_key<'a>(chain: &'a KeyChain, signers: &[KeyId]) -> Option<&'a PublicKey> {
    chain.records().map(|record| record.organisation_key()).find(|key| signers.contains(&key.id()))
}
