//! Legal holds.
//!
//! Guarantees that a hold stands from the commit in which it was set, that two people who are supervisors answer for it
//! and for its end, and that nobody whom she excluded has a part in it. Leaves to people what must be kept. [RET-10] [RET-11] [RET-14]

use std::fmt;

use uput_core::{
    entropy::Entropy as _,
    id::TrailId,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{self, HoldReason, HoldState, Role},
};

use super::{HoldRecord, Node};
use crate::{
    account::{Caller, ids},
    case::{CaseId, Sight},
    clock::{self, SystemEntropy},
};

ids! {
    /// A legal hold: 16 random bytes, no secret. [RET-10]
    HoldId;
}

/// The longest hold.
const LONGEST: Span = Span(5 * 366 * 86_400);
/// Within which time a second supervisor confirms it.
const TO_CONFIRM: Span = Span(14 * 86_400);
/// How long one that ended is listed.
const LISTED: Span = Span(366 * 86_400);

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnWhat {
    /// A trail.
    Trail(TrailId),
    /// Every trail of a case.
    Case(CaseId),
}

impl Node {
    /// Sets a hold. [RET-10]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`]; [`Rejection::NoSuchCase`]; [`Rejection::BadValue`] if it would end in the past or too
    /// late; [`Rejection::RetentionOver`] where nothing is left to hold.
    pub async fn set_hold(
        &self,
        caller: &Caller,
        on: OnWhat,
        reason: HoldReason,
        until: Seconds,
    ) -> Result<wire::Hold, Rejection> {
        let now = clock::now();
        match on {
            OnWhat::Trail(trail) => {
                self.demand(caller, &trail, Sight::Outline)?;
                if self.retentions.gone(&trail).is_some() {
                    return Err(Rejection::RetentionOver);
                }
            }
            OnWhat::Case(case) => drop(self.demand_case(caller, &case, Sight::Outline)?),
        }
        if until <= now || until > now.after(LONGEST) || reason == HoldReason::Unspecified {
            return Err(Rejection::BadValue);
        }
        let mut id = [0; 16];
        SystemEntropy.fill(&mut id);
        let (trail, case) = match on {
            OnWhat::Trail(trail) => (trail.to_vec(), Vec::new()),
            OnWhat::Case(case) => (Vec::new(), case.to_vec()),
        };
        let hold = HoldRecord {
            hold: id.to_vec(),
            trail,
            case,
            reason: reason.into(),
            set: now.get(),
            until: until.get(),
            set_by: caller.by().to_vec(),
            set_person: caller.acting().to_vec(),
            ..HoldRecord::default()
        };
        let _alone = self.changing.lock().await;
        self.keep_hold(hold).await
    }

    /// Confirms a hold that somebody else set.
    ///
    /// # Errors
    /// [`Rejection::NoSuchHold`]; [`Rejection::NotToReview`] to who set it.
    pub async fn confirm_hold(&self, caller: &Caller, id: &HoldId) -> Result<wire::Hold, Rejection> {
        let _alone = self.changing.lock().await;
        let hold = self.standing_hold(caller, id)?;
        if hold.set_person == caller.acting().to_vec() {
            return Err(Rejection::NotToReview);
        }
        if !hold.confirmed_by.is_empty() {
            return Ok(shown(&hold));
        }
        self.keep_hold(HoldRecord { confirmed_by: caller.by().to_vec(), ..hold }).await
    }

    /// Says that a hold shall end: it does when a second person says so. [RET-11]
    ///
    /// # Errors
    /// [`Rejection::NoSuchHold`].
    pub async fn end_hold(&self, caller: &Caller, id: &HoldId) -> Result<wire::Hold, Rejection> {
        let _alone = self.changing.lock().await;
        let hold = self.standing_hold(caller, id)?;
        let (by, person) = (caller.by().to_vec(), caller.acting().to_vec());
        if hold.ending_by.is_empty() {
            return self.keep_hold(HoldRecord { ending_by: by, ending_person: person, ..hold }).await;
        }
        if hold.ending_person == person {
            return Ok(shown(&hold));
        }
        self.keep_hold(HoldRecord { ended_by: by, ended: clock::now().get(), ..hold }).await
    }

    /// Holds that the caller sees: what stands first, what ends first before. [RET-14]
    #[must_use]
    pub fn list_holds(&self, caller: &Caller) -> Vec<wire::Hold> {
        let (now, holds) = (clock::now(), self.all_holds());
        let news = |hold: &HoldRecord| hold.ended == 0 || now.get().saturating_sub(hold.ended) <= LISTED.0;
        let mut seen: Vec<wire::Hold> =
            holds.iter().filter(|hold| news(hold) && self.sees_hold(caller, hold)).map(shown).collect();
        seen.sort_by(|a, b| (a.ended, a.until, &a.hold).cmp(&(b.ended, b.until, &b.hold)));
        seen
    }

    /// Whether a hold stands on a trail, or on its case. [RET-12]
    pub(in crate::node) fn is_on_hold(&self, trail: &TrailId) -> bool {
        self.all_holds().iter().any(|hold| hold.ended == 0 && self.is_on(hold, trail))
    }

    /// Whether a hold stands on a case. [RET-13]
    pub(in crate::node) fn is_case_on_hold(&self, case: &CaseId) -> bool {
        let standing = self.all_holds().into_iter().filter(|hold| hold.ended == 0);
        let cases = standing.filter_map(|hold| CaseId::parse(&hold.case));
        cases.into_iter().any(|held| self.held_case(&held) == self.held_case(case))
    }

    /// When a hold on it ended last, seconds since 1970. [RET-8]
    pub(super) fn last_held(&self, trail: &TrailId) -> u64 {
        let holds = self.all_holds();
        holds.iter().filter(|hold| self.is_on(hold, trail)).map(|hold| hold.ended).max().unwrap_or(0)
    }

    /// Ends what its own end, or nobody's confirming, has ended. [RET-11]
    pub(super) async fn end_holds(&self, now: Seconds) {
        let over = |hold: &HoldRecord| {
            let lapsed = hold.confirmed_by.is_empty() && now.get() > hold.set.saturating_add(TO_CONFIRM.0);
            hold.ended == 0 && (lapsed || now.get() >= hold.until)
        };
        let _alone = self.changing.lock().await;
        for hold in self.all_holds().into_iter().filter(over) {
            // What is not on disk stands, and is ended the next time.
            let _ = self.keep_hold(HoldRecord { ended: now.get(), ..hold }).await;
        }
    }

    async fn keep_hold(&self, hold: HoldRecord) -> Result<wire::Hold, Rejection> {
        let id = HoldId::parse(&hold.hold).ok_or(Rejection::NoSuchHold)?;
        self.keep(&hold).await?;
        let said = shown(&hold);
        self.retentions.lock().holds.insert(id, hold);
        Ok(said)
    }

    fn all_holds(&self) -> Vec<HoldRecord> {
        self.retentions.lock().holds.values().cloned().collect()
    }

    /// A hold that stands, and whose trail or case the caller sees.
    fn standing_hold(&self, caller: &Caller, id: &HoldId) -> Result<HoldRecord, Rejection> {
        let hold = self.retentions.lock().holds.get(id).cloned();
        let stands = |hold: &HoldRecord| hold.ended == 0 && self.sees_hold(caller, hold);
        hold.filter(stands).ok_or(Rejection::NoSuchHold)
    }

    fn sees_hold(&self, caller: &Caller, hold: &HoldRecord) -> bool {
        if !matches!(caller.role, Role::Supervisor | Role::Auditor) {
            return false;
        }
        match TrailId::parse(&hold.trail) {
            Ok(trail) => self.sight_of(caller, &trail) >= Sight::Outline,
            Err(_) => {
                CaseId::parse(&hold.case).is_some_and(|case| self.demand_case(caller, &case, Sight::Outline).is_ok())
            }
        }
    }

    fn is_on(&self, hold: &HoldRecord, trail: &TrailId) -> bool {
        let of_case = || {
            let held = CaseId::parse(&hold.case).map(|case| self.held_case(&case));
            held.is_some() && held == self.case_of(trail).map(|case| self.held_case(&case))
        };
        hold.trail == trail.to_vec() || (!hold.case.is_empty() && of_case())
    }

    /// The case, or the one that it became part of. [CAS-16]
    fn held_case(&self, id: &CaseId) -> CaseId {
        self.whole_case(id).map_or(*id, |case| case.id)
    }
}

fn shown(hold: &HoldRecord) -> wire::Hold {
    let state = match hold {
        HoldRecord { ended: 1.., .. } => HoldState::Ended,
        hold if !hold.ending_by.is_empty() => HoldState::Ending,
        hold if !hold.confirmed_by.is_empty() => HoldState::Confirmed,
        _ => HoldState::Set,
    };
    wire::Hold {
        hold: hold.hold.clone(),
        trail: hold.trail.clone(),
        case: hold.case.clone(),
        reason: hold.reason,
        state: state.into(),
        set: hold.set,
        until: hold.until,
        set_by: hold.set_by.get(..16).unwrap_or_default().to_vec(),
        confirmed_by: hold.confirmed_by.get(..16).unwrap_or_default().to_vec(),
        ending_by: hold.ending_by.get(..16).unwrap_or_default().to_vec(),
        ended_by: hold.ended_by.get(..16).unwrap_or_default().to_vec(),
        ended: hold.ended,
    }
}
