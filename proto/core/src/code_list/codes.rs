//! Which codes there are.

use crate::{
    agreement::{Code, name_of},
    catalogue::{Label, ValueType},
    state::{Headline, Kind},
    wire::{
        Act, Channel, ClosureReason, DecisionOutcome, DecisionType, DeclineReason, LegalBasis, NotReachedReason,
        Outcome, PartialForm, PhoneAnswer, PurgeManner, Purpose, RevocationReason, ServiceType, TaskStatus, TimerKind,
        VisitOutcome, WarningCode,
    },
};

/// Every list by name: those of the schema, what a trail is and says, the catalogue. [COD-1]
pub(super) fn all() -> Vec<(String, Vec<String>)> {
    let mut lists = vec![
        of::<Act>(),
        of::<ServiceType>(),
        of::<LegalBasis>(),
        of::<WarningCode>(),
        of::<Channel>(),
        of::<PhoneAnswer>(),
        of::<DecisionType>(),
        of::<DecisionOutcome>(),
        of::<RevocationReason>(),
        of::<ClosureReason>(),
        of::<PartialForm>(),
        of::<DeclineReason>(),
        of::<NotReachedReason>(),
        of::<Outcome>(),
        of::<PurgeManner>(),
        of::<Purpose>(),
        of::<TimerKind>(),
        of::<TaskStatus>(),
        of::<VisitOutcome>(),
    ];
    lists.push(("kind".into(), kinds()));
    lists.push(("headline".into(), Headline::ALL.iter().map(|headline| headline.word().to_owned()).collect()));
    lists.push(("stage".into(), ["enquiry", "need", "identity"].map(str::to_owned).to_vec()));
    lists.push(("label".into(), Label::ALL.iter().map(|label| label.name().to_owned()).collect()));
    lists.extend(Label::ALL.iter().filter_map(|label| match label.value_type() {
        ValueType::Code(codes) | ValueType::Codes(codes) => {
            Some((label.name().to_owned(), codes.iter().map(|code| (*code).to_owned()).collect()))
        }
        _ => None,
    }));
    lists
}

fn of<C: Code>() -> (String, Vec<String>) {
    let name = C::PREFIX.trim_end_matches('_').to_ascii_lowercase();
    (name, C::every().map(name_of).collect())
}

/// The kinds of events as people see them: the state splits some by a code.
fn kinds() -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    for kind in Kind::ALL {
        let word = kind.word().trim_end_matches(|last: char| last.is_ascii_digit());
        let word = word.strip_suffix("_no").unwrap_or(word);
        if !kinds.iter().any(|known| known == word) {
            kinds.push(word.to_owned());
        }
    }
    kinds
}
