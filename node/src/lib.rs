//! A Uput node: one organisation's records, its peers and its local interface.

pub mod config;
pub mod peer;
pub mod shutdown;
pub mod tls;
