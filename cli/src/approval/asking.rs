//! A request on its way to a second person instead of being made.

use uput_core::sensitive::Sensitive;
use uput_core::wire::{self, ApprovalReason, request_approval_request::Act};

use super::show;
use crate::access::Node;
use crate::failure::Failure;
use crate::output::Answer;
use crate::refusal;

/// Why a second person is asked.
#[derive(Clone)]
pub(crate) struct Asking {
    reason: ApprovalReason,
    words: Sensitive<String>,
}

impl Asking {
    pub(super) const fn new(reason: ApprovalReason, words: Sensitive<String>) -> Self {
        Self { reason, words }
    }

    /// Asks for exactly that request.
    pub(crate) async fn ask(&self, node: &Node, act: Act) -> Result<Answer, Failure> {
        let request = wire::RequestApprovalRequest {
            act: Some(act),
            reason: self.reason.into(),
            // Exposed to be sent to this organisation's own node, inside TLS.
            words: self.words.expose().trim().to_owned(),
        };
        let answer = node.approvals().request_approval(request).await.map_err(|status| refusal::of(&status))?;
        show(answer.into_inner().approval.unwrap_or_default())
    }
}
