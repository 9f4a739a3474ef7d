//! Mutants of what decides who may read what: agreement, legal basis, stage. `cargo run -p uput-core --example
//! permission_mutants -- --seed 1 --count 60` draws so many by rule from their text (`--count 0`: all), and prints those
//! that no test of the agreement notices.
//!
//! All of them are one program, compiled once: each function has its body once for each of its mutants, and a variable
//! of the environment says which one runs. What is no program is left out, and so are tables, and functions that return
//! an unnamed type, whose mutants cannot be told apart so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a command that stops where it breaks")]
#![allow(clippy::indexing_slicing, clippy::string_slice, reason = "shares its parts with the tests")]
#![allow(clippy::print_stdout, dead_code, reason = "it prints what it counts")]

#[path = "../tests/mutants/copy.rs"]
mod copy;
#[path = "../tests/mutants/drawn.rs"]
mod drawn;
#[path = "../tests/state/random.rs"]
mod random;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Of `src`; what only writes, reads sources or makes sentences is not among them.
const FILES: &[&str] = &[
    "legal_basis.rs",
    "legal_basis/fault.rs",
    "agreement/judgement.rs",
    "agreement/lineage.rs",
    "agreement/minimised.rs",
    "agreement/obstacle.rs",
    "agreement/occasion.rs",
    "agreement/permitted.rs",
    "agreement/signed.rs",
];

/// What is quick first.
const TURNS: &[&[&str]] = &[
    &["bases::", "evaluation::", "life::", "signed::", "onward::", "vectors::bases", "vectors::agreement"],
    &["trails::", "matrix::", "properties::"],
    &["differences::", "doubts::", "explained::", "mechanisms::"],
];
const LIMIT: Duration = Duration::from_secs(240);
const SWITCH: &str = "UPUT_MUTANT";

/// One change of one line.
#[derive(Clone)]
struct Mutant {
    file: &'static str,
    /// From 0.
    line: usize,
    from: String,
    to: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, otherwise: u64| {
        let word = arguments.iter().skip_while(|word| *word != name).nth(1);
        word.map_or(otherwise, |word| word.parse().expect("a number"))
    };
    let (seed, count) = (number("--seed", 1), usize::try_from(number("--count", 60)).unwrap());
    let mut all: Vec<Mutant> = FILES.iter().flat_map(|file| mutants(file)).collect();
    let possible = all.len();
    random::Random(seed).shuffle(&mut all);
    all.truncate(if count == 0 { possible } else { count });
    let (program, left_out) = compile(&all);
    println!("seed {seed}: {} of {possible} mutants, {} of them no program", all.len(), left_out.len());
    assert!(survives(&program, usize::MAX), "the tests fail without any mutant");
    let (start, mut caught, mut survived) = (Instant::now(), 0, 0);
    for (number, mutant) in all.iter().enumerate().filter(|(number, _)| !left_out.contains(number)) {
        if survives(&program, number) {
            survived += 1;
            println!(
                "survived {}:{}\n    {}\n    {}",
                mutant.file,
                mutant.line + 1,
                mutant.from.trim(),
                mutant.to.trim()
            );
        } else {
            caught += 1;
        }
        println!("{caught} caught, {survived} survived, {:.0} s", start.elapsed().as_secs_f64());
    }
    let share = 100.0 * f64::from(caught) / f64::from(caught + survived).max(1.0);
    println!("{caught} caught of {} ({share:.1} %)", caught + survived);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source(file: &str) -> String {
    std::fs::read_to_string(root().join("src").join(file)).unwrap()
}

/// Every change of a line in a function whose body can be there more than once.
fn mutants(file: &'static str) -> Vec<Mutant> {
    let text = source(file);
    let lines: Vec<&str> = text.lines().collect();
    let mut all = Vec::new();
    for (from, to) in bodies(&lines) {
        for (line, code) in lines.iter().copied().enumerate().take(to).skip(from) {
            let changed =
                drawn::changes(file, code).into_iter().filter(|to| to != code && !code.trim().starts_with("//"));
            all.extend(changed.map(|to| Mutant { file, line, from: code.to_owned(), to }));
        }
    }
    all
}

/// The lines between the braces of each function.
fn bodies(lines: &[&str]) -> Vec<(usize, usize)> {
    let mut bodies = Vec::new();
    let mut at = 0;
    while at < lines.len() && !lines[at].starts_with("#[cfg(test)]") {
        let indent = lines[at].len() - lines[at].trim_start().len();
        let words: Vec<&str> = lines[at].split_whitespace().collect();
        let begins = words.iter().take(4).any(|word| *word == "fn") && !lines[at].trim_start().starts_with("//");
        if begins && !lines[at].trim_end().ends_with('}') {
            let open = (at..lines.len()).find(|line| lines[*line].ends_with('{')).unwrap();
            let closing = format!("{}}}", " ".repeat(indent));
            let close = (open..lines.len()).find(|line| lines[*line] == closing).unwrap();
            let returned = lines[at..=open].concat();
            let named = returned.rsplit("->").next().is_some_and(|returned| !returned.contains("impl "));
            if named && !words.contains(&"const") {
                bodies.push((open + 1, close));
            }
            at = close;
        }
        at += 1;
    }
    bodies
}

/// The text of a file with each function once for each of its mutants; and of each of its lines, whose it is.
fn schemata(file: &str, all: &[Mutant], left_out: &BTreeSet<usize>) -> (String, Vec<Option<usize>>) {
    let text = source(file);
    let lines: Vec<&str> = text.lines().collect();
    let (mut out, mut whose, mut next) = (Vec::new(), Vec::new(), 0);
    let mut add = |line: String, of: Option<usize>| {
        out.push(line);
        whose.push(of);
    };
    for (from, to) in bodies(&lines) {
        let inside = |mutant: &Mutant| mutant.file == file && (from..to).contains(&mutant.line);
        let here: Vec<_> =
            all.iter().enumerate().filter(|(number, mutant)| inside(mutant) && !left_out.contains(number)).collect();
        lines[next..from].iter().for_each(|line| add((*line).to_owned(), None));
        let several = !here.is_empty();
        if several {
            add("match crate::mutant() {".to_owned(), None);
            for (number, mutant) in here {
                add(format!("{number} => {{"), Some(number));
                let changed =
                    |line: usize| if line == mutant.line { mutant.to.clone() } else { lines[line].to_owned() };
                (from..to).for_each(|line| add(changed(line), Some(number)));
                add("}".to_owned(), Some(number));
            }
            add("_ => {".to_owned(), None);
        }
        lines[from..to].iter().for_each(|line| add((*line).to_owned(), None));
        if several {
            add("}}".to_owned(), None);
        }
        next = to;
    }
    lines[next..].iter().for_each(|line| add((*line).to_owned(), None));
    (out.join("\n"), whose)
}

/// The tests with every mutant that is a program, and the others.
fn compile(all: &[Mutant]) -> (PathBuf, BTreeSet<usize>) {
    let workspace = root().join("../..");
    let folder = workspace.join("target/mutants/source");
    let _ = std::fs::remove_dir_all(&folder);
    for part in ["proto", "specs", "Cargo.lock"] {
        std::fs::create_dir_all(&folder).unwrap();
        let copied = Command::new("cp").arg("-a").arg(workspace.join(part)).arg(&folder).status().unwrap();
        assert!(copied.success());
    }
    let manifest = std::fs::read_to_string(workspace.join("Cargo.toml")).unwrap();
    let members = manifest.find("members = [").unwrap();
    let after = members + manifest[members..].find(']').unwrap() + 1;
    let manifest = format!("{}members = [\"proto/wire\", \"proto/core\"]{}", &manifest[..members], &manifest[after..]);
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let core = folder.join("proto/core/src");
    let switch = format!(
        "\n/// Which mutant runs.\npub(crate) fn mutant() -> usize {{\n    static NUMBER: std::sync::OnceLock<usize> = std::sync::OnceLock::new();\n    *NUMBER.get_or_init(|| std::env::var(\"{SWITCH}\").ok().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX))\n}}\n"
    );
    let lib = std::fs::read_to_string(core.join("lib.rs")).unwrap();
    let body = lib.find("\npub mod").unwrap();
    std::fs::write(core.join("lib.rs"), format!("{}\n#![allow(warnings)]{}{switch}", &lib[..body], &lib[body..]))
        .unwrap();
    let mut left_out = BTreeSet::new();
    loop {
        let made: Vec<_> = FILES.iter().map(|file| (file, schemata(file, all, &left_out))).collect();
        made.iter().for_each(|(file, (text, _))| std::fs::write(core.join(file), text).unwrap());
        let mut cargo = Command::new("cargo");
        cargo.args([
            "test",
            "-p",
            "uput-core",
            "--test",
            "agreement",
            "--no-run",
            "--offline",
            "--message-format",
            "short",
        ]);
        cargo.env("CARGO_TARGET_DIR", workspace.join("target/mutants")).current_dir(&folder);
        let said = String::from_utf8_lossy(&cargo.stdin(Stdio::null()).output().unwrap().stderr).into_owned();
        if let Some(made) = said.lines().find_map(|line| line.trim().strip_prefix("Executable ")) {
            let program = made.rsplit('(').next().unwrap().trim_end_matches(')');
            return (Path::new(program).to_path_buf(), left_out);
        }
        let before = left_out.len();
        for line in said.lines().filter(|line| line.contains("error")) {
            let wrong = made.iter().find(|(file, _)| line.starts_with(&format!("proto/core/src/{file}:")));
            let number = line.split(':').nth(1).and_then(|number| number.parse::<usize>().ok());
            left_out.extend(
                wrong.zip(number).and_then(|((_, (_, whose)), number)| whose.get(number - 1).copied().flatten()),
            );
        }
        assert!(left_out.len() > before, "{said}");
    }
}

/// Whether no test notices; one that does not end is noticed.
fn survives(program: &Path, number: usize) -> bool {
    TURNS.iter().all(|tests| {
        let mut command = Command::new(program);
        command
            .args(*tests)
            .env(SWITCH, number.to_string())
            .current_dir(root())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let (mut running, start) = (command.spawn().unwrap(), Instant::now());
        loop {
            match running.try_wait().unwrap() {
                Some(status) => break status.success(),
                None if start.elapsed() > LIMIT => {
                    running.kill().unwrap();
                    running.wait().unwrap();
                    break false;
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    })
}
