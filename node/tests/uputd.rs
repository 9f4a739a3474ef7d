//! The program as others start it: what it says, how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must stop"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use prost::Message;
use tempfile::TempDir;
use uput_core::{
    envelope::Envelope,
    key::KeyChain,
    keyfile::{Cost, KeyFile, Lock},
    wire,
};
use uput_node::{
    locked::DoorKey,
    node::Node,
    node_key::{KeyPlace, Sources},
    record,
    storage::{Options, Storage, StorageKey},
};

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

impl Home {
    fn rebuild(&self) -> Output {
        let mut command = uputd();
        command.current_dir(self.0.path()).args(["rebuild", "--dir", "node", "--organisation-key", "organisation.key"]);
        command.args(["--records", "records", "--peer", "127.0.0.1:0", "--endpoint", "node.example:7420"]);
        command.args(["--api", "127.0.0.1:0"]).output().unwrap()
    }

    /// The key records of the node, as a peer would write them to a file.
    fn key_records(&self) -> KeyChain {
        let secrets = KeyPlace::from(self.path("node").as_path()).read().unwrap();
        let key = StorageKey::new(secrets.storage.clone());
        let storage = Storage::open(&self.path("node"), &key, Options::default(), record::project).unwrap();
        Node::own_chain(&storage).unwrap()
    }
}

/// [BAK-61] [BAK-62] [BAK-63]
#[test]
fn a_node_is_made_anew_from_the_organisation_key_and_its_key_records() {
    let home = Home::new();
    let chain = home.key_records();
    let records = wire::KeyChain { records: chain.envelopes().map(Envelope::to_wire).collect() };
    std::fs::write(home.path("records"), records.encode_to_vec()).unwrap();
    assert_eq!(home.rebuild().status.code(), Some(6), "nothing is made over a folder");
    std::fs::remove_dir_all(home.path("node")).unwrap();
    let made = home.rebuild();
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let said = text(&made.stdout);
    assert!(said.starts_with(&format!("organisation={} record=1 config=", chain.organisation())), "{said}");
    let (child, line) = ready(&home.config());
    assert!(line.starts_with("ready peer="), "{line}");
    assert_eq!(stop(child), 0);
    let followed = home.key_records();
    assert!(followed.organisation() == chain.organisation() && followed.newest().number() == 1);
    assert!(followed.newest().tls_key() != chain.newest().tls_key());
}

impl Home {
    fn backup(&self, words: &[&str]) -> (i32, String) {
        let mut command = uputd();
        command.current_dir(self.0.path()).arg("backup").args(words);
        let ended = command.output().unwrap();
        let code = ended.status.code().unwrap();
        (code, text(if code == 0 { &ended.stdout } else { &ended.stderr }).trim_end().to_owned())
    }

    fn key(&self, name: &str) -> String {
        let (code, line) = self.backup(&["key", "--out", name]);
        assert_eq!(code, 0, "{line}");
        line.strip_prefix("recipient=").unwrap().to_owned()
    }
}

/// [BAK-40] [BAK-34] [BAK-50]
#[test]
fn a_running_node_is_backed_up_verified_and_restored_by_commands() {
    let home = Home::new();
    let [one, two] = ["one.txt", "two.txt"].map(|name| home.key(name));
    assert_eq!(home.backup(&["key", "--out", "one.txt"]).0, 1, "no key is written over");
    let create = |words: &[&str]| {
        let words = [&["create", "--dir", "node", "--to", "backups", "--keys", "keys", "--recipient", &one], words];
        home.backup(&words.concat())
    };
    let (child, _) = ready(&home.config());
    let (code, said) = create(&[]);
    assert_eq!((code, said.contains("at least two recipients")), (2, true), "{said}");
    let (code, said) = create(&["--recipient", &two]);
    assert_eq!((code, said.starts_with("backup=1 records=")), (0, true), "{said}");
    let (code, said) = create(&["--recipient", &two]);
    assert_eq!((code, said.starts_with("backup=2 records=")), (0, true), "{said}");
    assert_eq!(stop(child), 0);
    let with = |word: &'static str, identity: &str, more: &[&str]| {
        let words = [word, "--from", "backups", "--keys", "keys", "--identity", identity];
        home.backup(&[&words, more].concat())
    };
    let (code, said) = with("verify", "two.txt", &[]);
    assert_eq!((code, said.starts_with("good=2 made=")), (0, true), "{said}");
    assert_eq!(with("verify", "node/node.key", &[]).0, 4);
    assert_eq!(with("verify", "one.txt", &["--number", "7"]).0, 2);
    assert_eq!(with("restore", "one.txt", &["--dir", "node"]).0, 6, "nothing is restored over a folder");
    let (code, said) = with("restore", "one.txt", &["--dir", "again"]);
    assert_eq!((code, said.starts_with("restored=2 made=")), (0, true), "{said}");
    for file in ["node.key", "uput.toml", "api.toml", "FORMAT"] {
        let same = |folder: &str| std::fs::read(home.path(folder).join(file)).unwrap();
        assert!(file == "api.toml" || same("node") == same("again"), "{file}");
        let mode = std::fs::metadata(home.path("again").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
    assert!(home.path("again/RESTORED").exists());
    for _ in 0..2 {
        let (child, _) = ready(&home.path("again/uput.toml"));
        assert!(!home.path("again/RESTORED").exists(), "one start begins one incarnation");
        assert_eq!(stop(child), 0);
    }
}

/// [STO-35] [STO-38]
#[test]
fn a_node_with_a_bound_serves_and_its_index_is_rebuilt_while_it_does_not() {
    let home = Home::new();
    let written = std::fs::read_to_string(home.config()).unwrap();
    std::fs::write(home.config(), format!("quota_mib = 100\n{written}")).unwrap();
    let (code, said) = refusal(&home.config());
    assert_eq!((code, said.contains("quota_mib")), (3, true), "{said}");
    std::fs::write(home.config(), format!("quota_mib = 1024\n{written}")).unwrap();
    let rebuild = || {
        let done = uputd().args(["index", "rebuild", "--dir"]).arg(home.path("node")).output().unwrap();
        (done.status.code().unwrap(), text(&done.stdout) + &text(&done.stderr))
    };
    let (child, _) = ready(&home.config());
    let (code, said) = rebuild();
    assert_eq!((code, said.contains("another process")), (6, true), "{said}");
    assert_eq!(stop(child), 0);
    let (code, said) = rebuild();
    assert_eq!((code, said.starts_with("records=") && said.contains(" after=")), (0, true), "{said}");
    assert_eq!(stop(ready(&home.config()).0), 0);
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

/// What is done to a node's files, and what the one line must say of it.
struct Refused {
    name: &'static str,
    change: fn(&Home),
    code: i32,
    says: &'static [&'static str],
}

const REFUSED: &[Refused] = &[
    Refused {
        name: "somebody else's folder",
        change: |home| {
            home.put("node/FORMAT", b"photographs, 2019\n");
            home.empty("node/head");
        },
        code: 6,
        says: &["is not a node's data folder", "nothing in it was touched"],
    },
    Refused {
        name: "a folder of a newer version",
        change: |home| home.edit("node/FORMAT", "format 2", "format 3"),
        code: 6,
        says: &["has format 3, which this version cannot read", "nothing in it was touched"],
    },
    Refused {
        name: "a FORMAT that was cut, without the copy beside the head",
        change: |home| {
            home.put("node/FORMAT", &home.bytes("node/FORMAT")[..40]);
            home.empty("node/head");
        },
        code: 6,
        says: &["FORMAT is damaged", "left as it is"],
    },
    Refused {
        name: "the key of another node",
        change: |home| {
            assert!(home.init("another", "another.key").status.success());
            home.put("node/node.key", &home.bytes("another/node.key"));
        },
        code: 6,
        says: &["is not the storage key of this data folder", "nothing in it was touched"],
    },
    Refused {
        name: "a journal with one flipped bit",
        change: |home| home.flip("node/journal/00000001.seg", 200),
        code: 6,
        says: &["journal/00000001.seg is damaged", "left as it is"],
    },
    Refused {
        name: "a journal that is gone",
        change: |home| {
            let journal = home.path("node/journal");
            std::fs::read_dir(journal).unwrap().for_each(|file| std::fs::remove_file(file.unwrap().path()).unwrap());
        },
        code: 6,
        says: &["journal is damaged (it ends before what was acknowledged)", "left as it is"],
    },
    Refused {
        name: "a head of zeros",
        change: |home| home.empty("node/head"),
        code: 6,
        says: &["head is damaged", "left as it is"],
    },
    Refused {
        name: "a key book with one flipped bit",
        change: |home| home.flip("node/keybook/000000000001.key", 40),
        code: 6,
        says: &["keybook/000000000001.key is damaged", "left as it is"],
    },
    Refused {
        name: "a locked key",
        change: |home| home.lock_key(),
        code: 4,
        says: &["node.key", "the key is locked; give the passphrase"],
    },
    Refused {
        name: "a key file that is broken in its third line",
        change: |home| home.edit("node/node.key", "uput-key-file 1", "uput-key-file one"),
        code: 4,
        says: &["node.key", "line 3"],
    },
    Refused {
        name: "a configuration that is no TOML",
        change: |home| home.put("node/uput.toml", b"data = \".\"\n\napi = \n"),
        code: 3,
        says: &["uput.toml:3:"],
    },
    Refused {
        name: "a configuration that breaks a rule",
        change: |home| home.put("node/uput.toml", b"data = \".\"\napi = \"192.0.2.1:7421\"\n"),
        code: 3,
        says: &["uput.toml:2:", "api must be an address of this computer only"],
    },
    Refused {
        name: "an address that is not this computer's",
        change: |home| home.edit("node/uput.toml", "peer = \"127.0.0.1:0\"", "peer = \"192.0.2.1:7420\""),
        code: 5,
        says: &["peer address 192.0.2.1:7420"],
    },
];

impl Home {
    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn edit(&self, name: &str, old: &str, new: &str) {
        let before = text(&self.bytes(name));
        assert!(before.contains(old), "{name}: {before}");
        self.put(name, before.replace(old, new).as_bytes());
    }

    fn empty(&self, name: &str) {
        self.put(name, &vec![0; self.bytes(name).len()]);
    }

    fn flip(&self, name: &str, at: usize) {
        let mut bytes = self.bytes(name);
        bytes[at] ^= 1;
        self.put(name, &bytes);
    }

    fn lock_key(&self) {
        let file = KeyFile::parse(&text(&self.bytes("node/node.key"))).unwrap();
        let passphrase = "an invented passphrase";
        let lock = Lock::Passphrase { passphrase, salt: [9; 32], cost: Cost::LEAST };
        let locked = file.open_node_secrets(None).unwrap().write(&lock).unwrap();
        self.put("node/node.key", locked.as_bytes());
    }
}

#[test]
fn what_cannot_be_opened_starts_no_node_and_stays_as_it_is() {
    // [NOD-3] [NOD-5] [API-20] [API-22]
    for refused in REFUSED {
        let home = Home::new();
        // Once round, so that there is something to damage.
        assert_eq!(stop(ready(&home.config()).0), 0);
        (refused.change)(&home);
        let before = home.node_files();
        let (code, said) = refusal(&home.config());
        assert_eq!(code, refused.code, "{}: {said}", refused.name);
        for words in refused.says {
            assert!(said.contains(words), "{}: {said}", refused.name);
        }
        let mut after = home.node_files();
        after.retain(|path, _| !path.starts_with(home.path("node/quarantine")));
        assert!(after == before, "{}: the folder was changed", refused.name);
    }
}

#[test]
fn a_peer_address_in_use_is_named_and_the_folder_stays_untouched() {
    // [API-22]
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    home.edit("node/uput.toml", "peer = \"127.0.0.1:0\"", &format!("peer = \"{address}\""));
    let before = home.node_files();
    let (code, said) = refusal(&home.config());
    assert_eq!((code, said.contains("peer address") && said.contains(&address)), (5, true), "{said}");
    assert!(home.node_files() == before);
}

impl Home {
    /// Runs a command on the node's folder; its exit code and what it said on stderr.
    fn at_rest(&self, command: &str, more: &[(&str, &str)]) -> (i32, String) {
        let mut run = uputd();
        run.arg(command).arg("--dir").arg(self.path("node"));
        for (option, file) in more {
            run.arg(option).arg(self.path(file));
        }
        let ended = run.output().unwrap();
        (ended.status.code().unwrap(), text(&ended.stderr))
    }

    fn serve_with(&self, file: &str) -> (i32, String) {
        let ended = self.starting(file).output().unwrap();
        (ended.status.code().unwrap(), text(&ended.stderr))
    }

    fn starting(&self, file: &str) -> Command {
        let mut start = uputd();
        start.arg("--config").arg(self.config()).arg("--passphrase-file").arg(self.path(file));
        start.stdout(Stdio::piped()).stderr(Stdio::piped());
        start
    }

    /// Everything but the key file.
    fn data(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = self.node_files();
        files.remove(&self.path("node/node.key"));
        files
    }
}

fn comes_up(mut start: Command) {
    let mut child = start.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if !line.starts_with("ready ") {
        panic!("{}", text(&child.wait_with_output().unwrap().stderr));
    }
    assert_eq!(stop(child), 0);
}

/// [RST-1] [RST-2] [RST-4]
#[test]
fn a_node_is_locked_changed_and_unlocked_and_its_data_is_never_rewritten() {
    let home = Home::new();
    home.put("first", b"an invented passphrase\nnot this line\n");
    home.put("second", "jo\u{161} jedna izmi\u{161}ljena\n".as_bytes());
    home.put("empty", b"\n");
    let data = home.data();
    assert_eq!(home.at_rest("lock", &[("--passphrase-file", "empty")]).0, 4);
    // Nobody can be asked here.
    assert_eq!(home.at_rest("lock", &[]).0, 2);
    assert_eq!(home.at_rest("lock", &[("--passphrase-file", "first")]), (0, String::new()));
    assert!(text(&home.bytes("node/node.key")).contains("lock argon2id 262144 3 1 "));
    assert_eq!(std::fs::metadata(home.path("node/node.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let locked = home.bytes("node/node.key");
    let (code, said) = home.serve_with("second");
    assert_eq!((code, said.lines().count()), (4, 1), "{said}");
    assert!(said.contains("node.key") && said.contains("passphrase"), "{said}");
    let change = [("--passphrase-file", "first"), ("--old-passphrase-file", "second")];
    // It opens under the new one: as if the change had been cut off.
    assert_eq!(home.at_rest("lock", &change).0, 0);
    let locked_again = home.bytes("node/node.key");
    assert!(locked_again != locked, "a fresh salt");
    assert_eq!(home.at_rest("unlock", &[("--passphrase-file", "second")]).0, 4);
    assert!(home.bytes("node/node.key") == locked_again);
    let change = [("--passphrase-file", "second"), ("--old-passphrase-file", "first")];
    assert_eq!(home.at_rest("lock", &change).0, 0);
    assert!(home.data() == data, "nothing but the key file was written");
    comes_up(home.starting("second"));
    assert_eq!(home.at_rest("unlock", &[("--passphrase-file", "second")]), (0, String::new()));
    assert!(text(&home.bytes("node/node.key")).contains("lock none"));
}

/// [RST-1] [RST-2] [RST-5] As systemd starts it: a folder of credentials, and nobody to ask.
#[test]
fn a_node_starts_with_a_credential_and_is_not_locked_while_it_runs() {
    let home = Home::new();
    home.put("words", b"an invented passphrase\n");
    assert_eq!(home.at_rest("lock", &[("--passphrase-file", "words")]).0, 0);
    std::fs::create_dir(home.path("given")).unwrap();
    std::fs::copy(home.path("words"), home.path("given/uput.passphrase")).unwrap();
    let started = || {
        let mut start = uputd();
        start.arg("--config").arg(home.config()).env("CREDENTIALS_DIRECTORY", home.path("given"));
        start
    };
    comes_up(started());
    std::fs::rename(home.path("node/node.key"), home.path("given/uput.node-key")).unwrap();
    let mut child = started().stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("ready "));
    std::fs::copy(home.path("given/uput.node-key"), home.path("node/node.key")).unwrap();
    let (code, said) = home.at_rest("unlock", &[("--passphrase-file", "words")]);
    assert_eq!((code, said.contains("stop the node first")), (6, true), "{said}");
    assert_eq!(stop(child), 0);
    let both = started().output().unwrap();
    assert_eq!((both.status.code(), text(&both.stderr).contains("credential")), (Some(4), true));
}

/// [RST-10] [RST-12]
#[test]
fn the_doctor_needs_no_key_and_ends_with_one_if_something_is_an_error() {
    let home = Home::new();
    home.lock_key();
    let doctor = || {
        let ended = uputd().args(["doctor", "--dir"]).arg(home.path("node")).output().unwrap();
        (ended.status.code(), text(&ended.stdout))
    };
    let before = home.node_files();
    let (code, said) = doctor();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ok\tkey-file\t-\tnode.key takes a passphrase\t-\n"), "{said}");
    assert!(home.node_files() == before);
    std::fs::remove_file(home.path("node/head")).unwrap();
    let (code, said) = doctor();
    assert_eq!(code, Some(1));
    assert!(said.starts_with("error\thead\thead-missing\t"), "the worst first: {said}");
}

/// [RST-30] [RST-31] [RST-32]
#[test]
fn a_node_that_waits_for_its_passphrase_says_that_it_is_locked_and_goes_on_when_it_comes() {
    let home = Home::new();
    home.put("words", b"an invented passphrase\n");
    assert_eq!(home.at_rest("lock", &[("--passphrase-file", "words")]).0, 0);
    assert_eq!(home.serve_with("later").0, 4, "without a door key nothing is waited for");
    let sources = Sources { file: Some(home.path("words")), ..Sources::default() };
    let secrets = KeyPlace::find(&home.path("node"), &sources).unwrap().read().unwrap();
    DoorKey::of(&secrets.tls).write(&home.path("node")).unwrap();
    let before = home.node_files();
    for killed in [true, false] {
        let mut child = home.starting("later").spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let address = line.strip_prefix("locked peer=").unwrap_or_else(|| panic!("{line}"));
        assert!(std::net::TcpStream::connect(address).is_ok());
        assert!(home.node_files() == before, "a locked node changes nothing of its data");
        if killed {
            child.kill().unwrap();
            child.wait().unwrap();
            continue;
        }
        std::fs::rename(home.path("words"), home.path("later")).unwrap();
        let line = lines.next().unwrap().unwrap();
        assert!(line.starts_with(&format!("ready peer={address} ")), "{line}");
        assert_eq!(stop(child), 0);
    }
    assert!(!home.path("node/door.key").exists(), "its key record names none");
}
