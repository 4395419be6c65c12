//! The vendor's own description, which lies beside the repository, as a judge of requests.

use std::{
    collections::BTreeSet,
    sync::{LazyLock, OnceLock},
};

use serde_yaml_ng::Value;

use crate::crm::beside;
use crate::crm::pipedrive::path::Operation;

/// Where the schema says less than the text beside it, and the text is right. Numbers are the defects of the
/// description's own SOURCE.md.
pub(super) static ALARMS: LazyLock<FalseAlarms> =
    LazyLock::new(|| toml::from_str(include_str!("../false-alarms.toml")).expect("false-alarms.toml"));

#[derive(Debug, serde::Deserialize)]
pub(super) struct FalseAlarms {
    pub(super) request: Vec<FalseAlarm>,
    /// Members of bodies whose format is another.
    pub(super) body: Vec<OfBodies>,
    /// Ends of paths where a reply may have null although the description says that there is none.
    pub(super) null: Vec<OfReplies>,
    /// Members of replies that neither schema nor example of the description has.
    pub(super) beyond: Vec<OfReplies>,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct OfBodies {
    #[serde(rename = "where")]
    pub(super) at: String,
    pub(super) what: String,
    pub(super) reason: String,
}

/// What the sandbox's tests hold to be needed and to have a reason.
#[derive(Debug, serde::Deserialize)]
pub(super) struct OfReplies {
    pub(super) what: String,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct FalseAlarm {
    #[serde(rename = "where")]
    pub(super) at: String,
    pub(super) what: String,
    pub(super) rule: Rule,
    pub(super) reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Rule {
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
        let folder = beside::description("pipedrive")?;
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
    pub(super) fn operation(&self, method: &str, path: &str) -> Result<(&Value, String), String> {
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
    /// other words than are described, texts that are too long. The description leaves bodies open: here they are closed,
    /// but for keys of custom fields where it says that they may stand.
    pub(super) fn judge_body(&self, method: &str, path: &str, body: &str) -> Result<(), String> {
        let (operation, inner) = self.operation(method, path)?;
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body = serde_json::from_str(body).map_err(|error| format!("{path}: {error}"))?;
        judge_value(schema, &body, &inner).map_err(|what| format!("{path}: {what}"))
    }

    /// Names of properties anywhere in the first `data` record of the operation's answer: its schema or its example.
    pub(super) fn properties(&self, operation: Operation) -> BTreeSet<String> {
        let (described, _) = self.operation("GET", operation.path).expect(operation.path);
        let mut names = BTreeSet::new();
        names_in(&described["responses"]["200"], &mut names);
        names
    }
}

/// Whether a path is an instance of a template, `/leads/{id}`.
pub(super) fn is_made_of(path: &str, template: &str) -> bool {
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

pub(super) fn fits(schema: &Value, value: &str, rule: Option<Rule>) -> Result<(), String> {
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

fn judge_value(schema: &Value, value: &serde_json::Value, inner: &str) -> Result<(), String> {
    if let Some(object) = value.as_object() {
        return judge_object(schema, object, inner);
    }
    let kind = match value {
        serde_json::Value::String(text) => {
            let described = schema["type"].as_str() == Some("string");
            described.then_some(()).ok_or("a text is not described")?;
            fits(schema, text, None)?;
            let most = schema["maxLength"].as_u64();
            let too_long = most.is_some_and(|most| text.chars().count() as u64 > most);
            return if too_long { Err("it is too long".to_owned()) } else { Ok(()) };
        }
        serde_json::Value::Array(list) => {
            return list.iter().try_for_each(|one| judge_value(&schema["items"], one, inner));
        }
        serde_json::Value::Number(_) => ["integer", "number"],
        serde_json::Value::Bool(_) => ["boolean", "boolean"],
        serde_json::Value::Null | serde_json::Value::Object(_) => return Err("null is not described".to_owned()),
    };
    let described = schema["type"].as_str().is_some_and(|found| kind.contains(&found));
    described.then_some(()).ok_or_else(|| format!("expected {:?}, found {value}", schema["type"]))
}

fn judge_object(
    schema: &Value,
    object: &serde_json::Map<String, serde_json::Value>,
    inner: &str,
) -> Result<(), String> {
    let parts: Vec<&Value> = match schema["allOf"].as_sequence() {
        Some(parts) => parts.iter().collect(),
        None => vec![schema],
    };
    for part in &parts {
        for name in part["required"].as_sequence().into_iter().flatten().filter_map(Value::as_str) {
            object.get(name).ok_or(format!("{name} is missing"))?;
        }
    }
    for (name, value) in object {
        let is_key = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let takes_keys = inner.starts_with("/leads") || parts.iter().any(|part| part["additionalProperties"] == true);
        if is_key && takes_keys {
            continue;
        }
        let described = parts.iter().map(|part| &part["properties"][name.as_str()]).find(|found| !found.is_null());
        let described = described.ok_or(format!("{name} is not described"))?;
        judge_value(described, value, inner).map_err(|what| format!("{name}: {what}"))?;
        let overridden = ALARMS.body.iter().any(|alarm| alarm.at == inner && alarm.what == *name);
        if described["format"] == "date-time" && !overridden {
            let text = value.as_str().unwrap_or_default();
            text.parse::<jiff::Timestamp>().map_err(|error| format!("{name}: {error}"))?;
        }
    }
    Ok(())
}
