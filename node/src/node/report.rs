//! The node and its peers as people see them, and what needs their attention.

use std::sync::Arc;

use uput_core::{
    envelope::Envelope,
    id::{AgreementId, OrgId, TrailId},
    rejection::Rejection,
    time::{Seconds, Span},
    wire,
};

use super::{
    Node,
    agreements::{Held, Standing},
    clocks,
    directory::Peer,
    journal::encode_chain,
    outbox::{Length, Waiting},
    outline::refusal,
};
use crate::{
    account::{Account, Caller},
    case::{Case, Sight, Viewer},
    init,
    node_key::KeyPlace,
    peer::PeerState,
    storage::{Left, Scarce},
};

/// How far two clocks may be apart before one of them counts as wrong: ten minutes. [EVT-25]
pub(super) const AHEAD: Span = Span(600);
/// From how many seconds on a waiting letter is worth a warning.
const OLD: u64 = 900;
/// From how many seconds on it is an alarm: a day. [DEL-9]
const SILENT: u64 = 86_400;
/// From how many items of one queue on. [DEL-9]
const MANY: u64 = 10_000;
/// How long a refusal is news: thirty days. Its trail shows it for ever.
const NEWS: u64 = 30 * 86_400;
/// How long before its end a key record is worth a warning: thirty days.
const SOON: u64 = 30 * 86_400;

/// What the check of the disk says where nothing is wrong.
const ROOM: &str = "there was space for everything that was to be recorded";

/// Little is left, and everything is still taken in. [STO-36]
fn low_space(left: Left) -> wire::Check {
    let (of, remedy) = match left.of {
        Scarce::Disk => ("on the disk", "free space before the node must stop taking anything in"),
        Scarce::Quota => (
            "below the bound of the data folder, quota_mib",
            "raise quota_mib, or run `uputd index rebuild`, before the node must stop taking anything in",
        ),
    };
    check("disk", wire::CheckLevel::Warning, &format!("{} MiB are left {of}", left.bytes >> 20), remedy)
}

impl Node {
    /// What was checked, what is worse first.
    #[must_use]
    pub fn checks(&self, now: Seconds) -> Vec<wire::Check> {
        self.checks_of(now, &|_| true)
    }

    /// What was checked, for somebody: of what waits, only what belongs to a trail that they see; that nobody can open a
    /// case, for administrators alone; that one was left behind, for supervisors who see it. [CAS-24] [CAS-37] [CAS-19]
    #[must_use]
    pub fn checks_for(&self, caller: &Caller, now: Seconds) -> Vec<wire::Check> {
        if caller.role == wire::Role::Administrator {
            let mut checks = self.checks(now);
            checks.push(self.check_cases());
            checks.push(self.check_zone());
            checks.extend(self.check_key_file());
            checks.sort_by_key(|check| std::cmp::Reverse(check.level));
            return checks;
        }
        let viewer = self.viewer(caller);
        let mut checks = self.checks_of(now, &|trail| self.cases.sight_of_trail(&viewer, trail) > Sight::None);
        if caller.role == wire::Role::Supervisor {
            checks.push(self.check_left_cases(&viewer));
            checks.sort_by_key(|check| std::cmp::Reverse(check.level));
        }
        checks
    }

    /// How many letters wait that somebody may know of. [CAS-24]
    #[must_use]
    pub fn queued_for(&self, caller: &Caller) -> Length {
        let viewer = self.viewer(caller);
        match caller.role {
            wire::Role::Administrator => self.outbox.length(),
            _ => self.outbox.length_of(&|item| self.may_know(&viewer, item)),
        }
    }

    /// How many trails are here that somebody may know of; the administrator, who sees none of them, learns how many.
    /// [CAS-24]
    #[must_use]
    pub fn trails_for(&self, caller: &Caller) -> usize {
        match caller.role {
            wire::Role::Administrator => self.trail_count(),
            _ => self.count_trails(caller),
        }
    }

    /// A peer, with what waits for it as far as somebody may know of it. [CAS-24]
    #[must_use]
    pub fn peer_for(&self, caller: &Caller, peer: wire::Peer) -> wire::Peer {
        let Ok(organisation) = OrgId::parse(&peer.organisation) else { return peer };
        if caller.role == wire::Role::Administrator {
            return peer;
        }
        let viewer = self.viewer(caller);
        let queued = self.outbox.queue(&organisation).length_of(&|item| self.may_know(&viewer, item));
        let age = viewer.now.get().saturating_sub(queued.oldest);
        let oldest_queued_seconds = if queued.oldest == 0 { 0 } else { age };
        wire::Peer { queued: queued.items, oldest_queued_seconds, ..peer }
    }

    fn may_know(&self, viewer: &Viewer, item: &Waiting) -> bool {
        item.trail.is_none_or(|trail| self.cases.sight_of_trail(viewer, &trail) > Sight::None)
    }

    fn checks_of(&self, now: Seconds, seen: &dyn Fn(&TrailId) -> bool) -> Vec<wire::Check> {
        let mut checks = vec![
            self.check_clock(now),
            self.check_disk(),
            self.check_keys(now),
            self.check_queue(now, &|item| item.trail.is_none_or(|trail| seen(&trail))),
            self.check_peers(),
            self.check_agreements(),
            self.check_log(now),
            self.check_staff_keys(),
            self.check_on_call(now, seen),
            self.check_telephone(now, seen),
        ];
        checks.extend(self.check_retention(now, seen));
        checks.extend(self.check_put_back());
        checks.extend(self.check_relays(now));
        checks.sort_by_key(|check| std::cmp::Reverse(check.level));
        checks
    }

    /// [API-26]
    fn check_disk(&self) -> wire::Check {
        let left = self.storage.left().ok();
        let quota = left.is_some_and(|left| left.of == Scarce::Quota);
        if !self.storage.is_full() {
            return left.filter(Left::is_low).map_or_else(|| check("disk", wire::CheckLevel::Ok, ROOM, ""), low_space);
        }
        if quota {
            return check(
                "disk",
                wire::CheckLevel::Error,
                "the data folder has reached its bound, quota_mib: nothing is taken in, from peers neither; what waits is sent",
                "stop the node, and raise quota_mib in its configuration, or run `uputd index rebuild`; what peers sent comes again",
            );
        }
        check(
            "disk",
            wire::CheckLevel::Error,
            "the disk was full when something was last to be recorded: nothing is taken in, from peers neither",
            "free space; recording goes on by itself, and what peers sent comes again",
        )
    }

    /// Where the node's secrets lie, so that its doctor can look at who reads them. [NOD-64]
    pub fn look_after_keys(&self, place: impl Into<KeyPlace>) {
        // Said once, when the program starts.
        let _ = self.key_place.set(place.into());
    }

    /// [NOD-64]
    fn check_key_file(&self) -> Option<wire::Check> {
        let open = self.key_place.get().is_some_and(|place| init::is_open_to_others(place.folder()));
        open.then(|| {
            check(
                "key-file",
                wire::CheckLevel::Warning,
                "other users of this computer can read node.key, and with it everything here",
                "run `chmod 600 node.key` in the data folder, and ask who has read it",
            )
        })
    }

    fn check_keys(&self, now: Seconds) -> wire::Check {
        // [NOD-36]
        let forged = self.me.forged();
        if forged > 0 {
            let by = self.directory.bringer(&self.me.organisation).map(|by| self.directory.name(&by));
            let finding = format!(
                "somebody else signs with our organisation key: {} showed {forged} key records of ours that this node \
                 did not make; they are kept as proof",
                by.unwrap_or_else(|| "a peer".to_owned())
            );
            let remedy = "telephone every organisation you work with: they must disclose nothing to us. Begin anew as a \
                          new organisation, with a new organisation key";
            return check("key-record", wire::CheckLevel::Error, &finding, remedy);
        }
        let end = self.me.chain().newest().end();
        let left = end.since(now).map_or(0, |span| span.0);
        match left {
            0 => check(
                "key-record",
                wire::CheckLevel::Error,
                "the key record is past its end",
                "look whether the clock of this computer is right; then sign a new key record with the organisation key",
            ),
            left if left < SOON => check(
                "key-record",
                wire::CheckLevel::Warning,
                "the key record ends within thirty days",
                "sign a new key record with the organisation key",
            ),
            _ => check("key-record", wire::CheckLevel::Ok, "the key record is current", ""),
        }
    }

    fn check_queue(&self, now: Seconds, seen: &dyn Fn(&Waiting) -> bool) -> wire::Check {
        let queued = self.outbox.length_of(seen);
        // [NOD-34]
        let mut refused = self.outbox.refused(now.get().saturating_sub(NEWS));
        refused.retain(|(_, one)| seen(&one.item));
        if !refused.is_empty() {
            let mut said: Vec<String> = refused
                .iter()
                .map(|(peer, one)| format!("{} {}", self.directory.name(peer), refusal(one.code)))
                .collect();
            said.sort();
            said.dedup();
            let finding = format!(
                "{} items were refused for good ({}), and {} that follow them are held",
                refused.len(),
                said.join(", "),
                queued.held
            );
            let remedy = "telephone them; `uput inbox` names the trails that are broken off: open new ones";
            return check("queue", wire::CheckLevel::Error, &finding, remedy);
        }
        let age = if queued.oldest == 0 { 0 } else { now.get().saturating_sub(queued.oldest) };
        let alarm = age > SILENT || self.outbox.most(seen) > MANY;
        if age > OLD || alarm {
            let who = self.outbox.longest(seen).map(|(peer, _)| self.directory.name(&peer)).unwrap_or_default();
            let finding = format!("{} items wait for peers, the oldest for {age} s, for {who}", queued.items);
            // [DEL-9] What fills the disk is no matter of patience any more.
            let level = if alarm { wire::CheckLevel::Error } else { wire::CheckLevel::Warning };
            check("queue", level, &finding, "see `uput peer check` for what stands in the way, and telephone")
        } else {
            check("queue", wire::CheckLevel::Ok, &format!("{} items wait for peers", queued.items), "")
        }
    }

    /// [CAS-37] That there is such a case, and never which, nor who is excluded from it.
    fn check_cases(&self) -> wire::Check {
        let accounts = self.accounts.accounts();
        let may_open = |account: &&Account| {
            !account.disabled && matches!(account.role, wire::Role::CaseWorker | wire::Role::Supervisor)
        };
        let who: Vec<_> = accounts.iter().filter(may_open).map(|account| account.person).collect();
        let shut = |case: &Arc<Case>| case.into.is_none() && who.iter().all(|person| case.excludes(person));
        if !self.cases.with_exclusions().iter().any(shut) {
            return check("cases", wire::CheckLevel::Ok, "somebody here can open every case", "");
        }
        check(
            "cases",
            wire::CheckLevel::Error,
            "everybody here who could open a case is excluded from it",
            "make an account for somebody else whom the organisation trusts with it, at once: she waits for an answer",
        )
    }

    /// [NOD-63] [SAF-8]
    fn check_zone(&self) -> wire::Check {
        let settings = self.on_call.settings();
        match settings.lived_in() {
            Some(_) => {
                let finding = format!("people here live by the clock of {}", settings.zone_name);
                check("zone", wire::CheckLevel::Ok, &finding, "")
            }
            None => check(
                "zone",
                wire::CheckLevel::Warning,
                "nobody said in which time zone people live: no hour counts as one at which she can be reached safely",
                "write `zone = \"Europe/Belgrade\"`, or your own, under [on_call] in uput.toml, and start the node again",
            ),
        }
    }

    /// [CAS-19]
    fn check_left_cases(&self, viewer: &Viewer) -> wire::Check {
        if !self.is_any_case_left(viewer) {
            return check("cases", wire::CheckLevel::Ok, "somebody who is here has every case that was taken", "");
        }
        check(
            "cases",
            wire::CheckLevel::Warning,
            "a case is with nobody but people whose accounts were ended",
            "find it with `uput case list --untaken`, and give it to a colleague: `uput case assign`",
        )
    }

    /// [STF-19] [STF-26]
    fn check_staff_keys(&self) -> wire::Check {
        let asked = |held: &Held| held.signed.is_some() && held.agreement.asks_for_staff();
        let sealed = self.staff().sealing().staff_only || self.agreements.all().iter().any(asked);
        if sealed && !self.is_sealing_possible() {
            return check(
                "staff-keys",
                wire::CheckLevel::Error,
                "values are to be sealed to staff, and nobody here has a key that opens them: what peers send waits with them",
                "a supervisor makes one: `uput staff create`; then compare those of colleagues: `uput staff confirm`",
            );
        }
        if self.is_key_out_of_reach() {
            return check(
                "staff-keys",
                wire::CheckLevel::Warning,
                "too few of those who hold shares of a staff key are still here to bring it back",
                "its person makes a new one and shares it: `uput staff create`, `uput staff share`; `uput staff list` shows whose",
            );
        }
        let finding = if sealed { "somebody here opens what is sealed to staff" } else { "nothing is sealed to staff" };
        check("staff-keys", wire::CheckLevel::Ok, finding, "")
    }

    fn check_peers(&self) -> wire::Check {
        let states =
            || self.directory.peers().into_iter().filter_map(|peer| self.directory.state_of(&peer.organisation));
        let count = |state: PeerState| states().filter(|found| *found == state).count();
        if count(PeerState::Frozen) > 0 {
            return check(
                "peers",
                wire::CheckLevel::Error,
                "the keys of a peer fork",
                "telephone that organisation and compare safety numbers again",
            );
        }
        match count(PeerState::Introduced) {
            0 => check(
                "peers",
                wire::CheckLevel::Ok,
                &format!("{} peers are confirmed", count(PeerState::Confirmed)),
                "",
            ),
            n => check(
                "peers",
                wire::CheckLevel::Warning,
                &format!("{n} peers wait for their safety number to be compared"),
                "compare it by telephone, then `uput peer confirm NAME`",
            ),
        }
    }

    fn check_agreements(&self) -> wire::Check {
        let unsigned = self.agreements.all().iter().filter(|held| held.signed.is_none()).count();
        // [AGR-36]
        if !self.versions().forks().is_empty() {
            return check(
                "agreements",
                wire::CheckLevel::Warning,
                "two later versions of one agreement are signed by the same parties",
                "agree on one version that amends one of them; until then the later and stricter counts",
            );
        }
        match unsigned {
            0 => check("agreements", wire::CheckLevel::Ok, "every agreement here is signed by all its parties", ""),
            n => check(
                "agreements",
                wire::CheckLevel::Warning,
                &format!("{n} agreements lack signatures"),
                "see `uput agreement list` for whose",
            ),
        }
    }

    /// Own key records as bytes.
    #[must_use]
    pub fn own_chain_bytes(&self) -> Vec<u8> {
        encode_chain(&self.me.chain())
    }

    /// Checks an agreement without taking it in.
    ///
    /// # Errors
    /// Why it is not one, or that this organisation is no party.
    pub fn check_agreement(&self, envelope: Envelope) -> Result<Held, Rejection> {
        let held = Held::new(envelope, &self.all_chains())?;
        self.agreements.admit(&held, Some(&|other: &Held| self.has_signed(other)))?;
        if held.agreement.party(&self.me.organisation).is_some() { Ok(held) } else { Err(Rejection::NoRule) }
    }

    /// Whether this organisation has signed an agreement.
    pub(super) fn has_signed(&self, held: &Held) -> bool {
        let us = self.me.organisation;
        let binds = held.agreement.signing().any(|party| party.organisation == us);
        binds && !held.missing(&self.all_chains()).contains(&us)
    }

    /// One agreement.
    #[must_use]
    pub fn held_agreement(&self, id: &AgreementId) -> Option<Held> {
        self.agreements.get(id)
    }

    /// Every version that counts, now.
    pub(super) fn versions(&self) -> Standing {
        self.agreements.standing(crate::clock::now())
    }

    /// An agreement and who has signed it.
    #[must_use]
    pub fn agreement_status(&self, held: &Held) -> wire::AgreementStatus {
        let missing = held.missing(&self.all_chains());
        let parties = || held.agreement.parties();
        let signed = held.agreement.signing().map(|party| party.organisation).filter(|org| !missing.contains(org));
        let versions = self.versions();
        let given_up = versions.given_up_by(&held.agreement.id());
        let replaced_by = versions.replaced_for_all(&held.agreement).or(given_up).map(|id| id.to_vec());
        let stands = held.signed.is_some() && given_up.is_none();
        wire::AgreementStatus {
            agreement: held.agreement.id().to_vec(),
            title: held.agreement.title().to_owned(),
            version: held.agreement.version(),
            signed: sorted(signed.collect()),
            missing: sorted(missing.clone()),
            in_force: stands && held.agreement.is_in_force(crate::clock::now()),
            replaced_by: replaced_by.unwrap_or_default(),
            suspended: sorted(parties().filter(|party| party.suspended).map(|party| party.organisation).collect()),
        }
    }

    /// Every agreement by title and version.
    #[must_use]
    pub fn agreement_list(&self) -> Vec<wire::AgreementStatus> {
        let mut list: Vec<_> = self.agreements.all().iter().map(|held| self.agreement_status(held)).collect();
        list.sort_by(|a, b| (&a.title, a.version).cmp(&(&b.title, b.version)));
        list
    }

    /// A peer.
    #[must_use]
    pub fn view_peer(&self, peer: &Peer) -> wire::Peer {
        let card = self.directory.card(&peer.organisation);
        let queued = self.outbox.queue(&peer.organisation).length();
        let age = crate::clock::now().get().saturating_sub(queued.oldest);
        wire::Peer {
            name: peer.name.clone(),
            organisation: peer.organisation.to_vec(),
            state: match card.as_ref().map(|card| card.state) {
                Some(PeerState::Confirmed) => wire::PeerState::Confirmed,
                Some(PeerState::Frozen) => wire::PeerState::Frozen,
                _ => wire::PeerState::Introduced,
            }
            .into(),
            safety_number: self.directory.safety_number(&self.me.organisation, &peer.organisation).to_string(),
            endpoints: card.map(|card| card.endpoints).unwrap_or_default(),
            connected: peer.connected,
            last_contact: peer.last_contact.map_or(0, Seconds::get),
            queued: queued.items,
            oldest_queued_seconds: if queued.oldest == 0 { 0 } else { age },
            difficulty: peer.difficulty.map(|difficulty| difficulty.to_string()).unwrap_or_default(),
            key_chain: self.directory.chain(&peer.organisation).map(|chain| encode_chain(&chain)).unwrap_or_default(),
            clock_ahead: peer.measured.map_or(0, |measured| measured.skew.ahead),
            clock_bound: peer.measured.map_or(0, |measured| measured.skew.bound),
            clock_off: peer.measured.is_some_and(|measured| clocks::is_off(&measured.skew)),
        }
    }

    /// Peers by name, and whoever was invited and has not come yet.
    #[must_use]
    pub fn view_peers(&self) -> Vec<wire::Peer> {
        let mut peers: Vec<wire::Peer> = self.directory.peers().iter().map(|peer| self.view_peer(peer)).collect();
        let invited = self.directory.invited(crate::clock::now()).into_iter();
        peers.extend(invited.map(|name| wire::Peer {
            name,
            state: wire::PeerState::Invited.into(),
            ..Default::default()
        }));
        peers
    }
}

pub(super) fn check(name: &str, level: wire::CheckLevel, finding: &str, remedy: &str) -> wire::Check {
    wire::Check { name: name.to_owned(), level: level.into(), finding: finding.to_owned(), remedy: remedy.to_owned() }
}

fn sorted(ids: Vec<uput_core::id::OrgId>) -> Vec<Vec<u8>> {
    let mut ids: Vec<Vec<u8>> = ids.iter().map(|id| id.to_vec()).collect();
    ids.sort();
    ids
}
