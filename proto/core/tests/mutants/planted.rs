//! A mutant for each paradox of specs/state.md: the rule that fixes it, taken out.

use std::time::Duration;

use crate::copy::{Copy, Edit};

/// A rule that is taken out.
#[derive(Debug)]
pub(crate) struct Planted {
    /// The paradox that it lets in.
    pub(crate) paradox: u8,
    /// What the mutant does.
    pub(crate) says: &'static str,
    /// The invariant that must catch it.
    pub(crate) caught_by: &'static str,
    pub(crate) edits: &'static [Edit],
}

/// What caught it.
#[derive(Debug)]
pub(crate) struct Caught {
    pub(crate) violation: String,
}

impl Planted {
    /// Compiles it and looks for the smallest violation; none if it has none.
    pub(crate) fn hunt(&self) -> Option<Caught> {
        let copy = Copy::edited(self.edits).unwrap_or_else(|wrong| panic!("{}: {wrong}", self.says));
        copy.compile().unwrap_or_else(|wrong| panic!("{}: {wrong}", self.says));
        let found = copy.run(&[], Duration::from_secs(1_800));
        assert!(!found.endless, "{}: the check did not end", self.says);
        let violation = found.output.lines().next().map(str::to_owned);
        violation.map(|violation| Caught { violation })
    }
}

const fn edit(file: &'static str, from: &'static str, to: &'static str) -> Edit {
    Edit { file, from, to }
}

const STANDING: &str = "self.with(fact).minus(&self.set_aside)";

/// All of them. // [STA-29]
pub(crate) const PLANTED: &[Planted] = &[
    Planted {
        paradox: 1,
        says: "an event is judged on what one holds when it comes",
        caught_by: "I10",
        edits: &[edit("history.rs", "let view = View::new(self, past.clone());", "let view = self.whole();")],
    },
    Planted {
        paradox: 2,
        says: "a reopening sets aside the stops of the epoch before, seen or not",
        caught_by: "I5",
        edits: &[edit(
            "view.rs",
            STANDING,
            "if matches!(fact, Fact::Stop | Fact::Withdrawal) { self.now(fact) } else { self.with(fact).minus(&self.set_aside) }",
        )],
    },
    Planted {
        paradox: 3,
        says: "a reopening hides what happened in the epoch before, seen or not",
        caught_by: "I12",
        edits: &[edit(
            "view.rs",
            STANDING,
            "if matches!(fact, Fact::World | Fact::Service) { self.now(fact) } else { self.with(fact).minus(&self.set_aside) }",
        )],
    },
    Planted {
        paradox: 4,
        says: "a purge covers what was on its way",
        caught_by: "I3",
        edits: &[edit(
            "view.rs",
            "self.with(Fact::Values).minus(&self.history.pasts(&self.with(Fact::Cover)))",
            "if self.with(Fact::Cover).is_empty() { self.with(Fact::Values) } else { Set::default() }",
        )],
    },
    Planted {
        paradox: 5,
        says: "what crossed the receiver's closing is owed by nobody",
        caught_by: "I6",
        edits: &[edit("view.rs", "unseen.join(&originals.minus(self.history.past(end)));", "let _ = end;")],
    },
    Planted {
        paradox: 6,
        says: "a correction that is left alone is owed by nobody",
        caught_by: "I6",
        edits: &[edit(
            "view.rs",
            "if originals.is_empty() { corrections } else { Set::default() }",
            "{ let _ = (corrections, originals); Set::default() }",
        )],
    },
    Planted {
        paradox: 7,
        says: "the sender alone moves responsibility",
        caught_by: "I7",
        edits: &[edit("table.rs", "&[Live, OfferTaken, Covered]", "&[Live, OfferOpen, Covered]")],
    },
    Planted {
        paradox: 7,
        says: "the receiver alone gives responsibility back",
        caught_by: "I7",
        edits: &[
            edit(
                "table.rs",
                "act(Declined, P, &[&[Live, NotStarted, NotTaken]]",
                "act(Declined, P, &[&[Live, NotStarted]]",
            ),
            edit(
                "reading.rs",
                "completed || !view.taken().is_empty()",
                "completed || !(view.taken().is_empty() || view.refused())",
            ),
        ],
    },
    Planted {
        paradox: 8,
        says: "what was taken is called not one's own",
        caught_by: "I13",
        edits: &[edit("table.rs", "&[NeverMet, NotMisdirected, NotTaken]", "&[NeverMet, NotMisdirected]")],
    },
    Planted {
        paradox: 9,
        says: "an enquiry is accepted",
        caught_by: "I14",
        edits: &[
            edit(
                "table.rs",
                "act(Accepted, P, &[&[Live, FromStage1], &[Live, YesAtStage0]]",
                "act(Accepted, P, &[&[Live]]",
            ),
            edit(
                "table.rs",
                "act(PartlyAccepted, P, &[&[Live, FromStage1], &[Live, YesAtStage0]]",
                "act(PartlyAccepted, P, &[&[Live]]",
            ),
            edit("table.rs", "&[Live, FromStage1, Covered], &[Live, Decided", "&[Live, Covered], &[Live, Decided"),
        ],
    },
    Planted {
        paradox: 10,
        says: "an acceptance counts for a need that crossed it",
        caught_by: "I14",
        edits: &[edit(
            "view.rs",
            "let covers = |place| questions.minus(self.history.past(place)).is_empty();",
            "let covers = |_| questions.is_empty() || true;",
        )],
    },
    Planted {
        paradox: 11,
        says: "no yes after the service began",
        caught_by: "I9",
        edits: &[
            edit("table.rs", "act(Held, P, &[&[Live]]", "act(Held, P, &[&[Live, NotStarted]]"),
            edit(
                "table.rs",
                "act(Accepted, P, &[&[Live, FromStage1], &[Live, YesAtStage0]]",
                "act(Accepted, P, &[&[Live, FromStage1, NotStarted], &[Live, YesAtStage0, NotStarted]]",
            ),
            edit(
                "table.rs",
                "act(PartlyAccepted, P, &[&[Live, FromStage1], &[Live, YesAtStage0]]",
                "act(PartlyAccepted, P, &[&[Live, FromStage1, NotStarted], &[Live, YesAtStage0, NotStarted]]",
            ),
        ],
    },
    Planted {
        paradox: 12,
        says: "contact after a withdrawal is void",
        caught_by: "I15",
        edits: &[edit(
            "table.rs",
            "report(ContactMade, P, &[World, Met])",
            "Row { pre: &[&[NoStop]], ..report(ContactMade, P, &[World, Met]) }",
        )],
    },
    Planted {
        paradox: 13,
        says: "nothing may be said after a stop, not even a warning",
        caught_by: "I11",
        edits: &[edit(
            "table.rs",
            "report(Warned, O, &[Warning])",
            "Row { pre: &[&[NoStop]], ..report(Warned, O, &[Warning]) }",
        )],
    },
    Planted {
        paradox: 14,
        says: "whoever hides from its `seen` what it held is not found",
        caught_by: "I16",
        edits: &[edit(
            "finding.rs",
            "hidden && entry.node.seen.is_none_or(continues)",
            "hidden && entry.node.seen.is_none_or(continues) && false",
        )],
    },
    Planted {
        paradox: 14,
        says: "what betrays a hidden event is void",
        caught_by: "I16",
        edits: &[edit(
            "history.rs",
            "if kind == Kind::Delivered {",
            "if kind == Kind::Delivered && named.is_none_or(|named| past.within().contains(named)) {",
        )],
    },
    Planted {
        paradox: 15,
        says: "an event newer than the trail counts where it can be read",
        caught_by: "I17",
        edits: &[edit("history.rs", "let pinned = node.version_ok ||", "let pinned = true || node.version_ok ||")],
    },
    Planted {
        paradox: 15,
        says: "a trail is read around what is missing",
        caught_by: "I2",
        edits: &[
            edit(
                "evaluate.rs",
                "[node.prev, node.seen].into_iter().flatten().collect();",
                "[node.prev, node.seen].into_iter().flatten().filter(|parent| by_id.contains_key(parent)).collect();",
            ),
            edit(
                "history.rs",
                "let place = self.places.get(&parent).copied().ok_or(Broken::ParentMissing(parent))?;",
                "let Some(place) = self.places.get(&parent).copied() else { continue };",
            ),
        ],
    },
    Planted {
        paradox: 16,
        says: "after a withdrawal on the receiver's word the sender cannot reopen",
        caught_by: "I10",
        edits: &[edit(
            "table.rs",
            "act(Withdrawn, P, &[], &[Withdrawal])",
            "act(Withdrawn, P, &[], &[Withdrawal, Final])",
        )],
    },
    Planted {
        paradox: 16,
        says: "a withdrawal on the receiver's word is set aside without asking her again",
        caught_by: "I18",
        edits: &[edit(
            "reading.rs",
            "withdrawn.iter().filter_map(|place| history.id(place)).collect::<BTreeSet<_>>()",
            "withdrawn.iter().filter(|place| !history.by_peer(*place)).filter_map(|place| history.id(place)).collect::<BTreeSet<_>>()",
        )],
    },
];
