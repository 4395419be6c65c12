//! The `[crm]` section of a project on HubSpot.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use sha2::{Digest, Sha256};
use url::Url;

use crate::base::{
    problem::{Placed, Problem},
    secret::Secret,
};
use crate::config::{CrmSection, FIELD_OWNERS, FieldNames, Meaning};
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::hubspot::{
    hooks::Deliveries,
    path,
    read::HubSpot,
    send::{Auth, Sender},
    stages::Own,
    write::Writing,
};
use crate::crm::quota::{Budget, Limits, Rate};
use crate::crm::section;
use crate::crm::token::{ClientProof, Grant, GrantKind, Tokens};
use crate::crm::writer::Writer;
use crate::crm::{Prepared, Reader, Tools};
use crate::model::{client::Kind, ids::CrmId};
use crate::outbound::Hosts;

/// A day's requests of an account on the smallest plans, by all of its apps together.
const SMALLEST_DAY: u64 = 250_000;
/// The vendor's rolling window, and how many requests it takes of a private app on the smallest plans, and of a public app
/// on any.
const WINDOW: Duration = Duration::from_secs(10);
const GENERAL_BY_TOKEN: u32 = 100;
const GENERAL_BY_OAUTH: u32 = 110;
/// Searches, by all apps of an account together.
const SEARCHES: Rate = Rate::new(5, Duration::from_secs(1));

/// A checked section.
#[derive(Debug)]
struct Settings {
    base: Url,
    credentials: Credentials,
    /// The account's number.
    portal: Option<String>,
    /// Below which the vendor's own pages are.
    cards: Option<Url>,
    /// What the vendor signs its deliveries with.
    signing: Option<Secret>,
    phone_fields: Vec<String>,
    names: FieldNames,
    contact_name: Option<String>,
    limits: Limits,
    shared: Shared,
}

/// What reader and writer of a project have together.
#[derive(Debug, Default)]
struct Shared {
    tokens: OnceLock<Arc<Tokens>>,
    own: Arc<Own>,
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
    fields(section, &mut problems);
    customs(section, &mut problems);
    let portal = section::organisation(section, &mut problems);
    let cards = section::card_base(section, &mut problems).or_else(|| Url::parse(path::PAGES).ok());
    let used = ["base_url", "auth_url", "token", "client_id", "client_secret", "refresh_token", "org_id"];
    section::nothing_else(section, &used, &mut problems);
    match (base, credentials) {
        (Some(base), Some(credentials)) if problems.is_empty() => {
            let signing = section.client_secret.as_ref().map(|secret| secret.value.clone());
            let limits = limits(section, &credentials);
            Ok(Arc::new(Settings {
                base,
                credentials,
                portal,
                cards,
                signing,
                phone_fields,
                names: section.fields.clone(),
                contact_name: section.contact_name.as_ref().map(|name| name.value.trim().to_owned()),
                limits,
                shared: Shared::default(),
            }))
        }
        _ => Err(problems),
    }
}

impl Prepared for Settings {
    /// The vendor counts by account, which `crm.org_id` names. Where it does not, projects share a ledger where they share
    /// the credentials; those are known by a part of their digest, which says nothing about them.
    fn account(&self) -> String {
        let origin = self.base.origin().ascii_serialization();
        if let Some(portal) = &self.portal {
            return format!("{origin}#{portal}");
        }
        let of = match &self.credentials {
            Credentials::Token(token) | Credentials::OAuth(Grant { kind: GrantKind::Refresh(token), .. }) => token,
            Credentials::OAuth(grant) => &grant.client_secret,
        };
        let digest = Sha256::digest(of.expose().as_bytes());
        let mark: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{origin}#{mark}")
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn reader(&self, tools: Tools) -> Arc<dyn Reader> {
        Arc::new(self.account_of(tools))
    }

    fn writer(&self, tools: Tools) -> Option<Arc<dyn Writer>> {
        let account = self.account_of(tools);
        Some(Arc::new(Writing::new(account, self.names.clone(), self.contact_name.clone())))
    }

    /// `None` without `crm.client_secret`: nothing else tells the vendor's deliveries from anybody's.
    fn hooks(&self, tools: Tools, target: HookTarget) -> Option<Arc<dyn Hooks>> {
        let secret = self.signing.as_ref()?;
        Some(Arc::new(Deliveries::new(secret, target, tools.clock)))
    }

    /// `None` without `crm.org_id`: the account's number stands in every address.
    fn card(&self, kind: Kind, id: CrmId) -> Option<String> {
        path::card(self.cards.as_ref()?, self.portal.as_ref()?, kind, id).map(String::from)
    }
}

impl Settings {
    /// The account, with the access tokens and what was read of it that reader and writer share.
    fn account_of(&self, tools: Tools) -> HubSpot {
        let outbound = tools.outbound.limited_to(self.hosts());
        let auth = match &self.credentials {
            Credentials::Token(token) => Auth::Token(token.clone()),
            Credentials::OAuth(grant) => {
                let tokens = || tools.tokens.of(&outbound, grant);
                Auth::OAuth(Arc::clone(self.shared.tokens.get_or_init(tokens)))
            }
        };
        let sender = Sender { base: self.base.clone(), auth, tools: Tools { outbound, ..tools } };
        HubSpot::new(sender, self.phone_fields.clone(), Arc::clone(&self.shared.own))
    }

    /// The configured places and no others: this vendor never says where else to go.
    fn hosts(&self) -> Hosts {
        let hosts = Hosts::default().with_origin_of(&self.base);
        match &self.credentials {
            Credentials::Token(_) => hosts,
            Credentials::OAuth(grant) => hosts.with_origin_of(&grant.url),
        }
    }
}

fn limits(section: &CrmSection, credentials: &Credentials) -> Limits {
    let general = match credentials {
        // The window is of each app, the ledger of all that share the account: none goes beyond the smaller of the two.
        Credentials::OAuth(_) if section.org_id.is_none() => GENERAL_BY_OAUTH,
        Credentials::Token(_) | Credentials::OAuth(_) => GENERAL_BY_TOKEN,
    };
    Limits {
        daily: Some(Budget::utc_day(section.quota.daily.unwrap_or(SMALLEST_DAY))),
        general: Some(Rate::new(general, WINDOW)),
        search: Some(SEARCHES),
        search_in_general: false,
        ..Limits::shared_as(&section.quota)
    }
}

fn base_url(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Url> {
    match &section.base_url {
        Some(placed) => section::origin("crm.base_url", placed, section, problems),
        None => Url::parse(path::ORIGIN).ok(),
    }
}

/// A token, beside which the secret that deliveries are signed with may stand; or the three values of OAuth.
fn credentials(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Credentials> {
    let oauth_row = |placed: Option<usize>, other: Option<usize>| placed.into_iter().chain(other).min();
    let id = section.client_id.as_ref().map(|id| id.row);
    let refresh = section.refresh_token.as_ref().map(|token| token.row);
    match (&section.token, oauth_row(id, refresh)) {
        (Some(token), None) => {
            let secret = section.client_secret.as_ref();
            let signed = secret.is_none_or(|secret| section::filled("crm.client_secret", secret, section, problems));
            let sendable = section::filled("crm.token", token, section, problems);
            (sendable && signed).then(|| Credentials::Token(token.value.clone()))
        }
        (Some(_), Some(row)) => {
            let reason = "expected either crm.token or client_id, client_secret and refresh_token, found both";
            problems.push(Problem::new(&section.file, row, reason));
            None
        }
        (None, None) if section.client_secret.is_none() => {
            let reason = "expected crm.token, or client_id, client_secret and refresh_token, found neither";
            problems.push(Problem::new(&section.file, section.row, reason));
            None
        }
        (None, row) => {
            let row = row.or_else(|| section::oauth_row(section)).unwrap_or(section.row);
            let (vendor, path) = (format!("{}{}", path::ORIGIN, path::token_path()), path::token_path());
            let url = section::token_url(section, &vendor, &path, problems)?;
            section::refreshed(section, row, ClientProof::Form, url, problems).map(Credentials::OAuth)
        }
    }
}

/// Names of further number fields: as many as one search takes, each once.
fn phone_fields(section: &CrmSection, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut refuse = |placed: &Placed<String>, reason: String| {
        problems.push(Problem::new(&section.file, placed.row, format!("crm.fields.phone: {reason}")));
    };
    for placed in &section.phone_fields {
        let name = placed.value.trim();
        if let Some(reason) = no_name(name) {
            refuse(placed, reason);
        } else if names.iter().any(|known| known == name) {
            refuse(placed, format!("expected each name once, found {name} again"));
        } else if names.len() == path::MOST_PHONE_FIELDS {
            let most = path::MOST_PHONE_FIELDS;
            refuse(placed, format!("expected at most {most} names, since one search takes no more, found {name}"));
        } else {
            names.push(name.to_owned());
        }
    }
    names
}

/// Checks the names of fields that a call's data go into: each a property's, no property for two things, the mark in one
/// of the account's own.
fn fields(section: &CrmSection, problems: &mut Vec<Problem>) {
    let given: Vec<_> = section.fields.given().collect();
    for (at, (owner, meaning, placed)) in given.iter().enumerate() {
        let key = owner.map_or_else(String::new, |owner| format!("{owner}."));
        let mut refuse = |reason: String| {
            let reason = format!("crm.fields.{key}{}: {reason}", meaning.key());
            problems.push(Problem::new(&section.file, placed.row, reason));
        };
        let (name, before) = (placed.value.as_str(), &given[..at]);
        if let Some(reason) = no_name(name) {
            refuse(reason);
        } else if *meaning == Meaning::Mark && (name.starts_with("hs_") || name.starts_with("hubspot_")) {
            refuse(format!("expected a property of the account's own with unique values, found {name}"));
        } else if before.iter().any(|(other, _, known)| other == owner && known.value == placed.value) {
            refuse(format!("expected a property for each thing, found {name} again"));
        }
    }
}

/// Checks the names of what forms are put into.
fn customs(section: &CrmSection, problems: &mut Vec<Problem>) {
    let mut seen: Vec<(usize, &str)> = Vec::new();
    for placed in FIELD_OWNERS.into_iter().flat_map(|owner| section.fields.customs(owner)) {
        // What is named for all is among each one's.
        let here = (placed.row, placed.value.as_str());
        if let Some(reason) = no_name(&placed.value).filter(|_| !seen.contains(&here)) {
            problems.push(Problem::new(&section.file, placed.row, format!("crm.fields.custom: {reason}")));
            seen.push(here);
        }
    }
}

/// What is wrong with a property's name.
///
/// # Source
/// Names of properties are lower case, digits and underscores, and begin with a letter.
fn no_name(name: &str) -> Option<String> {
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    let rest = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let found: String = name.chars().take(60).collect();
    let wrong = !begins || !rest || name.len() > 100;
    wrong.then(|| format!("expected a property's internal name, say \"second_phone\", found {found:?}"))
}
