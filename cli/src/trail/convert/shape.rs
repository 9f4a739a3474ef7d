//! The messages of a bundle file, by the names of their fields, and how they are written as JSON.
//!
//! Guarantees that what is written of a message has all its fields and no other. Bytes are hexadecimal digits; a note is its
//! text; the body of an envelope inside the bundle is the bytes that were signed.

use serde_json::{Map, Value};

/// What a field holds.
enum Kind {
    Bytes,
    Text,
    Number,
    Message(&'static [Field]),
}

/// Number, name, whether it is repeated, what it holds.
type Field = (u64, &'static str, bool, Kind);

use Kind::{Bytes, Message, Number, Text};

const SIGNATURE: &[Field] = &[(1, "key_id", false, Bytes), (2, "signature", false, Bytes)];
const ENVELOPE: &[Field] =
    &[(1, "type", false, Text), (2, "body", false, Bytes), (3, "signatures", true, Message(SIGNATURE))];
/// That of the file: its body is the bundle.
const FILE: &[Field] =
    &[(1, "type", false, Text), (2, "body", false, Message(BUNDLE)), (3, "signatures", true, Message(SIGNATURE))];
const CHAIN: &[Field] = &[(1, "records", true, Message(ENVELOPE))];
const FIELD: &[Field] = &[(1, "label", false, Text), (2, "value", false, Text)];
const WHOLE: &[Field] =
    &[(1, "label_secret", false, Bytes), (2, "value_secret", false, Bytes), (3, "fields", true, Message(FIELD))];
const VALUE: &[Field] = &[(1, "value_key", false, Bytes), (2, "value", false, Text)];
const SLOT: &[Field] = &[
    (1, "index", false, Number),
    (2, "label_key", false, Bytes),
    (3, "label", false, Text),
    (4, "value_commitment", false, Bytes),
    (5, "opened", false, Message(VALUE)),
];
const SOME: &[Field] = &[(1, "slots", true, Message(SLOT))];
const DISCLOSURE: &[Field] =
    &[(1, "event", false, Bytes), (2, "whole", false, Message(WHOLE)), (3, "some", false, Message(SOME))];
const ENTRY: &[Field] = &[
    (1, "kind", false, Number),
    (2, "id", false, Bytes),
    (3, "nonce", false, Bytes),
    (4, "index", false, Number),
    (5, "path", true, Bytes),
];
const PROOF: &[Field] = &[
    (1, "party", false, Bytes),
    (2, "tick", false, Number),
    (3, "entries", false, Number),
    (4, "leaf_path", true, Bytes),
    (5, "checkpoint", false, Bytes),
    (6, "shown", true, Message(ENTRY)),
];
const BUNDLE: &[Field] = &[
    (1, "trail", false, Bytes),
    (2, "exporter", false, Bytes),
    (3, "key", false, Bytes),
    (4, "purpose", false, Number),
    (5, "time", false, Number),
    (6, "chains", true, Message(CHAIN)),
    (7, "agreements", true, Message(ENVELOPE)),
    (8, "events", true, Message(ENVELOPE)),
    (9, "heads", true, Message(ENVELOPE)),
    (10, "challenges", true, Message(ENVELOPE)),
    (11, "disclosures", true, Message(DISCLOSURE)),
    (12, "proofs", true, Message(PROOF)),
    (13, "checkpoints", true, Bytes),
    (14, "evidence", true, Message(ENVELOPE)),
];

/// The fields of a bundle file; none if it has others, or is none.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    let value = message(bytes, FILE)?;
    value.get("type").and(value.get("body")).is_some().then_some(value)
}

/// Anything, as its bytes.
pub(super) fn raw(bytes: &[u8]) -> Value {
    let mut object = Map::new();
    object.insert("bytes".to_owned(), hex(bytes).into());
    Value::Object(object)
}

/// The bytes that stand for what was read, or were given raw.
pub(super) fn write(value: &Value) -> Result<Vec<u8>, String> {
    match value.as_object() {
        Some(object) if object.len() == 1 && object.contains_key("bytes") => {
            object.get("bytes").ok_or_else(String::new).and_then(|raw| text(raw, "bytes")).and_then(bytes)
        }
        Some(object) if object.contains_key("type") && object.contains_key("body") => encode(value, FILE),
        _ => Err("it has neither type and body nor bytes".to_owned()),
    }
}

fn message(mut bytes: &[u8], fields: &[Field]) -> Option<Value> {
    let mut object = Map::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let (_, name, repeated, kind) = fields.iter().find(|(number, ..)| *number == tag >> 3)?;
        let value = field(&mut bytes, tag & 7, kind)?;
        match (object.get_mut(*name), repeated) {
            (None, false) => drop(object.insert((*name).to_owned(), value)),
            (None, true) => drop(object.insert((*name).to_owned(), vec![value].into())),
            (Some(Value::Array(list)), true) => list.push(value),
            _ => return None,
        }
    }
    Some(Value::Object(object))
}

fn field(bytes: &mut &[u8], form: u64, kind: &Kind) -> Option<Value> {
    if let Number = kind {
        return (form == 0).then(|| varint(bytes).map(Value::from)).flatten();
    }
    let length = usize::try_from(varint(bytes).filter(|_| form == 2)?).ok()?;
    let (own, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    match kind {
        Text => Some(std::str::from_utf8(own).ok()?.into()),
        Message(fields) => message(own, fields),
        _ => Some(hex(own).into()),
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn encode(value: &Value, fields: &[Field]) -> Result<Vec<u8>, String> {
    let object = value.as_object().ok_or("an object is expected")?;
    if let Some(strange) = object.keys().find(|key| !fields.iter().any(|(_, name, ..)| name == key)) {
        return Err(format!("the member {strange} is not known"));
    }
    let mut out = Vec::new();
    for (number, name, repeated, kind) in fields {
        let Some(member) = object.get(*name) else { continue };
        let all = match (member.as_array(), repeated) {
            (Some(list), true) => list.as_slice(),
            (None, false) => std::slice::from_ref(member),
            _ => return Err(format!("{name} is a list, or is none, otherwise than it must be")),
        };
        for one in all {
            put(one, *number, name, kind, &mut out)?;
        }
    }
    Ok(out)
}

fn put(value: &Value, number: u64, name: &str, kind: &Kind, out: &mut Vec<u8>) -> Result<(), String> {
    let own = match kind {
        Number => {
            put_varint(number << 3, out);
            put_varint(value.as_u64().ok_or_else(|| format!("{name} is no number"))?, out);
            return Ok(());
        }
        Text => text(value, name)?.as_bytes().to_vec(),
        Bytes => bytes(text(value, name)?)?,
        Message(fields) => encode(value, fields)?,
    };
    put_varint(number << 3 | 2, out);
    put_varint(own.len() as u64, out);
    out.extend(own);
    Ok(())
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        out.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return;
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("{name} is no text"))
}

fn hex(bytes: &[u8]) -> String {
    crate::request::hex(bytes)
}

/// Pairs of hexadecimal digits.
pub(super) fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let pair = |pair: &[u8]| {
        let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2 && !digits.starts_with('+'));
        digits
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or_else(|| "bytes are pairs of hexadecimal digits".to_owned())
    };
    hex.as_bytes().chunks(2).map(pair).collect()
}
