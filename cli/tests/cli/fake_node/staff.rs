//! Invented answers about staff keys.

use tonic::{Code, Request, Response};
use uput_core::entropy::Entropy;
use uput_core::key::SealingSecret;
use uput_core::staff::{self, Place};
use uput_wire::v1 as wire;
use uput_wire::v1::staff_service_server::StaffService;

use super::{Answer, Script, refused, sample};

/// 2026-11-21 22:00:00 UTC.
const NIGHT: u64 = 1_795_298_400;

/// Bytes that anybody can foresee: the same request gives the same answer.
struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }
}

/// The caller's own key, an invented one.
pub(crate) fn own() -> SealingSecret {
    SealingSecret::from_seed(&[0x51; 32])
}

fn key(seed: u8, name: &str, state: wire::StaffKeyState) -> wire::StaffKey {
    let secret = SealingSecret::from_seed(&[seed; 32]);
    wire::StaffKey {
        key: secret.id().to_vec(),
        public: secret.public().to_vec(),
        person: vec![seed; 16],
        name: name.to_owned(),
        state: state as i32,
        created: NIGHT,
        confirmed_by: vec![0x5a; 16],
        own: seed == 0x51,
        needed: 2,
        made: 3,
        ..Default::default()
    }
}

fn keys() -> Vec<wire::StaffKey> {
    use wire::StaffKeyState::{Current, New, Stale};
    let night =
        wire::StaffKey { person: Vec::new(), team: vec![0x6d; 16], ..key(0x54, "Invented\u{1b}[2J night team", Stale) };
    let team = vec![vec![0x6d; 16]];
    let drawn = staff::seal(own().public(), &Place::Proof, &[7; 32], &mut Counting(0)).unwrap();
    vec![
        wire::StaffKey { teams: team.clone(), drawn, ..key(0x51, "An Invented Worker", Current) },
        wire::StaffKey { teams: team, ..key(0x52, "An Invented Supervisor", Current) },
        key(0x53, "An Invented Newcomer", New),
        night,
    ]
}

fn sealing(staff_only: bool, needed: u32, made: u32) -> wire::GetSealingResponse {
    wire::GetSealingResponse { staff_only, needed, made, recoverable: 3, search: None }
}

#[tonic::async_trait]
impl StaffService for Script {
    async fn add_staff_key(&self, request: Request<wire::AddStaffKeyRequest>) -> Answer<wire::AddStaffKeyResponse> {
        self.record("AddStaffKey", request.get_ref());
        let key = wire::StaffKey { own: true, ..key(0x53, "An Invented Newcomer", wire::StaffKeyState::New) };
        Ok(Response::new(wire::AddStaffKeyResponse { key: Some(key) }))
    }

    async fn list_staff_keys(
        &self,
        request: Request<wire::ListStaffKeysRequest>,
    ) -> Answer<wire::ListStaffKeysResponse> {
        self.record("ListStaffKeys", request.get_ref());
        Ok(Response::new(wire::ListStaffKeysResponse { keys: keys(), next_page_token: String::new() }))
    }

    async fn confirm_staff_key(
        &self,
        request: Request<wire::ConfirmStaffKeyRequest>,
    ) -> Answer<wire::ConfirmStaffKeyResponse> {
        self.record("ConfirmStaffKey", request.get_ref());
        let named = keys().into_iter().find(|key| key.key.starts_with(&request.get_ref().key));
        let key = named.ok_or_else(|| refused(Code::FailedPrecondition, "NO_STAFF_KEY"))?;
        let key = wire::StaffKey { state: wire::StaffKeyState::Current as i32, ..key };
        Ok(Response::new(wire::ConfirmStaffKeyResponse { key: Some(key) }))
    }

    async fn add_team_key(&self, request: Request<wire::AddTeamKeyRequest>) -> Answer<wire::AddTeamKeyResponse> {
        self.record("AddTeamKey", request.get_ref());
        let key = wire::StaffKey { person: Vec::new(), ..key(0x54, "An invented team", wire::StaffKeyState::Current) };
        Ok(Response::new(wire::AddTeamKeyResponse { key: Some(key) }))
    }

    async fn list_boxes(&self, request: Request<wire::ListBoxesRequest>) -> Answer<wire::ListBoxesResponse> {
        self.record("ListBoxes", request.get_ref());
        let held = SealingSecret::from_seed(&[0x55; 32]);
        let place = Place::Box(held.id());
        let wrap = staff::seal(own().public(), &place, held.expose_seed(), &mut Counting(0)).unwrap();
        let boxes = vec![wire::StaffBox {
            subject: sample::TRAIL.to_vec(),
            number: 1,
            key: held.id().to_vec(),
            wraps: vec![wrap],
            missing: keys().into_iter().skip(1).take(1).collect(),
            named: Vec::new(),
        }];
        Ok(Response::new(wire::ListBoxesResponse { boxes, next_page_token: String::new() }))
    }

    async fn add_readers(&self, request: Request<wire::AddReadersRequest>) -> Answer<wire::AddReadersResponse> {
        // What is sealed is another each time; only to whom, counts here.
        let to = |wrap: &Vec<u8>| staff::recipient(wrap).unwrap().to_vec();
        let wraps = request.get_ref().wraps.iter().map(to).collect();
        self.record("AddReaders", &wire::AddReadersRequest { wraps, ..request.into_inner() });
        Ok(Response::new(wire::AddReadersResponse {}))
    }

    async fn seal_trail(&self, request: Request<wire::SealTrailRequest>) -> Answer<wire::SealTrailResponse> {
        self.record("SealTrail", request.get_ref());
        let held = wire::StaffBox { subject: sample::TRAIL.to_vec(), number: 1, ..Default::default() };
        Ok(Response::new(wire::SealTrailResponse { r#box: Some(held) }))
    }

    async fn share_staff_key(
        &self,
        request: Request<wire::ShareStaffKeyRequest>,
    ) -> Answer<wire::ShareStaffKeyResponse> {
        self.record("ShareStaffKey", request.get_ref());
        Ok(Response::new(wire::ShareStaffKeyResponse { key: keys().into_iter().next() }))
    }

    async fn list_shares(&self, request: Request<wire::ListSharesRequest>) -> Answer<wire::ListSharesResponse> {
        self.record("ListShares", request.get_ref());
        // Under the ID that people compare lies another key.
        let other = key(0x57, "An Invented Loser", wire::StaffKeyState::New);
        let newer = wire::StaffKey { key: vec![0x56; 32], ..other };
        let held = vec![wire::KeyShare {
            key: key(0x58, "", wire::StaffKeyState::Current).key,
            number: 1,
            owner_name: newer.name.clone(),
            newer: Some(newer),
            ..Default::default()
        }];
        Ok(Response::new(wire::ListSharesResponse { own: Vec::new(), held }))
    }

    async fn give_share(&self, request: Request<wire::GiveShareRequest>) -> Answer<wire::GiveShareResponse> {
        self.record("GiveShare", request.get_ref());
        Ok(Response::new(wire::GiveShareResponse { given: 1, needed: 2 }))
    }

    async fn get_sealing(&self, request: Request<wire::GetSealingRequest>) -> Answer<wire::GetSealingResponse> {
        self.record("GetSealing", request.get_ref());
        Ok(Response::new(sealing(false, 2, 3)))
    }

    async fn set_sealing(&self, request: Request<wire::SetSealingRequest>) -> Answer<wire::SetSealingResponse> {
        self.record("SetSealing", request.get_ref());
        let asked = request.into_inner();
        let sealing = sealing(asked.staff_only, asked.needed, asked.made);
        Ok(Response::new(wire::SetSealingResponse { sealing: Some(sealing) }))
    }
}
