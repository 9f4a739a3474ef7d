//! A referral on its main path, from the enquiry to the end, said step by step at both local interfaces.

use tonic::{Code, Status};
use uput_wire::v1 as wire;
use wire::approval_service_client::ApprovalServiceClient;
use wire::case_service_client::CaseServiceClient;
use wire::request_approval_request::Act;
use wire::statement::Kind;
use wire::trail_service_client::TrailServiceClient;

use crate::failed::{Failed, Outcome};
use crate::organisation::{Access, Answer, Organisation};
use crate::pair::{Pair, SHELTER, until};
use crate::random::Draw;

/// Why she may be spoken of at all; invented.
pub const CONSENT: [(&str, &str); 5] = [
    ("consent_given_by", "herself"),
    ("consent_form", "oral_witnessed"),
    ("consent_language", "sq"),
    ("consent_purpose", "A bed for tonight"),
    ("consent_until", "2099-12-31"),
];

/// Which organisation speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who opened the trail.
    Opener,
    /// Who was asked.
    Asked,
}

/// Something that is asked of a node, and can be asked again.
#[derive(Clone, PartialEq)]
pub enum Request {
    /// Opens a trail.
    Open(wire::OpenTrailRequest),
    /// Adds an event.
    Record(wire::RecordEventRequest),
}

/// A request that was answered OK.
pub struct Acknowledged {
    /// At whose node.
    pub side: Side,
    /// What was asked.
    pub request: Request,
    /// ID of the event that the answer names.
    pub event: Vec<u8>,
}

/// One step of the path.
pub type Step = (Side, Kind, &'static [(&'static str, &'static str)]);

/// What follows the enquiry.
#[must_use]
pub fn main_path() -> Vec<Step> {
    let done = wire::Closed { reason: wire::ClosureReason::Done.into() };
    let met = wire::Provided { outcome: wire::Outcome::NeedMet.into() };
    vec![
        (Side::Asked, Kind::Held(wire::Held { until: 4_000_000_000 }), &[]),
        (Side::Opener, Kind::Need(wire::Need {}), &[("age_band", "30_59"), ("language", "sq")]),
        (Side::Asked, Kind::Accepted(wire::Accepted {}), &[]),
        (
            Side::Opener,
            Kind::Identity(wire::Identity {}),
            &[("name", "Invented Name"), ("safe_contact_channel", "call")],
        ),
        (Side::Asked, Kind::ContactMade(wire::ContactMade {}), &[]),
        (Side::Asked, Kind::Started(wire::Started {}), &[]),
        (Side::Asked, Kind::Provided(met), &[]),
        (Side::Asked, Kind::Closed(done), &[]),
    ]
}

/// Kinds of a finished trail, as the interface names them, with how often each stands there.
pub const FINISHED: [(&str, usize); 10] = [
    ("opened", 1),
    ("delivered", 9),
    ("held", 1),
    ("need", 1),
    ("accepted", 1),
    ("identity", 1),
    ("contact_made", 1),
    ("started", 1),
    ("provided", 1),
    ("closed", 1),
];

impl Side {
    /// Whose node that is.
    #[must_use]
    pub const fn of(self, pair: &Pair) -> &Organisation {
        match self {
            Self::Opener => &pair.hotline,
            Self::Asked => &pair.shelter,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Opener => Self::Asked,
            Self::Asked => Self::Opener,
        }
    }
}

impl Request {
    /// An enquiry for a bed.
    #[must_use]
    pub fn enquiry(request_id: String) -> Self {
        Self::Open(wire::OpenTrailRequest {
            request_id,
            peer: SHELTER.to_owned(),
            act: wire::Act::Referral.into(),
            service_type: wire::ServiceType::Shelter.into(),
            basis: wire::LegalBasis::NoneNeededNonpersonal.into(),
            fields: fields(&[("places", "2"), ("adults", "1"), ("children", "1")]),
            ..Default::default()
        })
    }

    /// An event; with fields, it rests on consent.
    #[must_use]
    pub fn event(request_id: String, trail: &[u8], kind: Kind, said: &[(&str, &str)]) -> Self {
        let mut request = wire::RecordEventRequest {
            request_id,
            trail: trail.to_vec(),
            statement: Some(wire::Statement { kind: Some(kind) }),
            ..Default::default()
        };
        if !said.is_empty() {
            request.basis = wire::LegalBasis::ExplicitConsent.into();
            request.fields = fields(&[&CONSENT[..], said].concat());
        }
        Self::Record(request)
    }

    /// The same with the leave of a second person, who is asked and says yes. [APR-4]
    ///
    /// # Errors
    /// The node's own no.
    pub async fn approved(&self, node: &Organisation) -> Outcome<Self> {
        Ok(node.ask(|access| self.clone().approved_once(access)).await?.value)
    }

    /// The same, asked once.
    ///
    /// # Errors
    /// Whatever came instead of an answer.
    pub async fn approved_once(self, access: Access) -> Result<Self, Status> {
        let act = match self.clone() {
            Self::Open(message) => Act::OpenTrail(message),
            Self::Record(message) => Act::RecordEvent(message),
        };
        let asked = wire::RequestApprovalRequest {
            act: Some(act),
            reason: wire::ApprovalReason::Danger.into(),
            words: String::new(),
        };
        let mut approvals = ApprovalServiceClient::new(access.channel());
        let approval = approvals.request_approval(access.request(asked)).await?.into_inner().approval;
        let approval = approval.unwrap_or_default().approval;
        let approve = wire::ApproveRequest { approval: approval.clone() };
        approvals.approve(access.as_second(approve)).await?;
        Ok(match self {
            Self::Open(message) => Self::Open(wire::OpenTrailRequest { approval, ..message }),
            Self::Record(message) => Self::Record(wire::RecordEventRequest { approval, ..message }),
        })
    }

    /// Asks it of a node until it answers.
    ///
    /// # Errors
    /// The node's own no.
    pub async fn ask(&self, node: &Organisation) -> Outcome<Answer<Vec<u8>>> {
        node.ask(|access| self.clone().once(access)).await
    }

    /// Asks it once.
    ///
    /// # Errors
    /// Whatever came instead of an answer.
    pub async fn once(self, access: Access) -> Result<Vec<u8>, Status> {
        let mut trails = TrailServiceClient::new(access.channel());
        Ok(match self {
            Self::Open(message) => trails.open_trail(access.request(message)).await?.into_inner().trail,
            Self::Record(message) => trails.record_event(access.request(message)).await?.into_inner().event,
        })
    }
}

/// Labels and values as the interface takes them.
#[must_use]
pub fn fields(list: &[(&str, &str)]) -> Vec<wire::Field> {
    let field = |(label, value): &(&str, &str)| wire::Field { label: (*label).into(), value: (*value).into() };
    list.iter().map(field).collect()
}

/// A trail as a node shows it; none if it does not know it. With values it is asked for with how to reach her, which needs a
/// reason.
///
/// # Errors
/// The node's own no to anything else.
pub async fn shown(node: &Organisation, trail: &[u8], values: bool) -> Outcome<Option<wire::Trail>> {
    let answer = node.ask(|access| {
        let reason = wire::Reason { code: wire::AccessReason::Supervision.into(), words: String::new() };
        let contact = wire::ContactIntent { channel: wire::ContactChannel::Call.into(), outside: true };
        let (reason, contact) = (values.then_some(reason), values.then_some(contact));
        let request = wire::GetTrailRequest { trail: trail.to_vec(), values, reason, contact };
        async move {
            let mut trails = TrailServiceClient::new(access.channel());
            match trails.get_trail(access.request(request)).await {
                Ok(answer) => Ok(answer.into_inner().trail),
                Err(status) if status.code() == Code::NotFound => Ok(None),
                Err(status) => Err(status),
            }
        }
    });
    Ok(answer.await?.value)
}

/// Takes the case of a trail, unless it is taken: its values are shown to nobody before.
///
/// # Errors
/// The node's own no.
pub async fn taken(node: &Organisation, trail: &[u8]) -> Outcome<()> {
    let answer = node.ask(|access| {
        let request = wire::GetCaseRequest { case: Vec::new(), trail: trail.to_vec() };
        async move {
            let mut cases = CaseServiceClient::new(access.channel());
            let case = cases.get_case(access.request(request)).await?.into_inner().case.unwrap_or_default().case;
            cases.take_case(access.request(wire::TakeCaseRequest { case })).await.map(|_| ())
        }
    });
    answer.await.map(|_| ())
}

/// Every trail that a node lists.
///
/// # Errors
/// The node's own no.
pub async fn listed(node: &Organisation) -> Outcome<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListTrailsRequest { page_size: 100, page_token, ..Default::default() };
        let call = |access: Access| {
            let request = request.clone();
            async move {
                let mut trails = TrailServiceClient::new(access.channel());
                Ok(trails.list_trails(access.request(request)).await?.into_inner())
            }
        };
        let page = node.ask(call).await?.value;
        all.extend(page.trails.into_iter().map(|trail| trail.trail));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// Says all of a referral, each step when its speaker has heard the one before. `done` hears of each step.
///
/// # Errors
/// A node's no, or a step that does not arrive.
pub async fn refer(pair: &Pair, draw: &mut Draw, mut done: impl FnMut(Acknowledged, u64)) -> Outcome<()> {
    let opening = Request::enquiry(draw.request_id());
    let (mut last, repeated) = asked(pair, Side::Opener, &opening, draw).await?;
    let trail = last.clone();
    done(Acknowledged { side: Side::Opener, request: opening, event: last.clone() }, repeated);
    let mut speaker = Side::Opener;
    for (side, kind, said) in main_path() {
        if side != speaker {
            arrives(side.of(pair), &trail, &last).await?;
        }
        let request = Request::event(draw.request_id(), &trail, kind, said);
        let (event, repeated) = asked(pair, side, &request, draw).await?;
        (last, speaker) = (event.clone(), side);
        done(Acknowledged { side, request, event }, repeated);
    }
    arrives(speaker.other().of(pair), &trail, &last).await
}

/// Asks, now and then twice at once: both must hear the same.
async fn asked(pair: &Pair, side: Side, request: &Request, draw: &mut Draw) -> Outcome<(Vec<u8>, u64)> {
    let node = side.of(pair);
    if !draw.once_in(8) {
        let answer = request.ask(node).await?;
        return Ok((answer.value, answer.repeated));
    }
    let (first, second) = tokio::join!(request.ask(node), request.ask(node));
    let (first, second) = (first?, second?);
    if first.value != second.value {
        return Err(Failed::because("one request ID, two answers"));
    }
    Ok((first.value, first.repeated + second.repeated + 1))
}

async fn arrives(node: &Organisation, trail: &[u8], event: &[u8]) -> Outcome<()> {
    until("an event arrives", || async {
        let seen = shown(node, trail, false).await?;
        Ok(seen.is_some_and(|trail| trail.events.iter().any(|seen| seen.event == event)))
    })
    .await
}
