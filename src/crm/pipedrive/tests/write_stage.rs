//! The stand-in as the suite of writers wants it, and the suite.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sandbox::kit::{StandIn, Thing};
use sandbox::pipedrive::{FIELDS, Fault, FaultKind, Of, field_key};

use super::account::{Account, PLENTY};
use crate::base::{clock::Clock, problem::Placed};
use crate::config::{CrmSection, FieldNames, Meaning};
use crate::crm::Tools;
use crate::crm::contract_writing::{WriteStage, writing_tests};
use crate::crm::pipedrive::settings::prepare;
use crate::crm::quota::{Budget, Ledger, Limits};
use crate::crm::token::SharedTokens;
use crate::crm::writer::Writer;
use crate::model::{
    action::{Action, Link},
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};
use crate::outbound::{Bounds, Outbound};

const BOHDAN: u64 = 102;

/// By name for everything, by key for deals: both ways are tried.
pub(super) fn named() -> FieldNames {
    let names = Meaning::ALL.into_iter().zip(FIELDS);
    names.fold(FieldNames::default(), |fields, (meaning, name)| {
        fields.with(None, meaning, name).with(Some("deal"), meaning, &field_key(Of::Deal, name))
    })
}

/// The search shows what is written only after half a minute.
pub(super) async fn account() -> Account {
    Account::with(30, |options| options.limits.index_lag = Duration::from_secs(30)).await
}

pub(super) fn writer_of(section: CrmSection, fields: FieldNames, limits: Limits, timeout: Duration) -> Arc<dyn Writer> {
    let field = Placed::new(sandbox::pipedrive::ORGANIZATION_PHONE.to_owned(), 20);
    let section = CrmSection { phone_fields: vec![field], fields, ..section };
    let bounds = Bounds { connect_timeout: timeout, request_timeout: timeout, max_body_bytes: 4_000_000 };
    let outbound = Outbound::new(&bounds).expect("a client");
    let tools = Tools {
        outbound,
        ledger: Arc::new(Ledger::new(limits, Clock::System)),
        tokens: SharedTokens::default(),
        clock: Clock::System,
    };
    prepare(&section).expect("a section").writer(tools).expect("a writer")
}

pub(super) const LONG: Duration = Duration::from_secs(10);

#[async_trait]
impl WriteStage for Account {
    fn writer_within(&self, timeout: Duration) -> Arc<dyn Writer> {
        writer_of(self.by_token(), named(), PLENTY, timeout)
    }

    fn spent_writer(&self) -> Arc<dyn Writer> {
        let limits = Limits { daily: Some(Budget::utc_day(0)), ..PLENTY };
        writer_of(self.by_token(), named(), limits, LONG)
    }

    /// Leads have tests of their own: they need a person.
    fn makes(&self) -> &[Kind] {
        &[Kind::Organization, Kind::Contact, Kind::Deal]
    }

    fn user(&self) -> CrmId {
        BOHDAN.into()
    }

    fn known(&self) -> (Link, PhoneKey) {
        let link = Link { kind: Kind::Contact, id: self.person.into() };
        (link, PhoneKey::from_digits(Self::NUMBER).expect("a number"))
    }

    fn nobody(&self) -> PhoneKey {
        PhoneKey::from_digits(380_442_001_007).expect("a number")
    }

    fn missing(&self, kind: Kind) -> CrmId {
        match kind {
            Kind::Lead => CrmId::Uuid([7; 16]),
            _ => CrmId::Number(99_999_999_999),
        }
    }

    fn held(&self) -> Vec<Thing> {
        StandIn::held(&self.sandbox)
    }

    fn stage(&self, fault: Fault) {
        self.sandbox.stage_fault(fault);
    }

    fn clear(&self) {
        self.sandbox.clear_faults();
    }

    fn door_of(&self, action: &Action) -> (String, String) {
        let path = match action {
            Action::Create { kind: Kind::Contact, .. } => "/api/v2/persons",
            Action::Create { kind: Kind::Organization, .. } => "/api/v2/organizations",
            Action::Create { kind: Kind::Lead, .. } => "/v1/leads",
            Action::Create { .. } => "/api/v2/deals",
            Action::Note { .. } => "/v1/notes",
            _ => "/api/v2/activities",
        };
        (path.to_owned(), "POST".to_owned())
    }

    fn advance(&self, by: Duration) {
        self.sandbox.advance(by);
    }

    fn set_accepted(&self, accepted: bool) {
        if accepted {
            self.sandbox.clear_faults();
        } else {
            self.sandbox.stage_fault(Fault::new(FaultKind::TokenExpired));
        }
    }
}

mod suite {
    super::writing_tests!(super::account);
}
