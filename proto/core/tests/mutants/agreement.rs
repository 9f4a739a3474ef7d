//! Words of codes in a copy of the evaluator.

/// A code that people write as a word.
pub trait Code: Copy {
    /// Every code but the unspecified one.
    fn every() -> impl Iterator<Item = Self>;

    /// Its word.
    fn word(self) -> &'static str;

    /// From its word.
    fn from_word(word: &str) -> Option<Self> {
        Self::every().find(|code| code.word() == word)
    }
}

/// The word of a code.
pub fn name_of<C: Code>(code: C) -> String {
    code.word().to_owned()
}
