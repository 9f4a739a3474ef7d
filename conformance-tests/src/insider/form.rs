//! What is put into every field of every request: so each method is tried, also one that was made yesterday.
//!
//! Guarantees that a field nobody thought of here is an error, never passed over.

use super::schema::{Field, Schema, Value};
use crate::failed::{Failed, Outcome};
use crate::random::Draw;

/// At what an attempt aims. Of a case that is not there: random bytes.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) trail: Vec<u8>,
    pub(super) case: Vec<u8>,
    /// A word that only this case has.
    pub(super) word: String,
    pub(super) file_number: String,
}

/// How a request is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Every flag, and every scope, at its widest.
    pub(super) all: bool,
    /// Which of the fields that aim at a case is filled; the others stay empty.
    pub(super) aim: &'static str,
}

/// Fields that name a case, or find one.
const AIMS: [&str; 9] = ["trail", "about", "case", "from", "subject", "text", "external_ref", "beginning", "trails"];
/// Fields that stay empty in every attempt: what they would say is a matter of other tests, and nothing of it names a case.
const EMPTY: [&str; 100] = [
    "bytes",
    "first",
    "second",
    "end",
    "relay",
    "letters",
    "new_signing_key",
    "new_tls_key",
    "new_sealing_key",
    "organisation_key",
    "set_endpoints",
    "endpoints",
    "set_witnesses",
    "witnesses",
    "set_recovery",
    "recovery",
    "stolen",
    "stolen_key",
    "set_door",
    "door",
    "proposal",
    "grace_seconds",
    "peers",
    "places",
    "overflow",
    "overbooking",
    "beside",
    "despite_clock",
    "chosen",
    "attest",
    "page_token",
    "cursor",
    "page_size",
    "validate_only",
    "evidence_trail",
    "fields",
    "basis",
    "article",
    "occurred",
    "from_case",
    "taken",
    "removed",
    "replace_words",
    "opened",
    "wait_seconds",
    "since",
    "until",
    "through",
    "waiting",
    "mine",
    "untaken",
    "valid_seconds",
    "agreement",
    "expiry",
    "safe_contact",
    "excluded_persons",
    "excluded_organisations",
    "risk",
    "open_trail",
    "record_event",
    "break_glass",
    "set_sealing",
    "label_words",
    "of_basis",
    "proof",
    "decide_exclusion",
    "public",
    "wraps",
    "shares",
    "given",
    "number",
    "needed",
    "made",
    "staff_only",
    "key_digest",
    "scopes",
    "password",
    "new_password",
    "second_factor",
    "second_factor_code",
    "new_second_factor",
    "new_second_factor_code",
    "code",
    "secret",
    "safety_number",
    "invitation",
    "replaces",
    "duty",
    "days",
    "remove",
    "same_person_as",
    "role",
    "number_file",
    "list",
    "ending",
    "knowingly",
    "marks",
    "language",
    "lists",
    "outcome",
];
/// Fields whose value is an ID of something that is no case; nobody has these.
const OTHERS: [&str; 16] = [
    "account",
    "team",
    "token",
    "certificate",
    "machine",
    "delegation",
    "key",
    "approval",
    "override_id",
    "pseudonym",
    "nonce",
    "person",
    "follow_up",
    "into_other",
    "access",
    "hold",
];

/// Every form of a request: without flags and with all of them, with each field that can aim at a case.
pub(super) fn forms(schema: &Schema, message: &str) -> Outcome<Vec<Form>> {
    // Lists, and whatever needs no case, are tried without an aim too.
    let mut aims = vec![""];
    find_aims(schema, message, &mut aims);
    let forms: Vec<Form> = aims.iter().flat_map(|aim| [false, true].map(|all| Form { all, aim })).collect();
    // Both forms of a request without a flag are the same bytes.
    let target = Target { trail: vec![1; 32], case: vec![1; 16], word: "a".into(), file_number: "a".into() };
    let mut kept: Vec<(Form, Vec<u8>)> = Vec::new();
    for form in forms {
        let bytes = schema.encode(message, &fill(schema, message, form, &target, &mut Draw::new(0))?)?;
        if !kept.iter().any(|(_, known)| *known == bytes) {
            kept.push((form, bytes));
        }
    }
    Ok(kept.into_iter().map(|(form, _)| form).collect())
}

fn find_aims(schema: &Schema, message: &str, aims: &mut Vec<&'static str>) {
    for field in schema.fields(message).unwrap_or_default() {
        // A number that is written is none that is looked for.
        let written = field.name == "external_ref" && !message.starts_with("List");
        if let Some(aim) = AIMS.iter().find(|aim| **aim == field.name && !written)
            && !aims.contains(aim)
        {
            aims.push(aim);
        }
        if !EMPTY.contains(&field.name.as_str()) && schema.fields(&field.kind).is_some() {
            find_aims(schema, &field.kind, aims);
        }
    }
}

/// The content of a request.
pub(super) fn fill(
    schema: &Schema,
    message: &str,
    form: Form,
    target: &Target,
    draw: &mut Draw,
) -> Outcome<Vec<(&'static str, Value)>> {
    let mut content = Vec::new();
    let mut chosen = Vec::new();
    for field in schema.fields(message).unwrap_or_default() {
        if !field.oneof.is_empty() && chosen.contains(&field.oneof) {
            continue;
        }
        if let Some(put) = value(schema, message, field, form, target, draw)? {
            chosen.push(field.oneof.clone());
            content.push(put);
        }
    }
    Ok(content)
}

fn value(
    schema: &Schema,
    message: &str,
    field: &Field,
    form: Form,
    target: &Target,
    draw: &mut Draw,
) -> Outcome<Option<(&'static str, Value)>> {
    let (bytes, text) = (|bytes: &[u8]| Value::Bytes(bytes.to_vec()), |text: &str| Value::Text(text.to_owned()));
    let aimed = |name: &'static str, value| (form.aim == name).then_some((name, value));
    let flag = |name| form.all.then_some((name, Value::Number(1)));
    Ok(match (field.name.as_str(), field.kind.as_str()) {
        ("request_id", _) => Some(("request_id", Value::Text(draw.request_id()))),
        ("trail", _) => aimed("trail", bytes(&target.trail)),
        ("about", _) => aimed("about", bytes(&target.trail)),
        ("case", _) => aimed("case", bytes(&target.case)),
        ("from", "bytes") => aimed("from", bytes(&target.case)),
        ("from", _) => None,
        ("into", _) => (form.aim == "from").then(|| ("into", bytes(&target.case))),
        ("subject", _) => aimed("subject", bytes(&target.trail)),
        ("beginning", _) => aimed("beginning", bytes(target.trail.get(..8).unwrap_or_default())),
        ("text", _) => aimed("text", text(&target.word)),
        ("external_ref", _) => aimed("external_ref", text(&target.file_number)),
        ("reason", "Reason") => Some(("reason", Value::Message(vec![("code", Value::Number(3))]))),
        ("reason", "string") => Some(("reason", text("asked"))),
        ("reason", _) => Some(("reason", Value::Number(1))),
        ("purpose", _) => Some(("purpose", Value::Number(1))),
        ("scope", _) => Some(("scope", Value::Number(if form.all { 3 } else { 1 }))),
        ("values", _) => flag("values"),
        ("contact", "bool") => flag("contact"),
        ("contact", _) => form
            .all
            .then(|| ("contact", Value::Message(vec![("channel", Value::Number(1)), ("outside", Value::Number(1))]))),
        ("everything", _) => Some(("everything", Value::Number(1))),
        ("closed", "bool") => flag("closed"),
        ("words", "bool") => flag("words"),
        ("words", "string") => Some(("words", text("asked"))),
        ("words", _) => None,
        ("heartbeat_seconds", _) => Some(("heartbeat_seconds", Value::Number(1))),
        ("statement", _) => Some(("statement", Value::Message(vec![("acknowledged", Value::Message(vec![]))]))),
        ("consent_withdrawn", _) => Some(("consent_withdrawn", Value::Message(vec![]))),
        ("export_trail", _) => {
            Some(("export_trail", Value::Message(fill(schema, "ExportTrailRequest", form, target, draw)?)))
        }
        ("ruling", _) => Some(("ruling", Value::Number(1))),
        ("colleague", _) => Some(("colleague", text("Nobody Known"))),
        ("name" | "peer", _) => None,
        ("act", _) => Some(("act", Value::Number(1))),
        ("service_type", _) => Some(("service_type", Value::Number(1))),
        ("stage", _) => None,
        // Of calls that need none, an approval would be refused before anything is shown.
        ("approval", _) if message.starts_with("Export") => None,
        (name, "bytes") if OTHERS.contains(&name) => {
            let length = if matches!(name, "key" | "approval" | "pseudonym" | "nonce") { 32 } else { 16 };
            let name = OTHERS.iter().find(|other| **other == name).copied();
            name.map(|name| (name, Value::Bytes(vec![0xab; length])))
        }
        (name, _) if EMPTY.contains(&name) || OTHERS.contains(&name) => None,
        (name, kind) => {
            return Err(Failed::because(format!("nobody said what an insider puts into {message}.{name} ({kind})")));
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    /// A method that is new is tried without anybody's help, or stops the build.
    #[test]
    fn every_method_of_the_interface_has_its_forms_and_its_row() {
        let schema = Schema::read().unwrap();
        assert!(schema.methods.len() > 40);
        let table = include_str!("../../../specs/roles.tsv");
        for method in &schema.methods {
            assert!(!forms(&schema, &method.request).unwrap().is_empty(), "{}", method.path);
            let rows = table.lines().filter(|row| row.split('\t').next() == Some(&method.path)).count();
            assert!(rows > 0, "{} has no row", method.path);
        }
        for row in table.lines().filter(|row| row.starts_with("uput.v1.")) {
            let path = row.split('\t').next().unwrap_or_default();
            assert!(schema.method(path).is_ok(), "{path} is in the table alone");
        }
    }

    #[test]
    fn a_trail_is_asked_for_with_values_and_without() {
        let schema = Schema::read().unwrap();
        let forms = forms(&schema, "GetTrailRequest").unwrap();
        assert!(
            forms.contains(&Form { all: true, aim: "trail" }) && forms.contains(&Form { all: false, aim: "trail" })
        );
    }
}
