//! Service protection: requests, execution time and requests at once, each over five minutes, all of one user.
//!
//! # Source
//! Microsoft's page on service protection limits, seen 2026-11-20: figures, codes, `Retry-After` with every 429, longer
//! for those who go on. By how much longer is a guess. The daily figure is an entitlement; that it is enforced the same
//! way is a guess that is harder on the client.

use std::{sync::Arc, time::Duration};

use hyper::StatusCode;
use serde_json::json;

use super::options::Limits;
use crate::kit::{
    Daily, Ground, InFlight, Moment, Quota, Reply, Rolling, SetQuota, UnderWay, json_reply, with_headers,
};

/// By how much the pause grows with every request that does not keep to it.
const GROWS_BY: Duration = Duration::from_secs(5);

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Requests,
    Execution,
    Concurrent,
}

impl Limit {
    /// The words for it in a staged fault.
    pub(super) const WORDS: [&'static str; 3] = ["requests", "execution", "concurrent"];

    pub(super) fn of(word: &str) -> Self {
        match word {
            "execution" => Self::Execution,
            "concurrent" => Self::Concurrent,
            _ => Self::Requests,
        }
    }

    const fn said(self) -> (&'static str, &'static str) {
        match self {
            Self::Requests => {
                ("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds.")
            }
            Self::Execution => (
                "0x80072321",
                "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds over time window of \
                 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.",
            ),
            Self::Concurrent => ("0x80072326", "Number of concurrent requests exceeded the limit of 52."),
        }
    }

    /// 429 in the vendor's form; it always says for how long.
    pub(super) fn reply(self, after_s: u64) -> Reply {
        let (code, message) = self.said();
        let body = json!({"error": {"code": code, "message": message}}).to_string();
        with_headers(json_reply(StatusCode::TOO_MANY_REQUESTS, body), [("retry-after", after_s.to_string())])
    }
}

/// The meter of the application's user.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Limits,
    ground: Arc<Ground>,
    requests: Rolling,
    execution: Rolling,
    under_way: InFlight,
    daily: Daily,
    paused_until: Duration,
}

impl Meter {
    pub(super) fn new(limits: &Limits, ground: Arc<Ground>) -> Self {
        Self {
            requests: Rolling::new(limits.window),
            execution: Rolling::new(limits.window),
            under_way: InFlight::default(),
            daily: Daily::new(limits.daily),
            paused_until: Duration::ZERO,
            limits: limits.clone(),
            ground,
        }
    }

    /// Takes a request in, or refuses it: the limit that was met and for how many seconds.
    pub(super) fn enter(&mut self, now: Moment) -> Result<UnderWay, (Limit, u64)> {
        if now.vendor < self.paused_until {
            self.paused_until += GROWS_BY;
            return Err((Limit::Requests, self.ground.clock.waited_s(self.paused_until.saturating_sub(now.vendor))));
        }
        let Some(under_way) = self.under_way.enter(self.limits.concurrent) else {
            return Err(self.pause(now, Limit::Concurrent, GROWS_BY));
        };
        if self.requests.used(now) >= self.limits.requests {
            let free_in = self.requests.free_in(now);
            return Err(self.pause(now, Limit::Requests, free_in));
        }
        if self.execution.used(now) >= self.limits.execution_ms {
            let free_in = self.execution.free_in(now);
            return Err(self.pause(now, Limit::Execution, free_in));
        }
        if !self.daily.has(now, 1) {
            return Err(self.pause(now, Limit::Requests, now.left_of_day));
        }
        self.requests.take(now, 1);
        self.daily.spend(now, 1);
        Ok(under_way)
    }

    fn pause(&mut self, now: Moment, limit: Limit, by: Duration) -> (Limit, u64) {
        self.paused_until = now.vendor + by;
        (limit, self.ground.clock.waited_s(by))
    }

    /// Charges the time that a request took.
    pub(super) fn took(&mut self, now: Moment, execution_ms: u64) {
        self.execution.take(now, execution_ms);
    }

    /// The headers that say what is left.
    pub(super) fn left(&mut self, now: Moment) -> [(&'static str, String); 2] {
        let requests = self.limits.requests.saturating_sub(self.requests.used(now));
        let execution = self.limits.execution_ms.saturating_sub(self.execution.used(now));
        let (seconds, hundredths) = (execution / 1_000, execution % 1_000 / 10);
        [
            ("x-ms-ratelimit-burst-remaining-xrm-requests", requests.to_string()),
            ("x-ms-ratelimit-time-remaining-xrm-requests", format!("{seconds}.{hundredths:02}")),
        ]
    }

    pub(super) fn quota(&mut self, now: Moment) -> Quota {
        self.daily.quota(now, &self.ground.clock)
    }

    pub(super) fn set(&mut self, now: Moment, set: SetQuota) {
        self.daily.set(now, set);
    }
}
