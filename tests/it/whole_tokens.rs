//! Access tokens of the whole service: how many are asked for.

use std::time::{Duration, Instant};

use sandbox::kit::Asked;
use serde_json::Value;

use crate::changes_stage::{Setup, Stage};
use crate::crm_rows::ROWS;

/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

fn is_for_a_token(asked: &Asked) -> bool {
    asked.path.contains("/oauth")
}

/// Zoho hands out ten in ten minutes for one refresh token, and takes more for a fault.
#[tokio::test(flavor = "multi_thread")]
async fn projects_with_the_same_credentials_ask_for_one_access_token() {
    let row = ROWS.iter().find(|row| row.name == "zoho-crm").expect("a row");
    let setup = Setup { public: false, ..Setup::default() };
    let stage = Stage::of(row, setup).await;
    let projects = stage.config().join("projects");
    for name in ["bravo", "cargo", "delta"] {
        std::fs::copy(projects.join("acme.toml"), projects.join(format!("{name}.toml"))).expect("copied");
    }
    stage.reload(setup).await;
    for name in ["bravo", "cargo", "delta"] {
        let began = Instant::now();
        loop {
            let view = stage.ops("GET", &format!("/api/projects/{name}"), &Value::Null).await;
            if view["directory"]["absent_is_known"] == true {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{name}: {view}");
            // A whole service on its own runtimes: its time cannot be paused, only polled.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let asked = stage.crm().asked();
    assert_eq!(asked.iter().filter(|asked| is_for_a_token(asked)).count(), 1);
    assert!(asked.iter().any(|asked| !is_for_a_token(asked)), "and with it for everything else");
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_on_one_account_share_what_its_day_allows() {
    let row = ROWS.iter().find(|row| row.name == "zoho-crm").expect("a row");
    let setup = Setup { public: false, ..Setup::default() };
    let stage = Stage::of(row, setup).await;
    let every_s = |view: &Value| view["crm"]["quota"]["sweep_every_s"].as_f64();
    let alone_s = every_s(&stage.view().await).expect("an interval");
    let projects = stage.config().join("projects");
    for name in ["bravo", "cargo"] {
        std::fs::copy(projects.join("acme.toml"), projects.join(format!("{name}.toml"))).expect("copied");
    }
    stage.reload(setup).await;
    let is_times =
        |times: f64| move |view: &Value| every_s(view).is_some_and(|now_s| (now_s / alone_s - times).abs() < 0.1);
    stage.until("a third each", is_times(3.0)).await;
    std::fs::remove_file(projects.join("cargo.toml")).expect("removed");
    stage.reload(setup).await;
    stage.until("a half each", is_times(2.0)).await;
}
