//! What is opened: against its commitment, the catalogue, the profile and the basis.

use uput_core::{
    agreement::{Occasion, Request},
    attestation::{Attestation, CopySecrets},
    event::Statement,
    id::Id,
    sensitive::Sensitive,
    slot::{Extent, SlotSecrets},
    wire::{self, Disclosure, LegalBasis, SlotDisclosure, disclosure::Form},
};

use crate::{
    entry::Entry,
    forge::changed,
    sample::{Story, TWO_PARTY, World, known, seed},
    slots::{self, Fields, Slots, consented, fields, identity, need, on, opened, tell, whole, with, without},
};

pub(crate) const BASE: &str = "an enquiry that was held, and her need";
/// Why a refused disclosure breaks the profile too.
const UNUSED: &str = "Nothing of a disclosure that is refused is used, so its slots are closed.";

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [commitments(&world), forms(&world), closed(&world), catalogue(&world), profile(&world), ticks(), attested()]
        .into_iter()
        .flatten()
        .collect()
}

/// [BUN-50] [DIS-5] [DIS-10]
fn commitments(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let case = |name, reason, change: &dyn Fn(&mut Vec<Disclosure>)| {
        Entry::new(name, reason, world, changed(&story, |draft| change(&mut draft.disclosures)))
            .fails(10, "BUN-50", "BAD_DISCLOSURE")
            .breaks(&["DIS-10"])
            .also("BUN-56", UNUSED)
    };
    let mut two = world.enquiry();
    let second = tell(&mut two, &world.hotline, Statement::Need, consented(1), &need(&[]));
    let foreign = {
        let nonce = world.another().trail.opening().unwrap().nonce;
        let slots = Slots::of(&nonce, &world.hotline, 3, &need(&[]));
        let mut story = world.enquiry();
        let event = story.force(&world.hotline, Statement::Need, |event| {
            (event.terms, event.slots) = (Some(consented(1)), slots.commitments.clone());
        });
        opened(&story, slots.opening(event))
    };
    let taken = {
        let mut story = world.enquiry();
        let nonce = story.trail.opening().unwrap().nonce;
        let slots = Slots::of(&nonce, &world.jasen, 3, &need(&[]));
        let event = story.force(&world.hotline, Statement::Need, |event| {
            (event.terms, event.slots) = (Some(consented(1)), slots.commitments.clone());
        });
        opened(&story, slots.opening(event))
    };
    let of_need = |name, reason, bundle| {
        Entry::new(name, reason, world, bundle)
            .of("an enquiry that was held, and her need")
            .fails(10, "BUN-50", "BAD_DISCLOSURE")
            .also("BUN-56", UNUSED)
    };
    vec![
        case("a value that was not committed to", "Nine beds instead of two.", &|all| {
            let field = whole(&mut all[0]).fields.iter_mut().find(|field| field.label == "places");
            field.unwrap().value = String::from("9");
        }),
        case("a label that was not committed to", "The beds are called adults.", &|all| {
            let field = whole(&mut all[0]).fields.iter_mut().find(|field| field.label == "places");
            field.unwrap().label = String::from("needed_when");
        }),
        case("a secret of labels that is another one", "One bit of S.", &|all| whole(&mut all[0]).label_secret[0] ^= 1)
            .breaks(&["DIS-4", "DIS-10"]),
        case("a secret of values that is another one", "One bit of T.", &|all| whole(&mut all[0]).value_secret[0] ^= 1)
            .breaks(&["DIS-4", "DIS-10"]),
        case("two fields in each other's place", "A slot is bound to its position.", &|all| {
            whole(&mut all[0]).fields.swap(0, 1)
        })
        .breaks(&["DIS-5", "DIS-10"]),
        case("a whole event opened without its last slot", "A whole disclosure has an entry for each.", &|all| {
            whole(&mut all[0]).fields.pop();
        }),
        case("a whole event opened with a slot too many", "A whole disclosure has an entry for each.", &|all| {
            let fields = &mut whole(&mut all[0]).fields;
            fields.push(fields[0].clone());
        }),
        of_need("what opens one event given for another", "The need is opened with what opens the enquiry.", {
            changed(&two, |draft| {
                let mut moved = draft.disclosures[0].clone();
                moved.event.clone_from(&second.event);
                draft.disclosures.push(moved);
            })
        })
        .breaks(&["DIS-4", "DIS-10"]),
        of_need("slots of another trail", "They are bound to the nonce of that trail's opening.", foreign)
            .breaks(&["DIS-5"]),
        of_need("slots of the other party", "They are bound to their author.", taken).breaks(&["DIS-5"]),
        of_need("one label in two slots", "Which of the two values counts, readers would disagree.", {
            let mut story = world.enquiry();
            let twice =
                tell(&mut story, &world.hotline, Statement::Need, consented(1), &need(&[("risk_level", "low")]));
            opened(&story, twice)
        })
        .breaks(&["DIS-10", "DIS-12"]),
        Entry::new("slots opened of an event that is not here", "Nobody committed to them.", world, {
            changed(&story, |draft| {
                let mut stray = draft.disclosures[0].clone();
                stray.event = Id::of(b"no event").as_bytes().to_vec();
                draft.disclosures.insert(0, stray);
            })
        })
        .fails(10, "BUN-50", ""),
        Entry::new("slots opened of an event that has none", "The shelter's answer has no slots.", world, {
            changed(&story, |draft| {
                let mut stray = draft.disclosures[0].clone();
                stray.event = story.trail.events().last().unwrap().id.to_vec();
                draft.disclosures.push(stray);
            })
        })
        .fails(10, "BUN-50", "BAD_DISCLOSURE")
        .breaks(&["DIS-10"]),
    ]
}

/// [DIS-10]
fn forms(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let partly = |change: &dyn Fn(&mut Vec<SlotDisclosure>)| {
        let labels = story.draft(&world.hotline, &Extent::LABELS).disclosures.remove(0);
        changed(&story, |draft| {
            draft.disclosures = vec![labels];
            let Some(Form::Some(some)) = &mut draft.disclosures[0].form else { panic!("whole") };
            change(&mut some.slots);
        })
    };
    let case = |name, rejection, reason, change: &dyn Fn(&mut Vec<SlotDisclosure>)| {
        Entry::new(name, reason, world, partly(change))
            .fails(10, "BUN-50", rejection)
            .breaks(&["DIS-10"])
            .also("BUN-56", UNUSED)
    };
    let formless = changed(&story, |draft| draft.disclosures[0].form = None);
    let short = changed(&story, |draft| whole(&mut draft.disclosures[0]).label_secret.truncate(31));
    vec![
        Entry::new("a disclosure of no form", "Neither whole nor some.", world, formless)
            .fails(10, "BUN-50", "MALFORMED")
            .breaks(&["DIS-10"])
            .also("BUN-56", UNUSED),
        Entry::new("a secret of 31 bytes", "It has 32.", world, short)
            .fails(10, "BUN-50", "MALFORMED")
            .breaks(&["DIS-10"])
            .also("BUN-56", UNUSED),
        case("some slots opened, and none is there", "MALFORMED", "There is at least one.", &|slots| slots.clear()),
        case("slots opened in another order", "MALFORMED", "They ascend by index.", &|slots| slots.swap(0, 1)),
        case("one slot opened twice", "MALFORMED", "They ascend by index.", &|slots| slots[1] = slots[0].clone()),
        case("a slot key of 33 bytes", "MALFORMED", "It has 32.", &|slots| slots[0].label_key.push(7)),
        case("an opened slot without content", "MALFORMED", "Neither a value nor its commitment.", &|slots| {
            slots[0].content = None;
        }),
        case("a slot opened that is not there", "BAD_DISCLOSURE", "There are eight, and this is number 8.", &|slots| {
            slots[7].index = 8;
        }),
        case("a label opened with another value's commitment", "BAD_DISCLOSURE", "c differs.", &|slots| {
            let other = slots[1].content.clone();
            slots[0].content = other;
        }),
    ]
}

/// [BUN-56] [DIS-14]
fn closed(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let labels = story.draft(&world.hotline, &Extent::LABELS).disclosures.remove(0);
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle).breaks(&["DIS-14"]);
    vec![
        case("labels without values are enough to judge them", "No label here needs a value.", {
            changed(&story, |draft| draft.disclosures = vec![labels.clone()])
        }),
        case(
            "nothing is opened",
            "A closed slot is not a slot within profile.",
            changed(&story, |draft| draft.disclosures.clear()),
        )
        .doubts("BUN-56"),
        case("one slot of eight stays closed", "What stands in it nobody can say.", {
            changed(&story, |draft| {
                let mut labels = labels.clone();
                let Some(Form::Some(some)) = &mut labels.form else { panic!("whole") };
                some.slots.pop();
                draft.disclosures = vec![labels];
            })
        })
        .doubts("BUN-56"),
    ]
}

/// Her need with other fields.
pub(crate) fn needing(world: &World, said: &Fields) -> Vec<u8> {
    let mut story = world.enquiry();
    let disclosure = tell(&mut story, &world.hotline, Statement::Need, consented(1), said);
    opened(&story, disclosure)
}

/// [DIS-1] [DIS-7] [DIS-8] [DIS-9]
fn catalogue(world: &World) -> Vec<Entry> {
    let case = |name, reason, breaks, said: Fields| {
        Entry::new(name, reason, world, needing(world, &said)).of(BASE).fails(14, "BUN-56", "").breaks(breaks)
    };
    let values = &["DIS-7", "DIS-9", "DIS-14"];
    vec![
        Entry::new("a need under her consent", "Nothing was changed.", world, needing(world, &need(&[]))).of(BASE),
        case(
            "a label that no catalogue has",
            "What has no row must not travel.",
            &["DIS-1", "DIS-14"],
            need(&[("photograph", "x")]),
        ),
        case(
            "a slot with a value and no label",
            "An empty slot has neither.",
            &["DIS-10", "DIS-14"],
            need(&[("", "hidden words")]),
        ),
        case(
            "a text that turns the direction",
            "U+202E hides what stands beside it.",
            &["DIS-7", "DIS-8", "DIS-14"],
            { with(need(&[]), "consent_purpose", "A place \u{202e}edisni") },
        ),
        case(
            "a text that is not composed",
            "e and an accent in place of one letter.",
            &["DIS-7", "DIS-8", "DIS-14"],
            { with(need(&[]), "consent_purpose", "Une nuit abrite\u{301}e") },
        ),
        case(
            "a text with a space at its end",
            "Nobody sees it, and it is another value.",
            &["DIS-7", "DIS-8", "DIS-14"],
            { with(need(&[]), "consent_purpose", "A place in a shelter ") },
        ),
        case("a number with a zero before it", "One number, one way to write it.", values, need(&[("adults", "01")])),
        case(
            "a code that its label does not have",
            "Nobody knows how grave it is.",
            values,
            with(need(&[]), "risk_level", "enormous"),
        ),
        case("codes that do not ascend", "One set, one way to write it.", values, {
            need(&[("health_needs", "mobility_aid injury_care")])
        }),
        case("a day that no calendar has", "30 February.", values, with(need(&[]), "consent_until", "2026-02-30")),
        case("a language that nobody speaks", "The list has no such code.", values, with(need(&[]), "language", "qq")),
    ]
}

/// [BUN-56] [DIS-3] [DIS-12] [DIS-15] [AGR-23]
fn profile(world: &World) -> Vec<Entry> {
    let case = |name, reason, breaks, bundle: Vec<u8>| {
        Entry::new(name, reason, world, bundle).of(BASE).fails(14, "BUN-56", "").breaks(breaks)
    };
    let replying = |said: &Fields| {
        let mut story = world.enquiry();
        let disclosure =
            tell(&mut story, &world.jasen, Statement::Acknowledged, on(0, LegalBasis::NoneNeededNonpersonal), said);
        opened(&story, disclosure)
    };
    vec![
        case(
            "a label that the profile does not have",
            "The shelter may never get a date of birth here.",
            &["DIS-12", "DIS-14", "AGR-23"],
            { needing(world, &need(&[("date_of_birth", "1990-01-01")])) },
        ),
        case("her name in the need", "Who she is waits for the yes.", &["DIS-2", "DIS-3", "DIS-12", "DIS-14"], {
            needing(world, &need(&[("name", "Mila Invented")]))
        }),
        case("a label of another basis", "Danger to life stands beside a consent.", &["BAS-1", "DIS-12"], {
            needing(world, &need(&[("danger", "life")]))
        }),
        case("who approved is who acted", "One pseudonym is no second person.", &["DIS-15"], {
            needing(world, &need(&[("actor", "case-worker-1"), ("supervisor", "case-worker-1")]))
        }),
        case(
            "her name in the receiver's answer",
            "A reply discloses nothing about her.",
            &["AGR-22", "AGR-23", "DIS-12"],
            { replying(&fields(&[("name", "Mila Invented")])) },
        ),
        case(
            "a decision's number in an answer that says nothing about her",
            "It is of class P2.",
            &["AGR-23", "DIS-12"],
            { replying(&fields(&[("decision_reference", "17/26")])) },
        ),
        Entry::new("an answer that says who acted", "That is always permitted.", world, {
            replying(&fields(&[("actor", "case-worker-1"), ("actor_role", "intake")]))
        })
        .of("an enquiry that was held, and a reply"),
    ]
}

/// What she must tick for this recipient, by the agreement of four. [BAS-5]
fn ticks() -> Vec<Entry> {
    const BASE: &str = "a night up to her identity";
    let world = World::invented();
    let told = |said: &Fields| {
        let mut story = world.enquiry();
        story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, crate::sample::needed());
        story.delivered_and(Statement::Accepted);
        let disclosure = tell(&mut story, &world.hotline, Statement::Identity, consented(2), said);
        (story, disclosure)
    };
    let case = |name, reason, said: &Fields| {
        let (story, disclosure) = told(said);
        Entry::new(name, reason, &world, opened(&story, disclosure)).of(BASE)
    };
    let words = ("need_statement", "She needs a quiet room");
    let ticked = identity(&[words, ("consent_ticked", "need_statement")]);
    vec![
        case("a label that she ticked", "Her tick is in the same event.", &ticked),
        case("a label that she did not tick", "Her tick is not there.", &identity(&[words]))
            .fails(14, "BUN-56", "")
            .breaks(&["BAS-5", "DIS-3", "DIS-12", "DIS-14", "AGR-8"]),
        case(
            "a label for which she ticked another one",
            "Her tick is for the name.",
            &identity(&[words, ("consent_ticked", "name")]),
        )
        .fails(14, "BUN-56", "")
        .breaks(&["BAS-5", "DIS-14"]),
        {
            let (story, disclosure) = told(&ticked);
            let labels = labels_of(&story, disclosure);
            Entry::new(
                "a label that needs a tick, and the ticks are closed",
                "Which she ticked stands in a value.",
                &world,
                { opened(&story, labels) },
            )
            .of(BASE)
            .doubts("BUN-56")
            .breaks(&["DIS-14"])
        },
    ]
}

/// The same with labels alone.
fn labels_of(story: &Story<'_>, disclosure: wire::Disclosure) -> wire::Disclosure {
    let event = uput_core::id::EventId::parse(&disclosure.event).unwrap();
    let opening = story.trail.opening().unwrap();
    let author = story.trail.event(&event).unwrap();
    let disclosed = uput_core::slot::open(&disclosure, &author.slots, &opening.nonce, &author.author).unwrap();
    disclosed.disclose(&event, &Extent::LABELS).unwrap()
}

/// What was signed of her, beside what is said of her now. [ONW-2] [ONW-3]
fn attested() -> Vec<Entry> {
    const BASE: &str = "a trail up to her identity, with what was attested of her";
    let lists = "\"safe_contact_message\",\n]\nreply = [\"places\"";
    assert!(TWO_PARTY.contains(lists));
    let with = "\"safe_contact_message\", \"provenance\",\n]\nticked = [\"provenance\"]\nreply = [\"places\"";
    let world = World::pair_by(&TWO_PARTY.replacen(lists, with, 1));
    let told = |name, reason, provenance: &str, change: &dyn Fn(Fields) -> Fields| {
        let mut story = up_to_yes(&world);
        let said = change(identity(&[("provenance", provenance), ("consent_ticked", "provenance")]));
        let disclosure = tell(&mut story, &world.hotline, Statement::Identity, consented(2), &said);
        Entry::new(name, reason, &world, opened(&story, disclosure)).of(BASE)
    };
    let copy = copy(&world);
    let unlisted = World::pair_by(&TWO_PARTY.replacen(lists, &with.replace("ticked = [\"provenance\"]\n", ""), 1));
    vec![
        {
            let mut story = up_to_yes(&unlisted);
            let said = identity(&[("provenance", &copy), ("consent_ticked", "name")]);
            let disclosure = tell(&mut story, &unlisted.hotline, Statement::Identity, consented(2), &said);
            Entry::new(
                "whose word it is without her tick",
                "No profile asks for the tick; under a consent the cell does.",
                &unlisted,
                opened(&story, disclosure),
            )
            .of(BASE)
            .fails(14, "BUN-56", "")
            .breaks(&["DIS-17"])
        },
        told(
            "what was attested of her stands beside it",
            "Each fact under its own label, with the same value.",
            &copy,
            &|all| all,
        ),
        told("another name than was attested", "What was signed says otherwise.", &copy, &|all| {
            slots::with(all, "name", "Mara Invented")
        })
        .fails(14, "BUN-56", "")
        .breaks(&["ONW-3", "DIS-14"]),
        told(
            "what was attested and is not said beside it",
            "The copy opens her name, and the event does not say it.",
            &copy,
            &|all| without(all, "name"),
        )
        .fails(14, "BUN-56", "")
        .breaks(&["ONW-3", "DIS-14"]),
        told(
            "a provenance that is no copy of anything",
            "Words in place of an attestation.",
            "the police know her",
            &|all| all,
        )
        .fails(14, "BUN-56", "")
        .breaks(&["ONW-1", "ONW-2", "DIS-9"]),
    ]
}

fn up_to_yes(world: &World) -> Story<'_> {
    let mut story = world.enquiry();
    story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, crate::sample::needed());
    story.delivered_and(Statement::Accepted);
    story
}

/// A copy of what the hotline signed of her.
fn copy(world: &World) -> String {
    let story = up_to_yes(world);
    let opening = story.trail.opening().unwrap().clone();
    let request = Request {
        opener: &world.hotline.id,
        opening: &opening,
        terms: consented(2),
        occasion: Occasion::Later,
        kind: None,
        time: world.at(20),
    };
    let said = world.agreement.permit(&request).unwrap().minimise(known()).unwrap();
    let secret = |name: &str| Sensitive::new(seed(name));
    let slots = SlotSecrets { labels: secret("labels of a copy"), values: secret("values of a copy") };
    let secrets = CopySecrets { nonce: seed("nonce of a copy"), slots, order: secret("order of a copy") };
    let copy = Attestation::issue(&said, &world.hotline.author(1), world.at(20), secrets).unwrap();
    copy.unwrap().value().expose().clone()
}
