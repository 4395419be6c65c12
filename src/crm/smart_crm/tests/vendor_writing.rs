//! Holds what is written against the vendor's own files: names, types, lengths and options. Names of navigation properties
//! stand in none of those that we hold; they are a closed list here, from Microsoft's pages.

use std::collections::BTreeMap;

use sandbox::smart_crm::Asked;
use serde_json::Value;

use super::vendor::{FILES, SETS, Vendor, vendor};
use crate::model::ids::CrmId;

/// Values of an option set, each with the value of the column that it goes with, where there is one.
pub(super) type OptionSets = BTreeMap<String, Options>;
type Options = Vec<(i64, Option<i64>)>;

/// What stands before `@odata.bind`: of which table, which lookup it sets, which sets it leads to.
const NAVIGATIONS: [(&str, &str, &str, &[&str]); 27] = [
    ("contact", "ownerid", "ownerid", &["systemusers"]),
    ("contact", "parentcustomerid_account", "parentcustomerid", &["accounts"]),
    ("account", "ownerid", "ownerid", &["systemusers"]),
    ("lead", "ownerid", "ownerid", &["systemusers"]),
    ("lead", "parentcontactid", "parentcontactid", &["contacts"]),
    ("lead", "parentaccountid", "parentaccountid", &["accounts"]),
    ("opportunity", "ownerid", "ownerid", &["systemusers"]),
    ("opportunity", "parentcontactid", "parentcontactid", &["contacts"]),
    ("opportunity", "parentaccountid", "parentaccountid", &["accounts"]),
    ("incident", "ownerid", "ownerid", &["systemusers"]),
    ("incident", "customerid_contact", "customerid", &["contacts"]),
    ("incident", "customerid_account", "customerid", &["accounts"]),
    ("phonecall", "ownerid", "ownerid", &["systemusers"]),
    ("phonecall", "regardingobjectid_contact_phonecall", "regardingobjectid", &["contacts"]),
    ("phonecall", "regardingobjectid_lead_phonecall", "regardingobjectid", &["leads"]),
    ("phonecall", "regardingobjectid_opportunity_phonecall", "regardingobjectid", &["opportunities"]),
    ("task", "ownerid", "ownerid", &["systemusers"]),
    ("task", "regardingobjectid_contact_task", "regardingobjectid", &["contacts"]),
    ("task", "regardingobjectid_lead_task", "regardingobjectid", &["leads"]),
    ("task", "regardingobjectid_opportunity_task", "regardingobjectid", &["opportunities"]),
    ("task", "regardingobjectid_incident_task", "regardingobjectid", &["incidents"]),
    ("annotation", "ownerid", "ownerid", &["systemusers"]),
    ("annotation", "objectid_contact", "objectid", &["contacts"]),
    ("annotation", "objectid_lead", "objectid", &["leads"]),
    ("annotation", "objectid_opportunity", "objectid", &["opportunities"]),
    ("activityparty", "partyid_contact", "partyid", &["contacts"]),
    ("activityparty", "partyid_systemuser", "partyid", &["systemusers"]),
];
const PARTIES: &str = "phonecall_activity_parties";

/// The option sets of a file, by its columns' source names.
pub(super) fn option_sets(file: &Value) -> Vec<(String, Options)> {
    let members = &file["definitions"][0]["hasAttributes"][0]["attributeGroupReference"]["members"];
    let set = |member: &Value| {
        let rows = &member["dataType"]["appliedTraits"][0]["arguments"][0]["entityReference"]["constantValues"];
        let number = |cell: &Value| cell.as_str()?.parse().ok();
        let options = rows.as_array()?.iter().filter_map(|row| Some((number(&row[2])?, number(&row[4]))));
        Some((member["sourceName"].as_str()?.to_owned(), options.collect()))
    };
    members.as_array().into_iter().flatten().filter_map(set).collect()
}

/// Holds a body that was sent against the files.
pub(super) fn judge(vendor: &Vendor, logical: &str, asked: &Asked) {
    let body: Value = serde_json::from_str(asked.body.as_deref().expect("a body")).expect("JSON");
    written(vendor, logical, &body).expect("a body as the vendor describes it");
    let condition =
        (asked.told.get("if-match").map(String::as_str), asked.told.get("if-none-match").map(String::as_str));
    assert!(matches!(condition, (Some("*"), None) | (None, Some("*"))), "{}: {condition:?}", asked.path);
    if asked.status == Some(204) {
        assert_eq!(asked.reply.as_deref(), Some(""), "{}", asked.path);
    }
}

fn written(vendor: &Vendor, logical: &str, body: &Value) -> Result<(), String> {
    let body = body.as_object().ok_or("a body that is no object")?;
    for (name, value) in body {
        if let Some(navigation) = name.strip_suffix("@odata.bind") {
            leads(vendor, (logical, navigation), value)?;
        } else if (logical, name.as_str()) == ("phonecall", PARTIES) {
            let parties = value.as_array().ok_or("parties that are no list")?;
            parties.iter().try_for_each(|party| written(vendor, "activityparty", party))?;
        } else {
            let holds = vendor.property(logical, name)?;
            if name.starts_with('_') || !holds.fits(value) {
                return Err(format!("{logical}: {name}: expected {holds:?}, found {value}"));
            }
            option(vendor, (logical, name), value, body.get("statecode"))?;
        }
    }
    Ok(())
}

/// A value is one of its column's options, and fits the state that is set with it.
fn option(vendor: &Vendor, place: (&str, &str), value: &Value, state: Option<&Value>) -> Result<(), String> {
    let Some(options) = vendor.options.get(place.0).and_then(|columns| columns.get(place.1)) else { return Ok(()) };
    let found = options.iter().find(|(known, _)| Some(*known) == value.as_i64());
    let (_, goes_with) = found.ok_or_else(|| format!("{place:?}: {value} is no option"))?;
    match (goes_with, state.and_then(Value::as_i64)) {
        (Some(wanted), Some(state)) if *wanted != state => Err(format!("{place:?}: {value} is no status of {state}")),
        _ => Ok(()),
    }
}

fn leads(vendor: &Vendor, (logical, navigation): (&str, &str), value: &Value) -> Result<(), String> {
    let known = NAVIGATIONS.iter().find(|(of, name, ..)| (*of, *name) == (logical, navigation));
    let (.., lookup, sets) = known.ok_or_else(|| format!("{logical}: {navigation} is no navigation property"))?;
    vendor.property(logical, &format!("_{lookup}_value"))?;
    let text = value.as_str().unwrap_or_default();
    let target = text.strip_prefix('/').and_then(|text| text.strip_suffix(')')).and_then(|text| text.split_once('('));
    match target {
        Some((set, id)) if sets.contains(&set) && matches!(CrmId::parse(id), Some(CrmId::Uuid(_))) => Ok(()),
        _ => Err(format!("{logical}: {navigation} leads to {text}")),
    }
}

/// Whether a request asks for columns of a table that we know.
pub(super) fn is_of_definitions(asked: &Asked) -> bool {
    let rest = asked.path.strip_prefix("/api/data/v9.2/EntityDefinitions(LogicalName='");
    let Some((logical, rest)) = rest.and_then(|rest| rest.split_once("')/Attributes")) else { return false };
    let casts = ["String", "Memo"].map(|of| format!("/Microsoft.Dynamics.CRM.{of}AttributeMetadata"));
    let cast = rest.is_empty() || casts.iter().any(|cast| cast == rest);
    let query: BTreeMap<_, _> = form_urlencoded::parse(asked.query.as_bytes()).into_owned().collect();
    let selected = query["$select"].split(',').all(|name| {
        matches!(name, "LogicalName" | "AttributeType" | "IsValidForUpdate")
            || (name == "MaxLength" && !rest.is_empty())
    });
    asked.method == "GET" && cast && selected && query.len() == 2 && FILES.iter().any(|(known, _)| *known == logical)
}

#[test]
fn a_misspelt_or_misfitting_body_is_caught() {
    let Some(vendor) = vendor() else { return };
    let id = "0a1b2c3d-1111-4222-8333-444455556666";
    for (logical, body) in [
        ("contact", r#"{"mobile":"+380671112233"}"#.to_owned()),
        ("contact", r#"{"lastname":"123456789012345678901234567890123456789012345678901"}"#.to_owned()),
        ("contact", r#"{"_ownerid_value":"0a1b2c3d-1111-4222-8333-444455556666"}"#.to_owned()),
        ("contact", format!(r#"{{"owner@odata.bind":"/systemusers({id})"}}"#)),
        ("contact", format!(r#"{{"ownerid@odata.bind":"/contacts({id})"}}"#)),
        ("contact", r#"{"ownerid@odata.bind":"/systemusers(7)"}"#.to_owned()),
        ("phonecall", r#"{"statecode":1,"statuscode":5}"#.to_owned()),
        ("phonecall", r#"{"statecode":0,"statuscode":4}"#.to_owned()),
        ("phonecall", r#"{"directioncode":1}"#.to_owned()),
        ("phonecall", format!(r#"{{"regardingobjectid_contact@odata.bind":"/contacts({id})"}}"#)),
        ("phonecall", r#"{"phonecall_activity_parties":[{"participationtypemask":99}]}"#.to_owned()),
        ("task", format!(r#"{{"regardingobjectid_contact_phonecall@odata.bind":"/contacts({id})"}}"#)),
        ("task", r#"{"scheduledend":"tomorrow"}"#.to_owned()),
        ("incident", r#"{"caseorigincode":4}"#.to_owned()),
    ] {
        let body = serde_json::from_str(&body).expect("JSON");
        assert!(written(vendor, logical, &body).is_err(), "{logical}: {body}");
    }
    let good = format!(
        r#"{{"statecode":1,"statuscode":4,"directioncode":false,"phonecall_activity_parties":[
            {{"participationtypemask":1,"partyid_contact@odata.bind":"/contacts({id})"}},
            {{"participationtypemask":2,"addressused":"+380442000000"}}]}}"#
    );
    written(vendor, "phonecall", &serde_json::from_str(&good).expect("JSON")).expect("as described");
    assert!(SETS.iter().all(|(_, logical)| FILES.iter().any(|(known, _)| known == logical)));
}
