//! Key records and agreements as an auditor was given them.
//!
//! Guarantees that a chain verifies and does not fork, and that an agreement is signed by every party.

use uput_core::agreement::SignedAgreement;
use uput_core::codec;
use uput_core::envelope::Envelope;
use uput_core::key::KeyChain;
use uput_core::rejection::Rejection;
use uput_core::wire;

use crate::exit::Exit;
use crate::failure::Failure;

/// An organisation's key records, verified. [CLI-61]
pub(crate) fn chain(what: &str, bytes: &[u8]) -> Result<KeyChain, Failure> {
    let chain = decode(bytes).and_then(|envelopes| KeyChain::verify(&envelopes));
    let chain = chain.map_err(|rejection| refused(what, rejection))?;
    if chain.is_forked() { Err(refused(what, Rejection::ForkedChain)) } else { Ok(chain) }
}

/// An agreement that every party has signed, by their chains. [CLI-61]
pub(crate) fn agreement(what: &str, bytes: &[u8], chains: &[KeyChain]) -> Result<SignedAgreement, Failure> {
    let envelope = Envelope::parse(bytes).map_err(|rejection| refused(what, rejection))?;
    SignedAgreement::verify(envelope, chains).map_err(|rejection| match rejection {
        Rejection::UnknownSigner => {
            refused(what, rejection).next("name every party of the agreement with --organisation or --peer")
        }
        other => refused(what, other),
    })
}

fn decode(bytes: &[u8]) -> Result<Vec<Envelope>, Rejection> {
    let chain: wire::KeyChain = codec::decode(bytes)?;
    chain.records.into_iter().map(Envelope::from_wire).collect()
}

fn refused(what: &str, rejection: Rejection) -> Failure {
    let sentence = rejection.to_string();
    let (why, next) = sentence.split_once("; ").unwrap_or((&sentence, ""));
    Failure::new(Exit::Failed, rejection.code(), format!("{what} cannot be believed")).because(why).next(next)
}
