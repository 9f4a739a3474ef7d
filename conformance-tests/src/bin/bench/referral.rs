//! What is loaded onto the nodes: one enquiry, or one whole referral, said as the people of both houses would say it.
//!
//! A disclosure is counted when its sender's node shows the receiver's `delivered`, which it does only when that signed
//! event is verified and on disk there; an answer, when the node of who asked shows it. The node is asked for it with
//! `GetTrail`. To ask is work for the node too: who asks waits as long as the others had to, and the questions are
//! counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use uput_wire::v1::statement::Kind;
use uput_wire::v1::{
    Accepted, Act, Field, GetTrailRequest, Held, Identity, LegalBasis, Need, OpenTrailRequest, RecordEventRequest,
    ServiceType, Statement, Trail,
};

use crate::Failed;
use crate::town::{RECEIVER, Trails};

/// A receipt that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long after any measurement.
const LATER: u64 = 4_000_000_000;

const BED: [(&str, &str); 3] = [("places", "2"), ("adults", "1"), ("children", "1")];
/// Why she may be spoken of at all; invented.
const CONSENT: [(&str, &str); 5] = [
    ("consent_given_by", "herself"),
    ("consent_form", "oral_witnessed"),
    ("consent_language", "sq"),
    ("consent_purpose", "A bed for tonight"),
    ("consent_until", "2099-12-31"),
];
const NEED: [(&str, &str); 3] = [("age_band", "30_59"), ("language", "sq"), ("immediate_danger", "yes")];
const IDENTITY: [(&str, &str); 2] = [("name", "Invented Name"), ("safe_contact_channel", "call")];

/// What is said.
#[derive(Clone, Copy)]
pub(crate) enum Story {
    /// A bed is asked for, without a name.
    Enquiry,
    /// The same, held; the need, accepted; identity and safe contact.
    Referral,
}

/// What a story comes to on the wire.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    /// Events with slots, each answered with `delivered`: all that a person says, who says which person did.
    pub(crate) disclosures: u32,
    /// Events without slots.
    pub(crate) answers: u32,
}

impl Story {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Enquiry => "enquiries",
            Self::Referral => "whole referrals",
        }
    }

    pub(crate) const fn work(self) -> Work {
        match self {
            Self::Enquiry => Work { disclosures: 1, answers: 0 },
            Self::Referral => Work { disclosures: 5, answers: 0 },
        }
    }
}

/// A disclosure that has its receipt.
pub(crate) struct Receipt {
    /// From the sender's commit.
    pub(crate) took: Duration,
    /// When it was seen.
    pub(crate) seen: Instant,
}

/// A story that was told to its end.
pub(crate) struct Told {
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) took: Duration,
    pub(crate) ended: Instant,
    /// Questions that it took to see all that.
    pub(crate) polls: u32,
}

/// How long receipts take, from which whoever waits learns when to ask.
#[derive(Default)]
pub(crate) struct Usual(AtomicU64);

/// The people of both houses, at their own nodes.
#[derive(Clone)]
pub(crate) struct People {
    pub(crate) sender: Trails,
    pub(crate) receiver: Trails,
}

impl People {
    /// Tells a story to its end.
    pub(crate) async fn tell(&mut self, story: Story, usual: &Usual) -> Result<Told, Failed> {
        let begun = Instant::now();
        let trail = self.sender.open_trail(enquiry()?).await?.into_inner().trail;
        let mut told = Told { receipts: Vec::new(), took: Duration::ZERO, ended: begun, polls: 0 };
        self.wait_for_receipt(&trail, 0, usual, &mut told).await?;
        if matches!(story, Story::Referral) {
            self.answer(&trail, Kind::Held(Held { until: LATER }), "held", usual, &mut told).await?;
            self.disclose(&trail, Kind::Need(Need {}), &NEED, 1, usual, &mut told).await?;
            self.answer(&trail, Kind::Accepted(Accepted {}), "accepted", usual, &mut told).await?;
            self.disclose(&trail, Kind::Identity(Identity {}), &IDENTITY, 2, usual, &mut told).await?;
        }
        (told.took, told.ended) = (begun.elapsed(), Instant::now());
        Ok(told)
    }

    async fn disclose(
        &mut self,
        trail: &[u8],
        kind: Kind,
        said: &[(&str, &str)],
        seq: u64,
        usual: &Usual,
        told: &mut Told,
    ) -> Result<(), Failed> {
        let mut request = event(trail, kind)?;
        request.basis = LegalBasis::ExplicitConsent.into();
        request.fields = CONSENT.iter().chain(said).map(field).collect();
        self.sender.record_event(request).await?;
        self.wait_for_receipt(trail, seq, usual, told).await
    }

    async fn wait_for_receipt(&mut self, trail: &[u8], seq: u64, usual: &Usual, told: &mut Told) -> Result<(), Failed> {
        let delivered =
            |trail: &Trail| trail.events.iter().any(|event| event.ours && event.seq == seq && event.delivered > 0);
        let took = self.wait(trail, delivered, usual, told).await?;
        told.receipts.push(Receipt { took, seen: Instant::now() });
        Ok(())
    }

    async fn answer(
        &mut self,
        trail: &[u8],
        kind: Kind,
        name: &str,
        usual: &Usual,
        told: &mut Told,
    ) -> Result<(), Failed> {
        self.receiver.record_event(event(trail, kind)?).await?;
        let answered = |trail: &Trail| trail.events.iter().any(|event| !event.ours && event.kind == name);
        self.wait(trail, answered, usual, told).await.map(drop)
    }

    /// Asks the sender's node until it shows that.
    async fn wait(
        &mut self,
        trail: &[u8],
        shows: impl Fn(&Trail) -> bool,
        usual: &Usual,
        told: &mut Told,
    ) -> Result<Duration, Failed> {
        let committed = Instant::now();
        let mut pause = usual.first();
        while committed.elapsed() < PATIENCE {
            tokio::time::sleep(pause).await;
            let request = GetTrailRequest { trail: trail.to_vec(), values: false, reason: None, contact: None };
            let shown = self.sender.get_trail(request).await?.into_inner().trail.ok_or("no trail")?;
            told.polls += 1;
            let took = committed.elapsed();
            if shows(&shown) {
                usual.learn(took);
                return Ok(took);
            }
            pause = usual.next();
        }
        Err("a receipt did not come".into())
    }
}

/// A bed for tonight, invented, without a name.
pub(crate) fn enquiry() -> Result<OpenTrailRequest, Failed> {
    Ok(OpenTrailRequest {
        request_id: request_id()?,
        peer: RECEIVER.to_owned(),
        act: Act::Referral.into(),
        service_type: ServiceType::Shelter.into(),
        basis: LegalBasis::NoneNeededNonpersonal.into(),
        fields: BED.iter().map(field).collect(),
        ..OpenTrailRequest::default()
    })
}

fn event(trail: &[u8], kind: Kind) -> Result<RecordEventRequest, Failed> {
    Ok(RecordEventRequest {
        request_id: request_id()?,
        trail: trail.to_vec(),
        statement: Some(Statement { kind: Some(kind) }),
        ..RecordEventRequest::default()
    })
}

fn field((label, value): &(&str, &str)) -> Field {
    Field { label: (*label).to_owned(), value: (*value).to_owned() }
}

pub(crate) fn request_id() -> Result<String, Failed> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Usual {
    fn microseconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A little less than receipts took lately.
    fn first(&self) -> Duration {
        Duration::from_micros(self.microseconds() * 9 / 10)
    }

    /// A tenth of it, so that what is measured is right within a tenth.
    fn next(&self) -> Duration {
        Duration::from_micros((self.microseconds() / 10).max(500))
    }

    fn learn(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX / 16);
        let usual = self.microseconds();
        self.0.store(if usual == 0 { took } else { (usual * 15 + took) / 16 }, Ordering::Relaxed);
    }
}
