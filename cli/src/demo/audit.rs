//! An auditor who was not there: bundles, a trust file made by another hand, and altered copies.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::cast::{Cast, done, program};
use super::night::Night;
use super::stage::Stage;
use crate::exit::Exit;
use crate::failure::Failure;

/// What the audit found.
pub(super) struct Audit {
    pub(super) trust: PathBuf,
    pub(super) verifications: Vec<Value>,
    pub(super) altered: Vec<Value>,
}

impl Audit {
    /// What a reader may try.
    pub(super) fn next_commands(&self, stage: &Stage) -> Vec<String> {
        let uput = std::env::current_exe().map_or_else(|_| "uput".to_owned(), |path| path.display().to_string());
        let (audit, trust) = (stage.dir().join("audit"), self.trust.display());
        vec![
            format!("{uput} trail verify {}/1.uput --trust {trust}", audit.display()),
            format!("{uput} trail verify {}/3.uput --trust {trust} --json | jq .conformant.verdict", audit.display()),
            format!("{uput} agreement check {}/hotline/agreement.toml", stage.dir().display()),
        ]
    }
}

/// Exports, makes the trust file, verifies, alters, verifies again.
pub(super) fn hold(stage: &Stage, cast: &Cast, night: &Night) -> Result<Audit, Failure> {
    stage.chapter("Years later an auditor asks. The hotline hands over one file a trail: labels, no values.");
    let dir = stage.dir().join("audit");
    std::fs::create_dir(&dir).map_err(|error| Failure::file("make", &dir, &error))?;
    let trust = make_trust(stage, cast, night, &dir)?;
    let bundles = export(stage, cast, night, &dir)?;
    stage.chapter("The auditor verifies offline, with nothing but those files and the trust file.");
    let mut verifications = Vec::new();
    for (peer, bundle) in &bundles {
        let (code, report) = verify(bundle, &trust)?;
        stage.step("auditor", &format!("hotline and {peer}: {}", verdict(&report)));
        verifications.push(summary(peer, bundle, code, &report));
    }
    if let Some((_, bundle)) = bundles.last() {
        show(stage, bundle, &trust)?;
    }
    stage.chapter("The same on altered copies.");
    let altered = alter(stage, &bundles, &trust, &dir)?;
    Ok(Audit { trust, verifications, altered })
}

fn make_trust(stage: &Stage, cast: &Cast, night: &Night, dir: &Path) -> Result<PathBuf, Failure> {
    let mut words: Vec<String> =
        vec!["trust".into(), "create".into(), "--made-by".into(), "An invented auditor".into()];
    for house in cast.all() {
        let file = dir.join(format!("{}.keys", house.name));
        house.uput(&["node", "keys", "--to", &file.to_string_lossy()])?;
        words.extend(["--organisation".into(), format!("{}={}", house.name, file.display())]);
    }
    let agreement = dir.join("agreement.signed");
    let hotline = cast.of("hotline")?;
    hotline.uput(&["agreement", "export", &night.agreement, "--to", &agreement.to_string_lossy()])?;
    let trust = dir.join("trust.toml");
    words.extend(["--agreement-file".into(), agreement.display().to_string()]);
    words.extend(["--fresh-nonce".into(), "--to".into(), trust.display().to_string()]);
    done(program().args(&words).args(["--yes", "--no-input"]))?;
    stage.step("auditor", "makes a trust file from key records that each organisation gave it");
    Ok(trust)
}

fn export(stage: &Stage, cast: &Cast, night: &Night, dir: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let hotline = cast.of("hotline")?;
    let nonce = nonce(&dir.join("trust.toml"))?;
    let mut bundles = Vec::new();
    for (n, (peer, trail)) in (1..).zip(night.trails()) {
        let bundle = dir.join(format!("{n}.uput"));
        let to = bundle.to_string_lossy();
        hotline.uput(&[
            "trail",
            "export",
            trail,
            "--purpose",
            "audit",
            "--open",
            "labels",
            "--nonce",
            &nonce,
            "--to",
            &to,
        ])?;
        bundles.push((peer.to_owned(), bundle));
    }
    stage.step("hotline", "exports three bundles; the other side of each signs how far it had come");
    Ok(bundles)
}

/// The nonce that both sides' heads must answer; what travels is made of it for each trail. [BUN-66]
fn nonce(trust: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(trust).map_err(|error| Failure::file("read", trust, &error))?;
    let found = text.lines().find_map(|line| line.strip_prefix("nonce = \"")?.strip_suffix('"').map(str::to_owned));
    found.ok_or_else(|| Failure::new(Exit::Failed, "INTERNAL", "the trust file has no nonce"))
}

/// Runs `uput trail verify`: its exit code and its report.
fn verify(bundle: &Path, trust: &Path) -> Result<(i32, Value), Failure> {
    let mut command = program();
    command.args(["trail", "verify"]).arg(bundle).arg("--trust").arg(trust).args(["--json", "--no-input"]);
    let output = command.output().map_err(|error| Failure::new(Exit::Failed, "NOT_STARTED", error.to_string()))?;
    let report = serde_json::from_slice(&output.stdout)
        .map_err(|_| Failure::new(Exit::Failed, "INTERNAL", "a report was no JSON"))?;
    Ok((output.status.code().unwrap_or(1), report))
}

/// Shows a report as a person reads it.
fn show(stage: &Stage, bundle: &Path, trust: &Path) -> Result<(), Failure> {
    let mut command = program();
    command.args(["trail", "verify"]).arg(bundle).arg("--trust").arg(trust);
    let output = command.output().map_err(|error| Failure::new(Exit::Failed, "NOT_STARTED", error.to_string()))?;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        stage.say(&format!("    {line}"));
    }
    Ok(())
}

fn verdict(report: &Value) -> String {
    let word = |path: &str| report.pointer(path).and_then(Value::as_str).unwrap_or("not checked").replace('_', " ");
    format!(
        "authentic {}, conformant {}, {}",
        word("/authentic"),
        word("/conformant/verdict"),
        word("/assurance/level")
    )
}

fn summary(peer: &str, bundle: &Path, code: i32, report: &Value) -> Value {
    json!({
        "peer": peer,
        "bundle": bundle,
        "exit_code": code,
        "authentic": report.get("authentic"),
        "conformant": report.get("conformant"),
        "assurance": report.get("assurance"),
        "completeness": report.get("completeness"),
        "deadlines": report.get("deadlines"),
        "timeline": report.get("timeline"),
    })
}

fn alter(stage: &Stage, bundles: &[(String, PathBuf)], trust: &Path, dir: &Path) -> Result<Vec<Value>, Failure> {
    let Some((_, original)) = bundles.first() else { return Ok(Vec::new()) };
    let bytes = std::fs::read(original).map_err(|error| Failure::file("read", original, &error))?;
    let mut flipped = bytes.clone();
    if let Some(byte) = flipped.get_mut(bytes.len() / 2) {
        *byte ^= 1;
    }
    let cut = bytes.get(..bytes.len() * 3 / 4).unwrap_or_default().to_vec();
    let doubled = [bytes.as_slice(), bytes.as_slice()].concat();
    let copies = [
        ("one bit flipped", "flipped.uput", flipped),
        ("a quarter cut off", "cut.uput", cut),
        ("written twice", "doubled.uput", doubled),
    ];
    let mut altered = Vec::new();
    for (change, name, bytes) in copies {
        let path = dir.join(name);
        std::fs::write(&path, bytes).map_err(|error| Failure::file("write", &path, &error))?;
        let (code, report) = verify(&path, trust)?;
        let failed = first_failure(&report);
        stage.step("auditor", &format!("{change}: {} (exit code {code}): {failed}", verdict(&report)));
        altered.push(json!({ "change": change, "bundle": path, "exit_code": code, "failed": failed }));
    }
    Ok(altered)
}

/// The first check that failed, and where.
fn first_failure(report: &Value) -> String {
    let checks = report.get("checks").and_then(Value::as_array).cloned().unwrap_or_default();
    let failed = checks.iter().find(|check| check.get("outcome").and_then(Value::as_str) == Some("failed"));
    let word = |path: &str| failed.and_then(|check| check.pointer(path)?.as_str()).unwrap_or_default().to_owned();
    let offset = failed.and_then(|check| check.pointer("/problems/0/place/offset")?.as_u64());
    let place = offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
    format!("{}: {}{place}", word("/requirement"), word("/problems/0/sentence"))
}
