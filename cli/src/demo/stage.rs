//! Where the demonstration plays, and how it tells what happens.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::clean;
use crate::request::{hex, random};

/// How many steps are told.
const STEPS: u64 = 27;

/// The folder and the voice of the demonstration.
pub(super) struct Stage {
    dir: PathBuf,
    bar: ProgressBar,
    quiet: bool,
}

impl Stage {
    /// Makes the folder.
    pub(super) fn set(dir: Option<PathBuf>, options: &Options) -> Result<Self, Failure> {
        let dir = match dir {
            Some(dir) => dir,
            None => std::env::temp_dir().join(format!("uput-demo-{}", hex(&random::<4>()?))),
        };
        make_empty(&dir)?;
        let dir = dir.canonicalize().map_err(|error| Failure::file("find", &dir, &error))?;
        let bar = ProgressBar::new(STEPS);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        if options.quiet || options.json {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        Ok(Self { dir, bar, quiet: options.quiet || options.json })
    }

    /// The folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A heading.
    pub(super) fn chapter(&self, title: &str) {
        self.say(&format!("\n{title}"));
    }

    /// One step that was taken, by whom.
    pub(super) fn step(&self, who: &str, what: &str) {
        self.bar.inc(1);
        self.say(&format!("  {who:<14} {what}"));
    }

    /// A line.
    pub(super) fn say(&self, line: &str) {
        if self.quiet {
            return;
        }
        self.bar.suspend(|| anstream::eprintln!("{}", line.split('\n').map(clean).collect::<Vec<_>>().join("\n")));
    }

    /// The end.
    pub(super) fn curtain(&self) {
        self.bar.finish_and_clear();
    }
}

fn make_empty(dir: &Path) -> Result<(), Failure> {
    let occupied = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        let words = format!("{} is not empty; give a folder that is empty or not there yet", dir.display());
        return Err(Failure::new(Exit::Failed, "FOLDER_NOT_EMPTY", &words));
    }
    std::fs::create_dir_all(dir).map_err(|error| Failure::file("make", dir, &error))
}
