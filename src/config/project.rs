//! One project: `projects/NAME.toml`.

use std::{collections::BTreeMap, time::Duration};

use ipnet::IpNet;
use url::Url;

use crate::base::{problem::Placed, secret::Secret};
use crate::config::{
    block::{self, BlockSettings},
    crm::{self, CrmSection},
    employee,
    forms::{self, FormSettings},
    networks,
    ringostat::{self, Ringostat, RingostatSection},
    scenario::{self, ScenarioSettings},
    section::{Findings, Range, Section},
    tree::{self, Place, shortened},
};
use crate::model::{employee::Employee, phone::NumberReader};
use crate::telephony::{
    EventNames,
    ringostat::event::{ALIASES, EventField},
};

/// A door's token that is shorter can be guessed.
const SHORT_TOKEN_BYTES: usize = 16;

/// How long what is done stays in the journal unless said otherwise.
const RETENTION_DAYS: u64 = 30;
/// How long it is kept what calls were answered unless said otherwise.
const DECISIONS_DAYS: u64 = 14;
/// How long who asks for a card waits unless said otherwise.
const CARD_DEADLINE: Duration = Duration::from_millis(800);
/// Sweeps further apart than this are for CRMs that tell of changes themselves.
const SLOW_SWEEP: Duration = Duration::from_secs(120);
/// What an event that cannot be understood may be answered with.
const UNREADABLE_STATUSES: [u16; 5] = [200, 202, 400, 422, 500];

/// Stands for a country that could not be read, in settings that are refused anyway.
const REPLACED_COUNTRY: &str = "UA";
/// Stands for such a time zone.
const REPLACED_ZONE: &str = "UTC";

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
    /// This service, as the outside reaches it: what vendors' webhooks are registered and verified with.
    pub public_url: Option<Placed<Url>>,
    /// The `[crm]` section.
    pub crm: CrmSection,
    /// The `[ringostat]` section, where there is one.
    pub ringostat: Option<RingostatSection>,
    /// In the order of the file.
    pub employees: Vec<Placed<Employee>>,
    /// How clients' cards are shown.
    pub card: CardSettings,
    /// By name.
    pub blocks: BTreeMap<String, Placed<BlockSettings>>,
    /// What is written after a call.
    pub scenario: ScenarioSettings,
    /// How events are read.
    pub events: EventSettings,
    /// How forms are read, and what they go into.
    pub forms: FormSettings,
    /// Whether what was stored during a pause is sent when it ends without a word about that.
    pub resend_after_pause: bool,
    /// How long what is done stays in the journal.
    pub retention: Duration,
    /// How long it is kept what calls were answered; zero = it is not recorded.
    pub decisions_kept: Duration,
}

/// The `[events]` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSettings {
    /// The customer's own names of fields.
    pub names: EventNames,
    /// How what cannot be understood is answered; other statuses than 200 make Ringostat send it again.
    pub unreadable_status: u16,
}

/// How clients' cards are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardSettings {
    /// How long who asks for one waits for the CRM.
    pub deadline: Duration,
    /// The row that says that somebody is going to ask; `None` where none does.
    pub wanted_at: Option<usize>,
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

/// Whether a text can be a project's or a block's name: it stands in addresses.
pub(super) fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(letter)
}

/// A project that was read.
pub(super) enum Reading {
    /// Whole as far as its `[crm]` is concerned: that section may be handed to its adapter.
    Whole(ProjectSettings),
    /// Something in its `[crm]` could not be read, so that an adapter would miss what only could not be read.
    Draft(ProjectSettings),
    /// Not even the kind of CRM could be read.
    Nothing,
}

/// Reads a project's file. What could not be read is replaced.
pub(super) fn read(findings: &Findings<'_>, (file, name, text): (&str, &str, &str), reserve: Duration) -> Reading {
    let parsed = tree::parse(file, text);
    findings.torn(file, parsed.problems);
    let project = Section::new(findings, "project", Place::new(file, 1), &parsed.table);
    let (tokens, card_token_at) = tokens(&project);
    let allow = networks(&project, "allow");
    let timezone = timezone(&project);
    let (country, numbers) = country(&project);
    let crm = crm_section(&project);
    let Ringostat { section: ringostat, public_url } = ringostat::read(&project);
    if let (Some((crm, _)), None) = (&crm, &public_url) {
        warn_of_slow_sweeps(&project, crm);
    }
    let staff = ringostat.as_ref().is_some_and(|ringostat| ringostat.staff);
    let employees = employee::read(&project, employee::Reading { numbers: numbers.as_ref(), staff });
    let (blocks, card) = (block::read(&project, reserve), card(&project, reserve, card_token_at));
    let (scenario, events) = (scenario::read_project(&project), events(&project));
    let forms = forms::read(&project);
    let resend_after_pause = project.flag("resend_after_pause").is_some_and(|flag| flag.value);
    let days = project.number("retention_days", Range::new(1, 3_650, "days")).map_or(RETENTION_DAYS, |days| days.value);
    let retention = Duration::from_secs(days * 86_400);
    let decisions_kept = decisions_kept(&project);
    project.finish();
    let Some((crm, sound)) = crm else { return Reading::Nothing };
    let (file, name) = (file.to_owned(), name.to_owned());
    let settings = ProjectSettings {
        file,
        name,
        tokens,
        allow,
        timezone,
        country,
        public_url,
        crm,
        ringostat,
        employees,
        card,
        blocks,
        scenario,
        events,
        forms,
        resend_after_pause,
        retention,
        decisions_kept,
    };
    if sound { Reading::Whole(settings) } else { Reading::Draft(settings) }
}

fn decisions_kept(project: &Section<'_>) -> Duration {
    let days = project.number("decisions_days", Range::new(0, 3_650, "days")).map_or(DECISIONS_DAYS, |days| days.value);
    Duration::from_secs(days * 86_400)
}

impl Default for EventSettings {
    fn default() -> Self {
        Self { names: EventNames::default(), unreadable_status: 200 }
    }
}

fn events(project: &Section<'_>) -> EventSettings {
    let mut settings = EventSettings::default();
    let Some(events) = project.section("events", "events") else { return settings };
    if let Some(fields) = events.section("fields", "events.fields") {
        let name = |(field, key, _): (EventField, &'static str, _)| Some((field, fields.text(key)?.value.into()));
        settings.names = EventNames::new(ALIASES.into_iter().filter_map(name));
        fields.finish();
    }
    if let Some(status) = events.number_of("unreadable_status", &UNREADABLE_STATUSES) {
        settings.unreadable_status = status;
    }
    events.finish();
    settings
}

/// `[card]`; its deadline is read as a block's.
fn card(project: &Section<'_>, reserve: Duration, token_at: Option<usize>) -> CardSettings {
    let mut settings = CardSettings { wanted_at: token_at, ..CardSettings::default() };
    if let Some(card) = project.section("card", "card") {
        settings = CardSettings { deadline: block::deadline(&card, reserve), wanted_at: Some(card.place.row) };
        card.finish();
    }
    settings
}

impl Default for CardSettings {
    fn default() -> Self {
        Self { deadline: CARD_DEADLINE, wanted_at: None }
    }
}

/// The doors' secrets, and the row of one for cards alone: who has that means to ask for them.
fn tokens(project: &Section<'_>) -> (Tokens, Option<usize>) {
    let common = door_token(project, "token");
    let nothing = Secret::new("");
    let or_common = |own: Option<Secret>| own.or_else(|| common.clone()).unwrap_or_else(|| nothing.clone());
    let Some(tokens) = project.section("tokens", "tokens") else {
        project.needed("token");
        let token = or_common(None);
        let tokens = Tokens {
            route: token.clone(),
            events: token.clone(),
            forms: token.clone(),
            card: token.clone(),
            changes: token,
        };
        return (tokens, None);
    };
    let doors = ["route", "events", "forms", "card", "changes"];
    if !doors.iter().all(|door| tokens.has(door)) {
        project.needed("token");
    }
    let [route, events, forms, card, changes] = doors.map(|door| or_common(door_token(&tokens, door)));
    let card_at = tokens.has("card").then(|| tokens.place_of("card").row);
    tokens.finish();
    (Tokens { route, events, forms, card, changes }, card_at)
}

fn door_token(section: &Section<'_>, key: &'static str) -> Option<Secret> {
    let token = section.secret(key)?.value;
    if token.expose().len() < SHORT_TOKEN_BYTES {
        let reason = format!("{}: shorter than {SHORT_TOKEN_BYTES} characters, can be guessed", section.name(key));
        section.findings.warn(section.place_of(key), reason);
    }
    Some(token)
}

fn timezone(project: &Section<'_>) -> String {
    project.needed("timezone");
    let Some(zone) = project.text("timezone") else { return REPLACED_ZONE.to_owned() };
    if jiff::tz::TimeZone::get(&zone.value).is_err() {
        let expected = "a time zone's name, say Europe/Kyiv";
        project.wrong("timezone", expected, format_args!("`{}`", shortened(&zone.value)));
        return REPLACED_ZONE.to_owned();
    }
    zone.value
}

fn country(project: &Section<'_>) -> (Placed<String>, Option<NumberReader>) {
    project.needed("country");
    let replaced = || Placed::new(REPLACED_COUNTRY.to_owned(), project.place.row);
    let Some(country) = project.text("country") else { return (replaced(), None) };
    let numbers = NumberReader::new(&country.value);
    if numbers.is_none() {
        let expected = "a country's two letters, say UA";
        project.wrong("country", expected, format_args!("`{}`", shortened(&country.value)));
        return (replaced(), None);
    }
    (country, numbers)
}

/// Where the CRM cannot tell of a change, only a sweep notices it.
fn warn_of_slow_sweeps(project: &Section<'_>, crm: &CrmSection) {
    if let Some(sweep) = crm.sweep.as_ref().filter(|sweep| sweep.value > SLOW_SWEEP) {
        let (found, most) = (sweep.value.as_secs(), SLOW_SWEEP.as_secs());
        let reason =
            format!("crm.sweep_s: expected at most {most} without public_url, found {found}: changes are noticed late");
        project.findings.warn(&project.place.at_row(sweep.row), reason);
    }
}

/// The one CRM of the project, and whether all of it could be read.
fn crm_section(project: &Section<'_>) -> Option<(CrmSection, bool)> {
    project.needed("crm");
    if let Some(found) = project.list_len("crm") {
        project.node("crm", "a section");
        let expected = "one section [crm]; a project has one CRM, make a project of each";
        project.wrong("crm", expected, format_args!("a list of {found}"));
        return None;
    }
    crm::read(&project.section("crm", "crm")?)
}
