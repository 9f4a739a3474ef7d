//! The life of an agreement between nodes: joining, amending, leaving, suspension, its end, with trails that are open.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeMap, sync::Arc};

use town::{BY, CONSENT, Carrier, House, enquiry, event, introduce, reads, say, say_with, until, worker};
use uput_core::{
    agreement::{Agreement, compile},
    envelope::{Envelope, MediaType},
    event::Statement,
    id::{AgreementId, OrgId, TrailId},
    rejection::Rejection,
    time::Seconds,
    wire::{self, LegalBasis},
};
use uput_node::node::{NewEvent, NewTrail, Node, Origin};

const DEMONSTRATION: &str = include_str!("../../specs/agreements/demonstration.toml");
const NAMES: [&str; 4] = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
const NEED: [(&str, &str); 1] = [("age_band", "30_59")];

/// Four organisations; the hotline knows the other three, and letters are carried.
struct Town {
    houses: [House; 4],
    nodes: Vec<Arc<Node>>,
    carriers: Vec<Carrier>,
}

async fn town() -> Town {
    town::listen();
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
    let mut carriers = Vec::new();
    for (name, node) in NAMES.iter().zip(&nodes).skip(1) {
        introduce(&nodes[0], "hotline", node, name).await;
        carriers.extend(Carrier::both(&nodes[0], node));
    }
    Town { houses, nodes, carriers }
}

impl Town {
    fn hotline(&self) -> &Arc<Node> {
        &self.nodes[0]
    }

    fn jasen(&self) -> &Arc<Node> {
        &self.nodes[1]
    }

    /// Signs for one of the four, at its node.
    async fn sign(&self, text: &str, number: usize) -> Result<Agreement, Rejection> {
        let peers: BTreeMap<String, OrgId> =
            NAMES.iter().zip(&self.houses).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
        let compiled = compile(text, &peers).unwrap_or_else(|error| panic!("{error}"));
        let key = self.houses[number].organisation_key();
        let envelope = Envelope::sign(MediaType::AGREEMENT, compiled.body, &[&key]).unwrap();
        self.nodes[number].take_agreement(envelope, Origin::Account(&BY)).await?;
        Ok(compiled.agreement)
    }

    /// All sign that must, and all that are party learn it.
    async fn agree(&self, text: &str, signers: &[usize]) -> AgreementId {
        let mut signed = None;
        for number in signers {
            signed = Some(self.sign(text, *number).await.unwrap());
        }
        let agreement = signed.unwrap();
        let id = agreement.id();
        let learn = self.houses.iter().zip(&self.nodes).filter(|(house, _)| agreement.party(&house.id).is_some());
        for (_, node) in learn {
            until(|| async { node.held_agreement(&id).is_some_and(|held| held.signed.is_some()) }).await;
        }
        id
    }

    async fn open(&self, new: NewTrail) -> Result<TrailId, Rejection> {
        self.hotline().open_trail(new).await.map(Option::unwrap).map_err(|refused| refused.rejection())
    }

    /// An enquiry at the shelter, for which it holds a place.
    async fn held(&self) -> TrailId {
        let trail = self.open(enquiry("shelter-jasen")).await.unwrap();
        reads(self.jasen(), &trail, "asked").await;
        say(self.jasen(), trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
        reads(self.hotline(), &trail, "held").await;
        trail
    }
}

/// The demonstration as the version after another one.
fn after(before: AgreementId, version: u32) -> String {
    DEMONSTRATION.replacen("version = 1", &format!("version = {version}\nprevious = \"{before}\""), 1)
}

fn suspending(source: &str, name: &str) -> String {
    let organisation = format!("organisation = \"peer:{name}\"\n");
    source.replacen(&organisation, &format!("{organisation}suspended = true\n"), 1)
}

fn without_lipa(source: &str) -> String {
    let start = source.find("[party.shelter_lipa]").unwrap();
    let end = start + source[start..].find("\n\n").unwrap() + 2;
    let source = format!("{}{}", &source[..start], &source[end..]);
    source.replacen("threshold = 3", "threshold = 2", 1)
}

fn under(agreement: AgreementId, peer: &str) -> NewTrail {
    NewTrail { agreement: Some(agreement), ..enquiry(peer) }
}

async fn pinned(node: &Arc<Node>, trail: &TrailId) -> Vec<u8> {
    node.show(&worker(), trail, false).await.unwrap().agreement
}

/// What the hotline may disclose of her need.
async fn disclose(town: &Town, trail: TrailId, statement: Statement) -> Result<(), Rejection> {
    let list = town::fields(&[&CONSENT[..], &NEED].concat());
    let new = NewEvent { fields: list, basis: Some(LegalBasis::ExplicitConsent), ..event(trail, statement) };
    town.hotline().record_event(new).await.map(|_| ()).map_err(|refused| refused.rejection())
}

/// [AGR-32] [AGR-33] [AGR-35]
#[tokio::test(flavor = "multi_thread")]
async fn who_joins_is_asked_under_the_new_version_and_what_is_open_stays_under_the_old_one() {
    let town = town().await;
    let first = town.agree(&without_lipa(DEMONSTRATION), &[0, 1, 3]).await;
    assert_eq!(town.open(enquiry("shelter-lipa")).await, Err(Rejection::NoRule));
    let open = town.held().await;
    let text = after(first, 2);
    for number in [0, 1, 3] {
        town.sign(&text, number).await.unwrap();
    }
    assert_eq!(town.open(enquiry("shelter-lipa")).await, Err(Rejection::AgreementNotSigned), "it has not signed yet");
    let second = town.agree(&text, &[2]).await;
    let joined = town.open(enquiry("shelter-lipa")).await.unwrap();
    reads(&town.nodes[2], &joined, "asked").await;
    // Between the others the new version counts, and the old one is not offered any more.
    let newer = town.open(enquiry("shelter-jasen")).await.unwrap();
    assert_eq!(pinned(town.hotline(), &newer).await, second.to_vec());
    assert_eq!(town.open(under(first, "shelter-jasen")).await, Err(Rejection::AgreementReplaced));
    let status = town.hotline().agreement_list().into_iter().find(|status| status.agreement == first.to_vec()).unwrap();
    assert_eq!(status.replaced_by, second.to_vec());
    // What is open goes on to its end, new disclosures too.
    assert_eq!(pinned(town.hotline(), &open).await, first.to_vec());
    disclose(&town, open, Statement::Need).await.unwrap();
    until(|| async { town.jasen().show(&worker(), &open, false).await.unwrap().stage == 1 }).await;
    say(town.jasen(), open, Statement::Accepted).await.unwrap();
    reads(town.hotline(), &open, "accepted").await;
}

/// [AGR-16] [AGR-31] [AGR-36]
#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_below_the_threshold_is_kept_by_nobody_and_one_at_it_counts() {
    let town = town().await;
    let strict = DEMONSTRATION.replacen("threshold = 3", "threshold = 4", 1).replacen("Night", "Strict night", 1);
    let first = town.agree(&strict, &[0, 1, 2, 3]).await;
    let fewer = without_lipa(&after(first, 2));
    for number in [0, 1, 3] {
        assert_eq!(town.sign(&fewer, number).await.unwrap_err(), Rejection::NotAnAmendment);
    }
    // Three of four are enough where three are asked for; the fourth stays behind and loses nothing.
    let first = town.agree(DEMONSTRATION, &[0, 1, 2, 3]).await;
    let second = town.agree(&without_lipa(&after(first, 2)), &[0, 1, 3]).await;
    assert!(town.nodes[2].held_agreement(&second).is_none());
    assert_eq!(town.open(under(first, "shelter-jasen")).await, Err(Rejection::AgreementReplaced));
    let behind = town.open(under(first, "shelter-lipa")).await.unwrap();
    reads(&town.nodes[2], &behind, "asked").await;
    // Nobody signs a second version after the first, once there is one that counts.
    let other = after(first, 2).replacen("Night", "Another night", 1);
    assert_eq!(town.sign(&other, 0).await.unwrap_err(), Rejection::NotAnAmendment);
}

/// [AGR-34] [AGR-35]
#[tokio::test(flavor = "multi_thread")]
async fn with_a_suspended_party_nothing_new_begins_and_what_is_open_is_brought_to_its_end() {
    let town = town().await;
    let first = town.agree(DEMONSTRATION, &[0, 1, 2, 3]).await;
    let (open, other) = (town.held().await, town.held().await);
    say_with(town.hotline(), open, Statement::Need, &[&CONSENT[..], &NEED].concat()).await;
    until(|| async { town.jasen().show(&worker(), &open, false).await.unwrap().stage == 1 }).await;
    // Without the signature of whom it suspends, who learns it all the same.
    let second = town.agree(&suspending(&after(first, 2), "shelter-jasen"), &[0, 2, 3]).await;
    let listed = town.jasen().agreement_list().into_iter().find(|status| status.agreement == second.to_vec()).unwrap();
    assert_eq!(listed.suspended, vec![town.houses[1].id.to_vec()]);
    for agreement in [first, second] {
        let new = NewTrail { agreement: Some(agreement), ..enquiry("shelter-jasen") };
        let refused = town.open(new).await.unwrap_err();
        assert!([Rejection::PartySuspended, Rejection::NoRule].contains(&refused), "{refused}");
    }
    assert_eq!(town.open(enquiry("shelter-jasen")).await, Err(Rejection::PartySuspended));
    let back = NewTrail { service_type: wire::ServiceType::Psychosocial, fields: Vec::new(), ..enquiry("hotline") };
    let refused = town.jasen().open_trail(back).await.unwrap_err();
    assert_eq!(refused.rejection(), Rejection::PartySuspended);
    assert_eq!(disclose(&town, other, Statement::Need).await, Err(Rejection::PartySuspended));
    // Answers, withdrawals and purges go on.
    say(town.jasen(), open, Statement::Accepted).await.unwrap();
    reads(town.hotline(), &open, "accepted").await;
    assert_eq!(disclose(&town, open, Statement::Identity).await, Err(Rejection::PartySuspended));
    say(town.hotline(), open, Statement::Withdrawn).await.unwrap();
    reads(town.jasen(), &open, "withdrawn").await;
    say(town.jasen(), open, Statement::Purged(wire::PurgeManner::Destroyed)).await.unwrap();
    until(|| async { town.hotline().show(&worker(), &open, false).await.unwrap().owed == 0 }).await;
    // With the others everything goes on, under the new version.
    let lipa = town.open(enquiry("shelter-lipa")).await.unwrap();
    assert_eq!(pinned(town.hotline(), &lipa).await, second.to_vec());
}

/// [LET-20] What was said before it began, and waits for the suspended party, goes no more.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_party_goes_no_more_once_it_is_suspended() {
    let mut town = town().await;
    let first = town.agree(DEMONSTRATION, &[0, 1, 2, 3]).await;
    let open = town.held().await;
    until(|| async { town.hotline().queued().items == 0 && town.jasen().queued().items == 0 }).await;
    drop(town.carriers.drain(..2));
    disclose(&town, open, Statement::Need).await.unwrap();
    let mut second = first;
    for number in [0, 2, 3] {
        second = town.sign(&suspending(&after(first, 2), "shelter-jasen"), number).await.unwrap().id();
    }
    until(|| async { town.hotline().held_agreement(&second).is_some_and(|held| held.signed.is_some()) }).await;
    let _carriers = Carrier::both(town.hotline(), town.jasen());
    until(|| async { town.hotline().queued().items == 0 }).await;
    for node in [town.hotline(), town.jasen()] {
        let shown = node.show(&worker(), &open, true).await.unwrap();
        let need = shown.events.into_iter().find(|event| event.kind == "need").unwrap();
        assert_eq!(need.findings, if need.ours { vec!["party_suspended"] } else { vec![] });
        assert!(need.ours || need.fields.is_empty());
    }
}

/// [AGR-20] [AGR-33]
#[tokio::test(flavor = "multi_thread")]
async fn when_an_agreement_ends_what_is_open_takes_answers_withdrawals_and_purges() {
    let town = town().await;
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(25);
    let text = DEMONSTRATION.replacen("2100-01-01T00:00:00Z", &end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), 1);
    town.agree(&text, &[0, 1, 2, 3]).await;
    let (open, asked) = (town.held().await, town.held().await);
    disclose(&town, open, Statement::Need).await.unwrap();
    until(|| async { town.jasen().show(&worker(), &open, false).await.unwrap().stage == 1 }).await;
    until(|| async { jiff::Timestamp::now() > end }).await;
    assert_eq!(town.open(enquiry("shelter-jasen")).await, Err(Rejection::AgreementNotInForce));
    assert_eq!(disclose(&town, asked, Statement::Need).await, Err(Rejection::AgreementNotInForce));
    say(town.jasen(), open, Statement::Accepted).await.unwrap();
    reads(town.hotline(), &open, "accepted").await;
    assert_eq!(disclose(&town, open, Statement::Identity).await, Err(Rejection::AgreementNotInForce));
    say(town.hotline(), open, Statement::Withdrawn).await.unwrap();
    reads(town.jasen(), &open, "withdrawn").await;
    say(town.jasen(), open, Statement::Purged(wire::PurgeManner::Destroyed)).await.unwrap();
    until(|| async { town.hotline().show(&worker(), &open, false).await.unwrap().owed == 0 }).await;
}

/// [AGR-76] [AGR-77] [AGR-78] Three sign what the fourth does not; they agree on something else, and the fourth signs then.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_given_up_does_not_come_back_when_the_last_party_signs_it() {
    let town = town().await;
    let first = town.agree(DEMONSTRATION, &[0, 1, 2, 3]).await;
    let source = after(first, 2).replacen("Night", "Another night", 1);
    let old = town.sign(&source, 0).await.unwrap().id();
    for number in [1, 3] {
        town.sign(&source, number).await.unwrap();
    }
    let new = without_lipa(&after(first, 2));
    assert_eq!(town.sign(&new, 0).await.unwrap_err(), Rejection::NotAnAmendment, "it has signed another one");
    let new = new.replacen("valid_from", &format!("gives_up = [\"{old}\"]\nvalid_from"), 1);
    let new = town.agree(&new, &[0, 1, 3]).await;
    until(|| async { town.nodes[2].held_agreement(&old).is_some() }).await;
    town.sign(&source, 2).await.unwrap();
    let counts = |node: &Arc<Node>| node.held_agreement(&old).is_some_and(|held| held.signed.is_some());
    until(|| async { counts(town.hotline()) && counts(&town.nodes[2]) }).await;
    for peer in ["shelter-jasen", "shelter-lipa"] {
        assert_eq!(town.open(under(old, peer)).await, Err(Rejection::VersionGivenUp), "{peer}");
    }
    let status = town.hotline().agreement_list().into_iter().find(|status| status.agreement == old.to_vec()).unwrap();
    assert_eq!((status.in_force, status.replaced_by), (false, new.to_vec()));
    let opened = town.open(enquiry("shelter-jasen")).await.unwrap();
    assert_eq!(pinned(town.hotline(), &opened).await, new.to_vec());
    let behind = town.open(under(first, "shelter-lipa")).await.unwrap();
    reads(&town.nodes[2], &behind, "asked").await;
}
