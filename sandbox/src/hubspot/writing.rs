//! The requests that change something.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{
    account::Account,
    activity::Of,
    change::{Item, told},
    field::{self, Asked},
    list::body,
    reply::Refusal,
    route::Route,
    write::News,
};
use crate::kit::{Call, Query, Reply, json_reply, write};

impl Account {
    /// Answers a request that changes something; `None`: it changes nothing.
    pub(super) fn writing(&self, route: &Route, call: &Call) -> Option<Reply> {
        if !route.writes() {
            return None;
        }
        let (now, asked, query) = (self.ground.clock.now(), call.body.as_ref(), Query::read(call.query()));
        let one = |status| move |(body, news): (Value, News)| (status, body, vec![news]);
        let mut world = write(&self.world);
        let done = match route {
            Route::Make(of) => world.make(*of, asked, now).map(one(StatusCode::CREATED)),
            Route::Patch(of, id) => world.patch(*of, (id, &query), asked, now).map(one(StatusCode::OK)),
            Route::Upsert(of) => world.upsert(*of, asked, now).map(|(batched, news)| {
                let status = if batched.whole { StatusCode::OK } else { StatusCode::MULTI_STATUS };
                (status, batched.body, news)
            }),
            Route::MakeProperty(of) => {
                let made = body::<Asked>(asked).and_then(|asked| world.make_property(*of, &asked));
                made.map(|body| (StatusCode::CREATED, body, Vec::new()))
            }
            _ => return None,
        };
        let (status, body, news) = match done {
            Ok(done) => done,
            Err(refusal) => return Some(Refusal::reply(&refusal)),
        };
        for (of, id, property) in news {
            // Of tasks, calls and notes an app is told nothing.
            let Of::Entity(kind) = of else { continue };
            let event = match property {
                None => json!({"subscriptionType": told(kind, "creation")}),
                Some(name) => {
                    let what = told(kind, "propertyChange");
                    json!({"subscriptionType": what, "propertyName": name, "propertyValue": ""})
                }
            };
            let event = world.told(Item::new(kind, id), event, now);
            self.tell(event);
        }
        Some(json_reply(status, body.to_string()))
    }
}

/// `GET /crm/properties/2026-03/{type}/groups`
pub(super) fn groups(of: Of) -> Value {
    let group = |name: &str| json!({"name": name, "label": name, "displayOrder": 1, "archived": false});
    let (own, other) = (group(field::group(of)), group("another_group"));
    // Which comes first nobody says; of the kinds whose own group everybody knows the other does.
    let known = field::group(of).ends_with("information") && !field::group(of).contains('_');
    json!({"results": if known { [other, own] } else { [own, other] }})
}
