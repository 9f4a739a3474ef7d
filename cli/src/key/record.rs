//! What a key record says, for people and for programs.

use serde::Serialize;
use uput_core::id::OrgId;
use uput_core::key::{Disowned, KeyRecord, Recovery};

use crate::moment;
use crate::output::Page;
use crate::request::hex;

/// A key record, as programs read it.
#[derive(Serialize)]
pub(super) struct Record {
    id: String,
    number: u32,
    time: Option<String>,
    end: Option<String>,
    organisation_key: String,
    signing_key: String,
    tls_key: String,
    door_key: Option<String>,
    sealing_keys: Vec<String>,
    endpoints: Vec<String>,
    witnesses: Vec<String>,
    recovery: Option<RecoverySet>,
    stolen: Option<Theft>,
    #[serde(skip)]
    ends: u64,
}

impl Record {
    pub(super) fn of(record: &KeyRecord) -> Self {
        Self {
            id: record.id().to_string(),
            number: record.number(),
            time: moment::utc(record.time().get()),
            end: moment::utc(record.end().get()),
            organisation_key: record.organisation_key().id().to_string(),
            signing_key: record.signing_key().id().to_string(),
            tls_key: record.tls_key().id().to_string(),
            door_key: record.door_key().map(|key| key.id().to_string()),
            sealing_keys: record.sealing_keys().iter().map(|key| key.id().to_string()).collect(),
            endpoints: record.endpoints().iter().map(ToString::to_string).collect(),
            witnesses: record.witnesses().iter().map(OrgId::to_string).collect(),
            recovery: record.recovery().map(RecoverySet::of),
            stolen: record.disowned().map(Theft::of),
            ends: record.end().get(),
        }
    }

    pub(super) fn describe(&self, page: &mut Page) {
        page.pair("key record", format!("number {}", self.number));
        page.pair("its ID", &self.id);
        page.pair("warns from", moment::local(self.ends));
        page.pair("organisation key", &self.organisation_key);
        page.pair("signing key", &self.signing_key);
        page.pair("TLS key", &self.tls_key);
        if let Some(key) = &self.door_key {
            page.pair("door key", key);
        }
        page.pair("sealing keys", self.sealing_keys.join(", "));
        page.pair(
            "reached at",
            if self.endpoints.is_empty() { "nowhere: it dials".to_owned() } else { self.endpoints.join(", ") },
        );
        page.pair("witnesses", if self.witnesses.is_empty() { "none".to_owned() } else { self.witnesses.join(", ") });
        page.pair("recovery", self.recovery.as_ref().map_or_else(|| "nobody".to_owned(), RecoverySet::sentence));
    }
}

/// Who may together replace a lost organisation key, as programs read it.
#[derive(Serialize)]
struct RecoverySet {
    threshold: u32,
    keys: Vec<String>,
}

impl RecoverySet {
    fn of(recovery: &Recovery) -> Self {
        Self { threshold: recovery.threshold, keys: recovery.keys.iter().map(|key| hex(key.as_bytes())).collect() }
    }

    fn sentence(&self) -> String {
        format!("{} of {}: {}", self.threshold, self.keys.len(), self.keys.join(", "))
    }
}

/// A stolen key, as programs read it.
#[derive(Serialize)]
struct Theft {
    key: String,
    log_size: u64,
}

impl Theft {
    fn of(disowned: &Disowned) -> Self {
        Self { key: disowned.key.to_string(), log_size: disowned.until.map_or(0, |(size, _)| size) }
    }
}

/// Who may replace a lost organisation key from now on.
pub(super) fn recovery_change(old: &KeyRecord, new: &KeyRecord) -> Option<String> {
    let changed = if old.recovery() == new.recovery() { ", as before" } else { " from now on" };
    match (old.recovery(), new.recovery()) {
        (None, None) => None,
        (_, None) => Some(format!("nobody may replace a lost organisation key{changed}")),
        (_, Some(set)) => {
            Some(format!("a lost organisation key may be replaced by {}{changed}", RecoverySet::of(set).sentence()))
        }
    }
}

/// What peers see of it while it is locked. [KEY-40]
pub(super) fn door_change(old: &KeyRecord, new: &KeyRecord) -> Option<String> {
    match (old.door_key(), new.door_key()) {
        (None, None) => None,
        (Some(_), None) => Some("while it is locked, peers see nothing of it from now on".to_owned()),
        (old, Some(key)) => {
            let how = if old == Some(key) { "stays" } else { "becomes" };
            Some(format!("the door key, shown while it is locked, {how} {}", key.id()))
        }
    }
}

/// What was stolen, and what of it counts.
pub(super) fn theft(disowned: &Disowned) -> String {
    let key = disowned.key;
    match disowned.until {
        None => format!("signing key {key} was stolen: nothing that it signed counts by itself"),
        Some((size, _)) => {
            format!(
                "signing key {key} was stolen: of what it signed only what stands in the first {size} ticks of the log counts"
            )
        }
    }
}
