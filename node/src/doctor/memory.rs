//! Whether pages of memory may be written to a disk in the clear.

use std::fs;
use std::path::Path;

/// The first device that is swapped to and not known to be encrypted, or to be memory itself. [RST-7]
#[must_use]
pub fn swap() -> Option<String> {
    let table = fs::read_to_string("/proc/swaps").unwrap_or_default();
    in_clear(&table, Path::new("/sys/class/block"))
}

fn in_clear(table: &str, devices: &Path) -> Option<String> {
    let names = table.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).find(|name| !is_safe(name, devices))
}

/// A compressed disk in memory, or one that the device mapper encrypts. Of a file nobody can know.
fn is_safe(name: &str, devices: &Path) -> bool {
    let real = fs::canonicalize(name).unwrap_or_else(|_| name.into());
    let Some(device) = real.file_name().and_then(|name| name.to_str()) else { return false };
    if !real.starts_with("/dev") {
        return false;
    }
    let uuid = fs::read_to_string(devices.join(device).join("dm/uuid")).unwrap_or_default();
    device.starts_with("zram") || uuid.starts_with("CRYPT-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [RST-7]
    #[test]
    fn swap_is_safe_in_memory_and_on_an_encrypted_disk_and_nowhere_else() {
        let devices = tempfile::tempdir().unwrap();
        for (device, uuid) in [("dm-70", "CRYPT-PLAIN-swap\n"), ("dm-71", "LVM-swap\n")] {
            fs::create_dir_all(devices.path().join(device).join("dm")).unwrap();
            fs::write(devices.path().join(device).join("dm/uuid"), uuid).unwrap();
        }
        let head = "Filename Type Size Used Priority\n";
        let found = |lines: &str| in_clear(&format!("{head}{lines}"), devices.path());
        assert_eq!(found(""), None);
        assert_eq!(found("/dev/zram70 partition 1 0 -2\n/dev/dm-70 partition 1 0 -2\n"), None);
        for open in ["/dev/dm-71", "/dev/sda70", "/swapfile", "/var/zram70"] {
            let line = format!("/dev/dm-70 partition 1 0 -2\n{open} file 1 0 -3\n");
            assert_eq!(found(&line).as_deref(), Some(open));
        }
    }
}
