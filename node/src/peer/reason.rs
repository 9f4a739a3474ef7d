//! Why the line to a peer fails, and what helps.
//!
//! Guarantees one word, one finding and one remedy for each reason, and no name and no address in any of them. Leaves to
//! others which one it is.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};
use uput_core::rejection::Rejection;

use super::mailroom::Difficulty;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident, $word:literal, $finding:literal, $remedy:literal;)+) => {
        /// What stands in the way between two nodes; of two the later one came further. [DEL-21]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant,)+
        }

        impl Reason {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its word, for machines.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What was found, in words.
            #[must_use]
            pub const fn finding(self) -> &'static str {
                match self { $(Self::$variant => $finding,)+ }
            }

            /// What helps; empty: nothing is wrong.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)+ }
            }
        }
    };
}

reasons! {
    /// Its key record names no endpoint.
    NoEndpoint, "no-endpoint",
        "it names no address in its key record, so it must dial this node, and no connection stands",
        "telephone them: their node must run, and reach this one";
    /// The name has no address.
    NameNotFound, "name-not-found",
        "the name in its address was not found",
        "look whether this computer finds other names; if it does, ask them for the right address";
    /// This computer has no way there.
    NoRoute, "no-route",
        "this computer has no way to its network",
        "look at the network of this computer, and at what its own firewall lets out";
    /// The port is closed.
    Refused, "refused",
        "its computer answers, and nothing listens there",
        "telephone them: their node does not run, or listens at another port than their key record says";
    /// Nothing answers at all.
    Silent, "silent",
        "nothing answers at its address",
        "telephone them: their computer is off, or a firewall there or here drops what is sent to that port";
    /// It takes the connection and ends it at once.
    Closed, "closed",
        "the connection is taken, and closed before a word was said",
        "try again in a minute; if it stays so, a firewall or a proxy in between ends it: ask whoever runs the network";
    /// It takes the connection and says nothing.
    Stalled, "stalled",
        "the connection is taken, and then nothing comes",
        "something in between lets connections open and no data through: ask whoever runs the network, and look at the size of packets (MTU) that the line lets through";
    /// Something answers in clear.
    NotTls, "not-tls",
        "what answers speaks no TLS",
        "a proxy or a login page of the network answers in its place, or its address leads to another program: try from another network, and ask them for the right address";
    /// Another version of TLS.
    TlsVersion, "tls-version",
        "what answers speaks no TLS 1.3",
        "an old proxy answers in its place, or its address leads to another program: ask them what stands before their node";
    /// TLS, and no node.
    OtherServer, "other-server",
        "what answers speaks TLS, and is no node",
        "a program that opens TLS stands in between, or its address leads to a web server: the line must go to the node as it is";
    /// Another node.
    OtherKey, "other-key",
        "another node answers: its key is not in their key record",
        "telephone them and read out the safety number: either they made their node anew, or somebody answers in their place";
    /// It knows a newer key of ours.
    OldKey, "old-key",
        "they know a newer key of this node than it shows",
        "look whether this node was put back to an older state: `uput node doctor`, and `uput key status`";
    /// It shows its door key.
    Locked, "locked",
        "their node is locked: it keeps copies of what waits for it, reads nothing, and everything stays in the queue here",
        "telephone them: somebody must give their node its passphrase";
    /// It does not know us.
    NotKnownThere, "not-known-there",
        "they do not know the key of this node",
        "meet again: one of the two makes an invitation (`uput peer invite`), the other one accepts it";
    /// It does not know the question.
    VersionTooOld, "version-too-old",
        "the way there is good, and their program is too old to say more",
        "ask them to install the newest version";
    /// It was asked a moment ago.
    AskedTooOften, "asked-too-often",
        "the way there is good, and they were asked for the way back a moment ago",
        "wait ten seconds and check again";
    /// Its chain forks here.
    FrozenHere, "frozen-here",
        "their key records contradict each other, so nothing is disclosed to them",
        "telephone them: somebody else may have their organisation key";
    /// Ours forks there.
    FrozenThere, "frozen-there",
        "they say that key records of this organisation contradict each other",
        "telephone them, and look whether somebody else signs in our name: `uput node doctor`";
    /// Nobody compared the number here.
    NotConfirmedHere, "not-confirmed-here",
        "nobody here has compared the safety number",
        "compare it by telephone or in person, then: `uput peer confirm`";
    /// Nobody compared it there.
    NotConfirmedThere, "not-confirmed-there",
        "they say that nobody there has compared the safety number",
        "ask them to compare it, and to run: `uput peer confirm`";
    /// Letters go, and no receipt comes.
    LettersUnanswered, "letters-unanswered",
        "the line stands, and for more than a minute no receipt has come for what was sent",
        "telephone them: their disk or their program may stand still";
    /// It puts letters off again and again.
    LettersPutOff, "letters-put-off",
        "the line stands, and letters are put off again and again",
        "look here and there at `uput node doctor`: a full disk, a clock, or keys and events that come before others";
    /// The clocks differ.
    ClockApart, "clock-apart",
        "the two clocks are more than ten minutes apart",
        "set the clock that is wrong; let both computers take the time from the network";
    /// They do not reach us.
    NotReachableBack, "not-reachable-back",
        "the way there is good, and they say that they do not reach this node at its address",
        "open its port in the firewall and the router here, or take the address out of the key record: letters go both ways over a connection that this node dials";
    /// Nothing stands in the way.
    Good, "ok", "nothing stands in the way", "";
}

impl Reason {
    /// Why no socket was opened.
    pub(super) fn of_socket(error: &io::Error) -> Self {
        use io::ErrorKind::{
            AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable, PermissionDenied,
        };
        match error.kind() {
            ConnectionRefused => Self::Refused,
            AddrNotAvailable | HostUnreachable | NetworkDown | NetworkUnreachable | PermissionDenied => Self::NoRoute,
            _ => Self::Silent,
        }
    }

    /// Why no handshake came to its end. [TRA-4]
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => Self::OtherKey,
            Some(Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_)) => {
                Self::TlsVersion
            }
            Some(Error::InvalidMessage(_)) => Self::NotTls,
            Some(_) => Self::OtherServer,
            None => Self::Closed,
        }
    }

    /// Why it did not answer what it was asked.
    pub(super) const fn of_refusal(rejection: Rejection) -> Self {
        match rejection {
            Rejection::UnknownSigner => Self::NotKnownThere,
            Rejection::RevokedSigner => Self::OldKey,
            Rejection::TooMany => Self::AskedTooOften,
            _ => Self::Closed,
        }
    }

    /// Whether letters go all the same.
    #[must_use]
    pub const fn is_no_obstacle(self) -> bool {
        matches!(
            self,
            Self::Good | Self::VersionTooOld | Self::AskedTooOften | Self::NotReachableBack | Self::ClockApart
        )
    }
}

impl From<Reason> for Difficulty {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::OtherKey | Reason::OtherServer => Self::WrongTlsKey,
            Reason::NotTls | Reason::TlsVersion => Self::Misbehaved,
            Reason::Closed => Self::Lost,
            Reason::Locked => Self::Locked,
            _ => Self::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// [DEL-21]
    #[test]
    fn each_reason_has_words_of_its_own_and_all_but_one_a_remedy() {
        let distinct = |of: fn(&Reason) -> &'static str| Reason::ALL.iter().map(of).collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(|reason| reason.word()), Reason::ALL.len());
        assert_eq!(distinct(|reason| reason.finding()), Reason::ALL.len());
        let silent: Vec<_> = Reason::ALL.iter().filter(|reason| reason.remedy().is_empty()).collect();
        assert_eq!(silent, [&Reason::Good]);
    }

    /// [DEL-21] The specification lists the same words, in the same order.
    #[test]
    fn the_specification_lists_the_same_reasons() {
        let text = include_str!("../../../specs/delivery.md");
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let listed: Vec<&str> = rows.map(|(word, _)| word).collect();
        let here: Vec<&str> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        assert_eq!(listed, here);
    }

    /// [DEL-21] What no test can bring about on every computer.
    #[test]
    fn a_network_that_is_down_is_told_from_a_peer_that_is_silent() {
        for (kind, reason) in [
            (io::ErrorKind::NetworkUnreachable, Reason::NoRoute),
            (io::ErrorKind::HostUnreachable, Reason::NoRoute),
            (io::ErrorKind::ConnectionRefused, Reason::Refused),
            (io::ErrorKind::TimedOut, Reason::Silent),
        ] {
            assert_eq!(Reason::of_socket(&kind.into()), reason);
        }
    }
}
