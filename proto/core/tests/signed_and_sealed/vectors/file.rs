//! One vector as a text file: its name is the sentence, its first line what is expected, then fields.

/// Fields whose value is text; all others are hexadecimal.
const TEXT: [&str; 3] = ["type", "digits", "admission"];

pub(super) struct Vector {
    pub(super) name: String,
    /// "ok" or the code of a rejection.
    pub(super) expect: String,
    fields: Vec<(String, Vec<u8>)>,
}

impl Vector {
    pub(super) fn new(expect: &str, name: &str) -> Self {
        Self { name: name.to_owned(), expect: expect.to_owned(), fields: vec![] }
    }

    pub(super) fn with(mut self, field: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((field.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(super) fn all(&self, field: &str) -> Vec<&[u8]> {
        self.fields.iter().filter(|(name, _)| name == field).map(|(_, value)| value.as_slice()).collect()
    }

    pub(super) fn get(&self, field: &str) -> Option<&[u8]> {
        self.all(field).first().copied()
    }

    /// A field that the vector must have.
    pub(super) fn need(&self, field: &str) -> &[u8] {
        self.get(field).unwrap_or_else(|| panic!("{}: no field {field}", self.name))
    }

    pub(super) fn file_name(&self) -> String {
        format!("{}.txt", self.name.replace(' ', "-"))
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = format!("expect: {}\n", self.expect);
        for (name, value) in &self.fields {
            let value = if TEXT.contains(&name.as_str()) {
                String::from_utf8(value.clone()).unwrap()
            } else {
                value.iter().map(|byte| format!("{byte:02x}")).collect()
            };
            text += &format!("{name}: {value}\n");
        }
        text
    }

    pub(super) fn parse(file_name: &str, text: &str) -> Self {
        let mut lines = text.lines().map(|line| line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "")));
        let (first, expect) = lines.next().expect("a vector has a first line");
        assert_eq!(first, "expect", "{file_name}");
        let fields = lines.map(|(name, value)| (name.to_owned(), parse_value(name, value))).collect();
        let name = file_name.strip_suffix(".txt").expect("a vector is a text file").replace('-', " ");
        Self { name, expect: expect.to_owned(), fields }
    }
}

fn parse_value(name: &str, value: &str) -> Vec<u8> {
    if TEXT.contains(&name) {
        return value.as_bytes().to_vec();
    }
    let digits = value.as_bytes();
    assert!(
        digits.len().is_multiple_of(2) && !value.contains(|c: char| c.is_ascii_uppercase()),
        "{name}: not hexadecimal"
    );
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}
