//! Rules with one line that is wrong. A run in which the judge cannot tell one of them from the rules that hold has shown
//! nothing about that line.

use super::oracle::List;

/// What a node would obey that has this fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// Who is excluded sees as before. [CAS-6]
    ExclusionForgotten,
    /// Exclusion holds for supervisors only. [CAS-6]
    WorkerNotExcluded,
    /// Exclusion holds for case workers only. [CAS-6]
    SupervisorNotExcluded,
    /// The administrator sees outlines. [CAS-5]
    AdministratorLooks,
    /// The auditor sees values. [CAS-5]
    AuditorReads,
    /// Intake sees what somebody has taken. [CAS-5]
    IntakeStays,
    /// Intake does not see what they opened. [CAS-5]
    OpenerForgotten,
    /// A colleague sees the outline of what another one has. [CAS-5]
    ColleagueLooks,
    /// What nobody has shows its values. [CAS-7]
    NobodysIsRead,
    /// A team has nothing. [CAS-5]
    TeamForgotten,
    /// Cases that were joined count each for itself. [CAS-16]
    JoinForgotten,
    /// The ID that a case had before it was joined is still told. [CAS-16]
    OldNameTold,
    /// The file number is shown with the outline. [CAS-18]
    NumberToWhoLooks,
    /// The record of the case is shown with the outline. [CAS-42]
    RecordToWhoLooks,
    /// Words of an access are shown with the outline. [ACL-6]
    WordsToWhoLooks,
    /// Who sees an outline is told whom she excluded. [CAS-36]
    ExclusionsTold,
    /// `staff_only` seals nothing. [STF-1] [STF-10]
    SealForgotten,
    /// A purge erases nothing. [NOD-23]
    PurgeForgotten,
    /// What was not disclosed is sent all the same. [DIS-12]
    UndisclosedArrives,
    /// `ListTrails` lists all. [CAS-22]
    TrailsIgnoreSight,
    /// The beginning of an ID is looked up among all. [CAS-21]
    BeginningsIgnoreSight,
    /// `ListCases` lists all. [CAS-22]
    CasesIgnoreSight,
    /// A file number finds every case. [CAS-22]
    NumbersIgnoreSight,
    /// `SearchCases` finds every case. [CAS-65]
    SearchIgnoresSight,
    /// `ListChanges` tells of all. [API-40]
    ChangesIgnoreSight,
    /// `Watch` tells of all. [API-40]
    WatchIgnoresSight,
    /// Breaking the glass shows nothing. [CAS-9]
    GlassForgotten,
    /// Who broke the glass takes the access log along. [ACL-8]
    GlassTakesTheLog,
    /// What somebody asked is shown to who does not see its case. [APR-7]
    ApprovalsIgnoreSight,
    /// Trails are counted that the caller does not see. [CAS-24]
    CountsAll,
}

/// All of them.
pub(super) const LIES: [Lie; 30] = [
    Lie::ExclusionForgotten,
    Lie::WorkerNotExcluded,
    Lie::SupervisorNotExcluded,
    Lie::AdministratorLooks,
    Lie::AuditorReads,
    Lie::IntakeStays,
    Lie::OpenerForgotten,
    Lie::ColleagueLooks,
    Lie::NobodysIsRead,
    Lie::TeamForgotten,
    Lie::JoinForgotten,
    Lie::OldNameTold,
    Lie::NumberToWhoLooks,
    Lie::RecordToWhoLooks,
    Lie::WordsToWhoLooks,
    Lie::ExclusionsTold,
    Lie::SealForgotten,
    Lie::PurgeForgotten,
    Lie::UndisclosedArrives,
    Lie::TrailsIgnoreSight,
    Lie::BeginningsIgnoreSight,
    Lie::CasesIgnoreSight,
    Lie::NumbersIgnoreSight,
    Lie::SearchIgnoresSight,
    Lie::ChangesIgnoreSight,
    Lie::WatchIgnoresSight,
    Lie::GlassForgotten,
    Lie::GlassTakesTheLog,
    Lie::ApprovalsIgnoreSight,
    Lie::CountsAll,
];

impl Lie {
    /// Whether that list would show everything.
    pub(super) fn ignores_sight(self, list: List) -> bool {
        matches!(
            (self, list),
            (Self::TrailsIgnoreSight, List::Trails)
                | (Self::BeginningsIgnoreSight, List::TrailsByBeginning)
                | (Self::CasesIgnoreSight, List::Cases)
                | (Self::NumbersIgnoreSight, List::CasesByNumber)
                | (Self::SearchIgnoresSight, List::Search)
                | (Self::ChangesIgnoreSight, List::Changes)
                | (Self::WatchIgnoresSight, List::Watch)
        )
    }
}
