//! Ringostat's own list of calls beside the events that tell them, and runs that compare the two.

use std::time::Duration;

use sandbox::ringostat_api::{Change, ListedCall, Options, RingostatApi};
use serde_json::{Map, Value, json};

use crate::calls_scene::{Scene, setup};
use crate::calls_script::{Caller, Ending, ScriptedCall};
use crate::changes_stage::Setup;
use crate::crm_rows::Row;

/// A run of a test takes no longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ringostat's API with the stage's key.
pub(crate) async fn ringostat() -> RingostatApi {
    // What the stage's environment has as SECRET.
    let options = Options { auth_key: "sandbox-token".to_owned(), ..Options::default() };
    RingostatApi::start(options).await.expect("a stand-in")
}

/// A project that may ask this API; `reconcile` by itself where that is said.
pub(crate) fn asking(row: &Row, api: &RingostatApi, reconcile: bool) -> Setup {
    let section = format!(
        "recording_hosts = [\"recordings.example\"]\nproject_id = \"110070\"\nauth_key = {{ env = \"SECRET\" }}\n\
         base_url = \"{}\"\nreconcile = {reconcile}\n",
        api.base_url()
    );
    Setup { ringostat: section.leak(), ..setup(row, "") }
}

/// A call as the list has it once it is over: what its events say together, by the list's names.
pub(crate) fn listed(call: &ScriptedCall) -> ListedCall {
    let moments = call.moments();
    let told = moments.iter().filter(|(moment, _)| moment.starts_with("after-"));
    let recorded = told.clone().find(|(_, told)| told["recording_wav"].is_string());
    let (_, told) = recorded.or_else(|| told.clone().next()).expect("an end");
    let same = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "client_id", "connected_with"];
    let mut fields: Map<String, Value> = same.iter().map(|name| ((*name).to_owned(), told[name].clone())).collect();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("call_type", json!(if call.ending == Ending::Made { "out" } else { "in" }));
    put("disposition", json!(told["status"].as_str().expect("a status").replace('+', " ")));
    put("caller", json!(call.number));
    put("dst", json!("380442000000"));
    put("n_alias", json!("Site"));
    put("duration", told["call_duration"].clone());
    put("waittime", told["waiting"].clone());
    put("billsec", told["dialog"].clone());
    put("employee_number", json!("-1"));
    put("recording_wav", told["recording_wav"].clone());
    let began_s = call.id.split(['-', '.']).nth(1).expect("a time").parse().expect("seconds");
    ListedCall { uniqueid: call.id.clone(), began: jiff::Timestamp::from_second(began_s).expect("a time"), fields }
}

/// Puts everybody's calls onto the list.
pub(crate) fn list(api: &RingostatApi, callers: &[&Caller]) {
    let calls = callers.iter().flat_map(|caller| caller.calls.iter().flatten()).map(listed).collect();
    api.change(Change::Calls { calls }).expect("listed");
}

/// When the first call of a test began: lately, so that nothing of it is kept no more.
pub(crate) fn began_s() -> i64 {
    jiff::Timestamp::now().as_second() - 7_200
}

/// Has all calls of the last day reconciled; gives the run's last progress, and waits until the journal is worked off.
pub(crate) async fn reconciled(scene: &Scene) -> Value {
    let day_ago = jiff::Timestamp::from_second(began_s() - 80_000).expect("a time").to_string();
    let now = jiff::Timestamp::now().to_string();
    let started = scene.stage.ops("POST", TARGET, &json!({ "from": day_ago, "to": now })).await;
    assert!(started["id"].is_u64(), "{}: {started}", scene.name());
    let progress = ended(scene, &started["id"]).await;
    scene.settled().await;
    progress
}

const TARGET: &str = "/api/projects/acme/reconcile";

/// Waits for a run's end.
pub(crate) async fn ended(scene: &Scene, id: &Value) -> Value {
    let began = std::time::Instant::now();
    loop {
        let progress = scene.stage.ops("GET", TARGET, &Value::Null).await;
        if progress["id"] == *id && progress["state"] != "running" {
            return progress;
        }
        assert!(began.elapsed() < PATIENCE, "{}: {progress}", scene.name());
        // A whole service on its own runtimes: its time cannot be paused, only polled.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
