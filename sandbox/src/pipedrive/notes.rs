//! `/v1/notes`
//!
//! # Source
//! The vendor's description: content in HTML, and at least one thing that it is attached to; paged by offset. That more
//! than 100 KB is refused: its page on notes. What sanitizing takes away is not said: scripts are here.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{
    body::{Body, Wrong},
    event::About,
    held::Touched,
    query::Query,
    record::{Note, uuid_of, uuid_text},
    reply::Refusal,
    wire,
    world::World,
    write::{ME, Outcome, Written},
    write_first::in_first_words,
};
use crate::kit::Moment;

const LONGEST: usize = 100_000;
const MOST: u64 = 500;

impl World {
    pub(super) fn add_note(&mut self, body: &Body, now: Moment) -> Outcome {
        let at_s = now.wall.as_second();
        let note = Note {
            id: 0,
            content: body.needed("content").map_err(Wrong::first)?,
            user: ME,
            person: self.linked_person(body, "person_id").map_err(in_first_words)?,
            org: self.linked_organization(body, "org_id").map_err(in_first_words)?,
            deal: self.linked_deal(body).map_err(in_first_words)?,
            lead: self.linked_lead(body).map_err(in_first_words)?,
            add_s: at_s,
            update_s: at_s,
        };
        if note.person.or(note.org).or(note.deal).is_none() && note.lead.is_none() {
            let error = "Note must be attached to a deal, a person, an organization or a lead.".to_owned();
            return Err(Refusal::First(StatusCode::BAD_REQUEST, error));
        }
        self.keep_note(note, body, true, now)
    }

    pub(super) fn edit_note(&mut self, id: u64, body: &Body, now: Moment) -> Outcome {
        let mut note = self.notes.get(&id).cloned().ok_or(Refusal::NotFound("Note not found"))?;
        note.content = body.text("content").map_err(Wrong::first)?.unwrap_or(note.content);
        self.keep_note(note, body, false, now)
    }

    fn keep_note(&mut self, mut note: Note, body: &Body, made: bool, now: Moment) -> Outcome {
        note.user = self.owner(body, "user_id").map_err(in_first_words)?.unwrap_or(note.user);
        if note.content.len() > LONGEST {
            return Err(Wrong::new("content", "is longer than 100 KB").first());
        }
        note.content = note.content.replace("<script", "&lt;script");
        note.update_s = now.wall.as_second();
        note.id = if made { self.take_id() } else { note.id };
        self.touch(Touched::Note(note.id), made);
        let (id, data) = (note.id, note.shown(self));
        self.notes.insert(id, note);
        Ok(Written::of(data, About::Note(id)))
    }

    /// `GET /v1/notes`: everybody's. Parameters it does not know are ignored, as the first API does.
    pub(super) fn list_notes(&self, query: &Query<'_>) -> Result<Vec<u8>, Refusal> {
        let number = |name| query.number(name).map_err(|_| Refusal::BadRequest);
        let (limit, start) = (number("limit")?.unwrap_or(100).clamp(1, MOST), number("start")?.unwrap_or(0));
        let (user, person) = (number("user_id")?, number("person_id")?);
        let (org, deal) = (number("org_id")?, number("deal_id")?);
        let lead = query.text("lead_id").map(|text| uuid_of(text).ok_or(Refusal::BadRequest)).transpose()?;
        let since = query.text("updated_since").map(|text| text.parse::<jiff::Timestamp>());
        let since = since.transpose().map_err(|_| Refusal::BadRequest)?;
        let is = |wanted: Option<u64>, found: Option<u64>| wanted.is_none_or(|wanted| found == Some(wanted));
        let wanted = |note: &&Note| {
            is(user, Some(note.user))
                && is(person, note.person)
                && is(org, note.org)
                && is(deal, note.deal)
                && lead.is_none_or(|lead| note.lead == Some(lead))
                && since.is_none_or(|since| note.update_s >= since.as_second())
        };
        let mut notes: Vec<&Note> = self.notes.values().filter(wanted).collect();
        match query.text("sort") {
            None | Some("id ASC" | "add_time ASC") => {}
            Some("id DESC" | "add_time DESC") => notes.reverse(),
            Some(_) => return Err(Refusal::BadRequest),
        }
        let (skipped, size) = (usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(1));
        let more = notes.len() > skipped.saturating_add(size);
        let data: Vec<Value> = notes.into_iter().skip(skipped).take(size).map(|note| note.shown(self)).collect();
        Ok(offset_page(&data, (start, limit), more))
    }

    /// `GET /v1/notes/{id}`
    pub(super) fn one_note(&self, id: u64) -> Result<Vec<u8>, Refusal> {
        let note = self.notes.get(&id).ok_or(Refusal::NotFound("Note not found"))?;
        let mut out = Vec::new();
        wire::append(&mut out, &json!({"success": true, "data": note.shown(self)}));
        Ok(out)
    }
}

impl Note {
    pub(super) fn shown(&self, world: &World) -> Value {
        let time = |at_s| wire::time(at_s).replace('T', " ").replace('Z', "");
        let deal = self.deal.and_then(|id| world.deals.get(id));
        let person = self.person.and_then(|id| world.persons.get(id));
        let firm = self.org.and_then(|id| world.organizations.get(id));
        let author = world.users.iter().find(|user| user.id == self.user);
        json!({
            "id": self.id, "active_flag": true, "add_time": time(self.add_s), "update_time": time(self.update_s),
            "content": self.content, "user_id": self.user, "last_update_user_id": self.user,
            "lead_id": self.lead.map(uuid_text), "deal_id": self.deal, "person_id": self.person, "org_id": self.org,
            "deal": deal.map(|deal| json!({"title": deal.title})),
            "person": person.map(|person| json!({"name": person.name})),
            "organization": firm.map(|firm| json!({"name": firm.name})),
            "user": author.map(|user| json!({"email": user.email, "icon_url": "https://acme.example/icon.jpg", "is_you": user.id == ME, "name": user.name})),
            "pinned_to_lead_flag": false, "pinned_to_deal_flag": false, "pinned_to_organization_flag": false,
            "pinned_to_person_flag": false,
        })
    }
}

/// A page of the first API by offset, as its pages on paging say.
pub(super) fn offset_page(data: &[Value], (start, limit): (u64, u64), more: bool) -> Vec<u8> {
    let mut pagination = json!({"start": start, "limit": limit, "more_items_in_collection": more});
    if more {
        pagination["next_start"] = json!(start + limit);
    }
    let mut out = Vec::new();
    let page = json!({"success": true, "data": data, "additional_data": {"pagination": pagination}});
    wire::append(&mut out, &page);
    out
}
