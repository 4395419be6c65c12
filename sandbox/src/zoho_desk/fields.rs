//! The custom fields of the modules, and making new ones.
//!
//! # Source
//! The vendor's description: the API's name of a field follows from its label; who may make one needs a scope of its own.
//! How a field that is no text refuses one is nowhere said: as any other property does, with its name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    body::Body,
    record::Made,
    reply::Refusal,
    seed::{Of, id_of},
    wire::CONTACT_PHONE,
};
use crate::kit::Query;

/// Modules whose fields can be asked for here.
const MODULES: [&str; 5] = ["contacts", "accounts", "tickets", "tasks", "calls"];
/// The fields for a call's data that every module has where [`super::Options::call_fields`] says so.
pub const CALL_FIELDS: [&str; 10] = [
    "cf_utm_source",
    "cf_utm_medium",
    "cf_utm_campaign",
    "cf_utm_term",
    "cf_utm_content",
    "cf_client_id",
    "cf_pbx_call_id",
    "cf_pbx_status",
    "cf_recording",
    "cf_pbx_mark",
];
/// Fields of contacts, accounts and tickets that do not take every text.
const TYPED_FIELDS: [(&str, &str); 3] = [("cf_visit_on", "Date"), ("cf_guests", "Integer"), ("cf_size", "Picklist")];
/// The values of the list among them.
const SIZES: [&str; 3] = ["Small", "Medium", "Large"];
/// The longest text of a custom field.
const LONGEST_CUSTOM: usize = 100;
/// The longest text that a field can be made for.
const LONGEST: u64 = 255;

#[derive(Debug, Clone)]
struct Field {
    name: String,
    label: String,
    kind: &'static str,
    most: u64,
}

/// The custom fields of every module.
#[derive(Debug)]
pub(super) struct Fields(BTreeMap<&'static str, Vec<Field>>);

impl Fields {
    pub(super) fn new(call_fields: bool) -> Self {
        let field = |name: &str, kind| Field {
            name: name.to_owned(),
            label: name.trim_start_matches("cf_").replace('_', " "),
            kind,
            most: LONGEST,
        };
        let typed = TYPED_FIELDS.map(|(name, kind)| field(name, kind));
        let calls: Vec<Field> = CALL_FIELDS.iter().filter(|_| call_fields).map(|name| field(name, "Text")).collect();
        let of = |module| match module {
            "contacts" => [field(CONTACT_PHONE, "Phone"), field("cf_source", "Text")].into_iter().chain(calls.clone()),
            _ => [field("cf_source", "Text"), field("cf_region", "Text")].into_iter().chain(calls.clone()),
        };
        let typed = |module| typed.iter().filter(move |_| !["tasks", "calls"].contains(&module)).cloned();
        Self(MODULES.into_iter().map(|module| (module, of(module).chain(typed(module)).collect())).collect())
    }

    pub(super) fn has(&self, module: &str, name: &str) -> bool {
        self.0.get(module).is_some_and(|fields| fields.iter().any(|field| field.name == name))
    }

    /// The value as it is kept; `None` where the module has no such field, or the field takes something else: a day, a whole
    /// number, one of its list. An empty text empties any.
    pub(super) fn taken(&self, module: &str, name: &str, value: &Value) -> Option<String> {
        let field = self.0.get(module)?.iter().find(|field| field.name == name)?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if field.kind == "Integer" => number.to_string(),
            _ => return None,
        };
        let fits = match field.kind {
            _ if text.is_empty() => true,
            "Date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
            "Integer" => text.parse::<i64>().is_ok(),
            "Picklist" => SIZES.contains(&text.as_str()),
            _ => text.chars().count() <= LONGEST_CUSTOM,
        };
        fits.then_some(text)
    }

    /// `cf` as the vendor tells it: every field, those that are empty as `null`.
    pub(super) fn told(&self, module: &str, made: &Made) -> Value {
        let fields = self.0.get(module).into_iter().flatten();
        fields.map(|field| (field.name.clone(), Value::from(made.cf.get(&field.name).cloned()))).collect()
    }

    /// The page that a module's fields are.
    pub(super) fn page(&self, query: &Query<'_>) -> Result<Vec<Value>, Refusal> {
        let module = module(query)?;
        let fields = self.0.get(module).map(Vec::as_slice).unwrap_or_default();
        Ok(fields.iter().enumerate().map(|(place, field)| field.told(module, place)).collect())
    }

    /// Makes a field whose name follows from its label.
    pub(super) fn make(&mut self, query: &Query<'_>, bytes: &[u8]) -> Result<Value, Refusal> {
        let module = module(query)?;
        let known = ["displayLabel", "type", "maxLength", "toolTip", "toolTipType", "isTrackLastActivityTime"];
        let body = Body::read(bytes, &known)?;
        body.needs(&["displayLabel", "type", "maxLength"])?;
        let label = body.text("displayLabel", 200)?.unwrap_or_default();
        body.word("type", &["Text"])?;
        let most = body.number("maxLength")?.filter(|most| (1..=LONGEST).contains(most));
        let most = most.ok_or(Refusal::Invalid("maxLength", "invalid"))?;
        let word = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
        let name = format!("cf_{}", label.chars().map(word).collect::<String>());
        if self.has(module, &name) {
            return Err(Refusal::Invalid("displayLabel", "duplicate"));
        }
        let fields = self.0.entry(module).or_default();
        fields.push(Field { name, label, kind: "Text", most });
        fields.last().map(|field| field.told(module, fields.len() - 1)).ok_or(Refusal::NotFound)
    }
}

impl Field {
    fn told(&self, module: &str, place: usize) -> Value {
        let of = MODULES.iter().position(|known| *known == module).unwrap_or_default();
        json!({
            "id": id_of(Of::Field, (of * 1_000 + place) as u64).to_string(), "apiName": self.name,
            "displayLabel": self.label, "type": self.kind, "maxLength": self.most.to_string(),
            "isCustomField": true, "isMandatory": false, "isEncryptedField": false,
        })
    }
}

fn module(query: &Query<'_>) -> Result<&'static str, Refusal> {
    if let Some(name) = query.unknown(&[&["module", "orgId"]]) {
        return Err(Refusal::Unprocessable(format!("Extra query parameter '{name}' is present in the input.")));
    }
    let asked = query.text("module").ok_or_else(|| Refusal::parameter("module", "missing"))?;
    let known = MODULES.into_iter().find(|known| *known == asked);
    known.ok_or_else(|| Refusal::parameter("module", "not one that this stand-in has"))
}
