//! Values that are sealed to staff, opened here with a person's own key.
//!
//! Guarantees that what is shown was held against the event's commitments and is what the agreement lets be read. [STF-15]

use prost::Message;
use uput_core::agreement::Request;
use uput_core::codec;
use uput_core::envelope::Envelope;
use uput_core::event::Event;
use uput_core::id::EventId;
use uput_core::slot;
use uput_core::staff::{self, Place};
use uput_core::wire;

use crate::access::Node;
use crate::agreement::Held;
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::reference::Reference;
use crate::request::hex;
use crate::staff::ring::{KeyArgs, Ring};

/// Puts the values that one of the caller's keys opens into a trail as the node gave it, and gives their disclosures.
pub(crate) async fn open(
    trail: &mut wire::Trail,
    keys: &KeyArgs,
    node: &Node,
    options: &Options,
) -> Result<Vec<wire::Disclosure>, Failure> {
    if trail.events.iter().all(|event| event.sealed.is_none()) {
        return Ok(Vec::new());
    }
    let ring = keys.open(node, options).await?;
    let reference: Reference = hex(&trail.agreement).parse().map_err(|_| unreadable())?;
    let opener = Opener { agreement: Held::get(node, &reference).await?, opening: event_of(&trail.opening)?, ring };
    let boxes = std::mem::take(&mut trail.boxes);
    let (mut disclosures, mut closed) = (Vec::new(), 0_u32);
    for event in &mut trail.events {
        let Some(sealed) = event.sealed.take() else { continue };
        let held = boxes.iter().find(|held| held.number == sealed.r#box).ok_or_else(unreadable)?;
        match opener.open(held, &sealed)? {
            Some((disclosure, fields)) => {
                event.fields = fields;
                disclosures.push(disclosure);
            }
            None => closed += 1,
        }
    }
    if closed > 0 {
        let why = if opener.ring.is_empty() {
            "there is no staff key beside the access file"
        } else {
            "no key of yours opens it"
        };
        trail.notes.push(format!("values of {closed} events are sealed to colleagues: {why}"));
    }
    Ok(disclosures)
}

struct Opener {
    agreement: Held,
    opening: Event,
    ring: Ring,
}

impl Opener {
    /// None if no key of the caller's opens the box.
    fn open(
        &self,
        held: &wire::StaffBox,
        sealed: &wire::SealedValues,
    ) -> Result<Option<(wire::Disclosure, Vec<wire::Field>)>, Failure> {
        let Some(secret) = self.ring.open_box(held) else { return Ok(None) };
        let event = event_of(&sealed.event)?;
        let bytes = staff::open(&sealed.values, &Place::Values(event.id), &secret).map_err(|_| unreadable())?;
        let disclosure = wire::Disclosure::decode(bytes.as_slice()).map_err(|_| unreadable())?;
        let nonce = self.opening.opening().ok_or_else(unreadable)?.nonce;
        let named = EventId::parse(&disclosure.event).is_ok_and(|named| named == event.id);
        let disclosed = slot::open(&disclosure, &event.slots, &nonce, &event.author).ok().filter(|_| named);
        let disclosed = disclosed.ok_or_else(|| unreadable().because("the values are not those that were signed"))?;
        let request = Request::of(&self.opening, &event).ok_or_else(unreadable)?;
        let kept = self.agreement.agreement.strip(&request, &disclosed).kept;
        // Exposed to the person who asked for values and has the key that opens them.
        let shown = kept
            .iter()
            .map(|field| wire::Field { label: field.label().name().to_owned(), value: field.value().expose().clone() });
        Ok(Some((disclosure, shown.collect())))
    }
}

fn event_of(bytes: &[u8]) -> Result<Event, Failure> {
    let envelope: wire::Envelope = codec::decode(bytes).map_err(|_| unreadable())?;
    let envelope = Envelope::from_wire(envelope).map_err(|_| unreadable())?;
    Event::parse(envelope.id(), envelope.body()).map_err(|_| unreadable())
}

fn unreadable() -> Failure {
    Failure::new(Exit::Failed, "MALFORMED", "what the node gave of a sealed value cannot be read")
        .next("try again; if it stays so, the node or its disk is damaged: uput node doctor")
}
