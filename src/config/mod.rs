//! Files to checked values. Knows no CRM, no telephone system and no network: what a kind of CRM needs is checked by
//! its adapter's `prepare`, what a block may say about a CRM's kinds by `project::compile`; both report the rows kept
//! here.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;

use crate::base::{problem::Placed, secret::Secret};

/// Everything that was configured, read and checked as far as this floor can.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The process: `default.toml`, the operator's changes to it, the environment.
    pub process: ProcessSettings,
    /// One per file of `projects/`, in the order of their names.
    pub projects: Vec<ProjectSettings>,
}

/// What concerns the whole process; each key stands in `config/default.toml` with its unit, range and reason.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessSettings {
    /// The telephone system's door.
    pub edge: EdgeSettings,
    /// The operators' door.
    pub ops: OpsSettings,
    /// Where files are kept.
    pub data: PathBuf,
    /// What the log prints: a filter in tracing's words.
    pub log: String,
    /// How logs are printed: `text` or `json`.
    pub log_format: LogFormat,
    /// Questions asked of CRMs while a call waits.
    pub live: LiveSettings,
    /// Time-outs of requests to CRMs.
    pub outbound: OutboundSettings,
    /// Threads of the background runtime.
    pub work_threads: usize,
}

/// See [`ProcessSettings::log_format`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

/// The telephone system's door.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeSettings {
    /// The address it listens on.
    pub listen: SocketAddr,
    /// Threads, each with a listener and a runtime of its own; 0 = one per core.
    pub threads: usize,
    /// Connections open at once; the next is accepted and closed.
    pub max_connections: usize,
    /// How long the head of a request may take.
    pub head_timeout: Duration,
    /// How long the body may take after the head.
    pub body_timeout: Duration,
    /// How long a kept connection may be idle.
    pub idle_timeout: Duration,
    /// The head's size, at most.
    pub max_head_bytes: usize,
    /// The body of `route`, at most.
    pub max_body_bytes: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long requests under way may take at shut-down.
    pub drain: Duration,
}

/// The operators' door.
#[derive(Debug, Clone, PartialEq)]
pub struct OpsSettings {
    /// The address it listens on.
    pub listen: SocketAddr,
    /// Required wherever the door is bound beyond loopback.
    pub token: Option<Secret>,
}

/// Questions asked of CRMs while a call waits.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSettings {
    /// Questions under way at once, per project (`live_queue`); the next call gets a miss at once.
    pub queue: usize,
    /// How long before the deadline the reply goes out at the latest.
    pub reserve: Duration,
    /// Entries of the negative cache.
    pub negative_entries: u64,
    /// How long "the CRM found nothing" is believed.
    pub negative_ttl: Duration,
    /// Failures in a row that open the breaker.
    pub breaker_failures: u32,
    /// How long the breaker stays open before one probe is let through.
    pub breaker_open: Duration,
}

/// Time-outs of requests to CRMs.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboundSettings {
    /// Connecting.
    pub connect_timeout: Duration,
    /// One request, from its start to the last byte of its reply.
    pub request_timeout: Duration,
    /// A reply's body, at most.
    pub max_body_bytes: usize,
}

/// One project, as its file says it. Rows are kept where a later floor may have to complain.
#[derive(Debug, Clone)]
pub struct ProjectSettings {
    /// The file, as the operator named it.
    pub file: String,
    /// The project's name: the file's.
    pub name: String,
    /// One secret per door.
    pub tokens: Tokens,
    /// Addresses that may ask; empty = all.
    pub allow: Vec<IpNet>,
    /// The project's time zone.
    pub timezone: String,
    /// Its country, two letters, for numbers written nationally.
    pub country: Placed<String>,
    /// The `[crm]` section.
    pub crm: CrmSection,
    /// In the order of the file.
    pub employees: Vec<Placed<crate::model::employee::Employee>>,
    /// By name.
    pub blocks: BTreeMap<String, Placed<BlockSettings>>,
}

/// One secret per door of a project; each is the project's `token` unless said otherwise.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// `/{project}/route/…`
    pub route: Secret,
    /// `/{project}/events/…`
    pub events: Secret,
    /// `/{project}/forms`
    pub forms: Secret,
    /// `/{project}/card`
    pub card: Secret,
    /// `/{project}/crm-changes`
    pub changes: Secret,
}

/// The `[crm]` section: what all adapters' sections are made of. Which keys a kind needs is its adapter's matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmSection {
    /// The file it stands in, for problems.
    pub file: String,
    /// The row of `[crm]`.
    pub row: usize,
    /// `pipedrive` and so on.
    pub kind: Placed<String>,
    /// Where the CRM answers.
    pub base_url: Option<Placed<String>>,
    /// Where tokens are refreshed, when it is not the vendor's own address.
    pub auth_url: Option<Placed<String>>,
    /// An API token.
    pub token: Option<Placed<Secret>>,
    /// OAuth.
    pub client_id: Option<Placed<String>>,
    /// OAuth.
    pub client_secret: Option<Placed<Secret>>,
    /// OAuth.
    pub refresh_token: Option<Placed<Secret>>,
    /// How often changes are asked for; `None` = what the day's budget allows, 60 s at best.
    pub sweep: Option<Placed<Duration>>,
    /// When the nightly full crawl begins, in the project's zone: minutes after midnight.
    pub full_crawl_at_min: u16,
    /// Numbers a project may hold; a crawl that finds more is refused.
    pub max_numbers: u64,
    /// A crawl that would drop more of the numbers than this is refused.
    pub shrink_guard_percent: u8,
    /// How old the last good sweep may be for *absent* to be a fact; `None` = twice the sweep's interval.
    pub absent_max_age: Option<Duration>,
    /// The account's quota.
    pub quota: QuotaSettings,
    /// Further fields that hold numbers, as the CRM names them: `[crm.fields] phone`.
    pub phone_fields: Vec<Placed<String>>,
}

impl CrmSection {
    /// Whether both sections say the same, wherever in their files they say it.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.without_rows() == other.without_rows()
    }

    fn without_rows(&self) -> Self {
        fn moved<T: Clone>(placed: Option<&Placed<T>>) -> Option<Placed<T>> {
            placed.map(|placed| Placed::new(placed.value.clone(), 0))
        }
        Self {
            file: String::new(),
            row: 0,
            kind: Placed::new(self.kind.value.clone(), 0),
            base_url: moved(self.base_url.as_ref()),
            auth_url: moved(self.auth_url.as_ref()),
            token: moved(self.token.as_ref()),
            client_id: moved(self.client_id.as_ref()),
            client_secret: moved(self.client_secret.as_ref()),
            refresh_token: moved(self.refresh_token.as_ref()),
            sweep: moved(self.sweep.as_ref()),
            phone_fields: self.phone_fields.iter().map(|field| Placed::new(field.value.clone(), 0)).collect(),
            ..self.clone()
        }
    }
}

/// `crm.quota`: a day's budget and its shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaSettings {
    /// What the account may spend a day, in the vendor's unit; `None` = the vendor's smallest plan.
    pub daily: Option<u64>,
    /// Share of the day for sweeps.
    pub sweep_percent: u8,
    /// Share of the day for crawls.
    pub crawl_percent: u8,
    /// Share of the day reserved for live questions.
    pub live_percent: u8,
}

/// One block: how a call at this step of the forwarding scheme is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSettings {
    /// The kinds that are walked, in order, as words.
    pub priority: Vec<Placed<String>>,
    /// `plain`, `json` or `json-rpc`.
    pub answer: Placed<String>,
    /// The name of the destination in a JSON answer.
    pub answer_field: String,
    /// JSON-RPC: whether `result` is the bare string instead of an object.
    pub result_string: bool,
    /// From accept to reply.
    pub deadline: Duration,
    /// Whether an entity without an employee of ours lets the walk go on instead of ending it.
    pub unassigned_goes_on: bool,
    /// Whether deals count through the contact.
    pub deal_via_contact: bool,
    /// Whether deals count through the organization.
    pub deal_via_organization: bool,
    /// The status of a miss: 200, 204 or 404.
    pub miss_status: u16,
    /// A destination that a miss is answered with, say a scheme's id.
    pub miss_destination: Option<String>,
    /// The customer's name for the caller's number.
    pub caller_field: Option<String>,
    /// The customer's name for the call's id.
    pub call_id_field: Option<String>,
}
