//! The ways in which the vendor says "too much".

/// A way of saying "too much".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// `THRESHOLD_EXCEEDED`, with `Retry-After`: the day's credits are spent.
    DaySpent,
    /// `TOO_MANY_REQUESTS`, without: too many at once.
    Concurrency,
}

impl RateLimit {
    /// The words for it in a staged fault.
    pub(super) const WORDS: [&'static str; 2] = ["day_spent", "concurrency"];

    pub(super) fn of(word: &str) -> Self {
        if word == "day_spent" { Self::DaySpent } else { Self::Concurrency }
    }
}

impl From<RateLimit> for String {
    fn from(how: RateLimit) -> Self {
        match how {
            RateLimit::DaySpent => "day_spent",
            RateLimit::Concurrency => "concurrency",
        }
        .to_owned()
    }
}
