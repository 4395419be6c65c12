//! Webhooks: who is told of what.
//!
//! # Source
//! The vendor's page on webhooks and its description: probes by GET, then by POST (a description says the second only
//! where the first failed; here both must be answered with 200, the harder reading); deliveries are arrays, answered with
//! 200 within 5 s; 410 ends the subscription. Nothing is said of trying again: nothing is tried again.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    change::{Event, Item},
    portal::Portal,
    reply::Refusal,
    seed::{Of, id_of},
    wire::time,
};
use crate::kit::{Hook, lock};

/// How long an answer to a delivery or a probe may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest address of a new webhook, and the longest of one that is changed.
const LONGEST_URL: usize = 500;
const LONGEST_CHANGED_URL: usize = 100;
/// Events that the stand-in knows; `true`: those that take a filter.
const EVENTS: &[(&str, bool)] = &[
    ("Contact_Add", false),
    ("Contact_Update", true),
    ("Contact_Delete", false),
    ("Account_Add", false),
    ("Account_Update", true),
    ("Account_Delete", false),
    ("Ticket_Add", true),
    ("Ticket_Update", true),
    ("Ticket_Delete", false),
    ("Agent_Add", false),
    ("Agent_Update", true),
    ("Agent_Delete", false),
    ("Ticket_Comment_Add", true),
    ("Ticket_Thread_Add", true),
];

/// What is asked for when a webhook is made.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    url: Option<String>,
    subscriptions: Option<BTreeMap<String, Value>>,
    name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    include_events_from: Vec<String>,
    ignore_source_id: Option<String>,
    is_enabled: Option<bool>,
}

/// A webhook.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Its id.
    #[serde(serialize_with = "super::record::as_text")]
    pub id: u64,
    /// Where deliveries go.
    pub url: String,
    /// Events and their filters.
    pub subscriptions: BTreeMap<String, Value>,
    /// A name.
    pub name: Option<String>,
    /// A text.
    pub description: Option<String>,
    /// `AUTOMATION`, where changes by rules count, too.
    pub include_events_from: Vec<String>,
    /// Changes by this caller are not told.
    pub ignore_source_id: Option<String>,
    /// Whether anything is delivered.
    pub is_enabled: bool,
    created_time: String,
    modified_time: String,
    created_by: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// One event, to be told to whoever wants it.
#[derive(Debug)]
pub(super) struct News {
    pub(super) item: Item,
    pub(super) event: Event,
    pub(super) payload: Value,
    pub(super) at_ms: i64,
}

impl News {
    fn word(&self) -> String {
        let module = match self.item {
            Item::Contact(_) => "Contact",
            Item::Account(_) => "Account",
            Item::Ticket(_) => "Ticket",
            Item::Agent(_) => "Agent",
        };
        let what = match self.event {
            Event::Add => "Add",
            Event::Update => "Update",
            Event::Delete => "Delete",
        };
        format!("{module}_{what}")
    }
}

impl Portal {
    pub(super) fn webhooks(&self) -> Vec<Webhook> {
        lock(&self.webhooks).clone()
    }

    /// Makes a webhook, once its address has answered both probes.
    pub(super) async fn create_webhook(&self, body: &[u8]) -> Result<Webhook, Refusal> {
        let most = self.options.edition.webhooks();
        if most == 0 {
            return Err(Refusal::Edition);
        }
        let wanted: Wanted =
            serde_json::from_slice(body).map_err(|problem| Refusal::Unprocessable(problem.to_string()))?;
        let url = wanted.url.ok_or(Refusal::Invalid("url", "missing"))?;
        let subscriptions = wanted.subscriptions.ok_or(Refusal::Invalid("subscriptions", "missing"))?;
        sound(&subscriptions)?;
        if url.len() > LONGEST_URL {
            return Err(Refusal::Invalid("url", "invalid"));
        }
        if lock(&self.webhooks).len() >= most {
            return Err(Refusal::Unprocessable(format!("Only {most} webhooks can be configured.")));
        }
        self.probe(&url).await?;
        let now = time(self.ground.clock.now().wall.as_second());
        let mut webhooks = lock(&self.webhooks);
        // An id is nobody's again.
        let id = id_of(Of::Webhook, self.webhooks_made.fetch_add(1, Ordering::Relaxed) + 1);
        let webhook = Webhook {
            id,
            url,
            subscriptions,
            name: wanted.name,
            description: wanted.description,
            include_events_from: wanted.include_events_from,
            ignore_source_id: wanted.ignore_source_id,
            is_enabled: wanted.is_enabled.unwrap_or(true),
            created_time: now.clone(),
            modified_time: now,
            created_by: super::seed::agent_id(0).to_string(),
            kind: "CUSTOMER_WEBHOOK",
        };
        webhooks.push(webhook.clone());
        Ok(webhook)
    }

    /// Changes a webhook. `subscriptions` must be told again; an address that changes is probed anew.
    pub(super) async fn update_webhook(&self, id: u64, body: &[u8]) -> Result<Webhook, Refusal> {
        let wanted: Wanted =
            serde_json::from_slice(body).map_err(|problem| Refusal::Unprocessable(problem.to_string()))?;
        let subscriptions = wanted.subscriptions.ok_or(Refusal::Invalid("subscriptions", "missing"))?;
        sound(&subscriptions)?;
        let mut webhook = self.webhook(id)?;
        if let Some(url) = wanted.url.filter(|url| *url != webhook.url) {
            if url.len() > LONGEST_CHANGED_URL {
                return Err(Refusal::Invalid("url", "invalid"));
            }
            self.probe(&url).await?;
            webhook.url = url;
        }
        webhook.subscriptions = subscriptions;
        webhook.is_enabled = wanted.is_enabled.unwrap_or(webhook.is_enabled);
        webhook.modified_time = time(self.ground.clock.now().wall.as_second());
        let mut webhooks = lock(&self.webhooks);
        let place = webhooks.iter_mut().find(|known| known.id == id).ok_or(Refusal::NotFound)?;
        *place = webhook.clone();
        Ok(webhook)
    }

    /// Somebody switches a webhook on or off.
    pub fn set_webhook_enabled(&self, id: u64, enabled: bool) {
        if let Some(webhook) = lock(&self.webhooks).iter_mut().find(|webhook| webhook.id == id) {
            webhook.is_enabled = enabled;
        }
    }

    pub(super) fn webhook(&self, id: u64) -> Result<Webhook, Refusal> {
        lock(&self.webhooks).iter().find(|webhook| webhook.id == id).cloned().ok_or(Refusal::NotFound)
    }

    pub(super) fn delete_webhook(&self, id: u64) -> Result<(), Refusal> {
        let webhook = self.webhook(id)?;
        lock(&self.webhooks).retain(|known| known.id != webhook.id);
        Ok(())
    }

    /// Both probes, unsigned and empty.
    async fn probe(&self, url: &str) -> Result<(), Refusal> {
        for method in [Method::GET, Method::POST] {
            let hook =
                Hook { method, url: url.to_owned(), headers: Vec::new(), body: String::new(), patience: PATIENCE };
            if self.ground.hooks.deliver(hook).await.status() != Some(200) {
                return Err(Refusal::Invalid("url", "invalid"));
            }
        }
        Ok(())
    }

    /// Tells whoever wants it, one delivery after the other: the vendor keeps the order.
    pub(super) async fn tell(self: &Arc<Self>, news: News) {
        let word = news.word();
        let told: Vec<Webhook> = lock(&self.webhooks)
            .iter()
            .filter(|webhook| webhook.is_enabled && webhook.subscriptions.contains_key(&word))
            .cloned()
            .collect();
        for webhook in told {
            let body = json!([{
                "eventType": word, "eventTime": news.at_ms.to_string(), "orgId": self.options.org_id.to_string(),
                "payload": news.payload, "prevState": null,
            }]);
            let delivery = self.ground.hooks.deliver(self.signed(&webhook, body.to_string())).await;
            if delivery.status() == Some(410) {
                lock(&self.webhooks).retain(|known| known.id != webhook.id);
            }
        }
    }

    /// A delivery with the header that says who sends it.
    fn signed(&self, webhook: &Webhook, body: String) -> Hook {
        let now_s = self.ground.clock.now().wall.as_second();
        let claims = super::jwt::Claims { org_id: self.options.org_id, webhook_id: webhook.id, now_s };
        let token = lock(&self.signer).token(claims);
        let headers = token.into_iter().map(|token| ("X-ZDesk-JWT".to_owned(), token)).collect();
        Hook { method: Method::POST, url: webhook.url.clone(), headers, body, patience: PATIENCE }
    }
}

/// Every event known, a filter only where there may be one.
fn sound(subscriptions: &BTreeMap<String, Value>) -> Result<(), Refusal> {
    let known = |(word, filter): (&String, &Value)| {
        let event = EVENTS.iter().find(|(known, _)| known == word);
        event.is_some_and(|(_, filtered)| filter.is_null() || *filtered && filter.is_object())
    };
    let sound = !subscriptions.is_empty() && subscriptions.iter().all(known);
    sound.then_some(()).ok_or(Refusal::Invalid("subscriptions", "invalid"))
}
