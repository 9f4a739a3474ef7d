//! What is held about her in a case: once, and nothing typed twice.
//!
//! Guarantees that values are sealed under the case's own key before they are on disk, that only who sees values of the case
//! reads or writes them, and that each look is an access. Leaves to others who sees what (`cases`), and which labels may go
//! where (the agreement).

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use uput_core::{
    agreement::{Occasion, Request},
    catalogue::{Field, Label},
    event::{Event, Statement},
    id::{OrgId, TrailId},
    rejection::Rejection,
    sensitive::Sensitive,
    state::Verdict,
    wire::{self, AccessKind},
    words,
};

use super::{
    Node,
    accesses::Of,
    cases::draft_of,
    exclusions::names_in,
    refusal::Refused,
    trails::Loaded,
    write::{NewEvent, NewTrail, terms_for},
};
use crate::{
    access::Why,
    account::{By, Caller},
    case::{Case, CaseId, RecordStays, Sight},
    clock,
    record::{
        self, CASE_REQUESTS, CASE_VALUES, CASE_VALUES_PART, CaseValuesRecord, EventRecord, HeldField, Holding,
        case_aad, case_key_name,
    },
    seal,
    search::{self, Digest},
    storage::{Commit, NewTrailKeys, TrailKeys},
};

/// What is known about her in one case.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub(super) fields: BTreeMap<Label, KnownField>,
    pub(super) excluded: BTreeSet<OrgId>,
    pub(super) given_words: Vec<Digest>,
    pub(super) changed: u64,
}

/// A value, since when it is known, and from where.
#[derive(Clone)]
pub(super) struct KnownField {
    pub(super) field: Field,
    pub(super) since: u64,
    pub(super) taken_from: Option<TrailId>,
}

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
    /// What is taken over from trails of the case.
    pub taken: Vec<(TrailId, Vec<Label>)>,
    /// What the record shall not have any more.
    pub removed: Vec<Label>,
    /// Digests that the asking program made; none: they stay as they are.
    pub words: Option<Vec<Digest>>,
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
        let mut fields: Vec<(Field, Option<TrailId>)> = new.fields.into_iter().map(|field| (field, None)).collect();
        for (trail, labels) in &new.taken {
            if !case.trails.contains(trail) {
                return Err(Rejection::NoSuchTrail.into());
            }
            let taken = self.newest_values(&new.by, trail, labels, why).await?;
            fields.extend(taken.into_iter().map(|field| (field, Some(*trail))));
        }
        let digest = record::request_digest(&new.by.by(), &new.request_id);
        let _alone = self.cases.hold([new.case]).await;
        // An exclusion that came while this waited counts.
        let case = self.demand_case(&new.by, &new.case, Sight::Values)?;
        let mut known = self.known(&case)?;
        if self.indexed(CASE_REQUESTS, &digest).is_some() {
            return Ok((known.view(&case.id, false), Vec::new()));
        }
        let now = clock::now().get();
        let named = names_in(fields.iter().map(|(field, _)| field));
        let mut replaced = known.put(fields, now);
        for label in &new.removed {
            replaced.extend(known.fields.remove(label).map(|gone| gone.field.label()));
        }
        if let Some(words) = new.words {
            known.given_words = words;
        }
        known.changed = now;
        let of = Of::Case(case.id);
        if new.validate_only {
            // [ACL-1] Whoever hears which values are other ones can find out what they are.
            self.keep_access(&new.by, of, AccessKind::CaseShown, why).await?;
        } else {
            let mut keys = Vec::new();
            let kept = self.known_record(&case.id, &known, new.by.by(), digest, &mut keys)?;
            let mut records = vec![record::draft(&kept)];
            let excluding = self.excluding(&case, &named, &mut keys)?;
            records.extend(excluding.iter().map(|case| draft_of(case, Some(new.by.by()))));
            let _settling = self.settling();
            self.keep_access_with(&new.by, of, AccessKind::CaseChanged, why, Commit { keys, records }).await?;
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

    /// The record of a case. The access is recorded before. [CAS-42]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`]; [`Rejection::NeedsReason`]; [`Rejection::DiskFull`].
    pub async fn show_case_record_because(
        &self,
        caller: &Caller,
        id: &CaseId,
        values: bool,
        why: &Why,
    ) -> Result<wire::CaseRecord, Rejection> {
        let wanted = if values { Sight::Values } else { Sight::Outline };
        let case = self.demand_case(caller, id, wanted)?;
        let shown = self.known(&case)?.view(id, values);
        let kind = if values { AccessKind::CaseShown } else { AccessKind::LabelsShown };
        self.keep_access(caller, Of::Case(case.id), kind, why).await?;
        Ok(shown)
    }

    /// Adds to an opening what it takes from the record of its case, and tells which labels were typed otherwise than the
    /// record says. [CAS-43]
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn open_from_case(&self, new: &mut NewTrail, labels: &[Label]) -> Result<Vec<Label>, Refused> {
        let Some(id) = new.case else {
            return if labels.is_empty() { Ok(Vec::new()) } else { Err(Refused::NotRecorded(labels.to_vec())) };
        };
        let Some((known, stays)) = self.known_to(&new.by, &id, labels).await? else { return Ok(Vec::new()) };
        new.stays = stays;
        if new.stage == 2 && self.lets_name_excluded(new) {
            known.add(Label::ExcludedPersons, &mut new.fields);
        }
        known.fill(labels, &mut new.fields)
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
                known.add(Label::ExcludedPersons, &mut new.fields);
            }
        }
        known.fill(labels, &mut new.fields)
    }

    /// Refuses what would tell an organisation that she excluded. [CAS-45]
    ///
    /// # Errors
    /// [`Rejection::ExcludedOrganisation`].
    pub(super) fn refuse_excluded(&self, case: &Case, peer: &OrgId) -> Result<(), Rejection> {
        if self.known(case)?.excluded.contains(peer) { Err(Rejection::ExcludedOrganisation) } else { Ok(()) }
    }

    /// What is known in a case, and in those that were joined into it: the case's own word first. [CAS-46]
    pub(super) fn known(&self, case: &Case) -> Result<Known, Rejection> {
        let mut known = self.known_alone(&case.id)?;
        for joined in &case.joined {
            known.join(self.known_alone(joined)?);
        }
        Ok(known)
    }

    fn known_alone(&self, case: &CaseId) -> Result<Known, Rejection> {
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
        Known::of(holding.map_err(|_| Rejection::ReadFailed)?, kept.time)
    }

    /// The record of what is known, and the case's keys if it has none yet. Hold the case. [CAS-40]
    pub(super) fn known_record(
        &self,
        case: &CaseId,
        known: &Known,
        by: By,
        request: Vec<u8>,
        keys: &mut Vec<NewTrailKeys>,
    ) -> Result<CaseValuesRecord, Rejection> {
        // [CAS-47] The node would hold in the clear what it seals to staff everywhere else.
        if self.staff.sealing().staff_only && !known.fields.is_empty() {
            return Err(Rejection::SealedToStaff);
        }
        let key = self.case_key(case, keys)?;
        let plain = zeroize::Zeroizing::new(known.holding(&self.words_of(known)).encode_to_vec());
        // The key seals what is written to the journal.
        let sealed = seal::seal(key.expose(), &case_aad(case, CASE_VALUES_PART), &plain);
        let sealed = sealed.map_err(|_| Rejection::Malformed)?;
        Ok(CaseValuesRecord { case: case.to_vec(), sealed, time: known.changed, account: by.to_vec(), request })
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
        for held in known.fields.values() {
            digests.extend(self.storage.search_key().digests(&words::of_field(&held.field)));
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

    /// The newest readable value of each label in a trail. Reading them is an access.
    async fn newest_values(
        &self,
        caller: &Caller,
        id: &TrailId,
        labels: &[Label],
        why: &Why,
    ) -> Result<Vec<Field>, Refused> {
        self.demand(caller, id, Sight::Values)?;
        let mut held = self.trails.hold(id).await;
        self.demand(caller, id, Sight::Values)?;
        self.ensure_loaded(&mut held, id)?;
        let loaded = held.as_mut().ok_or(Rejection::NoSuchTrail)?;
        if !loaded.boxes.is_empty() {
            return Err(Rejection::SealedToStaff.into());
        }
        self.keep_access(caller, Of::Trail(*id), AccessKind::ValuesShown, why).await?;
        let mut found: BTreeMap<Label, Field> = BTreeMap::new();
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let effective =
            |event: &Event| reading.events.get(&event.id).is_some_and(|judged| judged.verdict == Verdict::Effective);
        for event in loaded.trail.events().filter(|event| effective(event)) {
            for field in self.readable(loaded, event)? {
                if labels.contains(&field.label()) {
                    found.insert(field.label(), field);
                }
            }
        }
        let missing: Vec<Label> = labels.iter().copied().filter(|label| !found.contains_key(label)).collect();
        if missing.is_empty() { Ok(found.into_values().collect()) } else { Err(Refused::NotRecorded(missing)) }
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
        loaded.agreement.permit(&Request { opener: &opened.author, opening, terms, occasion, time }).ok()
    };
    permitted().is_some_and(|permitted| permitted.labels().contains(&label))
}

impl Known {
    fn of(holding: Holding, changed: u64) -> Result<Self, Rejection> {
        let mut known = Self { changed, given_words: search::unpack(&holding.given_words), ..Self::default() };
        for held in holding.fields {
            let label = Label::parse(&held.label).map_err(|_| Rejection::ReadFailed)?;
            let field = Field::new(label, Sensitive::new(held.value)).map_err(|_| Rejection::ReadFailed)?;
            let taken_from = TrailId::parse_optional(&held.taken_from).map_err(|_| Rejection::ReadFailed)?;
            known.fields.insert(label, KnownField { field, since: held.since, taken_from });
        }
        let excluded = holding.excluded_organisations.iter().map(|bytes| OrgId::parse(bytes));
        known.excluded = excluded.collect::<Result<_, _>>().map_err(|_| Rejection::ReadFailed)?;
        Ok(known)
    }

    fn holding(&self, digests: &[Digest]) -> Holding {
        let fields = self.fields.iter().map(|(label, held)| HeldField {
            label: label.name().to_owned(),
            // Into the record, which is sealed before it is kept.
            value: held.field.value().expose().clone(),
            since: held.since,
            taken_from: held.taken_from.map(|trail| trail.to_vec()).unwrap_or_default(),
        });
        Holding {
            fields: fields.collect(),
            excluded_organisations: self.excluded.iter().map(OrgId::to_vec).collect(),
            words: search::pack(digests),
            given_words: search::pack(&self.given_words),
        }
    }

    /// Puts values in. Tells the labels that had another one.
    pub(super) fn put(&mut self, fields: impl IntoIterator<Item = (Field, Option<TrailId>)>, now: u64) -> Vec<Label> {
        let mut replaced = Vec::new();
        for (field, taken_from) in fields {
            let label = field.label();
            match self.fields.get(&label) {
                Some(known) if known.field == field => {}
                known => {
                    replaced.extend(known.map(|_| label));
                    self.fields.insert(label, KnownField { field, since: now, taken_from });
                }
            }
        }
        replaced
    }

    /// Adds what another case knows beside this one: nothing that this one has is replaced.
    fn join(&mut self, other: Self) {
        for (label, held) in other.fields {
            self.fields.entry(label).or_insert(held);
        }
        self.excluded.extend(other.excluded);
        self.given_words.extend(other.given_words);
        self.changed = self.changed.max(other.changed);
    }

    /// Adds a value to fields that do not have the label.
    fn add(&self, label: Label, fields: &mut Vec<Field>) {
        let is_there = fields.iter().any(|field| field.label() == label);
        fields.extend(self.fields.get(&label).filter(|_| !is_there).map(|held| held.field.clone()));
    }

    /// Adds the values of labels; tells which of the typed ones differ from what is known.
    fn fill(&self, labels: &[Label], fields: &mut Vec<Field>) -> Result<Vec<Label>, Refused> {
        let missing: Vec<Label> = labels.iter().copied().filter(|label| !self.fields.contains_key(label)).collect();
        if !missing.is_empty() {
            return Err(Refused::NotRecorded(missing));
        }
        let other = |field: &Field| self.fields.get(&field.label()).is_some_and(|known| known.field != *field);
        let mut differs: Vec<Label> = fields.iter().filter(|field| other(field)).map(Field::label).collect();
        differs.sort_unstable();
        labels.iter().for_each(|label| self.add(*label, fields));
        Ok(differs)
    }

    fn view(&self, case: &CaseId, values: bool) -> wire::CaseRecord {
        let fields = self.fields.iter().map(|(label, held)| wire::RecordedField {
            label: label.name().to_owned(),
            // To whoever sees values and asked for them; the access is recorded.
            value: if values { held.field.value().expose().clone() } else { String::new() },
            since: held.since,
            taken_from: held.taken_from.map(|trail| trail.to_vec()).unwrap_or_default(),
        });
        wire::CaseRecord {
            case: case.to_vec(),
            fields: fields.collect(),
            excluded_organisations: if values { self.excluded.iter().map(OrgId::to_vec).collect() } else { Vec::new() },
            changed: self.changed,
        }
    }
}
