//! Whom a case asked, who answered what, and whom she can choose.
//!
//! Guarantees that nobody is chosen who has not said yes, whose hold has run out or whose trail has ended, and that whoever
//! is refused hears what to do. Leaves saying it to `follow_up`.

use std::fmt;

use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    state::{Kind, Reading, Side},
    time::Seconds,
    wire::{self, Act, Choice, PhoneAnswer},
};

use super::{Node, refusal::Refused, trails::Loaded};
use crate::{
    account::Caller,
    case::{Case, CaseId, Sight},
    clock,
    follow_up::Change,
    record::{FOLLOW_UPS, FollowUpRecord},
};

/// Why somebody is not chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchosen {
    /// There is nothing to choose.
    NoReferral,
    /// They have not answered.
    NoAnswer,
    /// They said no.
    No,
    /// The hold has run out.
    Lapsed,
    /// The trail has ended.
    Ended,
}

impl fmt::Display for Unchosen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoReferral => "it is no referral that this organisation opened",
            Self::NoAnswer => {
                "they have not said yes: wait for their answer, telephone and record it, or choose another one"
            }
            Self::No => "they said no: choose another one",
            Self::Lapsed => {
                "the place is held no more: let them hold it again, or telephone and record their yes; or choose another one"
            }
            Self::Ended => "the trail has ended: reopen it and wait for their answer, or choose another one",
        })
    }
}

impl Node {
    /// Whom a case asked, and how each stands. One that cannot be read is shown as that, and keeps nobody from the others.
    /// [PLC-10] [PLC-12]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; why the record of her choice cannot be read.
    pub async fn list_enquiries(&self, caller: &Caller, id: &CaseId) -> Result<Vec<wire::Enquiry>, Rejection> {
        let case = self.demand_case(caller, id, Sight::Outline)?;
        let (chosen, now) = (self.newest_choice(&case)?, clock::now());
        let mut all = Vec::new();
        for trail in &case.trails {
            match self.enquiry_of(trail, chosen == Some(*trail), now).await {
                Ok(found) => all.extend(found),
                Err(_) => all.extend(self.unreadable(trail, now)),
            }
        }
        all.sort_by(|a, b| (a.act, a.service_type, a.asked, &a.peer).cmp(&(b.act, b.service_type, b.asked, &b.peer)));
        Ok(all)
    }

    /// How a trail stands; none if it asks nobody.
    async fn enquiry_of(
        &self,
        trail: &TrailId,
        chosen: bool,
        now: Seconds,
    ) -> Result<Option<wire::Enquiry>, Rejection> {
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let ours = loaded.trail.side(&self.me.organisation) == Some(Side::Opener);
        if !ours || !matches!(loaded.trail.opening()?.act, Act::Referral | Act::Consultation) {
            return Ok(None);
        }
        self.enquiry(loaded, chosen, now).map(Some)
    }

    /// One of which no more is known than its row, if that can be read; none if that says that it asks nobody. [PLC-12]
    fn unreadable(&self, trail: &TrailId, now: Seconds) -> Option<wire::Enquiry> {
        let row = self.row(trail, now).ok().flatten();
        if row.as_ref().is_some_and(|row| !row.ours || !matches!(row.act(), Act::Referral | Act::Consultation)) {
            return None;
        }
        let row = row.unwrap_or_default();
        Some(wire::Enquiry {
            trail: trail.to_vec(),
            peer: row.peer,
            act: row.act,
            service_type: row.service_type,
            headline: row.headline,
            stage: row.stage,
            undelivered: row.undelivered,
            choice: Choice::Unreadable.into(),
            ..wire::Enquiry::default()
        })
    }

    fn enquiry(&self, loaded: &Loaded, chosen: bool, now: Seconds) -> Result<wire::Enquiry, Rejection> {
        let row = self.row(&loaded.trail.id(), now)?.ok_or(Rejection::ReadFailed)?;
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let answer = reading.answer.and_then(|answer| Some((answer.kind, loaded.trail.event(&answer.event)?)));
        let until = match answer.map(|(_, event)| &event.statement) {
            Some(Statement::Held { until }) => until.get(),
            _ => 0,
        };
        let choice = match choosable(loaded, &reading, now) {
            Ok(()) if chosen => Choice::Chosen,
            Ok(()) => Choice::Possible,
            Err(Unchosen::NoReferral) => Choice::Unspecified,
            Err(Unchosen::NoAnswer) => Choice::NoAnswer,
            Err(Unchosen::No) => Choice::No,
            Err(Unchosen::Lapsed) => Choice::Lapsed,
            Err(Unchosen::Ended) => Choice::Ended,
        };
        Ok(wire::Enquiry {
            trail: row.trail,
            peer: row.peer,
            act: row.act,
            service_type: row.service_type,
            asked: loaded.trail.opening_event()?.time.get(),
            headline: row.headline,
            stage: row.stage,
            answer: answer.map(|(kind, _)| kind.word().to_owned()).unwrap_or_default(),
            answered: answer.map_or(0, |(_, event)| event.time.get()),
            until,
            undelivered: row.undelivered,
            choice: choice.into(),
        })
    }

    /// Refuses to choose whom she would not get. [CAS-82]
    ///
    /// # Errors
    /// [`Refused::Unchosen`]; [`Rejection::NoSuchTrail`].
    pub(super) async fn demand_choosable(&self, case: &Case, trail: &TrailId) -> Result<(), Refused> {
        if !case.trails.contains(trail) {
            return Err(Rejection::NoSuchTrail.into());
        }
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        if loaded.trail.side(&self.me.organisation) != Some(Side::Opener) {
            return Err(Refused::Unchosen(Unchosen::NoReferral));
        }
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        choosable(loaded, &reading, clock::now()).map_err(Refused::Unchosen)
    }

    /// The trail that was chosen last in a case.
    fn newest_choice(&self, case: &Case) -> Result<Option<TrailId>, Rejection> {
        let mut newest: Option<(u64, TrailId)> = None;
        for case in std::iter::once(&case.id).chain(&case.joined) {
            for position in self.positions(FOLLOW_UPS, &case.to_vec())? {
                let kept: FollowUpRecord = self.at(position)?;
                let followed = self.opened_follow_up(&kept)?;
                if followed.change == Change::Chosen.word() && newest.is_none_or(|(time, _)| time <= kept.time) {
                    newest = Some((kept.time, TrailId::parse(&followed.chosen)?));
                }
            }
        }
        Ok(newest.map(|(_, trail)| trail))
    }
}

/// Whether somebody can be chosen: who said yes, and whose yes has not run out. [CAS-82]
fn choosable(loaded: &Loaded, reading: &Reading, now: Seconds) -> Result<(), Unchosen> {
    if loaded.trail.opening().map_or(true, |opening| opening.act != Act::Referral) {
        return Err(Unchosen::NoReferral);
    }
    if !reading.live {
        return Err(Unchosen::Ended);
    }
    let world = reading.world_now.iter().filter_map(|id| loaded.trail.event(id));
    if world.into_iter().any(|event| event.statement == Statement::Started) {
        return Ok(());
    }
    let phoned = phoned_yes(loaded);
    let Some(answer) = reading.answer else { return if phoned { Ok(()) } else { Err(Unchosen::NoAnswer) } };
    match (answer.kind, loaded.trail.event(&answer.event).map(|event| &event.statement)) {
        (Kind::Held, Some(Statement::Held { until })) if now > *until && !phoned => Err(Unchosen::Lapsed),
        (Kind::Declined | Kind::Redirected, _) => Err(Unchosen::No),
        _ => Ok(()),
    }
}

/// Whether a yes was heard by telephone since they last held a place, and since they were asked anew.
fn phoned_yes(loaded: &Loaded) -> bool {
    loaded.trail.events().fold(false, |yes, event| match event.statement {
        Statement::Phoned(answer) => answer == PhoneAnswer::Yes,
        Statement::Reopened | Statement::Held { .. } => false,
        _ => yes,
    })
}
