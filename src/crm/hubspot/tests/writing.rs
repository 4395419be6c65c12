//! The stand-in as the suite of writers wants it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sandbox::kit::{Fault, FaultKind, StandIn, Thing};

use super::account::{ANNA, Account, PLENTY};
use crate::base::clock::Clock;
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::Tools;
use crate::crm::contract_writing::{WriteStage, call, perform, task, writing_tests};
use crate::crm::hubspot::settings::prepare;
use crate::crm::quota::{Budget, Ledger, Limits};
use crate::crm::token::SharedTokens;
use crate::crm::writer::{Mark, Order, Writer};
use crate::model::{
    action::{Action, Link},
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};
use crate::outbound::{Bounds, Outbound};

/// A property for every meaning, of the same name for everything that can have one.
pub(super) fn all_fields() -> FieldNames {
    let name = |meaning: Meaning| format!("predial_{}", meaning.key());
    Meaning::ALL.into_iter().fold(FieldNames::default(), |names, meaning| names.with(None, meaning, &name(meaning)))
}

/// A writer by this section, with this quota.
pub(super) fn writer_of(section: &CrmSection, limits: Limits, timeout: Duration) -> Arc<dyn Writer> {
    let bounds = Bounds { connect_timeout: timeout, request_timeout: timeout, max_body_bytes: 8_000_000 };
    let outbound = Outbound::new(&bounds).expect("a client");
    let ledger = Arc::new(Ledger::new(limits, Clock::System));
    let tools = Tools { outbound, ledger, tokens: SharedTokens::default(), clock: Clock::System };
    prepare(section).expect("a section").writer(tools).expect("a writer")
}

/// An account whose properties are those that are configured.
pub(super) struct Written {
    pub(super) account: Account,
}

impl Written {
    pub(super) fn section(&self) -> CrmSection {
        CrmSection { fields: all_fields(), ..self.account.by_token() }
    }
}

pub(super) async fn written() -> Written {
    let written = Written { account: Account::with(20, |_| {}).await };
    let writer = written.writer();
    for field in writer.fields().await.expect("fields") {
        assert!(!field.there, "{field:?}");
        writer.make_field(&field).await.expect("a field");
    }
    written
}

#[async_trait]
impl WriteStage for Written {
    fn writer_within(&self, timeout: Duration) -> Arc<dyn Writer> {
        writer_of(&self.section(), PLENTY, timeout)
    }

    fn spent_writer(&self) -> Arc<dyn Writer> {
        writer_of(&self.section(), Limits { daily: Some(Budget::utc_day(0)), ..PLENTY }, Duration::from_secs(10))
    }

    /// A lead has no number of its own and hangs on somebody: it has tests of its own.
    fn makes(&self) -> &[Kind] {
        &[Kind::Organization, Kind::Contact, Kind::Deal, Kind::Ticket]
    }

    fn user(&self) -> CrmId {
        ANNA.into()
    }

    fn known(&self) -> (Link, PhoneKey) {
        let number = PhoneKey::from_digits(Account::NUMBER).expect("a number");
        (Link { kind: Kind::Contact, id: self.account.contact.into() }, number)
    }

    fn nobody(&self) -> PhoneKey {
        PhoneKey::from_digits(380_442_001_007).expect("a number")
    }

    fn missing(&self, _: Kind) -> CrmId {
        CrmId::Number(99_999_999_999)
    }

    fn held(&self) -> Vec<Thing> {
        StandIn::held(&self.account.sandbox)
    }

    fn stage(&self, fault: Fault) {
        self.account.sandbox.stage_fault(fault);
    }

    fn clear(&self) {
        self.account.sandbox.clear_faults();
    }

    fn door_of(&self, action: &Action) -> (String, String) {
        let object = match action {
            Action::Create { kind: Kind::Organization, .. } => "companies",
            Action::Create { kind: Kind::Contact, .. } => "contacts",
            Action::Create { kind: Kind::Deal, .. } => "deals",
            Action::Create { kind: Kind::Ticket, .. } => "tickets",
            Action::Task { .. } => "tasks",
            Action::Call { .. } => "calls",
            Action::Note { .. } => "notes",
            other => panic!("expected what is made, found {other:?}"),
        };
        (format!("/crm/objects/2026-03/{object}"), "POST".to_owned())
    }

    fn advance(&self, by: Duration) {
        self.account.sandbox.advance(by);
    }

    fn set_accepted(&self, accepted: bool) {
        if accepted {
            self.clear();
        } else {
            self.stage(Fault::new(FaultKind::TokenExpired));
        }
    }
}

/// Writes everything that is ever written, and looks for it.
pub(super) async fn write_everything(account: &Account) {
    let section = CrmSection { fields: all_fields(), ..account.by_token() };
    let (marked, bare) = (&section, &account.by_token());
    let writer = writer_of(marked, PLENTY, Duration::from_secs(10));
    for field in writer.fields().await.expect("fields") {
        writer.make_field(&field).await.expect("a field");
    }
    writer.fields().await.expect("fields");
    writer.check().await.expect("accepted");
    let contact = Link { kind: Kind::Contact, id: account.contact.into() };
    let create = |kind| Action::Create {
        kind,
        title: "Title".to_owned(),
        text: "Text".to_owned(),
        utm: true,
        recording: true,
        fields: Vec::new(),
    };
    let spoken = Action::Call { subject: "Call".to_owned(), text: "Text".to_owned(), recording: true };
    let note = Action::Note { text: "Text".to_owned() };
    let mut orders: Vec<(Action, Vec<Link>)> =
        vec![(create(Kind::Contact), vec![]), (create(Kind::Organization), vec![])];
    orders.extend([Kind::Deal, Kind::Ticket, Kind::Lead].map(|kind| (create(kind), vec![contact])));
    orders.extend(
        [task(false), spoken, note, Action::Update { utm: true, call: true, client: false, fields: Vec::new() }]
            .map(|action| (action, vec![contact])),
    );
    for section in [marked, bare] {
        let writer = writer_of(section, PLENTY, Duration::from_secs(10));
        for (action, on) in &orders {
            let number = PhoneKey::from_digits(380_442_001_007).expect("a number");
            let mark = Mark::of(&["acme", action.word()]);
            let (action, on) = (action.clone(), on.clone());
            let order = Order {
                mark,
                action,
                owner: Some(ANNA.into()),
                on,
                call: call(number),
                zone: jiff::tz::TimeZone::UTC,
                audio: None,
            };
            let parts = perform(&*writer, &order).await.expect("made");
            writer.find(&order, &[]).await.expect("an answer");
            let (id, to) = (parts[0].clone(), Box::new(order.action.clone()));
            if !matches!(*to, Action::Update { .. }) {
                perform(&*writer, &Order { action: Action::Amend { id, to }, ..order }).await.expect("amended");
            }
        }
    }
}

writing_tests!(written);
