//! Letters that somebody carries by hand: out of the node into a file, and out of a file into the node.
//!
//! Guarantees that what was not taken, and what is missing, is said. Leaves to the node whose letters they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use uput_core::letter::SIZE_CLASSES;
use uput_core::rejection::Rejection;
use uput_core::wire::{self, CarriedLetter, ReceiptOutcome};

use crate::access::Node;
use crate::args::Options;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Answer, Page};
use crate::progress;
use crate::reading;
use crate::refusal;

/// How a file of letters begins. [CAR-1]
const BEGINS: &[u8] = b"uput carry 1\n";
/// The largest file of letters.
const LARGEST: usize = 256 * 1024 * 1024;
/// Bytes of letters in one call.
const AT_ONCE: usize = 2 * 1024 * 1024;

/// Out or in.
#[derive(Args)]
#[command(after_help = "Examples:
  uput peer carry --out letters.bin \"Shelter A\"
  uput peer carry --in letters.bin
What was carried out waits on, and may still go over a line: taken twice it is taken once. What the other side has it says
with its next letter: carry one back.")]
pub(crate) struct CarryArgs {
    /// File to write what waits for PEER to; there is none of that name yet
    #[arg(long, value_name = "FILE", requires = "peer", required_unless_present = "into")]
    out: Option<PathBuf>,
    /// File to take letters from
    #[arg(id = "into", long = "in", value_name = "FILE", conflicts_with_all = ["out", "peer"])]
    into: Option<PathBuf>,
    /// Name or ID of the other organisation
    peer: Option<String>,
}

impl CarryArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        match (self.out, self.into, self.peer) {
            (Some(file), _, Some(peer)) => out(&node, options, &file, peer).await,
            (_, Some(file), _) => take(&node, options, &file).await,
            _ => Err(Failure::usage("neither --out FILE PEER nor --in FILE was given", "see uput peer carry --help")),
        }
    }
}

async fn out(node: &Node, options: &Options, file: &Path, peer: String) -> Result<Answer, Failure> {
    let target = Target::file(file).claim()?;
    let spinner = progress::spinner(options, "sealing");
    let (mut bytes, mut letters, mut items, mut left) = (BEGINS.to_vec(), 0_usize, 0_u64, 0_u64);
    let mut page_token = String::new();
    loop {
        let request = wire::CarryOutRequest { peer: peer.clone(), page_token };
        let pack = node.peers().carry_out(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        for letter in &pack.letters {
            bytes.extend(u32::try_from(letter.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend(letter);
        }
        letters += pack.letters.len();
        items += u64::from(pack.items);
        left += u64::from(pack.left);
        page_token = pack.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    spinner.finish_and_clear();
    let mut page = Page::default();
    let written = letters > 0;
    if written {
        target.write(&bytes)?;
        page.pair("written to", file.display().to_string());
        page.pair("letters", letters.to_string());
        page.pair("items in them", items.to_string());
    } else {
        page.line("Nothing waits that can be carried: no file was written.");
    }
    if left > 0 {
        page.pair("stay behind", format!("{left}: they wait for the line, see `uput peer list`"));
    }
    let file = written.then(|| file.display().to_string());
    Answer::new(&serde_json::json!({ "file": file, "letters": letters, "items": items, "left": left }), page)
}

/// The letters of a file, and what is wrong with its end. [CAR-12]
struct Found {
    letters: Vec<Vec<u8>>,
    broken: Option<&'static str>,
}

impl Found {
    fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = reading::bytes(path, LARGEST)?;
        let Some(mut rest) = bytes.strip_prefix(BEGINS) else {
            let what = Failure::new(Exit::Failed, "NO_LETTERS", format!("{} is no file of letters", path.display()));
            return Err(what
                .because("it does not begin as one does")
                .next("ask who carried it for the file that `uput peer carry --out` wrote"));
        };
        let (mut letters, mut broken) = (Vec::new(), None);
        while !rest.is_empty() {
            let length = rest.split_first_chunk::<4>().map(|(length, behind)| (u32::from_be_bytes(*length), behind));
            let sized = length.and_then(|(length, behind)| Some((usize::try_from(length).ok()?, behind)));
            match sized.map(|(length, behind)| (SIZE_CLASSES.contains(&length), behind.split_at_checked(length))) {
                Some((true, Some((letter, behind)))) => {
                    letters.push(letter.to_vec());
                    rest = behind;
                }
                Some((false, _)) => {
                    broken = Some("behind these letters stands something that is none");
                    break;
                }
                _ => {
                    broken = Some("it is cut off inside a letter");
                    break;
                }
            }
        }
        Ok(Self { letters, broken })
    }
}

/// What became of the letters of one pack.
#[derive(Default, Serialize)]
struct Pack {
    peer: String,
    letters: u32,
    taken: u32,
    missing: Vec<u32>,
    #[serde(skip)]
    here: Vec<u32>,
}

/// What became of a letter that was not taken.
#[derive(Serialize)]
struct NotTaken {
    letter: usize,
    outcome: &'static str,
    reason: String,
}

async fn take(node: &Node, options: &Options, file: &Path) -> Result<Answer, Failure> {
    let found = Found::read(file)?;
    let bar = progress::bar(options, found.letters.len() as u64, "taking in");
    let mut said = Vec::new();
    let mut rest = found.letters.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(some_of(rest));
        let request = wire::CarryInRequest { letters: now.to_vec() };
        let answer = node.peers().carry_in(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        bar.inc(now.len() as u64);
        said.extend(answer.letters);
        rest = later;
    }
    bar.finish_and_clear();
    report(&found, &said)
}

/// How many letters go in one call: one at least.
fn some_of(letters: &[Vec<u8>]) -> usize {
    let mut bytes = 0_usize;
    let fits = |letter: &&Vec<u8>| {
        bytes = bytes.saturating_add(letter.len());
        bytes <= AT_ONCE
    };
    letters.iter().take_while(fits).count().max(1).min(letters.len())
}

fn report(found: &Found, said: &[CarriedLetter]) -> Result<Answer, Failure> {
    let mut packs: BTreeMap<&[u8], Pack> = BTreeMap::new();
    let mut not_taken = Vec::new();
    for (number, letter) in (1..).zip(said) {
        let stored = letter.outcome == i32::from(ReceiptOutcome::Stored);
        if !letter.pack.is_empty() {
            let pack = packs.entry(&letter.pack).or_default();
            (pack.peer, pack.letters) = (letter.peer.clone(), letter.count);
            pack.here.push(letter.number);
            pack.taken += u32::from(stored);
        }
        if !stored {
            not_taken.push(NotTaken { letter: number, outcome: outcome(letter.outcome), reason: reason(letter.code) });
        }
    }
    let mut packs: Vec<Pack> = packs.into_values().collect();
    for pack in &mut packs {
        // A count is a peer's word: no more is listed than anybody reads.
        pack.missing = (1..=pack.letters.min(MOST_LISTED)).filter(|number| !pack.here.contains(number)).collect();
    }
    let page = page_of(found, &packs, &not_taken);
    let whole = not_taken.is_empty() && found.broken.is_none() && packs.iter().all(|pack| pack.missing.is_empty());
    let body = serde_json::json!({
        "packs": packs, "not_taken": not_taken, "broken": found.broken, "letters": said.len(),
    });
    Answer::ending(if whole { Exit::Done } else { Exit::Incomplete }, &body, page)
}

/// The most letters that a pack has. [CAR-1]
const MOST_LISTED: u32 = 64;

fn page_of(found: &Found, packs: &[Pack], not_taken: &[NotTaken]) -> Page {
    let mut page = Page::default();
    for pack in packs {
        let peer = output::clean(&pack.peer);
        page.line(format!("From {peer}: {} of {} letters are on this node's disk.", pack.taken, pack.letters));
        if !pack.missing.is_empty() {
            let missing: Vec<String> = pack.missing.iter().map(ToString::to_string).collect();
            page.line(format!("Not in this file: {}. What they hold waits on at {peer}.", missing.join(", ")));
        }
    }
    for letter in not_taken {
        page.line(format!(
            "Letter {} of the file was not taken ({}): {}.",
            letter.letter, letter.outcome, letter.reason
        ));
    }
    if let Some(broken) = found.broken {
        page.line(format!("The file is not whole: {broken}. What stands before was taken; ask for it once more."));
    }
    page
}

fn outcome(number: i32) -> &'static str {
    match ReceiptOutcome::try_from(number) {
        Ok(ReceiptOutcome::Refused) => "refused",
        Ok(ReceiptOutcome::StaleKey) => "sealed to a key that is gone",
        _ => "later: keep the file, and give it in once more",
    }
}

fn reason(code: u32) -> String {
    let known = Rejection::ALL.iter().find(|rejection| rejection.number() == code);
    known.map_or_else(|| format!("code {code}"), |known| format!("{}, {known}", known.code()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]
    use super::*;

    fn found(bytes: &[u8]) -> Result<Found, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letters");
        std::fs::write(&path, bytes).unwrap();
        Found::read(&path)
    }

    /// [CAR-1] [CAR-12]
    #[test]
    fn a_file_that_is_none_is_refused_and_one_that_was_cut_is_taken_as_far_as_it_goes() {
        let letter = |byte: u8| [&8192_u32.to_be_bytes()[..], &[byte; 8192]].concat();
        let whole = [BEGINS, &letter(1), &letter(2)].concat();
        let both = found(&whole).unwrap();
        assert_eq!((both.letters.len(), both.broken), (2, None));
        assert_eq!(found(BEGINS).unwrap().letters.len(), 0);
        for cut in [1, 8191, 8192, 8195] {
            let cut = found(&whole[..whole.len() - cut]).unwrap();
            assert_eq!((cut.letters.len(), cut.broken.is_some()), (1, true));
        }
        let strange = found(&[whole.as_slice(), &7_u32.to_be_bytes(), &[0; 7]].concat()).unwrap();
        assert_eq!((strange.letters.len(), strange.broken.is_some()), (2, true));
        for none in [&b""[..], b"uput carry 2\n", b"PK\x03\x04"] {
            assert_eq!(&*found(none).err().unwrap().reason, "NO_LETTERS");
        }
    }

    /// [CAR-11]
    #[test]
    fn calls_are_small_and_hold_one_letter_at_least() {
        assert_eq!(some_of(&vec![vec![0; 128 * 1024]; 20]), 16);
        assert_eq!(some_of(&[vec![0; 3 * 1024 * 1024]]), 1);
        assert_eq!(some_of(&vec![vec![0; 8192]; 3]), 3);
    }
}
