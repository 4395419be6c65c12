//! Past calls through another matrix: what it would have had done otherwise. Nothing is asked of a CRM and nothing is
//! stored.
//!
//! A call is decided twice, as it was judged when it came: by the matrix in force and by the other one, each time as if
//! nothing had been made of it yet. Whose things become, and what they say, comes of the employees and texts of today.

mod difference;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use self::difference::{Made, differences};
use super::Journal;
use super::facts::call_of;
use super::judge::Judged;
use super::office::Office;
use super::order::StoredOrder;
use super::planner::{Trouble, compose::Composer, situation};
use super::store::{self, CallPlace, KnownCall, StoreError};
use crate::model::{call::Call, event::Event, phone::PhoneKey};
use crate::scenario::{At, Matrix, decide};

/// Calls of one page.
const PAGE: u32 = 250;

/// What came of one page of calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The calls of which something would have been done otherwise, the first one first.
    pub calls: Vec<TriedCall>,
    /// How many calls were decided twice.
    pub compared: u64,
    /// Calls that were never judged.
    pub never_judged: u64,
    /// Calls whose end was not told.
    pub not_over: u64,
    /// Calls of nobody who could be a client.
    pub no_client: u64,
    /// How many calls each pair of rows decided, and of how many something differs.
    pub pairs: Vec<Pair>,
    /// Where the next page begins; none after the last.
    pub after: Option<CallPlace>,
}

/// A call of which something would have been done otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TriedCall {
    /// When it began, by the project's clock.
    pub began: String,
    /// The client's number but for its middle.
    pub number: String,
    /// The telephone system's id of it.
    pub call_id: String,
    /// The row of the matrix in force that decides; none where none fits.
    pub before: Option<String>,
    /// That of the other.
    pub after: Option<String>,
    /// What differs, in words.
    pub differences: Vec<String>,
}

/// Two rows that decided the same calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The row of the matrix in force.
    pub before: Option<String>,
    /// The row of the other.
    pub after: Option<String>,
    /// Calls that both decided.
    pub calls: u64,
    /// Of how many of them something differs.
    pub different: u64,
}

/// How many calls two rows decided, and of how many something differs.
type Pairs = BTreeMap<(Option<String>, Option<String>), (u64, u64)>;

/// What a matrix has done of a call.
struct Decided {
    row: Option<String>,
    made: Made,
}

impl Journal {
    /// Tries a matrix on a page of the project's calls: of those that came at a time or later, those behind `after`.
    ///
    /// # Errors
    /// Those of the store.
    ///
    /// # Cost
    /// Some hundreds of calls, read by who reads beside the writer.
    pub async fn try_matrix(
        &self,
        office: &Office,
        matrix: &Matrix,
        since_ms: i64,
        after: Option<CallPlace>,
    ) -> Result<Tried, StoreError> {
        let project = &*office.project.name;
        let calls = self.floor.store.calls_since(project, since_ms, after, PAGE).await?;
        let ids = calls.iter().map(|call| call.call_id.clone()).collect();
        let mut told = self.floor.store.events_of_calls(project, ids).await?;
        let last = calls.last().filter(|_| calls.len() == PAGE as usize);
        let place = last.map(|last| CallPlace { first_ms: last.first_ms, call_id: last.call_id.clone() });
        let mut tried = Tried { after: place, ..Tried::default() };
        let mut pairs = Pairs::new();
        for known in &calls {
            let events = told.remove(&known.call_id).unwrap_or_default();
            self.try_call(office, matrix, (known, &events), (&mut tried, &mut pairs));
        }
        let pair = |((before, after), (calls, different))| Pair { before, after, calls, different };
        tried.pairs = pairs.into_iter().map(pair).collect();
        Ok(tried)
    }

    fn try_call(
        &self,
        office: &Office,
        matrix: &Matrix,
        (known, events): (&KnownCall, &[store::Event]),
        (tried, pairs): (&mut Tried, &mut Pairs),
    ) {
        let events: Vec<Event> =
            events.iter().filter_map(|event| serde_json::from_str(event.facts.as_deref()?).ok()).collect();
        if events.is_empty() {
            return;
        }
        let judged = known.judged.as_deref().and_then(|text| serde_json::from_str::<Judged>(text).ok());
        let Some(judged) = judged else {
            tried.never_judged += 1;
            return;
        };
        let call = call_of(&events, &office.project.numbers, &office.project.timezone);
        let Some(number) = call.client.filter(|number| !office.project.is_an_employees(*number)) else {
            tried.no_client += 1;
            return;
        };
        let now = Timestamp::from_millisecond(known.first_ms).unwrap_or_else(|_| self.floor.clock.now());
        let told_end = events.iter().any(|event| At::of(event.moment) == Some(At::AfterCall));
        let decided = |matrix: &Matrix| decided(office, matrix, (&call, &judged), now).filter(|_| told_end);
        let (Some(before), Some(after)) = (decided(&office.project.matrix), decided(matrix)) else {
            tried.not_over += 1;
            return;
        };
        tried.compared += 1;
        let differences = differences(&before.made, &after.made, &office.project.timezone);
        let pair = pairs.entry((before.row.clone(), after.row.clone())).or_default();
        pair.0 += 1;
        if differences.is_empty() && before.row == after.row {
            return;
        }
        pair.1 += u64::from(!differences.is_empty());
        let began = call.started.unwrap_or(now).to_zoned(office.project.timezone.clone());
        tried.calls.push(TriedCall {
            began: began.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            number: masked(number),
            call_id: known.call_id.clone(),
            before: before.row,
            after: after.row,
            differences,
        });
    }
}

/// What a matrix has done of a call that is over; `None` where its words say that it is not.
fn decided(office: &Office, matrix: &Matrix, (call, judged): (&Call, &Judged), now: Timestamp) -> Option<Decided> {
    let outcome = situation::outcome_of(matrix, call)?;
    let call = Call { outcome: Some(outcome), ..call.clone() };
    let situation = situation::situation(office, &call, Some(outcome), judged);
    let decision = decide(matrix, &situation, At::AfterCall, &std::collections::BTreeSet::new());
    let over = call.ended().unwrap_or(now);
    let composer = Composer { office, call: &call, judged, form: None, over };
    let orders: Result<Vec<(String, StoredOrder)>, Trouble> = composer.orders(&decision.due, judged, &[]);
    let made = orders.map_err(|trouble| match trouble {
        Trouble::Store(error) => error.to_string(),
        Trouble::Crm(failure) => failure.to_string(),
        Trouble::Unreadable(why) => why,
    });
    Some(Decided { row: decision.row.map(|row| row.id.clone()), made: made.map(|orders| orders.into_iter().collect()) })
}

/// A number by which an operator knows a client whom they know, and nobody else does.
fn masked(number: PhoneKey) -> String {
    let digits = number.digits().to_string();
    let shown = |at: usize| at < 5 || at + 2 >= digits.len();
    let masked: String = digits.chars().enumerate().map(|(at, digit)| if shown(at) { digit } else { '*' }).collect();
    format!("+{masked}")
}

#[cfg(test)]
mod tests {
    use super::masked;
    use crate::model::phone::PhoneKey;

    #[test]
    fn the_middle_of_a_number_is_not_shown() {
        assert_eq!(masked(PhoneKey::from_digits(380_671_112_233).unwrap()), "+38067*****33");
    }
}
