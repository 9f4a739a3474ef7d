//! What the journal holds of a trail: its events, heads, and what became of them on their way.

use prost::Message;

/// One event of a trail.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct EventRecord {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// How many records of the trail came before it.
    #[prost(uint32, tag = "2")]
    pub ordinal: u32,
    /// Encoded [`Evidence`] under the evidence key.
    #[prost(bytes = "vec", tag = "3")]
    pub evidence: Vec<u8>,
    /// Encoded `Disclosure` under the value key; empty if there is none.
    #[prost(bytes = "vec", tag = "4")]
    pub values: Vec<u8>,
    /// OrgId of whom it goes to; empty: it came from there.
    #[prost(bytes = "vec", tag = "5")]
    pub to: Vec<u8>,
    /// Digest of the request that made it; empty if none.
    #[prost(bytes = "vec", tag = "6")]
    pub request: Vec<u8>,
    /// When it was stored, seconds since 1970.
    #[prost(uint64, tag = "7")]
    pub stored: u64,
    /// Which value key of the trail: a new one after each erasure.
    #[prost(uint32, tag = "8")]
    pub generation: u32,
    /// Which account wrote it; empty: it came from a peer, or the node wrote it by itself. [ACC-20]
    #[prost(bytes = "vec", tag = "9")]
    pub account: Vec<u8>,
    /// To which box of the trail the values are sealed, inside the value key; 0: to none. [STF-10]
    #[prost(uint32, tag = "20")]
    pub sealed_to: u32,
    /// The values once more, for the way, under a key of their own and the value key; empty: they are not sent, or not
    /// sealed to a box. [STF-12]
    #[prost(bytes = "vec", tag = "21")]
    pub dispatch: Vec<u8>,
    /// Digests of the words of its values, under the value key; empty if there are none. [CAS-67]
    #[prost(bytes = "vec", tag = "14")]
    pub words: Vec<u8>,
    /// Why she was named in it although others had been asked the same, as the code of the request; 0: nobody had. [CAS-81]
    #[prost(int32, tag = "22")]
    pub beside: i32,
    /// What the computer's clock showed when it was written here, if it had been set while the node ran and nobody had confirmed it,
    /// seconds since 1970; 0: it had not. [TIM-91]
    #[prost(uint64, tag = "23")]
    pub clock_shown: u64,
}

/// What proves an event, and outlives its values.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct Evidence {
    /// Encoded `Envelope`.
    #[prost(bytes = "vec", tag = "1")]
    pub envelope: Vec<u8>,
    /// Encoded `Disclosure` of labels; empty if there is none.
    #[prost(bytes = "vec", tag = "2")]
    pub labels: Vec<u8>,
    /// Labels that came outside the profile and were dropped unread.
    #[prost(string, repeated, tag = "3")]
    pub stripped: Vec<String>,
    /// Encoded `Envelope` of the event in another trail that it names; empty if none.
    #[prost(bytes = "vec", tag = "4")]
    pub cited: Vec<u8>,
    /// Number of the rejection for which nothing beyond stage 0 was kept; 0: none.
    #[prost(uint32, tag = "5")]
    pub lowered: u32,
    /// Labels whose words were let pass knowingly. [NST-11]
    #[prost(string, repeated, tag = "6")]
    pub knowingly: Vec<String>,
    /// The public key that had signed it when it was admitted, 32 bytes: its record may count no more one day. [NOD-89]
    #[prost(bytes = "vec", tag = "7")]
    pub signing_key: Vec<u8>,
}

/// What waited for a peer and waits no longer: it is on the peer's disk, or will never be.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct SettledRecord {
    /// OrgId.
    #[prost(bytes = "vec", tag = "1")]
    pub organisation: Vec<u8>,
    /// Positions of the records.
    #[prost(uint64, repeated, tag = "2")]
    pub positions: Vec<u64>,
    /// Number of the rejection with which they were refused for good; 0: the peer has them.
    #[prost(uint32, tag = "3")]
    pub refused: u32,
    /// The peer did not refuse them: they could not be sent any more.
    #[prost(bool, tag = "4")]
    pub unsent: bool,
    /// When, if they were refused, seconds since 1970.
    #[prost(uint64, tag = "5")]
    pub time: u64,
}

/// A head of either party.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct HeadRecord {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// Encoded `Envelope` under the evidence key.
    #[prost(bytes = "vec", tag = "2")]
    pub envelope: Vec<u8>,
    /// OrgId of whom it goes to; empty: it came from there, or stays here.
    #[prost(bytes = "vec", tag = "3")]
    pub to: Vec<u8>,
    /// When it was stored, seconds since 1970; 0: an earlier program did not say. [NOD-90]
    #[prost(uint64, tag = "4")]
    pub stored: u64,
}
