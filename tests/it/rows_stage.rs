//! A CRM's stage for the rows of the scenario matrices, and the moments of a call as Ringostat tells them at the door.

use sandbox::kit::Thing;
use serde_json::{Value, json};

use crate::changes_stage::{Setup, Stage};
use crate::crm_rows::ROWS;

pub(crate) const NEW: &str = "380442001007";
pub(crate) const RECORDING: &str = "https://app.ringostat.com/recordings/ua0_-1731315881.12669683.ogg?token=t0ken";

/// `[crm.fields]` of each CRM, as its stand-in's customer names them; and of SMART CRM whose what nobody else owns is,
/// another one than the application's, the top manager's and who answers in its rows.
pub(crate) fn fields(crm: &str) -> &'static str {
    match crm {
        "pipedrive" => {
            "fields = { utm_source = \"UTM source\", utm_medium = \"UTM medium\", utm_campaign = \"UTM campaign\", \
             utm_term = \"UTM term\", utm_content = \"UTM content\", client_id = \"Client id\", call_id = \"Call id\", \
             call_status = \"Call status\", recording = \"Recording\", mark = \"Made by\" }"
        }
        "zoho-crm" => {
            "fields = { utm_source = \"UTM_Source\", utm_medium = \"UTM_Medium\", utm_campaign = \"UTM_Campaign\", \
             utm_term = \"UTM_Term\", utm_content = \"UTM_Content\", client_id = \"GA_Client\", \
             call_id = \"Ringostat_Call\", call_status = \"Ringostat_Status\", recording = \"Ringostat_Record\" }"
        }
        "zoho-desk" => {
            "fields = { utm_source = \"cf_utm_source\", utm_medium = \"cf_utm_medium\", utm_campaign = \"cf_utm_campaign\", \
             utm_term = \"cf_utm_term\", utm_content = \"cf_utm_content\", client_id = \"cf_client_id\" }"
        }
        "smart-crm" => {
            "system_user = \"Oksana@acme.example\"\n\
             fields = { utm_source = \"new_utm_source\", utm_medium = \"new_utm_medium\", \
             utm_campaign = \"new_utm_campaign\", utm_term = \"new_utm_term\", utm_content = \"new_utm_content\", \
             recording = \"new_recording\" }"
        }
        _ => {
            "fields = { utm_source = \"utm_source\", utm_medium = \"utm_medium\", utm_campaign = \"utm_campaign\", \
             utm_term = \"utm_term\", utm_content = \"utm_content\", client_id = \"ga_client\" }"
        }
    }
}

/// The service before a CRM whose fields are there, warmed. Recordings may lie on this machine.
pub(crate) async fn stage(crm: &str, project: &'static str) -> Stage {
    stage_with(crm, project, false).await
}

/// The same, writing for so many clients at once.
pub(crate) async fn stage_with_workers(crm: &str, workers: usize) -> Stage {
    stage_of(crm, Setup { crm: fields(crm), workers, ..Setup::default() }).await
}

/// The same; with Pipedrive's organizations known by their custom field, where it says so.
pub(crate) async fn stage_with(crm: &str, project: &'static str, organizations: bool) -> Stage {
    let fields = if organizations { WITH_ORGANIZATIONS } else { fields(crm) };
    stage_of(crm, Setup { crm: fields, project, ..Setup::default() }).await
}

async fn stage_of(crm: &str, setup: Setup) -> Stage {
    let row = ROWS.iter().find(|row| row.name == crm).expect("a CRM");
    let setup = Setup { public: false, ringostat: "recording_hosts = [\"127.0.0.1\"]", ..setup };
    let stage = Stage::of(row, setup).await;
    let made = stage.ops("POST", "/api/projects/acme/fields", &json!({"create": true})).await;
    assert_eq!(made["missing"], 0, "{crm}: {made}");
    stage
}

/// The stand-in's custom field for organizations' numbers.
const WITH_ORGANIZATIONS: &str =
    "fields = { phone = [\"d4de1c1518b4531717c676029a45911c340390a6\"], mark = \"Made by\" }";

/// Has the directory read afresh: what was changed by hand is not told of.
pub(crate) async fn read_again(stage: &Stage) {
    let run = stage.ops("POST", "/api/projects/acme/warm", &json!({"full": true})).await;
    let is_read = |view: &Value| view["warm"]["id"] == run["id"] && view["warm"]["state"] == "done";
    stage.until("the directory is read again", is_read).await;
}

/// The moments of a call, as Ringostat tells them.
pub(crate) struct Telling<'a> {
    pub(crate) call_id: &'a str,
    pub(crate) number: &'a str,
    pub(crate) direction: &'a str,
    pub(crate) status: &'a str,
    pub(crate) by: Option<&'a str>,
    pub(crate) recording: Option<&'a str>,
}

impl Telling<'_> {
    pub(crate) fn moments(&self) -> Vec<(&'static str, Value)> {
        let Self { call_id, number, .. } = self;
        let answered = self.status == "ANSWERED";
        if self.direction == "out" {
            return vec![("after-outgoing", self.after())];
        }
        let before = json!({
            "call_type": "in", "callers_number": number, "number_e164": format!("+{number}"),
            "destination": "380442000000", "call_id": call_id, "project_id": "110070",
        });
        let mut moments = vec![("before-call", before)];
        if let Some(by) = self.by.filter(|_| answered) {
            let picked_up = json!({
                "type": "in", "caller_number": number, "destination": "380442000000", "connected_with": by,
                "status": null, "recording": null, "employee_id": null, "call_id": call_id,
            });
            moments.push(("pick-up", picked_up));
        }
        moments.push(("after-call", self.after()));
        moments
    }

    pub(crate) fn after(&self) -> Value {
        let answered = self.status == "ANSWERED";
        let mut after = json!({
            "call_id": self.call_id, "status": self.status.replace(' ', "+"), "type": self.direction,
            "call_duration": 87, "waiting": 12, "dialog": if answered { 75 } else { 0 },
            "utm_source": "google", "utm_medium": "cpc", "utm_campaign": "autumn", "utm_term": "(not set)",
            "utm_content": "", "client_id": "1234567.7654321",
            "recording_wav": self.recording, "has_recording": "0", "connected_with": self.by,
        });
        if self.direction == "out" {
            after["caller"] = json!(self.by);
            after["callee"] = json!(self.number);
            after["outbound_number"] = json!("380442000000");
        } else {
            after["caller"] = json!(format!("\"{0}\" <{0}>", self.number));
            after["callee"] = json!("380442000000");
        }
        after
    }
}

/// A row of the row-id table: what the CRM holds that was not there before.
pub(crate) fn print(id: &str, held: &[Thing]) {
    let new: Vec<String> = held.iter().filter(|thing| !thing.seeded).map(summary).collect();
    println!("{id:<26} {}", if new.is_empty() { "nothing".to_owned() } else { new.join(" · ") });
}

fn summary(thing: &Thing) -> String {
    let state = thing.state.as_deref().map(|state| format!(" {state}")).unwrap_or_default();
    let on: Vec<_> = thing.on.iter().map(|on| on.what.as_str()).collect();
    let on = if on.is_empty() { String::new() } else { format!(" on {}", on.join("+")) };
    format!("{}{state} of {}{on}", thing.what, thing.owner.as_deref().unwrap_or("nobody"))
}
