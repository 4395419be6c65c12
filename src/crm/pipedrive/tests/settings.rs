use std::time::Duration;

use crate::base::{problem::Placed, secret::Secret};
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::pipedrive::settings::prepare;
use crate::crm::quota::Budget;

pub(super) fn section(base_url: &str) -> CrmSection {
    CrmSection {
        file: "projects/acme.toml".to_owned(),
        row: 10,
        base_url: Some(Placed::new(base_url.to_owned(), 12)),
        token: Some(Placed::new(Secret::new("t0ken"), 13)),
        ..CrmSection::of_kind("pipedrive")
    }
}

pub(super) fn with_oauth(base_url: &str) -> CrmSection {
    CrmSection {
        token: None,
        client_id: Some(Placed::new("client".to_owned(), 14)),
        client_secret: Some(Placed::new(Secret::new("s3cret"), 15)),
        refresh_token: Some(Placed::new(Secret::new("r3fresh"), 16)),
        ..section(base_url)
    }
}

fn problems(section: &CrmSection) -> Vec<String> {
    prepare(section).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_section_is_accepted_and_has_the_smallest_plans_budget() {
    for section in [section("https://acme.pipedrive.com"), with_oauth("https://acme.pipedrive.com/")] {
        let prepared = prepare(&section).expect("no problem");
        assert_eq!(prepared.limits().daily, Some(Budget::utc_day(30_000)));
        let printed = format!("{prepared:?}");
        assert!(!printed.contains("t0ken") && !printed.contains("s3cret") && !printed.contains("r3fresh"));
    }
    assert_eq!(problems(&section("http://127.0.0.1:8090")), [""; 0]);
    assert_eq!(problems(&section("http://localhost:8090")), [""; 0]);
}

#[test]
fn a_configured_budget_counts() {
    let mut section = section("https://acme.pipedrive.com");
    section.quota.daily = Some(150_000);
    section.sweep = Some(Placed::new(Duration::from_secs(60), 17));
    assert_eq!(prepare(&section).expect("no problem").limits().daily, Some(Budget::utc_day(150_000)));
}

#[test]
fn an_address_that_tokens_must_not_go_to_is_a_problem_at_its_row() {
    for (address, expected) in [
        ("http://acme.pipedrive.com", "expected https (http for this machine only), found http"),
        ("ftp://acme.pipedrive.com", "expected https (http for this machine only), found ftp"),
        ("acme.pipedrive.com", "expected an https address, found none"),
        ("mailto:a@b.example", "expected an https address, found one without a host"),
        ("https://user:pw@acme.pipedrive.com", "expected an address without a user or password"),
        ("https://acme.pipedrive.com/v1", "expected an address without a path, found the path /v1"),
        ("https://acme.pipedrive.com?a=b", "expected an address without a query"),
        ("http://127.0.0.1.evil.example", "expected https (http for this machine only), found http"),
    ] {
        let found = problems(&section(address));
        assert_eq!(found.len(), 1, "{address}: {found:?}");
        assert!(found[0].starts_with("projects/acme.toml:12: crm.base_url: "), "{found:?}");
        assert!(found[0].contains(expected), "{found:?}");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let section = CrmSection {
        base_url: None,
        token: None,
        client_id: Some(Placed::new("client".to_owned(), 14)),
        phone_fields: vec![
            Placed::new("phone".to_owned(), 20),
            Placed::new("ab".repeat(20), 21),
            Placed::new("ab".repeat(20), 22),
        ],
        ..section("")
    };
    let found = problems(&section);
    let rows: Vec<_> = found.iter().map(|problem| problem.split(':').nth(1).unwrap_or_default()).collect();
    assert_eq!(rows, ["10", "14", "14", "20", "22"], "{found:#?}");
}

#[test]
fn neither_both_nor_half_of_the_credentials_will_do() {
    let neither = CrmSection { token: None, ..section("https://acme.pipedrive.com") };
    assert!(problems(&neither)[0].contains("found neither"));
    let token = section("https://acme.pipedrive.com").token;
    let both = CrmSection { token, ..with_oauth("https://acme.pipedrive.com") };
    assert_eq!(problems(&both).len(), 1);
    assert!(problems(&both)[0].starts_with("projects/acme.toml:14:"));
    let spaced = Some(Placed::new(Secret::new("a b"), 13));
    let unsendable = CrmSection { token: spaced, ..section("https://acme.pipedrive.com") };
    assert!(problems(&unsendable)[0].contains("expected visible characters"));
}

#[test]
fn more_number_fields_than_one_request_can_name_are_a_problem() {
    let fields = (0..16).map(|at| Placed::new(format!("{at:040x}"), 30 + at));
    let many = CrmSection { phone_fields: fields.collect(), ..section("https://acme.pipedrive.com") };
    assert_eq!(problems(&many), ["projects/acme.toml:30: crm.fields.phone: expected at most 15 keys, found 16"]);
    let enough = CrmSection { phone_fields: many.phone_fields[..15].to_vec(), ..many };
    assert_eq!(problems(&enough), [""; 0]);
}

#[test]
fn fields_are_named_by_a_name_for_all_or_by_a_key_for_one_and_only_where_there_are_fields() {
    let key = "ab".repeat(20);
    let with = |fields: FieldNames| CrmSection { fields, ..section("https://acme.pipedrive.com") };
    let named = FieldNames::default()
        .with(None, Meaning::UtmSource, "UTM source")
        .with(Some("deal"), Meaning::UtmSource, &key)
        .with(Some("lead"), Meaning::Mark, "Made by");
    assert_eq!(problems(&with(named)), [""; 0]);
    for (owner, name, expected) in [
        (None, key.as_str(), "crm.fields.mark: expected a field's name, or its key as crm.fields.deal.mark"),
        (Some("task"), "Made by", "crm.fields.task.mark: expected nothing, since activities have no custom fields"),
        (Some("call"), "Made by", "crm.fields.call.mark: expected nothing, since activities have no custom fields"),
        (Some("ticket"), "Made by", "crm.fields.ticket.mark: expected nothing, since Pipedrive has no tickets"),
    ] {
        let found = problems(&with(FieldNames::default().with(owner, Meaning::Mark, name)));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("projects/acme.toml:0: ") && found[0].contains(expected), "{found:?}");
    }
}
