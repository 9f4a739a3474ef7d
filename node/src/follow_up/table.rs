//! The table, read from the specification.

use std::sync::LazyLock;

use uput_core::{event::Statement, wire::WarningCode};

use super::{Allowed, Basis, Reach, Side, Situation, Stand};

/// The table. A line that does not parse is no row; a test counts them.
const TABLE: &str = include_str!("../../../specs/follow-up.tsv");

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $name {
                $($(#[$word_doc])* $word,)*
            }

            impl $name {
                /// Every one.
                pub const ALL: &'static [Self] = &[$(Self::$word,)*];

                /// Its word in the table.
                #[must_use]
                pub const fn word(self) -> &'static str {
                    match self {
                        $(Self::$word => $text,)*
                    }
                }

                /// By its word.
                #[must_use]
                pub fn parse(word: &str) -> Option<Self> {
                    Self::ALL.iter().copied().find(|known| known.word() == word)
                }
            }
        )*
    };
}
pub(super) use words;

words! {
    /// What changed. [CAS-51]
    Change {
        /// How she is reached safely is another.
        SafeContact = "safe_contact",
        /// The old way is dangerous now; there may be a new one.
        SafeContactLost = "safe_contact_lost",
        /// Persons who must not see it.
        ExcludedPersons = "excluded_persons",
        /// Organisations to which nothing goes any more.
        ExcludedOrganisations = "excluded_organisations",
        /// She withdrew her consent.
        ConsentWithdrawn = "consent_withdrawn",
        /// She withdrew where this organisation received what it passed on. [CAS-101]
        WithdrawnBefore = "withdrawn_before",
        /// The risk is another.
        Risk = "risk",
        /// She chose one of several who were asked the same.
        Chosen = "chosen",
    }
    /// What is said in a trail.
    Say {
        /// New values for those that were disclosed.
        Corrected = "corrected",
        /// The contact given before must not be used.
        DoNotContact = "warned:do_not_contact",
        /// The risk has changed: speak to the sender.
        RiskChanged = "warned:risk_changed",
        /// She withdrew.
        Withdrawn = "withdrawn",
        /// She chose another.
        ChosenElsewhere = "chosen_elsewhere",
    }
    /// Why nothing, or not everything, is said. [CAS-52]
    Why {
        /// Everything is said.
        Nothing = "-",
        /// Agreement, basis or the peer's keys do not let the values go.
        NotAllowed = "not_allowed",
        /// They go with a later stage.
        NotYet = "not_yet",
        /// The other side must purge what it has.
        ToBePurged = "to_be_purged",
        /// The other side keeps what it has under law: it can be corrected no more.
        KeptUnderLaw = "kept_under_law",
        /// The other side said that it has nothing any more.
        Purged = "purged",
        /// It was never told there.
        NotTold = "not_told",
        /// Nothing about her was told there.
        NothingTold = "nothing_told",
        /// The other side told us: it is for them to correct.
        WeReceived = "we_received",
        /// The trail has ended.
        Ended = "ended",
        /// The other side is not among them.
        Another = "another",
        /// She excluded the other side.
        Excluded = "excluded",
        /// A trail stands open with an organisation that she excluded.
        OpenThere = "open_there",
        /// An organisation that she excluded holds values.
        HeldThere = "held_there",
        /// It rests on something else than her consent.
        NotOfConsent = "not_of_consent",
        /// It rests on her consent, and on something else too.
        PartlyOfConsent = "partly_of_consent",
        /// It is the one that she chose, or asks for something else.
        NoRival = "no_rival",
    }
    /// What a person does. [CAS-52]
    Do {
        /// Nothing.
        Nothing = "-",
        /// Telephone the other side.
        Telephone = "telephone",
        /// Decide what becomes of the trail.
        Decide = "decide",
    }
}

/// What a change becomes in a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is said, in this order.
    pub say: Vec<Say>,
    /// Why no more than that.
    pub why: Why,
    /// What a person does.
    pub act: Do,
}

/// One line of the table.
pub struct Row {
    changes: Vec<Change>,
    sides: Vec<Side>,
    reaches: Vec<Reach>,
    stands: Vec<Stand>,
    bases: Vec<Basis>,
    allowed: Vec<Allowed>,
    answer: Answer,
}

/// Every row, in order.
#[must_use]
pub fn rows() -> &'static [Row] {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| TABLE.lines().filter_map(Row::parse).collect());
    &ROWS
}

/// What a change becomes in a trail that stands so. [CAS-52]
#[must_use]
pub fn answer(change: Change, situation: &Situation) -> Answer {
    let row = rows().iter().find(|row| row.fits(change, situation));
    // A test shows that every situation has a row; whoever is without one asks a person.
    row.map_or(Answer { say: Vec::new(), why: Why::NotAllowed, act: Do::Decide }, |row| row.answer.clone())
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        if line.starts_with('#') {
            return None;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        let [change, side, reach, stand, basis, allowed, say, why, act] = columns.as_slice() else { return None };
        let say = match *say {
            "-" => Vec::new(),
            words => words.split(' ').map(Say::parse).collect::<Option<_>>()?,
        };
        Some(Self {
            changes: any_of(change, Change::ALL, Change::parse)?,
            sides: any_of(side, Side::ALL, Side::parse)?,
            reaches: any_of(reach, Reach::ALL, Reach::parse)?,
            stands: any_of(stand, Stand::ALL, Stand::parse)?,
            bases: any_of(basis, Basis::ALL, Basis::parse)?,
            allowed: any_of(allowed, Allowed::ALL, Allowed::parse)?,
            answer: Answer { say, why: Why::parse(why)?, act: Do::parse(act)? },
        })
    }

    /// Whether it is about that change in a trail that stands so.
    #[must_use]
    pub fn fits(&self, change: Change, situation: &Situation) -> bool {
        self.changes.contains(&change)
            && self.sides.contains(&situation.side)
            && self.reaches.contains(&situation.reach)
            && self.stands.contains(&situation.stand)
            && self.bases.contains(&situation.basis)
            && self.allowed.contains(&situation.allowed)
    }
}

fn any_of<T: Copy>(cell: &str, all: &[T], parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    if cell == "*" { Some(all.to_vec()) } else { cell.split('|').map(parse).collect() }
}

impl Say {
    /// The statement.
    #[must_use]
    pub const fn statement(self) -> Statement {
        match self {
            Self::Corrected => Statement::Corrected,
            Self::DoNotContact => Statement::Warned(WarningCode::DoNotContact),
            Self::RiskChanged => Statement::Warned(WarningCode::RiskChanged),
            Self::Withdrawn => Statement::Withdrawn,
            Self::ChosenElsewhere => Statement::ChosenElsewhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use uput_core::code_list;

    fn every_situation() -> impl Iterator<Item = Situation> {
        let mut all = Vec::new();
        for side in Side::ALL {
            for reach in Reach::ALL {
                for stand in Stand::ALL {
                    for basis in Basis::ALL {
                        for allowed in Allowed::ALL {
                            let (side, reach, stand) = (*side, *reach, *stand);
                            all.push(Situation { side, reach, stand, basis: *basis, allowed: *allowed });
                        }
                    }
                }
            }
        }
        all.into_iter()
    }

    /// What only an approval adds stands last. [COD-1]
    #[test]
    fn every_word_that_a_person_is_shown_is_in_a_list_of_codes() {
        let list = |name: &str| &code_list::lists().iter().find(|list| list.name == name).unwrap().codes;
        assert!(Change::ALL.iter().map(|change| change.word()).eq(list("followed_change")));
        let whys = Why::ALL.iter().map(|why| why.word()).filter(|word| *word != "-");
        assert!(whys.chain(["needs_approval", "not_approved"]).eq(list("followed_why")));
        let acts = Do::ALL.iter().map(|act| act.word()).filter(|word| *word != "-");
        assert!(acts.chain(["approve"]).eq(list("followed_todo")));
    }

    /// [CAS-52]
    #[test]
    fn every_line_of_the_table_is_a_row_and_every_situation_has_one() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows().len(), lines);
        let mut used = BTreeSet::new();
        let mut situations = 0;
        for change in Change::ALL {
            for situation in every_situation() {
                let row = rows().iter().position(|row| row.fits(*change, &situation));
                used.insert(row.unwrap_or_else(|| panic!("no row for {change:?} in {situation:?}")));
                situations += 1;
            }
        }
        assert_eq!(situations, 8 * 2 * 4 * 4 * 4 * 4);
        let unused: Vec<usize> = (0..rows().len()).filter(|row| !used.contains(row)).collect();
        assert_eq!(unused, Vec::<usize>::new(), "rows that an earlier row hides");
    }

    /// What was to be said and is not, or not in full, says why; and nothing is said where we received. [CAS-52]
    #[test]
    fn silence_has_a_reason() {
        for change in Change::ALL {
            for situation in every_situation() {
                let Answer { say, why, act } = answer(*change, &situation);
                assert!(!say.is_empty() || why != Why::Nothing, "{change:?} in {situation:?}");
                assert!(act == Do::Nothing || why != Why::Nothing, "{change:?} in {situation:?}");
                assert!(situation.side == Side::Opener || say.is_empty(), "{change:?} in {situation:?}");
                let corrects = say.contains(&Say::Corrected);
                let may = situation.allowed == Allowed::Yes
                    && situation.reach == Reach::Held
                    && matches!(situation.stand, Stand::Live | Stand::Closed);
                assert!(!corrects || may, "{change:?} in {situation:?}");
                let withdraws = say.contains(&Say::Withdrawn);
                let withdrawn = matches!(change, Change::ConsentWithdrawn | Change::WithdrawnBefore);
                let hers = withdrawn && situation.basis == Basis::Consent;
                assert!(!withdraws || hers, "{change:?} in {situation:?}");
            }
        }
    }
}
