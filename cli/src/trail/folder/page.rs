//! What a folder of bundles comes to, as a page that one can print and hand on.
//!
//! Guarantees what the page of one bundle guarantees: one file that loads nothing, every text escaped, the same bytes for the
//! same folder, trust file, language and time zone, and no value. [CLI-100]

use std::path::Path;

use askama::Template;

use super::{Verified, answers, cited, compared, row};
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::clean;

#[derive(Template)]
#[template(path = "folder.html")]
struct Sheet {
    headline: String,
    made_by: String,
    trust: String,
    sentence: String,
    answers: Table,
    cited: Vec<String>,
    compared: Vec<String>,
    bundles: Table,
    digests: Vec<String>,
    version: &'static str,
}

struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Writes the page into a new file.
pub(super) fn write(all: &Verified, exit: Exit, to: &Path) -> Result<(), Failure> {
    let sheet = Sheet {
        headline: format!("{} bundles: {}", all.bundles.len(), exit.meaning()),
        made_by: clean(&all.trust.made_by),
        trust: all.trust.digest.clone(),
        sentence: answers::sentence(&all.answers),
        answers: Table::of(answers::HEADING, answers::cells(&all.answers)),
        cited: cited::sentences(&all.citations).iter().map(|text| clean(text)).collect(),
        compared: compared::sentences(&all.compared).iter().map(|text| clean(text)).collect(),
        bundles: Table::of(row::HEADING, all.bundles.iter().map(row::Row::cells)),
        digests: all.bundles.iter().map(|row| clean(&row.digest())).collect(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let page = sheet.render().map_err(|_| Failure::new(Exit::Failed, "INTERNAL", "the page cannot be written"))?;
    Target::file(to).write(page.as_bytes())
}

impl Table {
    fn of<const N: usize>(heading: [&'static str; N], rows: impl IntoIterator<Item = [String; N]>) -> Self {
        let rows = rows.into_iter().map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
        Self { heading: heading.into(), rows }
    }
}
