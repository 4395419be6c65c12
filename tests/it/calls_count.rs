//! What a CRM holds, counted against what it must: by the mark that every step leaves, and by numbers.

use std::collections::{BTreeMap, HashMap};

use predial::crm::writer::Mark;
use sandbox::{
    kit::{StandIn, Thing},
    ringostat_api::RECORDING_BYTES,
};

use crate::calls_script::{Caller, ScriptedCall, expected};

/// How a campaign ended.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// How much must be there.
    pub(crate) expected: usize,
    /// What is not.
    pub(crate) lost: Vec<String>,
    /// What is there more than once, or without anybody having asked for it.
    pub(crate) doubled: Vec<String>,
}

/// What is known of the calls and of who was there before.
struct Known<'a> {
    crm: &'static str,
    /// By the mark, the call and the step's name.
    marks: HashMap<String, (&'a ScriptedCall, &'static str)>,
    /// By the contact's id, their number.
    contacts: HashMap<String, String>,
}

/// Counts. `there`: ids of the contacts who were there before, with their numbers.
pub(crate) fn figures(crm: &dyn StandIn, callers: &[Caller], there: &HashMap<String, String>) -> Figures {
    let held = crm.held();
    let mut marks = HashMap::new();
    for call in callers.iter().flat_map(|caller| caller.calls.iter().flatten()) {
        for step in ["task-open", "task-completed", "call"] {
            // Where a recording came late, its own step's mark may stand in the place of the first one's.
            for name in [step.to_owned(), format!("{step}-recording")] {
                marks.insert(Mark::of(&["acme", &call.id, &name]).as_str().to_owned(), (call, step));
            }
        }
    }
    let mut contacts = there.clone();
    for thing in held.iter().filter(|thing| !thing.seeded && thing.what == "contact") {
        contacts.extend(number_of(thing).map(|number| (thing.id.clone(), number)));
    }
    let known = Known { crm: crm.name(), marks, contacts };
    let mut counted = expected(crm.name(), callers);
    let mut figures = Figures { expected: counted.len(), ..Figures::default() };
    for thing in held.iter().filter(|thing| !thing.seeded) {
        for name in known.names(thing) {
            match counted.get_mut(&name) {
                Some(count) => *count += 1,
                None => figures.doubled.push(format!("{name}, which nobody asked for: {thing:?}")),
            }
        }
    }
    for (name, count) in counted {
        match count {
            0 => figures.lost.push(name),
            1 => {}
            more => figures.doubled.push(format!("{name}: {more} times")),
        }
    }
    figures
}

impl Known<'_> {
    /// What of the expected a thing is; a thing that is not as it was meant is something else.
    fn names(&self, thing: &Thing) -> Vec<String> {
        match thing.what.as_str() {
            kind @ ("contact" | "lead") => vec![format!("{kind} of {}", number_of(thing).unwrap_or_default())],
            kind @ ("deal" | "ticket") => {
                let contact = thing.on.iter().find(|on| on.what == "contact");
                let number = contact.and_then(|on| self.contacts.get(&on.id));
                vec![format!("{kind} of {}", number.map_or("nobody", String::as_str))]
            }
            _ => self.of_call(thing),
        }
    }

    fn of_call(&self, thing: &Thing) -> Vec<String> {
        let texts = texts(thing);
        let Some((call, step)) = marked(&texts).into_iter().find_map(|mark| self.marks.get(&mark)) else {
            return vec![format!("{} without a mark", thing.what)];
        };
        let state = thing.state.as_deref().unwrap_or_default();
        let is = match (thing.what.as_str(), state) {
            ("task", "open") => "task-open",
            ("task", "completed") => "task-completed",
            // Its last part, which says that it is over, is missing.
            ("call", "Open") if self.crm == "smart-crm" => "half a call",
            ("call", _) => "call",
            _ => "something",
        };
        let mut names = vec![format!("{is} of {}", call.id)];
        if is != *step {
            names.push(format!("{step} of {} as {is}", call.id));
        }
        // An open task beside the call's record says nothing of the recording twice.
        if let Some(link) = call.recording.as_deref().filter(|_| is != "task-open") {
            names.extend(texts.contains(link).then(|| format!("recording of {}", call.id)));
            let audio = thing.audio_bytes == Some(RECORDING_BYTES as u64);
            names.extend(audio.then(|| format!("audio of {}", call.id)));
        }
        names
    }
}

fn number_of(thing: &Thing) -> Option<String> {
    let typed = thing.numbers.first()?;
    Some(typed.chars().filter(char::is_ascii_digit).collect())
}

/// Everything that may carry a mark or a link; ids that are made of marks among it.
fn texts(thing: &Thing) -> String {
    let fields: BTreeMap<_, _> = thing.fields.iter().collect();
    let recording = thing.recording.as_deref().unwrap_or_default();
    let text = format!("{} {} {recording} {fields:?} pd{}", thing.title, thing.text, thing.id.replace('-', ""));
    text.replace("&amp;", "&")
}

/// Every mark in a text: `pd` and 32 hexadecimal digits.
fn marked(text: &str) -> Vec<String> {
    let at = text.match_indices("pd").map(|(at, _)| at);
    at.filter_map(|at| text.get(at..at + 34))
        .filter(|mark| mark.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit()))
        .map(str::to_ascii_lowercase)
        .collect()
}
