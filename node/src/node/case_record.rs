//! What is held about her in a case: once, and nothing typed twice.
//!
//! Guarantees that values are sealed under the case's own key before they are on disk, that only who sees values of the case
//! reads or writes them, and that each look is an access. Leaves to others who sees what (`cases`), and which labels may go
//! where (the agreement).

use std::collections::{BTreeMap, btree_map::Entry};

use prost::Message;
use uput_core::{
    agreement::{Occasion, Request},
    catalogue::{Field, Label},
    event::{Event, Statement},
    id::{OrgId, TrailId},
    rejection::Rejection,
    safe_contact::{Intent, guard_record, is_contact, is_outlived},
    sensitive::Sensitive,
    state::Verdict,
    wire::{self, AccessKind, OverrideKind},
    words,
};

use super::{
    Node,
    accesses::Of,
    cases::draft_of,
    exclusions::names_in,
    known::{Known, KnownField, Source},
    overrides::About,
    refusal::Refused,
    trails::Loaded,
    view::contact_kind,
    write::{NewEvent, NewTrail, terms_for},
};
use crate::{
    access::Why,
    account::{By, Caller},
    case::{Case, CaseId, RecordStays, Sight},
    clock,
    record::{
        self, CASE_REQUESTS, CASE_VALUES, CASE_VALUES_PART, CaseValuesRecord, EventRecord, Holding, case_aad,
        case_key_name,
    },
    seal,
    search::{self, Digest},
    storage::{Commit, NewTrailKeys, TrailKeys},
};

/// What is written into the record of a case.
pub struct NewValues {
    /// Who writes.
    pub by: Caller,
    /// The same ID gives the same answer.
    pub request_id: String,
    /// Check only.
    pub validate_only: bool,
    /// Into which case's record.
    pub case: CaseId,
    /// What is typed.
    pub fields: Vec<Field>,
    /// Labels whose words tell nobody who she is, although they look so. [NST-11]
    pub knowingly: Vec<Label>,
    /// What is taken over from trails of the case.
    pub taken: Vec<(TrailId, Vec<Label>)>,
    /// What the record shall not have any more.
    pub removed: Vec<Label>,
    /// Digests that the asking program made; none: they stay as they are.
    pub words: Option<Vec<Digest>>,
    /// Digests of the words of single labels, that it made.
    pub label_words: Vec<(Label, Vec<Digest>)>,
    /// What is noted from now on, or taken back. [CAS-90]
    pub marks: Vec<((wire::CaseMarkKind, Option<Label>), bool)>,
}

impl Node {
    /// The same, by whoever need not say why.
    ///
    /// # Errors
    /// As [`Node::update_case_record_because`].
    pub async fn update_case_record(&self, new: NewValues) -> Result<(wire::CaseRecord, Vec<Label>), Refused> {
        self.update_case_record_because(new, &Why::default()).await
    }

    /// Writes values into the record of a case. Tells what the record is then, and which labels had another value. [CAS-41]
    ///
    /// # Errors
    /// [`Refused`]: nothing was written.
    pub async fn update_case_record_because(
        &self,
        new: NewValues,
        why: &Why,
    ) -> Result<(wire::CaseRecord, Vec<Label>), Refused> {
        let case = self.demand_case(&new.by, &new.case, Sight::Values)?;
        let (mut typed, mut fields) = (new.fields, Vec::<(Field, Option<Source>)>::new());
        for (trail, labels) in &new.taken {
            if !case.trails.contains(trail) {
                return Err(Rejection::NoSuchTrail.into());
            }
            let taken = self.newest_values(&new.by, trail, labels, &mut typed, why).await?;
            fields.extend(taken.into_iter().map(|(field, source)| (field, Some(source))));
        }
        fields.extend(self.by_her_clock(typed).into_iter().map(|field| (field, None)));
        let digest = record::request_digest(&new.by.by(), &new.request_id);
        let _alone = self.cases.hold([new.case]).await;
        // An exclusion that came while this waited counts.
        let case = self.demand_case(&new.by, &new.case, Sight::Values)?;
        // [CAS-113] What was purged while this waited is not written down after it.
        let purged = |(_, source): &&(Field, Option<Source>)| source.is_some_and(|source| !self.is_told(&source));
        let purged: Vec<Label> = fields.iter().filter(purged).map(|(field, _)| field.label()).collect();
        if !purged.is_empty() {
            return Err(Refused::NotRecorded(purged));
        }
        let mut known = self.known(&case)?;
        if self.indexed(CASE_REQUESTS, &digest).is_some() {
            return Ok((known.view(&case.id, false), Vec::new()));
        }
        let now = clock::now().get();
        let typed: Vec<Field> = fields.iter().map(|(field, _)| field.clone()).collect();
        let passed = self.judge_words(&new.by, &case, &typed, &new.knowingly)?;
        let named = names_in(fields.iter().map(|(field, _)| field));
        let mut replaced = known.put(fields, now);
        for label in &new.removed {
            replaced.extend(known.fields.remove(label).map(|_| *label));
        }
        known.let_pass(&passed);
        if let Some(words) = new.words {
            known.given_words = words;
        }
        known.set_words(new.label_words);
        new.marks.iter().for_each(|(mark, stands)| known.marks.set(*mark, *stands, now));
        known.touch(now);
        let mut commit = Commit::default();
        // [STF-18] Whom she names in it opens nothing of it.
        let excluding = self.excluding(&case, &named, &mut commit.keys)?;
        commit.records.extend(excluding.iter().map(|case| draft_of(case, Some(new.by.by()))));
        let as_it_will_be = excluding.as_ref().unwrap_or(&case);
        self.write_known(as_it_will_be, &mut known, new.by.by(), digest, &mut commit)?;
        let of = Of::Case(case.id);
        if new.validate_only {
            // [ACL-1] Whoever hears which values are other ones can find out what they are.
            self.keep_access(&new.by, of, AccessKind::CaseShown, why).await?;
        } else {
            // [APR-21]
            let about = About::Case(case.id);
            let passed = passed.first().map(|_| self.overridden(OverrideKind::Words, &new.by.by(), about));
            commit.records.extend(passed.iter().map(record::draft));
            let _settling = self.settling();
            self.keep_access_with(&new.by, of, AccessKind::CaseChanged, why, commit).await?;
            passed.into_iter().for_each(|record| self.overrides.set(record));
            self.index_record(&case.id, &known);
            excluding.into_iter().for_each(|case| self.set_case(case));
        }
        replaced.sort_unstable();
        replaced.dedup();
        Ok((known.view(&case.id, false), replaced))
    }

    /// The record of a case, for whoever need not say why.
    ///
    /// # Errors
    /// As [`Node::show_case_record_because`].
    pub async fn show_case_record(
        &self,
        caller: &Caller,
        id: &CaseId,
        values: bool,
    ) -> Result<wire::CaseRecord, Rejection> {
        self.show_case_record_because(caller, id, values, &Why::default()).await
    }

    /// The same for a reason, by whoever is not about to reach her.
    ///
    /// # Errors
    /// As [`Node::show_case_record_to_reach`].
    pub async fn show_case_record_because(
        &self,
        caller: &Caller,
        id: &CaseId,
        values: bool,
        why: &Why,
    ) -> Result<wire::CaseRecord, Rejection> {
        self.show_case_record_to_reach(caller, id, values, Intent::default(), why).await
    }

    /// The record of a case; of how she is reached as much as what is intended allows. The access is recorded before. [CAS-42]
    /// [SAF-2]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`]; [`Rejection::NeedsReason`]; [`Rejection::DiskFull`].
    pub async fn show_case_record_to_reach(
        &self,
        caller: &Caller,
        id: &CaseId,
        values: bool,
        intent: Intent,
        why: &Why,
    ) -> Result<wire::CaseRecord, Rejection> {
        let wanted = if values { Sight::Values } else { Sight::Outline };
        let case = self.demand_case(caller, id, wanted)?;
        let mut shown = self.known(&case)?.view(id, values);
        let kind = if values {
            self.mark_outlived(&mut shown).await?;
            let fit = guard_record(&mut shown, intent, self.her_minute());
            let sealed = shown.fields.iter().any(|field| !field.sealed.is_empty());
            let kind = if sealed { AccessKind::SealedValuesGiven } else { AccessKind::CaseShown };
            contact_kind(fit, intent).unwrap_or(kind)
        } else {
            AccessKind::LabelsShown
        };
        self.keep_access(caller, Of::Case(case.id), kind, why).await?;
        Ok(shown)
    }

    /// Marks values of contact whose trail is over, or has newer ones. [SAF-20]
    async fn mark_outlived(&self, record: &mut wire::CaseRecord) -> Result<(), Rejection> {
        let mut trails = BTreeMap::new();
        for field in &mut record.fields {
            let contact = Label::parse(&field.label).is_ok_and(is_contact);
            let Some(from) = TrailId::parse_optional(&field.taken_from)?.filter(|_| contact) else { continue };
            if let Entry::Vacant(place) = trails.entry(from) {
                place.insert(self.told_in(&from).await?);
            }
            // Of a trail that is here no more nobody can tell.
            field.over =
                trails.get(&from).is_some_and(|trail| trail.as_ref().is_none_or(|trail| is_outlived(trail, field)));
        }
        Ok(())
    }

    /// The boxes to which values of a case's record are sealed, for somebody who may see them. [CAS-47]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`].
    pub fn record_boxes(&self, caller: &Caller, id: &CaseId) -> Result<Vec<wire::StaffBox>, Rejection> {
        let case = self.demand_case(caller, id, Sight::Values)?;
        self.view_case_boxes(&case, caller)
    }

    /// Adds to an opening what it takes from the record of its case, and tells which labels were typed otherwise than the
    /// record says. [CAS-43]
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn open_from_case(&self, new: &mut NewTrail, labels: &[Label]) -> Result<Vec<Label>, Refused> {
        new.case = self.case_of_opening(new)?;
        let Some(id) = new.case else {
            return if labels.is_empty() { Ok(Vec::new()) } else { Err(Refused::NotRecorded(labels.to_vec())) };
        };
        let Some((known, stays)) = self.known_to(&new.by, &id, labels).await? else { return Ok(Vec::new()) };
        new.stays = stays;
        if new.stage == 2 && self.lets_name_excluded(new) {
            known.add(Label::ExcludedPersons, &mut new.fields)?;
        }
        let differs = known.fill(labels, &mut new.fields)?;
        let sources = known.sources(&new.fields);
        self.refuse_withdrawn(&sources, new.basis).await?;
        new.rests_on = sources.into_keys().collect();
        Ok(differs)
    }

    /// The same for an event of a trail. [CAS-43]
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn say_from_case(&self, new: &mut NewEvent, labels: &[Label]) -> Result<Vec<Label>, Refused> {
        let id = self.case_of(&new.trail).ok_or(Rejection::NoSuchTrail)?;
        let Some((known, stays)) = self.known_to(&new.by, &id, labels).await? else { return Ok(Vec::new()) };
        new.stays = stays;
        // [CAS-44] Whoever learns who she is learns whom she excluded.
        if new.statement == Statement::Identity && known.fields.contains_key(&Label::ExcludedPersons) {
            let mut held = self.trails.hold(&new.trail).await;
            self.ensure_loaded(&mut held, &new.trail)?;
            let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
            if permits(loaded, new, Label::ExcludedPersons) {
                known.add(Label::ExcludedPersons, &mut new.fields)?;
            }
        }
        let differs = known.fill(labels, &mut new.fields)?;
        let mut sources = known.sources(&new.fields);
        sources.remove(&new.trail);
        if !sources.is_empty() {
            let basis = self.terms_of(new).await?.basis;
            self.refuse_withdrawn(&sources, basis).await?;
        }
        new.rests_on = sources.into_keys().collect();
        Ok(differs)
    }

    /// Refuses what would tell an organisation that she excluded. [CAS-45]
    ///
    /// # Errors
    /// [`Rejection::ExcludedOrganisation`].
    pub(super) fn refuse_excluded(&self, case: &Case, peer: &OrgId) -> Result<(), Rejection> {
        // [CAS-48] Nobody knows any more whom she excluded.
        if case.erased != 0 {
            return Err(Rejection::StepNotAllowed);
        }
        if self.known(case)?.excluded.contains(peer) { Err(Rejection::ExcludedOrganisation) } else { Ok(()) }
    }

    /// Refuses what would be disclosed on a basis that what is noted of the case closes. [CAS-91]
    ///
    /// # Errors
    /// [`Refused::Closed`].
    pub(super) fn refuse_closed(
        &self,
        by: &Caller,
        case: &Case,
        basis: wire::LegalBasis,
        fields: &[Field],
    ) -> Result<(), Refused> {
        let closed = self.known(case)?.marks.closes(basis, fields);
        // [CAS-112] What is noted is told to nobody who does not see it.
        let told = self.sight(by, &case.id) >= Sight::Values;
        match closed {
            None => Ok(()),
            Some(closed) if told => Err(Refused::Closed(closed)),
            Some(_) => Err(Rejection::BasisNotAllowed.into()),
        }
    }

    /// Refuses what would go on under a consent although the one under which it was told here was withdrawn, or is over.
    /// What arrives after this is followed (CAS-101). [CAS-115]
    pub(super) async fn refuse_withdrawn(
        &self,
        sources: &BTreeMap<TrailId, Vec<Label>>,
        basis: wire::LegalBasis,
    ) -> Result<(), Refused> {
        if !matches!(basis, wire::LegalBasis::ExplicitConsent | wire::LegalBasis::GuardianConsent) {
            return Ok(());
        }
        let (now, mut gone) = (clock::now(), Vec::new());
        for (trail, labels) in sources {
            if self.endings.consent_is_over(trail, now) || !self.withdrawn_in(trail).await?.is_empty() {
                gone.extend(labels);
            }
        }
        if gone.is_empty() { Ok(()) } else { Err(Refused::Withdrawn(gone)) }
    }

    /// What is known in a case, and in those that were joined into it: the case's own word first; of what it has taken in whole
    /// only its own. [CAS-46] [CAS-119]
    pub(super) fn known(&self, case: &Case) -> Result<Known, Rejection> {
        let mut known = self.known_alone(&case.id)?;
        let joined = case.joined.iter().map(|id| Ok((*id, self.known_alone(id)?)));
        let joined = joined.collect::<Result<Vec<_>, Rejection>>()?;
        let mut merged = known.merged.clone();
        merged.extend(joined.iter().flat_map(|(_, other)| &other.merged));
        for (_, other) in joined.into_iter().filter(|(id, _)| !merged.contains(id)) {
            known.join(other);
        }
        Ok(known)
    }

    pub(super) fn known_alone(&self, case: &CaseId) -> Result<Known, Rejection> {
        let Some(position) = self.indexed(CASE_VALUES, &case.to_vec()) else { return Ok(Known::default()) };
        let kept: CaseValuesRecord = self.at(position)?;
        self.opened_record(&kept)
    }

    /// What a record holds; nothing if its key was destroyed.
    pub(super) fn opened_record(&self, kept: &CaseValuesRecord) -> Result<Known, Rejection> {
        let case = CaseId::parse(&kept.case).ok_or(Rejection::ReadFailed)?;
        let Some(key) = self.case_keys(&case).and_then(|keys| keys.value) else { return Ok(Known::default()) };
        // The key opens what is read from the journal.
        let bytes = seal::open(key.expose(), &case_aad(&case, CASE_VALUES_PART), &kept.sealed);
        let holding = Holding::decode(bytes.map_err(|_| Rejection::ReadFailed)?.as_slice());
        let mut holding = holding.map_err(|_| Rejection::ReadFailed)?;
        let gone = self.open_told(&mut holding)?;
        Ok(Known { gone, ..Known::of(holding, kept.time)? })
    }

    /// Adds the record of what is known to what is committed, and the case's keys if it has none yet. Hold the case. [CAS-40]
    pub(super) fn write_known(
        &self,
        case: &Case,
        known: &mut Known,
        by: By,
        request: Vec<u8>,
        commit: &mut Commit,
    ) -> Result<(), Rejection> {
        // [CAS-47] What the node seals to staff everywhere else it does not hold in the clear here.
        if known.is_open()
            && let Some(held) = self.case_box(case, by, commit)?
        {
            known.seal(&case.id, &held)?;
        }
        let key = self.case_key(&case.id, &mut commit.keys)?;
        known.merged.clone_from(&case.joined);
        let mut holding = known.holding();
        self.keep_told(&mut holding)?;
        let plain = zeroize::Zeroizing::new(holding.encode_to_vec());
        // The key seals what is written to the journal.
        let sealed = seal::seal(key.expose(), &case_aad(&case.id, CASE_VALUES_PART), &plain);
        let sealed = sealed.map_err(|_| Rejection::Malformed)?;
        let (case, account) = (case.id.to_vec(), by.to_vec());
        commit.records.push(record::draft(&CaseValuesRecord { case, sealed, time: known.changed, account, request }));
        Ok(())
    }

    /// A case as it is when her record names persons whom she excluded; none if it names nobody. Hold the case. [CAS-30]
    pub(super) fn excluding(
        &self,
        case: &Case,
        named: &[Sensitive<String>],
        keys: &mut Vec<NewTrailKeys>,
    ) -> Result<Option<Case>, Rejection> {
        if named.is_empty() {
            return Ok(None);
        }
        let mut case = case.clone();
        self.exclude_named(&mut case, named, keys)?;
        Ok(Some(case))
    }

    /// The digests by which a record is found.
    pub(super) fn words_of(&self, known: &Known) -> Vec<Digest> {
        let mut digests: Vec<Digest> = Vec::new();
        // [CAS-68] Of what is sealed to staff the node makes none.
        for field in known.fields.values().filter_map(KnownField::open) {
            digests.extend(self.storage.search_key().digests(&words::of_field(field)));
        }
        digests.sort_unstable();
        digests.dedup();
        digests.truncate(search::MOST);
        digests
    }

    pub(super) fn case_keys(&self, case: &CaseId) -> Option<TrailKeys> {
        self.storage.trail_keys(&case_key_name(case))
    }

    /// What is known in a case, for whoever sees its values, and that it stays so; nothing for whoever sees the outline only
    /// and takes nothing from it. [CAS-43]
    async fn known_to(
        &self,
        caller: &Caller,
        id: &CaseId,
        labels: &[Label],
    ) -> Result<Option<(Known, Option<RecordStays>)>, Rejection> {
        let wanted = if labels.is_empty() { Sight::Outline } else { Sight::Values };
        self.demand_case(caller, id, wanted)?;
        if self.sight(caller, id) < Sight::Values {
            return Ok(None);
        }
        let stays = self.cases.record_stays(id).await;
        // An exclusion that came while this waited counts.
        let case = self.demand_case(caller, id, wanted)?;
        Ok(Some((self.known(&case)?, stays)))
    }

    /// Whether the rule of an opening lets it name persons whom she excluded.
    fn lets_name_excluded(&self, new: &NewTrail) -> bool {
        let allowed = || {
            let peer = self.confirmed(&new.peer).ok()?.organisation;
            let (us, now) = (self.me.organisation, clock::now());
            let agreement = self.agreement_for(new, &peer, now).ok()?;
            let rule = agreement.rule_for(new.act, &us, &peer, new.service_type)?;
            let profile = agreement.profile(rule)?;
            Some(profile.identity.contains(&Label::ExcludedPersons))
        };
        allowed().unwrap_or(false)
    }

    /// The newest value of each label in a trail, and under which key it is. Reading them is an access. What is sealed to staff
    /// the asking program opened and gives with what is typed. [CAS-47]
    async fn newest_values(
        &self,
        caller: &Caller,
        id: &TrailId,
        labels: &[Label],
        typed: &mut Vec<Field>,
        why: &Why,
    ) -> Result<Vec<(Field, Source)>, Refused> {
        self.demand(caller, id, Sight::Values)?;
        let mut held = self.trails.hold(id).await;
        self.demand(caller, id, Sight::Values)?;
        self.ensure_loaded(&mut held, id)?;
        let loaded = held.as_mut().ok_or(Rejection::NoSuchTrail)?;
        let boxed = !loaded.boxes.is_empty();
        if boxed && !labels.iter().all(|label| typed.iter().any(|field| field.label() == *label)) {
            return Err(Rejection::SealedToStaff.into());
        }
        self.keep_access(caller, Of::Trail(*id), AccessKind::ValuesShown, why).await?;
        let mut found: BTreeMap<Label, (Field, Source)> = BTreeMap::new();
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let effective =
            |event: &Event| reading.events.get(&event.id).is_some_and(|judged| judged.verdict == Verdict::Effective);
        for event in loaded.trail.events().filter(|event| effective(event)) {
            let told = if boxed { self.by_program(loaded, event, typed)? } else { self.readable(loaded, event)? };
            for field in told.into_iter().filter(|field| labels.contains(&field.label())) {
                found.insert(field.label(), (field, self.source(loaded, &event.id)?));
            }
        }
        typed.retain(|field| !boxed || !found.contains_key(&field.label()));
        let missing: Vec<Label> = labels.iter().copied().filter(|label| !found.contains_key(label)).collect();
        if missing.is_empty() { Ok(found.into_values().collect()) } else { Err(Refused::NotRecorded(missing)) }
    }

    /// Of what the asking program opened, what an event whose values are still here has the labels of.
    fn by_program(&self, loaded: &Loaded, event: &Event, typed: &[Field]) -> Result<Vec<Field>, Rejection> {
        if event.slots.is_empty() || !self.is_told(&self.source(loaded, &event.id)?) {
            return Ok(Vec::new());
        }
        let beside = loaded.beside.get(&event.id).ok_or(Rejection::ReadFailed)?;
        let kept: EventRecord = self.at(beside.position)?;
        let said: Vec<Label> = loaded.labels(event, &kept).map(|said| said.labels().collect()).unwrap_or_default();
        Ok(typed.iter().filter(|field| said.contains(&field.label())).cloned().collect())
    }

    /// The values of an event as far as the agreement lets them be read and they are still here.
    pub(super) fn readable(&self, loaded: &Loaded, event: &Event) -> Result<Vec<Field>, Rejection> {
        if event.slots.is_empty() {
            return Ok(Vec::new());
        }
        let beside = loaded.beside.get(&event.id).ok_or(Rejection::ReadFailed)?;
        let kept: EventRecord = self.at(beside.position)?;
        let (Some(disclosed), Some(request)) = (loaded.values(event, &kept), loaded.request(event)) else {
            return Ok(Vec::new());
        };
        Ok(loaded.agreement.strip(&request, &disclosed).kept)
    }
}

/// Whether a label may stand in an event that is to be said.
fn permits(loaded: &Loaded, new: &NewEvent, label: Label) -> bool {
    let permitted = || {
        let occasion = Occasion::of(&new.statement, true);
        let terms = terms_for(new, loaded, &new.statement, occasion).ok()?;
        let (opened, opening) = (loaded.trail.opening_event().ok()?, loaded.trail.opening().ok()?);
        let time = clock::now().floor(loaded.agreement.grain());
        let kind = Occasion::content(&new.statement);
        loaded.agreement.permit(&Request { opener: &opened.author, opening, terms, occasion, kind, time }).ok()
    };
    permitted().is_some_and(|permitted| permitted.labels().contains(&label))
}
