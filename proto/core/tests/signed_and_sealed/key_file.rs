//! Key files: [KEY-19] to [KEY-22].

use uput_core::id::Id;
use uput_core::key::SealingSecret;
use uput_core::keyfile::{
    Cost, Holds, KeyFile, KeyFileError, Lock, NodeSecrets, write_organisation_key, write_staff_key,
};
use uput_core::rejection::Rejection;

use crate::sample::{Predictable, seed, signing_key};

fn locked(passphrase: &str) -> Lock<'_> {
    Lock::Passphrase { passphrase, salt: seed("salt"), cost: Cost::LEAST }
}

fn organisation_file(lock: &Lock<'_>) -> String {
    write_organisation_key(&signing_key("organisation"), lock).unwrap().to_string()
}

fn refused(text: &str) -> KeyFileError {
    KeyFile::parse(text).err().expect("the file must be refused")
}

#[test]
fn an_organisation_key_in_clear_comes_back() {
    let file = KeyFile::parse(&organisation_file(&Lock::Clear)).unwrap();
    assert_eq!((file.holds(), file.is_locked()), (Holds::Organisation, false));
    assert_eq!(file.public(), signing_key("organisation").public().as_bytes());
    assert_eq!(file.open_organisation_key(None).unwrap().public().as_bytes(), file.public());
}

#[test]
fn a_locked_key_opens_with_its_passphrase_only() {
    let file = KeyFile::parse(&organisation_file(&locked("kuća na kraju ulice"))).unwrap();
    assert!(file.is_locked());
    assert_eq!(file.open_organisation_key(Some("kuća na kraju ulice")).unwrap().public().as_bytes(), file.public());
    assert_eq!(file.open_organisation_key(None).err().unwrap().rejection(), Rejection::KeyLocked);
    let wrong = file.open_organisation_key(Some("kuca na kraju ulice")).err().unwrap();
    assert_eq!(wrong.rejection(), Rejection::WrongPassphrase);
    assert_eq!(file.open_organisation_key(Some("")).err().unwrap().rejection(), Rejection::WrongPassphrase);
}

#[test]
fn a_letter_with_its_mark_may_be_typed_in_two_ways() {
    let file = KeyFile::parse(&organisation_file(&locked("ku\u{0107}a"))).unwrap();
    assert!(file.open_organisation_key(Some("kuc\u{0301}a")).is_ok());
}

#[test]
fn an_empty_passphrase_locks_nothing() {
    let written = write_organisation_key(&signing_key("organisation"), &locked(""));
    assert_eq!(written.err().unwrap().rejection(), Rejection::WrongPassphrase);
}

#[test]
fn the_secrets_of_a_node_come_back() {
    let secrets = NodeSecrets::generate(&mut Predictable::named("node"));
    for lock in [Lock::Clear, locked("six words that nobody would guess")] {
        let file = KeyFile::parse(&secrets.write(&lock).unwrap()).unwrap();
        assert_eq!(file.holds(), Holds::Node);
        let opened = file.open_node_secrets(Some("six words that nobody would guess")).unwrap();
        assert_eq!(opened.signing.public(), secrets.signing.public());
        assert_eq!(opened.tls.public(), secrets.tls.public());
        assert!(opened.sealing.iter().map(|key| key.id()).eq(secrets.sealing.iter().map(|key| key.id())));
        assert_eq!(*opened.storage, *secrets.storage);
    }
}

#[test]
fn a_staff_key_comes_back_and_is_no_other_kind_of_secret() {
    let key = SealingSecret::from_seed(&seed("staff"));
    for lock in [Lock::Clear, locked("words of one person")] {
        let file = KeyFile::parse(&write_staff_key(&key, &lock).unwrap()).unwrap();
        assert_eq!((file.holds(), file.public()), (Holds::Staff, key.id().as_bytes()));
        assert_eq!(file.open_staff_key(Some("words of one person")).unwrap().id(), key.id());
        assert!(file.open_organisation_key(Some("words of one person")).is_err());
        assert!(file.open_node_secrets(Some("words of one person")).is_err());
    }
}

#[test]
fn no_secret_is_drawn_twice() {
    let secrets = NodeSecrets::generate(&mut Predictable::named("node"));
    let seeds = [secrets.signing.expose_seed(), secrets.tls.expose_seed(), secrets.sealing[0].expose_seed()];
    assert!(seeds.iter().all(|seed| **seed != *secrets.storage));
    assert!(seeds[0] != seeds[1] && seeds[1] != seeds[2] && seeds[0] != seeds[2]);
}

#[test]
fn a_node_must_have_a_sealing_secret() {
    let mut secrets = NodeSecrets::generate(&mut Predictable::named("node"));
    secrets.sealing.clear();
    assert_eq!(secrets.write(&Lock::Clear).err().unwrap().rejection(), Rejection::BadSource);
}

#[test]
fn one_kind_is_not_opened_as_the_other() {
    let file = KeyFile::parse(&organisation_file(&Lock::Clear)).unwrap();
    assert!(matches!(file.open_node_secrets(None), Err(KeyFileError::Source { line: 2, .. })));
}

/// Every changed character is noticed, but in a comment. [KEY-21]
#[test]
fn every_changed_character_is_noticed() {
    for (lock, passphrase) in [(Lock::Clear, None), (locked("pass"), Some("pass"))] {
        let text = organisation_file(&lock);
        let start = text.find("uput-key-file").unwrap();
        // A locked file costs a derivation each time: every 7th character, which meets every line.
        let step = if passphrase.is_some() { 7 } else { 1 };
        for index in (start..text.len()).step_by(step) {
            let mut changed = text.clone().into_bytes();
            changed[index] = if changed[index] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            let opened = KeyFile::parse(&changed).and_then(|file| file.open_organisation_key(passphrase));
            // A digit put where a line ends joins two lines of digits: too long for one, never another secret.
            assert!(opened.is_err(), "character {index} of:\n{changed}");
        }
    }
}

/// Whoever makes the file can make its digest too, but not name a key that is not its own. [KEY-21]
#[test]
fn a_file_that_names_another_key_is_refused() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (named, held) = (signing_key("named"), signing_key("held"));
    for (public, opens) in [(held.public(), true), (named.public(), false)] {
        let header = format!("uput-key-file 1\nholds organisation\npublic {}\nlock none\n", hex(public.as_bytes()));
        let digest = Id::of(&[b"uput/v1/key-file", header.as_bytes(), held.expose_seed()].concat());
        let text = format!("{header}{}\n{}\n", hex(held.expose_seed()), hex(digest.as_bytes()));
        let opened = KeyFile::parse(&text).unwrap().open_organisation_key(None);
        assert_eq!(opened.is_ok(), opens);
    }
}

#[test]
fn comments_empty_lines_and_foreign_line_ends_do_not_matter() {
    let text = organisation_file(&Lock::Clear).replace('\n', "\r\n\r\n# in the blue safe\r\n");
    assert!(KeyFile::parse(&text).unwrap().open_organisation_key(None).is_ok());
}

#[test]
fn errors_name_line_and_rule() {
    let text = organisation_file(&Lock::Clear);
    assert_eq!(refused("").to_string(), "line 1: must be \"uput-key-file 1\"");
    assert_eq!(
        refused(&text.replace("holds organisation", "holds everything")).to_string(),
        "line 4: must be \"holds organisation\", \"holds node\", \"holds staff\" or \"holds recovery\""
    );
    assert!(matches!(refused(&text.replace("public ", "public 0")), KeyFileError::Source { line: 5, .. }));
    assert!(matches!(refused(&text.replace("lock none", "lock rot13")), KeyFileError::Source { line: 6, .. }));
    assert!(matches!(refused(&format!("{text}secret\n")), KeyFileError::Source { line: 9, .. }));
    let long = format!("{text}{}", "#\n".repeat(40_000));
    assert_eq!(refused(&long).to_string(), "line 1: a key file has at most 65536 bytes");
    assert_eq!(refused("").rejection(), Rejection::BadSource);
}

#[test]
fn a_hostile_file_cannot_demand_memory_or_time() {
    let text = organisation_file(&locked("pass"));
    for cost in ["67108864 3 1", "1048576 16 1", "19456 4294967295 1", "262144 3 4294967295", "8 1 1", "019456 2 1"] {
        let hostile = text.replace("19456 2 1", cost);
        assert_ne!(hostile, text);
        assert!(matches!(refused(&hostile), KeyFileError::Source { line: 6, .. }), "{cost}");
    }
}

#[test]
fn a_truncated_file_is_refused() {
    let text = organisation_file(&Lock::Clear);
    for length in 0..text.len() - 1 {
        let opened = KeyFile::parse(&text[..length]).and_then(|file| file.open_organisation_key(None));
        assert!(opened.is_err(), "{length} bytes");
    }
}

#[test]
fn the_cost_has_bounds() {
    assert_eq!(Cost::new(256 * 1024, 3, 1), Some(Cost::DEFAULT));
    assert_eq!(Cost::new(19 * 1024, 2, 1), Some(Cost::LEAST));
    assert_eq!(Cost::new(19 * 1024 - 1, 2, 1), None);
}
