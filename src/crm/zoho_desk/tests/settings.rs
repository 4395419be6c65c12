use url::Url;

use crate::base::{problem::Placed, secret::Secret};
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::hooks::HookTarget;
use crate::crm::quota::Budget;
use crate::crm::zoho_desk::{path, settings::prepare};

fn placed(text: &str, row: usize) -> Option<Placed<String>> {
    Some(Placed::new(text.to_owned(), row))
}

pub(super) fn section() -> CrmSection {
    CrmSection {
        file: "projects/acme.toml".to_owned(),
        row: 10,
        data_center: placed("eu", 12),
        org_id: placed("60001280952", 13),
        client_id: placed("client", 14),
        client_secret: Some(Placed::new(Secret::new("s3cret"), 15)),
        refresh_token: Some(Placed::new(Secret::new("r3fresh"), 16)),
        ..CrmSection::of_kind("zoho-desk")
    }
}

pub(super) fn problems(section: &CrmSection) -> Vec<String> {
    prepare(section).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_section_is_accepted_and_has_the_smallest_editions_limits() {
    let prepared = prepare(&section()).expect("no problem");
    let limits = prepared.limits();
    assert_eq!((limits.daily, limits.in_flight), (Some(Budget::utc_day(5_000)), Some(5)));
    assert_eq!((limits.general, limits.search), (None, None), "there is no limit by the second");
    assert_eq!(prepared.account(), "https://desk.zoho.eu 60001280952");
    let printed = format!("{prepared:?}");
    assert!(!printed.contains("s3cret") && !printed.contains("r3fresh"), "{printed}");
}

#[test]
fn a_larger_edition_is_configured() {
    let mut section = section();
    (section.quota.daily, section.quota.in_flight) = (Some(77_500), Some(15));
    let limits = prepare(&section).expect("no problem").limits();
    assert_eq!((limits.daily, limits.in_flight), (Some(Budget::utc_day(77_500)), Some(15)));
}

#[test]
fn every_data_center_has_its_hosts_and_no_other_word_is_one() {
    for center in path::DATA_CENTERS {
        let prepared = prepare(&CrmSection { data_center: placed(center.word, 12), ..section() }).expect(center.word);
        assert_eq!(prepared.account(), format!("https://{} 60001280952", center.desk));
        let under = center.desk.strip_prefix("desk.").expect("a host of the API");
        assert_eq!(center.accounts, format!("accounts.{under}"));
    }
    for wrong in ["", "EU", "uk", "zoho.eu", "https://desk.zoho.eu"] {
        let found = problems(&CrmSection { data_center: placed(wrong, 12), ..section() });
        assert_eq!(found.len(), 1, "{wrong}: {found:?}");
        assert!(found[0].starts_with("projects/acme.toml:12: crm.data_center: expected one of us, eu"), "{found:?}");
    }
}

#[test]
fn both_addresses_can_be_named_instead_of_a_data_center() {
    let named = CrmSection {
        data_center: None,
        base_url: placed("http://127.0.0.1:9130", 18),
        auth_url: placed("http://127.0.0.1:9130", 19),
        ..section()
    };
    assert_eq!(prepare(&named).expect("no problem").account(), "http://127.0.0.1:9130 60001280952");
    for half in [CrmSection { base_url: None, ..named.clone() }, CrmSection { auth_url: None, ..named.clone() }] {
        assert!(problems(&half)[0].contains("crm.data_center: expected one of"), "{:?}", problems(&half));
    }
    let elsewhere = CrmSection { base_url: placed("http://desk.example", 18), ..named };
    assert!(problems(&elsewhere)[0].contains("crm.base_url: expected https"), "{:?}", problems(&elsewhere));
}

#[test]
fn a_portal_is_a_number_and_has_to_be_named() {
    for (org_id, row, found) in [
        (None, 10, "found none"),
        (placed("", 13), 13, "found \"\""),
        (placed("<org id>", 13), 13, "found \"<org id>\""),
        (placed("60001280952x", 13), 13, "found"),
        (placed("1234567890123456789", 13), 13, "found"),
    ] {
        let found_problems = problems(&CrmSection { org_id, ..section() });
        assert_eq!(found_problems.len(), 1, "{found_problems:?}");
        let problem = &found_problems[0];
        let begins = format!("projects/acme.toml:{row}: crm.org_id: expected the portal's number");
        assert!(problem.starts_with(&begins) && problem.contains(found), "{problem}");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let section = CrmSection {
        data_center: None,
        org_id: None,
        client_secret: None,
        token: Some(Placed::new(Secret::new("t0ken"), 17)),
        tenant: placed("tenant", 18),
        phone_fields: vec![Placed::new("Second Phone".to_owned(), 20), Placed::new("cf_second_phone".to_owned(), 21)],
        ..section()
    };
    let found = problems(&section);
    let rows: Vec<_> = found.iter().map(|problem| problem.split(':').nth(1).unwrap_or_default()).collect();
    assert_eq!(rows, ["10", "14", "10", "20", "17", "18"], "{found:#?}");
}

#[test]
fn a_webhook_has_the_projects_address() {
    let tools = super::account::Account::tools(super::account::PLENTY, std::time::Duration::from_secs(1));
    let url = Url::parse("https://predial.acme.example/acme/crm-changes").expect("a URL");
    let target = HookTarget { url, token: Secret::new("t0ken") };
    assert!(prepare(&section()).expect("no problem").hooks(tools, target).is_some());
}

#[test]
fn fields_for_a_calls_data_are_custom_ones_of_what_there_is_each_for_one_thing() {
    let named = |owner, meaning, name: &str| FieldNames::default().with(owner, meaning, name);
    let good = named(Some("task"), Meaning::Mark, "cf_mark").with(None, Meaning::Mark, "cf_mark");
    assert_eq!(problems(&CrmSection { fields: good, ..section() }), Vec::<String>::new());
    for (fields, told) in [
        (named(Some("deal"), Meaning::Mark, "cf_mark"), "crm.fields.deal.mark: expected a field of what Zoho Desk has"),
        (named(None, Meaning::UtmTerm, "UTM term"), "crm.fields.utm_term: expected a custom field's API name"),
        (
            named(None, Meaning::CallId, "cf_call").with(None, Meaning::Mark, "cf_call"),
            "crm.fields.mark: expected a field of its own, found cf_call",
        ),
    ] {
        let found = problems(&CrmSection { fields, ..section() });
        assert!(found.len() == 1 && found[0].contains(told), "{found:?}");
    }
    for name in ["", " ", &"x".repeat(81)] {
        let found = problems(&CrmSection { contact_name: placed(name, 19), ..section() });
        assert!(found[0].starts_with("projects/acme.toml:19: crm.contact_name: expected a name"), "{found:?}");
    }
}
