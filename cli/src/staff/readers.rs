//! Letting colleagues read who should and cannot: by the program of somebody who can open it.
//!
//! Guarantees that the secret of a box is sealed only to keys that the node says should open it. Leaves to the node who
//! that is.

use clap::Args;
use serde_json::json;
use uput_core::entropy::Entropy;
use uput_core::rejection::Rejection;
use uput_core::staff::{self, Place};
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;
use crate::staff::ring::{self, KeyArgs, Ring};

/// Of which trail.
#[derive(Args)]
#[command(after_help = "Examples:
  uput staff readers
  uput staff readers 3f9a1c20 --json | jq .added")]
pub(crate) struct ReadersArgs {
    /// The trail's ID, or at least its first 8 digits; left out: all that you can open
    trail: Option<Reference>,
    #[command(flatten)]
    keys: KeyArgs,
}

impl ReadersArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let ring = self.keys.open(&node, options).await?;
        let subject = match &self.trail {
            Some(trail) => trail.trail_id(&node).await?,
            None => Vec::new(),
        };
        let added = add(&node, &ring, &subject).await?;
        let mut page = Page::default();
        page.pair("readers added", added.to_string());
        Answer::new(&json!({ "added": added }), page)
    }
}

/// Who can read after a case was given on.
pub(crate) struct GivenOn {
    /// How many readers were added.
    pub(crate) added: u64,
    /// How many more should read what the caller can open, and cannot yet, as the caller's key is not here; unknown to a
    /// machine, which opens nothing.
    pub(crate) missing: Option<u64>,
}

impl Default for GivenOn {
    fn default() -> Self {
        Self { added: 0, missing: Some(0) }
    }
}

/// Lets those read what is in a case who should now: its record and its trails. The staff key is opened only if somebody
/// lacks something.
pub(crate) async fn give_on(node: &Node, keys: &KeyArgs, case: &[u8], options: &Options) -> Result<GivenOn, Failure> {
    let held = match lacking(node, case).await {
        Ok(boxes) => boxes,
        Err(failure) if &*failure.reason == Rejection::NotPermitted.code() => {
            return Ok(GivenOn { added: 0, missing: None });
        }
        Err(failure) => return Err(later(failure)),
    };
    if held.is_empty() {
        return Ok(GivenOn::default());
    }
    let should: u64 = held.iter().map(|held| held.missing.len() as u64).sum();
    let ring = keys.open(node, options).await.map_err(later)?;
    let added = wrap(node, &ring, held).await.map_err(later)?;
    Ok(GivenOn { added, missing: Some(should.saturating_sub(added)) })
}

/// The case was given on; that is not undone by what failed after it.
fn later(failure: Failure) -> Failure {
    let why = match failure.why.as_str() {
        "" => "the case is theirs now; not all that was sealed before is".to_owned(),
        why => format!("{why}; the case is theirs now, not all that was sealed before is"),
    };
    failure.because(why).next("run the same command again, or uput staff readers: what is done is not done twice")
}

/// Adds to each box of a trail, or to all, the readers that it should have. Tells how many.
pub(crate) async fn add(node: &Node, ring: &Ring, subject: &[u8]) -> Result<u64, Failure> {
    // All are listed before any is changed: each change would move the pages.
    let held = lacking(node, subject).await?;
    wrap(node, ring, held).await
}

/// The boxes of a trail, of a case, or all, that one can open and somebody who should cannot.
async fn lacking(node: &Node, subject: &[u8]) -> Result<Vec<wire::StaffBox>, Failure> {
    let (mut lacking, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListBoxesRequest { subject: subject.to_vec(), page_size: 0, page_token };
        let answer = node.staff().list_boxes(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        lacking.extend(answer.boxes);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(lacking);
        }
    }
}

/// Seals the secrets of boxes to those who lack them.
async fn wrap(node: &Node, ring: &Ring, lacking: Vec<wire::StaffBox>) -> Result<u64, Failure> {
    let mut added = 0;
    for held in lacking {
        let Some(secret) = ring.open_box(&held) else { continue };
        let place = Place::Box(secret.id());
        let missing = held.missing.iter().filter_map(|key| ring::public_of(key).ok());
        // Exposed to be sealed to a colleague who should read.
        let wraps = missing
            .map(|to| staff::seal(&to, &place, secret.expose_seed(), &mut System))
            .collect::<Result<Vec<_>, _>>();
        let wraps = wraps.map_err(|_| super::unsealed())?;
        added += wraps.len() as u64;
        let request = wire::AddReadersRequest { subject: held.subject, number: held.number, wraps };
        node.staff().add_readers(request).await.map_err(|status| refusal::of(&status))?;
    }
    Ok(added)
}

/// The system's randomness.
pub(crate) struct System;

impl Entropy for System {
    fn fill(&mut self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            // Without randomness every secret made from here on could be guessed: nothing may go on.
            std::process::abort();
        }
    }
}
