//! What follows the calls: their events are told at the edge door, and the journal is watched until it is worked off, both
//! from outside, as Ringostat and an operator would.

use std::{
    io,
    time::{Duration, Instant},
};

use sandbox::{
    kit::OpenEntity,
    pbx::{Heard, Pbx},
};
use serde_json::{Value, json};

use super::{
    DemoError,
    accounts::Account,
    stage::{Followed, Stage},
    telling::{Recorded, Telling, json_request},
    told::{Client, Told, told},
};
use crate::base::clock::Clock;

/// How long it may take until everything is written: Pipedrive takes recordings, which are fetched one by one.
const WRITTEN_WITHIN: Duration = Duration::from_secs(90);
/// Between two looks at the journal.
const LOOK: Duration = Duration::from_millis(100);
/// What the journal calls a form.
pub(super) const FORM: &str = "form";
/// The states in which something is still to be done.
const OPEN: [&str; 4] = ["received", "planned", "leased", "later"];

impl Stage {
    /// Tells of every call, waits until all of it is written, and then of the recording that came late.
    pub(super) fn follow(&self) -> Result<Vec<Followed>, DemoError> {
        let followed = told().into_iter().enumerate().map(|(at, told)| self.followed(at, told));
        let mut followed = followed.collect::<Result<Vec<_>, _>>()?;
        for project in projects(&followed) {
            let fields =
                self.operate("POST", &format!("/api/projects/{project}/fields"), &json!({ "create": true }))?;
            if fields["missing"] != 0 {
                let why = &fields["refused"][0]["why"];
                return Err(unexpected(&format!("every custom field of {project} to be made"), why).into());
            }
        }
        for call in &mut followed {
            let moments = call.telling(call.told.recorded == Recorded::AtOnce).moments(&self.edge().to_string());
            for (moment, request) in moments {
                let entry = self.tell(&request)?;
                // A form belongs to no call: what it is known by is its entry.
                if moment == FORM {
                    call.call_id = entry;
                }
            }
        }
        self.settle(&followed)?;
        for call in followed.iter().filter(|call| call.told.recorded == Recorded::Late) {
            let (_, request) = call.telling(true).after(&self.edge().to_string());
            self.tell(&request)?;
        }
        self.settle(&followed)?;
        Ok(followed)
    }

    fn followed(&self, at: usize, told: Told) -> Result<Followed, DemoError> {
        let account = self.accounts().iter().find(|account| account.project == told.project);
        let account = account.ok_or_else(|| io::Error::other(format!("no account of {}", told.project)))?;
        let (number, client) = client(account, told.client)?;
        // As Ringostat makes them: when the call began, and a number.
        let call_id = format!("ua0_-{}.{}", Clock::System.now().as_second(), 12_669_000 + at);
        let at = if account.takes_audio() { self.recordings() } else { "https://app.ringostat.com".to_owned() };
        let recording = format!("{at}/recordings/{call_id}.ogg?token=t0ken");
        Ok(Followed { told, call_id, number, client, recording })
    }

    /// Tells of something; gives its entry in the journal.
    fn tell(&self, request: &[u8]) -> Result<String, DemoError> {
        let heard = self.hear(Pbx::new(self.edge()).send(request))?;
        let said = json_of(&heard)?;
        let entry = said["id"].as_str().filter(|_| said["status"] == "stored");
        entry.map(str::to_owned).ok_or_else(|| unexpected("an event to be stored", &said).into())
    }

    /// Asks the operators' door.
    fn operate(&self, method: &str, target: &str, body: &Value) -> Result<Value, DemoError> {
        let request = match method {
            "POST" => json_request(&self.ops().to_string(), target, body),
            _ => format!("GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.ops()).into_bytes(),
        };
        // Making fields is a request to the CRM for each.
        let patient = Pbx::new(self.ops()).patience(WRITTEN_WITHIN);
        Ok(json_of(&self.hear(patient.send(&request))?)?)
    }

    /// Waits until nothing is left to be done.
    fn settle(&self, followed: &[Followed]) -> Result<(), DemoError> {
        let began = Instant::now();
        for project in projects(followed) {
            loop {
                let view = self.operate("GET", &format!("/api/projects/{project}"), &Value::Null)?;
                let by_state = &view["journal"]["by_state"];
                if by_state.is_object() && OPEN.iter().all(|state| by_state[state].is_null()) {
                    break;
                }
                if began.elapsed() > WRITTEN_WITHIN {
                    return Err(DemoError::Unwritten(WRITTEN_WITHIN, by_state.to_string()));
                }
                self.hear(async {
                    tokio::time::sleep(LOOK).await;
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// The row that decided about each call of a project, by the call's id, and about each form, by its entry's; the newest
    /// entry first.
    pub(super) fn rows(&self, project: &str) -> Result<Vec<(String, String)>, DemoError> {
        let listed = self.operate("GET", &format!("/api/journal?project={project}&limit=1000"), &Value::Null)?;
        let row = |entry: &Value| {
            let key = entry["call_id"].as_str().or_else(|| entry["id"].as_str())?;
            Some((key.to_owned(), entry["row"].as_str()?.to_owned()))
        };
        Ok(listed["entries"].as_array().into_iter().flatten().filter_map(row).collect())
    }
}

impl Followed {
    fn telling(&self, recorded: bool) -> Telling<'_> {
        let Told { project, out, result, line, shape, .. } = self.told;
        let recording = recorded.then_some(self.recording.as_str());
        Telling { project, call_id: &self.call_id, number: &self.number, out, result, line, recording, shape }
    }
}

/// The client's number, and what was there of them before.
fn client(account: &Account, client: Client) -> io::Result<(String, Vec<OpenEntity>)> {
    match client {
        Client::New(number) => Ok((number.to_owned(), Vec::new())),
        Client::Sample(name) => {
            let sample = account.crm.sample(name);
            let sample = sample.ok_or_else(|| io::Error::other(format!("expected the sample {name}, found none")))?;
            Ok((sample.number.to_owned(), sample.open))
        }
    }
}

/// The projects that are told of, each once.
fn projects(followed: &[Followed]) -> Vec<&'static str> {
    let mut projects: Vec<_> = followed.iter().map(|call| call.told.project).collect();
    projects.dedup();
    projects
}

fn json_of(heard: &Heard) -> io::Result<Value> {
    match (heard.status, serde_json::from_slice(&heard.body)) {
        (200, Ok(value)) => Ok(value),
        (status, _) => {
            let body = String::from_utf8_lossy(&heard.body);
            Err(io::Error::other(format!("expected JSON with status 200, found {status}: {body}")))
        }
    }
}

fn unexpected(expected: &str, found: &Value) -> io::Error {
    io::Error::other(format!("expected {expected}, found {found}"))
}
