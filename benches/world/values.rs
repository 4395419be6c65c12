//! A CRM and a configuration that consist of values.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use predial::base::problem::Placed;
use predial::base::secret::Secret;
use predial::config::{
    self, BlockSettings, CardSettings, CrmSection, EventSettings, FormSettings, Overrides, ProcessSettings,
    ProjectSettings, ScenarioSettings, Settings, Tokens,
};
use predial::crm::failure::Failure;
use predial::crm::quota::{Budget, Limits, Pace, Rate};
use predial::crm::{Adapter, CrmUser, Cursor, Matching, Page, Prepared, Reader, Record, Tools};
use predial::model::client::{Kind, KindSet};
use predial::model::employee::Employee;
use predial::model::ids::CrmId;
use predial::model::phone::PhoneKey;

/// What the CRM has.
pub(super) const KINDS: KindSet = KindSet::of(&[Kind::Contact, Kind::Organization, Kind::Deal]);
/// The one CRM there is.
pub(super) static ADAPTERS: &[Adapter] = &[Adapter {
    name: "values",
    kinds: KINDS,
    matching: Matching::Whole,
    own_fields: &[],
    is_custom: |_| false,
    prepare: |_| Ok(Arc::new(Crm { clients: 0 })),
}];

/// Anna in the CRM, and somebody who is no employee any more.
const ANNA: u64 = 101;
const GONE: u64 = 199;
const PAGE: u64 = 500;

/// A CRM with so many contacts, each with one number; every third has an organization, every fourth an open deal.
#[derive(Debug)]
pub(super) struct Crm {
    pub(super) clients: u64,
}

impl Crm {
    fn record(kind: Kind, client: u64) -> Option<Record> {
        let owner = if kind == Kind::Deal { GONE } else { ANNA };
        let numbers = match kind {
            Kind::Contact => vec![format!("+{}", 380_670_000_000 + client)],
            Kind::Organization if client.is_multiple_of(3) => vec![format!("0{}", 440_000_000 + client)],
            Kind::Deal if client.is_multiple_of(4) => Vec::new(),
            _ => return None,
        };
        Some(Record {
            kind,
            id: CrmId::Number(client),
            numbers,
            name: (kind != Kind::Deal).then(|| format!("Oleksandra Petrenko {client}")),
            owner: Some(CrmId::Number(owner)),
            open: true,
            created_s: 1_700_000_000,
            updated_s: 1_700_000_000,
            contacts: (kind == Kind::Deal).then_some(CrmId::Number(client)).into_iter().collect(),
            organizations: (kind == Kind::Contact && client.is_multiple_of(3))
                .then_some(CrmId::Number(client))
                .into_iter()
                .collect(),
        })
    }
}

#[async_trait]
impl Reader for Crm {
    fn crawl_order(&self) -> &[Kind] {
        &[Kind::Deal, Kind::Organization, Kind::Contact]
    }

    fn sweep_every(&self, _: Pace) -> Duration {
        Duration::from_secs(60)
    }

    async fn page(&self, kind: Kind, cursor: Option<&Cursor>) -> Result<Page, Failure> {
        let from = cursor.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(0);
        let to = self.clients.min(from + PAGE);
        let records = (from..to).filter_map(|client| Self::record(kind, client)).collect();
        Ok(Page::of(records, (to < self.clients).then(|| Cursor(to.to_string()))))
    }

    async fn changes(&self, _kind: Kind, _since_s: i64, _cursor: Option<&Cursor>) -> Result<Page, Failure> {
        Ok(Page::default())
    }

    async fn ask(&self, _number: PhoneKey, _patience: Duration) -> Result<Vec<Record>, Failure> {
        Ok(Vec::new())
    }

    async fn records(&self, _kind: Kind, _ids: &[CrmId]) -> Result<Vec<Record>, Failure> {
        Ok(Vec::new())
    }

    async fn users(&self) -> Result<Vec<CrmUser>, Failure> {
        Ok(Vec::new())
    }
}

impl Prepared for Crm {
    fn account(&self) -> String {
        "values".to_owned()
    }

    fn limits(&self) -> Limits {
        Limits {
            daily: Some(Budget::utc_day(30_000)),
            general: Some(Rate::new(20, Duration::from_secs(2))),
            search: Some(Rate::new(10, Duration::from_secs(2))),
            ..Limits::NONE
        }
    }

    fn reader(&self, _tools: Tools) -> Arc<dyn Reader> {
        Arc::new(Self { clients: self.clients })
    }
}

/// What a service starts with where nothing is configured but a project.
pub(crate) fn process() -> ProcessSettings {
    let examined = config::examine(None, &BTreeMap::new(), &Overrides::default());
    assert!(examined.problems.iter().all(|problem| problem.file == "projects"), "{:?}", examined.problems);
    examined.settings.process
}

/// The project `acme`, with a block for each answer form.
pub(super) fn settings() -> Settings {
    let token = Secret::new("s3cret");
    let block = |answer: &str| (answer.to_owned(), Placed::new(block(answer), 1));
    let project = ProjectSettings {
        file: "acme.toml".to_owned(),
        name: "acme".to_owned(),
        tokens: Tokens {
            route: token.clone(),
            events: token.clone(),
            forms: token.clone(),
            card: token.clone(),
            changes: token,
        },
        allow: Vec::new(),
        timezone: "UTC".to_owned(),
        country: Placed::new("UA".to_owned(), 1),
        public_url: None,
        crm: section(),
        ringostat: None,
        employees: vec![Placed::new(anna(), 1)],
        card: CardSettings::default(),
        blocks: BTreeMap::from(["plain", "json", "json-rpc"].map(block)),
        scenario: ScenarioSettings::default(),
        forms: FormSettings::default(),
        events: EventSettings::default(),
        resend_after_pause: false,
        retention: Duration::from_secs(30 * 86_400),
        decisions_kept: Duration::from_secs(14 * 86_400),
    };
    Settings { process: process(), projects: vec![project], scenarios: Vec::new() }
}

fn anna() -> Employee {
    Employee {
        name: "Anna".into(),
        crm_user: Some(ANNA.to_string().into()),
        main: vec!["acme_anna".into()],
        other: Vec::new(),
        staff_id: None,
        email: None,
        extension: None,
        top_manager: true,
    }
}

/// An owner who left lets the walk go on: it meets two kinds before it ends.
fn block(answer: &str) -> BlockSettings {
    BlockSettings {
        priority: ["deal", "contact", "organization"].map(|kind| Placed::new(kind.to_owned(), 1)).to_vec(),
        answer: Placed::new(answer.to_owned(), 1),
        answer_field: "destination".to_owned(),
        result_string: false,
        deadline: Duration::from_millis(800),
        unassigned_goes_on: true,
        deal_via_contact: true,
        deal_via_organization: false,
        miss_status: 200,
        miss_destination: None,
        caller_field: None,
        call_id_field: None,
    }
}

fn section() -> CrmSection {
    CrmSection::of_kind("values")
}
