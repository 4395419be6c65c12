//! What concerns the whole process: `config/default.toml`, the operator's changes to it, the environment.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;

use crate::base::{problem::Placed, secret::Secret};
use crate::config::{
    journal::{self, JournalSettings},
    networks,
    section::{Findings, Known, Range, Section},
    tree::{self, Node, Place, Table, Value, shortened},
};

/// The reference: every key there is, with its default, unit, range and reason.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// How problems name [`DEFAULTS`]; there are none, a test sees to it.
const DEFAULTS_NAME: &str = "default.toml (compiled in)";

/// Variables that begin so set keys of the process file.
const PREFIX: &str = "PREDIAL__";

/// What concerns the whole process; each key stands in `config/default.toml` with its unit, range and reason.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessSettings {
    /// The telephone system's door.
    pub edge: EdgeSettings,
    /// The operators' door.
    pub ops: OpsSettings,
    /// Where files are kept.
    pub data: PathBuf,
    /// What is known of each CRM, on disk.
    pub snapshot: SnapshotSettings,
    /// What the log prints: a filter in tracing's words.
    pub log: String,
    /// How logs are printed: `text` or `json`.
    pub log_format: LogFormat,
    /// Questions asked of CRMs while a call waits.
    pub live: LiveSettings,
    /// Time-outs of requests to CRMs.
    pub outbound: OutboundSettings,
    /// Threads of the background runtime.
    pub work_threads: usize,
    /// What happened in calls, and what is written of it.
    pub journal: JournalSettings,
}

/// See [`ProcessSettings::log_format`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

/// The telephone system's door.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeSettings {
    /// The address it listens on.
    pub listen: SocketAddr,
    /// Threads, each with a listener and a runtime of its own; 0 = one per core.
    pub threads: usize,
    /// Connections open at once; the next is accepted and closed.
    pub max_connections: usize,
    /// How long the head of a request may take.
    pub head_timeout: Duration,
    /// How long the body may take after the head.
    pub body_timeout: Duration,
    /// How long a kept connection may be idle.
    pub idle_timeout: Duration,
    /// The head's size, at most.
    pub max_head_bytes: usize,
    /// The body of `route`, at most.
    pub max_body_bytes: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long requests under way may take at shut-down.
    pub drain: Duration,
}

/// The operators' door.
#[derive(Debug, Clone, PartialEq)]
pub struct OpsSettings {
    /// The address it listens on.
    pub listen: SocketAddr,
    /// Required wherever the door is bound beyond loopback.
    pub token: Option<Secret>,
}

/// What is known of each CRM, on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotSettings {
    /// Generations kept, per project.
    pub keep: usize,
    /// How often one is written where something has changed.
    pub every: Duration,
    /// How old one may be for what changed since to be enough.
    pub catch_up: Duration,
}

/// Questions asked of CRMs while a call waits.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSettings {
    /// Questions under way at once, per project (`live_queue`); the next call gets a miss at once.
    pub queue: usize,
    /// How long before the deadline the reply goes out at the latest.
    pub reserve: Duration,
    /// Entries of the negative cache.
    pub negative_entries: u64,
    /// How long "the CRM found nothing" is believed.
    pub negative_ttl: Duration,
    /// Failures in a row that open the breaker.
    pub breaker_failures: u32,
    /// How long the breaker stays open before one probe is let through.
    pub breaker_open: Duration,
}

/// Time-outs of requests to CRMs.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboundSettings {
    /// Connecting.
    pub connect_timeout: Duration,
    /// One request, from its start to the last byte of its reply.
    pub request_timeout: Duration,
    /// A reply's body, at most.
    pub max_body_bytes: usize,
}

/// What the command line sets; it comes after every file and variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--edge`
    pub edge: Option<SocketAddr>,
    /// `--ops`
    pub ops: Option<SocketAddr>,
    /// `--data`
    pub data: Option<PathBuf>,
}

/// Reads the process's settings. What is wrong is noted and replaced by its smallest value.
pub(super) fn read(findings: &Findings<'_>, own: Option<(&str, &str)>, overrides: &Overrides) -> ProcessSettings {
    let mut table = tree::parse(DEFAULTS_NAME, DEFAULTS).table;
    if let Some((file, text)) = own {
        let parsed = tree::parse(file, text);
        findings.torn(file, parsed.problems);
        lay_over(findings, &mut table, parsed.table);
    }
    lay_environment_over(findings, &mut table);
    let Read { mut settings, places, .. } = read_table(findings, &table);
    let named = |flag: &str| Place::new(flag, 0);
    let edge_at = if overrides.edge.is_some() { named("--edge") } else { places.edge };
    let ops_at = if overrides.ops.is_some() { named("--ops") } else { places.ops };
    settings.edge.listen = overrides.edge.unwrap_or(settings.edge.listen);
    settings.ops.listen = overrides.ops.unwrap_or(settings.ops.listen);
    settings.data = overrides.data.clone().unwrap_or(settings.data);
    compare(findings, &settings, &Places { edge: edge_at, ops: ops_at, connect: places.connect });
    settings
}

/// Where values stand that are held against others.
struct Places {
    edge: Place,
    ops: Place,
    connect: Place,
}

/// Replaces values, section by section.
fn lay_over(findings: &Findings<'_>, table: &mut Table, own: Table) {
    for (name, node) in own {
        match (table.get_mut(&name).map(|node| &mut node.value), node.value) {
            (Some(Value::Table(section)), Value::Table(changes)) => section.extend(changes),
            (Some(_), other) => {
                let reason = format!("{name}: expected a section, found {}", other.kind());
                findings.problem(&node.place, reason);
            }
            (None, value) => {
                table.insert(name, Node { value, ..node });
            }
        }
    }
}

/// `PREDIAL__SECTION__KEY`: read as the kind of value that the key has.
fn lay_environment_over(findings: &Findings<'_>, table: &mut Table) {
    for (variable, text) in findings.environment.with_prefix(PREFIX) {
        let place = Place::new(&variable, 0);
        let name = variable[PREFIX.len()..].to_ascii_lowercase();
        let written_so = variable.chars().all(|letter| !letter.is_ascii_lowercase());
        let Some((section, key)) = name.split_once("__").filter(|_| written_so) else {
            findings.problem(&place, format!("expected {PREFIX}SECTION__KEY in capitals, found another name"));
            continue;
        };
        let Some(Value::Table(keys)) = table.get_mut(section).map(|node| &mut node.value) else {
            let reason = crate::config::names::unknown("process", "", section, table.keys().map(String::as_str));
            findings.problem(&place, reason);
            continue;
        };
        match from_variable(keys.get(key).map(|node| &node.value), &text, &place) {
            Ok(value) => {
                keys.insert(key.to_owned(), Node { place, value });
            }
            Err(expected) => {
                findings.problem(&place, format!("{section}.{key}: expected {expected}, found other text"));
            }
        }
    }
}

/// The text of a variable as the kind of value that stands there now. Lists are separated by commas.
fn from_variable(now: Option<&Value>, text: &str, place: &Place) -> Result<Value, &'static str> {
    let text = text.trim();
    match now {
        Some(Value::Whole(_)) => text.parse().map(Value::Whole).map_err(|_| "a whole number"),
        Some(Value::Flag(_)) => text.parse().map(Value::Flag).map_err(|_| "true or false"),
        Some(Value::List(_)) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            let node = |part: &str| Node { place: place.clone(), value: Value::Text(part.to_owned()) };
            Ok(Value::List(parts.map(node).collect()))
        }
        _ => Ok(Value::Text(text.to_owned())),
    }
}

/// What was made of the values.
struct Read {
    settings: ProcessSettings,
    places: Places,
    /// The keys that were asked for, by section.
    #[cfg_attr(not(test), expect(dead_code, reason = "held against default.toml by a test"))]
    known: Vec<(&'static str, Vec<Known>)>,
}

fn read_table(findings: &Findings<'_>, table: &Table) -> Read {
    let top = Section::new(findings, "process", Place::new(DEFAULTS_NAME, 0), table);
    let empty = Table::new();
    let section = |name: &'static str| {
        top.section(name, name).unwrap_or_else(|| Section::new(findings, name, top.place.clone(), &empty))
    };
    let (edge, ops, data, log) = (section("edge"), section("ops"), section("data"), section("log"));
    let (live, outbound, work) = (section("live"), section("outbound"), section("work"));
    let (snapshot, journal) = (section("snapshot"), section("journal"));
    let settings = ProcessSettings {
        edge: read_edge(&edge),
        ops: OpsSettings { listen: address(&ops), token: ops_token(&ops) },
        data: data.text("dir").map(|dir| PathBuf::from(dir.value)).unwrap_or_default(),
        snapshot: read_snapshot(&snapshot),
        log: log_filter(&log),
        log_format: log
            .choice("format", &[("text", LogFormat::Text), ("json", LogFormat::Json)])
            .map_or(LogFormat::Text, |format| format.value),
        live: read_live(&live),
        outbound: read_outbound(&outbound),
        work_threads: count(&work, "threads", Range::new(1, 64, "threads")),
        journal: journal::read(&journal),
    };
    let places = Places {
        edge: edge.place_of("listen").clone(),
        ops: ops.place_of("listen").clone(),
        connect: outbound.place_of("connect_timeout_ms").clone(),
    };
    top.finish();
    let sections = [edge, ops, data, snapshot, log, live, outbound, work, journal];
    let known = sections.iter().map(|section| (section.kind(), section.finish())).collect();
    Read { settings, places, known }
}

fn read_edge(edge: &Section<'_>) -> EdgeSettings {
    EdgeSettings {
        listen: address(edge),
        threads: count(edge, "threads", Range::new(0, 256, "threads")),
        max_connections: count(edge, "max_connections", Range::new(16, 1_000_000, "connections")),
        head_timeout: milliseconds(edge, "head_timeout_ms", 100, 60_000),
        body_timeout: milliseconds(edge, "body_timeout_ms", 100, 60_000),
        idle_timeout: seconds(edge, "idle_timeout_s", 1, 3600),
        max_head_bytes: count(edge, "max_head_bytes", Range::new(1024, 65_536, "bytes")),
        max_body_bytes: count(edge, "max_body_bytes", Range::new(1024, 65_536, "bytes")),
        trusted_proxies: networks(edge, "trusted_proxies"),
        drain: seconds(edge, "drain_s", 0, 300),
    }
}

fn read_live(live: &Section<'_>) -> LiveSettings {
    let failures = number(live, "breaker_failures", Range::new(1, 1000, "failures"));
    LiveSettings {
        queue: count(live, "queue", Range::new(1, 100_000, "questions")),
        reserve: milliseconds(live, "reserve_ms", 5, 1000),
        negative_entries: number(live, "negative_entries", Range::new(0, 10_000_000, "entries")),
        negative_ttl: seconds(live, "negative_ttl_s", 1, 3600),
        breaker_failures: u32::try_from(failures).unwrap_or(u32::MAX),
        breaker_open: milliseconds(live, "breaker_open_ms", 100, 600_000),
    }
}

fn read_snapshot(snapshot: &Section<'_>) -> SnapshotSettings {
    let hours = number(snapshot, "catch_up_h", Range::new(1, 8760, "hours"));
    SnapshotSettings {
        keep: count(snapshot, "keep", Range::new(1, 100, "snapshots")),
        every: seconds(snapshot, "every_s", 10, 86_400),
        catch_up: Duration::from_secs(hours * 3600),
    }
}

fn read_outbound(outbound: &Section<'_>) -> OutboundSettings {
    OutboundSettings {
        connect_timeout: milliseconds(outbound, "connect_timeout_ms", 100, 60_000),
        request_timeout: milliseconds(outbound, "request_timeout_ms", 100, 300_000),
        max_body_bytes: count(outbound, "max_body_bytes", Range::new(65_536, 268_435_456, "bytes")),
    }
}

pub(super) fn number(section: &Section<'_>, key: &'static str, range: Range) -> u64 {
    section.number(key, range).map_or(range.min, |number| number.value)
}

pub(super) fn count(section: &Section<'_>, key: &'static str, range: Range) -> usize {
    usize::try_from(number(section, key, range)).unwrap_or(usize::MAX)
}

pub(super) fn milliseconds(section: &Section<'_>, key: &'static str, min: u64, max: u64) -> Duration {
    Duration::from_millis(number(section, key, Range::new(min, max, "milliseconds")))
}

pub(super) fn seconds(section: &Section<'_>, key: &'static str, min: u64, max: u64) -> Duration {
    Duration::from_secs(number(section, key, Range::new(min, max, "seconds")))
}

fn address(section: &Section<'_>) -> SocketAddr {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let Some(Placed { value, .. }) = section.text("listen") else { return any };
    value.parse().unwrap_or_else(|_| {
        let expected = "an address and a port, say 127.0.0.1:8080 or [::1]:8080";
        section.wrong("listen", expected, format_args!("`{}`", shortened(&value)));
        any
    })
}

fn ops_token(ops: &Section<'_>) -> Option<Secret> {
    ops.secret_or_nothing("token").map(|token| token.value)
}

fn log_filter(log: &Section<'_>) -> String {
    let Some(filter) = log.text("filter") else { return String::new() };
    if EnvFilter::try_new(&filter.value).is_err() {
        let expected = "a filter in tracing's words, say info or predial=debug,warn";
        log.wrong("filter", expected, format_args!("`{}`", shortened(&filter.value)));
    }
    filter.value
}

/// Holds values against each other.
fn compare(findings: &Findings<'_>, settings: &ProcessSettings, places: &Places) {
    let (edge, ops) = (settings.edge.listen, settings.ops.listen);
    let same_ip = edge.ip() == ops.ip() || edge.ip().is_unspecified() || ops.ip().is_unspecified();
    if edge.port() == ops.port() && edge.port() != 0 && same_ip {
        let reason = format!("ops.listen: expected another port than edge.listen, found {edge} and {ops}");
        findings.problem(&places.ops, reason);
    }
    if !ops.ip().is_loopback() && settings.ops.token.is_none() {
        let reason =
            format!("ops.token: expected a token where ops.listen is beyond loopback, found {ops} without one");
        findings.problem(&places.ops, reason);
    }
    if !edge.ip().is_loopback() && settings.edge.trusted_proxies.is_empty() {
        let reason = "edge.listen: beyond loopback, in plain HTTP: tokens and numbers travel unencrypted unless a \
                      proxy with TLS stands in front";
        findings.warn(&places.edge, reason);
    }
    let outbound = &settings.outbound;
    if outbound.connect_timeout > outbound.request_timeout {
        let reason = "outbound.connect_timeout_ms: expected at most outbound.request_timeout_ms, found more";
        findings.problem(&places.connect, reason);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{DEFAULTS, DEFAULTS_NAME, Overrides, read, read_table};
    use crate::config::{section::Findings, tree};

    /// The comment that stands above a key, and the key's row.
    fn comment_and_row(section: &str, key: &str) -> (String, String) {
        let (mut here, mut comment) = ("", Vec::new());
        for row in DEFAULTS.lines() {
            if let Some(header) = row.strip_prefix('[') {
                here = header.split(']').next().unwrap_or_default();
                comment.clear();
            } else if row.starts_with('#') {
                comment.push(row);
            } else if here == section && row.starts_with(&format!("{key} = ")) {
                return (comment.join("\n"), row.to_owned());
            } else {
                comment.clear();
            }
        }
        panic!("{section}.{key} does not stand in default.toml");
    }

    #[test]
    fn the_compiled_in_file_has_every_key_the_reader_knows_and_no_other() {
        let environment = BTreeMap::new();
        let findings = Findings::new(&environment);
        let parsed = tree::parse(DEFAULTS_NAME, DEFAULTS);
        for (section, keys) in read_table(&findings, &parsed.table).known {
            assert!(!keys.is_empty(), "{section}");
            for known in keys {
                let (comment, row) = comment_and_row(section, known.key);
                let value = row.split_once(" = ").map(|(_, value)| value).unwrap_or_default();
                let whole = format!("{section}.{}", known.key);
                assert!(comment.contains(&format!("Default: {value}")), "{whole} does not say its default {value}");
                let counted = known.expected.starts_with(|letter: char| letter.is_ascii_digit());
                assert!(!counted || comment.contains(&known.expected), "{whole} does not say {}", known.expected);
            }
        }
        assert_eq!(findings.into_lists().0, []);
        assert_eq!(parsed.problems, []);
    }

    #[test]
    fn without_any_file_the_doors_are_on_loopback() {
        let environment = BTreeMap::new();
        let findings = Findings::new(&environment);
        let settings = read(&findings, None, &Overrides::default());
        assert_eq!(
            (settings.edge.listen.to_string(), settings.ops.listen.to_string()),
            ("127.0.0.1:8080".to_owned(), "127.0.0.1:8081".to_owned())
        );
        assert_eq!(findings.into_lists(), (vec![], vec![]));
    }
}
