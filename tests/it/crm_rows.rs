//! Every CRM, one row each: how its stand-in is started and configured, and what is its own.

use std::{fmt::Write, pin::Pin, sync::Arc, time::Duration};

use sandbox::{
    hubspot::{self, HubSpot},
    kit::{Entity, EntityKind, StandIn},
    pipedrive::{self, Pipedrive},
    smart_crm::{self, SmartCrm},
    zoho_crm::{self, ZohoCrm},
    zoho_desk::{self, Desk},
};

/// Clients beside the named cases.
const CLIENTS: usize = 20;

/// A CRM that was started, and what only it can do.
pub(crate) struct Started {
    pub(crate) crm: Arc<dyn StandIn>,
    /// Has it tell of changes at an address, where that is entered by hand.
    pub(crate) by_hand: Option<Entered>,
    /// How long what is asked for by its date of change does not show a change yet, at the longest.
    pub(crate) lag: Duration,
    /// Merges the first contact into the second.
    pub(crate) merge: Merging,
}

pub(crate) type Entered = Box<dyn Fn(&str) + Send + Sync>;
pub(crate) type Merging = Box<dyn Fn(&str, &str) + Send + Sync>;
pub(crate) type Starting = Pin<Box<dyn Future<Output = Started> + Send>>;

/// What is one CRM's and no other's.
pub(crate) struct Row {
    /// `crm.kind`
    pub(crate) name: &'static str,
    /// What proves who asks, as lines of `[crm]`.
    pub(crate) credentials: &'static str,
    /// Enough for a sweep every few seconds, where the vendor does not say itself what there is.
    pub(crate) quota: &'static str,
    /// Starts it on this port; 0 = any.
    pub(crate) start: fn(u16) -> Starting,
    /// What somebody who knows the token and nothing else is told for a body that the CRM did not send.
    pub(crate) forged: (&'static str, u16),
    /// What somebody who knows the token is told for looking whether anybody is there.
    pub(crate) probe: u16,
    /// Where a merged contact's number leads: to the owner of the one that stays, Oksana, or nowhere where that one keeps
    /// its own numbers alone.
    pub(crate) merged: &'static str,
}

/// Every CRM that has webhooks.
pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "pipedrive",
        credentials: "token = { env = \"SECRET\" }",
        quota: "quota = { daily = 10000000 }",
        start: |port| Box::pin(pipedrive(port)),
        // Nothing is signed: whoever knows the token is believed, and makes us read again what is there anyway.
        forged: (r#"{"meta": {"entity": "person", "entity_id": "1", "action": "delete"}, "data": null}"#, 200),
        probe: 200,
        merged: "acme_oksana",
    },
    Row {
        name: "hubspot",
        credentials: "token = { env = \"SECRET\" }\nclient_secret = { env = \"APP\" }",
        quota: "",
        start: |port| Box::pin(hubspot(port)),
        forged: (r#"[{"subscriptionType": "contact.deletion", "objectId": 1, "occurredAt": 1}]"#, 401),
        probe: 401,
        merged: "acme_oksana",
    },
    Row {
        name: "zoho-crm",
        credentials: "client_id = \"sandbox-client\"\nclient_secret = { env = \"APP\" }\nrefresh_token = { env = \"REFRESH\" }",
        quota: "quota = { daily = 10000000 }",
        start: |port| Box::pin(zoho_crm(port)),
        forged: (
            r#"{"module": "Contacts", "ids": ["1"], "operation": "delete", "channel_id": "1", "token": "x"}"#,
            401,
        ),
        probe: 200,
        merged: "",
    },
    Row {
        name: "zoho-desk",
        credentials: "client_id = \"sandbox-client\"\nclient_secret = { env = \"APP\" }\nrefresh_token = { env = \"REFRESH\" }\n\
                      org_id = \"PORTAL\"",
        quota: "quota = { daily = 1075000 }",
        start: |port| Box::pin(zoho_desk(port)),
        forged: (r#"[{"eventType": "Contact_Delete", "payload": {"id": "1"}}]"#, 401),
        probe: 200,
        merged: "",
    },
    Row {
        name: "smart-crm",
        credentials: "tenant = \"TENANT\"\nclient_id = \"CLIENT\"\nclient_secret = { env = \"APP\" }",
        quota: "quota = { daily = 10000000 }",
        start: |port| Box::pin(smart_crm(port)),
        forged: (r#"{"MessageName": "Delete", "PrimaryEntityName": "contact"}"#, 200),
        probe: 200,
        merged: "acme_oksana",
    },
];

async fn pipedrive(port: u16) -> Started {
    let options = pipedrive::Options { port, clients: CLIENTS, ..pipedrive::Options::default() };
    let crm = Arc::new(Pipedrive::start(options).await.expect("a stand-in"));
    let merging = Arc::clone(&crm);
    let merge = move |loser: &str, winner: &str| {
        let person = |id: &str| pipedrive::Item::Person(id.parse().expect("an id"));
        let (loser, winner) = (person(loser), person(winner));
        merging.change(pipedrive::Change::Merge { loser, winner }).expect("merged");
    };
    Started { crm, by_hand: None, lag: Duration::ZERO, merge: Box::new(merge) }
}

async fn hubspot(port: u16) -> Started {
    let options = hubspot::Options { port, clients: CLIENTS, ..hubspot::Options::default() };
    let lag = options.limits.index_lag;
    let crm = Arc::new(HubSpot::start(options).await.expect("a stand-in"));
    let (merging, told) = (Arc::clone(&crm), Arc::clone(&crm));
    let merge = move |loser: &str, winner: &str| {
        let contact = |id: &str| hubspot::Item { kind: EntityKind::Contact, id: id.parse().expect("an id") };
        let (loser, winner) = (contact(loser), contact(winner));
        merging.change(hubspot::Change::Merge { loser, winner }).expect("merged");
    };
    let by_hand = move |url: &str| {
        told.change(hubspot::Change::TellAt { url: Some(url.to_owned()) }).expect("entered");
    };
    Started { crm, by_hand: Some(Box::new(by_hand)), lag, merge: Box::new(merge) }
}

async fn zoho_crm(port: u16) -> Started {
    let options = zoho_crm::Options { port, clients: CLIENTS, ..zoho_crm::Options::default() };
    let crm = Arc::new(ZohoCrm::start(options).await.expect("a stand-in"));
    let merging = Arc::clone(&crm);
    let merge = move |loser: &str, winner: &str| {
        let contact = |id: &str| zoho_crm::Item { module: zoho_crm::Module::Contacts, id: id.parse().expect("an id") };
        let (loser, winner) = (contact(loser), contact(winner));
        merging.change(zoho_crm::Change::Merge { loser, winner }).expect("merged");
    };
    Started { crm, by_hand: None, lag: Duration::ZERO, merge: Box::new(merge) }
}

async fn zoho_desk(port: u16) -> Started {
    // Credits for a sweep every few seconds: the vendor says what is left, so it is not enough to configure more.
    let options = zoho_desk::Options { port, clients: CLIENTS, agents: 2_000, ..zoho_desk::Options::default() };
    let lag = options.limits.index_lag;
    let crm = Arc::new(Desk::start(options).await.expect("a stand-in"));
    let merging = Arc::clone(&crm);
    let merge = move |loser: &str, winner: &str| {
        let (loser_id, winner_id) = (loser.parse().expect("an id"), winner.parse().expect("an id"));
        merging.change(zoho_desk::Change::Merge { loser_id, winner_id }).expect("merged");
    };
    Started { crm, by_hand: None, lag, merge: Box::new(merge) }
}

async fn smart_crm(port: u16) -> Started {
    let options = smart_crm::Options { port, clients: CLIENTS, ..smart_crm::Options::default() };
    let crm = Arc::new(SmartCrm::start(options).await.expect("a stand-in"));
    let merging = Arc::clone(&crm);
    let merge = move |loser: &str, winner: &str| {
        let contact = |id: &str| Entity::new(EntityKind::Contact, id);
        let (loser, winner) = (contact(loser), contact(winner));
        merging.change(smart_crm::Change::Merge { loser, winner }).expect("merged");
    };
    Started { crm, by_hand: None, lag: Duration::ZERO, merge: Box::new(merge) }
}

/// Who takes calls, in the order of the stand-ins' employees.
pub(crate) const NAMES: [&str; 4] = ["anna", "bohdan", "oksana", "petro"];

/// A project's `[crm]` as far as it is the CRM's own; rows of the section may follow.
pub(crate) fn crm_section(row: &Row, crm: &dyn StandIn, credentials: &str) -> String {
    let credentials = credentials
        .replace("TENANT", smart_crm::TENANT)
        .replace("PORTAL", &zoho_desk::Options::default().org_id.to_string())
        .replace("CLIENT", &smart_crm::Options::default().app.client_id);
    let auth =
        if credentials.contains("client_id") { format!("auth_url = \"{}\"\n", crm.auth_url()) } else { String::new() };
    let Row { name, quota, .. } = row;
    format!("[crm]\nkind = \"{name}\"\nbase_url = \"{}\"\n{auth}{credentials}\n{quota}\n", crm.base_url())
}

/// The employees of a project: `anna`, dialled as `acme_anna`, the top manager, and the others.
pub(crate) fn employees(crm: &dyn StandIn) -> String {
    let mut text = String::new();
    for (at, (id, name)) in crm.employees().iter().zip(NAMES).enumerate() {
        let top = if at == 0 { "top_manager = true\n" } else { "" };
        write!(text, "[[employee]]\nname = \"{name}\"\ncrm_user = \"{id}\"\nmain = [\"acme_{name}\"]\n{top}\n")
            .expect("text");
    }
    text
}
