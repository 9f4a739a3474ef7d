//! Two invented organisations that have met and signed an agreement.

use std::time::{Duration, Instant};

use toml::{Table, Value};
use uput_wire::v1 as wire;
use wire::agreement_service_client::AgreementServiceClient;
use wire::node_service_client::NodeServiceClient;
use wire::peering_service_client::PeeringServiceClient;

use crate::failed::{Failed, Outcome};
use crate::organisation::{Organisation, PATIENCE};
use crate::programs::Programs;

/// What each calls the other.
pub const HOTLINE: &str = "hotline";
/// See [`HOTLINE`].
pub const SHELTER: &str = "shelter-jasen";

const DEMONSTRATION: &str = include_str!("../../specs/agreements/demonstration.toml");
const PAUSE: Duration = Duration::from_millis(30);

/// A hotline, and a house that is shelter and centre for social work in one.
pub struct Pair {
    /// Opens trails.
    pub hotline: Organisation,
    /// Answers.
    pub shelter: Organisation,
}

/// How a pair is set up.
pub struct Setting<'a> {
    /// What their nodes log.
    pub log: &'a str,
    /// Keep what passes between them, outside and inside TLS.
    pub open_wire: bool,
    /// The source of their agreement.
    pub agreement: String,
}

impl Pair {
    /// Founds both, lets them meet and sign an agreement; both nodes run.
    ///
    /// # Errors
    /// What went wrong first.
    pub async fn found(programs: &Programs, setting: &Setting<'_>) -> Outcome<Self> {
        let mut hotline = Organisation::found(programs, setting.log, setting.open_wire).await?;
        let mut shelter = Organisation::found(programs, setting.log, setting.open_wire).await?;
        if setting.open_wire {
            hotline.cut_open(&[&shelter.secrets()?]).await?;
            shelter.cut_open(&[&hotline.secrets()?]).await?;
        }
        Self::of(hotline, shelter, &setting.agreement).await
    }

    /// Starts the nodes of two organisations and lets them meet and agree.
    ///
    /// # Errors
    /// What went wrong first.
    pub async fn of(hotline: Organisation, shelter: Organisation, agreement: &str) -> Outcome<Self> {
        hotline.start().await?;
        shelter.start().await?;
        let pair = Self { hotline, shelter };
        meet((&pair.hotline, HOTLINE), (&pair.shelter, SHELTER)).await?;
        pair.agree(agreement).await?;
        Ok(pair)
    }

    /// Both, the opener first.
    #[must_use]
    pub const fn both(&self) -> [&Organisation; 2] {
        [&self.hotline, &self.shelter]
    }

    /// Waits until no letter waits at either side.
    ///
    /// # Errors
    /// If it takes too long.
    pub async fn settled(&self) -> Outcome<()> {
        let begun = Instant::now();
        let mut calm = 0;
        while calm < 5 {
            let waiting = queued(&self.hotline).await? + queued(&self.shelter).await?;
            calm = if waiting == 0 { calm + 1 } else { 0 };
            if begun.elapsed() > 2 * PATIENCE {
                return Err(Failed::because(format!("{waiting} letters still wait")));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn agree(&self, source: &str) -> Outcome<()> {
        let file = self.hotline.home().join("agreement.toml");
        std::fs::write(&file, source)?;
        let (file, key) = (file.display().to_string(), self.hotline.key().display().to_string());
        let said = self.hotline.uput_done(&["agreement", "propose", &file, "--organisation-key", &key]).await?;
        let id = said
            .pointer("/agreement/agreement")
            .and_then(serde_json::Value::as_str)
            .ok_or_else(|| Failed::because(format!("uput agreement propose says {said}")))?
            .to_owned();
        until("the proposal arrives", || async { Ok(!agreements(&self.shelter).await?.is_empty()) }).await?;
        let key = self.shelter.key().display().to_string();
        self.shelter.uput_done(&["agreement", "sign", &id, "--organisation-key", &key]).await?;
        for side in self.both() {
            until("the agreement is in force", || async {
                Ok(agreements(side).await?.first().is_some_and(|held| held.in_force))
            })
            .await?;
        }
        Ok(())
    }
}

/// Two organisations meet: an invitation of the first, and the safety number compared. Each gives what it is called.
///
/// # Errors
/// A node's own no.
pub async fn meet(first: (&Organisation, &str), second: (&Organisation, &str)) -> Outcome<()> {
    let ((host, host_name), (guest, guest_name)) = (first, second);
    let line = host.ask(|access| async move {
        let request = wire::CreateInvitationRequest { name: guest_name.to_owned(), valid_seconds: 0 };
        let mut peers = PeeringServiceClient::new(access.channel());
        Ok(peers.create_invitation(access.as_administrator(request)).await?.into_inner().invitation)
    });
    let line = line.await?.value;
    let number = guest.ask(|access| {
        let request = wire::AcceptInvitationRequest { invitation: line.clone(), name: host_name.to_owned() };
        async move {
            let mut peers = PeeringServiceClient::new(access.channel());
            Ok(peers.accept_invitation(access.as_administrator(request)).await?.into_inner().peer.unwrap_or_default())
        }
    });
    let number = number.await?.value.safety_number;
    confirm(guest, host_name, &number).await?;
    confirm(host, guest_name, &number).await
}

/// Waits for something.
///
/// # Errors
/// If it takes too long.
pub async fn until<F: Future<Output = Outcome<bool>>>(what: &str, mut holds: impl FnMut() -> F) -> Outcome<()> {
    let begun = Instant::now();
    while !holds().await? {
        if begun.elapsed() > PATIENCE {
            return Err(Failed::because(format!("waited too long until {what}")));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Letters that wait at a node.
///
/// # Errors
/// The node's own no.
pub async fn queued(side: &Organisation) -> Outcome<u64> {
    let answer = side.ask(|access| async move {
        let mut node = NodeServiceClient::new(access.channel());
        Ok(node.get_node(access.request(wire::GetNodeRequest {})).await?.into_inner().queued)
    });
    Ok(answer.await?.value)
}

async fn confirm(side: &Organisation, peer: &str, number: &str) -> Outcome<()> {
    let answer = side.ask(|access| {
        let request = wire::ConfirmPeerRequest { peer: peer.to_owned(), safety_number: number.to_owned() };
        async move {
            let mut peers = PeeringServiceClient::new(access.channel());
            peers.confirm_peer(access.as_administrator(request)).await.map(|_| ())
        }
    });
    answer.await.map(|_| ())
}

/// The agreements that a node holds.
///
/// # Errors
/// The node's own no.
pub async fn agreements(side: &Organisation) -> Outcome<Vec<wire::AgreementStatus>> {
    let answer = side.ask(|access| async move {
        let mut held = AgreementServiceClient::new(access.channel());
        let request = wire::ListAgreementsRequest::default();
        Ok(held.list_agreements(access.request(request)).await?.into_inner().agreements)
    });
    Ok(answer.await?.value)
}

/// The demonstration's profiles and timers, with the two parties that there are.
///
/// # Errors
/// If the demonstration's source is not what it was.
pub fn agreement() -> Outcome<String> {
    let mut source: Table = toml::from_str(DEMONSTRATION)?;
    let parties: Table = toml::from_str(
        "[hotline]\norganisation = 'peer:self'\nname = 'Hotline Breza (invented)'\nroles = ['hotline']\n\
         services = ['hotline', 'psychosocial']\n[shelter_jasen]\norganisation = 'peer:shelter-jasen'\n\
         name = 'House Jasen (invented)'\nroles = ['shelter']\n\
         services = ['shelter', 'social_work', 'child_protection']\n",
    )?;
    source.insert("party".to_owned(), Value::Table(parties));
    let here = |rule: &Value| {
        let text = |field: &str| rule.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        matches!(
            (text("sender").as_str(), text("receiver").as_str()),
            ("hotline", "shelter" | "social_work") | ("shelter", "psychosocial")
        )
    };
    if let Some(Value::Array(rules)) = source.get_mut("rule") {
        rules.retain(here);
    }
    if let Some(Value::Table(amendment)) = source.get_mut("amendment") {
        amendment.insert("threshold".to_owned(), Value::Integer(2));
    }
    toml::to_string(&source).map_err(|error| Failed::because(error.to_string()))
}
