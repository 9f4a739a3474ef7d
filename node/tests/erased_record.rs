//! The record of a case after its erasure: nobody finds or opens it, and what happened stays provable.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod sealed;
mod town;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use sealed::{
    NAME, ON, Person, found,
    record::{MESSAGE, OLD, change, ended, find, named, readable, secret, shown, values},
    staff_of,
};
use town::{Carrier, House, Pair, enquiry, fields, pair, reopened, until};
use uput_core::{
    access_log,
    event::Statement,
    id::{AgreementId, TrailId},
    rejection::Rejection,
    sensitive::Sensitive,
    staff::WordKey,
    trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand},
    verdict::{self, Exit},
    wire::{AccessReason, DisclosureScope, LegalBasis, Purpose},
};
use uput_node::{
    access::Why,
    case::CaseId,
    disk::{PowerLoss, SimulatedDisk},
    node::{Export, NewChange, NewFollowUp, NewTrail, Node, Second},
    record,
    storage::{IndexHome, Options, Storage},
};

fn trust(houses: &[House], agreement: &[u8]) -> TrustFile {
    let name = |at: usize| ["hotline", "shelter"][at].to_owned();
    let mut organisations: Vec<TrustedOrganisation> = (0..2)
        .map(|at| TrustedOrganisation {
            name: name(at),
            organisation: houses[at].id,
            minimum: houses[at].chain().newest_id(),
        })
        .collect();
    organisations.sort_by_key(|trusted| trusted.organisation);
    TrustFile {
        made_by: "an invented auditor".to_owned(),
        witnesses: WitnessDemand::default(),
        heads: HeadDemand::default(),
        organisations,
        agreements: vec![TrustedAgreement {
            title: "invented".to_owned(),
            agreement: AgreementId::parse(agreement).unwrap(),
        }],
    }
}

/// The verdict about the trail, and how many accesses the log proves.
async fn proven(node: &Arc<Node>, who: &Person, case: &CaseId, trail: TrailId, houses: &[House]) -> (Exit, usize) {
    let agreement = node.show(&who.caller, &trail, false).await.unwrap().agreement;
    let trust = trust(houses, &agreement);
    let export = Export {
        contact: false,
        by: who.caller.clone(),
        second: Second::Nobody,
        trail,
        purpose: Purpose::Client,
        scope: DisclosureScope::Labels,
        nonce: None,
        wait: Duration::ZERO,
    };
    let (bundle, _) = node.export(export).await.unwrap();
    let why = Why { code: AccessReason::ClientRequest, ..Why::default() };
    let log = node.export_accesses(&who.caller, case, None, false, &why).await.unwrap().bytes;
    assert_eq!(access_log::verify(&log, &trust, None, None).exit, Exit::Valid);
    let entries = access_log::AccessLog::read(&log).unwrap().0.entries().count();
    (verdict::verify(&bundle, &trust).exit, entries)
}

/// [CAS-48]
#[tokio::test(flavor = "multi_thread")]
async fn an_erased_record_is_found_no_more_and_stands_nowhere() {
    for sealed in [false, true] {
        let pair = pair().await;
        let [sanja, berta, clara] = staff_of(&pair.hotline).await;
        if sealed {
            pair.hotline.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
        }
        let carriers = Carrier::both(&pair.hotline, &pair.shelter);
        let (case, trail) = named(&pair, &berta, None).await;
        until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
        drop(carriers);
        let held = pair.hotline.word_box(&berta.caller).await.unwrap().unwrap();
        let key = WordKey::of(&secret(&held, &berta.key).unwrap());
        let key = sealed.then_some(&key);
        let list = [("name", "Canary Hundred"), ("safe_contact_code_word", "the hundred plumber")];
        pair.hotline.update_case_record(values(&berta, case, &list, key)).await.unwrap();
        let number = Sensitive::new("Canary-77/2026".to_owned());
        pair.hotline.set_file_number(&berta.caller, &case, number).await.unwrap();
        assert_eq!(shown(&pair.hotline, &berta, &case).await["name"], "Canary Hundred");
        assert_eq!(find(&pair.hotline, &berta, "hundred plumber", key).await, [case]);
        let (before, looks) = proven(&pair.hotline, &berta, &case, trail, &pair.houses).await;

        let other = pair.hotline.erase_case_record(&clara.caller, &case).await;
        assert_eq!(other.err(), Some(Rejection::NoSuchCase));
        let erased = pair.hotline.erase_case_record(&berta.caller, &case).await.unwrap();
        let gone = async |node: &Arc<Node>| {
            for text in ["hundred", "plumber", "77 2026"] {
                for key in [None, key] {
                    assert!(find(node, &berta, text, key).await.is_empty(), "{sealed} {text}");
                }
            }
            assert!(node.show_case_record(&berta.caller, &case, true).await.unwrap().fields.is_empty());
            assert_eq!(node.case_of(&trail), Some(case), "what happened stays");
            let again = node.update_case_record(values(&berta, case, &list, key)).await;
            assert_eq!(again.err().map(|refused| refused.rejection()), Some(Rejection::StepNotAllowed));
            let number = Sensitive::new("78/2026".to_owned());
            assert_eq!(node.set_file_number(&berta.caller, &case, number).await.err(), Some(Rejection::StepNotAllowed));
            let new = NewTrail { by: berta.caller.clone(), case: Some(case), ..enquiry("shelter-jasen") };
            let opened = node.open_trail(new).await.err().map(|refused| refused.rejection());
            assert_eq!(opened, Some(Rejection::StepNotAllowed), "nobody knows any more whom she excluded");
            let (after, later) = proven(node, &berta, &case, trail, &pair.houses).await;
            assert!(after == before && later > looks, "{after:?} {before:?} {later} {looks}");
        };
        gone(&pair.hotline).await;
        // She can still withdraw.
        let new = NewFollowUp { change: NewChange::ConsentWithdrawn(None), ..change(&berta, case, trail, false, None) };
        assert!(pair.hotline.follow_up(new).await.unwrap().complete);
        let Pair { hotline, houses, .. } = pair;
        drop(hotline);
        let again = reopened(&houses[0]).await;
        assert!(find(&again, &berta, "hundred", key).await.is_empty());
        assert_eq!(again.erase_case_record(&berta.caller, &case).await.unwrap(), erased);
        ended(again, &houses[0]).await;
        // Not with the folder, every key that is left, and the staff keys of who had it.
        let all = readable(&houses[0], &case, &trail, &[&berta.key, &sanja.key]);
        assert_eq!(
            ["Canary Hundred", "the hundred plumber", "Canary-77/2026"].map(|value| found(&all, value)),
            [0; 3],
            "{sealed}"
        );
        let disclosed = [NAME, OLD].map(|value| found(&all, value));
        assert_eq!(disclosed.iter().all(|times| *times > 0), !sealed, "what was disclosed is purged there");
    }
}

/// After a loss of power at any moment the record is there as it was, or it is erased and its key is destroyed. [CAS-48]
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_a_stop_broke_off_is_finished_at_the_next_start() {
    let pair = pair().await;
    let [_, berta, _] = staff_of(&pair.hotline).await;
    let new = NewTrail { by: berta.caller.clone(), ..enquiry("shelter-jasen") };
    let trail = pair.hotline.open_trail(new).await.unwrap().unwrap();
    let case = pair.hotline.case_of(&trail).unwrap();
    let Pair { hotline, houses, .. } = pair;
    ended(hotline, &houses[0]).await;
    let mut files = BTreeMap::new();
    read_files(houses[0].path(), "", &mut files);
    let disk = SimulatedDisk::from_snapshot(files);
    let node = on(&disk, &houses[0]);
    let list = [("safe_contact_code_word", MESSAGE)];
    node.update_case_record(values(&berta, case, &list, None)).await.unwrap();
    let begun = disk.operations();
    node.erase_case_record(&berta.caller, &case).await.unwrap();
    let done = disk.operations();
    drop(node);
    let mut seen = BTreeSet::new();
    for (seed, operations) in (begun..=done).enumerate() {
        for loss in PowerLoss::ALL {
            let after = disk.after(operations, loss, seed as u64);
            let node = on(&after, &houses[0]);
            let erased = node.case(&case).unwrap().erased != 0;
            assert!(erased || operations < done, "what was answered stays");
            let hits = find(&node, &berta, "dentist", None).await;
            assert_eq!(hits.is_empty(), erased, "{operations} {loss:?}");
            drop(node);
            let storage = storage_on(&after, &houses[0]);
            let key = storage.trail_keys(&record::case_key_name(&case)).and_then(|keys| keys.value);
            assert_eq!(key.is_none(), erased, "{operations} {loss:?}");
            seen.insert(erased);
        }
    }
    assert_eq!(seen.len(), 2, "both were seen");
}

fn read_files(folder: &Path, within: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder.join(within)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        match folder.join(&path).is_dir() {
            _ if path == "index" || path == "LOCK" => {}
            true => read_files(folder, &path, found),
            false => drop(found.insert(path.clone(), std::fs::read(folder.join(&path)).unwrap())),
        }
    }
}

fn storage_on(disk: &SimulatedDisk, house: &House) -> Storage {
    let options = Options { reserve: 4096, segment: 16 << 10, group: 64, knows: record::is_known };
    let disk = Arc::new(disk.clone());
    Storage::open_on(disk, IndexHome::Memory, &house.storage_key(), options, record::project).unwrap()
}

fn on(disk: &SimulatedDisk, house: &House) -> Arc<Node> {
    house.open_with(storage_on(disk, house))
}

/// A case that never had a record, erased: it makes no key any more, is joined with none, and stops nothing that arrives.
/// [CAS-48] [CAS-30]
#[tokio::test(flavor = "multi_thread")]
async fn an_erased_case_takes_what_arrives_and_excludes_whom_it_names() {
    let pair = pair().await;
    let [_, berta, clara] = staff_of(&pair.shelter).await;
    let carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let need = fields(&[&town::CONSENT[..], &[("age_band", "30_59")]].concat());
    let basis = LegalBasis::ExplicitConsent;
    let new = NewTrail { stage: 1, basis, fields: need, ..enquiry("shelter-jasen") };
    let trail = pair.hotline.open_trail(new).await.unwrap().unwrap();
    until(|| async { pair.shelter.case_of(&trail).is_some() }).await;
    let case = pair.shelter.case_of(&trail).unwrap();
    pair.shelter.take_case(&berta.caller, &case).await.unwrap();
    pair.shelter.erase_case_record(&berta.caller, &case).await.unwrap();
    let list = [("name", NAME)];
    let refused = pair.shelter.update_case_record(values(&berta, case, &list, None)).await.err();
    assert_eq!(refused.map(|refused| refused.rejection()), Some(Rejection::StepNotAllowed));
    let other = pair.shelter.create_case(&berta.caller, Sensitive::new(String::new())).await.unwrap().id;
    for (from, into) in [(case, other), (other, case)] {
        let refused = pair.shelter.join_cases(&berta.caller, &from, &into).await.err();
        assert_eq!(refused, Some(Rejection::StepNotAllowed));
    }
    sealed::says(&pair.shelter, &berta.caller, trail, Statement::Accepted, &[]).await;
    sealed::shows(&pair.hotline, &town::worker(), &trail, |view| view.headline == "accepted").await;
    let identity = [&town::CONSENT[..], &[("name", NAME), ("excluded_persons", "Clara")]].concat();
    sealed::says(&pair.hotline, &town::worker(), trail, Statement::Identity, &identity).await;
    sealed::shows(&pair.shelter, &berta.caller, &trail, |view| view.stage == 2).await;
    assert!(pair.shelter.case(&case).unwrap().excludes(&clara.caller.person));
    drop(carriers);
}
