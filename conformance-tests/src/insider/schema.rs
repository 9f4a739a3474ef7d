//! The messages and methods of the local interface, as the files in `proto/wire` say them now.
//!
//! Guarantees that a method or a field that is new is known here at once. Leaves it to the caller what to put into a field.

use std::collections::BTreeMap;
use std::path::Path;

use crate::failed::{Failed, Outcome};

/// A field of a message.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: String,
    number: u64,
    /// Which of its alternatives stand beside it; empty: none.
    pub(super) oneof: String,
}

/// A method of a service.
#[derive(Clone, Debug)]
pub(super) struct Method {
    /// For example `uput.v1.TrailService/GetTrail`.
    pub(super) path: String,
    pub(super) request: String,
    pub(super) answer: String,
    pub(super) streams: bool,
}

impl Method {
    /// Its name alone.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// All of it.
#[derive(Default)]
pub(super) struct Schema {
    messages: BTreeMap<String, Vec<Field>>,
    pub(super) methods: Vec<Method>,
}

/// What is put into a field.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Bytes(Vec<u8>),
    Text(String),
    Number(u64),
    Message(Vec<(&'static str, Value)>),
    Many(Vec<Value>),
}

impl Schema {
    /// Reads it. Peers' own service is none of the local interface.
    pub(super) fn read() -> Outcome<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/wire/uput/v1");
        let mut schema = Self::default();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "proto") && !path.ends_with("peer.proto") {
                schema.take(&std::fs::read_to_string(path)?)?;
            }
        }
        schema.methods.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(schema)
    }

    fn take(&mut self, text: &str) -> Outcome<()> {
        let (mut message, mut service, mut oneof) = (String::new(), String::new(), String::new());
        for line in text.lines().map(|line| line.split("//").next().unwrap_or_default().trim()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["message", name, rest @ ..] => {
                    self.messages.insert((*name).to_owned(), Vec::new());
                    message = if rest.contains(&"{}") { String::new() } else { (*name).to_owned() };
                    if name.ends_with("{}") {
                        return Err(Failed::because(format!("a message that is written otherwise: {line}")));
                    }
                }
                ["service", name, ..] => (*name).clone_into(&mut service),
                ["oneof", name, ..] => (*name).clone_into(&mut oneof),
                ["rpc", ..] => self.methods.push(method(&service, line)?),
                ["}"] if !oneof.is_empty() => oneof.clear(),
                ["}"] => (message, service) = (String::new(), String::new()),
                [.., kind, name, "=", number] if !message.is_empty() => {
                    let number = number.trim_end_matches(';').parse();
                    let number = number.map_err(|_| Failed::because(format!("a field without a number: {line}")))?;
                    let field = Field { name: (*name).into(), kind: (*kind).into(), number, oneof: oneof.clone() };
                    self.messages.entry(message.clone()).or_default().push(field);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Fields of a message; none if that is a scalar or an enum.
    pub(super) fn fields(&self, message: &str) -> Option<&[Field]> {
        self.messages.get(message).map(Vec::as_slice)
    }

    /// The method of that name.
    pub(super) fn method(&self, ending: &str) -> Outcome<&Method> {
        let found = self.methods.iter().find(|method| method.path.ends_with(ending));
        found.ok_or_else(|| Failed::because(format!("no method {ending}")))
    }

    /// The bytes of a message.
    pub(super) fn encode(&self, message: &str, content: &[(&'static str, Value)]) -> Outcome<Vec<u8>> {
        let fields = self.fields(message).ok_or_else(|| Failed::because(format!("no message {message}")))?;
        let mut bytes = Vec::new();
        for (name, value) in content {
            let field = fields.iter().find(|field| field.name == *name);
            let field = field.ok_or_else(|| Failed::because(format!("{message} has no field {name}")))?;
            self.put(field, value, &mut bytes)?;
        }
        Ok(bytes)
    }

    fn put(&self, field: &Field, value: &Value, bytes: &mut Vec<u8>) -> Outcome<()> {
        let content = match value {
            Value::Number(number) => {
                varint(field.number << 3, bytes);
                varint(*number, bytes);
                return Ok(());
            }
            Value::Many(all) => return all.iter().try_for_each(|one| self.put(field, one, bytes)),
            Value::Bytes(content) => content.clone(),
            Value::Text(text) => text.clone().into_bytes(),
            Value::Message(content) => self.encode(&field.kind, content)?,
        };
        varint(field.number << 3 | 2, bytes);
        varint(content.len() as u64, bytes);
        bytes.extend(content);
        Ok(())
    }

    /// What stands in an answer at a path of fields, for example `case.trails`.
    pub(super) fn get(&self, message: &str, bytes: &[u8], path: &str) -> Outcome<Vec<Vec<u8>>> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let fields = self.fields(message).unwrap_or_default();
        let field = fields.iter().find(|field| field.name == first);
        let field = field.ok_or_else(|| Failed::because(format!("{message} has no field {first}")))?;
        let mut found = Vec::new();
        for (number, content) in parts(bytes).unwrap_or_default() {
            if number == field.number && rest.is_empty() {
                found.push(content);
            } else if number == field.number {
                found.extend(self.get(&field.kind, &content, rest)?);
            }
        }
        Ok(found)
    }
}

fn method(service: &str, line: &str) -> Outcome<Method> {
    let wrong = || Failed::because(format!("a method that is written otherwise: {line}"));
    let (name, rest) = line.trim_start_matches("rpc ").split_once('(').ok_or_else(wrong)?;
    let (request, rest) = rest.split_once(") returns (").ok_or_else(wrong)?;
    let (answer, _) = rest.split_once(')').ok_or_else(wrong)?;
    Ok(Method {
        path: format!("uput.v1.{service}/{name}"),
        request: request.to_owned(),
        answer: answer.trim_start_matches("stream ").to_owned(),
        streams: answer.starts_with("stream "),
    })
}

fn varint(mut number: u64, bytes: &mut Vec<u8>) {
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// The fields of a message, with their numbers; a number's content are its bytes, the least first.
pub(super) fn parts(mut bytes: &[u8]) -> Option<Vec<(u64, Vec<u8>)>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = take_varint(&mut bytes)?;
        match tag & 7 {
            0 => found.push((tag >> 3, take_varint(&mut bytes)?.to_le_bytes().to_vec())),
            2 => {
                let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
                let (content, rest) = bytes.split_at_checked(length)?;
                found.push((tag >> 3, content.to_vec()));
                bytes = rest;
            }
            _ => return None,
        }
    }
    Some(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Whether an answer can carry what was disclosed: as values, sealed, or in a bundle.
    fn carries(schema: &Schema, message: &str, seen: &mut BTreeSet<String>) -> bool {
        if !seen.insert(message.to_owned()) {
            return false;
        }
        let fields = schema.fields(message).unwrap_or_default();
        fields.iter().any(|field| match field.kind.as_str() {
            "string" | "bytes" => ["value", "values", "sealed", "bundle"].contains(&field.name.as_str()),
            kind => carries(schema, kind, seen),
        })
    }

    /// [SAF-2] Whoever adds a call that can show a value withholds in it how to reach her, tries it in the node's test of the
    /// doors, and writes it down.
    #[test]
    fn doors_that_carry_values_are_known() {
        let schema = Schema::read().unwrap();
        let doors = schema.methods.iter().filter(|method| carries(&schema, &method.answer, &mut BTreeSet::new()));
        let mut kept: Vec<&str> = include_str!("../../../specs/safe-contact-doors.txt").lines().collect();
        // Their answers have the form of what can carry a value, and never one of hers in it.
        kept.extend([
            "uput.v1.FollowUpService/UpdateCaseRecord", // the record as it is now, labels alone
            "uput.v1.StaffService/ListShares",          // shares of a staff key
            "uput.v1.TrailService/ListTrails",          // outlines, without events
        ]);
        kept.sort_unstable();
        assert_eq!(doors.map(|method| method.path.as_str()).collect::<Vec<_>>(), kept);
    }

    #[test]
    fn what_is_encoded_is_read_again() {
        let schema = Schema::read().unwrap();
        let said = [("trail", Value::Bytes(vec![7; 32])), ("values", Value::Number(1))];
        let bytes = schema.encode("GetTrailRequest", &said).unwrap();
        assert_eq!(schema.get("GetTrailRequest", &bytes, "trail").unwrap(), vec![vec![7; 32]]);
        assert_eq!(schema.get("GetTrailRequest", &bytes, "values").unwrap(), vec![vec![1, 0, 0, 0, 0, 0, 0, 0]]);
        assert!(schema.encode("GetTrailRequest", &[("nothing", Value::Number(1))]).is_err());
    }
}
