//! A bundle as JSON, and back, without losing a byte.
//!
//! Guarantees that what is written is read back to the same bytes, which is tried before anything is written, whatever the
//! bytes are. Says nothing of whether any of it is true: that is asked of the bundle. [CLI-102]

mod once;
mod shape;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use uput_core::rejection::Rejection;

use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::reading::{self, LARGEST_BUNDLE};
use crate::trail::sheet::digest;

/// The largest JSON of a bundle: it takes more room than what it writes down.
const LARGEST: usize = 4 * LARGEST_BUNDLE;

/// What to turn into what.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trail convert document.uput document.json
  uput trail convert document.json again.uput; cmp document.uput again.uput

A file that begins with { is taken for JSON. What was opened in the bundle stands open in the JSON too.")]
pub(crate) struct ConvertArgs {
    /// A bundle, or what this command wrote of one
    from: PathBuf,
    /// The new file
    to: PathBuf,
}

#[derive(Serialize)]
struct Converted {
    file: String,
    bytes: u64,
    sha256: String,
    /// `json` or `bundle`.
    form: &'static str,
}

impl ConvertArgs {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        // [CLI-134] What is not read whole would come back as something else.
        let bytes = reading::bytes(&self.from, LARGEST)?;
        let (form, most, made) = if bytes.first() == Some(&b'{') {
            ("bundle", LARGEST_BUNDLE, from_json(&bytes).map_err(|why| self.unreadable(&why))?)
        } else if bytes.len() > LARGEST_BUNDLE {
            return Err(self.too_large("it is longer than any bundle"));
        } else {
            ("json", LARGEST, to_json(&bytes).into_bytes())
        };
        if made.len() > most {
            return Err(self.too_large("what it would be written as is longer than this command reads"));
        }
        Target::file(&self.to).write(&made)?;
        let said =
            Converted { file: self.to.display().to_string(), bytes: made.len() as u64, sha256: digest(&made), form };
        let mut page = Page::default();
        page.line(format!("{}: {} bytes, SHA-256 {}", said.file, said.bytes, said.sha256));
        Answer::new(&said, page)
    }

    fn too_large(&self, why: &str) -> Failure {
        Failure::new(Exit::Failed, Rejection::TooLarge.code(), format!("{} is too large", self.from.display()))
            .because(why.to_owned())
            .next("nothing was written: check that it is the file you mean")
    }

    fn unreadable(&self, why: &str) -> Failure {
        Failure::new(Exit::Failed, "NOT_READ", format!("{} is not the JSON of a bundle", self.from.display()))
            .because(why.to_owned())
            .next("convert the bundle again")
    }
}

/// A file as JSON: its fields by their names, if they are all of it, else its bytes.
fn to_json(bytes: &[u8]) -> String {
    let fields = shape::read(bytes).filter(|fields| shape::write(fields).is_ok_and(|again| again == bytes));
    let value = fields.unwrap_or_else(|| shape::raw(bytes));
    format!("{value:#}\n")
}

/// The bytes that a JSON stands for.
fn from_json(text: &[u8]) -> Result<Vec<u8>, String> {
    shape::write(&once::read(text)?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn comes_back(bytes: &[u8], what: &Path) -> bool {
        let text = to_json(bytes);
        assert!(from_json(text.as_bytes()).unwrap() == bytes, "{}", what.display());
        !text.contains("\"bytes\"")
    }

    /// [CLI-102]
    #[test]
    fn every_bundle_of_the_corpus_and_of_the_vectors_comes_back_byte_for_byte() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (mut all, mut named) = (0, 0);
        for entry in std::fs::read_dir(root.join("conformance-tests/corpus")).unwrap() {
            let path = entry.unwrap().path().join("bundle.uput");
            let Ok(bytes) = std::fs::read(&path) else { continue };
            all += 1;
            named += usize::from(comes_back(&bytes, &path));
        }
        for folder in ["bundle", "witnessed"] {
            for entry in std::fs::read_dir(root.join("specs/vectors").join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap();
                let hex = text.lines().find_map(|line| line.strip_prefix("bundle: ")).unwrap_or_default();
                let Ok(bytes) = shape::bytes(hex) else { panic!("{}", path.display()) };
                all += 1;
                named += usize::from(comes_back(&bytes, &path));
            }
        }
        assert!(all > 600 && named > all * 9 / 10, "{named} of {all} by their fields");
    }

    #[test]
    fn what_is_no_json_of_a_bundle_is_refused() {
        for text in [
            "{",
            "{}",
            "{\"bytes\":\"0\"}",
            "{\"bytes\":\"xy\"}",
            "{\"type\":5}",
            "{\"nothing\":1}",
            "{\"signatures\":{}}",
            // [CLI-134] Of two members of one name nobody knows which is meant.
            "{\"bytes\":\"00\",\"bytes\":\"00\"}",
            "{\"type\":\"a\",\"body\":{\"time\":1,\"time\":1}}",
            "{\"type\":\"a\",\"body\":{\"heads\":[{\"type\":\"a\",\"type\":\"a\"}]}}",
            "{\"type\":\"a\",\"body\":{}} {}",
        ] {
            assert!(from_json(text.as_bytes()).is_err(), "{text}");
        }
    }

    /// [CLI-134]
    #[test]
    fn what_stands_once_is_read() {
        assert!(from_json(b"{\"type\":\"a\",\"body\":{\"heads\":[{\"type\":\"a\"},{\"type\":\"a\"}]}}").is_ok());
    }

    /// [CLI-134]
    #[test]
    fn what_is_larger_than_any_bundle_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let convert = ConvertArgs { from: from.clone(), to: to.clone() };
        for (first, length) in [(0_u8, LARGEST_BUNDLE + 1), (b'{', LARGEST + 1), (0, 300 << 20)] {
            let file = std::fs::File::create(&from).unwrap();
            std::io::Write::write_all(&mut &file, &[first]).unwrap();
            file.set_len(length as u64).unwrap();
            let refused = convert.run().map(|_| ()).unwrap_err();
            assert_eq!((refused.exit, &*refused.reason, to.exists()), (Exit::Failed, "TOO_LARGE", false), "{length}");
        }
        std::fs::write(&from, [0; 5]).unwrap();
        assert!(convert.run().is_ok() && to.exists());
    }

    #[test]
    fn any_bytes_come_back() {
        for length in 0..200_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37).wrapping_add(length)).collect();
            comes_back(&bytes, Path::new("any"));
        }
    }
}
