//! The rows of the alternative matrices, for accounts in which another integration makes the entities: what a call adds
//! to them, and that it makes none.

use sandbox::kit::{EntityKind, Neutral, Thing};
use serde_json::Value;

use crate::changes_stage::{Setup, Stage};
use crate::crm_rows::ROWS;
use crate::rows_stage::{RECORDING, Telling, fields, print};

const NUMBER: &str = "380937771299";
/// Longer than any stand-in's search lags.
const LAG: std::time::Duration = std::time::Duration::from_secs(60);

async fn stage(crm: &str, project: &'static str) -> Stage {
    let row = ROWS.iter().find(|row| row.name == crm).expect("a CRM");
    let setup = Setup { public: false, crm: fields(crm), project, ..Setup::default() };
    let stage = Stage::of(row, setup).await;
    let made = stage.ops("POST", "/api/projects/acme/fields", &serde_json::json!({"create": true})).await;
    assert_eq!(made["missing"], 0, "{crm}: {made}");
    stage
}

fn call(call_id: &'static str) -> Telling<'static> {
    let (by, recording) = (Some("acme_bohdan"), Some(RECORDING));
    Telling { call_id, number: NUMBER, direction: "in", status: "ANSWERED", by, recording }
}

/// What the journal says of each moment of the call, the first one first: row and outcome.
async fn outcomes(stage: &Stage) -> Vec<(String, String)> {
    let listed = stage.ops("GET", "/api/journal?project=acme", &Value::Null).await;
    let mut entries = listed["entries"].as_array().expect("entries").clone();
    entries.reverse();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries.iter().map(|entry| (word(&entry["row"]), word(&entry["outcome"]))).collect()
}

fn made(held: &[Thing]) -> Vec<&Thing> {
    held.iter().filter(|thing| !thing.seeded).collect()
}

/// The other integration makes a contact while it rings; returns its id.
fn integration_makes(stage: &Stage) -> String {
    let owner_id = stage.crm().employees()[1].clone();
    let contact =
        Neutral::CreateContact { name: "Made Elsewhere".into(), phones: vec![format!("+{NUMBER}")], owner_id };
    let made = stage.crm().change_neutral(contact).expect("a contact").expect("its id");
    stage.crm().advance(LAG);
    made.id
}

fn says(thing: &Thing, value: &str) -> bool {
    thing.fields.values().any(|held| held == value)
}

/// Tells of a call, between whose moments `between` happens.
async fn told_with(stage: &Stage, call_id: &'static str, between: impl Fn(&str)) -> Vec<Thing> {
    for (moment, told) in call(call_id).moments() {
        between(moment);
        stage.tell(moment, &told).await;
        stage.settled().await;
    }
    stage.crm().held()
}

/// A contact made before the pick-up, one made during the talk, and none at all.
async fn enriches_contacts(id: &'static str, (crm, project): (&str, &'static str)) {
    for at in ["pick-up", "after-call"] {
        let stage = stage(crm, project).await;
        let before = made(&stage.crm().held()).len();
        let contact = std::sync::Mutex::new(String::new());
        let held = told_with(&stage, "ua0_-1731315881.21", |moment| {
            if moment == at {
                *contact.lock().expect("not poisoned") = integration_makes(&stage);
            }
        })
        .await;
        print(&format!("{id} {at}"), &held);
        let contact = contact.into_inner().expect("not poisoned");
        let written = held.iter().find(|thing| thing.what == "contact" && thing.id == contact);
        let written = written.unwrap_or_else(|| panic!("expected the contact, found {held:#?}"));
        assert!(says(written, "google") && says(written, "autumn"), "{at}: {written:#?}");
        assert!(written.title.contains("Made Elsewhere"), "{written:?}");
        let made: Vec<&Thing> = made(&held).into_iter().filter(|thing| thing.id != contact).collect();
        assert_eq!(made.len(), before, "nothing is made: {made:#?}");
        let ends = outcomes(&stage).await;
        assert_eq!(ends.last().expect("entries").0, id, "{ends:?}");
        assert!(ends.iter().all(|(_, outcome)| outcome != "nothing-to-enrich"), "{ends:?}");
    }
    finds_nothing(id, &stage(crm, project).await).await;
}

/// Nobody has made anything: the call ends so, and nothing is made.
async fn finds_nothing(id: &str, stage: &Stage) {
    let held = told_with(stage, "ua0_-1731315881.22", |_| {}).await;
    assert!(made(&held).is_empty(), "{held:#?}");
    let ends = outcomes(stage).await;
    assert_eq!(ends.last(), Some(&(id.to_owned(), "nothing-to-enrich".to_owned())), "{ends:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zd_enrich() {
    enriches_contacts("zd-enrich", ("zoho-desk", "scenario = \"zoho-desk-enrich\"\n")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zc_enrich_contacts_deals() {
    let matrix = ("zoho-crm", "scenario = \"zoho-crm-enrich-contacts-deals\"\n");
    enriches_contacts("zc-enrich-contacts-deals", matrix).await;
    // A contact with an open deal: both get the marks.
    let stage = stage(matrix.0, matrix.1).await;
    let sample = stage.crm().sample("deal-by-person").or_else(|| stage.crm().sample("contact")).expect("a named case");
    let told = Telling { number: sample.number, ..call("ua0_-1731315881.23") };
    for (moment, told) in told.moments() {
        stage.tell(moment, &told).await;
        stage.settled().await;
    }
    let held = stage.crm().held();
    let marked: Vec<&str> =
        held.iter().filter(|thing| says(thing, "google")).map(|thing| thing.what.as_str()).collect();
    assert!(marked.contains(&"contact") && !marked.contains(&"lead"), "{held:#?}");
    assert!(made(&held).is_empty(), "{held:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zc_enrich_leads() {
    let matrix = ("zoho-crm", "scenario = \"zoho-crm-enrich-leads\"\n");
    let stage_with_lead = stage(matrix.0, matrix.1).await;
    let sample = stage_with_lead.crm().sample("lead").expect("a named case");
    let lead = sample.open.iter().find(|open| open.kind == EntityKind::Lead).expect("a lead").clone();
    let told = Telling { number: sample.number, ..call("ua0_-1731315881.24") };
    for (moment, told) in told.moments() {
        stage_with_lead.tell(moment, &told).await;
        stage_with_lead.settled().await;
    }
    let held = stage_with_lead.crm().held();
    print("zc-enrich-leads", &held);
    let written = held.iter().find(|thing| thing.id == lead.id && thing.what == "lead");
    let written = written.unwrap_or_else(|| panic!("expected the lead, found {held:#?}"));
    assert!(says(written, "google") && says(written, "autumn"), "{written:#?}");
    assert!(made(&held).is_empty(), "{held:#?}");
    // A contact alone is none of this matrix's.
    let stage_with_contact = stage(matrix.0, matrix.1).await;
    let contact = integration_makes(&stage_with_contact);
    let held = told_with(&stage_with_contact, "ua0_-1731315881.25", |_| {}).await;
    assert!(held.iter().filter(|thing| thing.id == contact).all(|thing| !says(thing, "google")), "{held:#?}");
    assert_eq!(outcomes(&stage_with_contact).await.last().expect("entries").1, "nothing-to-enrich");
    finds_nothing("zc-enrich-leads", &stage(matrix.0, matrix.1).await).await;
}
