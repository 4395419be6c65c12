//! Calls by the hundred, made up by dice with a seed: who calls, how it ends, what Ringostat tells of it in which order,
//! and what the CRM must hold of it by the matrices of SCENARIOS.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::rows_stage::Telling;

/// Chance with a seed (the finaliser of SplitMix64): the same seed tells the same calls.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to one less than `most`.
    pub(crate) const fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % most
    }

    /// Once in so many times.
    pub(crate) const fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Answered,
    Missed,
    /// One of ours called, and the client answered.
    Made,
}

/// A call, and how it is told.
#[derive(Debug, Clone)]
pub(crate) struct ScriptedCall {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) ending: Ending,
    /// Who speaks.
    by: &'static str,
    pub(crate) recording: Option<String>,
    /// Whether the recording is told of later than the end.
    late: bool,
    /// Whether the last moment is told of first.
    backwards: bool,
    /// Which of the moments are told of again although they were answered.
    again: [bool; 4],
}

impl ScriptedCall {
    /// A call without anything odd about it.
    pub(crate) fn plain(id: &str, caller: &Caller, ending: Ending) -> Self {
        Self {
            id: id.to_owned(),
            number: caller.number.clone(),
            ending,
            by: crate::crm_rows::NAMES[caller.employee],
            recording: None,
            late: false,
            backwards: false,
            again: [false; 4],
        }
    }

    /// The same with a recording, told of in time or later.
    pub(crate) fn recorded(self, late: bool) -> Self {
        let recording = Some(format!("{}/recordings/{}.ogg?token=t0ken", Recordings::LINKS, self.id));
        Self { recording, late, ..self }
    }

    /// The same with every moment told twice.
    pub(crate) fn repeated(self) -> Self {
        Self { again: [true; 4], ..self }
    }

    /// The same with its last moment told first.
    pub(crate) fn backwards(self) -> Self {
        Self { backwards: true, ..self }
    }

    /// What is told, in order.
    pub(crate) fn moments(&self) -> Vec<(&'static str, Value)> {
        let status = if self.ending == Ending::Missed { "NO ANSWER" } else { "ANSWERED" };
        let direction = if self.ending == Ending::Made { "out" } else { "in" };
        let by = format!("acme_{}", self.by);
        let telling = |recording| Telling {
            call_id: &self.id,
            number: &self.number,
            direction,
            status,
            by: (self.ending != Ending::Missed).then_some(by.as_str()),
            recording,
        };
        let link = self.recording.as_deref();
        let mut told = telling(if self.late { None } else { link }).moments();
        if self.backwards {
            told.reverse();
        }
        if self.late {
            let moment = if self.ending == Ending::Made { "after-outgoing" } else { "after-call" };
            told.push((moment, telling(link).after()));
        }
        let again = |at: usize| if self.again[at % self.again.len()] { 2 } else { 1 };
        told.into_iter().enumerate().flat_map(|(at, told)| std::iter::repeat_n(told, again(at))).collect()
    }
}

/// Somebody who calls.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) number: String,
    /// Whether the CRM knows them before their first call.
    pub(crate) existing: bool,
    /// Whose client they are, or become: the place among the employees.
    pub(crate) employee: usize,
    /// Their calls one after the other; those of one place are at the same time.
    pub(crate) calls: Vec<Vec<ScriptedCall>>,
}

impl Caller {
    /// Somebody who has not called yet. `employee`: whose client they are, or become.
    pub(crate) fn new(number: &str, existing: bool, employee: usize) -> Self {
        Self { number: number.to_owned(), existing, employee, calls: Vec::new() }
    }

    /// The same with one more call.
    pub(crate) fn with(mut self, call: impl FnOnce(&Self) -> ScriptedCall) -> Self {
        let call = call(&self);
        self.calls.push(vec![call]);
        self
    }
}

/// Where recordings lie.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    /// Ringostat's own, in whose place a stand-in may be; empty where the CRM takes links alone.
    pub(crate) audio: String,
}

impl Recordings {
    const LINKS: &str = "https://app.ringostat.com";

    /// A link, one in ten to the audio itself where the CRM takes that.
    fn link(&self, dice: &mut Dice, call_id: &str) -> String {
        let audio = !self.audio.is_empty() && dice.once_in(10);
        let base = if audio { self.audio.as_str() } else { Self::LINKS };
        format!("{base}/recordings/{call_id}.ogg?token=t0ken")
    }
}

/// Makes up so many calls. `began_s`: when the first one began, seconds since 1970 UTC; `new_percent`: of those who call.
pub(crate) fn script(
    dice: &mut Dice,
    (calls, new_percent): (usize, u64),
    (began_s, recordings): (i64, &Recordings),
) -> Vec<Caller> {
    let mut callers: Vec<Caller> = Vec::new();
    let mut made = 0;
    while made < calls {
        let place = callers.len();
        let existing = dice.below(100) >= new_percent;
        let mut caller = Caller { number: format!("38050{place:07}"), existing, employee: 0, calls: Vec::new() };
        for nth in 0..=dice.below(4) {
            let ending = match dice.below(10) {
                0..=4 => Ending::Answered,
                5 | 6 if existing || nth > 0 => Ending::Made,
                _ => Ending::Missed,
            };
            if nth == 0 {
                // Whose client somebody becomes: the one's who answered, the top manager's whom nobody answered.
                caller.employee = if existing || ending == Ending::Answered { 1 + place % 3 } else { 0 };
            }
            let together = if ending == Ending::Answered && dice.once_in(4) { 2 } else { 1 };
            let mut at_once = Vec::new();
            for _ in 0..together.min(calls - made) {
                at_once.push(call(dice, (&caller, ending), (began_s, made), recordings));
                made += 1;
            }
            caller.calls.extend(Some(at_once).filter(|calls| !calls.is_empty()));
        }
        callers.push(caller);
    }
    callers
}

fn call(
    dice: &mut Dice,
    (caller, ending): (&Caller, Ending),
    (began_s, place): (i64, usize),
    recordings: &Recordings,
) -> ScriptedCall {
    let id = format!("ua0_-{began_s}.{place:08}");
    let spoke = ending != Ending::Missed;
    let recording = (spoke && !dice.once_in(3)).then(|| recordings.link(dice, &id));
    ScriptedCall {
        number: caller.number.clone(),
        ending,
        by: crate::crm_rows::NAMES[caller.employee],
        late: recording.is_some() && dice.once_in(4),
        recording,
        backwards: dice.once_in(8),
        again: std::array::from_fn(|_| dice.once_in(5)),
        id,
    }
}

/// Everything that a CRM must hold of these calls, each once, by names of ours: what is the client's and what the call's.
/// Written by hand from SCENARIOS; who answers is always whose client it is.
pub(crate) fn expected(crm: &str, callers: &[Caller]) -> BTreeMap<String, usize> {
    let mut expected = BTreeMap::new();
    let mut must = |name: String| expected.insert(name, 0);
    for caller in callers {
        for kind in of_client(crm, caller) {
            must(format!("{kind} of {}", caller.number));
        }
        let mut new = !caller.existing;
        for call in caller.calls.iter().flatten() {
            for step in of_call(crm, call.ending, new) {
                must(format!("{step} of {}", call.id));
            }
            if let Some(link) = &call.recording {
                must(format!("recording of {}", call.id));
                if link.starts_with("http://") {
                    must(format!("audio of {}", call.id));
                }
            }
            new = false;
        }
    }
    expected
}

fn of_client(crm: &str, caller: &Caller) -> &'static [&'static str] {
    let answered = caller.calls.iter().flatten().any(|call| call.ending == Ending::Answered);
    match (crm, caller.existing) {
        ("hubspot" | "pipedrive", false) => &["contact", "deal"],
        ("zoho-crm", false) => &["lead"],
        ("zoho-desk", false) => &["contact", "ticket"],
        ("smart-crm", false) => &["contact"],
        // A contact who has no ticket gets one with an answered call (rows zd-in-ok-contact-…).
        ("zoho-desk", true) if answered => &["ticket"],
        _ => &[],
    }
}

/// `new`: whether it is the first call of somebody who was not there.
fn of_call(crm: &str, ending: Ending, new: bool) -> &'static [&'static str] {
    match (crm, ending) {
        ("hubspot", Ending::Missed) if new => &["task-open"],
        ("hubspot" | "pipedrive", Ending::Missed) => &["task-open", "call"],
        ("zoho-crm" | "zoho-desk", Ending::Missed) => &["task-open"],
        ("zoho-crm" | "zoho-desk", _) => &["task-completed"],
        _ => &["call"],
    }
}
