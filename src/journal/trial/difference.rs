//! What differs between what two matrices have done of a call. Pure.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use crate::journal::order::StoredOrder;
use crate::model::{action::Action, ids::CrmId};

/// What is made, by the names of the steps; or why it cannot be.
pub(super) type Made = Result<BTreeMap<String, StoredOrder>, String>;

/// Of a text, what is shown.
const SHOWN: usize = 60;

/// What differs, in words: what is made besides and no more, and of what both make, owner, texts, time and place.
pub(super) fn differences(before: &Made, after: &Made, zone: &TimeZone) -> Vec<String> {
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(one), Err(other)) if one == other => return Vec::new(),
        (_, Err(why)) => return vec![format!("cannot be made: {why}")],
        (Err(why), Ok(_)) => return vec![format!("can be made, which it cannot now: {why}")],
    };
    let gone = before.keys().filter(|name| !after.contains_key(*name)).map(|name| format!("no {name}"));
    let new = after.iter().filter(|(name, _)| !before.contains_key(*name));
    let new = new.map(|(name, order)| format!("also {name} for {}", owner(order.owner)));
    let both = before.iter().filter_map(|(name, order)| Some((name, order, after.get(name)?)));
    let changed = both.flat_map(|(name, one, other)| changed(name, (one, other), zone));
    gone.chain(new).chain(changed).collect()
}

fn changed(name: &str, (one, other): (&StoredOrder, &StoredOrder), zone: &TimeZone) -> Vec<String> {
    let mut words = Vec::new();
    let mut differs = |what: &str, one: String, other: String| {
        if one != other {
            words.push(format!("{name}: {what} {other}, now {one}"));
        }
    };
    differs("owner", owner(one.owner), owner(other.owner));
    let [told, another] = [one, other].map(|order| texts(&order.action));
    differs("subject", shown(told.0), shown(another.0));
    let due = |order: &StoredOrder| match &order.action {
        Action::Task { due, .. } => at(*due, zone),
        _ => String::new(),
    };
    differs("due", due(one), due(other));
    if told.1 != another.1 {
        words.push(format!("{name}: text {}", first_difference(told.1, another.1)));
    }
    if one.on != other.on {
        words.push(format!("{name}: hangs on something else"));
    }
    if flags(one) != flags(other) {
        words.push(format!("{name}: other fields, or with and without the recording"));
    }
    words
}

/// Title and text.
fn texts(action: &Action) -> (&str, &str) {
    match action {
        Action::Create { title, text, .. } => (title, text),
        Action::Task { subject, text, .. } | Action::Call { subject, text, .. } => (subject, text),
        Action::Note { text } => ("", text),
        Action::Update { .. } | Action::Amend { .. } => ("", ""),
    }
}

/// What else an order says.
const fn flags(order: &StoredOrder) -> (bool, bool, bool) {
    let (one, other) = match order.action {
        Action::Create { utm, recording, .. } => (utm, recording),
        Action::Update { utm, call, client, .. } => return (utm, call, client),
        Action::Call { recording, .. } => (recording, false),
        Action::Task { completed, .. } => (completed, false),
        Action::Note { .. } | Action::Amend { .. } => (false, false),
    };
    (one, other, order.wants_recording)
}

/// The first line that is another.
fn first_difference(one: &str, other: &str) -> String {
    let (mut ones, mut others) = (one.lines(), other.lines());
    loop {
        match (ones.next(), others.next()) {
            (Some(one), Some(other)) if one == other => {}
            (one, other) => return format!("{}, now {}", shown(other.unwrap_or("")), shown(one.unwrap_or(""))),
        }
        if ones.clone().next().is_none() && others.clone().next().is_none() {
            return "other line ends".to_owned();
        }
    }
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{:?}", format!("{short}{more}"))
}

fn owner(owner: Option<CrmId>) -> String {
    owner.map_or_else(|| "nobody".to_owned(), |owner| owner.to_string())
}

fn at(due: Timestamp, zone: &TimeZone) -> String {
    due.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::{Timestamp, tz::TimeZone};

    use super::{Made, differences};
    use crate::journal::order::StoredOrder;
    use crate::model::{
        action::Action,
        call::{Call, Direction},
        ids::CrmId,
    };

    fn task(subject: &str, text: &str, due_s: i64) -> StoredOrder {
        let due = Timestamp::from_second(due_s).unwrap();
        let action = Action::Task { subject: subject.to_owned(), text: text.to_owned(), completed: false, due };
        let call = Call::new(Direction::In);
        StoredOrder { action, owner: Some(CrmId::Number(7)), on: Vec::new(), call, wants_recording: true }
    }

    fn made(orders: &[(&str, StoredOrder)]) -> Made {
        Ok(orders.iter().map(|(name, order)| ((*name).to_owned(), order.clone())).collect::<BTreeMap<_, _>>())
    }

    fn told(before: &Made, after: &Made) -> Vec<String> {
        differences(before, after, &TimeZone::UTC)
    }

    #[test]
    fn the_same_does_not_differ() {
        let one = made(&[("task-open", task("Call", "back", 0))]);
        assert_eq!(told(&one, &one), [""; 0]);
        assert_eq!(told(&Err("x".to_owned()), &Err("x".to_owned())), [""; 0]);
    }

    #[test]
    fn an_update_that_completes_the_client_no_more_differs() {
        let update = |client| {
            let action = Action::Update { utm: true, call: true, client, fields: Vec::new() };
            made(&[("update", StoredOrder { action, ..task("", "", 0) })])
        };
        assert_eq!(told(&update(true), &update(true)), [""; 0]);
        assert_eq!(told(&update(true), &update(false)).len(), 1);
    }

    #[test]
    fn what_is_made_besides_and_no_more_is_named() {
        let (one, other) = (made(&[("call", task("", "", 0))]), made(&[("note", task("", "", 0))]));
        assert_eq!(told(&one, &other), ["no call", "also note for 7"]);
        assert_eq!(told(&one, &Err("too long".to_owned())), ["cannot be made: too long"]);
    }

    #[test]
    fn whose_it_is_what_it_says_and_when_it_is_due_are_told_from_each_other() {
        let before = task("Call", "back\nsoon", 0);
        let changed = |change: &dyn Fn(&mut StoredOrder)| {
            let mut after = before.clone();
            change(&mut after);
            told(&made(&[("task-open", before.clone())]), &made(&[("task-open", after)]))
        };
        assert_eq!(changed(&|order| order.owner = None), ["task-open: owner nobody, now 7"]);
        let action = |subject: &str, text: &str, due_s| task(subject, text, due_s).action;
        let subject = changed(&|order| order.action = action("Ring", "back\nsoon", 0));
        assert_eq!(subject, ["task-open: subject \"Ring\", now \"Call\""]);
        let text = changed(&|order| order.action = action("Call", "back\nlater", 0));
        assert_eq!(text, ["task-open: text \"later\", now \"soon\""]);
        let longer = changed(&|order| order.action = action("Call", "back\nsoon\n+1", 0));
        assert_eq!(longer, ["task-open: text \"+1\", now \"\""]);
        let due = changed(&|order| order.action = action("Call", "back\nsoon", 3_600));
        assert_eq!(due, ["task-open: due 1970-01-01 01:00, now 1970-01-01 00:00"]);
        let recording = changed(&|order| order.wants_recording = false);
        assert_eq!(recording, ["task-open: other fields, or with and without the recording"]);
    }
}
