//! Saying a change in the trails of its case.
//!
//! Guarantees that what was said is not said again, and that values which the node cannot read are used for as long as the
//! record is as the change left it, and no longer. Leaves to `plan` what is to be said where, and to `write` whether it may
//! be.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest;
use uput_core::{catalogue::Field, id::TrailId, rejection::Rejection, wire};

use super::{case_of, labels, sealed_follow_up};
use crate::{
    account::Caller,
    case::CaseId,
    follow_up::{Change, Do, Say, Why},
    node::{Node, Second, known::Known, refusal::Refused, write::NewEvent},
    record::{self, FollowUpRecord, FollowedStep},
};

/// What the node has in the clear while a request is here, and cannot read afterwards. [CAS-54]
#[derive(Default)]
pub(super) struct Given<'a> {
    pub(super) fields: &'a [Field],
    pub(super) of_basis: Option<&'a BTreeMap<TrailId, Vec<Field>>>,
    /// The trail that she chose.
    pub(super) chosen: Option<TrailId>,
}

impl Given<'_> {
    pub(super) fn of_basis(&self, trail: &TrailId) -> &[Field] {
        self.of_basis.and_then(|all| all.get(trail)).map_or(&[], Vec::as_slice)
    }

    /// What is known, with what was given for as long as it is the newest word.
    fn with(&self, mut known: Known, made: u64) -> Known {
        if known.changed == made {
            let sealed = self.fields.iter().filter(|field| known.seals(&[field.label()]));
            let given: Vec<_> = sealed.map(|field| (field.clone(), None)).collect();
            known.put(given, made);
        }
        known
    }
}

/// A change that is said.
struct Saying<'a> {
    kept: &'a FollowUpRecord,
    by: &'a Caller,
    given: &'a Given<'a>,
    change: Change,
    said_by: &'a str,
    /// Whether what the node cannot read waits for whoever has it.
    waits: bool,
}

impl Node {
    /// Says in each trail what is to be said there, and writes down what became of it.
    pub(super) async fn follow(
        &self,
        kept: FollowUpRecord,
        by: &Caller,
        given: &Given<'_>,
    ) -> Result<wire::FollowedChange, Rejection> {
        let mut followed = self.opened_follow_up(&kept)?;
        if kept.complete {
            return self.view_change(&kept, &followed).await;
        }
        let case = CaseId::parse(&kept.case).and_then(|id| self.whole_case(&id)).ok_or(Rejection::ReadFailed)?;
        let change = Change::parse(&followed.change).ok_or(Rejection::ReadFailed)?;
        // What she chose stands in the record of the change, also after a stop.
        let given = &Given { chosen: TrailId::parse_optional(&followed.chosen)?, ..*given };
        let known = given.with(self.known(&case)?, kept.time);
        // A trail that came into the case meanwhile.
        for trail in &case.trails {
            if !followed.trails.iter().any(|step| step.trail == trail.to_vec()) {
                followed.trails.push(self.plan_or_wait(trail, change, &known, given).await?);
            }
        }
        let mut complete = true;
        for step in followed.trails.iter_mut().filter(|step| step.is_unread()) {
            *step = self.plan_or_wait(&TrailId::parse(&step.trail)?, change, &known, given).await?;
            complete &= !step.is_unread();
        }
        // [CAS-54] What the node cannot read waits for whoever repeats the request, as long as the record still says it.
        let waits = given.fields.is_empty() && known.changed == kept.time;
        let saying = Saying { kept: &kept, by, given, change, said_by: &followed.said_by, waits };
        for step in &mut followed.trails {
            complete &= self.say_in(&saying, step).await?;
        }
        // [CAS-79] What waits for a second person is gone on with when somebody approves it.
        complete &= followed.trails.iter().all(|step| step.approval.is_empty());
        let keys = self.case_keys(&case_of(&kept)?).and_then(|keys| keys.evidence).ok_or(Rejection::StepNotAllowed)?;
        let sealed = sealed_follow_up(&keys, &case_of(&kept)?, &followed)?;
        let kept = FollowUpRecord { sealed, complete, ..kept };
        self.keep(&kept).await?;
        self.view_change(&kept, &followed).await
    }

    /// Says in one trail what is not said there yet. What cannot be said is written down with its reason, and so is what
    /// waits for its values. Tells whether nothing does.
    async fn say_in(&self, saying: &Saying<'_>, step: &mut FollowedStep) -> Result<bool, Rejection> {
        let trail = TrailId::parse(&step.trail)?;
        let [sealed, unread] =
            [Rejection::SealedToStaff, Rejection::ReadFailed].map(|waits| waits.code().to_ascii_lowercase());
        if step.why == sealed || (step.why == unread && !step.is_unread()) {
            (step.why, step.todo) = (Why::Nothing.word().to_owned(), Do::Nothing.word().to_owned());
        }
        let (mut said, mut done) = (Vec::new(), true);
        for word in std::mem::take(&mut step.say) {
            let say = Say::parse(&word).ok_or(Rejection::ReadFailed)?;
            let request_id = request_id(&saying.kept.follow_up, &trail, say);
            if self.indexed(record::REQUESTS, &record::request_digest(&saying.by.by(), &request_id)).is_some() {
                if say == Say::Corrected {
                    step.waits_no_more();
                }
                said.push(word);
                continue;
            }
            let event = match self.followed_event(saying, request_id, &trail, say).await {
                Err(refused) if saying.waits && refused.rejection() == Rejection::SealedToStaff => {
                    (step.why, step.todo) = (sealed.clone(), Do::Telephone.word().to_owned());
                    said.push(word);
                    done = false;
                    continue;
                }
                event => event,
            };
            let outcome = match event {
                Ok(event) => self.say_or_ask(event, step).await,
                Err(refused) => Err(refused),
            };
            match outcome {
                Ok(()) => said.push(word),
                // [CAS-117] It is not given up because a trail cannot be read now.
                Err(refused) if refused.rejection() == Rejection::ReadFailed => {
                    (step.why, step.todo) = (unread.clone(), Do::Telephone.word().to_owned());
                    said.push(word);
                    done = false;
                }
                Err(refused) => step.cannot_be_said(&refused),
            }
        }
        step.say = said;
        Ok(done)
    }

    /// What is said in a trail.
    async fn followed_event(
        &self,
        saying: &Saying<'_>,
        request_id: String,
        trail: &TrailId,
        say: Say,
    ) -> Result<NewEvent, Refused> {
        let (fields, rests_on) = self.fields_of(saying, trail, say).await?;
        Ok(NewEvent {
            second: Second::Nobody,
            by: saying.by.clone(),
            request_id,
            validate_only: false,
            trail: *trail,
            statement: say.statement(),
            fields,
            basis: None,
            article: 0,
            occurred: None,
            evidence_trail: None,
            stays: None,
            knowingly: Vec::new(),
            overbooking: wire::Overbooking::Unspecified,
            beside: wire::Beside::Unspecified,
            attest: false,
            rests_on,
        })
    }

    /// What goes with one event of a change, and the trails in which it was received.
    async fn fields_of(
        &self,
        saying: &Saying<'_>,
        trail: &TrailId,
        say: Say,
    ) -> Result<(Vec<Field>, BTreeSet<TrailId>), Refused> {
        match say {
            Say::Corrected => self.corrects(saying, trail).await,
            Say::Withdrawn => Ok((self.said_by(trail, saying.said_by).await?, BTreeSet::new())),
            Say::DoNotContact | Say::RiskChanged | Say::ChosenElsewhere => Ok(Default::default()),
        }
    }

    /// The same of a correction: what it brings along from the record is treated as what a person takes from there. [CAS-100]
    /// [CAS-115]
    async fn corrects(&self, saying: &Saying<'_>, trail: &TrailId) -> Result<(Vec<Field>, BTreeSet<TrailId>), Refused> {
        let (correction, mut sources) = {
            let mut held = self.trails.hold(trail).await;
            self.ensure_loaded(&mut held, trail)?;
            let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
            let case = self.case_of(trail).and_then(|id| self.case(&id)).ok_or(Rejection::NoSuchCase)?;
            let known = saying.given.with(self.known(&case)?, saying.kept.time);
            let sealed = match known.seals(labels(saying.change)) {
                true => Rejection::SealedToStaff,
                false => Rejection::OutsideProfile,
            };
            let of_basis = saying.given.of_basis(trail);
            let correction = self.correction(loaded, saying.change, &known, of_basis)?.ok_or(sealed)?;
            let sources = known.sources(&correction.brought);
            (correction, sources)
        };
        sources.remove(trail);
        self.refuse_withdrawn(&sources, correction.basis).await?;
        Ok((correction.fields, sources.into_keys().collect()))
    }
}

/// The ID of the request with which a change is said in a trail: always the same. [CAS-54]
pub(super) fn request_id(follow_up: &[u8], trail: &TrailId, say: Say) -> String {
    let parts = [b"uput/node/follow-up/".as_slice(), follow_up, trail.as_bytes(), say.word().as_bytes()].concat();
    let hash = digest::digest(&digest::SHA256, &parts);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
