//! The `[crm]` section of a project on Pipedrive.

use std::{sync::Arc, time::Duration};

use url::{Host, Url};

use crate::base::{
    clock::Clock,
    problem::{Placed, Problem},
    secret::Secret,
};
use crate::config::CrmSection;
use crate::crm::pipedrive::{
    path,
    read::{Auth, Pipedrive},
};
use crate::crm::quota::{Ledger, Limits};
use crate::crm::token::{Grant, Tokens};
use crate::crm::{Prepared, Reader, Tools};
use crate::outbound::Hosts;

/// A day's tokens of the smallest plan (Lite) with one seat.
const SMALLEST_DAY: u64 = 30_000;
/// The vendor's rolling window.
const WINDOW: Duration = Duration::from_secs(2);
/// Requests in one window on the smallest plan, with an API token and with OAuth. Larger plans allow more; a crawl gains
/// nothing by it, since the day's share ends it first.
const GENERAL_BY_TOKEN: u32 = 20;
const GENERAL_BY_OAUTH: u32 = 80;
/// Searches in one window, on every plan.
const SEARCHES: u32 = 10;

/// A checked section.
#[derive(Debug)]
struct Settings {
    base: Url,
    credentials: Credentials,
    phone_fields: Vec<String>,
    limits: Limits,
}

#[derive(Debug)]
enum Credentials {
    Token(Secret),
    OAuth(Grant),
}

/// Checks a section without network, files or waiting.
///
/// # Errors
/// Every problem, each with its row.
pub(super) fn prepare(section: &CrmSection) -> Result<Arc<dyn Prepared>, Vec<Problem>> {
    let mut problems = Vec::new();
    let base = base_url(section, &mut problems);
    let credentials = credentials(section, &mut problems);
    let phone_fields = phone_fields(section, &mut problems);
    match (base, credentials) {
        (Some(base), Some(credentials)) if problems.is_empty() => {
            let limits = limits(section, &credentials);
            Ok(Arc::new(Settings { base, credentials, phone_fields, limits }))
        }
        _ => Err(problems),
    }
}

impl Prepared for Settings {
    /// A day's tokens belong to the company, which its address names.
    fn account(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    fn ledger(&self, clock: Clock) -> Arc<Ledger> {
        Arc::new(Ledger::new(self.limits, clock))
    }

    fn reader(&self, tools: Tools) -> Arc<dyn Reader> {
        let hosts = self.hosts();
        let outbound = tools.outbound.limited_to(hosts);
        let auth = match &self.credentials {
            Credentials::Token(token) => Auth::Token(token.clone()),
            Credentials::OAuth(grant) => Auth::OAuth(Box::new(Tokens::new(outbound.clone(), grant.clone()))),
        };
        let tools = Tools { outbound, ..tools };
        Arc::new(Pipedrive::new(self.base.clone(), auth, self.phone_fields.clone(), tools))
    }
}

impl Settings {
    /// The configured places; and, with OAuth, any host under the vendor's domain, because its token answer names the one
    /// to use. Not so where the configured place is this machine: a stand-in must not be able to send us elsewhere.
    fn hosts(&self) -> Hosts {
        let hosts = Hosts::default().with_origin_of(&self.base);
        match &self.credentials {
            Credentials::Token(_) => hosts,
            Credentials::OAuth(grant) if is_loopback(&self.base) => hosts.with_origin_of(&grant.url),
            Credentials::OAuth(grant) => hosts.with_origin_of(&grant.url).with_hosts_under(path::DOMAIN),
        }
    }
}

fn limits(section: &CrmSection, credentials: &Credentials) -> Limits {
    let general = match credentials {
        Credentials::Token(_) => GENERAL_BY_TOKEN,
        Credentials::OAuth(_) => GENERAL_BY_OAUTH,
    };
    let quota = &section.quota;
    Limits {
        daily: quota.daily.unwrap_or(SMALLEST_DAY),
        sweep_percent: quota.sweep_percent,
        crawl_percent: quota.crawl_percent,
        live_percent: quota.live_percent,
        window: WINDOW,
        general,
        search: SEARCHES,
    }
}

fn base_url(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Url> {
    let Some(placed) = &section.base_url else {
        let reason = "crm.base_url: expected the account's address, say \"https://acme.pipedrive.com\", found none";
        problems.push(Problem::new(&section.file, section.row, reason));
        return None;
    };
    let url = address("crm.base_url", placed, section, problems)?;
    if !matches!(url.path(), "" | "/") {
        let reason = format!("crm.base_url: expected an address without a path, found the path {}", url.path());
        problems.push(Problem::new(&section.file, placed.row, reason));
        return None;
    }
    Some(url)
}

/// An address that tokens may be sent to.
fn address(key: &str, placed: &Placed<String>, section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Url> {
    let mut refuse = |reason: String| {
        problems.push(Problem::new(&section.file, placed.row, format!("{key}: {reason}")));
        None
    };
    let url = match Url::parse(placed.value.trim()) {
        Ok(url) if url.has_host() => url,
        Ok(_) => return refuse("expected an https address, found one without a host".to_owned()),
        Err(error) => return refuse(format!("expected an https address, found none ({error})")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("expected an address without a user or password, found one with".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("expected an address without a query, found one with".to_owned());
    }
    match url.scheme() {
        "https" => Some(url),
        "http" if is_loopback(&url) => Some(url),
        scheme => refuse(format!("expected https (http for this machine only), found {scheme}")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// A token, or the three values of OAuth.
fn credentials(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Credentials> {
    let (id, secret, refresh) = (&section.client_id, &section.client_secret, &section.refresh_token);
    let any_oauth = [id.as_ref().map(|id| id.row), secret.as_ref().map(|s| s.row), refresh.as_ref().map(|r| r.row)];
    let oauth_row = any_oauth.into_iter().flatten().min();
    match (&section.token, oauth_row) {
        (Some(token), None) => {
            filled("crm.token", token, section, problems).then(|| Credentials::Token(token.value.clone()))
        }
        (Some(_), Some(row)) => {
            let reason = "expected either crm.token or client_id, client_secret and refresh_token, found both";
            problems.push(Problem::new(&section.file, row, reason));
            None
        }
        (None, None) => {
            let reason = "expected crm.token, or client_id, client_secret and refresh_token, found neither";
            problems.push(Problem::new(&section.file, section.row, reason));
            None
        }
        (None, Some(row)) => oauth(section, row, problems),
    }
}

fn oauth(section: &CrmSection, row: usize, problems: &mut Vec<Problem>) -> Option<Credentials> {
    let missing = [
        ("crm.client_id", section.client_id.is_none()),
        ("crm.client_secret", section.client_secret.is_none()),
        ("crm.refresh_token", section.refresh_token.is_none()),
    ];
    for (key, _) in missing.into_iter().filter(|&(_, missing)| missing) {
        let reason = format!("{key}: expected a value, found none; OAuth takes all three of its keys");
        problems.push(Problem::new(&section.file, row, reason));
    }
    let (Some(id), Some(secret), Some(refresh)) = (&section.client_id, &section.client_secret, &section.refresh_token)
    else {
        return None;
    };
    let mut whole = filled("crm.client_secret", secret, section, problems);
    whole &= filled("crm.refresh_token", refresh, section, problems);
    if id.value.trim().is_empty() || id.value.contains(':') {
        let reason = "crm.client_id: expected an id without a colon, found an empty one or one with";
        problems.push(Problem::new(&section.file, id.row, reason));
        whole = false;
    }
    let url = token_url(section, problems)?;
    whole.then(|| {
        Credentials::OAuth(Grant {
            url,
            client_id: id.value.trim().to_owned(),
            client_secret: secret.value.clone(),
            refresh_token: refresh.value.clone(),
        })
    })
}

/// `auth_url` may be a bare host: the vendor's path is meant then.
fn token_url(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Url> {
    let Some(placed) = &section.auth_url else { return Url::parse(path::TOKEN_URL).ok() };
    let mut url = address("crm.auth_url", placed, section, problems)?;
    if matches!(url.path(), "" | "/") {
        url.set_path(path::TOKEN_PATH);
    }
    Some(url)
}

/// Whether a secret can be sent in a header.
fn filled(key: &str, placed: &Placed<Secret>, section: &CrmSection, problems: &mut Vec<Problem>) -> bool {
    let text = placed.value.expose();
    let sendable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !sendable {
        let reason = format!("{key}: expected visible characters without spaces, found others or nothing");
        problems.push(Problem::new(&section.file, placed.row, reason));
    }
    sendable
}

/// # Source
/// Keys of custom fields are 40 hexadecimal digits; at most fifteen can be named in one request.
fn phone_fields(section: &CrmSection, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for placed in &section.phone_fields {
        let key = placed.value.trim();
        if key.len() != 40 || !key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let found = key.chars().take(60).collect::<String>();
            let reason = format!("crm.fields.phone: expected a field's key of 40 hexadecimal digits, found {found:?}");
            problems.push(Problem::new(&section.file, placed.row, reason));
        } else if keys.iter().any(|known| known == key) {
            let reason = format!("crm.fields.phone: expected each key once, found {key} again");
            problems.push(Problem::new(&section.file, placed.row, reason));
        } else {
            keys.push(key.to_owned());
        }
    }
    if keys.len() > path::MOST_CUSTOM_FIELDS {
        let row = section.phone_fields.first().map_or(section.row, |placed| placed.row);
        let most = path::MOST_CUSTOM_FIELDS;
        let reason = format!("crm.fields.phone: expected at most {most} keys, found {}", keys.len());
        problems.push(Problem::new(&section.file, row, reason));
    }
    keys
}
