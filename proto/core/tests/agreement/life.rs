//! Versions of one agreement: joining, leaving, amending, forks, suspension.

use std::collections::BTreeMap;

use uput_core::{
    agreement::{Agreement, Lineage, Occasion, SignedAgreement, compile},
    envelope::{Envelope, MediaType},
    event::Opening,
    id::OrgId,
    key::{KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
    rejection::Rejection,
    time::Seconds,
    wire::{Act, LegalBasis, ServiceType},
};

use crate::scene::{DEMONSTRATION, now, opening, request, terms};

const NAMES: [&str; 4] = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];

/// The four of the demonstration, with keys.
struct Town {
    keys: BTreeMap<&'static str, (SigningKey, KeyChain)>,
}

fn town() -> Town {
    let party = |seed: u8| {
        let key = |seed| SigningKey::from_seed(&[seed; 32]);
        let draft = KeyRecordDraft {
            after: None,
            number: 0,
            sealing_keys: vec![SealingSecret::from_seed(&[200; 32]).public().clone()],
            endpoints: Vec::new(),
            witnesses: Vec::new(),
            recovery: None,
            log_base_tick: 1,
            time: Seconds::new(60).unwrap(),
            end: Seconds::new(6000).unwrap(),
            disowned: None,
            door_key: None,
        };
        let record = sign_key_record(draft, &key(seed), &key(seed + 1), &key(seed + 2), None).unwrap();
        (key(seed), KeyChain::verify(&[record]).unwrap())
    };
    Town { keys: NAMES.into_iter().zip([10, 20, 30, 40]).map(|(name, seed)| (name, party(seed))).collect() }
}

impl Town {
    fn id(&self, name: &str) -> OrgId {
        self.keys[name].1.organisation()
    }

    fn body(&self, source: &str) -> (Agreement, Vec<u8>) {
        let peers = NAMES.iter().map(|name| ((*name).to_owned(), self.id(name))).collect();
        let compiled = compile(source, &peers).unwrap_or_else(|error| panic!("{error}"));
        (compiled.agreement, compiled.body)
    }

    /// Signed by all that must.
    fn signed(&self, source: &str) -> SignedAgreement {
        let (agreement, body) = self.body(source);
        let binds = |name: &&&str| agreement.signing().any(|party| party.organisation == self.id(name));
        let keys: Vec<&SigningKey> = NAMES.iter().filter(binds).map(|name| &self.keys[name].0).collect();
        let envelope = Envelope::sign(MediaType::AGREEMENT, body, &keys).unwrap();
        SignedAgreement::verify(envelope, self.keys.values().map(|(_, chain)| chain)).unwrap()
    }
}

/// The demonstration as the version after another one.
fn after(before: &Agreement) -> String {
    let version = format!("version = {}\nprevious = \"{}\"", before.version() + 1, before.id());
    DEMONSTRATION.replacen("version = 1", &version, 1)
}

/// The same with a party that is suspended.
fn suspending(source: &str, name: &str) -> String {
    let organisation = format!("organisation = \"peer:{name}\"\n");
    source.replacen(&organisation, &format!("{organisation}suspended = true\n"), 1)
}

/// The same without a party, by a threshold that fits.
fn without(source: &str, key: &str) -> String {
    let start = source.find(&format!("[party.{key}]")).unwrap();
    let end = start + source[start..].find("\n\n").unwrap() + 2;
    let source = format!("{}{}", &source[..start], &source[end..]);
    source.replacen("threshold = 3", "threshold = 2", 1)
}

/// [AGR-16] [AGR-25] [AGR-30]
#[test]
fn a_suspended_party_does_not_sign_and_the_threshold_is_of_the_others() {
    let town = town();
    let first = town.signed(DEMONSTRATION);
    let (second, body) = town.body(&suspending(&after(&first), "shelter-lipa"));
    assert!(second.may_amend(&first));
    let chains = || town.keys.values().map(|(_, chain)| chain);
    let sign = |names: &[&str]| {
        let keys: Vec<&SigningKey> = names.iter().map(|name| &town.keys[name].0).collect();
        SignedAgreement::verify(Envelope::sign(MediaType::AGREEMENT, body.clone(), &keys).unwrap(), chains()).err()
    };
    assert_eq!(sign(&["hotline", "shelter-jasen", "centre"]), None);
    assert_eq!(sign(&["hotline", "shelter-jasen"]), Some(Rejection::AgreementNotSigned));
    assert_eq!(sign(&NAMES), Some(Rejection::UnknownSigner), "it does not sign what suspends it");
    // Two of four stay where three must.
    let below =
        suspending(&suspending(&after(&first), "shelter-lipa"), "centre").replacen("threshold = 3", "threshold = 2", 1);
    let peers = NAMES.iter().map(|name| ((*name).to_owned(), town.id(name))).collect();
    assert_eq!(compile(&below, &peers).unwrap_err().requirement, "AGR-16");
    let fewer = without(&without(&after(&first), "shelter_lipa"), "centre");
    assert!(compile(&fewer, &peers).is_err(), "the rules for the centre have lost their receiver");
}

/// [AGR-30]
#[test]
fn no_first_version_suspends_anybody_and_two_must_stay() {
    let town = town();
    let peers = NAMES.iter().map(|name| ((*name).to_owned(), town.id(name))).collect();
    let requirement = |source: &str| compile(source, &peers).unwrap_err().requirement;
    assert_eq!(requirement(&suspending(DEMONSTRATION, "centre")), "AGR-30");
}

/// [AGR-30] [AGR-21] [AGR-24]
#[test]
fn under_a_version_that_suspends_a_party_no_rule_is_for_it() {
    let town = town();
    let first = town.signed(DEMONSTRATION);
    let second = town.signed(&suspending(&after(&first), "centre"));
    let (hotline, centre) = (town.id("hotline"), town.id("centre"));
    let mut asked = opening("anybody", Act::Notification, ServiceType::SocialWork);
    asked.peer = centre;
    let by_duty = terms(2, 2, LegalBasis::LegalDuty, 1);
    let ask = |agreement: &Agreement| agreement.permit(&request(&hotline, &asked, by_duty, Occasion::Opening)).err();
    assert_eq!((ask(&first), ask(&second)), (None, Some(Rejection::NoRule)));
    use uput_core::wire::DecisionType::Placement;
    assert!(first.may_decide(&centre, Placement) && !second.may_decide(&centre, Placement));
}

/// [AGR-32] [AGR-33]
#[test]
fn a_newer_version_replaces_the_older_one_between_those_whom_both_bind() {
    let town = town();
    let first = town.signed(DEMONSTRATION);
    let begins = after(&first).replacen("2020-01-01", "2026-01-01", 1).replacen("2100-01-01", "2026-06-01", 1);
    let second = town.signed(&without(&begins, "shelter_lipa"));
    let lineage = Lineage::new([&first, &second]);
    let [hotline, jasen, lipa, _] = NAMES.map(|name| town.id(name));
    let before = Seconds::new(1_700_000_000).unwrap();
    let may = |version: &SignedAgreement, pair, time| lineage.may_open(&version.id(), pair, time).err();
    assert_eq!(may(&first, [&hotline, &jasen], before), None, "it has not begun");
    // The newer one is over by now: the older one does not come back.
    assert_eq!(may(&first, [&hotline, &jasen], now()), Some(Rejection::AgreementReplaced));
    assert_eq!(may(&second, [&hotline, &jasen], now()), None);
    assert_eq!(may(&first, [&hotline, &jasen], second.valid_from()), Some(Rejection::AgreementReplaced));
    assert_eq!(may(&first, [&hotline, &lipa], now()), None, "who stays behind loses nothing");
    // What is open goes on.
    assert_eq!(lineage.may_disclose(&first.id(), [&hotline, &jasen], now()), Ok(()));
}

/// [AGR-34]
#[test]
fn a_suspension_holds_under_every_version_until_a_later_one_lifts_it() {
    let town = town();
    let first = town.signed(DEMONSTRATION);
    let second = town.signed(&suspending(&after(&first), "shelter-jasen"));
    let third = town.signed(&without(&after(&second), "shelter_jasen"));
    let lifted = town.signed(&after(&third));
    let [hotline, jasen, lipa, _] = NAMES.map(|name| town.id(name));
    let suspended = Err(Rejection::PartySuspended);
    for known in [vec![&first, &second], vec![&first, &second, &third]] {
        let lineage = Lineage::new(known.iter().copied());
        for version in &known {
            for pair in [[&hotline, &jasen], [&jasen, &hotline]] {
                assert_eq!(lineage.may_open(&version.id(), pair, now()), suspended);
                assert_eq!(lineage.may_disclose(&version.id(), pair, now()), suspended);
            }
            assert_eq!(lineage.may_disclose(&version.id(), [&hotline, &lipa], now()), Ok(()));
        }
    }
    let lineage = Lineage::new([&first, &second, &third, &lifted]);
    assert_eq!(lineage.may_open(&lifted.id(), [&hotline, &jasen], now()), Ok(()));
    assert_eq!(lineage.may_disclose(&first.id(), [&hotline, &jasen], now()), Ok(()));
    assert_eq!(lineage.may_open(&first.id(), [&hotline, &jasen], now()), Err(Rejection::AgreementReplaced));
    // What lifts it lifts it from its own beginning on.
    let later = town.signed(&after(&third).replacen("2020-01-01", "2090-01-01", 1));
    let lineage = Lineage::new([&first, &second, &third, &later]);
    let lifts = Seconds::new(later.valid_from().get() - 1).unwrap();
    assert_eq!(lineage.may_disclose(&first.id(), [&hotline, &jasen], lifts), suspended);
    assert_eq!(lineage.may_disclose(&first.id(), [&hotline, &jasen], later.valid_from()), Ok(()));
    // From its first second on.
    let lineage = Lineage::new([&first, &second]);
    let begins = second.valid_from();
    let before = Seconds::new(begins.get() - 1).unwrap();
    assert_eq!(lineage.may_disclose(&first.id(), [&hotline, &jasen], before), Ok(()));
    assert_eq!(lineage.may_disclose(&first.id(), [&hotline, &jasen], begins), suspended);
}

/// [AGR-36]
#[test]
fn in_a_fork_the_later_counts_and_a_suspension_in_either_holds() {
    let town = town();
    let first = town.signed(DEMONSTRATION);
    let one = town.signed(&suspending(&after(&first), "shelter-lipa"));
    let other = town.signed(&after(&first).replacen("Night admission", "Another night", 1));
    let lineage = Lineage::new([&first, &one, &other]);
    let [hotline, jasen, lipa, _] = NAMES.map(|name| town.id(name));
    let both: Vec<OrgId> = lineage.forks().into_iter().map(|(party, _)| party).collect();
    assert_eq!(both.len(), 3);
    let named = [one.id().min(other.id()), one.id().max(other.id())];
    assert!(lineage.forks().iter().all(|(_, versions)| *versions == named), "the lower ID first");
    assert!(!both.contains(&lipa), "it has signed one of them only");
    assert_eq!(lineage.may_open(&other.id(), [&hotline, &lipa], now()), Err(Rejection::PartySuspended));
    let replaced = lineage.replaced_by(&first.id(), [&hotline, &jasen], now()).unwrap();
    assert_eq!(replaced.id(), one.id().max(other.id()));
    assert!(Lineage::new([&first, &one]).forks().is_empty());
    // Each after the one before: a version and its predecessor are no twins, in whatever order their IDs stand.
    let third = town.signed(&after(&other));
    assert!(Lineage::new([&first, &other, &third]).forks().is_empty());
}

/// [AGR-75] [AGR-76] [AGR-77] Whoever signs it late: given up it is, in whatever order it is learnt.
#[test]
fn a_version_that_was_given_up_counts_for_nothing_new_whenever_it_is_signed() {
    let town = town();
    let first = town.signed(DEMONSTRATION);
    let old = town.signed(&suspending(&after(&first), "shelter-jasen"));
    let next = town.signed(&after(&old));
    let gives_up = format!("gives_up = [\"{}\"]\nvalid_from", old.id());
    let new = town.signed(&without(&after(&first).replacen("valid_from", &gives_up, 1), "shelter_lipa"));
    let [hotline, jasen, lipa, _] = NAMES.map(|name| town.id(name));
    let before = Lineage::new([&first, &old]);
    assert_eq!(before.may_disclose(&first.id(), [&hotline, &jasen], now()), Err(Rejection::PartySuspended));
    assert_eq!(before.given_up_by(&old.id()), None, "what nobody has signed gives nothing up");
    for known in [[&first, &old, &next, &new], [&new, &next, &old, &first]] {
        let lineage = Lineage::new(known);
        assert!(lineage.forks().is_empty(), "who gave one up has not said two things");
        assert_eq!([&old, &next].map(|version| lineage.given_up_by(&version.id())), [Some(new.id()); 2]);
        for pair in [[&hotline, &jasen], [&hotline, &lipa], [&lipa, &jasen]] {
            for version in [&old, &next] {
                assert_eq!(lineage.may_open(&version.id(), pair, now()), Err(Rejection::VersionGivenUp));
                assert_eq!(lineage.may_disclose(&version.id(), pair, now()), Ok(()), "nobody is suspended by it");
            }
        }
        assert_eq!(lineage.replaced_by(&first.id(), [&hotline, &jasen], now()).map(|by| by.id()), Some(new.id()));
        assert_eq!(lineage.may_open(&new.id(), [&hotline, &jasen], now()), Ok(()));
        assert_eq!(lineage.may_open(&first.id(), [&hotline, &lipa], now()), Ok(()), "who stays behind loses nothing");
    }
    // A version after another one gives nothing up.
    let elsewhere = town.signed(&after(&new).replacen("valid_from", &gives_up, 1));
    assert_eq!(Lineage::new([&first, &old, &elsewhere]).given_up_by(&old.id()), None);
}

/// [AGR-31] What does not amend replaces and suspends nothing.
#[test]
fn a_version_that_too_few_stay_in_amends_nothing() {
    let town = town();
    let strict = DEMONSTRATION.replacen("threshold = 3", "threshold = 4", 1);
    let first = town.signed(&strict);
    let source = DEMONSTRATION.replacen("version = 1", &format!("version = 2\nprevious = \"{}\"", first.id()), 1);
    let second = town.signed(&suspending(&source, "shelter-lipa"));
    assert!(!second.amends(&first) && second.follows(&first) && second.stay(&first) == 3);
    // The next number without the predecessor, and the predecessor without the next number.
    let other = town.signed(DEMONSTRATION);
    assert!(!second.follows(&other) && !other.follows(&first));
    let third = town.signed(&source.replacen("version = 2", "version = 3", 1));
    assert!(!third.follows(&first));
    let lineage = Lineage::new([&first, &second]);
    let [hotline, jasen, lipa, _] = NAMES.map(|name| town.id(name));
    let suspended = lineage.suspended_by(&second.id(), &lipa, &hotline, now());
    assert_eq!(suspended.map(|by| by.id()), Some(second.id()), "it is the first version of an agreement of its own");
    assert_eq!(lineage.may_open(&first.id(), [&hotline, &jasen], now()), Ok(()));
    assert_eq!(lineage.may_open(&first.id(), [&hotline, &lipa], now()), Ok(()));
}

/// What a vector says of a version, made from the demonstration.
fn versioned(said: &str, known: &BTreeMap<String, SignedAgreement>) -> String {
    let mut source = DEMONSTRATION.to_owned();
    for part in said.split(", ").filter(|part| !part.is_empty()) {
        let (word, what) = part.split_once(' ').unwrap();
        source = match word {
            "after" => {
                let version = format!("version = {}\nprevious = \"{}\"", known[what].version() + 1, known[what].id());
                source.replacen("version = 1", &version, 1)
            }
            "from" => source.replacen("2020-01-01", what, 1),
            "gives_up" => {
                source.replacen("valid_from", &format!("gives_up = [\"{}\"]\nvalid_from", known[what].id()), 1)
            }
            "until" => source.replacen("2100-01-01", what, 1),
            "threshold" => source.replacen("threshold = 3", &format!("threshold = {what}"), 1),
            "suspends" => suspending(&source, what),
            "without" => without(&source, what),
            other => panic!("no version is {other}"),
        };
    }
    source
}

/// What is asked under a version of what two parties have: `open`, `disclose`, `answer`.
fn asked(town: &Town, known: &BTreeMap<String, SignedAgreement>, words: &[&str]) -> Result<(), Rejection> {
    let [what, version, from, to] = *words else { panic!("{words:?}") };
    let (held, from, to) = (&known[version], town.id(from), town.id(to));
    let lineage = Lineage::new(known.values());
    let opening = Opening { peer: to, ..opening("anybody", Act::Referral, ServiceType::Shelter) };
    let permit = |occasion, terms| held.permit(&request(&from, &opening, terms, occasion)).map(drop);
    match what {
        "open" => {
            held.rule_for(Act::Referral, &from, &to, ServiceType::Shelter).ok_or(Rejection::NoRule)?;
            lineage.may_open(&held.id(), [&from, &to], now())?;
            permit(Occasion::Opening, terms(0, 1, LegalBasis::NoneNeededNonpersonal, 0))
        }
        "disclose" => {
            lineage.may_disclose(&held.id(), [&from, &to], now())?;
            permit(Occasion::Later, terms(1, 1, LegalBasis::ExplicitConsent, 0))
        }
        "answer" => permit(Occasion::Reply, terms(0, 1, LegalBasis::NoneNeededNonpersonal, 0)),
        other => panic!("nobody asks {other}"),
    }
}

/// The versions of a vector, one after the other, and what is asked of them.
fn lived(town: &Town, text: &str) -> Result<(), Rejection> {
    let mut known = BTreeMap::new();
    for line in text.lines().skip(1) {
        let (key, said) = line.split_once(": ").unwrap();
        let words: Vec<&str> = said.split(' ').collect();
        if key == "version" {
            let (name, rest) = said.split_once(' ').unwrap_or((said, ""));
            let version = town.signed(&versioned(rest, &known));
            known.insert(name.to_owned(), version);
        } else if let ["sign", version, signers @ ..] = words.as_slice() {
            let keys: Vec<&SigningKey> = signers.iter().map(|name| &town.keys[name].0).collect();
            let body = known[*version].envelope().body().to_vec();
            let envelope = Envelope::sign(MediaType::AGREEMENT, body, &keys).unwrap();
            SignedAgreement::verify(envelope, town.keys.values().map(|(_, chain)| chain))?;
        } else {
            asked(town, &known, &words)?;
        }
    }
    Ok(())
}

/// [AGR-20] [AGR-25] [AGR-31] [AGR-32] [AGR-33] [AGR-34] [AGR-35] [AGR-36]
#[test]
fn every_vector_of_the_life_of_an_agreement_holds() {
    let (town, folder) = (town(), concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/vectors/agreement-life"));
    let (mut lawful, mut unlawful) = (0, 0);
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().strip_prefix("expect: ").unwrap();
        let found = lived(&town, &text).map_or_else(Rejection::code, |()| "ok");
        assert_eq!(found, expected, "{}", path.display());
        *(if found == "ok" { &mut lawful } else { &mut unlawful }) += 1;
    }
    println!("{lawful} lawful, {unlawful} unlawful");
    assert!(lawful >= 12 && unlawful >= 12);
}
