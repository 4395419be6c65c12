//! The figures of a variant, and the line of JSON they are printed as.

use serde::{Deserialize, Serialize};

use crate::{tally::Tally, telling::Told};

/// What was measured of one variant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Right answers a second: the median of the runs.
    pub rps: Option<f64>,
    /// Percentiles of all runs' latencies together.
    pub p50_us: Option<f64>,
    /// See `p50_us`.
    pub p99_us: Option<f64>,
    /// See `p50_us`.
    pub p999_us: Option<f64>,
    /// Requests that were due.
    pub sent: u64,
    /// Right answers.
    pub answered: u64,
    /// Right answers that named a destination.
    pub hits: u64,
    /// Right answers past deadline + 50 ms.
    pub late: u64,
    /// Everything else that was sent.
    pub errors: u64,
    /// Ours as a share of the bare server's, median of the pairs.
    pub ratio_rps: Option<f64>,
    /// Ours as a multiple of the bare server's, median of the pairs.
    pub ratio_p99: Option<f64>,
    /// Ours less the bare server's, median of the pairs.
    pub p99_more_us: Option<f64>,
    /// From the service's start to ready.
    pub ready_s: Option<f64>,
    /// The longest full crawl.
    pub crawl_s: Option<f64>,
    /// Of a hundred seconds of the load, how many had a crawl under way.
    pub crawling_percent: Option<f64>,
    /// What came of the events that were told meanwhile.
    pub told: Option<Told>,
}

/// One line on stdout: CONTRACT's keys in CONTRACT's order, then those that CONTRACT has not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "`Figures` says what each is")]
pub struct Line {
    pub case: String,
    pub variant: String,
    pub rps: Option<f64>,
    pub p50_us: Option<f64>,
    pub p99_us: Option<f64>,
    pub p999_us: Option<f64>,
    pub sent: u64,
    pub answered: u64,
    pub late: u64,
    pub errors: u64,
    pub ratio_rps: Option<f64>,
    pub ratio_p99: Option<f64>,
    pub bytes_per_number: Option<f64>,
    pub ready_s: Option<f64>,
    pub bound: Option<String>,
    pub holds: Option<bool>,
    #[serde(default)]
    pub crawl_s: Option<f64>,
    #[serde(default)]
    pub crawling_percent: Option<f64>,
    #[serde(default)]
    pub events_stored: Option<u64>,
    #[serde(default)]
    pub events_lost: Option<u64>,
    #[serde(default)]
    pub intake_p99_us: Option<f64>,
    #[serde(default)]
    pub fsync_p99_us: Option<f64>,
}

impl Figures {
    /// The figures of one server's runs of the same load.
    #[must_use]
    pub fn of(runs: &[Tally]) -> Self {
        let sum = Tally::sum(runs);
        Self {
            rps: median(runs.iter().map(Tally::rps)),
            p50_us: sum.percentile_us(50.0),
            p99_us: sum.percentile_us(99.0),
            p999_us: sum.percentile_us(99.9),
            sent: sum.sent,
            answered: sum.answered,
            hits: sum.hits,
            late: sum.late,
            errors: sum.errors,
            ..Self::default()
        }
    }

    /// The same, with what pairs of runs give: ours beside the other's of the same pair.
    #[must_use]
    pub fn compared(self, ours: &[Tally], others: &[Tally]) -> Self {
        let p99 = |run: &Tally| run.percentile_us(99.0);
        let pairs = || ours.iter().zip(others);
        Self {
            ratio_rps: median(pairs().map(|(ours, other)| ours.rps() / other.rps())),
            ratio_p99: median(pairs().filter_map(|(ours, other)| Some(p99(ours)? / p99(other)?))),
            p99_more_us: median(pairs().filter_map(|(ours, other)| Some(p99(ours)? - p99(other)?))),
            ..self
        }
    }

    /// The line, rounded to what was measured.
    #[must_use]
    pub fn line(&self, case: &str, variant: &str, bound: Option<String>, holds: Option<bool>) -> Line {
        let rounded = |value: Option<f64>, places: i32| {
            value.filter(|value| value.is_finite()).map(|value| {
                let unit = 10_f64.powi(places);
                (value * unit).round() / unit
            })
        };
        Line {
            case: case.to_owned(),
            variant: variant.to_owned(),
            rps: rounded(self.rps, 1),
            p50_us: rounded(self.p50_us, 1),
            p99_us: rounded(self.p99_us, 1),
            p999_us: rounded(self.p999_us, 1),
            sent: self.sent,
            answered: self.answered,
            late: self.late,
            errors: self.errors,
            ratio_rps: rounded(self.ratio_rps, 3),
            ratio_p99: rounded(self.ratio_p99, 3),
            bytes_per_number: None,
            ready_s: rounded(self.ready_s, 2),
            bound,
            holds,
            crawl_s: rounded(self.crawl_s, 2),
            crawling_percent: rounded(self.crawling_percent, 1),
            events_stored: self.told.map(|told| told.stored),
            events_lost: self.told.map(|told| told.lost),
            intake_p99_us: rounded(self.told.and_then(|told| told.p99_us), 1),
            fsync_p99_us: rounded(self.told.and_then(|told| told.fsync_p99_us), 1),
        }
    }
}

/// The middle value; of an even number, the mean of the two in the middle; `None` of nothing, and as soon as one of
/// them is no number: a division by nothing must not hold a bound.
#[must_use]
pub fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let (below, above) = ((values.len() - 1) / 2, values.len() / 2);
    Some(f64::midpoint(values[below], values[above]))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Figures, median};
    use crate::tally::{Answered, Tally};

    fn run(latency_ms: u64, answers: u64) -> Tally {
        let mut tally = Tally::new(Duration::from_millis(850));
        for _ in 0..answers {
            let latency = Duration::from_millis(latency_ms);
            tally.count(Ok(Answered { latency, lag: Duration::ZERO, hit: true }));
        }
        tally.window = Duration::from_secs(1);
        tally
    }

    #[test]
    fn the_median_is_the_middle_one_and_one_wild_run_does_not_move_it() {
        assert_eq!(median([3.0, 1.0, 900.0].into_iter()), Some(3.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.5));
        assert_eq!(median(std::iter::empty()), None);
        assert_eq!(median([1.0, f64::NAN].into_iter()), None);
    }

    #[test]
    fn ratios_are_of_pairs_not_of_medians() {
        let (ours, bare) = ([run(2, 90), run(3, 50), run(4, 200)], [run(1, 100), run(3, 100), run(2, 100)]);
        let figures = Figures::of(&ours).compared(&ours, &bare);
        assert_eq!(figures.ratio_rps, Some(0.9));
        let ratio = figures.ratio_p99.expect("three pairs");
        assert!((ratio - 2.0).abs() < 0.01, "{ratio}");
        assert_eq!((figures.rps, figures.sent), (Some(90.0), 340));
    }

    #[test]
    fn a_bare_server_that_answers_nothing_gives_no_ratio_that_holds() {
        let (ours, bare) = ([run(1, 10)], [run(1, 0)]);
        let figures = Figures::of(&ours).compared(&ours, &bare);
        assert_eq!((figures.ratio_rps, figures.ratio_p99), (None, None));
    }

    #[test]
    fn the_line_has_the_contracts_keys_in_its_order_then_ours_and_null_where_there_is_nothing() {
        let line = Figures::of(&[run(1, 3)]).line("steady", "all-known", Some("late <= 0".to_owned()), Some(true));
        let text = serde_json::to_string(&line).expect("a line");
        let keys: Vec<&str> =
            text.split('"').skip(1).step_by(2).filter(|word| text.contains(&format!("\"{word}\":"))).collect();
        assert_eq!(
            keys,
            [
                "case",
                "variant",
                "rps",
                "p50_us",
                "p99_us",
                "p999_us",
                "sent",
                "answered",
                "late",
                "errors",
                "ratio_rps",
                "ratio_p99",
                "bytes_per_number",
                "ready_s",
                "bound",
                "holds",
                "crawl_s",
                "crawling_percent",
                "events_stored",
                "events_lost",
                "intake_p99_us",
                "fsync_p99_us"
            ]
        );
        assert!(text.contains(r#""ratio_rps":null,"ratio_p99":null,"bytes_per_number":null"#), "{text}");
        assert!(text.contains(r#""sent":3,"answered":3,"late":0,"errors":0"#), "{text}");
    }
}
