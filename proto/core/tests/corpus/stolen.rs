//! A thief of a signing key, who dates back whatever it likes, and the organisation that disowns the key. [KEY-31] [KEY-32]
//! [BUN-104] to [BUN-108]

use uput_core::{
    bundle::BundleDraft,
    codec,
    event::Statement,
    head::Head,
    id::{EventId, Id},
    key::SealingSecret,
    log::{Checkpoint, EntryKind, LogProof, Origin, SignedCheckpoint},
    slot::Extent,
    wire::{self, PhoneAnswer, WarningCode},
};

use crate::{
    diary::{BASE, Diary, SOON, Scene},
    entry::Entry,
    forge::changed,
    sample::{Organisation, Story, TWO_PARTY, World, seed},
    slots::consented,
};

pub(crate) fn entries() -> Vec<Entry> {
    let scene = Scene::new(TWO_PARTY);
    let mut story = scene.world.enquiry();
    story.say(&scene.world.hotline, Statement::Warned(WarningCode::MayBeSought));
    let theft = Theft::of(&scene, &story);
    let resting = resting(&theft);
    [shown(&theft), dated_back(&theft), rivals(&theft), doubted(&theft), resting, framed(&theft), cited()]
        .into_iter()
        .flatten()
        .collect()
}

const BASE_STORY: &str = "an enquiry whose asker disowns a stolen key";

/// A hotline that wrote a warning, and disowned the key of it later.
struct Theft<'a> {
    scene: &'a Scene,
    story: &'a Story<'a>,
    /// With the record that disowns.
    after: Organisation,
    diary: Diary<'a>,
    warning: EventId,
}

/// The same organisation, that disowns its newest key up to this root.
fn disowning(name: &'static str, others: &[&Organisation], until: Option<(u64, Vec<u8>)>) -> Organisation {
    let mut own = Organisation::logging(name, BASE);
    own.rotate_with(|draft| draft.witnesses = others.iter().map(|other| other.id).collect());
    own.disown(until);
    own
}

impl<'a> Theft<'a> {
    fn of(scene: &'a Scene, story: &'a Story<'a>) -> Self {
        let hotline = &scene.world.hotline;
        let diary = scene.diary(hotline, story, |_| 0, 7);
        let others = [&scene.north, &scene.south, &scene.world.jasen];
        let root = diary.tree.root_at(7).unwrap().to_vec();
        let after = disowning("hotline", &others, Some((7, root)));
        assert!(after.records[..2] == hotline.records[..], "the same organisation");
        let warning = story.trail.last(uput_core::state::Side::Opener).unwrap();
        Self { scene, story, after, diary, warning }
    }

    /// The line that the record draws.
    fn line(&self) -> Checkpoint {
        let origin = Origin { organisation: self.after.id, incarnation: 0 };
        Checkpoint { origin, size: 7, root: self.diary.tree.root_at(7).unwrap() }
    }

    /// What proves the honest events and head, without a note beside it.
    fn proofs(&self) -> Vec<wire::LogProof> {
        let line = self.line().sign(self.after.signing());
        self.diary.proofs(&line).iter().map(LogProof::to_wire).collect()
    }

    /// The hotline's export of today; its head is by the key that counts.
    fn export(&self, change: impl FnOnce(&mut BundleDraft)) -> Vec<u8> {
        let (world, after) = (&self.scene.world, &self.after);
        let mut draft = self.story.draft(&world.hotline, &Extent::VALUES);
        draft.proofs.clear();
        draft.checkpoints.clear();
        draft.key = after.newest();
        draft.chains = vec![after.records.clone(), world.jasen.records.clone()];
        draft.chains.extend([self.scene.north.records.clone(), self.scene.south.records.clone()]);
        let head = Head { key: after.newest(), ..self.story.head(&world.hotline) };
        draft.heads = vec![head.sign(after.signing()).unwrap(), self.story.signed_head(&world.jasen)];
        change(&mut draft);
        draft.build(after.signing()).unwrap()
    }

    /// The thief writes with the stolen key after the warning, or in its place.
    fn forged(&self, statement: Statement, beside: bool) -> uput_core::envelope::Envelope {
        let hotline = &self.scene.world.hotline;
        let warning = self.story.trail.event(&self.warning).unwrap();
        let place = |event: &mut uput_core::event::Event| {
            event.time = warning.time;
            if beside {
                (event.seq, event.prev, event.seen) = (warning.seq, warning.prev, warning.seen);
            }
        };
        self.story.next(hotline, statement, place).envelope().clone()
    }

    fn entry(&self, name: &'static str, reason: &'static str, bundle: Vec<u8>) -> Entry {
        let trust = self.scene.trust();
        Entry::new(name, reason, &self.scene.world, bundle).of(BASE_STORY).trusting(|own| *own = trust)
    }

    fn refused(&self, name: &'static str, reason: &'static str, bundle: Vec<u8>) -> Entry {
        self.entry(name, reason, bundle).fails(13, "BUN-30", "REVOKED_SIGNER").breaks(&["BUN-104", "BUN-105"])
    }
}

/// The head of the hotline is by the stolen key: nothing by another key rests on the events.
fn old_head(theft: &Theft<'_>, draft: &mut BundleDraft) {
    draft.heads[0] = theft.story.signed_head(&theft.scene.world.hotline);
}

fn shown(theft: &Theft<'_>) -> Vec<Entry> {
    let under = |change: &dyn Fn(&mut BundleDraft)| {
        theft.export(|draft| {
            old_head(theft, draft);
            draft.proofs = theft.proofs();
            change(draft);
        })
    };
    let without = |kind: EntryKind, id: Id| {
        under(&|draft| {
            for proof in &mut draft.proofs {
                proof.shown.retain(|one| (one.kind, one.id.as_slice()) != (kind.number().into(), id.as_bytes()));
            }
        })
    };
    let head = theft.story.signed_head(&theft.scene.world.hotline).id();
    vec![
        theft.entry("events of a disowned key under the root that is named", "The log had them.", under(&|_| {})),
        theft.entry("events of a disowned key that a later head rests on", "The organisation counts them.", {
            theft.export(|_| {})
        }),
        theft.entry(
            "a head of a disowned key shows what it counts",
            "It stands under the root, and counts the warning.",
            { without(EntryKind::OwnEvent, theft.warning.into()) },
        ),
        theft
            .entry("a head of a disowned key that nothing shows", "A thief says of any day that nothing had come.", {
                without(EntryKind::Head, head)
            })
            .fails(13, "BUN-11", "REVOKED_SIGNER")
            .breaks(&["BUN-104", "BUN-105"])
            .also("BUN-40", "It was the asker's only head."),
        theft
            .refused("an event of a disowned key that nothing shows", "Nobody can tell it from a thief's.", {
                under(&|draft| draft.proofs.clear())
            })
            .also("BUN-11", "The head is by the same key.")
            .also("BUN-32", "The receiver's head has seen the warning.")
            .also("BUN-40", "It was the asker's only head."),
    ]
}

fn dated_back(theft: &Theft<'_>) -> Vec<Entry> {
    let by_thief = || theft.forged(Statement::Withdrawn, false);
    let logged = |event: &uput_core::envelope::Envelope| {
        let own = [
            (6, EntryKind::KeyRecord, theft.after.records[1].id()),
            (6, EntryKind::OwnEvent, theft.warning.into()),
            (6, EntryKind::OwnEvent, event.id()),
        ];
        Diary::of(&theft.scene.world.hotline, &own, 7)
    };
    vec![
        theft.refused("a thief dates a withdrawal back", "Its author's log did not have it.", {
            theft.export(|draft| {
                draft.proofs = theft.proofs();
                draft.events.push(by_thief());
            })
        }),
        theft
            .refused(
                "a thief shows a withdrawal in a log of its own",
                "It is another root than the one that is named.",
                {
                    let event = by_thief();
                    let own = logged(&event);
                    theft.export(|draft| {
                        own.show(draft, &own.cosigned(7, &[(&theft.scene.north, SOON)]));
                        draft.events.push(event);
                    })
                },
            )
            .breaks(&["BUN-104", "BUN-105", "BUN-107"]),
        theft.refused("a thief writes another event under a number that was used", "It is no twin: it is nobody's.", {
            theft.export(|draft| draft.events.push(theft.forged(Statement::Withdrawn, true)))
        }),
        theft
            .refused("the receiver's key vouches for a thief's event", "Nobody vouches for another one's event.", {
                theft.export(|draft| {
                    let event = by_thief();
                    let jasen = &theft.scene.world.jasen;
                    let last = Some(EventId::from(event.id()));
                    draft.heads.push(Head { own_last: last, ..theft.story.head(jasen) }.sign(jasen.signing()).unwrap());
                    draft.events.push(event);
                })
            })
            .also("BUN-36", "The receiver's two heads name two last events for one count."),
    ]
}

/// Two successors of one record disown one key, the one up to the root and the other altogether: the lower ID says.
/// [KEY-31]
fn rivals(theft: &Theft<'_>) -> Vec<Entry> {
    let hotline = &theft.scene.world.hotline;
    let rival = |lower: bool| {
        let days = (1..u64::from(u16::MAX)).map(|days| theft.after.disowning_until(days));
        days.into_iter().find(|rival| (rival.id() < theft.after.newest().into()) == lower).expect("one of so many fits")
    };
    let with = |rival: uput_core::envelope::Envelope| {
        theft.export(|draft| {
            old_head(theft, draft);
            draft.proofs = theft.proofs();
            let own = draft.chains.iter_mut().find(|chain| chain[0].id() == hotline.records[0].id()).unwrap();
            own.push(rival);
        })
    };
    vec![
        theft
            .entry(
                "of two successors that disown one key, the higher ID says that nothing of it counts",
                "The lower one says up to where it counts.",
                with(rival(false)),
            )
            .fails(12, "BUN-25", "")
            .breaks(&["KEY-31"]),
        theft
            .refused(
                "of two successors that disown one key, the lower ID says that nothing of it counts",
                "So whatever stands under the root of the other one counts for nothing.",
                with(rival(true)),
            )
            .breaks(&["KEY-31"])
            .also("BUN-11", "The head is by the same key.")
            .also("BUN-25", "The organisation signed two successors.")
            .also("BUN-32", "The receiver's head has seen the warning.")
            .also("BUN-40", "It was the asker's only head."),
    ]
}

/// The receiver had it before it heard of the theft, by its own cosigned log.
fn doubted(theft: &Theft<'_>) -> Vec<Entry> {
    let jasen = &theft.scene.world.jasen;
    let event = || theft.forged(Statement::Warned(WarningCode::RiskChanged), false);
    let log = |heard_first: bool, event: &uput_core::envelope::Envelope| {
        let mut own =
            vec![(6, EntryKind::ReceivedEvent, event.id()), (6, EntryKind::KeyRecord, theft.after.records[2].id())];
        if heard_first {
            own.reverse();
        }
        Diary::of(jasen, &own, 7)
    };
    let with = |event: uput_core::envelope::Envelope, heard_first: bool, witnessed: bool| {
        let log = log(heard_first, &event);
        let by = [(&theft.scene.north, SOON)];
        theft.export(|draft| {
            log.show(draft, &log.cosigned(7, if witnessed { &by } else { &[] }));
            draft.events.push(event);
        })
    };
    vec![
        theft
            .entry(
                "a thief's event that the receiver had before it heard of the theft",
                "It acted on it in good faith.",
                { with(event(), false, true) },
            )
            .doubts("BUN-30")
            .breaks(&["BUN-106"]),
        theft
            .refused("a thief's event that the receiver had after it heard of the theft", "It knew better.", {
                with(event(), true, true)
            })
            .breaks(&["BUN-104", "BUN-106"]),
        theft
            .refused("a thief's event in a log that nobody cosigned", "Its order is its owner's word.", {
                with(event(), false, false)
            })
            .breaks(&["BUN-104", "BUN-106"]),
        theft
            .refused(
                "a thief's event under a used number that the receiver had early",
                "What is shown has that number.",
                { with(theft.forged(Statement::Withdrawn, true), false, true) },
            )
            .breaks(&["BUN-104", "BUN-106"]),
    ]
}

/// What would be a fault is none of anybody who wrote it, nor of whoever believed it. [BUN-125] [BUN-129]
fn resting(theft: &Theft<'_>) -> Vec<Entry> {
    let (hotline, jasen) = (&theft.scene.world.hotline, &theft.scene.world.jasen);
    let told = |change: &dyn Fn(&mut Story<'_>)| {
        let mut later = theft.scene.world.enquiry();
        later.say(hotline, Statement::Warned(WarningCode::MayBeSought));
        change(&mut later);
        later
    };
    // The receiver had the first event after the warning, and heard of the theft then.
    let had = |later: &Story<'_>, heads: &[Head]| {
        let stolen = later.trail.events().find(|event| event.prev == Some(theft.warning)).unwrap();
        let entries = [
            (6, EntryKind::ReceivedEvent, stolen.envelope().id()),
            (6, EntryKind::KeyRecord, theft.after.records[2].id()),
        ];
        let log = Diary::of(jasen, &entries, 7);
        theft.export(|draft| {
            log.show(draft, &log.cosigned(7, &[(&theft.scene.north, SOON)]));
            draft.events = later.trail.events().map(|event| event.envelope().clone()).collect();
            draft.heads[1] = later.signed_head(jasen);
            draft.heads.extend(heads.iter().map(|head| head.clone().sign(theft.after.signing()).unwrap()));
        })
    };
    let void = told(&|later| {
        later.force(hotline, Statement::Held { until: theft.scene.world.at(9000) }, |_| {});
    });
    let both = told(&|later| {
        later.force(hotline, Statement::Held { until: theft.scene.world.at(9000) }, |_| {});
        later.force(jasen, Statement::ChosenElsewhere, |_| {});
    });
    let without_facts = told(&|later| {
        later.say(hotline, Statement::Phoned(PhoneAnswer::No));
        later.force(jasen, Statement::ChosenElsewhere, |_| {});
    });
    let stale = told(&|later| {
        let seen = later.trail.last(uput_core::state::Side::Peer);
        later.say(jasen, Statement::Acknowledged);
        later.force(hotline, Statement::Warned(WarningCode::RiskChanged), |event| event.seen = seen);
    });
    let earlier = |story: &Story<'_>| {
        let warned = theft.story.head(hotline);
        let last = story.trail.last(uput_core::state::Side::Peer);
        Head {
            key: theft.after.newest(),
            seen_count: story.trail.count(uput_core::state::Side::Peer),
            seen_last: last,
            ..warned
        }
    };
    let contacted = told(&|later| {
        later.say(hotline, Statement::Withdrawn);
        later.force(jasen, Statement::ContactMade, |_| {});
    });
    let late = told(&|later| {
        let need = later.force(hotline, Statement::Need, |event| {
            (event.terms, event.slots) = (Some(consented(1)), vec![7; 8 * 32]);
        });
        later.force(jasen, Statement::Delivered(need), |_| {});
        later.clock += 40 * 60;
    });
    let case = |name, reason, requirement, bundle| {
        let entry = theft.entry(name, reason, bundle).doubts(requirement).breaks(&["BUN-106", "BUN-125"]);
        entry.also("BUN-30", "Who wrote one of the events nobody can say.")
    };
    vec![
        case(
            "a thief says what only a receiver says",
            "It is void, and whose fault that is nobody can say.",
            "BUN-53",
            had(&void, &[]),
        ),
        theft
            .entry(
                "a receiver says what only a sender says after a void event that a thief may have written",
                "What is void has changed nothing, whoever wrote it.",
                had(&both, &[]),
            )
            .fails(14, "BUN-53", "")
            .breaks(&["BUN-129"])
            .also("BUN-30", "Who wrote one of the events nobody can say."),
        theft
            .entry(
                "a receiver says what only a sender says after an event without facts that a thief may have written",
                "It counts, and changes nothing of the state, whoever wrote it.",
                had(&without_facts, &[]),
            )
            .fails(14, "BUN-53", "")
            .breaks(&["BUN-129"])
            .also("BUN-30", "Who wrote one of the events nobody can say."),
        case(
            "a thief has seen less than a head of the organisation before it",
            "The organisation said the one, and perhaps not the other.",
            "BUN-34",
            had(&stale, &[earlier(&stale)]),
        ),
        case(
            "contact after a withdrawal that a thief may have written",
            "Whether she withdrew nobody can say.",
            "BUN-54",
            had(&contacted, &[]),
        ),
        case(
            "no answer to a need that a thief may have written",
            "Whether anything was asked nobody can say.",
            "BUN-59",
            had(&late, &[]),
        )
        .also("BUN-56", "What it holds is closed."),
    ]
}

/// What a thief signs accuses nobody.
fn framed(theft: &Theft<'_>) -> Vec<Entry> {
    let hotline = &theft.scene.world.hotline;
    let other = Diary::of(hotline, &[(3, EntryKind::KeyRecord, hotline.records[1].id())], 6);
    let north = disowned_witness();
    let swapped = |draft: &mut BundleDraft| {
        let own = draft.chains.iter_mut().find(|chain| chain[0].id() == north.records[0].id()).unwrap();
        own.clone_from(&north.records);
    };
    let cosigned = |draft: &mut BundleDraft, witness: &Organisation| {
        let logs = theft.scene.logs(theft.story);
        logs.iter().for_each(|log| log.show(draft, &log.cosigned(7, &[(witness, SOON)])));
    };
    vec![
        theft.entry("a thief splits a log", "A stolen key signs what it likes.", {
            theft.export(|draft| {
                draft.checkpoints = vec![theft.diary.checkpoint(6).to_bytes(), other.checkpoint(6).to_bytes()];
            })
        }),
        theft
            .entry("two roots of one size by a key that nobody disowns", "The log showed two histories.", {
                let by_new = |diary: &Diary<'_>| diary.checkpoint(6).claimed().sign(theft.after.signing());
                let both: [SignedCheckpoint; 2] = [by_new(&theft.diary), by_new(&other)];
                theft.export(|draft| draft.checkpoints = both.map(|note| note.to_bytes()).into())
            })
            .fails(12, "BUN-76", ""),
        between(theft, &other, "a thief's root between two roots of one size", |[low, high], thief| {
            low < thief && thief < high
        }),
        between(theft, &other, "a thief's root before two roots of one size", |[low, _], thief| thief < low),
        theft
            .entry("cosigned by a key that its witness disowns", "Anybody who stole it cosigns.", {
                theft.export(|draft| {
                    swapped(draft);
                    cosigned(draft, &theft.scene.north);
                })
            })
            .trusting(|trust| *trust = theft.scene.demanding(1))
            .fails(11, "BUN-63", "")
            .breaks(&["BUN-107"]),
        theft
            .entry("cosigned by a witness that disowns another key", "The new key counts.", {
                theft.export(|draft| {
                    swapped(draft);
                    cosigned(draft, &north);
                })
            })
            .trusting(|trust| *trust = theft.scene.demanding(1)),
    ]
}

/// Two histories by the key that counts, and beside them a third root by the one that was stolen, whose ID stands where it
/// is wanted: it hides nothing.
fn between(theft: &Theft<'_>, other: &Diary<'_>, name: &'static str, fits: impl Fn([Id; 2], Id) -> bool) -> Entry {
    let hotline = &theft.scene.world.hotline;
    let both = [&theft.diary, other].map(|diary| diary.checkpoint(6).claimed().sign(theft.after.signing()));
    let mut ids = both.each_ref().map(|note| note.claimed().id());
    ids.sort();
    let third = |n: u16| Diary::of(hotline, &[(3, EntryKind::KeyRecord, Id::of(&n.to_be_bytes()))], 6).checkpoint(6);
    let third = (0..u16::MAX).map(third).find(|note| fits(ids, note.claimed().id())).expect("one of so many fits");
    theft
        .entry(name, "What a thief signs hides no history either.", {
            theft.export(|draft| {
                draft.checkpoints = both.each_ref().map(|note| note.to_bytes()).into();
                draft.checkpoints.push(third.to_bytes());
            })
        })
        .fails(12, "BUN-76", "")
}

/// The witness of the scene, later.
fn disowned_witness() -> Organisation {
    let mut north = Organisation::invented("north");
    north.rotate();
    north.disown(None);
    north
}

fn cited() -> Vec<Entry> {
    let world = World::invented();
    let mut centre = Organisation::invented("centre");
    centre.disown(None);
    let bundle = changed(&world.night(), |draft| {
        let own = draft.chains.iter_mut().find(|chain| chain[0].id() == centre.records[0].id()).unwrap();
        own.clone_from(&centre.records);
    });
    vec![
        Entry::new(
            "a decision of an issuer that disowns the key of it",
            "Nothing shows that it decided so.",
            &world,
            bundle,
        )
        .of("a night that kept everything")
        .fails(13, "BUN-51", "REVOKED_SIGNER")
        .breaks(&["BUN-104"]),
    ]
}

/// A record of a witness that disowns its first signing key, and changes this of it. [KEY-31] [KEY-32]
pub(crate) fn disowns(record: &mut wire::KeyRecord, first: &uput_core::envelope::Envelope) {
    let before: wire::KeyRecord = codec::decode(first.body()).unwrap();
    let key = uput_core::key::PublicKey::parse(&before.signing_key).unwrap().id().to_vec();
    record.disowned = Some(wire::Disowned { key, incarnation: 0, size: 3, root: seed("an invented root").to_vec() });
    let sealing = SealingSecret::from_seed(&seed("a witness sealing after a theft"));
    record.sealing_keys = vec![sealing.public().to_vec()];
}
