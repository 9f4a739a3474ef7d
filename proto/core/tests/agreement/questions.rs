//! May A send B this, why, and by which rule: asked of every mechanism that is shipped, by a table that people can read.

use std::{collections::BTreeMap, fs, path::PathBuf};

use uput_core::{
    agreement::{Agreement, Code, Explanation, Question},
    catalogue::Label,
    wire::{Act, LegalBasis},
};

use crate::{
    mechanisms::{agreement, mechanisms},
    scene::{now, organisation},
};

const TABLE: &str = "../../specs/agreements/questions.tsv";

/// One line: the question, and the answer as it stands there.
struct Line {
    columns: Vec<String>,
    question: Question,
}

fn lines() -> Vec<Line> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), TABLE].iter().collect();
    let text = fs::read_to_string(path).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let columns: Vec<String> = row.split('\t').map(str::to_owned).collect();
        let [_, from, to, label, act, stage, basis, ..] = columns.as_slice() else { panic!("{row}") };
        let any = |word: &String| (word != "-").then(|| word.clone());
        let question = Question {
            from: organisation(from),
            to: organisation(to),
            label: Label::parse(label).unwrap_or_else(|_| panic!("{row}")),
            act: any(act).map(|word| Act::from_word(&word).unwrap()),
            stage: any(stage).map(|word| word.parse().unwrap()),
            basis: any(basis).map(|word| LegalBasis::from_word(&word).unwrap()),
            time: now(),
        };
        Line { columns, question }
    })
    .collect()
}

/// The answer in the words of the table, and why.
fn answer(held: &Agreement, line: &Line) -> ([String; 3], String) {
    match held.explain(&line.question) {
        Explanation::Yes(ways) => {
            let way = ways.first().unwrap();
            (["yes".into(), way.rule.to_string(), "-".into()], held.way_in_words(way, line.question.label))
        }
        Explanation::No { rule, obstacle, why, remedy } => {
            assert!(!remedy.is_empty());
            let rule = rule.map_or_else(|| "-".to_owned(), |rule| rule.to_string());
            (["no".into(), rule, obstacle.rejection().code().into()], why)
        }
    }
}

/// [AGR-42] [AGR-66]
#[test]
fn every_mechanism_answers_who_may_send_what_to_whom_and_by_which_rule() {
    let held: BTreeMap<String, Agreement> =
        mechanisms().into_iter().map(|(name, text)| (name, agreement(&text, ""))).collect();
    let mut asked: BTreeMap<&str, [u32; 2]> = held.keys().map(|name| (name.as_str(), [0, 0])).collect();
    let (lines, mut wrong) = (lines(), Vec::new());
    for line in &lines {
        let name = line.columns[0].as_str();
        let held = &held[name];
        let known = |party| held.party(party).is_some();
        assert!(known(&line.question.from) && known(&line.question.to), "{:?}: no such party", line.columns);
        let (said, why) = answer(held, line);
        println!("{name}: {} from {} to {}: {} ({why})", line.columns[3], line.columns[1], line.columns[2], said[0]);
        if line.columns[7..] != said {
            wrong.push(format!("{:?} is answered with {said:?}: {why}", line.columns));
        }
        // Nobody has compared a rule of these with its source, and a yes says so. [AGR-64]
        assert!(said[0] == "no" || why.starts_with(&format!("rule {} (unverified): ", said[1])), "{why}");
        asked.get_mut(name).unwrap()[usize::from(said[0] == "no")] += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked.values().all(|[yes, no]| *yes > 0 && *no > 0), "a mechanism is not asked: {asked:?}");
}
