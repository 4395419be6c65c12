//! `/api/v2/activities`
//!
//! # Source
//! The vendor's description. That `person_id` is refused and the primary participant decides: users of the live API, with
//! the vendor's words. That it hangs on a deal or a lead, not both, is said of call logs; taken to hold here, too.

use serde_json::{Value, json};

use super::{
    body::{Body, Wrong},
    event::About,
    held::Touched,
    list::List,
    query::Query,
    record::{Activity, uuid_of, uuid_text},
    reply::Refusal,
    second::single,
    wire,
    world::World,
    write::{ME, Outcome, Written},
};
use crate::kit::{Moment, Walk};

const LIST: &[&str] = &[
    "filter_id",
    "ids",
    "owner_id",
    "deal_id",
    "lead_id",
    "person_id",
    "org_id",
    "done",
    "updated_since",
    "updated_until",
    "sort_by",
    "sort_direction",
    "include_fields",
    "limit",
    "cursor",
];
const KNOWN: [&str; 12] = [
    "subject",
    "type",
    "owner_id",
    "deal_id",
    "lead_id",
    "org_id",
    "due_date",
    "due_time",
    "duration",
    "done",
    "participants",
    "note",
];
/// Types that every account has.
const TYPES: [&str; 6] = ["call", "meeting", "task", "deadline", "email", "lunch"];

impl World {
    /// `GET /api/v2/activities`: everybody's.
    pub(super) fn list_activities(&self, query: &Query<'_>) -> Result<Vec<u8>, Refusal> {
        query.only(&[LIST])?;
        let list = List::read(query, &["attendees"])?;
        let (deal, person, org) = (query.number("deal_id")?, query.number("person_id")?, query.number("org_id")?);
        let lead = query.text("lead_id").map(uuid_of);
        let done = query.text("done").map(|_| query.flag("done")).transpose()?;
        let wanted = |activity: &Activity| {
            list.owner.is_none_or(|owner| activity.owner == owner)
                && deal.is_none_or(|deal| activity.deal == Some(deal))
                && lead.is_none_or(|lead| lead.is_some() && activity.lead == lead)
                && person.is_none_or(|person| activity.persons.first() == Some(&person))
                && org.is_none_or(|org| activity.org == Some(org))
                && done.is_none_or(|done| activity.done == done)
        };
        let walk: Walk<Activity> = list.walk(None);
        Ok(list.page(&self.activities, &walk, wanted, |out, activity| wire::append(out, &activity.shown())))
    }

    /// `GET /api/v2/activities/{id}`
    pub(super) fn one_activity(&self, id: u64, query: &Query<'_>) -> Result<Vec<u8>, Refusal> {
        query.only(&[&["include_fields"]])?;
        let activity = self.activities.get(id).ok_or(Refusal::NotFound("Activity not found"))?;
        Ok(single(|out| wire::append(out, &activity.shown())))
    }

    pub(super) fn write_activity(&mut self, id: Option<u64>, body: &Body, now: Moment) -> Outcome {
        if body.members().any(|(name, _)| name == "person_id") {
            let error = "'person_id' is a read-only field. Add a primary participant to set 'person_id' instead.";
            return Err(Refusal::Bad(error.to_owned()));
        }
        body.only(|name| KNOWN.contains(&name))?;
        let at_s = now.wall.as_second();
        let mut activity = match id {
            Some(id) => self.activities.get(id).ok_or(Refusal::NotFound("Activity not found"))?,
            None => Activity::made(ME, at_s),
        };
        self.edit_activity(&mut activity, body)?;
        activity.update_s = at_s;
        activity.id = id.unwrap_or_else(|| self.take_id());
        Ok(self.keep_activity(activity, id.is_none(), now))
    }

    pub(super) fn keep_activity(&mut self, activity: Activity, made: bool, now: Moment) -> Written {
        self.touch(Touched::Activity(activity.id), made);
        let (id, data) = (activity.id, activity.shown());
        self.activities.set(id, now.vendor, Some(activity));
        Written::of(data, About::Activity(id))
    }

    fn edit_activity(&self, activity: &mut Activity, body: &Body) -> Result<(), Refusal> {
        if let Some(subject) = body.text("subject")? {
            activity.subject = subject;
        }
        if let Some(kind) = body.text("type")? {
            if !TYPES.contains(&kind.as_str()) {
                return Err(Wrong::new("type", "expected the key of an activity type").into());
            }
            activity.kind = kind;
        }
        activity.owner = self.owner(body, "owner_id")?.unwrap_or(activity.owner);
        activity.deal = self.linked_deal(body)?.or(activity.deal);
        activity.lead = self.linked_lead(body)?.or(activity.lead);
        if activity.deal.is_some() && activity.lead.is_some() {
            return Err(Refusal::Bad("An activity can be linked to a deal or to a lead, not to both".to_owned()));
        }
        activity.org = self.linked_organization(body, "org_id")?.or(activity.org);
        if let Some(persons) = self.participants(body)? {
            activity.persons = persons;
        }
        activity.due_date = clock(body, "due_date", "%Y-%m-%d")?.or(activity.due_date.take());
        activity.due_time = clock(body, "due_time", "%H:%M:%S")?.or(activity.due_time.take());
        activity.duration = clock(body, "duration", "%H:%M:%S")?.or(activity.duration.take());
        activity.done = body.flag("done")?.unwrap_or(activity.done);
        activity.note = body.text("note")?.or(activity.note.take());
        Ok(())
    }

    fn participants(&self, body: &Body) -> Result<Option<Vec<u64>>, Refusal> {
        let Some(list) = body.list("participants")? else { return Ok(None) };
        let mut persons = Vec::new();
        for one in &list {
            one.only(|name| matches!(name, "person_id" | "primary"))?;
            let id = one.number("person_id")?.ok_or_else(|| Wrong::new("participants", "person_id is required"))?;
            persons.push((!one.flag("primary")?.unwrap_or(false), self.living_person(id)?));
        }
        if persons.iter().filter(|(later, _)| !later).count() > 1 {
            return Err(Wrong::new("participants", "expected one primary participant").into());
        }
        persons.sort_by_key(|(later, _)| *later);
        Ok(Some(persons.into_iter().map(|(_, id)| id).collect()))
    }
}

/// A date, or a time of day with or without seconds, as the vendor shows it.
fn clock(body: &Body, name: &str, form: &str) -> Result<Option<String>, Wrong> {
    let Some(text) = body.text(name)? else { return Ok(None) };
    let wrong = || Wrong::new(name, "is not in the expected format");
    let whole = if text.len() == 5 { format!("{text}:00") } else { text };
    let fits = match form {
        "%Y-%m-%d" => jiff::civil::Date::strptime(form, &whole).is_ok(),
        _ => whole.len() == 8 && jiff::civil::Time::strptime(form, &whole).is_ok(),
    };
    fits.then_some(Some(whole)).ok_or_else(wrong)
}

impl Activity {
    /// Nothing but whose it is.
    pub(super) fn made(owner: u64, at_s: i64) -> Self {
        Self {
            id: 0,
            subject: "Call".to_owned(),
            kind: "call".to_owned(),
            owner,
            deal: None,
            lead: None,
            org: None,
            persons: Vec::new(),
            due_date: None,
            due_time: None,
            duration: None,
            done: false,
            note: None,
            add_s: at_s,
            update_s: at_s,
        }
    }

    pub(super) fn shown(&self) -> Value {
        let part = |(at, id): (usize, &u64)| json!({"person_id": id, "primary": at == 0});
        json!({
            "id": self.id, "subject": self.subject, "type": self.kind, "owner_id": self.owner, "creator_user_id": ME,
            "is_deleted": false, "add_time": wire::time(self.add_s), "update_time": wire::time(self.update_s),
            "deal_id": self.deal, "lead_id": self.lead.map(uuid_text), "person_id": self.persons.first(),
            "org_id": self.org, "project_id": null, "due_date": self.due_date, "due_time": self.due_time,
            "duration": self.duration, "busy": null, "done": self.done,
            "marked_as_done_time": self.done.then(|| wire::time(self.update_s)), "location": null,
            "participants": self.persons.iter().enumerate().map(part).collect::<Vec<_>>(),
            "conference_meeting_client": null, "conference_meeting_url": null, "conference_meeting_id": null,
            "public_description": null, "priority": null, "note": self.note,
        })
    }
}
