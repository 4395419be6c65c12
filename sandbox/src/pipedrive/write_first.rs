//! Leads, which only the first API writes.
//!
//! # Source
//! The vendor's description: a title, and a person or an organization or both; custom fields are deals' and stand beside
//! the other members. That other members are refused is a guess.

use hyper::StatusCode;

use super::{
    body::{Body, Wrong},
    change::Item,
    event::About,
    fields::{Custom, Of, is_key},
    held::Touched,
    record::{Lead, uuid_of, uuid_text},
    reply::Refusal,
    wire,
    world::World,
    write::{ME, Outcome, Written},
};
use crate::kit::Moment;

impl World {
    pub(super) fn add_lead(&mut self, body: &Body, now: Moment) -> Outcome {
        let at_s = now.wall.as_second();
        let title = body.needed("title").map_err(Wrong::first)?;
        let lead = Lead {
            id: 0,
            title,
            owner: ME,
            person: None,
            org: None,
            archived: false,
            expected_close_date: None,
            custom: Custom::new(),
            add_s: at_s,
            update_s: at_s,
            deleted: false,
        };
        let mut lead = self.edited(lead, body)?;
        lead.id = Self::lead_id(self.take_id());
        Ok(Written { status: StatusCode::CREATED, ..self.keep_lead(lead, true, now) })
    }

    pub(super) fn edit_lead(&mut self, id: &str, body: &Body, now: Moment) -> Outcome {
        let lead = uuid_of(id).and_then(|id| self.leads.get(id)).filter(|lead| !lead.deleted);
        let lead = lead.ok_or(Refusal::NotFound("requested lead not found"))?;
        let lead = self.edited(lead, body)?;
        Ok(self.keep_lead(lead, false, now))
    }

    fn edited(&self, mut lead: Lead, body: &Body) -> Result<Lead, Refusal> {
        let known = ["title", "owner_id", "person_id", "organization_id", "expected_close_date"];
        body.only(|name| known.contains(&name) || is_key(name)).map_err(Wrong::first)?;
        lead.title = body.text("title").map_err(Wrong::first)?.unwrap_or(lead.title);
        lead.owner = self.owner(body, "owner_id").map_err(in_first_words)?.unwrap_or(lead.owner);
        lead.person = self.linked_person(body, "person_id").map_err(in_first_words)?.or(lead.person);
        lead.org = self.linked_organization(body, "organization_id").map_err(in_first_words)?.or(lead.org);
        let day = body.day("expected_close_date").map_err(Wrong::first)?;
        lead.expected_close_date = day.or(lead.expected_close_date);
        if lead.person.is_none() && lead.org.is_none() {
            let error = "A lead must be linked to a person or an organization.".to_owned();
            return Err(Refusal::First(StatusCode::BAD_REQUEST, error));
        }
        let custom = body.members().filter(|(name, _)| is_key(name));
        self.fields.write(Of::Deal, custom, &mut lead.custom).map_err(Wrong::first)?;
        Ok(lead)
    }

    fn keep_lead(&mut self, mut lead: Lead, made: bool, now: Moment) -> Written {
        lead.update_s = now.wall.as_second();
        self.touch(Touched::Lead(lead.id), made);
        self.leads.set(lead.id, now.vendor, Some(lead.clone()));
        Written::of(wire::lead(&lead), About::Record(Item::Lead(uuid_text(lead.id))))
    }
}

/// What the second API says, as the first does.
pub(super) fn in_first_words(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Bad(error) | Refusal::Invalid(error) => Refusal::First(StatusCode::BAD_REQUEST, error),
        other => other,
    }
}
