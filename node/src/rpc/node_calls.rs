//! Calls about the node itself.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::wire;
use uput_core::wire::node_service_server::NodeService;

use super::guard::Admitted;
use crate::{
    account::roles::Part,
    clock,
    node::{Node, in_step},
};

/// Calls about the node itself.
pub struct NodeCalls {
    /// The node.
    pub node: Arc<Node>,
    /// Where peers reach it; empty: it only dials out.
    pub peer_address: String,
}

#[tonic::async_trait]
impl NodeService for NodeCalls {
    async fn get_node(&self, call: Request<wire::GetNodeRequest>) -> Result<Response<wire::GetNodeResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let (me, queued, now) = (self.node.me(), self.node.queued_for(&by), clock::now());
        let trails = in_step(|| self.node.trails_for(&by)).await;
        Ok(Response::new(wire::GetNodeResponse {
            organisation: me.organisation.to_vec(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            key_record: me.key_record().to_vec(),
            incarnation: me.incarnation,
            peer_address: self.peer_address.clone(),
            trails: trails as u64,
            queued: queued.items,
            oldest_queued_seconds: if queued.oldest == 0 { 0 } else { now.get().saturating_sub(queued.oldest) },
            checks: self.node.checks_for(&by, now),
            key_chain: self.node.own_chain_bytes(),
            time: clock::system().get(),
        }))
    }
}
