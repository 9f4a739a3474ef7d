//! One night between invented organisations, made with the public interface of the core: everything follows from names.

#[path = "organisation.rs"]
mod organisation;

use std::collections::BTreeMap;

use uput_core::{
    agreement::{Agreement, Request, compile},
    bundle::BundleDraft,
    catalogue::{Field, Label},
    envelope::{Envelope, MediaType, Verified, verify_one},
    event::{Decision, Event, Opening, Statement, Terms},
    head::Head,
    id::{EventId, Id, KeyRecordId, OrgId},
    key::SigningKey,
    sensitive::Sensitive,
    slot::{Disclosed, Extent, SlotSecrets, commit},
    state::Side,
    step::{self, Draft},
    time::Seconds,
    trail::Trail,
    trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand},
    wire::{
        self, Act, ClosureReason, DecisionOutcome, DecisionType, LegalBasis, Outcome, Purpose, ServiceType, WarningCode,
    },
};

#[allow(unused_imports, reason = "whoever includes this uses its part")]
pub(crate) use organisation::{Organisation, key, seed};

/// Four organisations, times in seconds.
pub(crate) const DEMONSTRATION: &str = include_str!("../../../../specs/agreements/demonstration.toml");
/// Two organisations, times in minutes.
pub(crate) const TWO_PARTY: &str = include_str!("../../../../specs/agreements/two-party.toml");

/// 22 November 2026, 00:00 UTC.
pub(crate) const MIDNIGHT: u64 = 1_795_305_600;

fn at(seconds: u64) -> Seconds {
    Seconds::new(MIDNIGHT + seconds).unwrap()
}

/// The organisations and what they have agreed.
pub(crate) struct World {
    pub(crate) hotline: Organisation,
    pub(crate) jasen: Organisation,
    pub(crate) others: Vec<Organisation>,
    pub(crate) agreement: Agreement,
    pub(crate) signed: Envelope,
    unit: u64,
    /// Seconds after midnight at which its clock begins.
    pub(crate) start: u64,
}

impl World {
    /// All four.
    pub(crate) fn invented() -> Self {
        let mut others = ["shelter-lipa", "centre"].map(Organisation::invented);
        // A record that nothing here names: a chain that ends before it looks complete.
        others[0].rotate();
        Self::agreed(DEMONSTRATION, others.into(), 1)
    }

    /// The hotline and the shelter alone.
    pub(crate) fn pair() -> Self {
        Self::pair_by(TWO_PARTY)
    }

    /// The same by another agreement.
    pub(crate) fn pair_by(source: &str) -> Self {
        Self::agreed(source, Vec::new(), 60)
    }

    fn agreed(source: &str, others: Vec<Organisation>, unit: u64) -> Self {
        let mut hotline = Organisation::invented("hotline");
        hotline.rotate();
        Self::between(hotline, Organisation::invented("shelter-jasen"), source, others, unit)
    }

    /// Of these two, and others.
    pub(crate) fn between(
        hotline: Organisation,
        jasen: Organisation,
        source: &str,
        others: Vec<Organisation>,
        unit: u64,
    ) -> Self {
        let all: Vec<&Organisation> = [&hotline, &jasen].into_iter().chain(&others).collect();
        let mut peers: BTreeMap<String, OrgId> = all.iter().map(|party| (party.name.to_owned(), party.id)).collect();
        peers.extend([(String::from("self"), hotline.id), (String::from("partner"), jasen.id)]);
        let compiled = compile(source, &peers).unwrap();
        let keys: Vec<&SigningKey> = all.iter().map(|party| &party.key).collect();
        let signed = Envelope::sign(MediaType::AGREEMENT, compiled.body, &keys).unwrap();
        Self { hotline, jasen, others, agreement: compiled.agreement, signed, unit, start: 0 }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Organisation> {
        [&self.hotline, &self.jasen].into_iter().chain(&self.others)
    }

    pub(crate) fn party(&self, id: &OrgId) -> &Organisation {
        self.all().find(|party| party.id == *id).unwrap()
    }

    pub(crate) fn centre(&self) -> &Organisation {
        self.others.last().unwrap()
    }

    /// So many seconds, or minutes, after midnight.
    pub(crate) fn at(&self, count: u64) -> Seconds {
        at(self.start + count * self.unit)
    }

    /// What an auditor believes who met all four.
    pub(crate) fn trust(&self) -> TrustFile {
        let organisation = |party: &Organisation| TrustedOrganisation {
            name: party.name.to_owned(),
            organisation: party.id,
            minimum: party.record(0),
        };
        let mut organisations: Vec<_> = self.all().map(organisation).collect();
        organisations.sort_by_key(|entry| entry.organisation);
        TrustFile {
            made_by: String::from("an invented auditor, who read the IDs aloud with each organisation"),
            witnesses: WitnessDemand::default(),
            heads: HeadDemand::default(),
            organisations,
            agreements: vec![TrustedAgreement {
                title: String::from("Night admission"),
                agreement: self.agreement.id(),
            }],
        }
    }

    /// The night: a bed is asked for, held, and given; the centre decides; she stays.
    pub(crate) fn night(&self) -> Story<'_> {
        let decision = self.decision(&self.hotline);
        let mut night = Story::open(self, &self.hotline, &self.jasen, bed(), "night");
        night.delivered_and(Statement::Held { until: self.at(3600) });
        night.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
        night.delivered_and(Statement::Accepted);
        night.disclose(Statement::Identity, 2, LegalBasis::ExplicitConsent, 0, known());
        night.delivered_and(Statement::ContactMade);
        let evidence = Some(decision.trail.last(Side::Peer).unwrap());
        night.say(&self.hotline, Statement::Decision(Decision { evidence, ..placement() }));
        night.say(&self.jasen, Statement::Started);
        night.say(&self.hotline, Statement::Warned(WarningCode::MayBeSought));
        night.say(&self.jasen, Statement::Acknowledged);
        night.say(&self.jasen, Statement::Provided(Outcome::NeedMet));
        night.say(&self.jasen, Statement::Closed(ClosureReason::Done));
        night.evidence = decision.trail.events().last().map(|event| event.envelope().clone());
        night
    }

    /// A bed is asked for.
    pub(crate) fn asked(&self) -> Story<'_> {
        Story::open(self, &self.hotline, &self.jasen, bed(), "night")
    }

    /// An opening that claims more than the agreement allows: identity at once.
    pub(crate) fn overreaching(&self) -> Story<'_> {
        let terms = Terms { stage: 2, rule: 1, basis: LegalBasis::ExplicitConsent, article: 0 };
        self.opened_as(|event| event.terms = Some(terms))
    }

    /// An opening that no program with our rules writes.
    pub(crate) fn opened_as(&self, change: impl FnOnce(&mut Event)) -> Story<'_> {
        let mut story = self.asked();
        let mut event = Event::clone(story.trail.opening_event().unwrap());
        change(&mut event);
        let signing = self.hotline.author(0).signing;
        let envelope = Envelope::sign(MediaType::EVENT, event.encode(), &[signing]).unwrap();
        let id = envelope.id();
        let event = verify_one(envelope, MediaType::EVENT, signing.public(), |body| Event::parse(id, body)).unwrap();
        let opened_at = self.agreement.effective_stage(&event);
        story.opened.clear();
        story.trail = Trail::open(event, opened_at).unwrap();
        story
    }

    /// A short night: a bed is asked for and held.
    pub(crate) fn enquiry(&self) -> Story<'_> {
        let mut night = self.asked();
        night.delivered_and(Statement::Held { until: self.at(3600) });
        night
    }

    /// The notification of the same night, and the centre's decision.
    pub(crate) fn decision(&self, opener: &'_ Organisation) -> Story<'_> {
        let mut notice = self.notified(opener);
        notice.delivered_and(Statement::Decision(placement()));
        notice
    }

    /// The notification of the same night.
    pub(crate) fn notified(&self, opener: &'_ Organisation) -> Story<'_> {
        let opening = self.opening(self.centre(), Act::Notification, ServiceType::SocialWork, "notice");
        let terms = Terms { stage: 2, rule: 2, basis: LegalBasis::LegalDuty, article: 1 };
        let fields = vec![
            field(Label::ClientTold, "told"),
            field(Label::ClientToldOn, "2026-11-21"),
            field(Label::Name, "Mila Invented"),
            field(Label::RiskLevel, "high"),
        ];
        Story::begin(self, self.party(&opener.id), opening, terms, fields, "notice")
    }

    /// Another trail between the two parties of the night.
    pub(crate) fn another(&self) -> Story<'_> {
        let mut other = Story::open(self, &self.hotline, &self.jasen, bed(), "another night");
        other.delivered_and(Statement::Held { until: self.at(7200) });
        other.say(&self.hotline, Statement::ChosenElsewhere);
        other
    }

    pub(crate) fn opening(&self, peer: &Organisation, act: Act, service_type: ServiceType, name: &str) -> Opening {
        Opening {
            peer: peer.id,
            peer_key: peer.newest(),
            agreement: self.agreement.id(),
            act,
            service_type,
            nonce: seed(name),
            event_version: 1,
            expiry: None,
            about: None,
        }
    }
}

/// A trail as it grows, with what opens its slots.
pub(crate) struct Story<'w> {
    pub(crate) world: &'w World,
    pub(crate) trail: Trail,
    pub(crate) opened: BTreeMap<EventId, Disclosed>,
    pub(crate) evidence: Option<Envelope>,
    pub(crate) clock: u64,
    name: &'static str,
}

impl<'w> Story<'w> {
    fn open(
        world: &'w World,
        opener: &'w Organisation,
        peer: &'w Organisation,
        fields: Vec<Field>,
        name: &'static str,
    ) -> Self {
        let opening = world.opening(peer, Act::Referral, ServiceType::Shelter, name);
        let terms = Terms { stage: 0, rule: 1, basis: LegalBasis::NoneNeededNonpersonal, article: 0 };
        Self::begin(world, opener, opening, terms, fields, name)
    }

    pub(crate) fn begin(
        world: &'w World,
        opener: &'w Organisation,
        opening: Opening,
        terms: Terms,
        fields: Vec<Field>,
        name: &'static str,
    ) -> Self {
        let request = Request {
            opener: &opener.id,
            opening: &opening,
            terms,
            occasion: uput_core::agreement::Occasion::Opening,
            kind: None,
            time: world.at(1),
        };
        let minimised = world.agreement.permit(&request).unwrap().minimise(fields).unwrap();
        let (slots, disclosed) =
            commit(minimised, &opening.nonce, &opener.id, secrets(name, 0), &order(name, 0)).unwrap();
        // The opening names the first key record, everything later the newest.
        let draft = Draft { statement: Statement::Need, terms: Some(terms), slots, time: world.at(1), occurred: None };
        let event = step::open(&opener.author(0), opening, draft).unwrap();
        let opened = BTreeMap::from([(event.id, disclosed)]);
        Self { world, trail: Trail::open(event, terms.stage).unwrap(), opened, evidence: None, clock: 1, name }
    }

    /// Says something without slots.
    pub(crate) fn say(&mut self, by: &Organisation, statement: Statement) -> EventId {
        self.write(by, statement, None, Vec::new())
    }

    /// The receiver's machine has the newest disclosure, and the receiver says something.
    pub(crate) fn delivered_and(&mut self, statement: Statement) {
        let disclosure = self.trail.last(Side::Opener).unwrap();
        let peer = self.world.party(&self.trail.party(Side::Peer));
        self.say(peer, Statement::Delivered(disclosure));
        self.say(peer, statement);
    }

    pub(crate) fn disclose(
        &mut self,
        statement: Statement,
        stage: u32,
        basis: LegalBasis,
        article: u32,
        fields: Vec<Field>,
    ) {
        let opener = self.world.party(&self.trail.party(Side::Opener));
        let terms = Terms { stage, rule: 1, basis, article };
        let opening = self.trail.opening().unwrap().clone();
        let request = Request {
            opener: &opener.id,
            opening: &opening,
            terms,
            occasion: uput_core::agreement::Occasion::Later,
            kind: uput_core::agreement::Occasion::content(&statement),
            time: self.world.at(self.clock + 1),
        };
        let minimised = self.world.agreement.permit(&request).unwrap().minimise(fields).unwrap();
        let (name, number) = (self.name, self.trail.len());
        let (slots, disclosed) =
            commit(minimised, &opening.nonce, &opener.id, secrets(name, number), &order(name, number)).unwrap();
        let event = self.write(opener, statement, Some(terms), slots);
        self.opened.insert(event, disclosed);
    }

    /// Writes what a program with our rules would not: `change` turns the next event into it.
    pub(crate) fn force(
        &mut self,
        by: &Organisation,
        statement: Statement,
        change: impl FnOnce(&mut Event),
    ) -> EventId {
        let event = self.next(by, statement, change);
        let id = event.id;
        self.clock += 1;
        self.trail.admit(event).unwrap();
        id
    }

    /// The same without writing it.
    pub(crate) fn next(
        &self,
        by: &Organisation,
        statement: Statement,
        change: impl FnOnce(&mut Event),
    ) -> Verified<Event> {
        let side = self.trail.side(&by.id).unwrap();
        let mut event = Event {
            id: Id::of(b"").into(),
            trail: self.trail.id(),
            author: by.id,
            key: by.newest(),
            incarnation: 0,
            seq: self.trail.count(side),
            prev: self.trail.last(side),
            seen: self.trail.last(side.other()),
            time: self.world.at(self.clock + 1),
            occurred: None,
            slots: Vec::new(),
            terms: None,
            statement,
        };
        change(&mut event);
        let record = by.records.iter().position(|record| KeyRecordId::from(record.id()) == event.key).unwrap();
        let envelope = Envelope::sign(MediaType::EVENT, event.encode(), &[&by.signing[record]]).unwrap();
        let id = envelope.id();
        verify_one(envelope, MediaType::EVENT, by.signing[record].public(), |body| Event::parse(id, body)).unwrap()
    }

    fn write(&mut self, by: &Organisation, statement: Statement, terms: Option<Terms>, slots: Vec<u8>) -> EventId {
        self.clock += 1;
        let draft = Draft { statement, terms, slots, time: self.world.at(self.clock), occurred: None };
        let event = step::append(&self.trail, &by.author(by.records.len() - 1), draft).unwrap();
        let id = event.id;
        self.trail.admit(event).unwrap();
        id
    }

    /// The same story after so many events.
    pub(crate) fn until(&self, count: usize) -> Story<'w> {
        let mut events = self.trail.events().take(count).cloned();
        let mut trail = Trail::open(events.next().unwrap(), self.trail.opened_at()).unwrap();
        for event in events {
            trail.admit(event).unwrap();
        }
        let clock = u64::try_from(count).unwrap();
        let (opened, evidence) = (BTreeMap::new(), None);
        Story { world: self.world, trail, opened, evidence, clock, name: self.name }
    }

    /// The head that a party would sign now.
    pub(crate) fn head(&self, by: &Organisation) -> Head {
        let side = self.trail.side(&by.id).unwrap();
        let other = self.world.party(&self.trail.party(side.other()));
        Head {
            trail: self.trail.id(),
            author: by.id,
            key: by.newest(),
            incarnation: 0,
            own_count: self.trail.count(side),
            own_last: self.trail.last(side),
            seen_count: self.trail.count(side.other()),
            seen_last: self.trail.last(side.other()),
            peer_key: other.newest(),
            closes: None,
            time: self.world.at(self.clock + 1),
            nonce: None,
            settled: None,
        }
    }

    pub(crate) fn signed_head(&self, by: &Organisation) -> Envelope {
        self.head(by).sign(by.signing()).unwrap()
    }

    /// Everything, exported by a party, opened so far.
    pub(crate) fn draft(&self, exporter: &Organisation, extent: &Extent) -> BundleDraft {
        let parties = [Side::Opener, Side::Peer].map(|side| self.world.party(&self.trail.party(side)));
        let disclosures = self.opened.iter().filter_map(|(event, disclosed)| disclosed.disclose(event, extent));
        BundleDraft {
            trail: self.trail.id(),
            exporter: exporter.id,
            key: exporter.newest(),
            purpose: Purpose::Audit,
            time: self.world.at(self.clock + 2),
            chains: self.world.all().map(|party| party.records.clone()).collect(),
            agreements: vec![self.world.signed.clone()],
            events: self.trail.events().map(|event| event.envelope().clone()).collect(),
            heads: parties.iter().map(|party| self.signed_head(party)).collect(),
            challenges: Vec::new(),
            disclosures: disclosures.collect(),
            proofs: proofs(&exporter.id),
            checkpoints: (0..2).map(|n| format!("an invented checkpoint {n}").into_bytes()).collect(),
            evidence: self.evidence.iter().cloned().collect(),
            erasures: Vec::new(),
        }
    }

    /// The bundle file.
    pub(crate) fn bundle(&self, exporter: &Organisation, extent: &Extent) -> Vec<u8> {
        self.draft(exporter, extent).build(exporter.signing()).unwrap()
    }
}

/// Proofs that nothing checks in this version.
fn proofs(party: &OrgId) -> Vec<wire::LogProof> {
    let proof = |tick| wire::LogProof {
        party: party.to_vec(),
        tick,
        entries: 1,
        leaf_path: vec![vec![7; 32]],
        checkpoint: vec![8; 32],
        shown: Vec::new(),
    };
    (1..3).map(proof).collect()
}

pub(crate) fn placement() -> Decision {
    Decision {
        kind: DecisionType::Placement,
        outcome: DecisionOutcome::Granted,
        expiry: Some(at(7 * 86_400)),
        evidence: None,
    }
}

fn secrets(name: &str, number: usize) -> SlotSecrets {
    SlotSecrets {
        labels: Sensitive::new(seed(&format!("{name} labels {number}"))),
        values: Sensitive::new(seed(&format!("{name} values {number}"))),
    }
}

fn order(name: &str, number: usize) -> Sensitive<[u8; 32]> {
    Sensitive::new(seed(&format!("{name} order {number}")))
}

pub(crate) fn field(label: Label, value: &str) -> Field {
    Field::new(label, Sensitive::new(value.to_owned())).unwrap()
}

pub(crate) fn bed() -> Vec<Field> {
    vec![field(Label::Places, "2"), field(Label::Adults, "1"), field(Label::Children, "1")]
}

pub(crate) fn needed() -> Vec<Field> {
    with_consent(vec![
        field(Label::AgeBand, "30_59"),
        field(Label::Language, "sr-Latn-ME"),
        field(Label::RiskLevel, "high"),
    ])
}

/// Who she is, with her consent.
pub(crate) fn known() -> Vec<Field> {
    with_consent(identity())
}

fn identity() -> Vec<Field> {
    vec![field(Label::Name, "Mila Invented"), field(Label::SafeContactChannel, "through_sender")]
}

pub(crate) fn with_consent(mut fields: Vec<Field>) -> Vec<Field> {
    fields.extend([
        field(Label::ConsentGivenBy, "herself"),
        field(Label::ConsentForm, "oral_witnessed"),
        field(Label::ConsentLanguage, "sr-Latn-ME"),
        field(Label::ConsentPurpose, "A place in a shelter for the coming days"),
        field(Label::ConsentUntil, "2026-12-31"),
    ]);
    fields
}
