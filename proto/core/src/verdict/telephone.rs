//! On whose word it stands that something was agreed by telephone. [BUN-83]

use super::{findings::Findings, names::Names};
use crate::{
    state::{Reading, Side},
    telephone::{Standing, agreed},
    trail::Trail,
    wire::PhoneAnswer,
};

/// One sentence for each yes or no that the sender recorded of a call.
pub(super) fn say(trail: &Trail, reading: &Reading, names: &Names<'_>, findings: &mut Findings) {
    let (opener, peer) = (names.of(&trail.party(Side::Opener)), names.of(&trail.party(Side::Peer)));
    for call in agreed(trail, reading) {
        let answer = if call.answer == PhoneAnswer::Yes { "yes" } else { "no" };
        let said = format!("That {peer} said {answer} by telephone (event {}) is the word of {opener}", call.event);
        findings.words.push(match call.standing {
            Standing::Unconfirmed => format!("{said}: nothing that {peer} signed here confirms it."),
            Standing::Confirmed(by) => format!("{said}, and {peer} confirmed it with event {by}."),
            Standing::Contradicted(by) => format!("{said}, and {peer} contradicted it with event {by}."),
            Standing::Replaced(by) => format!("{said}, who recorded a later call with event {by}."),
        });
    }
}
