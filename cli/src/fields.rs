//! Labels and values from a file, standard input or a person; never from the command line.
//!
//! Guarantees that no error text holds a value. [CLI-14] Leaves to the node which labels may travel.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;
use uput_core::catalogue::{Label, ValueType};
use uput_core::sensitive::Sensitive;
use uput_core::wire;
use zeroize::Zeroize;

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment::wall;
use crate::prompt;
use crate::reading;

/// Where the fields come from.
#[derive(Args)]
pub(crate) struct FieldsArgs {
    /// TOML or JSON file with `label = "value"` lines, see `uput help labels`; `-` reads standard input. Values are never
    /// arguments, because every user of this computer can see those.
    #[arg(long, value_name = "FILE")]
    fields: Option<PathBuf>,
}

/// A label and its value.
pub(crate) struct Fields(Vec<(String, Sensitive<String>)>);

impl FieldsArgs {
    /// Reads the fields; none were given: none.
    pub(crate) fn read(&self) -> Result<Fields, Failure> {
        match &self.fields {
            None => Ok(Fields(Vec::new())),
            Some(path) => Fields::parse(&reading::text(path)?),
        }
    }

    /// Reads the fields, or asks for them where a person sits.
    pub(crate) fn read_or_ask(&self, options: &Options) -> Result<Fields, Failure> {
        if self.fields.is_none() && prompt::possible(options) { ask() } else { self.read() }
    }
}

impl Fields {
    /// As the node takes them. Exposed to be sent to this organisation's own node, inside TLS.
    pub(crate) fn to_wire(&self) -> Vec<wire::Field> {
        self.0
            .iter()
            .map(|(label, value)| wire::Field { label: label.clone(), value: value.expose().clone() })
            .collect()
    }

    fn parse(text: &Sensitive<String>) -> Result<Self, Failure> {
        let text = text.expose();
        let table = if text.trim_start().starts_with('{') { from_json(text)? } else { from_toml(text)? };
        let fields = table.into_iter().map(|(label, value)| in_utc(label, value, &TimeZone::system()));
        Ok(Self(fields.collect::<Result<_, _>>()?))
    }
}

/// Times of a value as values write them. [CLI-56]
fn in_utc(label: String, value: Sensitive<String>, zone: &TimeZone) -> Result<(String, Sensitive<String>), Failure> {
    let parts = match Label::parse(&label).map(Label::value_type) {
        Ok(ValueType::DateTime | ValueType::Window) => value.expose().split('/'),
        _ => return Ok((label, value)),
    };
    let written = parts.map(|part| wall::value_in_utc(part, zone)).collect::<Result<Vec<_>, _>>();
    let written = written.map_err(|why| bad(format!("label `{label}`"), why))?;
    Ok((label, Sensitive::new(written.join("/"))))
}

fn from_json(text: &str) -> Result<BTreeMap<String, Sensitive<String>>, Failure> {
    // The parser's own sentences are not shown: they may quote a value.
    let table: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| bad(format!("line {}", error.line()), "it is not a JSON object"))?;
    table
        .into_iter()
        .map(|(label, value)| match value {
            serde_json::Value::String(value) => Ok((label, Sensitive::new(value))),
            serde_json::Value::Number(value) => Ok((label, Sensitive::new(value.to_string()))),
            serde_json::Value::Bool(value) => Ok((label, Sensitive::new(value.to_string()))),
            _ => Err(bad(format!("label `{label}`"), "a value is a text, a number, true or false")),
        })
        .collect()
}

fn from_toml(text: &str) -> Result<BTreeMap<String, Sensitive<String>>, Failure> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text.get(..span.start).unwrap_or(text).matches('\n').count());
        bad(format!("line {line}"), "it is not TOML: write label = \"value\"")
    })?;
    table
        .into_iter()
        .map(|(label, value)| match value {
            toml::Value::String(value) => Ok((label, Sensitive::new(value))),
            toml::Value::Integer(value) => Ok((label, Sensitive::new(value.to_string()))),
            toml::Value::Boolean(value) => Ok((label, Sensitive::new(value.to_string()))),
            toml::Value::Datetime(value) => Ok((label, Sensitive::new(value.to_string()))),
            _ => Err(bad(format!("label `{label}`"), "a value is a text, a number, true or false")),
        })
        .collect()
}

fn bad(place: String, rule: &str) -> Failure {
    Failure::new(Exit::Failed, "BAD_SOURCE", format!("the fields cannot be read: {place}")).because(rule)
}

fn ask() -> Result<Fields, Failure> {
    let mut fields = Vec::new();
    loop {
        let mut label = prompt::line("label (empty to end): ")?;
        if label.expose().is_empty() {
            label.zeroize();
            return Ok(Fields(fields));
        }
        let value = prompt::line(&format!("{}: ", label.expose()))?;
        fields.push(in_utc(label.expose().clone(), value, &TimeZone::system())?);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Fields, Failure> {
        Fields::parse(&Sensitive::new(text.to_owned()))
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = parsed("adults = 1\nneed_text = \"an invented need\"\n").unwrap().to_wire();
        let json = parsed("{\"need_text\": \"an invented need\", \"adults\": 1}").unwrap().to_wire();
        let pairs = |fields: Vec<wire::Field>| fields.into_iter().map(|f| (f.label, f.value)).collect::<Vec<_>>();
        assert_eq!(pairs(toml), pairs(json));
    }

    /// [CLI-56]
    #[test]
    fn a_window_by_the_wall_is_written_in_utc() {
        let belgrade = TimeZone::get("Europe/Belgrade").unwrap();
        let typed = |label: &str, value: &str| {
            in_utc(label.to_owned(), Sensitive::new(value.to_owned()), &belgrade)
                .map(|(_, value)| value.expose().clone())
        };
        let window = typed("needed_when", "2026-11-22 20:00/2026-11-23 06:00").unwrap();
        assert_eq!(window, "2026-11-22T19:00Z/2026-11-23T05:00Z");
        // Her own hours are by her clock, and stay so.
        assert_eq!(typed("safe_contact_hours", "09:00/12:30").unwrap(), "09:00/12:30");
        assert!(typed("basis_until", "2026-10-25 02:30").is_err());
    }

    #[test]
    fn no_error_holds_a_value() {
        for text in [
            "name = \"canary\nnext = 1",
            "name = canary",
            "{\"name\": \"canary\"",
            "{\"name\": [\"canary\"]}",
            "name = [\"canary\"]",
        ] {
            let failure = parsed(text).err().unwrap();
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
            assert_eq!(failure.exit, Exit::Failed);
        }
    }
}
