//! Webhooks: one for each project, told of contacts, accounts, tickets and agents.
//!
//! A delivery carries a signed token that says which portal and which webhook it is from, and a body that nothing signs:
//! what it names is read again. Nothing is said of trying again, so a sweep still comes.
//!
//! # Source
//! The vendor's page on webhooks and its description: five of them on Professional, ten on Enterprise, none below; an
//! address is probed with GET and POST before it is accepted, and must answer 200 within five seconds from then on.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use http::Method as Sent;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Kept, Unheard};
use crate::crm::quota::Purpose;
use crate::crm::zoho_desk::{
    jwt::{Claims, Keys},
    path::{self, Operation},
    portal::{Portal, Question},
    status,
    wire::{List, Webhook},
};
use crate::model::{client::Kind, ids::CrmId};
use crate::outbound::{Method, Reply};

/// What is subscribed to; without filters: all departments, whoever made the change.
const EVENTS: [&str; 12] = [
    "Contact_Add",
    "Contact_Update",
    "Contact_Delete",
    "Account_Add",
    "Account_Update",
    "Account_Delete",
    "Ticket_Add",
    "Ticket_Update",
    "Ticket_Delete",
    "Agent_Add",
    "Agent_Update",
    "Agent_Delete",
];
/// Webhooks do not end by themselves; somebody may take one away.
const LOOK_AGAIN: Duration = Duration::from_secs(3_600);
/// Where the edition or the grant has none: somebody has to change that first.
const LOOK_AGAIN_IN_VAIN: Duration = Duration::from_secs(86_400);
/// The longest address that the vendor takes.
const LONGEST_URL: usize = 500;

/// The webhook of one project.
pub(super) struct DeskHooks {
    portal: Portal,
    keys: Keys,
    target: HookTarget,
    /// Ids of webhooks that are ours; empty until they were looked at.
    ours: Mutex<BTreeSet<CrmId>>,
}

/// What a delivery holds, an array of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event_type: Option<String>,
    org_id: Option<Value>,
    payload: Option<Payload>,
}

#[derive(Debug, Deserialize)]
struct Payload {
    id: Option<Value>,
}

impl DeskHooks {
    pub(super) fn new(portal: Portal, target: HookTarget) -> Self {
        let keys = Keys::new(&portal.base, portal.tools.outbound.clone());
        Self { portal, keys, target, ours: Mutex::default() }
    }

    /// What marks a webhook as this project's: made of its address, so that any process finds it again. Changes made by
    /// whoever names this as the source are not told to it.
    fn source_id(&self) -> String {
        let hash = Sha256::digest(self.target.url.as_str().as_bytes());
        let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    async fn ask(
        &self,
        method: Method,
        (operation, url): (Operation, Url),
        body: Option<Value>,
    ) -> Result<Reply, Failure> {
        let mut question = Question::background(Purpose::Sweep, operation.cost, url);
        (question.method, question.body) = (method, body);
        Ok(self.portal.reply_to(&question).await?)
    }

    /// Whether a webhook tells this project all that it needs.
    fn serves(&self, webhook: &Webhook) -> bool {
        let same = webhook.url.as_deref().and_then(|url| Url::parse(url).ok()) == Some(self.target.url_with_token());
        let all = EVENTS.iter().all(|event| webhook.subscriptions.contains_key(*event));
        same && all && webhook.is_enabled != Some(false)
    }

    async fn create(&self) -> Result<Reply, Failure> {
        let url = self.target.url_with_token();
        if url.as_str().len() > LONGEST_URL {
            let found = url.as_str().len();
            let reason = format!(
                "expected an address of at most {LONGEST_URL} letters for a webhook, the token included, found {found}"
            );
            return Err(Failure::Refused { reason });
        }
        let subscriptions: serde_json::Map<_, _> =
            EVENTS.iter().map(|event| ((*event).to_owned(), Value::Null)).collect();
        let body = json!({
            "url": url.as_str(), "subscriptions": subscriptions, "name": "predial", "isEnabled": true,
            "description": "Keeps predial's directory up to date", "ignoreSourceId": self.source_id(),
            "includeEventsFrom": ["AUTOMATION"],
        });
        let place = (path::CREATE_WEBHOOK, path::webhooks(&self.portal.base));
        self.ask(Method::Post, place, Some(body)).await
    }

    /// A panic in a holder leaves a set of ids, whole.
    fn ours(&self) -> MutexGuard<'_, BTreeSet<CrmId>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a token is one of this portal's, for a webhook of ours. Until ours were looked at, any of the portal's.
    fn is_for_us(&self, claims: &Claims) -> Result<(), String> {
        if claims.iss.as_deref() != Some(&format!("orgId:{}", self.portal.org_id)) {
            return Err("a token of another portal".to_owned());
        }
        let webhook = claims.aud.as_deref().and_then(|aud| aud.strip_prefix("webhookId:")).and_then(CrmId::parse);
        let ours = self.ours();
        match webhook {
            Some(id) if ours.is_empty() || ours.contains(&id) => Ok(()),
            _ => Err("a token for another webhook".to_owned()),
        }
    }

    fn hints(&self, events: Vec<Event>) -> Result<Vec<Hint>, Unheard> {
        let mut hints = BTreeSet::new();
        for event in events {
            if event.org_id.as_ref().is_some_and(|id| text(id) != self.portal.org_id) {
                return Err(Unheard::NotGenuine { found: "an event of another portal".to_owned() });
            }
            let word = event.event_type.unwrap_or_default();
            let id = event.payload.and_then(|payload| payload.id).and_then(|id| CrmId::parse(&text(&id)));
            let kind = match word.split_once('_') {
                _ if !EVENTS.contains(&word.as_str()) => continue,
                Some(("Contact", _)) => Kind::Contact,
                Some(("Account", _)) => Kind::Organization,
                Some(("Ticket", _)) => Kind::Ticket,
                _ => {
                    hints.insert(Hint::Users);
                    continue;
                }
            };
            hints.insert(id.map_or(Hint::Sweep, |id| Hint::Record(kind, id)));
        }
        Ok(hints.into_iter().collect())
    }
}

#[async_trait]
impl Hooks for DeskHooks {
    /// # Cost
    /// 3 credits where all stands; one more for each webhook that is made or taken away.
    async fn keep(&self) -> Result<Kept, Failure> {
        let place = (path::WEBHOOKS, path::webhooks(&self.portal.base));
        let reply = self.ask(Method::Get, place, None).await?;
        if let Some(said) = status::not_included(&reply) {
            return Ok(in_vain(&said));
        }
        let listed: List<Webhook> = status::judge(&reply)?;
        let source_id = self.source_id();
        let is_ours = |webhook: &Webhook| {
            webhook.ignore_source_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(&source_id))
        };
        let ours: Vec<&Webhook> = listed.data.iter().filter(|webhook| is_ours(webhook)).collect();
        let standing = ours.iter().find(|webhook| self.serves(webhook)).and_then(|webhook| webhook.id);
        // Those with a token of before, switched off, or twice.
        for id in ours.iter().filter_map(|webhook| webhook.id).filter(|id| Some(*id) != standing) {
            let place = (path::DELETE_WEBHOOK, path::one(&self.portal.base, path::DELETE_WEBHOOK, id));
            let reply = self.ask(Method::Delete, place, None).await?;
            if !status::says_gone(&reply) && reply.status >= 300 {
                status::judge::<Option<Value>>(&reply)?;
            }
        }
        let id = match standing {
            Some(id) => id,
            None => {
                let reply = self.create().await?;
                if let Some(said) = status::not_included(&reply) {
                    return Ok(in_vain(&said));
                }
                let made: Option<Webhook> = status::judge(&reply)?;
                let id = made.and_then(|webhook| webhook.id);
                id.ok_or_else(|| Failure::Unclear { reason: "expected a new webhook's id, found none".to_owned() })?
            }
        };
        *self.ours() = BTreeSet::from([id]);
        Ok(Kept { standing: 1, again: LOOK_AGAIN, by_hand: None })
    }

    async fn hear(&self, delivery: &Delivery<'_>) -> Result<Heard, Unheard> {
        let token = delivery.headers.get(path::DELIVERY_HEADER).and_then(|value| value.to_str().ok());
        let events = serde_json::from_slice::<Vec<Event>>(delivery.body);
        let Some(token) = token else {
            // A probe is signed by nobody and says nothing.
            let says_nothing = events.as_ref().map_or(true, Vec::is_empty);
            return match *delivery.method {
                Sent::GET | Sent::HEAD => Ok(Heard::Probe),
                _ if says_nothing => Ok(Heard::Probe),
                _ => Err(Unheard::NotGenuine { found: "no token".to_owned() }),
            };
        };
        let genuine = self.keys.claims(token, self.portal.tools.clock.now_s()).await;
        let genuine = genuine.and_then(|claims| self.is_for_us(&claims));
        genuine.map_err(|found| Unheard::NotGenuine { found })?;
        let events = events.map_err(|error| {
            let found = format!("no list of events at column {}", error.column());
            Unheard::Unreadable { found }
        })?;
        self.hints(events).map(Heard::Changes)
    }
}

fn in_vain(said: &str) -> Kept {
    let by_hand = format!(
        "Zoho Desk has no webhooks for us ({said}): they take the edition Professional or Enterprise, and a grant with \
         Desk.webhooks.ALL; until then changes are noticed by sweeps"
    );
    Kept { standing: 0, again: LOOK_AGAIN_IN_VAIN, by_hand: Some(by_hand) }
}

/// An id, as text or as a number.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
