//! The account's quota: one ledger per CRM account, shared by everything that talks to it.
//!
//! Two limits are kept at once. The *day's budget*, in the vendor's unit, is divided into shares so that a crawl can
//! never eat what calls need. The *burst windows* ("20 requests in any 2 s") are kept so that a live question never
//! waits behind a crawl: each side has slots of its own.
//!
//! Background work is spaced by governor, one request at a time at an even pace, so no stretch of the window's length
//! ever holds more than its part. Live questions come in bursts and must not be spaced: a governor of burst *n* lets
//! nearly 2 *n* through in one rolling window (the burst, and what it regained meanwhile), so their window is counted
//! exactly, as the list of the last *n* starts.
//!
//! Not known here: what a request is, and any vendor's header. Not kept: counts over a restart (over a reload they
//! are: [`Ledger::carry_over`]). A process that was
//! restarted may spend its shares of the day once more; the vendor's 429 is then what stops it, which is why the sweep's
//! pace is taken from the whole day and never speeds up to use what is left.

mod day;
mod window;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{
    Quota as Pace, RateLimiter,
    clock::Clock as _,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use tokio::time::Instant;

use crate::base::clock::Clock;
use crate::crm::failure::Failure;
use crate::crm::quota::{day::Day, window::Window};

/// What a request is for: which share pays for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A call waits.
    Live,
    /// What changed since the last time.
    Sweep,
    /// Everything.
    Crawl,
}

/// Which of the vendor's burst limits a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Any request.
    General,
    /// Searches, which vendors limit more.
    Search,
}

/// What an account may do, and how the day is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The day's budget in the vendor's unit.
    pub daily: u64,
    /// Share of the day for sweeps.
    pub sweep_percent: u8,
    /// Share of the day for crawls.
    pub crawl_percent: u8,
    /// Share of the day that only live questions may spend.
    pub live_percent: u8,
    /// The length of the rolling windows, as the vendor says it.
    pub window: Duration,
    /// Requests in one window.
    pub general: u32,
    /// Searches in one window, counted in `general` as well.
    pub search: u32,
}

/// What was spent today, by purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Spent {
    /// By live questions.
    pub live: u64,
    /// By sweeps.
    pub sweep: u64,
    /// By crawls.
    pub crawl: u64,
}

impl Spent {
    /// All of it.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.live.saturating_add(self.sweep).saturating_add(self.crawl)
    }
}

/// The ledger as operators see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct QuotaView {
    /// The day's budget in the vendor's unit.
    pub daily_limit: u64,
    /// What this process spent of it.
    pub spent: Spent,
    /// What is left for live questions.
    pub left: u64,
    /// What is left for sweeps.
    pub sweep_left: u64,
    /// What is left for crawls.
    pub crawl_left: u64,
    /// What will have been spent when the day ends, if it goes on like this.
    pub forecast: u64,
    /// When the day ends, seconds since 1970 UTC.
    pub resets_at_s: i64,
    /// The vendor asked for a pause; what is left of it.
    pub held: Option<Duration>,
    /// How often the vendor said 429 since the start.
    pub limited: u64,
}

/// The jitter of the network: our windows are this much longer than the vendor's, so that requests which leave a
/// window's length apart do not arrive closer.
const JITTER: Duration = Duration::from_millis(100);
/// The pause after a 429 that names no time; doubled where it was too short, since a spent day looks the same.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause that is believed.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(600);

type Pacer = RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Nanos>>;

/// The ledger of one CRM account.
#[derive(Debug)]
pub struct Ledger {
    limits: Limits,
    clock: Clock,
    /// What live questions wait for; never held across an await.
    book: Mutex<Book>,
    /// Background requests queue here, first come first served; the one in front waits for the pacer.
    background: tokio::sync::Mutex<()>,
    pacer: Pacer,
}

#[derive(Debug, Clone)]
struct Book {
    day: Day,
    live: Window,
    /// No request at all before this.
    held_until: Option<Instant>,
    /// No background request before this.
    background_held_until: Option<Instant>,
    /// When the pause after the last 429 ends or ended.
    limited_until: Option<Instant>,
    limited_in_a_row: u32,
    limited: u64,
}

impl Book {
    fn is_after_the_pause(&self, sent: Instant) -> bool {
        self.limited_until.is_none_or(|until| sent >= until)
    }
}

impl Ledger {
    /// A ledger that has spent nothing today.
    #[must_use]
    pub fn new(limits: Limits, clock: Clock) -> Self {
        let window = limits.window.saturating_add(JITTER);
        let live = limits.search.min(limits.general / 2).max(1);
        let book = Book {
            day: Day::new(limits, clock.now_s()),
            live: Window::new(live, window),
            held_until: None,
            background_held_until: None,
            limited_until: None,
            limited_in_a_row: 0,
            limited: 0,
        };
        let background = limits.general.saturating_sub(live).max(1);
        let pacer = RateLimiter::direct_with_clock(pace(background, window), RuntimeClock::starting_now());
        Self { limits, clock, book: Mutex::new(book), background: tokio::sync::Mutex::new(()), pacer }
    }

    /// Takes over what the same account has seen under the limits that held `before`: what it spent today and since when
    /// that is counted, the starts in the burst window, the pauses the vendor asked for. For a ledger that takes the place
    /// of another, once: what it has spent itself by then is kept on top.
    pub fn carry_over(&self, before: &Self) {
        if std::ptr::eq(self, before) {
            return;
        }
        let now_s = self.clock.now_s();
        // One lock at a time: two ledgers that take over from each other must not wait for each other.
        let before = {
            let mut book = before.book();
            book.day.turn(now_s);
            book.clone()
        };
        let mut book = self.book();
        book.day.turn(now_s);
        book.day.carry_over(&before.day);
        book.live.carry_over(&before.live);
        book.held_until = book.held_until.max(before.held_until);
        book.background_held_until = book.background_held_until.max(before.background_held_until);
        book.limited_until = book.limited_until.max(before.limited_until);
        book.limited_in_a_row = book.limited_in_a_row.max(before.limited_in_a_row);
        book.limited = book.limited.saturating_add(before.limited);
    }

    /// Waits until a request of `cost` may be sent and counts it as spent.
    ///
    /// Live questions go in the order they came and wait only for each other. Background requests queue behind each
    /// other, evenly spaced. Once granted, the cost stays spent, whether the request is sent or not; the same holds when
    /// this future is dropped while it waits for its slot.
    ///
    /// # Errors
    /// [`Failure::NoQuota`] at once where the share is spent or the wait would be longer than `patience`.
    pub async fn spend(&self, purpose: Purpose, lane: Lane, cost: u64, patience: Duration) -> Result<(), Failure> {
        let started = Instant::now();
        if purpose == Purpose::Live {
            let slot = self.live_slot(cost, started, patience)?;
            tokio::time::sleep_until(slot).await;
            return Ok(());
        }
        let turn = tokio::time::timeout(patience, self.background.lock()).await;
        let _turn = turn.map_err(|_| no_quota("other background requests go first", FIRST_PAUSE))?;
        loop {
            let wait = self.background_wait(purpose, lane, cost)?;
            if wait.is_zero() {
                return Ok(());
            }
            if started.elapsed().saturating_add(wait) > patience {
                return Err(no_quota("the CRM asked for a pause", wait));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// The vendor said 429 to a request that was `sent` then: nothing more before `after`, or, where it named no time,
    /// before a pause that doubles with every pause that proved too short. Live questions keep asking at that pace.
    ///
    /// Only a request sent after the last pause proves it too short. Those that were under way before, or had their slot
    /// already, ran into the limit that the pause is for: they count, and where they name a time it is kept.
    pub fn note_limited(&self, sent: Instant, after: Option<Duration>) {
        let mut book = self.book();
        book.limited = book.limited.saturating_add(1);
        let is_news = book.is_after_the_pause(sent);
        let step = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(book.limited_in_a_row));
        let Some(pause) = after.or(is_news.then_some(step)) else { return };
        if is_news {
            book.limited_in_a_row = book.limited_in_a_row.saturating_add(1);
        }
        let until = Instant::now() + pause.min(LONGEST_PAUSE);
        book.limited_until = book.limited_until.max(Some(until));
        book.held_until = book.held_until.max(Some(until));
    }

    /// The vendor answered a request that was `sent` then with what was asked for: the row of 429s ends, unless the request
    /// was under way before the last of them.
    pub fn note_accepted(&self, sent: Instant) {
        let mut book = self.book();
        if book.is_after_the_pause(sent) {
            book.limited_in_a_row = 0;
        }
    }

    /// The vendor said, with an answer or a refusal, how many more the window of that lane takes and when it begins anew.
    /// Where fewer are `left` than live questions may yet need, background requests pause until then; where none is left,
    /// all do.
    ///
    /// A pause told this way is never longer than the window: what a vendor calls *reset* comes in several units.
    pub fn note_left(&self, lane: Lane, left: u32, resets: Duration) {
        let mut book = self.book();
        let now = Instant::now();
        let until = now + resets.min(self.limits.window.saturating_add(JITTER));
        if lane == Lane::General && left < book.live.free(now) {
            book.background_held_until = book.background_held_until.max(Some(until));
        }
        if left == 0 {
            book.held_until = book.held_until.max(Some(until));
        }
    }

    /// How often a sweep that costs `each` can be made at the most: the sweeps' share spread evenly over the whole day,
    /// and slower than that when more of it is spent than the time of day explains.
    #[must_use]
    pub fn sweep_interval(&self, each: u64) -> Duration {
        let now_s = self.clock.now_s();
        let mut book = self.book();
        book.day.turn(now_s);
        book.day.sweep_interval(each, now_s)
    }

    /// What operators see.
    #[must_use]
    pub fn snapshot(&self) -> QuotaView {
        let now_s = self.clock.now_s();
        let mut book = self.book();
        book.day.turn(now_s);
        let held = book.held_until.and_then(|until| until.checked_duration_since(Instant::now()));
        QuotaView {
            daily_limit: self.limits.daily,
            spent: book.day.spent,
            left: book.day.left(Purpose::Live),
            sweep_left: book.day.left(Purpose::Sweep),
            crawl_left: book.day.left(Purpose::Crawl),
            forecast: book.day.forecast(now_s),
            resets_at_s: book.day.ends_at_s(),
            held: held.filter(|held| !held.is_zero()),
            limited: book.limited,
        }
    }

    /// Takes the next live slot, if it comes in time.
    fn live_slot(&self, cost: u64, now: Instant, patience: Duration) -> Result<Instant, Failure> {
        let mut book = self.book();
        book.day.turn(self.clock.now_s());
        let earliest = book.held_until.map_or(now, |until| until.max(now));
        let slot = book.live.next(earliest);
        if slot - now > patience {
            return Err(no_quota("no live question can be asked in time", slot - now));
        }
        book.day.pay(Purpose::Live, cost, self.clock.now_s())?;
        book.live.take(slot);
        Ok(slot)
    }

    /// Pays and returns zero, or says how long to wait before trying again.
    fn background_wait(&self, purpose: Purpose, lane: Lane, cost: u64) -> Result<Duration, Failure> {
        let (now, now_s) = (Instant::now(), self.clock.now_s());
        let mut book = self.book();
        book.day.turn(now_s);
        book.day.afford(purpose, cost, now_s)?;
        let held = book.held_until.max(book.background_held_until);
        let mut wait = held.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        if lane == Lane::Search {
            wait = wait.max(book.live.next(now) - now);
        }
        if !wait.is_zero() {
            return Ok(wait);
        }
        if let Err(not_until) = self.pacer.check() {
            let wait = not_until.wait_time_from(self.pacer.clock().now());
            // The pacer counts in nanoseconds, the runtime's timer in milliseconds.
            return Ok(wait.max(Duration::from_millis(1)));
        }
        book.day.pay(purpose, cost, now_s)?;
        if lane == Lane::Search {
            book.live.take(now);
        }
        Ok(Duration::ZERO)
    }

    /// A panic in a holder leaves sums, not a torn structure: the book stays usable.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request at a time, `most` in a window: the first at its start, the others after it.
fn pace(most: u32, window: Duration) -> Pace {
    let gaps = most.saturating_sub(1).max(1);
    let gap = (window / gaps).max(Duration::from_millis(1));
    Pace::with_period(gap).unwrap_or_else(|| Pace::per_second(std::num::NonZeroU32::MIN))
}

fn no_quota(reason: &str, after: Duration) -> Failure {
    Failure::NoQuota { reason: reason.to_owned(), after }
}

/// Governor's time is the runtime's, so that a test that pauses one pauses both.
#[derive(Debug, Clone)]
struct RuntimeClock(Instant);

impl RuntimeClock {
    fn starting_now() -> Self {
        Self(Instant::now())
    }
}

impl governor::clock::Clock for RuntimeClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

#[cfg(test)]
mod tests;
