//! How much of anything one peer, or everybody, may have.

use std::time::Duration;

/// Bounds of the peer transport. The default is what the specification says; tests shorten the times.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From the accepted socket to the end of the TLS handshake. [TRA-5]
    pub handshake: Duration,
    /// Handshakes under way.
    pub pending: usize,
    /// Handshakes under way from one address.
    pub pending_per_address: usize,
    /// Connections that stand.
    pub connections: usize,
    /// Connections that stand with one TLS key: old ones that died silently, and the one that replaces them.
    pub connections_per_key: usize,
    /// Connections of strangers that stand.
    pub strangers: usize,
    /// How long a stranger's connection may stand. [TRA-6]
    pub stranger: Duration,
    /// How long it may take to reach a peer, TLS included.
    pub dial: Duration,
    /// From the first frame to the last key record. [TRA-12]
    pub greeting: Duration,
    /// Silence after which a ping is sent. [TRA-8]
    pub ping: Duration,
    /// How long its answer may take.
    pub pong: Duration,
    /// How long a closing connection may take to say its last words.
    pub closing: Duration,
    /// First pause between two attempts to dial. [TRA-20]
    pub backoff_min: Duration,
    /// Longest pause.
    pub backoff_max: Duration,
    /// How long a connection with a locked peer stands before the next pause is the short one again. [TRA-42]
    pub door_stood: Duration,
    /// How long one stands at most. [TRA-42]
    pub door_lasts: Duration,
    /// How long a node looks whether it reaches a peer that asks. [DEL-22]
    pub way_back: Duration,
    /// How long a peer may take to say what it found.
    pub check: Duration,
    /// How often one peer may ask.
    pub check_pause: Duration,
    /// Introductions that strangers may try, all together, per minute. [TRA-7]
    pub introductions_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            pending: 64,
            pending_per_address: 4,
            connections: 1024,
            connections_per_key: 4,
            strangers: 32,
            stranger: Duration::from_secs(30),
            dial: Duration::from_secs(15),
            greeting: Duration::from_secs(30),
            ping: Duration::from_secs(20),
            pong: Duration::from_secs(10),
            closing: Duration::from_secs(5),
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(15 * 60),
            door_stood: Duration::from_secs(60),
            door_lasts: Duration::from_secs(15 * 60),
            way_back: Duration::from_secs(5),
            check: Duration::from_secs(20),
            check_pause: Duration::from_secs(10),
            introductions_per_minute: 30,
        }
    }
}

/// Largest message of the peer service, both ways. [TRA-8]
pub const MESSAGE: usize = 256 * 1024;
/// Largest letter. [LET-2]
pub const LETTER: usize = 128 * 1024;
/// Letters of one direction without a receipt. [TRA-15]
pub const WINDOW: usize = 64;
/// Letters that are left with a locked peer over one connection. [TRA-41]
pub const LEFT: usize = 64;
/// Most key records in one reply. [TRA-13]
pub(super) const RECORDS: usize = 16;
/// Most replies until the newest key record must have come.
pub(super) const REPLIES: usize = 16;
/// Streams of one connection: the exchange and a few introductions.
pub(super) const STREAMS: u32 = 16;
/// Bytes of one request's headers.
pub(super) const HEADERS: u32 = 8 * 1024;
/// Bytes under way in one stream; at a round trip of 800 ms that is 2.5 Mbit/s.
pub(super) const STREAM_BYTES: u32 = 256 * 1024;
/// Bytes under way in one connection.
pub(super) const CONNECTION_BYTES: u32 = 512 * 1024;
/// Frames that wait to be written: a window of letters, a window of receipts, and some talk about keys.
pub(super) const FRAMES: usize = 2 * WINDOW + 16;
