//! Conferences by a peer that says nothing of what it convenes for, and speaks for the other's tasks.

use uput_core::{
    event::{Event, Statement, Terms},
    id::AgreementId,
    wire::{self, LegalBasis, LetterContent, TaskStatus},
};

use crate::{
    said::{Said, labels, unsaid},
    town::{CONSENT, say, worker},
    yard::{DEMONSTRATION, STORED, Yard, pact, records, yard},
};

const PROFILE: &str = r#"
[profile.table]
enquiry = ["agenda", "meeting_when"]
need = ["attended", "decisions_taken", "language", "plan_tasks"]
reply = ["reason_in_words"]

[[rule]]
number = 1
"#;
const RULE: &str = r#"
[[rule]]
number = 6
act = "conference"
sender = "hotline"
receiver = "shelter"
profile = "table"
bases = ["explicit_consent"]

[[article]]
number = 1
"#;
const WHEN: (&str, &str) = ("meeting_when", "2099-01-10T09:00Z/2099-01-10T11:00Z");
const TERMS: Terms = Terms { stage: 1, rule: 6, basis: LegalBasis::ExplicitConsent, article: 0 };

/// An agreement under which the hotline may convene the shelter.
async fn table(yard: &Yard) -> AgreementId {
    let text = DEMONSTRATION.replacen("[[rule]]\nnumber = 1\n", PROFILE.trim_start(), 1);
    let text = text.replacen("[[article]]\nnumber = 1\n", RULE.trim_start(), 1);
    let parties = yard.parties();
    let (id, signed) = pact(&text, parties, &parties);
    let key_records = records(&parties);
    let content = LetterContent { key_records, agreements: vec![signed], ..LetterContent::default() };
    assert_eq!(yard.send(&content).await, STORED);
    id
}

fn convened(yard: &Yard, agreement: AgreementId, said: &[(&str, &str)]) -> Said {
    let fields = [&CONSENT[..], &[WHEN, ("language", "sq")], said].concat();
    yard.opening(&fields, |_, opening, terms| {
        (opening.agreement, opening.act) = (agreement, wire::Act::Conference);
        *terms = TERMS;
    })
}

/// [AGR-70] [DIS-13]
#[tokio::test(flavor = "multi_thread")]
async fn of_an_invitation_that_does_not_say_to_what_a_receiver_keeps_no_more_than_an_enquiry() {
    let yard = yard().await;
    let agreement = table(&yard).await;
    let silent = convened(&yard, agreement, &[]);
    assert_eq!(yard.say(&[&silent]).await, STORED, "nobody is turned away for it");
    let seen = yard.seen(&silent, &silent).await;
    assert_eq!(labels(&seen), ["meeting_when"]);
    assert_eq!(seen.findings, ["without_content"]);
    assert!(seen.stripped.contains(&"language".to_owned()), "what was told about her was told for nothing");
    let said = convened(&yard, agreement, &[("agenda", "care_plan")]);
    assert_eq!(yard.say(&[&said]).await, STORED);
    let seen = yard.seen(&said, &said).await;
    assert!(labels(&seen).contains(&"language") && seen.findings.is_empty(), "the control: {:?}", seen.findings);
}

/// [EVT-35] [EVT-36]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_says_of_our_task_is_shown_as_not_its_own_and_ends_nothing() {
    let yard = yard().await;
    let agreement = table(&yard).await;
    let opening = convened(&yard, agreement, &[("agenda", "care_plan")]);
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let accepted = say(&yard.shelter, opening.trail(), Statement::Accepted).await.unwrap();
    let tasks = ("plan_tasks", "1 safety_plan shelter 2026-01-31; 2 monitor herself 2026-01-31");
    let plan = yard.disclosing(&opening, Statement::Plan, &[&CONSENT[..], &[tasks]].concat(), |event| {
        (event.seen, event.terms) = (Some(accepted), Some(TERMS));
    });
    let of = |prev: &Said, seq, number| {
        let task = unsaid(&yard.hotline, Statement::Task { plan: plan.id, number, status: TaskStatus::Done });
        let (prev, seen) = (Some(prev.id), Some(accepted));
        Said::sign(&yard.hotline, &Event { trail: opening.trail(), seq, prev, seen, ..task }, None)
    };
    let ours = of(&plan, 2, 1);
    let theirs = of(&ours, 3, 2);
    assert_eq!(yard.say(&[&plan]).await, STORED);
    let over = async || {
        let shown = yard.shelter.show(&worker(), &opening.trail(), false).await.unwrap();
        shown.endings.into_iter().filter(|ending| ending.what == "task").map(|ending| ending.ours).collect::<Vec<_>>()
    };
    let mut before = over().await;
    before.sort_unstable();
    assert_eq!(before, [false, true], "each has one that is over");
    assert_eq!(yard.say(&[&ours, &theirs]).await, STORED, "a report is admitted");
    assert_eq!(yard.seen(&opening, &ours).await.findings, ["not_the_owner"]);
    assert!(yard.seen(&opening, &theirs).await.findings.is_empty(), "the control: she convened, and speaks for her");
    assert_eq!(over().await, [true], "our task stays as we left it");
}
