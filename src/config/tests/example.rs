//! What is right: the smallest project, the example, and what they come to.

use std::time::Duration;

use super::{EXAMPLE, GOOD, example_folder, example_with_every_key, project};
use crate::config::{Meaning, ProjectSettings};
use crate::telephony::ringostat::event::ALIASES;

#[test]
fn the_smallest_good_project_gets_every_default() {
    let folder = project(GOOD);
    assert_eq!(folder.warnings(), [""; 0]);
    let settings = folder.read().unwrap();
    let acme = &settings.projects[0];
    assert_eq!(
        (acme.name.as_str(), acme.timezone.as_str(), acme.country.value.as_str()),
        ("acme", "Europe/Kyiv", "UA")
    );
    assert_eq!(acme.tokens.card.expose(), "acme-token-0123456789");
    assert_eq!(acme.crm.max_numbers, 2_000_000);
    assert_eq!((acme.crm.full_crawl_at_min, acme.crm.shrink_guard_percent), (210, 30));
    assert_eq!((acme.crm.quota.sweep_percent, acme.crm.quota.crawl_percent, acme.crm.quota.live_percent), (20, 30, 30));
    let sales = &acme.blocks["sales"].value;
    assert_eq!((sales.deadline, sales.miss_status), (Duration::from_millis(800), 200));
    assert!(sales.deal_via_contact && !sales.deal_via_organization && !sales.unassigned_goes_on);
    assert_eq!(settings.process.edge.listen.to_string(), "127.0.0.1:8080");
}

#[test]
fn the_example_is_read_as_it_stands_and_with_every_key_put_in() {
    let settings = example_folder(EXAMPLE).read().unwrap();
    assert_eq!(settings.projects[0].crm.token.as_ref().unwrap().value.expose(), "pipedrive-token-0123456789");

    let folder = example_folder(&example_with_every_key());
    assert_eq!(folder.problems(), [""; 0]);
    let acme = &folder.read().unwrap().projects[0];
    assert_eq!(acme.tokens.events.expose(), "EVENTS_TOKEN-0123456789");
    assert_eq!(acme.allow.len(), 2);
    assert_eq!(acme.crm.quota.daily, Some(30_000));
    assert_eq!(acme.ringostat.as_ref().unwrap().project_id, Some(110_070));
    assert!(acme.public_url.is_some());
    assert_eq!(acme.employees[0].value.other, ["380509998877".into()]);
    assert_eq!(acme.blocks["sales"].value.caller_field.as_deref(), Some("client_phone"));
    assert_eq!(acme.scenario.file.as_ref().map(|file| file.value.as_str()), Some("pipedrive"));
    assert_eq!(acme.scenario.off.len(), 1);
    let vip = &acme.scenario.overrides[0].value;
    assert_eq!((vip.id.as_str(), vip.does.len()), ("vip", 1));
    assert_eq!(acme.crm.contact_name.as_ref().map(|name| name.value.as_str()), Some("Caller"));
}

#[test]
fn the_example_names_every_key_of_the_crm_section() {
    let source = include_str!("../crm.rs");
    let quoted = |call: &str| source.split(call).skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
    let calls = ["crm.text(\"", "crm.secret(\"", "seconds(crm, \"", "percent(crm, \"", "crm.section(\""];
    let keys: Vec<&str> = calls.into_iter().flat_map(quoted).collect();
    assert!(keys.contains(&"data_center") && keys.contains(&"sweep_s") && keys.len() > 14, "{keys:?}");
    for key in keys {
        let there = EXAMPLE.lines().any(|row| row.trim_start_matches("# ").starts_with(&format!("{key} = ")));
        assert!(there || EXAMPLE.contains(&format!("[crm.{key}]")), "{key}");
    }
}

#[test]
fn the_example_names_every_field_of_events_and_of_the_crm() {
    let settings = example_folder(&example_with_every_key()).read().unwrap();
    let acme = &settings.projects[0];
    let named: Vec<Meaning> = acme.crm.fields.given().filter(|field| field.0.is_none()).map(|field| field.1).collect();
    assert_eq!(named, Meaning::ALL);
    assert_eq!(acme.crm.fields.of("deal", Meaning::UtmSource), Some("Deal UTM source"));
    assert_eq!(acme.crm.fields.of("lead", Meaning::UtmSource), Some("UTM source"));
    for (field, key, _) in ALIASES {
        assert!(acme.events.names.of(field).is_some(), "events.fields.{key}");
    }
}

#[test]
fn the_defaults_that_the_example_shows_are_the_defaults() {
    let shown = example_with_every_key();
    let keep = |row: &&str| {
        let shown_defaults = ["full_crawl_at", "max_numbers", "shrink_guard_percent", "result", "deadline_ms"];
        let shown_defaults = shown_defaults.into_iter().chain(["on_unassigned", "deal_via", "miss_status"]);
        let mut shown_defaults = shown_defaults.chain([
            "resend_after_pause",
            "retention_days",
            "decisions_days",
            "events.unreadable_status",
        ]);
        let key = row.split(' ').next().unwrap_or_default();
        EXAMPLE.lines().any(|line| line == *row) || shown_defaults.any(|default| default == key)
    };
    let with_defaults: String = shown.lines().filter(keep).map(|row| row.to_owned() + "\n").collect();
    assert_ne!(with_defaults, EXAMPLE);
    let without = example_folder(EXAMPLE).read().unwrap().projects.remove(0);
    let with = example_folder(&with_defaults).read().unwrap().projects.remove(0);
    assert!(with.crm.says_the_same_as(&without.crm));
    assert_eq!((with.resend_after_pause, with.retention), (without.resend_after_pause, without.retention));
    assert_eq!(with.decisions_kept, without.decisions_kept);
    assert_eq!(with.events, without.events);
    assert_eq!(with.blocks["sales"].value.deadline, without.blocks["sales"].value.deadline);
    let settings = |project: &ProjectSettings| {
        let mut block = project.blocks["sales"].value.clone();
        block.answer.row = 0;
        block.priority.iter_mut().for_each(|kind| kind.row = 0);
        block
    };
    assert_eq!(settings(&with), settings(&without));
}
