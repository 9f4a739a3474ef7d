//! What `uput` says, and what is seen of it while it runs: commands that are refused, that write, and that show.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::CONTROL;
use super::canary::Canary;
use super::process::Seen;
use super::story::Story;
use crate::failed::{Failed, Outcome};
use crate::pair::SHELTER;
use crate::programs::Programs;
use crate::staff;

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(3);

/// What was seen and heard.
#[derive(Default)]
pub(super) struct Heard {
    /// Of the processes.
    pub(super) seen: Seen,
    /// Standard output and error of commands that must show no value, and the files that they wrote.
    pub(super) said: Vec<Vec<u8>>,
    /// Of a command that was asked for values.
    pub(super) asked_for: Vec<u8>,
    /// How many commands ran.
    pub(super) commands: u64,
    /// Programs that were waited for until they had given up core dumps, and those that had not.
    pub(super) cores: (u64, u64),
}

/// Runs commands on the hotline's node.
struct Console<'a> {
    programs: &'a Programs,
    node: &'a Path,
    worker: &'a Path,
    second: &'a Path,
    heard: Heard,
}

/// Runs all of them.
pub(super) async fn run(programs: &Programs, story: &Story<'_>) -> Outcome<Heard> {
    let node = story.pair.hotline.folder();
    let worker = story.pair.hotline.worker();
    let second = story.pair.hotline.second();
    let mut console = Console { programs, node: &node, worker: &worker, second: &second, heard: Heard::default() };
    for node in story.pair.both() {
        let id = node.process().await.ok_or_else(|| Failed::because("a node does not run"))?;
        let without = console.heard.seen.look(id);
        console.heard.core(without);
    }
    let values = story.canaries.made.iter().map(|canary| (canary.label.as_str(), canary)).collect();
    let trails: Vec<String> = story.trails.iter().map(|id| hex(id)).collect();
    console.refused(&values, &trails).await?;
    console.written(&values).await?;
    console.shown(&trails, story.pair.hotline.home()).await?;
    Ok(console.heard)
}

impl Console<'_> {
    /// Commands that must fail, with every planted value on their standard input.
    async fn refused(&mut self, values: &BTreeMap<&str, &Canary>, trails: &[String]) -> Outcome<()> {
        let fields = toml_of(values.values().copied());
        let broken = format!("{fields}name = \"Slomljena\" = \n");
        let json = serde_json::to_string(&fields)?;
        let trail = trails.first().map_or("", String::as_str);
        let enquiry = ["enquiry", "send", SHELTER, "--service", "shelter", "--fields", "-"];
        let send = ["referral", "send", SHELTER, "--service", "shelter", "--basis", "explicit-consent"];
        let send = [&send[..], &["--fields", "-"]].concat();
        let correct = ["referral", "correct", trail, "--fields", "-"];
        for input in [&fields, &broken, &json] {
            for command in [&enquiry[..], &send, &correct] {
                self.both_forms(command, input, false).await?;
            }
        }
        // The error names the folder, and so says the control; so do the arguments.
        let absent = format!("/nowhere/{CONTROL}");
        self.one(Path::new(&absent), &enquiry, &fields, false).await?;
        self.one(self.node, &["enquiry", "send", CONTROL, "--service", "shelter", "--fields", "-"], &fields, false)
            .await
    }

    /// Commands that succeed, with values from standard input and from a file.
    async fn written(&mut self, values: &BTreeMap<&str, &Canary>) -> Outcome<()> {
        let of = |labels: &[&str]| toml_of(labels.iter().filter_map(|label| values.get(label).copied()));
        let enquiry = of(&["needed_when", "places", "adults", "children", "access_needs"]);
        self.both_forms(&["enquiry", "send", SHELTER, "--service", "shelter", "--fields", "-"], &enquiry, true).await?;
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), &enquiry)?;
        let path = file.path().display().to_string();
        let command = ["enquiry", "send", SHELTER, "--service", "shelter", "--dry-run", "--fields", &path];
        self.both_forms(&command, "", true).await?;
        let child = of(&["best_interests_reason", "authority_informed", "language"]);
        let command = ["referral", "send", SHELTER, "--service", "shelter", "--basis", "child-best-interests"];
        self.of_two(&[&command[..], &["--fields", "-"]].concat(), &child).await?;
        let life = of(&["danger", "basis_until", "review_by", "current_location", "language"]);
        let command = ["notification", "send", SHELTER, "--service", "social-work", "--basis", "vital-interests"];
        self.of_two(&[&command[..], &["--fields", "-"]].concat(), &life).await
    }

    /// What one person may not do alone: asked, decided by the second, and done. [APR-4]
    async fn of_two(&mut self, words: &[&str], input: &str) -> Outcome<()> {
        self.one(self.node, words, input, false).await?;
        for form in [&["--json"][..], &[]] {
            let ask = [&["approval", "request", "--reason", "danger", "--json", "--"][..], words].concat();
            self.one(self.node, &ask, input, true).await?;
            let approval = self.last("/approval/approval")?;
            let worker = std::mem::replace(&mut self.worker, self.second);
            for decide in [&["approval", "list", "--waiting"][..], &["approval", "approve", &approval]] {
                self.one(self.node, &[decide, form].concat(), "", true).await?;
            }
            self.worker = worker;
            self.one(self.node, &[words, &["--approval", &approval], form].concat(), input, true).await?;
        }
        Ok(())
    }

    /// Commands that show or export, and were not asked for values.
    async fn shown(&mut self, trails: &[String], home: &Path) -> Outcome<()> {
        self.one(self.node, &["agreement", "list", "--json"], "", true).await?;
        let agreement = self.agreement()?;
        let general: [&[&str]; 6] = [
            &["inbox", "--all"],
            &["node", "status"],
            &["node", "doctor"],
            &["peer", "list"],
            &["agreement", "list"],
            &["agreement", "show", &agreement],
        ];
        for command in general {
            self.both_forms(command, "", true).await?;
        }
        for trail in trails {
            self.one(self.node, &["trail", "show", trail, "--json"], "", true).await?;
        }
        let Some(trail) = trails.get(1) else { return Err(Failed::because("too few trails")) };
        for noun in ["trail", "referral"] {
            self.both_forms(&[noun, "show", trail], "", true).await?;
        }
        self.audit(trail, home).await?;
        let (_, asked_for) = self.call(self.node, &["trail", "show", trail, "--values", "--json"], "").await?;
        self.heard.asked_for = asked_for.concat();
        Ok(())
    }

    /// What an auditor is given and sees.
    async fn audit(&mut self, trail: &str, home: &Path) -> Outcome<()> {
        let at = |name: &str| home.join(name).display().to_string();
        let (bundle, trust, keys, theirs) = (at("1.uput"), at("trust.toml"), at("own.keys"), at("their.keys"));
        let agreement = self.agreement()?;
        self.one(self.node, &["node", "keys", "--to", &keys], "", true).await?;
        self.one(self.node, &["peer", "keys", SHELTER, "--to", &theirs], "", true).await?;
        let own = format!("hotline={keys}");
        let create = ["trust", "create", "--made-by", "An invented auditor", "--organisation", &own];
        let create = [&create[..], &["--peer", SHELTER, "--agreement", &agreement, "--to", &trust]].concat();
        self.one(self.node, &create, "", true).await?;
        let export = ["trail", "export", trail, "--purpose", "audit", "--open", "labels", "--to", &bundle];
        self.one(self.node, &export, "", true).await?;
        for form in [&["--json"][..], &[]] {
            let verify = [&["trail", "verify", &bundle, "--trust", &trust][..], form].concat();
            let (_, said) = self.call(self.node, &verify, "").await?;
            self.heard.said.extend(said);
        }
        for written in [bundle, trust, keys, theirs] {
            self.heard.said.push(std::fs::read(written)?);
        }
        Ok(())
    }

    /// The ID of the agreement, as the last command said it.
    fn agreement(&self) -> Outcome<String> {
        self.last("/agreements/0/agreement")
    }

    /// What the last command that said it said.
    fn last(&self, pointer: &str) -> Outcome<String> {
        let said = self.heard.said.iter().rev().filter_map(|said| serde_json::from_slice(said).ok());
        let found = said.into_iter().find_map(|said: serde_json::Value| {
            said.pointer(pointer).and_then(serde_json::Value::as_str).map(str::to_owned)
        });
        found.ok_or_else(|| Failed::because(format!("no answer has {pointer}")))
    }

    /// Once for people and once for programs.
    async fn both_forms(&mut self, words: &[&str], input: &str, succeeds: bool) -> Outcome<()> {
        for form in [&["--json"][..], &[]] {
            self.one(self.node, &[words, form].concat(), input, succeeds).await?;
        }
        Ok(())
    }

    async fn one(&mut self, node: &Path, words: &[&str], input: &str, succeeds: bool) -> Outcome<()> {
        let (status, said) = self.call(node, words, input).await?;
        if status.success() != succeeds {
            let what = if succeeds { "refused what it had to do" } else { "did what it had to refuse" };
            return Err(Failed::because(format!("uput {what}: {words:?}")));
        }
        // Whoever lets something happen is told who asks for it.
        let anonymous = |text: Vec<u8>| match words.first() {
            Some(&"approval") => String::from_utf8_lossy(&text).replace(staff::NAME, "").into_bytes(),
            _ => text,
        };
        self.heard.said.extend(said.map(anonymous));
        Ok(())
    }

    async fn gives_up_core_dumps(&mut self, id: u32) {
        let mut without = false;
        for _ in 0..1000 {
            without = self.heard.seen.look(id);
            if without {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        self.heard.core(without);
    }

    /// Looks at the program from its start to its end.
    async fn call(&mut self, node: &Path, words: &[&str], input: &str) -> Outcome<(ExitStatus, [Vec<u8>; 2])> {
        let mut command = Command::new(&self.programs.uput);
        if !staff::administers(words.first().unwrap_or(&"")) {
            command.arg("--as").arg(self.worker);
        }
        let mut child = command
            .arg("--node")
            .arg(node)
            .args(["--yes", "--no-input"])
            .args(words)
            .env("UPUT_CONTROL", CONTROL)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        self.heard.commands += 1;
        let id = child.id().ok_or_else(|| Failed::because("uput has no id"))?;
        let stdin = child.stdin.take();
        if !input.is_empty() {
            // It has read nothing yet, and waits.
            self.gives_up_core_dumps(id).await;
        }
        let mut feed = std::pin::pin!(async {
            if let Some(mut stdin) = stdin {
                // A program that ends without reading is refusing too.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
            child.wait_with_output().await
        });
        let output = loop {
            let _ = self.heard.seen.look(id);
            tokio::select! {
                output = &mut feed => break output?,
                () = tokio::time::sleep(LOOK) => {}
            }
        };
        Ok((output.status, [output.stdout, output.stderr]))
    }
}

impl Heard {
    fn core(&mut self, without: bool) {
        self.cores.0 += 1;
        self.cores.1 += u64::from(!without);
    }
}

fn toml_of<'a>(values: impl Iterator<Item = &'a Canary>) -> String {
    values.map(|canary| format!("{} = {}\n", canary.label, toml::Value::String(canary.value.clone()))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
