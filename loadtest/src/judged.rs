//! A case's figures held against its bounds, as they come.

use jiff::Timestamp;

use crate::{
    case::{Case, Variant},
    figures::{Figures, Line},
    machine,
    measure::Measured,
    report::{Report, Row, table},
    telling::Intake,
};

/// The rows, the lines, and what does not hold.
#[derive(Debug, Default)]
pub struct Judged {
    /// The service's time from start to ready, where it was started.
    pub ready_s: Option<f64>,
    /// The longest full crawl, where there were several.
    pub crawl_s: Option<f64>,
    /// How much of the load had a crawl under way.
    pub crawling_percent: Option<f64>,
    /// What came of the events that were told meanwhile.
    pub intake: Option<Intake>,
    rows: Vec<Row>,
    lines: Vec<Line>,
    missed: Vec<String>,
    notes: Vec<String>,
}

impl Judged {
    /// Adds what was measured of one variant: `service` is what the bounds are about, `others` stand beside it, the
    /// first of them is what ratios are to.
    pub fn add(&mut self, case: &Case, variant: &Variant, service: Option<&Measured>, others: &[Measured]) {
        for measured in service.into_iter().chain(others) {
            let row = measured.row(&variant.name, others.first().filter(|first| first.server() != measured.server()));
            self.faults(variant, &row);
            self.rows.push(row);
        }
        let Some(service) = service else { return };
        for other in others.iter().skip(1) {
            self.notes.push(beside(variant, service, other));
        }
        self.judge(case, variant, service.row(&variant.name, others.first()));
    }

    fn judge(&mut self, case: &Case, variant: &Variant, mut row: Row) {
        let (ready_s, crawl_s, crawling_percent) = (self.ready_s, self.crawl_s, self.crawling_percent);
        let told = self.intake.as_ref().map(Intake::told);
        row.figures = Figures { ready_s, crawl_s, crawling_percent, told, ..row.figures };
        self.notes.extend(self.intake.iter().map(|intake| intake.note(&variant.name)));
        let bound = variant.bound.text();
        let mut missed = variant.bound.missed(&row.figures);
        if let Some(why) = row.sum.void() {
            missed.push(format!("void: {why}"));
        }
        let holds = bound.is_some().then_some(missed.is_empty());
        self.lines.push(row.figures.line(&case.name, &variant.name, bound, holds));
        self.missed.extend(missed.into_iter().map(|what| format!("{} {}: {what}", case.name, variant.name)));
    }

    /// What went wrong is told; with a server that only stands beside, it also makes the comparison worthless.
    fn faults(&mut self, variant: &Variant, row: &Row) {
        for (what, times) in row.sum.faults() {
            self.notes.push(format!("{} {}: {times} × {what}", variant.name, row.server));
        }
        if row.server == "service" {
            return;
        }
        let (name, server, errors) = (&variant.name, row.server, row.figures.errors);
        if errors > 0 {
            self.missed.push(format!("{name}: {server} had {errors} errors, expected none where it is compared with"));
        }
        if let Some(why) = row.sum.void() {
            self.missed.push(format!("{name}: {server} void: {why}"));
        }
    }

    /// The report.
    #[must_use]
    pub fn report(self, case: &Case, quick: bool) -> Report {
        let mut text = table(&self.rows);
        for note in &self.notes {
            text.push('\n');
            text.push_str(note);
        }
        Report {
            case: case.name.clone(),
            taken_at: Timestamp::now(),
            quick,
            machine: machine::describe(),
            lines: self.lines,
            missed: self.missed,
            text,
        }
    }
}

fn beside(variant: &Variant, service: &Measured, other: &Measured) -> String {
    let figures = service.row(&variant.name, Some(other)).figures;
    let of = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    let (name, other) = (&variant.name, other.server());
    format!("{name}: the service beside {other}: × rps {}, × p99 {}", of(figures.ratio_rps), of(figures.ratio_p99))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Judged;
    use crate::{
        case::{Case, Variant},
        measure::Measured,
        tally::{Answered, Fault, Tally},
    };

    fn case() -> Case {
        toml::from_str(
            r#"
            about = "two servers"
            kind = "compare"
            deadline_ms = 800
            crm = { clients = 10, seed = 1, sweep_s = 60 }
            quick = { clients = 10, seconds = 1 }
            [[variant]]
            name = "closed-conn"
            load = { loop = "closed", connections = 1, kept = false }
            seconds = 1
            bound = { ratio_rps_min = 0.9, errors_max = 0 }
        "#,
        )
        .expect("a case")
    }

    fn measured(server: &'static str, answers: u64, faults: u64, lag: Duration) -> Measured {
        let mut run = Tally::new(Duration::from_millis(850));
        for _ in 0..answers {
            run.count(Ok(Answered { latency: lag + Duration::from_micros(90), lag, hit: true }));
        }
        for _ in 0..faults {
            run.count(Err(Fault::Cut));
        }
        run.window = Duration::from_secs(1);
        Measured::of(server, vec![run])
    }

    fn judge(service: &Measured, bare: Measured) -> (Option<bool>, Vec<String>) {
        let case = case();
        let variant: &Variant = &case.variants[0];
        let mut judged = Judged::default();
        judged.add(&case, variant, Some(service), &[bare]);
        let report = judged.report(&case, false);
        (report.lines[0].holds, report.missed)
    }

    #[test]
    fn a_variant_holds_when_every_bound_does() {
        let on_time = Duration::ZERO;
        assert_eq!(
            judge(&measured("service", 900, 0, on_time), measured("bare", 1000, 0, on_time)),
            (Some(true), vec![])
        );
        let (holds, missed) = judge(&measured("service", 899, 0, on_time), measured("bare", 1000, 0, on_time));
        assert_eq!((holds, missed), (Some(false), vec![" closed-conn: ratio_rps >= 0.9".to_owned()]));
        let (holds, missed) = judge(&measured("service", 950, 1, on_time), measured("bare", 1000, 0, on_time));
        assert_eq!((holds, missed), (Some(false), vec![" closed-conn: errors <= 0".to_owned()]));
    }

    #[test]
    fn a_run_whose_harness_was_late_holds_nothing() {
        let (holds, missed) =
            judge(&measured("service", 1000, 0, Duration::from_millis(25)), measured("bare", 1000, 0, Duration::ZERO));
        assert_eq!(holds, Some(false));
        assert!(missed.iter().any(|what| what.contains("void: the harness itself")), "{missed:?}");
        let (_, missed) =
            judge(&measured("service", 1000, 0, Duration::ZERO), measured("bare", 1000, 0, Duration::from_millis(25)));
        assert!(missed.iter().any(|what| what.contains("bare void: the harness itself")), "{missed:?}");
    }

    #[test]
    fn errors_of_the_bare_server_are_not_an_advantage_of_ours() {
        let (_, missed) =
            judge(&measured("service", 900, 0, Duration::ZERO), measured("bare", 500, 500, Duration::ZERO));
        assert_eq!(missed, ["closed-conn: bare had 500 errors, expected none where it is compared with"]);
    }
}
