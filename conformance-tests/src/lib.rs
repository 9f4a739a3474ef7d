//! Black-box tests: they start `uputd` and `uput`, and know of the protocol only what `proto/wire` says.
//!
//! Guarantees that what a command counts it has seen at the programs' own interfaces, and that it ends only programs
//! that it started. Shares no code with the core or the node, so that it cannot share their mistakes.

pub mod alone;
pub mod both_keys;
pub mod corpus;
pub mod disk;
pub mod distant;
pub mod failed;
pub mod guess;
pub mod insider;
pub mod key_file;
pub mod kill;
pub mod leak;
pub mod minute;
pub mod onward;
pub mod organisation;
pub mod pair;
pub mod programs;
pub mod random;
pub mod referral;
pub mod scenario;
pub mod staff;
pub mod tally;
pub mod tap;
pub mod watch;
pub mod wrong_clock;
