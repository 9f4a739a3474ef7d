//! Two parties under a random agreement who try what is lawful and what is not; each decision of the core beside that of
//! `ruling` and of the reference of the state, and what a receiver gets to read beside profile, stage and basis.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{
    act,
    agreement::{Agreement, Code, Judgement, Request, name_of},
    catalogue::Field,
    envelope::Verified,
    event::{Event, Opening, Statement},
    id::{EventId, Id, OrgId},
    rejection::Rejection,
    slot::Disclosed,
    state::{Kind, Node, Side, TABLE, Verdict},
    step,
    trail::Trail,
    wire::{self, Act, LegalBasis, ServiceType},
};

use crate::{
    attempts::{Attempt, NONCE, basis_word, disclosure, field, fitting, parties, signed, statement, when},
    random::{Die, agreement, read},
    reference::{Reference, Summary, Without},
    ruling::{Asked, Labels, Said, When, carried, row},
};

/// What was played.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) void: u64,
    /// Disclosures that nobody reads, as they are void, owed, or of a stage that was not reached.
    pub(crate) unread: u64,
    /// Labels that a receiver keeps, and drops.
    pub(crate) kept: u64,
    pub(crate) dropped: u64,
    /// What senders are told: of which code, and how often.
    pub(crate) told: BTreeMap<String, u64>,
    /// What auditors say.
    pub(crate) audits: BTreeMap<String, u64>,
}

/// A trail of so many events; panics, with the seed, where two decisions differ.
pub(crate) fn play(seed: u64, events: usize, counts: &mut Counts) {
    let mut die = Die::new(seed);
    let document = loop {
        let document = agreement(&mut die);
        if document.rules.iter().any(|rule| !fitting(&document, rule).is_empty()) {
            break document;
        }
    };
    let mut game = Game::open(seed, document, &mut die, counts);
    for _ in 1..events {
        game.step(&mut die, counts);
    }
}

struct Game {
    seed: u64,
    document: wire::Agreement,
    agreement: Agreement,
    parties: [OrgId; 2],
    opening: Opening,
    /// The number of the rule under which it opens.
    rule: u32,
    trail: Trail,
    /// The same events as the reference reads them.
    nodes: Vec<Node>,
}

impl Game {
    fn open(seed: u64, document: wire::Agreement, die: &mut Die, counts: &mut Counts) -> Self {
        let agreement = read(&document).unwrap();
        let fits = |rule: &usize| !fitting(&document, &document.rules[*rule]).is_empty();
        let rules: Vec<usize> = (0..document.rules.len()).filter(fits).collect();
        let rule = *die.pick(&rules);
        let (act, service) = (document.rules[rule].act, document.rules[rule].receiver);
        let parties = parties(die, &document, &document.rules[rule]);
        let acts: Vec<Act> = Act::every().collect();
        let act = if die.one_in(12) { *die.pick(&acts) } else { Act::try_from(act).unwrap() };
        let services: Vec<ServiceType> = ServiceType::every().collect();
        let service = if die.one_in(12) { *die.pick(&services) } else { ServiceType::try_from(service).unwrap() };
        let row = act::row(act).unwrap();
        let opening = Opening {
            peer: parties[1],
            peer_key: Id::of(b"key record").into(),
            agreement: Id::of(b"agreement").into(),
            act,
            service_type: service,
            nonce: NONCE,
            event_version: 1,
            expiry: None,
            about: (row.about == act::About::Must).then(|| EventId::from(Id::of(b"before")).opened_trail()),
        };
        let stage = u32::try_from(die.throw(3)).unwrap().min(row.stage);
        let number = document.rules[rule].number;
        let (terms, values) = disclosure(die, &document, number, stage, When::Opening);
        let time = when(die);
        let attempt =
            Attempt { side: Side::Opener, kind: Kind::Opened0, names: None, terms: Some(terms), values, time };
        let slots = attempt.slots(parties[0]).map_or_else(Vec::new, |(slots, _)| slots);
        let event = signed(
            parties[0],
            Statement::Opening(opening.clone()),
            &attempt,
            slots,
            None,
            None,
            0,
            EventId::from(Id::of(b"")),
        );
        // The same for both parties, whatever either thinks of it. [EVT-13]
        let reached = agreement.effective_stage(&event);
        let trail = Trail::open(event, reached).unwrap();
        let mut game = Self { seed, document, agreement, parties, opening, rule: number, trail, nodes: Vec::new() };
        let permitted = game.asked(&attempt, When::Opening).permit().is_ok();
        assert_eq!(reached, if permitted { terms.stage } else { 0 }, "{}: the stage of the opening", game.tell());
        let kind = [Kind::Opened0, Kind::Opened1, Kind::Opened2][usize::try_from(reached).unwrap()];
        game.judge(&Attempt { kind, ..attempt }, None, counts);
        game
    }

    fn step(&mut self, die: &mut Die, counts: &mut Counts) {
        let side = if die.one_in(2) { Side::Opener } else { Side::Peer };
        let prev = self.trail.last(side);
        let newest = self.trail.last(side.other());
        let before = prev.and_then(|id| self.trail.event(&id)).and_then(|event| event.seen);
        let stale = die.one_in(4) && prev.is_some();
        let seen = if stale { before } else { newest };
        let mut attempt = self.attempt(die, side);
        let synced = seen == newest;
        // Three in four want what is lawful, and look for it.
        for _ in 0..if die.one_in(4) { 0 } else { 12 } {
            if step::may(&self.trail, side, &statement(&attempt)).is_ok() {
                break;
            }
            attempt = self.attempt(die, side);
        }
        let may = step::may(&self.trail, side, &statement(&attempt)).is_ok();
        let slots = attempt.slots(self.author(side)).map_or_else(Vec::new, |(slots, _)| slots);
        let place = (prev, seen, self.trail.count(side));
        let event = signed(
            self.author(side),
            statement(&attempt),
            &attempt,
            slots,
            place.0,
            place.1,
            place.2,
            self.trail.id().opening(),
        );
        self.trail.admit(event).unwrap_or_else(|wrong| panic!("{}: {wrong}", self.tell()));
        self.judge(&attempt, synced.then_some(may), counts);
    }

    /// What somebody wants to say next.
    fn attempt(&self, die: &mut Die, side: Side) -> Attempt {
        let kinds: Vec<Kind> =
            TABLE.iter().filter(|row| row.side == side && !row.kind.opens()).map(|row| row.kind).collect();
        let disclosing = [Kind::Need, Kind::Identity, Kind::Corrected, Kind::Reopened, Kind::Minutes, Kind::Plan];
        let answers = [Kind::Held, Kind::Accepted, Kind::PartlyAccepted];
        let kind = match (side, die.throw(3)) {
            (Side::Opener, 0 | 1) => *die.pick(&disclosing),
            (Side::Peer, 0) => *die.pick(&answers),
            _ => *die.pick(&kinds),
        };
        let named = |kind: Kind| self.nodes.iter().rfind(|node| node.kind == kind).map(|node| node.id);
        let names = match kind {
            Kind::TransferTaken => named(Kind::TransferOffered).or_else(|| self.nodes.first().map(|node| node.id)),
            Kind::Task => named(Kind::Plan).or_else(|| self.nodes.first().map(|node| node.id)),
            _ => None,
        };
        let later = side == Side::Opener && disclosing.contains(&kind);
        let stage = match kind {
            Kind::Need => 1,
            Kind::Identity => 2,
            _ => u32::try_from(die.throw(3)).unwrap(),
        };
        let when_ = if later { When::Later } else { When::Reply };
        let other = u32::try_from(1 + die.throw(self.document.rules.len() + 1)).unwrap();
        let rule = if die.one_in(8) { other } else { self.rule };
        let silent = !later && die.one_in(2);
        let (terms, values) = disclosure(die, &self.document, rule, stage, when_);
        let (terms, values) = if silent { (None, Vec::new()) } else { (Some(terms), values) };
        Attempt { side, kind, names, terms, values, time: when(die) }
    }

    /// Compares every decision about the newest event.
    fn judge(&mut self, attempt: &Attempt, may: Option<bool>, counts: &mut Counts) {
        let event = self.trail.events().last().unwrap().clone();
        let act = event.opening().map(|opening| opening.act);
        let (prev, seen) = (event.prev, event.seen);
        self.nodes.push(Node {
            id: event.id,
            side: attempt.side,
            kind: attempt.kind,
            prev,
            seen,
            names: attempt.names,
            version_ok: true,
            act,
            decision: match event.statement {
                Statement::Decision(decision) => Some(decision.kind),
                _ => None,
            },
        });
        counts.events += 1;
        let whole = Reference::read(&self.nodes, Without::Nothing);
        let place = self.nodes.len() - 1;
        let effective = whole.effective[place];
        counts.void += u64::from(!effective);
        let reading = self.trail.reading().unwrap();
        assert_eq!(reading.events[&event.id].verdict == Verdict::Effective, effective, "{}: a verdict", self.tell());
        assert!(may.is_none_or(|may| may == effective), "{}: what may be said", self.tell());
        assert_eq!(reading.stage as u8, whole.stage, "{}: the stage", self.tell());
        let owed: BTreeSet<EventId> = whole.owed.keys().map(|place| self.nodes[*place].id).collect();
        assert_eq!(reading.owed.keys().copied().collect::<BTreeSet<_>>(), owed, "{}: what is owed", self.tell());
        let reached = self.stage_before(place);
        let oversteps = self.oversteps(attempt, reached);
        assert_eq!(self.trail.oversteps(&event), oversteps, "{}: the stage of the terms", self.tell());
        let baseless = self.is_baseless(attempt, place);
        assert_eq!(self.trail.is_baseless(&event), baseless, "{}: the basis of a reply", self.tell());
        let unread = !effective || oversteps || baseless || owed.contains(&event.id);
        let Some((slots, disclosed)) = attempt.slots(self.author(attempt.side)) else { return };
        self.judge_slots(attempt, &event, &slots, &disclosed, unread, &whole, counts);
    }

    #[allow(clippy::too_many_arguments, reason = "one event and all that is known of it")]
    fn judge_slots(
        &self,
        attempt: &Attempt,
        event: &Verified<Event>,
        slots: &[u8],
        disclosed: &[Disclosed; 2],
        unread: bool,
        whole: &Summary,
        counts: &mut Counts,
    ) {
        let opening = self.trail.opening_event().unwrap();
        let request = Request::of(opening, event).unwrap();
        let asked = self.asked(attempt, self.when(attempt));
        let values = &attempt.values;
        let fields: Vec<Field> = values.iter().map(|(label, value)| field(label, value)).collect();
        let sent = |fields: Vec<Field>| match self.agreement.permit(&request) {
            Err(rejection) => Err(rejection),
            Ok(permitted) => permitted.minimise(fields).map(drop).map_err(|refused| refused.rejection),
        };
        let told = asked.send(values);
        *counts.told.entry(told.as_ref().map_or_else(Rejection::to_string, |()| "sent".into())).or_default() += 1;
        assert_eq!(sent(fields.clone()), told, "{}: what is sent: {values:?}", self.tell());
        if let (Some(first), Some(value)) = (fields.first().cloned(), values.first().cloned()) {
            let twice = [&values[..], &[value]].concat();
            assert_eq!(sent([&fields[..], &[first]].concat()), asked.send(&twice), "{}: one label twice", self.tell());
        }
        let count = slots.len() / 32;
        let said = |disclosed| match self.agreement.judge_labels(&request, disclosed, count) {
            Judgement::Yes => Said::Yes,
            Judgement::No(_) => Said::No,
            Judgement::NotCheckable | Judgement::EndUnknown => Said::NotCheckable,
        };
        for (open, disclosed) in [(true, &disclosed[0]), (false, &disclosed[1])] {
            let audit = asked.audit(values, open);
            *counts.audits.entry(format!("{audit:?}")).or_default() += 1;
            assert_eq!(said(Some(disclosed)), audit, "{}: an audit, values open {open}: {values:?}", self.tell());
        }
        let nothing = if asked.permit().is_ok() { Said::NotCheckable } else { Said::No };
        assert_eq!(said(None), nothing, "{}: an audit of what is closed", self.tell());
        let stripped = self.agreement.strip(&request, &disclosed[0]);
        let kept: Labels = stripped.kept.iter().map(|field| field.label().name().to_owned()).collect();
        assert_eq!(kept, asked.keep(values), "{}: what is kept of {values:?}", self.tell());
        assert_eq!(stripped.kept.len() + stripped.stripped.len(), values.len(), "{}: a label is lost", self.tell());
        // Whoever sends what is lawful has all of it read.
        assert!(told.is_err() || kept.len() == values.len(), "{}: less is kept than may be sent", self.tell());
        if unread {
            counts.unread += 1;
        } else {
            counts.kept += kept.len() as u64;
            counts.dropped += stripped.stripped.len() as u64;
            self.within(attempt, &kept, whole);
        }
    }

    /// No label that is read is outside profile, stage and basis.
    fn within(&self, attempt: &Attempt, kept: &Labels, whole: &Summary) {
        let terms = attempt.terms.unwrap();
        let staff = ["actor", "actor_role", "supervisor"];
        let told: Vec<&String> = kept.iter().filter(|label| !staff.contains(&label.as_str())).collect();
        if told.is_empty() {
            return;
        }
        let rule = self.document.rules.iter().find(|rule| rule.number == terms.rule).unwrap();
        let profile = self.document.profiles.iter().find(|profile| profile.name == rule.profile).unwrap();
        if self.when(attempt) == When::Reply {
            assert!(told.iter().all(|label| profile.reply.contains(label)), "{}: a reply", self.tell());
            return;
        }
        let basis = name_of(terms.basis);
        let (must, may) = carried(&basis);
        let listed = rule.bases.contains(&i32::from(terms.basis)) || basis == "none_needed_nonpersonal";
        let stages = [&profile.enquiry, &profile.need, &profile.identity];
        let ticks = attempt.values.iter().find(|(label, _)| label == "consent_ticked").map_or("", |(_, value)| value);
        for label in told {
            if must.contains(&label.as_str()) || may.contains(&label.as_str()) {
                assert!(listed, "{}: {label} of a basis that is not listed", self.tell());
                continue;
            }
            let stage = stages.iter().position(|list| list.contains(label));
            let stage = stage.unwrap_or_else(|| panic!("{}: {label} is outside the profile", self.tell()));
            // The stage is that of what the receiver has with this event, as the reference reads it.
            assert!(
                stage <= usize::from(whole.stage.max(self.reached(attempt))),
                "{}: {label} before its stage",
                self.tell()
            );
            assert!(
                stage == 0 || (listed && basis != "none_needed_nonpersonal"),
                "{}: {label} without a basis",
                self.tell()
            );
            assert!(stage > 0 || ["P0", "P1"].contains(&row(label)[1]), "{}: {label} at stage 0", self.tell());
            let ticked = ticks.split(' ').any(|tick| tick == label) && basis.ends_with("_consent");
            assert!(!profile.ticked.contains(label) || ticked, "{}: {label} without her tick", self.tell());
        }
    }

    /// The stage of what the author had, and of this event.
    fn reached(&self, attempt: &Attempt) -> u8 {
        let last = self.nodes.len() - 1;
        let mut past = self.past(last);
        past.push(self.nodes[last]);
        assert_eq!(past.last().unwrap().kind, attempt.kind);
        Reference::read(&past, Without::Nothing).stage
    }

    fn stage_before(&self, place: usize) -> u8 {
        let past = self.past(place);
        if past.is_empty() { 0 } else { Reference::read(&past, Without::Nothing).stage }
    }

    /// The events in the past of one.
    fn past(&self, place: usize) -> Vec<Node> {
        let mut past = BTreeSet::from([place]);
        for node in (0..=place).rev() {
            if past.contains(&node) {
                let of = &self.nodes[node];
                let parents = self
                    .nodes
                    .iter()
                    .enumerate()
                    .filter(|(_, parent)| of.prev == Some(parent.id) || of.seen == Some(parent.id));
                past.extend(parents.map(|(parent, _)| parent));
            }
        }
        past.into_iter().filter(|event| *event != place).map(|event| self.nodes[event]).collect()
    }

    // [EVT-24]
    fn oversteps(&self, attempt: &Attempt, reached: u8) -> bool {
        let Some(terms) = attempt.terms else { return false };
        match attempt.kind {
            kind if kind.opens() => false,
            Kind::Need | Kind::Identity => false,
            Kind::Reopened => terms.stage > u32::from(reached) || terms.stage == 2,
            _ => terms.stage > u32::from(reached),
        }
    }

    // [EVT-30]
    fn is_baseless(&self, attempt: &Attempt, place: usize) -> bool {
        let Some(terms) = attempt.terms else { return false };
        if self.when(attempt) != When::Reply || terms.basis == LegalBasis::NoneNeededNonpersonal {
            return false;
        }
        let told = [Kind::Need, Kind::Identity, Kind::Corrected, Kind::Reopened, Kind::Minutes, Kind::Plan];
        let discloses = |node: &Node| node.side == Side::Opener && (node.kind.opens() || told.contains(&node.kind));
        let said = self.past(place).into_iter().filter(discloses).filter_map(|node| self.trail.event(&node.id)?.terms);
        !said.into_iter().any(|said| (said.basis, said.article) == (terms.basis, terms.article))
    }

    fn asked(&self, attempt: &Attempt, when: When) -> Asked<'_> {
        let terms = attempt.terms.unwrap();
        Asked {
            document: &self.document,
            opener: self.parties[0].as_bytes(),
            peer: self.parties[1].as_bytes(),
            act: self.opening.act,
            service: self.opening.service_type,
            stage: terms.stage,
            rule: terms.rule,
            basis: basis_word(terms.basis),
            article: terms.article,
            when,
            kind: match attempt.kind {
                Kind::DecisionNo => "decision",
                kind => kind.word(),
            },
            time: attempt.time,
        }
    }

    fn when(&self, attempt: &Attempt) -> When {
        match (attempt.side, attempt.kind) {
            (Side::Opener, kind) if kind.opens() => When::Opening,
            (
                Side::Opener,
                Kind::Need | Kind::Identity | Kind::Corrected | Kind::Reopened | Kind::Minutes | Kind::Plan,
            ) => When::Later,
            _ => When::Reply,
        }
    }

    fn author(&self, side: Side) -> OrgId {
        self.parties[usize::from(side == Side::Peer)]
    }

    fn tell(&self) -> String {
        let said: Vec<String> =
            self.trail.events().map(|event| format!("{} {:?}", event.statement.name(), event.terms)).collect();
        format!("seed {}, {:?}", self.seed, said)
    }
}

// [AGR-21] [AGR-22] [AGR-23] [BAS-1] [BAS-2] [BAS-3] [BAS-4] [BAS-5] [BAS-6] [BAS-8] [BAS-9] [BAS-10] [BAS-11] [DIS-12] [DIS-13]
#[test]
fn whatever_two_parties_try_nothing_is_read_outside_profile_stage_and_basis() {
    let mut counts = Counts::default();
    (1..=300).for_each(|seed| play(seed, 9, &mut counts));
    println!("{counts:?}");
    assert!(counts.void > 100 && counts.unread > 100 && counts.kept > 500 && counts.dropped > 500, "{counts:?}");
    assert!(counts.told.len() >= 5 && counts.told.values().all(|count| *count > 10), "{counts:?}");
    assert!(counts.audits.len() == 3 && counts.audits.values().all(|count| *count > 10), "{counts:?}");
}
