//! Compares the table of roles with the service definition: a method without a row stops the build. [ACC-10]
//!
//! Guarantees that what the node can serve is what the table speaks of. The methods are taken from the generated code,
//! which is what is served; a test of the schema's crate keeps that equal to the schema.
#![allow(clippy::panic, clippy::print_stdout, reason = "a build that cannot go on must stop and say why")]

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

const SERVED: &str = "../proto/wire/src/gen/uput.v1.rs";
const TABLE: &str = "../specs/roles.tsv";
/// Before whom the guard does not stand: peers have a door of their own.
const PEERS: &str = "uput.v1.PeerService/";
/// Served beside the schema's services.
const HEALTH: &str = "grpc.health.v1.Health/Check";

fn main() {
    println!("cargo::rerun-if-changed={SERVED}\ncargo::rerun-if-changed={TABLE}");
    let (methods, rows) = (methods(&read(SERVED)), rows(&read(TABLE)));
    let missing: Vec<_> = methods.difference(&rows).map(String::as_str).collect();
    assert!(missing.is_empty(), "specs/roles.tsv has no row for {}: say who may call it", missing.join(", "));
    let strange: Vec<_> = rows.difference(&methods).map(String::as_str).collect();
    assert!(strange.is_empty(), "specs/roles.tsv has rows for what no service has: {}", strange.join(", "));
    let mut list = String::from("&[\n");
    for method in &methods {
        let _ = writeln!(list, "    {method:?},");
    }
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default().join("methods.rs");
    if let Err(error) = fs::write(&out, list + "]\n") {
        panic!("{}: {error}", out.display());
    }
}

/// Every path of a service in the generated code.
fn methods(code: &str) -> BTreeSet<String> {
    let literals = code.split('"').filter_map(|text| text.strip_prefix('/'));
    let methods = literals.filter(|text| text.starts_with("uput.v1.") && !text.starts_with(PEERS));
    methods.map(str::to_owned).chain([HEALTH.to_owned()]).collect()
}

/// Every method that a line of the table is about.
fn rows(table: &str) -> BTreeSet<String> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split('\t').next()).map(str::to_owned).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
