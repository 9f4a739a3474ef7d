//! Every command that talks to a node: what it asks, what it prints for people and for programs.
//!
//! The node is a fake one; `tests/golden/commands` holds what is expected. [CLI-1]

use std::path::Path;

use uput_core::key::SigningKey;
use uput_core::keyfile::{Cost, Lock, write_organisation_key, write_staff_key};

use crate::fake_node::{self, FakeNode};
use crate::harness::{golden, json, run};

const REQUEST: &str = "0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b";
/// Of a key that nobody has compared yet.
const NEWCOMER: &str = "e2522e31bff177e4a29e57071621de75";
/// Under which the node gives another key.
const FALSE_KEY: &str = "56565656565656565656565656565656";
const PSEUDONYM: &str = "3131313131313131313131313131313131313131313131313131313131313131";
const AGREEMENT: &str = "6f102321";
pub(crate) const PASSPHRASE: &str = "an invented passphrase";
const FIELDS: &str = "adults = 1\nchildren = 2\n";

/// Of a certificate's key that nobody has.
const DIGEST: &str = "7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a";
/// The vector of RFC 6238, whose secret everybody knows.
const ENROL: &str = "code = \"5c5c-5c5c-invented-code\"\nnew_password = \"an invented password\"\nnew_second_factor = \"gezd gnbv gy3t qojq gezd gnbv gy3t qojq\"\nnew_second_factor_code = \"287082\"\n";
const LOG_IN: &str = "account = \"An Invented Worker\"\npassword = \"an invented password\"\n";

/// Runs a command twice, for people and for programs, and compares all of it.
fn transcript(name: &str, line: &str, input: &str) {
    let node = FakeNode::start();
    place_files(node.folder(), line.contains("locked.key"));
    let words = split(line);
    let with_node = |more: &[&str]| {
        // What stands behind `--` is a command of its own.
        let own = words.iter().position(|word| word == "--").unwrap_or(words.len());
        let (own, rest) = words.split_at(own);
        let mut all = own.to_vec();
        all.extend(more.iter().map(|word| (*word).to_owned()));
        all.extend(["--node".to_owned(), node.folder().display().to_string()]);
        all.extend_from_slice(rest);
        all
    };
    let people = run(node.folder(), with_node(&[]), input);
    let requests = node.take_requests();
    let programs = run(node.folder(), with_node(&["--json"]), input);
    assert_eq!(requests, node.take_requests(), "--json changes what is asked");
    assert_eq!(people.code, programs.code, "--json changes the exit code");
    let quiet = run(node.folder(), with_node(&["--quiet"]), input);
    assert_eq!((quiet.code, quiet.stdout.as_str()), (people.code, ""), "--quiet prints");
    assert_eq!(people.stdout.is_empty(), people.stderr.contains("error: "), "data and errors are apart");
    let object = json(&programs);
    let found = format!(
        "$ uput {line}\nexit code {}\n\n-- standard output\n{}\n-- standard error\n{}\n-- with --json\n{object:#}\n\n-- asked of the node\n{requests}",
        people.code, people.stdout, people.stderr,
    );
    golden(&format!("commands/{name}"), &mask(&found));
}

/// What the commands read: an agreement, a broken one, and key files with and without a passphrase. All invented.
pub(crate) fn place_files(folder: &Path, locked_key: bool) {
    let source = include_str!("agreement.toml");
    let key = SigningKey::from_seed(&[7; 32]);
    let locked = Lock::Passphrase { passphrase: PASSPHRASE, salt: [9; 32], cost: Cost::LEAST };
    let files = [
        ("agreement.toml", source.to_owned()),
        ("strange.toml", source.replace("roles = [\"asking\"]", "roles = [\"asking\", \"praying\"]")),
        (
            "newer.toml",
            source
                .replace(
                    "version = 1",
                    "version = 2\nprevious = \"6f1023217cbbdae5deb1560fd6df506f6c2c3ca7fc330121748c50b19a00d73c\"",
                )
                .replace("\"24 h\"", "\"36 h\"")
                .replace("\"name\", ", ""),
        ),
        ("broken.toml", source.replace("\"shelter\"]", "\"sheltr\"]")),
        ("stranger.toml", source.replace("peer:Shelter A", "peer:Shelter Z")),
        ("organisation.key", write_organisation_key(&key, &Lock::Clear).unwrap().to_string()),
        (
            "other-organisation.key",
            write_organisation_key(&SigningKey::from_seed(&[70; 32]), &Lock::Clear).unwrap().to_string(),
        ),
        ("api.staff.key", write_staff_key(&fake_node::own(), &Lock::Clear).unwrap().to_string()),
        ("passphrase", format!("{PASSPHRASE}\n")),
        ("wrong-passphrase", "another one\n".to_owned()),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    // To lock a key takes time on purpose.
    if locked_key {
        std::fs::write(folder.join("locked.key"), &*write_organisation_key(&key, &locked).unwrap()).unwrap();
    }
}

/// Words of a line; a quoted word may hold spaces.
fn split(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

/// What depends on the clock, and how the core words an agreement, is not compared.
fn mask(text: &str) -> String {
    let mut text = text.to_owned();
    for (number, sentence) in fake_node::summary().iter().enumerate() {
        let in_json = serde_json::Value::from(sentence.as_str()).to_string();
        text =
            text.replace(&in_json, &format!("\"SENTENCE {number}\"")).replace(sentence, &format!("SENTENCE {number}"));
    }
    let masked = text.lines().map(|line| {
        let cut = ["\"valid_until\": ", "\"clock_difference_seconds\": ", "valid until "]
            .iter()
            .find_map(|mark| line.find(mark).map(|at| at + mark.len()));
        cut.map_or_else(|| line.to_owned(), |cut| format!("{}...", &line[..cut]))
    });
    masked.collect::<Vec<_>>().join("\n") + "\n"
}

macro_rules! transcripts {
    ($($name:ident: $line:expr $(, $input:expr)?;)*) => {
        $(#[test]
        fn $name() {
            #[allow(unused_mut, unused_assignments, reason = "most commands read no input")]
            let mut input = "";
            $(input = $input;)?
            transcript(stringify!($name), &format!($line), input);
        })*
    };
}

transcripts! {
    node_status: "node status";
    node_doctor: "node doctor";
    peer_invite: "peer invite \"Shelter A\" --valid 2d";
    peer_invite_that_looks_like_another: "peer invite \"Shelter А\"";
    peer_accept: "peer accept Hotline --invitation -", "uput-invitation-v1:invented\n";
    peer_accept_expired: "peer accept Hotline --invitation -", "uput-invitation-v1:expired\n";
    peer_confirm: "peer confirm \"Shelter A\" --safety-number \"12345 67890\"";
    peer_check: "peer check \"Shelter A\"";
    peer_check_one_way: "peer check Clinic";
    peer_check_of_another_node: "peer check Liar";
    peer_list: "peer list";
    peer_carry_in_no_letters: "peer carry --in passphrase";
    peer_carry_without_a_peer: "peer carry --out letters";
    relay_allow: "relay allow Hotline \"Shelter A\" --letters 64 --mib 4 --days 7";
    relay_allow_for_ever: "relay allow Hotline \"Shelter A\" --days 31";
    relay_end: "relay end Hotline \"Shelter A\"";
    relay_use: "relay use \"Shelter A\" --through Centre";
    relay_use_none: "relay use \"Shelter A\" --none";
    relay_use_without_either: "relay use \"Shelter A\"";
    relay_list: "relay list";
    access_list: "access list 0c0c0c0c";
    access_list_without_a_reason: "access list 5a5a5a5a";
    access_list_for_a_reason: "access list 5a5a5a5a --reason other --reason-file -", "an invented reason\n";
    access_list_another_reason_without_words: "access list 5a5a5a5a --reason other";
    access_export_words_unasked: "access export 0c0c0c0c --words";
    access_unusual: "access unusual --since 30d";
    access_resolve: "access resolve 0c0c0c0c {PSEUDONYM} --reason proceedings";
    account_create: "account create --role case-worker --name-file -", "An Invented Worker\n";
    account_create_without_a_name: "account create --role case-worker";
    account_create_machine: "account create --role integration --name-file -", "An Invented Machine\n";
    account_create_for_the_same_person: "account create --role supervisor --same-person-as 5c5c5c5c --name-file -", "An Invented Worker\n";
    account_list: "account list";
    change_list: "change list --limit 5 --wait 2s";
    change_list_everything: "change list --everything";
    account_disable: "account disable 5c5c5c5c --yes";
    account_disable_unasked: "account disable 5c5c5c5c";
    account_disable_unknown: "account disable deadbeef --yes";
    account_revoke: "account revoke 77777777 --yes";
    account_reset: "account reset 5c5c5c5c --yes";
    account_reset_unasked: "account reset 5c5c5c5c";
    account_erase: "account erase 5c5c5c5c --yes";
    account_pin: "account pin 5d5d5d5d --scope trails --valid 30d --digest {DIGEST}";
    account_unpin: "account unpin 79797979 --yes";
    account_colleagues: "account colleagues";
    account_enrol: "account enrol --secrets -", ENROL;
    account_enrol_wrong_code: "account enrol --secrets -", "code = \"another\"\nnew_password = \"an invented password\"\n";
    account_enrol_without_secrets: "account enrol";
    account_enrol_bad_secrets: "account enrol --secrets -", "code = an invented code";
    account_enrol_bad_second_factor: "account enrol --secrets -", "new_second_factor = \"0189\"";
    account_log_in_nowhere: "account log-in --secrets -", LOG_IN;
    account_log_in_wrong_password: "account log-in --to session.toml --secrets -", "account = \"An Invented Worker\"\npassword = \"another one\"\n";
    account_log_out: "account log-out";
    account_show: "account show";
    account_show_seen: "account show --seen";
    account_password: "account password --secrets -", "password = \"an invented password\"\nnew_password = \"another invented one\"\n";
    account_delegate: "account delegate 5d5d5d5d --valid 2d";
    account_recall: "account recall 7b7b7b7b";
    team_create: "team create --name-file -", "An Invented Team\n";
    team_list: "team list";
    team_add: "team add 7c7c7c7c 5c5c5c5c";
    team_remove: "team remove 7c7c7c7c 5c5c5c5c";
    staff_list: "staff list";
    staff_confirm: "staff confirm {NEWCOMER} --yes";
    staff_confirm_unasked: "staff confirm {NEWCOMER}";
    staff_confirm_unknown: "staff confirm 00112233445566778899aabbccddeeff --yes";
    staff_share_with_too_few: "staff share --needed 2 --among 3";
    staff_give_to_nobody: "staff give {NEWCOMER} --yes";
    staff_give_to_a_false_key: "staff give {FALSE_KEY} --yes";
    staff_recover_without_a_share: "staff recover";
    staff_readers: "staff readers";
    staff_seal: "staff seal 3f9a1c20 --to {NEWCOMER} --yes";
    staff_sealing: "staff sealing";
    staff_require: "staff require --needed 2 --among 3 --yes";
    staff_require_unasked: "staff require --needed 2 --among 3";
    staff_require_approved: "staff require --needed 2 --among 3 --shares-only --approval 5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c";
    approval_request_of_an_unsealing: "approval request --reason mistake -- staff require --needed 2 --among 3 --shares-only";
    staff_require_shares: "staff require --needed 2 --among 3 --shares-only";
    key_status: "key status";
    key_sign_without_key: "key sign keys.uput --to signed.uput";
    log_status: "log status";
    log_witness: "log witness ministry";
    log_witness_remove: "log witness ministry --remove";
    log_evidence: "log evidence --to .";
    log_evidence_of_nobody: "log evidence --peer Nobody --to .";
    log_evidence_of_none: "log evidence --peer Clinic --to .";
    log_evidence_of_what_proves_nothing: "log evidence --peer Liar --to .";
    log_witness_nobody: "log witness Nobody";
    places_list: "places list";
    places_set: "places set shelter --places 12 --overflow 3";
    referral_choose: "referral choose 3f9a1c20 --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b";
    enquiry_ask_several: "enquiry ask-several ShelterA ShelterB --service shelter --fields - --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b", "adults = 1\n";
    enquiry_list: "enquiry list 4c4c4c4c";
    case_record_to_call: "case record 4c4c4c4c --values --reach call";
    case_record: "case record 4c4c4c4c";
    case_record_with_values: "case record 4c4c4c4c --values";
    case_record_for_a_reason: "case record 4c4c4c4c --values --reason handover";
    case_record_for_another_reason: "case record 4c4c4c4c --values --reason other --reason-file -", "an invented reason\n";
    case_record_write: "case record 4c4c4c4c --fields - --remove language --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b", "name = \"Invented Name\"\n";
    case_record_mark: "case record 4c4c4c4c --mark caregiver-suspected --unmark consent-withdrawn --withhold health_needs --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b";
    case_record_take_knowingly: "case record 4c4c4c4c --take need_text --from 3f9a1c20 --knowingly need_text --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b";
    case_record_take: "case record 4c4c4c4c --take name --from 3f9a1c20 --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b";
    case_change: "case change 4c4c4c4c --what safe-contact-lost --fields - --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b", "safe_contact_telephone = \"+38269000222\"\n";
    case_change_dry: "case change 4c4c4c4c --what consent-withdrawn --dry-run --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b";
    case_change_wrong: "case change 4c4c4c4c --what risk --organisation \"Shelter A\"";
    case_changes: "case changes 4c4c4c4c";
    case_erase: "case erase 4c4c4c4c --yes";
    case_erase_unasked: "case erase 4c4c4c4c";
    case_search: "case search --words -", "invented name\n";
    case_search_for_a_reason: "case search --words - --reason supervision", "invented name\n";
    case_search_without_words: "case search";
    case_create: "case create --number-file -", "77-IZM/2026\n";
    case_list: "case list";
    case_show: "case show 4c4c4c4c";
    case_show_by_trail: "case show --trail 7d7d7d7d";
    case_show_none: "case show deadbeef";
    case_take: "case take 4c4c4c4c";
    case_assign: "case assign 4c4c4c4c --colleague 5c5c5c5c";
    case_assign_to_a_team: "case assign 4c4c4c4c --team 6a6a6a6a";
    case_assign_remove: "case assign 4c4c4c4c --colleague 5c5c5c5c --remove";
    case_assign_nobody: "case assign 4c4c4c4c";
    case_join: "case join 4c4c4c4c --into 9b9b9b9b --yes";
    case_join_unasked: "case join 4c4c4c4c --into 9b9b9b9b";
    case_close: "case close 4c4c4c4c";
    case_reopen: "case reopen 4c4c4c4c";
    case_number: "case number 4c4c4c4c --number-file -", "78-IZM/2026\n";
    case_exclude: "case exclude 4c4c4c4c --colleague-file -", "An Invented Colleague\n";
    case_exclusions: "case exclusions 4c4c4c4c";
    case_confirm: "case confirm 4c4c4c4c --colleague 5c5c5c5c";
    case_lift: "case lift 4c4c4c4c --colleague 5c5c5c5c --yes";
    case_lift_certain: "case lift 4c4c4c4c --colleague 5c5c5c5c --yes --approval 5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c";
    case_break_glass: "case break-glass 4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c --approval 5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c";
    case_break_glass_alone: "case break-glass 4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c";
    case_lift_unasked: "case lift 4c4c4c4c --colleague 5c5c5c5c";
    approval_request: "approval request --reason danger --words-file - -- referral send Clinic --service health --basis vital-interests --stage 2", "He has found the house\n";
    approval_request_of_an_event: "approval request --reason child-at-risk -- referral disclose 3f9a1c20 --basis child-best-interests";
    approval_request_of_an_export: "approval request --reason handover -- trail export 3f9a1c20 --purpose audit --open values";
    approval_request_of_a_glass: "approval request --reason colleague-away -- case break-glass 4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c";
    approval_request_of_a_lifting: "approval request --reason mistake -- case lift 4c4c4c4c --colleague 5c5c5c5c --yes";
    approval_request_of_an_escalation: "approval request --reason danger -- escalate 3f9a1c20 --bare --stage 2 --basis vital-interests --knowingly need_text";
    approval_request_of_what_needs_none: "approval request --reason danger -- account disable 5c5c5c5c --yes";
    approval_list: "approval list";
    approval_approve: "approval approve 5c5c5c5c";
    approval_approve_another: "approval approve deadbeef";
    approval_refuse: "approval refuse 5c5c5c5c";
    overrides_list: "overrides list";
    overrides_list_waiting: "overrides list --waiting";
    overrides_review: "overrides review 5c5c5c5c --outcome upheld-with-lesson --reason she-was-not-told";
    overrides_review_another: "overrides review deadbeef --outcome upheld --reason danger-was-real";
    overrides_count: "overrides count --since \"2026-11-01 00:00\"";
    retention_list: "retention list";
    hold_set: "hold set --trail 3f3f3f3f --reason criminal-proceedings --until 2030-06-01T00:00+02:00";
    hold_set_on_what_is_not_there: "hold set --trail deadbeef --reason court-order --until 2030-06-01T00:00+02:00";
    hold_set_on_both: "hold set --trail 3f3f3f3f --case 4c4c4c4c --reason court-order --until 2030-06-01T00:00+02:00";
    hold_confirm: "hold confirm 5d5d5d5d";
    hold_confirm_another: "hold confirm deadbeef";
    hold_end: "hold end 5d5d5d5d";
    hold_list: "hold list";
    approval_count: "approval count --since \"2026-11-01 00:00\"";
    agreement_check: "agreement check agreement.toml";
    agreement_check_broken: "agreement check broken.toml";
    agreement_check_stranger: "agreement check stranger.toml";
    agreement_check_strange: "agreement check strange.toml";
    // [CLI-43]
    agreement_propose_without_key: "agreement propose agreement.toml";
    agreement_propose_broken: "agreement propose broken.toml --organisation-key organisation.key --yes";
    agreement_propose_dry_run: "agreement propose agreement.toml --dry-run --organisation-key organisation.key --yes";
    agreement_propose_signed: "agreement propose agreement.toml --organisation-key organisation.key --yes";
    agreement_propose_unasked: "agreement propose agreement.toml --organisation-key organisation.key";
    agreement_sign: "agreement sign {AGREEMENT} --organisation-key locked.key --passphrase-file passphrase --yes";
    agreement_sign_locked: "agreement sign {AGREEMENT} --organisation-key locked.key --yes";
    agreement_sign_wrong_passphrase: "agreement sign {AGREEMENT} --organisation-key locked.key --passphrase-file wrong-passphrase --yes";
    agreement_sign_by_another_organisation: "agreement sign {AGREEMENT} --organisation-key other-organisation.key --yes";
    agreement_propose_by_another_organisation: "agreement propose agreement.toml --organisation-key other-organisation.key --yes";
    agreement_sign_without_key: "agreement sign {AGREEMENT} --yes";
    agreement_sign_unknown: "agreement sign deadbeef --organisation-key organisation.key --yes";
    agreement_list: "agreement list";
    agreement_show: "agreement show {AGREEMENT}";
    agreement_explain_yes: "agreement explain agreement.toml --from us --to them --label name --at 2026-11-22T20:00Z";
    agreement_explain_no: "agreement explain {AGREEMENT} --from Hotline --to \"Shelter A\" --label name --stage 1 --at 2026-11-22T20:00Z";
    agreement_explain_nobody: "agreement explain agreement.toml --from us --to everybody --label name";
    agreement_diff: "agreement diff {AGREEMENT} newer.toml";
    agreement_show_file: "agreement show agreement.toml";
    enquiry_send: "enquiry send \"Shelter A\" --service shelter --fields - --request-id {REQUEST}", FIELDS;
    enquiry_send_dry_run: "enquiry send \"Shelter A\" --service shelter --fields - --dry-run --request-id {REQUEST}", FIELDS;
    enquiry_send_to_a_stranger: "enquiry send Stranger --service shelter --request-id {REQUEST}";
    enquiry_send_outside_the_role: "enquiry send Forbidden --service shelter --request-id {REQUEST}";
    enquiry_send_with_a_locked_key: "enquiry send Locked --service shelter --request-id {REQUEST}";
    enquiry_send_without_an_answer: "enquiry send Slow --service shelter --request-id {REQUEST}";
    referral_send: "referral send \"Shelter A\" --service shelter --basis explicit-consent --agreement {AGREEMENT} --expiry 2026-11-22T20:00+01:00 --occurred \"2026-11-21 22:55\" --fields - --request-id {REQUEST}", "{\"adults\": 1}";
    referral_send_from_case: "referral send \"Shelter A\" --service shelter --basis explicit-consent --case 4c4c4c4c --from-case age_band --request-id {REQUEST}";
    referral_send_at_once: "referral send Clinic --service health --basis vital-interests --article 2 --stage 2 --request-id {REQUEST}";
    referral_send_approved: "referral send Clinic --service health --basis vital-interests --stage 2 --approval 5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c --request-id {REQUEST}";
    referral_send_with_half_an_approval: "referral send Clinic --service health --basis vital-interests --stage 2 --approval 5c5c5c5c --request-id {REQUEST}";
    referral_show: "referral show 3f9a1c20";
    referral_show_values: "referral show 3f9a1c20 --values";
    referral_need: "referral need 3f9a1c20 --basis explicit-consent --fields - --request-id {REQUEST}", "need_text = \"an invented need\"";
    referral_disclose_from_case: "referral disclose 3f9a1c20 --from-case safe_contact_telephone --fields - --request-id {REQUEST}", "name = \"an invented name\"";
    referral_disclose: "referral disclose 3f9a1c20 --fields - --request-id {REQUEST}", "name = \"an invented name\"";
    referral_correct: "referral correct 3f9a1c20 --fields - --request-id {REQUEST}", FIELDS;
    referral_warn: "referral warn 3f9a1c20 --code do-not-contact --request-id {REQUEST}";
    referral_handed_over: "referral handed-over 3f9a1c20 --stage 2 --channel telephone --occurred 2026-11-21T22:55+01:00 --request-id {REQUEST}";
    referral_phoned: "referral phoned 3f9a1c20 --answer yes --request-id {REQUEST}";
    referral_withdraw: "referral withdraw 3f9a1c20 --request-id {REQUEST}";
    referral_revoke: "referral revoke 3f9a1c20 --reason wrong-recipient --request-id {REQUEST}";
    referral_close: "referral close 3f9a1c20 --reason done --request-id {REQUEST}";
    referral_reopen: "referral reopen 3f9a1c20 --request-id {REQUEST}";
    referral_ask_purge: "referral ask-purge 3f9a1c20 --request-id {REQUEST}";
    referral_acknowledge: "referral acknowledge 3f9a1c20 --request-id {REQUEST}";
    referral_hold: "referral hold 3f9a1c20 --until 2026-11-22T23:00+01:00 --request-id {REQUEST}";
    referral_accept: "referral accept 3f9a1c20 --request-id {REQUEST}";
    referral_accept_partly: "referral accept 3f9a1c20 --partly distance_support --request-id {REQUEST}";
    referral_accept_dry_run: "referral accept 3f9a1c20 --dry-run --request-id {REQUEST}";
    referral_waitlist: "referral waitlist 3f9a1c20 --request-id {REQUEST}";
    referral_decline: "referral decline 3f9a1c20 --reason no-place --request-id {REQUEST}";
    referral_redirect: "referral redirect 3f9a1c20 --service health --request-id {REQUEST}";
    referral_misdirected: "referral misdirected 3f9a1c20 --request-id {REQUEST}";
    referral_reached: "referral reached 3f9a1c20 --request-id {REQUEST}";
    referral_not_reached: "referral not-reached 3f9a1c20 --reason no-answer --request-id {REQUEST}";
    referral_start: "referral start 3f9a1c20 --request-id {REQUEST}";
    referral_provide: "referral provide 3f9a1c20 --outcome need-met --request-id {REQUEST}";
    referral_purge: "referral purge 3f9a1c20 --yes --request-id {REQUEST}";
    referral_retain: "referral retain 3f9a1c20 --under 3 --request-id {REQUEST}";
    notification_send: "notification send Centre --service social-work --article 2 --fields - --request-id {REQUEST}", FIELDS;
    notification_acknowledge: "notification acknowledge 90b2c4d6 --request-id {REQUEST}";
    decision_record: "decision record 90b2c4d6 --type placement --outcome granted --until 2026-12-01T00:00+01:00 --request-id {REQUEST}";
    decision_record_with_evidence: "decision record 3f9a1c20 --type placement --outcome granted --evidence-trail 90b2c4d6 --request-id {REQUEST}";
    decision_record_without_decision: "decision record 3f9a1c20 --type placement --outcome granted --evidence-trail 77aa01de --request-id {REQUEST}";
    duty_set: "duty set --account 5c5c5c5c --days sat,mon --hours 22:00-06:00 --channel sms --address-file -", "+38164000000\n";
    duty_set_once: "duty set --account 5c5c5c5c --order 2 --starts 2099-12-24T18:00+01:00 --ends 2099-12-25T08:00+01:00 --channel email --address-file - --instead-of d1d1d1d1", "duty@shelter.example\n";
    duty_set_holiday: "duty set --holiday --starts 2099-12-25T00:00+01:00 --ends 2099-12-26T00:00+01:00";
    duty_set_without_an_address: "duty set --account 5c5c5c5c --days sun --hours 00:00-24:00 --channel sms";
    duty_list: "duty list";
    duty_remove: "duty remove d1d1d1d1 --yes";
    duty_remove_unasked: "duty remove d1d1d1d1";
    duty_now: "duty now";
    duty_take: "duty take 3f9a1c20";
    inbox: "inbox";
    inbox_all: "inbox --all";
    expiring: "expiring";
    escalate: "escalate 3f9a1c20 --bare --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b";
    escalate_dry_run: "escalate 3f9a1c20 --dry-run --bare --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b";
    trail_show: "trail show 3f9a1c20";
    trail_show_values: "trail show 3f9a1c20 --values";
    trail_show_none: "trail show deadbeef";
    trail_show_challenged: "trail show 77aa01de";
    trail_challenge: "trail challenge 3f9a1c20";
    trail_challenge_without_a_witness: "trail challenge 77aa01de";
    inbox_in_albanian: "inbox --language sq";
    trail_show_in_macedonian: "trail show 3f9a1c20 --values --language mk";
}

#[test]
fn choosing_names_the_chosen_trail_alone_and_the_node_finds_its_case() {
    let node = FakeNode::start();
    let folder = node.folder().display().to_string();
    let choose = |more: &[&str]| {
        let mut words = vec!["referral", "choose", "3f9a1c20", "--json", "--node", &folder];
        words.extend(more);
        run(node.folder(), words, "")
    };
    // [CLI-45]
    let chosen = choose(&[]);
    assert_eq!(chosen.code, 0, "{}", chosen.stdout);
    let requests = node.take_requests();
    assert!(
        requests.starts_with("FollowUp\n")
            && requests.contains("12: \n    1: 3f9a1c20")
            && !requests.contains("RecordEvent"),
        "{requests}"
    );
    let checked = choose(&["--dry-run"]);
    assert_eq!((checked.code, json(&checked)["dry_run"].as_bool()), (0, Some(true)));
    assert!(node.take_requests().contains("\n  2: 1\n"));
}

#[test]
fn who_could_not_be_asked_is_named_and_the_request_can_be_made_again() {
    let node = FakeNode::start();
    let folder = node.folder().display().to_string();
    let ask = |more: &[&str]| {
        let words = ["enquiry", "ask-several", "Shelter A", "Shelter Nowhere", "--service", "shelter", "--fields", "-"];
        run(node.folder(), [&words[..], &["--node", &folder], more].concat(), "adults = 1\n")
    };
    // [CLI-57]
    let asked = ask(&["--json"]);
    let body = json(&asked);
    assert_eq!((asked.code, body["ok"].as_bool()), (1, Some(false)), "{}", asked.stdout);
    assert_eq!(
        (body["asked"][0]["refused"].as_str(), body["asked"][1]["refused"].as_str()),
        (None, Some("NO_SUCH_PEER"))
    );
    let id = body["request_id"].as_str().unwrap().to_owned();
    assert!(node.take_requests().contains(&id));
    let again = ask(&["--request-id", &id]);
    assert!(again.stdout.contains(&format!("--request-id {id}")), "{}", again.stdout);
    assert!(node.take_requests().contains(&id));
}

#[test]
fn an_export_writes_a_new_file_under_a_name_that_says_nothing() {
    let node = FakeNode::start();
    let folder = node.folder().display().to_string();
    let export = |more: &[&str]| {
        let mut words = vec!["trail", "export", "3f9a1c20", "--purpose", "audit", "--node", &folder];
        words.extend(more);
        run(node.folder(), words, "")
    };
    // [CLI-52] The offered name.
    let offered = json(&export(&["--json"]));
    let name = offered["file"].as_str().unwrap();
    assert!(name.starts_with("document-") && name.ends_with(".uput"), "{name}");
    assert_eq!(std::fs::read(node.folder().join(name)).unwrap(), b"an invented bundle");
    // [CLI-51] Only its owner reads it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(node.folder().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = export(&["--to", name, "--json"]);
    assert_eq!((again.code, json(&again)["error"]["reason"].as_str()), (1, Some("FILE_EXISTS")));
    // [CLI-53] Personal data leaves only when somebody said so.
    let values = export(&["--open", "values"]);
    assert_eq!(values.code, 2, "{}", values.stderr);
    assert!(!values.stderr.is_empty());
    assert_eq!(export(&["--open", "values", "--yes"]).code, 0);
    assert_eq!(export(&["--to", "-"]).stdout, "an invented bundle");
    assert_eq!(export(&["--to", "-", "--json"]).code, 2);
    // [CLI-54] The node makes of it what travels.
    let nonce = "ab".repeat(32);
    node.take_requests();
    assert_eq!(export(&["--nonce", &nonce, "--wait", "3"]).code, 0);
    assert!(node.take_requests().contains(&format!("4: {nonce}\n  5: 3")));
}

#[test]
fn keys_and_agreements_are_written_for_an_auditor() {
    let node = FakeNode::start();
    let folder = node.folder().display().to_string();
    for (words, expected) in [
        (vec!["node", "keys"], fake_node::own_chain()),
        (vec!["peer", "keys", "Shelter A"], b"key records of bb".to_vec()),
        (vec!["agreement", "export", AGREEMENT], fake_node::envelope()),
    ] {
        let all = words.iter().copied().chain(["--node", &folder, "--json"]);
        let object = json(&run(node.folder(), all, ""));
        let file = object["file"].as_str().unwrap();
        assert_eq!(std::fs::read(node.folder().join(file)).unwrap(), expected, "{words:?}");
    }
    let unknown = run(node.folder(), ["peer", "keys", "Shelter Z", "--node", &folder, "--json"], "");
    assert_eq!((unknown.code, json(&unknown)["error"]["reason"].as_str()), (1, Some("NO_SUCH_PEER")));
}

#[test]
fn a_token_goes_into_an_access_file_and_nowhere_else() {
    let node = FakeNode::start();
    let folder = node.folder().display().to_string();
    let token = |more: &[&str]| {
        let mut words = vec!["account", "token", "5c5c5c5c", "--node", &folder];
        words.extend(more);
        run(node.folder(), words, "")
    };
    let made = token(&["--to", "worker.toml", "--scope", "trails", "--scope", "export-values", "--valid", "30d"]);
    golden("commands/account_token", &made.stdout);
    let asked = node.take_requests();
    assert!(asked.contains("CreateToken\n") && asked.contains("3: 2592000"), "{asked}");
    let object = json(&token(&["--to", "other.toml", "--json"]));
    assert_eq!(object["file"], "other.toml");
    for shown in [&made.stdout, &made.stderr, &object.to_string()] {
        assert!(!shown.contains(fake_node::TOKEN), "{shown}");
    }
    // [CLI-51]
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(node.folder().join("worker.toml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // [CLI-24] It needs no other file.
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("mine.toml");
    std::fs::copy(node.folder().join("worker.toml"), &file).unwrap();
    let file = file.display().to_string();
    assert_eq!(run(elsewhere.path(), ["inbox", "--as", &file], "").code, 0);

    // [CLI-23] The token is the account's, the place is the folder's.
    let wrong = std::fs::read_to_string(&file).unwrap().replace(fake_node::TOKEN, "another-token");
    std::fs::write(&file, wrong.replace("127.0.0.1:", "127.0.0.2:")).unwrap();
    assert_eq!(run(elsewhere.path(), ["inbox", "--as", &file, "--node", &folder], "").code, 4);
    assert_eq!(run(elsewhere.path(), ["inbox", "--as", &file], "").code, 5);

    // What could not be written is ended.
    node.take_requests();
    let twice = token(&["--to", "worker.toml", "--json"]);
    assert_eq!((twice.code, json(&twice)["error"]["reason"].as_str()), (1, Some("FILE_EXISTS")));
    assert!(node.take_requests().contains("RevokeToken"));
}

/// [CLI-28] A watch prints one object a line, remembers where it was, and goes on there.
#[test]
fn a_watch_goes_on_where_it_was() {
    let node = FakeNode::start();
    let folder = node.folder().display().to_string();
    let watch = |more: &[&str]| {
        let words = ["change", "watch", "--cursor-file", "seen.cursor", "--for", "2s", "--node", &folder];
        run(node.folder(), [&words, more].concat(), "")
    };
    let first = watch(&["--json"]);
    assert_eq!((first.code, first.stdout.lines().count()), (0, 1), "{} {}", first.stdout, first.stderr);
    let object: serde_json::Value = serde_json::from_str(&first.stdout).unwrap();
    crate::harness::check_schema(&object);
    assert_eq!(object["changes"].as_array().unwrap().len(), 4);
    let kept = std::fs::read_to_string(node.folder().join("seen.cursor")).unwrap();
    assert_eq!(kept.trim(), object["cursor"].as_str().unwrap());
    let asked = node.take_requests();
    assert_eq!(asked.matches("Watch\n").count(), 2, "the stream ended once: {asked}");
    let second = watch(&[]);
    assert_eq!((second.code, second.stdout.as_str()), (0, ""));
    assert_eq!(node.take_requests().matches("Watch\n").count(), 1);
    let listed =
        run(node.folder(), ["change", "list", "--cursor-file", "seen.cursor", "--node", &folder, "--json"], "");
    assert_eq!(json(&listed)["changes"].as_array().unwrap().len(), 4);
    std::fs::write(node.folder().join("seen.cursor"), "09\n").unwrap();
    let refused =
        run(node.folder(), ["change", "list", "--cursor-file", "seen.cursor", "--node", &folder, "--json"], "");
    assert_eq!(json(&refused)["error"]["reason"], "BAD_CURSOR");
    std::fs::write(node.folder().join("seen.cursor"), "not a cursor").unwrap();
    assert_eq!(watch(&[]).code, 1);
}

/// [CLI-25]
#[test]
fn a_session_is_kept_in_a_file_and_shown_nowhere() {
    let node = FakeNode::start();
    let folder = node.folder().display().to_string();
    let asked = |words: &[&str], input: &str| run(node.folder(), words, input);
    let made =
        ["account", "create", "--role", "case-worker", "--name-file", "-", "--to", "mine.toml", "--node", &folder];
    assert_eq!(asked(&made, "An Invented Worker").code, 0);
    // It lets nobody in, and is enough to enrol and to log in with.
    let file = || std::fs::read_to_string(node.folder().join("mine.toml")).unwrap();
    assert!(file().contains("account = ") && !file().contains("token = "), "{}", file());
    let early = asked(&["inbox", "--as", "mine.toml", "--json"], "");
    assert_eq!((early.code, json(&early)["error"]["reason"].as_str()), (4, Some("NOT_AUTHENTICATED")));
    assert_eq!(asked(&["account", "enrol", "--as", "mine.toml", "--secrets", "-"], ENROL).code, 0);
    node.take_requests();
    let secrets = "password = \"an invented password\"\n";
    let log_in = || asked(&["account", "log-in", "--as", "mine.toml", "--secrets", "-", "--json"], secrets);
    let begun = log_in();
    assert_eq!((begun.code, json(&begun)["file"].as_str()), (0, Some("mine.toml")), "{}", begun.stdout);
    let id = json(&begun)["account"].as_str().unwrap().to_owned();
    assert!(node.take_requests().contains(&id), "the file says whose account it is");
    assert!(file().contains(fake_node::TOKEN) && !begun.stdout.contains(fake_node::TOKEN));
    assert_eq!(asked(&["inbox", "--as", "mine.toml"], "").code, 0);
    // The next session takes the place of the last one; a token's file is kept.
    assert_eq!(log_in().code, 0);
    let token = ["account", "token", "5c5c5c5c", "--to", "token.toml", "--node", &folder];
    assert_eq!(asked(&token, "").code, 0);
    let other = ["account", "log-in", "--as", "mine.toml", "--to", "token.toml", "--secrets", "-", "--json"];
    assert_eq!(json(&asked(&other, secrets))["error"]["reason"], "FILE_EXISTS");
    let left = std::fs::read_dir(node.folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.starts_with("document-")).count(), 0);
}

/// The old token is not ended for one that cannot be kept.
#[test]
fn a_token_is_renewed_into_a_new_file() {
    let node = FakeNode::start();
    let folder = node.folder().display().to_string();
    let renew = || run(node.folder(), ["account", "renew", "--to", "mine.toml", "--json", "--node", &folder], "");
    let renewed = renew();
    assert_eq!((renewed.code, json(&renewed)["file"].as_str()), (0, Some("mine.toml")));
    assert!(!renewed.stdout.contains(fake_node::TOKEN));
    assert!(node.take_requests().contains("RenewToken"));
    assert_eq!(json(&renew())["error"]["reason"], "FILE_EXISTS");
    assert!(!node.take_requests().contains("RenewToken"));
}
