//! Where planted values must not be while nodes run: what goes over the wire, what is logged, what is said.

use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::CONTROL;
use super::commands::Heard;
use super::encoding::shapes;
use super::http2;
use super::huffman::Huffman;
use super::letters;
use super::place::{Parts, Place};
use super::story::Story;
use crate::both_keys::BothKeys;
use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::pair::{Pair, until};
use crate::programs::Programs;
use crate::tally::Tally;

/// Who must have written at `trace`: else nothing was listened to.
const SPEAKERS: [&str; 3] = [" uput_node::", " h2::", " tonic::"];

/// What passed between two nodes.
pub(super) struct Wire {
    outside: Parts,
    frames: Parts,
    headers: Parts,
    /// Letters as they were sealed.
    pub(super) letters: Parts,
}

/// What people, programs and processes showed.
pub(super) fn heard(story: &Story<'_>, heard: Heard) -> Vec<Place> {
    // Statuses are collected in this program itself: the control joins them here.
    let statuses = [story.refusals.as_slice(), CONTROL.as_bytes()].concat();
    let mut places = vec![
        Place::new("arguments", heard.seen.arguments).without_labels().without_secrets(),
        Place::new("statuses of the local interface", vec![statuses]).without_secrets(),
        Place::new("what uput says", heard.said).without_secrets(),
    ];
    // Programs that nobody may trace show it to nobody but root.
    if !heard.seen.environment.is_empty() {
        places.push(Place::new("environment", heard.seen.environment).without_labels().without_secrets());
    }
    places
}

/// Listens to a wire that was cut open. The control passes the same way: raw, and as a request of the other's key.
pub(super) async fn wire(pair: &Pair, tally: &mut Tally) -> Outcome<Wire> {
    let huffman = Huffman::new();
    let body = shapes(CONTROL).into_iter().collect::<Vec<_>>().concat();
    let (header, until_read) = (format!("{CONTROL} ").repeat(9), CONTROL.as_bytes());
    let keys = BothKeys::new(&pair.shelter.secrets()?.tls, &[&pair.hotline.secrets()?.tls])?;
    let mut caller = keys.dial(TcpStream::connect(pair.shelter.tap.address()).await?).await?;
    caller.write_all(&http2::request(header.as_bytes(), &body, &huffman)).await?;
    caller.flush().await?;
    let mut raw = TcpStream::connect(pair.shelter.tap.address()).await?;
    raw.write_all(until_read).await?;
    // The node says that this is not how it is spoken to, and hangs up.
    let _ = tokio::time::timeout(crate::organisation::PATIENCE, raw.read(&mut [0; 64])).await;
    let outside = || [pair.hotline.tap.passed(), pair.shelter.tap.passed()].concat();
    let inside = || {
        let taps = pair.both().into_iter().filter_map(|side| side.inside.as_ref());
        taps.flat_map(crate::tap::Tap::passed).collect::<Vec<_>>()
    };
    until("the control has passed", || async {
        Ok(outside().iter().any(|copy| copy == until_read) && inside().iter().any(|copy| has(copy, until_read)))
    })
    .await?;
    let (mut frames, mut headers) = (Parts::new(), Parts::new());
    for copy in inside() {
        let said = http2::read(&copy, &huffman);
        tally.add("frames read inside TLS", said.frames);
        headers.extend(said.headers);
        frames.extend(said.bodies);
        frames.push(copy);
    }
    let letters: Parts = frames.iter().flat_map(|body| letters::sealed(body)).collect();
    tally.add("letters read inside TLS", letters.len() as u64);
    Ok(Wire { outside: outside(), frames, headers, letters })
}

impl Wire {
    /// All of it, outside TLS and inside.
    pub(super) fn everything(&self) -> Parts {
        [&self.outside, &self.frames, &self.headers, &self.letters].into_iter().flatten().cloned().collect()
    }

    /// As places to search.
    pub(super) fn places(self) -> [Place; 3] {
        [
            Place::new("bytes between the nodes", self.outside).without_labels().without_secrets(),
            Place::new("frames inside TLS", self.frames).without_labels().without_secrets(),
            Place::new("headers inside TLS", self.headers).without_labels().without_secrets(),
        ]
    }
}

/// What a node logged. A file whose name is the control is named there by the program itself.
pub(super) async fn log(programs: &Programs, side: &Organisation) -> Outcome<Place> {
    let log = std::fs::OpenOptions::new().append(true).open(side.log())?;
    let absent = side.home().join(format!("{CONTROL}.toml"));
    let command = &mut Command::new(&programs.uputd);
    let status = command.arg("--config").arg(absent).stdin(Stdio::null()).stderr(log).status().await?;
    if status.success() {
        return Err(Failed::because("uputd started without a configuration"));
    }
    let log = std::fs::read(side.log())?;
    match SPEAKERS.iter().find(|speaker| !has(&log, speaker.as_bytes())) {
        Some(silent) => Err(Failed::because(format!("at trace nothing was logged by{silent}"))),
        None => Ok(Place::new("log", vec![log]).without_labels().without_secrets()),
    }
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
