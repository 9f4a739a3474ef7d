//! Progress on standard error, where a person looks.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Options;

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
