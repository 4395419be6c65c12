//! What must hold of a variant. The figures stand in the case files; here they are only compared.

use serde::Deserialize;

use crate::figures::Figures;

/// The bounds of one variant; what is absent is not bounded.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Requests a second, as a share of the bare server's.
    pub ratio_rps_min: Option<f64>,
    /// The 99th percentile, as a multiple of what it is compared with: the bare server's, or our own at rest.
    pub ratio_p99_max: Option<f64>,
    /// Holds as well as `ratio_p99_max`: the 99th percentile is not more than this above the other's.
    pub or_p99_more_ms_max: Option<f64>,
    /// Of a hundred requests, how many are answered rightly and within the deadline + 50 ms.
    pub in_time_percent_min: Option<f64>,
    /// Late answers.
    pub late_max: Option<u64>,
    /// Errors.
    pub errors_max: Option<u64>,
    /// Of a hundred requests, how many name a destination: that a case is not won by answering nobody.
    pub hits_percent_min: Option<f64>,
    /// Seconds from the service's start to ready.
    pub ready_s_max: Option<f64>,
    /// Seconds of the longest full crawl.
    pub crawl_s_max: Option<f64>,
    /// Of a hundred seconds of the load, how many had a crawl under way: that a case is not won by crawling before it.
    pub crawling_percent_min: Option<f64>,
    /// An event's acknowledgement, 99th percentile, as a multiple of the bare flush's.
    pub intake_fsyncs_max: Option<f64>,
    /// So many milliseconds besides.
    pub intake_more_ms: Option<f64>,
    /// Events that were told and are not in the journal once.
    pub lost_max: Option<u64>,
}

/// Whether one bound holds, and how it reads.
struct Judged {
    text: String,
    holds: bool,
}

impl Bounds {
    /// Whether something is bounded that needs a second server.
    #[must_use]
    pub const fn compares(&self) -> bool {
        self.ratio_rps_min.is_some() || self.ratio_p99_max.is_some()
    }

    /// The bounds as they are printed; `None` when nothing is bounded.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let judged = self.judge(&Figures::default());
        let texts: Vec<_> = judged.into_iter().map(|bound| bound.text).collect();
        (!texts.is_empty()).then(|| texts.join(" and "))
    }

    /// The bounds that `figures` miss. A figure that is not there misses its bound.
    #[must_use]
    pub fn missed(&self, figures: &Figures) -> Vec<String> {
        self.judge(figures).into_iter().filter(|bound| !bound.holds).map(|bound| bound.text).collect()
    }

    fn judge(&self, figures: &Figures) -> Vec<Judged> {
        let share = |count: u64| (figures.sent > 0).then(|| percent(count, figures.sent));
        let at_least = |name: &str, found: Option<f64>, least: Option<f64>| {
            least.map(|least| Judged {
                text: format!("{name} >= {least}"),
                holds: found.is_some_and(|found| found >= least),
            })
        };
        let at_most = |name: &str, found: u64, most: Option<u64>| {
            most.map(|most| Judged { text: format!("{name} <= {most}"), holds: found <= most })
        };
        let within_s = |name: &str, found: Option<f64>, most: Option<f64>| {
            most.map(|most| Judged {
                text: format!("{name} <= {most}"),
                holds: found.is_some_and(|found| found <= most),
            })
        };
        [
            at_least("ratio_rps", figures.ratio_rps, self.ratio_rps_min),
            self.ratio_p99_max.map(|most| self.judge_p99(figures, most)),
            at_least("in_time_percent", share(figures.answered.saturating_sub(figures.late)), self.in_time_percent_min),
            at_most("late", figures.late, self.late_max),
            at_most("errors", figures.errors, self.errors_max),
            at_least("hits_percent", share(figures.hits), self.hits_percent_min),
            within_s("ready_s", figures.ready_s, self.ready_s_max),
            within_s("crawl_s", figures.crawl_s, self.crawl_s_max),
            at_least("crawling_percent", figures.crawling_percent, self.crawling_percent_min),
            self.intake_fsyncs_max.map(|most| self.judge_intake(figures, most)),
            // Where nothing was told, everything is lost.
            at_most("events_lost", figures.told.map_or(u64::MAX, |told| told.lost), self.lost_max),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn judge_intake(&self, figures: &Figures, most: f64) -> Judged {
        let more_ms = self.intake_more_ms.unwrap_or(0.0);
        let found = figures.told.and_then(|told| Some((told.p99_us?, told.fsync_p99_us?)));
        Judged {
            text: format!("intake_p99 <= {most} x fsync_p99 + {more_ms} ms"),
            holds: found.is_some_and(|(intake_us, fsync_us)| intake_us <= fsync_us * most + more_ms * 1000.0),
        }
    }

    fn judge_p99(&self, figures: &Figures, most: f64) -> Judged {
        let by_ratio = figures.ratio_p99.is_some_and(|ratio| ratio <= most);
        let Some(more_ms) = self.or_p99_more_ms_max else {
            return Judged { text: format!("ratio_p99 <= {most}"), holds: by_ratio };
        };
        let by_difference = figures.p99_more_us.is_some_and(|more_us| more_us <= more_ms * 1000.0);
        Judged { text: format!("(ratio_p99 <= {most} or p99_more_ms <= {more_ms})"), holds: by_ratio || by_difference }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run stay far below 2^53")]
fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::Bounds;
    use crate::{figures::Figures, telling::Told};

    fn all_answered() -> Figures {
        Figures { sent: 1000, answered: 1000, hits: 400, ..Figures::default() }
    }

    #[test]
    fn one_request_of_a_thousand_misses_all_in_time() {
        let bounds = Bounds { in_time_percent_min: Some(100.0), errors_max: Some(0), ..Bounds::default() };
        assert_eq!(bounds.missed(&all_answered()), Vec::<String>::new());
        let late = Figures { late: 1, ..all_answered() };
        assert_eq!(bounds.missed(&late), ["in_time_percent >= 100"]);
        let wrong = Figures { answered: 999, errors: 1, ..all_answered() };
        assert_eq!(bounds.missed(&wrong), ["in_time_percent >= 100", "errors <= 0"]);
    }

    #[test]
    fn a_p99_holds_by_its_ratio_or_by_its_difference() {
        let bounds = Bounds { ratio_p99_max: Some(1.3), or_p99_more_ms_max: Some(1.0), ..Bounds::default() };
        let figures = |ratio, more_us| Figures { ratio_p99: Some(ratio), p99_more_us: Some(more_us), ..all_answered() };
        assert!(bounds.missed(&figures(1.3, 5000.0)).is_empty());
        assert!(bounds.missed(&figures(4.0, 1000.0)).is_empty());
        assert_eq!(bounds.missed(&figures(1.31, 1001.0)).len(), 1);
        let strict = Bounds { or_p99_more_ms_max: None, ..bounds };
        assert_eq!(strict.missed(&figures(1.31, 0.1)), ["ratio_p99 <= 1.3"]);
    }

    #[test]
    fn a_figure_that_is_not_there_misses_its_bound() {
        let bounds = Bounds { ratio_rps_min: Some(0.9), hits_percent_min: Some(1.0), ..Bounds::default() };
        assert_eq!(bounds.missed(&Figures::default()).len(), 2);
        let below = Figures { ratio_rps: Some(0.8999), ..all_answered() };
        assert_eq!(bounds.missed(&below), ["ratio_rps >= 0.9"]);
        assert!(bounds.missed(&Figures { ratio_rps: Some(0.9), ..all_answered() }).is_empty());
    }

    #[test]
    fn a_crawl_that_was_not_under_way_or_not_measured_holds_nothing() {
        let bounds = Bounds { crawl_s_max: Some(20.0), crawling_percent_min: Some(90.0), ..Bounds::default() };
        let figures = |crawl_s, crawling_percent| Figures { crawl_s, crawling_percent, ..all_answered() };
        assert!(bounds.missed(&figures(Some(20.0), Some(90.0))).is_empty());
        assert_eq!(bounds.missed(&figures(Some(20.1), Some(89.9))).len(), 2);
        assert_eq!(bounds.missed(&figures(None, None)), ["crawl_s <= 20", "crawling_percent >= 90"]);
    }

    #[test]
    fn an_intake_is_held_against_the_flush_of_the_same_run_and_loses_nothing() {
        let bounds =
            Bounds { intake_fsyncs_max: Some(3.0), intake_more_ms: Some(5.0), lost_max: Some(0), ..Bounds::default() };
        let figures = |p99_us, lost| Figures {
            told: Some(Told { stored: 10, lost, p99_us, fsync_p99_us: Some(2_000.0) }),
            ..all_answered()
        };
        assert!(bounds.missed(&figures(Some(11_000.0), 0)).is_empty());
        let intake = "intake_p99 <= 3 x fsync_p99 + 5 ms";
        assert_eq!(bounds.missed(&figures(Some(11_001.0), 1)), [intake, "events_lost <= 0"]);
        assert_eq!(bounds.missed(&figures(None, 0)), [intake]);
        assert_eq!(bounds.missed(&all_answered()), [intake, "events_lost <= 0"], "nothing was told");
    }

    #[test]
    fn the_text_names_every_bound() {
        let bounds = Bounds { in_time_percent_min: Some(100.0), late_max: Some(0), ..Bounds::default() };
        assert_eq!(bounds.text().as_deref(), Some("in_time_percent >= 100 and late <= 0"));
        assert_eq!(Bounds::default().text(), None);
    }
}
