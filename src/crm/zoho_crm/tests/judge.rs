//! Holds requests and replies against the vendor's own description, which lies beside the repository.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use jsonschema::Validator;
use sandbox::zoho_crm::Asked;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::crm::beside;

/// Where the description says otherwise than the vendor does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alarm {
    #[serde(rename = "where")]
    pub(super) place: String,
    pub(super) what: String,
    pub(super) reason: String,
}

#[derive(Deserialize)]
struct Alarms {
    alarm: Vec<Alarm>,
}

/// The list of known false alarms.
pub(super) fn alarms() -> Vec<Alarm> {
    toml::from_str::<Alarms>(include_str!("../false-alarms.toml")).expect("false-alarms.toml").alarm
}

/// Names of records' fields, which no description has: from the vendor's pages. Who reads another adds it here, having
/// looked it up.
pub(super) const FIELDS: &[&str] = &[
    "$se_module",
    "Account_Name",
    "Account_Site",
    "Account_Type",
    "Amount",
    "Annual_Revenue",
    "Assistant",
    "Asst_Phone",
    "Billing_City",
    "Billing_Code",
    "Billing_Country",
    "Billing_State",
    "Billing_Street",
    "Call_Duration",
    "Call_Start_Time",
    "Call_Type",
    "Caller_ID",
    "City",
    "Closing_Date",
    "Company",
    "Contact_Name",
    "Converted__s",
    "Country",
    "Created_Time",
    "Date_of_Birth",
    "Deal_Name",
    "Department",
    "Description",
    "Designation",
    "Dialled_Number",
    "Due_Date",
    "Email",
    "Employees",
    "Expected_Revenue",
    "Fax",
    "First_Name",
    "Home_Phone",
    "Industry",
    "Last_Name",
    "Lead_Source",
    "Lead_Status",
    "Mailing_City",
    "Mailing_Country",
    "Mailing_State",
    "Mailing_Street",
    "Mailing_Zip",
    "Mobile",
    "Modified_Time",
    "Next_Step",
    "No_of_Employees",
    "Note_Content",
    "Other_City",
    "Other_Country",
    "Other_Phone",
    "Other_State",
    "Other_Street",
    "Other_Zip",
    "Outgoing_Call_Status",
    "Owner",
    "Ownership",
    "Phone",
    "Pipeline",
    "Probability",
    "Rating",
    "Remind_At",
    "Salutation",
    "Secondary_Email",
    "Shipping_City",
    "Shipping_Code",
    "Shipping_Country",
    "Shipping_State",
    "Shipping_Street",
    "Skype_ID",
    "Stage",
    "State",
    "Status",
    "Street",
    "Subject",
    "Ticker_Symbol",
    "Title",
    "Twitter",
    "Type",
    "Voice_Recording__s",
    "Website",
    "What_Id",
    "Who_Id",
    "Zip_Code",
    "id",
    // Members of lookups.
    "email",
    "name",
    // The stand-in's customer added these.
    "Favourite_Colour",
    "GA_Client",
    "Predial_Mark",
    "Ringostat_Call",
    "Ringostat_Record",
    "Ringostat_Status",
    "Second_Phone",
    "UTM_Campaign",
    "UTM_Content",
    "UTM_Medium",
    "UTM_Source",
    "UTM_Term",
    "Viber",
];

/// The vendor's description, all files in one document, and what is made of it.
pub(super) struct Judge {
    files: Value,
    /// Whether of a choice between success and error the error is left out.
    successes: bool,
    validators: std::sync::Mutex<BTreeMap<String, std::sync::Arc<Validator>>>,
}

/// `None`, said aloud, where the folder is absent; on CI that is a failure.
pub(super) fn judge() -> Option<&'static Judge> {
    static READ: OnceLock<Option<Judge>> = OnceLock::new();
    READ.get_or_init(|| Judge::without(&alarms())).as_ref()
}

impl Judge {
    /// A judge who does not raise these alarms.
    pub(super) fn without(alarms: &[Alarm]) -> Option<Self> {
        let folder = beside::description("zoho-crm")?;
        let mut files = Map::new();
        for entry in std::fs::read_dir(&folder).expect("the folder") {
            let path = entry.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&path).expect(&name);
                let file = serde_json::from_str(&text).expect(&name);
                files.insert(name.clone(), usable(&name, file));
            }
        }
        let mut files = json!({ "files": files });
        for alarm in alarms {
            if alarm.place == "*" {
                continue;
            }
            let node = files.pointer_mut(&format!("/files/{}", alarm.place));
            let node = node.and_then(Value::as_object_mut).unwrap_or_else(|| panic!("{} is no place", alarm.place));
            assert!(node.remove(&alarm.what).is_some(), "{}: no {}", alarm.place, alarm.what);
            // Beside an enum of words there is no null either.
            node.remove("enum");
        }
        let successes = alarms.iter().any(|alarm| alarm.place == "*" && alarm.what == "oneOf");
        Some(Self { files, successes, validators: Default::default() })
    }

    /// The file and the path as they stand in the description, and the operation.
    fn operation(&self, method: &str, path: &str) -> Result<(String, &Value), String> {
        let parts: Vec<&str> = path.split('/').skip(3).collect();
        let file = match parts[..] {
            ["coql"] => "coql.json",
            ["users"] => "users.json",
            ["settings", "layouts"] => "layouts.json",
            ["settings", "pipeline"] => "pipeline.json",
            ["settings", ..] => "fields.json",
            ["actions", ..] => "notifications.json",
            ["Notes", ..] => "notes.json",
            [_, _, "Notes"] => "related_records.json",
            _ => "record.json",
        };
        let paths = self.files["files"][file]["paths"].as_object().ok_or("no paths are described")?;
        let exact = paths.keys().find(|template| *template == path);
        let template = exact.or_else(|| paths.keys().find(|template| is_made_of(path, template)));
        let template = template.ok_or_else(|| format!("{path} is not described"))?;
        let operation = &paths[template][method.to_lowercase()];
        let escaped = template.replace('~', "~0").replace('/', "~1");
        let at = format!("/files/{file}/paths/{escaped}/{}", method.to_lowercase());
        if operation.is_null() { Err(format!("{method} {path} is not described")) } else { Ok((at, operation)) }
    }

    /// What is wrong with a request and what came of it, if anything.
    pub(super) fn judge(&self, asked: &Asked) -> Result<(), String> {
        let (at, operation) = self.operation(&asked.method, &asked.path)?;
        self.parameters(operation, asked)?;
        match (&asked.body, operation.get("requestBody")) {
            (Some(body), Some(_)) => {
                let body = serde_json::from_str(body).map_err(|_| "a body that is no JSON".to_owned())?;
                self.holds(&format!("{at}/requestBody"), &body)?;
            }
            (None, None) => {}
            (given, _) => {
                return Err(format!("{}: a body {} expected", asked.path, if given.is_some() { "not" } else { "is" }));
            }
        }
        let (Some(status), Some(reply)) = (asked.status, &asked.reply) else { return Ok(()) };
        // The description knows successes only (SOURCE.md, 3 and 7), and nothing of answers without a body.
        if !(200..300).contains(&status) || reply.is_empty() {
            return Ok(());
        }
        // Of records and notes only the 200 is described, with all that any of them can hold (SOURCE.md, 3).
        let written = matches!(asked.method.as_str(), "POST" | "PUT") && matches!(status, 201 | 202 | 207);
        let of_records = at.contains("/record.json/") || at.contains("/notes.json/");
        let described = operation["responses"].get(status.to_string()).is_some();
        let status = if written && of_records && !described { 200 } else { status };
        if operation["responses"].get(status.to_string()).is_none() {
            return Err(format!("{} {}: status {status} is not described", asked.method, asked.path));
        }
        let mut body: Value = serde_json::from_str(reply).map_err(|_| "a reply that is no JSON".to_owned())?;
        // Enough of a page to judge it by.
        if let Some(rows) = body.get_mut("data").and_then(Value::as_array_mut) {
            rows.truncate(20);
        }
        self.holds(&format!("{at}/responses/{status}"), &body)
    }

    fn parameters(&self, operation: &Value, asked: &Asked) -> Result<(), String> {
        let described: Vec<&Value> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| self.resolved(parameter))
            .collect();
        let find = |name: &str, place: &str| {
            described.iter().find(|known| {
                known["in"] == place && known["name"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name))
            })
        };
        let mut sent = BTreeSet::new();
        for (name, value) in form_urlencoded::parse(asked.query.as_bytes()) {
            let known = find(&name, "query").ok_or_else(|| format!("{}: {name} is not described", asked.path))?;
            if !sent.insert(name.to_string()) {
                return Err(format!("{}: {name} twice", asked.path));
            }
            let schema = &known["schema"];
            let fits = match (schema["type"].as_str(), schema["enum"].as_array()) {
                (Some("integer"), _) => value.parse::<i64>().is_ok(),
                (_, Some(words)) => words.iter().any(|word| *word == *value),
                _ => true,
            };
            if !fits {
                return Err(format!("{}: {name}={value} does not fit", asked.path));
            }
            if name == "fields" {
                let stray = value.split(',').find(|field| !FIELDS.contains(field));
                stray.map_or(Ok(()), |field| Err(format!("{}: no field {field}", asked.path)))?;
            }
        }
        let needed = described.iter().filter(|known| known["in"] == "query" && known["required"] == true);
        for name in needed.filter_map(|known| known["name"].as_str()) {
            if !sent.contains(name) {
                return Err(format!("{}: {name} is missing", asked.path));
            }
        }
        const ALWAYS: [&str; 6] = ["accept", "authorization", "content-length", "content-type", "host", "user-agent"];
        let stray =
            asked.headers.iter().find(|name| !ALWAYS.contains(&name.as_str()) && find(name, "header").is_none());
        stray.map_or(Ok(()), |name| Err(format!("{}: header {name}", asked.path)))
    }

    /// Whether a body is as described at a place, and has no member that is named nowhere there.
    fn holds(&self, at: &str, body: &Value) -> Result<(), String> {
        let holder = self.resolved(self.files.pointer(at).ok_or_else(|| format!("nothing at {at}"))?);
        let schema = &holder["content"]["application/json"]["schema"];
        let mut validators = self.validators.lock().expect("no panic");
        let validator = validators.entry(at.to_owned()).or_insert_with(|| {
            let mut root = self.successes(schema);
            root["files"] = self.files["files"].clone();
            std::sync::Arc::new(jsonschema::validator_for(&root).expect("a schema"))
        });
        validator.validate(body).map_err(|error| format!("{at}: {}: {error}", error.instance_path()))?;
        drop(validators);
        self.stray(&self.successes(schema), body).map_or(Ok(()), |name| Err(format!("{at}: {name} is named nowhere")))
    }

    /// The first member of a value that its schema does not name.
    fn stray(&self, schema: &Value, value: &Value) -> Option<String> {
        let schema = self.resolved(schema);
        if let Some(ways) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            let mut strays = ways.iter().map(|way| self.stray(way, value));
            return strays.find(Option::is_none).unwrap_or_else(|| Some(format!("something of {}", shortened(value))));
        }
        match value {
            Value::Array(items) => items.iter().find_map(|item| self.stray(&schema["items"], item)),
            Value::Object(members) => members.iter().find_map(|(name, inner)| {
                match schema["properties"].get(name) {
                    Some(known) => self.stray(known, inner),
                    // Records are open: their fields stand in a list of our own.
                    None if schema["additionalProperties"] == true && FIELDS.contains(&name.as_str()) => None,
                    None if schema.get("properties").is_none() => None,
                    None => Some(name.clone()),
                }
            }),
            _ => None,
        }
    }

    /// Of a choice between success and error, the successes: an error requires nothing, so that anything would be one.
    fn successes(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        if let Some(ways) = schema.get_mut("oneOf").and_then(Value::as_array_mut).filter(|_| self.successes) {
            let is_error = |to: &str| to.ends_with("Exception") || to.ends_with("Error");
            ways.retain(|way| !way["$ref"].as_str().is_some_and(is_error));
        }
        schema
    }

    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut value = value;
        while let Some(to) = value.get("$ref").and_then(Value::as_str) {
            value = self.files.pointer(to.trim_start_matches('#')).unwrap_or_else(|| panic!("{to} leads nowhere"));
        }
        value
    }
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}

/// Whether a path is an instance of a template, `/crm/v8/{module_api_name}/search`.
fn is_made_of(path: &str, template: &str) -> bool {
    let (made, of): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    made.len() == of.len() && made.iter().zip(&of).all(|(part, of)| part == of || of.starts_with('{'))
}

/// References lead to the one document (SOURCE.md, 1), and what may be null says so as JSON Schema does.
fn usable(file: &str, mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            if let Some(Value::String(to)) = members.get_mut("$ref") {
                let (other, inner) = to.split_once('#').unwrap_or(("", to));
                let other = if other.is_empty() { file } else { other.rsplit('/').next().unwrap_or(file) };
                *to = format!("#/files/{other}{inner}");
            }
            if members.remove("nullable") == Some(json!(true)) {
                if let Some(own) = members.get("type").cloned() {
                    members.insert("type".to_owned(), json!([own, "null"]));
                }
                if let Some(Value::Array(words)) = members.get_mut("enum") {
                    words.push(Value::Null);
                }
            }
            let inner = std::mem::take(members);
            *members = inner.into_iter().map(|(name, inner)| (name, usable(file, inner))).collect();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = usable(file, item.take())),
        _ => {}
    }
    value
}
