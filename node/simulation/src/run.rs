//! One run by one seed, and what came of it.

use std::{collections::BTreeSet, time::Duration};

use tokio::runtime::Builder;
use uput_node::simulated::{self, Planted};

use crate::{
    founded,
    house::{FOUNDED, SLOWEST},
    tally::Tally,
    town::Town,
};

/// Something does not hold.
#[derive(Clone, Debug)]
pub struct Broken {
    /// What.
    pub why: String,
}

impl Broken {
    /// That.
    #[must_use]
    pub const fn new(why: String) -> Self {
        Self { why }
    }
}

/// A fault that is planted, to see that it is found. [SIM-20]
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// The journal is not synced before a receipt is given.
    NoSync,
    /// What is sent again is signed again.
    NewEnvelope,
    /// Whether an event counts is decided by what had arrived before it.
    DecidedByArrival,
}

/// How large a run is.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Houses.
    pub nodes: usize,
    /// Days.
    pub days: u64,
    /// Whether the last house lies. [SIM-21]
    pub liar: bool,
    /// A planted fault.
    pub fault: Option<Fault>,
    /// After how many steps it comes to rest, if not at the end of its days. [SIM-27]
    pub steps: Option<u64>,
    /// Steps that are left out, each by its number from 0; their time passes. [SIM-27]
    pub skip: BTreeSet<u64>,
}

impl Run {
    /// Whether disks forget to sync.
    #[must_use]
    pub fn forgets_syncs(&self) -> bool {
        self.fault == Some(Fault::NoSync)
    }

    fn planted(&self) -> Option<Planted> {
        match self.fault? {
            Fault::NoSync => None,
            Fault::NewEnvelope => Some(Planted::NewEnvelope),
            Fault::DecidedByArrival => Some(Planted::DecidedByArrival),
        }
    }
}

/// What came of a run.
pub struct Told {
    /// What happened, in words.
    pub story: Vec<String>,
    /// What of it the seed alone decided.
    pub faults: Vec<String>,
    /// What happened, by number.
    pub tally: Tally,
    /// How many steps it took.
    pub steps: u64,
    /// What does not hold.
    pub broken: Option<Broken>,
}

/// Runs a seed. [SIM-1]
#[must_use]
pub fn run(run: &Run, seed: u64) -> Told {
    let nothing = |broken| Told {
        story: Vec::new(),
        faults: Vec::new(),
        tally: Tally::default(),
        steps: 0,
        broken: Some(broken),
    };
    let runtime = match Builder::new_current_thread().enable_time().start_paused(true).build() {
        Ok(runtime) => runtime,
        Err(error) => return nothing(Broken::new(format!("no runtime: {error}"))),
    };
    let houses = match founded::houses(run) {
        Ok(houses) => houses,
        Err(broken) => return nothing(broken),
    };
    let told = runtime.block_on(async {
        simulated::begin((FOUNDED + 3600) * 1000, seed, SLOWEST, run.planted());
        let town = match Town::begin(run, seed, houses) {
            Ok(town) => town,
            Err(broken) => return nothing(broken),
        };
        let broken = town.live(run).await.err();
        let tally = Tally::default();
        tally.join(&town.tally);
        Told { story: town.story.lines(), faults: town.story.faults(), tally, steps: town.steps(), broken }
    });
    runtime.shutdown_timeout(Duration::ZERO);
    told
}
