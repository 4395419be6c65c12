//! How a stand-in is to behave.

use std::time::Duration;

use crate::kit::App;

/// The customer's edition: it decides the day's credits, the requests at once and the webhooks.
///
/// # Source
/// The vendor's page on API limits, seen 2026-11-20: credits a day are a base and so many per agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edition {
    /// 5,000 credits, 5 at once, no webhooks.
    Free,
    /// 25,000 and 100 per agent, 10 at once, no webhooks.
    Express,
    /// 50,000 and 250 per agent, 10 at once, no webhooks.
    Standard,
    /// 75,000 and 500 per agent, 15 at once, 5 webhooks.
    #[default]
    Professional,
    /// 100,000 and 1,000 per agent, 25 at once, 10 webhooks.
    Enterprise,
}

impl Edition {
    /// The edition of that name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "free" => Some(Self::Free),
            "express" => Some(Self::Express),
            "standard" => Some(Self::Standard),
            "professional" => Some(Self::Professional),
            "enterprise" => Some(Self::Enterprise),
            _ => None,
        }
    }

    pub(super) const fn credits(self, agents: u64) -> u64 {
        match self {
            Self::Free => 5_000,
            Self::Express => 25_000 + 100 * agents,
            Self::Standard => 50_000 + 250 * agents,
            Self::Professional => 75_000 + 500 * agents,
            Self::Enterprise => 100_000 + 1_000 * agents,
        }
    }

    pub(super) const fn at_once(self) -> usize {
        match self {
            Self::Free => 5,
            Self::Express | Self::Standard => 10,
            Self::Professional => 15,
            Self::Enterprise => 25,
        }
    }

    pub(super) const fn webhooks(self) -> usize {
        match self {
            Self::Free | Self::Express | Self::Standard => 0,
            Self::Professional => 5,
            Self::Enterprise => 10,
        }
    }
}

/// What the vendor limits or delays, in the vendor's time.
///
/// # Source
/// Tokens: the vendor's pages on OAuth. The lag of the search is nowhere given a figure: the default is a guess.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Credits a day; `None` = the edition's.
    pub daily_credits: Option<u64>,
    /// Requests answered at once; `None` = the edition's.
    pub at_once: Option<usize>,
    /// How long the vendor takes over a request.
    pub takes: Duration,
    /// How long after a change the search still sees what was before.
    pub index_lag: Duration,
    /// The life of an access token.
    pub access_token: Duration,
    /// Access tokens handed out within ten minutes before the vendor says "Access Denied".
    pub tokens_in_ten_minutes: u64,
    /// Whether it says so under 200 instead of 400.
    pub throttled_under_200: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            daily_credits: None,
            at_once: None,
            takes: Duration::ZERO,
            index_lag: Duration::from_secs(5),
            access_token: Duration::from_secs(3_600),
            tokens_in_ten_minutes: 10,
            throttled_under_200: false,
        }
    }
}

impl Limits {
    /// None that anybody would meet.
    #[must_use]
    pub fn none() -> Self {
        Self {
            daily_credits: Some(1_000_000_000),
            at_once: Some(10_000),
            index_lag: Duration::ZERO,
            tokens_in_ten_minutes: 1_000_000,
            ..Self::default()
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
    /// How many times faster than the wall clock the vendor's time passes: the lag of the search, the life of tokens and
    /// the *day* of the credits are all that much shorter.
    pub speed: f64,
    /// Whether the stand-in's time stands still and passes only by `advance`.
    pub still: bool,
    /// Whether the log keeps what was answered.
    pub keep_replies: bool,
    /// The portal's id: what the `orgId` header must say.
    pub org_id: u64,
    /// The OAuth application that is accepted.
    pub oauth: App,
    /// The customer's edition.
    pub edition: Edition,
    /// The customer's paid agents.
    pub agents: u64,
    /// Whether every module has the fields for a call's data, [`super::CALL_FIELDS`].
    pub call_fields: bool,
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
            org_id: super::ORG_ID,
            oauth: App {
                client_id: "sandbox-client".to_owned(),
                client_secret: "sandbox-secret".to_owned(),
                refresh_token: "sandbox-refresh".to_owned(),
            },
            edition: Edition::default(),
            agents: 5,
            call_fields: true,
            limits: Limits::default(),
        }
    }
}

impl Options {
    pub(super) fn daily_credits(&self) -> u64 {
        self.limits.daily_credits.unwrap_or_else(|| self.edition.credits(self.agents))
    }

    pub(super) fn at_once(&self) -> usize {
        self.limits.at_once.unwrap_or_else(|| self.edition.at_once())
    }
}
