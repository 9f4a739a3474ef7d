//! The program as others start it: what it says, how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let made = home.init("node", "organisation.key");
        assert!(made.status.success(), "{}", text(&made.stderr));
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn init(&self, folder: &str, key: &str) -> Output {
        uputd()
            .arg("init")
            .arg("--dir")
            .arg(self.path(folder))
            .arg("--organisation-key")
            .arg(self.path(key))
            .args(["--peer", "127.0.0.1:0", "--endpoint", "node.example:7420", "--api", "127.0.0.1:0"])
            .output()
            .unwrap()
    }

    /// Every file of the node's folder, with its bytes.
    fn node_files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path("node")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(path.clone(), std::fs::read(&path).unwrap());
                }
            }
        }
        files
    }

    fn config(&self) -> PathBuf {
        self.path("node/uput.toml")
    }
}

fn uputd() -> Command {
    Command::new(env!("CARGO_BIN_EXE_uputd"))
}

fn serve(config: &Path) -> Child {
    uputd().arg("--config").arg(config).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Starts it and waits for its one line.
fn ready(config: &Path) -> (Child, String) {
    let mut child = serve(config);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if line.is_empty() {
        panic!("{}", text(&child.wait_with_output().unwrap().stderr));
    }
    (child, line)
}

fn stop(mut child: Child) -> i32 {
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    child.wait().unwrap().code().unwrap()
}

/// Exit code, and the one line on stderr.
fn refusal(config: &Path) -> (i32, String) {
    let ended = serve(config).wait_with_output().unwrap();
    assert!(ended.stdout.is_empty());
    let said = text(&ended.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    (ended.status.code().unwrap(), said)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_new_node_serves_says_where_and_stops_in_good_order_twice() {
    let home = Home::new();
    for _ in 0..2 {
        let (child, line) = ready(&home.config());
        // [API-21]
        let (peer, api) = line.trim_end().strip_prefix("ready peer=").unwrap().split_once(" api=").unwrap();
        assert!(peer.starts_with("127.0.0.1:") && api.starts_with("127.0.0.1:"), "{line}");
        let access = std::fs::read_to_string(home.path("node/api.toml")).unwrap();
        assert!(access.contains(&format!("endpoint = \"{api}\"")));
        assert_eq!(stop(child), 0);
    }
}

#[test]
fn init_overwrites_nothing() {
    let home = Home::new();
    let key = std::fs::read(home.path("organisation.key")).unwrap();
    // [API-24]
    for (folder, file) in [("node", "organisation.key"), ("node", "other.key"), ("other", "organisation.key")] {
        let again = home.init(folder, file);
        assert_eq!(again.status.code(), Some(6), "{}", text(&again.stderr));
    }
    assert_eq!(std::fs::read(home.path("organisation.key")).unwrap(), key);
    assert!(!home.path("other.key").exists() && !home.path("other").exists());
}

#[test]
fn an_address_in_use_is_named_and_the_folder_stays_untouched() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = std::fs::read_to_string(home.config()).unwrap();
    std::fs::write(home.config(), config.replace("api = \"127.0.0.1:0\"", &format!("api = \"{address}\""))).unwrap();
    let before = home.node_files();
    let (code, said) = refusal(&home.config());
    assert_eq!(code, 5);
    assert!(said.contains(&address), "{said}");
    assert!(home.node_files() == before);
}

#[test]
fn every_way_not_to_start_has_its_number_and_one_line() {
    let home = Home::new();
    let (code, said) = refusal(&home.path("no-such.toml"));
    assert_eq!((code, said.contains("no-such.toml")), (3, true));
    let wrong = home.path("wrong.toml");
    std::fs::write(&wrong, "data = \"node\"\nspeed = 9\n").unwrap();
    let (code, said) = refusal(&wrong);
    assert_eq!((code, said.contains("wrong.toml:2:")), (3, true), "{said}");
    std::fs::write(&wrong, "data = \"nowhere\"\napi = \"127.0.0.1:0\"\n").unwrap();
    assert_eq!(refusal(&wrong).0, 4);
    // A folder with a key and nothing else is not a node's.
    std::fs::create_dir(home.path("foreign")).unwrap();
    std::fs::copy(home.path("node/node.key"), home.path("foreign/node.key")).unwrap();
    std::fs::write(&wrong, "data = \"foreign\"\napi = \"127.0.0.1:0\"\n").unwrap();
    assert_eq!(refusal(&wrong).0, 6);
    assert_eq!(std::fs::read_dir(home.path("foreign")).unwrap().count(), 1);
    let (child, _) = ready(&home.config());
    let (code, _) = refusal(&home.config());
    assert_eq!((code, stop(child)), (6, 0));
    assert_eq!(uputd().arg("--nonsense").output().unwrap().status.code(), Some(2));
}

#[test]
fn a_key_file_that_was_changed_does_not_start_a_node() {
    let home = Home::new();
    let path = home.path("node/node.key");
    let key = std::fs::read_to_string(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, &key[..key.len() - 8]).unwrap();
    assert_eq!(refusal(&home.config()).0, 4);
}
