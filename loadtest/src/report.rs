//! What is printed and what is kept: a table and progress for people (standard error), a line of JSON per variant for
//! machines (standard output), and all of it in a file.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    figures::{Figures, Line},
    tally::Tally,
};

/// Prints a line for machines.
///
/// # Errors
/// Those of the standard output.
pub fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Prints a line for people. Where nobody listens, nobody misses it.
pub fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// One row of a case's table: one server under one load.
#[derive(Debug, Clone)]
pub struct Row {
    /// The variant.
    pub variant: String,
    /// The server.
    pub server: &'static str,
    /// Its figures.
    pub figures: Figures,
    /// All its runs together.
    pub sum: Tally,
    /// Processor time of the server for one answer.
    pub server_cpu: Option<Duration>,
    /// Processor time of the harness for one answer.
    pub harness_cpu: Option<Duration>,
    /// The share of the machine that neither of them had, in percent.
    pub others_percent: Option<f64>,
}

const HEADINGS: [&str; 18] = [
    "variant",
    "server",
    "rps",
    "p50 µs",
    "p99 µs",
    "p99.9 µs",
    "max µs",
    "sent",
    "answered",
    "hits",
    "late",
    "errors",
    "apart",
    "lag p99 µs",
    "× rps",
    "× p99",
    "cpu µs/answer",
    "others %",
];

/// The table of a case.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(HEADINGS);
    for row in rows {
        let figures = &row.figures;
        let of = |value: Option<f64>, places| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.places$}"));
        let cpu = |span: Option<Duration>| of(span.map(|span| span.as_secs_f64() * 1e6), 1);
        table.add_row([
            row.variant.clone(),
            row.server.to_owned(),
            of(figures.rps, 0),
            of(figures.p50_us, 0),
            of(figures.p99_us, 0),
            of(figures.p999_us, 0),
            of(Some(row.sum.max_us()), 0),
            figures.sent.to_string(),
            figures.answered.to_string(),
            figures.hits.to_string(),
            figures.late.to_string(),
            figures.errors.to_string(),
            row.sum.apart().to_string(),
            of(Some(row.sum.lag_p99_us()), 0),
            of(figures.ratio_rps, 3),
            of(figures.ratio_p99, 2),
            format!("{} + {}", cpu(row.server_cpu), cpu(row.harness_cpu)),
            of(row.others_percent, 0),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// A case's run as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The case.
    pub case: String,
    /// When it was run.
    pub taken_at: Timestamp,
    /// Whether it was the short form, which is no measure of anything.
    pub quick: bool,
    /// What it ran on: absolute figures of another machine mean nothing here.
    pub machine: String,
    /// One per variant.
    pub lines: Vec<Line>,
    /// What did not hold, and why.
    pub missed: Vec<String>,
    /// The table and what went wrong, as printed.
    pub text: String,
}

impl Report {
    /// Writes it into `folder` under its case's name and its time.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn keep(&self, folder: &Path) -> io::Result<PathBuf> {
        let quick = if self.quick { "-quick" } else { "" };
        let at = self.taken_at.strftime("%Y%m%dT%H%M%SZ");
        let path = folder.join(format!("{}{quick}-{at}.json", self.case));
        self.write(&path).map(|()| path)
    }

    /// Writes it to `path`.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// Every report of a folder, in no order; an absent folder has none.
    ///
    /// # Errors
    /// Those of the file system, and a `.json` file that is no report.
    pub fn read_all(folder: &Path) -> io::Result<Vec<Self>> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut reports = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let report = serde_json::from_slice(&fs::read(&path)?);
                reports.push(report.map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?);
            }
        }
        Ok(reports)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Report, Row, table};
    use crate::{figures::Figures, tally::Tally};

    #[test]
    fn the_table_has_a_row_per_server_and_says_where_there_is_no_figure() {
        let row = |server| Row {
            variant: "closed-conn".to_owned(),
            server,
            figures: Figures { rps: Some(20_000.4), sent: 7, ..Figures::default() },
            sum: Tally::new(Duration::from_secs(1)),
            server_cpu: Some(Duration::from_nanos(31_260)),
            harness_cpu: None,
            others_percent: Some(2.4),
        };
        let text = table(&[row("service"), row("bare")]);
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows.len(), 3, "{text}");
        let words: Vec<_> = rows[2].split_whitespace().collect();
        assert_eq!(words[..5], ["closed-conn", "bare", "20000", "-", "-"]);
        assert_eq!(words[words.len() - 4..], ["31.3", "+", "-", "2"]);
    }

    #[test]
    fn a_report_that_is_kept_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let line = Figures { rps: Some(1.5), ..Figures::default() }.line("steady", "mixed", None, None);
        let report = Report {
            case: "steady".to_owned(),
            taken_at: "2026-11-20T22:00:00Z".parse().expect("a time"),
            quick: true,
            machine: "2 × any".to_owned(),
            lines: vec![line],
            missed: Vec::new(),
            text: "a table".to_owned(),
        };
        let path = report.keep(folder.path()).expect("kept");
        assert!(path.ends_with("steady-quick-20261120T220000Z.json"), "{}", path.display());
        assert_eq!(Report::read_all(folder.path()).expect("read"), [report]);
        assert_eq!(Report::read_all(&folder.path().join("absent")).expect("nothing"), []);
    }
}
