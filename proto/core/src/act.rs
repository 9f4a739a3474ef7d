//! What a trail can be: one row for each act, and an act is what it leaves out. Source: specs/state/acts.tsv.
//!
//! Guarantees that a test holds the rows equal to the file, and that only acts and disclosures are ever left out: what
//! happened can be reported in every trail. Leaves to others: who may say a kind at all (`state`), what an agreement
//! makes of an act (`agreement`).

use crate::catalogue::Label;
use crate::state::Kind::{self, *};
use crate::state::Side;
use crate::wire::{Act, LegalBasis};

/// Whether the opening of an act names an earlier trail between the same two organisations. [EVT-27]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// It names none.
    Never,
    /// It may.
    May,
    /// It must.
    Must,
}

impl About {
    /// Whether an opening that names one, or none, is well formed.
    #[must_use]
    pub const fn allows(self, names_one: bool) -> bool {
        match self {
            Self::Never => !names_one,
            Self::May => true,
            Self::Must => names_one,
        }
    }

    /// The word in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::May => "may",
            Self::Must => "must",
        }
    }
}

/// One act. [STA-40]
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub act: Act,
    /// Whether it is about another trail.
    pub about: About,
    /// The highest stage.
    pub stage: u32,
    /// The bases that serve it. [BAS-3]
    pub bases: &'static [LegalBasis],
    /// What the opener does not say in it.
    pub opener_without: &'static [Kind],
    /// What the peer does not say in it.
    pub peer_without: &'static [Kind],
    /// The lowest stage at which the peer says yes. [STA-71]
    pub yes: u32,
    /// What has to be said, and when. [STA-73]
    pub must: &'static [Due],
    /// What it is, in one sentence.
    pub meaning: &'static str,
}

/// With what a label has to be said. [STA-73]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// With whatever opens that stage.
    Stage(u32),
    /// With each event of a kind.
    Each(Kind),
}

/// A label that an act has to say. [STA-73]
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// When.
    pub when: When,
    /// Which.
    pub label: Label,
}

/// The row of an act; none for the unspecified one.
#[must_use]
pub fn row(act: Act) -> Option<&'static Row> {
    ACTS.iter().find(|row| row.act == act)
}

impl Row {
    /// Whether a kind by this party is left out: by name, or because its stage is above the highest. An opening never
    /// is: above the highest stage it is malformed. [STA-40]
    #[must_use]
    pub fn leaves_out(&self, side: Side, kind: Kind) -> bool {
        let without = match side {
            Side::Opener => self.opener_without,
            Side::Peer => self.peer_without,
        };
        let stage = match kind {
            Need => 1,
            Identity => 2,
            _ => 0,
        };
        without.contains(&kind) || stage > self.stage
    }
}

const fn at(stage: u32, label: Label) -> Due {
    Due { when: When::Stage(stage), label }
}

const fn each(kind: Kind, label: Label) -> Due {
    Due { when: When::Each(kind), label }
}

/// Each decision says which one it is.
const REFERENCE: Due = each(Decision, Label::DecisionReference);
/// Each plan says who does what.
const TASKS: Due = each(Plan, Label::PlanTasks);

use LegalBasis::{
    ChildBestInterests, ExplicitConsent, GuardianConsent, LegalDuty, NoneNeededNonpersonal, PublicTaskDecision,
    VitalInterests,
};

/// Every act, in the order of the codes. // [STA-40]
pub const ACTS: &[Row] = &[
    Row {
        act: Act::Referral,
        about: About::May,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            VitalInterests,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[TransferOffered, TransferRecalled, TransferCompleted, Minutes, Plan],
        peer_without: &[TransferTaken],
        yes: 1,
        must: &[REFERENCE],
        meaning: "Asks for a service; responsibility stays with the sender.",
    },
    Row {
        act: Act::Notification,
        about: About::May,
        stage: 2,
        bases: &[ChildBestInterests, LegalDuty, VitalInterests, PublicTaskDecision],
        opener_without: &[ChosenElsewhere, TransferOffered, TransferRecalled, TransferCompleted, Minutes, Plan],
        peer_without: &[TransferTaken],
        yes: 0,
        must: &[REFERENCE],
        meaning: "Tells an authority what the law demands.",
    },
    Row {
        act: Act::Transfer,
        about: About::May,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            LegalDuty,
            VitalInterests,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[ChosenElsewhere, Minutes, Plan],
        peer_without: &[],
        yes: 1,
        must: &[REFERENCE],
        meaning: "Asks the other to take responsibility; it moves once both have signed.",
    },
    Row {
        act: Act::TransferRequest,
        about: About::May,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            LegalDuty,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[ChosenElsewhere, TransferOffered, TransferRecalled, TransferCompleted, Minutes, Plan],
        peer_without: &[TransferTaken],
        yes: 0,
        must: &[at(0, Label::RequestPurpose), REFERENCE],
        meaning: "Asks the other to transfer a case.",
    },
    Row {
        act: Act::Consultation,
        about: About::Never,
        stage: 1,
        bases: &[ExplicitConsent, GuardianConsent, ChildBestInterests, NoneNeededNonpersonal],
        opener_without: &[ChosenElsewhere, TransferOffered, TransferRecalled, TransferCompleted, Minutes, Plan],
        peer_without: &[TransferTaken],
        yes: 0,
        must: &[at(0, Label::Agenda), REFERENCE],
        meaning: "Asks for advice without saying who she is; what comes of it is a trail about this one.",
    },
    Row {
        act: Act::Conference,
        about: About::May,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            LegalDuty,
            VitalInterests,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[ChosenElsewhere, TransferOffered, TransferRecalled, TransferCompleted],
        peer_without: &[TransferTaken],
        yes: 0,
        must: &[
            at(0, Label::MeetingWhen),
            at(0, Label::Agenda),
            each(Minutes, Label::Attended),
            each(Minutes, Label::DecisionsTaken),
            TASKS,
            REFERENCE,
        ],
        meaning: "Invites to a meeting about a case, and gives its minutes and plan; one trail for each who is invited.",
    },
    Row {
        act: Act::Visit,
        about: About::May,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            LegalDuty,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[ChosenElsewhere, Minutes, TransferOffered, TransferRecalled, TransferCompleted],
        peer_without: &[TransferTaken],
        yes: 0,
        must: &[at(0, Label::VisitWhen), at(0, Label::VisitPurpose), TASKS, REFERENCE],
        meaning: "Plans a visit, or visits in turn, with another organisation; both report.",
    },
    Row {
        act: Act::DecisionNotice,
        about: About::May,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            LegalDuty,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[ChosenElsewhere, TransferOffered, TransferRecalled, TransferCompleted, Minutes, Plan],
        peer_without: &[PartlyAccepted, Waitlisted, Declined, TransferTaken],
        yes: 0,
        must: &[at(1, Label::DecisionReference), at(1, Label::DecisionIssuer), at(1, Label::DecisionDate), REFERENCE],
        meaning: "Tells of a decision; nobody declines it.",
    },
    Row {
        act: Act::RiskUpdate,
        about: About::May,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            LegalDuty,
            VitalInterests,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[ChosenElsewhere, TransferOffered, TransferRecalled, TransferCompleted, Minutes, Plan],
        peer_without: &[PartlyAccepted, Waitlisted, Declined, TransferTaken],
        yes: 0,
        must: &[at(1, Label::RiskChange), REFERENCE],
        meaning: "Tells that the risk has changed; nobody declines it.",
    },
    Row {
        act: Act::InformationRequest,
        about: About::May,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            LegalDuty,
            VitalInterests,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[ChosenElsewhere, TransferOffered, TransferRecalled, TransferCompleted, Minutes, Plan],
        peer_without: &[Waitlisted, TransferTaken],
        yes: 0,
        must: &[at(0, Label::InformationAsked), at(0, Label::RequestPurpose), REFERENCE],
        meaning: "Asks for information; the answer is a trail about this one.",
    },
    Row {
        act: Act::InformationAnswer,
        about: About::Must,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            LegalDuty,
            VitalInterests,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[ChosenElsewhere, TransferOffered, TransferRecalled, TransferCompleted, Minutes, Plan],
        peer_without: &[PartlyAccepted, Waitlisted, Declined, TransferTaken],
        yes: 0,
        must: &[REFERENCE],
        meaning: "Gives what was asked for.",
    },
    Row {
        act: Act::JointAction,
        about: About::May,
        stage: 2,
        bases: &[
            ExplicitConsent,
            GuardianConsent,
            ChildBestInterests,
            LegalDuty,
            VitalInterests,
            PublicTaskDecision,
            NoneNeededNonpersonal,
        ],
        opener_without: &[ChosenElsewhere, Minutes, TransferOffered, TransferRecalled, TransferCompleted],
        peer_without: &[TransferTaken],
        yes: 0,
        must: &[at(0, Label::VisitPurpose), TASKS, REFERENCE],
        meaning: "Asks the other to act together; a plan can be given once it has accepted.",
    },
    Row {
        act: Act::BreachNotice,
        about: About::Must,
        stage: 0,
        bases: &[NoneNeededNonpersonal],
        opener_without: &[ChosenElsewhere, TransferOffered, TransferRecalled, TransferCompleted, Minutes, Plan],
        peer_without: &[Accepted, PartlyAccepted, Waitlisted, Declined, TransferTaken],
        yes: 0,
        must: &[at(0, Label::BreachKind), at(0, Label::BreachLabels), at(0, Label::BreachFoundOn)],
        meaning: "Tells whose values were exposed, by naming the trail; nobody declines it.",
    },
];
