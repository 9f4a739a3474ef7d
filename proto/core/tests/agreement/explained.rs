//! "May A send B this, why, by which rule?" has the answer that the node gives, in every case.

use std::collections::BTreeSet;

use proptest::prelude::*;
use uput_core::{
    agreement::{Agreement, Code, Explanation, Obstacle, Occasion, Party, Question, Request},
    catalogue::{Label, SERVICES},
    event::{Opening, Terms},
    id::OrgId,
    rejection::Rejection,
    time::Seconds,
    wire::{Act, LegalBasis},
};

use crate::{
    random::{self, Die, read},
    scene::{DEMONSTRATION, compiled, now, opening, organisation},
};

/// Everything by which `permit` lets it pass, found by asking it in every way there is.
fn permitted(agreement: &Agreement, question: &Question) -> BTreeSet<(u32, String, bool, u32, i32)> {
    let mut found = BTreeSet::new();
    let occasions =
        [(Occasion::Opening, true), (Occasion::Later, true), (Occasion::Reply, true), (Occasion::Reply, false)];
    let acts = Act::every().filter(|act| question.act.is_none_or(|asked| asked == *act));
    for (act, service) in acts.flat_map(|act| SERVICES.map(|service| (act, service))) {
        for (occasion, opened) in occasions {
            let (opener, peer) = if opened { (question.from, question.to) } else { (question.to, question.from) };
            let opening = Opening { peer, ..opening("anybody", act, service) };
            for rule in agreement.rules().map(|rule| rule.number) {
                for stage in (0..=2).filter(|stage| question.stage.is_none_or(|asked| asked == *stage)) {
                    let bases = LegalBasis::every().filter(|basis| question.basis.is_none_or(|asked| asked == *basis));
                    for (basis, article) in bases.flat_map(|basis| (0..=4).map(move |article| (basis, article))) {
                        let terms = Terms { stage, rule, basis, article };
                        let request = Request {
                            opener: &opener,
                            opening: &opening,
                            terms,
                            occasion,
                            kind: None,
                            time: question.time,
                        };
                        if agreement
                            .permit(&request)
                            .is_ok_and(|permitted| permitted.labels().contains(&question.label))
                        {
                            found.insert((rule, format!("{occasion:?}"), opened, stage, basis.into()));
                        }
                    }
                }
            }
        }
    }
    found
}

fn question(die: &mut Die, agreement: &Agreement) -> Question {
    let any = any_question(die, agreement);
    let rules: Vec<_> = agreement.rules().collect();
    if rules.is_empty() || die.one_in(2) {
        return any;
    }
    // One that a rule may say yes to.
    let rule = *die.pick(&rules);
    let with = |fits: &dyn Fn(&Party) -> bool| {
        let fitting: Vec<OrgId> =
            agreement.parties().filter(|party| fits(party)).map(|party| party.organisation).collect();
        fitting.first().copied().unwrap_or(any.from)
    };
    let profile = agreement.profile(rule).unwrap();
    let labels: Vec<Label> =
        [&profile.enquiry, &profile.need, &profile.identity].into_iter().flatten().copied().collect();
    let bases: Vec<LegalBasis> = rule.bases.iter().copied().chain([LegalBasis::NoneNeededNonpersonal]).collect();
    Question {
        from: with(&|party| party.roles.contains(&rule.sender)),
        to: with(&|party| party.services.contains(&rule.receiver)),
        label: if labels.is_empty() { any.label } else { *die.pick(&labels) },
        act: any.act.map(|_| rule.act),
        basis: any.basis.map(|_| *die.pick(&bases)),
        ..any
    }
}

fn any_question(die: &mut Die, agreement: &Agreement) -> Question {
    let mut parties: Vec<OrgId> = agreement.parties().map(|party| party.organisation).collect();
    parties.push(organisation("stranger"));
    let acts: Vec<Act> = agreement.rules().map(|rule| rule.act).chain(Act::every()).collect();
    let bases: Vec<LegalBasis> = LegalBasis::every().collect();
    let times = [now(), Seconds::new(1_899_999_960).unwrap(), Seconds::new(1_900_000_020).unwrap()];
    Question {
        from: *die.pick(&parties),
        to: *die.pick(&parties),
        label: *die.pick(Label::ALL),
        act: (!die.one_in(3)).then(|| *die.pick(&acts)),
        stage: (!die.one_in(3)).then(|| u32::try_from(die.throw(3)).unwrap()),
        basis: (!die.one_in(3)).then(|| *die.pick(&bases)),
        time: times[if die.one_in(4) { die.throw(3) } else { 0 }],
    }
}

fn agrees(agreement: &Agreement, question: &Question) -> Result<bool, TestCaseError> {
    let expected = permitted(agreement, question);
    match agreement.explain(question) {
        Explanation::Yes(ways) => {
            let said: BTreeSet<_> = ways
                .iter()
                .map(|way| (way.rule, format!("{:?}", way.occasion), way.opened, way.stage, way.basis.into()))
                .collect();
            prop_assert_eq!(said.len(), ways.len(), "a way is said once");
            prop_assert_eq!(said, expected);
            Ok(true)
        }
        Explanation::No { why, remedy, .. } => {
            prop_assert!(expected.is_empty(), "{why}, and it is permitted: {expected:?}");
            prop_assert!(!why.is_empty() && !remedy.is_empty());
            Ok(false)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// [AGR-42]
    #[test]
    fn an_explanation_says_yes_where_the_node_permits_and_nowhere_else(seed in any::<u64>()) {
        let mut die = Die::new(seed);
        let agreement = read(&random::agreement(&mut die)).unwrap();
        for _ in 0..12 {
            let question = question(&mut die, &agreement);
            agrees(&agreement, &question)?;
        }
    }
}

/// The property is no use if the answer is always no.
#[test]
fn of_random_questions_some_are_answered_with_yes() {
    let mut die = Die::new(4);
    let (mut yes, mut all) = (0, 0);
    for _ in 0..20 {
        let agreement = read(&random::agreement(&mut die)).unwrap();
        for _ in 0..10 {
            let question = question(&mut die, &agreement);
            yes += usize::from(agrees(&agreement, &question).unwrap());
            all += 1;
        }
    }
    println!("{yes} of {all} random questions are answered with yes");
    assert!(yes > 10 && yes < all - 10, "{yes} of {all}");
}

fn ask(from: &str, to: &str, label: Label) -> Question {
    let (from, to) = (organisation(from), organisation(to));
    Question { from, to, label, act: None, stage: None, basis: None, time: now() }
}

/// [AGR-42] The first reason, its code, and what would make it lawful.
#[test]
fn a_no_names_the_first_reason_and_what_would_make_it_lawful() {
    let agreement = compiled(DEMONSTRATION).agreement;
    let name = ask("hotline", "shelter-jasen", Label::Name);
    let early = Question { stage: Some(1), ..name };
    let by_duty = Question { basis: Some(LegalBasis::LegalDuty), ..name };
    let nobody = ask("shelter-jasen", "shelter-lipa", Label::Name);
    let never = ask("hotline", "shelter-jasen", Label::CurrentLocation);
    let late = Question { time: agreement.valid_until(), ..name };
    let cases = [
        (early, Obstacle::LaterStage(2), Rejection::OutsideProfile, "from stage 2 on", "rule 1: name in a referral"),
        (by_duty, Obstacle::ServesNotTheAct, Rejection::BasisNotAllowed, "cannot carry a referral", "rule 1: name"),
        (nobody, Obstacle::NotGiven, Rejection::NoRule, "does not give", "an agreement with a rule"),
        (
            never,
            Obstacle::OutsideProfile,
            Rejection::OutsideProfile,
            "profile bed",
            "nothing: current_location never goes",
        ),
        (late, Obstacle::NotInForce, Rejection::AgreementNotInForce, "not in force", "a version that is in force"),
    ];
    for (question, obstacle, rejection, why, remedy) in cases {
        let Explanation::No { obstacle: found, why: said, remedy: advice, .. } = agreement.explain(&question) else {
            panic!("{obstacle:?} is no obstacle");
        };
        assert_eq!((found, found.rejection()), (obstacle, rejection), "{said}; {advice}");
        assert!(said.contains(why) && advice.contains(remedy), "{obstacle:?}: {said}; {advice}");
    }
}

#[test]
fn a_yes_names_rule_profile_stage_basis_article_and_what_is_carried() {
    let agreement = compiled(DEMONSTRATION).agreement;
    let to_centre = Question { basis: Some(LegalBasis::LegalDuty), ..ask("hotline", "centre", Label::Name) };
    let Explanation::Yes(ways) = agreement.explain(&to_centre) else { panic!("the duty to report is no basis") };
    let said = agreement.way_in_words(&ways[0], Label::Name);
    for word in ["rule 2", "profile notice", "stage 2", "legal_duty", "citing article 1 (unverified)", "client_told"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let ticked = ask("hotline", "shelter-jasen", Label::SubstanceUse);
    let Explanation::Yes(ways) = agreement.explain(&ticked) else { panic!("a tick is no way") };
    assert!(
        ways.iter().all(|way| way.ticked && agreement.way_in_words(way, Label::SubstanceUse).contains("she ticks it"))
    );
}
