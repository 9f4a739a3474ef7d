//! Mutants of the evaluator of states. `cargo run -p uput-core --example state_mutants` plants one for each paradox of
//! specs/state.md, and prints what catches it and on how small a case. With `-- --drawn --seed 1 --count 200 [--threads 2]`
//! it draws so many by rule from the evaluator's text (`--count 0`: all), and prints those that no test of the state notices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a command that stops where it breaks")]
#![allow(clippy::indexing_slicing, reason = "shares its parts with the tests")]
#![allow(clippy::string_slice, clippy::print_stdout, dead_code, reason = "it prints what it counts")]

#[path = "../tests/mutants/copy.rs"]
mod copy;
#[path = "../tests/mutants/drawn.rs"]
mod drawn;
#[path = "../tests/mutants/planted.rs"]
mod planted;
#[path = "../tests/state/random.rs"]
mod random;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use drawn::{Drawn, Fate};
use planted::PLANTED;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, otherwise: u64| {
        let word = arguments.iter().skip_while(|word| *word != name).nth(1);
        word.map_or(otherwise, |word| word.parse().expect("a number"))
    };
    if arguments.iter().any(|word| word == "--drawn") {
        draw(number("--seed", 1), number("--count", 0), number("--threads", 2));
    } else {
        plant();
    }
}

fn plant() {
    let mut caught = 0;
    for planted in PLANTED {
        let found = planted.hunt();
        caught += usize::from(found.is_some());
        let violation = found.map_or_else(|| "NOT CAUGHT".to_owned(), |caught| caught.violation);
        println!("P{:<2} {}\n    {violation}", planted.paradox, planted.says);
    }
    println!("{caught} caught of {} planted, for 16 paradoxes", PLANTED.len());
    if caught < PLANTED.len() {
        std::process::exit(1);
    }
}

fn draw(seed: u64, count: u64, threads: u64) {
    assert_eq!(drawn::unchanged(), Fate::Survived, "the tests fail without any mutant");
    let mut all = drawn::all();
    let possible = all.len();
    random::Random(seed).shuffle(&mut all);
    if count > 0 {
        all.truncate(usize::try_from(count).unwrap());
    }
    println!("seed {seed}: {} of {possible} mutants", all.len());
    let (start, next, fates) = (Instant::now(), AtomicUsize::new(0), Mutex::new([0_usize; 3]));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(drawn) = all.get(next.fetch_add(1, Relaxed)) {
                    let fate = drawn.meet();
                    let mut fates = fates.lock().unwrap();
                    count_in(&mut fates, drawn, &fate);
                    let done: usize = fates.iter().sum();
                    if done.is_multiple_of(20) {
                        println!("{done} of {}, {:.0} s", all.len(), start.elapsed().as_secs_f64());
                    }
                }
            });
        }
    });
    let [caught, survived, no_program] = *fates.lock().unwrap();
    let programs = caught + survived;
    let share = 100.0 * caught as f64 / programs.max(1) as f64;
    println!(
        "{caught} caught of {programs} ({share:.1} %), {survived} survived; {no_program} are no program; {:.0} s",
        start.elapsed().as_secs_f64()
    );
}

fn count_in(fates: &mut [usize; 3], drawn: &Drawn, fate: &Fate) {
    match fate {
        Fate::Caught(_) => fates[0] += 1,
        Fate::Survived => {
            fates[1] += 1;
            let (from, to) = (drawn.from.trim(), drawn.to.trim());
            println!("survived {}:{}\n    {from}\n    {to}", drawn.file, drawn.line);
        }
        Fate::NoProgram => fates[2] += 1,
    }
}
