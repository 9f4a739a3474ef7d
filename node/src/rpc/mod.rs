//! The local interface: what an organisation's own people and programs ask of their node.

mod agreements;
mod node_calls;
mod peering;
mod request;
pub mod status;
mod trails;

pub use agreements::Agreements;
pub use node_calls::NodeCalls;
pub use peering::Peering;
pub use trails::Trails;
