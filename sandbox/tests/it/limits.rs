//! Tokens, windows, days, the shield, and OAuth.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use sandbox::pipedrive::{Limits, Options, Pipedrive, Plan};
use serde_json::{Value, json};

use crate::support::{Reply, exchange, get, post};

async fn limited(limits: Limits) -> Pipedrive {
    let options = Options { clients: 10, still: true, plan: Plan::Lite, seats: 1, limits, ..Options::default() };
    Pipedrive::start(options).await.unwrap()
}

fn rate(reply: &Reply) -> Option<(&str, &str, &str)> {
    let header = |name| reply.header(name);
    Some((header("x-ratelimit-limit")?, header("x-ratelimit-remaining")?, header("x-ratelimit-reset")?))
}

#[tokio::test]
async fn requests_cost_what_the_vendor_says_and_refused_ones_nothing() {
    let sandbox = limited(Limits { burst: Some(1_000), search_burst: 1_000, ..Limits::default() }).await;
    let mut used = 0;
    for (path, cost) in [
        ("/api/v2/persons", 10),
        ("/api/v2/persons/1", 1),
        ("/api/v2/deals/archived", 20),
        ("/api/v2/itemSearch?term=12", 20),
        ("/api/v2/persons/search?term=12", 20),
        ("/v1/leads", 20),
        ("/v1/leads/archived", 40),
        ("/v1/users", 20),
        ("/v1/users/me", 2),
        ("/api/v2/persons?limit=0", 10),
        ("/nothing/here", 0),
    ] {
        get(&sandbox, path).await;
        used += cost;
        assert_eq!(sandbox.quota().used, used, "{path}");
    }
    exchange(&sandbox, "GET /api/v2/persons", &[], "").await.unwrap();
    assert_eq!((sandbox.quota().used, sandbox.quota().daily), (used, 30_000));
    let tokens: Vec<_> = sandbox.asked().iter().map(|asked| asked.tokens).collect();
    assert_eq!(tokens.iter().sum::<u64>(), used);
}

#[tokio::test]
async fn a_window_of_two_seconds_takes_the_plans_requests_and_then_429_with_the_rate_headers() {
    let sandbox = limited(Limits::default()).await;
    for left in (0..20).rev() {
        let reply = get(&sandbox, "/v1/users/me").await;
        assert_eq!((reply.status, rate(&reply)), (200, Some(("20", left.to_string().as_str(), "2"))));
    }
    let reply = get(&sandbox, "/v1/users/me").await;
    assert_eq!((reply.status, rate(&reply)), (429, Some(("20", "0", "2"))));
    assert_eq!((&reply.json()["success"], reply.header("retry-after")), (&Value::Bool(false), None));
    sandbox.advance(Duration::from_millis(1_999));
    assert_eq!(get(&sandbox, "/v1/users/me").await.status, 429);
    sandbox.advance(Duration::from_millis(1));
    assert_eq!(get(&sandbox, "/v1/users/me").await.status, 200);
}

#[tokio::test]
async fn the_window_rolls() {
    let sandbox = limited(Limits { burst: Some(2), ..Limits::default() }).await;
    let status = async || get(&sandbox, "/v1/users/me").await.status;
    assert_eq!(status().await, 200);
    sandbox.advance(Duration::from_millis(1_500));
    assert_eq!((status().await, status().await), (200, 429));
    sandbox.advance(Duration::from_millis(500));
    assert_eq!((status().await, status().await), (200, 429), "the first of the two is out of the window");
}

#[tokio::test]
async fn ten_searches_fill_their_own_window_on_every_plan_and_leave_the_other_open() {
    let sandbox = limited(Limits::default()).await;
    for path in ["/api/v2/itemSearch?term=12", "/api/v2/persons/search?term=12"] {
        for _ in 0..5 {
            assert_eq!(get(&sandbox, path).await.status, 200);
        }
    }
    let reply = get(&sandbox, "/api/v2/itemSearch?term=12").await;
    assert_eq!((reply.status, rate(&reply)), (429, Some(("10", "0", "2"))));
    assert_eq!(get(&sandbox, "/v1/users/me").await.status, 200);
}

#[tokio::test]
async fn a_spent_day_is_a_429_that_looks_like_a_spent_window_until_midnight() {
    let sandbox = limited(Limits { daily_tokens: Some(25), ..Limits::default() }).await;
    assert_eq!(get(&sandbox, "/api/v2/persons").await.status, 200);
    assert_eq!(get(&sandbox, "/api/v2/persons").await.status, 200);
    let reply = get(&sandbox, "/api/v2/persons").await;
    assert_eq!((reply.status, reply.header("x-ratelimit-remaining")), (429, Some("0")));
    assert_eq!(get(&sandbox, "/v1/users/me").await.status, 200, "two tokens are left");
    sandbox.advance(Duration::from_secs(sandbox.quota().renewed_in_s));
    assert_eq!((get(&sandbox, "/api/v2/persons").await.status, sandbox.quota().used), (200, 10));
}

#[tokio::test]
async fn who_persists_after_429_gets_the_shields_page_for_a_while() {
    let sandbox = limited(Limits { burst: Some(1), refusals_before_block: 3, ..Limits::default() }).await;
    let status = async || get(&sandbox, "/v1/users/me").await.status;
    assert_eq!((status().await, status().await, status().await, status().await), (200, 429, 429, 429));
    let page = get(&sandbox, "/v1/users/me").await;
    assert_eq!((page.status, page.header("content-type")), (403, Some("text/html; charset=UTF-8")));
    assert!(page.text().starts_with("<!DOCTYPE html>"));
    sandbox.advance(Duration::from_secs(59));
    assert_eq!(status().await, 403, "the window is long free");
    sandbox.advance(Duration::from_secs(1));
    assert_eq!(status().await, 200);
}

#[tokio::test]
async fn refusals_that_are_seconds_apart_bring_no_page() {
    let sandbox = limited(Limits { daily_tokens: Some(1), refusals_before_block: 3, ..Limits::default() }).await;
    for _ in 0..20 {
        assert_eq!(get(&sandbox, "/v1/users/me").await.status, 429);
        sandbox.advance(Duration::from_secs(4));
    }
}

#[tokio::test]
async fn speed_divides_windows_lags_lives_and_the_day_alike() {
    let options = Options { clients: 10, speed: 100.0, still: true, ..Options::default() };
    let sandbox = Pipedrive::start(options).await.unwrap();
    assert!(sandbox.quota().renewed_in_s <= 864);
    let token = granted(&sandbox).await;
    assert_eq!(token["expires_in"], 35);
    let reply = get(&sandbox, "/v1/users/me").await;
    assert_eq!(rate(&reply), Some(("40", "39", "1")), "never less than a second, whatever the speed");
}

#[tokio::test]
async fn another_process_can_see_and_set_the_quota_and_move_the_time() {
    let sandbox = limited(Limits::default()).await;
    let quota = post(&sandbox, "/sandbox/quota", &json!({"daily": 100, "used": 95})).await.json();
    assert_eq!((&quota["daily"], &quota["used"]), (&json!(100), &json!(95)));
    assert_eq!(get(&sandbox, "/api/v2/persons").await.status, 429);
    let left = get(&sandbox, "/sandbox/quota").await.json()["renewed_in_s"].as_u64().unwrap();
    post(&sandbox, "/sandbox/clock", &json!({"advance_ms": left * 1_000})).await;
    assert_eq!(get(&sandbox, "/api/v2/persons").await.status, 200);
}

fn basic(secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("sandbox-client:{secret}")))
}

async fn grant(sandbox: &Pipedrive, secret: &str, form: &str) -> Reply {
    let basic = basic(secret);
    let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    exchange(sandbox, "POST /oauth/token", &headers, form).await.unwrap()
}

async fn granted(sandbox: &Pipedrive) -> Value {
    let reply = grant(sandbox, "sandbox-secret", "grant_type=refresh_token&refresh_token=sandbox-refresh").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

async fn by_bearer(sandbox: &Pipedrive, token: &Value) -> Reply {
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    exchange(sandbox, "GET /v1/users/me", &[("authorization", &bearer)], "").await.unwrap()
}

#[tokio::test]
async fn an_access_token_lives_an_hour_and_has_a_window_of_its_own() {
    let sandbox = limited(Limits::default()).await;
    let token = granted(&sandbox).await;
    assert_eq!((&token["expires_in"], &token["token_type"]), (&json!(3_599), &json!("Bearer")));
    assert_eq!(
        (&token["api_domain"], &token["refresh_token"]),
        (&json!(sandbox.base_url()), &json!("sandbox-refresh"))
    );
    assert_eq!(by_bearer(&sandbox, &token).await.header("x-ratelimit-limit"), Some("80"));
    sandbox.advance(Duration::from_millis(3_599_999));
    assert_eq!(by_bearer(&sandbox, &token).await.status, 200);
    sandbox.advance(Duration::from_millis(1));
    assert_eq!(by_bearer(&sandbox, &token).await.status, 401);
    assert_eq!(by_bearer(&sandbox, &granted(&sandbox).await).await.status, 200);
}

#[tokio::test]
async fn a_refresh_is_refused_to_strangers_after_revocation_and_after_sixty_days() {
    let sandbox = limited(Limits::default()).await;
    let good = "grant_type=refresh_token&refresh_token=sandbox-refresh";
    let refused = async |secret: &str, form: &str| {
        let reply = grant(&sandbox, secret, form).await;
        (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(refused("wrong", good).await, (401, "invalid_client".to_owned()));
    let wrong = "grant_type=refresh_token&refresh_token=wrong";
    assert_eq!(refused("sandbox-secret", wrong).await, (400, "invalid_grant".to_owned()));
    assert_eq!(refused("sandbox-secret", "refresh_token=x").await, (400, "invalid_request".to_owned()));
    let password = "grant_type=password";
    assert_eq!(refused("sandbox-secret", password).await, (400, "unsupported_grant_type".to_owned()));
    sandbox.set_revoked(true);
    assert_eq!(refused("sandbox-secret", good).await, (400, "invalid_grant".to_owned()));
    sandbox.set_revoked(false);
    granted(&sandbox).await;
    sandbox.advance(Duration::from_secs(60 * 86_400 + 1));
    assert_eq!(refused("sandbox-secret", good).await, (400, "invalid_grant".to_owned()));
}
