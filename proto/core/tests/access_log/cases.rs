//! What can be done to a document, and what it comes to.

use uput_core::{
    access_log::{AccessEntry, AccessLog, Report, verify},
    id::{AccessId, Id, OrgId},
    time::{Seconds, Span},
    trust::TrustFile,
    verdict::{Exit, YesNo},
    wire::{AccessKind, AccessReason, AccessStanding, Role},
};

use crate::{
    sample::World,
    scene::{NONCE, OTHER_CASE, WORDS, document, joined, opened, passed_off, signed, six},
};

/// One document with its sentence.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) exit: Exit,
    /// The check that must fail; empty if none may.
    pub(crate) requirement: &'static str,
    pub(crate) trust: TrustFile,
    pub(crate) document: Vec<u8>,
    pub(crate) earlier: Option<Vec<u8>>,
    pub(crate) nonce: Option<[u8; 32]>,
}

impl Case {
    fn new(world: &World, name: &'static str, exit: Exit, requirement: &'static str, document: Vec<u8>) -> Self {
        Self { name, exit, requirement, trust: world.trust(), document, earlier: None, nonce: None }
    }

    fn after(self, earlier: Vec<u8>) -> Self {
        Self { earlier: Some(earlier), ..self }
    }

    pub(crate) fn verify(&self) -> Report {
        verify(&self.document, &self.trust, self.earlier.as_deref(), self.nonce.as_ref())
    }
}

type Entries = Vec<(AccessId, AccessEntry)>;

/// The document of six, its entries changed by an organisation that signs it all the same.
fn dishonest(world: &World, change: impl FnOnce(&mut Entries)) -> Vec<u8> {
    let mut chain = six();
    change(&mut chain.entries);
    signed(world, &document(&world.hotline, vec![chain.chain()]))
}

/// An entry with its ID.
fn entry(entry: AccessEntry) -> (AccessId, AccessEntry) {
    (entry.id(), entry)
}

fn without(entries: &mut Entries, place: usize) {
    entries.remove(place);
}

/// Numbers and links made anew, as an organisation would that rewrites its log.
fn relinked(entries: &mut Entries) {
    let mut linked: Entries = Vec::new();
    for (_, old) in entries.drain(..) {
        let of_trail = linked.iter().rev().find(|(_, earlier)| old.trail.is_some() && earlier.trail == old.trail);
        let previous_of_trail = of_trail.map(|(id, _)| *id);
        let (number, previous) = (linked.len() as u64, linked.last().map(|(id, _)| *id));
        linked.push(entry(AccessEntry { number, previous, previous_of_trail, ..old }));
    }
    *entries = linked;
}

fn good(world: &World) -> Vec<Case> {
    let whole = |entries: usize| {
        let mut chain = six();
        chain.entries.truncate(entries);
        document(&world.hotline, vec![chain.chain()])
    };
    let with_words = AccessLog { words: opened(&six().entries, WORDS), ..whole(6) };
    let (own, other) = joined();
    let both = document(&world.hotline, vec![own.chain(), other.chain()]);
    let answered = AccessLog { nonce: Some(NONCE), ..whole(6) };
    let case = |name, log: &AccessLog| Case::new(world, name, Exit::Valid, "", signed(world, log));
    vec![
        case("six accesses", &whole(6)),
        case("one access", &whole(1)),
        case("six accesses whose words are opened", &with_words),
        case("six accesses that continue four", &whole(6)).after(signed(world, &whole(4))),
        case("a document that is its own beginning", &whole(6)).after(signed(world, &whole(6))),
        case("a case into which another was joined", &both),
        case("a case into which another was joined since", &both).after(signed(world, &whole(6))),
        Case { nonce: Some(NONCE), ..case("a document for whoever asked", &answered) },
    ]
}

/// What somebody does on the way: the signature is another document's.
fn tampered(world: &World) -> Vec<Case> {
    let honest = document(&world.hotline, vec![six().chain()]);
    let case = |name, change: &dyn Fn(&mut Entries)| {
        let mut chain = six();
        change(&mut chain.entries);
        let altered = document(&world.hotline, vec![chain.chain()]);
        Case::new(world, name, Exit::NotAuthentic, "ACL-21", passed_off(world, &altered, &honest))
    };
    vec![
        case("an access was dropped on the way", &|entries| without(entries, 2)),
        case("the last access was dropped on the way", &|entries| without(entries, 5)),
        case("an access was inserted on the way", &|entries| entries.insert(2, entries[1].clone())),
        case("two accesses were exchanged on the way", &|entries| entries.swap(1, 2)),
        case("an access was rewritten on the way", &|entries| {
            entries[1].1.kind = AccessKind::LabelsShown;
            relinked(entries);
        }),
    ]
}

/// What an organisation does that signs it all the same.
fn forged(world: &World) -> Vec<Case> {
    let case = |name, exit, requirement, change: &dyn Fn(&mut Entries)| {
        Case::new(world, name, exit, requirement, dishonest(world, change))
    };
    vec![
        case("an access is missing", Exit::Incomplete, "ACL-23", &|entries| without(entries, 2)),
        case("the first access is missing", Exit::Incomplete, "ACL-23", &|entries| without(entries, 0)),
        case("an access stands twice", Exit::Incomplete, "ACL-23", &|entries| entries.insert(2, entries[1].clone())),
        case("two accesses are exchanged", Exit::Incomplete, "ACL-23", &|entries| entries.swap(1, 2)),
        case("an access is missing and those after it have new numbers", Exit::NotAuthentic, "ACL-24", &|entries| {
            entries.remove(2);
            let renumber = |(number, (_, old)): (usize, (AccessId, AccessEntry))| {
                entry(AccessEntry { number: number as u64, ..old })
            };
            *entries = entries.drain(..).enumerate().map(renumber).collect();
        }),
        case("an access does not name the one before to its trail", Exit::NotAuthentic, "ACL-25", &|entries| {
            entries[4].1.previous_of_trail = None;
            let last = entries.pop().unwrap().1;
            let changed = entry(entries.pop().unwrap().1);
            entries.push(changed.clone());
            entries.push(entry(AccessEntry { previous: Some(changed.0), ..last }));
        }),
        case("an access names one to its trail that is not here", Exit::Incomplete, "ACL-25", &|entries| {
            let last = entries.pop().unwrap().1;
            let trail = Some(Id::of(b"third").into());
            let elsewhere = Some(Id::of(b"nowhere").into());
            entries.push(entry(AccessEntry { trail, previous_of_trail: elsewhere, ..last }));
        }),
        case("an access names one to another trail", Exit::NotAuthentic, "ACL-25", &|entries| {
            let (first, last) = (entries[0].0, entries.pop().unwrap().1);
            let trail = Some(Id::of(b"third").into());
            entries.push(entry(AccessEntry { trail, previous_of_trail: Some(first), ..last }));
        }),
        case("an access is earlier than the one before", Exit::NotConformant, "ACL-26", &|entries| {
            let last = entries.pop().unwrap().1;
            entries.push(entry(AccessEntry { time: Seconds::new(1).unwrap(), ..last }));
        }),
    ]
}

fn documents(world: &World) -> Vec<Case> {
    let log = || document(&world.hotline, vec![six().chain()]);
    let case = |name, exit, requirement, log: &AccessLog| Case::new(world, name, exit, requirement, signed(world, log));
    let early = AccessLog { time: Seconds::new(1).unwrap(), ..log() };
    let false_words = AccessLog { words: opened(&six().entries, "another invented reason"), ..log() };
    let (own, _) = joined();
    let alone = document(&world.hotline, vec![own.chain()]);
    let stranger = Case::new(world, "", Exit::Valid, "", signed(world, &log()));
    let mut nobody = world.trust();
    nobody.organisations.retain(|entry| entry.organisation != world.hotline.id);
    let mut newer = world.trust();
    let demanded = newer.organisations.iter_mut().find(|entry| entry.organisation == world.hotline.id).unwrap();
    demanded.minimum = Id::of(b"a record that is not here").into();
    let replaced = AccessLog { key: world.hotline.record(0), ..log() };
    let of_another = AccessLog { organisation: OrgId::from(Id::of(b"another")), ..log() };
    vec![
        case("a document that is older than an access in it", Exit::NotConformant, "ACL-26", &early),
        case("words that the access does not commit to", Exit::NotAuthentic, "ACL-27", &false_words),
        case("the accesses of the case that was joined are missing", Exit::Incomplete, "ACL-25", &alone),
        case("a document that names a key record that was replaced", Exit::UnknownSigner, "ACL-21", &replaced),
        case("a document in the name of another organisation", Exit::UnknownSigner, "ACL-21", &of_another),
        Case {
            name: "an organisation that the trust file does not name",
            exit: Exit::UnknownSigner,
            requirement: "ACL-22",
            trust: nobody,
            ..stranger
        },
        Case { trust: newer, ..case("key records that end too early", Exit::UnknownSigner, "ACL-22", &log()) },
        Case {
            nonce: Some([4; 32]),
            ..case("another nonce than was asked with", Exit::NotConformant, "ACL-28", &log())
        },
        Case::new(world, "a document of zero bytes", Exit::NotAuthentic, "ACL-20", Vec::new()),
        Case::new(world, "a document cut short", Exit::NotAuthentic, "ACL-20", {
            let mut bytes = signed(world, &log());
            bytes.pop();
            bytes
        }),
        Case::new(world, "a key record in place of a document", Exit::NotAuthentic, "ACL-20", {
            world.hotline.records[0].to_bytes()
        }),
    ]
}

/// What an earlier document shows.
fn rewritten(world: &World) -> Vec<Case> {
    let earlier = || signed(world, &document(&world.hotline, vec![six().chain()]));
    let case = |name, exit, document| Case::new(world, name, exit, "ACL-29", document);
    let mut other = six();
    other.entries.truncate(3);
    let mut elsewhere = document(&world.hotline, vec![six().chain()]);
    elsewhere.chains[0].tag = uput_core::access_log::case_tag(&OTHER_CASE);
    let late = AccessLog {
        time: document(&world.hotline, vec![six().chain()]).time.after(Span(60)),
        ..document(&world.hotline, vec![six().chain()])
    };
    let mut forged = document(&world.hotline, vec![six().chain()]);
    forged.chains[0].entries.pop();
    let forged = passed_off(world, &forged, &document(&world.hotline, vec![six().chain()]));
    vec![
        case("an access was taken out since the earlier document", Exit::Equivocation, {
            dishonest(world, |entries| {
                entries.remove(2);
                relinked(entries);
            })
        })
        .after(earlier()),
        case("the person of an access was changed since the earlier document", Exit::Equivocation, {
            dishonest(world, |entries| {
                entries[3].1.person = entries[0].1.person;
                relinked(entries);
            })
        })
        .after(earlier()),
        case("an access was added in the middle since the earlier document", Exit::Equivocation, {
            dishonest(world, |entries| {
                let copied = entries[2].clone();
                entries.insert(2, copied);
                relinked(entries);
            })
        })
        .after(earlier()),
        case("the newest accesses are not there any more", Exit::Equivocation, {
            let mut log = document(&world.hotline, vec![other.chain()]);
            log.time = document(&world.hotline, vec![six().chain()]).time;
            signed(world, &log)
        })
        .after(earlier()),
        case("an earlier document about another case", Exit::NotAuthentic, earlier()).after(signed(world, &elsewhere)),
        case("an earlier document that is later", Exit::NotConformant, earlier()).after(signed(world, &late)),
        Case::new(world, "an earlier document that was altered", Exit::NotAuthentic, "ACL-21", earlier()).after(forged),
    ]
}

pub(crate) fn cases(world: &World) -> Vec<Case> {
    [good(world), tampered(world), forged(world), documents(world), rewritten(world)].into_iter().flatten().collect()
}

/// [ACL-20] [ACL-21] [ACL-22] [ACL-23] [ACL-24] [ACL-25] [ACL-26] [ACL-27] [ACL-28] [ACL-29]
#[test]
fn every_case_comes_to_what_it_must() {
    for case in cases(&World::pair()) {
        let report = case.verify();
        let failed = report.checks.iter().filter(|check| !check.problems.is_empty());
        let failed: Vec<&str> = failed.map(|check| check.requirement).collect();
        assert_eq!(report.exit, case.exit, "{}: {:?}", case.name, report.checks);
        assert_eq!(failed.is_empty(), case.requirement.is_empty(), "{}: {failed:?}", case.name);
        assert!(case.requirement.is_empty() || failed.contains(&case.requirement), "{}: {failed:?}", case.name);
        assert_eq!(report.continues.is_some(), case.earlier.is_some(), "{}", case.name);
        assert_eq!(report.words.is_empty(), report.organisation.is_none(), "{}", case.name);
    }
}

/// [ACL-11] Whoever changes one field of one access, and signs, is found by the access after it.
#[test]
fn a_change_of_any_field_breaks_the_chain() {
    let world = World::pair();
    let other: AccessId = Id::of(b"another").into();
    let changes: [&dyn Fn(&mut AccessEntry); 12] = [
        &|entry| entry.previous = Some(other),
        &|entry| entry.number += 1,
        &|entry| entry.time = entry.time.after(Span(1)),
        &|entry| entry.trail = None,
        &|entry| entry.previous_of_trail = Some(other),
        &|entry| entry.person = Id::of(b"another").into(),
        &|entry| entry.on_behalf_of = Some(Id::of(b"another").into()),
        &|entry| entry.role = Role::Intake,
        &|entry| entry.kind = AccessKind::LabelsShown,
        &|entry| entry.reason = AccessReason::Emergency,
        &|entry| entry.standing = AccessStanding::OpenedIt,
        &|entry| entry.words = Some(Id::of(b"another").into()),
    ];
    for (place, change) in changes.iter().enumerate() {
        // The fourth access is to a trail to which there is no other, so that none of its own links has to change.
        let document = dishonest(&world, |entries| {
            let mut changed = entries[3].1.clone();
            change(&mut changed);
            if changed.trail.is_none() {
                changed.previous_of_trail = None;
            }
            entries[3] = entry(changed);
        });
        let report = verify(&document, &world.trust(), None, None);
        assert!(matches!(report.exit, Exit::NotAuthentic | Exit::Incomplete), "field {place}: {:?}", report.exit);
        assert_eq!(report.whole, YesNo::No, "field {place}");
    }
}

/// [ACL-31]
#[test]
fn what_it_does_not_prove_is_said() {
    let world = World::pair();
    let report = cases(&world)[0].verify();
    let words = report.words.join("\n");
    for said in ["never recorded", "after that time", "rewrote before", "pseudonym", "one case"] {
        assert!(words.contains(said), "{said}: {words}");
    }
    assert!(words.starts_with("6 accesses by 4 people until 2026-11-22T00:05:00Z; 2 of them"), "{words}");
}

/// No cut of a document makes the verifier panic, and none is called authentic.
#[test]
fn every_cut_and_every_flipped_byte_is_refused() {
    let world = World::pair();
    let whole = cases(&world)[0].document.clone();
    for length in 0..whole.len() {
        assert_eq!(verify(&whole[..length], &world.trust(), None, None).exit, Exit::NotAuthentic, "{length}");
    }
    for place in (0..whole.len()).step_by(7) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        assert_eq!(verify(&flipped, &world.trust(), None, None).authentic, YesNo::No, "{place}");
    }
}
