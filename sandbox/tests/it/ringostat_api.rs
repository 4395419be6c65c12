//! Ringostat's own API: what of the vendor's ways the stand-in keeps.

use sandbox::{
    kit::{Fault, FaultKind},
    ringostat_api::{Change, Member, Options, RingostatApi},
};
use serde_json::{Value, json};

use crate::support::{Reply, exchange};

const KEY: (&str, &str) = ("Auth-key", "sandbox-ringostat-key");

async fn started() -> RingostatApi {
    RingostatApi::start(Options::default()).await.unwrap()
}

async fn asked(api: &RingostatApi, key: (&str, &str), body: &Value) -> Reply {
    exchange(api, "POST /api/json-rpc", &[key], &body.to_string()).await.unwrap()
}

/// A question of the staff list, with further parameters.
fn staff(params: &Value) -> Value {
    let mut whole = json!({ "projectId": 110_070 });
    for (key, value) in params.as_object().unwrap() {
        whole[key] = value.clone();
    }
    json!({ "jsonrpc": "2.0", "id": 7, "method": "getProjectStaffListAndDirections", "params": whole })
}

async fn told(api: &RingostatApi, params: &Value) -> Value {
    let reply = asked(api, KEY, &staff(params)).await;
    assert_eq!(reply.status, 200);
    reply.json()
}

#[tokio::test]
async fn the_list_is_an_object_keyed_by_staff_id_with_numbers_and_text() {
    let api = started().await;
    let member = Member {
        extension: "101".to_owned(),
        main: vec!["acme_anna".to_owned(), "380671112233".to_owned()],
        additional: vec!["380509998877".to_owned()],
        ..Member::new(348_104, "Anna", "")
    };
    api.change(Change::Put { member }).unwrap();
    let answer = told(&api, &json!({})).await;
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)));
    assert_eq!(answer["result"].as_object().unwrap().len(), 4);
    let anna = &answer["result"]["348104"];
    assert_eq!((&anna["staffId"], &anna["extensionNumber"]), (&json!(348_104), &json!("101")));
    let main: Vec<_> = anna["directions"]["main"].as_array().unwrap().iter().map(|one| &one["direction"]).collect();
    assert_eq!(main, ["acme_anna", "380671112233"]);
    assert_eq!(anna["directions"]["main"][0]["gateway"], "sip.ringostat.net");
    assert_eq!(anna["directions"]["additional"][0]["direction"], "380509998877");
}

#[tokio::test]
async fn filters_are_whole_for_the_id_and_in_part_for_name_and_address() {
    let api = started().await;
    for (filters, found) in [
        (json!({ "staffId": 348_105 }), vec!["348105"]),
        (json!({ "fio": "an" }), vec!["348105", "348106"]),
        (json!({ "email": "petro@" }), vec!["348107"]),
    ] {
        let answer = told(&api, &json!({ "filters": filters })).await;
        // "Bohdan" and "Oksana" have it in the middle, "Anna" in capitals.
        assert_eq!(answer["result"].as_object().unwrap().keys().collect::<Vec<_>>(), found, "{filters}");
    }
    let nobody = told(&api, &json!({ "filters": { "staffId": 34_810 } })).await;
    assert_eq!(nobody["error"]["message"], "User does not exist");
}

#[tokio::test]
async fn an_empty_list_is_a_bare_one() {
    let api = started().await;
    for staff_id in 348_104..=348_107 {
        api.change(Change::Remove { staff_id }).unwrap();
    }
    assert!(api.change(Change::Remove { staff_id: 348_104 }).is_err());
    assert_eq!(told(&api, &json!({})).await["result"], json!([]));
}

#[tokio::test]
async fn every_refusal_is_an_error_inside_a_200_but_a_key_in_the_query() {
    let api = started().await;
    let code = async |key, body: Value| asked(&api, key, &body).await.json()["error"]["code"].as_i64();
    let other_method = json!({ "jsonrpc": "2.0", "id": 1, "method": "getStaff", "params": { "projectId": 110_070 } });
    assert_eq!(code(("Auth-key", "wrong"), staff(&json!({}))).await, Some(-32_003));
    assert_eq!(code(("x-key", "sandbox-ringostat-key"), staff(&json!({}))).await, Some(-32_003));
    assert_eq!(code(KEY, other_method).await, Some(-32_601));
    assert_eq!(code(KEY, staff(&json!({ "projectId": 1 }))).await, Some(-32_602));
    assert_eq!(code(KEY, json!([])).await, Some(-32_700));
    let twice = exchange(&api, "POST /api/json-rpc?auth-key=sandbox-ringostat-key", &[KEY], "{}").await.unwrap();
    let read = exchange(&api, "GET /api/json-rpc", &[KEY], "").await.unwrap();
    let elsewhere = exchange(&api, "POST /api", &[KEY], "{}").await.unwrap();
    assert_eq!((twice.status, read.status, elsewhere.status), (403, 405, 404));
    assert!(api.asked().iter().all(|asked| !format!("{asked:?}").contains("wrong")), "the log holds a key");
}

#[tokio::test]
async fn staged_faults_make_it_odd_in_the_ways_that_it_has() {
    let api = started().await;
    let odd = |how: &str| Fault::new(FaultKind::Oddity { how: how.to_owned() });
    api.stage_fault(odd("nobody"));
    assert_eq!(told(&api, &json!({})).await["result"], json!([]));
    api.clear_faults();
    api.stage_fault(odd("without_main"));
    let answer = told(&api, &json!({})).await;
    assert_eq!(answer["result"]["348104"]["directions"]["main"], json!([]));
    api.clear_faults();
    api.stage_fault(odd("refused"));
    assert_eq!(told(&api, &json!({})).await["error"]["code"], -32_000);
    api.clear_faults();
    for (how, header) in [("bare", None), ("retry_after", Some("2"))] {
        api.stage_fault(Fault::rate_limit(how));
        let reply = asked(&api, KEY, &staff(&json!({}))).await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, header));
        api.clear_faults();
    }
    api.stage_fault(Fault::new(FaultKind::TokenExpired));
    assert_eq!(told(&api, &json!({})).await["error"]["code"], -32_003);
}

/// An entry of the contact book, with members as they are given.
fn entry(members: &Value) -> Value {
    let mut entry = json!({
        "projectId": 110_070, "fullName": "Olena Bilous", "origin": "pipedrive", "externalId": "5", "leadId": null,
        "responsible": "Anna", "staffId": 348_104, "contactLink": "https://acme.pipedrive.com/person/5", "leadLink": "",
        "dealLink": "", "googleClientId": "", "organizations": null,
        "contactDirections": [{"type": "phone", "name": "phone", "value": "380671112233"}],
    });
    for (key, value) in members.as_object().unwrap() {
        entry[key] = value.clone();
    }
    entry
}

async fn told_book(api: &RingostatApi, headers: &[(&str, &str)], entries: &Value) -> u16 {
    let body = json!({ "contacts": entries }).to_string();
    exchange(api, "POST /minicrm/contacts/sync", headers, &body).await.unwrap().status
}

#[tokio::test]
async fn the_contact_book_takes_whole_entries_of_its_project_and_holds_each_once() {
    let api = started().await;
    let right = [KEY, ("x-project-id", "110070")];
    assert_eq!(told_book(&api, &right, &json!([entry(&json!({})), entry(&json!({"externalId": "6"}))])).await, 200);
    assert_eq!(told_book(&api, &right, &json!([entry(&json!({"responsible": "Petro"}))])).await, 200);
    let held = api.vendor().contacts();
    assert_eq!(held.len(), 2);
    assert_eq!(held[0]["responsible"], "Petro");
    for wrong in [
        json!({"fullName": ""}),
        json!({"projectId": "110070"}),
        json!({"externalId": null}),
        json!({"contactDirections": []}),
        json!({"contactDirections": [{"type": "fax", "name": "", "value": "1"}]}),
        json!({"staffId": "348104"}),
        json!({"contactLink": null}),
        json!({"unknown": 1}),
    ] {
        let both = json!([entry(&json!({"externalId": "7"})), entry(&wrong)]);
        assert_eq!(told_book(&api, &right, &both).await, 400, "{wrong}");
    }
    assert_eq!(api.vendor().contacts().len(), 2, "of a request that is refused nothing is taken");
}

#[tokio::test]
async fn the_contact_book_wants_its_key_and_its_project_in_headers() {
    let api = started().await;
    let entries = json!([entry(&json!({}))]);
    let project = ("x-project-id", "110070");
    assert_eq!(told_book(&api, &[project], &entries).await, 401);
    assert_eq!(told_book(&api, &[("auth-key", "wrong"), project], &entries).await, 401);
    assert_eq!(told_book(&api, &[KEY], &entries).await, 403);
    assert_eq!(told_book(&api, &[KEY, ("x-project-id", "7")], &entries).await, 403);
    api.set_revoked(true);
    assert_eq!(told_book(&api, &[KEY, project], &entries).await, 401);
    api.set_revoked(false);
    api.stage_fault(Fault::new(FaultKind::RateLimit { how: "retry_after".to_owned() }));
    assert_eq!(told_book(&api, &[KEY, project], &entries).await, 429);
    assert!(api.vendor().contacts().is_empty());
}
