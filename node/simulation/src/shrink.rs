//! Makes a run that fails smaller, so that its story is short enough to read. [SIM-27]

use crate::{Run, Told, run};

/// The smallest run that was found in so many attempts and fails with the same sentence, and what came of it. None: the
/// seed holds.
#[must_use]
pub fn shrink(whole: &Run, seed: u64, attempts: usize) -> Option<(Run, Told)> {
    let told = run(whole, seed);
    let gist = gist(&told.broken.as_ref()?.why);
    let mut search = Search { seed, gist, left: attempts, size: whole.clone(), told };
    search.days();
    search.end();
    search.nodes();
    search.steps();
    Some((search.size, search.told))
}

struct Search {
    seed: u64,
    gist: String,
    left: usize,
    size: Run,
    told: Told,
}

/// A sentence without its numbers: which trail it was changes with what is left out.
fn gist(why: &str) -> String {
    why.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

impl Search {
    /// Takes a smaller run if it fails in the same way.
    fn take(&mut self, smaller: Run) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let told = run(&smaller, self.seed);
        let same = told.broken.as_ref().is_some_and(|broken| gist(&broken.why) == self.gist);
        if same {
            (self.size, self.told) = (smaller, told);
        }
        same
    }

    fn days(&mut self) {
        while self.size.days > 1 && self.take(Run { days: self.size.days / 2, ..self.size.clone() }) {}
    }

    /// Ends earlier: by halves first, then by what is left of them.
    fn end(&mut self) {
        let mut cut = self.told.steps / 2;
        while cut > 0 && self.left > 0 {
            let steps = self.told.steps.saturating_sub(cut);
            if !self.take(Run { steps: Some(steps), ..self.size.clone() }) {
                cut /= 2;
            }
            cut = cut.min(self.told.steps / 2);
        }
    }

    /// Another number of houses is another run; often it fails too.
    fn nodes(&mut self) {
        let least = if self.size.liar { 3 } else { 2 };
        while self.size.nodes > least && self.take(Run { nodes: self.size.nodes - 1, ..self.size.clone() }) {}
    }

    /// Leaves out steps, many at once first: faults and what people do alike.
    fn steps(&mut self) {
        let mut many = self.told.steps / 2;
        while many > 0 && self.left > 0 {
            let mut first = 0;
            while first < self.told.steps && self.left > 0 {
                let some = first..(first + many).min(self.told.steps);
                if !some.clone().all(|step| self.size.skip.contains(&step)) {
                    let skip = self.size.skip.iter().copied().chain(some).collect();
                    self.take(Run { skip, ..self.size.clone() });
                }
                first += many;
            }
            many /= 2;
        }
    }
}
