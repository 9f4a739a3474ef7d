//! Attestations: what the first organisation signed is checked by the third, and no two copies match.

use uput_core::{
    agreement::{Judgement, Minimised, Occasion, Refused},
    attestation::{Attestation, CopySecrets, Standing},
    catalogue::{Field, Label, ValueType},
    id::OrgId,
    key::{KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
    legal_basis::Basis,
    rejection::Rejection,
    sensitive::Sensitive,
    slot::{Choice, Extent, SlotSecrets},
    step::Author,
    time::Seconds,
    wire::{Act, LegalBasis, ServiceType},
};

use crate::{
    evaluation::{disclosed, narrowed, slots_of},
    scene::{DEMONSTRATION, compiled, consent, field, now, opening, organisation, request, terms, with},
};

/// An organisation that attests: its keys, and its chain.
pub(crate) fn attester(seed: u8) -> (SigningKey, KeyChain) {
    let [own, signing, tls] = [0, 1, 2].map(|n| SigningKey::from_seed(&[seed + n; 32]));
    let draft = KeyRecordDraft {
        after: None,
        number: 0,
        sealing_keys: vec![SealingSecret::from_seed(&[seed + 3; 32]).public().clone()],
        endpoints: Vec::new(),
        witnesses: Vec::new(),
        recovery: None,
        log_base_tick: 2_945_376,
        time: now(),
        end: Seconds::new(now().get() + 1_000_000 * 60).unwrap(),
        disowned: None,
        door_key: None,
    };
    let record = sign_key_record(draft, &own, &signing, &tls, None).unwrap();
    (signing, KeyChain::verify(&[record]).unwrap())
}

fn secrets(seed: u8) -> CopySecrets {
    let secret = |n: u8| Sensitive::new([seed.wrapping_add(n); 32]);
    CopySecrets { nonce: [seed; 32], slots: SlotSecrets { labels: secret(1), values: secret(2) }, order: secret(3) }
}

/// The demonstration, whose beds take what others signed.
fn agreement() -> uput_core::agreement::Agreement {
    let source = DEMONSTRATION
        .replace(
            "\"name\", \"children_names\", \"excluded_persons\", \"protective_order\"",
            "\"name\", \"provenance\", \"children_names\", \"excluded_persons\", \"protective_order\"",
        )
        .replace("ticked = [\"need_statement\"", "ticked = [\"provenance\", \"need_statement\"");
    compiled(&source).agreement
}

fn hotline() -> OrgId {
    organisation("hotline")
}

/// What may be said to the shelter at stage 2 under her consent, or why not.
fn minimised(fields: Vec<Field>) -> Result<Minimised, Refused> {
    let (us, opening) = (hotline(), opening("shelter-jasen", Act::Referral, ServiceType::Shelter));
    let request = request(&us, &opening, terms(2, 1, LegalBasis::ExplicitConsent, 0), Occasion::Later);
    agreement().permit(&request).unwrap().minimise(fields)
}

/// What the receiver keeps, and what the auditor says.
fn received(fields: &[Field]) -> (Vec<Label>, Judgement) {
    let (us, opening) = (hotline(), opening("shelter-jasen", Act::Referral, ServiceType::Shelter));
    let request = request(&us, &opening, terms(2, 1, LegalBasis::ExplicitConsent, 0), Occasion::Later);
    let (agreement, disclosed) = (agreement(), disclosed(fields));
    (agreement.strip(&request, &disclosed).stripped, agreement.judge_labels(&request, Some(&disclosed), 16))
}

fn facts() -> Vec<Field> {
    vec![field(Label::Name, "Mila Invented"), field(Label::Language, "sq"), field(Label::AgeBand, "30_59")]
}

fn issued(signing: &SigningKey, chain: &KeyChain, seed: u8) -> Field {
    let author = Author { organisation: chain.organisation(), key_record: chain.newest_id(), signing, incarnation: 0 };
    let said = minimised(with(consent(), facts())).unwrap();
    Attestation::issue(&said, &author, now(), secrets(seed)).unwrap().unwrap()
}

/// A copy of one fact, by an organisation that nobody else here is.
pub(crate) fn copy_of(fact: &Field) -> Field {
    let (signing, chain) = attester(10);
    let author =
        Author { organisation: chain.organisation(), key_record: chain.newest_id(), signing: &signing, incarnation: 0 };
    let said = minimised(with(consent(), vec![fact.clone()])).unwrap();
    Attestation::issue(&said, &author, now(), secrets(1)).unwrap().unwrap()
}

fn ticked() -> Vec<Field> {
    with(consent(), vec![field(Label::ConsentTicked, "provenance")])
}

fn read(carrier: &Field) -> Attestation {
    Attestation::parse(carrier.value().expose()).unwrap()
}

/// [DIS-17] [ONW-6]
#[test]
fn whose_word_it_is_goes_without_a_tick_for_a_child_and_by_law_and_never_in_haste() {
    use LegalBasis::{
        ChildBestInterests, ExplicitConsent, GuardianConsent, LegalDuty, PublicTaskDecision, VitalInterests,
    };
    let of = |basis| Basis::of(basis).unwrap();
    let spared = [ChildBestInterests, LegalDuty, PublicTaskDecision];
    for basis in Basis::all() {
        assert_eq!(basis.spares_the_tick(), spared.contains(&basis.code), "{:?}", basis.code);
        assert!(!basis.spares_the_tick() || !basis.ticks);
    }
    assert!(of(ExplicitConsent).ticks && of(GuardianConsent).ticks && !of(VitalInterests).ticks);
    // Listed in `ticked` it stays hers alone; listed in `identity` it is asked for where she is asked.
    let asked = DEMONSTRATION.replacen("identity = [\n    \"name\"", "identity = [\n    \"provenance\", \"name\"", 1);
    let (us, opening) = (hotline(), opening("shelter-jasen", Act::Referral, ServiceType::Shelter));
    let has = |agreement: &uput_core::agreement::Agreement, basis| {
        let request = request(&us, &opening, terms(2, 1, basis, 0), Occasion::Later);
        let permitted = agreement.permit(&request).unwrap();
        (permitted.labels().contains(&Label::Provenance), permitted.ticked().contains(&Label::Provenance))
    };
    let (strict, asked) = (agreement(), compiled(&asked).agreement);
    for (basis, listed, in_identity) in [
        (ExplicitConsent, (true, true), (true, true)),
        (GuardianConsent, (true, true), (true, true)),
        (ChildBestInterests, (false, false), (true, false)),
        (VitalInterests, (false, false), (false, false)),
    ] {
        assert_eq!((has(&strict, basis), has(&asked, basis)), (listed, in_identity), "{basis:?}");
    }
}

/// [ONW-1] [ONW-5]
#[test]
fn what_the_first_signed_is_verified_by_the_third_and_by_nobody_elses_key() {
    let (signing, chain) = attester(10);
    let copy = read(&issued(&signing, &chain, 1));
    assert_eq!((copy.author(), copy.day().get() % 86_400), (&chain.organisation(), 0));
    assert_eq!(copy.verify(&chain), Ok(()));
    assert_eq!(copy.verify(&attester(20).1), Err(Rejection::UnknownSigner));
    // Who has another key under the same name.
    let (other, _) = attester(30);
    let forged = read(&issued(&other, &chain, 1));
    assert!(forged.verify(&chain).is_err());
    let mut labels: Vec<Label> = copy.labels().collect();
    labels.sort_unstable();
    assert_eq!(labels, [Label::AgeBand, Label::Name, Label::Language], "neither basis nor staff");
    let author =
        Author { organisation: chain.organisation(), key_record: chain.newest_id(), signing: &signing, incarnation: 0 };
    let consent_alone = Attestation::issue(&minimised(consent()).unwrap(), &author, now(), secrets(1));
    assert!(matches!(consent_alone, Ok(None)), "nothing is said of her");
}

/// [ONW-7]
#[test]
fn a_key_that_was_retired_before_a_day_signs_nothing_on_it() {
    let (signing, chain) = attester(10);
    let copy = read(&issued(&signing, &chain, 1));
    let day = copy.day().get();
    for (time, expected) in [(day - 60, Err(Rejection::StaleKey)), (day, Ok(())), (day + 86_400, Ok(()))] {
        let chain = succeeded(chain.clone(), time);
        assert_eq!(copy.verify(&chain), expected, "{time}");
        let standing = if expected.is_ok() { Standing::Verified } else { Standing::DoesNotMatch };
        assert_eq!(copy.standing(Some(&chain)), standing);
    }
    assert_eq!(copy.standing(None), Standing::UnknownSigner);
    assert_eq!(copy.standing(Some(&attester(20).1)), Standing::UnknownSigner);
}

/// The organisation of [`attester`] with another signing key from that time on.
pub(crate) fn succeeded(mut chain: KeyChain, time: u64) -> KeyChain {
    let [own, signing, tls] = [10, 77, 78].map(|seed| SigningKey::from_seed(&[seed; 32]));
    let draft = KeyRecordDraft::after(chain.newest(), Seconds::new(time).unwrap(), chain.newest().end());
    let record = sign_key_record(draft, &own, &signing, &tls, None).unwrap();
    chain.extend(&record).unwrap();
    chain
}

/// [ONW-9]
#[test]
fn a_copy_is_narrowed_to_what_is_said() {
    let (signing, chain) = attester(10);
    let whole = read(&issued(&signing, &chain, 1));
    let said = [field(Label::Language, "sq"), field(Label::AgeBand, "18_29"), field(Label::RiskLevel, "high")];
    let narrow = read(&whole.narrowed_to(&said).unwrap());
    assert_eq!(narrow.labels().collect::<Vec<_>>(), [Label::Language], "another age was signed, and no risk");
    assert!(narrow.copy() == whole.copy() && narrow.verify(&chain).is_ok());
    assert_eq!(whole.narrowed_to(&said[1..]).err(), Some(Rejection::NotAttested));
}

/// [ONW-2]
#[test]
fn no_digit_of_a_copy_can_be_another_one() {
    let (signing, chain) = attester(10);
    let value = issued(&signing, &chain, 1).value().expose().clone();
    let mut accepted = 0;
    for at in 0..value.len() {
        let digit = if &value[at..=at] == "0" { "1" } else { "0" };
        let changed = format!("{}{digit}{}", &value[..at], &value[at + 1..]);
        // What still parses has another signature, key record or day, and does not verify.
        if let Ok(copy) = Attestation::parse(&changed) {
            accepted += 1;
            assert!(copy.verify(&chain).is_err(), "digit {at}");
        }
    }
    assert!(accepted > 0 && accepted < value.len() / 2, "{accepted} of {}", value.len());
    for cut in [0, 1, 2, value.len() - 1, value.len() - 2] {
        assert!(Attestation::parse(&value[..cut]).is_err());
    }
    assert!(Attestation::parse(&value.to_ascii_uppercase()).is_err());
    assert!(ValueType::Attestation.accepts(&value) && !ValueType::Attestation.accepts("00"));
}

/// [ONW-3]
#[test]
fn an_attestation_says_no_more_than_stands_beside_it() {
    let (signing, chain) = attester(10);
    let whole = issued(&signing, &chain, 1);
    let narrow = read(&whole).narrowed(|label| label == Label::Language).unwrap();
    assert_eq!(read(&narrow).labels().collect::<Vec<_>>(), [Label::Language]);
    assert_eq!(read(&narrow).verify(&chain), Ok(()));
    assert!(!narrow.value().expose().contains("4d696c61"), "her name is not in it");
    assert!(whole.value().expose().contains("4d696c61"));
    assert!(read(&narrow).narrowed(|label| label == Label::Name).is_err(), "what was closed cannot be opened");
    let onward = |carrier: &Field, facts: Vec<Field>| with(ticked(), with(facts, vec![carrier.clone()]));
    let language = || vec![field(Label::Language, "sq")];
    for good in [onward(&whole, facts()), onward(&narrow, language()), onward(&narrow, facts())] {
        assert_eq!(received(&good), (vec![], Judgement::Yes));
        assert!(minimised(good).is_ok());
    }
    // More than is said, and other than was signed.
    for bad in [onward(&whole, language()), onward(&narrow, vec![field(Label::Language, "sr")])] {
        let refused = Refused { rejection: Rejection::OutsideProfile, labels: vec![Label::Provenance] };
        assert_eq!(received(&bad), (vec![Label::Provenance], Judgement::No(refused.clone())));
        assert_eq!(minimised(bad).unwrap_err(), refused);
    }
    // [ONW-6] It is hers to tick, like everything that says where she was.
    let unticked = with(consent(), with(language(), vec![narrow]));
    assert_eq!(minimised(unticked).unwrap_err().labels, [Label::Provenance]);
}

/// [ONW-3] [DIS-13]
#[test]
fn what_is_dropped_does_not_come_in_again_within_an_attestation() {
    let (signing, chain) = attester(10);
    let whole = issued(&signing, &chain, 1);
    // The need in words is hers to tick, and she did not.
    let unticked = field(Label::NeedStatement, "A bed for two");
    let said = agreement_issue(&signing, &chain, with(facts(), vec![unticked.clone()]));
    let fields = with(ticked(), with(facts(), vec![unticked, said]));
    assert_eq!(received(&fields).0, [Label::NeedStatement, Label::Provenance]);
    let fields = with(ticked(), with(facts(), vec![whole]));
    assert_eq!(received(&fields).0, []);
}

/// [ONW-1] [SAF-2]
#[test]
fn how_to_reach_her_is_never_attested() {
    let (signing, chain) = attester(10);
    let number = field(Label::SafeContactTelephone, "+38344000000");
    let copy = read(&agreement_issue(&signing, &chain, with(facts(), vec![number])));
    assert_eq!(copy.labels().count(), facts().len());
}

/// [ONW-3] [DIS-14]
#[test]
fn an_auditor_says_yes_to_no_attestation_that_was_not_compared() {
    let (signing, chain) = attester(10);
    let whole = issued(&signing, &chain, 1);
    let judged = |fields: &[Field], closed: &[Label]| {
        let (us, opening) = (hotline(), opening("shelter-jasen", Act::Referral, ServiceType::Shelter));
        let request = request(&us, &opening, terms(2, 1, LegalBasis::ExplicitConsent, 0), Occasion::Later);
        let open = Label::ALL.iter().copied().filter(|label| !closed.contains(label));
        let extent = Extent { labels: Choice::All, values: Choice::Only(open.collect()) };
        let seen = narrowed(&disclosed(fields), &slots_of(fields), &extent);
        agreement().judge_labels(&request, seen.as_ref(), 16)
    };
    let good = with(ticked(), with(facts(), vec![whole.clone()]));
    assert_eq!(judged(&good, &[]), Judgement::Yes);
    assert_eq!(judged(&good, &[Label::Provenance]), Judgement::NotCheckable);
    assert_eq!(judged(&good, &[Label::Name]), Judgement::NotCheckable);
    assert_eq!(judged(&good, &[Label::ConsentForm]), Judgement::Yes, "nothing to compare it with");
    let outside = || Judgement::No(Refused { rejection: Rejection::OutsideProfile, labels: vec![Label::Provenance] });
    // Another value is closed, and says nothing of the label that is not there.
    let more = with(ticked(), vec![field(Label::Language, "sq"), field(Label::AgeBand, "30_59"), whole.clone()]);
    assert_eq!(judged(&more, &[Label::AgeBand]), outside());
    let other = with(ticked(), vec![field(Label::Name, "Mila Invented"), field(Label::Language, "sr"), whole]);
    assert_eq!(judged(&other, &[Label::Name]), outside());
}

/// A copy of what stage 2 lets an organisation say that needs no tick of hers here.
fn agreement_issue(signing: &SigningKey, chain: &KeyChain, fields: Vec<Field>) -> Field {
    let author = Author { organisation: chain.organisation(), key_record: chain.newest_id(), signing, incarnation: 0 };
    let all = "need_statement safe_contact_telephone";
    let said = minimised(with(with(consent(), vec![field(Label::ConsentTicked, all)]), fields)).unwrap();
    Attestation::issue(&said, &author, now(), secrets(1)).unwrap().unwrap()
}

/// [ONW-4]
#[test]
fn two_copies_have_nothing_in_common_but_who_signed_and_what_was_said() {
    let (signing, chain) = attester(10);
    let [one, other] = [1, 100].map(|seed| issued(&signing, &chain, seed));
    assert!(read(&one).copy() != read(&other).copy());
    let (one, other) = (unhex(one.value().expose()), unhex(other.value().expose()));
    let known: Vec<Vec<u8>> = vec![
        chain.organisation().to_vec(),
        chain.newest_id().to_vec(),
        signing.public().id().to_vec(),
        b"application/vnd.uput.attestation.v1+protobuf".to_vec(),
        b"Mila Invented".to_vec(),
        b"language".to_vec(),
    ];
    let mut shared = 0;
    for window in one.windows(16).filter(|window| other.windows(16).any(|found| found == *window)) {
        let part = known.iter().any(|known| known.windows(8).any(|piece| overlaps(piece, window)));
        assert!(part, "{window:02x?} stands in both");
        shared += 1;
    }
    assert!(shared > 60, "the author and the values are in both");
}

/// Whether at least four bytes of one piece are in another: its edges may hold lengths and tags.
fn overlaps(piece: &[u8], window: &[u8]) -> bool {
    window.windows(4).any(|four| piece.windows(4).any(|found| found == four))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
