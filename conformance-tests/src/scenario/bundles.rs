//! What a side of a trail can prove: its bundle, exported over the local interface and verified by `uput`, offline.

use serde_json::Value;
use uput_wire::v1 as wire;
use wire::trail_service_client::TrailServiceClient;

use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::scenario::cast::Agreed;
use crate::scenario::script::Verdict;

/// Exports a trail without values, and demands that the verdict is the expected one: *conformant* where nothing else
/// is said.
///
/// # Errors
/// What the verdict says instead.
pub async fn verify(node: &Organisation, trail: &[u8], agreed: &Agreed, expected: Option<&Verdict>) -> Outcome<()> {
    let file = node.home().join(format!("{}.uput", name_of(trail)));
    std::fs::write(&file, export(node, trail, &agreed.nonce).await?)?;
    let (file, trust) = (file.display().to_string(), agreed.trust.display().to_string());
    let output = node.uput(&["trail", "verify", &file, "--trust", &trust]).await?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let word = |pointer: &str| report.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let found = (word("/authentic"), word("/conformant/verdict"), broken(&report));
    let demanded = match expected {
        Some(verdict) => ("yes".to_owned(), verdict.conformant.clone(), verdict.broken.clone()),
        None => ("yes".to_owned(), "yes".to_owned(), Vec::new()),
    };
    if found == demanded && output.status.code() == Some(if demanded.1 == "yes" { 0 } else { 14 }) {
        return Ok(());
    }
    let checks = report.get("checks").and_then(Value::as_array).cloned().unwrap_or_default();
    let wrong = checks.iter().filter(|check| check.pointer("/problems/0").is_some());
    let wrong: Vec<String> = wrong.map(|check| format!("{}: {}", check["requirement"], check["problems"])).collect();
    Err(Failed::because(format!("says {found:?}, and not {demanded:?}: {}", wrong.join("; "))))
}

/// Requirements of conformance that were broken, in their order.
fn broken(report: &Value) -> Vec<String> {
    let checks = report.get("checks").and_then(Value::as_array).cloned().unwrap_or_default();
    let failed = checks.iter().filter(|check| check.get("outcome").and_then(Value::as_str) == Some("failed"));
    failed.filter_map(|check| check.get("requirement")?.as_str().map(str::to_owned)).collect()
}

/// So that two plays at once have two files.
fn name_of(trail: &[u8]) -> String {
    trail.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn export(node: &Organisation, trail: &[u8], nonce: &[u8]) -> Outcome<Vec<u8>> {
    let answer = node.ask(|access| {
        let request = wire::ExportTrailRequest {
            trail: trail.to_vec(),
            purpose: wire::Purpose::Audit.into(),
            scope: wire::DisclosureScope::Labels.into(),
            nonce: nonce.to_vec(),
            ..Default::default()
        };
        async move {
            let mut trails = TrailServiceClient::new(access.channel());
            Ok(trails.export_trail(access.request(request)).await?.into_inner().bundle)
        }
    });
    Ok(answer.await?.value)
}
