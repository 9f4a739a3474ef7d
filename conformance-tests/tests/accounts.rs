//! A person and a machine of an organisation, through the real programs alone: code, password, second factor, session,
//! certificate, and a machine on behalf of the person.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on must stop")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use uput_conformance::organisation::Organisation;
use uput_conformance::programs::Programs;

/// Invented, and nowhere else.
const PASSWORD: &str = "four invented words here";
const OTHER: &str = "four other invented words";
const FACTOR: &[u8; 20] = b"an invented factor!!";

/// An organisation, and the folder in which its people keep their files.
struct House {
    node: Organisation,
    uput: PathBuf,
}

impl House {
    async fn open() -> Self {
        let programs = Programs::find().unwrap();
        let node = Organisation::found(&programs, "warn", false).await.unwrap();
        node.start().await.unwrap();
        Self { node, uput: programs.uput }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.node.home().join(name)
    }

    /// Whoever uses an access file, away from the node's folder: exit code and answer.
    fn with(&self, access: &str, words: &[&str], input: &str) -> (i32, Value) {
        self.run(&[&["--as", access], words].concat(), input)
    }

    /// The administrator.
    fn administer(&self, words: &[&str], input: &str) -> Value {
        let folder = self.node.folder().display().to_string();
        let (code, said) = self.run(&[&["--node", &folder], words].concat(), input);
        assert_eq!(code, 0, "{words:?}: {said}");
        said
    }

    fn run(&self, words: &[&str], input: &str) -> (i32, Value) {
        use std::io::Write as _;
        let mut child = Command::new(&self.uput)
            .args(["--yes", "--no-input", "--json"])
            .args(words)
            .current_dir(self.node.home())
            .env_remove("UPUT_NODE")
            .env_remove("UPUT_ACCESS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let ended = child.wait_with_output().unwrap();
        (ended.status.code().unwrap(), serde_json::from_slice(&ended.stdout).unwrap())
    }

    /// A new account: its ID, and the code of its person.
    fn hire(&self, role: &str, file: &str) -> (String, String) {
        let made = self.administer(&["account", "create", "--role", role, "--name-file", "-", "--to", file], role);
        let id = made["account"]["account"].as_str().unwrap().to_owned();
        (id, made["code"].as_str().unwrap_or_default().to_owned())
    }

    fn enrol(&self, file: &str, code: &str, password: &str, shown: &str) -> (i32, Value) {
        let input = format!(
            "code = \"{code}\"\nnew_password = \"{password}\"\nnew_second_factor = \"{}\"\nnew_second_factor_code = \"{shown}\"\n",
            base32(FACTOR)
        );
        self.with(file, &["account", "enrol", "--secrets", "-"], &input)
    }

    fn log_in(&self, file: &str, password: &str, shown: &str) -> (i32, Value) {
        let input = format!("password = \"{password}\"\nsecond_factor_code = \"{shown}\"\n");
        self.with(file, &["account", "log-in", "--secrets", "-"], &input)
    }
}

fn reason(answer: &(i32, Value)) -> (i32, &str) {
    (answer.0, answer.1["error"]["reason"].as_str().unwrap_or_default())
}

fn is_refused(answer: &(i32, Value)) {
    assert_eq!(reason(answer), (4, "NOT_AUTHENTICATED"), "{}", answer.1);
}

/// What the second factor shows, so many half minutes from now (RFC 6238).
fn shown(steps: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let step = (now / 30).checked_add_signed(steps).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, FACTOR);
    let digest = ring::hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(digest.as_ref()[19] & 15);
    let four: [u8; 4] = digest.as_ref()[offset..offset + 4].try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// RFC 4648, of whole groups of five bytes.
fn base32(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let group = |five: &[u8]| {
        let number = five.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        (0..8).map(|place| char::from(letters[(number >> (35 - 5 * place) & 31) as usize])).collect::<String>()
    };
    bytes.chunks(5).map(group).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// [ACC-31] [ACC-32] [ACC-34] [ACC-35] [ACC-36] [ACC-15] [CLI-25] [CLI-27]
#[tokio::test]
async fn a_person_enrols_logs_in_works_and_logs_out_with_the_command_line_alone() {
    let house = House::open().await;
    let (id, code) = house.hire("supervisor", "mine.toml");
    is_refused(&house.with("mine.toml", &["trail", "show", "deadbeef"], ""));

    // A code that is not hers, and a second factor that shows something else, are refused; the code is not used up.
    is_refused(&house.enrol("mine.toml", "0000-0000-0000-0000-0000-0000", PASSWORD, &shown(0)));
    let wrong = house.enrol("mine.toml", &code, PASSWORD, "no six");
    assert_ne!(wrong.0, 0, "{}", wrong.1);
    let first = shown(0);
    let enrolled = house.enrol("mine.toml", &code, PASSWORD, &first);
    assert_eq!((enrolled.0, enrolled.1["account"].as_str()), (0, Some(&*id)), "{}", enrolled.1);
    is_refused(&house.enrol("mine.toml", &code, OTHER, &shown(0)));

    // Wrong password, wrong and used second factor.
    is_refused(&house.log_in("mine.toml", OTHER, &shown(0)));
    is_refused(&house.log_in("mine.toml", PASSWORD, "no six"));
    is_refused(&house.log_in("mine.toml", PASSWORD, &first));
    let begun = house.log_in("mine.toml", PASSWORD, &shown(1));
    assert_eq!(begun.0, 0, "{}", begun.1);
    assert_eq!(house.with("mine.toml", &["inbox"], "").0, 0);
    assert_eq!(house.with("mine.toml", &["team", "create", "--name-file", "-"], "An Invented Team").0, 0);

    // An administrator begins anew with her account: she is out, has a new code, and is told.
    let reset = house.administer(&["account", "reset", &id], "");
    is_refused(&house.with("mine.toml", &["inbox"], ""));
    is_refused(&house.log_in("mine.toml", PASSWORD, &shown(1)));
    let again = reset["code"].as_str().unwrap();
    let enrolled = house.enrol("mine.toml", again, OTHER, &shown(0));
    assert_eq!(enrolled.0, 0, "{}", enrolled.1);
    let begun = house.log_in("mine.toml", OTHER, &shown(1));
    assert_eq!(begun.0, 0, "{}", begun.1);
    assert!(begun.1["notices"].as_u64().unwrap() >= 1, "{}", begun.1);
    let own = house.with("mine.toml", &["account", "show", "--seen"], "").1;
    let notices = own["notices"].as_array().unwrap();
    assert!(notices.iter().any(|one| one["kind"] == "account_reset" && one["account"] == *id), "{own}");
    let seen = house.with("mine.toml", &["account", "show"], "").1;
    assert_eq!(seen["notices"].as_array().unwrap().len(), 0, "{seen}");

    assert_eq!(house.with("mine.toml", &["account", "log-out"], "").0, 0);
    is_refused(&house.with("mine.toml", &["inbox"], ""));
}

/// [ACC-40] [ACC-41] [ACC-50] [ACC-51] [ACC-52] [CLI-26]
#[tokio::test]
async fn a_machine_with_a_certificate_acts_for_a_person_until_she_ends_it() {
    let house = House::open().await;
    let (person, code) = house.hire("case-worker", "mine.toml");
    assert_eq!(house.enrol("mine.toml", &code, PASSWORD, &shown(0)).0, 0);
    assert_eq!(house.log_in("mine.toml", PASSWORD, &shown(1)).0, 0);

    // The machine's certificate, its own and nobody's; what is pinned is its key.
    let (machine, none) = house.hire("integration", "machine.toml");
    assert_eq!(none, "");
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    std::fs::write(house.file("machine.pem"), certificate.pem()).unwrap();
    std::fs::write(house.file("machine.key"), key.serialize_pem()).unwrap();
    let text = std::fs::read_to_string(house.file("machine.toml")).unwrap();
    let shows = format!("{text}client_certificate = \"machine.pem\"\nclient_key = \"machine.key\"\n");
    std::fs::write(house.file("alone.toml"), &shows).unwrap();
    std::fs::write(house.file("acting.toml"), format!("{shows}on_behalf_of = \"{person}\"\n")).unwrap();
    is_refused(&house.with("alone.toml", &["inbox"], ""));
    let digest =
        hex(ring::digest::digest(&ring::digest::SHA256, &rcgen::PublicKeyData::subject_public_key_info(&key)).as_ref());
    let pinned = house.administer(&["account", "pin", &machine, "--digest", &digest, "--scope", "trails"], "");
    assert_eq!(house.with("alone.toml", &["inbox"], "").0, 0);

    // For her only once she lets it, and not after.
    let denied = house.with("acting.toml", &["inbox"], "");
    assert_eq!(reason(&denied).1, "NOT_PERMITTED", "{}", denied.1);
    let given = house.with("mine.toml", &["account", "delegate", &machine, "--valid", "2d"], "");
    assert_eq!(given.0, 0, "{}", given.1);
    assert_eq!(house.with("acting.toml", &["inbox"], "").0, 0);
    let delegation = given.1["delegation"]["delegation"].as_str().unwrap();
    assert_eq!(house.with("mine.toml", &["account", "recall", delegation], "").0, 0);
    assert_eq!(reason(&house.with("acting.toml", &["inbox"], "")).1, "NOT_PERMITTED");

    house.administer(&["account", "unpin", pinned["certificate"]["certificate"].as_str().unwrap()], "");
    is_refused(&house.with("alone.toml", &["inbox"], ""));
}
