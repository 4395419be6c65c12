//! The door of forms: every shape that a site sends, and what is refused outright.

use sandbox::kit::Thing;
use serde_json::{Value, json};

use crate::changes_stage::{Stage, TOKEN};
use crate::rows_stage::stage;

const MULTIPART: &str = "multipart/form-data; boundary=\"--b\"";

/// Sends a form, whatever it is; gives the status and the body of the answer.
async fn send(stage: &Stage, (method, target): (&str, &str), typed: &str, body: &[u8]) -> (u16, String) {
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Type: {typed}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let heard = stage.edge_bytes(&[head.as_bytes(), body].concat()).await;
    (heard.status, heard.body)
}

fn door() -> String {
    format!("/acme/forms?token={TOKEN}")
}

fn part(name: &str, value: &str) -> String {
    format!("----b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn made(stage: &Stage, number: &str) -> Option<Thing> {
    stage.crm().held().into_iter().find(|thing| thing.what == "contact" && thing.numbers == [number])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_taken_in_every_shape_that_a_site_sends() {
    let stage = stage("pipedrive", "forms.charset = \"windows-1251\"\n").await;
    let door = door();
    let post = ("POST", door.as_str());
    let form = "application/x-www-form-urlencoded";
    let in_query = format!("{door}&name=%D0%90%D0%BD%D0%BD%D0%B0+1&tel=0937770001");
    let list = json!([{"name": "name", "value": "Анна 4"}, {"name": "tel", "value": "0937770004"}]).to_string();
    let parts = format!("{}{}----b--\r\n", part("name", "Анна 3"), part("tel", "+38 (093) 777-00-03"));
    let sent: [((&str, &str), &str, &[u8]); 6] = [
        (("GET", &in_query), "", b""),
        (post, form, "name=Анна+2&tel=%2B380937770002".as_bytes()),
        (post, MULTIPART, parts.as_bytes()),
        (post, "application/json", list.as_bytes()),
        // As the project says, and as the request itself does.
        (post, form, b"name=%C0%ED%ED%E0+5&tel=0937770005"),
        (post, "application/x-www-form-urlencoded; charset=koi8-u", b"name=%E1%CE%CE%C1+6&tel=0937770006"),
    ];
    for (at, (how, typed, body)) in (1..).zip(sent) {
        let (status, answer) = send(&stage, how, typed, body).await;
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!((status, &answer["status"]), (200, &json!("stored")), "{at}: {answer}");
    }
    stage.settled().await;
    for at in 1..=5 {
        let contact = made(&stage, &format!("+38093777000{at}"));
        assert_eq!(contact.map(|contact| contact.title), Some(format!("Анна {at}")));
    }
    // What the request names goes before what the project says.
    assert_eq!(made(&stage, "+380937770006").map(|contact| contact.title).as_deref(), Some("Анна 6"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_form_is_kept_whole_and_who_may_not_send_one_is_refused() {
    let stage = stage("pipedrive", "").await;
    let door = door();
    let post = ("POST", door.as_str());
    for (typed, body) in [("application/json", &b"{"[..]), (MULTIPART, b"----b\r\nno head"), ("", b"")] {
        let (status, answer) = send(&stage, post, typed, body).await;
        assert_eq!(status, 200, "{answer}");
        assert!(answer.contains("unreadable"), "{answer}");
    }
    let listed = stage.ops("GET", "/api/journal?project=acme&state=unreadable", &Value::Null).await;
    assert_eq!(listed["entries"].as_array().map(Vec::len), Some(3), "{listed}");
    assert_eq!(send(&stage, ("PUT", &door), "", b"tel=1").await.0, 405);
    assert_eq!(send(&stage, ("POST", "/acme/forms?token=wrong"), "", b"tel=1").await.0, 401);
    assert_eq!(send(&stage, ("POST", "/acme/events/form?token=acme-token-0123456789"), "", b"tel=1").await.0, 404);
    // Refused by what it says of itself, before any of it is read.
    let large = format!("POST {door} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", (1 << 20) + 1);
    assert_eq!(stage.edge_bytes(large.as_bytes()).await.status, 413);
}
