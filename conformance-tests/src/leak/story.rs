//! What is said while the scan listens: every list of every profile, from both sides, and much that is refused.

use uput_wire::v1 as wire;
use wire::statement::Kind;
use wire::{Act, LegalBasis, ServiceType};

use super::canary::Canaries;
use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::pair::{HOTLINE, Pair, SHELTER, until};
use crate::random::Draw;
use crate::referral::{Request, shown};

const CONSENT: [&str; 5] = ["consent_given_by", "consent_form", "consent_language", "consent_purpose", "consent_until"];
const NOTICE: [&str; 2] = ["client_told", "client_told_on"];
const AT_ONCE: [&str; 5] = ["places", "needed_when", "access_needs", "actor", "actor_role"];
const DANGER: [&str; 3] = ["danger", "basis_until", "review_by"];

/// Speaks for both organisations.
pub(super) struct Story<'a> {
    /// Who speaks.
    pub(super) pair: &'a Pair,
    /// What is said.
    pub(super) canaries: Canaries,
    /// Request IDs.
    pub(super) draw: Draw,
    /// Trails that were opened.
    pub(super) trails: Vec<Vec<u8>>,
    /// Labels that she must tick, in the profile that is spoken of.
    pub(super) ticked: Vec<String>,
    /// Statuses that were heard, in full.
    pub(super) refusals: Vec<u8>,
    /// How many of them.
    pub(super) refused: u64,
}

impl Story<'_> {
    /// Tells all of it.
    ///
    /// # Errors
    /// A no where a yes was due, or the other way round.
    pub(super) async fn tell(&mut self) -> Outcome<()> {
        self.referral().await?;
        self.notifications().await?;
        self.counselling().await?;
        self.pair.settled().await
    }

    /// From the enquiry to the identity, and the reply.
    async fn referral(&mut self) -> Outcome<()> {
        let (hotline, shelter) = (&self.pair.hotline, &self.pair.shelter);
        self.ticked = self.canaries.labels("bed", "ticked")?;
        let enquiry = self.canaries.labels("bed", "enquiry")?;
        let basis = LegalBasis::NoneNeededNonpersonal;
        let trail = self.open(hotline, SHELTER, ServiceType::Shelter, (Act::Referral, 0, basis), &enquiry).await?;
        arrived(shelter, &trail, 1).await?;
        let reply = self.canaries.labels("bed", "reply")?;
        let identity = self.canaries.labels("bed", "identity")?;
        self.refused_event(hotline, &trail, Kind::Identity(wire::Identity {}), &with(&CONSENT, &identity)).await?;
        // Before a need was said, a reply speaks of places only.
        let places: Vec<String> = reply.iter().filter(|label| AT_ONCE.contains(&label.as_str())).cloned().collect();
        self.say(shelter, &trail, Kind::Held(wire::Held { until: 4_000_000_000 }), &places).await?;
        arrived(hotline, &trail, 2).await?;
        let need = self.canaries.labels("bed", "need")?;
        self.say(hotline, &trail, Kind::Need(wire::Need {}), &with(&CONSENT, &need)).await?;
        arrived(shelter, &trail, 3).await?;
        self.say(shelter, &trail, Kind::Accepted(wire::Accepted {}), &reply).await?;
        until("the acceptance arrives", || async {
            Ok(shown(hotline, &trail, false).await?.is_some_and(|trail| trail.headline == "accepted"))
        })
        .await?;
        self.say(hotline, &trail, Kind::Identity(wire::Identity {}), &with(&CONSENT, &identity)).await
    }

    /// One under the duty to report, one in danger to life.
    async fn notifications(&mut self) -> Outcome<()> {
        let lists = [self.canaries.labels("notice", "need")?, self.canaries.labels("notice", "identity")?].concat();
        let duty: Vec<String> = lists.iter().filter(|label| *label != "current_location").cloned().collect();
        let body = (Act::Notification, 2, LegalBasis::LegalDuty);
        let hotline = &self.pair.hotline;
        let trail = self.open(hotline, SHELTER, ServiceType::SocialWork, body, &with(&NOTICE, &duty)).await?;
        let reply = self.canaries.labels("notice", "reply")?;
        arrived(&self.pair.shelter, &trail, 1).await?;
        self.say(&self.pair.shelter, &trail, Kind::Acknowledged(wire::Acknowledged {}), &[]).await?;
        self.say(&self.pair.shelter, &trail, Kind::Withdrawn(wire::Withdrawn {}), &reply).await?;
        let life = (Act::Notification, 2, LegalBasis::VitalInterests);
        let here = with(&DANGER, &["name".to_owned(), "current_location".to_owned()]);
        self.open(hotline, SHELTER, ServiceType::SocialWork, life, &here).await.map(|_| ())
    }

    /// The other way round: the shelter asks.
    async fn counselling(&mut self) -> Outcome<()> {
        let (hotline, shelter) = (&self.pair.hotline, &self.pair.shelter);
        self.ticked = self.canaries.labels("support", "ticked")?;
        let need = self.canaries.labels("support", "need")?;
        let body = (Act::Referral, 1, LegalBasis::ExplicitConsent);
        let trail = self.open(shelter, HOTLINE, ServiceType::Psychosocial, body, &with(&CONSENT, &need)).await?;
        arrived(hotline, &trail, 1).await?;
        let reply = self.canaries.labels("support", "reply")?;
        self.say(hotline, &trail, Kind::Accepted(wire::Accepted {}), &reply).await?;
        until("the acceptance arrives", || async {
            Ok(shown(shelter, &trail, false).await?.is_some_and(|trail| trail.headline == "accepted"))
        })
        .await?;
        let identity = self.canaries.labels("support", "identity")?;
        self.say(shelter, &trail, Kind::Identity(wire::Identity {}), &with(&CONSENT, &identity)).await
    }

    async fn open(
        &mut self,
        node: &Organisation,
        peer: &str,
        service: ServiceType,
        (act, stage, basis): (Act, u32, LegalBasis),
        labels: &[String],
    ) -> Outcome<Vec<u8>> {
        let message = wire::OpenTrailRequest {
            request_id: self.draw.request_id(),
            peer: peer.to_owned(),
            act: act.into(),
            service_type: service.into(),
            stage,
            basis: basis.into(),
            article: u32::from(basis == LegalBasis::LegalDuty),
            fields: self.fields(labels)?,
            ..Default::default()
        };
        self.refused_openings(node, &message).await?;
        let trail = Request::Open(message).ask(node).await?.value;
        self.trails.push(trail.clone());
        Ok(trail)
    }

    async fn say(&mut self, node: &Organisation, trail: &[u8], kind: Kind, labels: &[String]) -> Outcome<()> {
        let fields = self.fields(labels)?;
        let mut request = Request::event(self.draw.request_id(), trail, kind, &[]);
        if let Request::Record(message) = &mut request {
            message.fields = fields;
            if labels.iter().any(|label| label == "consent_form") {
                message.basis = LegalBasis::ExplicitConsent.into();
            }
        }
        request.ask(node).await.map(|_| ())
    }

    /// Values, and her tick for each label that a profile wants ticked.
    fn fields(&mut self, labels: &[String]) -> Outcome<Vec<wire::Field>> {
        let mut fields = self.canaries.fields(labels)?;
        let mut ticked: Vec<&str> =
            labels.iter().filter(|label| self.ticked.contains(label)).map(String::as_str).collect();
        ticked.sort_unstable();
        if labels.iter().any(|label| label == "consent_form") && !ticked.is_empty() {
            fields.push(wire::Field { label: "consent_ticked".to_owned(), value: ticked.join(" ") });
        }
        Ok(fields)
    }

    /// The same with one thing wrong in each: all of it must be refused, and none of it repeated.
    async fn refused_openings(&mut self, node: &Organisation, good: &wire::OpenTrailRequest) -> Outcome<()> {
        let mut wrong = Vec::new();
        for number in 0..good.fields.len() {
            let mut bad = good.clone();
            if let Some(field) = bad.fields.get_mut(number) {
                // A value of no type: too long for the longest, with a sign that none has.
                field.value = format!("{}\u{7}{}", field.value, "Predugačko ".repeat(60));
            }
            wrong.push(bad);
            let mut bad = good.clone();
            if let Some(field) = bad.fields.get_mut(number) {
                field.label = format!("{}_{number}", field.label);
            }
            wrong.push(bad);
        }
        let twice = [good.fields.clone(), good.fields.clone()].concat();
        wrong.push(wire::OpenTrailRequest { fields: twice, ..good.clone() });
        wrong.push(wire::OpenTrailRequest { basis: LegalBasis::GuardianConsent.into(), ..good.clone() });
        wrong.push(wire::OpenTrailRequest { service_type: ServiceType::Police.into(), ..good.clone() });
        wrong.push(wire::OpenTrailRequest { peer: "nobody".to_owned(), ..good.clone() });
        for bad in wrong {
            let bad = wire::OpenTrailRequest { request_id: self.draw.request_id(), ..bad };
            self.refused(node, Request::Open(bad)).await?;
        }
        Ok(())
    }

    async fn refused_event(&mut self, node: &Organisation, trail: &[u8], kind: Kind, labels: &[String]) -> Outcome<()> {
        let fields = self.fields(labels)?;
        let mut request = Request::event(self.draw.request_id(), trail, kind, &[]);
        if let Request::Record(message) = &mut request {
            message.fields = fields;
            message.basis = LegalBasis::ExplicitConsent.into();
        }
        self.refused(node, request).await
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

fn with(first: &[&str], then: &[String]) -> Vec<String> {
    first.iter().map(|label| (*label).to_owned()).chain(then.iter().cloned()).collect()
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
