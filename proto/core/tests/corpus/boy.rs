//! A boy without parents, for whom nobody had a place: the set of bundles that an ombudsman is given. All of it is invented.
//!
//! Guarantees that the files of conformance-tests/sets/the-refused-boy are what this writes, byte for byte, and that none of
//! them opens a value. What `uput trail verify` says of them is compared whole by a test of the command line.
//!
//! `UPUT_BLESS=1 cargo test -p uput-core --test corpus boy` writes them anew.

use std::{collections::BTreeMap, fs, path::PathBuf};

use uput_core::{
    bundle::BundleDraft,
    catalogue::Label,
    event::{Statement, Terms},
    id::Id,
    log::{EntryKind, LogProof},
    slot::Extent,
    state::Side,
    trust::{TrustFile, TrustedAgreement},
    verdict::verify,
    wire::{Act, ClosureReason, DeclineReason, LegalBasis, PhoneAnswer, ServiceType},
};

use crate::{
    diary::{BASE, Diary, Scene},
    sample::{MIDNIGHT, Organisation, Story, TWO_PARTY, field, placement},
};

/// The house that asks.
const HOUSE: &str = "house-for-boys";
const DAY: u64 = 86_400;
/// What lets the house tell an authority, which then decides in seven days.
const NOTICE: &str = r#"[profile.notice]
need = ["risk_level"]
identity = ["name"]
reply = ["actor", "actor_role"]

[[rule]]
number = 3
act = "notification"
sender = "asking"
receiver = "social_work"
profile = "notice"
bases = ["legal_duty"]
collapsed = true

[[article]]
number = 1
citation = "Duty to report a child without parents (an invented law)"
unverified = true

[[decision]]
type = "placement"
issuers = ["social_work"]

[[timer]]
act = "notification"
step = "deliver"
within = "1 h"

[[timer]]
act = "notification"
step = "decision"
within = "7 d"

[[timer]]"#;

/// One request of the house: on which day, of whom.
fn asked(of: &'static str, day: u64) -> Scene {
    let mut scene = Scene::of(HOUSE, of, TWO_PARTY);
    scene.world.start = day * DAY + 9 * 3600;
    scene
}

/// The same of an authority that is told of him.
fn told(of: &'static str, day: u64) -> Scene {
    let source = TWO_PARTY.replacen("[[timer]]", NOTICE, 1);
    let source = source.replace(r#"services = ["shelter"]"#, r#"services = ["shelter", "social_work"]"#);
    let mut scene = Scene::of(HOUSE, of, &source);
    scene.world.start = day * DAY + 9 * 3600;
    scene
}

/// The notification, which the authority has and has seen.
fn notified(scene: &Scene) -> Story<'_> {
    let world = &scene.world;
    let opening = world.opening(&world.jasen, Act::Notification, ServiceType::SocialWork, "notice");
    let terms = Terms { stage: 2, rule: 3, basis: LegalBasis::LegalDuty, article: 1 };
    let fields = vec![
        field(Label::ClientTold, "told"),
        field(Label::ClientToldOn, "2026-11-21"),
        field(Label::Name, "Marko Invented"),
        field(Label::RiskLevel, "high"),
    ];
    let mut story = Story::begin(world, &world.hotline, opening, terms, fields, "notice");
    story.delivered_and(Statement::Acknowledged);
    story
}

/// What came of it, so many minutes after it was asked.
fn answered(scene: &Scene, minutes: u64, answer: Statement) -> Story<'_> {
    let mut story = scene.world.asked();
    let opening = story.trail.id().opening();
    story.say(&scene.world.jasen, Statement::Delivered(opening));
    story.clock = minutes;
    story.say(&scene.world.jasen, answer);
    story
}

/// Puts what a log has of a trail into a bundle, each entry in the tick of its claimed time and proven by the checkpoint of
/// the tick after; with a checkpoint of each of these ticks, and one after all.
fn show(scene: &Scene, story: &Story<'_>, owner: &Organisation, more: &[u64], draft: &mut BundleDraft) {
    let tick = |time: u64| time / 600 - BASE;
    let mut entries: Vec<(u64, EntryKind, Id)> = Vec::new();
    for event in story.trail.events() {
        let kind = if event.author == owner.id { EntryKind::OwnEvent } else { EntryKind::ReceivedEvent };
        entries.push((tick(event.time.get()), kind, event.id.into()));
    }
    // The house opened with its first record, and replaced it then.
    let replaced = usize::from(owner.name == HOUSE);
    let first = entries[0].0;
    entries.insert(replaced, (first, EntryKind::KeyRecord, owner.records[1].id()));
    let head = story.head(owner);
    entries.push((tick(head.time.get()), EntryKind::Head, story.signed_head(owner).id()));
    let log = Diary::of(owner, &entries, tick(head.time.get()) + 2);
    let cosigned = |size: u64| log.cosigned(size, &[(&scene.north, (BASE + size) * 600 + 40 - MIDNIGHT)]);
    let mut sizes: Vec<u64> = entries.iter().map(|entry| entry.0 + 1).chain(more.iter().copied()).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for size in sizes {
        let checkpoint = cosigned(size);
        let own: Vec<LogProof> = log.proofs(&checkpoint);
        // Of each tick the first checkpoint that covers it.
        draft.proofs.extend(own.iter().filter(|proof| proof.tick().0 - BASE + 1 == size).map(LogProof::to_wire));
        draft.checkpoints.push(checkpoint.to_bytes());
    }
}

/// What the house exports when it goes to the ombudsman.
fn exported(scene: &Scene, story: &Story<'_>, logs: bool, more: &[u64]) -> Vec<u8> {
    let (house, asked) = (&scene.world.hotline, &scene.world.jasen);
    let mut draft = story.draft(house, &Extent::LABELS);
    draft.proofs.clear();
    draft.checkpoints.clear();
    if logs {
        draft.chains.extend([scene.north.records.clone(), scene.south.records.clone()]);
        for (owner, more) in [(house, &[][..]), (asked, more)] {
            show(scene, story, owner, more, &mut draft);
        }
    }
    draft.build(house.signing()).unwrap()
}

/// Every bundle, and the trust file of the ombudsman.
fn set() -> (BTreeMap<&'static str, Vec<u8>>, TrustFile) {
    let scenes = [
        asked("clinic-by-the-river", 0),
        asked("clinic-by-the-river", 2),
        asked("institute", 3),
        asked("hospital-on-the-hill", 4),
        asked("ward-in-the-next-town", 5),
        asked("clinic-in-the-capital", 10),
        told("centre-for-children", 1),
        asked("clinic-on-the-plain", 6),
        asked("night-clinic", 7),
        asked("sanatorium", 8),
    ];
    let [first, second, institute, hospital, ward, capital, centre, plain, night, sanatorium] = &scenes;
    let mut bundles = BTreeMap::new();
    let no = |reason| Statement::Declined(reason);
    let refused = answered(first, 4 * 60, no(DeclineReason::NoPlace));
    bundles.insert("1-clinic-by-the-river.uput", exported(first, &refused, true, &[]));
    let refused = answered(second, 20 * 60, no(DeclineReason::DecisionMissing));
    bundles.insert("2-clinic-by-the-river-again.uput", exported(second, &refused, true, &[]));
    let refused = answered(institute, 7 * 60, no(DeclineReason::NotCompetent));
    bundles.insert("3-institute.uput", exported(institute, &refused, false, &[]));
    // The same trail by the institute: one refusal, and not two.
    bundles.insert("3-institute-by-itself.uput", refused.bundle(&institute.world.jasen, &Extent::LABELS));
    // It has it, says so, and never answers; its own head of five days later, which its log did not have before, shows it.
    let mut silent = answered(hospital, 30, Statement::Acknowledged);
    silent.clock = 5 * 24 * 60;
    let before = (hospital.world.at(silent.clock).get() / 600 - BASE) - 2;
    bundles.insert("4-hospital-on-the-hill.uput", exported(hospital, &silent, true, &[before]));
    // Nothing shows that it ever came there, but the word of the house.
    let mut unheard = ward.world.asked();
    unheard.clock = 4 * 24 * 60;
    let mut draft = unheard.draft(&ward.world.hotline, &Extent::LABELS);
    draft.proofs.clear();
    draft.checkpoints.clear();
    draft.heads.retain(|head| head.id() == unheard.signed_head(&ward.world.hotline).id());
    bundles.insert("5-ward-in-the-next-town.uput", draft.build(ward.world.hotline.signing()).unwrap());
    let held = answered(capital, 60, Statement::Held { until: capital.world.at(3600) });
    bundles.insert("6-clinic-in-the-capital.uput", exported(capital, &held, true, &[]));
    // A copy of one file is no second refusal, and no second delay.
    let copied = bundles["3-institute.uput"].clone();
    bundles.insert("3-institute-copy.uput", copied);
    // An authority owes no answer, but a decision: it gives one in time.
    let mut decided = notified(centre);
    decided.clock = 3 * 24 * 60;
    decided.say(&centre.world.jasen, Statement::Decision(placement()));
    bundles.insert("7-centre-for-children.uput", exported(centre, &decided, false, &[]));
    // The house cuts the answer out: the clinic's own head counts it.
    let mut cut = answered(plain, 60, Statement::Held { until: plain.world.at(3600) });
    let answer = cut.trail.last(Side::Peer).unwrap();
    cut.clock = 4 * 24 * 60;
    let mut draft = cut.draft(&plain.world.hotline, &Extent::LABELS);
    draft.proofs.clear();
    draft.checkpoints.clear();
    draft.events.retain(|event| event.id() != answer.into());
    bundles.insert("8-clinic-on-the-plain.uput", draft.build(plain.world.hotline.signing()).unwrap());
    // Yes, on the telephone; it was never signed.
    let mut called = answered(night, 30, Statement::Acknowledged);
    called.say(&night.world.hotline, Statement::Phoned(PhoneAnswer::Yes));
    called.clock = 3 * 24 * 60;
    bundles.insert("9-night-clinic.uput", exported(night, &called, false, &[]));
    // The house itself takes it back before an answer is due, and exports long after.
    let mut closed = sanatorium.world.asked();
    closed.say(&sanatorium.world.hotline, Statement::Closed(ClosureReason::NoLongerNeeded));
    closed.clock = 30 * 24 * 60;
    bundles.insert("10-sanatorium.uput", exported(sanatorium, &closed, false, &[]));
    (bundles, trust(&scenes))
}

fn trust(scenes: &[Scene]) -> TrustFile {
    let mut all = scenes[0].trust();
    all.made_by = String::from("an invented ombudsman, who compared the IDs on visits");
    for scene in scenes {
        all.organisations.extend(scene.trust().organisations);
    }
    all.organisations.sort_by_key(|entry| entry.organisation);
    all.organisations.dedup_by_key(|entry| entry.organisation);
    let mut agreements: Vec<(String, _)> = scenes
        .iter()
        .map(|scene| (format!("{HOUSE} and {}", scene.world.jasen.name), scene.world.agreement.id()))
        .collect();
    agreements.sort_by_key(|(_, id)| *id);
    agreements.dedup_by_key(|(_, id)| *id);
    all.agreements = agreements.into_iter().map(|(title, agreement)| TrustedAgreement { title, agreement }).collect();
    all
}

#[test]
fn the_set_of_the_refused_boy_is_what_the_generator_writes() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance-tests/sets/the-refused-boy");
    let (bundles, trust) = set();
    let mut files: BTreeMap<String, Vec<u8>> =
        bundles.into_iter().map(|(name, bytes)| (format!("bundles/{name}"), bytes)).collect();
    files.insert(String::from("trust.toml"), trust.to_toml().into_bytes());
    if std::env::var_os("UPUT_BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("bundles")).unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
    }
    for (name, bytes) in &files {
        assert!(fs::read(folder.join(name)).unwrap() == *bytes, "{name} differs; UPUT_BLESS=1 writes it anew");
    }
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with("uput")) {
        let report = verify(bytes, &trust);
        assert!(report.timeline.iter().flat_map(|entry| &entry.fields).all(|field| field.value.is_none()), "{name}");
        assert_eq!(report.authentic, uput_core::verdict::YesNo::Yes, "{name}: {:?}", report.words);
    }
}
