//! Letters as they passed between two nodes, opened with their recipient's key: specs/letter.md.
//!
//! Only so is it known that what was searched, and found to hold nothing, held everything.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, XWing};
use hpke::{Deserializable, OpModeR, single_shot_open};
use prost::Message;
use uput_wire::v1 as wire;
use wire::peer_frame::Frame;

use crate::key_file::NodeSecrets;

/// What stands before each message of a stream (gRPC): a sign that it is not compressed, and its length.
const BEFORE: usize = 5;

/// The sealed letters in the body of a stream; both directions have frames of one form.
pub(super) fn sealed(body: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut letters) = (body, Vec::new());
    while let Some((&[_, a, b, c, d], then)) = rest.split_first_chunk::<BEFORE>() {
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let Some((message, then)) = then.split_at_checked(length) else { break };
        rest = then;
        let frame = wire::ExchangeRequest::decode(message).ok().and_then(|message| message.frame?.frame);
        if let Some(Frame::Letter(letter)) = frame {
            letters.push(letter.letter);
        }
    }
    letters
}

/// What a letter holds, if one of these nodes can open it. [LET-4]
pub(super) fn open(letter: &[u8], nodes: &[NodeSecrets]) -> Option<Vec<u8>> {
    let letter = wire::Letter::decode(letter).ok()?;
    let header = letter.header.as_ref()?;
    let info = [b"uput/v1/letter".as_slice(), &header.encode_to_vec()].concat();
    let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(&letter.encapsulated).ok()?;
    nodes.iter().flat_map(|node| &node.sealing).find_map(|seed| {
        let key = <XWing as Kem>::PrivateKey::from_bytes(seed).ok()?;
        let opened = single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeR::Base,
            &key,
            &encapsulated,
            &info,
            &letter.ciphertext,
            &[],
        );
        opened.ok()
    })
}
