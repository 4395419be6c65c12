//! What a delivery says: pure.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::base::secret::Secret;
use crate::crm::hooks::{Delivery, Heard, Hint, Unheard};
use crate::crm::smart_crm::path;
use crate::model::ids::CrmId;

/// Names under which the key of a webhook comes: `code` is the vendor's own (`WebhookKey`), `token` is ours.
const KEYS: [&str; 2] = ["token", "code"];
/// Sent where the body grew too long and was stripped.
const STRIPPED: &str = "x-ms-dynamics-msg-size-exceeded";
const ENTITY: &str = "x-ms-dynamics-entity-name";

/// The context of an operation, as far as it says which record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Context {
    #[serde(default)]
    message_name: Option<String>,
    #[serde(default)]
    primary_entity_name: Option<String>,
    #[serde(default)]
    primary_entity_id: Option<String>,
    /// Null where the body was stripped.
    #[serde(default)]
    input_parameters: Option<Vec<Parameter>>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    key: String,
    #[serde(default)]
    value: Value,
}

/// Which records changed. This vendor signs nothing: who knows the key is believed, and what is named is read again.
///
/// # Errors
/// [`Unheard::NotGenuine`] without the key; [`Unheard::Unreadable`] where the body is no context of an operation.
pub(super) fn hear(delivery: &Delivery<'_>, key: &Secret) -> Result<Heard, Unheard> {
    if !knows(delivery, key) {
        return Err(Unheard::NotGenuine { found: "another key or none".to_owned() });
    }
    if delivery.method != Method::POST {
        return Ok(Heard::Probe);
    }
    let header = |name: &str| delivery.headers.get(name).and_then(|value| value.to_str().ok());
    let read: Result<Context, _> = serde_json::from_slice(delivery.body);
    let context = match read {
        Ok(context) => context,
        // Too long to be told: whatever changed lately.
        Err(_) if header(STRIPPED).is_some() => return Ok(Heard::Changes(vec![Hint::Sweep])),
        Err(error) if error.is_data() => return Err(unreadable("JSON of another shape")),
        Err(_) => return Err(unreadable("no JSON")),
    };
    let Some(logical) = context.primary_entity_name.as_deref().or_else(|| header(ENTITY)) else {
        return Err(unreadable("JSON that names no table"));
    };
    if logical == path::USER_LOGICAL {
        return Ok(Heard::Changes(vec![Hint::Users]));
    }
    let Some(table) = path::TABLES.iter().find(|table| table.logical == logical) else {
        return Ok(Heard::Changes(Vec::new()));
    };
    let Some(id) = context.primary_entity_id.as_deref().and_then(id) else {
        return Ok(Heard::Changes(vec![Hint::Sweep]));
    };
    let mut hints = vec![Hint::Record(table.kind, id)];
    if context.message_name.as_deref() == Some("Merge") {
        // Stripped, it does not say which record lost.
        let loser = context.input_parameters.as_deref().and_then(loser);
        hints.push(loser.map_or(Hint::Sweep, |loser| Hint::Record(table.kind, loser)));
    }
    Ok(Heard::Changes(hints))
}

fn unreadable(found: &str) -> Unheard {
    Unheard::Unreadable { found: found.to_owned() }
}

/// A record's id; the one of nothing but zeros is nobody's.
fn id(text: &str) -> Option<CrmId> {
    CrmId::parse(text).filter(|id| matches!(id, CrmId::Uuid(bytes) if *bytes != [0; 16]))
}

fn loser(parameters: &[Parameter]) -> Option<CrmId> {
    parameters.iter().find(|parameter| parameter.key == "SubordinateId")?.value.as_str().and_then(id)
}

/// Whether the delivery carries the key: in its address, or in the header that the door takes, too.
fn knows(delivery: &Delivery<'_>, key: &Secret) -> bool {
    let seal = key.seal();
    let query = delivery.target.split_once('?').map_or("", |(_, query)| query);
    let told = form_urlencoded::parse(query.as_bytes());
    let mut told = told.filter(|(name, _)| KEYS.contains(&name.as_ref())).peekable();
    if told.peek().is_some() {
        return told.any(|(_, value)| seal.opens(value.as_bytes()));
    }
    let header = delivery.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (bearer, basic) = (
        header.and_then(|text| text.strip_prefix("Bearer ")),
        header.and_then(|text| text.strip_prefix("Basic ")).and_then(|text| STANDARD.decode(text).ok()),
    );
    let password = basic.as_deref().and_then(|pair| pair.splitn(2, |&byte| byte == b':').nth(1));
    bearer.is_some_and(|token| seal.opens(token.as_bytes())) || password.is_some_and(|token| seal.opens(token))
}
