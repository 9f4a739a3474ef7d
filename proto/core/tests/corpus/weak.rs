//! Keys and signatures that common libraries accept and this protocol does not.

use curve25519_dalek::{EdwardsPoint, Scalar, constants::EIGHT_TORSION};
use ring::digest::{SHA512, digest};
use uput_core::{
    envelope::pae,
    id::Id,
    key::PublicKey,
    wire::{self, Signature},
};

use crate::sample::seed;

/// The order of the base point, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The neutral point: with it as key, the neutral point and 0 are a signature over every message.
pub(crate) fn neutral() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
}

/// The neutral point again: y of p + 1, which reduces to 1.
pub(crate) fn neutral_unreduced() -> [u8; 32] {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xee, 0x7f);
    bytes
}

/// The neutral point with the sign of an x that is 0.
pub(crate) fn neutral_signed() -> [u8; 32] {
    let mut bytes = neutral();
    bytes[31] = 0x80;
    bytes
}

/// A point of order 8.
pub(crate) fn of_order_eight() -> [u8; 32] {
    EIGHT_TORSION[1].compress().to_bytes()
}

/// No point has this y.
pub(crate) fn off_the_curve() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    bytes
}

/// What stands for a signature by any of these: the neutral point and 0.
pub(crate) fn signature_for_everything(key: &[u8; 32]) -> Signature {
    Signature { key_id: key_id(key), signature: [neutral().as_slice(), &[0; 32]].concat() }
}

pub(crate) fn key_id(key: &[u8; 32]) -> Vec<u8> {
    Id::of(&[b"uput/v1/key".as_slice(), key].concat()).as_bytes().to_vec()
}

/// The same signature with S + L.
pub(crate) fn add_order(signature: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
}

/// A key with a part of order 8, which is admitted.
pub(crate) struct MixedKey {
    secret: Scalar,
    public: [u8; 32],
}

impl MixedKey {
    pub(crate) fn invented() -> Self {
        let secret = Scalar::from_bytes_mod_order(seed("mixed order"));
        let public = (EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[1]).compress().to_bytes();
        assert!(PublicKey::admit(&public).is_ok());
        Self { secret, public }
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        self.public
    }

    /// A signature; one that holds only with the cofactor, if that is wanted.
    pub(crate) fn sign(&self, message: &[u8], only_with_cofactor: bool) -> Signature {
        for attempt in 0_u32.. {
            let nonce = Scalar::from_bytes_mod_order(seed(&format!("nonce {attempt}")));
            let commitment = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
            let challenge = self.challenge(&commitment, message);
            if challenge.as_bytes()[0].is_multiple_of(8) != only_with_cofactor {
                let response = nonce + challenge * self.secret;
                let signature = [commitment, response.to_bytes()].concat();
                return Signature { key_id: key_id(&self.public), signature };
            }
        }
        unreachable!("one of eight challenges is a multiple of eight")
    }

    /// A signature whose R is the neutral point, written with a y that was not reduced.
    pub(crate) fn sign_with_unreduced_point(&self, message: &[u8]) -> Signature {
        let response = self.challenge(&neutral_unreduced(), message) * self.secret;
        Signature { key_id: key_id(&self.public), signature: [neutral_unreduced(), response.to_bytes()].concat() }
    }

    fn challenge(&self, commitment: &[u8; 32], message: &[u8]) -> Scalar {
        let hashed = digest(&SHA512, &[commitment.as_slice(), &self.public, message].concat());
        Scalar::from_bytes_mod_order_wide(&hashed.as_ref().try_into().unwrap())
    }
}

/// An envelope with these signatures, in their order.
pub(crate) fn enveloped(media_type: &str, body: Vec<u8>, mut signatures: Vec<Signature>) -> wire::Envelope {
    signatures.sort_by(|a, b| a.key_id.cmp(&b.key_id));
    wire::Envelope { r#type: media_type.to_owned(), body, signatures }
}

/// What a signature of an envelope is over.
pub(crate) fn signed_bytes(envelope: &wire::Envelope) -> Vec<u8> {
    pae(&envelope.r#type, &envelope.body)
}
