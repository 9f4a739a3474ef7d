//! A Uput node: one organisation's records, its peers and its local interface.

pub mod access;
pub mod account;
pub mod backup;
pub mod case;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod disk;
pub mod doctor;
pub mod exit;
pub mod follow_up;
pub mod init;
pub mod journal;
mod keyboard;
pub mod keybook;
pub mod locked;
pub mod log;
mod mailbox;
pub mod node;
pub mod node_key;
pub mod on_call;
pub mod peer;
pub mod places;
pub mod process;
pub mod rebuild;
pub mod record;
pub mod rpc;
pub mod seal;
pub mod search;
pub mod shutdown;
#[cfg(feature = "simulation")]
pub mod simulated;
pub mod staff;
pub mod storage;
pub mod store;
pub mod telemetry;
pub mod tls;
