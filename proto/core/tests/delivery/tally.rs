//! What happened, counted: what never happened was not searched. [DEL-47]

macro_rules! happens {
    ($($what:ident = $words:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum What { $($what,)* }

        impl What {
            pub(crate) const ALL: &'static [(Self, &'static str)] = &[$((Self::$what, $words),)*];
        }
    };
}

happens! {
    Said = "said",
    NotAllowed = "not allowed any more",
    AskedAgain = "asked again, and not there",
    ToldAtLast = "asked again, and there",
    Synced = "synced",
    Sent = "letters sent",
    Took = "letters taken",
    KnownAlready = "letters that are there already",
    Receipt = "receipts taken",
    StaleReceipt = "receipts for nothing that is under way",
    LetterLost = "loss: letters",
    ReceiptLost = "loss: receipts",
    Doubled = "doubled",
    Overtook = "overtaken",
    LineEnds = "lines end",
    CrashIdle = "crash: nothing was being written",
    CrashLost = "crash: what was being written is lost",
    CrashKept = "crash: it is there, and nobody was told",
    CrashAmid = "crash: some of it is there",
    Renewed = "revocation: keys renewed",
    Learnt = "revocation: known to another",
    OldLineRefused = "revocation: a letter of an older line refused",
    ThiefSpoke = "revocation: a thief speaks",
    ThiefTaken = "revocation: a thief is taken for the house, before it is known",
    ThiefRefused = "revocation: a thief refused",
    PredecessorMissing = "revocation: what follows the thief cannot be taken",
}

impl What {
    /// Whether it needs keys that are renewed.
    fn of_revocation(words: &str) -> bool {
        words.starts_with("revocation")
    }
}

/// How often each happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally([u64; What::ALL.len()]);

impl Tally {
    pub(crate) fn note(&mut self, what: What) {
        self.0[what as usize] += 1;
    }

    pub(crate) fn of(&self, what: What) -> u64 {
        self.0[what as usize]
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        What::ALL.iter().map(|(what, words)| format!("{:>12}  {words}", self.of(*what))).collect()
    }

    /// What should have happened, and never did.
    pub(crate) fn missing(&self, renews: bool) -> Vec<&'static str> {
        let due = What::ALL.iter().filter(|(_, words)| renews || !What::of_revocation(words));
        due.filter(|(what, _)| self.of(*what) == 0).map(|(_, words)| *words).collect()
    }
}
