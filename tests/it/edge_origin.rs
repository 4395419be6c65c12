//! Who may ask: the allow-list, and what a proxy in front says of its clients.

use predial::{
    base::metric::{Count, ProcessCount},
    config::ProcessSettings,
};

use crate::edge_client::{bare, ok};
use crate::edge_desk::{Desk, KNOWN, TOKEN};
use crate::stage_settings::{ANNA, process};

fn behind_a_proxy() -> ProcessSettings {
    let mut process = process();
    process.edge.trusted_proxies = ["127.0.0.0/8", "10.0.0.0/8"].iter().flat_map(|net| net.parse()).collect();
    assert_eq!(process.edge.trusted_proxies.len(), 2);
    process
}

/// What whoever may not ask is told, whether the project exists or not.
fn refusal() -> String {
    bare("401 Unauthorized", "www-authenticate: Basic realm=\"predial\"\r\n")
}

fn asking(project: &str, token: &str, forwarded: &[&str]) -> String {
    let headers: String = forwarded.iter().map(|hops| format!("X-Forwarded-For: {hops}\r\n")).collect();
    format!(
        "GET /{project}/route/plain?token={token}&caller={KNOWN} HTTP/1.1\r\nHost: desk\r\n{headers}\
         Connection: close\r\n\r\n"
    )
}

#[test]
fn an_address_that_is_not_on_the_list_learns_no_more_than_that_it_may_not_ask() {
    let desk = Desk::warm(&process());
    for project in ["fenced", "nobody"] {
        for token in [TOKEN, "wrong", ""] {
            assert_eq!(desk.ask(asking(project, token, &[])), refusal(), "{project} {token:?}");
        }
    }
    assert_eq!(desk.behind.fenced.counted(Count::Unauthorised), 3);
    assert_eq!(desk.behind.process.counted(ProcessCount::UnknownProject), 3);
    assert_eq!(desk.ask(asking("acme", TOKEN, &[])), ok("text/plain", ANNA), "a project without a list");
}

#[test]
fn a_peer_that_is_no_proxy_of_ours_cannot_name_another_address() {
    let desk = Desk::warm(&process());
    assert_eq!(desk.ask(asking("fenced", TOKEN, &["203.0.113.9"])), refusal());
}

#[test]
fn behind_a_proxy_the_last_untrusted_hop_is_the_client() {
    let desk = Desk::warm(&behind_a_proxy());
    let asked = |forwarded: &[&str]| desk.ask(asking("fenced", TOKEN, forwarded));
    for forwarded in [
        &["203.0.113.9"][..],
        &["203.0.113.9, 10.1.2.3"],
        &["198.51.100.7, 203.0.113.9"],
        &["198.51.100.7", "203.0.113.9", "10.1.2.3"],
        &["203.0.113.9:51234"],
    ] {
        assert_eq!(asked(forwarded), ok("text/plain", ANNA), "{forwarded:?}");
    }
    for forwarded in [
        &[][..],
        &["10.1.2.3"],
        &["203.0.113.9, 198.51.100.7"],
        &["203.0.113.9", "198.51.100.7"],
        &["203.0.113.9, unknown"],
        &["203.0.113.9, "],
    ] {
        assert_eq!(asked(forwarded), refusal(), "{forwarded:?}");
    }
}

#[test]
fn an_allowed_address_still_needs_the_token() {
    let desk = Desk::warm(&behind_a_proxy());
    assert_eq!(desk.ask(asking("fenced", "wrong", &["203.0.113.9"])), refusal());
}
