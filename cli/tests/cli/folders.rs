//! What an auditor does with many bundles, and with one that goes to a court.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use uput_core::slot::Extent;
use uput_core::verdict;

use crate::auditor::{Desk, assert_told};
use crate::harness::{golden, json, run};

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
    // What is owed is what the reports say.
    let owed: u64 =
        object["totals"]["by_timer"].as_array().unwrap().iter().map(|row| row["deadlines"].as_u64().unwrap()).sum();
    assert!(owed >= alone.iter().map(|report| report.deadlines.len() as u64).sum());
    assert!(owed > 0);
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

/// [CLI-100] What an ombudsman is told of the set that the core's tests write, whole.
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
        ["hospital-on-the-hill", "no_answer", ""],
        ["ward-in-the-next-town", "no_answer", ""],
    ];
    assert_eq!(told, expected.map(|row| row.map(str::to_owned)));
    // What a log proves, and what is somebody's word.
    let proven: Vec<bool> = answers.as_array().unwrap().iter().map(|row| !row["until"]["proven"].is_null()).collect();
    assert_eq!(proven, [true, true, false, true, false]);
    // One refusal in the bundles of both is one row, with both files.
    assert_eq!(answers[2]["files"].as_array().unwrap().len(), 2);
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
    // What stands in a file that somebody changed is not called found.
    let mut altered = decision.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    std::fs::write(folder.join("notice.uput"), altered).unwrap();
    assert_eq!(standing(), ("not_authentic_there".to_owned(), Some("notice.uput".to_owned())));
}
