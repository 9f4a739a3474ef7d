//! The first frames of a stream: who speaks, in which version, with which keys.
//!
//! Guarantees that what comes out has shown the TLS key of its newest key record. No letter passes before.

use uput_core::id::{KeyRecordId, OrgId};
use uput_core::rejection::Rejection;
use uput_core::wire::peer_frame::Frame;
use uput_core::wire::{Envelope, Hello, KeyRecordQuery};

use super::limits;
use super::line::{Ending, Line};
use super::mailroom::{Difficulty, Mailroom, PeerCard};
use super::release::Release;
use super::skew::{Asked, Skew};
use crate::clock::{self, SystemEntropy};

/// The version of the stream that this program speaks. [TRA-10]
const VERSION: u32 = 1;
/// The newest event version that this program reads.
const EVENT_VERSION: u32 = 1;
/// More versions than anybody will speak.
const MAX_VERSIONS: usize = 16;

/// A peer that has shown its keys.
pub(super) struct Greeted {
    pub(super) card: PeerCard,
    pub(super) release: Release,
    /// How far its clock is from ours; none if it does not say, or spoke first.
    pub(super) skew: Option<Skew>,
}

/// Greets the peer that was dialled.
pub(super) async fn greet_dialled<M: Mailroom>(
    mailroom: &M,
    line: &mut Line,
    card: PeerCard,
) -> Result<Greeted, Ending> {
    let tls_key = card.tls_key;
    line.say(hello(mailroom, Some(&card)))?;
    let asked = Asked::now();
    let theirs = hear_hello(line).await?;
    let skew = asked.answered(theirs.time);
    if theirs.organisation != card.organisation {
        return Err(refuse(Rejection::UnknownSigner));
    }
    let greeted = settle_keys(mailroom, line, theirs, Some(card), tls_key).await?;
    Ok(Greeted { skew, ..greeted })
}

/// Greets whoever dialled, with the TLS key that it has shown.
pub(super) async fn greet_accepted<M: Mailroom>(
    mailroom: &M,
    line: &mut Line,
    tls_key: [u8; 32],
) -> Result<Greeted, Ending> {
    let theirs = hear_hello(line).await?;
    let card = mailroom.peer_by_tls_key(&tls_key);
    if card.as_ref().is_some_and(|card| card.organisation != theirs.organisation) {
        return Err(refuse(Rejection::UnknownSigner));
    }
    // [TRA-12] To a stranger it says nothing of whom it knows.
    line.say(hello(mailroom, card.as_ref()))?;
    settle_keys(mailroom, line, theirs, card, tls_key).await
}

/// Asks whoever was dialled for the records that follow those known here, and says neither who asks nor what for: the
/// organisation that it names is made up. [TRA-23]
pub(super) async fn ask_as_stranger(line: &mut Line, card: &PeerCard) -> Result<Vec<Envelope>, Ending> {
    let anybody = || SystemEntropy.bytes::<32>().to_vec();
    line.say(Frame::Hello(Hello {
        versions: vec![VERSION],
        organisation: anybody(),
        key_record: anybody(),
        known_key_record: Vec::new(),
        event_version: EVENT_VERSION,
        time: 0,
    }))?;
    let theirs = hear_hello(line).await?;
    if theirs.organisation != card.organisation {
        return Err(refuse(Rejection::UnknownSigner));
    }
    let mut records = Vec::new();
    for _ in 0..limits::REPLIES {
        // From the first on: its chain may have another branch than the one that is known here. [KEY-28]
        let known = u32::try_from(records.len()).unwrap_or(u32::MAX);
        line.say(Frame::KeyRecordQuery(KeyRecordQuery { known }))?;
        let reply = loop {
            match line.hear().await? {
                // It asks who this is, as it asks every stranger.
                Frame::KeyRecordQuery(_) => (),
                Frame::KeyRecordReply(reply) if reply.records.len() <= limits::RECORDS => break reply.records,
                _ => return Err(Ending::Failed(Difficulty::Misbehaved)),
            }
        };
        let complete = reply.len() < limits::RECORDS;
        records.extend(reply);
        if complete {
            return Ok(records);
        }
    }
    Err(Ending::Failed(Difficulty::Misbehaved))
}

/// A peer's hello, parsed.
struct Theirs {
    organisation: OrgId,
    key_record: KeyRecordId,
    known: Option<KeyRecordId>,
    time: u64,
}

fn hello<M: Mailroom>(mailroom: &M, card: Option<&PeerCard>) -> Frame {
    Frame::Hello(Hello {
        versions: vec![VERSION],
        organisation: mailroom.organisation().to_vec(),
        key_record: mailroom.newest_key_record().to_vec(),
        known_key_record: card.map(|card| card.key_record.to_vec()).unwrap_or_default(),
        event_version: EVENT_VERSION,
        time: clock::milliseconds(),
    })
}

/// [TRA-9] [TRA-10]
async fn hear_hello(line: &mut Line) -> Result<Theirs, Ending> {
    let Frame::Hello(hello) = line.hear().await? else { return Err(Ending::Failed(Difficulty::Misbehaved)) };
    let ascending = hello.versions.is_sorted_by(|a, b| a < b);
    if hello.versions.len() > MAX_VERSIONS || !ascending || hello.event_version == 0 {
        return Err(Ending::Failed(Difficulty::Misbehaved));
    }
    if !hello.versions.contains(&VERSION) {
        return Err(Ending::Failed(Difficulty::NoCommonVersion));
    }
    Ok(Theirs {
        organisation: OrgId::parse(&hello.organisation).map_err(refuse)?,
        key_record: KeyRecordId::parse(&hello.key_record).map_err(refuse)?,
        known: KeyRecordId::parse_optional(&hello.known_key_record).map_err(refuse)?,
        time: hello.time,
    })
}

/// Learns the peer's newest key records, and then holds its TLS key against them. [TRA-11] [TRA-12]
async fn settle_keys<M: Mailroom>(
    mailroom: &M,
    line: &mut Line,
    theirs: Theirs,
    card: Option<PeerCard>,
    tls_key: [u8; 32],
) -> Result<Greeted, Ending> {
    let mut release = Release::new(mailroom, theirs.known);
    match &card {
        Some(card) if card.key_record == theirs.key_record => (),
        Some(card) => refresh(mailroom, line, &theirs, card.key_records, &mut release).await?,
        None => identify(mailroom, line, &theirs, &mut release).await?,
    }
    let newest = mailroom.peer(&theirs.organisation).ok_or(refuse(Rejection::UnknownSigner))?;
    if newest.tls_key == tls_key {
        Ok(Greeted { card: newest, release, skew: None })
    } else if card.is_some() {
        Err(refuse(Rejection::RevokedSigner))
    } else {
        Err(refuse(Rejection::UnknownSigner))
    }
}

/// Asks until the record that the peer calls its newest is here, or the peer has no more. Answers its queries meanwhile.
async fn refresh<M: Mailroom>(
    mailroom: &M,
    line: &mut Line,
    theirs: &Theirs,
    mut known: u32,
    release: &mut Release,
) -> Result<(), Ending> {
    let mut replies = 0;
    // [TRA-32] Its chain may have another branch than the one that is known here.
    let mut anew = known > 0;
    line.say(Frame::KeyRecordQuery(KeyRecordQuery { known }))?;
    loop {
        match line.hear().await? {
            Frame::KeyRecordQuery(query) => release.answer(mailroom, line, query)?,
            Frame::KeyRecordReply(reply) if reply.records.is_empty() && !anew => return Ok(()),
            Frame::KeyRecordReply(reply) if reply.records.len() <= limits::RECORDS && replies < limits::REPLIES => {
                let count = u32::try_from(reply.records.len()).unwrap_or(u32::MAX);
                match mailroom.learn(&theirs.organisation, reply.records).await {
                    Ok(()) if count > 0 => known = known.saturating_add(count),
                    Ok(()) | Err(Rejection::BrokenChain | Rejection::MissingPredecessor) if anew => {
                        (anew, known) = (false, 0);
                    }
                    learnt => learnt.map_err(refuse)?,
                }
                let newest = mailroom.peer(&theirs.organisation).map(|card| card.key_record);
                if newest == Some(theirs.key_record) {
                    return Ok(());
                }
                replies += 1;
                line.say(Frame::KeyRecordQuery(KeyRecordQuery { known }))?;
            }
            _ => return Err(Ending::Failed(Difficulty::Misbehaved)),
        }
    }
}

/// Asks a stranger for everything, and only then looks whether it may be somebody known: whatever it claims and shows,
/// the talk goes the same way. [TRA-12]
async fn identify<M: Mailroom>(
    mailroom: &M,
    line: &mut Line,
    theirs: &Theirs,
    release: &mut Release,
) -> Result<(), Ending> {
    let mut records = Vec::new();
    line.say(Frame::KeyRecordQuery(KeyRecordQuery { known: 0 }))?;
    for _ in 0..limits::REPLIES {
        let reply = loop {
            match line.hear().await? {
                Frame::KeyRecordQuery(query) => release.answer(mailroom, line, query)?,
                Frame::KeyRecordReply(reply) if reply.records.len() <= limits::RECORDS => break reply.records,
                _ => return Err(Ending::Failed(Difficulty::Misbehaved)),
            }
        };
        // Whoever has shown its newest record sends letters at once: to ask once more would be to take them for a breach.
        let ends = reply.last().and_then(|last| mailroom.record_id(last)) == Some(theirs.key_record);
        let complete = ends || reply.len() < limits::RECORDS;
        records.extend(reply);
        if complete {
            let unknown = refuse(Rejection::UnknownSigner);
            mailroom.peer(&theirs.organisation).ok_or(unknown)?;
            mailroom.learn(&theirs.organisation, records).await.map_err(|_| unknown)?;
            return Ok(());
        }
        let known = u32::try_from(records.len()).unwrap_or(u32::MAX);
        line.say(Frame::KeyRecordQuery(KeyRecordQuery { known }))?;
    }
    Err(Ending::Failed(Difficulty::Misbehaved))
}

const fn refuse(rejection: Rejection) -> Ending {
    Ending::Failed(Difficulty::RefusedHere(rejection))
}
