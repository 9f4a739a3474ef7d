//! On call: who is woken when something arrives that needs a person.
//!
//! Guarantees that a nudge says the same whatever happened, and that who is nudged when is decided by pure functions of the
//! rota, the calls, the attempts so far and the time. Leaves what calls, and the journal, to the node.

mod channel;
mod duty;
mod ladder;
mod rota;
mod settings;
mod watch;

pub use channel::{Channels, Failed, TEXT};
pub use duty::{Channel, Duty, DutyId, Reached, When};
pub use ladder::{Attempt, Call, MEMORY, Plan, Step, is_told, plan, settle, waits_for_bound};
pub use rota::{Gap, Rota};
pub use settings::{OnCallConfig, Settings};
pub use watch::watch;
