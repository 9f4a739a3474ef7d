//! What the node says of the rota, the nudges and the telephone, to whoever looks after it.
//!
//! Guarantees that it is not said why nobody was told of a call, and that what is said of calls is said of those alone whose
//! trails the asker sees: somebody who may not be told could learn it from either.

use jiff::Timestamp;
use uput_core::{
    id::TrailId,
    time::{Seconds, Span},
    wire::{self, CheckLevel},
};

use super::{Node, report::check};
use crate::on_call;

/// How old a call may be before somebody must have been told of it.
const PATIENCE: Span = Span(120);
/// For how many days a gap is a warning. [ONC-6]
const WEEK: u32 = 7;

impl Node {
    /// [ONC-60]
    pub(super) fn check_on_call(&self, now: Seconds, seen: &dyn Fn(&TrailId) -> bool) -> wire::Check {
        let (duties, channels) = (self.on_call.duties(), &self.on_call.settings().channels);
        if duties.is_empty() && channels.is_empty() {
            return check("on-call", CheckLevel::Ok, "no rota is kept: nobody is woken", "");
        }
        let calls = self.calls_in(now, seen);
        let attempts = self.on_call.attempts().clone();
        if on_call::waits_for_bound(&calls, &attempts, now) {
            return check(
                "on-call",
                CheckLevel::Error,
                "one organisation has caused so many nudges that a further one waits, up to an hour",
                "look at the inbox now; telephone that organisation",
            );
        }
        let old = |call: &&on_call::Call| call.since.after(PATIENCE) < now;
        let unheard = calls.iter().filter(old).any(|call| !on_call::is_told(call, &attempts));
        // Of an attempt that was for something else they hear if nothing calls but what they see.
        let is_theirs = |last: &on_call::Attempt| {
            calls.iter().any(|call| last.time > call.since) || self.calls_in(now, &|_| true).len() == calls.len()
        };
        if unheard || attempts.last().is_some_and(|last| last.failed && is_theirs(last)) {
            return check(
                "on-call",
                CheckLevel::Error,
                "something needs a person, and nobody was reached",
                "look at the inbox now; see `uput duty now`, and try the channels of the configuration",
            );
        }
        self.check_rota(now, &duties)
    }

    fn check_rota(&self, now: Seconds, duties: &[on_call::Duty]) -> wire::Check {
        let people = || duties.iter().filter_map(|duty| duty.person.as_ref());
        let finding = if people().any(|person| !self.is_active(&person.account)) {
            "a duty is of somebody whose account was ended".to_owned()
        } else if let Some(person) = people().find(|by| !self.on_call.settings().channels.contains(&by.channel)) {
            format!("a duty is reached by {}, which the configuration does not have", person.channel)
        } else if let Some(gap) = self.duty_gaps(now, WEEK).first() {
            format!("nobody is on duty {} to {}", self.wall_time(gap.from), self.wall_time(gap.until))
        } else {
            return check("on-call", CheckLevel::Ok, "somebody is on duty in each of the next seven days", "");
        };
        check("on-call", CheckLevel::Warning, &finding, "see `uput duty list`, and set a duty with `uput duty set`")
    }

    /// [ONC-60]
    pub(super) fn check_telephone(&self, now: Seconds, seen: &dyn Fn(&TrailId) -> bool) -> wire::Check {
        if !self.telephones(now, seen) {
            return check("telephone", CheckLevel::Ok, "nothing waits for a telephone", "");
        }
        check(
            "telephone",
            CheckLevel::Error,
            "a trail says: telephone now",
            "`uput inbox` names it; record what was said with `uput referral phoned`",
        )
    }

    fn wall_time(&self, seconds: u64) -> String {
        let at = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let at = at.map(|at| at.to_zoned(self.on_call.settings().zone.clone()));
        at.map(|at| at.strftime("%A %Y-%m-%d %H:%M %:z").to_string()).unwrap_or_default()
    }
}
