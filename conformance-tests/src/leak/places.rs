//! Where a planted value must not be, each place with its control.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::Command;

use super::encoding::shapes;
use super::scan::Scan;
use super::story::Story;
use super::{CONTROL, Pair};
use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::programs::Programs;
use crate::tally::Tally;

/// Byte strings that are searched one by one.
type Parts = Vec<Vec<u8>>;

/// Bytes that somebody else may see.
pub(super) struct Place {
    name: &'static str,
    parts: Parts,
    /// Labels must not be there either.
    pub(super) labels: bool,
}

impl Place {
    /// Searches it, and demands that its control is found.
    pub(super) fn search(&self, values: &Scan, labels: Option<&Scan>, tally: &mut Tally) {
        let mut control = false;
        for part in &self.parts {
            tally.add("bytes searched", part.len() as u64);
            for scan in [Some(values), labels].into_iter().flatten() {
                let mut found = scan.find(part);
                control |= found.remove("CONTROL");
                if !found.is_empty() {
                    tally.violated(format!("{}: {found:?}", self.name));
                }
            }
        }
        tally.add("places searched", 1);
        if !control {
            tally.violated(format!("{}: the control was not found", self.name));
        }
    }
}

/// All places.
pub(super) async fn all(programs: &Programs, pair: &Pair, story: &Story<'_>) -> Outcome<Vec<Place>> {
    let (arguments, said) = refusing_commands(programs, pair, story).await?;
    let mut places = vec![
        Place { name: "arguments and environment", parts: arguments, labels: true },
        Place { name: "statuses of the local interface", parts: vec![with_control(&story.refusals)], labels: false },
        Place { name: "what uput says", parts: said, labels: false },
        Place { name: "bytes between the nodes", parts: wire(pair).await?, labels: true },
    ];
    for side in pair.both() {
        places.push(Place { name: "log", parts: vec![log(programs, side).await?], labels: true });
        let (names, contents) = folder(side)?;
        places.push(Place { name: "names of files", parts: names, labels: true });
        places.push(Place { name: "data folder", parts: contents, labels: true });
    }
    Ok(places)
}

/// Statuses are collected in this program itself: the control joins them here.
fn with_control(bytes: &[u8]) -> Vec<u8> {
    [bytes, CONTROL.as_bytes()].concat()
}

/// A file whose name is the control is named in the log by the program itself.
async fn log(programs: &Programs, side: &Organisation) -> Outcome<Vec<u8>> {
    let log = std::fs::OpenOptions::new().append(true).open(side.log())?;
    let absent = side.home().join(format!("{CONTROL}.toml"));
    let status = Command::new(&programs.uputd).arg("--config").arg(absent).stderr(log).status().await?;
    if status.success() {
        return Err(Failed::because("uputd started without a configuration"));
    }
    Ok(std::fs::read(side.log())?)
}

/// Every file below the home of a node, with a control in every shape among them.
fn folder(side: &Organisation) -> Outcome<(Parts, Parts)> {
    let control = side.folder().join(CONTROL);
    std::fs::write(&control, shapes(CONTROL).into_iter().collect::<Vec<_>>().concat())?;
    let (mut names, mut contents) = (Vec::new(), Vec::new());
    let mut folders = vec![side.folder()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            names.push(path.as_os_str().as_bytes().to_vec());
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path)?;
            // The reserve is large, and holds nothing.
            if bytes.iter().any(|byte| *byte != 0) {
                contents.push(bytes);
            }
        }
    }
    std::fs::remove_file(control)?;
    Ok((names, contents))
}

/// What passed between the nodes; the control passes the same way.
async fn wire(pair: &Pair) -> Outcome<Parts> {
    let mut caller = TcpStream::connect(pair.shelter.tap.address()).await?;
    caller.write_all(CONTROL.as_bytes()).await?;
    caller.shutdown().await?;
    let passed = || [pair.hotline.tap.passed(), pair.shelter.tap.passed()].concat();
    crate::pair::until("the control has passed", || async {
        Ok(passed().iter().any(|copy| copy.as_slice() == CONTROL.as_bytes()))
    })
    .await?;
    Ok(passed())
}

/// Commands that must fail, with planted values on their standard input.
async fn refusing_commands(programs: &Programs, pair: &Pair, story: &Story<'_>) -> Outcome<(Parts, Parts)> {
    let fields: String = story
        .canaries
        .made
        .iter()
        .map(|canary| (canary.label.as_str(), canary.value.as_str()))
        .collect::<std::collections::BTreeMap<_, _>>()
        .iter()
        .map(|(label, value)| format!("{label} = {}\n", toml::Value::String((*value).to_owned())))
        .collect();
    let broken = format!("{fields}name = {CONTROL:?} = \n").replace(CONTROL, "Slomljena");
    let json = serde_json::to_string(&fields)?;
    let (mut arguments, mut said) = (Vec::new(), Vec::new());
    for node in pair.both() {
        let id = node.process().await.ok_or_else(|| Failed::because("a node does not run"))?;
        arguments.extend(process(id));
    }
    let node = pair.hotline.folder();
    let trail: String =
        story.trails.first().map_or(String::new(), |id| id.iter().map(|byte| format!("{byte:02x}")).collect());
    let enquiry = ["enquiry", "send", crate::pair::SHELTER, "--service", "shelter", "--fields", "-"];
    let send = ["referral", "send", crate::pair::SHELTER, "--service", "shelter", "--basis", "explicit-consent"];
    let send = [&send[..], &["--fields", "-"]].concat();
    let correct = ["referral", "correct", trail.as_str(), "--fields", "-"];
    for input in [&fields, &broken, &json] {
        for command in [&enquiry[..], &send, &correct] {
            for form in [&["--json"][..], &[]] {
                let words = [command, form].concat();
                refused(programs, &node, &words, input, &mut arguments, &mut said).await?;
            }
        }
    }
    let absent = format!("/nowhere/{CONTROL}");
    refused(programs, Path::new(&absent), &enquiry, &fields, &mut arguments, &mut said).await?;
    // It waits for its standard input, so that its arguments can be read in peace.
    let nobody = ["enquiry", "send", CONTROL, "--service", "shelter", "--fields", "-"];
    refused(programs, &node, &nobody, &fields, &mut arguments, &mut said).await?;
    Ok((arguments, said))
}

async fn refused(
    programs: &Programs,
    node: &Path,
    words: &[&str],
    input: &str,
    arguments: &mut Parts,
    said: &mut Parts,
) -> Outcome<()> {
    let mut child = Command::new(&programs.uput)
        .arg("--node")
        .arg(node)
        .args(words)
        .args(["--yes", "--no-input"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(id) = child.id() {
        // Not every system shows the arguments of a program at once.
        for _ in 0..20 {
            arguments.extend(process(id));
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading is refusing too.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    let output = child.wait_with_output().await?;
    if output.status.success() {
        return Err(Failed::because(format!("uput did what it had to refuse: {words:?}")));
    }
    said.extend([output.stdout, output.stderr]);
    Ok(())
}

/// What every user of the computer can see of a program.
fn process(id: u32) -> Parts {
    let read = |name: &str| std::fs::read(format!("/proc/{id}/{name}")).ok();
    ["cmdline", "environ", "comm"].into_iter().filter_map(read).collect()
}
