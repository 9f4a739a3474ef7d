//! The mechanisms of the field as scenarios: an agreement, a few organisations, and what they say to each other.
//!
//! Guarantees that a scenario is data: its agreement stands in `specs/agreements`, its steps in a file beside it, and
//! nothing here knows the name of a mechanism. Every trail is exported by both of its sides and verified with `uput`,
//! and no organisation knows a trail of which it is no party. Leaves to the files what a mechanism is.

pub mod bundles;
pub mod carried;
pub mod cast;
pub mod deletion;
pub mod kind;
pub mod matrix;
pub mod play;
pub mod rows;
pub mod script;
pub mod seen;

use toml::Table;

use crate::failed::Outcome;
use crate::scenario::cast::{Agreed, Cast};
use crate::scenario::deletion::Part;
use crate::scenario::play::Stage;
use crate::scenario::rows::Row;
use crate::scenario::script::Script;

/// A scenario that was read, with its agreement.
pub struct Scenario {
    /// Where it stands in the list.
    pub row: Row,
    /// What happens.
    pub script: Script,
    agreement: Table,
}

/// How a scenario went.
pub struct Played {
    /// Trails that were opened.
    pub trails: usize,
    /// Bundles that were exported and verified.
    pub bundles: usize,
}

impl Scenario {
    /// Reads a row.
    ///
    /// # Errors
    /// If its script or its agreement cannot be read.
    pub fn read(row: Row) -> Outcome<Self> {
        let script = Script::read(row.script).map_err(|failed| failed.within(row.name))?;
        Ok(Self { row, script, agreement: toml::from_str(row.agreement)? })
    }

    /// Every row.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn all() -> Outcome<Vec<Self>> {
        rows::ROWS.iter().map(|row| Self::read(*row)).collect()
    }

    /// Its agreement as it is signed here: with the organisations of the cast, and the spans of the script.
    ///
    /// # Errors
    /// If the script names a span that the agreement does not have.
    pub fn source(&self, cast: &Cast, without: Option<&Part>) -> Outcome<String> {
        let mut source = self.agreement.clone();
        self.script.hurry(&mut source)?;
        if let Some(part) = without {
            part.delete(&mut source)?;
        }
        cast.write_in(&self.script, &mut source)?;
        Ok(toml::to_string(&source)?)
    }

    /// The sentences of its summary that are there no more without a part, as `uput agreement show` says them.
    ///
    /// # Errors
    /// What a program says.
    pub async fn lost(&self, cast: &Cast, without: &Part) -> Outcome<Vec<String>> {
        let whole = cast.sentences(&self.source(cast, None)?).await?;
        let rest = cast.sentences(&self.source(cast, Some(without))?).await?;
        Ok(whole.into_iter().filter(|sentence| !rest.contains(sentence)).collect())
    }

    /// The rules of its agreement that can be deleted one at a time.
    #[must_use]
    pub fn rules(&self) -> Vec<i64> {
        Part::rules(&self.agreement)
    }

    /// Whether the part on which it rests stands in that rule.
    #[must_use]
    pub fn rests_in(&self, rule: i64) -> bool {
        self.script.delete.stands_in(rule, &self.agreement)
    }

    /// The organisations of the cast sign its agreement, in whole or without a part.
    ///
    /// # Errors
    /// What a program says.
    pub async fn agree(&self, cast: &Cast, without: Option<&Part>) -> Outcome<Agreed> {
        let parties = self.script.parties(&self.agreement)?;
        cast.agree(&self.source(cast, without)?, &parties).await
    }

    /// Plays it under an agreement that was signed.
    ///
    /// # Errors
    /// The first step that went otherwise than the script says, or what a bundle does not prove.
    pub async fn play(&self, cast: &Cast, agreed: &Agreed) -> Outcome<Played> {
        let mut stage = Stage::new(cast, agreed, &self.script, &self.agreement)?;
        for (at, step) in self.script.steps.iter().enumerate() {
            stage.step(step).await.map_err(|failed| failed.within(&format!("step {} ({step})", at + 1)))?;
        }
        stage.finish().await
    }
}
