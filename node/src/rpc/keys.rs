//! Calls about this organisation's keys.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{
    id::KeyId,
    key::{Endpoint, PublicKey, Recovery},
    time::Span,
    wire::{self, key_service_server::KeyService},
};

use super::{guard::Admitted, request, status};
use crate::account::roles::Part;
use crate::node::{NewKeys, Node, Post, Stolen, to_the_end};
use crate::peer::Peers;

/// Calls about this organisation's keys.
pub struct KeyCalls {
    /// The node.
    pub node: Arc<Node>,
    /// Its connections, which show another key after an installation.
    pub peers: Arc<Peers<Post>>,
}

#[tonic::async_trait]
impl KeyService for KeyCalls {
    async fn get_keys(&self, call: Request<wire::GetKeysRequest>) -> Result<Response<wire::GetKeysResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        Ok(Response::new(self.node.view_keys()))
    }

    async fn prepare_keys(
        &self,
        call: Request<wire::PrepareKeysRequest>,
    ) -> Result<Response<wire::PrepareKeysResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, new) = (Arc::clone(&self.node), self.new_keys(call.into_inner())?);
        let prepared = to_the_end(async move { node.prepare_keys(new).await }).await;
        let proposal = prepared.ok_or_else(unfinished)?.map_err(status::of)?;
        Ok(Response::new(wire::PrepareKeysResponse { proposal }))
    }

    async fn install_keys(
        &self,
        call: Request<wire::InstallKeysRequest>,
    ) -> Result<Response<wire::InstallKeysResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, asked) = (Arc::clone(&self.node), call.into_inner());
        let installing =
            async move { node.install_keys(&by.account, &asked.proposal, Span(asked.grace_seconds)).await };
        let installed = to_the_end(installing).await.ok_or_else(unfinished)?.map_err(status::of)?;
        if let Err(error) = self.peers.renew(&installed.tls) {
            tracing::error!(%error, "peers are shown the old key until the next start");
        }
        self.peers.refresh();
        let newest = installed.chain.newest();
        Ok(Response::new(wire::InstallKeysResponse {
            key_record: newest.id().to_vec(),
            number: newest.number(),
            until: installed.until,
        }))
    }
}

impl KeyCalls {
    fn new_keys(&self, asked: wire::PrepareKeysRequest) -> Result<NewKeys, Status> {
        let organisation = match asked.organisation_key.as_slice() {
            [] => None,
            key => Some(PublicKey::parse(key).map_err(status::of)?),
        };
        let stolen = match (asked.stolen, asked.stolen_key.as_slice()) {
            (false, []) => None,
            (true, []) => Some(Stolen::Current),
            (_, key) => Some(Stolen::Older(KeyId::parse(key).map_err(status::of)?)),
        };
        let recovery = asked.recovery.map(recovery_set).transpose()?;
        let endpoints = asked.endpoints.iter().map(|text| Endpoint::parse(text)).collect::<Result<Vec<_>, _>>();
        let endpoints = endpoints.map_err(|_| request::invalid("endpoints", "host:port, up to four times"))?;
        let mut witnesses =
            asked.witnesses.iter().map(|name| self.node.witness_named(name)).collect::<Result<Vec<_>, _>>();
        witnesses.iter_mut().for_each(|found| found.sort_unstable());
        Ok(NewKeys {
            signing: asked.new_signing_key,
            tls: asked.new_tls_key,
            sealing: asked.new_sealing_key,
            organisation,
            endpoints: asked.set_endpoints.then_some(endpoints),
            witnesses: asked.set_witnesses.then_some(witnesses.map_err(status::of)?),
            recovery: asked.set_recovery.then_some(recovery),
            door: asked.set_door.then_some(asked.door),
            stolen,
            valid: (asked.valid_seconds > 0).then_some(Span(asked.valid_seconds)),
        })
    }
}

/// Whether so many are enough of them is asked with the record. [KEY-26]
fn recovery_set(asked: wire::Recovery) -> Result<Recovery, Status> {
    let keys = asked.keys.iter().map(|key| PublicKey::parse(key)).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(|_| request::invalid("recovery", "public keys of recovery key files, up to sixteen"))?;
    Ok(Recovery { threshold: asked.threshold, keys })
}

fn unfinished() -> Status {
    Status::internal("the node could not finish this; look at `uput key show` before you try again")
}
