//! Holds requests, replies and property names against the vendor's own description, which lies beside the repository.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, OnceLock, PoisonError},
};

use jsonschema::{Validator, error::ValidationErrorKind};
use sandbox::kit::{Asked, Fault, FaultKind};
use serde_json::{Map, Value, json};

use super::account::{Account, PLENTY};
use super::properties::PROPERTIES;
use crate::crm::beside;
use crate::model::client::Kind;

const FILES: [&str; 7] = [
    "crm-objects",
    "crm-associations",
    "crm-associations-schema",
    "crm-owners",
    "crm-pipelines",
    "crm-properties",
    "oauth",
];
/// Statuses that no operation has (SOURCE.md, 5): their bodies are the closed lists' matter.
const UNDESCRIBED: [u16; 3] = [423, 429, 477];
const FALSE_ALARMS: &str = include_str!("../false-alarms.toml");
const HEADERS: [&str; 6] = ["accept", "authorization", "content-length", "content-type", "host", "user-agent"];

#[derive(Debug, serde::Deserialize)]
struct Alarms {
    alarm: Vec<Alarm>,
}

#[derive(Debug, serde::Deserialize)]
struct Alarm {
    #[serde(rename = "where")]
    at: String,
    what: String,
    reason: String,
}

/// The descriptions of 2026-03.
pub(super) struct Vendor {
    documents: Vec<Value>,
    alarms: Vec<Alarm>,
    compiled: Mutex<BTreeMap<String, &'static Validator>>,
}

/// An operation: its document, its method and template, its description.
struct Operation<'a> {
    document: &'a Value,
    name: String,
    described: &'a Value,
}

/// What a judgement found, and which of the known false alarms it heard.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) wrongs: Vec<String>,
    heard: BTreeSet<usize>,
}

/// `None`, said aloud, where the folder is absent; on CI that is a failure.
pub(super) fn vendor() -> Option<&'static Vendor> {
    static READ: OnceLock<Option<Vendor>> = OnceLock::new();
    let read = || {
        let folder = beside::description("hubspot")?;
        let file = |name: &str| {
            let text = std::fs::read_to_string(folder.join(format!("{name}.2026-03.json"))).expect(name);
            serde_json::from_str(&text).expect(name)
        };
        let Alarms { alarm } = toml::from_str(FALSE_ALARMS).expect("a list of alarms");
        Some(Vendor { documents: FILES.map(file).into(), alarms: alarm, compiled: Mutex::default() })
    };
    READ.get_or_init(read).as_ref()
}

impl Vendor {
    fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let mut found: Option<(usize, Operation<'_>)> = None;
        for document in &self.documents {
            for (template, methods) in document["paths"].as_object().into_iter().flatten() {
                let described = &methods[method.to_ascii_lowercase()];
                let literal = template.split('/').filter(|part| !part.starts_with('{')).count();
                let better = found.as_ref().is_none_or(|(best, _)| literal > *best);
                if described.is_object() && is_made_of(path, template) && better {
                    found = Some((literal, Operation { document, name: format!("{method} {template}"), described }));
                }
            }
        }
        found.map(|(_, operation)| operation)
    }

    /// What is wrong with a request and its reply, if anything.
    pub(super) fn judge(&self, asked: &Asked) -> Judged {
        let mut judged = Judged::default();
        let Some(operation) = self.operation(&asked.method, &asked.path) else {
            judged.wrongs.push(format!("{} {} is not described", asked.method, asked.path));
            return judged;
        };
        judged.wrongs.extend(query_wrongs(&operation, &asked.query));
        judged.wrongs.extend(asked.headers.iter().filter(|name| !HEADERS.contains(&name.as_str())).cloned());
        let body = asked.body.as_deref().map(|text| body_of(text, &asked.path)).unwrap_or_default();
        judged.wrongs.extend(property_wrongs(&asked.path, &asked.query, &body));
        let content = &operation.described["requestBody"]["content"];
        let schema = ["application/json", "application/x-www-form-urlencoded"].map(|kind| &content[kind]["schema"]);
        if let Some(schema) = schema.into_iter().find(|schema| !schema.is_null()) {
            self.hold(&format!("request {}", operation.name), (&operation, schema), &body, &mut judged);
        }
        let whole = asked.reply.as_ref().filter(|_| matches!(asked.fault, None | Some("token_expired")));
        let Some((status, reply)) = asked.status.zip(whole) else { return judged };
        let responses = &operation.described["responses"];
        let schema = &responses[status.to_string()]["content"]["application/json"]["schema"];
        let answered = |reply: &String| serde_json::from_str::<Value>(reply).expect("JSON");
        match status {
            200..300 if schema.is_null() => {
                judged.wrongs.push(format!("{}: status {status} is not described", operation.name));
            }
            200..300 => {
                let at = format!("reply {}", operation.name);
                self.hold(&at, (&operation, schema), &answered(reply), &mut judged);
            }
            status if UNDESCRIBED.contains(&status) => {}
            _ => {
                let shared = responses["default"]["$ref"].as_str().unwrap_or_default().trim_start_matches('#');
                let refusal = operation.document.pointer(shared).map(|shared| &shared["content"]["*/*"]["schema"]);
                let at = if asked.path.starts_with("/oauth/") { "no token" } else { "refusal" };
                match refusal {
                    Some(schema) => self.hold(at, (&operation, schema), &answered(reply), &mut judged),
                    None => judged.wrongs.push(format!("{}: no refusal is described", operation.name)),
                }
            }
        }
        judged
    }

    fn hold(&self, at: &str, (operation, schema): (&Operation<'_>, &Value), body: &Value, judged: &mut Judged) {
        for wrong in self.validator(at, operation, schema).iter_errors(body) {
            let mut path = wrong.instance_path().as_str().to_owned();
            if let ValidationErrorKind::Required { property } = wrong.kind() {
                path = format!("{path}/{}", property.as_str().unwrap_or_default());
            }
            let excuse = self.alarms.iter().position(|alarm| alarm.at == at && is_like(&path, &alarm.what));
            match excuse {
                Some(alarm) => drop(judged.heard.insert(alarm)),
                None => judged.wrongs.push(format!("{at}: {path}: {wrong}")),
            }
        }
        let mut names = BTreeSet::new();
        names_in(operation.document, schema, &mut names, 0);
        let mut written = BTreeSet::new();
        keys_in(body, &mut written);
        for name in written.difference(&names) {
            let ends = |alarm: &Alarm| alarm.at == at && alarm.what.rsplit('/').next() == Some(name);
            match self.alarms.iter().position(ends) {
                Some(alarm) => drop(judged.heard.insert(alarm)),
                None => judged.wrongs.push(format!("{at}: {name} is not described")),
            }
        }
    }

    /// The schema, with the document's own definitions where its references look for them.
    fn validator(&self, at: &str, operation: &Operation<'_>, schema: &Value) -> &'static Validator {
        let status = schema["$ref"].as_str().unwrap_or_default();
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.entry(format!("{at} {status}")).or_insert_with(|| {
            let whole = json!({"allOf": [schema], "components": operation.document["components"]});
            Box::leak(Box::new(jsonschema::validator_for(&whole).expect("a schema")))
        })
    }
}

/// A body as JSON, a form as the object of its texts.
fn body_of(text: &str, path: &str) -> Value {
    if path.starts_with("/oauth/") {
        let fields = form_urlencoded::parse(text.as_bytes()).into_owned();
        return fields.map(|(name, value)| (name, Value::from(value))).collect::<Map<_, _>>().into();
    }
    serde_json::from_str(text).unwrap_or_default()
}

/// Whether a path is an instance of a template.
fn is_made_of(path: &str, template: &str) -> bool {
    let (made, of): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    made.len() == of.len() && made.iter().zip(&of).all(|(part, of)| part == of || of.starts_with('{'))
}

/// Whether a place is like a pattern in which a star is any one part; what lies below it is, too.
fn is_like(path: &str, pattern: &str) -> bool {
    let (path, pattern): (Vec<_>, Vec<_>) = (path.split('/').collect(), pattern.split('/').collect());
    path.len() >= pattern.len() && pattern.iter().zip(&path).all(|(wanted, part)| *wanted == "*" || wanted == part)
}

fn query_wrongs(operation: &Operation<'_>, query: &str) -> Vec<String> {
    let described: Vec<&Value> = operation.described["parameters"].as_array().into_iter().flatten().collect();
    let mut wrongs = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let parameter = described.iter().find(|known| known["name"] == *name && known["in"] == "query");
        let fits = match parameter.and_then(|known| known["schema"]["type"].as_str()) {
            None => false,
            Some("integer") => value.parse::<i64>().is_ok(),
            Some("boolean") => matches!(&*value, "true" | "false"),
            Some(_) => !value.is_empty(),
        };
        if !fits {
            wrongs.push(format!("{}: {name}={value}", operation.name));
        }
    }
    wrongs
}

/// Properties of a request that are in no closed list.
fn property_wrongs(path: &str, query: &str, body: &Value) -> Vec<String> {
    let Some((kind, known)) = PROPERTIES.into_iter().find(|(kind, _)| path.split('/').any(|part| part == *kind)) else {
        return Vec::new();
    };
    if !path.starts_with("/crm/objects/") {
        return Vec::new();
    }
    let listed = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "properties");
    let mut names: Vec<String> =
        listed.flat_map(|(_, names)| names.split(',').map(str::to_owned).collect::<Vec<_>>()).collect();
    let texts = |values: &Value| -> Vec<String> {
        values.as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    names.extend(texts(&body["properties"]));
    let rows = body["inputs"].as_array().into_iter().flatten().map(|row| &row["properties"]);
    let written = rows.chain([&body["properties"]]).filter_map(Value::as_object);
    names.extend(written.flat_map(Map::keys).cloned());
    let filters = body["filterGroups"].as_array().into_iter().flatten().flat_map(|group| group["filters"].as_array());
    let named = filters.flatten().chain(body["sorts"].as_array().into_iter().flatten());
    names.extend(named.filter_map(|value| value["propertyName"].as_str().map(str::to_owned)));
    let own = sandbox::hubspot::SECOND_PHONE;
    let carries = matches!(kind, "contacts" | "companies");
    names.retain(|name| !(known.contains(&name.as_str()) || carries && name == own || name.starts_with("predial_")));
    names.into_iter().map(|name| format!("{kind} have no property {name}")).collect()
}

/// Names of members anywhere in a schema, through its references.
fn names_in(document: &Value, schema: &Value, names: &mut BTreeSet<String>, depth: usize) {
    // References, that is: a schema may contain itself.
    const DEEP: usize = 12;
    if depth > DEEP {
        return;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let at = document.pointer(reference.trim_start_matches('#')).expect(reference);
        return names_in(document, at, names, depth + 1);
    }
    match schema {
        Value::Object(members) => {
            names.extend(members.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned());
            members.values().for_each(|inner| names_in(document, inner, names, depth));
        }
        Value::Array(list) => list.iter().for_each(|inner| names_in(document, inner, names, depth)),
        _ => {}
    }
}

/// Names of members anywhere in a body, but inside maps whose keys are anybody's.
fn keys_in(body: &Value, names: &mut BTreeSet<String>) {
    const MAPS: [&str; 5] = ["properties", "associations", "context", "metadata", "links"];
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                names.insert(name.clone());
                if !(MAPS.contains(&name.as_str()) && value.is_object()) {
                    keys_in(value, names);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| keys_in(value, names)),
        _ => {}
    }
}

/// Asks everything that is ever asked, and what is refused besides.
async fn everything_asked() -> Account {
    let account = Account::with(20, |_| {}).await;
    let (reader, _) = Account::reader_of(&account.by_token(), PLENTY);
    for &kind in reader.crawl_order() {
        reader.page(kind, None).await.expect("a page");
        reader.changes(kind, 0, None).await.expect("changes");
        let within = crate::crm::Cursor("within 1 1".to_owned());
        reader.changes(kind, 0, Some(&within)).await.expect("changes");
        reader.records(kind, &[1.into(), 99_999_999_999.into()]).await.expect("records");
    }
    reader.users().await.expect("users");
    let number = crate::model::phone::PhoneKey::from_digits(Account::NUMBER).expect("a number");
    reader.ask(number, std::time::Duration::from_secs(10)).await.expect("an answer");
    super::writing::write_everything(&account).await;
    let (by_oauth, _) = Account::reader_of(&account.by_oauth(), PLENTY);
    by_oauth.users().await.expect("users");
    account.sandbox.set_revoked(true);
    account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
    by_oauth.users().await.expect_err("no token");
    reader.users().await.expect_err("refused");
    account
}

#[tokio::test]
async fn every_false_alarm_is_heard_and_has_its_reason() {
    let account = everything_asked().await;
    let Some(vendor) = vendor() else { return };
    let asked = account.sandbox.asked();
    let heard: BTreeSet<usize> = asked.iter().flat_map(|asked| vendor.judge(asked).heard).collect();
    for (at, alarm) in vendor.alarms.iter().enumerate() {
        assert!(heard.contains(&at), "no longer needed: {alarm:?}");
        assert!(alarm.reason.starts_with(|sign: char| sign.is_ascii_digit()), "{alarm:?}");
    }
}

#[tokio::test]
async fn the_judge_refuses_what_is_not_described_or_misspelt() {
    let account = everything_asked().await;
    let Some(vendor) = vendor() else { return };
    let asked = account.sandbox.asked();
    let list = asked.iter().find(|asked| asked.path.ends_with("/contacts")).expect("a list");
    let search = asked.iter().find(|asked| asked.path.ends_with("/contacts/search")).expect("a search");
    let made = |method: &str, end: &str| {
        let found = asked.iter().find(|asked| asked.method == method && asked.path.ends_with(end));
        found.unwrap_or_else(|| panic!("expected {method} {end}"))
    };
    let (task, upsert) = (made("POST", "/objects/2026-03/tasks"), made("POST", "/contacts/batch/upsert"));
    let change = asked.iter().find(|asked| asked.method == "PATCH").expect("a change");
    let field = made("POST", "/properties/2026-03/tasks");
    let (token, refused) = (made("POST", "/oauth/2026-03/token"), asked.iter().find(|asked| asked.status == Some(401)));
    let refused = refused.expect("a refusal");
    let replaced = |text: &Option<String>, from: &str, to: &str| text.as_ref().map(|text| text.replace(from, to));
    for wrong in [
        Asked { path: list.path.replace("objects", "object"), ..list.clone() },
        Asked { method: "PUT".to_owned(), ..list.clone() },
        Asked { query: list.query.replace("limit", "limt"), ..list.clone() },
        Asked { query: list.query.replace("limit=100", "limit=many"), ..list.clone() },
        Asked { query: list.query.replace("mobilephone", "mobile_phone"), ..list.clone() },
        Asked { body: replaced(&search.body, "lastmodifieddate", "last_modified"), ..search.clone() },
        Asked { body: replaced(&search.body, "\"after\"", "\"from\""), ..search.clone() },
        Asked { body: replaced(&search.body, "GTE", "ATLEAST"), ..search.clone() },
        Asked { reply: replaced(&search.reply, "\"total\"", "\"totals\""), ..search.clone() },
        Asked { reply: replaced(&list.reply, "createdAt", "created"), ..list.clone() },
        Asked { body: replaced(&task.body, "hs_task_body", "hs_task_text"), ..task.clone() },
        Asked { body: replaced(&task.body, "associationTypeId", "typeId"), ..task.clone() },
        Asked { body: replaced(&task.body, "HUBSPOT_DEFINED", "HUBSPOT"), ..task.clone() },
        Asked { body: replaced(&task.body, "\"NOT_STARTED\"", "1"), ..task.clone() },
        Asked { status: Some(200), ..task.clone() },
        Asked { body: replaced(&upsert.body, "idProperty", "property"), ..upsert.clone() },
        Asked { body: replaced(&upsert.body, "firstname", "first_name"), ..upsert.clone() },
        Asked { reply: replaced(&upsert.reply, "\"new\"", "\"fresh\""), ..upsert.clone() },
        Asked { body: replaced(&change.body, "properties", "values"), ..change.clone() },
        Asked { body: replaced(&field.body, "\"text\"", "\"line\""), ..field.clone() },
        Asked { body: replaced(&token.body, "client_secret", "secret"), ..token.clone() },
        Asked { body: replaced(&token.body, "=refresh_token&", "=refresh&"), ..token.clone() },
        Asked { reply: replaced(&token.reply, "expires_in", "expires"), ..token.clone() },
        Asked { reply: replaced(&refused.reply, "\"category\"", "\"kind\""), ..refused.clone() },
        Asked { reply: replaced(&refused.reply, "\"message\":\"", "\"message\":7,\"links\":\""), ..refused.clone() },
    ] {
        assert!(!vendor.judge(&wrong).wrongs.is_empty(), "{wrong:?}");
    }
    for right in [list, search, task, upsert, change, field, token, refused] {
        assert_eq!(vendor.judge(right).wrongs, [""; 0]);
    }
}

#[test]
fn no_property_is_asked_for_that_is_not_in_the_closed_list() {
    for kind in Kind::ALL {
        let path = format!("/crm/objects/2026-03/{}", crate::crm::hubspot::path::object(kind));
        let names = crate::crm::hubspot::path::properties(kind, &[]).join(",");
        assert_eq!(property_wrongs(&path, &format!("properties={names}"), &Value::Null), [""; 0]);
    }
}
