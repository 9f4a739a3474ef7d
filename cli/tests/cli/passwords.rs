//! Enrolling, logging in and changing a password at a terminal: what is shown, what is cancelled, and what is left behind.

use std::path::Path;

use crate::fake_node::{CODE, FakeNode, TOKEN};
use crate::harness::run;
use crate::terminal::{END, INTERRUPT, Terminal, program};

/// The one that the fake node knows.
const PASSWORD: &str = "an invented password";
const NEW: &str = "another invented one";

/// A command that asks, and what a person answers to each question.
struct Talk {
    words: &'static str,
    answers: &'static [(&'static str, Shown, &'static str)],
    /// The call that it makes in the end.
    call: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Seen,
    Unseen,
}
use Shown::{Seen, Unseen};

const TALKS: [Talk; 3] = [
    Talk {
        words: "account enrol",
        answers: &[
            ("code:", Unseen, CODE),
            ("new password, 12 letters or more:", Unseen, NEW),
            ("the same again:", Unseen, NEW),
            ("six digits that it shows:", Seen, "123456"),
        ],
        call: "Enrol",
    },
    Talk {
        words: "account log-in --to session.toml",
        answers: &[
            ("name, or ID of the account:", Seen, "An Invented Worker"),
            ("password:", Unseen, PASSWORD),
            ("six digits of the second factor", Seen, "123456"),
        ],
        call: "LogIn",
    },
    Talk {
        words: "account password --second-factor",
        answers: &[
            ("password until now:", Unseen, PASSWORD),
            ("six digits of the second factor until now", Seen, "123456"),
            ("new password, 12 letters or more:", Unseen, NEW),
            ("the same again:", Unseen, NEW),
            ("six digits that it shows:", Seen, "654321"),
        ],
        call: "ChangePassword",
    },
];

impl Terminal {
    fn is_asked(&mut self, question: &str, shown: Shown) {
        match shown {
            Seen => self.waits_for(question),
            Unseen => self.waits_unseen(question),
        }
    }

    /// Answers the first questions, and waits for the next one.
    fn answers(&mut self, talk: &Talk, count: usize) {
        for (question, shown, answer) in &talk.answers[..count] {
            self.is_asked(question, *shown);
            self.types(&format!("{answer}\n"));
        }
        if let Some((question, shown, _)) = talk.answers.get(count) {
            self.is_asked(question, *shown);
        }
    }
}

/// All that lies in a folder.
fn kept(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.is_file());
    files.map(|path| format!("{}:\n{}\n", path.display(), std::fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn what_is_secret_is_typed_unseen_and_stands_nowhere() {
    // [CLI-14] [CLI-25]
    for talk in &TALKS {
        let node = FakeNode::start();
        let test = "what_is_secret_is_typed_unseen_and_stands_nowhere";
        // A home of its own, so that a history would be found.
        let line = format!("HOME=. exec {} {} --node .", program(), talk.words);
        let Some(mut terminal) = Terminal::shell(test, node.folder(), &line) else { return };
        let secrets = talk.answers.iter().filter(|(_, shown, _)| *shown == Unseen).map(|(.., answer)| *answer);
        let secrets: Vec<&str> = secrets.collect();
        for count in 0..talk.answers.len() {
            let (question, shown, answer) = talk.answers[count];
            terminal.is_asked(question, shown);
            let visible = terminal.visible();
            // The control: the program is among those that were looked at.
            assert!(visible.contains("account") && visible.contains("SHELL=/bin/sh"), "{visible}");
            assert!(!secrets.iter().any(|secret| visible.contains(secret)), "{visible}");
            terminal.types(&format!("{answer}\n"));
        }
        let (code, seen) = terminal.ends();
        assert_eq!(code, 0, "{seen}");
        let asked = node.take_requests();
        assert!(asked.contains(talk.call) && secrets.iter().all(|secret| asked.contains(secret)), "{asked}");
        let kept = kept(node.folder());
        assert!(kept.contains("endpoint"), "{kept}");
        for secret in &secrets {
            assert!(!seen.contains(secret), "{}: {seen}", talk.words);
            assert!(!kept.contains(secret), "{}: {kept}", talk.words);
        }
        assert!(!seen.contains(TOKEN), "{seen}");
    }
}

#[test]
fn the_end_of_input_at_any_question_is_a_cancellation() {
    // [CLI-15]
    for talk in &TALKS {
        for count in 0..talk.answers.len() {
            let node = FakeNode::start();
            let test = "the_end_of_input_at_any_question_is_a_cancellation";
            let Some(mut terminal) = Terminal::run(test, node.folder(), talk.words) else { return };
            terminal.answers(talk, count);
            terminal.types(END);
            let (code, seen) = terminal.ends();
            let question = talk.answers[count].0;
            assert_eq!(code, 3, "{question} {seen}");
            assert!(seen.contains("cancelled; nothing was done"), "{question} {seen}");
            assert_eq!(node.take_requests(), "", "{question}");
            assert!(!node.folder().join("session.toml").exists(), "{question}");
        }
    }
}

#[test]
fn an_interrupt_at_any_question_gives_the_terminal_back() {
    // [CLI-15]
    for talk in &TALKS {
        for count in 0..talk.answers.len() {
            let node = FakeNode::start();
            let test = "an_interrupt_at_any_question_gives_the_terminal_back";
            let (program, words) = (program(), talk.words);
            // A shell that does nothing for the terminal by itself, and hears the interrupt too.
            let line = format!("trap : INT; {program} {words} --node .; echo ended $?; stty --all");
            let Some(mut terminal) = Terminal::shell(test, node.folder(), &line) else { return };
            terminal.answers(talk, count);
            terminal.types(INTERRUPT);
            let (_, seen) = terminal.ends();
            let question = talk.answers[count].0;
            assert!(seen.contains("ended 130"), "{question} {seen}");
            let modes: Vec<&str> = seen.split("ended 130").nth(1).unwrap().split_whitespace().collect();
            for mode in ["echo", "icanon", "isig"] {
                assert!(modes.contains(&mode), "{question}: the terminal was left without {mode}: {seen}");
            }
            assert_eq!(node.take_requests(), "", "{question}");
        }
    }
}

#[test]
fn two_new_passwords_that_differ_are_none() {
    let node = FakeNode::start();
    let test = "two_new_passwords_that_differ_are_none";
    let Some(mut terminal) = Terminal::run(test, node.folder(), TALKS[0].words) else { return };
    terminal.answers(&TALKS[0], 2);
    terminal.types("a third invented one\n");
    let (code, seen) = terminal.ends();
    assert_eq!(code, 2, "{seen}");
    assert!(seen.contains("the two are not the same") && !seen.contains(NEW), "{seen}");
    assert_eq!(node.take_requests(), "");
}

#[test]
fn a_wrong_password_lets_nobody_in_and_is_not_shown() {
    // [ACC-33]
    let node = FakeNode::start();
    let test = "a_wrong_password_lets_nobody_in_and_is_not_shown";
    let Some(mut terminal) = Terminal::run(test, node.folder(), TALKS[1].words) else { return };
    terminal.answers(&TALKS[1], 1);
    terminal.types("a wrong invented one\n");
    terminal.is_asked("six digits of the second factor", Seen);
    terminal.types("\n");
    let (code, seen) = terminal.ends();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("NOT_AUTHENTICATED") && seen.contains("try again"), "{seen}");
    assert!(!seen.contains("a wrong invented one"), "{seen}");
    assert!(!node.folder().join("session.toml").exists(), "a session that did not begin");
}

#[test]
fn an_account_that_somebody_did_not_say_yes_to_end_goes_on() {
    // [CLI-15]
    let ends = [
        ("account disable 5c5c5c5c", "DisableAccount"),
        ("account reset 5c5c5c5c", "ResetAccount"),
        ("account erase 5c5c5c5c", "EraseAccount"),
        ("account revoke 77777777", "RevokeToken"),
        ("account unpin 79797979", "RevokeCertificate"),
        ("duty remove d1d1d1d1", "RemoveDuty"),
    ];
    for (words, call) in ends {
        for (answer, code) in [("n\n", 3), (END, 3), ("y\n", 0)] {
            let node = FakeNode::start();
            let test = "an_account_that_somebody_did_not_say_yes_to_end_goes_on";
            let Some(mut terminal) = Terminal::run(test, node.folder(), words) else { return };
            terminal.waits_for("[y/N]");
            terminal.types(answer);
            let (ended, seen) = terminal.ends();
            assert_eq!(ended, code, "{words} {answer:?}: {seen}");
            assert_eq!(node.take_requests().contains(call), code == 0, "{words} {answer:?}");
        }
    }
}

#[test]
fn where_nobody_sits_it_is_said_what_to_do() {
    // [CLI-6]
    for talk in &TALKS {
        let node = FakeNode::start();
        let words = talk.words.split(' ').chain(["--node", "."]);
        // What stands on standard input is no answer to a question that nobody asked.
        let ended = run(node.folder(), words, "an invented line\n");
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains("give --secrets FILE, or - for standard input"), "{}", ended.stderr);
        assert_eq!(node.take_requests(), "");
        for elsewhere in ["</dev/null", "2>said.txt", "--no-input"] {
            let test = "where_nobody_sits_it_is_said_what_to_do";
            let line = format!("{} {} --node . {elsewhere}; echo ended $?; cat said.txt", program(), talk.words);
            let Some(terminal) = Terminal::shell(test, node.folder(), &line) else { return };
            let (_, seen) = terminal.ends();
            assert!(seen.contains("ended 2") && seen.contains("give --secrets FILE"), "{elsewhere}: {seen}");
        }
    }
}
