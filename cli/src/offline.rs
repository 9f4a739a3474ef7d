//! What the commands that verify offline share: how a report is answered.
//!
//! Guarantees times and exit codes as in every other answer. Leaves the verdict to the core and the page to the command.

use serde::Serialize;
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;
use crate::output::{Answer, Page};

/// The members of a report that are times.
const TIMES: [&str; 8] = ["time", "occurred", "proven", "due", "day", "settled", "settled_proven", "expiry"];

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
