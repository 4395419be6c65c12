//! Webhooks: one per kind of record and one for the users, kept at the account, and what they tell.
//!
//! The vendor signs nothing. Whoever knows the project's token, which travels as the password of Basic, is believed; and
//! what is told is a hint, so whoever learned the token can make us read again what is there anyway.
//!
//! # Source
//! The vendor's description of `/v1/webhooks` and its guides to the second version of webhooks, seen 2026-11-21. Not
//! confirmed on a live account: whether an address is looked at when a webhook is made, and how; what it is then asked is
//! taken for a probe, whatever its credentials.

use async_trait::async_trait;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Kept, Unheard};
use crate::crm::pipedrive::{
    account::{Account, Question, Sent},
    path, status,
    wire::{Told, Webhook},
};
use crate::crm::quota::Purpose;
use crate::model::{client::Kind, ids::CrmId};
use crate::outbound;

/// What is told of. Whatever happens to each: made, changed, deleted, merged.
const OBJECTS: [&str; 5] = ["person", "organization", "deal", "lead", "user"];
const ANY_ACTION: &str = "*";
/// The first version tells of merges otherwise, and of leads not at all.
const VERSION: &str = "2.0";
/// The user of Basic; only the password counts.
const USER: &str = "predial";

/// The webhooks of one account that are pointed at us.
pub(super) struct Webhooks {
    account: Account,
    target: HookTarget,
    /// Their name at the vendor. It changes with the token: the vendor need not show what password it holds.
    name: String,
}

/// What has to be done at the account.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// How many stand as they should.
    pub(super) standing: usize,
    /// Ids of those of ours that are of no use: twice the same, of another token or version, switched off.
    pub(super) dropped: Vec<u64>,
    /// What nobody tells of yet.
    pub(super) missing: Vec<&'static str>,
}

impl Plan {
    /// What has to be done where these are found. Ours are those at our address; others are let be.
    pub(super) fn of(found: &[Webhook], target: &Url, name: &str) -> Self {
        let mut plan = Self { standing: 0, dropped: Vec::new(), missing: OBJECTS.to_vec() };
        let is_ours = |webhook: &&Webhook| Url::parse(&webhook.subscription_url).is_ok_and(|url| url == *target);
        for webhook in found.iter().filter(is_ours).filter(|webhook| webhook.remove_time.is_none()) {
            let at = plan.missing.iter().position(|object| *object == webhook.event_object);
            match at.filter(|_| webhook.serves(ANY_ACTION, VERSION, name)) {
                Some(at) => {
                    plan.missing.remove(at);
                    plan.standing += 1;
                }
                None => plan.dropped.push(webhook.id),
            }
        }
        plan
    }
}

impl Webhooks {
    pub(super) fn new(account: Account, target: HookTarget) -> Self {
        let digest = Sha256::digest(target.token.expose().as_bytes());
        let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Self { account, target, name: format!("predial {mark}") }
    }

    async fn listed(&self) -> Result<Vec<Webhook>, Failure> {
        let url = path::at(&self.account.base, path::WEBHOOKS);
        let question = Question::background(Purpose::Sweep, path::WEBHOOKS, url);
        Ok(self.account.ask_for::<Vec<Webhook>>(question).await?.data.unwrap_or_default())
    }

    async fn add(&self, object: &str) -> Result<(), Failure> {
        let url = path::at(&self.account.base, path::ADD_WEBHOOK);
        let sent = Sent::Json(outbound::Method::Post, added(&self.target, &self.name, object));
        let question = Question { sent, ..Question::background(Purpose::Sweep, path::ADD_WEBHOOK, url) };
        self.account.ask_for::<Value>(question).await.map(drop)
    }

    async fn drop_one(&self, id: u64) -> Result<(), Failure> {
        let url = path::webhook(&self.account.base, id);
        let question = Question::background(Purpose::Sweep, path::DROP_WEBHOOK, url);
        let reply = self.account.reply_to(&Question { sent: Sent::Delete, ..question }).await?;
        if status::says_gone(&reply) {
            return Ok(());
        }
        status::judge::<Value>(&reply).map(drop)
    }
}

/// What makes a webhook.
///
/// # Shape
/// `POST /v1/webhooks`; without `user_id` it sees what the token's owner sees, so that should be an administrator.
pub(super) fn added(target: &HookTarget, name: &str, object: &str) -> Value {
    json!({
        "subscription_url": target.url.as_str(), "event_action": ANY_ACTION, "event_object": object, "name": name,
        "version": VERSION, "http_auth_user": USER, "http_auth_password": target.token.expose(),
    })
}

#[async_trait]
impl Hooks for Webhooks {
    /// One that cannot be made does not keep the others from being made.
    ///
    /// # Errors
    /// The first failure, once everything has been tried that it does not concern.
    ///
    /// # Cost
    /// 10 tokens of the sweeps' share; 10 more for each that is made, 6 for each that is taken away.
    async fn keep(&self) -> Result<Kept, Failure> {
        let Plan { mut standing, dropped, missing } = Plan::of(&self.listed().await?, &self.target.url, &self.name);
        for id in dropped {
            self.drop_one(id).await?;
        }
        let mut failure = None;
        for object in missing {
            match self.add(object).await {
                Ok(()) => standing += 1,
                Err(refused @ (Failure::Refused { .. } | Failure::Credentials { .. })) => {
                    failure.get_or_insert(refused);
                }
                Err(other) => return Err(other),
            }
        }
        // The vendor deletes what had no success for three days.
        failure.map_or(Ok(Kept { standing, again: path::WEBHOOKS_EVERY, by_hand: None }), Err)
    }

    async fn hear(&self, delivery: &Delivery<'_>) -> Result<Heard, Unheard> {
        if delivery.method != Method::POST || delivery.body.is_empty() {
            return Ok(Heard::Probe);
        }
        let unreadable = |found: String| Unheard::Unreadable { found };
        let told: Told = serde_json::from_slice(delivery.body)
            .map_err(|error| unreadable(format!("another shape at line {} column {}", error.line(), error.column())))?;
        let kind = match told.meta.entity.as_str() {
            "person" => Kind::Contact,
            "organization" => Kind::Organization,
            "deal" => Kind::Deal,
            "lead" => Kind::Lead,
            "user" => return Ok(Heard::Changes(vec![Hint::Users])),
            _ => return Ok(Heard::Changes(Vec::new())),
        };
        let ids = [Some(&told.meta.entity_id), told.meta.merged_to_id.as_ref(), told.meta.merged_from_id.as_ref()];
        let hint = |id: &Value| Some(Hint::Record(kind, read_id(id)?));
        let mut hints = Vec::new();
        for id in ids.into_iter().flatten() {
            hints.push(hint(id).ok_or_else(|| unreadable(format!("a {kind} without an id of ours")))?);
        }
        if hints.len() > 1 {
            // What belonged to the one belongs to the other now, and no event names it.
            hints.push(Hint::Sweep);
        }
        Ok(Heard::Changes(hints))
    }
}

/// Ids are text by the guide and numbers in its older examples.
fn read_id(id: &Value) -> Option<CrmId> {
    match id {
        Value::String(text) => CrmId::parse(text),
        Value::Number(number) => number.as_u64().map(CrmId::Number),
        _ => None,
    }
}
