//! What every stand-in has from the kit, seen on Pipedrive's.

use sandbox::kit::{Entity, EntityKind, Fault, Neutral, StandIn};
use sandbox::pipedrive::{Options, Pipedrive, RateLimit};
use serde_json::json;

use crate::support::{exchange, get, post, sandbox};

#[tokio::test]
async fn a_neutral_change_is_made_whichever_stand_in_it_is() {
    let sandbox = sandbox(10).await;
    let stand_in: &dyn StandIn = &sandbox;
    assert_eq!(stand_in.auth_url(), format!("{}/oauth/token", stand_in.base_url()));
    let open = stand_in.sample("owner-left").unwrap().open;
    assert_eq!((open[1].kind, open[1].owner_id.as_str(), open[1].owner_is_employee), (EntityKind::Deal, "103", true));
    let [anna, bohdan, ..] = stand_in.employees();
    let (name, phones) = ("New".to_owned(), vec!["0990000001".to_owned()]);
    let created = stand_in.change_neutral(Neutral::CreateContact { name, phones, owner_id: anna }).unwrap().unwrap();
    let path = format!("/api/v2/persons/{}", created.id);
    assert_eq!(get(&sandbox, &path).await.data()["owner_id"], 101);
    let change = json!({"change": "set_owner", "entity": created, "owner_id": bohdan});
    assert_eq!(post(&sandbox, "/sandbox/neutral", &change).await.json(), json!(created));
    assert_eq!(get(&sandbox, &path).await.data()["owner_id"], 102);
    let phones = vec!["0990000002".to_owned()];
    stand_in.change_neutral(Neutral::SetPhones { entity: created.clone(), phones }).unwrap();
    assert_eq!(get(&sandbox, &path).await.data()["phones"][0]["value"], "0990000002");
    stand_in.change_neutral(Neutral::Delete { entity: created.clone() }).unwrap();
    assert_eq!(get(&sandbox, &path).await.data()["is_deleted"], true);
    let close = |kind| stand_in.change_neutral(Neutral::Close { entity: Entity::new(kind, "3") });
    close(EntityKind::Deal).unwrap();
    assert_eq!(get(&sandbox, "/api/v2/deals/3").await.data()["status"], "won");
    assert!(close(EntityKind::Contact).is_err() && close(EntityKind::Ticket).is_err());
    let left = Neutral::SetUserActive { user_id: bohdan, active: false };
    assert_eq!(stand_in.change_neutral(left).unwrap(), None);
    assert_eq!(get(&sandbox, "/v1/users/102").await.data()["active_flag"], false);
}

#[tokio::test]
async fn the_log_keeps_bodies_and_replies_but_no_secret() {
    let sandbox = Pipedrive::start(Options { keep_replies: true, ..Options::default() }).await.unwrap();
    let basic = ("authorization", "Basic c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ=");
    let form = "grant_type=refresh_token&refresh_token=sandbox-refresh";
    let token = exchange(&sandbox, "POST /oauth/token", &[basic], form).await.unwrap();
    let token = token.json()["access_token"].as_str().unwrap().to_owned();
    let json = ("content-type", "application/json");
    let bearer = ("authorization", format!("Bearer {token}"));
    exchange(&sandbox, "GET /v1/users/me", &[(bearer.0, &bearer.1), json], "{\"a\": 1}").await.unwrap();
    sandbox.stage_fault(Fault::status(503).times(1));
    get(&sandbox, "/v1/users/me").await;
    let asked = sandbox.asked();
    assert_eq!(asked[0].body.as_deref(), Some("grant_type=refresh_token&refresh_token=left-out"));
    assert!(asked[0].reply.as_ref().unwrap().contains("\"expires_in\":3599"), "{asked:?}");
    assert_eq!(asked[1].body.as_deref(), Some("{\"a\": 1}"));
    assert_eq!(asked[1].told.get("content-type").map(String::as_str), Some("application/json"));
    assert!(asked[1].reply.as_ref().unwrap().starts_with("{\"data\":"), "{asked:?}");
    assert_eq!((asked[2].status, &asked[2].reply), (Some(503), &None), "what was staged is not the vendor's");
    let all = format!("{asked:?}");
    for secret in ["sandbox-refresh", "c2FuZGJveC", token.as_str()] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn replies_are_not_kept_unless_asked_for() {
    let sandbox = sandbox(10).await;
    get(&sandbox, "/v1/users/me").await;
    assert_eq!(sandbox.asked()[0].reply, None);
}

#[tokio::test]
async fn only_the_vendors_own_ways_of_saying_too_much_can_be_staged() {
    let sandbox = sandbox(10).await;
    let stage = |how: &str| json!({"fault": "rate_limit", "how": how});
    assert_eq!(post(&sandbox, "/sandbox/faults", &stage("loudly")).await.status, 400);
    assert_eq!(get(&sandbox, "/v1/users/me").await.status, 200);
    assert_eq!(post(&sandbox, "/sandbox/faults", &json!({"fault": "oddity", "how": "x"})).await.status, 400);
    for (how, status) in [(RateLimit::Headers, 429), (RateLimit::Bare, 429), (RateLimit::Cloudflare, 403)] {
        let word = String::from(how);
        assert!(StandIn::rate_limits(&sandbox).contains(&word.as_str()));
        assert_eq!(post(&sandbox, "/sandbox/faults", &stage(&word)).await.status, 200);
        assert_eq!(get(&sandbox, "/v1/users/me").await.status, status, "{word}");
        sandbox.clear_faults();
    }
}
