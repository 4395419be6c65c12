//! How a stand-in is to behave.

use std::time::Duration;

use crate::kit::App;

/// What the vendor limits or delays, in the vendor's time.
///
/// # Source
/// The vendor's usage guidelines (seen 2026-11-20) for requests, days and searches. It gives no figure for the lag of the
/// search, nor for how many associations stand on a page: those defaults are guesses.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests of the account a day, by all of its apps.
    pub daily: u64,
    /// Requests of this app in any ten seconds; searches and batches of associations left out.
    pub burst: u64,
    /// Searches of the account in any second.
    pub searches: u64,
    /// How long after a change the search still sees what was before.
    pub index_lag: Duration,
    /// The life of an access token.
    pub access_token: Duration,
    /// Associations of one record on a page of them.
    pub association_page: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            daily: 250_000,
            burst: 100,
            searches: 5,
            index_lag: Duration::from_secs(10),
            access_token: Duration::from_secs(1_800),
            association_page: 500,
        }
    }
}

impl Limits {
    /// No limit worth the name: for crawls that are to be as fast as both sides can.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { daily: u64::MAX / 2, burst: u64::MAX / 2, searches: u64::MAX / 2, ..Self::default() }
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
    /// The private app's token.
    pub token: String,
    /// The public application that is accepted. Its secret signs deliveries, of the private app as well.
    pub oauth: App,
    /// Whether the customer's plan has leads.
    pub leads: bool,
    /// Whether companies have the number that is calculated to be searched. Nobody says so: by default they have not.
    pub company_numbers: bool,
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
            token: "sandbox-token".to_owned(),
            oauth: App {
                client_id: "sandbox-client".to_owned(),
                client_secret: "sandbox-secret".to_owned(),
                refresh_token: "sandbox-refresh".to_owned(),
            },
            leads: true,
            company_numbers: false,
            limits: Limits::default(),
        }
    }
}
