//! Every list gives exactly what the caller sees, whatever happened; and pages follow each other without a gap.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use town::{Pair, enquiry, event, fields, known, pair, reopened, request_id};
use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{self, Role, Scope, WarningCode},
};
use uput_node::{
    account::{AccountId, Caller, OnBehalfOf, PersonId, TeamId, roles::SCOPES},
    case::{Case, CaseId, Ruling, Sight},
    node::{Assignee, Beginning, CaseListing, Listing, NewEvent, NewTrail, NewValues, Node, Question, Second, Why},
};

const ADMINISTRATOR: AccountId = AccountId::new([9; 16]);
const NUMBERS: [&str; 4] = ["101/2026", "102/2026", "103/2026", "104/2026"];
const NAMES: [&str; 3] = ["Milica", "Jelena", "Dragana"];

/// A stream of numbers that a seed decides.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

fn person(n: u8, role: Role) -> Caller {
    let (account, person) = (AccountId::new([n; 16]), PersonId::new([n | 128; 16]));
    let scopes: Arc<[Scope]> = if role == Role::Integration { Arc::from(SCOPES) } else { Arc::new([]) };
    Caller { account, person, role, scopes, on_behalf_of: None }
}

fn on_behalf_of(machine: &Caller, other: &Caller) -> Caller {
    let on_behalf_of = Some(OnBehalfOf { account: other.account, person: other.person, role: other.role });
    Caller { on_behalf_of, ..machine.clone() }
}

fn why() -> Why {
    Why::new(wire::ApprovalReason::ColleagueAway, String::new())
}

/// An organisation in which anything may happen.
struct Office {
    node: Arc<Node>,
    draw: Draw,
    people: Vec<Caller>,
    teams: Vec<TeamId>,
    cases: Vec<CaseId>,
    names: BTreeMap<CaseId, BTreeSet<&'static str>>,
}

impl Office {
    async fn open(node: Arc<Node>, seed: u64) -> Self {
        let workers = (1..5).map(|n| person(n, Role::CaseWorker));
        let others = [Role::Supervisor, Role::Supervisor, Role::Auditor, Role::Intake, Role::Administrator];
        let mut people: Vec<Caller> = workers.chain((5..).zip(others).map(|(n, role)| person(n, role))).collect();
        let machine = person(20, Role::Integration);
        people.extend([on_behalf_of(&machine, &people[0]), on_behalf_of(&machine, &people[4]), machine]);
        let mut teams = Vec::new();
        for name in ["An invented team", "Another invented team"] {
            teams.push(node.create_team(&ADMINISTRATOR, Sensitive::new(name.to_owned())).await.unwrap().id);
        }
        Self { node, draw: Draw(seed), people, teams, cases: Vec::new(), names: BTreeMap::new() }
    }

    /// Something happens, if it is allowed.
    async fn happens(&mut self) {
        let (by, node) = (self.draw.of(&self.people), self.node.clone());
        if self.cases.len() < 8 || self.draw.below(5) == 0 {
            return self.begins(&by).await;
        }
        let (case, other) = (self.draw.of(&self.cases), self.draw.of(&self.cases));
        let (whom, team) = (self.draw.of(&self.people), self.draw.of(&self.teams));
        let remove = self.draw.below(3) == 0;
        match self.draw.below(14) {
            0..3 => drop(node.take_case(&by, &case).await),
            3..5 => drop(node.assign_case(&by, &case, Assignee::Person(whom.person), remove).await),
            5..7 => drop(node.assign_case(&by, &case, Assignee::Team(team), remove).await),
            7 => drop(node.exclude_person(&by, &case, whom.person).await),
            8 => self.lifts(&by, &case, whom.person).await,
            9 if remove => drop(node.join_cases(&by, &case, &other).await),
            10 => drop(node.close_case(&by, &case, !remove).await),
            11 => self.breaks_the_glass(&by, &case).await,
            12 if remove => drop(node.leave_team(&ADMINISTRATOR, &team.to_vec(), whom.person).await),
            12 => drop(node.join_team(&ADMINISTRATOR, &team.to_vec(), whom.person).await),
            _ => self.writes(&by, case).await,
        }
    }

    async fn lifts(&mut self, by: &Caller, case: &CaseId, whom: PersonId) {
        let asked = self.node.ask_lifting(by, case, &whom, [1; 32], why()).await;
        let second = self.second(asked).await;
        let _ = self.node.decide_exclusion(by, case, whom, Ruling::Lifted, &second).await;
    }

    async fn breaks_the_glass(&mut self, by: &Caller, case: &CaseId) {
        let asked = self.node.ask_glass(by, case, [1; 32], why()).await;
        let second = self.second(asked).await;
        let _ = self.node.break_glass(by, case, &second).await;
    }

    /// One of the supervisors says yes, if they may.
    async fn second(&mut self, asked: Result<wire::Approval, Rejection>) -> Second {
        let supervisor = self.draw.of(&self.people[4..6]);
        let Ok(asked) = asked else { return Second::Nobody };
        match self.node.decide_approval(&supervisor, &asked.approval, true).await {
            Ok(approval) => Second::Approval { id: approval.approval, digest: [1; 32] },
            Err(_) => Second::Nobody,
        }
    }

    async fn begins(&mut self, by: &Caller) {
        if by.role == Role::Administrator || by.role == Role::Auditor {
            return;
        }
        if self.draw.below(2) == 0 {
            let number = Sensitive::new(self.draw.of(&NUMBERS).to_owned());
            self.cases.push(self.node.create_case(by, number).await.unwrap().id);
        } else {
            let trail = opened(&self.node, by, None).await.unwrap();
            self.cases.push(self.node.case_of(&trail).unwrap());
        }
    }

    async fn writes(&mut self, by: &Caller, case: CaseId) {
        let (name, number) = (self.draw.of(&NAMES), Sensitive::new(self.draw.of(&NUMBERS).to_owned()));
        let _ = self.node.set_file_number(by, &case, number).await;
        let _ = opened(&self.node, by, Some(case)).await;
        let new = NewValues {
            knowingly: Vec::new(),
            label_words: Vec::new(),
            by: by.clone(),
            request_id: request_id(),
            validate_only: false,
            case,
            fields: fields(&[("name", name)]),
            taken: Vec::new(),
            removed: Vec::new(),
            marks: Vec::new(),
            words: None,
        };
        if self.node.update_case_record(new).await.is_ok() {
            self.names.insert(case, [name].into());
        }
    }

    /// The cases that somebody sees, found by looking at each.
    fn seen(&self, caller: &Caller, least: Sight) -> Vec<Arc<Case>> {
        let mut seen: Vec<_> = self.cases.iter().filter_map(|id| self.node.case(id)).collect();
        seen.retain(|case| self.node.sight(caller, &case.id) >= least);
        seen.sort_by_key(|case| (Reverse(case.created), case.id));
        seen
    }

    fn named(&self, case: &Case, name: &str) -> bool {
        [&case.id]
            .into_iter()
            .chain(&case.joined)
            .any(|id| self.names.get(id).is_some_and(|names| names.contains(name)))
    }

    /// Whether a case is open, had, and with nobody who is here. [CAS-19]
    fn is_left(&self, case: &Case) -> bool {
        let can_have = |role| matches!(role, Role::CaseWorker | Role::Supervisor | Role::Integration);
        let here: Vec<PersonId> = self.people.iter().filter(|one| can_have(one.role)).map(|one| one.person).collect();
        let teams = self.node.register().teams();
        let of_teams = teams.iter().filter(|team| case.teams.contains(&team.id)).flat_map(|team| &team.members);
        let mut holders = case.persons.iter().chain(of_teams);
        case.closed == 0 && !case.is_nobodys() && !holders.any(|person| here.contains(person))
    }

    async fn lists_what_each_sees(&mut self) {
        self.people.iter().filter(|one| one.on_behalf_of.is_none()).for_each(|one| known(&self.node, one));
        for caller in self.people.clone() {
            self.lists_cases(&caller);
            self.lists_trails(&caller).await;
            self.searches(&caller);
        }
    }

    fn lists_cases(&mut self, caller: &Caller) {
        let (most, viewer) = (1 + self.draw.below(7), self.node.viewer(caller));
        for n in 0..16_usize {
            let (mine, untaken, closed, numbered) = (n & 1 > 0, n & 2 > 0, n & 4 > 0, n & 8 > 0);
            let number = Sensitive::new(if numbered { NUMBERS[0].to_owned() } else { String::new() });
            let which = CaseListing { mine, untaken, closed, number: &number, most, token: "" };
            let is_numbered = |case: &Case| case.external_ref.as_ref().is_some_and(|it| it.text.expose() == NUMBERS[0]);
            let least = if numbered { Sight::Values } else { Sight::Outline };
            let mut expected = self.seen(caller, least);
            expected.retain(|case| {
                (!mine || case.has(&viewer))
                    && (!untaken || case.is_nobodys() || caller.role == Role::Supervisor && self.is_left(case))
                    && (closed || case.closed == 0)
                    && (!numbered || is_numbered(case))
            });
            let expected: Vec<CaseId> = expected.iter().map(|case| case.id).collect();
            assert_eq!(case_pages(&self.node, caller, &which), expected, "{:?} {n}", caller.role);
        }
    }

    async fn lists_trails(&mut self, caller: &Caller) {
        let most = 1 + self.draw.below(7);
        let listed = trail_pages(&self.node, caller, most);
        let expected: BTreeSet<TrailId> = self.node.visible_trails(caller).into_iter().collect();
        assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), expected, "{:?}", caller.role);
        assert_eq!(
            (listed.len(), self.node.count_trails(caller)),
            (expected.len(), expected.len()),
            "{:?}",
            caller.role
        );
        let mut cursor = self.node.cursor(caller, Beginning::Everything).unwrap();
        let told = self.node.tell(caller, &mut cursor, usize::MAX, usize::MAX).await.unwrap();
        let of = |id: fn(&uput_core::wire::Change) -> &Vec<u8>| {
            told.changes.iter().map(id).filter(|id| !id.is_empty()).cloned().collect::<BTreeSet<_>>()
        };
        assert_eq!(of(|change| &change.trail), expected.iter().map(|trail| trail.to_vec()).collect());
        let cases = self.seen(caller, Sight::Outline).iter().map(|case| case.id.to_vec()).collect();
        assert_eq!(of(|change| &change.case), cases, "{:?}", caller.role);
    }

    fn searches(&self, caller: &Caller) {
        let values = self.seen(caller, Sight::Values);
        let expected = |wanted: &dyn Fn(&Case) -> bool| {
            values.iter().filter(|case| wanted(case)).map(|case| case.id).collect::<BTreeSet<_>>()
        };
        for name in NAMES {
            assert_eq!(self.found(caller, name), expected(&|case| self.named(case, name)), "{:?} {name}", caller.role);
            let both = format!("{name} {}", NUMBERS[1]);
            let has = |case: &Case| self.named(case, name) && is_numbered(case, NUMBERS[1]);
            assert_eq!(self.found(caller, &both), expected(&has), "{:?} {both}", caller.role);
        }
        for number in NUMBERS {
            assert_eq!(
                self.found(caller, number),
                expected(&|case| is_numbered(case, number)),
                "{:?} {number}",
                caller.role
            );
        }
    }

    fn found(&self, caller: &Caller, text: &str) -> BTreeSet<CaseId> {
        let question = Question { text: Sensitive::new(text.to_owned()), words: Vec::new() };
        let found = self.node.found_by(caller, &question, usize::MAX).unwrap();
        assert!(found.is_sorted());
        for most in [1, 2, found.len()] {
            let first = self.node.found_by(caller, &question, most).unwrap();
            assert_eq!(first, found[..most.min(found.len())], "whichever way they are looked for");
        }
        found.into_iter().collect()
    }
}

fn is_numbered(case: &Case, number: &str) -> bool {
    case.external_ref.as_ref().is_some_and(|it| it.text.expose() == number)
}

async fn opened(node: &Arc<Node>, by: &Caller, case: Option<CaseId>) -> Option<TrailId> {
    node.open_trail(NewTrail { by: by.clone(), case, ..enquiry("shelter-jasen") }).await.ok().flatten()
}

/// Every case, page after page.
fn case_pages(node: &Arc<Node>, caller: &Caller, which: &CaseListing<'_>) -> Vec<CaseId> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let page = node.list_cases(caller, &CaseListing { token: &token, ..*which }).unwrap();
        assert!(page.cases.len() == which.most || page.next.is_empty(), "a page is full or the last");
        all.extend(page.cases.iter().map(|case| case.id));
        token = page.next;
        if token.is_empty() {
            return all;
        }
        assert!(!page.cases.is_empty());
    }
}

/// Every trail, page after page.
fn trail_pages(node: &Arc<Node>, caller: &Caller, most: usize) -> Vec<TrailId> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let page = node.list(caller, &Listing { waiting: false, most, token: &token }).unwrap();
        all.extend(page.trails.iter().map(|trail| TrailId::parse(&trail.trail).unwrap()));
        token = page.next;
        if token.is_empty() {
            return all;
        }
    }
}

/// [CAS-22] [CAS-65] [CAS-24] [API-40]
#[tokio::test(flavor = "multi_thread")]
async fn lists_searches_and_changes_give_exactly_what_each_sees() {
    let Pair { hotline, shelter, houses } = pair().await;
    let mut office = Office::open(hotline, 20_261_122).await;
    for _ in 0..12 {
        for _ in 0..40 {
            office.happens().await;
        }
        office.lists_what_each_sees().await;
    }
    let seen = |n: usize| office.seen(&office.people[n], Sight::Outline).len();
    assert!(seen(4) > seen(0) && seen(0) > 0 && seen(8) == 0, "people see different things");
    let Office { node, draw, people, teams, cases, names } = office;
    drop((node, shelter));
    let node = reopened(&houses[0]).await;
    Office { node, draw, people, teams, cases, names }.lists_what_each_sees().await;
}

/// [CAS-22] [API-9] A case keeps its place, and a trail as long as nothing is said in it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_skipped_or_doubled_while_others_write() {
    let Pair { hotline: node, houses: _houses, .. } = pair().await;
    let (ana, head) = (person(1, Role::CaseWorker), person(5, Role::Supervisor));
    let (mut cases, mut quiet, mut busy) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..60 {
        let trail = opened(&node, &ana, None).await.unwrap();
        cases.push(node.case_of(&trail).unwrap());
        if n % 2 == 0 { quiet.push(trail) } else { busy.push(trail) }
    }
    let team = node.create_team(&ADMINISTRATOR, Sensitive::new("An invented team".to_owned())).await.unwrap().id;
    node.join_team(&ADMINISTRATOR, &team.to_vec(), ana.person).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let writes = tokio::spawn(write(node.clone(), ana.clone(), busy, cases.clone(), team, done.clone()));
    let number = Sensitive::new(String::new());
    for round in 0..60 {
        for caller in [&ana, &head] {
            let which = CaseListing {
                mine: false,
                untaken: false,
                closed: true,
                number: &number,
                most: 1 + round % 9,
                token: "",
            };
            let listed = case_pages(&node, caller, &which);
            for case in &cases {
                assert_eq!(listed.iter().filter(|id| *id == case).count(), 1, "{:?}", caller.role);
            }
            let listed = trail_pages(&node, caller, 1 + round % 9);
            for trail in &quiet {
                assert_eq!(listed.iter().filter(|id| *id == trail).count(), 1, "{:?}", caller.role);
            }
        }
        tokio::task::yield_now().await;
    }
    done.store(true, Ordering::Relaxed);
    assert!(writes.await.unwrap() > 20);
}

/// Opens trails, says things in old ones, and gives cases to and fro, as long as it is let; counts them.
async fn write(
    node: Arc<Node>,
    ana: Caller,
    busy: Vec<TrailId>,
    cases: Vec<CaseId>,
    team: TeamId,
    done: Arc<AtomicBool>,
) -> usize {
    let (mut draw, mut written) = (Draw(7), 0);
    while !done.load(Ordering::Relaxed) {
        let case = draw.of(&cases);
        match draw.below(4) {
            0 => drop(opened(&node, &ana, None).await.unwrap()),
            1 => drop(node.assign_case(&ana, &case, Assignee::Team(team), draw.below(2) == 0).await.unwrap()),
            2 => drop(node.close_case(&ana, &case, draw.below(2) == 0).await.unwrap()),
            _ => {
                let warned = event(draw.of(&busy), Statement::Warned(WarningCode::DoNotContact));
                node.record_event(NewEvent { by: ana.clone(), ..warned }).await.unwrap();
            }
        }
        written += 1;
    }
    written
}

/// [API-9]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_cases_is_continued_by_whoever_got_it_alone() {
    let Pair { hotline: node, houses: _houses, .. } = pair().await;
    let (ana, bo) = (person(1, Role::CaseWorker), person(2, Role::CaseWorker));
    for _ in 0..3 {
        opened(&node, &ana, None).await.unwrap();
    }
    let number = Sensitive::new(String::new());
    let list = |caller: &Caller, token: &str| {
        let which = CaseListing { mine: false, untaken: false, closed: false, number: &number, most: 1, token };
        node.list_cases(caller, &which).map(|page| page.next)
    };
    let token = list(&ana, "").unwrap();
    assert!(list(&ana, &token).is_ok());
    assert_eq!(list(&bo, &token), Err(Rejection::BadCursor));
    let of_trails = node.list(&ana, &Listing { waiting: false, most: 1, token: "" }).unwrap().next;
    for wrong in ["1", "zz", &token[2..], &of_trails] {
        assert_eq!(list(&ana, wrong), Err(Rejection::BadCursor), "{wrong}");
    }
    assert!(node.list(&ana, &Listing { waiting: false, most: 1, token: &token }).is_err());
}
