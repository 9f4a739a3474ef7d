//! What is noted of a case closes ways of disclosing in every trail of it, and says what remains. [CAS-90] [CAS-91]

use uput_core::{
    catalogue::Label,
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    wire::{self, CaseMarkKind, LegalBasis, PurgeManner},
};
use uput_node::{
    account::Caller,
    case::{CaseId, Closed},
    node::{NewChange, NewTrail, NewValues, Refused},
};

use super::{
    GUARDIAN, NAMES, Town, a_town,
    town::{CONSENT, enquiry, event, fields, reads, request_id, until, worker},
};

type Mark = (CaseMarkKind, Option<Label>);

const SUSPECTED: Mark = (CaseMarkKind::CaregiverSuspected, None);
const WITHDRAWN: Mark = (CaseMarkKind::ConsentWithdrawn, None);

impl Town {
    async fn note(&self, by: &Caller, case: CaseId, mark: Mark, stands: bool) -> wire::CaseRecord {
        let new = NewValues {
            by: by.clone(),
            request_id: request_id(),
            validate_only: false,
            case,
            fields: Vec::new(),
            taken: Vec::new(),
            removed: Vec::new(),
            marks: vec![(mark, stands)],
            words: None,
            knowingly: Vec::new(),
            label_words: Vec::new(),
        };
        self.hotline.update_case_record(new).await.unwrap();
        self.hotline.show_case_record(by, &case, true).await.unwrap()
    }

    /// A need, told to a shelter in the same case.
    async fn opens(
        &self,
        by: &Caller,
        case: CaseId,
        basis: LegalBasis,
        of: &[(&str, &str)],
        more: (&str, &str),
    ) -> Result<(), Refused> {
        let fields = fields(&[of, &[more]].concat());
        let new = NewTrail { by: by.clone(), case: Some(case), stage: 1, basis, fields, ..enquiry(NAMES[2]) };
        self.hotline.open_trail(new).await.map(drop)
    }
}

fn closed(outcome: Result<(), Refused>) -> Closed {
    match outcome {
        Err(Refused::Closed(why)) => {
            assert_eq!(Refused::Closed(why).rejection(), Rejection::BasisNotAllowed);
            why
        }
        _ => panic!("it was not closed"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_suspected_consents_to_nothing_in_any_trail_of_the_case() {
    let (town, by) = (a_town().await, worker());
    let trail = town.asked(&by, 0, None, LegalBasis::GuardianConsent, &GUARDIAN).await;
    let case = town.hotline.case_of(&trail).unwrap();
    let language = ("language", "sq");
    assert_eq!(town.note(&by, case, SUSPECTED, true).await.marks.len(), 1);
    let guardian = LegalBasis::GuardianConsent;
    let as_class = |class| [&[("guardian_class", class)][..], &GUARDIAN[1..]].concat();
    let why = closed(town.opens(&by, case, guardian, &as_class("parent"), language).await);
    assert_eq!(closed(town.opens(&by, case, guardian, &as_class("relative"), language).await), why);
    assert_eq!(why, Closed::CaregiverSuspected);
    assert!(why.to_string().contains("best interests") && why.to_string().contains("guardian authority"));
    // In the trail that rests on it too.
    let identity = [&as_class("parent")[..], &[("name", "Invented Name")]].concat();
    assert_eq!(town.disclose(&by, trail, guardian, &identity).await, Err(Rejection::BasisNotAllowed));
    // The other parent's signature is not lost because his does not count.
    for class in ["other_parent", "other_relative", "appointed_guardian", "temporary_guardian", "institution"] {
        town.opens(&by, case, guardian, &as_class(class), language).await.unwrap();
    }
    // The ways that remain are not closed: this one takes a second person, and nobody was asked yet.
    let child = [("best_interests_reason", "caregiver_suspected"), ("authority_informed", "before"), language];
    let asked = town.opens(&by, case, LegalBasis::ChildBestInterests, &child[..2], child[2]).await;
    assert_eq!(asked.map_err(|refused| refused.rejection()), Err(Rejection::NeedsApproval));
    // Another case is another child.
    town.asked(&by, 0, None, guardian, &GUARDIAN).await;
    // It was a mistake: somebody says so.
    assert!(town.note(&by, case, SUSPECTED, false).await.marks.iter().all(|mark| !mark.stands));
    town.opens(&by, case, guardian, &as_class("parent"), language).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_consent_closes_every_trail_until_she_consents_anew() {
    let (town, by) = (a_town().await, worker());
    let consent = LegalBasis::ExplicitConsent;
    let trail = town.asked(&by, 0, None, consent, &CONSENT).await;
    let case = town.hotline.case_of(&trail).unwrap();
    town.follow(&by, case, NewChange::ConsentWithdrawn(None)).await;
    reads(&town.others[0], &trail, "withdrawn").await;
    let language = ("language", "sq");
    let why = closed(town.opens(&by, case, consent, &CONSENT, language).await);
    assert_eq!(why, Closed::ConsentWithdrawn);
    assert!(why.to_string().contains("consents anew"));
    // Nobody asks without a name on her word, and a report is no matter of consent.
    let bare = NewTrail { case: Some(case), ..enquiry(NAMES[2]) };
    town.hotline.open_trail(bare).await.unwrap().unwrap();
    town.notified(&by, case).await;
    let marks = town.note(&by, case, WITHDRAWN, false).await.marks;
    assert!(marks.iter().all(|mark| !mark.stands));
    town.opens(&by, case, consent, &CONSENT, language).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_she_withholds_goes_nowhere_and_what_was_told_is_purged_and_told_anew_without_it() {
    let (town, by) = (a_town().await, worker());
    let consent = LegalBasis::ExplicitConsent;
    let trail = town.asked(&by, 0, None, consent, &CONSENT).await;
    let case = town.hotline.case_of(&trail).unwrap();
    let withheld = (CaseMarkKind::LabelWithheld, Some(Label::AgeBand));
    town.note(&by, case, withheld, true).await;
    let why = closed(town.opens(&by, case, consent, &CONSENT, ("age_band", "30_59")).await);
    assert_eq!(why, Closed::LabelWithheld(Label::AgeBand));
    town.opens(&by, case, consent, &CONSENT, ("language", "sq")).await.unwrap();
    // [BAS-12] What the shelter was told it purges as a whole, and hears the rest anew.
    town.hotline.record_event(event(trail, Statement::PurgeAsked)).await.unwrap();
    let shelter = &town.others[0];
    until(|| async { shelter.show(&worker(), &trail, false).await.unwrap().owed > 0 }).await;
    shelter.record_event(event(trail, Statement::Purged(PurgeManner::Destroyed))).await.unwrap();
    until(|| async { town.hotline.show(&by, &trail, false).await.unwrap().owed == 0 }).await;
    let anew = fields(&[&CONSENT[..], &[("language", "sq")]].concat());
    let need = uput_node::node::NewEvent { fields: anew, basis: Some(consent), ..event(trail, Statement::Need) };
    town.hotline.record_event(need).await.unwrap();
    until(|| async { told(&town, trail, "language").await }).await;
    assert!(!told(&town, trail, "age_band").await);
}

/// Whether the shelter can read a label of a trail.
async fn told(town: &Town, trail: TrailId, label: &str) -> bool {
    let shown = town.others[0].show(&worker(), &trail, true).await.unwrap();
    shown.events.iter().flat_map(|event| &event.fields).any(|field| field.label == label && !field.value.is_empty())
}

/// Nobody is counted without a word of theirs, and that word is none about disclosure.
#[tokio::test(flavor = "multi_thread")]
async fn consent_to_being_counted_is_another_one_and_stays_here() {
    let (town, by) = (a_town().await, worker());
    let trail = town.asked(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&trail).unwrap();
    let none = town.hotline.show_case_record(&by, &case, true).await.unwrap();
    assert!(none.marks.is_empty());
    let counted = (CaseMarkKind::StatisticsConsent, None);
    let marks = town.note(&by, case, counted, true).await.marks;
    assert!(marks.len() == 1 && marks[0].stands && marks[0].since > 0);
    // Withdrawing the one leaves the other, both ways.
    town.follow(&by, case, NewChange::ConsentWithdrawn(None)).await;
    let marks = town.note(&by, case, WITHDRAWN, false).await.marks;
    assert!(marks.iter().any(|mark| mark.kind() == CaseMarkKind::StatisticsConsent && mark.stands));
    town.note(&by, case, counted, false).await;
    town.opens(&by, case, LegalBasis::ExplicitConsent, &CONSENT, ("language", "sq")).await.unwrap();
    // Whoever sees the outline alone is not told, and no label of that name exists.
    assert!(town.hotline.show_case_record(&by, &case, false).await.unwrap().marks.is_empty());
    assert!(Label::parse("statistics_consent").is_err());
}
