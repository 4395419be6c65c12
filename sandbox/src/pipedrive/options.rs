//! How a stand-in is to behave.

use std::time::Duration;

use crate::kit::App;

/// The customer's plan: it decides the burst limits and the day's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plan {
    /// 20 requests per window by API token, 80 by OAuth; the tokens once.
    Lite,
    /// 40 and 160; twice.
    #[default]
    Growth,
    /// 100 and 400; five times.
    Premium,
    /// 120 and 480; seven times.
    Ultimate,
}

impl Plan {
    /// The plan of that name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "lite" => Some(Self::Lite),
            "growth" => Some(Self::Growth),
            "premium" => Some(Self::Premium),
            "ultimate" => Some(Self::Ultimate),
            _ => None,
        }
    }

    pub(super) const fn burst(self, oauth: bool) -> usize {
        let by_api_token = match self {
            Self::Lite => 20,
            Self::Growth => 40,
            Self::Premium => 100,
            Self::Ultimate => 120,
        };
        if oauth { by_api_token * 4 } else { by_api_token }
    }

    const fn multiplier(self) -> u64 {
        match self {
            Self::Lite => 1,
            Self::Growth => 2,
            Self::Premium => 5,
            Self::Ultimate => 7,
        }
    }
}

/// What the vendor limits or delays, in the vendor's time.
///
/// # Source
/// The vendor's page on rate limiting (seen 2026-11-20) for windows and plans. It gives no figure for the lag of the
/// search, nor for when the 403 page comes and goes: those defaults are guesses.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Tokens a day; `None` = 30,000 × plan × seats.
    pub daily_tokens: Option<u64>,
    /// Requests per window; `None` = the plan's.
    pub burst: Option<usize>,
    /// Searches per window, on every plan.
    pub search_burst: usize,
    /// The rolling window.
    pub window: Duration,
    /// How many 429s within ten seconds are answered before the 403 page comes; API tokens only.
    pub refusals_before_block: usize,
    /// How long the 403 page stays.
    pub block: Duration,
    /// How long after a change the search still sees what was before.
    pub index_lag: Duration,
    /// The life of an access token.
    pub access_token: Duration,
    /// How long a refresh token lives unused.
    pub refresh_token: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            daily_tokens: None,
            burst: None,
            search_burst: 10,
            window: Duration::from_secs(2),
            refusals_before_block: 20,
            block: Duration::from_secs(60),
            index_lag: Duration::from_secs(3),
            access_token: Duration::from_secs(3_600),
            refresh_token: Duration::from_secs(60 * 86_400),
        }
    }
}

/// How a stand-in is to behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on loopback; 0 = any.
    pub port: u16,
    /// How many clients are seeded, 10,000,000 at most; the samples come on top.
    pub clients: usize,
    /// What the seeded clients follow from.
    pub seed: u64,
    /// How many times faster than the wall clock the vendor's time passes: burst windows, the lag of the search, the life
    /// of tokens, the 403 page and the *day* of the token budget are all that much shorter. So within one real day the
    /// account has `speed` budgets, one after the other.
    pub speed: f64,
    /// Whether the stand-in's time stands still and passes only by `advance`: for tests about windows and lags.
    pub still: bool,
    /// Whether the log keeps what was answered.
    pub keep_replies: bool,
    /// The API token that is accepted.
    pub api_token: String,
    /// The OAuth application that is accepted.
    pub oauth: App,
    /// The customer's plan.
    pub plan: Plan,
    /// The customer's paid seats.
    pub seats: u64,
    /// What the vendor limits or delays.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            clients: 1_000,
            seed: 1,
            speed: 1.0,
            still: false,
            keep_replies: false,
            api_token: "sandbox-token".to_owned(),
            oauth: App {
                client_id: "sandbox-client".to_owned(),
                client_secret: "sandbox-secret".to_owned(),
                refresh_token: "sandbox-refresh".to_owned(),
            },
            plan: Plan::default(),
            seats: 5,
            limits: Limits::default(),
        }
    }
}

impl Options {
    /// Tokens a day.
    pub(super) fn daily_tokens(&self) -> u64 {
        self.limits.daily_tokens.unwrap_or(30_000 * self.plan.multiplier() * self.seats)
    }
}
