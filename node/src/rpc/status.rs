//! The one place where a rejection becomes a gRPC status, and back.
//!
//! Guarantees that a status carries the table's code and sentence, and nothing of what was rejected.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use uput_core::rejection::{Fault, Rejection};

use crate::account::roles::{self, Part};

/// Domain of the reasons in `ErrorInfo`. [API-5]
pub const DOMAIN: &str = "uput";

/// The status of a rejection. [API-5]
#[must_use]
pub fn of(rejection: Rejection) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(rejection.code(), DOMAIN, HashMap::new());
    Status::with_error_details(code(rejection), rejection.to_string(), details)
}

/// The refusal of a role: it says for which roles the call is, which the table tells everybody, and nothing of what was asked
/// about. [ACC-13]
#[must_use]
pub(super) fn not_permitted(method: &str, part: Option<Part>) -> Status {
    let (base, who) = (of(Rejection::NotPermitted), roles::who(method, part));
    if who.is_empty() {
        return base;
    }
    let text = format!("{} (it is for: {})", Rejection::NotPermitted, who.join(", "));
    Status::with_error_details(base.code(), text, base.get_error_details())
}

/// The rejection of a status, if it carries one that this version knows.
#[must_use]
pub fn rejection(status: &Status) -> Option<Rejection> {
    let info = status.get_details_error_info()?;
    let of_code = |rejection: &Rejection| info.domain == DOMAIN && rejection.code() == info.reason;
    Rejection::ALL.iter().copied().find(of_code)
}

/// The gRPC code: by cause where callers act on it, else by whose fault it is.
const fn code(rejection: Rejection) -> Code {
    match rejection {
        Rejection::NoSuchTrail
        | Rejection::NoSuchCase
        | Rejection::NoSuchPeer
        | Rejection::NoSuchAccount
        | Rejection::NoSuchOverride
        | Rejection::NoSuchHold
        | Rejection::NoSuchDuty => Code::NotFound,
        Rejection::UnknownSigner | Rejection::RevokedSigner | Rejection::BadInvitation | Rejection::NotPermitted => {
            Code::PermissionDenied
        }
        Rejection::KeyLocked | Rejection::WrongPassphrase | Rejection::NotAuthenticated => Code::Unauthenticated,
        Rejection::DiskFull | Rejection::MailboxFull | Rejection::TooMany | Rejection::TooSlow => {
            Code::ResourceExhausted
        }
        Rejection::StepNotAllowed
        | Rejection::CaseNotTaken
        | Rejection::NeedsApproval
        | Rejection::BadApproval
        | Rejection::NotToReview
        | Rejection::OnHold
        | Rejection::NotResumed
        | Rejection::NeedsReason
        | Rejection::PeerNotConfirmed
        | Rejection::AgreementNotInForce
        | Rejection::AgreementReplaced
        | Rejection::PartySuspended
        | Rejection::NotAnAmendment
        | Rejection::VersionGivenUp
        | Rejection::NoRule
        | Rejection::NoPlace
        | Rejection::ClockDoubted
        | Rejection::ChooseFirst
        | Rejection::OutsideProfile
        | Rejection::WithoutContent
        | Rejection::NotTheOwner
        | Rejection::WordsTellWho
        | Rejection::BasisNotAllowed
        | Rejection::ExcludedOrganisation => Code::FailedPrecondition,
        _ => match rejection.fault() {
            Fault::Author | Fault::Carrier | Fault::User => Code::InvalidArgument,
            Fault::Nobody => Code::FailedPrecondition,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rejection_survives_the_way_there_and_back() {
        for known in Rejection::ALL {
            let status = of(*known);
            assert_eq!(rejection(&status), Some(*known));
            assert_eq!(status.message(), known.to_string());
            assert_ne!(status.code(), Code::Ok);
        }
    }

    /// [ACC-13]
    #[test]
    fn a_refusal_says_for_which_roles_the_call_is() {
        let said = |part| not_permitted("uput.v1.TrailService/GetTrail", part);
        for (part, who) in [
            (Some(Part::Values), "case worker, supervisor, integration"),
            (Some(Part::WithoutValues), "intake, case worker, supervisor, auditor, integration"),
            (None, "intake, case worker, supervisor, auditor, integration"),
        ] {
            assert_eq!(said(part).message(), format!("{} (it is for: {who})", Rejection::NotPermitted));
            assert_eq!(
                (rejection(&said(part)), said(part).code()),
                (Some(Rejection::NotPermitted), Code::PermissionDenied)
            );
        }
        // What the table does not know is for nobody, and says so of nobody.
        assert_eq!(not_permitted("uput.v1.Nothing/AtAll", None).message(), Rejection::NotPermitted.to_string());
    }

    #[test]
    fn another_domain_is_not_ours() {
        let mut details = ErrorDetails::new();
        details.set_error_info("MALFORMED", "elsewhere", HashMap::new());
        assert_eq!(rejection(&Status::with_error_details(Code::Internal, "", details)), None);
        assert_eq!(rejection(&Status::internal("bare")), None);
    }
}
