//! Calls about who is on duty, and who took a call.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{rejection::Rejection, wire, wire::on_call_service_server::OnCallService};

use super::{guard::Admitted, request, status};
use crate::{
    account::roles::Part,
    clock,
    node::{Node, to_the_end},
    on_call::Gap,
};

/// How far ahead gaps are shown, unless more is asked for: two weeks, and one.
const AHEAD: u32 = 14;
const WEEK: u32 = 7;

/// Calls about who is on duty.
pub struct OnCall(pub Arc<Node>);

#[tonic::async_trait]
impl OnCallService for OnCall {
    async fn set_duty(&self, call: Request<wire::SetDutyRequest>) -> Result<Response<wire::SetDutyResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let asked = said.duty.ok_or_else(|| request::invalid("duty", "given"))?;
        let node = Arc::clone(&self.0);
        let set = to_the_end(async move { node.set_duty(&by, asked, &said.replaces).await }).await;
        let duty = set.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::BadValue => request::invalid(
                "duty",
                "days or times in their order, an order of 1 to 9, a channel with an address that fits it, and an account \
                 that can act on a trail",
            ),
            other => status::of(other),
        })?;
        Ok(Response::new(wire::SetDutyResponse { duty: Some(duty.to_wire()) }))
    }

    async fn list_duty(
        &self,
        call: Request<wire::ListDutyRequest>,
    ) -> Result<Response<wire::ListDutyResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let days = match call.get_ref().days {
            0 => AHEAD,
            days => days,
        };
        Ok(Response::new(wire::ListDutyResponse {
            duties: self.0.duties().iter().map(crate::on_call::Duty::to_wire).collect(),
            gaps: self.0.duty_gaps(clock::now(), days).into_iter().map(gap).collect(),
            zone: self.0.duty_zone().to_owned(),
        }))
    }

    async fn remove_duty(
        &self,
        call: Request<wire::RemoveDutyRequest>,
    ) -> Result<Response<wire::RemoveDutyResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, duty) = (Arc::clone(&self.0), call.into_inner().duty);
        let removed = to_the_end(async move { node.remove_duty(&by, &duty).await }).await;
        removed.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::RemoveDutyResponse {}))
    }

    async fn get_on_call(
        &self,
        call: Request<wire::GetOnCallRequest>,
    ) -> Result<Response<wire::GetOnCallResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let (now, register) = (clock::now(), self.0.register());
        let on_duty = self.0.on_duty(now).into_iter().map(|(_, person)| wire::OnDuty {
            account: person.account.to_vec(),
            // A colleague's name, to a colleague.
            name: register.account(&person.account.to_vec()).map(|by| by.name.expose().clone()).unwrap_or_default(),
            order: person.order,
            channel: person.channel as i32,
        });
        Ok(Response::new(wire::GetOnCallResponse {
            on_duty: on_duty.collect(),
            gaps: self.0.duty_gaps(now, WEEK).into_iter().map(gap).collect(),
            zone: self.0.duty_zone().to_owned(),
        }))
    }

    async fn take_call(
        &self,
        call: Request<wire::TakeCallRequest>,
    ) -> Result<Response<wire::TakeCallResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let trail = request::trail(&self.0, &by, &call.get_ref().trail)?;
        let node = Arc::clone(&self.0);
        let taken = to_the_end(async move { node.take_call(&by, &trail).await }).await;
        taken.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::TakeCallResponse {}))
    }
}

fn gap(gap: Gap) -> wire::DutyGap {
    wire::DutyGap { from: gap.from, until: gap.until }
}

/// A fault of this program: what it did, if anything, is in the rota.
fn broken_off() -> Status {
    Status::internal("the node could not finish this; look at the rota before you try again")
}
