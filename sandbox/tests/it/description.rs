//! Replies held against the vendor's own description of its API.
//!
//! The description is not part of this repository; it lies beside it where it was given. Without it these tests say so
//! and pass, but for a run with `CI=true`, which must have it.

use std::{cell::RefCell, collections::BTreeSet, path::Path, sync::LazyLock};

use sandbox::pipedrive::{Change, Item, Pipedrive};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::description_writing::hold_what_is_written;
use crate::support::{Reply, TOKEN, exchange, get, sandbox};
use crate::webhooks::Listener;

/// What the description says wrongly, with a reason for each; one list for those who ask and those who answer.
static ALARMS: LazyLock<FalseAlarms> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../src/crm/pipedrive/false-alarms.toml")).expect("false-alarms.toml")
});

#[derive(Debug, Deserialize)]
struct FalseAlarms {
    /// Ends of paths where a null may stand although the description says that there is none.
    null: Vec<FalseAlarm>,
    /// Members that the stand-in writes and neither schema nor example of the description has.
    beyond: Vec<FalseAlarm>,
}

#[derive(Debug, Deserialize)]
struct FalseAlarm {
    what: String,
    reason: String,
}

pub(crate) struct Description {
    second: Value,
    first: Value,
    /// Ends of paths and names that excused something: an excuse that nobody needs is stale.
    excused: RefCell<BTreeSet<&'static str>>,
}

impl Description {
    /// The description, or nothing where it is not at hand.
    pub(crate) fn read() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/specs/pipedrive");
        let read = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).ok()?;
            Some(serde_yaml_ng::from_str::<Value>(&text).expect("YAML"))
        };
        let both = read("pipedrive-v2.yaml").zip(read("pipedrive-v1.yaml"));
        if both.is_none() {
            let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
            assert!(!ci, "expected the vendor's description beside the repository, found none");
            println!("skipped: the vendor's description is not beside the repository");
        }
        both.map(|(second, first)| Self { second, first, excused: RefCell::default() })
    }

    pub(crate) fn operation(&self, template: &str) -> &Value {
        let (method, template) = match template.split_once(' ') {
            Some((method, path)) => (method, path),
            None => (if template.starts_with("/oauth") { "post" } else { "get" }, template),
        };
        let (document, path) = match template.strip_prefix("/api/v2") {
            Some(path) => (&self.second, path),
            None => (&self.first, template.strip_prefix("/v1").unwrap_or(template)),
        };
        let operation = &document["paths"][path][method];
        assert!(operation.is_object(), "{template} is not described");
        operation
    }

    /// Everything wrong with a reply to an operation, but for the known defects.
    pub(crate) fn wrongs(&self, template: &str, reply: &Reply) -> Vec<String> {
        let operation = self.operation(template);
        let described = &operation["responses"][reply.status.to_string()]["content"]["application/json"];
        if described.is_null() {
            return vec![format!("status {} is not described", reply.status)];
        }
        let body = reply.json();
        let validator = jsonschema::validator_for(&with_nulls(&described["schema"])).expect("a schema");
        let known = |path: &str, value: Option<&Value>| {
            let excuse =
                ALARMS.null.iter().find(|alarm| path.ends_with(&alarm.what) && value.is_some_and(Value::is_null));
            self.excused.borrow_mut().extend(excuse.map(|alarm| alarm.what.as_str()));
            excuse.is_some()
        };
        let mut wrongs: Vec<String> = validator
            .iter_errors(&body)
            .filter(|wrong| !known(wrong.instance_path().as_str(), body.pointer(wrong.instance_path().as_str())))
            .map(|wrong| format!("{}: {wrong}", wrong.instance_path().as_str()))
            .collect();
        let mut names = BTreeSet::new();
        collect_names(&described["schema"], &mut names);
        collect_keys(described.get("example").unwrap_or(&Value::Null), &mut names);
        let mut written = BTreeSet::new();
        collect_keys(&body, &mut written);
        let custom = |name: &str| name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let beyond = |name: &&String| {
            let excuse = ALARMS.beyond.iter().find(|known| known.what == **name && !names.contains(*name));
            self.excused.borrow_mut().extend(excuse.map(|alarm| alarm.what.as_str()));
            !names.contains(*name) && excuse.is_none()
        };
        wrongs.extend(written.iter().filter(beyond).filter(|name| !custom(name)).map(|name| format!("unknown {name}")));
        wrongs
    }
}

/// OpenAPI 3.0 says `nullable: true` where JSON Schema has a type of its own.
fn with_nulls(schema: &Value) -> Value {
    match schema {
        Value::Array(list) => list.iter().map(with_nulls).collect(),
        Value::Object(members) => {
            let mut plain: serde_json::Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), with_nulls(value))).collect();
            if plain.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(kind) = plain.remove("type") {
                    plain.insert("type".to_owned(), json!([kind, "null"]));
                }
                if let Some(Value::Array(words)) = plain.get_mut("enum") {
                    words.push(Value::Null);
                }
            }
            Value::Object(plain)
        }
        other => other.clone(),
    }
}

/// Names of the properties that a schema declares, at any depth.
fn collect_names(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Array(list) => list.iter().for_each(|schema| collect_names(schema, names)),
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                names.extend(properties.keys().cloned());
            }
            members.values().for_each(|schema| collect_names(schema, names));
        }
        _ => {}
    }
}

fn collect_keys(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| collect_keys(value, names)),
        Value::Object(members) => {
            names.extend(members.keys().cloned());
            members.values().for_each(|value| collect_keys(value, names));
        }
        _ => {}
    }
}

/// An account with something of everything in it.
async fn account() -> Pipedrive {
    let sandbox = sandbox(300).await;
    sandbox.change(Change::Delete { item: Item::Deal(18) }).unwrap();
    sandbox.change(Change::Lose { deal_id: 20 }).unwrap();
    let name = "Single".to_owned();
    sandbox.change(Change::CreatePerson { name, phones: vec![], owner_id: 101, org_id: None }).unwrap();
    sandbox
}

#[tokio::test]
async fn every_reply_is_as_the_vendor_describes_it() {
    let Some(description) = Description::read() else { return };
    hold_what_is_read(&description).await;
}

#[tokio::test]
async fn every_false_alarm_is_still_raised_and_has_its_reason() {
    let Some(description) = Description::read() else { return };
    hold_what_is_read(&description).await;
    hold_what_is_written(&description).await;
    let excused = description.excused.borrow().clone();
    let all = || ALARMS.null.iter().chain(&ALARMS.beyond);
    let stale: Vec<_> = all().filter(|alarm| !excused.contains(alarm.what.as_str())).collect();
    assert!(stale.is_empty(), "{stale:?}");
    let unreasoned = all().find(|alarm| alarm.reason.is_empty());
    assert!(unreasoned.is_none(), "{unreasoned:?}");
}

/// Everything that reads, and tokens.
async fn hold_what_is_read(description: &Description) {
    let sandbox = account().await;
    let lead = get(&sandbox, "/v1/leads?limit=1").await.data()[0]["id"].as_str().unwrap().to_owned();
    let counts = "include_fields=open_deals_count,next_activity_id";
    for (template, path) in [
        ("/api/v2/persons", "/api/v2/persons?limit=500".to_owned()),
        ("/api/v2/persons", "/api/v2/persons?limit=1".to_owned()),
        ("/api/v2/persons/{id}", "/api/v2/persons/1".to_owned()),
        ("/api/v2/organizations", "/api/v2/organizations?limit=500".to_owned()),
        ("/api/v2/organizations/{id}", "/api/v2/organizations/1001".to_owned()),
        ("/api/v2/deals", "/api/v2/deals?limit=500&status=open,won,lost,deleted".to_owned()),
        ("/api/v2/deals/{id}", "/api/v2/deals/3".to_owned()),
        ("/api/v2/deals/archived", "/api/v2/deals/archived".to_owned()),
        ("/api/v2/itemSearch", "/api/v2/itemSearch?term=20%2010&search_for_related_items=true".to_owned()),
        ("/api/v2/persons/search", "/api/v2/persons/search?term=Sample".to_owned()),
        ("/api/v2/organizations/search", "/api/v2/organizations/search?term=Sample".to_owned()),
        ("/v1/leads", "/v1/leads?limit=500".to_owned()),
        ("/v1/leads", "/v1/leads?limit=1".to_owned()),
        ("/v1/leads/archived", "/v1/leads/archived?limit=500".to_owned()),
        ("/v1/leads/{id}", format!("/v1/leads/{lead}")),
        ("/v1/leads/{id}", "/v1/leads/00000000-0000-0000-0000-000000000000".to_owned()),
        ("/v1/users", "/v1/users".to_owned()),
        ("/v1/users/{id}", "/v1/users/105".to_owned()),
        ("/v1/users/me", "/v1/users/me".to_owned()),
    ] {
        let wrongs = description.wrongs(template, &get(&sandbox, &path).await);
        assert!(wrongs.is_empty(), "{path}:\n{}", wrongs[..wrongs.len().min(10)].join("\n"));
    }
    let unauthorized = exchange(&sandbox, "GET /v1/users/me", &[], "").await.unwrap();
    assert_eq!(description.wrongs("/v1/users/me", &unauthorized), [""; 0]);
    assert_eq!(get(&sandbox, &format!("/api/v2/persons/1?{counts}")).await.status, 200);
    let basic = ("authorization", "Basic c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ=");
    let form = "grant_type=refresh_token&refresh_token=sandbox-refresh";
    let token = exchange(&sandbox, "POST /oauth/token/", &[basic], form).await.unwrap();
    assert_eq!(description.wrongs("/oauth/token/", &token), [""; 0]);
}

#[tokio::test]
async fn the_judge_finds_what_is_wrong() {
    let Some(description) = Description::read() else { return };
    let wrongs = |body: Value| {
        let reply = Reply { status: 200, headers: vec![], body: body.to_string().into_bytes() };
        description.wrongs("/api/v2/persons", &reply).len()
    };
    let person = |name: &str, value: Value| json!({"success": true, "data": [{name: value}]});
    assert_eq!(wrongs(person("org_id", Value::Null)), 0, "a known defect");
    assert_eq!(wrongs(person("owner_id", Value::Null)), 1);
    assert_eq!(wrongs(person("id", json!("1"))), 1);
    assert_eq!(wrongs(person("phone", json!([]))), 1, "a field of the first API");
}

#[tokio::test]
async fn every_operation_costs_what_the_vendor_describes() {
    let Some(description) = Description::read() else { return };
    let sandbox = account().await;
    for (template, id) in [
        ("/api/v2/persons", ""),
        ("/api/v2/persons/{id}", "1"),
        ("/api/v2/organizations", ""),
        ("/api/v2/organizations/{id}", "2"),
        ("/api/v2/deals", ""),
        ("/api/v2/deals/{id}", "3"),
        ("/api/v2/deals/archived", ""),
        ("/api/v2/itemSearch", ""),
        ("/api/v2/persons/search", ""),
        ("/api/v2/organizations/search", ""),
        ("/v1/leads", ""),
        ("/v1/leads/archived", ""),
        ("/v1/leads/{id}", "00000000-0000-0000-0000-000000000000"),
        ("/v1/users", ""),
        ("/v1/users/{id}", "101"),
        ("/v1/users/me", ""),
    ] {
        let before = sandbox.quota().used;
        get(&sandbox, &template.replace("{id}", id)).await;
        let cost = description.operation(template)["x-token-cost"].as_u64();
        assert_eq!(Some(sandbox.quota().used - before), cost, "{template}");
    }
}

#[tokio::test]
async fn every_parameter_of_the_second_api_is_known_with_its_words_and_no_other() {
    let Some(description) = Description::read() else { return };
    let sandbox = account().await;
    for template in [
        "/api/v2/persons",
        "/api/v2/persons/{id}",
        "/api/v2/organizations",
        "/api/v2/organizations/{id}",
        "/api/v2/deals",
        "/api/v2/deals/{id}",
        "/api/v2/deals/archived",
        "/api/v2/itemSearch",
        "/api/v2/persons/search",
        "/api/v2/organizations/search",
    ] {
        let path = template.replace("{id}", "18");
        let parameters = description.operation(template)["parameters"].as_array().unwrap();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let schema = &parameter["schema"];
            let words: Vec<_> = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let reply = get(&sandbox, &format!("{path}?{name}={}", value(name, schema, &words))).await;
            // Known, though this value of it is not good here.
            let excuses = ["term: is required", "filter not found", "invalid cursor"];
            let excused = excuses.iter().any(|excuse| reply.text().contains(excuse));
            assert!(reply.status == 200 || excused, "{path} {name}: {}", reply.text());
            if !words.is_empty() {
                assert_eq!(get(&sandbox, &format!("{path}?{name}=nonsense")).await.status, 400, "{path} {name}");
            }
        }
        assert_eq!(get(&sandbox, &format!("{path}?nonsense=1")).await.status, 400, "{path}");
    }
}

/// A value that a parameter may have. Comma lists are declared as a single word (SOURCE.md, defect 1): all words are
/// given where more than one may be.
fn value(name: &str, schema: &Value, words: &[&str]) -> String {
    match (name, schema["type"].as_str()) {
        ("updated_since" | "updated_until", _) => "2025-01-01T10:20:00Z".to_owned(),
        ("sort_by" | "sort_direction", _) => words[0].to_owned(),
        (_, Some("boolean")) => "true".to_owned(),
        (_, Some("integer")) => "18".to_owned(),
        _ if words.is_empty() => "18".to_owned(),
        _ => words.join(","),
    }
}

/// Templates of webhooks begin with their method.
#[tokio::test]
async fn webhooks_are_answered_and_cost_as_the_vendor_describes() {
    let Some(description) = Description::read() else { return };
    let sandbox = sandbox(1).await;
    let somewhere = Listener::open(vec![]).await;
    let wanted = json!({
        "subscription_url": somewhere.url(), "event_action": "*", "event_object": "person", "name": "predial",
        "version": "2.0", "http_auth_user": "predial", "http_auth_password": "s3cret",
    });
    let mut spent = sandbox.quota().used;
    let mut held = async |head: &str, template: &str, body: &Value| {
        let reply = exchange(&sandbox, head, &[TOKEN], &body.to_string()).await.unwrap();
        assert_eq!(description.wrongs(template, &reply), [""; 0], "{head}");
        let cost = sandbox.quota().used - spent;
        spent += cost;
        assert_eq!(description.operation(template)["x-token-cost"].as_u64(), Some(cost), "{head}");
        reply.status
    };
    assert_eq!(held("POST /v1/webhooks", "post /webhooks", &wanted).await, 201);
    assert_eq!(held("POST /v1/webhooks", "post /webhooks", &json!({})).await, 400);
    sandbox.change(Change::SetOwner { item: Item::Person(1), owner_id: 102 }).unwrap();
    sandbox.ground().hooks.delivered(2).await;
    assert_eq!(held("GET /v1/webhooks", "get /webhooks", &Value::Null).await, 200);
    assert_eq!(held("DELETE /v1/webhooks/1", "delete /webhooks/{id}", &Value::Null).await, 200);
    assert_eq!(held("DELETE /v1/webhooks/1", "delete /webhooks/{id}", &Value::Null).await, 404);
}
