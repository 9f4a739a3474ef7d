//! Copies in corners: one that is sent again beside another woman's facts, and one that is as large as can be said.

use uput_core::{
    event::Statement,
    id::{EventId, TrailId},
    rejection::Rejection,
    wire::{AttestationStanding, LegalBasis},
};
use uput_node::node::{NewEvent, Refused};

use super::{
    chain::{AGREEMENT, FACTS, Row, Word},
    town::{CONSENT, event, fields},
};

/// Who she is, in these words.
async fn told(
    row: &Row,
    from: usize,
    trail: TrailId,
    (said, ticked): (&[(&str, &str)], &str),
    attest: bool,
) -> Result<EventId, Refused> {
    let said = fields(&[&CONSENT[..], &[("consent_ticked", ticked)], said].concat());
    let basis = Some(LegalBasis::ExplicitConsent);
    let new = NewEvent { fields: said, basis, attest, ..event(trail, Statement::Identity) };
    Ok(row.nodes[from].record_event(new).await?.unwrap())
}

/// [ONW-4] [ONW-9] [ONW-3]
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_sent_again_in_another_trail_vouches_for_nothing_but_what_it_says() {
    let row = Row::found().await;
    let received = row.accepted(0, 1, None).await;
    let said = row.identity(0, received, Word::Signed).await.unwrap();
    let (_, copy) = row.word(1, &received, &said).await;
    let onward = row.accepted(1, 2, None).await;
    let first = row.identity(1, onward, Word::Copy(copy.clone())).await.unwrap();
    let (whole, _) = row.word(2, &onward, &first).await;
    assert_eq!(whole.labels, ["age_band", "name", "language"]);
    // Another woman, of the same age and language, with the first one's copy beside her name.
    let another = row.accepted(1, 2, None).await;
    let beside = |name, copy| [FACTS[0], FACTS[1], ("name", name), ("provenance", copy)];
    let ticked = "name provenance";
    let said = told(&row, 1, another, (&beside("Invented Other", &copy), ticked), false).await.unwrap();
    let (attested, shown) = row.word(2, &another, &said).await;
    assert_eq!(attested.standing(), AttestationStanding::Verified);
    assert_eq!(attested.labels, ["age_band", "language"], "nobody signed that name");
    assert!(shown.len() < copy.len() && !shown.contains(&hex(FACTS[2].1)), "the first one's name goes to nobody");
    // Where nothing of it is hers it does not go.
    let third = row.accepted(1, 2, None).await;
    let strange = [("language", "mk"), ("name", "Invented Third"), ("provenance", copy.as_str())];
    let refused = told(&row, 1, third, (&strange, ticked), false).await.unwrap_err();
    assert_eq!(refused.rejection(), Rejection::NotAttested);
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// [ONW-2] [ONW-5]
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_longest_words_that_can_be_said_goes_on_and_is_verified() {
    let text = AGREEMENT.replace("\"excluded_persons\",", "\"excluded_persons\", \"need_statement\",");
    let text = text.replace("ticked = [", "ticked = [\"need_statement\", ");
    let row = Row::found_under(&text).await;
    let names = |letter: &str| vec![letter.repeat(100); 10].join("; ");
    let (list, need) = (names("а"), "ж".repeat(500));
    let long = [FACTS[1], FACTS[2], ("excluded_persons", &list), ("need_statement", &need)];
    let ticked = "name need_statement provenance";
    let received = row.accepted(0, 1, None).await;
    let said = told(&row, 0, received, (&long, ticked), true).await.unwrap();
    let (_, copy) = row.word(1, &received, &said).await;
    assert!((7_500..=16_384).contains(&copy.len()), "{}", copy.len());
    let onward = row.accepted(1, 2, None).await;
    let passed = [&long[..], &[("provenance", copy.as_str())]].concat();
    let said = told(&row, 1, onward, (&passed, ticked), false).await.unwrap();
    let (attested, _) = row.word(2, &onward, &said).await;
    assert_eq!((attested.standing(), attested.labels.len()), (AttestationStanding::Verified, 4));
}
