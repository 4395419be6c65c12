//! The `[crm]` section of a project on Zoho CRM.

use std::sync::{Arc, OnceLock};

use url::Url;

use crate::base::problem::{Placed, Problem};
use crate::config::{CrmSection, FIELD_OWNERS, FieldNames};
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::quota::{Budget, Limits};
use crate::crm::section;
use crate::crm::token::{ClientProof, Grant, Tokens};
use crate::crm::writer::Writer;
use crate::crm::zoho_crm::{
    api::Api,
    data_center::{self, DataCenter},
    hooks::Channels,
    path,
    read::Zoho,
    write::{Pen, is_entity, is_written},
};
use crate::crm::{Prepared, Reader, Tools};
use crate::model::{client::Kind, ids::CrmId};
use crate::outbound::Hosts;

/// Credits in any 24 hours of the smallest edition (Free); larger ones are told with `crm.quota.daily`.
const SMALLEST_DAY: u64 = 5_000;
/// Requests that the smallest edition may have under way. Larger ones allow 10 to 25, but queries 10 in every edition.
const IN_FLIGHT: u32 = 5;
const QUERIES_IN_FLIGHT: u32 = 10;

/// A checked section.
#[derive(Debug)]
struct Settings {
    base: Url,
    center: Option<&'static DataCenter>,
    grant: Grant,
    /// Below which the vendor's own pages are.
    cards: Option<Url>,
    /// The organisation as those pages' addresses have it.
    shown_as: Option<String>,
    /// What tells two organisations of one data centre apart.
    organisation: String,
    phone_fields: Vec<String>,
    names: FieldNames,
    contact_name: Option<String>,
    limits: Limits,
    /// Shared by all that is made of this section: tokens are scarce.
    tokens: OnceLock<Arc<Tokens>>,
}

/// Checks a section without network, files or waiting.
///
/// # Errors
/// Every problem, each with its row.
pub(super) fn prepare(section: &CrmSection) -> Result<Arc<dyn Prepared>, Vec<Problem>> {
    let mut problems = Vec::new();
    let center = center(section, &mut problems);
    let base = base_url(section, center, &mut problems);
    let grant = grant(section, center, &mut problems);
    let organisation = section::organisation(section, &mut problems);
    let cards = section::card_base(section, &mut problems);
    let cards = cards.or_else(|| Url::parse(center?.pages).ok());
    let phone_fields = phone_fields(section, &mut problems);
    check_names(section, &mut problems);
    check_customs(section, &mut problems);
    check_in_flight(section, &mut problems);
    let contact_name = contact_name(section, &mut problems);
    let used = ["base_url", "auth_url", "client_id", "client_secret", "refresh_token", "data_center", "org_id"];
    section::nothing_else(section, &used, &mut problems);
    match (base, grant) {
        (Some(base), Some(grant)) if problems.is_empty() => {
            let shown_as = organisation.as_deref().and_then(shown_as);
            let organisation = organisation.unwrap_or_else(|| grant.client_id.clone());
            let limits = Limits {
                daily: Some(Budget::rolling(section.quota.daily.unwrap_or(SMALLEST_DAY))),
                in_flight: Some(IN_FLIGHT),
                ..Limits::shared_as(&section.quota)
            };
            let tokens = OnceLock::new();
            let names = section.fields.clone();
            Ok(Arc::new(Settings {
                base,
                center,
                grant,
                cards,
                shown_as,
                organisation,
                phone_fields,
                names,
                contact_name,
                limits,
                tokens,
            }))
        }
        _ => Err(problems),
    }
}

impl Prepared for Settings {
    /// Credits belong to the organisation, requests under way to the organisation and the client; the client stands for
    /// both where `crm.org_id` does not name the organisation.
    fn account(&self) -> String {
        format!("{}#{}", self.base.origin().ascii_serialization(), self.organisation)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn reader(&self, tools: Tools) -> Arc<dyn Reader> {
        Arc::new(Zoho::new(self.api(tools), self.phone_fields.clone()))
    }

    fn writer(&self, tools: Tools) -> Option<Arc<dyn Writer>> {
        let zoho = Zoho::new(self.api(tools), self.phone_fields.clone());
        Some(Arc::new(Pen::new(zoho, self.names.clone(), self.contact_name.clone())))
    }

    fn hooks(&self, tools: Tools, target: HookTarget) -> Option<Arc<dyn Hooks>> {
        Some(Arc::new(Channels::new(self.api(tools), target)))
    }

    /// `None` where neither the data centre nor `crm.card_base_url` says where the pages are.
    fn card(&self, kind: Kind, id: CrmId) -> Option<String> {
        path::card(self.cards.as_ref()?, self.shown_as.as_deref(), kind, id).map(String::from)
    }
}

impl Settings {
    fn api(&self, tools: Tools) -> Api {
        let outbound = tools.outbound.limited_to(self.hosts());
        let tokens = Arc::clone(self.tokens.get_or_init(|| tools.tokens.of(&outbound, &self.grant)));
        Api::new(self.base.clone(), tokens, Tools { outbound, ..tools })
    }

    /// The configured places and any host under the data centre's domain, because the token answer names the one to use.
    /// Not so where the configured place is this machine: a stand-in must not be able to send us elsewhere.
    fn hosts(&self) -> Hosts {
        let hosts = Hosts::default().with_origin_of(&self.base).with_origin_of(&self.grant.url);
        match self.center.filter(|_| !section::is_loopback(&self.base)) {
            Some(center) => hosts.with_hosts_under(center.domain),
            None => hosts,
        }
    }
}

/// An organisation's number as addresses have it, `org20051234567`; `None` for what is no number: without it the pages
/// show the organisation that whoever looks was in last.
fn shown_as(organisation: &str) -> Option<String> {
    let digits = organisation.strip_prefix("org").unwrap_or(organisation);
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| format!("org{digits}"))
}

fn center(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<&'static DataCenter> {
    let names = || data_center::ALL.iter().map(|center| center.name).collect::<Vec<_>>().join(", ");
    match &section.data_center {
        Some(placed) => {
            let center = data_center::of(placed.value.trim());
            if center.is_none() {
                let found: String = placed.value.chars().take(20).collect();
                let reason = format!("crm.data_center: expected one of {}, found {found:?}", names());
                problems.push(Problem::new(&section.file, placed.row, reason));
            }
            center
        }
        None => {
            if section.base_url.is_none() || section.auth_url.is_none() {
                let reason =
                    format!("crm.data_center: expected one of {}, or base_url and auth_url, found neither", names());
                problems.push(Problem::new(&section.file, section.row, reason));
            }
            None
        }
    }
}

fn base_url(section: &CrmSection, center: Option<&DataCenter>, problems: &mut Vec<Problem>) -> Option<Url> {
    match &section.base_url {
        Some(placed) => section::origin("crm.base_url", placed, section, problems),
        None => Url::parse(center?.api).ok(),
    }
}

fn grant(section: &CrmSection, center: Option<&DataCenter>, problems: &mut Vec<Problem>) -> Option<Grant> {
    let Some(row) = section::oauth_row(section) else {
        let reason = "expected crm.client_id, crm.client_secret and crm.refresh_token, found none of them";
        problems.push(Problem::new(&section.file, section.row, reason));
        return None;
    };
    let usual = center.map(|center| format!("{}{}", center.accounts, path::TOKEN)).unwrap_or_default();
    // Without an address the problem is told already, but the rest of the section is still to be looked at.
    let url =
        section::token_url(section, &usual, path::TOKEN, problems).or_else(|| Url::parse("https://nowhere").ok())?;
    section::refreshed(section, row, ClientProof::Form, url, problems)
}

/// A live question is queries, and these are what the vendor takes ten of, whatever else it takes.
fn check_in_flight(section: &CrmSection, problems: &mut Vec<Problem>) {
    if let Some(found) = section.quota.in_flight.filter(|found| *found > QUERIES_IN_FLIGHT) {
        let reason = format!(
            "crm.quota.in_flight: expected at most {QUERIES_IN_FLIGHT}, of which queries there may be no more in any \
             edition, found {found}"
        );
        problems.push(Problem::new(&section.file, section.row, reason));
    }
}

/// # Source
/// API names of fields: letters, digits and underscores, beginning with a letter.
fn is_api_name(name: &str) -> bool {
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic());
    begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Names that can be none, and those of what is not written, which would look as if it were.
fn check_names(section: &CrmSection, problems: &mut Vec<Problem>) {
    for (owner, meaning, placed) in section.fields.given() {
        let key = match owner {
            Some(owner) => format!("crm.fields.{owner}.{}", meaning.key()),
            None => format!("crm.fields.{}", meaning.key()),
        };
        let reason = match owner {
            Some("ticket") => format!("{key}: expected nothing, since zoho-crm has no tickets, found one"),
            Some(owner) if !is_written(owner, meaning) => {
                format!("{key}: expected nothing, since it is not written into a {owner}, found one")
            }
            _ if !is_api_name(&placed.value) => {
                let found: String = placed.value.chars().take(60).collect();
                format!("{key}: expected a field's API name, say UTM_Source, found {found:?}")
            }
            _ => continue,
        };
        problems.push(Problem::new(&section.file, placed.row, reason));
    }
}

/// The same of fields that forms are put into.
fn check_customs(section: &CrmSection, problems: &mut Vec<Problem>) {
    let of_all: Vec<&Placed<String>> = section.fields.customs("").collect();
    let of_all_too = |name: &&Placed<String>| of_all.iter().any(|of_all| std::ptr::eq(*of_all, *name));
    let own = FIELD_OWNERS.into_iter().flat_map(|owner| {
        let own = section.fields.customs(owner).filter(|name| !of_all_too(name));
        own.map(move |name| (format!("crm.fields.{owner}.custom"), Some(owner), name))
    });
    let every = of_all.iter().map(|name| ("crm.fields.custom".to_owned(), None, *name)).chain(own);
    for (key, owner, placed) in every {
        let reason = match owner {
            Some("ticket") => format!("{key}: expected nothing, since zoho-crm has no tickets, found one"),
            Some(owner) if !is_entity(owner) => {
                format!("{key}: expected nothing, since no form is written into a {owner}, found one")
            }
            _ if !is_api_name(&placed.value) => {
                let found: String = placed.value.chars().take(60).collect();
                format!("{key}: expected a field's API name, say Favourite_Colour, found {found:?}")
            }
            _ => continue,
        };
        problems.push(Problem::new(&section.file, placed.row, reason));
    }
}

fn contact_name(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<String> {
    const LONGEST: usize = 80;
    let placed = section.contact_name.as_ref()?;
    let name = placed.value.trim();
    if name.is_empty() || name.chars().count() > LONGEST {
        let reason = format!("crm.contact_name: expected a name of at most {LONGEST} signs, found another");
        problems.push(Problem::new(&section.file, placed.row, reason));
        return None;
    }
    Some(name.to_owned())
}

fn phone_fields(section: &CrmSection, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut names = Vec::new();
    for placed in &section.phone_fields {
        let name = placed.value.trim();
        if !is_api_name(name) {
            let found: String = name.chars().take(60).collect();
            let reason = format!("crm.fields.phone: expected a field's API name, say Work_Phone, found {found:?}");
            problems.push(Problem::new(&section.file, placed.row, reason));
        } else {
            names.push(name.to_owned());
        }
    }
    if names.len() > path::MOST_CONFIGURED_FIELDS {
        let row = section.phone_fields.first().map_or(section.row, |placed| placed.row);
        let most = path::MOST_CONFIGURED_FIELDS;
        let reason = format!("crm.fields.phone: expected at most {most} names, found {}", names.len());
        problems.push(Problem::new(&section.file, row, reason));
    }
    names
}
