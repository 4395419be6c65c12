//! The stand-in as the writers' suite wants it: with a field of every meaning, and without one for the mark.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::tz::TimeZone;
use sandbox::kit::{StandIn, Thing};
use sandbox::zoho_crm::{Asked, EMPLOYEES, Fault, FaultKind, Module};

use super::account::{ANNA, Account, PLENTY, tools};
use crate::config::{FieldNames, Meaning};
use crate::crm::Prepared;
use crate::crm::contract_writing::{self as suite, WriteStage, writing_tests};
use crate::crm::failure::Failure;
use crate::crm::quota::{Budget, Limits};
use crate::crm::writer::{FieldState, Mark, Order, Receipt, Writer};
use crate::crm::zoho_crm::settings::prepare;
use crate::model::{
    action::{Action, Link},
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};

/// What the stand-in's customer calls their fields.
pub(super) fn names(mark: bool) -> FieldNames {
    let named = [
        (Meaning::UtmSource, "UTM_Source"),
        (Meaning::UtmMedium, "UTM_Medium"),
        (Meaning::UtmCampaign, "UTM_Campaign"),
        (Meaning::UtmTerm, "UTM_Term"),
        (Meaning::UtmContent, "UTM_Content"),
        (Meaning::ClientId, "GA_Client"),
        (Meaning::CallId, "Ringostat_Call"),
        (Meaning::CallStatus, "Ringostat_Status"),
        (Meaning::Recording, "Ringostat_Record"),
    ];
    let marked = mark.then_some((Meaning::Mark, "Predial_Mark"));
    let each = named.into_iter().chain(marked);
    each.fold(FieldNames::default(), |names, (meaning, name)| names.with(None, meaning, name))
}

pub(super) struct Writing {
    pub(super) account: Account,
    pub(super) names: FieldNames,
}

impl Writing {
    pub(super) async fn with(names: FieldNames) -> Self {
        Self { account: Account::with(40, |options| options.limits.index_lag = Duration::from_secs(600)).await, names }
    }

    fn prepared(&self) -> Arc<dyn Prepared> {
        let mut section = self.account.section();
        section.fields = self.names.clone();
        prepare(&section).expect("a section")
    }

    fn writer_of(&self, limits: Limits, timeout: Duration) -> Arc<dyn Writer> {
        self.prepared().writer(tools(limits, timeout).0).expect("a writer")
    }

    pub(super) fn order(&self, step: &str, action: Action, on: Vec<Link>) -> Order {
        Order {
            mark: Mark::of(&["acme", step]),
            action,
            owner: Some(ANNA.into()),
            on,
            call: suite::call(self.nobody()),
            zone: TimeZone::get("Europe/Kyiv").expect("a zone"),
            audio: None,
        }
    }

    pub(super) fn contact(&self) -> Link {
        Link { kind: Kind::Contact, id: self.account.contact.into() }
    }
}

pub(super) async fn marked() -> Writing {
    Writing::with(names(true)).await
}

pub(super) async fn unmarked() -> Writing {
    Writing::with(names(false)).await
}

mod with_a_field_for_the_mark {
    super::writing_tests!(super::marked);
}

mod with_the_mark_in_the_text {
    super::writing_tests!(super::unmarked);
}

#[async_trait]
impl WriteStage for Writing {
    fn writer_within(&self, timeout: Duration) -> Arc<dyn Writer> {
        self.writer_of(PLENTY, timeout)
    }

    fn spent_writer(&self) -> Arc<dyn Writer> {
        self.writer_of(Limits { daily: Some(Budget::rolling(0)), ..PLENTY }, Duration::from_secs(10))
    }

    fn makes(&self) -> &[Kind] {
        &[Kind::Lead, Kind::Organization, Kind::Contact, Kind::Deal]
    }

    fn user(&self) -> CrmId {
        EMPLOYEES[1].into()
    }

    fn known(&self) -> (Link, PhoneKey) {
        (self.contact(), PhoneKey::from_digits(Account::NUMBER).expect("a number"))
    }

    fn nobody(&self) -> PhoneKey {
        PhoneKey::from_digits(380_442_001_007).expect("a number")
    }

    fn missing(&self, kind: Kind) -> CrmId {
        crate::crm::contract::Stage::missing(&self.account, kind)
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
        let module = match action {
            Action::Create { kind: Kind::Lead, .. } => "Leads",
            Action::Create { kind: Kind::Contact, .. } => "Contacts",
            Action::Create { kind: Kind::Organization, .. } => "Accounts",
            Action::Create { .. } => "Deals",
            Action::Task { .. } => "Tasks",
            Action::Call { .. } => "Calls",
            _ => "Notes",
        };
        (format!("/crm/v8/{module}"), "POST".to_owned())
    }

    fn advance(&self, by: Duration) {
        self.account.sandbox.advance(by);
    }

    fn set_accepted(&self, accepted: bool) {
        self.account.sandbox.set_revoked(!accepted);
        if accepted {
            self.account.sandbox.clear_faults();
        } else {
            self.account.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
        }
    }
}

#[tokio::test]
async fn where_the_account_cannot_be_asked_for_numbers_everything_new_is_looked_at() {
    let stage = unmarked().await;
    let writer = stage.writer();
    let order = stage.order("lead", entity(Kind::Lead), Vec::new());
    let made = suite::perform(&*writer, &order).await.expect("a lead");
    let body = r#"{"code":"INVALID_QUERY","details":{},"message":"invalid query formed","status":"error"}"#.to_owned();
    let refused = FaultKind::Status { status: 400, headers: Default::default(), body };
    stage.stage(Fault::new(refused).on("/crm/v8/coql").times(1));
    let found = writer.find(&order, &[]).await.expect("an answer").expect("found");
    assert_eq!(vec![found.id], made);
    let other = stage.order("another", entity(Kind::Lead), Vec::new());
    assert_eq!(writer.find(&other, &[]).await.expect("an answer"), None);
}

#[tokio::test]
async fn an_update_of_what_is_gone_is_refused_and_each_entity_is_a_part_of_its_own() {
    let stage = marked().await;
    let writer = stage.writer();
    let (utm, call) = (
        Action::Update { utm: true, call: false, client: false, fields: Vec::new() },
        Action::Update { utm: false, call: true, client: false, fields: Vec::new() },
    );
    let gone = Link { kind: Kind::Deal, id: stage.missing(Kind::Deal) };
    for action in [utm.clone(), call] {
        let failure = writer.perform(&stage.order("gone", action, vec![gone]), &[]).await.expect_err("gone");
        assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
    }
    let deal = Link { kind: Kind::Deal, id: stage.account.deal.into() };
    let order = stage.order("both", utm, vec![stage.contact(), deal]);
    let parts = suite::perform(&*writer, &order).await.expect("updated");
    assert_eq!(parts, [stage.account.contact.to_string(), stage.account.deal.to_string()]);
    let written = stage.held();
    assert!(written.len() == 2 && written.iter().all(|thing| thing.seeded && thing.fields["UTM_Source"] == "google"));
}

fn entity(kind: Kind) -> Action {
    Action::Create {
        kind,
        title: "Anybody".to_owned(),
        text: "Text".to_owned(),
        utm: true,
        recording: true,
        fields: Vec::new(),
    }
}

#[tokio::test]
async fn a_record_that_somebodys_process_holds_is_waited_for() {
    let stage = marked().await;
    stage.stage(Fault::oddity("record-locked").on("/crm/v8/Tasks"));
    let order = stage.order("locked", suite::task(false), vec![stage.contact()]);
    let failure = suite::perform(&*stage.writer(), &order).await.expect_err("locked");
    assert!(matches!(&failure, Failure::Wait { reason, .. } if reason.contains("RECORD_LOCKED")), "{failure:?}");
    stage.clear();
    suite::perform(&*stage.writer(), &order).await.expect("a task");
}

#[tokio::test]
async fn the_same_again_is_the_same_record_where_the_mark_has_a_field() {
    let stage = marked().await;
    for action in [entity(Kind::Lead), entity(Kind::Contact), entity(Kind::Organization), suite::task(true)] {
        let order = stage.order(action.word(), action, vec![stage.contact()]);
        let first = suite::perform(&*stage.writer(), &order).await.expect("made");
        assert_eq!(suite::perform(&*stage.writer(), &order).await.expect("there"), first);
    }
    assert_eq!(stage.held().len(), 4);
}

#[tokio::test]
async fn a_deal_begins_in_the_first_open_stage_of_the_default_pipeline_which_is_asked_for_once() {
    let stage = unmarked().await;
    let writer = stage.writer();
    for step in ["one", "two"] {
        suite::perform(&*writer, &stage.order(step, entity(Kind::Deal), vec![stage.contact()])).await.expect("a deal");
    }
    let held = stage.held();
    let stages: Vec<_> = held.iter().filter(|thing| thing.what == "deal").map(|thing| &thing.fields["Stage"]).collect();
    assert_eq!(stages, ["Новий запит", "Новий запит"]);
    assert_eq!(held.last().expect("a deal").fields["Closing_Date"], "2024-12-11");
    let asked = stage.account.paths();
    assert_eq!(asked.iter().filter(|path| path.ends_with("/settings/pipeline")).count(), 1, "{asked:?}");
}

#[tokio::test]
async fn what_is_due_in_future_is_reminded_of_to_the_minute_and_due_on_the_day_of_the_projects_zone() {
    let stage = unmarked().await;
    // Half an hour before midnight of Greenwich it is the next day in Kyiv.
    let due: jiff::Timestamp = "2099-01-01T23:30:00Z".parse().expect("a time");
    let action = Action::Task { subject: "Call".to_owned(), text: String::new(), completed: false, due };
    suite::perform(&*stage.writer(), &stage.order("due", action, vec![stage.contact()])).await.expect("a task");
    let held = stage.held();
    assert_eq!(held[0].due.as_deref(), Some("2099-01-02T01:30:00+02:00"));
    assert_eq!(held[0].fields["Due_Date"], "2099-01-02");
}

#[tokio::test]
async fn a_lead_stands_alone_under_tasks_and_calls() {
    let stage = unmarked().await;
    let lead = Link { kind: Kind::Lead, id: stage.account.lead.into() };
    let call = Action::Call { subject: "Call".to_owned(), text: "Text".to_owned(), recording: true };
    for action in [suite::task(false), call] {
        let order = stage.order(action.word(), action, vec![stage.contact(), lead]);
        suite::perform(&*stage.writer(), &order).await.expect("made");
    }
    for thing in stage.held() {
        let on: Vec<_> = thing.on.iter().map(|on| (on.what.as_str(), on.id.as_str())).collect();
        assert_eq!(on, [("lead", lead.id.to_string().as_str())], "{thing:?}");
    }
}

#[tokio::test]
async fn each_thing_a_note_is_about_gets_its_own_and_each_is_found_by_itself() {
    let stage = unmarked().await;
    let on = vec![stage.contact(), Link { kind: Kind::Deal, id: stage.account.deal.into() }];
    let order = stage.order("note", Action::Note { text: "Text".to_owned() }, on);
    let writer = stage.writer();
    let Receipt { id, whole } = writer.perform(&order, &[]).await.expect("a note");
    assert!(!whole);
    assert_eq!(writer.find(&order, &[]).await.expect("an answer").expect("found").id, id);
    assert_eq!(writer.find(&order, std::slice::from_ref(&id)).await.expect("an answer"), None);
    assert!(writer.perform(&order, &[id]).await.expect("a note").whole);
    assert_eq!(stage.held().iter().filter(|thing| thing.what == "note").count(), 2);
}

#[tokio::test]
async fn without_a_configured_field_nothing_is_written_into_an_entity() {
    let stage = Writing::with(FieldNames::default()).await;
    let order = stage.order(
        "update",
        Action::Update { utm: true, call: true, client: false, fields: Vec::new() },
        vec![stage.contact()],
    );
    let receipt = stage.writer().perform(&order, &[]).await.expect("a receipt");
    assert_eq!(receipt, Receipt { id: stage.account.contact.to_string(), whole: true });
    assert_eq!(stage.account.paths(), Vec::<String>::new());
}

#[tokio::test]
async fn a_field_that_is_missing_is_made_and_one_that_cannot_be_used_is_told() {
    let names = names(true).with(Some("task"), Meaning::CallId, "Call_Number").with(
        Some("deal"),
        Meaning::Mark,
        "Contact_Name",
    );
    let stage = Writing::with(names).await;
    let writer = stage.writer();
    let missing = |fields: Vec<FieldState>| fields.into_iter().filter(|field| !field.there).collect::<Vec<_>>();
    let fields = writer.fields().await.expect("an answer");
    let trouble: Vec<_> = fields.iter().filter(|field| field.trouble.is_some()).collect();
    assert!(matches!(&trouble[..], [field] if field.of == "deal" && field.name == "Contact_Name"), "{trouble:?}");
    let found = missing(fields);
    assert!(matches!(&found[..], [field] if (field.of.as_str(), field.name.as_str()) == ("task", "Call_Number")));
    writer.make_field(&found[0]).await.expect("made");
    assert_eq!(missing(writer.fields().await.expect("an answer")), []);
    let failure = writer.make_field(&found[0]).await.expect_err("there already");
    assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
}

#[tokio::test]
async fn the_reader_sees_what_was_written_at_once_and_a_search_only_after_its_lag() {
    let stage = unmarked().await;
    let parts = suite::perform(&*stage.writer(), &stage.order("lead", entity(Kind::Lead), Vec::new())).await;
    let id = CrmId::parse(&parts.expect("a lead")[0]).expect("an id");
    let (reader, _) = stage.account.reader_of(PLENTY);
    let found = reader.ask(stage.nobody(), Duration::from_secs(5)).await.expect("an answer");
    assert!(found.iter().any(|record| record.id == id), "{found:?}");
    assert_eq!(reader.records(Kind::Lead, &[id]).await.expect("records").len(), 1);
    assert_eq!(Module::Leads.name(), "Leads");
}

#[tokio::test]
async fn reader_hooks_and_writer_of_a_project_share_one_token() {
    let stage = unmarked().await;
    let prepared = stage.prepared();
    let writer = prepared.writer(tools(PLENTY, Duration::from_secs(10)).0).expect("a writer");
    let reader = prepared.reader(tools(PLENTY, Duration::from_secs(10)).0);
    writer.check().await.expect("accepted");
    reader.users().await.expect("users");
    let tokens = stage.account.sandbox.asked().iter().filter(|asked| asked.path.starts_with("/oauth")).count();
    assert_eq!(tokens, 1);
}

/// Everything that a writer ever asks, and what the stand-in answered.
pub(super) async fn everything() -> Vec<Asked> {
    let mut asked = Vec::new();
    for mark in [true, false] {
        let stage = Writing::with(names(mark).with(Some("task"), Meaning::CallId, "Call_Number")).await;
        let writer = stage.writer();
        let call = Action::Call { subject: "Call".to_owned(), text: "Text".to_owned(), recording: true };
        let note = Action::Note { text: "Text".to_owned() };
        let making = [entity(Kind::Lead), entity(Kind::Organization), entity(Kind::Contact), entity(Kind::Deal)];
        for action in making.into_iter().chain([suite::task(false), call, note]) {
            let order = stage.order(action.word(), action.clone(), vec![stage.contact()]);
            let parts = suite::perform(&*writer, &order).await.expect("made");
            writer.find(&order, &[]).await.expect("an answer");
            let amend = Action::Amend { id: parts[0].clone(), to: Box::new(action) };
            suite::perform(&*writer, &stage.order("amend", amend, vec![stage.contact()])).await.expect("amended");
        }
        let update = Action::Update { utm: true, call: true, client: false, fields: Vec::new() };
        suite::perform(&*writer, &stage.order("update", update, vec![stage.contact()])).await.expect("updated");
        stage.stage(Fault::oddity("record-locked").on("/crm/v8/Tasks").times(1));
        let locked = stage.order("locked", suite::task(true), vec![stage.contact()]);
        suite::perform(&*writer, &locked).await.expect_err("locked");
        for field in writer.fields().await.expect("an answer").iter().filter(|field| !field.there) {
            writer.make_field(field).await.expect("made");
        }
        asked.extend(stage.account.sandbox.asked());
    }
    asked.extend(super::forms::everything().await);
    asked
}
