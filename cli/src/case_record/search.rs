//! Cases by words of which one sees the values: no word is an argument.

use crate::{
    access::Node,
    args::Options,
    case_record::sealed::Keys,
    failure::Failure,
    output::{Answer, Page},
    prompt, reading, refusal,
    request::hex,
    staff::ring::KeyArgs,
    why::WhyArgs,
};
use clap::Args;
use serde_json::json;
use std::{collections::BTreeSet, path::PathBuf};
use uput_core::wire::{self};

/// What to look for.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case search --words words.txt
  uput case search --words words.txt --reason supervision
  uput case search")]
pub(crate) struct SearchArgs {
    /// File whose first line holds words, beginnings of at least three letters, or a number; `-` reads standard input; asked
    /// for where it is left out. Words are no arguments
    #[arg(long, value_name = "FILE")]
    words: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    why: WhyArgs,
}

impl SearchArgs {
    pub(super) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let text = match &self.words {
            Some(path) => reading::text(path)?,
            None if prompt::possible(options) => prompt::line("words: ")?,
            None => return Err(Failure::usage("no words were given", "give --words FILE, or - for standard input")),
        };
        let node = Node::connect(options).await?;
        // Exposed to be sent to this organisation's own node, inside TLS.
        let text = text.expose().lines().next().unwrap_or_default().to_owned();
        let reason = self.why.reason()?;
        let keys = Keys::open(&self.keys, &node, options).await?;
        let words = keys.question(&text);
        let mut cases = found(&node, &text, Vec::new(), &reason).await?;
        // What is sealed to staff is found by digests that the node cannot make.
        if !words.is_empty() {
            cases.extend(found(&node, "", words, &reason).await?);
        }
        let mut page = Page::default();
        cases.iter().for_each(|case| page.line(case));
        Answer::new(&json!({ "cases": cases }), page)
    }
}

/// The cases that have all of the words.
async fn found(
    node: &Node,
    text: &str,
    words: Vec<Vec<u8>>,
    why: &Option<wire::Reason>,
) -> Result<BTreeSet<String>, Failure> {
    let (mut cases, mut page_token) = (BTreeSet::new(), String::new());
    loop {
        let (text, words, reason) = (text.to_owned(), words.clone(), why.clone());
        let request = wire::SearchCasesRequest { text, words, page_size: 0, page_token, reason };
        let answer = node.follow_ups().search_cases(request).await.map_err(|status| refusal::of(&status))?;
        let answer = answer.into_inner();
        cases.extend(answer.cases.iter().map(|case| hex(case)));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(cases);
        }
    }
}
