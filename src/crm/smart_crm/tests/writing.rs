//! The suite that every writer passes, on the stand-in.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sandbox::kit::{Fault, FaultKind, StandIn, Thing};

use super::account::{Account, Employee, PLENTY, id};
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::contract_writing::{WriteStage, writing_tests};
use crate::crm::quota::{Budget, Limits};
use crate::crm::smart_crm::settings::prepare;
use crate::crm::writer::Writer;
use crate::model::{action::Action, action::Link, client::Kind, ids::CrmId, phone::PhoneKey};

/// An organization to write to.
pub(super) struct Written(pub(super) Account);

/// A column for every meaning, on everything.
pub(super) fn names() -> FieldNames {
    let name = |meaning: Meaning| format!("new_{}", meaning.key());
    Meaning::ALL.into_iter().fold(FieldNames::default(), |names, meaning| names.with(None, meaning, &name(meaning)))
}

pub(super) async fn stage() -> Written {
    Written(Account::small().await)
}

impl Written {
    pub(super) fn section(&self) -> CrmSection {
        CrmSection { fields: names(), ..self.0.section() }
    }

    pub(super) fn writer_of(section: &CrmSection, limits: Limits, timeout: Duration) -> Arc<dyn Writer> {
        let (tools, _) = Account::tools(limits, timeout);
        prepare(section).expect("a section").writer(tools).expect("a writer")
    }
}

#[async_trait]
impl WriteStage for Written {
    fn writer_within(&self, timeout: Duration) -> Arc<dyn Writer> {
        Self::writer_of(&self.section(), PLENTY, timeout)
    }

    fn spent_writer(&self) -> Arc<dyn Writer> {
        let spent = Limits { daily: Some(Budget::rolling(0)), ..PLENTY };
        Self::writer_of(&self.section(), spent, Duration::from_secs(10))
    }

    fn makes(&self) -> &[Kind] {
        &[Kind::Organization, Kind::Contact, Kind::Deal, Kind::Ticket, Kind::Lead]
    }

    fn user(&self) -> CrmId {
        CrmId::parse(&self.0.sandbox.vendor_employee()).expect("a UUID")
    }

    fn known(&self) -> (Link, PhoneKey) {
        let number = PhoneKey::from_digits(Account::NUMBER).expect("a number");
        (Link { kind: Kind::Contact, id: id(&self.0.contact) }, number)
    }

    fn nobody(&self) -> PhoneKey {
        PhoneKey::from_digits(380_442_001_007).expect("a number")
    }

    fn missing(&self, _: Kind) -> CrmId {
        CrmId::Uuid([7; 16])
    }

    fn held(&self) -> Vec<Thing> {
        StandIn::held(&self.0.sandbox)
    }

    fn stage(&self, fault: Fault) {
        self.0.sandbox.stage_fault(fault);
    }

    fn clear(&self) {
        self.0.sandbox.clear_faults();
    }

    fn door_of(&self, action: &Action) -> (String, String) {
        let set = match action {
            Action::Create { kind, .. } => crate::crm::smart_crm::path::table(*kind).set,
            Action::Task { .. } => "tasks",
            Action::Call { .. } => "phonecalls",
            Action::Note { .. } => "annotations",
            Action::Update { .. } | Action::Amend { .. } => "",
        };
        (format!("/api/data/v9.2/{set}"), "PATCH".to_owned())
    }

    fn advance(&self, by: Duration) {
        self.0.sandbox.advance(by);
    }

    fn set_accepted(&self, accepted: bool) {
        self.0.sandbox.set_revoked(!accepted);
        if accepted {
            self.0.sandbox.clear_faults();
        } else {
            self.0.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
        }
    }
}

writing_tests!(stage);
