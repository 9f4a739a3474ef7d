//! The calls that are measured, as a console makes them.

use tonic::Status;
use uput_wire::v1 as wire;
use uput_wire::v1::case_service_client::CaseServiceClient;
use uput_wire::v1::change_service_client::ChangeServiceClient;
use uput_wire::v1::follow_up_service_client::FollowUpServiceClient;
use uput_wire::v1::node_service_client::NodeServiceClient;
use uput_wire::v1::trail_service_client::TrailServiceClient;

use super::filling::{Filled, file_number, given, name};
use crate::Failed;
use crate::town::Desk;

/// A call.
#[derive(Clone, Copy)]
pub(super) enum Call {
    GetNode,
    Inbox,
    AllTrails,
    Cases,
    LastCases,
    CaseByNumber,
    Name,
    OneName,
    Beginning,
    Number,
    Nothing,
    Changes,
}

/// All of them.
pub(super) const CALLS: [Call; 12] = [
    Call::GetNode,
    Call::Inbox,
    Call::AllTrails,
    Call::Cases,
    Call::LastCases,
    Call::CaseByNumber,
    Call::Name,
    Call::OneName,
    Call::Beginning,
    Call::Number,
    Call::Nothing,
    Call::Changes,
];

/// Somebody who asks.
pub(super) struct Reader {
    name: &'static str,
    desk: Desk,
    /// Why they search: whoever looks at what is not theirs says it.
    reason: Option<wire::Reason>,
    /// From before the last things that happened.
    cursor: Vec<u8>,
    /// Of a page in the middle of all cases.
    token: String,
}

impl Call {
    /// For a line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GetNode => "GetNode",
            Self::Inbox => "ListTrails, the inbox: what waits, 50 rows",
            Self::AllTrails => "ListTrails, all, 50 rows",
            Self::Cases => "ListCases, 50 rows",
            Self::LastCases => "ListCases, 50 rows after a thousand others",
            Self::CaseByNumber => "ListCases by external_ref",
            Self::Name => "SearchCases, both words of a name",
            Self::OneName => "SearchCases, a word that one case in a hundred has",
            Self::Beginning => "SearchCases, three letters with which a word in every case begins",
            Self::Number => "SearchCases by external_ref",
            Self::Nothing => "SearchCases, a word that no case has",
            Self::Changes => "ListChanges, the last page",
        }
    }
}

impl Reader {
    /// Somebody at a desk.
    pub(super) async fn new(name: &'static str, desk: Desk, reason: Option<wire::Reason>) -> Result<Self, Failed> {
        let mut reader = Self { name, desk, reason, cursor: Vec::new(), token: String::new() };
        reader.cursor = reader.changes(&[]).await?.cursor;
        for _ in 0..2 {
            let page = reader.cases(500, String::new(), &reader.token).await?;
            reader.token = page.next_page_token;
        }
        Ok(reader)
    }

    /// For a line.
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Makes a call, and tells how many rows came.
    pub(super) async fn ask(&self, call: Call, filled: &Filled, number: usize) -> Result<usize, Status> {
        // Each time another case, all over the node.
        let number = number.wrapping_mul(7919) % filled.known.max(1);
        Ok(match call {
            Call::GetNode => self.node().await?,
            Call::Inbox => self.trails(true).await?,
            Call::AllTrails => self.trails(false).await?,
            Call::Cases => self.cases(50, String::new(), "").await?.cases.len(),
            Call::LastCases => self.cases(50, String::new(), &self.token).await?.cases.len(),
            Call::CaseByNumber => self.cases(50, file_number(number), "").await?.cases.len(),
            Call::Name => self.search(name(number)).await?,
            Call::OneName => self.search(given(number)).await?,
            Call::Beginning => self.search("ime".to_owned()).await?,
            Call::Number => self.search(file_number(number)).await?,
            Call::Nothing => self.search("nepoznata".to_owned()).await?,
            Call::Changes => self.changes(&self.cursor).await?.changes.len(),
        })
    }

    async fn node(&self) -> Result<usize, Status> {
        let mut node = NodeServiceClient::new(self.desk.channel());
        Ok(node.get_node(self.desk.request(wire::GetNodeRequest {})).await?.into_inner().checks.len())
    }

    async fn trails(&self, waiting: bool) -> Result<usize, Status> {
        let request = wire::ListTrailsRequest { page_size: 50, waiting, ..Default::default() };
        let mut trails = TrailServiceClient::new(self.desk.channel());
        Ok(trails.list_trails(self.desk.request(request)).await?.into_inner().trails.len())
    }

    async fn cases(
        &self,
        page_size: u32,
        external_ref: String,
        page_token: &str,
    ) -> Result<wire::ListCasesResponse, Status> {
        let page_token = page_token.to_owned();
        let request = wire::ListCasesRequest { page_size, page_token, external_ref, ..Default::default() };
        let mut cases = CaseServiceClient::new(self.desk.channel());
        Ok(cases.list_cases(self.desk.request(request)).await?.into_inner())
    }

    async fn search(&self, text: String) -> Result<usize, Status> {
        let request = wire::SearchCasesRequest { text, reason: self.reason.clone(), ..Default::default() };
        let mut follow_ups = FollowUpServiceClient::new(self.desk.channel());
        Ok(follow_ups.search_cases(self.desk.request(request)).await?.into_inner().cases.len())
    }

    async fn changes(&self, cursor: &[u8]) -> Result<wire::ListChangesResponse, Status> {
        let request = wire::ListChangesRequest { cursor: cursor.to_vec(), ..Default::default() };
        let mut changes = ChangeServiceClient::new(self.desk.channel());
        Ok(changes.list_changes(self.desk.request(request)).await?.into_inner())
    }
}
