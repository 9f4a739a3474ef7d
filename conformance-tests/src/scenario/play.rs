//! The stage on which a scenario is played: real nodes, asked through their local interfaces.
//!
//! Guarantees that whoever acts in a trail has what the other side said there before, so that a script is a story and
//! not a race; and that a refusal is the one that the script names, or the play ends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use toml::Table;
use tonic::Status;
use tonic_types::StatusExt as _;
use uput_wire::v1 as wire;
use wire::LegalBasis;
use wire::case_service_client::CaseServiceClient;

use crate::failed::{Failed, Outcome};
use crate::organisation::{Access, Organisation};
use crate::pair::until;
use crate::random::Draw;
use crate::referral::{Request, shown, taken};
use crate::scenario::bundles;
use crate::scenario::carried;
use crate::scenario::cast::{Agreed, Cast, Member};
use crate::scenario::kind::{self, code, from_now};
use crate::scenario::script::{Script, Step};
use crate::scenario::seen::{Sight, compare};
use crate::scenario::{Played, script};

/// How long something may take to be seen.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(25);

/// A scenario on its way.
pub struct Stage<'a> {
    cast: &'a Cast,
    agreed: &'a Agreed,
    script: &'a Script,
    everybody: Vec<String>,
    trails: BTreeMap<String, Open>,
    draw: Draw,
}

/// A trail of the scenario.
pub struct Open {
    /// Its ID.
    pub id: Vec<u8>,
    /// Who opened it, and who was asked.
    pub sides: [String; 2],
    /// The newest event of each.
    newest: BTreeMap<String, Vec<u8>>,
    /// The newest event of each kind.
    kinds: BTreeMap<String, Vec<u8>>,
}

impl<'a> Stage<'a> {
    /// An empty stage.
    ///
    /// # Errors
    /// If the agreement has no parties.
    pub fn new(cast: &'a Cast, agreed: &'a Agreed, script: &'a Script, agreement: &Table) -> Outcome<Self> {
        let everybody = script.everybody(agreement)?;
        Ok(Self { cast, agreed, script, everybody, trails: BTreeMap::new(), draw: Draw::anew()? })
    }

    /// Plays one step.
    ///
    /// # Errors
    /// What went otherwise than the script says.
    pub async fn step(&mut self, step: &Step) -> Outcome<()> {
        match (&step.open, &step.say, &step.see) {
            (Some(name), None, None) => self.open(name, step).await,
            (None, Some(_), None) => self.say(step).await,
            (None, None, Some(name)) => self.see(name, step).await,
            (None, None, None) if step.stop && !step.start => self.who(&step.who)?.node.stop().await,
            (None, None, None) if step.start && !step.stop => self.who(&step.who)?.node.start().await,
            (None, None, None) if step.key && !step.stop => self.key(&step.who).await,
            _ => Err(Failed::because("a step is one of open, say, see, stop, start and key")),
        }
    }

    /// Looks at what everybody knows in the end, and lets both sides of each trail prove it.
    ///
    /// # Errors
    /// Somebody who knows what they must not, or a bundle that does not say what the script says.
    pub async fn finish(self) -> Outcome<Played> {
        for (name, open) in &self.trails {
            for side in &open.sides {
                self.has_all(side, open).await?;
            }
            self.is_known_to_its_sides(name, open).await?;
        }
        for hidden in &self.script.hidden {
            for who in &hidden.from {
                self.never_shown(who, &hidden.values).await?;
            }
        }
        let mut bundles = 0;
        for (name, open) in &self.trails {
            let expected = self.script.verdict.get(name);
            for side in &open.sides {
                let verified = bundles::verify(&self.who(side)?.node, &open.id, self.agreed, expected).await;
                verified.map_err(|failed| failed.within(&format!("the bundle of {name:?} by {side}")))?;
                bundles += 1;
            }
        }
        Ok(Played { trails: self.trails.len(), bundles })
    }

    fn who(&self, name: &str) -> Outcome<&'a Member> {
        self.cast.who(&self.everybody, name)
    }

    fn trail(&self, name: Option<&String>) -> Outcome<&Open> {
        let found = name.and_then(|name| self.trails.get(name));
        found.ok_or_else(|| Failed::because(format!("there is no trail {name:?}")))
    }

    async fn open(&mut self, name: &str, step: &Step) -> Outcome<()> {
        let to = step.to.clone().ok_or_else(|| Failed::because("nobody is asked"))?;
        let node = &self.who(&step.who)?.node;
        let basis = step.basis.as_deref().unwrap_or("none_needed_nonpersonal");
        let basis = code(LegalBasis::from_str_name, "LEGAL_BASIS", Some(basis))?;
        let about = step.about.as_ref().map(|name| self.trail(Some(name))).transpose()?;
        let about = about.map(|open| open.id.clone()).unwrap_or_default();
        let request = wire::OpenTrailRequest {
            about,
            request_id: self.draw.request_id(),
            peer: self.who(&to)?.id.clone(),
            agreement: self.agreed.id.clone(),
            act: code(wire::Act::from_str_name, "ACT", step.act.as_deref())?.into(),
            service_type: code(wire::ServiceType::from_str_name, "SERVICE_TYPE", step.service.as_deref())?.into(),
            stage: step.stage.unwrap_or_default(),
            basis: basis.into(),
            article: step.article.unwrap_or_default(),
            fields: self.onward(step, carried::fields(basis, &step.fields)?).await?,
            attest: step.attest,
            occurred: from_now(step.occurred.as_deref(), false)?,
            case: self.case(node, step).await?,
            ..Default::default()
        };
        let Some(id) = settle(step, ask(node, Request::Open(request), basis).await)? else { return Ok(()) };
        let newest = BTreeMap::from([(step.who.clone(), id.clone())]);
        let open = Open { id, sides: [step.who.clone(), to], newest, kinds: BTreeMap::new() };
        match self.trails.insert(name.to_owned(), open) {
            None => Ok(()),
            Some(_) => Err(Failed::because(format!("there are two trails {name:?}"))),
        }
    }

    /// The case of an earlier trail at the same node, which whoever works there has taken.
    async fn case(&self, node: &Organisation, step: &Step) -> Outcome<Vec<u8>> {
        let Some(name) = &step.case else { return Ok(Vec::new()) };
        let trail = self.trail(Some(name))?.id.clone();
        taken(node, &trail).await?;
        let answer = node.ask(|access: Access| {
            let request = wire::GetCaseRequest { case: Vec::new(), trail: trail.clone() };
            async move {
                let mut cases = CaseServiceClient::new(access.channel());
                Ok(cases.get_case(access.request(request)).await?.into_inner().case.unwrap_or_default().case)
            }
        });
        Ok(answer.await?.value)
    }

    async fn say(&mut self, step: &Step) -> Outcome<()> {
        let request_id = self.draw.request_id();
        let open = self.trail(step.r#in.as_ref())?;
        let node = &self.who(&step.who)?.node;
        self.has_all(&step.who, open).await?;
        let named = match step.say.as_deref() {
            Some("transfer_taken") => open.kinds.get("transfer_offered"),
            Some("task") => open.kinds.get("plan"),
            _ => None,
        };
        let kind = kind::of(step, named.map(Vec::as_slice).unwrap_or_default())?;
        let basis = match &step.basis {
            Some(word) => code(LegalBasis::from_str_name, "LEGAL_BASIS", Some(word))?,
            None => LegalBasis::Unspecified,
        };
        let fields = match basis {
            LegalBasis::Unspecified => carried::plain(&step.fields),
            basis => carried::fields(basis, &step.fields)?,
        };
        let fields = self.onward(step, fields).await?;
        let evidence = step.evidence.as_ref().map(|name| self.trail(Some(name))).transpose()?;
        let retains = step.say.as_deref() == Some("retained");
        let request = wire::RecordEventRequest {
            request_id,
            trail: open.id.clone(),
            statement: Some(wire::Statement { kind: Some(kind) }),
            fields,
            basis: basis.into(),
            article: step.article.filter(|_| !retains).unwrap_or_default(),
            attest: step.attest,
            occurred: from_now(step.occurred.as_deref(), false)?,
            evidence_trail: evidence.map(|open| open.id.clone()).unwrap_or_default(),
            ..Default::default()
        };
        let event = settle(step, ask(node, Request::Record(request), basis).await)?;
        if let (Some(event), Some(open)) = (event, step.r#in.as_ref().and_then(|name| self.trails.get_mut(name))) {
            open.newest.insert(step.who.clone(), event.clone());
            open.kinds.insert(step.say.clone().unwrap_or_default(), event);
        }
        Ok(())
    }

    /// With the copy that came in an earlier trail, if it passes one on. [ONW-9]
    async fn onward(&self, step: &Step, mut fields: Vec<wire::Field>) -> Outcome<Vec<wire::Field>> {
        let Some(name) = &step.passes else { return Ok(fields) };
        let (node, trail) = (&self.who(&step.who)?.node, &self.trail(Some(name))?.id);
        taken(node, trail).await?;
        let came = shown(node, trail, true).await?.unwrap_or_default();
        let copies = came.events.into_iter().rev().flat_map(|event| event.fields);
        let copy = copies.into_iter().find(|field| field.label == "provenance" && !field.value.is_empty());
        fields.push(copy.ok_or_else(|| Failed::because(format!("nobody attested anything in {name:?}")))?);
        Ok(fields)
    }

    /// Whoever works there makes a staff key, once: the organisations play more than one scenario.
    async fn key(&self, who: &str) -> Outcome<()> {
        let node = &self.who(who)?.node;
        if node.worker().with_extension("staff.key").exists() {
            return Ok(());
        }
        match node.uput_as(&node.worker(), &["staff", "create"]).await? {
            (true, _) => Ok(()),
            (false, said) => Err(Failed::because(format!("no key was made: {said}"))),
        }
    }

    /// What is sealed to staff: the node shows none of it, and the program that has the key opens all of it.
    async fn unseals(&self, step: &Step, open: &Open) -> Outcome<()> {
        let node = &self.who(&step.who)?.node;
        taken(node, &open.id).await?;
        let trail = shown(node, &open.id, true).await?.unwrap_or_default();
        let mut fields = trail.events.iter().flat_map(|event| &event.fields);
        if let Some(read) = fields.find(|field| step.unsealed.contains_key(&field.label) && !field.value.is_empty()) {
            return Err(Failed::because(format!("the node reads {}", read.label)));
        }
        let id: String = open.id.iter().map(|byte| format!("{byte:02x}")).collect();
        let words = ["referral", "show", &id, "--values", "--reason", "supervision"];
        let (_, said) = node.uput_as(&node.worker(), &words).await?;
        let disclosed = said.get("disclosed").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        let opened =
            |label: &str, value: &str| disclosed.iter().any(|field| field["label"] == label && field["value"] == value);
        match step.unsealed.iter().find(|(label, value)| !opened(label, value)) {
            Some((label, _)) => {
                let error = said.pointer("/error/what").and_then(serde_json::Value::as_str).unwrap_or_default();
                Err(Failed::because(format!("{label} was not opened: {error}")))
            }
            None => Ok(()),
        }
    }

    async fn see(&self, name: &String, step: &Step) -> Outcome<()> {
        let open = self.trail(Some(name))?;
        let node = &self.who(&step.who)?.node;
        self.has_all(&step.who, open).await?;
        let values = !step.shown.is_empty();
        if values {
            taken(node, &open.id).await?;
        }
        let begun = Instant::now();
        loop {
            let trail = shown(node, &open.id, values).await?.unwrap_or_default();
            if let Some(wrong) = self.is_not_their_word(step, &trail)? {
                return Err(Failed::because(wrong));
            }
            match compare(step, &trail) {
                Sight::AsExpected if step.unsealed.is_empty() => return Ok(()),
                Sight::AsExpected => return self.unseals(step, open).await,
                Sight::Never(wrong) => return Err(Failed::because(wrong)),
                Sight::NotYet(wrong) if begun.elapsed() > PATIENCE => return Err(Failed::because(wrong)),
                Sight::NotYet(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// What is shown is not the verified word of whom the script names. [ONW-11]
    fn is_not_their_word(&self, step: &Step, trail: &wire::Trail) -> Outcome<Option<String>> {
        let Some(expected) = &step.attested else { return Ok(None) };
        let by = &self.who(&expected.by)?.id;
        let shown = trail.events.iter().rev().find_map(|event| event.attested.as_ref());
        let verified = |attested: &&wire::Attested| {
            attested.standing() == wire::AttestationStanding::Verified
                && attested.organisation.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == *by
                && attested.labels == expected.labels
        };
        Ok(match shown.filter(verified) {
            Some(_) => None,
            None => Some(format!("the word of {} is not shown as verified", expected.by)),
        })
    }

    /// Waits until somebody has all that the other side said in a trail.
    async fn has_all(&self, who: &str, open: &Open) -> Outcome<()> {
        let node = &self.who(who)?.node;
        let said: Vec<&Vec<u8>> = open.newest.iter().filter(|(author, _)| *author != who).map(|(_, id)| id).collect();
        until("an event arrives", || async {
            let trail = shown(node, &open.id, false).await?.unwrap_or_default();
            Ok(said.iter().all(|id| trail.events.iter().any(|event| event.event == **id)))
        })
        .await
    }

    async fn is_known_to_its_sides(&self, name: &str, open: &Open) -> Outcome<()> {
        let sides = open.sides.iter().map(|side| Ok(&self.who(side)?.id)).collect::<Outcome<Vec<_>>>()?;
        for member in self.cast.members() {
            let knows = shown(&member.node, &open.id, false).await?.is_some();
            if knows != sides.contains(&&member.id) {
                return Err(Failed::because(format!("{name:?} is known to whom it must not, or unknown to a side")));
            }
        }
        Ok(())
    }

    async fn never_shown(&self, who: &str, values: &[String]) -> Outcome<()> {
        let node = &self.who(who)?.node;
        for (name, open) in self.trails.iter().filter(|(_, open)| open.sides.iter().any(|side| side == who)) {
            taken(node, &open.id).await?;
            let trail = shown(node, &open.id, true).await?.unwrap_or_default();
            let all = || trail.events.iter().flat_map(|event| &event.fields);
            if let Some(value) = values.iter().find(|value| all().any(|field| field.value.contains(*value))) {
                return Err(Failed::because(format!("{who} was shown {value:?} in {name:?}")));
            }
        }
        Ok(())
    }
}

/// Asks until the node itself answers, with the leave of a second person where the basis needs it. [APR-2]
async fn ask(node: &Organisation, request: Request, basis: LegalBasis) -> Outcome<Result<Vec<u8>, Status>> {
    let two = matches!(basis, LegalBasis::ChildBestInterests | LegalBasis::VitalInterests);
    let begun = Instant::now();
    loop {
        let access = node.access().await?;
        let answer = match two {
            true => match request.clone().approved_once(access.clone()).await {
                Ok(approved) => approved.once(access).await,
                Err(status) => Err(status),
            },
            false => request.clone().once(access).await,
        };
        match answer {
            Err(status) if status.get_details_error_info().is_none() && begun.elapsed() < PATIENCE => {}
            answer => return Ok(answer),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What was written; nothing, if it was refused as the script says.
fn settle(step: &script::Step, answer: Outcome<Result<Vec<u8>, Status>>) -> Outcome<Option<Vec<u8>>> {
    match (answer?, &step.refused) {
        (Ok(id), None) => Ok(Some(id)),
        (Ok(_), Some(code)) => Err(Failed::because(format!("was done, and not refused with {code}"))),
        (Err(status), expected) => {
            let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
            match expected {
                Some(code) if *code == reason => Ok(None),
                _ => Err(Failed::because(format!("refused with {reason}: {}", status.message()))),
            }
        }
    }
}
