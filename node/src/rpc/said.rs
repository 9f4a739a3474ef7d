//! What somebody asks to be said: requests about trails as the node takes them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tonic::Status;
use uput_core::{catalogue::Field, rejection::Rejection, sensitive::Sensitive, wire};

use super::{request, status};
use crate::account::{Caller, PersonId};
use crate::case::{CaseId, Ruling};
use crate::node::{Export, NewEvent, NewTrail, Node, Second, request_digest};
use crate::staff::{Sealing, sharing_of};

/// How long an export waits for the peer's head if nothing is said.
const WAIT: u32 = 5;
/// The longest wait.
const LONGEST_WAIT: u32 = 60;

/// An opening, the digest of exactly it, and labels whose value differs from the case's. `ask`: a second person is
/// being asked for it.
pub(super) async fn opening(
    node: &Arc<Node>,
    by: Caller,
    said: wire::OpenTrailRequest,
    ask: bool,
) -> Result<(NewTrail, [u8; 32], Vec<String>), Status> {
    let (act, service_type, basis, beside) = (said.act(), said.service_type(), said.basis(), said.beside());
    if act == wire::Act::Unspecified || service_type == wire::ServiceType::Unspecified {
        return Err(request::invalid("act and service_type", "specified"));
    }
    if basis == wire::LegalBasis::Unspecified || said.stage > 2 {
        return Err(request::invalid("basis and stage", "specified, the stage 0, 1 or 2"));
    }
    let (mut exact, by_whom) = (said.clone(), by.clone());
    let mut new = NewTrail {
        case: request::case(node, &by, &said.case)?,
        stays: None,
        by,
        second: Second::Nobody,
        request_id: request::request_id(said.request_id, said.validate_only || ask)?,
        validate_only: said.validate_only,
        peer: said.peer,
        agreement: request::agreement(&said.agreement)?,
        act,
        service_type,
        stage: said.stage,
        basis,
        article: said.article,
        fields: request::fields(said.fields)?,
        knowingly: request::labels("knowingly", &said.knowingly)?,
        expiry: request::time("expiry", said.expiry)?,
        occurred: request::time("occurred", said.occurred)?,
        attest: said.attest,
        rests_on: BTreeSet::new(),
        about: if said.about.is_empty() { None } else { Some(request::trail(node, &by_whom, &said.about)?) },
        begins: None,
        beside,
        despite_clock: said.despite_clock,
    };
    let differs = node.open_from_case(&mut new, &request::labels("from_case", &said.from_case)?).await;
    let differs = request::names(&differs.map_err(|refused| request::refused(&refused))?);
    // [APR-3] The digest is over whole IDs, and over values wherever they came from.
    exact.case = new.case.map(|id| id.to_vec()).unwrap_or_default();
    exact.about = new.about.map(|id| id.to_vec()).unwrap_or_default();
    (exact.fields, exact.from_case) = (to_wire(&new.fields), Vec::new());
    // [TIM-88] A clock that is doubted since is no reason to ask a second person anew.
    exact.despite_clock = false;
    let digest = request_digest(&exact);
    new.second = second(ask, &exact.approval, digest);
    Ok((new, digest, differs))
}

/// An event, likewise.
pub(super) async fn event(
    node: &Arc<Node>,
    by: Caller,
    said: wire::RecordEventRequest,
    ask: bool,
) -> Result<(NewEvent, [u8; 32], Vec<String>), Status> {
    let (basis, overbooking, beside) = (said.basis(), said.overbooking(), said.beside());
    let evidence_trail = match said.evidence_trail.as_slice() {
        [] => None,
        beginning => Some(request::trail(node, &by, beginning)?),
    };
    let mut exact = said.clone();
    let mut new = NewEvent {
        trail: request::trail(node, &by, &said.trail)?,
        by,
        second: Second::Nobody,
        request_id: request::request_id(said.request_id, said.validate_only || ask)?,
        validate_only: said.validate_only,
        statement: request::statement(said.statement)?,
        fields: request::fields(said.fields)?,
        knowingly: request::labels("knowingly", &said.knowingly)?,
        basis: (basis != wire::LegalBasis::Unspecified).then_some(basis),
        article: said.article,
        occurred: request::time("occurred", said.occurred)?,
        evidence_trail,
        stays: None,
        overbooking,
        beside,
        attest: said.attest,
        rests_on: BTreeSet::new(),
    };
    let differs = node.say_from_case(&mut new, &request::labels("from_case", &said.from_case)?).await;
    let differs = request::names(&differs.map_err(|refused| request::refused(&refused))?);
    // [APR-3]
    exact.trail = new.trail.to_vec();
    exact.evidence_trail = evidence_trail.map(|id| id.to_vec()).unwrap_or_default();
    (exact.fields, exact.from_case) = (to_wire(&new.fields), Vec::new());
    let digest = request_digest(&exact);
    new.second = second(ask, &exact.approval, digest);
    Ok((new, digest, differs))
}

/// What is decided about an exclusion, and the digest of exactly that.
pub(super) struct Decision {
    pub(super) case: CaseId,
    pub(super) person: PersonId,
    pub(super) ruling: Ruling,
    pub(super) second: Second,
    pub(super) digest: [u8; 32],
}

/// A glass to be broken, likewise.
pub(super) struct Glass {
    pub(super) case: CaseId,
    pub(super) second: Second,
    pub(super) digest: [u8; 32],
}

/// A decision about an exclusion.
pub(super) fn decision(
    node: &Arc<Node>,
    by: &Caller,
    mut said: wire::DecideExclusionRequest,
    ask: bool,
) -> Result<Decision, Status> {
    let ruling = match said.ruling() {
        wire::ExclusionRuling::Confirmed => Ruling::Confirmed,
        wire::ExclusionRuling::Lifted => Ruling::Lifted,
        wire::ExclusionRuling::Unspecified => return Err(request::invalid("ruling", "specified")),
    };
    let case = request::case(node, by, &said.case)?.ok_or_else(|| status::of(Rejection::NoSuchCase))?;
    let named = std::mem::take(&mut said.colleague);
    let person = node.colleague(&Sensitive::new(named)).map_err(status::of)?;
    // [APR-3] The digest is over whole IDs.
    (said.case, said.colleague) = (case.to_vec(), person.to_string());
    let digest = request_digest(&said);
    Ok(Decision { case, person, ruling, second: second(ask, &said.approval, digest), digest })
}

/// A glass. Nothing is looked up: whoever breaks it sees no beginnings. [CAS-9]
pub(super) fn glass(said: wire::BreakGlassRequest, ask: bool) -> Result<Glass, Status> {
    let case = CaseId::parse(&said.case).ok_or_else(|| request::invalid("case", "all 16 bytes of the ID"))?;
    let digest = request_digest(&said);
    Ok(Glass { case, second: second(ask, &said.approval, digest), digest })
}

/// What is to be sealed, and the digest of exactly that.
pub(super) fn sealing(said: &wire::SetSealingRequest, ask: bool) -> Result<(Sealing, Second, [u8; 32]), Status> {
    let sharing = sharing_of(said.needed, said.made)
        .map_err(|_| request::invalid("needed and made", "2 to 16, no more needed than made"))?;
    let digest = request_digest(said);
    Ok((Sealing { staff_only: said.staff_only, sharing }, second(ask, &said.approval, digest), digest))
}

fn to_wire(fields: &[Field]) -> Vec<wire::Field> {
    // Exposed to be hashed.
    let field =
        |field: &Field| wire::Field { label: field.label().name().to_owned(), value: field.value().expose().clone() };
    fields.iter().map(field).collect()
}

/// A bundle.
pub(super) fn export(
    node: &Arc<Node>,
    by: Caller,
    mut said: wire::ExportTrailRequest,
    ask: bool,
) -> Result<(Export, [u8; 32]), Status> {
    let (purpose, scope) = (said.purpose(), said.scope());
    if purpose == wire::Purpose::Unspecified || scope == wire::DisclosureScope::Unspecified {
        return Err(request::invalid("purpose and scope", "specified"));
    }
    let nonce = match said.nonce.as_slice() {
        [] => None,
        bytes => Some(request::nonce(bytes).ok_or_else(|| request::invalid("nonce", request::NONCE))?),
    };
    let seconds = if said.wait_seconds == 0 { WAIT } else { said.wait_seconds.min(LONGEST_WAIT) };
    let trail = request::trail(node, &by, &said.trail)?;
    said.trail = trail.to_vec();
    let (digest, wait) = (request_digest(&said), Duration::from_secs(seconds.into()));
    let second = second(ask, &said.approval, digest);
    let contact = said.contact;
    Ok((Export { by, second, trail, purpose, scope, nonce, wait, contact }, digest))
}

/// The second person of a request.
fn second(ask: bool, approval: &[u8], digest: [u8; 32]) -> Second {
    match (ask, approval) {
        (true, _) => Second::Asked,
        (false, []) => Second::Nobody,
        (false, id) => Second::Approval { id: id.to_vec(), digest },
    }
}
