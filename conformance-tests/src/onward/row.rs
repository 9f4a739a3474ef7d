//! Five organisations in a row, operated with `uput`.

use std::collections::BTreeSet;

use prost::Message as _;
use serde_json::Value;
use uput_wire::v1 as wire;
use wire::case_service_client::CaseServiceClient;

use super::told::Told;
use super::{FIVE, Story};
use crate::failed::{Failed, Outcome};
use crate::leak::received;
use crate::organisation::{Access, Organisation};
use crate::pair::{self, meet, until};
use crate::programs::Programs;
use crate::random::Draw;
use crate::referral::{CONSENT, shown, taken};
use crate::tally::Tally;

const AGREEMENT: &str = include_str!("../../../specs/agreements/hand-to-hand.toml");
const NAMES: [&str; FIVE] = ["first", "second", "third", "fourth", "fifth"];
const SERVICES: [&str; FIVE] = ["hotline", "social-work", "health", "psychosocial", "shelter"];
/// What goes onward from hand to hand, on the first one's word.
pub(super) const NAME: &str = "Zvonimirka Izmišljenović";
const ONWARD: &str = "age_band,language,name,provenance";
const ATTESTED: [&str; 3] = ["age_band", "language", "name"];
const FACTS: [(&str, &str); 3] = [("age_band", "30_59"), ("language", "sq"), ("name", NAME)];
/// How she may be reached.
const REACHED_BY: (&str, &str) = ("safe_contact_channel", "call");
/// What the first keeps to itself: it has no way to anybody.
const ADDRESS: &str = "Zlatokrilska 17, Vrbopolje";

/// All five, each a running program.
pub(super) struct Row {
    pub(super) members: Vec<Organisation>,
    pub(super) told: Told,
    /// How many trails were opened: what is said in each is said nowhere else.
    opened: usize,
}

/// A trail from one to another.
pub(super) struct Hop {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) trail: Vec<u8>,
    /// The same in digits.
    pub(super) id: String,
    number: usize,
}

/// On whose word it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The sender signs it for whoever comes after.
    Signed,
    /// What another one signed, from the record of the case.
    Passed,
}

impl Row {
    /// Founds them, with their wires cut open, lets everybody meet everybody, and all sign.
    pub(super) async fn found(programs: &Programs) -> Outcome<Self> {
        let mut members = Vec::new();
        for _ in NAMES {
            members.push(Organisation::found(programs, "trace", true).await?);
        }
        let secrets = members.iter().map(Organisation::secrets).collect::<Outcome<Vec<_>>>()?;
        let callers: Vec<_> = secrets.iter().collect();
        for member in &mut members {
            member.cut_open(&callers).await?;
            member.start().await?;
        }
        let named: Vec<(&Organisation, &str)> = members.iter().zip(NAMES).collect();
        for (at, one) in named.iter().enumerate() {
            for other in named.iter().skip(at + 1) {
                meet(*one, *other).await?;
            }
        }
        let row = Self { members, told: Told::default(), opened: 0 };
        row.agree().await?;
        Ok(row)
    }

    async fn agree(&self) -> Outcome<()> {
        let first = self.at(0)?;
        let file = first.home().join("agreement.toml");
        std::fs::write(&file, AGREEMENT.replace("\"peer:first\"", "\"peer:self\""))?;
        let key = first.key().display().to_string();
        let words = ["agreement", "propose", &file.display().to_string(), "--organisation-key", &key];
        let said = first.uput_done(&words).await?;
        let id = text(&said, "/agreement/agreement")?;
        for member in self.members.iter().skip(1) {
            until("the proposal arrives", || async { Ok(!pair::agreements(member).await?.is_empty()) }).await?;
            let key = member.key().display().to_string();
            member.uput_done(&["agreement", "sign", &id, "--organisation-key", &key]).await?;
        }
        for member in &self.members {
            until("the agreement is in force", || async {
                Ok(pair::agreements(member).await?.first().is_some_and(|held| held.in_force))
            })
            .await?;
        }
        Ok(())
    }

    pub(super) fn at(&self, at: usize) -> Outcome<&Organisation> {
        self.members.get(at).ok_or_else(|| Failed::because("there are five"))
    }

    /// Runs `uput` at one of them.
    pub(super) async fn say(&self, at: usize, words: &[&str]) -> Outcome<Value> {
        let done = self.at(at)?.uput_done(words).await;
        done.map_err(|failed| failed.within(&format!("the {} with {words:?}", NAMES.get(at).unwrap_or(&""))))
    }

    /// The need is opened with another one, in a case if there is one, and accepted there.
    pub(super) async fn accepted(&mut self, from: usize, to: usize, case: Option<&str>) -> Outcome<Hop> {
        let typed = case.is_none().then_some(("age_band", "30_59"));
        let (fields, from_case) = (self.consent(from, to, typed.as_slice())?, ["--from-case", "age_band"]);
        let hop = self.open(from, to, &fields, case, if case.is_some() { &from_case } else { &[] }).await?;
        let said = format!("Uslov {} Plavolist", words(hop.number));
        self.told.text("conditions", &said, &[from, to]);
        let fields = self.file(to, &[("conditions", said.as_str())])?;
        self.say(to, &["referral", "accept", &hop.id, "--fields", &fields]).await?;
        self.stands(&hop, from, |trail| trail.headline == "accepted").await?;
        if case.is_none() {
            self.keep_at_home(&hop).await?;
        }
        Ok(hop)
    }

    /// A need that she told them herself, typed and in no record, is opened in a case.
    pub(super) async fn typed(&mut self, from: usize, to: usize, case: &str) -> Outcome<Hop> {
        let fields = self.consent(from, to, &[("age_band", "18_29")])?;
        self.open(from, to, &fields, Some(case), &[]).await
    }

    async fn open(&mut self, from: usize, to: usize, fields: &str, case: Option<&str>, more: &[&str]) -> Outcome<Hop> {
        let (peer, service) = (NAMES.get(to).unwrap_or(&""), SERVICES.get(to).unwrap_or(&""));
        let mut words = vec!["referral", "send", peer, "--service", service, "--basis", "explicit-consent"];
        words.extend(["--fields", fields]);
        words.extend(case.iter().flat_map(|case| ["--case", case]));
        words.extend(more);
        let id = text(&self.say(from, &words).await?, "/trail")?;
        let trail = crate::key_file::from_hex(&id).ok_or_else(|| Failed::because("a trail's ID is no number"))?;
        let hop = Hop { from, to, trail, id, number: self.opened };
        self.stands(&hop, to, |trail| trail.stage == 1).await?;
        self.told.bytes("trail", &hop.trail, &[from, to]);
        for side in [from, to] {
            let case = self.case_of(side, &hop.trail).await?;
            let bytes = crate::key_file::from_hex(&case).unwrap_or_default();
            self.told.bytes("case", &bytes, &[side]);
        }
        Ok(hop)
    }

    /// What goes with it: each time another purpose.
    fn consent(&mut self, from: usize, to: usize, more: &[(&str, &str)]) -> Outcome<String> {
        self.opened += 1;
        let purpose = format!("Svrha {} Zelenolist", words(self.opened));
        self.told.text("purpose", &purpose, &[from, to]);
        let other = |(label, _): &&(&str, &str)| *label != "consent_purpose";
        let mut fields: Vec<(&str, &str)> = CONSENT.iter().filter(other).copied().collect();
        fields.push(("consent_purpose", &purpose));
        fields.extend(more);
        self.file(from, &fields)
    }

    /// Who she is, and how she is reached by whoever is told now.
    pub(super) async fn disclose(&mut self, hop: &Hop, word: Word) -> Outcome<()> {
        self.say_who(hop, "disclose", word).await?;
        self.told.text("name", NAME, &[0, 1, 2, 3, 4]);
        self.stands(hop, hop.to, |trail| trail.stage == 2).await
    }

    /// The first signs another copy.
    pub(super) async fn attest_anew(&mut self, hop: &Hop) -> Outcome<()> {
        self.say_who(hop, "correct", Word::Signed).await?;
        self.stands(hop, hop.to, |trail| trail.events.iter().any(|event| event.kind == "corrected")).await
    }

    async fn say_who(&mut self, hop: &Hop, verb: &str, word: Word) -> Outcome<Value> {
        let telephone = format!("+38160555{:04}", 1000 + hop.number * 111);
        let code_word = format!("{}-vrabac", words(hop.number));
        self.told.text("telephone", &telephone, &[hop.from, hop.to]);
        self.told.text("code word", &code_word, &[hop.from, hop.to]);
        let reach = [
            ("consent_ticked", "name provenance"),
            REACHED_BY,
            ("safe_contact_telephone", telephone.as_str()),
            ("safe_contact_code_word", code_word.as_str()),
        ];
        let typed = if word == Word::Signed { &FACTS[..] } else { &[] };
        let fields = self.consent(hop.from, hop.to, &[&reach[..], typed].concat())?;
        let how: &[&str] = if word == Word::Signed { &["--attest"] } else { &["--from-case", ONWARD] };
        let basis = ["--basis", "explicit-consent", "--fields", &fields];
        self.say(hop.from, &[&["referral", verb, &hop.id][..], &basis, how].concat()).await
    }

    /// A copy that went to one organisation goes to no second one. [ONW-10]
    pub(super) async fn refuses_the_copy(&mut self, hop: &Hop, tally: &mut Tally) -> Outcome<()> {
        let refused = self.say_who(hop, "disclose", Word::Passed).await;
        tally.add("copies refused to a second organisation", 1);
        match refused {
            Err(Failed(why)) if why.contains("COPY_GIVEN") => Ok(()),
            said => Err(Failed::because(format!("a copy was to be refused, and was not: {said:?}"))),
        }
    }

    /// What the first kept in the record of its case, and tells nobody.
    async fn keep_at_home(&mut self, hop: &Hop) -> Outcome<()> {
        let case = self.case_of(hop.from, &hop.trail).await?;
        let fields = self.file(hop.from, &[("home_address", ADDRESS)])?;
        self.told.text("address", ADDRESS, &[hop.from]);
        self.say(hop.from, &["case", "record", &case, "--fields", &fields]).await.map(drop)
    }

    /// Takes what a trail said over into the record of its case, without typing it: the case.
    pub(super) async fn take_over(&self, hop: &Hop) -> Outcome<String> {
        taken(self.at(hop.to)?, &hop.trail).await?;
        let case = self.case_of(hop.to, &hop.trail).await?;
        self.say(hop.to, &["case", "record", &case, "--take", ONWARD, "--from", &hop.id]).await?;
        Ok(case)
    }

    /// Whoever was told sees that the first signed it, by its name. [ONW-11]
    pub(super) async fn is_verified(&mut self, hop: &Hop, tally: &mut Tally) -> Outcome<()> {
        taken(self.at(hop.to)?, &hop.trail).await?;
        let view = self.say(hop.to, &["trail", "show", &hop.id, "--values", "--reason", "supervision"]).await?;
        let events = view.pointer("/trail/events").and_then(Value::as_array).into_iter().flatten();
        let attested = events.rev().find_map(|event| event.get("attested").filter(|word| !word.is_null()));
        let attested = attested.ok_or_else(|| Failed::because(format!("nobody's word is shown at {}", hop.to)))?;
        let labels: BTreeSet<&str> =
            attested["labels"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let by = if hop.from == 0 { "first" } else { attested["name"].as_str().unwrap_or_default() };
        let attests = ATTESTED.iter().filter(|label| labels.contains(**label)).count();
        tally.add("facts verified as the word of the first", attests as u64);
        if attested["standing"] != "verified" || by != "first" || attests < ATTESTED.len() {
            tally.violated(format!("at {} the word of the first is shown as {attested}", hop.to));
        }
        Ok(())
    }

    /// Two copies of the same have nothing in common beyond who signed, and when. [ONW-4]
    pub(super) async fn copies_differ(&mut self, one: &Hop, other: &Hop, tally: &mut Tally) -> Outcome<()> {
        let [one, other] = [self.copy(one).await?, self.copy(other).await?];
        let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
        let [ours, theirs] = [&one, &other].map(|copy| copy.get(same..).unwrap_or_default());
        // What both open is theirs to have in common, and who signed.
        let signer = signer(&one)?;
        let without = |copy: &str, sign| without_facts(copy, sign).replace(&signer, sign);
        let [hidden, beside] = [without(ours, "-"), without(theirs, "+")];
        let of_theirs: BTreeSet<&[u8]> = beside.as_bytes().windows(SHARED).collect();
        let shared = hidden.as_bytes().windows(SHARED).filter(|part| of_theirs.contains(part)).count();
        tally.add("copies compared", 2);
        if shared > 0 {
            tally.violated(format!("two copies share {shared} stretches"));
        }
        for (copy, whose) in [(ours, [0, 1, 2, 3, 4].as_slice()), (theirs, &[0, 1, 4])] {
            let bytes = copy.get(..64).and_then(crate::key_file::from_hex);
            let bytes = bytes.ok_or_else(|| Failed::because("a copy is too short"))?;
            self.told.bytes("copy", &bytes, whose);
        }
        Ok(())
    }

    async fn copy(&self, hop: &Hop) -> Outcome<String> {
        let view = shown(self.at(hop.to)?, &hop.trail, true).await?.unwrap_or_default();
        let mut fields = view.events.into_iter().flat_map(|event| event.fields);
        let copy = fields.find(|field| field.label == "provenance" && !field.value.is_empty());
        copy.map(|field| field.value).ok_or_else(|| Failed::because("there is no copy"))
    }

    pub(super) async fn case_of(&self, at: usize, trail: &[u8]) -> Outcome<String> {
        let case = self.at(at)?.ask(|access: Access| {
            let request = wire::GetCaseRequest { case: Vec::new(), trail: trail.to_vec() };
            async move {
                let mut cases = CaseServiceClient::new(access.channel());
                Ok(cases.get_case(access.request(request)).await?.into_inner().case.unwrap_or_default().case)
            }
        });
        Ok(hex(&case.await?.value))
    }

    /// Fields in a file beside the node's folder.
    fn file(&self, at: usize, fields: &[(&str, &str)]) -> Outcome<String> {
        let path = self.at(at)?.home().join("fields.toml");
        let line = |(label, value): &(&str, &str)| format!("{label} = {}\n", toml::Value::from(*value));
        std::fs::write(&path, fields.iter().map(line).collect::<String>())?;
        Ok(path.display().to_string())
    }

    async fn stands(&self, hop: &Hop, at: usize, holds: impl Fn(&wire::Trail) -> bool) -> Outcome<()> {
        let node = self.at(at)?;
        let what = format!("the trail of {} and {} stands so at {at}", hop.from, hop.to);
        until(&what, || async { Ok(shown(node, &hop.trail, false).await?.is_some_and(|trail| holds(&trail))) }).await
    }

    pub(super) async fn hears_withdrawn(&self, hop: &Hop, at: usize) -> Outcome<()> {
        self.stands(hop, at, |trail| trail.headline == "withdrawn").await
    }

    /// Whoever sent it hears that the receiver's time is over. [CAS-105]
    pub(super) async fn hears_settled(&self, hop: &Hop) -> Outcome<()> {
        self.stands(hop, hop.from, |trail| trail.events.iter().any(|event| event.settled > 0)).await
    }

    /// `kill -9` after a moment that the seed decides, and a start.
    pub(super) async fn kill_and_start(&self, at: usize, draw: &mut Draw) -> Outcome<()> {
        let node = self.at(at)?;
        tokio::time::sleep(std::time::Duration::from_millis(draw.below(120))).await;
        node.kill().await?;
        node.start().await
    }

    pub(super) async fn queued(&self) -> Outcome<u64> {
        let mut waiting = 0;
        for member in &self.members {
            waiting += pair::queued(member).await?;
        }
        Ok(waiting)
    }

    /// The letters that each of them was sent, opened with its own key.
    pub(super) fn letters(&self) -> Outcome<Vec<received::Letters>> {
        let passed = self.members.iter().filter_map(|member| member.inside.as_ref());
        let passed: Vec<Vec<u8>> = passed.flat_map(crate::tap::Tap::passed).collect();
        let secrets = self.members.iter().map(Organisation::secrets).collect::<Outcome<Vec<_>>>()?;
        Ok(received::letters(&passed, &secrets))
    }

    /// The pseudonyms of who acted: each goes to whoever is in the trail with them, and to nobody else.
    pub(super) async fn remember_actors(&mut self, story: &Story) -> Outcome<()> {
        for hop in story.chain.iter().chain([&story.beside, &story.own]) {
            for side in [hop.from, hop.to] {
                taken(self.at(side)?, &hop.trail).await?;
                let view = shown(self.at(side)?, &hop.trail, true).await?.unwrap_or_default();
                let fields = view.events.into_iter().filter(|event| event.ours).flat_map(|event| event.fields);
                for field in fields.filter(|field| field.label == "actor" && !field.value.is_empty()) {
                    self.told.text("who acted", &field.value, &[hop.from, hop.to]);
                }
            }
        }
        Ok(())
    }
}

/// A stretch of digits that two copies do not share by chance.
const SHARED: usize = 24;

/// The ID of the key that signed a copy, in digits.
fn signer(copy: &str) -> Outcome<String> {
    let bytes = crate::key_file::from_hex(copy).unwrap_or_default();
    let signed = wire::Attestation::decode(bytes.as_slice()).ok().and_then(|copy| copy.envelope);
    let signer = signed.and_then(|signed| signed.signatures.first().map(|signature| hex(&signature.key_id)));
    signer.filter(|signer| !signer.is_empty()).ok_or_else(|| Failed::because("a copy is signed by nobody"))
}

/// The digits of a copy, with a sign in place of each label and value that it opens.
fn without_facts(copy: &str, sign: &str) -> String {
    let opened = FACTS.iter().chain([&REACHED_BY]).flat_map(|(label, value)| [*label, *value]);
    opened.fold(copy.to_owned(), |left, text| left.replace(&hex(text.as_bytes()), sign))
}

fn text(said: &Value, pointer: &str) -> Outcome<String> {
    let found = said.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| Failed::because(format!("{pointer} is not in {said}")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number as an invented word: no two of them are one.
fn words(number: usize) -> String {
    const SYLLABLES: [&str; 6] = ["zu", "vra", "kro", "sta", "gra", "tom"];
    let syllable = |place: usize| SYLLABLES.get(number / SYLLABLES.len().pow(place as u32) % SYLLABLES.len());
    (0..4).filter_map(|place| syllable(3 - place)).copied().collect()
}
