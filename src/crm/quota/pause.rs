//! The pauses the vendor asked for, and those we take without being told a time.

use std::time::Duration;

use tokio::time::Instant;

use crate::crm::quota::{Lane, Limits};

/// The pause after a 429 that names no time; doubled where it was too short, since a spent day looks the same.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest that we wait without being told; and how often a live question looks whether a longer pause that we were
/// told is over.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// The longest pause that is believed: for a day that is spent.
const LONGEST_TOLD: Duration = Duration::from_secs(86_400);

/// Until when who waits for what.
#[derive(Debug, Clone)]
pub(super) struct Pauses {
    first: Duration,
    longest: Duration,
    longest_told: Duration,
    /// No request at all before this.
    all: Option<Instant>,
    /// No background request before this.
    background: Option<Instant>,
    /// The vendor's window is empty until this: of the requests, of the searches.
    empty: [Option<Instant>; 2],
    /// The day's budget is spent until this.
    day_spent: Option<Instant>,
    /// A live question may look whether the pause is over from this on.
    probe_from: Option<Instant>,
    /// When one last did.
    probed: Option<Instant>,
    /// When the pause after the last 429 ends or ended.
    limited_until: Option<Instant>,
    limited_in_a_row: u32,
    limited: u64,
}

impl Pauses {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            first: limits.here(FIRST_PAUSE),
            longest: limits.here(LONGEST_PAUSE),
            longest_told: limits.here(LONGEST_TOLD),
            all: None,
            background: None,
            empty: [None; 2],
            day_spent: None,
            probe_from: None,
            probed: None,
            limited_until: None,
            limited_in_a_row: 0,
            limited: 0,
        }
    }

    /// Until when a live question waits, and whether it looks then if a longer pause is over.
    pub(super) fn live(&self, lane: Lane, now: Instant) -> (Instant, bool) {
        let empty = self.empty[lane as usize].map_or(now, |until| until.max(now));
        match self.all {
            Some(until) if until > now => match self.probe_from {
                Some(from) if from.max(empty) < until => (from.max(empty), true),
                _ => (until.max(empty), false),
            },
            _ => (empty, false),
        }
    }

    pub(super) fn background(&self, lane: Lane) -> Option<Instant> {
        self.all.max(self.background).max(self.empty[lane as usize])
    }

    /// A live question looks at `now` whether the pause is over.
    pub(super) fn probe(&mut self, now: Instant) {
        self.probed = self.probed.max(Some(now));
        self.put_probes_off(now);
    }

    pub(super) fn may_probe(&self, now: Instant) -> bool {
        self.probe_from.is_none_or(|from| from <= now)
    }

    fn hold(&mut self, until: Instant, now: Instant) {
        if self.all.is_none_or(|held| held <= now) {
            // A row of pauses that begins anew: what was looked for is over.
            self.probed = None;
        }
        self.all = self.all.max(Some(until));
        self.put_probes_off(now);
    }

    /// The vendor has just spoken: it is not asked again so soon whether it meant it.
    pub(super) fn put_probes_off(&mut self, now: Instant) {
        self.probe_from = self.probe_from.max(Some(now + self.longest));
    }

    pub(super) fn note_limited(&mut self, sent: Instant, after: Option<Duration>) {
        self.limited = self.limited.saturating_add(1);
        let is_news = self.is_after_the_pause(sent);
        let step = self.first.saturating_mul(2_u32.saturating_pow(self.limited_in_a_row)).min(self.longest);
        let Some(pause) = after.or(is_news.then_some(step)) else { return };
        if is_news {
            self.limited_in_a_row = self.limited_in_a_row.saturating_add(1);
        }
        let now = Instant::now();
        let until = now + pause.min(self.longest_told);
        self.limited_until = self.limited_until.max(Some(until));
        self.hold(until, now);
    }

    /// The vendor named a time that a question within it would lengthen: nobody looks whether it is over.
    pub(super) fn note_named(&mut self, sent: Instant, after: Duration) {
        self.note_limited(sent, Some(after));
        self.probe_from = self.probe_from.max(self.limited_until);
    }

    pub(super) fn note_day_spent(&mut self, after: Duration) {
        self.limited = self.limited.saturating_add(1);
        let now = Instant::now();
        let until = now + after.min(self.longest_told);
        self.day_spent = self.day_spent.max(Some(until));
        self.hold(until, now);
    }

    /// Returns whether it ended a pause.
    pub(super) fn note_accepted(&mut self, sent: Instant) -> bool {
        let found_over = self.probed.is_some_and(|probed| sent >= probed);
        if found_over {
            (self.all, self.day_spent, self.limited_until) = (None, None, None);
            self.probed = None;
        }
        if self.is_after_the_pause(sent) {
            self.limited_in_a_row = 0;
        }
        found_over
    }

    pub(super) fn empty(&mut self, lanes: &[Lane], until: Instant) {
        for &lane in lanes {
            let empty = &mut self.empty[lane as usize];
            *empty = (*empty).max(Some(until));
        }
    }

    pub(super) fn hold_background(&mut self, until: Instant) {
        self.background = self.background.max(Some(until));
    }

    /// What is left of the longest pause.
    pub(super) fn held(&self, now: Instant) -> Option<Duration> {
        let until = self.all.max(self.empty[0]).max(self.empty[1])?;
        until.checked_duration_since(now).filter(|held| !held.is_zero())
    }

    pub(super) fn is_day_spent(&self, now: Instant) -> bool {
        self.day_spent.is_some_and(|until| until > now)
    }

    pub(super) const fn limited(&self) -> u64 {
        self.limited
    }

    pub(super) fn carry_over(&mut self, before: &Self) {
        self.all = self.all.max(before.all);
        self.background = self.background.max(before.background);
        for (empty, before) in self.empty.iter_mut().zip(before.empty) {
            *empty = (*empty).max(before);
        }
        self.day_spent = self.day_spent.max(before.day_spent);
        self.probe_from = self.probe_from.max(before.probe_from);
        self.probed = self.probed.max(before.probed);
        self.limited_until = self.limited_until.max(before.limited_until);
        self.limited_in_a_row = self.limited_in_a_row.max(before.limited_in_a_row);
        self.limited = self.limited.saturating_add(before.limited);
    }

    fn is_after_the_pause(&self, sent: Instant) -> bool {
        self.limited_until.is_none_or(|until| sent >= until)
    }
}
