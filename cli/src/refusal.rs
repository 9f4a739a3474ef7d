//! What the node said no with, in words.
//!
//! Guarantees that each status of the node becomes one exit code and one reason. Leaves the sentences to the table of
//! rejections.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uput_core::rejection::Rejection;

use crate::exit::Exit;
use crate::failure::Failure;

/// Turns a status of the node into a failure. [CLI-12]
pub(crate) fn of(status: &Status) -> Failure {
    if let Some(info) = status.get_details_error_info() {
        return known(&info.reason, status);
    }
    let message = status.message();
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => {
            Failure::new(Exit::NotAuthenticated, "NOT_AUTHENTICATED", "the node does not accept this caller")
                .because("the token in the access file lets nobody in")
                .next("ask whoever administers the node for a new access file")
        }
        Code::Unavailable => Failure::new(Exit::Unreachable, "NODE_UNREACHABLE", "the connection to the node broke")
            .because("it stopped, or it is overloaded")
            .next("try again"),
        Code::DeadlineExceeded | Code::Cancelled => {
            Failure::new(Exit::Unreachable, "NO_ANSWER", "the node did not answer in time")
                .because("it is not known whether the request was done")
                .next("run the same command again")
        }
        code => Failure::new(Exit::Failed, name(code), "the node did not do it").because(message),
    }
}

/// The same, for a request that must not be done twice.
pub(crate) fn of_request(request_id: &str, status: &Status) -> Failure {
    let mut failure = of(status);
    if failure.exit == Exit::Unreachable {
        failure.next = "run the same command again with --request-id and the ID below; it is then done once".to_owned();
    }
    failure.of_request(request_id)
}

fn known(reason: &str, status: &Status) -> Failure {
    let rejection = Rejection::ALL.iter().find(|rejection| rejection.code() == reason);
    let exit = match reason {
        "NOT_AUTHENTICATED" | "KEY_LOCKED" | "WRONG_PASSPHRASE" => Exit::NotAuthenticated,
        _ if rejection.is_none() && matches!(status.code(), Code::Unavailable) => Exit::Unreachable,
        _ => Exit::Failed,
    };
    let sentence = rejection.map_or_else(|| status.message().to_owned(), ToString::to_string);
    let (why, next) = sentence.split_once("; ").unwrap_or((&sentence, ""));
    let next = match rejection {
        Some(Rejection::BadValue) => "see `uput help labels` for what each label takes",
        Some(Rejection::UnknownLabel) => "what has no label must not travel; `uput help labels` lists those there are",
        Some(Rejection::WordsTellWho) => {
            "leave out what stands there, or give --knowingly LABEL if it tells nobody who she is"
        }
        Some(Rejection::NotPermitted) => "give --as FILE, for an account that may",
        Some(Rejection::NotAuthenticated) => {
            "if your session ended (a restart, or nothing done for long): uput account log-in --as FILE"
        }
        _ => next,
    };
    let mut failure = Failure::new(exit, reason, "the node refused").because(why).next(next);
    // The node may say more than the table, for example which label; it never puts a value there.
    let more = status.message();
    if rejection.is_some() && more != sentence {
        let rest = more.strip_prefix(sentence.as_str()).unwrap_or(more).trim();
        if !rest.is_empty() {
            failure.why = format!("{why}: {rest}");
        }
    }
    failure
}

const fn name(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::Unimplemented => "UNIMPLEMENTED",
        _ => "NODE_FAILED",
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    fn refused(code: Code, reason: &str, message: &str) -> Failure {
        let details = ErrorDetails::with_error_info(reason, "uput", std::collections::HashMap::new());
        of(&Status::with_error_details(code, message, details))
    }

    #[test]
    fn a_rejection_keeps_its_code_and_sentence() {
        let failure = refused(Code::FailedPrecondition, "PEER_NOT_CONFIRMED", "");
        assert_eq!((failure.exit, &*failure.reason), (Exit::Failed, "PEER_NOT_CONFIRMED"));
        assert!(failure.why.contains("safety number"));
    }

    #[test]
    fn a_locked_key_is_not_authenticated() {
        let failure = refused(Code::FailedPrecondition, "KEY_LOCKED", "");
        assert_eq!(failure.exit, Exit::NotAuthenticated);
        assert_eq!(failure.next, "give the passphrase");
    }

    #[test]
    fn a_value_that_does_not_fit_is_told_where_its_form_stands() {
        assert!(refused(Code::InvalidArgument, "BAD_VALUE", "").next.contains("uput help labels"));
    }

    #[test]
    fn a_lost_answer_names_the_request() {
        let failure = of_request("an-id", &Status::deadline_exceeded("late"));
        assert_eq!((failure.exit, failure.request_id.as_deref()), (Exit::Unreachable, Some("an-id")));
        assert!(failure.next.contains("--request-id"));
    }
}
