//! What a liar does. [SIM-22]

/// One kind of lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Signs a second event with the number of its newest.
    Equivocates,
    /// Signs another event with a number that it used long ago.
    ReusesNumber,
    /// Leaves numbers out.
    SkipsNumbers,
    /// Claims a time ten years ago.
    BackDates,
    /// Claims a time in ten years.
    ForeDates,
    /// Puts a field into an event that nobody knows.
    UnknownField,
    /// Sends one house what is another's: the letter as it was, or its events sealed anew.
    WrongRecipient,
    /// Signs with a key that a newer key record of its own has retired.
    RevokedKey,
    /// Signs an event in the name of another house.
    Impersonates,
    /// Says that it saw an event of the other which was never written.
    SawWhatIsNot,
    /// Sends its old letters again, the newest first.
    Replays,
    /// Opens many trails and repeats many letters at once.
    Floods,
    /// Opens a trail under an agreement that does not exist.
    OpensWildly,
    /// Changes a value after it signed what it is committed to.
    AltersValues,
    /// Signs a head which counts events that are not there.
    FalseHead,
    /// Signs two checkpoints of one size with two roots.
    LiesAboutLog,
    /// Damages what it sealed.
    Damages,
    /// Keeps receipts to itself, until it does this again.
    WithholdsReceipts,
    /// Takes minutes for a frame, until it does this again.
    ReadsSlowly,
    /// Says on its lines what nobody asked, until it does this again.
    Rambles,
    /// Goes on with a disk of earlier.
    RollsBack,
}

/// All kinds.
pub const ALL: [Lie; 21] = [
    Lie::Equivocates,
    Lie::ReusesNumber,
    Lie::SkipsNumbers,
    Lie::BackDates,
    Lie::ForeDates,
    Lie::UnknownField,
    Lie::WrongRecipient,
    Lie::RevokedKey,
    Lie::Impersonates,
    Lie::SawWhatIsNot,
    Lie::Replays,
    Lie::Floods,
    Lie::OpensWildly,
    Lie::AltersValues,
    Lie::FalseHead,
    Lie::LiesAboutLog,
    Lie::Damages,
    Lie::WithholdsReceipts,
    Lie::ReadsSlowly,
    Lie::Rambles,
    Lie::RollsBack,
];

impl Lie {
    /// Under which name it is counted once somebody met it.
    #[must_use]
    pub const fn counted(self) -> &'static str {
        match self {
            Self::Equivocates => "lie: equivocates",
            Self::ReusesNumber => "lie: uses a number again",
            Self::SkipsNumbers => "lie: leaves numbers out",
            Self::BackDates => "lie: dates back",
            Self::ForeDates => "lie: dates ahead",
            Self::UnknownField => "lie: a field nobody knows",
            Self::WrongRecipient => "lie: what is another's",
            Self::RevokedKey => "lie: a retired key",
            Self::Impersonates => "lie: in another's name",
            Self::SawWhatIsNot => "lie: saw what is not",
            Self::Replays => "lie: old letters again",
            Self::Floods => "lie: a flood",
            Self::OpensWildly => "lie: an agreement that is not",
            Self::AltersValues => "lie: another value",
            Self::FalseHead => "lie: a false head",
            Self::LiesAboutLog => "lie: two logs",
            Self::Damages => "lie: damaged letters",
            Self::WithholdsReceipts => "lie: receipts withheld",
            Self::ReadsSlowly => "lie: reads slowly",
            Self::Rambles => "lie: frames nobody asked for",
            Self::RollsBack => "lie: a disk of earlier",
        }
    }

    /// As the story says it, after its name.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Equivocates => "signs two events with one number",
            Self::ReusesNumber => "uses a number of long ago again",
            Self::SkipsNumbers => "leaves numbers out",
            Self::BackDates => "dates an event ten years back",
            Self::ForeDates => "dates an event ten years ahead",
            Self::UnknownField => "signs a field that nobody knows",
            Self::WrongRecipient => "sends one house what is another's",
            Self::RevokedKey => "signs with a key that it has retired",
            Self::Impersonates => "signs in the name of another house",
            Self::SawWhatIsNot => "says it saw what was never written",
            Self::Replays => "sends its old letters again",
            Self::Floods => "floods a house",
            Self::OpensWildly => "opens a trail under an agreement that does not exist",
            Self::AltersValues => "changes a value after it signed",
            Self::FalseHead => "signs a head that counts what is not there",
            Self::LiesAboutLog => "signs two checkpoints that cannot both be",
            Self::Damages => "damages what it sealed",
            Self::WithholdsReceipts => "begins to withhold receipts, or ends it",
            Self::ReadsSlowly => "begins to read slowly, or ends it",
            Self::Rambles => "begins to say on its lines what nobody asked, or ends it",
            Self::RollsBack => "goes on with a disk of earlier",
        }
    }
}
