//! How fast this machine could deliver if nothing but the cryptography were done.
//!
//! A disclosure: its event is signed, sealed, opened and verified, the receipt signed and verified. An answer: signed,
//! sealed, opened and verified. That receipts travel sealed too is not counted, nor what commits to slots and opens them.
//! Made with the primitives themselves, none of the protocol's code.

use std::time::{Duration, Instant};

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, XWing};
use hpke::{OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::process::Process;
use crate::referral::Work;
use crate::{Failed, cores};

const MESSAGE: [u8; 1024] = [7; 1024];
const RECEIPT: [u8; 320] = [8; 320];
const INFO: &[u8] = b"an invented header";

/// A measurement.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    /// Stories per second on all cores.
    pub(crate) rate: f64,
    /// Processor time of one, in microseconds.
    pub(crate) cost: f64,
}

/// Measures it on every core for a while.
pub(crate) fn measure(work: Work, span: Duration) -> Result<Limit, Failed> {
    let before = Process::own().used()?;
    let start = Instant::now();
    let workers: Vec<_> = (0..cores()).map(|_| std::thread::spawn(move || count(work, start, span))).collect();
    let mut done = 0_u32;
    for worker in workers {
        done += worker.join().map_err(|_| "a worker of the limit stopped")??;
    }
    let took = start.elapsed();
    let used = Process::own().used()?.saturating_sub(before);
    Ok(Limit { rate: f64::from(done) / took.as_secs_f64(), cost: used.as_secs_f64() * 1e6 / f64::from(done.max(1)) })
}

fn count(work: Work, start: Instant, span: Duration) -> Result<u32, &'static str> {
    let (sender, receiver) = (party(1)?, party(2)?);
    let (secret, public) = XWing::derive_keypair(&[3; 32]);
    let mut done = 0;
    while start.elapsed() < span {
        for _ in 0..work.disclosures {
            say(&sender, &secret, &public)?;
            verify(&receiver, &RECEIPT, receiver.sign(&RECEIPT).as_ref())?;
        }
        for _ in 0..work.answers {
            say(&receiver, &secret, &public)?;
        }
        done += 1;
    }
    Ok(done)
}

/// Signs, seals, opens and verifies.
fn say(
    author: &Ed25519KeyPair,
    secret: &<XWing as Kem>::PrivateKey,
    public: &<XWing as Kem>::PublicKey,
) -> Result<(), &'static str> {
    let signature = author.sign(&MESSAGE);
    let (encapsulated, ciphertext) =
        single_shot_seal::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeS::Base, public, INFO, &MESSAGE, &[])
            .map_err(|_| "sealing failed")?;
    std::hint::black_box(encapsulated.to_bytes());
    let opened = single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        secret,
        &encapsulated,
        INFO,
        &ciphertext,
        &[],
    )
    .map_err(|_| "opening failed")?;
    verify(author, &opened, signature.as_ref())
}

fn verify(signer: &Ed25519KeyPair, message: &[u8], signature: &[u8]) -> Result<(), &'static str> {
    let key = UnparsedPublicKey::new(&ED25519, signer.public_key().as_ref());
    key.verify(message, signature).map_err(|_| "a signature did not verify")
}

fn party(seed: u8) -> Result<Ed25519KeyPair, &'static str> {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).map_err(|_| "no key")
}
