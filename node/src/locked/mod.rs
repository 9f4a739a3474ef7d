//! A node that waits for its passphrase, and what it was left meanwhile.
//!
//! Guarantees that peers see that it is locked, that what they leave is kept within bounds and admitted once it is unlocked,
//! in the order in which it came, and that nothing is acknowledged before. Leaves to peers that they keep what they left.

mod key;
mod left;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use uput_core::wire::ReceiptOutcome;

use crate::daemon::Sockets;
use crate::exit::{Exit, Failure};
use crate::node_key::{KeyPlace, Sources};
use crate::peer::locked::Answering;
use crate::peer::{Limits, Mailroom};
pub use key::DoorKey;
pub use left::{Bounds, Left};

/// How often it is looked for a passphrase that is not there yet.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Finds the secrets and their passphrase. Until it is there, whoever dials is answered with the door key, and `say` gets a
/// line that says so. [RST-30] [RST-32]
///
/// # Errors
/// As [`KeyPlace::find`].
pub async fn keys(
    folder: &Path,
    sockets: &Sockets,
    sources: &Sources,
    say: impl Fn(&str) -> Result<(), Failure>,
) -> Result<KeyPlace, Failure> {
    let waits = KeyPlace::takes_passphrase(folder) && !sources.has_passphrase();
    let comes = sources.person || sources.awaited().is_some();
    let (Some(door), Some(listener)) = (DoorKey::read(folder).filter(|_| waits && comes), sockets.peer_until_then()?)
    else {
        return KeyPlace::find(folder, sources);
    };
    let address = listener.local_addr().map_err(|error| Failure::new(Exit::Address, &error))?;
    let left = Arc::new(Left::open(folder, Bounds::default()));
    let answering = Answering::begin(listener, door.signing(), left, Limits::default())
        .map_err(|error| Failure::new(Exit::Key, &error))?;
    say(&format!("locked peer={address}"))?;
    let (at, sources) = (folder.to_owned(), sources.clone());
    let found = tokio::task::spawn_blocking(move || {
        while sources.awaited().is_some() {
            std::thread::sleep(LOOK_EVERY);
        }
        KeyPlace::find(&at, &sources)
    });
    let found = found.await.map_err(|error| Failure::new(Exit::Failed, &error));
    answering.end().await;
    found?
}

/// Takes in what was left while this node was locked, if its sender's newest key record names the TLS key that left it, and the
/// sender has signed it: who can write this folder speaks in nobody's name. Nothing of it is acknowledged: whoever left it sends it again. [RST-34]
pub async fn admit_left(folder: &Path, mailroom: &impl Mailroom) {
    let left = Left::open(folder, Bounds::default());
    for number in left.numbers() {
        let Some((by, letter)) = left.read(number) else {
            left.remove(number);
            continue;
        };
        let from = mailroom.peer_by_tls_key(&by).filter(|card| card.tls_key == by);
        let outcome = match from {
            Some(card) => mailroom.take_copy(&card.organisation, letter).await,
            None => ReceiptOutcome::Refused,
        };
        // What waits for something else is tried at the next start, too.
        if outcome != ReceiptOutcome::Later {
            left.remove(number);
        }
    }
}
