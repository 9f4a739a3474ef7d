//! One word to everybody: stop taking new work, finish what is begun, close.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Says the word.
pub struct Stop(watch::Sender<bool>);

/// Hears it.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// A pair of both.
#[must_use]
pub fn channel() -> (Stop, Shutdown) {
    let (say, hear) = watch::channel(false);
    (Stop(say), Shutdown(hear))
}

impl Stop {
    /// Says it. Dropping says it too.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Waits until it is said.
    pub async fn requested(&self) {
        // An error means that the sender is gone, which says it too.
        let _ = self.0.clone().wait_for(|stop| *stop).await;
    }
}

/// From now on SIGTERM and SIGINT do not kill the process; the future waits for the first of them.
///
/// # Errors
/// If the system does not let signals be caught.
pub fn signalled() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_hears_it_and_a_lost_sender_says_it_too() {
        let (stop, shutdown) = channel();
        let second = shutdown.clone();
        stop.stop();
        shutdown.requested().await;
        drop(stop);
        second.requested().await;
    }
}
