//! What Zoho CRM's stand-in gives how much of: credits, places, tokens.

use std::time::Duration;

use sandbox::zoho_crm::Edition;
use serde_json::json;

use crate::support::{Reply, exchange};
use crate::zoho_crm::{Client, DAY, TOKEN, code, started, token, token_reply};

#[tokio::test]
async fn credits_are_of_any_24_hours_and_told_only_when_half_of_them_are_gone() {
    let client = Client::of(|options| options.limits.credits = Some(20)).await;
    let left = |reply: &Reply| reply.header("x-api-credits-remaining").map(str::to_owned);
    for (query, cost) in [("limit 200", 1), ("limit 201", 2), ("limit 1001", 3)] {
        let before = client.sandbox.quota().used;
        let reply = client.coql(&format!("select id from Contacts where id > 1 {query}")).await;
        assert_eq!((client.sandbox.quota().used - before, left(&reply)), (cost, None), "{query}");
    }
    client.get("/Contacts/search?phone=12").await;
    client.get("/users?type=ActiveUsers").await;
    assert_eq!(client.sandbox.quota().used, 10, "a search is three, anything else one");
    assert_eq!(left(&client.get("/users?type=ActiveUsers").await).as_deref(), Some("9"));
    client.sandbox.set_credits(None, Some(20));
    let reply = client.get("/users?type=ActiveUsers").await;
    assert_eq!((code(&reply), left(&reply).as_deref()), ((429, "TOO_MANY_REQUESTS".to_owned()), Some("0")));
    assert_eq!(reply.header("retry-after"), None);
    client.sandbox.advance(DAY);
    let client = Client { token: token(&client.sandbox).await, ..client };
    assert_eq!(client.get("/users?type=ActiveUsers").await.status, 200);
}

#[tokio::test]
async fn so_many_requests_at_once_and_no_more_whatever_they_cost() {
    let client = Client::of(|options| {
        options.edition = Edition::Free;
        (options.limits.sub_at_once, options.limits.work) = (2, Duration::from_millis(300));
    })
    .await;
    let lists = futures_util::future::join_all((0..6).map(|_| client.get("/users?type=ActiveUsers"))).await;
    let refused: Vec<_> = lists.iter().filter(|reply| reply.status == 429).collect();
    assert!(refused.len() == 1 && refused[0].header("retry-after").is_none(), "{lists:?}");
    let query = "select id from Contacts where id is not null";
    let queries = futures_util::future::join_all((0..3).map(|_| client.coql(query))).await;
    assert_eq!(queries.iter().filter(|reply| reply.status == 429).count(), 1, "queries have fewer places");
}

#[tokio::test]
async fn ten_tokens_in_ten_minutes_and_refusals_under_status_200() {
    let sandbox = started(|_| {}).await;
    for (form, error) in [
        (TOKEN.replace("sandbox-refresh", "other"), "invalid_code"),
        (TOKEN.replace("sandbox-secret", "other"), "invalid_client"),
    ] {
        let reply = token_reply(&sandbox, &form).await;
        assert_eq!((reply.status, reply.json()), (200, json!({"error": error})));
    }
    for _ in 0..8 {
        let reply = token_reply(&sandbox, TOKEN).await;
        assert_eq!((reply.status, &reply.json()["api_domain"]), (200, &json!(sandbox.base_url())));
        assert_eq!((&reply.json()["expires_in"], reply.json().get("refresh_token")), (&json!(3_600), None));
    }
    let reply = token_reply(&sandbox, TOKEN).await;
    assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("Access Denied")));
    sandbox.advance(Duration::from_secs(600));
    assert_eq!(token_reply(&sandbox, TOKEN).await.json()["token_type"], "Bearer");
}

#[tokio::test]
async fn a_token_goes_behind_the_vendors_own_word_and_dies_after_an_hour() {
    let client = Client::of(|_| {}).await;
    assert_eq!(client.get("/users?type=ActiveUsers").await.status, 200);
    let bearer = client.token.replace("Zoho-oauthtoken", "Bearer");
    for headers in [vec![], vec![("authorization", bearer.as_str())]] {
        let reply = exchange(&client.sandbox, "GET /crm/v8/users", &headers, "").await.unwrap();
        assert_eq!(code(&reply), (401, "INVALID_TOKEN".to_owned()));
    }
    client.sandbox.advance(Duration::from_secs(3_600));
    assert_eq!(client.get("/users?type=ActiveUsers").await.status, 401);
}
