//! Calls about staff keys and what is sealed to them.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{
    id::{KeyId, TrailId},
    key::SealingPublic,
    rejection::Rejection,
    wire::{self, staff_service_server::StaffService},
};

use super::{guard::Admitted, request, said, status};
use crate::account::{Caller, PersonId, TeamId, roles::Part};
use crate::node::{Node, to_the_end};
use crate::staff::{HeldShare, Owner, Sealing, StaffKey, State, sharing_of};

/// Calls about staff keys.
pub struct Staff(pub Arc<Node>);

#[tonic::async_trait]
impl StaffService for Staff {
    async fn add_staff_key(
        &self,
        call: Request<wire::AddStaffKeyRequest>,
    ) -> Result<Response<wire::AddStaffKeyResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let public = public(&call.get_ref().public)?;
        let (node, by) = (Arc::clone(&self.0), caller.clone());
        let added = finish(to_the_end(async move { node.add_staff_key(&by, public).await }).await)?;
        Ok(Response::new(wire::AddStaffKeyResponse { key: Some(self.view(&added, &caller)) }))
    }

    async fn list_staff_keys(
        &self,
        call: Request<wire::ListStaffKeysRequest>,
    ) -> Result<Response<wire::ListStaffKeysResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let (keys, next_page_token) = request::page(self.0.staff().keys(), said.page_size, &said.page_token, 100)?;
        let keys = keys.iter().map(|key| self.view(key, &caller)).collect();
        Ok(Response::new(wire::ListStaffKeysResponse { keys, next_page_token }))
    }

    async fn confirm_staff_key(
        &self,
        call: Request<wire::ConfirmStaffKeyRequest>,
    ) -> Result<Response<wire::ConfirmStaffKeyResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, by, said) = (Arc::clone(&self.0), caller.clone(), call.into_inner());
        let confirmed = async move { node.confirm_staff_key(&by, &said.key, &said.proof).await };
        let confirmed = to_the_end(confirmed).await;
        let key = confirmed.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::BadValue => {
                request::invalid("key", "at least 16 bytes of the key's ID, as its owner reads it out")
            }
            other => status::of(other),
        })?;
        Ok(Response::new(wire::ConfirmStaffKeyResponse { key: Some(self.view(&key, &caller)) }))
    }

    async fn add_team_key(
        &self,
        call: Request<wire::AddTeamKeyRequest>,
    ) -> Result<Response<wire::AddTeamKeyResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let public = public(&said.public)?;
        let (node, by) = (Arc::clone(&self.0), caller.clone());
        let added = async move { node.add_team_key(&by, &said.team, public, &said.wraps, &said.proof).await };
        let added = to_the_end(added).await;
        let key = finish(added)?;
        Ok(Response::new(wire::AddTeamKeyResponse { key: Some(self.view(&key, &caller)) }))
    }

    async fn list_boxes(
        &self,
        call: Request<wire::ListBoxesRequest>,
    ) -> Result<Response<wire::ListBoxesResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let lacking = self.0.lacking(&caller, &said.subject).map_err(status::of)?;
        let (boxes, next_page_token) = request::page(lacking, said.page_size, &said.page_token, 50)?;
        let view = |(view, missing): (wire::StaffBox, Vec<StaffKey>)| wire::StaffBox {
            missing: missing.iter().map(|key| self.view(key, &caller)).collect(),
            ..view
        };
        Ok(Response::new(wire::ListBoxesResponse { boxes: boxes.into_iter().map(view).collect(), next_page_token }))
    }

    async fn add_readers(
        &self,
        call: Request<wire::AddReadersRequest>,
    ) -> Result<Response<wire::AddReadersResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let subject = TrailId::parse(&said.subject).map_err(|_| request::invalid("subject", "32 bytes"))?;
        let node = Arc::clone(&self.0);
        let added = async move { node.add_readers(&caller, &subject, said.number, said.wraps).await };
        finish(to_the_end(added).await)?;
        Ok(Response::new(wire::AddReadersResponse {}))
    }

    async fn seal_trail(
        &self,
        call: Request<wire::SealTrailRequest>,
    ) -> Result<Response<wire::SealTrailResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let trail = request::trail(&self.0, &caller, &said.trail)?;
        let node = Arc::clone(&self.0);
        let sealed = to_the_end(async move { node.seal_trail(&caller, &trail, &said.key).await }).await;
        Ok(Response::new(wire::SealTrailResponse { r#box: Some(finish(sealed)?) }))
    }

    async fn share_staff_key(
        &self,
        call: Request<wire::ShareStaffKeyRequest>,
    ) -> Result<Response<wire::ShareStaffKeyResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let key = key_id("key", &said.key)?;
        let made = u32::try_from(said.shares.len()).unwrap_or(u32::MAX);
        let sharing = sharing_of(said.needed, made).ok().flatten();
        let sharing =
            sharing.ok_or_else(|| request::invalid("needed and shares", "2 to 16, no more needed than made"))?;
        let shares: Option<Vec<HeldShare>> = said.shares.iter().map(|share| held(&key, share)).collect();
        let shares =
            shares.ok_or_else(|| request::invalid("shares", "numbered, sealed to their holders, with digests"))?;
        let (node, by) = (Arc::clone(&self.0), caller.clone());
        let shared = async move { node.share_staff_key(&by, &key, sharing, shares, &said.proof).await };
        let shared = to_the_end(shared).await;
        let key = finish(shared)?;
        Ok(Response::new(wire::ShareStaffKeyResponse { key: Some(self.view(&key, &caller)) }))
    }

    async fn list_shares(
        &self,
        call: Request<wire::ListSharesRequest>,
    ) -> Result<Response<wire::ListSharesResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let staff = self.0.staff();
        let ring = staff.ring(&caller.person, &std::collections::BTreeSet::new());
        let own = ring
            .iter()
            .flat_map(|key| staff.shares_of(key))
            .map(|share| wire::KeyShare { sealed: Vec::new(), ..self.view_share(&share, &caller) });
        // What was given is for whose key it is.
        let held = staff
            .held(&ring)
            .into_iter()
            .map(|share| wire::KeyShare { given: Vec::new(), ..self.view_share(&share, &caller) });
        Ok(Response::new(wire::ListSharesResponse { own: own.collect(), held: held.collect() }))
    }

    async fn give_share(
        &self,
        call: Request<wire::GiveShareRequest>,
    ) -> Result<Response<wire::GiveShareResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let key = key_id("key", &said.key)?;
        let number = u8::try_from(said.number).map_err(|_| request::invalid("number", "that of the share"))?;
        let node = Arc::clone(&self.0);
        let given = async move { node.give_share(&caller, &key, number, said.given, &said.proof).await };
        let given = to_the_end(given).await;
        let (given, needed) = finish(given)?;
        let given = u32::try_from(given).unwrap_or(u32::MAX);
        Ok(Response::new(wire::GiveShareResponse { given, needed: needed.into() }))
    }

    async fn get_sealing(
        &self,
        call: Request<wire::GetSealingRequest>,
    ) -> Result<Response<wire::GetSealingResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let node = Arc::clone(&self.0);
        let search = finish(to_the_end(async move { node.word_box(&caller).await }).await)?;
        Ok(Response::new(wire::GetSealingResponse { search, ..self.sealing(self.0.staff().sealing()) }))
    }

    async fn set_sealing(
        &self,
        call: Request<wire::SetSealingRequest>,
    ) -> Result<Response<wire::SetSealingResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let (sealing, second, _) = said::sealing(call.get_ref(), false)?;
        let node = Arc::clone(&self.0);
        let set = finish(to_the_end(async move { node.set_sealing(&caller, sealing, &second).await }).await)?;
        Ok(Response::new(wire::SetSealingResponse { sealing: Some(self.sealing(set)) }))
    }
}

impl Staff {
    fn view(&self, key: &StaffKey, caller: &Caller) -> wire::StaffKey {
        let (person, team, name) = match key.owner {
            Owner::Person(person) => (person.to_vec(), Vec::new(), self.0.person_name(&person)),
            Owner::Team(team) => {
                let named = self.0.register().team(&team.to_vec());
                // To colleagues of the same organisation.
                let name = named.map(|team| team.name.expose().clone()).unwrap_or_default();
                (Vec::new(), team.to_vec(), name)
            }
        };
        let ring = self.0.staff().ring(&caller.person, &std::collections::BTreeSet::new());
        let own = key.person() == Some(caller.person);
        let drawn = if own { self.0.staff().drawn(key).unwrap_or_default() } else { Vec::new() };
        let wrap = key.wraps.iter().find(|(to, _)| ring.contains(to)).map(|(_, wrap)| wrap.clone());
        wire::StaffKey {
            key: key.id().to_vec(),
            public: key.public.to_vec(),
            person,
            team,
            name,
            state: state(self.0.staff_key_state(key)).into(),
            created: key.created,
            confirmed_by: key.confirmed_by.map(|by| by.account.to_vec()).unwrap_or_default(),
            own,
            wrap: wrap.unwrap_or_default(),
            needed: key.sharing.map_or(0, |sharing| sharing.needed().into()),
            made: key.sharing.map_or(0, |sharing| sharing.made().into()),
            teams: key.person().map(|person| self.teams_with(&person, caller)).unwrap_or_default(),
            drawn,
        }
    }

    /// Teams in which a person is together with the caller.
    fn teams_with(&self, person: &PersonId, caller: &Caller) -> Vec<Vec<u8>> {
        let register = self.0.register();
        let own = register.teams_of(&caller.person);
        register.teams_of(person).into_iter().filter(|team| own.contains(team)).map(TeamId::to_vec).collect()
    }

    fn view_share(&self, share: &HeldShare, caller: &Caller) -> wire::KeyShare {
        let staff = self.0.staff();
        let owner = staff.key(&share.key);
        let sharing = owner.as_ref().and_then(|key| key.sharing);
        let name = |person: Option<PersonId>| person.map(|person| self.0.person_name(&person)).unwrap_or_default();
        // The newest key of whose it is, if it came after the one that was shared.
        let newer = owner
            .as_ref()
            .and_then(|old| staff.keys().into_iter().rfind(|key| key.owner == old.owner && key.number > old.number));
        wire::KeyShare {
            key: share.key.to_vec(),
            number: share.number.into(),
            needed: sharing.map_or(0, |sharing| sharing.needed().into()),
            made: sharing.map_or(0, |sharing| sharing.made().into()),
            holder: share.holder.to_vec(),
            holder_name: name(staff.key(&share.holder).and_then(|key| key.person())),
            sealed: share.sealed.clone(),
            digest: share.digest.to_vec(),
            given: share.given.clone(),
            owner_name: name(owner.and_then(|key| key.person())),
            newer: newer.map(|key| self.view(&key, caller)),
        }
    }

    fn sealing(&self, sealing: Sealing) -> wire::GetSealingResponse {
        wire::GetSealingResponse {
            staff_only: sealing.staff_only,
            needed: sealing.sharing.map_or(0, |sharing| sharing.needed().into()),
            made: sealing.sharing.map_or(0, |sharing| sharing.made().into()),
            recoverable: u32::try_from(self.0.recoverable()).unwrap_or(u32::MAX),
            search: None,
        }
    }
}

const fn state(state: State) -> wire::StaffKeyState {
    match state {
        State::New => wire::StaffKeyState::New,
        State::Current => wire::StaffKeyState::Current,
        State::Replaced => wire::StaffKeyState::Replaced,
        State::Stale => wire::StaffKeyState::Stale,
    }
}

#[allow(clippy::result_large_err, reason = "tonic's")]
fn public(bytes: &[u8]) -> Result<SealingPublic, Status> {
    SealingPublic::parse(bytes).map_err(|_| request::invalid("public", "the public half of an X-Wing key"))
}

#[allow(clippy::result_large_err, reason = "tonic's")]
fn key_id(field: &'static str, bytes: &[u8]) -> Result<KeyId, Status> {
    KeyId::parse(bytes).map_err(|_| request::invalid(field, "a key ID of 32 bytes"))
}

/// A share as it was handed in; what it says beside that is not read.
fn held(key: &KeyId, share: &wire::KeyShare) -> Option<HeldShare> {
    HeldShare::of(&crate::record::ShareRecord {
        key: key.to_vec(),
        number: share.number,
        holder: share.holder.clone(),
        sealed: share.sealed.clone(),
        digest: share.digest.clone(),
        ..crate::record::ShareRecord::default()
    })
    .ok()
}

/// A fault of this program: what it did, if anything, is in the list of keys.
fn broken_off() -> Status {
    Status::internal("the node could not finish this; look at the list of staff keys before you try again")
}

#[allow(clippy::result_large_err, reason = "tonic's")]
fn finish<T>(done: Option<Result<T, Rejection>>) -> Result<T, Status> {
    done.ok_or_else(broken_off)?.map_err(status::of)
}
