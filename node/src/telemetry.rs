//! What the node writes about itself: to stderr, without personal data.
//!
//! Guarantees that no ID is written in full by this program: who reads a log must not be able to look a trail up
//! elsewhere. Leaves to every module that it logs no content; wire messages cannot be printed at all.

use std::fmt;

use tracing_subscriber::EnvFilter;
use uput_core::id::Id;

use crate::config::LogLevel;

/// How many bytes of an ID are shown.
const SHOWN: usize = 4;

/// Starts to write to stderr: this program's own lines at `level`; those of libraries from warnings on, and all of them
/// at `trace`. The second call in a process changes nothing. [API-25]
pub fn start(level: LogLevel) {
    let libraries = if level == LogLevel::Trace { LogLevel::Trace } else { LogLevel::Warn };
    let filter = EnvFilter::new(format!("{libraries},uput_node={level},uputd={level}"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // An error means that a subscriber is there already.
    let _ = lines.try_init();
}

/// The first digits of an ID, enough to tell few apart. [TRA-21]
#[must_use]
pub fn short(id: impl Into<Id>) -> Short {
    Short(id.into())
}

/// See [`short`].
#[derive(Clone, Copy)]
pub struct Short(Id);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_bytes().iter().take(SHOWN).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::id::OrgId;

    #[test]
    fn an_id_is_cut() {
        assert_eq!(short(OrgId::new([0xab; 32])).to_string(), "abababab");
    }
}
