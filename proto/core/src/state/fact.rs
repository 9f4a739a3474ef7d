//! What an effective event adds to the state of a trail.
//!
//! Guarantees that facts are only ever added: a state is the set of effective events under each fact, and joining two
//! states joins those sets. Leaves to others: what a set of facts means (`view`).

macro_rules! facts {
    ($($(#[$doc:meta])* $fact:ident = $word:literal,)*) => {
        /// A fact, by its word in the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fact {
            $($(#[$doc])* $fact,)*
        }

        impl Fact {
            /// Every fact.
            pub const ALL: &'static [Self] = &[$(Self::$fact,)*];

            /// The word in the table.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$fact => $word,)*
                }
            }
        }
    };
}

facts! {
    /// The trail exists.
    Open = "open",
    /// Stage 0 is reached in the epoch.
    Stage0 = "stage0",
    /// Stage 1 is reached in the epoch.
    Stage1 = "stage1",
    /// Stage 2 is reached in the epoch.
    Stage2 = "stage2",
    /// Values are disclosed, of stage 1 or 2.
    Values = "values",
    /// The need is stated: an acceptance must have seen it.
    Question = "question",
    /// The values replace others.
    Correction = "correction",
    /// The trail stands under a law: a withdrawal is an objection.
    Law = "law",
    /// A decision gives a ground for disclosure.
    Grounds = "grounds",
    /// A decision refuses: no earlier one of its type is a ground any more.
    NoGrounds = "no_grounds",
    /// The receiver said yes by telephone, on the sender's word; in the epoch.
    Phone = "phone",
    /// A warning was given.
    Warning = "warning",
    /// Something was handed over outside the network.
    Paper = "paper",
    /// The next body is asked.
    Escalation = "escalation",
    /// Tasks are given.
    Tasks = "tasks",
    /// A person has seen the trail; in the epoch.
    Notice = "notice",
    /// An answer, in the epoch.
    Answer = "answer",
    /// The answer is a no.
    Refusal = "refusal",
    /// It happened in the world.
    World = "world",
    /// The receiver had to do with her in person.
    Met = "met",
    /// A service began.
    Service = "service",
    /// She withdrew: a stop, or under law an objection.
    Withdrawal = "withdrawal",
    /// Nothing may be disclosed any more.
    Stop = "stop",
    /// The stop can never be set aside.
    Final = "final",
    /// Ended, in the epoch.
    End = "end",
    /// A new epoch; what it has in its past is set aside.
    Epoch = "epoch",
    /// If values were ever disclosed: stage 1, values and question anew; otherwise stage 0.
    Restate = "restate",
    /// If values are outstanding: stage 1; otherwise stage 0.
    Resume = "resume",
    /// A purge of all values in the past is asked for.
    Ask = "ask",
    /// All values in the past are purged or kept under law.
    Cover = "cover",
    /// Responsibility is offered.
    Offer = "offer",
    /// All offers in the past are taken back.
    Recall = "recall",
    /// The named offer is taken.
    Take = "take",
    /// Responsibility has moved.
    Complete = "complete",
}
