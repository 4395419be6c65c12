//! The endpoints that write, and those that read what only writing makes.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{
    activity::{Kind, Wrote, comment_json},
    change::{Done, Item},
    portal::{Portal, told},
    reply::{Refusal, nothing},
    route::{Module, Route},
    search::envelope,
    seed::DEPARTMENTS,
    wire::time,
    world::World,
};
use crate::kit::{Call, Moment, Query, Reply, json_reply, read, write};

impl Portal {
    /// The answer of an endpoint of this file; `None` for the others.
    pub(super) fn write_or_list(&self, route: &Route, call: &Call) -> Option<Result<Reply, Refusal>> {
        let query = Query::read(call.query());
        Some(match *route {
            Route::Create(module) => self.on_record(|world, now| world.make_record(module, &call.body, now)),
            Route::Update(module, id) => {
                self.on_record(|world, now| world.change_record((module, id), &call.body, now))
            }
            Route::CreateActivity(kind) => {
                self.on_activity(kind, true, |world, now| world.make_activity(kind, &call.body, now))
            }
            Route::UpdateActivity(kind, id) => self
                .on_activity(kind, false, |world, now| world.change_activity(kind, id, &call.body, now).map(|()| id)),
            Route::CreateComment(module, id) => {
                let on = (module, id);
                self.on_comment(on, true, |world, now| world.make_comment(on, &call.body, now))
            }
            Route::UpdateComment(module, id, comment) => {
                let on = (module, id);
                self.on_comment(on, false, |world, now| {
                    world.change_comment((on, comment), &call.body, now).map(|()| comment)
                })
            }
            Route::CreateField => {
                let made = write(&self.world).fields.make(&query, &call.body);
                made.map(|field| json_reply(StatusCode::CREATED, field.to_string()))
            }
            _ => return self.list(route, &query),
        })
    }

    fn list(&self, route: &Route, query: &Query<'_>) -> Option<Result<Reply, Refusal>> {
        let world = read(&self.world);
        let page = match *route {
            Route::Activities(kind) => world.activities(kind, None, query),
            Route::ActivitiesOf(kind, ticket) => world.activities(kind, Some(ticket), query),
            Route::Comments(module, id) => world.comments((module, id), query),
            Route::Departments => departments(query),
            Route::Fields => world.fields.page(query),
            Route::Activity(kind, id) => {
                let activity = world.activity(kind, id).map(|activity| told(&world.activity_json(activity)));
                return Some(activity.ok_or(Refusal::NotFound));
            }
            Route::Comment(module, id, comment) => {
                let comment = world.comment((module, id), comment).map(|comment| told(&comment_json(comment)));
                return Some(comment.ok_or(Refusal::NotFound));
            }
            _ => return None,
        };
        let listed = |data: Vec<Value>| match data.is_empty() {
            true => nothing(),
            false => json_reply(StatusCode::OK, envelope(&data, None)),
        };
        Some(page.map(listed))
    }

    fn on_record(&self, act: impl FnOnce(&mut World, Moment) -> Result<Done, Refusal>) -> Result<Reply, Refusal> {
        let now = self.ground.clock.now();
        let (done, reply) = {
            let mut world = write(&self.world);
            let done = act(&mut world, now)?;
            let (module, id) = done.iter().find_map(|(item, _)| record(*item)).ok_or(Refusal::NotFound)?;
            let made = done.iter().any(|(_, event)| *event == super::change::Event::Add);
            world.written.order.push((Wrote::Record(module, id), made));
            let reply = world.one(module, id).map(|one| told(&one)).ok_or(Refusal::NotFound)?;
            (done, reply)
        };
        self.announce(&done, now.wall.as_millisecond());
        Ok(reply)
    }

    fn on_activity(
        &self,
        kind: Kind,
        made: bool,
        act: impl FnOnce(&mut World, Moment) -> Result<u64, Refusal>,
    ) -> Result<Reply, Refusal> {
        let mut world = write(&self.world);
        let id = act(&mut world, self.ground.clock.now())?;
        world.written.order.push((Wrote::Activity(id), made));
        world.activity(kind, id).map(|activity| told(&world.activity_json(activity))).ok_or(Refusal::NotFound)
    }

    fn on_comment(
        &self,
        on: (Module, u64),
        made: bool,
        act: impl FnOnce(&mut World, Moment) -> Result<u64, Refusal>,
    ) -> Result<Reply, Refusal> {
        let mut world = write(&self.world);
        let id = act(&mut world, self.ground.clock.now())?;
        world.written.order.push((Wrote::Comment(id), made));
        world.comment(on, id).map(|comment| told(&comment_json(comment))).ok_or(Refusal::NotFound)
    }
}

fn record(item: Item) -> Option<(Module, u64)> {
    Some(match item {
        Item::Contact(id) => (Module::Contacts, id),
        Item::Account(id) => (Module::Accounts, id),
        Item::Ticket(id) => (Module::Tickets, id),
        Item::Agent(_) => return None,
    })
}

/// Three departments: one that is not enabled any more, the second of those that are is the default.
fn departments(query: &Query<'_>) -> Result<Vec<Value>, Refusal> {
    if let Some(name) = query.unknown(&[&["isEnabled", "from", "limit", "orgId"]]) {
        return Err(Refusal::Unprocessable(format!("Extra query parameter '{name}' is present in the input.")));
    }
    let wanted = match query.text("isEnabled") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(Refusal::parameter("isEnabled", "expected true or false")),
    };
    let all = [(DEPARTMENTS[0] - 1, "Old", false), (DEPARTMENTS[0], "Sales", true), (DEPARTMENTS[1], "Service", true)];
    let told = all.into_iter().filter(|(_, _, enabled)| wanted.is_none_or(|wanted| wanted == *enabled));
    Ok(told
        .map(|(id, name, enabled)| {
            json!({
                "id": id.to_string(), "name": name, "isEnabled": enabled, "isDefault": id == DEPARTMENTS[1],
                "description": null, "creatorId": super::seed::agent_id(0).to_string(), "createdTime": time(0),
                "hasLogo": false, "chatStatus": "NOT_CREATED", "nameInCustomerPortal": name, "sanitizedName": name,
                "isVisibleInCustomerPortal": true, "isAssignToTeamEnabled": true,
            })
        })
        .collect())
}
