//! Erasing what is held about her in a case.
//!
//! Guarantees that it is written down before the key is destroyed, and that a node which stopped in between destroys it at
//! its next start. Leaves what was disclosed in trails to their own erasure.

use uput_core::rejection::Rejection;

use super::{Node, cases::draft_of, journal::OpenError};
use crate::{
    account::Caller,
    case::{Case, CaseId, Sight},
    clock,
    record::{access_key_name, case_key_name},
    storage::{Commit, KeyKind, StorageError},
};

impl Node {
    /// Destroys the value key of a case and of those that were joined into it: values, words, own file number and the names
    /// that she gave. Tells when that was, if it was done before. [CAS-48]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`]; [`Rejection::DiskFull`] if the key was not destroyed: the next
    /// start does it.
    pub async fn erase_case_record(&self, caller: &Caller, id: &CaseId) -> Result<u64, Rejection> {
        // What is said from the record now is said before; nothing is followed meanwhile.
        let _stays = self.cases.record_changes(id).await;
        let _alone = self.cases.hold([*id]).await;
        let mut case = Case::clone(&*self.demand_case(caller, id, Sight::Values)?);
        if case.erased == 0 {
            // [RET-13] [CAS-125]
            if self.is_case_on_hold(&case.id) {
                return Err(Rejection::OnHold);
            }
            let mut keys = Vec::new();
            // A case that never had a key has one whose value is gone: nothing makes another.
            self.case_key(id, &mut keys)?;
            case = Case { erased: clock::now().get(), external_ref: None, names: Vec::new(), ..case };
            let _settling = self.settling();
            self.commit(Commit { keys, records: vec![draft_of(&case, Some(caller.by()))] }).await?;
            self.set_case(case.clone());
        }
        self.forget_case(&case);
        let (names, erased) = (erased_names(&case), case.erased);
        tokio::task::block_in_place(|| self.destroy_erased(&names)).map_err(|error| {
            tracing::error!(%error, "the record of a case was not erased; the next start does it");
            Rejection::DiskFull
        })?;
        Ok(erased)
    }

    /// At a start: destroys what was to be erased when the node stopped. Cases are there already.
    pub(super) fn finish_erasures(&self) -> Result<(), OpenError> {
        for case in self.cases.all().iter().filter(|case| case.erased != 0) {
            self.destroy_erased(&erased_names(case))?;
        }
        Ok(())
    }

    fn destroy_erased(&self, names: &[[u8; 32]]) -> Result<(), StorageError> {
        let here = |name: &&[u8; 32]| self.storage.trail_keys(name).is_some_and(|keys| keys.value.is_some());
        let keys: Vec<_> = names.iter().filter(here).map(|name| (*name, KeyKind::Value)).collect();
        if keys.is_empty() { Ok(()) } else { self.storage.erase_all(&keys) }
    }
}

fn erased_names(case: &Case) -> Vec<[u8; 32]> {
    let cases = std::iter::once(&case.id).chain(&case.joined);
    // [ACL-6] What colleagues wrote as reasons to look goes with it.
    cases.flat_map(|id| [case_key_name(id), access_key_name(id)]).collect()
}
