//! What ended, held against more than its author's clock.
//!
//! Guarantees that whoever dates a disclosure back before the end of a consent, a mandate, a decision or an agreement is
//! never told *yes* where something that they had seen, or their own cosigned log, shows a later time. Leaves what the
//! claimed time alone says to [`conduct`](super::conduct), and what a log shows to [`logs`](super::logs).

use super::{
    Conformance, chronology::Chronology, deadlines::is_whole, demand::Demand, findings::Findings, known::Known,
    logs::Logs, names::Names, opened::Opened,
};
use crate::{
    agreement::{Agreement, Request},
    catalogue::Lasts,
    event::Event,
    log::EntryKind,
    time::Seconds,
    trail::Trail,
    trust::moment,
};

/// Everything that shows when the opener signed something.
pub(super) struct Ends<'a> {
    pub(super) trail: &'a Trail,
    pub(super) chronology: &'a Chronology<'a>,
    pub(super) logs: &'a Logs,
    /// How early something shows what the opener signed.
    pub(super) known: &'a Known,
    pub(super) names: &'a Names<'a>,
}

impl Ends<'_> {
    /// Every disclosure against the end of its basis, and of the agreement. [BAS-48] [BUN-57]
    pub(super) fn check(&self, agreement: &Agreement, opened: &Opened, findings: &mut Findings) {
        let Ok(opening) = self.trail.opening_event() else { return };
        for event in self.trail.events() {
            let Some(request) = Request::of(opening, event) else { continue };
            if request.needs_force() && agreement.is_in_force(event.time) {
                self.check_agreement(event, agreement.valid_until(), findings);
            }
            let lasts = opened.of(&event.id).and_then(|disclosed| Agreement::lasts(&request, disclosed));
            if let Some(lasts) = lasts.filter(|lasts| event.time <= lasts.at_most) {
                self.check_basis(event, lasts, findings);
            }
        }
    }

    fn check_agreement(&self, event: &Event, until: Seconds, findings: &mut Findings) {
        if let Some(absent) = self.not_yet(event, findings).filter(|absent| *absent >= until) {
            let sentence = format!("{}, when the agreement had ended: proven", self.is_absent(event, absent));
            findings.against(Demand::Validity, Conformance::No, Some(event.id), sentence);
        }
    }

    fn check_basis(&self, event: &Event, lasts: Lasts, findings: &mut Findings) {
        let absent = self.not_yet(event, findings);
        if let Some(absent) = absent.filter(|absent| *absent > lasts.at_most) {
            let sentence = format!("{}, when its basis had ended: proven", self.is_absent(event, absent));
            return findings.against(Demand::Terms, Conformance::No, Some(event.id), sentence);
        }
        let latest = self.chronology.latest(event);
        let sentence = if event.time > lasts.at_least {
            String::from("its basis ends with a day, nobody said by which clock, and may have ended")
        } else if latest.time > lasts.at_least {
            format!("{}, when its basis had ended, or may have: one of the two is false", self.has_seen(event, latest))
        } else if let Some(absent) = absent.filter(|absent| *absent > lasts.at_least) {
            format!("{}, when its basis may have ended", self.is_absent(event, absent))
        } else {
            return;
        };
        findings.against(Demand::Terms, Conformance::NotCheckable, Some(event.id), sentence);
    }

    /// Whether an event holds by what lasted at the time that it claims, and not at a later one that something shows:
    /// `holds` says it of a time. [EVT-31]
    pub(super) fn outlived(
        &self,
        event: &Event,
        findings: &Findings,
        holds: impl Fn(Seconds) -> bool,
    ) -> Option<(Conformance, String)> {
        let absent = self.not_yet(event, findings).filter(|absent| *absent > event.time && !holds(*absent));
        if let Some(absent) = absent {
            return Some((Conformance::No, format!("{}: proven", self.is_absent(event, absent))));
        }
        let latest = self.chronology.latest(event);
        let doubted = latest.time > event.time && !holds(latest.time);
        doubted
            .then(|| (Conformance::NotCheckable, format!("{}: one of the two is false", self.has_seen(event, latest))))
    }

    /// Until when its author's own cosigned log does not have an event, unless something shows it before. [BUN-74] [BUN-100]
    fn not_yet(&self, event: &Event, findings: &Findings) -> Option<Seconds> {
        let until = self.logs.absent_until(&event.author, event.incarnation, EntryKind::OwnEvent, event.id.into())?;
        // What shows it before may be what is missing.
        let whole = is_whole(findings) && !findings.failed(Demand::Exporter);
        let shown = self.known.there(&event.id).is_some_and(|there| there < until);
        (whole && !shown).then_some(until)
    }

    fn is_absent(&self, event: &Event, until: Seconds) -> String {
        let (name, claimed) = (self.names.of(&event.author), moment(event.time));
        format!("it claims {claimed}, and {name}'s cosigned log of {} does not have it yet", moment(until))
    }

    fn has_seen(&self, event: &Event, latest: &Event) -> String {
        let (by, claimed) = (self.names.of(&latest.author), moment(event.time));
        format!("it claims {claimed}, and an event of {by} that it has seen claims {}", moment(latest.time))
    }
}
