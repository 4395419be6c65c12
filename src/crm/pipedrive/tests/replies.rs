//! The stand-in's replies, held against the vendor's description: types and words by its schemas, and names by those of
//! its schemas and examples, which leave replies open.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::Validator;
use sandbox::pipedrive::Asked;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::judge::{ALARMS, Vendor, vendor};

/// Of a list, enough to judge it by.
const ROWS: usize = 20;

/// What a reply to an operation may be.
#[derive(Debug)]
struct Described {
    validator: Validator,
    names: BTreeSet<String>,
}

impl Vendor {
    /// What is wrong with a reply, if anything. A refusal that the description does not have is the closed lists' matter,
    /// and what was staged to be odd is odd.
    pub(super) fn judge_reply(&self, asked: &Asked) -> Result<(), String> {
        let (Some(status), Some(reply)) = (asked.status, &asked.reply) else { return Ok(()) };
        if asked.fault == Some("oddity") {
            return Ok(());
        }
        let (operation, template) = self.operation(&asked.method, &asked.path)?;
        let place = format!("{} {template} {status}", asked.method);
        let content = &operation["responses"][status.to_string().as_str()]["content"]["application/json"];
        let content = serde_json::to_value(content).map_err(|error| error.to_string())?;
        if content.is_null() {
            return if status >= 400 { Ok(()) } else { Err(format!("{place} is not described")) };
        }
        let mut body: Value = serde_json::from_str(reply).map_err(|_| format!("{place}: no JSON"))?;
        for rows in ["/data", "/data/items"] {
            if let Some(rows) = body.pointer_mut(rows).and_then(Value::as_array_mut) {
                rows.truncate(ROWS);
            }
        }
        let wrong = described(&format!("{place} {}", asked.path.starts_with("/v1")), &content).wrong(&body);
        wrong.map_or(Ok(()), |wrong| Err(format!("{place}: {wrong}")))
    }
}

/// Compiled once for each place.
fn described(place: &str, content: &Value) -> Arc<Described> {
    static COMPILED: Mutex<BTreeMap<String, Arc<Described>>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compile = || {
        let validator = jsonschema::validator_for(&with_nulls(&content["schema"])).expect("a schema");
        let mut names = BTreeSet::new();
        declared(&content["schema"], &mut names);
        written(&content["example"], &mut names);
        Arc::new(Described { validator, names })
    };
    Arc::clone(compiled.entry(place.to_owned()).or_insert_with(compile))
}

impl Described {
    fn wrong(&self, body: &Value) -> Option<String> {
        let known = |path: &str| {
            let is_null = body.pointer(path).is_some_and(Value::is_null);
            is_null && ALARMS.null.iter().any(|alarm| path.ends_with(&alarm.what))
        };
        let wrongs = self.validator.iter_errors(body).filter(|wrong| !known(wrong.instance_path().as_str()));
        let wrongs = wrongs.map(|wrong| format!("{}: {wrong}", wrong.instance_path().as_str()));
        let mut names = BTreeSet::new();
        written(body, &mut names);
        let custom = |name: &str| name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let beyond = |name: &str| ALARMS.beyond.iter().any(|alarm| alarm.what == name);
        let strays = names.difference(&self.names).filter(|name| !custom(name) && !beyond(name));
        let wrongs: Vec<String> = wrongs.chain(strays.map(|name| format!("{name} is not described"))).collect();
        (!wrongs.is_empty()).then(|| wrongs.join("; "))
    }
}

/// OpenAPI 3.0 says `nullable: true` where JSON Schema has a type of its own.
fn with_nulls(schema: &Value) -> Value {
    match schema {
        Value::Array(list) => list.iter().map(with_nulls).collect(),
        Value::Object(members) => {
            let mut plain: Map<String, Value> =
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
fn declared(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Array(list) => list.iter().for_each(|inner| declared(inner, names)),
        Value::Object(members) => {
            names.extend(members.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned());
            members.values().for_each(|inner| declared(inner, names));
        }
        _ => {}
    }
}

fn written(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|inner| written(inner, names)),
        Value::Object(members) => {
            names.extend(members.keys().cloned());
            members.values().for_each(|inner| written(inner, names));
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_reply_that_the_vendor_would_not_give_is_caught() {
    let account = Account::with(20, |_| {}).await;
    let (reader, _) = Account::reader_of(account.by_token(), super::account::PLENTY);
    reader.page(crate::model::client::Kind::Contact, None).await.expect("a page");
    reader.users().await.expect("users");
    let Some(vendor) = vendor() else { return };
    let asked = account.sandbox.asked();
    let of = |path: &str| asked.iter().find(|asked| asked.path == path).expect(path).clone();
    let (persons, users) = (of("/api/v2/persons"), of("/v1/users"));
    for right in [&persons, &users] {
        assert_eq!(vendor.judge_reply(right), Ok(()));
    }
    for (asked, from, to) in [
        (&persons, "\"owner_id\"", "\"owner\""),
        (&persons, "\"phones\"", "\"phone\""),
        (&persons, "\"success\":true", "\"success\":\"yes\""),
        (&persons, "\"is_deleted\":false", "\"is_deleted\":0"),
        (&persons, "next_cursor", "cursor"),
        (&users, "active_flag", "active"),
        (&users, "\"email\":\"", "\"email\":7,\"name\":\""),
    ] {
        let reply = asked.reply.as_ref().map(|reply| reply.replace(from, to));
        assert_ne!(reply, asked.reply, "{from} is nowhere");
        let wrong = Asked { reply, ..asked.clone() };
        assert!(vendor.judge_reply(&wrong).is_err(), "{from} as {to}");
    }
    assert!(vendor.judge_reply(&Asked { status: Some(206), ..persons }).is_err(), "another status");
}
