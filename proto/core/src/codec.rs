//! Canonical protobuf: one message, one byte string.
//!
//! Guarantees that bytes which decode are exactly the bytes that encode again: no unknown, duplicate or out-of-order
//! field, no default written, no number longer than needed. Leaves the meaning of fields to the nouns.

use prost::{Message, bytes::Bytes};

use crate::rejection::Rejection;

/// Encodes a message canonically: ascending fields, defaults omitted. [ENV-5]
#[must_use]
pub fn encode(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}

/// Decodes bytes that are canonical.
///
/// # Errors
/// [`Rejection::Malformed`] if they do not decode, [`Rejection::NotCanonical`] if they would encode differently.
pub fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, Rejection> {
    // Parts of `Bytes` are shared until they are copied into their field, parts of a slice are copied twice.
    let message = M::decode(Bytes::copy_from_slice(bytes)).map_err(|_| Rejection::Malformed)?;
    // [ENV-6] The codec drops what it does not know, so only equality shows that nothing was dropped.
    if message.encoded_len() == bytes.len() && message.encode_to_vec() == bytes {
        Ok(message)
    } else {
        Err(Rejection::NotCanonical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    #[test]
    fn an_unknown_field_is_refused() {
        let mut bytes = encode(&wire::Signature { key_id: vec![1], signature: vec![2] });
        bytes.extend_from_slice(&[0x18, 0x01]);
        assert_eq!(decode::<wire::Signature>(&bytes).err(), Some(Rejection::NotCanonical));
    }

    #[test]
    fn a_default_written_out_is_refused() {
        assert_eq!(decode::<wire::Held>(&[0x08, 0x00]).err(), Some(Rejection::NotCanonical));
    }

    #[test]
    fn a_long_varint_is_refused() {
        assert_eq!(decode::<wire::Held>(&[0x08, 0x81, 0x00]).err(), Some(Rejection::NotCanonical));
    }

    #[test]
    fn fields_out_of_order_are_refused() {
        assert_eq!(
            decode::<wire::Signature>(&[0x12, 0x01, 0x02, 0x0a, 0x01, 0x01]).err(),
            Some(Rejection::NotCanonical)
        );
    }

    #[test]
    fn a_field_twice_is_refused() {
        assert_eq!(decode::<wire::Held>(&[0x08, 0x01, 0x08, 0x02]).err(), Some(Rejection::NotCanonical));
    }
}
