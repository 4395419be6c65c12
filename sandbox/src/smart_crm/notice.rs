//! Webhooks: what an asynchronous step posts after a change, and how often.
//!
//! # Source
//! Microsoft's page on webhooks: the form of the context, the headers, 60 s, one retry and only after 502, 503 or 504,
//! what is removed beyond 256 KB. How an authentication key is added to an address that has a query is a guess.

use std::{sync::Arc, time::Duration};

use hyper::Method;
use serde_json::{Value, json};

use super::{
    endpoints::{AuthType, Endpoint},
    row::{Cell, Row, money},
    schema::guid_text,
    seed::other_id,
};
use crate::kit::{Ground, Hook};

/// How long the vendor waits for a reply.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between the two tries; a guess.
const PAUSE: Duration = Duration::from_secs(1);

/// Something happened to a record.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub(super) message: &'static str,
    pub(super) logical: &'static str,
    pub(super) id: u128,
    /// What an update changed.
    pub(super) columns: Vec<&'static str>,
    /// The record afterwards.
    pub(super) target: Option<Row>,
    /// Of a merge, the one that lost.
    pub(super) loser: Option<u128>,
}

/// Posts a notice, and once more where the vendor would.
pub(super) async fn deliver(ground: Arc<Ground>, endpoint: Endpoint, notice: Notice, most_bytes: usize) {
    let hook = hook(&ground, &endpoint, &notice, most_bytes);
    let first = ground.hooks.deliver(hook.clone()).await;
    if matches!(first.status(), Some(502..=504)) {
        tokio::time::sleep(ground.clock.waited(PAUSE)).await;
        ground.hooks.deliver(hook).await;
    }
}

fn hook(ground: &Ground, endpoint: &Endpoint, notice: &Notice, most_bytes: usize) -> Hook {
    let host = ground.base_url.trim_start_matches("http://").to_owned();
    let mut headers = vec![
        ("x-ms-dynamics-organization".to_owned(), host),
        ("x-ms-dynamics-entity-name".to_owned(), notice.logical.to_owned()),
        ("x-ms-dynamics-request-name".to_owned(), notice.message.to_owned()),
        ("x-ms-correlation-request-id".to_owned(), guid_text(other_id(9, 1))),
    ];
    let at_ms = ground.clock.now().wall.as_millisecond();
    let mut context = context(notice, at_ms);
    if context.to_string().len() > most_bytes {
        headers.push(("x-ms-dynamics-msg-size-exceeded".to_owned(), "true".to_owned()));
        for stripped in ["ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"] {
            context[stripped] = Value::Null;
        }
    }
    let mut url = endpoint.url.clone();
    let mut add = |name: &str, value: &str| {
        let pair = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        url = format!("{url}{}{pair}", if url.contains('?') { '&' } else { '?' });
    };
    match endpoint.auth {
        AuthType::WebhookKey => add("code", &endpoint.value),
        AuthType::HttpQueryString => endpoint.settings().iter().for_each(|(name, value)| add(name, value)),
        AuthType::HttpHeader => headers.extend(endpoint.settings()),
    }
    Hook { method: Method::POST, url, headers, body: context.to_string(), patience: PATIENCE }
}

/// `RemoteExecutionContext`, as far as anybody reads it.
fn context(notice: &Notice, at_ms: i64) -> Value {
    let id = guid_text(notice.id);
    let mut input = Vec::new();
    match (notice.message, &notice.target) {
        ("Delete", _) => input.push(json!({"key": "Target", "value": reference(notice.logical, notice.id)})),
        ("Merge", _) => {
            input.push(json!({"key": "Target", "value": reference(notice.logical, notice.id)}));
            let loser = notice.loser.map(guid_text);
            input.push(json!({"key": "SubordinateId", "value": loser}));
        }
        (_, Some(row)) => input.push(json!({"key": "Target", "value": target(row, notice)})),
        _ => {}
    }
    // The vendor's sample leaves this one's type out.
    let mut owner = reference("sdkmessageprocessingstep", other_id(9, 6));
    owner.as_object_mut().and_then(|owner| owner.remove("__type"));
    json!({
        "BusinessUnitId": guid_text(other_id(9, 2)), "CorrelationId": guid_text(other_id(9, 1)), "Depth": 1,
        "InitiatingUserId": guid_text(other_id(9, 3)), "InputParameters": input, "IsExecutingOffline": false,
        "IsInTransaction": false, "IsOfflinePlayback": false, "IsolationMode": 1, "MessageName": notice.message,
        "Mode": 1, "OperationCreatedOn": format!("/Date({at_ms}+0000)/"), "OperationId": guid_text(other_id(9, 4)),
        "OrganizationId": guid_text(other_id(9, 5)), "OrganizationName": "sandbox", "OutputParameters": [],
        "OwningExtension": owner, "ParentContext": null,
        "PostEntityImages": [], "PreEntityImages": [], "PrimaryEntityId": id, "PrimaryEntityName": notice.logical,
        "RequestId": null, "SecondaryEntityName": "none", "SharedVariables": [], "Stage": 40,
        "UserId": guid_text(other_id(9, 3)),
    })
}

fn reference(logical: &str, id: u128) -> Value {
    json!({
        "__type": "EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts", "Id": guid_text(id),
        "KeyAttributes": [], "LogicalName": logical, "Name": null, "RowVersion": null,
    })
}

fn target(row: &Row, notice: &Notice) -> Value {
    let told = |name: &&'static str| notice.message == "Create" || notice.columns.contains(name);
    let attributes: Vec<Value> = row.cells.iter().filter(|(name, _)| told(name)).map(attribute).collect();
    json!({
        "__type": "Entity:http://schemas.microsoft.com/xrm/2011/Contracts", "Attributes": attributes,
        "EntityState": null, "FormattedValues": [], "Id": guid_text(row.id), "KeyAttributes": [],
        "LogicalName": row.schema.logical, "RelatedEntities": [], "RowVersion": null,
    })
}

fn attribute((name, cell): &(&'static str, Cell)) -> Value {
    let name = name.trim_start_matches('_').trim_end_matches("_value");
    let value = match cell {
        Cell::Text(text) => json!(text),
        Cell::Money(hundredths) => {
            json!({"__type": "Money:http://schemas.microsoft.com/xrm/2011/Contracts", "Value": money(*hundredths)})
        }
        Cell::Whole(number) => {
            json!({"__type": "OptionSetValue:http://schemas.microsoft.com/xrm/2011/Contracts", "Value": number})
        }
        Cell::Flag(flag) => json!(flag),
        Cell::Time(at_s) => json!(format!("/Date({}000)/", at_s)),
        Cell::Id(id) => json!(guid_text(*id)),
        Cell::Lookup(id, logical) => reference(logical, *id),
    };
    json!({"key": name, "value": value})
}
