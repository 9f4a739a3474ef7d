//! Digits that belong together, whatever stands between them.

use zeroize::Zeroizing;

use crate::identifying::token::Tokens;

/// The most digits of one number; what is longer is several.
const LONGEST: usize = 34;
/// The most signs between two groups of digits.
const BETWEEN: usize = 3;

/// One number as it is written.
pub(in crate::identifying) struct Run {
    pub(in crate::identifying) first: usize,
    pub(in crate::identifying) last: usize,
    pub(in crate::identifying) digits: Zeroizing<String>,
    /// How many digits stand together.
    pub(in crate::identifying) groups: Vec<usize>,
    /// Whether a plus stands before it.
    pub(in crate::identifying) plus: bool,
    /// Whether letters touch its beginning, as on a card.
    pub(in crate::identifying) letters: bool,
    /// Whether only hyphens and slashes stand between its groups.
    pub(in crate::identifying) joined: bool,
}

impl Run {
    /// The number that begins with a token; none if none does, or if it was set aside. [NST-3]
    pub(in crate::identifying) fn at(tokens: &Tokens, at: usize) -> Option<Self> {
        let (plus, letters) = (tokens.get(at)?.is_sign("+"), is_lettered(tokens, at));
        let from = if plus || letters { at + 1 } else { at };
        let skipped = (from..from + 2).find(|at| !tokens.get(*at).is_some_and(|token| token.is_sign("(")))?;
        let begin = if tokens.get(at)?.is_sign("(") || plus { skipped } else { from };
        let mut run = Self {
            first: at,
            last: begin,
            digits: Zeroizing::default(),
            groups: Vec::new(),
            plus,
            letters,
            joined: true,
        };
        run.take(tokens, begin)?;
        while let Some(next) = next_group(tokens, run.last, &mut run.joined) {
            if run.take(tokens, next).is_none() {
                break;
            }
        }
        // A letter at the end of a card's number.
        let ends = run.letters && tokens.get(run.last + 1).is_some_and(|t| t.glued && t.is_word() && t.length() == 1);
        run.last += usize::from(ends);
        Some(run)
    }

    fn take(&mut self, tokens: &Tokens, at: usize) -> Option<()> {
        let token = tokens.get(at).filter(|token| token.is_number() && !token.done)?;
        if self.digits.len() + token.length() > LONGEST {
            return None;
        }
        self.digits.push_str(&token.text);
        self.groups.push(token.length());
        self.last = at;
        Some(())
    }
}

/// One to three capital letters that touch digits.
fn is_lettered(tokens: &Tokens, at: usize) -> bool {
    let letters = tokens.get(at).is_some_and(|token| token.is_word() && token.capital && token.length() <= 3);
    letters && tokens.touches_next(at) && tokens.get(at + 1).is_some_and(|next| next.is_number())
}

/// Where the next digits of the same number stand.
fn next_group(tokens: &Tokens, last: usize, joined: &mut bool) -> Option<usize> {
    let mut signs = 0;
    let mut next = last + 1;
    loop {
        let token = tokens.get(next)?;
        if token.is_number() {
            *joined &= signs > 0;
            return (!token.done).then_some(next);
        }
        let tight = token.glued && tokens.touches_next(next);
        let sign = token.is_sign("-‐‑‒–—−/.()·•*_|\\~=[]") || (token.is_sign(",'") && tight);
        // `069x123x456`
        let letter = token.is_word() && token.length() <= 2 && tight;
        if !(sign || letter) || token.done || signs == BETWEEN {
            return None;
        }
        *joined &= token.is_sign("-‐‑‒–—/");
        (signs, next) = (signs + 1, next + 1);
    }
}
