use super::account::section;
use crate::base::problem::Placed;
use crate::base::secret::Secret;
use crate::config::{CrmSection, FieldNames, Meaning, QuotaSettings};
use crate::crm::zoho_crm::data_center;
use crate::crm::zoho_crm::settings::prepare;

pub(super) fn in_data_center(name: &str) -> CrmSection {
    let data_center = Some(Placed::new(name.to_owned(), 11));
    CrmSection { data_center, base_url: None, auth_url: None, ..section("", "") }
}

pub(super) fn problems(section: &CrmSection) -> Vec<String> {
    prepare(section).expect_err("problems").iter().map(ToString::to_string).collect()
}

#[test]
fn a_data_center_is_all_the_address_there_need_be() {
    for center in &data_center::ALL {
        let prepared = prepare(&in_data_center(center.name)).expect(center.name);
        assert_eq!(prepared.account(), format!("{}#sandbox-client", center.api));
    }
    assert_eq!(data_center::ALL.len(), 11);
    assert_eq!(data_center::of("ca").expect("Canada").accounts, "https://accounts.zohocloud.ca");
    for center in &data_center::ALL {
        assert!(center.api.ends_with(&format!(".{}", center.domain)), "{}", center.name);
    }
}

#[test]
fn addresses_of_ones_own_take_the_data_centers_place() {
    let section = CrmSection {
        data_center: Some(Placed::new("eu".to_owned(), 11)),
        ..section("http://127.0.0.1:9", "http://127.0.0.1:9")
    };
    assert_eq!(prepare(&section).expect("a section").account(), "http://127.0.0.1:9#sandbox-client");
}

#[test]
fn no_more_requests_are_made_at_a_time_than_queries_are_taken() {
    let at_once = |in_flight| {
        let quota = QuotaSettings { in_flight: Some(in_flight), ..QuotaSettings::default() };
        CrmSection { quota, ..in_data_center("eu") }
    };
    assert!(prepare(&at_once(10)).is_ok());
    let told = problems(&at_once(11));
    assert!(told.len() == 1 && told[0].contains("crm.quota.in_flight: expected at most 10"), "{told:?}");
}

#[test]
fn the_organisation_tells_accounts_apart_where_it_is_named() {
    let section = CrmSection { org_id: Some(Placed::new("60012345".to_owned(), 17)), ..in_data_center("eu") };
    assert_eq!(prepare(&section).expect("a section").account(), "https://www.zohoapis.eu#60012345");
}

#[test]
fn every_problem_is_told_with_its_row() {
    let none = CrmSection { client_id: None, client_secret: None, refresh_token: None, ..in_data_center("moon") };
    let none = CrmSection {
        token: Some(Placed::new(Secret::new("t"), 15)),
        tenant: Some(Placed::new("t".to_owned(), 16)),
        org_id: Some(Placed::new("acme corp".to_owned(), 17)),
        phone_fields: vec![Placed::new("Work Phone".to_owned(), 20), Placed::new("1st".to_owned(), 21)],
        ..none
    };
    assert_eq!(
        problems(&none),
        [
            "acme.toml:11: crm.data_center: expected one of us, eu, in, au, jp, ca, sa, uk, cn, sg, ae, found \"moon\"",
            "acme.toml:10: expected crm.client_id, crm.client_secret and crm.refresh_token, found none of them",
            "acme.toml:17: crm.org_id: expected the account's number, found something else",
            "acme.toml:20: crm.fields.phone: expected a field's API name, say Work_Phone, found \"Work Phone\"",
            "acme.toml:21: crm.fields.phone: expected a field's API name, say Work_Phone, found \"1st\"",
            "acme.toml:15: crm.token: expected nothing, since zoho-crm has no use for it, found one",
            "acme.toml:16: crm.tenant: expected nothing, since zoho-crm has no use for it, found one",
        ]
    );
}

#[test]
fn without_a_data_center_both_addresses_are_needed() {
    let nowhere = CrmSection { data_center: None, ..in_data_center("eu") };
    assert_eq!(problems(&nowhere).len(), 1);
    let half = CrmSection { base_url: Some(Placed::new("https://www.zohoapis.eu".to_owned(), 12)), ..nowhere };
    assert!(problems(&half)[0].contains("base_url and auth_url"), "{:?}", problems(&half));
    let secretless = CrmSection { client_secret: None, ..in_data_center("eu") };
    assert_eq!(problems(&secretless).len(), 1);
}

#[test]
fn more_configured_fields_than_a_request_can_name_are_refused() {
    let names = (0..21).map(|at| Placed::new(format!("Phone_{at}"), 20)).collect();
    let section = CrmSection { phone_fields: names, ..in_data_center("eu") };
    assert!(problems(&section)[0].contains("at most 20"), "{:?}", problems(&section));
}

#[test]
fn the_smallest_edition_is_what_is_kept_to_unless_more_is_configured() {
    let mut section = in_data_center("eu");
    let limits = prepare(&section).expect("a section").limits();
    assert_eq!((limits.daily.map(|daily| daily.units), limits.in_flight), (Some(5_000), Some(5)));
    section.quota.daily = Some(100_000);
    let limits = prepare(&section).expect("a section").limits();
    assert_eq!((limits.daily.map(|daily| daily.units), limits.general, limits.search), (Some(100_000), None, None));
}

#[test]
fn a_field_that_can_be_none_or_is_not_written_is_told() {
    let names = FieldNames::default()
        .with(None, Meaning::UtmSource, "UTM Source")
        .with(Some("ticket"), Meaning::CallId, "Call_ID")
        .with(Some("task"), Meaning::UtmTerm, "Term")
        .with(Some("task"), Meaning::CallId, "Call_ID")
        .with(Some("deal"), Meaning::Mark, "1st");
    let contact_name = Some(Placed::new(" ".to_owned(), 19));
    let section = CrmSection { fields: names, contact_name, ..in_data_center("eu") };
    let problems = problems(&section);
    assert_eq!(problems.len(), 5, "{problems:?}");
    for part in [
        "crm.fields.utm_source: expected a field's API name, say UTM_Source, found \"UTM Source\"",
        "crm.fields.ticket.call_id: expected nothing, since zoho-crm has no tickets",
        "crm.fields.task.utm_term: expected nothing, since it is not written into a task",
        "crm.fields.deal.mark: expected a field's API name",
        "acme.toml:19: crm.contact_name: expected a name of at most 80 signs",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:?}");
    }
}
