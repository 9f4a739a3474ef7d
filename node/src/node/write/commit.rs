//! Own events on their way to the disk and into the queue.
//!
//! Guarantees that an event is on disk, with what changes because of it, before it is queued. Leaves to its callers whether
//! it may be said at all.

use uput_core::{
    event::Statement,
    id::{Id, TrailId},
    log::EntryKind,
    rejection::Rejection,
};

use crate::{
    account::By,
    case::Case,
    node::{
        Node,
        approvals::Approved,
        cases::draft_of,
        journal::beside,
        log::{Logged, logged},
        outbox::Waiting,
        places,
        refusal::Refused,
        trails::{Held, Loaded},
        written::Written,
    },
    record::{self, ErasureRecord},
    storage::{Commit, KeyKind, NewTrailKeys},
};

/// On whose word an event is written, for which request, and what its case becomes with it.
pub(super) struct Asked {
    pub(super) by: Option<By>,
    pub(super) request: Vec<u8>,
    pub(super) case: Option<Case>,
    /// What the trail takes of our places from now on.
    pub(super) place: Option<places::Change>,
    /// What it says that is erased. [RET-17]
    pub(super) erased: Option<ErasureRecord>,
}

impl Node {
    /// Commits an own event that the trail in hand has admitted, and queues it; if it brought the trail to rest, with a
    /// head. [BUN-40]
    pub(super) async fn commit_event(
        &self,
        held: &mut Held,
        mut loaded: Loaded,
        written: &mut Written,
        asked: Asked,
        keys: Vec<NewTrailKeys>,
        rests: bool,
    ) -> Result<(), Refused> {
        let to = loaded.other(&self.me.organisation);
        let boxed = self.box_for_written(&mut loaded, written, asked.case.as_ref())?;
        let dispatch = self.dispatch_key_for(&loaded, written, loaded.ordinal())?;
        let key = self.key_of(&written.event);
        let (mut kept, evidence) =
            written.record(&loaded, loaded.ordinal(), Some(&to), asked.request, dispatch.as_ref(), key)?;
        // [ACC-20] Beside the event, never in it: a peer learns nothing of it.
        kept.account = asked.by.map(By::to_vec).unwrap_or_default();
        kept.beside = written.beside.into();
        kept.words = self.sealed_words(&loaded, written)?;
        let head = if rests { self.offered(&loaded).ok() } else { None };
        let boxed = boxed.map(|new| self.wrap_box(&mut loaded, new, asked.case.as_ref())).transpose()?;
        let outline = self.outline_record(&loaded, kept.stored)?;
        let mut approved = written.approved.take();
        if let Some(approved) = &mut approved {
            approved.happens_in(&loaded.trail.id());
        }
        // What is said comes first: the rest stays here, and waits for nobody.
        let mut records = vec![record::draft(&kept)];
        records.extend(head.iter().map(|(_, head)| record::draft(head)));
        let sent = records.len();
        records.extend(asked.case.iter().map(|case| draft_of(case, asked.by)));
        records.extend(boxed.iter().map(record::draft));
        // [APR-5] It is used with what it lets happen, or not at all.
        records.extend(approved.iter().map(Approved::draft));
        // [PLC-2] What is promised is taken with the promise, or not at all.
        records.extend(asked.place.iter().map(places::Change::draft));
        records.extend(asked.erased.iter().map(record::draft));
        // [APR-21]
        let overridden = |by| self.overridden_by(written, asked.place.as_ref(), by, loaded.trail.id());
        let passed = asked.by.as_ref().map(overridden).unwrap_or_default();
        records.extend(passed.iter().map(record::draft));
        // [ONW-10] Nobody else gives the same copy to somebody else meanwhile.
        let _copy = match &written.copy {
            Some(copy) => Some(self.trails.hold(&copy_place(copy)).await),
            None => None,
        };
        let given = written.copy.as_ref().map(|copy| self.copy_given(copy, &to, kept.stored)).transpose()?;
        records.extend(given.flatten());
        records.extend(self.rests_on(&loaded.trail.id(), &written.rests_on, kept.stored));
        // [CAS-102]
        let withdrawal = self.withdrawal(&loaded, &written.event.id, kept.stored);
        records.extend(withdrawal.iter().map(record::draft));
        let said = Logged::with(EntryKind::OwnEvent, written.event.id, to);
        let heads = head.iter().map(|(envelope, _)| Logged::with(EntryKind::Head, envelope.id(), to));
        records.extend(logged(std::iter::once(said).chain(heads)));
        records.push(record::draft(&outline));
        let commit = Commit { keys: keys.into_iter().chain(dispatch).collect(), records };
        let _settling = self.settling();
        // If this fails the trail in hand is dropped, and read anew from the journal.
        let mut positions = self.commit(commit).await?.into_inner();
        let outlined = positions.pop().ok_or(Rejection::DiskFull)?;
        if let Some(approved) = approved {
            approved.used();
        }
        asked.place.iter().for_each(|place| self.promised.took(place));
        asked.erased.into_iter().for_each(|erased| self.retentions.erased(erased));
        passed.into_iter().for_each(|record| self.overrides.set(record));
        self.withdrawals.add(withdrawal);
        let position = positions.first().copied().ok_or(Rejection::DiskFull)?;
        loaded.beside.insert(written.event.id, beside(position, &kept, evidence)?);
        let trail = Some(loaded.trail.id());
        loaded.heads.extend(head.map(|(envelope, _)| envelope));
        self.outlined(loaded.trail.id(), &outline, outlined);
        self.on_call.calls.touch(loaded.trail.id());
        self.note_words(&kept);
        **held = Some(loaded);
        // [CAS-101] What rests on a withdrawal that is here already, and what a withdrawal that is said here is under.
        self.cascades.add(written.rests_on.iter().copied());
        if written.event.statement == Statement::Withdrawn {
            self.cascades.add(trail);
        }
        if let Some(case) = asked.case {
            self.set_case(case);
        }
        let items =
            (0..).zip(positions).take(sent).map(|(n, at)| (at, Waiting { trail, event: n == 0, since: kept.stored }));
        let queue = self.outbox.queue(&to);
        if written.event.opening().is_some() {
            // [BAK-51] What this incarnation opens was nowhere before: nobody is asked about it.
            trail.iter().for_each(|trail| queue.resume(*trail));
        }
        queue.push(items);
        Ok(())
    }

    /// Destroys the values of a trail. Blocks for a few syncs; nothing else works on the trail meanwhile.
    pub(in crate::node) fn erase_values(&self, loaded: &mut Loaded) -> Result<(), Rejection> {
        loaded.ended = loaded.keys.len();
        self.erase_ended(loaded)
    }

    /// The same of those that are over. [BAK-55]
    pub(in crate::node) fn erase_ended(&self, loaded: &mut Loaded) -> Result<(), Rejection> {
        for (generation, keys) in (0..).zip(loaded.keys.iter_mut().take(loaded.ended)) {
            if keys.value.take().is_some() {
                let name = record::key_name(&loaded.trail.id(), generation);
                tokio::task::block_in_place(|| self.storage.erase(&name, KeyKind::Value)).map_err(|error| {
                    tracing::error!(%error, "values were not erased");
                    Rejection::DiskFull
                })?;
            }
        }
        self.forget_words(&loaded.trail.id());
        self.forget_told(&loaded.trail.id())?;
        // [APR-9] Why a second person was asked may say as much as the values.
        let trail = loaded.trail.id().to_vec();
        self.forget_words_of_approvals(|kept| kept.trail == trail).map(drop)
    }
}

/// The place in which a copy is given once.
fn copy_place(copy: &Id) -> TrailId {
    Id::of(&[b"uput/node/copy".as_slice(), copy.as_bytes()].concat()).into()
}
