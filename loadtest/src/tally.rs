//! What came of a run: latencies and counts. Nothing that was sent is missing from it.

use std::{fmt, time::Duration};

use hdrhistogram::Histogram;

/// A sample that the harness itself started later than this is reported apart.
pub const OWN_LAG: Duration = Duration::from_millis(20);
/// The share of samples that may be reported apart; more, and the run says nothing about the server.
pub const LAGGED_SHARE: f64 = 0.001;

/// Why a request is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No connection.
    Connect(std::io::ErrorKind),
    /// The connection broke before the answer was whole.
    Broken(std::io::ErrorKind),
    /// The server closed before the answer was whole.
    Cut,
    /// No whole answer before the harness gave up.
    Silent,
    /// The answer was given, but the connection was not closed as asked.
    NotClosed,
    /// The answer is not what it must be.
    Wrong(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(kind) => write!(out, "no connection ({kind})"),
            Self::Broken(kind) => write!(out, "connection broken ({kind})"),
            Self::Cut => out.write_str("closed before the answer was whole"),
            Self::Silent => out.write_str("no answer before the harness gave up"),
            Self::NotClosed => out.write_str("answered, but not closed as asked"),
            Self::Wrong(what) => write!(out, "wrong answer: {what}"),
        }
    }
}

/// A right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// From the scheduled start (closed loop: from the start) to the answer's last byte.
    pub latency: Duration,
    /// How much of that the harness itself was late by.
    pub lag: Duration,
    /// Whether it named a destination.
    pub hit: bool,
}

/// The sums of a run.
#[derive(Debug, Clone)]
pub struct Tally {
    latency: Histogram<u64>,
    apart: Histogram<u64>,
    lag: Histogram<u64>,
    allowed: Duration,
    /// Requests that were due.
    pub sent: u64,
    /// Right and whole answers, late ones too.
    pub answered: u64,
    /// Of those answered, those that named a destination.
    pub hits: u64,
    /// Of those answered, those past the time allowed.
    pub late: u64,
    /// Everything that was sent and not answered rightly.
    pub errors: u64,
    /// The time that `answered` came in.
    pub window: Duration,
    faults: Vec<(String, u64)>,
}

impl Tally {
    /// An empty one; answers past `allowed` count as late.
    ///
    /// # Panics
    /// Never: the histograms' bounds are constants that hdrhistogram accepts.
    #[must_use]
    pub fn new(allowed: Duration) -> Self {
        #[expect(clippy::expect_used, reason = "constant bounds; a test makes one")]
        let empty = || Histogram::new_with_bounds(100, 600_000_000_000, 3).expect("constant bounds");
        Self {
            latency: empty(),
            apart: empty(),
            lag: empty(),
            allowed,
            sent: 0,
            answered: 0,
            hits: 0,
            late: 0,
            errors: 0,
            window: Duration::ZERO,
            faults: Vec::new(),
        }
    }

    /// Counts one request that was due, and what came of it.
    ///
    /// A sample with more own lag than [`OWN_LAG`] goes apart, and whether it is late is judged from when it really
    /// began: the server is not to blame for the harness, nor excused by it.
    pub fn count(&mut self, outcome: Result<Answered, Fault>) {
        self.sent += 1;
        let answered = match outcome {
            Ok(answered) => answered,
            Err(fault) => return self.blame(&fault),
        };
        self.answered += 1;
        self.hits += u64::from(answered.hit);
        self.lag.saturating_record(nanos(answered.lag));
        let own = answered.lag > OWN_LAG;
        let (into, judged) = if own {
            (&mut self.apart, answered.latency.saturating_sub(answered.lag))
        } else {
            (&mut self.latency, answered.latency)
        };
        into.saturating_record(nanos(answered.latency));
        self.late += u64::from(judged > self.allowed);
    }

    fn blame(&mut self, fault: &Fault) {
        self.errors += 1;
        self.note(&fault.to_string(), 1);
    }

    /// Twenty different ones are enough to read; `errors` counts all.
    fn note(&mut self, what: &str, times: u64) {
        if let Some((_, sum)) = self.faults.iter_mut().find(|(known, _)| known == what) {
            *sum += times;
        } else if self.faults.len() < 20 {
            self.faults.push((what.to_owned(), times));
        }
    }

    /// Adds what another thread, or another run one after the other, counted.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in
            [(&mut self.latency, &other.latency), (&mut self.apart, &other.apart), (&mut self.lag, &other.lag)]
        {
            *mine += theirs;
        }
        self.sent += other.sent;
        self.answered += other.answered;
        self.hits += other.hits;
        self.late += other.late;
        self.errors += other.errors;
        for (what, times) in &other.faults {
            self.note(what, *times);
        }
    }

    /// All runs together.
    #[must_use]
    pub fn sum(runs: &[Self]) -> Self {
        let allowed = runs.first().map_or(Duration::ZERO, |run| run.allowed);
        let mut sum = Self::new(allowed);
        runs.iter().for_each(|run| sum.add(run));
        sum
    }

    /// Adds only what went wrong in `other`, a time that does not count.
    pub fn add_errors(&mut self, other: &Self) {
        self.sent += other.errors;
        self.errors += other.errors;
        for (what, times) in &other.faults {
            self.note(what, *times);
        }
    }

    /// Right answers a second.
    #[must_use]
    pub fn rps(&self) -> f64 {
        if self.window.is_zero() { 0.0 } else { float(self.answered) / self.window.as_secs_f64() }
    }

    /// A percentile of the latency, in microseconds; `None` when nothing was answered in an own lag that counts.
    #[must_use]
    pub fn percentile_us(&self, percentile: f64) -> Option<f64> {
        (!self.latency.is_empty()).then(|| float(self.latency.value_at_percentile(percentile)) / 1000.0)
    }

    /// The longest latency, in microseconds, those apart included.
    #[must_use]
    pub fn max_us(&self) -> f64 {
        float(self.latency.max().max(self.apart.max())) / 1000.0
    }

    /// The harness's own lag, 99th percentile, in microseconds.
    #[must_use]
    pub fn lag_p99_us(&self) -> f64 {
        float(self.lag.value_at_percentile(99.0)) / 1000.0
    }

    /// Samples that are reported apart.
    #[must_use]
    pub fn apart(&self) -> u64 {
        self.apart.len()
    }

    /// Why the run says nothing about the server, where that is so.
    #[must_use]
    pub fn void(&self) -> Option<String> {
        if self.sent == 0 {
            return Some("nothing was sent".to_owned());
        }
        let share = float(self.apart()) / float(self.sent);
        (share > LAGGED_SHARE).then(|| {
            format!(
                "the harness itself was more than 20 ms late for {:.2} % of the samples, expected 0.1 %",
                share * 100.0
            )
        })
    }

    /// What went wrong, how often, the most frequent first.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, u64)> {
        let mut faults = self.faults.clone();
        faults.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        faults
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts and nanoseconds of a run stay far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Answered, Fault, Tally};

    fn answered(latency_ms: u64, lag_ms: u64) -> Result<Answered, Fault> {
        Ok(Answered { latency: Duration::from_millis(latency_ms), lag: Duration::from_millis(lag_ms), hit: true })
    }

    #[test]
    fn what_was_sent_is_answered_or_an_error() {
        let mut tally = Tally::new(Duration::from_millis(850));
        tally.count(answered(1, 0));
        tally.count(answered(900, 0));
        tally.count(Err(Fault::Cut));
        tally.count(Err(Fault::Wrong("status 500".to_owned())));
        tally.count(Err(Fault::Wrong("status 500".to_owned())));
        assert_eq!((tally.sent, tally.answered, tally.late, tally.errors), (5, 2, 1, 3));
        assert_eq!(tally.faults()[0], ("wrong answer: status 500".to_owned(), 2));
    }

    #[test]
    fn a_sample_the_harness_began_late_is_apart_and_judged_from_its_real_start() {
        let mut tally = Tally::new(Duration::from_millis(850));
        tally.count(answered(1, 0));
        tally.count(answered(870, 30));
        tally.count(answered(990, 30));
        assert_eq!((tally.apart(), tally.late), (2, 1));
        assert!(tally.percentile_us(100.0).is_some_and(|max| max < 1100.0), "{:?}", tally.percentile_us(100.0));
        assert!(tally.max_us() > 980_000.0);
    }

    #[test]
    fn more_than_a_thousandth_apart_voids_the_run() {
        let mut tally = Tally::new(Duration::from_secs(1));
        for _ in 0..999 {
            tally.count(answered(1, 0));
        }
        tally.count(answered(30, 25));
        assert_eq!(tally.void(), None);
        tally.count(answered(30, 25));
        assert!(tally.void().is_some());
        assert!(Tally::new(Duration::ZERO).void().is_some(), "a run that sent nothing is no run");
    }

    #[test]
    fn sums_of_two_threads_are_the_sums_of_one() {
        let mut whole = Tally::new(Duration::from_secs(1));
        let (mut one, mut other) = (whole.clone(), whole.clone());
        for latency in 1..=100 {
            whole.count(answered(latency, 0));
            if latency % 2 == 0 { &mut one } else { &mut other }.count(answered(latency, 0));
        }
        other.count(Err(Fault::Silent));
        whole.count(Err(Fault::Silent));
        one.add(&other);
        assert_eq!(one.percentile_us(99.0), whole.percentile_us(99.0));
        assert_eq!((one.sent, one.answered, one.errors), (whole.sent, whole.answered, whole.errors));
        assert_eq!(one.faults(), whole.faults());
    }

    #[test]
    fn errors_of_a_time_that_does_not_count_are_not_lost() {
        let (mut run, mut settling) = (Tally::new(Duration::from_secs(1)), Tally::new(Duration::from_secs(1)));
        run.count(answered(1, 0));
        settling.count(answered(500, 0));
        settling.count(Err(Fault::Cut));
        run.add_errors(&settling);
        assert_eq!((run.sent, run.answered, run.errors), (2, 1, 1));
        assert!(run.max_us() < 1_100.0);
    }
}
