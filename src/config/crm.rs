//! The `[crm]` section: what all adapters' sections are made of. Which keys a kind needs is its adapter's matter.

use std::time::Duration;

use crate::base::{problem::Placed, secret::Secret};
use crate::config::{
    fields::{self, FieldNames},
    section::{Range, Section},
    tree::shortened,
};

/// The nightly crawl's beginning unless said otherwise: 03:30.
const CRAWL_AT_MIN: u16 = 3 * 60 + 30;
const MAX_NUMBERS: u64 = 2_000_000;
const SHRINK_GUARD_PERCENT: u8 = 30;

/// The `[crm]` section of a project.
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
    /// Zoho: where the account lives, `eu` and so on.
    pub data_center: Option<Placed<String>>,
    /// The account at the vendor: Zoho's organisation, Zoho Desk's and HubSpot's portal.
    pub org_id: Option<Placed<String>>,
    /// SMART CRM: the directory that the application is registered in.
    pub tenant: Option<Placed<String>>,
    /// Where the CRM's own pages are, when the vendor's address for them is another or cannot be told.
    pub card_base_url: Option<Placed<String>>,
    /// SMART CRM: the app that cards are shown in.
    pub app_id: Option<Placed<String>>,
    /// SMART CRM: the user that what predial writes belongs to where nobody else does.
    pub system_user: Option<Placed<String>>,
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
    /// The fields that a call's data go into: `[crm.fields]`.
    pub fields: FieldNames,
    /// The last name of a contact that a call makes, for CRMs that demand one and calls that tell none; `None` = the
    /// vendor's way without.
    pub contact_name: Option<Placed<String>>,
}

impl CrmSection {
    /// A section that says nothing but its kind: what every key is by default.
    #[must_use]
    pub fn of_kind(kind: &str) -> Self {
        Self {
            file: String::new(),
            row: 0,
            kind: Placed::new(kind.to_owned(), 0),
            base_url: None,
            auth_url: None,
            token: None,
            client_id: None,
            client_secret: None,
            refresh_token: None,
            data_center: None,
            org_id: None,
            tenant: None,
            card_base_url: None,
            app_id: None,
            system_user: None,
            sweep: None,
            full_crawl_at_min: CRAWL_AT_MIN,
            max_numbers: MAX_NUMBERS,
            shrink_guard_percent: SHRINK_GUARD_PERCENT,
            absent_max_age: None,
            quota: QuotaSettings::default(),
            phone_fields: Vec::new(),
            fields: FieldNames::default(),
            contact_name: None,
        }
    }

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
            data_center: moved(self.data_center.as_ref()),
            org_id: moved(self.org_id.as_ref()),
            tenant: moved(self.tenant.as_ref()),
            card_base_url: moved(self.card_base_url.as_ref()),
            app_id: moved(self.app_id.as_ref()),
            system_user: moved(self.system_user.as_ref()),
            sweep: moved(self.sweep.as_ref()),
            phone_fields: self.phone_fields.iter().map(|field| Placed::new(field.value.clone(), 0)).collect(),
            fields: self.fields.without_rows(),
            contact_name: moved(self.contact_name.as_ref()),
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
    /// Requests in the vendor's burst window, where the account's plan allows another number than the smallest one's.
    pub burst: Option<u32>,
    /// Requests under way at a time, likewise.
    pub in_flight: Option<u32>,
}

impl Default for QuotaSettings {
    fn default() -> Self {
        Self { daily: None, sweep_percent: 20, crawl_percent: 30, live_percent: 30, burst: None, in_flight: None }
    }
}

/// Reads the section, and says whether all of it could be read; `None` where not even the kind could.
pub(super) fn read(crm: &Section<'_>) -> Option<(CrmSection, bool)> {
    crm.needed("kind");
    let kind = crm.text("kind");
    let known = kind.is_some();
    let (phone_fields, fields) = fields(crm);
    let section = CrmSection {
        file: crm.place.file.to_string(),
        row: crm.place.row,
        kind: kind.unwrap_or_else(|| Placed::new(String::new(), crm.place.row)),
        base_url: crm.text("base_url"),
        auth_url: crm.text("auth_url"),
        token: crm.secret("token"),
        client_id: crm.text("client_id"),
        client_secret: crm.secret("client_secret"),
        refresh_token: crm.secret("refresh_token"),
        data_center: crm.text("data_center"),
        org_id: crm.text("org_id"),
        tenant: crm.text("tenant"),
        card_base_url: crm.text("card_base_url"),
        app_id: crm.text("app_id"),
        system_user: crm.text("system_user"),
        sweep: seconds(crm, "sweep_s", Range::new(10, 86_400, "seconds")),
        full_crawl_at_min: crawl_at(crm),
        max_numbers: crm
            .number("max_numbers", Range::new(1, 50_000_000, "numbers"))
            .map_or(MAX_NUMBERS, |number| number.value),
        shrink_guard_percent: percent(crm, "shrink_guard_percent", SHRINK_GUARD_PERCENT),
        absent_max_age: seconds(crm, "absent_max_age_s", Range::new(10, 604_800, "seconds")).map(|age| age.value),
        quota: quota(crm),
        phone_fields,
        fields,
        contact_name: crm.text("contact_name"),
    };
    if let (Some(age), Some(sweep)) = (section.absent_max_age, &section.sweep)
        && age < sweep.value
    {
        let expected = format!("at least {}.sweep_s", crm.path);
        crm.wrong("absent_max_age_s", expected, "less, so that absent would never be a fact");
    }
    crm.finish();
    known.then(|| (section, crm.sound()))
}

fn seconds(section: &Section<'_>, key: &'static str, range: Range) -> Option<Placed<Duration>> {
    section.number(key, range).map(|number| Placed::new(Duration::from_secs(number.value), number.row))
}

fn percent(section: &Section<'_>, key: &'static str, default: u8) -> u8 {
    let found = section.number(key, Range::new(1, 100, "percent"));
    found.and_then(|percent| u8::try_from(percent.value).ok()).unwrap_or(default)
}

/// `"03:30"` as minutes after midnight.
fn crawl_at(crm: &Section<'_>) -> u16 {
    let Some(text) = crm.text("full_crawl_at") else { return CRAWL_AT_MIN };
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let time = text.value.split_once(':').filter(|(hour, minute)| digits(hour) && digits(minute));
    let time = time.and_then(|(hour, minute)| Some((hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?)));
    if let Some((hour, minute)) = time.filter(|(hour, minute)| *hour < 24 && *minute < 60) {
        return hour * 60 + minute;
    }
    crm.wrong("full_crawl_at", "a time from 00:00 to 23:59", format_args!("`{}`", shortened(&text.value)));
    CRAWL_AT_MIN
}

fn quota(crm: &Section<'_>) -> QuotaSettings {
    let Some(quota) = crm.section("quota", "crm.quota") else {
        return QuotaSettings::default();
    };
    let default = QuotaSettings::default();
    let daily = quota.number("daily", Range::new(1, 1_000_000_000_000, "of the vendor's units"));
    let settings = QuotaSettings {
        daily: daily.map(|daily| daily.value),
        sweep_percent: percent(&quota, "sweep_percent", default.sweep_percent),
        crawl_percent: percent(&quota, "crawl_percent", default.crawl_percent),
        live_percent: percent(&quota, "live_percent", default.live_percent),
        burst: requests(&quota, "burst"),
        in_flight: requests(&quota, "in_flight"),
    };
    let shares = [settings.sweep_percent, settings.crawl_percent, settings.live_percent];
    let whole: u16 = shares.into_iter().map(u16::from).sum();
    if whole > 100 {
        let expected = "sweep_percent, crawl_percent and live_percent to be at most 100 together";
        quota.findings.problem(&quota.place, format!("{}: expected {expected}, found {whole}", quota.path));
    }
    quota.finish();
    settings
}

fn requests(quota: &Section<'_>, key: &'static str) -> Option<u32> {
    let found = quota.number(key, Range::new(2, 1_000_000, "requests"))?;
    u32::try_from(found.value).ok()
}

/// `[crm.fields]`: those that hold numbers, and those that a call's data go into.
fn fields(crm: &Section<'_>) -> (Vec<Placed<String>>, FieldNames) {
    let Some(fields) = crm.section("fields", "crm.fields") else { return Default::default() };
    let phone = fields.texts("phone").unwrap_or_default();
    for (at, field) in phone.iter().enumerate() {
        if phone.iter().take(at).any(|before| before.value == field.value) {
            let place = fields.place.at_row(field.row);
            fields.wrong_at(&place, "phone", "each field once", format_args!("`{}` again", shortened(&field.value)));
        }
    }
    let names = fields::read(&fields);
    fields.finish();
    (phone, names)
}
