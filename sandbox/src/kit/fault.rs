//! Faults that are switched on while a stand-in runs.

use std::{collections::BTreeMap, time::Duration};

/// A fault, and which requests it befalls.
///
/// As JSON: `{"fault": "delay", "ms": 500, "path": "/api/v2/deals", "times": 3}`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Fault {
    /// What happens.
    #[serde(flatten)]
    pub kind: Kind,
    /// Only paths that begin like this; all when absent. The control paths under `/sandbox` are never befallen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only that path itself, and none that begins like it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Only requests of this method, `POST`; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only this many requests; all until cleared when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// What happens to a request.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Kind {
    /// It is answered as ever, only later.
    Delay {
        /// By how many milliseconds.
        ms: u64,
    },
    /// It is accepted and never answered.
    Hang,
    /// The connection is reset.
    Reset,
    /// It is answered with a status of ours.
    Status {
        /// The code.
        status: u16,
        /// Headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// It is carried out, and the connection is reset instead of the answer.
    AnswerLost,
    /// 200, `application/json`, and no JSON.
    Garbage,
    /// The right reply up to its middle, then the connection ends; `content-length` promised the whole.
    Truncated,
    /// The right reply, byte by byte.
    Drip {
        /// Milliseconds between two bytes.
        ms: u64,
    },
    /// Over the limit, whatever the meter says; charges nothing.
    RateLimit {
        /// In which of the vendor's ways: one of [`super::Vendor::RATE_LIMITS`].
        how: String,
    },
    /// 401: access tokens handed out before this fault was staged are refused, new ones are good. An API token is
    /// refused until the fault is cleared, as one that was regenerated.
    TokenExpired,
    /// The vendor answers, but not as it should: half a page, a cursor that never ends.
    Oddity {
        /// In which way: one of [`super::Vendor::ODDITIES`].
        how: String,
    },
}

impl Fault {
    /// A fault for every request.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self { kind, path: None, whole: false, method: None, times: None }
    }

    /// Answers later.
    #[must_use]
    pub fn delay(by: Duration) -> Self {
        Self::new(Kind::Delay { ms: u64::try_from(by.as_millis()).unwrap_or(u64::MAX) })
    }

    /// Never answers.
    #[must_use]
    pub const fn hang() -> Self {
        Self::new(Kind::Hang)
    }

    /// Resets the connection.
    #[must_use]
    pub const fn reset() -> Self {
        Self::new(Kind::Reset)
    }

    /// Carries it out and loses the answer.
    #[must_use]
    pub const fn answer_lost() -> Self {
        Self::new(Kind::AnswerLost)
    }

    /// Answers with this status and an empty body.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::new(Kind::Status { status, headers: BTreeMap::new(), body: String::new() })
    }

    /// Says "too much" in one of the vendor's ways.
    #[must_use]
    pub fn rate_limit(how: impl Into<String>) -> Self {
        Self::new(Kind::RateLimit { how: how.into() })
    }

    /// Answers in one of the vendor's odd ways.
    #[must_use]
    pub fn oddity(how: impl Into<String>) -> Self {
        Self::new(Kind::Oddity { how: how.into() })
    }

    /// Only for paths that begin like this.
    #[must_use]
    pub fn on(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Only for this path, and none below it.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        (self.path, self.whole) = (Some(path.into()), true);
        self
    }

    /// Only for requests of this method, `POST`.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Only this many times.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
}

impl Kind {
    /// The word that the log and the JSON use.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Delay { .. } => "delay",
            Self::Hang => "hang",
            Self::Reset => "reset",
            Self::Status { .. } => "status",
            Self::AnswerLost => "answer_lost",
            Self::Garbage => "garbage",
            Self::Truncated => "truncated",
            Self::Drip { .. } => "drip",
            Self::RateLimit { .. } => "rate_limit",
            Self::TokenExpired => "token_expired",
            Self::Oddity { .. } => "oddity",
        }
    }
}

/// The faults that are staged now.
#[derive(Debug, Default)]
pub(crate) struct Stage(Vec<Staged>);

#[derive(Debug)]
struct Staged {
    fault: Fault,
    /// How many access tokens had been handed out when it was staged.
    serial: u64,
}

/// What befalls one request.
#[derive(Debug, Default)]
pub(crate) struct Befallen {
    /// How long it waits first; delays add up.
    pub(crate) delay: Duration,
    /// What happens then.
    pub(crate) then: Option<Kind>,
    /// Access tokens up to this serial are expired.
    pub(crate) expired: Option<u64>,
    /// The word of what happened, for the log.
    pub(crate) word: Option<&'static str>,
}

impl Stage {
    pub(crate) fn stage(&mut self, fault: Fault, serial: u64) {
        self.0.push(Staged { fault, serial });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn staged(&self) -> Vec<Fault> {
        self.0.iter().map(|staged| staged.fault.clone()).collect()
    }

    /// What befalls a request: every delay that fits, then the first other fault. Counts it. The endpoint
    /// that hands out tokens (`for_token`) knows no expired ones.
    pub(crate) fn befall(&mut self, method: &str, path: &str, for_token: bool) -> Befallen {
        let mut befallen = Befallen::default();
        for staged in &mut self.0 {
            let Staged { fault, serial } = staged;
            let there = |meant: &str| if fault.whole { path == meant } else { path.starts_with(meant) };
            let meant = fault.path.as_deref().is_none_or(there)
                && fault.method.as_deref().is_none_or(|word| word.eq_ignore_ascii_case(method));
            let skipped = match fault.kind {
                Kind::Delay { .. } => false,
                Kind::TokenExpired => befallen.then.is_some() || for_token,
                _ => befallen.then.is_some(),
            };
            if !meant || skipped || fault.times == Some(0) {
                continue;
            }
            fault.times = fault.times.map(|left| left - 1);
            befallen.word = Some(fault.kind.word());
            match &fault.kind {
                Kind::Delay { ms } => befallen.delay += Duration::from_millis(*ms),
                Kind::TokenExpired => befallen.expired = Some(*serial),
                other => befallen.then = Some(other.clone()),
            }
        }
        self.0.retain(|staged| staged.fault.times != Some(0));
        befallen
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Stage};

    #[test]
    fn a_fault_of_a_whole_path_befalls_nothing_below_it() {
        let befallen = |fault: Fault, path: &str| {
            let mut stage = Stage::default();
            stage.stage(fault, 0);
            stage.befall("POST", path, false).word.is_some()
        };
        for (path, below, whole) in
            [("/crm/deals", true, true), ("/crm/deals/search", true, false), ("/crm/contacts", false, false)]
        {
            assert_eq!(befallen(Fault::reset().on("/crm/deals"), path), below, "{path}");
            assert_eq!(befallen(Fault::reset().at("/crm/deals"), path), whole, "{path}");
        }
    }

    #[test]
    fn what_says_nothing_of_the_whole_path_means_all_below_it() {
        let read = |text: &str| serde_json::from_str::<Fault>(text).expect("a fault").whole;
        assert!(!read(r#"{"fault": "reset", "path": "/crm/deals"}"#));
        assert!(read(r#"{"fault": "reset", "path": "/crm/deals", "whole": true}"#));
    }
}
