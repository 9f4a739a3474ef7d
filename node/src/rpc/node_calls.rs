//! Calls about the node itself.

use std::{collections::BTreeSet, sync::Arc};

use tonic::{Request, Response, Status};
use uput_core::code_list::{self, CodeList, Language};
use uput_core::wire;
use uput_core::wire::node_service_server::NodeService;

use super::{guard::Admitted, request};
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
            zone: self.node.zone_of_people().unwrap_or_default().to_owned(),
        }))
    }

    async fn get_code_lists(
        &self,
        call: Request<wire::GetCodeListsRequest>,
    ) -> Result<Response<wire::GetCodeListsResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let asked = call.into_inner();
        let language = match asked.language.as_str() {
            "" => Some(Language::English),
            tag => Language::of(tag),
        };
        let language = language.ok_or_else(|| request::invalid("language", "a language that has labels, or empty"))?;
        let wanted = |list: &&CodeList| asked.lists.is_empty() || asked.lists.contains(&list.name);
        let lists: Vec<_> = code_list::lists().iter().filter(wanted).map(|list| with_labels(list, language)).collect();
        // [COD-5] A name that is no list is a mistake, not an empty answer.
        if !asked.lists.is_empty() && lists.len() != asked.lists.iter().collect::<BTreeSet<_>>().len() {
            return Err(request::invalid("lists", "names of code lists, or empty"));
        }
        Ok(Response::new(wire::GetCodeListsResponse { lists }))
    }
}

fn with_labels(list: &CodeList, language: Language) -> wire::CodeList {
    let code = |code: &String| {
        let name = code_list::name(&list.name, code, language);
        wire::CodeLabel {
            code: code.clone(),
            english: code_list::shown(&list.name, code, Language::English),
            label: name.map(|name| name.text.to_owned()).unwrap_or_default(),
            confirmed: name.is_some_and(|name| name.confirmed),
        }
    };
    wire::CodeList { name: list.name.clone(), version: list.version, codes: list.codes.iter().map(code).collect() }
}
