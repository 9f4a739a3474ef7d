//! A second implementation of specs/state.md, written apart from the first: sets of indexes, recursion, no table, no
//! facts. Each rule can be switched off, which makes a mutant.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::agreement::name_of;
use uput_core::state::{Headline, Kind, Node, Side};

const ACTS: &str = include_str!("../../../../specs/state/acts.tsv");

type Events = BTreeSet<usize>;

/// Rules that can be taken out, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Without {
    /// None: the semantics.
    Nothing,
    /// A reopening sets aside every stop of an earlier epoch. (P2)
    StopsItHasNotSeen,
    /// ... and every fact of the world. (P3)
    FactsItHasNotSeen,
    /// A purge covers what it has not seen. (P4)
    PurgeOfThePast,
    /// What crossed the receiver's closing is not owed. (P5)
    UnseenAtClose,
    /// A correction alone is not owed. (P6)
    NothingToCorrect,
    /// Misdirected after having taken. (P8)
    NotTaken,
    /// An acceptance at stage 0. (P9)
    StageOfAcceptance,
    /// An acceptance of a need it has not seen. (P10)
    Covering,
    /// No answer after a service began. (P11)
    YesAfterStart,
    /// A report after a withdrawal is void. (P12)
    ReportsNeverVoid,
    /// A recalled offer that was taken moves responsibility. (P7)
    RecallBeatsTaking,
    /// A decision that was taken away stays a ground.
    GroundTakenAway,
}

/// What the reference reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) effective: Vec<bool>,
    pub(crate) headline: Headline,
    pub(crate) live: bool,
    pub(crate) stage: u8,
    pub(crate) epoch: u32,
    pub(crate) answer: Option<Kind>,
    pub(crate) covering: bool,
    pub(crate) outstanding: Events,
    pub(crate) owed: BTreeMap<usize, String>,
    pub(crate) responsible: (bool, bool),
    pub(crate) stops: Events,
    pub(crate) world_now: Events,
    pub(crate) offers: (bool, bool, bool),
    pub(crate) grounds: Events,
}

pub(crate) struct Reference<'a> {
    nodes: &'a [Node],
    without: Without,
    pasts: Vec<Events>,
    effective: BTreeMap<usize, bool>,
}

impl<'a> Reference<'a> {
    /// Nodes with parents first.
    pub(crate) fn read(nodes: &'a [Node], without: Without) -> Summary {
        let mut reference = Self { nodes, without, pasts: Vec::new(), effective: BTreeMap::new() };
        for node in nodes {
            let mut past = Events::new();
            for (parent, other) in nodes.iter().enumerate() {
                if node.prev == Some(other.id) || node.seen == Some(other.id) {
                    past.insert(parent);
                    past.extend(reference.pasts[parent].clone());
                }
            }
            reference.pasts.push(past);
        }
        let all = (0..nodes.len()).collect();
        let effective = (0..nodes.len()).map(|event| reference.is_effective(event)).collect();
        reference.summary(&all, effective)
    }

    fn is_effective(&mut self, event: usize) -> bool {
        if let Some(known) = self.effective.get(&event) {
            return *known;
        }
        let past = self.pasts[event].clone();
        for before in &past {
            self.is_effective(*before);
        }
        let node = self.nodes[event];
        let pinned = node.version_ok || node.kind == Kind::Delivered || past.is_empty();
        let effective = pinned && !self.is_left_out(node) && self.lawful(event, &past);
        self.effective.insert(event, effective);
        effective
    }

    /// The stage from which on the act of the trail has a yes, by the file.
    fn lowest_yes(&self) -> Option<u32> {
        let act = self.nodes.iter().find_map(|node| node.act)?;
        let rows = ACTS.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        rows.into_iter().find(|row| row[0] == name_of(act)).map(|row| row[6].parse().unwrap())
    }

    /// Whether the act of the trail leaves it out, by the words of the file.
    fn is_left_out(&self, node: Node) -> bool {
        let Some(act) = self.nodes.iter().find_map(|node| node.act) else { return false };
        let rows = ACTS.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let row = rows.into_iter().find(|row| row[0] == name_of(act)).unwrap();
        let without = if node.side == Side::Opener { row[4] } else { row[5] };
        let highest: u32 = row[2].parse().unwrap();
        let above = match node.kind {
            Kind::Need => highest < 1,
            Kind::Identity => highest < 2,
            _ => false,
        };
        above || without.split(' ').any(|word| word == node.kind.word())
    }

    fn lawful(&self, event: usize, past: &Events) -> bool {
        use Kind::*;
        let node = self.nodes[event];
        if self.without == Without::ReportsNeverVoid
            && matches!(node.kind, ContactMade | CouldNotReach | Started | Provided | Visited | VisitedNo)
            && self.stops(past).iter().any(|stop| self.nodes[*stop].kind == Withdrawn)
        {
            return false;
        }
        match (node.side, node.kind) {
            (_, Delivered | Decision | DecisionNo | Withdrawn) => true,
            (Side::Opener, kind) => self.opener_may(kind, past),
            (Side::Peer, kind) => self.peer_may(kind, event, past),
        }
    }

    fn opener_may(&self, kind: Kind, past: &Events) -> bool {
        use Kind::*;
        let (live, stage, answer) = (self.live(past), self.stage(past), self.answer(past));
        let no = matches!(answer, Some(Declined | Redirected));
        let has = |kinds: &[Kind]| !self.of(past, kinds).is_empty();
        match kind {
            Opened0 | Opened1 | Opened2 => past.is_empty(),
            Need if stage == 0 => {
                let phoned = self.of(past, &[Phoned]).iter().any(|said| self.epoch_of(*said) == self.epoch(past));
                live && (matches!(answer, Some(Held | Waitlisted)) || (phoned && !no) || self.covering(past))
            }
            Need => live && !no,
            Identity => {
                let law = has(&[Opened2]) && stage >= 1;
                live && ((stage >= 1 && self.covering(past)) || ((!self.grounds(past).is_empty() || law) && !no))
            }
            Corrected => {
                self.stops(past).is_empty() && !self.outstanding(past).is_empty() && self.owed(past).is_empty()
            }
            Minutes | Plan => {
                let law = has(&[Opened2]) && !no;
                live && stage >= 1 && (self.covering(past) || law)
            }
            Warned | HandedOver0 | HandedOver1 | HandedOver2 | Phoned | PhonedNo | Revoked => true,
            Task | Visited | VisitedNo | Escalated => true,
            ChosenElsewhere | Closed => live,
            Reopened => !past.is_empty() && !live && !has(&[Misdirected]),
            PurgeAsked => {
                self.outstanding(past).iter().any(|values| !self.before_any(*values, &self.of(past, &[PurgeAsked])))
            }
            TransferOffered => live && stage >= 1 && self.offers(past).is_empty() && !has(&[TransferCompleted]),
            TransferRecalled => !self.offers(past).is_empty() && !has(&[TransferCompleted]),
            TransferCompleted => {
                live && !has(&[TransferCompleted]) && !self.taken(past).is_empty() && self.covering(past)
            }
            _ => false,
        }
    }

    fn peer_may(&self, kind: Kind, event: usize, past: &Events) -> bool {
        use Kind::*;
        let live = self.live(past);
        let has = |kinds: &[Kind]| !self.of(past, kinds).is_empty();
        let taken = (!self.taken(past).is_empty() || has(&[TransferCompleted])) && self.without != Without::NotTaken;
        let started = self.world_now(past).iter().any(|fact| matches!(self.nodes[*fact].kind, Started | Provided));
        let shut = self.without == Without::YesAfterStart && started;
        match kind {
            Acknowledged | ContactMade | CouldNotReach | Started | Provided | Task | Visited | VisitedNo => true,
            Held => live && !shut,
            Closed => live,
            Accepted | PartlyAccepted => {
                let early = self.without == Without::StageOfAcceptance || self.lowest_yes() == Some(0);
                live && !shut && (self.stage(past) >= 1 || early)
            }
            Waitlisted | Declined | Redirected => live && !started && !taken,
            Misdirected => {
                let visits = self.of(past, &[Visited]);
                let visited = visits.iter().any(|visit| self.nodes[*visit].side == Side::Peer);
                !has(&[ContactMade, Started, Provided, Misdirected]) && !visited && !taken
            }
            Reopened => !past.is_empty() && !live && self.stops(past).is_empty(),
            Purged | Retained => !self.outstanding(past).is_empty() && (!live || !self.owed(past).is_empty()),
            TransferTaken => {
                let offers = self.offers(past);
                let names = offers.iter().any(|offer| self.nodes[event].names == Some(self.nodes[*offer].id));
                live && names && self.covering(past) && !has(&[TransferCompleted])
            }
            _ => false,
        }
    }

    /// The effective events of these kinds.
    fn of(&self, events: &Events, kinds: &[Kind]) -> Events {
        let counts = |event: &usize| self.effective[event] && kinds.contains(&self.nodes[*event].kind);
        events.iter().copied().filter(counts).collect()
    }

    fn before_any(&self, event: usize, later: &Events) -> bool {
        later.iter().any(|other| self.pasts[*other].contains(&event))
    }

    fn epoch(&self, events: &Events) -> u32 {
        self.of(events, &[Kind::Reopened]).iter().map(|again| self.epoch_of(*again)).max().unwrap_or(0)
    }

    fn epoch_of(&self, event: usize) -> u32 {
        let before = self.epoch(&self.pasts[event]);
        before + u32::from(self.nodes[event].kind == Kind::Reopened && self.effective[&event])
    }

    fn in_epoch(&self, events: &Events, kinds: &[Kind]) -> Events {
        let epoch = self.epoch(events);
        self.of(events, kinds).into_iter().filter(|event| self.epoch_of(*event) == epoch).collect()
    }

    fn standing(&self, events: &Events, kinds: &[Kind], by_number: bool) -> Events {
        let reopenings = self.of(events, &[Kind::Reopened]);
        let epoch = self.epoch(events);
        let aside = |event: &usize| {
            if by_number { self.epoch_of(*event) < epoch } else { self.before_any(*event, &reopenings) }
        };
        self.of(events, kinds).into_iter().filter(|event| !aside(event)).collect()
    }

    fn stops(&self, events: &Events) -> Events {
        let mut kinds = vec![Kind::Revoked, Kind::Misdirected, Kind::ChosenElsewhere];
        if self.of(events, &[Kind::Opened2]).is_empty() {
            kinds.push(Kind::Withdrawn);
        }
        self.standing(events, &kinds, self.without == Without::StopsItHasNotSeen)
    }

    fn world_now(&self, events: &Events) -> Events {
        use Kind::*;
        let kinds = [ContactMade, CouldNotReach, Started, Provided, Visited, VisitedNo];
        self.standing(events, &kinds, self.without == Without::FactsItHasNotSeen)
    }

    fn live(&self, events: &Events) -> bool {
        !events.is_empty() && self.stops(events).is_empty() && self.in_epoch(events, &[Kind::Closed]).is_empty()
    }

    fn stage(&self, events: &Events) -> u8 {
        use Kind::*;
        let kinds = [Opened1, Opened2, Need, Identity, Reopened];
        let reached = |event: &usize| match self.nodes[*event].kind {
            Opened2 | Identity => 2,
            Reopened => u8::from(self.reopened_at_one(*event)),
            _ => 1,
        };
        self.in_epoch(events, &kinds).iter().map(reached).max().unwrap_or(0)
    }

    fn reopened_at_one(&self, event: usize) -> bool {
        let past = &self.pasts[event];
        let held = if self.nodes[event].side == Side::Opener { self.values(past) } else { self.outstanding(past) };
        !held.is_empty()
    }

    fn newest_answers(&self, events: &Events) -> Events {
        use Kind::*;
        let kinds = [Held, Accepted, PartlyAccepted, Waitlisted, Declined, Redirected];
        let answers = self.in_epoch(events, &kinds);
        answers.iter().copied().filter(|answer| !self.before_any(*answer, &answers)).collect()
    }

    fn answer(&self, events: &Events) -> Option<Kind> {
        use Kind::*;
        let caution = [Redirected, Declined, Waitlisted, Held, PartlyAccepted, Accepted];
        let newest = self.newest_answers(events);
        caution.into_iter().find(|kind| newest.iter().any(|answer| self.nodes[*answer].kind == *kind))
    }

    fn covering(&self, events: &Events) -> bool {
        let newest = self.newest_answers(events);
        let needs = self.needs(events);
        let covers = |answer: &usize| needs.iter().all(|need| self.pasts[*answer].contains(need));
        let careless = self.without == Without::Covering;
        matches!(self.answer(events), Some(Kind::Accepted | Kind::PartlyAccepted))
            && newest.iter().all(|answer| careless || covers(answer))
    }

    fn needs(&self, events: &Events) -> Events {
        use Kind::*;
        self.values(events)
            .into_iter()
            .filter(|event| matches!(self.nodes[*event].kind, Opened1 | Opened2 | Need | Reopened))
            .collect()
    }

    /// The disclosures of values.
    fn values(&self, events: &Events) -> Events {
        use Kind::*;
        let mut values = self.of(events, &[Opened1, Opened2, Need, Identity, Corrected, Minutes, Plan]);
        let restated = self.of(events, &[Reopened]).into_iter();
        values.extend(restated.filter(|event| self.nodes[*event].side == Side::Opener && self.reopened_at_one(*event)));
        values
    }

    fn outstanding(&self, events: &Events) -> Events {
        let purges = self.of(events, &[Kind::Purged, Kind::Retained]);
        let all = self.without == Without::PurgeOfThePast && !purges.is_empty();
        self.values(events).into_iter().filter(|values| !all && !self.before_any(*values, &purges)).collect()
    }

    fn owed(&self, events: &Events) -> BTreeMap<usize, String> {
        let outstanding = self.outstanding(events);
        let correction = |event: &usize| self.nodes[*event].kind == Kind::Corrected;
        let alone = outstanding.iter().all(correction) && self.without != Without::NothingToCorrect;
        let asked = self.of(events, &[Kind::PurgeAsked]);
        let no =
            !self.stops(events).is_empty() || matches!(self.answer(events), Some(Kind::Declined | Kind::Redirected));
        let closings = self.in_epoch(events, &[Kind::Closed]).into_iter();
        let closings: Vec<usize> = closings.filter(|closing| self.nodes[*closing].side == Side::Peer).collect();
        let unseen = |event: &usize| closings.iter().any(|closing| !self.pasts[*closing].contains(event));
        let mut owed = BTreeMap::new();
        for event in &outstanding {
            let mut letters = String::new();
            if self.before_any(*event, &asked) {
                letters.push('a');
            }
            if no {
                letters.push('b');
            }
            if !correction(event) && unseen(event) && self.without != Without::UnseenAtClose {
                letters.push('c');
            }
            if alone {
                letters.push('d');
            }
            if !letters.is_empty() {
                owed.insert(*event, letters);
            }
        }
        owed
    }

    /// Decisions that grant, and that none of their type has refused since.
    fn grounds(&self, events: &Events) -> Events {
        let refused = |granted: &usize| {
            let same = |no: &usize| self.nodes[*no].decision == self.nodes[*granted].decision;
            let mut refusals = self.of(events, &[Kind::DecisionNo]).into_iter().filter(same);
            refusals.any(|no| self.pasts[no].contains(granted))
        };
        let careless = self.without == Without::GroundTakenAway;
        self.of(events, &[Kind::Decision]).into_iter().filter(|granted| careless || !refused(granted)).collect()
    }

    /// Offers that were not recalled.
    fn offers(&self, events: &Events) -> Events {
        let recalls = self.of(events, &[Kind::TransferRecalled]);
        let offers = self.of(events, &[Kind::TransferOffered]).into_iter();
        offers.filter(|offer| !self.before_any(*offer, &recalls)).collect()
    }

    fn taken(&self, events: &Events) -> Events {
        let careless = self.without == Without::RecallBeatsTaking;
        let offers = if careless { self.of(events, &[Kind::TransferOffered]) } else { self.offers(events) };
        let takings = self.of(events, &[Kind::TransferTaken]);
        let taken =
            |offer: &usize| takings.iter().any(|taking| self.nodes[*taking].names == Some(self.nodes[*offer].id));
        offers.into_iter().filter(taken).collect()
    }

    fn headline(&self, events: &Events) -> Headline {
        use Kind::*;
        let stops = self.stops(events);
        let closed = self.in_epoch(events, &[Closed]);
        let world = self.world_now(events);
        let is = |events: &Events, kind| events.iter().any(|event| self.nodes[*event].kind == kind);
        let said = [
            (is(&stops, Withdrawn), Headline::Withdrawn),
            (is(&stops, Revoked), Headline::Revoked),
            (is(&stops, Misdirected), Headline::Misdirected),
            (is(&stops, ChosenElsewhere), Headline::ChosenElsewhere),
            (!closed.is_empty(), Headline::Closed),
            (is(&world, Provided), Headline::Provided),
            (is(&world, Started), Headline::Started),
        ];
        let answered = || match self.answer(events) {
            Some(Redirected) => Headline::Redirected,
            Some(Declined) => Headline::Declined,
            Some(Waitlisted) => Headline::Waitlisted,
            Some(Held) => Headline::Held,
            Some(PartlyAccepted) => Headline::PartlyAccepted,
            Some(Accepted) => Headline::Accepted,
            _ => Headline::Asked,
        };
        said.into_iter().find(|(holds, _)| *holds).map_or_else(answered, |(_, line)| line)
    }

    fn summary(&self, all: &Events, effective: Vec<bool>) -> Summary {
        let completed = !self.of(all, &[Kind::TransferCompleted]).is_empty();
        let taken = !self.taken(all).is_empty();
        let open = !self.offers(all).is_empty();
        Summary {
            effective,
            headline: self.headline(all),
            live: self.live(all),
            stage: self.stage(all),
            epoch: self.epoch(all),
            answer: self.answer(all),
            covering: self.covering(all),
            outstanding: self.outstanding(all),
            owed: self.owed(all),
            responsible: (!completed, completed || taken),
            stops: self.stops(all),
            world_now: self.world_now(all),
            grounds: self.grounds(all),
            offers: (completed, taken && !completed, open && !completed),
        }
    }
}
