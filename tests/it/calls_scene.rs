//! One service before one CRM, and calls that are told to it one by one: what befalls them meanwhile is the test's.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use sandbox::kit::{Fault, FaultKind, Neutral, StandIn};
use serde_json::Value;

use crate::calls_count::figures;
use crate::calls_process::worked_off;
use crate::calls_script::Caller;
use crate::changes_stage::{Setup, Stage};
use crate::crm_rows::{ROWS, Row};

/// Longer than any stand-in's search lags.
const LAG: Duration = Duration::from_secs(60);
/// The vendors' longest waits but for that of a day, and predial's own after a token was refused.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

/// The service, its CRM, and who was there.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    /// The numbers of those who were there, by the ids of their contacts.
    pub(crate) there: HashMap<String, String>,
}

/// Runs a test before every CRM, all of them at once: most of it is waiting.
pub(crate) async fn before_each<F: Future<Output = ()>>(test: impl Fn(&'static Row) -> F) {
    futures_util::future::join_all(ROWS.iter().map(test)).await;
}

impl Scene {
    /// With a field for marks where the CRM has one.
    pub(crate) async fn of(row: &'static Row, project: &'static str) -> Self {
        Self::with(row, setup(row, project)).await
    }

    /// With the fields that this names.
    pub(crate) async fn with(row: &'static Row, setup: Setup) -> Self {
        let stage = Stage::of(row, setup).await;
        let made = stage.ops("POST", "/api/projects/acme/fields", &serde_json::json!({"create": true})).await;
        assert_eq!(made["missing"], 0, "{}: {made}", row.name);
        Self { stage, there: HashMap::new() }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.stage.row.name
    }

    pub(crate) fn crm(&self) -> &dyn StandIn {
        self.stage.crm()
    }

    /// Has the CRM know those who are to be there.
    pub(crate) fn knows(&mut self, callers: &[&Caller]) {
        for caller in callers {
            let owner_id = self.crm().employees()[caller.employee].clone();
            let (name, phones) = (format!("Client {}", caller.number), vec![format!("+{}", caller.number)]);
            let made = self.crm().change_neutral(Neutral::CreateContact { name, phones, owner_id });
            let made = made.expect("a contact").expect("a record");
            self.there.insert(made.id, caller.number.clone());
        }
        self.crm().advance(LAG);
    }

    /// Tells all that was said of somebody's calls; gives the words of the answers.
    pub(crate) async fn tell(&self, caller: &Caller) -> Vec<String> {
        let mut words = Vec::new();
        for (moment, told) in caller.calls.iter().flatten().flat_map(|call| call.moments()) {
            words.push(word(&self.stage.tell(moment, &told).await));
        }
        words
    }

    /// Waits until nothing is left to be done, and holds the CRM against what these calls must have come to.
    pub(crate) async fn comes_to(&self, callers: &[&Caller]) {
        self.settled().await;
        self.holds(callers);
    }

    /// Waits until nothing is left to be done in the journal.
    pub(crate) async fn settled(&self) {
        self.stage.until_within(PATIENCE, "the journal is worked off", worked_off).await;
    }

    /// Holds the CRM against what these calls must have come to.
    pub(crate) fn holds(&self, callers: &[&Caller]) {
        let callers: Vec<Caller> = callers.iter().map(|&caller| caller.clone()).collect();
        let figures = figures(self.crm(), &callers, &self.there);
        assert!(figures.lost.is_empty() && figures.doubled.is_empty(), "{}: {figures:#?}", self.name());
        assert!(figures.expected > 0, "{}: nothing was expected", self.name());
    }

    /// How many entries of the journal are in this state.
    pub(crate) async fn count(&self, state: &str) -> u64 {
        self.stage.view().await["journal"]["by_state"][state].as_u64().unwrap_or(0)
    }

    /// The entries of the journal in this state, the newest first.
    pub(crate) async fn entries(&self, state: &str) -> Vec<Value> {
        let listed = self.stage.ops("GET", &format!("/api/journal?project=acme&state={state}"), &Value::Null).await;
        listed["entries"].as_array().expect("entries").clone()
    }

    /// The CRM refuses the next task, or where there are none the next call, in its own words.
    pub(crate) fn refuses_the_next(&self) {
        let body = match self.name() {
            "hubspot" => r#"{"status":"error","category":"VALIDATION_ERROR","message":"the subject is poisoned"}"#,
            "pipedrive" => r#"{"success":false,"error":"the subject is poisoned"}"#,
            "zoho-crm" => {
                r#"{"data":[{"code":"INVALID_DATA","status":"error","message":"the subject is poisoned","details":{}}]}"#
            }
            "zoho-desk" => r#"{"errorCode":"INVALID_DATA","message":"the subject is poisoned"}"#,
            _ => r#"{"error":{"code":"0x80040265","message":"the subject is poisoned"}}"#,
        };
        let kind = FaultKind::Status { status: 400, headers: BTreeMap::new(), body: body.to_owned() };
        self.stage_on_tasks(Fault::new(kind).times(1));
    }

    /// A fault that befalls the making of tasks, or where there are none of calls, and nothing that is read.
    pub(crate) fn stage_on_tasks(&self, fault: Fault) {
        let (method, path) = match self.name() {
            "hubspot" => ("POST", "/crm/objects/2026-03/tasks"),
            "pipedrive" => ("POST", "/api/v2/activities"),
            "zoho-crm" => ("POST", "/crm/v8/Tasks"),
            "zoho-desk" => ("POST", "/api/v1/tasks"),
            _ => ("PATCH", "/api/data/v9.2/phonecalls"),
        };
        self.crm().stage_fault(fault.with_method(method).on(path));
    }

    /// A fault that befalls the making of each thing that calls make, and all that is changed.
    pub(crate) fn stage_on_writes(&self, fault: &Fault) {
        let (making, paths) = making(self.name());
        for path in paths {
            self.crm().stage_fault(on_making(self.name(), path, fault.clone()));
        }
        for method in ["PATCH", "PUT"].into_iter().filter(|method| *method != making) {
            self.crm().stage_fault(fault.clone().with_method(method));
        }
    }

    /// Which of the ways of making have not met this fault.
    pub(crate) fn unmet(&self, fault: &str) -> Vec<&'static str> {
        let met = met(self.crm(), fault);
        let (_, paths) = making(self.name());
        paths.iter().filter(|path| **path != HUBSPOT_UNMARKED && !met.contains(*path)).copied().collect()
    }

    /// The CRM takes the credentials away: neither what was handed out nor what would be is any good.
    pub(crate) fn withdraw(&self) {
        self.crm().set_revoked(true);
        self.crm().stage_fault(Fault::new(FaultKind::TokenExpired));
    }

    /// It gives them back.
    pub(crate) fn give_back(&self) {
        self.crm().clear_faults();
        self.crm().set_revoked(false);
    }
}

/// Where HubSpot makes contacts that have no mark; those that have one are made where they are upserted.
const HUBSPOT_UNMARKED: &str = "/crm/objects/2026-03/contacts";

/// How what calls make is made in a CRM: the method, and paths. Nothing is read by these at HubSpot; below them at the
/// others nothing is read by this method.
pub(crate) fn making(crm: &str) -> (&'static str, &'static [&'static str]) {
    match crm {
        "hubspot" => (
            "POST",
            &[
                "/crm/objects/2026-03/contacts/batch/upsert",
                HUBSPOT_UNMARKED,
                "/crm/objects/2026-03/deals",
                "/crm/objects/2026-03/tasks",
                "/crm/objects/2026-03/calls",
            ],
        ),
        "pipedrive" => ("POST", &["/api/v2/persons", "/api/v2/deals", "/api/v2/activities", "/v1/callLogs"]),
        "zoho-crm" => ("POST", &["/crm/v8/Leads", "/crm/v8/Tasks"]),
        "zoho-desk" => ("POST", &["/api/v1/contacts", "/api/v1/tickets", "/api/v1/tasks"]),
        _ => ("PATCH", &["/api/data/v9.2/contacts", "/api/data/v9.2/phonecalls"]),
    }
}

/// The fault, befalling nothing but what one of these makes. HubSpot searches and reads below the paths that make.
pub(crate) fn on_making(crm: &str, path: &str, fault: Fault) -> Fault {
    let fault = fault.with_method(making(crm).0);
    if crm == "hubspot" { fault.at(path) } else { fault.on(path) }
}

/// Which of the ways of making have met this fault since what was asked was last forgotten.
pub(crate) fn met(crm: &dyn StandIn, fault: &str) -> BTreeSet<&'static str> {
    let (method, paths) = making(crm.name());
    let asked = crm.asked();
    let is_it = |path: &str, asked: &str| if crm.name() == "hubspot" { asked == path } else { asked.starts_with(path) };
    let has_met = |path: &str| {
        let mut befallen = asked.iter().filter(|asked| asked.fault == Some(fault) && asked.method == method);
        befallen.any(|asked| is_it(path, &asked.path))
    };
    paths.iter().copied().filter(|path| has_met(path)).collect()
}

/// How the project of a scene is configured.
pub(crate) fn setup(row: &Row, project: &'static str) -> Setup {
    let crm = match row.name {
        "hubspot" => "fields = { mark = \"pbx_mark\" }",
        "pipedrive" => "fields = { mark = \"Made by\" }",
        "zoho-crm" => "fields = { mark = \"PBX_Mark\" }",
        "zoho-desk" => "fields = { mark = \"cf_pbx_mark\" }",
        _ => "",
    };
    // Links to Ringostat lead nowhere here: the audio is left out at once, the link is written.
    let ringostat = "recording_hosts = [\"recordings.example\"]";
    Setup { public: false, crm, project, ringostat, ..Setup::default() }
}

/// What became of something that was told.
pub(crate) fn word(answer: &Value) -> String {
    answer["status"].as_str().unwrap_or_default().to_owned()
}
