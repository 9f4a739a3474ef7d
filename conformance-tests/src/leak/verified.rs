//! What an auditor's program says of bundles whose exporter has erased something since. [RET-20] [RET-23]

use std::path::Path;

use serde_json::Value;

use crate::failed::{Failed, Outcome};
use crate::pair::{Pair, SHELTER};
use crate::tally::Tally;

/// Every bundle still verifies, and says what was erased, when, and why.
///
/// # Errors
/// If the program cannot be asked.
pub(super) async fn verify(pair: &Pair, bundles: &[Vec<u8>], tally: &mut Tally) -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let trust = trust(pair, home.path()).await?;
    for (number, bundle) in bundles.iter().enumerate() {
        let file = home.path().join(format!("{number}.uput")).display().to_string();
        std::fs::write(&file, bundle)?;
        let said = pair.hotline.uput(&["trail", "verify", &file, "--trust", &trust]).await?;
        let verdict: Value = serde_json::from_slice(&said.stdout)?;
        tally.add("bundles from after that were verified", 1);
        match wrong(&verdict) {
            None => tally.add("bundles from after that are authentic, and say what was erased", 1),
            Some(what) => tally.violated(format!("bundle {number} from after: {what}")),
        }
    }
    Ok(())
}

/// Written by the hotline's people, who have compared the shelter's safety number.
async fn trust(pair: &Pair, home: &Path) -> Outcome<String> {
    let at = |name: &str| home.join(name).display().to_string();
    let (keys, trust) = (at("own.keys"), at("trust.toml"));
    pair.hotline.uput_done(&["node", "keys", "--to", &keys]).await?;
    let held = pair.hotline.uput_done(&["agreement", "list"]).await?;
    let agreement = held.pointer("/agreements/0/agreement").and_then(Value::as_str);
    let agreement = agreement.ok_or_else(|| Failed::because("no agreement is listed"))?;
    let own = format!("hotline={keys}");
    let words = ["trust", "create", "--made-by", "An invented auditor", "--organisation", &own];
    let words = [&words[..], &["--peer", SHELTER, "--agreement", agreement, "--to", &trust]].concat();
    pair.hotline.uput_done(&words).await?;
    Ok(trust)
}

/// What a verdict lacks; none if nothing.
fn wrong(verdict: &Value) -> Option<String> {
    let at = |pointer: &str| verdict.pointer(pointer).unwrap_or(&Value::Null);
    if at("/authentic") != "yes" || at("/completeness/complete") != "yes" {
        return Some(format!("authentic {}, complete {}", at("/authentic"), at("/completeness/complete")));
    }
    let erased = at("/exported/erased").as_array().map_or(&[][..], Vec::as_slice);
    let says = |one: &Value| {
        let field = |name: &str| one.get(name).cloned().unwrap_or_default();
        // As people read it; what has no time is written as 1970.
        let when = field("time").as_str().is_some_and(|time| time.starts_with("20"));
        when && field("reason") == "retention" && field("events").as_array().is_some_and(|events| !events.is_empty())
    };
    if erased.is_empty() || !erased.iter().all(says) {
        return Some(format!("it says of what was erased: {}", at("/exported/erased")));
    }
    // In words too, with whose word it is.
    let words = verdict.to_string();
    (!words.contains("says that it erased the values of")).then(|| "no sentence says what was erased".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a test")]

    use super::*;

    fn verdict() -> Value {
        serde_json::json!({
            "authentic": "yes",
            "completeness": { "complete": "yes" },
            "exported": { "erased": [{ "time": "2026-11-23T14:14:17Z", "reason": "retention", "events": ["00"] }] },
            "sentences": ["X says that it erased the values of 1 event at T"],
        })
    }

    #[test]
    fn a_verdict_that_says_less_is_wrong() {
        assert_eq!(wrong(&verdict()), None);
        let changes: [fn(&mut Value); 6] = [
            |verdict| verdict["authentic"] = "no".into(),
            |verdict| verdict["completeness"]["complete"] = "no".into(),
            |verdict| verdict["exported"]["erased"] = serde_json::json!([]),
            |verdict| verdict["exported"]["erased"][0]["time"] = "1970-01-01T00:00:00Z".into(),
            |verdict| verdict["exported"]["erased"][0]["reason"] = "asked".into(),
            |verdict| verdict["sentences"] = serde_json::json!([]),
        ];
        for change in changes {
            let mut changed = verdict();
            change(&mut changed);
            assert!(wrong(&changed).is_some(), "{changed}");
        }
    }
}
