//! Holds requests and replies against the vendor's own files, which lie beside the repository: the Common Data Model's
//! names, types and lengths.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use sandbox::smart_crm::{Asked, CLOSED_LISTS};
use serde::Deserialize;
use serde_json::Value;

use super::vendor_registering;
use super::vendor_writing::{self, OptionSets, option_sets};
use crate::crm::beside;
use crate::crm::smart_crm::path::{self, Custom, TABLES};
use crate::model::client::Kind;
use crate::model::ids::CrmId;

/// Where each table's files are.
pub(super) const FILES: [(&str, &[&str]); 10] = [
    ("contact", &["core.Contact", "crmCommon.Contact"]),
    ("account", &["core.Account", "crmCommon.Account"]),
    ("lead", &["crmCommon.Lead"]),
    ("opportunity", &["sales.Opportunity"]),
    ("incident", &["service.Case"]),
    ("systemuser", &["core.User"]),
    ("phonecall", &["core.PhoneCall", "crmCommon.PhoneCall"]),
    ("task", &["core.Task", "service.Task"]),
    ("annotation", &["core.Note"]),
    ("activityparty", &["core.ActivityParty", "service.ActivityParty"]),
];
/// Entity sets, which no file of the vendor's that we hold names; from its pages.
pub(super) const SETS: [(&str, &str); 9] = [
    ("contacts", "contact"),
    ("accounts", "account"),
    ("leads", "lead"),
    ("opportunities", "opportunity"),
    ("incidents", "incident"),
    ("systemusers", "systemuser"),
    ("phonecalls", "phonecall"),
    ("tasks", "task"),
    ("annotations", "annotation"),
];
const OPTIONS: [&str; 5] = ["$select", "$filter", "$orderby", "$skiptoken", "$deltatoken"];
const HEADERS: [&str; 11] = [
    "accept",
    "authorization",
    "content-length",
    "content-type",
    "host",
    "if-match",
    "if-none-match",
    "odata-maxversion",
    "odata-version",
    "prefer",
    "user-agent",
];

/// In a false alarm: every table that a call leaves something on.
const ANY: &str = "any";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Text(Option<u64>),
    Whole,
    /// A number that may have places.
    Decimal,
    Flag,
    Time,
    Id,
    Lookup,
}

/// A name that is right although the files do not have it, or have it otherwise.
#[derive(Debug, Deserialize)]
struct FalseAlarm {
    r#where: String,
    what: String,
    holds: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct FalseAlarms {
    alarm: Vec<FalseAlarm>,
}

type Columns = BTreeMap<String, Holds>;

/// The files, and what they miss.
pub(super) struct Vendor {
    tables: BTreeMap<&'static str, Columns>,
    /// The option sets of each table's columns.
    pub(super) options: BTreeMap<&'static str, OptionSets>,
    alarms: Vec<FalseAlarm>,
}

/// `None`, said aloud, where the folder is absent; on CI that is a failure.
pub(super) fn vendor() -> Option<&'static Vendor> {
    static READ: OnceLock<Option<Vendor>> = OnceLock::new();
    let read = || {
        let folder = beside::description("dataverse")?;
        let read = |file: &&str| -> Value {
            let path = folder.join(format!("{file}.cdm.json"));
            serde_json::from_slice(&std::fs::read(path).expect(file)).expect(file)
        };
        let tables = FILES
            .iter()
            .map(|(logical, files)| (*logical, files.iter().map(read).flat_map(|file| columns(&file)).collect()));
        let tables = tables.collect();
        let options = FILES
            .iter()
            .map(|(logical, files)| (*logical, files.iter().map(read).flat_map(|file| option_sets(&file)).collect()));
        let options = options.collect();
        let alarms: FalseAlarms = toml::from_str(include_str!("../false-alarms.toml")).expect("false-alarms.toml");
        Some(Vendor { tables, options, alarms: alarms.alarm })
    };
    READ.get_or_init(read).as_ref()
}

/// The columns of a file by their source names: plain ones, and the keys of lookups.
fn columns(file: &Value) -> Vec<(String, Holds)> {
    let members = &file["definitions"][0]["hasAttributes"][0]["attributeGroupReference"]["members"];
    let column = |member: &Value| {
        let key = &member["resolutionGuidance"]["entityByReference"]["foreignKeyAttribute"];
        if let Some(name) = key["sourceName"].as_str() {
            return Some((name.to_owned(), Holds::Lookup));
        }
        let name = member["sourceName"].as_str()?.to_owned();
        let data_type = &member["dataType"];
        let data_type = data_type["dataTypeReference"].as_str().or_else(|| data_type.as_str())?;
        let holds = match data_type {
            "listLookup" | "listLookupCorrelated" | "integer" | "bigInteger" => Holds::Whole,
            "currency" | "decimal" | "double" => Holds::Decimal,
            "boolean" => Holds::Flag,
            "dateTime" | "date" => Holds::Time,
            "entityId" | "guid" => Holds::Id,
            _ => Holds::Text(member["maximumLength"].as_u64()),
        };
        Some((name, holds))
    };
    members.as_array().into_iter().flatten().filter_map(column).collect()
}

impl Vendor {
    /// What a property of a table holds.
    pub(super) fn property(&self, logical: &str, property: &str) -> Result<Holds, String> {
        let lookup = property.strip_prefix('_').and_then(|name| name.strip_suffix("_value"));
        let name = lookup.unwrap_or(property);
        let described = self.tables.get(logical).and_then(|columns| columns.get(name)).copied();
        let alarm =
            self.alarms.iter().find(|alarm| [logical, ANY].contains(&alarm.r#where.as_str()) && alarm.what == name);
        let holds = alarm.map(FalseAlarm::holds).or(described);
        match holds {
            None => Err(format!("{logical}: {property} is in none of the vendor's files")),
            Some(Holds::Lookup) if lookup.is_none() => {
                Err(format!("{logical}: the property of {property} is _{name}_value"))
            }
            Some(holds) if lookup.is_some() && holds != Holds::Lookup => Err(format!("{logical}: {name} is no lookup")),
            Some(holds) => Ok(holds),
        }
    }

    /// Property names of a query: `$select`, `$orderby`, and those that `$filter` compares.
    fn query(&self, logical: &str, query: &str) -> Result<(), String> {
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !OPTIONS.contains(&name.as_ref()) {
                return Err(format!("{name} is no query option"));
            }
            let filter = without_texts(&value);
            let names: Vec<&str> = match name.as_ref() {
                "$select" => value.split(',').collect(),
                "$orderby" => value.split(',').map(|part| part.trim_end_matches(" asc")).collect(),
                "$filter" => compared(&filter),
                _ => Vec::new(),
            };
            names.iter().try_for_each(|name| self.property(logical, name).map(drop))?;
        }
        Ok(())
    }

    /// Names, types and lengths of what a reply's rows hold.
    fn row(&self, logical: &str, row: &Value) -> Result<(), String> {
        let row = row.as_object().ok_or("a row that is no object")?;
        if row.get("reason").is_some() {
            let known = row.keys().all(|key| matches!(key.as_str(), "@odata.context" | "id" | "reason"));
            return known.then_some(()).ok_or_else(|| format!("a deleted row with {row:?}"));
        }
        for (name, value) in row {
            let (property, annotation) = name.split_once('@').unwrap_or((name, ""));
            match (property, annotation) {
                ("", "odata.etag" | "odata.context") => continue,
                (_, path::ANNOTATION) => {
                    let target = value.as_str().unwrap_or_default();
                    let known = ["contact", "account", "systemuser", "team"].contains(&target);
                    known.then_some(()).ok_or_else(|| format!("{name}: {value}"))?;
                    self.property(logical, property)?;
                }
                (_, "") => {
                    let holds = self.property(logical, property)?;
                    if !holds.fits(value) {
                        return Err(format!("{logical}: {property}: expected {holds:?}, found {value}"));
                    }
                }
                _ => return Err(format!("{name} is no annotation that was asked for")),
            }
        }
        Ok(())
    }
}

impl FalseAlarm {
    fn holds(&self) -> Holds {
        match self.holds.as_str() {
            "text" => Holds::Text(None),
            "time" => Holds::Time,
            "lookup" => Holds::Lookup,
            "id" => Holds::Id,
            "flag" => Holds::Flag,
            "whole" => Holds::Whole,
            other => panic!("expected text, time, lookup, id, flag or whole, found {other}"),
        }
    }
}

impl Holds {
    pub(super) fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(longest), Value::String(text)) => {
                longest.is_none_or(|longest| text.chars().count() <= usize::try_from(longest).expect("a length"))
            }
            (Self::Whole, Value::Number(number)) => number.is_i64(),
            (Self::Decimal, Value::Number(_)) | (_, Value::Null) | (Self::Flag, Value::Bool(_)) => true,
            (Self::Time, Value::String(text)) => text.parse::<jiff::Timestamp>().is_ok(),
            (Self::Id | Self::Lookup, Value::String(text)) => matches!(CrmId::parse(text), Some(CrmId::Uuid(_))),
            _ => false,
        }
    }
}

/// The filter without what stands in its texts.
fn without_texts(filter: &str) -> String {
    let mut quoted = false;
    let outside = |sign: &char| {
        quoted ^= *sign == '\'';
        !quoted
    };
    filter.chars().filter(outside).collect()
}

/// The names before ` eq ` and ` ge `, and those that `endswith` looks at.
fn compared(filter: &str) -> Vec<&str> {
    let before = |op: &'static str| filter.rsplit(op).skip(1).filter_map(|part| part.rsplit([' ', '(']).next());
    let ends = filter.split("endswith(").skip(1).filter_map(|part| part.split(',').next());
    before(" eq ").chain(before(" ge ")).chain(ends).collect()
}

/// Holds one request and its reply against the files.
pub(super) fn judge(asked: &Asked) {
    for name in &asked.headers {
        assert!(HEADERS.contains(&name.as_str()), "{}: header {name}", asked.path);
    }
    let below = asked.path.strip_prefix("/api/data/v9.2/").expect("the API's root");
    let (set, one) = below.split_once('(').unwrap_or((below, ""));
    let Some((_, logical)) = SETS.iter().find(|(known, _)| *known == set) else {
        let known = vendor_registering::is_of_webhooks(set) || vendor_writing::is_of_definitions(asked);
        assert!(known || set == "WhoAmI", "{}: no entity set", asked.path);
        vendor_registering::judge(asked).expect("as the closed lists have it");
        return;
    };
    let Some(vendor) = vendor() else { return };
    if asked.method == "PATCH" {
        vendor_writing::judge(vendor, logical, asked);
        return;
    }
    assert_eq!(asked.method, "GET", "{}", asked.path);
    // A column of the organization's own that does not exist is a test's.
    if asked.status == Some(400) && asked.query.contains("new_mobil") {
        return;
    }
    vendor.query(logical, &asked.query).expect("a request as the vendor describes it");
    // What was staged to be odd is odd.
    let reply = asked.reply.as_deref().filter(|_| asked.status == Some(200) && asked.fault.is_none());
    let Some(Ok(reply)) = reply.map(serde_json::from_str::<Value>) else { return };
    let rows = if one.is_empty() { reply["value"].as_array().into_iter().flatten().collect() } else { vec![&reply] };
    for row in rows {
        vendor.row(logical, row).expect("a reply as the vendor describes it");
    }
}

#[test]
fn every_property_that_is_read_is_in_the_vendors_files() {
    let Some(vendor) = vendor() else { return };
    for table in TABLES {
        let links = table.links.iter().map(|(name, _)| *name);
        let all = path::numbers(table, &Custom(Vec::new())).map(str::to_owned).collect::<Vec<_>>();
        let names = all.iter().map(String::as_str).chain(links);
        for name in names.chain([table.id, path::OWNER, path::STATE, path::CREATED, path::MODIFIED]) {
            vendor.property(table.logical, name).expect("a property");
        }
    }
    let [mobile, desk] = path::USER_PHONES;
    for name in [path::USER_ID, path::USER_EMAIL, path::USER_DISABLED, mobile, desk] {
        vendor.property(path::USER_LOGICAL, name).expect("a property");
    }
}

#[test]
fn every_property_that_the_stand_in_knows_is_in_the_vendors_files() {
    let Some(vendor) = vendor() else { return };
    for list in CLOSED_LISTS {
        for name in (list.properties)() {
            vendor.property(list.logical, name).expect("a property");
        }
    }
}

/// The closed lists: who reads another property adds it here, having looked it up.
#[test]
fn the_properties_read_are_these() {
    let of = |kind| {
        let table = path::table(kind);
        let links = table.links.iter().map(|(name, _)| *name);
        [table.set, table.id]
            .into_iter()
            .chain(table.numbers.iter().copied())
            .chain(links)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        of(Kind::Contact),
        "contacts contactid mobilephone telephone1 telephone2 telephone3 assistantphone managerphone pager \
         _parentcustomerid_value"
    );
    assert_eq!(of(Kind::Organization), "accounts accountid telephone1 telephone2 telephone3");
    assert_eq!(
        of(Kind::Lead),
        "leads leadid mobilephone telephone1 telephone2 telephone3 address1_telephone1 address1_telephone2 \
         address1_telephone3 _parentcontactid_value _parentaccountid_value"
    );
    assert_eq!(
        of(Kind::Deal),
        "opportunities opportunityid _parentcontactid_value _parentaccountid_value _customerid_value"
    );
    assert_eq!(of(Kind::Ticket), "incidents incidentid _primarycontactid_value _customerid_value");
}

#[test]
fn a_misspelt_property_is_caught() {
    let Some(vendor) = vendor() else { return };
    for query in [
        "%24select=contactid%2Ctelefone1",
        "%24select=contactid%2C_parentcustomer_value",
        "%24select=parentcustomerid",
        "%24select=_telephone1_value",
        "%24filter=statecod+eq+0",
        "%24filter=statecode+eq+0+and+%28endswith%28mobile%2C%271%27%29%29",
        "%24orderby=modified+asc",
        "%24expand=contact_x",
    ] {
        assert!(vendor.query("contact", query).is_err(), "{query}");
    }
    let good = "%24select=contactid%2Cmobilephone&%24filter=statecode+eq+0+and+%28endswith%28pager%2C%271%27%29+or+\
                contactid+eq+0a1b2c3d-1111-4222-8333-444455556666%29&%24orderby=modifiedon+asc%2Ccontactid+asc";
    vendor.query("contact", good).expect("as described");
    for row in [
        r#"{"contactid":"7"}"#,
        r#"{"mobilephone":380671112233}"#,
        r#"{"mobilephone":"123456789012345678901234567890123456789012345678901"}"#,
        r#"{"statecode":"0"}"#,
        r#"{"createdon":"yesterday"}"#,
        r#"{"mobile":"1"}"#,
        r#"{"_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"owner"}"#,
        r#"{"reason":"deleted","contactid":"x"}"#,
    ] {
        assert!(vendor.row("contact", &serde_json::from_str(row).expect("JSON")).is_err(), "{row}");
    }
}

#[test]
fn every_false_alarm_is_one_still_and_has_a_reason() {
    let Some(vendor) = vendor() else { return };
    let lists: BTreeSet<(String, String)> = CLOSED_LISTS
        .iter()
        .flat_map(|list| (list.properties)().into_iter().map(|name| (list.logical.to_owned(), name.to_owned())))
        .collect();
    for alarm in &vendor.alarms {
        let of = if alarm.r#where == ANY { "contact" } else { alarm.r#where.as_str() };
        let described = vendor.tables[of].get(&alarm.what);
        assert_ne!(described, Some(&alarm.holds()), "{} {}: the files have it now", alarm.r#where, alarm.what);
        let known = |name: String| lists.contains(&(of.to_owned(), name));
        assert!(known(alarm.what.clone()) || known(format!("_{}_value", alarm.what)), "{} is asked for", alarm.what);
        assert!(alarm.reason.contains("SOURCE.md") || alarm.reason.contains("stand-in"), "{}", alarm.what);
    }
}
