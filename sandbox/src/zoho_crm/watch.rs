//! `/actions/watch`: channels that tell somebody what changed.
//!
//! A channel lives until its `channel_expiry`: an hour where none is given or where it is more than a week away. A
//! delivery repeats the channel's token and number, and is signed in no way; one that does not arrive is not tried again.
//!
//! # Source
//! The vendor's pages on notifications. A guess: errors stand in rows of a 202, as its description has it, not in a 400, as
//! its pages have it.

use std::{collections::BTreeMap, time::Duration};

use hyper::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    change::{Done, Item},
    module::Module,
    reply::{Refusal, found, nothing},
    wire::{read_time, time},
};
use crate::kit::{Hook, Moment, Query, Reply, json_reply};

const MOST_TOKEN: usize = 50;
const HOUR_S: i64 = 3_600;
const WEEK_S: i64 = 7 * 86_400;
/// How long a delivery may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The channels.
#[derive(Debug, Default)]
pub(super) struct Watch(BTreeMap<u64, Channel>);

#[derive(Debug, Clone)]
struct Channel {
    url: String,
    token: Option<String>,
    /// Module and `create`, `edit`, `delete` or `all`.
    events: Vec<(Module, String)>,
    expires_s: i64,
    related: bool,
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    watch: Vec<Wanted>,
}

#[derive(Debug, Deserialize)]
struct Wanted {
    channel_id: Option<Value>,
    events: Option<Vec<String>>,
    channel_expiry: Option<String>,
    token: Option<String>,
    notify_url: Option<String>,
    notify_on_related_action: Option<bool>,
}

impl Watch {
    /// Answers a request for `/actions/watch`.
    pub(super) fn answer(
        &mut self,
        method: &Method,
        query: &Query<'_>,
        body: &[u8],
        now: Moment,
    ) -> Result<Reply, Refusal> {
        self.0.retain(|_, channel| channel.expires_s > now.wall.as_second());
        match *method {
            Method::GET => Ok(self.told(query)),
            Method::POST => self.enabled(body, now, false),
            Method::PUT => self.enabled(body, now, true),
            Method::DELETE => Ok(self.disabled(query)),
            _ => Err(Refusal::no_such_url()),
        }
    }

    fn told(&self, query: &Query<'_>) -> Reply {
        let wanted = query.text("channel_id").and_then(|id| id.parse::<u64>().ok());
        let asked = |id: &u64| query.text("channel_id").is_none() || wanted == Some(*id);
        let events: Vec<Value> = (self.0.iter().filter(|(id, _)| asked(id)))
            .flat_map(|(id, channel)| {
                channel.events.iter().map(move |(module, operation)| {
                    let mut event = event(*id, channel, *module);
                    event["notify_url"] = json!(channel.url);
                    event["token"] = json!(channel.token);
                    event["events"] = json!([format!("{}.{operation}", module.name())]);
                    event["notify_on_related_action"] = json!(channel.related);
                    event
                })
            })
            .collect();
        if events.is_empty() {
            return nothing();
        }
        let info = json!({"per_page": 200, "page": 1, "count": events.len(), "more_records": false});
        found(json!({"watch": events, "info": info}).to_string().into_bytes())
    }

    fn enabled(&mut self, body: &[u8], now: Moment, again: bool) -> Result<Reply, Refusal> {
        let asked: Asked = serde_json::from_slice(body).map_err(|_| Refusal::wrong_parameter("watch"))?;
        if asked.watch.is_empty() {
            return Err(Refusal::missing_parameter("watch"));
        }
        let rows: Vec<Result<Value, Value>> = asked.watch.into_iter().map(|one| self.enable(one, now, again)).collect();
        let status = match rows.iter().all(Result::is_ok) {
            true if again => StatusCode::OK,
            true => StatusCode::CREATED,
            false => StatusCode::ACCEPTED,
        };
        let rows: Vec<Value> = rows.into_iter().map(|row| row.unwrap_or_else(|error| error)).collect();
        Ok(json_reply(status, json!({"watch": rows}).to_string()))
    }

    fn enable(&mut self, wanted: Wanted, now: Moment, again: bool) -> Result<Value, Value> {
        let missing = |name: &str| error("MANDATORY_NOT_FOUND", "required field not found", name);
        let invalid = |name: &str| error("INVALID_DATA", "invalid data", name);
        let id = wanted.channel_id.ok_or_else(|| missing("channel_id"))?;
        let id = id.as_u64().or_else(|| id.as_str()?.parse().ok()).ok_or_else(|| invalid("channel_id"))?;
        let url = wanted.notify_url.ok_or_else(|| missing("notify_url"))?;
        if !url.starts_with("https://") && !url.starts_with("http://127.0.0.1") {
            return Err(invalid("notify_url"));
        }
        if wanted.token.as_ref().is_some_and(|token| token.len() > MOST_TOKEN) {
            return Err(invalid("token"));
        }
        let named = wanted.events.ok_or_else(|| missing("events"))?;
        let event = |text: &String| {
            let (module, operation) = text.split_once('.')?;
            let known = matches!(operation, "create" | "edit" | "delete" | "all");
            Some((Module::of(module).filter(|_| known)?, operation.to_owned()))
        };
        let events: Option<Vec<_>> = named.iter().map(event).collect();
        let events = events.filter(|events| !events.is_empty()).ok_or_else(|| invalid("events"))?;
        if again && !self.0.contains_key(&id) {
            return Err(error("NOT_SUBSCRIBED", "the channel is not subscribed", "channel_id"));
        }
        let now_s = now.wall.as_second();
        let expiry_s = match wanted.channel_expiry {
            Some(text) => read_time(&text).ok_or_else(|| invalid("channel_expiry"))?,
            None => now_s + HOUR_S,
        };
        if expiry_s <= now_s {
            return Err(invalid("channel_expiry"));
        }
        let expires_s = if expiry_s > now_s + WEEK_S { now_s + HOUR_S } else { expiry_s };
        let related = wanted.notify_on_related_action.unwrap_or(true);
        let channel = Channel { url, token: wanted.token, events, expires_s, related };
        let events: Vec<Value> = channel.events.iter().map(|(module, _)| self::event(id, &channel, *module)).collect();
        self.0.insert(id, channel);
        let message = if again {
            "Successfully updated the subscribe details"
        } else {
            "Successfully subscribed for actions-watch of the given module"
        };
        Ok(json!({"code": "SUCCESS", "details": {"events": events}, "message": message, "status": "success"}))
    }

    fn disabled(&mut self, query: &Query<'_>) -> Reply {
        let rows: Vec<(bool, Value)> = (query.list("channel_ids").into_iter())
            .map(|text| match text.parse::<u64>().ok().and_then(|id| self.0.remove(&id)) {
                Some(_) => {
                    let details = json!({"resource_id": text, "resource_uri": null, "channel_id": text});
                    let message = "Successfully un-subscribed from actions-watch";
                    (true, json!({"code": "SUCCESS", "details": details, "message": message, "status": "success"}))
                }
                None => (false, error("NOT_SUBSCRIBED", "the channel is not subscribed", "channel_ids")),
            })
            .collect();
        let status = if rows.iter().all(|(done, _)| *done) { StatusCode::OK } else { StatusCode::ACCEPTED };
        let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
        json_reply(status, json!({"watch": rows}).to_string())
    }

    /// What is to be delivered of what happened: a delivery for each record and channel.
    pub(super) fn deliveries(&self, effects: &[(Item, Done)], now: Moment) -> Vec<Hook> {
        let standing = self.0.iter().filter(|(_, channel)| channel.expires_s > now.wall.as_second());
        let each = standing.flat_map(|(id, channel)| effects.iter().map(move |effect| (*id, channel, *effect)));
        each.filter_map(|(id, channel, (item, done))| channel.delivery(id, item, done, now.wall)).collect()
    }

    /// How many channels stand.
    pub(super) fn standing(&self, now: Moment) -> usize {
        self.0.values().filter(|channel| channel.expires_s > now.wall.as_second()).count()
    }
}

impl Channel {
    fn delivery(&self, id: u64, item: Item, done: Done, now: Timestamp) -> Option<Hook> {
        let (operation, word) = match done {
            Done::Insert => ("create", "insert"),
            Done::Update => ("edit", "update"),
            Done::Delete => ("delete", "delete"),
        };
        let wanted = |(module, of): &(Module, String)| *module == item.module && (of == operation || of == "all");
        self.events.iter().find(|event| wanted(event))?;
        let uri: hyper::Uri = self.url.parse().ok()?;
        let query = Query::read(uri.query().unwrap_or_default());
        let params: serde_json::Map<String, Value> =
            query.pairs().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let body = json!({
            "server_time": now.as_millisecond(), "query_params": params, "module": item.module.name(),
            "resource_uri": format!("https://www.zohoapis.com/crm/v8/{}", item.module.name()),
            "ids": [item.id.to_string()], "affected_fields": [], "operation": word, "channel_id": id.to_string(),
            "token": self.token,
        });
        let url = self.url.clone();
        Some(Hook { method: Method::POST, url, headers: Vec::new(), body: body.to_string(), patience: PATIENCE })
    }
}

fn event(id: u64, channel: &Channel, module: Module) -> Value {
    json!({
        "channel_id": id.to_string(), "channel_expiry": time(channel.expires_s), "resource_name": module.name(),
        "resource_uri": format!("https://www.zohoapis.com/crm/v8/{}", module.name()),
        "resource_id": (super::module::ORG + 131 + module as u64).to_string(),
    })
}

fn error(code: &str, message: &str, name: &str) -> Value {
    let details = json!({"api_name": name, "json_path": format!("$.watch[0].{name}")});
    json!({"code": code, "details": details, "message": message, "status": "error"})
}
