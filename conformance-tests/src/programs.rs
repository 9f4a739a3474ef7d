//! Where the programs under test are.
//!
//! `UPUT_BIN_DIR` names their folder; without it they are looked for beside the running program, and a test builds them
//! once if they are not there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::failed::{Failed, Outcome};

/// The folder of the programs.
pub const VARIABLE: &str = "UPUT_BIN_DIR";

/// The programs under test.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The node.
    pub uputd: PathBuf,
    /// The command line.
    pub uput: PathBuf,
}

impl Programs {
    /// Finds them.
    ///
    /// # Errors
    /// Says where they were looked for.
    pub fn find() -> Outcome<Self> {
        if let Some(folder) = std::env::var_os(VARIABLE) {
            return Self::within(Path::new(&folder))
                .ok_or_else(|| Failed::because(format!("{VARIABLE} holds no uputd and uput")));
        }
        let folder = beside()?;
        Self::within(&folder).or_else(|| build().then(|| Self::within(&folder)).flatten()).ok_or_else(|| {
            Failed::because(format!("no uputd and uput in {}: cargo build --workspace", folder.display()))
        })
    }

    fn within(folder: &Path) -> Option<Self> {
        let found = Self { uputd: folder.join("uputd"), uput: folder.join("uput") };
        (found.uputd.is_file() && found.uput.is_file()).then_some(found)
    }
}

/// The folder of this program; a test's is one below.
fn beside() -> Outcome<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().ok_or_else(|| Failed::because("this program has no folder"))?;
    Ok(if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder }.to_owned())
}

/// Builds them, once, if cargo runs this program.
fn build() -> bool {
    static BUILT: OnceLock<bool> = OnceLock::new();
    *BUILT.get_or_init(|| {
        std::env::var_os("CARGO").is_some_and(|cargo| {
            let built = Command::new(cargo).args(["build", "--workspace", "--bins"]).status();
            built.is_ok_and(|status| status.success())
        })
    })
}
