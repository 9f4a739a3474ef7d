//! One change in a case, made once and followed to every trail of it.
//!
//! Guarantees that the new values and what is to be said in which trail are on disk together before anything is said; that
//! what was broken off goes on after a restart and says nothing twice; and that every trail of the case is in the list, with
//! what was said there or why nothing was. Leaves to `follow_up` what a change becomes in a trail, to `write` saying it.

mod cascade;
mod plan;
mod saying;
mod second;
mod standing;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use prost::Message;
use uput_core::{
    catalogue::{Field, Label},
    id::{OrgId, TrailId},
    rejection::Rejection,
    wire::{self, AccessKind},
};

use self::saying::Given;
use super::{
    Node,
    accesses::Of,
    cases::draft_of,
    journal::{OpenError, all},
    known::Known,
    refusal::Refused,
};
use crate::{
    access::Why,
    account::{AccountId, By, Caller, OnBehalfOf},
    case::{Case, CaseId, Sight},
    clock::{self, SystemEntropy},
    follow_up::Change,
    record::{self, CASE_REQUESTS, FOLLOW_UPS, FOLLOWING, FollowUpRecord, Followed, case_aad},
    seal,
    search::Digest,
    storage::{Commit, Position, TrailKey},
};

/// Labels of the safe contact.
const SAFE_CONTACT: [Label; 5] = [
    Label::SafeContactChannel,
    Label::SafeContactTelephone,
    Label::SafeContactHours,
    Label::SafeContactCodeWord,
    Label::SafeContactMessage,
];
/// Labels of the risk.
const RISK: [Label; 6] = [
    Label::ImmediateDanger,
    Label::RiskLevel,
    Label::RiskTool,
    Label::RiskDate,
    Label::RiskFactors,
    Label::WeaponAccess,
];

/// A change to be made.
pub struct NewFollowUp {
    /// Who makes it.
    pub by: Caller,
    /// The same ID gives the same answer, and goes on where it was broken off.
    pub request_id: String,
    /// Check only.
    pub validate_only: bool,
    /// In which case.
    pub case: CaseId,
    /// What changed.
    pub change: NewChange,
    /// Digests of the words of the new values, that the asking program made.
    pub label_words: Vec<(Label, Vec<Digest>)>,
    /// What the basis of a correction must carry, from trails whose values the asking program opened.
    pub of_basis: BTreeMap<TrailId, Vec<Field>>,
}

/// What changed.
pub enum NewChange {
    /// How she is reached safely; the old way may be dangerous now.
    SafeContact {
        /// The new values; the record has no others of these labels afterwards.
        fields: Vec<Field>,
        /// The old way is dangerous.
        lost: bool,
    },
    /// All persons who must not see it.
    ExcludedPersons(Field),
    /// All organisations to which nothing goes any more: names or OrgIds.
    ExcludedOrganisations(Vec<String>),
    /// She withdrew her consent; who said so.
    ConsentWithdrawn(Option<Field>),
    /// The risk.
    Risk(Vec<Field>),
    /// She chose this trail among those that ask the same.
    Chosen(TrailId),
}

impl NewChange {
    /// Its word in the table.
    #[must_use]
    pub const fn word(&self) -> Change {
        match self {
            Self::SafeContact { lost: false, .. } => Change::SafeContact,
            Self::SafeContact { lost: true, .. } => Change::SafeContactLost,
            Self::ExcludedPersons(_) => Change::ExcludedPersons,
            Self::ExcludedOrganisations(_) => Change::ExcludedOrganisations,
            Self::ConsentWithdrawn(_) => Change::ConsentWithdrawn,
            Self::Risk(_) => Change::Risk,
            Self::Chosen(_) => Change::Chosen,
        }
    }

    /// The new values.
    fn fields(&self) -> &[Field] {
        match self {
            Self::SafeContact { fields, .. } | Self::Risk(fields) => fields,
            Self::ExcludedPersons(names) => std::slice::from_ref(names),
            Self::ExcludedOrganisations(_) | Self::ConsentWithdrawn(_) | Self::Chosen(_) => &[],
        }
    }

    /// The trail that she chose.
    const fn chosen(&self) -> Option<TrailId> {
        match self {
            Self::Chosen(trail) => Some(*trail),
            _ => None,
        }
    }
}

impl NewFollowUp {
    fn given(&self) -> Given<'_> {
        Given { fields: self.change.fields(), of_basis: Some(&self.of_basis), chosen: self.change.chosen() }
    }
}

/// The labels that a change is about.
const fn labels(change: Change) -> &'static [Label] {
    match change {
        Change::SafeContact | Change::SafeContactLost => &SAFE_CONTACT,
        Change::ExcludedPersons => &[Label::ExcludedPersons],
        Change::Risk => &RISK,
        Change::ExcludedOrganisations | Change::ConsentWithdrawn | Change::Chosen | Change::WithdrawnBefore => &[],
    }
}

impl Node {
    /// The same, by whoever need not say why.
    ///
    /// # Errors
    /// As [`Node::follow_up_because`].
    pub async fn follow_up(&self, new: NewFollowUp) -> Result<wire::FollowedChange, Refused> {
        self.follow_up_because(new, &Why::default()).await
    }

    /// Makes a change, and follows it to every trail of the case. [CAS-50]
    ///
    /// # Errors
    /// [`Refused`]: nothing was made or said.
    pub async fn follow_up_because(&self, new: NewFollowUp, why: &Why) -> Result<wire::FollowedChange, Refused> {
        self.demand_case(&new.by, &new.case, Sight::Values)?;
        // Of two changes the later one is said last; and nothing is said from the record that this one replaces. [CAS-54]
        let _alone = self.cases.record_changes(&new.case).await;
        // An exclusion that came while this waited counts.
        let case = self.demand_case(&new.by, &new.case, Sight::Values)?;
        let request = record::request_digest(&new.by.by(), &new.request_id);
        if let Some(position) = self.indexed(CASE_REQUESTS, &request) {
            return self.again(&case, position, &new).await;
        }
        let mut known = self.known(&case)?;
        self.apply(&new.change, &mut known)?;
        let change = new.change.word();
        if let Some(chosen) = new.change.chosen() {
            self.demand_choosable(&case, &chosen).await?;
        }
        // Trails first, then the case: the order in which everybody waits.
        let steps = self.plan(&case, change, &known, &new.given()).await?;
        let said_by = match &new.change {
            NewChange::ConsentWithdrawn(Some(field)) => field.value().expose().clone(),
            _ => String::new(),
        };
        let chosen = new.change.chosen().map(|trail| trail.to_vec()).unwrap_or_default();
        let followed = Followed { change: change.word().to_owned(), trails: steps, said_by, chosen };
        if new.validate_only {
            return Ok(self.view_plan(change, &followed));
        }
        let follow_up = self.begin_change(&new, &case, followed, request, why).await?;
        Ok(self.follow(follow_up, &new.by, &new.given()).await?)
    }

    /// Every change of a case, the newest first. [CAS-55]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`].
    pub async fn list_follow_ups(&self, caller: &Caller, id: &CaseId) -> Result<Vec<wire::FollowedChange>, Rejection> {
        let case = self.demand_case(caller, id, Sight::Outline)?;
        let mut kept = Vec::new();
        for case in std::iter::once(&case.id).chain(&case.joined) {
            for position in self.positions(FOLLOW_UPS, &case.to_vec())? {
                kept.push(self.at::<FollowUpRecord>(position)?);
            }
        }
        kept.sort_by_key(|kept| std::cmp::Reverse((kept.time, kept.follow_up.clone())));
        let mut list = Vec::new();
        for kept in &kept {
            let followed = self.opened_follow_up(kept)?;
            list.push(self.view_change(kept, &followed).await?);
        }
        Ok(list)
    }

    /// Goes on with what was broken off. To be called once after a start. [CAS-54]
    ///
    /// # Errors
    /// Why the journal cannot be read; a change that cannot be followed now is none: it stays on the list, and the node
    /// starts, or nobody would hear of anything else either.
    pub async fn continue_follow_ups(&self) -> Result<(), OpenError> {
        for kept in all::<FollowUpRecord>(&self.storage, FOLLOWING)? {
            if kept.account.is_empty() {
                if let Err(rejection) = self.follow_by_itself(kept).await {
                    tracing::error!(%rejection, "a withdrawal is not followed onward until the next start");
                }
                continue;
            }
            let Some(by) = self.caller_of(&kept.account) else {
                tracing::error!("a change that was broken off is not followed further: its account is not there");
                continue;
            };
            if let Err(rejection) = self.follow(kept, &by, &Given::default()).await {
                tracing::error!(%rejection, "a change that was broken off is not followed further until the next start");
            }
        }
        Ok(())
    }

    async fn again(&self, case: &Case, position: Position, new: &NewFollowUp) -> Result<wire::FollowedChange, Refused> {
        let made: FollowUpRecord = self.at(position)?;
        let whole = CaseId::parse(&made.case).and_then(|id| self.whole_case(&id));
        if whole.is_none_or(|whole| whole.id != case.id) {
            return Err(Rejection::BadValue.into());
        }
        let newest = self.indexed(FOLLOW_UPS, &record::follow_up_key(&made)).ok_or(Rejection::ReadFailed)?;
        Ok(self.follow(self.at(newest)?, &new.by, &new.given()).await?)
    }

    /// What is known after the change.
    fn apply(&self, change: &NewChange, known: &mut Known) -> Result<(), Refused> {
        let now = clock::now().get();
        let typed = |fields: &[Field]| fields.iter().map(|field| (field.clone(), None)).collect::<Vec<_>>();
        let (about, fields) = match change {
            NewChange::SafeContact { fields, lost } => {
                if fields.is_empty() && !lost {
                    return Err(Rejection::BadValue.into());
                }
                known.fields.retain(|label, held| {
                    !SAFE_CONTACT.contains(label) || held.open().is_some_and(|held| fields.contains(held))
                });
                (&SAFE_CONTACT[..], typed(fields))
            }
            NewChange::ExcludedPersons(names) => (&[Label::ExcludedPersons][..], typed(std::slice::from_ref(names))),
            NewChange::Risk(fields) => (&RISK[..], typed(fields)),
            NewChange::ExcludedOrganisations(names) => {
                let found = names.iter().map(|name| Ok(self.directory.find(name)?.organisation));
                known.excluded = found.collect::<Result<BTreeSet<OrgId>, Rejection>>()?;
                (&[][..], Vec::new())
            }
            NewChange::ConsentWithdrawn(_) => {
                // [CAS-90] Until she consents anew, nothing more goes on her word.
                known.marks.set((wire::CaseMarkKind::ConsentWithdrawn, None), true, now);
                (&[][..], Vec::new())
            }
            NewChange::Chosen(_) => (&[][..], Vec::new()),
        };
        if let Some((field, _)) = fields.iter().find(|(field, _)| !about.contains(&field.label())) {
            return Err(Refused::NotAbout(field.label()));
        }
        known.put(fields, now);
        known.touch(now);
        Ok(())
    }

    /// Makes the change and writes down what is to be said, in one commit. [CAS-53]
    async fn begin_change(
        &self,
        new: &NewFollowUp,
        case: &Case,
        followed: Followed,
        request: Vec<u8>,
        why: &Why,
    ) -> Result<FollowUpRecord, Refused> {
        let _alone = self.cases.hold([case.id]).await;
        // An exclusion that came while this waited counts.
        let case = self.demand_case(&new.by, &case.id, Sight::Values)?;
        let mut known = self.known(&case)?;
        self.apply(&new.change, &mut known)?;
        known.set_words(new.label_words.clone());
        let mut commit = Commit::default();
        // [CAS-30] Whoever here bears one of the names is excluded with it, and opens nothing of it. [STF-18]
        let named = match &new.change {
            NewChange::ExcludedPersons(field) => vec![field.value().clone()],
            _ => Vec::new(),
        };
        let excluding = self.excluding(&case, &named, &mut commit.keys)?;
        commit.records.extend(excluding.iter().map(|case| draft_of(case, Some(new.by.by()))));
        let as_it_will_be = excluding.as_ref().unwrap_or(&case);
        // [CAS-48] She can withdraw after her record was erased.
        if case.erased == 0 || !known.is_empty() {
            self.write_known(as_it_will_be, &mut known, new.by.by(), Vec::new(), &mut commit)?;
        }
        let evidence = match commit.keys.first() {
            Some(new) => new.evidence.clone(),
            None => self.case_keys(&case.id).and_then(|keys| keys.evidence).ok_or(Rejection::StepNotAllowed)?,
        };
        let id: [u8; 16] = SystemEntropy.bytes();
        let kept = FollowUpRecord {
            follow_up: id.to_vec(),
            case: case.id.to_vec(),
            sealed: sealed_follow_up(&evidence, &case.id, &followed)?,
            time: known.changed,
            account: new.by.by().to_vec(),
            request,
            complete: false,
        };
        commit.records.push(record::draft(&kept));
        let _settling = self.settling();
        self.keep_access_with(&new.by, Of::Case(case.id), AccessKind::CaseChanged, why, commit).await?;
        self.index_record(&case.id, &known);
        if let Some(case) = excluding {
            self.set_case(case);
        }
        Ok(kept)
    }

    pub(in crate::node) fn opened_follow_up(&self, kept: &FollowUpRecord) -> Result<Followed, Rejection> {
        let case = case_of(kept)?;
        let Some(key) = self.case_keys(&case).and_then(|keys| keys.evidence) else { return Ok(Followed::default()) };
        // The key opens what is read from the journal.
        let bytes = seal::open(key.expose(), &case_aad(&case, b"follow-up"), &kept.sealed);
        Followed::decode(bytes.map_err(|_| Rejection::ReadFailed)?.as_slice()).map_err(|_| Rejection::ReadFailed)
    }

    /// The case, or the one into which it was joined.
    pub(in crate::node) fn whole_case(&self, id: &CaseId) -> Option<Arc<Case>> {
        let mut case = self.case(id)?;
        while let Some(into) = case.into {
            case = self.case(&into)?;
        }
        Some(case)
    }

    /// Whoever made a change, as they are now.
    fn caller_of(&self, account: &[u8]) -> Option<Caller> {
        let by = By::parse(account)?;
        let of = |id: AccountId| self.accounts.account(&id.to_vec()).ok();
        let account = of(by.account)?;
        let on_behalf_of = match by.on_behalf_of {
            Some(id) => {
                let person = of(id)?;
                Some(OnBehalfOf { account: person.id, person: person.person, role: person.role })
            }
            None => None,
        };
        let (person, role) = (account.person, account.role);
        Some(Caller { account: account.id, person, role, scopes: Arc::new([]), on_behalf_of })
    }
}

fn case_of(kept: &FollowUpRecord) -> Result<CaseId, Rejection> {
    CaseId::parse(&kept.case).ok_or(Rejection::ReadFailed)
}

fn sealed_follow_up(key: &TrailKey, case: &CaseId, followed: &Followed) -> Result<Vec<u8>, Rejection> {
    // The key seals what is written to the journal.
    let sealed = seal::seal(key.expose(), &case_aad(case, b"follow-up"), &followed.encode_to_vec());
    sealed.map_err(|_| Rejection::Malformed)
}
