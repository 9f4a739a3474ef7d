//! Reading requests: what the schema leaves open becomes types that cannot be wrong.

use std::ops::Range;

use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt};
use uput_core::{
    catalogue::{Field, Label},
    event::Statement,
    id::{AgreementId, EventId, TrailId},
    rejection::Rejection,
    safe_contact::Intent,
    sensitive::Sensitive,
    time::Seconds,
    wire,
};

use super::status;
use crate::{
    account::Caller,
    case::CaseId,
    node::{Node, Refused},
    search::{Digest, MOST},
};

/// What a nonce must be.
pub(super) const NONCE: &str = "32 bytes, not all zero, or empty";
/// Longest request ID.
const MAX_REQUEST_ID: usize = 64;
/// Most rows of a page.
const MAX_PAGE: usize = 500;

/// The status of a refusal, with the condition or the labels that are the reason.
pub(super) fn refused(refused: &Refused) -> Status {
    let rejection = refused.rejection();
    let base = status::of(rejection);
    let details = base.get_error_details();
    Status::with_error_details(base.code(), refused.to_string(), details)
}

/// A request field that is wrong: which, and what it must be. Never what it was.
pub(super) fn invalid(field: &'static str, must_be: &'static str) -> Status {
    let mut details = ErrorDetails::new();
    details.add_bad_request_violation(field, must_be);
    let rejection = Rejection::BadValue;
    details.set_error_info(rejection.code(), status::DOMAIN, std::collections::HashMap::new());
    Status::with_error_details(tonic::Code::InvalidArgument, format!("{field} must be {must_be}"), details)
}

/// Fields of the catalogue.
pub(super) fn fields(fields: Vec<wire::Field>) -> Result<Vec<Field>, Status> {
    fields.into_iter().map(field).collect()
}

fn field(field: wire::Field) -> Result<Field, Status> {
    let value = Sensitive::new(field.value);
    let label = Label::parse(&field.label).map_err(status::of)?;
    if label.is_staff() {
        // [EVT-26] Nobody says who acted but whoever knows who called.
        return Err(invalid("fields", "without actor, actor_role and supervisor: the node says who acted"));
    }
    Field::typed(label, &value).map_err(|rejection| {
        let base = status::of(rejection);
        // The label is a word of the catalogue; the value is not repeated.
        let text = format!("{rejection} ({})", label.name());
        Status::with_error_details(base.code(), text, base.get_error_details())
    })
}

/// How the caller is about to reach her. [SAF-3]
pub(super) fn intent(said: Option<wire::ContactIntent>) -> Result<Intent, Status> {
    Intent::parse(said).map_err(|_| invalid("contact", "a way of contact of the schema"))
}

/// An ID of the caller's, so that a repeated request is answered once. [API-8]
pub(super) fn request_id(id: String, validate_only: bool) -> Result<String, Status> {
    let fits = id.len() <= MAX_REQUEST_ID && id.chars().all(|c| c.is_ascii_graphic());
    if fits && (validate_only || id.len() >= 16) {
        Ok(id)
    } else {
        Err(invalid("request_id", "a random UUID, 16 to 64 printable characters"))
    }
}

/// A time that may be left out.
pub(super) fn time(field: &'static str, seconds: u64) -> Result<Option<Seconds>, Status> {
    if seconds == 0 {
        return Ok(None);
    }
    Seconds::new(seconds).map(Some).ok_or_else(|| invalid(field, "seconds since 1970"))
}

/// A trail that the caller sees, by the beginning of its ID.
pub(super) fn trail(node: &Node, caller: &Caller, beginning: &[u8]) -> Result<TrailId, Status> {
    node.find_trail(caller, beginning).map_err(|rejection| match rejection {
        Rejection::BadValue => invalid("trail", "longer: more than one trail begins so"),
        other => status::of(other),
    })
}

/// A case that the caller sees, by the beginning of its ID; empty: none.
pub(super) fn case(node: &Node, caller: &Caller, beginning: &[u8]) -> Result<Option<CaseId>, Status> {
    if beginning.is_empty() {
        return Ok(None);
    }
    node.find_case(caller, beginning).map(Some).map_err(|rejection| match rejection {
        Rejection::BadValue => invalid("case", "longer: more than one case begins so"),
        other => status::of(other),
    })
}

/// Labels by their names.
pub(super) fn labels(field: &'static str, names: &[String]) -> Result<Vec<Label>, Status> {
    names.iter().map(|name| Label::parse(name).map_err(|_| invalid(field, "labels of the catalogue"))).collect()
}

/// The names of labels.
pub(super) fn names(labels: &[Label]) -> Vec<String> {
    labels.iter().map(|label| label.name().to_owned()).collect()
}

/// Digests of words that a program made.
pub(super) fn digests(field: &'static str, bytes: &[Vec<u8>]) -> Result<Vec<Digest>, Status> {
    let all: Option<Vec<Digest>> = bytes.iter().map(|digest| digest.as_slice().try_into().ok()).collect();
    all.filter(|all| all.len() <= MOST).ok_or_else(|| invalid(field, "at most 2048 digests of 8 bytes"))
}

/// A case that the caller sees, by the beginning of its ID.
pub(super) fn named_case(node: &Node, caller: &Caller, beginning: &[u8]) -> Result<CaseId, Status> {
    case(node, caller, beginning)?.ok_or_else(|| status::of(Rejection::NoSuchCase))
}

/// A nonce that somebody drew.
pub(super) fn nonce(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.try_into().ok().filter(|nonce| *nonce != [0; 32])
}

/// An agreement's ID; empty: none.
pub(super) fn agreement(bytes: &[u8]) -> Result<Option<AgreementId>, Status> {
    AgreementId::parse_optional(bytes).map_err(|_| invalid("agreement", "32 bytes or empty"))
}

/// What is said, read as strictly as if it came from a peer.
pub(super) fn statement(statement: Option<wire::Statement>) -> Result<Statement, Status> {
    use wire::{event_body::Kind as Event, statement::Kind as Said};
    let kind = statement.and_then(|statement| statement.kind).ok_or_else(|| invalid("statement", "given"))?;
    let kind = match kind {
        Said::Need(x) => Event::Need(x),
        Said::Identity(x) => Event::Identity(x),
        Said::Corrected(x) => Event::Corrected(x),
        Said::Warned(x) => Event::Warned(x),
        Said::HandedOver(x) => Event::HandedOver(x),
        Said::Phoned(x) => Event::Phoned(x),
        Said::Decision(x) => Event::Decision(x),
        Said::ChosenElsewhere(x) => Event::ChosenElsewhere(x),
        Said::Withdrawn(x) => Event::Withdrawn(x),
        Said::Revoked(x) => Event::Revoked(x),
        Said::Closed(x) => Event::Closed(x),
        Said::Reopened(x) => Event::Reopened(x),
        Said::PurgeAsked(x) => Event::PurgeAsked(x),
        Said::TransferOffered(x) => Event::TransferOffered(x),
        Said::TransferRecalled(x) => Event::TransferRecalled(x),
        Said::TransferCompleted(x) => Event::TransferCompleted(x),
        Said::Acknowledged(x) => Event::Acknowledged(x),
        Said::Held(x) => Event::Held(x),
        Said::Accepted(x) => Event::Accepted(x),
        Said::PartlyAccepted(x) => Event::PartlyAccepted(x),
        Said::Waitlisted(x) => Event::Waitlisted(x),
        Said::Declined(x) => Event::Declined(x),
        Said::Redirected(x) => Event::Redirected(x),
        Said::Misdirected(x) => Event::Misdirected(x),
        Said::ContactMade(x) => Event::ContactMade(x),
        Said::CouldNotReach(x) => Event::CouldNotReach(x),
        Said::Started(x) => Event::Started(x),
        Said::Provided(x) => Event::Provided(x),
        Said::Purged(x) => Event::Purged(x),
        Said::Retained(x) => Event::Retained(x),
        Said::TransferTaken(x) => Event::TransferTaken(x),
        Said::Minutes(x) => Event::Minutes(x),
        Said::Plan(x) => Event::Plan(x),
        Said::Task(x) => Event::Task(x),
        Said::Visited(x) => Event::Visited(x),
        Said::Escalated(x) => Event::Escalated(x),
    };
    // A decision that cites another trail gets the cited event's ID from the node.
    Statement::parse(kind).map_err(|_| invalid("statement", "complete, with codes that are not unspecified"))
}

/// How many rows a page has at most. [API-9]
pub(super) fn page_size(size: u32, default: usize) -> usize {
    match usize::try_from(size).unwrap_or(MAX_PAGE) {
        0 => default,
        size => size.min(MAX_PAGE),
    }
}

/// The status of a list that has no page.
pub(super) fn unknown_page(rejection: Rejection) -> Status {
    match rejection {
        Rejection::BadCursor => invalid("page_token", "the next_page_token of the page before"),
        other => status::of(other),
    }
}

/// One page of rows, and the token of the next. [API-9]
pub(super) fn page<T>(rows: Vec<T>, size: u32, token: &str, default: usize) -> Result<(Vec<T>, String), Status> {
    let Range { start, end } = rows_of(size, token, default)?;
    let next = if end < rows.len() { end.to_string() } else { String::new() };
    Ok((rows.into_iter().skip(start).take(end - start).collect(), next))
}

/// Which rows a page has, if there are so many; its end is the token of the next. [API-9]
pub(super) fn rows_of(size: u32, token: &str, default: usize) -> Result<Range<usize>, Status> {
    let from: usize =
        if token.is_empty() { 0 } else { token.parse().map_err(|_| unknown_page(Rejection::BadCursor))? };
    Ok(from..from.saturating_add(page_size(size, default)))
}

/// The bytes of an event's ID; empty: none.
pub(super) fn event_bytes(id: Option<EventId>) -> Vec<u8> {
    id.map(|id| id.to_vec()).unwrap_or_default()
}
