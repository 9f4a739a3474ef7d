//! What holds for every agreement that can be written, and for every request.

use std::{collections::BTreeSet, sync::OnceLock};

use proptest::{collection::vec, prelude::*, sample::subsequence};
use uput_core::{
    agreement::{Agreement, Compiled, Occasion, Request},
    catalogue::{Cell, Label, SERVICES},
    codec,
    event::Terms,
    id::Id,
    legal_basis::Basis,
    rejection::Rejection,
    time::Seconds,
    wire::{self, Act, LegalBasis, ServiceType},
};

use crate::scene::{DEMONSTRATION, compiled, opening, organisation, two_party};

/// A profile that may or may not fit the catalogue: each label in one stage or none.
fn profile(choices: Vec<(u8, bool)>, replies: bool) -> wire::Profile {
    let mut profile = wire::Profile { name: "p".into(), ..wire::Profile::default() };
    for (label, (choice, tick)) in Label::ALL.iter().zip(choices) {
        let list = match choice {
            0..=9 => &mut profile.identity,
            10..=12 => &mut profile.need,
            13 => &mut profile.enquiry,
            _ => continue,
        };
        list.push(label.name().into());
        if tick && choice < 13 {
            profile.ticked.push(label.name().into());
        }
    }
    if replies {
        profile.reply = Label::ALL.iter().filter(|label| label.is_reply()).map(|l| l.name().into()).collect();
    }
    for list in
        [&mut profile.enquiry, &mut profile.need, &mut profile.identity, &mut profile.ticked, &mut profile.reply]
    {
        list.sort_unstable();
    }
    profile
}

/// The same profile, kept under the ceiling for a service as an editor would who follows the errors.
fn lowered(mut profile: wire::Profile, service: ServiceType) -> wire::Profile {
    let names: BTreeSet<String> =
        [&profile.enquiry, &profile.need, &profile.identity].into_iter().flatten().cloned().collect();
    let at = |cells: &[Cell]| {
        let fits = |name: &&String| cells.contains(&Label::parse(name).unwrap().cell(service));
        names.iter().filter(fits).cloned().collect::<Vec<_>>()
    };
    profile.enquiry = at(&[Cell::Enquiry]);
    profile.need = at(&[Cell::Need]);
    profile.identity = at(&[Cell::Identity, Cell::Ticked, Cell::Asked, Cell::Law, Cell::Life]);
    let ticked = at(&[Cell::Ticked]);
    profile.ticked.retain(|name| profile.need.contains(name) || profile.identity.contains(name));
    let law = at(&[Cell::Law, Cell::Life]);
    profile.ticked.retain(|name| !law.contains(name));
    profile.ticked.extend(ticked);
    for list in [&mut profile.ticked, &mut profile.reply] {
        list.sort_unstable();
        list.dedup();
    }
    profile
}

/// Canonical bytes of a random agreement, half of them made to fit.
fn document() -> impl Strategy<Value = Vec<u8>> {
    let choices = vec((0_u8..40, any::<bool>()), Label::ALL.len());
    let bases = subsequence((1..=6).collect::<Vec<i32>>(), 0..=6);
    (choices, any::<bool>(), any::<bool>(), 1_i32..=2, 0..SERVICES.len(), bases, any::<bool>()).prop_map(
        |(choices, replies, fitting, act, service, bases, collapsed)| {
            let mut document: wire::Agreement = codec::decode(&two_party()).unwrap();
            let service = SERVICES[service];
            let profile = profile(choices, replies);
            for party in &mut document.parties {
                party.roles = vec!["asking".into()];
                party.services = vec![service.into()];
            }
            document.articles = vec![wire::Article { number: 1, citation: "An article".into(), unverified: true }];
            document.profiles = vec![if fitting { lowered(profile, service) } else { profile }];
            let serves = |basis: &i32| {
                Basis::of(LegalBasis::try_from(*basis).unwrap()).unwrap().serves(Act::try_from(act).unwrap())
            };
            let (sender, profile) = ("asking".to_owned(), "p".to_owned());
            let bases: Vec<i32> = if fitting { bases.into_iter().filter(serves).collect() } else { bases };
            let collapses =
                bases.iter().any(|b| Basis::of(LegalBasis::try_from(*b).unwrap()).unwrap().collapses(service));
            let collapsed = collapsed && (collapses || !fitting);
            let receiver = service.into();
            let rule =
                wire::Rule { number: 1, act, sender, receiver, profile, bases, collapsed, ..wire::Rule::default() };
            document.rules = vec![rule];
            codec::encode(&document)
        },
    )
}

fn requests() -> impl Strategy<Value = (Terms, Occasion, Seconds)> {
    let basis = (1_i32..=7).prop_map(|code| LegalBasis::try_from(code).unwrap());
    let occasion = prop_oneof![Just(Occasion::Opening), Just(Occasion::Later), Just(Occasion::Reply)];
    let time = prop_oneof![9 => Just(1_795_305_600_u64), 1 => 1_u64..4_000_000_000];
    (0_u32..=2, 1_u32..=2, basis, 0_u32..=2, occasion, time).prop_map(
        |(stage, rule, basis, article, occasion, time)| {
            (Terms { stage, rule, basis, article }, occasion, Seconds::new(time).unwrap())
        },
    )
}

/// Who acted says nothing about her. [DIS-15]
const STAFF: [Label; 3] = [Label::Supervisor, Label::ActorRole, Label::Actor];

fn strings(list: &[String]) -> BTreeSet<Label> {
    list.iter().map(|name| Label::parse(name).unwrap()).collect()
}

/// What an agreement must never do, said from the outside.
fn judge(document: &wire::Agreement, terms: Terms, occasion: Occasion, time: Seconds) -> Result<(), TestCaseError> {
    let agreement = Agreement::parse(Id::of(b"random"), &codec::encode(document)).unwrap();
    let (rule, profile) = (&document.rules[0], &document.profiles[0]);
    let service = ServiceType::try_from(rule.receiver).unwrap();
    let opening = opening("partner", Act::try_from(rule.act).unwrap(), service);
    let opener = organisation("self");
    let request = Request { opener: &opener, opening: &opening, terms, occasion, kind: None, time };
    let Ok(permitted) = agreement.permit(&request) else { return Ok(()) };
    let basis = Basis::of(terms.basis).unwrap();
    prop_assert_eq!(terms.rule, 1);
    prop_assert_eq!(terms.stage == 0, basis.nonpersonal);
    prop_assert!(basis.nonpersonal || rule.bases.contains(&(terms.basis.into())));
    let binds = occasion == Occasion::Opening || (occasion == Occasion::Later && terms.stage > 0);
    prop_assert!(agreement.is_in_force(time) || !binds);
    let authority = matches!(service, ServiceType::Police | ServiceType::SocialWork | ServiceType::ChildProtection);
    let may_collapse = rule.collapsed
        && match terms.basis {
            LegalBasis::LegalDuty | LegalBasis::PublicTaskDecision => authority,
            LegalBasis::VitalInterests => authority || service == ServiceType::Health,
            _ => false,
        };
    prop_assert!(occasion != Occasion::Opening || terms.stage < 2 || may_collapse);
    let hers = matches!(terms.basis, LegalBasis::ExplicitConsent | LegalBasis::GuardianConsent);
    let mut staged = strings(&profile.enquiry);
    staged.extend(if terms.stage >= 1 { strings(&profile.need) } else { BTreeSet::new() });
    staged.extend(if terms.stage >= 2 { strings(&profile.identity) } else { BTreeSet::new() });
    prop_assert!(STAFF.iter().all(|label| permitted.labels().contains(label)));
    for label in permitted.labels().iter().filter(|label| !STAFF.contains(label)) {
        if occasion == Occasion::Reply {
            prop_assert!(strings(&profile.reply).contains(label));
            prop_assert!(terms.stage > 0 || label.is_nonpersonal());
            continue;
        }
        prop_assert!(staged.contains(label) || basis.carries(*label), "{label} outside profile and basis");
        prop_assert!(terms.stage > 0 || label.is_nonpersonal(), "{label} at stage 0");
        if basis.carries(*label) {
            continue;
        }
        prop_assert!(hers || !strings(&profile.ticked).contains(label), "{label} without her tick");
        let law = matches!(terms.basis, LegalBasis::LegalDuty | LegalBasis::PublicTaskDecision);
        let allowed = match label.cell(service) {
            Cell::Never => false,
            Cell::Enquiry => true,
            Cell::Need => terms.stage >= 1,
            Cell::Identity => terms.stage == 2,
            Cell::Ticked => terms.stage == 2 && permitted.ticked().contains(label),
            Cell::Asked if hers => terms.stage == 2 && permitted.ticked().contains(label),
            Cell::Asked => terms.stage == 2 && (law || terms.basis == LegalBasis::ChildBestInterests),
            Cell::Law => terms.stage == 2 && law,
            Cell::Life => terms.stage == 2 && terms.basis == LegalBasis::VitalInterests,
        };
        prop_assert!(
            allowed,
            "{label} to {service:?} under {terms:?}",
            service = service.as_str_name(),
            terms = terms.stage
        );
    }
    Ok(())
}

/// Compiled once for all cases.
static WHOLE: OnceLock<Compiled> = OnceLock::new();

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_permitted_label_is_outside_profile_stage_and_basis(
        document in document(),
        requests in vec(requests(), 20),
    ) {
        let document: wire::Agreement = codec::decode(&document).unwrap();
        if Agreement::flaw(document.clone()).is_none() {
            for (terms, occasion, time) in requests {
                judge(&document, terms, occasion, time)?;
            }
        }
    }

    #[test]
    fn an_agreement_is_read_as_it_was_written_or_not_at_all(bytes in document()) {
        let document: wire::Agreement = codec::decode(&bytes).unwrap();
        let read = Agreement::parse(Id::of(&bytes), &bytes);
        match Agreement::flaw(document) {
            None => {
                let again: wire::Agreement = codec::decode(&bytes).unwrap();
                prop_assert_eq!(codec::encode(&again), bytes);
                prop_assert!(read.is_ok());
            }
            Some(flaw) => {
                prop_assert_eq!(read.err(), Some(Rejection::Malformed));
                prop_assert!(flaw.requirement.starts_with("AGR-") && !flaw.sentence.is_empty());
            }
        }
    }

    #[test]
    fn no_changed_byte_of_a_document_passes_for_it(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let whole = WHOLE.get_or_init(|| compiled(DEMONSTRATION));
        let mut bytes = whole.body.clone();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if let Ok(agreement) = Agreement::parse(whole.agreement.id().into(), &bytes) {
            prop_assert_ne!(&agreement, &whole.agreement);
        }
    }
}

/// The strategy is no use if everything it makes is refused.
#[test]
fn half_of_the_random_agreements_are_well_formed() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let made = (0..200).map(|_| document().new_tree(&mut runner).unwrap().current());
    let fitting = made.filter(|bytes| Agreement::parse(Id::of(bytes), bytes).is_ok()).count();
    assert!((80..180).contains(&fitting), "{fitting}");
}
