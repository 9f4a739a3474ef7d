//! Progress on standard error, where a person looks.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Options;

/// A bar over so many things, with the time that is left; hidden as a spinner is. [CLI-5]
pub(crate) fn bar(options: &Options, all: u64, message: &'static str) -> ProgressBar {
    if options.quiet || options.json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(all).with_message(message);
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos} of {len}, {eta} left") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// A spinner; hidden when standard error is no terminal, and with `--quiet` or `--json`. [CLI-5]
pub(crate) fn spinner(options: &Options, message: &'static str) -> ProgressBar {
    if options.quiet || options.json {
        return ProgressBar::hidden();
    }
    let spinner = ProgressBar::new_spinner().with_message(message);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}
