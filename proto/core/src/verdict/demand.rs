//! Everything that a verification checks: the requirement, and what it demands in one sentence.

macro_rules! demands {
    ($($(#[$doc:meta])* $name:ident = $requirement:literal, $sentence:literal;)*) => {
        /// One thing that is checked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Demand {
            $($(#[$doc])* $name,)*
        }

        impl Demand {
            /// All, in the order of a report.
            pub(super) const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The requirement.
            pub(super) const fn requirement(self) -> &'static str {
                match self { $(Self::$name => $requirement),* }
            }

            /// What it demands.
            pub(super) const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),* }
            }
        }
    };
}

demands! {
    Form = "BUN-1", "the file is one canonical bundle";
    Order = "BUN-3", "its parts stand in their order, none twice";
    Exporter = "BUN-4", "the exporter signed it with its newest key";
    ExporterIsParty = "BUN-5", "the exporter is a party of the trail";
    Needed = "BUN-6", "it holds nothing that the trail does not need";
    Heads = "BUN-11", "every head is of this trail and signed by one of its parties";
    Challenges = "BUN-14", "every challenge is of this trail and signed by a known key";
    Chains = "BUN-20", "key records form one chain from each organisation's first record";
    Trusted = "BUN-21", "every signer is in the trust file";
    Minimum = "BUN-22", "every chain of keys reaches the record that the trust file demands";
    NewestKey = "BUN-23", "every author names a key of its own chain, never an older one than before";
    Readable = "BUN-24", "every event is of a version that this program reads";
    OneChain = "BUN-25", "no key record has two successors";
    NamedKeys = "BUN-26", "every key record that somebody names is here";
    Signed = "BUN-30", "every event is well formed and signed by the key that it names";
    Sequence = "BUN-31", "every event belongs to this trail and continues its author's chain";
    Gaps = "BUN-32", "everything that an event names is here, down to the opening";
    Equivocation = "BUN-33", "nobody signed two events with one number";
    StaleSeen = "BUN-34", "nobody claims to have seen less than it had said before";
    Incarnations = "BUN-35", "every number that a restored node used again is closed by the other party";
    HeadsAgree = "BUN-36", "heads agree with the events and with each other";
    BothHeads = "BUN-40", "both parties' heads are here";
    AgreementHere = "BUN-45", "the agreement version that the opening names is here";
    AgreementSigned = "BUN-46", "every party of the agreement has signed it";
    AgreementTrusted = "BUN-47", "the trust file names the agreement version";
    Disclosures = "BUN-50", "everything that is opened matches its commitment";
    Evidence = "BUN-51", "every decision that is cited is here and signed by its issuer";
    Issuer = "BUN-52", "the agreement lets the issuer make that decision, and it is cited as it was made";
    Void = "BUN-53", "no event is void";
    Conduct = "BUN-54", "no event breaks a duty that its author could see";
    Terms = "BUN-55", "rule, stage, legal basis and article of every disclosure are allowed";
    Profile = "BUN-56", "every label is within the profile for its stage and basis";
    Validity = "BUN-57", "the agreement was in force when something was disclosed";
    Grain = "BUN-58", "no claimed time is finer than the agreement allows";
    Timers = "BUN-59", "every timer of the agreement was kept";
    Witnesses = "BUN-63", "as many witnesses as the trust file demands";
    Answers = "BUN-64", "both parties' heads answer the nonce and time of the trust file";
    AgreementWitnesses = "BUN-71", "as many witnesses as the agreement demands";
    Positions = "BUN-75", "no event stands in its author's log after the record that replaced its key";
    OneLog = "BUN-76", "nobody signed two checkpoints of one log that cannot both be";
    Countersigned = "BUN-109", "every countersignature is of a challenge that is here, to that party, and signed by its witness";
    Answered = "BUN-111", "every challenge is answered by a head that is here, or witnesses show that it was not";
    Erased = "RET-21", "what the exporter says that it erased are values of this trail";
    StaysErased = "RET-22", "no value is open that the exporter says it erased";
}
