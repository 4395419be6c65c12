//! Holds requests and the stand-in's replies against the table of facts beside this file: there is no description of this
//! vendor's that could be had as a file.

use std::{collections::BTreeMap, sync::LazyLock};

use sandbox::kit::Asked;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor, value::Error as ValueError};
use serde_json::Value;

use super::vendor_writing as writing;
use crate::crm::beside;
use crate::crm::zoho_desk::wire::{Account, Agent, Contact, List, Ticket, Webhook};

#[derive(Deserialize)]
struct Facts {
    headers: Headers,
    everywhere: Needed,
    operation: Vec<Operation>,
    record: BTreeMap<String, Properties>,
}

#[derive(Deserialize)]
struct Headers {
    needed: Vec<String>,
    allowed: Vec<String>,
}

#[derive(Deserialize)]
struct Needed {
    needed: Vec<String>,
}

#[derive(Deserialize)]
struct Operation {
    call: String,
    source: String,
    credits: u64,
    reply: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    #[serde(default)]
    body: Vec<String>,
    #[serde(default)]
    must: Vec<String>,
}

#[derive(Deserialize)]
struct Properties {
    needed: Vec<String>,
    others: Vec<String>,
}

#[derive(Deserialize)]
struct FalseAlarms {
    alarm: Vec<Alarm>,
}

#[derive(Deserialize)]
struct Alarm {
    #[serde(rename = "where")]
    place: String,
    what: String,
    reason: String,
}

static FACTS: LazyLock<Facts> =
    LazyLock::new(|| toml::from_str(include_str!("facts.toml")).expect("the table of facts"));
static FALSE_ALARMS: LazyLock<FalseAlarms> =
    LazyLock::new(|| toml::from_str(include_str!("../false-alarms.toml")).expect("the false alarms"));

/// What the table has against a request and, where it was kept, its reply.
pub(super) fn judge(asked: &Asked) -> Result<(), String> {
    let known = |alarm: &String| {
        FALSE_ALARMS.alarm.iter().any(|known| known.place == "every operation" && known.what == *alarm)
    };
    match alarms(asked)?.into_iter().find(|alarm| !known(alarm)) {
        None => Ok(()),
        Some(alarm) => Err(format!("{} {}: {alarm}", asked.method, asked.path)),
    }
}

/// Everything that looks wrong, false alarms among it.
fn alarms(asked: &Asked) -> Result<Vec<String>, String> {
    let operation = operation(asked).ok_or_else(|| format!("{} {} is not described", asked.method, asked.path))?;
    let mut alarms = Vec::new();
    for name in &FACTS.headers.needed {
        if !asked.headers.contains(name) {
            alarms.push(format!("the header {name} is missing"));
        }
    }
    for name in &asked.headers {
        if !FACTS.headers.needed.contains(name) && !FACTS.headers.allowed.contains(name) {
            alarms.push(format!("the header {name} is not described"));
        }
    }
    let query: Vec<(String, String)> = form_urlencoded::parse(asked.query.as_bytes()).into_owned().collect();
    for name in FACTS.everywhere.needed.iter().filter(|name| !query.iter().any(|(sent, _)| sent == *name)) {
        alarms.push(format!("{name} is missing in the query"));
    }
    for (at, (name, value)) in query.iter().enumerate() {
        match operation.parameters.get(name) {
            None => alarms.push(format!("{name} is not described")),
            Some(kind) if !fits(kind, value) => alarms.push(format!("{name}={value} is no {kind}")),
            Some(_) if query[..at].iter().any(|(before, _)| before == name) => alarms.push(format!("{name} twice")),
            Some(_) => {}
        }
    }
    let body = asked.body.as_deref().and_then(|body| serde_json::from_str::<Value>(body).ok());
    let sent = body.as_ref().and_then(Value::as_object).into_iter().flat_map(|object| object.keys());
    alarms.extend(sent.filter(|name| !operation.body.contains(*name)).map(|name| format!("{name} is not described")));
    let body = body.unwrap_or_default();
    let missing = operation.must.iter().filter(|name| body.get(name.as_str()).is_none());
    alarms.extend(missing.map(|name| format!("{name} is missing in the body")));
    alarms.extend(writing::body_alarms(&body));
    if let Some(reply) = asked.reply.as_deref().filter(|_| matches!(asked.status, Some(200 | 201))) {
        alarms.extend(reply_alarms(operation, reply));
        if asked.tokens != operation.credits {
            alarms.push(format!("{} credits instead of {}", asked.tokens, operation.credits));
        }
    }
    Ok(alarms)
}

fn operation(asked: &Asked) -> Option<&'static Operation> {
    let made = format!("{} {}", asked.method, asked.path);
    let is = |template: &str| {
        let (made, of): (Vec<_>, Vec<_>) = (made.split('/').collect(), template.split('/').collect());
        let fits = |part: &str, of: &str| part == of || of == "{id}" && part.bytes().all(|byte| byte.is_ascii_digit());
        made.len() == of.len() && made.iter().zip(&of).all(|(part, of)| fits(part, of))
    };
    FACTS.operation.iter().find(|operation| is(&operation.call))
}

fn reply_alarms(operation: &Operation, reply: &str) -> Vec<String> {
    let Ok(reply) = serde_json::from_str::<Value>(reply) else {
        return if operation.reply.is_empty() { Vec::new() } else { vec!["a reply that is no JSON".to_owned()] };
    };
    let (form, record) = operation.reply.split_once(' ').unwrap_or(("", &operation.reply));
    let Some(properties) = FACTS.record.get(record) else { return Vec::new() };
    let envelope: &[&str] = match form {
        "found" => &["data", "count"],
        "listed" => &["data"],
        _ => return record_alarms(properties, &reply),
    };
    let mut alarms: Vec<String> = names(&reply)
        .filter(|name| !envelope.contains(&name.as_str()))
        .map(|name| format!("{name} beside the data"))
        .collect();
    let records = reply["data"].as_array().into_iter().flatten();
    alarms.extend(records.flat_map(|one| record_alarms(properties, one)));
    alarms
}

fn record_alarms(properties: &Properties, record: &Value) -> Vec<String> {
    let described = |name: &&String| !properties.needed.contains(*name) && !properties.others.contains(*name);
    let unknown = names(record).filter(described).map(|name| format!("the property {name} is not described"));
    let missing = properties.needed.iter().filter(|name| record.get(name.as_str()).is_none());
    unknown.chain(missing.map(|name| format!("the property {name} is missing"))).collect()
}

fn names(value: &Value) -> impl Iterator<Item = &String> {
    value.as_object().into_iter().flat_map(|object| object.keys())
}

fn fits(kind: &str, value: &str) -> bool {
    let number = |most: &str| value.parse::<u64>().ok().filter(|number| *number <= most.parse().expect("a number"));
    let time = |text: &str| text.len() == 24 && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok();
    match kind.split_once(':').unwrap_or((kind, "")) {
        ("values", _) => value.split(',').count() <= 30 && value.split(',').all(|value| !value.trim().is_empty()),
        ("custom", _) => value.split_once(':').is_some_and(|(name, values)| {
            name.starts_with("cf_") && values.split(',').all(|value| !value.trim().is_empty())
        }),
        ("ids", _) => value.split(',').count() <= 30 && value.split(',').all(|id| id.parse::<u64>().is_ok()),
        ("range", _) => value.split_once(',').is_some_and(|(from, until)| time(from) && time(until) && from < until),
        ("from", most) => number(most).is_some(),
        ("limit", most) => number(most).is_some_and(|limit| limit > 0),
        ("sort", _) => {
            let word = value.strip_prefix('-').unwrap_or(value);
            ["relevance", "modifiedTime", "createdTime"].contains(&word)
        }
        ("word", words) => words.split('|').any(|word| word == value),
        (other, _) => panic!("expected a kind of value, found {other:?}"),
    }
}

pub(super) fn asked(call: &str, query: &str) -> Asked {
    let (method, path) = call.split_once(' ').expect("a method and a path");
    let headers = ["accept", "authorization", "host", "orgid"].map(str::to_owned).into();
    let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
    let at = jiff::Timestamp::UNIX_EPOCH;
    let (told, body, reply) = (BTreeMap::new(), None, None);
    Asked { number: 1, at, method, path, query, headers, told, body, status: None, reply, tokens: 0, fault: None }
}

#[test]
fn the_judge_refuses_what_is_not_described() {
    let range = "2026-11-21T09:00:00.000Z,2026-11-21T10:00:00.000Z";
    assert_eq!(
        judge(&asked("GET /api/v1/contacts/search", &format!("createdTimeRange={range}&limit=100&from=0"))),
        Ok(())
    );
    for (call, query) in [
        ("GET /api/v1/contacts", "modifiedTimeRange=1,2"),
        ("GET /api/v1/contact/search", "phone=1"),
        ("GET /api/v1/contacts/search", "phones=1"),
        ("GET /api/v1/contacts/search", "phone=1,,2"),
        ("GET /api/v1/contacts/search", "limit=101"),
        ("GET /api/v1/contacts/search", "from=1000"),
        ("GET /api/v1/contacts/search", "createdTimeRange=2026-11-21"),
        ("GET /api/v1/contacts/search", "sortBy=createdTime&sortBy=createdTime"),
        ("GET /api/v1/contacts/search", "sortBy=created_time"),
        ("GET /api/v1/tickets/search", "contactId=abc"),
        ("GET /api/v1/agents", "status=LEFT"),
        ("PUT /api/v1/webhooks/7", ""),
    ] {
        assert!(judge(&asked(call, query)).is_err(), "{call}?{query}");
    }
    let unnamed = Asked { headers: vec!["authorization".to_owned()], ..asked("GET /api/v1/agents", "") };
    assert!(judge(&unnamed).expect_err("no portal").contains("the header orgid is missing"));
}

#[test]
fn a_misspelt_property_is_caught_in_requests_and_in_replies() {
    let body = Some(r#"{"url":"https://a.example","subscription":{}}"#.to_owned());
    let request = Asked { body, ..asked("POST /api/v1/webhooks", "") };
    assert!(judge(&request).expect_err("misspelt").contains("subscription is not described"));
    let reply = |text: &str| Asked {
        reply: Some(text.to_owned()),
        status: Some(200),
        tokens: 3,
        ..asked("GET /api/v1/agents", "")
    };
    let whole = r#"{"data":[{"id":"1","zuid":"2","emailId":"a","firstName":"","lastName":"b","extn":null,"phone":null,"mobile":null,"status":"ACTIVE","associatedDepartmentIds":[]}]}"#;
    assert_eq!(judge(&reply(whole)), Ok(()));
    assert!(judge(&reply(&whole.replace("emailId", "emailID"))).expect_err("misspelt").contains("emailID"));
    assert!(judge(&reply(&whole.replace("\"data\"", "\"agents\""))).is_err());
    assert!(judge(&Asked { tokens: 5, ..reply(whole) }).expect_err("too dear").contains("credits"));
}

#[test]
fn every_false_alarm_is_still_raised_and_has_a_reason() {
    for alarm in &FALSE_ALARMS.alarm {
        let raised = alarms(&asked("GET /api/v1/agents", "")).expect("described");
        assert!(raised.contains(&alarm.what), "{}: not needed any more", alarm.what);
        assert!(alarm.reason.starts_with('('), "{}: expected a defect of SOURCE.md", alarm.reason);
    }
}

#[test]
fn the_table_says_what_the_facts_beside_the_repository_say() {
    let Some(file) = beside::description("zoho-desk/SOURCE.md") else { return };
    let facts = std::fs::read_to_string(file).expect("SOURCE.md");
    for operation in &FACTS.operation {
        let said = operation.source.starts_with("oas ") || facts.contains(&operation.source);
        assert!(said, "{}: {:?} is not in SOURCE.md", operation.call, operation.source);
    }
    for name in
        ["zuid", "emailId", "extn", "ignoreSourceId", "isEnabled", "contactId", "modifiedTimeRange", "statusType"]
    {
        assert!(facts.contains(name), "{name}");
    }
}

#[test]
fn every_property_that_is_read_is_one_that_the_table_has() {
    let holds = |record: &str, read: &[&str]| {
        let properties = &FACTS.record[record];
        for name in read {
            // What marks the trash is read of every kind, and told of contacts alone as far as anybody knows.
            let known = properties.needed.iter().chain(&properties.others).any(|known| known == name);
            assert!(known || ["isTrashed", "isDeleted"].contains(name), "{record}: {name}");
        }
    };
    holds("contact", fields_of::<Contact>());
    holds("account", fields_of::<Account>());
    holds("ticket", fields_of::<Ticket>());
    holds("agent", fields_of::<Agent>());
    holds("webhook", fields_of::<Webhook>());
    writing::hold(holds);
}

/// The closed list: who reads another property adds it here, having looked it up.
#[test]
fn the_properties_read_are_these() {
    assert_eq!(
        fields_of::<Contact>(),
        [
            "id",
            "ownerId",
            "accountId",
            "firstName",
            "lastName",
            "phone",
            "mobile",
            "createdTime",
            "modifiedTime",
            "cf",
            "isTrashed",
            "isDeleted"
        ]
    );
    assert_eq!(
        fields_of::<Account>(),
        ["id", "ownerId", "accountName", "phone", "createdTime", "modifiedTime", "cf", "isTrashed", "isDeleted"]
    );
    assert_eq!(
        fields_of::<Ticket>(),
        [
            "id",
            "assigneeId",
            "contactId",
            "accountId",
            "contact",
            "statusType",
            "createdTime",
            "modifiedTime",
            "isTrashed",
            "isDeleted"
        ]
    );
    assert_eq!(fields_of::<Agent>(), ["id", "emailId", "phone", "mobile", "extn", "status"]);
    assert_eq!(fields_of::<Webhook>(), ["id", "url", "subscriptions", "ignoreSourceId", "isEnabled"]);
    assert_eq!(fields_of::<List<Agent>>(), ["data", "count"]);
}

/// What a request that makes one of these may say.
pub(super) fn body_of(call: &str) -> &'static [String] {
    let known = FACTS.operation.iter().find(|operation| operation.call == call);
    &known.unwrap_or_else(|| panic!("{call} is not described")).body
}

/// The property names that a type reads, as serde hands them to a deserializer.
pub(super) fn fields_of<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    assert!(T::deserialize(Names(&mut fields)).is_err(), "names are not a value");
    fields
}

struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
        Err(serde::de::Error::custom("expected a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ValueError> {
        *self.0 = fields;
        Err(serde::de::Error::custom("only names are wanted"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
