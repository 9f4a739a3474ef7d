//! The vectors of specs/vectors/access-log: every file is read and run, and is what its generator writes.
//!
//! `UPUT_BLESS=1 cargo test -p uput-core --test access_log` writes them anew.

use std::{collections::BTreeMap, fs, path::PathBuf};

use uput_core::{
    access_log::{Report, verify},
    trust::TrustFile,
    verdict::Exit,
};

use crate::{
    cases::{Case, cases},
    sample::World,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../specs/vectors/access-log")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.as_bytes().chunks(2).map(pair).collect()
}

fn said(report: &Report) -> String {
    let accesses = report.chains.iter().flat_map(|chain| &chain.accesses);
    let accesses = accesses.map(|access| {
        format!("access: {} {} {} {} {}\n", access.number, access.kind, access.reason, access.standing, access.role)
    });
    accesses.chain(report.words.iter().map(|words| format!("words: {words}\n"))).collect()
}

fn text(case: &Case) -> String {
    let expect = if case.exit == Exit::Valid { String::from("ok") } else { case.exit.code().to_string() };
    let requirement = if case.requirement.is_empty() { "none" } else { case.requirement };
    let optional = |name: &str, bytes: Option<&[u8]>| bytes.map(|bytes| format!("{name}: {}\n", hex(bytes)));
    format!(
        "expect: {expect}\nrequirement: {requirement}\n{}trust: {}\n{}{}document: {}\n",
        said(&case.verify()),
        hex(case.trust.to_toml().as_bytes()),
        optional("nonce", case.nonce.as_ref().map(<[u8; 32]>::as_slice)).unwrap_or_default(),
        optional("earlier", case.earlier.as_deref()).unwrap_or_default(),
        hex(&case.document)
    )
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[test]
fn every_vector_holds() {
    let cases = cases(&World::pair());
    let name = |case: &Case| format!("{}.txt", case.name.replace(' ', "-"));
    let generated: BTreeMap<String, String> = cases.iter().map(|case| (name(case), text(case))).collect();
    assert_eq!(generated.len(), cases.len(), "two vectors have one name");
    if std::env::var_os("UPUT_BLESS").is_some() {
        let _ = fs::remove_dir_all(folder());
        fs::create_dir_all(folder()).unwrap();
        generated.iter().for_each(|(name, text)| fs::write(folder().join(name), text).unwrap());
    }
    let read = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let read: BTreeMap<String, String> = read
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    assert!(read == generated, "files differ from what the generator writes; UPUT_BLESS=1 writes them anew");
    for (name, text) in &read {
        let trust = String::from_utf8(bytes(field(text, "trust").unwrap())).unwrap();
        let nonce = field(text, "nonce").map(|nonce| <[u8; 32]>::try_from(bytes(nonce)).unwrap());
        let earlier = field(text, "earlier").map(bytes);
        let document = bytes(field(text, "document").unwrap());
        let report = verify(&document, &TrustFile::parse(&trust).unwrap(), earlier.as_deref(), nonce.as_ref());
        let outcome = if report.exit == Exit::Valid { String::from("ok") } else { report.exit.code().to_string() };
        assert_eq!(Some(outcome.as_str()), field(text, "expect"), "{name}");
        let stated = text.lines().filter(|line| line.starts_with("access: ") || line.starts_with("words: "));
        assert_eq!(said(&report), stated.map(|line| format!("{line}\n")).collect::<String>(), "{name}");
        let failed = report.checks.iter().filter(|check| !check.problems.is_empty());
        let failed: Vec<&str> = failed.map(|check| check.requirement).collect();
        let requirement = field(text, "requirement").unwrap();
        assert!(failed.contains(&requirement) || (requirement == "none" && failed.is_empty()), "{name}: {failed:?}");
    }
}
