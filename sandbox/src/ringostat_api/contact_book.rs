//! The contact book: entries that are told by clients' systems, by whom they are of and their id there.
//!
//! # Source
//! Help centre, article 9221318: the address, the headers, the members of an entry. What an entry without a name, a number
//! or an id leads to, what a wrong key does and what a success says, it does not say: here 400 for the whole request, 401
//! and 403, and `{"success": true}`.

use std::{collections::BTreeMap, sync::Mutex};

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::kit::{Call, Query, Reply, json_reply, lock};

const PATH: &str = "/minicrm/contacts/sync";
/// Everything an entry has, sorted.
const MEMBERS: [&str; 13] = [
    "contactDirections",
    "contactLink",
    "dealLink",
    "externalId",
    "fullName",
    "googleClientId",
    "leadId",
    "leadLink",
    "organizations",
    "origin",
    "projectId",
    "responsible",
    "staffId",
];
const TEXTS: [&str; 7] = ["contactLink", "dealLink", "fullName", "googleClientId", "leadLink", "origin", "responsible"];

/// What was told.
#[derive(Debug, Default)]
pub(super) struct ContactBook(Mutex<BTreeMap<(String, String), Value>>);

impl ContactBook {
    /// What is held now, by origin and id.
    pub(super) fn entries(&self) -> Vec<Value> {
        lock(&self.0).values().cloned().collect()
    }

    /// The answer to a request of its path; `None` for another one. `key` is the one that is accepted, if any.
    pub(super) fn answer(&self, call: &Call, project_id: u64, key: Option<&str>) -> Option<Reply> {
        let refused = |status, reason: &str| Some(json_reply(status, json!({ "error": reason }).to_string()));
        if call.path() != PATH {
            return None;
        }
        // A key in the query as well makes the gateway refuse.
        if Query::read(call.query()).text("auth-key").is_some() {
            return refused(StatusCode::FORBIDDEN, "Forbidden");
        }
        if *call.method() != Method::POST {
            return refused(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
        }
        if key.is_none() || call.header("auth-key") != key {
            return refused(StatusCode::UNAUTHORIZED, "Access denied");
        }
        if call.header("x-project-id") != Some(&*project_id.to_string()) {
            return refused(StatusCode::FORBIDDEN, "Project not found");
        }
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let Some(contacts) = body.get("contacts").and_then(Value::as_array) else {
            return refused(StatusCode::BAD_REQUEST, "contacts: expected a list");
        };
        let mut read = Vec::new();
        for contact in contacts {
            match entry(contact, project_id) {
                Ok(key) => read.push((key, contact.clone())),
                Err(reason) => return refused(StatusCode::BAD_REQUEST, &reason),
            }
        }
        lock(&self.0).extend(read);
        Some(json_reply(StatusCode::OK, json!({ "success": true }).to_string()))
    }
}

/// Whose an entry is.
fn entry(contact: &Value, project_id: u64) -> Result<(String, String), String> {
    let members = contact.as_object().ok_or("expected an object")?;
    if !members.keys().map(String::as_str).eq(MEMBERS) {
        return Err(format!(
            "expected {}, found {}",
            MEMBERS.join(", "),
            members.keys().cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    if contact["projectId"].as_u64() != Some(project_id) {
        return Err("projectId: expected the project's".to_owned());
    }
    if let Some(text) = TEXTS.iter().find(|&&text| !contact[text].is_string()) {
        return Err(format!("{text}: expected a text"));
    }
    if contact["fullName"] == "" || contact["origin"] == "" {
        return Err("fullName, origin: expected some".to_owned());
    }
    if !(contact["staffId"].is_u64() || contact["staffId"].is_null()) {
        return Err("staffId: expected a number or null".to_owned());
    }
    let directions = contact["contactDirections"].as_array().filter(|list| !list.is_empty());
    let fits = |one: &Value| {
        let kind = matches!(one["type"].as_str(), Some("phone" | "email"));
        kind && one["name"].is_string() && one["value"].as_str().is_some_and(|value| !value.is_empty())
    };
    if !directions.is_some_and(|list| list.iter().all(fits)) {
        return Err("contactDirections: expected type, name and value of each, and one at least".to_owned());
    }
    let id = match (&contact["externalId"], &contact["leadId"]) {
        (Value::String(id), Value::Null) => format!("contact {id}"),
        (Value::Null, Value::String(id)) => format!("lead {id}"),
        (Value::String(id), Value::String(lead)) => format!("contact {id} lead {lead}"),
        _ => return Err("externalId, leadId: expected one of them at least".to_owned()),
    };
    Ok((contact["origin"].as_str().unwrap_or_default().to_owned(), id))
}
