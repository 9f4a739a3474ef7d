//! What a dishonest exporter can do: it holds its own keys, and, where the other party lies itself, that one's too.

use uput_core::{
    bundle::BundleDraft,
    codec,
    envelope::{Envelope, MediaType, pae},
    event::{Event, Statement},
    head::{Challenge, Head},
    key::SigningKey,
    slot::Extent,
    wire,
};

use crate::sample::{Organisation, Story, World};

/// The honest export by the hotline.
pub(crate) fn exported(story: &Story<'_>) -> Vec<u8> {
    changed(story, |_| {})
}

/// The hotline changes what it exports, and signs it.
pub(crate) fn changed(story: &Story<'_>, change: impl FnOnce(&mut BundleDraft)) -> Vec<u8> {
    exported_by(story, &story.world.hotline, change)
}

/// The same by somebody.
pub(crate) fn exported_by(
    story: &Story<'_>,
    exporter: &Organisation,
    change: impl FnOnce(&mut BundleDraft),
) -> Vec<u8> {
    let mut draft = story.draft(exporter, &Extent::VALUES);
    change(&mut draft);
    draft.build(exporter.signing()).unwrap()
}

/// The hotline signs a bundle that no builder of ours would make.
pub(crate) fn rewritten(story: &Story<'_>, change: impl FnOnce(&mut wire::Bundle)) -> Vec<u8> {
    let mut bundle = content(&exported(story));
    change(&mut bundle);
    rebuilt(story, codec::encode(&bundle))
}

/// The hotline signs these bytes as a bundle.
pub(crate) fn rebuilt(story: &Story<'_>, body: Vec<u8>) -> Vec<u8> {
    sealed(MediaType::BUNDLE.as_str(), body, &[story.world.hotline.signing()]).to_bytes()
}

/// The bytes that the hotline's honest export signs.
pub(crate) fn body(story: &Story<'_>) -> Vec<u8> {
    Envelope::parse(&exported(story)).unwrap().body().to_vec()
}

fn content(bundle: &[u8]) -> wire::Bundle {
    codec::decode(Envelope::parse(bundle).unwrap().body()).unwrap()
}

/// An envelope of any type over any bytes.
pub(crate) fn sealed(media_type: &str, body: Vec<u8>, keys: &[&SigningKey]) -> Envelope {
    Envelope::from_wire(unchecked(media_type, body, keys)).unwrap()
}

/// The same where it need not be well formed.
pub(crate) fn unchecked(media_type: &str, body: Vec<u8>, keys: &[&SigningKey]) -> wire::Envelope {
    let pae = pae(media_type, &body);
    let sign =
        |key: &&SigningKey| wire::Signature { key_id: key.public().id().to_vec(), signature: key.sign(&pae).to_vec() };
    let mut signatures: Vec<_> = keys.iter().map(sign).collect();
    signatures.sort_by(|a, b| a.key_id.cmp(&b.key_id));
    wire::Envelope { r#type: media_type.to_owned(), body, signatures }
}

/// The next event of somebody, whose body it changes before it signs.
pub(crate) fn twisted(
    story: &Story<'_>,
    by: &Organisation,
    statement: Statement,
    change: impl FnOnce(&mut wire::EventBody),
) -> Envelope {
    let mut event: wire::EventBody = codec::decode(story.next(by, statement, |_| {}).envelope().body()).unwrap();
    change(&mut event);
    signed_event(by, codec::encode(&event))
}

/// Any bytes, signed as an event.
pub(crate) fn signed_event(by: &Organisation, body: Vec<u8>) -> Envelope {
    sealed(MediaType::EVENT.as_str(), body, &[by.signing()])
}

/// The export with one more event.
pub(crate) fn with_event(story: &Story<'_>, event: Envelope) -> Vec<u8> {
    changed(story, |draft| draft.events.push(event))
}

/// The export with a head of somebody, changed before it is signed, in place of the honest one.
pub(crate) fn with_head(story: &Story<'_>, by: &Organisation, change: impl FnOnce(&mut wire::Head)) -> Vec<u8> {
    let mut head: wire::Head = codec::decode(story.signed_head(by).body()).unwrap();
    change(&mut head);
    let head = sealed(MediaType::HEAD.as_str(), codec::encode(&head), &[by.signing()]);
    replacing_head(story, by, head)
}

/// The export with another head of somebody.
pub(crate) fn replacing_head(story: &Story<'_>, by: &Organisation, head: Envelope) -> Vec<u8> {
    changed(story, |draft| {
        draft.heads.retain(|old| Head::parse(old.body()).unwrap().author != by.id);
        draft.heads.push(head);
    })
}

/// The export with a challenge by the hotline to the shelter, changed before it is signed.
pub(crate) fn with_challenge(story: &Story<'_>, change: impl FnOnce(&mut wire::Challenge)) -> Vec<u8> {
    let mut challenge: wire::Challenge = codec::decode(&challenge(story).encode()).unwrap();
    change(&mut challenge);
    let body = codec::encode(&challenge);
    changed(story, |draft| {
        draft.challenges.push(sealed(MediaType::CHALLENGE.as_str(), body, &[story.world.hotline.signing()]));
    })
}

/// What the hotline asks of the shelter.
pub(crate) fn challenge(story: &Story<'_>) -> Challenge {
    Challenge {
        trail: story.trail.id(),
        to: story.world.jasen.id,
        nonce: [5; 32],
        time: story.world.at(story.clock + 1),
    }
}

/// An enquiry whose opening somebody with other rules wrote: what opens its slots opens these too.
pub(crate) fn opened_as<'w>(world: &'w World, change: impl FnOnce(&mut Event)) -> Story<'w> {
    let mut story = world.opened_as(change);
    let opened = world.asked().opened.into_values().next().unwrap();
    story.opened.insert(story.trail.id().opening(), opened);
    story
}

/// The same envelope with one bit of its first signature turned.
pub(crate) fn falsified(envelope: &Envelope) -> Envelope {
    let mut wire = envelope.to_wire();
    wire.signatures[0].signature[7] ^= 1;
    Envelope::from_wire(wire).unwrap()
}
