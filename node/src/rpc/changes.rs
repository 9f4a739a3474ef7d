//! Calls about what changed.
//!
//! Guarantees that nothing is kept for a reader who does not read, and that a watch ends soon after whoever began it may
//! no longer call. Leaves to the node what a caller is told.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use uput_core::{rejection::Rejection, wire, wire::change_service_server::ChangeService};

use super::{
    guard::{Admitted, Credential},
    request, status,
};
use crate::{
    account::{Caller, roles::Part},
    clock,
    node::{Beginning, Cursor, Node, Told, Watcher},
    shutdown::Shutdown,
};

/// Changes of a page or message if nothing is said.
const PAGE: usize = 100;
/// The longest wait of a call: it ends before the server ends it. [API-43]
const LONGEST_WAIT: u32 = 50;
/// Records that one call looks at, at most, while it finds nothing. [API-44]
const RECORDS: usize = 200_000;
/// Records that a watch looks at before it looks around.
const STRETCH: usize = 4096;
/// What is written together is told together.
const GATHER: Duration = Duration::from_millis(10);
/// How often a watch asks whether its caller may still call.
const LOOK: Duration = Duration::from_secs(1);
/// Seconds between signs of life, if nothing is said, and at most.
const HEARTBEAT: [u32; 2] = [15, 60];

/// Calls about what changed.
pub struct Changes {
    /// The node.
    pub node: Arc<Node>,
    /// The word to stop.
    pub shutdown: Shutdown,
    /// How long a message may wait to be taken before the watch is cut. [API-45]
    pub slow: Duration,
}

/// How long a message may wait to be taken.
pub const SLOW: Duration = Duration::from_secs(30);

#[tonic::async_trait]
impl ChangeService for Changes {
    type WatchStream = Watching;

    async fn list_changes(
        &self,
        call: Request<wire::ListChangesRequest>,
    ) -> Result<Response<wire::ListChangesResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let credential = Admitted::credential(call.extensions());
        let said = call.into_inner();
        let mut cursor = self.begin(&caller, &said.cursor, said.everything)?;
        let most = request::page_size(said.page_size, PAGE);
        let end = Instant::now() + Duration::from_secs(said.wait_seconds.min(LONGEST_WAIT).into());
        let mut bell = self.node.bell();
        let told = loop {
            bell.mark_unchanged();
            let told = self.node.tell(&caller, &mut cursor, most, RECORDS).await.map_err(status::of)?;
            if !told.changes.is_empty() || (said.cursor.is_empty() && !said.everything) || Instant::now() >= end {
                break told;
            }
            if told.more {
                continue;
            }
            tokio::select! {
                () = self.shutdown.requested() => break told,
                () = sleep_until(end) => (),
                _ = bell.changed() => sleep(GATHER).await,
            }
            // Whoever may call no longer hears no more.
            if !credential.holds(&self.node.register(), &caller, clock::now()) {
                return Err(status::of(Rejection::NotAuthenticated));
            }
        };
        let cursor = self.node.sealed_cursor(&caller, cursor).map_err(status::of)?;
        Ok(Response::new(wire::ListChangesResponse { changes: told.changes, cursor, more: told.more }))
    }

    async fn watch(&self, call: Request<wire::WatchRequest>) -> Result<Response<Watching>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let credential = Admitted::credential(call.extensions());
        let said = call.into_inner();
        let cursor = self.begin(&caller, &said.cursor, said.everything)?;
        let place = self.node.watcher(&caller).map_err(status::of)?;
        let [usual, longest] = HEARTBEAT;
        let heartbeat = if said.heartbeat_seconds == 0 { usual } else { said.heartbeat_seconds.min(longest) };
        let (messages, taken) = mpsc::channel(1);
        let (end, ended) = oneshot::channel();
        let watch = Watch {
            node: Arc::clone(&self.node),
            shutdown: self.shutdown.clone(),
            slow: self.slow,
            heartbeat: Duration::from_secs(heartbeat.into()),
            caller,
            credential,
            cursor,
            messages,
            _place: place,
        };
        tokio::spawn(async move {
            if let Some(status) = watch.run().await {
                // If it is not heard, the reader is gone.
                let _ = end.send(status);
            }
        });
        Ok(Response::new(Watching { taken, ended: Some(ended) }))
    }
}

impl Changes {
    #[allow(clippy::result_large_err, reason = "tonic's")]
    fn begin(&self, caller: &Caller, cursor: &[u8], everything: bool) -> Result<Cursor, Status> {
        let beginning = match (cursor, everything) {
            ([], false) => Beginning::Now,
            ([], true) => Beginning::Everything,
            (_, true) => return Err(request::invalid("everything", "false where there is a cursor")),
            (cursor, false) => Beginning::After(cursor),
        };
        self.node.cursor(caller, beginning).map_err(status::of)
    }
}

/// A watch under way.
struct Watch {
    node: Arc<Node>,
    shutdown: Shutdown,
    slow: Duration,
    heartbeat: Duration,
    caller: Caller,
    credential: Credential,
    cursor: Cursor,
    messages: mpsc::Sender<wire::WatchResponse>,
    _place: Watcher,
}

impl Watch {
    /// Goes on until something ends it, and says what; `None`: the reader is gone.
    async fn run(mut self) -> Option<Status> {
        let mut bell = self.node.bell();
        // The first message comes at once: it says where the watch begins.
        let mut due = Instant::now();
        loop {
            if !self.credential.holds(&self.node.register(), &self.caller, clock::now()) {
                return Some(status::of(Rejection::NotAuthenticated));
            }
            bell.mark_unchanged();
            let told = match self.node.tell(&self.caller, &mut self.cursor, PAGE, STRETCH).await {
                Ok(told) => told,
                Err(rejection) => return Some(status::of(rejection)),
            };
            let again = told.more;
            if !told.changes.is_empty() || Instant::now() >= due {
                if let Err(ended) = self.say(told).await {
                    return ended;
                }
                due = Instant::now() + self.heartbeat;
            }
            if again {
                continue;
            }
            tokio::select! {
                () = self.shutdown.requested() => {
                    return Some(Status::unavailable("the node stops; watch again from the last cursor"));
                }
                () = self.messages.closed() => return None,
                () = sleep_until(due) => (),
                () = sleep(LOOK) => (),
                _ = bell.changed() => sleep(GATHER).await,
            }
        }
    }

    /// Hands a message to the reader, or says why the watch ends.
    async fn say(&self, told: Told) -> Result<(), Option<Status>> {
        let cursor =
            self.node.sealed_cursor(&self.caller, self.cursor).map_err(|rejection| Some(status::of(rejection)))?;
        let taken = tokio::select! {
            taken = timeout(self.slow, self.messages.reserve()) => taken,
            () = self.shutdown.requested() => return Err(Some(Status::unavailable("the node stops"))),
        };
        match taken {
            Ok(Ok(place)) => place.send(wire::WatchResponse { changes: told.changes, cursor }),
            Ok(Err(_)) => return Err(None),
            Err(_) => return Err(Some(status::of(Rejection::TooSlow))),
        }
        Ok(())
    }
}

/// The messages of a watch, and then why it ended.
pub struct Watching {
    taken: mpsc::Receiver<wire::WatchResponse>,
    ended: Option<oneshot::Receiver<Status>>,
}

impl Stream for Watching {
    type Item = Result<wire::WatchResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.taken.poll_recv(context) {
            Poll::Ready(Some(message)) => Poll::Ready(Some(Ok(message))),
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                let Some(ended) = self.ended.as_mut() else { return Poll::Ready(None) };
                let said = std::task::ready!(Pin::new(ended).poll(context));
                self.ended = None;
                Poll::Ready(said.ok().map(Err))
            }
        }
    }
}
