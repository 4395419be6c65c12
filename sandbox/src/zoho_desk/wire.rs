//! The records as the vendor writes them: ids and counts as text, times in UTC with milliseconds.
//!
//! # Source
//! The examples of the vendor's own description. A list tells less of a contact than a search does: no time of change and
//! no custom fields.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    record::{Agent, Contact, Firm, StatusType, Ticket, as_text},
    world::World,
};

/// The custom field of contacts that holds a further number.
pub const CONTACT_PHONE: &str = "cf_second_phone";

#[derive(Serialize)]
struct Owner<'a> {
    #[serde(rename = "firstName")]
    first_name: &'a str,
    #[serde(rename = "lastName")]
    last_name: &'a str,
    #[serde(rename = "emailId")]
    email: &'a str,
    #[serde(serialize_with = "as_text")]
    id: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    id: String,
    first_name: &'a str,
    last_name: &'a str,
    email: Option<&'a str>,
    secondary_email: Option<&'a str>,
    phone: Option<&'a str>,
    mobile: Option<&'a str>,
    owner_id: Option<String>,
    owner: Option<Owner<'a>>,
    account_id: Option<String>,
    account: Option<Value>,
    description: Option<String>,
    created_time: String,
    modified_time: String,
    cf: Value,
    is_end_user: bool,
    web_url: String,
}

/// How much of a record is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// In a list.
    Listed,
    /// In a search.
    Found,
    /// By itself.
    Whole,
}

impl World {
    fn owner(&self, id: Option<u64>) -> Option<Owner<'_>> {
        let agent = self.agents.iter().find(|agent| Some(agent.id) == id)?;
        Some(Owner { first_name: "", last_name: &agent.last_name, email: &agent.email_id, id: agent.id })
    }

    fn contact_cf(&self, contact: &Contact) -> Value {
        let mut cf = self.fields.told("contacts", &contact.made);
        cf[CONTACT_PHONE] = contact.second_phone.clone().into();
        cf
    }

    pub(super) fn contact_json(&self, contact: &Contact, telling: Telling) -> Value {
        let account = contact.account.and_then(|id| self.firms.get(id)).map(|firm| firm_brief(&firm));
        let found = Found {
            id: contact.id.to_string(),
            first_name: &contact.first_name,
            last_name: &contact.last_name,
            email: contact.email.as_deref(),
            secondary_email: None,
            phone: contact.phone.as_deref(),
            mobile: contact.mobile.as_deref(),
            owner_id: contact.owner.map(|id| id.to_string()),
            owner: self.owner(contact.owner),
            account_id: contact.account.map(|id| id.to_string()),
            account,
            description: contact.made.description.clone().or_else(|| notes(contact.notes)),
            created_time: time(contact.add_s),
            modified_time: time(contact.update_s),
            cf: self.contact_cf(contact),
            is_end_user: false,
            web_url: format!("https://desk.example.com/agent/contacts/{}", contact.id),
        };
        let mut told = serde_json::to_value(found).unwrap_or_default();
        let others =
            contact.made.others.iter().filter(|(name, _)| telling == Telling::Whole || **name == "secondaryEmail");
        others.for_each(|(name, text)| told[*name] = text.as_str().into());
        match telling {
            Telling::Found => {}
            Telling::Listed => without(&mut told, &["modifiedTime", "cf", "owner", "account", "description"]),
            Telling::Whole => {
                told["isTrashed"] = contact.trashed.into();
                told["isDeleted"] = false.into();
            }
        }
        told
    }

    pub(super) fn firm_json(&self, firm: &Firm, telling: Telling) -> Value {
        let mut told = json!({
            "id": firm.id.to_string(),
            "accountName": firm.name,
            "phone": firm.phone,
            "fax": null,
            "email": null,
            "street": firm.street,
            "ownerId": firm.owner.map(|id| id.to_string()),
            "owner": self.owner(firm.owner),
            "description": firm.made.description.clone().or_else(|| notes(firm.notes)),
            "createdTime": time(firm.add_s),
            "modifiedTime": time(firm.update_s),
            "cf": self.fields.told("accounts", &firm.made),
            "webUrl": format!("https://desk.example.com/agent/accounts/{}", firm.id),
        });
        firm.made.others.iter().for_each(|(name, text)| told[*name] = text.as_str().into());
        if telling == Telling::Listed {
            let more = ["industry", "website", "city", "state", "code", "country"];
            without(&mut told, &more);
            without(&mut told, &["modifiedTime", "cf", "owner", "description", "street"]);
        }
        told
    }

    pub(super) fn ticket_json(&self, ticket: &Ticket, telling: Telling) -> Value {
        let contact = ticket.contact.and_then(|id| self.contacts.get(id));
        let account = ticket.account.and_then(|id| self.firms.get(id)).map(|firm| firm_brief(&firm));
        let mut told = json!({
            "id": ticket.id.to_string(),
            "ticketNumber": (ticket.id % 100_000_000).to_string(),
            "subject": ticket.subject,
            "departmentId": ticket.department.to_string(),
            "channel": ticket.made.channel.as_deref().unwrap_or("Phone"),
            "status": ticket.status,
            "statusType": ticket.status_type,
            "assigneeId": ticket.assignee.map(|id| id.to_string()),
            "teamId": null,
            "contactId": ticket.contact.map(|id| id.to_string()),
            "phone": contact.as_ref().and_then(|contact| contact.phone.clone()),
            "email": contact.as_ref().and_then(|contact| contact.email.clone()),
            "description": ticket.made.description.clone().or_else(|| notes(ticket.notes)),
            "priority": ticket.made.priority,
            "closedTime": (ticket.status_type == StatusType::Closed).then(|| time(ticket.update_s)),
            "createdTime": time(ticket.add_s),
            "modifiedTime": time(ticket.update_s),
            "threadCount": "1",
            "isSpam": false,
            "cf": self.fields.told("tickets", &ticket.made),
            "webUrl": format!("https://desk.example.com/agent/tickets/{}", ticket.id),
        });
        ticket.made.others.iter().for_each(|(name, text)| told[*name] = text.as_str().into());
        match telling {
            Telling::Whole => told["accountId"] = ticket.account.map(|id| id.to_string()).into(),
            Telling::Listed => without(&mut told, &["modifiedTime", "description", "cf"]),
            Telling::Found => {
                told["assignee"] = serde_json::to_value(self.owner(ticket.assignee)).unwrap_or_default();
                told["contact"] = match contact {
                    None if account.is_none() => Value::Null,
                    None => json!({"id": null, "lastName": null, "account": account}),
                    Some(contact) => json!({
                        "id": contact.id.to_string(), "firstName": contact.first_name, "lastName": contact.last_name,
                        "email": contact.email, "phone": contact.phone, "mobile": contact.mobile, "account": account,
                    }),
                };
            }
        }
        told
    }
}

pub(super) fn agent_json(agent: &Agent) -> Value {
    serde_json::to_value(agent).unwrap_or_default()
}

fn firm_brief(firm: &Firm) -> Value {
    json!({"id": firm.id.to_string(), "accountName": firm.name, "website": null})
}

fn without(told: &mut Value, names: &[&str]) {
    if let Some(told) = told.as_object_mut() {
        names.iter().for_each(|name| drop(told.remove(*name)));
    }
}

fn notes(letters: usize) -> Option<String> {
    (letters > 0).then(|| "n".repeat(letters))
}

/// Whole seconds, written with milliseconds.
pub(super) fn time(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
