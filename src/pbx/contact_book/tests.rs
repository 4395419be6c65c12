//! What is told, how a reply is read, and what follows from it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::{Book, Contact, Teller, Tells, Trouble, store::Told, wire};
use crate::base::{
    metric::{Count, Metrics, ProjectMetrics},
    secret::Secret,
};
use crate::outbound::{Bounds, Outbound, Reply};
use crate::pbx::{Access, Failure};

const PAUSE: Duration = Duration::from_secs(5);

fn contact(id: u64) -> Contact {
    Contact {
        full_name: format!("Client {id}"),
        origin: "pipedrive",
        external_id: Some(id.to_string()),
        lead_id: None,
        responsible: "Anna".to_owned(),
        staff_id: Some("348104".to_owned()),
        contact_link: format!("https://acme.pipedrive.com/person/{id}"),
        lead_link: String::new(),
        deal_link: String::new(),
        numbers: vec!["380671112233".to_owned()],
    }
}

type Answers = dyn Fn(usize, &[Contact]) -> Result<(), Trouble> + Send + Sync;
/// When, and of whom.
type Request = (Duration, Vec<u64>);

/// Who answers as the test says, and how each request was answered: when, and of whom it was.
#[derive(Clone)]
struct Ringostat {
    answers: Arc<Answers>,
    told: Arc<Mutex<Vec<Request>>>,
    began: Instant,
}

impl Ringostat {
    fn answering(answers: impl Fn(usize, &[Contact]) -> Result<(), Trouble> + Send + Sync + 'static) -> Self {
        Self { answers: Arc::new(answers), told: Arc::default(), began: Instant::now() }
    }

    fn told(&self) -> Vec<(u64, Vec<u64>)> {
        let told = self.told.lock().expect("not poisoned");
        told.iter().map(|(at, ids)| (at.as_secs(), ids.clone())).collect()
    }
}

#[async_trait]
impl Tells for Ringostat {
    async fn tell(&self, contacts: &[Contact]) -> Result<(), Trouble> {
        let id = |contact: &Contact| contact.external_id.as_deref().expect("an id").parse().expect("a number");
        let mut told = self.told.lock().expect("not poisoned");
        told.push((self.began.elapsed(), contacts.iter().map(id).collect()));
        (self.answers)(told.len(), contacts)
    }
}

fn book(ringostat: &Ringostat) -> (Book, Arc<ProjectMetrics>) {
    let metrics = Metrics::new().project("acme");
    (Book::with("acme", Box::new(ringostat.clone()), Told::nothing(), PAUSE, Arc::clone(&metrics)), metrics)
}

fn waits(after: Option<Duration>) -> Trouble {
    Trouble { failure: Failure::Wait { reason: "status 429".to_owned(), after }, of_entries: false }
}

fn refused(of_entries: bool) -> Trouble {
    Trouble { failure: Failure::Refused { reason: "status 400".to_owned() }, of_entries }
}

#[tokio::test(start_paused = true)]
async fn what_was_told_is_no_news_until_it_says_something_else_and_requests_keep_their_pause() {
    let ringostat = Ringostat::answering(|_, _| Ok(()));
    let (mut book, metrics) = book(&ringostat);
    assert!(book.is_news(&contact(1)));
    book.tell(vec![contact(1), contact(2)]).await.expect("taken");
    book.tell(vec![contact(3)]).await.expect("taken");
    assert!(!book.is_news(&contact(1)) && !book.is_news(&contact(3)));
    assert!(book.is_news(&Contact { responsible: "Petro".to_owned(), ..contact(1) }));
    assert!(book.is_news(&Contact { external_id: None, lead_id: Some("1".to_owned()), ..contact(1) }), "somebody else");
    assert_eq!(ringostat.told(), [(0, vec![1, 2]), (5, vec![3])]);
    assert_eq!((metrics.counted(Count::ContactsPushed), metrics.counted(Count::ContactsFailed)), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_itself_is_waited_for_as_long_as_is_said_and_longer_each_time() {
    let ringostat = Ringostat::answering(|at, _| match at {
        1 => Err(waits(Some(Duration::from_secs(120)))),
        2 => Err(Trouble { failure: Failure::Unclear { reason: "timed out".to_owned() }, of_entries: false }),
        3 => Err(waits(Some(Duration::from_secs(1)))),
        _ => Ok(()),
    });
    let (mut book, metrics) = book(&ringostat);
    book.tell(vec![contact(1)]).await.expect("taken in the end");
    let at: Vec<u64> = ringostat.told().into_iter().map(|(at, _)| at).collect();
    assert_eq!(at, [0, 120, 180, 185], "as said, then twice the first pause, then never without the usual one");
    assert_eq!((metrics.counted(Count::ContactsPushed), metrics.counted(Count::ContactsFailed)), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn one_entry_that_is_not_taken_keeps_no_other_from_it_and_is_not_told_again_as_it_is() {
    let ringostat =
        Ringostat::answering(|_, contacts| if contacts.contains(&contact(3)) { Err(refused(true)) } else { Ok(()) });
    let (mut book, metrics) = book(&ringostat);
    book.tell((0..8).map(contact).collect()).await.expect("the others were taken");
    assert!((0..8).all(|id| !book.is_news(&contact(id))));
    assert!(book.is_news(&Contact { full_name: "Another".to_owned(), ..contact(3) }));
    assert_eq!(metrics.counted(Count::ContactsPushed), 7);
    assert_eq!(ringostat.told().len(), 7, "{:?}", ringostat.told());
}

#[tokio::test(start_paused = true)]
async fn where_everything_is_refused_nothing_counts_as_told_and_it_is_let_be() {
    for trouble in [refused(true), refused(false), {
        Trouble { failure: Failure::Credentials { reason: "status 401".to_owned() }, of_entries: false }
    }] {
        let of_entries = trouble.of_entries;
        let ringostat = Ringostat::answering(move |_, _| Err(trouble.clone()));
        let (mut book, metrics) = book(&ringostat);
        let let_be = book.tell(vec![contact(1), contact(2)]).await.expect_err("refused");
        assert!(let_be >= Duration::from_secs(3_600), "{let_be:?}");
        assert!(book.is_news(&contact(1)) && book.is_news(&contact(2)));
        assert_eq!(ringostat.told().len(), if of_entries { 3 } else { 1 });
        assert_eq!(metrics.counted(Count::ContactsPushed), 0);
    }
}

fn fails_at_them() -> Trouble {
    Trouble { failure: Failure::Wait { reason: "status 500".to_owned(), after: None }, of_entries: true }
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_the_service_fails_at_stops_no_other_and_is_told_again_in_an_hour_or_when_it_changes() {
    let ringostat = Ringostat::answering(|_, contacts| match contacts.contains(&contact(0)) {
        true => Err(fails_at_them()),
        false => Ok(()),
    });
    let (mut book, metrics) = book(&ringostat);
    book.tell((0..100).map(contact).collect()).await.expect("the others were taken");
    assert!((0..100).all(|id| !book.is_news(&contact(id))));
    assert_eq!(metrics.counted(Count::ContactsPushed), 99);
    assert!(metrics.counted(Count::ContactsFailed) >= 100);
    let at: Vec<u64> = ringostat.told().iter().map(|(at, _)| *at).collect();
    assert_eq!(at[..5], [0, 30, 90, 210, 450], "waited for first, longer each time");
    assert!(at.last().is_some_and(|at| *at < 3_600), "{at:?}");
    assert!(book.is_news(&Contact { full_name: "Another".to_owned(), ..contact(0) }));
    assert!(!book.take_due() && !book.is_news(&contact(0)));
    tokio::time::advance(Duration::from_secs(3_600)).await;
    assert!(book.take_due() && book.is_news(&contact(0)) && !book.is_news(&contact(1)));
    assert!(!book.take_due(), "said once");
    assert_eq!(book.tell(vec![contact(0)]).await, Err(Duration::from_secs(900)));
    assert!(!book.is_news(&contact(0)), "left out again");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_at_everybody_is_let_be_before_everybody_is_asked_for_alone() {
    let ringostat = Ringostat::answering(|_, _| Err(fails_at_them()));
    let (mut book, metrics) = book(&ringostat);
    assert_eq!(book.tell((0..100).map(contact).collect()).await, Err(Duration::from_secs(900)));
    assert!(ringostat.told().len() < 40, "{}", ringostat.told().len());
    assert!((0..100).filter(|id| book.is_news(&contact(*id))).count() > 90);
    assert_eq!(metrics.counted(Count::ContactsPushed), 0);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_waited_for_however_long_it_takes_and_no_entry_is_left_out() {
    let ringostat = Ringostat::answering(|at, _| if at < 50 { Err(waits(None)) } else { Ok(()) });
    let (mut book, _) = book(&ringostat);
    book.tell(vec![contact(1), contact(2)]).await.expect("taken in the end");
    assert!(ringostat.told().iter().all(|(_, ids)| ids.len() == 2));
}

#[test]
fn a_reply_is_a_success_or_says_what_to_do() {
    let judged = |status, headers: &[(&str, &str)], body: &str| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        wire::judge(&Reply { status, headers, body: body.to_owned().into() })
    };
    for body in ["", "{}", "[]", "OK", r#"{"success":true}"#, r#"{"error":null}"#, r#"{"error":false}"#] {
        assert_eq!(judged(200, &[], body), Ok(()), "{body}");
    }
    assert_eq!(judged(204, &[], ""), Ok(()));
    let trouble = |status, headers: &[_], body| judged(status, headers, body).expect_err("trouble");
    let limited = trouble(429, &[("retry-after", "7")], "");
    assert!(matches!(limited.failure, Failure::Wait { after: Some(after), .. } if after == Duration::from_secs(7)));
    assert!(!limited.of_entries);
    let failing = trouble(503, &[], "<html>");
    assert!(matches!(failing.failure, Failure::Wait { after: None, .. }) && failing.of_entries);
    assert!(matches!(trouble(401, &[], "{}").failure, Failure::Credentials { .. }));
    assert!(trouble(422, &[], "{}").of_entries && trouble(400, &[], "{}").of_entries);
    assert!(!trouble(404, &[], "{}").of_entries && !trouble(302, &[], "").of_entries);
    for body in [r#"{"error":{"code":7,"message":"Access denied"}}"#, r#"{"success":false,"message":"Access denied"}"#]
    {
        let denied = trouble(200, &[], body);
        assert!(!denied.of_entries, "it may be the key");
        assert!(denied.failure.to_string().contains("Access denied"), "{}", denied.failure);
    }
}

#[test]
fn an_entry_is_written_with_every_member_and_the_key_in_the_header_alone() {
    let base = Url::parse("https://api.ringostat.net").expect("an address");
    let access = Access { base, project_id: 110_070, auth_key: Secret::new("the-key-0123456789") };
    let minute = Duration::from_secs(60);
    let bounds = Bounds { connect_timeout: minute, request_timeout: minute, max_body_bytes: 1_000 };
    let outbound = Outbound::new(&bounds).expect("a client");
    let lead = Contact {
        external_id: None,
        lead_id: Some("9".to_owned()),
        staff_id: None,
        lead_link: "https://acme.pipedrive.com/leads/inbox/9".to_owned(),
        contact_link: String::new(),
        ..contact(1)
    };
    let request = Teller::new(access, &outbound).request(&[contact(5), lead]);
    assert_eq!(request.url.as_str(), "https://api.ringostat.net/minicrm/contacts/sync");
    let header =
        |name| request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.expose().to_owned());
    assert_eq!(header("auth-key").as_deref(), Some("the-key-0123456789"));
    assert_eq!(header("x-project-id").as_deref(), Some("110070"));
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    let direction = json!([{"type": "phone", "name": "phone", "value": "380671112233"}]);
    let expected = json!({"contacts": [
        {
            "projectId": 110_070, "fullName": "Client 5", "origin": "pipedrive", "externalId": "5", "leadId": null,
            "responsible": "Anna", "staffId": 348_104, "contactLink": "https://acme.pipedrive.com/person/5",
            "leadLink": "", "dealLink": "", "googleClientId": "", "contactDirections": direction, "organizations": null,
        },
        {
            "projectId": 110_070, "fullName": "Client 1", "origin": "pipedrive", "externalId": null, "leadId": "9",
            "responsible": "Anna", "staffId": null, "contactLink": "",
            "leadLink": "https://acme.pipedrive.com/leads/inbox/9", "dealLink": "", "googleClientId": "",
            "contactDirections": direction, "organizations": null,
        },
    ]});
    assert_eq!(body, expected);
}
