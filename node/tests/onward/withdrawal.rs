//! A withdrawal goes onward whoever recorded it and whenever the node sees it, and what it stops does not go on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use uput_core::{catalogue::Label, event::Statement, id::TrailId, rejection::Rejection, wire::LegalBasis};
use uput_node::{
    case::CaseId,
    disk::{Disk, DiskFile, RealDisk},
    node::{NewChange, NewEvent, NewFollowUp, NewTrail, NewValues, Node},
    record,
    storage::{IndexHome, Storage},
};

use crate::{
    chain::{AGREEMENT, FACTS, ROW, Row, SERVICES, Word},
    town::{CONSENT, House, SMALL, enquiry, event, fields, request_id, say, worker},
};

const WITHDRAWN: &str = "withdrawn";

/// The first told the second, and what the second took from there it told the third.
async fn two_steps(row: &Row) -> ([TrailId; 2], CaseId) {
    let first = row.accepted(0, 1, None).await;
    row.identity(0, first, Word::Signed).await.unwrap();
    let case = row.taken_over(1, first).await;
    ([first, row.accepted(1, 2, Some(case)).await], case)
}

async fn is_told(row: &Row, at: usize, trail: &TrailId) {
    row.stands(at, trail, |shown| shown.events.iter().any(|event| event.kind == WITHDRAWN)).await;
}

/// What the second opens with the fifth, under her consent.
fn to_the_fifth(case: CaseId) -> NewTrail {
    let consent = LegalBasis::ExplicitConsent;
    let service_type = uput_core::wire::ServiceType::Shelter;
    NewTrail { case: Some(case), service_type, stage: 1, basis: consent, fields: fields(&CONSENT), ..enquiry("fifth") }
}

/// [CAS-101]
#[tokio::test(flavor = "multi_thread")]
async fn what_she_takes_back_at_the_second_goes_onward_from_there_now_and_after_a_stop_alike() {
    for follows in [true, false] {
        let mut row = if follows { Row::found().await } else { Row::met(AGREEMENT, |_, house| house.open()).await };
        let ([first, onward], _) = two_steps(&row).await;
        // She says it to the second, who records it: it is the receiver's own word in that trail.
        say(&row.nodes[1], first, Statement::Withdrawn).await.unwrap();
        if !follows {
            is_told(&row, 0, &first).await;
            let shown = row.nodes[2].show(&worker(), &onward, false).await.unwrap();
            assert!(shown.events.iter().all(|event| event.kind != WITHDRAWN), "nobody followed it yet");
            // What a start does.
            row.follow(1);
        }
        is_told(&row, 2, &onward).await;
    }
}

/// [CAS-101] Of a trail that the second opened nothing derives: who she told there goes on having it.
#[tokio::test(flavor = "multi_thread")]
async fn what_she_takes_back_from_the_third_stays_with_the_fifth() {
    let mut row = Row::met(AGREEMENT, |_, house| house.open()).await;
    let ([_, onward], case) = two_steps(&row).await;
    // The record has it from there as well: it is what the second said itself.
    let rests = NewTrail { rests_on: BTreeSet::from([onward]), ..to_the_fifth(case) };
    let rests = NewTrail { fields: fields(&[&CONSENT[..], &FACTS[..1]].concat()), ..rests };
    let fifth = row.nodes[1].open_trail(rests).await.unwrap().unwrap();
    row.stands(4, &fifth, |shown| shown.stage == 1).await;
    say(&row.nodes[1], onward, Statement::Withdrawn).await.unwrap();
    is_told(&row, 2, &onward).await;
    row.follow(1);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(row.nodes[1].list_follow_ups(&worker(), &case).await.unwrap().is_empty());
}

/// [CAS-101] [CAS-115]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_withdrawal_stops_goes_nowhere_any_more_and_what_crossed_it_is_followed() {
    let row = Row::found().await;
    let ([first, onward], case) = two_steps(&row).await;
    say(&row.nodes[0], first, Statement::Withdrawn).await.unwrap();
    is_told(&row, 2, &onward).await;
    let refused = row.nodes[1].open_from_case(&mut to_the_fifth(case), &[Label::AgeBand]).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::BasisNotAllowed);
    assert!(refused.to_string().contains("age_band; ask her"), "{refused}");
    // Typed again it is no other value.
    let mut typed = NewTrail { fields: fields(&[&CONSENT[..], &FACTS[..1]].concat()), ..to_the_fifth(case) };
    assert!(row.nodes[1].open_from_case(&mut typed, &[]).await.is_err());
    // What was read of the record stays so no longer.
    drop(typed);
    // One that was read before the withdrawal came, and is committed after it was followed.
    let crossed = NewTrail { fields: fields(&[&CONSENT[..], &FACTS[..1]].concat()), ..to_the_fifth(case) };
    let crossed = NewTrail { rests_on: BTreeSet::from([first]), ..crossed };
    let crossed = row.nodes[1].open_trail(crossed).await.unwrap().unwrap();
    is_told(&row, 4, &crossed).await;
    let list = row.nodes[1].list_follow_ups(&worker(), &case).await.unwrap();
    assert_eq!((list.len(), list[0].trails.len(), list[0].complete), (1, 2, true));
    let shown = row.nodes[2].show(&worker(), &onward, false).await.unwrap();
    assert_eq!(shown.events.iter().filter(|event| event.kind == WITHDRAWN).count(), 1, "and nothing is said twice");
    // [CAS-114] What she says here now is hers, and goes.
    row.nodes[1].update_case_record(said(case, &FACTS[..1])).await.unwrap();
    let mut anew = to_the_fifth(case);
    row.nodes[1].open_from_case(&mut anew, &[Label::AgeBand]).await.unwrap();
    assert!(anew.rests_on.is_empty());
}

/// [CAS-101] She consented anew to the third, and then took that back as well, at the first: each time it goes onward.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_follows_another_one_in_the_same_trail_goes_onward_too() {
    let row = Row::found().await;
    let ([first, onward], _) = two_steps(&row).await;
    let count = |shown: &uput_core::wire::Trail, kind: &str| shown.events.iter().filter(|one| one.kind == kind).count();
    for times in 1..=4 {
        say(&row.nodes[0], first, Statement::Withdrawn).await.unwrap();
        row.stands(2, &onward, |shown| count(shown, WITHDRAWN) == times).await;
        row.quiet().await;
        let fresh = fields(&[&CONSENT[..], &FACTS[..1]].concat());
        let fresh =
            NewEvent { fields: fresh, basis: Some(LegalBasis::ExplicitConsent), ..event(onward, Statement::Reopened) };
        row.nodes[1].record_event(fresh).await.unwrap();
        row.stands(2, &onward, |shown| count(shown, "reopened") == times && shown.headline == "asked").await;
    }
}

/// What the second, or whoever it is, is told of her need by another one.
async fn need(row: &Row, [from, to]: [usize; 2], case: Option<CaseId>, list: &[(&str, &str)]) -> TrailId {
    let (service_type, basis) = (SERVICES[to], LegalBasis::ExplicitConsent);
    let fields = fields(&[&CONSENT[..], list].concat());
    let new = NewTrail { case, service_type, stage: 1, basis, fields, ..enquiry(ROW[to]) };
    let trail = row.nodes[from].open_trail(new).await.unwrap().unwrap();
    row.stands(to, &trail, |shown| shown.stage == 1).await;
    trail
}

/// The same agreement, but the first and the second may say how great the danger is, and who found that by which means.
fn with_risk() -> String {
    let (head, rules) = AGREEMENT.split_once("[[rule]]").unwrap();
    let (_, profile) = head.split_once("[profile.onward]").unwrap();
    let profile = profile.replace("\"immediate_danger\"]", "\"immediate_danger\", \"risk_level\", \"risk_tool\"]");
    let mut agreement = format!("{head}[profile.risk]{profile}[[rule]]{rules}");
    for (sender, receiver) in [("first", "social_work"), ("second", "shelter")] {
        let rule = |profile| format!("sender = \"{sender}\"\nreceiver = \"{receiver}\"\nprofile = \"{profile}\"\n");
        agreement = agreement.replace(&rule("onward"), &rule("risk"));
    }
    agreement
}

async fn riskier(row: &Row, case: CaseId, level: &str) -> uput_core::wire::FollowedChange {
    let new = NewFollowUp {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        change: NewChange::Risk(fields(&[("risk_level", level)])),
        label_words: Vec::new(),
        of_basis: BTreeMap::new(),
    };
    row.nodes[1].follow_up(new).await.unwrap()
}

/// [CAS-121] [CAS-100] [CAS-115]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_brings_along_from_a_withdrawn_trail_is_followed_and_goes_no_further() {
    let row = Row::found_under(&with_risk()).await;
    let received = need(&row, [0, 1], None, &[("age_band", "30_59"), ("risk_tool", "questionnaire")]).await;
    crate::town::take(&row.nodes[1], &received).await;
    let case = row.nodes[1].case_of(&received).unwrap();
    let taken = NewValues { taken: vec![(received, vec![Label::RiskTool])], ..said(case, &[]) };
    row.nodes[1].update_case_record(taken).await.unwrap();
    // What she told the second herself, by other means.
    let own = [("age_band", "18_29"), ("risk_level", "low"), ("risk_tool", "professional_judgement")];
    let onward = need(&row, [1, 4], Some(case), &own).await;
    riskier(&row, case, "medium").await;
    row.stands(4, &onward, |shown| shown.events.iter().any(|event| event.kind == "corrected")).await;
    let later = need(&row, [1, 4], Some(case), &own).await;
    say(&row.nodes[0], received, Statement::Withdrawn).await.unwrap();
    is_told(&row, 4, &onward).await;
    row.quiet().await;
    let change = riskier(&row, case, "high").await;
    let step = change.trails.iter().find(|step| step.trail == later.to_vec()).unwrap();
    assert_eq!((step.say.as_slice(), step.todo.as_str()), (["warned:risk_changed".to_owned()].as_slice(), "telephone"));
    assert_eq!(step.why, "basis_not_allowed");
    let shown = row.nodes[4].show(&worker(), &later, false).await.unwrap();
    assert!(shown.events.iter().all(|event| event.kind != WITHDRAWN), "nothing of it went there");
}

/// What she says here.
fn said(case: CaseId, list: &[(&str, &str)]) -> NewValues {
    NewValues {
        knowingly: Vec::new(),
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        fields: fields(list),
        taken: Vec::new(),
        removed: Vec::new(),
        marks: Vec::new(),
        words: None,
        label_words: Vec::new(),
    }
}

/// [CAS-101] Whichever write of it finds the disk full: nothing is given up, and nothing said twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_no_withdrawal_on_its_way_onward() {
    for nth in 1..=3 {
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let mut row = Row::met(AGREEMENT, |at, house| if at == 1 { filling(house, &left) } else { house.open() }).await;
        let ([first, onward], case) = two_steps(&row).await;
        say(&row.nodes[0], first, Statement::Withdrawn).await.unwrap();
        is_told(&row, 1, &first).await;
        row.quiet().await;
        left.store(nth - 1, SeqCst);
        row.follow(1);
        is_told(&row, 2, &onward).await;
        let done = || async { row.nodes[1].list_follow_ups(&worker(), &case).await.unwrap()[0].complete };
        crate::town::until(done).await;
        assert_eq!(left.load(SeqCst), usize::MAX, "write {nth} found it full");
        let shown = row.nodes[2].show(&worker(), &onward, false).await.unwrap();
        assert_eq!(shown.events.iter().filter(|event| event.kind == WITHDRAWN).count(), 1);
    }
}

/// A disk that is full once, after so many writes of the journal. With the folder's lock.
struct Filling(RealDisk, Arc<AtomicUsize>, File);

struct FillingFile(Arc<dyn DiskFile>, Arc<AtomicUsize>);

fn filling(house: &House, left: &Arc<AtomicUsize>) -> Arc<Node> {
    let lock = File::options().write(true).open(house.path().join("LOCK")).unwrap();
    lock.try_lock().unwrap();
    let disk = Arc::new(Filling(RealDisk::new(house.path()), Arc::clone(left), lock));
    let storage = Storage::open_on(disk, IndexHome::Memory, &house.storage_key(), SMALL, record::project).unwrap();
    house.open_with(storage)
}

impl Filling {
    fn wrap(&self, path: &str, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        if path.starts_with("journal/") { Arc::new(FillingFile(file, Arc::clone(&self.1))) } else { file }
    }
}

impl Disk for Filling {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.0.list(folder)
    }
    fn create_folder(&self, path: &str) -> io::Result<()> {
        self.0.create_folder(path)
    }
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(path, self.0.create(path)?))
    }
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(path, self.0.open(path)?))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, path: &str) -> io::Result<()> {
        self.0.remove(path)
    }
    fn sync_folder(&self, path: &str) -> io::Result<()> {
        self.0.sync_folder(path)
    }
    fn free(&self) -> io::Result<u64> {
        let _lock = &self.2;
        self.0.free()
    }
}

impl DiskFile for FillingFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let count = |left: usize| match left {
            usize::MAX => None,
            0 => Some(usize::MAX),
            left => Some(left - 1),
        };
        match self.1.fetch_update(SeqCst, SeqCst, count) {
            Ok(0) => Err(io::ErrorKind::StorageFull.into()),
            _ => self.0.write_at(offset, bytes),
        }
    }
    fn allocate(&self, length: u64) -> io::Result<()> {
        self.0.allocate(length)
    }
    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}
