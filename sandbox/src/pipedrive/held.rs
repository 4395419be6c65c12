//! What was written through the API, in words that every stand-in has.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    fields::Custom,
    record::{Activity, CallLog, Note, Status, uuid_text},
    world::World,
};
use crate::kit::{Reference, Thing};

/// Something that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Touched {
    Person(u64),
    Organization(u64),
    Deal(u64),
    Lead(u128),
    Activity(u64),
    Note(u64),
}

/// What was written, in the order it was first written, and whether it was new.
#[derive(Debug, Default)]
pub(super) struct Written {
    order: Vec<(Touched, bool)>,
    known: BTreeSet<Touched>,
}

impl World {
    /// Notes what is written; `made`: whether it is new.
    pub(super) fn touch(&mut self, what: Touched, made: bool) {
        if self.written.known.insert(what) {
            self.written.order.push((what, made));
        }
    }

    /// Everything that was written. An activity is a task until a call log is made of it; then it is that call.
    pub(super) fn held(&self) -> Vec<Thing> {
        let mut held = Vec::new();
        for &(what, made) in &self.written.order {
            let things = match what {
                Touched::Person(id) => self.person_thing(id).into_iter().collect(),
                Touched::Organization(id) => self.organization_thing(id).into_iter().collect(),
                Touched::Deal(id) => self.deal_thing(id).into_iter().collect(),
                Touched::Lead(id) => self.lead_thing(id).into_iter().collect(),
                Touched::Activity(id) => self.activity_things(id),
                Touched::Note(id) => self.notes.get(&id).map(note_thing).into_iter().collect(),
            };
            held.extend(things.into_iter().map(|thing| Thing { seeded: !made, ..thing }));
        }
        held
    }

    fn person_thing(&self, id: u64) -> Option<Thing> {
        let person = self.persons.get(id).filter(|person| !person.deleted)?;
        let numbers = person.phones.into_iter().map(|phone| phone.value).collect();
        let on = references([("organization", person.org.map(|id| id.to_string()))]);
        let emails = [("emails", Some(person.emails.join(",")).filter(|emails| !emails.is_empty()))];
        let thing = thing("contact", id.to_string(), person.owner, person.name, &person.custom);
        Some(Thing { numbers, on, ..with(thing, emails) })
    }

    fn organization_thing(&self, id: u64) -> Option<Thing> {
        let firm = self.organizations.get(id).filter(|firm| !firm.deleted)?;
        let numbers = firm.phone.into_iter().collect();
        let own = [
            ("address", firm.address),
            ("website", firm.more.website),
            ("linkedin", firm.more.linkedin),
            ("annual_revenue", firm.more.annual_revenue.map(|number| number.to_string())),
            ("employee_count", firm.more.employee_count.map(|number| number.to_string())),
        ];
        let thing = thing("organization", id.to_string(), firm.owner, firm.name, &firm.custom);
        Some(Thing { numbers, ..with(thing, own) })
    }

    fn deal_thing(&self, id: u64) -> Option<Thing> {
        let deal = self.deals.get(id).filter(|deal| !deal.deleted)?;
        let state = Some(if deal.status == Status::Open { "open" } else { "closed" }.to_owned());
        let on = belongs(deal.person, deal.org);
        let own = [("value", Some(deal.value.to_string())), ("expected_close_date", deal.expected_close_date)];
        Some(Thing { state, on, ..with(thing("deal", id.to_string(), deal.owner, deal.title, &deal.custom), own) })
    }

    /// A lead's numbers are its person's.
    fn lead_thing(&self, id: u128) -> Option<Thing> {
        let lead = self.leads.get(id).filter(|lead| !lead.deleted)?;
        let person = lead.person.and_then(|id| self.persons.get(id));
        let numbers = person.into_iter().flat_map(|person| person.phones).map(|phone| phone.value).collect();
        let on = belongs(lead.person, lead.org);
        Some(Thing { on, numbers, ..thing("lead", uuid_text(id), lead.owner, lead.title, &lead.custom) })
    }

    fn activity_things(&self, id: u64) -> Vec<Thing> {
        let Some(activity) = self.activities.get(id) else { return Vec::new() };
        let logs: Vec<&CallLog> = self.call_logs.iter().filter(|log| log.activity == id).collect();
        if logs.is_empty() {
            return vec![task_thing(&activity)];
        }
        logs.into_iter().map(|log| self.call_thing(&activity, log)).collect()
    }

    /// Pipedrive does not say who called whom: whose number it is tells.
    fn call_thing(&self, activity: &Activity, log: &CallLog) -> Thing {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let persons = activity.persons.iter().filter_map(|id| self.persons.get(*id));
        let theirs: Vec<String> = persons.flat_map(|person| person.phones).map(|phone| digits(&phone.value)).collect();
        let is_theirs = |number: &str| theirs.contains(&digits(number));
        let direction = match &log.from {
            Some(from) if is_theirs(from) => Some("in".to_owned()),
            _ if is_theirs(&log.to) => Some("out".to_owned()),
            _ => None,
        };
        let told = [("outcome", Some(log.outcome.clone())), ("from_phone_number", log.from.clone())];
        let more = [("to_phone_number", Some(log.to.clone())), ("activity_id", Some(activity.id.to_string()))];
        let fields = told.into_iter().chain(more).filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Thing {
            what: "call".to_owned(),
            id: log.id.clone(),
            state: Some(log.outcome.clone()),
            direction,
            seconds: log.duration.as_deref().and_then(|text| text.parse().ok()),
            audio_bytes: log.audio,
            fields: fields.collect(),
            ..task_thing(activity)
        }
    }
}

fn thing(what: &str, id: String, owner: u64, title: String, custom: &Custom) -> Thing {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fields: BTreeMap<String, String> = custom.iter().map(|(key, value)| (key.clone(), text(value))).collect();
    Thing { what: what.to_owned(), id, owner: Some(owner.to_string()), title, fields, ..Thing::default() }
}

/// The same with what it says in members of its own.
fn with<const N: usize>(mut thing: Thing, own: [(&str, Option<String>); N]) -> Thing {
    thing.fields.extend(own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    thing
}

fn belongs(person: Option<u64>, org: Option<u64>) -> Vec<Reference> {
    references([("contact", person.map(|id| id.to_string())), ("organization", org.map(|id| id.to_string()))])
}

fn references<const N: usize>(on: [(&str, Option<String>); N]) -> Vec<Reference> {
    let reference = |(what, id): (&str, Option<String>)| Some(Reference { what: what.to_owned(), id: id?, role: None });
    let mut on: Vec<Reference> = on.into_iter().filter_map(reference).collect();
    on.sort();
    on
}

fn task_thing(activity: &Activity) -> Thing {
    let due = activity.due_date.as_ref().map(|date| match &activity.due_time {
        Some(time) => format!("{date}T{time}Z"),
        None => date.clone(),
    });
    let mut on = references([
        ("deal", activity.deal.map(|id| id.to_string())),
        ("lead", activity.lead.map(uuid_text)),
        ("organization", activity.org.map(|id| id.to_string())),
    ]);
    let contact = |id: &u64| Reference { what: "contact".to_owned(), id: id.to_string(), role: None };
    on.extend(activity.persons.iter().map(contact));
    on.sort();
    let fields = [("type", Some(activity.kind.clone())), ("duration", activity.duration.clone())];
    Thing {
        what: "task".to_owned(),
        id: activity.id.to_string(),
        owner: Some(activity.owner.to_string()),
        on,
        title: activity.subject.clone(),
        text: activity.note.clone().unwrap_or_default(),
        state: Some(if activity.done { "completed" } else { "open" }.to_owned()),
        due,
        fields: fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        ..Thing::default()
    }
}

fn note_thing(note: &Note) -> Thing {
    let on = references([
        ("contact", note.person.map(|id| id.to_string())),
        ("deal", note.deal.map(|id| id.to_string())),
        ("lead", note.lead.map(uuid_text)),
        ("organization", note.org.map(|id| id.to_string())),
    ]);
    Thing {
        what: "note".to_owned(),
        id: note.id.to_string(),
        owner: Some(note.user.to_string()),
        on,
        text: note.content.clone(),
        ..Thing::default()
    }
}
