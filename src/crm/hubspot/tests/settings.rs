use std::time::Duration;

use crate::base::{problem::Placed, secret::Secret};
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::hubspot::settings::prepare;
use crate::crm::quota::{Budget, Rate};

fn text(text: &str, row: usize) -> Placed<String> {
    Placed::new(text.to_owned(), row)
}

fn secret(text: &str, row: usize) -> Placed<Secret> {
    Placed::new(Secret::new(text), row)
}

fn by_token() -> CrmSection {
    let section = CrmSection::of_kind("hubspot");
    CrmSection { file: "projects/acme.toml".to_owned(), row: 10, token: Some(secret("t0ken", 13)), ..section }
}

fn by_oauth() -> CrmSection {
    CrmSection {
        token: None,
        client_id: Some(text("client", 14)),
        client_secret: Some(secret("s3cret", 15)),
        refresh_token: Some(secret("r3fresh", 16)),
        ..by_token()
    }
}

fn problems(section: &CrmSection) -> Vec<String> {
    prepare(section).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_section_is_accepted_without_an_address_and_prints_no_secret() {
    for (section, general) in [(by_token(), 100), (by_oauth(), 110)] {
        let prepared = prepare(&section).expect("no problem");
        let limits = prepared.limits();
        assert_eq!(limits.daily, Some(Budget::utc_day(250_000)));
        assert_eq!(limits.general, Some(Rate::new(general, Duration::from_secs(10))));
        assert_eq!(limits.search, Some(Rate::new(5, Duration::from_secs(1))));
        assert!(!limits.search_in_general);
        let printed = format!("{prepared:?} {}", prepared.account());
        assert!(!printed.contains("t0ken") && !printed.contains("s3cret") && !printed.contains("r3fresh"));
    }
}

#[test]
fn projects_share_an_account_where_they_share_the_credentials() {
    let account = |section: &CrmSection| prepare(section).expect("no problem").account();
    assert_eq!(account(&by_token()), account(&CrmSection { row: 99, ..by_token() }));
    assert_ne!(account(&by_token()), account(&CrmSection { token: Some(secret("0ther", 13)), ..by_token() }));
    assert_ne!(account(&by_token()), account(&by_oauth()));
}

#[test]
fn apps_of_one_account_share_its_ledger_where_its_number_is_named() {
    let of =
        |number: &str, section: CrmSection| CrmSection { org_id: Some(Placed::new(number.to_owned(), 17)), ..section };
    let prepared = |section: CrmSection| prepare(&section).expect("no problem");
    let other = || CrmSection { token: Some(secret("0ther", 13)), ..by_token() };
    let one = prepared(of("146425426", by_token()));
    for same in [prepared(of("146425426", other())), prepared(of("146425426", by_oauth()))] {
        assert_eq!((same.account(), same.limits()), (one.account(), one.limits()));
    }
    assert_ne!(one.account(), prepared(of("146425427", by_token())).account());
    assert_eq!(
        problems(&of("a portal", by_token())),
        ["projects/acme.toml:17: crm.org_id: expected the account's number, found something else"]
    );
}

#[test]
fn a_secret_may_stand_beside_a_token_and_nothing_else_of_oauth() {
    let signed = CrmSection { client_secret: Some(secret("s3cret", 15)), ..by_token() };
    assert_eq!(problems(&signed), [""; 0]);
    let both = CrmSection { token: Some(secret("t0ken", 13)), ..by_oauth() };
    assert_eq!(problems(&both).len(), 1);
    let alone = CrmSection { token: None, ..signed };
    let told = problems(&alone);
    assert!(told.iter().any(|problem| problem.contains("crm.client_id")), "{told:?}");
    assert!(told.iter().any(|problem| problem.contains("crm.refresh_token")), "{told:?}");
    let none = CrmSection { token: None, ..by_token() };
    assert_eq!(problems(&none).len(), 1);
}

#[test]
fn every_problem_is_told_with_its_row() {
    let section = CrmSection {
        base_url: Some(text("http://api.hubapi.com/v3", 12)),
        token: Some(secret("t0 ken", 13)),
        org_id: Some(text("a portal", 17)),
        phone_fields: vec![
            text("second_phone", 20),
            text("second_phone", 21),
            text("Second Phone", 22),
            text("a", 23),
            text("b", 24),
            text("c", 25),
        ],
        ..by_token()
    };
    let told = problems(&section);
    for row in [12, 13, 17, 21, 22, 25] {
        assert!(
            told.iter().any(|problem| problem.starts_with(&format!("projects/acme.toml:{row}: "))),
            "{row}: {told:?}"
        );
    }
    assert_eq!(told.len(), 6, "{told:?}");
}

#[test]
fn names_of_fields_are_properties_each_for_one_thing_and_the_mark_the_accounts_own() {
    let of = |fields: FieldNames| problems(&CrmSection { fields, ..by_token() });
    let good = FieldNames::default()
        .with(None, Meaning::UtmSource, "utm_source")
        .with(Some("deal"), Meaning::UtmSource, "utm_source")
        .with(None, Meaning::Mark, "predial_mark");
    assert_eq!(of(good.clone()), [""; 0]);
    let told = of(good.with(Some("deal"), Meaning::CallId, "Call id").with(Some("task"), Meaning::Mark, "hs_mark"));
    assert!(told.iter().any(|problem| problem.contains("crm.fields.deal.call_id")), "{told:?}");
    assert!(told.iter().any(|problem| problem.contains("crm.fields.task.mark")), "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
    let twice = FieldNames::default().with(None, Meaning::UtmTerm, "utm").with(None, Meaning::UtmMedium, "utm");
    assert_eq!(of(twice).len(), 1);
}
