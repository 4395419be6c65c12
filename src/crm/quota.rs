//! The account's quota: one ledger per CRM account, shared by everything that talks to it.
//!
//! Three limits are kept at once, each where the vendor has it. The *day's budget*, in the vendor's unit, is divided into
//! shares so that a crawl can never eat what calls need. The *burst windows* ("20 requests in any 2 s") and the *requests
//! under way* are divided so that a live question never waits behind a crawl: each side has slots of its own.
//!
//! Background work is spaced by governor, one request at a time at an even pace, so no stretch of the window's length
//! ever holds more than its part. Live questions come in bursts and must not be spaced: a governor of burst *n* lets
//! nearly 2 *n* through in one rolling window (the burst, and what it regained meanwhile), so their window is counted
//! exactly, as the list of the last *n* starts. Searches are counted exactly whoever makes them, because the vendors'
//! windows for them are small and both sides share one.
//!
//! Of what live questions leave, what a call left to be written has the most: its searches may use all of it, those of
//! sweeps and crawls a fifth of the window; and where its requests wait, sweeps and crawls leave them three turns of four.
//!
//! What the vendor says corrects what we count, one way: it may leave less than we believe, because others spend of the
//! same day, and never more than is configured. Whatever pause it asks for, a live question looks every ten minutes
//! whether it is over, so that no misread unit keeps calls unanswered for a day.
//!
//! Not known here: what a request is, any vendor's header, and files. What was spent today goes on counting over a reload
//! ([`Ledger::carry_over`]) and, kept by others, over a restart ([`Ledger::memo`]). After a crash the last minute of it is
//! missing, and with the file all of it; the vendor's 429 is then what stops us, which is why the sweep's pace is taken
//! from the whole day and never speeds up to use what is left.

mod book;
mod crawls;
mod day;
mod lanes;
mod limits;
mod line;
mod memo;
mod pause;
mod places;
mod rolling;
mod view;
mod window;

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

pub use self::crawls::CrawlMeter;
pub use self::day::Pace;
pub use self::limits::{Budget, Day, Limits, Rate};
pub use self::memo::DayMemo;
use self::places::Place;
pub use self::view::{QuotaView, Spent};
use crate::base::clock::Clock;
use crate::crm::failure::Failure;
use crate::crm::quota::{
    book::Book,
    lanes::Pacer,
    line::{Lines, YIELDS},
};

/// What a request is for: which share pays for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A call waits.
    Live,
    /// What changed since the last time.
    Sweep,
    /// Everything.
    Crawl,
    /// What a call left to be written.
    Write,
}

/// Which of the vendor's burst limits a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Any request.
    General,
    /// Searches, which vendors limit more.
    Search,
}

/// When to ask again where it is not known when somebody else is done.
const SOON: Duration = Duration::from_secs(2);

/// Longer than any pause.
const LONGEST_PATIENCE: Duration = Duration::from_secs(7 * 86_400);

/// The leave to send one request, held while it is under way: its place among those is free when this is dropped.
///
/// # Cost
/// Nothing where the vendor does not limit the requests under way.
#[derive(Debug)]
#[must_use = "dropped, it frees the request's place although the request is still under way"]
pub struct Leave {
    _place: Option<Place>,
}

/// The ledger of one CRM account.
#[derive(Debug)]
pub struct Ledger {
    limits: Limits,
    clock: Clock,
    /// The vendor's time and ours were the same then, in milliseconds since 1970.
    began_ms: i64,
    /// What live questions wait for; never held across an await.
    book: Mutex<Book>,
    /// Background requests queue here; who is in front waits for the pacer.
    lines: Lines,
    pacer: Option<Pacer>,
    /// How many projects spend from it.
    projects: AtomicU64,
}

impl Ledger {
    /// A ledger that has spent nothing today.
    #[must_use]
    pub fn new(limits: Limits, clock: Clock) -> Self {
        let began_ms = clock.now().as_millisecond();
        let (book, lines) = (Mutex::new(Book::new(limits, began_ms)), Lines::default());
        let projects = AtomicU64::new(1);
        Self { limits, clock, began_ms, book, lines, pacer: Pacer::new(&limits), projects }
    }

    /// Takes over what the same account has seen under the limits that held `before`: what it spent today and since when
    /// that is counted, the starts in the burst window, the requests under way, the pauses the vendor asked for. For a
    /// ledger that takes the place of another, once: what it has spent itself by then is kept on top.
    pub fn carry_over(&self, before: &Self) {
        if std::ptr::eq(self, before) {
            return;
        }
        // One lock at a time: two ledgers that take over from each other must not wait for each other.
        let before = before.book_now().0.clone();
        let (mut book, now_ms) = self.book_now();
        book.carry_over(&before, now_ms);
    }

    /// What was spent of the day, for the process that comes after this one.
    #[must_use]
    pub fn memo(&self) -> DayMemo {
        self.book_now().0.spending.memo()
    }

    /// Counts what the process before this one spent of the same day, for a new ledger, once.
    pub fn recall(&self, memo: &DayMemo) {
        let (mut book, now_ms) = self.book_now();
        book.spending.recall(memo, now_ms);
    }

    /// Waits until a request of `cost` may be sent and counts it as spent.
    ///
    /// Live questions go in the order they came and wait only for each other. Background requests queue behind each
    /// other, writes by themselves, evenly spaced. Once granted, the cost stays spent, whether the request is sent or not;
    /// the same holds when this future is dropped while it waits for its slot.
    ///
    /// # Errors
    /// [`Failure::NoQuota`] at once where the share is spent or the wait would be longer than `patience`; after `patience`
    /// where until then as many requests as may be are under way.
    pub async fn spend(&self, purpose: Purpose, lane: Lane, cost: u64, patience: Duration) -> Result<Leave, Failure> {
        let until = Instant::now() + patience.min(LONGEST_PATIENCE);
        match purpose {
            Purpose::Live => self.spend_live(lane, cost, until).await,
            Purpose::Sweep | Purpose::Crawl | Purpose::Write => {
                self.spend_in_background(purpose, lane, cost, until).await
            }
        }
    }

    async fn spend_live(&self, lane: Lane, cost: u64, until: Instant) -> Result<Leave, Failure> {
        let places = {
            let (book, now_ms) = self.book_now();
            // Before a place is waited for: what is hopeless is refused at once.
            book.live_start(lane, cost, until, now_ms)?;
            book.places.clone()
        };
        let place = match &places {
            Some(places) => Some(places.live(until).await.ok_or_else(|| {
                no_quota("as many requests as the CRM takes at a time are under way", self.limits.here(SOON))
            })?),
            None => None,
        };
        let slot = {
            let (mut book, now_ms) = self.book_now();
            let start = book.live_start(lane, cost, until, now_ms)?;
            book.pay_live(lane, cost, start, now_ms);
            start.at
        };
        tokio::time::sleep_until(slot).await;
        Ok(Leave { _place: place })
    }

    async fn spend_in_background(
        &self,
        purpose: Purpose,
        lane: Lane,
        cost: u64,
        until: Instant,
    ) -> Result<Leave, Failure> {
        let first = || no_quota("other background requests go first", self.limits.here(SOON));
        let counts = self.book().lanes.counts_in_general(lane);
        let _waiting = if counts { self.lines.wait(purpose) } else { None };
        let _turn = self.lines.front(purpose, until).await.ok_or_else(first)?;
        let mut yields = YIELDS;
        loop {
            let places = self.book_now().0.places.clone();
            let place = places.as_ref().and_then(places::Places::background);
            if let (Some(places), None) = (&places, &place) {
                self.book_now_affords(purpose, cost)?;
                let busy = || no_quota("the CRM takes no more requests at a time", self.limits.here(SOON));
                tokio::time::timeout_at(until, places.freed()).await.map_err(|_| busy())?;
                continue;
            }
            let wait = self.background_wait((purpose, lane), cost, &mut yields)?;
            if wait.is_zero() {
                return Ok(Leave { _place: place });
            }
            if Instant::now() + wait > until {
                return Err(no_quota("the CRM asked for a pause", wait));
            }
            // Whoever waits holds no place.
            drop(place);
            tokio::time::sleep(wait).await;
        }
    }

    /// The vendor said 429 to a request that was `sent` then: nothing more before `after`, or, where it named no time,
    /// before a pause that doubles with every pause that proved too short. Live questions keep asking at that pace.
    ///
    /// A time that is named is kept exactly, up to a day; of what is longer than ten minutes a live question looks every
    /// ten minutes whether it is over.
    ///
    /// Only a request sent after the last pause proves it too short. Those that were under way before, or had their slot
    /// already, ran into the limit that the pause is for: they count, and where they name a time it is kept.
    pub fn note_limited(&self, sent: Instant, after: Option<Duration>) {
        self.book().pauses.note_limited(sent, after);
    }

    /// The same of a vendor that lengthens the pause for whoever asks within it: nobody looks whether it is over, however
    /// long it is.
    pub fn note_named(&self, sent: Instant, after: Duration) {
        self.book().pauses.note_named(sent, after);
    }

    /// The vendor answered a request that was `sent` then with what was asked for: the row of 429s ends, unless the request
    /// was under way before the last of them; and the pause ends that the request was sent to look at.
    pub fn note_accepted(&self, sent: Instant) {
        let mut book = self.book();
        if book.pauses.note_accepted(sent) {
            book.spending.forget_told();
        }
    }

    /// The vendor said, with an answer or a refusal, how many more the window of that lane takes and when it begins anew.
    /// Where fewer are `left` than live questions may yet need, background requests pause until then; where none is left,
    /// all do whose requests count in that window.
    ///
    /// A pause told this way is never longer than the window: what a vendor calls *reset* comes in several units.
    pub fn note_left(&self, lane: Lane, left: u32, resets: Duration) {
        let rate = match lane {
            Lane::General => self.limits.general,
            Lane::Search => self.limits.search.or(self.limits.general),
        };
        let Some(rate) = rate else { return };
        let (now, mut book) = (Instant::now(), self.book());
        book.note_left(lane, left, now, now + resets.min(self.limits.kept(rate)));
    }

    /// The vendor said how much is left of the day, as an answer or a refusal told. It may be less than we think, because
    /// others spend of the same day; more than what is configured less what we spent is not believed. Where it rises, the
    /// vendor's day has turned before ours, and ours turns too.
    pub fn note_day_left(&self, left: u64) {
        let (mut book, now_ms) = self.book_now();
        book.spending.note_left(left, now_ms);
        book.pauses.put_probes_off(Instant::now());
    }

    /// The vendor said that the day's budget is spent: nothing more before `after`, or, where it named no time, before the
    /// day ends (of any 24 hours, for an hour). A live question looks every ten minutes whether that still holds.
    pub fn note_day_spent(&self, after: Option<Duration>) {
        let (mut book, now_ms) = self.book_now();
        let remaining = book.spending.remaining(now_ms);
        book.pauses.note_day_spent(after.unwrap_or(remaining));
    }

    /// How often each project can make a sweep that costs `each` at the most: the sweeps' share spread evenly over the
    /// whole day, and, as things are now, slower than that when more of it is spent than the time of day explains.
    #[must_use]
    pub fn sweep_interval(&self, each: u64, pace: Pace) -> Duration {
        let all = each.saturating_mul(self.projects.load(Ordering::Acquire));
        let (mut book, now_ms) = self.book_now();
        let every = book.spending.sweep_interval(all, pace, now_ms);
        if pace == Pace::Now {
            book.sweep_every = Some(every);
        }
        every
    }

    /// So many projects spend from this account: each has its part of what sweeps and crawls may spend of a day.
    pub fn shared_by(&self, projects: usize) {
        self.projects.store(projects.max(1) as u64, Ordering::Release);
    }

    /// What operators see.
    #[must_use]
    pub fn snapshot(&self) -> QuotaView {
        let (book, now_ms) = self.book_now();
        let (spending, now) = (&book.spending, Instant::now());
        QuotaView {
            daily_limit: self.limits.daily.map(|budget| budget.units),
            spent: spending.spent(),
            left: spending.left(Purpose::Live),
            sweep_left: spending.left(Purpose::Sweep),
            crawl_left: spending.left(Purpose::Crawl),
            write_left: spending.left(Purpose::Write),
            vendor_left: spending.vendor_left(),
            forecast: spending.forecast(now_ms),
            resets_at_s: spending.resets_at_ms().map(|at_ms| self.here_ms(at_ms).div_euclid(1_000)),
            held: book.pauses.held(now),
            day_spent: book.pauses.is_day_spent(now),
            limited: book.pauses.limited(),
            in_flight: book.places.as_ref().map(places::Places::taken),
            in_flight_limit: book.places.as_ref().map(places::Places::most),
            sweep_every: book.sweep_every,
        }
    }

    /// Pays and returns zero, or says how long to wait before trying again.
    fn background_wait(
        &self,
        (purpose, lane): (Purpose, Lane),
        cost: u64,
        yields: &mut u32,
    ) -> Result<Duration, Failure> {
        let now = Instant::now();
        let (mut book, now_ms) = self.book_now();
        book.spending.afford(purpose, cost, now_ms)?;
        let wait = book.background_start(purpose, lane, now).saturating_duration_since(now);
        if !wait.is_zero() {
            return Ok(wait);
        }
        let pacer = self.pacer.as_ref().filter(|_| book.lanes.counts_in_general(lane));
        if let Some(pacer) = pacer.filter(|_| *yields > 0 && self.lines.yields(purpose)) {
            *yields -= 1;
            return Ok(pacer.gap());
        }
        let wait = pacer.map_or(Duration::ZERO, Pacer::wait);
        if wait.is_zero() {
            book.lanes.take_background(purpose, lane, now);
            book.pay(purpose, cost, now_ms);
        }
        Ok(wait)
    }

    fn book_now_affords(&self, purpose: Purpose, cost: u64) -> Result<(), Failure> {
        let (book, now_ms) = self.book_now();
        book.spending.afford(purpose, cost, now_ms)
    }

    /// The book as of now, and the vendor's time.
    fn book_now(&self) -> (MutexGuard<'_, Book>, i64) {
        let since_ms = self.clock.now().as_millisecond().saturating_sub(self.began_ms);
        let now_ms = self.began_ms.saturating_add(moved(since_ms, |time| self.limits.there(time)));
        let mut book = self.book();
        book.spending.turn(now_ms);
        (book, now_ms)
    }

    /// When it is here what the vendor's clock shows.
    fn here_ms(&self, vendor_ms: i64) -> i64 {
        self.began_ms.saturating_add(moved(vendor_ms.saturating_sub(self.began_ms), |time| self.limits.here(time)))
    }

    /// A panic in a holder leaves sums, not a torn structure: the book stays usable.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By how much one clock moves while the other moves by `ms`, which may lie back.
fn moved(ms: i64, clock: impl Fn(Duration) -> Duration) -> i64 {
    let by = i64::try_from(clock(Duration::from_millis(ms.unsigned_abs())).as_millis()).unwrap_or(i64::MAX);
    if ms < 0 { -by } else { by }
}

fn no_quota(reason: &str, after: Duration) -> Failure {
    Failure::NoQuota { reason: reason.to_owned(), after }
}

#[cfg(test)]
mod tests;
