//! Letters both ways over one stream.
//!
//! Guarantees that each letter that arrives gets one receipt, after the commit; that no more letters are under way than
//! the window; and that the mailroom hears of every letter that got no receipt.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use uput_core::id::OrgId;
use uput_core::rejection::Rejection;
use uput_core::wire::peer_frame::Frame;
use uput_core::wire::{KeyRecordQuery, LetterFrame, Receipt, ReceiptOutcome, WitnessQuery, WitnessReply};

use super::greeting::Greeted;
use super::limits;
use super::line::{Ending, Line};
use super::link::Turn;
use super::mailroom::{Contact, Difficulty, Mailroom, Outgoing};
use super::release::Release;
use super::skew::{Asked, Skew};
use crate::clock;

/// How often the mailroom is told that the peer was heard.
const HEARD_EVERY: Duration = Duration::from_secs(5);

/// What became of a letter, and its number.
type Received = (u64, ReceiptOutcome, u32);

/// One stream in use.
pub(super) struct Conversation<M> {
    mailroom: Arc<M>,
    peer: OrgId,
    tls_key: [u8; 32],
    line: Line,
    release: Release,
    /// How many key records of the peer are known here.
    known: u32,
    /// A query is out; these letters wait for its answer. [TRA-14]
    stale: Option<Vec<u64>>,
    sent: u64,
    heard: u64,
    told: Instant,
    /// By number: the ticket, and when it was sent.
    in_flight: HashMap<u64, (u64, Asked)>,
    /// How far the clocks were apart at the greeting.
    skew: Option<Skew>,
    receiving: JoinSet<Received>,
    settling: JoinSet<()>,
    /// The peer was asked to cosign, and its answer is not here. [LOG-73]
    asked: bool,
    answering: JoinSet<()>,
    witnessing: JoinSet<WitnessReply>,
}

impl<M: Mailroom> Conversation<M> {
    pub(super) fn new(mailroom: Arc<M>, line: Line, greeted: Greeted) -> Self {
        Self {
            mailroom,
            peer: greeted.card.organisation,
            tls_key: greeted.card.tls_key,
            line,
            release: greeted.release,
            known: greeted.card.key_records,
            stale: None,
            sent: 0,
            heard: 0,
            told: Instant::now(),
            in_flight: HashMap::new(),
            skew: greeted.skew,
            receiving: JoinSet::new(),
            settling: JoinSet::new(),
            asked: false,
            answering: JoinSet::new(),
            witnessing: JoinSet::new(),
        }
    }

    /// Carries letters until `stop` or the stream ends, finishes what is begun, and closes the stream.
    pub(super) async fn run(mut self, _turn: Turn, stop: impl Future<Output = Ending>, patience: Duration) -> Ending {
        self.mailroom.contact(&self.peer, Contact::Connected);
        self.note(self.skew);
        let ending = self.carry(stop).await;
        self.finish().await;
        self.line.close(ending, patience).await;
        ending
    }

    async fn carry(&mut self, stop: impl Future<Output = Ending>) -> Ending {
        let mailroom = Arc::clone(&self.mailroom);
        let peer = self.peer;
        let mut stop = pin!(stop);
        let mut next = pin!(None);
        let mut query = pin!(None);
        loop {
            let may_send = self.may_send();
            if !may_send {
                next.set(None);
            } else if next.is_none() {
                next.set(Some(mailroom.next_letter(&peer)));
            }
            let may_ask = self.release.is_given() && !self.asked && self.answering.is_empty();
            if !may_ask {
                query.set(None);
            } else if query.is_none() {
                query.set(Some(mailroom.next_query(&peer)));
            }
            let done = tokio::select! {
                ending = &mut stop => return ending,
                outgoing = ready(next.as_mut()), if may_send => { next.set(None); self.send(outgoing) }
                frame = self.line.hear() => match frame {
                    Ok(frame) => self.take(frame).await,
                    Err(ending) => return ending,
                },
                Some(received) = self.receiving.join_next() => match received {
                    Ok(received) => self.acknowledge(received),
                    Err(_) => Err(Ending::Failed(Difficulty::Lost)),
                },
                Some(_) = self.settling.join_next() => Ok(()),
                asks = ready(query.as_mut()), if may_ask => { query.set(None); self.ask_witness(asks) }
                Some(_) = self.answering.join_next() => Ok(()),
                Some(reply) = self.witnessing.join_next() => match reply {
                    Ok(reply) => self.line.say(Frame::WitnessReply(reply)),
                    Err(_) => Err(Ending::Failed(Difficulty::Lost)),
                },
            };
            if let Err(ending) = done {
                return ending;
            }
        }
    }

    /// [TRA-13] [TRA-14] [TRA-15]
    fn may_send(&self) -> bool {
        self.release.is_given() && self.stale.is_none() && self.in_flight.len() + self.settling.len() < limits::WINDOW
    }

    fn send(&mut self, outgoing: Outgoing) -> Result<(), Ending> {
        self.sent += 1;
        self.in_flight.insert(self.sent, (outgoing.ticket, Asked::now()));
        self.line.say(Frame::Letter(LetterFrame { number: self.sent, letter: outgoing.letter }))
    }

    async fn take(&mut self, frame: Frame) -> Result<(), Ending> {
        if self.told.elapsed() >= HEARD_EVERY {
            self.told = Instant::now();
            self.mailroom.contact(&self.peer, Contact::Heard);
        }
        match frame {
            Frame::Letter(frame) => self.receive(frame).await,
            Frame::Receipt(receipt) => self.settle(&receipt),
            Frame::KeyRecordQuery(query) => self.release.answer(&*self.mailroom, &self.line, query),
            Frame::KeyRecordReply(reply) => self.learn(reply.records).await,
            Frame::WitnessQuery(query) => self.witness(query),
            Frame::WitnessReply(reply) => self.answered(reply),
            // [TRA-9] Only the first frame greets.
            Frame::Hello(_) => Err(Ending::Failed(Difficulty::Misbehaved)),
        }
    }

    async fn receive(&mut self, frame: LetterFrame) -> Result<(), Ending> {
        self.heard += 1;
        // [TRA-15] More than the window, or a number out of turn, is not a matter of one letter.
        if frame.number != self.heard || self.receiving.len() >= limits::WINDOW {
            return Err(Ending::Failed(Difficulty::Misbehaved));
        }
        if frame.letter.len() > limits::LETTER {
            return self.acknowledge((frame.number, ReceiptOutcome::Refused, Rejection::TooLarge.number()));
        }
        let (mailroom, peer) = (Arc::clone(&self.mailroom), self.peer);
        let mut work: Pin<Box<dyn Future<Output = Received> + Send>> = Box::pin(async move {
            let (outcome, code) = mailroom.receive(&peer, frame.letter).await;
            (frame.number, outcome, code)
        });
        // Polled here once, so that letters reach the mailroom in the order in which they came.
        match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            Poll::Ready(received) => self.acknowledge(received),
            Poll::Pending => {
                self.receiving.spawn(work);
                Ok(())
            }
        }
    }

    /// [TRA-16]
    fn acknowledge(&mut self, (number, outcome, code): Received) -> Result<(), Ending> {
        self.line.say(Frame::Receipt(Receipt { number, outcome: outcome.into(), code, time: clock::milliseconds() }))
    }

    fn settle(&mut self, receipt: &Receipt) -> Result<(), Ending> {
        let misbehaved = Ending::Failed(Difficulty::Misbehaved);
        let outcome = ReceiptOutcome::try_from(receipt.outcome).map_err(|_| misbehaved)?;
        let (ticket, asked) = self.in_flight.remove(&receipt.number).ok_or(misbehaved)?;
        self.note(asked.answered(receipt.time));
        match outcome {
            ReceiptOutcome::Unspecified => {
                self.in_flight.insert(receipt.number, (ticket, asked));
                Err(misbehaved)
            }
            ReceiptOutcome::StaleKey => self.ask(ticket),
            _ => {
                self.report(ticket, outcome, receipt.code);
                Ok(())
            }
        }
    }

    /// [TIM-40]
    fn note(&self, skew: Option<Skew>) {
        if let Some(skew) = skew {
            self.mailroom.contact(&self.peer, Contact::Clock(skew));
        }
    }

    fn report(&mut self, ticket: u64, outcome: ReceiptOutcome, code: u32) {
        let (mailroom, peer) = (Arc::clone(&self.mailroom), self.peer);
        self.settling.spawn(async move { mailroom.settle(&peer, ticket, outcome, code).await });
    }

    /// [TRA-14]
    fn ask(&mut self, ticket: u64) -> Result<(), Ending> {
        if let Some(stale) = &mut self.stale {
            stale.push(ticket);
            return Ok(());
        }
        self.stale = Some(vec![ticket]);
        self.line.say(Frame::KeyRecordQuery(KeyRecordQuery { known: self.known }))
    }

    /// [LOG-73]
    fn ask_witness(&mut self, query: WitnessQuery) -> Result<(), Ending> {
        self.asked = true;
        self.line.say(Frame::WitnessQuery(query))
    }

    /// [LOG-73] [TRA-22] One at a time: who asks again before the answer is here does not follow the protocol.
    fn witness(&mut self, query: WitnessQuery) -> Result<(), Ending> {
        if !self.witnessing.is_empty() {
            return Err(Ending::Failed(Difficulty::Misbehaved));
        }
        let (mailroom, peer) = (Arc::clone(&self.mailroom), self.peer);
        self.witnessing.spawn(async move { mailroom.witness(&peer, query).await });
        Ok(())
    }

    fn answered(&mut self, reply: WitnessReply) -> Result<(), Ending> {
        if !std::mem::take(&mut self.asked) {
            return Err(Ending::Failed(Difficulty::Misbehaved));
        }
        let (mailroom, peer) = (Arc::clone(&self.mailroom), self.peer);
        self.answering.spawn(async move { mailroom.answered(&peer, reply).await });
        Ok(())
    }

    /// Takes key records that were asked for, or that the peer offers because they are new.
    async fn learn(&mut self, records: Vec<uput_core::wire::Envelope>) -> Result<(), Ending> {
        let before = self.known;
        if records.len() > limits::RECORDS {
            return Err(Ending::Failed(Difficulty::Misbehaved));
        }
        if !records.is_empty() {
            let refuse = |rejection| Ending::Failed(Difficulty::RefusedHere(rejection));
            self.mailroom.learn(&self.peer, records).await.map_err(refuse)?;
            let card = self.mailroom.peer(&self.peer).ok_or(refuse(Rejection::UnknownSigner))?;
            self.known = card.key_records;
            if card.tls_key != self.tls_key {
                // [TRA-11] The peer has to come again with its new key.
                return Err(refuse(Rejection::RevokedSigner));
            }
        }
        // [TRA-14] Nothing new: sealing again would end the same way, so the letter waits.
        let outcome = if self.known > before { ReceiptOutcome::StaleKey } else { ReceiptOutcome::Later };
        for ticket in self.stale.take().into_iter().flatten() {
            self.report(ticket, outcome, Rejection::StaleKey.number());
        }
        Ok(())
    }

    /// What is begun is finished: letters that are being committed still get their receipt.
    async fn finish(&mut self) {
        while let Some(received) = self.receiving.join_next().await {
            if let Ok(received) = received {
                // If the peer is gone it sends the letter again and gets the same receipt.
                let _ = self.acknowledge(received);
            }
        }
        while let Some(reply) = self.witnessing.join_next().await {
            // What was written down is cosigned also if nobody hears it: the next answer says so.
            let _ = reply.map(|reply| self.line.say(Frame::WitnessReply(reply)));
        }
        while self.answering.join_next().await.is_some() {}
        while self.settling.join_next().await.is_some() {}
        let waiting = self.stale.take().into_iter().flatten();
        let unsettled = self.in_flight.drain().map(|(_, (ticket, _))| ticket).chain(waiting).collect();
        self.mailroom.disconnected(&self.peer, unsettled);
    }
}

/// Waits for what is there; for ever, if nothing is.
async fn ready<F: Future>(next: Pin<&mut Option<F>>) -> F::Output {
    match next.as_pin_mut() {
        Some(next) => next.await,
        None => std::future::pending().await,
    }
}
