//! How long lists and searches take inside of a node, without TLS, gRPC and the beat at which answers leave.
//!
//! `cargo run --release --example lists_bench -- FOLDER`, with the folder of a node that does not run: `bench --cases N` of the
//! conformance tests fills one and calls this. The supervisor and the case worker are the oldest accounts of their role.
#![allow(clippy::print_stdout, reason = "a command that prints what it measures")]

use std::{
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use uput_core::{sensitive::Sensitive, wire::Role};
use uput_node::{
    account::Caller,
    node::{CaseListing, Listing, Node, Question, Secrets},
    node_key, record,
    storage::{Options, Storage, StorageKey},
};

/// How often each is measured.
const TIMES: usize = 1000;

type Failed = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let measured =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failed::from).and_then(|runtime| {
            let _entered = runtime.enter();
            run()
        });
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            println!("lists_bench: {failed}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failed> {
    let folder = std::env::args_os().nth(1).ok_or("the folder of a node is needed")?;
    let begun = Instant::now();
    let node = open(Path::new(&folder))?;
    println!("inside of the node, without TLS, gRPC and beat; it opens in {:.1} s:", begun.elapsed().as_secs_f64());
    for (name, role) in [("supervisor", Role::Supervisor), ("case worker", Role::CaseWorker)] {
        let caller = oldest(&node, role).ok_or("nobody has that role")?;
        lists(&node, name, &caller)?;
        searches(&node, name, &caller)?;
    }
    Ok(())
}

fn open(folder: &Path) -> Result<Arc<Node>, Failed> {
    let secrets = node_key::KeyPlace::from(folder).read().map_err(|failure| failure.to_string())?;
    let key = StorageKey::new(secrets.storage);
    let storage = Storage::open(folder, &key, Options::default(), record::project)?;
    let keys = Secrets { signing: secrets.signing, sealing: secrets.sealing };
    Ok(Arc::new(Node::open(storage, keys)?))
}

fn oldest(node: &Node, role: Role) -> Option<Caller> {
    let account = node.register().accounts().into_iter().find(|account| account.role == role)?;
    let (account, person) = (account.id, account.person);
    Some(Caller { account, person, role, scopes: Arc::new([]), on_behalf_of: None })
}

fn lists(node: &Node, name: &str, caller: &Caller) -> Result<(), Failed> {
    for (what, waiting) in [("the inbox", true), ("all trails", false)] {
        let which = Listing { waiting, most: 50, token: "" };
        say(&format!("{what}, 50 rows, {name}"), || node.list(caller, &which).map(|listed| listed.trails.len()))?;
    }
    for (what, number) in [("cases, 50 rows", ""), ("cases by external_ref", "7/2026")] {
        let number = Sensitive::new(number.to_owned());
        let which = CaseListing { mine: false, untaken: false, closed: false, number: &number, most: 50, token: "" };
        say(&format!("{what}, {name}"), || node.list_cases(caller, &which).map(|listed| listed.cases.len()))?;
    }
    Ok(())
}

fn searches(node: &Node, name: &str, caller: &Caller) -> Result<(), Failed> {
    for (what, text) in [
        ("both words of a name", "Imeah Prezimeaaaa"),
        ("a word that one case in a hundred has", "Imeah"),
        ("three letters with which a word in every case begins", "ime"),
        ("an external_ref", "7/2026"),
        ("a word that no case has", "nepoznata"),
    ] {
        let question = Question { text: Sensitive::new(text.to_owned()), words: Vec::new() };
        say(&format!("a search for {what}, {name}"), || {
            node.found_by(caller, &question, usize::MAX).map(|found| found.len())
        })?;
    }
    Ok(())
}

fn say<E: std::error::Error + 'static>(name: &str, call: impl Fn() -> Result<usize, E>) -> Result<(), Failed> {
    let (mut took, mut rows) = (Vec::with_capacity(TIMES), 0);
    for _ in 0..TIMES {
        let begun = Instant::now();
        rows = call()?;
        took.push(begun.elapsed());
    }
    print(name, took, rows);
    Ok(())
}

fn print(name: &str, mut took: Vec<Duration>, rows: usize) {
    took.sort();
    let at = |share: usize| took.get(TIMES * share / 100).map_or(0.0, |took| took.as_secs_f64() * 1e3);
    println!("  {name} ({rows} found): {:.3} ms (half), {:.3} ms (99 of 100)", at(50), at(99));
}
