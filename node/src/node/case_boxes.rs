//! Boxes that are no trail's: that of a case's record, and the one whose secret is the key of words.
//!
//! Guarantees that a record is sealed to staff from the first write on when the organisation asks for it or one of its
//! trails is sealed, and stays so. Leaves to `staff_boxes` how a box is made and who gets its secret.

use uput_core::{id::TrailId, rejection::Rejection, wire};

use super::{
    Node,
    staff_boxes::{NewBox, Readers, StaffBox},
};
use crate::{
    account::{By, Caller},
    case::{Case, CaseId, Sight},
    clock,
    record::{self, BoxRecord, case_key_name, word_box_name},
    staff::StaffKey,
    storage::Commit,
};

impl Node {
    /// The box to which values of a case's record are sealed, which exactly those open who should now, in the case as it
    /// will be: the newest one, or another that is made with what is committed. None if they are not sealed. Hold the case.
    /// [CAS-47] [STF-18]
    ///
    /// # Errors
    /// [`Rejection::NoStaffKey`] if nobody could open it.
    pub(super) fn case_box(&self, case: &Case, by: By, commit: &mut Commit) -> Result<Option<StaffBox>, Rejection> {
        let subject = case_key_name(&case.id);
        let newest = self.boxes_of(&subject)?.last().map(StaffBox::of).transpose()?;
        if newest.is_none() && !self.seals_record(case)? {
            return Ok(None);
        }
        let readers = self.reading_keys(&Readers::of(Some(case), clock::now()));
        if readers.is_empty() {
            return Err(Rejection::NoStaffKey);
        }
        let should = readers.iter().map(StaffKey::id).collect();
        let number = newest.as_ref().map_or(1, |newest| newest.number.saturating_add(1));
        if let Some(newest) = newest.filter(|newest| newest.readers() == should) {
            return Ok(Some(newest));
        }
        let made = NewBox::make(number, None).wrap(&readers)?;
        let record = BoxRecord { case: case.id.to_vec(), ..made.record(&subject, by.to_vec()) };
        commit.records.push(record::draft(&record));
        Ok(Some(made))
    }

    /// Whether the values of a record are sealed: the organisation asks for it, or they are in one of its trails, or in a
    /// case that was joined into it.
    fn seals_record(&self, case: &Case) -> Result<bool, Rejection> {
        if self.staff.sealing().staff_only {
            return Ok(true);
        }
        let joined = case.joined.iter().map(case_key_name);
        for subject in case.trails.iter().map(|trail| *trail.as_bytes()).chain(joined) {
            if !self.boxes_of(&subject)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The boxes of a record, and of those that were joined into it.
    pub(super) fn view_case_boxes(&self, case: &Case, caller: &Caller) -> Result<Vec<wire::StaffBox>, Rejection> {
        let ring = self.key_ring(caller);
        let view = |kept: BoxRecord| Ok(StaffBox::of(&kept)?.view(&kept.subject, &ring));
        self.boxes_of_record(case)?.into_iter().map(view).collect()
    }

    fn boxes_of_record(&self, case: &Case) -> Result<Vec<BoxRecord>, Rejection> {
        let mut boxes = Vec::new();
        for id in std::iter::once(&case.id).chain(&case.joined) {
            boxes.extend(self.boxes_of(&case_key_name(id))?);
        }
        Ok(boxes)
    }

    /// The boxes of a case's record and of all its trails; of one trail; of all that there is. [STF-13]
    pub(super) fn boxes_about(&self, subject: &[u8]) -> Result<Vec<BoxRecord>, Rejection> {
        let Some(id) = CaseId::parse(subject) else { return self.boxes_of(subject) };
        let Some(case) = self.whole_case(&id) else { return Ok(Vec::new()) };
        let mut boxes = self.boxes_of_record(&case)?;
        for trail in &case.trails {
            boxes.extend(self.boxes_of(trail.as_bytes())?);
        }
        Ok(boxes)
    }

    /// The box whose secret is the key of words; made when somebody who may search, and has a key that counts, first asks
    /// for it. None for anybody else. [CAS-68]
    ///
    /// # Errors
    /// [`Rejection::ReadFailed`]; it could not be kept.
    pub async fn word_box(&self, caller: &Caller) -> Result<Option<wire::StaffBox>, Rejection> {
        if !self.caseworkers().contains(&caller.person) || self.staff.current(&caller.person).is_none() {
            return Ok(None);
        }
        let _alone = self.changing.lock().await;
        let subject = word_box_name();
        let held = match self.boxes_of(&subject)?.last() {
            Some(kept) => StaffBox::of(kept)?,
            None => {
                let made = NewBox::make(1, None).wrap(&self.reading_keys(&Readers::default()))?;
                self.keep(&made.record(&subject, Self::by(caller))).await?;
                made
            }
        };
        Ok(Some(held.view(&subject, &self.key_ring(caller))))
    }

    /// Who may open a box.
    pub(super) fn readers_of_box(&self, kept: &BoxRecord) -> Result<Readers, Rejection> {
        match CaseId::parse(&kept.case) {
            Some(case) => Ok(Readers::of(self.whole_case(&case).as_deref(), clock::now())),
            None if kept.subject == word_box_name() => Ok(Readers::default()),
            None => Ok(self.readers_of(&TrailId::parse(&kept.subject)?)),
        }
    }

    /// Whether the caller may see now what is sealed to a box.
    pub(super) fn sees_box(&self, caller: &Caller, kept: &BoxRecord) -> bool {
        match CaseId::parse(&kept.case) {
            Some(case) => self.whole_case(&case).is_some_and(|case| self.sight(caller, &case.id) == Sight::Values),
            None if kept.subject == word_box_name() => self.caseworkers().contains(&caller.person),
            None => {
                let trail = TrailId::parse(&kept.subject);
                trail.is_ok_and(|trail| self.sight_of(caller, &trail) == Sight::Values)
            }
        }
    }
}
