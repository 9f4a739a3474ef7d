//! Trails as lines of text, and readings as lines of text.

use std::collections::BTreeMap;

use uput_core::agreement::Code;
use uput_core::id::EventId;
use uput_core::state::{Finding, Kind, Node, Offer, Reading, Side, Verdict};
use uput_core::wire::{Act, DecisionType};

/// A trail under construction: names of events, and nodes.
#[derive(Clone, Default)]
pub(crate) struct Trail {
    pub(crate) nodes: Vec<Node>,
    names: BTreeMap<String, EventId>,
    last: BTreeMap<Side, EventId>,
}

impl Trail {
    /// From lines `NAME SIDE KIND [prev=NAME] [seen=NAME] [names=NAME] [version=newer] [act=WORD] [type=WORD]`. Without `prev`, the author's line
    /// before; `prev=none` for none; `seen=all` for the line before of the other party.
    pub(crate) fn parse(text: &str) -> Self {
        let mut trail = Self::default();
        text.lines().map(str::trim).filter(|line| !line.is_empty()).for_each(|line| trail.line(line));
        trail
    }

    pub(crate) fn line(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (name, side, kind) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let side = if side == "O" { Side::Opener } else { Side::Peer };
        let kind = Kind::from_word(kind).unwrap_or_else(|| panic!("no kind {kind}"));
        let id = self.id(name);
        let prev = self.last.get(&side).copied();
        let mut node =
            Node { id, side, kind, prev, seen: None, names: None, version_ok: true, act: None, decision: None };
        for word in words {
            let (key, value) = word.split_once('=').unwrap();
            match key {
                "prev" => node.prev = self.pointer(value, side),
                "seen" => node.seen = self.pointer(value, side.other()),
                "names" => node.names = self.pointer(value, side.other()),
                "version" => node.version_ok = value != "newer",
                "act" => node.act = Some(Act::from_word(value).unwrap_or_else(|| panic!("no act {value}"))),
                "type" => {
                    let word = DecisionType::from_word(value);
                    node.decision = Some(word.unwrap_or_else(|| panic!("no type of decision {value}")));
                }
                _ => panic!("no field {key}"),
            }
        }
        self.last.insert(side, id);
        self.nodes.push(node);
    }

    pub(crate) fn id(&mut self, name: &str) -> EventId {
        let number = u8::try_from(self.names.len() + 1).unwrap();
        *self.names.entry(name.to_owned()).or_insert_with(|| EventId::new([number; 32]))
    }

    fn pointer(&mut self, value: &str, side: Side) -> Option<EventId> {
        match value {
            "none" => None,
            "all" => self.last.get(&side).copied(),
            name => Some(self.id(name)),
        }
    }

    pub(crate) fn name(&self, id: EventId) -> &str {
        self.names.iter().find(|(_, other)| **other == id).map_or("?", |(name, _)| name)
    }

    fn list<'a>(&self, ids: impl IntoIterator<Item = &'a EventId>) -> String {
        let mut names: Vec<&str> = ids.into_iter().map(|id| self.name(*id)).collect();
        names.sort_unstable();
        if names.is_empty() { "-".to_owned() } else { names.join(" ") }
    }

    /// The reading, one line a noun.
    pub(crate) fn show(&self, reading: &Reading) -> Vec<String> {
        let mut lines = vec![
            format!("headline {}", reading.headline.word()),
            format!("live {}", reading.live),
            format!("stage {}", reading.stage as u8),
            format!("epoch {}", reading.epoch),
            format!("answer {}", reading.answer.map_or("-", |answer| self.name(answer.event))),
            format!("covering {}", reading.covering),
            format!("acknowledged {}", self.list(&reading.acknowledged)),
            format!("outstanding {}", self.list(&reading.outstanding)),
            format!("owed {}", self.owed(reading)),
            format!("responsible {}", responsible(reading)),
            format!("offer {}", self.offer(reading)),
            format!("stops {}", self.list(&reading.stops)),
            format!("closings {}", self.list(&reading.closings)),
            format!("world {}", self.list(&reading.world)),
            format!("world_now {}", self.list(&reading.world_now)),
            format!("objections {}", self.list(&reading.objections)),
            format!("warnings {}", self.list(&reading.warnings)),
            format!("decisions {}", self.list(&reading.decisions)),
            format!("plans {}", self.list(&reading.plans)),
            format!("escalations {}", self.list(&reading.escalations)),
            format!("under_law {}", reading.under_law),
        ];
        lines.extend(self.voids(reading));
        lines.extend(reading.findings.iter().map(|finding| self.finding(*finding)));
        lines.extend(
            reading
                .fresh_basis
                .iter()
                .map(|(id, withdrawn)| format!("fresh_basis {} {}", self.name(*id), self.list(withdrawn))),
        );
        lines.extend(reading.crossings.iter().map(|crossing| {
            let (opener, peer) = (self.name(crossing.opener), self.name(crossing.peer));
            format!("crossing {opener} {peer} {}", crossing.outcome.word())
        }));
        lines
    }

    fn owed(&self, reading: &Reading) -> String {
        let mut all: Vec<String> = Vec::new();
        for (id, duties) in &reading.owed {
            let letters: String = duties.iter().map(|duty| duty.letter()).collect();
            all.push(format!("{}:{letters}", self.name(*id)));
        }
        all.sort_unstable();
        if all.is_empty() { "-".to_owned() } else { all.join(" ") }
    }

    fn offer(&self, reading: &Reading) -> String {
        match reading.offer {
            Offer::None => "none".to_owned(),
            Offer::Open(id) => format!("open {}", self.name(id)),
            Offer::Taken(id) => format!("taken {}", self.name(id)),
            Offer::Completed(id) => format!("completed {}", self.name(id)),
        }
    }

    fn voids(&self, reading: &Reading) -> Vec<String> {
        let void = |(id, judged): (&EventId, &uput_core::state::Judged)| match judged.verdict {
            Verdict::Void(reason) => Some(format!("void {} {reason}", self.name(*id))),
            Verdict::Effective => None,
        };
        reading.events.iter().filter_map(void).collect()
    }

    fn finding(&self, finding: Finding) -> String {
        assert!(Finding::WORDS.contains(&finding.word()), "{finding:?}");
        format!("finding {} {}", finding.word(), self.name(finding.event()))
    }
}

fn responsible(reading: &Reading) -> &'static str {
    match (reading.responsible.opener, reading.responsible.peer) {
        (true, true) => "O P",
        (true, false) => "O",
        (false, true) => "P",
        (false, false) => "nobody",
    }
}
