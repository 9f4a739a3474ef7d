//! How far an act goes, and why the first message does not say more.
//!
//! Guarantees that a stage which no agreement could allow is refused here, with what the act is and what to give instead.
//! Leaves the rest to the node: what the agreement of the two allows.

use uput_core::act;
use uput_core::agreement::name_of;
use uput_core::wire::Act;

use crate::exit::Exit;
use crate::failure::Failure;

/// Refuses a stage above the highest of the act. [AGR-67]
pub(crate) fn check(act: Act, stage: u32) -> Result<(), Failure> {
    let Some(row) = act::row(act).filter(|row| stage > row.stage) else { return Ok(()) };
    let never = match row.stage {
        0 => "nothing about her is ever said in it",
        _ => "it never says who she is",
    };
    let what = format!("{} does not go to stage {stage}", called(act));
    let why = format!("{} {never}", row.meaning);
    Err(Failure::new(Exit::Failed, "NOT_OF_THIS_ACT", what).because(why).next(format!("give --stage {}", row.stage)))
}

/// The stage of an opening for which none was given: the need, as far as the act goes.
pub(crate) fn usual(act: Act) -> u32 {
    act::row(act).map_or(1, |row| row.stage.min(1))
}

/// A refusal of an opening, with what the stage has to do with it. [AGR-67]
pub(crate) fn explained(mut refused: Failure, stage: u32) -> Failure {
    if stage == 2 && &*refused.reason == "BASIS_NOT_ALLOWED" {
        refused.next = "who she is stands in a first message only where the rule says so, under a duty to report, danger to \
                        life or a decision: see `uput agreement explain`; else give --stage 1, and say it once they accepted"
            .to_owned();
    }
    refused
}

/// `a referral`, `an information request`.
fn called(act: Act) -> String {
    let name = name_of(act).replace('_', " ");
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [AGR-67]
    #[test]
    fn a_stage_that_an_act_does_not_have_is_said_with_what_it_is() {
        for (act, highest) in [(Act::BreachNotice, 0), (Act::Consultation, 1), (Act::Notification, 2)] {
            assert!(check(act, highest).is_ok());
            assert!(usual(act) <= highest);
            if highest < 2 {
                let refused = check(act, highest + 1).err().map(|refused| format!("{refused:?}")).unwrap_or_default();
                assert!(refused.contains(&format!("give --stage {highest}")), "{refused}");
            }
        }
        let breach = check(Act::BreachNotice, 1).err().map(|refused| format!("{refused:?}")).unwrap_or_default();
        assert!(breach.contains("a breach notice") && breach.contains("nothing about her"), "{breach}");
    }

    /// [AGR-67]
    #[test]
    fn a_first_message_that_says_too_much_is_told_when_it_may() {
        let refused = || Failure::new(Exit::Failed, "BASIS_NOT_ALLOWED", "the node refused").next("something else");
        assert!(explained(refused(), 2).next.contains("give --stage 1"));
        assert_eq!(explained(refused(), 1).next, "something else");
    }
}
