//! The rows of the scenario matrices, each held against what its CRM then holds: the call is told at the door as Ringostat
//! tells it, and what must be there stands in `rows/CRM.toml`, written by hand from SCENARIOS. An id that stands there
//! several times is a row with several cases.
//!
//! What a file does not say of a thing must not be so: no link, no UTM marks, no audio, nothing else that it hangs on.
//! Where there are marks there are the call's id and status. Numbers are international without separators, open tasks are
//! due four hours after the call, no field says `(not set)`, and who is responsible for what was there stays: those need
//! no word in a file.

use std::{collections::BTreeSet, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use sandbox::{
    kit::{Entity, Neutral, OpenEntity, Reference, Thing},
    ringostat_api::{self, RECORDING_BYTES, RingostatApi},
};
use serde::Deserialize;
use serde_json::Value;

use crate::changes_stage::Stage;
use crate::rows_stage::{NEW, RECORDING, Telling, fields, print, read_again, stage};

/// A file of expectations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Row>,
}

/// One case of a row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The row's id.
    id: String,
    /// The named case who calls, `absent` for a new client.
    client: String,
    /// Kinds of the client's own that were deleted before the call.
    #[serde(default)]
    without: Vec<String>,
    told: Told,
    /// What the CRM holds afterwards that was not there before, all of it.
    #[serde(default)]
    holds: Vec<Holds>,
    /// Kinds of the client's own in whose fields the call then stands, all of them.
    #[serde(default)]
    onto: Vec<String>,
    /// How the journal says that it ended, where nothing was written by its last moment.
    outcome: Option<String>,
    /// Kinds of what is there before the call is over; nothing where it does not say.
    #[serde(default)]
    early: Vec<String>,
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
    /// When it began, where the day matters.
    began: Option<Timestamp>,
}

/// Something that the CRM holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Holds {
    what: String,
    /// By name.
    owner: String,
    /// The whole of it, where it matters.
    title: Option<String>,
    /// Kinds of what it hangs on, or is about, all of them; of the client's own where they were there before.
    #[serde(default)]
    on: Vec<String>,
    state: Option<String>,
    #[serde(default)]
    recording: bool,
    /// Whether the audio itself is there.
    #[serde(default)]
    audio: bool,
    #[serde(default)]
    utm: bool,
    /// Words that its title or text holds.
    #[serde(default)]
    says: Vec<String>,
    direction: Option<String>,
    /// Who made a call and who was called, where the vendor has parties: an employee, `contact`, else an address.
    from: Option<String>,
    to: Option<String>,
    /// The number that was dialled, where the vendor has a place for it.
    dialled: Option<String>,
}

/// When calls begin that do not say it.
const BEGAN: &str = "2024-11-11T09:04:41Z";
/// How long a call is, and its task is due after it.
const UNTIL_DUE: Duration = Duration::from_secs(87 + 4 * 3_600);
/// The UTM marks of the calls.
const MARKS: [&str; 3] = ["google", "cpc", "autumn"];
/// The project's zone.
const ZONE: &str = "Europe/Kyiv";

/// What a call was and left behind.
struct Scene<'a> {
    stage: &'a Stage,
    row: &'a Row,
    /// The client's number, digits only.
    number: &'a str,
    /// Where the audio lies.
    link: &'a str,
    call_id: &'a str,
    held: Vec<Thing>,
}

/// Holds the cases of a row against the CRM.
pub(crate) async fn hold(crm: &str, file: &str, test: &str) {
    let cases: Vec<Row> = cases(file).filter(|row| row.id.replace('-', "_") == test).collect();
    assert!(!cases.is_empty(), "expected a row of {crm} for {test}");
    for row in &cases {
        hold_case(crm, row).await;
    }
}

fn cases(file: &str) -> impl Iterator<Item = Row> {
    let file: File = toml::from_str(file).unwrap_or_else(|error| panic!("{error}"));
    file.row.into_iter()
}

/// The ids that stand in a file.
pub(crate) fn ids(file: &str) -> BTreeSet<String> {
    cases(file).map(|row| row.id).collect()
}

async fn hold_case(crm: &str, row: &Row) {
    let stage = stage(crm, "").await;
    for kind in &row.without {
        let OpenEntity { kind, id, .. } = there(&stage, row, kind).expect("what is deleted was there");
        stage.crm().change_neutral(Neutral::Delete { entity: Entity::new(kind, &id) }).expect("deleted");
        read_again(&stage).await;
    }
    let sample = stage.crm().sample(&row.client).expect("a named case");
    let number = if row.client == "absent" { NEW } else { sample.number };
    let recordings = RingostatApi::start(ringostat_api::Options::default()).await.expect("a stand-in");
    let link = recording(crm, &recordings.base_url());
    let by =
        row.told.by.as_deref().map(|name| if name.starts_with('_') { name.to_owned() } else { format!("acme_{name}") });
    let call_id = format!("ua0_-{}.12669683", began(row).as_second());
    let telling = Telling {
        call_id: &call_id,
        number,
        direction: &row.told.direction,
        status: &row.told.status,
        by: by.as_deref(),
        recording: row.told.recording.then_some(link.as_str()),
    };
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
    check_journal(&stage, row).await;
    let scene = Scene { stage: &stage, row, number, link: &link, call_id: &call_id, held: stage.crm().held() };
    scene.check();
}

fn began(row: &Row) -> Timestamp {
    row.told.began.unwrap_or_else(|| BEGAN.parse().expect("a time"))
}

/// The client's own of a kind, as it was there before the call.
fn there(stage: &Stage, row: &Row, kind: &str) -> Option<OpenEntity> {
    let sample = stage.crm().sample(&row.client).expect("a named case");
    sample.open.into_iter().find(|open| open.kind.word() == kind)
}

async fn check_journal(stage: &Stage, row: &Row) {
    let listed = stage.ops("GET", "/api/journal", &Value::Null).await;
    let entries = listed["entries"].as_array().expect("entries");
    assert!(entries.iter().all(|entry| entry["state"] == "done"), "{}: {listed}", row.id);
    let last = entries.first().expect("an entry");
    if let Some(outcome) = &row.outcome {
        assert_eq!(last["outcome"], **outcome, "{}: {last}", row.id);
    }
    match row.outcome.as_deref() {
        Some("no-row" | "in-progress") => assert_eq!(last["row"], Value::Null, "{}: {last}", row.id),
        _ => assert_eq!(last["row"], *row.id, "{}: {last}", row.id),
    }
    assert!(!row.holds.is_empty() || row.outcome.is_some(), "{}: expected an outcome where nothing is held", row.id);
}

/// Where a call's audio lies: on this machine where the vendor takes the audio itself, else where Ringostat has it.
fn recording(crm: &str, base_url: &str) -> String {
    let here = format!("{base_url}/recordings/ua0_-1731315881.12669683.ogg?token=t0ken");
    if crm == "pipedrive" { here } else { RECORDING.to_owned() }
}

impl Scene<'_> {
    fn check(&self) {
        let Row { id, holds, .. } = self.row;
        print(id, &self.held);
        let mut new: Vec<&Thing> = self.held.iter().filter(|thing| !thing.seeded).collect();
        for holds in holds {
            let fits = |thing: &&Thing| self.why_not(holds, thing).is_none();
            let Some(at) = new.iter().position(fits) else {
                let alike = new.iter().filter(|thing| thing.what == holds.what);
                let why: Vec<_> = alike.map(|thing| self.why_not(holds, thing)).collect();
                panic!("{id}: {}: expected {holds:?}\nfound {why:#?}\nin {new:#?}", self.row.client);
            };
            new.remove(at);
        }
        assert!(new.is_empty(), "{id}: {}: expected nothing else, found {new:#?}", self.row.client);
        self.check_what_was_there();
        for thing in &self.held {
            let unset = texts(thing).find(|text| text.contains("(not set)"));
            assert!(unset.is_none(), "{id}: {unset:?} in {thing:?}");
        }
    }

    /// The call stands in the fields of what it is written onto and of nothing else, and all owners are who they were.
    fn check_what_was_there(&self) {
        let Row { id, onto, .. } = self.row;
        let seeded = self.held.iter().filter(|thing| thing.seeded);
        for thing in seeded.clone() {
            let before = there(self.stage, self.row, &thing.what).filter(|open| open.id == thing.id);
            let before = before.unwrap_or_else(|| panic!("{id}: not the client's: {thing:?}"));
            assert_eq!(thing.owner.as_ref(), Some(&before.owner_id), "{id}: {thing:?}");
        }
        let told = seeded.filter(|thing| marks(thing) > 0 || (self.row.told.recording && self.is_recorded(thing)));
        let told: Vec<&Thing> = told.collect();
        let has_field = fields(self.stage.row.name).contains("recording =");
        for thing in &told {
            assert!(self.is_told(thing), "{id}: expected the call's id and status, found {thing:?}");
            assert_eq!(marks(thing), MARKS.len(), "{id}: {thing:?}");
            assert_eq!(self.is_recorded(thing), has_field && self.row.told.recording, "{id}: {thing:?}");
        }
        let told: BTreeSet<&str> = told.iter().map(|thing| thing.what.as_str()).collect();
        assert_eq!(told, onto.iter().map(String::as_str).collect(), "{id}: {:#?}", self.held);
    }

    /// What of an expectation a thing does not meet.
    fn why_not(&self, holds: &Holds, thing: &Thing) -> Option<String> {
        let unless = |fits: bool, what: &str| (!fits).then(|| format!("{what}: {thing:?}"));
        let text = format!("{} {}", thing.title, thing.text);
        let is_known = matches!(thing.what.as_str(), "contact" | "lead");
        let numbers = if is_known { vec![format!("+{}", self.number)] } else { thing.numbers.clone() };
        let is_open_task = thing.what == "task" && thing.state.as_deref() != Some("completed");
        let audio = holds.audio.then_some(RECORDING_BYTES as u64);
        unless(thing.what == holds.what, "kind")
            .or_else(|| unless(thing.owner == employee(self.stage, &holds.owner), "owner"))
            .or_else(|| unless(holds.title.as_ref().is_none_or(|title| *title == thing.title), "title"))
            .or_else(|| unless(self.hangs(holds, thing), "hangs on"))
            .or_else(|| unless(self.is_party(holds.from.as_deref(), "from", thing), "from"))
            .or_else(|| unless(self.is_party(holds.to.as_deref(), "to", thing), "to"))
            .or_else(|| unless(thing.fields.get("phonenumber") == holds.dialled.as_ref(), "dialled"))
            .or_else(|| unless(holds.state == thing.state, "state"))
            .or_else(|| unless(holds.direction == thing.direction, "direction"))
            .or_else(|| unless(holds.recording == self.is_recorded(thing), "recording"))
            .or_else(|| unless(audio == thing.audio_bytes, "audio"))
            .or_else(|| unless(marks(thing) == if holds.utm { MARKS.len() } else { 0 }, "UTM"))
            .or_else(|| unless(!holds.utm || self.is_told(thing), "call id and status"))
            .or_else(|| unless(numbers == thing.numbers, "number"))
            .or_else(|| unless(!is_open_task || self.is_due(thing.due.as_deref()), "due"))
            .or_else(|| unless(holds.says.iter().all(|words| text.contains(words.as_str())), "text"))
    }

    fn is_recorded(&self, thing: &Thing) -> bool {
        texts(thing).any(|text| text.replace("&amp;", "&").contains(self.link))
    }

    /// Whether the call's id and how it ended stand in its fields, where the customer of this CRM has fields for them.
    fn is_told(&self, thing: &Thing) -> bool {
        let has = |value: &str| thing.fields.values().any(|held| held == value);
        !fields(self.stage.row.name).contains("call_id") || (has(self.call_id) && has(&self.row.told.status))
    }

    /// Whether it hangs on the client's of these kinds and on nothing else.
    fn hangs(&self, holds: &Holds, thing: &Thing) -> bool {
        let is_party = |on: &&Reference| matches!(on.role.as_deref(), Some("from" | "to"));
        let on: Vec<(&str, Option<&String>)> =
            thing.on.iter().filter(|on| !is_party(on)).map(|on| (on.what.as_str(), Some(&on.id))).collect();
        let wanted: Vec<(&str, Option<String>)> = holds.on.iter().map(|kind| (kind.as_str(), self.own(kind))).collect();
        on.len() == wanted.len() && wanted.iter().all(|(kind, id)| id.is_some() && on.contains(&(*kind, id.as_ref())))
    }

    /// Whether that is the one party in a role, or there is none.
    fn is_party(&self, party: Option<&str>, role: &str, thing: &Thing) -> bool {
        let in_role: Vec<&Reference> = thing.on.iter().filter(|on| on.role.as_deref() == Some(role)).collect();
        let wanted = party.map(|party| match party {
            "contact" => ("contact", self.own("contact")),
            name => match employee(self.stage, name) {
                Some(id) => ("user", Some(id)),
                None => ("address", Some(name.to_owned())),
            },
        });
        match (wanted, &in_role[..]) {
            (None, []) => true,
            (Some((what, Some(id))), [found]) => found.what == what && found.id == id,
            _ => false,
        }
    }

    /// The client's of a kind: the one that was made, else the one that was there.
    fn own(&self, kind: &str) -> Option<String> {
        let made = self.held.iter().find(|made| !made.seeded && made.what == kind).map(|made| made.id.clone());
        let left = |kind: &&str| !self.row.without.iter().any(|gone| gone == kind);
        made.or_else(|| Some(kind).filter(left).and_then(|kind| there(self.stage, self.row, kind)).map(|open| open.id))
    }

    /// Exact to the minute where the vendor keeps a time, to the project's day where it keeps a date.
    fn is_due(&self, due: Option<&str>) -> bool {
        let expected = began(self.row).checked_add(UNTIL_DUE).expect("a time");
        let Some(due) = due else { return false };
        match due.parse::<Timestamp>() {
            Ok(exact) => (exact.as_second() - expected.as_second()).abs() < 60,
            Err(_) => due == expected.to_zoned(TimeZone::get(ZONE).expect("a zone")).date().to_string(),
        }
    }
}

/// Everything that stands in a thing.
fn texts(thing: &Thing) -> impl Iterator<Item = &String> {
    [&thing.title, &thing.text].into_iter().chain(&thing.recording).chain(thing.fields.values())
}

/// How many of the UTM marks stand in its fields.
fn marks(thing: &Thing) -> usize {
    MARKS.iter().filter(|mark| thing.fields.values().any(|value| value == *mark)).count()
}

/// The id of a user by name, in the order of the stand-ins' employees.
fn employee(stage: &Stage, name: &str) -> Option<String> {
    let at = ["anna", "bohdan", "oksana", "petro"].iter().position(|known| *known == name);
    at.map(|at| stage.crm().employees()[at].clone())
}

/// A test for each row, named after it.
macro_rules! rows {
    ($crm:literal, $file:literal: $($test:ident)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            $crate::rows_hold::hold($crm, include_str!($file), stringify!($test)).await;
        })+

        /// The rows that have a test here.
        pub(crate) const TESTED: &[&str] = &[$(stringify!($test)),+];
        /// What they hold.
        pub(crate) const FILE: &str = include_str!($file);
    };
}
pub(crate) use rows;
