//! Events as accounts send them, in every shape that has been seen.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::{EventField, Told, decode, identity_of_unreadable, time_of_call_id};
use crate::model::{
    call::{Direction, Moment},
    event::Event,
};
use crate::telephony::{EventNames, Incoming, Malformed};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn told(moment: Moment, query: &str, typed: &str, body: &str) -> Result<Told, Malformed> {
    told_with(moment, &EventNames::default(), (query, typed, body.as_bytes()))
}

fn told_with(moment: Moment, names: &EventNames, (query, typed, body): (&str, &str, &[u8])) -> Result<Told, Malformed> {
    let body = Bytes::copy_from_slice(body);
    decode(&Incoming { query: Some(query), content_type: Some(typed), body: &body }, moment, names)
}

#[track_caller]
fn event(moment: Moment, body: &str) -> Event {
    told(moment, "token=t", JSON, body).expect(body).event
}

#[test]
fn the_documented_outgoing_call_is_read() {
    let event = event(
        Moment::AfterOutgoing,
        r#"{"call_id":"ua0_-1731315881.12669683","caller":"\"Support PhonerLite\" <38067>","callee":"380441112233",
            "status":"ANSWERED","date":"2024-11-11 11:04:41","call_duration":50,"waiting":27,"dialog":23,"type":"out",
            "record":"71088539620","recording_wav":"https://app.ringostat.com/recordings/x.wav?token=a","has_recording":"1",
            "employee_fio":"Anna K","department":"Sales","staffid":"1111","outbound_number":"380442000000","project_id":"1"}"#,
    );
    assert_eq!((event.direction, event.status.as_deref()), (Some(Direction::Out), Some("ANSWERED")));
    assert_eq!((event.callee.as_deref(), event.outbound.as_deref()), (Some("380441112233"), Some("380442000000")));
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!((event.talk, event.wait, event.total), (seconds(23), seconds(27), seconds(50)));
    assert_eq!(event.recording.as_deref(), Some("https://app.ringostat.com/recordings/x.wav?token=a"));
    assert_eq!((event.speaker.staff_id.as_deref(), event.speaker.name.as_deref()), (Some("1111"), Some("Anna K")));
}

#[test]
fn the_nested_form_is_read_outer_fields_before_inner_ones() {
    let event = event(
        Moment::AfterCall,
        r#"{"uniqueid":"pl5_-1731315881.1","calldate":"2024-11-11 11:04:41","type":"in","additional_call_data":
            {"userfield":"380671112233","dst":"380442000000","call_type":"out","connected_with":"acme_anna",
             "extension_number":"101","employee_email":"anna@acme.example"}}"#,
    );
    assert_eq!(event.call_id.as_deref(), Some("pl5_-1731315881.1"));
    assert_eq!((event.direction, event.client.as_deref()), (Some(Direction::In), Some("380671112233")));
    assert_eq!((event.callee.as_deref(), event.speaker.line.as_deref()), (Some("380442000000"), Some("acme_anna")));
    assert_eq!(
        (event.speaker.extension.as_deref(), event.speaker.email.as_deref()),
        (Some("101"), Some("anna@acme.example"))
    );
}

#[test]
fn a_pick_up_with_nulls_ints_and_microseconds_is_read() {
    let event = event(
        Moment::PickUp,
        r#"{"duration_conversation":null,"duration_call":null,"type":"in","call_date":"2024-10-08 17:47:25",
            "call_timestamp":"1728427645501605","connected_with":"examplecom_jane","status":null,
            "destination":"17730000000","number_e164":"+13120000000","employee":null,"employee_id":331851,"unique_call":"0",
            "call_id":"us1_-1728427645.1098915","caller_number":"13120000000","recording":null,"project_id":"110070"}"#,
    );
    assert_eq!(event.started, Timestamp::from_microsecond(1_728_427_645_501_605).ok());
    assert_eq!((event.caller.as_deref(), event.speaker.staff_id.as_deref()), (Some("13120000000"), Some("331851")));
    assert_eq!((event.status, event.talk, event.recording), (None, None, None));
}

#[test]
fn the_same_event_is_read_from_every_form() {
    let json = r#"{"call_id":"ua0_-1731315881.1","caller":"%2B380671112233","status":"NO%20ANSWER","type":"in"}"#;
    let pairs = "call_id=ua0_-1731315881.1&caller=%2B380671112233&status=NO+ANSWER&type=in";
    let by_json = told(Moment::AfterCall, "token=a", JSON, json).expect("JSON");
    let by_form = told(Moment::AfterCall, "", FORM, pairs).expect("a form");
    let by_query = told(Moment::AfterCall, &format!("{pairs}&token=b"), "", "").expect("a query");
    assert_eq!(by_json.event, by_form.event);
    assert_eq!(by_json.event, by_query.event);
    assert_eq!((&by_json.identity, &by_json.identity), (&by_form.identity, &by_query.identity));
}

#[test]
fn statuses_are_read_however_their_blanks_are_written() {
    for (sent, read) in [
        ("NO ANSWER", "NO ANSWER"),
        ("NO+ANSWER", "NO ANSWER"),
        ("no_answer", "NO ANSWER"),
        ("NOANSWER", "NO ANSWER"),
        ("NO FORWARD", "NO-FORWARD"),
        ("NO-FORWARD", "NO-FORWARD"),
        ("FAILED_FORBIDDEN_DESTINATION", "FAILED FORBIDDEN DESTINATION"),
        (" answered ", "ANSWERED"),
    ] {
        let read_as =
            event(Moment::AfterCall, &serde_json::json!({"id": "1x", "disposition": sent}).to_string()).status;
        assert_eq!(read_as.as_deref(), Some(read), "{sent}");
    }
}

#[test]
fn directions_are_read_in_any_case_and_an_unknown_one_is_none() {
    for (sent, read) in [
        ("in", Some(Direction::In)),
        ("OUT", Some(Direction::Out)),
        ("callback", Some(Direction::In)),
        ("transitin", Some(Direction::In)),
        ("transitout", Some(Direction::Out)),
        ("sideways", None),
    ] {
        let body = serde_json::json!({"id": "1x", "call_type": sent}).to_string();
        assert_eq!(event(Moment::AfterCall, &body).direction, read, "{sent}");
    }
}

#[test]
fn lengths_are_read_as_numbers_texts_clocks_and_milliseconds() {
    let talk = |value: serde_json::Value| {
        event(Moment::AfterCall, &serde_json::json!({"id": "1x", "billsec": value}).to_string()).talk
    };
    let is = |milliseconds| Some(Duration::from_millis(milliseconds));
    assert_eq!(talk(75.into()), is(75_000));
    assert_eq!(talk("75".into()), is(75_000));
    assert_eq!(talk(75.5.into()), is(75_500));
    assert_eq!(talk("01:15".into()), is(75_000));
    assert_eq!(talk("1:00:15".into()), is(3_615_000));
    for nonsense in ["-1", "soon", "1:x", "1e99"] {
        assert_eq!(talk(nonsense.into()), None, "{nonsense}");
    }
    let body = r#"{"id":"1x","duration_call_ms":87250,"duration_conversation_ms":"75250"}"#;
    let event = event(Moment::AfterCall, body);
    assert_eq!((event.total, event.talk), (is(87_250), is(75_250)));
}

#[test]
fn what_means_nothing_is_not_there() {
    let event = event(
        Moment::AfterCall,
        r#"{"call_id":"ua0_-1.1","employee_number":"-1","utm_source":"(direct)","utm_medium":"(none)",
            "utm_campaign":"(not set)","utm_term":"  ","utm_content":"banner","client_id":"-1","caller":""}"#,
    );
    assert_eq!((event.speaker.staff_id, event.caller, event.client_id), (None, None, None));
    assert_eq!((event.utm.source, event.utm.medium, event.utm.campaign, event.utm.term), (None, None, None, None));
    assert_eq!(event.utm.content.as_deref(), Some("banner"));
}

#[test]
fn a_recording_is_an_address_whatever_its_flag_says() {
    let recording = |body: &str| event(Moment::AfterCall, body).recording;
    let link = "https://app.ringostat.com/recordings/1.ogg?token=t";
    let flagged = format!(r#"{{"id":"1x","has_recording":0,"recording":"{link}"}}"#);
    assert_eq!(recording(&flagged).as_deref(), Some(link));
    assert_eq!(recording(r#"{"id":"1x","record":"71088539620","has_recording":"1"}"#), None);
    let both = format!(r#"{{"id":"1x","recording_wav":"","recording":"no","record_link":"{link}"}}"#);
    assert_eq!(recording(&both).as_deref(), Some(link));
}

#[test]
fn a_name_that_the_project_gives_goes_before_every_usual_one() {
    let names = EventNames::new([(EventField::Caller, "who".into()), (EventField::Status, "Wynik".into())]);
    let body = br#"{"id":"1x","caller":"1","who":"2","status":"BUSY","Wynik":"ANSWERED"}"#;
    let event = told_with(Moment::AfterCall, &names, ("", JSON, body)).expect("an event").event;
    assert_eq!((event.caller.as_deref(), event.status.as_deref()), (Some("2"), Some("ANSWERED")));
    let without = told_with(Moment::AfterCall, &names, ("", JSON, br#"{"id":"1x","caller":"1"}"#)).expect("an event");
    assert_eq!(without.event.caller.as_deref(), Some("1"));
}

#[test]
fn the_same_again_has_the_same_identity_and_anything_else_another() {
    let identity = |moment, body: &str| told(moment, "token=t", JSON, body).expect(body).identity;
    let first = identity(Moment::AfterCall, r#"{"call_id":"a-1","status":"ANSWERED","dialog":3}"#);
    assert_eq!(first.len(), 32);
    assert_eq!(
        first,
        identity(Moment::AfterCall, r#"{"dialog":"3","STATUS":"ANSWERED","call_id":"a-1","extra":null}"#)
    );
    for (moment, body) in [
        (Moment::PickUp, r#"{"call_id":"a-1","status":"ANSWERED","dialog":3}"#),
        (Moment::AfterCall, r#"{"call_id":"a-2","status":"ANSWERED","dialog":3}"#),
        (Moment::AfterCall, r#"{"call_id":"a-1","status":"ANSWERED","dialog":3,"recording":"https://x.example/1"}"#),
    ] {
        assert_ne!(first, identity(moment, body), "{body}");
    }
    let without = |body: &str| identity(Moment::BeforeOutgoing, body);
    let one = without(r#"{"callers_number":"acme_anna","destination":"380671112233"}"#);
    assert_eq!(one, without(r#"{"callers_number":"acme_anna","destination":"380671112233"}"#));
    assert_ne!(one, without(r#"{"destination":"380671112233","callers_number":"acme_anna"}"#), "the raw body counts");
}

#[test]
fn what_cannot_be_understood_is_refused_with_a_reason_and_kept_by_its_bytes() {
    let deep = format!("{}{{\"id\":\"1x\"}}{}", "{\"a\":".repeat(20), "}".repeat(20));
    let many = format!("{{{}}}", (0..1_001).map(|at| format!("\"f{at}\":1")).collect::<Vec<_>>().join(","));
    for body in ["{", "[1]", "\"x\"", r#"{"colour":"red"}"#, "{}", &deep, &many] {
        let error = told(Moment::AfterCall, "token=t", JSON, body).expect_err(body);
        assert!(error.reason.starts_with("expected "), "{}", error.reason);
    }
    assert!(told_with(Moment::AfterCall, &EventNames::default(), ("", FORM, &[0xff, 0xfe])).is_err());
    assert!(told(Moment::AfterCall, "a=%zz", "", "").is_err());
    let identity = identity_of_unreadable(Moment::AfterCall, "", b"{");
    assert_ne!(identity, identity_of_unreadable(Moment::AfterCall, "", b"["));
    assert_ne!(identity, identity_of_unreadable(Moment::PickUp, "", b"{"));
}

#[test]
fn a_calls_id_tells_when_it_began() {
    for (id, began) in [
        ("us1_-1728427645.1098915", Some(1_728_427_645)),
        ("ua0_-1731315881.12669683", Some(1_731_315_881)),
        ("pkv", None),
        ("123456", None),
        ("us1_-17284.1", None),
    ] {
        assert_eq!(time_of_call_id(id).map(|time| time.as_second()), began, "{id}");
    }
}
