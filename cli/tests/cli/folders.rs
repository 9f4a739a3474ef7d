//! What an auditor does with many bundles, and with one that goes to a court.

use uput_core::slot::Extent;
use uput_core::verdict;

use crate::auditor::{Desk, assert_told};
use crate::harness::{json, run};

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
    mixed(&desk);
    let page = run(desk.path(), ["trail", "verify", "bundles", "--trust", "trust.toml", "--html", "x.html"], "");
    assert_eq!(page.code, 2);
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
    assert_eq!(people.stdout.matches("LEFT OUT").count(), 2);
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
