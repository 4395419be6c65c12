//! What can be written: which properties there are, what each takes, which are the account's own.
//!
//! # Source
//! The vendor's calling and property pages for names and values, users of the live API for the words of its refusals.
//! Guesses, on the harder side: owners who left are refused, a text longer than its 65,536 letters too, times of creation
//! cannot be written.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    activity::{Activity, Of},
    default::default_takes,
    object::{SECOND_PHONE, stages},
    property::pipeline,
    reply::Refusal,
    world::World,
};
use crate::kit::EntityKind;

/// The vendor's limit of a text.
const LONGEST_TEXT: usize = 65_536;
/// Unique properties of one kind.
const MOST_UNIQUE: usize = 10;

/// A property that the account made for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Custom {
    pub(super) label: String,
    pub(super) group: String,
    pub(super) unique: bool,
    pub(super) takes: Takes,
}

/// What a property takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Text,
    Number,
    /// Milliseconds since 1970, or RFC 3339.
    Time,
    Words(&'static [&'static str]),
    Owner,
    Pipeline,
    Stage,
    /// An e-mail.
    Email,
    /// An address, and a safe one.
    Https,
    /// Nothing: the vendor sets it.
    Nothing,
}

const STATUSES: &[&str] = &["NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED", "COMPLETED"];
const CALL_STATUSES: &[&str] = &[
    "BUSY",
    "CALLING_CRM_USER",
    "CANCELED",
    "COMPLETED",
    "CONNECTING",
    "FAILED",
    "IN_PROGRESS",
    "NO_ANSWER",
    "QUEUED",
    "RINGING",
];
const DISPOSITIONS: &[&str] = &[
    "9d9162e7-6cf3-4944-bf63-4dff82258764",
    "f240bbac-87c9-4f6e-bf70-924b57d47db7",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff",
    "b2cf5968-551e-4856-9783-52b3da59a7d0",
    "73a0d17f-1163-4015-bdd5-ec830791da20",
    "17b47fee-58de-441e-a44c-c6300d46f273",
];

fn takes(of: Of, name: &str) -> Option<Takes> {
    match name {
        "hubspot_owner_id" => return Some(Takes::Owner),
        "hs_object_id" | "hs_lastmodifieddate" | "hs_createdate" => return Some(Takes::Nothing),
        "hs_timestamp" => return matches!(of, Of::Activity(_)).then_some(Takes::Time),
        _ => {}
    }
    match of {
        Of::Entity(kind) => entity_takes(kind, name),
        Of::Activity(Activity::Task) => match name {
            "hs_task_subject" | "hs_task_body" => Some(Takes::Text),
            "hs_task_status" => Some(Takes::Words(STATUSES)),
            "hs_task_priority" => Some(Takes::Words(&["LOW", "MEDIUM", "HIGH"])),
            "hs_task_type" => Some(Takes::Words(&["CALL", "EMAIL", "TODO"])),
            _ => None,
        },
        Of::Activity(Activity::Call) => match name {
            "hs_call_title" | "hs_call_body" | "hs_call_from_number" | "hs_call_to_number" => Some(Takes::Text),
            "hs_call_direction" => Some(Takes::Words(&["INBOUND", "OUTBOUND"])),
            "hs_call_disposition" => Some(Takes::Words(DISPOSITIONS)),
            "hs_call_duration" => Some(Takes::Number),
            "hs_call_recording_url" => Some(Takes::Https),
            "hs_call_status" => Some(Takes::Words(CALL_STATUSES)),
            "hs_call_source" => Some(Takes::Words(&["INTEGRATIONS_PLATFORM"])),
            _ => None,
        },
        Of::Activity(Activity::Note) => (name == "hs_note_body").then_some(Takes::Text),
    }
}

fn entity_takes(kind: EntityKind, name: &str) -> Option<Takes> {
    match (kind, name) {
        (_, "createdate" | "lastmodifieddate" | "hs_is_closed")
        | (_, "hs_searchable_calculated_phone_number" | "hs_searchable_calculated_mobile_number") => {
            Some(Takes::Nothing)
        }
        (EntityKind::Contact, "email") => Some(Takes::Email),
        (EntityKind::Contact, "firstname" | "lastname" | "phone" | "mobilephone" | SECOND_PHONE)
        | (EntityKind::Organization, "name" | "domain" | "phone" | "description")
        | (EntityKind::Deal, "dealname" | "description")
        | (EntityKind::Ticket, "subject" | "content")
        | (EntityKind::Lead, "hs_lead_name") => Some(Takes::Text),
        (EntityKind::Deal, "pipeline") | (EntityKind::Ticket | EntityKind::Lead, "hs_pipeline") => {
            Some(Takes::Pipeline)
        }
        (EntityKind::Deal, "dealstage") | (EntityKind::Ticket | EntityKind::Lead, "hs_pipeline_stage") => {
            Some(Takes::Stage)
        }
        _ => default_takes(kind, name),
    }
}

impl Takes {
    /// The vendor's words for it: the type, and what people see.
    const fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::Number => ("number", "number"),
            Self::Time => ("datetime", "date"),
            Self::Words(_) | Self::Owner | Self::Pipeline | Self::Stage => ("enumeration", "select"),
            Self::Text | Self::Email | Self::Https | Self::Nothing => ("string", "text"),
        }
    }

    /// Why a value is not taken: the vendor's code and words.
    fn refuses(self, world: &World, of: Of, value: &str) -> Option<(&'static str, String)> {
        let option = || Some(("INVALID_OPTION", format!("{value} was not one of the allowed options")));
        match self {
            Self::Nothing => Some(("READ_ONLY_VALUE", "this property is read only".to_owned())),
            _ if value.is_empty() => None,
            Self::Text if value.chars().count() > LONGEST_TEXT => {
                Some(("VALUE_TOO_LONG", format!("expected at most {LONGEST_TEXT} characters")))
            }
            Self::Number if !value.parse::<f64>().is_ok_and(f64::is_finite) => {
                Some(("INVALID_NUMBER", format!("{value} was not a valid number.")))
            }
            Self::Time if value.parse::<i64>().is_err() && value.parse::<jiff::Timestamp>().is_err() => {
                Some(("INVALID_DATE", format!("{value} was not a valid date.")))
            }
            Self::Words(words) if !words.contains(&value) => option(),
            Self::Owner => {
                let owner = value.parse::<u64>().ok();
                let works = |id| world.owners.iter().any(|owner| owner.id == id && owner.active);
                let refused = !owner.is_some_and(works);
                refused.then(|| ("INVALID_OWNER_ID", format!("Owner {value} does not exist or is not active.")))
            }
            Self::Pipeline | Self::Stage => {
                let Of::Entity(kind) = of else { return option() };
                let stage = stages(kind).iter().any(|(id, ..)| *id == value);
                let known = if self == Self::Stage { stage } else { value == pipeline(kind) };
                if known { None } else { option() }
            }
            Self::Email if !is_email(value) => Some(("INVALID_EMAIL", format!("Email address {value} is invalid"))),
            Self::Https if !value.starts_with("https://") => {
                Some(("INVALID_URL", "expected a secure https address".to_owned()))
            }
            Self::Text | Self::Number | Self::Time | Self::Words(_) | Self::Email | Self::Https => None,
        }
    }
}

/// As loosely as the vendor: something, one `@`, a host with a dot in it, no blanks. It knows which ends of hosts there
/// are: users of the live API saw `.con` refused, which stands for all of those here.
fn is_email(value: &str) -> bool {
    let parts = value.split_once('@').filter(|(name, host)| !name.is_empty() && !host.contains('@'));
    let parts = parts.filter(|(_, host)| !host.contains("..") && !host.to_lowercase().ends_with(".con"));
    let dotted = |host: &str| host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    parts.is_some_and(|(_, host)| dotted(host)) && !value.chars().any(char::is_whitespace)
}

impl World {
    /// Whether a kind has a property.
    pub(super) fn has_property(&self, of: Of, name: &str) -> bool {
        takes(of, name).is_some() || self.custom(of, name).is_some()
    }

    pub(super) fn custom(&self, of: Of, name: &str) -> Option<&Custom> {
        self.custom.get(&of)?.get(name)
    }

    /// Whether a property's value names one record.
    pub(super) fn is_unique(&self, of: Of, name: &str) -> bool {
        let email = (of, name) == (Of::Entity(EntityKind::Contact), "email");
        email || self.custom(of, name).is_some_and(|custom| custom.unique)
    }

    /// Whether values can be written; `own`: whose they become, where it is there already.
    ///
    /// # Errors
    /// Everything that is wrong, at once; the vendor's conflict for an e-mail that another contact has.
    pub(super) fn check(&self, of: Of, values: &BTreeMap<String, String>, own: Option<u64>) -> Result<(), Refusal> {
        let mut wrongs = Vec::new();
        for (name, value) in values {
            let wrong = match (takes(of, name), self.custom(of, name)) {
                (Some(takes), _) => takes.refuses(self, of, value),
                (None, Some(custom)) => custom.takes.refuses(self, of, value),
                (None, None) => Some(("PROPERTY_DOESNT_EXIST", format!("Property \"{name}\" does not exist"))),
            };
            let other = self.is_unique(of, name).then(|| self.holder(of, name, value)).flatten();
            let other = other.filter(|id| Some(*id) != own && !value.is_empty());
            let wrong = match (wrong, other) {
                (None, Some(id)) if name == "email" => return Err(Refusal::Conflict(id)),
                (None, Some(_)) => Some(("CONFLICTING_UNIQUE_VALUE", format!("{value} already has that value."))),
                (wrong, _) => wrong,
            };
            if let Some((code, message)) = wrong {
                wrongs.push(json!({"isValid": false, "message": message, "error": code, "name": name}));
            }
        }
        if wrongs.is_empty() {
            return Ok(());
        }
        Err(Refusal::Invalid(format!("Property values were not valid: {}", Value::from(wrongs))))
    }

    /// Makes a property.
    ///
    /// # Errors
    /// A name that is none or taken, a group that is not there, more unique ones than there may be.
    pub(super) fn make_property(&mut self, of: Of, asked: &Asked) -> Result<Value, Refusal> {
        let good = asked.name.starts_with(|letter: char| letter.is_ascii_lowercase())
            && asked.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !good || asked.label.is_empty() {
            return Err(Refusal::Invalid(format!("{:?} is not a valid property name", asked.name)));
        }
        if self.has_property(of, &asked.name) {
            return Err(Refusal::Taken(format!("A property named '{}' already exists.", asked.name)));
        }
        let takes = match (asked.kind.as_str(), asked.field.as_str()) {
            ("string", "text") => Some(Takes::Text),
            ("number", "number") => Some(Takes::Number),
            _ => None,
        };
        let Some(takes) = takes.filter(|_| asked.group == group(of)) else {
            let told = "this stand-in makes texts and numbers in the kind's own group only";
            return Err(Refusal::Invalid(told.to_owned()));
        };
        let own = self.custom.entry(of).or_default();
        if asked.unique && own.values().filter(|custom| custom.unique).count() >= MOST_UNIQUE {
            return Err(Refusal::Invalid(format!("expected at most {MOST_UNIQUE} unique properties")));
        }
        let (label, group) = (asked.label.clone(), asked.group.clone());
        let custom = Custom { label, group, unique: asked.unique, takes };
        own.insert(asked.name.clone(), custom);
        Ok(self.property(of, &asked.name))
    }

    /// A property as the vendor describes it.
    pub(super) fn property(&self, of: Of, name: &str) -> Value {
        let custom = self.custom(of, name);
        let takes = takes(of, name).or(custom.map(|custom| custom.takes)).unwrap_or(Takes::Text);
        let read_only = takes == Takes::Nothing;
        let (kind, field) = takes.described();
        json!({
            "name": name, "label": custom.map_or(name, |custom| custom.label.as_str()), "type": kind,
            "fieldType": field, "description": "", "options": [],
            "groupName": custom.map_or(group(of), |custom| custom.group.as_str()),
            "hasUniqueValue": custom.is_some_and(|custom| custom.unique), "hubspotDefined": custom.is_none(),
            "modificationMetadata": {
                "archivable": custom.is_some(), "readOnlyDefinition": custom.is_none(), "readOnlyValue": read_only,
            },
        })
    }
}

/// The body of a request for a property.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Asked {
    name: String,
    label: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "fieldType")]
    field: String,
    #[serde(rename = "groupName")]
    group: String,
    #[serde(rename = "hasUniqueValue", default)]
    unique: bool,
}

/// The group that a kind's properties stand in; of tasks, calls and notes a guess.
pub(super) const fn group(of: Of) -> &'static str {
    match of {
        Of::Entity(EntityKind::Contact) => "contactinformation",
        Of::Entity(EntityKind::Organization) => "companyinformation",
        Of::Entity(EntityKind::Deal) => "dealinformation",
        Of::Entity(EntityKind::Ticket) => "ticketinformation",
        Of::Entity(EntityKind::Lead) => "lead_information",
        Of::Activity(Activity::Task) => "task",
        Of::Activity(Activity::Call) => "call",
        Of::Activity(Activity::Note) => "note",
    }
}
