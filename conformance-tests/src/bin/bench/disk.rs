//! How long this disk takes to make something durable.
//!
//! The receipt of an enquiry waits for five syncs that follow each other: key book, journal and head at the receiver,
//! journal and head at the sender, which has the `delivered` then. With many under way they are shared.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use crate::Failed;
use crate::load::Spread;

/// Syncs between the commit of an enquiry and its receipt.
pub(crate) const IN_A_ROW: f64 = 5.0;
const TIMES: u64 = 50;
const BLOCK: [u8; 4096] = [7; 4096];

/// Writes a block in place and syncs it, often; where the nodes have their folders.
pub(crate) fn measure() -> Result<Spread, Failed> {
    let folder = tempfile::tempdir()?;
    let file = File::create_new(folder.path().join("block"))?;
    file.write_all_at(&[7; 64 * 4096], 0)?;
    file.sync_all()?;
    let mut took = Vec::new();
    for number in 0..TIMES {
        let start = Instant::now();
        file.write_all_at(&BLOCK, number % 64 * 4096)?;
        file.sync_data()?;
        took.push(start.elapsed());
    }
    Ok(Spread::of(took))
}
