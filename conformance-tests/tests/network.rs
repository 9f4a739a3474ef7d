//! The network between two nodes is cut in every way a network is: what was acknowledged arrives afterwards, once.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on must stop")]

use serde_json::Value;
use uput_conformance::alone::alone;
use uput_conformance::distant::Distant;
use uput_conformance::failed::{Failed, Outcome};
use uput_conformance::pair::{HOTLINE, SHELTER, agreement, until};
use uput_conformance::programs::Programs;

const FIELDS: &str = "places = 2\nadults = 1\nchildren = 1\n";

/// A hotline and a shelter far apart, that have met and agreed.
struct Town {
    hotline: Distant,
    shelter: Distant,
    /// Trails that the hotline's node acknowledged.
    trails: Vec<String>,
    /// Events that the shelter's node acknowledged: trail and event.
    answers: Vec<(String, String)>,
}

impl Town {
    async fn found() -> Outcome<Self> {
        let programs = Programs::find()?;
        let mut hotline = Distant::found(&programs, 1).await?;
        let mut shelter = Distant::found(&programs, 2).await?;
        hotline.start().await?;
        shelter.start().await?;
        let town = Self { hotline, shelter, trails: Vec::new(), answers: Vec::new() };
        town.meet().await?;
        Ok(town)
    }

    async fn meet(&self) -> Outcome<()> {
        let (hotline, shelter) = (&self.hotline, &self.shelter);
        let invited = hotline.uput(&["peer", "invite", SHELTER], "").await?;
        let accept = ["peer", "accept", HOTLINE, "--invitation", "-"];
        let peer = shelter.uput(&accept, text(&invited["invitation"])).await?;
        let number = text(&peer["peer"]["safety_number"]).to_owned();
        shelter.uput(&["peer", "confirm", HOTLINE, "--safety-number", &number], "").await?;
        hotline.uput(&["peer", "confirm", SHELTER, "--safety-number", &number], "").await?;
        let source = hotline.file("agreement.toml", &agreement()?)?;
        let proposed = ["agreement", "propose", &source, "--organisation-key", &hotline.key()];
        let id = text(&hotline.uput(&proposed, "").await?["agreement"]["agreement"]).to_owned();
        let held = || async { Ok(!list(shelter, "agreement").await?.is_empty()) };
        until("the proposal arrives", held).await?;
        shelter.uput(&["agreement", "sign", &id, "--organisation-key", &shelter.key()], "").await?;
        for side in [hotline, shelter] {
            let in_force = || async { Ok(list(side, "agreement").await?.iter().all(|one| one["in_force"] == true)) };
            until("the agreement is in force", in_force).await?;
        }
        Ok(())
    }

    /// The hotline asks for a bed, and its node acknowledges it.
    async fn enquire(&mut self) -> Outcome<String> {
        let words = ["enquiry", "send", SHELTER, "--service", "shelter", "--fields", "-"];
        let trail = text(&self.hotline.uput(&words, FIELDS).await?["trail"]).to_owned();
        self.trails.push(trail.clone());
        Ok(trail)
    }

    /// The shelter holds a bed, and its node acknowledges it.
    async fn hold(&mut self, trail: &str) -> Outcome<()> {
        let said = self.shelter.uput(&["referral", "hold", trail, "--until", "2099-01-01T00:00+00:00"], "").await?;
        self.answers.push((trail.to_owned(), text(&said["event"]).to_owned()));
        Ok(())
    }

    /// A trail that both have, and no receipt is under way: what follows in a trail waits for the receipt of what went
    /// before it.
    async fn before_the_cut(&mut self) -> Outcome<String> {
        let trail = self.enquire().await?;
        self.arrives(&trail).await?;
        self.calm().await?;
        Ok(trail)
    }

    async fn calm(&self) -> Outcome<()> {
        let calm = || async { Ok(waiting(&self.hotline).await? + waiting(&self.shelter).await? == 0) };
        until("nothing waits any more", calm).await
    }

    async fn arrives(&self, trail: &str) -> Outcome<()> {
        until("an enquiry arrives", || async { Ok(events(&self.shelter, trail).await?.is_some()) }).await
    }

    /// Several enquiries while the line is cut: none arrives.
    async fn speak_into_the_void(&mut self) -> Outcome<()> {
        for _ in 0..4 {
            let trail = self.enquire().await?;
            assert!(events(&self.shelter, &trail).await?.is_none(), "the line is not cut");
        }
        Ok(())
    }

    /// Nothing waits any more, and whatever was acknowledged stands at both sides, in the same order, once.
    async fn arrived_once(&self) -> Outcome<()> {
        self.calm().await?;
        for side in [&self.hotline, &self.shelter] {
            assert_eq!(side.uput(&["node", "status"], "").await?["trails"], self.trails.len());
        }
        for trail in &self.trails {
            let (ours, theirs) = (events(&self.hotline, trail).await?, events(&self.shelter, trail).await?);
            assert_eq!(ours, theirs, "the two sides differ");
            let said = ours.ok_or_else(|| Failed::because("an acknowledged trail is not there"))?;
            for (_, event) in self.answers.iter().filter(|(of, _)| of == trail) {
                assert_eq!(said.iter().filter(|there| *there == event).count(), 1, "not once: {said:?}");
            }
        }
        Ok(())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn list(node: &Distant, noun: &str) -> Outcome<Vec<Value>> {
    Ok(node.uput(&[noun, "list"], "").await?[format!("{noun}s")].as_array().unwrap().clone())
}

/// The events of a trail as a node shows them; none if it does not know it.
async fn events(node: &Distant, trail: &str) -> Outcome<Option<Vec<String>>> {
    match node.uput(&["trail", "show", trail], "").await {
        Ok(shown) => {
            let all = shown["trail"]["events"].as_array().unwrap();
            Ok(Some(all.iter().map(|event| text(&event["event"]).to_owned()).collect()))
        }
        Err(failed) if failed.0.contains("NO_SUCH_TRAIL") => Ok(None),
        Err(failed) => Err(failed),
    }
}

async fn waiting(node: &Distant) -> Outcome<u64> {
    Ok(node.uput(&["node", "status"], "").await?["queued"].as_u64().unwrap())
}

async fn connected(node: &Distant) -> Outcome<bool> {
    Ok(list(node, "peer").await?[0]["connected"] == true)
}

#[test]
fn what_only_one_direction_carries_arrives_once() {
    // [NOD-30] Receipts are lost, letters are not: they come twice, and take effect once.
    alone("what_only_one_direction_carries_arrives_once", || async {
        let mut town = Town::found().await?;
        let trail = town.before_the_cut().await?;
        town.shelter.cut().await?;
        town.hold(&trail).await?;
        let heard = || async { Ok(events(&town.hotline, &trail).await?.is_some_and(|all| all.len() > 2)) };
        until("the one direction carries", heard).await?;
        town.speak_into_the_void().await?;
        assert!(waiting(&town.hotline).await? >= 4);
        town.shelter.mend().await?;
        town.arrived_once().await
    })
    .unwrap();
}

#[test]
fn a_line_that_is_cut_is_noticed_shown_and_used_again() {
    // [TRA-8] [TRA-20] [NOD-30]
    alone("a_line_that_is_cut_is_noticed_shown_and_used_again", || async {
        let mut town = Town::found().await?;
        let trail = town.before_the_cut().await?;
        town.shelter.cut().await?;
        town.hotline.cut().await?;
        town.speak_into_the_void().await?;
        town.hold(&trail).await?;
        // Twenty seconds of silence, and ten for the answer.
        for side in [&town.hotline, &town.shelter] {
            until("the cut is noticed", || async { Ok(!connected(side).await?) }).await?;
        }
        let difficult = || async { Ok(list(&town.hotline, "peer").await?[0]["difficulty"].is_string()) };
        until("people are told why", difficult).await?;
        town.shelter.mend().await?;
        town.hotline.mend().await?;
        town.arrived_once().await
    })
    .unwrap();
}

#[test]
fn a_connection_whose_other_end_has_died_holds_nothing_up_for_good() {
    // [TRA-8] [TRA-18] One end believes that it is connected; the other has forgotten it.
    alone("a_connection_whose_other_end_has_died_holds_nothing_up_for_good", || async {
        let mut town = Town::found().await?;
        let trail = town.before_the_cut().await?;
        town.shelter.cut().await?;
        town.hotline.cut().await?;
        town.shelter.kill().await?;
        town.shelter.start().await?;
        assert!(connected(&town.hotline).await?, "it has noticed already: this shows nothing");
        town.speak_into_the_void().await?;
        town.hold(&trail).await?;
        town.shelter.mend().await?;
        town.hotline.mend().await?;
        town.arrived_once().await
    })
    .unwrap();
}

#[test]
fn a_node_whose_address_was_gone_is_found_again() {
    // [TRA-20]
    alone("a_node_whose_address_was_gone_is_found_again", || async {
        let mut town = Town::found().await?;
        let trail = town.before_the_cut().await?;
        town.shelter.lose_address().await?;
        town.speak_into_the_void().await?;
        town.hold(&trail).await?;
        town.shelter.regain_address().await?;
        town.arrived_once().await
    })
    .unwrap();
}
