//! What happened in a run, for people. [SIM-13]

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// The last of what happened, each with its time since the beginning.
pub struct Story {
    began: Instant,
    lines: Mutex<Vec<(bool, String)>>,
}

impl Story {
    /// Begins now.
    pub fn begin() -> Self {
        Self { began: Instant::now(), lines: Mutex::default() }
    }

    /// It goes on.
    pub fn tell(&self, what: &str) {
        self.add(false, what);
    }

    /// It goes on with something that the seed alone decided.
    pub fn fails(&self, what: &str) {
        self.add(true, what);
    }

    fn add(&self, by_seed: bool, what: &str) {
        let seconds = self.began.elapsed().as_secs();
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        let line = format!("day {days} {hours:02}:{minutes:02}:{:02}  {what}", seconds % 60);
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push((by_seed, line));
    }

    /// All of it.
    pub fn lines(&self) -> Vec<String> {
        self.some(|_| true)
    }

    /// What the seed alone decided.
    pub fn faults(&self) -> Vec<String> {
        self.some(|by_seed| by_seed)
    }

    fn some(&self, which: impl Fn(bool) -> bool) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|(by_seed, _)| which(*by_seed)).map(|(_, line)| line.clone()).collect()
    }
}
