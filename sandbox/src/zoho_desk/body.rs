//! The body of a request that writes, as strict as the vendor: a property that it does not know is refused, and so is one
//! of another type.
//!
//! # Source
//! The vendor's description closes every body (`additionalProperties: false`) and says of every text how long it may be.
//! Whether the API itself refuses what the description does not have is nowhere said: refused, the harder guess. `null` is
//! of no described type: refused, too.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{fields::Fields, reply::Refusal};

/// The longest description.
pub(super) const LONGEST_TEXT: usize = 65_535;

/// What was said.
#[derive(Debug)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// The body of a request that may have these properties.
    pub(super) fn read(bytes: &[u8], known: &[&str]) -> Result<Self, Refusal> {
        if bytes.is_empty() {
            return Err(Refusal::Empty);
        }
        let Ok(Value::Object(said)) = serde_json::from_slice(bytes) else {
            return Err(Refusal::Unprocessable("Invalid JSON content provided.".to_owned()));
        };
        match said.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Refusal::Unprocessable(format!("Extra parameter '{name}' is present in the input."))),
            None => Ok(Self(said)),
        }
    }

    /// Refuses a body in which one of these is missing or empty.
    pub(super) fn needs(&self, names: &[&'static str]) -> Result<(), Refusal> {
        let empty = |name: &&&str| match self.0.get(**name) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        names.iter().find(empty).map_or(Ok(()), |name| Err(Refusal::Invalid(name, "missing")))
    }

    /// A text of at most so many characters.
    pub(super) fn text(&self, name: &'static str, most: usize) -> Result<Option<String>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= most => Ok(Some(text.clone())),
            Some(_) => Err(Refusal::Invalid(name, "invalid")),
        }
    }

    /// One of these words.
    pub(super) fn word(&self, name: &'static str, words: &[&str]) -> Result<Option<String>, Refusal> {
        let text = self.text(name, 120)?;
        match text {
            Some(text) if !words.contains(&text.as_str()) => Err(Refusal::Invalid(name, "invalid")),
            other => Ok(other),
        }
    }

    /// A whole number, or the text of one: an id, a length.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<u64>, Refusal> {
        let number = match self.0.get(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        number.map(Some).ok_or(Refusal::Invalid(name, "invalid"))
    }

    /// A moment in UTC with its `Z`; offsets are refused.
    pub(super) fn time(&self, name: &'static str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name, 100)? else { return Ok(None) };
        let time = text.parse::<Timestamp>().ok().filter(|_| text.ends_with('Z'));
        time.map(|time| Some(time.as_second())).ok_or(Refusal::Invalid(name, "invalid"))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Refusal::Invalid(name, "invalid")),
        }
    }

    /// The custom fields: those that the module has, each with what it takes.
    pub(super) fn custom(&self, fields: &Fields, module: &str) -> Result<BTreeMap<String, String>, Refusal> {
        let said = match self.0.get("cf") {
            None => return Ok(BTreeMap::new()),
            Some(Value::Object(said)) => said,
            Some(_) => return Err(Refusal::Invalid("cf", "invalid")),
        };
        let sound = |(name, value): (&String, &Value)| {
            let taken = fields.taken(module, name, value);
            taken.map(|text| (name.clone(), text)).ok_or_else(|| Refusal::Custom(name.clone()))
        };
        said.iter().map(sound).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Body;
    use crate::zoho_desk::{fields::Fields, reply::Refusal};

    fn body(text: &str) -> Result<Body, Refusal> {
        Body::read(text.as_bytes(), &["subject", "ownerId", "dueDate", "cf"])
    }

    #[test]
    fn what_is_not_described_or_of_another_type_is_refused() {
        assert_eq!(body("").err(), Some(Refusal::Empty));
        assert!(body("[]").is_err() && body("{").is_err() && body(r#"{"owner":"1"}"#).is_err());
        let said = body(r#"{"subject":7,"ownerId":"x","dueDate":"2026-11-21T09:00:00+02:00"}"#).expect("a body");
        assert!(said.text("subject", 300).is_err() && said.number("ownerId").is_err() && said.time("dueDate").is_err());
        let said = body(r#"{"subject":"","ownerId":"7","dueDate":"2026-11-21T09:00:00.000Z"}"#).expect("a body");
        assert_eq!(said.needs(&["ownerId", "subject"]), Err(Refusal::Invalid("subject", "missing")));
        assert_eq!((said.number("ownerId"), said.time("dueDate").is_ok()), (Ok(Some(7)), true));
    }

    #[test]
    fn a_custom_field_is_a_short_text_of_its_module() {
        let fields = Fields::new(true);
        let custom = |text: &str| body(&format!(r#"{{"cf":{{{text}}}}}"#)).expect("a body").custom(&fields, "tasks");
        assert!(custom(r#""cf_pbx_mark":"pd7""#).is_ok());
        for wrong in [r#""cf_unknown":"7""#, r#""cf_pbx_mark":7"#, r#""cf_second_phone":"7""#] {
            assert!(custom(wrong).is_err(), "{wrong}");
        }
        assert!(custom(&format!(r#""cf_pbx_mark":"{}""#, "x".repeat(101))).is_err());
    }

    #[test]
    fn a_field_of_another_type_takes_what_is_of_it_alone() {
        let fields = Fields::new(false);
        let custom = |text: &str| body(&format!(r#"{{"cf":{{{text}}}}}"#)).expect("a body").custom(&fields, "tickets");
        for good in [
            r#""cf_visit_on":"2026-11-28""#,
            r#""cf_guests":"12""#,
            r#""cf_guests":12"#,
            r#""cf_size":"Large""#,
            r#""cf_size":"""#,
        ] {
            assert!(custom(good).is_ok(), "{good}");
        }
        for (name, value) in [
            ("cf_visit_on", "28.11.2026"),
            ("cf_visit_on", "2026-02-30"),
            ("cf_guests", "a dozen"),
            ("cf_guests", "1.5"),
            ("cf_size", "large"),
        ] {
            let refused = custom(&format!(r#""{name}":"{value}""#)).err();
            assert_eq!(refused, Some(Refusal::Custom(name.to_owned())), "{value}");
        }
    }
}
