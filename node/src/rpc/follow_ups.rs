//! Calls about what is held about her, and about changes that are followed.

use std::{collections::BTreeMap, sync::Arc};

use tonic::{Request, Response, Status};
use uput_core::{
    catalogue::{Field, Label},
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{self, follow_up_service_server::FollowUpService},
};

use super::{accesses::why, guard::Admitted, request, status};
use crate::account::roles::Part;
use crate::case::{CaseId, mark};
use crate::node::{NewChange, NewFollowUp, NewValues, Node, Question, to_the_end};
use crate::search::{self, Digest};

/// Calls about what is held about her, and about changes that are followed.
pub struct FollowUps(pub Arc<Node>);

#[tonic::async_trait]
impl FollowUpService for FollowUps {
    async fn update_case_record(
        &self,
        call: Request<wire::UpdateCaseRecordRequest>,
    ) -> Result<Response<wire::UpdateCaseRecordResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let case = self.case(&by, &said.case)?;
        let mut taken = Vec::new();
        for one in &said.taken {
            taken.push((request::trail(&self.0, &by, &one.trail)?, request::labels("taken", &one.labels)?));
        }
        let words = request::digests("words", &said.words)?;
        let new = NewValues {
            by,
            request_id: request::request_id(said.request_id, said.validate_only)?,
            validate_only: said.validate_only,
            case,
            fields: request::fields(said.fields)?,
            knowingly: request::labels("knowingly", &said.knowingly)?,
            taken,
            removed: request::labels("removed", &said.removed)?,
            words: said.replace_words.then_some(words),
            label_words: label_words(&said.label_words)?,
            marks: marks(&said.marks)?,
        };
        let (node, why) = (Arc::clone(&self.0), why(said.reason)?);
        let updated = to_the_end(async move { node.update_case_record_because(new, &why).await }).await;
        let updated = updated.ok_or_else(broken_off)?;
        let (record, replaced) = updated.map_err(|refused| request::refused(&refused))?;
        let replaced = request::names(&replaced);
        Ok(Response::new(wire::UpdateCaseRecordResponse { record: Some(record), replaced }))
    }

    async fn get_case_record(
        &self,
        call: Request<wire::GetCaseRecordRequest>,
    ) -> Result<Response<wire::GetCaseRecordResponse>, Status> {
        let values = call.get_ref().values;
        let by = Admitted::demand(call.extensions(), if values { Part::Values } else { Part::WithoutValues })?;
        let said = call.into_inner();
        let case = self.case(&by, &said.case)?;
        let (node, why, intent) = (Arc::clone(&self.0), why(said.reason)?, request::intent(said.contact)?);
        let whom = by.clone();
        let shown =
            to_the_end(async move { node.show_case_record_to_reach(&whom, &case, values, intent, &why).await }).await;
        let record = shown.ok_or_else(broken_off)?.map_err(status::of)?;
        let boxes = if values { self.0.record_boxes(&by, &case).map_err(status::of)? } else { Vec::new() };
        Ok(Response::new(wire::GetCaseRecordResponse { record: Some(record), boxes }))
    }

    async fn erase_case_record(
        &self,
        call: Request<wire::EraseCaseRecordRequest>,
    ) -> Result<Response<wire::EraseCaseRecordResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let case = self.case(&by, &call.get_ref().case)?;
        let node = Arc::clone(&self.0);
        let erased = to_the_end(async move { node.erase_case_record(&by, &case).await }).await;
        let erased = erased.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::EraseCaseRecordResponse { erased }))
    }

    async fn follow_up(
        &self,
        call: Request<wire::FollowUpRequest>,
    ) -> Result<Response<wire::FollowUpResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let why = why(said.reason)?;
        let change = match said.change {
            Some(wire::follow_up_request::Change::Chosen(chosen)) => {
                NewChange::Chosen(request::trail(&self.0, &by, &chosen.trail)?)
            }
            change => change_of(change)?,
        };
        let case = match &change {
            NewChange::Chosen(trail) if said.case.is_empty() => self.0.case_of(trail),
            _ => None,
        };
        let new = NewFollowUp {
            case: case.map_or_else(|| self.case(&by, &said.case), Ok)?,
            by,
            request_id: request::request_id(said.request_id, said.validate_only)?,
            validate_only: said.validate_only,
            change,
            label_words: label_words(&said.label_words)?,
            of_basis: opened(said.of_basis)?,
        };
        let node = Arc::clone(&self.0);
        let followed =
            to_the_end(async move { node.follow_up_because(new, &why).await }).await.ok_or_else(broken_off)?;
        let follow_up = followed.map_err(|refused| request::refused(&refused))?;
        Ok(Response::new(wire::FollowUpResponse { follow_up: Some(follow_up) }))
    }

    async fn list_follow_ups(
        &self,
        call: Request<wire::ListFollowUpsRequest>,
    ) -> Result<Response<wire::ListFollowUpsResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let case = self.case(&by, &said.case)?;
        let rows = self.0.list_follow_ups(&by, &case).await.map_err(status::of)?;
        let (follow_ups, next_page_token) = request::page(rows, said.page_size, &said.page_token, 50)?;
        Ok(Response::new(wire::ListFollowUpsResponse { follow_ups, next_page_token }))
    }

    async fn search_cases(
        &self,
        call: Request<wire::SearchCasesRequest>,
    ) -> Result<Response<wire::SearchCasesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let question = Question { text: Sensitive::new(said.text), words: request::digests("words", &said.words)? };
        let (node, why) = (Arc::clone(&self.0), why(said.reason)?);
        let rows = request::rows_of(said.page_size, &said.page_token, 20)?;
        let next = rows.end.to_string();
        let found = to_the_end(async move { node.search_cases_because(&by, question, &why, rows).await }).await;
        let found = found.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::BadValue => request::invalid("text and words", "one word at least, sixteen at most"),
            other => status::of(other),
        })?;
        let cases = found.cases.into_iter().map(CaseId::to_vec).collect();
        let next_page_token = if found.more { next } else { String::new() };
        Ok(Response::new(wire::SearchCasesResponse { cases, next_page_token }))
    }
}

impl FollowUps {
    fn case(&self, by: &crate::account::Caller, beginning: &[u8]) -> Result<CaseId, Status> {
        request::case(&self.0, by, beginning)?.ok_or_else(|| request::invalid("case", "given"))
    }
}

/// A mark, and whether it stands from now on.
type Noted = ((wire::CaseMarkKind, Option<Label>), bool);

/// What is noted, or taken back.
fn marks(said: &[wire::CaseMark]) -> Result<Vec<Noted>, Status> {
    let of = |one: &wire::CaseMark| {
        let key = mark(one).ok_or_else(|| request::invalid("marks", "a kind, and a label where one is withheld"))?;
        Ok((key, one.stands))
    };
    said.iter().map(of).collect()
}

/// Digests of the words of labels.
fn label_words(said: &[wire::LabelWords]) -> Result<Vec<(Label, Vec<Digest>)>, Status> {
    let of = |one: &wire::LabelWords| {
        let labels = request::labels("label_words", std::slice::from_ref(&one.label))?;
        let digests = request::digests("label_words", &one.words)?;
        let fits = digests.len() <= search::MOST;
        labels
            .first()
            .filter(|_| fits)
            .map(|label| (*label, digests))
            .ok_or_else(|| request::invalid("label_words", "at most 2,048"))
    };
    said.iter().map(of).collect()
}

/// What a program opened in trails.
fn opened(said: Vec<wire::OpenedFields>) -> Result<BTreeMap<TrailId, Vec<Field>>, Status> {
    let of = |one: wire::OpenedFields| {
        let trail = TrailId::parse(&one.trail).map_err(|_| request::invalid("of_basis", "whole trail IDs"))?;
        Ok((trail, request::fields(one.fields)?))
    };
    said.into_iter().map(of).collect()
}

/// What changed, read strictly.
fn change_of(change: Option<wire::follow_up_request::Change>) -> Result<NewChange, Status> {
    use wire::follow_up_request::Change;
    let value = |label: Label, text: String| {
        // Sensitive from here on; what does not fit is not repeated.
        Field::typed(label, &Sensitive::new(text)).map_err(|_| request::invalid(label.name(), "a value of its type"))
    };
    Ok(match change.ok_or_else(|| request::invalid("change", "given"))? {
        Change::SafeContact(said) => {
            NewChange::SafeContact { fields: request::fields(said.fields)?, lost: said.old_is_dangerous }
        }
        Change::ExcludedPersons(said) => NewChange::ExcludedPersons(value(Label::ExcludedPersons, said.names)?),
        Change::ExcludedOrganisations(said) => NewChange::ExcludedOrganisations(said.organisations),
        Change::ConsentWithdrawn(said) if said.said_by.is_empty() => NewChange::ConsentWithdrawn(None),
        Change::ConsentWithdrawn(said) => {
            NewChange::ConsentWithdrawn(Some(value(Label::WithdrawalSaidBy, said.said_by)?))
        }
        Change::Risk(said) => NewChange::Risk(request::fields(said.fields)?),
        Change::Chosen(_) => return Err(request::invalid("change", "a trail of the case")),
    })
}

/// A fault of this program: what it did, if anything, is in the list of changes.
fn broken_off() -> Status {
    Status::internal("the node could not finish this; look at the list of changes before you say it again")
}
