//! A text cut into words, numbers and signs, each with its place.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use zeroize::Zeroizing;

use super::{Finding, Kind, digit};
use crate::{sensitive::Sensitive, words};

/// What a piece of text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Letters, with marks and the apostrophes between them.
    Word,
    /// Digits.
    Number,
    /// One other character.
    Sign,
}

/// A piece of text.
pub(super) struct Token {
    pub(super) piece: Piece,
    pub(super) from: usize,
    pub(super) to: usize,
    /// Folded letters, ASCII digits, or the sign.
    pub(super) text: Zeroizing<String>,
    /// A word as it sounds.
    pub(super) sound: Zeroizing<String>,
    /// Whether it begins with a capital letter.
    pub(super) capital: bool,
    /// Whether no space stands before it.
    pub(super) glued: bool,
    /// Whether it belongs to a finding already, or says something harmless as a whole, such as a date.
    pub(super) done: bool,
}

/// All of a text.
pub(super) struct Tokens(Vec<Token>);

impl Token {
    pub(super) fn is_word(&self) -> bool {
        self.piece == Piece::Word
    }

    pub(super) fn is_number(&self) -> bool {
        self.piece == Piece::Number
    }

    pub(super) fn is_sign(&self, signs: &str) -> bool {
        self.piece == Piece::Sign && signs.contains(self.text.as_str())
    }

    /// How many digits, or letters of the folded word.
    pub(super) fn length(&self) -> usize {
        self.text.chars().count()
    }

    /// A number of few digits, as a number.
    pub(super) fn value(&self) -> Option<u32> {
        if self.is_number() && self.length() <= 6 { self.text.parse().ok() } else { None }
    }
}

impl Tokens {
    /// Cuts a text.
    pub(super) fn of(text: &Sensitive<String>) -> Self {
        // Read to be cut; what is kept of it is wiped with the tokens.
        let characters = Zeroizing::new(text.expose().chars().collect::<Vec<char>>());
        let mut tokens = Self(Vec::new());
        let mut from = 0;
        while let Some(first) = characters.get(from) {
            if first.is_whitespace() {
                from += 1;
                continue;
            }
            let piece = piece_of(*first);
            let rest = characters.get(from..).unwrap_or_default();
            let length = match piece {
                Piece::Sign => 1,
                _ => rest.iter().take_while(|c| continues(piece, **c)).count().max(1),
            };
            tokens.push(piece, from, rest.get(..length).unwrap_or_default());
            from += length;
        }
        tokens.read_letters_as_digits();
        tokens
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Token> {
        self.0.get(at)
    }

    /// The token before, if there is one.
    pub(super) fn before(&self, at: usize) -> Option<&Token> {
        at.checked_sub(1).and_then(|before| self.0.get(before))
    }

    /// Whether a token and the one after it touch.
    pub(super) fn touches_next(&self, at: usize) -> bool {
        self.get(at + 1).is_some_and(|next| next.glued)
    }

    /// All tokens from one up to and with another become harmless.
    pub(super) fn set_aside(&mut self, first: usize, last: usize) {
        self.0.iter_mut().skip(first).take((last + 1).saturating_sub(first)).for_each(|token| token.done = true);
    }

    /// All tokens from one up to and with another are a finding.
    pub(super) fn found(&mut self, kind: Kind, first: usize, last: usize) -> Option<Finding> {
        self.set_aside(first, last);
        Some(Finding { from: self.get(first)?.from, to: self.get(last)?.to, kind })
    }

    fn push(&mut self, piece: Piece, from: usize, characters: &[char]) {
        let glued = self.0.last().is_some_and(|last| last.to == from);
        let written = Zeroizing::new(characters.iter().collect::<String>());
        let (text, sound) = match piece {
            Piece::Word => {
                let written = Sensitive::new(written.as_str().to_owned());
                let folded = Zeroizing::new(words::folded(&written).expose().replace(' ', ""));
                (folded, Zeroizing::new(words::sounded(&written).iter().map(|word| word.as_str()).collect()))
            }
            Piece::Number => {
                (characters.iter().filter_map(|c| digit::value(*c)).collect::<String>().into(), Zeroizing::default())
            }
            Piece::Sign => (written.nfkd().collect::<String>().into(), Zeroizing::default()),
        };
        let capital = characters.first().is_some_and(|first| first.is_uppercase());
        self.0.push(Token { piece, from, to: from + characters.len(), text, sound, capital, glued, done: false });
    }

    /// `O69 l23 456`: letters that look like a digit, and touch one. [NST-3]
    fn read_letters_as_digits(&mut self) {
        for at in 0..self.0.len() {
            let touches = (self.get(at).is_some_and(|token| token.glued)
                && self.before(at).is_some_and(Token::is_number))
                || (self.touches_next(at) && self.get(at + 1).is_some_and(Token::is_number));
            let Some(token) = self.0.get_mut(at).filter(|token| touches && token.is_word()) else { continue };
            let digits: Option<String> = token.text.chars().map(look_alike).collect();
            if let Some(digits) = digits.filter(|digits| digits.len() <= 2) {
                (token.piece, token.text) = (Piece::Number, digits.into());
            }
        }
    }
}

fn piece_of(character: char) -> Piece {
    if digit::value(character).is_some() {
        Piece::Number
    } else if character.is_alphabetic() || is_combining_mark(character) {
        Piece::Word
    } else {
        Piece::Sign
    }
}

fn continues(piece: Piece, character: char) -> bool {
    let is_apostrophe = matches!(character, '\'' | '’' | '\u{200c}' | '\u{200d}');
    piece_of(character) == piece || (piece == Piece::Word && is_apostrophe)
}

const fn look_alike(letter: char) -> Option<char> {
    match letter {
        'o' => Some('0'),
        'l' | 'i' => Some('1'),
        _ => None,
    }
}
