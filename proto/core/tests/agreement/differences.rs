//! Two versions side by side: nothing is loosened or tightened that is not said.

use proptest::prelude::*;
use uput_core::{
    agreement::{Agreement, Code, Effect, Occasion, Request, summary},
    catalogue::Label,
    event::{Opening, Terms},
    id::OrgId,
    time::Seconds,
    wire::{self, LegalBasis},
};

use crate::{
    random::{self, Die, again, read},
    scene::{TWO_PARTY, compiled, opening, organisation},
    sentences::edits,
};

/// What is allowed beside what is permitted of one request: labels, ticks, and how it is kept.
fn allowed(agreement: &Agreement, asked: &Asked) -> Option<Vec<(Label, bool)>> {
    let request = Request {
        opener: &asked.opener,
        opening: &asked.opening,
        terms: asked.terms,
        occasion: asked.occasion,
        kind: None,
        time: asked.time,
    };
    let permitted = agreement.permit(&request).ok()?;
    Some(permitted.labels().iter().map(|label| (*label, permitted.ticked().contains(label))).collect())
}

struct Asked {
    opener: OrgId,
    opening: Opening,
    terms: Terms,
    occasion: Occasion,
    time: Seconds,
}

fn asked(die: &mut Die, agreement: &Agreement) -> Option<Asked> {
    let parties: Vec<OrgId> = agreement.parties().map(|party| party.organisation).collect();
    let rules: Vec<_> = agreement.rules().cloned().collect();
    if rules.is_empty() {
        return None;
    }
    let rule = die.pick(&rules).clone();
    let bases: Vec<LegalBasis> = rule.bases.iter().copied().chain(LegalBasis::every()).collect();
    let times = [agreement.valid_from(), agreement.valid_until(), Seconds::new(1_800_000_000).unwrap()];
    let terms = Terms {
        stage: u32::try_from(die.throw(3)).unwrap(),
        rule: rule.number,
        basis: *die.pick(&bases),
        article: u32::try_from(die.throw(3)).unwrap(),
    };
    Some(Asked {
        opener: *die.pick(&parties),
        opening: Opening { peer: *die.pick(&parties), ..opening("anybody", rule.act, rule.receiver) },
        terms,
        occasion: *die.pick(&[Occasion::Opening, Occasion::Later, Occasion::Reply]),
        time: *die.pick(&times),
    })
}

fn edited(die: &mut Die, document: &wire::Agreement) -> wire::Agreement {
    let edits = edits(document);
    let mut changed = again(document);
    for _ in 0..=die.throw(4) {
        let mut next = again(&changed);
        let edit = die.pick(&edits);
        // An edit may speak of what an earlier one took out.
        let kept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| edit(&mut next))).is_ok();
        if kept && read(&next).is_some() {
            changed = next;
        }
    }
    changed
}

/// More than before: a request that was refused, a label, or a label without her tick.
fn more(before: Option<&Vec<(Label, bool)>>, after: Option<&Vec<(Label, bool)>>) -> bool {
    let Some(after) = after else { return false };
    let Some(before) = before else { return true };
    after.iter().any(|(label, ticked)| !before.contains(&(*label, *ticked)) && !before.contains(&(*label, false)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// [AGR-43]
    #[test]
    fn what_a_newer_version_permits_and_the_older_did_not_is_named_as_loosened(seed in any::<u64>()) {
        let mut die = Die::new(seed);
        let old = random::agreement(&mut die);
        let new = edited(&mut die, &old);
        let (old, new) = (read(&old).unwrap(), read(&new).unwrap());
        let changes = new.changes_since(&old);
        let effects: Vec<&Effect> = changes.iter().flat_map(|change| &change.effects).collect();
        let loosened = effects.iter().any(|effect| matches!(effect, Effect::Loosened(_)));
        let tightened = effects.iter().any(|effect| matches!(effect, Effect::Tightened(_)));
        for _ in 0..200 {
            let agreement = if die.one_in(2) { &old } else { &new };
            let Some(asked) = asked(&mut die, agreement) else { continue };
            let (before, after) = (allowed(&old, &asked), allowed(&new, &asked));
            prop_assert!(loosened || !more(before.as_ref(), after.as_ref()), "not named: {:?}", changes);
            prop_assert!(tightened || !more(after.as_ref(), before.as_ref()), "not named: {:?}", changes);
        }
    }

    /// [AGR-43] The sentences of one version, with what goes and what comes, are those of the other.
    #[test]
    fn the_changes_lead_from_one_summary_to_the_other(seed in any::<u64>()) {
        let mut die = Die::new(seed);
        let old = random::agreement(&mut die);
        let new = edited(&mut die, &old);
        let (old, new) = (read(&old).unwrap(), read(&new).unwrap());
        let mut sentences = summary(&old);
        for change in new.changes_since(&old) {
            if let Some(gone) = change.before {
                let at = sentences.iter().position(|sentence| *sentence == gone);
                prop_assert!(at.is_some());
                sentences.remove(at.unwrap());
            }
            sentences.extend(change.after);
        }
        let mut expected = summary(&new);
        sentences.sort();
        expected.sort();
        prop_assert_eq!(sentences, expected);
        prop_assert!(old.changes_since(&old).is_empty());
    }
}

/// [AGR-43] What a signatory of an amendment is told.
#[test]
fn an_amendment_says_what_it_loosens_and_who_must_sign() {
    let old = compiled(TWO_PARTY).agreement;
    let newer = TWO_PARTY
        .replacen("version = 1", &format!("version = 2\nprevious = \"{}\"", old.id()), 1)
        .replacen("within = \"24 h\"", "within = \"48 h\"", 1)
        .replacen(
            "bases = [\"explicit_consent\", \"guardian_consent\", \"vital_interests\"]",
            "bases = [\"explicit_consent\"]",
            1,
        )
        .replacen("    \"name\", ", "    ", 1)
        .replacen("need = [\n", "need = [\n    \"substance_use\",", 0);
    let new = compiled(&newer).agreement;
    let effects: Vec<Effect> = new.changes_since(&old).into_iter().flat_map(|change| change.effects).collect();
    let said = |effect: Effect| assert!(effects.contains(&effect), "{effect:?} is not in {effects:?}");
    said(Effect::Loosened("the time for the step".into()));
    said(Effect::Tightened("rule 1 on the basis of vital_interests".into()));
    said(Effect::Tightened("name under profile bed: never, before from stage 2 on".into()));
    let succession = new.succession(&old);
    assert!(succession.follows && succession.stay == 2 && succession.threshold == 2);
    assert_eq!(succession.sign.len(), 2);
    assert!(succession.join.is_empty() && succession.stay_behind.is_empty() && succession.suspended.is_empty());
    assert!(succession.sign.contains(&organisation("partner")));
}

/// [AGR-53] A step that names less is looser there, and one that names more stricter.
#[test]
fn a_step_of_the_ladder_that_names_less_is_loosened() {
    let with = |names: &str| {
        let step = format!("[[escalation]]\nservice = \"shelter\"\nafter = \"1 h\"\n{names}\n[retention]");
        compiled(&TWO_PARTY.replacen("[retention]", &step, 1)).agreement
    };
    let effects = |old: &Agreement, new: &Agreement| -> Vec<Effect> {
        new.changes_since(old).into_iter().flat_map(|change| change.effects).collect()
    };
    let (all, some) = (with(""), with("acts = [\"referral\"]\ntimers = [\"answer\"]\n"));
    let other = with("acts = [\"referral\"]\ntimers = [\"acknowledge\"]\n");
    let what = "what goes on to shelter".to_owned();
    assert_eq!(effects(&all, &some), [Effect::Loosened(what.clone())]);
    assert_eq!(effects(&some, &all), [Effect::Tightened(what.clone())]);
    assert_eq!(effects(&some, &other), [Effect::Loosened(what.clone()), Effect::Tightened(what)]);
    let said = summary(&some);
    let sentence = "What stays without answer in a referral goes to shelter after 1 h.";
    assert!(said.iter().any(|line| line == sentence), "{said:?}");
}
