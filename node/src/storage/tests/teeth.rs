//! The suite must bite: three faults are planted, one after the other, and each must fail the test that is there for it.
//!
//! Two of them are planted into the disk, where a call that does nothing leaves the same bytes as a call that was
//! forgotten; the third into `crate::seal`, by a function that only a test build has.

use super::MUTANT;
use std::process::{Command, Output};

/// The fault, and the test that must find it.
const MUTANTS: [(&str, &str); 3] = [
    ("sync removed", "storage::tests::power::a_power_loss_takes_nothing_that_was_acknowledged"),
    ("head removed", "storage::tests::corruption::a_journal_that_was_cut_is_found_out_wherever_it_was_cut"),
    ("associated data removed", "storage::tests::corruption::no_changed_header_of_a_record_is_served"),
];

/// Runs the three tests in a process of their own.
fn suite(mutant: Option<&str>) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.arg("--exact").args(MUTANTS.map(|(_, test)| test));
    child.env_remove(MUTANT).env("UPUT_POWER_POINTS", "200");
    child.envs(mutant.map(|name| (MUTANT, name)));
    child.output().unwrap()
}

/// [STO-34]
#[test]
fn with_the_sync_the_head_or_the_associated_data_removed_the_suite_fails() {
    if std::env::var_os(MUTANT).is_some() {
        return;
    }
    let sound = suite(None);
    let said = String::from_utf8_lossy(&sound.stdout).into_owned();
    assert!(sound.status.success() && said.contains("3 passed"), "{said}");
    for (mutant, finder) in MUTANTS {
        let found = suite(Some(mutant));
        let said = String::from_utf8_lossy(&found.stdout).into_owned();
        assert!(!found.status.success(), "{mutant}: the suite passes\n{said}");
        assert!(said.contains(&format!("test {finder} ... FAILED")), "{mutant}: not found by {finder}\n{said}");
        println!("{mutant}: found by {finder}");
    }
}
