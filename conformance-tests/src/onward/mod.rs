//! What one organisation learned of her goes to the fifth without her telling it again, along five running programs;
//! then she withdraws at the first, and programs are killed while that is on its way.
//!
//! Guarantees that what is said of whose word a fact is, and of where a trail stands, is read from what `uput` and the
//! local interfaces say; and that each organisation's folder with every key in it, its log, and every letter that it
//! could open are searched for all that it was not sent. Who was sent what is written down where it is said, by whoever
//! plays, and by no program under test.

mod ends;
mod row;
mod search;
mod told;

use std::time::Duration;

use crate::failed::{Failed, Outcome};
use crate::pair::until;
use crate::programs::Programs;
use crate::random::Draw;
use crate::referral::shown;
use crate::tally::Tally;
use row::{Hop, Row, Word};

/// How many organisations.
pub(crate) const FIVE: usize = 5;

/// The trails of the story.
struct Story {
    /// From the first to the second, and so on to the fifth.
    chain: Vec<Hop>,
    /// From the second to the fifth, with another copy.
    beside: Hop,
    /// What she told the second herself, which goes to the third: nobody's withdrawal reaches it.
    own: Hop,
}

/// Runs it.
///
/// # Errors
/// If the run could not be made; violations stand in the tally.
pub async fn run(programs: &Programs, seed: u64) -> Outcome<Tally> {
    let (mut row, mut tally) = (Row::found(programs).await?, Tally::default());
    let story = tell(&mut row, &mut tally).await?;
    let mut draw = Draw::new(seed);
    withdraw(&row, &story, &mut draw, &mut tally).await?;
    ends::compare(&row, &story, &mut tally).await?;
    let letters = row.letters()?;
    row.remember_actors(&story).await?;
    for member in &row.members {
        member.stop().await?;
    }
    search::run(&row, &letters, &mut tally)?;
    purge(&row, &story, &mut tally).await?;
    Ok(tally)
}

/// All of it goes onward; whose word it is shows at the third and at the fifth.
async fn tell(row: &mut Row, tally: &mut Tally) -> Outcome<Story> {
    let mut chain = Vec::new();
    let mut case = None;
    for from in 0..FIVE - 1 {
        let hop = row.accepted(from, from + 1, case.as_deref()).await?;
        row.disclose(&hop, if from == 0 { Word::Signed } else { Word::Passed }).await?;
        row.is_verified(&hop, tally).await?;
        case = Some(row.take_over(&hop).await?);
        chain.push(hop);
    }
    let [first, second, ..] = chain.as_slice() else { return Err(Failed::because("the chain is too short")) };
    let case = row.case_of(first.to, &first.trail).await?;
    let beside = row.accepted(1, FIVE - 1, Some(&case)).await?;
    row.refuses_the_copy(&beside, tally).await?;
    row.attest_anew(first).await?;
    row.take_over(first).await?;
    row.disclose(&beside, Word::Passed).await?;
    row.is_verified(&beside, tally).await?;
    row.copies_differ(second, &beside, tally).await?;
    let own = row.typed(1, 2, &case).await?;
    Ok(Story { chain, beside, own })
}

/// She withdraws at the first. The third and the fifth do not run then; each of the others is killed where it stands, and
/// runs again. What each says at its deadline waits for nobody further on.
async fn withdraw(row: &Row, story: &Story, draw: &mut Draw, tally: &mut Tally) -> Outcome<()> {
    let [first, second, third, fourth] = story.chain.as_slice() else { return Err(Failed::because("not four trails")) };
    row.at(2)?.kill().await?;
    row.at(4)?.kill().await?;
    row.say(first.from, &["referral", "withdraw", &first.id]).await?;
    row.kill_and_start(0, draw).await?;
    row.kill_and_start(1, draw).await?;
    row.hears_withdrawn(first, first.to).await?;
    row.at(2)?.start().await?;
    row.kill_and_start(2, draw).await?;
    row.kill_and_start(1, draw).await?;
    row.kill_and_start(3, draw).await?;
    tally.add("kills", 7);
    for hop in [second, third] {
        row.hears_withdrawn(hop, hop.to).await?;
    }
    row.hears_withdrawn(fourth, fourth.from).await?;
    // [CAS-104] The last is not reached, and nobody can tell from what the others say.
    for hop in [first, second, third] {
        row.hears_settled(hop).await?;
    }
    for hop in [fourth, &story.beside] {
        let view = shown(row.at(hop.from)?, &hop.trail, false).await?.unwrap_or_default();
        tally.add("said to be over although the last was not reached", 1);
        if view.events.iter().any(|event| event.settled > 0) || view.undelivered == 0 {
            tally.violated("the last does not run, and is said to have heard");
        }
    }
    row.at(4)?.start().await?;
    row.kill_and_start(4, draw).await?;
    for hop in [fourth, &story.beside] {
        row.hears_withdrawn(hop, hop.to).await?;
        row.hears_settled(hop).await?;
    }
    until("every letter has arrived", || async { Ok(row.queued().await? == 0) }).await
}

/// Who purges has nothing left that can be read of what was disclosed there.
async fn purge(row: &Row, story: &Story, tally: &mut Tally) -> Outcome<()> {
    let last = row.at(FIVE - 1)?;
    last.start().await?;
    for trail in story.chain.last().into_iter().chain([&story.beside]) {
        row.say(FIVE - 1, &["referral", "purge", &trail.id]).await?;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    last.stop().await?;
    search::nothing_is_left(row, FIVE - 1, tally)
}
