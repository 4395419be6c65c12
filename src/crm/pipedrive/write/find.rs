//! Whether something was written although the answer was lost: read from lists, which come from the database, never from
//! the search, which lags.

use crate::config::Meaning;
use crate::crm::failure::Failure;
use crate::crm::pipedrive::{
    account::Question,
    path::{self, Operation},
    wire::Envelope,
    write::{
        Pen,
        request::{Made, number},
        seen::Seen,
    },
};
use crate::crm::quota::Purpose;
use crate::crm::writer::Order;
use crate::model::{action::Link, client::Kind};

/// What the telephone system's clock and the vendor's may differ, and how much later a call may be told of than it began.
const CLOCKS_DIFFER_S: i64 = 600;
/// Where the call's beginning is not known: as far back as anything stored is sent again.
const WITHOUT_A_BEGINNING_S: i64 = 3 * 86_400;
/// Pages of call logs that are read, at most: 2,000 calls that began since.
const MOST_PAGES: u64 = 40;
/// A call log counts as older than ours only when it is this much older: calls are not written in the order they began.
const OUT_OF_ORDER_S: i64 = 86_400;

impl Pen {
    /// What was made since the call began and is the order's.
    pub(super) async fn made_entity(&self, order: &Order, made: Made<'_>) -> Result<Option<String>, Failure> {
        let keys = self.fields.keys(self.account(), made.kind).await?;
        let wanted = self.creation(order, made, &keys).await?;
        let title = wanted.body["name"].as_str().or_else(|| wanted.body["title"].as_str()).unwrap_or_default();
        let mark = keys.get(&Meaning::Mark);
        let number = number(&order.call).filter(|_| made.kind == Kind::Contact);
        let email = wanted.body["emails"][0]["value"].as_str();
        let client_id = keys.get(&Meaning::ClientId).filter(|_| made.kind == Kind::Contact);
        let client_id = client_id.and_then(|key| Some((key, wanted.body["custom_fields"][key].as_str()?)));
        let is_it = |seen: &Seen| match (mark, &number, email, client_id) {
            (Some(key), ..) => seen.custom(key) == order.mark.as_str(),
            (None, Some(number), ..) => seen.has_number(number),
            (None, None, Some(email), _) => seen.has_email(email),
            (None, None, None, Some((key, id))) => seen.custom(key) == id,
            (None, None, None, None) => seen.title() == title,
        };
        let of = |kind, name| order.on.iter().find(|link| link.kind == kind).map(|link| (name, link.id.to_string()));
        match made.kind {
            Kind::Contact => self.newest(path::PERSONS, order, None, is_it).await,
            Kind::Organization => self.newest(path::ORGANIZATIONS, order, None, is_it).await,
            Kind::Deal => {
                let of = of(Kind::Contact, "person_id").or_else(|| of(Kind::Organization, "org_id"));
                self.newest(path::DEALS, order, of, is_it).await
            }
            Kind::Lead => {
                let of = of(Kind::Contact, "person_id").or_else(|| of(Kind::Organization, "organization_id"));
                self.newest(path::LEADS, order, of, is_it).await
            }
            Kind::Ticket => Ok(None),
        }
    }

    /// The activity with the order's mark.
    pub(super) async fn made_activity(&self, order: &Order) -> Result<Option<String>, Failure> {
        let of = |kind, name| order.on.iter().find(|link| link.kind == kind).map(|link| (name, link.id.to_string()));
        let of = of(Kind::Deal, "deal_id")
            .or_else(|| of(Kind::Lead, "lead_id"))
            .or_else(|| of(Kind::Contact, "person_id"))
            .or_else(|| of(Kind::Organization, "org_id"))
            .or_else(|| order.owner.map(|owner| ("owner_id", owner.to_string())));
        self.newest(path::ACTIVITIES, order, of, |seen| seen.note().contains(order.mark.as_str())).await
    }

    /// The note with the order's mark.
    pub(super) async fn made_note(&self, order: &Order) -> Result<Option<String>, Failure> {
        let of = |link: &Link| {
            let name = match link.kind {
                Kind::Contact => "person_id",
                Kind::Organization => "org_id",
                Kind::Deal => "deal_id",
                Kind::Lead => "lead_id",
                Kind::Ticket => return None,
            };
            Some((name, link.id.to_string()))
        };
        let of = order.on.iter().find_map(of);
        self.newest(path::NOTES, order, of, |seen| seen.note().contains(order.mark.as_str())).await
    }

    /// The call log that an activity became. The list is of whose the credentials are, and its order is nowhere said: read
    /// from the end that holds the newest.
    pub(super) async fn made_call_log(&self, order: &Order, activity: &str) -> Result<Option<String>, Failure> {
        let is_it = |seen: &&Seen| seen.activity().as_deref() == Some(activity);
        let since_s = self.since_s(order) - OUT_OF_ORDER_S;
        let (first, more) = self.call_logs(0).await?;
        if let Some(found) = first.iter().find(is_it) {
            return found.id().map(Some);
        }
        if !more {
            return Ok(None);
        }
        let began = |seen: Option<&Seen>| seen.and_then(Seen::started_s);
        let newest_first = began(first.first()) >= began(first.last());
        let mut page = if newest_first { 1 } else { self.last_page().await? };
        for _ in 0..MOST_PAGES {
            let (logs, more) = self.call_logs(page * path::CALL_LOGS_PAGE).await?;
            if let Some(found) = logs.iter().find(is_it) {
                return found.id().map(Some);
            }
            let all_older = logs.iter().all(|log| log.started_s().is_some_and(|began| began < since_s));
            let over = if newest_first { !more } else { page <= 1 };
            if over || all_older && !logs.is_empty() {
                return Ok(None);
            }
            page = if newest_first { page + 1 } else { page - 1 };
        }
        let reason = format!("expected a call log among the newest {MOST_PAGES} pages, found too many since");
        Err(Failure::Unclear { reason })
    }

    /// The last page of call logs, found by doubling and halving: the vendor does not say how many there are.
    async fn last_page(&self) -> Result<u64, Failure> {
        const FURTHEST: u64 = 1 << 24;
        // There is something on the page `low`, and nothing after the page `high`.
        let (mut low, mut high) = (1, 2);
        while high < FURTHEST && self.call_logs((high - 1) * path::CALL_LOGS_PAGE).await?.1 {
            (low, high) = (high, high * 2);
        }
        while low < high {
            let middle = u64::midpoint(low, high);
            let (_, more) = self.call_logs(middle * path::CALL_LOGS_PAGE).await?;
            if more { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    async fn call_logs(&self, start: u64) -> Result<(Vec<Seen>, bool), Failure> {
        let url = path::call_logs(&self.account().base, start);
        let answer: Envelope<Vec<Seen>> =
            self.account().ask_for(Question::background(Purpose::Write, path::CALL_LOGS, url)).await?;
        let more = answer.additional_data.more();
        Ok((answer.data.unwrap_or_default(), more))
    }

    /// Since when something of this order can have been made, seconds since 1970 UTC.
    fn since_s(&self, order: &Order) -> i64 {
        match order.call.started {
            Some(started) => started.as_second() - CLOCKS_DIFFER_S,
            None => self.account().tools.clock.now_s() - WITHOUT_A_BEGINNING_S,
        }
    }

    /// The id of what is the order's in a list of what was made since, the newest first. A list of the second API goes on
    /// at a cursor, one of the first at a place.
    async fn newest(
        &self,
        operation: Operation,
        order: &Order,
        of: Option<(&str, String)>,
        is_it: impl Fn(&Seen) -> bool + Send,
    ) -> Result<Option<String>, Failure> {
        let (base, since_s) = (&self.account().base, self.since_s(order));
        let by_place = operation.path.starts_with("/v1/");
        let list = if by_place { path::newest_first } else { path::newest };
        let first = list(base, operation, since_s, of.as_ref());
        let (mut url, mut read) = (if by_place { path::from(first.clone(), 0) } else { first.clone() }, 0);
        loop {
            let question = Question::background(Purpose::Write, operation, url);
            let answer: Envelope<Vec<Seen>> = self.account().ask_for(question).await?;
            let more = answer.additional_data.more();
            let cursor = answer.additional_data.next_cursor.filter(|cursor| !cursor.is_empty());
            let page = answer.data.unwrap_or_default();
            if let Some(found) = page.iter().find(|seen| !seen.is_gone() && is_recent(seen, since_s) && is_it(seen)) {
                return found.id().map(Some);
            }
            let reached_older = page.last().is_some_and(|last| !is_recent(last, since_s));
            read += u64::try_from(page.len()).unwrap_or(u64::MAX);
            let next = match cursor {
                Some(cursor) if !by_place => Some(path::after(first.clone(), &cursor)),
                _ => (by_place && more && !page.is_empty()).then(|| path::from(first.clone(), read)),
            };
            match next.filter(|_| !reached_older) {
                Some(next) => url = next,
                None => return Ok(None),
            }
        }
    }
}

/// What has no time may be recent.
fn is_recent(seen: &Seen, since_s: i64) -> bool {
    seen.made_s().is_none_or(|made_s| made_s >= since_s)
}
