//! What one lock guards: all that a request is measured against.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::crm::failure::Failure;
use crate::crm::quota::{
    Lane, Limits, Purpose, crawls::Crawls, day::Spending, lanes::Lanes, no_quota, pause::Pauses, places::Places,
};

#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) spending: Spending,
    pub(super) lanes: Lanes,
    pub(super) pauses: Pauses,
    pub(super) places: Option<Places>,
    /// What a sweep was last told.
    pub(super) sweep_every: Option<Duration>,
    /// Shared with the ledgers before and after: a crawl may outlive the limits that it began under.
    pub(super) crawls: Arc<Crawls>,
}

/// When a live question may start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) at: Instant,
    /// It looks whether what the vendor said still holds.
    is_probe: bool,
}

impl Book {
    pub(super) fn new(limits: Limits, now_ms: i64) -> Self {
        Self {
            spending: Spending::new(limits, now_ms),
            lanes: Lanes::new(&limits),
            pauses: Pauses::new(&limits),
            places: limits.in_flight.map(|most| Places::new(most, limits.live_part(most))),
            sweep_every: None,
            crawls: Arc::default(),
        }
    }

    pub(super) fn carry_over(&mut self, before: &Self, now_ms: i64) {
        self.spending.carry_over(&before.spending, now_ms);
        self.lanes.carry_over(&before.lanes);
        self.pauses.carry_over(&before.pauses);
        if let (Some(places), Some(before)) = (&mut self.places, &before.places) {
            places.carry_over(before);
        }
        self.crawls = Arc::clone(&before.crawls);
    }

    /// The next live start, if it comes before `until` and there is `cost` left.
    pub(super) fn live_start(&self, lane: Lane, cost: u64, until: Instant, now_ms: i64) -> Result<Start, Failure> {
        let now = Instant::now();
        let (earliest, is_probe) = self.pauses.live(lane, now);
        let at = self.lanes.next_live(lane, earliest);
        // Who has no patience may start at once, although a moment has passed since it was asked.
        if at > until.max(now) {
            let reason = match self.pauses.is_day_spent(now) {
                true => "the CRM says that the day's budget is spent",
                false => "no live question can be asked in time",
            };
            return Err(no_quota(reason, at - now));
        }
        let Err(failure) = self.spending.afford(Purpose::Live, cost, now_ms) else { return Ok(Start { at, is_probe }) };
        let only_said = self.spending.is_refused_by_the_vendor_alone(cost);
        if only_said && self.pauses.may_probe(now) { Ok(Start { at, is_probe: true }) } else { Err(failure) }
    }

    pub(super) fn pay_live(&mut self, lane: Lane, cost: u64, start: Start, now_ms: i64) {
        self.pay(Purpose::Live, cost, now_ms);
        self.lanes.take_live(lane, start.at);
        if start.is_probe {
            self.pauses.probe(start.at);
        }
    }

    pub(super) fn pay(&mut self, purpose: Purpose, cost: u64, now_ms: i64) {
        self.spending.pay(purpose, cost, now_ms);
        if purpose == Purpose::Crawl {
            self.crawls.pay(cost);
        }
    }

    /// When a background request may start, as far as its pacer allows it.
    pub(super) fn background_start(&self, purpose: Purpose, lane: Lane, now: Instant) -> Instant {
        let start = self.lanes.next_background(purpose, lane, now);
        self.pauses.background(lane).map_or(start, |until| until.max(start))
    }

    pub(super) fn note_left(&mut self, lane: Lane, left: u32, now: Instant, until: Instant) {
        if lane == Lane::General && left < self.lanes.live_may_need(now) {
            self.pauses.hold_background(until);
        }
        if left == 0 {
            let one_window = self.lanes.counts_in_general(Lane::Search);
            let lanes = if one_window { &[Lane::General, Lane::Search][..] } else { &[lane][..] };
            self.pauses.empty(lanes, until);
        }
    }
}
