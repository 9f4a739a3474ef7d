//! The digest of the exact request that is approved.

use prost::Message;
use uput_core::{
    id::Id,
    wire::{
        BreakGlassRequest, DecideExclusionRequest, ExportTrailRequest, OpenTrailRequest, RecordEventRequest,
        SetSealingRequest,
    },
};

/// A request that may take two people. What makes it repeatable, checks it, or names its approval is no part of it. [APR-3]
pub trait Exact: Message + Clone {
    /// Full name of the method that it is made with.
    const METHOD: &'static str;

    /// Itself without the fields that do not count.
    #[must_use]
    fn exact(self) -> Self;
}

/// Digest of a request, in which a beginning of a trail's ID is the whole ID already. [APR-3]
pub fn digest<R: Exact>(request: &R) -> [u8; 32] {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    let (method, message) = (R::METHOD.as_bytes(), request.clone().exact().encode_to_vec());
    let parts: [&[u8]; 5] = [b"uput/v1/approval", &length(method), method, &length(&message), &message];
    *Id::of(&parts.concat()).as_bytes()
}

impl Exact for OpenTrailRequest {
    const METHOD: &'static str = "uput.v1.TrailService/OpenTrail";

    fn exact(self) -> Self {
        Self { request_id: String::new(), validate_only: false, approval: Vec::new(), ..self }
    }
}

impl Exact for RecordEventRequest {
    const METHOD: &'static str = "uput.v1.TrailService/RecordEvent";

    fn exact(self) -> Self {
        Self { request_id: String::new(), validate_only: false, approval: Vec::new(), ..self }
    }
}

impl Exact for ExportTrailRequest {
    const METHOD: &'static str = "uput.v1.TrailService/ExportTrail";

    fn exact(self) -> Self {
        Self { approval: Vec::new(), opened: Vec::new(), ..self }
    }
}

impl Exact for BreakGlassRequest {
    const METHOD: &'static str = "uput.v1.CaseService/BreakGlass";

    fn exact(self) -> Self {
        Self { approval: Vec::new(), ..self }
    }
}

impl Exact for DecideExclusionRequest {
    const METHOD: &'static str = "uput.v1.CaseService/DecideExclusion";

    fn exact(self) -> Self {
        Self { approval: Vec::new(), ..self }
    }
}

impl Exact for SetSealingRequest {
    const METHOD: &'static str = "uput.v1.StaffService/SetSealing";

    fn exact(self) -> Self {
        Self { approval: Vec::new(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::wire::Field;

    fn field(value: &str) -> Field {
        Field { label: "danger".to_owned(), value: value.to_owned() }
    }

    /// [APR-3]
    #[test]
    fn what_is_asked_counts_and_how_it_is_repeated_does_not() {
        let asked = OpenTrailRequest { peer: "Clinic".to_owned(), fields: vec![field("life")], ..Default::default() };
        let again = OpenTrailRequest {
            request_id: "another".to_owned(),
            validate_only: true,
            approval: vec![1; 16],
            ..asked.clone()
        };
        assert_eq!(digest(&asked), digest(&again));
        let changed = [
            OpenTrailRequest { peer: "Police".to_owned(), ..asked.clone() },
            OpenTrailRequest { fields: vec![field("abduction")], ..asked.clone() },
            OpenTrailRequest { basis: 5, ..asked.clone() },
            OpenTrailRequest { occurred: 60, ..asked.clone() },
        ];
        assert!(changed.iter().all(|other| digest(other) != digest(&asked)));
        assert_ne!(digest(&OpenTrailRequest::default()), digest(&RecordEventRequest::default()));
        let export = ExportTrailRequest { trail: vec![1; 32], ..Default::default() };
        assert_eq!(digest(&export), digest(&ExportTrailRequest { approval: vec![2; 16], ..export.clone() }));
        assert_ne!(digest(&export), digest(&ExportTrailRequest { purpose: 2, ..export.clone() }));
    }
}
