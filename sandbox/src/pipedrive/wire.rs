//! Records as the vendor writes them.

use serde::Serialize;
use serde_json::{Number, Value, json};

use super::{
    fields::Custom,
    record::{Deal, Lead, Organization, Person, Status, User, uuid_text},
};
pub(super) use crate::kit::append;

/// The key of the organizations' custom field of type phone. Its value is the text that was typed, or null.
pub const ORGANIZATION_PHONE: &str = "d4de1c1518b4531717c676029a45911c340390a6";
/// The key of another custom field of organizations, which nobody fills in.
pub const ORGANIZATION_TAX_NUMBER: &str = "6f1b0c5ad9e2473f8c7be51a20d94e3b7a615c08";

/// A time of the second API: RFC 3339, whole seconds, UTC.
pub(super) fn time(at_s: i64) -> String {
    jiff::Timestamp::from_second(at_s).unwrap_or_default().to_string()
}

/// A time of the first API's leads: with milliseconds.
pub(super) fn time_ms(at_s: i64) -> String {
    time(at_s).replace('Z', ".000Z")
}

#[derive(Serialize)]
struct Labelled<'a> {
    value: &'a str,
    primary: bool,
    label: &'a str,
}

#[derive(Serialize)]
struct PersonWire<'a> {
    id: u64,
    name: &'a str,
    first_name: &'a str,
    last_name: Option<&'a str>,
    owner_id: u64,
    org_id: Option<u64>,
    add_time: String,
    update_time: String,
    emails: Vec<Labelled<'a>>,
    phones: Vec<Labelled<'a>>,
    is_deleted: bool,
    visible_to: u8,
    label_ids: [u8; 0],
    picture_id: Option<u64>,
    custom_fields: Value,
}

/// Appends a person of the second API; `keys`: the custom fields that were asked for, all if none were named.
pub(super) fn person(out: &mut Vec<u8>, person: &Person, keys: &[&str]) {
    let (first_name, last_name) = match person.name.split_once(' ') {
        Some((first, last)) => (first, Some(last)),
        None => (person.name.as_str(), None),
    };
    let numbers = person.phones.iter().enumerate();
    let phones = numbers.map(|(at, phone)| Labelled { value: &phone.value, primary: at == 0, label: &phone.label });
    append(
        out,
        &PersonWire {
            id: person.id,
            name: &person.name,
            first_name,
            last_name,
            owner_id: person.owner,
            org_id: person.org,
            add_time: time(person.add_s),
            update_time: time(person.update_s),
            emails: (person.emails.iter().enumerate())
                .map(|(at, value)| Labelled { value, primary: at == 0, label: "work" })
                .collect(),
            phones: phones.collect(),
            is_deleted: person.deleted,
            visible_to: 3,
            label_ids: [],
            picture_id: None,
            custom_fields: asked_for(&person.custom, keys),
        },
    );
}

#[derive(Serialize)]
struct OrganizationWire<'a> {
    id: u64,
    name: &'a str,
    owner_id: u64,
    add_time: String,
    update_time: String,
    is_deleted: bool,
    visible_to: u8,
    address: Option<Address<'a>>,
    label_ids: [u8; 0],
    website: Option<&'a str>,
    linkedin: Option<&'a str>,
    industry: Option<u64>,
    annual_revenue: Option<u64>,
    employee_count: Option<u64>,
    custom_fields: Value,
}

#[derive(Serialize)]
struct Address<'a> {
    value: &'a str,
}

/// Appends an organization of the second API; `keys`: the custom fields that were asked for, all if none were named.
pub(super) fn organization(out: &mut Vec<u8>, organization: &Organization, keys: &[&str]) {
    let mut custom = organization.custom.clone();
    custom.insert(ORGANIZATION_PHONE.to_owned(), organization.phone.clone().into());
    custom.entry(ORGANIZATION_TAX_NUMBER.to_owned()).or_default();
    append(
        out,
        &OrganizationWire {
            id: organization.id,
            name: &organization.name,
            owner_id: organization.owner,
            add_time: time(organization.add_s),
            update_time: time(organization.update_s),
            is_deleted: organization.deleted,
            visible_to: 3,
            address: organization.address.as_deref().map(|value| Address { value }),
            label_ids: [],
            website: organization.more.website.as_deref(),
            linkedin: organization.more.linkedin.as_deref(),
            industry: None,
            annual_revenue: organization.more.annual_revenue,
            employee_count: organization.more.employee_count,
            custom_fields: asked_for(&custom, keys),
        },
    );
}

/// The deal's `status` as the vendor writes it: a deleted deal has that for its status.
pub(super) const fn status(deal: &Deal) -> &'static str {
    match (deal.deleted, deal.status) {
        (true, _) => "deleted",
        (false, Status::Open) => "open",
        (false, Status::Won) => "won",
        (false, Status::Lost) => "lost",
    }
}

#[derive(Serialize)]
struct DealWire<'a> {
    id: u64,
    title: &'a str,
    creator_user_id: u64,
    owner_id: u64,
    value: &'a Number,
    person_id: Option<u64>,
    org_id: Option<u64>,
    stage_id: u64,
    pipeline_id: u64,
    currency: &'static str,
    archive_time: Option<String>,
    add_time: String,
    update_time: String,
    stage_change_time: Option<String>,
    status: &'static str,
    is_archived: bool,
    is_deleted: bool,
    probability: Option<u8>,
    lost_reason: Option<&'a str>,
    visible_to: u8,
    close_time: Option<String>,
    won_time: Option<String>,
    lost_time: Option<String>,
    expected_close_date: Option<&'a str>,
    label_ids: [u8; 0],
    origin: &'static str,
    origin_id: Option<&'a str>,
    channel: Option<u64>,
    channel_id: Option<&'a str>,
    source_lead_id: Option<&'a str>,
    custom_fields: Value,
}

/// Appends a deal of the second API; `keys` as those of a person.
pub(super) fn deal(out: &mut Vec<u8>, deal: &Deal, keys: &[&str]) {
    let closed_as = |status| deal.close_s.filter(|_| deal.status == status).map(time);
    append(
        out,
        &DealWire {
            id: deal.id,
            title: &deal.title,
            creator_user_id: deal.owner,
            owner_id: deal.owner,
            value: &deal.value,
            person_id: deal.person,
            org_id: deal.org,
            stage_id: 1,
            pipeline_id: 1,
            currency: "UAH",
            archive_time: deal.archive_s.map(time),
            add_time: time(deal.add_s),
            update_time: time(deal.update_s),
            stage_change_time: None,
            status: status(deal),
            is_archived: deal.archive_s.is_some(),
            is_deleted: deal.deleted,
            probability: None,
            lost_reason: None,
            visible_to: 3,
            close_time: deal.close_s.map(time),
            won_time: closed_as(Status::Won),
            lost_time: closed_as(Status::Lost),
            expected_close_date: deal.expected_close_date.as_deref(),
            label_ids: [],
            origin: "ManuallyCreated",
            origin_id: None,
            channel: None,
            channel_id: None,
            source_lead_id: None,
            custom_fields: asked_for(&deal.custom, keys),
        },
    );
}

fn asked_for(custom: &Custom, keys: &[&str]) -> Value {
    let wanted = custom.iter().filter(|(key, _)| keys.is_empty() || keys.contains(&key.as_str()));
    wanted.map(|(key, value)| (key.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into()
}

/// A lead of the first API: custom fields beside the others, and only those that are set.
pub(super) fn lead(lead: &Lead) -> Value {
    let mut written = json!({
        "id": uuid_text(lead.id), "title": lead.title, "owner_id": lead.owner, "creator_id": lead.owner,
        "label_ids": [], "person_id": lead.person, "organization_id": lead.org, "source_name": "Manually created",
        "origin": "ManuallyCreated", "origin_id": null, "channel": null, "channel_id": null,
        "is_archived": lead.archived, "was_seen": true, "value": null, "expected_close_date": lead.expected_close_date,
        "next_activity_id": null, "add_time": time_ms(lead.add_s), "update_time": time_ms(lead.update_s),
        "visible_to": "3", "cc_email": "acme+lead@pipedrivemail.example",
    });
    if let Some(members) = written.as_object_mut() {
        members.extend(lead.custom.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    written
}

/// A user of the first API.
pub(super) fn user(user: &User, is_you: bool) -> Value {
    json!({
        "id": user.id, "name": user.name, "default_currency": "UAH", "locale": "uk_UA", "lang": 1, "email": user.email,
        "phone": user.phone, "activated": true, "last_login": "2026-01-10 08:45:56", "created": "2019-01-13 09:16:26",
        "modified": "2026-01-10 08:45:56", "has_created_company": is_you,
        "access": [{"app": "sales", "admin": is_you, "permission_set_id": "62cc4d7f-4038-4352-abf3-a8c1c822b631"}],
        "active_flag": user.active_flag, "timezone_name": "Europe/Kyiv", "timezone_offset": "+02:00", "role_id": 1,
        "icon_url": null, "is_you": is_you, "is_deleted": false,
    })
}
