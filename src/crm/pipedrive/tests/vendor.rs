//! Holds requests, costs and property names against the vendor's own description, which lies beside the repository.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{LazyLock, OnceLock},
};

use serde::de::{Deserialize, Deserializer, Visitor, value::Error as ValueError};
use serde_yaml_ng::Value;
use url::Url;

use crate::base::environment::{Environment, ProcessEnvironment};
use crate::base::secret::Secret;
use crate::crm::hooks::HookTarget;
use crate::crm::pipedrive::{
    hooks::added,
    path::{self, Operation, Part},
    wire::{Additional, Deal, Lead, Meta, Organization, Person, User, Webhook},
};

/// Where the schema says less than the text beside it, and the text is right.
static ALARMS: LazyLock<FalseAlarms> =
    LazyLock::new(|| toml::from_str(include_str!("../false-alarms.toml")).expect("false-alarms.toml"));

#[derive(Debug, serde::Deserialize)]
struct FalseAlarms {
    request: Vec<FalseAlarm>,
}

#[derive(Debug, serde::Deserialize)]
struct FalseAlarm {
    #[serde(rename = "where")]
    at: String,
    what: String,
    rule: Rule,
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rule {
    CommaList,
    WithMode,
}

/// The descriptions of v1 and v2.
pub(super) struct Vendor {
    first: Value,
    second: Value,
}

/// `None`, said aloud, where the folder is absent; on CI that is a failure.
pub(super) fn vendor() -> Option<&'static Vendor> {
    static READ: OnceLock<Option<Vendor>> = OnceLock::new();
    let read = || {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/specs/pipedrive");
        if !folder.is_dir() {
            let on_ci = ProcessEnvironment.get("CI").is_some_and(|value| value == "true");
            assert!(!on_ci, "expected the vendor's description beside the repository, found none");
            eprintln!("skipped: the vendor's description is not beside the repository");
            return None;
        }
        let file = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).expect(name);
            serde_yaml_ng::from_str(&text).expect(name)
        };
        Some(Vendor { first: file("pipedrive-v1.yaml"), second: file("pipedrive-v2.yaml") })
    };
    READ.get_or_init(read).as_ref()
}

impl Vendor {
    /// The description of a method of a path, and the path as it stands there.
    fn operation(&self, method: &str, path: &str) -> Result<(&Value, String), String> {
        let (document, inner) = match (path.strip_prefix("/api/v2"), path.strip_prefix("/v1")) {
            (Some(inner), _) => (&self.second, inner),
            (_, Some(inner)) => (&self.first, inner),
            _ => return Err(format!("{path} is in neither version")),
        };
        let paths = document["paths"].as_mapping().ok_or("no paths are described")?;
        let templates = || paths.keys().filter_map(|template| template.as_str());
        let template = templates().find(|&template| template == inner);
        let template = template.or_else(|| templates().find(|template| is_made_of(inner, template)));
        let method_word = method.to_lowercase();
        let operation =
            template.map(|template| (&document["paths"][template][method_word.as_str()], template.to_owned()));
        let operation = operation.filter(|(operation, _)| !operation.is_null());
        operation.ok_or_else(|| format!("{method} {path} is not described"))
    }

    /// What is wrong with a request of this path and query, if anything.
    pub(super) fn judge(&self, method: &str, path: &str, query: &str) -> Result<(), String> {
        let (operation, inner) = self.operation(method, path)?;
        let described: Vec<&Value> = operation["parameters"].as_sequence().into_iter().flatten().collect();
        let mut sent = BTreeSet::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !sent.insert(name.to_string()) {
                return Err(format!("{path}: {name} twice"));
            }
            let parameter = described.iter().find(|known| known["name"] == *name && known["in"] == "query");
            let parameter = parameter.ok_or_else(|| format!("{path}: {name} is not described"))?;
            let rule =
                ALARMS.request.iter().find(|alarm| alarm.at == inner && alarm.what == name).map(|alarm| alarm.rule);
            fits(&parameter["schema"], &value, rule).map_err(|what| format!("{path}: {name}={value}: {what}"))?;
        }
        let required = described.iter().filter(|known| known["required"] == true && known["in"] == "query");
        for name in required.filter_map(|known| known["name"].as_str()) {
            if !sent.contains(name) {
                return Err(format!("{path}: {name} is missing"));
            }
        }
        Ok(())
    }

    /// What is wrong with the body of a request, if anything: members that are not described or missing, other types and
    /// other words than are described, texts that are too long.
    pub(super) fn judge_body(&self, method: &str, path: &str, body: &str) -> Result<(), String> {
        let (operation, _) = self.operation(method, path)?;
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body: serde_json::Value = serde_json::from_str(body).map_err(|error| format!("{path}: {error}"))?;
        let sent = body.as_object().ok_or("an object")?;
        for name in schema["required"].as_sequence().into_iter().flatten().filter_map(Value::as_str) {
            sent.get(name).ok_or(format!("{path}: {name} is missing"))?;
        }
        for (name, value) in sent {
            let described = &schema["properties"][name.as_str()];
            let text = value.as_str().filter(|_| described["type"] == "string");
            let text = text.ok_or(format!("{path}: {name} is not described, or not as a text"))?;
            fits(described, text, None).map_err(|what| format!("{path}: {name}: {what}"))?;
            if described["maxLength"].as_u64().is_some_and(|most| text.chars().count() as u64 > most) {
                return Err(format!("{path}: {name} is too long"));
            }
        }
        Ok(())
    }

    /// Names of properties anywhere in the first `data` record of the operation's answer: its schema or its example.
    fn properties(&self, operation: Operation) -> BTreeSet<String> {
        let (described, _) = self.operation("GET", operation.path).expect(operation.path);
        let mut names = BTreeSet::new();
        names_in(&described["responses"]["200"], &mut names);
        names
    }
}

/// Whether a path is an instance of a template, `/leads/{id}`.
fn is_made_of(path: &str, template: &str) -> bool {
    let (made, of): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    made.len() == of.len() && made.iter().zip(&of).all(|(part, of)| part == of || of.starts_with('{'))
}

fn names_in(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, inner) in map {
                names.extend(key.as_str().map(str::to_owned));
                names_in(inner, names);
            }
        }
        Value::Sequence(list) => list.iter().for_each(|inner| names_in(inner, names)),
        _ => {}
    }
}

fn fits(schema: &Value, value: &str, rule: Option<Rule>) -> Result<(), String> {
    match schema["type"].as_str() {
        Some("integer") => value.parse::<i64>().map(drop).map_err(|_| "expected an integer".to_owned())?,
        Some("boolean") if !matches!(value, "true" | "false") => return Err("expected true or false".to_owned()),
        _ => {}
    }
    let Some(allowed) = schema["enum"].as_sequence() else { return Ok(()) };
    let is_allowed = |word: &str| allowed.iter().any(|known| known == word);
    let whole = match rule {
        None => is_allowed(value),
        Some(Rule::CommaList) => value.split(',').all(is_allowed),
        Some(Rule::WithMode) => {
            value.split_once(' ').is_some_and(|(field, mode)| is_allowed(field) && matches!(mode, "ASC" | "DESC"))
        }
    };
    whole.then_some(()).ok_or_else(|| "not one of the described values".to_owned())
}

/// Those that only read.
fn every_request() -> Vec<(Operation, Url)> {
    let base = Url::parse("https://acme.pipedrive.com").expect("a URL");
    let key = "ab".repeat(20);
    let since = Part { since_s: Some(1_795_000_000), cursor: Some("eyJpZCI6N30="), ..Part::default() };
    let fields = Part { custom_fields: Some(&key), ..since };
    let open = Part { status: Some(path::OPEN), ..Part::default() };
    let all = Part { status: Some(path::ANY_STATUS), ..since };
    vec![
        (path::PERSONS, path::part(&base, path::PERSONS, Part::default())),
        (path::PERSONS, path::part(&base, path::PERSONS, since)),
        (path::ORGANIZATIONS, path::part(&base, path::ORGANIZATIONS, fields)),
        (path::DEALS, path::part(&base, path::DEALS, open)),
        (path::DEALS, path::part(&base, path::DEALS, all)),
        (path::ARCHIVED_DEALS, path::part(&base, path::ARCHIVED_DEALS, all)),
        (path::PERSONS, path::part(&base, path::PERSONS, Part { ids: Some("7,8"), ..Part::default() })),
        (path::LEAD, path::lead(&base, crate::model::ids::CrmId::Uuid([7; 16]))),
        (path::LEADS, path::leads(&base, None, 0)),
        (path::LEADS, path::leads(&base, Some(1_795_000_000), 490)),
        (path::ARCHIVED_LEADS, path::archived_leads(&base, 0)),
        (path::USERS, path::users(&base)),
        (path::WEBHOOKS, path::at(&base, path::WEBHOOKS)),
        (path::SEARCH, path::search(&base, "1112233", false)),
        (path::SEARCH, path::search(&base, "1112233", true)),
    ]
}

#[test]
fn every_request_is_one_that_the_vendor_describes_and_costs_what_it_says() {
    let Some(vendor) = vendor() else { return };
    for (operation, url) in every_request() {
        assert!(is_made_of(url.path(), operation.path), "{url}");
        vendor.judge("GET", url.path(), url.query().unwrap_or_default()).expect("as described");
        let (described, _) = vendor.operation("GET", operation.path).expect(operation.path);
        assert_eq!(described["x-token-cost"].as_u64(), Some(operation.cost), "{}", operation.path);
    }
}

#[test]
fn webhooks_are_made_and_taken_away_as_the_vendor_describes_for_what_it_says() {
    let Some(vendor) = vendor() else { return };
    let base = Url::parse("https://acme.pipedrive.com").expect("a URL");
    let url = path::webhook(&base, 7);
    assert_eq!(url.path(), "/v1/webhooks/7");
    vendor.judge("DELETE", url.path(), "").expect("as described");
    for (method, operation) in [("POST", path::ADD_WEBHOOK), ("DELETE", path::DROP_WEBHOOK)] {
        let (described, _) = vendor.operation(method, operation.path).expect(operation.path);
        assert_eq!(described["x-token-cost"].as_u64(), Some(operation.cost), "{}", operation.path);
    }
    let target = HookTarget::of(&base, "acme", Secret::new("s3cret"));
    let body = added(&target, "predial 0a1b2c3d", "person");
    vendor.judge_body("POST", path::ADD_WEBHOOK.path, &body.to_string()).expect("as described");
    for (name, wrong) in [
        ("event_object", "persons".into()),
        ("event_action", "added".into()),
        ("version", "2".into()),
        ("name", "n".repeat(256).into()),
        ("name", serde_json::Value::Null),
        ("user_ids", "7".into()),
    ] {
        let mut body = body.clone();
        body[name] = wrong;
        assert!(vendor.judge_body("POST", path::ADD_WEBHOOK.path, &body.to_string()).is_err(), "{body}");
    }
}

#[test]
fn the_judge_refuses_what_is_not_described() {
    let Some(vendor) = vendor() else { return };
    for (path, query) in [
        ("/api/v2/people", ""),
        ("/v1/persons", ""),
        ("/persons", ""),
        ("/api/v2/persons", "status=open"),
        ("/api/v2/persons", "limit=many"),
        ("/api/v2/persons", "sort_by=name"),
        ("/api/v2/persons", "limit=1&limit=2"),
        ("/api/v2/deals", "status=open,archived"),
        ("/api/v2/itemSearch", "fields=phone"),
        ("/api/v2/itemSearch", "term=1&fields=phones"),
        ("/api/v2/itemSearch", "term=1&search_for_related_items=1"),
        ("/v1/leads/archived", "updated_since=2026-01-01T00:00:00Z"),
        ("/v1/leads/archived", "sort=update_time DOWN"),
    ] {
        assert!(vendor.judge("GET", path, query).is_err(), "{path}?{query}");
    }
}

#[test]
fn every_override_is_needed() {
    let Some(vendor) = vendor() else { return };
    let queries: Vec<_> = every_request().into_iter().map(|(_, url)| url).collect();
    for FalseAlarm { at: inner, what: name, reason, .. } in &ALARMS.request {
        let needed = queries.iter().any(|url| {
            let Ok((operation, found)) = vendor.operation("GET", url.path()) else { return false };
            let described = operation["parameters"].as_sequence().into_iter().flatten();
            let schema = described.filter(|known| known["name"] == name.as_str()).map(|known| &known["schema"]).next();
            let mut values = url.query_pairs().filter(|(sent, _)| sent == name);
            found == *inner && schema.is_some_and(|schema| values.any(|(_, value)| fits(schema, &value, None).is_err()))
        });
        assert!(needed, "{inner} {name}: {reason}");
    }
}

#[test]
fn every_property_that_is_read_is_one_that_the_vendor_describes() {
    let Some(vendor) = vendor() else { return };
    let holds = |operation: Operation, read: &[&str]| {
        let described = vendor.properties(operation);
        for name in read {
            assert!(described.contains(*name), "{}: {name}", operation.path);
        }
    };
    holds(path::PERSONS, fields_of::<Person>());
    holds(path::ORGANIZATIONS, fields_of::<Organization>());
    holds(path::DEALS, fields_of::<Deal>());
    holds(path::ARCHIVED_DEALS, fields_of::<Deal>());
    holds(path::LEADS, fields_of::<Lead>());
    holds(path::USERS, fields_of::<User>());
    holds(path::WEBHOOKS, fields_of::<Webhook>());
    holds(path::PERSONS, &["next_cursor", "success", "data", "additional_data", "value"]);
    holds(path::SEARCH, &["items", "related_items", "item", "owner", "person", "organization", "phones"]);
    holds(path::SEARCH, &["id", "type", "status", "is_archived", "custom_fields"]);
}

/// The closed list: who reads another property adds it here, having looked it up.
#[test]
fn the_properties_read_are_these() {
    assert_eq!(
        fields_of::<Person>(),
        ["id", "owner_id", "org_id", "add_time", "update_time", "is_deleted", "phones", "custom_fields"]
    );
    assert_eq!(
        fields_of::<Organization>(),
        ["id", "owner_id", "add_time", "update_time", "is_deleted", "custom_fields"]
    );
    assert_eq!(
        fields_of::<Deal>(),
        ["id", "owner_id", "person_id", "org_id", "add_time", "update_time", "status", "is_archived", "is_deleted"]
    );
    assert_eq!(
        fields_of::<Lead>(),
        ["id", "owner_id", "person_id", "organization_id", "add_time", "update_time", "is_archived"]
    );
    assert_eq!(fields_of::<User>(), ["id", "email", "phone", "active_flag", "is_deleted"]);
    assert_eq!(
        fields_of::<Webhook>(),
        ["id", "subscription_url", "event_action", "event_object", "version", "is_active", "remove_time", "name"]
    );
    // Of the guide to webhooks; the description does not have what is delivered.
    assert_eq!(fields_of::<Meta>(), ["entity", "entity_id", "merged_to_id", "merged_from_id"]);
    assert_eq!(fields_of::<Additional>(), ["next_cursor", "more_items_in_collection", "pagination"]);
}

/// The property names that a type reads, as serde hands them to a deserializer.
fn fields_of<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
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
