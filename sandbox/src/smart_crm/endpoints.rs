//! Webhooks as they are registered: service endpoints and the steps that post to them.
//!
//! # Shape
//! `serviceendpoints` with `contract` 8; `sdkmessagefilters` with the message of each, expanded;
//! `sdkmessageprocessingsteps` bound to all three.
//!
//! # Source
//! Microsoft's pages on registering webhooks for the tables, their columns and the list of a webhook's steps; clients of
//! the live API for the bodies. The vendor takes only ports 80 and 443; that would leave nothing to deliver to here.

use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{
    notice::Notice,
    reply::Refusal,
    schema::{ACCOUNT, CONTACT, INCIDENT, LEAD, OPPORTUNITY, SYSTEM_USER, Schema, guid_of, guid_text},
    seed::other_id,
};
use crate::kit::{Call, Query, Reply, json_reply, with_headers};

const MESSAGES: [&str; 5] = ["Create", "Update", "Delete", "Assign", "Merge"];
static TABLES: [&Schema; 6] = [&CONTACT, &ACCOUNT, &LEAD, &OPPORTUNITY, &INCIDENT, &SYSTEM_USER];
/// Messages that not every table has.
const MERGED: [&str; 4] = ["contact", "account", "lead", "incident"];

/// How an endpoint knows the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthType {
    WebhookKey,
    HttpHeader,
    HttpQueryString,
}

/// A webhook.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    id: u128,
    name: String,
    pub(super) url: String,
    pub(super) auth: AuthType,
    pub(super) value: String,
}

impl Endpoint {
    /// Names and values of `<settings><setting name="…" value="…"/></settings>`.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let quoted = |text: &str, name: &str| {
            let (_, after) = text.split_once(&format!("{name}=\""))?;
            Some(unescaped(after.split_once('"')?.0))
        };
        let pair = |part: &str| Some((quoted(part, "name")?, quoted(part, "value")?));
        self.value.split("<setting ").skip(1).filter_map(pair).collect()
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[derive(Debug, Clone)]
struct Step {
    id: u128,
    name: String,
    endpoint: u128,
    message: &'static str,
    logical: &'static str,
    filtering: Vec<String>,
}

/// Every webhook.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    endpoints: Vec<Endpoint>,
    steps: Vec<Step>,
    made: u64,
}

/// A message of a table: the place of both, which its id is made of.
fn filters() -> impl Iterator<Item = (u128, u128, &'static str, &'static str)> {
    (0_u64..).zip(TABLES).flat_map(|(table, schema)| {
        let has = move |message: &str| message != "Merge" || MERGED.contains(&schema.logical);
        let of = move |(place, message): (u64, &'static str)| {
            (other_id(2, table * 100 + place), other_id(1, place), message, schema.logical)
        };
        (0_u64..).zip(MESSAGES).filter(move |(_, message)| has(message)).map(of)
    })
}

impl Endpoints {
    /// Answers a request for `path` below the API's root; `None` where it is none of webhooks.
    pub(super) fn answer(&mut self, call: &Call, root: &str, path: &str, allowed: bool) -> Option<Reply> {
        let answered = match (call.method(), path) {
            (&Method::GET, "serviceendpoints") => self.list(call),
            (&Method::GET, "sdkmessagefilters") => list_filters(call),
            (&Method::POST, "serviceendpoints") if allowed => self.add(&call.body, root),
            (&Method::POST, "sdkmessageprocessingsteps") if allowed => self.add_step(&call.body, root),
            (&Method::POST, "serviceendpoints") => Err(Refusal::no_privilege("prvCreateServiceEndpoint")),
            (&Method::POST, "sdkmessageprocessingsteps") => {
                Err(Refusal::no_privilege("prvCreateSdkMessageProcessingStep"))
            }
            (&Method::GET, path) => {
                let id = path
                    .strip_prefix("serviceendpoints(")?
                    .strip_suffix(")/serviceendpoint_sdkmessageprocessingstep")?;
                self.list_steps(call, id)
            }
            (_, "serviceendpoints" | "sdkmessagefilters" | "sdkmessageprocessingsteps") => Err(Refusal::no_method()),
            _ => return None,
        };
        Some(answered.unwrap_or_else(|refusal| refusal.reply()))
    }

    fn list(&self, call: &Call) -> Result<Reply, Refusal> {
        const KNOWN: [&str; 5] = ["serviceendpointid", "name", "url", "contract", "authtype"];
        let names = selected(call, &KNOWN, "serviceendpoint")?;
        match Query::read(call.query()).text("$filter") {
            None | Some("contract eq 8") => {}
            Some(_) => return Err(Refusal::malformed("this stand-in knows $filter=contract eq 8 only")),
        }
        let row = |endpoint: &Endpoint| {
            let auth = match endpoint.auth {
                AuthType::WebhookKey => 4,
                AuthType::HttpHeader => 5,
                AuthType::HttpQueryString => 6,
            };
            let all = json!({
                "serviceendpointid": guid_text(endpoint.id), "name": endpoint.name, "url": endpoint.url, "contract": 8,
                "authtype": auth,
            });
            only(all, &names, "serviceendpointid")
        };
        Ok(value(&self.endpoints.iter().map(row).collect::<Vec<_>>()))
    }

    fn list_steps(&self, call: &Call, id: &str) -> Result<Reply, Refusal> {
        const KNOWN: [&str; 5] = ["sdkmessageprocessingstepid", "name", "mode", "stage", "_sdkmessagefilterid_value"];
        let names = selected(call, &KNOWN, "sdkmessageprocessingstep")?;
        let endpoint = guid_of(id).filter(|id| self.endpoints.iter().any(|endpoint| endpoint.id == *id));
        let endpoint = endpoint.ok_or_else(|| Refusal::not_found("serviceendpoint"))?;
        let row = |step: &Step| {
            let filter =
                filters().find(|(_, _, message, logical)| (*message, *logical) == (step.message, step.logical));
            let all = json!({
                "sdkmessageprocessingstepid": guid_text(step.id), "name": step.name, "mode": 1, "stage": 40,
                "_sdkmessagefilterid_value": filter.map(|(id, ..)| guid_text(id)),
            });
            only(all, &names, "sdkmessageprocessingstepid")
        };
        Ok(value(&self.steps.iter().filter(|step| step.endpoint == endpoint).map(row).collect::<Vec<_>>()))
    }

    fn add(&mut self, body: &[u8], root: &str) -> Result<Reply, Refusal> {
        const KNOWN: [&str; 7] = ["name", "url", "contract", "authtype", "authvalue", "description", "messageformat"];
        let body = object(body, &KNOWN, "serviceendpoint")?;
        let text = |name: &str| {
            let found = body.get(name).and_then(Value::as_str).map(str::to_owned);
            found.ok_or_else(|| Refusal::malformed(format!("{name} is required.")))
        };
        if body.get("contract").and_then(Value::as_i64) != Some(8) {
            return Err(Refusal::malformed("this stand-in registers webhooks only, which have contract 8"));
        }
        let auth = match body.get("authtype").and_then(Value::as_i64) {
            Some(4) => AuthType::WebhookKey,
            Some(5) => AuthType::HttpHeader,
            Some(6) => AuthType::HttpQueryString,
            _ => return Err(Refusal::malformed("The authentication type is not one of a webhook.")),
        };
        let (name, url, value) = (text("name")?, text("url")?, text("authvalue")?);
        if self.endpoints.iter().any(|endpoint| endpoint.name == name) {
            return Err(Refusal::malformed("A service endpoint with this name exists."));
        }
        self.made += 1;
        let id = other_id(3, self.made);
        let endpoint = Endpoint { id, name, url, auth, value };
        if auth != AuthType::WebhookKey && !endpoint.value.starts_with("<settings>") {
            return Err(Refusal::malformed("authvalue is not valid XML."));
        }
        self.endpoints.push(endpoint);
        Ok(created(&format!("{root}serviceendpoints({})", guid_text(id))))
    }

    fn add_step(&mut self, body: &[u8], root: &str) -> Result<Reply, Refusal> {
        const KNOWN: [&str; 11] = [
            "name",
            "description",
            "stage",
            "mode",
            "rank",
            "supporteddeployment",
            "asyncautodelete",
            "filteringattributes",
            "eventhandler_serviceendpoint@odata.bind",
            "sdkmessageid@odata.bind",
            "sdkmessagefilterid@odata.bind",
        ];
        let body = object(body, &KNOWN, "sdkmessageprocessingstep")?;
        let bound = |name: &str, set: &str| {
            let text = body.get(name).and_then(Value::as_str);
            let id = text.and_then(|text| text.strip_prefix(&format!("/{set}("))?.strip_suffix(')'));
            id.and_then(guid_of).ok_or_else(|| Refusal::malformed(format!("{name}: expected /{set}(id).")))
        };
        let endpoint = bound("eventhandler_serviceendpoint@odata.bind", "serviceendpoints")?;
        let message = bound("sdkmessageid@odata.bind", "sdkmessages")?;
        let filter = bound("sdkmessagefilterid@odata.bind", "sdkmessagefilters")?;
        if !self.endpoints.iter().any(|known| known.id == endpoint) {
            return Err(Refusal::not_found("serviceendpoint"));
        }
        let known = filters().find(|(id, of, ..)| (*id, *of) == (filter, message));
        let (_, _, message, logical) =
            known.ok_or_else(|| Refusal::malformed("The message does not fit the message filter."))?;
        let whole = |name: &str| body.get(name).and_then(Value::as_i64);
        if (whole("stage"), whole("mode"), whole("rank")) != (Some(40), Some(1), Some(1)) {
            return Err(Refusal::malformed("this stand-in knows asynchronous steps after the operation only"));
        }
        let filtering = body.get("filteringattributes").and_then(Value::as_str).unwrap_or_default();
        let filtering: Vec<String> = filtering.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let table = TABLES.iter().find(|table| table.logical == logical);
        let has = |name: &str| {
            let lookup = format!("_{name}_value");
            table.is_some_and(|table| table.column(name).is_some() || table.column(&lookup).is_some())
        };
        if let Some(unknown) = filtering.iter().find(|name| !has(name)) {
            return Err(Refusal::no_property(unknown, logical));
        }
        self.made += 1;
        let id = other_id(4, self.made);
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.steps.push(Step { id, name, endpoint, message, logical, filtering });
        Ok(created(&format!("{root}sdkmessageprocessingsteps({})", guid_text(id))))
    }

    /// The endpoints that are told of something.
    pub(super) fn told(&self, notice: &Notice) -> Vec<Endpoint> {
        let named = |column: &&'static str| column.trim_start_matches('_').trim_end_matches("_value");
        let fits = |step: &&Step| {
            let filtered = step.filtering.is_empty()
                || step.message != "Update"
                || notice.columns.iter().any(|column| step.filtering.iter().any(|name| name == named(column)));
            step.message == notice.message && step.logical == notice.logical && filtered
        };
        let endpoint = |step: &Step| self.endpoints.iter().find(|endpoint| endpoint.id == step.endpoint).cloned();
        self.steps.iter().filter(fits).filter_map(endpoint).collect()
    }
}

fn list_filters(call: &Call) -> Result<Reply, Refusal> {
    const KNOWN: [&str; 3] = ["sdkmessagefilterid", "primaryobjecttypecode", "_sdkmessageid_value"];
    let names = selected(call, &KNOWN, "sdkmessagefilter")?;
    let query = Query::read(call.query());
    let expanded = query.text("$expand") == Some("sdkmessageid($select=name)");
    let filter = query.text("$filter").unwrap_or_default();
    let wanted: Vec<&str> = filter
        .split(" or ")
        .filter_map(|part| part.strip_prefix("primaryobjecttypecode eq '")?.strip_suffix('\''))
        .collect();
    if wanted.len() != filter.split(" or ").count() {
        return Err(Refusal::malformed("this stand-in knows $filter=primaryobjecttypecode eq '…' or … only"));
    }
    let row = |(id, message, word, logical): (u128, u128, &str, &str)| {
        let mut row = only(
            json!({
                "sdkmessagefilterid": guid_text(id), "primaryobjecttypecode": logical,
                "_sdkmessageid_value": guid_text(message),
            }),
            &names,
            "sdkmessagefilterid",
        );
        if expanded {
            row["sdkmessageid"] = json!({"name": word, "sdkmessageid": guid_text(message)});
        }
        row
    };
    Ok(value(&filters().filter(|(.., logical)| wanted.contains(logical)).map(row).collect::<Vec<_>>()))
}

fn selected(call: &Call, known: &[&'static str], logical: &str) -> Result<Vec<&'static str>, Refusal> {
    let query = Query::read(call.query());
    if let Some(name) = query.unknown(&[&["$select", "$filter", "$expand"]]) {
        return Err(Refusal::malformed(format!("The query parameter {name} is not supported.")));
    }
    let Some(names) = query.text("$select") else { return Ok(known.to_vec()) };
    let found = |name: &str| {
        let found = known.iter().find(|known| **known == name.trim()).copied();
        found.ok_or_else(|| Refusal::no_property(name, logical))
    };
    names.split(',').map(found).collect()
}

fn only(row: Value, names: &[&'static str], key: &str) -> Value {
    let Value::Object(mut row) = row else { return row };
    row.retain(|name, _| name == key || names.contains(&name.as_str()));
    Value::Object(row)
}

fn object(body: &[u8], known: &[&str], logical: &str) -> Result<Map<String, Value>, Refusal> {
    let body: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|_| Refusal::malformed("An error occurred while parsing the JSON body."))?;
    let unknown = body.keys().find(|name| !known.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| Err(Refusal::no_property(name, logical)))?;
    Ok(body)
}

fn value(rows: &[Value]) -> Reply {
    json_reply(StatusCode::OK, json!({"value": rows}).to_string())
}

fn created(url: &str) -> Reply {
    with_headers(json_reply(StatusCode::NO_CONTENT, ""), [("odata-entityid", url.to_owned())])
}
