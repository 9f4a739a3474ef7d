//! What is said while the scan listens: every label of the catalogue to everybody who may have it, and much that is
//! refused.

use std::collections::BTreeSet;

use uput_wire::v1 as wire;
use wire::statement::Kind;
use wire::{Act, LegalBasis, ServiceType};

use super::agreement::OWN;
use super::canary::Canaries;
use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::pair::{HOTLINE, Pair, SHELTER, until};
use crate::random::Draw;
use crate::referral::{Request, shown, taken};

const CONSENT: [&str; 5] = ["consent_given_by", "consent_form", "consent_language", "consent_purpose", "consent_until"];
const GUARDIAN: [&str; 11] = [
    "guardian_class",
    "guardian_authority",
    "child_assent",
    "consent_form",
    "consent_language",
    "consent_purpose",
    "consent_until",
    "delegate_class",
    "mandate_reference",
    "mandate_scope",
    "mandate_until",
];
const CHILD: [&str; 2] = ["best_interests_reason", "authority_informed"];
const NOTICE: [&str; 2] = ["client_told", "client_told_on"];
const DANGER: [&str; 3] = ["danger", "basis_until", "review_by"];
const DECISION: [&str; 4] = ["decision_reference", "decision_issuer", "decision_date", "decision_until"];

/// Speaks for both organisations.
pub(super) struct Story<'a> {
    /// Who speaks.
    pub(super) pair: &'a Pair,
    /// What is said.
    pub(super) canaries: Canaries,
    draw: Draw,
    /// Trails that were opened.
    pub(super) trails: Vec<Vec<u8>>,
    /// Statuses that were heard, in full.
    pub(super) refusals: Vec<u8>,
    /// How many of them.
    pub(super) refused: u64,
    /// Labels that were refused once.
    pub(super) misused: BTreeSet<String>,
}

/// A referral that goes its whole way.
struct Referral {
    service: String,
    trail: Vec<u8>,
}

impl<'a> Story<'a> {
    pub(super) fn new(pair: &'a Pair, seed: u64) -> Outcome<Self> {
        Ok(Self {
            pair,
            canaries: Canaries::new(seed)?,
            draw: Draw::new(seed),
            trails: Vec::new(),
            refusals: Vec::new(),
            refused: 0,
            misused: BTreeSet::new(),
        })
    }

    /// Tells all of it.
    ///
    /// # Errors
    /// A no where a yes was due, or the other way round.
    pub(super) async fn tell(&mut self) -> Outcome<()> {
        let mut referrals = Vec::new();
        for service in self.canaries.catalogue.services() {
            let labels = self.canaries.catalogue.at(&service, &["0"]);
            let terms = (Act::Referral, 0, LegalBasis::NoneNeededNonpersonal);
            let trail = self.open(&service, terms, &labels).await?;
            referrals.push(Referral { service, trail });
        }
        self.notify().await?;
        self.refer_on_other_bases().await?;
        let places = self.canaries.catalogue.reply(true);
        for Referral { service, trail } in &referrals {
            let held = Kind::Held(wire::Held { until: 4_000_000_000 });
            self.answer(service, trail, 1, held, &places).await?;
        }
        for Referral { service, trail } in &referrals {
            self.disclose(service, trail, 2, Kind::Need(wire::Need {}), &["1"]).await?;
        }
        let reply = self.canaries.catalogue.reply(false);
        for Referral { service, trail } in &referrals {
            self.answer(service, trail, 3, Kind::Accepted(wire::Accepted {}), &reply).await?;
        }
        for Referral { service, trail } in &referrals {
            self.disclose(service, trail, 4, Kind::Identity(wire::Identity {}), &["2", "tick"]).await?;
        }
        self.pair.settled().await
    }

    /// The pseudonyms that both nodes made are values like any other.
    pub(super) async fn hear_who_acted(&mut self) -> Outcome<()> {
        for side in self.pair.both() {
            for trail in &self.trails {
                taken(side, trail).await?;
                let view = shown(side, trail, true).await?.unwrap_or_default();
                let ours = view.events.into_iter().filter(|event| event.ours).flat_map(|event| event.fields);
                for field in ours.filter(|field| matches!(field.label.as_str(), "actor" | "supervisor")) {
                    self.canaries.pseudonym(&field.label, field.value);
                }
            }
        }
        Ok(())
    }

    /// To those who are told at once: under a duty, and in danger to life.
    async fn notify(&mut self) -> Outcome<()> {
        for service in ["police", "social_work", "child_protection"] {
            let catalogue = &self.canaries.catalogue;
            let duty = with(&NOTICE, &catalogue.at(service, &["1", "2", "law"]));
            let life = with(&DANGER, &catalogue.at(service, &["1", "life"]));
            self.open(service, (Act::Notification, 2, LegalBasis::LegalDuty), &duty).await?;
            self.open(service, (Act::Notification, 2, LegalBasis::VitalInterests), &life).await?;
        }
        Ok(())
    }

    /// What must be said of a basis that is not her consent.
    async fn refer_on_other_bases(&mut self) -> Outcome<()> {
        let bases = [
            (LegalBasis::GuardianConsent, &GUARDIAN[..]),
            (LegalBasis::ChildBestInterests, &CHILD),
            (LegalBasis::PublicTaskDecision, &DECISION),
        ];
        for (basis, labels) in bases {
            let labels = with(labels, &["language".to_owned()]);
            self.open("shelter", (Act::Referral, 1, basis), &labels).await?;
        }
        Ok(())
    }

    async fn open(
        &mut self,
        service: &str,
        (act, stage, basis): (Act, u32, LegalBasis),
        labels: &[String],
    ) -> Outcome<Vec<u8>> {
        let (node, _) = self.sides(service);
        let name = format!("SERVICE_TYPE_{}", service.to_uppercase());
        let service_type =
            ServiceType::from_str_name(&name).ok_or_else(|| Failed::because(format!("no service {service}")))?;
        let message = wire::OpenTrailRequest {
            request_id: self.draw.request_id(),
            peer: if service == OWN { HOTLINE } else { SHELTER }.to_owned(),
            act: act.into(),
            service_type: service_type.into(),
            stage,
            basis: basis.into(),
            article: u32::from(basis == LegalBasis::LegalDuty),
            fields: self.canaries.fields(labels)?,
            ..Default::default()
        };
        self.misuse(node, &Request::Open(message.clone())).await?;
        if self.trails.is_empty() {
            self.refused_openings(node, &message).await?;
        }
        let mut request = Request::Open(message);
        if matches!(basis, LegalBasis::ChildBestInterests | LegalBasis::VitalInterests) {
            // One person alone may not.
            let alone =
                Request::Open(wire::OpenTrailRequest { request_id: self.draw.request_id(), ..opening(&request) });
            self.refused(node, alone).await?;
            request = request.approved(node).await?;
        }
        let trail = request.ask(node).await?.value;
        self.trails.push(trail.clone());
        Ok(trail)
    }

    /// The opener's later word, on her consent. First nothing of it is allowed.
    async fn disclose(&mut self, service: &str, trail: &[u8], after: usize, kind: Kind, cells: &[&str]) -> Outcome<()> {
        let (node, _) = self.sides(service);
        let labels = self.canaries.catalogue.at(service, cells);
        let mut fields = self.canaries.fields(&with(&CONSENT, &labels))?;
        let mut ticked = self.canaries.catalogue.at(service, &["tick"]);
        ticked.retain(|label| labels.contains(label));
        ticked.sort_unstable();
        if !ticked.is_empty() {
            fields.push(self.canaries.said("consent_ticked", ticked.join(" ")));
        }
        let mut request = Request::event(self.draw.request_id(), trail, kind, &[]);
        if let Request::Record(message) = &mut request {
            message.fields = fields;
            message.basis = LegalBasis::ExplicitConsent.into();
        }
        arrived(node, trail, after).await?;
        self.misuse(node, &request).await?;
        request.ask(node).await.map(|_| ())
    }

    async fn answer(
        &mut self,
        service: &str,
        trail: &[u8],
        after: usize,
        kind: Kind,
        labels: &[String],
    ) -> Outcome<()> {
        let (_, node) = self.sides(service);
        let fields = self.canaries.fields(labels)?;
        let mut request = Request::event(self.draw.request_id(), trail, kind, &[]);
        if let Request::Record(message) = &mut request {
            message.fields = fields;
        }
        arrived(node, trail, after).await?;
        self.misuse(node, &request).await?;
        request.ask(node).await.map(|_| ())
    }

    /// Who asks for a kind of service, and who gives it.
    fn sides(&self, service: &str) -> (&'a Organisation, &'a Organisation) {
        let Pair { hotline, shelter } = self.pair;
        if service == OWN { (shelter, hotline) } else { (hotline, shelter) }
    }

    /// The same request with one thing wrong, once for each label: all of it must be refused, and none of it repeated.
    async fn misuse(&mut self, node: &Organisation, good: &Request) -> Outcome<()> {
        for number in 0..fields(&mut good.clone()).len() {
            let mut value = good.clone();
            let mut label = good.clone();
            let Some(bad) = fields(&mut value).get_mut(number) else { continue };
            if !self.misused.insert(bad.label.clone()) {
                continue;
            }
            // A value of no type: too long for the longest, with a sign that none has.
            bad.value = format!("{}\u{7}{}", bad.value, "Predugačko ".repeat(60));
            if let Some(bad) = fields(&mut label).get_mut(number) {
                bad.label = format!("{}_{number}", bad.label);
            }
            for mut bad in [value, label] {
                rename(&mut bad, self.draw.request_id());
                self.refused(node, bad).await?;
            }
        }
        Ok(())
    }

    async fn refused_openings(&mut self, node: &Organisation, good: &wire::OpenTrailRequest) -> Outcome<()> {
        let twice = [good.fields.clone(), good.fields.clone()].concat();
        let wrong = [
            wire::OpenTrailRequest { fields: twice, ..good.clone() },
            wire::OpenTrailRequest { basis: LegalBasis::GuardianConsent.into(), ..good.clone() },
            wire::OpenTrailRequest { service_type: ServiceType::Unspecified.into(), ..good.clone() },
            wire::OpenTrailRequest { peer: "nobody".to_owned(), ..good.clone() },
        ];
        for bad in wrong {
            let bad = wire::OpenTrailRequest { request_id: self.draw.request_id(), ..bad };
            self.refused(node, Request::Open(bad)).await?;
        }
        Ok(())
    }

    async fn refused(&mut self, node: &Organisation, request: Request) -> Outcome<()> {
        match request.once(node.access().await?).await {
            Ok(_) => Err(Failed::because("a node took what it had to refuse")),
            Err(status) => {
                self.refused += 1;
                self.refusals.extend(format!("{status:?}\n{status}\n").into_bytes());
                self.refusals.extend_from_slice(status.message().as_bytes());
                self.refusals.extend_from_slice(status.details());
                Ok(())
            }
        }
    }
}

fn opening(request: &Request) -> wire::OpenTrailRequest {
    match request {
        Request::Open(message) => message.clone(),
        Request::Record(_) => wire::OpenTrailRequest::default(),
    }
}

fn fields(request: &mut Request) -> &mut Vec<wire::Field> {
    match request {
        Request::Open(message) => &mut message.fields,
        Request::Record(message) => &mut message.fields,
    }
}

fn rename(request: &mut Request, request_id: String) {
    match request {
        Request::Open(message) => message.request_id = request_id,
        Request::Record(message) => message.request_id = request_id,
    }
}

fn with(first: &[&str], then: &[String]) -> Vec<String> {
    let mut labels: Vec<String> = first.iter().map(|label| (*label).to_owned()).collect();
    labels.extend(then.iter().filter(|label| !first.contains(&label.as_str())).cloned());
    labels
}

/// Waits until a node holds so many events of a trail that people wrote.
async fn arrived(node: &Organisation, trail: &[u8], events: usize) -> Outcome<()> {
    until("an event arrives", || async {
        let seen = shown(node, trail, false).await?;
        let said = |trail: wire::Trail| trail.events.iter().filter(|event| event.kind != "delivered").count();
        Ok(seen.map_or(0, said) >= events)
    })
    .await
}
