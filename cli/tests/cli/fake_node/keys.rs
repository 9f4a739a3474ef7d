//! What the fake node says of its keys.

use tonic::{Code, Request, Response};
use uput_core::codec;
use uput_core::envelope::Envelope;
use uput_core::key::{KeyChain, KeyRecordDraft, Proposal, SealingSecret, SigningKey};
use uput_core::time::Seconds;
use uput_wire::v1 as wire;
use uput_wire::v1::key_service_server::KeyService;

use super::{Answer, Script, refused, sample};

/// A record with new keys that lacks the signature of the organisation key.
pub(crate) fn proposal() -> Vec<u8> {
    let records = codec::decode::<uput_core::wire::KeyChain>(&sample::own_chain()).unwrap().records;
    let records: Vec<Envelope> = records.into_iter().map(|record| Envelope::from_wire(record).unwrap()).collect();
    let chain = KeyChain::verify(&records).unwrap();
    let day = |days: u64| Seconds::new(sample::NIGHT + days * 86_400).unwrap();
    let mut draft = KeyRecordDraft::after(chain.newest(), day(30), day(760));
    draft.sealing_keys = vec![SealingSecret::from_seed(&[20; 32]).public().clone()];
    let [signing, tls] = [18, 19].map(|seed| SigningKey::from_seed(&[seed; 32]));
    Proposal::new(&chain, draft, chain.newest().organisation_key(), &signing, &tls).unwrap().to_bytes()
}

/// The same, signed.
pub(crate) fn signed() -> Vec<u8> {
    let mut proposal = Proposal::parse(&proposal()).unwrap();
    proposal.sign(&SigningKey::from_seed(&[7; 32])).unwrap();
    proposal.to_bytes()
}

#[tonic::async_trait]
impl KeyService for Script {
    async fn get_keys(&self, request: Request<wire::GetKeysRequest>) -> Answer<wire::GetKeysResponse> {
        self.record("GetKeys", request.get_ref());
        let retired = wire::RetiredSealingKey { key: vec![0x4b; 32], until: sample::NIGHT + 86_400 };
        Ok(Response::new(wire::GetKeysResponse {
            key_chain: sample::own_chain(),
            retired: vec![retired],
            prepared: true,
        }))
    }

    async fn prepare_keys(&self, request: Request<wire::PrepareKeysRequest>) -> Answer<wire::PrepareKeysResponse> {
        self.record("PrepareKeys", request.get_ref());
        Ok(Response::new(wire::PrepareKeysResponse { proposal: proposal() }))
    }

    async fn install_keys(&self, request: Request<wire::InstallKeysRequest>) -> Answer<wire::InstallKeysResponse> {
        let wire::InstallKeysRequest { proposal, grace_seconds } = request.into_inner();
        let asked = wire::InstallKeysRequest { proposal: vec![u8::from(proposal == signed())], grace_seconds };
        // Whether it is the signed record is enough of it.
        self.record("InstallKeys", &asked);
        if proposal != signed() {
            return Err(refused(Code::InvalidArgument, "WRONG_SIGNERS"));
        }
        let until = if grace_seconds == 0 { 0 } else { sample::NIGHT + grace_seconds };
        Ok(Response::new(wire::InstallKeysResponse { key_record: vec![0x4c; 32], number: 1, until }))
    }
}
