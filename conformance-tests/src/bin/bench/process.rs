//! What the system says of a process: memory and processor time.

use std::path::PathBuf;
use std::time::Duration;

use crate::Failed;

/// Ticks of a second in which Linux counts processor time for programs.
const TICKS: u64 = 100;

/// A running process, this one or another.
#[derive(Clone)]
pub(crate) struct Process(PathBuf);

impl Process {
    /// The one with that number.
    pub(crate) fn numbered(id: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{id}")))
    }

    /// This program.
    pub(crate) fn own() -> Self {
        Self::numbered(std::process::id())
    }

    /// Memory that it holds now, in MiB.
    pub(crate) fn resident(&self) -> Result<f64, Failed> {
        let status = std::fs::read_to_string(self.0.join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes / 1024.0)
    }

    /// Processor time that it has used, its own and the system's for it.
    pub(crate) fn used(&self) -> Result<Duration, Failed> {
        let stat = std::fs::read_to_string(self.0.join("stat"))?;
        // The name, in parentheses, may hold anything; the numbers come after it.
        let (_, numbers) = stat.rsplit_once(')').ok_or("no name in stat")?;
        let numbers: Vec<&str> = numbers.split_whitespace().collect();
        let ticks = |place: usize| numbers.get(place).ok_or("stat is short")?.parse::<u64>().map_err(Failed::from);
        Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * (1000 / TICKS)))
    }
}
