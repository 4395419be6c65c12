use std::{collections::BTreeSet, time::Duration};

use super::{Breaker, Count, Level, Metrics, Outcome, ProcessCount, ProcessLevel, Source, WriteFailure};

fn encoded(metrics: &Metrics) -> String {
    metrics.encode().expect("a string takes every write")
}

#[track_caller]
fn has(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "expected the line {line:?}, found:\n{text}");
}

#[test]
fn discriminants_are_the_positions_in_the_arrays() {
    assert!(Outcome::ALL.iter().enumerate().all(|(at, &outcome)| outcome as usize == at));
    assert!(Source::ALL.iter().enumerate().all(|(at, &source)| source as usize == at));
    assert!(Count::ALL.iter().enumerate().all(|(at, &count)| count as usize == at));
    assert!(Level::ALL.iter().enumerate().all(|(at, &level)| level as usize == at));
    assert!(ProcessCount::ALL.iter().enumerate().all(|(at, &count)| count as usize == at));
    assert!(WriteFailure::ALL.iter().enumerate().all(|(at, &failure)| failure as usize == at));
    assert!(ProcessLevel::ALL.iter().enumerate().all(|(at, &level)| level as usize == at));
}

#[test]
fn every_name_is_used_once_and_is_one_prometheus_takes() {
    let metrics = Metrics::new();
    metrics.project("acme");
    metrics.write_failures("acme", "pipedrive");
    let text = encoded(&metrics);
    let named: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let unlike = named.iter().find(|name| {
        !name.starts_with("predial_")
            || name.ends_with("_total")
            || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    });
    assert_eq!(unlike, None);
    assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len());
    assert_eq!(
        named.len(),
        4 + Count::ALL.len() + Level::ALL.len() + ProcessCount::ALL.len() + ProcessLevel::ALL.len()
    );
}

#[test]
fn answers_are_counted_by_outcome_and_source_from_zero_on() {
    let metrics = Metrics::new();
    let acme = metrics.project("acme");
    metrics.project("other");
    acme.answered(Outcome::Hit, Source::Directory);
    acme.answered(Outcome::Hit, Source::Directory);
    acme.answered(Outcome::Miss, Source::Late);
    let text = encoded(&metrics);
    has(&text, r#"predial_answers_total{project="acme",outcome="hit",source="directory"} 2"#);
    has(&text, r#"predial_answers_total{project="acme",outcome="miss",source="late"} 1"#);
    has(&text, r#"predial_answers_total{project="acme",outcome="miss",source="busy"} 0"#);
    has(&text, r#"predial_answers_total{project="other",outcome="hit",source="directory"} 0"#);
}

#[test]
fn failures_of_writing_are_counted_by_crm_and_kind_from_zero_on_and_go_with_their_project() {
    let metrics = Metrics::new();
    metrics.project("acme").entries("dead", 3.0);
    let failures = metrics.write_failures("acme", "hubspot");
    metrics.write_failures("other", "pipedrive");
    failures.count(WriteFailure::Refused);
    metrics.write_failures("acme", "hubspot").count(WriteFailure::Refused);
    assert_eq!(failures.counted(WriteFailure::Refused), 2);
    let text = encoded(&metrics);
    has(&text, r#"predial_journal_entries{project="acme",state="dead"} 3.0"#);
    has(&text, r#"predial_journal_failures_total{project="acme",crm="hubspot",failure="refused"} 2"#);
    has(&text, r#"predial_journal_failures_total{project="acme",crm="hubspot",failure="unclear"} 0"#);
    metrics.forget("acme");
    let text = encoded(&metrics);
    assert!(!text.contains("acme"), "{text}");
    has(&text, r#"predial_journal_failures_total{project="other",crm="pipedrive",failure="wait"} 0"#);
}

#[test]
fn a_reply_falls_into_the_bucket_whose_bound_it_does_not_exceed() {
    let metrics = Metrics::new();
    let acme = metrics.project("acme");
    acme.reply_took(Duration::from_micros(50));
    acme.reply_took(Duration::from_nanos(50_001));
    acme.reply_took(Duration::from_secs(3));
    let text = encoded(&metrics);
    has(&text, r#"predial_reply_seconds_bucket{le="0.00005",project="acme"} 1"#);
    has(&text, r#"predial_reply_seconds_bucket{le="0.0001",project="acme"} 2"#);
    has(&text, r#"predial_reply_seconds_bucket{le="2.0",project="acme"} 2"#);
    has(&text, r#"predial_reply_seconds_bucket{le="+Inf",project="acme"} 3"#);
    has(&text, r#"predial_reply_seconds_count{project="acme"} 3"#);
    has(&text, r#"predial_reply_seconds_sum{project="acme"} 3.000100001"#);
}

#[test]
fn asked_for_again_a_project_goes_on_counting_where_it_was() {
    let metrics = Metrics::new();
    metrics.project("acme").deadline_overrun();
    metrics.project("acme").set(Level::DirectoryAge, Some(7.0));
    assert_eq!(metrics.project("acme").counted(Count::DeadlineOverruns), 1);
    has(&encoded(&metrics), r#"predial_deadline_overruns_total{project="acme"} 1"#);
    has(&encoded(&metrics), r#"predial_directory_age_seconds{project="acme"} 7.0"#);
}

#[test]
fn what_is_not_known_yet_is_shown_as_nan_and_not_as_zero() {
    let metrics = Metrics::new();
    let acme = metrics.project("acme");
    has(&encoded(&metrics), r#"predial_directory_age_seconds{project="acme"} NaN"#);
    has(&encoded(&metrics), r#"predial_directory_numbers{project="acme"} 0.0"#);
    acme.breaker(Breaker::Open);
    has(&encoded(&metrics), r#"predial_breaker_state{project="acme"} 2.0"#);
}

#[test]
fn what_is_held_falls_when_its_guard_is_dropped() {
    let metrics = Metrics::new();
    let acme = metrics.project("acme");
    let one = acme.hold(Level::LiveUnderWay);
    let two = acme.hold(Level::LiveUnderWay);
    assert!((acme.level(Level::LiveUnderWay) - 2.0).abs() < f64::EPSILON);
    drop((one, two));
    has(&encoded(&metrics), r#"predial_live_under_way{project="acme"} 0.0"#);
}

#[test]
fn a_forgotten_project_is_shown_no_more() {
    let metrics = Metrics::new();
    metrics.project("acme").answered(Outcome::Hit, Source::Live);
    metrics.project("other");
    metrics.forget("acme");
    let text = encoded(&metrics);
    assert!(!text.contains("acme"), "{text}");
    assert!(text.contains("other"), "{text}");
}

#[test]
fn the_process_counts_for_itself() {
    let metrics = Metrics::new();
    let process = metrics.process();
    process.count(ProcessCount::ConnectionsOverCap);
    process.rose(ProcessLevel::ConnectionsOpen);
    process.rose(ProcessLevel::ConnectionsOpen);
    process.fell(ProcessLevel::ConnectionsOpen);
    has(&encoded(&metrics), "predial_connections_over_cap_total 1");
    has(&encoded(&metrics), "predial_connections_open 1");
}
