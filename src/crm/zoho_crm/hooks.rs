//! Notifications: one channel that tells of all four modules, renewed every day.
//!
//! A delivery is not signed. It repeats the channel's number and a token of ours, which is all there is to tell it from
//! somebody else's; both are made of the project's own secret, so nothing has to be kept. The address carries the token
//! of the project's door, since the vendor sends no header of ours.

use std::time::Duration;

use async_trait::async_trait;
use http::Method as HttpMethod;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Kept, Unheard};
use crate::crm::zoho_crm::{
    api::{Api, Payer, Question},
    path,
    wire::{self, Enabled, Event, Notification, Watched, channel, seconds},
};
use crate::model::{client::Kind, ids::CrmId};
use crate::outbound::Method;

/// How long a channel lives: less than the week beyond which the vendor makes it an hour.
const LIFE_S: i64 = 6 * 86_400;
/// A channel that ends sooner is renewed.
const RENEWED_S: i64 = 5 * 86_400;
/// When to look again.
const AGAIN: Duration = Duration::from_secs(86_400);
/// Records that one delivery may name; beyond, everything that changed lately is asked for.
const MOST_NAMED: usize = 100;

const WATCHED: [Kind; 4] = [Kind::Lead, Kind::Contact, Kind::Organization, Kind::Deal];

/// The channel of one project.
pub(super) struct Channels {
    api: Api,
    target: HookTarget,
    id: u64,
    token: String,
}

impl Channels {
    pub(super) fn new(api: Api, target: HookTarget) -> Self {
        let digest = |what: &str| -> [u8; 32] {
            let mut digest = Sha256::new();
            for part in [what, target.url.as_str(), target.token.expose()] {
                digest.update(part.as_bytes());
                digest.update([0]);
            }
            digest.finalize().into()
        };
        let [a, b, c, d, e, f, ..] = digest("channel");
        // Below 2^48: a number that survives being read as a floating one. Never 0.
        let id = u64::from_be_bytes([0, 0, a, b, c, d, e, f]) | 1;
        let token = digest("token").iter().take(20).map(|byte| format!("{byte:02x}")).collect();
        Self { api, target, id, token }
    }

    /// Seconds until the channel ends; `None` where it does not stand as it should.
    fn left_s(&self, standing: &[Event]) -> Option<i64> {
        let url = self.target.url_with_token();
        let own = |event: &&Event| {
            channel(event.channel_id.as_ref()) == Some(self.id)
                && event.notify_url.as_deref().is_none_or(|told| told == url.as_str())
                && event.token.as_deref().is_none_or(|told| told == self.token)
        };
        let now_s = self.api.tools.clock.now_s();
        let ends = WATCHED.map(|kind| {
            let of = |event: &&Event| event.resource_name.as_deref().and_then(path::kind) == Some(kind);
            let event = standing.iter().filter(own).find(of)?;
            Some(seconds(event.channel_expiry.as_deref()) - now_s)
        });
        ends.into_iter().collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    async fn send(&self, method: Method) -> Result<(), Failure> {
        let events: Vec<String> =
            WATCHED.into_iter().filter_map(path::module).map(|module| format!("{module}.all")).collect();
        let expiry = path::time(self.api.tools.clock.now_s() + LIFE_S);
        let body = json!({"watch": [{
            "channel_id": self.id.to_string(), "events": events, "channel_expiry": expiry, "token": self.token,
            "notify_url": self.target.url_with_token().as_str(), "notify_on_related_action": false,
        }]});
        let question = Question::sending(method, path::watch(&self.api.base, None), Some(body));
        let enabled: Option<Enabled> = self.api.ask(Payer::SWEEP, &question).await?;
        let rows = enabled.map(|enabled| enabled.watch).unwrap_or_default();
        match rows.iter().find(|row| row.is_error()) {
            Some(row) => {
                let said = [&row.code, &row.message].into_iter().flatten().cloned().collect::<Vec<_>>().join("; ");
                Err(Failure::Refused { reason: format!("a channel of notifications: {said}") })
            }
            None if rows.is_empty() => {
                Err(Failure::Unclear { reason: "expected the channel, found nothing about it".to_owned() })
            }
            None => Ok(()),
        }
    }

    fn is_ours(&self, notification: &Notification) -> bool {
        let told = notification.token.as_deref().unwrap_or_default();
        let token: bool = told.as_bytes().ct_eq(self.token.as_bytes()).into();
        token && channel(notification.channel_id.as_ref()) == Some(self.id)
    }
}

#[async_trait]
impl Hooks for Channels {
    /// # Cost
    /// 1 credit of the sweeps' share, 2 where the channel is made or renewed.
    async fn keep(&self) -> Result<Kept, Failure> {
        let question = Question::page(path::watch(&self.api.base, Some(self.id)));
        let standing: Option<Watched> = self.api.ask(Payer::SWEEP, &question).await?;
        let standing = standing.map(|standing| standing.watch).unwrap_or_default();
        let known = standing.iter().any(|event| channel(event.channel_id.as_ref()) == Some(self.id));
        match self.left_s(&standing) {
            Some(left_s) if left_s > RENEWED_S => {}
            _ if known => self.send(Method::Put).await?,
            _ => self.send(Method::Post).await?,
        }
        Ok(Kept { standing: 1, again: AGAIN, by_hand: None })
    }

    async fn hear(&self, delivery: &Delivery<'_>) -> Result<Heard, Unheard> {
        if delivery.method != HttpMethod::POST || delivery.body.is_empty() {
            return Ok(Heard::Probe);
        }
        let unreadable = |found: String| Unheard::Unreadable { found };
        let notification: Notification = serde_json::from_slice(delivery.body)
            .map_err(|error| unreadable(format!("no notification at column {}", error.column())))?;
        if !self.is_ours(&notification) {
            let found = "a notification with another token or of another channel".to_owned();
            return Err(Unheard::NotGenuine { found });
        }
        // A module that is not read may be watched by somebody else through the same channel.
        let Some(kind) = notification.module.as_deref().and_then(path::kind) else {
            return Ok(Heard::Changes(Vec::new()));
        };
        if notification.ids.is_empty() || notification.ids.len() > MOST_NAMED {
            return Ok(Heard::Changes(vec![Hint::Sweep]));
        }
        let ids = notification.ids.iter().map(|id| wire::id(id).map(|id| Hint::Record(kind, CrmId::Number(id))));
        let hints: Option<Vec<Hint>> = ids.collect();
        hints.map(Heard::Changes).ok_or_else(|| unreadable("an id that is none".to_owned()))
    }
}
