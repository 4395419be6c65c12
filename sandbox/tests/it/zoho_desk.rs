//! The checklist of Zoho Desk's rules that the stand-in keeps.

use std::time::Duration;

use sandbox::zoho_desk::{Change, Desk, Edition, Item, Limits, ORG_ID, Options, StatusType};
use serde_json::{Value, json};

use crate::support::{Reply, exchange};

const FORM: &str =
    "grant_type=refresh_token&client_id=sandbox-client&client_secret=sandbox-secret&refresh_token=sandbox-refresh";

pub(crate) async fn desk(change: impl FnOnce(&mut Options)) -> Desk {
    let mut options = Options { clients: 300, still: true, limits: Limits::none(), ..Options::default() };
    change(&mut options);
    Desk::start(options).await.expect("started")
}

pub(crate) async fn token(desk: &Desk) -> Reply {
    exchange(desk, "POST /oauth/v2/token", &[], FORM).await.expect("a reply")
}

pub(crate) async fn send(desk: &Desk, call: &str, token: &str, org_id: &str, body: &str) -> Reply {
    let proof = format!("Zoho-oauthtoken {token}");
    exchange(desk, call, &[("authorization", &proof), ("orgId", org_id)], body).await.expect("a reply")
}

async fn get(desk: &Desk, path: &str) -> Reply {
    let token = token(desk).await.json()["access_token"].as_str().expect("a token").to_owned();
    send(desk, &format!("GET /api/v1/{path}"), &token, &ORG_ID.to_string(), "").await
}

async fn status_and_code(desk: &Desk, path: &str) -> (u16, String) {
    let reply = get(desk, path).await;
    (reply.status, reply.json()["errorCode"].as_str().unwrap_or_default().to_owned())
}

fn range(from: &str, until: &str) -> String {
    format!("createdTimeRange={from}T00:00:00.000Z,{until}T00:00:00.000Z")
}

#[tokio::test]
async fn every_request_needs_its_scheme_a_token_and_the_portals_number() {
    let desk = desk(|_| {}).await;
    let good = token(&desk).await.json()["access_token"].as_str().expect("a token").to_owned();
    let org = ORG_ID.to_string();
    let call = "GET /api/v1/agents";
    assert_eq!(send(&desk, call, &good, &org, "").await.status, 200);
    for (token, org_id, status, code) in [
        ("stale", org.as_str(), 401, "INVALID_OAUTH"),
        (&good, "7", 403, "OAUTH_ORG_MISMATCH"),
        (&good, "your_org_id", 500, "INTERNAL_SERVER_ERROR"),
    ] {
        let reply = send(&desk, call, token, org_id, "").await;
        assert_eq!((reply.status, &reply.json()["errorCode"]), (status, &json!(code)));
    }
    let bearer = format!("Bearer {good}");
    let headers = [("authorization", bearer.as_str()), ("orgId", &org)];
    let reply = exchange(&desk, call, &headers, "").await.expect("a reply");
    assert_eq!(reply.json()["errorCode"], "UNAUTHORIZED");
    let proof = format!("Zoho-oauthtoken {good}");
    let without = exchange(&desk, call, &[("authorization", &proof)], "").await.expect("a reply");
    assert_eq!(without.status, 422);
    let organizations = exchange(&desk, "GET /api/v1/organizations", &[("authorization", &proof)], "").await;
    assert_eq!(organizations.expect("a reply").data()[0]["id"], org, "the one that needs none");
}

#[tokio::test]
async fn tokens_live_an_hour_and_no_is_said_under_200() {
    let desk = desk(|_| {}).await;
    let granted = token(&desk).await.json();
    assert_eq!((&granted["expires_in"], &granted["refresh_token"]), (&json!(3600), &Value::Null));
    assert_eq!(granted["api_domain"], "https://www.zohoapis.com", "a host that does not serve this API");
    let stale = granted["access_token"].as_str().expect("a token").to_owned();
    desk.advance(Duration::from_secs(3_601));
    assert_eq!(send(&desk, "GET /api/v1/agents", &stale, &ORG_ID.to_string(), "").await.status, 401);
    desk.set_revoked(true);
    let denied = token(&desk).await;
    assert_eq!((denied.status, denied.json()), (200, json!({"error": "invalid_code"})));
    let wrong = FORM.replace("sandbox-secret", "wrong");
    let wrong = exchange(&desk, "POST /oauth/v2/token", &[], &wrong).await.expect("a reply");
    assert_eq!((wrong.status, wrong.json()), (200, json!({"error": "invalid_client"})));
}

#[tokio::test]
async fn ten_tokens_in_ten_minutes_are_enough_for_anybody() {
    let desk = desk(|options| options.limits.tokens_in_ten_minutes = 10).await;
    for _ in 0..10 {
        assert_eq!(token(&desk).await.status, 200);
    }
    let throttled = token(&desk).await;
    assert_eq!((throttled.status, &throttled.json()["error"]), (400, &json!("Access Denied")));
    desk.advance(Duration::from_secs(601));
    assert_eq!(token(&desk).await.status, 200);
}

#[tokio::test]
async fn a_number_is_found_as_it_was_typed_or_not_at_all_and_nothing_is_204() {
    let desk = desk(|_| {}).await;
    let count = |reply: &Reply| reply.data().as_array().map_or(0, Vec::len);
    assert_eq!(count(&get(&desk, "contacts/search?phone=%2B380442001001").await), 1);
    assert_eq!(
        count(&get(&desk, "contacts/search?phone=0671,%2B380442001008").await),
        2,
        "several values, two contacts"
    );
    assert_eq!(count(&get(&desk, "contacts/search?mobile=%28044%29+200-10-21").await), 1);
    assert_eq!(count(&get(&desk, "contacts/search?phone=%2B38044200100*").await), 3, "a beginning");
    for missed in ["380442001001", "+380442001001", "0442001001", "%2B380442001007", "%2B380442001017"] {
        let reply = get(&desk, &format!("contacts/search?phone={missed}")).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{missed}");
    }
}

#[tokio::test]
async fn what_the_search_does_not_know_is_refused_and_so_is_what_is_too_much() {
    let desk = desk(|_| {}).await;
    for path in [
        "contacts/search?telephone=1",
        "contacts/search?limit=10",
        "contacts/search?phone=067&limit=101",
        "contacts/search?phone=067&from=1000",
        "tickets/search?modifiedTimeRange=yesterday,today",
        "contacts?modifiedTimeRange=1,2",
        "agents?limit=201",
    ] {
        assert_eq!(status_and_code(&desk, path).await, (422, "UNPROCESSABLE_ENTITY".to_owned()), "{path}");
    }
    assert_eq!(status_and_code(&desk, "leads/search?phone=1").await.0, 404);
    assert_eq!(get(&desk, "contacts/search?phone=067*").await.data().as_array().map(Vec::len), Some(10), "unless told");
}

#[tokio::test]
async fn a_search_sees_a_change_late_and_the_database_at_once() {
    let desk = desk(|options| options.limits.index_lag = Duration::from_secs(30)).await;
    let sample = desk.sample("contact").expect("a sample");
    let id: u64 = sample.open[0].id.parse().expect("an id");
    let phones = vec!["0991112233".to_owned()];
    desk.change(Change::SetPhones { item: Item::Contact(id), phones }).expect("changed");
    assert_eq!(get(&desk, "contacts/search?phone=0991112233").await.status, 204);
    assert_eq!(get(&desk, &format!("contacts/{id}")).await.json()["phone"], "0991112233");
    desk.advance(Duration::from_secs(31));
    assert_eq!(get(&desk, "contacts/search?phone=0991112233").await.status, 200);
}

#[tokio::test]
async fn the_trash_is_listed_nowhere_and_only_a_contact_in_it_is_told_as_such() {
    let desk = desk(|_| {}).await;
    let open = desk.sample("everything").expect("a sample").open;
    let id = |at: usize| open[at].id.parse::<u64>().expect("an id");
    for item in [Item::Contact(id(0)), Item::Account(id(1)), Item::Ticket(id(2))] {
        desk.change(Change::Trash { item }).expect("trashed");
    }
    assert_eq!(get(&desk, &format!("contacts/{}", id(0))).await.json()["isTrashed"], true);
    for path in [format!("accounts/{}", id(1)), format!("tickets/{}", id(2))] {
        assert_eq!(status_and_code(&desk, &path).await, (404, "URL_NOT_FOUND".to_owned()), "{path}");
    }
    for module in ["contacts", "accounts", "tickets"] {
        let reply = get(&desk, &format!("{module}/search?{}&limit=100", range("2019-05-01", "2019-07-01"))).await;
        assert!(!reply.text().contains(&open[0].id) && !reply.text().contains(&open[1].id), "{module}");
    }
}

#[tokio::test]
async fn a_label_says_nothing_and_the_type_of_the_status_says_it_all() {
    let desk = desk(|_| {}).await;
    let ticket_id: u64 = desk.sample("owner-left").expect("a sample").open[1].id.parse().expect("an id");
    let status = "Closed".to_owned();
    desk.change(Change::SetStatus { ticket_id, status, status_type: StatusType::OnHold }).expect("changed");
    let ticket = get(&desk, &format!("tickets/{ticket_id}")).await.json();
    assert_eq!((&ticket["status"], &ticket["statusType"]), (&json!("Closed"), &json!("On Hold")));
    desk.change(Change::Archive { ticket_id }).expect("put away");
    assert_eq!(get(&desk, &format!("tickets/{ticket_id}")).await.status, 200, "read by its id");
    let contact = ticket["contactId"].as_str().expect("an id");
    assert_eq!(get(&desk, &format!("tickets/search?contactId={contact}")).await.status, 204);
    assert_eq!(get(&desk, &format!("contacts/{contact}/tickets")).await.status, 204);
}

#[tokio::test]
async fn a_list_is_dearer_the_further_it_reads_and_tells_less() {
    let desk = desk(|_| {}).await;
    let weight = |reply: &Reply| reply.header("x-rate-limit-request-weight-v3").map(str::to_owned);
    for (from, credits) in [(0, 3), (1_900, 3), (2_000, 5), (10_000, 10), (50_000, 50), (100_000, 100)] {
        let reply = get(&desk, &format!("contacts?from={from}&limit=100")).await;
        assert_eq!(weight(&reply), Some(credits.to_string()), "{from}");
    }
    let listed = &get(&desk, "contacts?limit=1").await.data()[0];
    assert!(listed.get("modifiedTime").is_none() && listed.get("cf").is_none(), "{listed}");
    for (path, credits) in
        [("contacts/count", 50), ("agents", 3), ("contacts/search?phone=0671*", 3), ("organizations", 1)]
    {
        assert_eq!(weight(&get(&desk, path).await), Some(credits.to_string()), "{path}");
    }
}

#[tokio::test]
async fn a_spent_day_says_until_when_and_is_another_429_than_too_many_at_once() {
    let desk = desk(|options| {
        (options.edition, options.limits.daily_credits) = (Edition::Free, None);
        (options.limits.at_once, options.limits.takes) = (None, Duration::from_millis(200));
        options.still = false;
    })
    .await;
    assert_eq!(get(&desk, "agents").await.header("x-rate-limit-remaining-v3"), Some("4997"));
    let token = token(&desk).await.json()["access_token"].as_str().expect("a token").to_owned();
    let asked = (0..9).map(|_| send(&desk, "GET /api/v1/agents", &token, "60001280952", ""));
    let replies = futures_util::future::join_all(asked).await;
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert!(!refused.is_empty() && refused.len() <= 4, "{}", refused.len());
    for reply in refused {
        assert_eq!((&reply.json()["errorCode"], reply.header("retry-after")), (&json!("TOO_MANY_REQUESTS"), None));
    }
    desk.vendor().spend(5_000);
    let spent = get(&desk, "agents").await;
    assert_eq!((spent.status, &spent.json()["errorCode"]), (429, &json!("THRESHOLD_EXCEEDED")));
    let wait: u64 = spent.header("retry-after").and_then(|text| text.parse().ok()).expect("seconds");
    assert!((1..=86_400).contains(&wait), "{wait}");
    desk.advance(Duration::from_secs(wait));
    assert_eq!(get(&desk, "agents").await.status, 200, "another day");
}

#[tokio::test]
async fn agents_who_left_are_told_only_to_who_asks_and_extensions_come_along() {
    let desk = desk(|_| {}).await;
    let active = get(&desk, "agents?status=ACTIVE&limit=200").await.data();
    let left = get(&desk, "agents?status=DISABLED&limit=200").await.data();
    assert_eq!((active.as_array().map(Vec::len), left.as_array().map(Vec::len)), (Some(5), Some(1)));
    assert_eq!((&active[0]["extn"], &active[0]["emailId"]), (&json!("101"), &json!("anna@acme.example")));
    assert_eq!(status_and_code(&desk, "agents?status=ALL").await.0, 422);
}

#[tokio::test]
async fn editions_without_webhooks_say_so_and_an_address_must_answer() {
    let desk = desk(|options| options.edition = Edition::Standard).await;
    let token_of = async |desk: &Desk| token(desk).await.json()["access_token"].as_str().expect("a token").to_owned();
    let body = json!({"url": "http://127.0.0.1:1/x", "subscriptions": {"Contact_Add": null}}).to_string();
    let org = ORG_ID.to_string();
    let refused = send(&desk, "POST /api/v1/webhooks", &token_of(&desk).await, &org, &body).await;
    assert_eq!((refused.status, &refused.json()["errorCode"]), (403, &json!("LICENSE_ACCESS_LIMITED")));
    let desk = self::desk(|_| {}).await;
    let token = token_of(&desk).await;
    let silent = send(&desk, "POST /api/v1/webhooks", &token, &org, &body).await;
    assert_eq!((silent.status, &silent.json()["errors"][0]["fieldName"]), (422, &json!("/url")));
    for body in ["{}", "{\"url\":\"http://127.0.0.1:1/\"}", "{\"webhook\":{}}", "[]"] {
        assert_eq!(send(&desk, "POST /api/v1/webhooks", &token, &org, body).await.status, 422, "{body}");
    }
    let unknown = json!({"url": "http://127.0.0.1:1/x", "subscriptions": {"Contact_Added": null}}).to_string();
    let unknown = send(&desk, "POST /api/v1/webhooks", &token, &org, &unknown).await;
    assert_eq!(unknown.json()["errors"][0]["fieldName"], "/subscriptions");
    assert_eq!(get(&desk, "webhooks").await.status, 204);
}
