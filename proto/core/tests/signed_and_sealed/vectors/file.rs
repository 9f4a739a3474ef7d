//! One vector as a text file: its name is the sentence, its first line what is expected, then fields.

#[path = "hexadecimal.rs"]
mod hexadecimal;

pub(super) use hexadecimal::write as hex;

/// Fields whose value is text; all others are hexadecimal.
const TEXT: [&str; 6] = ["type", "digits", "admission", "holds", "line", "place"];

pub(super) struct Vector {
    pub(super) name: String,
    /// "ok" or the code of a rejection.
    pub(super) expect: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    /// The value as it stands in the file.
    text: String,
    value: Vec<u8>,
}

impl Vector {
    pub(super) fn new(expect: &str, name: &str) -> Self {
        Self { name: name.to_owned(), expect: expect.to_owned(), fields: vec![] }
    }

    pub(super) fn with(self, field: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        let text = if TEXT.contains(&field) { String::from_utf8(value.to_vec()).unwrap() } else { hex(value) };
        self.with_text(field, text)
    }

    /// A value as it stands in the file: what is too large to be written out is described.
    pub(super) fn with_text(mut self, field: &str, text: String) -> Self {
        let value = if TEXT.contains(&field) { text.as_bytes().to_vec() } else { hexadecimal::read(&text) };
        self.fields.push(Field { name: field.to_owned(), text, value });
        self
    }

    pub(super) fn all(&self, name: &str) -> Vec<&[u8]> {
        self.fields.iter().filter(|field| field.name == name).map(|field| field.value.as_slice()).collect()
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
        for field in &self.fields {
            text += &format!("{}: {}\n", field.name, field.text);
        }
        text
    }

    pub(super) fn parse(file_name: &str, text: &str) -> Self {
        let mut lines = text.lines().map(|line| line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "")));
        let (first, expect) = lines.next().expect("a vector has a first line");
        assert_eq!(first, "expect", "{file_name}");
        let name = file_name.strip_suffix(".txt").expect("a vector is a text file").replace('-', " ");
        lines.fold(Self::new(expect, &name), |vector, (name, value)| vector.with_text(name, value.to_owned()))
    }
}
