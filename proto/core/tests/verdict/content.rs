//! Cases of events, agreements and disclosures.

use uput_core::{
    envelope::{Envelope, MediaType},
    event::{Event, Statement, Terms},
    head::{ClosedIncarnation, Head},
    id::Id,
    slot::Extent,
    verdict::Exit,
    wire::{self, ClosureReason, LegalBasis, PurgeManner},
};

use crate::{
    case::{Case, changed, exported},
    innocent,
    sample::{Organisation, Story, TWO_PARTY, World, needed, placement},
};

pub(crate) fn of_events(world: &World) -> Vec<Case> {
    let case = |name, exit, requirement, bundle| Case::new(name, exit, requirement, world, bundle);
    let story = world.enquiry();
    // The opener has the greater ID.
    let [opener, peer] = ["shelter-jasen", "hotline"].map(Organisation::invented);
    let swapped = World::between(opener, peer, TWO_PARTY, Vec::new(), 60);
    let mut longer = world.enquiry();
    let acknowledged = longer.say(&world.jasen, Statement::Acknowledged);
    longer.say(&world.jasen, Statement::Closed(ClosureReason::NoLongerNeeded));
    let without =
        |id: uput_core::id::EventId| changed(&longer, |draft| draft.events.retain(|event| event.id() != id.into()));
    let twin = story.next(&world.jasen, Statement::Acknowledged, |event| {
        event.seq -= 1;
        event.prev = story.trail.event(&event.prev.unwrap()).unwrap().prev;
    });
    vec![
        case(
            "an event that the other party signed",
            Exit::NotAuthentic,
            "BUN-30",
            changed(&story, |draft| {
                let event = story.next(&world.jasen, Statement::Acknowledged, |_| {});
                draft
                    .events
                    .push(Envelope::sign(MediaType::EVENT, event.encode(), &[world.hotline.signing()]).unwrap());
            }),
        ),
        case(
            "an event that is no event",
            Exit::NotAuthentic,
            "BUN-30",
            changed(&story, |draft| {
                draft.events.push(story.signed_head(&world.jasen));
            }),
        ),
        case(
            "an event of another trail",
            Exit::NotAuthentic,
            "BUN-31",
            changed(&story, |draft| {
                let other = world.another();
                draft.events.extend(other.trail.events().last().map(|event| event.envelope().clone()));
                draft.events.extend(other.trail.events().map(|event| event.envelope().clone()));
            }),
        ),
        case(
            "an event that skips a number",
            Exit::NotAuthentic,
            "BUN-31",
            changed(&story, |draft| {
                draft
                    .events
                    .push(story.next(&world.jasen, Statement::Acknowledged, |event| event.seq += 1).into_envelope());
            }),
        ),
        case(
            "an event of a newer version",
            Exit::Incomplete,
            "BUN-24",
            changed(&story, |draft| {
                let event = story.next(&world.jasen, Statement::Acknowledged, |_| {});
                draft.events.push(newer(&event, world));
            }),
        ),
        case(
            "an event of a newer version with a false signature",
            Exit::NotAuthentic,
            "BUN-30",
            changed(&story, |draft| {
                let event = story.next(&world.jasen, Statement::Acknowledged, |_| {});
                let mut wire = newer(&event, world).to_wire();
                wire.signatures[0].signature[5] ^= 1;
                draft.events.push(Envelope::from_wire(wire).unwrap());
            }),
        ),
        case(
            "an event of a newer version of another trail",
            Exit::NotAuthentic,
            "BUN-31",
            changed(&story, |draft| {
                let event = world.another().next(&world.jasen, Statement::Acknowledged, |_| {});
                draft.events.push(newer(&event, world));
            }),
        ),
        case("an event is missing in the middle", Exit::Incomplete, "BUN-32", without(acknowledged)),
        case("the opening is missing", Exit::Incomplete, "BUN-32", without(longer.trail.id().opening())),
        case("an event that something names as delivered is missing", Exit::Incomplete, "BUN-32", {
            let mut story = world.enquiry();
            story.force(&world.jasen, Statement::Delivered(Id::of(b"a dropped event").into()), |_| {});
            exported(&story)
        }),
        case(
            "two events with one number",
            Exit::Equivocation,
            "BUN-33",
            changed(&story, |draft| {
                draft.events.push(twin.envelope().clone());
            }),
        ),
        case(
            "two events with one number, of which one is of a newer version",
            Exit::Equivocation,
            "BUN-33",
            changed(&story, |draft| draft.events.push(newer(&twin, world))),
        ),
        case("two events with one number, and what one of them has seen is not here", Exit::Equivocation, "BUN-33", {
            let hidden = story.next(&world.hotline, Statement::Warned(wire::WarningCode::RiskChanged), |_| {});
            let twin = story.next(&world.jasen, Statement::Acknowledged, |event| {
                event.seq -= 1;
                event.prev = story.trail.event(&event.prev.unwrap()).unwrap().prev;
                event.seen = Some(hidden.id);
            });
            changed(&story, |draft| draft.events.push(twin.into_envelope()))
        }),
        case("an event that has seen less than its author's head before", Exit::NotConformant, "BUN-34", stale(world)),
        case("a restored node used a number again, and nobody closed it", Exit::Incomplete, "BUN-35", {
            restored(world, None)
        }),
        case("a restored node used a number again, and the other party closed it", Exit::Valid, "", {
            restored(world, Some(ClosedIncarnation { incarnation: 0, count: 1 }))
        }),
        Case::new(
            "both parties were restored, and each closed what the other wrote again",
            Exit::Valid,
            "",
            &swapped,
            both_restored(&swapped),
        ),
        case("a restored node used a number again that the other party had admitted", Exit::Incomplete, "BUN-35", {
            restored(world, Some(ClosedIncarnation { incarnation: 0, count: 2 }))
        }),
        case("a withdrawal is set aside on no basis", Exit::NotConformant, "BUN-54", {
            let mut story = world.enquiry();
            story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
            story.say(&world.jasen, Statement::Withdrawn);
            story.say(&world.hotline, Statement::Reopened);
            exported(&story)
        }),
        case("an enquiry that was withdrawn is asked again as one", Exit::Valid, "", {
            let mut story = world.enquiry();
            story.say(&world.jasen, Statement::Withdrawn);
            story.say(&world.hotline, Statement::Reopened);
            exported(&story)
        }),
        case("identity before the yes is void", Exit::NotConformant, "BUN-53", {
            let mut story = world.enquiry();
            story.force(&world.hotline, Statement::Identity, |_| {});
            exported(&story)
        }),
        case("contact after a withdrawal that was seen", Exit::NotConformant, "BUN-54", {
            let mut story = world.enquiry();
            story.say(&world.hotline, Statement::Withdrawn);
            story.say(&world.jasen, Statement::ContactMade);
            exported(&story)
        }),
    ]
}

/// The same event with a field that this version does not know.
pub(crate) fn newer(event: &Event, world: &World) -> Envelope {
    let mut body = event.encode();
    body.extend_from_slice(&[0xd2, 0x05, 0x00]);
    let pae = uput_core::envelope::pae("application/vnd.uput.event.v2+protobuf", &body);
    let signing = world.party(&event.author).signing();
    let signature = wire::Signature { key_id: signing.public().id().to_vec(), signature: signing.sign(&pae).to_vec() };
    let wire = wire::Envelope {
        r#type: String::from("application/vnd.uput.event.v2+protobuf"),
        body,
        signatures: vec![signature],
    };
    Envelope::from_wire(wire).unwrap()
}

/// The shelter withdraws nothing it saw: its head has seen the hotline's word, its next event has not.
fn stale(world: &World) -> Vec<u8> {
    let mut story = world.enquiry();
    let before = story.trail.last(uput_core::state::Side::Opener);
    story.say(&world.hotline, Statement::Warned(wire::WarningCode::DoNotContact));
    let early = story.signed_head(&world.jasen);
    story.force(&world.jasen, Statement::ContactMade, |event| event.seen = before);
    changed(&story, |draft| draft.heads.push(early))
}

/// The shelter lost its last event, and wrote another with its number under a new incarnation.
fn restored(world: &World, closes: Option<ClosedIncarnation>) -> Vec<u8> {
    let mut story = world.enquiry();
    let first = story.trail.events().nth(1).unwrap().id;
    story.force(&world.jasen, Statement::Held { until: world.at(600) }, |event| {
        event.incarnation = 1;
        event.seq = 1;
        event.prev = Some(first);
    });
    let head = Head { closes, ..story.head(&world.hotline) };
    let own = Head { incarnation: 1, ..story.head(&world.jasen) };
    let last = story.trail.events().last().unwrap().id;
    let own = Head { own_last: Some(last), ..own };
    changed(&story, |draft| {
        draft.heads = vec![head.sign(world.hotline.signing()).unwrap(), own.sign(world.jasen.signing()).unwrap()];
    })
}

/// Both lost what they wrote after their first events; the receiver twice.
fn both_restored(world: &World) -> Vec<u8> {
    let (opener, peer) = (&world.hotline, &world.jasen);
    let mut story = world.enquiry();
    story.say(opener, Statement::Warned(wire::WarningCode::DoNotContact));
    let (opening, delivered) = (story.trail.id().opening(), story.trail.events().nth(1).unwrap().id);
    let mut last = Vec::new();
    for (by, incarnation, prev) in [(opener, 1, opening), (peer, 1, delivered), (peer, 2, delivered)] {
        let (statement, seen) = match by.id == opener.id {
            true => (Statement::Warned(wire::WarningCode::MayBeSought), delivered),
            false => (Statement::Held { until: world.at(600) }, opening),
        };
        last.push(story.force(by, statement, |event| {
            (event.incarnation, event.seq, event.prev, event.seen) = (incarnation, 1, Some(prev), Some(seen));
        }));
    }
    let closes = |incarnation| Some(ClosedIncarnation { incarnation, count: 1 });
    let head = |by, incarnation, own, seen, closed| {
        let (own_last, seen_last) = (Some(own), Some(seen));
        Head { incarnation, own_last, seen_last, closes: closes(closed), ..story.head(by) }.sign(by.signing()).unwrap()
    };
    let heads = vec![head(opener, 1, last[0], last[2], 1), head(peer, 2, last[2], last[0], 0)];
    changed(&story, |draft| draft.heads = heads)
}

pub(crate) fn of_agreements(world: &World) -> Vec<Case> {
    let case = |name, exit, requirement, bundle| Case::new(name, exit, requirement, world, bundle);
    let story = world.enquiry();
    let witnessed = World::pair_by(&TWO_PARTY.replace("number = 0", "number = 1"));
    let expired = World::pair_by(
        &TWO_PARTY
            .replace("valid_until = 2028", "valid_until = 2027")
            .replace("2027-01-01", "2026-11-22")
            .replace("2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z"),
    );
    vec![
        case(
            "the agreement is not here",
            Exit::Incomplete,
            "BUN-45",
            changed(&story, |draft| draft.agreements.clear()),
        ),
        case(
            "a signature of the agreement is not here",
            Exit::Incomplete,
            "BUN-46",
            changed(&story, |draft| {
                let mut wire = draft.agreements[0].to_wire();
                wire.signatures.pop();
                draft.agreements = vec![Envelope::from_wire(wire).unwrap()];
            }),
        ),
        case(
            "a signature of the agreement is false",
            Exit::NotAuthentic,
            "BUN-46",
            changed(&story, |draft| {
                let mut wire = draft.agreements[0].to_wire();
                wire.signatures[0].signature[3] ^= 1;
                draft.agreements = vec![Envelope::from_wire(wire).unwrap()];
            }),
        ),
        case("an agreement that the trust file does not name", Exit::NotConformant, "BUN-47", exported(&story))
            .trusting(|trust| trust.agreements.clear()),
        Case::new("an agreement that demands witnesses", Exit::NotConformant, "BUN-71", &witnessed, {
            exported(&witnessed.enquiry())
        }),
        Case::new("a disclosure after the agreement ended", Exit::NotConformant, "BUN-57", &expired, {
            let mut story = expired.enquiry();
            story.clock += 60;
            disclosing(&mut story, Terms { stage: 1, rule: 1, basis: LegalBasis::ExplicitConsent, article: 0 });
            exported(&story)
        }),
        case("a rule that the agreement does not have", Exit::NotConformant, "BUN-55", {
            let mut story = world.enquiry();
            disclosing(&mut story, Terms { stage: 1, rule: 9, basis: LegalBasis::ExplicitConsent, article: 0 });
            exported(&story)
        }),
        case("a basis that the rule does not accept", Exit::NotConformant, "BUN-55", {
            let mut story = world.enquiry();
            disclosing(&mut story, Terms { stage: 1, rule: 1, basis: LegalBasis::LegalDuty, article: 0 });
            exported(&story)
        }),
        case("a need that names no rule and no legal basis", Exit::NotConformant, "BUN-55", {
            let mut story = world.enquiry();
            story.say(&world.hotline, Statement::Need);
            exported(&story)
        }),
        case("values are kept under an article that the agreement does not list", Exit::NotConformant, "BUN-55", {
            let mut story = world.enquiry();
            disclosing(&mut story, Terms { stage: 1, rule: 1, basis: LegalBasis::ExplicitConsent, article: 0 });
            story.say(&world.hotline, Statement::Withdrawn);
            story.say(&world.jasen, Statement::Retained { article: 7 });
            exported(&story)
        }),
        case("a correction at a stage that was not reached", Exit::NotConformant, "BUN-55", {
            let mut story = world.enquiry();
            story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, crate::sample::needed());
            story.delivered_and(Statement::Accepted);
            story.disclose(Statement::Corrected, 2, LegalBasis::ExplicitConsent, 0, crate::sample::known());
            exported(&story)
        }),
        case("identity on a decision of the senders own making", Exit::NotConformant, "BUN-52", {
            exported(&self_decided(world, None))
        }),
        case("a claimed time finer than the agreement allows", Exit::NotConformant, "BUN-58", {
            let mut story = world.enquiry();
            story.force(&world.jasen, Statement::Acknowledged, |event| {
                event.time = uput_core::time::Seconds::new(event.time.get() + 1).unwrap();
            });
            exported(&story)
        }),
        case("a time finer than the agreement allows", Exit::NotConformant, "BUN-58", {
            let mut story = world.enquiry();
            story.force(&world.jasen, Statement::Acknowledged, |event| {
                event.occurred = uput_core::time::Seconds::new(event.time.get() + 1);
            });
            exported(&story)
        }),
    ]
}

/// The sender says that something was decided, and then who she is, before the receiver's yes to the newest need.
pub(crate) fn self_decided(world: &World, yes: Option<Statement>) -> Story<'_> {
    let mut story = world.enquiry();
    let need = |story: &mut Story<'_>| {
        story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, crate::sample::needed())
    };
    need(&mut story);
    if let Some(yes) = yes {
        story.delivered_and(yes);
        need(&mut story);
    }
    story.say(&world.hotline, Statement::Decision(placement()));
    story.disclose(Statement::Identity, 2, LegalBasis::ExplicitConsent, 0, crate::sample::known());
    story
}

/// An event with eight closed slots that nobody can open.
fn disclosing(story: &mut Story<'_>, terms: Terms) {
    story.force(&story.world.hotline, Statement::Need, |event| {
        event.terms = Some(terms);
        event.slots = vec![6; 256];
    });
}

pub(crate) fn of_disclosures(world: &World) -> Vec<Case> {
    let case = |name, exit, requirement, bundle| Case::new(name, exit, requirement, world, bundle);
    let story = world.enquiry();
    let labels = story.draft(&world.hotline, &Extent::LABELS).build(world.hotline.signing()).unwrap();
    vec![
        case("labels without values are enough to judge them", Exit::Valid, "", labels),
        case("nothing is opened", Exit::NotConformant, "BUN-56", changed(&story, |draft| draft.disclosures.clear())),
        case(
            "a value that was not committed to",
            Exit::NotAuthentic,
            "BUN-50",
            changed(&story, |draft| {
                let Some(wire::disclosure::Form::Whole(whole)) = &mut draft.disclosures[0].form else {
                    panic!("not whole")
                };
                let field = whole.fields.iter_mut().find(|field| field.label == "places").unwrap();
                field.value = String::from("9");
            }),
        ),
        case("one slot of eight stays closed", Exit::NotConformant, "BUN-56", {
            let draft = story.draft(&world.hotline, &Extent::LABELS);
            let mut disclosure: wire::Disclosure = draft.disclosures[0].clone();
            let Some(wire::disclosure::Form::Some(some)) = &mut disclosure.form else { panic!("whole") };
            some.slots.pop();
            changed(&story, |draft| draft.disclosures = vec![disclosure])
        }),
        case(
            "slots opened of an event that is not here",
            Exit::NotAuthentic,
            "BUN-50",
            changed(&story, |draft| {
                let mut stray = draft.disclosures[0].clone();
                stray.event = Id::of(b"no event").as_bytes().to_vec();
                draft.disclosures.insert(0, stray);
            }),
        ),
    ]
}

/// Delays: what the late party's own clock says counts, and nothing else.
pub(crate) fn of_timers(world: &World) -> Vec<Case> {
    let case = |name, exit, requirement, bundle| Case::new(name, exit, requirement, world, bundle);
    let opening = |story: &Story<'_>| story.trail.id().opening();
    vec![
        case("an answer too late by the receiver's own clock", Exit::NotConformant, "BUN-59", {
            let mut story = world.asked();
            story.say(&world.jasen, Statement::Delivered(opening(&story)));
            story.clock += 25 * 60;
            story.say(&world.jasen, Statement::Held { until: world.at(3600) });
            exported(&story)
        }),
        case("delivered too late by two clocks", Exit::NotConformant, "BUN-59", {
            let mut story = world.asked();
            story.clock += 90;
            story.say(&world.jasen, Statement::Delivered(opening(&story)));
            story.say(&world.jasen, Statement::Held { until: world.at(3600) });
            exported(&story)
        }),
        case("no answer by the receiver's own head", Exit::NotConformant, "BUN-59", {
            let mut story = world.asked();
            story.say(&world.jasen, Statement::Delivered(opening(&story)));
            story.clock += 30 * 60;
            exported(&story)
        }),
        case("nobody answers what was closed before it arrived", Exit::Valid, "", {
            exported(&innocent::closed_before_it_arrived(world))
        }),
        case("a no answers the need that crossed it", Exit::Valid, "", {
            exported(&innocent::needed_after_the_no(world))
        }),
        case("no answer yet, and none is due", Exit::Valid, "", {
            let mut story = world.asked();
            story.say(&world.jasen, Statement::Delivered(opening(&story)));
            exported(&story)
        }),
        case("purged in time after a withdrawal", Exit::Valid, "", {
            let mut story = world.enquiry();
            story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, crate::sample::needed());
            story.say(&world.hotline, Statement::Withdrawn);
            story.say(&world.jasen, Statement::Purged(PurgeManner::Destroyed));
            exported(&story)
        }),
    ]
}
