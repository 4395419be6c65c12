//! What is written through the API: persons, organizations and deals, by the second version.
//!
//! # Source
//! The vendor's description; that a member which is not described is refused: users of the live API. What is not said
//! there is a guess that prefers what is harder on the client: a person without a name, an owner who left and a link to
//! what is not there are refused.

use hyper::StatusCode;
use serde_json::Value;

use super::{
    body::{Body, Wrong},
    change::Item,
    event::About,
    fields::{Custom, Of},
    held::Touched,
    record::{Deal, More, Organization, Person, Phone, Status},
    reply::Refusal,
    wire::{self, ORGANIZATION_PHONE},
    world::World,
};
use crate::kit::Moment;

/// What a request writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Write {
    AddPerson,
    Person(u64),
    AddOrganization,
    Organization(u64),
    AddDeal,
    Deal(u64),
    AddActivity,
    Activity(u64),
    AddField(Of),
    AddLead,
    Lead(String),
    AddNote,
    Note(u64),
    AddCallLog,
    Recording(String),
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) status: StatusCode,
    /// `None` where the answer has no `data`.
    pub(super) data: Option<Value>,
    /// What is told of.
    pub(super) about: Option<About>,
}

impl Written {
    pub(super) fn of(data: Value, about: About) -> Self {
        Self { status: StatusCode::OK, data: Some(data), about: Some(about) }
    }
}

pub(super) type Outcome = Result<Written, Refusal>;

impl Write {
    /// What it costs.
    pub(super) const fn tokens(&self) -> u64 {
        match self {
            Self::AddLead | Self::Lead(_) | Self::AddNote | Self::Note(_) | Self::AddCallLog | Self::Recording(_) => 10,
            _ => 5,
        }
    }

    /// What is there already and is about to be changed.
    pub(super) fn about(&self) -> Option<About> {
        Some(match self {
            Self::Person(id) => About::Record(Item::Person(*id)),
            Self::Organization(id) => About::Record(Item::Organization(*id)),
            Self::Deal(id) => About::Record(Item::Deal(*id)),
            Self::Lead(id) => About::Record(Item::Lead(id.clone())),
            Self::Activity(id) => About::Activity(*id),
            Self::Note(id) => About::Note(*id),
            _ => return None,
        })
    }
}

impl World {
    /// Writes what a request says.
    pub(super) fn write(&mut self, what: &Write, body: &[u8], content_type: &str, now: Moment) -> Outcome {
        if let Write::Recording(id) = what {
            return self.add_recording(id, body, content_type);
        }
        let read = Body::read(body);
        match what {
            Write::AddLead | Write::Lead(_) | Write::AddNote | Write::Note(_) | Write::AddCallLog => {
                let body = read.map_err(Wrong::first)?;
                match what {
                    Write::AddLead => self.add_lead(&body, now),
                    Write::Lead(id) => self.edit_lead(id, &body, now),
                    Write::AddNote => self.add_note(&body, now),
                    Write::Note(id) => self.edit_note(*id, &body, now),
                    _ => self.add_call_log(&body, now),
                }
            }
            Write::AddPerson => self.keep_person(None, &read?, now),
            Write::Person(id) => self.keep_person(Some(*id), &read?, now),
            Write::AddOrganization => self.keep_organization(None, &read?, now),
            Write::Organization(id) => self.keep_organization(Some(*id), &read?, now),
            Write::AddDeal => self.keep_deal(None, &read?, now),
            Write::Deal(id) => self.keep_deal(Some(*id), &read?, now),
            Write::AddActivity => self.write_activity(None, &read?, now),
            Write::Activity(id) => self.write_activity(Some(*id), &read?, now),
            Write::AddField(of) => {
                let data = self.fields.make(*of, &read?)?;
                Ok(Written { status: StatusCode::OK, data: Some(data), about: None })
            }
            Write::Recording(_) => Err(Refusal::Unknown),
        }
    }

    fn keep_person(&mut self, id: Option<u64>, body: &Body, now: Moment) -> Outcome {
        body.only(|name| matches!(name, "name" | "owner_id" | "org_id" | "phones" | "emails" | "custom_fields"))?;
        let at_s = now.wall.as_second();
        let mut person = match id {
            Some(id) => self.persons.get(id).filter(|person| !person.deleted),
            None => Some(Person {
                id: 0,
                name: body.needed("name")?,
                owner: ME,
                org: None,
                phones: Vec::new(),
                emails: Vec::new(),
                custom: Custom::new(),
                add_s: at_s,
                update_s: at_s,
                deleted: false,
            }),
        }
        .ok_or(Refusal::NotFound("Person not found"))?;
        person.name = body.text("name")?.unwrap_or(person.name);
        person.owner = self.owner(body, "owner_id")?.unwrap_or(person.owner);
        person.org = self.linked_organization(body, "org_id")?.or(person.org);
        person.phones = labelled(body, "phones")?.unwrap_or(person.phones);
        if let Some(emails) = labelled(body, "emails")? {
            person.emails = emails.into_iter().map(|email| email.value).collect();
        }
        self.fields.write(Of::Person, members(&body.object("custom_fields")?), &mut person.custom)?;
        person.update_s = at_s;
        person.id = id.unwrap_or_else(|| self.take_id());
        self.touch(Touched::Person(person.id), id.is_none());
        self.persons.set(person.id, now.vendor, Some(person.clone()));
        let data = parsed(|out| wire::person(out, &person, &[]));
        Ok(Written::of(data, About::Record(Item::Person(person.id))))
    }

    fn keep_organization(&mut self, id: Option<u64>, body: &Body, now: Moment) -> Outcome {
        let more = ["address", "website", "linkedin", "annual_revenue", "employee_count"];
        body.only(|name| matches!(name, "name" | "owner_id" | "custom_fields") || more.contains(&name))?;
        let at_s = now.wall.as_second();
        let mut firm = match id {
            Some(id) => self.organizations.get(id).filter(|firm| !firm.deleted),
            None => Some(Organization {
                id: 0,
                name: body.needed("name")?,
                owner: ME,
                address: None,
                more: More::default(),
                phone: None,
                custom: Custom::new(),
                add_s: at_s,
                update_s: at_s,
                deleted: false,
            }),
        }
        .ok_or(Refusal::NotFound("Organization not found"))?;
        firm.name = body.text("name")?.unwrap_or(firm.name);
        firm.owner = self.owner(body, "owner_id")?.unwrap_or(firm.owner);
        if let Some(address) = body.object("address")? {
            firm.address = Body::of(address).text("value")?;
        }
        firm.more = More {
            website: body.text("website")?.or(firm.more.website),
            linkedin: body.text("linkedin")?.or(firm.more.linkedin),
            annual_revenue: body.number("annual_revenue")?.or(firm.more.annual_revenue),
            employee_count: body.number("employee_count")?.or(firm.more.employee_count),
        };
        self.fields.write(Of::Organization, members(&body.object("custom_fields")?), &mut firm.custom)?;
        if let Some(phone) = firm.custom.remove(ORGANIZATION_PHONE) {
            firm.phone = phone.as_str().map(str::to_owned);
        }
        firm.update_s = at_s;
        firm.id = id.unwrap_or_else(|| self.take_id());
        self.touch(Touched::Organization(firm.id), id.is_none());
        self.organizations.set(firm.id, now.vendor, Some(firm.clone()));
        let data = parsed(|out| wire::organization(out, &firm, &[]));
        Ok(Written::of(data, About::Record(Item::Organization(firm.id))))
    }

    fn keep_deal(&mut self, id: Option<u64>, body: &Body, now: Moment) -> Outcome {
        let known =
            ["title", "owner_id", "person_id", "org_id", "value", "currency", "expected_close_date", "custom_fields"];
        body.only(|name| known.contains(&name))?;
        let at_s = now.wall.as_second();
        let mut deal = match id {
            Some(id) => self.deals.get(id).filter(|deal| !deal.deleted),
            None => Some(Deal {
                id: 0,
                title: body.needed("title")?,
                owner: ME,
                person: None,
                org: None,
                value: 0.into(),
                expected_close_date: None,
                status: Status::Open,
                close_s: None,
                archive_s: None,
                custom: Custom::new(),
                add_s: at_s,
                update_s: at_s,
                deleted: false,
            }),
        }
        .ok_or(Refusal::NotFound("Deal not found"))?;
        deal.title = body.text("title")?.unwrap_or(deal.title);
        deal.owner = self.owner(body, "owner_id")?.unwrap_or(deal.owner);
        deal.person = self.linked_person(body, "person_id")?.or(deal.person);
        deal.org = self.linked_organization(body, "org_id")?.or(deal.org);
        deal.value = body.real("value")?.unwrap_or(deal.value);
        if body.text("currency")?.is_some_and(|currency| currency != "UAH") {
            return Err(Refusal::parameter("currency", "is not one of this account's"));
        }
        deal.expected_close_date = body.day("expected_close_date")?.or(deal.expected_close_date);
        self.fields.write(Of::Deal, members(&body.object("custom_fields")?), &mut deal.custom)?;
        deal.update_s = at_s;
        deal.id = id.unwrap_or_else(|| self.take_id());
        self.touch(Touched::Deal(deal.id), id.is_none());
        self.deals.set(deal.id, now.vendor, Some(deal.clone()));
        let data = parsed(|out| wire::deal(out, &deal, &[]));
        Ok(Written::of(data, About::Record(Item::Deal(deal.id))))
    }
}

/// Whose the token is: Anna's.
pub(super) const ME: u64 = 101;

pub(super) fn members(object: &Option<serde_json::Map<String, Value>>) -> impl Iterator<Item = (&str, &Value)> {
    object.iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// `[{"value", "primary", "label"}]`, the primary one first.
fn labelled(body: &Body, name: &str) -> Result<Option<Vec<Phone>>, Wrong> {
    let Some(list) = body.list(name)? else { return Ok(None) };
    let mut read = Vec::new();
    for one in &list {
        one.only(|member| matches!(member, "value" | "primary" | "label"))?;
        let label = one.text("label")?.unwrap_or_else(|| "work".to_owned()).into();
        let phone = Phone { value: one.needed("value")?, label };
        read.push((!one.flag("primary")?.unwrap_or(false), phone));
    }
    read.sort_by_key(|(later, _)| *later);
    Ok(Some(read.into_iter().map(|(_, phone)| phone).collect()))
}

fn parsed(write: impl FnOnce(&mut Vec<u8>)) -> Value {
    let mut out = Vec::new();
    write(&mut out);
    serde_json::from_slice(&out).unwrap_or_default()
}
