//! Times, and what they are compared to.

use std::time::{Duration, Instant};

use crate::Failed;

/// Half of them and 99 of 100 at most, in milliseconds.
#[derive(Clone, Copy)]
pub(super) struct Quantiles {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

impl Quantiles {
    /// Of what was measured.
    pub(super) fn of(mut took: Vec<Duration>) -> Self {
        took.sort();
        let at = |share: f64| {
            let place = (took.len() as f64 * share) as usize;
            took.get(place.min(took.len().saturating_sub(1))).map_or(0.0, |took| took.as_secs_f64() * 1e3)
        };
        Self { p50: at(0.5), p99: at(0.99) }
    }
}

/// An index as the node has one, alone in this process: so many entries under keys of 32 bytes, one looked up at a time.
pub(super) fn index_lookup(entries: usize, times: usize) -> Result<Quantiles, Failed> {
    let folder = tempfile::tempdir()?;
    let index = sled::Config::new().path(folder.path().join("index")).cache_capacity(64 << 20).open()?;
    let key = |number: usize| ring::digest::digest(&ring::digest::SHA256, &number.to_be_bytes());
    for number in 0..entries {
        index.insert(key(number).as_ref(), vec![7; 45])?;
    }
    let mut took = Vec::with_capacity(times);
    for number in 0..times {
        let key = key(number.wrapping_mul(7919) % entries.max(1));
        let begun = Instant::now();
        let found = index.get(key.as_ref())?;
        took.push(begun.elapsed());
        found.ok_or("the index lost an entry")?;
    }
    Ok(Quantiles::of(took))
}
