//! Slots that commit to whatever their author likes, and what opens them: what a program with other rules would send.

use ring::hmac::{HMAC_SHA256, Key, sign};
use uput_core::{
    event::{Statement, Terms},
    id::EventId,
    wire::{self, DisclosedField, Disclosure, LegalBasis, WholeDisclosure, disclosure::Form},
};

use crate::{
    forge::changed,
    sample::{Organisation, Story, seed},
};

/// Label and value.
pub(crate) type Fields = Vec<(&'static str, String)>;

/// Fields as they are written here.
pub(crate) fn fields(all: &[(&'static str, &str)]) -> Fields {
    all.iter().map(|(label, value)| (*label, (*value).to_owned())).collect()
}

/// What a need under her consent holds, all of it right.
pub(crate) fn need(more: &[(&'static str, &str)]) -> Fields {
    let mut all = fields(&[("age_band", "30_59"), ("language", "sr-Latn-ME"), ("risk_level", "high")]);
    all.extend(consent());
    all.extend(fields(more));
    all
}

/// Who she is, under her consent.
pub(crate) fn identity(more: &[(&'static str, &str)]) -> Fields {
    let mut all = fields(&[("name", "Mila Invented"), ("safe_contact_channel", "through_sender")]);
    all.extend(consent());
    all.extend(fields(more));
    all
}

/// What a consent must say.
pub(crate) fn consent() -> Fields {
    fields(&[
        ("consent_given_by", "herself"),
        ("consent_form", "oral_witnessed"),
        ("consent_language", "sr-Latn-ME"),
        ("consent_purpose", "A place in a shelter for the coming days"),
        ("consent_until", "2026-12-31"),
    ])
}

/// The same with another value.
pub(crate) fn with(mut all: Fields, label: &str, value: &str) -> Fields {
    all.iter_mut().filter(|field| field.0 == label).for_each(|field| value.clone_into(&mut field.1));
    all
}

/// The same without a label.
pub(crate) fn without(mut all: Fields, label: &str) -> Fields {
    all.retain(|field| field.0 != label);
    all
}

/// Under her consent.
pub(crate) const fn consented(stage: u32) -> Terms {
    Terms { stage, rule: 1, basis: LegalBasis::ExplicitConsent, article: 0 }
}

/// On another basis.
pub(crate) const fn on(stage: u32, basis: LegalBasis) -> Terms {
    Terms { stage, rule: 1, basis, article: 0 }
}

/// Says something with these fields, whatever the rules are, and gives what opens them.
pub(crate) fn tell(
    story: &mut Story<'_>,
    by: &Organisation,
    statement: Statement,
    terms: Terms,
    fields: &Fields,
) -> Disclosure {
    let nonce = story.trail.opening().unwrap().nonce;
    let slots = Slots::of(&nonce, by, story.trail.len(), fields);
    let event = story.force(by, statement, |event| {
        (event.terms, event.slots) = (Some(terms), slots.commitments.clone());
    });
    slots.opening(event)
}

/// The export with one more disclosure.
pub(crate) fn opened(story: &Story<'_>, disclosure: Disclosure) -> Vec<u8> {
    changed(story, |draft| draft.disclosures.push(disclosure))
}

/// [DIS-4] [DIS-5] [DIS-6]
pub(crate) struct Slots {
    pub(crate) commitments: Vec<u8>,
    fields: Fields,
    secrets: [[u8; 32]; 2],
}

impl Slots {
    pub(crate) fn of(nonce: &[u8; 32], author: &Organisation, number: usize, fields: &Fields) -> Self {
        let secrets = ["labels", "values"].map(|half| seed(&format!("{} {half} of {number}", author.name)));
        let mut fields = fields.clone();
        let size = [8, 16, 32, 64].into_iter().find(|size| fields.len() <= *size).unwrap();
        fields.resize(size, ("", String::new()));
        let bound =
            |index: usize| [&nonce[..], author.id.as_bytes(), &u16::try_from(index).unwrap().to_be_bytes()].concat();
        let commitments = fields.iter().enumerate().flat_map(|(index, (label, value))| {
            let [s, t] = secrets.map(|secret| mac(&secret, &u16::try_from(index).unwrap().to_be_bytes()));
            let v = mac(&t, &[b"uput/v1/value", &bound(index)[..], &long(label), &long(value)].concat());
            mac(&s, &[b"uput/v1/slot", &bound(index)[..], &long(label), &v].concat())
        });
        Self { commitments: commitments.collect(), fields, secrets }
    }

    /// Everything, in the form for a whole event.
    pub(crate) fn opening(self, event: EventId) -> Disclosure {
        let field = |(label, value): (&str, String)| DisclosedField { label: label.to_owned(), value };
        let [labels, values] = self.secrets.map(|secret| secret.to_vec());
        let fields = self.fields.into_iter().map(field).collect();
        let whole = WholeDisclosure { label_secret: labels, value_secret: values, fields };
        Disclosure { event: event.to_vec(), form: Some(Form::Whole(whole)) }
    }
}

/// The disclosure of a whole event, to be changed.
pub(crate) fn whole(disclosure: &mut wire::Disclosure) -> &mut WholeDisclosure {
    let Some(Form::Whole(whole)) = &mut disclosure.form else { panic!("not whole") };
    whole
}

fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    sign(&Key::new(HMAC_SHA256, key), message).as_ref().try_into().unwrap()
}

fn long(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}
