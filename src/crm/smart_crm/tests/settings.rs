use crate::base::{problem::Placed, secret::Secret};
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::quota::{Budget, Rate};
use crate::crm::smart_crm::settings::prepare;

/// A whole section of an organization at this address.
pub(super) fn section(base_url: &str) -> CrmSection {
    CrmSection {
        file: "acme.toml".to_owned(),
        row: 10,
        base_url: Some(Placed::new(base_url.to_owned(), 12)),
        tenant: Some(Placed::new(sandbox::smart_crm::TENANT.to_owned(), 14)),
        client_id: Some(Placed::new("5ca1ab1e-0000-4000-8000-00000000c11e".to_owned(), 15)),
        client_secret: Some(Placed::new(Secret::new("sandbox-secret"), 16)),
        ..CrmSection::of_kind("smart-crm")
    }
}

fn problems(section: &CrmSection) -> Vec<String> {
    prepare(section).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_section_is_accepted_with_the_smallest_pools_day_and_the_vendors_windows() {
    let prepared = prepare(&section("https://acme.crm4.dynamics.com")).expect("no problem");
    let limits = prepared.limits();
    assert_eq!(limits.daily, Some(Budget::rolling(25_000)));
    assert_eq!(limits.general, Some(Rate::new(6_000, std::time::Duration::from_secs(300))));
    assert_eq!(limits.in_flight, Some(52));
    let printed = format!("{prepared:?} {}", prepared.account());
    assert!(!printed.contains("sandbox-secret"), "{printed}");
    assert_eq!(prepared.account(), "https://acme.crm4.dynamics.com 5ca1ab1e-0000-4000-8000-00000000c11e");
    assert!(printed.contains("https://acme.crm4.dynamics.com/.default"), "{printed}");
    let token = format!("/{}/oauth2/v2.0/token", sandbox::smart_crm::TENANT);
    assert!(printed.contains(&token) && printed.contains("login.microsoftonline.com"), "{printed}");
}

#[test]
fn a_configured_budget_counts() {
    let mut section = section("https://acme.crm4.dynamics.com");
    section.quota.daily = Some(40_000);
    assert_eq!(prepare(&section).expect("no problem").limits().daily, Some(Budget::rolling(40_000)));
}

#[test]
fn what_is_missing_is_told_at_once() {
    let problems = problems(&CrmSection { file: "acme.toml".to_owned(), row: 10, ..CrmSection::of_kind("smart-crm") });
    for key in ["crm.base_url", "crm.tenant", "crm.client_id", "crm.client_secret"] {
        assert!(problems.iter().any(|problem| problem.contains(key)), "{key}: {problems:?}");
    }
}

#[test]
fn a_tenant_that_would_lead_elsewhere_and_a_user_that_is_none_are_refused() {
    for tenant in ["", "..", "a/b", "a b", "a?b", "a#b", "a%2Fb"] {
        let mut section = section("https://acme.crm4.dynamics.com");
        section.tenant = Some(Placed::new(tenant.to_owned(), 14));
        let problems = problems(&section);
        assert!(problems.len() == 1 && problems[0].contains("crm.tenant"), "{tenant:?}: {problems:?}");
    }
    for (user, sound) in [
        ("7", false),
        ("anna", false),
        ("", false),
        ("anna@acme.example", true),
        ("ACME\\anna", true),
        ("0a1b2c3d-1111-4222-8333-444455556666", true),
    ] {
        let mut section = section("https://acme.crm4.dynamics.com");
        section.system_user = Some(Placed::new(user.to_owned(), 17));
        assert_eq!(problems(&section).is_empty(), sound, "{user}");
    }
}

#[test]
fn what_this_crm_has_no_use_for_is_refused() {
    let mut section = section("https://acme.crm4.dynamics.com");
    section.token = Some(Placed::new(Secret::new("t0ken"), 18));
    section.org_id = Some(Placed::new("1".to_owned(), 19));
    let problems = problems(&section);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn a_column_is_named_with_its_table_and_once() {
    let with = |names: &[&str]| {
        let mut section = section("https://acme.crm4.dynamics.com");
        section.phone_fields = names.iter().map(|name| Placed::new((*name).to_owned(), 20)).collect();
        problems(&section)
    };
    assert_eq!(with(&["contact.new_whatsapp", "organization.new_desk", "lead.new_whatsapp"]), Vec::<String>::new());
    for wrong in [
        "new_whatsapp",
        "deal.new_phone",
        "contact.",
        "contact.New_Phone",
        "contact.new phone",
        "contact.new_phone'",
        "contact.telephone1",
        "contact._x",
    ] {
        assert_eq!(with(&[wrong]).len(), 1, "{wrong}");
    }
    assert_eq!(with(&["contact.new_phone", "contact.new_phone"]).len(), 1);
    let many: Vec<String> = (0..21).map(|number| format!("contact.new_phone{number}")).collect();
    assert_eq!(with(&many.iter().map(String::as_str).collect::<Vec<_>>()).len(), 1);
}

#[test]
fn a_calls_columns_are_logical_names_of_the_organizations_own_each_for_one_thing() {
    let with = |names: FieldNames| {
        let mut section = section("https://acme.crm4.dynamics.com");
        section.fields = names;
        problems(&section)
    };
    let named = |of, name: &str| FieldNames::default().with(of, Meaning::Recording, name);
    assert_eq!(
        with(named(None, "new_recording").with(Some("call"), Meaning::CallId, "new_call")),
        Vec::<String>::new()
    );
    for wrong in ["Recording", "new recording", "new-recording", "_x_value", "description", "statuscode", "x'y"] {
        let found = with(named(Some("call"), wrong));
        assert!(found.len() == 1 && found[0].contains("crm.fields.call.recording"), "{wrong}: {found:?}");
    }
    let twice = with(named(None, "new_x").with(None, Meaning::CallId, "new_x"));
    assert!(twice.len() == 1 && twice[0].contains("new_x"), "{twice:?}");
    let own = with(named(None, "new_x").with(Some("call"), Meaning::CallId, "new_x"));
    assert!(own.len() == 1 && own[0].contains("crm.fields.call"), "{own:?}");
}

#[test]
fn a_contacts_name_that_the_column_would_not_take_is_refused() {
    for (name, sound) in
        [("Client", true), ("", false), ("  ", false), ("12345678901234567890123456789012345678901234567890x", false)]
    {
        let mut section = section("https://acme.crm4.dynamics.com");
        section.contact_name = Some(Placed::new(name.to_owned(), 18));
        assert_eq!(problems(&section).is_empty(), sound, "{name:?}");
    }
}
