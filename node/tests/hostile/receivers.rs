//! Two receivers of one sender put together everything that they got: greetings, keys, receipts, letters sealed and
//! opened. A third that is asked nothing shows what everybody gets.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::TlsConnector;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::{Channel, Endpoint};
use uput_core::{
    codec,
    envelope::Envelope,
    event::{Event, Statement},
    head::Head,
    id::{EventId, TrailId},
    invitation::Invitation,
    key::SealingSecret,
    letter,
    time::Seconds,
    wire::{
        self, ExchangeRequest, Hello, IntroduceRequest, KeyRecordReply, LetterContent, LetterFrame, PeerFrame, Receipt,
        ReceiptOutcome, disclosure::Form, peer_frame::Frame, peer_service_client::PeerServiceClient,
    },
};
use uput_node::{
    clock::SystemEntropy,
    node::{Export, Node, Origin, Post, Second},
    peer::{Limits, Peers},
    shutdown,
    tls::{PeerCertificate, peer_client},
};

use crate::{
    said::{Said, content, unsaid},
    town::{self, BY, CONSENT, House, endpoint, enquiry, reads, say, say_with, until, worker},
    yard::{DEMONSTRATION, pact, records},
};

type Strings = HashSet<[u8; 32]>;

/// The nonce of an invented trust file.
const AUDIT: [u8; 32] = *b"drawn by an auditor of 2 houses.";

/// Everything that came to one organisation.
#[derive(Default)]
struct Got {
    frames: Vec<Vec<u8>>,
    contents: Vec<LetterContent>,
}

/// An organisation that keeps everything, and is keys otherwise.
struct Receiver<'a> {
    house: &'a House,
    hotline: &'a House,
    line: mpsc::UnboundedSender<ExchangeRequest>,
    got: Arc<Mutex<Got>>,
}

async fn channel(address: SocketAddr, us: &House, server: &House) -> Channel {
    let certificate = PeerCertificate::new(&us.tls_key()).unwrap();
    let client = peer_client(&certificate, server.tls_key().public(), None).unwrap();
    let socket = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("uput.invalid").unwrap();
    let mut stream = Some(TlsConnector::from(client).connect(name, socket).await.unwrap());
    let connector = tower::service_fn(move |_| {
        let stream = stream.take().map(TokioIo::new);
        async move { stream.ok_or(std::io::Error::other("used")) }
    });
    Endpoint::from_static("http://uput.invalid").connect_with_connector(connector).await.unwrap()
}

impl<'a> Receiver<'a> {
    /// Is introduced, compared, and greets; from then on it keeps what comes.
    async fn meet(node: &Arc<Node>, address: SocketAddr, hotline: &'a House, house: &'a House, name: &str) -> Self {
        let invitation = node.invite(&BY, name, vec![endpoint()], 0).await.unwrap();
        let secret = Invitation::parse(invitation.expose()).unwrap().secret().expose().to_vec();
        let chain = Some(wire::KeyChain { records: records(&[house]) });
        let mut stranger = PeerServiceClient::new(channel(address, house, hotline).await);
        let introduced = stranger.introduce(IntroduceRequest { secret, chain }).await.unwrap().into_inner();
        let number = node.view_peers().into_iter().find(|peer| peer.name == name).unwrap().safety_number;
        node.confirm(&BY, name, &number).await.unwrap();
        let (line, said) = mpsc::unbounded_channel();
        let mut client = PeerServiceClient::new(channel(address, house, hotline).await);
        let got = Arc::new(Mutex::new(Got { frames: vec![codec::encode(&introduced)], contents: Vec::new() }));
        let receiver = Self { house, hotline, line, got };
        receiver.send(Frame::Hello(Hello {
            versions: vec![1],
            organisation: house.id.to_vec(),
            key_record: house.chain().newest_id().to_vec(),
            known_key_record: hotline.chain().newest_id().to_vec(),
            event_version: 1,
            time: 0,
        }));
        let mut hear = client.exchange(UnboundedReceiverStream::new(said)).await.unwrap().into_inner();
        let (line, got, us) = (receiver.line.clone(), receiver.got.clone(), house.id);
        let (secret, keys) = ([house.sealing_secret()], records(&[house]));
        tokio::spawn(async move {
            while let Ok(Some(response)) = hear.message().await {
                let frame = response.frame.unwrap();
                got.lock().unwrap().frames.push(codec::encode(&frame));
                let polite = answer(&got, frame.frame.unwrap(), us, &secret, &keys);
                polite.into_iter().for_each(|frame| drop(line.send(request(frame))));
            }
        });
        receiver
    }

    fn send(&self, frame: Frame) {
        self.line.send(request(frame)).unwrap();
    }

    /// A letter to the hotline, the `number`th.
    fn tell(&self, number: u64, content: &LetterContent) {
        let letter = letter::seal(self.hotline.chain().newest(), content, &mut SystemEntropy).unwrap();
        self.send(Frame::Letter(LetterFrame { number, letter }));
    }

    /// Waits until so many came.
    async fn holds(&self, count: usize, of: fn(&LetterContent) -> usize) {
        until(async || self.got.lock().unwrap().contents.iter().map(of).sum::<usize>() >= count).await;
    }

    /// Answers the opening that came.
    fn hold(&self, trail: TrailId) {
        let statement = Statement::Held { until: Seconds::new(4_000_000_000).unwrap() };
        let held = Event { trail, seen: Some(trail.opening()), ..unsaid(self.house, statement) };
        self.tell(1, &content(&[&Said::sign(self.house, &held, None)]));
    }

    /// Every string of 32 bytes, with what everybody may know put out of sight: the sender, its keys, the agreement, the
    /// names of types, and her words, which are the same for both because she said them to both.
    fn strings(&self, public: &[[u8; 32]], filler: u8) -> Strings {
        let mut got = self.got.lock().unwrap();
        let mut items = got.frames.clone();
        for content in &mut got.contents {
            content.events.iter_mut().chain(&mut content.heads).for_each(|envelope| envelope.r#type.clear());
            for disclosure in &mut content.disclosures {
                if let Some(Form::Whole(whole)) = &mut disclosure.form {
                    whole.fields.clear();
                }
            }
            items.push(codec::encode(content));
        }
        let mut strings = Strings::new();
        for mut item in items {
            for at in 0..item.len().saturating_sub(31) {
                if public.iter().any(|id| item[at..at + 32] == id[..]) {
                    item[at..at + 32].fill(filler);
                }
            }
            strings.extend(item.windows(32).map(|window| <[u8; 32]>::try_from(window).unwrap()));
        }
        strings
    }
}

const fn request(frame: Frame) -> ExchangeRequest {
    ExchangeRequest { frame: Some(PeerFrame { frame: Some(frame) }) }
}

/// What politeness demands; a letter is opened and kept.
fn answer(
    got: &Mutex<Got>,
    frame: Frame,
    us: uput_core::id::OrgId,
    secret: &[SealingSecret],
    keys: &[wire::Envelope],
) -> Option<Frame> {
    match frame {
        Frame::Letter(frame) => {
            got.lock().unwrap().contents.push(letter::open(&frame.letter, us, secret).unwrap().content);
            let outcome = ReceiptOutcome::Stored.into();
            Some(Frame::Receipt(Receipt { number: frame.number, outcome, code: 0, time: 0 }))
        }
        Frame::KeyRecordQuery(_) => Some(Frame::KeyRecordReply(KeyRecordReply { records: keys.to_vec() })),
        _ => None,
    }
}

/// One night: both are asked, both hold a place, both hear her need, are asked for nothing more, and it is withdrawn.
async fn ask(node: &Arc<Node>, receivers: [(&str, &Receiver<'_>); 2]) -> [TrailId; 2] {
    let mut trails = Vec::new();
    for (name, receiver) in receivers {
        let trail = node.open_trail(enquiry(name)).await.unwrap().unwrap();
        receiver.holds(1, |content| content.events.len()).await;
        receiver.hold(trail);
        reads(node, &trail, "held").await;
        let need = [&CONSENT[..], &[("age_band", "30_59"), ("language", "sq")]].concat();
        say_with(node, trail, Statement::Need, &need).await;
        receiver.holds(2, |content| content.events.len()).await;
        let nonce = EventId::from(uput_core::id::Id::of(name.as_bytes())).to_vec();
        let asked = wire::HeadRequest { trail: trail.to_vec(), nonce };
        receiver.tell(2, &LetterContent { head_requests: vec![asked], ..LetterContent::default() });
        receiver.holds(1, |content| content.heads.len()).await;
        say(node, trail, Statement::Withdrawn).await.unwrap();
        receiver.holds(3, |content| content.events.len()).await;
        trails.push(trail);
    }
    for (trail, (_, receiver)) in trails.iter().zip(receivers) {
        audit(node, *trail).await;
        receiver.holds(1, |content| content.head_requests.len()).await;
    }
    trails.try_into().unwrap_or_else(|_| panic!("two trails"))
}

/// One auditor looks at both, with one trust file. [BUN-66]
async fn audit(node: &Node, trail: TrailId) {
    let (purpose, scope) = (wire::Purpose::Audit, wire::DisclosureScope::Labels);
    let export = Export {
        contact: false,
        by: worker(),
        second: Second::Nobody,
        trail,
        purpose,
        scope,
        nonce: Some(AUDIT),
        wait: Duration::ZERO,
    };
    node.export(export).await.unwrap();
}

/// [DIS-4] [DIS-5] [LET-4] [LET-9]
#[tokio::test(flavor = "multi_thread")]
async fn two_receivers_got_nothing_equal_that_a_third_did_not_get_too() {
    town::listen();
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let [hotline, jasen, lipa, centre] = houses.each_ref();
    let node = hotline.open();
    let (_stop, shutdown) = shutdown::channel();
    let post = Arc::new(Post(node.clone()));
    let peers = Peers::new(post, &hotline.tls_key(), Limits::default(), shutdown).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    peers.listen(listener);
    let first = Receiver::meet(&node, address, hotline, jasen, "shelter-jasen").await;
    let second = Receiver::meet(&node, address, hotline, lipa, "shelter-lipa").await;
    let third = Receiver::meet(&node, address, hotline, centre, "centre").await;
    let parties = houses.each_ref();
    let (agreement, signed) = pact(DEMONSTRATION, parties, &parties);
    node.take_agreement(Envelope::from_wire(signed).unwrap(), Origin::Account(&BY)).await.unwrap();
    for receiver in [&first, &second, &third] {
        receiver.holds(1, |content| content.agreements.len()).await;
    }
    let trails = ask(&node, [("shelter-jasen", &first), ("shelter-lipa", &second)]).await;

    // The first key record of an organisation is what its OrgId is.
    let signing = *hotline.signing_key().public().id().as_bytes();
    let public = [*hotline.id.as_bytes(), *agreement.as_bytes(), signing];
    let [one, other] = [first.strings(&public, 1), second.strings(&public, 2)];
    let everybody = third.strings(&public, 3);
    assert!(
        one.contains(trails[0].as_bytes()) && other.contains(trails[1].as_bytes()),
        "the control: each names its own"
    );
    let asked = |n: usize| Head::nonce_for(&AUDIT, &trails[n]);
    assert!(one.contains(&asked(0)) && other.contains(&asked(1)), "the control: each was asked for the audit");
    let equal: Strings = one.intersection(&other).copied().collect();
    assert!(equal.len() > 1000, "the control: what everybody gets is seen to be equal");
    assert_eq!(equal.difference(&everybody).count(), 0);
}
