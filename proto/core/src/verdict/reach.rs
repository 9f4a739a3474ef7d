//! Up to where each party vouches for the trail, and what rests on the exporter's word.

use std::collections::BTreeSet;

use super::{
    Completeness, Exit, HeadShown, PartyReach, Where, YesNo, demand::Demand, findings::Findings, heads::Heads,
    names::Names,
};
use crate::{
    bundle::Bundle,
    envelope::Verified,
    head::Head,
    id::{EventId, HeadId, OrgId},
    state::Side,
    trail::Trail,
    trust::{HeadDemand, TrustFile, moment},
};

/// Says how far both chains are vouched for. [BUN-40] [BUN-41] [BUN-42] [BUN-64] [BUN-66]
pub(super) fn check(
    bundle: &Bundle,
    trail: &Trail,
    heads: &Heads,
    trust: &TrustFile,
    names: &Names<'_>,
    seen: &BTreeSet<EventId>,
    findings: &mut Findings,
) -> Vec<PartyReach> {
    findings.reach(Demand::BothHeads);
    let sides = [Side::Opener, Side::Peer];
    sides
        .map(|side| {
            let party = trail.party(side);
            let head = newest(heads, &party, &trust.heads);
            check_demand(head, &party, &trust.heads, names, findings);
            let reach = Reach { bundle, trail, names, side, head };
            let unseen: Vec<String> = trail
                .events()
                .filter(|event| event.author == party && !seen.contains(&event.id))
                .map(|event| event.id.to_string())
                .collect();
            let sentence = reach.sentence(unseen.len());
            if head.is_none() {
                findings.fail(Demand::BothHeads, Exit::Incomplete, Where::id(party), sentence.clone());
            }
            findings.words.push(sentence.clone());
            let head = head.map(|head| show(head, &trust.heads));
            PartyReach { party: names.show(&party), events: trail.count(side), head, unseen, sentence }
        })
        .into()
}

/// Complete means: nothing that is named is missing, and both parties vouch.
pub(super) fn completeness(parties: Vec<PartyReach>, findings: &Findings) -> Completeness {
    let demands = [
        Demand::BothHeads,
        Demand::Answers,
        Demand::Gaps,
        Demand::Incarnations,
        Demand::Readable,
        Demand::Evidence,
        Demand::NamedKeys,
        Demand::AgreementHere,
        Demand::AgreementSigned,
        Demand::Answered,
    ];
    let missing = parties.is_empty() || demands.into_iter().any(|demand| findings.failed(demand));
    Completeness { complete: if missing { YesNo::No } else { YesNo::Yes }, parties }
}

/// The head that counts most events of its author; among those one that answers the demand, then the latest.
fn newest<'a>(heads: &'a Heads, party: &OrgId, demand: &HeadDemand) -> Option<&'a Verified<Head>> {
    heads.of(party).max_by_key(|head| (head.own_count, answers(head, demand), head.seen_count, head.time, head.id()))
}

fn answers(head: &Head, demand: &HeadDemand) -> bool {
    // [BUN-66]
    let nonce = demand.nonce.is_none_or(|nonce| head.nonce == Some(Head::nonce_for(&nonce, &head.trail)));
    nonce && demand.earliest.is_none_or(|earliest| head.time >= earliest)
}

fn demands(demand: &HeadDemand) -> bool {
    demand.nonce.is_some() || demand.earliest.is_some()
}

fn check_demand(
    head: Option<&Verified<Head>>,
    party: &OrgId,
    demand: &HeadDemand,
    names: &Names<'_>,
    findings: &mut Findings,
) {
    if !demands(demand) {
        return;
    }
    findings.reach(Demand::Answers);
    if !head.is_some_and(|head| answers(head, demand)) {
        let sentence = format!("no newest head of {} answers the nonce and time of the trust file", names.of(party));
        findings.fail(Demand::Answers, Exit::Incomplete, Where::id(party), sentence);
    }
}

fn show(head: &Verified<Head>, demand: &HeadDemand) -> HeadShown {
    let answer = if answers(head, demand) { YesNo::Yes } else { YesNo::No };
    HeadShown {
        id: HeadId::from(head.id()).to_string(),
        number: head.own_count,
        seen: head.seen_count,
        time: head.time.get(),
        answers: demands(demand).then_some(answer),
    }
}

/// What can be said of one party's chain.
struct Reach<'a> {
    bundle: &'a Bundle,
    trail: &'a Trail,
    names: &'a Names<'a>,
    side: Side,
    head: Option<&'a Verified<Head>>,
}

impl Reach<'_> {
    /// Whether the last event that a head counts is here, and so all before it.
    fn holds(&self, head: &Head) -> bool {
        let last = |last| self.trail.numbered(self.side, head.own_count.saturating_sub(1)).contains(&last);
        head.own_last.is_none_or(last)
    }

    fn sentence(&self, unseen: usize) -> String {
        let name = self.names.of(&self.trail.party(self.side));
        let other = self.names.of(&self.trail.party(self.side.other()));
        let exporter = self.names.of(&self.bundle.exporter);
        let mut sentence = match self.head {
            Some(head) if self.holds(head) => {
                format!("Complete up to {name}'s head (number {}, {}).", head.own_count, moment(head.time))
            }
            Some(head) => format!(
                "Not complete up to {name}'s head (number {}, {}): not all that it counts is here.",
                head.own_count,
                moment(head.time)
            ),
            None => format!("No head of {name} is here: that nothing of {name} is missing is {exporter}'s word."),
        };
        let after = self.trail.count(self.side).saturating_sub(self.head.map_or(0, |head| head.own_count));
        if self.head.is_some() && after > 0 {
            sentence.push_str(&format!(
                " {after} later events of {name} are here; that no more followed is {exporter}'s word."
            ));
        }
        if unseen > 0 {
            sentence.push_str(&format!(
                " {unseen} events of {name} rest on {exporter}'s word: nothing that {other} signed here has seen them."
            ));
        }
        sentence
    }
}
