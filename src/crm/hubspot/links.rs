//! What belongs to what, in batches.

use std::collections::HashMap;

use crate::crm::Links;
use crate::crm::failure::Failure;
use crate::crm::hubspot::{
    path,
    send::{Payer, Question, Sender},
    status,
    wire::{Answer, Associated, Paging, once},
};
use crate::model::{client::Kind, ids::CrmId};

/// Pages of one record's associations that are followed: nothing belongs to thousands.
const MOST_PAGES: usize = 20;

/// What each of `ids` is associated with.
pub(super) type Associations = HashMap<CrmId, Links>;

/// Reads what these records of `from` are associated with among `to`, both in the vendor's words. A call reads the first page of each only.
///
/// # Cost
/// One request per hundred ids, of the day alone: the vendor leaves associations out of its rolling window.
pub(super) async fn associations(
    sender: &Sender,
    payer: Payer,
    (from, to): (&str, &str),
    ids: &[CrmId],
) -> Result<Associations, Failure> {
    let mut found = Associations::new();
    for chunk in ids.chunks(path::BATCH) {
        let mut asked: Vec<(CrmId, Option<String>)> = chunk.iter().map(|&id| (id, None)).collect();
        for _ in 0..MOST_PAGES {
            let body = path::associations_body(&asked);
            let reply =
                sender.reply_to(payer, &Question::post(path::associations(&sender.base, from, to), body)).await?;
            if [from, to].contains(&path::object(Kind::Lead)) && status::says_without(&reply) {
                return Ok(Associations::new());
            }
            let answer: Answer<Associated> = status::judge_batch(&reply)?;
            asked = take(answer, &mut found);
            if asked.is_empty() || payer.is_live() {
                break;
            }
        }
    }
    Ok(found)
}

/// Takes a page in; says whose go on and where.
fn take(answer: Answer<Associated>, found: &mut Associations) -> Vec<(CrmId, Option<String>)> {
    let mut further = Vec::new();
    for associated in answer.results {
        let Some(id) = CrmId::parse(&associated.from.id) else { continue };
        let links = found.entry(id).or_default();
        *links = once(links.iter().copied().chain(associated.others()));
        if let Some(after) = associated.paging.and_then(Paging::after) {
            further.push((id, Some(after)));
        }
    }
    further
}
