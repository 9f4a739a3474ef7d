//! The local interface: what an organisation's own people and programs ask of their node.

pub mod status;
