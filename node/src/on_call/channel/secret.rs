//! A secret in a file of its own.

use std::{os::unix::fs::PermissionsExt, path::Path};

use uput_core::sensitive::Sensitive;
use zeroize::Zeroizing;

/// The first line of a file that nobody else may read.
pub(super) fn read(path: &Path) -> Result<Sensitive<String>, String> {
    let failed = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
    let mode = std::fs::metadata(path).map_err(|error| failed(&error))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(failed(&"others can read it: chmod 600"));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| failed(&error))?);
    match text.lines().next() {
        Some(line) if !line.is_empty() && !line.chars().any(char::is_control) => Ok(Sensitive::new(line.to_owned())),
        _ => Err(failed(&"its first line must be the secret")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [ONC-14]
    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "invented\nsecond line\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o644);
        assert!(read(&file).is_err());
        mode(0o600);
        assert_eq!(read(&file).unwrap().expose(), "invented");
        std::fs::write(&file, "\n").unwrap();
        assert!(read(&file).is_err() && read(&folder.path().join("none")).is_err());
    }
}
