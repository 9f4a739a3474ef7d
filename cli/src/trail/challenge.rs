//! Asking the other side where a trail stands, so that an answer that does not come can be shown.
//!
//! Guarantees that nobody is called silent here but by whom it is said. Leaves to a verdict what that is worth.

use clap::Args;
use serde::Serialize;
use serde_json::json;
use uput_core::rejection::Rejection;
use uput_core::wire::{self, ChallengeStanding};

use crate::access::Node;
use crate::args::Options;
use crate::failure::Failure;
use crate::moment;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;
use crate::request::hex;

/// Which trail.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trail challenge 3f9a1c20
  uput trail challenge 3f9a1c20 --json | jq '.challenge.words'")]
pub(crate) struct ChallengeArgs {
    /// The trail's ID, or at least its first 8 digits
    trail: Reference,
}

/// A challenge as programs see it. [CLI-137]
#[derive(Serialize)]
pub(crate) struct ChallengeView {
    challenge: String,
    time: Option<String>,
    standing: &'static str,
    answered: Option<String>,
    words: Vec<WordView>,
}

/// What one witness says.
#[derive(Serialize)]
struct WordView {
    witness: String,
    put: Option<String>,
    until: Option<String>,
    answered: bool,
    refused: Option<&'static str>,
}

impl ChallengeArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let request = wire::ChallengeTrailRequest { trail: self.trail.trail_id(&node).await? };
        let answer = node.trails().challenge_trail(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let challenge = answer.challenge.unwrap_or_default();
        let mut page = Page::default();
        page.pair("trail", hex(&answer.trail));
        describe(&challenge, &mut page);
        let body = json!({ "trail": hex(&answer.trail), "challenge": ChallengeView::of(&challenge) });
        Answer::new(&body, page)
    }
}

impl ChallengeView {
    pub(crate) fn of(challenge: &wire::TrailChallenge) -> Self {
        Self {
            challenge: hex(&challenge.challenge),
            time: moment::utc(challenge.time),
            standing: match challenge.standing() {
                ChallengeStanding::Answered => "answered",
                ChallengeStanding::Unanswered => "unanswered",
                ChallengeStanding::Open | ChallengeStanding::Unspecified => "open",
            },
            answered: moment::utc(challenge.answered),
            words: challenge.words.iter().map(WordView::of).collect(),
        }
    }
}

impl WordView {
    fn of(word: &wire::WitnessWord) -> Self {
        Self {
            witness: word.witness.clone(),
            put: moment::utc(word.put),
            until: moment::utc(word.until),
            answered: word.answered,
            refused: Rejection::from_number(word.code).map(|rejection| rejection.code()),
        }
    }
}

/// How a challenge stands, and whose word each thing is. [CLI-137] [NOD-114]
pub(crate) fn describe(challenge: &wire::TrailChallenge, page: &mut Page) {
    let standing = match challenge.standing() {
        ChallengeStanding::Answered => {
            format!("answered with a head of {}", moment::local(challenge.answered))
        }
        ChallengeStanding::Unanswered => "unanswered: no answer is here".to_owned(),
        ChallengeStanding::Open | ChallengeStanding::Unspecified => "open: no answer is here yet".to_owned(),
    };
    page.pair("challenged", format!("{}, {standing}", moment::local(challenge.time)));
    for word in &challenge.words {
        page.pair(&format!("word of {}", word.witness), said(word));
    }
    if challenge.words.is_empty() {
        page.pair("witness", "none: they name none that was compared here, so that they were asked is your word alone");
    }
}

fn said(word: &wire::WitnessWord) -> String {
    let (put, until) = (moment::local(word.put), moment::local(word.until));
    if let Some(refused) = Rejection::from_number(word.code) {
        return format!("not put: {refused}");
    }
    match (word.put, word.answered) {
        (0, _) => "nothing yet: it is not known to have been put".to_owned(),
        (_, true) => format!("put at {put}, and an answer was named at {until}"),
        (_, false) => format!("put at {put}, and no answer had come by {until}"),
    }
}
