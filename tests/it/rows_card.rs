//! The row of SMART CRM's softphone, and the same for the other CRMs: one request with the number answers with the link
//! to the client's card, as the vendor's own pages have it.

use std::time::Duration;

use sandbox::kit::{EntityKind, Neutral};
use serde_json::{Value, json};

use crate::changes_stage::{OTHER_CHANGES, Setup, Stage, TOKEN};
use crate::crm_rows::ROWS;

/// Longer than any stand-in's search lags.
const LAG: Duration = Duration::from_secs(60);
/// In no stand-in, as somebody typed it.
const TYPED: &str = "+380 44 299 77 01";
const NEW: &str = "380442997701";

/// The service before a CRM with these lines in its section, warmed.
async fn stage(crm: &str, lines: &'static str) -> Stage {
    let row = ROWS.iter().find(|row| row.name == crm).expect("a CRM");
    Stage::of(row, Setup { public: false, crm: lines, ..Setup::default() }).await
}

async fn card(stage: &Stage, token: &str, caller: &str) -> (u16, Value) {
    let request = format!(
        "GET /acme/card?token={token}&caller={caller} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\
         Connection: close\r\n\r\n"
    );
    let heard = stage.edge(&request).await;
    (heard.status, serde_json::from_str(&heard.body).unwrap_or_default())
}

/// The contact of a named case is shown, by the whole number and as the CRM's rule has it; then one that somebody makes,
/// once a sweep has found them.
async fn shows(stage: &Stage, link_of: impl Fn(&str) -> String) {
    let sample = stage.crm().sample("contact").expect("a named case");
    let contact = sample.open.iter().find(|open| open.kind == EntityKind::Contact).expect("a contact");
    let (status, shown) = card(stage, TOKEN, sample.number).await;
    assert_eq!((status, &shown["link"]), (200, &json!(link_of(&contact.id))), "{shown}");
    assert_eq!(shown["responsible"], "anna", "{shown}");
    assert!(shown["name"].as_str().is_some_and(|name| !name.trim().is_empty()), "{shown}");

    assert_eq!(card(stage, TOKEN, NEW).await.0, 404, "nobody yet");
    let owner_id = stage.crm().employees()[0].clone();
    let made =
        Neutral::CreateContact { name: "Solomiia Krushelnytska".to_owned(), phones: vec![TYPED.to_owned()], owner_id };
    stage.crm().change_neutral(made).expect("a contact");
    stage.crm().advance(LAG);
    let run = stage.ops("POST", "/api/projects/acme/warm", &json!({"full": false})).await;
    let swept = |view: &Value| view["warm"]["id"] == run["id"] && view["warm"]["state"] == "done";
    stage.until("a sweep", swept).await;
    let (status, shown) = card(stage, TOKEN, NEW).await;
    assert_eq!((status, &shown["name"]), (200, &json!("Solomiia Krushelnytska")), "{shown}");
    assert!(shown["link"].as_str().is_some_and(|link| link.starts_with("http")), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sm_card() {
    let app = "app_id = \"0A7B4F4E-3C1B-4E5D-9C7A-0123456789AB\"";
    let stage = stage("smart-crm", app).await;
    let base = stage.crm().base_url();
    let app = "0a7b4f4e-3c1b-4e5d-9c7a-0123456789ab";
    shows(&stage, |id| format!("{base}/main.aspx?appid={app}&pagetype=entityrecord&etn=contact&id={id}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pd_card() {
    let stage = stage("pipedrive", "").await;
    let base = stage.crm().base_url();
    shows(&stage, |id| format!("{base}/person/{id}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hs_card() {
    let stage = stage("hubspot", "org_id = \"1234567\"\ncard_base_url = \"https://app-eu1.hubspot.com\"").await;
    shows(&stage, |id| format!("https://app-eu1.hubspot.com/contacts/1234567/record/0-1/{id}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zc_card() {
    let stage = stage("zoho-crm", "data_center = \"eu\"\norg_id = \"20051234567\"").await;
    shows(&stage, |id| format!("https://crm.zoho.eu/crm/org20051234567/tab/Contacts/{id}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zd_card() {
    let stage = stage("zoho-desk", "card_base_url = \"https://desk.zoho.eu/agent/acme/all\"").await;
    shows(&stage, |id| format!("https://desk.zoho.eu/agent/acme/all/contacts/details/{id}")).await;
}

/// HubSpot's addresses hold the account's number, which nothing tells unless it is configured.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_what_the_address_is_made_of_there_is_no_card_and_a_reload_brings_it_and_other_tokens() {
    let stage = stage("hubspot", "").await;
    let number = stage.crm().sample("contact").expect("a named case").number;
    assert_eq!(card(&stage, TOKEN, number).await.0, 404);
    assert_eq!(stage.ask(number).await.0, "acme_anna", "nothing else is worse for it");
    let setup = Setup { public: false, crm: "card_base_url = \"https://app.hubspot.com\"", ..Setup::default() };
    let tokens = "tokens.card = { env = \"ACME_OTHER_CHANGES\" }\n";
    stage.reload(Setup { crm: "org_id = \"1234567\"", project: tokens, ..setup }).await;
    assert_eq!(card(&stage, TOKEN, number).await.0, 401, "what opened the door before");
    assert_eq!(stage.ask(number).await.0, "acme_anna", "the other doors' token is what it was");
    stage
        .until("the directory of the named account is complete", |view| view["directory"]["absent_is_known"] == true)
        .await;
    let (status, shown) = card(&stage, OTHER_CHANGES, number).await;
    assert_eq!((status, &shown["responsible"]), (200, &json!("anna")), "{shown}");
    assert!(shown["link"].as_str().is_some_and(|link| link.starts_with("https://app.hubspot.com/contacts/1234567/")));
}
