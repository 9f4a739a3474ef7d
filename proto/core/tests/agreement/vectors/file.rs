//! A vector as a file: its name is the sentence, its first line what to expect, then `key: value` lines.

use std::{fmt::Write as _, fs, path::Path};

pub(super) struct Vector {
    pub(super) name: String,
    pub(super) expect: String,
    pub(super) lines: Vec<(String, String)>,
}

#[path = "../../signed_and_sealed/vectors/hexadecimal.rs"]
mod hexadecimal;

/// Bytes of hexadecimal text on one line of the file.
const ON_A_LINE: usize = 48;

impl Vector {
    pub(super) fn new(name: &str, expect: &str) -> Self {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{name}");
        Self { name: name.into(), expect: expect.into(), lines: Vec::new() }
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.lines.push((key.into(), value.into()));
        self
    }

    /// Bytes over as many lines as they need.
    pub(super) fn with_bytes(mut self, key: &str, bytes: &[u8]) -> Self {
        for line in bytes.chunks(ON_A_LINE) {
            self.lines.push((key.into(), hex(line)));
        }
        self
    }

    /// Bytes in which one or two bytes stand many times in a row: what repeats is described. README of the vectors.
    pub(super) fn with_runs(mut self, key: &str, bytes: &[u8]) -> Self {
        let mut written = 0;
        while let Some((start, width, count)) = next_run(bytes, written) {
            self = self.with_bytes(key, &bytes[written..start]);
            self.lines.push((key.into(), format!("{}*{count}", hex(&bytes[start..start + width]))));
            written = start + width * count;
        }
        self.with_bytes(key, &bytes[written..])
    }

    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut lines = text.lines();
        let expect = lines.next().and_then(|line| line.strip_prefix("expect: ")).expect(&name).to_owned();
        let lines = lines.filter(|line| !line.starts_with('#'));
        let lines = lines.map(|line| line.split_once(": ").expect(&name));
        Self { expect, lines: lines.map(|(key, value)| (key.into(), value.into())).collect(), name }
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("expect: {}\n", self.expect);
        for (key, value) in &self.lines {
            writeln!(text, "{key}: {value}").unwrap();
        }
        text
    }

    pub(super) fn all(&self, key: &str) -> Vec<String> {
        self.lines.iter().filter(|(of, _)| of == key).map(|(_, value)| value.clone()).collect()
    }

    pub(super) fn one(&self, key: &str) -> String {
        self.all(key).into_iter().next().unwrap_or_else(|| panic!("{}: no {key}", self.name))
    }

    pub(super) fn bytes(&self, key: &str) -> Vec<u8> {
        self.all(key).iter().flat_map(|line| hexadecimal::read(line)).collect()
    }

    pub(super) fn array(&self, key: &str) -> [u8; 32] {
        self.bytes(key).try_into().unwrap_or_else(|_| panic!("{}: {key} is not 32 bytes", self.name))
    }

    /// Text with `\u{...}` for characters that do not show.
    pub(super) fn unescaped(&self, key: &str) -> String {
        let text = self.one(key);
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).expect("quoted");
        let mut parts = text.split("\\u{");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (code, rest) = part.split_once('}').expect("closed escape");
            out.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
            out.push_str(rest);
        }
        out
    }
}

/// Where the next run of at least 64 bytes begins, how wide what repeats is, and how often it stands there.
fn next_run(bytes: &[u8], from: usize) -> Option<(usize, usize, usize)> {
    let count = |start: usize, width: usize| {
        let unit = bytes.get(start..start + width)?;
        Some(bytes[start..].chunks_exact(width).take_while(|part| *part == unit).count())
    };
    let long =
        |start, width| Some((start, width, count(start, width)?)).filter(|(_, width, count)| width * count >= 64);
    (from..bytes.len()).find_map(|start| long(start, 1).or_else(|| long(start, 2)))
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    hexadecimal::read(text)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    hexadecimal::write(bytes)
}

/// Quoted, with `\u{...}` for what is not a letter, a digit, a mark of the keyboard or a space.
pub(super) fn escaped(text: &str) -> String {
    let shown =
        |c: char| c.is_ascii_graphic() || c == ' ' || (c.is_alphanumeric() && !(0x300..0x370).contains(&u32::from(c)));
    let text: String =
        text.chars().map(|c| if shown(c) { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) }).collect();
    format!("\"{text}\"")
}
