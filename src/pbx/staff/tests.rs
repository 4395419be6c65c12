//! The list as Ringostat tells it, and what is held of it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Lists, Reader, Staff, StaffFile, StaffMember, StaffState, wire};
use crate::base::{clock::Clock, secret::Secret};
use crate::outbound::{Bounds, Outbound, Reply};
use crate::pbx::{Access, Account, Failure};

const LISTED: &str = include_str!("../fixtures/staff_listed.json");

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, headers: Vec::new(), body: body.to_owned().into() }
}

fn told(body: &str) -> Result<Vec<StaffMember>, Failure> {
    wire::judge(&reply(200, body))
}

/// The failure that a reply means.
#[track_caller]
fn failure(status: u16, body: &str) -> Failure {
    wire::judge(&reply(status, body)).unwrap_err()
}

fn member(staff_id: &str, main: &[&str]) -> StaffMember {
    StaffMember {
        staff_id: staff_id.into(),
        name: format!("staff {staff_id}").into(),
        email: None,
        extension: None,
        main: main.iter().map(|&text| text.into()).collect(),
        other: Vec::new(),
    }
}

#[test]
fn the_list_is_an_object_keyed_by_staff_id_and_main_directions_keep_their_order() {
    let members = told(LISTED).unwrap();
    let [anna, boris, nameless] = &members[..] else { panic!("{members:?}") };
    assert_eq!((&*anna.staff_id, &*anna.name, anna.extension.as_deref()), ("348104", "Anna Kovalenko", Some("101")));
    assert_eq!(anna.email.as_deref(), Some("anna@acme.example"));
    assert_eq!(anna.main, ["acme_anna".into(), "380671112233".into()]);
    assert_eq!(anna.other, ["380509998877".into()]);
    // Main may be empty, and the SIP login an additional direction: it is not dialled for that.
    assert_eq!((boris.main.len(), &boris.other[..]), (0, &["acme_boris".into()][..]));
    // Numbers as numbers, nothing for a name, main directions with their places as keys.
    assert_eq!((&*nameless.staff_id, &*nameless.name, &*nameless.extension.clone().unwrap()), ("17", "17", "555"));
    assert_eq!(nameless.main, ["acme_second".into(), "acme_first".into()]);
}

#[test]
fn an_empty_list_is_an_object_or_a_bare_list() {
    for result in ["{}", "[]"] {
        let body = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{result}}}");
        assert_eq!(told(&body).unwrap(), [], "{result}");
    }
    let without_directions = r#"{"result":{"7":{"staffId":7,"directions":[]}}}"#;
    assert!(told(without_directions).unwrap()[0].main.is_empty());
}

#[test]
fn an_error_inside_a_200_is_a_refusal_in_ringostats_words() {
    let body = r#"{"jsonrpc":"2.0","error":{"code":-32001,"message":"Project not found"},"id":1}"#;
    assert_eq!(told(body).unwrap_err(), Failure::Refused { reason: "code -32001: Project not found".to_owned() });
    assert_eq!(told(r#"{"error":"No access"}"#).unwrap_err(), Failure::Refused { reason: "No access".to_owned() });
    assert!(told(r#"{"error":null,"result":[]}"#).is_ok());
}

#[test]
fn what_is_no_staff_list_is_unclear_and_never_an_empty_one() {
    for body in [
        "",
        "<html>",
        "{\"result\":{\"7\":",
        "null",
        "[]",
        "{}",
        r#"{"result":null}"#,
        r#"{"result":true}"#,
        r#"{"result":{"7":{"staffId":7}}}"#,
        r#"{"result":{"7":{"staffId":7,"directions":{"main":"acme_anna"}}}}"#,
        r#"{"result":[{"directions":{"main":[]}}]}"#,
    ] {
        assert!(matches!(told(body), Err(Failure::Unclear { .. })), "{body}: {:?}", told(body));
    }
}

#[test]
fn a_list_or_somebody_on_it_without_end_is_refused() {
    let row = r#"{"staffId":1,"directions":[]}"#;
    let rows = vec![row; 10_001].join(",");
    assert!(matches!(told(&format!("{{\"result\":[{rows}]}}")), Err(Failure::Refused { .. })));
    let directions = vec![r#"{"direction":"a"}"#; 101].join(",");
    let body = format!("{{\"result\":[{{\"staffId\":1,\"directions\":{{\"main\":[{directions}]}}}}]}}");
    assert!(matches!(told(&body), Err(Failure::Unclear { .. })));
}

#[test]
fn the_status_says_whether_to_ask_again() {
    for status in [408, 429, 500, 503] {
        assert!(matches!(failure(status, ""), Failure::Wait { after: None, .. }), "{status}");
    }
    let limited = Reply { headers: vec![("retry-after".to_owned(), "60".to_owned())], ..reply(429, "") };
    let after = Some(Duration::from_secs(60));
    assert_eq!(wire::judge(&limited), Err(Failure::Wait { reason: "status 429".to_owned(), after }));
    for status in [401, 403] {
        assert!(matches!(failure(status, ""), Failure::Credentials { .. }), "{status}");
    }
    for status in [302, 400, 404] {
        assert!(matches!(failure(status, r#"{"error":"x"}"#), Failure::Refused { .. }), "{status}");
    }
}

#[test]
fn a_failure_quotes_no_more_than_a_line() {
    let body = format!("{{\"error\":\"{}\\n\"}}", "x".repeat(5_000));
    let Failure::Refused { reason } = told(&body).unwrap_err() else { panic!("not refused") };
    assert_eq!(reason, "x".repeat(200));
}

#[test]
fn the_request_names_the_project_and_carries_the_key_in_its_header_alone() {
    let access =
        Access { base: Url::parse("http://127.0.0.1:9/").unwrap(), project_id: 110_070, auth_key: Secret::new("k3y") };
    let minute = Duration::from_secs(60);
    let bounds = Bounds { connect_timeout: minute, request_timeout: minute, max_body_bytes: 1_000 };
    let reader = Reader::new(access, &Outbound::new(&bounds).unwrap());
    assert!(reader.outbound.allows(&Url::parse("http://127.0.0.1:9/api/json-rpc").unwrap()));
    assert!(!reader.outbound.allows(&Url::parse("https://api.ringostat.net/api/json-rpc").unwrap()));
    let request = reader.request();
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["params"], serde_json::json!({ "projectId": 110_070 }));
    assert_eq!((&body["jsonrpc"], &body["method"]), (&"2.0".into(), &"getProjectStaffListAndDirections".into()));
    assert_eq!((request.url.path(), request.url.query()), ("/api/json-rpc", None));
    let header = |name: &str| request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.expose());
    assert_eq!((header("auth-key"), header("content-type")), (Some("k3y"), Some("application/json")));
    assert!(!String::from_utf8_lossy(&request.body).contains("k3y") && !format!("{reader:?}").contains("k3y"));
}

/// Ringostat as a row of answers; the last one is given again and again.
struct Answers {
    answers: Mutex<Vec<Result<Vec<StaffMember>, Failure>>>,
    given: watch::Sender<usize>,
}

#[async_trait]
impl Lists for Arc<Answers> {
    async fn read(&self) -> Result<Vec<StaffMember>, Failure> {
        self.given.send_modify(|given| *given += 1);
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    }
}

struct Stage {
    staff: Arc<Staff>,
    answers: Arc<Answers>,
    data: TempDir,
    stop: CancellationToken,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn account(project_id: u64) -> Account {
    Account { origin: "https://api.ringostat.net".to_owned(), project_id }
}

fn begun(data: TempDir, of: u64, answers: &[Result<Vec<StaffMember>, Failure>]) -> Stage {
    let answers = Arc::new(Answers { answers: Mutex::new(answers.to_vec()), given: watch::Sender::new(0) });
    let clock = Clock::following(Timestamp::from_second(1_795_000_000).unwrap());
    let file = StaffFile::new(data.path(), "acme");
    let staff = Staff::with("acme", (account(of), Box::new(Arc::clone(&answers))), file, clock, None);
    Stage { staff: Arc::new(staff), answers, data, stop: CancellationToken::new() }
}

impl Stage {
    fn kept(self) -> Self {
        tokio::spawn(Arc::clone(&self.staff).keep_fresh(self.stop.clone()));
        self
    }

    /// Waits until so many answers were given and the last of them was taken.
    async fn given(&self, count: usize) {
        self.answers.given.subscribe().wait_for(|given| *given >= count).await.unwrap();
        // With the time paused, a millisecond passes only when everything else has come to rest.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    fn held(&self) -> Vec<StaffMember> {
        self.staff.members().borrow().to_vec()
    }

    fn state(&self) -> (StaffState, bool) {
        let status = self.staff.status();
        (status.state, status.failing.is_some())
    }
}

fn wait() -> Failure {
    Failure::Wait { reason: "status 503".to_owned(), after: None }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_empty_or_dials_nobody_or_was_not_read_changes_nothing_that_is_held() {
    let good = vec![member("1", &["acme_anna"])];
    let answers = [Ok(good.clone()), Ok(Vec::new()), Ok(vec![member("1", &[])]), Err(wait()), Ok(good.clone())];
    let stage = begun(tempfile::tempdir().unwrap(), 1, &answers).kept();
    for (count, failing) in [(1, false), (2, true), (3, true), (4, true), (5, false)] {
        stage.given(count).await;
        assert_eq!((stage.held(), stage.state()), (good.clone(), (StaffState::Read, failing)), "answer {count}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_until_the_first_good_list_and_that_is_said() {
    let stage = begun(tempfile::tempdir().unwrap(), 1, &[Ok(Vec::new()), Ok(vec![member("1", &["acme_anna"])])]);
    assert_eq!(stage.state(), (StaffState::Never, false));
    let stage = stage.kept();
    stage.given(1).await;
    assert_eq!((stage.held(), stage.state()), (Vec::new(), (StaffState::Never, true)));
    let mut members = stage.staff.members();
    members.changed().await.unwrap();
    assert_eq!(members.borrow()[0].main, ["acme_anna".into()]);
}

#[tokio::test(start_paused = true)]
async fn it_is_read_every_quarter_of_an_hour_and_sooner_only_after_what_may_pass() {
    let refused = Failure::Refused { reason: "No access".to_owned() };
    let told = Failure::Wait { reason: "status 429".to_owned(), after: Some(Duration::from_secs(200)) };
    let good = Ok(vec![member("1", &["acme_anna"])]);
    let answers = [Err(wait()), Err(wait()), Err(told), good.clone(), Err(refused), good.clone(), good];
    let stage = begun(tempfile::tempdir().unwrap(), 1, &answers).kept();
    let mut passed = Vec::new();
    let mut given = stage.answers.given.subscribe();
    given.wait_for(|given| *given == 1).await.unwrap();
    for count in 2..=7 {
        let before = tokio::time::Instant::now();
        given.wait_for(|given| *given == count).await.unwrap();
        passed.push(before.elapsed().as_secs());
    }
    assert_eq!(passed, [30, 60, 200, 900, 900, 900]);
}

#[tokio::test(start_paused = true)]
async fn a_restart_holds_the_stored_list_until_the_first_good_one() {
    let good = vec![member("1", &["acme_anna"])];
    let mut first = begun(tempfile::tempdir().unwrap(), 1, &[Ok(good.clone())]).kept();
    first.given(1).await;
    let data = std::mem::replace(&mut first.data, tempfile::tempdir().unwrap());
    first.stop.cancel();
    let next = vec![member("1", &["acme_hanna"])];
    let stage = begun(data, 1, &[Err(wait()), Ok(next.clone())]);
    assert_eq!((stage.held(), stage.state()), (good.clone(), (StaffState::Stored, false)));
    assert_eq!(stage.staff.status().read_at.as_deref(), Some("2026-11-18T11:06:40Z"));
    let stage = stage.kept();
    stage.given(1).await;
    assert_eq!((stage.held(), stage.state()), (good, (StaffState::Stored, true)));
    stage.given(2).await;
    assert_eq!((stage.held(), stage.state()), (next, (StaffState::Read, false)));
}

#[tokio::test(start_paused = true)]
async fn a_stored_list_that_is_damaged_or_another_accounts_is_not_used() {
    let mut first = begun(tempfile::tempdir().unwrap(), 1, &[Ok(vec![member("1", &["acme_anna"])])]).kept();
    first.given(1).await;
    let data = std::mem::replace(&mut first.data, tempfile::tempdir().unwrap());
    let other = begun(data, 2, &[Err(wait())]);
    assert_eq!((other.held(), other.state()), (Vec::new(), (StaffState::Never, false)));
    let mut other = other;
    let data = std::mem::replace(&mut other.data, tempfile::tempdir().unwrap());
    std::fs::write(data.path().join("staff/acme.json"), "{\"sha256\":\"\",\"list\":{}}").unwrap();
    let stage = begun(data, 1, &[Err(wait())]);
    assert_eq!((stage.held(), stage.state()), (Vec::new(), (StaffState::Never, false)));
}
