//! Which sources are changed, and by which tests they are held.

/// Sources that the same tests hold.
pub struct Group {
    pub name: &'static str,
    /// Of `src`; what only writes, reads sources or makes sentences is not among them.
    pub files: &'static [&'static str],
    /// What is quick first.
    pub turns: &'static [Turn],
}

/// Tests that are run together.
pub struct Turn {
    /// The program that has them; `lib` for those beside the sources.
    pub program: &'static str,
    pub tests: &'static [&'static str],
}

const fn turn(program: &'static str, tests: &'static [&'static str]) -> Turn {
    Turn { program, tests }
}

/// All of them.
pub const GROUPS: &[Group] = &[
    Group {
        name: "state",
        files: &[
            "act.rs",
            "state/counterpart.rs",
            "state/crossing.rs",
            "state/evaluate.rs",
            "state/fact.rs",
            "state/finding.rs",
            "state/history.rs",
            "state/kind.rs",
            "state/node.rs",
            "state/predicate.rs",
            "state/reading.rs",
            "state/set.rs",
            "state/table.rs",
            "state/view.rs",
        ],
        turns: &[
            turn("lib", &["state::", "act::"]),
            turn("state", &["vectors::", "known::", "acts::", "table::"]),
            turn("trail", &[]),
            turn("state", &["counterpart::", "crossings::"]),
            turn("state", &["alike::"]),
            turn("state", &["exhaustive::"]),
        ],
    },
    Group {
        name: "permission",
        files: &[
            "legal_basis.rs",
            "legal_basis/fault.rs",
            "agreement/document.rs",
            "agreement/judgement.rs",
            "agreement/lineage.rs",
            "agreement/minimised.rs",
            "agreement/obstacle.rs",
            "agreement/occasion.rs",
            "agreement/permitted.rs",
            "agreement/signed.rs",
        ],
        turns: &[
            turn("lib", &["legal_basis::", "agreement::"]),
            turn("agreement", &["asked::", "bases::", "doubts::", "evaluation::", "life::", "signed::"]),
            turn("agreement", &["differences::", "onward::", "properties::", "vectors::"]),
            turn("agreement", &["source::"]),
            turn("agreement", &["explained::", "mechanisms::", "sentences::"]),
            turn("agreement", &["trails::"]),
            turn("agreement", &["matrix::"]),
        ],
    },
    Group {
        name: "time",
        files: &[
            "step.rs",
            "status.rs",
            "bounds.rs",
            "attention.rs",
            "telephone.rs",
            "timer.rs",
            "timer/purge.rs",
            "timer/wait.rs",
            "escalation.rs",
        ],
        turns: &[
            turn("lib", &["status::", "bounds::", "time::"]),
            turn("trail", &[]),
            turn("verdict", &["dated::", "innocent::", "outcome::", "vectors::"]),
            turn("agreement", &["onward::", "mechanisms::"]),
        ],
    },
];
