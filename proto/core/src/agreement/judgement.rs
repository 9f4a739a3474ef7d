//! The same rules, asked by those who receive and by those who audit.

use std::collections::BTreeSet;

use super::{
    Agreement, Permitted, Refused, Request, Told,
    minimised::{alone, ticks},
};
use crate::{
    attestation::{Beside, beyond},
    catalogue::{Field, Label, Lasts},
    legal_basis::Basis,
    rejection::Rejection,
    slot::{Disclosed, DisclosedSlot},
    time::Seconds,
};

/// What a receiver keeps of a disclosure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// What the agreement allows.
    pub kept: Vec<Field>,
    /// Labels whose values were dropped unread.
    pub stripped: Vec<Label>,
    /// How many slots held what the catalogue does not have; dropped unread.
    pub foreign: usize,
    /// Why everything beyond stage 0 was dropped, if it was.
    pub lowered: Option<Refused>,
}

/// What an auditor can say of the labels of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// All are open, and within profile, stage and basis.
    Yes,
    /// This breaks the agreement.
    No(Refused),
    /// Nothing that is open breaks it, and something that matters is closed.
    NotCheckable,
    /// All are open and allowed, and nobody can tell whether the basis had ended. [BAS-46]
    EndUnknown,
}

impl Agreement {
    /// What a receiver may keep: never more than the sender was allowed to send. [DIS-13]
    ///
    /// If the terms themselves are not allowed, what stage 0 allows is kept, so that a mistake in them does not turn
    /// her away.
    #[must_use]
    pub fn strip(&self, request: &Request<'_>, disclosed: &Disclosed) -> Stripped {
        self.strip_after(request, disclosed, Told::default())
    }

    /// The same for an event before which something was told in its trail. [BAS-22]
    #[must_use]
    pub fn strip_after(&self, request: &Request<'_>, disclosed: &Disclosed, told: Told) -> Stripped {
        let fields: Vec<Field> = disclosed.fields().cloned().collect();
        let foreign = disclosed.slots().iter().filter(|slot| slot.is_foreign()).count();
        let (permitted, lowered) =
            match self.permit(request).map_err(Refused::from).and_then(|p| p.after(told).stands(&fields)) {
                Ok(permitted) => (Some(permitted), None),
                Err(refused) => (self.permit(&request.lowered()).ok(), Some(refused)),
            };
        let (kept, dropped) = match &permitted {
            Some(permitted) => permitted.part(fields),
            None => (Vec::new(), fields),
        };
        Stripped { kept, stripped: dropped.iter().map(Field::label).collect(), foreign, lowered }
    }

    /// Until when the basis of what was disclosed lasts, by what is open of it. [BAS-48]
    #[must_use]
    pub fn lasts(request: &Request<'_>, disclosed: &Disclosed) -> Option<Lasts> {
        let fields: Vec<Field> = disclosed.fields().cloned().collect();
        Basis::of(request.terms.basis).filter(|_| request.occasion.discloses())?.lasts(&fields)
    }

    /// Whether what was disclosed rests on a basis that held then, and does not any more. [LET-20]
    #[must_use]
    pub fn has_lapsed(&self, request: &Request<'_>, disclosed: &Disclosed, now: Seconds) -> bool {
        let fails = |time| {
            let lowered = self.strip(&Request { time, ..*request }, disclosed).lowered;
            lowered.is_some_and(|refused| refused.rejection == Rejection::BasisNotAllowed)
        };
        !fails(request.time) && fails(now)
    }

    /// What an auditor can say, who may see no label, some, all, or values too. `slots` is how many the event has. [DIS-14]
    #[must_use]
    pub fn judge_labels(&self, request: &Request<'_>, disclosed: Option<&Disclosed>, slots: usize) -> Judgement {
        self.judge_labels_after(request, disclosed, slots, Told::default())
    }

    /// The same for an event before which something was told in its trail. [BAS-22]
    #[must_use]
    pub fn judge_labels_after(
        &self,
        request: &Request<'_>,
        disclosed: Option<&Disclosed>,
        slots: usize,
        told: Told,
    ) -> Judgement {
        let permitted = match self.permit(request) {
            Ok(permitted) => permitted.after(told),
            Err(rejection) => return Judgement::No(rejection.into()),
        };
        let opened = disclosed.map_or(&[][..], Disclosed::slots);
        let fields: Vec<Field> = disclosed.into_iter().flat_map(Disclosed::fields).cloned().collect();
        let labels: BTreeSet<Label> = disclosed.into_iter().flat_map(Disclosed::labels).collect();
        let foreign = opened.iter().any(DisclosedSlot::is_foreign);
        match permitted.breach(&labels, &fields, foreign, opened.len() == slots) {
            Some(refused) => Judgement::No(refused),
            None if opened.len() < slots => Judgement::NotCheckable,
            None if permitted.tick_is_closed(&labels, &fields, true) => Judgement::NotCheckable,
            // [ONW-3] What it would be compared with is closed.
            None if Beside::of(&labels, &fields, true) == Beside::Unseen => Judgement::NotCheckable,
            None if permitted.may_have_ended(&fields) => Judgement::EndUnknown,
            None => Judgement::Yes,
        }
    }
}

impl Permitted {
    /// Itself, if the fields hold what its basis must carry and its act has to say, and none shows that it does not hold.
    fn stands(self, fields: &[Field]) -> Result<Self, Refused> {
        let mut present: BTreeSet<Label> = fields.iter().map(Field::label).collect();
        // Whoever approved alone approved nothing.
        alone(fields).map(|label| present.remove(&label));
        let mut lacking = self.lacking(&present, fields);
        lacking.extend(self.faults(fields));
        lacking.extend(self.belied(&present, fields));
        let unsaid = self.unsaid(&present);
        match (lacking.is_empty(), unsaid.is_empty()) {
            (true, true) => Ok(self),
            (true, false) => Err(Refused { rejection: Rejection::WithoutContent, labels: unsaid }),
            (false, _) => Err(Refused { rejection: Rejection::BasisNotAllowed, labels: lacking }),
        }
    }

    /// Fields that are allowed, and the others. What an attestation says is held against what is kept. [ONW-3]
    fn part(&self, fields: Vec<Field>) -> (Vec<Field>, Vec<Field>) {
        let (ticks, alone) = (ticks(&fields), alone(&fields));
        let (kept, mut dropped): (Vec<Field>, Vec<Field>) = fields.into_iter().partition(|field| {
            let label = field.label();
            alone != Some(label)
                && self.labels().contains(&label)
                && (!self.ticked().contains(&label) || ticks.contains(&label))
        });
        let beyond = beyond(&kept);
        let (kept, told): (Vec<Field>, Vec<Field>) = kept.into_iter().partition(|field| beyond != Some(field.label()));
        dropped.extend(told);
        (kept, dropped)
    }

    /// What is certainly wrong with what is open.
    fn breach(&self, labels: &BTreeSet<Label>, fields: &[Field], foreign: bool, all: bool) -> Option<Refused> {
        let mut outside: Vec<Label> = labels.difference(self.labels()).copied().collect();
        outside.extend(alone(fields));
        outside.extend((Beside::of(labels, fields, all) == Beside::Beyond).then_some(Label::Provenance));
        if !self.tick_is_closed(labels, fields, all) {
            let ticks = ticks(fields);
            outside.extend(labels.iter().filter(|label| self.ticked().contains(label) && !ticks.contains(label)));
        }
        if foreign || !outside.is_empty() {
            return Some(Refused { rejection: Rejection::OutsideProfile, labels: outside });
        }
        let mut lacking = if all { self.lacking(labels, fields) } else { Vec::new() };
        lacking.extend(self.certain_faults(fields));
        lacking.extend(if all { self.belied(labels, fields) } else { Vec::new() });
        if !lacking.is_empty() {
            return Some(Refused { rejection: Rejection::BasisNotAllowed, labels: lacking });
        }
        let unsaid = if all { self.unsaid(labels) } else { Vec::new() };
        (!unsaid.is_empty()).then_some(Refused { rejection: Rejection::WithoutContent, labels: unsaid })
    }

    /// Whether a label is open that needs her tick, and the ticks may be there but are not open.
    fn tick_is_closed(&self, labels: &BTreeSet<Label>, fields: &[Field], all: bool) -> bool {
        let needed = !self.ticked().is_disjoint(labels);
        let seen = fields.iter().any(|field| field.label() == Label::ConsentTicked);
        needed && !seen && (!all || labels.contains(&Label::ConsentTicked))
    }
}
