//! A night in which the sender passes on what a third organisation signed.

use uput_core::{
    agreement::{Occasion, Request},
    attestation::{Attestation, CopySecrets},
    catalogue::{Field, Label},
    event::{Statement, Terms},
    key::SigningKey,
    sensitive::Sensitive,
    slot::SlotSecrets,
    step::Author,
    time::Seconds,
    wire::LegalBasis,
};

use crate::sample::{MIDNIGHT, Organisation, Story, TWO_PARTY, World, field, known, needed};

/// Two parties, one of which passes on what a third one signed.
pub(crate) fn world() -> World {
    let source = TWO_PARTY.replace(
        "identity = [\n    \"name\", \"children_names\"",
        "ticked = [\"provenance\"]\nidentity = [\n    \"name\", \"provenance\", \"children_names\"",
    );
    World::pair_by(&source)
}

/// Who signed it, and is no party.
pub(crate) fn first() -> Organisation {
    Organisation::invented("hotline-breza")
}

/// The facts of her age and language, as somebody signs them with that key.
pub(crate) fn copy(world: &World, by: &Organisation, signing: &SigningKey, record: usize) -> Field {
    let story = world.asked();
    let opening = story.trail.opening().unwrap();
    let terms = Terms { stage: 1, rule: 1, basis: LegalBasis::ExplicitConsent, article: 0 };
    let request =
        Request { opener: &world.hotline.id, opening, terms, occasion: Occasion::Later, kind: None, time: world.at(2) };
    let said = world.agreement.permit(&request).unwrap().minimise(needed()).unwrap();
    let secret = |n: u8| Sensitive::new([n; 32]);
    let secrets =
        CopySecrets { nonce: [4; 32], slots: SlotSecrets { labels: secret(5), values: secret(6) }, order: secret(7) };
    let author = Author { organisation: by.id, key_record: by.record(record), signing, incarnation: 0 };
    let day = Seconds::new(MIDNIGHT + 3600).unwrap();
    Attestation::issue(&said, &author, day, secrets).unwrap().unwrap()
}

/// The sender says who she is, with a copy and what it opens.
pub(crate) fn told<'w>(world: &'w World, copy: Field) -> Story<'w> {
    let mut night = world.asked();
    night.delivered_and(Statement::Held { until: world.at(3600) });
    night.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
    night.delivered_and(Statement::Accepted);
    let mut fields = known();
    fields.extend(
        needed()
            .into_iter()
            .filter(|fact| fields.iter().all(|field| field.label() != fact.label()))
            .collect::<Vec<_>>(),
    );
    fields.extend([field(Label::ConsentTicked, "provenance"), copy]);
    night.disclose(Statement::Identity, 2, LegalBasis::ExplicitConsent, 0, fields);
    night.delivered_and(Statement::ContactMade);
    night
}
