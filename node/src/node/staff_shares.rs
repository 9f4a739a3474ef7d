//! Shares of staff keys: handing them out, and giving them back after a loss.
//!
//! Guarantees that a share is given only by whoever holds it, and only to a newer key of whose it is; that as many of them as
//! bring the old key back also make the new one count. Leaves joining them to the program of whose they are.

use std::collections::BTreeSet;

use uput_core::{
    id::KeyId,
    rejection::Rejection,
    staff::{self, Sharing},
};

use super::Node;
use crate::{
    account::Caller,
    clock,
    record::{self, ShareRecord},
    staff::{HeldShare, StaffKey},
    storage::Commit,
};

impl Node {
    /// Puts the shares of one's own key into the hands of colleagues: other persons, each with a key that counts. [STF-23]
    ///
    /// # Errors
    /// [`Rejection::NoStaffKey`] for a key that is not the caller's, or a holder without one that counts;
    /// [`Rejection::BadValue`] for other numbers than the organisation wants, or a key that is shared already.
    pub async fn share_staff_key(
        &self,
        caller: &Caller,
        key: &KeyId,
        sharing: Sharing,
        shares: Vec<HeldShare>,
        proof: &[u8],
    ) -> Result<StaffKey, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let own = |key: &StaffKey| key.person() == Some(caller.person);
        let key = self.staff.key(key).filter(own).ok_or(Rejection::NoStaffKey)?;
        // [STF-25] A key is shared once: nobody else hands out shares of nothing.
        self.staff.demand(Some(&key), &key.id(), proof)?;
        let wanted = self.staff.sealing().sharing;
        let numbers: BTreeSet<u8> = shares.iter().map(|share| share.number).collect();
        let whole = numbers == (1..=sharing.made()).collect() && shares.len() == numbers.len();
        if !whole || key.sharing.is_some() || wanted.is_some_and(|wanted| wanted != sharing) {
            return Err(Rejection::BadValue);
        }
        let here = self.employed();
        let holder = |share: &HeldShare| {
            let holder = self.staff.key(&share.holder)?.person()?;
            // [ACC-18] Nobody gets back what is in the hands of somebody who left.
            let current = self.staff.current(&holder)?.id() == share.holder && here.contains(&holder);
            (current && holder != caller.person && share.key == key.id()).then_some(holder)
        };
        let holders: Option<BTreeSet<_>> = shares.iter().map(holder).collect();
        // Two shares in one hand would make k of n less than k people.
        if holders.is_none_or(|holders| holders.len() != shares.len()) {
            return Err(Rejection::NoStaffKey);
        }
        let key = StaffKey { sharing: Some(sharing), ..key };
        let mut records: Vec<_> = shares.iter().map(|share| record::draft(&self.share_record(caller, share))).collect();
        records.push(record::draft(&key.record()));
        self.commit(Commit { keys: Vec::new(), records }).await?;
        shares.into_iter().for_each(|share| self.staff.set_share(share));
        self.staff.set_key(key.clone());
        Ok(key)
    }

    /// Gives a share back, sealed to a newer key of whose it is; tells how many were given to that key, and how many it
    /// takes. As many as it takes make that key count: so many colleagues have compared it. [STF-24]
    ///
    /// # Errors
    /// [`Rejection::NoStaffKey`] if the caller does not hold that share or prove to hold a key, or it is not sealed to a newer key
    /// of its owner.
    pub async fn give_share(
        &self,
        caller: &Caller,
        of: &KeyId,
        number: u8,
        given: Vec<u8>,
        proof: &[u8],
    ) -> Result<(usize, u8), Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let share = self.staff.shares_of(of).into_iter().find(|share| share.number == number);
        let held =
            |share: &HeldShare| self.staff.key(&share.holder).and_then(|key| key.person()) == Some(caller.person);
        let share = share.filter(held).ok_or(Rejection::NoStaffKey)?;
        // Shares of a key that never counted make none count. [STF-24]
        let lost = self.staff.key(of).filter(|lost| lost.confirmed.is_some()).ok_or(Rejection::NoStaffKey)?;
        let needed = lost.sharing.ok_or(Rejection::NoStaffKey)?.needed();
        let to = self.staff.key(&staff::recipient(&given)?).ok_or(Rejection::NoStaffKey)?;
        if to.owner != lost.owner || to.number <= lost.number {
            return Err(Rejection::NoStaffKey);
        }
        // [STF-25]
        self.staff.demand(self.staff.current(&caller.person).as_ref(), &to.id(), proof)?;
        let again = share.given_to() == Some(to.id());
        let count = self.staff.given(of, &to.id()) + usize::from(!again);
        let share = HeldShare { given, ..share };
        let mut records = vec![record::draft(&self.share_record(caller, &share))];
        let (enough, by) = (count >= usize::from(needed) && to.confirmed.is_none(), Some(caller.by()));
        let counts = enough.then(|| StaffKey { confirmed: Some(clock::now().get()), confirmed_by: by, ..to });
        records.extend(counts.as_ref().map(|key| record::draft(&key.record())));
        // In one commit: the last share that is needed and that the key counts.
        self.commit(Commit { keys: Vec::new(), records }).await?;
        self.staff.set_share(share);
        counts.into_iter().for_each(|key| self.staff.set_key(key));
        Ok((count, needed))
    }

    /// Whether a key of somebody here could not be brought back: too few of those who hold its shares are here. [STF-26]
    pub(super) fn is_key_out_of_reach(&self) -> bool {
        let here = self.employed();
        let is_here = |share: &HeldShare| {
            let holder = self.staff.key(&share.holder).and_then(|key| key.person());
            holder.is_some_and(|holder| here.contains(&holder))
        };
        let is_out = |key: &StaffKey| {
            let reachable = self.staff.shares_of(&key.id()).iter().filter(|share| is_here(share)).count();
            key.sharing.is_some_and(|sharing| reachable < usize::from(sharing.needed()))
        };
        here.iter().filter_map(|person| self.staff.current(person)).any(|key| is_out(&key))
    }

    fn share_record(&self, caller: &Caller, share: &HeldShare) -> ShareRecord {
        ShareRecord { changed: clock::now().get(), account: Self::by(caller), ..share.record() }
    }
}
