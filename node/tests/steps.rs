//! Every step there is, said by one node and heard by another over a real connection: what both then read, what each can
//! prove, and what is left of what was told.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod houses;
mod town;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use houses::{Houses, MINUTES, PLAN, basis_fields, houses, opening, statement};
use town::{event, everything, fields, holds, somebody, worker};
use uput_core::{
    catalogue::Field,
    id::TrailId,
    trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand},
    verdict::{self, Conformance, YesNo},
    wire::{Act, DisclosureScope, LegalBasis, Purpose, Role},
};
use uput_node::{
    account::{AccountId, Caller},
    node::{Export, Listing, NewEvent, NewTrail, Node, Second},
};

/// What can be said at all. [STA-1]
const STEPS: &str = include_str!("../../specs/state/table.tsv");

/// Each play: the act; what each side says in turn, having heard all before, the last being what the play is for; then the
/// headline, the stage, and how much is owed, as both sides read it.
const PLAYS: [(&str, &str, &str, u32, u32); 50] = [
    ("referral", "O:opened0", "asked", 0, 0),
    ("referral", "O:opened1", "asked", 1, 0),
    ("notification", "O:opened2", "asked", 2, 0),
    ("referral", "O:opened0 P:held O:need", "held", 1, 0),
    ("referral", "O:opened1 P:accepted O:identity", "accepted", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity O:corrected", "accepted", 2, 0),
    ("referral", "O:opened1 P:accepted O:warned", "accepted", 1, 0),
    ("referral", "O:opened0 O:handed_over0", "asked", 0, 0),
    ("referral", "O:opened1 O:handed_over1", "asked", 1, 0),
    ("referral", "O:opened1 P:accepted O:identity O:handed_over2", "accepted", 2, 0),
    ("referral", "O:opened1 O:phoned", "asked", 1, 0),
    ("referral", "O:opened1 O:phoned_no", "asked", 1, 0),
    ("referral", "O:opened1 P:accepted O:chosen_elsewhere", "chosen_elsewhere", 1, 1),
    ("referral", "O:opened1 P:accepted O:identity O:withdrawn", "withdrawn", 2, 2),
    ("referral", "O:opened1 P:accepted O:identity O:revoked", "revoked", 2, 2),
    ("referral", "O:opened1 P:accepted O:closed", "closed", 1, 0),
    ("referral", "O:opened1 O:closed O:reopened", "asked", 1, 0),
    ("referral", "O:opened1 P:accepted O:identity O:closed O:purge_asked", "closed", 2, 2),
    ("transfer", "O:opened1 P:accepted O:transfer_offered", "accepted", 1, 0),
    ("transfer", "O:opened1 P:accepted O:transfer_offered O:transfer_recalled", "accepted", 1, 0),
    ("transfer", "O:opened1 P:accepted O:transfer_offered P:transfer_taken O:transfer_completed", "accepted", 1, 0),
    ("referral", "O:opened1 O:decision", "asked", 1, 0),
    ("referral", "O:opened1 O:decision_no", "asked", 1, 0),
    ("conference", "O:opened1 P:accepted O:minutes", "accepted", 1, 0),
    ("conference", "O:opened1 P:accepted O:plan", "accepted", 1, 0),
    ("conference", "O:opened1 P:accepted O:plan O:task", "accepted", 1, 0),
    ("referral", "O:opened1 O:visited", "asked", 1, 0),
    ("referral", "O:opened1 O:visited_no", "asked", 1, 0),
    ("referral", "O:opened1 O:escalated", "asked", 1, 0),
    ("referral", "O:opened1 P:acknowledged", "asked", 1, 0),
    ("referral", "O:opened0 P:held", "held", 0, 0),
    ("referral", "O:opened1 P:accepted", "accepted", 1, 0),
    ("referral", "O:opened1 P:partly_accepted", "partly_accepted", 1, 0),
    ("referral", "O:opened1 P:waitlisted", "waitlisted", 1, 0),
    ("referral", "O:opened1 P:declined", "declined", 1, 1),
    ("referral", "O:opened1 P:redirected", "redirected", 1, 1),
    ("referral", "O:opened1 P:accepted O:identity P:misdirected", "misdirected", 2, 2),
    ("referral", "O:opened1 P:accepted O:identity P:contact_made", "accepted", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity P:could_not_reach", "accepted", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity P:started", "started", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity P:started P:provided", "provided", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity P:withdrawn", "withdrawn", 2, 2),
    ("referral", "O:opened1 P:accepted O:identity P:closed", "closed", 2, 0),
    ("referral", "O:opened1 P:accepted P:closed P:reopened", "asked", 1, 0),
    ("referral", "O:opened1 P:accepted O:identity P:misdirected P:purged", "misdirected", 2, 0),
    ("notification", "O:opened2 P:accepted O:closed O:purge_asked P:retained", "closed", 2, 0),
    ("transfer", "O:opened1 P:accepted O:transfer_offered P:transfer_taken", "accepted", 1, 0),
    ("referral", "O:opened1 P:decision", "asked", 1, 0),
    ("referral", "O:opened1 P:decision_no", "asked", 1, 0),
    ("conference", "O:opened1 P:accepted O:plan P:task", "accepted", 1, 0),
];

/// What each purge of a reason ends in: nothing is owed any more, and nothing is left.
const PURGES: [(&str, &str, &str, u32, u32); 9] = [
    ("referral", "O:opened1 P:accepted O:identity O:withdrawn P:purged", "withdrawn", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity O:revoked P:purged", "revoked", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity O:chosen_elsewhere P:purged", "chosen_elsewhere", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity O:corrected O:closed O:purge_asked P:purged", "closed", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity P:closed P:purged", "closed", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity P:declined P:purged", "declined", 2, 0),
    ("referral", "O:opened1 P:accepted O:identity P:withdrawn P:purged", "withdrawn", 2, 0),
    ("transfer", "O:opened1 P:accepted O:identity O:revoked P:purged", "revoked", 2, 0),
    ("conference", "O:opened1 P:accepted O:identity O:withdrawn P:purged", "withdrawn", 2, 0),
];

/// What is left out of the plays above, as it is said twice in one: a visit of the other side.
const VISITS: [(&str, &str, &str, u32, u32); 2] =
    [("referral", "O:opened1 P:visited", "asked", 1, 0), ("referral", "O:opened1 P:visited_no", "asked", 1, 0)];

type Play = (&'static str, &'static str, &'static str, u32, u32);

fn plays() -> Vec<Play> {
    [&PLAYS[..], &PURGES, &VISITS].concat()
}

/// A kind that is in the table and in no play is a step that nobody has seen work.
#[test]
fn every_step_that_there_is_is_played() {
    let steps = STEPS.lines().filter(|line| !line.starts_with('#'));
    let there: BTreeSet<String> = steps
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|cells| format!("{}:{}", cells[1], cells[0]))
        .collect();
    let played = plays().iter().map(|play| play.1.rsplit(' ').next().unwrap().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(there, played);
}

/// A name that stands in no other play.
fn name(number: usize) -> String {
    let letter = |at: usize| char::from(b'a' + u8::try_from(at % 26).unwrap());
    format!("Invented Qu{}{}xzv", letter(number / 26), letter(number))
}

/// A trail, and what was played in it.
struct Played {
    number: usize,
    play: Play,
    trail: TrailId,
}

impl Houses {
    async fn play(&self, number: usize, play: Play) -> Played {
        let act = Act::from_str_name(&format!("ACT_{}", play.0.to_uppercase())).unwrap();
        let mut steps = play.1.split(' ');
        let stage = steps.next().unwrap().strip_prefix("O:opened").unwrap().parse().unwrap();
        let basis = match stage {
            0 => LegalBasis::NoneNeededNonpersonal,
            1 => LegalBasis::ExplicitConsent,
            _ => LegalBasis::LegalDuty,
        };
        let new = NewTrail { validate_only: false, ..opening(stage, basis, act) };
        let named = if stage == 2 { named(number) } else { Vec::new() };
        let new = NewTrail { fields: [new.fields.clone(), named].concat(), ..new };
        let trail = self.hotline.open_trail(new).await.unwrap().unwrap();
        self.settled().await;
        town::take(&self.house, &trail).await;
        for step in steps {
            let (side, kind) = step.split_once(':').unwrap();
            let opener = side == "O";
            let said = statement(self, kind, opener, trail).await;
            let new = NewEvent { fields: told(kind, opener, number), ..event(trail, said) };
            let basis = (!new.fields.is_empty()).then_some(LegalBasis::ExplicitConsent);
            let node = if opener { &self.hotline } else { &self.house };
            let done = node.record_event(NewEvent { basis, ..new }).await;
            done.unwrap_or_else(|refused| panic!("{} {step}: {refused}", play.1)).unwrap();
            self.settled().await;
        }
        Played { number, play, trail }
    }
}

fn named(number: usize) -> Vec<Field> {
    fields(&[("name", &name(number))])
}

/// What goes with a disclosure.
fn told(kind: &str, opener: bool, number: usize) -> Vec<Field> {
    let basis = basis_fields(LegalBasis::ExplicitConsent);
    match (kind, opener) {
        ("identity" | "corrected", true) => [basis, named(number)].concat(),
        ("plan", true) => [basis, fields(&[PLAN])].concat(),
        ("minutes", true) => [basis, fields(&MINUTES)].concat(),
        ("need" | "reopened", true) => [basis, fields(&[("language", "sq")])].concat(),
        _ => Vec::new(),
    }
}

/// What a side reads.
struct Reads {
    headline: String,
    stage: u32,
    owed: u32,
    /// As far as they are the same for both.
    notes: Vec<String>,
    /// ID, kind, code, and why it is void.
    events: Vec<[String; 4]>,
}

impl Reads {
    async fn of(node: &Arc<Node>, played: &Played) -> Self {
        let shown = node.show(&worker(), &played.trail, false).await.unwrap();
        assert!(shown.events.iter().all(|event| event.findings.is_empty()), "{}: a finding", played.play.1);
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let events = shown.events.into_iter();
        let mut events: Vec<_> =
            events.map(|event| [hex(&event.event), event.kind, event.code, event.void_reason]).collect();
        events.sort();
        // Whose word it is, or who is responsible, each side says from where it stands.
        let own = |note: &String| note.contains("responsible") || note.contains("telephone");
        let notes = shown.notes.into_iter().filter(|note| !own(note)).collect();
        Self { headline: shown.headline, stage: shown.stage, owed: shown.owed, notes, events }
    }
}

/// Both read the same, and it is what the play says. What was said last is there, and counts.
async fn agree(sides: [&Arc<Node>; 2], played: &Played) {
    let (_, steps, headline, stage, owed) = played.play;
    let [near, far] = [Reads::of(sides[0], played).await, Reads::of(sides[1], played).await];
    assert_eq!((far.headline.as_str(), far.stage, far.owed), (headline, stage, owed), "{steps}");
    assert_eq!((&near.headline, near.stage, &near.notes), (&far.headline, far.stage, &far.notes), "{steps}");
    assert_eq!(near.notes.iter().any(|note| note.contains("purged or retained")), owed > 0, "{steps}");
    assert_eq!((near.owed, &near.events), (0, &far.events), "{steps}: what is owed, the receiver owes");
    assert!(near.events.iter().all(|[.., void]| void.is_empty()), "{steps}: void");
    let said = near.events.iter().filter(|[_, kind, ..]| kind != "delivered").count();
    assert_eq!(said, steps.split(' ').count(), "{steps}: something was said that nobody said");
}

/// Whom an auditor trusts.
fn trust(houses: &Houses) -> TrustFile {
    let mut organisations: Vec<TrustedOrganisation> = houses
        .folders
        .iter()
        .zip(["hotline", "house"])
        .map(|(folder, name)| TrustedOrganisation {
            name: name.to_owned(),
            organisation: folder.id,
            minimum: folder.chain().newest_id(),
        })
        .collect();
    organisations.sort_by_key(|trusted| trusted.organisation);
    let agreement = TrustedAgreement { title: "invented".to_owned(), agreement: houses.agreement };
    TrustFile {
        made_by: "an invented auditor".to_owned(),
        witnesses: WitnessDemand::default(),
        heads: HeadDemand::default(),
        organisations,
        agreements: vec![agreement],
    }
}

/// Somebody new for each trail: who exports many alone is asked for a second person.
fn supervisor(number: usize) -> Caller {
    let number = u8::try_from(number + 100).unwrap();
    somebody(AccountId::new([number; 16]), number, Role::Supervisor)
}

/// What each exports is whole and authentic, and nothing in it was against the agreement.
async fn proves(houses: &Houses, played: &Played) {
    for node in [&houses.hotline, &houses.house] {
        let export = Export {
            contact: false,
            by: supervisor(played.number),
            second: Second::Nobody,
            trail: played.trail,
            purpose: Purpose::Audit,
            scope: DisclosureScope::Labels,
            nonce: Some([7; 32]),
            wait: Duration::from_secs(20),
        };
        let (bundle, fresh) = node.export(export).await.unwrap();
        let report = verdict::verify(&bundle, &trust(houses));
        let steps = played.play.1;
        assert!(fresh, "{steps}: the other side's head came");
        assert_eq!((report.authentic, report.completeness.complete), (YesNo::Yes, YesNo::Yes), "{steps}");
        assert!(report.breaches.is_empty(), "{steps}: {:?}", report.breaches);
        assert_ne!(report.conformant.verdict, Conformance::No, "{steps}: {:?}", report.conformant.reasons);
    }
}

/// Whether the receiver said that it destroyed what it was told.
fn is_purged(played: &Played) -> bool {
    played.play.1.ends_with("P:purged")
}

/// Whether she was named in it.
fn is_named(played: &Played) -> bool {
    played.play.1.contains("O:identity") || played.play.1.contains("O:opened2")
}

/// Values are shown to the receiver until it says that they are gone, and to the sender after that as well.
async fn values_are_left(houses: &Houses, played: &Played) {
    for (node, left) in [(&houses.hotline, true), (&houses.house, !is_purged(played))] {
        let shown = node.show(&worker(), &played.trail, true).await.unwrap();
        let mut told = shown.events.iter().flat_map(|event| &event.fields);
        let named = told.any(|field| field.value == name(played.number));
        assert_eq!(named, left && is_named(played), "{}", played.play.1);
    }
}

/// [STA-1] [STA-17] [STA-18] [STA-19] [NOD-9] [NOD-65]
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_say_every_step_and_read_keep_and_prove_the_same() {
    let houses = houses().await;
    let mut all = Vec::new();
    for (number, play) in plays().into_iter().enumerate() {
        let played = houses.play(number, play).await;
        agree([&houses.hotline, &houses.house], &played).await;
        values_are_left(&houses, &played).await;
        proves(&houses, &played).await;
        all.push(played);
    }
    // A start changes nothing of it, and what was destroyed is in no record that any key which is left opens.
    let folders = houses.end().await;
    let (hotline, house) = (town::reopened(&folders[0]).await, town::reopened(&folders[1]).await);
    for played in &all {
        agree([&hotline, &house], played).await;
    }
    drop((hotline, house));
    for folder in &folders {
        drop(town::reopened(folder).await);
    }
    let [near, far] = [everything(&folders[0]), everything(&folders[1])];
    for played in all.iter().filter(|played| is_named(played)) {
        let name = name(played.number);
        assert!(holds(&near, name.as_bytes()), "{}: what the sender told is the sender's", played.play.1);
        assert_eq!(holds(&far, name.as_bytes()), !is_purged(played), "{}", played.play.1);
    }
}

/// [NOD-65] [STA-18] The offer that was recalled moves nothing; no moment has nobody.
#[tokio::test(flavor = "multi_thread")]
async fn both_sides_say_who_is_responsible_after_each_step_of_a_transfer() {
    let houses = houses().await;
    let offer = "O:opened1 P:accepted O:transfer_offered";
    let taken = "O:opened1 P:accepted O:transfer_offered P:transfer_taken";
    let recalled = "O:opened1 P:accepted O:transfer_offered P:transfer_taken O:transfer_recalled";
    let completed = "O:opened1 P:accepted O:transfer_offered P:transfer_taken O:transfer_completed";
    let stands = [
        ("O:opened1 P:accepted", "", ""),
        (offer, "we are", "they are"),
        (taken, "both are", "both are"),
        (recalled, "", ""),
        (completed, "they are", "we are"),
    ];
    for (number, (steps, near, far)) in stands.into_iter().enumerate() {
        let played = houses.play(number, ("transfer", steps, "accepted", 1, 0)).await;
        for (node, who) in [(&houses.hotline, near), (&houses.house, far)] {
            let shown = node.show(&worker(), &played.trail, false).await.unwrap();
            let said = shown.notes.iter().find(|note| note.contains("responsible")).map_or("", String::as_str);
            assert_eq!(said.split(" responsible").next(), Some(who), "{steps}: {:?}", shown.notes);
            let rows = node.list(&worker(), &Listing { waiting: false, most: 50, token: "" }).unwrap().trails;
            let row = rows.into_iter().find(|row| row.trail == played.trail.to_vec()).unwrap();
            assert_eq!(row.notes, shown.notes, "a list says it too");
        }
    }
}
