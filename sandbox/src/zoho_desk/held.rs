//! What the portal holds that was written through the API, in words that are no vendor's.

use std::collections::BTreeMap;

use super::{
    activity::{Activity, Comment, Kind, Wrote},
    record::{Contact, Firm, Made, StatusType, Ticket},
    route::Module,
    wire::{CONTACT_PHONE, time},
    world::World,
};
use crate::kit::{Reference, Thing};

impl World {
    /// Everything that was made or changed through the API, in the order it was first written.
    pub(super) fn held(&self) -> Vec<Thing> {
        let mut told: Vec<Wrote> = Vec::new();
        let mut things = Vec::new();
        for &(wrote, made) in &self.written.order {
            if told.contains(&wrote) {
                continue;
            }
            told.push(wrote);
            let thing = match wrote {
                Wrote::Record(Module::Contacts, id) => self.contacts.get(id).map(contact),
                Wrote::Record(Module::Accounts, id) => self.firms.get(id).map(firm),
                Wrote::Record(Module::Tickets, id) => self.tickets.get(id).map(ticket),
                Wrote::Activity(id) => self.written.activities.get(&id).map(activity),
                Wrote::Comment(id) => self.written.comments.get(&id).map(comment),
            };
            things.extend(thing.map(|thing| Thing { seeded: !made, ..thing }));
        }
        things
    }
}

fn contact(contact: Contact) -> Thing {
    let second = contact.second_phone.as_ref().map(|number| (CONTACT_PHONE.to_owned(), number.clone()));
    let mut fields = fields(&contact.made, []);
    fields.extend(second);
    fields.extend(contact.email.clone().map(|email| ("email".to_owned(), email)));
    Thing {
        what: "contact".to_owned(),
        id: contact.id.to_string(),
        owner: contact.owner.map(|id| id.to_string()),
        on: on([("organization", contact.account)]),
        title: format!("{} {}", contact.first_name, contact.last_name).trim().to_owned(),
        text: contact.made.description.unwrap_or_default(),
        numbers: [contact.phone, contact.mobile].into_iter().flatten().collect(),
        fields,
        ..Thing::default()
    }
}

fn firm(firm: Firm) -> Thing {
    Thing {
        what: "organization".to_owned(),
        id: firm.id.to_string(),
        owner: firm.owner.map(|id| id.to_string()),
        title: firm.name,
        numbers: firm.phone.into_iter().collect(),
        fields: fields(&firm.made, []),
        text: firm.made.description.unwrap_or_default(),
        ..Thing::default()
    }
}

fn ticket(ticket: Ticket) -> Thing {
    let state = if ticket.status_type == StatusType::Closed { "closed" } else { "open" };
    let own = [("departmentId", Some(ticket.department.to_string())), ("status", Some(ticket.status.clone()))];
    Thing {
        what: "ticket".to_owned(),
        id: ticket.id.to_string(),
        owner: ticket.assignee.map(|id| id.to_string()),
        on: on([("contact", ticket.contact), ("organization", ticket.account)]),
        title: ticket.subject,
        state: Some(state.to_owned()),
        fields: fields(&ticket.made, own),
        text: ticket.made.description.unwrap_or_default(),
        ..Thing::default()
    }
}

fn activity(activity: &Activity) -> Thing {
    let (what, state) = match activity.kind {
        Kind::Tasks => ("task", if activity.closed() { "completed" } else { "open" }.to_owned()),
        Kind::Calls => ("call", activity.status.clone()),
    };
    let direction = activity.direction.as_deref().map(|word| if word == "inbound" { "in" } else { "out" });
    let own = [
        ("departmentId", Some(activity.department.to_string())),
        ("status", Some(activity.status.clone())),
        ("startTime", activity.start_s.map(time)),
    ];
    Thing {
        what: what.to_owned(),
        id: activity.id.to_string(),
        owner: activity.owner.map(|id| id.to_string()),
        on: on([("contact", activity.contact), ("ticket", activity.ticket)]),
        title: activity.subject.clone(),
        text: activity.made.description.clone().unwrap_or_default(),
        state: Some(state),
        due: activity.due_s.map(time),
        direction: direction.map(str::to_owned),
        seconds: activity.seconds,
        fields: fields(&activity.made, own),
        ..Thing::default()
    }
}

fn comment(comment: &Comment) -> Thing {
    let (module, id) = comment.on;
    let what = if module == Module::Tickets { "ticket" } else { "contact" };
    let public = (module == Module::Tickets).then(|| comment.public.to_string());
    Thing {
        what: "note".to_owned(),
        id: comment.id.to_string(),
        on: on([(what, Some(id))]),
        text: comment.content.clone(),
        fields: fields(&Made::default(), [("contentType", Some(comment.content_type.clone())), ("isPublic", public)]),
        ..Thing::default()
    }
}

fn on<const N: usize>(links: [(&str, Option<u64>); N]) -> Vec<Reference> {
    let link =
        |(what, id): (&str, Option<u64>)| Some(Reference { what: what.to_owned(), id: id?.to_string(), role: None });
    links.into_iter().filter_map(link).collect()
}

fn fields<const N: usize>(made: &Made, own: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    let others = made.others.iter().map(|(name, text)| ((*name).to_owned(), text.clone()));
    let named = [("channel", made.channel.clone()), ("priority", made.priority.clone())];
    let own = own.into_iter().chain(named).filter_map(|(name, value)| Some((name.to_owned(), value?)));
    made.cf.clone().into_iter().chain(own).chain(others).collect()
}
