//! A real node among organisations that are only keys in a test.

use std::{collections::BTreeMap, sync::Arc};

use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    event::{Event, Opening, Statement, Terms},
    id::{AgreementId, OrgId},
    invitation::Invitation,
    letter,
    rejection::Rejection,
    wire::{self, LegalBasis, LetterContent, ReceiptOutcome},
};
use uput_node::{
    clock::SystemEntropy,
    node::{Node, Post},
    peer::Mailroom,
};

use crate::{
    said::{Said, content, fill, fresh_nonce, unsaid},
    town::{self, BY, House, endpoint, worker},
};

pub(crate) type Receipt = (ReceiptOutcome, u32);

pub(crate) const STORED: Receipt = (ReceiptOutcome::Stored, 0);

pub(crate) const DEMONSTRATION: &str = include_str!("../../../specs/agreements/demonstration.toml");

pub(crate) fn later(rejection: Rejection) -> Receipt {
    (ReceiptOutcome::Later, rejection.number())
}

pub(crate) fn refused(rejection: Rejection) -> Receipt {
    (ReceiptOutcome::Refused, rejection.number())
}

/// The shelter's node is real; the hotline, and the other shelter and the centre, are keys in a test.
pub(crate) struct Yard {
    pub(crate) hotline: House,
    pub(crate) shelter: Arc<Node>,
    pub(crate) shelter_house: House,
    pub(crate) lipa: House,
    pub(crate) centre: House,
    pub(crate) agreement: AgreementId,
}

/// Meets a node as an organisation that is only keys.
pub(crate) async fn meet(node: &Arc<Node>, house: &House, name: &str) {
    let line = node.invite(&BY, name, vec![endpoint()], 0).await.unwrap();
    let secret = *Invitation::parse(line.expose()).unwrap().secret().expose();
    assert_eq!(knock(node, house, &secret).await, None);
    let number = node.view_peers().into_iter().find(|peer| peer.name == name).unwrap().safety_number;
    node.confirm(&BY, name, &number).await.unwrap();
}

/// Uses an invitation's secret; tells why it was refused.
pub(crate) async fn knock(node: &Arc<Node>, house: &House, secret: &[u8]) -> Option<Rejection> {
    let chain = wire::KeyChain { records: records(&[house]) };
    Post(node.clone()).introduce(secret, *house.tls_key().public().as_bytes(), chain).await.err()
}

pub(crate) fn records(houses: &[&House]) -> Vec<wire::Envelope> {
    houses.iter().flat_map(|house| house.chain().envelopes().map(Envelope::to_wire).collect::<Vec<_>>()).collect()
}

/// An agreement between four, signed by some of them.
pub(crate) fn pact(text: &str, parties: [&House; 4], signers: &[&House]) -> (AgreementId, wire::Envelope) {
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let peers: BTreeMap<String, OrgId> =
        names.iter().zip(parties).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
    let compiled = compile(text, &peers).unwrap();
    let keys: Vec<_> = signers.iter().map(|house| house.organisation_key()).collect();
    let signed = Envelope::sign(MediaType::AGREEMENT, compiled.body, &keys.iter().collect::<Vec<_>>()).unwrap();
    (compiled.agreement.id(), signed.to_wire())
}

pub(crate) async fn yard() -> Yard {
    town::listen();
    let (hotline, shelter_house) = (House::found(1).await, House::found(2).await);
    let (lipa, centre) = (House::found(3).await, House::found(4).await);
    let shelter = shelter_house.open();
    meet(&shelter, &hotline, "hotline").await;
    let parties = [&hotline, &shelter_house, &lipa, &centre];
    let (agreement, signed) = pact(DEMONSTRATION, parties, &parties);
    let yard = Yard { hotline, shelter, shelter_house, lipa, centre, agreement };
    let key_records = records(&[&yard.lipa, &yard.centre]);
    let content = LetterContent { key_records, agreements: vec![signed], ..LetterContent::default() };
    assert_eq!(yard.send(&content).await, STORED);
    yard
}

impl Yard {
    /// The parties of its agreements, in the order of the names there.
    pub(crate) const fn parties(&self) -> [&House; 4] {
        [&self.hotline, &self.shelter_house, &self.lipa, &self.centre]
    }

    /// After the shelter's node was stopped and started again.
    pub(crate) async fn restarted(self) -> Self {
        let Self { hotline, shelter, shelter_house, lipa, centre, agreement } = self;
        drop(shelter);
        let shelter = town::reopened(&shelter_house).await;
        Self { hotline, shelter, shelter_house, lipa, centre, agreement }
    }

    pub(crate) fn seal(&self, content: &LetterContent) -> Vec<u8> {
        letter::seal(self.shelter.me().chain().newest(), content, &mut SystemEntropy).unwrap()
    }

    pub(crate) async fn bytes(&self, letter: Vec<u8>) -> Receipt {
        Post(self.shelter.clone()).receive(&self.hotline.id, letter).await
    }

    pub(crate) async fn send(&self, content: &LetterContent) -> Receipt {
        self.bytes(self.seal(content)).await
    }

    pub(crate) async fn say(&self, said: &[&Said]) -> Receipt {
        self.send(&content(said)).await
    }

    pub(crate) async fn say_as(&self, from: &House, said: &[&Said]) -> Receipt {
        Post(self.shelter.clone()).receive(&from.id, self.seal(&content(said))).await
    }

    /// An enquiry by the hotline, changed as the test wants.
    pub(crate) fn opening(
        &self,
        fields: &[(&str, &str)],
        change: impl FnOnce(&mut Event, &mut Opening, &mut Terms),
    ) -> Said {
        let mut opening = Opening {
            peer: self.shelter_house.id,
            peer_key: self.shelter_house.chain().newest_id(),
            agreement: self.agreement,
            act: wire::Act::Referral,
            service_type: wire::ServiceType::Shelter,
            nonce: fresh_nonce(),
            event_version: 1,
            expiry: None,
            about: None,
        };
        let mut terms = Terms { stage: 0, rule: 1, basis: LegalBasis::NoneNeededNonpersonal, article: 0 };
        let mut event = unsaid(&self.hotline, Statement::Acknowledged);
        change(&mut event, &mut opening, &mut terms);
        let (slots, disclosure) = fill(&opening.nonce, &event.author, fields);
        let disclosure = (!fields.is_empty()).then_some(disclosure);
        event.slots = if fields.is_empty() { Vec::new() } else { slots };
        event.terms = Some(terms);
        event.statement = Statement::Opening(opening);
        Said::sign(&self.hotline, &event, disclosure)
    }

    pub(crate) fn enquiry(&self) -> Said {
        self.opening(&[("places", "2"), ("adults", "1")], |_, _, _| {})
    }

    /// The hotline's next event, which has seen nothing.
    pub(crate) fn next(&self, opening: &Said, prev: &Said, seq: u64, statement: Statement) -> Said {
        let event = Event { trail: opening.trail(), seq, prev: Some(prev.id), ..unsaid(&self.hotline, statement) };
        Said::sign(&self.hotline, &event, None)
    }

    /// The hotline's next event with slots, changed as the test wants.
    pub(crate) fn disclosing(
        &self,
        opening: &Said,
        statement: Statement,
        fields: &[(&str, &str)],
        change: impl FnOnce(&mut Event),
    ) -> Said {
        let stage = if matches!(statement, Statement::Identity) { 2 } else { 1 };
        let (slots, disclosure) = fill(&opening.read().opening().unwrap().nonce, &self.hotline.id, fields);
        let mut event = Event {
            trail: opening.trail(),
            seq: 1,
            prev: Some(opening.id),
            slots,
            terms: Some(Terms { stage, rule: 1, basis: LegalBasis::ExplicitConsent, article: 0 }),
            ..unsaid(&self.hotline, statement)
        };
        change(&mut event);
        Said::sign(&self.hotline, &event, Some(disclosure))
    }

    pub(crate) async fn shown(&self, opening: &Said) -> wire::Trail {
        town::take(&self.shelter, &opening.trail()).await;
        self.shelter.show(&worker(), &opening.trail(), true).await.unwrap()
    }

    pub(crate) async fn knows(&self, opening: &Said) -> bool {
        self.shelter.trail_ids().unwrap().contains(&opening.trail())
    }

    /// One event as the shelter sees it.
    pub(crate) async fn seen(&self, opening: &Said, said: &Said) -> wire::TrailEvent {
        let events = self.shown(opening).await.events;
        events.into_iter().find(|event| event.event == said.id.to_vec()).unwrap()
    }
}
