//! The sources in a folder of their own, with every mutant that is a program, compiled once; and what its tests say.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::mutant::Mutant;
use crate::results::Fate;
use crate::schemata::Schemata;
use crate::sets::{GROUPS, Turn};

const SWITCH: &str = r#"
/// Which mutant runs; `part` is what asks, and is written down where somebody wants to know who asks.
pub(crate) fn mutant(part: usize) -> usize {
    use std::sync::{LazyLock, Mutex, atomic::{AtomicBool, Ordering::Relaxed}};
    static NUMBER: LazyLock<usize> =
        LazyLock::new(|| std::env::var("UPUT_MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX));
    static ASKED: LazyLock<Option<Mutex<std::fs::File>>> =
        LazyLock::new(|| Some(Mutex::new(std::fs::File::create(std::env::var_os("UPUT_MUTANT_ASKED")?).ok()?)));
    static PARTS: [AtomicBool; 4096] = [const { AtomicBool::new(false) }; 4096];
    if let Some(asked) = &*ASKED {
        if !PARTS[part].load(Relaxed) && !PARTS[part].swap(true, Relaxed) {
            std::io::Write::write_all(&mut *asked.lock().unwrap(), format!("{part}\n").as_bytes()).unwrap();
        }
    }
    *NUMBER
}
"#;

/// Compiled programs, and what each turn of tests reaches.
pub struct Tree {
    programs: Vec<(String, PathBuf)>,
    pub left_out: BTreeSet<usize>,
    folder: PathBuf,
}

/// What the tests of a turn reach, and how many seconds of processor time a mutant may have.
pub struct Reach {
    parts: BTreeSet<usize>,
    limit: u64,
}

impl Tree {
    /// Copies, changes and compiles. `firsts` are the files with the numbers of their first parts.
    /// `left_out` is what is known to be no program; of each group as many turns are compiled as will be asked.
    pub fn new(
        folder: &Path,
        target: &Path,
        firsts: &[(&'static str, usize)],
        all: &[Mutant],
        mut left_out: BTreeSet<usize>,
        turns: usize,
    ) -> Self {
        copy(folder, firsts);
        while !cargo(folder, target, firsts, all, &mut left_out, &["check", "--lib"]).0 {
            println!("{} are no program so far", left_out.len());
        }
        let asked = all.iter().enumerate().filter(|(number, _)| !left_out.contains(number));
        let groups: BTreeSet<usize> = asked.map(|(_, mutant)| mutant.group).collect();
        let turns = groups.iter().flat_map(|group| GROUPS[*group].turns.iter().take(turns));
        let programs: BTreeSet<&str> = turns.map(|turn| turn.program).filter(|program| *program != "lib").collect();
        let tests: Vec<&str> = programs.iter().flat_map(|program| ["--test", *program]).collect();
        let build = [&["test", "--no-run", "--lib"], &tests[..]].concat();
        let said = loop {
            let (done, said) = cargo(folder, target, firsts, all, &mut left_out, &build);
            if done {
                break said;
            }
        };
        let made = said.lines().filter_map(|line| line.trim().strip_prefix("Executable "));
        let programs = made.filter_map(|line| line.trim_end_matches(')').rsplit_once('(')).map(|(source, program)| {
            let name = source.split("tests/").nth(1).map_or("lib", |name| name.split(['/', '.', ' ']).next().unwrap());
            (name.to_owned(), PathBuf::from(program))
        });
        Self { programs: programs.collect(), left_out, folder: folder.to_path_buf() }
    }

    /// What each turn of a group of files reaches without any mutant, every test of which passes.
    pub fn reach(&self, turns: &[Turn]) -> Vec<Reach> {
        let reach = |turn: &Turn| {
            let (file, start) = (self.folder.join("asked"), spent());
            let failed = self.run(turn, ("UPUT_MUTANT_ASKED", file.to_str().unwrap()), 600);
            assert!(failed.is_none(), "without any mutant fails: {failed:?}");
            let parts = std::fs::read_to_string(&file).unwrap_or_default();
            let _ = std::fs::remove_file(&file);
            Reach {
                parts: parts.lines().map(|line| line.parse().unwrap()).collect(),
                limit: 2 + 4 * (spent() - start).ceil() as u64,
            }
        };
        turns.iter().map(reach).collect()
    }

    /// The first test that notices it; of those that reach it.
    pub fn fate(&self, number: usize, part: usize, turns: &[Turn], reach: &[Reach]) -> Fate {
        let reached = turns.iter().zip(reach).filter(|(_, reach)| reach.parts.contains(&part));
        let mut reached =
            reached.map(|(turn, reach)| self.run(turn, ("UPUT_MUTANT", &number.to_string()), reach.limit));
        reached.find_map(|failed| failed).map_or(Fate::Survived, Fate::Caught)
    }

    /// The first test that fails. What takes too long, or too much memory, is stopped, and that is noticed.
    fn run(&self, turn: &Turn, variable: (&str, &str), limit: u64) -> Option<String> {
        let program = &self.programs.iter().find(|(name, _)| name == turn.program).unwrap().1;
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -t {limit}; ulimit -v 4000000; exec \"$0\" \"$@\"")]).arg(program);
        command.args(turn.tests).args([
            "--test-threads",
            "1",
            "--skip",
            "every_swapped",
            "--skip",
            "every_rule_taken_out",
        ]);
        command
            .env(variable.0, variable.1)
            .env("RUST_BACKTRACE", "0")
            .current_dir(root())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut running = command.spawn().unwrap();
        let lines = BufReader::new(running.stdout.take().unwrap()).lines().map_while(Result::ok);
        let failed = lines.into_iter().find_map(|line| line.strip_suffix(" ... FAILED").map(str::to_owned));
        if failed.is_some() {
            let _ = running.kill();
        }
        let ended = running.wait().unwrap();
        // That a program is not there says nothing about a mutant.
        assert!(!matches!(ended.code(), Some(126 | 127)), "{} cannot be started", program.display());
        let failed = failed.map(|test| format!("{}::{}", turn.program, test.trim_start_matches("test ")));
        failed.or_else(|| (!ended.success()).then(|| format!("{}: it does not end, or breaks off", turn.program)))
    }
}

/// Seconds of processor time of all that was run and has ended.
fn spent() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_the_name = stat.rsplit(')').next().unwrap();
    let of_children = after_the_name.split_whitespace().skip(13).take(2);
    of_children.map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn source(file: &str) -> String {
    std::fs::read_to_string(root().join("src").join(file)).unwrap()
}

/// What stands there already stays untouched, so that what was compiled of it is used again.
fn copy(folder: &Path, firsts: &[(&'static str, usize)]) {
    let (workspace, source) = (root().join("../.."), folder.join("source"));
    let core = source.join("proto/core");
    let mut made: Vec<PathBuf> = firsts.iter().map(|(file, _)| core.join("src").join(file)).collect();
    made.extend([core.join("src/lib.rs"), core.join("Cargo.toml")]);
    for part in ["proto", "specs"] {
        let (from, to) = (workspace.join(part), source.join(part));
        same_files(&from, &to, &made);
    }
    let text = |file: &str| std::fs::read_to_string(workspace.join(file)).unwrap();
    write(&source.join("Cargo.lock"), text("Cargo.lock").as_bytes());
    let manifest = text("Cargo.toml");
    let members = manifest.find("members = [").unwrap();
    let after = members + manifest[members..].find(']').unwrap() + 1;
    let manifest = format!("{}members = [\"proto/wire\", \"proto/core\"]{}", &manifest[..members], &manifest[after..]);
    // Thousands of trails are read for a mutant.
    let manifest =
        manifest.replace("[profile.dev.package]\n", "[profile.dev.package]\nuput-core = { opt-level = 1 }\n");
    write(&source.join("Cargo.toml"), manifest.as_bytes());
    let manifest = text("proto/core/Cargo.toml").replace("[lints]\nworkspace = true\n", "");
    write(&core.join("Cargo.toml"), manifest.as_bytes());
    let lib = text("proto/core/src/lib.rs");
    let body = lib.find("\npub mod").unwrap();
    let lib = format!("{}\n#![allow(warnings)]{}{SWITCH}", &lib[..body], &lib[body..]);
    write(&core.join("src/lib.rs"), lib.as_bytes());
}

/// Makes one folder like another, but for what is `made` there.
fn same_files(from: &Path, to: &Path, made: &[PathBuf]) {
    std::fs::create_dir_all(to).unwrap();
    let names = |folder: &Path| -> BTreeSet<_> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    for name in names(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            same_files(&from, &to, made);
        } else if !made.contains(&to) || !to.exists() {
            write(&to, &std::fs::read(from).unwrap());
        }
    }
    for name in names(to).difference(&names(from)) {
        let gone = to.join(name);
        if gone.is_dir() { std::fs::remove_dir_all(gone).unwrap() } else { std::fs::remove_file(gone).unwrap() }
    }
}

fn write(file: &Path, text: &[u8]) {
    if std::fs::read(file).ok().as_deref() != Some(text) {
        std::fs::write(file, text).unwrap();
    }
}

/// Whether it succeeds, and what is said; what is no program is left out the next time.
fn cargo(
    folder: &Path,
    target: &Path,
    firsts: &[(&'static str, usize)],
    all: &[Mutant],
    left_out: &mut BTreeSet<usize>,
    words: &[&str],
) -> (bool, String) {
    let core = folder.join("source/proto/core/src");
    let make =
        |(file, first): &(&'static str, usize)| (*file, Schemata::new(file, &source(file), *first, all, left_out));
    let made: Vec<(&str, Schemata)> = firsts.iter().map(make).collect();
    for (file, schemata) in &made {
        write(&core.join(file), schemata.text.as_bytes());
    }
    let mut cargo = Command::new("cargo");
    cargo.arg(words[0]).args(["-p", "uput-core", "--offline", "--message-format", "short"]).args(&words[1..]);
    cargo.env("CARGO_TARGET_DIR", target).current_dir(folder.join("source"));
    let output = cargo.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return (true, said);
    }
    let whose = |line: &str| {
        let wrong = made.iter().find(|(file, _)| line.starts_with(&format!("proto/core/src/{file}:")));
        let number = line.split(':').nth(1).and_then(|number| number.parse::<usize>().ok());
        wrong.zip(number).and_then(|((_, made), number)| made.whose.get(number - 1).copied().flatten())
    };
    // A table that calls what is no constant function for as long as that has a mutant is right again without it.
    let (calls, others): (Vec<&str>, Vec<&str>) =
        said.lines().filter(|line| line.contains("error")).partition(|line| line.contains("error[E0015]"));
    let before = left_out.len();
    left_out.extend(others.into_iter().filter_map(whose));
    if left_out.len() == before {
        left_out.extend(calls.iter().copied().filter_map(whose));
    }
    // What a macro makes of words stands where the macro is written, and not where the words are.
    if left_out.len() == before {
        for (file, made) in &made {
            if calls.iter().any(|line| line.starts_with(&format!("proto/core/src/{file}:"))) {
                println!("{file}: {} words are no program where a constant function needs them", made.words.len());
                left_out.extend(&made.words);
            }
        }
    }
    assert!(left_out.len() > before, "{said}");
    (false, said)
}

/// The files of every group, in order.
pub fn files() -> impl Iterator<Item = (usize, &'static str)> {
    GROUPS.iter().enumerate().flat_map(|(number, group)| group.files.iter().map(move |file| (number, *file)))
}
