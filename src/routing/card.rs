//! Which record of the CRM is shown as a caller: the same memory and the same live question as a call's, no block.

use std::sync::Arc;

use tokio::time::Instant;

use super::Line;
use crate::directory::Asked;
use crate::model::{
    client::{CARD_ORDER, Client, Kind},
    ids::CrmId,
    phone::PhoneKey,
};

/// The record that is shown as a client, and what is told of it.
#[derive(Debug, Clone)]
pub struct Card {
    /// What it is.
    pub kind: Kind,
    /// Its id in the CRM.
    pub id: CrmId,
    /// Who is responsible, by their place among the project's employees; `None` where that is none of ours.
    pub responsible: Option<usize>,
    client: Arc<Client>,
}

impl Card {
    /// What people call the client.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.client.name()
    }
}

/// The card of a caller, from memory; of a number that memory does not know, or not well enough, by asking the CRM until
/// `answer_by`; with `None`, from memory alone.
///
/// The entity of the first of [`CARD_ORDER`]'s kinds that the number has is shown, provided that the kinds before it are
/// known completely: a lead must not be shown because the contacts have not been read yet. Where the CRM cannot be asked,
/// what is known is better than nothing.
///
/// # Errors
/// None: `None` for a number that cannot be read, for nobody's, and for one that there was no time to ask for; by
/// `answer_by` at the latest.
///
/// # Cost
/// Where memory knows: one fold of digits and one `get`. Otherwise that of [`super::resolve`].
pub async fn card(line: &Arc<Line>, caller: &str, answer_by: Option<Instant>) -> Option<Card> {
    let quick = line.project.numbers.quick(caller).ok()?;
    let mut on_what_is_known = None;
    if let Some(card) = look_up(line, quick, &mut on_what_is_known) {
        return Some(card);
    }
    let readings = line.project.numbers.readings(caller).ok()?;
    let recall = |known: &mut Option<Card>| {
        let whole = readings.iter().find_map(|key| look_up(line, key, known));
        whole.or_else(|| look_up(line, alike(line, readings.as_slice())?, known))
    };
    if let Some(card) = recall(&mut on_what_is_known) {
        return Some(card);
    }
    let directory = &line.directory;
    let nobody = || directory.absent_as_of().is_some() || directory.lately_not_found(readings.first()).is_some();
    if on_what_is_known.is_none() && nobody() {
        return None;
    }
    let Some(answer_by) = answer_by.filter(|&answer_by| answer_by > Instant::now()) else { return on_what_is_known };
    match directory.ask(&readings, answer_by).await {
        Asked::Found => recall(&mut on_what_is_known).or(on_what_is_known),
        Asked::Nobody | Asked::Late | Asked::Busy | Asked::Failed => on_what_is_known,
    }
}

/// One number in memory; `None` when it is not known, or not well enough to be shown without asking.
fn look_up(line: &Line, key: PhoneKey, on_what_is_known: &mut Option<Card>) -> Option<Card> {
    let client = line.directory.known(key)?;
    let complete = line.directory.crawled().and(client.whole);
    let is_known = |kind: Kind| complete.has(kind) || !line.project.crm.adapter.kinds.has(kind);
    let shown = client.shown()?;
    let sure = CARD_ORDER.into_iter().take_while(|&kind| kind != shown.kind).all(is_known);
    let owner = client.responsible();
    let responsible = owner.and_then(|owner| line.people.employee_of(owner));
    let stale = line.directory.is_stale(&client);
    let card = Card { kind: shown.kind, id: shown.id, responsible, client };
    if sure && !stale {
        return Some(card);
    }
    on_what_is_known.get_or_insert(card);
    None
}

/// The number that is the caller's by the CRM's own rule, where none of the readings is known as a whole.
fn alike(line: &Line, readings: &[PhoneKey]) -> Option<PhoneKey> {
    if readings.iter().any(|&key| line.directory.known(key).is_some()) {
        return None;
    }
    let alike = |&key: &PhoneKey| line.directory.alike(key).map(|known| (known.shared_ending(key), known));
    readings.iter().filter_map(alike).max().map(|(_, known)| known)
}
