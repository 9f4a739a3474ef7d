//! A Uput node: one organisation's records, its peers and its local interface.

pub mod peer;
