//! What an account may do, and how the day is shared.

use std::time::Duration;

use jiff::tz::Offset;

use crate::config::QuotaSettings;

/// The jitter of the network: our windows are this much longer than the vendor's, so that requests which leave a
/// window's length apart do not arrive closer.
const JITTER: Duration = Duration::from_millis(100);

/// What an account may do, and how the day is shared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The day's budget; `None` where the vendor counts none.
    pub daily: Option<Budget>,
    /// Share of the day for sweeps.
    pub sweep_percent: u8,
    /// Share of the day for crawls.
    pub crawl_percent: u8,
    /// Share of the day, of the requests in a window and of those under way that only live questions may use.
    pub live_percent: u8,
    /// How many requests in any stretch of a window's length.
    pub general: Option<Rate>,
    /// How many searches.
    pub search: Option<Rate>,
    /// Whether a search counts in `general` as well.
    pub search_in_general: bool,
    /// How many requests may be under way at a time.
    pub in_flight: Option<u32>,
    /// How many times faster than the clock the vendor's time passes: 1 but for stand-ins, see [`Limits::faster`].
    pub speed: f64,
}

/// A day's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How much, in the vendor's unit.
    pub units: u64,
    /// Of what day.
    pub day: Day,
}

/// What a vendor calls a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// From midnight to midnight.
    ///
    /// # Units
    /// Vendors say "midnight of the server's time zone" and often not which one it is. Where theirs begins later than
    /// ours, their 429 or their word of what is left holds us until it does; where it begins earlier, their word tells.
    Midnight {
        /// Where that midnight is; summer time is not known here.
        utc_offset: Offset,
    },
    /// Any 24 hours.
    Rolling,
}

/// So many requests in any stretch of the window's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// The length of the window, as the vendor says it.
    pub window: Duration,
}

impl Rate {
    /// `requests` in any `window`.
    #[must_use]
    pub const fn new(requests: u32, window: Duration) -> Self {
        Self { requests, window }
    }
}

impl Budget {
    /// So much from one midnight UTC to the next.
    #[must_use]
    pub const fn utc_day(units: u64) -> Self {
        Self { units, day: Day::Midnight { utc_offset: Offset::UTC } }
    }

    /// So much in any 24 hours.
    #[must_use]
    pub const fn rolling(units: u64) -> Self {
        Self { units, day: Day::Rolling }
    }
}

impl Limits {
    /// No limit at all, shared as where nothing is configured: what a vendor limits is put over it.
    pub const NONE: Self = Self {
        daily: None,
        sweep_percent: 20,
        crawl_percent: 30,
        live_percent: 30,
        general: None,
        search: None,
        search_in_general: true,
        in_flight: None,
        speed: 1.0,
    };

    /// No limit at all, shared as `crm.quota` says.
    #[must_use]
    pub const fn shared_as(quota: &QuotaSettings) -> Self {
        Self {
            sweep_percent: quota.sweep_percent,
            crawl_percent: quota.crawl_percent,
            live_percent: quota.live_percent,
            ..Self::NONE
        }
    }

    /// The same for an account whose plan allows other bursts than the smallest one. A vendor that does not limit
    /// requests in a window, or under way, does not by being told a number.
    #[must_use]
    pub fn as_configured(self, quota: &QuotaSettings) -> Self {
        let general = self.general.map(|rate| Rate { requests: quota.burst.unwrap_or(rate.requests), ..rate });
        Self { general, in_flight: self.in_flight.map(|most| quota.in_flight.unwrap_or(most)), ..self }
    }

    /// The same for a vendor whose time passes `speed` times as fast: the windows, the day and the pauses that we choose
    /// are that much shorter. What the vendor tells in seconds is kept as told. For stand-ins with a speed of their own.
    ///
    /// # Units
    /// A speed that is not above zero counts as 1.
    #[must_use]
    pub fn faster(self, speed: f64) -> Self {
        let by = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self { speed: self.speed * by, ..self }
    }

    /// How long what takes `time` at the vendor takes here.
    pub(super) fn here(&self, time: Duration) -> Duration {
        scaled(time, 1.0 / self.speed)
    }

    /// What the vendor's clock has moved on while ours moved by `time`.
    pub(super) fn there(&self, time: Duration) -> Duration {
        scaled(time, self.speed)
    }

    /// A vendor's window as we keep it.
    pub(super) fn kept(&self, rate: Rate) -> Duration {
        self.here(rate.window.saturating_add(JITTER))
    }

    /// How many of the requests in a window are kept for live questions. Where these are searches that count as requests,
    /// as many as there can be; never more than half, or a crawl would stand still.
    pub(super) fn live_general(&self, general: Rate) -> u32 {
        let most = match self.search {
            Some(search) if self.search_in_general => in_window(search, general.window),
            _ => self.live_part(general.requests),
        };
        most.min(general.requests / 2).max(1)
    }

    /// How many of the searches in a window are kept for live questions: their share, rounded up, for one question may
    /// take two; and never all, or no call could be written.
    pub(super) fn live_searches(&self, search: Rate) -> u32 {
        let part = (u64::from(search.requests) * u64::from(self.live_percent.min(100))).div_ceil(100);
        u32::try_from(part).unwrap_or(search.requests).clamp(1, search.requests.saturating_sub(1).max(1))
    }

    /// The live questions' share of `whole`, one at least.
    pub(super) fn live_part(&self, whole: u32) -> u32 {
        let part = u64::from(whole) * u64::from(self.live_percent.min(100)) / 100;
        u32::try_from(part).unwrap_or(whole).max(1)
    }
}

fn scaled(time: Duration, by: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * by).unwrap_or(Duration::MAX)
}

/// How many of `rate` fit into a window of another length.
fn in_window(rate: Rate, window: Duration) -> u32 {
    let times = window.as_millis().div_ceil(rate.window.as_millis().max(1));
    rate.requests.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX))
}
