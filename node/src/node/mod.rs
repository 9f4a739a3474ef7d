//! One organisation's node: load, decide, commit, dispatch.
//!
//! Guarantees: what is answered to a peer or to a user is on disk; what was committed is dispatched, now or after a
//! restart; an event is taken in once however often it comes. Decisions are the core's. Leaves to others the wire
//! (`peer`), the local calls (`rpc`) and the disk (`storage`).

mod accesses;
mod accounts;
mod actor;
mod agreements;
mod allowance;
mod approvals;
mod astray;
mod bulk;
mod call_checks;
mod carry;
mod cascades;
mod case_acts;
mod case_boxes;
mod case_erasure;
mod case_list;
mod case_listing;
mod case_record;
mod cases;
mod challenge;
mod changes;
mod clocks;
mod concern;
mod copies;
mod credentials;
mod directory;
mod enclosed;
mod endings;
mod enquiries;
mod exclusions;
mod export;
mod follow_up;
mod head;
mod her_clock;
mod inbox;
mod journal;
mod keys;
mod known;
mod last_day;
mod leaving;
mod listing;
mod log;
mod me;
mod nudges;
mod on_call;
mod onward;
mod orders;
mod outbox;
mod outline;
mod outlines;
mod outlived;
mod overrides;
mod pairing;
mod places;
mod post;
mod put_back;
mod refusal;
mod relay;
mod report;
mod retention;
mod rivals;
mod search;
mod sent;
mod sessions;
mod several;
mod staff_boxes;
mod staff_dispatch;
mod staff_keys;
mod staff_shares;
mod step;
mod taken;
mod teams;
mod telephone;
mod trails;
mod view;
mod withdrawals;
mod withholding;
mod wording;
mod write;
mod written;

pub use crate::mailbox::Quota as RelayQuota;
pub use accesses::{AccessDocument, UnusualAccesses};
pub use accounts::first_account;
pub use agreements::{Held as HeldAgreement, Origin};
pub use approvals::{Approved, Asking, Exact, Second, Why, digest as request_digest};
pub use case_acts::Assignee;
pub use case_listing::{CaseListing, ListedCases};
pub use case_record::NewValues;
pub use changes::{Beginning, Cursor, Told, Watcher};
pub(crate) use credentials::code_until;
pub use credentials::{NewPassword, NotSet};
pub use directory::{Invitation, Peer};
pub use enquiries::Unchosen;
pub use export::Export;
pub use follow_up::{NewChange, NewFollowUp};
pub use journal::OpenError;
pub use keys::{Installed, NewKeys, Stolen};
pub use listing::{Listed, Listing};
pub use me::Me;
pub use outbox::Length;
pub use post::Post;
pub(crate) use post::to_the_end;
pub use refusal::Refused;
pub use retention::{HoldId, ListedRetentions, OnWhat, Passed};
pub use search::{FoundCases, Question};
pub use several::{AskedOne, MOST_ASKED, NewEnquiries, Several};
pub use step::in_step;
pub use write::{NewEvent, NewTrail};

use std::sync::{Arc, OnceLock};

use uput_core::key::{KeyChain, SealingSecret, SigningKey};

use crate::{
    account::Register,
    case::Cases,
    log::{Log, Witnesses},
    mailbox::Mailbox,
    node_key::KeyPlace,
    staff::StaffRegister,
    storage::Storage,
};
use accesses::Accesses;
use agreements::Agreements;
use approvals::Approvals;
use cascades::Cascades;
use case_list::CaseList;
use changes::Changes;
use directory::Directory;
use endings::Endings;
use outbox::Outbox;
use outlines::Outlines;
use overrides::Overrides;
use retention::Retentions;
use search::Found;
use trails::Trails;
use withdrawals::Withdrawals;

/// A running node.
pub struct Node {
    storage: Storage,
    me: Me,
    directory: Directory,
    agreements: Agreements,
    trails: Trails,
    outbox: Outbox,
    outlines: Outlines,
    changes: Changes,
    accounts: Arc<Register>,
    approvals: Approvals,
    overrides: Overrides,
    cascades: Cascades,
    withdrawals: Withdrawals,
    cases: Cases,
    case_list: CaseList,
    staff: StaffRegister,
    arrived: staff_dispatch::Arrived,
    on_call: on_call::OnCall,
    found: Found,
    accesses: Accesses,
    endings: Endings,
    retentions: Retentions,
    promised: places::Promised,
    /// The folder in which `node.key` lies, once the program has said so.
    key_place: OnceLock<KeyPlace>,
    log: Log,
    witnesses: Witnesses,
    witnessing: log::Witnessing,
    head_clock: head::HeadClock,
    putting: challenge::Putting,
    relays: relay::Relays,
    mailbox: Arc<Mailbox>,
    put_back: put_back::PutBack,
    challenged: challenge::Lately,
    /// Held while accounts, peers, key records or agreements change: each change starts from what the one before left.
    changing: tokio::sync::Mutex<()>,
}

/// Secrets of the node, from its key file.
pub struct Secrets {
    /// Signs events and heads.
    pub signing: SigningKey,
    /// Open letters, newest first.
    pub sealing: Vec<SealingSecret>,
}

impl Node {
    /// This organisation.
    #[must_use]
    pub const fn me(&self) -> &Me {
        &self.me
    }

    /// Accounts, and who is let in.
    #[must_use]
    pub fn register(&self) -> Arc<Register> {
        Arc::clone(&self.accounts)
    }

    /// Our log.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// How many letters wait, for all peers.
    #[must_use]
    pub fn queued(&self) -> Length {
        self.outbox.length()
    }

    /// Own chain and everybody's that is known here.
    fn all_chains(&self) -> Vec<Arc<KeyChain>> {
        let mut chains = self.directory.chains();
        chains.push(self.me.chain());
        chains
    }
}
