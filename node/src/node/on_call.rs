//! The rota, in the journal first.
//!
//! Guarantees that an address is on disk only under a key of its own, which goes when the duty goes, and that a duty is
//! of somebody who can act on a trail. Leaves who is nudged to `nudges`.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use uput_core::{rejection::Rejection, sensitive::Sensitive, time::Seconds, wire};

use super::{
    Node,
    journal::{OpenError, all},
    nudges::Calls,
};
use crate::{
    account::{AccountId, Caller, PersonId},
    clock::{self, SystemEntropy},
    on_call::{Attempt, Channel, Duty, DutyId, Gap, Reached, Rota, Settings, When},
    record::{self, DutyRecord},
    seal,
    storage::{Commit, KeyKind, NewTrailKeys},
};

/// Most duties at a time. [ONC-5]
const MOST_DUTIES: usize = 500;

/// A duty, also one that was removed.
pub(super) struct PastDuty {
    duty: Duty,
    /// When it was removed, in seconds since 1970.
    until: u64,
}

/// What the node keeps in memory of who is on call.
#[derive(Default)]
pub(super) struct OnCall {
    settings: OnceLock<Settings>,
    pub(super) calls: Calls,
    rota: Mutex<Vec<Duty>>,
    attempts: Mutex<Vec<Attempt>>,
}

impl OnCall {
    /// From the configuration, or what holds without one.
    pub(super) fn settings(&self) -> &Settings {
        self.settings.get_or_init(Settings::default)
    }

    /// Every duty, by when it was made.
    pub(super) fn duties(&self) -> Vec<Duty> {
        locked(&self.rota).clone()
    }

    /// The attempts that still count, the oldest first.
    pub(super) fn attempts(&self) -> MutexGuard<'_, Vec<Attempt>> {
        locked(&self.attempts)
    }
}

impl Node {
    /// Takes in the configuration. Once, before anything is served.
    pub fn set_on_call(&self, settings: Settings) {
        if self.on_call.settings.set(settings).is_err() {
            tracing::warn!("who is on call was set up twice; the first holds");
        }
    }

    /// Reads rota and attempts back.
    pub(super) fn read_on_call(&self) -> Result<(), OpenError> {
        let unreadable = || OpenError::Unreadable(Rejection::Malformed);
        let (mut duties, mut left) = (Vec::new(), Vec::new());
        for kept in all::<DutyRecord>(&self.storage, record::DUTIES)? {
            if kept.removed == 0 {
                duties.push(self.duty_of(&kept).ok_or_else(unreadable)?);
                continue;
            }
            let id = DutyId::parse(&kept.duty).ok_or_else(unreadable)?;
            let key = self.storage.trail_keys(&record::duty_key_name(&id)).and_then(|keys| keys.value);
            left.extend(key.map(|_| id));
        }
        // [ONC-5] The node stopped between taking a duty off and destroying its address.
        let _said = self.forget_addresses(&left);
        duties.sort_by_key(|duty| (duty.created, duty.id));
        *locked(&self.on_call.rota) = duties;
        *self.on_call.attempts() = self.recent_attempts(clock::now()).map_err(OpenError::Unreadable)?;
        Ok(())
    }

    /// Puts somebody on duty, or declares a holiday; what it replaces goes in the same commit. [ONC-5]
    ///
    /// # Errors
    /// [`Rejection::BadValue`]; [`Rejection::NoSuchAccount`]; [`Rejection::NoSuchDuty`]; [`Rejection::TooMany`].
    pub async fn set_duty(&self, by: &Caller, asked: wire::Duty, replaces: &[u8]) -> Result<Duty, Rejection> {
        let account = match asked.account.as_slice() {
            [] => None,
            beginning => Some(self.on_duty_account(beginning)?),
        };
        let id = DutyId::new(SystemEntropy.bytes());
        let mut duty = Duty::asked(id, asked, account)?;
        (duty.created, duty.created_by) = (clock::now().get(), Some(by.account));
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let replaced = if replaces.is_empty() { None } else { Some(self.duty(replaces)?) };
        if self.on_call.duties().len() >= MOST_DUTIES {
            return Err(Rejection::TooMany);
        }
        let (kept, key) = duty_record(&duty)?;
        let gone = replaced.as_ref().map(|duty| self.gone(duty, &by.account)).transpose()?;
        let records = gone.iter().chain([&kept]).map(record::draft).collect();
        self.commit(Commit { keys: vec![key], records }).await?;
        let mut rota = locked(&self.on_call.rota);
        rota.retain(|duty| replaced.as_ref().is_none_or(|gone| gone.id != duty.id));
        rota.push(duty.clone());
        drop(rota);
        self.on_call.calls.look();
        replaced.map_or(Ok(()), |duty| self.forget_addresses(&[duty.id]))?;
        Ok(duty)
    }

    /// Takes a duty off the rota, and destroys its address.
    ///
    /// # Errors
    /// [`Rejection::NoSuchDuty`].
    pub async fn remove_duty(&self, by: &Caller, beginning: &[u8]) -> Result<(), Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let duty = self.duty(beginning)?;
        self.keep(&self.gone(&duty, &by.account)?).await?;
        locked(&self.on_call.rota).retain(|kept| kept.id != duty.id);
        self.on_call.calls.look();
        self.forget_addresses(&[duty.id])
    }

    /// The rota, by order.
    #[must_use]
    pub fn duties(&self) -> Vec<Duty> {
        let mut duties = self.on_call.duties();
        duties.sort_by_key(|duty| (duty.person.as_ref().map_or(0, |person| person.order), duty.created, duty.id));
        duties
    }

    /// When nobody is on duty in so many days. [ONC-6]
    #[must_use]
    pub fn duty_gaps(&self, now: Seconds, days: u32) -> Vec<Gap> {
        Rota::new(&self.standing(), &self.on_call.settings().zone).gaps(now, days)
    }

    /// Who is on duty and can be called, in order. [ONC-2] [ONC-4]
    #[must_use]
    pub fn on_duty(&self, now: Seconds) -> Vec<(DutyId, Reached)> {
        let duties = self.standing();
        let rota = Rota::new(&duties, &self.on_call.settings().zone);
        rota.on_duty(now).into_iter().map(|(duty, person)| (duty.id, person.clone())).collect()
    }

    /// Duties of people who are here, and holidays: one of somebody who left neither fills a gap nor stands before another.
    fn standing(&self) -> Vec<Duty> {
        let mut duties = self.on_call.duties();
        duties.retain(|duty| duty.person.as_ref().is_none_or(|person| self.is_active(&person.account)));
        duties
    }

    /// Every duty that ever was, and until when it was on the rota.
    pub(super) fn every_duty(&self) -> Result<Vec<PastDuty>, OpenError> {
        let unreadable = || OpenError::Unreadable(Rejection::Malformed);
        let kept = all::<DutyRecord>(&self.storage, record::DUTIES)?;
        let past = |kept: &DutyRecord| {
            let until = if kept.removed == 0 { u64::MAX } else { kept.removed };
            Some(PastDuty { duty: self.duty_of(kept)?, until })
        };
        kept.iter().map(|kept| past(kept).ok_or_else(unreadable)).collect()
    }

    /// Who was on duty at some moment of a time, by the rota as it was then: a duty that was written afterwards says
    /// nothing about what was before. [ACL-42]
    pub(super) fn were_on_duty(&self, duties: &[PastDuty], from: u64, until: u64) -> BTreeSet<PersonId> {
        let then = duties.iter().filter(|past| past.duty.created < until && past.until > from);
        let then: Vec<Duty> = then.map(|past| past.duty.clone()).collect();
        let found = Rota::new(&then, &self.on_call.settings().zone).during(from, until);
        let accounts = found.into_iter().filter_map(|person| self.accounts.account(&person.account.to_vec()).ok());
        accounts.map(|account| account.person).collect()
    }

    /// What people call the zone of the rota.
    #[must_use]
    pub fn duty_zone(&self) -> &str {
        &self.on_call.settings().zone_name
    }

    /// Whether an account was not ended.
    pub(super) fn is_active(&self, account: &AccountId) -> bool {
        self.accounts.account(&account.to_vec()).is_ok_and(|account| !account.disabled)
    }

    fn duty(&self, beginning: &[u8]) -> Result<Duty, Rejection> {
        let mut found = self.on_call.duties().into_iter().filter(|duty| duty.id.begins(beginning));
        match (found.next(), found.next()) {
            (Some(one), None) if beginning.len() >= 4 => Ok(one),
            _ => Err(Rejection::NoSuchDuty),
        }
    }

    /// [ONC-4] Whoever cannot act on a trail is not woken for one.
    fn on_duty_account(&self, beginning: &[u8]) -> Result<AccountId, Rejection> {
        let account = self.accounts.account(beginning)?;
        let acts = matches!(account.role, wire::Role::Intake | wire::Role::CaseWorker | wire::Role::Supervisor);
        match (account.disabled, acts) {
            (true, _) => Err(Rejection::NoSuchAccount),
            (false, true) => Ok(account.id),
            (false, false) => Err(Rejection::BadValue),
        }
    }

    /// The duties of an account.
    pub(super) fn duties_of(&self, account: &AccountId) -> Vec<Duty> {
        let mut duties = self.on_call.duties();
        duties.retain(|duty| duty.person.as_ref().is_some_and(|person| person.account == *account));
        duties
    }

    /// After the commit that removes them. What is not destroyed here is at the next start.
    pub(super) fn take_off_rota(&self, gone: &[Duty]) {
        locked(&self.on_call.rota).retain(|kept| gone.iter().all(|duty| duty.id != kept.id));
        self.on_call.calls.look();
        let ids: Vec<DutyId> = gone.iter().map(|duty| duty.id).collect();
        let _said = self.forget_addresses(&ids);
    }

    /// The record of a duty that is taken off.
    pub(super) fn gone(&self, duty: &Duty, by: &AccountId) -> Result<DutyRecord, Rejection> {
        let position = self.indexed(record::DUTIES, &duty.id.to_vec()).ok_or(Rejection::NoSuchDuty)?;
        let kept: DutyRecord = self.at(position)?;
        Ok(DutyRecord { removed: clock::now().get(), removed_by: by.to_vec(), ..kept })
    }

    /// Blocks for a few syncs.
    fn forget_addresses(&self, duties: &[DutyId]) -> Result<(), Rejection> {
        let keys: Vec<_> = duties.iter().map(|duty| (record::duty_key_name(duty), KeyKind::Value)).collect();
        if keys.is_empty() {
            return Ok(());
        }
        tokio::task::block_in_place(|| self.storage.erase_all(&keys)).map_err(|error| {
            tracing::error!(%error, "the address of a duty was not erased");
            Rejection::DiskFull
        })
    }

    fn duty_of(&self, kept: &DutyRecord) -> Option<Duty> {
        let id = DutyId::parse(&kept.duty)?;
        let when = match u8::try_from(kept.days).ok()? {
            0 => When::new_once(kept.from, kept.until)?,
            days => When::new_weekly(days, kept.from.try_into().ok()?, kept.until.try_into().ok()?)?,
        };
        let person = if kept.holiday { None } else { Some(self.reached(&id, kept)?) };
        Some(Duty { id, when, person, created: kept.created, created_by: AccountId::parse(&kept.created_by) })
    }

    fn reached(&self, id: &DutyId, kept: &DutyRecord) -> Option<Reached> {
        let key = self.storage.trail_keys(&record::duty_key_name(id)).and_then(|keys| keys.value);
        // The key opens the address; where it was destroyed there is none any more.
        let address = key.and_then(|key| seal::open(key.expose(), &record::duty_aad(id), &kept.address).ok());
        let address = address.and_then(|address| String::from_utf8(address.to_vec()).ok()).unwrap_or_default();
        Some(Reached {
            account: AccountId::parse(&kept.account)?,
            order: kept.order,
            channel: Channel::from_number(kept.channel.try_into().ok()?)?,
            address: Sensitive::new(address),
        })
    }
}

/// The record of a duty, with the key of its address.
fn duty_record(duty: &Duty) -> Result<(DutyRecord, NewTrailKeys), Rejection> {
    let key = NewTrailKeys::generate(record::duty_key_name(&duty.id)).map_err(|_| Rejection::Malformed)?;
    let (days, from, until) = match duty.when {
        When::Weekly { days, from, until } => (u32::from(days), u64::from(from), u64::from(until)),
        When::Once { from, until } => (0, from, until),
    };
    let person = duty.person.as_ref();
    // [ONC-5] Address and key are exposed to seal one under the other.
    let seal = |person: &Reached| {
        seal::seal(key.value.expose(), &record::duty_aad(&duty.id), person.address.expose().as_bytes())
    };
    let address = person.map(seal).transpose().map_err(|_| Rejection::Malformed)?.unwrap_or_default();
    let kept = DutyRecord {
        duty: duty.id.to_vec(),
        account: person.map(|person| person.account.to_vec()).unwrap_or_default(),
        order: person.map_or(0, |person| person.order),
        days,
        from,
        until,
        holiday: person.is_none(),
        channel: person.map_or(0, |person| person.channel as u32),
        address,
        created: duty.created,
        created_by: duty.created_by.map(AccountId::to_vec).unwrap_or_default(),
        ..DutyRecord::default()
    };
    Ok((kept, key))
}

// A panic while a lock was held leaves the list whole: each change is one step.
pub(super) fn locked<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
