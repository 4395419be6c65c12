//! The rows of the scenario matrices, each held against what its CRM then holds: the call is told at the door as Ringostat
//! tells it, and what must be there stands in `rows/CRM.toml`, written by hand from SCENARIOS.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sandbox::{
    kit::Thing,
    ringostat_api::{self, RECORDING_BYTES, RingostatApi},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::changes_stage::{Setup, Stage};
use crate::crm_rows::ROWS;

/// A file of expectations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Row>,
}

/// One row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// Its id.
    pub(crate) id: String,
    /// The named case who calls, `absent` for a new client.
    client: String,
    told: Told,
    /// What the CRM holds afterwards that was not there before, all of it.
    #[serde(default)]
    holds: Vec<Holds>,
    /// How the journal says that it ended, where nothing was written.
    outcome: Option<String>,
    /// Kinds of what is there before the call is over; nothing where it does not say.
    #[serde(default)]
    early: Vec<String>,
    /// Kinds of the client's own that another owner has afterwards; none where it does not say.
    #[serde(default)]
    handed_over: Vec<String>,
}

/// What is told of the call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    direction: String,
    status: String,
    /// Who answered or made it.
    by: Option<String>,
    #[serde(default)]
    recording: bool,
}

/// Something that the CRM holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Holds {
    what: String,
    /// By name; `nobody` for nobody.
    owner: Option<String>,
    /// Kinds of what it hangs on; of the client's own where they were there before.
    #[serde(default)]
    on: Vec<String>,
    /// Kinds that it must not hang on.
    #[serde(default)]
    not_on: Vec<String>,
    state: Option<String>,
    #[serde(default)]
    recording: bool,
    /// Whether the audio itself is there.
    #[serde(default)]
    audio: bool,
    #[serde(default)]
    utm: bool,
    #[serde(default)]
    number: bool,
    /// Whether it is due four hours after the call.
    #[serde(default)]
    due: bool,
    /// Words that its title or text holds.
    #[serde(default)]
    says: Vec<String>,
    direction: Option<String>,
}

const NEW: &str = "380442001007";
pub(crate) const RECORDING: &str = "https://app.ringostat.com/recordings/ua0_-1731315881.12669683.ogg?token=t0ken";
/// Four hours after the call's end.
const DUE: &str = "2024-11-11T13:06:08Z";

/// `[crm.fields]` of each CRM, as its stand-in's customer names them.
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
            "fields = { utm_source = \"new_utm_source\", utm_medium = \"new_utm_medium\", \
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

/// The same; with Pipedrive's organizations known by their custom field, where it says so.
pub(crate) async fn stage_with(crm: &str, project: &'static str, organizations: bool) -> Stage {
    let row = ROWS.iter().find(|row| row.name == crm).expect("a CRM");
    let fields = if organizations { WITH_ORGANIZATIONS } else { fields(crm) };
    let ringostat = "recording_hosts = [\"127.0.0.1\"]";
    let setup = Setup { public: false, crm: fields, project, ringostat, ..Setup::default() };
    let stage = Stage::of(row, setup).await;
    let made = stage.ops("POST", "/api/projects/acme/fields", &json!({"create": true})).await;
    assert_eq!(made["missing"], 0, "{crm}: {made}");
    stage
}

/// The stand-in's custom field for organizations' numbers.
const WITH_ORGANIZATIONS: &str =
    "fields = { phone = [\"d4de1c1518b4531717c676029a45911c340390a6\"], mark = \"Made by\" }";

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

/// Holds a row against the CRM.
pub(crate) async fn hold(crm: &str, file: &str, test: &str) {
    let file: File = toml::from_str(file).unwrap_or_else(|error| panic!("{crm}: {error}"));
    let row = file.row.into_iter().find(|row| row.id.replace('-', "_") == test);
    let row = row.unwrap_or_else(|| panic!("expected a row of {crm} for {test}"));
    let stage = stage(crm, "").await;
    let sample = stage.crm().sample(&row.client).expect("a named case");
    let number = if row.client == "absent" { NEW } else { sample.number };
    let recordings = RingostatApi::start(ringostat_api::Options::default()).await.expect("a stand-in");
    let recording = recording(crm, &recordings.base_url());
    let by =
        row.told.by.as_deref().map(|name| if name.starts_with('_') { name.to_owned() } else { format!("acme_{name}") });
    let telling = Telling {
        call_id: "ua0_-1731315881.12669683",
        number,
        direction: &row.told.direction,
        status: &row.told.status,
        by: by.as_deref(),
        recording: row.told.recording.then_some(recording.as_str()),
    };
    let owners = owners(&stage, &row.client);
    let moments = telling.moments();
    let last = moments.len() - 1;
    for (at, (moment, told)) in moments.into_iter().enumerate() {
        if at == last {
            stage.settled().await;
            let held = stage.crm().held();
            let early: Vec<&str> = held.iter().map(|thing| thing.what.as_str()).collect();
            assert_eq!(early, row.early, "{}: before the call is over", row.id);
        }
        let heard = stage.tell(moment, &told).await;
        assert_eq!(heard["status"], "stored", "{crm} {moment}: {heard}");
    }
    stage.settled().await;
    check_owners(&stage, &row, &owners);
    check_journal(&stage, &row).await;
    check_crm(&stage, &row, (number, &recording));
}

/// Who owns what is the client's, by kind and id.
fn owners(stage: &Stage, client: &str) -> BTreeMap<(String, String), String> {
    let sample = stage.crm().sample(client).expect("a named case");
    sample.open.into_iter().map(|open| ((open.kind.word().to_owned(), open.id), open.owner_id)).collect()
}

/// A call leaves who is responsible for whom as it was, but for what the row hands over.
fn check_owners(stage: &Stage, row: &Row, before: &BTreeMap<(String, String), String>) {
    let after = owners(stage, &row.client);
    for ((kind, id), owner) in before {
        let now = after.get(&(kind.clone(), id.clone()));
        let is_same = now == Some(owner);
        assert_eq!(is_same, !row.handed_over.contains(kind), "{}: the {kind} was {owner}'s, is {now:?}", row.id);
    }
}

async fn check_journal(stage: &Stage, row: &Row) {
    let listed = stage.ops("GET", "/api/journal", &Value::Null).await;
    let entries = listed["entries"].as_array().expect("entries");
    assert!(entries.iter().all(|entry| entry["state"] == "done"), "{}: {listed}", row.id);
    let last = entries.first().expect("an entry");
    match &row.outcome {
        Some(outcome) => assert_eq!(last["outcome"], **outcome, "{}: {last}", row.id),
        None => assert_eq!(last["row"], *row.id, "{}: {last}", row.id),
    }
}

/// Where a call's audio lies: on this machine where the vendor takes the audio itself, else where Ringostat has it.
fn recording(crm: &str, base_url: &str) -> String {
    let here = format!("{base_url}/recordings/ua0_-1731315881.12669683.ogg?token=t0ken");
    if crm == "pipedrive" { here } else { RECORDING.to_owned() }
}

fn check_crm(stage: &Stage, row: &Row, call: (&str, &str)) {
    let held = stage.crm().held();
    let mut new: Vec<&Thing> = held.iter().filter(|thing| !thing.seeded).collect();
    println!("{:<26} {}", row.id, summary(&new));
    for holds in &row.holds {
        let fits = |thing: &&Thing| why_not(stage, row, holds, (thing, call), &held).is_none();
        let Some(at) = new.iter().position(fits) else {
            let alike = new.iter().filter(|thing| thing.what == holds.what);
            let why: Vec<_> = alike.map(|thing| why_not(stage, row, holds, (thing, call), &held)).collect();
            panic!("{}: expected {holds:?}\nfound {why:?}\nin {new:#?}", row.id);
        };
        new.remove(at);
    }
    assert!(new.is_empty(), "{}: expected nothing else, found {new:#?}", row.id);
}

fn summary(things: &[&Thing]) -> String {
    let one = |thing: &&Thing| {
        let state = thing.state.as_deref().map(|state| format!(" {state}")).unwrap_or_default();
        let on: Vec<_> = thing.on.iter().map(|on| on.what.as_str()).collect();
        let on = if on.is_empty() { String::new() } else { format!(" on {}", on.join("+")) };
        format!("{}{state} of {}{on}", thing.what, thing.owner.as_deref().unwrap_or("nobody"))
    };
    if things.is_empty() { "nothing".to_owned() } else { things.iter().map(one).collect::<Vec<_>>().join(" · ") }
}

/// What of an expectation a thing does not meet.
fn why_not(
    stage: &Stage,
    row: &Row,
    holds: &Holds,
    (thing, (number, link)): (&Thing, (&str, &str)),
    held: &[Thing],
) -> Option<String> {
    let unless = |fits: bool, what: &str| (!fits).then(|| format!("{what}: {thing:?}"));
    let text = format!("{} {}", thing.title, thing.text);
    let owner = holds.owner.as_deref().map(|name| employee(stage, name));
    let recorded = thing.recording.as_deref() == Some(link)
        || text.replace("&amp;", "&").contains(link)
        || thing.fields.values().any(|value| value == link);
    let digits = |text: &String| text.chars().filter(char::is_ascii_digit).collect::<String>();
    unless(thing.what == holds.what, "kind")
        .or_else(|| unless(owner.is_none_or(|owner| thing.owner == owner), "owner"))
        .or_else(|| unless(holds.on.iter().all(|kind| hangs(stage, row, thing, kind, held)), "hangs on"))
        .or_else(|| unless(!thing.on.iter().any(|on| holds.not_on.contains(&on.what)), "must not hang on"))
        .or_else(|| unless(holds.state.is_none() || holds.state == thing.state, "state"))
        .or_else(|| unless(!holds.recording || recorded, "recording"))
        .or_else(|| unless(!holds.audio || thing.audio_bytes == Some(RECORDING_BYTES as u64), "audio"))
        .or_else(|| unless(!holds.utm || thing.fields.values().any(|value| value == "autumn"), "UTM"))
        .or_else(|| unless(!holds.number || thing.numbers.iter().any(|typed| digits(typed) == number), "number"))
        .or_else(|| unless(!holds.due || due_fits(thing.due.as_deref()), "due"))
        .or_else(|| unless(holds.says.iter().all(|words| text.contains(words.as_str())), "text"))
        .or_else(|| unless(holds.direction.is_none() || holds.direction == thing.direction, "direction"))
}

/// The id of a user by name, in the order of the stand-ins' employees.
fn employee(stage: &Stage, name: &str) -> Option<String> {
    let at = ["anna", "bohdan", "oksana", "petro"].iter().position(|known| *known == name);
    at.map(|at| stage.crm().employees()[at].clone())
}

/// Whether it hangs on the client's entity of that kind: the one that was made, else the one that was there.
fn hangs(stage: &Stage, row: &Row, thing: &Thing, kind: &str, held: &[Thing]) -> bool {
    let made = held.iter().find(|made| !made.seeded && made.what == kind).map(|made| made.id.clone());
    let sample = stage.crm().sample(&row.client).expect("a named case");
    let there = || sample.open.iter().find(|open| open.kind.word() == kind).map(|open| open.id.clone());
    let id = made.or_else(there);
    thing.on.iter().any(|on| on.what == kind && Some(&on.id) == id.as_ref())
}

/// Exact to the minute where the vendor keeps a time, to the day where it keeps a date.
fn due_fits(due: Option<&str>) -> bool {
    let expected: Timestamp = DUE.parse().expect("a time");
    let Some(due) = due else { return false };
    match due.parse::<Timestamp>() {
        Ok(exact) => (exact.as_second() - expected.as_second()).abs() < 60,
        Err(_) => due == "2024-11-11",
    }
}

/// A test for each row, named after it.
macro_rules! rows {
    ($crm:literal, $file:literal: $($test:ident)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            $crate::rows_stage::hold($crm, include_str!($file), stringify!($test)).await;
        })+

        /// The rows that have a test here.
        pub(crate) const TESTED: &[&str] = &[$(stringify!($test)),+];
    };
}
pub(crate) use rows;
