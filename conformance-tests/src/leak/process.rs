//! A running program as every user of the computer can see it.

/// Arguments, environment and limits of a process, at a moment.
#[derive(Default)]
pub(super) struct Seen {
    /// `cmdline` and `comm`.
    pub(super) arguments: Vec<Vec<u8>>,
    /// `environ`.
    pub(super) environment: Vec<Vec<u8>>,
    /// How often was looked.
    pub(super) looks: u64,
}

impl Seen {
    /// Looks at a process; what cannot be read is not seen. Returns whether it may write no core dump.
    pub(super) fn look(&mut self, id: u32) -> bool {
        self.looks += 1;
        let read = |name: &str| std::fs::read(format!("/proc/{id}/{name}")).ok().filter(|bytes| !bytes.is_empty());
        keep(&mut self.arguments, ["cmdline", "comm"].into_iter().filter_map(read));
        keep(&mut self.environment, read("environ").into_iter());
        let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap_or_default();
        let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
        core.is_some_and(|line| line.split_whitespace().take(2).all(|limit| limit == "0"))
    }
}

fn keep(kept: &mut Vec<Vec<u8>>, seen: impl Iterator<Item = Vec<u8>>) {
    for bytes in seen {
        if !kept.contains(&bytes) {
            kept.push(bytes);
        }
    }
}
