//! What every writer must do, as a suite: an adapter's tests stage its stand-in as a [`WriteStage`] and name it in
//! [`writing_tests`].

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{Timestamp, tz::TimeZone};
use sandbox::kit::{Fault, Thing};

use crate::crm::failure::Failure;
use crate::crm::writer::{Audio, Look, Mark, Order, Receipt, Writer};
use crate::model::{
    action::{Action, Link},
    call::{Call, Direction, Outcome, Utm},
    client::Kind,
    ids::CrmId,
    phone::PhoneKey,
};

/// A stand-in and a writer into it.
///
/// `[crm.fields]` of the writers names a field of every meaning, for everything that can have one.
#[async_trait]
pub(super) trait WriteStage: Send + Sync {
    /// A writer with quota enough that waits this long for a reply.
    fn writer_within(&self, timeout: Duration) -> Arc<dyn Writer>;
    /// A writer whose account has spent its day.
    fn spent_writer(&self) -> Arc<dyn Writer>;
    /// The kinds that can be made, each after what it hangs on.
    fn makes(&self) -> &[Kind];
    /// Whether this CRM keeps a record of calls, and notes.
    fn has_calls_and_notes(&self) -> (bool, bool) {
        (true, true)
    }
    /// A user who may own things.
    fn user(&self) -> CrmId;
    /// A seeded contact with an empty field for every UTM mark, and its number.
    fn known(&self) -> (Link, PhoneKey);
    /// A number that nobody has.
    fn nobody(&self) -> PhoneKey;
    /// An id that is well formed and nobody's.
    fn missing(&self, kind: Kind) -> CrmId;
    /// What the stand-in holds that was not there at first.
    fn held(&self) -> Vec<Thing>;
    /// Befalls requests from now on.
    fn stage(&self, fault: Fault);
    /// Befalls them no more.
    fn clear(&self);
    /// The path that requests for this action's first part begin with, and its method.
    fn door_of(&self, action: &Action) -> (String, String);
    /// Lets the stand-in's time pass.
    fn advance(&self, by: Duration);
    /// Whether the credentials are accepted from now on.
    fn set_accepted(&self, accepted: bool);

    /// A writer that waits for a reply even on a machine that is busy with other tests.
    fn writer(&self) -> Arc<dyn Writer> {
        self.writer_within(LONG / 2)
    }
}

pub(super) const LONG: Duration = Duration::from_secs(20);
/// More parts than any order has.
const MOST_PARTS: usize = 8;

pub(super) fn call(number: PhoneKey) -> Call {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let text = |text: &str| Some(text.to_owned());
    Call {
        id: text("ua0_-1731315881.12669683"),
        outcome: Some(Outcome::Answered),
        status: text("ANSWERED"),
        client: Some(number),
        company: text("380442000000"),
        started: Timestamp::from_second(1_731_315_881).ok(),
        talk: seconds(75),
        wait: seconds(12),
        total: seconds(87),
        recording: text("https://app.ringostat.com/recordings/ua0_-1731315881.12669683.ogg?token=t0ken"),
        utm: Utm {
            source: text("google"),
            medium: text("cpc"),
            campaign: text("autumn & winter"),
            term: text("купити двері"),
            content: None,
        },
        client_id: text("1234567.7654321"),
        ..Call::new(Direction::In)
    }
}

pub(super) fn order(stage: &dyn WriteStage, step: &str, action: Action, on: Vec<Link>) -> Order {
    let call = call(stage.nobody());
    Order {
        mark: Mark::of(&["acme", "ua0_-1731315881.12669683", step]),
        action,
        owner: Some(stage.user()),
        on,
        call,
        zone: TimeZone::UTC,
        audio: None,
    }
}

pub(super) fn create(kind: Kind) -> Action {
    let title = if kind == Kind::Contact { String::new() } else { format!("Call from 380… <{kind}> & \"more\"") };
    Action::Create {
        kind,
        title,
        text: "First line\nsecond <line>".to_owned(),
        utm: true,
        recording: true,
        fields: Vec::new(),
    }
}

pub(super) fn task(completed: bool) -> Action {
    Action::Task {
        subject: "Call back & ask <why>".to_owned(),
        text: "Call of 380…\nhttps://app.ringostat.com/recordings/1.ogg?token=a&b=c".to_owned(),
        completed,
        due: Timestamp::from_second(1_731_330_368).expect("a time"),
    }
}

pub(super) fn audio() -> Audio {
    Audio { file_name: "call.ogg".to_owned(), media_type: "audio/ogg".to_owned(), bytes: vec![0x4f; 2_000_000].into() }
}

/// Every part of an order, each performed once.
pub(super) async fn perform(writer: &dyn Writer, order: &Order) -> Result<Vec<String>, Failure> {
    let (mut parts, mut order) = (Vec::new(), order.clone());
    while parts.len() < MOST_PARTS {
        order.audio = writer.wants_audio(&order, &parts).then(audio);
        let Receipt { id, whole } = writer.perform(&order, &parts).await?;
        assert!(!id.is_empty(), "expected an id, found none");
        parts.push(id);
        if whole {
            return Ok(parts);
        }
    }
    panic!("expected an end, found more than {MOST_PARTS} parts")
}

/// Makes one of each kind, each on those before, and says which.
async fn make_all(stage: &dyn WriteStage) -> BTreeMap<Kind, Link> {
    let writer = stage.writer();
    let mut made = BTreeMap::new();
    for &kind in stage.makes() {
        let on = if kind == Kind::Lead {
            Vec::new()
        } else {
            made.values().copied().filter(|link: &Link| link.kind != Kind::Lead).collect()
        };
        let parts = perform(&*writer, &order(stage, kind.word(), create(kind), on)).await.expect("an entity");
        let id = CrmId::parse(parts.last().expect("a part")).expect("an id that other records can be linked to");
        made.insert(kind, Link { kind, id });
    }
    made
}

pub(super) fn count(stage: &dyn WriteStage, what: &str) -> usize {
    stage.held().iter().filter(|thing| thing.what == what && !thing.seeded).count()
}

fn hangs_on(thing: &Thing, link: &Link) -> bool {
    thing.on.iter().any(|on| on.what == link.kind.word() && on.id == link.id.to_string())
}

pub(super) async fn every_entity_is_made_with_its_owner_and_number_and_hangs_on_those_before(stage: &dyn WriteStage) {
    let made = make_all(stage).await;
    let held = stage.held();
    for link in made.values() {
        let thing = held.iter().find(|thing| thing.what == link.kind.word() && thing.id == link.id.to_string());
        let thing = thing.unwrap_or_else(|| panic!("expected the {}, found {held:?}", link.kind));
        assert_eq!(thing.owner, Some(stage.user().to_string()), "{}", link.kind);
        if matches!(link.kind, Kind::Contact | Kind::Lead) {
            let digits: Vec<String> =
                thing.numbers.iter().map(|text| text.chars().filter(char::is_ascii_digit).collect()).collect();
            assert!(digits.contains(&stage.nobody().digits().to_string()), "{:?}", thing.numbers);
            let separated = |text: &&String| text.chars().any(|letter| !letter.is_ascii_digit() && letter != '+');
            assert_eq!(thing.numbers.iter().find(separated), None, "international form without separators");
        }
        if matches!(link.kind, Kind::Deal | Kind::Ticket) {
            assert!(hangs_on(thing, &made[&Kind::Contact]), "{}: {:?}", link.kind, thing.on);
        }
        assert!(thing.fields.values().any(|value| value == "autumn & winter"), "UTM: {:?}", thing.fields);
    }
}

pub(super) async fn tasks_open_and_completed_hang_where_they_should(stage: &dyn WriteStage) {
    let made = make_all(stage).await;
    let on: Vec<Link> =
        made.values().copied().filter(|link| matches!(link.kind, Kind::Contact | Kind::Deal | Kind::Ticket)).collect();
    for (completed, state) in [(true, "completed"), (false, "open")] {
        let order = order(stage, state, task(completed), on.clone());
        let parts = perform(&*stage.writer(), &order).await.expect("a task");
        let held = stage.held();
        let task = held.iter().find(|thing| thing.what == "task" && parts.contains(&thing.id)).expect("the task");
        assert_eq!((task.state.as_deref(), task.owner.clone()), (Some(state), Some(stage.user().to_string())));
        assert!(hangs_on(task, &made[&Kind::Contact]), "{:?}", task.on);
        let due = task.due.as_deref().expect("a due time");
        assert!(due.starts_with("2024-11-11"), "{due}");
    }
    assert_eq!(count(stage, "task"), 2);
}

pub(super) async fn a_call_is_written_with_its_recording_length_and_client(stage: &dyn WriteStage) {
    if !stage.has_calls_and_notes().0 {
        return;
    }
    let made = make_all(stage).await;
    let on: Vec<Link> = made.values().copied().filter(|link| matches!(link.kind, Kind::Contact | Kind::Deal)).collect();
    let action = Action::Call {
        subject: "Incoming call".to_owned(),
        text: "Line\nhttps://app.ringostat.com/r.ogg".to_owned(),
        recording: true,
    };
    perform(&*stage.writer(), &order(stage, "call", action, on)).await.expect("a call");
    let held = stage.held();
    let calls: Vec<&Thing> = held.iter().filter(|thing| thing.what == "call").collect();
    let [call] = calls[..] else { panic!("expected one call, found {calls:?}") };
    assert_eq!(call.direction.as_deref(), Some("in"));
    assert!(hangs_on(call, &made[&Kind::Contact]), "{:?}", call.on);
    // Some vendors keep minutes: rounded up.
    assert!(matches!(call.seconds, Some(75 | 120)), "{:?}", call.seconds);
    let link = "https://app.ringostat.com/";
    let told = call.recording.as_deref().is_some_and(|url| url.starts_with(link)) || call.text.contains(link);
    assert!(told, "the recording's link: {call:?}");
}

pub(super) async fn a_note_hangs_on_what_it_is_about(stage: &dyn WriteStage) {
    if !stage.has_calls_and_notes().1 {
        return;
    }
    let (contact, _) = stage.known();
    let action = Action::Note { text: "First <line>\nsecond".to_owned() };
    perform(&*stage.writer(), &order(stage, "note", action, vec![contact])).await.expect("a note");
    let held = stage.held();
    let note = held.iter().find(|thing| thing.what == "note").expect("the note");
    assert!(hangs_on(note, &contact), "{:?}", note.on);
}

pub(super) async fn utm_marks_are_written_only_while_all_of_them_are_empty(stage: &dyn WriteStage) {
    let (contact, _) = stage.known();
    let action = Action::Update { utm: true, call: true, client: false, fields: Vec::new() };
    let marks = |stage: &dyn WriteStage| {
        let held = stage.held();
        let thing = held.iter().find(|thing| thing.what == "contact" && thing.id == contact.id.to_string());
        thing.map(|thing| thing.fields.clone()).unwrap_or_default()
    };
    let first = order(stage, "update", action.clone(), vec![contact]);
    perform(&*stage.writer(), &first).await.expect("an update");
    let written = marks(stage);
    assert!(written.values().any(|value| value == "autumn & winter"), "{written:?}");
    let mut second = order(stage, "update-2", action, vec![contact]);
    second.call.utm = Utm { source: Some("bing".to_owned()), content: Some("banner".to_owned()), ..Utm::default() };
    perform(&*stage.writer(), &second).await.expect("an update");
    let after = marks(stage);
    assert!(!after.values().any(|value| value == "bing" || value == "banner"), "{after:?}");
    assert!(after.values().any(|value| value == "autumn & winter"), "{after:?}");
}

pub(super) async fn a_recording_that_comes_late_is_added_to_what_was_made(stage: &dyn WriteStage) {
    let (contact, _) = stage.known();
    let late = "https://app.ringostat.com/recordings/late.ogg?token=x";
    let with = |text: &str| match task(true) {
        Action::Task { subject, completed, due, .. } => Action::Task { subject, completed, due, text: text.to_owned() },
        other => other,
    };
    let mut first = order(stage, "task", with("Without"), vec![contact]);
    first.call.recording = None;
    let parts = perform(&*stage.writer(), &first).await.expect("a task");
    let amend =
        Action::Amend { id: parts.last().expect("a part").clone(), to: Box::new(with(&format!("With {late}"))) };
    let mut second = order(stage, "task-amend", amend, vec![contact]);
    second.call.recording = Some(late.to_owned());
    perform(&*stage.writer(), &second).await.expect("an amendment");
    let held = stage.held();
    let tasks: Vec<&Thing> = held.iter().filter(|thing| thing.what == "task").collect();
    let [task] = tasks[..] else { panic!("expected one task, found {tasks:?}") };
    assert!(task.text.contains("late.ogg"), "{task:?}");
    assert!(task.text.contains("Without"), "what stood there stays: {task:?}");
    assert_eq!(task.state.as_deref(), Some("completed"));
}

pub(super) async fn a_late_recording_reaches_a_written_call(stage: &dyn WriteStage) {
    if !stage.has_calls_and_notes().0 {
        return;
    }
    let (contact, _) = stage.known();
    let late = "https://app.ringostat.com/recordings/late.ogg?token=x";
    let action = |text: &str, recording| Action::Call { subject: "Call".to_owned(), text: text.to_owned(), recording };
    let mut first = order(stage, "call", action("Without", false), vec![contact]);
    first.call.recording = None;
    let parts = perform(&*stage.writer(), &first).await.expect("a call");
    let to = Box::new(action(&format!("With {late}"), true));
    let mut second =
        order(stage, "call-amend", Action::Amend { id: parts.last().expect("a part").clone(), to }, vec![contact]);
    second.call.recording = Some(late.to_owned());
    perform(&*stage.writer(), &second).await.expect("an amendment");
    let held = stage.held();
    let calls: Vec<&Thing> = held.iter().filter(|thing| thing.what == "call").collect();
    let [call] = calls[..] else { panic!("expected one call, found {calls:?}") };
    let told = call.recording.as_deref().is_some_and(|url| url.contains("late.ogg")) || call.text.contains("late.ogg");
    assert!(told, "{call:?}");
    assert!(call.text.contains("Without"), "what stood there stays: {call:?}");
}

/// Whatever is made: the answer is lost after the vendor acted, the mark finds it, and nothing is there twice. And where
/// the request never arrived, nothing is found and the second try makes it.
pub(super) async fn a_fresh_look_shows_what_is_there_and_what_was_just_made(stage: &dyn WriteStage) {
    let (contact, number) = stage.known();
    let writer = stage.writer();
    let found = writer.look(&Look { number: Some(number), ..Look::default() }).await.expect("an answer");
    assert!(found.iter().any(|record| (record.kind, record.id, record.open) == (contact.kind, contact.id, true)));
    let made = make_all(stage).await;
    let known: Vec<Link> =
        made.values().copied().chain([Link { kind: Kind::Contact, id: stage.missing(Kind::Contact) }]).collect();
    let found = writer.look(&Look { number: Some(stage.nobody()), known, ..Look::default() }).await.expect("an answer");
    for link in made.values() {
        assert!(
            found.iter().any(|record| (record.kind, record.id) == (link.kind, link.id)),
            "{}: {found:?}",
            link.kind
        );
    }
    assert!(!found.iter().any(|record| record.id == stage.missing(Kind::Contact)));
    let nobody = writer.look(&Look::default()).await.expect("an answer");
    assert!(nobody.is_empty());
}

pub(super) async fn fields_that_are_configured_are_looked_for(stage: &dyn WriteStage) {
    let fields = stage.writer().fields().await.expect("an answer");
    assert!(!fields.is_empty());
    let missing: Vec<_> = fields.iter().filter(|field| !field.there).collect();
    assert!(missing.is_empty(), "the stage's fields are all there: {missing:?}");
}

/// One test per case of the suite and of that of troubles; `$stage` is an async function that makes a fresh
/// [`WriteStage`].
macro_rules! writing_tests {
    ($stage:path) => {
        $crate::crm::contract_writing::writing_tests! { @cases contract_writing $stage:
            every_entity_is_made_with_its_owner_and_number_and_hangs_on_those_before
            tasks_open_and_completed_hang_where_they_should
            a_call_is_written_with_its_recording_length_and_client
            a_note_hangs_on_what_it_is_about
            utm_marks_are_written_only_while_all_of_them_are_empty
            a_recording_that_comes_late_is_added_to_what_was_made
            a_late_recording_reaches_a_written_call
            a_fresh_look_shows_what_is_there_and_what_was_just_made
            fields_that_are_configured_are_looked_for
        }
        $crate::crm::contract_writing::writing_tests! { @cases contract_forms $stage:
            who_left_no_number_is_found_by_all_of_what_they_left
            who_left_no_number_is_made_once_although_the_answer_was_lost
            what_a_person_has_put_right_stays_and_the_same_again_changes_nothing
        }
        $crate::crm::contract_writing::writing_tests! { @cases contract_trouble $stage:
            what_was_made_although_the_answer_was_lost_is_found_and_not_made_again
            what_hangs_on_somebody_who_is_gone_is_refused_with_the_crms_words
            without_quota_nothing_is_written
            credentials_are_checked_cheaply_and_told_when_they_are_refused
            an_unavailable_crm_is_waited_for
            a_crm_that_hangs_leaves_a_write_unclear
        }
    };
    (@cases $suite:ident $stage:path: $($case:ident)+) => {
        $(#[tokio::test]
        async fn $case() {
            $crate::crm::$suite::$case(&$stage().await).await;
        })+
    };
}
pub(super) use writing_tests;
