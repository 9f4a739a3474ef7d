//! Two versions of an agreement side by side, clause by clause, for those who are asked to sign the newer one.
//!
//! Guarantees that whatever the newer version permits and the older does not is named as loosened, and the other way
//! round as tightened. It may name more than that: a clause is judged where it stands.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Agreement, Auditor, Clause, Code as _, EscalationStep, LabelList, Party, Profile, Retention, Rule, Timer,
    WitnessRule, clauses::ClauseKey, name_of,
};
use crate::{catalogue::Label, id::OrgId, time::Seconds, wire::Act};

/// What a change does to those whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// More may be disclosed, to more, under more bases, later or for longer.
    Loosened(String),
    /// Less, to fewer, under fewer bases, sooner or for a shorter time.
    Tightened(String),
}

/// One clause that is not in both versions as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As a sentence of the older version; none if it is new.
    pub before: Option<String>,
    /// As a sentence of the newer version; none if it is gone.
    pub after: Option<String>,
    /// What it does; nothing if it is a matter of words.
    pub effects: Vec<Effect>,
}

/// What a newer version takes to replace an older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// Whether it is the version after the older one, by its number and by what it names.
    pub follows: bool,
    /// How many that the older version binds sign the newer one.
    pub stay: usize,
    /// How many of them it takes.
    pub threshold: u32,
    /// Who must sign.
    pub sign: Vec<OrgId>,
    /// Of these, the ones that the older version does not bind.
    pub join: Vec<OrgId>,
    /// Whom the newer version does not name: between them and the others the older one goes on.
    pub stay_behind: Vec<OrgId>,
    /// With whom nothing new begins any more.
    pub suspended: Vec<OrgId>,
}

impl Agreement {
    /// Every clause that differs from that of an older version, in the order of this one. [AGR-43]
    #[must_use]
    pub fn changes_since(&self, older: &Self) -> Vec<Change> {
        let (before, after) = (older.by_key(), self.by_key());
        let keys = after.iter().map(|(key, _)| key).chain(before.iter().map(|(key, _)| key));
        let mut seen = BTreeSet::new();
        let find = |list: &[(Key, _)], key: &Key| list.iter().position(|(other, _)| other == key);
        keys.filter(|key| seen.insert((*key).clone()))
            .filter_map(|key| {
                let old = find(&before, key).and_then(|at| before.get(at)).map(|(_, clause)| clause);
                let new = find(&after, key).and_then(|at| after.get(at)).map(|(_, clause)| clause);
                if old == new {
                    return None;
                }
                let effects = effects(&Versions { older, newer: self }, old.or(new)?, old, new);
                Some(Change { before: old.map(Clause::sentence), after: new.map(Clause::sentence), effects })
            })
            .collect()
    }

    /// What it takes for this version to replace an older one. [AGR-43]
    #[must_use]
    pub fn succession(&self, older: &Self) -> Succession {
        let ids =
            |parties: &mut dyn Iterator<Item = &Party>| parties.map(|party| party.organisation).collect::<Vec<_>>();
        let bound = |organisation: &OrgId| older.signing().any(|party| party.organisation == *organisation);
        let sign = ids(&mut self.signing());
        Succession {
            follows: self.follows(older),
            stay: self.stay(older),
            threshold: older.threshold,
            join: sign.iter().filter(|organisation| !bound(organisation)).copied().collect(),
            stay_behind: ids(&mut older.signing().filter(|party| self.party(&party.organisation).is_none())),
            suspended: ids(&mut self.parties().filter(|party| party.suspended)),
            sign,
        }
    }

    fn by_key(&self) -> Vec<(Key, Clause<'_>)> {
        let mut counts: BTreeMap<ClauseKey, usize> = BTreeMap::new();
        let keyed = self.clauses().into_iter().map(|clause| {
            let count = counts.entry(clause.key()).or_default();
            *count += 1;
            ((clause.key(), *count), clause)
        });
        keyed.collect()
    }
}

/// A clause's key, and which of those with this key it is.
type Key = (ClauseKey, usize);

#[derive(Clone, Copy)]
struct Versions<'a> {
    older: &'a Agreement,
    newer: &'a Agreement,
}

/// What is said of a change; `either` is one of the two, to tell which kind of clause it is.
fn effects(
    versions: &Versions<'_>,
    either: &Clause<'_>,
    old: Option<&Clause<'_>>,
    new: Option<&Clause<'_>>,
) -> Vec<Effect> {
    let mut effects = Effects::default();
    match either {
        // Words, and what openings are rounded to.
        Clause::Title { .. } | Clause::GivesUp(_) | Clause::Grain { .. } | Clause::EmptyProfile { .. } => {}
        Clause::Validity { .. } => effects.validity(versions),
        Clause::Party(party) => effects.party(versions, party.organisation),
        Clause::Labels { profile, list, .. } => effects.labels(versions, profile, *list),
        Clause::StaffOnly { profile } => {
            effects.either(new.is_none(), &format!("sealing to staff under profile {profile}"))
        }
        Clause::Rule(rule) => effects.rule(versions, rule.number),
        Clause::Timer(_) => effects.duration("the step", old.and_then(timer), new.and_then(timer), true),
        Clause::Decision(decision) => {
            let issuers = |agreement: &Agreement| agreement.issuers(decision.kind).cloned().unwrap_or_default();
            let what = |issuer: &_| format!("{} may decide on {}", name_of(*issuer), name_of(decision.kind));
            effects.sets(&issuers(versions.older), &issuers(versions.newer), what);
        }
        Clause::Escalation(_) => effects.escalation(old.and_then(step), new.and_then(step)),
        Clause::Article(article) => {
            let there = |agreement: &Agreement| agreement.article(article.number).is_some();
            let (was, is) = (there(versions.older), there(versions.newer));
            effects.when(was != is, is, &format!("article {} may be cited", article.number));
        }
        Clause::Retention(_) => {
            let (old, new) = (&versions.older.retention, &versions.newer.retention);
            let Retention { values, evidence, origin: _ } = old;
            effects.duration("keeping values", Some(values.0), Some(new.values.0), false);
            effects.duration("keeping evidence", Some(evidence.0), Some(new.evidence.0), false);
        }
        Clause::Witnesses(_) => {
            let strict = |WitnessRule { number, independent }: WitnessRule| (number, independent);
            let (old, new) = (strict(versions.older.witnesses), strict(versions.newer.witnesses));
            effects.when(old.0 != new.0, new.0 < old.0, "the number of witnesses");
            effects.when(old.1 != new.1, !new.1, "the independence of witnesses");
        }
        Clause::Auditor(auditor) => effects.auditor(versions, &auditor.organisation),
        Clause::Amendment { .. } => {
            let (old, new) = (versions.older.threshold, versions.newer.threshold);
            effects.when(old != new, new < old, "how many must sign a later version");
        }
    }
    effects.0
}

fn timer(clause: &Clause<'_>) -> Option<u64> {
    match clause {
        Clause::Timer(Timer { act: _, kind: _, span, origin: _ }) => Some(span.0),
        _ => None,
    }
}

fn step<'a>(clause: &Clause<'a>) -> Option<&'a EscalationStep> {
    match clause {
        Clause::Escalation(step) => Some(step),
        _ => None,
    }
}

#[derive(Default)]
struct Effects(Vec<Effect>);

impl Effects {
    fn either(&mut self, loosened: bool, what: &str) {
        let what = what.to_owned();
        self.0.push(if loosened { Effect::Loosened(what) } else { Effect::Tightened(what) });
    }

    fn when(&mut self, differs: bool, loosened: bool, what: &str) {
        if differs {
            self.either(loosened, what);
        }
    }

    /// What was added is looser, what was taken away stricter.
    fn sets<T: Ord>(&mut self, old: &BTreeSet<T>, new: &BTreeSet<T>, what: impl Fn(&T) -> String) {
        new.difference(old).for_each(|added| self.either(true, &what(added)));
        old.difference(new).for_each(|removed| self.either(false, &what(removed)));
    }

    /// A span; `limits`: without it there is no bound at all.
    fn duration(&mut self, what: &str, old: Option<u64>, new: Option<u64>, limits: bool) {
        let without = if limits { u64::MAX } else { 0 };
        let (old, new) = (old.unwrap_or(without), new.unwrap_or(without));
        self.when(old != new, new > old, &format!("the time for {what}"));
    }

    /// A step of the ladder: when it comes, and for what. Who is reminded of less is bound less. [AGR-53]
    fn escalation(&mut self, old: Option<&EscalationStep>, new: Option<&EscalationStep>) {
        let after = |step: &EscalationStep| step.after.0;
        self.duration("escalation", old.map(after), new.map(after), true);
        let (Some(old), Some(new)) = (old, new) else { return };
        let pairs = || Act::every().flat_map(|act| EscalationStep::MISSED.map(|timer| (act, timer)));
        let mut gone = pairs().filter(|(act, timer)| old.covers(*act, *timer) && !new.covers(*act, *timer));
        let mut come = pairs().filter(|(act, timer)| !old.covers(*act, *timer) && new.covers(*act, *timer));
        let what = format!("what goes on to {}", name_of(new.service_type));
        self.when(gone.next().is_some(), true, &what);
        self.when(come.next().is_some(), false, &what);
    }

    fn validity(&mut self, versions: &Versions<'_>) {
        let span = |agreement: &Agreement| -> (Seconds, Seconds) { (agreement.valid_from, agreement.valid_until) };
        let (old, new) = (span(versions.older), span(versions.newer));
        self.when(old.0 != new.0, new.0 < old.0, "the beginning of validity");
        self.when(old.1 != new.1, new.1 > old.1, "the end of validity");
    }

    fn party(&mut self, versions: &Versions<'_>, organisation: OrgId) {
        let nobody = Party {
            organisation,
            name: String::new(),
            roles: BTreeSet::new(),
            services: BTreeSet::new(),
            suspended: false,
        };
        let of = |agreement: &Agreement| agreement.party(&organisation).cloned();
        let (was, is) = (of(versions.older), of(versions.newer));
        let name = [&is, &was].into_iter().flatten().next().map(|party| party.name.clone()).unwrap_or_default();
        let suspended = |party: &Option<Party>| party.as_ref().is_some_and(|party| party.suspended);
        let (was_suspended, is_suspended) = (suspended(&was), suspended(&is));
        self.when(was_suspended != is_suspended, was_suspended, &format!("{name} may begin something new"));
        self.when(was.is_some() != is.is_some(), is.is_some(), &format!("{name} is a party"));
        let Party { organisation: _, name: _, roles, services, suspended: _ } = was.unwrap_or_else(|| nobody.clone());
        let is = is.unwrap_or(nobody);
        self.sets(&roles, &is.roles, |role| format!("{name} asks as {role}"));
        self.sets(&services, &is.services, |service| format!("{name} is asked as {}", name_of(*service)));
    }

    /// Labels of one list, judged by where they stood before: what moves is neither new nor gone.
    fn labels(&mut self, versions: &Versions<'_>, name: &str, list: LabelList) {
        let none = Profile::default();
        let of = |agreement: &Agreement| agreement.profiles.get(name).cloned();
        let (old, new) = (of(versions.older).unwrap_or_else(|| none.clone()), of(versions.newer).unwrap_or(none));
        let changed: Vec<Label> = old.list(list).symmetric_difference(new.list(list)).copied().collect();
        for label in changed {
            match list {
                LabelList::Reply => {
                    self.either(new.reply.contains(&label), &format!("answers under profile {name} may say {label}"));
                }
                LabelList::Ticked => self.ticked(&old, &new, label),
                LabelList::Enquiry | LabelList::Need | LabelList::Identity => self.stage(&old, &new, label),
            }
        }
    }

    fn stage(&mut self, old: &Profile, new: &Profile, label: Label) {
        let name = if new.name.is_empty() { &old.name } else { &new.name };
        let words =
            |stage: Option<u32>| stage.map_or_else(|| "never".to_owned(), |stage| format!("from stage {stage} on"));
        let (was, is) = (old.stage_of(label), new.stage_of(label));
        let rank = |stage: Option<u32>| stage.unwrap_or(u32::MAX);
        let what = format!("{label} under profile {name}: {}, before {}", words(is), words(was));
        self.when(was != is, rank(is) < rank(was), &what);
    }

    /// A tick matters where the label is disclosed at all.
    fn ticked(&mut self, old: &Profile, new: &Profile, label: Label) {
        let (was, is) = (old.ticked.contains(&label), new.ticked.contains(&label));
        let both = old.stage_of(label).is_some() && new.stage_of(label).is_some();
        self.when(both && was != is, was, &format!("{label} under profile {}: her tick", new.name));
    }

    fn rule(&mut self, versions: &Versions<'_>, number: u32) {
        let (was, is) = (versions.older.rule(number), versions.newer.rule(number));
        let (Some(was), Some(is)) = (was, is) else {
            return self.either(is.is_some(), &format!("what rule {number} allows"));
        };
        let asks = |rule: &Rule| (rule.act, rule.sender.clone(), rule.receiver);
        if asks(was) != asks(is) {
            // Who asked by it cannot any more, and somebody else can.
            self.either(true, &format!("what rule {number} allows now"));
            self.either(false, &format!("what rule {number} allowed before"));
        }
        self.sets(&was.bases, &is.bases, |basis| format!("rule {number} on the basis of {}", name_of(*basis)));
        let first = format!("rule {number}: who she is in the first message");
        self.when(was.collapsed != is.collapsed, is.collapsed, &first);
        let profiles = (versions.older.profile(was), versions.newer.profile(is));
        if let ((Some(old), Some(new)), true) = (profiles, was.profile != is.profile) {
            self.profiles(old, new, number);
        }
    }

    /// A rule that names another profile.
    fn profiles(&mut self, old: &Profile, new: &Profile, number: u32) {
        for label in Label::ALL {
            self.stage(old, new, *label);
            self.ticked(old, new, *label);
        }
        self.sets(&old.reply, &new.reply, |label| format!("answers under rule {number} may say {label}"));
        let sealing = format!("sealing to staff under rule {number}");
        self.when(old.staff_only != new.staff_only, old.staff_only, &sealing);
    }

    fn auditor(&mut self, versions: &Versions<'_>, organisation: &OrgId) {
        let of = |agreement: &Agreement| agreement.auditors.get(organisation).cloned();
        let (was, is) = (of(versions.older), of(versions.newer));
        let sees = |auditor: &Option<Auditor>| auditor.as_ref().map(|auditor| auditor.labels);
        let (old, new) = (sees(&was), sees(&is));
        let name = is.or(was).map(|auditor| auditor.name).unwrap_or_default();
        self.when(old != new, new > old, &format!("what {name} sees as an auditor"));
    }
}

impl Profile {
    fn list(&self, list: LabelList) -> &BTreeSet<Label> {
        match list {
            LabelList::Enquiry => &self.enquiry,
            LabelList::Need => &self.need,
            LabelList::Identity => &self.identity,
            LabelList::Ticked => &self.ticked,
            LabelList::Reply => &self.reply,
        }
    }
}
