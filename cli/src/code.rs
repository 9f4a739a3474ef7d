//! The protocol's codes as words on the command line and in JSON.
//!
//! Guarantees that a code has one word, derived from its name in the schema. Leaves their meaning to the schema.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use uput_core::agreement::Code;
pub(crate) use uput_core::agreement::name_of as word;

/// The word of a code as it came over the wire; `None` if it was left unspecified.
pub(crate) fn word_of<C: Code>(number: i32) -> Option<String> {
    if number == 0 {
        return None;
    }
    Some(C::try_from(number).map_or_else(|_| format!("code_{number}"), word))
}

/// Reads a code from the command line; hyphens may stand for underscores.
pub(crate) fn parser<C: Code + Send + Sync + 'static>() -> impl TypedValueParser<Value = C> {
    parser_of(|_| true)
}

/// The same, of some codes of a list.
pub(crate) fn parser_of<C: Code + Send + Sync + 'static>(is: impl Fn(&C) -> bool) -> impl TypedValueParser<Value = C> {
    let values = C::every().filter(is).map(|code| {
        // Two short words for each code of the command line, made once a run: they live as long as the program.
        let word: &'static str = word(code).leak();
        let spelled: &'static str = word.replace('_', "-").leak();
        PossibleValue::new(spelled).alias(word)
    });
    PossibleValuesParser::new(values).map(|given| {
        let given = given.replace('-', "_");
        C::from_word(&given).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use uput_core::wire;

    use super::*;

    #[test]
    fn words_come_from_the_schema() {
        assert_eq!(word(wire::DeclineReason::NoPlace), "no_place");
        assert_eq!(word_of::<wire::ServiceType>(3).as_deref(), Some("social_work"));
        assert_eq!(word_of::<wire::ServiceType>(0), None);
        assert_eq!(word_of::<wire::ServiceType>(99).as_deref(), Some("code_99"));
    }
}
