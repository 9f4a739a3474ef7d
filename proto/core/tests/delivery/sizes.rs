//! How much people say, and how much fails.

use uput_core::state::Kind;

use crate::world::{ANY, Bounds};

/// By how much people say: 0 is for a test, 1 the least in which something crosses in one trail while another goes its way.
pub(crate) fn size(number: usize, faults: Option<u8>, renews: bool) -> Bounds {
    use Kind::{Accepted, Closed, ContactMade, Declined, Opened1, Reopened, Started, Warned, Withdrawn};
    let says = match number {
        0 => [[vec![Opened1], vec![Accepted]], [vec![Opened1], vec![]]],
        1 => [[vec![Opened1, Withdrawn], vec![Accepted]], [vec![Opened1], vec![Declined]]],
        2 => [[vec![Opened1, Withdrawn], vec![Accepted]], [vec![Opened1, Closed], vec![Accepted]]],
        _ => [
            [vec![Opened1, Withdrawn, Reopened], vec![Accepted, Started]],
            [vec![Opened1, Warned, Closed], vec![Accepted, ContactMade]],
        ],
    };
    Bounds { says, renews, answers: number > 2, faults: faults.unwrap_or(ANY), planted: None }
}
