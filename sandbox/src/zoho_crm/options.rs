//! How a stand-in is to behave.

use std::time::Duration;

use crate::kit::App;

/// The customer's edition: what it may do at once.
///
/// # Source
/// The vendor's page on concurrency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edition {
    /// 5,000 credits, 5 requests at once.
    Free,
    /// 50,000 credits, 10 at once.
    #[default]
    Standard,
    /// 100,000 credits, 15 at once.
    Professional,
    /// 100,000 credits, 20 at once.
    Enterprise,
}

impl Edition {
    const fn credits(self) -> u64 {
        match self {
            Self::Free => 5_000,
            Self::Standard => 50_000,
            Self::Professional | Self::Enterprise => 100_000,
        }
    }

    const fn at_once(self) -> usize {
        match self {
            Self::Free => 5,
            Self::Standard => 10,
            Self::Professional => 15,
            Self::Enterprise => 20,
        }
    }
}

/// How a search by phone compares. What the vendor does is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PhoneSearch {
    /// The whole text, or a word of it, sign by sign: the hardest reading.
    #[default]
    Words,
    /// Anywhere in the text, as the vendor says of `equals`.
    Contains,
}

/// What the vendor limits or delays. All times are vendor time.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Credits in any 24 hours; `None` = the edition's.
    pub credits: Option<u64>,
    /// Requests at once; `None` = the edition's.
    pub at_once: Option<usize>,
    /// Queries, searches and sorted lists at once, whatever the edition.
    pub sub_at_once: usize,
    /// How long the vendor works on a request, on the wall clock: so long it counts as being under way.
    pub work: Duration,
    /// How long after a change the search still sees what was before.
    pub index_lag: Duration,
    /// The life of an access token.
    pub access_token: Duration,
    /// Access tokens in any ten minutes.
    pub tokens: u64,
    /// Access tokens that live at once.
    pub live_tokens: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            credits: None,
            at_once: None,
            sub_at_once: 10,
            work: Duration::ZERO,
            index_lag: Duration::from_secs(20),
            access_token: Duration::from_secs(3_600),
            tokens: 10,
            live_tokens: 10,
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
    /// How many times faster than the wall clock the vendor's time passes.
    pub speed: f64,
    /// Whether the stand-in's time stands still and passes only by `advance`.
    pub still: bool,
    /// Whether the log keeps what was answered.
    pub keep_replies: bool,
    /// The application that is accepted.
    pub oauth: App,
    /// The customer's edition.
    pub edition: Edition,
    /// How a search by phone compares.
    pub phone_search: PhoneSearch,
    /// Whether a query may say `like` of a field of type phone. Documented for text only; used for phones by others.
    pub like_on_phones: bool,
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
            oauth: App {
                client_id: "sandbox-client".to_owned(),
                client_secret: "sandbox-secret".to_owned(),
                refresh_token: "sandbox-refresh".to_owned(),
            },
            edition: Edition::default(),
            phone_search: PhoneSearch::default(),
            like_on_phones: true,
            limits: Limits::default(),
        }
    }
}

impl Options {
    pub(super) fn credits(&self) -> u64 {
        self.limits.credits.unwrap_or_else(|| self.edition.credits())
    }

    pub(super) fn at_once(&self) -> usize {
        self.limits.at_once.unwrap_or_else(|| self.edition.at_once())
    }
}
