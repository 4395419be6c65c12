//! What a form is written without: the fields whose values the portal refuses.
//!
//! What a field takes is the portal's own matter: a date, a number, one of a list that somebody keeps. A value that it does
//! not take refuses the whole request, which names the field; only those of the form are left out, so that what is ours
//! comes back where a form had written over it.

use crate::crm::failure::Failure;
use crate::crm::writer::Order;
use crate::model::{action::Action, form::Filled};

/// How often a form is sent again without the fields that are named; then without any.
pub(super) const MOST_TIMES: usize = 5;

/// A request that was not done.
#[derive(Debug)]
pub(super) struct Unsent {
    pub(super) failure: Failure,
    /// The fields for which it is refused, where that is said.
    pub(super) fields: Vec<String>,
}

impl From<Failure> for Unsent {
    fn from(failure: Failure) -> Self {
        Self { failure, fields: Vec::new() }
    }
}

impl From<Unsent> for Failure {
    fn from(unsent: Unsent) -> Self {
        unsent.failure
    }
}

/// The order without the fields of its form for which it was refused; `all`: without any, what is described apart.
///
/// # Errors
/// It was not the form's fields: why it was not done.
pub(super) fn without(order: &Order, unsent: Unsent, all: bool) -> Result<Order, Failure> {
    let is_named = |filled: &Filled| unsent.fields.contains(&filled.field);
    let mut order = order.clone();
    let Some(fields) = form(&mut order.action).filter(|fields| fields.iter().any(is_named)) else {
        return Err(unsent.failure);
    };
    let (left_out, kept): (Vec<Filled>, Vec<Filled>) =
        std::mem::take(fields).into_iter().partition(|one| is_named(one) || all && one.field != "description");
    *fields = kept;
    let names: Vec<&str> = left_out.iter().map(|filled| filled.field.as_str()).collect();
    tracing::warn!(fields = names.join(","), "Zoho Desk refuses what a form has for these fields: it is left out");
    Ok(order)
}

/// The form's fields of what is made or written.
fn form(action: &mut Action) -> Option<&mut Vec<Filled>> {
    match action {
        Action::Create { fields, .. } | Action::Update { fields, .. } => Some(fields),
        Action::Amend { to, .. } => form(to),
        Action::Task { .. } | Action::Call { .. } | Action::Note { .. } => None,
    }
}
