//! A request as numbered fields, read from its bytes without a schema.

use std::fmt::Write as _;

/// One line a field: `NUMBER: VALUE`, nested ones indented.
pub(crate) fn fields(mut bytes: &[u8], depth: usize) -> String {
    let mut text = String::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes).unwrap();
        let _ = write!(text, "{:indent$}{}: ", "", key >> 3, indent = 2 * depth);
        match key & 7 {
            0 => {
                let _ = writeln!(text, "{}", varint(&mut bytes).unwrap());
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes).unwrap()).unwrap();
                let (content, rest) = bytes.split_at(length);
                bytes = rest;
                text.push_str(&value(content, depth));
            }
            other => panic!("wire type {other} is not used"),
        }
    }
    text
}

fn value(content: &[u8], depth: usize) -> String {
    match std::str::from_utf8(content) {
        Ok(text) if !text.is_empty() && text.chars().all(|c| !c.is_control()) => format!("\"{text}\"\n"),
        _ if content.is_empty() => "{}\n".to_owned(),
        _ if is_message(content) => format!("\n{}", fields(content, depth + 1)),
        _ => format!("{}\n", content.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

fn is_message(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Some(key) = varint(&mut bytes) else { return false };
        let fits = match key & 7 {
            _ if key >> 3 == 0 || key >> 3 > 64 => false,
            0 => varint(&mut bytes).is_some(),
            2 => match varint(&mut bytes).and_then(|length| usize::try_from(length).ok()) {
                Some(length) if length <= bytes.len() => {
                    bytes = &bytes[length..];
                    true
                }
                _ => false,
            },
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    true
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
