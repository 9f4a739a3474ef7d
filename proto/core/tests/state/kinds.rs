//! Which kinds a check goes through, and which of them are alike.

use uput_core::state::{Fact, Kind, Side, TABLE, row};

/// A kind said by a party.
pub(crate) type Said = (Side, Kind);

/// Every kind of the table.
pub(crate) fn all_kinds() -> Vec<Said> {
    TABLE.iter().map(|row| (row.side, row.kind)).collect()
}

/// The core: one of each group of like kinds, of those that disclose, answer, end, begin again or purge.
pub(crate) fn core_kinds() -> Vec<Said> {
    use Kind::*;
    let opener = [
        Opened0,
        Opened1,
        Opened2,
        Need,
        Identity,
        Corrected,
        ChosenElsewhere,
        Withdrawn,
        Closed,
        Reopened,
        PurgeAsked,
    ];
    let peer = [Held, Accepted, Declined, Misdirected, Started, Withdrawn, Closed, Reopened, Purged];
    by(&opener, &peer)
}

/// Those about responsibility.
pub(crate) fn transfer_kinds() -> Vec<Said> {
    use Kind::*;
    let opener = [Opened1, Need, Closed, Withdrawn, Reopened, TransferOffered, TransferRecalled, TransferCompleted];
    by(&opener, &[Accepted, Declined, Misdirected, Closed, Reopened, TransferTaken])
}

fn by(opener: &[Kind], peer: &[Kind]) -> Vec<Said> {
    let of = |side: Side, kinds: &[Kind]| kinds.iter().map(move |kind| (side, *kind)).collect::<Vec<_>>();
    [of(Side::Opener, opener), of(Side::Peer, peer)].concat()
}

/// The kind that stands for it once it is past: the same facts, the same crossings, and the same to every condition.
pub(crate) const fn like(kind: Kind) -> Kind {
    match kind {
        Kind::Revoked => Kind::ChosenElsewhere,
        Kind::PartlyAccepted => Kind::Accepted,
        Kind::Waitlisted => Kind::Held,
        Kind::Redirected => Kind::Declined,
        Kind::Provided => Kind::Started,
        Kind::Retained => Kind::Purged,
        other => other,
    }
}

/// Reports that no condition reads are checked, and not carried further: what follows them is what follows without them.
pub(crate) fn takes_no_place(side: Side, kind: Kind) -> bool {
    const UNREAD: &[Fact] = &[Fact::Warning, Fact::Paper, Fact::Notice, Fact::World];
    row(side, kind).is_some_and(|row| row.facts.iter().all(|fact| UNREAD.contains(fact)))
}
