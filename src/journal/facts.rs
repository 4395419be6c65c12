//! What the events of a call say together.

use jiff::{civil::DateTime, tz::TimeZone};

use crate::model::{
    call::{Call, Direction, Moment, Speaker},
    event::Event,
    phone::{NumberReader, PhoneKey},
};
use crate::telephony::ringostat::event::time_of_call_id;

/// Puts the events of one call together, in whatever order they came.
///
/// Later moments know better than earlier ones, and of one moment the event that came last, so `events` are in the order
/// they came. What one does not say another may. Of several who took the call the last one spoke.
#[must_use]
pub(super) fn call_of(events: &[Event], numbers: &NumberReader, zone: &TimeZone) -> Call {
    let mut ordered: Vec<&Event> = events.iter().collect();
    ordered.sort_by_key(|event| rank(event.moment));
    let mut call = Call::new(direction(&ordered));
    for event in &ordered {
        take(&mut call, event);
    }
    call.client = ordered.iter().rev().find_map(|event| client_of(event, call.direction, numbers));
    call.client_name = ordered.iter().rev().find_map(|event| name_of(event, (call.direction, call.client), numbers));
    call.company = ordered.iter().rev().find_map(|event| company_of(event, (call.direction, call.client), numbers));
    if call.direction == Direction::Out {
        // Whom somebody calls is connected as well, and is none of ours.
        let client = call.client;
        call.speaker.line.take_if(|line| client.is_some() && numbers.quick(line).ok() == client);
        // Who makes a call is told as its caller: a SIP login, or a line of ours.
        let caller = || ordered.iter().rev().find_map(|event| event.caller.as_deref()).map(bare);
        call.speaker.line = call.speaker.line.take().or_else(caller);
    }
    call.started = ordered
        .iter()
        .find_map(|event| event.started)
        .or_else(|| call.id.as_deref().and_then(time_of_call_id))
        .or_else(|| ordered.iter().find_map(|event| local_time(event.started_local.as_deref()?, zone)));
    call
}

const fn rank(moment: Moment) -> u8 {
    match moment {
        Moment::BeforeCall | Moment::BeforeOutgoing => 0,
        Moment::PickUp | Moment::Forward | Moment::Form => 1,
        Moment::Rating => 2,
        Moment::AfterCall | Moment::AfterOutgoing => 3,
    }
}

/// As it was told, else as the moments say.
fn direction(events: &[&Event]) -> Direction {
    let told = events.iter().rev().find_map(|event| event.direction);
    let outgoing = |event: &&&Event| matches!(event.moment, Moment::BeforeOutgoing | Moment::AfterOutgoing);
    let by_moment = || if events.iter().any(|event| outgoing(&event)) { Direction::Out } else { Direction::In };
    told.unwrap_or_else(by_moment)
}

fn take(call: &mut Call, event: &Event) {
    let later = |known: &mut Option<String>, told: &Option<String>| {
        if told.is_some() {
            known.clone_from(told);
        }
    };
    later(&mut call.id, &event.call_id);
    later(&mut call.status, &event.status);
    later(&mut call.recording, &event.recording);
    later(&mut call.client_id, &event.client_id);
    later(&mut call.client_email, &event.email);
    later(&mut call.utm.source, &event.utm.source);
    later(&mut call.utm.medium, &event.utm.medium);
    later(&mut call.utm.campaign, &event.utm.campaign);
    later(&mut call.utm.term, &event.utm.term);
    later(&mut call.utm.content, &event.utm.content);
    call.talk = event.talk.or(call.talk);
    call.wait = event.wait.or(call.wait);
    call.total = event.total.or(call.total);
    speaker(&mut call.speaker, &event.speaker);
}

/// Who is named by a line or an id takes the place of who was; a name or an extension alone is added to what is known.
fn speaker(known: &mut Speaker, told: &Speaker) {
    let another = |known: &Option<String>, told: &Option<String>| told.is_some() && known.is_some() && known != told;
    if another(&known.line, &told.line) || another(&known.staff_id, &told.staff_id) {
        *known = Speaker::default();
    }
    let add = |known: &mut Option<String>, told: &Option<String>| {
        if told.is_some() {
            known.clone_from(told);
        }
    };
    add(&mut known.line, &told.line);
    add(&mut known.staff_id, &told.staff_id);
    add(&mut known.email, &told.email);
    add(&mut known.extension, &told.extension);
    add(&mut known.name, &told.name);
}

/// The texts that may hold the client's number, the likeliest first: whom somebody calls is told as its callee, unless a
/// field that is the client's alone says who that is, for then the callee may be the company's own number.
fn client_texts(event: &Event, direction: Direction) -> impl Iterator<Item = &str> {
    let client = event.client.as_deref();
    let texts = match direction {
        Direction::In => [event.caller.as_deref(), client],
        Direction::Out => [client, event.callee.as_deref()],
    };
    texts.into_iter().flatten()
}

fn client_of(event: &Event, direction: Direction, numbers: &NumberReader) -> Option<PhoneKey> {
    client_texts(event, direction).find_map(|text| numbers.quick(text).ok())
}

/// The name beside the client's number, and none that is beside another.
fn name_of(
    event: &Event,
    (direction, client): (Direction, Option<PhoneKey>),
    numbers: &NumberReader,
) -> Option<String> {
    let theirs = |text: &&str| numbers.quick(text).ok() == client;
    client_texts(event, direction).filter(theirs).find_map(name_in)
}

/// Digits of the company's own number; a line of an employee is none, nor is the client's number.
fn company_of(
    event: &Event,
    (direction, client): (Direction, Option<PhoneKey>),
    numbers: &NumberReader,
) -> Option<String> {
    let callee = event.callee.as_deref();
    let text = match direction {
        Direction::In => callee,
        Direction::Out => event.outbound.as_deref().or_else(|| {
            let named = event.client.as_deref().and_then(|text| numbers.quick(text).ok());
            callee.filter(|text| named.is_some() && numbers.quick(text).ok() != client)
        }),
    };
    let digits: String = text?.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 3 && digits.len() == text?.trim().trim_start_matches('+').len()).then_some(digits)
}

/// `"Name" <380…>`: the name. One that is a number itself is none.
fn name_in(text: &str) -> Option<String> {
    let text = text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    let name = text.split_once('<')?.0.trim().trim_matches('"').trim();
    let is_number = name.chars().all(|letter| letter.is_ascii_digit() || " +-().".contains(letter));
    (!name.is_empty() && !is_number && name.chars().count() <= 120).then(|| name.to_owned())
}

/// What stands within `<…>`, else the whole.
fn bare(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let inner = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(inner, _)| inner);
    inner.unwrap_or(&text).trim().trim_matches('"').to_owned()
}

fn local_time(text: &str, zone: &TimeZone) -> Option<jiff::Timestamp> {
    if let Ok(exact) = text.trim().parse::<jiff::Timestamp>() {
        return Some(exact);
    }
    let civil: DateTime = text.trim().replacen(' ', "T", 1).parse().ok()?;
    zone.to_zoned(civil).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;

    use super::call_of;
    use crate::model::{
        call::{Call, Direction, Moment, Speaker},
        event::Event,
        phone::NumberReader,
    };

    fn call(events: &[Event]) -> Call {
        let zone = TimeZone::get("America/Chicago").expect("a zone");
        call_of(events, &NumberReader::new("UA").expect("a country"), &zone)
    }

    fn event(moment: Moment, tell: impl FnOnce(&mut Event)) -> Event {
        let mut event = Event::new(moment);
        event.call_id = Some("us1_-1728427645.1098915".to_owned());
        tell(&mut event);
        event
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_moments_of_a_call_are_put_together_in_any_order() {
        let before = event(Moment::BeforeCall, |event| {
            event.caller = text("380671112233");
            event.callee = text("+380442000000");
            event.utm.source = text("google");
        });
        let first = event(Moment::PickUp, |event| event.speaker.line = text("acme_anna"));
        let second = event(Moment::PickUp, |event| event.speaker.line = text("acme_bohdan"));
        let after = event(Moment::AfterCall, |event| {
            event.status = text("PROPER");
            event.talk = Some(Duration::from_secs(23));
        });
        let in_order = call(&[before.clone(), first.clone(), second.clone(), after.clone()]);
        assert_eq!(in_order.client.map(|key| key.digits()), Some(380_671_112_233));
        assert_eq!(in_order.company.as_deref(), Some("380442000000"));
        assert_eq!(in_order.speaker.line.as_deref(), Some("acme_bohdan"));
        assert_eq!((in_order.status.as_deref(), in_order.utm.source.as_deref()), (Some("PROPER"), Some("google")));
        assert_eq!(call(&[after, first, second, before]), in_order);
    }

    #[test]
    fn whom_a_call_was_handed_to_is_nobody_of_those_before() {
        let tell = |line: &str, id: &str, name: Option<&str>| {
            let (line, id, name) = (text(line), text(id), name.map(str::to_owned));
            event(Moment::PickUp, |event| {
                event.speaker = Speaker { line, staff_id: id, name, ..Speaker::default() };
            })
        };
        let call = call(&[tell("acme_anna", "1", Some("Anna")), tell("acme_bohdan", "2", None)]);
        assert_eq!((call.speaker.line.as_deref(), call.speaker.name), (Some("acme_bohdan"), None));
    }

    /// Pick-ups say nothing of when they were, and may come in any order.
    #[test]
    fn who_is_named_at_the_end_of_a_call_spoke_in_whatever_order_the_pick_ups_came() {
        let by = |moment, line: &str| event(moment, |event| event.speaker.line = text(line));
        let [anna, bohdan] = ["acme_anna", "acme_bohdan"].map(|line| by(Moment::PickUp, line));
        let end = by(Moment::AfterCall, "acme_bohdan");
        for events in [[&anna, &bohdan, &end], [&bohdan, &anna, &end], [&end, &bohdan, &anna]] {
            assert_eq!(call(&events.map(Clone::clone)).speaker.line.as_deref(), Some("acme_bohdan"), "{events:?}");
        }
    }

    #[test]
    fn the_number_that_an_outgoing_call_was_connected_with_is_no_employees_line() {
        let after = event(Moment::AfterOutgoing, |event| {
            event.caller = text("acme_anna");
            event.callee = text("380671112233");
            event.speaker.line = text("0671112233");
        });
        assert_eq!(call(&[after]).speaker.line.as_deref(), Some("acme_anna"));
    }

    #[test]
    fn the_client_of_an_outgoing_call_is_who_was_called() {
        let after = event(Moment::AfterOutgoing, |event| {
            event.caller = text("\"Support PhonerLite\" <acme_anna>");
            event.callee = text("0671112233");
            event.outbound = text("380442000000");
        });
        let call = call(&[after]);
        assert_eq!(call.direction, Direction::Out);
        assert_eq!(call.client.map(|key| key.digits()), Some(380_671_112_233));
        assert_eq!((call.speaker.line.as_deref(), call.company.as_deref()), (Some("acme_anna"), Some("380442000000")));
    }

    /// The account whose payloads are nested says who the client is in a field of their own, whoever calls, and the
    /// company's number as `dst`.
    #[test]
    fn a_field_that_is_the_clients_alone_says_who_that_is_and_the_other_number_is_the_companys() {
        for direction in [Direction::In, Direction::Out] {
            let call = call(&[event(Moment::AfterCall, |event| {
                event.direction = Some(direction);
                event.client = text("380671112233");
                event.callee = text("\"Sales\" <380442000000>");
            })]);
            assert_eq!(call.client.map(|key| key.digits()), Some(380_671_112_233), "{direction:?}");
            assert_eq!(call.client_name, None, "{direction:?}");
        }
        let out = |client: &str, callee: &str, outbound: Option<&str>| {
            let (client, callee, outbound) = (text(client), text(callee), outbound.map(str::to_owned));
            call(&[event(Moment::AfterOutgoing, |event| {
                (event.client, event.callee, event.outbound) = (client, callee, outbound);
            })])
        };
        for (call, company) in [
            (out("0671112233", "380442000000", None), Some("380442000000")),
            (out("0671112233", "380442000000", Some("380442000001")), Some("380442000001")),
            (out("0671112233", "+380671112233", None), None),
            (out("anonymous", "0671112233", None), None),
        ] {
            assert_eq!(call.client.map(|key| key.digits()), Some(380_671_112_233), "{company:?}");
            assert_eq!(call.company.as_deref(), company);
        }
        let named = out("0671112233", "\"Іван\" <380671112233>", None);
        assert_eq!(named.client_name.as_deref(), Some("Іван"), "whichever field says it");
    }

    #[test]
    fn a_name_that_comes_with_the_number_is_the_clients() {
        for (sent, name) in [
            ("\"Іван Петренко\" <380671112233>", Some("Іван Петренко")),
            ("&quot;Anna&quot; &lt;380671112233&gt;", Some("Anna")),
            ("\"380671112233\" <380671112233>", None),
            ("380671112233", None),
        ] {
            let call = call(&[event(Moment::BeforeCall, |event| event.caller = text(sent))]);
            assert_eq!(call.client_name.as_deref(), name, "{sent}");
            assert!(call.client.is_some(), "{sent}");
        }
    }

    #[test]
    fn a_call_began_when_its_exact_time_or_its_id_says_and_only_then_by_the_projects_clock() {
        let began = |event: Event| call(&[event]).started.map(|started| started.as_second());
        assert_eq!(began(event(Moment::AfterCall, |_| {})), Some(1_728_427_645));
        let exact = |event: &mut Event| event.started = jiff::Timestamp::from_second(1_700_000_000).ok();
        assert_eq!(began(event(Moment::AfterCall, exact)), Some(1_700_000_000));
        let mut local = Event::new(Moment::AfterCall);
        local.started_local = text("2024-10-08 17:47:25");
        assert_eq!(began(local), Some(1_728_427_645));
    }

    #[test]
    fn a_hidden_caller_leaves_no_client_unless_another_field_names_one() {
        let hidden = |also: Option<&str>| {
            let also = also.map(str::to_owned);
            event(Moment::BeforeCall, |event| {
                event.caller = text("anonymous");
                event.client = also;
            })
        };
        assert_eq!(call(&[hidden(None)]).client, None);
        assert!(call(&[hidden(Some("380671112233"))]).client.is_some());
    }
}
