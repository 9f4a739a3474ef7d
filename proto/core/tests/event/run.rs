//! What a vector asks: the fields say which check, the outcome is "ok", "twin" or the code of a rejection.

use uput_core::envelope::{Envelope, MediaType, Verified, verify_one};
use uput_core::event::{Event, EventPrefix};
use uput_core::key::SigningKey;
use uput_core::rejection::Rejection;
use uput_core::trail::{Admission, Trail};

use super::file::Vector;
use crate::sample::id;

pub(crate) fn run(vector: &Vector) -> String {
    if vector.get("admission").is_some() {
        return trail(vector);
    }
    let outcome = match (vector.get("cited"), vector.get("prefix")) {
        (Some(cited), _) => evidence(vector.need("body"), cited),
        (None, Some(prefix)) => EventPrefix::parse(id(prefix), prefix).map(|_| ()),
        (None, None) => body(vector),
    };
    outcome.err().map_or("ok", Rejection::code).to_owned()
}

/// `body` parses, encodes again to itself, and has `id`. [EVT-1]
fn body(vector: &Vector) -> Result<(), Rejection> {
    let body = vector.need("body");
    let event = Event::parse(id(body), body)?;
    assert!(event.encode() == body, "{}: it encodes differently", vector.name);
    assert_eq!(vector.need("id"), event.id.as_bytes(), "{}", vector.name);
    Ok(())
}

/// `cited` is the decision that `body` cites. [EVT-15]
fn evidence(body: &[u8], cited: &[u8]) -> Result<(), Rejection> {
    let (citing, cited) = (Event::parse(id(body), body)?, Event::parse(id(cited), cited)?);
    if citing.is_proved_by(&cited) { Ok(()) } else { Err(Rejection::BadEvidence) }
}

/// Each `body`, in turn, is admitted as its `admission` says. The outcome is the first that is not new or known.
fn trail(vector: &Vector) -> String {
    let (bodies, stated) = (vector.all("body"), vector.all("admission"));
    assert_eq!(bodies.len(), stated.len(), "{}: a body or an admission is missing", vector.name);
    let mut trail = None;
    let mut outcome = "ok";
    for (number, (body, stated)) in bodies.into_iter().zip(stated).enumerate() {
        let admission = admit(&mut trail, body);
        assert_eq!(admission.as_bytes(), stated, "{}: event {number}", vector.name);
        if outcome == "ok" && !["new", "known"].contains(&admission) {
            outcome = admission;
        }
    }
    outcome.to_owned()
}

fn admit(trail: &mut Option<Trail>, body: &[u8]) -> &'static str {
    let event = signed(body);
    let admission = match trail {
        Some(trail) => trail.admit(event),
        None => open(event).map(|opened| {
            *trail = Some(opened);
            Admission::New
        }),
    };
    match admission {
        Ok(Admission::New) => "new",
        Ok(Admission::Known) => "known",
        Ok(Admission::Twin) => "twin",
        Err(rejection) => rejection.code(),
    }
}

fn open(opening: Verified<Event>) -> Result<Trail, Rejection> {
    let stage = opening.terms.map_or(0, |terms| terms.stage);
    Trail::open(opening, stage)
}

/// A trail takes verified events only. Whose key it is does not matter here.
fn signed(body: &[u8]) -> Verified<Event> {
    let key = SigningKey::from_seed(&[1; 32]);
    let envelope = Envelope::sign(MediaType::EVENT, body.to_vec(), &[&key]).unwrap();
    let id = envelope.id();
    verify_one(envelope, MediaType::EVENT, key.public(), |body| Event::parse(id, body)).unwrap()
}
