//! Rows that are rules about how things are written, not situations of a call; and the list of all rows.

use std::{collections::BTreeSet, path::Path};

use predial::base::environment::{Environment, ProcessEnvironment};
use sandbox::kit::Thing;

use crate::changes_stage::Stage;
use crate::rows_hold::ids;
use crate::rows_stage::{NEW, RECORDING, Telling, print, stage};
use crate::{rows_hubspot, rows_pipedrive, rows_smart_crm, rows_zoho_crm, rows_zoho_desk};

/// A call that Petro answered.
fn answered<'a>(call_id: &'a str, number: &'a str, recording: Option<&'a str>) -> Telling<'a> {
    Telling { call_id, number, direction: "in", status: "ANSWERED", by: Some("acme_petro"), recording }
}

/// Tells of a call and waits until it is written.
async fn call(stage: &Stage, telling: &Telling<'_>) -> Vec<Thing> {
    for (moment, told) in telling.moments() {
        stage.tell(moment, &told).await;
    }
    stage.settled().await;
    stage.crm().held()
}

fn new<'h>(held: &'h [Thing], what: &str) -> Vec<&'h Thing> {
    held.iter().filter(|thing| !thing.seeded && thing.what == what).collect()
}

fn changed<'h>(stage: &Stage, held: &'h [Thing], sample: &str, kind: &str) -> Option<&'h Thing> {
    let sample = stage.crm().sample(sample).expect("a named case");
    let id = sample.open.iter().find(|open| open.kind.word() == kind).map(|open| open.id.clone());
    held.iter().find(|thing| thing.what == kind && Some(&thing.id) == id.as_ref())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pd_order() {
    let row = "scenario.override.own = { when = { client = \"new\" }, do = [\
        { at = \"after-call\", task = { state = \"open\" } }, { at = \"after-call\", deal = {} }, \
        { at = \"after-call\", contact = {} }, { at = \"after-call\", organization = {} }] }";
    let stage = stage("pipedrive", row).await;
    stage.crm().forget_asked();
    let held = call(&stage, &answered("ua0_-1731315881.2", NEW, None)).await;
    print("pd-order", &held);
    let asked = stage.crm().asked();
    let made = asked.iter().filter(|asked| asked.method == "POST" && asked.status.is_some_and(|status| status < 300));
    let paths: Vec<&str> = made.map(|asked| asked.path.rsplit('/').next().unwrap_or_default()).collect();
    assert_eq!(paths, ["organizations", "persons", "deals", "activities"]);
    let [deal] = new(&held, "deal")[..] else { panic!("expected one deal, found {held:?}") };
    let on: BTreeSet<&str> = deal.on.iter().map(|on| on.what.as_str()).collect();
    assert_eq!(on, BTreeSet::from(["contact", "organization"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pd_search() {
    let stage = stage("pipedrive", "").await;
    // Typed with brackets, blanks, hyphens, and with an extension behind.
    for (at, name) in ["second-number", "extension", "foreign"].into_iter().enumerate() {
        let number = stage.crm().sample(name).expect("a named case").number;
        let held = call(&stage, &answered(&format!("ua0_-173131588{at}.3"), number, None)).await;
        assert!(new(&held, "contact").is_empty() && new(&held, "deal").is_empty(), "{name}: {held:?}");
        assert_eq!(new(&held, "call").len(), at + 1, "{name}");
    }
    print("pd-search", &stage.crm().held());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pd_utm() {
    let stage = stage("pipedrive", "").await;
    let number = stage.crm().sample("contact").expect("a named case").number;
    call(&stage, &answered("ua0_-1731315881.4", number, None)).await;
    let mut after = answered("ua0_-1731315999.4", number, None).after();
    after["utm_campaign"] = "spring".into();
    after["utm_content"] = "banner".into();
    stage.tell("after-call", &after).await;
    stage.settled().await;
    let held = stage.crm().held();
    print("pd-utm", &held);
    let contact = changed(&stage, &held, "contact", "contact").expect("the contact was written");
    let has = |value: &str| contact.fields.values().any(|held| held == value);
    assert!(has("autumn") && !has("spring") && !has("banner"), "{contact:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pd_deal_org() {
    let row = "scenario.override.own = { when = { has = \"organization\", has_not = \"contact\" }, do = [\
        { at = \"after-call\", organization = {} }, { at = \"after-call\", deal = {} }] }";
    let stage = stage_with_organizations(row).await;
    let number = stage.crm().sample("organization").expect("a named case").number;
    let held = call(&stage, &answered("ua0_-1731315881.5", number, None)).await;
    print("pd-deal-org", &held);
    assert!(new(&held, "organization").is_empty(), "the organization is there: {held:?}");
    let [deal] = new(&held, "deal")[..] else { panic!("expected one deal, found {held:?}") };
    assert!(deal.on.is_empty(), "{deal:?}");
}

/// Organizations have numbers in a custom field alone, which has to be configured.
async fn stage_with_organizations(row: &'static str) -> Stage {
    crate::rows_stage::stage_with("pipedrive", row, true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pd_pipeline() {
    let stage = stage("pipedrive", "").await;
    stage.crm().forget_asked();
    let held = call(&stage, &answered("ua0_-1731315881.6", NEW, None)).await;
    print("pd-pipeline", &held);
    let [deal] = new(&held, "deal")[..] else { panic!("expected one deal, found {held:?}") };
    assert_eq!(deal.state.as_deref(), Some("open"));
    let asked = stage.crm().asked();
    let made = asked.iter().find(|asked| asked.method == "POST" && asked.path.ends_with("/deals")).expect("a request");
    // The vendor's default is meant where none is named.
    let body = made.body.as_deref().expect("a body");
    assert!(!body.contains("pipeline_id") && !body.contains("stage_id"), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sm_journal() {
    let stage = stage("smart-crm", "").await;
    let number = stage.crm().sample("contact").expect("a named case").number;
    let held = call(&stage, &answered("ua0_-1731315881.7", number, Some(RECORDING))).await;
    print("sm-journal", &held);
    let [call] = new(&held, "call")[..] else { panic!("expected one call, found {held:?}") };
    assert!(call.text.contains(RECORDING), "{call:?}");
    let in_field = call.recording.as_deref() == Some(RECORDING) || call.fields.values().any(|value| value == RECORDING);
    assert!(in_field, "{call:?}");
}

/// The row-id table: which test holds each row. What each leaves in its CRM is printed by the tests themselves.
#[test]
fn every_row_of_the_scenarios_has_a_test_of_its_name() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/SCENARIOS.md");
    let Ok(text) = std::fs::read_to_string(&scenarios) else {
        let on_ci = ProcessEnvironment.get("CI").is_some_and(|value| value == "true");
        assert!(!on_ci, "expected {}, found none", scenarios.display());
        eprintln!("skipped: the scenarios are not beside the repository");
        return;
    };
    let letter = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    let words = text.split(|found: char| !letter(found));
    let is_id = |word: &&str| {
        let begins = ["hs-", "zd-", "pd-", "zc-", "sm-", "form-"].iter().any(|begin| word.starts_with(begin));
        begins && !word.ends_with('-')
    };
    let ids: BTreeSet<&str> = words.filter(is_id).collect();
    let mut tested: BTreeSet<String> =
        SITUATIONS.iter().flat_map(|(tests, _)| *tests).map(|&test| test.to_owned()).collect();
    let files = [
        include_str!("rows_more.rs"),
        include_str!("rows_match.rs"),
        include_str!("rows_pause.rs"),
        include_str!("rows_forms.rs"),
        include_str!("rows_enrich.rs"),
        include_str!("rows_card.rs"),
    ];
    for file in files {
        tested.extend(tests_of(file));
    }
    let mut missing = Vec::new();
    for id in &ids {
        let test = id.replace('-', "_");
        println!("{id:<26} {}", if tested.contains(&test) { &test } else { "-" });
        if !tested.contains(&test) {
            missing.push(*id);
        }
    }
    assert!(ids.len() > 50, "{ids:?}");
    assert!(missing.is_empty(), "rows without a test of their name: {missing:?}");
}

/// The tests of situations and the file that says what each must leave.
const SITUATIONS: [(&[&str], &str); 5] = [
    (rows_hubspot::TESTED, rows_hubspot::FILE),
    (rows_pipedrive::TESTED, rows_pipedrive::FILE),
    (rows_smart_crm::TESTED, rows_smart_crm::FILE),
    (rows_zoho_crm::TESTED, rows_zoho_crm::FILE),
    (rows_zoho_desk::TESTED, rows_zoho_desk::FILE),
];

/// The names of a file's tests: functions with the attribute right before them.
fn tests_of(file: &str) -> impl Iterator<Item = String> {
    let lines = file.lines().zip(file.lines().skip(1));
    let tests = lines.filter(|(before, _)| before.starts_with("#[tokio::test"));
    tests.filter_map(|(_, line)| Some(line.strip_prefix("async fn ")?.strip_suffix("() {")?.to_owned()))
}

#[test]
fn every_case_that_is_written_down_is_held_by_a_test() {
    for (tests, file) in SITUATIONS {
        let written: BTreeSet<String> = ids(file).into_iter().map(|id| id.replace('-', "_")).collect();
        assert_eq!(written, tests.iter().map(|&test| test.to_owned()).collect());
    }
}
