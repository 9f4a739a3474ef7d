//! Invented answers of a fake node.

use std::collections::BTreeMap;

use uput_core::agreement::{Compiled, compile};
use uput_core::codec;
use uput_core::envelope::MediaType;
use uput_core::key::{KeyRecordDraft, SealingSecret, SigningKey, sign_key_record};
use uput_core::time::Seconds;
use uput_wire::v1 as wire;

const fn id(first: [u8; 4], rest: u8) -> [u8; 32] {
    let mut id = [rest; 32];
    let mut at = 0;
    while at < 4 {
        id[at] = first[at];
        at += 1;
    }
    id
}

/// A referral to a shelter.
pub(crate) const TRAIL: [u8; 32] = id([0x3f, 0x9a, 0x1c, 0x20], 0x11);
/// The same enquiry to another shelter.
pub(crate) const OTHER_TRAIL: [u8; 32] = id([0x77, 0xaa, 0x01, 0xde], 0x22);
/// A notification to a centre for social work.
pub(crate) const CENTRE_TRAIL: [u8; 32] = id([0x90, 0xb2, 0xc4, 0xd6], 0x33);

/// 2026-11-21 22:00:00 UTC.
pub(super) const NIGHT: u64 = 1_795_298_400;

/// The key records of the organisation whose key file the tests hold.
pub(crate) fn own_chain() -> Vec<u8> {
    let [own, signing, tls] = [7, 8, 9].map(|seed| SigningKey::from_seed(&[seed; 32]));
    let draft = KeyRecordDraft {
        after: None,
        number: 0,
        sealing_keys: vec![SealingSecret::from_seed(&[10; 32]).public().clone()],
        endpoints: Vec::new(),
        witnesses: Vec::new(),
        recovery: None,
        log_base_tick: 2_945_376,
        time: Seconds::new(NIGHT).unwrap(),
        end: Seconds::new(NIGHT + 31_536_000).unwrap(),
        disowned: None,
        door_key: None,
    };
    let record = sign_key_record(draft, &own, &signing, &tls, None).unwrap();
    codec::encode(&uput_core::wire::KeyChain { records: vec![record.to_wire()] })
}

pub(crate) fn node() -> wire::GetNodeResponse {
    let check = |name: &str, level: wire::CheckLevel, finding: &str, remedy: &str| wire::Check {
        name: name.to_owned(),
        level: level as i32,
        finding: finding.to_owned(),
        remedy: remedy.to_owned(),
    };
    wire::GetNodeResponse {
        organisation: vec![0xaa; 32],
        version: "0.1.0".to_owned(),
        key_record: vec![0xab; 32],
        incarnation: 1,
        peer_address: "hotline.example:7700".to_owned(),
        trails: 3,
        queued: 2,
        oldest_queued_seconds: 125,
        checks: vec![
            check("journal", wire::CheckLevel::Ok, "every record is sound", ""),
            check("disk-space", wire::CheckLevel::Error, "less than 100 MiB are free", "free space on the disk"),
        ],
        key_chain: own_chain(),
        time: NIGHT,
        zone: "Europe/Belgrade".to_owned(),
    }
}

pub(crate) fn peer(name: &str, state: wire::PeerState) -> wire::Peer {
    wire::Peer {
        name: name.to_owned(),
        organisation: vec![0xbb; 32],
        state: state as i32,
        safety_number: "12345 67890 12345 67890 12345 67890 12345 67890 12345 67890 12345 67890".to_owned(),
        endpoints: vec!["shelter-a.example:7700".to_owned()],
        connected: true,
        last_contact: NIGHT,
        queued: 1,
        oldest_queued_seconds: 65,
        difficulty: String::new(),
        key_chain: b"key records of bb".to_vec(),
        clock_ahead: -3_723_000,
        clock_bound: 40,
        clock_off: true,
    }
}

pub(crate) fn invited(name: &str) -> wire::Peer {
    wire::Peer {
        name: name.to_owned(),
        state: wire::PeerState::Invited as i32,
        difficulty: "the invitation has not been used yet".to_owned(),
        ..Default::default()
    }
}

/// That the node relays between two.
pub(crate) fn consent() -> wire::RelayConsent {
    wire::RelayConsent {
        first: "Hotline".to_owned(),
        second: "Shelter A".to_owned(),
        letters: 256,
        bytes: 16 << 20,
        days: 14,
        for_first: Some(wire::RelayHeap::default()),
        for_second: Some(wire::RelayHeap { letters: 2, bytes: 40_960, oldest_seconds: 7200 }),
    }
}

/// That a peer is reached over a relay.
pub(crate) fn route(peer: &str, items: u32, code: u32) -> wire::RelayRoute {
    let oldest_seconds = u64::from(items) * 3600;
    wire::RelayRoute { peer: peer.to_owned(), relay: "Centre".to_owned(), items, oldest_seconds, code }
}

pub(crate) fn token() -> wire::Token {
    wire::Token {
        token: vec![0x77; 16],
        scopes: Vec::new(),
        created: NIGHT,
        created_by: vec![0x5a; 16],
        until: NIGHT + 90 * 86_400,
        revoked: false,
        key_digest: Vec::new(),
    }
}

pub(crate) fn certificate() -> wire::ClientCertificate {
    wire::ClientCertificate {
        certificate: vec![0x79; 16],
        key_digest: vec![0x7a; 32],
        scopes: Vec::new(),
        created: NIGHT,
        created_by: vec![0x5a; 16],
        until: NIGHT + 90 * 86_400,
        revoked: false,
    }
}

pub(crate) fn account() -> wire::Account {
    wire::Account {
        account: vec![0x5c; 16],
        name: "An Invented Worker".to_owned(),
        role: wire::Role::CaseWorker as i32,
        created: NIGHT,
        created_by: vec![0x5a; 16],
        disabled: false,
        locked_until: NIGHT + 900,
        tokens: vec![token(), wire::Token { token: vec![0x78; 16], revoked: true, ..token() }],
        person: vec![0x9e; 16],
        enrolled: true,
        second_factor: true,
        certificates: vec![certificate()],
        ..wire::Account::default()
    }
}

/// Its name tries to steer the terminal.
pub(crate) fn machine() -> wire::Account {
    let scopes = vec![wire::Scope::Trails as i32, wire::Scope::Open as i32];
    wire::Account {
        account: vec![0x5d; 16],
        name: "Invented\u{1b}[2J register".to_owned(),
        role: wire::Role::Integration as i32,
        created: NIGHT,
        created_by: Vec::new(),
        disabled: false,
        locked_until: 0,
        tokens: vec![wire::Token { scopes, until: 0, ..token() }],
        person: vec![0x9d; 16],
        ..wire::Account::default()
    }
}

pub(crate) fn colleague() -> wire::Colleague {
    wire::Colleague {
        account: vec![0x5c; 16],
        person: vec![0x9e; 16],
        name: "An Invented Worker".to_owned(),
        role: wire::Role::CaseWorker as i32,
        disabled: false,
        erased: false,
    }
}

pub(crate) fn erased_colleague() -> wire::Colleague {
    let account = vec![0x5e; 16];
    wire::Colleague { account, name: String::new(), disabled: true, erased: true, ..colleague() }
}

pub(crate) fn delegation() -> wire::Delegation {
    wire::Delegation {
        delegation: vec![0x7b; 16],
        account: vec![0x5c; 16],
        machine: vec![0x5d; 16],
        created: NIGHT,
        until: NIGHT + 30 * 86_400,
        revoked: false,
    }
}

pub(crate) fn team() -> wire::Team {
    wire::Team { team: vec![0x7c; 16], name: "An Invented Team".to_owned(), members: vec![vec![0x9e; 16]] }
}

pub(crate) fn own_account() -> wire::GetOwnAccountResponse {
    let notice = |number, kind: wire::NoticeKind| wire::Notice {
        number,
        kind: kind.into(),
        account: vec![0x5c; 16],
        by: vec![0x5a; 16],
        time: NIGHT,
    };
    wire::GetOwnAccountResponse {
        account: Some(account()),
        scopes: vec![wire::Scope::Own as i32],
        teams: vec![team().team],
        delegations: vec![delegation()],
        notices: vec![notice(4, wire::NoticeKind::TokenMade), notice(7, wire::NoticeKind::AccountReset)],
        on_behalf_of: Vec::new(),
    }
}

pub(crate) fn agreement() -> wire::AgreementStatus {
    wire::AgreementStatus {
        agreement: compiled().agreement.id().to_vec(),
        title: "Night admission (invented)".to_owned(),
        version: 1,
        signed: vec![vec![0xaa; 32]],
        missing: vec![vec![0xbb; 32]],
        in_force: false,
        replaced_by: vec![0xc2; 32],
        suspended: vec![vec![0xcc; 32]],
    }
}

/// A night of an invented colleague.
pub(crate) fn duty() -> wire::Duty {
    wire::Duty {
        duty: vec![0xd1; 16],
        account: vec![0x5c; 16],
        order: 1,
        when: Some(wire::duty::When::Weekly(wire::WeeklyDuty { days: vec![1, 6], from: 22 * 60, until: 6 * 60 })),
        channel: wire::DutyChannel::Sms as i32,
        address: "+38164000000".to_owned(),
        created: NIGHT,
        created_by: vec![0x5a; 16],
    }
}

pub(crate) fn holiday() -> wire::Duty {
    let when = Some(wire::duty::When::Holiday(wire::SingleDuty { from: NIGHT, until: NIGHT + 86_400 }));
    wire::Duty { duty: vec![0xd2; 16], when, created: NIGHT, created_by: vec![0x5a; 16], ..Default::default() }
}

pub(crate) fn gap() -> wire::DutyGap {
    wire::DutyGap { from: NIGHT, until: NIGHT + 4 * 3600 }
}

pub(crate) fn on_duty() -> wire::OnDuty {
    let name = "An Invented\u{1b}[2J Worker".to_owned();
    wire::OnDuty { account: vec![0x5c; 16], name, order: 1, channel: wire::DutyChannel::Sms as i32 }
}

/// The agreement's envelope before anybody signed.
pub(crate) fn envelope() -> Vec<u8> {
    let envelope = wire::Envelope {
        r#type: MediaType::AGREEMENT.as_str().to_owned(),
        body: compiled().body,
        signatures: Vec::new(),
    };
    prost::Message::encode_to_vec(&envelope)
}

/// What it says, in the words of the core.
pub(crate) fn summary() -> Vec<String> {
    uput_core::agreement::summary(&compiled().agreement)
}

fn compiled() -> Compiled {
    let names = [("self", [0xaa; 32]), ("Shelter A", [0xbb; 32])];
    let peers: BTreeMap<_, _> =
        names.map(|(name, id)| (name.to_owned(), uput_core::id::OrgId::new(id))).into_iter().collect();
    compile(include_str!("../agreement.toml"), &peers).unwrap()
}

/// Challenges that stand in each way, and what witnesses say in each way.
pub(crate) fn challenges() -> Vec<wire::TrailChallenge> {
    let day = 86_400;
    let word = |witness: &str, put, until, answered, code| {
        let witness = witness.to_owned();
        wire::WitnessWord { witness, put, until, answered, code }
    };
    let challenge = |id: u8, time, standing: wire::ChallengeStanding, answered, words| {
        let (challenge, standing) = (vec![id; 32], standing.into());
        wire::TrailChallenge { challenge, time, standing, answered, words }
    };
    let refused = uput_core::rejection::Rejection::ChallengeRefused.number();
    vec![
        challenge(
            0xc4,
            NIGHT + 3 * day,
            wire::ChallengeStanding::Open,
            0,
            vec![
                word("ministry", NIGHT + 3 * day + 60, NIGHT + 3 * day + 60, false, 0),
                word("Ombuds office", 0, 0, false, 0),
            ],
        ),
        challenge(0xc3, NIGHT + 2 * day, wire::ChallengeStanding::Open, 0, Vec::new()),
        challenge(
            0xc2,
            NIGHT + day,
            wire::ChallengeStanding::Unanswered,
            0,
            vec![word("ministry", NIGHT + day, NIGHT + 2 * day, false, 0), word("Ombuds office", 0, 0, false, refused)],
        ),
        challenge(
            0xc1,
            NIGHT,
            wire::ChallengeStanding::Answered,
            NIGHT + 600,
            vec![word("ministry", NIGHT + 60, NIGHT + 660, true, 0)],
        ),
    ]
}

pub(crate) fn trail(id: [u8; 32], values: bool) -> wire::Trail {
    let notification = id == CENTRE_TRAIL;
    wire::Trail {
        trail: id.to_vec(),
        peer: if notification { "Centre" } else { "Shelter A" }.to_owned(),
        ours: true,
        act: if notification { wire::Act::Notification } else { wire::Act::Referral } as i32,
        service_type: if notification { wire::ServiceType::SocialWork } else { wire::ServiceType::Shelter } as i32,
        agreement: vec![0xc1; 32],
        headline: if notification { "asked" } else { "held" }.to_owned(),
        counterpart: Some(wire::Counterpart {
            fhir_status: "requested".to_owned(),
            fhir_business_status: if notification { "asked" } else { "held" }.to_owned(),
            primero_transition: "referral".to_owned(),
            primero_status: "in_progress".to_owned(),
        }),
        stage: if notification { 2 } else { 0 },
        notes: vec!["no crossing".to_owned()],
        owed: 0,
        deadlines: vec![
            wire::Deadline {
                timer: "answer".to_owned(),
                due: NIGHT + 3600,
                met: 0,
                overdue: true,
                ours: false,
                from: NIGHT,
                from_ours: false,
                met_ours: false,
                ended: false,
                ..wire::Deadline::default()
            },
            wire::Deadline {
                timer: "deliver".to_owned(),
                due: NIGHT + 1440,
                met: NIGHT + 60,
                from: NIGHT + 540,
                from_ours: true,
                proven: NIGHT + 540,
                ..wire::Deadline::default()
            },
        ],
        escalation: Some(wire::Escalation {
            due: NIGHT + 3900,
            now: true,
            missed: "answer".to_owned(),
            service_type: wire::ServiceType::SocialWork as i32,
            act: wire::Act::Notification as i32,
            peers: vec!["Centre".to_owned()],
            case: vec![0x4c; 16],
        }),
        challenges: if id == OTHER_TRAIL { challenges() } else { Vec::new() },
        endings: vec![ending("hold", NIGHT + 600, "over"), ending("consent", 0, "soon")],
        about: if notification { vec![0x7d; 32] } else { Vec::new() },
        events: events(notification, values),
        changed: NIGHT + 60,
        undelivered: 1,
        ..Default::default()
    }
}

fn ending(what: &str, until: u64, stands: &str) -> wire::Ending {
    wire::Ending { what: what.to_owned(), until, stands: stands.to_owned(), ours: until == 0 }
}

fn events(notification: bool, values: bool) -> Vec<wire::TrailEvent> {
    let field = |label: &str, value: &str| wire::Field {
        label: label.to_owned(),
        value: if values { value.to_owned() } else { String::new() },
    };
    let opened = wire::TrailEvent {
        event: vec![0xe0; 32],
        author: "us".to_owned(),
        ours: true,
        kind: "opened".to_owned(),
        time: NIGHT,
        stored: NIGHT,
        delivered: NIGHT + 60,
        proven: NIGHT + 540,
        witnesses: vec!["Centre".to_owned()],
        not_after: NIGHT + 60,
        fields: vec![field("adults", "1"), field("children", "2")],
        basis: wire::LegalBasis::NoneNeededNonpersonal as i32,
        knowingly: vec!["need_text".to_owned()],
        ..Default::default()
    };
    let answered = wire::TrailEvent {
        event: vec![0xe1; 32],
        author: if notification { "Centre" } else { "Shelter A" }.to_owned(),
        seq: 1,
        kind: if notification { "decision" } else { "held" }.to_owned(),
        code: if notification { "placement" } else { "" }.to_owned(),
        time: NIGHT + 120,
        occurred: NIGHT + 60,
        stored: NIGHT + 120,
        not_before: NIGHT,
        not_after: NIGHT + 90,
        findings: vec!["late".to_owned()],
        stripped: vec!["home_address".to_owned()],
        ..Default::default()
    };
    let phoned = wire::TrailEvent {
        event: vec![0xe3; 32],
        author: "us".to_owned(),
        ours: true,
        seq: 2,
        kind: "phoned".to_owned(),
        code: "yes".to_owned(),
        time: NIGHT + 90,
        occurred: NIGHT + 60,
        stored: NIGHT + 90,
        telephone: "confirmed".to_owned(),
        telephone_by: vec![0xe1; 32],
        ..Default::default()
    };
    let void = wire::TrailEvent {
        event: vec![0xe2; 32],
        author: "us".to_owned(),
        ours: true,
        seq: 1,
        kind: "identity".to_owned(),
        time: NIGHT + 180,
        void_reason: "not accepted yet".to_owned(),
        ..Default::default()
    };
    vec![opened, phoned, answered, void]
}

/// A case that an invented colleague has.
pub(super) fn case() -> wire::Case {
    wire::Case {
        case: vec![0x4c; 16],
        trails: vec![vec![0x7d; 32]],
        persons: vec![case_colleague()],
        teams: vec![wire::CaseTeam { team: vec![0x6a; 16], name: "An Invented Team".to_owned() }],
        opened_by: Some(case_colleague()),
        created: 1_795_298_400,
        closed: 0,
        external_ref: "77-IZM/2026".to_owned(),
        values: true,
        mine: true,
        in_doubt: 1,
    }
}

/// A case that nobody has.
pub(super) fn untaken_case() -> wire::Case {
    wire::Case {
        case: vec![0x9b; 16],
        trails: vec![vec![0x7e; 32], vec![0x7f; 32]],
        created: 1_795_298_400,
        ..wire::Case::default()
    }
}

/// A colleague, or somebody of a like name.
pub(super) fn exclusion() -> wire::CaseExclusion {
    wire::CaseExclusion {
        colleague: Some(case_colleague()),
        ground: wire::ExclusionGround::Doubtful.into(),
        ruling: 0,
        by: None,
        time: 1_795_298_400,
    }
}

fn case_colleague() -> wire::CaseColleague {
    wire::CaseColleague { person: vec![0x5c; 16], name: "An Invented Colleague".to_owned() }
}

/// Who looked: somebody who has the case, a machine for somebody whose name was erased, and one of an earlier version.
pub(crate) fn accesses() -> Vec<wire::Access> {
    use wire::{AccessKind, AccessReason, AccessStanding, Role};
    let first = wire::Access {
        time: 1_700_000_000,
        trail: TRAIL.to_vec(),
        account: vec![0x5c; 16],
        name: "An Invented Worker".to_owned(),
        kind: AccessKind::ValuesShown.into(),
        ..Default::default()
    };
    let second = wire::Access {
        time: 1_795_305_600,
        role: Role::Supervisor.into(),
        reason: AccessReason::Other.into(),
        standing: AccessStanding::Supervisor.into(),
        words: "an invented reason".to_owned(),
        pseudonym: vec![0x31; 32],
        ..first.clone()
    };
    let third = wire::Access {
        time: 1_795_305_660,
        number: 1,
        trail: Vec::new(),
        account: vec![0x77; 16],
        name: String::new(),
        on_behalf_of: "An Invented Colleague".to_owned(),
        role: Role::CaseWorker.into(),
        kind: AccessKind::CaseShown.into(),
        reason: AccessReason::OwnWork.into(),
        standing: AccessStanding::Assigned.into(),
        words: String::new(),
        pseudonym: vec![0x32; 32],
    };
    vec![first, second, third]
}

/// What is unusual, by each kind of rule.
pub(crate) fn unusual() -> Vec<wire::UnusualAccess> {
    use wire::{AccessReason, UnusualRule};
    let many = wire::UnusualAccess {
        rule: UnusualRule::ManyInAnHour.into(),
        account: vec![0x5c; 16],
        name: "An Invented Worker".to_owned(),
        time: 1_795_305_600,
        count: 31,
        bound: 20,
        ..Default::default()
    };
    let night = wire::UnusualAccess { rule: UnusualRule::AtAnUnusualHour.into(), count: 2, bound: 0, ..many.clone() };
    let supervisor = wire::UnusualAccess {
        rule: UnusualRule::NotAssigned.into(),
        name: String::new(),
        count: 1,
        bound: 0,
        case: vec![0x0c; 16],
        reason: AccessReason::Supervision.into(),
        ..many.clone()
    };
    vec![many, night, supervisor]
}

/// One change of each shape.
pub(crate) fn changes() -> Vec<wire::Change> {
    let of = |kind: wire::ChangeKind| wire::Change { kind: kind.into(), ..wire::Change::default() };
    vec![
        wire::Change { trail: TRAIL.to_vec(), case: vec![0xca; 16], ..of(wire::ChangeKind::EventArrived) },
        wire::Change { case: vec![0xca; 16], ..of(wire::ChangeKind::Case) },
        wire::Change { organisation: vec![0x0a; 32], ..of(wire::ChangeKind::Peer) },
        wire::Change { account: vec![0x5c; 16], ..of(wire::ChangeKind::Account) },
    ]
}
