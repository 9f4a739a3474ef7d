//! What the commands that verify offline share: one document read, one report answered.
//!
//! Guarantees that no more is read than the core could accept. Leaves the verdict to the core and the page to the command.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;
use crate::output::{Answer, Page};

/// The members of a report that are times.
const TIMES: [&str; 4] = ["time", "occurred", "proven", "due"];

/// Reads at most one byte more than `largest`, which the core then refuses; `-` is standard input.
pub(crate) fn read(path: &Path, largest: usize) -> Result<Vec<u8>, Failure> {
    let limit = u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map(|_| bytes).map_err(|error| Failure::file("read", path, &error))
}

/// The report of the core as an answer. [CLI-71] One word for one thing: times and exit codes are as in every other.
pub(crate) fn answer(report: &impl Serialize, exit: impl Into<Exit>, page: Page) -> Result<Answer, Failure> {
    let mut body = serde_json::to_value(report)
        .map_err(|_| Failure::new(Exit::Failed, "INTERNAL", "the report cannot be written as JSON"))?;
    if let Some(object) = body.as_object_mut() {
        object.remove("exit");
        object.remove("schema");
    }
    times(&mut body);
    Answer::ending(exit.into(), &body, page)
}

fn times(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, member) in object.iter_mut() {
                match member.as_u64().filter(|_| TIMES.contains(&name.as_str())) {
                    Some(seconds) => *member = moment::utc(seconds).into(),
                    None => times(member),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(times),
        _ => {}
    }
}
