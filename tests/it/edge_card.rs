//! The card of a client at the telephone system's door: each reply byte for byte.

use predial::base::metric::Count;

use crate::edge_client::{bare, get, seen, with_body};
use crate::edge_desk::{Desk, KNOWN, NOBODY, Still, TOKEN};
use crate::stage_settings::process;

const CHALLENGE: &str = "www-authenticate: Basic realm=\"predial\"\r\n";

fn card(project: &str, caller: &str) -> String {
    format!("/{project}/card?token={TOKEN}&caller={caller}")
}

fn accepting(path: &str, accept: &str) -> String {
    get(path).replace("Connection:", &format!("Accept: {accept}\r\nConnection:"))
}

fn found() -> String {
    bare("302 Found", "location: https://values.example/contact/1\r\ncache-control: no-store\r\n")
}

fn nobody() -> String {
    bare("404 Not Found", "")
}

#[test]
fn a_browser_is_sent_to_the_card_however_the_number_is_written() {
    let desk = Desk::warm(&process());
    for caller in [KNOWN, "%2B380671112233", "00380671112233", "0671112233", "067%20111-22-33"] {
        assert_eq!(desk.ask(get(&card("acme", caller))), found(), "{caller}");
    }
    assert_eq!(desk.ask(accepting(&card("acme", KNOWN), "text/html, */*;q=0.8")), found());
    assert_eq!(desk.behind.metrics.counted(Count::CardsShown), 6);
    assert_eq!(desk.behind.crm.asked(), 0);
}

#[test]
fn who_accepts_json_is_told_the_link_the_name_and_who_is_responsible() {
    let desk = Desk::warm(&process());
    let body = r#"{"link":"https://values.example/contact/1","name":"Taras Bulba","responsible":"Anna"}"#;
    let expected = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: no-store\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(desk.ask(accepting(&card("acme", KNOWN), "application/json")), expected);
    assert_eq!(desk.ask(accepting(&card("acme", NOBODY), "application/json")), nobody());
}

#[test]
fn nobodys_number_a_hidden_one_and_what_is_no_number_have_no_card() {
    let desk = Desk::warm(&process());
    for caller in [NOBODY, "", "anonymous", "101", "abc", "%00", "380671112233380671112233"] {
        assert_eq!(desk.ask(get(&card("acme", caller))), nobody(), "{caller}");
    }
    assert_eq!(desk.ask(get(&format!("/acme/card?token={TOKEN}"))), nobody(), "no parameter at all");
    assert_eq!(desk.behind.metrics.counted(Count::CardsNone), 8);
    assert_eq!(desk.ask(get(&card("acme", "%zz"))), bare("400 Bad Request", ""));
    assert_eq!(desk.behind.crm.asked(), 0);
}

#[test]
fn nothing_that_is_asked_with_is_in_the_address_that_is_answered() {
    let desk = Desk::warm(&process());
    let elsewhere = "link=https://evil.example&url=//evil.example&location=x&base_url=https://evil.example";
    let header = "Connection: close\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example";
    let asked = get(&format!("{}&{elsewhere}", card("acme", KNOWN)));
    assert_eq!(
        desk.ask(asked.replace("Host: desk", "Host: evil.example").replace("Connection: close", header)),
        found()
    );
    for path in ["//evil.example/card", "/acme/card/https:%2F%2Fevil.example", "/acme/card/"] {
        let reply = desk.ask(get(&format!("{path}?token={TOKEN}&caller={KNOWN}")));
        assert!(reply.starts_with("HTTP/1.1 404 ") && !reply.contains("location"), "{path}: {reply}");
    }
}

#[test]
fn who_may_not_ask_learns_nothing() {
    let desk = Desk::warm(&process());
    let refused = bare("401 Unauthorized", CHALLENGE);
    for path in [
        format!("/acme/card?caller={KNOWN}"),
        format!("/acme/card?token=wrong&caller={KNOWN}"),
        card("nowhere", KNOWN),
        card("fenced", KNOWN),
    ] {
        assert_eq!(desk.ask(get(&path)), refused, "{path}");
    }
}

#[test]
fn a_card_is_asked_for_with_get_alone() {
    let desk = Desk::warm(&process());
    let refused = bare("405 Method Not Allowed", "allow: GET\r\n");
    let head = desk.ask(get(&card("acme", KNOWN)).replace("GET ", "HEAD "));
    let refused_head =
        "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\nallow: GET\r\nconnection: close\r\n\r\n";
    assert_eq!(head, refused_head);
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
        let request = get(&card("acme", KNOWN)).replace("GET ", &format!("{method} "));
        assert_eq!(desk.ask(request), refused, "{method}");
    }
    assert_eq!(desk.ask(with_body("POST", &card("acme", KNOWN), "text/plain", "x")), refused);
}

#[tokio::test(start_paused = true)]
async fn a_number_that_memory_does_not_know_is_asked_for_until_the_deadline() {
    let still = Still::cold(&process());
    let mut first = still.accepted().await;
    first.send(get(&card("acme", KNOWN)));
    still.until(|behind| behind.crm.asked() == 1).await;
    still.pass(779).await;
    assert_eq!(still.behind.metrics.counted(Count::CardsNone), 0);
    still.pass(2).await;
    assert_eq!(seen(move || first.rest()).await, nobody());
    // The question goes on, and who asks meanwhile joins it.
    let mut second = still.accepted().await;
    second.send(get(&card("acme", KNOWN)));
    still.settle().await;
    still.behind.crm.let_go(1);
    assert_eq!(seen(move || second.rest()).await, found());
    assert_eq!(still.behind.crm.asked(), 1);
}
