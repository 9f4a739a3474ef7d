//! A backup is opened by the written procedure alone: `sh`, `tar` and an age program that knows nothing of ours.

use std::{
    fs,
    io::{BufReader, Read},
    os::unix::fs::{PermissionsExt, symlink},
    process::Command,
};

use age::{Decryptor, x25519::Identity};

use super::*;

/// Which identity, which file, and where what it holds goes: for the process that stands for `age -d -i IDENTITY FILE`.
const IDENTITY: &str = "UPUT_TEST_AGE_IDENTITY";
const FILE: &str = "UPUT_TEST_AGE_FILE";
const OUT: &str = "UPUT_TEST_AGE_OUT";

/// Does nothing but in the process that [`an_age_program`] starts.
#[test]
fn decrypts_one_file() {
    let Ok(out) = std::env::var(OUT) else { return };
    let text = fs::read_to_string(std::env::var(IDENTITY).unwrap()).unwrap();
    let key: Identity = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap().parse().unwrap();
    let file = BufReader::new(fs::File::open(std::env::var(FILE).unwrap()).unwrap());
    let keys = std::iter::once(&key as &dyn age::Identity);
    let mut opened = Decryptor::new_buffered(file).unwrap().decrypt(keys).unwrap();
    let mut plain = Vec::new();
    opened.read_to_end(&mut plain).unwrap();
    fs::write(out, plain).unwrap();
}

/// A program `age` in a folder of its own, which takes what the procedure gives it.
fn an_age_program(folder: &std::path::Path) {
    fs::create_dir(folder).unwrap();
    let (this, out) = (std::env::current_exe().unwrap(), folder.join("out"));
    let (this, out) = (this.display(), out.display());
    let script = format!(
        "#!/bin/sh\n[ \"$1 $2\" = '-d -i' ] || exit 9\n\
         {IDENTITY}=\"$3\" {FILE}=\"$4\" {OUT}='{out}' '{this}' --exact by_hand::decrypts_one_file >&2 || exit 8\n\
         cat '{out}' && rm '{out}'\n"
    );
    fs::write(folder.join("age"), script).unwrap();
    fs::set_permissions(folder.join("age"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// The lines of the procedure as they are printed.
fn procedure() -> String {
    let text = include_str!("../../../specs/backup.md");
    let after = text.split("**[BAK-35]**").nth(1).unwrap();
    let lines = after.lines().skip_while(|line| !line.starts_with("    "));
    let lines: Vec<_> = lines.take_while(|line| line.starts_with("    ")).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    lines.join("\n")
}

/// [BAK-35] [BAK-3] [BAK-5]
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_opened_by_the_procedure_that_is_written_down() {
    let mut pair = Pair::found().await;
    let trail = pair.opened().await;
    pair.back_up();
    pair.hotline_says(trail).await;
    pair.settled().await;
    pair.back_up();
    let events = pair.events(pair.hotline(), trail).await;
    pair.cut().await;
    pair.nodes[0] = None;
    let desk = tempfile::tempdir().unwrap();
    let (kept, program) = (pair.kept(), pair.kept().join("program"));
    an_age_program(&program);
    for (name, from) in [("backups", "backups"), ("keys", "keys"), ("identity.txt", "identity")] {
        symlink(kept.join(from), desk.path().join(name)).unwrap();
    }
    let written = format!("set -e\n{}\n", procedure().replace("LAST", "000002"));
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let done = Command::new("sh").args(["-c", &written]).current_dir(desk.path()).env("PATH", path).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // What lies there is a data folder; the backup after which nothing was said knows all.
    pair.folders[0].folder = desk;
    let storage = pair.folders[0].open_storage();
    Node::begin_incarnation(&storage).await.unwrap();
    drop(storage);
    pair.nodes[0] = Some(pair.folders[0].open());
    assert_eq!(pair.events(pair.hotline(), trail).await, events);
    assert!(pair.values(trail).await > 0, "the key book is there");
}
