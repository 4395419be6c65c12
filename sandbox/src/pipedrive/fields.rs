//! Fields: which the account has, how more are made, and what records hold in the custom ones.
//!
//! # Source
//! The vendor's description of `/personFields`, `/organizationFields`, `/dealFields` of the second API: the key of a
//! custom field is 40 hexadecimal digits of the vendor's choosing; leads have those of deals; a text has 255 letters at
//! most, a long one 65 thousand. Not said there, and so made harder on the client: an unknown key and a value of another
//! type are refused; two fields may have one name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    body::{Body, Wrong},
    query::Query,
    reply::Refusal,
    wire::{ORGANIZATION_PHONE, ORGANIZATION_TAX_NUMBER, append},
};
use crate::kit::roll;

/// What a record holds, by key.
pub(super) type Custom = BTreeMap<String, Value>;

/// Whose fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// Persons'.
    Person,
    /// Organizations'.
    Organization,
    /// Deals', and so leads'.
    Deal,
}

/// Names of the custom fields that persons, organizations and deals have from the beginning, each its own with its own
/// key; all are texts but for the recording, a long one.
pub const FIELDS: [&str; 10] = [
    "UTM source",
    "UTM medium",
    "UTM campaign",
    "UTM term",
    "UTM content",
    "Client id",
    "Call id",
    "Call status",
    RECORDING,
    "Made by",
];
const RECORDING: &str = "Recording";

const TYPES: [&str; 16] = [
    "varchar",
    "text",
    "double",
    "phone",
    "date",
    "daterange",
    "time",
    "timerange",
    "set",
    "enum",
    "varchar_auto",
    "address",
    "monetary",
    "org",
    "people",
    "user",
];

/// The key of one of [`FIELDS`].
#[must_use]
pub fn field_key(of: Of, name: &str) -> String {
    let place = FIELDS.iter().position(|known| *known == name).unwrap_or(FIELDS.len());
    key(of, place as u64)
}

fn key(of: Of, place: u64) -> String {
    let part = |more: u64| roll(0xf1e1d, (of as u64) << 32 | place, more);
    format!("{:016x}{:016x}{:08x}", part(0), part(1), part(2) >> 32)
}

#[derive(Debug, Clone)]
struct Field {
    of: Of,
    key: String,
    name: String,
    kind: String,
    custom: bool,
}

/// The fields of an account.
#[derive(Debug)]
pub(super) struct Fields {
    all: Vec<Field>,
    made: u64,
}

impl Fields {
    pub(super) fn of_the_account() -> Self {
        let field = |of, key: String, name: &str, kind: &str, custom| Field {
            of,
            key,
            name: name.to_owned(),
            kind: kind.to_owned(),
            custom,
        };
        let own = |of, key: &str, name: &str, kind: &str| field(of, key.to_owned(), name, kind, false);
        let mut all = vec![
            own(Of::Person, "name", "Name", "varchar"),
            own(Of::Person, "phones", "Phone", "phone"),
            own(Of::Person, "owner_id", "Owner", "user"),
            own(Of::Organization, "name", "Name", "varchar"),
            own(Of::Organization, "owner_id", "Owner", "user"),
            own(Of::Deal, "title", "Title", "varchar"),
            own(Of::Deal, "owner_id", "Owner", "user"),
            field(Of::Organization, ORGANIZATION_PHONE.to_owned(), "Phone", "phone", true),
            field(Of::Organization, ORGANIZATION_TAX_NUMBER.to_owned(), "Tax number", "varchar", true),
        ];
        for of in [Of::Person, Of::Organization, Of::Deal] {
            let kind = |name: &str| if name == RECORDING { "text" } else { "varchar" };
            all.extend(FIELDS.iter().map(|name| field(of, field_key(of, name), name, kind(name), true)));
        }
        Self { all, made: FIELDS.len() as u64 }
    }

    /// `GET /api/v2/personFields` and its like.
    pub(super) fn list(&self, of: Of, query: &Query<'_>) -> Result<Vec<u8>, Refusal> {
        query.only(&[&["limit", "cursor", "include_fields"]])?;
        query.words("include_fields", &["ui_visibility", "important_fields", "required_fields"])?;
        let limit = query.limit(500)?;
        let start: usize = match query.text("cursor") {
            None => 0,
            Some(text) => text.parse().map_err(|_| Refusal::parameter("cursor", "invalid cursor"))?,
        };
        let mut fields = self.all.iter().filter(|field| field.of == of).skip(start);
        let data: Vec<Value> = fields.by_ref().take(limit).map(Field::shown).collect();
        let next = fields.next().map(|_| (start + limit).to_string());
        let mut out = Vec::new();
        append(&mut out, &json!({"success": true, "data": data, "additional_data": {"next_cursor": next}}));
        Ok(out)
    }

    /// `POST /api/v2/personFields` and its like.
    pub(super) fn make(&mut self, of: Of, body: &Body) -> Result<Value, Refusal> {
        body.only(|name| matches!(name, "field_name" | "field_type"))?;
        let (name, kind) = (body.needed("field_name")?, body.needed("field_type")?);
        if name.chars().count() > 255 {
            return Err(Wrong::new("field_name", "must be at most 255 characters").into());
        }
        if !TYPES.contains(&kind.as_str()) {
            return Err(Wrong::new("field_type", "expected one of the supported values").into());
        }
        self.made += 1;
        let field = Field { of, key: key(of, self.made), name, kind, custom: true };
        let shown = field.shown();
        self.all.push(field);
        Ok(shown)
    }

    /// Writes values over what a record holds; null takes one away.
    pub(super) fn write<'a>(
        &self,
        of: Of,
        values: impl Iterator<Item = (&'a str, &'a Value)>,
        into: &mut Custom,
    ) -> Result<(), Wrong> {
        for (key, value) in values {
            let field = self.all.iter().find(|field| field.of == of && field.custom && field.key == key);
            let field = field.ok_or_else(|| {
                Wrong::new("custom_fields", format!("Parameter '{key}' is not allowed for this request"))
            })?;
            field.takes(value)?;
            if value.is_null() {
                into.remove(key);
            } else {
                into.insert(key.to_owned(), value.clone());
            }
        }
        Ok(())
    }
}

impl Field {
    fn takes(&self, value: &Value) -> Result<(), Wrong> {
        let most = match self.kind.as_str() {
            "varchar" | "varchar_auto" | "phone" => 255,
            "text" => 65_000,
            _ => 0,
        };
        let short = || value.as_str().is_some_and(|text| text.chars().count() <= most);
        let fits = match self.kind.as_str() {
            _ if value.is_null() => true,
            "double" => value.is_number(),
            "date" => value.as_str().is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok()),
            _ => short(),
        };
        fits.then_some(())
            .ok_or_else(|| Wrong::new(&self.key, format!("expected a {} of at most {most} letters", self.kind)))
    }

    fn shown(&self) -> Value {
        json!({
            "field_name": self.name, "field_code": self.key, "field_type": self.kind,
            "options": null, "subfields": null, "is_custom_field": self.custom, "is_optional_response_field": false,
        })
    }
}

/// Whether a name is a custom field's key.
pub(super) fn is_key(name: &str) -> bool {
    name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
