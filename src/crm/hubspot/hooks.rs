//! What HubSpot delivers, and whether it was HubSpot.
//!
//! Nothing is registered from here: a private app's subscriptions are made in the vendor's settings, a public app's with
//! the developer's own key, a project app's in its files. `keep` says what is to be entered there.
//!
//! # Source
//! The vendor's page on validating requests, version 3 of the signature, and its descriptions of subscriptions and
//! events, read 2026-11-20.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use serde::Deserialize;
use serde_json::Value;

use crate::base::{clock::Clock, secret::Secret};
use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, Hint, HookTarget, Hooks, Kept, Unheard};
use crate::model::{client::Kind, ids::CrmId};

/// A delivery that is older, or from so far ahead, may be somebody's who has heard an earlier one.
const BELIEVED_MS: u64 = 300_000;
const SIGNATURE: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";
/// There is nothing to renew.
const AGAIN: Duration = Duration::from_secs(86_400);
/// What the vendor takes back out of its own percent-encoding before it signs an address.
const DECODED: [(&str, char); 12] = [
    ("%3A", ':'),
    ("%2F", '/'),
    ("%3F", '?'),
    ("%40", '@'),
    ("%21", '!'),
    ("%24", '$'),
    ("%27", '\''),
    ("%28", '('),
    ("%29", ')'),
    ("%2A", '*'),
    ("%2C", ','),
    ("%3B", ';'),
];

/// Hears deliveries for one project.
pub(super) struct Deliveries {
    key: hmac::Key,
    target: HookTarget,
    clock: Clock,
}

/// One event of a delivery. Which members it has depends on what happened.
#[derive(Debug, Deserialize)]
struct Event {
    /// `contact.creation`, `object.propertyChange` and so on.
    #[serde(rename = "subscriptionType", alias = "eventType")]
    what: Option<String>,
    #[serde(rename = "objectTypeId")]
    object_type: Option<String>,
    #[serde(rename = "objectId")]
    object: Option<Value>,
    #[serde(rename = "primaryObjectId")]
    primary: Option<Value>,
    #[serde(rename = "newObjectId")]
    merged_into: Option<Value>,
    #[serde(rename = "mergedObjectIds", default)]
    merged: Vec<Value>,
    /// `DEAL_TO_CONTACT` and so on.
    #[serde(rename = "associationType")]
    association: Option<String>,
    #[serde(rename = "fromObjectTypeId")]
    from_type: Option<String>,
    #[serde(rename = "toObjectTypeId")]
    to_type: Option<String>,
    #[serde(rename = "fromObjectId")]
    from: Option<Value>,
    #[serde(rename = "toObjectId")]
    to: Option<Value>,
}

impl Deliveries {
    pub(super) fn new(secret: &Secret, target: HookTarget, clock: Clock) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()), target, clock }
    }

    /// Whether the vendor signed this.
    ///
    /// # Errors
    /// [`Unheard::NotGenuine`] where it did not, or too long ago.
    fn verify(&self, delivery: &Delivery<'_>) -> Result<(), Unheard> {
        let header = |name: &str| delivery.headers.get(name).and_then(|value| value.to_str().ok());
        let not = |found: &str| Err(Unheard::NotGenuine { found: found.to_owned() });
        let (Some(signature), Some(stamp)) = (header(SIGNATURE), header(TIMESTAMP)) else {
            return not("one without its signature or its time");
        };
        let Ok(stamp_ms) = stamp.parse::<i64>() else { return not("a time that is no number") };
        if self.clock.now().as_millisecond().abs_diff(stamp_ms) > BELIEVED_MS {
            return not("one that is more than five minutes old");
        }
        let Ok(signature) = STANDARD.decode(signature) else { return not("a signature that is none") };
        let signs = |address: &str| {
            let mut text = format!("{}{address}", delivery.method).into_bytes();
            text.extend_from_slice(delivery.body);
            text.extend_from_slice(stamp.as_bytes());
            hmac::verify(&self.key, &text, &signature).is_ok()
        };
        let address = self.address(delivery.target);
        // An address that has nothing to decode is the same either way.
        if signs(&decoded(&address)) || signs(&address) { Ok(()) } else { not("another's signature") }
    }

    /// The address as the vendor called it: the public one, since a proxy may have changed it, with the query that came.
    fn address(&self, target: &str) -> String {
        let mut address = self.target.url.as_str().to_owned();
        if let Some((_, query)) = target.split_once('?') {
            address.push('?');
            address.push_str(query);
        }
        address
    }
}

fn decoded(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let mut rest = address;
    while let Some(letter) = rest.chars().next() {
        let known = rest.get(..3).and_then(|code| DECODED.iter().find(|(from, _)| code.eq_ignore_ascii_case(from)));
        out.push(known.map_or(letter, |&(_, to)| to));
        rest = &rest[known.map_or(letter.len_utf8(), |_| 3)..];
    }
    out
}

impl Event {
    fn hints(&self, hints: &mut Vec<Hint>) {
        let what = self.what.as_deref().unwrap_or_default();
        let (object, verb) = what.split_once('.').unwrap_or((what, ""));
        if verb == "associationChange" {
            return self.association_hints(hints);
        }
        let kind = kind_of(object).or_else(|| self.object_type.as_deref().and_then(kind_of));
        let Some(kind) = kind else { return };
        let named = [&self.object, &self.primary, &self.merged_into].into_iter().flatten().chain(&self.merged);
        let before = hints.len();
        hints.extend(named.filter_map(id).map(|id| Hint::Record(kind, id)));
        if hints.len() == before {
            // Something happened to one of ours that is not named.
            hints.push(Hint::Sweep);
        }
    }

    /// Who an association is told of: the end that belongs to the other.
    fn association_hints(&self, hints: &mut Vec<Hint>) {
        let words = self.association.as_deref().and_then(|words| words.split_once("_TO_"));
        let kind = |word: Option<&str>, type_id: &Option<String>| {
            word.and_then(|word| kind_of(&word.to_ascii_lowercase())).or_else(|| type_id.as_deref().and_then(kind_of))
        };
        let ends = [
            (kind(words.map(|(from, _)| from), &self.from_type), self.from.as_ref()),
            (kind(words.map(|(_, to)| to), &self.to_type), self.to.as_ref()),
        ];
        let named = ends.into_iter().filter_map(|(kind, told)| Some(Hint::Record(kind?, id(told?)?)));
        hints.extend(named.filter(|hint| matches!(hint, Hint::Record(Kind::Deal | Kind::Ticket | Kind::Lead, _))));
    }
}

/// The kind that the vendor means, by the word of its events or the id of its type.
fn kind_of(word: &str) -> Option<Kind> {
    match word {
        "contact" | "0-1" => Some(Kind::Contact),
        "company" | "0-2" => Some(Kind::Organization),
        "deal" | "0-3" => Some(Kind::Deal),
        "ticket" | "0-5" => Some(Kind::Ticket),
        "lead" | "0-136" => Some(Kind::Lead),
        _ => None,
    }
}

fn id(value: &Value) -> Option<CrmId> {
    match value {
        Value::Number(number) => number.as_u64().map(CrmId::Number),
        Value::String(text) => CrmId::parse(text),
        _ => None,
    }
}

#[async_trait]
impl Hooks for Deliveries {
    async fn keep(&self) -> Result<Kept, Failure> {
        let url = &self.target.url;
        let by_hand = format!(
            "in HubSpot's app settings, webhooks: target URL {url}?token=TOKEN with this project's token for changes; \
             subscriptions to creation, deletion, merge, restore, property change (owner, numbers, stages) and association \
             change of contacts, companies, deals, tickets and leads"
        );
        Ok(Kept { standing: 0, again: AGAIN, by_hand: Some(by_hand) })
    }

    async fn hear(&self, delivery: &Delivery<'_>) -> Result<Heard, Unheard> {
        self.verify(delivery)?;
        let events: Vec<Event> = serde_json::from_slice(delivery.body).map_err(|error| {
            let found =
                format!("{} bytes that are no list of events at column {}", delivery.body.len(), error.column());
            Unheard::Unreadable { found }
        })?;
        let mut hints = Vec::new();
        events.iter().for_each(|event| event.hints(&mut hints));
        hints.sort_unstable();
        hints.dedup();
        Ok(Heard::Changes(hints))
    }
}
