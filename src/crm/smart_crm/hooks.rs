//! Webhooks: a service endpoint, and a step per table and message that posts to it.
//!
//! Registered once, they stand until somebody takes them away. The vendor's own way is a tool in somebody's hands; the
//! tables that the tool writes to are open to the API, too, and what clients of it send is sent here. What the vendor
//! refuses is left to an operator, who is told how. What stands is left as it is: the vendor shows nobody the key that an
//! endpoint has, so after another token for changes its endpoint is to be deleted by hand, and is registered anew.
//!
//! # Source
//! Microsoft's pages on registering webhooks (tables, contract 8, the kinds of authentication, the list of steps); bodies
//! as public clients of live organizations send them. Not confirmed on one.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use url::{Host, Url};

use crate::crm::failure::Failure;
use crate::crm::hooks::{Delivery, Heard, HookTarget, Hooks, Kept, Unheard};
use crate::crm::quota::Purpose;
use crate::crm::smart_crm::{
    hear,
    path::{self, Custom, Table},
    session::{Question, Session},
    status,
};

/// The contract of a service endpoint that is a webhook.
const WEBHOOK: u8 = 8;
/// The key travels as a parameter of the address, which the door looks at.
const HTTP_QUERY_STRING: u8 = 6;
/// After the operation, not within it: nobody who saves a record waits for us.
const POST_OPERATION: u8 = 40;
const ASYNCHRONOUS: u8 = 1;
/// Nothing ends by itself; what somebody took away is put back within a day.
const AGAIN: Duration = Duration::from_secs(86_400);

/// What happens to a record. Tables that do not have one of them are left out: they have no filter for it.
const MESSAGES: [&str; 5] = ["Create", "Update", "Delete", "Assign", "Merge"];
const UPDATE: &str = "Update";
/// Of users, two are enough: they are never deleted.
const USER_MESSAGES: [&str; 2] = ["Create", "Update"];

/// The webhooks of one organization.
#[derive(Debug)]
pub(super) struct Webhooks {
    session: Arc<Session>,
    target: HookTarget,
    custom: Custom,
}

#[derive(Debug, Deserialize)]
struct Rows<T> {
    value: Vec<T>,
}

#[derive(Debug, Deserialize)]
struct Endpoint {
    serviceendpointid: String,
    url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Filter {
    sdkmessagefilterid: String,
    primaryobjecttypecode: String,
    sdkmessageid: Message,
}

#[derive(Debug, Deserialize)]
struct Message {
    sdkmessageid: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Step {
    #[serde(rename = "_sdkmessagefilterid_value")]
    filter: Option<String>,
}

/// What came of an attempt to register something.
enum Registered {
    Done,
    /// In the vendor's words.
    Refused(String),
}

impl Webhooks {
    pub(super) const fn new(session: Arc<Session>, target: HookTarget, custom: Custom) -> Self {
        Self { session, target, custom }
    }

    async fn list<T: for<'de> Deserialize<'de>>(&self, below: &str, query: &[(&str, &str)]) -> Result<Vec<T>, Failure> {
        let mut url = path::at(&self.session.base, below);
        url.query_pairs_mut().extend_pairs(query);
        let reply = self.session.ask(&Question::background(Purpose::Crawl, url)).await?;
        status::judge(&reply).map(|rows: Rows<T>| rows.value)
    }

    async fn create(&self, below: &str, body: serde_json::Value) -> Result<Registered, Failure> {
        let url = path::at(&self.session.base, below);
        let reply = self.session.ask(&Question::create(url, body)).await?;
        if status::registration_refused(&reply) {
            return Ok(Registered::Refused(status::words(&reply)));
        }
        status::passed(&reply).map(|()| Registered::Done)
    }

    /// Our endpoint's id, if it stands.
    async fn endpoint(&self) -> Result<Option<String>, Failure> {
        let query = [("$select", "serviceendpointid,name,url,authtype"), ("$filter", "contract eq 8")];
        let endpoints: Vec<Endpoint> = self.list("serviceendpoints", &query).await?;
        let ours = endpoints.into_iter().find(|endpoint| endpoint.url.as_deref() == Some(self.target.url.as_str()));
        Ok(ours.map(|endpoint| endpoint.serviceendpointid))
    }

    async fn add_endpoint(&self) -> Result<Registered, Failure> {
        let token = escaped(self.target.token.expose());
        let body = json!({
            "name": format!("predial {}", self.target.url),
            "url": self.target.url.as_str(),
            "contract": WEBHOOK,
            "authtype": HTTP_QUERY_STRING,
            "authvalue": format!("<settings><setting name=\"token\" value=\"{token}\"/></settings>"),
        });
        self.create("serviceendpoints", body).await
    }

    /// Every message of every table that is listened to.
    async fn filters(&self) -> Result<Vec<Filter>, Failure> {
        let tables = path::TABLES.iter().map(|table| table.logical).chain([path::USER_LOGICAL]);
        let named =
            tables.map(|logical| format!("primaryobjecttypecode eq '{logical}'")).collect::<Vec<_>>().join(" or ");
        let query = [
            ("$select", "sdkmessagefilterid,primaryobjecttypecode"),
            ("$expand", "sdkmessageid($select=name)"),
            ("$filter", named.as_str()),
        ];
        let mut filters: Vec<Filter> = self.list("sdkmessagefilters", &query).await?;
        filters.retain(|filter| {
            let name = filter.sdkmessageid.name.as_str();
            if filter.primaryobjecttypecode == path::USER_LOGICAL {
                USER_MESSAGES.contains(&name)
            } else {
                MESSAGES.contains(&name)
            }
        });
        Ok(filters)
    }

    async fn add_step(&self, endpoint: &str, filter: &Filter) -> Result<Registered, Failure> {
        let (table, message) = (filter.primaryobjecttypecode.as_str(), filter.sdkmessageid.name.as_str());
        let mut body = json!({
            "name": format!("predial {}: {message} of {table}", self.target.url),
            "stage": POST_OPERATION,
            "mode": ASYNCHRONOUS,
            "rank": 1,
            "supporteddeployment": 0,
            "asyncautodelete": true,
            "eventhandler_serviceendpoint@odata.bind": format!("/serviceendpoints({endpoint})"),
            "sdkmessageid@odata.bind": format!("/sdkmessages({})", filter.sdkmessageid.sdkmessageid),
            "sdkmessagefilterid@odata.bind": format!("/sdkmessagefilters({})", filter.sdkmessagefilterid),
        });
        if message == UPDATE {
            body["filteringattributes"] = attributes(table, &self.custom).into();
        }
        self.create("sdkmessageprocessingsteps", body).await
    }

    fn by_hand(&self, standing: usize, reason: &str) -> Kept {
        let url = &self.target.url;
        let text = format!(
            "register a webhook to {url} with the Plug-in Registration tool: authentication HttpQueryString, key \"token\", \
             value the project's token for changes; asynchronous steps after Create, Update and Delete of account, contact, \
             incident, lead and opportunity. Until then sweeps alone tell of changes ({reason})"
        );
        Kept { standing, again: AGAIN, by_hand: Some(text) }
    }
}

#[async_trait]
impl Hooks for Webhooks {
    /// # Cost
    /// Three requests of the crawls' share where everything stands; the first time about thirty more.
    async fn keep(&self) -> Result<Kept, Failure> {
        if !is_reachable(&self.target.url) {
            return Ok(self.by_hand(0, "this CRM posts to ports 80 and 443 only, and public_url has another"));
        }
        let endpoint = match self.endpoint().await? {
            Some(id) => id,
            None => match self.add_endpoint().await? {
                Registered::Refused(reason) => return Ok(self.by_hand(0, &reason)),
                // The new id comes in a header that is not kept; the list knows it, too.
                Registered::Done => match self.endpoint().await? {
                    Some(id) => id,
                    None => return Ok(self.by_hand(0, "the endpoint was registered and is not listed")),
                },
            },
        };
        let below = format!("serviceendpoints({endpoint})/serviceendpoint_sdkmessageprocessingstep");
        let query = [("$select", "sdkmessageprocessingstepid,_sdkmessagefilterid_value")];
        let steps: Vec<Step> = self.list(&below, &query).await?;
        let standing: BTreeSet<String> = steps.into_iter().filter_map(|step| step.filter).collect();
        let mut count = 0;
        for filter in self.filters().await? {
            if !standing.contains(&filter.sdkmessagefilterid)
                && let Registered::Refused(reason) = self.add_step(&endpoint, &filter).await?
            {
                return Ok(self.by_hand(count, &reason));
            }
            count += 1;
        }
        Ok(Kept { standing: count, again: AGAIN, by_hand: None })
    }

    async fn hear(&self, delivery: &Delivery<'_>) -> Result<Heard, Unheard> {
        hear::hear(delivery, &self.target.token)
    }
}

/// The columns whose update is told, by the names that attributes have: without what makes a lookup a property.
fn attributes(logical: &str, custom: &Custom) -> String {
    let attribute = |column: &str| column.trim_start_matches('_').trim_end_matches("_value").to_owned();
    let Some(table) = path::TABLES.iter().find(|table| table.logical == logical) else {
        let [mobile, desk] = path::USER_PHONES;
        return [path::USER_EMAIL, mobile, desk, path::USER_DISABLED].join(",");
    };
    let table: &'static Table = table;
    let links = table.links.iter().map(|(name, _)| *name);
    let all = path::numbers(table, custom).chain(links).chain([path::OWNER, path::STATE]);
    all.map(attribute).collect::<Vec<_>>().join(",")
}

/// # Source
/// Microsoft's page on registering webhooks: 80 for http, 443 for https. A stand-in on this machine has others.
fn is_reachable(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    loopback || matches!(url.port_or_known_default(), Some(80 | 443))
}

/// Inside of an attribute of XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
