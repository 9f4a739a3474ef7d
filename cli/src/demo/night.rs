//! The night, from the enquiry to the outcome. It follows the practice of a hotline with a crisis centre; every
//! person in it is invented.

use serde_json::{Value, json};

use super::cast::{Cast, House};
use super::stage::Stage;
use crate::exit::Exit;
use crate::failure::Failure;

const AGREEMENT: &str = include_str!("../../../specs/agreements/demonstration.toml");

const ENQUIRY: &str = "places = \"2\"\nadults = \"1\"\nchildren = \"1\"\naccess_needs = \"cot\"\n";

const CONSENT: &str = "consent_given_by = \"herself\"\nconsent_form = \"oral_witnessed\"\nconsent_language = \"sq\"\n\
    consent_purpose = \"A bed for tonight and safe contact\"\nconsent_until = \"2099-12-31\"\n";

const NEED: &str = "age_band = \"30_59\"\nsex = \"female\"\nlanguage = \"sq\"\ninterpreter = \"needed\"\n\
    immediate_danger = \"yes\"\nrisk_level = \"high\"\nchildren_age_bands = \"0_5\"\nhealth_needs = \"pregnancy_care\"\n";

const IDENTITY: &str = "name = \"Invented Person\"\nsafe_contact_channel = \"call\"\n\
    safe_contact_telephone = \"+38344000000\"\nsafe_contact_code_word = \"linden\"\nsafe_contact_message = \"must_not_leave\"\n";

const NOTICE: &str = "client_told = \"told\"\nclient_told_on = \"2026-11-22\"\nage_band = \"30_59\"\n\
    competent_municipality = \"RS-INVENT\"\nimmediate_danger = \"yes\"\nrisk_level = \"high\"\nname = \"Invented Person\"\n\
    safe_contact_channel = \"through_sender\"\n";

const DECISION: &str = "decision_reference = \"INV-0001\"\ndecision_issuer = \"Invented Centre\"\n\
    decision_date = \"2026-11-22\"\ndecision_until = \"2099-12-31\"\n";

/// What came of it.
pub(super) struct Night {
    /// The agreement that all four signed.
    pub(super) agreement: String,
    /// The chosen shelter's trail.
    pub(super) chosen: String,
    /// The other shelter's.
    pub(super) other: String,
    /// The notification.
    pub(super) notification: String,
}

impl Night {
    /// The three trails with their peers.
    pub(super) fn trails(&self) -> [(&str, &str); 3] {
        [("shelter-jasen", &self.chosen), ("shelter-lipa", &self.other), ("centre", &self.notification)]
    }

    /// For programs.
    pub(super) fn describe(&self) -> Vec<Value> {
        self.trails().iter().map(|(peer, trail)| json!({ "peer": peer, "trail": trail })).collect()
    }
}

/// Plays it.
pub(super) fn play(stage: &Stage, cast: &Cast) -> Result<Night, Failure> {
    let hotline = cast.of("hotline")?;
    stage.chapter("They meet: an invitation, and the safety number compared by telephone.");
    for peer in cast.all().iter().filter(|house| house.name != hotline.name) {
        meet(stage, hotline, peer)?;
    }
    stage.chapter("All four sign one agreement: who may ask whom for what, and how soon it is answered.");
    let agreement = agree(stage, cast)?;
    stage.chapter("A night admission. First nobody says who she is.");
    let (chosen, other) = admit(stage, cast)?;
    stage.chapter("The law wants the centre for social work to know, and gives it seven days: here three seconds.");
    let notification = notify(stage, cast, &chosen)?;
    stage.chapter("She stays, and the stay ends.");
    stay(stage, cast, &chosen)?;
    Ok(Night { agreement, chosen, other, notification })
}

fn meet(stage: &Stage, hotline: &House, peer: &House) -> Result<(), Failure> {
    let line = text(&hotline.uput(&["peer", "invite", peer.name])?, "invitation")?;
    let file = peer.file("invitation.txt", &line)?;
    peer.uput(&["peer", "accept", hotline.name, "--invitation", &file.to_string_lossy()])?;
    // What one reads out is what the other's screen shows.
    let read_out = safety_number(peer, hotline.name)?;
    hotline.uput(&["peer", "confirm", peer.name, "--safety-number", &read_out])?;
    let read_back = safety_number(hotline, peer.name)?;
    peer.uput(&["peer", "confirm", hotline.name, "--safety-number", &read_back])?;
    let beginning: String = read_out.chars().take(11).collect();
    stage.step(peer.name, &format!("knows the hotline; both screens show {beginning} ..."));
    Ok(())
}

fn safety_number(house: &House, of: &str) -> Result<String, Failure> {
    let peers = house.uput(&["peer", "list"])?;
    let peers = peers.get("peers").and_then(Value::as_array).cloned().unwrap_or_default();
    let peer = peers.iter().find(|peer| peer.get("name").and_then(Value::as_str) == Some(of));
    text(peer.unwrap_or(&Value::Null), "safety_number")
}

fn agree(stage: &Stage, cast: &Cast) -> Result<String, Failure> {
    let hotline = cast.of("hotline")?;
    let source = hotline.file("agreement.toml", &AGREEMENT.replace("peer:hotline", "peer:self"))?;
    let key = hotline.organisation_key();
    let words = ["agreement", "propose", &source.to_string_lossy(), "--organisation-key", &key.to_string_lossy()];
    let said = hotline.uput(&words)?;
    let id = text(said.get("agreement").unwrap_or(&Value::Null), "agreement")?;
    stage.step(hotline.name, "proposes it and signs with its organisation key");
    for house in cast.all().iter().filter(|house| house.name != hotline.name) {
        house.until(&["agreement", "show", &id], |_| true)?;
        let key = house.organisation_key();
        house.uput(&["agreement", "sign", &id, "--organisation-key", &key.to_string_lossy()])?;
        stage.step(house.name, "reads it and signs");
    }
    for house in cast.all() {
        house.until(&["agreement", "show", &id], |said| {
            said.pointer("/agreement/in_force") == Some(&Value::Bool(true))
        })?;
    }
    Ok(id)
}

fn admit(stage: &Stage, cast: &Cast) -> Result<(String, String), Failure> {
    let (hotline, jasen, lipa) = (cast.of("hotline")?, cast.of("shelter-jasen")?, cast.of("shelter-lipa")?);
    let words = ["enquiry", "ask-several", jasen.name, lipa.name, "--service", "shelter"];
    let asked = hotline.uput_with(&words, ENQUIRY)?;
    let trail = |n: &str| text(asked.pointer(&format!("/asked/{n}")).unwrap_or(&Value::Null), "trail");
    let (chosen, other) = (trail("0")?, trail("1")?);
    stage.step(hotline.name, "asks two shelters for two beds; the enquiry says nothing about a person");
    for (shelter, trail) in [(jasen, &chosen), (lipa, &other)] {
        shelter.until(&["referral", "show", trail], |_| true)?;
        shelter.uput(&["referral", "acknowledge", trail])?;
        shelter.uput(&["referral", "hold", trail, "--until", "2h"])?;
        stage.step(shelter.name, "holds the beds for two hours");
        reads(hotline, trail, "held")?;
    }
    hotline.uput(&["referral", "choose", &chosen])?;
    reads(lipa, &other, "chosen_elsewhere")?;
    stage.step(hotline.name, "chooses Jasen; Lipa is told \"chosen elsewhere\" and learns nothing more");
    hotline.uput_with(&["referral", "need", &chosen, "--basis", "explicit-consent"], &[CONSENT, NEED].concat())?;
    stage_is(jasen, &chosen, 1)?;
    stage.step(hotline.name, "says the need, with her consent: still no name");
    jasen.uput(&["referral", "accept", &chosen])?;
    reads(hotline, &chosen, "accepted")?;
    stage.step(jasen.name, "accepts");
    let identity = [CONSENT, IDENTITY].concat();
    hotline.uput_with(&["referral", "disclose", &chosen, "--basis", "explicit-consent"], &identity)?;
    stage_is(jasen, &chosen, 2)?;
    stage.step(hotline.name, "now says who she is and how to reach her safely, sealed");
    jasen.uput(&["referral", "reached", &chosen])?;
    jasen.uput(&["referral", "start", &chosen])?;
    stage.step(jasen.name, "reached her safely; the stay has begun");
    reads(hotline, &chosen, "started")?;
    Ok((chosen, other))
}

fn notify(stage: &Stage, cast: &Cast, chosen: &str) -> Result<String, Failure> {
    let (hotline, centre) = (cast.of("hotline")?, cast.of("centre")?);
    let words = ["notification", "send", centre.name, "--service", "social-work", "--article", "1"];
    let trail = text(&hotline.uput_with(&words, NOTICE)?, "trail")?;
    stage.step(hotline.name, "notifies the centre, as the law demands");
    centre.until(&["notification", "acknowledge", &trail], |_| true)?;
    stage.step(centre.name, "has seen it, and takes its time");
    // The agreement gives it three seconds. It takes longer: the trail will say so.
    std::thread::sleep(std::time::Duration::from_millis(4500));
    let words = ["decision", "record", &trail, "--type", "placement", "--outcome", "granted", "--until", "7d"];
    centre.uput_with(&words, DECISION)?;
    hotline.until(&["trail", "show", &trail], |said| kinds(said).iter().any(|kind| kind == "decision"))?;
    stage.step(centre.name, "decides: placement granted, and late");
    let words =
        ["decision", "record", chosen, "--type", "placement", "--outcome", "granted", "--evidence-trail", &trail];
    hotline.uput(&words)?;
    let jasen = cast.of("shelter-jasen")?;
    jasen.until(&["trail", "show", chosen], |said| kinds(said).iter().any(|kind| kind == "decision"))?;
    stage.step(hotline.name, "passes the decision on to Jasen, with the centre's signature as evidence");
    Ok(trail)
}

fn stay(stage: &Stage, cast: &Cast, chosen: &str) -> Result<(), Failure> {
    let (hotline, jasen) = (cast.of("hotline")?, cast.of("shelter-jasen")?);
    jasen.uput(&["referral", "provide", chosen, "--outcome", "need-met"])?;
    jasen.uput(&["referral", "close", chosen, "--reason", "done"])?;
    reads(hotline, chosen, "closed")?;
    stage.step(jasen.name, "the stay ends; the need was met");
    Ok(())
}

fn reads(house: &House, trail: &str, headline: &str) -> Result<(), Failure> {
    let words = ["referral", "show", trail];
    house.until(&words, |said| field(said, "headline").and_then(Value::as_str) == Some(headline)).map(|_| ())
}

fn stage_is(house: &House, trail: &str, stage: u64) -> Result<(), Failure> {
    house.until(&["referral", "show", trail], |said| field(said, "stage").and_then(Value::as_u64) == Some(stage))?;
    Ok(())
}

/// A field of a trail, which stands in the answer or one level down.
fn field<'a>(said: &'a Value, name: &str) -> Option<&'a Value> {
    said.get(name).or_else(|| said.get("trail").and_then(|trail| trail.get(name)))
}

fn kinds(said: &Value) -> Vec<String> {
    let events = field(said, "events").and_then(Value::as_array).cloned().unwrap_or_default();
    events.iter().filter_map(|event| event.get("kind")?.as_str().map(str::to_owned)).collect()
}

fn text(said: &Value, name: &str) -> Result<String, Failure> {
    let found = said.get(name).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| Failure::new(Exit::Failed, "INTERNAL", format!("an answer lacks {name}")))
}
