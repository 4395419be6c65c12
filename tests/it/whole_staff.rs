//! Employees from Ringostat's staff list: whose direction answers a call, and what happens when the list fails.

use sandbox::{
    kit::{Fault, FaultKind},
    pipedrive::{Options, Pipedrive},
    ringostat_api::{Change, Member, Options as ApiOptions, RingostatApi},
};
use serde_json::{Value, json};

use crate::whole_stage::{ProjectFile, Whole};

const BLOCKS: &str = "
[block.sales]
priority = [\"contact\", \"organization\", \"deal\"]
answer = \"plain\"
";

/// Anna is configured, without a direction; the others stand on the list alone.
const ANNA: &str = "
[[employee]]
name = \"Anna of the table\"
crm_user = \"101\"
staff_id = \"348104\"
top_manager = true
";

const KEY: &str = "RINGOSTAT";
const REFUSED_KEY: &str = "RINGOSTAT_REFUSED";

/// `acme` with employees as `people` says, and the staff list of `api` read with a key.
fn file(crm: &Pipedrive, api: &RingostatApi, key: &str, people: &str) -> ProjectFile {
    let base_url = api.base_url();
    let section = format!(
        "[ringostat]\nproject_id = \"110070\"\nauth_key = {{ env = \"{key}\" }}\nstaff = true\nbase_url = \"{base_url}\"\n"
    );
    let rest = format!("{section}{people}{BLOCKS}");
    ProjectFile { employees: Vec::new(), ..ProjectFile::new(crm.base_url(), &rest) }
}

/// The service, warm, before a CRM and an API that is asked with a key.
async fn warmed(key: &str) -> (Whole, RingostatApi) {
    let crm = Pipedrive::start(Options { clients: 50, ..Options::default() }).await.expect("a stand-in");
    let api = RingostatApi::start(ApiOptions::default()).await.expect("a stand-in");
    let file = file(&crm, &api, key, ANNA);
    let whole = Whole::of(crm, &file).await;
    whole.until_warm("acme").await;
    (whole, api)
}

/// Waits until the staff list is as wanted.
async fn until(whole: &Whole, wanted: impl Fn(&Value) -> bool) -> Value {
    let told = |body: &str| serde_json::from_str::<Value>(body).expect("JSON")["staff"].clone();
    told(&whole.wait_for("/api/projects/acme", |body| wanted(&told(body))).await)
}

/// Waits until the list of four was read and is in force.
async fn until_read(whole: &Whole) {
    let four = |body: &str| body.contains("\"employees\":4,") && body.contains("\"state\":\"read\"");
    whole.wait_for("/api/projects/acme", four).await;
}

async fn answered(whole: &Whole, sample: &str) -> String {
    let number = whole.crm.sample(sample).expect(sample).number;
    whole.ask("sales", number).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_members_main_direction_answers_a_call() {
    let (whole, api) = warmed(KEY).await;
    until_read(&whole).await;
    // Anna's direction was left out of the table; Bohdan, the organization's owner, is not in the table at all.
    assert_eq!(answered(&whole, "contact").await, "acme_anna");
    assert_eq!(answered(&whole, "organization").await, "acme_bohdan");
    let view = whole.view("acme").await;
    assert_eq!((&view["employees"], &view["employees_without_direction"]), (&json!(4), &json!([])));
    assert_eq!(view["staff"]["members"], 4);
    assert_eq!(view["unmatched_users"], json!(["106"]));
    assert_eq!(api.asked().len(), 1, "read once, not once per call");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_list_calls_are_answered_with_what_is_configured_and_a_reload_reads_it_at_once() {
    let (whole, api) = warmed(REFUSED_KEY).await;
    let staff = until(&whole, |staff| staff["failing"].is_string()).await;
    assert!(staff["failing"].as_str().is_some_and(|why| why.contains("Access denied")), "{staff}");
    assert_eq!((&staff["state"], &staff["read_at"]), (&json!("never"), &Value::Null));
    assert_eq!(answered(&whole, "contact").await, "");
    let view = whole.view("acme").await;
    assert_eq!(view["employees_without_direction"], json!(["Anna of the table"]));
    let number = whole.crm.sample("contact").expect("a sample").number;
    let explained = whole.ops(&format!("/api/projects/acme/explain?block=sales&caller={number}")).await.body;
    assert!(explained.contains("owner-without-direction"), "{explained}");

    let with_direction = ANNA.replace("staff_id", "main = [\"acme_table\"]\nstaff_id");
    whole.deploy(&[("acme", &file(&whole.crm, &api, REFUSED_KEY, &with_direction))]).await;
    assert_eq!(answered(&whole, "contact").await, "acme_table");
    whole.deploy(&[("acme", &file(&whole.crm, &api, KEY, ANNA))]).await;
    until_read(&whole).await;
    assert_eq!(answered(&whole, "contact").await, "acme_anna");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_empty_or_refused_changes_nothing_that_is_answered() {
    let (whole, api) = warmed(KEY).await;
    until_read(&whole).await;
    for (how, key) in [("nobody", REFUSED_KEY), ("nobody", KEY), ("without_main", REFUSED_KEY), ("without_main", KEY)] {
        api.clear_faults();
        api.stage_fault(Fault::new(FaultKind::Oddity { how: how.to_owned() }));
        api.forget_asked();
        // Another key is another section: the list is read at once.
        whole.deploy(&[("acme", &file(&whole.crm, &api, key, ANNA))]).await;
        let why = if key == KEY { "main directions" } else { "Access denied" };
        let staff = until(&whole, |staff| staff["failing"].as_str().is_some_and(|found| found.contains(why))).await;
        assert_eq!((api.asked().len(), &staff["members"]), (1, &json!(4)), "{how} {key}");
        assert_eq!(answered(&whole, "contact").await, "acme_anna", "{how} {key}");
        assert_eq!(answered(&whole, "organization").await, "acme_bohdan", "{how} {key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_answers_from_the_stored_list_and_a_damaged_one_is_not_used() {
    let (mut whole, api) = warmed(KEY).await;
    until_read(&whole).await;
    let stored = whole.data().join("staff/acme.json");
    // Stored after it is put in force.
    whole.wait_for("/live", |_| stored.exists()).await;
    api.stop().await;
    whole.restart().await;
    whole.until_warm("acme").await;
    assert_eq!(whole.view("acme").await["staff"]["state"], "stored");
    assert_eq!(answered(&whole, "organization").await, "acme_bohdan");

    std::fs::write(&stored, "{\"sha256\":\"0\",\"list\":{}}").expect("written");
    whole.restart().await;
    whole.until_warm("acme").await;
    assert_eq!(whole.view("acme").await["staff"]["state"], "never");
    assert_eq!(answered(&whole, "organization").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_dialled_any_more_is_a_miss_and_is_named() {
    let (whole, api) = warmed(KEY).await;
    until_read(&whole).await;
    let bohdan =
        Member { main: Vec::new(), additional: vec!["acme_bohdan".to_owned()], ..Member::new(348_105, "Bohdan", "") };
    api.change(Change::Put { member: bohdan }).expect("put");
    whole.deploy(&[("acme", &file(&whole.crm, &api, REFUSED_KEY, ANNA))]).await;
    whole.deploy(&[("acme", &file(&whole.crm, &api, KEY, ANNA))]).await;
    let named = |body: &str| body.contains("\"employees_without_direction\":[\"Bohdan\"]");
    whole.wait_for("/api/projects/acme", named).await;
    assert_eq!(answered(&whole, "organization").await, "");
    assert_eq!(answered(&whole, "contact").await, "acme_anna");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_staff_the_list_is_let_go_and_nobody_is_asked() {
    let (whole, api) = warmed(KEY).await;
    until_read(&whole).await;
    api.forget_asked();
    let mut file = file(&whole.crm, &api, KEY, &ANNA.replace("staff_id", "main = [\"acme_table\"]\nstaff_id"));
    file.blocks = file.blocks.replace("staff = true", "staff = false");
    whole.deploy(&[("acme", &file)]).await;
    assert_eq!(answered(&whole, "contact").await, "acme_table");
    assert_eq!(answered(&whole, "organization").await, "");
    let view = whole.view("acme").await;
    assert_eq!((&view["staff"], &view["employees"]), (&Value::Null, &json!(1)));
    assert_eq!(api.asked(), []);
}
