//! Base lines: what a machine once measured, to hold the newest reports against.
//!
//! Ratios are compared whatever the machine; rates and latencies only where the machine is the same.

use std::{fmt, fs, io, path::Path};

use serde::Deserialize;

use crate::{figures::Line, report::Report};

/// How much worse is worse: the noise of the figures, from repeated runs.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// Requests a second may fall by so many percent.
    pub rps_percent: f64,
    /// The 99th percentile may grow by so many percent…
    pub p99_percent: f64,
    /// …and by so much in any case.
    pub p99_us: f64,
    /// The ratio to the bare server's requests a second may fall by so much.
    pub ratio_rps: f64,
}

impl Tolerance {
    /// Reads `tolerance.toml` of the base lines' folder.
    ///
    /// # Errors
    /// Those of the file system, and a file that is no tolerance.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let path = folder.join("tolerance.toml");
        let named = |error: &dyn fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
        let text = fs::read_to_string(&path).map_err(|error| named(&error))?;
        toml::from_str(&text).map_err(|error| named(&error))
    }
}

/// One figure beside its base line.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Case, variant, figure.
    pub what: String,
    /// The base line.
    pub base: f64,
    /// The newest.
    pub now: f64,
    /// Whether it is worse than the tolerance allows.
    pub worse: bool,
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.worse { "WORSE" } else { "ok   " };
        let percent = (self.now / self.base - 1.0) * 100.0;
        write!(out, "{word} {}: {} was {} ({percent:+.1} %)", self.what, self.now, self.base)
    }
}

/// The newest full report of `case`.
#[must_use]
pub fn newest<'a>(reports: &'a [Report], case: &str) -> Option<&'a Report> {
    reports.iter().filter(|report| report.case == case && !report.quick).max_by_key(|report| report.taken_at)
}

/// Each figure of `base` that `now` has too, and each variant of `base` that `now` lacks.
///
/// # Errors
/// The names of the variants that are gone.
pub fn compare(base: &Report, now: &Report, tolerance: Tolerance) -> Result<Vec<Change>, Vec<String>> {
    let same_machine = base.machine == now.machine;
    let (mut changes, mut gone) = (Vec::new(), Vec::new());
    for line in &base.lines {
        match now.lines.iter().find(|newer| newer.variant == line.variant) {
            Some(newer) => changes.extend(changes_of(line, newer, tolerance, same_machine)),
            None => gone.push(format!("{} {}", base.case, line.variant)),
        }
    }
    if gone.is_empty() { Ok(changes) } else { Err(gone) }
}

fn changes_of(base: &Line, now: &Line, tolerance: Tolerance, same_machine: bool) -> Vec<Change> {
    let change = |figure: &str, values: (Option<f64>, Option<f64>), worse: &dyn Fn(f64, f64) -> bool| {
        let (base_value, now_value) = (values.0?, values.1?);
        let what = format!("{} {} {figure}", base.case, base.variant);
        Some(Change { what, base: base_value, now: now_value, worse: worse(base_value, now_value) })
    };
    let slower = |base: f64, now: f64| now < base * (1.0 - tolerance.rps_percent / 100.0);
    let later = |base: f64, now: f64| now > (base * (1.0 + tolerance.p99_percent / 100.0)).max(base + tolerance.p99_us);
    let absolute = same_machine
        .then(|| [change("rps", (base.rps, now.rps), &slower), change("p99_us", (base.p99_us, now.p99_us), &later)]);
    let ratio = change("ratio_rps", (base.ratio_rps, now.ratio_rps), &|base, now| now < base - tolerance.ratio_rps);
    absolute.into_iter().flatten().chain([ratio]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Tolerance, compare, newest};
    use crate::{figures::Figures, report::Report};

    const TOLERANCE: Tolerance = Tolerance { rps_percent: 10.0, p99_percent: 30.0, p99_us: 200.0, ratio_rps: 0.05 };

    fn report(rps: f64, p99_us: f64, ratio: f64) -> Report {
        let figures = Figures { rps: Some(rps), p99_us: Some(p99_us), ratio_rps: Some(ratio), ..Figures::default() };
        Report {
            case: "compare".to_owned(),
            taken_at: "2026-11-20T22:00:00Z".parse().expect("a time"),
            quick: false,
            machine: "2 × any".to_owned(),
            lines: vec![figures.line("compare", "closed-conn", None, None)],
            missed: Vec::new(),
            text: String::new(),
        }
    }

    fn worse(base: &Report, now: &Report) -> Vec<String> {
        let changes = compare(base, now, TOLERANCE).expect("the same variants");
        changes.into_iter().filter(|change| change.worse).map(|change| change.what).collect()
    }

    #[test]
    fn only_what_is_worse_than_the_noise_is_worse() {
        let base = report(20_000.0, 500.0, 0.95);
        assert!(worse(&base, &report(18_100.0, 690.0, 0.91)).is_empty());
        assert!(worse(&base, &report(40_000.0, 100.0, 1.0)).is_empty());
        assert_eq!(
            worse(&base, &report(17_900.0, 710.0, 0.89)),
            ["compare closed-conn rps", "compare closed-conn p99_us", "compare closed-conn ratio_rps"]
        );
    }

    #[test]
    fn of_another_machine_only_the_ratios_are_compared() {
        let base = report(20_000.0, 500.0, 0.95);
        let other = Report { machine: "64 × other".to_owned(), ..report(2_000.0, 5_000.0, 0.80) };
        assert_eq!(worse(&base, &other), ["compare closed-conn ratio_rps"]);
    }

    #[test]
    fn a_variant_that_is_gone_is_not_overlooked() {
        let now = Report { lines: Vec::new(), ..report(1.0, 1.0, 1.0) };
        assert_eq!(compare(&report(1.0, 1.0, 1.0), &now, TOLERANCE), Err(vec!["compare closed-conn".to_owned()]));
    }

    #[test]
    fn the_newest_full_report_counts_not_a_short_one() {
        let at = |minute: u8, quick| Report {
            taken_at: format!("2026-11-20T22:{minute:02}:00Z").parse().expect("a time"),
            quick,
            ..report(f64::from(minute), 1.0, 1.0)
        };
        let reports = [at(5, false), at(9, false), at(30, true)];
        assert_eq!(newest(&reports, "compare").and_then(|report| report.lines[0].rps), Some(9.0));
        assert_eq!(newest(&reports, "steady"), None);
    }

    #[test]
    fn the_tolerance_of_this_crate_can_be_read() {
        Tolerance::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("baselines")).expect("a tolerance");
    }
}
