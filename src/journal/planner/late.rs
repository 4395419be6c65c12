//! What becomes known of a call only after something was done for it: a recording that comes late, and what the call says
//! of itself at its end, or when it is told once more, and the entity that it was written onto does not have yet.

use crate::config::Meaning;
use crate::journal::order::{StoredOrder, Target};
use crate::journal::store::{Step, StepState};
use crate::model::{
    action::{Action, Link},
    call::Call,
    ids::CrmId,
};

/// The orders that bring it. `over`: whether the end of the call was told; before it nothing but a recording is brought,
/// so that the rest is brought once.
pub(super) fn orders((call, over): (&Call, bool), steps: &[Step]) -> Vec<(String, StoredOrder)> {
    let mut late = Vec::new();
    for step in steps.iter().filter(|step| step.state == StepState::Done && !follows_another(&step.name)) {
        let (Ok(order), Some(id)) = (StoredOrder::read(&step.order), step.receipt.clone()) else { continue };
        if is_written_again(step, &order, steps) {
            continue;
        }
        let news = News::of((call, over), (step, &order), steps);
        if news.is_none() {
            continue;
        }
        let word = if news.recording.is_some() { WORDS[0] } else { WORDS[1] };
        let name = match steps.iter().filter(|other| follows(other, step, word)).count() {
            0 => format!("{}-{word}", step.name),
            before => format!("{}-{word}-{}", step.name, before + 1),
        };
        late.extend(amended(order, id, (call, &news)).map(|amended| (name, amended)));
    }
    late
}

/// Whether a later step of the call writes the same fields of the same entities: what comes late is brought by that one.
fn is_written_again(step: &Step, order: &StoredOrder, steps: &[Step]) -> bool {
    let behind = steps.iter().skip_while(|other| (other.entry, other.seq) != (step.entry, step.seq)).skip(1);
    let mut behind = behind.filter(|other| other.state == StepState::Done && !follows_another(&other.name));
    matches!(order.action, Action::Update { .. })
        && behind.any(|other| {
            let other = StoredOrder::read(&other.order).ok();
            other.is_some_and(|other| matches!(other.action, Action::Update { .. }) && other.on == order.on)
        })
}

/// What ends the name of a step that brings a recording, or something else that was not known, to what another did.
const WORDS: [&str; 2] = ["recording", "told"];

/// The name without the number of one that is not the first.
fn unnumbered(name: &str) -> &str {
    let number = |end: &str| !end.is_empty() && end.bytes().all(|letter| letter.is_ascii_digit());
    name.rsplit_once('-').filter(|(_, end)| number(end)).map_or(name, |(name, _)| name)
}

fn follows_another(name: &str) -> bool {
    unnumbered(name).rsplit_once('-').is_some_and(|(_, word)| WORDS.contains(&word))
}

fn follows(other: &Step, step: &Step, word: &str) -> bool {
    unnumbered(&other.name).strip_prefix(step.name.as_str()).and_then(|end| end.strip_prefix('-')) == Some(word)
}

/// What a step did not know and nothing that followed it has told since.
struct News<'c> {
    recording: Option<&'c str>,
    utm: bool,
    status: bool,
}

impl<'c> News<'c> {
    fn of((call, over): (&'c Call, bool), (step, order): (&Step, &StoredOrder), steps: &[Step]) -> Self {
        let followed = steps.iter().filter(|other| WORDS.iter().any(|word| follows(other, step, word)));
        let followed = followed.filter_map(|other| StoredOrder::read(&other.order).ok());
        let told: Vec<Call> = std::iter::once(order.call.clone()).chain(followed.map(|order| order.call)).collect();
        let (utm, status) = match order.action {
            Action::Create { utm, .. } if over => (utm, true),
            Action::Update { utm, call, .. } if over => (utm, call),
            _ => (false, false),
        };
        let recording = call.recording.as_deref().filter(|_| order.wants_recording);
        let is_new = |meaning: &Meaning| {
            meaning.told_by(call).is_some() && told.iter().all(|told| meaning.told_by(told).is_none())
        };
        Self {
            recording: recording.filter(|_| told.iter().all(|told| told.recording.is_none())),
            utm: utm && Meaning::ORIGIN.iter().any(is_new),
            status: status && call.status.is_some() && told.iter().all(|told| told.status != call.status),
        }
    }

    const fn is_none(&self) -> bool {
        self.recording.is_none() && !self.utm && !self.status
    }
}

/// The order that brings what is news to what `order` did.
fn amended(order: StoredOrder, id: String, (call, news): (&Call, &News<'_>)) -> Option<StoredOrder> {
    let entity = match order.action {
        Action::Create { kind, .. } => Some((vec![Target::There(Link { kind, id: CrmId::parse(&id)? })], true)),
        Action::Update { call, .. } => Some((order.on.clone(), call)),
        _ => None,
    };
    if let Some((on, of_call)) = entity {
        let recording = news.recording.map(str::to_owned);
        let wants_recording = recording.is_some();
        let action = Action::Update { utm: news.utm, call: of_call, client: false, fields: Vec::new() };
        return Some(StoredOrder { action, on, call: Call { recording, ..call.clone() }, wants_recording, ..order });
    }
    let link = news.recording?;
    let with_link = |text: &str| format!("{text}\n{link}").trim().to_owned();
    let to = match &order.action {
        Action::Task { subject, text, completed, due } => {
            Action::Task { subject: subject.clone(), text: with_link(text), completed: *completed, due: *due }
        }
        Action::Call { subject, text, .. } => {
            Action::Call { subject: subject.clone(), text: with_link(text), recording: true }
        }
        Action::Note { text } => Action::Note { text: with_link(text) },
        Action::Create { .. } | Action::Update { .. } | Action::Amend { .. } => return None,
    };
    let call = Call { recording: Some(link.to_owned()), ..order.call.clone() };
    Some(StoredOrder { action: Action::Amend { id, to: Box::new(to) }, call, wants_recording: true, ..order })
}
