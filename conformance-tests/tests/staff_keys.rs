//! Values that are sealed to staff, through the real programs: what somebody reads who has a node's folder and every key in
//! it, and how a lost key comes back.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on must stop")]

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use uput_conformance::leak::left_behind::{closed_for_good, readable};
use uput_conformance::organisation::Organisation;
use uput_conformance::pair::{Pair, SHELTER, Setting, agreement, until};
use uput_conformance::programs::Programs;

/// Invented, and nowhere else.
const VALUES: [&str; 2] = ["Staklena Livada Purpose", "Zvonimirka In Words"];

/// Invented: a name that is in the record of a case only, and how she is reached from tonight on.
const HELD: [&str; 2] = ["Zlatica Lokvanj", "+38269555777"];

/// Somebody with an access file.
struct Person {
    access: PathBuf,
    key: String,
}

async fn done(side: &Organisation, person: &Person, arguments: &[&str]) -> Value {
    let (well, said) = side.uput_as(&person.access, arguments).await.unwrap();
    assert!(well, "{arguments:?}: {said}");
    said
}

async fn make_key(side: &Organisation, access: PathBuf) -> Person {
    let (well, said) = side.uput_as(&access, &["staff", "create"]).await.unwrap();
    assert!(well, "{said}");
    Person { access, key: said["key"]["key"].as_str().unwrap().to_owned() }
}

/// A supervisor and two case workers, each with a key that counts and is split between the other two.
async fn staff(side: &Organisation) -> [Person; 3] {
    let supervisor = make_key(side, side.worker()).await;
    let mut people = vec![supervisor];
    for name in ["Berta", "Clara"] {
        let file = side.home().join(format!("{name}.txt"));
        std::fs::write(&file, format!("{name}, invented\n")).unwrap();
        let file = file.display().to_string();
        let made = side.uput_done(&["account", "create", "--role", "case-worker", "--name-file", &file]).await.unwrap();
        let account = made["account"]["account"].as_str().unwrap().to_owned();
        let access = side.home().join(format!("{name}.toml"));
        side.uput_done(&["account", "token", &account, "--to", &access.display().to_string()]).await.unwrap();
        let person = make_key(side, access).await;
        done(side, &people[0], &["staff", "confirm", &person.key[..32]]).await;
        people.push(person);
    }
    for person in &people {
        done(side, person, &["staff", "share", "--needed", "2", "--among", "2"]).await;
    }
    people.try_into().unwrap_or_else(|_| panic!("three people"))
}

fn fields(side: &Organisation, name: &str, text: &str) -> String {
    let file = side.home().join(name);
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

async fn shows(side: &Organisation, person: &Person, trail: &str, holds: impl Fn(&Value) -> bool) {
    until("the trail shows it", || async {
        let (well, said) = side.uput_as(&person.access, &["referral", "show", trail]).await?;
        Ok(well && holds(&said["trail"]))
    })
    .await
    .unwrap();
}

/// An enquiry, her need, and a yes in words; the fields' files are removed again. Gives the trail.
async fn need(pair: &Pair, ours: &Person, theirs: &Person) -> String {
    let [hotline, shelter] = pair.both();
    let places = fields(hotline, "enquiry.toml", "places = 2\nadults = 1\n");
    let sent = done(hotline, ours, &["enquiry", "send", SHELTER, "--service", "shelter", "--fields", &places]).await;
    let trail = sent["trail"].as_str().unwrap().to_owned();
    shows(shelter, theirs, &trail, |view| view["headline"] == "asked").await;
    done(shelter, theirs, &["referral", "hold", &trail, "--until", "2099-01-01T00:00Z"]).await;
    shows(hotline, ours, &trail, |view| view["headline"] == "held").await;
    let [purpose, reason] = VALUES;
    let text = format!(
        "consent_given_by = \"herself\"\nconsent_form = \"oral_witnessed\"\nconsent_language = \"sq\"\n\
         consent_purpose = \"{purpose}\"\nconsent_until = \"2098-12-31\"\nage_band = \"30_59\"\n"
    );
    let words = fields(hotline, "need.toml", &text);
    let basis = ["--basis", "explicit-consent", "--fields", &words];
    done(hotline, ours, &[&["referral", "need", &trail][..], &basis].concat()).await;
    shows(shelter, theirs, &trail, |view| view["stage"] == 1).await;
    let reply = fields(shelter, "reply.toml", &format!("reason_in_words = \"{reason}\"\n"));
    done(shelter, theirs, &["referral", "accept", &trail, "--fields", &reply]).await;
    shows(hotline, ours, &trail, |view| view["headline"] == "accepted").await;
    [places, words, reply].iter().for_each(|file| std::fs::remove_file(file).unwrap());
    pair.settled().await.unwrap();
    trail
}

fn shown(said: &Value) -> Vec<&str> {
    let all = said["disclosed"].as_array().unwrap();
    all.iter().filter_map(|field| field["value"].as_str()).filter(|value| VALUES.contains(value)).collect()
}

/// [STF-1] [STF-9] [STF-10] [STF-12] [STF-15] [STF-24]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_with_every_key_in_it_shows_nothing_that_is_sealed_to_staff_and_a_lost_key_comes_back() {
    let programs = Programs::find().unwrap();
    for sealed in [false, true] {
        let mut source: toml::Table = toml::from_str(&agreement().unwrap()).unwrap();
        let profiles = source.get_mut("profile").unwrap().as_table_mut().unwrap();
        for (_, profile) in profiles.iter_mut() {
            profile.as_table_mut().unwrap().insert("staff_only".to_owned(), sealed.into());
        }
        let setting = Setting { log: "trace", open_wire: false, agreement: toml::to_string(&source).unwrap() };
        let pair = Pair::found(&programs, &setting).await.unwrap();
        let [ours, theirs] = [staff(&pair.hotline).await, staff(&pair.shelter).await];
        let trail = need(&pair, &ours[1], &theirs[1]).await;
        for (side, people) in [(&pair.hotline, &ours), (&pair.shelter, &theirs)] {
            // Whoever has the case reads it, and so does the supervisor; a colleague is told that it is not there.
            for reader in [&people[1], &people[0]] {
                let looks = ["referral", "show", &trail, "--values", "--reason", "supervision"];
                let said = done(side, reader, &looks).await;
                assert_eq!(shown(&said).len(), VALUES.len(), "{sealed}: {said}");
            }
            let (well, said) =
                side.uput_as(&people[2].access, &["referral", "show", &trail, "--values"]).await.unwrap();
            assert!(!well && said["error"]["reason"] == "NO_SUCH_TRAIL", "{said}");
            // Without the key file there is nothing to see, whatever the access file opens.
            let file = people[1].access.with_extension("staff.key");
            let aside = file.with_extension("aside");
            std::fs::rename(&file, &aside).unwrap();
            let said = done(side, &people[1], &["referral", "show", &trail, "--values"]).await;
            assert_eq!(shown(&said).is_empty(), sealed, "{said}");
            std::fs::rename(&aside, &file).unwrap();
        }
        let case = record(&pair, &ours, &theirs[1], &trail).await;
        if sealed {
            hand_on(&pair.hotline, &ours, &trail).await;
            drill(&pair.shelter, &theirs, &trail).await;
        }
        // Keys of the way are gathered for a second before they are destroyed.
        tokio::time::sleep(Duration::from_secs(2)).await;
        for side in pair.both() {
            side.stop().await.unwrap();
            let found = readable(&side.folder(), &VALUES).unwrap();
            let log = std::fs::read_to_string(side.log()).unwrap();
            assert!(VALUES.iter().all(|value| !log.contains(value)), "the log holds a value");
            assert_eq!(found.len(), if sealed { 0 } else { VALUES.len() }, "{found:?}");
        }
        let held = readable(&pair.hotline.folder(), &HELD).unwrap();
        assert_eq!(held.len(), if sealed { 0 } else { HELD.len() }, "{held:?}");
        erase(&pair.hotline, &ours[1], &case).await;
        assert_eq!(closed_for_good(&pair.hotline.folder()).unwrap() > 0, sealed);
    }
}

/// Her record is written once; a changed contact is told to the shelter from it, and the list says who has confirmed; it
/// is found by words. Gives the case. [CAS-47] [CAS-50] [CAS-68]
async fn record(pair: &Pair, people: &[Person; 3], theirs: &Person, trail: &str) -> String {
    let side = &pair.hotline;
    let [_, berta, clara] = people;
    let case = done(side, berta, &["case", "show", "--trail", trail]).await;
    let case = case["case"]["case"].as_str().unwrap().to_owned();
    let contact = "safe_contact_channel = \"call\"\nsafe_contact_telephone = \"+38269555666\"\n";
    let consent = format!(
        "consent_given_by = \"herself\"\nconsent_form = \"oral_witnessed\"\nconsent_language = \"sq\"\n\
         consent_purpose = \"{}\"\nconsent_until = \"2098-12-31\"\n",
        VALUES[0]
    );
    let identity = fields(side, "identity.toml", &format!("{consent}{contact}"));
    let basis = ["--basis", "explicit-consent", "--fields", &identity];
    done(side, berta, &[&["referral", "disclose", trail][..], &basis].concat()).await;
    shows(&pair.shelter, theirs, trail, |view| view["stage"] == 2).await;
    let text = format!("{contact}name = \"{}\"\n", HELD[0]);
    let her = fields(side, "her.toml", &text);
    done(side, berta, &["case", "record", &case, "--fields", &her]).await;
    let text = format!("safe_contact_channel = \"call\"\nsafe_contact_telephone = \"{}\"\n", HELD[1]);
    let new = fields(side, "new.toml", &text);
    let change = ["case", "change", &case, "--what", "safe-contact", "--fields", &new];
    let said = done(side, berta, &change).await;
    assert_eq!(said["change"]["trails"][0]["say"], serde_json::json!(["corrected"]), "{said}");
    until("the shelter has confirmed it", || async {
        let (well, said) = side.uput_as(&berta.access, &["case", "changes", &case]).await?;
        Ok(well && said["changes"][0]["unconfirmed"] == 0)
    })
    .await
    .unwrap();
    let there = done(&pair.shelter, theirs, &["referral", "show", trail, "--values", "--reach", "call"]).await;
    assert!(there.to_string().contains(HELD[1]), "{there}");
    let said = done(side, berta, &["case", "record", &case, "--values", "--reach", "call"]).await;
    let held = said["fields"].as_array().unwrap().iter().filter_map(|field| field["value"].as_str());
    assert_eq!((held.filter(|value| HELD.contains(value)).count(), &said["closed"]), (HELD.len(), &0.into()), "{said}");
    let words = fields(side, "words.txt", "lokvanj\n");
    for (person, hits) in [(berta, serde_json::json!([case])), (clara, serde_json::json!([]))] {
        assert_eq!(done(side, person, &["case", "search", "--words", &words]).await["cases"], hits);
    }
    [identity, her, new, words].iter().for_each(|file| std::fs::remove_file(file).unwrap());
    pair.settled().await.unwrap();
    case
}

/// The record is erased: nobody reads or finds it any more, and the trail is as provable as before. [CAS-48]
async fn erase(side: &Organisation, berta: &Person, case: &str) {
    side.start().await.unwrap();
    done(side, berta, &["case", "erase", case]).await;
    let said = done(side, berta, &["case", "record", case, "--values"]).await;
    assert_eq!(said["fields"], serde_json::json!([]));
    let words = fields(side, "words.txt", "lokvanj\n");
    assert_eq!(done(side, berta, &["case", "search", "--words", &words]).await["cases"], serde_json::json!([]));
    std::fs::remove_file(words).unwrap();
    done(side, berta, &["access", "list", case]).await;
    side.stop().await.unwrap();
    let held = readable(&side.folder(), &HELD[..1]).unwrap();
    assert!(held.is_empty(), "{held:?}");
}

/// Berta gives her case to Clara, and is interrupted wherever it may be: the command without her key, killed while it runs,
/// the node killed; repeated, it ends as if nothing had been. [STF-13]
async fn hand_on(side: &Organisation, people: &[Person; 3], trail: &str) {
    let [_, berta, clara] = people;
    let case = done(side, berta, &["case", "show", "--trail", trail]).await;
    let case = case["case"]["case"].as_str().unwrap();
    let clara_file = side.home().join("Clara.txt").display().to_string();
    let assign = ["case", "assign", case, "--colleague-file", &clara_file];
    let (key, looks) = (berta.access.with_extension("staff.key"), ["referral", "show", trail, "--values"]);
    std::fs::rename(&key, key.with_extension("aside")).unwrap();
    let said = done(side, berta, &assign).await;
    assert_eq!((&said["readers_added"], said["readers_missing"].as_u64() > Some(0)), (&0.into(), true), "{said}");
    std::fs::rename(key.with_extension("aside"), &key).unwrap();
    assert!(shown(&done(side, clara, &looks).await).is_empty(), "nobody has let her read");
    side.kill().await.unwrap();
    side.start().await.unwrap();
    for milliseconds in [5, 15, 40] {
        // The program is killed when its time is over.
        drop(tokio::time::timeout(Duration::from_millis(milliseconds), side.uput_as(&berta.access, &assign)).await);
    }
    let said = done(side, berta, &assign).await;
    assert_eq!(said["readers_missing"], 0, "{said}");
    assert_eq!(shown(&done(side, clara, &looks).await).len(), VALUES.len());
    assert_eq!(shown(&done(side, berta, &looks).await).len(), VALUES.len());
    let said = done(side, berta, &assign).await;
    assert_eq!((&said["readers_added"], &said["readers_missing"]), (&0.into(), &0.into()), "{said}");
}

/// Berta's computer is stolen. One colleague is too few, two bring her key back.
async fn drill(side: &Organisation, people: &[Person; 3], trail: &str) {
    let [sanja, berta, clara] = people;
    let file = berta.access.with_extension("staff.key");
    std::fs::remove_file(&file).unwrap();
    let new = make_key(side, berta.access.clone()).await;
    let values = ["referral", "show", trail, "--values"];
    assert!(shown(&done(side, &new, &values).await).is_empty());
    done(side, sanja, &["staff", "give", &new.key[..32]]).await;
    let (well, said) = side.uput_as(&new.access, &["staff", "recover"]).await.unwrap();
    assert!(!well && said["error"]["why"].as_str().unwrap().contains("1 shares are here, 2 are needed"), "{said}");
    done(side, clara, &["staff", "give", &new.key[..32]]).await;
    let said = done(side, &new, &["staff", "recover"]).await;
    // The box from when nobody had the case, the one since Berta has it, and that of the key of words.
    assert_eq!((said["key"].as_str(), said["added"].as_u64()), (Some(berta.key.as_str()), Some(3)), "{said}");
    // The new key alone is enough from now on.
    std::fs::remove_file(said["file"].as_str().unwrap()).unwrap();
    assert_eq!(shown(&done(side, &new, &values).await).len(), VALUES.len());
    let keys = done(side, &new, &["staff", "list"]).await;
    let state =
        |id: &str| keys["keys"].as_array().unwrap().iter().find(|key| key["key"] == id).unwrap()["state"].clone();
    assert_eq!((state(&new.key), state(&berta.key)), ("current".into(), "replaced".into()));
}
