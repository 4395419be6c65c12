//! What is read of things that were written: ids, names, notes, custom fields.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::crm::failure::Failure;

/// Every member that is read of anything here.
#[cfg(test)]
pub(in crate::crm::pipedrive) const NAMES: [&str; 14] = [
    "id",
    "add_time",
    "name",
    "title",
    "phones",
    "emails",
    "value",
    "note",
    "content",
    "custom_fields",
    "is_deleted",
    "activity_id",
    "has_recording",
    "start_time",
];

/// A record of any kind, as the vendor gives it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(in crate::crm::pipedrive) struct Seen(Value);

impl Seen {
    /// Its id as text.
    ///
    /// # Errors
    /// [`Failure::Unclear`] where it has none: something was written, and nobody knows what.
    pub(super) fn id(&self) -> Result<String, Failure> {
        let id = match &self.0["id"] {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        id.ok_or_else(|| Failure::Unclear { reason: "expected the id of what was written, found none".to_owned() })
    }

    /// When it was made, seconds since 1970 UTC. Times of the first API have a blank in the middle and no zone.
    pub(super) fn made_s(&self) -> Option<i64> {
        seconds(self.0["add_time"].as_str()?)
    }

    /// When a call began.
    pub(super) fn started_s(&self) -> Option<i64> {
        seconds(self.0["start_time"].as_str()?)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.0["is_deleted"] == true
    }

    /// A name, or a title.
    pub(super) fn title(&self) -> &str {
        self.0["name"].as_str().or_else(|| self.0["title"].as_str()).unwrap_or_default()
    }

    /// The HTML of an activity or a note.
    pub(super) fn note(&self) -> &str {
        self.0["note"].as_str().or_else(|| self.0["content"].as_str()).unwrap_or_default()
    }

    pub(super) fn has_number(&self, number: &str) -> bool {
        let phones = self.0["phones"].as_array().into_iter().flatten();
        phones.filter_map(|phone| phone["value"].as_str()).any(|value| digits(value) == digits(number))
    }

    pub(super) fn has_email(&self, email: &str) -> bool {
        let wanted = email.trim().to_lowercase();
        let emails = self.0["emails"].as_array().into_iter().flatten();
        emails.filter_map(|one| one["value"].as_str()).any(|value| value.trim().to_lowercase() == wanted)
    }

    /// Numbers or e-mails as they are written, those that hold something.
    pub(in crate::crm::pipedrive) fn list(&self, name: &str) -> Vec<Value> {
        let there = self.0[name].as_array().into_iter().flatten();
        let filled = there.filter(|one| one["value"].as_str().is_some_and(|value| !value.trim().is_empty()));
        let known = |one: &Value| {
            let members = ["value", "primary", "label"].into_iter().filter(|name| !one[*name].is_null());
            members.map(|name| (name.to_owned(), one[name].clone())).collect::<serde_json::Map<_, _>>().into()
        };
        filled.map(known).collect()
    }

    /// Whether a member of its own is this already.
    pub(in crate::crm::pipedrive) fn holds(&self, name: &str, value: &Value) -> bool {
        is_same(&self.0[name], value)
    }

    /// The same of a custom field.
    pub(super) fn holds_custom(&self, key: &str, value: &Value) -> bool {
        let beside = &self.0[key];
        is_same(if beside.is_null() { &self.0["custom_fields"][key] } else { beside }, value)
    }

    /// The text of a custom field, wherever this kind keeps them; empty where it has none.
    pub(super) fn custom(&self, key: &str) -> &str {
        let beside = &self.0[key];
        let value = if beside.is_null() { &self.0["custom_fields"][key] } else { beside };
        value.as_str().or_else(|| value["value"].as_str()).unwrap_or_default()
    }

    /// Which activity a call log is of.
    pub(super) fn activity(&self) -> Option<String> {
        self.0["activity_id"].as_u64().map(|id| id.to_string())
    }

    pub(super) fn has_recording(&self) -> bool {
        self.0["has_recording"] == true
    }
}

/// Numbers are the same by what they are worth; a value may stand inside `value`, among what the vendor makes of it.
fn is_same(held: &Value, wanted: &Value) -> bool {
    let of = |value: &Value| if value["value"].is_null() { value.clone() } else { value["value"].clone() };
    let (held, wanted) = (of(held), of(wanted));
    held == wanted || held.as_f64().is_some_and(|held| wanted.as_f64() == Some(held))
}

/// The digits of what somebody typed.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn seconds(text: &str) -> Option<i64> {
    let zoned = || if text.ends_with('Z') { text.to_owned() } else { format!("{text}Z") };
    zoned().parse::<Timestamp>().ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Seen;

    #[test]
    fn times_of_both_apis_are_read() {
        let seen = |time: &str| Seen(json!({"add_time": time})).made_s();
        for time in ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.551Z", "2026-11-20 10:00:00"] {
            assert_eq!(seen(time), Some(1_795_168_800), "{time}");
        }
        assert_eq!(seen("yesterday"), None);
    }

    #[test]
    fn custom_fields_stand_inside_or_beside_and_as_they_are_or_as_a_value() {
        for record in [
            json!({"custom_fields": {"k": "pd1"}}),
            json!({"custom_fields": {"k": {"value": "pd1"}}}),
            json!({"k": "pd1"}),
        ] {
            assert_eq!(Seen(record).custom("k"), "pd1");
        }
        assert_eq!(Seen(json!({"custom_fields": {"k": null}})).custom("k"), "");
    }

    #[test]
    fn what_has_no_id_was_written_for_all_we_know() {
        assert_eq!(Seen(json!({"id": 7})).id().as_deref(), Ok("7"));
        assert_eq!(Seen(json!({"id": "CA1"})).id().as_deref(), Ok("CA1"));
        assert!(Seen(json!({"id": null})).id().is_err());
    }
}
