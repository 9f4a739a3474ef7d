//! Channels that fail, each in its way: nothing is said to anybody else, nothing hangs, and the next person is tried.

use std::{
    path::Path,
    sync::{Mutex, Once},
    time::{Duration, Instant},
};

use tokio::{io::AsyncWriteExt, net::TcpListener};
use uput_core::{sensitive::Sensitive, wire::DutyChannel};
use uput_node::on_call::{Channel, Channels, Failed};

use super::{
    Bell, always, caller,
    channels::{certificate, secret, tls_mail_server, web_server},
    configured, minutes, night, town,
};

const SECRET: &str = "an-invented-secret";
const LIMIT: Duration = Duration::from_secs(20);

/// All that was logged.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps what is logged from here on, by libraries too. Before the first node of this program.
pub(super) fn keep_log() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let filter = tracing_subscriber::EnvFilter::new("warn,uput_node::on_call=trace,hyper=trace,rustls=trace");
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Log).try_init();
    });
}

fn logged() -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned()
}

fn mail(address: &str, folder: &Path, roots: &str) -> Channels {
    let (file, password) = (folder.join("roots.pem"), secret(folder));
    std::fs::write(&file, roots).unwrap();
    configured(&format!(
        "certificates = {file:?}\n[email]\nserver = {address:?}\nfrom = \"node@shelter.example\"\nuser = \"node\"\n\
         password_file = {password:?}"
    ))
}

/// [ONC-12] [ONC-14] By TLS from the first byte, or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_by_tls_to_the_server_that_was_named_and_never_falls_back() {
    let folder = tempfile::tempdir().unwrap();
    let to = Sensitive::new("duty@shelter.example".to_owned());
    let (known, stranger) = (certificate(), certificate());
    let elsewhere = rcgen::generate_simple_self_signed(["mail.example".to_owned()]).unwrap();
    let server = tls_mail_server(&known).await;
    mail(&server.address, folder.path(), &known.cert.pem()).send(Channel::Email, &to).await.unwrap();
    let heard = server.heard();
    assert!(heard.contains("AUTH PLAIN ") && heard.contains("RCPT TO:<duty@shelter.example>"), "{heard}");
    assert!(!heard.contains("STARTTLS"), "it is behind TLS already");

    // Another key; a name that is not the server's; and a server that offers to begin TLS later.
    let plain = super::channels::mail_server("").await;
    let wrong =
        [(tls_mail_server(&stranger).await, &known), (tls_mail_server(&elsewhere).await, &elsewhere), (plain, &known)];
    for (server, believed) in wrong {
        let channels = mail(&server.address, folder.path(), &believed.cert.pem());
        assert_eq!(channels.send(Channel::Email, &to).await, Err(Failed::Unreachable));
        let heard = server.heard();
        for word in ["EHLO", "AUTH", "MAIL", "duty@", SECRET] {
            assert!(!heard.contains(word), "{word} was said to somebody else");
        }
    }
}

fn command(script: &str) -> (Bell, Channels) {
    let bell = Bell::new(script);
    let channels = bell.channels();
    (bell, channels)
}

/// [ONC-11] What it writes, and what it leaves behind, holds nobody up.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_writes_much_or_leaves_a_child_has_ended_when_it_ends() {
    let to = Sensitive::new("first floor".to_owned());
    for script in ["head -c 30000000 /dev/zero; head -c 30000000 /dev/zero >&2", "sleep 15 &", "exec 0<&-; sleep 15 &"]
    {
        let (_bell, channels) = command(script);
        let begun = Instant::now();
        assert_eq!(channels.send(Channel::Command, &to).await, Ok(()), "{script}");
        assert!(begun.elapsed() < Duration::from_secs(14), "{script}: {:?}", begun.elapsed());
    }
    let (_bell, channels) = command("echo \"first floor was rung\" >&2; exit 7");
    let failed = channels.send(Channel::Command, &to).await.unwrap_err();
    assert_eq!(failed, Failed::Refused);
    assert!(!format!("{failed} {failed:?}").contains("floor"));
}

/// Whether a process is there and runs.
fn runs(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|after| !after.is_empty() && !after.trim_start().starts_with('Z'))
}

/// A server that says something and then nothing more.
async fn silent(greeting: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.write_all(greeting).await.unwrap();
            open.push(socket);
        }
    });
    address
}

/// [ONC-11] [ONC-14] Twenty seconds, for every channel, and nothing of a program goes on after them.
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let (_bell, hanging) = command(&format!("sleep 300 & echo $$ $! > {}; wait", pids.display()));
    let mail_server = silent(b"220 ready\r\n").await;
    let plain = format!("[email]\nserver = {mail_server:?}\ntls = false\nfrom = \"node@shelter.example\"");
    let gateway = silent(b"").await;
    let sms = format!("[sms]\nurl = \"http://{gateway}/\"\nbody = '{{address}} {{text}}'");
    let (by_mail, by_sms) = (configured(&plain), configured(&sms));
    let to = |address: &str| Sensitive::new(address.to_owned());
    let (floor, mailbox, number) = (to("first floor"), to("duty@shelter.example"), to("+38164000000"));
    let begun = Instant::now();
    let timed = async |channels: &Channels, channel, address: &Sensitive<String>| {
        let ended = channels.send(channel, address).await;
        (ended, begun.elapsed())
    };
    let (first, second, third) = tokio::join!(
        timed(&hanging, Channel::Command, &floor),
        timed(&by_mail, Channel::Email, &mailbox),
        timed(&by_sms, Channel::Sms, &number)
    );
    for (ended, after) in [first, second, third] {
        assert_eq!(ended, Err(Failed::TooLong));
        assert!((LIMIT..LIMIT * 2).contains(&after), "{after:?}");
    }
    let pids = std::fs::read_to_string(&pids).unwrap();
    assert_eq!(pids.split_whitespace().count(), 2);
    town::until(|| async { !pids.split_whitespace().any(runs) }).await;
}

/// [ONC-13] Where a gateway sends one on, nobody goes: neither the address nor the secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_sends_one_on_is_a_gateway_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let to = Sensitive::new("+38164000000".to_owned());
    let other = web_server("200 OK").await;
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let server = web_server(format!("{status}\r\nlocation: http://{}/", other.address)).await;
        let file = secret(folder.path());
        let url = format!("http://{}/send", server.address);
        let body = "body = '{\"to\":\"{address}\",\"say\":\"{text}\"}'";
        let channels = configured(&format!("[sms]\nurl = {url:?}\nsecret_file = {file:?}\n{body}"));
        assert_eq!(channels.send(Channel::Sms, &to).await, Err(Failed::Refused), "{status}");
        assert!(server.heard().contains("+38164000000"), "the control: it was asked");
    }
    assert_eq!(other.heard(), "");
}

/// [ONC-14] [ONC-40] [ONC-30] The next person by another channel; nothing personal in any log; and the telephone.
#[tokio::test(flavor = "multi_thread")]
async fn when_a_gateway_fails_the_next_person_is_rung_and_the_log_says_nothing_of_anybody() {
    let night = night().await;
    let address = "+38164998877";
    let shelter = &night.pair.shelter;
    let first = shelter.duties().into_iter().find(|duty| duty.person.as_ref().is_some_and(|by| by.order == 1)).unwrap();
    let asked = always(&night.first, 1, DutyChannel::Sms, address);
    shelter.set_duty(&caller(&night.second), asked, &first.id.to_vec()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = web_server("500 Broken by somebody invented").await;
    let (file, program) = (secret(folder.path()), night.bell.program.display().to_string());
    let url = format!("http://{}/send", server.address);
    let channels = configured(&format!(
        "[command]\nargv = [{program:?}]\n[sms]\nurl = {url:?}\nsecret_file = {file:?}\n\
         body = '{{\"to\":\"{{address}}\",\"say\":\"{{text}}\"}}'"
    ));
    let trail = night.asked().await;
    shelter.nudge(&channels, minutes(0)).await;
    shelter.nudge(&channels, minutes(0)).await;
    assert!(server.heard().contains(address) && server.heard().contains(SECRET), "the first was tried");
    assert_eq!(night.bell.rung(), ["second floor"], "it counts as failed, and the next is told at once");
    let log = logged();
    assert!(log.contains("a nudge was not handed over"), "the control: {log}");
    for word in [address, SECRET, "Broken", "second floor", "node@shelter"] {
        assert!(!log.contains(word), "{word} stands in the log");
    }
    // The agreement of the demonstration gives five seconds; whether anybody was reached is nothing to it.
    tokio::time::sleep(Duration::from_secs(7)).await;
    for node in [&night.pair.hotline, shelter] {
        let shown = node.show(&town::worker(), &trail, false).await.unwrap();
        assert!(shown.notes.iter().any(|note| note.starts_with("telephone now")), "{:?}", shown.notes);
    }
}
