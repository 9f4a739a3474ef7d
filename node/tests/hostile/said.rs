//! What a peer says by hand: events, what opens them, and the letters that carry both.

use ring::hmac;
use uput_core::{
    codec,
    entropy::Entropy,
    envelope::{Envelope, MediaType},
    event::{Event, Statement},
    id::{EventId, Id, OrgId, TrailId},
    time::Seconds,
    wire::{self, LetterContent},
};
use uput_node::clock::{SystemEntropy, now};

use crate::town::House;

/// An event by hand, and what opens it.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) id: EventId,
    pub(crate) envelope: wire::Envelope,
    pub(crate) disclosure: Option<wire::Disclosure>,
}

impl Said {
    /// Signed by its author, whatever it says.
    pub(crate) fn sign(author: &House, event: &Event, disclosure: Option<wire::Disclosure>) -> Self {
        Self::signed(author, event.encode(), disclosure)
    }

    /// Signed by its author, whatever its bytes are.
    pub(crate) fn signed(author: &House, body: Vec<u8>, disclosure: Option<wire::Disclosure>) -> Self {
        let envelope = Envelope::sign(MediaType::EVENT, body, &[&author.signing_key()]).unwrap();
        let id = EventId::from(envelope.id());
        let disclosure = disclosure.map(|disclosure| wire::Disclosure { event: id.to_vec(), ..disclosure });
        Self { id, envelope: envelope.to_wire(), disclosure }
    }

    pub(crate) fn trail(&self) -> TrailId {
        self.id.opened_trail()
    }

    pub(crate) fn read(&self) -> Event {
        let envelope = Envelope::from_wire(self.envelope.clone()).unwrap();
        Event::parse(envelope.id(), envelope.body()).unwrap()
    }

    /// With another disclosure of the same event.
    pub(crate) fn opened_by(&self, form: wire::disclosure::Form) -> Self {
        let disclosure = wire::Disclosure { event: self.id.to_vec(), form: Some(form) };
        Self { disclosure: Some(disclosure), ..self.clone() }
    }

    /// The secrets and fields that open it.
    pub(crate) fn whole(&self) -> wire::WholeDisclosure {
        match self.disclosure.clone().unwrap().form {
            Some(wire::disclosure::Form::Whole(whole)) => whole,
            _ => panic!("by hand it is opened as a whole"),
        }
    }
}

/// The first event of a chain: no trail, number 0, nothing before it.
pub(crate) fn unsaid(author: &House, statement: Statement) -> Event {
    let unnamed = EventId::from(Id::of(b""));
    Event {
        id: unnamed,
        trail: unnamed.opened_trail(),
        author: author.id,
        key: author.chain().newest_id(),
        incarnation: 0,
        seq: 0,
        prev: None,
        seen: None,
        time: minute(),
        occurred: None,
        slots: Vec::new(),
        terms: None,
        statement,
    }
}

pub(crate) fn minute() -> Seconds {
    Seconds::new(now().get() / 60 * 60).unwrap()
}

pub(crate) fn fresh_nonce() -> [u8; 32] {
    let mut nonce = [0; 32];
    SystemEntropy.fill(&mut nonce);
    nonce
}

pub(crate) fn content(said: &[&Said]) -> LetterContent {
    LetterContent {
        events: said.iter().map(|said| said.envelope.clone()).collect(),
        disclosures: said.iter().filter_map(|said| said.disclosure.clone()).collect(),
        ..LetterContent::default()
    }
}

pub(crate) fn body(said: &Said) -> wire::EventBody {
    codec::decode(&said.envelope.body).unwrap()
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat()).as_ref().to_vec()
}

/// Slots by the text of the specification, whatever the agreement thinks of them. [DIS-4] [DIS-5]
pub(crate) fn fill(nonce: &[u8; 32], author: &OrgId, fields: &[(&str, &str)]) -> (Vec<u8>, wire::Disclosure) {
    let (s, t) = ([1; 32], [2; 32]);
    let count = [8, 16, 32, 64].into_iter().find(|count| *count >= fields.len()).unwrap();
    let length = |text: &str| [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
    let (mut slots, mut opened) = (Vec::new(), Vec::new());
    for i in 0..count {
        let (label, value) = fields.get(i).copied().unwrap_or(("", ""));
        let index = u16::try_from(i).unwrap().to_be_bytes();
        let place: [&[u8]; 3] = [nonce, author.as_bytes(), &index];
        let v = mac(&mac(&t, &[&index]), &[b"uput/v1/value", &place.concat(), &length(label), &length(value)]);
        slots.extend(mac(&mac(&s, &[&index]), &[b"uput/v1/slot", &place.concat(), &length(label), &v]));
        opened.push(wire::DisclosedField { label: label.to_owned(), value: value.to_owned() });
    }
    let whole = wire::WholeDisclosure { label_secret: s.to_vec(), value_secret: t.to_vec(), fields: opened };
    (slots, wire::Disclosure { event: Vec::new(), form: Some(wire::disclosure::Form::Whole(whole)) })
}

/// Labels whose values are here.
pub(crate) fn labels(event: &wire::TrailEvent) -> Vec<&str> {
    let of_staff = |label: &str| matches!(label, "actor" | "actor_role" | "supervisor");
    let shown = event.fields.iter().filter(|field| !field.value.is_empty() && !of_staff(&field.label));
    shown.map(|field| field.label.as_str()).collect()
}
