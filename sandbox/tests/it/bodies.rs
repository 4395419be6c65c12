//! The closed lists themselves: each name is in a source or has its reason, and each list is that of something.

use std::{collections::BTreeSet, path::Path};

use sandbox::kit::{Bodies, Body, BodyOf, Fault, Running, Vendor};
use sandbox::{
    hubspot::{self, HubSpot},
    pipedrive::{self, Pipedrive},
    smart_crm::{self, SmartCrm, TENANT},
    zoho_crm::{self, ZohoCrm},
    zoho_desk::{self, Desk},
};

use crate::support::{exchange, judged};

/// Where the sources lie; nothing, said aloud, where they do not.
fn beside() -> Option<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    if !folder.is_dir() {
        let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!ci, "expected the vendors' descriptions beside the repository, found none");
        println!("skipped: the vendors' descriptions are not beside the repository");
        return None;
    }
    Some(folder)
}

/// The parameters that the RFC registers (11.2.2), as far as a client of these grants meets them.
const RFC_6749: &str = "access_token client_id client_secret error error_description error_uri expires_in grant_type \
                        refresh_token scope token_type";

fn every_name_has_its_source<V: Vendor>() {
    let bodies = Bodies::of::<V>().expect("lists");
    assert!(!bodies.body.is_empty(), "{}", V::NAME);
    let Some(folder) = beside() else { return };
    for body in &bodies.body {
        let read = |name: &String| match name.as_str() {
            "RFC 6749" => RFC_6749.to_owned(),
            name => std::fs::read_to_string(folder.join(name)).unwrap_or_else(|_| panic!("no {name}")),
        };
        let text: String = body.sources.iter().map(read).collect();
        let words: BTreeSet<&str> = text.split(|letter: char| !is_of_a_word(letter)).collect();
        let has = |path: &String| words.contains(path.trim_end_matches(".*").rsplit('.').next().expect("a name"));
        for name in body.needed.iter().chain(&body.others) {
            assert!(has(name), "{} {:?}: {name} is in none of {:?}", V::NAME, body.of, body.sources);
        }
        let unreasoned = body.beyond.keys().find(|reason| !reason.contains(' '));
        assert_eq!(unreasoned, None, "{} {:?}", V::NAME, body.of);
    }
}

const fn is_of_a_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[test]
fn every_name_of_every_list_is_in_one_of_its_sources_or_has_a_reason() {
    every_name_has_its_source::<hubspot::Account>();
    every_name_has_its_source::<pipedrive::Account>();
    every_name_has_its_source::<zoho_crm::Account>();
    every_name_has_its_source::<zoho_desk::Portal>();
    every_name_has_its_source::<smart_crm::Account>();
}

/// What it takes for a vendor to say everything that there are lists for.
struct Script<'a> {
    /// Of a request for a token that is granted.
    form: String,
    /// The header that credentials stand in, and its value; `{}` stands for a token.
    proof: (&'a str, &'a str),
    /// Further headers of every request.
    headers: &'a [(&'a str, &'a str)],
    /// What is refused.
    refused: &'a [(&'a str, &'a str)],
}

/// Plays a script, and finds the lists that no answer was of.
async fn each_list_is_met<V: Vendor>(sandbox: &Running<V>, script: &Script<'_>) {
    let mut met = BTreeSet::new();
    let mut ask = async |head: &str, headers: &[(&str, &str)], body: &str| {
        let reply = exchange(sandbox, head, headers, body).await.expect("a reply");
        met.extend(judged(sandbox, head, &reply).map(|at| at.expect("held already")));
        reply
    };
    let issuer = format!("POST {}", V::TOKEN_PATH);
    let basic = ("authorization", "Basic c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ=");
    sandbox.set_revoked(true);
    ask(&issuer, &[basic], &script.form).await;
    sandbox.set_revoked(false);
    let granted = ask(&issuer, &[basic], &script.form).await.json();
    let proof = script.proof.1.replace("{}", granted["access_token"].as_str().expect("a token"));
    let proven = [&[(script.proof.0, proof.as_str())], script.headers].concat();
    for (head, body) in script.refused {
        let reply = ask(head, &proven, body).await;
        assert!(reply.status >= 400, "{head}: {}", reply.text());
    }
    let (first, _) = script.refused[0];
    ask(first, script.headers, "").await;
    for how in V::RATE_LIMITS {
        sandbox.stage_fault(Fault::rate_limit(*how).times(1));
        // Those of tokens are said where tokens are had.
        ask(if how.starts_with("token") { &issuer } else { first }, &proven, "").await;
    }
    // Where tokens are few, this one is too many.
    ask(&issuer, &[basic], &script.form).await;
    let of_replies = |body: &Body| matches!(body.of, BodyOf::Token | BodyOf::NoToken | BodyOf::Refusal);
    let bodies = Bodies::of::<V>().expect("lists");
    let all: BTreeSet<usize> = (0..).zip(&bodies.body).filter(|(_, body)| of_replies(body)).map(|(at, _)| at).collect();
    let unmet: Vec<&Body> = all.difference(&met).map(|at| &bodies.body[*at]).collect();
    assert!(unmet.is_empty(), "{}: {unmet:#?}", V::NAME);
}

const FORM: &str =
    "grant_type=refresh_token&client_id=sandbox-client&client_secret=sandbox-secret&refresh_token=sandbox-refresh";

#[tokio::test]
async fn each_list_is_of_something_that_hubspot_and_pipedrive_answer() {
    let script = Script {
        form: FORM.to_owned(),
        proof: ("authorization", "Bearer {}"),
        headers: &[("content-type", "application/json")],
        refused: &[("POST /crm/objects/2026-03/contacts/search", "{}"), ("GET /crm/objects/2026-03/contacts/1x", "")],
    };
    each_list_is_met(&HubSpot::start(hubspot::Options::default()).await.expect("started"), &script).await;
    let script = Script {
        form: "grant_type=refresh_token&refresh_token=sandbox-refresh".to_owned(),
        refused: &[
            ("POST /api/v2/persons", "{\"nam\": 1}"),
            ("POST /v1/notes", "{}"),
            ("POST /v1/webhooks", "{}"),
            ("GET /v1/leads/00000000-0000-0000-0000-000000000000", ""),
        ],
        ..script
    };
    each_list_is_met(&Pipedrive::start(pipedrive::Options::default()).await.expect("started"), &script).await;
}

#[tokio::test]
async fn each_list_is_of_something_that_zohos_answer() {
    let mut options = zoho_crm::Options::default();
    options.limits.tokens = 2;
    let script = Script {
        form: FORM.to_owned(),
        proof: ("authorization", "Zoho-oauthtoken {}"),
        headers: &[("orgid", "62515")],
        refused: &[("GET /crm/v8/Contacts", ""), ("POST /crm/v8/Contacts", "{\"data\": [{}]}")],
    };
    each_list_is_met(&ZohoCrm::start(options).await.expect("started"), &script).await;
    let mut options = zoho_desk::Options::default();
    options.limits.tokens_in_ten_minutes = 1;
    let org = zoho_desk::ORG_ID.to_string();
    let refused =
        [("GET /api/v1/contacts/search?phones=1", ""), ("POST /api/v1/contacts", "{}"), ("GET /api/v1/nothing", "")];
    let script = Script { headers: &[("orgid", &org)], refused: &refused, ..script };
    each_list_is_met(&Desk::start(options).await.expect("started"), &script).await;
}

#[tokio::test]
async fn each_list_is_of_something_that_dataverse_answers() {
    let crm = SmartCrm::start(smart_crm::Options::default()).await.expect("started");
    assert!(<smart_crm::Account as Vendor>::TOKEN_PATH.contains(TENANT));
    let scope = format!("{}/.default", crm.base_url());
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", "5ca1ab1e-0000-4000-8000-00000000c11e"),
        ("client_secret", "sandbox-secret"),
        ("scope", scope.as_str()),
    ];
    let script = Script {
        form: form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish(),
        proof: ("authorization", "Bearer {}"),
        headers: &[],
        refused: &[("GET /api/data/v9.2/contacts?$select=nam", ""), ("GET /api/data/v9.2/nothing", "")],
    };
    each_list_is_met(&crm, &script).await;
}
