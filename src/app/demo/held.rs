//! What each CRM holds of the calls that were told of: a line for each thing, held against what the call must leave.

use std::io::{self, Write};

use sandbox::kit::{OpenEntity, Thing};

use super::{
    DemoError,
    accounts::{Account, NAMES},
    stage::{Followed, Stage},
    told::Leaves,
};

/// How much there was to judge, and how much of it is wrong.
#[derive(Default)]
pub(super) struct Held {
    /// Calls that were told of.
    pub(super) calls: usize,
    /// Things that they left.
    pub(super) things: usize,
    /// Things that are missing, doubled or otherwise not the expected ones.
    pub(super) wrong: usize,
}

/// Prints what every CRM holds of the calls, and judges it.
pub(super) fn show(stage: &Stage, followed: &[Followed], out: &mut impl Write) -> Result<Held, DemoError> {
    let mut sum = Held { calls: followed.len(), ..Held::default() };
    for account in stage.accounts() {
        let calls: Vec<_> = followed.iter().filter(|call| call.told.project == account.project).collect();
        if !calls.is_empty() {
            show_crm(stage, account, &calls, (&mut sum, out))?;
        }
    }
    Ok(sum)
}

fn show_crm<W: Write>(
    stage: &Stage,
    account: &Account,
    calls: &[&Followed],
    (sum, out): (&mut Held, &mut W),
) -> Result<(), DemoError> {
    let rows = stage.rows(account.project)?;
    writeln!(out, "\n{} of {} now holds, of {} calls and forms:", account.called, account.project, calls.len())?;
    writeln!(
        out,
        "  {:<22} {:<13} {:<8} {:<7} {:<18} {:<11} {:<17} recording",
        "row", "client", "what", "whose", "on", "state", "due"
    )?;
    let mut left: Vec<Thing> = account.crm.held().into_iter().filter(|thing| !thing.seeded).collect();
    for call in calls {
        let row = rows.iter().find(|(call_id, _)| *call_id == call.call_id).map_or("–", |(_, row)| row);
        let found = taken(&mut left, &call.number, &call.client);
        sum.things += found.len();
        for thing in &found {
            writeln!(out, "  {row:<22} {:<13} {}", call.number, line(account, thing, call))?;
        }
        let mut wrong = judge(account, call, found);
        if row != call.told.row {
            wrong.push(format!("expected the row {}, found {row}", call.told.row));
        }
        sum.wrong += wrong.len();
        wrong.iter().try_for_each(|wrong| writeln!(out, "    WRONG: {wrong}"))?;
    }
    sum.wrong += left.len();
    for thing in left {
        let Thing { what, id, title, numbers, .. } = thing;
        let whose = numbers.join(", ");
        writeln!(
            out,
            "    WRONG: expected nothing that belongs to none of the calls, found {what} {id} {title:?} {whose}"
        )?;
    }
    Ok(())
}

/// Takes out what belongs to a client: what carries the number, and whatever hangs on that or on what was there before.
fn taken(left: &mut Vec<Thing>, number: &str, client: &[OpenEntity]) -> Vec<Thing> {
    let digits = |typed: &String| typed.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut known: Vec<(String, String)> =
        client.iter().map(|open| (open.kind.word().to_owned(), open.id.clone())).collect();
    let mut taken = Vec::new();
    loop {
        let belongs = |thing: &Thing| {
            thing.numbers.iter().any(|typed| digits(typed) == number)
                || thing.on.iter().any(|on| known.iter().any(|(what, id)| on.what == *what && on.id == *id))
        };
        let Some(at) = left.iter().position(belongs) else { return taken };
        let thing = left.remove(at);
        known.push((thing.what.clone(), thing.id.clone()));
        taken.push(thing);
    }
}

/// What is wrong with what a call left.
fn judge(account: &Account, call: &Followed, mut found: Vec<Thing>) -> Vec<String> {
    let mut wrong = Vec::new();
    for leaves in call.told.leaves {
        match found.iter().position(|thing| fits(account, leaves, thing, call)) {
            Some(at) => drop(found.remove(at)),
            None => wrong.push(format!("expected {leaves:?}, found none")),
        }
    }
    wrong.extend(found.iter().map(|thing| format!("expected no {} more, found {thing:?}", thing.what)));
    wrong
}

fn fits(account: &Account, leaves: &Leaves, thing: &Thing, call: &Followed) -> bool {
    thing.what == leaves.what
        && leaves.owner.is_none_or(|name| whose(account, thing) == name)
        && leaves.state.is_none_or(|state| thing.state.as_deref() == Some(state))
        && (!leaves.recorded || recording(thing, call) != "–")
        && (!leaves.due || thing.due.is_some())
}

fn line(account: &Account, thing: &Thing, call: &Followed) -> String {
    let mut on: Vec<_> = thing.on.iter().map(|on| on.what.as_str()).collect();
    on.dedup();
    let or_none = |text: Option<&str>| text.unwrap_or("–").to_owned();
    // To the minute.
    let due = or_none(thing.due.as_deref().map(|due| due.get(..16).unwrap_or(due)));
    let on = if on.is_empty() { "–".to_owned() } else { on.join("+") };
    let state = or_none(thing.state.as_deref());
    let (what, whose, recording) = (&thing.what, whose(account, thing), recording(thing, call));
    format!("{what:<8} {whose:<7} {on:<18} {state:<11} {due:<17} {recording}")
}

/// Whose it is: an employee by name, nobody, or another user of the CRM.
fn whose(account: &Account, thing: &Thing) -> String {
    let Some(owner) = &thing.owner else { return "nobody".to_owned() };
    let at = account.crm.employees().iter().position(|id| id == owner);
    // The application itself, where a record must have an owner and the row names none.
    at.and_then(|at| NAMES.get(at)).map_or_else(|| "another".to_owned(), |name| (*name).to_owned())
}

/// How the call's recording is there: the audio itself, its link, or not at all.
fn recording(thing: &Thing, call: &Followed) -> &'static str {
    let link = &call.recording;
    let has_link = thing.recording.as_ref() == Some(link)
        || thing.text.replace("&amp;", "&").contains(link)
        || thing.fields.values().any(|value| value == link);
    match (thing.audio_bytes, has_link) {
        (Some(1..), true) => "link, audio",
        (Some(1..), false) => "audio",
        (_, true) => "link",
        (_, false) => "–",
    }
}

/// Says whether all that was left is right.
pub(super) fn conclude(held: &Held, out: &mut impl Write) -> io::Result<()> {
    let Held { calls, things, wrong } = held;
    match wrong {
        0 => writeln!(
            out,
            "All {things} things that {calls} calls and forms left are the expected ones: none missing, none doubled."
        ),
        _ => writeln!(
            out,
            "{wrong} of what {calls} calls and forms left in the CRMs is missing, doubled or otherwise wrong."
        ),
    }
}
