//! On which occasion slots are filled.

use crate::{event::Statement, state::Kind};

/// On which occasion slots are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// In the opening.
    Opening,
    /// In a later event by which the opener discloses: need, identity, corrected, reopened, minutes, plan.
    Later,
    /// In any other event of either party.
    Reply,
}

impl Occasion {
    /// The occasion of a statement; `by_opener`: its author is the opening's. [AGR-22]
    #[must_use]
    pub const fn of(statement: &Statement, by_opener: bool) -> Self {
        match statement {
            Statement::Opening(_) => Self::Opening,
            Statement::Need
            | Statement::Identity
            | Statement::Corrected
            | Statement::Reopened
            | Statement::Minutes
            | Statement::Plan
                if by_opener =>
            {
                Self::Later
            }
            _ => Self::Reply,
        }
    }

    /// Which kind a statement is, if it has to say something later than the opening. A decision is one whatever was decided.
    /// [STA-73]
    #[must_use]
    pub const fn content(statement: &Statement) -> Option<Kind> {
        match statement {
            Statement::Need => Some(Kind::Need),
            Statement::Identity => Some(Kind::Identity),
            Statement::Minutes => Some(Kind::Minutes),
            Statement::Plan => Some(Kind::Plan),
            Statement::Decision(_) => Some(Kind::Decision),
            _ => None,
        }
    }

    /// Whether it discloses data about her.
    #[must_use]
    pub const fn discloses(self) -> bool {
        matches!(self, Self::Opening | Self::Later)
    }
}
