//! What an auditor does with many bundles, and with one that goes to a court.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use uput_core::catalogue::Label;
use uput_core::event::{Decision, Statement, Terms};
use uput_core::slot::Extent;
use uput_core::state::Side;
use uput_core::verdict;
use uput_core::wire::{Act, DecisionOutcome, DeclineReason, LegalBasis, Outcome, ServiceType};

use crate::auditor::{Desk, assert_told};
use crate::harness::{golden, json, run};
use crate::night::{Story, TWO_PARTY, World, field, placement};

/// A folder of a good bundle, one with closed slots, an altered one in a subfolder, and what is no bundle.
fn mixed(desk: &Desk) {
    let bundles = desk.path().join("bundles");
    std::fs::create_dir_all(bundles.join("inner")).unwrap();
    let night = desk.bundle(&Extent::LABELS);
    let mut altered = night.clone();
    altered[night.len() / 2] ^= 1;
    for (name, bytes) in [
        ("a.uput", night.as_slice()),
        ("b.uput", &desk.bundle(&Extent::NOTHING)),
        ("inner/c.uput", &altered),
        ("notes.txt", b"not a bundle"),
    ] {
        std::fs::write(bundles.join(name), bytes).unwrap();
    }
}

#[test]
fn a_folder_is_verified_bundle_by_bundle_and_counted() {
    // [CLI-74]
    let desk = Desk::new();
    mixed(&desk);
    let words = ["trail", "verify", "bundles", "--trust", "trust.toml"];
    let people = run(desk.path(), words, "");
    let programs = run(desk.path(), words.iter().copied().chain(["--json"]), "");
    assert_eq!((people.code, programs.code), (10, 10), "{}", people.stdout);
    let object = json(&programs);
    let single = |extent: &Extent| verdict::verify(&desk.bundle(extent), &desk.world.trust());
    let alone = [single(&Extent::LABELS), single(&Extent::NOTHING)];
    let rows: Vec<_> = object["bundles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["file"].as_str().unwrap(), row["exit_code"].as_u64().unwrap()))
        .collect();
    let codes = alone.each_ref().map(|report| u64::from(report.exit.code()));
    assert_eq!(rows, [("a.uput", codes[0]), ("b.uput", codes[1]), ("inner/c.uput", 10)]);
    assert_eq!((&object["totals"]["bundles"], &object["totals"]["not_looked_at"]), (&3.into(), &1.into()));
    // Each check is counted once for each bundle.
    for check in object["totals"]["by_check"].as_array().unwrap() {
        let all: u64 = ["passed", "failed", "not_checkable", "not_applicable"]
            .iter()
            .map(|word| check[word].as_u64().unwrap())
            .sum();
        assert_eq!(all, 3, "{check}");
    }
    // [CLI-131] What is owed is what the reports say, once: all three are of one trail, and one is not authentic.
    let owed: u64 =
        object["totals"]["by_timer"].as_array().unwrap().iter().map(|row| row["deadlines"].as_u64().unwrap()).sum();
    assert_eq!(owed, alone[0].deadlines.len() as u64);
    assert!(owed > 0);
    // [CLI-136] Up to whose head each goes is said, also where nothing is missing.
    let reach = alone[0].completeness.parties.iter().map(|party| party.sentence.clone()).collect::<Vec<_>>().join(" ");
    assert!(reach.contains("Complete up to hotline's head (number "), "{reach}");
    assert!(
        people.stdout.lines().any(|line| line.starts_with("a.uput") && line.ends_with(&reach)),
        "{}",
        people.stdout
    );
    for told in ["a.uput", "inner/c.uput", "NOT AUTHENTIC", "OWED BY", "exit code 10"] {
        assert!(people.stdout.contains(told), "{told}: {}", people.stdout);
    }
    // One bundle less, and the strongest verdict is that of what is left.
    std::fs::remove_file(desk.path().join("bundles/inner/c.uput")).unwrap();
    let less = run(desk.path(), words, "");
    assert_eq!(u64::try_from(less.code).unwrap(), codes[1].max(codes[0]));
}

#[test]
fn a_folder_without_a_bundle_is_no_verdict() {
    // [CLI-74]
    let desk = Desk::new();
    std::fs::create_dir(desk.path().join("empty")).unwrap();
    let empty = run(desk.path(), ["trail", "verify", "empty", "--trust", "trust.toml", "--json"], "");
    assert_eq!((empty.code, json(&empty)["error"]["reason"].as_str()), (1, Some("NO_BUNDLE")));
}

/// The text of a page, as a reader sees it.
fn read(html: &str) -> String {
    let mut text = html.to_owned();
    for (escaped, letter) in [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")] {
        text = text.replace(escaped, letter);
    }
    text.replace("</dt><dd>", ": ")
}

#[test]
fn a_page_for_a_court_says_what_the_report_says_and_loads_nothing() {
    // [CLI-75]
    let desk = Desk::new();
    let make = |bundle: &str, to: &str| {
        let made = run(desk.path(), ["trail", "verify", bundle, "--trust", "trust.toml", "--html", to, "--quiet"], "");
        let html = std::fs::read_to_string(desk.path().join(to)).unwrap();
        (made.code, html)
    };
    let report = verdict::verify(&desk.bundle(&Extent::LABELS), &desk.world.trust());
    let (code, html) = make("night.uput", "one.html");
    assert_eq!(code, i32::from(report.exit.code()));
    assert_told(&read(&html), &applying(report));
    for loads in ["<script", "http:", "https:", "src=", "href=", "url(", "@import"] {
        assert!(!html.contains(loads), "{loads}");
    }
    // [CLI-75] The same bytes again, and a drawing with a dot for each event.
    assert_eq!(make("night.uput", "two.html").1, html);
    assert_eq!(html.matches("<circle").count(), desk.world.night().trail.len());
    // A value stands there only if it was opened.
    assert!(!html.contains("Mila"));
    desk.write("values.uput", &desk.bundle(&Extent::VALUES));
    assert!(make("values.uput", "three.html").1.contains("Mila Invented"));
}

/// What had nothing to check is left out of the page.
fn applying(mut report: verdict::Report) -> verdict::Report {
    report.checks.retain(|check| check.outcome != verdict::Outcome::NotApplicable);
    report
}

#[test]
fn a_name_that_is_markup_stays_text_on_the_page() {
    // [CLI-75]
    let desk = Desk::new();
    let text = std::fs::read_to_string(desk.path().join("trust.toml")).unwrap();
    let hostile = text.replace("\"hotline\"", "'<script>alert(1)</script>\"&'");
    assert_ne!(hostile, text);
    desk.write("hostile.toml", hostile.as_bytes());
    run(desk.path(), ["trail", "verify", "night.uput", "--trust", "hostile.toml", "--html", "x.html"], "");
    let html = std::fs::read_to_string(desk.path().join("x.html")).unwrap();
    assert!(!html.contains("<script") && html.contains("&#60;script&#62;alert(1)"), "{html}");
    // An existing page is not written over.
    let again = run(
        desk.path(),
        ["trail", "verify", "night.uput", "--trust", "hostile.toml", "--html", "x.html", "--json"],
        "",
    );
    assert_eq!((again.code, json(&again)["error"]["reason"].as_str()), (1, Some("FILE_EXISTS")));
}

#[test]
fn two_bundles_of_one_trail_are_held_against_each_other() {
    // [CLI-76]
    let desk = Desk::new();
    let night = desk.world.night();
    let part = night.until(night.trail.len() - 2);
    let mut draft = part.draft(&desk.world.jasen, &Extent::NOTHING);
    draft.evidence = night.draft(&desk.world.jasen, &Extent::NOTHING).evidence;
    draft.time = desk.world.at(1_000);
    desk.write("theirs.uput", &draft.build(desk.world.jasen.signing()).unwrap());
    let words = ["trail", "compare", "night.uput", "theirs.uput", "--trust", "trust.toml"];
    let people = run(desk.path(), words, "");
    let object = json(&run(desk.path(), words.iter().copied().chain(["--json"]), ""));
    assert_eq!((people.code, object["exit_code"].as_u64()), (11, Some(11)), "{}", people.stdout);
    assert_eq!(people.stdout.matches("ASK WHY").count(), 2);
    assert_eq!(object["bundles"][1]["lacks"].as_array().unwrap().len(), 2);
    let compare = |one: &str, two: &str| {
        let run = run(desk.path(), ["trail", "compare", one, two, "--trust", "trust.toml", "--json"], "");
        (run.code, json(&run)["error"]["reason"].as_str().unwrap_or_default().to_owned())
    };
    desk.write("another.uput", &desk.world.another().bundle(&desk.world.hotline, &Extent::NOTHING));
    desk.write("cut.uput", b"no bundle");
    assert_eq!(compare("night.uput", "another.uput"), (1, "OTHER_TRAIL".to_owned()));
    assert_eq!(compare("night.uput", "cut.uput"), (1, "MALFORMED".to_owned()));
    assert_eq!(compare("night.uput", "nowhere.uput").0, 1);
}

/// [CLI-100] [CLI-128] What an ombudsman is told of the set that the core's tests write, whole.
#[test]
fn the_ombudsman_is_told_every_refusal_and_every_silence_and_whose_word_it_is() {
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance-tests/sets/the-refused-boy");
    let desk = tempfile::tempdir().unwrap();
    let (bundles, trust) = (set.join("bundles"), set.join("trust.toml"));
    let words =
        [OsStr::new("trail"), OsStr::new("verify"), bundles.as_os_str(), OsStr::new("--trust"), trust.as_os_str()];
    let more = |last: &[&str]| {
        let words = words.iter().copied().map(OsStr::to_owned);
        run(desk.path(), words.chain(last.iter().map(OsString::from)), "")
    };
    golden("sets/the-refused-boy", &more(&[]).stdout);
    let programs = more(&["--json"]);
    golden("sets/the-refused-boy-json", &programs.stdout);
    let answers = json(&programs)["answers"].clone();
    let told: Vec<_> = answers
        .as_array()
        .unwrap()
        .iter()
        .map(|row| [&row["asked_of"], &row["came_to"], &row["code"]].map(|word| word.as_str().unwrap_or("").to_owned()))
        .collect();
    let expected = [
        ["clinic-by-the-river", "refused", "no_place"],
        ["clinic-by-the-river", "refused", "decision_missing"],
        ["institute", "refused", "not_competent"],
        ["hospital-on-the-hill", "not_made", ""],
        ["ward-in-the-next-town", "not_made", ""],
        ["clinic-on-the-plain", "something_missing", ""],
        ["clinic-on-the-plain", "something_missing", ""],
        ["night-clinic", "by_telephone", "yes"],
        ["sanatorium", "ended", "no_longer_needed"],
    ];
    assert_eq!(told, expected.map(|row| row.map(str::to_owned)));
    // What a log proves, and what is somebody's word.
    let row = |at: usize| answers[at].clone();
    let proven: Vec<bool> = (0..5).map(|at| !row(at)["until"]["proven"].is_null()).collect();
    assert_eq!(proven, [true, true, false, true, false]);
    // [CLI-135] Both words stand beside a length, and each of `since` and `until` is one word.
    for row in answers.as_array().unwrap().iter().filter(|row| !row["until"].is_null()) {
        let (since, until) = (row["since"]["by"].as_str().unwrap(), row["until"]["by"].as_str().unwrap());
        let rests_on = row["rests_on"].as_str().unwrap();
        assert!(rests_on.contains(since) && rests_on.contains(until), "{row}");
    }
    let silent = [&row(3)["since"]["by"], &row(3)["until"]["by"]].map(|by| by.as_str().unwrap().to_owned());
    assert_eq!(silent, ["hospital-on-the-hill", "witnesses of hospital-on-the-hill's log"]);
    assert_eq!(row(4)["until"]["by"], "house-for-boys");
    // What is missing is no silence, and has no length.
    assert_eq!((&row(5)["seconds"], &row(5)["until"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert!(row(5)["rests_on"].as_str().unwrap().contains("BUN-32"));
    // What the telephone said is the word of whoever called, and stands beside what the clinic admits.
    let spoken = row(7)["rests_on"].as_str().unwrap().to_owned();
    assert!(spoken.contains("is the word of house-for-boys") && spoken.contains("own admission"), "{spoken}");
    // Who ended it a minute after asking waited for nobody, however late it exports.
    assert_eq!((&row(8)["until"]["by"], &row(8)["seconds"]), (&"house-for-boys".into(), &60.into()));
    // One refusal in the bundles of both and in a copy is one row, with all files.
    assert_eq!(row(2)["files"].as_array().unwrap().len(), 3);
    // [CLI-131] And one deadline.
    let all = json(&programs)["totals"]["by_timer"].clone();
    let institute = all.as_array().unwrap().iter().filter(|row| row["owed_by"] == "institute");
    let counted: Vec<_> =
        institute.map(|row| (row["timer"].as_str().unwrap().to_owned(), row["deadlines"].as_u64())).collect();
    let once = ["acknowledge", "answer", "deliver"].map(|timer| (timer.to_owned(), Some(1)));
    assert_eq!(counted, once);
    // An authority that decided in time owes nothing.
    assert!(programs.stdout.contains("centre-for-children") && told.iter().all(|row| row[0] != "centre-for-children"));
    more(&["--html", "set.html", "--quiet"]);
    golden("sets/the-refused-boy-page", &std::fs::read_to_string(desk.path().join("set.html")).unwrap());
}

/// [CLI-101]
#[test]
fn what_a_bundle_cites_is_looked_for_in_the_others_and_missed_where_it_is_not() {
    let desk = Desk::new();
    let folder = desk.path().join("set");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("night.uput"), desk.bundle(&Extent::LABELS)).unwrap();
    let words = ["trail", "verify", "set", "--trust", "trust.toml", "--json"];
    let standing = || {
        let cited = json(&run(desk.path(), words, ""))["citations"].clone();
        let row = cited.as_array().unwrap()[0].clone();
        assert_eq!((cited.as_array().unwrap().len(), row["what"].as_str()), (1, Some("decision")));
        (row["standing"].as_str().unwrap().to_owned(), row["found"].as_str().map(str::to_owned))
    };
    assert_eq!(standing(), ("missing".to_owned(), None));
    let decision = desk.world.decision(&desk.world.hotline).bundle(&desk.world.hotline, &Extent::LABELS);
    std::fs::write(folder.join("notice.uput"), &decision).unwrap();
    assert_eq!(standing(), ("here".to_owned(), Some("notice.uput".to_owned())));
    let people = run(desk.path(), &words[..5], "");
    assert!(people.stdout.contains("it stands in notice.uput, with effect"), "{}", people.stdout);
    // [CLI-130] Its issuer takes it away in its own trail: that it was granted is not all that is said.
    let mut notice = desk.world.decision(&desk.world.hotline);
    let refused = Decision { outcome: DecisionOutcome::Refused, ..placement() };
    notice.say(desk.world.centre(), Statement::Decision(refused));
    std::fs::write(folder.join("later.uput"), notice.bundle(desk.world.centre(), &Extent::LABELS)).unwrap();
    assert_eq!(standing().0, "taken_away");
    let people = run(desk.path(), &words[..5], "");
    assert!(people.stdout.contains("TOOK IT AWAY at"), "{}", people.stdout);
    assert!(!people.stdout.contains("with effect"), "{}", people.stdout);
    std::fs::remove_file(folder.join("later.uput")).unwrap();
    // What stands in a file that somebody changed is not called found.
    let mut altered = decision.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    std::fs::write(folder.join("notice.uput"), altered).unwrap();
    assert_eq!(standing(), ("not_authentic_there".to_owned(), Some("notice.uput".to_owned())));
    // [CLI-130] One that had ended when it was cited.
    let world = &desk.world;
    let short = || Decision { expiry: Some(world.at(5)), ..placement() };
    let mut notice = world.notified(&world.hotline);
    notice.delivered_and(Statement::Decision(short()));
    let mut night = world.asked();
    night.clock = 100;
    let evidence = notice.trail.last(Side::Peer);
    night.say(&world.hotline, Statement::Decision(Decision { evidence, ..short() }));
    night.evidence = notice.trail.events().last().map(|event| event.envelope().clone());
    std::fs::write(folder.join("notice.uput"), notice.bundle(world.centre(), &Extent::LABELS)).unwrap();
    std::fs::write(folder.join("night.uput"), night.bundle(&world.hotline, &Extent::LABELS)).unwrap();
    assert_eq!(standing(), ("ended".to_owned(), Some("notice.uput".to_owned())));
}

/// What is said of a folder with these bundles, by a trust file.
fn told(bundles: &[(&str, &[u8])], trust: &str) -> (i32, serde_json::Value) {
    let desk = tempfile::tempdir().unwrap();
    std::fs::create_dir(desk.path().join("set")).unwrap();
    for (name, bytes) in bundles {
        std::fs::write(desk.path().join("set").join(name), bytes).unwrap();
    }
    std::fs::write(desk.path().join("trust.toml"), trust).unwrap();
    let run = run(desk.path(), ["trail", "verify", "set", "--trust", "trust.toml", "--json"], "");
    (run.code, json(&run))
}

fn rows(object: &serde_json::Value) -> Vec<[String; 4]> {
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
    let row = |row: &serde_json::Value| [&row["came_to"], &row["timer"], &row["kind"], &row["until"]["by"]].map(word);
    object["answers"].as_array().unwrap().iter().map(row).collect()
}

/// [CLI-100] [CLI-128] Each of these was once called silent, or called so by the wrong word.
#[test]
fn nobody_is_called_silent_whose_answer_is_here_or_who_owes_none() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance-tests/corpus");
    let by_corpus = |name: &str| {
        let bytes = std::fs::read(corpus.join(name).join("bundle.uput")).unwrap();
        rows(&told(&[("a.uput", &bytes)], &std::fs::read_to_string(corpus.join(name).join("trust.toml")).unwrap()).1)
    };
    let nothing: [[&str; 4]; 0] = [];
    for name in [
        "a-decision-too-late-by-the-centres-own-clock",
        "a-breach-notice-about-a-trail",
        "no-answer-yet-and-none-is-due",
        "a-yes-by-telephone-that-nobody-confirmed",
        "an-answer-too-late-by-the-receivers-own-clock",
    ] {
        assert_eq!(by_corpus(name), nothing, "{name}");
    }
    let own = |timer| ["ended", timer, "closed", "shelter-jasen"];
    assert_eq!(by_corpus("an-older-head-of-the-receiver"), [own("acknowledge"), own("answer")]);
    let missing = |timer| ["something_missing", timer, "", ""];
    assert_eq!(
        by_corpus("the-answer-cut-off-and-the-receivers-head-left"),
        [missing("acknowledge"), missing("answer")]
    );
    // By its own head, and on the exporter's word: which word it is stands there alone.
    assert_eq!(by_corpus("no-answer-by-the-receivers-own-head")[0], ["not_made", "acknowledge", "", "shelter-jasen"]);
    assert_eq!(by_corpus("no-answer-on-the-exporters-word")[0], ["not_made", "acknowledge", "", "hotline"]);
    // A centre that closes where the law makes it decide has not decided.
    let law = by_corpus("a-centre-that-closes-where-the-law-makes-it-decide");
    assert_eq!(law, [["not_made", "decision", "", "centre"]]);
}

/// [CLI-100] [EVT-32]
#[test]
fn advice_that_was_given_is_an_answer() {
    let rule = "[[rule]]\nnumber = 5\nact = \"consultation\"\nsender = \"asking\"\nreceiver = \"shelter\"\nprofile = \"bed\"\nbases = [\"explicit_consent\"]\n\n[[timer]]\nact = \"consultation\"\nstep = \"answer\"\nwithin = \"24 h\"\n\n[[timer]]";
    let source = TWO_PARTY.replacen("enquiry = [\"places\"", "enquiry = [\"agenda\", \"places\"", 1);
    let world = World::pair_by(&source.replacen("[[timer]]", rule, 1));
    let terms = Terms { stage: 0, rule: 5, basis: LegalBasis::NoneNeededNonpersonal, article: 0 };
    let asked = || {
        let opening = world.opening(&world.jasen, Act::Consultation, ServiceType::Shelter, "advice");
        let mut story =
            Story::begin(&world, &world.hotline, opening, terms, vec![field(Label::Agenda, "legal_steps")], "advice");
        story.say(&world.jasen, Statement::Delivered(story.trail.id().opening()));
        story
    };
    let rows_of = |mut story: Story<'_>| {
        story.clock = 30 * 24 * 60;
        rows(&told(&[("a.uput", &story.bundle(&world.hotline, &Extent::LABELS))], &world.trust().to_toml()).1)
    };
    let mut given = asked();
    given.say(&world.jasen, Statement::Provided(Outcome::NeedMet));
    assert!(rows_of(given).is_empty());
    assert_eq!(rows_of(asked()), [["not_made", "answer", "", "shelter-jasen"]]);
}

/// [CLI-129] A receiver that tells two parties two stories, each in a bundle that is right by itself.
#[test]
fn two_bundles_of_one_trail_that_contradict_each_other_are_never_well() {
    let world = World::pair();
    let story = |answer| {
        let mut story = world.asked();
        story.delivered_and(answer);
        story
    };
    let no = story(Statement::Declined(DeclineReason::NoPlace)).bundle(&world.hotline, &Extent::LABELS);
    let held = story(Statement::Held { until: world.at(3600) });
    let yes = held.bundle(&world.jasen, &Extent::LABELS);
    let trust = world.trust().to_toml();
    let (code, object) = told(&[("no.uput", &no), ("yes.uput", &yes), ("copy.uput", &yes)], &trust);
    let alone: Vec<_> = object["bundles"].as_array().unwrap().iter().map(|row| row["exit_code"].as_u64()).collect();
    assert_eq!((code, alone), (12, vec![Some(0); 3]), "{object:#}");
    let compared = object["compared"].as_array().unwrap();
    // The copy is held against nothing, as it says nothing that the bundle does not.
    assert_eq!((compared.len(), &compared[0]["exit_code"]), (1, &12.into()));
    assert_eq!(compared[0]["files"], serde_json::json!(["copy.uput", "no.uput"]));
    let said = compared[0]["sentences"][0].as_str().unwrap();
    assert!(said.starts_with("BREACH by shelter-jasen (BUN-33)"), "{said}");
    // Both parties' bundles of one story say no more together than alone.
    let other = held.bundle(&world.hotline, &Extent::LABELS);
    let (code, object) = told(&[("ours.uput", &other), ("theirs.uput", &yes)], &trust);
    assert_eq!((code, object["compared"].as_array().unwrap().len()), (0, 0), "{object:#}");
    // A bundle that somebody made in the other's name says nothing of what that one left out.
    let mut forged = held.until(1).draft(&world.jasen, &Extent::LABELS);
    forged.time = world.at(50_000);
    let forged = forged.build(world.hotline.signing()).unwrap();
    let (code, object) = told(&[("forged.uput", &forged), ("yes.uput", &yes)], &trust);
    let said = object["compared"].to_string();
    assert!(code == 10 && !said.contains("shelter-jasen's bundle lacks"), "{object:#}");
    // Of very many not all are held against each other, and that is no clean verdict.
    let many: Vec<(String, Vec<u8>)> = (0..17)
        .map(|number| {
            let mut draft = held.draft(&world.hotline, &Extent::LABELS);
            draft.time = world.at(100 + number);
            (format!("{number:02}.uput"), draft.build(world.hotline.signing()).unwrap())
        })
        .collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let (code, object) = told(&many, &trust);
    assert_eq!((code, object["compared"].as_array().unwrap().len()), (11, 1), "{object:#}");
}

/// [CLI-131] A hard link, a copy, a second exporter, and a bundle that is not authentic.
#[test]
fn one_delay_is_counted_once() {
    let world = World::pair();
    let mut late = world.asked();
    late.say(&world.jasen, Statement::Delivered(late.trail.id().opening()));
    late.clock += 25 * 60;
    late.say(&world.jasen, Statement::Held { until: world.at(36_000) });
    let [ours, theirs] = [&world.hotline, &world.jasen].map(|party| late.bundle(party, &Extent::LABELS));
    let mut altered = ours.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let files = [("a.uput", &ours[..]), ("b.uput", &ours), ("c.uput", &theirs), ("d.uput", &altered)];
    let (code, object) = told(&files, &world.trust().to_toml());
    let answer = object["totals"]["by_timer"].as_array().unwrap().iter().find(|row| row["timer"] == "answer").unwrap();
    assert_eq!((code, &answer["deadlines"], &answer["late"]), (10, &1.into(), &1.into()), "{object:#}");
    // A bundle that is not authentic alone counts against nobody.
    let (_, object) = told(&[("d.uput", &altered)], &world.trust().to_toml());
    assert_eq!(object["totals"]["by_timer"], serde_json::json!([]));
}

/// [CLI-132] [CLI-133]
#[test]
fn of_a_file_that_was_not_read_whole_no_digest_is_given_and_no_two_names_are_one() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path().join("set")).unwrap();
    let large = std::fs::File::create(desk.path().join("set/large.uput")).unwrap();
    large.set_len(70 << 20).unwrap();
    let words = ["trail", "verify", "set", "--trust", "trust.toml", "--html", "page.html", "--json"];
    let object = json(&run(desk.path(), words, ""));
    assert_eq!((&object["bundles"][0]["sha256"], &object["exit_code"]), (&serde_json::Value::Null, &10.into()));
    let page = std::fs::read_to_string(desk.path().join("page.html")).unwrap();
    assert!(page.contains("large.uput: not read whole"), "{page}");
    let words = ["trail", "verify", "set/large.uput", "--trust", "trust.toml", "--html", "one.html", "--json"];
    run(desk.path(), words, "");
    assert!(std::fs::read_to_string(desk.path().join("one.html")).unwrap().contains("SHA-256 not read whole"));
    std::fs::remove_file(desk.path().join("set/large.uput")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        for name in [&b"set/a\xff.uput"[..], b"set/a\xfe.uput"] {
            std::fs::write(desk.path().join(OsStr::from_bytes(name)), desk.bundle(&Extent::LABELS)).unwrap();
        }
        let words = ["trail", "verify", "set", "--trust", "trust.toml", "--json"];
        let object = json(&run(desk.path(), words, ""));
        let names: Vec<_> =
            object["bundles"].as_array().unwrap().iter().map(|row| row["file"].as_str().unwrap()).collect();
        assert_eq!(names, ["a\\xfe.uput", "a\\xff.uput"]);
    }
}
