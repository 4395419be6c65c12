//! The `[crm]` section of a project on SMART CRM.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use url::Url;

use crate::base::problem::Problem;
use crate::config::CrmSection;
use crate::crm::hooks::{HookTarget, Hooks};
use crate::crm::quota::{Budget, Limits, Rate};
use crate::crm::section;
use crate::crm::smart_crm::{
    hooks::Webhooks,
    path::{self, Custom},
    read::SmartCrm,
    session::Session,
    write::Scribe,
    writing::{self, Writing},
};
use crate::crm::token::{ClientProof, Grant, GrantKind, Tokens};
use crate::crm::writer::Writer;
use crate::crm::{Prepared, Reader, Tools};
use crate::model::{client::Kind, ids::CrmId};
use crate::outbound::Hosts;

/// A day's requests of the smallest pool that is told of: an organization with Power Apps only.
const SMALLEST_DAY: u64 = 25_000;
/// Service protection.
const WINDOW: Duration = Duration::from_secs(300);
const REQUESTS: u32 = 6_000;
const AT_ONCE: u32 = 52;
/// Further number columns that a project may name.
const MOST_CUSTOM: usize = 20;
/// A column's name, at most.
pub(super) const LONGEST_COLUMN: usize = 100;

/// A checked section.
#[derive(Debug)]
struct Settings {
    base: Url,
    /// Below which the organization's own pages are.
    cards: Url,
    /// The app that they are shown in.
    app: Option<String>,
    grant: Grant,
    custom: Custom,
    limits: Limits,
    writing: Writing,
    /// Shared by whatever is made of these settings: a refused token is replaced once for all of it.
    tokens: OnceLock<Arc<Tokens>>,
}

/// Checks a section without network, files or waiting.
///
/// # Errors
/// Every problem, each with its row.
pub(super) fn prepare(section: &CrmSection) -> Result<Arc<dyn Prepared>, Vec<Problem>> {
    let mut problems = Vec::new();
    let base = base_url(section, &mut problems);
    let tenant = tenant(section, &mut problems);
    missing(section, &mut problems);
    let url = tenant.and_then(|tenant| {
        let vendor = format!("{}{tenant}{}", path::LOGIN, path::TOKEN_PATH);
        section::token_url(section, &vendor, &format!("/{tenant}{}", path::TOKEN_PATH), &mut problems)
    });
    let (cards, app) = (section::card_base(section, &mut problems), app(section, &mut problems));
    let custom = custom(section, &mut problems);
    let writing = Writing {
        names: writing::names(section, &mut problems),
        contact_name: writing::contact_name(section, &mut problems),
        system_user: writing::system_user(section, &mut problems),
    };
    let used = ["base_url", "auth_url", "client_id", "client_secret", "tenant", "system_user", "app_id"];
    section::nothing_else(section, &used, &mut problems);
    let grant = base.as_ref().zip(url).and_then(|(base, url)| {
        let scope = format!("{}{}", base.origin().ascii_serialization(), path::SCOPE);
        section::client(section, ClientProof::Form, url, GrantKind::Client { scope }, &mut problems)
    });
    match (base, grant) {
        (Some(base), Some(grant)) if problems.is_empty() => {
            let (limits, tokens) = (limits(section), OnceLock::new());
            let cards = cards.unwrap_or_else(|| base.clone());
            Ok(Arc::new(Settings { base, cards, app, grant, custom, limits, writing, tokens }))
        }
        _ => Err(problems),
    }
}

impl Prepared for Settings {
    /// Limits are the application user's, whom the organization and the application name.
    fn account(&self) -> String {
        format!("{} {}", self.base.origin().ascii_serialization(), self.grant.client_id)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn reader(&self, tools: Tools) -> Arc<dyn Reader> {
        Arc::new(SmartCrm::new(self.session(tools), self.custom.clone()))
    }

    fn writer(&self, tools: Tools) -> Option<Arc<dyn Writer>> {
        let reader = SmartCrm::new(self.session(tools), self.custom.clone());
        Some(Arc::new(Scribe::new(reader, self.writing.clone())))
    }

    fn hooks(&self, tools: Tools, target: HookTarget) -> Option<Arc<dyn Hooks>> {
        Some(Arc::new(Webhooks::new(self.session(tools), target, self.custom.clone())))
    }

    fn card(&self, kind: Kind, id: CrmId) -> Option<String> {
        path::card(&self.cards, self.app.as_deref(), kind, id).map(String::from)
    }
}

impl Settings {
    fn session(&self, tools: Tools) -> Arc<Session> {
        let outbound = tools.outbound.limited_to(self.hosts());
        let tokens = self.tokens.get_or_init(|| tools.tokens.of(&outbound, &self.grant));
        Arc::new(Session::new(self.base.clone(), Arc::clone(tokens), Tools { outbound, ..tools }))
    }

    /// The organization's two addresses and the one that hands out tokens: links that the vendor gives lead nowhere else.
    fn hosts(&self) -> Hosts {
        let hosts = Hosts::default().with_origin_of(&self.base).with_origin_of(&self.grant.url);
        path::twin(&self.base).map_or_else(|| hosts.clone(), |twin| hosts.clone().with_origin_of(&twin))
    }
}

fn limits(section: &CrmSection) -> Limits {
    Limits {
        daily: Some(Budget::rolling(section.quota.daily.unwrap_or(SMALLEST_DAY))),
        general: Some(Rate::new(REQUESTS, WINDOW)),
        in_flight: Some(AT_ONCE),
        ..Limits::shared_as(&section.quota)
    }
}

fn base_url(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<Url> {
    let Some(placed) = &section.base_url else {
        let reason =
            "crm.base_url: expected the organization's address, say \"https://acme.crm4.dynamics.com\", found none";
        problems.push(Problem::new(&section.file, section.row, reason));
        return None;
    };
    section::origin("crm.base_url", placed, section, problems)
}

/// A directory's id, or a domain of it.
fn tenant(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<String> {
    let Some(placed) = &section.tenant else {
        let reason = "crm.tenant: expected the id of the directory that the application is registered in, found none";
        problems.push(Problem::new(&section.file, section.row, reason));
        return None;
    };
    let tenant = placed.value.trim();
    let sound = !tenant.is_empty()
        && tenant.len() <= LONGEST_COLUMN
        && tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        && !tenant.starts_with('.');
    if !sound {
        let found: String = tenant.chars().take(60).collect();
        let reason = format!("crm.tenant: expected a directory's id or domain, found {found:?}");
        problems.push(Problem::new(&section.file, placed.row, reason));
    }
    sound.then(|| tenant.to_owned())
}

/// An app's id.
fn app(section: &CrmSection, problems: &mut Vec<Problem>) -> Option<String> {
    let placed = section.app_id.as_ref()?;
    if let Some(id @ CrmId::Uuid(_)) = CrmId::parse(placed.value.trim()) {
        return Some(id.to_string());
    }
    let found: String = placed.value.chars().take(60).collect();
    let reason = format!("crm.app_id: expected an app's id, a UUID, found {found:?}");
    problems.push(Problem::new(&section.file, placed.row, reason));
    None
}

fn missing(section: &CrmSection, problems: &mut Vec<Problem>) {
    let missing =
        [("crm.client_id", section.client_id.is_none()), ("crm.client_secret", section.client_secret.is_none())];
    for (key, _) in missing.into_iter().filter(|&(_, missing)| missing) {
        let reason = format!("{key}: expected a value, found none; the application proves itself with both");
        problems.push(Problem::new(&section.file, section.row, reason));
    }
}

/// `contact.new_whatsapp`: a table of ours and a column of theirs. A table that lacks a column refuses every question that
/// names it, so each is asked of its own table only.
fn custom(section: &CrmSection, problems: &mut Vec<Problem>) -> Custom {
    let mut custom = Custom::default();
    for placed in &section.phone_fields {
        let mut refuse = |reason: String| {
            problems.push(Problem::new(&section.file, placed.row, format!("crm.fields.phone: {reason}")));
        };
        let text: String = placed.value.trim().chars().take(LONGEST_COLUMN + 20).collect();
        let read = text.split_once('.').and_then(|(table, column)| Some((carrier(table)?, column)));
        match read.filter(|(_, column)| is_column(column)) {
            None => refuse(format!(
                "expected contact, organization or lead and a column's logical name, say \"contact.new_mobile\", found {text:?}"
            )),
            Some((kind, column)) if path::numbers(path::table(kind), &custom).any(|known| known == column) => {
                refuse(format!("expected each column once, found {text:?}, which is read already"));
            }
            Some((kind, column)) => custom.0.push((kind, column.to_owned())),
        }
    }
    if custom.0.len() > MOST_CUSTOM {
        let row = section.phone_fields.first().map_or(section.row, |placed| placed.row);
        let reason = format!("crm.fields.phone: expected at most {MOST_CUSTOM} columns, found {}", custom.0.len());
        problems.push(Problem::new(&section.file, row, reason));
    }
    custom
}

fn carrier(word: &str) -> Option<Kind> {
    Kind::from_word(word).filter(|kind| matches!(kind, Kind::Contact | Kind::Organization | Kind::Lead))
}

/// A logical name: lower case, digits, underscores.
pub(super) fn is_column(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= LONGEST_COLUMN
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(sound)
}
