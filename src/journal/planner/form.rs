//! From a form to the steps that are to be done. Judged, decided and composed as a call is; what differs is how the client
//! is found, and that a form has one moment.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;

use super::compose::Composer;
use super::{Planned, Planner, Trouble, lane_of, new_steps, nothing};
use crate::forms::Visitor;
use crate::journal::judge::{Judged, Sought};
use crate::journal::store::{Leased, Plan};
use crate::model::{
    call::{Call, Direction},
    form::Form,
    phone::PhoneKey,
};
use crate::project::Project;
use crate::scenario::{At, Situation, SoughtBy, decide};

/// What a form makes is told from what was there by when it was made: by the vendor's clock, which may be behind ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(120);

/// Numbers that a form's client is looked for by, at most: each is a question of the CRM.
const MOST_NUMBERS: usize = 8;

/// What a form's client can be looked for by, and what that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::journal) struct Ways {
    /// What of it they left.
    pub(in crate::journal) by: SoughtBy,
    /// In the order in which they are tried; the first that finds somebody ends it. Never empty.
    pub(in crate::journal) sought: Vec<Sought>,
}

/// How the client of a form is looked for: by their numbers; without one by their e-mail, without that by their id at the
/// site's counter (row `pd-search`). `None` of somebody who has left nothing of these, and of our own employees.
pub(in crate::journal) fn ways(project: &Project, visitor: &Visitor) -> Option<Ways> {
    let numbers = numbers(project, visitor);
    let ours = |number: &PhoneKey| project.is_an_employees(*number);
    if !numbers.is_empty() {
        let sought: Vec<Sought> = numbers.into_iter().filter(|number| !ours(number)).map(Sought::Number).collect();
        return (!sought.is_empty()).then_some(Ways { by: SoughtBy::Phone, sought });
    }
    if let Some(email) = &visitor.email {
        return Some(Ways { by: SoughtBy::Email, sought: vec![Sought::Email(email.to_lowercase())] });
    }
    // Without a field for it nobody is found by it, and what was made could not be found again either.
    let id = visitor.client_id.clone().filter(|_| project.keeps_client_ids())?;
    Some(Ways { by: SoughtBy::ClientId, sought: vec![Sought::ClientId(id)] })
}

/// The lane of a form: its client's calls and forms are worked on one after the other.
pub(in crate::journal) fn lane(ways: &Ways) -> Option<String> {
    Some(match ways.sought.first()? {
        Sought::Number(number) => lane_of(*number),
        other => other.who(),
    })
}

fn numbers(project: &Project, visitor: &Visitor) -> Vec<PhoneKey> {
    let mut numbers = Vec::with_capacity(MOST_NUMBERS);
    for key in visitor.phones.iter().flat_map(|text| project.numbers.stored_all(text).unwrap_or_default()) {
        if numbers.len() < MOST_NUMBERS && !numbers.contains(&key) {
            numbers.push(key);
        }
    }
    numbers
}

impl Planner<'_> {
    /// Decides what is to be done about a form.
    pub(super) async fn plan_form(&self, leased: &Leased) -> Result<Planned, Trouble> {
        let form = form_of(leased.entry.facts.as_deref())?;
        let project = &self.office.project;
        let visitor = project.forms.visitor(&form);
        let Some(ways) = ways(project, &visitor) else { return Ok(nothing("no-client")) };
        // The project may have learned since which field holds the number.
        if let Some(lane) = lane(&ways).filter(|lane| *lane != leased.entry.lane) {
            return Ok(Planned::Lane(lane));
        }
        let judged = self.found(leased, &ways).await?;
        let situation = Situation::of_form(ways.by, judged.client(), judged.has());
        let decision = decide(&project.matrix, &situation, At::Form, &BTreeSet::new());
        let came = Timestamp::from_millisecond(leased.entry.received_ms).unwrap_or(self.now);
        let call = call_of(visitor, &ways, came);
        let composer = Composer { office: self.office, call: &call, judged: &judged, form: Some(&form), over: came };
        let orders = composer.orders(&decision.due, &judged, &[])?;
        let outcome = match (&decision.row, orders.is_empty()) {
            (_, false) => None,
            (None, true) => Some("no-row"),
            (Some(_), true) => Some("nothing-to-do"),
        };
        Ok(Planned::Plan(Plan {
            judged: None,
            row_id: decision.row.map(|row| row.id.clone()),
            outcome: outcome.map(str::to_owned),
            steps: new_steps(leased, orders),
        }))
    }

    /// What the client of a form has now.
    pub(super) async fn form_held(&self, leased: &Leased) -> Result<Option<Judged>, Trouble> {
        let form = form_of(leased.entry.facts.as_deref())?;
        let project = &self.office.project;
        match ways(project, &project.forms.visitor(&form)) {
            Some(ways) => Ok(Some(self.found(leased, &ways).await?)),
            None => Ok(None),
        }
    }

    /// What the first way that finds somebody finds.
    async fn found(&self, leased: &Leased, ways: &Ways) -> Result<Judged, Trouble> {
        let mut judged = Judged { held: Vec::new(), fresh: true };
        for sought in &ways.sought {
            judged = self.look_for(leased, sought).await?;
            if !judged.held.is_empty() {
                break;
            }
        }
        Ok(judged)
    }
}

/// Who filled it in, as the facts of a call that never was.
fn call_of(visitor: Visitor, ways: &Ways, came: Timestamp) -> Call {
    let number = |sought: &Sought| match sought {
        Sought::Number(number) => Some(*number),
        _ => None,
    };
    Call {
        client: ways.sought.iter().find_map(number),
        client_name: visitor.name,
        client_email: visitor.email,
        client_id: visitor.client_id,
        utm: visitor.utm,
        started: came.checked_sub(CLOCKS_DIFFER).ok(),
        ..Call::new(Direction::In)
    }
}

/// A form as the journal keeps it.
pub(in crate::journal) fn form_of(facts: Option<&str>) -> Result<Form, Trouble> {
    let unreadable = |why: String| Trouble::Unreadable(format!("expected what a form says, found {why}"));
    serde_json::from_str(facts.ok_or_else(|| unreadable("nothing".to_owned()))?)
        .map_err(|error| unreadable(error.to_string()))
}
