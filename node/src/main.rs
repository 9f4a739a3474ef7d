//! `uputd`: one organisation's node. Says where it serves, serves, and stops in good order.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tonic::service::Routes;
use uput_core::key::{Endpoint, PublicKey, Recovery};
use uput_core::time::Span;
use uput_core::wire::access_service_server::AccessServiceServer;
use uput_core::wire::account_service_server::AccountServiceServer;
use uput_core::wire::agreement_service_server::AgreementServiceServer;
use uput_core::wire::approval_service_server::ApprovalServiceServer;
use uput_core::wire::case_service_server::CaseServiceServer;
use uput_core::wire::change_service_server::ChangeServiceServer;
use uput_core::wire::enquiry_service_server::EnquiryServiceServer;
use uput_core::wire::follow_up_service_server::FollowUpServiceServer;
use uput_core::wire::key_service_server::KeyServiceServer;
use uput_core::wire::log_service_server::LogServiceServer;
use uput_core::wire::node_service_server::NodeServiceServer;
use uput_core::wire::on_call_service_server::OnCallServiceServer;
use uput_core::wire::override_service_server::OverrideServiceServer;
use uput_core::wire::peering_service_server::PeeringServiceServer;
use uput_core::wire::places_service_server::PlacesServiceServer;
use uput_core::wire::retention_service_server::RetentionServiceServer;
use uput_core::wire::session_service_server::SessionServiceServer;
use uput_core::wire::staff_service_server::StaffServiceServer;
use uput_core::wire::team_service_server::TeamServiceServer;
use uput_core::wire::trail_service_server::TrailServiceServer;
use uput_node::backup::{Restored, command::Backup};
use uput_node::config::Config;
use uput_node::daemon::{self, Sockets};
use uput_node::exit::{Exit, Failure};
use uput_node::init::{self, Founding, Plan};
use uput_node::node::{self, Node, Post, Secrets};
use uput_node::node_key::Sources;
use uput_node::on_call::{self, Channels};
use uput_node::peer::{Limits, Peers};
use uput_node::rebuild::{self, Rebuild};
use uput_node::rpc::{
    Accesses, Accounts, Agreements, Approvals, CaseCalls, Changes, Enquiries, FollowUps, KeyCalls, LogCalls, NodeCalls,
    OnCall, Overrides, Peering, PlacesCalls, RetentionCalls, SLOW, Sessions, Staff, Teams, Trails,
};
use uput_node::shutdown::Shutdown;
use uput_node::storage::command::IndexCommand;
use uput_node::storage::{CommitError, Options, Storage, StorageKey};
use uput_node::{clock, doctor, locked, node_key, process, record, shutdown, telemetry};

/// How often it is looked for words whose time is over. [APR-9]
const FORGET_EVERY: Duration = Duration::from_secs(3600);
/// Bytes of the largest request: an agreement with every signature.
const LARGEST_REQUEST: usize = 4 * 1024 * 1024;
/// The largest request of the service that anybody may call, bytes. [ACC-63]
const LARGEST_OF_ANYBODY: usize = 16 * 1024;
/// Bytes of the largest answer: a bundle.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// Bytes of the longest chain of key records. [KEY-14]
const LARGEST_CHAIN: usize = 16 * 1024 * 1024;
const DAY: u64 = 86_400;

/// One organisation's node.
#[derive(Parser)]
#[command(name = "uputd", version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
struct Arguments {
    /// Configuration of the node to serve
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
    /// File whose first line is the passphrase of the node; left out: the credential uput.passphrase, or it is asked for
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Make a new node: its folder, its keys, its organisation's first key record
    #[command(
        after_help = "Example:\n  uputd init --dir /var/lib/uput --organisation-key /media/stick/organisation.key \\\n    --peer 0.0.0.0:7420 --endpoint node.shelter.example:7420"
    )]
    Init(Init),
    /// Make a node anew where nothing is left but the organisation key: its peers give back what they have
    #[command(
        after_help = "Example:\n  uputd rebuild --dir /var/lib/uput --organisation-key /media/stick/organisation.key \\\n    --records from-shelter.keys --records from-centre.keys --peer 0.0.0.0:7420 --endpoint node.example:7420"
    )]
    Rebuild(Rebuild),
    #[command(subcommand)]
    Backup(Backup),
    #[command(subcommand)]
    Index(IndexCommand),
    /// Lock the secrets of a node that does not run with a passphrase, or with another one
    #[command(
        after_help = "Example:\n  uputd lock --dir /var/lib/uput\n  uputd lock --dir /var/lib/uput --passphrase-file new --old-passphrase-file old"
    )]
    Lock(LockNode),
    /// Take the passphrase away from the secrets of a node that does not run
    #[command(after_help = "Example:\n  uputd unlock --dir /var/lib/uput")]
    Unlock(UnlockNode),
    /// Look at a node's folder without its keys, and say what to do
    #[command(after_help = "Example:\n  uputd doctor --dir /var/lib/uput")]
    Doctor(Doctor),
}

#[derive(Args)]
struct LockNode {
    /// Folder of the node
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// File whose first line is the new passphrase; left out: it is asked for, twice
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// File whose first line is the passphrase until now; left out: the credential uput.passphrase, or it is asked for
    #[arg(long, value_name = "FILE")]
    old_passphrase_file: Option<PathBuf>,
}

#[derive(Args)]
struct UnlockNode {
    /// Folder of the node
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// File whose first line is the passphrase; left out: the credential uput.passphrase, or it is asked for
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Args)]
struct Doctor {
    /// Folder of the node
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

#[derive(Args)]
struct Init {
    /// Folder of the node: empty, or not there yet
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Where the organisation key goes: a file that is not there yet, best on a stick
    #[arg(long, value_name = "FILE")]
    organisation_key: PathBuf,
    /// File whose first line is the passphrase that shall lock the organisation key
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Address and port for peers; without it the node only dials out
    #[arg(long, value_name = "ADDR:PORT")]
    peer: Option<SocketAddr>,
    /// "host:port" at which peers reach it; up to four times
    #[arg(long, value_name = "HOST:PORT", value_parser = endpoint)]
    endpoint: Vec<Endpoint>,
    /// Loopback address and port for own people and programs
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7421")]
    api: SocketAddr,
    /// Days after which the key record warns
    #[arg(long, value_name = "DAYS", default_value_t = 730)]
    valid_days: u32,
    /// Time zone in which people live, such as Europe/Belgrade; without it no hour is one at which she can be reached safely
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Public key of somebody who may help to replace a lost organisation key, as `uput key create recovery` shows it; up
    /// to sixteen times
    #[arg(long, value_name = "KEY", value_parser = public_key, requires = "threshold")]
    recovery: Vec<PublicKey>,
    /// How many of them it takes
    #[arg(long, value_name = "NUMBER", requires = "recovery")]
    threshold: Option<u32>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // If stderr is gone, the number still says it.
            let _ = writeln!(std::io::stderr(), "uputd: {failure}");
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(Exit::Failed, &error);
    process::keep_memory_in().map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    match (arguments.command, arguments.config) {
        (Some(Command::Init(init)), _) => runtime.block_on(make(init)),
        (Some(Command::Rebuild(rebuild)), _) => runtime.block_on(make_again(rebuild)),
        (Some(Command::Backup(backup)), _) => say(&backup.run()?),
        (Some(Command::Index(index)), _) => say(&index.run()?),
        (Some(Command::Lock(lock)), _) => lock.run(),
        (Some(Command::Unlock(unlock)), _) => unlock.run(),
        (Some(Command::Doctor(doctor)), _) => doctor.run(),
        (None, Some(config)) => runtime.block_on(serve(&config, &Sources::here(arguments.passphrase_file.as_deref()))),
        (None, None) => Err(Failure::new(Exit::Usage, &"--config FILE or init is needed")),
    }
}

impl LockNode {
    /// [RST-2]
    fn run(self) -> Result<(), Failure> {
        let old = Sources::here(self.old_passphrase_file.as_deref());
        let new = Sources::here(self.passphrase_file.as_deref());
        node_key::relock(&self.dir, &old, || new.new_passphrase().map(Some))?;
        say("locked")
    }
}

impl UnlockNode {
    /// [RST-2]
    fn run(self) -> Result<(), Failure> {
        node_key::relock(&self.dir, &Sources::here(self.passphrase_file.as_deref()), || Ok(None))?;
        say("unlocked")
    }
}

impl Doctor {
    /// One line each, for people and programs. [RST-12]
    fn run(self) -> Result<(), Failure> {
        let mut findings = doctor::examine(&self.dir, &doctor::Bounds::default());
        findings.extend(doctor::surroundings());
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.level()));
        findings.iter().try_for_each(|finding| say(&finding.line()))?;
        match findings.iter().any(|finding| finding.level() == doctor::Level::Error) {
            true => Err(Failure::new(Exit::Failed, &"something must be done now: see the lines that begin with error")),
            false => Ok(()),
        }
    }
}

async fn make(init: Init) -> Result<(), Failure> {
    let plan = Plan {
        passphrase: init.passphrase_file.as_deref().map(node_key::first_line).transpose()?,
        folder: init.dir,
        organisation_key: init.organisation_key,
        peer: init.peer,
        endpoints: init.endpoint,
        api: init.api,
        valid: Span(u64::from(init.valid_days) * DAY),
        zone: init.zone,
        recovery: init.threshold.map(|threshold| Recovery { threshold, keys: init.recovery }),
    };
    let Founding { chain, storage, configuration, token } = init::make(&plan, clock::now(), &mut clock::SystemEntropy)?;
    let storage = open_storage(&plan.folder, &storage)?;
    Node::found(&storage, &chain).await.map_err(|error| Failure::new(Exit::Folder, &error))?;
    node::first_account(&storage, &token).await.map_err(|error| Failure::new(Exit::Folder, &error))?;
    say(&format!("organisation={} config={}", chain.organisation(), configuration.display()))
}

/// [BAK-61] [BAK-63]
async fn make_again(rebuild: Rebuild) -> Result<(), Failure> {
    let now = clock::now();
    let Founding { chain, storage, configuration, token } = rebuild.make(now, &mut clock::SystemEntropy)?;
    let storage = open_storage(&rebuild.dir, &storage)?;
    let folder = |error: CommitError| Failure::new(Exit::Folder, &error);
    Node::found_again(&storage, &chain, rebuild::incarnation(now)).await.map_err(folder)?;
    node::first_account(&storage, &token).await.map_err(|error| Failure::new(Exit::Folder, &error))?;
    let number = chain.newest().number();
    say(&format!("organisation={} record={number} config={}", chain.organisation(), configuration.display()))
}

async fn serve(path: &Path, sources: &Sources) -> Result<(), Failure> {
    let config = Config::read(path)?;
    telemetry::start(config.log);
    let sockets = Sockets::bind(&config).await?;
    let kept = process::keep_pages_in();
    // Before signals are waited for: who is asked for a passphrase can end the program.
    let place = locked::keys(&config.data, &sockets, sources, say).await?;
    let (stop, shutdown) = shutdown::channel();
    let signalled = shutdown::signalled().map_err(|error| Failure::new(Exit::Failed, &error))?;
    tokio::spawn(async move {
        signalled.await;
        stop.stop();
    });
    if init::is_open_to_others(&config.data) {
        tracing::warn!(
            "others can read node.key: run `chmod 600 node.key` in the data folder, and ask who has read it"
        );
    }
    let secrets = place.read()?;
    let storage = open_storage(&config.data, &StorageKey::new(secrets.storage.clone()))?;
    storage.set_quota(config.quota());
    if let Some(restored) = Restored::read(&config.data)? {
        // [BAK-50] A crash in between takes a number more, and harms nothing.
        let incarnation =
            Node::begin_incarnation(&storage).await.map_err(|error| Failure::new(Exit::Folder, &error))?;
        tracing::warn!(backup = restored.number, incarnation, "this folder was restored: a new incarnation begins");
        Restored::remove(&config.data)?;
    }
    let folder = |error| Failure::new(Exit::Folder, &error);
    let own = Node::own_chain(&storage).map_err(|error| folder(error.to_string()))?;
    let secrets = place.settle(secrets, own.newest())?;
    warn_of_swap(kept);
    place.show_door(&secrets.tls, own.newest());
    let keys = Secrets { signing: secrets.signing, sealing: secrets.sealing };
    let node = Arc::new(Node::open(storage, keys).map_err(|error| Failure::new(Exit::Folder, &error))?);
    node.look_after_keys(place);
    node.remember_times();
    node.warn_ahead(Span(u64::from(config.warn_days) * DAY));
    watch_calls(&node, &config, &shutdown)?;
    tokio::spawn(forget_old_words(Arc::clone(&node), shutdown.clone()));
    // [LOG-63] What was missed while it was off is filled before anybody is served. A full disk ends nothing.
    let _ = node.close_ticks(clock::now()).await;
    let (ticking, stopping) = (Arc::clone(&node), shutdown.clone());
    tokio::spawn(async move { ticking.keep_ticking(stopping).await });
    let (stating, stopping) = (Arc::clone(&node), shutdown.clone());
    tokio::spawn(async move { stating.keep_heads(stopping).await });
    let (witness, stopping) = (Arc::clone(&node), shutdown.clone());
    tokio::spawn(async move { witness.keep_countersigning(stopping).await });
    // [CAS-54]
    node.continue_follow_ups().await.map_err(|error| Failure::new(Exit::Folder, &error))?;
    node.affirm_disowned().await;
    // [BAK-51]
    node.ask_to_resume().await;
    let mailroom = Arc::new(Post(Arc::clone(&node)));
    locked::admit_left(&config.data, mailroom.as_ref()).await;
    let peers = Peers::new(mailroom, &secrets.tls, Limits::default(), shutdown.clone())?;
    let services = services(&node, &peers, &config, shutdown.clone())?;
    let mut said = Ok(());
    daemon::serve(sockets, &config.data, &node, peers, services, shutdown, |line| said = say(line)).await?;
    said
}

/// [RST-7] Where the system does not let pages be kept, and they may go to a disk, that is said.
fn warn_of_swap(kept: bool) {
    if !kept && doctor::swap().is_some() {
        tracing::warn!(
            "memory may be written to a disk that is not encrypted: switch swap off, or encrypt it; `uputd doctor` says more"
        );
    }
}

/// Destroys what people wrote about approvals, and sealing keys that were replaced, when their time is over. [APR-9] [NOD-82]
async fn forget_old_words(node: Arc<Node>, shutdown: shutdown::Shutdown) {
    loop {
        // [TIM-43] By a clock that is wrong their time would seem over. What could not be destroyed is logged, and tried again.
        if node.may_end_by_time() {
            let _ = node.forget_old_words(clock::now());
            let _ = node.destroy_retired(clock::now()).await;
        }
        tokio::select! {
            () = shutdown.requested() => return,
            () = tokio::time::sleep(FORGET_EVERY) => (),
        }
    }
}

/// Wakes whoever is on duty, by the channels of the configuration. [API-27]
fn watch_calls(node: &Arc<Node>, config: &Config, shutdown: &shutdown::Shutdown) -> Result<(), Failure> {
    let mut channels = Channels::default();
    if let Some(on_call) = &config.on_call {
        let wrong = |rule: String| Failure::new(Exit::Configuration, &rule);
        node.set_on_call(on_call.settings().map_err(|(_, rule)| wrong(rule))?);
        channels = Channels::new(on_call).map_err(wrong)?;
    }
    let (onward, stopping) = (Arc::clone(node), shutdown.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = stopping.requested() => {}
            () = onward.follow_onward() => {}
        }
    });
    let (retaining, stopping) = (Arc::clone(node), shutdown.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = stopping.requested() => {}
            () = retaining.keep_retentions() => {}
        }
    });
    // A task of its own: what is said when, waits for nothing that goes onward. [CAS-104]
    let (settling, stopping) = (Arc::clone(node), shutdown.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = stopping.requested() => {}
            () = settling.say_settled() => {}
        }
    });
    tokio::spawn(on_call::watch(Arc::clone(node), channels, shutdown.clone()));
    Ok(())
}

fn services(
    node: &Arc<Node>,
    peers: &Arc<Peers<Post>>,
    config: &Config,
    shutdown: Shutdown,
) -> Result<Routes, Failure> {
    let endpoints = config.endpoints.iter().map(|text| Endpoint::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let about = NodeCalls {
        node: Arc::clone(node),
        peer_address: endpoints.first().map(ToString::to_string).unwrap_or_default(),
    };
    let peering = Peering { node: Arc::clone(node), peers: Arc::clone(peers), endpoints };
    let agreements = AgreementServiceServer::new(Agreements(Arc::clone(node)))
        .max_decoding_message_size(LARGEST_REQUEST)
        .max_encoding_message_size(LARGEST_ANSWER);
    let trails = TrailServiceServer::new(Trails(Arc::clone(node)))
        .max_decoding_message_size(LARGEST_REQUEST)
        .max_encoding_message_size(LARGEST_ANSWER);
    let accesses = AccessServiceServer::new(Accesses(Arc::clone(node))).max_encoding_message_size(LARGEST_ANSWER);
    let changes = Changes { node: Arc::clone(node), shutdown, slow: SLOW };
    let sessions = SessionServiceServer::new(Sessions(Arc::clone(node))).max_decoding_message_size(LARGEST_OF_ANYBODY);
    Ok(Routes::new(NodeServiceServer::new(about))
        .add_service(PeeringServiceServer::new(peering))
        .add_service(AccountServiceServer::new(Accounts(Arc::clone(node))))
        .add_service(CaseServiceServer::new(CaseCalls(Arc::clone(node))))
        .add_service(StaffServiceServer::new(Staff(Arc::clone(node))))
        .add_service(OnCallServiceServer::new(OnCall(Arc::clone(node))))
        .add_service(ChangeServiceServer::new(changes))
        .add_service(FollowUpServiceServer::new(FollowUps(Arc::clone(node))))
        .add_service(sessions)
        .add_service(PlacesServiceServer::new(PlacesCalls(Arc::clone(node))))
        .add_service(EnquiryServiceServer::new(Enquiries(Arc::clone(node))))
        .add_service(TeamServiceServer::new(Teams(Arc::clone(node))))
        .add_service(ApprovalServiceServer::new(Approvals(Arc::clone(node))))
        .add_service(RetentionServiceServer::new(RetentionCalls(Arc::clone(node))))
        .add_service(OverrideServiceServer::new(Overrides(Arc::clone(node))))
        .add_service(
            KeyServiceServer::new(KeyCalls { node: Arc::clone(node), peers: Arc::clone(peers) })
                .max_decoding_message_size(LARGEST_CHAIN)
                .max_encoding_message_size(LARGEST_CHAIN),
        )
        .add_service(LogServiceServer::new(LogCalls(Arc::clone(node))).max_encoding_message_size(LARGEST_ANSWER))
        .add_service(accesses)
        .add_service(agreements)
        .add_service(trails))
}

fn open_storage(folder: &Path, key: &StorageKey) -> Result<Storage, Failure> {
    let options = Options { knows: record::is_known, ..Options::default() };
    let opened = Storage::open(folder, key, options, record::project);
    // Several nodes can run on one computer: the line says whose folder it is.
    let storage = opened.map_err(|error| Failure::new(Exit::Folder, &format!("{}: {error}", folder.display())))?;
    if !storage.parked().is_empty() {
        // [UPG-3]
        tracing::warn!(kinds = ?storage.parked(), "records of a newer version are kept and not shown");
    }
    Ok(storage)
}

fn endpoint(text: &str) -> Result<Endpoint, String> {
    Endpoint::parse(text).map_err(|_| "must be host:port".to_owned())
}

fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::from_hex(text).map_err(|_| "must be the 64 digits of a public key".to_owned())
}

/// One line on stdout, for programs.
fn say(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| Failure::new(Exit::Failed, &error))
}
