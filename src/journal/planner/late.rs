//! What is known of a call only after something was made of it: the recording, and where something was made before the
//! call was over, the UTM marks, which most telephone systems tell with its end.

use crate::journal::order::{StoredOrder, Target};
use crate::journal::store::{Step, StepState};
use crate::model::{
    action::{Action, Link},
    call::Call,
    ids::CrmId,
};

/// The orders that bring it to what was made without it, each under its step's name.
pub(super) fn orders(call: &Call, steps: &[Step]) -> Vec<(String, StoredOrder)> {
    let mut late = Vec::new();
    for step in steps.iter().filter(|step| step.state == StepState::Done) {
        let (Ok(order), Some(id)) = (StoredOrder::read(&step.order), step.receipt.clone()) else { continue };
        let is_new = |name: &String| !steps.iter().any(|other| other.name == *name);
        let marks = Some(format!("{}-utm", step.name)).filter(is_new);
        late.extend(marks.and_then(|name| Some((name, marked(&order, &id, call)?))));
        let recording = Some(format!("{}-recording", step.name)).filter(is_new);
        late.extend(recording.and_then(|name| Some((name, recorded(order, id, call.recording.as_deref()?)?))));
    }
    late
}

/// The order that brings the UTM marks to the entity that `order` made, where it made one without any.
fn marked(order: &StoredOrder, id: &str, call: &Call) -> Option<StoredOrder> {
    let Action::Create { kind, utm: true, .. } = order.action else { return None };
    let (had, has) = (&order.call, call);
    let brings_marks = had.utm != has.utm && had.utm == Default::default();
    let brings_id = had.client_id.is_none() && has.client_id.is_some();
    if !brings_marks && !brings_id {
        return None;
    }
    let made = Link { kind, id: CrmId::parse(id)? };
    Some(StoredOrder {
        action: Action::Update { utm: true, call: false },
        owner: None,
        on: vec![Target::There(made)],
        call: Call { recording: None, ..call.clone() },
        wants_recording: false,
    })
}

/// The order that brings the recording to what `order` made without it.
fn recorded(order: StoredOrder, id: String, link: &str) -> Option<StoredOrder> {
    if !order.wants_recording || order.has_recording() {
        return None;
    }
    let mut amended = amended(order, id, link)?;
    amended.call.recording = Some(link.to_owned());
    Some(amended)
}

fn amended(order: StoredOrder, id: String, link: &str) -> Option<StoredOrder> {
    let with_link = |text: &str| format!("{text}\n{link}").trim().to_owned();
    let to = match &order.action {
        Action::Create { kind, .. } => {
            let made = Link { kind: *kind, id: CrmId::parse(&id)? };
            let action = Action::Update { utm: false, call: true };
            let on = vec![Target::There(made)];
            return Some(StoredOrder { action, on, wants_recording: true, ..order });
        }
        Action::Task { subject, text, completed, due } => {
            Action::Task { subject: subject.clone(), text: with_link(text), completed: *completed, due: *due }
        }
        Action::Call { subject, text, .. } => {
            Action::Call { subject: subject.clone(), text: with_link(text), recording: true }
        }
        Action::Note { text } => Action::Note { text: with_link(text) },
        Action::Update { .. } => return Some(order),
        Action::Amend { .. } => return None,
    };
    Some(StoredOrder { action: Action::Amend { id, to: Box::new(to) }, wants_recording: true, ..order })
}
