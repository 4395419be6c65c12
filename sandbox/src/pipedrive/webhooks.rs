//! Webhooks of the account: kept by the first API, delivered in the form of the second version.
//!
//! # Source
//! The vendor's description of `/webhooks` and its guide to webhooks, both seen 2026-11-21: 40 for a user; Basic and no
//! signature; done when any 2xx comes within 10 s, otherwise three more tries after 3, 30 and 150 s; a first try that
//! failed counts, ten of them ban the webhook for 30 minutes, and what happens then is never told; no success for three
//! days deletes it. Not said there, and so made harder on the client: the count is taken back by the ban alone and not
//! by a success; a webhook that had nothing to tell for three days is deleted, too; tries again fall under the ban; the
//! password is never shown again; an address is tried, with the credentials, before a webhook is made.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::event::Event;
use crate::kit::{Ground, Hook, Moment, Reply, json_reply, lock};

/// How many a user may have.
const MOST: usize = 40;
/// How long a delivery may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The waits before the tries of one event.
const WAITS: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(3), Duration::from_secs(30), Duration::from_secs(150)];
/// So many first tries that failed ban a webhook for so long.
const BANNED_AT: u32 = 10;
const BANNED_FOR: Duration = Duration::from_secs(30 * 60);
/// Without a success for so long, it is deleted.
const DELETED_AFTER: Duration = Duration::from_secs(3 * 86_400);
const ACTIONS: [&str; 4] = ["create", "change", "delete", "*"];
const OBJECTS: [&str; 11] =
    ["activity", "deal", "lead", "note", "organization", "person", "pipeline", "product", "stage", "user", "*"];

/// The account's webhooks. The lock is never held across a wait.
#[derive(Debug)]
pub(super) struct Webhooks {
    ground: Arc<Ground>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    webhooks: Vec<Webhook>,
    made: u64,
}

#[derive(Debug, Clone)]
struct Webhook {
    id: u64,
    wanted: Wanted,
    added: Timestamp,
    /// When a delivery succeeded last, or when it was made.
    well: Duration,
    failed: u32,
    banned_until: Option<Duration>,
    last: Option<(Timestamp, u16)>,
}

#[derive(Debug, Clone)]
struct Wanted {
    url: String,
    action: String,
    object: String,
    name: String,
    version: String,
    auth: Option<(String, String)>,
}

/// Why a webhook is not made: which member, and what is wrong with it.
struct Wrong(&'static str, &'static str);

impl Webhooks {
    pub(super) fn new(ground: Arc<Ground>) -> Arc<Self> {
        Arc::new(Self { ground, kept: Mutex::default() })
    }

    /// `GET /v1/webhooks`
    pub(super) fn list(&self) -> Reply {
        let kept = self.kept(self.ground.clock.now());
        let data: Vec<Value> = kept.iter().map(Webhook::shown).collect();
        json_reply(StatusCode::OK, json!({"status": "ok", "success": true, "data": data}).to_string())
    }

    /// `POST /v1/webhooks`
    pub(super) async fn add(&self, body: &[u8]) -> Reply {
        let wanted = match Wanted::read(body) {
            Ok(wanted) => wanted,
            Err(wrong) => return wrong.reply(),
        };
        let mut probe = wanted.delivery(String::new());
        probe.method = Method::GET;
        let status = self.ground.hooks.deliver(probe).await.status();
        if status.is_none_or(|status| (300..400).contains(&status)) {
            return Wrong("subscription_url", "invalid or non-reachable URL").reply();
        }
        let now = self.ground.clock.now();
        self.forget_dead(now);
        let mut kept = lock(&self.kept);
        if kept.webhooks.len() >= MOST {
            return Wrong("user_id", "too many webhooks").reply();
        }
        kept.made += 1;
        let id = kept.made;
        let (added, well) = (now.wall, now.vendor);
        let webhook = Webhook { id, wanted, added, well, failed: 0, banned_until: None, last: None };
        let data = webhook.shown();
        kept.webhooks.push(webhook);
        json_reply(StatusCode::CREATED, json!({"status": "ok", "success": true, "data": data}).to_string())
    }

    /// `DELETE /v1/webhooks/{id}`
    pub(super) fn remove(&self, id: u64) -> Reply {
        self.forget_dead(self.ground.clock.now());
        let mut kept = lock(&self.kept);
        let before = kept.webhooks.len();
        kept.webhooks.retain(|webhook| webhook.id != id);
        if kept.webhooks.len() == before {
            let body = json!({"status": "error", "success": false, "errors": {"id": ["not found"]}});
            return json_reply(StatusCode::NOT_FOUND, body.to_string());
        }
        json_reply(StatusCode::OK, json!({"status": "ok", "success": true}).to_string())
    }

    /// Tells whoever wants to know. Comes back at once.
    pub(super) fn tell(self: &Arc<Self>, events: &[Event]) {
        let now = self.ground.clock.now();
        for webhook in self.kept(now).into_iter().filter(|webhook| !webhook.is_banned(now)) {
            for event in events.iter().filter(|event| webhook.wanted.wants(event)) {
                self.ground.spawn(Arc::clone(self).tell_one(webhook.id, event.clone()));
            }
        }
    }

    async fn tell_one(self: Arc<Self>, id: u64, event: Event) {
        for (before, wait) in WAITS.into_iter().enumerate() {
            tokio::time::sleep(self.ground.clock.waited(wait)).await;
            let now = self.ground.clock.now();
            let found = self.kept(now).into_iter().find(|webhook| webhook.id == id && !webhook.is_banned(now));
            let Some(webhook) = found else { return };
            let hook = webhook.wanted.delivery(event.body(id, before + 1));
            let delivery = self.ground.hooks.deliver(hook).await;
            self.note(id, delivery.status(), before == 0);
            if delivery.arrived() {
                return;
            }
        }
    }

    fn note(&self, id: u64, status: Option<u16>, first_try: bool) {
        let now = self.ground.clock.now();
        let mut kept = lock(&self.kept);
        let Some(webhook) = kept.webhooks.iter_mut().find(|webhook| webhook.id == id) else { return };
        webhook.last = Some((now.wall, status.unwrap_or(0)));
        if status.is_some_and(|status| (200..300).contains(&status)) {
            webhook.well = now.vendor;
        } else if first_try {
            webhook.failed += 1;
            if webhook.failed >= BANNED_AT {
                webhook.failed = 0;
                webhook.banned_until = Some(now.vendor + BANNED_FOR);
            }
        }
    }

    fn kept(&self, now: Moment) -> Vec<Webhook> {
        self.forget_dead(now);
        lock(&self.kept).webhooks.clone()
    }

    fn forget_dead(&self, now: Moment) {
        lock(&self.kept).webhooks.retain(|webhook| now.vendor.saturating_sub(webhook.well) < DELETED_AFTER);
    }
}

impl Webhook {
    fn is_banned(&self, now: Moment) -> bool {
        self.banned_until.is_some_and(|until| now.vendor < until)
    }

    fn shown(&self) -> Value {
        let Wanted { url, action, object, name, version, auth } = &self.wanted;
        json!({
            "id": self.id, "company_id": 1, "owner_id": 101, "user_id": 101, "event_action": action,
            "event_object": object, "subscription_url": url, "version": version, "is_active": 1,
            "add_time": self.added.to_string(), "remove_time": null, "type": "general",
            "http_auth_user": auth.as_ref().map(|(user, _)| user), "http_auth_password": null, "remove_reason": null,
            "last_delivery_time": self.last.map(|(at, _)| at.to_string()),
            "last_http_status": self.last.map(|(_, status)| status), "admin_id": 101, "name": name,
        })
    }
}

impl Wanted {
    fn read(body: &[u8]) -> Result<Self, Wrong> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Wrong("subscription_url", "is required"))?;
        let text = |name: &'static str| match &body[name] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            _ => Err(Wrong(name, "must be a string")),
        };
        let needed = |name| text(name)?.filter(|text| !text.is_empty()).ok_or(Wrong(name, "is required"));
        let (url, action, object, name) =
            (needed("subscription_url")?, needed("event_action")?, needed("event_object")?, needed("name")?);
        let version = text("version")?.unwrap_or_else(|| "2.0".to_owned());
        if !ACTIONS.contains(&action.as_str()) {
            return Err(Wrong("event_action", "is not one of the described values"));
        }
        if !OBJECTS.contains(&object.as_str()) {
            return Err(Wrong("event_object", "is not one of the described values"));
        }
        if !["1.0", "2.0"].contains(&version.as_str()) {
            return Err(Wrong("version", "is not one of the described values"));
        }
        if name.chars().count() > 255 {
            return Err(Wrong("name", "is longer than 255"));
        }
        if url.contains("pipedrive.com/") {
            return Err(Wrong("subscription_url", "invalid or non-reachable URL"));
        }
        let auth = text("http_auth_user")?.map(|user| Ok((user, text("http_auth_password")?.unwrap_or_default())));
        Ok(Self { url, action, object, name, version, auth: auth.transpose()? })
    }

    /// Events of the first version are not in the stand-in: whoever asks for them hears nothing.
    fn wants(&self, event: &Event) -> bool {
        let fits = |wanted: &str, found: &str| wanted == "*" || wanted == found;
        self.version == "2.0" && fits(&self.action, event.action) && fits(&self.object, event.entity)
    }

    fn delivery(&self, body: String) -> Hook {
        let basic = |(user, password)| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let auth = self.auth.as_ref().map(|(user, password)| ("authorization".to_owned(), basic((user, password))));
        let agent = ("user-agent".to_owned(), "Pipedrive Webhooks".to_owned());
        let headers = auth.into_iter().chain([agent]).collect();
        Hook { method: Method::POST, url: self.url.clone(), headers, body, patience: PATIENCE }
    }
}

impl Wrong {
    fn reply(&self) -> Reply {
        let Self(member, why) = self;
        let body = json!({"status": "error", "success": false, "errors": {*member: [why]}});
        json_reply(StatusCode::BAD_REQUEST, body.to_string())
    }
}
