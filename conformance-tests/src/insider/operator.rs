//! The full operator: the administrator's account, the folder with its storage key and every key in the key book, the log, and
//! the command line of the running node.

use ring::digest::{SHA256, digest};

use super::known::Known;
use super::obtain::Obtained;
use super::schema::parts;
use crate::failed::Outcome;
use crate::leak::left_behind::with_every_key;
use crate::organisation::Organisation;

/// No record of an event is longer; what is longer is a file, and a sealed one.
const LONGEST: usize = 1 << 18;

/// Takes all of it. The node is stopped for that: its folder is whole.
pub(super) async fn obtain(known: &Known, side: &Organisation, administrator: Obtained) -> Outcome<Obtained> {
    let mut obtained = Obtained::default();
    obtained.join(administrator);
    let mut places = Vec::new();
    if let Some(process) = side.process().await {
        for file in ["cmdline", "environ"] {
            let bytes = std::fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
            places.push(("the command line of the running node", bytes));
        }
    }
    side.stop().await?;
    places.push(("the log", std::fs::read(side.log())?));
    for part in with_every_key(&side.folder())? {
        for event in event_ids(&part, 3) {
            places.push(("the folder with every key in it, computed", event));
        }
        places.push(("the folder with every key in it", part));
    }
    for (by, bytes) in places {
        obtained.calls += 1;
        obtained.bytes += bytes.len() as u64;
        obtained.take(known.find(&bytes), by);
    }
    Ok(obtained)
}

/// IDs of the events in these bytes, which stand nowhere else if nothing refers to them. [ENV-8]
fn event_ids(bytes: &[u8], deep: u8) -> Vec<Vec<u8>> {
    if bytes.len() > LONGEST {
        return Vec::new();
    }
    let fields = parts(bytes).unwrap_or_default();
    let content = |number| fields.iter().find(|(field, _)| *field == number).map(|(_, content)| content.as_slice());
    match (content(1), content(2)) {
        (Some(kind), Some(body)) if kind.starts_with(b"application/vnd.uput.event") => {
            let lengths = [kind.len(), body.len()].map(|length| length.to_string().into_bytes());
            let [kind_length, body_length] = lengths;
            let signed = [b"DSSEv1", kind_length.as_slice(), kind, &body_length, body].join(&b' ');
            vec![digest(&SHA256, &signed).as_ref().to_vec()]
        }
        _ if deep > 0 => fields.iter().flat_map(|(_, content)| event_ids(content, deep - 1)).collect(),
        _ => Vec::new(),
    }
}
