//! How a stand-in is to behave.

use std::time::Duration;

use crate::kit::{App, EntityKind};

/// The directory that the application is registered in.
pub const TENANT: &str = "0a1b2c3d-1111-4222-8333-444455556666";

/// What the vendor limits or delays, in the vendor's time.
///
/// # Source
/// Microsoft's page on service protection limits (seen 2026-11-20) for the first four; its page on change tracking for
/// the life of a delta link. The daily figure is third parties', and that it is enforced by a 429 is a guess.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests in five minutes.
    pub requests: u64,
    /// Milliseconds of execution in five minutes.
    pub execution_ms: u64,
    /// Requests that are answered at once.
    pub concurrent: usize,
    /// The rolling window.
    pub window: Duration,
    /// Records a page at most; what somebody prefers beyond it is this.
    pub page: usize,
    /// Requests a day.
    pub daily: u64,
    /// The life of an access token.
    pub access_token: Duration,
    /// The life of a delta link.
    pub delta_link: Duration,
    /// Bytes of a webhook's body beyond which it is stripped.
    pub hook_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 6_000,
            execution_ms: 1_200_000,
            concurrent: 52,
            window: Duration::from_secs(300),
            page: 5_000,
            daily: 500_000,
            access_token: Duration::from_secs(3_600),
            delta_link: Duration::from_secs(7 * 86_400),
            hook_bytes: 256 * 1024,
        }
    }
}

impl Limits {
    /// So much that nobody meets a limit.
    #[must_use]
    pub fn none() -> Self {
        Self {
            requests: u64::MAX / 2,
            execution_ms: u64::MAX / 2,
            concurrent: usize::MAX,
            daily: u64::MAX / 2,
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
    /// How many times faster than the wall clock the vendor's time passes.
    pub speed: f64,
    /// Whether the stand-in's time stands still and passes only by `advance`.
    pub still: bool,
    /// Whether the log keeps what was answered.
    pub keep_replies: bool,
    /// The application that is accepted; it has no refresh token.
    pub app: App,
    /// Tables whose changes are tracked.
    pub tracked: Vec<EntityKind>,
    /// Whether the application may register webhooks.
    pub may_register: bool,
    /// Whether a business rule demands a last name of contacts and leads.
    pub demands_last_name: bool,
    /// What the vendor limits or delays.
    pub limits: Limits,
}

impl Default for Options {
    /// Incidents are not tracked, so that whoever reads meets both ways.
    fn default() -> Self {
        Self {
            port: 0,
            clients: 1_000,
            seed: 1,
            speed: 1.0,
            still: false,
            keep_replies: false,
            app: App {
                client_id: "5ca1ab1e-0000-4000-8000-00000000c11e".to_owned(),
                client_secret: "sandbox-secret".to_owned(),
                refresh_token: String::new(),
            },
            tracked: vec![EntityKind::Contact, EntityKind::Organization, EntityKind::Deal, EntityKind::Lead],
            may_register: true,
            demands_last_name: false,
            limits: Limits::default(),
        }
    }
}
