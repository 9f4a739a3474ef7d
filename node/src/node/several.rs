//! Several organisations are asked the same by one request, and what each answered is one table.
//!
//! Guarantees that a request asks nobody twice, however often it is made and wherever it was broken off, that it begins one
//! case at most, and that who cannot be asked keeps it from nobody else. Leaves to `write` whether somebody may be asked,
//! and to `follow_up` telling the others that she chose.

use std::collections::BTreeSet;

use ring::digest;
use uput_core::{
    catalogue::{Field, Label},
    id::{AgreementId, OrgId, TrailId},
    rejection::Rejection,
    time::Seconds,
    wire::{self, Act, LegalBasis, ServiceType},
};

use super::{Node, Second, refusal::Refused, write::NewTrail};
use crate::{
    account::Caller,
    case::{CaseId, Sight},
    record::{self, EventRecord},
};

/// Most that are asked by one request. [PLC-8]
pub const MOST_ASKED: usize = 20;

/// What is asked of several.
pub struct NewEnquiries {
    /// Who asks.
    pub by: Caller,
    /// The same ID asks nobody twice.
    pub request_id: String,
    /// Check only.
    pub validate_only: bool,
    /// In which case; none: a new one.
    pub case: Option<CaseId>,
    /// Local names or OrgIds, each once.
    pub peers: Vec<String>,
    /// A referral, or a consultation.
    pub act: Act,
    /// The kind of service.
    pub service_type: ServiceType,
    /// Under which agreement; none: for each the only one that allows it.
    pub agreement: Option<AgreementId>,
    /// What is said: nothing about a person.
    pub fields: Vec<Field>,
    /// Labels whose values come from the record of the case.
    pub from_case: Vec<Label>,
    /// Labels whose words tell nobody who she is, although they look so. [NST-11]
    pub knowingly: Vec<Label>,
    /// End of the request.
    pub expiry: Option<Seconds>,
    /// Whoever asks knows that the clock is doubted. [TIM-87]
    pub despite_clock: bool,
}

/// What became of a request to several.
pub struct Several {
    /// The case; none: it was a check, or nobody could be asked, and the case would be new.
    pub case: Option<CaseId>,
    /// In the order of the request.
    pub each: Vec<AskedOne>,
}

/// What became of it at one.
pub struct AskedOne {
    /// As it was named.
    pub peer: String,
    /// The trail; none: it was a check. Or why it was not asked.
    pub outcome: Result<Option<TrailId>, Refused>,
}

/// An organisation as it was named, and as it is known.
type Named = (String, Result<OrgId, Rejection>);

impl Node {
    /// Asks several organisations the same, without a word about who she is. [PLC-8] [PLC-9]
    ///
    /// # Errors
    /// [`Refused`]: nobody was asked. Who alone could not be asked is in the answer.
    pub async fn ask_several(&self, new: NewEnquiries) -> Result<Several, Refused> {
        if !matches!(new.act, Act::Referral | Act::Consultation) {
            return Err(Rejection::NotOfThisAct.into());
        }
        let whole = record::request_digest(&new.by.by(), &new.request_id);
        // The same request at the same time begins no second case.
        let _turn = self.trails.hold(&uput_core::id::Id::of(&whole).into()).await;
        if !new.validate_only && self.indexed(record::REQUESTS, &whole).is_some() {
            return Err(Rejection::BadValue.into());
        }
        let peers = self.named_once(&new.peers)?;
        let begins = CaseId::new(case_of_request(&whole));
        let mut case = match new.case {
            Some(case) => Some(case),
            None => self.whole_case(&begins).map(|case| case.id),
        };
        if let Some(case) = &case {
            self.demand_case(&new.by, case, Sight::Outline)?;
        }
        let mut each = Vec::new();
        for (peer, found) in peers {
            let outcome = match found {
                Ok(organisation) => self.ask_one(&new, &organisation, case, begins).await,
                Err(rejection) => Err(rejection.into()),
            };
            case = case.or_else(|| self.case_of(outcome.as_ref().ok()?.as_ref()?));
            each.push(AskedOne { peer, outcome });
        }
        Ok(Several { case, each })
    }

    /// The organisations, each once, where they are known.
    fn named_once(&self, names: &[String]) -> Result<Vec<Named>, Rejection> {
        let found = names.iter().map(|name| (name.clone(), self.directory.find(name).map(|peer| peer.organisation)));
        let found: Vec<_> = found.collect();
        let twice = (0..).zip(&found).any(|(n, (name, one))| {
            let mut before = found.iter().take(n);
            before.any(|(other, known)| other == name || (one.is_ok() && known.as_ref().ok() == one.as_ref().ok()))
        });
        if twice || !(1..=MOST_ASKED).contains(&found.len()) { Err(Rejection::BadValue) } else { Ok(found) }
    }

    /// Asks one, unless this request asked it before.
    async fn ask_one(
        &self,
        new: &NewEnquiries,
        peer: &OrgId,
        case: Option<CaseId>,
        begins: CaseId,
    ) -> Result<Option<TrailId>, Refused> {
        let request_id = one_of(&new.request_id, peer);
        if let Some(position) = self.indexed(record::REQUESTS, &record::request_digest(&new.by.by(), &request_id)) {
            let trail = TrailId::parse(&self.at::<EventRecord>(position)?.trail)?;
            // The ID of a request in another case asks for something else.
            let same = case.is_none_or(|case| self.case_of(&trail) == self.whole_case(&case).map(|case| case.id));
            return if same { Ok(Some(trail)) } else { Err(Rejection::BadValue.into()) };
        }
        let mut one = NewTrail {
            by: new.by.clone(),
            case,
            begins: Some(begins),
            second: Second::Nobody,
            request_id,
            validate_only: new.validate_only,
            stays: None,
            peer: peer.to_string(),
            agreement: new.agreement,
            act: new.act,
            service_type: new.service_type,
            stage: 0,
            basis: LegalBasis::NoneNeededNonpersonal,
            article: 0,
            fields: new.fields.clone(),
            knowingly: new.knowingly.clone(),
            expiry: new.expiry,
            occurred: None,
            about: None,
            beside: wire::Beside::Unspecified,
            despite_clock: new.despite_clock,
            // An enquiry says nothing of her that could be attested, or rest on what somebody else said.
            attest: false,
            rests_on: BTreeSet::new(),
        };
        self.open_from_case(&mut one, &new.from_case).await?;
        self.open_trail(one).await
    }
}

/// The ID of the request with which one of several is asked: always the same, and another for each. [PLC-9]
fn one_of(request_id: &str, peer: &OrgId) -> String {
    let parts = [b"uput/node/several/".as_slice(), peer.as_bytes(), request_id.as_bytes()].concat();
    digest::digest(&digest::SHA256, &parts).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The ID of the case that a request begins. [PLC-9]
fn case_of_request(whole: &[u8]) -> [u8; 16] {
    let hash = digest::digest(&digest::SHA256, &[b"uput/node/several/case/".as_slice(), whole].concat());
    let mut id = [0; 16];
    id.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    id
}
