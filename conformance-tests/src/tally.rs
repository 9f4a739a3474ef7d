//! What a run has counted.

use std::fmt;

/// Counts, and what was violated.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Vec<(&'static str, u64)>,
    violations: Vec<String>,
}

impl Tally {
    /// Adds to a count.
    pub fn add(&mut self, name: &'static str, number: u64) {
        match self.counts.iter_mut().find(|(counted, _)| *counted == name) {
            Some((_, count)) => *count += number,
            None => self.counts.push((name, number)),
        }
    }

    /// A count; 0 if nothing was counted.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        self.counts.iter().find(|(counted, _)| *counted == name).map_or(0, |(_, count)| *count)
    }

    /// Notes a violation.
    pub fn violated(&mut self, sentence: impl Into<String>) {
        self.violations.push(sentence.into());
    }

    /// Adds all that another run has counted.
    pub fn join(&mut self, other: Self) {
        for (name, number) in other.counts {
            self.add(name, number);
        }
        self.violations.extend(other.violations);
    }

    /// What was violated.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.counts {
            writeln!(f, "{count:>8} {name}")?;
        }
        for sentence in &self.violations {
            writeln!(f, "VIOLATED {sentence}")?;
        }
        writeln!(f, "{:>8} violations", self.violations.len())
    }
}
