//! Finding the key records of a peer that answers with another TLS key than it had.
//!
//! Guarantees that whoever answers learns nothing but that somebody asks: no name, no key of this node, nothing of whom it
//! knows. Only records that continue the peer's chain are taken, and only if the newest names the key of this very
//! connection is it dialled again. [TRA-23]

use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use uput_core::entropy::Entropy;
use uput_core::key::SigningKey;
use uput_core::wire::{ExchangeRequest, PeerFrame};
use zeroize::Zeroizing;

use super::dialler::{connect, service};
use super::greeting::ask_as_stranger;
use super::line::{self, Ending, Line};
use super::mailroom::{Difficulty, Mailroom, PeerCard};
use super::{Peers, limits::RECORDS};
use crate::clock::SystemEntropy;
use crate::tls::{self, PeerCertificate};
use uput_core::rejection::Rejection;

impl<M: Mailroom> Peers<M> {
    /// Asks at each endpoint for records that follow those known here.
    pub(super) async fn ask_for_keys(&self, card: &PeerCard) -> Ending {
        for endpoint in &card.endpoints {
            let asked = tokio::time::timeout(self.limits.greeting, self.ask_at(endpoint, card)).await;
            if matches!(asked, Ok(Ok(()))) {
                return Ending::Renewed;
            }
        }
        // Whatever came of it: the one who answers has not shown to be the peer.
        Ending::Failed(Difficulty::WrongTlsKey)
    }

    async fn ask_at(&self, endpoint: &str, card: &PeerCard) -> Result<(), Difficulty> {
        let refuse = |_| Difficulty::RefusedHere(Rejection::WeakKey);
        let mut seed = Zeroizing::new([0; 32]);
        SystemEntropy.fill(seed.as_mut_slice());
        let nobody = PeerCertificate::new(&SigningKey::from_seed(&seed)).map_err(refuse)?;
        let (client, seen) = tls::stranger_client(&nobody).map_err(refuse)?;
        let channel = connect(endpoint, client, &self.limits).await?.channel;
        let (say, said) = line::queue();
        let frames = ReceiverStream::new(said)
            .map_while(Result::ok)
            .map(|frame| ExchangeRequest { frame: Some(PeerFrame { frame: Some(frame) }) });
        // The other side answers when it has heard a first frame.
        let mut asking = service(channel);
        let answer = asking.exchange(frames).await.map_err(|_| Difficulty::Lost)?;
        let mut line = Line::dialled(answer.into_inner(), say);
        let records = ask_as_stranger(&mut line, card).await.map_err(|_| Difficulty::Lost)?;
        for part in records.chunks(RECORDS) {
            let learnt = self.mailroom.learn(&card.organisation, part.to_vec()).await;
            learnt.map_err(Difficulty::RefusedHere)?;
        }
        let newest = self.mailroom.peer(&card.organisation).map(|card| card.tls_key);
        if newest.is_some() && newest == seen.key() { Ok(()) } else { Err(Difficulty::WrongTlsKey) }
    }
}
