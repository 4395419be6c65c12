//! The `[crm]` section of a project on Pipedrive.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use url::Url;

use crate::base::{problem::Problem, secret::Secret};
use crate::config::{CrmSection, FIELD_OWNERS, FieldNames};
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::pipedrive::{
    account::{Account, Auth},
    hooks::Webhooks,
    path,
    read::Pipedrive,
    write::{Pen, fields::is_key},
};
use crate::crm::quota::{Budget, Limits, Rate};
use crate::crm::section;
use crate::crm::token::{ClientProof, Grant, Tokens};
use crate::crm::writer::Writer;
use crate::crm::{Prepared, Reader, Tools};
use crate::model::{client::Kind, ids::CrmId};
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
    /// Below which the vendor's own pages are.
    cards: Url,
    credentials: Credentials,
    /// Made with the first who asks.
    tokens: OnceLock<Arc<Tokens>>,
    phone_fields: Vec<String>,
    fields: FieldNames,
    contact_name: Option<String>,
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
    let cards = section::card_base(section, &mut problems);
    let phone_fields = phone_fields(section, &mut problems);
    check_fields(section, &mut problems);
    check_customs(section, &mut problems);
    let used = ["base_url", "auth_url", "token", "client_id", "client_secret", "refresh_token"];
    section::nothing_else(section, &used, &mut problems);
    match (base, credentials) {
        (Some(base), Some(credentials)) if problems.is_empty() => {
            let limits = limits(section, &credentials);
            let contact_name = section.contact_name.as_ref().map(|placed| placed.value.trim().to_owned());
            let (tokens, fields) = (OnceLock::new(), section.fields.clone());
            let cards = cards.unwrap_or_else(|| base.clone());
            Ok(Arc::new(Settings { base, cards, credentials, tokens, phone_fields, fields, contact_name, limits }))
        }
        _ => Err(problems),
    }
}

impl Prepared for Settings {
    /// A day's tokens belong to the company, which its address names.
    fn account(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn reader(&self, tools: Tools) -> Arc<dyn Reader> {
        Arc::new(Pipedrive::new(self.reached(tools), self.phone_fields.clone()))
    }

    fn writer(&self, tools: Tools) -> Option<Arc<dyn Writer>> {
        let (fields, phones) = (self.fields.clone(), self.phone_fields.clone());
        Some(Arc::new(Pen::new(self.reached(tools), fields, phones, self.contact_name.clone())))
    }

    fn hooks(&self, tools: Tools, target: HookTarget) -> Option<Arc<dyn Hooks>> {
        Some(Arc::new(Webhooks::new(self.reached(tools), target)))
    }

    fn card(&self, kind: Kind, id: CrmId) -> Option<String> {
        path::card(&self.cards, kind, id).map(String::from)
    }
}

impl Settings {
    /// The account as requests reach it.
    fn reached(&self, tools: Tools) -> Account {
        let outbound = tools.outbound.limited_to(self.hosts());
        let auth = match &self.credentials {
            Credentials::Token(token) => Auth::Token(token.clone()),
            Credentials::OAuth(grant) => {
                let tokens = || tools.tokens.of(&outbound, grant);
                Auth::OAuth(Arc::clone(self.tokens.get_or_init(tokens)))
            }
        };
        Account { base: self.base.clone(), auth, tools: Tools { outbound, ..tools } }
    }

    /// The configured places; and, with OAuth, any host under the vendor's domain, because its token answer names the one
    /// to use. Not so where the configured place is this machine: a stand-in must not be able to send us elsewhere.
    fn hosts(&self) -> Hosts {
        let hosts = Hosts::default().with_origin_of(&self.base);
        match &self.credentials {
            Credentials::Token(_) => hosts,
            Credentials::OAuth(grant) if section::is_loopback(&self.base) => hosts.with_origin_of(&grant.url),
            Credentials::OAuth(grant) => hosts.with_origin_of(&grant.url).with_hosts_under(path::DOMAIN),
        }
    }
}

fn limits(section: &CrmSection, credentials: &Credentials) -> Limits {
    let general = match credentials {
        Credentials::Token(_) => GENERAL_BY_TOKEN,
        Credentials::OAuth(_) => GENERAL_BY_OAUTH,
    };
    Limits {
        daily: Some(Budget::utc_day(section.quota.daily.unwrap_or(SMALLEST_DAY))),
        general: Some(Rate::new(general, WINDOW)),
        search: Some(Rate::new(SEARCHES, WINDOW)),
        ..Limits::shared_as(&section.quota)
    }
}

fn base_url(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Url> {
    let Some(placed) = &section.base_url else {
        let reason = "crm.base_url: expected the account's address, say \"https://acme.pipedrive.com\", found none";
        problems.push(Problem::new(&section.file, section.row, reason));
        return None;
    };
    section::origin("crm.base_url", placed, section, problems)
}

/// A token, or the three values of OAuth.
fn credentials(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Credentials> {
    let oauth_row = section::oauth_row(section);
    match (&section.token, oauth_row) {
        (Some(token), None) => {
            let sendable = section::filled("crm.token", token, section, problems);
            sendable.then(|| Credentials::Token(token.value.clone()))
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
        (None, Some(row)) => {
            let url = section::token_url(section, path::TOKEN_URL, path::TOKEN_PATH, problems)?;
            section::refreshed(section, row, ClientProof::Basic, url, problems).map(Credentials::OAuth)
        }
    }
}

/// What is named for the fields of a call's data: names as people see them, or keys, which are of one entity only.
fn check_fields(section: &CrmSection, problems: &mut Vec<Problem>) {
    for (owner, meaning, placed) in section.fields.given() {
        let key = meaning.key();
        let reason = match owner {
            Some(owner @ "ticket") => {
                format!("crm.fields.{owner}.{key}: expected nothing, since Pipedrive has no tickets")
            }
            Some(owner @ ("task" | "call")) => {
                format!("crm.fields.{owner}.{key}: expected nothing, since activities have no custom fields, found one")
            }
            None if is_key(&placed.value) => format!(
                "crm.fields.{key}: expected a field's name, or its key as crm.fields.deal.{key} (lead, contact, \
                 organization), since a key is one entity's, found a key"
            ),
            Some(_) | None => continue,
        };
        problems.push(Problem::new(&section.file, placed.row, reason));
    }
}

/// What is named for forms to be put into: names as people see them, or keys, which are of one entity only.
fn check_customs(section: &CrmSection, problems: &mut Vec<Problem>) {
    // Of nobody in particular are those that are named for all.
    for placed in section.fields.customs("") {
        if is_key(&placed.value) {
            let reason = "crm.fields.custom: expected a field's name, or its key as crm.fields.deal.custom (lead, \
                          contact, organization), since a key is one entity's, found a key";
            problems.push(Problem::new(&section.file, placed.row, reason));
        }
    }
    let mut seen: Vec<usize> = Vec::new();
    for placed in FIELD_OWNERS.into_iter().flat_map(|owner| section.fields.customs(owner)) {
        let wrong = placed.value.is_empty() || placed.value.chars().count() > 255;
        if wrong && !seen.contains(&placed.row) {
            let found = placed.value.chars().take(60).collect::<String>();
            let reason = format!("crm.fields.custom: expected a field's name or key, found {found:?}");
            problems.push(Problem::new(&section.file, placed.row, reason));
            seen.push(placed.row);
        }
    }
}

/// # Source
/// Keys of custom fields are 40 hexadecimal digits; at most fifteen can be named in one request.
fn phone_fields(section: &CrmSection, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for placed in &section.phone_fields {
        let key = placed.value.trim();
        if !is_key(key) {
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
