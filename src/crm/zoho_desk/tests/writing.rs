//! The suite of writers on the stand-in, and what is this vendor's own.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sandbox::kit::{Fault, FaultKind, StandIn as _, Thing};
use sandbox::zoho_desk::{Change, Item};

use super::account::{ANNA, Account, PLENTY};
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::contract::Stage as _;
use crate::crm::contract_trouble;
use crate::crm::contract_writing::{WriteStage, call, perform, task, writing_tests};
use crate::crm::failure::Failure;
use crate::crm::quota::{Budget, Limits};
use crate::crm::writer::{Mark, Order, Writer};
use crate::crm::zoho_desk::settings::prepare;
use crate::model::{
    action::{Action, Link},
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};

/// The search lags further than a write is waited for.
pub(super) const LAG: Duration = Duration::from_secs(60);

/// A stand-in's portal, and the fields that a project names.
pub(super) struct Desk {
    pub(super) account: Account,
    pub(super) names: FieldNames,
}

impl Desk {
    pub(super) async fn new(names: FieldNames) -> Self {
        let account = Account::with(20, |options| options.limits.index_lag = LAG).await;
        Self { account, names }
    }

    fn section(&self) -> CrmSection {
        CrmSection { fields: self.names.clone(), ..self.account.section() }
    }

    fn writer_of(&self, limits: Limits, timeout: Duration) -> Arc<dyn Writer> {
        let prepared = prepare(&self.section()).expect("a section");
        prepared.writer(Account::tools(limits, timeout)).expect("a writer")
    }

    pub(super) fn link(&self, kind: Kind) -> Link {
        let id = match kind {
            Kind::Organization => self.account.firm,
            Kind::Ticket => self.account.ticket,
            _ => self.account.contact,
        };
        Link { kind, id: id.into() }
    }

    pub(super) fn order(&self, step: &str, action: Action, on: Vec<Link>) -> Order {
        let mark = Mark::of(&["acme", "ua0_-1731315881.12669683", step]);
        Order {
            mark,
            action,
            owner: Some(ANNA.into()),
            on,
            call: call(self.nobody()),
            zone: jiff::tz::TimeZone::UTC,
            audio: None,
        }
    }

    fn thing(&self, what: &str) -> Thing {
        let held = self.held();
        let found = held.iter().find(|thing| thing.what == what);
        found.unwrap_or_else(|| panic!("expected a {what}, found {held:?}")).clone()
    }
}

/// A field of every meaning.
pub(super) fn every_field() -> FieldNames {
    let names = [
        (Meaning::UtmSource, "cf_utm_source"),
        (Meaning::UtmMedium, "cf_utm_medium"),
        (Meaning::UtmCampaign, "cf_utm_campaign"),
        (Meaning::UtmTerm, "cf_utm_term"),
        (Meaning::UtmContent, "cf_utm_content"),
        (Meaning::ClientId, "cf_client_id"),
        (Meaning::CallId, "cf_pbx_call_id"),
        (Meaning::CallStatus, "cf_pbx_status"),
        (Meaning::Recording, "cf_recording"),
        (Meaning::Mark, "cf_pbx_mark"),
    ];
    names.into_iter().fold(FieldNames::default(), |names, (meaning, name)| names.with(None, meaning, name))
}

pub(super) async fn desk() -> Desk {
    Desk::new(every_field()).await
}

#[async_trait]
impl WriteStage for Desk {
    fn writer_within(&self, timeout: Duration) -> Arc<dyn Writer> {
        self.writer_of(PLENTY, timeout)
    }

    fn spent_writer(&self) -> Arc<dyn Writer> {
        self.writer_of(Limits { daily: Some(Budget::utc_day(0)), ..PLENTY }, Duration::from_secs(10))
    }

    fn makes(&self) -> &[Kind] {
        &[Kind::Organization, Kind::Contact, Kind::Ticket]
    }

    fn user(&self) -> CrmId {
        ANNA.into()
    }

    fn known(&self) -> (Link, PhoneKey) {
        (self.link(Kind::Contact), PhoneKey::from_digits(Account::NUMBER).expect("a number"))
    }

    fn nobody(&self) -> PhoneKey {
        PhoneKey::from_digits(380_442_001_007).expect("a number")
    }

    fn missing(&self, _: Kind) -> CrmId {
        CrmId::Number(217_301_999_999_999_999)
    }

    fn held(&self) -> Vec<Thing> {
        self.account.sandbox.held()
    }

    fn stage(&self, fault: Fault) {
        self.account.sandbox.stage_fault(fault);
    }

    fn clear(&self) {
        self.account.sandbox.clear_faults();
    }

    fn door_of(&self, action: &Action) -> (String, String) {
        let path = match action {
            Action::Create { kind: Kind::Organization, .. } => "accounts",
            Action::Create { kind: Kind::Ticket, .. } => "tickets",
            Action::Task { .. } => "tasks",
            Action::Call { .. } => "calls",
            _ => "contacts",
        };
        (format!("/api/v1/{path}"), "POST".to_owned())
    }

    fn advance(&self, by: Duration) {
        self.account.sandbox.advance(by);
    }

    fn set_accepted(&self, accepted: bool) {
        self.account.sandbox.set_revoked(!accepted);
        if accepted {
            self.clear();
        } else {
            self.stage(Fault::new(FaultKind::TokenExpired));
        }
    }
}

writing_tests!(desk);

/// Without a field for the mark it stands in the text.
#[tokio::test]
async fn what_was_made_is_found_by_its_text_where_no_field_is_configured() {
    let desk = Desk::new(FieldNames::default()).await;
    contract_trouble::what_was_made_although_the_answer_was_lost_is_found_and_not_made_again(&desk).await;
    for thing in desk.held() {
        assert!(thing.text.lines().last().is_some_and(|line| line.contains("pd")), "{thing:?}");
    }
}

#[tokio::test]
async fn the_search_is_not_asked_for_what_was_just_made() {
    let desk = desk().await;
    let (writer, order) = (desk.writer(), desk.order("task", task(false), vec![desk.link(Kind::Contact)]));
    assert_eq!(writer.find(&order, &[]).await.expect("an answer"), None);
    assert!(!desk.account.paths().iter().any(|path| path.ends_with("/search")), "{:?}", desk.account.paths());
}

#[tokio::test]
async fn a_task_goes_into_its_tickets_department_and_a_ticket_into_the_default_one() {
    let desk = desk().await;
    let on = vec![desk.link(Kind::Contact), desk.link(Kind::Ticket)];
    perform(&*desk.writer(), &desk.order("task", task(true), on)).await.expect("a task");
    let create = |kind| Action::Create {
        kind,
        title: "Call".to_owned(),
        text: "A & <b>\nhttps://a.example/1.ogg".to_owned(),
        utm: false,
        recording: false,
        fields: Vec::new(),
    };
    let (writer, contact) = (desk.writer(), vec![desk.link(Kind::Contact)]);
    perform(&*writer, &desk.order("ticket", create(Kind::Ticket), contact.clone())).await.expect("a ticket");
    perform(&*writer, &desk.order("ticket-2", create(Kind::Ticket), contact)).await.expect("a ticket");
    let (task, ticket) = (desk.thing("task"), desk.thing("ticket"));
    assert_eq!(task.fields["departmentId"], "217301000000020001", "its ticket's");
    assert_eq!(ticket.fields["departmentId"], "217301000000020002", "the portal's default");
    assert_eq!(ticket.text, "A &amp; &lt;b&gt;<br><a href=\"https://a.example/1.ogg\">https://a.example/1.ogg</a>");
    assert_eq!(ticket.fields["channel"], "Phone");
    let asked = desk.account.paths().iter().filter(|path| path.ends_with("/departments")).count();
    assert_eq!(asked, 1, "once for both");
}

#[tokio::test]
async fn what_the_vendor_lacks_is_refused_before_anything_is_sent() {
    let desk = desk().await;
    let create = |kind| Action::Create {
        kind,
        title: "Call".to_owned(),
        text: String::new(),
        utm: false,
        recording: false,
        fields: Vec::new(),
    };
    let call = Action::Call { subject: "Call".to_owned(), text: String::new(), recording: false };
    let note = Action::Note { text: "Text".to_owned() };
    let update = Action::Update { utm: true, call: true, client: false, fields: Vec::new() };
    let deal = Link { kind: Kind::Deal, id: 7.into() };
    for (step, action, on) in [
        ("deal", create(Kind::Deal), Vec::new()),
        ("ticket", create(Kind::Ticket), Vec::new()),
        ("call", call, Vec::new()),
        ("note", note, vec![desk.link(Kind::Organization)]),
        ("update", update, vec![deal]),
    ] {
        let failure = perform(&*desk.writer(), &desk.order(step, action, on)).await.expect_err("refused");
        assert!(matches!(failure, Failure::Refused { .. }), "{step}: {failure:?}");
    }
    assert_eq!(desk.held(), Vec::new());
}

#[tokio::test]
async fn an_update_writes_one_entity_after_the_other() {
    let desk = desk().await;
    let on = vec![desk.link(Kind::Ticket), desk.link(Kind::Contact), desk.link(Kind::Organization)];
    let order =
        desk.order("update", Action::Update { utm: true, call: true, client: false, fields: Vec::new() }, on.clone());
    let writer = desk.writer();
    assert_eq!(writer.find(&order, &[]).await.expect("an answer"), None);
    let parts = perform(&*writer, &order).await.expect("an update");
    assert_eq!(parts, on.iter().map(|link| link.id.to_string()).collect::<Vec<_>>());
    assert!(writer.find(&order, &parts[..2]).await.expect("an answer").expect("all of it").whole);
    for what in ["ticket", "contact", "organization"] {
        let fields = desk.thing(what).fields;
        assert_eq!((fields["cf_pbx_status"].as_str(), fields["cf_utm_source"].as_str()), ("ANSWERED", "google"));
        assert!(fields["cf_recording"].ends_with("token=t0ken") && desk.thing(what).seeded, "{what}");
    }
}

#[tokio::test]
async fn nothing_is_sent_where_no_field_is_configured_for_it() {
    let desk = Desk::new(FieldNames::default()).await;
    let order = desk.order(
        "update",
        Action::Update { utm: true, call: true, client: false, fields: Vec::new() },
        vec![desk.link(Kind::Contact)],
    );
    let parts = perform(&*desk.writer(), &order).await.expect("an update");
    assert_eq!(parts, [desk.account.contact.to_string()]);
    assert_eq!(desk.account.paths(), Vec::<String>::new());
}

#[tokio::test]
async fn a_link_that_fits_no_field_is_told_and_never_cut() {
    let desk = desk().await;
    let long = format!("https://app.ringostat.com/recordings/{}.ogg", "x".repeat(120));
    let with_link = |mut order: Order| {
        order.call.recording = Some(long.clone());
        order
    };
    let update = Action::Update { utm: false, call: true, client: false, fields: Vec::new() };
    let order = with_link(desk.order("update", update, vec![desk.link(Kind::Contact)]));
    let failure = perform(&*desk.writer(), &order).await.expect_err("refused");
    assert!(matches!(&failure, Failure::Refused { reason } if reason.contains("cf_recording")), "{failure:?}");
    let (kind, title, text) = (Kind::Contact, String::new(), "Text".to_owned());
    let create = Action::Create { kind, title, text, utm: false, recording: true, fields: Vec::new() };
    perform(&*desk.writer(), &with_link(desk.order("contact", create, Vec::new()))).await.expect("a contact");
    let contact = desk.thing("contact");
    assert_eq!((contact.text, contact.fields.get("cf_recording")), (format!("Text\n{long}"), None));
    assert_eq!(contact.title, "+380442001007");
}

#[tokio::test]
async fn fields_that_are_not_there_are_told_and_can_be_made() {
    let account = Account::with(1, |options| options.call_fields = false).await;
    let names = FieldNames::default().with(Some("contact"), Meaning::Mark, "cf_pbx_mark").with(
        Some("task"),
        Meaning::Mark,
        "cf_source",
    );
    let desk = Desk { account, names };
    let writer = desk.writer();
    let states = writer.fields().await.expect("fields");
    let told: Vec<_> = states.iter().map(|one| (one.of.as_str(), one.key.as_str(), one.there)).collect();
    assert_eq!(told, [("contact", "mark", false), ("task", "mark", true)]);
    writer.make_field(&states[0]).await.expect("made");
    assert!(writer.fields().await.expect("fields").iter().all(|field| field.there && field.trouble.is_none()));
    let again = writer.make_field(&states[0]).await.expect_err("there already");
    assert!(matches!(&again, Failure::Refused { reason } if reason.contains("duplicate")), "{again:?}");
}

#[tokio::test]
async fn the_reader_and_the_writer_of_a_project_share_one_token() {
    let desk = desk().await;
    let prepared = prepare(&desk.section()).expect("a section");
    let tools = || Account::tools(PLENTY, Duration::from_secs(10));
    prepared.reader(tools()).users().await.expect("users");
    prepared.writer(tools()).expect("a writer").check().await.expect("accepted");
    let tokens = desk.account.sandbox.asked().iter().filter(|asked| asked.path.starts_with("/oauth")).count();
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn writing_is_paid_for_as_writing_and_as_the_vendor_charges_it() {
    let desk = desk().await;
    let tools = Account::tools(PLENTY, Duration::from_secs(10));
    let ledger = Arc::clone(&tools.ledger);
    let writer = prepare(&desk.section()).expect("a section").writer(tools).expect("a writer");
    let order = desk.order("task", task(false), vec![desk.link(Kind::Contact)]);
    perform(&*writer, &order).await.expect("a task");
    assert!(writer.find(&order, &[]).await.expect("an answer").is_some());
    let spent = ledger.snapshot().spent;
    assert_eq!((spent.write, spent.total()), (3 + 1 + 3 + 1, 8));
    assert_eq!(desk.account.sandbox.asked().iter().map(|asked| asked.tokens).sum::<u64>(), 8);
}

/// What somebody has thrown away is not written to, and the look does not show it although the search still does.
#[tokio::test]
async fn who_was_thrown_away_a_moment_ago_is_gone() {
    let desk = desk().await;
    let (contact, number) = desk.known();
    desk.account.sandbox.change(Change::Trash { item: Item::Contact(desk.account.contact) }).expect("trashed");
    let look = crate::crm::writer::Look { number: Some(number), known: vec![contact], ..Default::default() };
    let found = desk.writer().look(&look).await.expect("an answer");
    assert!(!found.iter().any(|record| record.id == contact.id), "{found:?}");
    let order = desk.order("task", task(false), vec![contact]);
    assert!(matches!(perform(&*desk.writer(), &order).await, Err(Failure::Refused { .. })));
}

#[tokio::test]
async fn what_is_written_reaches_the_reader_by_id_at_once_and_by_search_when_the_index_has_seen_it() {
    let desk = desk().await;
    let (kind, title, text) = (Kind::Contact, String::new(), String::new());
    let create = Action::Create { kind, title, text, utm: false, recording: false, fields: Vec::new() };
    let parts = perform(&*desk.writer(), &desk.order("contact", create, Vec::new())).await.expect("a contact");
    let id = CrmId::parse(&parts[0]).expect("an id");
    let (reader, since_s) = (desk.account.reader_of(PLENTY).0, desk.account.now_s());
    let there =
        |records: &[crate::crm::Record]| records.iter().any(|one| one.id == id && one.owner == Some(ANNA.into()));
    let asked = || reader.ask(desk.nobody(), Duration::from_secs(10));
    assert!(there(&reader.records(Kind::Contact, &[id]).await.expect("records")));
    assert!(!there(&asked().await.expect("an answer")));
    desk.advance(LAG + Duration::from_secs(1));
    assert!(there(&asked().await.expect("an answer")));
    assert!(there(&reader.changes(Kind::Contact, since_s, None).await.expect("changes").records));
}
