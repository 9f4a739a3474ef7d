//! The local interface: what an organisation's own people and programs ask of their node.

pub mod access;
mod accesses;
mod accounts;
mod agreements;
mod approvals;
mod cases;
mod changes;
mod follow_ups;
pub mod guard;
mod node_calls;
mod on_call;
mod peering;
mod request;
mod said;
mod server;
mod sessions;
mod staff;
pub mod status;
mod teams;
mod trails;

pub use accesses::Accesses;
pub use accounts::Accounts;
pub use agreements::Agreements;
pub use approvals::Approvals;
pub use cases::CaseCalls;
pub use changes::{Changes, SLOW, Watching};
pub use follow_ups::FollowUps;
pub use node_calls::NodeCalls;
pub use on_call::OnCall;
pub use peering::Peering;
pub use server::serve;
pub use sessions::Sessions;
pub use staff::Staff;
pub use teams::Teams;
pub use trails::Trails;
